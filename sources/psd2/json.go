package psd2

import (
	"context"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/brondata/brondata/sources"
)

const (
	maxDepth = 64      // of nested arrays and objects; answers of the specification need eight
	maxNodes = 100_000 // values of one tree: a few bytes of "[[]]" would otherwise become a hundred each
)

// reader reads JSON (RFC 8259) from memory as strictly as data that decides over people asks for: duplicate names are
// refused, names are compared with their case, numbers are handed out as they were written. It is a pull reader, so that
// records of a broken document can be kept up to the place where it breaks.
//
// Its errors are [sources.ErrTruncated] where the text ends too early, [sources.ErrMalformed] with the offset elsewhere.
type reader struct {
	ctx   context.Context
	b     []byte
	i     int
	depth int
	nodes int
}

func newReader(ctx context.Context, b []byte) *reader {
	r := &reader{ctx: ctx, b: b}
	if len(b) >= 3 && b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF {
		r.i = 3 // RFC 8259 §8.1 lets a reader ignore a byte order mark
	}
	return r
}

func (r *reader) malformed(what string) error {
	return sources.Errorf(sources.ErrMalformed, "JSON: %s at byte %d", what, r.i)
}

func (r *reader) truncated() error {
	return sources.Errorf(sources.ErrTruncated, "JSON: ends at byte %d", len(r.b))
}

// peek skips blanks and returns the byte that the next value or mark begins with.
func (r *reader) peek() (byte, error) {
	for ; r.i < len(r.b); r.i++ {
		switch c := r.b[r.i]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c, nil
		}
	}
	return 0, r.truncated()
}

func (r *reader) expect(c byte) error {
	d, err := r.peek()
	if err != nil {
		return err
	}
	if d != c {
		return r.malformed("another character than expected")
	}
	r.i++
	return nil
}

func (r *reader) enter() error {
	if r.depth++; r.depth > maxDepth {
		return sources.Errorf(sources.ErrLimit, "JSON: deeper than %d levels", maxDepth)
	}
	return nil
}

// object calls f for each member with its name; f reads the value.
func (r *reader) object(f func(name string) error) error {
	if err := r.expect('{'); err != nil {
		return err
	}
	if err := r.enter(); err != nil {
		return err
	}
	var names nameSet
	for n := 0; ; n++ {
		c, err := r.peek()
		if err != nil {
			return err
		}
		if c == '}' && n == 0 {
			break
		}
		if n > 0 {
			if c == '}' {
				break
			}
			if c != ',' {
				return r.malformed("neither a comma nor the end of an object")
			}
			r.i++
		}
		name, _, err := r.text()
		if err != nil {
			return err
		}
		if !names.add(name) {
			return r.malformed("a name that the object has already")
		}
		if err := r.expect(':'); err != nil {
			return err
		}
		if err := f(name); err != nil {
			return err
		}
	}
	r.i++
	r.depth--
	return nil
}

// array calls f for each element with its index; f reads the element.
func (r *reader) array(f func(i int) error) error {
	if err := r.expect('['); err != nil {
		return err
	}
	if err := r.enter(); err != nil {
		return err
	}
	for n := 0; ; n++ {
		c, err := r.peek()
		if err != nil {
			return err
		}
		if c == ']' {
			break
		}
		if n > 0 {
			if c != ',' {
				return r.malformed("neither a comma nor the end of an array")
			}
			r.i++
			if c, err = r.peek(); err != nil {
				return err
			} else if c == ']' {
				return r.malformed("a comma without an element behind it")
			}
		}
		if n&1023 == 0 {
			if err := r.ctx.Err(); err != nil {
				return err
			}
		}
		if err := f(n); err != nil {
			return err
		}
	}
	r.i++
	r.depth--
	return nil
}

// nameSet finds duplicates: by comparing while the names are few, by a map beyond that.
type nameSet struct {
	few  []string
	many map[string]struct{}
}

