package pdftext

import (
	"cmp"
	"math"
	"slices"

	"github.com/brondata/brondata/internal/pdf"
)

// assembler builds words from glyphs. Its measures are fractions of the font size; they are those that decide between "one
// word" and "two words" in the readers people compare us with.
//
// Glyphs come in the order of the content stream. Each either continues the current fragment or starts a new one. When the page
// is done the fragments are sorted into rows, and neighbours that touch become one word: producers that place every run, or
// every glyph, by itself end up with the same words as those that show whole lines.
type assembler struct {
	frags []fragment
	text  []byte // of all fragments, which hold ranges of it
	open  bool   // the last fragment can be continued
	gap   bool   // white space was shown after the last fragment
	shown int    // glyphs of this page
	last  glyphBox

	buffer []byte // of the words' text, and where each ends: reused
	ends   []int
}

// glyphBox is where the last glyph was, to recognise one that is printed twice.
type glyphBox struct {
	u0, v float64
	start int32 // of its text
}

// fragment is a run of glyphs that follow each other in the content stream and on the page.
type fragment struct {
	u0, u1, v  float64
	size       float64
	start, end int32 // of the text
	glyphs     int32
	angle      int16
	vis        Visibility
	bold       bool
	spaced     bool // white space was shown before it
	dead       bool // a duplicate
	cos, sin   float32
}

// The measures, as fractions of the font size.
const (
	maxJoin      = 0.1  // the gap up to which the next glyph belongs to the same fragment
	maxTouch     = 0.03 // the gap up to which two fragments are one word
	maxOverlap   = 0.1  // how far a glyph may go back over the one before it
	maxWordBack  = 0.5  // how far a fragment may go back over the one before it in the row
	maxDigitBack = 0.4  // the same for a digit after a digit, as a part of its width
	maxScript    = 0.5  // how far a superscript or subscript may be from the baseline
	maxBaseline  = 0.05 // how far the baseline of one fragment may wander
	dupAlong     = 0.1  // how near a second copy of a glyph lies to the first
	dupWidth     = 0.4  // and, for narrow glyphs, as a part of its width
	dupAcross    = 0.2
	maxLetterGap = 0.3 // the gap between the letters of a spaced heading
)

func (a *assembler) reset() {
	if cap(a.frags) > 1<<16 {
		a.frags, a.text = nil, nil
	}
	*a = assembler{frags: a.frags[:0], text: a.text[:0], buffer: a.buffer, ends: a.ends}
}

// space notes that white space was shown.
func (a *assembler) space() {
	a.open, a.gap = false, true
}

// breakRun ends the current fragment without saying that there was white space.
func (a *assembler) breakRun() { a.open = false }

// add takes the next glyph: its style, its text and where it begins, ends and stands.
func (a *assembler) add(st *style, text string, u0, u1, v float64) {
	if st.size <= 0 || !(math.Abs(u0) < 1e9 && math.Abs(u1) < 1e9 && math.Abs(v) < 1e9) {
		return
	}
	if u1 < u0 {
		// Text that runs against its direction: each glyph for itself, the row's sort puts them in order.
		a.breakRun()
		u0, u1 = u1, u0
		defer a.breakRun()
	}
	if a.open && a.join(st, text, u0, u1, v) {
		return
	}
	start := int32(len(a.text))
	a.text = append(a.text, text...)
	a.frags = append(a.frags, fragment{
		u0: u0, u1: u1, v: v, size: st.size, start: start, end: int32(len(a.text)), glyphs: 1, angle: st.angle, vis: st.vis,
		bold: st.bold, spaced: a.gap, cos: float32(st.cos), sin: float32(st.sin),
	})
	a.last = glyphBox{u0, v, start}
	a.open, a.gap = true, false
}

