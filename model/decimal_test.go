package model_test

import (
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/model"
)

func TestParseDecimal(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "+0.00": "0", "1": "1", "-1.50": "-1.5", "+1.5": "1.5", ".5": "0.5", "5.": "5", "007": "7",
		"000000000000000000000012.50": "12.5", "12.34500": "12.345", "1.05": "1.05", "-10.0203": "-10.0203", "100.007": "100.007", "0.0500": "0.05", "0.00001": "0.00001", "999999999999999999": "999999999999999999",
		"-0.999999999999999999": "-0.999999999999999999", "0.0000000000000000010": "",
		"1" + strings.Repeat("0", 17): "100000000000000000", "1.00000000000000000000000000": "1",
		"0.000000000000000001": "0.000000000000000001",
	} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			if want == "" {
				d, err := model.ParseDecimal(in)
				require.NoError(t, err)
				assert.Equal(t, "0.000000000000000001", d.String())
				return
			}
			d, err := model.ParseDecimal(in)
			require.NoError(t, err)
			assert.Equal(t, want, d.String())
			e, err := model.ParseDecimal([]byte(in))
			require.NoError(t, err)
			assert.Equal(t, d, e)
		})
	}
	for name, in := range map[string]string{
		"empty": "", "sign": "-", "point": ".", "signed point": "-.", "two points": "1.2.3", "exponent": "1e3", "blank": " 1", "blank after": "1 ",
		"comma": "1,5", "hexadecimal": "0x1", "two signs": "--1", "sign behind": "1-", "infinity": "Inf", "other digits": "١", "underscore": "1_000", "a NUL, as no group mark": "1\x00234", "a slash": "1/2", "a colon": "1:2",
	} {
		_, err := model.ParseDecimal(in)
		require.ErrorIs(t, err, model.ErrSyntax, name)
	}
	for _, in := range []string{"1234567890123456789", "0.1234567890123456789", "12345678901234567.89", "123456789.0000000001", "100000000.0000000001", "1." + strings.Repeat("0", 65), "1" + strings.Repeat("0", 18)} {
		_, err := model.ParseDecimal(in)
		require.ErrorIs(t, err, model.ErrRange, in)
	}
}

func TestParseDecimalInDutch(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"1.234,56": "1234.56", "1234,56": "1234.56", "-1.234.567,8": "-1234567.8", "0,05": "0.05", ",5": "0.5", "1.000,05": "1000.05", "12": "12", "1.234": "1234",
		"100.000": "100000", "007,5": "7.5",
	} {
		d, err := model.ParseDecimalIn(in, model.DutchFormat)
		require.NoError(t, err, in)
		assert.Equal(t, want, d.String(), in)
	}
	for _, in := range []string{
		"1.23", "1.2345", ".123", "1..234", "1.234.56", "1,234.56", "1,2,3", "12345.678", "1.234,", "0.123", "00.123", "012.345", "1.", "1234.567,00",
		"1.23,5", "-.123", "0,234.567", ",234.567",
	} {
		_, err := model.ParseDecimalIn(in, model.DutchFormat)
		if in == "1.234," { // digits on one side of the mark are enough
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, model.ErrSyntax, in)
	}
}

