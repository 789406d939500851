package scrape

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/brondata/brondata/internal/jsonscan"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// found is one record of a page, in the scope.
type found struct {
	category model.Category
	at       string
	values   []named
}

// lookBack are the fields that say when a record ends; see [model.Minimise]. With a look-back date they are read also where
// the query does not ask for them: without them nobody could tell what is outside.
var lookBack = map[model.Category][]string{
	model.CategoryTransaction: {"bookingDate", "valueDate"},
	model.CategoryBalance:     {"date"},
	model.CategoryIncome:      {"period.to"},
	model.CategoryBenefit:     {"period.to"},
}

// wanted returns the indexes of the fields to read.
func (s *section) wanted(q sources.Query) (out []int) {
	for i := range s.fields {
		into := s.fields[i].Into
		if asked(q, s.Category, into) || !q.Scope.Since.IsZero() && slices.Contains(lookBack[s.Category], into) {
			out = append(out, i)
		}
	}
	return out
}

func asked(q sources.Query, c model.Category, into string) bool {
	if c == model.CategoryPerson && into == "bsn" {
		return q.WantsBSN()
	}
	return q.WantsField(c, into)
}

func (s *section) record(q sources.Query, at string) found {
	out := found{category: s.Category, at: at, values: make([]named, 0, len(s.fixed)+len(s.fields))}
	for _, f := range s.fixed {
		if asked(q, s.Category, f.into) || !q.Scope.Since.IsZero() && slices.Contains(lookBack[s.Category], f.into) {
			out.values = append(out.values, f)
		}
	}
	return out
}

func (s *section) nth(n int) string { return s.at + "[" + strconv.Itoa(n) + "]" }

// take checks a text against the field and adds it to the record.
func (out *found) take(f *field, r raw, absent bool) *fault {
	if absent || f.absent[r.text] && (r.kind == 0 || r.kind == jsonscan.String) {
		return nil
	}
	v, ok := f.parse(r)
	if !ok {
		if r.text == "" {
			return &fault{field: f.Into, text: "the value is empty"}
		}
		return &fault{field: f.Into, text: "the value is not of kind " + f.Kind.String()}
	}
	out.values = append(out.values, named{f.Into, v})
	return nil
}

// on reports whether an HTML page has the anchor.
func (a *anchor) on(d *dom) bool {
	if a.sel != nil {
		return len(d.match(d.root, a.sel)) > 0
	}
	return len(d.heads(a.heading)) > 0
}

// anchored returns the fault of the first anchor that is missing.
func (p *page) anchored(d *dom) *fault {
	for _, a := range p.anchors {
		if !a.on(d) {
			return &fault{text: "anchor " + strconv.Itoa(a.n) + " is missing"}
		}
	}
	return nil
}

// html reads what the query asks of a parsed page that has its anchors.
func (p *page) html(d *dom, q sources.Query) ([]found, error) {
	var out []found
	for i := range p.sections {
		s := &p.sections[i]
		if !q.Wants(s.Category) {
			continue
		}
		recs, f := s.html(d, q)
		if f == nil {
			f = backwards(recs)
		}
		if f != nil {
			return nil, f.in(s.Name).err(p.Name)
		}
		out = append(out, recs...)
	}
	return out, nil
}

func (s *section) html(d *dom, q sources.Query) ([]found, *fault) {
	r, f := s.region(d)
	if f != nil {
		return nil, f
	}
	if r == nil {
		return nil, nil
	}
	if d.next && (s.Rows || s.items != nil) {
		return nil, &fault{text: "the list goes on on another page"}
	}
	empty := r.says(s.empty)
	want := s.wanted(q)
	var out []found
	switch {
	case s.Rows:
		out, f = s.rows(r, q, want, empty)
	case s.items != nil:
		out, f = s.list(r, q, want)
	case !empty:
		rec := s.record(q, s.at)
		f = s.one(r, &rec, want)
		out = append(out, rec)
	}
	switch {
	case f != nil:
		return nil, f
	case empty && (len(out) > 0 || !s.Rows && s.anyLabel(r)):
		return nil, &fault{text: "it says that it is empty, but it is not"}
	case !empty && len(out) == 0:
		return nil, &fault{text: "there is no record, and no text that says so"}
	}
	return out, nil
}

// backwards returns the fault of a period that ends before it begins: its ends stand under one another's labels.
func backwards(recs []found) *fault {
	for i := range recs {
		from, to := recs[i].date("period.from"), recs[i].date("period.to")
		if !from.IsZero() && to.Before(from) && !to.IsZero() {
			return &fault{field: "period.to", text: "it is before period.from"}
		}
	}
	return nil
}

