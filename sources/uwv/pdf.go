package uwv

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/pdftext"
)

// detect looks at the first pages: the document calls itself by its name, but so may a letter about it. What else tells
// it is the form number, or the labels of a block.
func detect(ctx context.Context, p *sources.Probe) sources.Confidence {
	if !bytes.Contains(p.Head[:min(len(p.Head), 1024)], []byte("%PDF-")) {
		return sources.No
	}
	d := p.Document()
	if d.Body.Size() > maxBytes {
		return sources.No
	}
	var doc *pdftext.Document
	withOptions(d, func(o *pdftext.Options) { doc = pdftext.OpenOnce(ctx, p.Once, d.Body, d.Body.Size(), o) })
	if doc == nil {
		return sources.No
	}
	var name, number, labels bool
	pages := 0
	for page, err := range doc.Pages(ctx) {
		if err != nil || pages == detectPages {
			break
		}
		pages++
		text := strings.ToLower(page.Text())
		if strings.Contains(text, "printversie verzekeringsbericht") {
			return sources.Certain
		}
		name = name || strings.Contains(text, "verzekeringsbericht")
		number = number || formVersion.MatchString(page.Text())
		labels = labels || strings.Contains(text, "werkgever/instantie") && strings.Contains(text, "loonheffingennummer")
	}
	switch {
	case number && (name || labels):
		return sources.Certain
	case name && labels:
		return sources.Likely
	}
	return sources.No
}

// detectPages is how many pages are looked at: the wages may begin after an explanation.
const detectPages = 3

// withOptions lends f the document's password and the limits.
func withOptions(d sources.Document, f func(*pdftext.Options)) {
	o := pdftext.Options{Limits: pdftext.Limits{
		File: maxBytes, Pages: maxPages, Inflated: 4 * maxBytes, Glyphs: maxGlyphs, PageGlyphs: maxPageGlyphs,
	}}
	err := d.Password.Use(func(b []byte) error {
		o.Password = b
		f(&o)
		return nil
	})
	if err != nil { // there is none
		o.Password = nil
		f(&o)
	}
}

// paper is what a person sees of the document, and what is doubtful about all of it.
type paper struct {
	pages   [][]line
	turned  []int // pages with rows that are not upright
	damaged bool  // the file had to be repaired
	guessed bool  // a font does not say what its glyphs mean
}

func readPages(ctx context.Context, d sources.Document) (p paper, err error) {
	if d.Body.Size() == 0 {
		return p, sources.Errorf(sources.ErrNotProvided, "the document is empty")
	}
	b, err := d.Bytes(ctx, maxBytes)
	if err != nil {
		return p, err
	}
	var doc *pdftext.Document
	withOptions(d, func(o *pdftext.Options) { doc, err = pdftext.Open(ctx, bytes.NewReader(b), int64(len(b)), o) })
	if err != nil {
		return p, translate(err)
	}
	for page, err := range doc.Pages(ctx) {
		if err != nil {
			return p, translate(err)
		}
		p.pages = append(p.pages, linesOf(page))
		if slices.ContainsFunc(page.Words, isTurnedRow) {
			p.turned = append(p.turned, page.Number)
		}
	}
	p.damaged, p.guessed = doc.Damaged(), doc.Guessed()
	return p, ctx.Err()
}

// isTurnedRow tells a word of a row or an amount on a page whose content is turned from a stamp in the margin.
func isTurnedRow(w pdftext.Word) bool {
	return w.Rotation != 0 && !w.Hidden() && (hasEuro(w.Text) || strings.EqualFold(w.Text, "t/m"))
}

// linesOf leaves out what nobody sees: a hidden layer must not say something else than the page. Where only a part of a word
// is seen, what it says is not known.
func linesOf(p *pdftext.Page) []line {
	seen := pdftext.Page{}
	for i, w := range p.Words {
		if w.Rotation != 0 || w.Hidden() {
			continue
		}
		if i > 0 && cutFrom(p.Words[i-1], w) {
			w.Text = unreadable + w.Text
		}
		if i+1 < len(p.Words) && cutFrom(w, p.Words[i+1]) {
			w.Text += unreadable
		}
		seen.Words = append(seen.Words, w)
	}
	var out []line
	for i, l := range seen.Lines() {
		out = append(out, line{words: l.Words, page: p.Number, row: i + 1, y: l.Baseline})
	}
	return out
}

// cutFrom reports whether b goes on directly after a and only one of them is seen.
func cutFrom(a, b pdftext.Word) bool {
	size := min(a.Size, b.Size)
	return a.Hidden() != b.Hidden() && a.Rotation == b.Rotation &&
		math.Abs(b.X0-a.X1) < cutGap*size && math.Abs(b.Baseline-a.Baseline) < cutGap*size
}

// cutGap is the gap in font sizes that the two parts of one word have at most.
const cutGap = 0.1

// translate gives errors of the PDF reader the sentinels of package sources.
func translate(err error) error {
	for _, e := range [...]struct {
		from, to error
		text     string
	}{
		{pdftext.ErrEncrypted, sources.ErrPassword, "the PDF is encrypted"},
		{pdftext.ErrTooLarge, sources.ErrTooLarge, "the PDF"},
		{pdftext.ErrLimit, sources.ErrLimit, "the PDF needs more than is allowed to read it"},
		{pdftext.ErrUnsupported, sources.ErrMalformed, "a feature of PDF that is not read"},
		{pdftext.ErrMalformed, sources.ErrMalformed, "no PDF, or a broken one"},
	} {
		if errors.Is(err, e.from) {
			return sources.Errorf(e.to, "%s", e.text)
		}
	}
	return err // the context's, or that of the body
}
