package scrapetest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/brondata/brondata/model"
)

// data is what the portal knows of its one subject. Everything is derived from a seed.
type data struct {
	given, prefix, family, initials string
	birth, since                    model.Date
	place                           string
	gender                          model.Gender
	bsn                             string
	street, number, postcode, city  string
	loans                           []loan

	email, phone, partner, customer, iban string
}

type loan struct {
	regime                       string
	outstanding, statutory, paid int64 // cents
	rate                         int64 // thousandths of a per cent
	fixed                        model.Date
	months                       int
	currency                     model.Currency
}

// The numbers pass their checks and belong to nobody: BSNs of the range for tests, an IBAN over an invented account.
var (
	bsns   = []string{"999991772", "999993653", "999995273"}
	givens = []string{"Sanne Maria", "José", "Anaïs", "Willem-Jan", "Fenna"}
	fams   = []string{"Voorbeeld", "Testmans", "Çelik", "O'Fictie", "Modelstra"}
	towns  = []string{"Oost-Souburg", "’s-Gravenmoer", "Ürkendam", "Nergenshuizen"}
	roads  = []string{"Kastanjelaan", "Burgemeester Verzonnenstraat", "Plein 1999", "Cité-hof"}
)

func pick(r *rand.Rand, ss []string) string { return ss[r.IntN(len(ss))] }

func day(r *rand.Rand, from, to int) model.Date {
	d, _ := model.NewDate(from+r.IntN(to-from), 1+r.IntN(12), 1+r.IntN(28)) // always on the calendar
	return d
}

func newData(seed uint64) *data {
	r := rand.New(rand.NewPCG(seed, 7))
	d := &data{
		given: pick(r, givens), family: pick(r, fams), prefix: pick(r, []string{"", "van der", "de"}),
		birth: day(r, 1960, 2004), since: day(r, 2005, 2025), place: pick(r, towns),
		gender: []model.Gender{model.GenderMale, model.GenderFemale}[r.IntN(2)], bsn: pick(r, bsns),
		street: pick(r, roads), number: fmt.Sprint(1 + r.IntN(320)), city: pick(r, towns),
		postcode: fmt.Sprintf("%d%c%c", 1000+r.IntN(8999), 'A'+rune(r.IntN(18)), 'A'+rune(r.IntN(18))),
		email:    fmt.Sprintf("canary%d@voorbeeld.example", 1000+r.IntN(9000)),
		phone:    fmt.Sprintf("06-0000%04d", r.IntN(10000)),
		partner:  "Canarius Partnerman", customer: fmt.Sprintf("KLANT%07d", r.IntN(10_000_000)), iban: "NL20INGB0001234567",
	}
	if strings.HasSuffix(d.postcode, "SA") || strings.HasSuffix(d.postcode, "SD") || strings.HasSuffix(d.postcode, "SS") {
		d.postcode = d.postcode[:4] + "AB"
	}
	for i, w := range strings.FieldsFunc(d.given, func(c rune) bool { return c == ' ' }) {
		if i > 0 {
			d.initials += " "
		}
		d.initials += string([]rune(w)[0]) + "."
	}
	for _, regime := range []string{"SF15", "SF35"} {
		d.loans = append(d.loans, loan{
			regime: regime, outstanding: 100_000 + r.Int64N(6_000_000), statutory: 5_000 + r.Int64N(40_000),
			paid: 1_000 + r.Int64N(4_000), rate: 100 + r.Int64N(3000), fixed: day(r, 2027, 2031), months: 13 + r.IntN(400),
			currency: model.EUR,
		})
	}
	return d
}

func money(cents int64, c model.Currency) model.Money {
	d, _ := model.NewDecimal(cents, 2)
	m, _ := model.NewMoney(d, c)
	return m
}

// records is the truth that a reader must find.
func (d *data) records() []model.Record {
	bsn, _ := model.ParseBSN(d.bsn)
	pc, _ := model.ParsePostcode(d.postcode)
	out := []model.Record{
		&model.Person{
			Name:      model.Name{Initials: d.initials, Given: d.given, Prefix: d.prefix, Family: d.family},
			BirthDate: d.birth, BirthPlace: d.place, Gender: d.gender, BSN: bsn,
		},
		&model.Address{
			Kind: model.AddressHome, Street: d.street, HouseNumber: d.number, Postcode: pc, City: d.city, Since: d.since,
		},
	}
	for _, l := range d.loans {
		rate, _ := model.NewDecimal(l.rate, 3)
		out = append(out, &model.StudyDebt{
			Regime: l.regime, Outstanding: money(l.outstanding, l.currency), InterestRate: &rate, InterestFixedUntil: l.fixed,
			StatutoryInstalment: money(l.statutory, l.currency), MonthlyInstalment: money(l.paid, l.currency),
			RemainingMonths: new(l.months),
		})
	}
	return out
}
