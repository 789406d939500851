package model

import (
	"bytes"
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MarshalRecord writes a record in the one JSON form of this package. The form is canonical (RFC 8785): keys in the
// order of their UTF-16 code units, no blanks, no numbers but small integers, so that equal records are equal bytes.
//
// A text that is not UTF-8 or holds NUL is [ErrSyntax]; so is a record that is none of this package's. A negative count
// or position is [ErrRange].
func MarshalRecord(r Record) ([]byte, error) { return AppendRecord(nil, r) }

// AppendRecord appends what [MarshalRecord] returns to b.
func AppendRecord(b []byte, r Record) ([]byte, error) {
	if o, ok := r.(*Opaque); ok && o != nil {
		return append(b, o.raw...), nil
	}
	if !Known(r) {
		return nil, jsonError("not a record of this package")
	}
	e := encoder{category: r.Category(), unknown: r.Head().unknown}
	v := reflect.ValueOf(r).Elem()
	return e.object(b, planOf(v.Type()), v, "")
}

// CanonicalRecords writes records as one canonical JSON array in one total order: by the bytes of the category's name,
// then by the bytes of each. The order in which they are given makes no difference, and neither does the version:
// a recipient that does not know a category yet puts it in the same place.
func CanonicalRecords(records []Record) ([]byte, error) { return appendRecords(nil, records) }

func appendRecords(b []byte, records []Record) ([]byte, error) {
	type item struct {
		category string
		from, to int
	}
	// Each is written once, into one piece of memory, and the pieces are put into order: a year of transactions is sorted
	// without being written again for each comparison.
	var (
		buf   []byte
		items = make([]item, 0, len(records))
	)
	for _, r := range records {
		from := len(buf)
		var err error
		if buf, err = AppendRecord(buf, r); err != nil {
			return nil, err
		}
		items = append(items, item{string(r.Category()), from, len(buf)})
	}
	slices.SortFunc(items, func(x, y item) int {
		if c := strings.Compare(x.category, y.category); c != 0 {
			return c
		}
		return bytes.Compare(buf[x.from:x.to], buf[y.from:y.to])
	})
	b = slices.Grow(b, len(buf)+len(items)+2)
	b = append(b, '[')
	for i, it := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, buf[it.from:it.to]...)
	}
	return append(b, ']'), nil
}

// MarshalJSON writes the dossier in the form of [MarshalRecord]; the records keep their order. A record whose
// provenance points at no document of the dossier is [ErrRange].
func (d *Dossier) MarshalJSON() ([]byte, error) { return d.appendJSON(nil) }

func (d *Dossier) appendJSON(b []byte) ([]byte, error) {
	for _, r := range d.Records {
		if r == nil {
			return nil, jsonError("not a record of this package")
		}
		if n := r.Head().Provenance.Document; n < 0 || n >= len(d.Documents) {
			return nil, fmt.Errorf("model: json: a record points at no document: %w", ErrRange)
		}
	}
	e := encoder{unknown: d.unknown}
	v := reflect.ValueOf(d).Elem()
	return e.object(b, planOf(v.Type()), v, "")
}

type encoder struct {
	category Category
	unknown  []unknownField
}

func (e *encoder) object(b []byte, p *plan, v reflect.Value, path string) ([]byte, error) {
	extra := e.unknownAt(path)
	b = append(b, '{')
	first := true
	next := func() {
		if !first {
			b = append(b, ',')
		}
		first = false
	}
	foreign := func(before string) (err error) {
		for len(extra) > 0 && (before == "" || compareKeys(extra[0].name, before) < 0) {
			next()
			if b, err = appendText(b, extra[0].name); err != nil {
				return err
			}
			b = append(b, ':')
			b = append(b, extra[0].raw...)
			extra = extra[1:]
		}
		return nil
	}
	for i := range p.fields {
		f := &p.fields[i]
		var fv reflect.Value
		if f.kind != kindCategory {
			fv = f.of(v)
			if f.absent(fv) && !(f.kind == kindStruct && e.below(path+"/"+f.name)) {
				continue
			}
		}
		if len(extra) > 0 {
			if err := foreign(f.name); err != nil {
				return nil, err
			}
			// The word that a field could not hold stands for it until the field is set to another.
			if len(extra) > 0 && extra[0].name == f.name {
				word := extra[0].raw
				extra = extra[1:]
				if fv.IsZero() {
					next()
					b = append(append(b, f.key...), word...)
					continue
				}
			}
		}
		next()
		b = append(b, f.key...)
		var err error
		if b, err = e.value(b, f, fv, path); err != nil {
			return nil, err
		}
	}
	if err := foreign(""); err != nil {
		return nil, err
	}
	return append(b, '}'), nil
}

