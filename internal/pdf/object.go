package pdf

import "math"

// Kind says which of the basic types of ISO 32000-1 §7.3 an Object is.
type Kind uint8

// The kinds. The zero Object is Null.
const (
	Null Kind = iota
	Bool
	Int
	Real
	String
	Name
	ArrayKind
	DictKind
	StreamKind
	RefKind
)

// Ref names an indirect object (7.3.10). The zero Ref names none: object 0 is always free.
type Ref struct{ Num, Gen uint32 }

// Object is one PDF value. It is immutable and cheap to copy; arrays and dictionaries share their storage. The zero value is
// the null object. Objects are safe for concurrent use.
type Object struct {
	kind Kind
	n    uint64    // Int: the int64; Real: float bits; Bool: 0 or 1; Ref: number<<32 | generation
	s    string    // Name and String
	c    *compound // nil when empty
}

// compound is the shared part of an array, dictionary or stream.
type compound struct {
	list   []Object         // array elements, or dictionary values
	keys   []string         // dictionary keys, parallel to list
	index  map[string]int32 // only for dictionaries past indexFrom keys
	stream *rawStream
}

// rawStream is where a stream's bytes lie in the file.
type rawStream struct {
	start, end int
	ref        Ref  // the object it belongs to, for decryption
	plain      bool // never encrypted: cross-reference streams
	misfit     bool // /Length did not fit the data
}

// indexFrom is the dictionary size from which lookups use a map: hostile files have resource dictionaries of 100,000 keys.
const indexFrom = 16

// Kind returns the type of o.
func (o Object) Kind() Kind { return o.kind }

// IsNull reports whether o is the null object.
func (o Object) IsNull() bool { return o.kind == Null }

// Bool returns the value of a Bool.
func (o Object) Bool() (v, ok bool) { return o.n != 0, o.kind == Bool }

// Int returns the value of an Int, or of a Real that is whole and fits 53 bits: producers write both where an integer belongs.
func (o Object) Int() (int64, bool) {
	switch o.kind {
	case Int:
		return int64(o.n), true
	case Real:
		f := math.Float64frombits(o.n)
		if f == math.Trunc(f) && math.Abs(f) <= 1<<53 {
			return int64(f), true
		}
	}
	return 0, false
}

// Float returns the value of an Int or Real; it is always finite.
func (o Object) Float() (float64, bool) {
	switch o.kind {
	case Int:
		return float64(int64(o.n)), true
	case Real:
		return math.Float64frombits(o.n), true
	}
	return 0, false
}

// Name returns the value of a Name without its slash and with #xx decoded.
func (o Object) Name() (string, bool) {
	if o.kind != Name {
		return "", false
	}
	return o.s, true
}

// IsName reports whether o is the name s.
func (o Object) IsName(s string) bool { return o.kind == Name && o.s == s }

// Str returns a copy of the bytes of a String, decrypted and with its escapes decoded. They are in no particular encoding.
func (o Object) Str() ([]byte, bool) {
	if o.kind != String {
		return nil, false
	}
	return []byte(o.s), true
}

// Ref returns the object that an indirect reference names.
func (o Object) Ref() (Ref, bool) {
	if o.kind != RefKind {
		return Ref{}, false
	}
	return Ref{uint32(o.n >> 32), uint32(o.n)}, true
}

// Array returns the elements of an array, nil for anything else. The slice must not be written to; elements may be references:
// see Doc.Index.
func (o Object) Array() Array {
	if o.kind != ArrayKind || o.c == nil {
		return nil
	}
	return o.c.list
}

// Dict returns the dictionary of a Dict or Stream, the empty one for anything else.
func (o Object) Dict() Dict {
	if o.kind != DictKind && o.kind != StreamKind {
		return Dict{}
	}
	return Dict{o.c}
}

// IsStream reports whether o is a stream: its bytes come from Doc.Stream.
func (o Object) IsStream() bool { return o.kind == StreamKind }

// Array is the elements of an array object. It must not be written to.
type Array []Object

// Dict is a dictionary. The zero value is empty. When a key occurs twice, its last value counts.
type Dict struct{ c *compound }

// Len returns the number of entries.
func (d Dict) Len() int {
	if d.c == nil {
		return 0
	}
	return len(d.c.keys)
}

// Raw returns the value of key as it is written, references not followed; null when absent. See Doc.Get.
func (d Dict) Raw(key string) Object {
	if d.c == nil {
		return Object{}
	}
	if d.c.index != nil {
		if i, ok := d.c.index[key]; ok {
			return d.c.list[i]
		}
		return Object{}
	}
	for i := len(d.c.keys) - 1; i >= 0; i-- {
		if d.c.keys[i] == key {
			return d.c.list[i]
		}
	}
	return Object{}
}

// At returns entry i, 0 <= i < Len, in the order of the file.
func (d Dict) At(i int) (key string, value Object) { return d.c.keys[i], d.c.list[i] }

// Same reports whether d and e are the same dictionary in memory, which is a cheap key for caches.
func (d Dict) Same(e Dict) bool { return d.c == e.c }

func boolObject(v bool) Object {
	o := Object{kind: Bool}
	if v {
		o.n = 1
	}
	return o
}

func intObject(v int64) Object { return Object{kind: Int, n: uint64(v)} }

func realObject(v float64) Object { return Object{kind: Real, n: math.Float64bits(v)} }

func refObject(r Ref) Object { return Object{kind: RefKind, n: uint64(r.Num)<<32 | uint64(r.Gen)} }

// arrayObject copies list, which is usually the top of the parser's stack.
func arrayObject(list []Object) Object {
	if len(list) == 0 {
		return Object{kind: ArrayKind}
	}
	return Object{kind: ArrayKind, c: &compound{list: append([]Object(nil), list...)}}
}

// dictObject builds a dictionary from alternating names and values.
func dictObject(pairs []Object) Object {
	n := len(pairs) / 2
	if n == 0 {
		return Object{kind: DictKind}
	}
	// Keys and values lie in slices of their own: a lookup compares keys next to each other and needs no map for the common
	// small dictionary.
	c := &compound{list: make([]Object, n), keys: make([]string, n)}
	for i := range n {
		c.keys[i], c.list[i] = pairs[2*i].s, pairs[2*i+1]
	}
	if n > indexFrom {
		c.index = make(map[string]int32, n)
		for i, k := range c.keys {
			c.index[k] = int32(i)
		}
	}
	return Object{kind: DictKind, c: c}
}

// cost estimates the memory that o keeps alive, for the object cache. Objects are finite trees: references are not followed.
func (o Object) cost() int64 {
	n := int64(40 + len(o.s))
	if o.c != nil {
		n += 72
		for i := range o.c.list {
			n += o.c.list[i].cost()
		}
		for _, k := range o.c.keys {
			n += int64(16 + len(k))
		}
		n += int64(len(o.c.index)) * 32
	}
	return n
}
