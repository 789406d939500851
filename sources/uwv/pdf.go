package uwv

import (
	"bytes"
	"context"
	"errors"
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
	o := pdftext.Options{Limits: pdftext.Limits{File: maxBytes, Pages: maxPages, Inflated: 4 * maxBytes}}
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

// readPages returns the upright, visible lines of each page, and whether the file was damaged.
func readPages(ctx context.Context, d sources.Document) (pages [][]line, damaged bool, err error) {
	if d.Body.Size() == 0 {
		return nil, false, sources.Errorf(sources.ErrNotProvided, "the document is empty")
	}
	b, err := d.Bytes(ctx, maxBytes)
	if err != nil {
		return nil, false, err
	}
	var doc *pdftext.Document
	withOptions(d, func(o *pdftext.Options) { doc, err = pdftext.Open(ctx, bytes.NewReader(b), int64(len(b)), o) })
	if err != nil {
		return nil, false, translate(err)
	}
	for p, err := range doc.Pages(ctx) {
		if err != nil {
			return nil, false, translate(err)
		}
		pages = append(pages, linesOf(p))
	}
	return pages, doc.Damaged(), ctx.Err()
}

// linesOf leaves out what nobody sees: a hidden layer must not say something else than the page.
func linesOf(p *pdftext.Page) []line {
	seen := pdftext.Page{}
	for _, w := range p.Words {
		if w.Rotation == 0 && !w.Hidden() {
			seen.Words = append(seen.Words, w)
		}
	}
	var out []line
	for i, l := range seen.Lines() {
		out = append(out, line{words: l.Words, page: p.Number, row: i + 1, y: l.Baseline})
	}
	return out
}

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
