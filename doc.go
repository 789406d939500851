// Package brondata lets an application retrieve a consumer's own data at the source (banks, UWV, mijnpensioenoverzicht,
// MijnOverheid, DUO …) with their consent, show it to them, release exactly what they agreed to exactly whom they agreed
// with, sealed so that nobody else can read it, and keep it no longer than agreed.
//
// Most applications need this package, the sources they choose, and stores on their own database: make a
// [sources.Registry], pass it with the stores and keys to [New], and use the [Client] for everything else. Who only wants to
// read a file of their own needs no client: [sources.Registry.Read] does that. Who wants another source writes a
// [sources.Normalizer] of some fifty lines; examples/customsource is a whole one.
//
// # The way of the data
//
//	consent ── permit ──► source ── document ──► normalizer ── record ──► reconcile, match ──► minimise ──► dossier
//	(who, for whom,       (API, file, page:      (bytes to records:      (sees everything,    (to the      (records,
//	what, how long)        fetches only)          reads only)             keeps nothing)       scope)       coverage)
//
//	dossier ──► vault (sealed, expiring, shreddable) ──► review (the consumer sees it) ──► release ──► package (sealed
//	to the recipient, signed)
//
// Data goes one way. A source only fetches and a normalizer only reads; between them the [sources.Retriever] does, once and
// for every adapter, what no adapter should do for itself: permit checks, the guarded HTTP client, limits, timeouts,
// digests, provenance, reconciliation, minimising, error wrapping.
//
// The order inside a collection is fixed: permit, fetch, read, reconcile and match, minimise, return. Reconciling needs
// balances and counterparties that the scope may exclude, so minimising comes after it, and before anything leaves the
// Retriever. What is outside the scope is never stored, logged or returned. A document's bytes are dropped once it is
// read, unless the grant says that documents are kept. A scraped page is reduced to the fields in scope before it becomes
// a document.
//
// # The words
//
//	tenant, case    the host's own customer and file reference; carried, never interpreted
//	subject         the consumer whose data it is
//	recipient       the party that the subject lets have the data
//	actor           who acts, in which role, for whom; in every call of the client
//	institution     UWV, a bank …; a source is one way to get at an institution's data
//	method          API before file before scrape: tried in turn for the categories still incomplete
//	category        an information basket: person, address, pension, transaction …; one record type each
//	scope           what a purpose needs: categories, the fields of each (none unless named), the look-back date
//	grant           the subject's consent: recipient, purpose, scope, institutions, validity
//	link            the technical connection to one institution under a grant
//	attended        the subject is present: their IP address is known
//	document        bytes as retrieved; record: one typed fact with provenance and doubts
//	coverage        per institution and category: what was asked, obtained, balanced, and whether it is the subject's
//	dossier         the records of one collection with documents, coverage and doubts
//	review          the exact records that a release would send; release: the one-time approval of its digest
//	vault           sealed records and connections on the host's storage
//
// # One grant, start to end
//
//	g, err := client.Propose(ctx, adviser, consent.Proposal{…})       // what is asked, of whom, for whom, how long
//	g, err = client.Decide(ctx, subject, g.ID, true)                   // the subject says yes or no
//	step, err := client.Connect(ctx, subject, g.ID, "bank", …)         // with Presence; redirect, wait or challenge, until done
//	d, err := client.Collect(ctx, subject, g.ID, sources.Input{…}, nil)
//	r, err := client.Review(ctx, subject, g.ID, nil)                   // show it: package model/overview renders it
//	p, err := client.Release(ctx, subject, r.Approval())               // send p.Bytes() to the recipient, or let them …
//	p, err = client.Package(ctx, recipient, r.Release)                 // … fetch the same, as themselves
//	err = client.Delivered(ctx, subject, r.Release)
//	err = client.Revoke(ctx, subject, g.ID)                            // at any time
//	rep, err := client.Sweep(ctx, 1000)                                // every few minutes, from any scheduler
//	e, err := client.Export(ctx, subject, g.Subject)                   // everything that is kept about them
//
// Each call may come in another process than the one before. A refresh without the subject is a Collect by an actor
// without presence.
//
// # Partial is normal
//
// Collect returns no error because a source failed: it returns a dossier whose coverage says, per institution and category,
// what was tried, by which method, with which outcome, and how much was obtained. What was read before a document broke off
// is kept, its coverage is incomplete, and its balances are "not checkable", never "balanced". A reader that meets something
// odd keeps what it can read, says what it doubted ([model.Issue]), and never guesses: money, dates and identifiers are exact or
// absent.
//
// A refresh that gets less than an earlier collection got does not replace it: what was whole stays until it is whole again.
// Coverage also says from which day to which the history is whole, over all documents of an account: from the day after the last
// gap. How old it may be is for the host to say: a file of last spring is complete as a file.
//
// # Who persists what
//
//	what                                   by whom                       interface            implementations here
//	grants, links, releases, access slots  consent.Manager               consent.Store        memory, consent/sqlconsent
//	leases: who works on a connection      Client                        consent.Store        the same; minutes
//	sealed packages until delivered        consent.Manager               consent.Store        the same; as long as their data
//	records, documents where agreed        retention.Vault, sealed       retention.Store      memory, retention/sqlvault
//	connections: tokens, consent ids       retention.Vault, sealed       retention.Store      the same
//	wrapped keys and tombstones            retention.Vault               retention.KeyStore   the same, apart from the data
//	key-encryption keys                    the host                      crypto.KEK           crypto.LocalKEK
//	signing key                            the host                      crypto.Signer        crypto.LocalSigner
//	the access log                         consent/audit, or the host    retention.Recorder   consent/audit
//	documents while they are read          sources.Spool, memory only    none                 beyond 8 MiB an encrypted file
//	sessions at portals, passwords         nobody                        none                 never stored
//
// Each interface that a host implements has a conformance suite that runs in ten lines: consent/consenttest,
// retention/retentiontest, crypto/cryptotest; for sources it is sources/sourcetest.
//
// # Ending
//
// A revoke has one moment: the compare-and-set of the grant. Every read and every delivery checks it. The first effect is that
// the keys of the grant's data are destroyed; from then on what is stored cannot be read, in no backup of the data either.
// What identifies a connection at an institution has a key of its own: it is needed once more, to end the connection there,
// and is destroyed when that is done, or when the institution has not answered for seven days: the report of the sweep names one
// that was not told, and its link is [consent.LinkGivenUp]. [Client.Sweep] does this, deletes the rows, returns signed receipts, which
// [Client.DeletionReceipts] has for the subject as well, and resumes what a killed process left. Expiry is enforced when reading: a
// sweeper that does not run leaks nothing.
//
// # Errors
//
// Every package has sentinels for what a caller branches on, and errors wrap one of them once, with source, operation and
// the document's ordinal. No error, log line, event or panic holds personal data: texts of foreign errors are cut off at
// the boundary, and only their type is said; errors.As reaches what a host's own stores and services returned. A panic of a
// source or a reader is an error without its text; a panic of the host's own code (a store, a policy, a body) is the host's.
//
// Processes that work on the same thing take turns, and what one stores replaces only what it saw. One that stood still for minutes
// while another took its turn, as a machine that is paused does, stores nothing: [retention.ErrConflict], or [consent.ErrConflict] for
// grants, links and releases; over a connection it is [sources.ErrUnavailable]. Call again.
//
// # Citizen service numbers
//
// A BSN exists only as a typed field or directly after its label. A normalizer emits one only where the query names a
// legal basis, which comes from the grant's purpose, and the scope names the field; everything else drops it again. There is
// no search for numbers that pass the check: others do as well.
//
// # The rooms
//
//	brondata             the façade; it alone orchestrates across rooms
//	model                the typed model; imports nothing of ours
//	model/overview       a review as HTML and PDF, in Dutch and English
//	crypto               secrets, envelopes, keys, sealed packages; imports nothing of ours
//	retention            the vault over the host's stores; sqlvault implements them
//	consent              grants, links, permits, releases; sqlconsent, audit, redirect
//	sources              contracts, registry, retriever, guarded client; one folder an adapter below it
//	sources/pdftext      bounded reading of PDF documents
//	scrape               declarative recipes for pages
//
// Imports go downward only, a test over the import graph holds that, and test kits (names that end in test) are imported
// by tests and examples only.
//
// # Compatibility
//
// Before version 1.0 anything may change, and the changelog says what did. What is stored and sent is versioned from the first
// release on: sealed items, packages and the JSON of records are read by all later versions.
package brondata
