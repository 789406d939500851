package model

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Errors of this package. They never hold a value of the input.
var (
	// ErrSyntax says that a text is not of the form that a type requires.
	ErrSyntax = errors.New("model: not of the required form")
	// ErrRange says that a number has more digits than the type holds, or that a sum leaves its range.
	ErrRange = errors.New("model: number out of range")
	// ErrChecksum says that an identifier has the right form but fails its check digits.
	ErrChecksum = errors.New("model: check digits do not match")
	// ErrCurrency says that two amounts in different currencies were combined.
	ErrCurrency = errors.New("model: currencies differ")
)

// MaxDigits is the number of significant digits a [Decimal] holds: those of the largest amount in ISO 20022
// (ActiveOrHistoricCurrencyAndAmount has totalDigits 18).
const MaxDigits = 18

// Decimal is an exact decimal number of at most [MaxDigits] significant digits. There is no float in it anywhere.
// Trailing zeros of the fraction are not kept, so equal numbers are equal under ==. The zero value is 0.
type Decimal struct {
	units int64 // the number times 10^exp
	exp   uint8 // digits after the decimal mark; 0 ≤ exp ≤ MaxDigits
}

// NewDecimal returns units × 10^-exponent. It fails with [ErrRange] where that has more than [MaxDigits] digits.
func NewDecimal(units int64, exponent int) (Decimal, error) {
	if exponent < 0 || exponent > MaxDigits || units > maxUnits || units < -maxUnits {
		return Decimal{}, ErrRange
	}
	return normal(units, uint8(exponent)), nil
}

const maxUnits = 999_999_999_999_999_999

var pow10 = [MaxDigits + 1]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

func normal(units int64, exp uint8) Decimal {
	if units == 0 {
		return Decimal{}
	}
	for exp > 0 && units%10 == 0 {
		units /= 10
		exp--
	}
	return Decimal{units, exp}
}

// NumberFormat says how a source writes numbers. The reader must be told: "1.000" is one or a thousand.
type NumberFormat struct {
	Decimal byte // the decimal mark
	Group   byte // the mark between groups of three digits; 0 = none allowed
}

// The number formats that sources use.
var (
	// PlainFormat is that of XML Schema's decimal and of JSON: a point and no grouping.
	PlainFormat = NumberFormat{Decimal: '.'}
	// DutchFormat is that of Dutch and Belgian documents: 1.234,56.
	DutchFormat = NumberFormat{Decimal: ',', Group: '.'}
)

// ParseDecimal reads a number in [PlainFormat]: an optional sign, digits, and optionally a point with digits on at
// least one side of it (XML Schema Part 2, 3.2.3). Exponents, blanks, and anything else are [ErrSyntax].
func ParseDecimal[T ~string | ~[]byte](s T) (Decimal, error) { return parseDecimal(s, PlainFormat) }

// ParseDecimalIn reads a number as a source writes it. Where the format has a group mark, it may be left out
// altogether, but where it stands, it must stand before each three digits of the whole part, and that must not begin with
// a zero: "0.123" in [DutchFormat] is somebody else's decimal point, not a hundred and twenty-three.
func ParseDecimalIn[T ~string | ~[]byte](s T, f NumberFormat) (Decimal, error) {
	return parseDecimal(s, f)
}

func parseDecimal[T ~string | ~[]byte](s T, f NumberFormat) (Decimal, error) {
	i, negative := 0, false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		i = 1
	}
	var (
		units   int64
		exp     int
		digits  int  // significant ones
		seen    bool // any digit at all
		inFrac  bool
		grouped bool
		run     int // digits since the start or the last group mark
		zeros   int // trailing zeros of the fraction, held back
	)
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			seen = true
			run++
			if inFrac && c == '0' {
				zeros++
				if zeros > 64 {
					return Decimal{}, ErrRange
				}
				continue
			}
			for ; zeros > 0; zeros-- {
				if digits > 0 {
					digits++
				}
				exp++
				if digits >= MaxDigits || exp > MaxDigits {
					return Decimal{}, ErrRange
				}
				units *= 10
			}
			if c != '0' || digits > 0 {
				digits++
			}
			if inFrac {
				exp++
			}
			if digits > MaxDigits || exp > MaxDigits {
				return Decimal{}, ErrRange
			}
			units = units*10 + int64(c-'0')
		case c == f.Decimal && !inFrac:
			if grouped && run != 3 {
				return Decimal{}, ErrSyntax
			}
			inFrac, run = true, 0
		case f.Group != 0 && c == f.Group && !inFrac:
			if run == 0 || run > 3 || (grouped && run != 3) || digits == 0 || (!grouped && digits != run) {
				return Decimal{}, ErrSyntax
			}
			grouped, run = true, 0
		default:
			return Decimal{}, ErrSyntax
		}
	}
	if !seen || (grouped && !inFrac && run != 3) {
		return Decimal{}, ErrSyntax
	}
	if negative {
		units = -units
	}
	return normal(units, uint8(exp)), nil
}

