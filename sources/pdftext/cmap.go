package pdftext

import (
	"bytes"
	"sort"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/brondata/brondata/internal/pdf"
)

// cmap is a parsed CMap (ISO 32000-1 §9.7.5, §9.10.3): how bytes form character codes, and what the codes mean, either a CID
// or Unicode text. Lookups bisect sorted ranges.
type cmap struct {
	spaces   []codespace
	cids     []cidRange
	texts    []textRange
	strings  []string // texts of more than one character, see textRange
	vertical bool
	identity bool // every two-byte code is its own CID
	unicode  bool // the codes are UTF-16: a code is its own text
	fixed    int  // the length of every code when the codespace says so, else 0
}

// codespace is a range of codes of n bytes; each byte of a code lies between those of lo and hi (§9.7.6.2).
type codespace struct {
	n      int
	lo, hi uint32
}

// cidRange maps the codes lo to hi to CIDs from cid on.
type cidRange struct{ lo, hi, cid uint32 }

// textRange maps the codes lo to hi to text: to dst and the characters after it, or to strings[^dst] with its last character
// counted up.
type textRange struct {
	lo, hi uint32
	dst    rune
}

// maxCodespaces bounds the codespace ranges that are kept; real CMaps have at most a dozen.
const maxCodespaces = 64

// contains reports whether code, of s.n bytes, lies in s byte by byte.
func (s codespace) contains(code uint32) bool {
	for shift := 0; shift < 8*s.n; shift += 8 {
		b := code >> shift & 0xff
		if b < s.lo>>shift&0xff || b > s.hi>>shift&0xff {
			return false
		}
	}
	return true
}

// next reads one character code from the front of b, which must not be empty, and returns how many bytes it took.
func (m *cmap) next(b []byte) (code uint32, n int) {
	if m.fixed == 2 && len(b) >= 2 {
		return uint32(b[0])<<8 | uint32(b[1]), 2
	}
	if m.fixed > 0 {
		for n < m.fixed && n < len(b) {
			code = code<<8 | uint32(b[n])
			n++
		}
		return code, n
	}
	shortest := 4
	for n < 4 && n < len(b) {
		code = code<<8 | uint32(b[n])
		n++
		for _, s := range m.spaces {
			if s.n == n && s.contains(code) {
				return code, n
			}
			shortest = min(shortest, s.n)
		}
	}
	// No range fits: a code of the shortest length is passed over (§9.7.6.3).
	n = min(shortest, len(b))
	code = 0
	for _, c := range b[:n] {
		code = code<<8 | uint32(c)
	}
	return code, n
}

// cid returns the CID of a code; codes that the CMap does not map have CID 0.
func (m *cmap) cid(code uint32) uint32 {
	if m.identity {
		return code
	}
	i := sort.Search(len(m.cids), func(i int) bool { return m.cids[i].lo > code })
	for back := 0; i > 0 && back < overlap; back++ {
		i--
		if r := m.cids[i]; code <= r.hi {
			return r.cid + code - r.lo
		}
	}
	return 0
}

// overlap is how many ranges that start below a code are tried: ranges rarely overlap, and then by one.
const overlap = 8

// text returns the Unicode text of a code.
func (m *cmap) text(code uint32) (string, bool) {
	if m.unicode {
		return utf16Code(code)
	}
	i := sort.Search(len(m.texts), func(i int) bool { return m.texts[i].lo > code })
	for back := 0; i > 0 && back < overlap; back++ {
		i--
		r := m.texts[i]
		if code > r.hi {
			continue
		}
		step := rune(code - r.lo)
		if r.dst >= 0 {
			return validText(r.dst + step)
		}
		s := m.strings[^r.dst]
		if step == 0 {
			return s, true
		}
		last, n := utf8.DecodeLastRuneInString(s)
		tail, ok := validText(last + step)
		return s[:len(s)-n] + tail, ok
	}
	return "", false
}

// validText is the text of a character that a document names; NUL and what is no character stand for nothing.
func validText(r rune) (string, bool) {
	if r <= 0 || !utf8.ValidRune(r) {
		return "", false
	}
	return runeText(r), true
}

func utf16Code(code uint32) (string, bool) {
	if code > 0xffff {
		return validText(utf16.DecodeRune(rune(code>>16), rune(code&0xffff)))
	}
	return validText(rune(code))
}

