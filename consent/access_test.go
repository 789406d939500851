package consent_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
)

func (k *kit) permit(t testing.TB, by consent.Actor, id consent.GrantID) consent.Permit {
	t.Helper()
	p, err := k.Permit(t.Context(), by, id)
	require.NoError(t, err)
	return p
}

func next(t testing.TB, err error, kind consent.LimitKind) time.Time {
	t.Helper()
	var l *consent.LimitError
	require.ErrorAs(t, err, &l)
	require.ErrorIs(t, err, consent.ErrLimit)
	require.Equal(t, kind, l.Kind)
	return l.Next
}

func TestZeroPermitPermitsNothing(t *testing.T) {
	t.Parallel()
	var p consent.Permit
	require.Equal(t, consent.ReasonNone, reason(p.Check(t.Context())))
	require.Equal(t, consent.ReasonNone, reason(p.Access(t.Context(), "bank", "a")))
	assert.False(t, p.Allows("bank"))
	assert.False(t, p.Attended())
	assert.False(t, p.KeepDocuments())
	assert.Empty(t, p.Scope().Categories())
	assert.Empty(t, p.Grant())
	assert.Empty(t, p.Subject())
	assert.Empty(t, p.Purpose())
	assert.Empty(t, p.LegalBasis())
	assert.Empty(t, p.Institutions())
	assert.Nil(t, p.Presence())
	assert.Zero(t, p.ValidUntil())
	assert.Equal(t, consent.Actor{}, p.Actor())
	_, ok := p.Snapshot()
	assert.False(t, ok)
	_, err := newKit(t, consent.Limits{}).Next(t.Context(), p, "bank", "a")
	assert.Equal(t, consent.ReasonScope, reason(err))
}

func TestPermitSaysWhatIsAllowed(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.active(t, func(p *consent.Proposal) {
		p.KeepDocuments = true
		p.Purpose.LegalBasis = "Wft art. 4:25"
		p.Scope.Baskets[0].Fields = append(p.Scope.Baskets[0].Fields, "bsn")
	})
	by := jan
	seen := *presence
	by.Presence = &seen
	p := k.permit(t, by, g.ID)
	seen.UserAgent = "changed afterwards"
	assert.Equal(t, presence, p.Presence())
	assert.True(t, p.Attended())
	assert.True(t, p.Allows("bank"))
	assert.False(t, p.Allows("ing"))
	assert.Equal(t, "Wft art. 4:25", p.LegalBasis())
	assert.Equal(t, g.Scope, p.Scope())
	p.Scope().Baskets[0].Fields[0] = "changed"
	p.Institutions()[0] = "changed"
	assert.Equal(t, g.Scope, p.Scope())
	assert.Equal(t, g.Institutions, p.Institutions())
	assert.Equal(t, g.ValidUntil, p.ValidUntil())
	assert.True(t, p.KeepDocuments())
	assert.Equal(t, consent.ReasonScope, reason(p.Access(t.Context(), "ing", "a")))
	assert.False(t, k.permit(t, refresh, g.ID).Attended())
	unseen := jan
	unseen.Presence = &consent.Presence{UserAgent: "test"}
	assert.False(t, k.permit(t, unseen, g.ID).Attended(), "present is whose address is known")
	assert.Nil(t, k.permit(t, unseen, g.ID).Presence())
	assert.ErrorIs(t, p.Access(t.Context(), "bank", strings.Repeat("x", 1025)), consent.ErrInvalid)
	_, err := k.Next(t.Context(), p, "ing", "a")
	assert.Equal(t, consent.ReasonScope, reason(err))
	assert.False(t, k.permit(t, jan, k.active(t, nil).ID).KeepDocuments(), "not unless the grant says so")
	for _, by := range []consent.Actor{piet, adviser, system, {ID: "s", Role: consent.RoleSystem, OnBehalfOf: piet.ID}} {
		_, err := k.Permit(t.Context(), by, g.ID)
		assert.Equal(t, consent.ReasonPolicy, reason(err))
	}
	_, err = k.Permit(t.Context(), jan, "aaaaaaaaaaaaaaaaaaaaaaaaaa")
	assert.Equal(t, consent.ReasonNone, reason(err))
}

