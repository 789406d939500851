package audit

import (
	"errors"
	"fmt"
)

var (
	// ErrConflict is what a [Store] returns when the log does not have the size that an append expects: another process
	// appended. The Log retries.
	ErrConflict = errors.New("audit: log has another size")

	// ErrProof says that a proof, a statement or a checkpoint does not hold.
	ErrProof = errors.New("audit: not proved")

	// ErrInvalid says that an argument is unusable.
	ErrInvalid = errors.New("audit: invalid argument")

	// ErrDamaged says that the log is not what it was. The error that wraps it is a [*Damage] and names the first entry.
	ErrDamaged = errors.New("audit: log damaged")
)

// How an entry was damaged.
const (
	Edited   = "edited"   // its content is not what was logged
	Removed  = "removed"  // it is gone, and those after it took its place
	Inserted = "inserted" // it was never logged
	Moved    = "moved"    // it stands where another stood
	CutOff   = "cut off"  // it and all after it are gone
	Replaced = "replaced" // the tree was made anew: at some entry from here to the checkpoint that differs
)

// Damage says what is wrong with a log, at the first entry where something is.
type Damage struct {
	Index int64  // of the first entry that is not as it was
	Kind  string // one of the constants above
}

func (e *Damage) Error() string { return fmt.Sprintf("%v: entry %d %s", ErrDamaged, e.Index, e.Kind) }

// Unwrap returns [ErrDamaged].
func (e *Damage) Unwrap() error { return ErrDamaged }

func invalid(what string) error { return fmt.Errorf("%w: %s", ErrInvalid, what) }
