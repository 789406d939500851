// Package sources has the contracts of whoever brings data, and what stands between them and the host.
//
// An adapter author implements a [Normalizer] (bytes to records, for files), a [Source] (fetches documents) or, where the
// institution has a login of its own, a [Connector] beside the source. Each gets what it needs for one call and no more: a
// [Document] and a [Writer]; a [Session] with the guarded HTTP client, the files that were handed over, and its sealed
// state. examples/customsource and examples/customapi are whole ones, and package sourcetest checks them.
//
// A host fills a [Registry] and hands it to the façade, which runs a [Retriever] on it. The Retriever does once for all
// adapters: permits, limits, timeouts, digests, detection, provenance, reconciling, minimising, coverage, and the wrapping of
// errors. [Registry.Read] reads a single document with the same rules and without a permit.
//
// Errors wrap one sentinel of this package, and [Code] names it in one word: the outcome of an attempt in the coverage, of
// an event and of a log line.
package sources
