package scrape

import (
	"github.com/brondata/brondata/sources"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// fault is what is not as the recipe says, in names of the recipe only.
type fault struct {
	section, field, text string
}

func (e *fault) err(page string) error {
	s := "page " + page
	if e.section != "" {
		s += ", section " + e.section
	}
	if e.field != "" {
		s += ", field " + e.field
	}
	return sources.Errorf(sources.ErrLayoutChanged, "%s: %s", s, e.text)
}

// in names the section of a fault.
func (e *fault) in(section string) *fault {
	e.section = section
	return e
}

// got is what was found of a field: a text, or that it is absent where that may be.
type got struct {
	text   string
	absent bool
}

// find returns the field's only value in the region.
func (r *region) find(f *field) (got, *fault) {
	var cands []candidate
	if f.sel != nil {
		for _, n := range r.d.match(r.root, f.sel) {
			if r.holds(n) {
				cands = append(cands, candidate{nodes: []*html.Node{n}, control: true})
			}
		}
	} else {
		all := r.labels()
		for l := range f.labels {
			cands = append(cands, all[l]...)
		}
	}
	if len(cands) == 0 {
		if f.Optional {
			return got{absent: true}, nil
		}
		if f.sel != nil {
			return got{}, &fault{field: f.Into, text: "nothing matches the selector"}
		}
		return got{}, &fault{field: f.Into, text: "the label is missing"}
	}
	var out got
	var seen *html.Node
	for i, c := range cands {
		if !c.split && len(c.nodes) != 1 {
			return got{}, &fault{field: f.Into, text: "the label has not exactly one value"}
		}
		if !c.split && c.nodes[0] == seen {
			continue // a value may have two labels
		}
		s, p := r.text(c, f)
		if p != "" {
			return got{}, &fault{field: f.Into, text: "the value " + string(p)}
		}
		if i > 0 && s != out.text {
			return got{}, &fault{field: f.Into, text: "it is there twice with different values"}
		}
		out.text = s
		if !c.split {
			seen = c.nodes[0]
		}
	}
	return out, nil
}

func (r *region) text(c candidate, f *field) (string, problem) {
	switch {
	case c.split:
		return c.text, ""
	case f.Attr != "":
		if !hasAttr(c.nodes[0], f.Attr) {
			return "", "lacks its attribute"
		}
		return squeeze(attr(c.nodes[0], f.Attr)), ""
	case c.control:
		if !r.d.visible(c.nodes[0]) {
			return "", "is hidden"
		}
		return r.d.control(c.nodes[0], f.Lines)
	}
	return r.d.plain(c.nodes[0], f.Lines)
}

// table is the one table of a region that has the section's columns.
type table struct {
	columns []int // of each field, -1 for one that may be missing
	width   int
	rows    [][]*html.Node
}

// table finds the columns by the texts at their heads, so that columns may move and others come between them.
func (r *region) table(s *section) (*table, *fault) {
	var found *table
	missing := &fault{text: "there is no table with headings"}
	for _, it := range r.items {
		if it.kind != itemTable || r.root != it.node && !r.holds(it.node) {
			continue
		}
		head, rows, f := r.d.rows(it.node)
		if f != nil {
			missing = f
			continue
		}
		t, f := columns(s, r.d, head)
		if f != nil {
			missing = f
			continue
		}
		if found != nil {
			return nil, &fault{text: "two tables have the columns"}
		}
		t.rows, t.width = rows, len(head)
		found = t
	}
	if found == nil {
		return nil, missing
	}
	return found, nil
}

func columns(s *section, d *dom, head []*html.Node) (*table, *fault) {
	names := make([]string, len(head))
	for i, h := range head {
		names[i] = fold(d.label(h))
		if spans(h) {
			return nil, &fault{text: "a column's heading spans several"}
		}
	}
	t := &table{columns: make([]int, len(s.fields))}
	for i := range s.fields {
		f := &s.fields[i]
		t.columns[i] = -1
		for j, n := range names {
			if !f.labels[n] {
				continue
			}
			if t.columns[i] >= 0 {
				return nil, &fault{field: f.Into, text: "two columns have the label"}
			}
			t.columns[i] = j
		}
		if t.columns[i] < 0 && !f.Optional {
			return nil, &fault{field: f.Into, text: "no column has the label"}
		}
	}
	return t, nil
}

func spans(cell *html.Node) bool {
	for _, k := range []string{"colspan", "rowspan"} {
		if v := attr(cell, k); v != "" && v != "1" {
			return true
		}
	}
	return false
}

// rows returns the cells of a table's heading and of the rows in its bodies. Rows of nested tables are not its own.
func (d *dom) rows(t *html.Node) (head []*html.Node, rows [][]*html.Node, f *fault) {
	for part := t.FirstChild; part != nil; part = part.NextSibling {
		if part.Type != html.ElementNode || d.hidden(part) || part.DataAtom != atom.Thead && part.DataAtom != atom.Tbody {
			continue
		}
		for tr := part.FirstChild; tr != nil; tr = tr.NextSibling {
			if tr.Type != html.ElementNode || tr.DataAtom != atom.Tr || d.hidden(tr) {
				continue
			}
			cells := d.cells(tr)
			switch {
			case len(cells) == 0:
			case head == nil:
				for _, c := range cells {
					if c.DataAtom != atom.Th {
						return nil, nil, &fault{text: "the table has no headings"}
					}
				}
				head = cells
			case part.DataAtom == atom.Thead:
				return nil, nil, &fault{text: "the table has several rows of headings"}
			default:
				rows = append(rows, cells)
			}
		}
	}
	if head == nil {
		return nil, nil, &fault{text: "the table has no headings"}
	}
	return head, rows, nil
}
