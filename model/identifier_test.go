package model_test

import (
	"encoding"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/model"
)

func TestIdentifiers(t *testing.T) {
	t.Parallel()
	type id interface {
		encoding.TextUnmarshaler
		Value() string
		IsZero() bool
	}
	for name, c := range map[string]struct {
		make  func() id
		good  map[string]string // as written → as held
		wrong map[string]error
	}{
		"IBAN": {func() id { return new(model.IBAN) }, map[string]string{
			"NL02ABNA0123456789": "NL02ABNA0123456789", "NL02 ABNA 0123 4567 89": "NL02ABNA0123456789", "BE71096123456769": "BE71096123456769",
			"DE75512108001245126199": "DE75512108001245126199", "MT31MALT01100000000000000000123": "MT31MALT01100000000000000000123", "NO8330001234567": "NO8330001234567",
		}, map[string]error{
			"NL03ABNA0123456789": model.ErrChecksum, "NL02ABNA0123456798": model.ErrChecksum, "NL02ABNA012345678": model.ErrSyntax, "nl02abna0123456789": model.ErrSyntax,
			"ZZ02ABNA0123456789": model.ErrSyntax, "NLA2ABNA0123456789": model.ErrSyntax, "NL02ABNA01234567890": model.ErrSyntax, "NL02-ABNA-0123-4567-89": model.ErrSyntax,
			strings.Repeat("A", 40): model.ErrSyntax,
		}},
		"BIC": {func() id { return new(model.BIC) }, map[string]string{"ABNANL2A": "ABNANL2A", "INGBNL2AXXX": "INGBNL2AXXX"},
			map[string]error{"ABNANL2": model.ErrSyntax, "ABNA112A": model.ErrSyntax, "abnanl2a": model.ErrSyntax, "ABNANL2A X1": model.ErrSyntax, "ABNA1L2A": model.ErrSyntax, "ABNAN12A": model.ErrSyntax,
				"ABNANL2:": model.ErrSyntax, "ABNANL2/": model.ErrSyntax, "ABNANL2[": model.ErrSyntax, "ABNANL2@": model.ErrSyntax}},
		"account": {func() id { return new(model.AccountID) }, map[string]string{
			"NL02 ABNA 0123 4567 89": "NL02ABNA0123456789", "P 1234567": "P 1234567", "5375 11xx xxxx 0019": "5375 11xx xxxx 0019", strings.Repeat("é", 70): strings.Repeat("é", 70),
		}, map[string]error{
			"NL03ABNA0123456789": model.ErrChecksum, " 12": model.ErrSyntax, "12\n": model.ErrSyntax, "a\x00b": model.ErrSyntax, "\xff": model.ErrSyntax,
			strings.Repeat("1", 71): model.ErrSyntax, "a\tb": model.ErrSyntax, "a\u202eb": model.ErrSyntax, "a\u200bb": model.ErrSyntax, "a\u00a0b": model.ErrSyntax, "a\u2028b": model.ErrSyntax, "a\u0085b": model.ErrSyntax,
		}},
		"BSN": {func() id { return new(model.BSN) }, map[string]string{"999991772": "999991772", "999993653": "999993653", "12345672": "012345672"},
			map[string]error{"999991773": model.ErrChecksum, "000000000": model.ErrChecksum, "99999177": model.ErrChecksum, "99999177a": model.ErrSyntax, "9999917720": model.ErrSyntax,
				"999 99 1772": model.ErrSyntax, "99999177/": model.ErrSyntax, "99999177:": model.ErrSyntax, "٩99991772": model.ErrSyntax}},
		"RSIN": {func() id { return new(model.RSIN) }, map[string]string{"123456782": "123456782"},
			map[string]error{"123456789": model.ErrChecksum, "12345678": model.ErrSyntax}},
		"payroll tax number": {func() id { return new(model.PayrollTaxNumber) }, map[string]string{"123456782L01": "123456782L01"},
			map[string]error{"123456789L01": model.ErrChecksum, "123456782B01": model.ErrSyntax, "123456782L1": model.ErrSyntax, "123456782L0a": model.ErrSyntax, "123456782L/1": model.ErrSyntax, "123456782L:1": model.ErrSyntax, "123456782L1/": model.ErrSyntax}},
		"KvK": {func() id { return new(model.KvK) }, map[string]string{"01234567": "01234567"}, map[string]error{"1234567": model.ErrSyntax, "0123456x": model.ErrSyntax}},
		"postcode": {func() id { return new(model.Postcode) }, map[string]string{"1234AB": "1234AB", "1234 AB": "1234AB"},
			map[string]error{"0234AB": model.ErrSyntax, "1234SS": model.ErrSyntax, "1234SA": model.ErrSyntax, "1234SD": model.ErrSyntax, "1234ab": model.ErrSyntax, "12345A": model.ErrSyntax, "1234  AB": model.ErrSyntax, "1234-AB": model.ErrSyntax, "1234 ABC": model.ErrSyntax, ":234AB": model.ErrSyntax,
				"1234[B": model.ErrSyntax, "1234@B": model.ErrSyntax, "1234A[": model.ErrSyntax, "1234A@": model.ErrSyntax, "1:34AB": model.ErrSyntax}},
		"kenteken": {func() id { return new(model.Kenteken) }, map[string]string{"G-001-BB": "G001BB", "12ABC3": "12ABC3", "AB-12-34": "AB1234", "999-XX-9": "999XX9", "XX-XX-99": "XXXX99"},
			map[string]error{"123456": model.ErrSyntax, "ABCDEF": model.ErrSyntax, "G001B": model.ErrSyntax, "g001bb": model.ErrSyntax, "A1B2C3": model.ErrSyntax, "AB-123-4": model.ErrSyntax, "--G001BB": model.ErrSyntax, "G-001BB": model.ErrSyntax, "GÉ-001-B": model.ErrSyntax, "G-00:-BB": model.ErrSyntax, "G-00/-BB": model.ErrSyntax, "G-001-B[": model.ErrSyntax}},
		"NISS": {func() id { return new(model.NISS) }, map[string]string{"85.07.30-033.28": "85073003328", "85073003328": "85073003328", "17073003384": "17073003384"},
			map[string]error{"85073003329": model.ErrChecksum, "8507300332": model.ErrSyntax, "85-07-30.033.28": model.ErrSyntax, "8507300332x": model.ErrSyntax, "85073003x28": model.ErrSyntax, "85/07.30-033.28": model.ErrSyntax,
				"85.07/30-033.28": model.ErrSyntax, "85.07.30.033.28": model.ErrSyntax, "85.07.30-033-28": model.ErrSyntax}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for in, want := range c.good {
				v := c.make()
				require.NoError(t, v.UnmarshalText([]byte(in)), in)
				assert.Equal(t, want, v.Value())
				again := c.make()
				require.NoError(t, again.UnmarshalText([]byte(v.Value())))
				assert.Equal(t, v, again)
			}
			for in, want := range c.wrong {
				v := c.make()
				err := v.UnmarshalText([]byte(in))
				require.ErrorIs(t, err, want, in)
				assert.NotContains(t, err.Error(), in)
				assert.True(t, v.IsZero())
			}
			v := c.make()
			require.NoError(t, v.UnmarshalText(nil))
			assert.True(t, v.IsZero())
		})
	}
}

