package model

import (
	"maps"
	"slices"
)

// detach gives the copy its own memory behind pointers and slices.
func detach(r Record) {
	switch r := r.(type) {
	case *Pension:
		r.Bands = slices.Clone(r.Bands)
	case *StudyDebt:
		r.InterestRate, r.TotalMonths, r.RemainingMonths = clone(r.InterestRate), clone(r.TotalMonths), clone(r.RemainingMonths)
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
