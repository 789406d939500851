package brondata_test

import (
	"context"
	"encoding/json"
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

// A process that stands still while the grant is revoked and its end is swept opens nothing at the bank afterwards that nobody would
// end, and keeps no connection.
func TestOvertakenByTheEnd(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"begin", "come back", "refresh"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			step := 1
			if testing.Short() {
				step = 3
			}
			for n := 1; ; n += step {
				require.Less(t, n, 1000)
				h := newBankHost(t, psd2test.Options{Approach: psd2test.OAuth, FrequencyPerDay: 1000})
				first := func(c *brondata.Client) (err error) {
					_, err = c.Connect(context.Background(), present, h.id, "bank", sources.ConnectRequest{RedirectURL: "https://host.example/back"})
					return err
				}
				if what != "begin" {
					back := h.begin(t)
					first = func(c *brondata.Client) (err error) {
						_, err = c.Connect(context.Background(), present, h.id, "bank", sources.ConnectRequest{Callback: back})
						return err
					}
				}
				if what == "refresh" {
					require.NoError(t, first(h.Client))
					h.now = h.now.Add(20 * time.Minute)
					first = func(c *brondata.Client) error {
						_, err := c.Collect(context.Background(), present, h.id, sources.Input{}, nil)
						return err
					}
				}
				var firstErr error
				hit := h.overtaken(t, n, func(c *brondata.Client) { firstErr = first(c) }, func() {
					require.NoError(t, h.Revoke(t.Context(), subject, h.id))
					for range 3 {
						_, err := h.Sweep(t.Context(), 100)
						if what == "begin" { // else the bank may want a token that only the other process has
							require.NoError(t, err, "call %d", n)
						}
						h.now = h.now.Add(time.Minute)
					}
				})
				if !hit {
					require.NoError(t, firstErr)
					break
				}
				for range 3 {
					h.now = h.now.Add(time.Hour)
					_, err := h.Sweep(t.Context(), 100)
					if what == "begin" {
						require.NoError(t, err, "call %d", n)
					}
				}
				open := h.bank.Consents()
				delete(open, "terminatedByTpp")
				if what != "refresh" { // one that stood still with the only token that the bank takes cannot be made up for
					assert.Empty(t, open, "call %d: %v", n, firstErr)
				}
				for range 3 {
					h.now = h.now.Add(8 * 24 * time.Hour)
					_, err := h.Sweep(t.Context(), 100)
					require.NoError(t, err, "call %d", n)
				}
				h.assertNoKeys(t)
			}
		})
	}
}

// Who waited for a connection while the grant was revoked begins nothing.
func TestRevokedWhileWaiting(t *testing.T) {
	t.Parallel()
	for what, call := range map[string]func(h *host, id consent.GrantID) error{
		"connect": func(h *host, id consent.GrantID) error {
			_, err := h.Connect(t.Context(), subject, id, "bank", sources.ConnectRequest{Callback: map[string][]string{"code": {"ok"}}})
			return err
		},
		"collect": func(h *host, id consent.GrantID) error {
			_, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			store := &stuck{Store: consent.NewMemoryStore()}
			h := newHost(t, func(c *brondata.Config) { c.Consent = store })
			id := h.active(t)
			store.dead = true
			_, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
			require.NoError(t, err)
			store.dead = false
			held, err := store.Due(t.Context(), "lease", h.now.Add(time.Hour), 10)
			require.NoError(t, err)
			before, err := h.Consent().Export(t.Context(), subject, "subject-1")
			require.NoError(t, err)
			done := make(chan error, 1)
			go func() { done <- call(h, id) }()
			select {
			case err := <-done:
				require.Fail(t, "it did not wait", "%v", err)
			case <-time.After(50 * time.Millisecond):
			}
			require.NoError(t, h.Revoke(t.Context(), subject, id))
			for _, it := range held {
				require.NoError(t, store.Apply(t.Context(), consent.Change{Op: consent.OpDelete, Item: it}))
			}
			err = <-done
			require.ErrorIs(t, err, consent.ErrNotPermitted)
			require.ErrorIs(t, err, sources.ErrNotPermitted)
			after, err := h.Consent().Export(t.Context(), subject, "subject-1")
			require.NoError(t, err)
			assert.Equal(t, accesses(t, before), accesses(t, after), "the bank was asked")
		})
	}
}

// accesses counts those of an export.
func accesses(t *testing.T, export []byte) (n int) {
	t.Helper()
	var e consent.Export
	require.NoError(t, json.Unmarshal(export, &e))
	for _, log := range e.Accesses {
		n += len(log)
	}
	return n
}
