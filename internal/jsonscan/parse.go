package jsonscan

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// Parse reads one document. A byte order mark before it is ignored (RFC 8259 §8.1); anything but white space behind it is an
// error. The result shares no memory with b.
func Parse(b []byte, l *Limits) (Value, error) {
	p := parser{b: b, lim: l.withDefaults()}
	switch mark := []byte("\xEF\xBB\xBF"); {
	case bytes.HasPrefix(b, mark):
		p.i = len(mark)
	case bytes.HasPrefix(mark, b):
		p.i = len(b) // half a mark, or nothing
	}
	v, err := p.value(0)
	if err != nil {
		return Value{}, err
	}
	p.space()
	if p.i < len(b) {
		return Value{}, p.fail(ErrMalformed)
	}
	return v, nil
}

type parser struct {
	b      []byte
	i      int
	lim    Limits
	values int
	buf    []byte
}

func (p *parser) fail(err error) error { return &Error{Err: err, Offset: p.i} }

// bad is the error at a byte that does not fit, or at the end.
func (p *parser) bad() error {
	if p.i >= len(p.b) {
		return p.fail(ErrTruncated)
	}
	return p.fail(ErrMalformed)
}

func (p *parser) space() {
	for p.i < len(p.b) {
		switch p.b[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

// next skips white space and returns the byte behind it, 0 at the end.
func (p *parser) next() byte {
	p.space()
	if p.i < len(p.b) {
		return p.b[p.i]
	}
	return 0
}

func (p *parser) count() error {
	if p.values++; p.values > p.lim.Values {
		return p.fail(ErrLimit)
	}
	return nil
}

func (p *parser) value(depth int) (Value, error) {
	if err := p.count(); err != nil {
		return Value{}, err
	}
	switch c := p.next(); {
	case c == '{':
		return p.object(depth + 1)
	case c == '[':
		return p.array(depth + 1)
	case c == '"':
		s, err := p.str()
		return Value{kind: String, text: s}, err
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case c == 't':
		return p.literal("true", Value{kind: Bool, text: "true"})
	case c == 'f':
		return p.literal("false", Value{kind: Bool, text: "false"})
	case c == 'n':
		return p.literal("null", Value{kind: Null})
	}
	return Value{}, p.bad()
}

func (p *parser) literal(word string, v Value) (Value, error) {
	for i := range len(word) {
		if p.i >= len(p.b) || p.b[p.i] != word[i] {
			return Value{}, p.bad()
		}
		p.i++
	}
	return v, nil
}

func (p *parser) object(depth int) (Value, error) {
	if depth > p.lim.Depth {
		return Value{}, p.fail(ErrLimit)
	}
	v := Value{kind: Object}
	var seen map[string]bool // for objects with more names than a loop should compare
	p.i++
	if p.next() == '}' {
		p.i++
		return v, nil
	}
	for {
		if p.next() != '"' {
			return Value{}, p.bad()
		}
		if err := p.count(); err != nil {
			return Value{}, err
		}
		at := p.i
		name, err := p.str()
		if err != nil {
			return Value{}, err
		}
		if len(v.names) == 16 {
			seen = make(map[string]bool, 64)
			for _, n := range v.names {
				seen[n] = true
			}
		}
		twice := seen[name]
		if seen == nil {
			_, twice = v.Get(name)
		} else {
			seen[name] = true
		}
		if twice {
			p.i = at
			return Value{}, p.fail(ErrDuplicate)
		}
		if p.next() != ':' {
			return Value{}, p.bad()
		}
		p.i++
		e, err := p.value(depth)
		if err != nil {
			return Value{}, err
		}
		v.names = append(v.names, name)
		v.elems = append(v.elems, e)
		switch p.next() {
		case ',':
			p.i++
		case '}':
			p.i++
			return v, nil
		default:
			return Value{}, p.bad()
		}
	}
}

func (p *parser) array(depth int) (Value, error) {
	if depth > p.lim.Depth {
		return Value{}, p.fail(ErrLimit)
	}
	v := Value{kind: Array}
	p.i++
	if p.next() == ']' {
		p.i++
		return v, nil
	}
	for {
		e, err := p.value(depth)
		if err != nil {
			return Value{}, err
		}
		v.elems = append(v.elems, e)
		switch p.next() {
		case ',':
			p.i++
		case ']':
			p.i++
			return v, nil
		default:
			return Value{}, p.bad()
		}
	}
}

// number scans what RFC 8259 §6 allows.
func (p *parser) number() (Value, error) {
	start := p.i
	if p.b[p.i] == '-' {
		p.i++
	}
	switch {
	case p.i < len(p.b) && p.b[p.i] == '0':
		p.i++
	case !p.digits():
		return Value{}, p.bad()
	}
	if p.i < len(p.b) && p.b[p.i] == '.' {
		p.i++
		if !p.digits() {
			return Value{}, p.bad()
		}
	}
	if p.i < len(p.b) && (p.b[p.i] == 'e' || p.b[p.i] == 'E') {
		p.i++
		if p.i < len(p.b) && (p.b[p.i] == '+' || p.b[p.i] == '-') {
			p.i++
		}
		if !p.digits() {
			return Value{}, p.bad()
		}
	}
	if p.i-start > p.lim.Number {
		p.i = start
		return Value{}, p.fail(ErrLimit)
	}
	return Value{kind: Number, text: string(p.b[start:p.i])}, nil
}

// digits skips digits and reports whether there was one.
func (p *parser) digits() bool {
	start := p.i
	for p.i < len(p.b) && p.b[p.i] >= '0' && p.b[p.i] <= '9' {
		p.i++
	}
	return p.i > start
}

// str scans a string and decodes it.
func (p *parser) str() (string, error) {
	start := p.i
	p.i++
	p.buf = p.buf[:0]
	for {
		if p.i >= len(p.b) {
			return "", p.fail(ErrTruncated)
		}
		if len(p.buf) > p.lim.String {
			p.i = start
			return "", p.fail(ErrLimit)
		}
		switch c := p.b[p.i]; {
		case c == '"':
			p.i++
			return string(p.buf), nil
		case c == '\\':
			if err := p.escape(); err != nil {
				return "", err
			}
		case c < 0x20:
			return "", p.fail(ErrMalformed)
		case c < utf8.RuneSelf:
			p.buf = append(p.buf, c)
			p.i++
		default:
			rest := p.b[p.i:]
			if !utf8.FullRune(rest) {
				p.i = len(p.b)
				return "", p.fail(ErrTruncated)
			}
			r, n := utf8.DecodeRune(rest)
			if r == utf8.RuneError && n == 1 {
				return "", p.fail(ErrMalformed)
			}
			p.buf = append(p.buf, rest[:n]...)
			p.i += n
		}
	}
}

func (p *parser) escape() error {
	p.i++
	if p.i >= len(p.b) {
		return p.fail(ErrTruncated)
	}
	c := p.b[p.i]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		return p.unicode()
	default:
		return p.fail(ErrMalformed)
	}
	p.buf = append(p.buf, c)
	p.i++
	return nil
}

// unicode decodes \uXXXX, or two of them that are a surrogate pair. NUL is refused: no text has it, and what is behind this
// package may end its texts there.
func (p *parser) unicode() error {
	at := p.i
	r, err := p.hex()
	if err != nil {
		return err
	}
	if utf16.IsSurrogate(r) {
		for _, c := range []byte(`\u`) {
			if p.i >= len(p.b) || p.b[p.i] != c {
				return p.bad()
			}
			p.i++
		}
		p.i--
		low, err := p.hex()
		if err != nil {
			return err
		}
		r = utf16.DecodeRune(r, low)
	}
	if r == 0 || r == utf8.RuneError && p.i-at > 5 {
		p.i = at
		return p.fail(ErrMalformed)
	}
	p.buf = utf8.AppendRune(p.buf, r)
	return nil
}

// hex reads the four digits behind the u at the current position.
func (p *parser) hex() (rune, error) {
	p.i++
	var r rune
	for range 4 {
		if p.i >= len(p.b) {
			return 0, p.fail(ErrTruncated)
		}
		c := p.b[p.i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, p.fail(ErrMalformed)
		}
		r = r<<4 | rune(c)
		p.i++
	}
	return r, nil
}
