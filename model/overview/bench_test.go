package overview_test

import (
	"io"
	"testing"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/model/overview"
)

// many returns the sample with about n transactions.
func many(tb testing.TB, n int) *model.Review {
	tb.Helper()
	r := sample(tb)
	txs := model.All[*model.Transaction](&model.Dossier{Records: r.Records})
	for len(r.Records) < n {
		for _, t := range txs {
			r.Records = append(r.Records, t)
		}
	}
	return r
}

// BenchmarkRender shows what a review of 2,000 records costs: three years of a busy account.
func BenchmarkRender(b *testing.B) {
	r := many(b, 2000)
	b.Run("html", func(b *testing.B) {
		for b.Loop() {
			if err := overview.HTML(io.Discard, r, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("pdf", func(b *testing.B) {
		for b.Loop() {
			if err := overview.PDF(io.Discard, r, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
