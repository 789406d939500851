package brondata_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2/psd2test"
)

// overtaken runs first in a process that stands still before its n-th store call, for so long that its lease is over, while second
// runs to its end. It reports whether there was such a call.
func (h *host) overtaken(t *testing.T, n int, first func(*brondata.Client), second func()) bool {
	t.Helper()
	reached, goOn, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	f := &faults{n: n, stand: func() { close(reached); <-goOn }}
	conf := h.conf
	conf.Consent, conf.Data, conf.Keys = faultyConsent{conf.Consent, f}, faultyData{conf.Data, f}, faultyKeys{conf.Keys, f}
	c, err := brondata.New(conf)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	go func() {
		defer close(done)
		first(c)
	}()
	select {
	case <-done:
		return false
	case <-reached:
	}
	defer func() { <-done }()
	defer close(goOn)
	h.now = h.now.Add(3 * time.Minute)
	second()
	return true
}

// A process that stands still at any store call of a refresh, while the subject connects anew in another process, or a refresh
// in another one is over, does not put back a connection that is none any more, nor lose the one that there is.
func TestOvertakenConnection(t *testing.T) {
	t.Parallel()
	for _, second := range []string{"connect", "refresh"} {
		t.Run(second, func(t *testing.T) {
			t.Parallel()
			refused, step := 0, 1
			if testing.Short() {
				step = 3
			}
			for n := 1; ; n += step {
				require.Less(t, n, 1000)
				h := newBankHost(t, psd2test.Options{Approach: psd2test.OAuth, FrequencyPerDay: 1000})
				_, err := h.connect(t, h.begin(t))
				require.NoError(t, err)
				h.now = h.now.Add(20 * time.Minute) // the token has to be renewed
				hit := h.overtaken(t, n, func(c *brondata.Client) {
					d, err := c.Collect(context.Background(), present, h.id, sources.Input{}, nil)
					if err != nil {
						assert.ErrorIs(t, err, retention.ErrConflict, "call %d", n)
						return
					}
					if coverage(d.Coverage, model.CategoryTransaction).Attempts[0].Outcome == sources.Code(sources.ErrUnavailable) {
						refused++
					}
				}, func() {
					if second == "connect" {
						_, err := h.connect(t, h.begin(t))
						require.NoError(t, err, "call %d", n)
						h.collects(t)
						return
					}
					_, err := h.Collect(t.Context(), present, h.id, sources.Input{}, nil)
					require.NoError(t, err, "call %d", n)
				})
				if second == "connect" {
					require.Equal(t, consent.LinkValid, h.link(t), "call %d", n)
				}
				h.collects(t)
				require.Equal(t, consent.LinkValid, h.link(t), "call %d", n)
				if !hit {
					break
				}
			}
			if second == "connect" {
				assert.Positive(t, refused, "what would have replaced the new connection")
			}
		})
	}
}

// Two processes keep what files brought. Whenever one stands still, nothing is lost of what it was told is kept.
func TestOvertakenKeeping(t *testing.T) {
	t.Parallel()
	refused := 0
	for n := 1; ; n++ {
		require.Less(t, n, 1000)
		h := newHost(t, nil)
		id := h.decided(t, nil)
		h.collect(t, id, month(1), add)
		var firstErr error
		hit := h.overtaken(t, n, func(c *brondata.Client) {
			_, firstErr = c.Collect(context.Background(), subject, id, month(2), add)
		}, func() { h.collect(t, id, month(3), add) })
		kept := amounts(h.review(t, id).Records)
		require.Contains(t, kept, "-101.00", "call %d", n)
		if hit {
			require.Contains(t, kept, "-103.00", "call %d", n)
		}
		if firstErr == nil {
			require.Contains(t, kept, "-102.00", "call %d", n)
		} else {
			refused++
			require.ErrorIs(t, firstErr, retention.ErrConflict, "call %d", n)
			require.NotContains(t, kept, "-102.00", "call %d", n)
			h.collect(t, id, month(2), add)
			require.Contains(t, amounts(h.review(t, id).Records), "-102.00", "call %d", n)
		}
		if !hit {
			break
		}
	}
	assert.Positive(t, refused)
}

// A lease of a process that died is swept; one that is held is not.
func TestSweepLeases(t *testing.T) {
	t.Parallel()
	store := &stuck{Store: consent.NewMemoryStore()}
	h := newHost(t, func(c *brondata.Config) { c.Consent = store })
	id := h.active(t)
	leases := func() int {
		items, err := store.Due(t.Context(), "lease", h.now.Add(24*time.Hour), 100)
		require.NoError(t, err)
		return len(items)
	}
	require.Zero(t, leases(), "given back")
	store.dead = true
	_, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
	require.NoError(t, err)
	store.dead = false
	require.Equal(t, 2, leases(), "of the connection and of what is kept")
	h.now = h.now.Add(2 * time.Minute)
	_, err = h.Sweep(t.Context(), 100)
	require.NoError(t, err)
	require.Equal(t, 2, leases(), "perhaps they are still held")
	h.now = h.now.Add(3 * time.Minute)
	rep, err := h.Sweep(t.Context(), 1)
	require.NoError(t, err)
	require.True(t, rep.More)
	require.Equal(t, 1, leases())
	_, err = h.Sweep(t.Context(), 100)
	require.NoError(t, err)
	require.Zero(t, leases())

	gone := errors.New("anary")
	h.conf.Consent = faultyDue{store, gone}
	h.restart(t)
	_, err = h.Sweep(t.Context(), 100)
	require.ErrorIs(t, err, gone)
	assert.NotContains(t, err.Error(), "anary")
}

// faultyDue cannot list leases.
type faultyDue struct {
	consent.Store
	err error
}

func (s faultyDue) Due(ctx context.Context, k consent.Kind, at time.Time, max int) ([]consent.Item, error) {
	if k == "lease" {
		return nil, s.err
	}
	return s.Store.Due(ctx, k, at, max)
}
