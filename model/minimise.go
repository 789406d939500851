package model

import (
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Minimise returns a copy of a record that holds nothing outside the scope and shares no memory with the original
// that either could change. It reports false, and returns nil, where the record itself is outside: its category is not
// in the scope, it ends before [Scope.Since], it is an [Extra] of which no name is inside, or it is of no type of
// this package.
//
// A record ends with its booking date (its value date where it has none, or where only that is in the scope), the date of
// a balance, or the last day of the period of a wage. A date that is incomplete counts with its latest possible day. A record without a date is
// inside, and so are persons, addresses, contracts of work, accounts, and rights to a pension and study debts, which
// run on whenever their state was taken.
//
// The provenance stays. A doubt about a field outside the scope goes with the field; a doubt about a part or a whole of
// which something is inside stays. A doubt about a name that the record type does not have stays without the name.
func Minimise(r Record, s Scope) (Record, bool) {
	m := newMinimiser(s)
	return m.record(r)
}

// Minimise returns a copy of the dossier that holds nothing outside the scope; see the function [Minimise].
//
// Coverage of a category outside goes, and Records in it is counted anew. A document stays while a record that is
// left points at it; one that no record pointed at before either stays while coverage inside the scope names its
// institution and source. Provenance and matches point into what is left. Matches are those that [Dossier.Matches]
// gives for the whole: fields outside the scope help to find them and then go.
func (d *Dossier) Minimise(s Scope) *Dossier {
	m := newMinimiser(s) // for the doubts; the records have minimisers of their own
	reduced := minimiseAll(d.Records, s)
	out := &Dossier{Documents: []DocumentInfo{}, Records: make([]Record, 0, len(d.Records)), Coverage: []Coverage{}}
	matches := d.Matches()

	index := make([]int, len(d.Records)) // new position, -1 where outside
	used := make([]bool, len(d.Documents))
	before := make([]bool, len(d.Documents))
	for i, r := range d.Records {
		index[i] = -1
		n := -1
		if r != nil {
			if n = r.Head().Provenance.Document; n >= 0 && n < len(used) {
				before[n] = true
			}
		}
		if c := reduced[i]; c != nil {
			index[i] = len(out.Records)
			out.Records = append(out.Records, c)
			if n >= 0 && n < len(used) {
				used[n] = true
			}
		}
	}
	for _, c := range d.Coverage {
		if s.Has(c.Category) {
			c.Attempts = slices.Clone(c.Attempts)
			c.Records = 0
			out.Coverage = append(out.Coverage, c)
		}
	}
	document := make([]int, len(d.Documents))
	for i, info := range d.Documents {
		document[i] = -1
		if used[i] || !before[i] && covered(out.Coverage, info) {
			document[i] = len(out.Documents)
			info.Issues = m.documentIssues(info.Issues)
			out.Documents = append(out.Documents, info)
		}
	}
	for _, r := range out.Records {
		at := &r.Head().Provenance.Document
		if *at < 0 || *at >= len(document) {
			*at = -1 // was wrong before: it must not point at some other document now
			continue
		}
		*at = document[*at]
		for i := range out.Coverage {
			c := &out.Coverage[i]
			if c.Category == r.Category() && c.Institution == out.Documents[*at].Institution {
				c.Records++
			}
		}
	}
	out.Issues = m.documentIssues(d.Issues)
	if out.Issues == nil {
		out.Issues = []Issue{}
	}
	out.Matched = reindex(matches, index)
	return out
}

func covered(cs []Coverage, d DocumentInfo) bool {
	for _, c := range cs {
		if c.Institution != d.Institution {
			continue
		}
		if len(c.Attempts) == 0 && c.Method == d.Method {
			return true
		}
		for _, a := range c.Attempts {
			if a.Source == d.Source {
				return true
			}
		}
	}
	return false
}

// reindex returns the matches of which at least two records are left.
func reindex(ms []Match, index []int) []Match {
	out := []Match{}
	for _, m := range ms {
		var left []int
		for _, i := range m.Records {
			if i >= 0 && i < len(index) && index[i] >= 0 {
				left = append(left, index[i])
			}
		}
		if len(left) > 1 {
			out = append(out, Match{m.Rule, left})
		}
	}
	return out
}

// end returns the last day of a record, no date where it runs on or where that is not known. Of two dates it is the one
// that the scope names, so that minimising twice is minimising once.
func (p *clearPlan) end(r Record) Date {
	switch r := r.(type) {
	case *Transaction:
		if r.BookingDate.IsZero() || !r.ValueDate.IsZero() && p.valueDateOnly {
			return r.ValueDate
		}
		return r.BookingDate
	case *Balance:
		return r.Date
	case *Income:
		return r.Period.To
	case *Benefit:
		return r.Period.To
	}
	return Date{}
}

// A minimiser holds what one scope means for each record type.
type minimiser struct {
	scope Scope
	plans map[Category]*clearPlan
	slabs slabs
}

func newMinimiser(s Scope) *minimiser {
	return &minimiser{scope: s, plans: make(map[Category]*clearPlan, len(s.Baskets))}
}

// plan returns the plan of a category, nil for one outside the scope. Plans are made when they are first needed.
func (m *minimiser) plan(c Category) *clearPlan {
	p, ok := m.plans[c]
	if !ok {
		if b, r := m.scope.basket(c), newRecord(c); b != nil && r != nil {
			p = newClearPlan(reflect.TypeOf(r).Elem(), *b)
		}
		m.plans[c] = p
	}
	return p
}

func (m *minimiser) record(r Record) (Record, bool) {
	if !Known(r) {
		return nil, false
	}
	p := m.plan(r.Category())
	if p == nil {
		return nil, false
	}
	if e := p.end(r); !e.IsZero() && e.Before(m.scope.Since) {
		return nil, false
	}
	if x, ok := r.(*Extra); ok {
		return m.extra(x)
	}
	c := m.slabs.copyOf(r)
	p.clear(c)
	detach(c)
	h := c.Head()
	h.unknown = nil
	h.Issues = p.issues(h.Issues)
	return c, true
}

// extra keeps the names inside the scope.
func (m *minimiser) extra(x *Extra) (Record, bool) {
	out := &Extra{Header: Header{Provenance: x.Provenance}, For: x.For, Extra: map[string]string{}}
	inside := func(name string) bool { return m.scope.HasField(x.For, "extra."+name) }
	for k, v := range x.Extra {
		if inside(k) {
			out.Extra[k] = v
		}
	}
	if len(out.Extra) == 0 {
		return nil, false
	}
	for _, i := range x.Issues {
		name, ok := strings.CutPrefix(i.Field, "extra.")
		if i.Field == "" || ok && inside(name) {
			out.Issues = append(out.Issues, i)
		}
	}
	return out, true
}

// documentIssues reduces doubts that belong to no record. A field's name stays only where some category of the scope
// has it inside; a name that no record type has goes and leaves the doubt.
func (m *minimiser) documentIssues(in []Issue) []Issue {
	var out []Issue
	for _, i := range in {
		keep, known := i.Field == "", false
		for _, c := range Categories() {
			has := newRecord(c) != nil && fieldKnown(c, i.Field)
			known = known || has
			keep = keep || has && m.plan(c) != nil && m.plan(c).touches(i.Field)
		}
		if !keep && known {
			continue
		}
		if !keep {
			i.Field = ""
		}
		out = append(out, i)
	}
	return out
}

func fieldKnown(c Category, field string) bool {
	return slices.ContainsFunc(Fields(c), func(k string) bool { return sameOrPart(k, field) || sameOrPart(field, k) })
}

// sameOrPart reports whether name is whole or a part of it.
func sameOrPart(name, whole string) bool {
	return name == whole || strings.HasPrefix(name, whole) && name[len(whole)] == '.'
}

// A clearPlan says what of a record type has to go. It lists what to clear, taken from every field that the Go type
// has, so that a field which nobody thought of is outside.
type clearPlan struct {
	basket        Basket
	known         []string
	steps         []clearStep
	valueDateOnly bool // of a transaction: not its booking date
}

type clearStep struct {
	index int
	whole bool
	parts []clearStep // of a struct, or of the elements of a slice, where not the whole goes
}

func newClearPlan(t reflect.Type, b Basket) *clearPlan {
	p := &clearPlan{basket: Basket{b.Category, slices.Clone(b.Fields)}, known: fieldNames(t)}
	s := Scope{Baskets: []Basket{p.basket}}
	p.valueDateOnly = s.HasField(b.Category, "valueDate") && !s.HasField(b.Category, "bookingDate")
	p.steps = clearSteps(t, "", func(name string) bool { return s.HasField(b.Category, name) })
	return p
}

func clearSteps(t reflect.Type, prefix string, inside func(string) bool) []clearStep {
	var out []clearStep
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Type == typeHeader {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		named := f.IsExported() && name != "" && name != "-"
		if named && inside(prefix+name) {
			continue
		}
		step := clearStep{index: i, whole: true}
		ft := f.Type
		if ft.Kind() == reflect.Slice {
			ft = ft.Elem()
		}
		if named && isPart(ft) {
			step.parts = clearSteps(ft, prefix+name+".", inside)
			step.whole = len(step.parts) == ft.NumField() &&
				!slices.ContainsFunc(step.parts, func(s clearStep) bool { return !s.whole })
		}
		if step.whole || len(step.parts) > 0 {
			out = append(out, step)
		}
	}
	return out
}

func (p *clearPlan) clear(r Record) {
	if len(p.steps) > 0 {
		clearFields(reflect.ValueOf(r).Elem(), p.steps)
	}
}

func clearFields(v reflect.Value, steps []clearStep) {
	for i := range steps {
		s := &steps[i]
		f := v.Field(s.index)
		switch {
		case s.whole:
			f.SetZero()
		case f.Kind() == reflect.Slice:
			// The elements are still those of the original: copy before anything is cleared.
			c := reflect.MakeSlice(f.Type(), f.Len(), f.Len())
			reflect.Copy(c, f)
			f.Set(c)
			for j := range c.Len() {
				clearFields(c.Index(j), s.parts)
			}
		default:
			clearFields(f, s.parts)
		}
	}
}

// minimiseAll reduces each record, nil where it is outside. Many records are shared out over the processors, each part with
// a minimiser of its own: the result is the same.
func minimiseAll(records []Record, s Scope) []Record {
	const part = 8192
	out := make([]Record, len(records))
	run := func(lo, hi int) {
		m := newMinimiser(s)
		for i := lo; i < hi; i++ {
			if c, ok := m.record(records[i]); ok {
				out[i] = c
			}
		}
	}
	workers := min(runtime.GOMAXPROCS(0), (len(records)+part-1)/part)
	if workers < 2 {
		run(0, len(records))
		return out
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { run(w*len(records)/workers, (w+1)*len(records)/workers) })
	}
	wg.Wait()
	return out
}

