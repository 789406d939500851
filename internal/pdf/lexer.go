package pdf

import "bytes"

// Token is the kind of lexical token that Lexer.Next found (ISO 32000-1 §7.2, §7.3).
type Token uint8

// The tokens.
const (
	TokenEOF        Token = iota // the end of the data
	TokenInt                     // Lexer.Int and Lexer.Num
	TokenReal                    // Lexer.Num
	TokenName                    // Lexer.Bytes, without the slash, #xx decoded
	TokenString                  // Lexer.Bytes, escapes and hexadecimal decoded
	TokenArrayOpen               // [
	TokenArrayClose              // ]
	TokenDictOpen                // <<
	TokenDictClose               // >>
	TokenKeyword                 // Lexer.Bytes: an operator, true, false, null, obj, R …
)

// maxToken is the longest string or name in bytes that is decoded; the standard allows 32,767 (annex C.2). A longer one with
// escapes is cut, as an object it is refused.
const maxToken = 4 << 20

// Lexer splits PDF syntax into tokens. It serves objects and content streams alike, allocates only for strings and names with
// escapes, and accepts any bytes: what is no syntax comes out as keywords. Not safe for concurrent use.
type Lexer struct {
	data    []byte
	pos     int
	scratch []byte

	// Num is the value of the last TokenInt or TokenReal; it is always finite.
	Num float64
	// Int is the value of the last TokenInt.
	Int int64
	// Bytes is the text of the last name, string or keyword: a slice of the data or of an arena, valid until Release or Reset.
	Bytes []byte
}

// NewLexer returns a Lexer over data, which must not change while it is in use.
func NewLexer(data []byte) *Lexer { return &Lexer{data: data} }

// Reset starts over with other data and forgets the arena.
func (l *Lexer) Reset(data []byte) {
	l.data, l.pos = data, 0
	l.scratch = l.scratch[:0]
}

// Release lets the arena of decoded strings be reused: slices that Bytes gave out before are no longer valid. A content
// interpreter calls it after every operator.
func (l *Lexer) Release() { l.scratch = l.scratch[:0] }

// Pos returns the offset of the next byte to be read.
func (l *Lexer) Pos() int { return l.pos }

// Seek continues at offset pos, which is brought into the range of the data.
func (l *Lexer) Seek(pos int) { l.pos = max(0, min(pos, len(l.data))) }

// The character classes of 7.2.2.
const (
	classRegular = iota
	classDigit   // a regular character that can start a number
	classSpace
	classDelim
)

// classes maps each byte to its class. NUL is white space; the C0 controls that are not listed are regular.
var classes = [256]uint8{
	0: classSpace, '\t': classSpace, '\n': classSpace, '\f': classSpace, '\r': classSpace, ' ': classSpace,
	'(': classDelim, ')': classDelim, '<': classDelim, '>': classDelim, '[': classDelim, ']': classDelim,
	'{': classDelim, '}': classDelim, '/': classDelim, '%': classDelim,
	'0': classDigit, '1': classDigit, '2': classDigit, '3': classDigit, '4': classDigit, '5': classDigit,
	'6': classDigit, '7': classDigit, '8': classDigit, '9': classDigit, '+': classDigit, '-': classDigit, '.': classDigit,
}

func isSpace(c byte) bool { return classes[c] == classSpace }

// isRegular reports whether c continues a name, number or keyword.
func isRegular(c byte) bool { return classes[c] <= classDigit }

// Next reads the next token. At the end of the data it returns TokenEOF, as often as it is called.
func (l *Lexer) Next() Token {
	for l.pos < len(l.data) {
		c := l.data[l.pos]
		switch classes[c] {
		case classSpace:
			l.pos++
			continue
		case classDigit:
			return l.number()
		case classRegular:
			return l.keyword()
		}
		switch c {
		case '%':
			l.skipLine()
			continue
		case '/':
			return l.name()
		case '(':
			return l.literal()
		case '[':
			l.pos++
			return TokenArrayOpen
		case ']':
			l.pos++
			return TokenArrayClose
		case '<':
			if l.pos+1 < len(l.data) && l.data[l.pos+1] == '<' {
				l.pos += 2
				return TokenDictOpen
			}
			return l.hex()
		case '>':
			if l.pos+1 < len(l.data) && l.data[l.pos+1] == '>' {
				l.pos += 2
				return TokenDictClose
			}
		}
		// A stray delimiter is a keyword of one byte: the caller ignores it as an unknown operator.
		l.Bytes = l.data[l.pos : l.pos+1]
		l.pos++
		return TokenKeyword
	}
	return TokenEOF
}