// modulo97 is the check of ISO 7064 by package big.
func modulo97(iban string) int64 {
	var digits strings.Builder
	for _, c := range iban[4:] + iban[:4] {
		if c >= 'A' {
			digits.WriteString(big.NewInt(int64(c - 'A' + 10)).String())
		} else {
			digits.WriteRune(c)
		}
	}
	n, _ := new(big.Int).SetString(digits.String(), 10)
	return n.Mod(n, big.NewInt(97)).Int64()
}

// FuzzParseIBAN: what is taken passes the check by package big, has a country's length, and survives.
func FuzzParseIBAN(f *testing.F) {
	for _, s := range append(sampleAccounts, "NL99ABNA0123456786", "NL00", "XK051212012345678906") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := model.ParseIBAN(s)
		a, accountErr := model.ParseAccountID(s)
		if accountErr == nil {
			again, err := model.ParseAccountID(a.Value())
			require.NoError(t, err)
			require.Equal(t, a, again)
		}
		if err != nil {
			require.True(t, v.IsZero())
			return
		}
		require.NoError(t, accountErr)
		require.Equal(t, strings.ReplaceAll(s, " ", ""), v.Value())
		require.EqualValues(t, 1, modulo97(v.Value()))
		back, ok := a.IBAN()
		require.True(t, ok)
		require.Equal(t, v, back)
		require.Equal(t, v.Value()[:2], v.Country())
	})
}

// Of all check digits, exactly one is right; and no single wrong digit or swapped pair of digits passes.
func TestIBANFindsSlips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.StringMatching(`ABNA[0-9]{10}`).Draw(t, "body")
		var right []string
		for n := range 100 {
			s := "NL" + string(rune('0'+n/10)) + string(rune('0'+n%10)) + body
			if _, err := model.ParseIBAN(s); err == nil {
				right = append(right, s)
			}
		}
		require.Len(t, right, 1)
		b := []byte(right[0])
		i := rapid.IntRange(8, 16).Draw(t, "at")
		if b[i] != b[i+1] {
			b[i], b[i+1] = b[i+1], b[i]
			_, err := model.ParseIBAN(b)
			require.ErrorIs(t, err, model.ErrChecksum)
			b[i], b[i+1] = b[i+1], b[i]
		}
		b[i] = '0' + (b[i]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		_, err := model.ParseIBAN(b)
		require.ErrorIs(t, err, model.ErrChecksum)
	})
}

