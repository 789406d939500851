package scrape

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// label returns the text of a heading or label: all of it that is visible, but for footnote marks.
func (d *dom) label(n *html.Node) string {
	if c := n.FirstChild; c != nil && c.NextSibling == nil && c.Type == html.TextNode {
		return c.Data
	}
	l := labelText{d: d}
	l.walk(n)
	return l.b.String()
}

// maxLabel is how many bytes, and how many nodes, of a label are looked at: a longer one is none of a recipe. Without it,
// elements with much text inside each other would take a time that grows with the square of the page.
const maxLabel = 4 << 10

type labelText struct {
	d     *dom
	b     strings.Builder
	nodes int
}

func (l *labelText) walk(n *html.Node) {
	for c := n.FirstChild; c != nil && l.b.Len() < maxLabel && l.nodes < maxLabel; c = c.NextSibling {
		l.nodes++
		switch {
		case c.Type == html.TextNode:
			l.text(c.Data)
		case c.Type != html.ElementNode || c.DataAtom == atom.Sup || c.DataAtom == atom.Svg || l.d.hidden(c):
		case c.DataAtom == atom.Input || c.DataAtom == atom.Select || c.DataAtom == atom.Textarea:
			// A label may stand around its control.
		default:
			gap := !phrasing(c)
			if gap {
				l.b.WriteByte(' ')
			}
			l.walk(c)
			if gap {
				l.b.WriteByte(' ')
			}
		}
	}
}

// text adds a text without the white space that pages are indented with: it must not use up the limit.
func (l *labelText) text(s string) {
	in := strings.TrimSpace(s)
	if len(in) < len(s) {
		l.b.WriteByte(' ')
	}
	l.b.WriteString(in)
	if len(in) < len(s) && in != "" {
		l.b.WriteByte(' ')
	}
}

// phrasing reports elements that browsers set within a line.
func phrasing(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Span, atom.B, atom.Strong, atom.Em, atom.I, atom.Time, atom.Data, atom.Bdi, atom.Abbr, atom.Small,
		atom.Mark, atom.Output, atom.A, atom.U, atom.Font, atom.Code, atom.Kbd, atom.Var, atom.Samp, atom.Q, atom.Cite,
		atom.Wbr, atom.Label, atom.Sup, atom.Sub, atom.Button, atom.Svg, atom.Img:
		return true
	}
	return false
}

// problem says why an element's text is not taken. The texts go into errors.
type problem string

const (
	notPlain   problem = "holds more than plain text"
	manyLines  problem = "has several lines"
	splitDigit problem = "has digits that run on over elements"
	splitWord  problem = "has words that run on over elements"
	withLabel  problem = "has its label in it"
	struckOut  problem = "is struck out"
	notLoaded  problem = "is still being loaded"
	linkBeside problem = "has a link beside its text"
	noteDigit  problem = "has raised digits"
)

// plainText gathers the text of a value as a person reads it. What could be read in two ways is a problem: a raised digit may
// be a footnote or cents; digits of two elements may have a mark between them that a style sheet draws, and words a space;
// a link beside the text may be an action.
type plainText struct {
	d        *dom
	lines    []string
	cur      strings.Builder
	last     rune
	edge     bool // an element began or ended since last
	inLink   bool
	linked   bool
	unlinked bool
	problem  problem
}

func (d *dom) plain(n *html.Node, lines bool) (string, problem) {
	switch {
	case struck(n):
		return "", struckOut
	case d.loading(n):
		return "", notLoaded
	}
	if c := n.FirstChild; c != nil && c.NextSibling == nil && c.Type == html.TextNode {
		return squeeze(c.Data), ""
	}
	p := plainText{d: d}
	p.walk(n)
	p.endLine()
	switch {
	case p.problem != "":
		return "", p.problem
	case p.linked && p.unlinked:
		return "", linkBeside
	case len(p.lines) > 1 && !lines:
		return "", manyLines
	}
	return strings.Join(p.lines, " "), ""
}

func (p *plainText) endLine() {
	if s := squeeze(p.cur.String()); s != "" {
		p.lines = append(p.lines, s)
	}
	p.cur.Reset()
	p.last = 0
}

