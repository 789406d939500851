package scrape

import (
	"net/url"
	"slices"
	"sort"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// dom is a parsed page with what finding needs, gathered in one walk.
type dom struct {
	root     *html.Node
	ignored  map[*html.Node]bool
	items    []item
	ids      map[string]*html.Node // nil for an id that several visible elements have
	password bool                  // a visible password field is there
	digid    bool                  // a visible form or link leads to the government's login
	doubtful bool                  // an element is there that [doubt] knows something of
	next     bool                  // a visible link leads to the next page of a list
}

// item is an element that finding looks at, in the order of the page.
type item struct {
	node  *html.Node
	kind  itemKind
	level int // of a heading, 1 to 6; 0 for one that titles the container around it
	end   int // of a container: the index behind its last item
	in    int // of a heading: the index of the smallest container around it, -1 for none
}

type itemKind uint8

const (
	itemHeading itemKind = iota + 1
	itemContainer
	itemTable
	itemTerm     // dt
	itemRow      // tr that begins with a th
	itemLabel    // label
	itemLabelled // aria-labelledby
	itemPara     // li or p
)

func newDOM(root *html.Node, ignore []goquery.Matcher) *dom {
	d := &dom{root: root, ids: map[string]*html.Node{}}
	for _, m := range ignore {
		for _, n := range goquery.NewDocumentFromNode(root).FindMatcher(m).Nodes {
			if d.ignored == nil {
				d.ignored = map[*html.Node]bool{}
			}
			d.ignored[n] = true
		}
	}
	s := scanner{d: d, first: true}
	s.walk(root, -1)
	d.items = s.items
	return d
}

// scan gathers the items of one element's inside.
func (d *dom) scan(n *html.Node) []item {
	s := scanner{d: d}
	s.walk(n, -1)
	return s.items
}

// titled are the elements that a legend, a caption and a summary title.
var titled = map[atom.Atom]atom.Atom{atom.Legend: atom.Fieldset, atom.Caption: atom.Table, atom.Summary: atom.Details}

type scanner struct {
	d     *dom
	items []item
	first bool
}

// walk visits what is visible. Its depth is that of the page, which html.Parse bounds at 512.
func (s *scanner) walk(n *html.Node, in int) {
	opened := -1
	if n.Type == html.ElementNode {
		if s.d.hidden(n) {
			return
		}
		opened = s.element(n, in)
		if opened >= 0 {
			in = opened
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode {
			s.walk(c, in)
		}
	}
	if opened >= 0 {
		if opened == len(s.items)-1 && n.DataAtom == atom.Td {
			s.items = s.items[:opened] // most cells hold nothing that anybody looks for
			return
		}
		s.items[opened].end = len(s.items)
	}
}

// element adds the items of one element and returns the index of the container that it opens, -1 for none.
func (s *scanner) element(n *html.Node, in int) int {
	var role, labelledby, level string
	for i := range n.Attr {
		switch a := &n.Attr[i]; a.Key {
		case "id":
			if s.first && a.Val != "" {
				if _, twice := s.d.ids[a.Val]; twice {
					s.d.ids[a.Val] = nil
				} else {
					s.d.ids[a.Val] = n
				}
			}
		case "role":
			role = a.Val
		case "aria-labelledby":
			labelledby = a.Val
		case "aria-level":
			level = a.Val
		case "type":
			if s.first && n.DataAtom == atom.Input && strings.EqualFold(a.Val, "password") {
				s.d.password = true
			}
		case "href", "action":
			if s.first && strings.Contains(strings.ToLower(a.Val), "digid.nl") {
				u, err := url.Parse(strings.TrimSpace(a.Val))
				s.d.digid = s.d.digid || err == nil && toDigiD(u)
			}
		case "rel":
			if s.first && n.DataAtom == atom.A && hasAttr(n, "href") {
				s.d.next = s.d.next || slices.Contains(strings.Fields(strings.ToLower(a.Val)), "next")
			}
		}
	}
	s.d.doubtful = s.d.doubtful || s.first && doubt(n) != ""
	add := func(k itemKind, level int) int {
		s.items = append(s.items, item{node: n, kind: k, level: level, in: in})
		return len(s.items) - 1
	}
	opened := -1
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		add(itemHeading, int(n.Data[1]-'0'))
		return -1
	case atom.Legend, atom.Caption, atom.Summary:
		// They title the element around them. Anywhere else they say nothing of where their section ends.
		if in >= 0 && s.items[in].node.DataAtom == titled[n.DataAtom] {
			add(itemHeading, 0)
		}
		return -1
	case atom.Section, atom.Article, atom.Aside, atom.Nav, atom.Main, atom.Fieldset, atom.Details, atom.Form, atom.Dialog,
		atom.Body, atom.Td, atom.Header, atom.Footer:
		if n.DataAtom != atom.Header || n.Parent != nil && n.Parent.DataAtom == atom.Body {
			opened = add(itemContainer, 0)
		}
	case atom.Table:
		opened = add(itemTable, 0)
	case atom.Dt:
		add(itemTerm, 0)
	case atom.Tr:
		if f := firstElement(n); f != nil && f.DataAtom == atom.Th {
			add(itemRow, 0)
		}
	case atom.Label:
		add(itemLabel, 0)
	case atom.Li, atom.P:
		add(itemPara, 0)
	}
	if role == "heading" {
		l := 2
		if len(level) == 1 && level[0] >= '1' && level[0] <= '6' {
			l = int(level[0] - '0')
		}
		add(itemHeading, l)
		return opened
	}
	if opened < 0 && (role == "region" || role == "group" || role == "dialog" || role == "tabpanel") {
		opened = add(itemContainer, 0)
	}
	if labelledby != "" {
		i := add(itemLabelled, 0)
		if opened < 0 {
			opened = i
		} else {
			s.items[i].end = i // the container before it says how far it reaches
		}
	}
	return opened
}

func firstElement(n *html.Node) *html.Node {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode {
			return c
		}
	}
	return nil
}

