package sqlvault_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/retention/sqlvault"
)

// sizes are the numbers of rows that sweeps are measured at.
func sizes() []int {
	if os.Getenv("BRONDATA_LONG") != "" {
		return []int{100_000, 1_000_000}
	}
	return []int{100_000}
}

// benchDB returns a database with n rows of 256 bytes, of which the share due is over.
func benchDB(b *testing.B, n int, due float64) (*sql.DB, *retention.Vault) {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "vault.db")+pragmas)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, db.Close()) })
	s := benchVault(b, db, start)
	body := make([]byte, 256)
	tx, err := db.BeginTx(b.Context(), nil)
	require.NoError(b, err)
	stmt, err := tx.PrepareContext(b.Context(), "INSERT INTO brondata_vault_rows (expires, link, item, chunk, sealed) VALUES (?, ?, ?, 0, ?)")
	require.NoError(b, err)
	for i := range n {
		_, _ = rand.Read(body)
		at := start.Add(time.Hour)
		if float64(i) < due*float64(n) {
			at = start.Add(-24*time.Hour + time.Duration(i)*time.Millisecond/10)
		} else {
			at = at.Add(time.Duration(i) * time.Second)
		}
		_, err := stmt.ExecContext(b.Context(), at.UnixMilli(), strings.ToLower(rand.Text()), strings.ToLower(rand.Text()), body)
		require.NoError(b, err)
	}
	require.NoError(b, tx.Commit())
	_, err = db.ExecContext(b.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
	require.NoError(b, err)
	return db, s
}

func benchVault(b *testing.B, db *sql.DB, now time.Time) *retention.Vault {
	b.Helper()
	data, err := sqlvault.OpenStore(b.Context(), db, sqlvault.SQLite)
	require.NoError(b, err)
	keys, err := sqlvault.OpenKeyStore(b.Context(), db, sqlvault.SQLite, "")
	require.NoError(b, err)
	kek, _, err := crypto.GenerateLocalKEK()
	require.NoError(b, err)
	v, err := retention.New(data, keys, kek, retention.NoRecorder{}, &retention.Options{Now: func() time.Time { return now }})
	require.NoError(b, err)
	return v
}

// bareDelete is the fastest that a host could write by itself: ranges of some 1,000 rows along the primary key, each a
// statement and a transaction, and an emptied log at the end.
func bareDelete(ctx context.Context, b *testing.B, db *sql.DB, now time.Time) (rows int) {
	b.Helper()
	find, err := db.PrepareContext(ctx, "SELECT expires FROM brondata_vault_rows WHERE expires <= ? ORDER BY expires LIMIT 1 OFFSET 999")
	require.NoError(b, err)
	defer find.Close()
	stmt, err := db.PrepareContext(ctx, "DELETE FROM brondata_vault_rows WHERE expires <= ?")
	require.NoError(b, err)
	defer stmt.Close()
	for more := true; more; {
		upTo := now.UnixMilli()
		if err := find.QueryRowContext(ctx, upTo).Scan(&upTo); errors.Is(err, sql.ErrNoRows) {
			more = false
		} else {
			require.NoError(b, err)
		}
		res, err := stmt.ExecContext(ctx, upTo)
		require.NoError(b, err)
		n, err := res.RowsAffected()
		require.NoError(b, err)
		rows += int(n)
	}
	_, err = db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	require.NoError(b, err)
	return rows
}

// BenchmarkSweep compares a sweep of rows that are due with a bare batched DELETE of the same rows.
func BenchmarkSweep(b *testing.B) {
	for _, n := range sizes() {
		for _, due := range []float64{0.01, 1} {
			b.Run(fmt.Sprintf("rows=%d/due=%g", n, due), func(b *testing.B) {
				var ours, bare time.Duration
				rows := int(due * float64(n))
				for range b.N {
					b.StopTimer()
					db, _ := benchDB(b, n, due)
					begun := time.Now()
					require.Equal(b, rows, bareDelete(b.Context(), b, db, start))
					bare += time.Since(begun)
					_, v := benchDB(b, n, due)
					b.StartTimer()
					begun = time.Now()
					r, err := v.Sweep(b.Context(), 2*n)
					ours += time.Since(begun)
					require.NoError(b, err)
					require.Equal(b, rows, r.Rows)
				}
				b.ReportMetric(float64(ours.Microseconds())/float64(b.N*rows), "sweep-µs/row")
				b.ReportMetric(float64(bare.Microseconds())/float64(b.N*rows), "bare-µs/row")
				b.ReportMetric(float64(ours)/float64(bare), "ratio")
			})
		}
	}
}

