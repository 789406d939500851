package consent

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Decide records the subject's decision. Allowing a grant that supersedes another ends that one in the same moment: there
// is never one without the other, and never both. Deciding the same again changes nothing and is no error.
//
// [ErrTransition]: it was decided otherwise, or what it was to supersede was revoked or superseded meanwhile. [*Refusal]
// for ReasonExpired: the time to decide, or the grant's own, is over.
func (m *Manager) Decide(ctx context.Context, by Actor, id GrantID, allow bool) (Grant, error) {
	if err := m.clock.sync(ctx); err != nil {
		return Grant{}, err
	}
	what := EventDeny
	if allow {
		what = EventAllow
	}
	var out Grant
	asked := Grant{ID: id}
	err := m.retry(ctx, func() error {
		g, err := m.load(ctx, id)
		if err != nil {
			return err
		}
		asked = g
		if err := m.allow(ctx, by, ActionDecide, g); err != nil {
			return err
		}
		out = g
		now := m.clock.now()
		if allow && g.StateAt(now) == GrantActive || !allow && g.State == GrantDenied {
			return nil
		}
		next, err := NextGrant(g.State, what, now, g.Term)
		if err != nil {
			if errors.Is(err, ErrNotPermitted) {
				return errors.Join(err, m.expire(ctx, id))
			}
			return err
		}
		g = g.moved(next, by, now)
		g.Decided, g.DecidedBy = now, by.signature()
		evs := []event{m.event(by, ActionDecide, g)}
		changes := []Change{g.change(OpUpdate), evs[0].change()}
		if allow && g.Supersedes != "" {
			old, err := m.load(ctx, g.Supersedes)
			if err != nil {
				return err
			}
			old, err = old.makeRoom(by, g.ID, now)
			if err != nil {
				// Between the two reads the same decision may have been made elsewhere: then it is this one's too.
				if cur, again := m.load(ctx, id); again != nil {
					return again
				} else if cur.Version != g.Version {
					return ErrConflict
				}
				return err
			}
			ev := m.event(by, actionSupersede, old)
			evs = append(evs, ev)
			changes = append(changes, old.change(OpUpdate), ev.change())
		}
		if err := m.apply(ctx, changes...); err != nil {
			return err
		}
		g.Version++
		out = g
		m.flush(ctx, evs...)
		return nil
	})
	if err != nil {
		return Grant{}, m.Refused(ctx, by, ActionDecide, asked, err)
	}
	return out, nil
}

// moved returns the grant in another state.
func (g Grant) moved(next GrantState, by Actor, now time.Time) Grant {
	g.State = next
	if next.Terminal() {
		g.Ended, g.EndedBy = now, by.signature()
	}
	return g
}

// makeRoom returns the old grant as it is when another takes its place. One that ran out just before is as good as one
// that is active: a renewal may come late.
func (g Grant) makeRoom(by Actor, successor GrantID, now time.Time) (Grant, error) {
	switch g.StateAt(now) {
	case GrantActive:
		g = g.moved(GrantSuperseded, by, now)
	case GrantExpired:
		if !g.State.Terminal() {
			g = g.moved(GrantExpired, by, now)
		}
		if g.SupersededBy != "" {
			return g, fmt.Errorf("%w: supersede twice", ErrTransition)
		}
	default:
		return g, fmt.Errorf("%w: supersede in %s", ErrTransition, g.State)
	}
	g.SupersededBy = successor
	return g, nil
}

// Revoke withdraws a grant. It takes effect at once, in the one moment in which the store changes the grant, and needs
// nothing but the store; whatever else follows from it (keys, upstream disconnects) is for [Manager.Sweep] to finish.
// Revoking twice changes nothing and is no error, and neither is revoking what ended by itself: the state tells.
//
// Of a superseded grant, the one that took its place is revoked: who withdraws on an old page means what is running.
func (m *Manager) Revoke(ctx context.Context, by Actor, id GrantID) (Grant, error) {
	var out Grant
	asked := Grant{ID: id}
	err := m.retry(ctx, func() error {
		g, err := m.load(ctx, id)
		if err != nil {
			return err
		}
		asked = g
		if err := m.allow(ctx, by, ActionRevoke, g); err != nil {
			return err
		}
		if g.SupersededBy != "" {
			id = g.SupersededBy
			return ErrConflict // look again, at that one
		}
		out = g
		now := m.clock.now()
		if g.State.Terminal() {
			return nil
		}
		next, err := NextGrant(g.State, EventRevoke, now, g.Term)
		if err != nil {
			return err
		}
		g = g.moved(next, by, now)
		ev := m.event(by, ActionRevoke, g)
		if err := m.apply(ctx, g.change(OpUpdate), ev.change()); err != nil {
			return err
		}
		g.Version++
		out = g
		m.flush(ctx, ev)
		return nil
	})
	if err != nil {
		return Grant{}, m.Refused(ctx, by, ActionRevoke, asked, err)
	}
	return out, nil
}

// expire records that a grant's time is over, if it is.
func (m *Manager) expire(ctx context.Context, id GrantID) error {
	return m.retry(ctx, func() error {
		g, err := m.load(ctx, id)
		if err != nil {
			return err
		}
		now := m.clock.now()
		next, err := NextGrant(g.State, EventExpire, now, g.Term)
		if err != nil {
			return nil // it ended otherwise, or its time is not over
		}
		g = g.moved(next, self, now)
		ev := m.event(self, actionExpire, g)
		if err := m.apply(ctx, g.change(OpUpdate), ev.change()); err != nil {
			return err
		}
		m.flush(ctx, ev)
		return nil
	})
}

// self is who acts when a grant's time is over.
var self = Actor{ID: "brondata", Role: RoleSystem, Reason: "time"}

// What the library does by itself, in the access log.
const (
	actionSupersede Action = "supersede"
	actionExpire    Action = "expire"
)
