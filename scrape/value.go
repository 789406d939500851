package scrape

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/brondata/brondata/internal/jsonscan"
	"github.com/brondata/brondata/model"
)

const maxText = 1000 // characters of one value

// value is a checked value in the form that it has in a document: a text, an amount, or a count.
type value struct {
	text  string
	money model.Money
	count int
	form  form
}

type form uint8

const (
	formText form = iota
	formMoney
	formCount
)

// raw is a value as a page has it.
type raw struct {
	text string
	kind jsonscan.Kind // 0 on HTML pages
}

// parse checks a value against the field's type. What it returns is exact, or it reports false.
func (f *field) parse(r raw) (value, bool) {
	switch r.kind {
	case 0, jsonscan.String:
	case jsonscan.Number:
		if f.Kind != Money && f.Kind != Decimal && f.Kind != Percent && f.Kind != Int {
			return value{}, false // a postcode or a number of a person that is a JSON number has lost its zeros
		}
	default:
		return value{}, false
	}
	s := r.text
	if s == "" || utf8.RuneCountInString(s) > maxText || !printable(s) {
		return value{}, false
	}
	switch f.Kind {
	case Text, Digits:
		return value{text: s}, !unrendered(s) && (f.Kind == Text || allDigits(s)) && (f.pattern == nil || f.pattern.MatchString(s))
	case Choice:
		v, ok := f.values[fold(s)]
		return value{text: v}, ok
	case Money:
		m, ok := f.parseMoney(s, r.kind == jsonscan.Number)
		return value{money: m, form: formMoney}, ok
	case Date:
		for _, df := range f.dates {
			if d, ok := parseDate(s, df); ok {
				return value{text: d.String()}, true
			}
		}
		return value{}, false
	case Decimal, Percent:
		if f.Kind == Percent && r.kind != jsonscan.Number {
			s = strings.TrimSuffix(s, "%")
			s = strings.TrimRight(s, " ")
		}
		// Where another notation comes in, "2.560" is two and a half: a single group mark could be its decimal mark. Rates
		// above a thousand are not written at all.
		nf := f.format(r.kind)
		if groups := strings.Count(s, string(nf.Group)); groups > 0 && nf.Group != 0 &&
			(f.Kind == Percent || groups == 1 && strings.IndexByte(s, nf.Decimal) < 0) {
			return value{}, false
		}
		d, ok := parseNumber(s, nf)
		return value{text: d.String()}, ok
	case Int:
		n, ok := f.parseInt(s, r.kind == jsonscan.Number)
		return value{count: n, form: formCount}, ok
	case Postcode:
		p, err := model.ParsePostcode(strings.ToUpper(s))
		return value{text: p.Value()}, err == nil
	case IBAN:
		i, err := model.ParseIBAN(strings.ReplaceAll(s, " ", ""))
		return value{text: i.Value()}, err == nil
	case BSN:
		s = strings.NewReplacer(".", "", " ", "").Replace(s)
		b, err := model.ParseBSN(s)
		return value{text: b.Value()}, err == nil
	case PayrollTaxNumber:
		p, err := model.ParsePayrollTaxNumber(strings.ReplaceAll(s, " ", ""))
		return value{text: p.Value()}, err == nil
	}
	return value{}, false
}

