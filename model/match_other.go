package model

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// A sighting is what a rule compares of one record.
type sighting struct {
	i      int32
	must   string   // all of it agrees
	either []string // each agrees where both have it
}

// A rule for the records of one category. Most documents state such a fact once; where they may state it as often as
// they like, all sightings are joined, and otherwise the k-th of one with the k-th of another.
type rule struct {
	name    string
	repeats bool
	see     func(r Record) (must string, either []string)
}

func (m *matcher) others() {
	for _, r := range []rule{
		{RuleBalance, true, seeBalance}, {RuleAccount, true, seeAccount},
		{RulePersonBSN, true, seeBSN}, {RulePersonName, true, seePerson}, {RuleAddress, true, seeAddress},
		{RulePension, false, seePension}, {RuleStudyDebt, false, seeStudyDebt}, {RuleEmployment, false, seeEmployment},
		{RuleIncome, false, seeIncome}, {RuleBenefit, false, seeBenefit}, {RuleExtra, false, seeExtra},
	} {
		m.apply(r)
	}
}

func (m *matcher) apply(r rule) {
	var all []sighting
	for _, i := range m.rest {
		if must, either := r.see(m.d.Records[i]); must != "" {
			all = append(all, sighting{i, must, either})
		}
	}
	slices.SortFunc(all, func(a, b sighting) int { return strings.Compare(a.must, b.must) })
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].must == all[0].must {
			n++
		}
		if n > 1 {
			m.split(all[:n], r)
		}
		all = all[n:]
	}
}

// split parts sightings by the values that they have in only some: with one value, those without go along; with
// several, nobody can say with which, and those without stand alone.
func (m *matcher) split(s []sighting, r rule) {
	var decide []int
	for k := range s[0].either {
		value := ""
		for _, x := range s {
			if x.either[k] != "" && value != "" && x.either[k] != value {
				decide = append(decide, k)
				break
			}
			value = cmp.Or(value, x.either[k])
		}
	}
	groups := map[string][]int32{}
	var order []string
	for _, x := range s {
		var b strings.Builder
		for _, k := range decide {
			part(&b, x.either[k])
		}
		key := b.String()
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], x.i)
	}
	for _, key := range order {
		items := groups[key]
		if len(items) < 2 {
			continue
		}
		if !r.repeats {
			m.pair(items, r.name, nil)
			continue
		}
		for _, i := range items[1:] {
			m.join(items[0], i, r.name)
		}
	}
}

// part adds a value with its length, so that no two lists of values look the same.
func part(b *strings.Builder, values ...string) {
	for _, v := range values {
		b.WriteString(strconv.Itoa(len(v)))
		b.WriteByte(':')
		b.WriteString(v)
	}
}

func joined(values ...string) string {
	var b strings.Builder
	part(&b, values...)
	return b.String()
}

// amountOf is a form of an amount in which equal amounts are equal.
func amountOf(m Money) string { return string(m.currency) + m.Text() }

func numberOf(d *Decimal) string {
	if d == nil {
		return ""
	}
	return d.String()
}

// fold makes names comparable: small letters and digits only.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

func unspaced(s string) string { return strings.Join(strings.Fields(s), "") }

// seeBalance: a balance is the same wherever it is stated, so what must agree is all of it. The closing balance of one day
// and the opening one of the next have two types and are two facts.
func seeBalance(r Record) (string, []string) {
	b, ok := r.(*Balance)
	if !ok || b.Account.IsZero() || b.Amount.IsZero() || b.Date.IsZero() {
		return "", nil
	}
	return joined(b.Account.v, string(b.Type), amountOf(b.Amount), b.Date.String(), strconv.FormatBool(b.CreditLimitIncluded)), nil
}

// seeAccount: banks have an account in several currencies under one number, which are several accounts.
func seeAccount(r Record) (string, []string) {
	a, ok := r.(*Account)
	if !ok || a.Account.IsZero() {
		return "", nil
	}
	return joined(a.Account.v), []string{string(a.Currency)}
}

func seeBSN(r Record) (string, []string) {
	p, ok := r.(*Person)
	if !ok || p.BSN.IsZero() {
		return "", nil
	}
	return joined(p.BSN.v), nil
}

// seePerson: without a complete birth date a name is that of many people, and so is a family name without initials.
func seePerson(r Record) (string, []string) {
	p, ok := r.(*Person)
	if !ok || !p.BirthDate.Complete() {
		return "", nil
	}
	name := ""
	if family := fold(p.Name.Prefix + p.Name.Family); fold(p.Name.Family) != "" {
		if in := initials(p.Name); in != "" {
			name = joined(family, in)
		}
	} else if full := fold(p.Name.Full); full != "" {
		name = joined(full)
	}
	if name == "" {
		return "", nil
	}
	return joined(p.BirthDate.String(), name), []string{fold(p.Name.Given), p.BSN.v}
}

