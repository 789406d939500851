package sqlvault

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/brondata/brondata/internal/sqldb"
	"github.com/brondata/brondata/retention"
)

// errBadConn makes database/sql drop a connection.
var errBadConn = driver.ErrBadConn

// Store is a [retention.Store] in a table that is ordered by expiry. It is safe for concurrent use, also by several
// processes.
type Store struct{ *base }

var (
	_ retention.Store    = (*Store)(nil)
	_ retention.Scrubber = (*Store)(nil)
)

// OpenStore opens the rows in a database, and makes or migrates their table. See the package documentation for the settings
// that a database must have; ErrSetup otherwise.
func OpenStore(ctx context.Context, db *sql.DB, d Dialect) (*Store, error) {
	b, err := open(ctx, db, d, "rows")
	if err != nil {
		return nil, err
	}
	return &Store{b}, nil
}

const (
	putRow = `INSERT INTO brondata_vault_rows (expires, link, item, chunk, sealed) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (expires, link, item, chunk) DO UPDATE SET sealed = excluded.sealed`
	getRow    = `SELECT sealed FROM brondata_vault_rows WHERE expires = ? AND link = ? AND item = ? AND chunk = ?`
	deleteRow = `DELETE FROM brondata_vault_rows WHERE expires = ? AND link = ? AND item = ? AND chunk = ?`

	// SQLite deletes a range of the table: up to and with the n-th row. Where there are less due rows, all of them. A blob's
	// length stands in its row's head: its pages are not read for it.
	lookAhead = `SELECT count(*), coalesce(sum(length(sealed)), 0) FROM (SELECT sealed FROM brondata_vault_rows WHERE expires <= ?
		ORDER BY expires, link, item, chunk LIMIT ?)`
	lastRow = `SELECT expires, link, item, chunk FROM brondata_vault_rows WHERE expires <= ?
		ORDER BY expires, link, item, chunk LIMIT 1 OFFSET ?`
	deleteUpTo = `DELETE FROM brondata_vault_rows WHERE (expires, link, item, chunk) <= (?, ?, ?, ?)`
	deleteDue  = `DELETE FROM brondata_vault_rows WHERE expires <= ?`

	// PostgreSQL: several sweepers take different rows.
	deleteSome = `DELETE FROM brondata_vault_rows WHERE ctid = ANY(ARRAY(SELECT ctid FROM brondata_vault_rows
		WHERE expires <= ? ORDER BY expires LIMIT ? FOR UPDATE SKIP LOCKED))`
)

// Put implements [retention.Store].
func (s *Store) Put(ctx context.Context, row retention.Row, sealed []byte) error {
	if err := retention.CheckRow(row, sealed); err != nil {
		return err
	}
	stmt, err := s.prepared(ctx, putRow)
	if err != nil {
		return err
	}
	if _, err := stmt.ExecContext(ctx, row.Expires.UnixMilli(), row.Link, row.Item, row.Chunk, sealed); err != nil {
		return failed(ctx, "put", err)
	}
	return nil
}

// Get implements [retention.Store].
func (s *Store) Get(ctx context.Context, row retention.Row) ([]byte, error) {
	stmt, err := s.prepared(ctx, getRow)
	if err != nil {
		return nil, err
	}
	var sealed []byte
	err = stmt.QueryRowContext(ctx, row.Expires.UnixMilli(), row.Link, row.Item, row.Chunk).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("sqlvault: row: %w", fs.ErrNotExist)
	}
	if err != nil {
		return nil, failed(ctx, "get", err)
	}
	return sealed, nil
}

