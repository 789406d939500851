package pdftext

import (
	"slices"
	"strings"
)

// TableOptions are the optional parameters of FindTable.
type TableOptions struct {
	// Key lists the columns, by index into the header, that every row fills: a date and an amount, say. Their text stands on one
	// line in each row (of several columns some may wrap, if they do so everywhere); lines without text in any of them
	// belong to the row around them. Default: the first column.
	Key []int
	// Stop ends the table before the line for which it returns true: the totals under it, say. Without it a table ends
	// at a vertical gap of more than two and a half lines, or with the pages.
	Stop func(Line) bool
	// Hidden includes words that nobody sees. By default a table consists of visible words only.
	Hidden bool
}

// Table is a table found by its header.
type Table struct {
	// Columns are in the order of the header.
	Columns []Column
	// Rows are in reading order over all pages. Repeated headers, running heads and page numbers are not among them.
	Rows []Row
}

// Column is the horizontal extent of a column on the page where the table starts.
type Column struct {
	Header string
	X0, X1 float64
}

// Row is one row of a table.
type Row struct {
	// Cells has one element for each column; a cell without text has no words.
	Cells []Cell
	// Page is the number of the page on which the row starts, Y the baseline of its key there.
	Page int
	Y    float64
	// Partial says that only some of the key columns have text: an opening balance, a total, or a line that was not
	// understood. A careful caller does not take such a row for data.
	Partial bool
}

// Cell is the words of a cell in reading order; a cell that wraps over several lines, or over a page break, is one cell.
type Cell struct {
	Words []Word
}

// Text returns the words joined by single spaces. Where a line of the cell ends with a word that is broken after a hyphen
// or slash there is no space: that is where producers break "01-02-2026".
func (c Cell) Text() string {
	if len(c.Words) == 1 {
		return c.Words[0].Text
	}
	var b strings.Builder
	for i := range c.Words {
		w := &c.Words[i]
		if i > 0 && !brokenBetween(&c.Words[i-1], w) {
			b.WriteByte(' ')
		}
		b.WriteString(w.Text)
	}
	return b.String()
}

// brokenBetween reports whether a line break, and not a space, stands between two words of a cell.
func brokenBetween(prev, next *Word) bool {
	if prev.Page == next.Page && abs(next.Baseline-prev.Baseline) < lineDrift*prev.Size {
		return false
	}
	return len(prev.Text) > 1 && (strings.HasSuffix(prev.Text, "-") || strings.HasSuffix(prev.Text, "/"))
}

// Text returns the text of the cell in column i, empty when there is none.
func (r Row) Text(i int) string {
	if i < 0 || i >= len(r.Cells) {
		return ""
	}
	return r.Cells[i].Text()
}

// FindTable finds the table whose header consists of the given cells, from left to right, and reads its rows from the pages
// on which it runs. Header cells are compared without regard to case and may themselves wrap over up to three lines. The
// header must be found once; where a later page repeats it, the table goes on below it, and otherwise at the top of that page.
//
// Columns are separated where the header and the fewest words leave room, or by the vertical rulings that stand there. Rows are
// separated by horizontal rulings, or by the widest of the gaps between one key and the next, so that it makes no difference
// whether cells are aligned at the top, in the middle or at the bottom. ErrNoTable when no page holds the header.
func FindTable(pages []*Page, header []string, o *TableOptions) (*Table, error) {
	if o == nil {
		o = &TableOptions{}
	}
	f := tableFinder{o: o, header: headerTokens(header)}
	if len(f.header) == 0 {
		return nil, ErrNoTable
	}
	f.collect(pages)
	if len(f.parts) == 0 {
		return nil, ErrNoTable
	}
	t := &Table{}
	for i := range f.parts {
		p := &f.parts[i]
		if i > 0 && p.head.near(&f.parts[i-1].head) {
			p.splits = f.parts[i-1].splits
			continue
		}
		p.splits = f.splits(f.parts[i:])
	}
	for i, h := range header {
		c := Column{Header: h, X0: f.left(), X1: f.right()}
		if i > 0 {
			c.X0 = f.parts[0].splits[i-1]
		}
		if i < len(header)-1 {
			c.X1 = f.parts[0].splits[i]
		}
		t.Columns = append(t.Columns, c)
	}
	t.Rows = f.rows(len(header))
	return t, nil
}

// tableFinder carries the work of one FindTable.
type tableFinder struct {
	o      *TableOptions
	header [][]string
	parts  []tablePart
}

// tablePart is the body of the table on one page, below one occurrence of the header.
type tablePart struct {
	page   *Page
	head   tableHead
	lines  []Line
	splits []float64 // between neighbouring columns
}

