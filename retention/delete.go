package retention

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/brondata/brondata/model"
)

// DestroyGrant destroys the keys of a grant in all compartments at once, and leaves tombstones. From the moment at which it
// returns nothing under the grant can be read or stored any more, in any process, whatever becomes of the rows: they are
// noise, in every backup of the data as well. It is the first effect of a revoke, one compare-and-set, and can be repeated. The rows
// go with [Vault.DeleteGrant], or with a later sweep. A grant that holds nothing gets its tombstones too, so that a
// collection that is under way stores nothing.
func (v *Vault) DestroyGrant(ctx context.Context, grant string) error {
	if !name(grant) {
		return invalid("id of a grant")
	}
	err := v.retry(ctx, func() error { return v.destroyGrant(ctx, grant) })
	v.cache.drop(grant)
	if err == nil {
		_ = scrub(ctx, v.disk.keys) // what remains in the log goes with a sweep at the latest
	}
	return err
}

func (v *Vault) destroyGrant(ctx context.Context, grant string) error {
	snap, err := v.unchecked(ctx, grantID(grant, Identity), grantID(grant, Financial), grantID(grant, Credentials))
	if err != nil {
		return err
	}
	var changes []Change
	for _, place := range Compartments() {
		dead := grantRecord{destroyed: snap.now}
		c := Change{OpUpdate, Record{ID: grantID(grant, place), Body: dead.encode()}}
		g, err := snap.grant(grant, place)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			c.Op = OpCreate
		case err != nil:
			// A record that cannot be read is destroyed all the same.
			c.Record.Version = snap.record(c.Record.ID).Version
		case g.dead():
			return nil
		default:
			c.Record.Version = g.version
		}
		changes = append(changes, c)
	}
	job := jobRecord{obituary: obituary{requested: snap.now}}
	changes = append(changes, Change{OpCreate, Record{ID: jobID(grant), Due: snap.now, Body: job.encode()}})
	if err := v.disk.keys.Apply(ctx, changes...); err != nil {
		return fmt.Errorf("retention: destroy grant: %w", err)
	}
	return nil
}

// DeleteGrant deletes everything that is kept under a grant: it destroys the keys as DestroyGrant does, then deletes every
// row, and returns a signed receipt. Where it was stopped, a second call or a sweep goes on, and every call returns the same
// counts and times. a says who wants it and why. When the access log is down, the deletion is done all the same; the
// error is then [ErrNotRecorded], and there is no receipt until a later call could record it.
func (v *Vault) DeleteGrant(ctx context.Context, a Access, grant string) (Receipt, error) {
	if err := a.check(); err != nil {
		return Receipt{}, err
	}
	if !name(grant) {
		return Receipt{}, invalid("id of a grant")
	}
	ref := Ref{Grant: grant}
	logged := v.asked(ctx, a, ref, "")
	if err := v.DestroyGrant(ctx, grant); err != nil {
		return Receipt{}, errors.Join(err, logged)
	}
	if err := v.finishGrant(ctx, grant); err != nil {
		return Receipt{}, errors.Join(err, logged)
	}
	var done obituary
	err := v.retry(ctx, func() error {
		job, err := v.job(ctx, grant)
		if err != nil {
			return err
		}
		if done = job.obituary; done.place != "" || logged != nil {
			return logged
		}
		if done.place, err = v.told(ctx, a, ref, "", done.counts); err != nil || done.place == "" {
			return err
		}
		job.obituary = done
		return v.saveJob(ctx, grant, job)
	})
	if err != nil {
		return Receipt{}, err
	}
	return v.receipt(ctx, grant, "", "", done)
}

