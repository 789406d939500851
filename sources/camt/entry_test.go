package camt_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
)

// readEntries reads the transactions of a statement with one debit of 5 euros, content behind its amount and sign.
func readEntries(t *testing.T, content string) []model.Record {
	t.Helper()
	got := read(t, []byte(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08" xmlns:x="urn:x"><BkToCstmrStmt><Stmt>`+
		`<Acct><Id><IBAN>NL33TEST9011111111</IBAN></Id></Acct><Ntry><Amt Ccy="EUR">5</Amt><CdtDbtInd>DBIT</CdtDbtInd>`+
		content+`</Ntry></Stmt></BkToCstmrStmt></Document>`)).Records
	return got[1:]
}

// readEntry reads the one that the entry gives.
func readEntry(t *testing.T, content string) *model.Transaction {
	t.Helper()
	got := readEntries(t, content)
	require.Len(t, got, 1)
	return got[0].(*model.Transaction)
}

const booked = "<Sts><Cd>BOOK</Cd></Sts>"

func TestDescription(t *testing.T) {
	t.Parallel()
	const strd = "<Strd><CdtrRefInf><Ref>%s</Ref></CdtrRefInf></Strd>"
	tests := map[string]struct{ remittance, want string }{
		"a text":                      {"<Ustrd>Huur mei</Ustrd>", "Huur mei"},
		"no text":                     {"<Ustrd>NOTPROVIDED</Ustrd>", "van de bank"},
		"one of the texts is none":    {"<Ustrd>NOTPROVIDED</Ustrd><Ustrd>Huur</Ustrd>", "Huur"},
		"no reference":                {fmt.Sprintf(strd, "NOTPROVIDED"), "van de bank"},
		"no reference beside a text":  {"<Ustrd>Huur</Ustrd>" + fmt.Sprintf(strd, "NOTPROVIDED"), "Huur"},
		"no text beside a reference":  {"<Ustrd>NOTPROVIDED</Ustrd>" + fmt.Sprintf(strd, "RF18"), "RF18"},
		"a reference twice":           {fmt.Sprintf(strd+strd, "RF18", "RF18"), "RF18"},
		"a reference in another":      {fmt.Sprintf(strd+strd, "RF18", "RF1"), "RF18 RF1"},
		"a reference within the text": {"<Ustrd>Huur RF18</Ustrd>" + fmt.Sprintf(strd, "RF18"), "Huur RF18"},
		"the end of a word":           {"<Ustrd>aaaa</Ustrd>" + fmt.Sprintf(strd, "a"), "aaaa a"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := readEntry(t, booked+"<NtryDtls><TxDtls><RmtInf>"+tt.remittance+
				"</RmtInf><AddtlTxInf>van de bank</AddtlTxInf></TxDtls></NtryDtls>")
			assert.Equal(t, tt.want, got.Description)
			assert.Empty(t, got.Issues)
		})
	}
}

// TestManyReferences holds that references beyond any real number are left out as a whole, and that it is said.
func TestManyReferences(t *testing.T) {
	t.Parallel()
	var refs strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&refs, "<Strd><CdtrRefInf><Ref>%d</Ref></CdtrRefInf></Strd>", 10_000+i)
	}
	got := readEntry(t, booked+"<NtryDtls><TxDtls><RmtInf><Ustrd>Huur</Ustrd>"+refs.String()+"</RmtInf></TxDtls></NtryDtls>")
	assert.Equal(t, []model.Issue{{Code: model.IssueLimit, Field: "description"}}, got.Issues)
	words := strings.Fields(got.Description)
	assert.Greater(t, len(words), 2000)
	assert.Equal(t, fmt.Sprint(10_000+len(words)-2), words[len(words)-1])
}

