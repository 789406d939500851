package scrape

import (
	"regexp"
	"slices"
	"strings"

	"github.com/brondata/brondata/model"
)

func (c *compiler) field(p Page, s Section, f Field) field {
	out := field{
		Field: f, labels: newTexts(f.Label), sel: c.selector(f.Selector), dates: f.Dates, number: f.Number,
		currency: f.Currency, absent: map[string]bool{}, values: map[string]string{},
	}
	if out.number == (model.NumberFormat{}) {
		out.number = p.Number
	}
	if out.currency == "" {
		out.currency = c.r.Currency
	}
	if cur, err := model.ParseCurrency(out.currency); err != nil || cur == "XXX" {
		c.failf("the currency is none")
	}
	out.symbols = symbolsOf(out.currency)
	if len(out.dates) == 0 {
		out.dates = []DateFormat{DateDutch, DateNumeric}
		if p.Media == JSON {
			out.dates = []DateFormat{DateISO}
		}
	}
	for _, a := range f.Absent {
		out.absent[squeeze(a)] = true
	}
	for from, to := range f.Values {
		out.values[fold(from)] = to
	}
	if f.Pattern != "" {
		re, err := regexp.Compile(`\A(?:` + f.Pattern + `)\z`)
		if err != nil {
			c.failf("pattern: %v", err)
		}
		out.pattern = re
	}
	if f.Pattern != "" && f.Kind != Text && f.Kind != Digits {
		c.failf("a pattern is for texts")
	}
	c.place(p, s, &out)
	c.kind(s.Category, out)
	return out
}

// place checks that a field says in one way where it stands.
func (c *compiler) place(p Page, s Section, f *field) {
	n := 0
	for _, set := range []bool{len(f.Label) > 0, f.Selector != "", f.JSON != ""} {
		if set {
			n++
		}
	}
	if n != 1 || (p.Media == JSON) != (f.JSON != "") {
		c.failf("it must have a label or a selector, or in JSON a path")
		return
	}
	for l := range f.labels {
		if l == "" {
			c.failf("a label is empty")
		}
	}
	if s.Rows && f.Selector != "" {
		c.failf("columns are found by their label")
	}
	if f.Attr != "" && f.Selector == "" {
		c.failf("an attribute needs a selector")
	}
	if f.JSON != "" {
		f.path = c.path(f.JSON)
	}
	if f.CurrencyJSON != "" {
		if p.Media != JSON || f.Kind != Money {
			c.failf("a path to a currency is for amounts in JSON")
		}
		f.curPath = c.path(f.CurrencyJSON)
	}
}

// bsnWords are how forms name the number that only a field of kind [BSN] may take.
var bsnWords = []string{"bsn", "burgerservicenummer", "sofinummer", "sofi-nummer"}

// kind checks that the field of the record takes values of the kind, by making a record with one.
func (c *compiler) kind(cat model.Category, f field) {
	bsn := f.Into == "bsn" && cat == model.CategoryPerson
	if bsn != (f.Kind == BSN) {
		c.failf("kind BSN and the field bsn of a person belong together")
		return
	}
	if bsn && f.Selector != "" {
		c.failf("a BSN is taken from directly behind its label only")
	}
	if !bsn {
		for _, l := range append(slices.Clone(f.Label), f.JSON) {
			words := strings.FieldsFunc(strings.ToLower(l), func(r rune) bool { return r == ' ' || r == '.' || r == '_' || r == ':' })
			if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(bsnWords, w) }) {
				c.failf("a field that is labelled as a BSN must be of that kind")
				return
			}
		}
	}
	if len(f.Values) > 0 != (f.Kind == Choice) {
		c.failf("a choice needs values, and nothing else has them")
	}
	if f.MinorUnits && f.Kind != Money || len(f.Units) > 0 && f.Kind != Int || len(f.Dates) > 0 && f.Kind != Date {
		c.failf("units and forms of dates do not fit the kind")
	}
	for _, v := range f.samples() {
		if _, err := newRecord(cat, []named{{f.Into, v}}); err != nil {
			c.failf("category %s has no such field of this kind", cat)
			return
		}
	}
}

// samples are values as the kind gives them.
func (f field) samples() []value {
	switch f.Kind {
	case Text:
		return []value{{text: "x"}}
	case Digits:
		return []value{{text: "1"}}
	case Money:
		d, _ := model.NewDecimal(1, 0)
		m, _ := model.NewMoney(d, model.EUR)
		return []value{{money: m, form: formMoney}}
	case Date:
		return []value{{text: "2026-05-03"}}
	case Decimal, Percent:
		return []value{{text: "1.5"}}
	case Int:
		return []value{{count: 1, form: formCount}}
	case Choice:
		var out []value
		for _, v := range f.Values {
			out = append(out, value{text: v})
		}
		return out
	case Postcode:
		return []value{{text: "1234AB"}}
	case IBAN:
		return []value{{text: "NL91ABNA0417164300"}}
	case BSN:
		return []value{{text: "999991772"}}
	case PayrollTaxNumber:
		return []value{{text: "999991772L01"}}
	}
	return []value{{count: -1, form: formCount}} // an unknown kind fits nothing
}
