package pdftext

import (
	"math"

	"github.com/brondata/brondata/internal/pdf"
)

// setFont executes Tf. A font that the resources do not have leaves a font that shows unknown glyphs, so that nothing is
// decoded by the previous one.
func (c *content) setFont() error {
	a := &c.args
	if a.n < 2 || a.v[a.n-2].kind != pdf.TokenName {
		return nil
	}
	c.in.state.size = a.num(1)
	name := a.v[a.n-2].bytes
	if c.res.font == nil || string(name) != c.res.fontName {
		f, err := c.in.doc.font(c.ctx, c.res.fonts.Raw(string(name)))
		if err != nil {
			return err
		}
		c.res.fontName, c.res.font = string(name), f
	}
	c.in.state.font = c.res.font
	return nil
}

// extGState executes gs, of which the font and the transparency matter here (§8.4.5, §11.6.4.4).
func (c *content) extGState() error {
	name, ok := c.args.last(pdf.TokenName)
	if !ok {
		return nil
	}
	file := c.in.doc.file
	dict := file.Get(file.Get(c.res.dict, "ExtGState").Dict(), string(name.bytes)).Dict()
	s := &c.in.state
	if v, ok := file.Get(dict, "ca").Float(); ok {
		s.transparent, s.faint = v <= sameColor, v < 1
	}
	if mode, ok := file.Get(dict, "BM").Name(); ok && mode != "Normal" && mode != "Compatible" {
		s.faint = true
	}
	arr := file.Get(dict, "Font").Array()
	if len(arr) != 2 {
		return nil
	}
	f, err := c.in.doc.font(c.ctx, arr[0])
	if err != nil {
		return err
	}
	s.font = f
	s.size, _ = file.Index(arr, 1).Float()
	return nil
}

// nextLine moves to the start of the next line (§9.4.2).
func (in *interpreter) nextLine(x, y float64) {
	m := in.lineMatrix.shift(x, y)
	if m.sane() {
		in.lineMatrix, in.textMatrix = m, m
	}
}

// show executes the last part of Tj, ' and ".
func (c *content) show(a *operands) error {
	s, ok := a.last(pdf.TokenString)
	if !ok {
		return nil
	}
	pen := c.in.pen()
	err := c.in.showString(&pen, s.bytes)
	c.in.lift(&pen)
	return err
}

// showArray executes TJ: strings, and numbers that move by thousandths of the font size against the writing direction (§9.4.3).
func (c *content) showArray() error {
	arr, ok := c.args.last(pdf.TokenArrayOpen)
	if !ok {
		return c.show(&c.args) // seen in the wild: a string where the array belongs
	}
	end := c.lex.Pos()
	c.lex.Seek(arr.pos)
	c.lex.Release()
	in := c.in
	pen := in.pen()
	for c.lex.Pos() < end {
		switch c.lex.Next() {
		case pdf.TokenString:
			if err := in.showString(&pen, c.lex.Bytes); err != nil {
				return err
			}
			c.lex.Release()
		case pdf.TokenInt, pdf.TokenReal:
			pen.move(-c.lex.Num / 1000 * in.state.size)
		case pdf.TokenEOF, pdf.TokenArrayClose:
			c.lex.Seek(end)
		}
	}
	in.lift(&pen)
	if c.lex.Pos() > end { // the array's own bracket is passed; a keyword that ended it early is not
		c.lex.Seek(end)
	}
	return nil
}

// pen is the text position while a string or array is shown: how far from the text matrix's origin, in unscaled text space.
type pen struct {
	x        float64
	style    style
	vertical bool
	dx, dy   float64    // page space per unit of text space along the writing direction
	ox, oy   float64    // where the text matrix's origin, raised by Ts, lies on the page
	along    float64    // what one unit of text space is in the assembler's frame
	u, v     float64    // the origin in the assembler's frame
	scale    float64    // horizontal scaling, 1 for vertical writing
	vis      Visibility // of the string, before clipping
	ok       bool
}

// style is what all glyphs of one string share, as the assembler needs it.
type style struct {
	size  float64 // on the page
	angle int16   // degrees clockwise
	cos   float64 // the unit vector of the writing direction
	sin   float64
	bold  bool
	vis   Visibility
}

