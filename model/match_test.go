package model_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/model"
)

// seen is one sighting in a test: the document it is in, and the record.
type seen struct {
	doc int
	r   model.Record
}

// dossierOf puts sightings into documents: 0 and 1 are files of one format, 2 an API, 3 and 4 pages of one list.
func dossierOf(all ...seen) *model.Dossier {
	d := &model.Dossier{Documents: []model.DocumentInfo{
		{Institution: "b", Source: "camt", Format: "camt.053", Method: model.File, Retrieved: moment(0), Digest: model.Digest{0}},
		{Institution: "b", Source: "camt", Format: "camt.053", Method: model.File, Retrieved: moment(1), Digest: model.Digest{1}},
		{Institution: "b", Source: "psd2", Format: "psd2", Method: model.API, Retrieved: moment(2), Digest: model.Digest{2}},
		{Institution: "b", Source: "psd2", Format: "psd2", Method: model.API, Retrieved: moment(3), Digest: model.Digest{3}, Group: 7},
		{Institution: "b", Source: "psd2", Format: "psd2", Method: model.API, Retrieved: moment(4), Digest: model.Digest{4}, Group: 7},
	}}
	for n, s := range all {
		s.r.Head().Provenance = model.Provenance{Document: s.doc, At: model.AtLine(n + 1)}
		d.Records = append(d.Records, s.r)
	}
	return d
}

// groups writes matches as "rule:0,1 rule:2,3".
func groups(ms []model.Match) string {
	var out []string
	for _, m := range ms {
		out = append(out, m.Rule+":"+strings.Trim(strings.ReplaceAll(fmt.Sprint(m.Records), " ", ","), "[]"))
	}
	return strings.Join(out, " ")
}

