package jsonscan

import "iter"

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
	kind   Kind
	mended bool
	text   string
	names  []string
	elems  []Value
}

// Kind returns the kind of the value, 0 for the zero Value.
func (v Value) Kind() Kind { return v.kind }

// Text returns the content of a string, the literal of a number, "true" or "false" of a boolean; "" otherwise.
func (v Value) Text() string { return v.text }

// Mended reports whether a string is not what the document has, because parts of it were no Unicode text: [Options].Mend.
func (v Value) Mended() bool { return v.mended }

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
