package xmlscan

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// chars scans character data up to the next '<'. It reports whether there is a token: none for white space outside the root
// element, nor anywhere when white space is skipped.
func (s *Scanner) chars() (bool, error) {
	b := s.buf[s.pos : s.end+1]
	i := 0
	if s.skipSpace || len(s.frames) == 0 {
		// Indentation is a good part of a file that was made to look good: eight blanks at a time.
		for class[b[i]]&cSpace != 0 {
			i++
			for len(b)-i >= 8 && binary.LittleEndian.Uint64(b[i:]) == 0x2020202020202020 {
				i += 8
			}
		}
		if b[i] == '<' {
			s.pos += i
			return false, nil
		}
		i = 0 // a carriage return among the white space has to be seen below
	}
	decode, wide := false, false
	for {
		for class[b[i]]&cText != 0 {
			i++
		}
		c := b[i]
		if c == '<' {
			break
		}
		switch {
		case c >= 0x80:
			wide = true
			i++
		case c == '&', c == '\r':
			decode = true
			i++
		case c == '>':
			if i >= 2 && b[i-1] == ']' && b[i-2] == ']' {
				return false, s.fail(ErrMalformed, "end of CDATA section in text", i)
			}
			i++
		case c == 0 && i == len(b)-1:
			if !s.fill() {
				if s.err == nil && len(s.frames) == 0 && onlySpace(s.buf[s.pos:s.end]) {
					s.pos = s.end // white space at the end of the document
					return false, nil
				}
				if s.err == nil && len(s.frames) == 0 {
					return false, s.fail(ErrMalformed, "text outside the root element", 0)
				}
				return false, s.short()
			}
			b = s.buf[s.pos : s.end+1]
		default:
			return false, s.fail(ErrMalformed, "control character", i)
		}
	}
	run := b[:i]
	if len(s.frames) == 0 {
		if !onlySpace(run) {
			return false, s.fail(ErrMalformed, "text outside the root element", 0)
		}
		s.pos += i
		return false, nil
	}
	if wide && !validWide(run) {
		return false, s.fail(ErrCharset, "invalid UTF-8", 0)
	}
	if decode {
		var ok bool
		if s.scratch, ok = appendDecoded(s.scratch[:0], run, false); !ok {
			return false, s.fail(ErrMalformed, "invalid reference", 0)
		}
		run = s.scratch
	}
	s.adv = i
	s.text = run
	if s.skipSpace && onlySpace(b[:i]) {
		s.pos += i
		s.adv = 0
		return false, nil
	}
	return true, nil
}

// Leaf is a shortcut for the element that most of a data file is made of. Where the current Start is followed by nothing but
// plain text, which may be empty, and its own end tag, Leaf returns the text and goes to that End, as two calls of Next would;
// text of nothing but white space is returned even where Options.SkipSpace leaves it out.
// Otherwise, also for text with references, line ends to normalise or characters beyond US-ASCII, it returns false, changes
// nothing, and Next does the work.
func (s *Scanner) Leaf() (text []byte, ok bool) {
	if s.err != nil || s.emptyTag || s.popNext || len(s.frames) == 0 {
		return nil, false
	}
	b := s.buf[s.pos+s.adv : s.end+1]
	i := 0
	for class[b[i]]&cText != 0 {
		i++
	}
	name := s.names[s.frames[len(s.frames)-1].name:]
	n := i + 2 + len(name)
	if n >= len(b)-1 || b[i] != '<' || b[i+1] != '/' || b[n] != '>' || !bytes.Equal(b[i+2:n], name) {
		return nil, false
	}
	s.text = b[:i]
	s.curAttr = s.curAttr[:0]
	s.adv += n + 1
	s.popNext = true
	return s.text, true
}

func onlySpace(b []byte) bool {
	for _, c := range b {
		if class[c]&cSpace == 0 {
			return false
		}
	}
	return true
}

var (
	cdataOpen    = []byte("<![CDATA[")
	cdataClose   = []byte("]]>")
	commentClose = []byte("--")
	doctype      = []byte("<!DOCTYPE")
	piClose      = []byte("?>")
)

// find returns the index of what, searched from i, and reads on until it is there.
func (s *Scanner) find(what []byte, i int) (int, error) {
	for {
		if n := bytes.Index(s.buf[s.pos+i:s.end], what); n >= 0 {
			return i + n, nil
		}
		i = max(i, s.end-s.pos-len(what)+1)
		if !s.fill() {
			return 0, s.short()
		}
	}
}

// want makes sure that the input goes on with what, which starts at the current position. It returns false when it does
// not, or when the input ends first.
func (s *Scanner) want(what []byte) (bool, error) {
	for {
		have := s.buf[s.pos:s.end]
		if len(have) >= len(what) {
			return bytes.HasPrefix(have, what), nil
		}
		if !bytes.HasPrefix(what, have) {
			return false, nil
		}
		if !s.fill() {
			return false, s.short()
		}
	}
}

// cdata scans a CDATA section.
func (s *Scanner) cdata() error {
	ok, err := s.want(cdataOpen)
	if err != nil {
		return err
	}
	if !ok || len(s.frames) == 0 {
		return s.fail(ErrMalformed, "invalid declaration", 0)
	}
	end, err := s.find(cdataClose, len(cdataOpen))
	if err != nil {
		return err
	}
	run := s.buf[s.pos+len(cdataOpen) : s.pos+end]
	if err := s.checkChars(run); err != nil {
		return err
	}
	if bytes.IndexByte(run, '\r') >= 0 {
		s.scratch = s.scratch[:0]
		for i, c := range run {
			if c == '\r' {
				c = '\n'
			} else if c == '\n' && i > 0 && run[i-1] == '\r' {
				continue
			}
			s.scratch = append(s.scratch, c)
		}
		run = s.scratch
	}
	s.text = run
	s.adv = end + len(cdataClose)
	return nil
}

