package pdf

import "errors"

// The sentinels that callers branch on. Errors of this package wrap exactly one of them and never carry content of the file.
var (
	// ErrMalformed: the bytes are no PDF document, or too broken to find a page in.
	ErrMalformed = errors.New("pdf: malformed document")
	// ErrEncrypted: the document needs a password, or the one given is wrong.
	ErrEncrypted = errors.New("pdf: password required or wrong")
	// ErrLimit: a bound of Limits was reached while reading.
	ErrLimit = errors.New("pdf: limit reached")
	// ErrTooLarge: the file is larger than Limits.File.
	ErrTooLarge = errors.New("pdf: file too large")
	// ErrUnsupported: a feature that this package does not read, such as an image filter or a public-key security handler.
	ErrUnsupported = errors.New("pdf: unsupported feature")
)
