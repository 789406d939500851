package camt_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// page is a part of a statement that is given in pages.
type page struct {
	account, currency, id, seq string // the sample's own where empty
	mark                       string // <StmtPgntn>, or nothing
	period                     bool
	balances, entries          string
}

func (p page) String() string {
	or := func(s, otherwise string) string {
		if s == "" {
			return otherwise
		}
		return s
	}
	out := `<Stmt><Id>` + or(p.id, "S-7") + `</Id>` + p.mark + `<ElctrncSeqNb>` + or(p.seq, "7") + `</ElctrncSeqNb>`
	if p.period {
		out += `<FrToDt><FrDtTm>2026-03-01T00:00:00</FrDtTm><ToDtTm>2026-03-31T23:59:59</ToDtTm></FrToDt>`
	}
	return out + `<Acct><Id><IBAN>` + or(p.account, "NL48BRON0123456789") + `</IBAN></Id><Ccy>` + or(p.currency, "EUR") + `</Ccy></Acct>` +
		p.balances + p.entries + `</Stmt>`
}

func mark(number, last string) string {
	return `<StmtPgntn><PgNb>` + number + `</PgNb><LastPgInd>` + last + `</LastPgInd></StmtPgntn>`
}

func carried(code, sub, amount, day string) string {
	if sub != "" {
		sub = `<SubTp><Cd>` + sub + `</Cd></SubTp>`
	}
	return `<Bal><Tp><CdOrPrtry><Cd>` + code + `</Cd></CdOrPrtry>` + sub + `</Tp><Amt Ccy="EUR">` + amount + `</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>` + day + `</Dt></Dt></Bal>`
}

func posted(amount, day string) string {
	return `<Ntry><Amt Ccy="EUR">` + amount + `</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>` + day + `</Dt></BookgDt></Ntry>`
}

