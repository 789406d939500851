// Package jsonscan reads JSON documents from untrusted sources strictly (RFC 8259 with the rules of I-JSON, RFC 7493).
//
// [Parse] refuses what encoding/json lets pass: a name that occurs twice in an object, of which the last silently wins;
// invalid UTF-8 and unpaired surrogates, which become U+FFFD; numbers of any length. Names are compared as they are, upper
// and lower case apart. Numbers stay texts, so nothing passes through a float.
package jsonscan

import (
	"errors"
	"iter"
	"strconv"
)

// The sentinels that an [Error] wraps.
var (
	// ErrMalformed means that the bytes are not JSON, or have what I-JSON forbids.
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

// Limits bound what a document may make the parser hold. Zero means the default, in each field. The size of the document is
// the caller's to bound, who holds its bytes.
type Limits struct {
	Depth  int // objects and arrays inside each other; 64
	Number int // characters of a number; 32
	String int // bytes of a string; 1 MiB
	Values int // values of the document, names included; 1,048,576
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

// Kind is the kind of a [Value].
type Kind uint8

// The kinds. The zero Value is of none of them.
const (
	Null Kind = iota + 1
	Bool
	Number
	String
	Array
	Object
)

// Value is one JSON value. It is immutable.
type Value struct {
	kind  Kind
	text  string
	names []string
	elems []Value
}

// Kind returns the kind of the value, 0 for the zero Value.
func (v Value) Kind() Kind { return v.kind }

// Text returns the content of a string, the literal of a number, "true" or "false" of a boolean; "" otherwise.
func (v Value) Text() string { return v.text }

// Len returns the number of elements of an array or members of an object; 0 otherwise.
func (v Value) Len() int { return len(v.elems) }

// Elems iterates over the elements of an array, or the values of an object, in the order of the document.
func (v Value) Elems() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		for i, e := range v.elems {
			if !yield(i, e) {
				return
			}
		}
	}
}

// Members iterates over the members of an object in the order of the document.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for i, n := range v.names {
			if !yield(n, v.elems[i]) {
				return
			}
		}
	}
}

// Get returns the member of an object by its exact name.
func (v Value) Get(name string) (Value, bool) {
	for i, n := range v.names {
		if n == name {
			return v.elems[i], true
		}
	}
	return Value{}, false
}
