package consent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// SweepOptions are the optional parts of [Manager.Sweep].
type SweepOptions struct {
	// Ended is told of each grant that ended, so that what was retrieved under it can be destroyed. It is called again,
	// in a later sweep, until it returns nil, and must not mind being called twice. Nil: there is nothing to destroy. Its errors,
	// and those of Disconnect, are part of what Sweep returns, with their texts: keep values out of them.
	Ended func(ctx context.Context, g Grant) error
	// Disconnect ends the connection at the institution. It is called for each link of an ended grant, again with longer and
	// longer pauses until it returns nil, which makes the link LinkClosed, or an error that wraps [ErrGivenUp], which makes it
	// LinkGivenUp. Nil: links are left for a sweep that can.
	Disconnect func(ctx context.Context, l Link) error
}

// Swept counts what a sweep did.
type Swept struct {
	Expired      int // grants whose time was over
	Ended        int // ended grants of which all is destroyed
	Voided       int // releases that can no longer be used
	Disconnected int // links that were ended at their institutions
	Forgotten    int // access logs with nothing in their window
	Recorded     int // entries that the access log had not got
	Failed       int // things to try again
	// GivenUp are the links of which the institution was not told that the grant ended, and will not be: see LinkGivenUp. Each is told of
	// once; [Manager.Links] keeps it.
	GivenUp []Link
	More    bool
}

// Sweep does what is due, at most max of each kind: it records expiry, voids releases, has data destroyed and links
// disconnected, and resumes what a process that died left undone. Nothing that is protected depends on it: what is over is over
// without a sweep too. Call it every few minutes; several at once do no harm. What is deleted is removed from the files of store and
// access log as well, where they are [retention.Scrubber]s. A failure of one thing does not stop the
// others; the error joins all of them. [ErrInvalid]: max is below 1.
func (m *Manager) Sweep(ctx context.Context, by Actor, max int, o *SweepOptions) (Swept, error) {
	if err := m.ask(ctx, by, Question{Action: ActionSweep}); err != nil {
		return Swept{}, err
	}
	if max < 1 {
		return Swept{}, invalid("max below 1")
	}
	if o == nil {
		o = &SweepOptions{}
	}
	if err := m.clock.sync(ctx); err != nil {
		return Swept{}, err
	}
	s := &sweep{m: m, o: o, max: max}
	s.each(ctx, kindEvent, s.event)
	s.each(ctx, kindGrant, s.grant)
	s.each(ctx, kindRelease, s.release)
	if o.Disconnect != nil {
		s.each(ctx, kindLink, s.link)
	}
	s.each(ctx, kindAccess, s.access)
	// Whatever was done: what others deleted, and what they were kept from removing, goes too.
	s.errs = append(s.errs, scrub(ctx, m.store), scrub(ctx, m.audit))
	return s.done, errors.Join(s.errs...)
}

type sweep struct {
	m    *Manager
	o    *SweepOptions
	max  int
	done Swept
	errs []error
}

func (s *sweep) each(ctx context.Context, kind Kind, f func(context.Context, Item) error) {
	// Stores round up to the millisecond: what is due now is due at its end.
	items, err := s.m.store.Due(ctx, kind, CeilMilli(s.m.clock.now()), s.max)
	if err != nil {
		s.errs = append(s.errs, err)
		return
	}
	if len(items) == s.max {
		s.done.More = true
	}
	for _, it := range items {
		if ctx.Err() != nil {
			s.errs = append(s.errs, ctx.Err())
			return
		}
		// A conflict means that somebody else just did it, or will be seen by the next sweep.
		if err := f(ctx, it); err != nil && !errors.Is(err, ErrConflict) {
			s.done.Failed++
			s.errs = append(s.errs, err)
		}
	}
}

func (s *sweep) event(ctx context.Context, it Item) error {
	ev := event{id: it.ID, version: it.Version}
	err := json.Unmarshal(it.Body, &ev)
	if err != nil {
		err = fmt.Errorf("consent: event: %w", errStored)
	} else {
		err = s.m.deliver(ctx, ev)
	}
	if err != nil {
		// One that the log does not take must not stand in the way of the others.
		it.Due = s.m.clock.now().Add(firstPause)
		return errors.Join(err, s.m.apply(ctx, Change{OpUpdate, it}))
	}
	s.done.Recorded++
	return nil
}

