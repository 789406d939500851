package psd2

import (
	"strconv"
	"strings"

	"github.com/brondata/brondata/internal/jsonscan"
	"github.com/brondata/brondata/model"
)

// fields reads the members of one record and gathers the doubts about them.
type fields struct {
	v      value
	doubts []model.Issue
}

func (f *fields) doubt(c model.IssueCode, field string) {
	f.doubts = append(f.doubts, model.Doubt(c, field))
}

// text returns a member of v as one line: control characters and line breaks become blanks, and runs of blanks one.
func (f *fields) text(v value, field string) string {
	switch v.Kind() {
	case 0, jsonscan.Null:
		return ""
	case jsonscan.String:
	default:
		f.doubt(model.IssueInvalid, field)
		return ""
	}
	if v.Mended() {
		f.doubt(model.IssueCharset, field)
	}
	return line(v.Text())
}

func line(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return r <= ' ' || r == 0x7f || r == 0xa0 || r == 0x85 || r == 0x2028 || r == 0x2029
	}), " ")
}

// identifier is text for a reference. The placeholders for "none" are none (ISO 20022 writes NOTPROVIDED).
func (f *fields) identifier(v value, field string) string {
	if v.is(jsonscan.Number) {
		return v.Text() // some banks give numbers; as written they are exact
	}
	s := f.text(v, field)
	if strings.EqualFold(strings.ReplaceAll(s, " ", ""), "NOTPROVIDED") {
		return ""
	}
	return s
}

// date returns a calendar date. A moment is one only where it is a midnight: which day another moment is booked on depends
// on the bank's zone.
func (f *fields) date(v value, field string) model.Date {
	if !v.present() {
		return model.Date{}
	}
	s, rest, moment := strings.Cut(v.str(), "T")
	d, err := model.ParseDate(s)
	if err != nil || !d.Complete() || moment && !strings.HasPrefix(rest, "00:00") {
		f.doubt(model.IssueInvalid, field)
		return model.Date{}
	}
	return d
}

// money returns an amount of the form {"currency":"EUR","amount":"-1.50"}. The amount may also be a JSON number, whose
// written form is exact.
func (f *fields) money(v value, field string) model.Money {
	if !v.present() {
		f.doubt(model.IssueMissing, field)
		return model.Money{}
	}
	a := v.get("amount")
	if !a.is(jsonscan.String) && !a.is(jsonscan.Number) {
		f.doubt(model.IssueMissing, field)
		return model.Money{}
	}
	text := a.Text()
	if a.is(jsonscan.Number) {
		text = plain(text)
	}
	m, err := model.ParseMoney(strings.TrimSpace(text), model.Currency(v.get("currency").str()))
	if err != nil {
		f.doubt(model.IssueInvalid, field)
		return model.Money{}
	}
	return m
}

// plain writes a JSON number with an exponent without one; both forms are exact. A number beyond all amounts stays as it
// is, and is then refused.
func plain(s string) string {
	i := strings.IndexAny(s, "eE")
	if i < 0 {
		return s
	}
	exp, err := strconv.Atoi(strings.TrimPrefix(s[i+1:], "+"))
	if err != nil || exp > 40 || exp < -40 {
		return s
	}
	sign, digits := "", s[:i]
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	whole, frac, _ := strings.Cut(digits, ".")
	for ; exp > 0; exp-- {
		if frac == "" {
			frac = "0"
		}
		whole, frac = whole+frac[:1], frac[1:]
	}
	for ; exp < 0; exp++ {
		if whole == "" {
			whole = "0"
		}
		whole, frac = whole[:len(whole)-1], whole[len(whole)-1:]+frac
	}
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if frac == "" {
		return sign + whole
	}
	return sign + whole + "." + frac
}

// number returns the number of an account that a record names.
func (f *fields) number(v value, field string) model.AccountID {
	s, _ := accountNumber(v)
	if s == "" {
		return model.AccountID{}
	}
	id, doubt := accountID(s)
	if doubt != "" {
		f.doubt(doubt, field)
	}
	return id
}

