package model_test

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/model"
)

// Valid identifiers over invented numbers.
var (
	sampleAccounts = []string{"NL02ABNA0123456789", "BE71096123456769", "DE75512108001245126199", "5375 11xx xxxx 0019", "<&>é\"\\"}
	sampleBSNs     = []string{"999991772", "999993653", "999995273"}
	samplePayroll  = []string{"123456782L01", "111222333L02"}
	samplePostcode = []string{"1234AB", "9999ZZ"}
	sampleBICs     = []string{"ABNANL2A", "INGBNL2AXXX"}
	sampleDates    = []string{"2026-11-22", "2026-11", "2026", "2024-02-29", "0001-01-01"}
	sampleAmounts  = []string{"0", "-12.5", "1234.56789", "999999999999999999", "0.00001", "100"}
)

func parse[T any](tb require.TestingT, s string) T {
	var v T
	require.NoError(tb, any(&v).(encoding.TextUnmarshaler).UnmarshalText([]byte(s)))
	return v
}

func money(tb require.TestingT, amount string) model.Money {
	m, err := model.ParseMoney(amount, model.EUR)
	require.NoError(tb, err)
	return m
}

func date(tb require.TestingT, s string) model.Date { return parse[model.Date](tb, s) }

func account(tb require.TestingT, s string) model.AccountID { return parse[model.AccountID](tb, s) }

// fill sets v, and everything below it, to a drawn value; each field is set with the given chance in a hundred.
func fill(t *rapid.T, v reflect.Value, chance int) {
	pick := func(from []string) string { return rapid.SampledFrom(from).Draw(t, "text") }
	switch p := v.Addr().Interface().(type) {
	case *model.Money:
		c := model.Currency(pick([]string{"EUR", "JPY", "BHD"}))
		m, err := model.ParseMoney(pick(sampleAmounts), c)
		require.NoError(t, err)
		*p = m
		return
	case **model.Decimal:
		d, err := model.ParseDecimal(pick(sampleAmounts))
		require.NoError(t, err)
		*p = &d
		return
	case **int:
		*p = new(rapid.IntRange(0, 70).Draw(t, "count"))
		return
	case *model.Date:
		*p = date(t, pick(sampleDates))
		return
	case *model.AccountID:
		*p = account(t, pick(sampleAccounts))
		return
	case *model.BIC:
		*p = parse[model.BIC](t, pick(sampleBICs))
		return
	case *model.BSN:
		*p = parse[model.BSN](t, pick(sampleBSNs))
		return
	case *model.PayrollTaxNumber:
		*p = parse[model.PayrollTaxNumber](t, pick(samplePayroll))
		return
	case *model.Postcode:
		*p = parse[model.Postcode](t, pick(samplePostcode))
		return
	case *model.Provenance:
		p.At = model.AtLine(rapid.IntRange(1, 40).Draw(t, "line"))
		return
	case *[]model.Issue:
		return
	case *model.Currency:
		*p = "EUR"
		return
	case *model.Category:
		return
	case *map[string]string:
		*p = map[string]string{"name": text(t), "other.name": text(t)}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.IsExported() && (f.Anonymous || rapid.IntRange(1, 100).Draw(t, "chance") <= chance) {
				fill(t, v.Field(i), chance)
			}
		}
	case reflect.Slice:
		n := rapid.IntRange(1, 3).Draw(t, "length")
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(t, v.Index(i), chance)
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(int64(rapid.IntRange(1, 70).Draw(t, "number")))
	case reflect.String:
		if enum := model.EnumOf(v.Type()); enum != nil {
			v.SetString(pick(enum))
			return
		}
		v.SetString(text(t))
	default:
		t.Fatalf("no value for %s", v.Type())
	}
}

func text(t *rapid.T) string {
	s := rapid.StringMatching(`[a-zA-Z0-9 .,<>&"\\/é€😀\t\n]{1,20}`).Draw(t, "text")
	return strings.ReplaceAll(s, "\x00", "")
}

// anyRecord draws a record of any type, whole where chance is 100.
func anyRecord(t *rapid.T, chance int) model.Record {
	cs := model.Categories()
	n := rapid.IntRange(0, len(cs)).Draw(t, "category")
	var r model.Record
	if n == len(cs) {
		r = &model.Extra{For: rapid.SampledFrom(cs).Draw(t, "for"), Extra: map[string]string{"name": text(t)}}
		return r
	}
	r = model.NewRecord(cs[n])
	fill(t, reflect.ValueOf(r).Elem(), chance)
	if rapid.Bool().Draw(t, "doubt") {
		fields := append(model.Fields(r.Category()), "", "unheard.of")
		r.Head().Issues = []model.Issue{{
			Code: rapid.SampledFrom(model.IssueCodes()).Draw(t, "code"), Field: rapid.SampledFrom(fields).Draw(t, "field"),
		}}
	}
	return r
}

// anyDossier draws a dossier of up to max records over up to four documents.
func anyDossier(t *rapid.T, max int) *model.Dossier {
	d := &model.Dossier{Documents: []model.DocumentInfo{}, Records: []model.Record{}, Coverage: []model.Coverage{}, Issues: []model.Issue{}}
	for i := range rapid.IntRange(1, 4).Draw(t, "documents") {
		d.Documents = append(d.Documents, document(i))
	}
	for range rapid.IntRange(0, max).Draw(t, "records") {
		r := anyRecord(t, 60)
		r.Head().Provenance.Document = rapid.IntRange(0, len(d.Documents)-1).Draw(t, "document")
		d.Records = append(d.Records, r)
	}
	for _, c := range model.Categories() {
		d.Coverage = append(d.Coverage, model.Coverage{
			Institution: "sample-bank", Category: c, Obtained: model.ObtainedAll, Method: model.File,
			Attempts: []model.Attempt{{Source: "camt", Method: model.File, Started: moment(0), Outcome: "ok", Documents: 1}},
		})
	}
	return d
}

func moment(minutes int) time.Time {
	return time.Date(2026, 11, 22, 12, 0, 0, 5000, time.UTC).Add(time.Duration(minutes) * time.Minute)
}

func document(i int) model.DocumentInfo {
	return model.DocumentInfo{
		Institution: "sample-bank", Source: model.SourceID(fmt.Sprintf("source-%d", i%2)), Method: model.Method(i%3 + 1),
		Format: "camt.053", Digest: model.Digest{1, byte(i)}, Retrieved: moment(i),
	}
}

func marshal(tb testing.TB, r model.Record) string {
	tb.Helper()
	b, err := model.MarshalRecord(r)
	require.NoError(tb, err)
	return string(b)
}