// SkipSpace passes white space and comments.
func (l *Lexer) SkipSpace() {
	for l.pos < len(l.data) {
		switch c := l.data[l.pos]; {
		case isSpace(c):
			l.pos++
		case c == '%':
			l.skipLine()
		default:
			return
		}
	}
}

func (l *Lexer) skipLine() {
	for l.pos < len(l.data) && l.data[l.pos] != '\n' && l.data[l.pos] != '\r' {
		l.pos++
	}
}

func (l *Lexer) keyword() Token {
	start := l.pos
	for l.pos < len(l.data) && isRegular(l.data[l.pos]) {
		l.pos++
	}
	l.Bytes = l.data[start:l.pos]
	return TokenKeyword
}

// pow10 holds the powers of ten that a float64 represents exactly; dividing a mantissa below 2^53 by one rounds correctly.
var pow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// number reads an integer or real (7.3.3). Malformed ones are read as the common viewers do: doubled signs count once, a minus
// sign inside is skipped, a second point ends the number. A sign or point without digits is the number 0, unless letters
// follow: then it is a keyword.
func (l *Lexer) number() Token {
	data, start, pos := l.data, l.pos, l.pos
	neg, digits := false, 0
	for pos < len(data) && (data[pos] == '-' || data[pos] == '+') {
		neg = neg || data[pos] == '-'
		pos++
	}
	var mant int64
	scale, point, extra := 0, false, 0
loop:
	for ; pos < len(data); pos++ {
		switch c := data[pos]; {
		case c >= '0' && c <= '9':
			digits++
			if mant < 1e17 && scale < len(pow10)-1 {
				mant = mant*10 + int64(c-'0')
				if point {
					scale++
				}
			} else if !point {
				extra++
			}
		case c == '.' && !point:
			point = true
		case c == '-' && digits > 0:
			// Adobe's readers skip it, and so does everyone after them.
		default:
			break loop
		}
	}
	if digits == 0 && pos < len(data) && isRegular(data[pos]) && data[pos] != '.' {
		return l.keyword()
	}
	if pos == start { // a second point directly after a number
		pos++
	}
	l.pos = pos
	if neg {
		mant = -mant
	}
	switch {
	case extra > 0:
		// More than 17 digits before the point: the magnitude is all that matters, and it stays finite.
		l.Num = float64(mant) * pow10[min(extra, len(pow10)-1)]
		return TokenReal
	case point:
		l.Num = float64(mant) / pow10[scale]
		return TokenReal
	}
	l.Int, l.Num = mant, float64(mant)
	return TokenInt
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// put adds a byte to the token that began at mark of the arena, up to a byte past the longest.
func (l *Lexer) put(mark int, c byte) {
	if len(l.scratch)-mark <= maxToken {
		l.scratch = append(l.scratch, c)
	}
}

// name reads a name (7.3.5). A # that is not followed by two hexadecimal digits stands for itself.
func (l *Lexer) name() Token {
	l.pos++
	start, escaped := l.pos, false
	for l.pos < len(l.data) && isRegular(l.data[l.pos]) {
		escaped = escaped || l.data[l.pos] == '#'
		l.pos++
	}
	l.Bytes = l.data[start:l.pos]
	if !escaped {
		return TokenName
	}
	raw, mark := l.Bytes, len(l.scratch)
	for i := 0; i < len(raw); i++ {
		if raw[i] == '#' && i+2 < len(raw) {
			if hi, lo := hexValue(raw[i+1]), hexValue(raw[i+2]); hi >= 0 && lo >= 0 {
				l.put(mark, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		l.put(mark, raw[i])
	}
	l.Bytes = l.scratch[mark:len(l.scratch):len(l.scratch)]
	return TokenName
}

// hex reads a hexadecimal string (7.3.4.3). What is no digit is skipped; an unterminated one runs to the end of the data.
func (l *Lexer) hex() Token {
	l.pos++
	mark, half := len(l.scratch), -1
	for l.pos < len(l.data) {
		c := l.data[l.pos]
		l.pos++
		if c == '>' {
			break
		}
		v := hexValue(c)
		switch {
		case v < 0:
		case half < 0:
			half = v
		default:
			l.put(mark, byte(half<<4|v))
			half = -1
		}
	}
	if half >= 0 {
		l.put(mark, byte(half<<4))
	}
	l.Bytes = l.scratch[mark:len(l.scratch):len(l.scratch)]
	return TokenString
}

// literal reads a literal string (7.3.4.2). Without escapes and line ends it is a slice of the data.
func (l *Lexer) literal() Token {
	l.pos++
	start, depth := l.pos, 1
	for l.pos < len(l.data) {
		switch l.data[l.pos] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				l.Bytes = l.data[start:l.pos]
				l.pos++
				return TokenString
			}
		case '\\', '\r':
			return l.escaped(start, depth)
		}
		l.pos++
	}
	l.Bytes = l.data[start:]
	return TokenString
}

// escaped continues literal at the first byte that does not stand for itself.
func (l *Lexer) escaped(start, depth int) Token {
	mark := len(l.scratch)
	l.scratch = append(l.scratch, l.data[start:min(l.pos, start+maxToken)]...)
scan:
	for l.pos < len(l.data) {
		c := l.data[l.pos]
		l.pos++
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				break scan
			}
		case '\r': // any end of line is one line feed
			if l.pos < len(l.data) && l.data[l.pos] == '\n' {
				l.pos++
			}
			c = '\n'
		case '\\':
			var ok bool
			if c, ok = l.escape(); !ok {
				continue
			}
		}
		l.put(mark, c)
	}
	l.Bytes = l.scratch[mark:len(l.scratch):len(l.scratch)]
	return TokenString
}

