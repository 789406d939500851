package brondata_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/sources"
)

// The recipient fetches the package in another process, as themselves: the log does not say that the subject released twice.
func TestRecipientFetches(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	log := &recorder{}
	h := newHost(t, func(c *brondata.Config) { c.Audit = log })
	id := h.active(t)
	_, err := h.Collect(ctx, subject, id, sources.Input{}, nil)
	require.NoError(t, err)
	r, err := h.Review(ctx, subject, id, nil)
	require.NoError(t, err)
	lender := consent.Actor{ID: "lender", Role: consent.RoleRecipient}
	_, err = h.Package(ctx, lender, r.Release)
	require.ErrorIs(t, err, consent.ErrTransition)
	sealed, err := h.Release(ctx, subject, r.Approval())
	require.NoError(t, err)

	h.restart(t)
	p, err := h.Package(ctx, lender, r.Release)
	require.NoError(t, err)
	require.Equal(t, sealed.Bytes(), p.Bytes())
	d, err := h.open(p)
	require.NoError(t, err)
	assert.Len(t, d.Records, 2)
	released := 0
	for _, a := range log.actions() {
		if a == string(consent.ActionRelease) {
			released++
		}
	}
	assert.Equal(t, 1, released)
	_, err = h.Package(ctx, consent.Actor{ID: "other", Role: consent.RoleRecipient}, r.Release)
	require.ErrorIs(t, err, consent.ErrNotPermitted)
	require.NoError(t, h.Delivered(ctx, subject, r.Release))
	_, err = h.Package(ctx, lender, r.Release)
	require.ErrorIs(t, err, consent.ErrDelivered)
}