// What is next to digits and letters in ASCII is neither, even where the check digits would be right; and 00, 01 and 99, which leave the
// same remainder as 97, 98 and 02, are never given out.
func TestIBANTakesNothingElse(t *testing.T) {
	t.Parallel()
	const base = "NL02ABNA0123456789"
	for at := range base {
		for _, c := range "/:@[`{ -" {
			for n := range 100 {
				s := base[:2] + fmt.Sprintf("%02d", n) + base[4:]
				s = s[:at] + string(c) + s[at+1:]
				_, err := model.ParseIBAN(s)
				require.Error(t, err, s)
			}
		}
	}
	found := map[string]bool{}
	for n := range 1000 {
		for right, wrong := range map[string]string{"02": "99", "98": "01", "97": "00"} {
			body := fmt.Sprintf("ABNA%010d", n)
			if _, err := model.ParseIBAN("NL" + right + body); err == nil {
				found[right] = true
				_, err := model.ParseIBAN("NL" + wrong + body)
				require.ErrorIs(t, err, model.ErrChecksum)
			}
		}
	}
	require.Len(t, found, 3)
}

// FuzzIdentifiers: the nine-digit numbers follow their formula, and nothing panics.
func FuzzIdentifiers(f *testing.F) {
	for _, s := range []string{"999991772", "12345672", "123456782L01", "1234 AB", "G-001-BB", "85.07.30-033.28", "01234567", "ABNANL2A", "EUR"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, err := model.ParseBSN(s); err == nil {
			n, sum := v.Value(), 0
			require.Len(t, n, 9)
			for i := range 8 {
				sum += int(n[i]-'0') * (9 - i)
			}
			require.Zero(t, (sum-int(n[8]-'0'))%11)
			if len(s) == 9 {
				_, err := model.ParseRSIN(s)
				require.NoError(t, err)
			}
		}
		if v, err := model.ParsePostcode(s); err == nil {
			require.Len(t, v.Value(), 6)
		}
		if v, err := model.ParseNISS(s); err == nil {
			require.Len(t, v.Value(), 11)
		}
		if v, err := model.ParsePayrollTaxNumber(s); err == nil {
			require.Equal(t, s, v.Value())
		}
		if v, err := model.ParseKenteken(s); err == nil {
			require.Len(t, v.Value(), 6)
		}
		if v, err := model.ParseBIC(s); err == nil {
			require.Equal(t, s, v.Value())
		}
		_, _ = model.ParseKvK(s)
		_, _ = model.ParseCurrency(s)
	})
}

func TestLocator(t *testing.T) {
	t.Parallel()
	for _, l := range []model.Locator{"", model.AtLine(12), model.AtPage(3, 44), model.AtPath("/Document/BkToCstmrStmt/Stmt[1]/Ntry[12345]"), "/a:b/@c-d_e.f", "Pgs2"} {
		assert.True(t, l.Valid(), string(l))
	}
	for _, l := range []model.Locator{"NL02ABNA0123456789", "1234567890", "€", "a=b", "Jan,Piet", "1a2b", model.Locator(strings.Repeat("a", 257)), "a\"b", "x12345"} {
		assert.False(t, l.Valid(), string(l))
	}
}

func TestDigestAndNames(t *testing.T) {
	t.Parallel()
	d := model.Digest{0xab, 31: 1}
	assert.Equal(t, d, parse[model.Digest](t, d.String()))
	assert.False(t, d.IsZero())
	for _, s := range []string{"", "ab", strings.Repeat("g", 64), strings.Repeat("A", 64), strings.Repeat("0", 65)} {
		require.ErrorIs(t, new(model.Digest).UnmarshalText([]byte(s)), model.ErrSyntax)
	}
	for _, m := range []model.Method{0, model.API, model.File, model.Scrape} {
		assert.Equal(t, m, parse[model.Method](t, m.String()))
	}
	assert.Empty(t, model.Method(9).String())
	require.ErrorIs(t, new(model.Method).UnmarshalText([]byte("API")), model.ErrSyntax)
	for s, want := range map[string]bool{"ing": true, "camt.053": true, "a-b": true, "": false, "-a": false, ".a": false, "A": false, "a b": false, "é": false, strings.Repeat("a", 65): false} {
		assert.Equal(t, want, model.ValidName(s), s)
	}
	for _, c := range []struct{ a, b, want model.Check }{
		{model.CheckYes, model.CheckNo, model.CheckNo}, {model.CheckNot, model.CheckYes, model.CheckNot}, {"", model.CheckYes, model.CheckYes}, {"", "", ""},
	} {
		assert.Equal(t, c.want, c.a.Worse(c.b))
		assert.Equal(t, c.want, c.b.Worse(c.a))
	}
	for s, want := range map[string]bool{"": true, "é": true, "\x00": false, "\xff": false} {
		assert.Equal(t, want, model.ValidText(s))
	}
}