// finish sorts what was parsed. The sort is stable and lookups go backwards, so that of two entries for one code the later
// one counts.
func (m *cmap) finish() {
	sort.SliceStable(m.cids, func(i, j int) bool { return m.cids[i].lo < m.cids[j].lo })
	sort.SliceStable(m.texts, func(i, j int) bool { return m.texts[i].lo < m.texts[j].lo })
	m.fixed = 0
	for _, s := range m.spaces {
		if m.fixed != 0 && s.n != m.fixed {
			m.fixed = 0
			return
		}
		m.fixed = s.n
	}
	if len(m.spaces) == 0 {
		m.fixed = 2
	}
}

// entries is the size that counts against Limits.CMapEntries.
func (m *cmap) entries() int { return len(m.cids) + len(m.texts) }

// cmapParser reads the PostScript of a CMap file. It understands the operators that Adobe's CMap specification defines
// and takes everything else for noise.
type cmapParser struct {
	lex   *pdf.Lexer
	m     *cmap
	limit int
	use   func(name string) *cmap // finds the CMap that usecmap names; may return nil
}

// parseCMap reads a CMap file into base, or into an empty CMap when base is nil. It fails only with ErrLimit: a malformed CMap
// yields the entries that can be read.
func parseCMap(data []byte, base *cmap, limit int, use func(string) *cmap) (*cmap, error) {
	m := &cmap{}
	if base != nil {
		m.inherit(base)
	}
	p := cmapParser{lex: pdf.NewLexer(data), m: m, limit: limit, use: use}
	if err := p.run(); err != nil {
		return nil, err
	}
	m.finish()
	return m, nil
}

// inherit copies another CMap's entries: the ones added after count first.
func (m *cmap) inherit(from *cmap) {
	m.spaces = append(m.spaces, from.spaces...)
	m.cids = append(m.cids, from.cids...)
	m.vertical, m.unicode = from.vertical, from.unicode
	for _, r := range from.texts {
		if r.dst < 0 {
			m.strings = append(m.strings, from.strings[^r.dst])
			r.dst = rune(^(len(m.strings) - 1))
		}
		m.texts = append(m.texts, r)
	}
	if from.identity {
		m.cids = append(m.cids, cidRange{0, 0xffff, 0})
	}
}

func (p *cmapParser) run() error {
	name := ""
	for {
		switch p.lex.Next() {
		case pdf.TokenEOF:
			return nil
		case pdf.TokenName:
			if string(p.lex.Bytes) == "WMode" {
				if p.lex.Next() == pdf.TokenInt {
					p.m.vertical = p.lex.Int == 1
				}
				continue
			}
			name = string(p.lex.Bytes[:min(len(p.lex.Bytes), maxGlyphName)])
		case pdf.TokenKeyword:
			if err := p.operator(name); err != nil {
				return err
			}
		}
		p.lex.Release()
	}
}

func (p *cmapParser) operator(name string) error {
	switch string(p.lex.Bytes) {
	case "usecmap":
		if p.use != nil {
			if base := p.use(name); base != nil {
				p.m.inherit(base)
			}
		}
		return p.check()
	case "begincodespacerange":
		return p.section(2, func(lo, hi uint32, n int) {
			if n >= 1 && n <= 4 && len(p.m.spaces) < maxCodespaces {
				p.m.spaces = append(p.m.spaces, codespace{n, lo, hi})
			}
		}, nil)
	case "begincidchar":
		return p.section(1, nil, p.cid)
	case "begincidrange":
		return p.section(2, nil, p.cid)
	case "beginbfchar":
		return p.section(1, nil, p.bf)
	case "beginbfrange":
		return p.section(2, nil, p.bf)
	}
	return nil
}

