package sqlvault_test

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/retention/sqlvault"
)

// found says in which files of a folder a sequence of bytes is.
func found(t *testing.T, dir string, what []byte) (in []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		require.NoError(t, err)
		if bytes.Contains(b, what) {
			in = append(in, f.Name())
		}
	}
	return in
}

// TestFiles looks into SQLite's files, write-ahead log included: no plaintext at any time, and after a revoke not even the
// wrapped keys.
func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := openSQLite(t, filepath.Join(dir, "vault.db"))
	ctx := t.Context()
	s := at(t, db, sqlvault.SQLite, "files", start)
	require.NoError(t, s.CreateLink(ctx, s.ref, retention.Policy{}))
	canaries := map[model.Category]string{
		model.CategoryPerson: "CANARY-Kanarie-van-Test", model.CategoryTransaction: "CANARY-NL00SYNT0123456789",
	}
	for range 3 {
		var cs []retention.Content
		for c, body := range canaries {
			cs = append(cs, retention.Content{Category: c, Body: []byte(body)})
		}
		require.NoError(t, s.Keep(ctx, s.ref, cs, nil))
		require.NoError(t, s.SaveState(ctx, s.ref, []byte("CANARY-refresh-token")))
		_, err := s.ReadGrant(ctx, by, s.ref)
		require.NoError(t, err)
	}
	for _, c := range append([]string{"CANARY-refresh-token", "CANARY"}, canaries[model.CategoryPerson], canaries[model.CategoryTransaction]) {
		assert.Empty(t, found(t, dir, []byte(c)))
		assert.Empty(t, found(t, dir, []byte(hex.EncodeToString([]byte(c)))))
		assert.Empty(t, found(t, dir, []byte(base64.StdEncoding.EncodeToString([]byte(c))[:8])))
	}

	// What the key store holds about the grant and its link, and what the data store holds: in the files now, and gone after.
	var bodies [][]byte
	rows, err := db.QueryContext(ctx, `SELECT body FROM brondata_vault_keys WHERE id LIKE 'g/%' OR id LIKE 'l/%'
		UNION ALL SELECT sealed FROM brondata_vault_rows`)
	require.NoError(t, err)
	for rows.Next() {
		var b []byte
		require.NoError(t, rows.Scan(&b))
		bodies = append(bodies, b[len(b)/2:len(b)/2+48])
	}
	require.NoError(t, rows.Err())
	require.NoError(t, rows.Close())
	require.Len(t, bodies, 3+1+3)
	for _, b := range bodies {
		require.NotEmpty(t, found(t, dir, b))
	}
	require.NoError(t, s.DestroyGrant(ctx, s.ref.Grant))
	for _, b := range bodies[:3] {
		assert.Empty(t, found(t, dir, b), "a destroyed key is still in a file")
	}
	_, err = s.DeleteGrant(ctx, by, s.ref.Grant)
	require.NoError(t, err)
	s.now = s.now.Add(time.Hour)
	s.sweep(t)
	for i, b := range bodies {
		assert.Empty(t, found(t, dir, b), "something deleted is still in a file (%d)", i)
	}
}

