package consent_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
)

// TestPausesGrow: what cannot be destroyed is tried again after a minute, then two, four, and so on, up to a day.
func TestPausesGrow(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	_, err := k.Revoke(t.Context(), jan, k.active(t, nil).ID)
	require.NoError(t, err)
	tried := 0
	o := &consent.SweepOptions{Ended: func(context.Context, consent.Grant) error { tried++; return errors.New("key service is down") }}
	for i := range 14 {
		_, err := k.Sweep(t.Context(), system, 10, o)
		require.Error(t, err)
		require.Equal(t, i+1, tried)
		k.clock.pass(min(time.Minute<<i, 24*time.Hour) - time.Millisecond)
		_, err = k.Sweep(t.Context(), system, 10, o)
		require.NoError(t, err)
		require.Equal(t, i+1, tried, "not before the pause is over")
		k.clock.pass(time.Millisecond)
	}
}

// TestSweepsMeet has another sweep finish what this one has begun: that is no failure, and neither reports it as one.
func TestSweepsMeet(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	_, err := k.Revoke(t.Context(), jan, k.active(t, nil).ID)
	require.NoError(t, err)
	s, err := k.Sweep(t.Context(), system, 10, &consent.SweepOptions{Ended: func(ctx context.Context, _ consent.Grant) error {
		other, err := k.Sweep(ctx, system, 10, nil)
		require.NoError(t, err)
		require.Equal(t, 1, other.Ended)
		return nil
	}})
	require.NoError(t, err)
	require.Zero(t, s.Failed+s.Ended)
}

// TestSweepStops: a sweep whose caller is gone begins nothing more.
func TestSweepStops(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	for range 3 {
		_, err := k.Revoke(t.Context(), jan, k.active(t, nil).ID)
		require.NoError(t, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	tried := 0
	_, err := k.Sweep(ctx, system, 10, &consent.SweepOptions{Ended: func(context.Context, consent.Grant) error { tried++; cancel(); return nil }})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, tried)
}
