package model_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/model"
)

// spots returns everything in v that can be set to what JSON, or the field's set of words, does not have.
func spots(v reflect.Value) (out []func(bad string)) {
	if !v.CanSet() {
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		out = append(out, func(bad string) { v.SetString(bad) })
	case reflect.Int:
		out = append(out, func(string) { v.SetInt(-1) })
	case reflect.Pointer:
		if !v.IsNil() {
			out = append(out, spots(v.Elem())...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			out = append(out, spots(v.Field(i))...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			out = append(out, spots(v.Index(i))...)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			out = append(out, func(bad string) { v.SetMapIndex(k, reflect.ValueOf(bad)) })
		}
	}
	return out
}

// A record passes exactly where it can be written and a strict reader takes it back.
func TestCheckRecord(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := anyRecord(t, 80)
		require.NoError(t, model.CheckRecord(r))
		all := spots(reflect.ValueOf(r).Elem())
		n := rapid.IntRange(0, len(all)-1).Draw(t, "spot")
		all[n](rapid.SampledFrom([]string{"ok", "bad \xff", "canary\x00", "EUR", "eur"}).Draw(t, "value"))

		d := &model.Dossier{Documents: []model.DocumentInfo{document(0)}, Records: []model.Record{r}, Coverage: []model.Coverage{}, Issues: []model.Issue{}}
		b, readable := d.MarshalJSON()
		if readable == nil {
			_, readable = model.ReadDossier(b, nil)
		}
		err := model.CheckRecord(r)
		if readable == nil {
			require.NoError(t, err)
			return
		}
		require.ErrorIs(t, err, model.ErrSyntax)
		assert.NotContains(t, err.Error(), "canary")
	})
}

func TestCheckRecordTypes(t *testing.T) {
	t.Parallel()
	foreign := struct{ *model.Person }{&model.Person{}}
	assert.ErrorIs(t, model.CheckRecord(foreign), model.ErrSyntax)
	assert.ErrorIs(t, model.CheckRecord(nil), model.ErrSyntax)
	assert.ErrorIs(t, model.CheckRecord((*model.Person)(nil)), model.ErrSyntax)
	x := &model.Extra{For: model.CategoryPerson, Extra: map[string]string{"Not a name": "v"}}
	assert.ErrorIs(t, model.CheckRecord(x), model.ErrSyntax)
	long := &model.Transaction{Description: strings.Repeat("é", 1<<16)}
	assert.NoError(t, model.CheckRecord(long))
}
