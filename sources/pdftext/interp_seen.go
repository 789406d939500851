package pdftext

import (
	"math"

	"github.com/brondata/brondata/internal/pdf"
)

// This file tells text that the page draws but nobody sees: outside the clipping path (ISO 32000-1 §8.5.4), fully transparent
// (§11.6.4.4), or in the colour of what it stands on (§8.6). It errs on the side of seen: whatever is not known, such as a
// pattern, an image or a blend, is taken to show the text.

// color is a colour as far as it can be compared. The zero value is black, the initial colour of every page.
type color struct {
	r, g, b float32
	unknown bool // a pattern, a special colour space, an image
}

var (
	paper     = color{r: 1, g: 1, b: 1}
	anyColor  = color{unknown: true}
	wholePage = pdf.Rect{math.Inf(-1), math.Inf(-1), math.Inf(1), math.Inf(1)}
)

// sameColor is the difference of each component up to which nobody tells two colours apart.
const sameColor = 0.02

func (c color) same(o color) bool {
	near := func(a, b float32) bool { return math.Abs(float64(a-b)) <= sameColor }
	return !c.unknown && !o.unknown && near(c.r, o.r) && near(c.g, o.g) && near(c.b, o.b)
}

// colorSpace is what the operands of sc and scn mean, by their number: 0 where that is not known.
type colorSpace int

// area is a part of the page that was painted.
type area struct {
	pdf.Rect
	color
}

// maxAreas bounds the areas that are kept. On a page with more, colours are not compared.
const maxAreas = 2048

// painted notes a filled area. Thin ones are lines: text that touches one is not drawn on it.
func (in *interpreter) painted(r pdf.Rect, c color) {
	if r.Width() <= thin || r.Height() <= thin || len(in.areas) > maxAreas {
		return
	}
	s := &in.state
	if s.clipped {
		r = intersect(r, s.clip)
	}
	if s.faint || s.transparent {
		c = anyColor
	}
	in.areas = append(in.areas, area{r, c})
}

// blends reports whether text of a colour has that of what lies under a point of the page.
func (in *interpreter) blends(c color, x, y float64) bool {
	if c.unknown || len(in.areas) > maxAreas {
		return false
	}
	under := paper
	i := len(in.areas)
	for i > 0 {
		if i--; inside(in.areas[i].Rect, x, y, 0) {
			under = in.areas[i].color
			break
		}
	}
	in.ops += (len(in.areas) - i) / areasOfOp
	return c.same(under)
}

// areasOfOp is how many areas to look at count as one operator against the limits.
const areasOfOp = 8

// clipTo intersects the clipping path with a box. What is no rectangle counts by its bounds.
func (s *state) clipTo(r pdf.Rect) {
	if !s.clipped {
		s.clip, s.clipped = wholePage, true
	}
	s.clip = intersect(s.clip, r)
}

func intersect(a, b pdf.Rect) pdf.Rect {
	return pdf.Rect{max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])}
}

func inside(r pdf.Rect, x, y, slack float64) bool {
	return x >= r[0]-slack && x <= r[2]+slack && y >= r[1]-slack && y <= r[3]+slack
}

// clipToBox intersects the clipping path with a form's bounding box; one without an extent is taken for a mistake.
func (in *interpreter) clipToBox(b pdf.Rect) {
	if b.Width() > 0 && b.Height() > 0 {
		in.state.clipTo(boundsOf(b, &in.state.ctm))
	}
}

// boundsOf returns the bounds of a rectangle that is transformed, turned or not.
func boundsOf(r pdf.Rect, m *matrix) pdf.Rect {
	var b box
	b.rectangle(m, r[0], r[1], r.Width(), r.Height())
	return b.Rect
}

// paintImage notes an image or a shading, which shows nothing of what lies below: it fills the unit square, or all.
func (in *interpreter) paintImage() {
	in.painted(boundsOf(pdf.Rect{0, 0, 1, 1}, &in.state.ctm), anyColor)
}

// paint executes what a painting operator does to areas and the clipping path, and forgets the path.
func (in *interpreter) paint(op []byte) {
	fill, stroke := false, false
	switch string(op) {
	case "f", "F", "f*":
		fill = true
	case "B", "B*", "b", "b*":
		fill, stroke = true, true
	case "S", "s":
		stroke = true
	case "n":
	default:
		return
	}
	if in.box.any {
		if half := in.state.lineWidth * math.Hypot(in.state.ctm.a, in.state.ctm.b) / 2; stroke && half > thin/2 {
			r := in.box.Rect
			in.painted(pdf.Rect{r[0] - half, r[1] - half, r[2] + half, r[3] + half}, anyColor) // a bar
		}
		if fill {
			c := in.state.fill
			if !in.box.rect {
				c = anyColor // it may leave a hole just where the text is
			}
			in.painted(in.box.Rect, c)
		}
		if in.clipNext && in.deeper == 0 {
			in.state.clipTo(in.box.Rect)
		}
	}
	in.box, in.clipNext = box{}, false
}

// box is the bounds of the path under construction.
type box struct {
	pdf.Rect
	any  bool
	rect bool // it is one rectangle along the axes
}

// trace widens the bounds by what a path operator adds.
func (in *interpreter) trace(op []byte, a *operands) {
	m := &in.state.ctm
	switch string(op) {
	case "m", "l":
		in.box.point(m, a.num(2), a.num(1))
	case "c":
		in.box.point(m, a.num(6), a.num(5))
		in.box.point(m, a.num(4), a.num(3))
		in.box.point(m, a.num(2), a.num(1))
	case "v", "y":
		in.box.point(m, a.num(4), a.num(3))
		in.box.point(m, a.num(2), a.num(1))
	case "re":
		first := !in.box.any
		in.box.rectangle(m, a.num(4), a.num(3), a.num(2), a.num(1))
		in.box.rect = first && (m.b == 0 && m.c == 0 || m.a == 0 && m.d == 0)
	case "W", "W*":
		in.clipNext = true
	case "w":
		in.state.lineWidth = a.num(1)
	}
}

func (b *box) point(m *matrix, x, y float64) {
	x, y = m.apply(x, y)
	if !b.any {
		b.Rect, b.any = pdf.Rect{x, y, x, y}, true
	}
	b.Rect = pdf.Rect{min(b.Rect[0], x), min(b.Rect[1], y), max(b.Rect[2], x), max(b.Rect[3], y)}
	b.rect = false
}

func (b *box) rectangle(m *matrix, x, y, w, h float64) {
	b.point(m, x, y)
	b.point(m, x+w, y)
	b.point(m, x, y+h)
	b.point(m, x+w, y+h)
}

// setColor executes the operators that set the colour of fills, which text is drawn in.
func (c *content) setColor(op []byte) bool {
	s, a := &c.in.state, &c.args
	switch string(op) {
	case "g":
		s.fill, s.space = gray(a.num(1)), 1
	case "rg":
		s.fill, s.space = rgb(a.num(3), a.num(2), a.num(1)), 3
	case "k":
		s.fill, s.space = cmyk(a.num(4), a.num(3), a.num(2), a.num(1)), 4
	case "cs":
		s.space = c.colorSpace()
		if s.fill = (color{}); s.space == 0 {
			s.fill = anyColor
		}
	case "sc", "scn":
		s.fill = anyColor
		if n := int(s.space); n > 0 && a.numbers(n) && a.n == n {
			switch n {
			case 1:
				s.fill = gray(a.num(1))
			case 3:
				s.fill = rgb(a.num(3), a.num(2), a.num(1))
			case 4:
				s.fill = cmyk(a.num(4), a.num(3), a.num(2), a.num(1))
			}
		}
	default:
		return false
	}
	return true
}

// colorSpace reads the operand of cs.
func (c *content) colorSpace() colorSpace {
	name, ok := c.args.last(pdf.TokenName)
	if !ok {
		return 0
	}
	switch string(name.bytes) {
	case "DeviceGray":
		return 1
	case "DeviceRGB":
		return 3
	case "DeviceCMYK":
		return 4
	}
	file := c.in.doc.file
	arr := file.Get(file.Get(c.res.dict, "ColorSpace").Dict(), string(name.bytes)).Array()
	if len(arr) < 2 {
		return 0
	}
	family, _ := file.Index(arr, 0).Name()
	switch family {
	case "CalGray":
		return 1
	case "CalRGB":
		return 3
	case "ICCBased":
		if n, _ := file.Get(file.Index(arr, 1).Dict(), "N").Int(); n == 1 || n == 3 || n == 4 {
			return colorSpace(n)
		}
	}
	return 0
}

func gray(v float64) color { return rgb(v, v, v) }

func rgb(r, g, b float64) color {
	unit := func(v float64) float32 { return float32(max(0, min(v, 1))) }
	return color{r: unit(r), g: unit(g), b: unit(b)}
}

func cmyk(c, m, y, k float64) color { return rgb((1-c)*(1-k), (1-m)*(1-k), (1-y)*(1-k)) }

// unseen reports whether text that begins at the pen is drawn in a way that nobody sees. It looks at the string's first
// glyph: a string is in one colour.
func (in *interpreter) unseen(p *pen) bool {
	s := &in.state
	fills := s.render == 0 || s.render == 4
	if !fills {
		return false // strokes, or both: their colour is not followed
	}
	if s.transparent {
		return true
	}
	x, y := p.middle(p.u, p.u)
	return in.blends(s.fill, x, y)
}

// cuts reports whether a glyph between two places on the pen's line lies outside the clipping path, and not just at its edge.
func (s *state) cuts(p *pen, u0, u1 float64) bool {
	x, y := p.middle(u0, u1)
	return !inside(s.clip, x, y, p.style.size/10)
}

// middle is where on the page the middle of a glyph between two places on the pen's line is.
func (p *pen) middle(u0, u1 float64) (x, y float64) {
	u, v := (u0+u1)/2, p.v-p.style.size/4
	return u*p.style.cos - v*p.style.sin, u*p.style.sin + v*p.style.cos
}
