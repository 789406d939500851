package consent_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

// TestEntriesAreWhole: an entry of the access log says who acted, for whom, why, on which law, whose data it was and of which
// categories. A part that is missing is not to be had afterwards.
func TestEntriesAreWhole(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	ctx := t.Context()
	withLaw := func(p *consent.Proposal) {
		p.Purpose.LegalBasis = "Wft art. 4:25"
		p.Scope.Baskets[0].Fields = append(p.Scope.Baskets[0].Fields, "bsn")
	}
	guardian := consent.Actor{ID: "guardian-1", Role: consent.RoleSubject, OnBehalfOf: jan.ID, Reason: "ticket-142", Purpose: "mortgage"}
	asked := k.propose(t, withLaw)
	k.log.entries = nil
	g, err := k.Decide(ctx, guardian, asked.ID, true)
	require.NoError(t, err)
	scope := []model.Category{model.CategoryPerson, model.CategoryBalance, model.CategoryTransaction}
	want := retention.Access{
		Actor: "guardian-1", Role: "subject", OnBehalfOf: jan.ID, Reason: "ticket-142", LegalBasis: "Wft art. 4:25",
		Action: "decide", Tenant: "tenant-1", Subject: jan.ID, Recipient: "advies", Grant: string(g.ID), Categories: scope, Outcome: retention.OutcomeDone,
	}
	require.Len(t, k.log.entries, 1)
	got := k.log.entries[0]
	assert.Regexp(t, "^event-[a-z2-7]{26}$", got.Request, "by which an entry that comes twice is known")
	got.Request = ""
	assert.Equal(t, want, got)
	assert.Equal(t, consent.Signature{Actor: "guardian-1", Role: consent.RoleSubject, OnBehalfOf: jan.ID, Reason: "ticket-142"}, g.DecidedBy)

	// What is handed out: the entry says of which categories, and how much.
	r, _, err := k.Review(ctx, guardian, g.ID, dossier(t), []model.Category{model.CategoryTransaction})
	require.NoError(t, err)
	assert.Equal(t, g.DecidedBy, r.ReviewedBy)
	k.log.entries = nil
	_, err = k.Permit(ctx, guardian, g.ID)
	require.NoError(t, err)
	a := consent.Approval{Release: r.ID, Digest: r.Digest}
	_, err = k.Seal(ctx, guardian, a, dossier(t))
	require.NoError(t, err)
	require.NoError(t, k.MarkDelivered(ctx, guardian, r.ID))
	require.Len(t, k.log.entries, 3)
	permit, seal, deliver := want, want, want
	permit.Action, permit.Outcome = "collect", retention.OutcomeGranted
	seal.Action, seal.Outcome, seal.Categories, seal.Items = "release", retention.OutcomeGranted, []model.Category{model.CategoryPerson}, 1
	deliver.Action, deliver.Categories = "deliver", []model.Category{model.CategoryPerson}
	for i, want := range []retention.Access{permit, seal, deliver} {
		k.log.entries[i].Request = ""
		assert.Equal(t, want, k.log.entries[i])
	}

	// The reason is the actor's, else the actor's purpose, else the grant's, else the action.
	for name, c := range map[string]struct {
		by   consent.Actor
		want string
	}{
		"code":            {guardian, "ticket-142"},
		"purpose":         {consent.Actor{ID: jan.ID, Role: consent.RoleSubject, Purpose: "inspection"}, "inspection"},
		"the grant's own": {jan, "mortgage"},
	} {
		k.log.entries = nil
		_, err := k.Receipt(ctx, c.by, g.ID)
		require.NoError(t, err, name)
		require.Len(t, k.log.entries, 1, name)
		assert.Equal(t, c.want, k.log.entries[0].Reason, name)
	}
	k.log.entries = nil
	_, err = k.Export(ctx, jan, jan.ID)
	require.NoError(t, err)
	require.Len(t, k.log.entries, 1)
	assert.Equal(t, "export", k.log.entries[0].Reason)
}