// bang scans what starts with "<!" and is no CDATA section: a comment, or something that is refused.
func (s *Scanner) bang() error {
	b := s.buf[s.pos:s.end]
	if len(b) < 3 || b[2] == '-' {
		open, err := s.want([]byte("<!--"))
		if err != nil {
			return err
		}
		if open {
			return s.comment()
		}
		if len(b) < 3 {
			return nil // more was read: Next looks again
		}
		return s.fail(ErrMalformed, "invalid comment", 0)
	}
	ok, err := s.want(doctype)
	if err != nil {
		return err
	}
	if ok {
		return s.fail(ErrDoctype, "", 0)
	}
	return s.fail(ErrMalformed, "invalid declaration", 0)
}

func (s *Scanner) comment() error {
	end, err := s.find(commentClose, 4)
	if err != nil {
		return err
	}
	for s.end-s.pos < end+3 {
		if !s.fill() {
			return s.short()
		}
	}
	if s.buf[s.pos+end+2] != '>' {
		return s.fail(ErrMalformed, "double hyphen in comment", end)
	}
	if err := s.checkChars(s.buf[s.pos+4 : s.pos+end]); err != nil {
		return err
	}
	s.pos += end + 3
	return nil
}

// instruction scans a processing instruction. The XML declaration was read by begin, so the target "xml" is refused here.
func (s *Scanner) instruction() error {
	end, colon, err := s.name(2)
	if err != nil {
		return err
	}
	b := s.buf[s.pos : s.end+1]
	if colon != 0 || bytes.EqualFold(b[2:end], prefixXML) {
		return s.fail(ErrMalformed, "reserved or invalid target of an instruction", 2)
	}
	close, err := s.find(piClose, end)
	if err != nil {
		return err
	}
	body := s.buf[s.pos+end : s.pos+close]
	if len(body) > 0 && class[body[0]]&cSpace == 0 {
		return s.fail(ErrMalformed, "invalid name", end)
	}
	if err := s.checkChars(body); err != nil {
		return err
	}
	s.pos += close + len(piClose)
	return nil
}

// checkChars holds every character to XML 1.0 §2.2 [2].
func (s *Scanner) checkChars(b []byte) error {
	wide := false
	for i, c := range b {
		if c >= 0x80 {
			wide = true
		} else if c < 0x20 && class[c]&cSpace == 0 {
			return s.fail(ErrMalformed, "control character", i)
		}
	}
	if wide && !validWide(b) {
		return s.fail(ErrCharset, "invalid UTF-8", 0)
	}
	return nil
}

// validWide reports whether b is UTF-8 without the two noncharacters that XML excludes, U+FFFE and U+FFFF.
func validWide(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	for {
		i := bytes.IndexByte(b, 0xEF)
		if i < 0 {
			return true
		}
		if b[i+1] == 0xBF && b[i+2] >= 0xBE {
			return false
		}
		b = b[i+3:]
	}
}

// appendDecoded appends b with references resolved and line ends normalised to one "\n" (XML 1.0 §2.11); in an attribute
// value each literal white space character becomes a space (§3.3.3). It returns false for a reference that is not one of
// the five entities nor a numeric one to a valid character.
func appendDecoded(dst, b []byte, value bool) ([]byte, bool) {
	for i := 0; i < len(b); {
		c := b[i]
		switch {
		case c == '&':
			var n int
			if dst, n = appendReference(dst, b[i:]); n == 0 {
				return dst, false
			}
			i += n
			continue
		case c == '\r' && i+1 < len(b) && b[i+1] == '\n':
			i++
			continue
		case c == '\r':
			c = '\n'
		}
		if value && class[c]&cSpace != 0 {
			c = ' '
		}
		dst = append(dst, c)
		i++
	}
	return dst, true
}

// appendReference appends what the reference at the start of b stands for and returns its length, 0 for an invalid one.
func appendReference(dst, b []byte) ([]byte, int) {
	n := bytes.IndexByte(b[:min(len(b), 32)], ';')
	if n < 0 {
		return dst, 0
	}
	switch name := b[1:n]; string(name) {
	case "lt":
		return append(dst, '<'), n + 1
	case "gt":
		return append(dst, '>'), n + 1
	case "amp":
		return append(dst, '&'), n + 1
	case "apos":
		return append(dst, '\''), n + 1
	case "quot":
		return append(dst, '"'), n + 1
	default:
		if len(name) < 2 || name[0] != '#' {
			return dst, 0
		}
		r, ok := parseRune(name[1:])
		if !ok || !isChar(r) {
			return dst, 0
		}
		return utf8.AppendRune(dst, r), n + 1
	}
}

// parseRune reads the number of a character reference, decimal or, after an "x", hexadecimal.
func parseRune(b []byte) (rune, bool) {
	base := rune(10)
	if b[0] == 'x' {
		base = 16
		b = b[1:]
	}
	if len(b) == 0 {
		return 0, false
	}
	var r rune
	for _, c := range b {
		var d rune
		switch {
		case '0' <= c && c <= '9':
			d = rune(c - '0')
		case base == 16 && 'a' <= c && c <= 'f':
			d = rune(c-'a') + 10
		case base == 16 && 'A' <= c && c <= 'F':
			d = rune(c-'A') + 10
		default:
			return 0, false
		}
		if r = r*base + d; r > utf8.MaxRune {
			return 0, false
		}
	}
	return r, true
}

// isChar holds a character to XML 1.0 §2.2 [2].
func isChar(r rune) bool {
	return r >= 0x20 && r <= 0xD7FF || r == '\t' || r == '\n' || r == '\r' ||
		r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= utf8.MaxRune
}