func TestFourUnattendedAccesses(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{Institutions: map[model.InstitutionID]consent.InstitutionLimits{"uwv": {Unattended: 1}}})
	g := k.active(t, nil)
	access := func(p consent.Permit, account string) error { return p.Access(t.Context(), "bank", account) }
	p := k.permit(t, refresh, g.ID)
	// Four at once, then one every six hours: a token bucket gives seven in one window.
	for range 4 {
		require.NoError(t, access(p, "a"))
	}
	first := k.clock.now()
	for range 3 {
		require.Equal(t, first.Add(24*time.Hour), next(t, access(p, "a"), consent.LimitUnattended))
		k.clock.pass(6 * time.Hour)
	}
	require.NoError(t, access(p, "b"), "each account has its own")
	require.NoError(t, p.Access(t.Context(), "uwv", "a"))
	require.Error(t, p.Access(t.Context(), "uwv", "a"), "an institution may have its own rule")

	// Another grant of the same subject, another process: the same account.
	g2 := k.active(t, func(p *consent.Proposal) { p.Supersedes = g.ID })
	other := k.manager(t, consent.Limits{})
	p2, err := other.Permit(t.Context(), refresh, g2.ID)
	require.NoError(t, err)
	require.Equal(t, first.Add(24*time.Hour), next(t, access(p2, "a"), consent.LimitUnattended))
	told, err := other.Next(t.Context(), p2, "bank", "a")
	require.NoError(t, err)
	require.Equal(t, consent.LimitError{Kind: consent.LimitUnattended, Next: first.Add(24 * time.Hour)}, told)
	told, err = other.Next(t.Context(), p2, "bank", "untouched")
	require.NoError(t, err)
	require.Equal(t, consent.LimitError{Kind: consent.LimitUnattended, Next: k.clock.now()}, told)
	// Present, the subject is not limited in that way.
	require.NoError(t, access(k.permit(t, jan, g2.ID), "a"))

	k.clock.set(first.Add(24*time.Hour - time.Microsecond))
	require.Error(t, access(p2, "a"))
	k.clock.set(first.Add(24 * time.Hour))
	require.NoError(t, access(p2, "a"))

	items, err := k.store.List(t.Context(), "access", jan.ID)
	require.NoError(t, err)
	for _, it := range items {
		require.NotContains(t, it.ID+string(it.Body), "NL", "no account in the store")
	}
	k.clock.pass(48 * time.Hour)
	s, err := k.Sweep(t.Context(), system, 100, nil)
	require.NoError(t, err)
	require.Equal(t, len(items), s.Forgotten)
}

func TestOnDemandLimits(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{OnDemand: 3, OnDemandInterval: 15 * time.Minute})
	g := k.active(t, nil)
	for i := range 3 {
		p := k.permit(t, jan, g.ID)
		for _, account := range []string{"a", "b", "c"} {
			require.NoError(t, p.Access(t.Context(), "bank", account), "one collection is one, whatever its accounts")
		}
		require.NoError(t, p.Access(t.Context(), "uwv", ""))
		again := k.permit(t, jan, g.ID)
		want := k.clock.now().Add(15 * time.Minute)
		if i == 2 {
			want = start.Add(24 * time.Hour)
		}
		require.Equal(t, want, next(t, again.Access(t.Context(), "bank", "a"), consent.LimitOnDemand))
		told, err := k.Next(t.Context(), again, "bank", "")
		require.NoError(t, err)
		require.Equal(t, consent.LimitError{Kind: consent.LimitOnDemand, Next: want}, told)
		k.clock.pass(15 * time.Minute)
	}
}

