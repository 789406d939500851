package overview

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"

	"github.com/brondata/brondata/model"
)

// Measures in millimetres, sizes in points.
const (
	marginX    = 17.0
	marginTop  = 17.0
	marginEnd  = 20.0 // at the foot, with the page number in it
	bodySize   = 9.5
	smallSize  = 8.0
	leading    = 1.38 // of a line, by its size
	pointsToMM = 25.4 / 72
)

// pagesMark stands for the number of pages until it is known. No text holds it: fit sees to that.
const pagesMark = '\ue000'

type colour struct{ r, g, b int }

var (
	inkColour   = colour{29, 39, 51}
	softColour  = colour{74, 87, 102}
	lineColour  = colour{213, 219, 226}
	tintColour  = colour{243, 246, 249}
	markColour  = colour{21, 66, 115}
	doubtColour = colour{255, 244, 214}
	amberColour = colour{183, 121, 31}
)

type pdfWriter struct {
	*fpdf.Fpdf
	page  *page
	width float64
	foot  float64 // nothing is written below
}

func writePDF(w io.Writer, p *page, r *model.Review) error {
	if err := p.fit(goregular.TTF); err != nil {
		return err
	}
	d := newPDF(p, r.PreparedAt.UTC())
	d.AddPage()

	d.text(p.Title, "B", 20, markColour)
	d.gap(1)
	for i, l := range p.Lead {
		if i == 0 {
			d.text(l, "", 12, inkColour)
			continue
		}
		d.gap(1)
		d.text(l, "", bodySize, inkColour)
	}
	if p.has(hole) {
		d.text(words["unshown"].In(p.lang), "", bodySize, inkColour)
	}
	d.section(&p.Summary, true)
	for i := range p.Sections {
		d.section(&p.Sections[i], false)
	}
	if err := d.Output(w); err != nil {
		return fmt.Errorf("overview: pdf: %w", err)
	}
	return nil
}

// newPDF returns a writer without a page.
func newPDF(p *page, at time.Time) *pdfWriter {
	f := fpdf.New("P", "mm", "A4", "")
	f.AddUTF8FontFromBytes("go", "", shortHyphen(goregular.TTF))
	f.AddUTF8FontFromBytes("go", "B", shortHyphen(gobold.TTF))
	f.AddUTF8FontFromBytes("mono", "", slices.Clone(gomono.TTF)) // the library writes into what it is given
	// What would tell one run from another: the same review gives the same bytes.
	f.SetCatalogSort(true)
	f.SetCreationDate(at)
	f.SetModificationDate(at)
	f.SetProducer("brondata", true)
	f.SetTitle(p.Title, true)
	f.SetLang(p.lang)
	f.SetMargins(marginX, marginTop, marginX)
	f.SetCellMargin(0)
	f.SetAutoPageBreak(false, marginEnd)
	f.AliasNbPages(string(pagesMark))
	width, height := f.GetPageSize()
	d := &pdfWriter{Fpdf: f, page: p, width: width - 2*marginX, foot: height - marginEnd}
	f.SetFooterFunc(d.footer)
	return d
}

// fit puts texts into the form that the font can show: composed characters, and a hole for what it does not have.
func (p *page) fit(font []byte) error {
	face, err := sfnt.Parse(font)
	if err != nil {
		return fmt.Errorf("overview: font: %w", err)
	}
	var (
		buf   sfnt.Buffer
		known = map[rune]bool{'\u00a0': true, hole: true, pagesMark: false}
	)
	p.each(func(s *string) {
		*s = strings.Map(func(r rune) rune {
			ok, seen := known[r]
			if !seen {
				g, err := face.GlyphIndex(&buf, r)
				ok = err == nil && g != 0 && r <= 0xffff
				known[r] = ok
			}
			if !ok {
				return hole
			}
			return r
		}, norm.NFC.String(*s))
	})
	return nil
}

func (d *pdfWriter) footer() {
	d.SetY(-13)
	d.font("", smallSize, softColour)
	number := fmt.Sprintf(words["page"].In(d.page.lang), itoa(d.PageNo()), string(pagesMark))
	d.CellFormat(d.GetStringWidth(d.page.Footer)+1.5, 4, d.page.Footer, "", 0, "L", false, 0, "")
	d.font(codeStyle, smallSize, softColour)
	d.CellFormat(d.width, 4, d.page.Code, "", 0, "L", false, 0, "")
	d.font("", smallSize, softColour)
	d.SetX(marginX)
	// The mark is not as wide as the number it becomes, so the text is placed by hand.
	shown := d.GetStringWidth(strings.Replace(number, string(pagesMark), "000", 1))
	d.Text(marginX+d.width-shown, d.GetY()+3, number)
}

