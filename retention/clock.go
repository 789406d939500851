package retention

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"time"
)

// markStep is how far time moves on before the mark in the key store does, so that not every read is a write.
const markStep = time.Minute

// snapshot is some records as they were at one instant, and the time then.
type snapshot struct {
	now     time.Time // the clock's, or the latest time seen when the clock is a little behind it
	mark    time.Time // as it is stored
	version int64     // of the mark
	records []Record
}

// snapshot reads records together with the clock's high-water mark, and checks the clock against it.
func (v *Vault) snapshot(ctx context.Context, ids ...string) (*snapshot, error) {
	s, err := v.unchecked(ctx, ids...)
	if err != nil {
		return nil, err
	}
	latest := s.mark
	if seen := time.UnixMilli(v.seen.Load()).UTC(); seen.After(latest) {
		latest = seen
	}
	if s.now.Before(latest) {
		// What is due at a time that was seen stays due: the latest time counts until the clock has caught up. But it
		// stands still meanwhile, so only a small difference between machines is let pass.
		if latest.Sub(s.now) > v.o.Skew {
			return nil, ErrClock
		}
		s.now = latest
	}
	for {
		seen := v.seen.Load()
		if s.now.UnixMilli() <= seen || v.seen.CompareAndSwap(seen, s.now.UnixMilli()) {
			return s, nil
		}
	}
}

// unchecked is snapshot for deletions, which are right at any time.
func (v *Vault) unchecked(ctx context.Context, ids ...string) (*snapshot, error) {
	all := make([]string, 0, 8)
	rs, err := v.disk.keys.Get(ctx, append(append(all, clockID), ids...)...)
	if err != nil {
		return nil, fmt.Errorf("retention: %w", err)
	}
	s := &snapshot{now: floor(v.o.Now()), records: rs}
	if r := s.record(clockID); r != nil {
		d := newDecoder('C', r.Body)
		s.mark, s.version = d.time(), r.Version
		if err := d.end(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// advance moves the mark in the key store up to the snapshot's time: when it is a step behind, or at once.
func (v *Vault) advance(ctx context.Context, s *snapshot, atOnce bool) error {
	for try := 0; s.now.Sub(s.mark) >= markStep || atOnce && s.now.After(s.mark); try++ {
		e := newEncoder('C')
		e.time(s.now)
		c := Change{OpUpdate, Record{ID: clockID, Version: s.version, Body: e.b}}
		if s.version == 0 {
			c.Op = OpCreate
		}
		err := v.disk.keys.Apply(ctx, c)
		if err == nil {
			return nil
		}
		if !errors.Is(err, ErrConflict) || try == 8 {
			return fmt.Errorf("retention: clock mark: %w", err)
		}
		// Somebody else moved it, perhaps far enough.
		now, err := v.unchecked(ctx)
		if err != nil {
			return err
		}
		s.mark, s.version = now.mark, now.version
	}
	return nil
}

// ResetClock takes the clock's time now for the latest that was seen, after a clock that had jumped ahead was put right: until then
// everything is [ErrClock]. What expired by the wrong clock and was not swept yet is readable again, until its right time. It
// is recorded first, like a read, for who sets a clock back and then does this gets at what had expired. Other processes
// keep the time that they saw until they are restarted.
func (v *Vault) ResetClock(ctx context.Context, a Access) error {
	if err := a.check(); err != nil {
		return err
	}
	entry := v.fill(a, Ref{}, ActionClock, "")
	entry.Outcome = OutcomeGranted
	if _, err := record(ctx, v.recorder, entry); err != nil {
		return err
	}
	return v.retry(ctx, func() error {
		s, err := v.unchecked(ctx)
		if err != nil || s.version == 0 {
			return err
		}
		e := newEncoder('C')
		e.time(s.now)
		if err := v.disk.keys.Apply(ctx, Change{OpUpdate, Record{ID: clockID, Version: s.version, Body: e.b}}); err != nil {
			return fmt.Errorf("retention: clock mark: %w", err)
		}
		v.seen.Store(s.now.UnixMilli())
		return nil
	})
}

func (s *snapshot) record(id string) *Record {
	for i := range s.records {
		if s.records[i].ID == id {
			return &s.records[i]
		}
	}
	return nil
}

// grant returns a grant's key or tombstone; an unknown one is fs.ErrNotExist.
func (s *snapshot) grant(grant string, c Compartment) (*grantRecord, error) {
	r := s.record(grantID(grant, c))
	if r == nil {
		return nil, fmt.Errorf("retention: grant: %w", fs.ErrNotExist)
	}
	return decodeGrant(*r)
}

// link returns a link's record, dead or alive; an unknown one is fs.ErrNotExist.
func (s *snapshot) link(ref Ref) (*linkRecord, error) {
	r := s.record(linkID(ref.Grant, ref.Link))
	if r == nil {
		return nil, fmt.Errorf("retention: link: %w", fs.ErrNotExist)
	}
	return decodeLink(*r)
}

func jitter(d time.Duration) time.Duration { return time.Duration(rand.Int64N(int64(d))) }
