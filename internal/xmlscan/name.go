package xmlscan

import "unicode/utf8"

// What a byte may be part of. Bytes from 0x80 have no class: they are decoded where they matter.
const (
	cName  uint8 = 1 << iota // a character of a name, the colon excluded (Namespaces in XML §3, NCName)
	cStart                   // the first character of a name
	cSpace                   // white space (XML 1.0 §2.3, S)
	cText                    // text that needs no second look
	cValue                   // attribute value that needs no second look
)

// class is indexed by byte.
var class = func() (t [256]uint8) {
	for c := 0x20; c < 0x80; c++ {
		t[c] |= cText | cValue
	}
	t['\t'] |= cSpace | cText
	t['\n'] |= cSpace | cText
	t['\r'] |= cSpace
	t[' '] |= cSpace
	for c := 'a'; c <= 'z'; c++ {
		t[c] |= cName | cStart
		t[c-'a'+'A'] |= cName | cStart
	}
	for c := '0'; c <= '9'; c++ {
		t[c] |= cName
	}
	t['_'] |= cName | cStart
	t['-'] |= cName
	t['.'] |= cName
	for _, c := range "<&>" { // '>' because of "]]>"
		t[c] &^= cText
	}
	for _, c := range "<&\"'" {
		t[c] &^= cValue
	}
	return t
}()

// nameStart holds the ranges of NameStartChar from U+0080 (XML 1.0, fifth edition, §2.3 [4]).
var nameStart = [...][2]rune{
	{0xC0, 0xD6}, {0xD8, 0xF6}, {0xF8, 0x2FF}, {0x370, 0x37D}, {0x37F, 0x1FFF}, {0x200C, 0x200D}, {0x2070, 0x218F},
	{0x2C00, 0x2FEF}, {0x3001, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF},
}

// nameMore holds what NameChar adds to them (§2.3 [4a]).
var nameMore = [...][2]rune{{0xB7, 0xB7}, {0x300, 0x36F}, {0x203F, 0x2040}}

func isNameRune(r rune, first bool) bool {
	for _, x := range nameStart {
		if x[0] <= r && r <= x[1] {
			return true
		}
	}
	if first {
		return false
	}
	for _, x := range nameMore {
		if x[0] <= r && r <= x[1] {
			return true
		}
	}
	return false
}

// name scans a qualified name that starts i bytes after the current position. It returns the index behind it and the index
// of its colon, 0 without one.
func (s *Scanner) name(i int) (end, colon int, err error) {
	start, part := i, i
	b := s.buf[s.pos : s.end+1]
	for {
		for class[b[i]]&cName != 0 {
			i++
		}
		c := b[i]
		switch {
		case c == ':':
			if colon != 0 || i == part || !startsName(b[part:]) {
				return 0, 0, s.fail(ErrMalformed, "invalid name", i)
			}
			colon, part = i, i+1
			i++
		case c >= 0x80:
			for !utf8.FullRune(b[i : len(b)-1]) {
				if !s.fill() {
					return 0, 0, s.short()
				}
				b = s.buf[s.pos : s.end+1]
			}
			r, n := utf8.DecodeRune(b[i : len(b)-1])
			if r == utf8.RuneError && n == 1 {
				return 0, 0, s.fail(ErrCharset, "invalid UTF-8", i)
			}
			if !isNameRune(r, i == part) {
				return 0, 0, s.fail(ErrMalformed, "invalid name", i)
			}
			i += n
		case c == 0 && i == len(b)-1:
			if i-start > maxName {
				return 0, 0, s.fail(ErrLimit, "long name", start)
			}
			if !s.fill() {
				return 0, 0, s.short()
			}
			b = s.buf[s.pos : s.end+1]
		case i == part || !startsName(b[part:]):
			return 0, 0, s.fail(ErrMalformed, "invalid name", i)
		case i-start > maxName:
			return 0, 0, s.fail(ErrLimit, "long name", start)
		default:
			return i, colon, nil
		}
	}
}

// startsName reports whether b starts as a name may; a rune from U+0080 was checked while it was scanned.
func startsName(b []byte) bool { return b[0] >= 0x80 || class[b[0]]&cStart != 0 }