// TestSplit holds that a batch is split only by amounts in the entry's currency that account for the whole of it.
func TestSplit(t *testing.T) {
	t.Parallel()
	const (
		first  = `<TxDtls><Amt Ccy="EUR">3</Amt></TxDtls>`
		second = `<TxDtls><Amt Ccy="EUR">2</Amt></TxDtls>`
	)
	tests := map[string]struct {
		details string
		want    []string
	}{
		"adds up":          {first + second, []string{"-3.00", "-2.00"}},
		"too little":       {first + first, []string{"-5.00"}},
		"one without":      {first + "<TxDtls/>", []string{"-5.00"}},
		"first without":    {"<TxDtls/>" + `<TxDtls><Amt Ccy="EUR">5</Amt></TxDtls>`, []string{"-5.00"}},
		"another currency": {first + `<TxDtls><Amt Ccy="USD">2</Amt></TxDtls>`, []string{"-5.00"}},
		"all in another":   {strings.ReplaceAll(first+second, "EUR", "USD"), []string{"-5.00"}},
		"the account's beside": {first + `<TxDtls><Amt Ccy="USD">9</Amt><AmtDtls><InstdAmt><Amt Ccy="USD">9</Amt></InstdAmt>` +
			`<TxAmt><Amt Ccy="EUR">2</Amt></TxAmt></AmtDtls></TxDtls>`, []string{"-3.00", "-2.00"}},
		"two ways":            {`<TxDtls><Amt Ccy="EUR">7</Amt></TxDtls><TxDtls><Amt Ccy="EUR">2</Amt><CdtDbtInd>CRDT</CdtDbtInd></TxDtls>`, []string{"-7.00", "2.00"}},
		"two ways, wrong way": {`<TxDtls><Amt Ccy="EUR">7</Amt><CdtDbtInd>CRDT</CdtDbtInd></TxDtls><TxDtls><Amt Ccy="EUR">2</Amt></TxDtls>`, []string{"-5.00"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, r := range readEntries(t, booked+"<NtryDtls>"+tt.details+"</NtryDtls>") {
				got = append(got, r.(*model.Transaction).Amount.Text())
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

// TestPart holds that the counterparty of a part of an entry is not that of the whole without a doubt. The entry is of 5 euros.
func TestPart(t *testing.T) {
	t.Parallel()
	const party = `<RltdPties><Cdtr><Nm>A. Voorbeeld</Nm></Cdtr></RltdPties>`
	amount := func(ccy, v string) string { return `<Amt Ccy="` + ccy + `">` + v + `</Amt>` }
	total := func(v string) string {
		return `<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">` + v + `</TtlChrgsAndTaxAmt></Chrgs>`
	}
	tests := map[string]struct {
		entry, detail string
		part          bool
	}{
		"no amount":                      {"", "", false},
		"the whole":                      {"", amount("EUR", "5.00"), false},
		"the whole, in the older way":    {"", "<AmtDtls><TxAmt>" + amount("EUR", "5") + "</TxAmt></AmtDtls>", false},
		"another currency":               {"", amount("USD", "3"), false},
		"less":                           {"", amount("EUR", "3"), true},
		"less, in the older way":         {"", "<AmtDtls><TxAmt>" + amount("EUR", "3") + "</TxAmt></AmtDtls>", true},
		"more":                           {"", amount("EUR", "7"), true},
		"less, and charges":              {"", amount("EUR", "4.50") + total("0.50"), false},
		"less, and charges of the entry": {total("0.50"), amount("EUR", "4.50"), false},
		"more, and charges":              {"", amount("EUR", "5.50") + total("0.50"), false},
		"charges that do not explain it": {"", amount("EUR", "3") + total("0.50"), true},
		"charges in another currency":    {"", amount("EUR", "4.50") + strings.ReplaceAll(total("0.50"), "EUR", "USD"), true},
		"a charge without a total":       {"", amount("EUR", "4.50") + "<Chrgs>" + amount("EUR", "0.50") + "</Chrgs>", false},
		"a charge of the later versions": {"", amount("EUR", "4.50") + "<Chrgs><Rcrd>" + amount("EUR", "0.50") + "</Rcrd></Chrgs>", false},
		"several without a total":        {"", amount("EUR", "4.50") + "<Chrgs><Rcrd>" + amount("EUR", "0.50") + "</Rcrd><Rcrd>" + amount("EUR", "0.10") + "</Rcrd></Chrgs>", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := readEntry(t, booked+tt.entry+"<NtryDtls><TxDtls>"+tt.detail+party+"</TxDtls></NtryDtls>")
			var want []model.Issue
			if tt.part {
				want = []model.Issue{{Code: model.IssueAggregate}}
			}
			assert.Equal(t, want, got.Issues)
			assert.Equal(t, "-5.00", got.Amount.Text())
			assert.Equal(t, "A. Voorbeeld", got.Counterparty.Name)
		})
	}
}

// TestStated holds that one record for several transactions says so, however the entry says that there are several.
func TestStated(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		details   string
		aggregate bool
	}{
		"one":              {"<NtryDtls><Btch><NbOfTxs>1</NbOfTxs></Btch><TxDtls/></NtryDtls>", false},
		"one, not given":   {"<NtryDtls><Btch><NbOfTxs>1</NbOfTxs></Btch></NtryDtls>", false},
		"many, not given":  {"<NtryDtls><Btch><NbOfTxs>12</NbOfTxs></Btch></NtryDtls>", true},
		"many, one given":  {"<NtryDtls><Btch><NbOfTxs>12</NbOfTxs></Btch><TxDtls/></NtryDtls>", true},
		"two":              {"<NtryDtls><TxDtls/><TxDtls/></NtryDtls>", true},
		"two groups of 1":  {strings.Repeat("<NtryDtls><Btch><NbOfTxs>1</NbOfTxs></Btch></NtryDtls>", 2), true},
		"one given of two": {"<NtryDtls><TxDtls/></NtryDtls><NtryDtls><Btch><NbOfTxs>1</NbOfTxs></Btch></NtryDtls>", true},
		"in the entry":     {"<Btch><NbOfTxs>2</NbOfTxs></Btch>", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want []model.Issue
			if tt.aggregate {
				want = []model.Issue{{Code: model.IssueAggregate}}
			}
			assert.Equal(t, want, readEntry(t, booked+tt.details).Issues)
		})
	}
}

// TestStatus holds that only the codes that ISO 20022 has make an entry booked or pending.
func TestStatus(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status string
		want   model.TransactionStatus
		issue  model.IssueCode
	}{
		"code":        {"<Sts><Cd>BOOK</Cd></Sts>", model.Booked, ""},
		"text":        {"<Sts>PDNG</Sts>", model.Pending, ""},
		"future":      {"<Sts><Cd>FUTR</Cd></Sts>", model.Pending, ""},
		"the bank's":  {"<Sts><Prtry>VERWERKT</Prtry></Sts>", "", model.IssueUnknown},
		"unknown":     {"<Sts><Cd>XXXX</Cd></Sts>", "", model.IssueUnknown},
		"none":        {"", model.Booked, model.IssueMissing},
		"two of them": {"<Sts><Cd>BOOK</Cd><Cd>PDNG</Cd></Sts>", "", model.IssueConflict},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := readEntry(t, tt.status)
			assert.Equal(t, tt.want, got.Status)
			var want []model.Issue
			if tt.issue != "" {
				want = []model.Issue{{Code: tt.issue, Field: "status"}}
			}
			assert.Equal(t, want, got.Issues)
		})
	}
}

