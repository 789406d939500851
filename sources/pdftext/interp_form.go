package pdftext

import (
	"context"
	"slices"

	"github.com/brondata/brondata/internal/pdf"
)

// xobject executes Do: forms are drawn, images are not looked at (ISO 32000-1 §8.8, §8.10).
func (c *content) xobject() error {
	name, ok := c.args.last(pdf.TokenName)
	if !ok {
		return nil
	}
	d := c.in.doc
	o := d.file.Get(c.res.dict, "XObject").Dict().Raw(string(name.bytes))
	d.lacking = d.lacking || d.file.Resolve(o).IsNull()
	return c.in.form(c.ctx, o, identity, c.res.dict, c.depth)
}

// form draws a Form XObject after the transformation pre. Cycles, too many and too deep ones are cut: a form that is being
// drawn already draws nothing, as readers agree; the two bounds are errors.
func (in *interpreter) form(ctx context.Context, o pdf.Object, pre matrix, outer pdf.Dict, depth int) error {
	d := in.doc
	ref, _ := o.Ref()
	stream := d.file.Resolve(o)
	dict := stream.Dict()
	if !stream.IsStream() || !d.file.Get(dict, "Subtype").IsName("Form") {
		if stream.IsStream() {
			in.paintImage()
		}
		return nil
	}
	if ref != (pdf.Ref{}) && slices.Contains(in.active, ref) {
		return nil
	}
	if in.forms++; in.forms > d.limits.Forms || depth >= d.limits.FormDepth {
		return ErrLimit
	}
	off := in.hiddenLayer(d.file.Get(dict, "OC"), dict.Raw("OC"))
	data, err := d.file.Stream(ctx, stream)
	if err = translate(err); err != nil {
		if stops(err) {
			return err
		}
		if d.lacking = true; len(data) == 0 {
			return nil
		}
	}
	saved, floor, deeper, marks := in.state, in.floor, in.deeper, len(in.marks.list)
	tm, lm := in.textMatrix, in.lineMatrix
	m, _ := d.matrix(dict.Raw("Matrix"))
	if m = m.mul(pre).mul(in.state.ctm); !m.sane() {
		return nil
	}
	in.state.ctm = m
	if b, ok := d.file.Rect(dict.Raw("BBox")); ok && in.deeper == 0 {
		in.clipToBox(b)
	}
	stack := len(in.stack)
	in.floor, in.deeper = stack, 0
	res := d.file.Get(dict, "Resources").Dict()
	if res.Len() == 0 {
		res = outer // §7.8.3: obsolete, but in use
	}
	if off {
		in.marks.off++
	}
	in.active = append(in.active, ref)
	in.asm.breakRun()
	err = in.run(ctx, data, res, depth+1)
	in.asm.breakRun()
	in.active = in.active[:len(in.active)-1]
	if off {
		in.marks.off--
	}
	in.marks.cut(in, marks)
	// What a form saves and does not restore must not reach the content around it.
	in.state, in.floor, in.deeper = saved, floor, deeper
	in.stack = in.stack[:stack]
	in.textMatrix, in.lineMatrix = tm, lm
	return err
}

// annotations draws the normal appearances of a page's annotations (§12.5.5): the values of form fields are there.
func (in *interpreter) annotations(ctx context.Context, p pdf.Page) error {
	d := in.doc
	list := d.file.Get(p.Dict, "Annots").Array()
	for i := range list {
		if err := in.tick(ctx); err != nil {
			return err
		}
		a := d.file.Index(list, i).Dict()
		const hidden, noView = 1 << 1, 1 << 5
		if flags, _ := d.file.Get(a, "F").Int(); flags&(hidden|noView) != 0 {
			continue
		}
		if d.file.Get(a, "Subtype").IsName("Popup") || in.hiddenLayer(d.file.Get(a, "OC"), a.Raw("OC")) {
			continue
		}
		o := d.file.Get(a, "AP").Dict().Raw("N")
		if ap := d.file.Resolve(o); !ap.IsStream() {
			state, _ := d.file.Get(a, "AS").Name()
			o = ap.Dict().Raw(state)
		}
		rect, ok := d.file.Rect(a.Raw("Rect"))
		if !ok {
			continue
		}
		base, _ := pageMatrix(p)
		in.state = newState(base)
		in.stack, in.deeper = in.stack[:0], 0
		in.asm.space()
		if err := in.appearance(ctx, o, rect, p.Resources); err != nil {
			return err
		}
	}
	return nil
}

// appearance draws an appearance stream so that its transformed bounding box fills rect (§12.5.5, algorithm 8.1).
func (in *interpreter) appearance(ctx context.Context, o pdf.Object, rect pdf.Rect, outer pdf.Dict) error {
	d := in.doc
	dict := d.file.Resolve(o).Dict()
	m, _ := d.matrix(dict.Raw("Matrix"))
	pre := identity
	if box, ok := d.file.Rect(dict.Raw("BBox")); ok {
		x0, y0 := m.apply(box[0], box[1])
		x1, y1 := m.apply(box[2], box[1])
		x2, y2 := m.apply(box[2], box[3])
		x3, y3 := m.apply(box[0], box[3])
		b := pdf.Rect{min(x0, x1, x2, x3), min(y0, y1, y2, y3), max(x0, x1, x2, x3), max(y0, y1, y2, y3)}
		if b.Width() > 0 && b.Height() > 0 {
			sx, sy := rect.Width()/b.Width(), rect.Height()/b.Height()
			pre = matrix{sx, 0, 0, sy, rect[0] - b[0]*sx, rect[1] - b[1]*sy}
		}
	}
	return in.form(ctx, o, pre, outer, 0)
}
