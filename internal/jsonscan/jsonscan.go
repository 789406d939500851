// Package jsonscan reads JSON documents from untrusted sources strictly (RFC 8259 with the rules of I-JSON, RFC 7493).
//
// It refuses what encoding/json lets pass: a name that occurs twice in an object, of which the last silently wins; invalid
// UTF-8 and unpaired surrogates, which become U+FFFD; numbers of any length. Names are compared as they are, upper and lower
// case apart. Numbers stay texts, so nothing passes through a float.
//
// [Parse] makes a tree of a whole document. A [Reader] goes through it step by step, for documents of which only parts are
// wanted, and for those whose parts count even where the document breaks off behind them. Both read from memory.
package jsonscan

import (
	"errors"
	"strconv"
)

// The sentinels that an [Error] wraps.
var (
	// ErrMalformed means that the bytes are not JSON, or have what I-JSON forbids, or are another kind of value than the
	// caller asked a [Reader] for.
	ErrMalformed = errors.New("jsonscan: malformed document")
	// ErrDuplicate means that an object has a name twice.
	ErrDuplicate = errors.New("jsonscan: duplicate name")
	// ErrTruncated means that all is well up to the end of the input, which comes too early, also when the input is empty.
	ErrTruncated = errors.New("jsonscan: document ends too early")
	// ErrLimit means that the document exceeds one of the [Limits].
	ErrLimit = errors.New("jsonscan: limit exceeded")
)

// Error says what is wrong and where, and nothing of the document's content.
type Error struct {
	Err    error // one of the sentinels
	Offset int   // of the offending byte
}

// Error prints the sentinel and the place.
func (e *Error) Error() string {
	return e.Err.Error() + " (offset " + strconv.Itoa(e.Offset) + ")"
}

// Unwrap returns the sentinel.
func (e *Error) Unwrap() error { return e.Err }

// The defaults of [Limits].
const (
	DefaultDepth  = 64
	DefaultNumber = 32
	DefaultString = 1 << 20
	DefaultValues = 1 << 20
)

// Limits bound what a document may make its reader hold. Zero means the default, in each field. The size of the document is
// the caller's to bound, who holds its bytes.
type Limits struct {
	Depth  int // objects and arrays inside each other; 64
	Number int // characters of a number; 32
	String int // bytes of a string or name; 1 MiB
	Values int // values of one tree, names included, and names of one object; 1,048,576
}

func (l *Limits) withDefaults() Limits {
	var out Limits
	if l != nil {
		out = *l
	}
	for _, f := range []struct {
		v *int
		d int
	}{{&out.Depth, DefaultDepth}, {&out.Number, DefaultNumber}, {&out.String, DefaultString}, {&out.Values, DefaultValues}} {
		if *f.v <= 0 {
			*f.v = f.d
		}
	}
	return out
}
