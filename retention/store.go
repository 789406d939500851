package retention

import (
	"context"
	"time"
)

// MaxChunk is the largest number of sealed bytes in one row of a [Store].
const MaxChunk = 1 << 20

// Row names one row of a data store: a chunk of an item. Expires comes first because a store orders its rows by it.
type Row struct {
	// Expires is when the row may be removed: a whole number of milliseconds since 1970, UTC.
	Expires time.Time
	// Link is random and stands for one link. Nothing but it joins the rows of two compartments.
	Link string // 1 to 64 bytes of a-z and 0-9
	// Item is random and stands for one version of one item.
	Item  string // 1 to 64 bytes of a-z and 0-9
	Chunk int    // 0 to 65,535
}

// Store is where a host keeps sealed data: bytes that mean nothing without a key that is kept elsewhere. One Store may serve
// several compartments, or each may have its own. This comment is its specification; retentiontest.Store checks an
// implementation against it in ten lines.
//
//   - Put keeps sealed under row, 1 to MaxChunk bytes, and is durable when it returns nil. A row that is there already is
//     replaced. sealed is not kept or changed after the call.
//   - Get returns the bytes of exactly this row: all fields equal. A row that is not there is an error that wraps
//     [io/fs.ErrNotExist]. It returns the row also when it has expired, for the vault decides that. The bytes belong to the
//     caller.
//   - Delete removes rows, and returns how many of them were there. A row that is not there is no error. When it fails, some
//     of them may be gone; the caller repeats it.
//   - Expire removes rows with Expires at or before the time, the earliest first, and returns how many: at most max. It may
//     stop early, even at none, when others hold what it needs; it returns less than max in any case only when nothing due is
//     left or it was stopped. Its work grows with what is due and not with what is stored: order the rows by Expires, for an
//     index beside another order makes it ten times slower. It works in transactions that hold no lock over 50 ms, so that
//     those who read and write meanwhile do not notice.
//   - What a nil error of Put, Delete or Expire said holds for every call that begins afterwards, in all processes
//     (read after write). Nothing is required of calls that overlap, and none of several rows at once.
//   - All methods are safe for concurrent use and honour the context. Errors hold nothing of a row.
//
// It is not for keys: a [KeyStore] must be apart, so that a copy of the data is not a copy of the keys. A backup of a Store
// may be kept as long as the host likes; without the keys it cannot be read.
type Store interface {
	Put(ctx context.Context, row Row, sealed []byte) error
	Get(ctx context.Context, row Row) ([]byte, error)
	Delete(ctx context.Context, rows ...Row) (int, error)
	Expire(ctx context.Context, at time.Time, max int) (int, error)
}

// Scrubber is the optional second interface of a [Store] or [KeyStore], and of the stores of packages consent and audit: it removes
// what deleted rows leave behind in files, such as old pages in a write-ahead log. The vault calls it after it destroyed keys and
// after a sweep that removed rows. What was deleted is deleted without it, and unreadable; an error is reported, and the deletion is
// then repeated. That somebody reads meanwhile, so that not all can be removed now, is no error: the next call removes it.
type Scrubber interface {
	Scrub(ctx context.Context) error
}
