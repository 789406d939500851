package sqlconsent_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent/audit"
	"github.com/brondata/brondata/consent/sqlconsent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/internal/pgtest"
	"github.com/brondata/brondata/retention"
)

func newLog(t testing.TB, s audit.Store, signer crypto.Signer) *audit.Log {
	t.Helper()
	l, err := audit.Open(t.Context(), s, signer, nil)
	require.NoError(t, err)
	return l
}

func access(subject string, n int) retention.Access {
	return retention.Access{Actor: "a", Role: "adviser", Reason: "mortgage", Subject: subject, Items: n, Outcome: retention.OutcomeGranted}
}

func TestSQLiteAudit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.db")
	testAudit(t, func(t testing.TB) *sqlconsent.DB { return openSQLite(t, path) })
}

func TestPostgresAudit(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Start(t)
	testAudit(t, func(t testing.TB) *sqlconsent.DB { return open(t, "pgx", dsn, sqlconsent.PostgreSQL) })
}

// testAudit has two connections pools to one database, as two processes have.
func testAudit(t *testing.T, connect func(testing.TB) *sqlconsent.DB) {
	signer, _, err := crypto.GenerateLocalSigner()
	require.NoError(t, err)
	var wg sync.WaitGroup
	const writers, each = 4, 20
	for i := range 2 {
		l := newLog(t, connect(t).Audit(), signer)
		for w := range writers {
			wg.Go(func() {
				for n := range each {
					assert.NoError(t, l.Record(t.Context(), access(fmt.Sprintf("s-%d-%d", i, w), n)))
				}
			})
		}
	}
	wg.Wait()
	l := newLog(t, connect(t).Audit(), signer)
	signed, err := l.Checkpoint(t.Context())
	require.NoError(t, err)
	r, err := l.Verify(t.Context(), &audit.VerifyOptions{Held: [][]byte{signed}})
	require.NoError(t, err)
	assert.EqualValues(t, 2*writers*each, r.Size)

	key, err := l.VerifierKey()
	require.NoError(t, err)
	st, err := l.Statement(t.Context(), "s-1-2", 0)
	require.NoError(t, err)
	b, err := json.Marshal(st)
	require.NoError(t, err)
	entries, _, err := audit.CheckStatement(b, key)
	require.NoError(t, err)
	require.Len(t, entries, each)
	for n, e := range entries {
		require.Equal(t, n, e.Access.Items)
	}

	require.NoError(t, l.Erase(t.Context(), "s-1-2"))
	r, err = l.Verify(t.Context(), &audit.VerifyOptions{Held: [][]byte{signed}})
	require.NoError(t, err)
	assert.EqualValues(t, each, r.Erased)
	st, err = l.Statement(t.Context(), "s-1-2", 0)
	require.NoError(t, err)
	assert.Empty(t, st.Entries)
}

// BenchmarkAppendSQLite has concurrent writers at a durable log: every Record returns after its transaction was
// synced to disk (synchronous=FULL). Wanted: 2,000 entries a second.
func BenchmarkAppendSQLite(b *testing.B) {
	signer, _, err := crypto.GenerateLocalSigner()
	require.NoError(b, err)
	l := newLog(b, openSQLite(b, filepath.Join(b.TempDir(), "audit.db")).Audit(), signer)
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		a := access("subject-1", 1)
		for pb.Next() {
			if err := l.Record(b.Context(), a); err != nil {
				b.Error(err)
				return
			}
		}
	})
	perSecond := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(perSecond, "entries/s")
	b.ReportMetric(perSecond/2000, "x_wanted")
}

// BenchmarkInclusionSQLite proves entries of a log in a file. Each proof reads about log2(size) hashes, in a few statements.
func BenchmarkInclusionSQLite(b *testing.B) {
	size := int64(20_000)
	if os.Getenv("BRONDATA_LONG") != "" {
		size = 1_000_000
	}
	signer, _, err := crypto.GenerateLocalSigner()
	require.NoError(b, err)
	l := newLog(b, openSQLite(b, filepath.Join(b.TempDir(), "audit.db")).Audit(), signer)
	var wg sync.WaitGroup
	for w := range int64(500) {
		wg.Go(func() {
			for i := w; i < size; i += 500 {
				if err := l.Record(b.Context(), access("subject-1", 1)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	n := int64(0)
	b.ResetTimer()
	for b.Loop() {
		n = (n*6364136223846793005 + 1442695040888963407) & (1<<62 - 1)
		if _, err := l.Inclusion(b.Context(), n%size, size); err != nil {
			b.Fatal(err)
		}
	}
	perOp := b.Elapsed().Seconds() / float64(b.N)
	b.ReportMetric(perOp*1e3, "ms/proof")
	b.ReportMetric(0.001/perOp, "x_wanted")
}