func TestTransactionMatches(t *testing.T) {
	t.Parallel()
	acct, other := account(t, sampleAccounts[0]), account(t, sampleAccounts[1])
	tx := func(change ...func(*model.Transaction)) *model.Transaction {
		x := &model.Transaction{Account: acct, BookingDate: date(t, "2026-03-02"), Amount: money(t, "-2.80"), Description: "koffie", Status: model.Booked}
		for _, f := range change {
			f(x)
		}
		return x
	}
	type tr = *model.Transaction
	id := func(s string) func(tr) { return func(x tr) { x.ID = "bank-entry-" + s } }
	short := func(s string) func(tr) { return func(x tr) { x.ID = s } }
	name := func(s string) func(tr) { return func(x tr) { x.Counterparty.Name = s } }
	ref := func(s string) func(tr) { return func(x tr) { x.Reference = s } }
	text := func(s string) func(tr) { return func(x tr) { x.Description = s } }
	day := func(s string) func(tr) { return func(x tr) { x.BookingDate = date(t, s) } }
	amount := func(s string) func(tr) { return func(x tr) { x.Amount = money(t, s) } }
	to := func(x tr) { x.Counterparty.Account = other }
	pending := func(x tr) { x.Status = model.Pending }
	for name, c := range map[string]struct {
		in   []seen
		want string
	}{
		"one id in two files":                   {[]seen{{0, tx(id("A"))}, {1, tx(id("A"), text("anders"))}}, "transaction-id:0,1"},
		"one id in file and API":                {[]seen{{0, tx(id("A"))}, {2, tx(id("A"), text("anders"))}}, "transaction-id:0,1"},
		"id with another reference":             {[]seen{{0, tx(id("A"), ref("R1"))}, {1, tx(id("A"), ref("R2"))}}, ""},
		"id with another side":                  {[]seen{{0, tx(id("A"), to)}, {1, tx(id("A"), func(x tr) { x.Counterparty.Account = acct })}}, ""},
		"two that agree with a third only":      {[]seen{{0, tx(id("A"), ref("R1"))}, {1, tx(id("A"), text("y"))}, {2, tx(id("A"), ref("R2"))}}, "transaction-id:0,1"},
		"number in a list":                      {[]seen{{0, tx(short("81"))}, {1, tx(short("81"))}}, "transaction-id:0,1"},
		"number in a list, other text":          {[]seen{{0, tx(short("81"))}, {1, tx(short("81"), text("anders"))}}, ""},
		"number in a list, other name":          {[]seen{{0, tx(short("81"), name("A"))}, {1, tx(short("81"), name("B"))}}, ""},
		"number in lists of two kinds":          {[]seen{{0, tx(short("0000000081"))}, {2, tx(short("0000000081"), text("anders"))}}, ""},
		"number of the day":                     {[]seen{{0, tx(short("2026-03-02/0081"))}, {1, tx(short("2026-03-02/0081"), text("anders"))}}, ""},
		"number of the day, short":              {[]seen{{0, tx(short("2603020081"))}, {1, tx(short("2603020081"), text("anders"))}}, ""},
		"no id in words":                        {[]seen{{0, tx(short("NOTPROVIDED"))}, {1, tx(short("NOTPROVIDED"), text("anders"))}}, ""},
		"each name with its own":                {[]seen{{0, tx(name("A"))}, {0, tx(name("B"))}, {2, tx(name("B"))}, {2, tx(name("a"))}}, "transaction-text:0,3 transaction-text:1,2"},
		"who knows whose":                       {[]seen{{0, tx(name("A"))}, {0, tx(name("B"))}, {2, tx(name("C"))}, {2, tx(name("D"))}}, ""},
		"name in another form":                  {[]seen{{0, tx(name("A. de Wit"))}, {2, tx(name("Wit"))}}, "transaction-text:0,1"},
		"another name in one format":            {[]seen{{0, tx(name("A"))}, {1, tx(name("B"))}}, ""},
		"id with another amount":                {[]seen{{0, tx(id("A"))}, {1, tx(id("A"), amount("-2.90"))}}, ""},
		"id on another day":                     {[]seen{{0, tx(id("A"))}, {1, tx(id("A"), day("2026-03-03"))}}, ""},
		"id on another account":                 {[]seen{{0, tx(id("A"))}, {1, tx(id("A"), func(x tr) { x.Account = other })}}, ""},
		"batch id twice in one document":        {[]seen{{0, tx(id("A"), text("x"))}, {0, tx(id("A"), text("y"))}, {1, tx(id("A"), text("z"))}}, ""},
		"batch id, same texts":                  {[]seen{{0, tx(id("A"), text("x"))}, {0, tx(id("A"), text("y"))}, {1, tx(id("A"), text("y"))}}, "transaction-text:1,2"},
		"identical purchases stay two":          {[]seen{{0, tx()}, {0, tx()}}, ""},
		"identical purchases, seen twice":       {[]seen{{0, tx()}, {0, tx()}, {1, tx()}, {1, tx()}}, "transaction-text:0,2 transaction-text:1,3"},
		"two here, three there":                 {[]seen{{0, tx()}, {0, tx()}, {1, tx()}, {1, tx()}, {1, tx()}}, "transaction-text:0,2 transaction-text:1,3"},
		"identical purchases with ids":          {[]seen{{0, tx(id("A"))}, {0, tx(id("B"))}, {1, tx(id("B"))}, {1, tx(id("A"))}}, "transaction-id:0,3 transaction-id:1,2"},
		"identical on two pages":                {[]seen{{3, tx()}, {4, tx()}}, ""},
		"a page repeats an id":                  {[]seen{{3, tx(id("A"))}, {4, tx(id("A"))}}, "transaction-id:0,1"},
		"other ids of one bank are two":         {[]seen{{0, tx(id("A"))}, {1, tx(id("B"))}}, ""},
		"other ids of file and API say nothing": {[]seen{{0, tx(id("A"))}, {2, tx(id("B"))}}, "transaction-text:0,1"},
		"id only in one":                        {[]seen{{0, tx(id("A"))}, {1, tx()}}, "transaction-text:0,1"},
		"three documents":                       {[]seen{{0, tx()}, {1, tx()}, {2, tx()}}, "transaction-text:0,1,2"},
		"id and text":                           {[]seen{{0, tx(id("A"))}, {1, tx(id("A"))}, {2, tx(id("Z"))}}, "transaction-id+transaction-text:0,1,2"},
		"text does not bridge two ids":          {[]seen{{0, tx(id("A"))}, {1, tx(id("B"))}, {2, tx()}}, "transaction-text:0,2"},
		"one reference, other texts":            {[]seen{{0, tx(ref("R1"))}, {1, tx(ref("R1"), text("anders"))}}, "transaction-reference:0,1"},
		"other references, one text":            {[]seen{{0, tx(ref("R1"))}, {1, tx(ref("R2"))}}, ""},
		"reference in one":                      {[]seen{{0, tx(ref("R1"))}, {1, tx()}}, "transaction-text:0,1"},
		"NOTPROVIDED is no reference":           {[]seen{{0, tx(ref("NOTPROVIDED"))}, {1, tx(ref("NOTPROVIDED"), text("anders"))}}, ""},
		"broken lines":                          {[]seen{{0, tx(text("kof fie a"))}, {1, tx(text("koffie  a"))}}, "transaction-text:0,1"},
		"other texts":                           {[]seen{{0, tx()}, {1, tx(text("Koffie"))}}, ""},
		"other side":                            {[]seen{{0, tx(to)}, {1, tx()}}, ""},
		"bare amounts":                          {[]seen{{0, tx(text(""))}, {1, tx(text(""))}}, ""},
		"no text but the other side":            {[]seen{{0, tx(text(""), to)}, {1, tx(text(""), to)}}, "transaction-text:0,1"},
		"no account":                            {[]seen{{0, tx(func(x tr) { x.Account = model.AccountID{} })}, {1, tx(func(x tr) { x.Account = model.AccountID{} })}}, ""},
		"value date where there is no other": {[]seen{{0, tx(day("2026-03-02"))}, {1, tx(func(x tr) { x.BookingDate, x.ValueDate = model.Date{}, date(t, "2026-03-02") })}},
			"transaction-text:0,1"},
		"other currency": {[]seen{{0, tx()}, {1, tx(func(x tr) { m, _ := model.ParseMoney("-2.80", "USD"); x.Amount = m })}}, ""},

		"pending and booked by id":            {[]seen{{0, tx(pending, id("A"), day("2026-03-01"))}, {1, tx(id("A"), text("anders"))}}, "transaction-pending:0,1"},
		"pending and booked by number":        {[]seen{{0, tx(pending, short("81"), text("x"))}, {1, tx(short("81"))}}, ""},
		"pending, nearest booking":            {[]seen{{0, tx(pending, ref("R1"))}, {1, tx(ref("R1"), day("2026-03-09"))}, {1, tx(ref("R1"), day("2026-03-03"))}}, "transaction-pending:0,2"},
		"pending, reference that recurs":      {[]seen{{0, tx(pending, ref("R1"))}, {1, tx(ref("R1"), text("x"))}, {1, tx(ref("R1"), text("y"))}}, ""},
		"booked before it was pending":        {[]seen{{0, tx(ref("R1"))}, {2, tx(pending, ref("R1"))}}, ""},
		"booked while it was pending":         {[]seen{{0, tx(pending, ref("R1"))}, {2, tx(ref("R1"))}}, "transaction-pending:0,1"},
		"both in one answer, by id":           {[]seen{{2, tx(pending, id("A"))}, {2, tx(id("A"))}}, "transaction-pending:0,1"},
		"pending and booked by reference":     {[]seen{{0, tx(pending, ref("R1"), day("2026-03-01"))}, {1, tx(ref("R1"))}}, "transaction-pending:0,1"},
		"both in one answer, by reference":    {[]seen{{2, tx(pending, ref("R1"))}, {2, tx(ref("R1"))}}, ""},
		"pending and booked by text only":     {[]seen{{0, tx(pending)}, {1, tx()}}, ""},
		"last month's booking":                {[]seen{{0, tx(pending, ref("R1"), day("2026-03-20"))}, {1, tx(ref("R1"))}}, ""},
		"booked too late":                     {[]seen{{0, tx(pending, ref("R1"), day("2026-02-10"))}, {1, tx(ref("R1"))}}, ""},
		"booked with another amount":          {[]seen{{0, tx(pending, id("A"))}, {1, tx(id("A"), amount("-2.81"))}}, ""},
		"one pending, two booked":             {[]seen{{0, tx(pending, ref("R1"))}, {1, tx(ref("R1"))}, {1, tx(ref("R1"))}}, "transaction-pending:0,1"},
		"two pending, two booked":             {[]seen{{0, tx(pending, ref("R1"))}, {0, tx(pending, ref("R1"))}, {1, tx(ref("R1"))}, {1, tx(ref("R1"))}}, "transaction-pending:0,2 transaction-pending:1,3"},
		"pending twice, booked once":          {[]seen{{0, tx(pending, id("A"))}, {1, tx(pending, id("A"))}, {2, tx(id("A"))}}, "transaction-id+transaction-pending:0,1,2"},
		"pending without a day, by reference": {[]seen{{0, tx(pending, ref("R1"), func(x tr) { x.BookingDate = model.Date{} })}, {1, tx(ref("R1"))}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, groups(dossierOf(c.in...).Matches()))
		})
	}
}

