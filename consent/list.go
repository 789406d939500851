package consent

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/brondata/brondata/model"
)

func (m *Manager) list(ctx context.Context, subject string) ([]Grant, error) {
	items, err := m.store.List(ctx, kindGrant, subject)
	if err != nil {
		return nil, err
	}
	now := m.clock.now()
	out := make([]Grant, 0, len(items))
	for _, it := range items {
		g, err := m.decode(it)
		if err != nil {
			return nil, err
		}
		g.State = g.StateAt(now)
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b Grant) int { return cmp.Or(a.Proposed.Compare(b.Proposed), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

// Links returns a grant's links, in the order of their institutions' ids.
func (m *Manager) Links(ctx context.Context, by Actor, id GrantID) ([]Link, error) {
	if _, err := m.Get(ctx, by, id); err != nil {
		return nil, err
	}
	return m.links(ctx, id)
}

func (m *Manager) links(ctx context.Context, id GrantID) ([]Link, error) {
	items, err := m.store.List(ctx, kindLink, string(id))
	if err != nil {
		return nil, err
	}
	return decodeAll(items, decodeLink)
}

// Releases returns a grant's releases, the oldest first.
func (m *Manager) Releases(ctx context.Context, by Actor, id GrantID) ([]Release, error) {
	if _, err := m.Get(ctx, by, id); err != nil {
		return nil, err
	}
	return m.releases(ctx, id)
}

// Release returns one release in its present state.
func (m *Manager) Release(ctx context.Context, by Actor, id ReleaseID) (Release, error) {
	if !id.Valid() {
		return Release{}, m.Refused(ctx, by, ActionSee, Grant{}, fmt.Errorf("%w: release", ErrNotFound))
	}
	it, err := m.store.Get(ctx, kindRelease, string(id))
	if err != nil {
		return Release{}, m.Refused(ctx, by, ActionSee, Grant{}, err)
	}
	r, err := decodeRelease(it)
	if err != nil {
		return Release{}, err
	}
	_, err = m.Get(ctx, by, r.Grant) // asks the policy
	return r, err
}

func (m *Manager) releases(ctx context.Context, id GrantID) ([]Release, error) {
	items, err := m.store.List(ctx, kindRelease, string(id))
	if err != nil {
		return nil, err
	}
	out, err := decodeAll(items, decodeRelease)
	slices.SortFunc(out, func(a, b Release) int { return cmp.Or(a.Reviewed.Compare(b.Reviewed), cmp.Compare(a.ID, b.ID)) })
	return out, err
}

func decodeAll[T any](items []Item, decode func(Item) (T, error)) ([]T, error) {
	out := make([]T, 0, len(items))
	for _, it := range items {
		v, err := decode(it)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func decodeLink(it Item) (Link, error) {
	var l Link
	if err := json.Unmarshal(it.Body, &l); err != nil || string(l.ID()) != it.ID {
		return Link{}, fmt.Errorf("consent: link: %w", errStored)
	}
	l.Version = it.Version
	return l, nil
}

func (l Link) change(op Op) Change {
	body, _ := json.Marshal(l) // plain data: it always marshals
	return Change{op, Item{Kind: kindLink, ID: string(l.ID()), Owner: string(l.Grant), Due: l.NextAttempt, Version: l.Version, Body: body}}
}

func decodeRelease(it Item) (Release, error) {
	var r Release
	if err := json.Unmarshal(it.Body, &r); err != nil || string(r.ID) != it.ID {
		return Release{}, fmt.Errorf("consent: release: %w", errStored)
	}
	r.Version = it.Version
	return r, nil
}

func (r Release) change(op Op) Change {
	c := Change{op, Item{Kind: kindRelease, ID: string(r.ID), Owner: string(r.Grant), Version: r.Version}}
	switch r.State {
	case ReleasePending:
		c.Item.Due = r.ApproveBy
	case ReleaseSealed:
		c.Item.Due = r.KeepUntil
	}
	c.Item.Body, _ = json.Marshal(r) // plain data: it always marshals
	return c
}

// Next returns when the next unattended access to an account is allowed under a grant, the present if one is allowed now.
// It takes no slot. account is the id that was given to [Permit.Access].
func (m *Manager) Next(ctx context.Context, p Permit, inst model.InstitutionID, account string) (LimitError, error) {
	if p.p == nil || !p.Allows(inst) {
		return LimitError{}, refuse(ReasonScope)
	}
	salt, err := m.salt(ctx, p.Subject())
	if err != nil {
		return LimitError{}, err
	}
	r := m.limits.unattended(inst)
	if p.Attended() {
		r, account = m.limits.onDemand(inst), ""
	}
	now := m.clock.now()
	it, err := m.store.Get(ctx, kindAccess, accessKey(salt, r.kind, inst, account))
	if errors.Is(err, ErrNotFound) {
		return LimitError{Kind: r.kind, Next: now}, nil
	}
	if err != nil {
		return LimitError{}, err
	}
	log, err := decodeLog(it.Body)
	if err != nil {
		return LimitError{}, err
	}
	if _, next, ok := log.take(now, r); !ok {
		now = next
	}
	return LimitError{Kind: r.kind, Next: now}, nil
}
