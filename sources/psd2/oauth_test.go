package psd2_test

import (
	"context"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2/internal/hosttest"
	"github.com/brondata/brondata/sources/psd2/psd2test"
)

// leavingHost is a host whose caller goes away while the OAuth server, which looks at its clock then, deals with a request for a token.
func leavingHost(t *testing.T) (h *hosttest.Host, leave *atomic.Pointer[context.CancelFunc], now *atomic.Int64) {
	t.Helper()
	leave, now = new(atomic.Pointer[context.CancelFunc]), new(atomic.Int64)
	clock := func() time.Time { return hosttest.Today.Add(time.Duration(now.Load())) }
	h = hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample(), Approach: psd2test.OAuth, Now: func() time.Time {
		if cancel := leave.Swap(nil); cancel != nil {
			(*cancel)()
			time.Sleep(50 * time.Millisecond) // so that a client that stops at once has
		}
		return clock()
	}})
	h.Now = clock
	return h, leave, now
}

// What the OAuth server gives out once is kept also where the caller goes away meanwhile.
func TestTokenOfTheLeaving(t *testing.T) {
	t.Parallel()
	t.Run("refresh", func(t *testing.T) {
		t.Parallel()
		h, leave, now := leavingHost(t)
		h.Connected()
		now.Store(int64(20 * time.Minute))
		h.Bank.Reset()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		leave.Store(&cancel)
		require.ErrorIs(t, h.Fetch(ctx, hosttest.Everything()).Err, context.Canceled)
		require.ErrorIs(t, h.Fetch(ctx, hosttest.Everything()).Err, context.Canceled)
		require.Equal(t, 1, h.Bank.Calls("POST", "/token"), "none once the caller has gone")
		require.NoError(t, h.Fetch(t.Context(), hosttest.Everything()).Err)
		assert.Equal(t, 1, h.Bank.Calls("POST", "/token"), "the one that was saved is used")
	})
	t.Run("code", func(t *testing.T) {
		t.Parallel()
		h, leave, _ := leavingHost(t)
		step, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
		require.NoError(t, err)
		back, err := h.Bank.Subject().Confirm(t.Context(), step.URL)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		leave.Store(&cancel)
		_, err = h.ConnectWith(ctx, sources.ConnectRequest{Callback: back})
		require.ErrorIs(t, err, context.Canceled)
		step, err = h.Connect(sources.ConnectRequest{})
		require.NoError(t, err)
		require.Equal(t, sources.StepDone, step.Kind)
		require.NoError(t, h.Fetch(t.Context(), hosttest.Everything()).Err)
	})
	t.Run("no answer", func(t *testing.T) {
		t.Parallel()
		h, _, now := leavingHost(t)
		h.Connected()
		now.Store(int64(20 * time.Minute))
		h.Bank.Inject(psd2test.Fault{Kind: psd2test.Hang, Path: "/token"})
		took := time.Duration(math.MaxInt64)
		for range 5 { // other work on the machine may hold up one, but not each
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			began := time.Now()
			require.ErrorIs(t, h.Fetch(ctx, hosttest.Everything()).Err, context.DeadlineExceeded)
			cancel()
			if took = min(took, time.Since(began)); took < 3*time.Second {
				break
			}
		}
		assert.Less(t, took, 3*time.Second, "before it is left behind")
	})
}