// TestForeignElements holds that an element of another namespace means nothing, whatever its name is.
func TestForeignElements(t *testing.T) {
	t.Parallel()
	got := readEntry(t, booked+"<NtryDtls><TxDtls><RltdPties><Dbtr><Pty><Nm>Een</Nm></Pty></Dbtr><Cdtr><Pty><x:Nm>Drie</x:Nm>"+
		"<Nm>Twee</Nm></Pty></Cdtr></RltdPties><x:RtrInf/></TxDtls></NtryDtls>")
	assert.Equal(t, "Twee", got.Counterparty.Name)
	assert.Empty(t, got.Issues)
}

// TestCreditorID holds that only the number of scheme SEPA is a creditor's identifier, and that a cut one is in doubt.
func TestCreditorID(t *testing.T) {
	t.Parallel()
	other := func(id, scheme string) string {
		return "<Othr><Id>" + id + "</Id><SchmeNm><Prtry>" + scheme + "</Prtry></SchmeNm></Othr>"
	}
	tests := map[string]struct {
		ids, want string
		issue     model.IssueCode
	}{
		"one":           {other("NL98ZZZ1", "SEPA"), "NL98ZZZ1", ""},
		"beside others": {other("1", "KVK") + other("NL98ZZZ1", "SEPA") + other("2", "X"), "NL98ZZZ1", ""},
		"none":          {other("1", "KVK") + "<Othr><Id>2</Id></Othr>", "", ""},
		"two":           {other("NL98ZZZ1", "SEPA") + other("NL98ZZZ2", "SEPA"), "", model.IssueConflict},
		"far too long":  {other(strings.Repeat("1", 20_000), "SEPA"), strings.Repeat("1", 1<<14), model.IssueLimit},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := readEntry(t, booked+"<NtryDtls><TxDtls><RltdPties><Cdtr><Pty><Id><PrvtId>"+tt.ids+
				"</PrvtId></Id></Pty></Cdtr></RltdPties></TxDtls></NtryDtls>")
			assert.Equal(t, tt.want, got.CreditorID)
			var want []model.Issue
			if tt.issue != "" {
				want = []model.Issue{{Code: tt.issue, Field: "creditorId"}}
			}
			assert.Equal(t, want, got.Issues)
		})
	}
}

// TestOwnNumber holds that the statement's account is never the counterparty.
func TestOwnNumber(t *testing.T) {
	t.Parallel()
	const (
		own   = "<Id><IBAN>NL33TEST9011111111</IBAN></Id>"
		other = "<Id><IBAN>NL84TEST9022222222</IBAN></Id>"
	)
	tests := map[string]struct {
		parties, want string
		doubt         bool
	}{
		"the other side":   {"<DbtrAcct>" + own + "</DbtrAcct><CdtrAcct>" + other + "</CdtrAcct>", "NL84TEST9022222222", false},
		"swapped":          {"<DbtrAcct>" + other + "</DbtrAcct><CdtrAcct>" + own + "</CdtrAcct>", "NL84TEST9022222222", false},
		"both":             {"<DbtrAcct>" + own + "</DbtrAcct><CdtrAcct>" + own + "</CdtrAcct>", "", true},
		"only as creditor": {"<CdtrAcct>" + own + "</CdtrAcct>", "", true},
		"only as debtor":   {"<DbtrAcct>" + own + "</DbtrAcct>", "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := readEntry(t, booked+"<NtryDtls><TxDtls><RltdPties>"+tt.parties+"</RltdPties></TxDtls></NtryDtls>")
			assert.Equal(t, tt.want, got.Counterparty.Account.Value())
			var want []model.Issue
			if tt.doubt {
				want = []model.Issue{{Code: model.IssueConflict, Field: "counterparty"}}
			}
			assert.Equal(t, want, got.Issues)
		})
	}
}
