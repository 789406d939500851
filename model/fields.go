package model

import (
	"reflect"
	"strings"
	"sync"
)

// Fields returns the JSON names of the fields that a scope can name for a category, the parts of a field with a point
// between: "counterparty.name". Category, provenance and issues go with every record and are not among them.
func Fields(c Category) []string {
	r := newRecord(c)
	if r == nil {
		return nil
	}
	return fieldNames(reflect.TypeOf(r).Elem())
}

var fieldNameCache sync.Map // reflect.Type → []string

func fieldNames(t reflect.Type) []string {
	if v, ok := fieldNameCache.Load(t); ok {
		return append([]string(nil), v.([]string)...)
	}
	out := appendFieldNames(nil, t, "")
	fieldNameCache.Store(t, out)
	return append([]string(nil), out...)
}

func appendFieldNames(out []string, t reflect.Type, prefix string) []string {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "" || name == "-" {
			continue // the header
		}
		ft := f.Type
		if ft.Kind() == reflect.Slice {
			ft = ft.Elem()
		}
		if isPart(ft) {
			out = appendFieldNames(out, ft, prefix+name+".")
			continue
		}
		out = append(out, prefix+name)
	}
	return out
}

// isPart reports whether a field of this type is made of fields of its own that a scope can name. Money, dates and
// identifiers are values: their fields are not exported.
func isPart(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.NumField() > 0 && t.Field(0).IsExported()
}
