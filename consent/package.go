package consent

import (
	"context"

	"github.com/brondata/brondata/crypto"
)

// Package returns the package of a release that the subject approved and [Manager.Seal] sealed, until [Manager.MarkDelivered]: for the
// recipient, who fetches it, and for the subject. It seals nothing, and hands out nothing that the recipient cannot have: see
// [ActionFetch] for whom it is for. Grant, key and time are looked at as when sealing is repeated, so that after a revoke, when the
// recipient has another key, or from [Release].KeepUntil on, nothing is returned. The access log has an entry of its own before the
// bytes are returned.
//
// [*Refusal]: the grant permits nothing now, or not this actor. [ErrTransition]: it was not sealed yet. [ErrVoid], [ErrDelivered].
func (m *Manager) Package(ctx context.Context, by Actor, id ReleaseID) (crypto.Package, error) {
	if err := m.clock.sync(ctx); err != nil {
		return crypto.Package{}, err
	}
	var p crypto.Package
	var asked Grant
	err := m.retry(ctx, func() error {
		r, g, err := m.releaseFor(ctx, by, id, ActionFetch)
		asked = g
		if err != nil {
			return err
		}
		if _, err := NextRelease(r.State, ReleaseDeliver, m.clock.now(), r.ApproveBy); err != nil {
			return err
		}
		p, err = m.sealed(ctx, by, ActionFetch, r, g)
		return err
	})
	if err != nil {
		return crypto.Package{}, m.Refused(ctx, by, ActionFetch, asked, err)
	}
	return p, nil
}
