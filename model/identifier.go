package model

import (
	"fmt"
	"log/slog"
	"strings"
)

// identifier is the shared part of the checked identifiers: a value that prints as its kind only. Every type that
// embeds it holds either nothing or a value that passed its Parse function.
type identifier struct{ v string }

// Value returns the identifier in its canonical form, "" where there is none. It is personal data.
func (i identifier) Value() string { return i.v }

// IsZero reports whether there is no identifier.
func (i identifier) IsZero() bool { return i.v == "" }

// String masks the value: identifiers must not reach a log by accident. Value gives it.
func (i identifier) String() string {
	if i.v == "" {
		return ""
	}
	return "***"
}

// GoString masks the value.
func (i identifier) GoString() string { return i.String() }

// Format masks the value under every verb.
func (i identifier) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(i.String())) }

// LogValue masks the value.
func (i identifier) LogValue() slog.Value { return slog.StringValue(i.String()) }

// MarshalText writes the value: a release carries what was consented to.
func (i identifier) MarshalText() ([]byte, error) { return []byte(i.v), nil }

// AppendText appends the value.
func (i identifier) AppendText(b []byte) ([]byte, error) { return append(b, i.v...), nil }

// unmarshal is the shared UnmarshalText.
func unmarshal[T any](dst *T, b []byte, kind string, parse func(string) (T, error)) error {
	var v T
	if len(b) > 0 {
		var err error
		if v, err = parse(string(b)); err != nil {
			return fmt.Errorf("model: %s: %w", kind, err)
		}
	}
	*dst = v
	return nil
}

// eleven is the weighted check of BSN and RSIN: 9·d1 + 8·d2 + … + 2·d8 − d9 is a multiple of 11, and not all are 0.
func eleven(s string) error {
	if len(s) != 9 {
		return ErrSyntax
	}
	sum, any := 0, false
	for i := range 9 {
		if s[i] < '0' || s[i] > '9' {
			return ErrSyntax
		}
		n := int(s[i] - '0')
		any = any || n != 0
		if i == 8 {
			sum -= n
		} else {
			sum += (9 - i) * n
		}
	}
	if !any || sum%11 != 0 {
		return ErrChecksum
	}
	return nil
}

// BSN is a burgerservicenummer: nine digits that pass the eleven-test (Wet algemene bepalingen burgerservicenummer;
// GBO BSN). Private parties may process one only on a legal basis, so readers emit it only where the query names one.
type BSN struct{ identifier }

// ParseBSN accepts eight digits, to which the leading zero is added, or nine.
func ParseBSN(s string) (BSN, error) {
	if len(s) == 8 {
		s = "0" + s
	}
	if err := eleven(s); err != nil {
		return BSN{}, err
	}
	return BSN{identifier{s}}, nil
}

// UnmarshalText reads what [ParseBSN] does, and "" as none.
func (b *BSN) UnmarshalText(t []byte) error { return unmarshal(b, t, "BSN", ParseBSN) }

// RSIN is the number of a legal person or partnership: nine digits that pass the eleven-test.
type RSIN struct{ identifier }

// ParseRSIN accepts nine digits.
func ParseRSIN(s string) (RSIN, error) {
	if err := eleven(s); err != nil {
		return RSIN{}, err
	}
	return RSIN{identifier{s}}, nil
}

// UnmarshalText reads what [ParseRSIN] does, and "" as none.
func (r *RSIN) UnmarshalText(t []byte) error { return unmarshal(r, t, "RSIN", ParseRSIN) }

// PayrollTaxNumber is a loonheffingennummer: a fiscal number of nine digits that pass the eleven-test, an L, and two
// digits (Handboek Loonheffingen). It is that of the employer or the payer of a benefit.
type PayrollTaxNumber struct{ identifier }

// ParsePayrollTaxNumber accepts that form, without blanks or points.
func ParsePayrollTaxNumber(s string) (PayrollTaxNumber, error) {
	if len(s) != 12 || s[9] != 'L' || s[10] < '0' || s[10] > '9' || s[11] < '0' || s[11] > '9' {
		return PayrollTaxNumber{}, ErrSyntax
	}
	if err := eleven(s[:9]); err != nil {
		return PayrollTaxNumber{}, err
	}
	return PayrollTaxNumber{identifier{s}}, nil
}

// UnmarshalText reads what [ParsePayrollTaxNumber] does, and "" as none.
func (p *PayrollTaxNumber) UnmarshalText(t []byte) error {
	return unmarshal(p, t, "payroll tax number", ParsePayrollTaxNumber)
}

