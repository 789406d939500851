package model

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// ibanLength holds the length of an IBAN per country (ISO 13616, IBAN registry of SWIFT).
var ibanLength = map[string]int{
	"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29, "BY": 28,
	"CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
	"FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HN": 28, "HR": 21, "HU": 28,
	"IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
	"LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28,
	"NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24,
	"SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26,
	"UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}

// IBAN is an account number of ISO 13616: the length of its country, check digits from 02 to 98, and a remainder of 1
// modulo 97.
type IBAN struct{ identifier }

// ParseIBAN accepts the number with or without blanks between groups, in capitals.
func ParseIBAN[T ~string | ~[]byte](s T) (IBAN, error) {
	v := string(s)
	if strings.IndexByte(v, ' ') >= 0 {
		v = strings.ReplaceAll(v, " ", "")
	}
	if len(v) < 15 || len(v) > 34 {
		return IBAN{}, ErrSyntax
	}
	rem := 0
	for i := range len(v) {
		c := v[(i+4)%len(v)] // the first four go to the end for the check
		switch {
		case c >= '0' && c <= '9':
			rem = (rem*10 + int(c-'0')) % 97
		case c >= 'A' && c <= 'Z':
			rem = (rem*100 + int(c-'A') + 10) % 97
		default:
			return IBAN{}, ErrSyntax
		}
	}
	if n, ok := ibanLength[v[:2]]; !ok || n != len(v) || v[2] < '0' || v[2] > '9' || v[3] < '0' || v[3] > '9' {
		return IBAN{}, ErrSyntax
	}
	if n, _ := digits(v[2:4]); rem != 1 || n < 2 || n > 98 {
		return IBAN{}, ErrChecksum // 00, 01 and 99 also leave 1, but ISO 13616 never gives them out
	}
	return IBAN{identifier{v}}, nil
}

// UnmarshalText reads what [ParseIBAN] does, and "" as none.
func (i *IBAN) UnmarshalText(t []byte) error { return unmarshal(i, t, "IBAN", ParseIBAN[string]) }

// Country returns the two letters of the country.
func (i IBAN) Country() string {
	if i.v == "" {
		return ""
	}
	return i.v[:2]
}

// BIC is a business identifier code of ISO 9362: eight or eleven letters and digits.
type BIC struct{ identifier }

// ParseBIC accepts that form in capitals.
func ParseBIC[T ~string | ~[]byte](s T) (BIC, error) {
	if len(s) != 8 && len(s) != 11 {
		return BIC{}, ErrSyntax
	}
	for i := range len(s) {
		letter := s[i] >= 'A' && s[i] <= 'Z'
		if !letter && (i == 4 || i == 5 || s[i] < '0' || s[i] > '9') {
			return BIC{}, ErrSyntax
		}
	}
	return BIC{identifier{string(s)}}, nil
}

// UnmarshalText reads what [ParseBIC] does, and "" as none.
func (b *BIC) UnmarshalText(t []byte) error { return unmarshal(b, t, "BIC", ParseBIC[string]) }

// AccountID names an account: its IBAN, or the number that the bank knows it by where it has none.
type AccountID struct{ identifier }

// AccountOf returns the id of an account with an IBAN.
func AccountOf(i IBAN) AccountID { return AccountID(i) }

// ParseAccountID takes an IBAN or another account number of at most 70 printable characters without blanks at the
// ends (ISO 20022 allows 34 for a number; card numbers and sub-accounts of banks are longer). What has the form of an
// IBAN of a known country but fails its check digits is refused: it is a damaged IBAN, not another number.
func ParseAccountID[T ~string | ~[]byte](s T) (AccountID, error) {
	i, err := ParseIBAN(s)
	if err == nil {
		return AccountOf(i), nil
	}
	if err == ErrChecksum {
		return AccountID{}, err
	}
	v := string(s)
	if v == "" || utf8.RuneCountInString(v) > 70 || strings.TrimSpace(v) != v {
		return AccountID{}, ErrSyntax
	}
	for _, r := range v {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return AccountID{}, ErrSyntax // also what is not seen, or turns the text around it
		}
	}
	return AccountID{identifier{v}}, nil
}

// IBAN returns the IBAN, where the account is named by one.
func (a AccountID) IBAN() (IBAN, bool) {
	i, err := ParseIBAN(a.v)
	return i, err == nil
}

// UnmarshalText reads what [ParseAccountID] does, and "" as none.
func (a *AccountID) UnmarshalText(t []byte) error {
	return unmarshal(a, t, "account", ParseAccountID[string])
}