func TestOtherMatches(t *testing.T) {
	t.Parallel()
	acct := account(t, sampleAccounts[0])
	born := date(t, "1980-05-06")
	person := func(n model.Name) *model.Person { return &model.Person{Name: n, BirthDate: born} }
	jan := model.Name{Given: "Jan Piet", Prefix: "de", Family: "Vries"}
	bsn := func(p *model.Person, s string) *model.Person { p.BSN = parse[model.BSN](t, s); return p }
	wage := func(amount string) *model.Income {
		return &model.Income{PayrollTaxNumber: parse[model.PayrollTaxNumber](t, samplePayroll[0]), Period: model.Period{From: date(t, "2026-01-01"), To: date(t, "2026-01-31")},
			SocialInsuranceWage: money(t, amount)}
	}
	pension := func(asOf, accrued string) *model.Pension {
		p := &model.Pension{Kind: model.PensionOldAge, Provider: "Pensioenfonds Voorbeeld", Reference: "12", Bands: []model.PensionBand{{Accrued: money(t, accrued)}}}
		if asOf != "" {
			p.AsOf = date(t, asOf)
		}
		return p
	}
	debt := func(asOf string) *model.StudyDebt {
		s := &model.StudyDebt{Regime: "SF15", Outstanding: money(t, "12000")}
		if asOf != "" {
			s.AsOf = date(t, asOf)
		}
		return s
	}
	home := func(kind model.AddressKind, number string) *model.Address {
		return &model.Address{Kind: kind, HouseNumber: number, Postcode: parse[model.Postcode](t, "1234AB")}
	}
	balance := func(kind model.BalanceType, day string) *model.Balance {
		return &model.Balance{Account: acct, Type: kind, Amount: money(t, "5"), Date: date(t, day)}
	}
	for name, c := range map[string]struct {
		in   []seen
		want string
	}{
		"balance, also in one document": {[]seen{{0, balance(model.ClosingBooked, "2026-01-31")}, {0, balance(model.ClosingBooked, "2026-01-31")}, {1, balance(model.ClosingBooked, "2026-01-31")}}, "balance:0,1,2"},
		"balance of another type":       {[]seen{{0, balance(model.ClosingBooked, "2026-01-31")}, {0, balance(model.OpeningBooked, "2026-01-31")}}, ""},
		"account":                       {[]seen{{0, &model.Account{Account: acct, Currency: "EUR"}}, {2, &model.Account{Account: acct}}}, "account:0,1"},
		"account in two currencies":     {[]seen{{0, &model.Account{Account: acct, Currency: "EUR"}}, {2, &model.Account{Account: acct, Currency: "USD"}}, {2, &model.Account{Account: acct}}}, ""},
		"person by BSN":                 {[]seen{{0, &model.Person{BSN: parse[model.BSN](t, sampleBSNs[0])}}, {1, bsn(person(jan), sampleBSNs[0])}}, "person-bsn:0,1"},
		"person by name":                {[]seen{{0, person(jan)}, {1, person(model.Name{Initials: "J.P.", Family: "de Vries"})}}, "person-name:0,1"},
		"another BSN":                   {[]seen{{0, bsn(person(jan), sampleBSNs[0])}, {1, bsn(person(jan), sampleBSNs[1])}}, ""},
		"twins":                         {[]seen{{0, person(jan)}, {1, person(model.Name{Given: "Jaap Paul", Prefix: "de", Family: "Vries"})}}, ""},
		"whole names":                   {[]seen{{0, person(model.Name{Full: "J.P. de Vries"})}, {1, person(model.Name{Full: "J P De Vries"})}}, "person-name:0,1"},
		"no birth date":                 {[]seen{{0, &model.Person{Name: jan}}, {1, &model.Person{Name: jan}}}, ""},
		"family name alone":             {[]seen{{0, person(model.Name{Family: "Vries"})}, {1, person(model.Name{Family: "Vries"})}}, ""},
		"address":                       {[]seen{{0, home("", "1")}, {1, home(model.AddressHome, "1")}}, "address:0,1"},
		"home and mail":                 {[]seen{{0, home(model.AddressMail, "1")}, {1, home(model.AddressHome, "1")}}, ""},
		"next door":                     {[]seen{{0, home("", "1")}, {1, home("", "2")}}, ""},
		"pension":                       {[]seen{{0, pension("2025-12-31", "10")}, {1, pension("2025-12-31", "10")}}, "pension:0,1"},
		"pension without a day":         {[]seen{{0, pension("2025-12-31", "10")}, {1, pension("", "10")}}, "pension:0,1"},
		"pension of another day":        {[]seen{{0, pension("2025-12-31", "10")}, {1, pension("2024-12-31", "10")}}, ""},
		"pension of another amount":     {[]seen{{0, pension("2025-12-31", "10")}, {1, pension("2025-12-31", "11")}}, ""},
		"two of one fund":               {[]seen{{0, pension("", "10")}, {0, pension("", "10")}}, ""},
		"study debt":                    {[]seen{{0, debt("2026-01-01")}, {1, debt("")}}, "study-debt:0,1"},
		"study debt, who knows which":   {[]seen{{0, debt("2026-01-01")}, {1, debt("2026-02-01")}, {2, debt("")}}, ""},
		"wage":                          {[]seen{{0, wage("100")}, {1, wage("100")}}, "income:0,1"},
		"two rows of one wage":          {[]seen{{0, wage("100")}, {0, wage("100")}, {1, wage("100")}, {1, wage("100")}}, "income:0,2 income:1,3"},
		"correction":                    {[]seen{{0, wage("100")}, {1, wage("-100")}}, ""},
		"employment":                    {[]seen{{0, &model.Employment{Employer: "Bakker B.V."}}, {1, &model.Employment{Employer: "BAKKER BV"}}}, "employment:0,1"},
		"insured under other laws":      {[]seen{{0, &model.Employment{Employer: "B", InsuredUnder: []string{"WW", "ZW"}}}, {1, &model.Employment{Employer: "B", InsuredUnder: []string{"ZW", "WW"}}}, {2, &model.Employment{Employer: "B"}}}, "employment:0,1"},
		"benefit of another kind": {[]seen{{0, &model.Benefit{Kind: "WW", Payer: "UWV", Period: model.Period{From: born}, SocialInsuranceWage: money(t, "1")}},
			{1, &model.Benefit{Kind: "ZW", Payer: "UWV", Period: model.Period{From: born}, SocialInsuranceWage: money(t, "1")}}}, ""},
		"extra": {[]seen{{0, &model.Extra{For: model.CategoryIncome, Extra: map[string]string{"a": "1"}}}, {1, &model.Extra{For: model.CategoryIncome, Extra: map[string]string{"a": "1"}}},
			{1, &model.Extra{For: model.CategoryBenefit, Extra: map[string]string{"a": "1"}}}}, "extra:0,1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, groups(dossierOf(c.in...).Matches()))
		})
	}
}

