package pdftext

// tableLine is a line of the body with its words sorted into columns.
type tableLine struct {
	part    int
	y       float64
	size    float64
	cells   [][]Word
	anchor  bool // has text in a key column that does not wrap
	crosses bool // its text runs over the border between two columns
	runs    bool // it runs over every border that it passes: a sentence, even when it is long enough to fill all columns
}

// rows reads the rows of all parts.
func (f *tableFinder) rows(columns int) []Row {
	keys := f.keys()
	lines := f.tableLines(columns)
	lines = f.dropForeign(lines, f.markAnchors(lines, keys))
	starts := f.boundaries(lines)
	var rows []Row
	for i, from := range starts {
		to := len(lines)
		if i+1 < len(starts) {
			to = starts[i+1]
		}
		rows = append(rows, f.row(lines[from:to], columns, keys))
	}
	return rows
}

// tableLines sorts the words of the body's lines into columns.
func (f *tableFinder) tableLines(columns int) []tableLine {
	var out []tableLine
	for i := range f.parts {
		p := &f.parts[i]
		for _, l := range p.lines {
			t := tableLine{part: i, y: l.Baseline, cells: make([][]Word, columns)}
			for k := range l.Words {
				w := &l.Words[k]
				c := p.column(w)
				t.cells[c] = append(t.cells[c], *w)
				t.size = max(t.size, w.Size)
			}
			t.crosses, t.runs = p.crosses(l.Words)
			out = append(out, t)
		}
	}
	return out
}

// dropForeign removes text that runs across the columns, which is not of the table, and what follows it up to the next line
// with all of the columns that anchor rows.
func (f *tableFinder) dropForeign(lines []tableLine, anchors []int) []tableLine {
	kept, foreign, part := lines[:0], false, -1
	for _, t := range lines {
		full := len(anchors) > 0 && !t.runs
		for _, k := range anchors {
			full = full && t.has(k)
		}
		if foreign = !full && (foreign && t.part == part || t.crosses); !foreign {
			kept = append(kept, t)
		}
		part = t.part
	}
	return kept
}

func (t *tableLine) has(column int) bool {
	return column >= 0 && column < len(t.cells) && len(t.cells[column]) > 0
}

// crosses reports whether a word, or two with no more than a space between them, stand in two columns, and whether that is so
// at every border between two columns with text.
func (p *tablePart) crosses(words []Word) (some, all bool) {
	all = true
	for i := range words {
		w := &words[i]
		for _, x := range p.splits {
			some = some || w.X0 < x-1 && w.X1 > x+1
		}
		if i == 0 || p.column(w) == p.column(&words[i-1]) {
			continue
		}
		if w.X0-words[i-1].X1 < wordSpace*w.Size {
			some = true
		} else {
			all = false
		}
	}
	return some, some && all
}

// wordSpace is the widest gap, in font sizes, that is taken for a space between words rather than between cells.
const wordSpace = 0.36

// markAnchors marks the lines that each stand for one row: those with text in a key column. A key column that wraps in every row
// is left to the others: it has several lines for each of theirs, a line distance apart and without a ruling between them. It
// returns the columns that were used.
func (f *tableFinder) markAnchors(lines []tableLine, keys []int) (used []int) {
	count := make(map[int]int, len(keys))
	least := len(lines)
	for _, k := range keys {
		for i := range lines {
			if lines[i].has(k) {
				count[k]++
			}
		}
		least = min(least, count[k])
	}
	for _, k := range keys {
		if more := count[k] - least; least > 0 && more > 0 {
			if same, cut := f.continued(lines, k); 10*(same+cut) >= 9*more && 5*same >= 4*more {
				continue
			}
		}
		used = append(used, k)
		for i := range lines {
			lines[i].anchor = lines[i].anchor || lines[i].has(k)
		}
	}
	return used
}

// continued counts the lines of a column that are a line distance below the one before them, and those that are the first
// of a page, which may continue a line of the page before.
func (f *tableFinder) continued(lines []tableLine, column int) (same, cut int) {
	prev := -1
	for i := range lines {
		if !lines[i].has(column) {
			continue
		}
		switch {
		case prev < 0:
		case lines[prev].part != lines[i].part:
			cut++
		case lines[i].y-lines[prev].y <= inRow*lines[i].size && !f.ruled(lines[i].part, lines[prev].y, lines[i].y, lines[i].size):
			same++
		}
		prev = i
	}
	return same, cut
}