// unrendered reports texts that a portal's own programs leave where something went wrong: a template that was not filled,
// a value that a script did not have, references to characters that were escaped twice, elements as text. A text without a
// letter or digit stands for no value.
func unrendered(s string) bool {
	if strings.IndexFunc(s, inWord) < 0 {
		return true
	}
	switch s {
	case "undefined", "null", "NaN", "None", "[object Object]", "Invalid Date":
		return true
	}
	if strings.Contains(s, "{{") || strings.Contains(s, "}}") || strings.Contains(s, "${") {
		return true
	}
	for i := range len(s) {
		switch rest := s[i+1:]; {
		case s[i] == '&':
			if end := strings.IndexByte(rest, ';'); end > 0 && html.UnescapeString(s[i:i+end+2]) != s[i:i+end+2] {
				return true
			}
		case s[i] == '<' && rest != "" && (rest[0] == '/' || rest[0] >= 'a' && rest[0] <= 'z' || rest[0] >= 'A' && rest[0] <= 'Z'):
			return true
		}
	}
	return false
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

// format is how the number is written: a number of JSON knows one way only.
func (f *field) format(k jsonscan.Kind) model.NumberFormat {
	if k == jsonscan.Number {
		return model.PlainFormat
	}
	return f.number
}

// parseNumber reads a number with an optional minus before it. Digits must stand on both sides of the decimal mark: a
// number that ends with its mark has lost something.
func parseNumber(s string, nf model.NumberFormat) (model.Decimal, bool) {
	negative := false
	for _, m := range []string{"-", "\u2212"} {
		if rest, ok := strings.CutPrefix(s, m); ok {
			s, negative = strings.TrimLeft(rest, " "), true
			break
		}
	}
	if s == "" || !isDigit(s[0]) || !isDigit(s[len(s)-1]) {
		return model.Decimal{}, false
	}
	d, err := model.ParseDecimalIn(s, nf)
	if negative {
		d = d.Neg()
	}
	return d, err == nil
}

// parseMoney reads an amount. A currency may stand on one side of it, and must be the expected one.
func (f *field) parseMoney(s string, isNumber bool) (model.Money, bool) {
	nf := f.number
	if isNumber {
		nf = model.PlainFormat
	}
	if f.MinorUnits {
		if !allDigits(strings.TrimPrefix(s, "-")) {
			return model.Money{}, false
		}
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return model.Money{}, false
		}
		d, err := model.NewDecimal(n, f.currency.MinorUnits())
		if err != nil {
			return model.Money{}, false
		}
		m, err := model.NewMoney(d, f.currency)
		return m, err == nil
	}
	outer := false // a minus before the currency
	for _, m := range []string{"-", "\u2212"} {
		if rest, ok := strings.CutPrefix(s, m); ok && !isDigitAt(strings.TrimLeft(rest, " ")) {
			s, outer = strings.TrimLeft(rest, " "), true
			break
		}
	}
	s, before := f.cutCurrency(s, strings.CutPrefix, strings.TrimLeft)
	s, after := f.cutCurrency(s, strings.CutSuffix, strings.TrimRight)
	if before && after || outer && !before {
		return model.Money{}, false
	}
	// "12,-" and "12,--" are how Dutch texts write whole euros.
	whole := false
	for _, z := range []string{"--", "-", "\u2013", "\u2014"} {
		if rest, ok := strings.CutSuffix(s, string(nf.Decimal)+z); ok && !isNumber {
			s, whole = rest, true
			break
		}
	}
	// The number of decimals tells an amount from a number in somebody else's notation, and from one that was cut.
	if i := strings.IndexByte(s, nf.Decimal); i >= 0 {
		n := len(s) - i - 1
		minor := f.currency.MinorUnits()
		if whole || n > minor || !isNumber && n != minor {
			return model.Money{}, false
		}
	}
	d, ok := parseNumber(s, nf)
	if !ok || outer && d.Sign() < 0 {
		return model.Money{}, false
	}
	if outer {
		if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "\u2212") {
			return model.Money{}, false
		}
		d = d.Neg()
	}
	m, err := model.NewMoney(d, f.currency)
	return m, err == nil
}

func isDigitAt(s string) bool { return s != "" && isDigit(s[0]) }

// cutCurrency takes the field's own currency off one end, as its code or its sign.
func (f *field) cutCurrency(s string, cut func(string, string) (string, bool), trim func(string, string) string) (string, bool) {
	for _, c := range f.symbols {
		if rest, ok := cut(s, c); ok {
			return trim(rest, " "), true
		}
	}
	return s, false
}

// symbolsOf lists how a currency is written beside an amount.
func symbolsOf(c model.Currency) []string {
	if c == model.EUR {
		return []string{"€", "EUR", "euro", "Euro"}
	}
	return []string{string(c)}
}

// parseInt reads a count with its unit.
func (f *field) parseInt(s string, isNumber bool) (int, bool) {
	if len(f.Units) > 0 && !isNumber {
		found := false
		low := strings.ToLower(s)
		for _, u := range f.Units {
			if u == "" {
				found = found || isDigit(s[len(s)-1])
				continue
			}
			if rest, ok := strings.CutSuffix(low, " "+strings.ToLower(u)); ok {
				s, found = rest, true
				break
			}
		}
		if !found {
			return 0, false
		}
	}
	nf := f.number
	if isNumber {
		nf = model.PlainFormat
	}
	if !isDigitAt(s) || strings.IndexByte(s, nf.Decimal) >= 0 {
		return 0, false
	}
	d, ok := parseNumber(s, nf)
	if !ok {
		return 0, false
	}
	n, exp := d.Units()
	return int(n), exp == 0 && n <= 1_000_000_000
}
