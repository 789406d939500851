package consent

import (
	"context"
	"errors"
	"time"

	"github.com/brondata/brondata/model"
)

// MoveLink records what happened to the technical connection to an institution under a grant. LinkRestart makes the link
// if there is none. until is when the institution's own authorisation ends, for LinkConfirm; the zero time where it does not
// say. It asks no policy: the façade calls it for what an institution said.
//
// Beginning and confirming need an active grant, at the very moment: a subject who revokes while they are at their bank
// comes back to a refusal, and the link stays unconfirmed until [Manager.Sweep] disconnects what the bank may have made.
func (m *Manager) MoveLink(ctx context.Context, id GrantID, inst model.InstitutionID, e LinkEvent, until time.Time) (Link, error) {
	var out Link
	err := m.retry(ctx, func() error {
		g, err := m.load(ctx, id)
		if err != nil {
			return err
		}
		if !g.Allows(inst) {
			return refuse(ReasonScope)
		}
		now := m.clock.now()
		var changes []Change
		if e == LinkRestart || e == LinkConfirm || e == LinkNeed {
			if err := usable(g.State, now, g.Term); err != nil {
				return err
			}
			changes = append(changes, Change{OpCheck, Item{Kind: kindGrant, ID: string(id), Version: g.Version}})
		}
		op := OpUpdate
		l := Link{Grant: id, Institution: inst}
		switch it, err := m.store.Get(ctx, kindLink, string(linkID(id, inst))); {
		case errors.Is(err, ErrNotFound) && e == LinkRestart:
			op, l.State, l.Since = OpCreate, LinkUnconfirmed, now
		case errors.Is(err, ErrNotFound):
			return err
		case err != nil:
			return err
		default:
			if l, err = decodeLink(it); err != nil {
				return err
			}
			next, err := NextLink(l.State, e, now)
			if err != nil {
				return err
			}
			if next == l.State && (e != LinkConfirm || until.Equal(l.Until)) {
				out = l
				return nil
			}
			if next != l.State {
				l.State, l.Since = next, now
			}
		}
		if e == LinkConfirm {
			l.Until = until.UTC()
		}
		if l.State.Terminal() {
			l.NextAttempt = time.Time{}
		}
		if err := m.apply(ctx, append(changes, l.change(op))...); err != nil {
			return err
		}
		l.Version++
		out = l
		return nil
	})
	if err != nil {
		return Link{}, err
	}
	return out, nil
}
