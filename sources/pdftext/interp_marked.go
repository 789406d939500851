package pdftext

import (
	"unicode/utf16"
	"unicode/utf8"

	"github.com/brondata/brondata/internal/pdf"
)

// marks follows marked content (ISO 32000-1 §14.6): its /ActualText replaces what is shown inside (§14.9.4), and optional
// content that is switched off is marked as such (§8.11).
type marks struct {
	list      []mark
	deeper    int // sequences beyond maxMarks, only counted
	off       int // how many open sequences are of a layer that is off
	replacing bool
	text      string // the ActualText being collected for
	box       struct {
		style  style
		u0, u1 float64
		v      float64
		any    bool
	}
	digits  []byte // of the glyphs that are replaced
	unknown bool   // one of them means nothing
}

// mark is an open marked-content sequence.
type mark struct{ off, actual bool }

// maxMarks is how many open sequences are kept.
const maxMarks = 1024

// marked executes BMC, BDC and EMC.
func (c *content) marked(op []byte) error {
	in := c.in
	ms := &in.marks
	if op[0] == 'E' {
		if ms.deeper > 0 {
			ms.deeper--
		} else if n := len(ms.list); n > 0 {
			ms.cut(in, n-1)
		}
		return nil
	}
	if len(ms.list) >= maxMarks {
		ms.deeper++
		return nil
	}
	var m mark
	if string(op) == "BDC" && c.args.n >= 2 {
		tag, prop := c.args.v[c.args.n-2], c.args.v[c.args.n-1]
		if prop.kind == pdf.TokenName {
			raw := in.doc.file.Get(c.res.dict, "Properties").Dict().Raw(string(prop.bytes))
			dict := in.doc.file.Resolve(raw)
			m.off = string(tag.bytes) == "OC" && in.hiddenLayer(dict, raw)
			if s, ok := in.doc.file.Get(dict.Dict(), "ActualText").Str(); ok && !ms.replacing {
				m.actual = true
				ms.begin(s)
			}
		} else if prop.kind == pdf.TokenDictOpen && !ms.replacing {
			if s, ok := c.inlineActualText(prop.pos); ok {
				m.actual = true
				ms.begin(s)
			}
		}
	}
	if m.off {
		ms.off++
	}
	ms.list = append(ms.list, m)
	return nil
}

// inlineActualText finds /ActualText in the property dictionary that was written into the content at pos.
func (c *content) inlineActualText(pos int) ([]byte, bool) {
	end := c.lex.Pos()
	defer c.lex.Seek(end)
	c.lex.Seek(pos)
	for c.lex.Pos() < end {
		switch c.lex.Next() {
		case pdf.TokenName:
			if string(c.lex.Bytes) == "ActualText" && c.lex.Next() == pdf.TokenString {
				return c.lex.Bytes, true
			}
		case pdf.TokenEOF, pdf.TokenDictClose:
			return nil, false
		}
	}
	return nil, false
}

// cut closes the open sequences from the n-th on.
func (ms *marks) cut(in *interpreter, n int) {
	for len(ms.list) > n {
		m := ms.list[len(ms.list)-1]
		ms.list = ms.list[:len(ms.list)-1]
		if m.off {
			ms.off--
		}
		if m.actual {
			ms.flush(in)
		}
	}
}

func (ms *marks) begin(s []byte) {
	ms.replacing, ms.text = true, textString(s)
	ms.box.any = false
	ms.digits, ms.unknown = ms.digits[:0], false
}

// cover notes where a replaced glyph lies, and its digits.
func (ms *marks) cover(st *style, text string, u0, u1, v float64) {
	b := &ms.box
	ms.unknown = ms.unknown || text == replacementText
	if len(ms.digits) <= maxActualText {
		ms.digits = appendDigits(ms.digits, text)
	}
	if !b.any || b.style.angle != st.angle {
		b.style, b.u0, b.u1, b.v, b.any = *st, min(u0, u1), max(u0, u1), v, true
		return
	}
	b.u0, b.u1 = min(b.u0, u0, u1), max(b.u1, u0, u1)
}

func appendDigits(to []byte, s string) []byte {
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			to = append(to, s[i])
		}
	}
	return to
}

