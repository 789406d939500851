package xmlscan

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// What the readers below say to Scanner.failRead; none of them leaves the package.
var (
	errBytes    = errors.New("xmlscan: more bytes than allowed")
	errEncoding = errors.New("xmlscan: invalid bytes")
	errHalf     = errors.New("xmlscan: half a character")
)

// limitReader gives errBytes in place of the byte behind the limit.
type limitReader struct {
	r    io.Reader
	left int64
}

func (l *limitReader) Read(p []byte) (int, error) {
	if l.left == 0 {
		// Exactly as many bytes as allowed are fine: look whether there is one more.
		var one [1]byte
		n, err := l.r.Read(one[:])
		if n > 0 {
			err = errBytes
		}
		return 0, err
	}
	if int64(len(p)) > l.left {
		p = p[:l.left]
	}
	n, err := l.r.Read(p)
	l.left -= int64(n)
	return n, err
}

// begin finds the document's encoding (XML 1.0 §4.3.3 and appendix F), puts a transcoder before the reader where one is
// needed, and consumes byte order mark and XML declaration.
func (s *Scanner) begin() error {
	for s.end < 4 && s.fill() {
	}
	if s.err != nil {
		return s.err
	}
	head := s.buf[:s.end]
	if n := len(head); 0 < n && n < 4 && (head[0] == 0 || head[0] >= 0xEF || n > 1 && head[0] == '<' && head[1] == 0) {
		return s.short() // too little to tell: no document is this short
	}
	wide := ""
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE, 0, 0}), bytes.HasPrefix(head, []byte{0, 0, 0xFE, 0xFF}),
		bytes.HasPrefix(head, []byte{'<', 0, 0, 0}), bytes.HasPrefix(head, []byte{0, 0, 0, '<'}):
		return s.fail(ErrCharset, "UTF-32 is not supported", 0)
	case bytes.HasPrefix(head, []byte{0x4C, 0x6F, 0xA7, 0x94}):
		return s.fail(ErrCharset, "EBCDIC is not supported", 0)
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		wide = "utf-16le"
		s.transcode(2, newUTF16(false))
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		wide = "utf-16be"
		s.transcode(2, newUTF16(true))
	case len(head) >= 4 && head[0] == '<' && head[1] == 0 && head[3] == 0:
		wide = "utf-16le"
		s.transcode(0, newUTF16(false))
	case len(head) >= 4 && head[0] == 0 && head[1] == '<' && head[2] == 0:
		wide = "utf-16be"
		s.transcode(0, newUTF16(true))
	}
	marked := false
	if wide == "" && bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}) {
		marked = true
		s.pos = 3
	}
	return s.declaration(wide, marked)
}

// declaration consumes the XML declaration (XML 1.0 §2.8) and sets up the encoding that it names.
func (s *Scanner) declaration(wide string, marked bool) error {
	open := []byte("<?xml")
	for s.end-s.pos <= len(open) && bytes.HasPrefix(open, s.buf[s.pos:min(s.end, s.pos+len(open))]) && s.fill() {
	}
	if s.err != nil {
		return s.err
	}
	b := s.buf[s.pos : s.end+1]
	if !bytes.HasPrefix(b, open) || class[b[len(open)]]&cSpace == 0 {
		return nil // no declaration; what looks like a half one is judged by Next
	}
	var n int
	for {
		if n = bytes.Index(s.buf[s.pos:min(s.end, s.pos+maxDecl)], piClose); n >= 0 {
			break
		}
		if s.end-s.pos >= maxDecl {
			return s.fail(ErrMalformed, "invalid XML declaration", 0)
		}
		if !s.fill() {
			return s.short()
		}
	}
	charset, ok := parseDeclaration(s.buf[s.pos+len(open) : s.pos+n])
	if !ok {
		return s.fail(ErrMalformed, "invalid XML declaration", 0)
	}
	n += len(piClose)
	single, table := false, (*[256]rune)(nil)
	switch charset {
	case "", "utf-8", "utf8":
		if wide != "" && charset != "" {
			return s.fail(ErrCharset, "declaration contradicts the bytes", 0)
		}
	case "utf-16", wide:
		if wide == "" {
			return s.fail(ErrCharset, "declaration contradicts the bytes", 0)
		}
	case "us-ascii", "ascii":
		single, table = true, asciiTable()
	case "iso-8859-1", "latin1", "windows-1252", "cp1252":
		// Files that declare ISO-8859-1 and hold windows-1252 are common, the C1 control characters that the bytes 0x80 to
		// 0x9F would be in ISO-8859-1 occur in no data. The WHATWG Encoding Standard §4.2 reads both alike.
		single, table = true, charmapTable(charmap.Windows1252)
	case "iso-8859-15", "latin9", "latin-9":
		single, table = true, charmapTable(charmap.ISO8859_15)
	default:
		return s.fail(ErrCharset, "encoding not supported", 0)
	}
	if single && (wide != "" || marked) {
		return s.fail(ErrCharset, "declaration contradicts the bytes", 0)
	}
	s.pos += n
	if single {
		s.transcode(0, &singleByte{table: table})
	}
	return nil
}

// transcoder is a reader whose source is set when it is put before the scanner's.
type transcoder interface {
	io.Reader
	from(r io.Reader)
}