// TestRestore puts yesterday's data back after a delete: the rows are there again, and every read says shredded.
func TestRestore(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			db := d.open(t, "")
			s := at(t, db, d.dialect, "restore", start)
			require.NoError(t, s.fill(t.Context()))
			_, err := db.ExecContext(t.Context(), "CREATE TABLE yesterday AS SELECT * FROM brondata_vault_rows")
			require.NoError(t, err)
			s.now = s.now.Add(24 * time.Hour)
			_, err = s.DeleteGrant(t.Context(), by, s.ref.Grant)
			require.NoError(t, err)
			require.Zero(t, s.rows(t))
			_, err = db.ExecContext(t.Context(), "INSERT INTO brondata_vault_rows SELECT * FROM yesterday")
			require.NoError(t, err)
			require.Equal(t, 6, s.rows(t))
			for _, s := range []*scenario{s, at(t, db, d.dialect, "restore", s.now)} {
				for _, ref := range []retention.Ref{s.ref, s.ref2} {
					for _, c := range append(allKept, retention.CategoryState, model.CategoryIncome) {
						_, err := s.Read(t.Context(), by, ref, c)
						require.ErrorIs(t, err, retention.ErrShredded)
					}
				}
				_, err = s.ReadGrant(t.Context(), by, s.ref)
				require.ErrorIs(t, err, retention.ErrShredded)
			}
			later := at(t, db, d.dialect, "restore", s.now.Add(366*24*time.Hour))
			later.sweep(t)
			require.LessOrEqual(t, later.rows(t), 1, "only what never expires waits for the host to delete it")
		})
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]string{
		"secure_delete off":  "?_pragma=secure_delete(0)&_pragma=busy_timeout(5000)",
		"secure_delete fast": "?_pragma=secure_delete(fast)&_pragma=busy_timeout(5000)",
		"synchronous normal": "?_pragma=secure_delete(1)&_pragma=busy_timeout(5000)&_pragma=synchronous(1)",
		"no busy timeout":    "?_pragma=secure_delete(1)",
	} {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "vault.db")+bad)
		require.NoError(t, err)
		_, err = sqlvault.OpenStore(t.Context(), db, sqlvault.SQLite)
		require.ErrorIs(t, err, sqlvault.ErrSetup, name)
		_, err = sqlvault.OpenKeyStore(t.Context(), db, sqlvault.SQLite, "")
		require.ErrorIs(t, err, sqlvault.ErrSetup, name)
		require.NoError(t, db.Close())
	}
	_, err := sqlvault.OpenStore(t.Context(), nil, sqlvault.SQLite)
	require.ErrorIs(t, err, sqlvault.ErrSetup)
}

func TestMigrations(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			db := d.open(t, "")
			ctx := t.Context()
			var wg sync.WaitGroup
			for range 4 { // processes that start at once
				wg.Go(func() {
					_, err := sqlvault.OpenStore(ctx, db, d.dialect)
					assert.NoError(t, err)
					_, err = sqlvault.OpenKeyStore(ctx, db, d.dialect, "")
					assert.NoError(t, err)
				})
			}
			wg.Wait()
			_, err := db.ExecContext(ctx, "UPDATE brondata_vault_schema SET version = 99 WHERE part = 'keys'")
			require.NoError(t, err)
			_, err = sqlvault.OpenKeyStore(ctx, db, d.dialect, "")
			require.ErrorIs(t, err, sqlvault.ErrSchema)
			_, err = sqlvault.OpenStore(ctx, db, d.dialect)
			require.NoError(t, err, "the parts have versions of their own")
		})
	}
}

func TestSpaces(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			db := d.open(t, "")
			one, err := sqlvault.OpenKeyStore(t.Context(), db, d.dialect, "one")
			require.NoError(t, err)
			two, err := sqlvault.OpenKeyStore(t.Context(), db, d.dialect, "two")
			require.NoError(t, err)
			r := retention.Record{ID: "a", Due: start, Body: []byte("x")}
			require.NoError(t, one.Apply(t.Context(), retention.Change{Op: retention.OpCreate, Record: r}))
			for _, look := range []func() ([]retention.Record, error){
				func() ([]retention.Record, error) { return two.Get(t.Context(), "a") },
				func() ([]retention.Record, error) { return two.List(t.Context(), "", "", 10) },
				func() ([]retention.Record, error) { return two.Due(t.Context(), start, 10) },
			} {
				rs, err := look()
				require.NoError(t, err)
				require.Empty(t, rs)
			}
			r.Version = 1
			require.ErrorIs(t, two.Apply(t.Context(), retention.Change{Op: retention.OpDelete, Record: r}), retention.ErrConflict)
			require.NoError(t, two.Apply(t.Context(), retention.Change{Op: retention.OpCreate, Record: r}))
		})
	}
}