// TestEveryFailureOfTheStore has the n-th operation of a whole life fail, for every n, before or after it was done. Whatever
// happens: what is acknowledged holds, what is over stays over, and after the failure the work can be finished.
func TestEveryFailureOfTheStore(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			k := newKit(t, consent.Limits{})
			f := &failing{Store: k.store, at: n, after: after}
			k.store = f
			k.Manager = k.manager(t, consent.Limits{})
			f.armed = true
			done := life(t, k, f)
			if !f.failed {
				require.True(t, done)
				require.Greater(t, n, 30, "the failure has to reach everything")
				break
			}
		}
	}
}

var errStore = errors.New("store failed")

// failing fails one operation.
type failing struct {
	consent.Store
	n, at         int
	after         bool // fails after having done it
	armed, failed bool
}

func (f *failing) fail() bool {
	if !f.armed {
		return false
	}
	f.n++
	f.failed = f.failed || f.n == f.at
	return f.n == f.at
}

func (f *failing) Get(ctx context.Context, kind consent.Kind, id string) (consent.Item, error) {
	if f.fail() {
		return consent.Item{}, errStore
	}
	return f.Store.Get(ctx, kind, id)
}

func (f *failing) List(ctx context.Context, kind consent.Kind, owner string) ([]consent.Item, error) {
	if f.fail() {
		return nil, errStore
	}
	return f.Store.List(ctx, kind, owner)
}

func (f *failing) Due(ctx context.Context, kind consent.Kind, at time.Time, max int) ([]consent.Item, error) {
	if f.fail() {
		return nil, errStore
	}
	return f.Store.Due(ctx, kind, at, max)
}

func (f *failing) Apply(ctx context.Context, cs ...consent.Change) error {
	if f.fail() {
		if f.after {
			_ = f.Store.Apply(ctx, cs...)
		}
		return errStore
	}
	return f.Store.Apply(ctx, cs...)
}

// life does everything once, each step again until it succeeds, as a host that retries does.
func life(t *testing.T, k *kit, f *failing) bool {
	ctx := t.Context()
	step := func(what string, do func() error) {
		t.Helper()
		for try := range 3 {
			err := do()
			if err == nil {
				return
			}
			require.Less(t, try, 2, what)
			require.True(t, errors.Is(err, errStore) || errors.Is(err, consent.ErrLimit), "%s: %v", what, err)
			clean(t, err)
		}
	}
	var g, old consent.Grant
	step("propose", func() (err error) { old, err = k.Propose(ctx, jan, k.proposal()); return err })
	step("allow", func() error { _, err := k.Decide(ctx, jan, old.ID, true); return err })
	p := k.proposal()
	p.Supersedes = old.ID
	step("propose again", func() (err error) { g, err = k.Propose(ctx, jan, p); return err })
	step("supersede", func() error {
		_, err := k.Decide(ctx, jan, g.ID, true)
		f.armed = false
		states := []consent.GrantState{k.state(t, old.ID), k.state(t, g.ID)}
		require.Contains(t, []string{"[active proposed]", "[superseded active]"}, fmt.Sprint(states), "never none, never both")
		f.armed = true
		return err
	})
	var permit consent.Permit
	step("permit", func() (err error) { permit, err = k.Permit(ctx, refresh, g.ID); return err })
	step("access", func() error { return permit.Access(ctx, "bank", "a") })
	step("link", func() error { _, err := k.MoveLink(ctx, g.ID, "bank", consent.LinkRestart, time.Time{}); return err })
	step("confirm", func() error { _, err := k.MoveLink(ctx, g.ID, "bank", consent.LinkConfirm, g.ValidUntil); return err })
	var r consent.Release
	step("review", func() (err error) { r, _, err = k.Review(ctx, jan, g.ID, dossier(t), nil); return err })
	var sealed [2][]byte
	for i := range sealed {
		step("seal", func() error {
			pkg, err := k.Seal(ctx, jan, consent.Approval{Release: r.ID, Digest: r.Digest}, dossier(t))
			sealed[i] = pkg.Bytes()
			return err
		})
	}
	require.Equal(t, sealed[0], sealed[1], "one release, one package")
	step("deliver", func() error { return k.MarkDelivered(ctx, jan, r.ID) })
	step("revoke", func() error {
		_, err := k.Revoke(ctx, jan, g.ID)
		if err == nil {
			f.armed = false
			require.Error(t, permit.Check(ctx), "an acknowledged revoke holds")
			f.armed = true
		}
		return err
	})
	ended := map[consent.GrantID]bool{}
	var disconnected int
	step("sweep", func() error {
		_, err := k.Sweep(ctx, system, 100, &consent.SweepOptions{
			Ended:      func(_ context.Context, g consent.Grant) error { ended[g.ID] = true; return nil },
			Disconnect: func(context.Context, consent.Link) error { disconnected++; return nil },
		})
		return err
	})
	f.armed = false
	_, err := k.Sweep(ctx, system, 100, &consent.SweepOptions{Disconnect: func(context.Context, consent.Link) error { disconnected++; return nil }})
	require.NoError(t, err)
	require.True(t, ended[g.ID] && ended[old.ID], "both were destroyed")
	require.GreaterOrEqual(t, disconnected, 1)
	for _, kind := range []consent.Kind{"event", "link", "package"} {
		left, err := k.store.Due(ctx, kind, start.Add(1000*24*time.Hour), 100)
		require.NoError(t, err)
		require.Empty(t, left, "nothing of kind %s is left to do", kind)
	}
	require.Contains(t, k.log.actions(), "revoke/done")
	require.Equal(t, consent.GrantRevoked, k.state(t, g.ID))
	require.Equal(t, consent.GrantSuperseded, k.state(t, old.ID))
	return true
}

