package consent

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"
)

// clock is the host's clock made monotonic: it never gives a time before one that it gave, in this process, nor much
// before one that any process sharing the store gave. So a clock that is set back revives nothing. One that jumps ahead
// ends what it should not have: that fails on the safe side, and the host repairs it with [Manager.ResetClock].
type clock struct {
	source func() time.Time
	store  Store
	high   atomic.Int64 // the latest time given, Unix microseconds
	stored atomic.Int64 // the latest that the store has; 0 = not read yet
}

// clockStep is how far the stored mark may lag behind.
const clockStep = time.Minute

const clockID = "high"

// now gives the time in UTC, to the microsecond, rounded up: what rounds down could be used a moment too long.
func (c *clock) now() time.Time {
	t := c.source()
	us := t.UnixMicro()
	if t.Nanosecond()%1000 != 0 {
		us++
	}
	for {
		high := c.high.Load()
		if us <= high {
			return time.UnixMicro(high).UTC()
		}
		if c.high.CompareAndSwap(high, us) {
			return time.UnixMicro(us).UTC()
		}
	}
}

// raise makes sure that no time before us is given.
func (c *clock) raise(us int64) {
	for high := c.high.Load(); us > high && !c.high.CompareAndSwap(high, us); high = c.high.Load() {
	}
}

// sync takes over the store's mark once, and stores a later one from time to time. Calls that decide something by the
// clock make it first.
func (c *clock) sync(ctx context.Context) error {
	now := c.now()
	stored := c.stored.Load()
	if stored != 0 && now.Sub(time.UnixMicro(stored)) < clockStep {
		return nil
	}
	it, err := c.store.Get(ctx, kindClock, clockID)
	op := OpUpdate
	switch {
	case errors.Is(err, ErrNotFound):
		op, it = OpCreate, Item{Kind: kindClock, ID: clockID}
	case err != nil:
		return err
	default:
		us, err := strconv.ParseInt(string(it.Body), 10, 64)
		if err != nil {
			return fmt.Errorf("consent: clock: %w", errStored)
		}
		c.raise(us)
		c.stored.Store(us)
		if now = c.now(); now.Sub(time.UnixMicro(us)) < clockStep {
			return nil
		}
	}
	it.Body = strconv.AppendInt(nil, now.UnixMicro(), 10)
	if err := c.store.Apply(ctx, Change{op, it}); err != nil {
		if errors.Is(err, ErrConflict) {
			return nil // another process stored one; this one looks again next time
		}
		return err
	}
	c.stored.Store(now.UnixMicro())
	return nil
}

// errStored says that a stored item is not what this package wrote.
var errStored = errors.New("consent: stored item unreadable")

// ResetClock forgets the latest time that was seen, after a clock that had jumped ahead was put right. Grants that were
// found expired meanwhile stay expired. Other processes keep the time that they saw until they restart.
func (m *Manager) ResetClock(ctx context.Context, by Actor) error {
	if err := m.ask(ctx, by, Question{Action: ActionSweep}); err != nil {
		return err
	}
	err := m.retry(ctx, func() error {
		it, err := m.store.Get(ctx, kindClock, clockID)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return m.apply(ctx, Change{OpDelete, it})
	})
	if err != nil {
		return err
	}
	m.clock.stored.Store(0)
	m.clock.high.Store(0)
	return nil
}
