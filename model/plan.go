package model

import (
	"encoding"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// A plan says how the fields of a struct stand in JSON. It is derived from the Go type once, so the writer, the
// reader and the schema cannot disagree.
type plan struct {
	typ    reflect.Type
	fields []planField // in the order of canonical JSON
	byName map[string]*planField
}

type planField struct {
	name  string
	key   string // the name as it is written: "name":
	index []int  // in the enclosing struct; two long for a field of the header
	typ   reflect.Type
	kind  fieldKind
	omit  bool     // left out where zero
	empty bool     // an empty slice is left out as well
	part  *plan    // for a struct, or the elements of a slice of them
	enum  []string // the values that a strict reader takes; nil = any
}

type fieldKind uint8

const (
	kindText fieldKind = iota // a type with AppendText or MarshalText
	kindString
	kindBool
	kindInt
	kindCount // a pointer to an int, for a count of which 0 is not the same as none
	kindTime
	kindMoney
	kindDecimal // a pointer to one
	kindStruct
	kindStructs // a slice
	kindStrings // a slice
	kindExtra   // the map of an [Extra]
	kindRecords
	kindInts     // a slice
	kindCategory // of the record itself: not a Go field
)

var planCache sync.Map // reflect.Type → *plan

var (
	typeMoney    = reflect.TypeFor[Money]()
	typeDecimal  = reflect.TypeFor[*Decimal]()
	typeCount    = reflect.TypeFor[*int]()
	typeTime     = reflect.TypeFor[time.Time]()
	typeHeader   = reflect.TypeFor[Header]()
	typeRecords  = reflect.TypeFor[[]Record]()
	typeMarshal  = reflect.TypeFor[encoding.TextMarshaler]()
	typeCategory = reflect.TypeFor[Category]()
)

// planOf makes the plan of a type when it is first asked for. Two that ask at once may both make it: the plans are equal.
func planOf(t reflect.Type) *plan {
	if v, ok := planCache.Load(t); ok {
		return v.(*plan)
	}
	p := &plan{typ: t, fields: appendPlan(nil, t, nil)}
	if t.NumField() > 0 && t.Field(0).Type == typeHeader {
		p.fields = append(p.fields, planField{name: "category", kind: kindCategory, typ: typeCategory})
	}
	slices.SortFunc(p.fields, func(a, b planField) int { return strings.Compare(a.name, b.name) })
	p.byName = make(map[string]*planField, len(p.fields))
	for i := range p.fields {
		f := &p.fields[i]
		f.key = `"` + f.name + `":`
		p.byName[f.name] = f
	}
	planCache.Store(t, p)
	return p
}

func appendPlan(out []planField, t reflect.Type, index []int) []planField {
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(slices.Clone(index), i)
		if f.Anonymous && f.Type == typeHeader {
			out = appendPlan(out, f.Type, at)
			continue
		}
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "" || name == "-" {
			continue
		}
		pf := planField{name: name, index: at, typ: f.Type, omit: opts != "", empty: opts == "omitempty", enum: enumOf(f.Type)}
		switch ft := f.Type; {
		case ft == typeMoney:
			pf.kind = kindMoney
		case ft == typeDecimal:
			pf.kind = kindDecimal
		case ft == typeCount:
			pf.kind = kindCount
		case ft == typeTime:
			pf.kind = kindTime
		case ft == typeRecords:
			pf.kind = kindRecords
		case ft.Implements(typeMarshal):
			pf.kind = kindText
		case ft.Kind() == reflect.String:
			pf.kind = kindString
		case ft.Kind() == reflect.Bool:
			pf.kind = kindBool
		case ft.Kind() == reflect.Int:
			pf.kind = kindInt
		case ft.Kind() == reflect.Struct:
			pf.kind, pf.part = kindStruct, planOf(ft)
		case ft.Kind() == reflect.Slice && ft.Elem().Kind() == reflect.Struct:
			pf.kind, pf.part = kindStructs, planOf(ft.Elem())
		case ft.Kind() == reflect.Slice && ft.Elem().Kind() == reflect.Int:
			pf.kind = kindInts
		case ft.Kind() == reflect.Slice:
			pf.kind = kindStrings
		default:
			pf.kind = kindExtra
		}
		out = append(out, pf)
	}
	return out
}

// absent reports whether a value is left out. What is left out and what is empty are one in this form, so a reader refuses
// the empty one: else one record had two forms, and two digests.
func (f *planField) absent(v reflect.Value) bool {
	return f.omit && (v.IsZero() || f.empty && v.Kind() == reflect.Slice && v.Len() == 0)
}

func (f *planField) of(v reflect.Value) reflect.Value {
	v = v.Field(f.index[0])
	if len(f.index) > 1 {
		v = v.Field(f.index[1])
	}
	return v
}

// unknownField is a member that a later version of this format wrote. A tolerant reader keeps it with the object it
// stood in.
type unknownField struct {
	path string // names and positions from the root of the record or dossier, each after a slash
	name string
	raw  []byte // canonical JSON
}