// issues reduces the doubts of a record; see [Minimise].
func (p *clearPlan) issues(in []Issue) []Issue {
	var out []Issue
	for _, i := range in {
		if i.Field != "" && !p.touches(i.Field) {
			if slices.ContainsFunc(p.known, func(k string) bool { return sameOrPart(k, i.Field) || sameOrPart(i.Field, k) }) {
				continue
			}
			i.Field = ""
		}
		out = append(out, i)
	}
	return out
}

// touches reports whether a field, a part of it, or a whole that it is a part of is inside.
func (p *clearPlan) touches(field string) bool {
	return field != "" && slices.ContainsFunc(p.basket.Fields, func(f string) bool {
		return sameOrPart(f, field) || sameOrPart(field, f)
	}) && slices.ContainsFunc(p.known, func(k string) bool { return sameOrPart(k, field) || sameOrPart(field, k) })
}

// detach gives the copy its own memory behind pointers and slices.
func detach(r Record) {
	switch r := r.(type) {
	case *Pension:
		r.Bands = slices.Clone(r.Bands)
	case *StudyDebt:
		r.InterestRate = clone(r.InterestRate)
	case *Employment:
		r.InsuredUnder = slices.Clone(r.InsuredUnder)
	case *Income:
		r.Hours = clone(r.Hours)
	case *Benefit:
		r.InsuredUnder = slices.Clone(r.InsuredUnder)
		r.Hours = clone(r.Hours)
	case *Extra:
		r.Extra = maps.Clone(r.Extra)
	}
}

