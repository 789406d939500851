// Package foreign holds the error of what a host implements (a store, a key service, a log, a signer) and of database drivers. What such an
// error says is not ours to show: drivers quote the rows that they choke on, key services the context that they were given.
// So its text is cut off where it comes in, and only the operation and its type are said. The error itself is kept, so that
// errors.Is and errors.As work, and so that a host can log it where it decides to.
package foreign

import (
	"context"
	"errors"
	"fmt"
)

// Error has a text that may be shown, over a cause that may not.
type Error struct {
	text  string
	cause error
}

// Error returns what may be shown.
func (e *Error) Error() string { return e.text }

// GoString returns the same: %#v shows no more than %v.
func (e *Error) GoString() string { return e.text }

// Unwrap returns the error as it came in.
func (e *Error) Unwrap() error { return e.cause }

// Wrap returns err, which came out of an operation of the host's, with a text that may be shown; nil for nil. known are errors that mean
// something at this place, and whose texts are ours; the context's always are. Of one of those its text is said with the operation; of
// what is an *Error already, its own text; of all others the operation and the type.
func Wrap(op string, err error, known ...error) error {
	if err == nil {
		return nil
	}
	if _, ok := err.(*Error); ok { // not errors.As: what is wrapped around one is as foreign as anything
		return err
	}
	if err == context.Canceled || err == context.DeadlineExceeded {
		return err
	}
	for _, k := range append([]error{context.Canceled, context.DeadlineExceeded}, known...) {
		if errors.Is(err, k) {
			return &Error{op + ": " + k.Error(), err}
		}
	}
	return &Error{fmt.Sprintf("%s: error of type %T", op, err), err}
}

// Say returns an error with a text of our own over a foreign one.
func Say(text string, cause error) error { return &Error{text, cause} }

// Own marks an error whose whole text is of this module, so that Wrap keeps it: for those of our own that implement what a host
// may implement. Nil for nil.
func Own(err error) error {
	if err == nil {
		return nil
	}
	return Say(err.Error(), err)
}
