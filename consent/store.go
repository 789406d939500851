package consent

import (
	"context"
	"time"
)

// Kind tells the items of a [Store] apart. There are fewer than twenty; they come from this package, those under it and package brondata.
type Kind string

// Item is one thing that a store keeps. A store looks at no byte of Body.
type Item struct {
	Kind Kind
	// ID is unique within its kind: 1 to 256 bytes of printable ASCII.
	ID string
	// Owner is what [Store.List] finds it by: a subject's or a grant's id; "" for none. At most 256 bytes of UTF-8.
	Owner string
	// Due is what [Store.Due] finds it by; the zero time for never. Stores keep it to the millisecond, rounded up.
	Due time.Time
	// Version counts the item's changes from 1. It never repeats or falls while the item exists.
	Version int64
	// Body is at most 64 MiB.
	Body []byte
}

// Op is what a [Change] does.
type Op uint8

// The operations of a change.
const (
	OpCreate Op = iota + 1 // the item must not exist; Version is ignored, the item gets version 1
	OpUpdate               // the item must exist with Version; Owner, Due and Body are replaced, Version grows by 1
	OpDelete               // the item must exist with Version
	OpCheck                // the item must exist with Version; nothing is changed
)

// Change is one part of what [Store.Apply] does at once.
type Change struct {
	Op   Op
	Item Item
}

// Store is where a host keeps grants, links, releases and what goes with them. It holds no retrieved data, but who
// consented to what: protect it, back it up, and keep it as long as the law wants proof of consent. This comment is its
// specification; package consenttest checks it in ten lines.
//
//   - Get returns the item as the last successful Apply left it, or an error that wraps [ErrNotFound].
//   - List returns all items of a kind with an owner, which is not "", ordered by ID. No item is an empty list. Its cost
//     depends on what it returns, not on what else is stored.
//   - Due returns at most max items of a kind with a Due that is not zero and at or before the time, the earliest first.
//   - Apply does all changes or none. When an item is not as a change expects it, nothing is done and the error wraps
//     [ErrConflict]. No two changes name the same item; there are at most 64. When it returns nil the changes are
//     durable: they survive a crash. When it returns another error they may have been done or not, but never in part; the
//     caller reads again to find out.
//   - Operations are linearizable, over all processes that share the store: what Apply did is seen by every Get, List and
//     Due that begins after it returned, and the checks of one Apply hold at the moment at which its changes happen. That
//     is what makes a revoke final: do not put a cache or a lagging replica before it.
//   - All methods are safe for concurrent use, honour the context and return its error when it ends them. Bodies that are
//     passed in are not kept or changed after the call; what is returned belongs to the caller, who does not change a Body.
//   - Errors hold nothing of an item but its kind.
//
// It is not for documents or records (those go to a vault), and not a queue.
//
// A store whose files keep what was deleted or replaced for a while, such as in a write-ahead log, also implements
// [retention.Scrubber]: from when Scrub returned, no file of the store holds it any more, unless somebody was reading meanwhile. The
// Manager calls it when items had to go: at the end of [Manager.Forget] and of every [Manager.Sweep], and after a package was
// delivered or became void.
type Store interface {
	Get(ctx context.Context, kind Kind, id string) (Item, error)
	List(ctx context.Context, kind Kind, owner string) ([]Item, error)
	Due(ctx context.Context, kind Kind, at time.Time, max int) ([]Item, error)
	Apply(ctx context.Context, changes ...Change) error
}

// The kinds of items that this package stores. Package redirect under it adds its own.
const (
	kindGrant     Kind = "grant"     // id: grant; owner: subject; due: when its state runs out
	kindLink      Kind = "link"      // id: grant/institution; owner: grant; due: next disconnect attempt
	kindRelease   Kind = "release"   // id: release; owner: grant; due: when a pending or sealed one becomes void
	kindPackage   Kind = "package"   // id: release; owner: grant; the sealed bytes until they are delivered or void
	kindRecipient Kind = "recipient" // id: hash of the recipient's id; their current key
	kindSubject   Kind = "subject"   // id: hash of the subject's id; the salt of their access logs
	kindAccess    Kind = "access"    // id: keyed hash of what is limited; owner: subject; the sliding log
	kindEvent     Kind = "event"     // id: event; due: at once; what the access log has not got yet
	kindClock     Kind = "clock"     // one item: the latest time that was seen
)
