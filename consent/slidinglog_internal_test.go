package consent

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestSlidingLogIsExact compares the log with its definition: an access is allowed if and only if fewer than n were given
// in the 24 hours before it and the last is long enough ago.
func TestSlidingLogIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rule{n: rapid.IntRange(1, 6).Draw(t, "n")}
		if rapid.Bool().Draw(t, "with interval") {
			r.interval = time.Duration(rapid.Int64Range(0, int64(40*time.Hour)).Draw(t, "interval"))
		}
		now := time.Date(2026, 3, 28, 20, 0, 0, 0, time.UTC)
		var log slidingLog
		var given []time.Time
		for range rapid.IntRange(1, 60).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(9*time.Hour)).Draw(t, "step")))
			inWindow := 0
			for _, g := range given {
				if now.Sub(g) < window {
					inWindow++
				}
			}
			want := inWindow < r.n && (len(given) == 0 || now.Sub(given[len(given)-1]) >= r.interval)
			out, next, ok := log.take(now, r)
			require.Equal(t, want, ok)
			if ok {
				given = append(given, now)
				log = out
				continue
			}
			require.True(t, next.After(now))
			_, _, early := log.take(next.Add(-1), r)
			require.False(t, early, "not a moment before the time that was told")
			_, _, then := log.take(next, r)
			require.True(t, then, "at the time that was told")
		}
	})
}

// TestSlidingLogClockSetBack has the clock go to and fro: never more than n in any 24 hours of the latest time seen.
func TestSlidingLogClockSetBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rule{n: 4}
		now := time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC)
		var latest time.Time // that the log was asked at: what a right clock would have said at least
		var log slidingLog
		var given []time.Time // by latest
		for range 60 {
			now = now.Add(time.Duration(rapid.Int64Range(-int64(30*time.Hour), int64(12*time.Hour)).Draw(t, "step")))
			if now.After(latest) {
				latest = now
			}
			out, _, ok := log.take(now, r)
			if !ok {
				continue
			}
			log = out
			given = append(given, latest)
			n := 0
			for _, g := range given {
				if latest.Sub(g) < window {
					n++
				}
			}
			require.LessOrEqual(t, n, r.n)
		}
	})
}