func TestResolved(t *testing.T) {
	t.Parallel()
	tx := func(status model.TransactionStatus, issues int) *model.Transaction {
		return &model.Transaction{Header: model.Header{Issues: make([]model.Issue, issues)}, Account: account(t, sampleAccounts[0]), ID: "bank-entry-A",
			BookingDate: date(t, "2026-03-02"), Amount: money(t, "1"), Status: status}
	}
	for name, c := range map[string]struct {
		in   []seen
		want int
	}{
		"API before file":       {[]seen{{0, tx(model.Booked, 0)}, {2, tx(model.Booked, 1)}}, 1},
		"booked before pending": {[]seen{{2, tx(model.Pending, 0)}, {0, tx(model.Booked, 1)}}, 1},
		"fewer doubts":          {[]seen{{0, tx(model.Booked, 0)}, {1, tx(model.Booked, 1)}}, 0},
		"later":                 {[]seen{{0, tx(model.Booked, 0)}, {1, tx(model.Booked, 0)}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := dossierOf(c.in...)
			d.Records = append(d.Records, &model.Person{})
			got := d.Resolved()
			require.Len(t, got, 2)
			assert.Same(t, d.Records[c.want], got[0])
		})
	}
}

// Few values make many coincidences: the groups are the same in whatever order the records stand, no record is in two,
// and none joins two records of one document but those that a document may repeat.
func TestMatchesProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var all []seen
		pick := func(from ...string) string { return rapid.SampledFrom(from).Draw(t, "value") }
		for range rapid.IntRange(0, 14).Draw(t, "records") {
			x := &model.Transaction{Account: account(t, sampleAccounts[0]), Amount: money(t, pick("1", "1", "2")), BookingDate: date(t, pick("2026-03-01", "2026-03-02")),
				ID: pick("", "A", "bank-entry-A", "bank-entry-B"), Reference: pick("", "R", "S"), Description: pick("", "x", "y"),
				Counterparty: model.Counterparty{Name: pick("", "", "n", "m"), Account: []model.AccountID{{}, account(t, sampleAccounts[1]), account(t, sampleAccounts[2])}[rapid.IntRange(0, 2).Draw(t, "other")]},
				Status:       model.TransactionStatus(pick("booked", "booked", "pending"))}
			all = append(all, seen{rapid.IntRange(0, 4).Draw(t, "document"), x})
		}
		d := dossierOf(all...)
		matches := d.Matches()
		member := map[int]bool{}
		for _, m := range matches {
			docs := map[int]bool{}
			for _, i := range m.Records {
				require.False(t, member[i])
				member[i] = true
				doc := d.Records[i].Head().Provenance.Document
				if docs[doc] {
					require.Contains(t, m.Rule, model.RuleTransactionPending)
				}
				docs[doc] = true
			}
		}
		sets := func(d *model.Dossier) []string {
			var out []string
			for _, m := range d.Matches() {
				var places []string
				for _, i := range m.Records {
					places = append(places, string(d.Records[i].Head().Provenance.At))
				}
				slices.Sort(places)
				out = append(out, m.Rule+strings.Join(places, ";"))
			}
			slices.Sort(out)
			return out
		}
		resolved := func(d *model.Dossier) string {
			b, err := model.CanonicalRecords(d.Resolved())
			require.NoError(t, err)
			return string(b)
		}
		want, best := sets(d), resolved(d)
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		rnd.Shuffle(len(d.Records), func(i, j int) { d.Records[i], d.Records[j] = d.Records[j], d.Records[i] })
		require.Equal(t, want, sets(d))
		require.Equal(t, best, resolved(d))
		require.Len(t, d.Resolved(), len(d.Records)-len(member)+len(matches))
	})
}