// Delete implements [retention.Store]. Its transactions take at most about 25 ms each.
func (s *Store) Delete(ctx context.Context, rows ...retention.Row) (int, error) {
	n := 0
	for len(rows) > 0 {
		err := s.tx(ctx, func(q querier) error {
			begun := time.Now()
			for len(rows) > 0 && time.Since(begun) < lockTime {
				r := rows[0]
				res, err := q.ExecContext(ctx, s.bind(deleteRow), r.Expires.UnixMilli(), r.Link, r.Item, r.Chunk)
				if err != nil {
					return failed(ctx, "delete", err)
				}
				k, err := res.RowsAffected()
				if err != nil {
					return failed(ctx, "delete", err)
				}
				n += int(k)
				rows = rows[1:]
			}
			return nil
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

const (
	// lockTime is how long a transaction of several statements goes on. The contract allows 50 ms.
	lockTime = 25 * time.Millisecond
	// firstBatch is the number of rows in a sweep's first transaction, and in every later one at least: a disk that is slow to
	// confirm gets no faster by being asked more often. lastBatch is the most; its pages fit SQLite's cache.
	firstBatch = 1024
	lastBatch  = 4096
	// batchBytes bounds the content that a transaction deletes.
	batchBytes = 8 << 20
)

// Expire implements [retention.Store]. The number of rows in a transaction follows the time that the one before took, and
// their size.
func (s *Store) Expire(ctx context.Context, at time.Time, max int) (int, error) {
	total, batch := 0, firstBatch
	for total < max {
		begun := time.Now()
		n, more, err := s.expire(ctx, at.UnixMilli(), min(batch, max-total))
		total += n
		if err != nil || !more {
			return total, err
		}
		took := time.Since(begun)
		if took > time.Millisecond {
			// A moment for those who wait to write: SQLite has no queue, so who comes back at once is first again.
			if err := pause(ctx, took/16); err != nil {
				return total, err
			}
		}
		switch {
		case took < lockTime/3:
			batch = min(2*batch, lastBatch)
		case took > lockTime:
			if batch /= 2; batch < firstBatch {
				batch = firstBatch
			}
		}
	}
	return total, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// expire deletes at most want rows in one transaction, and says whether there may be more.
func (s *Store) expire(ctx context.Context, at int64, want int) (int, bool, error) {
	if s.dialect == PostgreSQL {
		n, err := s.exec(ctx, deleteSome, at, want)
		return n, n == want, err
	}
	// The looks ahead are outside the transaction: they take no lock, and who sweeps at the same time only makes the range
	// hold less.
	n, err := s.ahead(ctx, at, want)
	if err != nil || n == 0 {
		return 0, false, err
	}
	if n < 0 {
		n, err = s.exec(ctx, deleteDue, at)
		return n, false, err
	}
	stmt, err := s.prepared(ctx, lastRow)
	if err != nil {
		return 0, false, err
	}
	var (
		expires    int64
		link, item string
		chunk      int
	)
	err = stmt.QueryRowContext(ctx, at, n-1).Scan(&expires, &link, &item, &chunk)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, true, nil // another sweeper was faster
	}
	if err != nil {
		return 0, false, failed(ctx, "expire", err)
	}
	n, err = s.exec(ctx, deleteUpTo, expires, link, item, chunk)
	return n, true, err
}

// ahead says how many rows the next transaction should take, at most want: as many as fit batchBytes, for overwriting content
// is what takes time. It returns -1 when that is all that are due, and 0 when none is.
func (s *Store) ahead(ctx context.Context, at int64, want int) (int, error) {
	stmt, err := s.prepared(ctx, lookAhead)
	if err != nil {
		return 0, err
	}
	for {
		var n int
		var size int64
		if err := stmt.QueryRowContext(ctx, at, want).Scan(&n, &size); err != nil {
			return 0, failed(ctx, "expire", err)
		}
		switch {
		case n == 0:
			return 0, nil
		case size > batchBytes && n > 1:
			want = max(1, int(int64(n)*batchBytes/size)) // in [1, n), so this ends
		case n < want:
			return -1, nil
		default:
			return n, nil
		}
	}
}

func (s *Store) exec(ctx context.Context, query string, args ...any) (int, error) {
	stmt, err := s.prepared(ctx, query)
	if err != nil {
		return 0, err
	}
	res, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, failed(ctx, "expire", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, failed(ctx, "expire", err)
	}
	return int(n), nil
}

// failed makes the error of an operation out of a driver's.
func failed(ctx context.Context, op string, err error) error {
	return sqldb.Failure(ctx, "sqlvault: "+op, ErrDatabase, err)
}

// marks returns n question marks for a list.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }
