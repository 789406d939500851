package model

import (
	"reflect"
	"slices"
)

// Clone returns a deep copy of a record, nil for one that is not of a type of this package.
func Clone(r Record) Record {
	if !Known(r) {
		return nil
	}
	v := reflect.New(reflect.TypeOf(r).Elem())
	v.Elem().Set(reflect.ValueOf(r).Elem())
	c := v.Interface().(Record)
	detach(c)
	h := c.Head()
	h.Issues = slices.Clone(h.Issues)
	return c
}
