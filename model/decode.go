package model

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// ReadOptions say how JSON of this package is read. The zero value, and nil, is the strict reading for ingestion: it
// takes exactly what [MarshalRecord] and [Dossier.MarshalJSON] write, but for blanks, the order of keys and escapes.
// Unknown or duplicate fields, another case, empty values that the writer leaves out, values outside an enumeration,
// lone surrogates, NUL and trailing data are [ErrSyntax].
type ReadOptions struct {
	// KeepUnknown is the tolerant reading for a recipient, whose sender may have a later version: fields and categories
	// that this version does not know are kept and written again where they stood, and values outside an enumeration
	// are taken; of those a [Method] cannot hold, the field is zero and the word is kept as an unknown field is.
	// Minimising drops what was kept. Everything else is as strict; an amount has no fields but its two.
	KeepUnknown bool
	// MaxBytes limits the text; 0 means 256 MiB. More is [ErrRange].
	MaxBytes int
	// MaxDepth limits the nesting; 0 means 16, which this version's own form does not reach. More is [ErrRange].
	MaxDepth int
}

const (
	defaultMaxBytes = 256 << 20
	defaultMaxDepth = 16
)

func newDecoder(b []byte, o *ReadOptions) (*decoder, error) {
	if o == nil {
		o = &ReadOptions{}
	}
	limit, depth := o.MaxBytes, o.MaxDepth
	if limit <= 0 {
		limit = defaultMaxBytes
	}
	if depth <= 0 {
		depth = defaultMaxDepth
	}
	if len(b) > limit {
		return nil, fmt.Errorf("model: json: text too long: %w", ErrRange)
	}
	// The whole text is checked before anything is made of it: what follows need not doubt its form, and a hostile text costs
	// one pass over it and no memory.
	d := &decoder{scanner: scanner{b: b}, keep: o.KeepUnknown}
	if err := d.check(depth); err != nil {
		return nil, err
	}
	d.blanks()
	return d, nil
}

// UnmarshalRecord reads one record; nil options mean the strict reading. Errors wrap [ErrSyntax], [ErrChecksum] or
// [ErrRange] and hold no value of the text.
func UnmarshalRecord(b []byte, o *ReadOptions) (Record, error) {
	d, err := newDecoder(b, o)
	if err != nil {
		return nil, err
	}
	return d.record()
}

// ReadDossier reads a dossier; nil options mean the strict reading. A record that points at no document of the
// dossier is [ErrRange]; other errors are those of [UnmarshalRecord].
func ReadDossier(b []byte, o *ReadOptions) (*Dossier, error) {
	d, err := newDecoder(b, o)
	if err != nil {
		return nil, err
	}
	var out Dossier
	v := reflect.ValueOf(&out).Elem()
	if err := d.object(planOf(v.Type()), v, "", &out.unknown); err != nil {
		return nil, err
	}
	for _, r := range out.Records {
		if n := r.Head().Provenance.Document; n < 0 || n >= len(out.Documents) {
			return nil, fmt.Errorf("model: json: a record points at no document: %w", ErrRange)
		}
	}
	if err := out.checkMatches(); err != nil {
		return nil, err
	}
	return &out, nil
}

// UnmarshalJSON is [ReadDossier] in the strict reading.
func (d *Dossier) UnmarshalJSON(b []byte) error {
	v, err := ReadDossier(b, nil)
	if err != nil {
		return err
	}
	*d = *v
	return nil
}

// unmarshalInto is the UnmarshalJSON of the record types.
func unmarshalInto[T any](dst *T, b []byte) error {
	r, err := UnmarshalRecord(b, nil)
	if err != nil {
		return err
	}
	v, ok := r.(any).(*T)
	if !ok {
		return jsonError("a record of another category")
	}
	*dst = *v
	return nil
}

type decoder struct {
	scanner
	keep bool
}

