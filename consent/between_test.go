package consent_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
)

// between does something once, right before the first change of an item of a kind: after all that led to the change was
// read.
type between struct {
	consent.Store
	kind consent.Kind
	do   func()
}

func (b *between) Apply(ctx context.Context, cs ...consent.Change) error {
	for _, c := range cs {
		if do := b.do; c.Item.Kind == b.kind && do != nil {
			b.do = nil
			do()
		}
	}
	return b.Store.Apply(ctx, cs...)
}

// TestBetweenReadAndChange has somebody else change the grant or the key at the worst moment.
func TestBetweenReadAndChange(t *testing.T) {
	t.Parallel()
	revoke := func(t *testing.T, k *kit, g consent.Grant) {
		_, err := k.Revoke(t.Context(), jan, g.ID)
		require.NoError(t, err)
	}
	for name, c := range map[string]struct {
		kind   consent.Kind
		change func(t *testing.T, k *kit, g consent.Grant)
		do     func(t *testing.T, m *consent.Manager, k *kit, g consent.Grant) error
		err    error
	}{
		"revoked before a slot is taken": {"access", revoke, func(t *testing.T, m *consent.Manager, _ *kit, g consent.Grant) error {
			p, err := m.Permit(t.Context(), refresh, g.ID)
			require.NoError(t, err)
			return p.Access(t.Context(), "bank", "a")
		}, consent.ErrNotPermitted},
		"revoked before a review is stored": {"release", revoke, func(t *testing.T, m *consent.Manager, _ *kit, g consent.Grant) error {
			_, _, err := m.Review(t.Context(), jan, g.ID, dossier(t), nil)
			return err
		}, consent.ErrNotPermitted},
		"revoked before a package is stored": {"package", revoke, seal, consent.ErrNotPermitted},
		"another key before a package is stored": {"package", func(t *testing.T, k *kit, _ consent.Grant) {
			require.NoError(t, k.SetKey(t.Context(), system, "advies", newKey(t).Public()))
		}, seal, consent.ErrVoid},
		"revoked before a link is made": {"link", revoke, func(t *testing.T, m *consent.Manager, _ *kit, g consent.Grant) error {
			_, err := m.MoveLink(t.Context(), g.ID, "bank", consent.LinkRestart, time.Time{})
			return err
		}, consent.ErrNotPermitted},
		"revoked before it is superseded": {"grant", revoke, func(t *testing.T, m *consent.Manager, k *kit, g consent.Grant) error {
			p := k.proposal()
			p.Supersedes = g.ID
			next, err := k.Propose(t.Context(), jan, p)
			require.NoError(t, err)
			_, err = m.Decide(t.Context(), jan, next.ID, true)
			return err
		}, consent.ErrTransition},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, consent.Limits{})
			g := k.active(t, nil)
			b := &between{Store: k.store, kind: c.kind}
			m, err := consent.NewManager(b, &consent.Options{Now: k.clock.now, Signer: k.signer, Audit: k.log})
			require.NoError(t, err)
			happened := false
			b.do = func() { happened = true; c.change(t, k, g) }
			err = c.do(t, m, k, g)
			require.True(t, happened)
			require.ErrorIs(t, err, c.err)
			require.NotContains(t, k.log.actions(), "release/granted", "nothing was sealed")
			items, err := k.store.List(t.Context(), "access", jan.ID)
			require.NoError(t, err)
			require.Empty(t, items, "no slot was taken")
		})
	}
}

func seal(t *testing.T, m *consent.Manager, k *kit, g consent.Grant) error {
	t.Helper()
	r, _, err := k.Review(t.Context(), jan, g.ID, dossier(t), []model.Category{model.CategoryBalance})
	require.NoError(t, err)
	p, err := m.Seal(t.Context(), jan, consent.Approval{Release: r.ID, Digest: r.Digest}, dossier(t))
	require.True(t, p.IsZero())
	return err
}