// transcode makes the scanner read what is behind the current position and skip bytes through t. What was consumed keeps
// its place, so that offsets and lines go on.
func (s *Scanner) transcode(skip int, t transcoder) {
	s.Line()
	rest := bytes.Clone(s.buf[s.pos+skip : s.end])
	tail := s.r
	if s.pending != nil || s.eof {
		tail = &endReader{err: s.pending}
	}
	t.from(io.MultiReader(bytes.NewReader(rest), tail))
	s.r = t
	s.eof, s.pending = false, nil
	s.end = s.pos
	s.buf[s.end] = 0
}

// endReader repeats how the scanner's reader ended.
type endReader struct{ err error }

func (e *endReader) Read([]byte) (int, error) {
	if e.err != nil {
		return 0, e.err
	}
	return 0, io.EOF
}

// parseDeclaration reads what is between "<?xml" and "?>": version 1.0, then optionally an encoding and a standalone
// declaration, in this order. It returns the encoding's name in lower case.
func parseDeclaration(b []byte) (charset string, ok bool) {
	version, b, ok := pseudoAttribute(b, "version")
	if !ok || string(version) != "1.0" {
		return "", false
	}
	if v, rest, has := pseudoAttribute(b, "encoding"); has {
		if len(v) == 0 || len(v) > 40 {
			return "", false
		}
		charset = string(bytes.ToLower(v))
		b = rest
	}
	if v, rest, has := pseudoAttribute(b, "standalone"); has {
		if string(v) != "yes" && string(v) != "no" {
			return "", false
		}
		b = rest
	}
	return charset, onlySpace(b)
}

// pseudoAttribute reads white space, name, equals sign and quoted value from the start of b.
func pseudoAttribute(b []byte, name string) (value, rest []byte, ok bool) {
	trimmed := bytes.TrimLeft(b, " \t\r\n")
	if len(trimmed) == len(b) || !bytes.HasPrefix(trimmed, []byte(name)) {
		return nil, b, false
	}
	v := bytes.TrimLeft(trimmed[len(name):], " \t\r\n")
	if len(v) == 0 || v[0] != '=' {
		return nil, b, false
	}
	v = bytes.TrimLeft(v[1:], " \t\r\n")
	if len(v) == 0 || v[0] != '"' && v[0] != '\'' {
		return nil, b, false
	}
	end := bytes.IndexByte(v[1:], v[0])
	if end < 0 {
		return nil, b, false
	}
	return v[1 : 1+end], v[2+end:], true
}

// asciiTable maps US-ASCII; -1 marks what it has not.
func asciiTable() *[256]rune {
	t := new([256]rune)
	for i := range t {
		t[i] = rune(i)
		if i >= 0x80 {
			t[i] = -1
		}
	}
	return t
}

// charmapTable maps a single-byte encoding. Bytes without a character, and those that give a C1 control character, are
// refused: they mean that the declaration is wrong.
func charmapTable(m *charmap.Charmap) *[256]rune {
	t := new([256]rune)
	for i := range t {
		r := m.DecodeByte(byte(i))
		if r == utf8.RuneError || r >= 0x80 && r < 0xA0 {
			r = -1
		}
		t[i] = r
	}
	return t
}

// decoded is the output side that the transcoders share.
type decoded struct {
	r   io.Reader
	in  [4096]byte
	out []byte // decoded bytes; those from off on were not delivered yet
	off int
	err error // due when out is used up
}

func (d *decoded) from(r io.Reader) { d.r = r }

// deliver gives out what is decoded, after one read of more where nothing is. A read that brings nothing is passed on: it is for
// the scanner to lose patience with its reader.
func (d *decoded) deliver(p []byte, more func()) (int, error) {
	if d.off == len(d.out) {
		if d.err != nil {
			return 0, d.err
		}
		d.out, d.off = d.out[:0], 0
		more()
	}
	n := copy(p, d.out[d.off:])
	d.off += n
	return n, nil
}

// singleByte decodes a single-byte encoding by its table.
type singleByte struct {
	decoded
	table *[256]rune
}

func (d *singleByte) Read(p []byte) (int, error) { return d.deliver(p, d.more) }

func (d *singleByte) more() {
	n, err := d.r.Read(d.in[:])
	d.err = err
	for _, c := range d.in[:n] {
		if c < 0x80 {
			d.out = append(d.out, c)
			continue
		}
		r := d.table[c]
		if r < 0 {
			d.err = errEncoding
			return
		}
		d.out = utf8.AppendRune(d.out, r)
	}
}

// utf16Reader decodes UTF-16. Unpaired surrogates are refused.
type utf16Reader struct {
	decoded
	big  bool
	have int  // bytes kept in in from the last read
	high rune // a high surrogate that waits for the low one
}

func newUTF16(big bool) *utf16Reader { return &utf16Reader{big: big} }

func (d *utf16Reader) Read(p []byte) (int, error) { return d.deliver(p, d.more) }

func (d *utf16Reader) more() {
	n, err := d.r.Read(d.in[d.have:])
	n += d.have
	i := 0
	for ; i+1 < n; i += 2 {
		r := rune(d.in[i])<<8 | rune(d.in[i+1])
		if !d.big {
			r = rune(d.in[i+1])<<8 | rune(d.in[i])
		}
		switch {
		case d.high != 0:
			if r = utf16.DecodeRune(d.high, r); r == utf8.RuneError {
				d.err = errEncoding
				return
			}
			d.high = 0
		case utf16.IsSurrogate(r):
			if r >= 0xDC00 {
				d.err = errEncoding
				return
			}
			d.high = r
			continue
		}
		d.out = utf8.AppendRune(d.out, r)
	}
	d.have = copy(d.in[:], d.in[i:n])
	if err == io.EOF && (d.have > 0 || d.high != 0) {
		err = errHalf
	}
	d.err = err
}
