package consent_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/retention"
)

var lender = consent.Actor{ID: "advies", Role: consent.RoleRecipient}

// TestPackage: the recipient fetches what the subject approved to be sent to them, as themselves, and nobody else does.
func TestPackage(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	ctx := t.Context()
	g := k.active(t, nil)
	r, _, err := k.Review(ctx, jan, g.ID, dossier(t), nil)
	require.NoError(t, err)
	fetch := func(by consent.Actor) ([]byte, error) {
		p, err := k.Package(ctx, by, r.ID)
		clean(t, err)
		return p.Bytes(), err
	}
	b, err := fetch(lender)
	require.ErrorIs(t, err, consent.ErrTransition, "the subject has not approved it")
	require.Empty(t, b)
	_, err = k.store.Get(ctx, "package", string(r.ID))
	require.ErrorIs(t, err, consent.ErrNotFound, "nothing was sealed for being asked")

	sealed, err := k.Seal(ctx, jan, consent.Approval{Release: r.ID, Digest: r.Digest}, dossier(t))
	require.NoError(t, err)
	k.log.entries = nil
	for range 2 {
		b, err = fetch(lender)
		require.NoError(t, err)
		require.Equal(t, sealed.Bytes(), b)
	}
	require.Equal(t, []string{"fetch/granted", "fetch/granted"}, k.log.actions())
	assert.Equal(t, retention.Access{
		Actor: "advies", Role: "recipient", Reason: "mortgage", Action: "fetch", Tenant: "tenant-1", Subject: jan.ID, Recipient: "advies",
		Grant: string(g.ID), Categories: r.Categories, Outcome: retention.OutcomeGranted,
	}, k.log.entries[0], "not that the subject released again")
	b, err = fetch(jan)
	require.NoError(t, err)
	require.Equal(t, sealed.Bytes(), b)

	m := k.withPolicy(t, anything{})
	for name, by := range map[string]consent.Actor{
		"another recipient": {ID: "ander-advies", Role: consent.RoleRecipient, OnBehalfOf: jan.ID}, "another subject": piet,
		"adviser": adviser, "scheduler": system, "nobody": {}, "no id": {Role: consent.RoleRecipient},
		"somebody with the recipient's id": {ID: "advies", Role: consent.RoleAdviser, OnBehalfOf: jan.ID},
	} {
		_, err := m.Package(ctx, by, r.ID)
		assertRefused(t, err, consent.ActionFetch, name)
	}
	_, err = k.withPolicy(t, consent.Rules{}).Package(ctx, lender, r.ID)
	assertRefused(t, err, consent.ActionFetch, "a host may forbid it")
	for _, id := range []consent.ReleaseID{"", "no id", "aaaaaaaaaaaaaaaaaaaaaaaaaa"} {
		_, err = k.Package(ctx, lender, id)
		require.ErrorIs(t, err, consent.ErrNotFound)
	}

	k.log.setDown(true)
	b, err = fetch(lender)
	require.ErrorIs(t, err, retention.ErrNotRecorded)
	require.Empty(t, b)
	k.log.setDown(false)

	require.NoError(t, k.MarkDelivered(ctx, jan, r.ID))
	_, err = fetch(lender)
	require.ErrorIs(t, err, consent.ErrDelivered)
}

// TestPackageEnds: what ends a release ends fetching it, at once.
func TestPackageEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end  func(t *testing.T, k *kit, g consent.Grant)
		want error
	}{
		"revoked": {func(t *testing.T, k *kit, g consent.Grant) {
			_, err := k.Revoke(t.Context(), jan, g.ID)
			require.NoError(t, err)
		}, consent.ErrNotPermitted},
		"expired": {func(_ *testing.T, k *kit, g consent.Grant) { k.clock.set(g.ValidUntil) }, consent.ErrNotPermitted},
		"another key": {func(t *testing.T, k *kit, _ consent.Grant) {
			require.NoError(t, k.SetKey(t.Context(), system, "advies", newKey(t).Public()))
		}, consent.ErrVoid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, consent.Limits{})
			g := k.active(t, nil)
			r, _, err := k.Review(t.Context(), jan, g.ID, dossier(t), nil)
			require.NoError(t, err)
			_, err = k.Seal(t.Context(), jan, consent.Approval{Release: r.ID, Digest: r.Digest}, dossier(t))
			require.NoError(t, err)
			k.clock.pass(time.Minute)
			c.end(t, k, g)
			k.log.entries = nil
			for range 2 {
				p, err := k.Package(t.Context(), lender, r.ID)
				require.ErrorIs(t, err, c.want)
				require.Empty(t, p.Bytes())
			}
			assert.Equal(t, []string{"fetch/refused", "fetch/refused"}, k.log.actions())
		})
	}
}