func message(pages ...page) []byte {
	var b strings.Builder
	b.WriteString(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>`)
	for _, p := range pages {
		b.WriteString(p.String())
	}
	return []byte(b.String() + `</BkToCstmrStmt></Document>`)
}

// sheets are the three pages of one statement: 10 + 5 + 2 + 1 = 18.
func sheets() (one, two, three page) {
	one = page{
		mark: mark("1", "false"), balances: carried("OPBD", "", "10.00", "2026-02-28") + carried("CLBD", "INTM", "15.00", "2026-03-10"),
		entries: posted("5.00", "2026-03-05"),
	}
	two = page{
		mark: mark("2", "false"), balances: carried("OPBD", "INTM", "15.00", "2026-03-10") + carried("CLBD", "INTM", "17.00", "2026-03-20"),
		entries: posted("2.00", "2026-03-15"),
	}
	three = page{
		mark: mark("3", "true"), balances: carried("OPBD", "INTM", "17.00", "2026-03-20") + carried("CLBD", "", "18.00", "2026-03-31"),
		entries: posted("1.00", "2026-03-31"),
	}
	return one, two, three
}

// TestPages holds that a statement in pages is whole and adds up over them where all are there, and is said to lack some otherwise.
func TestPages(t *testing.T) {
	t.Parallel()
	one, two, three := sheets()
	with := func(p page, change func(*page)) page { change(&p); return p }
	other := func(p page) page {
		return with(p, func(p *page) { p.account = "NL21BRON0123456790" })
	}
	single := page{
		id: "S-8", seq: "8", mark: mark("1", "true"), entries: posted("1.00", "2026-04-01"),
		balances: carried("OPBD", "", "18.00", "2026-03-31") + carried("CLBD", "", "19.00", "2026-04-30"),
	}
	first, second := model.Locator("/Document/BkToCstmrStmt/Stmt[1]"), model.Locator("/Document/BkToCstmrStmt/Stmt[2]")
	lacks := func(at ...model.Locator) (out []model.Issue) {
		for _, l := range at {
			out = append(out, model.Issue{Code: model.IssueIncompleteDoc, At: l})
		}
		return out
	}
	for name, tc := range map[string]struct {
		pages    []page
		balanced model.Check
		since    string
		issues   []model.Issue
	}{
		"all":               {[]page{one, two, three}, model.CheckYes, "2026-03-01", nil},
		"all, and the next": {[]page{one, two, three, single}, model.CheckYes, "2026-03-01", nil},
		// The balances of a statement whose pages are not in order are not added up.
		"out of order":        {[]page{three, one, two}, model.CheckNot, "2026-03-01", nil},
		"a page of its own":   {[]page{single}, model.CheckYes, "2026-04-01", nil},
		"the last is missing": {[]page{one, two}, model.CheckNot, "2026-03-01", lacks(first)},
		"only the first":      {[]page{one}, model.CheckNot, "2026-03-01", lacks(first)},
		"the first missing":   {[]page{two, three}, model.CheckNot, "", lacks(first)},
		"one between missing": {[]page{one, three}, model.CheckNot, "2026-03-01", lacks(first)},
		"only the last":       {[]page{three}, model.CheckNot, "", lacks(first)},
		"a page twice":        {[]page{one, one, two, three}, model.CheckNot, "2026-03-01", []model.Issue{{Code: model.IssueOverlap, At: second}}},
		"two last ones":       {[]page{one, two, three, with(three, func(p *page) { p.mark = mark("4", "true") })}, model.CheckNot, "2026-03-01", lacks(first)},
		"a page behind the last": {
			[]page{one, with(two, func(p *page) { p.mark = mark("2", "true") }), with(three, func(p *page) { p.mark = mark("3", "false") })},
			model.CheckYes, "2026-03-01", lacks(first),
		},
		"of another statement": {
			[]page{one, with(two, func(p *page) { p.id = "S-8" }), three}, model.CheckNot, "2026-03-01", lacks(first, second),
		},
		"of another number":   {[]page{one, with(two, func(p *page) { p.seq = "8" }), three}, model.CheckNot, "2026-03-01", lacks(first, second)},
		"of another account":  {[]page{one, other(two), three}, model.CheckNot, "2026-03-01", lacks(first, second)},
		"of another currency": {[]page{one, with(two, func(p *page) { p.currency = "USD" }), three}, model.CheckNot, "2026-03-01", lacks(first, second)},
		"two statements in turn": {
			// All pages are there, but reconciling takes one statement after the other.
			[]page{one, other(one), two, other(two), three, other(three)}, model.CheckNot, "2026-03-01", nil,
		},
		"no number":     {[]page{with(one, func(p *page) { p.mark = mark("x", "false") })}, model.CheckNot, "2026-03-01", lacks(first)},
		"zero":          {[]page{with(one, func(p *page) { p.mark = mark("0", "true") })}, model.CheckNot, "2026-03-01", lacks(first)},
		"a huge number": {[]page{with(three, func(p *page) { p.mark = mark(strings.Repeat("9", 40), "true") })}, model.CheckNot, "", lacks(first)},
		"two numbers":   {[]page{with(one, func(p *page) { p.mark = mark("1", "false") + mark("2", "false") })}, model.CheckNot, "2026-03-01", lacks(first)},
		"no identity":   {[]page{with(one, func(p *page) { p.id = "NOTPROVIDED" }), with(two, func(p *page) { p.id = "NOTPROVIDED" })}, model.CheckNot, "2026-03-01", lacks(first, second)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := read(t, message(tc.pages...))
			assert.Equal(t, tc.balanced, got.Balanced)
			assert.Equal(t, tc.since, got.Since.String())
			assert.ElementsMatch(t, tc.issues, got.Issues)
			n := 0
			for _, r := range got.Records {
				if r.Category() != model.CategoryAccount {
					n++
				}
			}
			assert.Equal(t, 3*len(tc.pages), n, "nothing is lost")
		})
	}
}

// TestPagesWithoutCarry holds that pages need no balances of their own, and that what a page lacks is not said to be covered.
func TestPagesWithoutCarry(t *testing.T) {
	t.Parallel()
	one := page{mark: mark("1", "false"), period: true, balances: carried("OPBD", "", "10.00", "2026-02-28"), entries: posted("5.00", "2026-03-05")}
	two := page{mark: mark("2", "true"), period: true, balances: carried("CLBD", "", "17.00", "2026-03-31"), entries: posted("2.00", "2026-03-15")}
	next := page{id: "S-8", seq: "8", entries: posted("1.00", "2026-04-02"), balances: carried("OPBD", "", "17.00", "2026-03-31") + carried("CLBD", "", "18.00", "2026-04-30")}
	got := read(t, message(one, two, next))
	assert.Equal(t, model.CheckYes, got.Balanced)
	assert.Equal(t, "2026-03-01", got.Since.String())
	assert.Empty(t, got.Issues)

	got = read(t, message(one, next))
	assert.Equal(t, model.CheckNot, got.Balanced)
	assert.Equal(t, "2026-04-01", got.Since.String(), "nobody knows what is on the other page")
}

// TestMessagePages holds that a message of several pages lacks what is on the others.
func TestMessagePages(t *testing.T) {
	t.Parallel()
	for of, want := range map[string]int{
		"<PgNb>1</PgNb><LastPgInd>true</LastPgInd>": 0, "<PgNb>001</PgNb><LastPgInd>1</LastPgInd>": 0, "<PgNb>1</PgNb><LastPgInd>false</LastPgInd>": 1,
		"<PgNb>2</PgNb><LastPgInd>true</LastPgInd>": 1, "<PgNb>1</PgNb><LastPgInd>0</LastPgInd>": 1,
	} {
		one, two, three := sheets()
		doc := strings.Replace(string(message(one, two, three)), "<Stmt>", "<GrpHdr><MsgPgntn>"+of+"</MsgPgntn></GrpHdr><Stmt>", 1)
		got := read(t, []byte(doc))
		require.Len(t, got.Issues, want, of)
		for _, i := range got.Issues {
			assert.Equal(t, model.Doubt(model.IssueIncompleteDoc, ""), i)
		}
		assert.Equal(t, model.CheckYes, got.Balanced)
	}
}

// TestCarriedBalances holds that what is carried from page to page is not taken for the balance of a day.
func TestCarriedBalances(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]model.BalanceType{
		"OPBD": model.InterimBooked, "CLBD": model.InterimBooked, "PRCD": model.InterimBooked, "ITBD": model.InterimBooked,
		"OPAV": model.InterimAvailable, "CLAV": model.InterimAvailable, "FWAV": model.ForwardAvailable,
	} {
		got := read(t, message(page{balances: carried(code, "INTM", "1.00", "2026-03-10")}))
		assert.Equal(t, want, got.Records[1].(*model.Balance).Type, code)
		assert.Empty(t, got.Records[1].Head().Issues)
	}
	got := read(t, message(page{balances: carried("CLBD", "BCUR", "1.00", "2026-03-10")}))
	assert.Equal(t, model.ClosingBooked, got.Records[1].(*model.Balance).Type, "another sub-type")
}

// TestPagesTruncated holds that the pages before a break are not said to be all.
func TestPagesTruncated(t *testing.T) {
	t.Parallel()
	one, two, three := sheets()
	doc := string(message(one, two, three))
	d := sources.Document{Body: sources.BytesContent([]byte(doc[:strings.LastIndex(doc, "<Ntry>")]))}
	got, err := registry(t).Read(t.Context(), d, sources.Everything(), nil)
	require.ErrorIs(t, err, sources.ErrTruncated)
	assert.Equal(t, model.CheckNot, got.Balanced)
}
