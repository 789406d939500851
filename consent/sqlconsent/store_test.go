package sqlconsent_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/consent/audit"
	"github.com/brondata/brondata/consent/consenttest"
	"github.com/brondata/brondata/consent/sqlconsent"
	"github.com/brondata/brondata/internal/pgtest"
)

// pragmas are the settings that a host gives every connection.
const pragmas = "?_pragma=secure_delete(1)&_pragma=busy_timeout(60000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"

func openSQLite(t testing.TB, path string) *sqlconsent.DB {
	t.Helper()
	return open(t, "sqlite", "file:"+path+pragmas, sqlconsent.SQLite)
}

func open(t testing.TB, driver, dsn string, dialect sqlconsent.Dialect) *sqlconsent.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	db.SetMaxOpenConns(8)
	t.Cleanup(func() { db.Close() })
	d, err := sqlconsent.Open(t.Context(), db, dialect)
	require.NoError(t, err)
	return d
}

// reopener opens a second database over what the first one stored.
type reopener struct {
	mu    sync.Mutex
	again map[consent.Store]func(t testing.TB) *sqlconsent.DB
	files map[consent.Store]string // a pattern
}

func (r *reopener) open(t testing.TB, files string, connect func(t testing.TB) *sqlconsent.DB) consent.Store {
	s := connect(t).Store()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.again == nil {
		r.again, r.files = map[consent.Store]func(testing.TB) *sqlconsent.DB{}, map[consent.Store]string{}
	}
	r.again[s], r.files[s] = connect, files
	return s
}

func (r *reopener) options() *consenttest.Options {
	return &consenttest.Options{Reopen: func(t testing.TB, s consent.Store) consent.Store {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.again[s](t).Store()
	}, Files: func(t testing.TB, s consent.Store) []string {
		r.mu.Lock()
		defer r.mu.Unlock()
		names, err := filepath.Glob(r.files[s])
		require.NoError(t, err)
		return names
	}}
}

func TestSQLiteStore(t *testing.T) {
	t.Parallel()
	var r reopener
	consenttest.Run(t, func(t testing.TB) consent.Store {
		path := filepath.Join(t.TempDir(), "consent.db")
		return r.open(t, path+"*", func(t testing.TB) *sqlconsent.DB { return open(t, "sqlite", "file:"+path+pragmas, sqlconsent.SQLite) })
	}, r.options())
}

func TestPostgresStore(t *testing.T) {
	t.Parallel()
	pgtest.Start(t) // skips here, visibly, and not in each subtest
	var r reopener
	consenttest.Run(t, func(t testing.TB) consent.Store {
		dsn := pgtest.Start(t)
		return r.open(t, "", func(t testing.TB) *sqlconsent.DB { return open(t, "pgx", dsn, sqlconsent.PostgreSQL) })
	}, r.options())
}

// TestMigrateTogether has many processes start on an empty database.
func TestMigrateTogether(t *testing.T) {
	t.Parallel()
	for name, connect := range map[string]func(t *testing.T) func(t testing.TB) *sqlconsent.DB{
		"sqlite": func(t *testing.T) func(t testing.TB) *sqlconsent.DB {
			path := filepath.Join(t.TempDir(), "consent.db")
			return func(t testing.TB) *sqlconsent.DB { return openSQLite(t, path) }
		},
		"postgres": func(t *testing.T) func(t testing.TB) *sqlconsent.DB {
			dsn := pgtest.Start(t)
			return func(t testing.TB) *sqlconsent.DB { return open(t, "pgx", dsn, sqlconsent.PostgreSQL) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			again := connect(t)
			var wg sync.WaitGroup
			for range 6 {
				wg.Go(func() { again(t) })
			}
			wg.Wait()
			require.NoError(t, again(t).Migrate(t.Context()), "again changes nothing")
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	_, err := sqlconsent.Open(t.Context(), nil, sqlconsent.SQLite)
	require.ErrorIs(t, err, consent.ErrInvalid)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "new.db")+pragmas)
	require.NoError(t, err)
	defer db.Close()
	_, err = sqlconsent.Open(t.Context(), db, "oracle")
	require.ErrorIs(t, err, consent.ErrInvalid)
	_, err = sqlconsent.Open(t.Context(), db, sqlconsent.SQLite)
	require.NoError(t, err)
	_, err = db.Exec("INSERT INTO consent_schema (version) VALUES (999)")
	require.NoError(t, err)
	_, err = sqlconsent.Open(t.Context(), db, sqlconsent.SQLite)
	require.ErrorIs(t, err, sqlconsent.ErrSchema, "an older library leaves a newer schema alone")
}

// TestSettings: what package sqlvault refuses is refused here, in the same way.
func TestSettings(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]string{
		"secure_delete off":  "?_pragma=secure_delete(0)&_pragma=busy_timeout(5000)",
		"synchronous normal": "?_pragma=secure_delete(1)&_pragma=busy_timeout(5000)&_pragma=synchronous(1)",
		"no busy timeout":    "?_pragma=secure_delete(1)",
	} {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "consent.db")+bad)
		require.NoError(t, err)
		_, err = sqlconsent.Open(t.Context(), db, sqlconsent.SQLite)
		require.ErrorIs(t, err, sqlconsent.ErrSetup, name)
		require.NoError(t, db.Close())
	}
}

