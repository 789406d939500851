package sqlconsent

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/brondata/brondata/consent/audit"
	"github.com/brondata/brondata/retention"
)

// AuditStore is an [audit.Store] in a [DB], which holds one log.
type AuditStore struct{ d *DB }

var (
	_ audit.Store        = (*AuditStore)(nil)
	_ retention.Scrubber = (*AuditStore)(nil)
)

// Audit returns the store of the access log in the database. All that are returned share it.
func (d *DB) Audit() *AuditStore { return &AuditStore{d} }

// insertRows is how many rows go into one statement: with three values each it stays far below every driver's limit.
const insertRows = 64

const sizeQuery = "SELECT COALESCE(MAX(idx) + 1, 0) FROM audit_entries"

// Size implements [audit.Store].
func (s *AuditStore) Size(ctx context.Context) (int64, error) {
	var n int64
	if err := s.d.db.QueryRowContext(ctx, sizeQuery).Scan(&n); err != nil {
		return 0, s.d.failed(ctx, "audit size", err)
	}
	return n, nil
}

// Append implements [audit.Store].
func (s *AuditStore) Append(ctx context.Context, size int64, rows []audit.Row, hashes []tlog.Hash) error {
	err := s.d.inTx(ctx, func(c *sql.Conn) error {
		var have int64
		if err := c.QueryRowContext(ctx, sizeQuery).Scan(&have); err != nil {
			return err
		}
		if have != size {
			return audit.ErrConflict
		}
		entries := make([]any, 0, 4*len(rows))
		for i, r := range rows {
			entries = append(entries, size+int64(i), r.Subject[:], r.Leaf, r.Detail)
		}
		// Of two processes under PostgreSQL that both read the same size, the second waits here for the first and then
		// finds its index taken.
		if err := s.insert(ctx, c, "audit_entries (idx, subject, leaf, detail)", 4, entries); err != nil {
			return err
		}
		stored := make([]any, 0, 2*len(hashes))
		for i := range hashes {
			stored = append(stored, tlog.StoredHashCount(size)+int64(i), hashes[i][:])
		}
		return s.insert(ctx, c, "audit_hashes (idx, hash)", 2, stored)
	})
	if err == nil || errors.Is(err, audit.ErrConflict) {
		return err
	}
	if s.d.contended(err) {
		return audit.ErrConflict
	}
	return s.d.failed(ctx, "audit append", err)
}

// insert adds rows of a number of values each, some per statement.
func (s *AuditStore) insert(ctx context.Context, c *sql.Conn, into string, width int, values []any) error {
	for len(values) > 0 {
		n := min(insertRows, len(values)/width)
		res, err := c.ExecContext(ctx, s.insertQuery(into, width, n), values[:n*width]...)
		if err != nil {
			return err
		}
		if done, err := res.RowsAffected(); err != nil || done != int64(n) {
			return errors.Join(err, audit.ErrConflict)
		}
		values = values[n*width:]
	}
	return nil
}

func (s *AuditStore) insertQuery(into string, width, n int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO " + into + " VALUES ")
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		for j := range width {
			if j > 0 {
				b.WriteByte(',')
			}
			if s.d.dialect == PostgreSQL {
				fmt.Fprintf(&b, "$%d", i*width+j+1)
			} else {
				b.WriteByte('?')
			}
		}
		b.WriteByte(')')
	}
	b.WriteString(" ON CONFLICT DO NOTHING")
	return b.String()
}

