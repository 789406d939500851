package pgtest_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/internal/pgtest"
)

func TestStartGivesSeparateDatabases(t *testing.T) {
	t.Parallel()
	a, b := connect(t), connect(t)
	_, err := a.Exec(t.Context(), "CREATE TABLE only_here (x int)").ReadAll()
	require.NoError(t, err)
	_, err = b.Exec(t.Context(), "SELECT * FROM only_here").ReadAll()
	require.Error(t, err, "the second database must not see the first one's table")
}

func connect(t *testing.T) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), pgtest.Start(t))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}
