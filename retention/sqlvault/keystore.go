package sqlvault

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/brondata/brondata/retention"
)

// KeyStore is a [retention.KeyStore] in a table. It is safe for concurrent use, also by several processes.
type KeyStore struct {
	*base
	space string
}

var (
	_ retention.KeyStore = (*KeyStore)(nil)
	_ retention.Scrubber = (*KeyStore)(nil)
)

// OpenKeyStore opens the keys in a database, and makes or migrates their table. space keeps tenants apart that share a
// database, for a key store is of one tenant: at most 256 bytes, "" for the only one. See the package documentation for the
// settings that a database must have; ErrSetup otherwise.
func OpenKeyStore(ctx context.Context, db *sql.DB, d Dialect, space string) (*KeyStore, error) {
	if len(space) > 256 || strings.ContainsRune(space, 0) {
		return nil, fmt.Errorf("%w: name of the space", ErrSetup)
	}
	b, err := open(ctx, db, d, "keys")
	if err != nil {
		return nil, err
	}
	return &KeyStore{b, space}, nil
}

const (
	columns    = `SELECT id, version, due, body FROM brondata_vault_keys `
	listKeys   = columns + `WHERE space = ? AND id > ? AND id >= ? AND id < ? ORDER BY id LIMIT ?`
	dueKeys    = columns + `WHERE space = ? AND due IS NOT NULL AND due <= ? ORDER BY due, id LIMIT ?`
	createKey  = `INSERT INTO brondata_vault_keys (space, id, version, due, body) VALUES (?, ?, 1, ?, ?) ON CONFLICT (space, id) DO NOTHING`
	updateKey  = `UPDATE brondata_vault_keys SET version = version + 1, due = ?, body = ? WHERE space = ? AND id = ? AND version = ?`
	deleteKey  = `DELETE FROM brondata_vault_keys WHERE space = ? AND id = ? AND version = ?`
	checkKey   = `SELECT 1 FROM brondata_vault_keys WHERE space = ? AND id = ? AND version = ?`
	checkKeyPG = checkKey + ` FOR SHARE`
)

// Get implements [retention.KeyStore]. One statement sees one state.
func (s *KeyStore) Get(ctx context.Context, ids ...string) ([]retention.Record, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	stmt, err := s.prepared(ctx, columns+"WHERE space = ? AND id IN ("+marks(len(ids))+")")
	if err != nil {
		return nil, err
	}
	args := make([]any, 1, 1+len(ids))
	args[0] = s.space
	for _, id := range ids {
		args = append(args, id)
	}
	return records(ctx, stmt, len(ids), args...)
}

// List implements [retention.KeyStore].
func (s *KeyStore) List(ctx context.Context, prefix, after string, max int) ([]retention.Record, error) {
	stmt, err := s.prepared(ctx, listKeys)
	if err != nil {
		return nil, err
	}
	end := "\x7f" // after every id
	if prefix != "" {
		last := len(prefix) - 1
		end = prefix[:last] + string(rune(prefix[last]+1)) // ids are printable ASCII: one more is at most 0x7f
	}
	return records(ctx, stmt, max, s.space, after, prefix, end, max)
}

// Due implements [retention.KeyStore].
func (s *KeyStore) Due(ctx context.Context, at time.Time, max int) ([]retention.Record, error) {
	stmt, err := s.prepared(ctx, dueKeys)
	if err != nil {
		return nil, err
	}
	return records(ctx, stmt, 0, s.space, at.UnixMilli(), max)
}

func records(ctx context.Context, stmt *sql.Stmt, size int, args ...any) (out []retention.Record, err error) {
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, failed(ctx, "read keys", err)
	}
	defer rows.Close()
	if size > 0 {
		out = make([]retention.Record, 0, min(size, 64))
	}
	for rows.Next() {
		var (
			r   retention.Record
			due sql.NullInt64
		)
		if err := rows.Scan(&r.ID, &r.Version, &due, &r.Body); err != nil {
			return nil, failed(ctx, "read keys", err)
		}
		if due.Valid {
			r.Due = time.UnixMilli(due.Int64).UTC()
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, failed(ctx, "read keys", err)
	}
	return out, nil
}

// Apply implements [retention.KeyStore].
func (s *KeyStore) Apply(ctx context.Context, changes ...retention.Change) error {
	if err := retention.CheckChanges(changes); err != nil {
		return err
	}
	if len(changes) == 1 {
		// One statement is a transaction by itself.
		return s.apply(ctx, s.db, changes[0])
	}
	// In one order always, so that two transactions never wait for each other.
	changes = slices.Clone(changes)
	slices.SortFunc(changes, func(a, b retention.Change) int { return cmp.Compare(a.Record.ID, b.Record.ID) })
	return s.tx(ctx, func(q querier) error {
		for _, c := range changes {
			if err := s.apply(ctx, q, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *KeyStore) apply(ctx context.Context, q querier, c retention.Change) error {
	r := c.Record
	var due sql.NullInt64
	if !r.Due.IsZero() {
		due = sql.NullInt64{Int64: r.Due.UnixMilli(), Valid: true}
	}
	if r.Body == nil {
		r.Body = []byte{}
	}
	var (
		res sql.Result
		err error
	)
	switch c.Op {
	case retention.OpCreate:
		res, err = q.ExecContext(ctx, s.bind(createKey), s.space, r.ID, due, r.Body)
	case retention.OpUpdate:
		res, err = q.ExecContext(ctx, s.bind(updateKey), due, r.Body, s.space, r.ID, r.Version)
	case retention.OpDelete:
		res, err = q.ExecContext(ctx, s.bind(deleteKey), s.space, r.ID, r.Version)
	case retention.OpCheck:
		query := checkKey
		if s.dialect == PostgreSQL {
			query = checkKeyPG
		}
		var one int
		err := q.QueryRowContext(ctx, s.bind(query), s.space, r.ID, r.Version).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			return retention.ErrConflict
		}
		if err != nil {
			return failed(ctx, "apply", err)
		}
		return nil
	}
	if err != nil {
		return failed(ctx, "apply", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return failed(ctx, "apply", err)
	}
	if n != 1 {
		return retention.ErrConflict
	}
	return nil
}
