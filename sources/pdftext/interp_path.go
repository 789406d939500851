package pdftext

import (
	"math"

	"github.com/brondata/brondata/internal/pdf"
)

// path follows path construction and painting (ISO 32000-1 §8.5) and keeps what can be a ruling: axis-parallel segments that
// are stroked and rectangles that are filled. Curves and slanted lines only move the current point.
type path struct {
	segs     []segment
	rects    []pdf.Rect
	x, y     float64 // current point on the page
	mx, my   float64 // start of the subpath
	kept     []Ruling
	limit    int
	straight bool // the subpath consists of axis-parallel segments only, so that filling it fills its bounds
	poly     []segment
}

// segment is a straight line on the page.
type segment struct{ x0, y0, x1, y1 float64 }

// maxSegments bounds one path: charts have paths of a million points, tables have not.
const maxSegments = 4096

func (p *path) reset(limit int) {
	*p = path{segs: p.segs[:0], rects: p.rects[:0], poly: p.poly[:0], limit: limit}
}

// operator executes a path operator; any other is ignored.
func (p *path) operator(op []byte, a *operands, ctm *matrix) {
	switch len(op) {
	case 1:
		switch op[0] {
		case 'm':
			p.endSubpath()
			p.x, p.y = ctm.apply(a.num(2), a.num(1))
			p.mx, p.my, p.straight = p.x, p.y, true
		case 'l':
			p.line(ctm.apply(a.num(2), a.num(1)))
		case 'c', 'v', 'y':
			p.x, p.y = ctm.apply(a.num(2), a.num(1))
			p.straight = false
		case 'h':
			p.line(p.mx, p.my)
		case 'S':
			p.paint(true, false)
		case 's':
			p.line(p.mx, p.my)
			p.paint(true, false)
		case 'f', 'F':
			p.paint(false, true)
		case 'B', 'b':
			p.paint(true, true)
		case 'n':
			p.paint(false, false)
		}
	case 2:
		switch string(op) {
		case "re":
			p.rect(a, ctm)
		case "f*":
			p.paint(false, true)
		case "B*", "b*":
			p.paint(true, true)
		}
	}
}

func (p *path) line(x, y float64) {
	const slant = 0.01 // points
	switch {
	case math.Abs(x-p.x) > slant && math.Abs(y-p.y) > slant:
		p.straight = false
	case len(p.segs) < maxSegments:
		p.segs = append(p.segs, segment{p.x, p.y, x, y})
		p.poly = append(p.poly, segment{p.x, p.y, x, y})
	}
	p.x, p.y = x, y
}

func (p *path) rect(a *operands, ctm *matrix) {
	p.endSubpath()
	x, y, w, h := a.num(4), a.num(3), a.num(2), a.num(1)
	x0, y0 := ctm.apply(x, y)
	x1, y1 := ctm.apply(x+w, y+h)
	p.x, p.y, p.mx, p.my = x0, y0, x0, y0
	if ctm.a != 0 && ctm.b != 0 || len(p.rects) >= maxSegments {
		return // turned by an angle
	}
	p.rects = append(p.rects, pdf.Rect{min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)})
}

// endSubpath recognises a subpath of four lines as the rectangle that it draws.
func (p *path) endSubpath() {
	if p.straight && (len(p.poly) == 4 || len(p.poly) == 3) && len(p.rects) < maxSegments {
		r := pdf.Rect{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
		for _, s := range p.poly {
			r[0], r[1] = min(r[0], s.x0, s.x1), min(r[1], s.y0, s.y1)
			r[2], r[3] = max(r[2], s.x0, s.x1), max(r[3], s.y0, s.y1)
		}
		p.rects = append(p.rects, r)
		p.segs = p.segs[:len(p.segs)-len(p.poly)]
	}
	p.poly, p.straight = p.poly[:0], false
}

// paint ends the path and keeps what it shows.
func (p *path) paint(stroke, fill bool) {
	p.endSubpath()
	for _, r := range p.rects {
		switch {
		case fill:
			p.keep(Ruling{r[0], r[1], r[2], r[3], true})
		case stroke:
			p.keep(Ruling{r[0], r[1], r[2], r[1], false})
			p.keep(Ruling{r[0], r[3], r[2], r[3], false})
			p.keep(Ruling{r[0], r[1], r[0], r[3], false})
			p.keep(Ruling{r[2], r[1], r[2], r[3], false})
		}
	}
	if stroke {
		for _, s := range p.segs {
			p.keep(Ruling{min(s.x0, s.x1), min(s.y0, s.y1), max(s.x0, s.x1), max(s.y0, s.y1), false})
		}
	}
	p.segs, p.rects = p.segs[:0], p.rects[:0]
}

func (p *path) keep(r Ruling) {
	if len(p.kept) >= p.limit {
		return
	}
	for _, v := range [...]float64{r.X0, r.Y0, r.X1, r.Y1} {
		if !(math.Abs(v) < 1e9) {
			return
		}
	}
	p.kept = append(p.kept, r)
}

// rulings returns what was painted on the page.
func (in *interpreter) rulings() []Ruling {
	in.path.endSubpath()
	return in.path.kept
}
