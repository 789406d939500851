package model

import (
	"slices"
	"strings"
)

// Scope says what a purpose needs and no more. The zero value is nothing at all.
type Scope struct {
	// Baskets lists each category at most once; what is not listed is outside the scope.
	Baskets []Basket `json:"baskets"`
	// Since is the look-back date: records that end before it are outside. It is fixed when the scope is proposed and
	// does not move with the clock. No date means no limit.
	Since Date `json:"since,omitzero"`
}

// Basket is one category with the fields of it that are needed.
type Basket struct {
	Category Category `json:"category"`
	// Fields are JSON names of the record type, with a point for a part ("counterparty.name", or "counterparty" for
	// all its parts). None means that only the existence of the record is inside.
	Fields []string `json:"fields"`
}

// Everything returns a basket with every field of the category but the BSN, which a scope must name by itself.
func Everything(c Category) Basket {
	fields := slices.DeleteFunc(Fields(c), func(f string) bool { return f == "bsn" })
	return Basket{Category: c, Fields: fields}
}

// Validate reports what is wrong with the scope: an unknown category, one that is listed twice, or a field that its
// record type does not have. The error wraps [ErrSyntax] and names the category or field, which come from code.
func (s Scope) Validate() error {
	seen := map[Category]bool{}
	for _, b := range s.Baskets {
		if !b.Category.Valid() || seen[b.Category] {
			return &ScopeError{Category: b.Category}
		}
		seen[b.Category] = true
		known := Fields(b.Category)
		for _, f := range b.Fields {
			if !slices.ContainsFunc(known, func(k string) bool { return k == f || strings.HasPrefix(k, f+".") }) &&
				!strings.HasPrefix(f, "extra.") {
				return &ScopeError{Category: b.Category, Field: f}
			}
		}
	}
	return nil
}

// ScopeError says which part of a scope is wrong. It wraps [ErrSyntax].
type ScopeError struct {
	Category Category
	Field    string
}

func (e *ScopeError) Error() string {
	if e.Field == "" {
		return "model: scope: category " + string(e.Category) + " is unknown or listed twice"
	}
	return "model: scope: category " + string(e.Category) + " has no field " + e.Field
}

// Unwrap returns [ErrSyntax].
func (e *ScopeError) Unwrap() error { return ErrSyntax }

// Has reports whether the category is inside.
func (s Scope) Has(c Category) bool { return s.basket(c) != nil }

func (s Scope) basket(c Category) *Basket {
	for i := range s.Baskets {
		if s.Baskets[i].Category == c {
			return &s.Baskets[i]
		}
	}
	return nil
}

// HasField reports whether a field, or the whole that it is a part of, is inside.
func (s Scope) HasField(c Category, field string) bool {
	b := s.basket(c)
	if b == nil {
		return false
	}
	for _, f := range b.Fields {
		if f == field || strings.HasPrefix(field, f) && field[len(f)] == '.' {
			return true
		}
	}
	return false
}

// Categories returns the categories inside, in the order of [Categories].
func (s Scope) Categories() []Category {
	var out []Category
	for _, c := range Categories() {
		if s.Has(c) {
			out = append(out, c)
		}
	}
	return out
}

// Without returns the scope with the given categories taken out.
func (s Scope) Without(cs ...Category) Scope {
	out := Scope{Since: s.Since}
	for _, b := range s.Baskets {
		if !slices.Contains(cs, b.Category) {
			out.Baskets = append(out.Baskets, Basket{b.Category, slices.Clone(b.Fields)})
		}
	}
	return out
}

// Covers reports whether all that is inside t is inside s as well.
func (s Scope) Covers(t Scope) bool {
	if s.Since.Compare(t.Since) > 0 {
		return false // s begins later; no date, which is no limit, comes first
	}
	for _, b := range t.Baskets {
		if !s.Has(b.Category) {
			return false
		}
		for _, f := range b.Fields {
			if !s.HasField(b.Category, f) && !s.hasParts(b.Category, f) {
				return false
			}
		}
	}
	return true
}

// hasParts reports whether f has parts and each of them is inside.
func (s Scope) hasParts(c Category, f string) bool {
	n := 0
	for _, k := range Fields(c) {
		if strings.HasPrefix(k, f+".") {
			if n++; !s.HasField(c, k) {
				return false
			}
		}
	}
	return n > 0
}
