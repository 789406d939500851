package camt

import (
	"bytes"

	"github.com/brondata/brondata/model"
)

// direction is CdtDbtInd.
type direction int8

const (
	unknown direction = 0
	credit  direction = 1
	debit   direction = -1
)

func (r *reader) direction(f field) direction {
	if r.values.bad.has(f) {
		return unknown
	}
	switch string(r.values.text[f]) {
	case "CRDT":
		return credit
	case "DBIT":
		return debit
	}
	return unknown
}

// money reads an amount, its currency in the field behind, and its sign. Where one of the three is missing or wrong, there
// is no amount: half of one would be a guess.
func (r *reader) money(amount, sign field, doubts *[]model.Issue) model.Money {
	v := &r.values
	text, ccy := v.get(amount, "amount", doubts), v.get(amount+1, "amount", doubts)
	switch {
	case v.bad.has(amount), v.bad.has(amount + 1):
		return model.Money{}
	case v.bad.has(sign):
		*doubts = append(*doubts, model.Doubt(model.IssueConflict, "amount"))
		return model.Money{}
	case len(text) == 0, len(ccy) == 0, len(v.text[sign]) == 0:
		*doubts = append(*doubts, model.Doubt(model.IssueMissing, "amount"))
		return model.Money{}
	}
	m, ok := parseMoney(text, ccy)
	d := r.direction(sign)
	if !ok || d == unknown {
		*doubts = append(*doubts, model.Doubt(model.IssueInvalid, "amount"))
		return model.Money{}
	}
	if d == debit {
		m = m.Neg()
	}
	return m
}

// parseMoney reads an ActiveOrHistoricCurrencyAndAmount: it has no sign, since CdtDbtInd is the sign.
func parseMoney(text, ccy []byte) (model.Money, bool) {
	c, err := model.ParseCurrency(ccy)
	if err != nil || len(text) == 0 || text[0] == '-' {
		return model.Money{}, false
	}
	m, err := model.ParseMoney(text, c)
	return m, err == nil
}

// date reads a Dt or DtTm.
func (r *reader) date(f field, name string, doubts *[]model.Issue) model.Date {
	b := r.values.get(f, name, doubts)
	if len(b) == 0 {
		return model.Date{}
	}
	d, ok := parseDate(b)
	if !ok {
		*doubts = append(*doubts, model.Doubt(model.IssueInvalid, name))
	}
	return d
}

// parseDate reads the date of an xs:date or xs:dateTime as it is written. The time and the zone are checked for their form
// and dropped: a booking is on the day that the bank names.
func parseDate(b []byte) (model.Date, bool) {
	if len(b) < 10 {
		return model.Date{}, false
	}
	d, err := model.ParseDate(b[:10])
	if err != nil {
		return model.Date{}, false
	}
	rest := b[10:]
	if len(rest) > 0 && rest[0] == 'T' {
		if len(rest) < 9 || !matches(rest[1:9], "00:00:00") {
			return model.Date{}, false
		}
		rest = rest[9:]
		if len(rest) > 0 && rest[0] == '.' {
			n := 1
			for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
				n++
			}
			if n == 1 {
				return model.Date{}, false
			}
			rest = rest[n:]
		}
	}
	switch {
	case len(rest) == 0, string(rest) == "Z":
		return d, true
	case (rest[0] == '+' || rest[0] == '-') && matches(rest[1:], "00:00"):
		return d, true
	}
	return model.Date{}, false
}

// matches reports whether b has the form of pattern, in which 0 stands for any digit.
func matches(b []byte, pattern string) bool {
	if len(b) != len(pattern) {
		return false
	}
	for i, c := range b {
		if digit := c >= '0' && c <= '9'; pattern[i] == '0' && !digit || pattern[i] != '0' && c != pattern[i] {
			return false
		}
	}
	return true
}

// accountID reads an account from its IBAN or, without one, its other number.
func (r *reader) accountID(iban, other field, name string, doubts *[]model.Issue) model.AccountID {
	if b := r.values.get(iban, name, doubts); len(b) > 0 {
		i, err := model.ParseIBAN(b)
		if err == nil {
			return model.AccountOf(i)
		}
		code := model.IssueInvalid
		if err == model.ErrChecksum {
			code = model.IssueChecksum
		}
		*doubts = append(*doubts, model.Doubt(code, name))
		return model.AccountID{}
	}
	b := r.values.get(other, name, doubts)
	if len(b) == 0 {
		return model.AccountID{}
	}
	a, err := model.ParseAccountID(b)
	if err != nil {
		code := model.IssueInvalid
		if err == model.ErrChecksum {
			code = model.IssueChecksum
		}
		*doubts = append(*doubts, model.Doubt(code, name))
		return model.AccountID{}
	}
	return a
}

func (r *reader) bic(f field, name string, doubts *[]model.Issue) model.BIC {
	b := r.values.get(f, name, doubts)
	if len(b) == 0 {
		return model.BIC{}
	}
	v, err := model.ParseBIC(b)
	if err != nil {
		*doubts = append(*doubts, model.Doubt(model.IssueInvalid, name))
	}
	return v
}

// string reads a text.
func (r *reader) string(f field, name string, doubts *[]model.Issue) string {
	return string(r.values.get(f, name, doubts))
}

func notProvided(b []byte) bool {
	return len(b) == len("NOTPROVIDED") && bytes.EqualFold(b, []byte("NOTPROVIDED"))
}