// Rows implements [audit.Store].
func (s *AuditStore) Rows(ctx context.Context, q audit.Query) ([]int64, []audit.Row, error) {
	query := "SELECT idx, subject, leaf, detail FROM audit_entries WHERE idx >= ? ORDER BY idx LIMIT ?"
	args := []any{q.From, q.Max}
	if q.Subject != nil {
		query = "SELECT idx, subject, leaf, detail FROM audit_entries WHERE subject = ? AND idx >= ? ORDER BY idx LIMIT ?"
		args = []any{q.Subject[:], q.From, q.Max}
	}
	rows, err := s.d.db.QueryContext(ctx, s.d.query(query), args...)
	if err != nil {
		return nil, nil, s.d.failed(ctx, "audit rows", err)
	}
	defer rows.Close()
	var indexes []int64
	var out []audit.Row
	for rows.Next() {
		var i int64
		var r audit.Row
		var subject []byte
		if err := rows.Scan(&i, &subject, &r.Leaf, &r.Detail); err != nil {
			return nil, nil, s.d.failed(ctx, "audit rows", err)
		}
		copy(r.Subject[:], subject)
		indexes, out = append(indexes, i), append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, nil, s.d.failed(ctx, "audit rows", err)
	}
	return indexes, out, nil
}

// Hashes implements [audit.Store]. A proof needs some thirty hashes, which one statement reads.
func (s *AuditStore) Hashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error) {
	if len(indexes) == 0 {
		return nil, ctx.Err()
	}
	var b strings.Builder
	args := make([]any, len(indexes))
	b.WriteString("SELECT idx, hash FROM audit_hashes WHERE idx IN (")
	for i, n := range indexes {
		if i > 0 {
			b.WriteByte(',')
		}
		if s.d.dialect == PostgreSQL {
			fmt.Fprintf(&b, "$%d", i+1)
		} else {
			b.WriteByte('?')
		}
		args[i] = n
	}
	b.WriteByte(')')
	rows, err := s.d.db.QueryContext(ctx, b.String(), args...)
	if err != nil {
		return nil, s.d.failed(ctx, "audit hashes", err)
	}
	defer rows.Close()
	found := make(map[int64]tlog.Hash, len(indexes))
	for rows.Next() {
		var i int64
		var h []byte
		if err := rows.Scan(&i, &h); err != nil {
			return nil, s.d.failed(ctx, "audit hashes", err)
		}
		if len(h) == tlog.HashSize {
			found[i] = tlog.Hash(h)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, s.d.failed(ctx, "audit hashes", err)
	}
	out := make([]tlog.Hash, len(indexes))
	for i, n := range indexes {
		h, ok := found[n]
		if !ok {
			return nil, fmt.Errorf("sqlconsent: audit: hash %d is not there", n)
		}
		out[i] = h
	}
	return out, nil
}

// Secret implements [audit.Store].
func (s *AuditStore) Secret(ctx context.Context, id [32]byte, proposal []byte) ([]byte, error) {
	for {
		var have []byte
		err := s.d.db.QueryRowContext(ctx, s.d.query("SELECT secret FROM audit_secrets WHERE id = ?"), id[:]).Scan(&have)
		switch {
		case err == nil:
			return bytes.Clone(have), nil
		case !errors.Is(err, sql.ErrNoRows):
			return nil, s.d.failed(ctx, "audit secret", err)
		case proposal == nil:
			return nil, nil
		}
		_, err = s.d.db.ExecContext(ctx, s.d.query("INSERT INTO audit_secrets (id, secret) VALUES (?, ?) ON CONFLICT DO NOTHING"), id[:], proposal)
		if err != nil {
			return nil, s.d.failed(ctx, "audit secret", err)
		}
	}
}

// Erase implements [audit.Store].
func (s *AuditStore) Erase(ctx context.Context, subject [16]byte, secret [32]byte) error {
	err := s.d.inTx(ctx, func(c *sql.Conn) error {
		_, err := c.ExecContext(ctx, s.d.query("UPDATE audit_entries SET detail = NULL WHERE subject = ?"), subject[:])
		if err != nil {
			return err
		}
		_, err = c.ExecContext(ctx, s.d.query("DELETE FROM audit_secrets WHERE id = ?"), secret[:])
		return err
	})
	if err != nil {
		return s.d.failed(ctx, "audit erase", err)
	}
	return nil
}

// Scrub implements [retention.Scrubber] as [Store.Scrub] does.
func (s *AuditStore) Scrub(ctx context.Context) error { return s.d.scrub(ctx) }
