package brondata_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
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

// What nobody fetched does not outlive the data in it, in the process that sealed it or another, with a sweep or without.
func TestPackageEndsWithItsData(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keep   time.Duration
		sweeps bool
	}{
		"swept": {48 * time.Hour, true}, "not swept": {48 * time.Hour, false},
		"data in memory only, swept": {time.Hour, true}, "data in memory only, not swept": {time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			h := newHost(t, nil)
			id := h.decided(t, func(p *consent.Proposal) {
				p.Purpose.Keep = map[model.Category]time.Duration{model.CategoryTransaction: c.keep, model.CategoryBalance: 10 * c.keep}
			})
			h.collect(t, id, month(10), nil)
			over := h.now.Add(c.keep)
			h.now = h.now.Add(c.keep / 2)
			r, err := h.Review(ctx, subject, id, nil)
			require.NoError(t, err)
			sealed, err := h.Release(ctx, subject, r.Approval())
			require.NoError(t, err)
			h.restart(t)
			lender := consent.Actor{ID: "lender", Role: consent.RoleRecipient}
			sweep := func() {
				if c.sweeps {
					_, err := h.Sweep(ctx, 100)
					require.NoError(t, err)
				}
			}

			h.now = over.Add(-time.Millisecond)
			sweep()
			p, err := h.Package(ctx, lender, r.Release)
			require.NoError(t, err)
			require.Equal(t, sealed.Bytes(), p.Bytes())
			p, err = h.Release(ctx, subject, r.Approval())
			require.NoError(t, err)
			require.Equal(t, sealed.Bytes(), p.Bytes())

			for _, later := range []time.Duration{0, 24 * time.Hour, 20 * 24 * time.Hour} {
				h.now = over.Add(later)
				sweep()
				if c.sweeps {
					_, err = h.conf.Consent.Get(ctx, "package", string(r.Release))
					require.ErrorIs(t, err, consent.ErrNotFound)
				}
				p, err = h.Package(ctx, lender, r.Release)
				require.ErrorIs(t, err, consent.ErrVoid)
				assert.True(t, p.IsZero())
				p, err = h.Release(ctx, subject, r.Approval())
				require.ErrorIs(t, err, consent.ErrVoid)
				assert.True(t, p.IsZero())
			}
		})
	}
}
