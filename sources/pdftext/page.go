package pdftext

import (
	"context"

	"github.com/brondata/brondata/internal/pdf"
)

// Page is the text of one page. Its coordinates are points (1/72 inch) from the top left corner of the visible page, x to the
// right and y down, after the page's /Rotate has been applied: what a person sees upright has Rotation 0.
type Page struct {
	// Number counts from 1.
	Number int
	// Width and Height are the extent of the visible page, its crop box.
	Width, Height float64
	// Words are in reading order: from top to bottom, within a line from left to right; turned text comes last. All of them
	// are here, see Word.Visibility for those that nobody sees.
	Words []Word
	// Rulings are the straight lines and rectangles that the page paints, in the order of painting.
	Rulings []Ruling
}

// Word is a run of characters without a gap.
type Word struct {
	// Text is the word as the document encodes it. Latin ligatures are taken apart, nothing else is normalised; U+FFFD stands
	// for a glyph whose meaning the document does not tell.
	Text string
	// X0 and X1 are the left end of the first glyph and the right end of the last, from the advances of the font.
	X0, X1 float64
	// Baseline is the y of the line that the glyphs stand on.
	Baseline float64
	// Size is the font size as it appears on the page.
	Size float64
	// Page is the number of the page.
	Page int
	// Rotation is the angle of the writing direction in degrees clockwise, 0 to 359. When it is not 0, X0, X1 and Baseline
	// are measured after turning the page back by it about its top left corner; Point says where that is on the page.
	Rotation int
	// Bold says that the font calls itself bold. It is a hint: bold can be faked.
	Bold bool
	// Visibility says whether somebody who looks at the page sees the word.
	Visibility Visibility
}

// Visibility tells the words that are seen from those that are only in the file.
type Visibility uint8

// The kinds of visibility. Of several reasons the last of this list counts.
const (
	// Visible words are drawn on the visible page. (Nothing is known of what is painted over them.)
	Visible Visibility = iota
	// Cropped words lie on the sheet but outside the visible part: the crop box, or the clipping path.
	Cropped
	// Invisible words are drawn with text rendering mode 3 or 7 (the text layer under a scan, mostly), fully transparent, or
	// in the colour of the paper or plain area that they stand on.
	Invisible
	// LayerOff words belong to optional content that is switched off.
	LayerOff
	// OffPage words lie outside the sheet, the media box.
	OffPage
)

// Hidden reports whether nobody who looks at the page sees the word.
func (w Word) Hidden() bool { return w.Visibility != Visible }

// Ruling is a straight line or a rectangle painted on the page, in page coordinates with X0 <= X1 and Y0 <= Y1. Lines and thin
// filled rectangles are rulings of a table; larger filled ones are backgrounds.
type Ruling struct {
	X0, Y0, X1, Y1 float64
	// Filled says that the area was filled; otherwise it is a stroked line.
	Filled bool
}

// thin is the thickness in points up to which a filled rectangle counts as a line.
const thin = 3

// Horizontal reports whether r is a horizontal line.
func (r Ruling) Horizontal() bool { return r.Y1-r.Y0 <= thin && r.X1-r.X0 > thin }

// Vertical reports whether r is a vertical line.
func (r Ruling) Vertical() bool { return r.X1-r.X0 <= thin && r.Y1-r.Y0 > thin }

// readPage interprets a page's content and its annotations and assembles the words. The caller holds d.mu.
func (d *Document) readPage(ctx context.Context, p pdf.Page) (*Page, error) {
	if d.reader == nil {
		d.reader = &interpreter{doc: d}
	}
	in := d.reader
	base, crop := pageMatrix(p)
	in.start(base)
	data, err := d.file.AppendContent(ctx, in.content[:0], p)
	if err != nil {
		return nil, translate(err)
	}
	if cap(data) <= keepBuffer {
		in.content = data
	}
	out := &Page{Number: p.Index + 1, Width: crop.Width(), Height: crop.Height()}
	if p.Rotate == 90 || p.Rotate == 270 {
		out.Width, out.Height = out.Height, out.Width
	}
	err = in.run(ctx, data, p.Resources, 0)
	if err == nil {
		err = in.annotations(ctx, p)
	}
	if err != nil {
		return nil, err
	}
	media := transformRect(p.MediaBox, base)
	out.Words = in.asm.words(out, media)
	out.Rulings = in.rulings()
	return out, nil
}

// keepBuffer is the largest content buffer that is kept for the next page.
const keepBuffer = 1 << 20

// pageMatrix maps default user space to page coordinates: the crop box's top left corner, as displayed, becomes the origin and
// y points down (ISO 32000-1 §7.7.3.3, Rotate; §8.3.2.3).
func pageMatrix(p pdf.Page) (matrix, pdf.Rect) {
	c := p.CropBox
	switch p.Rotate {
	case 90:
		return matrix{0, 1, 1, 0, -c[1], -c[0]}, c
	case 180:
		return matrix{-1, 0, 0, 1, c[2], -c[1]}, c
	case 270:
		return matrix{0, -1, -1, 0, c[3], c[2]}, c
	}
	return matrix{1, 0, 0, -1, -c[0], c[3]}, c
}

func transformRect(r pdf.Rect, m matrix) pdf.Rect {
	x0, y0 := m.apply(r[0], r[1])
	x1, y1 := m.apply(r[2], r[3])
	return pdf.Rect{min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)}
}
