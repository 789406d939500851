package brondata

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/retention"
)

var errLost = errors.New("anary")

// unsure is a store whose answers get lost.
type unsure struct {
	consent.Store
	mu   sync.Mutex
	lost bool
	down bool
}

func (s *unsure) Get(ctx context.Context, k consent.Kind, id string) (consent.Item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return consent.Item{}, errLost
	}
	return s.Store.Get(ctx, k, id)
}

func (s *unsure) Apply(ctx context.Context, cs ...consent.Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return errLost
	}
	err := s.Store.Apply(ctx, cs...)
	if err == nil && s.lost {
		return errLost
	}
	return err
}

func (s *unsure) set(lost, down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost, s.down = lost, down
}

func leasing() (*Client, *unsure, *time.Time) {
	s, now := &unsure{Store: consent.NewMemoryStore()}, time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	return &Client{conf: Config{Consent: s, Now: func() time.Time { return now }}}, s, &now
}

// free reports whether the lease can be had at once. No time passes in the bubble while anything runs.
func free(t *testing.T, c *Client) (had bool) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		l, err := c.lease(ctx, "grant", "x")
		if err != nil {
			require.ErrorIs(t, err, context.DeadlineExceeded)
			return
		}
		l.end(t.Context())
		had = true
	})
	return had
}

func TestLease(t *testing.T) {
	t.Parallel()
	for name, hold := range map[string]struct {
		does func(t *testing.T, l *lease, s *unsure, now *time.Time)
		lost bool
	}{
		"held":    {func(*testing.T, *lease, *unsure, *time.Time) {}, false},
		"renewed": {func(_ *testing.T, l *lease, _ *unsure, _ *time.Time) { l.renew(); l.renew() }, false},
		"renewed, answer lost": {func(_ *testing.T, l *lease, s *unsure, _ *time.Time) {
			s.set(true, false)
			l.renew()
			s.set(false, false)
		}, false},
		"and renewed again": {func(_ *testing.T, l *lease, s *unsure, _ *time.Time) {
			s.set(true, false)
			l.renew()
			s.set(false, false)
			l.renew()
			l.renew()
		}, false},
		"renewed, store down": {func(_ *testing.T, l *lease, s *unsure, _ *time.Time) {
			s.set(false, true)
			l.renew()
			s.set(false, false)
		}, false},
		"past its end":          {func(_ *testing.T, l *lease, _ *unsure, now *time.Time) { *now = now.Add(time.Hour); l.renew() }, false},
		"clock set back":        {func(_ *testing.T, l *lease, _ *unsure, now *time.Time) { *now = now.Add(-time.Hour); l.renew() }, false},
		"taken":                 {func(t *testing.T, _ *lease, s *unsure, now *time.Time) { steal(t, s, now) }, true},
		"taken and found out":   {func(t *testing.T, l *lease, s *unsure, now *time.Time) { steal(t, s, now); l.renew(); l.renew() }, true},
		"removed":               {func(t *testing.T, l *lease, s *unsure, _ *time.Time) { l.giveBack(t.Context()) }, true},
		"removed and found out": {func(t *testing.T, l *lease, s *unsure, _ *time.Time) { l.giveBack(t.Context()); l.renew() }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s, now := leasing()
			l, err := c.lease(t.Context(), "grant", "x")
			require.NoError(t, err)
			require.False(t, free(t, c))
			other, err := c.lease(t.Context(), "grant", "y")
			require.NoError(t, err, "another one")
			other.end(t.Context())
			hold.does(t, l, s, now)
			if hold.lost {
				require.ErrorIs(t, l.check(t.Context()), retention.ErrConflict)
				l.end(t.Context())
				if name == "taken" {
					require.False(t, free(t, c), "the other one still has it")
				}
				return
			}
			require.False(t, free(t, c))
			require.NoError(t, l.check(t.Context()))
			s.set(false, true)
			err = l.check(t.Context())
			require.ErrorIs(t, err, errLost)
			require.NotErrorIs(t, err, retention.ErrConflict)
			assert.NotContains(t, err.Error(), "anary")
			s.set(false, false)
			l.end(t.Context())
			require.True(t, free(t, c))
			l.renew() // the timer may have run out at the same moment
			require.True(t, free(t, c))
		})
	}
}

// steal takes the lease as another process does when this one stood still.
func steal(t *testing.T, s *unsure, now *time.Time) {
	t.Helper()
	*now = now.Add(3 * time.Minute)
	c := &Client{conf: Config{Consent: s, Now: func() time.Time { return *now }}}
	l, err := c.lease(t.Context(), "grant", "x")
	require.NoError(t, err)
	t.Cleanup(func() { l.end(context.Background()) })
}

// What an attempt got though its answer was lost is given back.
func TestLeaseAbandoned(t *testing.T) {
	t.Parallel()
	c, s, _ := leasing()
	s.set(true, false)
	_, err := c.lease(t.Context(), "grant", "x")
	require.ErrorIs(t, err, errLost)
	assert.NotContains(t, err.Error(), "anary")
	s.set(false, false)
	require.True(t, free(t, c))
}

// A lease is renewed as long as it is held; one of a process that died is had within its time; who waits gives up with its context; and
// of none of it anything goes on.
func TestLeaseTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &Client{conf: Config{Consent: consent.NewMemoryStore(), Now: time.Now}}
		l, err := c.lease(t.Context(), "grant", "x")
		require.NoError(t, err)
		for _, wait := range []time.Duration{time.Second, leaseTime, time.Hour} {
			ctx, cancel := context.WithTimeout(t.Context(), wait)
			_, err = c.lease(ctx, "grant", "x")
			require.ErrorIs(t, err, context.DeadlineExceeded)
			cancel()
		}
		require.NoError(t, l.check(t.Context()))
		began := time.Now()
		var wg sync.WaitGroup
		for range 20 { // all that wait get their turn
			wg.Go(func() {
				l, err := c.lease(t.Context(), "grant", "x")
				if assert.NoError(t, err) {
					time.Sleep(time.Second)
					l.end(t.Context())
				}
			})
		}
		l.end(t.Context())
		wg.Wait()
		assert.Less(t, time.Since(began), time.Minute)

		dead, err := c.lease(t.Context(), "grant", "x")
		require.NoError(t, err)
		dead.timer.Stop()
		began = time.Now()
		next, err := c.lease(t.Context(), "grant", "x")
		require.NoError(t, err)
		assert.InDelta(t, leaseTime, time.Since(began), float64(time.Second))
		require.ErrorIs(t, dead.check(t.Context()), retention.ErrConflict)
		dead.end(t.Context())
		require.NoError(t, next.check(t.Context()), "what the dead one does when it wakes up")
		next.end(t.Context())
	})
}
