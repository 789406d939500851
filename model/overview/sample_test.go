package overview_test

import (
	"encoding"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
)

func parse[T any](tb require.TestingT, s string) T {
	var v T
	require.NoError(tb, any(&v).(encoding.TextUnmarshaler).UnmarshalText([]byte(s)))
	return v
}

func euro(tb require.TestingT, amount string) model.Money {
	m, err := model.ParseMoney(amount, model.EUR)
	require.NoError(tb, err)
	return m
}

func number(tb require.TestingT, s string) *model.Decimal {
	d, err := model.ParseDecimal(s)
	require.NoError(tb, err)
	return &d
}

func day(tb require.TestingT, s string) model.Date { return parse[model.Date](tb, s) }

// sample is a review as a mortgage application would have it: an API, files and a page, invented from end to end.
func sample(tb require.TestingT) *model.Review {
	at := time.Date(2026, 11, 22, 12, 4, 31, 0, time.UTC)
	doc := func(i model.InstitutionID, s model.SourceID, m model.Method, f model.FormatID, n int) model.DocumentInfo {
		return model.DocumentInfo{Institution: i, Source: s, Method: m, Format: f, Digest: model.Digest{byte(17 * n), 0xc4, byte(n), 31: 9}, Retrieved: at.Add(time.Duration(n) * time.Minute)}
	}
	head := func(document int, place model.Locator, issues ...model.Issue) model.Header {
		return model.Header{Provenance: model.Provenance{Document: document, At: place}, Issues: issues}
	}
	current := parse[model.AccountID](tb, "NL02ABNA0123456789")
	savings := parse[model.AccountID](tb, "DE75512108001245126199")
	r := &model.Review{
		Grant:     "g-7f3k9q",
		Recipient: model.ReviewRecipient{ID: "hypotheek-voorbeeld", Name: "Hypotheekadvies Voorbeeld B.V.", Contact: "Dorpsstraat 1, 3500 AA Utrecht\nprivacy@hypotheekvoorbeeld.example", KeyID: "k-2026-11"},
		Purpose: model.ReviewPurpose{ID: "mortgage", Text: model.Text{
			Dutch: "Beoordelen of u een hypotheek kunt betalen en hoe hoog die kan zijn.", English: "To assess whether you can afford a mortgage, and of what size.",
		}},
		Institutions: []model.ReviewInstitution{{ID: "mijnoverheid", Name: "MijnOverheid"}, {ID: "uwv", Name: "UWV"}, {ID: "mijnpensioenoverzicht", Name: "Mijnpensioenoverzicht"}, {ID: "duo", Name: "DUO"}, {ID: "voorbeeldbank", Name: "Voorbeeldbank"}},
		Documents: []model.DocumentInfo{
			doc("mijnoverheid", "mijnoverheid-page", model.Scrape, "scrape.mijnoverheid", 1), doc("uwv", "upload", model.File, "uwv.verzekeringsbericht", 2),
			doc("mijnpensioenoverzicht", "upload", model.File, "mpo.xml", 3), doc("duo", "duo-page", model.Scrape, "scrape.duo", 4),
			doc("voorbeeldbank", "psd2", model.API, "psd2", 5), doc("voorbeeldbank", "upload", model.File, "camt.053", 6),
		},
		LeftOut: []model.Category{model.CategoryBenefit}, PreparedAt: at.Add(time.Hour), GrantValidUntil: at.AddDate(0, 0, 180),
		Retention: []model.ReviewRetention{
			{Category: model.CategoryTransaction, Until: at.AddDate(0, 3, 0)},
			{Category: model.CategoryIncome, Text: model.Text{Dutch: "tot zeven jaar na het einde van de hypotheek", English: "until seven years after the mortgage ends"}},
		},
	}
	r.Documents[1].Issues = []model.Issue{{Code: model.IssueUnverified}}
	for _, c := range model.Categories() {
		if c != model.CategoryBenefit {
			b := model.Everything(c)
			r.Scope.Baskets = append(r.Scope.Baskets, b)
		}
	}
	r.Scope.Since = day(tb, "2026-08-01")
	r.Records = []model.Record{
		&model.Person{Header: head(0, "/main/dl[1]"), Name: model.Name{Initials: "A.B.", Given: "Anna Bénédicte", Prefix: "van der", Family: "Voorbeeld"}, BirthDate: day(tb, "1984-03-29"), BirthPlace: "’s-Hertogenbosch", Gender: model.GenderFemale},
		&model.Address{Header: head(0, "/main/dl[2]"), Kind: model.AddressHome, Street: "Lange Voorbeeldlaan", HouseNumber: "12", Addition: "bis", Postcode: parse[model.Postcode](tb, "1234AB"), City: "Voorbeeldstad", Since: day(tb, "2019-05")},
		&model.Employment{Header: head(1, model.AtPage(1, 12)), Employer: "Bakkerij De Proef B.V.", PayrollTaxNumber: parse[model.PayrollTaxNumber](tb, "123456782L01"), ContractForm: "Onbepaalde tijd, schriftelijk", InsuredUnder: []string{"WW", "ZW", "WIA"}},
	}
	for m := 8; m <= 10; m++ {
		last := day(tb, fmt.Sprintf("2026-%02d", m)).Latest()
		i := &model.Income{Header: head(1, model.AtPage(1, 18+m)), Employer: "Bakkerij De Proef B.V.", PayrollTaxNumber: parse[model.PayrollTaxNumber](tb, "123456782L01"),
			Period: model.Period{From: day(tb, fmt.Sprintf("2026-%02d-01", m)), To: last}, Hours: number(tb, "151.67"), SocialInsuranceWage: euro(tb, fmt.Sprintf("3%d12.45", m%10))}
		if m == 9 {
			i.CompanyCar.PrivateUseValue = euro(tb, "312.5")
			i.Issues = []model.Issue{{Code: model.IssueOverlap, Field: "period"}}
		}
		r.Records = append(r.Records, i)
	}
	r.Records = append(r.Records,
		&model.Pension{Header: head(2, "/Pensioenoverzicht/OuderdomsPensioenDetails/Pensioen[2]"), Kind: model.PensionOldAge, Provider: "Pensioenfonds Voorbeeld", Reference: "0012-77", AsOf: day(tb, "2025-12-31"),
			Bands: []model.PensionBand{
				{From: model.PensionMoment{Years: 67, Months: 3}, Until: model.PensionMoment{Years: 70}, Accrued: euro(tb, "8412"), Attainable: euro(tb, "14980")},
				{From: model.PensionMoment{Years: 70}, Until: model.PensionMoment{Event: model.EventDeath}, Accrued: euro(tb, "8000"), Attainable: euro(tb, "14100")},
			}},
		&model.Pension{Header: head(2, "/Pensioenoverzicht/OuderdomsPensioenDetails/AOW"), Kind: model.PensionState, Provider: "SVB", Bands: []model.PensionBand{
			{From: model.PensionMoment{Years: 67, Months: 3}, Until: model.PensionMoment{Event: model.EventDeath}, AccruedSingle: euro(tb, "19200"), AttainableSingle: euro(tb, "19612"), AccruedCohabiting: euro(tb, "13100"), AttainableCohabiting: euro(tb, "13444")},
		}},
		&model.StudyDebt{Header: head(3, "/main/section[2]"), Regime: "SF15", Outstanding: euro(tb, "12345.67"), InterestRate: number(tb, "2.57"), InterestFixedUntil: day(tb, "2028-12-31"), StatutoryInstalment: euro(tb, "96.12"),
			MonthlyInstalment: euro(tb, "45"), RemainingMonths: new(141), AsOf: day(tb, "2026-11-01")},
		&model.Account{Header: head(4, "/accounts/0"), Account: current, Currency: "EUR", OwnerName: "A.B. van der Voorbeeld", Product: "Betaalrekening", Type: "CACC"},
		&model.Balance{Header: head(5, "/Document/BkToCstmrStmt/Stmt[1]/Bal[1]"), Account: current, Type: model.OpeningBooked, Amount: euro(tb, "1840.11"), Date: day(tb, "2026-08-01")},
		&model.Balance{Header: head(5, "/Document/BkToCstmrStmt/Stmt[1]/Bal[2]"), Account: current, Type: model.ClosingBooked, Amount: euro(tb, "-12.5"), Date: day(tb, "2026-11-20")},
		&model.Balance{Header: head(4, "/balances/0"), Account: savings, Type: model.ClosingBooked, Amount: euro(tb, "20500"), Date: day(tb, "2026-11-21")},
		&model.Extra{Header: head(4, "/accounts/0"), For: model.CategoryAccount, Extra: map[string]string{"card-type": "Wereldpas", "overdraft": "ja"}},
	)
	shops := []string{"Supermarkt De Hoek", "Energie Voorbeeld N.V.", "Stichting Sportclub Oefenveld", "Bakkerij De Proef B.V.", "Woningcorporatie Het Model", "Koffiebar Proeflokaal"}
	for n := range 40 {
		t := &model.Transaction{Header: head(5, model.AtPath(fmt.Sprintf("/Document/BkToCstmrStmt/Stmt[1]/Ntry[%d]", n+1))), Account: current, BookingDate: day(tb, "2026-08-03").AddDays(n * 109 / 40),
			Amount: euro(tb, fmt.Sprintf("-%d.%02d", 3+n*7%240, n*37%100)), Counterparty: model.Counterparty{Name: shops[n%len(shops)]}, Description: fmt.Sprintf("Betaling %d, dank u wel", 1000+n), Status: model.Booked}
		t.ValueDate = t.BookingDate
		switch {
		case n%len(shops) == 3:
			t.Amount, t.Description, t.PurposeCode = euro(tb, "2714.09"), "Salaris periode "+t.BookingDate.String()[:7], "SALA"
			t.Counterparty.Account = parse[model.AccountID](tb, "BE71096123456769")
		case n == 20:
			t.Issues = []model.Issue{{Code: model.IssueChecksum, Field: "counterparty.account"}, {Code: model.IssueCharset, Field: "description"}}
		case n%len(shops) == 1:
			t.Mandate, t.CreditorID, t.Reference = "M-0001-2019", "NL98ZZZ999999990000", fmt.Sprintf("FACTUUR-2026-%04d", n)
		}
		r.Records = append(r.Records, t)
	}
	r.Records = append(r.Records, &model.Transaction{Header: head(4, "/transactions/pending/0"), Account: current, BookingDate: day(tb, "2026-11-22"), Amount: euro(tb, "-17.35"), Counterparty: model.Counterparty{Name: "Koffiebar Proeflokaal"},
		Description: "Kaartbetaling", Status: model.Pending})
	for _, c := range []struct {
		i model.InstitutionID
		c model.Category
		o model.Obtained
		n int
	}{{"mijnoverheid", model.CategoryPerson, model.ObtainedAll, 1}, {"mijnoverheid", model.CategoryAddress, model.ObtainedAll, 1}, {"uwv", model.CategoryIncome, model.ObtainedAll, 3},
		{"mijnpensioenoverzicht", model.CategoryPension, model.ObtainedAll, 2}, {"duo", model.CategoryStudyDebt, model.ObtainedAll, 1}, {"voorbeeldbank", model.CategoryTransaction, model.ObtainedPart, 41}} {
		r.Coverage = append(r.Coverage, model.Coverage{Institution: c.i, Category: c.c, Obtained: c.o, Records: c.n, Method: model.File, Subject: model.CheckYes,
			Attempts: []model.Attempt{{Source: "x", Method: model.API, Outcome: "unavailable"}, {Source: "y", Method: model.File, Outcome: "ok"}}})
	}
	last := &r.Coverage[len(r.Coverage)-1]
	last.HistoryCut, last.Since, last.Until, last.Balanced = true, day(tb, "2026-08-03"), day(tb, "2026-11-20"), model.CheckNot
	var err error
	r.Digest, err = model.ReviewDigest(r.Grant, r.Recipient.ID, r.Recipient.KeyID, r.Records)
	require.NoError(tb, err)
	return r
}
