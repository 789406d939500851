package camt_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/camt"
)

func registry(t testing.TB) *sources.Registry {
	t.Helper()
	g := new(sources.Registry)
	require.NoError(t, g.AddNormalizer(camt.Normalizer{}))
	return g
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return b
}

func TestReconciling(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		want  model.Check
		since string
	}{
		"statement-v02.xml": {model.CheckYes, "2026-02-01"},
		// Without FrToDt: from the day after the previous closing balance, or after an opening balance on whose day
		// nothing is booked.
		"statement-v08-prefixed.xml": {model.CheckYes, "2026-02-01"},
		"statement-v01.xml":          {model.CheckYes, "2009-01-02"},
		"batch.xml":                  {model.CheckYes, "2026-02-02"},
		"reversal.xml":               {model.CheckYes, "2026-02-02"},
		"decimals.xml":               {model.CheckYes, "2026-02-02"},
		// Two accounts: from January 1st and 15th; both are covered from the later day.
		"statements.xml":       {model.CheckNo, "2026-01-15"},
		"odd.xml":              {model.CheckNot, ""},
		"report-v06.xml":       {model.CheckNot, ""},
		"notification-v13.xml": {model.CheckNot, ""},
		"no-statement.xml":     {"", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := read(t, fixture(t, name))
			assert.Equal(t, tt.want, got.Balanced)
			assert.Equal(t, tt.since, got.Since.String())
		})
	}
}

func TestCovered(t *testing.T) {
	t.Parallel()
	balance := func(code, day string) string {
		return `<Bal><Tp><CdOrPrtry><Cd>` + code + `</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>` + day + `</Dt></Dt></Bal>`
	}
	entry := func(day string) string {
		return `<Ntry><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>` + day + `</Dt></BookgDt></Ntry>`
	}
	for name, tc := range map[string]struct{ statement, since string }{
		"stated":                                {`<FrToDt><FrDtTm>2026-03-05T00:00:00</FrDtTm><ToDtTm>2026-03-31T00:00:00</ToDtTm></FrToDt>` + balance("OPBD", "2026-03-01"), "2026-03-05"},
		"stated in a form that is no date":      {`<FrToDt><FrDtTm>5 March</FrDtTm></FrToDt>` + balance("OPBD", "2026-03-01"), "2026-03-02"},
		"an entry on the opening balance's day": {balance("OPBD", "2026-03-01") + entry("2026-03-04") + entry("2026-03-01"), "2026-03-01"},
		"an entry before it":                    {balance("OPBD", "2026-03-01") + entry("2026-02-28"), "2026-03-01"},
		"no entry on it":                        {balance("OPBD", "2026-03-01") + entry("2026-03-02"), "2026-03-02"},
		"previous closing balance only":         {balance("PRCD", "2026-02-28") + entry("2026-03-02"), "2026-03-01"},
		"no balance":                            {entry("2026-03-02"), ""},
		"an opening balance of no day":          {balance("OPBD", "2026-02-30"), ""},
		"an opening balance on the last day":    {balance("OPBD", "9999-12-31"), ""},
		"stated twice, differently":             {`<FrToDt><FrDtTm>2026-02-01T00:00:00</FrDtTm><FrDtTm>2026-02-03T00:00:00</FrDtTm></FrToDt>` + balance("OPBD", "2026-03-01"), "2026-03-02"},
		"from the middle of a day":              {`<FrToDt><FrDtTm>2026-03-05T08:00:00+01:00</FrDtTm></FrToDt>` + balance("OPBD", "2026-03-01"), "2026-03-06"},
		"from midnight in a zone":               {`<FrToDt><FrDtTm>2026-03-05T00:00:00.000+01:00</FrDtTm></FrToDt>`, "2026-03-05"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := read(t, []byte(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt>`+
				`<Acct><Id><IBAN>NL48BRON0123456789</IBAN></Id></Acct>`+tc.statement+`</Stmt></BkToCstmrStmt></Document>`))
			assert.Equal(t, tc.since, got.Since.String())
		})
	}
}

// TestCoveredUntil holds on which day of one statement the next may follow.
func TestCoveredUntil(t *testing.T) {
	t.Parallel()
	statement := func(from, to, closing string) string {
		if closing != "" {
			closing = `<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>` + closing + `</Dt></Dt></Bal>`
		}
		return `<Stmt><FrToDt><FrDtTm>` + from + `</FrDtTm><ToDtTm>` + to + `</ToDtTm></FrToDt><Acct><Id><IBAN>NL48BRON0123456789</IBAN></Id></Acct>` + closing + `</Stmt>`
	}
	for name, tc := range map[string]struct{ to, closing, from, since string }{
		"the last minute":               {"2026-01-31T23:59:59", "", "2026-02-01T00:00:00", "2026-01-01"},
		"a day":                         {"2026-01-31", "", "2026-02-01T00:00:00", "2026-01-01"},
		"midnight of the closing day":   {"2026-01-31T00:00:00", "2026-01-31", "2026-02-01T00:00:00", "2026-01-01"},
		"midnight before the next":      {"2026-02-01T00:00:00", "2026-01-31", "2026-02-01T00:00:00", "2026-01-01"},
		"midnight, and a day's gap":     {"2026-02-01T00:00:00", "2026-01-31", "2026-02-02T00:00:00", "2026-02-02"},
		"midnight of who knows":         {"2026-01-31T00:00:00", "", "2026-02-01T00:00:00", "2026-02-01"},
		"a day is missing":              {"2026-01-31T23:59:59", "", "2026-02-02T00:00:00", "2026-02-02"},
		"the rest of a day is missing":  {"2026-01-31T12:30:00", "2026-01-31", "2026-02-01T00:00:00", "2026-02-01"},
		"the start of a day is missing": {"2026-01-31T23:59:59", "", "2026-02-01T08:00:00", "2026-02-02"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := read(t, []byte(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>`+
				statement("2026-01-01T00:00:00", tc.to, tc.closing)+statement(tc.from, "2026-02-28T23:59:59", "")+`</BkToCstmrStmt></Document>`))
			assert.Equal(t, tc.since, got.Since.String())
		})
	}
}