// join tries to continue the last fragment; it reports whether the glyph has been taken care of.
func (a *assembler) join(st *style, text string, u0, u1, v float64) bool {
	f := &a.frags[len(a.frags)-1]
	if f.angle != st.angle || f.vis != st.vis {
		return false
	}
	off := math.Abs(v - a.last.v)
	if math.Abs(u0-a.last.u0) < min(dupAlong*f.size, dupWidth*(u1-u0)) && off < dupAcross*f.size && string(a.text[a.last.start:]) == text {
		return true // printed twice for boldness
	}
	gap := u0 - f.u1
	same := st.size == f.size || math.Abs(st.size-f.size) < 0.01*f.size
	switch {
	case same && math.Abs(v-f.v) <= maxBaseline*f.size:
		if gap > maxJoin*f.size || gap < -maxOverlap*f.size {
			return false
		}
	case gap < -maxWordBack*f.size:
		return false
	case math.Abs(v-f.v) <= maxScript*max(f.size, st.size):
		// A raised, lowered or resized part that touches: one word, but a footnote mark must not become a digit of the
		// amount before it.
		if gap > maxTouch*f.size || digitAfterNumber(a.text, text) {
			return false
		}
		if st.size > f.size {
			f.size, f.v = st.size, v
		}
	default:
		return false
	}
	a.last = glyphBox{u0, v, int32(len(a.text))}
	a.text = append(a.text, text...)
	f.end = int32(len(a.text))
	f.u1 = max(f.u1, u1)
	f.glyphs++
	f.bold = f.bold && st.bold
	return true
}

// digitAfterNumber reports whether next begins with a digit and prev ends like a number.
func digitAfterNumber(prev []byte, next string) bool {
	if len(prev) == 0 || next == "" || next[0] < '0' || next[0] > '9' {
		return false
	}
	switch c := prev[len(prev)-1]; c {
	case '.', ',', '-', '%', '/':
		return true
	default:
		return c >= '0' && c <= '9'
	}
}

// row is a range of fragments on one baseline.
type row struct {
	from, to int
	v        float64
}

// rows sorts the fragments and groups them by baseline.
func (a *assembler) rows() []row {
	f := a.frags
	slices.SortStableFunc(f, func(x, y fragment) int {
		if x.angle != y.angle {
			return cmp.Compare(x.angle, y.angle)
		}
		return cmp.Compare(x.v, y.v)
	})
	var rows []row
	for i := 0; i < len(f); {
		r := row{from: i, v: f[i].v}
		size := f[i].size
		for i++; i < len(f) && f[i].angle == f[r.from].angle; i++ {
			if f[i].v-r.v > rowDrift*min(size, f[i].size) {
				break
			}
			size = min(size, f[i].size)
		}
		r.to = i
		slices.SortStableFunc(f[r.from:r.to], func(x, y fragment) int { return cmp.Compare(x.u0, y.u0) })
		rows = append(rows, r)
	}
	return rows
}

// rowDrift is how far baselines of one row may differ, as a fraction of the smaller font size.
const rowDrift = 0.2

// words finishes the page. media is the sheet in page coordinates.
func (a *assembler) words(p *Page, media pdf.Rect) []Word {
	if len(a.frags) == 0 {
		return nil
	}
	rows := a.rows()
	b := wordBuilder{asm: a, page: p, media: media, text: a.buffer[:0], ends: a.ends[:0], out: make([]Word, 0, len(a.frags))}
	for _, r := range rows {
		b.row(a.frags[r.from:r.to])
	}
	// All words of a page share one string.
	all, start := string(b.text), 0
	for i, end := range b.ends {
		b.out[i].Text, start = all[start:end], end
	}
	if cap(b.text) <= keepBuffer {
		a.buffer, a.ends = b.text, b.ends
	}
	return b.out
}

type wordBuilder struct {
	asm   *assembler
	page  *Page
	media pdf.Rect
	text  []byte
	ends  []int // where the text of each word ends
	out   []Word
	runes []rune
}

// row turns the sorted fragments of one row into words.
func (b *wordBuilder) row(f []fragment) {
	dropDuplicates(f, b.asm.text)
	for i := 0; i < len(f); {
		if f[i].dead {
			i++
			continue
		}
		if n := letterSpaced(f[i:]); n > 1 {
			b.word(f[i : i+n])
			i += n
			continue
		}
		from, prev := i, i
		end, size := f[i].u1, f[i].size
		for i++; i < len(f); i++ {
			n := &f[i]
			if n.dead {
				continue
			}
			gap := n.u0 - end
			// A space that was shown is no reason to break: only a gap is. Producers cancel spaces with negative word
			// spacing, and make others with character spacing.
			if n.vis != f[from].vis || gap >= maxTouch*size || gap < -maxWordBack*size || b.overprints(&f[prev], n, end) {
				break
			}
			end, prev = max(end, n.u1), i
		}
		b.word(f[from:i])
	}
}