// pen starts showing text. The frame of the assembler is turned so that the writing direction is its u axis and v points from
// a line of text to the next.
func (in *interpreter) pen() pen {
	s := &in.state
	m := in.textMatrix.mul(s.ctm)
	p := pen{scale: s.scale, ok: m.sane() && s.font != nil}
	if !p.ok {
		return p
	}
	p.vertical = s.font.composite != nil && s.font.composite.enc.vertical
	p.ox, p.oy = m.apply(0, s.rise)
	p.dx, p.dy = m.a, m.b
	upX, upY := m.c, m.d
	if p.vertical {
		p.scale = 1
		p.dx, p.dy = -m.c, -m.d
		upX, upY = m.a, m.b
	}
	length := math.Hypot(p.dx, p.dy)
	if length == 0 || math.IsInf(length, 0) {
		p.ok = false
		return p
	}
	st := &p.style
	st.cos, st.sin = p.dx/length, p.dy/length
	// A negative font size or scaling turns the advance round. A reader judges by the way the glyphs stand: when they are
	// mirrored the text runs against its direction.
	if s.size < 0 && !p.vertical {
		upX, upY = -upX, -upY
	}
	sign := 1.0
	if !p.vertical && upX*st.sin-upY*st.cos < 0 { // "up" should lie counterclockwise of the direction
		st.cos, st.sin, sign = -st.cos, -st.sin, -1
	}
	st.size = math.Abs(s.size) * math.Hypot(m.c, m.d)
	if p.vertical {
		st.size = math.Abs(s.size) * math.Hypot(m.a, m.b)
	}
	st.angle = angleOf(st.cos, st.sin)
	if st.angle%90 == 0 { // exact for the usual cases, so that words of one line share their baseline to the last bit
		st.cos, st.sin = rightAngle(st.angle)
	}
	p.along = sign * length
	p.u, p.v = p.ox*st.cos+p.oy*st.sin, p.oy*st.cos-p.ox*st.sin
	st.bold = s.font.bold
	switch {
	case in.marks.off > 0:
		st.vis = LayerOff
	case s.render == 3 || s.render == 7:
		st.vis = Invisible
	case in.unseen(&p):
		st.vis = Invisible
	}
	p.vis = st.vis
	return p
}

func angleOf(cos, sin float64) int16 {
	switch {
	case sin == 0 && cos > 0:
		return 0
	case sin == 0:
		return 180
	case cos == 0 && sin > 0:
		return 90
	case cos == 0:
		return 270
	}
	return int16((int(math.Round(math.Atan2(sin, cos)*180/math.Pi)) + 360) % 360)
}

func rightAngle(angle int16) (cos, sin float64) {
	switch angle {
	case 90:
		return 0, 1
	case 180:
		return -1, 0
	case 270:
		return 0, -1
	}
	return 1, 0
}

// move shifts the pen by an amount of unscaled text space along the writing direction.
func (p *pen) move(by float64) {
	if p.vertical {
		by = -by
	}
	p.x += by * p.scale
}

// lift moves the text matrix to where the pen is.
func (in *interpreter) lift(p *pen) {
	var m matrix
	if p.vertical {
		m = in.textMatrix.shift(0, -p.x)
	} else {
		m = in.textMatrix.shift(p.x, 0)
	}
	if m.sane() {
		in.textMatrix = m
	}
}

// showString shows the codes of one string (§9.4.4).
func (in *interpreter) showString(p *pen, b []byte) error {
	s := &in.state
	if !p.ok || len(b) == 0 {
		return nil
	}
	d := in.doc
	d.glyphs += len(b)
	in.asm.shown += len(b)
	if d.glyphs > d.limits.Glyphs || in.asm.shown > d.limits.PageGlyphs {
		return ErrLimit
	}
	if s.font.simple != nil {
		for _, code := range b {
			g := &s.font.simple[code]
			w := g.width * s.size
			in.place(p, g, w)
			w += s.charSp
			if code == ' ' {
				w += s.wordSp
			}
			p.x += w * p.scale
		}
		return nil
	}
	c := s.font.composite
	for len(b) > 0 {
		code, n := c.enc.next(b)
		g := c.glyph(code, &d.fonts)
		w := g.width * s.size
		in.place(p, &g, w)
		extra := s.charSp
		if n == 1 && code == ' ' {
			extra += s.wordSp
		}
		if p.vertical {
			extra = -extra // y grows upward, and the writing goes down
		}
		p.x += (w + extra) * p.scale
		b = b[n:]
	}
	return nil
}

// place hands one glyph to the assembler, or to the marked content that replaces it.
func (in *interpreter) place(p *pen, g *glyph, width float64) {
	u0 := p.u + p.x*p.along
	u1 := u0 + width*p.scale*p.along
	if in.state.clipped {
		if p.style.vis = p.vis; p.vis < Cropped && in.state.cuts(p, u0, u1) {
			p.style.vis = Cropped
		}
	}
	if in.marks.replacing {
		in.marks.cover(&p.style, g.text, u0, u1, p.v)
		return
	}
	if g.blank {
		in.asm.space()
		return
	}
	in.asm.add(&p.style, g.text, u0, u1, p.v)
}
