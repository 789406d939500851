package xmlscan

import (
	"errors"
	"strconv"
)

// The sentinels that an [Error] wraps. A caller branches on them with [errors.Is].
var (
	// ErrMalformed means that the bytes are not a well-formed XML 1.0 document with namespaces, or that they use a part of
	// XML that this scanner refuses on purpose (XML 1.1, a reference to an entity other than the five predefined ones).
	ErrMalformed = errors.New("xmlscan: malformed document")
	// ErrTruncated means that everything read so far was well-formed and that the input ended too early, also when it was
	// empty. Every proper prefix of a well-formed document that ends before its root element is closed gives this error.
	ErrTruncated = errors.New("xmlscan: document ends too early")
	// ErrLimit means that the document exceeds one of the [Limits].
	ErrLimit = errors.New("xmlscan: limit exceeded")
	// ErrDoctype means that the document has a document type declaration. Any such declaration is refused: with it come
	// entities, external references and defaulted attributes.
	ErrDoctype = errors.New("xmlscan: document type declaration refused")
	// ErrCharset means that the bytes are not valid in the document's character encoding, that the encoding is not one of
	// those supported, or that the byte order mark and the declaration contradict each other.
	ErrCharset = errors.New("xmlscan: wrong or unsupported character encoding")
	// ErrRead means that the underlying reader failed. The reader's own error is wrapped beside it but not printed, since it
	// may hold a file name.
	ErrRead = errors.New("xmlscan: reading failed")
)

// Error is the error of every method of a [Scanner]: what is wrong and where, and nothing of the document's content.
type Error struct {
	// Err is one of the sentinels of this package.
	Err error
	// Reason says in fixed words which rule was broken; it may be empty.
	Reason string
	// Line is the line of the document, from 1, on which the offending token starts.
	Line int
	// Offset is the number of bytes before the offending byte, in the document as transcoded to UTF-8.
	Offset int64

	cause error // the underlying reader's error, never printed
}

// Error prints the sentinel, the reason and the place.
func (e *Error) Error() string {
	s := e.Err.Error()
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	return s + " (line " + strconv.Itoa(e.Line) + ", offset " + strconv.FormatInt(e.Offset, 10) + ")"
}

// Unwrap gives the sentinel and, for ErrRead, the reader's error.
func (e *Error) Unwrap() []error {
	if e.cause != nil {
		return []error{e.Err, e.cause}
	}
	return []error{e.Err}
}

// fail records the error at i bytes after the current position and returns it; every later call of Next repeats it.
func (s *Scanner) fail(sentinel error, reason string, i int) error {
	if s.err == nil {
		s.err = &Error{Err: sentinel, Reason: reason, Line: s.Line(), Offset: s.Offset() + int64(i)}
	}
	return s.err
}

// short is called where more input was needed and [Scanner.fill] got none: the input ended or could not be read.
func (s *Scanner) short() error {
	if s.err != nil {
		return s.err
	}
	return s.fail(ErrTruncated, "", s.end-s.pos)
}
