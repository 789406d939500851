package scrape

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// label returns the text of a heading or label: all of it that is visible, but for footnote marks, tooltips, and buttons
// beside a text.
func (d *dom) label(n *html.Node) string {
	if c := n.FirstChild; c != nil && c.NextSibling == nil && c.Type == html.TextNode {
		return c.Data
	}
	l := labelText{d: d}
	l.walk(n)
	if l.button && strings.TrimSpace(l.b.String()) == "" {
		l = labelText{d: d, all: true}
		l.walk(n)
	}
	return l.b.String()
}

// lead returns the text that an element begins with, before the first block inside it.
func (d *dom) lead(n *html.Node) string {
	l := labelText{d: d, lead: true}
	l.walk(n)
	return l.b.String()
}

// maxLabel is how many bytes, and how many nodes, of a label are looked at: a longer one is none of a recipe. Without it,
// elements with much text inside each other would take a time that grows with the square of the page.
const maxLabel = 4 << 10

type labelText struct {
	d      *dom
	b      strings.Builder
	nodes  int
	all    bool // with buttons
	lead   bool // up to the first block only
	button bool // one was left out
}

func (l *labelText) walk(n *html.Node) {
	for c := n.FirstChild; c != nil && l.b.Len() < maxLabel && l.nodes < maxLabel; c = c.NextSibling {
		l.nodes++
		switch {
		case c.Type == html.TextNode:
			l.text(c.Data)
		case c.Type != html.ElementNode || c.DataAtom == atom.Sup || c.DataAtom == atom.Svg || l.d.hidden(c) || aside(c):
		case c.DataAtom == atom.Button && !l.all:
			l.button = true
		case l.lead && !phrasing(c):
			l.nodes = maxLabel
			return
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

// aside reports what explains a text and is no part of it.
func aside(n *html.Node) bool {
	role := attr(n, "role")
	return role == "tooltip" || role == "doc-noteref"
}

// custom reports an element of a portal's own, which browsers set within a line, unless it draws itself.
func custom(n *html.Node) bool {
	if n.DataAtom != 0 || n.Namespace != "" || !strings.Contains(n.Data, "-") {
		return false
	}
	for c := range n.ChildNodes() {
		if c.DataAtom == atom.Template && hasAttr(c, "shadowrootmode") {
			return false
		}
	}
	return true
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
	linkOnly   problem = "is a link that does something"
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
	button   bool // one was left out
	linked   bool
	unlinked bool
	problem  problem
}

func (d *dom) plain(n *html.Node, lines bool) (string, problem) {
	if p := d.doubt(n); p != "" {
		return "", p
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
	case p.linked && isAction(p.lines[0]):
		return "", linkOnly
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

// doubt reports an element whose text does not hold: struck out, or still being loaded.
func doubt(n *html.Node) problem {
	switch n.DataAtom {
	case atom.Del, atom.S, atom.Strike:
		return struckOut
	}
	for i := range n.Attr {
		switch a := &n.Attr[i]; a.Key {
		case "style":
			if strings.Contains(strings.ToLower(a.Val), "line-through") {
				return struckOut
			}
		case "aria-busy":
			if strings.EqualFold(a.Val, "true") {
				return notLoaded
			}
		}
	}
	return ""
}

// doubt reports the same of an element and those around it.
func (d *dom) doubt(n *html.Node) problem {
	for ; d.doubtful && n != nil; n = n.Parent {
		if p := doubt(n); p != "" {
			return p
		}
	}
	return ""
}

// actions are words that links begin with which do something about a value.
var actions = []string{
	"wijzig", "wijzigen", "aanpassen", "bewerk", "bewerken", "verwijder", "verwijderen", "bekijk", "bekijken", "voeg", "toevoegen",
	"vul", "invullen", "change", "edit", "view", "add",
}

// isAction reports the text of such a link.
func isAction(s string) bool {
	word, _, _ := strings.Cut(fold(s), " ")
	return slices.Contains(actions, word)
}

// values leaves out of what stands behind a label what one can do about the first.
func (d *dom) values(ns []*html.Node) []*html.Node {
	if len(ns) < 2 {
		return ns
	}
	out := ns[:1:1]
	for _, n := range ns[1:] {
		if !d.action(n) {
			out = append(out, n)
		}
	}
	return out
}

// action reports whether an element holds nothing but buttons, and links that say what they do.
func (d *dom) action(n *html.Node) bool {
	p := plainText{d: d}
	p.walk(n)
	p.endLine()
	if p.problem != "" || p.unlinked {
		return false
	}
	other := slices.ContainsFunc(p.lines, func(l string) bool { return !isAction(l) })
	return !other && (p.linked || p.button)
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
	if aside(n) {
		return
	}
	if p.problem = doubt(n); p.problem != "" {
		return
	}
	switch n.DataAtom {
	case atom.Svg:
		return
	case atom.Button:
		p.button = true
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
	if !phrasing(n) && !custom(n) {
		p.problem = notPlain // a table, a list, a control
		return
	}
	p.walk(n)
}

// footnote reports whether a raised text is the mark of a note: a link within the page, or no digit in it.
func (p *plainText) footnote(n *html.Node) bool {
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
