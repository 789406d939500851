package consent

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Forget deletes the records of a subject's grants that ended before a time, with their links and releases, and returns how
// many. When none is left, what else is kept about the subject goes too. Records of consent are the proof of it: keep them
// as long as the law wants that proof, and no longer (GDPR articles 5(1)(e) and 7(1)).
//
// A grant that is proposed or active, of which a sweep has not finished the end, or of which it is still trying to end a
// connection, stays. The times of accesses in the last 24 hours, and with them the subject's id, stay until [Manager.Sweep] forgets
// them. Forgetting twice is no error. Entries of the access log are that log's to erase. What is deleted is also removed from the
// store's files, where it is a [retention.Scrubber]; an error of that is returned beside the number, and forgetting again removes it.
func (m *Manager) Forget(ctx context.Context, by Actor, subject string, endedBefore time.Time) (int, error) {
	if err := m.ask(ctx, by, Question{Action: ActionErase, Subject: subject}); err != nil {
		return 0, err
	}
	if err := m.record(ctx, by, ActionErase, Grant{Subject: subject}, nil); err != nil {
		return 0, err
	}
	n, err := m.forgetEnded(ctx, subject, endedBefore)
	// Also where it stopped, or found nothing left to do: an earlier call may have been kept from it.
	return n, errors.Join(err, scrub(ctx, m.store))
}

func (m *Manager) forgetEnded(ctx context.Context, subject string, endedBefore time.Time) (int, error) {
	items, err := m.store.List(ctx, kindGrant, subject)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, it := range items {
		g, err := decodeGrant(it)
		if err != nil {
			return n, err
		}
		if !g.State.Terminal() || !g.Cleared || !g.Ended.Before(endedBefore) {
			continue
		}
		links, err := m.links(ctx, g.ID)
		if err != nil {
			return n, err
		}
		if slices.ContainsFunc(links, func(l Link) bool { return !l.State.Terminal() && l.Attempts > 0 }) {
			continue // the institution would not be told any more
		}
		if err := m.forget(ctx, g); err != nil {
			return n, err
		}
		n++
	}
	return n, m.forgetSubject(ctx, subject)
}

// forget deletes what belongs to a grant and then the grant, so that nothing is left that nobody can find.
func (m *Manager) forget(ctx context.Context, g Grant) error {
	for _, kind := range []Kind{kindPackage, kindRelease, kindLink} {
		items, err := m.store.List(ctx, kind, string(g.ID))
		if err != nil {
			return err
		}
		for _, it := range items {
			if err := m.drop(ctx, it); err != nil {
				return err
			}
		}
	}
	return m.drop(ctx, Item{Kind: kindGrant, ID: string(g.ID), Version: g.Version})
}

// drop deletes one item. Another who changed it first is an error, since nothing that ended is changed any more but by a
// sweep; another who deleted it first is not.
func (m *Manager) drop(ctx context.Context, it Item) error {
	it.Body = nil
	err := m.apply(ctx, Change{OpDelete, it})
	if errors.Is(err, ErrConflict) {
		if _, err := m.store.Get(ctx, it.Kind, it.ID); errors.Is(err, ErrNotFound) {
			return nil
		}
	}
	return err
}

// forgetSubject deletes a subject's salt when nothing is left that needs it.
func (m *Manager) forgetSubject(ctx context.Context, subject string) error {
	it, err := m.store.Get(ctx, kindSubject, subjectKey(subject))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	// A proposal requires the salt as it is: one made after this look changes the salt's version, and the deletion fails.
	for _, kind := range []Kind{kindGrant, kindAccess, kindEvent} {
		left, err := m.store.List(ctx, kind, subject)
		if err != nil {
			return err
		}
		if len(left) > 0 {
			return nil
		}
	}
	if err := m.drop(ctx, it); !errors.Is(err, ErrConflict) {
		return err
	}
	return nil
}