// KvK is a number in the Dutch trade register: eight digits, without check digits (GBO KVKnummer).
type KvK struct{ identifier }

// ParseKvK accepts eight digits.
func ParseKvK(s string) (KvK, error) {
	if _, ok := digits(s); !ok || len(s) != 8 {
		return KvK{}, ErrSyntax
	}
	return KvK{identifier{s}}, nil
}

// UnmarshalText reads what [ParseKvK] does, and "" as none.
func (k *KvK) UnmarshalText(t []byte) error { return unmarshal(k, t, "KvK number", ParseKvK) }

// Postcode is a Dutch postcode in the form 1234AB (NEN 5825; GBO Postcode).
type Postcode struct{ identifier }

// ParsePostcode accepts "1234AB" and "1234 AB". The letters SA, SD and SS are not given out.
func ParsePostcode(s string) (Postcode, error) {
	if len(s) == 7 && s[4] == ' ' {
		s = s[:4] + s[5:]
	}
	if len(s) != 6 || s[0] < '1' || s[0] > '9' || s[4] < 'A' || s[4] > 'Z' || s[5] < 'A' || s[5] > 'Z' {
		return Postcode{}, ErrSyntax
	}
	if _, ok := digits(s[:4]); !ok || s[4:] == "SA" || s[4:] == "SD" || s[4:] == "SS" {
		return Postcode{}, ErrSyntax
	}
	return Postcode{identifier{s}}, nil
}

// UnmarshalText reads what [ParsePostcode] does, and "" as none.
func (p *Postcode) UnmarshalText(t []byte) error { return unmarshal(p, t, "postcode", ParsePostcode) }

// Kenteken is a Dutch vehicle registration mark of one of RDW's side codes, six letters and digits, held without dashes
// (GBO Kenteken, SuwiML KentekenVoertuig).
type Kenteken struct{ identifier }

// sideCodes are the arrangements of letters and digits that RDW gives out, side codes 1 to 14.
var sideCodes = [...]string{
	"XX-99-99", "99-99-XX", "99-XX-99", "XX-99-XX", "XX-XX-99", "99-XX-XX", "99-XXX-9", "9-XXX-99", "XX-999-X", "X-999-XX",
	"XXX-99-X", "X-99-XXX", "9-XX-999", "999-XX-9",
}

// ParseKenteken accepts the mark with its dashes, or without any.
func ParseKenteken(s string) (Kenteken, error) {
	if len(s) > 8 {
		return Kenteken{}, ErrSyntax
	}
	shape := strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return 'X'
		case r >= '0' && r <= '9':
			return '9'
		case r == '-':
			return r
		}
		return '?'
	}, s)
	for _, c := range sideCodes {
		if shape == c || shape == strings.ReplaceAll(c, "-", "") {
			return Kenteken{identifier{strings.ReplaceAll(s, "-", "")}}, nil
		}
	}
	return Kenteken{}, ErrSyntax
}

// UnmarshalText reads what [ParseKenteken] does, and "" as none.
func (k *Kenteken) UnmarshalText(t []byte) error { return unmarshal(k, t, "kenteken", ParseKenteken) }

// NISS is a Belgian rijksregisternummer or BIS number: YYMMDD-SSS-CC, held as eleven digits. The check is 97 minus
// the first nine digits modulo 97, with a 2 before them for births from 2000.
type NISS struct{ identifier }

// ParseNISS accepts eleven digits, also written as 85.07.30-033.28.
func ParseNISS(s string) (NISS, error) {
	if len(s) == 15 && s[2] == '.' && s[5] == '.' && s[8] == '-' && s[12] == '.' {
		s = s[:2] + s[3:5] + s[6:8] + s[9:12] + s[13:]
	}
	if len(s) != 11 {
		return NISS{}, ErrSyntax
	}
	first, ok := digits(s[:9])
	check, ok2 := digits(s[9:])
	if !ok || !ok2 {
		return NISS{}, ErrSyntax
	}
	if 97-first%97 != check && 97-(2_000_000_000+first)%97 != check {
		return NISS{}, ErrChecksum
	}
	return NISS{identifier{s}}, nil
}

// UnmarshalText reads what [ParseNISS] does, and "" as none.
func (n *NISS) UnmarshalText(t []byte) error { return unmarshal(n, t, "NISS", ParseNISS) }
