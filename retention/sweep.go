package retention

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// SweepReport says what a sweep did.
type SweepReport struct {
	Rows   int // expired rows deleted
	Days   int // keys of days that are over, destroyed
	Links  int // links whose unfinished writing or deletion was finished
	Grants int // grants whose deletion was finished
	// More says that max was reached, so that there may be more: sweep again.
	More bool
}

func (r SweepReport) total() int { return r.Rows + r.Days + r.Links + r.Grants }

// Sweep deletes what has expired and finishes what a killed process left: half-written contents, deletions that were
// acknowledged but not completed. A host calls it from any scheduler, in one process or in all of them, as often as it
// likes; each call does at most max things, and takes time in proportion to those and to nothing else. Reading does not depend
// on it: what has expired is not readable whether or not a sweep was there.
//
// What expired within the last minute may be left to the next call, so that no reader whose clock is a little behind finds rows
// missing that are still to be there. One thing that fails does not keep the rest from being done; the errors are joined. [ErrClock] does.
func (v *Vault) Sweep(ctx context.Context, max int) (SweepReport, error) {
	var r SweepReport
	if max < 1 {
		return r, invalid("max below 1")
	}
	v.cache.old()
	snap, err := v.snapshot(ctx)
	if err != nil {
		return r, err
	}
	if err := v.advance(ctx, snap, snap.version == 0); err != nil {
		return r, err
	}
	// Only what was due at the stored mark is removed: every reader agrees that it is.
	at := snap.now
	if snap.now.Sub(snap.mark) < markStep && snap.version != 0 {
		at = snap.mark
	}
	var errs []error
	errs = append(errs, v.sweepRecords(ctx, v.disk.keys, snap.now, at, max, &r))
	for _, pl := range []plane{v.disk, v.memory} {
		errs = append(errs, v.sweepRows(ctx, pl, at, max, &r))
	}
	errs = append(errs, v.sweepMemory(ctx, snap.now))
	if r.total() > 0 {
		errs = append(errs, v.scrubAll(ctx))
	}
	return r, errors.Join(errs...)
}

// sweepRecords does what records of the key store wait for.
func (v *Vault) sweepRecords(ctx context.Context, keys KeyStore, now, mark time.Time, max int, r *SweepReport) error {
	var errs []error
	tried := make(map[string]bool)
	for r.total() < max {
		const page = 64
		rs, err := keys.Due(ctx, now, page+len(tried))
		if err != nil {
			return fmt.Errorf("retention: %w", err)
		}
		fresh := 0
		for _, rec := range rs {
			if tried[rec.ID] || r.total() >= max {
				continue
			}
			fresh++
			tried[rec.ID] = true // once per call, so that one that fails does not keep the sweep busy
			if err := v.sweepRecord(ctx, rec, now, mark, r); err != nil && !errors.Is(err, ErrConflict) {
				errs = append(errs, err)
				if ctx.Err() != nil {
					return errors.Join(errs...)
				}
			}
		}
		if fresh == 0 {
			return errors.Join(errs...)
		}
	}
	r.More = true
	return errors.Join(errs...)
}

func (v *Vault) sweepRecord(ctx context.Context, rec Record, now, mark time.Time, r *SweepReport) error {
	kind, rest := rec.ID[:min(2, len(rec.ID))], rec.ID[min(2, len(rec.ID)):]
	switch kind {
	case dayPrefix:
		if rec.Due.After(mark) {
			return nil
		}
		if err := v.disk.keys.Apply(ctx, Change{OpDelete, Record{ID: rec.ID, Version: rec.Version}}); err != nil {
			return fmt.Errorf("retention: day key: %w", err)
		}
		r.Days++
	case linkPrefix:
		grant, link, _ := strings.Cut(rest, "/")
		ref := Ref{Grant: grant, Link: link}
		if err := v.doom(ctx, v.disk, ref, now); err != nil {
			return err
		}
		if _, err := v.finishLink(ctx, ref); err != nil {
			return err
		}
		r.Links++
	case jobPrefix:
		if err := v.finishGrant(ctx, rest); err != nil {
			return err
		}
		r.Grants++
	}
	return nil
}

// doom gives up writings whose deadline is over. Their writer, should it live, finds that and stores nothing.
func (v *Vault) doom(ctx context.Context, pl plane, ref Ref, now time.Time) error {
	return v.edit(ctx, pl, ref, func(l *linkRecord, _ time.Time) error {
		n := 0
		for i := range l.pending {
			if p := &l.pending[i]; !p.doomed && !now.Before(p.deadline) {
				p.doomed = true
				n++
			}
		}
		if n == 0 {
			return errUnchanged
		}
		return nil
	})
}

// sweepRows deletes expired rows.
func (v *Vault) sweepRows(ctx context.Context, pl plane, at time.Time, max int, r *SweepReport) error {
	var errs []error
	for _, s := range pl.distinct() {
		room := max - r.total()
		if room <= 0 {
			r.More = true
			break
		}
		n, err := s.Expire(ctx, at, room)
		r.Rows += n
		r.More = r.More || n >= room
		if err != nil {
			errs = append(errs, fmt.Errorf("retention: %w", err))
		}
	}
	return errors.Join(errs...)
}

// distinct returns the stores of a plane, each once.
func (pl plane) distinct() []Store {
	var out []Store
	for _, c := range Compartments() {
		if s := pl.stores[c]; !slices.Contains(out, s) { // guards and memory: pointers
			out = append(out, s)
		}
	}
	return out
}

// sweepMemory forgets what this process keeps in memory of links and grants that another process deleted.
func (v *Vault) sweepMemory(ctx context.Context, now time.Time) error {
	after := ""
	for {
		rs, err := v.memory.keys.List(ctx, linkPrefix, after, 64)
		if err != nil || len(rs) == 0 {
			return err
		}
		for _, rec := range rs {
			after = rec.ID
			grant, link, _ := strings.Cut(strings.TrimPrefix(rec.ID, linkPrefix), "/")
			ref := Ref{Grant: grant, Link: link}
			l, err := decodeLink(rec)
			if err != nil {
				return err
			}
			live := len(l.readable(now)) > 0
			if live {
				_, _, err := v.alive(ctx, ref)
				if err != nil && !errors.Is(err, ErrShredded) && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
				live = err == nil
			}
			if live {
				continue
			}
			for i := range l.baskets {
				for p, rows := range (&linkRecord{token: l.token, pending: l.baskets[i].rows()}).each() {
					if err := remove(ctx, v.memory.stores[p], rows); err != nil {
						return err
					}
				}
			}
			// A conflict means that somebody is writing to it: then it is looked at next time.
			if err := v.memory.keys.Apply(ctx, Change{OpDelete, Record{ID: rec.ID, Version: rec.Version}}); err != nil && !errors.Is(err, ErrConflict) {
				return err
			}
		}
	}
}

func (l *linkRecord) each() map[Compartment][]Row {
	rows, _ := l.doomed()
	return rows
}
