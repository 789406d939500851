package jsonscan

import "bytes"

// Options configure a [Reader].
type Options struct {
	Limits

	// Mend keeps strings and names that are no Unicode text instead of refusing the document: U+FFFD stands for each byte
	// that is not UTF-8 and for each unpaired surrogate, and [Value.Mended] tells. \u0000 is kept as it is. It is for
	// documents in which a name with a broken letter must not cost an amount.
	Mend bool

	// Check, where there is one, is called at the first member or element and at every 1024th behind it. An error of it ends
	// the reading and is returned as it is: the Err method of a context ends a long reading with the context.
	Check func() error
}

// Reader reads one document value by value. Its errors are [*Error], or those of the caller's own functions. The first one
// ends the reading: each later call returns it again. What was handed out before is good, as far as the document goes.
//
// A Reader is for one goroutine. What it hands out shares no memory with the document, which must not change meanwhile.
type Reader struct {
	b      []byte
	i      int
	lim    Limits
	mend   bool
	check  func() error
	err    error
	due    bool // the value at i is the caller's to read
	depth  int
	values int // of the current tree
	ticks  int
	buf    []byte
}

// NewReader returns a Reader of the document b. A byte order mark before it is ignored (RFC 8259 §8.1).
func NewReader(b []byte, o *Options) *Reader {
	if o == nil {
		o = &Options{}
	}
	r := &Reader{b: b, lim: o.withDefaults(), mend: o.Mend, check: o.Check, due: true}
	switch mark := []byte("\xEF\xBB\xBF"); {
	case bytes.HasPrefix(b, mark):
		r.i = len(mark)
	case bytes.HasPrefix(mark, b):
		r.i = len(b) // half a mark, or nothing
	}
	return r
}

// Kind returns the kind of the value that comes next, by its first character, without reading it.
func (r *Reader) Kind() (Kind, error) {
	c, err := r.begin()
	if err != nil {
		return 0, err
	}
	switch {
	case c == '{':
		return Object, nil
	case c == '[':
		return Array, nil
	case c == '"':
		return String, nil
	case c == '-' || c >= '0' && c <= '9':
		return Number, nil
	case c == 't' || c == 'f':
		return Bool, nil
	case c == 'n':
		return Null, nil
	}
	return 0, r.bad()
}

// Object reads an object. It calls f with the name of each member, in the order of the document; f reads the value by one
// call of the Reader, or leaves it, and then it is skipped. An error of f ends the reading. f may be nil. A name is handed out
// once its colon is read, also where the document ends there.
//
// Names of an object are held while it is read, so that one that comes again is found: before f is called with it.
func (r *Reader) Object(f func(name string) error) error {
	if err := r.open('{'); err != nil {
		return err
	}
	var names nameSet
	for n := 0; ; n++ {
		if more, err := r.more('}', n); !more {
			return err
		}
		if r.next() != '"' {
			return r.bad()
		}
		if n >= r.lim.Values {
			return r.fail(ErrLimit)
		}
		at := r.i
		name, _, err := r.text(true)
		if err != nil {
			return err
		}
		if !names.add(name) {
			r.i = at
			return r.fail(ErrDuplicate)
		}
		if r.next() != ':' {
			return r.bad()
		}
		r.i++
		if err := r.hand(func() error { return f(name) }, f == nil); err != nil {
			return err
		}
	}
}

// Array reads an array. It calls f with the number of each element, from 0, once it is sure that there is one; f reads the
// element as that of [Reader.Object] does, and may be nil too.
func (r *Reader) Array(f func(i int) error) error {
	if err := r.open('['); err != nil {
		return err
	}
	for n := 0; ; n++ {
		if more, err := r.more(']', n); !more {
			return err
		}
		if _, err := r.Kind(); err != nil {
			return err
		}
		if err := r.hand(func() error { return f(n) }, f == nil); err != nil {
			return err
		}
	}
}

// Skip reads a value with all checks but the number of its values, and holds nothing of it.
func (r *Reader) Skip() error {
	k, err := r.Kind()
	if err != nil {
		return err
	}
	switch k {
	case Object:
		return r.Object(nil)
	case Array:
		return r.Array(nil)
	}
	_, err = r.scalar(k, false)
	return err
}

