package scrape

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/brondata/brondata/internal/jsonscan"
	"github.com/brondata/brondata/sources"
)

// fault is what is not as the recipe says, in names of the recipe only.
type fault struct {
	section, field, text string
	twice                bool // the label stands before two values
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
	kind   jsonscan.Kind // that of a number where it is written as in JSON
	absent bool
}

// find returns the field's only value in the region.
func (r *region) find(f *field) (got, *fault) {
	var cands []candidate
	if f.sel != nil {
		for _, n := range r.match(f.sel) {
			cands = append(cands, candidate{nodes: []*html.Node{n}, control: true})
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
			return got{}, &fault{field: f.Into, text: "it is there twice with different values", twice: true}
		}
		out.text = s
		if !c.split {
			seen = c.nodes[0]
			out.kind = f.written(seen)
		}
	}
	return out, nil
}

func (r *region) text(c candidate, f *field) (string, problem) {
	if c.split {
		return c.text, ""
	}
	n := c.nodes[0]
	if p := r.d.doubt(n); p != "" {
		return "", p
	}
	switch {
	case f.Attr != "":
		if !hasAttr(n, f.Attr) {
			return "", "lacks its attribute"
		}
		return squeeze(attr(n, f.Attr)), ""
	case c.control:
		if !r.d.visible(n) {
			return "", "is hidden"
		}
		return r.d.control(n, f.Lines)
	}
	return r.d.value(n, f)
}

// value returns the text of an element for a field.
func (d *dom) value(n *html.Node, f *field) (string, problem) {
	s, p := d.plain(n, f.Lines)
	if p == "" && f.repeated(d, n, s) {
		p = withLabel
	}
	return s, p
}

// written returns how the value of an element is written: browsers show a number of an input in the reader's own way, but in
// the page it is written as in JSON.
func (f *field) written(n *html.Node) jsonscan.Kind {
	number := f.Attr == "" && n.DataAtom == atom.Input && strings.EqualFold(attr(n, "type"), "number")
	if number && (f.Kind == Money || f.Kind == Decimal || f.Kind == Percent || f.Kind == Int) {
		return jsonscan.Number
	}
	return 0
}

// repeated reports whether a text is the field's own label, as where headings are repeated, or begins with it, before a colon
// or in an element of its own: narrow screens show it there and wide ones do not, by a style sheet.
func (f *field) repeated(d *dom, n *html.Node, text string) bool {
	if f.Kind != Text {
		return false
	}
	if before, _, _ := strings.Cut(text, ":"); f.labels[fold(before)] {
		return true
	}
	text = fold(text)
	for l := range f.labels {
		if strings.HasPrefix(text, l+" ") && !strings.HasPrefix(fold(d.firstText(n)), l+" ") {
			return true
		}
	}
	return false
}

// firstText returns the first visible text in an element, up to the next element.
func (d *dom) firstText(n *html.Node) string {
	for c := range n.Descendants() {
		if c.Type == html.TextNode && strings.TrimSpace(c.Data) != "" && d.visible(c) {
			return c.Data
		}
	}
	return ""
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
		if it.kind != itemTable {
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
		if n := attr(it.node, "aria-rowcount"); n != "" && n != strconv.Itoa(r.d.rowCount(it.node)) {
			return nil, &fault{text: "the table says that not all of its rows are there"}
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
	none := true
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
			t.columns[i], none = j, false
		}
		if t.columns[i] < 0 && !f.Optional {
			return nil, &fault{field: f.Into, text: "no column has the label"}
		}
	}
	if none {
		return nil, &fault{text: "no column has one of its labels"}
	}
	return t, nil
}

// filled reports whether the region has a table with a row of data, whatever its headings say.
func (r *region) filled() bool {
	for _, it := range r.items {
		if it.kind != itemTable {
			continue
		}
		for part := range it.node.ChildNodes() {
			for tr := range part.ChildNodes() {
				if r.d.hidden(part) || tr.DataAtom != atom.Tr || r.d.hidden(tr) {
					continue
				}
				cells := r.d.cells(tr)
				if len(cells) > 1 && slices.ContainsFunc(cells, func(c *html.Node) bool { return c.DataAtom == atom.Td }) {
					return true
				}
			}
		}
	}
	return false
}

// rowCount returns how many rows a table shows, as aria-rowcount counts them: those of headings and sums, too.
func (d *dom) rowCount(t *html.Node) int {
	n := 0
	for part := range t.ChildNodes() {
		for tr := range part.ChildNodes() {
			if tr.DataAtom == atom.Tr && !d.hidden(part) && !d.hidden(tr) {
				n++
			}
		}
	}
	return n
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
					// A corner or a column of buttons may be an empty cell.
					if c.DataAtom != atom.Th && (part.DataAtom != atom.Thead || fold(d.label(c)) != "") {
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
