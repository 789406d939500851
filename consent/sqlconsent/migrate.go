package sqlconsent

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrSchema says that the database's schema is newer than this version of the library knows.
var ErrSchema = errors.New("sqlconsent: schema is newer than this library")

// Migrate brings the schema up to date: forward only, each step in one transaction, several processes at once without
// harm. A database that is up to date is only read. [ErrSchema]: it was migrated by a newer version.
//
// The tables' names begin with consent_ and audit_; where they go is for the connection to say (PostgreSQL: search_path).
func (d *DB) Migrate(ctx context.Context) error {
	steps, err := d.steps()
	if err != nil {
		return d.failed(ctx, "migrate", err)
	}
	err = d.inTx(ctx, func(c *sql.Conn) error {
		if d.dialect == PostgreSQL {
			// Two processes that both create the table would meet in the catalogue's unique index.
			if _, err := c.ExecContext(ctx, "SELECT pg_advisory_xact_lock(7201834516)"); err != nil {
				return err
			}
		}
		if _, err := c.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS consent_schema (version INTEGER PRIMARY KEY)"); err != nil {
			return err
		}
		var have int
		if err := c.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM consent_schema").Scan(&have); err != nil {
			return err
		}
		if have > len(steps) {
			return ErrSchema
		}
		for i, step := range steps[have:] {
			if _, err := c.ExecContext(ctx, step); err != nil {
				return err
			}
			if _, err := c.ExecContext(ctx, "INSERT INTO consent_schema (version) VALUES ("+strconv.Itoa(have+i+1)+")"); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil || errors.Is(err, ErrSchema) {
		return err
	}
	return d.failed(ctx, "migrate", err)
}

// steps are the dialect's migrations in order: files 0001, 0002 and so on, without a gap.
func (d *DB) steps() ([]string, error) {
	var out []string
	for n := 1; ; n++ {
		b, err := migrations.ReadFile(fmt.Sprintf("migrations/%s_%04d.sql", d.dialect, n))
		if errors.Is(err, fs.ErrNotExist) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, strings.TrimSpace(string(b)))
	}
}
