package scrape

import (
	"slices"
	"sort"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// region is the part of a page that a section reaches over: the inside of root, behind start and before end, where those
// are not nil.
type region struct {
	d          *dom
	root       *html.Node
	start, end *html.Node
	items      []item
	cands      map[string][]candidate
	values     map[*html.Node]bool // the values of the candidates
	lists      map[*html.Node]bool // whether a list of terms begins with a term
}

// within returns the region of an element's inside.
func (d *dom) within(n *html.Node) *region {
	return &region{d: d, root: n, items: d.scan(n)}
}

// under returns the region of a heading, by its index among the items.
func (d *dom) under(h int) *region {
	head := d.items[h]
	// An element that names the heading as its label is the section.
	if id := attr(head.node, "id"); id != "" {
		for i, it := range d.items {
			if it.kind != itemLabelled || attr(it.node, "aria-labelledby") != id || !contains(it.node, head.node) && it.node.Parent != head.node.Parent {
				continue
			}
			if i > 0 && d.items[i-1].node == it.node && it.end <= i {
				i--
			}
			return &region{d: d, root: it.node, items: d.items[i:d.items[i].end]}
		}
	}
	in := head.in
	if in < 0 {
		return &region{d: d, root: d.root, start: head.node, items: d.items[h+1:]}
	}
	box := d.items[in]
	if head.level == 0 {
		return &region{d: d, root: box.node, items: d.items[in:box.end]}
	}
	r := &region{d: d, root: box.node, start: head.node}
	last := h + 1
	for ; last < box.end; last++ {
		if it := d.items[last]; it.kind == itemHeading && it.level > 0 && it.level <= head.level {
			r.end = it.node
			break
		}
	}
	r.items = d.items[h+1 : last]
	return r
}

// has reports whether one of the region's items is the element.
func (r *region) has(n *html.Node) bool {
	return slices.ContainsFunc(r.items, func(it item) bool { return it.node == n })
}

func contains(outer, n *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if n == outer {
			return true
		}
	}
	return false
}

// each visits the visible elements of the region in their order. visit says whether to go on inside the element.
func (r *region) each(visit func(*html.Node) bool) {
	n := r.root
	if r.start != nil {
		n = r.beside(r.start)
	} else {
		n = n.FirstChild
	}
	for n != nil && n != r.end {
		inside := n.Type == html.ElementNode && !r.d.hidden(n) && visit(n)
		if inside && n.FirstChild != nil {
			n = n.FirstChild
			continue
		}
		if !inside && r.end != nil && contains(n, r.end) {
			return
		}
		n = r.beside(n)
	}
}

// beside returns the node behind n and its inside, nil at the end of the root.
func (r *region) beside(n *html.Node) *html.Node {
	for n != nil && n != r.root {
		if n.NextSibling != nil {
			return n.NextSibling
		}
		n = n.Parent
	}
	return nil
}

// match returns the visible elements of the region that a selector matches. They come in the order of the page, so that
// those between start and end are found by halving: asking each would count all siblings for each.
func (r *region) match(m goquery.Matcher) []*html.Node {
	ns := r.d.match(r.root, m)
	if r.start != nil {
		ns = ns[sort.Search(len(ns), func(i int) bool { return before(r.start, ns[i]) && !contains(r.start, ns[i]) }):]
	}
	if r.end != nil {
		ns = ns[:sort.Search(len(ns), func(i int) bool { return !before(ns[i], r.end) })]
	}
	return ns
}

// before reports whether a begins before b in the page.
func before(a, b *html.Node) bool {
	if a == b {
		return false
	}
	var pa, pb []*html.Node
	for n := a; n != nil; n = n.Parent {
		pa = append(pa, n)
	}
	for n := b; n != nil; n = n.Parent {
		pb = append(pb, n)
	}
	i, j := len(pa)-1, len(pb)-1
	for i >= 0 && j >= 0 && pa[i] == pb[j] {
		i--
		j--
	}
	if i < 0 || j < 0 {
		return i < 0 // the outer one begins first
	}
	for n := pa[i].NextSibling; n != nil; n = n.NextSibling {
		if n == pb[j] {
			return true
		}
	}
	return false
}

// says reports whether an element of the region has one of the texts for itself. Rows of tables with several cells hold
// data and are passed over.
func (r *region) says(t texts) bool { return r.saying(t) != nil }

// saying returns the first element that says it.
func (r *region) saying(t texts) (found *html.Node) {
	if len(t) == 0 {
		return nil
	}
	r.each(func(n *html.Node) bool {
		if found != nil || n.DataAtom == atom.Tr && r.d.severalCells(n) {
			return false
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Type == html.TextNode && strings.TrimSpace(c.Data) != "" {
				if t[fold(r.d.label(n))] {
					found = n
				}
				break
			}
		}
		return found == nil
	})
	return found
}

// candidate is one place where a label stands, with the values behind it.
type candidate struct {
	nodes   []*html.Node
	text    string // instead of nodes, where split
	split   bool
	control bool
}