func clone[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// slabs makes copies of records: of the frequent types many at a time, which spares the garbage collector most of
// its work. A slab lives as long as any record in it, as the records of a dossier do together.
type slabs struct {
	transactions slab[Transaction]
	balances     slab[Balance]
	incomes      slab[Income]
}

type slab[T any] struct {
	free []T
	size int
}

// next returns a place for one more; the slabs double up to 512 so that a single record costs a single one.
func (s *slab[T]) next() *T {
	if len(s.free) == 0 {
		s.size = min(max(2*s.size, 1), 512)
		s.free = make([]T, s.size)
	}
	p := &s.free[0]
	s.free = s.free[1:]
	return p
}

func (s *slab[T]) copyOf(r *T) *T {
	p := s.next()
	*p = *r
	return p
}

func (s *slabs) copyOf(r Record) Record {
	switch r := r.(type) {
	case *Transaction:
		return s.transactions.copyOf(r)
	case *Balance:
		return s.balances.copyOf(r)
	case *Income:
		return s.incomes.copyOf(r)
	case *Person:
		return clone(r)
	case *Address:
		return clone(r)
	case *Pension:
		return clone(r)
	case *StudyDebt:
		return clone(r)
	case *Account:
		return clone(r)
	case *Employment:
		return clone(r)
	case *Benefit:
		return clone(r)
	}
	return nil // not reached: m.record has asked Known, and takes Extra itself
}
