package sqlvault_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/brondata/brondata/internal/pgtest"
	"github.com/brondata/brondata/retention/sqlvault"
)

// pragmas are the settings that a host gives every connection.
const pragmas = "?_pragma=secure_delete(1)&_pragma=busy_timeout(60000)&_pragma=journal_mode(wal)"

// openSQLite opens a database in a new file, or in the one given.
func openSQLite(t testing.TB, file string) *sql.DB {
	t.Helper()
	if file == "" {
		file = filepath.Join(t.TempDir(), "vault.db")
	}
	db, err := sql.Open("sqlite", "file:"+file+pragmas)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// openPostgres opens a new database, or the one given.
func openPostgres(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	if dsn == "" {
		dsn = pgtest.Start(t)
	}
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	db.SetMaxOpenConns(8)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// database is one of those that every test runs on.
type database struct {
	name    string
	dialect sqlvault.Dialect
	open    func(t testing.TB, where string) *sql.DB
}

var databases = []database{
	{"sqlite", sqlvault.SQLite, openSQLite},
	{"postgres", sqlvault.PostgreSQL, openPostgres},
}