// date returns the value of a field that is a date, no date where it was not read.
func (out *found) date(into string) model.Date {
	for _, v := range out.values {
		if v.into == into {
			d, err := model.ParseDate(v.value.text)
			if err != nil {
				return model.Date{}
			}
			return d
		}
	}
	return model.Date{}
}

// list reads a record of each item.
func (s *section) list(r *region, q sources.Query, want []int) (out []found, f *fault) {
	ns := r.match(s.items)
	for i, n := range ns {
		if i > 0 && contains(ns[i-1], n) {
			return nil, &fault{text: "an item holds another"}
		}
		rec := s.record(q, s.nth(i+1))
		if f := s.one(r.d.within(n), &rec, want); f != nil {
			return nil, f
		}
		out = append(out, rec)
	}
	return out, nil
}

// region finds the section; nil where the page says that it has nothing to show.
func (s *section) region(d *dom) (*region, *fault) {
	if s.sel != nil {
		ns := d.match(d.root, s.sel)
		switch {
		case len(ns) == 1:
			return d.within(ns[0]), nil
		case len(ns) > 1:
			return nil, &fault{text: "several elements match the selector"}
		}
	} else {
		hs := d.heads(s.heading)
		if len(hs) > 0 {
			r := d.under(hs[0])
			for _, h := range hs[1:] {
				// The caption of the section's table may say the same once more.
				if d.items[h].level > 0 || !r.has(d.items[h].node) {
					return nil, &fault{text: "the heading is there several times"}
				}
			}
			return r, nil
		}
	}
	// The text may be about another part of the page, and the section under another heading.
	whole := &region{d: d, root: d.root, items: d.items}
	if n := whole.saying(s.empty); n != nil && d.ofPage(n) && !s.anyLabel(whole) {
		return nil, nil
	}
	return nil, &fault{text: "it is missing"}
}

// one reads the wanted fields of one record. The others must not stand there twice either: that is the record of two
// things, of which the wanted fields may be a mixture.
func (s *section) one(r *region, rec *found, want []int) *fault {
	none := true
	for i := range s.fields {
		fd := &s.fields[i]
		wanted := slices.Contains(want, i)
		if !wanted && fd.Kind == BSN {
			continue
		}
		g, f := r.find(fd)
		if !wanted && (f == nil || !f.twice) {
			continue
		}
		if f == nil {
			f = rec.take(fd, raw{text: g.text, kind: g.kind}, g.absent || fd.absent[g.text])
		}
		if f != nil {
			return f
		}
		none = none && g.absent
	}
	if none && !s.anyLabel(r) {
		return &fault{text: "none of its labels is there"}
	}
	return nil
}

// anyLabel reports whether the section has content: one of the recipe's labels, columns or selectors is met in it.
func (s *section) anyLabel(r *region) bool {
	all := r.labels()
	for i := range s.fields {
		f := &s.fields[i]
		if f.sel != nil && len(r.match(f.sel)) > 0 {
			return true
		}
		for l := range f.labels {
			if len(all[l]) > 0 {
				return true
			}
		}
	}
	for _, it := range r.items {
		if !s.Rows || it.kind != itemTable {
			continue
		}
		head, _, _ := r.d.rows(it.node)
		for _, h := range head {
			if s.labelled(fold(r.d.label(h))) >= 0 {
				return true
			}
		}
	}
	return false
}

func (s *section) rows(r *region, q sources.Query, want []int, empty bool) ([]found, *fault) {
	t, f := r.table(s)
	if f != nil {
		if empty && !r.filled() {
			return nil, nil // a portal without rows may leave out the table
		}
		return nil, f
	}
	out := make([]found, 0, len(t.rows))
	for _, cells := range t.rows {
		first := fold(r.d.label(cells[0]))
		switch {
		case s.skip[first], empty && len(cells) == 1 && s.empty[first]:
			continue
		case isTotal(first):
			return nil, &fault{text: "a row of totals is not among the rows to skip"}
		case len(cells) != t.width:
			return nil, &fault{text: "a row has another number of cells than the headings"}
		case slices.ContainsFunc(cells, spans):
			return nil, &fault{text: "a cell spans several"}
		case len(cells) > 1 && !slices.ContainsFunc(cells, func(c *html.Node) bool { return c.DataAtom == atom.Td }):
			return nil, &fault{text: "a row of headings is among the rows"}
		}
		rec := s.record(q, s.nth(len(out)+1))
		for _, i := range want {
			if f := r.cell(&s.fields[i], t.columns[i], cells, &rec); f != nil {
				return nil, f
			}
		}
		out = append(out, rec)
	}
	return out, nil
}

