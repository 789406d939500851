package sqlvault

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/brondata/brondata/internal/sqldb"
)

// Dialect says which database it is. Package sqlconsent's is the same type.
type Dialect string

// The dialects.
const (
	SQLite     Dialect = "sqlite"   // 3.24 or later
	PostgreSQL Dialect = "postgres" // 12 or later
)

var (
	// ErrSetup says that the database's settings do not keep what a vault promises; the text says which.
	ErrSetup = errors.New("sqlvault: database settings")
	// ErrSchema says that the tables are of a later version than this package knows.
	ErrSchema = errors.New("sqlvault: unknown schema version")
	// ErrDatabase says that the database failed. Drivers quote values, so of what one said only the code is in the text;
	// errors.As finds the driver's error.
	ErrDatabase = errors.New("database failed")
)

// base is what both stores have.
type base struct {
	db      *sql.DB
	dialect Dialect

	mu    sync.RWMutex
	stmts map[string]*sql.Stmt
}

func open(ctx context.Context, db *sql.DB, d Dialect, part string) (*base, error) {
	if db == nil || d != SQLite && d != PostgreSQL {
		return nil, fmt.Errorf("%w: no database or unknown dialect", ErrSetup)
	}
	b := &base{db: db, dialect: d, stmts: make(map[string]*sql.Stmt)}
	if err := b.check(ctx); err != nil {
		return nil, err
	}
	if err := b.migrate(ctx, part); err != nil {
		return nil, err
	}
	return b, nil
}

// Close releases the prepared statements. The database stays open: it is the host's.
func (b *base) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var errs []error
	for _, s := range b.stmts {
		if err := s.Close(); err != nil {
			errs = append(errs, failed(context.Background(), "close", err))
		}
	}
	b.stmts = make(map[string]*sql.Stmt)
	return errors.Join(errs...)
}

// check refuses settings under which an acknowledged deletion could come back.
func (b *base) check(ctx context.Context) error {
	wrong, err := sqldb.Wrong(ctx, b.db, b.dialect == PostgreSQL)
	if err != nil {
		return failed(ctx, "open", err)
	}
	if wrong != "" {
		return fmt.Errorf("%w: %s", ErrSetup, wrong)
	}
	return nil
}

//go:embed migrations
var migrations embed.FS

// migrate brings the tables of one part forward, one version after the other.
func (b *base) migrate(ctx context.Context, part string) error {
	folder := "migrations/sqlite/"
	if b.dialect == PostgreSQL {
		folder = "migrations/postgres/"
	}
	return b.tx(ctx, func(q querier) error {
		if b.dialect == PostgreSQL {
			// A lock of our own: CREATE TABLE IF NOT EXISTS is not safe against itself.
			if _, err := q.ExecContext(ctx, "SELECT pg_advisory_xact_lock(8319104479325217)"); err != nil {
				return failed(ctx, "migrate", err)
			}
		}
		if _, err := q.ExecContext(ctx,
			"CREATE TABLE IF NOT EXISTS brondata_vault_schema (part TEXT PRIMARY KEY, version INTEGER NOT NULL)"); err != nil {
			return failed(ctx, "migrate", err)
		}
		var version int
		err := q.QueryRowContext(ctx, b.bind("SELECT version FROM brondata_vault_schema WHERE part = ?"), part).Scan(&version)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return failed(ctx, "migrate", err)
		}
		from := version
		for {
			script, err := migrations.ReadFile(folder + part + "_" + strconv.Itoa(version+1) + ".sql")
			if errors.Is(err, fs.ErrNotExist) {
				break
			}
			if err != nil {
				return failed(ctx, "migrate", err)
			}
			for stmt := range strings.SplitSeq(stripComments(string(script)), ";") {
				if strings.TrimSpace(stmt) == "" {
					continue
				}
				if _, err := q.ExecContext(ctx, stmt); err != nil {
					return failed(ctx, "migrate "+part+" to "+strconv.Itoa(version+1), err)
				}
			}
			version++
		}
		if known := latest(folder, part); from > known {
			return ErrSchema
		}
		if version == from {
			return nil
		}
		_, err = q.ExecContext(ctx, b.bind(`INSERT INTO brondata_vault_schema (part, version) VALUES (?, ?)
			ON CONFLICT (part) DO UPDATE SET version = excluded.version`), part, version)
		if err != nil {
			return failed(ctx, "migrate", err)
		}
		return nil
	})
}

// latest is the version that the embedded migrations lead to.
func latest(folder, part string) int {
	for v := 0; ; v++ {
		if _, err := migrations.ReadFile(folder + part + "_" + strconv.Itoa(v+1) + ".sql"); err != nil {
			return v
		}
	}
}

func stripComments(script string) string {
	var out strings.Builder
	for line := range strings.Lines(script) {
		text, _, _ := strings.Cut(line, "--")
		out.WriteString(text)
		out.WriteByte('\n')
	}
	return out.String()
}

// bind turns the question marks of a statement into PostgreSQL's numbered parameters.
func (b *base) bind(q string) string {
	if b.dialect == SQLite {
		return q
	}
	var out strings.Builder
	n := 0
	for part := range strings.SplitSeq(q, "?") {
		if n > 0 {
			out.WriteString("$" + strconv.Itoa(n))
		}
		out.WriteString(part)
		n++
	}
	return out.String()
}

// prepared returns a prepared statement, made at its first use.
func (b *base) prepared(ctx context.Context, q string) (*sql.Stmt, error) {
	b.mu.RLock()
	s := b.stmts[q]
	b.mu.RUnlock()
	if s != nil {
		return s, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.stmts[q]; s != nil {
		return s, nil
	}
	s, err := b.db.PrepareContext(ctx, b.bind(q))
	if err != nil {
		return nil, failed(ctx, "prepare", err)
	}
	b.stmts[q] = s
	return s, nil
}

type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// tx runs f in a writing transaction. SQLite's is begun as one: a transaction that begins by reading and then writes
// fails at once when another one wrote in between.
func (b *base) tx(ctx context.Context, f func(querier) error) error {
	if b.dialect == PostgreSQL {
		tx, err := b.db.BeginTx(ctx, nil)
		if err != nil {
			return failed(ctx, "begin", err)
		}
		if err := f(tx); err != nil {
			_ = tx.Rollback()
			return err
		}
		if err := tx.Commit(); err != nil {
			return failed(ctx, "commit", err)
		}
		return nil
	}
	conn, err := b.db.Conn(ctx)
	if err != nil {
		return failed(ctx, "connection", err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return failed(ctx, "begin", err)
	}
	err = f(conn)
	if err == nil {
		if _, err = conn.ExecContext(ctx, "COMMIT"); err == nil {
			return nil
		}
		err = failed(ctx, "commit", err)
	}
	// The connection goes back to the pool and must not hold a transaction, also when the caller's context is over.
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, rollback := conn.ExecContext(end, "ROLLBACK"); rollback != nil {
		// Either the commit was done after all, or the connection is of no more use.
		_ = conn.Raw(func(any) error { return errBadConn })
	}
	return err
}

// Scrub implements [retention.Scrubber]: for SQLite it moves what is in the write-ahead log into the database, where
// deleted content is zeros, and empties the log. It holds the writers' lock for 25 ms at most; when readers keep it from
// emptying the log, that is no error and is left to the next time. For PostgreSQL it does nothing: see the package
// documentation.
func (b *base) Scrub(ctx context.Context) error {
	if b.dialect != SQLite {
		return nil
	}
	if err := sqldb.Scrub(ctx, b.db); err != nil {
		return failed(ctx, "scrub", err)
	}
	return nil
}
