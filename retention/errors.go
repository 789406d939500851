package retention

import (
	"errors"

	"github.com/brondata/brondata/crypto"
)

var (
	// ErrExpired says that the time of what was asked for is over. It holds from the instant of expiry on, whether or not
	// a sweep has been there yet.
	ErrExpired = errors.New("retention: expired")

	// ErrShredded says that the key of what was asked for was destroyed by a deletion. It is final, and it is the same
	// value as [crypto.ErrShredded].
	ErrShredded = crypto.ErrShredded

	// ErrConflict says that a record changed since it was read. The vault tries again a few times before it gives up.
	ErrConflict = errors.New("retention: conflict")

	// ErrClock says that the clock is behind a time that was already seen, by more than [Options.Skew]. Nothing is read or
	// stored until it is right again; deleting works.
	ErrClock = errors.New("retention: clock set back")

	// ErrPolicy says that retention terms are outside what is allowed.
	ErrPolicy = errors.New("retention: invalid policy")

	// ErrFixed says that a link was created before, under other terms: they do not change.
	ErrFixed = errors.New("retention: terms are fixed at creation")

	// ErrNotRecorded says that the access log did not take an entry, so that nothing was returned.
	ErrNotRecorded = errors.New("retention: access not recorded")

	// ErrUnnamed says that an access names no actor, role or reason.
	ErrUnnamed = errors.New("retention: access names no actor, role or reason")

	// ErrTooLarge says that a content is above [Options.MaxContent].
	ErrTooLarge = errors.New("retention: content too large")

	// ErrDamaged says that what a key belongs to is missing from a data store, or is not what was put there.
	ErrDamaged = errors.New("retention: stored data missing or damaged")

	// ErrInvalid says that an argument is unusable: an unknown category, an id of the wrong form.
	ErrInvalid = errors.New("retention: invalid argument")
)