// section reads entries of keys codes each, and for a mapping the value after them, up to the keyword that ends it. The count
// before the begin operator is not needed and not believed.
func (p *cmapParser) section(keys int, space func(lo, hi uint32, n int), value func(lo, hi uint32, t pdf.Token) error) error {
	for {
		p.lex.Release()
		at := p.lex.Pos()
		t := p.lex.Next()
		if t == pdf.TokenKeyword && bytes.HasPrefix(p.lex.Bytes, []byte("begin")) {
			p.lex.Seek(at) // the end of this section is missing
		}
		if t == pdf.TokenEOF || t == pdf.TokenKeyword {
			return nil
		}
		if t != pdf.TokenString {
			continue
		}
		lo, n := codeOf(p.lex.Bytes), len(p.lex.Bytes)
		hi := lo
		if keys == 2 {
			if t = p.lex.Next(); t == pdf.TokenEOF || t == pdf.TokenKeyword {
				return nil
			}
			if t != pdf.TokenString {
				continue
			}
			hi = codeOf(p.lex.Bytes)
		}
		if space != nil {
			space(lo, hi, n)
			continue
		}
		if t = p.lex.Next(); t == pdf.TokenEOF || t == pdf.TokenKeyword {
			return nil
		}
		if hi < lo {
			hi = lo
		}
		if err := value(lo, hi, t); err != nil {
			return err
		}
	}
}

func (p *cmapParser) cid(lo, hi uint32, t pdf.Token) error {
	if t != pdf.TokenInt || p.lex.Int < 0 || p.lex.Int > 0xffffff {
		return nil
	}
	p.m.cids = append(p.m.cids, cidRange{lo, hi, uint32(p.lex.Int)})
	return p.check()
}

func (p *cmapParser) bf(lo, hi uint32, t pdf.Token) error {
	switch t {
	case pdf.TokenString:
		if lo < hi && len(p.lex.Bytes) == 2 {
			// A range may start at NUL, which itself means nothing: <0000> <FFFF> <0000> says that codes are Unicode.
			p.m.texts = append(p.m.texts, textRange{lo, hi, rune(codeOf(p.lex.Bytes))})
			break
		}
		p.add(lo, hi, utf16Text(p.lex.Bytes))
	case pdf.TokenName:
		if s, ok := nameToText(string(p.lex.Bytes)); ok {
			p.add(lo, hi, s)
		}
	case pdf.TokenArrayOpen:
		for code := lo; ; code++ {
			p.lex.Release()
			t := p.lex.Next()
			if t == pdf.TokenString && code <= hi && code >= lo {
				p.add(code, code, utf16Text(p.lex.Bytes))
			}
			if t == pdf.TokenArrayClose || t == pdf.TokenKeyword || t == pdf.TokenEOF {
				break
			}
			if err := p.check(); err != nil {
				return err
			}
		}
	}
	return p.check()
}

// add records that the codes from lo to hi mean s and its successors. An empty text (a NUL, an empty string) is how some
// producers write "no text"; it is left out, so that the font's encoding answers instead.
func (p *cmapParser) add(lo, hi uint32, s string) {
	if s == "" {
		return
	}
	if lo == hi {
		s = splitLigatures(s)
	}
	r, n := utf8.DecodeRuneInString(s)
	if n < len(s) {
		p.m.strings = append(p.m.strings, s)
		r = rune(^(len(p.m.strings) - 1))
	}
	p.m.texts = append(p.m.texts, textRange{lo, hi, r})
}

func (p *cmapParser) check() error {
	if p.m.entries() > p.limit {
		return ErrLimit
	}
	return nil
}

// codeOf reads a character code; bytes beyond four cannot be part of one.
func codeOf(b []byte) (code uint32) {
	for _, c := range b[:min(len(b), 4)] {
		code = code<<8 | uint32(c)
	}
	return code
}

// maxTextBytes bounds the text of one code; the standard's own bound is 512 bytes for a string in a CMap.
const maxTextBytes = 512

// utf16Text decodes the big-endian UTF-16 of a bfchar or bfrange entry. A single byte, which some producers write, is
// a character below 256. NULs are left out.
func utf16Text(b []byte) string {
	if len(b) > maxTextBytes {
		return ""
	}
	if len(b) == 1 {
		b = []byte{0, b[0]}
	}
	var out []byte
	for i := 0; i+1 < len(b); i += 2 {
		r := rune(b[i])<<8 | rune(b[i+1])
		if utf16.IsSurrogate(r) {
			if i+3 < len(b) {
				r = utf16.DecodeRune(r, rune(b[i+2])<<8|rune(b[i+3]))
				i += 2
			} else {
				r = utf8.RuneError
			}
		}
		if r != 0 {
			out = utf8.AppendRune(out, r)
		}
	}
	return string(out)
}
