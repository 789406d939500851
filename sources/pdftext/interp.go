package pdftext

import (
	"context"

	"github.com/brondata/brondata/internal/pdf"
)

// interpreter executes content streams (ISO 32000-1 §7.8.2): it follows the graphics and text state and hands glyphs to the
// assembler and painted paths to the rulings. One is reused for all pages of a document.
type interpreter struct {
	doc     *Document
	asm     assembler
	path    path
	content []byte

	state  state
	stack  []state
	floor  int // how many of them belong to the content around the form being drawn
	deeper int // states saved beyond the ones that are kept

	textMatrix, lineMatrix matrix

	forms  int // Form XObjects drawn on this page
	active []pdf.Ref
	marks  marks

	areas    []area // painted so far, see interp_seen.go
	box      box    // of the path under construction
	clipNext bool   // that path is the next clipping path
	ops      int    // operators since the context was last asked
}

// state is the graphics state (§8.4) as far as text and rulings need it.
type state struct {
	ctm     matrix
	font    *font
	size    float64
	charSp  float64
	wordSp  float64
	scale   float64 // horizontal scaling, 1 is normal
	leading float64
	rise    float64
	render  int

	fill        color // of what is filled, text among it
	space       colorSpace
	lineWidth   float64
	clip        pdf.Rect
	clipped     bool // clip counts
	transparent bool // nothing of a fill is seen
	faint       bool // what lies below a fill is seen, or may be
}

func newState(base matrix) state { return state{ctm: base, scale: 1, space: 1, lineWidth: 1} }

// resources is what names in a content stream refer to, with the last font looked up.
type resources struct {
	dict     pdf.Dict
	fonts    pdf.Dict
	fontName string
	font     *font
}

func (in *interpreter) start(base matrix) {
	in.asm.reset()
	in.path.reset(in.doc.limits.Rulings)
	in.state = newState(base)
	in.stack, in.floor, in.deeper = in.stack[:0], 0, 0
	in.textMatrix, in.lineMatrix = identity, identity
	in.forms, in.active = 0, in.active[:0]
	in.areas, in.box, in.clipNext = in.areas[:0], box{}, false
	in.marks = marks{list: in.marks.list[:0]}
}

// checkEvery is how many operators pass between two looks at the context.
const checkEvery = 1000

// tick counts an operator against the limits.
func (in *interpreter) tick(ctx context.Context) error {
	if in.ops++; in.ops < checkEvery {
		return nil
	}
	in.ops = 0
	in.doc.operators += checkEvery
	if in.doc.operators > in.doc.limits.Operators {
		return ErrLimit
	}
	return translate(ctx.Err())
}

// maxOperands is how many operands are kept; no operator that matters here has more than six.
const maxOperands = 8

// operand is one operand of an operator. Arrays stay in the content and are read by the operator that wants them.
type operand struct {
	kind  pdf.Token
	num   float64
	bytes []byte
	pos   int // of an array or dictionary: where it starts
}

// operands keeps the last ones before an operator.
type operands struct {
	v [maxOperands]operand
	n int
}

func (o *operands) push(v operand) {
	if o.n == maxOperands {
		copy(o.v[:], o.v[1:])
		o.n--
	}
	o.v[o.n] = v
	o.n++
}

// num returns the operand that stands i places before the operator, counted from 1; 0 when it is missing or no number.
func (o *operands) num(i int) float64 {
	if i > o.n {
		return 0
	}
	return o.v[o.n-i].num
}

// numbers reports whether the last k operands are there and all numbers.
func (o *operands) numbers(k int) bool {
	if o.n < k {
		return false
	}
	for _, v := range o.v[o.n-k : o.n] {
		if v.kind != pdf.TokenInt && v.kind != pdf.TokenReal {
			return false
		}
	}
	return true
}

// last returns the last operand if it is of the given kind.
func (o *operands) last(kind pdf.Token) (operand, bool) {
	if o.n == 0 || o.v[o.n-1].kind != kind {
		return operand{}, false
	}
	return o.v[o.n-1], true
}

// run executes one content stream. depth counts the forms around it.
func (in *interpreter) run(ctx context.Context, data []byte, dict pdf.Dict, depth int) error {
	res := resources{dict: dict, fonts: in.doc.file.Get(dict, "Font").Dict()}
	c := content{in: in, ctx: ctx, lex: pdf.NewLexer(data), res: &res, depth: depth}
	for {
		t := c.lex.Next()
		switch t {
		case pdf.TokenEOF:
			in.doc.operators += in.ops
			in.ops = 0
			return nil
		case pdf.TokenInt, pdf.TokenReal:
			c.args.push(operand{kind: t, num: c.lex.Num})
		case pdf.TokenName, pdf.TokenString:
			c.args.push(operand{kind: t, bytes: c.lex.Bytes})
		case pdf.TokenArrayOpen:
			c.args.push(operand{kind: t, pos: c.lex.Pos()})
			c.skip(t)
		case pdf.TokenDictOpen:
			c.args.push(operand{kind: t, pos: c.lex.Pos()})
			c.skip(t)
		case pdf.TokenKeyword:
			if err := in.tick(ctx); err != nil {
				return err
			}
			if err := c.operator(c.lex.Bytes); err != nil {
				return err
			}
			c.args.n = 0
			c.lex.Release()
		}
	}
}