func (s *sweep) grant(ctx context.Context, it Item) error {
	g, err := s.m.decode(it)
	if err != nil {
		return err
	}
	if !g.State.Terminal() {
		if err := s.m.expire(ctx, g.ID); err != nil {
			return err
		}
		if g, err = s.m.load(ctx, g.ID); err != nil || !g.State.Terminal() {
			return err
		}
		s.done.Expired++
	}
	if g.Cleared {
		return nil
	}
	// The order is that of harm: first the data, then what could still be fetched, then the connections.
	if s.o.Ended != nil {
		if err := s.o.Ended(ctx, g); err != nil {
			g.NextClear = s.m.clock.now().Add(pause(g.ClearAttempts))
			g.ClearAttempts++
			return errors.Join(fmt.Errorf("consent: end of grant %s: %w", g.ID, err), s.m.apply(ctx, g.change(OpUpdate)))
		}
	}
	if err := s.voidAll(ctx, g); err != nil {
		return err
	}
	if err := s.unlink(ctx, g); err != nil {
		return err
	}
	g.Cleared = true
	if err := s.m.apply(ctx, g.change(OpUpdate)); err != nil {
		return err
	}
	s.done.Ended++
	return nil
}

func (s *sweep) voidAll(ctx context.Context, g Grant) error {
	rs, err := s.m.releases(ctx, g.ID)
	if err != nil {
		return err
	}
	for _, r := range rs {
		if err := s.void(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (s *sweep) void(ctx context.Context, r Release) error {
	if _, err := NextRelease(r.State, ReleaseCancel, s.m.clock.now(), r.ApproveBy); err != nil {
		return nil // delivered or void already
	}
	if err := s.m.void(ctx, r); err != nil {
		return err
	}
	s.done.Voided++
	return nil
}

// void voids a release that is pending or sealed, and deletes its package.
func (m *Manager) void(ctx context.Context, r Release) error {
	now := m.clock.now()
	next, err := NextRelease(r.State, ReleaseCancel, now, r.ApproveBy)
	if err != nil {
		return err
	}
	var changes []Change
	if r.State == ReleaseSealed {
		changes = append(changes, packageDelete(r.ID))
	}
	r.State, r.Voided = next, now
	return m.apply(ctx, append(changes, r.change(OpUpdate))...)
}

// release voids a pending release whose time is over, and a sealed one whose content may be kept no longer.
func (s *sweep) release(ctx context.Context, it Item) error {
	r, err := decodeRelease(it)
	if err != nil || r.State != ReleasePending && !r.over(s.m.clock.now()) {
		return err
	}
	return s.void(ctx, r)
}

// unlink makes the open links of an ended grant due for disconnecting.
func (s *sweep) unlink(ctx context.Context, g Grant) error {
	links, err := s.m.links(ctx, g.ID)
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.State.Terminal() || !l.NextAttempt.IsZero() {
			continue
		}
		l.NextAttempt = s.m.clock.now()
		if err := s.m.apply(ctx, l.change(OpUpdate)); err != nil {
			return err
		}
	}
	return nil
}

const firstPause = time.Minute

// pause is the time until something that failed is tried again: a minute, doubled each time, a day at most.
func pause(failures int) time.Duration { return min(firstPause<<min(failures, 11), day) }

func (s *sweep) link(ctx context.Context, it Item) error {
	l, err := decodeLink(it)
	if err != nil {
		return err
	}
	failed := s.o.Disconnect(ctx, l)
	end := LinkClose
	if errors.Is(failed, ErrGivenUp) {
		end, failed = LinkGiveUp, nil
	}
	if failed == nil {
		if l.State, err = NextLink(l.State, end, s.m.clock.now()); err != nil {
			return err
		}
		l.Since, l.NextAttempt = s.m.clock.now(), time.Time{}
	} else {
		l.NextAttempt = s.m.clock.now().Add(pause(l.Attempts))
		l.Attempts++
	}
	if err := s.m.apply(ctx, l.change(OpUpdate)); err != nil {
		return err
	}
	switch {
	case failed != nil:
		return fmt.Errorf("consent: disconnect: grant %s, %s: %w", l.Grant, l.Institution, failed)
	case end == LinkGiveUp:
		l.Version++
		s.done.GivenUp = append(s.done.GivenUp, l)
	default:
		s.done.Disconnected++
	}
	return nil
}

// access forgets a log of which nothing is in the window any more, and with the last one of a subject who has no grant what else there
// is: Forget had to leave it.
func (s *sweep) access(ctx context.Context, it Item) error {
	it.Body = nil
	if err := s.m.apply(ctx, Change{OpDelete, it}); err != nil {
		return err
	}
	s.done.Forgotten++
	return s.m.forgetSubject(ctx, it.Owner)
}
