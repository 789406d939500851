package psd2_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources/psd2/internal/hosttest"
	"github.com/brondata/brondata/sources/psd2/psd2test"
)

// The parts of an account in several currencies share its number and an access slot. Each is fetched, and what is alike but for the
// currency stays two facts.
func TestSeveralCurrencies(t *testing.T) {
	t.Parallel()
	part := func(currency string) psd2test.Account {
		return psd2test.Account{
			IBAN: "NL66FAKE0123456789", Currency: currency, Name: "Reizen", Type: "CACC",
			Balances: []psd2test.Balance{{Type: "closingBooked", Amount: "100.00", Date: "2026-11-20"}},
			Transactions: []psd2test.Transaction{
				{ID: "tx-1", BookingDate: "2026-11-03", Amount: "-5.00", Currency: currency, CreditorName: "Kiosk", Remittance: "koffie", EndToEndID: "K-1"},
			},
		}
	}
	whole := psd2test.Account{IBAN: "NL66FAKE0123456789", Currency: "XXX", Name: "Reizen", Type: "CACC"}
	h := hosttest.New(t, psd2test.Options{Accounts: []psd2test.Account{whole, part("EUR"), part("USD")}}).Connected()
	var slots []string
	h.Access = func(_ context.Context, account string) error { slots = append(slots, account); return nil }
	got := h.Fetch(t.Context(), hosttest.Everything())
	require.NoError(t, got.Err)
	assert.Equal(t, []string{"", "NL66FAKE0123456789"}, slots)
	assert.Len(t, got.Records, 3+2+2)
	for _, tx := range got.Transactions() {
		assert.Equal(t, "NL66FAKE0123456789", tx.Account.Value())
		assert.Empty(t, tx.Issues)
	}

	d := model.Dossier{Records: got.Records}
	for i := range got.Records { // each in a document of its own, where anything alike could be joined
		d.Documents = append(d.Documents, model.DocumentInfo{Institution: hosttest.BankID, Source: hosttest.SourceID, Method: model.API})
		got.Records[i].Head().Provenance.Document = i
	}
	assert.Empty(t, d.Matches())
	assert.Len(t, d.Resolved(), 7)
}
