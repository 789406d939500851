package scrape_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/scrape"
	"github.com/brondata/brondata/sources"
)

// Pages as accessible portals of the Dutch government write them, with the markup of the NL Design System and what stands
// around: banners, skip links, help, tooltips, actions, notes. A plain recipe reads each; what refuses one of them refuses
// every portal.
func TestAccessiblePages(t *testing.T) {
	t.Parallel()
	debt := func(heading string, fields ...scrape.Field) scrape.Section {
		return scrape.Section{Name: "loans", Category: model.CategoryStudyDebt, Heading: []string{heading}, Fields: fields}
	}
	rows := debt("Studieschuld",
		scrape.Field{Into: "regime", Label: []string{"Regeling"}},
		scrape.Field{Into: "outstanding", Label: []string{"Openstaande schuld"}, Kind: scrape.Money},
		scrape.Field{Into: "interestRate", Label: []string{"Rente"}, Kind: scrape.Percent},
		scrape.Field{Into: "interestFixedUntil", Label: []string{"Rente vast tot"}, Kind: scrape.Date},
		scrape.Field{Into: "remainingMonths", Label: []string{"Resterende looptijd"}, Kind: scrape.Int, Units: []string{"maanden", "maand"}},
	)
	form := rows
	form.Heading, form.Fields = []string{"Uw studieschuld"}, slices.Clone(rows.Fields)
	form.Fields[3].Dates = []scrape.DateFormat{scrape.DateISO} // as inputs of dates hold them
	rows.Rows = true
	cards := debt("Lopende leningen",
		scrape.Field{Into: "regime", Label: []string{"Regeling"}},
		scrape.Field{Into: "outstanding", Label: []string{"Schuld"}, Kind: scrape.Money},
		scrape.Field{Into: "interestRate", Label: []string{"Rente"}, Kind: scrape.Percent},
	)
	cards.Items = "article"
	contract := debt("Contract",
		scrape.Field{Into: "asOf", Label: []string{"Stand op"}, Kind: scrape.Date},
		scrape.Field{Into: "cohort", Label: []string{"Cohort"}, Kind: scrape.Digits},
	)
	contract.Name = "contract"
	tests := map[string]struct {
		anchor   string
		sections []scrape.Section
		want     []string
	}{
		"persoon": {"Mijn gegevens", []scrape.Section{
			{Name: "person", Category: model.CategoryPerson, Heading: []string{"Persoonlijke gegevens"}, Fields: []scrape.Field{
				{Into: "name.given", Label: []string{"Voornamen"}},
				{Into: "name.family", Label: []string{"Achternaam"}},
				{Into: "birthDate", Label: []string{"Geboortedatum"}, Kind: scrape.Date},
				{Into: "birthPlace", Label: []string{"Geboorteplaats"}},
				{Into: "gender", Label: []string{"Geslacht"}, Kind: scrape.Choice, Values: map[string]string{"Man": "male", "Vrouw": "female"}},
			}},
			{Name: "address", Category: model.CategoryAddress, Heading: []string{"Adres"}, Fixed: map[string]string{"kind": "home"}, Fields: []scrape.Field{
				{Into: "street", Label: []string{"Straat"}},
				{Into: "houseNumber", Label: []string{"Huisnummer"}, Kind: scrape.Digits},
				{Into: "postcode", Label: []string{"Postcode"}, Kind: scrape.Postcode},
				{Into: "city", Label: []string{"Woonplaats"}},
				{Into: "since", Label: []string{"Sinds"}, Kind: scrape.Date},
				{Into: "extra.gemeente", Label: []string{"Gemeente"}},
			}},
		}, []string{
			`{"birthDate":"1984-02-29","birthPlace":"’s-Gravenmoer","category":"person","gender":"female","name":{"family":"O’Fictie","given":"Sanne Maria"},"provenance":{"document":0}}`,
			`{"category":"address","city":"Oost-Souburg","houseNumber":"12","kind":"home","postcode":"1234AB","provenance":{"document":0},"since":"2019-05-01","street":"Straat van Verzonnen"}`,
			`{"category":"address","extra":{"gemeente":"Gemeente Nergenshuizen"},"provenance":{"document":0}}`,
		}},
		"schulden": {"Mijn schulden", []scrape.Section{rows}, []string{
			`{"category":"study-debt","interestFixedUntil":"2029-01-01","interestRate":"0.46","outstanding":{"amount":"12345.67","currency":"EUR"},"provenance":{"document":0},"regime":"SF15","remainingMonths":120}`,
			`{"category":"study-debt","interestFixedUntil":"2031-01-01","interestRate":"2.56","outstanding":{"amount":"800.00","currency":"EUR"},"provenance":{"document":0},"regime":"SF35","remainingMonths":1}`,
		}},
		"formulier": {"Uw lening", []scrape.Section{form}, []string{
			`{"category":"study-debt","interestFixedUntil":"2029-01-01","interestRate":"2.56","outstanding":{"amount":"7654.32","currency":"EUR"},"provenance":{"document":0},"regime":"SF35","remainingMonths":119}`,
		}},
		"kaarten": {"Mijn leningen", []scrape.Section{cards, contract}, []string{
			`{"category":"study-debt","interestRate":"0.46","outstanding":{"amount":"1234.56","currency":"EUR"},"provenance":{"document":0},"regime":"SF15"}`,
			`{"category":"study-debt","interestRate":"2.56","outstanding":{"amount":"78.90","currency":"EUR"},"provenance":{"document":0},"regime":"SF35"}`,
			`{"asOf":"2026-05-03","category":"study-debt","cohort":"2015","provenance":{"document":0}}`,
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := scrape.New(scrape.Recipe{
				ID: "test", Institution: "duo", BaseURL: "https://mijn.example.nl", Assumed: true, Ignore: []string{".sr-only", ".visually-hidden"},
				Pages: []scrape.Page{{
					Name: "page", Request: scrape.Request{Path: "/"}, Anchors: []scrape.Anchor{{Heading: []string{tt.anchor}}}, Sections: tt.sections,
				}},
			}, nil)
			require.NoError(t, err)
			body, err := os.ReadFile(filepath.Join("testdata", "pages", name+".html"))
			require.NoError(t, err)
			d, err := s.Reduce(t.Context(), "page", "text/html; charset=utf-8", body, sources.Everything())
			require.NoError(t, err)
			read, err := registry(t).Read(t.Context(), d, sources.Everything(), nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, lines(t, read.Records))
		})
	}
}
