package model

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ValidText reports whether s can stand in JSON: valid UTF-8 without NUL, which several databases cannot hold. A text
// that is not valid makes a record impossible to write, so readers leave it out with a doubt.
func ValidText(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// appendText writes a JSON string as RFC 8785 §3.2.2.2 has it: the two-character escapes where JSON has one, small
// hexadecimal digits for other control characters, everything else as it is.
func appendText(b []byte, s string) ([]byte, error) {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				return nil, fmt.Errorf("model: json: text is not UTF-8: %w", ErrSyntax)
			}
			i += n
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[from:i]...)
		switch c {
		case 0:
			return nil, fmt.Errorf("model: json: text holds NUL: %w", ErrSyntax)
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, '\\', 'b')
		case '\t':
			b = append(b, '\\', 't')
		case '\n':
			b = append(b, '\\', 'n')
		case '\f':
			b = append(b, '\\', 'f')
		case '\r':
			b = append(b, '\\', 'r')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		from = i
	}
	b = append(b, s[from:]...)
	return append(b, '"'), nil
}

// compareKeys orders two valid texts by their UTF-16 code units (RFC 8785 §3.2.3), which differs from the order of
// their bytes only where one has a character beyond the basic plane.
func compareKeys(a, b string) int {
	for len(a) > 0 && len(b) > 0 {
		r, n := utf8.DecodeRuneInString(a)
		s, m := utf8.DecodeRuneInString(b)
		if r != s {
			return cmp.Or(cmp.Compare(leadUnit(r), leadUnit(s)), cmp.Compare(r, s))
		}
		a, b = a[n:], b[m:]
	}
	return cmp.Compare(len(a), len(b))
}

// leadUnit is the first UTF-16 code unit of a character. Beyond the basic plane that is a surrogate, so 😀 (U+1F600)
// comes before ﬁ (U+FB01).
func leadUnit(r rune) rune {
	if r < 0x10000 {
		return r
	}
	return 0xd800 + (r-0x10000)>>10
}

// scanner walks over JSON text. Package encoding/json does not do for what is signed and compared by its bytes: it takes
// keys twice and in another case, and puts U+FFFD for what is not UTF-8, without a word. [scanner.check] proves a value well formed; the other methods rely on that.
type scanner struct {
	b []byte
	i int
}

func (s *scanner) blanks() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return
		}
	}
}

func (s *scanner) peek() byte {
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

func (s *scanner) take(c byte) bool {
	if s.peek() == c {
		s.i++
		return true
	}
	return false
}

func jsonError(what string) error { return fmt.Errorf("model: json: %s: %w", what, ErrSyntax) }

// check proves that the text is one JSON value in the profile of this package: valid UTF-8, no duplicate keys, no
// lone surrogates, no NUL, no numbers but small integers, and at most depth levels.
func (s *scanner) check(depth int) error {
	if !utf8.Valid(s.b) {
		return jsonError("text is not UTF-8")
	}
	s.blanks()
	if err := s.value(depth); err != nil {
		return err
	}
	s.blanks()
	if s.i != len(s.b) {
		return jsonError("data after the value")
	}
	s.i = 0
	return nil
}

func (s *scanner) value(depth int) error {
	if depth <= 0 {
		return fmt.Errorf("model: json: nested too deep: %w", ErrRange)
	}
	switch c := s.peek(); {
	case c == '{':
		return s.object(depth)
	case c == '[':
		return s.array(depth)
	case c == '"':
		return s.text()
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	}
	for _, w := range [...]string{"true", "false", "null"} {
		if len(s.b)-s.i >= len(w) && string(s.b[s.i:s.i+len(w)]) == w {
			s.i += len(w)
			return nil
		}
	}
	return jsonError("not a value")
}

func (s *scanner) object(depth int) error {
	s.i++
	s.blanks()
	if s.take('}') {
		return nil
	}
	var few [24]string // no object of this package has more keys
	keys := few[:0]
	var many map[string]bool
	for {
		if s.peek() != '"' {
			return jsonError("a key is missing")
		}
		at := s.i
		if err := s.text(); err != nil {
			return err
		}
		key := decodeText(s.b[at:s.i]) // as it reads, not as it is written: "a" and "\u0061" are one key
		if many == nil && len(keys) == cap(keys) {
			many = make(map[string]bool, 2*len(keys))
			for _, k := range keys {
				many[k] = true
			}
		}
		if many != nil && many[key] || many == nil && slices.Contains(keys, key) {
			return jsonError("duplicate key")
		}
		if many != nil {
			many[key] = true
		} else {
			keys = append(keys, key)
		}
		s.blanks()
		if !s.take(':') {
			return jsonError("a colon is missing")
		}
		s.blanks()
		if err := s.value(depth - 1); err != nil {
			return err
		}
		s.blanks()
		if s.take('}') {
			return nil
		}
		if !s.take(',') {
			return jsonError("an object does not end")
		}
		s.blanks()
	}
}

func (s *scanner) array(depth int) error {
	s.i++
	s.blanks()
	if s.take(']') {
		return nil
	}
	for {
		if err := s.value(depth - 1); err != nil {
			return err
		}
		s.blanks()
		if s.take(']') {
			return nil
		}
		if !s.take(',') {
			return jsonError("an array does not end")
		}
		s.blanks()
	}
}

func (s *scanner) number() error {
	from := s.i
	s.take('-')
	first := s.i
	for s.peek() >= '0' && s.peek() <= '9' {
		s.i++
	}
	switch n := s.i - first; {
	case n == 0, s.b[first] == '0' && (n > 1 || first > from), n > 16:
		return jsonError("not a small integer")
	}
	switch s.peek() {
	case '.', 'e', 'E':
		return jsonError("not a small integer")
	}
	if v, err := strconv.ParseInt(string(s.b[from:s.i]), 10, 64); err != nil || v > maxInteger || v < -maxInteger {
		return jsonError("not a small integer")
	}
	return nil
}

// maxInteger is the largest integer that every JSON reader keeps exactly (RFC 8785 §3.2.2.3: IEEE 754 doubles).
const maxInteger = 1<<53 - 1

func (s *scanner) text() error {
	for s.i++; s.i < len(s.b); s.i++ {
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			return nil
		case c < ' ':
			return jsonError("control character in a text")
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		}
	}
	return jsonError("a text does not end")
}

