package scrapetest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/brondata/brondata/model"
)

// view is a page before it is written: mutations change it, and then it becomes HTML or JSON.
type view struct {
	title    string
	intro    string
	sections []*part
	widget   string // how pairs are written: dl, table, form, list, aria
	class    string // what stands before each class name
	wrap     int    // further div elements around everything
	banner   bool   // an advertisement
	actions  bool   // a link and a button behind each value
	help     bool   // a tooltip in each label
	more     bool   // lists go on on another page
	swapped  bool   // in JSON, objects are arrays and arrays objects
}

// part is a section of a page: pairs of label and value, or a list of rows.
type part struct {
	id, heading string
	pairs       []pair
	list        bool
	rows        [][]pair // each with the same labels in the same order
	note        string   // a text instead of content
	extra       string   // HTML as it is, at the end
	before      string   // HTML as it is, before the content
}

// pair is one value with its label, in HTML, and its member and literal in JSON.
type pair struct {
	label, text  string
	html         string // instead of text, where a mutation makes more of it
	member, json string
	hidden       bool
}

func (p *pair) set(text, json string) { p.text, p.html, p.json = text, "", json }

func dutchDate(d model.Date) string {
	names := []string{"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"}
	return fmt.Sprintf("%d %s %d", d.Day(), names[d.Month()-1], d.Year())
}

// grouped writes cents with marks: grouped(123456, ".", ",") is "1.234,56".
func grouped(cents int64, group, decimal string) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	s := strconv.FormatInt(cents/100, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + group + s[i:]
	}
	return fmt.Sprintf("%s%s%s%02d", sign, s, decimal, cents%100)
}

func euros(cents int64, c model.Currency) string {
	sign := "€"
	if c != model.EUR {
		sign = "$"
	}
	return sign + "\u00a0" + grouped(cents, ".", ",")
}

func plainCents(cents int64) string { return grouped(cents, "", ".") }

func thousandths(n int64, decimal string) string {
	return strconv.FormatInt(n/1000, 10) + decimal + fmt.Sprintf("%03d", n%1000)
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func personView(d *data) *view {
	gender := map[model.Gender]string{model.GenderMale: "Man", model.GenderFemale: "Vrouw"}[d.gender]
	prefix := d.prefix
	if prefix == "" {
		prefix = "-"
	}
	return &view{
		title: "Mijn persoonlijke gegevens", intro: "Hier ziet u wat er over u is geregistreerd.", widget: "dl",
		sections: []*part{
			{id: "persoon", heading: "Persoonsgegevens", pairs: []pair{
				{label: "Voorletters", text: d.initials, member: "voorletters", json: quoted(d.initials)},
				{label: "Voornamen", text: d.given, member: "voornamen", json: quoted(d.given)},
				{label: "Voorvoegsel", text: prefix, member: "voorvoegsel", json: quoted(d.prefix)},
				{label: "Geslachtsnaam", text: d.family, member: "geslachtsnaam", json: quoted(d.family)},
				{label: "Burgerservicenummer (BSN)", text: d.bsn, member: "burgerservicenummer", json: quoted(d.bsn)},
				{label: "Geboortedatum", text: dutchDate(d.birth), member: "geboortedatum", json: quoted(d.birth.String())},
				{label: "Geboorteplaats", text: d.place, member: "geboorteplaats", json: quoted(d.place)},
				{label: "Geslacht", text: gender, member: "geslacht", json: quoted(gender)},
				{label: "Partner", text: d.partner, member: "partner", json: quoted(d.partner)},
			}},
			{id: "adres", heading: "Woonadres", pairs: []pair{
				{label: "Straat", text: d.street, member: "straat", json: quoted(d.street)},
				{label: "Huisnummer", text: d.number, member: "huisnummer", json: quoted(d.number)},
				{label: "Postcode", text: d.postcode[:4] + " " + d.postcode[4:], member: "postcode", json: quoted(d.postcode)},
				{label: "Woonplaats", text: d.city, member: "woonplaats", json: quoted(d.city)},
				{label: "Datum ingang", text: fmt.Sprintf("%02d-%02d-%d", d.since.Day(), d.since.Month(), d.since.Year()), member: "sinds", json: quoted(d.since.String())},
			}},
			{id: "contact", heading: "Contactgegevens", pairs: []pair{
				{label: "E-mailadres", text: d.email, member: "email", json: quoted(d.email)},
				{label: "Telefoonnummer", text: d.phone, member: "telefoon", json: quoted(d.phone)},
			}},
		},
	}
}

func debtView(d *data) *view {
	debts := &part{id: "schulden", heading: "Studieschuld", list: true}
	for _, l := range d.loans {
		debts.rows = append(debts.rows, []pair{
			{label: "Regeling", text: l.regime, member: "regeling", json: quoted(l.regime)},
			{label: "Openstaande schuld", text: euros(l.outstanding, l.currency), member: "openstaand", json: plainCents(l.outstanding)},
			{label: "Rente", text: thousandths(l.rate, ",") + "%", member: "rente", json: thousandths(l.rate, ".")},
			{label: "Rente vast tot", text: dutchDate(l.fixed), member: "renteVastTot", json: quoted(l.fixed.String())},
			{label: "Wettelijk maandbedrag", text: euros(l.statutory, l.currency), member: "wettelijkMaandbedrag", json: plainCents(l.statutory)},
			{label: "Maandbedrag", text: euros(l.paid, l.currency), member: "maandbedrag", json: plainCents(l.paid)},
			{label: "Resterende looptijd", text: strconv.Itoa(l.months) + " maanden", member: "resterendeMaanden", json: strconv.Itoa(l.months)},
			{label: "Klantnummer", text: d.customer, member: "klantnummer", json: quoted(d.customer)},
			{label: "Valuta", text: string(l.currency), member: "valuta", json: quoted(string(l.currency)), hidden: true},
		})
	}
	if len(debts.rows) == 0 {
		debts.note = "U hebt geen studieschuld."
	}
	return &view{
		title: "Mijn schulden", intro: "Hier ziet u uw schulden bij ons.", widget: "dl",
		sections: []*part{debts, {id: "incasso", heading: "Automatische incasso", pairs: []pair{
			{label: "Rekeningnummer", text: d.iban, member: "rekening", json: quoted(d.iban)},
			{label: "Geïncasseerd bedrag", text: euros(4321, model.EUR), member: "bedrag", json: "43.21"},
		}}},
	}
}