func TestLinks(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.active(t, nil)
	move := func(e consent.LinkEvent) (consent.Link, error) {
		return k.MoveLink(t.Context(), g.ID, "bank", e, start.Add(time.Hour))
	}
	_, err := move(consent.LinkConfirm)
	require.ErrorIs(t, err, consent.ErrNotFound, "what was never begun")
	_, err = k.MoveLink(t.Context(), g.ID, "ing", consent.LinkRestart, time.Time{})
	require.Equal(t, consent.ReasonScope, reason(err))
	for _, c := range []struct {
		e    consent.LinkEvent
		want consent.LinkState
	}{
		{consent.LinkRestart, consent.LinkUnconfirmed}, {consent.LinkRestart, consent.LinkUnconfirmed}, {consent.LinkConfirm, consent.LinkValid},
		{consent.LinkNeed, consent.LinkTokenRequired}, {consent.LinkRestart, consent.LinkUnconfirmed}, {consent.LinkFail, consent.LinkInvalid},
		{consent.LinkConfirm, consent.LinkValid},
	} {
		l, err := move(c.e)
		require.NoError(t, err)
		require.Equal(t, c.want, l.State)
	}
	links, err := k.Links(t.Context(), jan, g.ID)
	require.NoError(t, err)
	require.Len(t, links, 1)
	require.Equal(t, start.Add(time.Hour), links[0].Until)
	confirmed := links[0]
	for _, until := range []time.Time{start.Add(time.Hour), start.Add(2 * time.Hour)} {
		again, err := k.MoveLink(t.Context(), g.ID, "bank", consent.LinkConfirm, until)
		require.NoError(t, err)
		links, err := k.Links(t.Context(), jan, g.ID)
		require.NoError(t, err)
		require.Equal(t, []consent.Link{again}, links)
		require.Equal(t, until, again.Until)
		require.Equal(t, until.Equal(confirmed.Until), again.Version == confirmed.Version, "nothing new is no change, a longer authorisation is one")
	}

	_, err = move(consent.LinkNeed)
	require.NoError(t, err)
	_, err = k.Revoke(t.Context(), jan, g.ID)
	require.NoError(t, err)
	_, err = move(consent.LinkConfirm)
	require.Equal(t, consent.ReasonRevoked, reason(err), "who revokes while at the bank comes back to a refusal")
	_, err = move(consent.LinkNeed)
	require.Equal(t, consent.ReasonRevoked, reason(err), "nobody is sent there for it again either")

	// The institution is down for a while: longer and longer pauses, and then it works.
	calls := 0
	o := &consent.SweepOptions{Disconnect: func(context.Context, consent.Link) error {
		if calls++; calls < 5 {
			return errors.New("down")
		}
		return nil
	}}
	for i := range 5 {
		s, err := k.Sweep(t.Context(), system, 10, o)
		require.Equal(t, i < 4, err != nil)
		again, err := k.Sweep(t.Context(), system, 10, o)
		require.NoError(t, err)
		require.Zero(t, again.Disconnected+again.Failed, "not before the pause is over")
		require.Equal(t, i == 4, s.Disconnected == 1)
		k.clock.pass(time.Minute << i)
	}
	links, err = k.Links(t.Context(), jan, g.ID)
	require.NoError(t, err)
	require.Equal(t, consent.LinkClosed, links[0].State)

	// What was disconnected before the grant ended is left alone.
	g = k.active(t, nil)
	for _, e := range []consent.LinkEvent{consent.LinkRestart, consent.LinkClose} {
		_, err = k.MoveLink(t.Context(), g.ID, "bank", e, time.Time{})
		require.NoError(t, err)
	}
	_, err = k.Revoke(t.Context(), jan, g.ID)
	require.NoError(t, err)
	before := calls
	for range 2 {
		_, err = k.Sweep(t.Context(), system, 10, o)
		require.NoError(t, err)
	}
	require.Equal(t, before, calls)
}