// initials returns the initials in small letters, from the given names where there are none.
func initials(n Name) string {
	if n.Initials != "" {
		return fold(n.Initials)
	}
	out := ""
	for _, w := range strings.FieldsFunc(n.Given, func(r rune) bool { return unicode.IsSpace(r) || r == '-' }) {
		if w = fold(w); w != "" {
			out += string([]rune(w)[:1])
		}
	}
	return out
}

// seeAddress: in the Netherlands postcode and house number name a door; streets are written in many ways, so they count
// only where there is no postcode.
func seeAddress(r Record) (string, []string) {
	a, ok := r.(*Address)
	if !ok {
		return "", nil
	}
	either := []string{string(a.Kind), a.Since.String()}
	number := joined(a.HouseNumber, fold(a.HouseLetter), fold(a.Addition))
	switch {
	case a.HouseNumber != "" && !a.Postcode.IsZero():
		return joined("postcode", a.Postcode.v, number), either
	case a.HouseNumber != "" && fold(a.Street) != "" && fold(a.City) != "":
		return joined("street", fold(a.Street), number, fold(a.City), fold(a.Country)), either
	case a.HouseNumber == "" && fold(a.Full) != "":
		return joined("full", fold(a.Full)), either
	}
	return "", nil
}

// seePension: providers give one reference to several rights, and rights of two years differ in their amounts alone, so
// the amounts are compared in the form that they are written in.
func seePension(r Record) (string, []string) {
	p, ok := r.(*Pension)
	if !ok || p.Provider == "" && p.Reference == "" {
		return "", nil
	}
	bare := Pension{Bands: p.Bands}
	bands, err := MarshalRecord(&bare)
	if err != nil {
		return "", nil
	}
	return joined(fold(p.Provider), unspaced(p.Reference), string(p.Kind), fold(p.Settlement), strconv.FormatBool(p.PerChild),
		string(bands)), []string{p.AsOf.String()}
}

// seeStudyDebt: a debt has no number of its own in what DUO shows; what is owed is what tells two of one person apart.
func seeStudyDebt(r Record) (string, []string) {
	s, ok := r.(*StudyDebt)
	if !ok || s.Outstanding.IsZero() {
		return "", nil
	}
	return joined(fold(s.Regime), fold(s.Cohort), amountOf(s.Outstanding)), []string{s.AsOf.String()}
}

// party is a payroll tax number, and the name of its holder where there is none.
func party(n PayrollTaxNumber, name string) string {
	if n.IsZero() {
		if name = fold(name); name == "" {
			return ""
		}
		return "name " + name
	}
	return "number " + n.v
}

// seeEmployment: a second contract at one employer shows in its form or in the laws that it is insured under.
func seeEmployment(r Record) (string, []string) {
	e, ok := r.(*Employment)
	if !ok || party(e.PayrollTaxNumber, e.Employer) == "" {
		return "", nil
	}
	under := slices.Clone(e.InsuredUnder)
	slices.Sort(under)
	return joined(party(e.PayrollTaxNumber, e.Employer), fold(e.ContractForm), joined(under...)), nil
}

// seeIncome: one employer may report a period in several rows, which differ in hours or wage; a row that is all the same is
// paired by its number, as rules that do not repeat are.
func seeIncome(r Record) (string, []string) {
	i, ok := r.(*Income)
	if !ok || party(i.PayrollTaxNumber, i.Employer) == "" || i.Period.IsZero() || i.SocialInsuranceWage.IsZero() {
		return "", nil
	}
	return joined(party(i.PayrollTaxNumber, i.Employer), i.Period.From.String(), i.Period.To.String(), numberOf(i.Hours),
		amountOf(i.SocialInsuranceWage)), nil
}

func seeBenefit(r Record) (string, []string) {
	b, ok := r.(*Benefit)
	if !ok || party(b.PayrollTaxNumber, b.Payer) == "" || b.Period.IsZero() || b.SocialInsuranceWage.IsZero() {
		return "", nil
	}
	return joined(party(b.PayrollTaxNumber, b.Payer), fold(b.Kind), b.Period.From.String(), b.Period.To.String(),
		numberOf(b.Hours), amountOf(b.SocialInsuranceWage)), nil
}

func seeExtra(r Record) (string, []string) {
	x, ok := r.(*Extra)
	if !ok || len(x.Extra) == 0 {
		return "", nil
	}
	b, err := appendMap(nil, x.Extra)
	if err != nil {
		return "", nil
	}
	return joined(string(x.For), string(b)), nil
}