// codeStyle sets what is compared by eye: in a font of equal widths no two letters run into one. It is wide, and so
// set a little smaller.
const codeStyle = "code"

func (d *pdfWriter) font(style string, size float64, c colour) {
	if style == codeStyle {
		d.SetFont("mono", "", size*0.92)
	} else {
		d.SetFont("go", style, size)
	}
	d.SetTextColor(c.r, c.g, c.b)
}

func (d *pdfWriter) fill(c colour) { d.SetFillColor(c.r, c.g, c.b) }

func height(size float64) float64 { return size * leading * pointsToMM }

// gap moves down.
func (d *pdfWriter) gap(mm float64) { d.SetY(d.GetY() + mm) }

// room begins a new page where less than this much is left.
func (d *pdfWriter) room(mm float64) bool {
	if d.GetY()+mm <= d.foot {
		return false
	}
	d.AddPage()
	return true
}

// split breaks a text into lines of a width, in the font that is set. A word that is wider is broken within.
func (d *pdfWriter) split(s string, width float64) []string {
	var out []string
	line := ""
	for _, word := range strings.Split(s, " ") {
		next := word
		if line != "" {
			next = line + " " + word
		}
		if d.GetStringWidth(next) <= width {
			line = next
			continue
		}
		if line != "" {
			out = append(out, line)
		}
		for line = word; d.GetStringWidth(line) > width; {
			n := d.cut(line, width)
			out = append(out, line[:n])
			line = line[n:]
		}
	}
	return append(out, line)
}

// cut returns how many bytes of an over-wide word go into a line: at least one character, and at a slash or dash if
// one is near the end.
func (d *pdfWriter) cut(s string, width float64) int {
	last, at := 0, 0
	for i, r := range s {
		end := i + len(string(r))
		if i > 0 && d.GetStringWidth(s[:end]) > width {
			break
		}
		last = end
		if r == '/' || r == '-' || r == '\u00a0' {
			at = end
		}
	}
	if at > last/2 {
		return at
	}
	return last
}

// text writes a paragraph over the whole width.
func (d *pdfWriter) text(s, style string, size float64, c colour) {
	d.textAt(s, style, size, c, 0, d.width)
}

func (d *pdfWriter) textAt(s, style string, size float64, c colour, x, width float64) {
	d.font(style, size, c)
	for _, l := range d.split(s, width) {
		d.room(height(size))
		d.font(style, size, c)
		d.SetX(marginX + x)
		d.CellFormat(width, height(size), l, "", 1, "L", false, 0, "")
	}
}

func (d *pdfWriter) section(s *section, tinted bool) {
	need := 30.0 // a heading does not stand alone at the foot
	if len(s.Blocks) > 0 && !tinted {
		need += d.together(&s.Blocks[0])
	}
	if !d.room(need) {
		d.gap(6)
	}
	d.Bookmark(s.Title, 0, -1)
	d.text(s.Title, "B", 13, markColour)
	d.SetDrawColor(markColour.r, markColour.g, markColour.b)
	d.SetLineWidth(0.4)
	d.Line(marginX, d.GetY()+0.6, marginX+d.width, d.GetY()+0.6)
	d.gap(2.2)
	for _, n := range s.Notes {
		d.text(n, "", smallSize+0.5, softColour)
	}
	for i := range s.Blocks {
		d.gap(1.5)
		d.block(&s.Blocks[i], tinted)
	}
}

func (d *pdfWriter) block(b *block, tinted bool) {
	d.room(d.together(b))
	if b.Title != "" {
		d.room(22)
		d.text(b.Title, "B", 10.5, inkColour)
		d.gap(0.8)
	}
	for i, p := range b.Pairs {
		d.pair(p, tinted, i == 0)
	}
	if len(b.Pairs) > 0 {
		d.gap(1)
	}
	if b.Table != nil {
		d.table(b.Table)
		d.gap(1)
	}
	for _, x := range b.Doubts {
		d.doubt(x)
	}
	if b.Source != "" {
		d.text(b.Source, "", smallSize, softColour)
	}
	d.gap(1.5)
}

