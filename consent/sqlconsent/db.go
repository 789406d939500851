// Package sqlconsent keeps consent and the access log in an SQL database of the host: SQLite or PostgreSQL, over
// database/sql. It imports no driver; the host does:
//
//	db, err := sql.Open("sqlite", "file:consent.db?_pragma=secure_delete(1)&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
//	d, err := sqlconsent.Open(ctx, db, sqlconsent.SQLite)
//	m, err := consent.NewManager(d.Store(), nil)
//	log, err := audit.Open(ctx, d.Audit(), signer, nil)
//
// # SQLite
//
// Every connection of the pool must have these settings, which a data source name can hold; opening checks one of them. They are those of
// package sqlvault: one database can serve both.
//
//	secure_delete  on: what was forgotten or erased is overwritten with zeros, see Scrub
//	synchronous    full (the default) or extra: a revoke that was acknowledged survives a loss of power
//	busy_timeout   100 ms at least: several processes and connections write in turn
//	journal_mode   wal is recommended: readers and the writer do not block each other
//
// With a write-ahead log, what was deleted stays in that log's file until the log is emptied. [Store.Scrub] and [AuditStore.Scrub] do
// that, and Manager and log call them where something had to go: after forgetting, erasing and delivering, and in each sweep. A
// long reading transaction of a host's own keeps them from it, and then the next sweep does it.
//
// The tests use modernc.org/sqlite.
//
// # PostgreSQL
//
// Version 12 or later. The default isolation (READ COMMITTED) is enough: every condition is checked under a row lock. The
// connection must go to the primary: a lagging replica would permit what was revoked. synchronous_commit must be on, which is the
// default; opening checks it. Replaced and deleted rows stay in the tables' files until (auto)vacuum, and longer in write-ahead
// archives and replicas: keep those short. The tests use pgx's stdlib driver.
//
// # Privacy
//
// The tables hold who consented to what, no retrieved data. Errors name no item, and of what a driver says its code only; errors.As
// finds the driver's error.
package sqlconsent

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/internal/sqldb"
	"github.com/brondata/brondata/retention/sqlvault"
)

// Dialect is the kind of database: the type of package sqlvault, so that a host has one value for both.
type Dialect = sqlvault.Dialect

// The dialects.
const (
	SQLite     = sqlvault.SQLite
	PostgreSQL = sqlvault.PostgreSQL
)

// ErrSetup says that the database's settings do not keep what is promised; the text says which.
var ErrSetup = errors.New("sqlconsent: database settings")

// DB is a database that holds consent and access logs. Safe for concurrent use, as its sql.DB is, which the host opens,
// tunes and closes.
type DB struct {
	db      *sql.DB
	dialect Dialect
}

// Open returns a DB with its schema up to date: see [DB.Migrate]. See the package documentation for the settings that a database must
// have; [ErrSetup] otherwise.
func Open(ctx context.Context, db *sql.DB, dialect Dialect) (*DB, error) {
	if db == nil || dialect != SQLite && dialect != PostgreSQL {
		return nil, fmt.Errorf("%w: database or dialect", consent.ErrInvalid)
	}
	d := &DB{db: db, dialect: dialect}
	wrong, err := sqldb.Wrong(ctx, db, dialect == PostgreSQL)
	if err != nil {
		return nil, d.failed(ctx, "open", err)
	}
	if wrong != "" {
		return nil, fmt.Errorf("%w: %s", ErrSetup, wrong)
	}
	if err := d.Migrate(ctx); err != nil {
		return nil, err
	}
	return d, nil
}

// query writes a statement's placeholders, which are ? here, as the dialect wants them.
func (d *DB) query(q string) string {
	if d.dialect != PostgreSQL {
		return q
	}
	out := make([]byte, 0, len(q)+8)
	n := byte('0')
	for i := range len(q) {
		if q[i] != '?' {
			out = append(out, q[i])
			continue
		}
		n++ // no statement here has more than nine
		out = append(out, '$', n)
	}
	return string(out)
}

// scrub empties SQLite's write-ahead log; for PostgreSQL it does nothing.
func (d *DB) scrub(ctx context.Context) error {
	if d.dialect != SQLite {
		return nil
	}
	if err := sqldb.Scrub(ctx, d.db); err != nil {
		return d.failed(ctx, "scrub", err)
	}
	return nil
}

// inTx runs f in a transaction that takes SQLite's write lock at once: one that first reads and then writes could
// otherwise fail where waiting would do. database/sql has no name for that, hence the plain statements.
func (d *DB) inTx(ctx context.Context, f func(c *sql.Conn) error) (err error) {
	c, err := d.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	begin := "BEGIN"
	if d.dialect == SQLite {
		begin = "BEGIN IMMEDIATE"
	}
	if _, err := c.ExecContext(ctx, begin); err != nil {
		return err
	}
	defer func() {
		if err == nil {
			return
		}
		// The transaction must not stay open in the pool, also when the context has ended.
		if _, rb := c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); rb != nil {
			_ = c.Raw(func(any) error { return errBadConn })
		}
	}()
	if err := f(c); err != nil {
		return err
	}
	_, err = c.ExecContext(ctx, "COMMIT")
	return err
}
