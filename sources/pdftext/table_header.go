package pdftext

import (
	"math"
	"slices"
	"strings"
)

// tableHead is where a header stands on a page.
type tableHead struct {
	cells  []headCell
	first  int     // index of its first line
	bottom float64 // baseline of its last line
}

// headCell is the horizontal extent of a header cell's words.
type headCell struct{ x0, x1 float64 }

// near reports whether two headers have their cells at the same places.
func (h *tableHead) near(o *tableHead) bool {
	for i := range h.cells {
		if abs(h.cells[i].x0-o.cells[i].x0) > 3 || abs(h.cells[i].x1-o.cells[i].x1) > 3 {
			return false
		}
	}
	return true
}

// headerTokens splits the header cells into words for comparison; nil if one of them has none.
func headerTokens(header []string) [][]string {
	out := make([][]string, len(header))
	for i, h := range header {
		if out[i] = strings.Fields(h); len(out[i]) == 0 {
			return nil
		}
	}
	return out
}

// A header extends over at most headHeight font sizes: three lines of text, which come as up to five baselines when the cells are
// aligned in the middle.
const headHeight = 3.5

// findHead finds the header among the lines and returns the index of the line after it.
func (f *tableFinder) findHead(lines []Line) (h tableHead, after int, ok bool) {
	for i := range lines {
		if h, after, ok = f.headAt(lines, i); ok {
			return h, after, true
		}
	}
	return tableHead{}, 0, false
}

// headAt tries to match the header with line i as its first line.
func (f *tableFinder) headAt(lines []Line, i int) (h tableHead, after int, ok bool) {
	block := lines[i : i+1]
	for i+len(block) < len(lines) && lines[i+len(block)].Baseline-lines[i].Baseline <= headHeight*lines[i].Words[0].Size {
		block = lines[i : i+len(block)+1]
	}
	h.first = i
	used := make([][]bool, len(block))
	for k := range block {
		used[k] = make([]bool, len(block[k].Words))
	}
	left, last := math.Inf(-1), 0
	for _, tokens := range f.header {
		cell, lowest, found := matchCell(block, used, tokens, left)
		if !found {
			return tableHead{}, 0, false
		}
		h.cells = append(h.cells, cell)
		left, last = cell.x1, max(last, lowest)
	}
	// The header's lines hold nothing else than the header: a sentence with the same words is none, and a column that the
	// caller does not know of would end up in another one.
	for _, line := range used[:last+1] {
		if slices.Contains(line, false) {
			return tableHead{}, 0, false
		}
	}
	h.bottom = block[last].Baseline
	return h, i + last + 1, true
}

// matchCell finds the words of one header cell right of left: the first token anywhere in the block, the others directly to
// the right or below. lowest is the last line used.
func matchCell(block []Line, used [][]bool, tokens []string, left float64) (c headCell, lowest int, ok bool) {
	for k := range block {
		for j, w := range block[k].Words {
			if used[k][j] || w.X0 < left-1 || !strings.EqualFold(w.Text, tokens[0]) {
				continue
			}
			if c, lowest, ok = extendCell(block, used, k, j, tokens); ok {
				return c, lowest, true
			}
		}
	}
	return headCell{}, 0, false
}

// extendCell follows a header cell from its first word, at line k, position j, to its last.
func extendCell(block []Line, used [][]bool, k, j int, tokens []string) (c headCell, lowest int, ok bool) {
	type place struct{ k, j int }
	w := block[k].Words[j]
	c = headCell{w.X0, w.X1}
	taken := []place{{k, j}}
	for _, token := range tokens[1:] {
		if j+1 < len(block[k].Words) {
			n := block[k].Words[j+1]
			if strings.EqualFold(n.Text, token) && n.X0-block[k].Words[j].X1 < n.Size {
				j++
				c.x1 = max(c.x1, n.X1)
				taken = append(taken, place{k, j})
				continue
			}
		}
		below, found := k, false
		for below+1 < len(block) && !found {
			below++
			for i, n := range block[below].Words {
				if !used[below][i] && strings.EqualFold(n.Text, token) && n.X1 > c.x0-3*n.Size && n.X0 < c.x1+3*n.Size {
					k, j, found = below, i, true
					c.x0, c.x1 = min(c.x0, n.X0), max(c.x1, n.X1)
					taken = append(taken, place{k, j})
					break
				}
			}
		}
		if !found {
			return headCell{}, 0, false
		}
	}
	for _, p := range taken {
		used[p.k][p.j] = true
	}
	return c, k, true
}
