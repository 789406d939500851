package scrape

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// label returns the text of a heading or label: all of it that is visible, but for footnote marks.
func (d *dom) label(n *html.Node) string {
	if c := n.FirstChild; c != nil && c.NextSibling == nil && c.Type == html.TextNode {
		return c.Data
	}
	var b strings.Builder
	d.appendLabel(&b, n)
	return b.String()
}

func (d *dom) appendLabel(b *strings.Builder, n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.Type == html.TextNode:
			b.WriteString(c.Data)
		case c.Type != html.ElementNode || c.DataAtom == atom.Sup || c.DataAtom == atom.Svg || d.hidden(c):
		case c.DataAtom == atom.Input || c.DataAtom == atom.Select || c.DataAtom == atom.Textarea:
			// A label may stand around its control.
		default:
			gap := !phrasing(c)
			if gap {
				b.WriteByte(' ')
			}
			d.appendLabel(b, c)
			if gap {
				b.WriteByte(' ')
			}
		}
	}
}

// phrasing reports elements that browsers set within a line.
func phrasing(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Span, atom.B, atom.Strong, atom.Em, atom.I, atom.Time, atom.Data, atom.Bdi, atom.Bdo, atom.Abbr, atom.Small,
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
	linkBeside problem = "has a link beside its text"
	noteDigit  problem = "has raised digits"
)

// plainText gathers the text of a value as a person reads it. What could be read in two ways is a problem: a raised digit may
// be a footnote or cents; digits of two elements may have a mark between them that a style sheet draws; a link beside the
// text may be an action.
type plainText struct {
	d        *dom
	lines    []string
	cur      strings.Builder
	lastText *html.Node
	lastByte byte
	inLink   bool
	linked   bool
	unlinked bool
	problem  problem
}

func (d *dom) plain(n *html.Node, lines bool) (string, problem) {
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
	p.lastByte = 0
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
	if isDigit(s[0]) && isDigit(p.lastByte) && p.lastText != n {
		p.problem = splitDigit
		return
	}
	if strings.TrimSpace(s) != "" {
		p.linked = p.linked || p.inLink
		p.unlinked = p.unlinked || !p.inLink
	}
	p.cur.WriteString(s)
	p.lastText, p.lastByte = n, s[len(s)-1]
}

func (p *plainText) element(n *html.Node) {
	switch n.DataAtom {
	case atom.Br:
		p.endLine()
		return
	case atom.Wbr, atom.Svg, atom.Button:
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
	var b strings.Builder
	p.d.appendLabel(&b, n)
	s := squeeze(b.String())
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
		return d.plain(found[0], lines)
	}
	return d.plain(n, lines)
}
