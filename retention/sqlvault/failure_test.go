package sqlvault_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/retention/sqlvault"
)

// TestFailuresSayNothing breaks the tables, whose names drivers put into their texts, under every method.
func TestFailuresSayNothing(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			db := d.open(t, "")
			s, err := sqlvault.OpenStore(ctx, db, d.dialect)
			require.NoError(t, err)
			defer s.Close()
			k, err := sqlvault.OpenKeyStore(ctx, db, d.dialect, "canary")
			require.NoError(t, err)
			defer k.Close()
			for _, table := range []string{"brondata_vault_rows", "brondata_vault_keys", "brondata_vault_schema"} {
				_, err = db.Exec("DROP TABLE " + table)
				require.NoError(t, err)
			}
			_, err = db.Exec("CREATE TABLE brondata_vault_schema (canary INTEGER)")
			require.NoError(t, err)
			row := retention.Row{Expires: time.UnixMilli(1).UTC(), Link: "canary", Item: "canary"}
			rec := retention.Record{ID: "canary", Version: 1}
			for name, do := range map[string]func() error{
				"put":    func() error { return s.Put(ctx, row, []byte("canary")) },
				"get":    func() error { _, err := s.Get(ctx, row); return err },
				"delete": func() error { _, err := s.Delete(ctx, row); return err },
				"expire": func() error { _, err := s.Expire(ctx, time.Now(), 5); return err },
				"keys":   func() error { _, err := k.Get(ctx, "canary"); return err },
				"list":   func() error { _, err := k.List(ctx, "c", "", 5); return err },
				"due":    func() error { _, err := k.Due(ctx, time.Now(), 5); return err },
				"apply":  func() error { return k.Apply(ctx, retention.Change{Op: retention.OpCreate, Record: rec}) },
				"check":  func() error { return k.Apply(ctx, retention.Change{Op: retention.OpCheck, Record: rec}) },
				"open":   func() error { _, err := sqlvault.OpenStore(ctx, db, d.dialect); return err },
			} {
				err := do()
				require.ErrorIs(t, err, sqlvault.ErrDatabase, name)
				for _, s := range []string{"canary", "brondata_", "version"} {
					require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), s, name)
				}
				if d.dialect == sqlvault.PostgreSQL {
					pg, ok := errors.AsType[*pgconn.PgError](err)
					require.True(t, ok, "a host finds what the driver said: %s", name)
					require.Contains(t, err.Error(), ": SQLSTATE "+pg.Code, name)
				} else {
					require.Contains(t, err.Error(), ": code 1", name)
				}
			}
		})
	}
}