// record reads the record at the scanner. The category may stand anywhere in it, so a first pass looks for it.
func (d *decoder) record() (Record, error) {
	from := d.i
	if d.peek() != '{' {
		return nil, jsonError("a record is no object")
	}
	var (
		c            Category
		named, extra bool
	)
	err := d.each(func(key string) error {
		v := d.skip()
		switch key {
		case "category":
			if named = v[0] == '"'; named {
				c = Category(decodeText(v))
			}
		case "extra":
			extra = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !named {
		return nil, jsonError("a record without a category")
	}
	if !c.Valid() {
		if !d.keep {
			return nil, jsonError("unknown category")
		}
		return d.opaque(c, from)
	}
	r := newRecord(c)
	if extra {
		r = &Extra{For: c}
	}
	d.i = from
	v := reflect.ValueOf(r).Elem()
	if err := d.object(planOf(v.Type()), v, "", &r.Head().unknown); err != nil {
		return nil, err
	}
	return r, nil
}

// opaque keeps a record of an unknown category whole. Its head is read as far as this version understands it.
func (d *decoder) opaque(c Category, from int) (Record, error) {
	o := &Opaque{category: c}
	raw, err := canonical(d.b[from:d.i])
	if err != nil {
		return nil, err
	}
	o.raw = raw
	sub := &decoder{scanner: scanner{b: raw}, keep: true}
	v := reflect.ValueOf(o).Elem()
	if err := sub.object(planOf(v.Type()), v, "", new([]unknownField)); err != nil {
		return nil, err
	}
	return o, nil
}

// object reads the object at the scanner into v.
func (d *decoder) object(p *plan, v reflect.Value, path string, unknown *[]unknownField) error {
	if d.peek() != '{' {
		return jsonError("not an object")
	}
	seen := 0
	err := d.each(func(key string) error {
		f := p.byName[key]
		if f == nil {
			raw := d.skip()
			if !d.keep {
				return jsonError("unknown field")
			}
			c, err := canonical(raw)
			*unknown = append(*unknown, unknownField{path, key, c})
			return err
		}
		if f.kind == kindCategory { // record has read it, to know the type
			d.skip()
			return nil
		}
		fv, kept := f.of(v), len(*unknown)
		if err := d.value(f, fv, path, unknown); err != nil {
			return err
		}
		if !f.omit {
			seen++
		} else if f.absent(fv) && len(*unknown) == kept { // empty but for what a later version put there is not empty
			return jsonError("an empty field that should be left out")
		}
		return nil
	})
	if err != nil {
		return err
	}
	// No key stands twice, so counting is enough to know that each required one was there.
	for i := range p.fields {
		if f := &p.fields[i]; !f.omit && f.kind != kindCategory {
			seen--
		}
	}
	if seen != 0 {
		return jsonError("a required field is missing")
	}
	return nil
}

func (d *decoder) value(f *planField, v reflect.Value, path string, unknown *[]unknownField) error {
	switch f.kind {
	case kindBool:
		w := string(d.skip())
		if w != "true" && w != "false" {
			return jsonError("not true or false")
		}
		v.SetBool(w == "true")
		return nil
	case kindInt:
		return d.int(v)
	case kindCount:
		v.Set(reflect.New(v.Type().Elem()))
		return d.int(v.Elem())
	case kindStruct:
		return d.object(f.part, v, path+"/"+f.name, unknown)
	case kindMoney:
		return d.money(v.Addr().Interface().(*Money))
	case kindStructs, kindStrings, kindInts, kindRecords:
		return d.slice(f, v, path, unknown)
	case kindExtra:
		return d.extra(v)
	}
	s, err := d.string()
	if err != nil {
		return err
	}
	if f.enum != nil && !slices.Contains(f.enum, s) {
		if !d.keep {
			return jsonError("a value outside its enumeration")
		}
		if f.kind == kindText { // its Go type has no place for the word: it is kept beside, and the field stays empty
			raw, err := appendText(nil, s)
			*unknown = append(*unknown, unknownField{path, f.name, raw})
			return err
		}
	}
	return setText(f, v, s, d.keep)
}

// setText sets a field that stands as a text. What the writer would write otherwise is refused: one fact, one form.
func setText(f *planField, v reflect.Value, s string, keep bool) error {
	switch f.kind {
	case kindString:
		v.SetString(s)
		if !keep && !validForm(v) {
			return jsonError("a text of the wrong form")
		}
		return nil
	case kindDecimal:
		n, err := ParseDecimal(s)
		if err != nil {
			return fmt.Errorf("model: json: number: %w", err)
		}
		if n.String() != s {
			return jsonError("a number in another form")
		}
		v.Set(reflect.ValueOf(&n))
		return nil
	case kindTime:
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return jsonError("not a time")
		}
		if b, err := appendTime(nil, t); err != nil || string(b[1:len(b)-1]) != s {
			return jsonError("a time in another form")
		}
		*v.Addr().Interface().(*time.Time) = t.UTC()
		return nil
	}
	if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s)); err != nil {
		return err
	}
	// Parsers are lenient for people, with blanks in an IBAN; here the same value in another form would be other bytes.
	back, err := v.Interface().(encoding.TextMarshaler).MarshalText()
	if err != nil || string(back) != s {
		return jsonError("a value in another form")
	}
	return nil
}

