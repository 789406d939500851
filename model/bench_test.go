package model_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
)

// year returns a dossier of n transactions: documents of one account that overlap as two downloads of a year do. In
// every second pair of documents the bank gives ids.
func year(tb testing.TB, n, documents int) *model.Dossier {
	tb.Helper()
	d := &model.Dossier{}
	for i := range documents {
		d.Documents = append(d.Documents, model.DocumentInfo{
			Institution: "sample-bank", Source: "camt", Format: "camt.053", Method: model.File,
			Retrieved: time.Date(2026, 11, 22, 12, i, 0, 0, time.UTC), Digest: model.Digest{byte(i)},
		})
	}
	account, err := model.ParseAccountID("NL02ABNA0123456789")
	require.NoError(tb, err)
	other, err := model.ParseAccountID("BE71096123456769")
	require.NoError(tb, err)
	start, err := model.NewDate(2023, 1, 1)
	require.NoError(tb, err)
	per := n / documents
	for doc := range documents {
		for k := range per {
			amount, err := model.NewDecimal(int64(-100-k%7919), 2)
			require.NoError(tb, err)
			money, err := model.NewMoney(amount, model.EUR)
			require.NoError(tb, err)
			t := &model.Transaction{
				Header:       model.Header{Provenance: model.Provenance{Document: doc, At: model.AtPath(fmt.Sprintf("/Document/BkToCstmrStmt/Stmt[1]/Ntry[%d]", k+1))}},
				Account:      account,
				BookingDate:  start.AddDays(k * 1000 / per),
				ValueDate:    start.AddDays(k * 1000 / per),
				Amount:       money,
				Counterparty: model.Counterparty{Name: fmt.Sprintf("Winkel %d", k%500), Account: other},
				Description:  fmt.Sprintf("Betaalautomaat pasvolgnummer %d terminal %d", k%10, k),
				Status:       model.Booked,
			}
			if doc/2%2 == 0 {
				t.ID = fmt.Sprintf("2023-%07d", k)
			}
			d.Records = append(d.Records, t)
		}
	}
	return d
}

func reviewScope() model.Scope {
	return model.Scope{Baskets: []model.Basket{{Category: model.CategoryTransaction, Fields: []string{
		"account", "bookingDate", "amount", "counterparty.name", "description",
	}}}}
}

// BenchmarkMatchAndMinimise shows what 100,000 transactions cost on their way out of a collection. The issue allows
// 150 ms for this and the reconciliation in package sources together.
func BenchmarkMatchAndMinimise(b *testing.B) {
	for _, documents := range []int{1, 2, 40} {
		b.Run(fmt.Sprintf("documents=%d", documents), func(b *testing.B) {
			d := year(b, 100_000, documents)
			scope := reviewScope()
			b.ReportAllocs()
			var match, reduce time.Duration
			for b.Loop() {
				d.Matched = nil
				start := time.Now()
				d.Match()
				match += time.Since(start)
				start = time.Now()
				out := d.Minimise(scope)
				reduce += time.Since(start)
				if len(out.Records) != 100_000 {
					b.Fatal("records lost")
				}
			}
			b.ReportMetric(match.Seconds()*1000/float64(b.N), "match-ms/op")
			b.ReportMetric(reduce.Seconds()*1000/float64(b.N), "minimise-ms/op")
		})
	}
}

// BenchmarkCanonicalRecords shows what digesting a release costs per record.
func BenchmarkCanonicalRecords(b *testing.B) {
	d := year(b, 10_000, 2)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		out, err := model.CanonicalRecords(d.Records)
		if err != nil {
			b.Fatal(err)
		}
		n = len(out)
	}
	b.SetBytes(int64(n))
}

// BenchmarkReadDossier shows what reading a stored dossier costs.
func BenchmarkReadDossier(b *testing.B) {
	text, err := year(b, 10_000, 2).MarshalJSON()
	require.NoError(b, err)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := model.ReadDossier(text, nil); err != nil {
			b.Fatal(err)
		}
	}
}
