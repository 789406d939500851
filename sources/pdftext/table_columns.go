package pdftext

import (
	"math"
	"slices"
)

// splits returns the x between each two neighbouring columns, from the bodies of all parts whose header stands at the same
// place as that of the first.
func (f *tableFinder) splits(parts []tablePart) []float64 {
	head := &parts[0].head
	same := parts[:1]
	for len(same) < len(parts) && parts[len(same)].head.near(head) {
		same = parts[:len(same)+1]
	}
	out := make([]float64, len(head.cells)-1)
	for i := range out {
		lo, hi := head.cells[i].x1, head.cells[i+1].x0
		if x, ok := rulingBetween(same, lo, hi); ok {
			out[i] = x
			continue
		}
		out[i] = gutter(same, lo, hi)
	}
	return out
}

// rulingBetween finds a vertical ruling between lo and hi that runs along a body. With several the nearest to the middle counts.
func rulingBetween(parts []tablePart, lo, hi float64) (x float64, ok bool) {
	best := math.Inf(1)
	for i := range parts {
		p := &parts[i]
		if len(p.lines) == 0 {
			continue
		}
		top, bottom := p.lines[0].Baseline, p.lines[len(p.lines)-1].Baseline
		for _, r := range p.page.Rulings {
			at := (r.X0 + r.X1) / 2
			if !r.Vertical() || at < lo || at > hi || r.Y1 < top || r.Y0 > bottom {
				continue
			}
			if d := abs(at - (lo+hi)/2); d < best {
				best, x, ok = d, at, true
			}
		}
	}
	return x, ok
}

// gutter returns the middle of the widest strip between lo and hi that the fewest words cross. The header cells stand outside
// of it, whatever the alignment of the two columns: left-aligned text ends somewhere before it, right-aligned amounts begin
// somewhere after it.
func gutter(parts []tablePart, lo, hi float64) float64 {
	if hi <= lo {
		return (lo + hi) / 2
	}
	type edge struct {
		x     float64
		delta int
	}
	edges := []edge{{lo, 0}, {hi, 0}}
	depth := 0
	for i := range parts {
		for _, l := range parts[i].lines {
			for _, w := range l.Words {
				if w.X1 <= lo || w.X0 >= hi {
					continue
				}
				if w.X0 <= lo {
					depth++
				} else {
					edges = append(edges, edge{w.X0, 1})
				}
				if w.X1 < hi {
					edges = append(edges, edge{w.X1, -1})
				}
			}
		}
	}
	slices.SortFunc(edges, func(a, b edge) int {
		switch {
		case a.x < b.x:
			return -1
		case a.x > b.x:
			return 1
		}
		return a.delta - b.delta
	})
	fewest, width, x := math.MaxInt, -1.0, (lo+hi)/2
	for i, e := range edges {
		depth += e.delta
		if i+1 == len(edges) {
			break
		}
		w := edges[i+1].x - e.x
		if w > 0 && (depth < fewest || depth == fewest && w > width) {
			fewest, width, x = depth, w, e.x+w/2
		}
	}
	return x
}

// column returns the column of a word: the one that holds its middle.
func (p *tablePart) column(w *Word) int {
	middle := (w.X0 + w.X1) / 2
	for i, x := range p.splits {
		if middle < x {
			return i
		}
	}
	return len(p.splits)
}

// left and right are the outer edges of the table: those of its header and body.
func (f *tableFinder) left() float64 {
	x := f.parts[0].head.cells[0].x0
	for _, l := range f.parts[0].lines {
		x = min(x, l.X0)
	}
	return x
}

func (f *tableFinder) right() float64 {
	cells := f.parts[0].head.cells
	x := cells[len(cells)-1].x1
	for _, l := range f.parts[0].lines {
		x = max(x, l.X1)
	}
	return x
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[(len(v)-1)/2]
}

func abs(v float64) float64 { return math.Abs(v) }