// overprints reports whether n begins with a digit that stands on the digits before it rather than after them: a corrected
// figure or a shadow, which must not make a longer number.
func (b *wordBuilder) overprints(prev, n *fragment, end float64) bool {
	return end-n.u0 > maxDigitBack*(n.u1-n.u0)/float64(n.glyphs) &&
		digitAfterNumber(b.asm.text[prev.start:prev.end], string(b.asm.text[n.start:n.end]))
}

// dropDuplicates marks fragments that are printed again at nearly the same place, which is how boldness and shadows are faked.
func dropDuplicates(f []fragment, text []byte) {
	for i := range f {
		if f[i].dead {
			continue
		}
		for j := i + 1; j < len(f) && f[j].u0-f[i].u0 < min(dupAlong*f[i].size, dupWidth*(f[i].u1-f[i].u0)); j++ {
			same := f[j].end-f[j].start == f[i].end-f[i].start &&
				string(text[f[i].start:f[i].end]) == string(text[f[j].start:f[j].end])
			if same && math.Abs(f[i].v-f[j].v) < dupAcross*f[i].size && math.Abs(f[i].u1-f[j].u1) < 2*dupAlong*f[i].size {
				f[j].dead = true
				f[i].vis = min(f[i].vis, f[j].vis)
				f[i].spaced = f[i].spaced && f[j].spaced
			}
		}
	}
}

// letterSpaced returns how many fragments from the first one on are single glyphs set apart evenly, as in a spaced heading or
// the boxes of a form; 0 when they are words of one letter. Only a whole group, bounded by explicit white space, wider gaps or
// the ends of the row, is taken for one word.
func letterSpaced(f []fragment) int {
	size := f[0].size
	least, n := math.Inf(1), 0
	for i := range f {
		if f[i].dead {
			continue
		}
		if i > 0 {
			gap := f[i].u0 - f[n].u1
			if f[i].spaced || gap > maxLetterGap*size || f[i].vis != f[0].vis {
				break
			}
			if gap < maxTouch*size {
				return 0
			}
			least = min(least, gap)
		}
		if f[i].glyphs != 1 || f[i].size != size {
			return 0
		}
		n = i
	}
	if n < 2 {
		return 0
	}
	for i, prev := 1, 0; i <= n; i++ {
		if f[i].dead {
			continue
		}
		if f[i].u0-f[prev].u1 > evenGaps*least {
			return 0
		}
		prev = i
	}
	return n + 1
}

// evenGaps is the ratio of the widest to the narrowest gap in letter-spaced text.
const evenGaps = 1.3

// word emits one word made of the given fragments.
func (b *wordBuilder) word(f []fragment) {
	w := Word{
		X0: f[0].u0, X1: f[0].u1, Baseline: f[0].v, Size: f[0].size, Page: b.page.Number, Rotation: int(f[0].angle),
		Bold: f[0].bold, Visibility: f[0].vis,
	}
	start := len(b.text)
	for i := range f {
		if f[i].dead {
			continue
		}
		b.text = append(b.text, b.asm.text[f[i].start:f[i].end]...)
		w.X1 = max(w.X1, f[i].u1)
		if f[i].size > w.Size {
			w.Size, w.Baseline = f[i].size, f[i].v
		}
		w.Bold = w.Bold && f[i].bold
	}
	b.visualToLogical(start)
	b.place(&w, f[0].cos, f[0].sin)
	b.ends = append(b.ends, len(b.text))
	b.out = append(b.out, w)
}

// place decides whether the middle of the word lies on the visible page and on the sheet.
func (b *wordBuilder) place(w *Word, cos, sin float32) {
	u, v := (w.X0+w.X1)/2, w.Baseline-w.Size/4
	x, y := u*float64(cos)-v*float64(sin), u*float64(sin)+v*float64(cos)
	switch {
	case x < b.media[0] || x > b.media[2] || y < b.media[1] || y > b.media[3]:
		w.Visibility = OffPage
	case x < 0 || x > b.page.Width || y < 0 || y > b.page.Height:
		w.Visibility = max(w.Visibility, Cropped)
	}
}