// collect finds the lines of the table's body on every page.
func (f *tableFinder) collect(pages []*Page) {
	lines := make([][]Line, len(pages))
	for i, p := range pages {
		lines[i] = f.visibleLines(p)
	}
	open := false
	for i, p := range pages {
		rest := lines[i]
		head, after, ok := f.findHead(rest)
		switch {
		case ok:
			rest = rest[after:]
		case open && len(f.parts) > 0:
			head = f.parts[len(f.parts)-1].head
			head.bottom = 0
			rest = f.dropRunning(tablePart{page: p, head: head, lines: rest}, i, lines, true)
		default:
			continue
		}
		// The same header may come again further down the page.
		for {
			next, skip, again := f.findHead(rest)
			body := rest
			if again {
				body = rest[:next.first]
			} else {
				body = f.dropRunning(tablePart{page: p, head: head, lines: body}, i, lines, false)
			}
			kept, ended := f.untilEnd(body, head.bottom)
			f.parts = append(f.parts, tablePart{page: p, head: head, lines: kept})
			open = !ended
			if !again {
				break
			}
			head, rest = next, rest[skip:]
		}
	}
}

// visibleLines returns the upright lines of a page that may belong to a table.
func (f *tableFinder) visibleLines(p *Page) []Line {
	seen := Page{Words: make([]Word, 0, len(p.Words))}
	for _, w := range p.Words {
		if w.Rotation == 0 && (f.o.Hidden || !w.Hidden()) {
			seen.Words = append(seen.Words, w)
		}
	}
	return seen.Lines()
}

// tableGap is the vertical gap, in typical line distances, that ends a table.
const tableGap = 2.5

// untilEnd cuts the lines where the table ends and reports whether something was cut off.
func (f *tableFinder) untilEnd(lines []Line, top float64) ([]Line, bool) {
	typical := typicalGap(lines)
	prev := top
	for i, l := range lines {
		if f.o.Stop != nil && f.o.Stop(l) {
			return lines[:i], true
		}
		size := l.Words[0].Size
		if prev > 0 && l.Baseline-prev > tableGap*max(1.5*size, min(typical, 4*size)) {
			return lines[:i], true
		}
		prev = l.Baseline
	}
	return lines, false
}

// typicalGap is the median distance of neighbouring baselines.
func typicalGap(lines []Line) float64 {
	var gaps []float64
	for i := 1; i < len(lines); i++ {
		if g := lines[i].Baseline - lines[i-1].Baseline; g > 0 {
			gaps = append(gaps, g)
		}
	}
	return median(gaps)
}

// dropRunning removes the lines at one edge of a page that another page repeats at the same height: running heads at the
// top, page numbers at the bottom. Digits count as equal. What is no more than a line distance from the rest stays: the last line
// of a cell can be a number at the same place as that of another page. So does what looks like a row: rows differ in
// their digits only, too.
func (f *tableFinder) dropRunning(p tablePart, page int, all [][]Line, top bool) []Line {
	lines, n := p.lines, 0
	p.splits = f.splits([]tablePart{p})
	for n < min(len(lines), edgeLines) {
		l := edgeLine(lines, n, top)
		if !repeatedElsewhere(l, page, all, top) || f.rowLike(&p, l) {
			break
		}
		n++
	}
	for ; n > 0 && n < len(lines); n-- {
		last, next := edgeLine(lines, n-1, top), edgeLine(lines, n, top)
		if abs(last.Baseline-next.Baseline) > inRow*max(last.Words[0].Size, next.Words[0].Size) {
			break
		}
	}
	if top {
		return lines[n:]
	}
	return lines[:len(lines)-n]
}

// rowLike reports whether a line has text in a key column and in another one.
func (f *tableFinder) rowLike(p *tablePart, l Line) bool {
	key, other := false, false
	for i := range l.Words {
		c := p.column(&l.Words[i])
		key = key || slices.Contains(f.keys(), c)
		other = other || c != p.column(&l.Words[0])
	}
	return key && other
}

// keys returns the key columns.
func (f *tableFinder) keys() []int {
	if len(f.o.Key) == 0 {
		return []int{0}
	}
	return f.o.Key
}

// edgeLine returns the n-th line from the top or bottom.
func edgeLine(lines []Line, n int, top bool) Line {
	if top {
		return lines[n]
	}
	return lines[len(lines)-1-n]
}

// edgeLines is how many lines from the edge of a page can be running heads or feet.
const edgeLines = 4

func repeatedElsewhere(l Line, page int, all [][]Line, top bool) bool {
	key := withoutDigits(l.Text())
	for i := range all {
		if i == page {
			continue
		}
		for k := range min(edgeLines, len(all[i])) {
			o := edgeLine(all[i], k, top)
			if abs(o.Baseline-l.Baseline) < 1 && withoutDigits(o.Text()) == key {
				return true
			}
		}
	}
	return false
}

func withoutDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, s)
}