func TestCompareLocators(t *testing.T) {
	t.Parallel()
	in := []model.Locator{"Ntry[10]", "Ntry[2]", "Ntry[2]/X", "", "line 09", "line 9", "line 100"}
	slices.SortFunc(in, model.CompareLocators)
	assert.Equal(t, []model.Locator{"", "Ntry[2]", "Ntry[2]/X", "Ntry[10]", "line 09", "line 9", "line 100"}, in)
}

// Thousands of equal facts end in good time.
func TestMatchesManyEqual(t *testing.T) {
	t.Parallel()
	var all []seen
	for n := range 20_000 {
		all = append(all, seen{n % 2, &model.Transaction{Account: account(t, sampleAccounts[0]), Amount: money(t, "1"), BookingDate: date(t, "2026-03-01"),
			Description: "x", ID: fmt.Sprint(n % 3), Status: []model.TransactionStatus{model.Booked, model.Pending}[n/2%2]}})
	}
	assert.LessOrEqual(t, len(dossierOf(all...).Matches()), 10_000)
}

// Sharing the groups out over the processors changes nothing: each of four downloads states the same ten thousand facts, two of
// them with ids.
func TestMatchesMany(t *testing.T) {
	t.Parallel()
	const per = 10_000
	got := year(t, 4*per, 4).Matches()
	require.Len(t, got, per)
	for k, m := range got {
		require.Equal(t, model.RuleTransactionID+"+"+model.RuleTransactionText, m.Rule)
		require.Equal(t, []int{k, per + k, 2*per + k, 3*per + k}, m.Records)
	}
}