// unknownAt returns the kept members of one object, in canonical order.
func (e *encoder) unknownAt(path string) []unknownField {
	if len(e.unknown) == 0 {
		return nil
	}
	var out []unknownField
	for _, u := range e.unknown {
		if u.path == path {
			out = append(out, u)
		}
	}
	slices.SortFunc(out, func(a, b unknownField) int { return compareKeys(a.name, b.name) })
	return out
}

// below reports whether anything was kept of the object at a path, or of a part of it.
func (e *encoder) below(path string) bool {
	return slices.ContainsFunc(e.unknown, func(u unknownField) bool {
		return u.path == path || strings.HasPrefix(u.path, path+"/")
	})
}

func (e *encoder) value(b []byte, f *planField, v reflect.Value, path string) ([]byte, error) {
	switch f.kind {
	case kindCategory:
		return appendText(b, string(e.category))
	case kindString:
		return appendText(b, v.String())
	case kindBool:
		return strconv.AppendBool(b, v.Bool()), nil
	case kindInt:
		return appendInt(b, v.Int())
	case kindCount:
		return appendInt(b, v.Elem().Int())
	case kindMoney:
		return v.Addr().Interface().(*Money).appendJSON(b), nil
	case kindDecimal:
		d := v.Interface().(*Decimal)
		if d == nil {
			return nil, jsonError("a number is missing")
		}
		b = append(b, '"')
		b = d.append(b, 0)
		return append(b, '"'), nil
	case kindTime:
		return appendTime(b, *v.Addr().Interface().(*time.Time))
	case kindText:
		return appendTextOf(b, v)
	case kindStruct:
		return e.object(b, f.part, v, path+"/"+f.name)
	case kindStructs:
		return appendArray(b, v.Len(), func(b []byte, i int) ([]byte, error) {
			return e.object(b, f.part, v.Index(i), path+"/"+f.name+"/"+strconv.Itoa(i))
		})
	case kindStrings:
		return appendArray(b, v.Len(), func(b []byte, i int) ([]byte, error) { return appendText(b, v.Index(i).String()) })
	case kindInts:
		return appendArray(b, v.Len(), func(b []byte, i int) ([]byte, error) { return appendInt(b, v.Index(i).Int()) })
	case kindRecords:
		records := v.Interface().([]Record)
		return appendArray(b, len(records), func(b []byte, i int) ([]byte, error) { return AppendRecord(b, records[i]) })
	}
	return appendMap(b, v.Interface().(map[string]string))
}

func appendArray(b []byte, n int, f func([]byte, int) ([]byte, error)) ([]byte, error) {
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = f(b, i); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendMap(b []byte, m map[string]string) ([]byte, error) {
	keys := slices.SortedFunc(maps.Keys(m), compareKeys)
	b = append(b, '{')
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendText(b, k); err != nil {
			return nil, err
		}
		b = append(b, ':')
		if b, err = appendText(b, m[k]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// maxCount bounds the numbers of this form, which are counts and positions.
const maxCount = 1<<31 - 1

func appendInt(b []byte, n int64) ([]byte, error) {
	if n > maxCount || n < 0 {
		return nil, fmt.Errorf("model: json: integer: %w", ErrRange)
	}
	return strconv.AppendInt(b, n, 10), nil
}

// appendTime writes RFC 3339 in UTC with the fraction of the second that there is. The years are those that have four
// digits: time.Time writes others as well, and reads them no more.
func appendTime(b []byte, t time.Time) ([]byte, error) {
	t = t.UTC()
	if y := t.Year(); y < 0 || y > 9999 {
		return nil, fmt.Errorf("model: json: time: %w", ErrRange)
	}
	b = append(b, '"')
	b = t.AppendFormat(b, time.RFC3339Nano)
	return append(b, '"'), nil
}

// appendTextOf writes a value by its own text form. Account numbers may hold any printable character, so the text is
// escaped as any other.
func appendTextOf(b []byte, v reflect.Value) ([]byte, error) {
	if t, ok := v.Addr().Interface().(encoding.TextAppender); ok {
		var buf [80]byte
		s, err := t.AppendText(buf[:0])
		if err != nil {
			return nil, err
		}
		return appendText(b, string(s))
	}
	s, err := v.Interface().(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return nil, err
	}
	return appendText(b, string(s))
}