// TestEntriesComeAtOnce: what changes a grant is in the log when the call returns, as long as the log takes it. A sweep is only for
// what it did not take.
func TestEntriesComeAtOnce(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	ctx := t.Context()
	old := k.active(t, nil)
	next := k.active(t, func(p *consent.Proposal) { p.Supersedes = old.ID })
	r, _, err := k.Review(ctx, jan, next.ID, dossier(t), nil)
	require.NoError(t, err)
	_, err = k.Seal(ctx, jan, consent.Approval{Release: r.ID, Digest: r.Digest}, dossier(t))
	require.NoError(t, err)
	require.NoError(t, k.MarkDelivered(ctx, jan, r.ID))
	_, err = k.Revoke(ctx, jan, next.ID)
	require.NoError(t, err)
	key := newKey(t).Public()
	for range 2 { // the second changes nothing
		require.NoError(t, k.SetKey(ctx, system, "advies", key))
	}
	late := k.propose(t, func(p *consent.Proposal) { p.Recipient.Key = consent.Recipient{}.Key })
	k.clock.pass(8 * 24 * time.Hour)
	_, err = k.Decide(ctx, jan, late.ID, true)
	require.Equal(t, consent.ReasonExpired, reason(err))
	assert.Equal(t, []string{
		"propose/done", "first-key/done", "decide/done", "propose/done", "decide/done", "supersede/done", "review/granted", "release/granted",
		"deliver/done", "revoke/done", "set-key/done", "propose/done", "expire/done", "decide/refused",
	}, k.log.actions())
	left, err := k.store.Due(ctx, "event", start.Add(1000*24*time.Hour), 10)
	require.NoError(t, err)
	assert.Empty(t, left, "nothing waits for a sweep")
}

// TestUnknownGrantIsAnEntry: of what is not there the entry has the id that was asked for, and never what is none.
func TestUnknownGrantIsAnEntry(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	ctx := t.Context()
	for name, call := range map[string]func(id consent.GrantID) error{
		"decide":  func(id consent.GrantID) error { _, err := k.Decide(ctx, jan, id, true); return err },
		"revoke":  func(id consent.GrantID) error { _, err := k.Revoke(ctx, jan, id); return err },
		"see":     func(id consent.GrantID) error { _, err := k.Get(ctx, jan, id); return err },
		"collect": func(id consent.GrantID) error { _, err := k.Permit(ctx, jan, id); return err },
		"review":  func(id consent.GrantID) error { _, _, err := k.Review(ctx, jan, id, dossier(t), nil); return err },
		"receipt": func(id consent.GrantID) error { _, err := k.Receipt(ctx, jan, id); return err },
	} {
		for id, logged := range map[consent.GrantID]string{
			"aaaaaaaaaaaaaaaaaaaaaaaaaa": "aaaaaaaaaaaaaaaaaaaaaaaaaa", "NL02ABNA0123456789": "", "aaaaaaaaaaaaa/aaaaaaaaaaaa": "",
		} {
			k.log.entries = nil
			require.ErrorIs(t, call(id), consent.ErrNotFound, name)
			require.Len(t, k.log.entries, 1, name)
			want := retention.Access{
				Actor: jan.ID, Role: "subject", Reason: name, Action: retention.Action(name), Tenant: "tenant-1", Grant: logged, Outcome: consent.OutcomeRefused,
			}
			assert.Equal(t, want, k.log.entries[0], name)
		}
	}
	for _, id := range []consent.ReleaseID{"aaaaaaaaaaaaaaaaaaaaaaaaaa", "NL02ABNA0123456789"} {
		k.log.entries = nil
		_, err := k.Release(ctx, jan, id)
		require.ErrorIs(t, err, consent.ErrNotFound)
		_, err = k.Seal(ctx, jan, consent.Approval{Release: id}, dossier(t))
		require.ErrorIs(t, err, consent.ErrNotFound)
		require.ErrorIs(t, k.MarkDelivered(ctx, jan, id), consent.ErrNotFound)
		assert.Equal(t, []string{"see/refused", "release/refused", "deliver/refused"}, k.log.actions())
	}
}