func (r *region) cell(fd *field, col int, cells []*html.Node, rec *found) *fault {
	if col < 0 {
		return nil
	}
	text, p := r.d.value(cells[col], fd)
	if p != "" {
		return &fault{field: fd.Into, text: "the value " + string(p)}
	}
	return rec.take(fd, raw{text: text}, false)
}

// totals are words that rows begin with which hold no record.
var totals = []string{"totaal", "totalen", "subtotaal", "eindtotaal", "total", "subtotal"}

// isTotal reports a first cell that says so by itself, or in Dutch with more behind it: "totaal 2025".
func isTotal(first string) bool {
	word, more, _ := strings.Cut(first, " ")
	return slices.Contains(totals, word) && (more == "" || word != "total")
}

// json reads what the query asks of an answer in JSON.
func (p *page) json(v jsonscan.Value, q sources.Query) ([]found, error) {
	for _, a := range p.anchors {
		if _, ok := a.path.find(v); !ok {
			return nil, (&fault{text: "anchor " + strconv.Itoa(a.n) + " is missing"}).err(p.Name)
		}
	}
	var out []found
	for i := range p.sections {
		s := &p.sections[i]
		if !q.Wants(s.Category) {
			continue
		}
		recs, f := s.json(v, q)
		if f == nil {
			f = backwards(recs)
		}
		if f != nil {
			return nil, f.in(s.Name).err(p.Name)
		}
		out = append(out, recs...)
	}
	return out, nil
}

// more is where an answer links to the next page of its list by the conventions of HAL, which Dutch public bodies follow.
var more = jsonPath{{name: "_links"}, {name: "next"}}

func (s *section) json(v jsonscan.Value, q sources.Query) ([]found, *fault) {
	at, ok := s.path.find(v)
	if !ok {
		return nil, &fault{text: "it is missing"}
	}
	if at.Kind() == jsonscan.Null && s.EmptyArray {
		return nil, nil
	}
	want := s.wanted(q)
	if !s.Rows {
		rec := s.record(q, s.at)
		if f := s.oneJSON(at, &rec, want); f != nil {
			return nil, f
		}
		return []found{rec}, nil
	}
	if at.Kind() != jsonscan.Array || at.Len() == 0 && !s.EmptyArray {
		return nil, &fault{text: "it is not an array with elements"}
	}
	if next, ok := more.find(v); ok && next.Kind() != jsonscan.Null {
		return nil, &fault{text: "the list goes on on another page"}
	}
	out := make([]found, 0, at.Len())
	for _, e := range at.Elems() {
		rec := s.record(q, s.nth(len(out)+1))
		if f := s.oneJSON(e, &rec, want); f != nil {
			return nil, f
		}
		out = append(out, rec)
	}
	return out, nil
}

func (s *section) oneJSON(v jsonscan.Value, rec *found, want []int) *fault {
	if v.Kind() != jsonscan.Object {
		return &fault{text: "it is not an object"}
	}
	known := false
	for i := range s.fields {
		if _, ok := s.fields[i].path.find(v); ok {
			known = true
			break
		}
	}
	if !known {
		return &fault{text: "none of its members is there"}
	}
	for _, i := range want {
		fd := &s.fields[i]
		m, ok := fd.path.find(v)
		if !ok {
			if fd.Optional {
				continue
			}
			return &fault{field: fd.Into, text: "the member is missing"}
		}
		if m.Kind() == jsonscan.Null && (fd.Optional || fd.absent["null"]) {
			continue
		}
		if f := fd.currencyIn(v); f != nil {
			return f
		}
		text := m.Text()
		if m.Kind() == jsonscan.String {
			text = squeeze(text)
		}
		if f := rec.take(fd, raw{text: text, kind: m.Kind()}, false); f != nil {
			return f
		}
	}
	return nil
}

// currencyIn checks the currency that stands beside an amount.
func (f *field) currencyIn(v jsonscan.Value) *fault {
	if f.CurrencyJSON == "" {
		return nil
	}
	c, ok := f.curPath.find(v)
	if !ok || c.Kind() != jsonscan.String || c.Text() != string(f.currency) {
		return &fault{field: f.Into, text: "the currency is missing or another one"}
	}
	return nil
}
