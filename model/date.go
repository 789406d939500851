package model

import (
	"cmp"
	"fmt"
	"time"
)

// Date is a calendar date without a time or a zone, as sources state it. It may be incomplete: a year, or a year and
// a month, as registers of persons hold them (GBO DatumIncompleet). The zero value is no date. Dates are equal under ==.
//
// As JSON it is "2026-11-22", "2026-11" or "2026".
type Date struct {
	year       uint16
	month, day uint8
}

// NewDate makes a checked date; month and day may be 0 where unknown, the day only must be where the month is.
// What the calendar does not have, such as 30 February, is [ErrSyntax].
func NewDate(year, month, day int) (Date, error) {
	if year < 1 || year > 9999 || month < 0 || month > 12 || day < 0 || (month == 0 && day != 0) {
		return Date{}, ErrSyntax
	}
	if day > 0 && day > daysIn(year, month) {
		return Date{}, ErrSyntax
	}
	return Date{uint16(year), uint8(month), uint8(day)}, nil
}

// DateOf returns the calendar date of t in t's own location; no date for the zero time.
func DateOf(t time.Time) Date {
	if t.IsZero() {
		return Date{}
	}
	y, m, d := t.Date()
	v, _ := NewDate(y, int(m), d) // years outside 1 to 9999 become no date
	return v
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// ParseDate reads "2006-01-02", "2006-01" or "2006", and nothing else.
func ParseDate[T ~string | ~[]byte](s T) (Date, error) {
	if len(s) != 10 && len(s) != 7 && len(s) != 4 {
		return Date{}, ErrSyntax
	}
	y, ok := digits(s[:4])
	m, d := 0, 0
	if ok && len(s) >= 7 {
		m, ok = digits(s[5:7])
		ok = ok && s[4] == '-' && m != 0
	}
	if ok && len(s) == 10 {
		d, ok = digits(s[8:10])
		ok = ok && s[7] == '-' && d != 0
	}
	if !ok {
		return Date{}, ErrSyntax
	}
	return NewDate(y, m, d)
}

// ParseDateIn reads a complete date in a layout of package time made of digits, such as "02-01-2006", and nothing else:
// "2-1-2026" is not of that layout.
func ParseDateIn(s, layout string) (Date, error) {
	t, err := time.Parse(layout, s)
	if err != nil || t.Format(layout) != s {
		return Date{}, ErrSyntax
	}
	return NewDate(t.Year(), int(t.Month()), t.Day())
}

func digits[T ~string | ~[]byte](s T) (n int, ok bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, len(s) > 0
}

// IsZero reports whether there is no date.
func (d Date) IsZero() bool { return d.year == 0 }

// Complete reports whether year, month and day are known.
func (d Date) Complete() bool { return d.day != 0 }

// Year returns the year, 0 where there is no date.
func (d Date) Year() int { return int(d.year) }

// Month returns the month, 0 where unknown.
func (d Date) Month() time.Month { return time.Month(d.month) }

// Day returns the day of the month, 0 where unknown.
func (d Date) Day() int { return int(d.day) }

// Earliest returns the first day that the date can stand for.
func (d Date) Earliest() Date {
	if d.IsZero() {
		return d
	}
	return Date{d.year, max(d.month, 1), max(d.day, 1)}
}

// Latest returns the last day that the date can stand for. A look-back counts an incomplete date as inside when its
// latest possible day is.
func (d Date) Latest() Date {
	if d.IsZero() || d.Complete() {
		return d
	}
	m := d.month
	if m == 0 {
		m = 12
	}
	return Date{d.year, m, uint8(daysIn(int(d.year), int(m)))}
}

// Compare orders dates by their earliest day, the less precise first; no date comes before all others.
func (d Date) Compare(e Date) int {
	return cmp.Or(cmp.Compare(d.Earliest().key(), e.Earliest().key()), cmp.Compare(d.key(), e.key()))
}

func (d Date) key() int { return int(d.year)<<16 | int(d.month)<<8 | int(d.day) }

// Before reports whether each day that d can stand for lies before each that e can.
func (d Date) Before(e Date) bool { return d.Latest().key() < e.Earliest().key() }

// AddDays returns the date n days later; an incomplete date stays as it is.
func (d Date) AddDays(n int) Date {
	if !d.Complete() {
		return d
	}
	return DateOf(d.Time().AddDate(0, 0, n))
}

// Time returns the start of the earliest day in UTC.
func (d Date) Time() time.Time {
	e := d.Earliest()
	return time.Date(int(e.year), time.Month(e.month), int(e.day), 0, 0, 0, 0, time.UTC)
}

// String writes the form named at [Date]; "" where there is no date. A date alone does not point at a person, so it
// is not masked: birth dates must not be printed all the same.
func (d Date) String() string { return string(d.append(make([]byte, 0, 10))) }

func (d Date) append(b []byte) []byte {
	if d.IsZero() {
		return b
	}
	y := int(d.year)
	b = append(b, byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10))
	if d.month != 0 {
		b = append(b, '-', '0'+d.month/10, '0'+d.month%10)
	}
	if d.day != 0 {
		b = append(b, '-', '0'+d.day/10, '0'+d.day%10)
	}
	return b
}

// MarshalText writes what [Date.String] does.
func (d Date) MarshalText() ([]byte, error) { return d.append(make([]byte, 0, 10)), nil }

// AppendText appends what [Date.String] returns.
func (d Date) AppendText(b []byte) ([]byte, error) { return d.append(b), nil }

// UnmarshalText reads what [ParseDate] does, and "" as no date.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	v, err := ParseDate(b)
	if err != nil {
		return fmt.Errorf("model: date: %w", err)
	}
	*d = v
	return nil
}

// Period is a span of days, both ends included. An end that is not known is no date.
type Period struct {
	From Date `json:"from,omitzero"`
	To   Date `json:"to,omitzero"`
}

// IsZero reports whether neither end is known.
func (p Period) IsZero() bool { return p == Period{} }
