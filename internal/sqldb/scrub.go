package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strconv"
	"time"
)

// writersWait is how many milliseconds Scrub holds the writers' lock of a database at most, waiting for readers.
const writersWait = 25

// Scrub moves what is in an SQLite database's write-ahead log into the database, where deleted content is zeros, and empties the log. It
// holds the writers' lock for writersWait at most; when readers keep it from emptying the log, that is no error and is left to the next
// time. Errors are the driver's.
func Scrub(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	// Most of it, without any lock that a writer notices.
	var busy, logged, moved int
	if err := conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &logged, &moved); err != nil {
		return err
	}
	if logged <= 0 {
		return nil // no log, or an empty one
	}
	// The rest: this one waits for readers while it holds the writers' lock, so it must not wait long.
	var timeout int
	if err := conn.QueryRowContext(ctx, "PRAGMA busy_timeout").Scan(&timeout); err != nil {
		return err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if _, err := conn.ExecContext(end, "PRAGMA busy_timeout = "+strconv.Itoa(timeout)); err != nil {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		}
	}()
	if _, err := conn.ExecContext(ctx, "PRAGMA busy_timeout = "+strconv.Itoa(writersWait)); err != nil {
		return err
	}
	return conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &logged, &moved)
}