func (f *fields) bic(v value, field string) model.BIC {
	if !v.present() {
		return model.BIC{}
	}
	b, err := model.ParseBIC(strings.TrimSpace(v.str()))
	if err != nil {
		f.doubt(model.IssueInvalid, field)
	}
	return b
}

// oneAccount reads accountDetails.
func (n *reading) oneAccount(v value, at model.Locator) error {
	if n.query.Wants(model.CategoryAccount) {
		f := fields{v: v}
		a := &model.Account{
			BIC: f.bic(v.get("bic"), "bic"), OwnerName: f.text(v.get("ownerName"), "ownerName"),
			Name: f.text(v.get("name"), "name"), Product: f.text(v.get("product"), "product"),
			Type: f.text(v.get("cashAccountType"), "type"), Status: f.text(v.get("status"), "status"),
			Usage: f.text(v.get("usage"), "usage"),
		}
		if a.Name == "" {
			a.Name = f.text(v.get("displayName"), "name")
		}
		number, _ := accountNumber(v)
		id, doubt := accountID(number)
		if a.Account = id; doubt != "" {
			f.doubt(doubt, "account")
		}
		var err error
		if a.Currency, err = model.ParseCurrency(v.get("currency").str()); err != nil {
			code := model.IssueInvalid
			if !v.get("currency").present() {
				code = model.IssueMissing // the specification requires it
			}
			f.doubt(code, "currency")
		}
		if err := n.w.Record(a, at, f.doubts...); err != nil {
			return err
		}
	}
	number, _ := accountNumber(v)
	n.id, n.doubt = accountID(number)
	for i, b := range v.get("balances").elements() { // some banks put them here
		if err := n.oneBalance(b, at+model.Locator("/balances/"+strconv.Itoa(i))); err != nil {
			return err
		}
	}
	return nil
}

// balanceTypes are those of the specification; the model has their names.
var balanceTypes = map[string]model.BalanceType{
	"closingBooked": model.ClosingBooked, "expected": model.ExpectedBalance, "openingBooked": model.OpeningBooked,
	"interimAvailable": model.InterimAvailable, "interimBooked": model.InterimBooked,
	"forwardAvailable": model.ForwardAvailable, "nonInvoiced": model.NonInvoiced,
	// Not in the specification's list, but in the ISO code set behind it, and given by banks.
	"closingAvailable": model.ClosingAvailable, "openingAvailable": model.OpeningAvailable,
	"previouslyClosedBooked": model.PreviousClosingBooked,
}

// oneBalance reads a balance. Its date is referenceDate: lastChangeDateTime says when something last happened, not which day
// the balance is of.
func (n *reading) oneBalance(v value, at model.Locator) error {
	if !n.query.Wants(model.CategoryBalance) {
		return nil
	}
	f := fields{v: v}
	n.doubtAccount(&f)
	b := &model.Balance{
		Account: n.id, Amount: f.money(v.get("balanceAmount"), "amount"), Date: f.date(v.get("referenceDate"), "date"),
		CreditLimitIncluded: v.get("creditLimitIncluded").yes(),
	}
	if c := v.get("creditLimitIncluded"); c.is(jsonscan.String) || c.is(jsonscan.Number) {
		f.doubt(model.IssueInvalid, "creditLimitIncluded")
	}
	kind := v.get("balanceType").str()
	if t, ok := balanceTypes[kind]; ok {
		b.Type = t
	} else if kind == "" {
		f.doubt(model.IssueMissing, "type")
	} else {
		b.Type = model.OtherBalance
		f.doubt(model.IssueUnknown, "type")
	}
	return n.w.Record(b, at, f.doubts...)
}

// doubtAccount notes what is wrong with the account that the document is about.
func (n *reading) doubtAccount(f *fields) {
	if n.doubt != "" {
		f.doubt(n.doubt, "account")
	}
}
