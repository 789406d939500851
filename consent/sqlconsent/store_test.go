package sqlconsent_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/consent/consenttest"
	"github.com/brondata/brondata/consent/sqlconsent"
	"github.com/brondata/brondata/internal/pgtest"
)

const pragmas = "?_pragma=busy_timeout(20000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"

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

func TestSQLiteStore(t *testing.T) {
	t.Parallel()
	paths := map[consent.Store]string{}
	consenttest.Run(t, func(t testing.TB) consent.Store {
		return openSQLite(t, filepath.Join(t.TempDir(), "consent.db")).Store()
	}, nil)
	_ = paths
}

func TestPostgresStore(t *testing.T) {
	t.Parallel()
	pgtest.Start(t) // skips here, visibly, and not in each subtest
	consenttest.Run(t, func(t testing.TB) consent.Store {
		return open(t, "pgx", pgtest.Start(t), sqlconsent.Postgres).Store()
	}, nil)
}