var plainNumber = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$`)

// rat is the number by package big, exactly.
func rat(d model.Decimal) *big.Rat {
	units, exp := d.Units()
	return new(big.Rat).SetFrac(big.NewInt(units), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(exp)), nil))
}

// fits reports whether a number has at most 18 digits, before and behind the point together.
func fits(r *big.Rat) bool {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(18), nil)
	for range 19 {
		if r.IsInt() {
			return r.Num().CmpAbs(limit) < 0
		}
		r = new(big.Rat).Mul(r, big.NewRat(10, 1))
	}
	return false
}

// FuzzParseDecimal holds the parser against package math/big.
func FuzzParseDecimal(f *testing.F) {
	for _, s := range []string{"0", "-12.50", "999999999999999999", "0.000000000000000001", "1.10000000000000000001", "+.5", "1e5", "00012.3400"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := model.ParseDecimal(s)
		if !plainNumber.MatchString(s) {
			require.Error(t, err)
			return
		}
		want, ok := new(big.Rat).SetString(s)
		require.True(t, ok)
		if err != nil {
			require.ErrorIs(t, err, model.ErrRange)
			if len(s) < 64 { // beyond that, trailing zeros alone may be too many
				require.False(t, fits(want), "refused though it fits")
			}
			return
		}
		require.Zero(t, want.Cmp(rat(d)))
		back, err := model.ParseDecimal(d.String())
		require.NoError(t, err)
		require.Equal(t, d, back)
		dutch, err := model.ParseDecimalIn(strings.ReplaceAll(s, ".", ","), model.DutchFormat)
		require.NoError(t, err)
		require.Equal(t, d, dutch)
	})
}

func anyDecimal(t *rapid.T) model.Decimal {
	units := rapid.OneOf(rapid.Int64Range(-999_999_999_999_999_999, 999_999_999_999_999_999), rapid.Int64Range(-2000, 2000),
		rapid.SampledFrom([]int64{100_000_000_000_000_000, -1, 1, 999_999_999_999_999_999})).Draw(t, "units")
	d, err := model.NewDecimal(units, rapid.IntRange(0, 18).Draw(t, "exponent"))
	require.NoError(t, err)
	return d
}

// Sums and comparisons are those of package math/big, and a sum is refused only where it has too many digits.
func TestDecimalArithmetic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyDecimal(t), anyDecimal(t)
		x, y := rat(a), rat(b)
		assert.Equal(t, x.Cmp(y), a.Cmp(b))
		assert.Equal(t, x.Sign(), a.Sign())
		assert.Zero(t, new(big.Rat).Neg(x).Cmp(rat(a.Neg())))
		want := new(big.Rat).Add(x, y)
		got, err := a.Add(b)
		if err != nil {
			require.ErrorIs(t, err, model.ErrRange)
			require.False(t, fits(want))
			return
		}
		require.True(t, fits(want), "what has too many digits is refused")
		assert.Zero(t, want.Cmp(rat(got)))
		back, err := got.Add(b.Neg())
		if err == nil {
			assert.Equal(t, a, back)
		}
	})
	a, err := model.ParseDecimal("100000000000000000")
	require.NoError(t, err)
	b, err := model.ParseDecimal("-0.1")
	require.NoError(t, err)
	sum, err := a.Add(b)
	require.NoError(t, err)
	assert.Equal(t, "99999999999999999.9", sum.String())
	for _, c := range [][2]string{
		{"999999999999999999", "1"}, {"-999999999999999999", "-1"}, {"999999999999999999", "0.1"}, {"1", "0.000000000000000001"}, {"0.000000000000000001", "999999999999999999"},
	} {
		_, err := parse[model.Decimal](t, c[0]).Add(parse[model.Decimal](t, c[1]))
		require.ErrorIs(t, err, model.ErrRange, c)
	}
	_, err = model.NewDecimal(1, -1)
	require.ErrorIs(t, err, model.ErrRange)
	_, err = model.NewDecimal(1_000_000_000_000_000_000, 0)
	require.ErrorIs(t, err, model.ErrRange)
	zero, err := model.NewDecimal(0, 5)
	require.NoError(t, err)
	assert.Equal(t, model.Decimal{}, zero, "there is one nought")
	_, err = model.NewDecimal(1, 19)
	require.ErrorIs(t, err, model.ErrRange)
	_, err = model.NewDecimal(-1_000_000_000_000_000_000, 0)
	require.ErrorIs(t, err, model.ErrRange)
}

func TestMoney(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ amount, currency, want string }{
		{"12.5", "EUR", "12.50"}, {"-0.001", "EUR", "-0.001"}, {"3", "JPY", "3"}, {"3", "BHD", "3.000"}, {"1.23450", "EUR", "1.2345"}, {"0", "EUR", "0.00"},
	} {
		m, err := model.ParseMoney(c.amount, model.Currency(c.currency))
		require.NoError(t, err)
		assert.Equal(t, c.want, m.Text())
		var back model.Money
		b, err := m.MarshalJSON()
		require.NoError(t, err)
		require.NoError(t, back.UnmarshalJSON(b))
		assert.Equal(t, m, back)
		assert.False(t, m.IsZero())
	}
	a, b := money(t, "1.10"), money(t, "-2")
	sum, err := a.Add(b)
	require.NoError(t, err)
	assert.Equal(t, "-0.90", sum.Text())
	assert.Equal(t, "0.90", sum.Neg().Text())
	assert.Equal(t, -1, sum.Sign())
	dollar, err := model.ParseMoney("1", "USD")
	require.NoError(t, err)
	_, err = a.Add(dollar)
	require.ErrorIs(t, err, model.ErrCurrency)
	for _, c := range []model.Currency{"", "eur", "EU", "EURO", "E R"} {
		_, err := model.ParseMoney("1", c)
		require.ErrorIs(t, err, model.ErrSyntax)
	}
	for _, c := range []model.Currency{"EUR", "AUR", "EAR", "EUA", "USD"} {
		m, err := model.ParseMoney("1", c)
		require.NoError(t, err)
		assert.Equal(t, c, m.Currency(), "each its own")
	}
	assert.True(t, model.Money{}.IsZero())
	assert.Empty(t, model.Money{}.Text())
	var none model.Money
	require.NoError(t, none.UnmarshalJSON([]byte("null")))
	for _, text := range []string{`{"Amount":"1.00","currency":"EUR"}`, `{"amount":1.00,"currency":"EUR"}`, `"1.00"`, `{"amount":"1.00","currency":"EUR","x":1}`, `{}`, ``} {
		require.ErrorIs(t, none.UnmarshalJSON([]byte(text)), model.ErrSyntax, text)
	}
}
