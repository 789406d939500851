package retention

import (
	"context"
	"time"
)

// Record is one thing that a [KeyStore] keeps. A store looks at no byte of Body.
type Record struct {
	// ID is unique: 1 to 255 bytes of printable ASCII without space.
	ID string
	// Version counts the record's changes from 1. It never repeats or falls while the record exists.
	Version int64
	// Due is when the record wants attention: a whole number of milliseconds since 1970, UTC; the zero time for never.
	Due time.Time
	// Body is at most MaxBody bytes.
	Body []byte
}

// MaxBody is the largest number of bytes in a record's body.
const MaxBody = 1 << 20

// Op is what a [Change] does.
type Op uint8

// The operations of a change.
const (
	OpCreate Op = iota + 1 // no record of this ID may exist; Version is ignored, the record gets version 1
	OpUpdate               // the record must exist with Version; Due and Body are replaced, Version grows by 1
	OpDelete               // the record must exist with Version
	OpCheck                // the record must exist with Version; nothing is changed
)

// Change is one part of what [KeyStore.Apply] does at once.
type Change struct {
	Op     Op
	Record Record
}

// KeyStore is where a host keeps wrapped keys and the tombstones of those that were destroyed. It is small: a record per
// grant and compartment, one per link, one per day. This comment is its specification; retentiontest.KeyStore checks an
// implementation against it in ten lines.
//
//   - Get returns those of the named records that exist, in any order, all as they were at one instant. None is an empty
//     list and no error. At most 16 are named, each once.
//   - List returns at most max records whose ID starts with prefix and is greater than after (in the order of bytes), in
//     that order. Its cost depends on what it returns.
//   - Due returns at most max records with a Due that is not zero and at or before the time, the earliest first. Its cost
//     depends on what it returns.
//   - Apply does all changes or none; there are 1 to 64, and no two name the same record. When a record is not as a change
//     expects it, nothing is done and the error wraps [ErrConflict]. When it returns nil the changes are durable: they
//     survive a crash. After another error they may have been done or not, but never in part; the caller reads to find out.
//   - Operations are linearizable over all processes that share the store: what Apply did is seen by every call that begins
//     after it returned, and the checks of one Apply hold at the moment at which its changes happen. That is what makes a
//     destroyed key stay destroyed: do not put a cache or a lagging replica before it.
//   - A body that is replaced or deleted is gone. Keep no history of it; overwrite where the medium allows it.
//   - All methods are safe for concurrent use and honour the context. Bodies that are passed in are not kept or changed
//     after the call; what is returned belongs to the caller. Errors hold nothing of a record.
//
// Destroying a key destroys it in this store only. A backup of the key store brings it back together with everything that a
// backup of the data holds. So keep the key store out of the host's long backups: replicate it, and keep copies for no
// longer than the host may take to carry out a deletion, or give each copy a key-encryption key that goes with it.
// It is not for data.
type KeyStore interface {
	Get(ctx context.Context, ids ...string) ([]Record, error)
	List(ctx context.Context, prefix, after string, max int) ([]Record, error)
	Due(ctx context.Context, at time.Time, max int) ([]Record, error)
	Apply(ctx context.Context, changes ...Change) error
}