// validForm reports whether a text type that comes from code has its form.
func validForm(v reflect.Value) bool {
	switch s := v.Interface().(type) {
	case Locator:
		return s.Valid()
	case Currency:
		_, err := ParseCurrency(s)
		return err == nil
	case InstitutionID:
		return s == "" || ValidName(s)
	case SourceID:
		return s == "" || ValidName(s)
	case FormatID:
		return s == "" || ValidName(s)
	}
	return true
}

// int reads a count. It has 32 bits whatever the machine, so that a dossier that one reads every other one reads, too.
func (d *decoder) int(v reflect.Value) error {
	n, err := strconv.ParseInt(string(d.skip()), 10, 32)
	if err != nil || n < 0 {
		return jsonError("not an integer")
	}
	v.SetInt(n)
	return nil
}

func (d *decoder) string() (string, error) {
	q := d.skip()
	if q[0] != '"' {
		return "", jsonError("not a text")
	}
	return decodeText(q), nil
}

func (d *decoder) slice(f *planField, v reflect.Value, path string, unknown *[]unknownField) error {
	if d.peek() != '[' {
		return jsonError("not an array")
	}
	v.Set(reflect.MakeSlice(f.typ, 0, 0)) // not nil: of matches, none found is something else than not looked for
	return d.items(func(n int) error {
		if f.kind == kindRecords {
			r, err := d.record()
			if err == nil {
				v.Set(reflect.Append(v, reflect.ValueOf(r)))
			}
			return err
		}
		e := reflect.New(f.typ.Elem()).Elem()
		if f.kind == kindInts {
			if err := d.int(e); err != nil {
				return err
			}
		} else if f.kind == kindStrings {
			s, err := d.string()
			if err != nil {
				return err
			}
			e.SetString(s)
		} else if err := d.object(f.part, e, path+"/"+f.name+"/"+strconv.Itoa(n), unknown); err != nil {
			return err
		}
		v.Set(reflect.Append(v, e))
		return nil
	})
}

func (d *decoder) extra(v reflect.Value) error {
	if d.peek() != '{' {
		return jsonError("not an object")
	}
	m := map[string]string{}
	err := d.each(func(key string) error {
		s, err := d.string()
		if err == nil && !ValidName(key) {
			err = jsonError("a name of the wrong form")
		}
		m[key] = s
		return err
	})
	v.Set(reflect.ValueOf(m))
	return err
}

// money reads {"amount":"-12.50","currency":"EUR"} in exactly the form that it is written in.
func (d *decoder) money(m *Money) error {
	if d.peek() != '{' {
		return jsonError("not an amount")
	}
	var amount, currency string
	err := d.each(func(key string) (err error) {
		switch key {
		case "amount":
			amount, err = d.string()
		case "currency":
			currency, err = d.string()
		default:
			err = jsonError("unknown field")
		}
		return err
	})
	if err != nil {
		return err
	}
	n, err := ParseMoney(amount, Currency(currency))
	if err != nil {
		return fmt.Errorf("model: json: amount: %w", err)
	}
	if n.Text() != amount {
		return jsonError("an amount in another form")
	}
	*m = n
	return nil
}

// canonical rewrites checked JSON in canonical form.
func canonical(raw []byte) ([]byte, error) {
	s := &scanner{b: raw}
	s.blanks()
	return s.canonical(nil)
}

func (s *scanner) canonical(b []byte) ([]byte, error) {
	switch s.peek() {
	case '{':
		var members []unknownField
		err := s.each(func(key string) error {
			raw, err := s.canonical(nil)
			members = append(members, unknownField{name: key, raw: raw})
			return err
		})
		if err != nil {
			return nil, err
		}
		slices.SortFunc(members, func(a, b unknownField) int { return compareKeys(a.name, b.name) })
		b = append(b, '{')
		for i, m := range members {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendText(b, m.name); err != nil {
				return nil, err
			}
			b = append(b, ':')
			b = append(b, m.raw...)
		}
		return append(b, '}'), nil
	case '[':
		b = append(b, '[')
		err := s.items(func(n int) (err error) {
			if n > 0 {
				b = append(b, ',')
			}
			b, err = s.canonical(b)
			return err
		})
		return append(b, ']'), err
	case '"':
		return appendText(b, decodeText(s.skip()))
	}
	return append(b, s.skip()...), nil
}