// Value reads a value as a tree. With an error it returns what was read up to there: the members and elements that are
// whole, and of those that are not the part that is.
func (r *Reader) Value() (Value, error) {
	r.values = 0
	return r.value()
}

func (r *Reader) value() (Value, error) {
	k, err := r.Kind()
	if err != nil {
		return Value{}, err
	}
	if err := r.hold(); err != nil {
		return Value{}, err
	}
	v := Value{kind: k}
	switch k {
	case Object:
		err = r.Object(func(name string) error {
			if err := r.hold(); err != nil {
				return err
			}
			e, err := r.value()
			if e.kind != 0 {
				v.names, v.elems = append(v.names, name), append(v.elems, e)
			}
			return err
		})
	case Array:
		err = r.Array(func(int) error {
			e, err := r.value()
			if e.kind != 0 {
				v.elems = append(v.elems, e)
			}
			return err
		})
	default:
		return r.scalar(k, true)
	}
	return v, err
}

// End reports an error where the document goes on behind its value, or the value was not read.
func (r *Reader) End() error {
	if r.err != nil {
		return r.err
	}
	if r.space(); r.i < len(r.b) || r.due {
		return r.bad()
	}
	return nil
}

// begin returns the first character of the value that is due.
func (r *Reader) begin() (byte, error) {
	if r.err != nil {
		return 0, r.err
	}
	c := r.next()
	if !r.due {
		return 0, r.fail(ErrMalformed)
	}
	return c, nil
}

// open enters an object or array.
func (r *Reader) open(c byte) error {
	d, err := r.begin()
	switch {
	case err != nil:
		return err
	case d != c:
		return r.bad()
	case r.depth == r.lim.Depth:
		return r.fail(ErrLimit)
	}
	r.due = false
	r.depth++
	r.i++
	return nil
}

// more goes to the n-th member or element, whose value becomes due, or leaves the object or array where there is none.
func (r *Reader) more(end byte, n int) (bool, error) {
	c := r.next()
	if c == end {
		r.i++
		r.depth--
		return false, nil
	}
	if n > 0 {
		if c != ',' {
			return false, r.bad()
		}
		r.i++
	}
	if r.ticks++; r.check != nil && r.ticks&1023 == 1 {
		if err := r.check(); err != nil {
			return false, r.stop(err)
		}
	}
	r.due = true
	return true, nil
}

// hand lets the caller read the value that is due, and reads it where the caller does not.
func (r *Reader) hand(f func() error, skip bool) error {
	if !skip {
		if err := f(); err != nil {
			return r.stop(err)
		}
	}
	if r.err != nil {
		return r.err // the caller's function did not return it
	}
	if r.due {
		return r.Skip()
	}
	return nil
}

// hold counts a value or name of a tree.
func (r *Reader) hold() error {
	if r.values++; r.values > r.lim.Values {
		return r.fail(ErrLimit)
	}
	return nil
}

// stop keeps the first error.
func (r *Reader) stop(err error) error {
	if r.err == nil {
		r.err = err
	}
	return err
}

func (r *Reader) fail(err error) error { return r.stop(&Error{Err: err, Offset: r.i}) }

// bad is the error at a byte that does not fit, or at the end.
func (r *Reader) bad() error {
	if r.i >= len(r.b) {
		return r.fail(ErrTruncated)
	}
	return r.fail(ErrMalformed)
}

// nameSet finds names that come again: by comparing while they are few, as they are in nearly all objects, by a map beyond.
type nameSet struct {
	few  [16]string
	n    int
	many map[string]struct{}
}

func (s *nameSet) add(name string) bool {
	if s.many == nil {
		for _, f := range s.few[:s.n] {
			if f == name {
				return false
			}
		}
		if s.n < len(s.few) {
			s.few[s.n] = name
			s.n++
			return true
		}
		s.many = make(map[string]struct{}, 4*len(s.few))
		for _, f := range s.few {
			s.many[f] = struct{}{}
		}
	}
	if _, ok := s.many[name]; ok {
		return false
	}
	s.many[name] = struct{}{}
	return true
}
