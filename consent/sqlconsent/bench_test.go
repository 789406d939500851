package sqlconsent_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/consent/sqlconsent"
	"github.com/brondata/brondata/internal/pgtest"
)

// BenchmarkPermitCheck is one indexed read.
func BenchmarkPermitCheck(b *testing.B) {
	for name, connect := range map[string]func(b *testing.B) *sqlconsent.DB{
		"sqlite":   func(b *testing.B) *sqlconsent.DB { return openSQLite(b, filepath.Join(b.TempDir(), "c.db")) },
		"postgres": func(b *testing.B) *sqlconsent.DB { return open(b, "pgx", pgtest.Start(b), sqlconsent.PostgreSQL) },
	} {
		b.Run(name, func(b *testing.B) {
			m, err := consent.NewManager(connect(b).Store(), nil)
			require.NoError(b, err)
			g, err := m.Propose(b.Context(), subject, killProposal())
			require.NoError(b, err)
			_, err = m.Decide(b.Context(), subject, g.ID, true)
			require.NoError(b, err)
			p, err := m.Permit(b.Context(), subject, g.ID)
			require.NoError(b, err)
			for b.Loop() {
				if err := p.Check(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkListSQLite lists one subject's ten grants among those of many others. It must not get slower with their number.
func BenchmarkListSQLite(b *testing.B) {
	sizes := []int{1_000, 20_000}
	if os.Getenv("BRONDATA_LONG") != "" {
		sizes = []int{1_000, 1_000_000}
	}
	var perOp []float64
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := openSQLite(b, filepath.Join(b.TempDir(), "c.db")).Store()
			m, err := consent.NewManager(s, nil)
			require.NoError(b, err)
			var body []byte
			for range 10 {
				g, err := m.Propose(b.Context(), subject, killProposal())
				require.NoError(b, err)
				it, err := s.Get(b.Context(), "grant", string(g.ID))
				require.NoError(b, err)
				body = it.Body
			}
			for i := 0; i < n; i += 64 {
				var cs []consent.Change
				for j := range min(64, n-i) {
					id := fmt.Sprintf("other-%d", i+j)
					cs = append(cs, consent.Change{Op: consent.OpCreate, Item: consent.Item{Kind: "grant", ID: id, Owner: fmt.Sprintf("o-%d", (i+j)/10), Due: killNow, Body: body}})
				}
				require.NoError(b, s.Apply(context.Background(), cs...))
			}
			b.ResetTimer()
			for b.Loop() {
				if _, err := m.List(b.Context(), subject, subject.ID); err != nil {
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