func (p *plainText) walk(n *html.Node) {
	for c := n.FirstChild; c != nil && p.problem == ""; c = c.NextSibling {
		switch c.Type {
		case html.TextNode:
			p.text(c)
		case html.ElementNode:
			if !p.d.hidden(c) {
				p.element(c)
			}
		}
	}
}

func (p *plainText) text(n *html.Node) {
	s := n.Data
	if s == "" {
		return
	}
	first, _ := utf8.DecodeRuneInString(s)
	switch {
	case unicode.IsDigit(first) && unicode.IsDigit(p.last):
		p.problem = splitDigit
		return
	case p.edge && inWord(first) && inWord(p.last):
		p.problem = splitWord
		return
	}
	if strings.TrimSpace(s) != "" {
		p.linked = p.linked || p.inLink
		p.unlinked = p.unlinked || !p.inLink
	}
	p.cur.WriteString(s)
	p.last, _ = utf8.DecodeLastRuneInString(s)
	p.edge = false
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// struck reports an inline style that strikes a text out.
func struck(n *html.Node) bool { return strings.Contains(attr(n, "style"), "line-through") }

// loading reports whether the element is part of one that says that its content is not there yet.
func (d *dom) loading(n *html.Node) bool {
	for ; d.busy && n != nil; n = n.Parent {
		if n.Type == html.ElementNode && strings.EqualFold(attr(n, "aria-busy"), "true") {
			return true
		}
	}
	return false
}

func (p *plainText) element(n *html.Node) {
	switch n.DataAtom {
	case atom.Br:
		p.endLine()
		return
	case atom.Wbr:
		return // a place where a word may be broken, and no gap
	}
	p.edge = true
	defer func() { p.edge = true }()
	switch n.DataAtom {
	case atom.Svg, atom.Button:
		return
	case atom.Sup:
		if !p.footnote(n) {
			p.problem = noteDigit
		}
		return
	case atom.P, atom.Div, atom.Address:
		p.endLine()
		p.walk(n)
		p.endLine()
		return
	case atom.A:
		was := p.inLink
		if hasAttr(n, "href") {
			p.inLink = true
		}
		p.walk(n)
		p.inLink = was
		return
	case atom.Sub, atom.Img, atom.Label:
		p.problem = notPlain
		return
	}
	if attr(n, "role") == "tooltip" {
		return
	}
	if !phrasing(n) {
		p.problem = notPlain // a table, a list, a control, a text that was struck out
		return
	}
	if struck(n) {
		p.problem = struckOut
		return
	}
	p.walk(n)
}

// footnote reports whether a raised text is the mark of a note: a link within the page, or no digit in it.
func (p *plainText) footnote(n *html.Node) bool {
	if attr(n, "role") == "doc-noteref" {
		return true
	}
	if f := firstElement(n); f != nil && f.DataAtom == atom.A && strings.HasPrefix(attr(f, "href"), "#") {
		return true
	}
	if n.Parent != nil && n.Parent.DataAtom == atom.A && strings.HasPrefix(attr(n.Parent, "href"), "#") {
		return true
	}
	l := labelText{d: p.d}
	l.walk(n)
	s := squeeze(l.b.String())
	return s == "*" || s == "**" || s == "\u2020" || s == "\u2021"
}

// control returns what a form control shows.
func (d *dom) control(n *html.Node, lines bool) (string, problem) {
	switch n.DataAtom {
	case atom.Input:
		switch strings.ToLower(attr(n, "type")) {
		case "", "text", "number", "date", "tel", "email", "month":
			return squeeze(attr(n, "value")), ""
		}
		return "", notPlain
	case atom.Select:
		var found []*html.Node
		for c := range n.Descendants() {
			if c.DataAtom == atom.Option && hasAttr(c, "selected") {
				found = append(found, c)
			}
		}
		if len(found) != 1 {
			return "", notPlain
		}
		if o := found[0]; d.hidden(o) || hasAttr(o, "disabled") || hasAttr(o, "value") && attr(o, "value") == "" {
			return "", "" // what stands there until somebody chooses
		}
		return d.plain(found[0], lines)
	}
	return d.plain(n, lines)
}
