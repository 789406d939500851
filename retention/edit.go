package retention

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"
)

// linkIn reads a link's record from a plane, without looking at the clock.
func (v *Vault) linkIn(ctx context.Context, pl plane, ref Ref) (*linkRecord, error) {
	rs, err := pl.keys.Get(ctx, linkID(ref.Grant, ref.Link))
	if err != nil {
		return nil, fmt.Errorf("retention: %w", err)
	}
	if len(rs) == 0 {
		return nil, fmt.Errorf("retention: link: %w", fs.ErrNotExist)
	}
	return decodeLink(rs[0])
}

// writable reads a link that is to be changed, and returns the checks under which the change is to be made: that the grant's
// key is the one that was seen.
func (v *Vault) writable(ctx context.Context, pl plane, ref Ref) (*linkRecord, []Change, time.Time, error) {
	id := grantID(ref.Grant, Credentials)
	snap, err := v.snapshot(ctx, id, linkID(ref.Grant, ref.Link))
	if err != nil {
		return nil, nil, time.Time{}, err
	}
	g, err := snap.grant(ref.Grant, Credentials)
	if err != nil {
		return nil, nil, time.Time{}, err
	}
	l, err := snap.link(ref)
	if err != nil {
		return nil, nil, time.Time{}, err
	}
	if g.dead() || l.dead {
		return nil, nil, time.Time{}, ErrShredded
	}
	if pl.keys != v.disk.keys {
		l, err = v.linkIn(ctx, pl, ref)
		return l, nil, snap.now, err
	}
	return l, []Change{{OpCheck, Record{ID: id, Version: g.version}}}, snap.now, nil
}

// save replaces a link's record by compare-and-set.
func (v *Vault) save(ctx context.Context, pl plane, ref Ref, l *linkRecord, now time.Time, checks ...Change) error {
	r := Record{ID: linkID(ref.Grant, ref.Link), Version: l.version, Due: l.due(now), Body: l.encode()}
	if len(r.Body) > MaxBody {
		return ErrTooLarge
	}
	if err := pl.keys.Apply(ctx, append(checks, Change{OpUpdate, r})...); err != nil {
		return fmt.Errorf("retention: link: %w", err)
	}
	l.version++
	return nil
}

// edit changes a link's record with f, which may be called several times. When f returns errUnchanged nothing is saved.
// The time is not checked: this is for deleting.
func (v *Vault) edit(ctx context.Context, pl plane, ref Ref, f func(l *linkRecord, now time.Time) error) error {
	return v.retry(ctx, func() error {
		l, err := v.linkIn(ctx, pl, ref)
		if err != nil {
			return err
		}
		now := floor(v.o.Now())
		if err := f(l, now); err != nil {
			if errors.Is(err, errUnchanged) {
				return nil
			}
			return err
		}
		return v.save(ctx, pl, ref, l, now)
	})
}

var errUnchanged = errors.New("retention: unchanged")

// tidy deletes the doomed rows of a link, whose record the caller has just saved or read, and then forgets them. What it
// leaves undone the next sweep does.
func (v *Vault) tidy(ctx context.Context, pl plane, ref Ref, l *linkRecord) error {
	rows, done := l.doomed()
	if len(done) == 0 {
		return nil
	}
	for place, rs := range rows {
		if err := remove(ctx, pl.stores[place], rs); err != nil {
			return err
		}
	}
	forget := func(l *linkRecord) {
		l.pending = slices.DeleteFunc(l.pending, func(p pending) bool { return p.doomed && slices.ContainsFunc(done, p.same) })
	}
	next := *l
	next.pending = slices.Clone(l.pending)
	forget(&next)
	err := v.save(ctx, pl, ref, &next, floor(v.o.Now()))
	if !errors.Is(err, ErrConflict) {
		return err
	}
	return v.edit(ctx, pl, ref, func(l *linkRecord, _ time.Time) error { forget(l); return nil })
}

// doomed returns the rows to delete, per compartment.
func (l *linkRecord) doomed() (map[Compartment][]Row, []pending) {
	rows := make(map[Compartment][]Row)
	var done []pending
	for _, p := range l.pending {
		if !p.doomed {
			continue
		}
		done = append(done, p)
		for n := range p.chunks {
			rows[p.compartment] = append(rows[p.compartment], Row{p.expires, l.token, p.id, n})
		}
	}
	return rows, done
}

// remove deletes rows some at a time, so that no call holds a lock for long.
func remove(ctx context.Context, s Store, rows []Row) error {
	for part := range slices.Chunk(rows, 64) {
		if _, err := s.Delete(ctx, part...); err != nil {
			return fmt.Errorf("retention: %w", err)
		}
	}
	return nil
}
