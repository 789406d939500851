package pdftext

import (
	"context"
	"errors"
	"fmt"

	"github.com/brondata/brondata/internal/pdf"
)

// The sentinels that a caller branches on. An error of this package wraps exactly one of them, or the context's error, and never
// holds anything that the document says.
var (
	// ErrMalformed: the bytes are no PDF document, or too broken to find a page in.
	ErrMalformed = errors.New("pdftext: malformed document")
	// ErrEncrypted: the document needs a password, or the one given is wrong.
	ErrEncrypted = errors.New("pdftext: password required or wrong")
	// ErrTooLarge: the file is larger than Limits.File.
	ErrTooLarge = errors.New("pdftext: file too large")
	// ErrLimit: reading would go past one of the other Limits.
	ErrLimit = errors.New("pdftext: limit reached")
	// ErrUnsupported: a feature that this package does not read, such as a public-key security handler.
	ErrUnsupported = errors.New("pdftext: unsupported feature")
	// ErrNoTable: no line of the given pages holds the header cells that FindTable was asked for.
	ErrNoTable = errors.New("pdftext: table header not found")
	// ErrPage: a page number outside the document.
	ErrPage = errors.New("pdftext: no such page")
)

// translate turns an error of the file layer into one of this package, so that callers need only one set of sentinels.
// What the file layer says is safe to repeat (it holds no content), but its sentinel is replaced.
func translate(err error) error {
	if err == nil {
		return nil
	}
	for _, p := range [...]struct{ from, to error }{
		{pdf.ErrEncrypted, ErrEncrypted}, {pdf.ErrTooLarge, ErrTooLarge}, {pdf.ErrLimit, ErrLimit},
		{pdf.ErrUnsupported, ErrUnsupported}, {pdf.ErrMalformed, ErrMalformed},
	} {
		if errors.Is(err, p.from) {
			return p.to
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("pdftext: %w", err)
	}
	// What is left is the reader's own error: the host's storage failed, and its text may hold anything.
	return &readError{err}
}

// readError carries a failure of the io.ReaderAt for errors.Is and errors.As without repeating its text.
type readError struct{ err error }

func (e *readError) Error() string { return "pdftext: reading the file failed" }
func (e *readError) Unwrap() error { return e.err }

// stops reports whether err must end the whole page rather than be taken as a broken part that is skipped.
func stops(err error) bool {
	return errors.Is(err, ErrLimit) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, new(*readError))
}
