package psd2_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2"
	"github.com/brondata/brondata/sources/psd2/internal/hosttest"
)

func read(t testing.TB, d sources.Document) (*sources.Reading, error) {
	t.Helper()
	return hosttest.Read(t, d, sources.Everything())
}

func doc(format model.FormatID, body string, attrs ...string) sources.Document {
	d := sources.Document{Format: format, Body: sources.BytesContent([]byte(body)), Attrs: map[string]string{}}
	for i := 0; i < len(attrs); i += 2 {
		d.Attrs[attrs[i]] = attrs[i+1]
	}
	return d
}

// The account that a document is about comes from the source, and from the answer; the two must agree.
func TestAccountOfDocument(t *testing.T) {
	t.Parallel()
	const own, other = "NL66FAKE0123456789", "NL39FAKE0123456790"
	tx := `"transactions":{"booked":[{"transactionAmount":{"currency":"EUR","amount":"1"}}]}`
	cases := map[string]struct {
		body, attr, kind, want string
		doubt                  model.IssueCode
	}{
		"both":              {`{"account":{"iban":"` + own + `"},` + tx + `}`, own, "iban", own, ""},
		"the source only":   {`{` + tx + `}`, own, "iban", own, ""},
		"the answer only":   {`{` + tx + `,"account":{"iban":"` + own + `"}}`, "", "", own, ""},
		"another":           {`{` + tx + `,"account":{"iban":"` + other + `"}}`, own, "iban", "", model.IssueConflict},
		"neither":           {`{` + tx + `}`, "", "", "", model.IssueMissing},
		"a resource":        {`{` + tx + `}`, "r-17", "resource", "", model.IssueMissing},
		"damaged":           {`{` + tx + `}`, "NL00FAKE0123456789", "iban", "", model.IssueChecksum},
		"cut before it":     {`{` + tx + `,"acc`, own, "iban", own, model.IssueTruncated},
		"cut after it":      {`{"account":{"iban":"` + own + `"},` + tx + `,"x`, own, "iban", own, ""},
		"blanks in between": {`{"account":{"iban":"NL66 FAKE 0123 4567 89"},` + tx + `}`, own, "iban", own, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := read(t, doc(psd2.FormatTransactions, c.body, psd2.AttrAccount, c.attr, psd2.AttrKind, c.kind))
			require.Len(t, r.Records, 1)
			got := r.Records[0].(*model.Transaction)
			assert.Equal(t, c.want, got.Account.Value())
			if c.doubt == "" {
				assert.Empty(t, got.Issues)
			} else {
				assert.Equal(t, []model.Issue{model.Doubt(c.doubt, "account")}, got.Issues)
			}
		})
	}
}

// Bad input ends in an error of the right kind; what stood before it is kept.
func TestBadInput(t *testing.T) {
	t.Parallel()
	one := `{"transactionAmount":{"currency":"EUR","amount":"1"}}`
	cases := map[string]struct {
		body string
		err  error
		n    int
	}{
		"empty":                   {"", sources.ErrTruncated, 0},
		"blank":                   {" \n", sources.ErrTruncated, 0},
		"a word":                  {"nul", sources.ErrMalformed, 0},
		"an array":                {"[]", sources.ErrMalformed, 0},
		"a page":                  {"<html>", sources.ErrMalformed, 0},
		"cut in the second":       {`{"transactions":{"booked":[` + one + `,{"transactionAmount":{"cur`, sources.ErrTruncated, 1},
		"a comma too many":        {`{"transactions":{"booked":[` + one + `,]}}`, sources.ErrMalformed, 1},
		"a name twice":            {`{"transactions":{"booked":[` + one + `],"booked":[` + one + `]}}`, sources.ErrMalformed, 1},
		"a name twice, escaped":   {`{"transactions":{"booked":[{"transactionAmount":1,"transaction\u0041mount":2}]}}`, sources.ErrMalformed, 0},
		"twice in what is unread": {`{"x":{"a":1,"a":1}}`, sources.ErrMalformed, 0},
		"behind the end":          {`{"transactions":{"booked":[` + one + `]}} {}`, sources.ErrMalformed, 1},
		"deep":                    {`{"x":` + strings.Repeat(`{"a":`, 200), sources.ErrLimit, 0},
		"many values":             {`{"transactions":{"booked":[{"x":[` + strings.Repeat("0,", 200_000) + `0]}]}}`, sources.ErrLimit, 0},
		"a leading zero":          {`{"x":01}`, sources.ErrMalformed, 0},
		"no digits":               {`{"x":1.}`, sources.ErrMalformed, 0},
		"NaN":                     {`{"x":NaN}`, sources.ErrMalformed, 0},
		"a control character":     {"{\"x\":\"a\x01\"}", sources.ErrMalformed, 0},
		"a wrong escape":          {`{"x":"\q"}`, sources.ErrMalformed, 0},
		"a wrong unit":            {`{"x":"\u12g4"}`, sources.ErrMalformed, 0},
		"a comment":               {`{/**/}`, sources.ErrMalformed, 0},
		"utf-16":                  {"\xff\xfe{\x00}\x00", sources.ErrMalformed, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := read(t, doc(psd2.FormatTransactions, c.body))
			require.ErrorIs(t, err, c.err)
			assert.Len(t, r.Records, c.n)
		})
	}
}

