package redirect_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/consent/redirect"
	"github.com/brondata/brondata/consent/redirecttest"
	"github.com/brondata/brondata/crypto"
)

// keeper keeps tokens in memory, as a vault does.
type keeper struct {
	mu    sync.Mutex
	s     crypto.Secret
	fails int // saves that fail from now on
	saves int
}

var errFull = errors.New("disk full")

func (k *keeper) Load(context.Context) (crypto.Secret, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.s, nil
}

func (k *keeper) Save(_ context.Context, s crypto.Secret) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fails > 0 {
		k.fails--
		return errFull
	}
	k.saves++
	k.s = s
	return nil
}

// kit is one connection to a server, with tokens that have just ended.
type kit struct {
	as    *redirecttest.Server
	store consent.Store
	k     *keeper
	cfg   redirect.Config
	now   atomic.Int64
}

func newKit(t *testing.T, b redirecttest.Behaviour) *kit {
	t.Helper()
	k := &kit{as: redirecttest.New(t, b), store: consent.NewMemoryStore(), k: &keeper{}}
	k.cfg = config(t, k.as, k.store)
	k.now.Store(time.Now().UnixNano())
	k.cfg.Now = func() time.Time { return time.Unix(0, k.now.Load()) }
	c := client(t, k.cfg)
	address, err := c.Begin(t.Context(), binding)
	require.NoError(t, err)
	tokens, err := c.Finish(t.Context(), binding, k.as.Authorize(t, address))
	require.NoError(t, err)
	packed, err := tokens.Pack()
	require.NoError(t, err)
	require.NoError(t, k.k.Save(t.Context(), packed))
	return k
}

// process is a token source as a process that just started has.
func (k *kit) process(t *testing.T) *redirect.TokenSource {
	t.Helper()
	s, err := client(t, k.cfg).Tokens(k.store, consent.LinkID(string(grant)+"/bank"), k.k)
	require.NoError(t, err)
	return s
}

func (k *kit) pass(d time.Duration) { k.now.Add(int64(d)) }

func TestAccessRefreshesInTime(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]redirecttest.Behaviour{
		"rotating": {Rotate: true}, "strict": {Strict: true}, "not rotating": {}, "never saying when": {NoExpiresIn: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, b)
			s := k.process(t)
			for range 5 {
				before := k.as.TokenRequests()
				a, err := s.Access(t.Context())
				require.NoError(t, err)
				again, err := s.Access(t.Context())
				require.NoError(t, err)
				assert.True(t, a.Equal(again))
				assert.True(t, k.as.Accepts(reveal(t, a)))
				assert.LessOrEqual(t, k.as.TokenRequests(), before+1)
				require.NoError(t, s.Worked(t.Context()))
				k.pass(5 * time.Minute)
			}
			renewed, err := s.Renew(t.Context(), func() crypto.Secret { a, _ := s.Access(t.Context()); return a }())
			require.NoError(t, err)
			assert.True(t, k.as.Accepts(reveal(t, renewed)))
			assert.Empty(t, k.as.Confusion())
		})
	}
}

// TestRotationLosesNothing has each thing go wrong that can, and then goes on in a new process.
func TestRotationLosesNothing(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(t *testing.T, k *kit){
		"the answer never comes": func(t *testing.T, k *kit) {
			k.as.Behave(redirecttest.Behaviour{Rotate: true, LoseAnswers: 1})
			_, err := k.process(t).Access(t.Context())
			require.ErrorIs(t, err, redirect.ErrUnavailable)
		},
		"the answer never comes, twice": func(t *testing.T, k *kit) {
			k.as.Behave(redirecttest.Behaviour{Rotate: true, LoseAnswers: 2})
			for range 2 {
				_, err := k.process(t).Access(t.Context())
				require.ErrorIs(t, err, redirect.ErrUnavailable)
			}
		},
		"the server is down": func(t *testing.T, k *kit) {
			k.as.Behave(redirecttest.Behaviour{Rotate: true, FailRefreshes: 3})
			for range 3 {
				_, err := k.process(t).Access(t.Context())
				require.ErrorIs(t, err, redirect.ErrUnavailable)
			}
		},
		"the server talks nonsense": func(t *testing.T, k *kit) {
			k.as.Behave(redirecttest.Behaviour{TokenBody: "<html>maintenance</html>"})
			_, err := k.process(t).Access(t.Context())
			require.ErrorIs(t, err, redirect.ErrAnswer)
			k.as.Behave(redirecttest.Behaviour{Rotate: true})
		},
		"killed after the rotation, before the save": func(t *testing.T, k *kit) {
			k.k.fails = 1
			_, err := k.process(t).Access(t.Context())
			require.ErrorIs(t, err, errFull)
		},
		"cannot save, then can": func(t *testing.T, k *kit) {
			k.k.fails = 3
			s := k.process(t)
			for range 3 {
				_, err := s.Access(t.Context())
				require.ErrorIs(t, err, errFull, "tokens that are not stored are given to nobody")
			}
			requests := k.as.TokenRequests()
			_, err := s.Access(t.Context())
			require.NoError(t, err)
			assert.Equal(t, requests, k.as.TokenRequests(), "what was got before is used")
		},
		"saved, and never used": func(t *testing.T, k *kit) {
			_, err := k.process(t).Access(t.Context())
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, redirecttest.Behaviour{Rotate: true})
			k.pass(10 * time.Minute)
			f(t, k)
			k.pass(10 * time.Minute)
			s := k.process(t)
			for range 3 {
				a, err := s.Access(t.Context())
				require.NoError(t, err)
				require.True(t, k.as.Accepts(reveal(t, a)))
				require.NoError(t, s.Worked(t.Context()))
				k.pass(10 * time.Minute)
			}
		})
	}
}

