package scrape

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/internal/jsonscan"
	"github.com/brondata/brondata/model"
)

func testField(k Kind, change func(*field)) *field {
	f := &field{
		Field: Field{Kind: k}, number: model.DutchFormat, currency: model.EUR, symbols: symbolsOf(model.EUR),
		dates: []DateFormat{DateDutch, DateNumeric},
	}
	if change != nil {
		change(f)
	}
	return f
}

// show gives a value in one text, "" for none.
func show(v value, ok bool) string {
	switch {
	case !ok:
		return ""
	case v.form == formMoney:
		return v.money.Text() + " " + string(v.money.Currency())
	case v.form == formCount:
		return itoa(v.count)
	}
	return v.text
}

func itoa(n int) string {
	d, _ := model.NewDecimal(int64(n), 0)
	return d.String()
}

func TestMoney(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"€ 1.234,56": "1234.56 EUR", "€1.234,56": "1234.56 EUR", "1.234,56 EUR": "1234.56 EUR", "1234,56 euro": "1234.56 EUR",
		"EUR 12,50": "12.50 EUR", "12,50": "12.50 EUR", "1.234": "1234.00 EUR", "€ 12,-": "12.00 EUR", "€ 12,--": "12.00 EUR",
		"-€ 12,50": "-12.50 EUR", "€ -12,50": "-12.50 EUR", "- 12,50": "-12.50 EUR", "\u2212\u00a0€ 12,50": "", "\u2212€ 12,50": "-12.50 EUR",
		"- € 12,50": "-12.50 EUR", "0,00": "0.00 EUR", "€ 1.234.567,89": "1234567.89 EUR",
		// What could mean something else, or has lost something.
		"12,5": "", "12,": "", "€ ,50": "", "12,50-": "", "12,50 CR": "", "1,234.56": "", "1,234": "", "12.34": "", "1.23,45": "",
		"$ 12,50": "", "12,50 USD": "", "USD 12,50": "", "€ 12,50 EUR": "", "€ 12,50 per maand": "", "€": "", "": "", "circa € 12,50": "",
		"-€ -12,50": "", "- -12,50": "", "€ 12,50,-": "", "€ 1,-2": "", "€ 12 ,50": "", "12 345,67": "", "€ 12,501": "",
		"1.234,561": "", "€ 2.000,00 € 1.500,00": "", "١٢,50": "", "12,50*": "", "€ 12\u201350": "", "+12,50": "",
	} {
		assert.Equal(t, want, show(testField(Money, nil).parse(raw{text: in})), "%q", in)
	}
	for in, want := range map[string]string{
		"1234.56": "1234.56 EUR", "1234.5": "1234.50 EUR", "0": "0.00 EUR", "-3": "-3.00 EUR", "1e3": "", "12.345": "", "1.0000001": "",
	} {
		assert.Equal(t, want, show(testField(Money, nil).parse(raw{in, jsonscan.Number})), "%q", in)
	}
	cents := testField(Money, func(f *field) { f.MinorUnits = true })
	for in, want := range map[string]string{"1250": "12.50 EUR", "-5": "-0.05 EUR", "12.5": "", "12,50": "", "-": "", "99999999999999999999": ""} {
		assert.Equal(t, want, show(cents.parse(raw{text: in})), "%q", in)
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"3 mei 2026": "2026-05-03", "03 mei 2026": "2026-05-03", "3 Mei 2026": "2026-05-03", "12 mrt. 2026": "2026-03-12", "mei 2026": "2026-05",
		"3-5-2026": "2026-05-03", "03/05/2026": "2026-05-03", "03.05.2026": "2026-05-03", "00-05-2026": "2026-05", "00-00-2026": "2026",
		"31-12-2026": "2026-12-31",
		"12-31-2026": "", "31-4-2026": "", "29 februari 2025": "", "3 may 2026": "", "May 3 2026": "", "3-5-26": "", "3 mei '26": "", "2026-05-03": "",
		"20260503": "", "3 mei": "", "0 mei 2026": "", "3-mei-2026": "", "03-05/2026": "", "2026": "", "zondag 3 mei 2026": "", "3 mei 2026 12:00": "",
		"1-1-0001": "", "1-1-9999": "", "-1-5-2026": "", "1--5-2026": "", "": "",
	} {
		assert.Equal(t, want, show(testField(Date, nil).parse(raw{text: in})), "%q", in)
	}
	other := testField(Date, func(f *field) { f.dates = []DateFormat{DateISO, DateCompact} })
	for in, want := range map[string]string{
		"2026-05-03": "2026-05-03", "2026-05": "2026-05", "2026": "2026", "20260503": "2026-05-03", "20260500": "2026-05", "20260000": "2026",
		"20260003": "", "2026-05-03T00:00:00Z": "", "03-05-2026": "", "2026053": "", "0000-00-00": "", "00000000": "",
	} {
		assert.Equal(t, want, show(other.parse(raw{text: in})), "%q", in)
	}
}

