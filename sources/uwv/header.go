package uwv

import (
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources/pdftext"
)

// label is one of the four before the table of a block, in their order.
type label int

const (
	noLabel label = iota - 1
	employerLabel
	numberLabel
	lawsLabel
	formLabel
	labels // how many there are
)

// labelTexts are the labels in small letters and without blanks.
var labelTexts = [labels]string{"werkgever/instantie", "loonheffingennummer", "verzekerdewetten", "contractvorm"}

// labelOf returns the label that a line begins with, and how many words it takes.
func labelOf(ws []pdftext.Word) (label, int) {
	var b strings.Builder
	for i := range min(len(ws), 4) {
		b.WriteString(strings.ToLower(ws[i].Text))
		if k := slices.Index(labelTexts[:], strings.TrimSuffix(b.String(), ":")); k >= 0 {
			n := i + 1
			if n < len(ws) && ws[n].Text == ":" {
				n++
			}
			return label(k), n
		}
	}
	return noLabel, 0
}

// field is what stands beside one label.
type field struct {
	present bool
	text    string
	doubt   model.IssueCode // why there is no text
}

// cell is a label with the lines of its value.
type cell struct {
	label label
	y     float64 // of the label
	lines []valueLine
}

type valueLine struct {
	words []pdftext.Word
	y     float64
	page  int
}

// header are the fields of a block.
type header [labels]field

// maxCell is how many lines a value takes at most: three are described.
const maxCell = 4

// readHeader assigns the lines of a block's header to its labels. A line without a label belongs to the label before it or to
// the one after it: a label may stand beside the first, the middle or the last line of its value. All ways to divide the lines
// are tried, and the one counts in which every label stands right and every value has its form. Where several do, what they
// do not agree on is left out. above are the lines before the first label that may belong to it; used says how many do. ok
// is false where the labels are not those of a block.
func readHeader(above, lines []line) (h header, used int, ok bool) {
	var cells []cell
	gaps := [][]valueLine{nil} // before each label, and after the last
	for _, l := range above {
		gaps[0] = append(gaps[0], valueLine{l.words, l.y, l.page})
	}
	for _, l := range lines {
		k, n := labelOf(l.words)
		if k == noLabel {
			last := len(gaps) - 1
			gaps[last] = append(gaps[last], valueLine{l.words, l.y, l.page})
			continue
		}
		if len(cells) > 0 && cells[len(cells)-1].label >= k {
			return h, 0, false
		}
		c := cell{label: k, y: l.y}
		if n < len(l.words) {
			c.lines = []valueLine{{l.words[n:], l.y, l.page}}
		}
		cells, gaps = append(cells, c), append(gaps, nil)
	}
	if len(cells) == 0 || cells[0].label != employerLabel {
		return h, 0, false
	}
	for _, g := range gaps[:len(cells)] {
		if len(g) > maxCell {
			return h, 0, false
		}
	}
	d := divider{cells: cells, gaps: gaps, cuts: make([]int, len(cells))}
	d.try(0)
	return d.header(), d.used, true
}

// divider tries the ways to divide the lines between labels.
type divider struct {
	cells []cell
	gaps  [][]valueLine
	cuts  []int // how many lines of gap i go to the label before it; of gap 0 how many belong to no label
	best  []header
	score int
	used  int
}

func (d *divider) try(i int) {
	if i < len(d.cells) {
		for d.cuts[i] = 0; d.cuts[i] <= len(d.gaps[i]); d.cuts[i]++ {
			d.try(i + 1)
		}
		return
	}
	var h header
	score := -d.cuts[0] * 2
	for k := range d.cells {
		c := d.divided(k)
		f, known, ok := c.read()
		if !ok {
			return
		}
		if known {
			score++
		}
		h[c.label] = f
	}
	if len(d.best) > 0 && score < d.score {
		return
	}
	if score > d.score {
		d.best = nil
	}
	d.best, d.score = append(d.best, h), score
	d.used = len(d.gaps[0]) - d.cuts[0]
}

// divided returns a label with the lines that the cuts give it.
func (d *divider) divided(k int) cell {
	c := d.cells[k]
	after := d.gaps[k+1]
	if k+1 < len(d.cells) {
		after = after[:d.cuts[k+1]]
	}
	c.lines = slices.Concat(d.gaps[k][d.cuts[k]:], c.lines, after)
	return c
}

// header returns what the best ways agree on.
func (d *divider) header() (h header) {
	if len(d.best) == 0 {
		// No way to divide the lines is right. Labels with one line and none around it are safe.
		for k, c := range d.cells {
			f := field{present: true, doubt: model.IssueConflict}
			if len(c.lines) == 1 && len(d.gaps[k]) == 0 && len(d.gaps[k+1]) == 0 && !c.crowded() {
				f = field{present: true, text: join(c.lines[0].words)}
			}
			h[c.label] = f
		}
		return h
	}
	h = d.best[0]
	for _, o := range d.best[1:] {
		for k := range h {
			if h[k] != o[k] {
				h[k] = field{present: true, doubt: model.IssueConflict}
			}
		}
	}
	return h
}