// Amounts are exact or absent, in whatever form a bank gives them.
func TestAmounts(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`"5877.78"`: "5877.78", `"-1.50"`: "-1.50", `"1056"`: "1056.00", `5.0`: "5.00", `-35289.28`: "-35289.28", `1.05E+3`: "1050.00",
		`1.5e-2`: "0.015", `-2E2`: "-200.00", `0.1e1`: "1.00", `12e-1`: "1.20", `0`: "0.00", `-0.0`: "0.00", `123456789012345.678`: "123456789012345.678",
		`35289.279999999999`: "35289.279999999999",
		`"1e3"`:              "", `"1.234,56"`: "", `"12,50"`: "", `"EUR 5"`: "", `""`: "", `null`: "", `true`: "", `1e99`: "", `1e9999999999999999999`: "",
		`1234567890123456789`: "", `{"x":1}`: "", `"--1"`: "", `"0x10"`: "", `"٣"`: "",
	} {
		r, err := read(t, doc(psd2.FormatTransactions, `{"account":{"iban":"NL66FAKE0123456789"},"transactions":{"booked":[{"transactionAmount":{"amount":`+in+`,"currency":"EUR"}}]}}`))
		require.NoError(t, err, in)
		got := r.Records[0].(*model.Transaction)
		assert.Equal(t, want, got.Amount.Text(), in)
		assert.Equal(t, want == "", len(got.Issues) > 0, "%s: an absent amount is doubted", in)
	}
}

// A bank that gives amounts without their sign makes the account its own counterparty: that is doubted, not believed.
func TestDirection(t *testing.T) {
	t.Parallel()
	const own, other = `"iban":"NL66FAKE0123456789"`, `"iban":"NL39FAKE0123456790"`
	doubts := []model.Issue{model.Doubt(model.IssueSuspicious, "amount"), model.Doubt(model.IssueConflict, "counterparty")}
	for name, c := range map[string]struct {
		amount, debtor, creditor, account string
		issues                            []model.Issue
	}{
		"out":                                {"-5", own, other, "NL39FAKE0123456790", nil},
		"in":                                 {"5", other, own, "NL39FAKE0123456790", nil},
		"out without a sign":                 {"5", own, other, "", doubts},
		"out without a sign, the payer only": {"5", own, "", "", doubts},
		"in with a sign":                     {"-5", other, own, "", doubts},
		"between parts of one account":       {"5", own, own, "NL66FAKE0123456789", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tx := `"transactionAmount":{"currency":"EUR","amount":"` + c.amount + `"}`
			if c.debtor != "" {
				tx += `,"debtorAccount":{` + c.debtor + `}`
			}
			if c.creditor != "" {
				tx += `,"creditorAccount":{` + c.creditor + `}`
			}
			r, err := read(t, doc(psd2.FormatTransactions, `{"account":{`+own+`},"transactions":{"booked":[{`+tx+`}]}}`))
			require.NoError(t, err)
			got := r.Records[0].(*model.Transaction)
			assert.Equal(t, c.account, got.Counterparty.Account.Value())
			assert.Equal(t, c.issues, got.Issues)
		})
	}
}

func TestCharset(t *testing.T) {
	t.Parallel()
	r, err := read(t, doc(psd2.FormatTransactions, "{\"account\":{\"iban\":\"NL66FAKE0123456789\"},\"transactions\":{\"booked\":[{\"transactionAmount\":{\"amount\":\"-1\",\"currency\":\"EUR\"},\"creditorName\":\"Caf\xe9\"}]}}"))
	require.NoError(t, err)
	got := r.Records[0].(*model.Transaction)
	assert.Equal(t, "Caf\uFFFD", got.Counterparty.Name)
	assert.Equal(t, []model.Issue{model.Doubt(model.IssueCharset, "counterparty.name")}, got.Issues)
}

func FuzzNormalizer(f *testing.F) {
	for _, s := range []string{
		`{"accounts":[{"iban":"NL66FAKE0123456789","currency":"EUR","balances":[{"balanceType":"expected"}]}]}`,
		`{"balances":[{"balanceAmount":{"currency":"EUR","amount":1.5e2},"balanceType":"closingBooked"}]}`,
		`{"account":{"bban":"1"},"transactions":{"booked":[{"transactionAmount":{"currency":"EUR","amount":"-1"},"creditorName":"\ud83c\udfe8"}]}}`,
		"\xef\xbb\xbf{}", `{"tppMessages":{"code":"PERIOD_INVALID"}}`,
	} {
		f.Add([]byte(s), "NL66FAKE0123456789", "2026-01-01", uint8(2))
	}
	formats := []model.FormatID{"", psd2.FormatAccounts, psd2.FormatBalances, psd2.FormatTransactions}
	f.Fuzz(func(t *testing.T, b []byte, account, since string, format uint8) {
		d := doc(formats[int(format)%len(formats)], string(b), psd2.AttrAccount, account, psd2.AttrSince, since)
		r, err := read(t, d)
		if code := sources.Code(err); code == "unexpected" || code == "adapter" {
			t.Fatalf("an error of no kind: %v", err)
		}
		for _, rec := range r.Records {
			line, err := model.AppendRecord(nil, rec)
			if err != nil {
				t.Fatalf("a record without a JSON form: %v", err)
			}
			if tx, ok := rec.(*model.Transaction); ok && tx.Amount.IsZero() && len(tx.Issues) == 0 {
				t.Fatalf("no amount and no doubt: %s", line)
			}
			if strings.ContainsAny(string(line), "\n\r") {
				t.Fatalf("a line break in a record")
			}
		}
		again, _ := read(t, d)
		if len(again.Records) != len(r.Records) {
			t.Fatal("not deterministic")
		}
	})
}
