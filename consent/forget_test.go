package consent_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
)

func TestForget(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	running, ended := k.active(t, nil), k.active(t, nil)
	require.NoError(t, k.permit(t, refresh, ended.ID).Access(t.Context(), "bank", "a"))
	_, err := k.MoveLink(t.Context(), ended.ID, "bank", consent.LinkRestart, time.Time{})
	require.NoError(t, err)
	r, _, err := k.Review(t.Context(), jan, ended.ID, dossier(t), nil)
	require.NoError(t, err)
	_, err = k.Seal(t.Context(), jan, consent.Approval{Release: r.ID, Digest: r.Digest}, dossier(t))
	require.NoError(t, err)
	_, err = k.Revoke(t.Context(), jan, ended.ID)
	require.NoError(t, err)
	forget := func(by consent.Actor, before time.Time) int {
		n, err := k.Forget(t.Context(), by, jan.ID, before)
		require.NoError(t, err)
		return n
	}
	later := start.Add(time.Hour)
	_, err = k.Forget(t.Context(), piet, jan.ID, later)
	require.Equal(t, consent.ReasonPolicy, reason(err))
	require.Zero(t, forget(jan, later), "not before a sweep destroyed what was retrieved under it")
	_, err = k.Sweep(t.Context(), system, 10, nil)
	require.NoError(t, err)
	require.Zero(t, forget(jan, start), "it had not ended before then")
	require.Equal(t, 1, forget(jan, later))
	require.Zero(t, forget(jan, later), "twice is no error")
	grants, err := k.List(t.Context(), jan, jan.ID)
	require.NoError(t, err)
	require.Len(t, grants, 1)
	require.Equal(t, running.ID, grants[0].ID)
	for _, kind := range []consent.Kind{"link", "release", "package"} {
		items, err := k.store.List(t.Context(), kind, string(ended.ID))
		require.NoError(t, err)
		require.Empty(t, items)
	}
	for range 3 {
		require.NoError(t, k.permit(t, refresh, running.ID).Access(t.Context(), "bank", "a"))
	}
	require.Error(t, k.permit(t, refresh, running.ID).Access(t.Context(), "bank", "a"), "the day's slots are not forgotten")

	_, err = k.Revoke(t.Context(), jan, running.ID)
	require.NoError(t, err)
	k.clock.pass(48 * time.Hour)
	_, err = k.Sweep(t.Context(), system, 10, nil)
	require.NoError(t, err)
	require.Equal(t, 1, forget(jan, k.clock.now()))
	b, err := k.Export(t.Context(), jan, jan.ID)
	require.NoError(t, err)
	assert.Contains(t, string(b), `"grants": []`)
	for _, kind := range []consent.Kind{"grant", "link", "release", "package", "access", "event", "subject"} {
		items, err := k.store.List(t.Context(), kind, jan.ID)
		require.NoError(t, err)
		require.Empty(t, items, "nothing of kind %s is left", kind)
	}
	// Somebody who comes back begins anew.
	p := k.permit(t, refresh, k.active(t, nil).ID)
	require.NoError(t, p.Access(t.Context(), "bank", "a"))
}

// TestForgetWhileProposing has one process forget a subject's last grant while another proposes: the new grant works.
func TestForgetWhileProposing(t *testing.T) {
	t.Parallel()
	for range 50 {
		k := newKit(t, consent.Limits{})
		g := k.active(t, nil)
		_, err := k.Revoke(t.Context(), jan, g.ID)
		require.NoError(t, err)
		_, err = k.Sweep(t.Context(), system, 10, nil)
		require.NoError(t, err)
		var fresh consent.Grant
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := k.Forget(t.Context(), jan, jan.ID, start.Add(time.Hour))
			assert.NoError(t, err)
		})
		wg.Go(func() {
			var err error
			fresh, err = k.Propose(t.Context(), jan, k.proposal())
			assert.NoError(t, err)
		})
		wg.Wait()
		_, err = k.Decide(t.Context(), jan, fresh.ID, true)
		require.NoError(t, err)
		require.NoError(t, k.permit(t, refresh, fresh.ID).Access(t.Context(), "bank", "a"))
	}
}