// escape reads what follows a backslash; !ok when it stands for nothing (a line continuation, the end).
func (l *Lexer) escape() (c byte, ok bool) {
	if l.pos >= len(l.data) {
		return 0, false
	}
	c = l.data[l.pos]
	l.pos++
	switch c {
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case '\r':
		if l.pos < len(l.data) && l.data[l.pos] == '\n' {
			l.pos++
		}
		return 0, false
	case '\n':
		return 0, false
	case '0', '1', '2', '3', '4', '5', '6', '7':
		v := int(c - '0')
		for i := 0; i < 2 && l.pos < len(l.data) && l.data[l.pos] >= '0' && l.data[l.pos] <= '7'; i++ {
			v = v<<3 | int(l.data[l.pos]-'0')
			l.pos++
		}
		return byte(v), true // high-order overflow is ignored, as the standard says
	}
	return c, true
}

// SkipInlineImage passes the data of an inline image (8.9.7). It is called directly after the ID operator was read, with the
// length of the data when the image has no filter, or -1. It leaves the lexer after the EI operator and reports whether there
// was one; without one everything up to the end of the data is image.
func (l *Lexer) SkipInlineImage(length int) bool {
	if l.pos < len(l.data) && isSpace(l.data[l.pos]) {
		l.pos++ // the single white space after ID
	}
	if length >= 0 && length <= len(l.data)-l.pos {
		p := l.pos + length
		for q := p; q < len(l.data) && q < p+4; q++ {
			if l.isEI(q) {
				l.pos = q + 2
				return true
			}
			if !isSpace(l.data[q]) {
				break
			}
		}
	}
	if l.findEI(true) {
		return true
	}
	// Some writers put EI directly behind the data.
	if l.findEI(false) {
		return true
	}
	l.pos = len(l.data)
	return false
}

// findEI moves behind the next EI operator, which white space or the end mark of an ASCII filter must precede if strict.
func (l *Lexer) findEI(strict bool) bool {
	for p := l.pos; ; p += 2 {
		i := bytes.Index(l.data[p:], []byte("EI"))
		if i < 0 {
			return false
		}
		p += i
		before := p == l.pos || isSpace(l.data[p-1]) || l.data[p-1] == '>'
		if (before || !strict) && l.isEI(p) {
			l.pos = p + 2
			return true
		}
	}
}

// isEI reports whether the EI operator stands at p: what follows must look like content, for image data contains "EI", too.
func (l *Lexer) isEI(p int) bool {
	if p+2 > len(l.data) || l.data[p] != 'E' || l.data[p+1] != 'I' {
		return false
	}
	rest := l.data[p+2:]
	if len(rest) > 0 && isRegular(rest[0]) {
		return false
	}
	for _, c := range rest[:min(len(rest), 16)] {
		if c >= 0x7f || c < ' ' && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
	}
	return true
}
