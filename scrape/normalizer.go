package scrape

import (
	"context"
	"errors"
	"strconv"

	"github.com/brondata/brondata/internal/jsonscan"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// Normalizer reads the documents of all sources of this package. Register one, however many recipes there are.
type Normalizer struct{}

var _ sources.Normalizer = Normalizer{}

// maxDocument is the largest document that is read, in bytes.
const maxDocument = 64 << 20

// Formats returns [Format].
func (Normalizer) Formats() []sources.Format {
	// A file of the subject that looks like such a document is not one: the facts in it would be the subject's own claim.
	no := func(context.Context, *sources.Probe) sources.Confidence { return sources.No }
	return []sources.Format{{ID: Format, Detect: no}}
}

// Categories returns all: recipes decide.
func (Normalizer) Categories() []model.Category { return model.Categories() }

// Normalize writes the records of the document that the query asks for, each field checked once more against its type.
func (Normalizer) Normalize(ctx context.Context, d sources.Document, q sources.Query, w *sources.Writer) error {
	b, err := d.Bytes(ctx, maxDocument)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	v, err := jsonscan.Parse(b, &jsonscan.Limits{Values: 16 << 20})
	if err != nil {
		return scanError(err, sources.ErrMalformed, "the document")
	}
	records, ok := envelope(v)
	if !ok {
		return sources.Errorf(sources.ErrMalformed, "the document is not of format %s", Format)
	}
	for i, e := range records.Elems() {
		r, ok := readRecord(e)
		if !ok {
			return sources.Errorf(sources.ErrMalformed, "record %d is not of the form of %s", i+1, Format)
		}
		if !q.Wants(r.category) {
			continue
		}
		if err := write(w, q, r); err != nil {
			return err
		}
	}
	return nil
}

// scanError maps an error of the JSON scanner; malformed is the sentinel for what is no JSON.
func scanError(err, malformed error, what string) error {
	switch {
	case errors.Is(err, jsonscan.ErrLimit):
		return sources.Errorf(sources.ErrLimit, "%s exceeds a limit of JSON", what)
	case errors.Is(err, jsonscan.ErrTruncated) && malformed == sources.ErrMalformed:
		return sources.Errorf(sources.ErrTruncated, "%s ends too early", what)
	}
	return sources.Errorf(malformed, "%s is not strict JSON", what)
}

// envelope checks the outer object and returns the records.
func envelope(v jsonscan.Value) (jsonscan.Value, bool) {
	f, _ := v.Get("format")
	recipe, _ := v.Get("recipe")
	page, _ := v.Get("page")
	recs, _ := v.Get("records")
	ok := v.Len() == 4 && f.Kind() == jsonscan.String && f.Text() == string(Format) && model.ValidName(recipe.Text()) &&
		model.ValidName(page.Text()) && recs.Kind() == jsonscan.Array
	return recs, ok
}

func readRecord(v jsonscan.Value) (found, bool) {
	c, _ := v.Get("category")
	at, _ := v.Get("at")
	fields, _ := v.Get("fields")
	out := found{category: model.Category(c.Text()), at: at.Text()}
	if v.Len() != 3 || !out.category.Valid() || out.at == "" || !model.AtPath(out.at).Valid() || fields.Kind() != jsonscan.Object {
		return found{}, false
	}
	for name, m := range fields.Members() {
		n := named{into: name}
		switch m.Kind() {
		case jsonscan.String:
			n.value.text = m.Text()
		case jsonscan.Number:
			i, err := strconv.Atoi(m.Text())
			if err != nil || i < 0 {
				return found{}, false
			}
			n.value = value{count: i, form: formCount}
		case jsonscan.Object:
			amount, _ := m.Get("amount")
			currency, _ := m.Get("currency")
			money, err := model.ParseMoney(amount.Text(), model.Currency(currency.Text()))
			if err != nil || m.Len() != 2 {
				return found{}, false
			}
			n.value = value{money: money, form: formMoney}
		default:
			return found{}, false
		}
		out.values = append(out.values, n)
	}
	return out, true
}

// write makes the records of one entry: that of the category, and one for names beyond it.
func write(w *sources.Writer, q sources.Query, r found) error {
	in := r.values[:0:0]
	for _, v := range r.values {
		if asked(q, r.category, v.into) {
			in = append(in, v)
		}
	}
	rec, err := newRecord(r.category, in)
	if err == nil && len(in) < len(r.values) {
		_, err = newRecord(r.category, r.values) // what is not asked must be well formed all the same
	}
	if err != nil {
		return sources.Errorf(sources.ErrMalformed, "a field does not fit its record")
	}
	if err := w.Record(rec, model.AtPath(r.at)); err != nil {
		return err
	}
	if e := newExtra(r.category, in); e != nil {
		return w.Record(e, model.AtPath(r.at))
	}
	return nil
}