func (s *nameSet) add(name string) bool {
	if s.many == nil && len(s.few) < 32 {
		for _, n := range s.few {
			if n == name {
				return false
			}
		}
		s.few = append(s.few, name)
		return true
	}
	if s.many == nil {
		s.many = make(map[string]struct{}, 64)
		for _, n := range s.few {
			s.many[n] = struct{}{}
		}
	}
	if _, ok := s.many[name]; ok {
		return false
	}
	s.many[name] = struct{}{}
	return true
}

// text reads a string. It reports whether characters had to be replaced because they are no Unicode text.
func (r *reader) text() (s string, bad bool, err error) {
	if err := r.expect('"'); err != nil {
		return "", false, err
	}
	start := r.i
	for ; r.i < len(r.b); r.i++ { // most strings are plain: no copy but the one into the string
		c := r.b[r.i]
		if c == '"' {
			r.i++
			return string(r.b[start : r.i-1]), false, nil
		}
		if c == '\\' || c >= utf8.RuneSelf || c < ' ' {
			break
		}
	}
	out := append(make([]byte, 0, r.i-start+64), r.b[start:r.i]...)
	for r.i < len(r.b) {
		switch c := r.b[r.i]; {
		case c == '"':
			r.i++
			return string(out), bad, nil
		case c < ' ':
			return "", false, r.malformed("a control character in a string")
		case c == '\\':
			v, ok, err := r.escape()
			if err != nil {
				return "", false, err
			}
			bad = bad || !ok
			out = utf8.AppendRune(out, v)
		case c < utf8.RuneSelf:
			out = append(out, c)
			r.i++
		default:
			v, n := utf8.DecodeRune(r.b[r.i:])
			if v == utf8.RuneError && n == 1 {
				if !utf8.FullRune(r.b[r.i:]) {
					return "", false, r.truncated()
				}
				bad = true
			}
			out = utf8.AppendRune(out, v)
			r.i += n
		}
	}
	return "", false, r.truncated()
}

var escapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads one escaped character; a lone surrogate is no character, and not ok.
func (r *reader) escape() (v rune, ok bool, err error) {
	if r.i+1 >= len(r.b) {
		return 0, false, r.truncated()
	}
	if v, ok := escapes[r.b[r.i+1]]; ok {
		r.i += 2
		return v, true, nil
	}
	if v, err = r.unit(); err != nil {
		return 0, false, err
	}
	if !utf16.IsSurrogate(v) {
		return v, true, nil
	}
	if r.i+1 < len(r.b) && r.b[r.i] == '\\' && r.b[r.i+1] == 'u' {
		at := r.i
		w, err := r.unit()
		if err != nil {
			return 0, false, err
		}
		if v = utf16.DecodeRune(v, w); v != utf8.RuneError {
			return v, true, nil
		}
		r.i = at
	}
	return utf8.RuneError, false, nil
}

// unit reads \uXXXX.
func (r *reader) unit() (rune, error) {
	if r.b[r.i+1] != 'u' {
		return 0, r.malformed("an escape that JSON does not have")
	}
	if r.i+6 > len(r.b) {
		return 0, r.truncated()
	}
	n, err := strconv.ParseUint(string(r.b[r.i+2:r.i+6]), 16, 16)
	if err != nil {
		return 0, r.malformed("an escape without four hexadecimal digits")
	}
	r.i += 6
	return rune(n), nil
}

// number reads a number as it is written (RFC 8259 §6).
func (r *reader) number() (string, error) {
	start := r.i
	digits := func() bool {
		n := r.i
		for r.i < len(r.b) && r.b[r.i] >= '0' && r.b[r.i] <= '9' {
			r.i++
		}
		return r.i > n
	}
	if r.b[r.i] == '-' {
		r.i++
	}
	first := r.i
	ok := digits() && (r.b[first] != '0' || r.i == first+1)
	if ok && r.i < len(r.b) && r.b[r.i] == '.' {
		r.i++
		ok = digits()
	}
	if ok && r.i < len(r.b) && (r.b[r.i] == 'e' || r.b[r.i] == 'E') {
		if r.i++; r.i < len(r.b) && (r.b[r.i] == '+' || r.b[r.i] == '-') {
			r.i++
		}
		ok = digits()
	}
	if r.i >= len(r.b) {
		return "", r.truncated() // more digits may have followed
	}
	if !ok {
		return "", r.malformed("not a number")
	}
	return string(r.b[start:r.i]), nil
}