// TestFailuresSayNothing breaks the tables, whose names drivers put into their texts, under every method.
func TestFailuresSayNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		driver  string
		dialect sqlconsent.Dialect
		dsn     func() string
		code    string
	}{
		"sqlite":   {"sqlite", sqlconsent.SQLite, func() string { return "file:" + filepath.Join(t.TempDir(), "x.db") + pragmas }, ": code 1"},
		"postgres": {"pgx", sqlconsent.PostgreSQL, func() string { return pgtest.Start(t) }, ": SQLSTATE 42P01"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			db, err := sql.Open(c.driver, c.dsn())
			require.NoError(t, err)
			defer db.Close()
			d, err := sqlconsent.Open(ctx, db, c.dialect)
			require.NoError(t, err)
			for _, table := range []string{"consent_items", "audit_entries", "audit_hashes", "audit_secrets"} {
				_, err = db.Exec("DROP TABLE " + table)
				require.NoError(t, err)
			}
			it := consent.Item{Kind: "grant", ID: "canary", Owner: "canary", Body: []byte("canary")}
			s, a := d.Store(), d.Audit()
			for name, do := range map[string]func() error{
				"get":    func() error { _, err := s.Get(ctx, "grant", "canary"); return err },
				"list":   func() error { _, err := s.List(ctx, "grant", "canary"); return err },
				"due":    func() error { _, err := s.Due(ctx, "grant", time.Now(), 1); return err },
				"apply":  func() error { return s.Apply(ctx, consent.Change{Op: consent.OpCreate, Item: it}) },
				"size":   func() error { _, err := a.Size(ctx); return err },
				"append": func() error { return a.Append(ctx, 0, []audit.Row{{Leaf: []byte("canary")}}, nil) },
				"rows":   func() error { _, _, err := a.Rows(ctx, audit.Query{Max: 1}); return err },
				"hashes": func() error { _, err := a.Hashes(ctx, []int64{0}); return err },
				"secret": func() error { _, err := a.Secret(ctx, [32]byte{}, []byte("canary")); return err },
				"erase":  func() error { return a.Erase(ctx, [16]byte{}, [32]byte{}) },
			} {
				err := do()
				require.ErrorIs(t, err, sqlconsent.ErrDatabase, name)
				require.Contains(t, err.Error(), c.code, name)
				for _, s := range []string{"canary", "consent_", "audit_"} {
					require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), s, name)
				}
				if c.dialect == sqlconsent.PostgreSQL {
					_, ok := errors.AsType[*pgconn.PgError](err)
					require.True(t, ok, "a host finds what the driver said: %s", name)
				}
			}
			_, err = db.Exec("DROP TABLE consent_schema")
			require.NoError(t, err)
			_, err = db.Exec("CREATE TABLE consent_schema (canary INTEGER)")
			require.NoError(t, err)
			err = d.Migrate(ctx)
			require.ErrorIs(t, err, sqlconsent.ErrDatabase)
			require.NotContains(t, err.Error(), "version")
		})
	}
}
