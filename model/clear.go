package model

import (
	"reflect"
	"slices"
	"strings"
)

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

// clearSteps lists the fields of a struct that have to go. Where all parts of a field go, the field goes as one: what is
// left of a slice of emptied structs would still say how many there were.
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

// clear empties what is outside, in r itself and in the elements of its slices.
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
			for j := range f.Len() {
				clearFields(f.Index(j), s.parts)
			}
		default:
			clearFields(f, s.parts)
		}
	}
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
