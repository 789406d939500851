package camt_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/brondata/brondata/model"
)

// TestSeveralCurrencies holds that statements of one number in several currencies are compared each with its own balances.
func TestSeveralCurrencies(t *testing.T) {
	t.Parallel()
	statement := func(currency, closing string) string {
		amount := func(s string) string { return `<Amt Ccy="` + currency + `">` + s + `</Amt><CdtDbtInd>CRDT</CdtDbtInd>` }
		return `<Stmt><Id>` + currency + `</Id><Acct><Id><IBAN>NL48BRON0123456789</IBAN></Id><Ccy>` + currency + `</Ccy></Acct>` +
			`<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp>` + amount("10.00") + `<Dt><Dt>2026-02-28</Dt></Dt></Bal>` +
			`<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp>` + amount(closing) + `<Dt><Dt>2026-03-31</Dt></Dt></Bal>` +
			`<Ntry>` + amount("5.00") + `<Sts>BOOK</Sts><BookgDt><Dt>2026-03-05</Dt></BookgDt><AcctSvcrRef>77</AcctSvcrRef></Ntry></Stmt>`
	}
	document := func(s string) []byte {
		return []byte(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>` + s + `</BkToCstmrStmt></Document>`)
	}
	got := read(t, document(statement("EUR", "15.00")+statement("USD", "15.00")))
	assert.Equal(t, model.CheckYes, got.Balanced)
	assert.Empty(t, got.Issues)
	assert.Len(t, got.Records, 2*4, "an account of each currency")
	d := model.Dossier{Records: got.Records, Documents: []model.DocumentInfo{{}}}
	assert.Empty(t, d.Matches())

	got = read(t, document(statement("EUR", "15.00")+statement("USD", "16.00")))
	assert.Equal(t, model.CheckNo, got.Balanced)
	assert.Equal(t, []model.Issue{{Code: model.IssueUnbalanced, At: "/Document/BkToCstmrStmt/Stmt[2]"}}, got.Issues)
}
