package audit

import (
	"context"

	"golang.org/x/mod/sumdb/tlog"
)

// Query selects rows of a log: from index From on, at most Max, in order of index; of one subject's only, if Subject is set.
type Query struct {
	From    int64
	Max     int
	Subject *[16]byte
}

// Store is where a host keeps one access log. Package sqlconsent has one for SQL; [NewMemoryStore] is for tests. This
// comment is its specification.
//
//   - Size returns the number of rows.
//   - Append adds rows at the indexes from size on, and hashes after those that are there, all or none, durably: after it
//     returned nil they survive a crash of the machine. When the log has another size, or another Append comes first,
//     nothing is done and the error wraps [ErrConflict]. Any other error leaves open whether it was done, but not in part.
//   - Rows returns rows with their indexes. Its cost depends on what it returns, not on the size of the log.
//   - Hashes returns the stored hashes with the given indexes, in that order; one that is not there is an error.
//   - Secret returns the secret with an id. If there is none it stores proposal and returns that, or, for a nil proposal,
//     returns nil. Of concurrent calls with proposals, all return the same secret.
//   - Erase sets Detail of all rows of a subject to nil and deletes a secret, all or nothing, durably. Doing it twice is no
//     error. Leaf and hashes are never changed or deleted.
//   - Methods are linearizable, safe for concurrent use by many processes, honour the context, keep nothing of what is passed
//     in, and their errors hold nothing of it.
//
// A store whose files keep what was erased for a while, such as in a write-ahead log, also implements [retention.Scrubber]: from when
// Scrub returned, no file of the store holds it any more, unless somebody was reading meanwhile.
type Store interface {
	Size(ctx context.Context) (int64, error)
	Append(ctx context.Context, size int64, rows []Row, hashes []tlog.Hash) error
	Rows(ctx context.Context, q Query) ([]int64, []Row, error)
	Hashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error)
	Secret(ctx context.Context, id [32]byte, proposal []byte) ([]byte, error)
	Erase(ctx context.Context, subject [16]byte, secret [32]byte) error
}