// TestMade holds that a statement covers nothing of the time after it was made, whatever period it states.
func TestMade(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ message, statement, to, closing, until string }{
		"long before the end":         {"2026-08-01T06:00:00", "", "2026-11-27T23:59:59", "2026-07-31", "2026-07-31"},
		"by the statement's own mark": {"2026-12-01T06:00:00", "2026-08-01T06:00:00+02:00", "2026-11-27T23:59:59", "2026-07-31", "2026-07-31"},
		"on a day that was closed":    {"2026-07-31T22:30:00", "", "2026-11-27T23:59:59", "2026-07-31", "2026-07-31"},
		"on a day that was not":       {"2026-07-31T12:00:00", "", "2026-07-31T23:59:59", "2026-07-30", "2026-07-30"},
		"after the end":               {"2026-08-05T06:00:00", "", "2026-07-31T23:59:59", "2026-07-31", "2026-07-31"},
		"it does not say":             {"", "", "2026-07-31T23:59:59", "2026-07-31", "2026-07-31"},
		"what is no day":              {"yesterday", "", "2026-07-31T23:59:59", "2026-07-31", "2026-07-31"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			created := func(s string) string {
				if s == "" {
					return ""
				}
				return `<CreDtTm>` + s + `</CreDtTm>`
			}
			got := read(t, []byte(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr>`+created(tc.message)+`</GrpHdr><Stmt>`+
				created(tc.statement)+`<FrToDt><FrDtTm>2026-01-01T00:00:00</FrDtTm><ToDtTm>`+tc.to+`</ToDtTm></FrToDt><Acct><Id><IBAN>NL48BRON0123456789</IBAN></Id></Acct>`+
				`<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>`+tc.closing+`</Dt></Dt></Bal></Stmt></BkToCstmrStmt></Document>`))
			assert.Equal(t, tc.until, got.Until.String())
		})
	}
}

// TestCharsets holds that one statement in several encodings gives the same records.
func TestCharsets(t *testing.T) {
	t.Parallel()
	want := read(t, fixture(t, "latin-1.xml")).Records
	for _, name := range []string{"latin-9.xml", "utf-16.xml"} {
		assert.Equal(t, want, read(t, fixture(t, name)).Records, name)
	}
}

// TestVersions reads the same statement under all versions of the namespace.
func TestVersions(t *testing.T) {
	t.Parallel()
	doc := string(fixture(t, "statements.xml"))
	want := read(t, []byte(doc)).Records
	for v := 1; v <= 13; v++ {
		ns := "camt.053.001." + string([]byte{'0' + byte(v/10), '0' + byte(v%10)})
		got := read(t, []byte(strings.Replace(doc, "camt.053.001.08", ns, 1)))
		assert.Equal(t, want, got.Records, ns)
		assert.Equal(t, camt.Statement, got.Format)
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	whole := string(fixture(t, "statement-v02.xml"))
	deep := strings.Replace(whole, "<TxsSummry>", strings.Repeat("<x>", 300)+strings.Repeat("</x>", 300)+"<TxsSummry>", 1)
	tests := map[string]struct {
		doc    string
		format model.FormatID // "" = detect
		want   error
		issue  model.IssueCode
		kept   int // records
	}{
		"empty":                    {doc: "", want: sources.ErrNotProvided},
		"empty, format given":      {doc: "", format: camt.Statement, want: sources.ErrNotProvided},
		"login page":               {doc: "<!DOCTYPE html>\n<html><body><form>", want: sources.ErrUnknownFormat},
		"login page, format given": {doc: "\n<!DOCTYPE html>\n<html><body><form>", format: camt.Statement, want: sources.ErrMalformed},
		"xhtml page, format given": {doc: "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>", format: camt.Statement, want: sources.ErrMalformed},
		"csv, format given":        {doc: "NL33TEST9011111111;12,50\n", format: camt.Statement, want: sources.ErrMalformed},
		"other XML":                {doc: "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pain.001.001.03'/>", want: sources.ErrUnknownFormat},
		"other XML, format given":  {doc: "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pain.001.001.03'/>", format: camt.Statement, want: sources.ErrMalformed},
		"camt.060":                 {doc: "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.060.001.03'/>", want: sources.ErrUnknownFormat},
		"no namespace":             {doc: "<Document><BkToCstmrStmt/></Document>", want: sources.ErrUnknownFormat},
		"other root":               {doc: "<Doc xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.02'/>", want: sources.ErrMalformed},
		"no message":               {doc: "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.02'/>", want: sources.ErrMalformed},
		"message elsewhere":        {doc: "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.02'><BkToCstmrStmt xmlns=''/></Document>", want: sources.ErrMalformed},
		"version 14":               {doc: "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.14'/>", want: sources.ErrLayoutChanged},
		"truncated":                {doc: whole[:strings.Index(whole, "Energie")], want: sources.ErrTruncated, issue: model.IssueTruncated, kept: 5},
		"a second root":            {doc: whole + "<Document/>", want: sources.ErrMalformed, kept: 9},
		"mismatched tags":          {doc: strings.Replace(whole, "</AddtlNtryInf>", "</AddtlNtry>", 1), want: sources.ErrMalformed, kept: 6},
		"undeclared prefix":        {doc: strings.Replace(whole, "<AcctSvcrRef>", "<x:y/><AcctSvcrRef>", 1), want: sources.ErrMalformed, kept: 4},
		"duplicate attribute":      {doc: strings.Replace(whole, `Ccy="EUR">2435`, `Ccy="EUR" Ccy="USD">2435`, 1), want: sources.ErrMalformed, kept: 4},
		"entity":                   {doc: strings.Replace(whole, "SALARIS", "&xxe;", 1), want: sources.ErrMalformed, kept: 4},
		"doctype":                  {doc: strings.Replace(whole, "<Document", `<!DOCTYPE Document [<!ENTITY xxe SYSTEM "file:///etc/hostname">]><Document`, 1), format: camt.Statement, want: sources.ErrMalformed},
		"wrong charset":            {doc: strings.Replace(whole, "Werkgever", "Werkgev\xE9r", 1), want: sources.ErrMalformed, issue: model.IssueCharset, kept: 4},
		"unknown charset":          {doc: strings.Replace(whole, "UTF-8", "EBCDIC-NL", 1), format: camt.Statement, want: sources.ErrMalformed, issue: model.IssueCharset},
		"deep nesting":             {doc: deep, want: sources.ErrLimit, issue: model.IssueLimit, kept: 4},
		"many statements":          {doc: strings.Replace(whole, "</Stmt>", "</Stmt>"+strings.Repeat("<Stmt/>", 100_000), 1), want: sources.ErrLimit, issue: model.IssueLimit, kept: 9},
		"long token":               {doc: strings.Replace(whole, "Salaris februari", strings.Repeat("x", 2<<20), 1), want: sources.ErrLimit, issue: model.IssueLimit, kept: 4},
		"binary":                   {doc: "\x00\x01\x02\x03", format: camt.Statement, want: sources.ErrMalformed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := sources.Document{Format: tt.format, Body: sources.BytesContent([]byte(tt.doc))}
			got, err := registry(t).Read(t.Context(), d, sources.Everything(), nil)
			require.ErrorIs(t, err, tt.want)
			assert.Len(t, got.Records, tt.kept, "what was read before stays")
			if tt.issue != "" {
				require.Len(t, got.Issues, 1)
				assert.Equal(t, tt.issue, got.Issues[0].Code)
			} else {
				assert.Empty(t, got.Issues)
			}
			assert.NotEqual(t, model.CheckYes, got.Balanced)
			for _, secret := range []string{"Meer", "NL33", "2435", "Energie", "SALARIS", "xxe", "hostname"} {
				assert.NotContains(t, err.Error(), secret)
			}
		})
	}
}

// TestLongTexts holds that a remittance text is cut where the format's own bounds are far behind, and that it says so.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("<Ustrd>"+strings.Repeat("é", 70)+"</Ustrd>", 300)
	doc := strings.Replace(string(fixture(t, "latin-9.xml")), "ISO-8859-15", "UTF-8", 1)
	doc = strings.Map(func(r rune) rune { // what is left of the other encoding
		if r == '\uFFFD' {
			return 'x'
		}
		return r
	}, doc)
	doc = strings.Replace(doc, "<RmtInf>", "<RmtInf>"+long, 1)
	got := read(t, []byte(doc)).Records
	tr := got[len(got)-1].(*model.Transaction)
	assert.LessOrEqual(t, len(tr.Description), 1<<14)
	assert.Greater(t, len(tr.Description), 1<<14-200)
	assert.True(t, strings.HasSuffix(tr.Description, "é"), "no half a character")
	assert.Equal(t, []model.Issue{{Code: model.IssueLimit, Field: "description"}}, tr.Issues)
}

// TestHugeBatch holds that a batch with more transactions than the reader holds becomes one record, and that what it
// needed is given back.
func TestHugeBatch(t *testing.T) {
	t.Parallel()
	const n = 20_001
	doc := string(fixture(t, "statements.xml"))
	batch := "<NtryDtls>" + strings.Repeat(`<TxDtls><Amt Ccy="EUR">0</Amt></TxDtls>`, n) + "</NtryDtls><AddtlNtryInf>telt"
	got := read(t, []byte(strings.Replace(doc, "<AddtlNtryInf>telt", batch, 1))).Records
	tr := got[len(got)-1].(*model.Transaction)
	assert.Equal(t, "2.00", tr.Amount.Text())
	assert.Equal(t, []model.Issue{{Code: model.IssueAggregate}}, tr.Issues)
}

func TestCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), -time.Second)
	defer cancel()
	d := sources.Document{Format: camt.Statement, Body: sources.BytesContent(fixture(t, "statements.xml"))}
	_, err := registry(t).Read(ctx, d, sources.Everything(), nil)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestDetect(t *testing.T) {
	t.Parallel()
	wide := binary.BigEndian.AppendUint16(nil, 0xFEFF)
	for _, u := range utf16.Encode([]rune("<x:Document xmlns:x='urn:iso:std:iso:20022:tech:xsd:camt.052.001.08'>")) {
		wide = binary.BigEndian.AppendUint16(wide, u)
	}
	tests := map[string]struct {
		doc  []byte
		want model.FormatID
	}{
		"statement":    {fixture(t, "statement-v02.xml"), camt.Statement},
		"prefixed":     {fixture(t, "statement-v08-prefixed.xml"), camt.Statement},
		"report":       {fixture(t, "report-v06.xml"), camt.Report},
		"notification": {fixture(t, "notification-v13.xml"), camt.Notification},
		"wide":         {wide, camt.Report},
		"long comment": {append([]byte("<!--"+strings.Repeat("x", 60_000)+"-->"), fixture(t, "report-v06.xml")[len(`<?xml version="1.0" encoding="UTF-8"?>`):]...), camt.Report},
		"in a text":    {[]byte("<a>urn:iso:std:iso:20022:tech:xsd:camt.053.001.02</a>"), ""},
		"no version":   {[]byte("<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.xx'/>"), ""},
		"zero":         {[]byte("<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.00'/>"), ""},
		"nothing":      {[]byte("x"), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := registry(t).Detect(t.Context(), sources.Document{Body: sources.BytesContent(tt.doc)})
			assert.Equal(t, tt.want, got)
			if tt.want == "" {
				assert.ErrorIs(t, err, sources.ErrUnknownFormat)
			}
		})
	}
}

// FuzzNormalize holds what must be true of any bytes: no panic, an error of a known kind, and records that the writer takes.
// Cutting the last byte off changes no record that was read before.
func FuzzNormalize(f *testing.F) {
	paths, err := os.ReadDir("testdata")
	require.NoError(f, err)
	for _, p := range paths {
		if strings.HasSuffix(p.Name(), ".xml") {
			f.Add(fixture(f, p.Name()))
		}
	}
	g := registry(f)
	f.Fuzz(func(t *testing.T, doc []byte) {
		d := sources.Document{Format: camt.Statement, Body: sources.BytesContent(doc)}
		got, err := g.Read(t.Context(), d, sources.Everything(), nil)
		require.NotErrorIs(t, err, sources.ErrAdapter)
		require.NotErrorIs(t, err, sources.ErrUnexpected)
		if len(doc) == 0 {
			return
		}
		d.Body = sources.BytesContent(bytes.Clone(doc[:len(doc)-1]))
		part, _ := g.Read(t.Context(), d, sources.Everything(), nil)
		require.LessOrEqual(t, len(part.Records), len(got.Records))
		for i, r := range part.Records {
			require.Equal(t, got.Records[i], r)
		}
	})
}
