// Package pdf reads the file layer of PDF documents (ISO 32000-1 clause 7): objects, cross-references, filters, encryption and
// the page tree. It draws nothing and knows no fonts; sources/pdftext builds text on it.
//
// # What it promises
//
// The input comes from strangers. Every loop is bounded by Limits and by the bytes that exist: nothing is allocated from a
// number that the file declares before that number has been checked against the data. Recursion happens in three places only,
// each with a depth of its own: nested arrays and dictionaries (Limits.Nesting), an object that needs another one to be read
// (maxLoading), and chains of references (maxHops). Where references can cycle there is a set of what was visited.
//
// A Doc returns less rather than guessing: a missing object is null (7.3.10), a truncated stream is returned with what was there,
// and Doc.Damage says that it happened. A limit never makes a page disappear: Pages and Content fail with ErrLimit.
//
// # What bounds the work
//
// Three budgets belong to the document, because a file can ask for the same work again and again: decoded bytes (Limits.Total,
// repeated decoding included), parsed bytes (proportional to the file and to what was decoded, so that overlapping objects cannot
// make the work quadratic), and steps in the page tree (Limits.Objects). Positions of endstream and endobj are found once for
// the whole file, objects are cached, and an object stream is decoded once with a table of its contents.
//
// Memory is the file, at most one decoded stream with its predecessor in a chain of filters, and two caches of Limits.Cache.
// Buffers double, so a stream of Limits.Stream costs twice that at its peak.
//
// # How it reads broken files
//
// The cross-reference is believed until it is caught lying. When no chain of sections leads to a catalog, the whole file is
// scanned for objects and the last one of each number counts, as if each were an update. When a single object is not where it
// should be, the same scan is made and used for that object alone. An update whose own end is missing is not dropped in
// silence: a reader would see old amounts.
//
// # Where things are
//
// Files are named after the part of the standard that they implement: lexer.go (7.2), object.go and parser.go (7.3), filter.go,
// flate.go, lzw.go, ascii.go and predictor.go (7.4), xref.go, xrefstream.go, objstm.go (7.5), repair.go (annex C.2), crypt.go and
// cryptkey.go (7.6), pages.go (7.7.3), stream.go (7.3.8 and 7.8.2). document.go ties them together; limits.go, errors.go and
// cache.go are what the name says.
package pdf