// What lacks a part that tells facts apart is never taken for the same: two such records may well be two facts.
func TestTooLittleToMatch(t *testing.T) {
	t.Parallel()
	period := model.Period{From: date(t, "2026-01-01"), To: date(t, "2026-01-31")}
	iban := func() model.AccountID { return account(t, sampleAccounts[0]) }
	for name, c := range map[string]struct {
		whole func() model.Record
		less  map[string]func(r model.Record)
	}{
		"balance": {func() model.Record {
			return &model.Balance{Account: iban(), Type: model.ClosingBooked, Amount: money(t, "1.00"), Date: date(t, "2026-01-31")}
		}, map[string]func(model.Record){
			"account": func(r model.Record) { r.(*model.Balance).Account = model.AccountID{} },
			"amount":  func(r model.Record) { r.(*model.Balance).Amount = model.Money{} },
			"date":    func(r model.Record) { r.(*model.Balance).Date = model.Date{} },
		}},
		"account": {func() model.Record { return &model.Account{Account: iban(), Currency: "EUR"} }, map[string]func(model.Record){
			"account": func(r model.Record) { r.(*model.Account).Account = model.AccountID{} },
		}},
		"person": {func() model.Record {
			return &model.Person{Name: model.Name{Initials: "J.P.", Family: "Voorbeeld"}, BirthDate: date(t, "1980-02-03")}
		}, map[string]func(model.Record){
			"birth date": func(r model.Record) { r.(*model.Person).BirthDate = model.Date{} },
			"birthday":   func(r model.Record) { r.(*model.Person).BirthDate = date(t, "1980") },
			"initials":   func(r model.Record) { r.(*model.Person).Name.Initials = "" },
			"family":     func(r model.Record) { r.(*model.Person).Name.Family = "" },
		}},
		"address": {func() model.Record { return &model.Address{Street: "Dorpsstraat", HouseNumber: "1", City: "Ons Dorp"} }, map[string]func(model.Record){
			"number": func(r model.Record) { r.(*model.Address).HouseNumber = "" },
			"street": func(r model.Record) { r.(*model.Address).Street = "" },
			"city":   func(r model.Record) { r.(*model.Address).City = "" },
		}},
		"postcode": {func() model.Record {
			return &model.Address{Postcode: parse[model.Postcode](t, "1234AB"), HouseNumber: "1"}
		}, map[string]func(model.Record){
			"number": func(r model.Record) { r.(*model.Address).HouseNumber = "" },
		}},
		"pension": {func() model.Record { return &model.Pension{Provider: "Fonds", AsOf: date(t, "2026-01-01")} }, map[string]func(model.Record){
			"provider": func(r model.Record) { r.(*model.Pension).Provider = "" },
		}},
		"study debt": {func() model.Record { return &model.StudyDebt{Outstanding: money(t, "100.00")} }, map[string]func(model.Record){
			"amount": func(r model.Record) { r.(*model.StudyDebt).Outstanding = model.Money{} },
		}},
		"employment": {func() model.Record { return &model.Employment{Employer: "Werkgever"} }, map[string]func(model.Record){
			"employer": func(r model.Record) { r.(*model.Employment).Employer = "" },
		}},
		"income": {func() model.Record {
			return &model.Income{Employer: "Werkgever", Period: period, SocialInsuranceWage: money(t, "2000.00")}
		}, map[string]func(model.Record){
			"employer": func(r model.Record) { r.(*model.Income).Employer = "" },
			"period":   func(r model.Record) { r.(*model.Income).Period = model.Period{} },
			"wage":     func(r model.Record) { r.(*model.Income).SocialInsuranceWage = model.Money{} },
		}},
		"benefit": {func() model.Record {
			return &model.Benefit{Payer: "UWV", Period: period, SocialInsuranceWage: money(t, "900.00")}
		}, map[string]func(model.Record){
			"payer":  func(r model.Record) { r.(*model.Benefit).Payer = "" },
			"period": func(r model.Record) { r.(*model.Benefit).Period = model.Period{} },
			"wage":   func(r model.Record) { r.(*model.Benefit).SocialInsuranceWage = model.Money{} },
		}},
		"extra": {func() model.Record {
			return &model.Extra{For: model.CategoryPerson, Extra: map[string]string{"a": "b"}}
		}, map[string]func(model.Record){
			"anything": func(r model.Record) { r.(*model.Extra).Extra = nil },
		}},
	} {
		assert.Len(t, dossierOf(seen{0, c.whole()}, seen{2, c.whole()}).Matches(), 1, name)
		for part, clear := range c.less {
			a, b := c.whole(), c.whole()
			clear(a)
			clear(b)
			assert.Empty(t, dossierOf(seen{0, a}, seen{2, b}).Matches(), "%s without its %s", name, part)
		}
	}
}
