package model

import (
	"fmt"
	"reflect"
	"slices"
)

// CheckRecord reports whether the record can be written as JSON and read again by a strict reader: its texts are UTF-8
// without NUL, its words are of the sets that its fields name, its counts are not negative. The error wraps [ErrSyntax] and
// names the field, never the value. The sources.Writer asks it of every record, so that what one adapter did wrong
// does not keep a whole dossier from being stored.
func CheckRecord(r Record) error {
	if !Known(r) {
		return jsonError("not a record of this package")
	}
	if t, ok := r.(*Transaction); ok {
		if t.fit() {
			return nil // nearly always; what is wrong is found below
		}
	}
	v := reflect.ValueOf(r).Elem()
	return checkObject(planOf(v.Type()), v)
}

// fit is CheckRecord for the most frequent type, without reflection. The values of other types are checked when made.
func (t *Transaction) fit() bool {
	return (t.Status == Booked || t.Status == Pending || t.Status == "") && len(t.Issues) == 0 &&
		t.Provenance.Document >= 0 && t.Provenance.At.Valid() &&
		ValidText(t.Counterparty.Name) && ValidText(t.Description) && ValidText(t.Reference) && ValidText(t.Mandate) &&
		ValidText(t.CreditorID) && ValidText(t.BankTransactionCode) && ValidText(t.ProprietaryCode) &&
		ValidText(t.PurposeCode) && ValidText(t.ID)
}

// checkObject goes over the fields by the plan that the writer has, so that it asks of each what writing asks.
func checkObject(p *plan, v reflect.Value) error {
	for i := range p.fields {
		f := &p.fields[i]
		if f.kind == kindCategory {
			continue
		}
		fv := f.of(v)
		if f.absent(fv) {
			continue
		}
		if err := checkField(f, fv); err != nil {
			return err
		}
	}
	return nil
}

func checkField(f *planField, v reflect.Value) error {
	ok := true // amounts, dates, numbers and identifiers: only their parsers make them, so there are no wrong ones
	switch f.kind {
	case kindString:
		ok = ValidText(v.String()) && validForm(v) && (f.enum == nil || slices.Contains(f.enum, v.String()))
	case kindInt:
		ok = v.Int() >= 0 && v.Int() <= maxCount
	case kindCount:
		ok = v.Elem().Int() >= 0 && v.Elem().Int() <= maxCount
	case kindStruct:
		return checkObject(f.part, v)
	case kindStructs:
		for i := range v.Len() {
			if err := checkObject(f.part, v.Index(i)); err != nil {
				return err
			}
		}
	case kindStrings:
		for i := range v.Len() {
			ok = ok && ValidText(v.Index(i).String())
		}
	case kindExtra:
		for k, s := range v.Interface().(map[string]string) {
			ok = ok && ValidName(k) && ValidText(s)
		}
	}
	if !ok {
		return fmt.Errorf("model: record: the field %s holds what JSON cannot, or a word outside its set: %w", f.name, ErrSyntax)
	}
	return nil
}
