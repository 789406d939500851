package consent

import "context"

// Snapshot returns the grant as it was when the permit was made, and false for the zero permit. Whether it still permits
// anything is for Check to say.
func (p Permit) Snapshot() (Grant, bool) {
	if p.p == nil {
		return Grant{}, false
	}
	return p.p.grant, true
}

// Stored returns a grant as it is stored, whoever asks: it is for the façade's own housekeeping, which acts on what ended.
// A host's pages use [Manager.Get].
func (m *Manager) Stored(ctx context.Context, id GrantID) (Grant, error) { return m.load(ctx, id) }

// StoredLinks returns a grant's links as they are stored, whoever asks: it is for what Stored is.
func (m *Manager) StoredLinks(ctx context.Context, id GrantID) ([]Link, error) {
	return m.links(ctx, id)
}

// Usable returns nil if a grant, in the state in which it was read, permits anything now; else an error that wraps
// [ErrNotPermitted] with the reason.
func (m *Manager) Usable(g Grant) error {
	now := m.clock.now()
	return usable(g.StateAt(now), now, g.Term)
}