func TestOtherKinds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		field *field
		want  map[string]string
	}{
		{"percent", testField(Percent, nil), map[string]string{"2,56%": "2.56", "2,56 %": "2.56", "2,56": "2.56", "-0,5%": "-0.5", "2.56%": "", "2,56‰": "", "%": "", "2,%": ""}},
		{"decimal", testField(Decimal, nil), map[string]string{"1.234,5": "1234.5", "0,123": "0.123", "0.123": "", "1,2%": ""}},
		{"int", testField(Int, nil), map[string]string{"12": "12", "1.200": "1200", "-1": "", "1,0": "", "12 maanden": "", "9999999999": ""}},
		{"months", testField(Int, func(f *field) { f.Units = []string{"maanden", "maand"} }), map[string]string{"12 maanden": "12", "1 Maand": "1", "12": "", "12 jaar": "", "1 jaar en 2 maanden": "", "maanden": ""}},
		{"months or bare", testField(Int, func(f *field) { f.Units = []string{"maanden", ""} }), map[string]string{"12 maanden": "12", "12": "12", "12 jaar": ""}},
		{"digits", testField(Digits, nil), map[string]string{"0123": "0123", "12a": "", "": "", "１２": ""}},
		{"postcode", testField(Postcode, nil), map[string]string{"1234 AB": "1234AB", "1234ab": "1234AB", "0234 AB": "", "1234 SS": ""}},
		{"iban", testField(IBAN, nil), map[string]string{"NL20 INGB 0001 2345 67": "NL20INGB0001234567", "NL21INGB0001234567": "", "NL": ""}},
		{"bsn", testField(BSN, nil), map[string]string{"999991772": "999991772", "9999.91.772": "999991772", "999991773": "", "*****1772": "", "12": ""}},
		{"payroll", testField(PayrollTaxNumber, nil), map[string]string{"999991772L01": "999991772L01", "999991772B01": ""}},
		{"text", testField(Text, nil), map[string]string{"Jansen": "Jansen", "a\ufffdb": "", "a\x00b": "", strings.Repeat("x", 1001): ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for in, want := range tt.want {
				assert.Equal(t, want, show(tt.field.parse(raw{text: in})), "%q", in)
			}
		})
	}
	_, ok := testField(Postcode, nil).parse(raw{"1234", jsonscan.Number})
	assert.False(t, ok, "an identifier that is a number")
	_, ok = testField(Text, nil).parse(raw{"true", jsonscan.Bool})
	assert.False(t, ok)
}

// What is written as Dutch pages write it is read back as it was.
func TestMoneyRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cents := rapid.Int64Range(-99_999_999_999, 99_999_999_999).Draw(t, "cents")
		d, err := model.NewDecimal(cents, 2)
		require.NoError(t, err)
		want, err := model.NewMoney(d, model.EUR)
		require.NoError(t, err)
		s := strings.ReplaceAll(want.Text(), ".", ",")
		whole, frac, _ := strings.Cut(strings.TrimPrefix(s, "-"), ",")
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + "." + whole[i:]
		}
		sign := ""
		if cents < 0 {
			sign = "-"
		}
		for _, form := range []string{sign + "€ " + whole + "," + frac, "€ " + sign + whole + "," + frac, sign + whole + "," + frac + " EUR"} {
			v, ok := testField(Money, nil).parse(raw{text: form})
			require.True(t, ok, form)
			require.Equal(t, want, v.money, form)
			_, ok = testField(Money, nil).parse(raw{text: form[:len(form)-1]})
			if !strings.HasSuffix(form, "EUR") {
				require.False(t, ok, "an amount that lost its last digit: %s", form)
			}
		}
	})
}

func TestPaths(t *testing.T) {
	t.Parallel()
	v, err := jsonscan.Parse([]byte(`{"a":{"b":[{"k":"x","v":1},{"k":"y","v":2},{"k":"z","v":3},{"k":"z","v":4}]},"":5}`), nil)
	require.NoError(t, err)
	for path, want := range map[string]string{
		"a.b[k=y].v": "2", "a.b[k=x]": "object", "a": "object", "": "object",
		"a.b[k=z].v": "none", "a.b[k=q]": "none", "a.b.v": "none", "c": "none", "a[k=x]": "none", "a.b[k=1]": "none",
		"a.": "bad", ".a": "bad", "a..b": "bad", "a[0]": "bad", "a[k=x": "bad", "a[=x]": "bad", "a]": "bad", "a=b": "bad", "a[k=x]b": "bad",
	} {
		p, ok := parsePath(path)
		got := "bad"
		if ok {
			got = "none"
			if m, ok := p.find(v); ok {
				if got = m.Text(); m.Kind() == jsonscan.Object {
					got = "object"
				}
			}
		}
		assert.Equal(t, want, got, path)
	}
}