// labels gathers the labels of the region, once.
func (r *region) labels() map[string][]candidate {
	if r.cands != nil {
		return r.cands
	}
	r.cands = map[string][]candidate{}
	r.values = map[*html.Node]bool{}
	r.lists = map[*html.Node]bool{}
	for _, it := range r.items {
		n := it.node
		if r.inValue(n) {
			continue // what stands in the value of another label is about that
		}
		switch it.kind {
		case itemTerm:
			r.add(r.d.label(n), candidate{nodes: r.d.values(r.definitions(n))})
		case itemRow:
			cells := r.d.cells(n)
			if len(cells) < 2 || cells[0].DataAtom != atom.Th || cells[1].DataAtom == atom.Th {
				continue // a row of headings
			}
			values := r.d.values(cells[1:])
			if spans(cells[0]) {
				values = nil // rows below have values for the same label
			}
			r.add(r.d.label(cells[0]), candidate{nodes: values})
		case itemLabel:
			switch c := r.d.controlOf(n); {
			case c == nil:
			case !contains(r.root, c):
				r.add(r.d.label(n), candidate{}) // the control of another part of the page
			default:
				r.add(r.d.label(n), candidate{nodes: []*html.Node{c}, control: true})
			}
		case itemLabelled, itemContainer, itemTable:
			if it.kind == itemLabelled && r.leaf(n) {
				r.add(r.d.labelOf(n), candidate{nodes: []*html.Node{n}, control: true})
			}
		case itemPara:
			r.colon(n)
		}
	}
	return r.cands
}

func (r *region) add(label string, c candidate) {
	l := fold(label)
	r.cands[l] = append(r.cands[l], c)
	for _, n := range c.nodes {
		r.values[n] = true
	}
}

// inValue reports whether n stands inside a value that was found before it.
func (r *region) inValue(n *html.Node) bool {
	for n = n.Parent; n != nil && n != r.root; n = n.Parent {
		if r.values[n] {
			return true
		}
	}
	return false
}

// leaf reports whether a labelled element is a value, and not a group with a title. What a value holds beyond plain text is
// found when it is read.
func (r *region) leaf(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Section, atom.Article, atom.Form, atom.Fieldset, atom.Table, atom.Dl, atom.Ul, atom.Ol, atom.Main, atom.Nav,
		atom.Aside, atom.Dialog, atom.Details, atom.Tr, atom.Tbody:
		return false
	case atom.A, atom.Button, atom.Img, atom.Svg:
		return false // what one can do about the label's value, or a picture of it
	}
	switch attr(n, "role") {
	case "region", "group", "dialog", "tabpanel", "list", "table", "grid":
		return false
	}
	for id := range strings.FieldsSeq(attr(n, "aria-labelledby")) {
		if t := r.d.ids[id]; t != nil {
			switch t.DataAtom {
			case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Legend, atom.Caption, atom.Summary:
				return false
			}
		}
	}
	return true
}

// colon takes "label: value" of a paragraph or an item of a list.
func (r *region) colon(n *html.Node) {
	s, p := r.d.plain(n, false)
	if p != "" {
		// Something else stands in it. If that is about a label of the recipe, nobody can tell which value is meant. An item
		// that begins with another block holds things that speak for themselves.
		if label, _, ok := strings.Cut(squeeze(r.d.lead(n)), ":"); ok {
			r.add(label, candidate{})
			r.values[n] = true
		}
		return
	}
	label, v, ok := strings.Cut(s, ":")
	switch v = strings.TrimSpace(v); {
	case !ok || v == "":
	case strings.Contains(v, ": ") || strings.HasSuffix(v, ":"):
		r.add(label, candidate{}) // another label follows, and nobody can tell where the value ends
	default:
		r.add(label, candidate{text: v, split: true})
	}
}

// definitions returns the visible dd elements directly behind a dt; none in a list that begins with a dd: its labels stand
// behind their values.
func (r *region) definitions(dt *html.Node) (out []*html.Node) {
	ordered, known := r.lists[dt.Parent]
	if !known {
		for c := dt.Parent.FirstChild; c != nil; c = c.NextSibling {
			if (c.DataAtom == atom.Dt || c.DataAtom == atom.Dd) && !r.d.hidden(c) {
				ordered = c.DataAtom == atom.Dt
				break
			}
		}
		r.lists[dt.Parent] = ordered
	}
	if !ordered {
		return nil
	}
	for c := dt.NextSibling; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode || r.d.hidden(c) {
			continue
		}
		if c.DataAtom != atom.Dd {
			break
		}
		out = append(out, c)
	}
	return out
}

func (d *dom) severalCells(tr *html.Node) bool {
	n := 0
	for c := tr.FirstChild; c != nil && n < 2; c = c.NextSibling {
		if (c.DataAtom == atom.Td || c.DataAtom == atom.Th) && !d.hidden(c) {
			n++
		}
	}
	return n > 1
}

// cells returns the visible cells of a row itself.
func (d *dom) cells(tr *html.Node) []*html.Node {
	out := make([]*html.Node, 0, 8)
	for c := tr.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && (c.DataAtom == atom.Td || c.DataAtom == atom.Th) && !d.hidden(c) {
			out = append(out, c)
		}
	}
	return out
}

// controlOf returns the element that a label is for.
func (d *dom) controlOf(label *html.Node) *html.Node {
	if id := attr(label, "for"); id != "" {
		return d.ids[id]
	}
	for c := range label.Descendants() {
		switch c.DataAtom {
		case atom.Input, atom.Select, atom.Textarea, atom.Output:
			if d.visible(c) {
				return c
			}
		}
	}
	return nil
}

// labelOf returns the text that aria-labelledby points at; "" where an element is missing.
func (d *dom) labelOf(n *html.Node) string {
	var b strings.Builder
	for id := range strings.FieldsSeq(attr(n, "aria-labelledby")) {
		t := d.ids[id]
		if t == nil || t == n {
			return ""
		}
		b.WriteString(d.label(t))
		b.WriteByte(' ')
		if b.Len() > maxLabel {
			break
		}
	}
	return b.String()
}