var payrollNumber = regexp.MustCompile(`^[0-9]{9}L[0-9]{2}$`)

// read joins the lines of a value. known says that the text is one that the label is known to have; ok is false where the
// lines cannot be its value.
func (c cell) read() (f field, known, ok bool) {
	f.present = true
	if len(c.lines) == 0 {
		return f, false, true
	}
	if len(c.lines) > maxCell || !c.aligned() {
		return f, false, false
	}
	if f.text = c.text(); c.crowded() || len(f.text) > maxValue {
		return field{present: true, doubt: model.IssueLayout}, false, true
	}
	switch c.label {
	case numberLabel:
		known = payrollNumber.MatchString(f.text)
		ok = known || len(c.lines) == 1
	case lawsLabel:
		known = areLaws(f.text)
		ok = known || len(c.lines) == 1
	case formLabel:
		known, ok = isContractForm(f.text), true
	default:
		ok = true
	}
	return f, known, ok
}

// crowded reports whether something else stands beside the value: another column, or another label.
func (c cell) crowded() bool {
	for _, l := range c.lines {
		if len(parts(l.words)) > 1 {
			return true
		}
		for _, w := range l.words {
			if slices.Contains(labelTexts[:], strings.ToLower(strings.TrimSuffix(w.Text, ":"))) {
				return true
			}
		}
	}
	return false
}

// maxValue is the length in bytes of the longest value: a name on four lines.
const maxValue = 500

// aligned reports whether the lines are one block of text and the label stands beside its first, middle or last line.
func (c cell) aligned() bool {
	first, last := c.lines[0], c.lines[len(c.lines)-1]
	size := first.words[0].Size
	for i := 1; i < len(c.lines); i++ {
		p, l := c.lines[i-1], c.lines[i]
		if l.page != p.page || l.y-p.y > maxLeading*size || math.Abs(l.words[0].X0-first.words[0].X0) > indent {
			return false
		}
	}
	near := func(y float64) bool { return math.Abs(y-c.y) <= besides*size }
	return near(first.y) || near(last.y) || near((first.y+last.y)/2)
}

const (
	maxLeading = 1.8 // the distance of two lines of one value, in font sizes
	indent     = 2.0 // how far the lines of a value begin apart, in points
	besides    = 0.3 // how far a label's baseline is from that of what it stands beside, in font sizes
)

// text joins the lines. A hyphen at the end of a line is one of the word, which goes on, unless "en" or "of" follows.
func (c cell) text() string {
	var b strings.Builder
	for i, l := range c.lines {
		t := join(l.words)
		if i > 0 {
			prev := b.String()
			tied := strings.HasSuffix(prev, "-") && !strings.HasSuffix(prev, " -") && prev != "-"
			if !tied || strings.HasPrefix(t, "en ") || strings.HasPrefix(t, "of ") {
				b.WriteByte(' ')
			}
		}
		b.WriteString(t)
	}
	return b.String()
}

// lawNames are the employee insurance acts and those that benefits are paid under.
var lawNames = []string{"WW", "ZW", "WIA", "WAO", "WAZ", "WAZO", "WGA", "IVA", "TW", "IOW", "WAJONG", "GEEN", "EN"}

// maxLaws is the length of the longest list of laws.
const maxLaws = 100

// laws splits "WW, ZW, WIA/WAO" at its commas, or at its blanks where it has none.
func laws(s string) []string {
	if len(s) > maxLaws {
		return nil
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' })
	if len(parts) == 1 && areLaws(s) {
		parts = strings.Fields(s)
	}
	var out []string
	for _, p := range parts {
		for _, p := range strings.Split(p, " en ") {
			if p = strings.TrimSpace(p); p != "" && p != "en" && !strings.EqualFold(p, "geen") && !isSign(p) {
				out = append(out, p)
			}
		}
	}
	return out
}

func areLaws(s string) bool {
	if len(s) > maxLaws {
		return false
	}
	for _, p := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(",;/ ", r) }) {
		if !slices.Contains(lawNames, strings.ToUpper(p)) && !isSign(p) {
			return false
		}
	}
	return true
}

// isContractForm knows the texts that follow from the indicators of the wage return.
func isContractForm(s string) bool {
	s = strings.Join(strings.Fields(strings.ToLower(strings.ReplaceAll(s, "-", " "))), " ")
	if rest, ok := strings.CutPrefix(s, "publiekrechtelijke aanstelling voor "); ok {
		return rest == "onbepaalde tijd" || rest == "bepaalde tijd"
	}
	rest, ok := strings.CutPrefix(strings.TrimPrefix(s, "niet "), "schriftelijke arbeidsovereenkomst voor ")
	if !ok {
		return false
	}
	rest = strings.TrimPrefix(strings.TrimPrefix(rest, "on"), "bepaalde tijd, ")
	return rest == "oproepovereenkomst" || rest == "geen oproepovereenkomst"
}