// BenchmarkSweepIdle is a sweep when nothing is due.
func BenchmarkSweepIdle(b *testing.B) {
	for _, n := range sizes() {
		b.Run("rows="+strconv.Itoa(n), func(b *testing.B) {
			_, v := benchDB(b, n, 0)
			_, err := v.Sweep(b.Context(), 1000)
			require.NoError(b, err)
			for b.Loop() {
				r, err := v.Sweep(b.Context(), 1000)
				if err != nil || r.Rows != 0 {
					b.Fatal(r, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/sweep")
		})
	}
}

// BenchmarkRead compares reading an item of 1 KiB through a vault with the same two statements on the bare database.
func BenchmarkRead(b *testing.B) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "vault.db")+pragmas)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, db.Close()) })
	v := benchVault(b, db, start)
	ref := retention.Ref{Subject: "subject-1", Grant: "grant-1", Purpose: "mortgage", Link: "bank"}
	require.NoError(b, v.CreateLink(b.Context(), ref, retention.Policy{}))
	require.NoError(b, v.Keep(b.Context(), ref, []retention.Content{
		{Category: model.CategoryPerson, Body: make([]byte, 1024)},
		{Category: model.CategoryAddress, Body: make([]byte, 1024)},
		{Category: model.CategoryBalance, Body: make([]byte, 1024)},
	}, nil))
	read := func() {
		cs, err := v.Read(b.Context(), by, ref, model.CategoryBalance)
		if err != nil || len(cs) != 1 {
			b.Fatal(err)
		}
	}
	read()
	var expires int64
	var link, item string
	// The row of the balance, whose statement is then what the vault sends.
	require.NoError(b, db.QueryRow("SELECT expires, link, item FROM brondata_vault_rows LIMIT 1").Scan(&expires, &link, &item))
	keys, err := db.Prepare("SELECT id, version, due, body FROM brondata_vault_keys WHERE space = ? AND id IN (?, ?, ?)")
	require.NoError(b, err)
	row, err := db.Prepare("SELECT sealed FROM brondata_vault_rows WHERE expires = ? AND link = ? AND item = ? AND chunk = ?")
	require.NoError(b, err)
	bare := func() {
		rows, err := keys.QueryContext(b.Context(), "", "clock", "l/grant-1/bank", "g/grant-1/financial")
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for rows.Next() {
			var id string
			var version int64
			var due sql.NullInt64
			var body []byte
			if err := rows.Scan(&id, &version, &due, &body); err != nil {
				b.Fatal(err)
			}
			n++
		}
		if err := rows.Close(); err != nil || n != 3 {
			b.Fatal(n, err)
		}
		var sealed []byte
		if err := row.QueryRowContext(b.Context(), expires, link, item, 0).Scan(&sealed); err != nil {
			b.Fatal(err)
		}
	}
	// In turns, so that both see the same machine.
	var ours, theirs time.Duration
	for b.Loop() {
		begun := time.Now()
		read()
		middle := time.Now()
		bare()
		ours += middle.Sub(begun)
		theirs += time.Since(middle)
	}
	per := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / float64(b.N) }
	b.ReportMetric(per(ours), "vault-µs")
	b.ReportMetric(per(theirs), "bare-µs")
	b.ReportMetric(per(ours-theirs), "over-µs")
}

// BenchmarkLock measures for how long a sweep of 100,000 rows holds the writers' lock at most: each of its writes is a
// transaction by itself. Another writer works meanwhile; what that one waits includes the disk and SQLite's own sleeping.
func BenchmarkLock(b *testing.B) {
	var longest, wait atomic.Int64
	for range b.N {
		b.StopTimer()
		plain, _ := benchDB(b, 100_000, 1)
		var file string
		require.NoError(b, plain.QueryRow("SELECT file FROM pragma_database_list").Scan(&file))
		db, k := killDB(b, databases[0], "file:"+file+pragmas)
		k.before = func(int64) error { return nil }
		k.took = func(d time.Duration) { raise(&longest, d) }
		v := benchVault(b, db, start)
		data, err := sqlvault.OpenStore(b.Context(), plain, sqlvault.SQLite)
		require.NoError(b, err)
		b.StartTimer()
		done := make(chan error, 1)
		go func() {
			_, err := v.Sweep(b.Context(), 1_000_000)
			done <- err
		}()
		for n := 0; ; n++ {
			select {
			case err := <-done:
				require.NoError(b, err)
			default:
				begun := time.Now()
				require.NoError(b, data.Put(b.Context(), retention.Row{Expires: retention.Forever, Link: "a", Item: "b", Chunk: n % 1000}, []byte("x")))
				raise(&wait, time.Since(begun))
				time.Sleep(5 * time.Millisecond)
				continue
			}
			break
		}
	}
	b.ReportMetric(float64(longest.Load())/1e6, "longest-lock-ms")
	b.ReportMetric(float64(wait.Load())/1e6, "longest-wait-ms")
}

func raise(highest *atomic.Int64, d time.Duration) {
	if int64(d) > highest.Load() {
		highest.Store(int64(d))
	}
}