// escape leaves the scanner at the last character of the escape.
func (s *scanner) escape() error {
	s.i++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
	default:
		return jsonError("unknown escape")
	}
	u, ok := hex4(s.b[s.i+1:])
	if !ok || u == 0 {
		return jsonError("unknown escape")
	}
	s.i += 4
	if u < 0xd800 || u > 0xdfff {
		return nil
	}
	rest := s.b[s.i+1:]
	if u > 0xdbff || len(rest) < 6 || rest[0] != '\\' || rest[1] != 'u' {
		return jsonError("lone surrogate")
	}
	if low, ok := hex4(rest[2:]); !ok || low < 0xdc00 || low > 0xdfff {
		return jsonError("lone surrogate")
	}
	s.i += 6
	return nil
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// decodeText returns the text of a checked JSON string, its quotes included.
func decodeText(q []byte) string {
	q = q[1 : len(q)-1]
	if !slices.Contains(q, '\\') {
		return string(q)
	}
	out := make([]byte, 0, len(q))
	for i := 0; i < len(q); i++ {
		if q[i] != '\\' {
			out = append(out, q[i])
			continue
		}
		i++
		switch q[i] {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			u, _ := hex4(q[i+1:])
			i += 4
			if u >= 0xd800 && u <= 0xdbff {
				low, _ := hex4(q[i+3:])
				u = 0x10000 + (u-0xd800)<<10 + (low - 0xdc00)
				i += 6
			}
			out = utf8.AppendRune(out, u)
		default:
			out = append(out, q[i])
		}
	}
	return string(out)
}

// skip passes over one value of checked text and returns it. As the text is checked, brackets need only be counted.
func (s *scanner) skip() []byte {
	from, level := s.i, 0
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case '"':
			_ = s.text()
			s.i--
		case '{', '[':
			level++
		case '}', ']':
			level--
		case ',', ':', ' ', '\t', '\n', '\r':
			if level == 0 {
				return s.b[from:s.i]
			}
		}
		s.i++
		if level == 0 {
			switch s.peek() {
			case '}', ']', 0:
				return s.b[from:s.i]
			}
			switch s.b[s.i-1] {
			case '"', '}', ']':
				return s.b[from:s.i]
			}
		}
	}
	return s.b[from:s.i]
}

// each calls f for the members of an object of checked text, with the scanner at the value; f must pass over it.
func (s *scanner) each(f func(key string) error) error {
	s.i++
	for {
		s.blanks()
		if s.take('}') {
			return nil
		}
		s.take(',')
		s.blanks()
		at := s.i
		_ = s.text()
		key := decodeText(s.b[at:s.i])
		s.blanks()
		s.take(':')
		s.blanks()
		if err := f(key); err != nil {
			return err
		}
	}
}

// items calls f for the values of an array of checked text; f must pass over the value.
func (s *scanner) items(f func(n int) error) error {
	s.i++
	for n := 0; ; n++ {
		s.blanks()
		if s.take(']') {
			return nil
		}
		if n > 0 {
			s.take(',')
			s.blanks()
		}
		if err := f(n); err != nil {
			return err
		}
	}
}