// content is one content stream being executed.
type content struct {
	in    *interpreter
	ctx   context.Context
	lex   *pdf.Lexer
	res   *resources
	args  operands
	depth int
}

// skip passes over an array or dictionary that was just opened. A keyword that can only be an operator ends it: one
// missing bracket must not swallow the rest of the page.
func (c *content) skip(open pdf.Token) {
	arrays, dicts := 0, 0
	if open == pdf.TokenArrayOpen {
		arrays = 1
	} else {
		dicts = 1
	}
	for arrays > 0 || dicts > 0 {
		at := c.lex.Pos()
		switch c.lex.Next() {
		case pdf.TokenEOF:
			return
		case pdf.TokenArrayOpen:
			arrays++
		case pdf.TokenArrayClose:
			arrays = max(0, arrays-1)
		case pdf.TokenDictOpen:
			dicts++
		case pdf.TokenDictClose:
			dicts = max(0, dicts-1)
		case pdf.TokenKeyword:
			switch string(c.lex.Bytes) {
			case "true", "false", "null", "R":
			case "TJ", "ET", "BT", "Tj", "Td", "Tm", "Q", "BDC", "EMC", "Tf":
				c.lex.Seek(at)
				return
			}
		}
	}
}

// operator executes one operator. Those that neither show text nor draw lines nor change how that is done are ignored; so are
// operators whose operands are missing or of the wrong kind.
func (c *content) operator(op []byte) error {
	in, a := c.in, &c.args
	s := &in.state
	switch string(op) {
	case "q":
		return in.save()
	case "Q":
		in.restore()
	case "cm":
		if a.numbers(6) {
			if m := c.matrixArg().mul(s.ctm); m.sane() {
				s.ctm = m
			}
		}
	case "gs":
		return c.extGState()
	case "BT":
		in.textMatrix, in.lineMatrix = identity, identity
	case "Tf":
		return c.setFont()
	case "Tc":
		s.charSp = a.num(1)
	case "Tw":
		s.wordSp = a.num(1)
	case "Tz":
		s.scale = a.num(1) / 100
	case "TL":
		s.leading = a.num(1)
	case "Ts":
		s.rise = a.num(1)
	case "Tr":
		s.render = int(max(-1, min(a.num(1), 100)))
	case "Td":
		in.nextLine(a.num(2), a.num(1))
	case "TD":
		s.leading = -a.num(1)
		in.nextLine(a.num(2), a.num(1))
	case "Tm":
		if a.numbers(6) {
			if m := c.matrixArg(); m.sane() {
				in.textMatrix, in.lineMatrix = m, m
			}
		}
	case "T*":
		in.nextLine(0, -s.leading)
	case "Tj":
		return c.show(a)
	case "TJ":
		return c.showArray()
	case "'":
		in.nextLine(0, -s.leading)
		return c.show(a)
	case `"`:
		s.wordSp, s.charSp = a.num(3), a.num(2)
		in.nextLine(0, -s.leading)
		return c.show(a)
	case "Do":
		return c.xobject()
	case "sh":
		in.painted(wholePage, anyColor)
	case "BI":
		c.inlineImage()
		in.paintImage()
	case "BDC", "BMC", "EMC":
		return c.marked(op)
	default:
		if !c.setColor(op) {
			in.trace(op, a)
			in.path.operator(op, a, &s.ctm)
			in.paint(op)
		}
	}
	return nil
}

func (c *content) matrixArg() matrix {
	a := &c.args
	return matrix{a.num(6), a.num(5), a.num(4), a.num(3), a.num(2), a.num(1)}
}

// save pushes the graphics state. States beyond the kept ones are only counted, so that a file of nothing but q costs nothing.
func (in *interpreter) save() error {
	if len(in.stack) < keptStates {
		in.stack = append(in.stack, in.state)
		return nil
	}
	if in.deeper++; in.deeper+keptStates > in.doc.limits.States {
		return ErrLimit
	}
	return nil
}

// restore pops the graphics state; with nothing saved it does nothing.
func (in *interpreter) restore() {
	switch {
	case in.deeper > 0:
		in.deeper--
	case len(in.stack) > in.floor:
		in.state = in.stack[len(in.stack)-1]
		in.stack = in.stack[:len(in.stack)-1]
	}
}

// inlineImage skips from BI to EI (§8.9.7). Without a filter the length of the data follows from the dictionary, but few
// producers leave the filter out for anything but tiny images; the search for EI does for both.
func (c *content) inlineImage() {
	for {
		switch c.lex.Next() {
		case pdf.TokenEOF:
			return
		case pdf.TokenKeyword:
			switch string(c.lex.Bytes) {
			case "ID":
				c.lex.SkipInlineImage(-1)
				return
			case "EI":
				return
			}
		}
		c.lex.Release()
	}
}