// What one process could not save is older than what another saved since, and does not replace it.
func TestUnsavedTokensGiveWay(t *testing.T) {
	t.Parallel()
	k := newKit(t, redirecttest.Behaviour{Rotate: true})
	k.pass(10 * time.Minute)
	a, b := k.process(t), k.process(t)
	k.k.fails = 1
	_, err := a.Access(t.Context())
	require.ErrorIs(t, err, errFull)
	for range 2 { // at the second time the server forgets all that is older
		_, err = b.Access(t.Context())
		require.NoError(t, err)
		k.pass(10 * time.Minute)
	}
	for _, s := range []*redirect.TokenSource{a, b} {
		access, err := s.Access(t.Context())
		require.NoError(t, err)
		assert.True(t, k.as.Accepts(reveal(t, access)))
		k.pass(10 * time.Minute)
	}
}

// That an access token worked says nothing of those that another process got in the meantime.
func TestWorkedIsOfTheTokenThatWasGiven(t *testing.T) {
	t.Parallel()
	k := newKit(t, redirecttest.Behaviour{Rotate: true})
	a, b := k.process(t), k.process(t)
	old, err := a.Access(t.Context())
	require.NoError(t, err)
	_, err = b.Renew(t.Context(), old)
	require.NoError(t, err)
	require.NoError(t, a.Worked(t.Context()))
	assert.Contains(t, reveal(t, k.k.s), `"previous"`)
	require.NoError(t, b.Worked(t.Context()))
	assert.NotContains(t, reveal(t, k.k.s), `"previous"`)
}

func TestOnlyTheServerEndsTokens(t *testing.T) {
	t.Parallel()
	k := newKit(t, redirecttest.Behaviour{Rotate: true})
	packed, err := k.k.Load(t.Context())
	require.NoError(t, err)
	tokens, err := redirect.UnpackTokens(packed)
	require.NoError(t, err)
	require.NoError(t, client(t, k.cfg).Revoke(t.Context(), tokens))
	k.pass(time.Hour)
	_, err = k.process(t).Access(t.Context())
	require.ErrorIs(t, err, redirect.ErrReauthenticate)
	k.k.s = crypto.Secret{}
	_, err = k.process(t).Access(t.Context())
	require.ErrorIs(t, err, redirect.ErrReauthenticate)
	k.k.s = crypto.NewSecretString("garbage")
	_, err = k.process(t).Access(t.Context())
	require.ErrorIs(t, err, redirect.ErrInvalid)
}

// TestOneRefreshAtATime has many processes find the token ended at once, at a server that ends everything when a
// refresh token is used twice.
func TestOneRefreshAtATime(t *testing.T) {
	t.Parallel()
	k := newKit(t, redirecttest.Behaviour{Strict: true})
	for range 3 {
		k.pass(10 * time.Minute)
		before := k.as.TokenRequests()
		var wg sync.WaitGroup
		for range 8 {
			s := k.process(t)
			wg.Go(func() {
				a, err := s.Access(t.Context())
				if assert.NoError(t, err) {
					assert.True(t, k.as.Accepts(reveal(t, a)))
				}
			})
		}
		wg.Wait()
		assert.Equal(t, before+1, k.as.TokenRequests())
		assert.Empty(t, k.as.Confusion())
	}
}

// TestDeadProcessHoldsNothingUp has a process die while it refreshes.
func TestDeadProcessHoldsNothingUp(t *testing.T) {
	t.Parallel()
	k := newKit(t, redirecttest.Behaviour{Rotate: true})
	k.pass(10 * time.Minute)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	// Its lease, as it was when it died: taken now, never given back.
	s := k.process(t)
	dead := &lease{Store: k.store}
	_, err := func() (crypto.Secret, error) {
		d, err := client(t, k.cfg).Tokens(dead, consent.LinkID(string(grant)+"/bank"), k.k)
		require.NoError(t, err)
		k.as.Behave(redirecttest.Behaviour{FailRefreshes: 1, Rotate: true})
		return d.Access(t.Context())
	}()
	require.ErrorIs(t, err, redirect.ErrUnavailable)
	_, err = s.Access(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded, "somebody may still be refreshing")
	k.pass(time.Minute)
	_, err = s.Access(t.Context())
	require.NoError(t, err, "the lease ended by itself")
}

// lease is a store whose user dies before it deletes anything.
type lease struct{ consent.Store }

func (l *lease) Apply(ctx context.Context, cs ...consent.Change) error {
	for _, c := range cs {
		if c.Op == consent.OpDelete {
			return context.Canceled
		}
	}
	return l.Store.Apply(ctx, cs...)
}