func (r *reader) word() error {
	for _, w := range []string{"true", "false", "null"} {
		have := r.b[r.i:min(len(r.b), r.i+len(w))]
		if string(have) == w {
			r.i += len(w)
			return nil
		}
		if len(have) < len(w) && w[:len(have)] == string(have) {
			return r.truncated()
		}
	}
	return r.malformed("not a value")
}

// skip reads over a value with all its checks.
func (r *reader) skip() error {
	c, err := r.peek()
	if err != nil {
		return err
	}
	switch {
	case c == '{':
		return r.object(func(string) error { return r.skip() })
	case c == '[':
		return r.array(func(int) error { return r.skip() })
	case c == '"':
		_, _, err = r.text()
	case c == '-' || c >= '0' && c <= '9':
		_, err = r.number()
	default:
		err = r.word()
	}
	return err
}

// end reports what stands behind the document.
func (r *reader) end() error {
	if _, err := r.peek(); err == nil {
		return r.malformed("something behind the end")
	}
	return nil
}

// value is a tree of JSON. The zero value stands for what is not there.
type value struct {
	kind  byte   // '{' '[' '"' '0' (number) 't' 'f' 'n'; 0 = not there
	text  string // of a string; of a number as written
	bad   bool   // characters of the text were replaced
	names []string
	items []value
}

// value reads a whole value. Trees are built of single records and of short answers only.
func (r *reader) value() (value, error) {
	c, err := r.peek()
	if err != nil {
		return value{}, err
	}
	if r.nodes++; r.nodes > maxNodes {
		return value{}, sources.Errorf(sources.ErrLimit, "JSON: more than %d values in one part", maxNodes)
	}
	v := value{kind: c}
	switch {
	case c == '{':
		err = r.object(func(name string) error {
			item, err := r.value()
			v.names, v.items = append(v.names, name), append(v.items, item)
			return err
		})
	case c == '[':
		err = r.array(func(int) error {
			item, err := r.value()
			v.items = append(v.items, item)
			return err
		})
	case c == '"':
		v.text, v.bad, err = r.text()
	case c == '-' || c >= '0' && c <= '9':
		v.kind = '0'
		v.text, err = r.number()
	default:
		err = r.word()
	}
	return v, err
}

// tree reads a value with a budget of nodes of its own.
func (r *reader) tree() (value, error) {
	r.nodes = 0
	return r.value()
}

// parse reads a whole document into a tree.
func parse(ctx context.Context, b []byte) (value, error) {
	r := newReader(ctx, b)
	v, err := r.tree()
	if err == nil {
		err = r.end()
	}
	return v, err
}

// get returns the member with this name.
func (v value) get(name string) value {
	if v.kind == '{' {
		for i, n := range v.names {
			if n == name {
				return v.items[i]
			}
		}
	}
	return value{}
}

// present reports whether there is a value other than null.
func (v value) present() bool { return v.kind != 0 && v.kind != 'n' }

// str returns the text of a string, "" for everything else.
func (v value) str() string {
	if v.kind == '"' {
		return v.text
	}
	return ""
}

// elements returns those of an array.
func (v value) elements() []value {
	if v.kind == '[' {
		return v.items
	}
	return nil
}

// href returns the address of a link: {"href":"…"} as the specification has it, or a plain string as some banks do.
func (v value) href() string {
	if v.kind == '"' {
		return v.text
	}
	return v.get("href").str()
}
