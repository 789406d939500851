package consent_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
)

// BenchmarkPermitCheck is what is asked before every fetch and every delivery. Wanted: under 2 µs from memory.
func BenchmarkPermitCheck(b *testing.B) {
	k := newKit(b, consent.Limits{})
	p := k.permit(b, jan, k.active(b, nil).ID)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Check(ctx); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(2e-6/(b.Elapsed().Seconds()/float64(b.N)), "x_wanted")
}

// BenchmarkList lists one subject's ten grants among those of many others. It must not get slower with their number.
func BenchmarkList(b *testing.B) {
	sizes := []int{1_000, 100_000}
	if os.Getenv("BRONDATA_LONG") != "" {
		sizes = []int{1_000, 1_000_000}
	}
	var perOp []float64
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			k := newKit(b, consent.Limits{})
			var body []byte
			for range 10 {
				g := k.propose(b, nil)
				it, err := k.store.Get(b.Context(), "grant", string(g.ID))
				require.NoError(b, err)
				body = it.Body[:1]
			}
			for i := range n {
				it := consent.Item{Kind: "grant", ID: fmt.Sprintf("other-%d", i), Owner: fmt.Sprintf("o-%d", i/10), Due: start, Body: body}
				require.NoError(b, k.store.Apply(context.Background(), consent.Change{Op: consent.OpCreate, Item: it}))
			}
			b.ResetTimer()
			for b.Loop() {
				if _, err := k.List(b.Context(), jan, jan.ID); err != nil {
					b.Fatal(err)
				}
			}
			perOp = append(perOp, b.Elapsed().Seconds()/float64(b.N))
			if len(perOp) > 1 {
				b.ReportMetric(perOp[len(perOp)-1]/perOp[0], "x_of_smallest")
			}
		})
	}
}
