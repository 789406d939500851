package model_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"testing"
	texttemplate "text/template"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
)

const canary = "Kanarie"

// plant sets every text below v to the canary, and every other value to one that is recognised as well.
func plant(t *testing.T, v reflect.Value) {
	t.Helper()
	switch p := v.Addr().Interface().(type) {
	case *model.Money:
		*p = money(t, "987654.32")
		return
	case *model.AccountID:
		*p = account(t, canary)
		return
	case *model.BSN:
		*p = parse[model.BSN](t, "999991772")
		return
	case *model.BIC:
		*p = parse[model.BIC](t, "KANARI2E")
		return
	case *model.PayrollTaxNumber:
		*p = parse[model.PayrollTaxNumber](t, "123456782L01")
		return
	case *model.Postcode:
		*p = parse[model.Postcode](t, "9876ZX")
		return
	case *model.Date:
		*p = date(t, "1987-06-05")
		return
	case **model.Decimal:
		d, err := model.ParseDecimal("987654.32")
		require.NoError(t, err)
		*p = &d
		return
	case *map[string]string:
		*p = map[string]string{"x": canary}
		return
	case *model.Header, *model.Category:
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				plant(t, v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		plant(t, v.Index(0))
	case reflect.String:
		v.SetString(canary)
	}
}

var traces = []string{canary, "KANARI", "987654", "999991772", "123456782", "9876ZX", "1987-06-05", "{1987 6 5"}

// template returns what package text/template makes of a value.
func template(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, texttemplate.Must(texttemplate.New("").Parse("{{.}} {{printf `%v` .}} {{print .}}")).Execute(&b, v))
	return b.String()
}

// printed returns what package fmt makes of a value under its verbs, and package slog in both its forms.
func printed(t *testing.T, v any) []string {
	t.Helper()
	var out []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%f", "%t", "%T %v", "%10.3v", "%!", "%c", "%U", "%e", "%b", "%o"} {
		if verb == "%T %v" {
			out = append(out, fmt.Sprintf(verb, 0, v))
			continue
		}
		out = append(out, fmt.Sprintf(verb, v))
	}
	out = append(out, fmt.Sprint(v), fmt.Sprintln(v), fmt.Errorf("x: %v", v).Error(), template(t, v))
	for _, h := range []func(*bytes.Buffer) slog.Handler{
		func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(h(&b)).Info("x", "v", v, slog.Group("g", "v", v))
		out = append(out, b.String())
	}
	return out
}

// Nothing of a record, a dossier, a review, or a value that identifies anybody reaches a log, however it is printed.
func TestNothingPersonalIsPrinted(t *testing.T) {
	t.Parallel()
	var records []model.Record
	for _, c := range model.Categories() {
		records = append(records, model.NewRecord(c))
	}
	records = append(records, &model.Extra{For: model.CategoryIncome})
	for _, r := range records {
		plant(t, reflect.ValueOf(r).Elem())
		b, err := model.MarshalRecord(r)
		require.NoError(t, err)
		require.True(t, func() bool {
			for _, s := range traces {
				if bytes.Contains(b, []byte(s)) {
					return true
				}
			}
			return false
		}(), "the record holds something to be found")
	}
	opaque, err := model.UnmarshalRecord([]byte(`{"category":"weather","provenance":{"document":0},"x":"`+canary+`"}`), &model.ReadOptions{KeepUnknown: true})
	require.NoError(t, err)
	later, err := model.UnmarshalRecord([]byte(`{"category":"person","provenance":{"document":0},"x":"`+canary+`"}`), &model.ReadOptions{KeepUnknown: true})
	require.NoError(t, err)
	records = append(records, opaque, later)

	var values []any
	for _, r := range records {
		values = append(values, r, reflect.ValueOf(r).Elem().Interface())
	}
	d := model.Dossier{Records: records, Documents: []model.DocumentInfo{document(0)}}
	review := model.Review{Records: records, Recipient: model.ReviewRecipient{Name: canary}}
	tx := records[9].(*model.Transaction)
	values = append(values, *opaque.Head(), opaque.Head(), *later.Head(), later.Head())
	values = append(values, d, &d, review, &review, tx.Amount, &tx.Amount, tx.Account, tx.Counterparty, &tx.Counterparty, records[0].(*model.Person).Name,
		records[0].(*model.Person).BSN, tx.Counterparty.BIC, records[5].(*model.Pension).Bands[0], records[3].(*model.Income).CompanyCar)
	for _, v := range values {
		t.Run(fmt.Sprintf("%T", v), func(t *testing.T) {
			t.Parallel()
			for _, s := range printed(t, v) {
				for _, trace := range traces {
					assert.NotContains(t, s, trace)
				}
			}
		})
	}
	// In a slice, as a host might well print it.
	for _, v := range []any{records, []*model.Transaction{tx}, []model.Transaction{*tx}, struct{ T model.Transaction }{*tx}, map[string]model.Money{"x": tx.Amount}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			for _, trace := range traces {
				assert.NotContains(t, fmt.Sprintf(verb, v), trace)
			}
		}
	}
	// A release carries what was consented to.
	b, err := json.Marshal(tx)
	require.NoError(t, err)
	assert.Contains(t, string(b), canary)
}
