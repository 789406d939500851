// Package sqldb has what the SQL stores share: what they ask of a database's settings, and what they say of its errors.
package sqldb

import (
	"context"
	"database/sql"
)

// Wrong looks at the settings of a connection and returns what is wrong with them, "" for nothing. They are those without which an
// acknowledged change could be lost or a deleted content stay in the file.
func Wrong(ctx context.Context, db *sql.DB, postgres bool) (string, error) {
	if postgres {
		var v string
		if err := db.QueryRowContext(ctx, "SHOW synchronous_commit").Scan(&v); err != nil {
			return "", err
		}
		if v == "off" {
			return "synchronous_commit is off", nil
		}
		return "", nil
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	for _, p := range []struct {
		name string
		min  int
		want string
	}{{"secure_delete", 1, "1"}, {"synchronous", 2, "2 (full)"}, {"busy_timeout", 100, "100 at least"}} {
		var v int
		if err := conn.QueryRowContext(ctx, "PRAGMA "+p.name).Scan(&v); err != nil {
			return "", err
		}
		if v < p.min || p.name == "secure_delete" && v != 1 { // 2 is "fast", which leaves content in free pages
			return "PRAGMA " + p.name + " is not " + p.want, nil
		}
	}
	return "", nil
}
