package model

import (
	"fmt"
	"log/slog"
)

// Record is one typed fact with its provenance and its doubts. The set is closed: [Known] tells its members from
// types that merely embed one.
type Record interface {
	// Category returns the basket that the record belongs to.
	Category() Category
	// Head returns the part that all records share.
	Head() *Header
	sealed()
}

// Header is the part that all records share.
type Header struct {
	Provenance Provenance `json:"provenance"`
	// Issues are the doubts about this record. None means that every field present was read exactly.
	Issues []Issue `json:"issues,omitempty"`

	unknown []unknownField // what a tolerant reader kept
}

// Head returns h.
func (h *Header) Head() *Header { return h }

// Format masks the header under every verb: what a tolerant reader kept is in it. Provenance and Issues can be printed.
func (Header) Format(f fmt.State, _ rune) { maskTo(f, "header") }

// LogValue masks the header.
func (Header) LogValue() slog.Value { return masked("header") }

func (*Header) sealed() {}

// Known reports whether r is a non-nil pointer to one of this package's own record types.
func Known(r Record) bool {
	switch r := r.(type) {
	case *Person:
		return r != nil
	case *Address:
		return r != nil
	case *Pension:
		return r != nil
	case *StudyDebt:
		return r != nil
	case *Account:
		return r != nil
	case *Balance:
		return r != nil
	case *Transaction:
		return r != nil
	case *Employment:
		return r != nil
	case *Income:
		return r != nil
	case *Benefit:
		return r != nil
	case *Extra:
		return r != nil && r.For.Valid()
	}
	return false
}

// newRecord returns an empty record of the category's own type, nil where there is none.
func newRecord(c Category) Record {
	switch c {
	case CategoryPerson:
		return new(Person)
	case CategoryAddress:
		return new(Address)
	case CategoryPension:
		return new(Pension)
	case CategoryStudyDebt:
		return new(StudyDebt)
	case CategoryAccount:
		return new(Account)
	case CategoryBalance:
		return new(Balance)
	case CategoryTransaction:
		return new(Transaction)
	case CategoryEmployment:
		return new(Employment)
	case CategoryIncome:
		return new(Income)
	case CategoryBenefit:
		return new(Benefit)
	}
	return nil
}

// Extra carries what an adapter knows of a category beyond its record type, as named texts. A scope names them as
// "extra.name".
type Extra struct {
	Header
	For Category `json:"-"` // the category it belongs to
	// Extra maps a name of the form of [ValidName] to a text as the source has it.
	Extra map[string]string `json:"extra"`
}

// Category returns the category that the record says it belongs to.
func (e *Extra) Category() Category { return e.For }
