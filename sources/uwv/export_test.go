package uwv

import (
	"strings"
	"unicode/utf8"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/pdftext"
)

// Grid sets text out on a grid: a character is five points wide, a line ten high, an empty line is a gap, and a form feed
// begins a page. It is the way for tests to reach the layer above the PDF.
func Grid(text string) [][]line {
	var pages [][]line
	for i, page := range strings.Split(text, "\f") {
		var lines []line
		for y, t := range strings.Split(page, "\n") {
			l := line{page: i + 1, row: len(lines) + 1, y: float64(10 * (y + 1))}
			x := 0
			for _, part := range strings.Split(t, " ") {
				n := utf8.RuneCountInString(part)
				if part != "" {
					l.words = append(l.words, pdftext.Word{
						Text: part, X0: float64(5 * x), X1: float64(5*(x+n) - 1), Baseline: l.y, Size: 8, Page: i + 1,
					})
				}
				x += n + 1
			}
			if len(l.words) > 0 {
				lines = append(lines, l)
			}
		}
		pages = append(pages, lines)
	}
	return pages
}

// ReadGrid reads such a text.
func ReadGrid(text string, q sources.Query, w *sources.Writer) error {
	m, err := read(Grid(text))
	if err != nil {
		return err
	}
	return m.write(q, w)
}

// ParseAmount and ParseHours are the readers of numbers.
func ParseAmount(s string) (model.Money, bool)  { return parseAmount(s) }
func ParseHours(s string) (model.Decimal, bool) { return parseHours(s) }

// NameOf is the reader of names.
func NameOf(s string) model.Name { return nameOf(s) }