// together returns the height of a block that should stand on one page, 0 for one that is long.
func (d *pdfWriter) together(b *block) float64 {
	if b.Table != nil && len(b.Table.Rows) > 3 {
		return 0
	}
	h := 0.0
	d.font("", bodySize, inkColour)
	for _, p := range b.Pairs {
		n := 0
		for _, l := range p.Lines {
			n += len(d.split(l, d.width-labelWidth-2))
		}
		h += float64(max(n, 1))*height(bodySize) + 2*pairPad
	}
	h += float64(2*len(b.Doubts)+2) * height(bodySize)
	if b.Title != "" {
		h += 2 * height(bodySize)
	}
	if b.Table != nil {
		for i := range b.Table.Rows {
			h += rowHeight(d.cells(b.Table, &b.Table.Rows[i], d.widths(b.Table)))
		}
		h += 2 * height(bodySize)
	}
	if h > 110 {
		return 0
	}
	return h
}

// labelWidth is the part of the width that a label has, pairPad the room above and below it.
const (
	labelWidth = 52.0
	pairPad    = 0.9
)

// pair writes a label and its lines beside it, with a rule between it and the next.
func (d *pdfWriter) pair(p pair, tinted, firstPair bool) {
	const label, pad = labelWidth, pairPad
	h := height(bodySize)
	d.font("", bodySize, softColour)
	left := d.split(p.Label, label-4)
	style := ""
	if p.Code {
		style = codeStyle
	}
	d.font(style, bodySize, inkColour)
	var right []string
	for _, l := range p.Lines {
		if p.Doubt && len(p.Lines) > 1 {
			l = "\u2022 " + l // else one doubt runs into the next
		}
		right = append(right, d.split(l, d.width-label-2)...)
	}
	for first := true; first || len(left)+len(right) > 0; first = false {
		d.room(2*pad + h)
		n := min(max(len(left), len(right)), int((d.foot-d.GetY()-2*pad)/h))
		y := d.GetY()
		if tinted {
			d.fill(tintColour)
			d.Rect(marginX, y, d.width, 2*pad+float64(n)*h, "F")
			d.fill(markColour)
			d.Rect(marginX, y, 1.1, 2*pad+float64(n)*h, "F")
			if first && !firstPair {
				d.SetDrawColor(lineColour.r, lineColour.g, lineColour.b)
				d.SetLineWidth(0.15)
				d.Line(marginX+3, y, marginX+d.width-3, y)
			}
		}
		if p.Doubt {
			d.bar(marginX+label-3, y+pad/2, d.width-label+3, float64(min(n, len(right)))*h+pad)
		}
		inset := 0.0
		if tinted {
			inset = 3
		}
		for i := range n {
			d.SetXY(marginX+inset, y+pad+float64(i)*h)
			if i < len(left) {
				d.font("", bodySize, softColour)
				d.CellFormat(label-inset, h, left[i], "", 0, "L", false, 0, "")
			}
			if i < len(right) {
				d.SetX(marginX + label)
				d.font(style, bodySize, inkColour)
				d.CellFormat(d.width-label, h, right[i], "", 0, "L", false, 0, "")
			}
		}
		left, right = left[min(n, len(left)):], right[min(n, len(right)):]
		d.SetXY(marginX, y+2*pad+float64(n)*h)
	}
	if !tinted {
		d.rule(0.15)
	}
}

func (d *pdfWriter) rule(width float64) {
	d.SetDrawColor(lineColour.r, lineColour.g, lineColour.b)
	d.SetLineWidth(width)
	d.Line(marginX, d.GetY(), marginX+d.width, d.GetY())
}

// doubt writes a doubt over the whole width, marked by its words and a bar.
func (d *pdfWriter) doubt(s string) {
	d.font("", bodySize, inkColour)
	ls := d.split(s, d.width-6)
	for len(ls) > 0 {
		d.room(height(bodySize) + 1.6)
		n := min(len(ls), int((d.foot-d.GetY()-1.6)/height(bodySize)))
		d.bar(marginX, d.GetY(), d.width, float64(n)*height(bodySize)+1.6)
		y := d.GetY() + 0.8
		for i, l := range ls[:n] {
			d.SetXY(marginX+3, y+float64(i)*height(bodySize))
			d.CellFormat(d.width-4, height(bodySize), l, "", 0, "L", false, 0, "")
		}
		d.SetXY(marginX, y+float64(n)*height(bodySize)+1.4)
		ls = ls[n:]
	}
}

func (d *pdfWriter) bar(x, y, w, h float64) {
	d.fill(doubtColour)
	d.Rect(x, y, w, h, "F")
	d.fill(amberColour)
	d.Rect(x, y, 0.9, h, "F")
}