// Sign returns -1, 0 or 1.
func (d Decimal) Sign() int {
	switch {
	case d.units < 0:
		return -1
	case d.units > 0:
		return 1
	}
	return 0
}

// Neg returns -d.
func (d Decimal) Neg() Decimal { return Decimal{-d.units, d.exp} }

// Add returns d + e, or [ErrRange] where that has more than [MaxDigits] digits.
func (d Decimal) Add(e Decimal) (Decimal, error) {
	if d.exp < e.exp {
		d, e = e, d
	}
	scale := pow10[d.exp-e.exp]
	u := e.units * scale // may have 19 digits: with the other sign, the sum can still have 18
	if u/scale != e.units || u > math.MaxInt64-maxUnits || u < -(math.MaxInt64-maxUnits) {
		return Decimal{}, ErrRange
	}
	sum := normal(u+d.units, d.exp) // before the range is checked: what goes as a trailing zero does not count
	if sum.units > maxUnits || sum.units < -maxUnits {
		return Decimal{}, ErrRange
	}
	return sum, nil
}

// Cmp compares two numbers: -1 where d < e, 0 where equal, 1 where d > e.
func (d Decimal) Cmp(e Decimal) int {
	if d == e {
		return 0
	}
	diff, err := d.Add(e.Neg())
	if err == nil {
		return diff.Sign()
	}
	// The difference has too many digits: compare the whole parts, then the fractions.
	dw, ew := d.units/pow10[d.exp], e.units/pow10[e.exp]
	switch {
	case dw < ew:
		return -1
	case dw > ew:
		return 1
	}
	df := d.units % pow10[d.exp] * pow10[MaxDigits-d.exp]
	ef := e.units % pow10[e.exp] * pow10[MaxDigits-e.exp]
	if df < ef {
		return -1
	}
	return 1
}

// Units returns the number times 10^exponent, and the exponent.
func (d Decimal) Units() (units int64, exponent int) { return d.units, int(d.exp) }

// String writes the number in [PlainFormat] without trailing zeros.
func (d Decimal) String() string { return string(d.append(nil, 0)) }

// append writes d with at least min digits after the point.
func (d Decimal) append(b []byte, min int) []byte {
	u := d.units
	if u < 0 {
		b = append(b, '-')
		u = -u
	}
	p := pow10[d.exp]
	b = strconv.AppendInt(b, u/p, 10)
	n := max(int(d.exp), min)
	if n == 0 {
		return b
	}
	b = append(b, '.')
	frac := u % p
	for i := int(d.exp) - 1; i >= 0; i-- {
		b = append(b, byte('0'+frac/pow10[i]%10))
	}
	for i := int(d.exp); i < n; i++ {
		b = append(b, '0')
	}
	return b
}

// MarshalText writes what [Decimal.String] does.
func (d Decimal) MarshalText() ([]byte, error) { return d.append(nil, 0), nil }

// AppendText appends what [Decimal.String] returns.
func (d Decimal) AppendText(b []byte) ([]byte, error) { return d.append(b, 0), nil }

// UnmarshalText reads [PlainFormat].
func (d *Decimal) UnmarshalText(b []byte) error {
	v, err := ParseDecimal(b)
	if err != nil {
		return fmt.Errorf("model: decimal: %w", err)
	}
	*d = v
	return nil
}