// TestSweepGoesOn has the earliest of each kind fail again and again: the others must not wait for it.
func TestSweepGoesOn(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	var ids []consent.GrantID
	for range 3 {
		g := k.active(t, nil)
		ids = append(ids, g.ID)
		_, err := k.Revoke(t.Context(), jan, g.ID)
		require.NoError(t, err)
		k.clock.pass(time.Second)
	}
	ended := map[consent.GrantID]bool{}
	o := &consent.SweepOptions{Ended: func(_ context.Context, g consent.Grant) error {
		if g.ID == ids[0] && !ended[ids[2]] {
			return errors.New("key service is down")
		}
		ended[g.ID] = true
		return nil
	}}
	failed := 0
	for i := range 4 {
		s, err := k.Sweep(t.Context(), system, 1, o)
		failed += s.Failed
		require.Equal(t, i < 3, s.More, "a full page may have a next one")
		require.Equal(t, s.Failed > 0, err != nil)
	}
	require.Equal(t, 1, failed)
	require.True(t, ended[ids[1]] && ended[ids[2]])
	require.False(t, ended[ids[0]])
	k.clock.pass(time.Minute)
	_, err := k.Sweep(t.Context(), system, 1, o)
	require.NoError(t, err)
	require.True(t, ended[ids[0]], "and it is tried again")
	left, err := k.store.Due(t.Context(), "grant", start.Add(1000*24*time.Hour), 10)
	require.NoError(t, err)
	require.Empty(t, left)

	// The same for what the log does not take.
	k.log.setDown(true)
	for range 3 {
		k.propose(t, nil)
	}
	s, err := k.Sweep(t.Context(), system, 1, nil)
	require.ErrorIs(t, err, errLogDown)
	require.Equal(t, 1, s.Failed)
	due, err := k.store.Due(t.Context(), "event", k.clock.now(), 10)
	require.NoError(t, err)
	require.Len(t, due, 2, "the one that failed waits")
	k.log.setDown(false)
	for range 2 {
		s, err := k.Sweep(t.Context(), system, 1, nil)
		require.NoError(t, err)
		require.Equal(t, 1, s.Recorded)
	}
	k.clock.pass(time.Minute)
	s, err = k.Sweep(t.Context(), system, 1, nil)
	require.NoError(t, err)
	require.Equal(t, 1, s.Recorded)
}
