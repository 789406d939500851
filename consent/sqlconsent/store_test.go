package sqlconsent_test

import (
	"database/sql"
	"path/filepath"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/consent/consenttest"
	"github.com/brondata/brondata/consent/sqlconsent"
	"github.com/brondata/brondata/internal/pgtest"
)

// fast is for tests of what a store does, not of what survives a power failure.
const (
	fast    = "?_pragma=busy_timeout(60000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)"
	pragmas = "?_pragma=busy_timeout(60000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
)

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
}

func (r *reopener) open(t testing.TB, connect func(t testing.TB) *sqlconsent.DB) consent.Store {
	s := connect(t).Store()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.again == nil {
		r.again = map[consent.Store]func(testing.TB) *sqlconsent.DB{}
	}
	r.again[s] = connect
	return s
}

func (r *reopener) options() *consenttest.Options {
	return &consenttest.Options{Reopen: func(t testing.TB, s consent.Store) consent.Store {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.again[s](t).Store()
	}}
}

func TestSQLiteStore(t *testing.T) {
	t.Parallel()
	var r reopener
	consenttest.Run(t, func(t testing.TB) consent.Store {
		path := filepath.Join(t.TempDir(), "consent.db")
		return r.open(t, func(t testing.TB) *sqlconsent.DB { return open(t, "sqlite", "file:"+path+fast, sqlconsent.SQLite) })
	}, r.options())
}

func TestPostgresStore(t *testing.T) {
	t.Parallel()
	pgtest.Start(t) // skips here, visibly, and not in each subtest
	var r reopener
	consenttest.Run(t, func(t testing.TB) consent.Store {
		dsn := pgtest.Start(t)
		return r.open(t, func(t testing.TB) *sqlconsent.DB { return open(t, "pgx", dsn, sqlconsent.PostgreSQL) })
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

func TestFailuresSayNothing(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "x.db")+pragmas)
	require.NoError(t, err)
	d, err := sqlconsent.Open(t.Context(), db, sqlconsent.SQLite)
	require.NoError(t, err)
	_, err = db.Exec("DROP TABLE consent_items")
	require.NoError(t, err)
	it := consent.Item{Kind: "grant", ID: "canary", Owner: "canary", Body: []byte("canary")}
	_, get := d.Store().Get(t.Context(), "grant", "canary")
	_, list := d.Store().List(t.Context(), "grant", "canary")
	apply := d.Store().Apply(t.Context(), consent.Change{Op: consent.OpCreate, Item: it})
	for _, err := range []error{get, list, apply} {
		require.ErrorIs(t, err, sqlconsent.ErrDatabase)
		require.NotContains(t, err.Error(), "canary")
		require.NotContains(t, err.Error(), "table")
	}
}
