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

// A transaction is checked in a way of its own: each of its texts and words, by itself.
func TestCheckTransaction(t *testing.T) {
	t.Parallel()
	whole := func() (*model.Transaction, []func(bad string)) {
		r := &model.Transaction{Amount: money(t, "1.00"), Status: model.Booked}
		r.Provenance.At = model.AtLine(1)
		all := spots(reflect.ValueOf(r).Elem())
		return r, all
	}
	_, all := whole()
	require.GreaterOrEqual(t, len(all), 12)
	for i := range all {
		for _, bad := range []string{"bad \xff", "canary\x00"} {
			r, all := whole()
			require.NoError(t, model.CheckRecord(r))
			all[i](bad)
			err := model.CheckRecord(r)
			require.ErrorIs(t, err, model.ErrSyntax, "%d: %+v", i, r)
			require.NotContains(t, err.Error(), "canary")
		}
	}
	for _, s := range []model.TransactionStatus{"", model.Booked, model.Pending} {
		require.NoError(t, model.CheckRecord(&model.Transaction{Status: s}))
	}
	require.ErrorIs(t, model.CheckRecord(&model.Transaction{Status: "information"}), model.ErrSyntax)
	doubted := &model.Transaction{}
	doubted.Issues = []model.Issue{{Code: "no such doubt"}}
	require.ErrorIs(t, model.CheckRecord(doubted), model.ErrSyntax)
}

// What is complete is so in each institution and category; an answer of none is not.
func TestComplete(t *testing.T) {
	t.Parallel()
	all, part, none := model.Coverage{Obtained: model.ObtainedAll}, model.Coverage{Obtained: model.ObtainedPart}, model.Coverage{Obtained: model.ObtainedNone}
	cut := model.Coverage{Obtained: model.ObtainedAll, HistoryCut: true}
	for name, c := range map[string]struct {
		coverage []model.Coverage
		want     bool
	}{
		"all": {[]model.Coverage{all, all}, true}, "a part": {[]model.Coverage{all, part}, false}, "none": {[]model.Coverage{none, all}, false},
		"cut": {[]model.Coverage{cut}, false}, "not said": {[]model.Coverage{{}}, false}, "nothing asked": {nil, true},
	} {
		d := &model.Dossier{Coverage: c.coverage}
		assert.Equal(t, c.want, d.Complete(), name)
	}
	d := &model.Dossier{Records: []model.Record{&model.Person{}, &model.Account{}, &model.Person{}}}
	assert.Len(t, model.All[*model.Person](d), 2)
	assert.Empty(t, model.All[*model.Balance](d))
}