// finishGrant deletes the links of a grant whose keys are destroyed.
func (v *Vault) finishGrant(ctx context.Context, grant string) error {
	job, err := v.job(ctx, grant)
	if err != nil || !job.finished.IsZero() {
		return err
	}
	var counts [][]Count
	err = v.eachLink(ctx, v.disk, grant, func(link string, _ *linkRecord) error {
		l, err := v.deleteLink(ctx, Ref{Grant: grant, Link: link}, job.requested)
		if err == nil && !l.alone {
			counts = append(counts, l.counts)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := v.scrubAll(ctx); err != nil {
		return err
	}
	return v.retry(ctx, func() error {
		job, err := v.job(ctx, grant)
		if err != nil || !job.finished.IsZero() {
			return err
		}
		job.counts = sum(counts...)
		job.finished = later(floor(v.o.Now()), job.requested)
		return v.saveJob(ctx, grant, job)
	})
}

func (v *Vault) job(ctx context.Context, grant string) (*jobRecord, error) {
	rs, err := v.disk.keys.Get(ctx, jobID(grant))
	if err != nil {
		return nil, fmt.Errorf("retention: %w", err)
	}
	if len(rs) == 0 {
		return nil, fmt.Errorf("retention: deletion of a grant: %w", fs.ErrNotExist)
	}
	return decodeJob(rs[0])
}

func (v *Vault) saveJob(ctx context.Context, grant string, job *jobRecord) error {
	r := Record{ID: jobID(grant), Version: job.version, Body: job.encode()}
	if job.finished.IsZero() {
		r.Due = job.requested
	}
	if err := v.disk.keys.Apply(ctx, Change{OpUpdate, r}); err != nil {
		return fmt.Errorf("retention: deletion of a grant: %w", err)
	}
	return nil
}

// DeleteLink deletes everything that is kept over one link, and the link itself: its keys at once, by one compare-and-set,
// then its rows. From then on reading is [ErrShredded]. Stopping, repeating, recording and the receipt are as of DeleteGrant. An unknown link
// is an error that wraps [fs.ErrNotExist].
func (v *Vault) DeleteLink(ctx context.Context, a Access, grant, link string) (Receipt, error) {
	ref := Ref{Grant: grant, Link: link}
	if err := a.check(); err != nil {
		return Receipt{}, err
	}
	if err := ref.check(); err != nil {
		return Receipt{}, err
	}
	logged := v.asked(ctx, a, ref, "")
	l, err := v.deleteLink(ctx, ref, time.Time{})
	if err = errors.Join(err, logged, v.scrubAll(ctx)); err != nil {
		return Receipt{}, err
	}
	o := l.obituary
	if o.place == "" {
		if o.place, err = v.told(ctx, a, ref, "", o.counts); err != nil {
			return Receipt{}, err
		}
		if o.place != "" {
			err = v.edit(ctx, v.disk, ref, func(l *linkRecord, _ time.Time) error { l.place = o.place; return nil })
		}
	}
	if err != nil {
		return Receipt{}, err
	}
	return v.receipt(ctx, grant, link, "", o)
}

// deleteLink deletes a link in both planes. requested is when the deletion of its grant was; the zero time for now.
func (v *Vault) deleteLink(ctx context.Context, ref Ref, requested time.Time) (*linkRecord, error) {
	var dead *linkRecord
	alone := requested.IsZero()
	bury := func(l *linkRecord, now time.Time) error {
		if dead = l; l.dead {
			return errUnchanged
		}
		if requested.IsZero() {
			requested = now
		}
		l.dead, l.alone, l.requested = true, alone, requested
		var counts []Count
		for i := range l.baskets {
			// What expired before the deletion has gone by itself.
			if b := &l.baskets[i]; b.state == basketLive && requested.Before(b.expires) {
				counts = append(counts, b.count())
			}
			if l.baskets[i].state == basketLive {
				l.pending = append(l.pending, l.baskets[i].rows()...)
			}
		}
		l.counts, l.baskets = sum(counts), nil
		return nil
	}
	if err := v.edit(ctx, v.memory, ref, bury); err == nil {
		if err := v.tidy(ctx, v.memory, ref, dead); err != nil {
			return nil, err
		}
	}
	if err := v.edit(ctx, v.disk, ref, bury); err != nil {
		return nil, err
	}
	v.cache.drop(ref.Grant)
	if alone {
		_ = scrub(ctx, v.disk.keys)
	}
	return v.finishLink(ctx, ref)
}

// finishLink deletes the doomed rows of a link and, when it is dead, marks it finished. Rows that somebody may still be writing
// stay announced until their deadline: no record opens them.
func (v *Vault) finishLink(ctx context.Context, ref Ref) (*linkRecord, error) {
	last, err := v.linkIn(ctx, v.disk, ref)
	if err != nil {
		return nil, err
	}
	if err := v.tidy(ctx, v.disk, ref, last); err != nil {
		return nil, err
	}
	err = v.edit(ctx, v.disk, ref, func(l *linkRecord, now time.Time) error {
		if last = l; !l.dead || !l.finished.IsZero() {
			return errUnchanged
		}
		l.finished = later(now, l.requested)
		return nil
	})
	return last, err
}

// DeleteCategory deletes one category of a link, or of all links of the grant when link is "". The link lives on, but
// never holds the category again: storing and reading it are [ErrShredded]. Stopping, repeating, recording and the receipt
// are as of DeleteGrant. An unknown link or grant is an error that wraps [fs.ErrNotExist].
func (v *Vault) DeleteCategory(ctx context.Context, a Access, grant, link string, c model.Category) (Receipt, error) {
	ref := Ref{Grant: grant, Link: link}
	place, err := CompartmentOf(c)
	if err = errors.Join(err, a.check()); err != nil {
		return Receipt{}, err
	}
	if !name(grant) || link != "" && !name(link) {
		return Receipt{}, invalid("id of a grant or link")
	}
	links := []string{link}
	if link == "" {
		if links, err = v.Links(ctx, grant); err != nil {
			return Receipt{}, err
		}
		if len(links) == 0 {
			return Receipt{}, fmt.Errorf("retention: grant: %w", fs.ErrNotExist)
		}
	}
	logged := v.asked(ctx, a, ref, place)
	var all obituary
	for _, l := range links {
		o, err := v.deleteBasket(ctx, Ref{Grant: grant, Link: l}, c)
		if err != nil {
			return Receipt{}, errors.Join(err, logged)
		}
		all.counts = append(all.counts, o.counts...)
		if all.requested.IsZero() || !o.requested.IsZero() && o.requested.Before(all.requested) {
			all.requested = o.requested
		}
		all.finished = later(all.finished, o.finished)
	}
	if err := errors.Join(logged, v.scrubAll(ctx)); err != nil {
		return Receipt{}, err
	}
	if all.place, err = v.told(ctx, a, ref, place, all.counts, c); err != nil {
		return Receipt{}, err
	}
	return v.receipt(ctx, grant, link, c, all)
}

func (v *Vault) deleteBasket(ctx context.Context, ref Ref, c model.Category) (obituary, error) {
	var left *linkRecord
	bury := func(l *linkRecord, now time.Time) error {
		left = l
		if l.dead {
			return errUnchanged
		}
		b := l.basket(c)
		if b == nil {
			l.baskets = append(l.baskets, basket{category: c})
			b = &l.baskets[len(l.baskets)-1]
		}
		if b.state == basketDeleted {
			return errUnchanged
		}
		if b.state == basketLive {
			if now.Before(b.expires) {
				b.counts = sum([]Count{b.count()})
			}
			l.pending = append(l.pending, b.rows()...)
		}
		b.state, b.key, b.items, b.requested = basketDeleted, nil, nil, now
		return nil
	}
	if err := v.edit(ctx, v.memory, ref, bury); err == nil {
		if err := v.tidy(ctx, v.memory, ref, left); err != nil {
			return obituary{}, err
		}
	}
	if err := v.edit(ctx, v.disk, ref, bury); err != nil {
		return obituary{}, err
	}
	v.cache.drop(ref.Grant)
	_ = scrub(ctx, v.disk.keys)
	if err := v.tidy(ctx, v.disk, ref, left); err != nil {
		return obituary{}, err
	}
	var o obituary
	err := v.edit(ctx, v.disk, ref, func(l *linkRecord, now time.Time) error {
		b := l.basket(c)
		if b == nil { // the whole link was deleted
			o = l.obituary
			return errUnchanged
		}
		if o = b.obituary; !b.finished.IsZero() {
			return errUnchanged
		}
		b.finished = later(now, b.requested)
		o = b.obituary
		return nil
	})
	return o, err
}

// asked records that a deletion begins. Its failure is returned when the deletion is done.
func (v *Vault) asked(ctx context.Context, a Access, ref Ref, place Compartment, cs ...model.Category) error {
	entry := v.fill(a, ref, ActionDelete, place)
	entry.Categories, entry.Outcome = slices.Clone(cs), OutcomeGranted
	_, err := record(ctx, v.recorder, entry)
	return err
}

// told records that a deletion is done.
func (v *Vault) told(ctx context.Context, a Access, ref Ref, place Compartment, counts []Count, cs ...model.Category) (string, error) {
	entry := v.fill(a, ref, ActionDelete, place)
	entry.Categories, entry.Items, entry.Outcome = slices.Clone(cs), items(counts), OutcomeDone
	return record(ctx, v.recorder, entry)
}

// scrubAll scrubs every store that rows or keys were deleted from.
func (v *Vault) scrubAll(ctx context.Context) error {
	errs := []error{scrub(ctx, v.disk.keys)}
	for _, s := range v.disk.distinct() {
		errs = append(errs, scrub(ctx, s))
	}
	return errors.Join(errs...)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
