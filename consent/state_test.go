package consent_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/consent"
)

var (
	grantStates = []consent.GrantState{
		consent.GrantProposed, consent.GrantActive, consent.GrantDenied, consent.GrantRevoked, consent.GrantExpired, consent.GrantSuperseded, "", "nonsense",
	}
	grantEvents = []consent.GrantEvent{
		consent.EventAllow, consent.EventDeny, consent.EventRevoke, consent.EventExpire, consent.EventSupersede, "", "nonsense",
	}
	linkStates = []consent.LinkState{
		consent.LinkUnconfirmed, consent.LinkValid, consent.LinkInvalid, consent.LinkTokenRequired, consent.LinkClosed, consent.LinkGivenUp, "", "nonsense",
	}
	linkEvents = []consent.LinkEvent{
		consent.LinkConfirm, consent.LinkFail, consent.LinkNeed, consent.LinkRestart, consent.LinkClose, consent.LinkGiveUp, "", "nonsense",
	}
)

// TestGrantTable is the whole machine: each state, event and time of day of it.
func TestGrantTable(t *testing.T) {
	t.Parallel()
	term := consent.Term{DecideBy: start.Add(time.Hour), ValidUntil: start.Add(48 * time.Hour)}
	early, late := start, start.Add(49*time.Hour)
	allowed := map[consent.GrantState]map[consent.GrantEvent]consent.GrantState{
		consent.GrantProposed: {consent.EventAllow: consent.GrantActive, consent.EventDeny: consent.GrantDenied, consent.EventRevoke: consent.GrantRevoked},
		consent.GrantActive:   {consent.EventRevoke: consent.GrantRevoked, consent.EventSupersede: consent.GrantSuperseded},
	}
	over := map[consent.GrantState]map[consent.GrantEvent]consent.GrantState{
		consent.GrantProposed: {consent.EventExpire: consent.GrantExpired, consent.EventRevoke: consent.GrantRevoked},
		consent.GrantActive:   {consent.EventExpire: consent.GrantExpired, consent.EventRevoke: consent.GrantRevoked},
	}
	for _, s := range grantStates {
		for _, e := range grantEvents {
			for now, table := range map[time.Time]map[consent.GrantState]map[consent.GrantEvent]consent.GrantState{early: allowed, late: over} {
				got, err := consent.NextGrant(s, e, now, term)
				want, ok := table[s][e]
				if ok {
					require.NoError(t, err, "%s %s", s, e)
					require.Equal(t, want, got)
					continue
				}
				require.Equal(t, s, got, "an illegal event changes nothing")
				require.True(t, errors.Is(err, consent.ErrTransition) || errors.Is(err, consent.ErrNotPermitted), "%s %s: %v", s, e, err)
			}
		}
	}
	// The bounds themselves.
	for _, c := range []struct {
		state consent.GrantState
		event consent.GrantEvent
		at    time.Time
		ok    bool
	}{
		{consent.GrantProposed, consent.EventAllow, term.DecideBy.Add(-1), true},
		{consent.GrantProposed, consent.EventAllow, term.DecideBy, false},
		{consent.GrantProposed, consent.EventExpire, term.DecideBy.Add(-1), false},
		{consent.GrantProposed, consent.EventExpire, term.DecideBy, true},
		{consent.GrantActive, consent.EventSupersede, term.ValidUntil.Add(-1), true},
		{consent.GrantActive, consent.EventSupersede, term.ValidUntil, false},
		{consent.GrantActive, consent.EventExpire, term.ValidUntil, true},
	} {
		_, err := consent.NextGrant(c.state, c.event, c.at, term)
		assert.Equal(t, c.ok, err == nil, "%s %s", c.state, c.event)
	}
}

// drawTime draws times around the changes of the clocks in Amsterdam, in either zone.
func drawTime(t *rapid.T, label string) time.Time {
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		zone = time.FixedZone("CET", 3600)
	}
	base := rapid.SampledFrom([]time.Time{
		time.Date(2026, 3, 29, 1, 59, 59, 999_999_999, zone), time.Date(2026, 10, 25, 2, 30, 0, 0, zone), start,
	}).Draw(t, label)
	return base.Add(time.Duration(rapid.Int64Range(-int64(72*time.Hour), int64(72*time.Hour)).Draw(t, label+" offset")))
}

func TestGrantProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		term := consent.Term{DecideBy: drawTime(t, "decide by"), ValidUntil: drawTime(t, "valid until")}
		s := consent.GrantProposed
		var ended consent.GrantState
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			e := rapid.SampledFrom(grantEvents).Draw(t, "event")
			now := drawTime(t, "now") // forward and back
			next, err := consent.NextGrant(s, e, now, term)
			if err != nil {
				require.Equal(t, s, next, "an error changes nothing")
			}
			if s.Terminal() {
				require.Error(t, err)
				require.Equal(t, s, next, "no way out of a terminal state")
			}
			if e == consent.EventRevoke && !s.Terminal() {
				require.Equal(t, consent.GrantRevoked, next, "a revoke always works")
			}
			if err == nil && next == consent.GrantActive {
				require.True(t, now.Before(term.DecideBy) && now.Before(term.ValidUntil), "active only within its time")
			}
			if err == nil && next == consent.GrantExpired {
				require.False(t, now.Before(term.ValidUntil) && now.Before(term.DecideBy), "expired only after its time")
			}
			// The same instant in another zone is the same.
			other, _ := consent.NextGrant(s, e, now.In(time.FixedZone("x", -7*3600)), term)
			require.Equal(t, next, other)
			s = next
			if ended == "" && s.Terminal() {
				ended = s
			}
		}
		if ended != "" {
			require.Equal(t, ended, s)
		}
	})
}

func TestLinkProperties(t *testing.T) {
	t.Parallel()
	for _, s := range linkStates {
		for _, e := range linkEvents {
			next, err := consent.NextLink(s, e, start)
			if err != nil {
				require.ErrorIs(t, err, consent.ErrTransition)
				require.Equal(t, s, next)
				continue
			}
			require.True(t, slices.Contains(linkStates[:6], next))
			again, err := consent.NextLink(next, e, start)
			if e != consent.LinkRestart || next != consent.LinkValid {
				require.NoError(t, err, "institutions say things twice: %s %s", s, e)
				require.Equal(t, next, again)
			}
			if s.Terminal() {
				require.Equal(t, s, next)
			}
		}
	}
	_, err := consent.NextLink(consent.LinkValid, consent.LinkRestart, start)
	require.ErrorIs(t, err, consent.ErrTransition, "what works is not begun anew")
}

func TestReleaseTable(t *testing.T) {
	t.Parallel()
	by := start.Add(time.Hour)
	for _, c := range []struct {
		from consent.ReleaseState
		e    consent.ReleaseEvent
		now  time.Time
		to   consent.ReleaseState
		err  error
	}{
		{consent.ReleasePending, consent.ReleaseSeal, start, consent.ReleaseSealed, nil},
		{consent.ReleasePending, consent.ReleaseSeal, by, consent.ReleasePending, consent.ErrVoid},
		{consent.ReleasePending, consent.ReleaseDeliver, start, consent.ReleasePending, consent.ErrTransition},
		{consent.ReleasePending, consent.ReleaseCancel, start, consent.ReleaseVoid, nil},
		{consent.ReleaseSealed, consent.ReleaseSeal, start, consent.ReleaseSealed, consent.ErrTransition},
		{consent.ReleaseSealed, consent.ReleaseDeliver, by, consent.ReleaseDelivered, nil},
		{consent.ReleaseSealed, consent.ReleaseCancel, by, consent.ReleaseVoid, nil},
		{consent.ReleaseDelivered, consent.ReleaseSeal, start, consent.ReleaseDelivered, consent.ErrDelivered},
		{consent.ReleaseDelivered, consent.ReleaseCancel, start, consent.ReleaseDelivered, consent.ErrDelivered},
		{consent.ReleaseVoid, consent.ReleaseSeal, start, consent.ReleaseVoid, consent.ErrVoid},
		{consent.ReleaseVoid, consent.ReleaseDeliver, start, consent.ReleaseVoid, consent.ErrVoid},
		{"nonsense", consent.ReleaseSeal, start, "nonsense", consent.ErrTransition},
	} {
		got, err := consent.NextRelease(c.from, c.e, c.now, by)
		assert.Equal(t, c.to, got, "%s %s", c.from, c.e)
		assert.ErrorIs(t, err, c.err, "%s %s", c.from, c.e)
	}
}

// TestLinkTable is the whole machine; what is not in it is [consent.ErrTransition].
func TestLinkTable(t *testing.T) {
	t.Parallel()
	anyOpen := map[consent.LinkEvent]consent.LinkState{
		consent.LinkConfirm: consent.LinkValid, consent.LinkFail: consent.LinkInvalid, consent.LinkNeed: consent.LinkTokenRequired,
		consent.LinkClose: consent.LinkClosed, consent.LinkRestart: consent.LinkUnconfirmed, consent.LinkGiveUp: consent.LinkGivenUp,
	}
	for _, s := range linkStates {
		for _, e := range linkEvents {
			want, ok := anyOpen[e]
			switch s {
			case consent.LinkValid:
				ok = ok && e != consent.LinkRestart
			case consent.LinkClosed:
				ok = e == consent.LinkClose
			case consent.LinkGivenUp:
				ok = e == consent.LinkGiveUp
			case "", "nonsense":
				ok = false
			}
			if !ok {
				want = s
			}
			got, err := consent.NextLink(s, e, start)
			assert.Equal(t, ok, err == nil, "%s %s", s, e)
			assert.Equal(t, want, got, "%s %s", s, e)
		}
	}
}
