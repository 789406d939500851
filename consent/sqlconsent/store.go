package sqlconsent

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/internal/sqldb"
	"github.com/brondata/brondata/retention"
)

// errBadConn makes database/sql close a connection instead of keeping it.
var errBadConn = driver.ErrBadConn

// Store is a [consent.Store] in a [DB].
type Store struct{ d *DB }

var (
	_ consent.Store      = (*Store)(nil)
	_ retention.Scrubber = (*Store)(nil)
)

// Store returns the store of consent in the database. All that are returned share it.
func (d *DB) Store() *Store { return &Store{d} }

const columns = "id, owner, due, version, body"

// Get implements [consent.Store].
func (s *Store) Get(ctx context.Context, kind consent.Kind, id string) (consent.Item, error) {
	row := s.d.db.QueryRowContext(ctx, s.d.query("SELECT "+columns+" FROM consent_items WHERE kind = ? AND id = ?"), string(kind), id)
	it, err := scan(kind, row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return consent.Item{}, fmt.Errorf("%w: %s", consent.ErrNotFound, kind)
	}
	if err != nil {
		return consent.Item{}, s.d.failed(ctx, "get", err)
	}
	return it, nil
}

// List implements [consent.Store].
func (s *Store) List(ctx context.Context, kind consent.Kind, owner string) ([]consent.Item, error) {
	if owner == "" {
		return nil, nil
	}
	return s.items(ctx, kind, "SELECT "+columns+" FROM consent_items WHERE kind = ? AND owner = ? AND owner <> '' ORDER BY id",
		string(kind), owner)
}

// Due implements [consent.Store].
func (s *Store) Due(ctx context.Context, kind consent.Kind, at time.Time, max int) ([]consent.Item, error) {
	return s.items(ctx, kind, "SELECT "+columns+
		" FROM consent_items WHERE kind = ? AND due IS NOT NULL AND due <= ? ORDER BY due, id LIMIT ?", string(kind), at.UnixMilli(), max)
}

func (s *Store) items(ctx context.Context, kind consent.Kind, q string, args ...any) ([]consent.Item, error) {
	rows, err := s.d.db.QueryContext(ctx, s.d.query(q), args...)
	if err != nil {
		return nil, s.d.failed(ctx, "list", err)
	}
	defer rows.Close()
	var out []consent.Item
	for rows.Next() {
		it, err := scan(kind, rows.Scan)
		if err != nil {
			return nil, s.d.failed(ctx, "list", err)
		}
		out = append(out, it)
	}
	if err := rows.Err(); err != nil {
		return nil, s.d.failed(ctx, "list", err)
	}
	return out, nil
}

func scan(kind consent.Kind, f func(...any) error) (consent.Item, error) {
	it := consent.Item{Kind: kind}
	var due sql.NullInt64
	err := f(&it.ID, &it.Owner, &due, &it.Version, &it.Body)
	if due.Valid {
		it.Due = time.UnixMilli(due.Int64).UTC()
	}
	return it, err
}

// Apply implements [consent.Store].
func (s *Store) Apply(ctx context.Context, changes ...consent.Change) error {
	if err := consent.CheckChanges(changes); err != nil {
		return err
	}
	// One order for all, so that two that touch the same items wait for each other and never both ways.
	changes = slices.Clone(changes)
	slices.SortFunc(changes, func(a, b consent.Change) int {
		return cmp.Or(cmp.Compare(a.Item.Kind, b.Item.Kind), cmp.Compare(a.Item.ID, b.Item.ID))
	})
	var err error
	if len(changes) == 1 && changes[0].Op != consent.OpCheck {
		err = s.change(ctx, s.d.db, changes[0]) // a single statement is a transaction of its own
	} else {
		err = s.d.inTx(ctx, func(c *sql.Conn) error {
			for _, ch := range changes {
				if err := s.change(ctx, c, ch); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err == nil || errors.Is(err, consent.ErrConflict) {
		return err
	}
	if s.d.contended(err) {
		return fmt.Errorf("%w: %s", consent.ErrConflict, changes[0].Item.Kind)
	}
	return s.d.failed(ctx, "apply", err)
}

type execer interface {
	ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row
}

func (s *Store) change(ctx context.Context, x execer, c consent.Change) error {
	it := c.Item
	var due sql.NullInt64
	if !it.Due.IsZero() {
		due = sql.NullInt64{Int64: consent.CeilMilli(it.Due).UnixMilli(), Valid: true}
	}
	if it.Body == nil {
		it.Body = []byte{} // a driver would store nil as NULL
	}
	var q string
	var args []any
	switch c.Op {
	case consent.OpCreate:
		q = "INSERT INTO consent_items (kind, id, owner, due, version, body) VALUES (?, ?, ?, ?, 1, ?) ON CONFLICT DO NOTHING"
		args = []any{string(it.Kind), it.ID, it.Owner, due, it.Body}
	case consent.OpUpdate:
		q = "UPDATE consent_items SET owner = ?, due = ?, version = version + 1, body = ? WHERE kind = ? AND id = ? AND version = ?"
		args = []any{it.Owner, due, it.Body, string(it.Kind), it.ID, it.Version}
	case consent.OpDelete:
		q = "DELETE FROM consent_items WHERE kind = ? AND id = ? AND version = ?"
		args = []any{string(it.Kind), it.ID, it.Version}
	default:
		return s.check(ctx, x, it)
	}
	res, err := x.ExecContext(ctx, s.d.query(q), args...)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n != 1 {
		err = fmt.Errorf("%w: %s", consent.ErrConflict, it.Kind)
	}
	return err
}

// check holds the item as it is until the transaction ends: under PostgreSQL by a shared row lock, under SQLite because
// there is one writer at a time.
func (s *Store) check(ctx context.Context, x execer, it consent.Item) error {
	q := "SELECT version FROM consent_items WHERE kind = ? AND id = ?"
	if s.d.dialect == PostgreSQL {
		q += " FOR SHARE"
	}
	var version int64
	err := x.QueryRowContext(ctx, s.d.query(q), string(it.Kind), it.ID).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) || err == nil && version != it.Version {
		return fmt.Errorf("%w: %s", consent.ErrConflict, it.Kind)
	}
	return err
}

// Scrub implements [retention.Scrubber]: see [sqlvault.Store.Scrub], which does the same.
func (s *Store) Scrub(ctx context.Context) error { return s.d.scrub(ctx) }

// contended reports whether the database gave up one of two transactions that were in each other's way, which is
// what ErrConflict means: PostgreSQL's serialisation failure and deadlock. The codes are asked of the error by the method
// that pgx and lib/pq both have.
func (d *DB) contended(err error) bool {
	var state interface{ SQLState() string }
	return errors.As(err, &state) && (state.SQLState() == "40001" || state.SQLState() == "40P01")
}

// failed makes the error of an operation out of a driver's.
func (d *DB) failed(ctx context.Context, op string, err error) error {
	return sqldb.Failure(ctx, "sqlconsent: "+op, ErrDatabase, err)
}

// ErrDatabase says that the database failed. What the driver said is left out but for its code, for it may hold values.
var ErrDatabase = errors.New("database failed")
