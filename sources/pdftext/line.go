package pdftext

import (
	"math"
	"strings"
)

// Line is the words of one line of text, from left to right.
type Line struct {
	Words []Word
	// X0 and X1 are the ends of the line, Baseline the baseline of its largest word; see Word for the coordinates.
	X0, X1, Baseline float64
}

// Text returns the words joined by single spaces.
func (l Line) Text() string {
	var b strings.Builder
	for i, w := range l.Words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.Text)
	}
	return b.String()
}

// Lines groups the page's words into lines in reading order. Words at the same height are one line however wide the gap
// between them; use X0 and X1, or FindTable, to tell columns apart. Words that nobody sees are in the lines too: a caller who
// does not want them filters Page.Words before.
func (p *Page) Lines() []Line {
	var out []Line
	for from := 0; from < len(p.Words); {
		to := from + 1
		for to < len(p.Words) && continuesLine(&p.Words[from], &p.Words[to-1], &p.Words[to]) {
			to++
		}
		out = append(out, newLine(p.Words[from:to:to]))
		from = to
	}
	return out
}

// continuesLine reports whether next stands on the line that first begins and prev ends.
func continuesLine(first, prev, next *Word) bool {
	return next.Rotation == first.Rotation && next.X0 >= prev.X0 &&
		math.Abs(next.Baseline-first.Baseline) <= lineDrift*max(first.Size, next.Size)
}

// lineDrift is how far the baselines of a line may differ, as a fraction of the larger font size; a little more than the
// assembler's own measure, which decided the order.
const lineDrift = 0.25

func newLine(words []Word) Line {
	l := Line{Words: words, X0: words[0].X0, X1: words[0].X1, Baseline: words[0].Baseline}
	size := words[0].Size
	for _, w := range words[1:] {
		l.X1 = max(l.X1, w.X1)
		if w.Size > size {
			size, l.Baseline = w.Size, w.Baseline
		}
	}
	return l
}

// Text returns the page's words in reading order, one line of text per line, words separated by single spaces.
func (p *Page) Text() string {
	var b strings.Builder
	for _, l := range p.Lines() {
		b.WriteString(l.Text())
		b.WriteByte('\n')
	}
	return b.String()
}

// Point returns where on the page the word's baseline begins, in page coordinates whatever the word's rotation.
func (w Word) Point() (x, y float64) {
	sin, cos := math.Sincos(float64(w.Rotation) * math.Pi / 180)
	return w.X0*cos - w.Baseline*sin, w.X0*sin + w.Baseline*cos
}
