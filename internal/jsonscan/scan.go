package jsonscan

import (
	"unicode/utf16"
	"unicode/utf8"
)

func (r *Reader) space() {
	for r.i < len(r.b) {
		switch r.b[r.i] {
		case ' ', '\t', '\n', '\r':
			r.i++
		default:
			return
		}
	}
}

// next skips white space and returns the byte behind it, 0 at the end.
func (r *Reader) next() byte {
	r.space()
	if r.i < len(r.b) {
		return r.b[r.i]
	}
	return 0
}

// scalar reads a value of kind k that is neither object nor array; keep asks for its text. The kind is that of the byte at
// the current place.
func (r *Reader) scalar(k Kind, keep bool) (v Value, err error) {
	r.due = false
	v.kind = k
	switch k {
	case String:
		v.text, v.mended, err = r.text(keep)
	case Number:
		v.text, err = r.number(keep)
	case Null:
		err = r.word("null")
	default:
		v.text = "true"
		if r.b[r.i] == 'f' {
			v.text = "false"
		}
		err = r.word(v.text)
	}
	if err != nil {
		return Value{}, err
	}
	return v, nil
}

func (r *Reader) word(w string) error {
	for i := range len(w) {
		if r.i >= len(r.b) || r.b[r.i] != w[i] {
			return r.bad()
		}
		r.i++
	}
	return nil
}

// number scans what RFC 8259 §6 allows.
func (r *Reader) number(keep bool) (string, error) {
	start := r.i
	if r.b[r.i] == '-' {
		r.i++
	}
	switch {
	case r.i < len(r.b) && r.b[r.i] == '0':
		r.i++
		if at := r.i; r.digits() {
			r.i = at
			return "", r.bad() // as a number and one more, a caller would be handed a wrong one
		}
	case !r.digits():
		return "", r.bad()
	}
	if r.i < len(r.b) && r.b[r.i] == '.' {
		r.i++
		if !r.digits() {
			return "", r.bad()
		}
	}
	if r.i < len(r.b) && (r.b[r.i] == 'e' || r.b[r.i] == 'E') {
		r.i++
		if r.i < len(r.b) && (r.b[r.i] == '+' || r.b[r.i] == '-') {
			r.i++
		}
		if !r.digits() {
			return "", r.bad()
		}
	}
	switch {
	case r.i-start > r.lim.Number:
		r.i = start
		return "", r.fail(ErrLimit)
	case r.i == len(r.b) && r.depth > 0:
		return "", r.fail(ErrTruncated) // more digits may have followed, so this is no number to hand out
	case !keep:
		return "", nil
	}
	return string(r.b[start:r.i]), nil
}

// digits skips digits and reports whether there was one.
func (r *Reader) digits() bool {
	start := r.i
	for r.i < len(r.b) && r.b[r.i] >= '0' && r.b[r.i] <= '9' {
		r.i++
	}
	return r.i > start
}

// text scans a string and decodes it. It reports whether it had to be mended.
func (r *Reader) text(keep bool) (s string, mended bool, err error) {
	quote := r.i
	r.i++
	start := r.i
	for r.i < len(r.b) && plain(r.b[r.i]) { // most strings have nothing else: no copy but the one into the string
		r.i++
	}
	if r.i-start > r.lim.String {
		r.i = quote
		return "", false, r.fail(ErrLimit)
	}
	if r.i < len(r.b) && r.b[r.i] == '"' {
		r.i++
		if keep {
			s = string(r.b[start : r.i-1])
		}
		return s, false, nil
	}
	r.buf = append(r.buf[:0], r.b[start:r.i]...)
	for {
		if r.i >= len(r.b) {
			return "", false, r.fail(ErrTruncated)
		}
		if len(r.buf) > r.lim.String {
			r.i = quote
			return "", false, r.fail(ErrLimit)
		}
		switch c := r.b[r.i]; {
		case c == '"':
			r.i++
			if keep {
				s = string(r.buf)
			}
			return s, mended, nil
		case c == '\\':
			whole, err := r.escape()
			if err != nil {
				return "", false, err
			}
			mended = mended || !whole
		case c < ' ':
			return "", false, r.fail(ErrMalformed)
		case c < utf8.RuneSelf:
			r.buf = append(r.buf, c)
			r.i++
		default:
			rest := r.b[r.i:]
			if !utf8.FullRune(rest) {
				r.i = len(r.b)
				return "", false, r.fail(ErrTruncated)
			}
			v, n := utf8.DecodeRune(rest)
			if v == utf8.RuneError && n == 1 {
				if !r.mend {
					return "", false, r.fail(ErrMalformed)
				}
				mended = true
			}
			r.buf = utf8.AppendRune(r.buf, v)
			r.i += n
		}
	}
}

// plain reports whether a byte of a string stands for itself alone.
func plain(c byte) bool { return c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' }

// escape appends one escaped character. It reports whether that is what the document has.
func (r *Reader) escape() (whole bool, err error) {
	at := r.i
	r.i++
	if r.i >= len(r.b) {
		return false, r.fail(ErrTruncated)
	}
	c := r.b[r.i]
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
		r.i = at
		return r.unicode()
	default:
		return false, r.fail(ErrMalformed)
	}
	r.buf = append(r.buf, c)
	r.i++
	return true, nil
}

// unicode appends the character of \uXXXX, or of two of them that are a surrogate pair. NUL is refused: no text has it, and
// what is behind this package may end its texts there.
func (r *Reader) unicode() (whole bool, err error) {
	at := r.i
	v, err := r.unit()
	if err != nil {
		return false, err
	}
	whole = true
	if utf16.IsSurrogate(v) {
		if v, err = r.pair(v); err != nil {
			return false, err
		}
		whole = v != utf8.RuneError
	}
	if !r.mend && (v == 0 || !whole) {
		r.i = at
		return false, r.fail(ErrMalformed)
	}
	r.buf = utf8.AppendRune(r.buf, v)
	return whole, nil
}

// pair reads the other half behind a surrogate. Where it is none, it stays unread, and the result is U+FFFD, which no pair
// stands for.
func (r *Reader) pair(half rune) (rune, error) {
	at := r.i
	for _, c := range []byte(`\u`) {
		if r.i >= len(r.b) {
			return 0, r.fail(ErrTruncated)
		}
		if r.b[r.i] != c {
			r.i = at
			return utf8.RuneError, nil
		}
		r.i++
	}
	r.i = at
	other, err := r.unit()
	if err != nil {
		return 0, err
	}
	v := utf16.DecodeRune(half, other)
	if v == utf8.RuneError {
		r.i = at
	}
	return v, nil
}

// unit reads \uXXXX, whose first two characters are known.
func (r *Reader) unit() (rune, error) {
	r.i += 2
	var v rune
	for range 4 {
		if r.i >= len(r.b) {
			return 0, r.fail(ErrTruncated)
		}
		c := r.b[r.i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, r.fail(ErrMalformed)
		}
		v = v<<4 | rune(c)
		r.i++
	}
	return v, nil
}
