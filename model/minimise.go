package model

import (
	"reflect"
	"slices"
	"strings"
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
	return newMinimiser(s, true).record(r)
}

// Minimise returns a copy of the dossier that holds nothing outside the scope; see the function [Minimise].
//
// Coverage of a category outside goes, and Records in it is counted anew. A document stays while a record that is
// left points at it; one that no record pointed at before either stays while coverage inside the scope names its
// institution and source. Provenance and matches point into what is left. Matches are those that [Dossier.Matches]
// gives for the whole: fields outside the scope help to find them and then go.
func (d *Dossier) Minimise(s Scope) *Dossier { return d.reduced(s, true) }

// Reduce is [Dossier.Minimise] without the copies: it reduces d and its records themselves, so that what is outside the
// scope is left in none of them. It is for who had the records made and shares them with nobody, as the Retriever does;
// a record must stand in d once only.
func (d *Dossier) Reduce(s Scope) { *d = *d.reduced(s, false) }

func (d *Dossier) reduced(s Scope, copies bool) *Dossier {
	m := newMinimiser(s, copies) // for the doubts; the records have minimisers of their own
	matches := d.Matches()       // while the records are whole: what tells two facts apart may be outside
	reduced, docs := minimiseAll(d.Records, s, copies)
	out := &Dossier{Documents: []DocumentInfo{}, Records: reduced[:0], Coverage: []Coverage{}}

	index := make([]int, len(d.Records)) // new position, -1 where outside
	used := make([]bool, len(d.Documents))
	before := make([]bool, len(d.Documents))
	for i, c := range reduced {
		index[i] = -1
		n := docs[i]
		if n >= 0 && n < len(used) {
			before[n] = true
		}
		if c != nil {
			index[i] = len(out.Records)
			docs[len(out.Records)] = n
			out.Records = append(out.Records, c)
			if n >= 0 && n < len(used) {
				used[n] = true
			}
		}
	}
	clear(reduced[len(out.Records):])
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
	for k, r := range out.Records {
		n := docs[k]
		if n < 0 || n >= len(document) {
			r.Head().Provenance.Document = -1 // was wrong before: it must not point at some other document now
			continue
		}
		if document[n] != n {
			r.Head().Provenance.Document = document[n]
		}
		for i := range out.Coverage {
			c := &out.Coverage[i]
			if c.Category == r.Category() && c.Institution == d.Documents[n].Institution {
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
	scope  Scope
	plans  map[Category]*clearPlan
	copies bool // reduce copies, not the records themselves
	slabs  slabs
}

func newMinimiser(s Scope, copies bool) *minimiser {
	return &minimiser{scope: s, plans: make(map[Category]*clearPlan, len(s.Baskets)), copies: copies}
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
	if since := m.scope.Since; !since.IsZero() {
		if e := p.end(r); !e.IsZero() && e.Before(since) {
			return nil, false
		}
	}
	if x, ok := r.(*Extra); ok {
		return m.extra(x)
	}
	if m.copies {
		r = m.slabs.copyOf(r)
		detach(r) // before anything is cleared: the elements of its slices are still the original's
	}
	p.clear(r)
	h := r.Head()
	h.unknown = nil
	h.Issues = p.issues(h.Issues)
	return r, true
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

// minimiseAll reduces each record, nil where it is outside, and returns the document that each points at, -1 for none: memory
// is read once, which costs more than what is done with it. Without copies the list is that of the records itself. Each part of
// many records has a minimiser of its own.
func minimiseAll(records []Record, s Scope, copies bool) ([]Record, []int) {
	out, docs := records, make([]int, len(records))
	if copies {
		out = make([]Record, len(records))
	}
	split(len(records), func(from, to int) {
		m := newMinimiser(s, copies)
		for i := from; i < to; i++ {
			docs[i] = -1
			if records[i] != nil {
				docs[i] = records[i].Head().Provenance.Document
			}
			out[i], _ = m.record(records[i])
		}
	})
	return out, docs
}
