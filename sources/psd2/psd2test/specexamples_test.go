package psd2test_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2"
	"github.com/brondata/brondata/sources/psd2/internal/hosttest"
	"github.com/brondata/brondata/sources/psd2/psd2test"
)

// specExamples returns the examples of the description by their name, as JSON.
func specExamples(t *testing.T) map[string][]byte {
	t.Helper()
	d, err := libopenapi.NewDocument(readSpec(t))
	require.NoError(t, err)
	m, err := d.BuildV3Model()
	require.NoError(t, err)
	out := map[string][]byte{}
	for name, e := range m.Model.Components.Examples.FromOldest() {
		if e.Value == nil {
			continue
		}
		var v any
		require.NoError(t, e.Value.Decode(&v), name)
		b, err := json.Marshal(v)
		require.NoError(t, err, name)
		out[name] = b
	}
	for name, p := range m.Model.Components.Schemas.FromOldest() {
		if e := p.Schema().Example; e != nil {
			var v any
			require.NoError(t, e.Decode(&v), name)
			b, err := json.Marshal(v)
			require.NoError(t, err, name)
			out["schema "+name] = b
		}
	}
	return out
}

// The description's own examples are read, also where they break its schema. Most of its IBANs are not valid and are left
// out with a doubt.
func TestSpecificationExamples(t *testing.T) {
	examples := specExamples(t)
	want := map[string]struct {
		format  model.FormatID
		records int
	}{
		"accountDetailsRegularAccount":                   {psd2.FormatAccounts, 1},
		"accountDetailsMulticurrencyAccount":             {psd2.FormatAccounts, 1},
		"accountListExample1":                            {psd2.FormatAccounts, 2},
		"accountListExample2":                            {psd2.FormatAccounts, 2},
		"accountListExample3":                            {psd2.FormatAccounts, 3},
		"balancesExample1_RegularAccount":                {psd2.FormatBalances, 2},
		"balancesExample2_MulticurrencyAcount":           {psd2.FormatBalances, 4},
		"balancesExample3_RegularAccount":                {psd2.FormatBalances, 3},
		"balancesExample_CardAccount":                    {psd2.FormatBalances, 3},
		"transactionsExample1_RegularAccount_json":       {psd2.FormatTransactions, 3},
		"transactionsExample3_MulticurrencyAccount_json": {psd2.FormatTransactions, 4},
		"transactionsResponse200JsonExample":             {psd2.FormatTransactions, 0},
	}
	for name, w := range want {
		require.Contains(t, examples, name)
		assert.Len(t, read(t, w.format, examples[name]), w.records, name)
	}

	// Two errors have bare arrays as examples of what their schema says is an object. The status alone would give
	// ErrUnexpected for 409: only the code makes it what it is.
	for name, c := range map[string]struct {
		status int
		err    error
	}{"Error409_NG_AIS": {409, sources.ErrAuthentication}, "Error429_NG_AIS": {429, sources.ErrThrottled}} {
		body := examples["schema "+name]
		require.True(t, strings.HasPrefix(string(body), "["), name)
		h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
		h.Bank.Inject(psd2test.Fault{Kind: psd2test.Body, Path: "/accounts", Status: c.status, Body: string(body)})
		require.ErrorIs(t, h.Fetch(t.Context(), hosttest.Everything()).Err, c.err)
	}
}

func read(t *testing.T, format model.FormatID, body []byte) []model.Record {
	t.Helper()
	r, err := hosttest.Read(t, sources.Document{Format: format, Body: sources.BytesContent(body)}, sources.Everything())
	require.NoError(t, err)
	return r.Records
}

// Each of the description's answers to a consent leads to the step that it asks for.
func TestSpecificationConsentExamples(t *testing.T) {
	examples := specExamples(t)
	for name, want := range map[string]sources.StepKind{
		"consentResponseExample1a_Redirect": sources.StepRedirect, "consentResponseExample3_Decoupled": sources.StepChallenge,
		"consentResponseExample4_Embedded": sources.StepChallenge,
	} {
		h := hosttest.New(t, psd2test.Options{Approach: psd2test.Embedded})
		h.Bank.Inject(psd2test.Fault{Kind: psd2test.Body, Path: "/consents", Status: 201, Body: string(examples[name])})
		step, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
		require.NoError(t, err, name)
		assert.Equal(t, want, step.Kind, name)
	}
}
