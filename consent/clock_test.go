package consent_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
)

// TestOverToTheNanosecond: a time between two microseconds counts as the later one, so that nothing is usable a moment too long.
func TestOverToTheNanosecond(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	end := start.Add(time.Hour + 500)
	g := k.active(t, func(p *consent.Proposal) { p.ValidUntil = end })
	p := k.permit(t, jan, g.ID)
	k.clock.set(end.Add(1))
	require.Equal(t, consent.ReasonExpired, reason(p.Check(t.Context())))
}

// TestOverUnseen: what ran out while nobody looked is told as expired, wherever it is told.
func TestOverUnseen(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.active(t, func(p *consent.Proposal) { p.ValidUntil = start.Add(time.Hour) })
	k.clock.pass(time.Hour)
	listed, err := k.List(t.Context(), jan, jan.ID)
	require.NoError(t, err)
	b, err := k.Receipt(t.Context(), jan, g.ID)
	require.NoError(t, err)
	r, err := consent.OpenReceipt(b)
	require.NoError(t, err)
	stored, err := k.Stored(t.Context(), g.ID)
	require.NoError(t, err)
	require.Equal(t, consent.GrantActive, stored.State, "nobody recorded it yet")
	for _, s := range []consent.GrantState{k.state(t, g.ID), listed[0].State, r.State} {
		assert.Equal(t, consent.GrantExpired, s)
	}
}

// TestClockReset: after a clock that had jumped ahead was put right, its time counts again, here and for who starts later.
func TestClockReset(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	require.NoError(t, k.ResetClock(t.Context(), system), "where nothing was seen yet")
	k.clock.pass(time.Hour)
	k.propose(t, nil)
	k.clock.set(start)
	require.Equal(t, start.Add(time.Hour), k.propose(t, nil).Proposed, "the latest time that was seen")
	require.NoError(t, k.ResetClock(t.Context(), system))
	require.Equal(t, start, k.propose(t, nil).Proposed)
	k.clock.set(start.Add(-time.Minute))
	g, err := k.manager(t, consent.Limits{}).Propose(t.Context(), jan, k.proposal())
	require.NoError(t, err)
	require.Equal(t, start, g.Proposed, "the time since the reset is in the store for others")
}

// TestLateRenewals: one grant takes the place of one that ran out, once, and a clock that is put right revives neither.
func TestLateRenewals(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	old := k.active(t, func(p *consent.Proposal) { p.ValidUntil = start.Add(time.Hour) })
	renew := func() consent.Grant { return k.propose(t, func(p *consent.Proposal) { p.Supersedes = old.ID }) }
	a, b := renew(), renew()
	k.clock.pass(2 * time.Hour)
	_, err := k.Decide(t.Context(), jan, a.ID, true)
	require.NoError(t, err)
	_, err = k.Decide(t.Context(), jan, b.ID, true)
	require.ErrorIs(t, err, consent.ErrTransition)
	got, err := k.Get(t.Context(), jan, old.ID)
	require.NoError(t, err)
	require.Equal(t, a.ID, got.SupersededBy)
	k.clock.set(start)
	require.NoError(t, k.ResetClock(t.Context(), system))
	require.Equal(t, consent.GrantExpired, k.state(t, old.ID), "never both")
	require.Equal(t, consent.GrantActive, k.state(t, a.ID))
}

// busyClock is a store in which another process always stores the time first.
type busyClock struct{ consent.Store }

func (s busyClock) Apply(ctx context.Context, cs ...consent.Change) error {
	if cs[0].Item.Kind == "clock" {
		return consent.ErrConflict
	}
	return s.Store.Apply(ctx, cs...)
}

// TestClockOfOthers: processes that store the time at once are in nobody's way.
func TestClockOfOthers(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	k.store = busyClock{k.store}
	k.Manager = k.manager(t, consent.Limits{})
	g := k.active(t, nil)
	k.permit(t, jan, g.ID)
}
