package sqlvault_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// killer is a database/sql connector that counts writes and, before the n-th, kills the process as a power cut would: no
// deferred call runs, no buffer is flushed.
type killer struct {
	driver driver.Driver
	dsn    string
	writes atomic.Int64
	at     atomic.Int64 // 0 for never
	// before is called instead of killing, where it is set; its error is the write's.
	before func(n int64) error
	// took is told how long each prepared write took, where it is set.
	took func(time.Duration)
}

func (k *killer) Driver() driver.Driver { return k.driver }

func (k *killer) Connect(context.Context) (driver.Conn, error) {
	c, err := k.driver.Open(k.dsn)
	if err != nil {
		return nil, err
	}
	return &killerConn{c, k}, nil
}

// write counts one.
func (k *killer) write(query string) error {
	q := strings.TrimSpace(query)
	if strings.HasPrefix(q, "SELECT") || strings.HasPrefix(q, "SHOW") ||
		strings.HasPrefix(q, "PRAGMA") && !strings.HasPrefix(q, "PRAGMA wal_checkpoint") {
		return nil
	}
	n := k.writes.Add(1)
	if k.before != nil {
		return k.before(n)
	}
	if n == k.at.Load() {
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
		select {} // until the signal is there
	}
	return nil
}

// killDB opens a database over a killer.
func killDB(t testing.TB, d database, dsn string) (*sql.DB, *killer) {
	t.Helper()
	plain, err := sql.Open(map[string]string{"sqlite": "sqlite", "postgres": "pgx"}[d.name], dsn)
	require.NoError(t, err)
	k := &killer{driver: plain.Driver(), dsn: dsn}
	require.NoError(t, plain.Close())
	db := sql.OpenDB(k)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db, k
}

type killerConn struct {
	driver.Conn
	k *killer
}

func (c *killerConn) PrepareContext(ctx context.Context, q string) (driver.Stmt, error) {
	s, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, q)
	if err != nil {
		return nil, err
	}
	return &killerStmt{s, c.k, q}, nil
}

func (c *killerConn) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.k.write(q); err != nil {
		return nil, err
	}
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, q, args)
}

func (c *killerConn) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.k.write(q); err != nil {
		return nil, err
	}
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, q, args)
}

func (c *killerConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return &killerTx{tx, c.k}, nil
}

func (c *killerConn) ResetSession(ctx context.Context) error {
	if r, ok := c.Conn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

func (c *killerConn) CheckNamedValue(v *driver.NamedValue) error {
	if r, ok := c.Conn.(driver.NamedValueChecker); ok {
		return r.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type killerTx struct {
	driver.Tx
	k *killer
}

func (t *killerTx) Commit() error {
	if err := t.k.write("COMMIT"); err != nil {
		_ = t.Tx.Rollback()
		return err
	}
	return t.Tx.Commit()
}

type killerStmt struct {
	driver.Stmt
	k *killer
	q string
}

func (s *killerStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.k.write(s.q); err != nil {
		return nil, err
	}
	begun := time.Now()
	r, err := s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
	if s.k.took != nil {
		s.k.took(time.Since(begun))
	}
	return r, err
}

func (s *killerStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}
