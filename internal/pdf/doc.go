// Package pdf reads the file layer of PDF documents (ISO 32000-1 clause 7): objects, cross-references, filters, encryption and
// the page tree. It draws nothing and knows no fonts; sources/pdftext builds text on it.
//
// The input comes from strangers. Every loop is bounded by Limits and by the bytes that exist: nothing is allocated from a
// number that the file declares before that number has been checked against the data. A Doc returns less rather than guessing:
// a missing object is null (7.3.10), a truncated stream is returned with what was there, and Doc.Damage says that it happened.
//
// Files are named after the part of the standard that they implement: lexer.go (7.2), object.go and parser.go (7.3), filter.go,
// flate.go, lzw.go, ascii.go and predictor.go (7.4), xref.go, xrefstream.go, objstm.go (7.5), repair.go, crypt*.go (7.6), pages.go (7.7.3).
package pdf