// flush shows the replacement where the glyphs were, its characters spread evenly. Replaced glyphs that are not there show
// nothing: a text without a place is not on the page. Where the glyphs show other digits than the replacement says, none of
// the two is taken.
func (ms *marks) flush(in *interpreter) {
	ms.replacing = false
	b := &ms.box
	n := utf8.RuneCountInString(ms.text)
	lies := len(ms.digits) > 0 && !ms.unknown && string(ms.digits) != string(appendDigits(nil, ms.text))
	if !b.any || n == 0 {
		return
	}
	step := (b.u1 - b.u0) / float64(n)
	i := 0
	for _, r := range ms.text {
		u := b.u0 + float64(i)*step
		i++
		s := runeText(r)
		if lies {
			s = replacementText
		}
		if blankText(s) {
			in.asm.space()
		} else {
			in.asm.add(&b.style, s, u, u+step, b.v)
		}
	}
	b.any = false
}

// maxActualText bounds a replacement text.
const maxActualText = 1 << 16

// textString decodes a text string (§7.9.2.2): UTF-16 or UTF-8 with a byte order mark, else PDFDocEncoding, of which only the
// part that is also Latin-1 or ASCII is read here.
func textString(s []byte) string {
	s = s[:min(len(s), maxActualText)]
	switch {
	case len(s) >= 2 && (s[0] == 0xfe && s[1] == 0xff || s[0] == 0xff && s[1] == 0xfe):
		units := make([]uint16, 0, len(s)/2)
		for i := 2; i+1 < len(s); i += 2 {
			u := uint16(s[i])<<8 | uint16(s[i+1])
			if s[0] == 0xff {
				u = u<<8 | u>>8
			}
			if u != 0 {
				units = append(units, u)
			}
		}
		return string(utf16.Decode(units))
	case len(s) >= 3 && s[0] == 0xef && s[1] == 0xbb && s[2] == 0xbf:
		return string(s[3:])
	}
	out := make([]byte, 0, len(s))
	for _, b := range s {
		out = append(out, pdfDocText(b)...)
	}
	return string(out)
}

// pdfDocText is a character of PDFDocEncoding (ISO 32000-1 Annex D.3).
func pdfDocText(b byte) string {
	const high = "•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž\uFFFD€"
	if b >= 0x80 && b <= 0xa0 {
		i := int(b - 0x80)
		for _, r := range high {
			if i == 0 {
				return runeText(r)
			}
			i--
		}
	}
	return string(rune(b))
}

// hiddenLayer reports whether o, whose unresolved form is raw, is an optional-content group that the default configuration
// switches off, or a membership dictionary all of whose groups are (§8.11.2.2, policy AnyOn; the other policies likewise).
func (in *interpreter) hiddenLayer(o, raw pdf.Object) bool {
	if o.Kind() != pdf.DictKind {
		return false
	}
	d := in.doc
	off := d.layersOff()
	if len(off) == 0 {
		return false
	}
	dict := o.Dict()
	if !d.file.Get(dict, "Type").IsName("OCMD") {
		ref, ok := raw.Ref()
		return ok && off[ref]
	}
	groups := d.file.Get(dict, "OCGs")
	list := groups.Array()
	if groups.Kind() == pdf.DictKind {
		list = pdf.Array{dict.Raw("OCGs")}
	}
	on, dark := 0, 0
	for _, g := range list {
		if ref, ok := g.Ref(); ok && off[ref] {
			dark++
		} else {
			on++
		}
	}
	if on+dark == 0 {
		return false
	}
	policy, _ := d.file.Get(dict, "P").Name()
	switch policy {
	case "AllOn":
		return dark > 0
	case "AnyOff":
		return dark == 0
	case "AllOff":
		return on > 0
	}
	return on == 0
}

// layersOff returns the optional-content groups that are off by default (§8.11.4.3).
func (d *Document) layersOff() map[pdf.Ref]bool {
	if d.hiddenOCGs != nil {
		return d.hiddenOCGs
	}
	d.hiddenOCGs = map[pdf.Ref]bool{}
	props := d.file.Get(d.file.Catalog(), "OCProperties").Dict()
	config := d.file.Get(props, "D").Dict()
	if d.file.Get(config, "BaseState").IsName("OFF") {
		for _, o := range d.file.Get(props, "OCGs").Array() {
			if ref, ok := o.Ref(); ok {
				d.hiddenOCGs[ref] = true
			}
		}
	}
	for _, o := range d.file.Get(config, "OFF").Array() {
		if ref, ok := o.Ref(); ok {
			d.hiddenOCGs[ref] = true
		}
	}
	for _, o := range d.file.Get(config, "ON").Array() {
		if ref, ok := o.Ref(); ok {
			delete(d.hiddenOCGs, ref)
		}
	}
	return d.hiddenOCGs
}