// hidden reports whether the element is one that browsers do not show: by its name, by its attributes, or because the
// recipe says so. Style sheets are not applied.
func (d *dom) hidden(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Head, atom.Script, atom.Style, atom.Template, atom.Noscript, atom.Datalist, atom.Title:
		return true
	}
	open := n.DataAtom != atom.Dialog
	for i := range n.Attr {
		switch a := &n.Attr[i]; a.Key {
		case "hidden", "popover":
			return true
		case "open":
			open = true
		case "aria-hidden":
			if strings.EqualFold(a.Val, "true") {
				return true
			}
		case "style":
			if hidingStyle(a.Val) {
				return true
			}
		case "type":
			if n.DataAtom == atom.Input && strings.EqualFold(a.Val, "hidden") {
				return true
			}
		}
	}
	return !open || d.ignored[n]
}

// hidingStyle looks for the declarations that take an element out of sight.
func hidingStyle(s string) bool {
	if s == "" {
		return false
	}
	for decl := range strings.SplitSeq(strings.ToLower(s), ";") {
		name, v, _ := strings.Cut(decl, ":")
		v = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(v), "!important"))
		switch strings.TrimSpace(name) {
		case "display":
			if v == "none" {
				return true
			}
		case "visibility":
			if v == "hidden" || v == "collapse" {
				return true
			}
		case "opacity", "font-size":
			if v == "0" || v == "0%" || v == "0px" || v == "0.0" {
				return true
			}
		}
	}
	return false
}

// visible reports whether neither the element nor one around it is hidden.
func (d *dom) visible(n *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if n.Type == html.ElementNode && d.hidden(n) {
			return false
		}
	}
	return true
}

// match returns the visible elements under n that a selector matches.
func (d *dom) match(n *html.Node, m goquery.Matcher) []*html.Node {
	out := goquery.NewDocumentFromNode(n).FindMatcher(m).Nodes
	k := 0
	for _, e := range out {
		if d.visible(e) {
			out[k] = e
			k++
		}
	}
	return out[:k]
}

// ofPage reports whether an element stands under no heading but one of the page itself: one of level 1.
func (d *dom) ofPage(n *html.Node) bool {
	i := sort.Search(len(d.items), func(i int) bool { return !before(d.items[i].node, n) })
	for i--; i >= 0; i-- {
		it := d.items[i]
		if it.kind == itemHeading && (it.in < 0 || contains(d.items[it.in].node, n)) {
			return it.level == 1
		}
	}
	return true
}

// heads returns the indexes of the visible headings that have one of the texts. One inside another, as in a legend, is the
// same.
func (d *dom) heads(t texts) (found []int) {
	if len(t) == 0 {
		return nil
	}
	for i, it := range d.items {
		if it.kind != itemHeading || !t[fold(d.label(it.node))] {
			continue
		}
		if n := len(found); n == 0 || !contains(d.items[found[n-1]].node, it.node) {
			found = append(found, i)
		}
	}
	return found
}
