package brondata_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
)

// A host that died after a sweep, before it filed the receipts, gets the same ones again; nobody gets them who may not.
func TestDeletionReceipts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	log := &recorder{}
	h := newHost(t, func(c *brondata.Config) { c.Audit = log })
	id := h.active(t)
	_, err := h.Collect(ctx, subject, id, sources.Input{}, nil)
	require.NoError(t, err)
	none := func() {
		rs, err := h.DeletionReceipts(ctx, subject, id)
		require.ErrorIs(t, err, consent.ErrNotFound)
		require.Empty(t, rs)
	}
	none()
	_, err = h.Review(ctx, subject, id, nil)
	require.NoError(t, err, "to ask deletes nothing")
	require.NoError(t, h.Revoke(ctx, subject, id))
	none() // nothing is finished before a sweep
	var swept []retention.Receipt
	for range 2 {
		rep, err := h.Sweep(ctx, 100)
		require.NoError(t, err)
		swept = append(swept, rep.Deleted...)
		h.now = h.now.Add(time.Hour)
	}
	require.Len(t, swept, 2, "of data and of the connection")

	h.restart(t)
	rs, err := h.DeletionReceipts(ctx, subject, id)
	require.NoError(t, err)
	require.Equal(t, swept, rs)
	for _, r := range rs {
		assert.True(t, r.Verify(h.sender))
	}
	actions := log.actions()
	assert.Equal(t, []string{"receipt", "receipt"}, actions[len(actions)-2:])

	for _, by := range []consent.Actor{adviser, refresh, {ID: "subject-2", Role: consent.RoleSubject}, {}} {
		_, err := h.DeletionReceipts(ctx, by, id)
		assert.ErrorIs(t, err, consent.ErrNotPermitted)
	}
	_, err = h.DeletionReceipts(ctx, subject, "aaaaaaaaaaaaaaaaaaaaaaaaaa")
	assert.ErrorIs(t, err, consent.ErrNotFound)
	n, err := h.Consent().Forget(ctx, subject, "subject-1", h.now)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	none()
}
