package consent_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

// TestEveryRefusalIsAnEntry: every method that names an actor, but Allow, makes one when it turns somebody down.
func TestEveryRefusalIsAnEntry(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	ctx := t.Context()
	g := k.active(t, nil)
	r, _, err := k.Review(ctx, jan, g.ID, dossier(t), nil)
	require.NoError(t, err)
	a := consent.Approval{Release: r.ID, Digest: r.Digest}
	const none, grant, subject, recipient = "", "grant", "subject", "recipient"
	for name, c := range map[string]struct {
		action consent.Action
		about  string
		call   func(by consent.Actor) error
	}{
		"Propose": {consent.ActionPropose, subject, func(by consent.Actor) error { _, err := k.Propose(ctx, by, k.proposal()); return err }},
		"Decide":  {consent.ActionDecide, grant, func(by consent.Actor) error { _, err := k.Decide(ctx, by, g.ID, false); return err }},
		"Revoke":  {consent.ActionRevoke, grant, func(by consent.Actor) error { _, err := k.Revoke(ctx, by, g.ID); return err }},
		"Permit":  {consent.ActionCollect, grant, func(by consent.Actor) error { _, err := k.Permit(ctx, by, g.ID); return err }},
		"PermitConnect": {consent.ActionConnect, grant, func(by consent.Actor) error {
			_, err := k.PermitConnect(ctx, by, g.ID)
			return err
		}},
		"Review": {consent.ActionReview, grant, func(by consent.Actor) error {
			_, _, err := k.Review(ctx, by, g.ID, dossier(t), nil)
			return err
		}},
		"Seal":          {consent.ActionRelease, grant, func(by consent.Actor) error { _, err := k.Seal(ctx, by, a, dossier(t)); return err }},
		"Package":       {consent.ActionFetch, grant, func(by consent.Actor) error { _, err := k.Package(ctx, by, r.ID); return err }},
		"MarkDelivered": {consent.ActionDeliver, grant, func(by consent.Actor) error { return k.MarkDelivered(ctx, by, r.ID) }},
		"Receipt":       {consent.ActionReceipt, grant, func(by consent.Actor) error { _, err := k.Receipt(ctx, by, g.ID); return err }},
		"Get":           {consent.ActionSee, grant, func(by consent.Actor) error { _, err := k.Get(ctx, by, g.ID); return err }},
		"Links":         {consent.ActionSee, grant, func(by consent.Actor) error { _, err := k.Links(ctx, by, g.ID); return err }},
		"Releases":      {consent.ActionSee, grant, func(by consent.Actor) error { _, err := k.Releases(ctx, by, g.ID); return err }},
		"Release":       {consent.ActionSee, grant, func(by consent.Actor) error { _, err := k.Release(ctx, by, r.ID); return err }},
		"List":          {consent.ActionSee, subject, func(by consent.Actor) error { _, err := k.List(ctx, by, jan.ID); return err }},
		"Export":        {consent.ActionExport, subject, func(by consent.Actor) error { _, err := k.Export(ctx, by, jan.ID); return err }},
		"Forget":        {consent.ActionErase, subject, func(by consent.Actor) error { _, err := k.Forget(ctx, by, jan.ID, time.Time{}); return err }},
		"SetKey":        {consent.ActionSetKey, recipient, func(by consent.Actor) error { return k.SetKey(ctx, by, "advies", newKey(t).Public()) }},
		"Sweep":         {consent.ActionSweep, none, func(by consent.Actor) error { _, err := k.Sweep(ctx, by, 1, nil); return err }},
		"ResetClock":    {consent.ActionSweep, none, func(by consent.Actor) error { return k.ResetClock(ctx, by) }},
	} {
		k.log.entries = nil
		require.ErrorIs(t, c.call(piet), consent.ErrNotPermitted, name)
		require.Len(t, k.log.entries, 1, name)
		e := k.log.entries[0]
		assert.Equal(t, retention.Action(c.action), e.Action, name)
		assert.Equal(t, consent.OutcomeRefused, e.Outcome, name)
		assert.Equal(t, piet.ID, e.Actor, name)
		assert.Equal(t, c.about == grant || c.about == subject, e.Subject == jan.ID, name)
		assert.Equal(t, c.about == grant, e.Grant == string(g.ID), name)
		assert.Equal(t, c.about == recipient || c.about == grant || name == "Propose", e.Recipient == "advies", name)

		require.ErrorIs(t, c.call(consent.Actor{}), consent.ErrNotPermitted, name)
		require.Len(t, k.log.entries, 1, "nobody is not in the log: %s", name)
	}
}

