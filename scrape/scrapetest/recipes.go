package scrapetest

import (
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/scrape"
)

// MijnOverheid returns a sample recipe for a person and an address. The layout is assumed: the portal's pages are not public.
func MijnOverheid(baseURL string, media scrape.MediaType) scrape.Recipe {
	r := scrape.Recipe{
		ID: "sample-mijnoverheid", Institution: "mijnoverheid", BaseURL: baseURL, Assumed: true, Login: login(), Maintenance: maintenance(),
		Logout: &scrape.Request{Path: "/uitloggen"},
	}
	if media == scrape.JSON {
		r.ID = "sample-mijnoverheid-json"
		r.Pages = []scrape.Page{{
			Name: "personal-data", Request: scrape.Request{Path: "/api/persoon"}, Media: scrape.JSON,
			Anchors: []scrape.Anchor{{JSON: "versie"}, {JSON: "persoon"}},
			Sections: []scrape.Section{
				{Name: "person", Category: model.CategoryPerson, JSON: "persoon", Fields: []scrape.Field{
					{Into: "name.initials", JSON: "voorletters"},
					{Into: "name.given", JSON: "voornamen"},
					{Into: "name.prefix", JSON: "voorvoegsel", Absent: []string{""}},
					{Into: "name.family", JSON: "geslachtsnaam"},
					{Into: "bsn", JSON: "burgerservicenummer", Kind: scrape.BSN},
					{Into: "birthDate", JSON: "geboortedatum", Kind: scrape.Date},
					{Into: "birthPlace", JSON: "geboorteplaats"},
					{Into: "gender", JSON: "geslacht", Kind: scrape.Choice, Values: genders()},
				}},
				{Name: "address", Category: model.CategoryAddress, JSON: "adres", Fixed: map[string]string{"kind": "home"}, Fields: []scrape.Field{
					{Into: "street", JSON: "straat"},
					{Into: "houseNumber", JSON: "huisnummer", Kind: scrape.Digits},
					{Into: "postcode", JSON: "postcode", Kind: scrape.Postcode},
					{Into: "city", JSON: "woonplaats"},
					{Into: "since", JSON: "sinds", Kind: scrape.Date},
				}},
			},
		}}
		return r
	}
	r.Pages = []scrape.Page{{
		Name: "personal-data", Request: scrape.Request{Path: "/mijn/persoonsgegevens"},
		Anchors: []scrape.Anchor{{Heading: []string{"Mijn persoonlijke gegevens"}}, {Selector: "main"}},
		Sections: []scrape.Section{
			{Name: "person", Category: model.CategoryPerson, Heading: []string{"Persoonsgegevens"}, Fields: []scrape.Field{
				{Into: "name.initials", Label: []string{"Voorletters"}},
				{Into: "name.given", Label: []string{"Voornamen"}},
				{Into: "name.prefix", Label: []string{"Voorvoegsel"}, Absent: []string{"-"}},
				{Into: "name.family", Label: []string{"Geslachtsnaam", "Achternaam"}},
				{Into: "bsn", Label: []string{"Burgerservicenummer (BSN)"}, Kind: scrape.BSN},
				{Into: "birthDate", Label: []string{"Geboortedatum", "Geboren op"}, Kind: scrape.Date},
				{Into: "birthPlace", Label: []string{"Geboorteplaats"}},
				{Into: "gender", Label: []string{"Geslacht"}, Kind: scrape.Choice, Values: genders()},
			}},
			{Name: "address", Category: model.CategoryAddress, Heading: []string{"Woonadres", "Adres"}, Fixed: map[string]string{"kind": "home"}, Fields: []scrape.Field{
				{Into: "street", Label: []string{"Straat", "Straatnaam"}},
				{Into: "houseNumber", Label: []string{"Huisnummer"}, Kind: scrape.Digits},
				{Into: "postcode", Label: []string{"Postcode"}, Kind: scrape.Postcode},
				{Into: "city", Label: []string{"Woonplaats"}},
				{Into: "since", Label: []string{"Datum ingang"}, Kind: scrape.Date},
			}},
		},
	}}
	return r
}

// MijnDUO returns a sample recipe for study debts. The layout is assumed: the portal's pages are not public.
func MijnDUO(baseURL string, media scrape.MediaType) scrape.Recipe {
	r := scrape.Recipe{
		ID: "sample-mijnduo", Institution: "duo", BaseURL: baseURL, Assumed: true, Login: login(), Maintenance: maintenance(),
		Logout: &scrape.Request{Path: "/uitloggen"},
	}
	if media == scrape.JSON {
		r.ID = "sample-mijnduo-json"
		r.Pages = []scrape.Page{{
			Name: "debts", Request: scrape.Request{Path: "/api/schulden"}, Media: scrape.JSON,
			Anchors: []scrape.Anchor{{JSON: "versie"}},
			Sections: []scrape.Section{{
				Name: "loans", Category: model.CategoryStudyDebt, JSON: "schulden", Rows: true, EmptyArray: true, Fields: []scrape.Field{
					{Into: "regime", JSON: "regeling", Pattern: "SF15|SF15-oud|SF35"},
					{Into: "outstanding", JSON: "openstaand", Kind: scrape.Money, CurrencyJSON: "valuta"},
					{Into: "interestRate", JSON: "rente", Kind: scrape.Percent},
					{Into: "interestFixedUntil", JSON: "renteVastTot", Kind: scrape.Date},
					{Into: "statutoryInstalment", JSON: "wettelijkMaandbedrag", Kind: scrape.Money, CurrencyJSON: "valuta"},
					{Into: "monthlyInstalment", JSON: "maandbedrag", Kind: scrape.Money, CurrencyJSON: "valuta"},
					{Into: "remainingMonths", JSON: "resterendeMaanden", Kind: scrape.Int},
				},
			}},
		}}
		return r
	}
	r.Pages = []scrape.Page{{
		Name: "debts", Request: scrape.Request{Path: "/mijn/schulden"},
		Anchors: []scrape.Anchor{{Heading: []string{"Mijn schulden"}}},
		Sections: []scrape.Section{{
			Name: "loans", Category: model.CategoryStudyDebt, Heading: []string{"Studieschuld"}, Rows: true,
			Skip: []string{"Totaal"}, Empty: []string{"U hebt geen studieschuld."}, Fields: []scrape.Field{
				{Into: "regime", Label: []string{"Regeling"}, Pattern: "SF15|SF15-oud|SF35"},
				{Into: "outstanding", Label: []string{"Openstaande schuld", "Huidige schuld"}, Kind: scrape.Money},
				{Into: "interestRate", Label: []string{"Rente"}, Kind: scrape.Percent},
				{Into: "interestFixedUntil", Label: []string{"Rente vast tot"}, Kind: scrape.Date},
				{Into: "statutoryInstalment", Label: []string{"Wettelijk maandbedrag"}, Kind: scrape.Money},
				{Into: "monthlyInstalment", Label: []string{"Maandbedrag", "Maandbedrag op basis van inkomen"}, Kind: scrape.Money},
				{Into: "remainingMonths", Label: []string{"Resterende looptijd"}, Kind: scrape.Int, Units: []string{"maanden", "maand"}},
			},
		}},
	}}
	return r
}

func login() scrape.Marks {
	return scrape.Marks{Paths: []string{"/inloggen"}, Headings: []string{"Inloggen"}}
}

func maintenance() scrape.Marks { return scrape.Marks{Headings: []string{"Onderhoud"}} }

func genders() map[string]string {
	return map[string]string{"Man": "male", "Vrouw": "female", "Onbekend": "unknown"}
}