// boundaries returns the index of the first line of each row. Each anchor stands for one row; between two of them the row ends
// at the horizontal ruling, or else at the widest gap. What stands above the first anchor of a page is the rest of the row that
// the page break cut, unless the table's rows reach above their keys anyway.
func (f *tableFinder) boundaries(lines []tableLine) []int {
	var anchors []int
	for i := range lines {
		if lines[i].anchor {
			anchors = append(anchors, i)
		}
	}
	if len(anchors) == 0 {
		return nil
	}
	starts := make([]int, len(anchors))
	reach := false // rows of this table reach above their keys
	for k := 1; k < len(anchors); k++ {
		if lines[anchors[k-1]].part == lines[anchors[k]].part {
			starts[k] = f.widestGap(lines, anchors[k-1]+1, anchors[k])
			reach = reach || starts[k] < anchors[k]
		}
	}
	for k := 1; k < len(anchors); k++ {
		if lines[anchors[k-1]].part != lines[anchors[k]].part {
			starts[k] = f.pageBoundary(lines, anchors[k-1], anchors[k], reach)
		}
	}
	if !reach && !f.nearKey(lines, anchors[0]) {
		starts[0] = anchors[0] // nothing to continue: what precedes the first row is no part of it
	}
	return starts
}

// sameGap is how much wider a gap must be to count as the wider one, in points.
const sameGap = 0.5

// widestGap returns the line from..b before which the row of anchor b begins: after a ruling, or after the widest gap. Of gaps
// that are alike the last counts: then cells are aligned at the top.
func (f *tableFinder) widestGap(lines []tableLine, from, b int) int {
	best, widest, ruled := b, -1.0, false
	for i := from; i <= b; i++ {
		gap := lines[i].y - lines[i-1].y
		line := f.ruled(lines[i].part, lines[i-1].y, lines[i].y, lines[i].size)
		switch {
		case line && !ruled:
			best, widest, ruled = i, gap, true
		case line == ruled && gap >= widest-sameGap:
			best, widest = i, max(gap, widest)
		}
	}
	return best
}

// inRow is the distance of baselines, in font sizes, up to which two lines can be of one cell.
const inRow = 1.35

// pageBoundary decides between two anchors on different pages. What stands at the top of the new page above the key is the rest
// of the row that the page break cut, unless rows of this table reach above their keys and no gap shows otherwise.
func (f *tableFinder) pageBoundary(lines []tableLine, a, b int, reach bool) int {
	first := b
	for first > a+1 && lines[first-1].part == lines[b].part {
		first--
	}
	if first == b || !reach && !f.nearKey(lines, b) {
		return b
	}
	best := f.widestGap(lines, first+1, b)
	l := &lines[best]
	if f.ruled(l.part, lines[best-1].y, l.y, l.size) || l.y-lines[best-1].y > inRow*l.size {
		return best
	}
	return first
}

// nearKey reports whether the line before an anchor is nearer to it than a line distance, as in cells aligned in the middle.
func (f *tableFinder) nearKey(lines []tableLine, anchor int) bool {
	if anchor == 0 || lines[anchor-1].part != lines[anchor].part {
		return anchor == 0
	}
	return lines[anchor].y-lines[anchor-1].y < 0.95*lines[anchor].size
}

// ruled reports whether a horizontal line, or the edge of a filled area, that spans a good part of the table stands
// between two baselines. up is the height of the lower line's letters, above which the line must be.
func (f *tableFinder) ruled(part int, y0, y1, up float64) bool {
	p := &f.parts[part]
	left, right := p.head.cells[0].x0, p.head.cells[len(p.head.cells)-1].x1
	const overhang = 1.0 // points by which a line may reach into descenders or ascenders
	top, bottom := y0-overhang, y1-up/2+overhang
	for _, r := range p.page.Rulings {
		if min(r.X1, right)-max(r.X0, left) < (right-left)/2 {
			continue
		}
		if r.Y0 > top && r.Y0 < bottom || r.Y1 > top && r.Y1 < bottom {
			return true
		}
	}
	return false
}

// row joins the lines of one row.
func (f *tableFinder) row(lines []tableLine, columns int, keys []int) Row {
	r := Row{Cells: make([]Cell, columns), Page: f.parts[lines[0].part].page.Number, Y: lines[0].y}
	placed := false
	for i := range lines {
		l := &lines[i]
		if l.anchor && !placed {
			r.Page, r.Y, placed = f.parts[l.part].page.Number, l.y, true
		}
		for c, words := range l.cells {
			r.Cells[c].Words = append(r.Cells[c].Words, words...)
		}
	}
	for _, k := range keys {
		r.Partial = r.Partial || k < 0 || k >= columns || len(r.Cells[k].Words) == 0
	}
	return r
}