// TestRefusedByState: it is in the log too what the state of a grant or a release forbids, and never as granted.
func TestRefusedByState(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	ctx := t.Context()
	d := dossier(t)
	g := k.active(t, nil)
	r, _, err := k.Review(ctx, jan, g.ID, d, nil)
	require.NoError(t, err)
	a := consent.Approval{Release: r.ID, Digest: r.Digest}
	refused := func(want error, entry string, call func() error) {
		t.Helper()
		k.log.entries = nil
		require.ErrorIs(t, call(), want)
		assert.Equal(t, []string{entry}, k.log.actions())
		assert.Equal(t, jan.ID, k.log.entries[0].Subject)
		assert.Equal(t, string(g.ID), k.log.entries[0].Grant)
	}
	seal := func() error { _, err := k.Seal(ctx, jan, a, d); return err }
	refused(consent.ErrVoid, "release/refused", func() error {
		_, err := k.Seal(ctx, jan, consent.Approval{Release: r.ID, Digest: model.Digest{1}}, d)
		return err
	})
	refused(consent.ErrTransition, "deliver/refused", func() error { return k.MarkDelivered(ctx, jan, r.ID) })
	require.NoError(t, seal())
	require.NoError(t, k.MarkDelivered(ctx, jan, r.ID))
	refused(consent.ErrDelivered, "release/refused", seal)
	refused(consent.ErrTransition, "decide/refused", func() error { _, err := k.Decide(ctx, jan, g.ID, false); return err })

	_, err = k.Revoke(ctx, jan, g.ID)
	require.NoError(t, err)
	refused(consent.ErrNotPermitted, "review/refused", func() error { _, _, err := k.Review(ctx, jan, g.ID, d, nil); return err })
	refused(consent.ErrNotPermitted, "release/refused", seal)
	refused(consent.ErrNotPermitted, "collect/refused", func() error { _, err := k.Permit(ctx, jan, g.ID); return err })

	// What is wrong with an argument, or with the store, is no refusal.
	k.log.entries = nil
	_, _, err = k.Review(ctx, jan, g.ID, nil, nil)
	require.ErrorIs(t, err, consent.ErrInvalid)
	p := k.proposal()
	p.Supersedes = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
	_, err = k.Propose(ctx, jan, p)
	require.ErrorIs(t, err, consent.ErrNotFound)
	assert.Empty(t, k.log.entries)
}

// TestRefused is for who asks by Allow, which makes no entry.
func TestRefused(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	q := consent.Question{Action: consent.ActionRead, Subject: jan.ID}
	err := k.Allow(t.Context(), piet, q)
	require.ErrorIs(t, err, consent.ErrNotPermitted)
	require.Empty(t, k.log.actions())
	about := consent.Grant{Subject: jan.ID}
	require.NoError(t, k.Refused(t.Context(), piet, q.Action, about, nil))
	require.Equal(t, errStore, k.Refused(t.Context(), piet, q.Action, about, errStore))
	require.Empty(t, k.log.actions())
	require.Equal(t, err, k.Refused(t.Context(), piet, q.Action, about, err))
	require.Equal(t, []string{"read/refused"}, k.log.actions())

	// What a caller made up is not written down, and a log that is down changes nothing.
	k.log.entries = nil
	_, err = k.Export(t.Context(), piet, strings.Repeat("x", 300))
	require.ErrorIs(t, err, consent.ErrNotPermitted)
	require.Len(t, k.log.entries, 1)
	assert.Empty(t, k.log.entries[0].Subject)
	k.log.setDown(true)
	_, err = k.Export(t.Context(), piet, jan.ID)
	require.ErrorIs(t, err, consent.ErrNotPermitted)
	assert.NotErrorIs(t, err, errLogDown)
}
