package model

import (
	"fmt"
	"log/slog"
)

// Currency is an ISO 4217 alphabetic code such as EUR. [ParseCurrency] makes a checked one.
type Currency string

// EUR is the euro.
const EUR Currency = "EUR"

// minorUnits holds the ISO 4217 currencies whose number of minor digits is not two (list one, 2024-06-25). It is part of
// the JSON form: a change makes amounts that were written before unreadable, and changes their digests.
var minorUnits = map[Currency]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
	"UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3, "CLF": 4, "UYW": 4,
}

// ParseCurrency accepts three capital letters. It does not ask whether ISO lists the code today: statements of
// earlier years carry currencies that are gone.
func ParseCurrency[T ~string | ~[]byte](s T) (Currency, error) {
	if len(s) != 3 {
		return "", ErrSyntax
	}
	for i := range 3 {
		if s[i] < 'A' || s[i] > 'Z' {
			return "", ErrSyntax
		}
	}
	if s[0] == 'E' && s[1] == 'U' && s[2] == 'R' {
		return EUR, nil // no allocation for nearly all statements
	}
	return Currency(s), nil
}

// MinorUnits returns how many digits after the decimal mark amounts in the currency are written with.
func (c Currency) MinorUnits() int {
	if n, ok := minorUnits[c]; ok {
		return n
	}
	return 2
}

// Money is an exact amount with its own number of decimals and a currency: bank files carry up to five decimals
// (ISO 20022 fractionDigits 5). Equal amounts are equal under ==. The zero value is no amount at all, which is
// something else than nought euros.
//
// As JSON it is {"amount":"-12.50","currency":"EUR"}: the amount with at least the currency's own number of decimals.
type Money struct {
	amount   Decimal
	currency Currency
}

// NewMoney makes an amount of a checked number and currency; a malformed currency is [ErrSyntax].
func NewMoney(amount Decimal, c Currency) (Money, error) {
	c, err := ParseCurrency(c)
	if err != nil {
		return Money{}, err
	}
	return Money{amount, c}, nil
}

// ParseMoney reads an amount in [PlainFormat] and its currency.
func ParseMoney[T ~string | ~[]byte](amount T, c Currency) (Money, error) {
	return ParseMoneyIn(amount, c, PlainFormat)
}

// ParseMoneyIn reads an amount as a source writes it; see [ParseDecimalIn].
func ParseMoneyIn[T ~string | ~[]byte](amount T, c Currency, f NumberFormat) (Money, error) {
	d, err := parseDecimal(amount, f)
	if err != nil {
		return Money{}, err
	}
	return NewMoney(d, c)
}

// IsZero reports whether there is no amount at all. Nought euros is an amount.
func (m Money) IsZero() bool { return m.currency == "" }

// Amount returns the number.
func (m Money) Amount() Decimal { return m.amount }

// Currency returns the currency, "" where there is no amount.
func (m Money) Currency() Currency { return m.currency }

// Sign returns -1, 0 or 1.
func (m Money) Sign() int { return m.amount.Sign() }

// Neg returns the amount with the opposite sign.
func (m Money) Neg() Money { return Money{m.amount.Neg(), m.currency} }

// Add returns the sum. Different currencies are [ErrCurrency], a sum with too many digits is [ErrRange].
func (m Money) Add(n Money) (Money, error) {
	if m.currency != n.currency {
		return Money{}, ErrCurrency
	}
	d, err := m.amount.Add(n.amount)
	if err != nil {
		return Money{}, err
	}
	return Money{d, m.currency}, nil
}

// String masks the amount: it is personal data. [Money.Text] gives it.
func (m Money) String() string {
	if m.IsZero() {
		return "Money()"
	}
	return "Money(***)"
}

// Format masks the amount under every verb; see [Money.String].
func (m Money) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(m.String())) }

// GoString masks the amount; see [Money.String].
func (m Money) GoString() string { return m.String() }

// LogValue masks the amount; see [Money.String].
func (m Money) LogValue() slog.Value { return slog.StringValue(m.String()) }

// Text returns the amount as it stands in JSON, without the currency; "" where there is none.
func (m Money) Text() string {
	if m.IsZero() {
		return ""
	}
	return string(m.appendAmount(nil))
}

func (m Money) appendAmount(b []byte) []byte { return m.amount.append(b, m.currency.MinorUnits()) }

func (m Money) appendJSON(b []byte) []byte {
	if m.IsZero() {
		return append(b, "null"...)
	}
	b = append(b, `{"amount":"`...)
	b = m.appendAmount(b)
	b = append(b, `","currency":"`...)
	b = append(b, m.currency...)
	return append(b, `"}`...)
}

// MarshalJSON writes the form named at [Money]; no amount is null.
func (m Money) MarshalJSON() ([]byte, error) { return m.appendJSON(nil), nil }

// UnmarshalJSON reads that form, and null as no amount. Another form of the same number is [ErrSyntax].
func (m *Money) UnmarshalJSON(b []byte) error {
	d, err := newDecoder(b, nil)
	if err != nil {
		return err
	}
	if d.peek() == 'n' {
		*m = Money{}
		return nil
	}
	return d.money(m)
}
