package consent_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
)

func TestForget(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	running, ended := k.active(t, nil), k.active(t, nil)
	require.NoError(t, k.permit(t, refresh, ended.ID).Access(t.Context(), "bank", "a"))
	_, err := k.MoveLink(t.Context(), ended.ID, "bank", consent.LinkRestart, time.Time{})
	require.NoError(t, err)
	r, _, err := k.Review(t.Context(), jan, ended.ID, dossier(t), nil)
	require.NoError(t, err)
	_, err = k.Seal(t.Context(), jan, consent.Approval{Release: r.ID, Digest: r.Digest}, dossier(t))
	require.NoError(t, err)
	_, err = k.Revoke(t.Context(), jan, ended.ID)
	require.NoError(t, err)
	forget := func(by consent.Actor, before time.Time) int {
		n, err := k.Forget(t.Context(), by, jan.ID, before)
		require.NoError(t, err)
		return n
	}
	later := start.Add(time.Hour)
	_, err = k.Forget(t.Context(), piet, jan.ID, later)
	require.Equal(t, consent.ReasonPolicy, reason(err))
	require.Zero(t, forget(jan, later), "not before a sweep destroyed what was retrieved under it")
	_, err = k.Sweep(t.Context(), system, 10, nil)
	require.NoError(t, err)
	require.Zero(t, forget(jan, start), "it had not ended before then")
	require.Equal(t, 1, forget(jan, later))
	require.Zero(t, forget(jan, later), "twice is no error")
	grants, err := k.List(t.Context(), jan, jan.ID)
	require.NoError(t, err)
	require.Len(t, grants, 1)
	require.Equal(t, running.ID, grants[0].ID)
	for _, kind := range []consent.Kind{"link", "release", "package"} {
		items, err := k.store.List(t.Context(), kind, string(ended.ID))
		require.NoError(t, err)
		require.Empty(t, items)
	}
	for range 3 {
		require.NoError(t, k.permit(t, refresh, running.ID).Access(t.Context(), "bank", "a"))
	}
	require.Error(t, k.permit(t, refresh, running.ID).Access(t.Context(), "bank", "a"), "the day's slots are not forgotten")

	_, err = k.Revoke(t.Context(), jan, running.ID)
	require.NoError(t, err)
	k.clock.pass(48 * time.Hour)
	_, err = k.Sweep(t.Context(), system, 10, nil)
	require.NoError(t, err)
	require.Equal(t, 1, forget(jan, k.clock.now()))
	b, err := k.Export(t.Context(), jan, jan.ID)
	require.NoError(t, err)
	assert.Contains(t, string(b), `"grants": []`)
	for _, kind := range []consent.Kind{"grant", "link", "release", "package", "access", "event", "subject"} {
		items, err := k.store.List(t.Context(), kind, jan.ID)
		require.NoError(t, err)
		require.Empty(t, items, "nothing of kind %s is left", kind)
	}
	// Somebody who comes back begins anew.
	p := k.permit(t, refresh, k.active(t, nil).ID)
	require.NoError(t, p.Access(t.Context(), "bank", "a"))
}

// TestForgetKeepsWhatIsStillToBeDone: a link that an institution has not been told the end of keeps its grant, until it was told.
func TestForgetKeepsWhatIsStillToBeDone(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.active(t, nil)
	for _, inst := range []model.InstitutionID{"bank", "uwv"} {
		_, err := k.MoveLink(t.Context(), g.ID, inst, consent.LinkRestart, time.Time{})
		require.NoError(t, err)
	}
	_, err := k.Revoke(t.Context(), jan, g.ID)
	require.NoError(t, err)
	down := true
	sweep := func() {
		_, err := k.Sweep(t.Context(), system, 10, &consent.SweepOptions{Disconnect: func(_ context.Context, l consent.Link) error {
			if down && l.Institution == "uwv" {
				return errors.New("down")
			}
			return nil
		}})
		require.Equal(t, down, err != nil)
	}
	forget := func() int {
		n, err := k.Forget(t.Context(), jan, jan.ID, k.clock.now().Add(time.Hour))
		require.NoError(t, err)
		return n
	}
	sweep()
	require.Zero(t, forget(), "one of two is still to be told")
	down = false
	k.clock.pass(time.Hour)
	sweep()
	require.Equal(t, 1, forget())
}

// TestForgetRightBeforeProposing has the proposal come between the last look of the one who forgets and what they delete.
func TestForgetRightBeforeProposing(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	_, err := k.Decide(t.Context(), jan, k.propose(t, nil).ID, false)
	require.NoError(t, err)
	_, err = k.Sweep(t.Context(), system, 10, nil)
	require.NoError(t, err)
	b := &between{Store: k.store, kind: "subject"}
	m, err := consent.NewManager(b, &consent.Options{Now: k.clock.now, Audit: k.log})
	require.NoError(t, err)
	var fresh consent.Grant
	b.do = func() { fresh = k.active(t, nil) }
	_, err = m.Forget(t.Context(), jan, jan.ID, start.Add(time.Hour))
	require.NoError(t, err)
	require.NotEmpty(t, fresh.ID)
	require.NoError(t, k.permit(t, refresh, fresh.ID).Access(t.Context(), "bank", "a"), "its slots need what was about to go")
}

// TestForgetWhileProposing has one process forget a subject's last grant while another proposes: the new grant works.
func TestForgetWhileProposing(t *testing.T) {
	t.Parallel()
	for range 50 {
		k := newKit(t, consent.Limits{})
		g := k.active(t, nil)
		_, err := k.Revoke(t.Context(), jan, g.ID)
		require.NoError(t, err)
		_, err = k.Sweep(t.Context(), system, 10, nil)
		require.NoError(t, err)
		var fresh consent.Grant
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := k.Forget(t.Context(), jan, jan.ID, start.Add(time.Hour))
			assert.NoError(t, err)
		})
		wg.Go(func() {
			var err error
			fresh, err = k.Propose(t.Context(), jan, k.proposal())
			assert.NoError(t, err)
		})
		wg.Wait()
		_, err = k.Decide(t.Context(), jan, fresh.ID, true)
		require.NoError(t, err)
		require.NoError(t, k.permit(t, refresh, fresh.ID).Access(t.Context(), "bank", "a"))
	}
}

// scrubbed counts how often a store's files are cleaned, or fails.
type scrubbed struct {
	consent.Store
	mu  sync.Mutex
	n   int
	err error
}

func (s *scrubbed) Scrub(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	return s.err
}

// TestScrub: files are cleaned where something had to go, and only there; that it fails makes nothing undone.
func TestScrub(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	s := &scrubbed{Store: k.store}
	k.store = s
	k.Manager = k.manager(t, consent.Limits{})
	ctx := t.Context()
	calls := func() int { n := s.n; s.n = 0; return n }
	seal := func(g consent.Grant) consent.Release {
		r, _, err := k.Review(ctx, jan, g.ID, dossier(t), nil)
		require.NoError(t, err)
		_, err = k.Seal(ctx, jan, consent.Approval{Release: r.ID, Digest: r.Digest}, dossier(t))
		require.NoError(t, err)
		return r
	}
	g := k.active(t, nil)
	first, second, third := seal(g), seal(g), seal(g)
	require.Zero(t, calls(), "nothing had to go yet")

	require.NoError(t, k.MarkDelivered(ctx, jan, first.ID))
	require.Equal(t, 1, calls(), "delivered")
	require.NoError(t, k.SetKey(ctx, system, "advies", newKey(t).Public()))
	_, err := k.Seal(ctx, jan, consent.Approval{Release: second.ID, Digest: second.Digest}, nil)
	require.ErrorIs(t, err, consent.ErrVoid)
	require.Equal(t, 1, calls(), "void for another key")

	s.err = errors.New("disk failed")
	require.ErrorIs(t, k.MarkDelivered(ctx, jan, second.ID), consent.ErrVoid)
	require.NoError(t, k.MarkDelivered(ctx, jan, third.ID), "what remains goes with a sweep")
	_, err = k.Revoke(ctx, jan, g.ID)
	require.NoError(t, err)
	calls()
	swept, err := k.Sweep(ctx, system, 10, nil)
	require.ErrorIs(t, err, s.err)
	require.Equal(t, 1, swept.Ended)
	require.Equal(t, 1, calls())
	n, err := k.Forget(ctx, jan, jan.ID, start.Add(time.Hour))
	require.ErrorIs(t, err, s.err)
	require.Equal(t, 1, n, "it is forgotten all the same")
	s.err = nil
	n, err = k.Forget(ctx, jan, jan.ID, start.Add(time.Hour))
	require.NoError(t, err)
	require.Zero(t, n)
	require.Equal(t, 2, calls(), "again removes what remained")
	_, err = k.Sweep(ctx, system, 10, nil)
	require.NoError(t, err)
	require.Equal(t, 1, calls(), "a sweep does, also when it found nothing to do")
}

// TestGivenUp: a connection that the institution is not told the end of is no closed one, and the host learns which it was.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	ctx := t.Context()
	g := k.active(t, nil)
	for _, inst := range []model.InstitutionID{"bank", "uwv"} {
		_, err := k.MoveLink(ctx, g.ID, inst, consent.LinkRestart, time.Time{})
		require.NoError(t, err)
	}
	_, err := k.Revoke(ctx, jan, g.ID)
	require.NoError(t, err)
	down := errors.New("down")
	told := []error{down, fmt.Errorf("a week long: %w", consent.ErrGivenUp)}
	sweep := func() (consent.Swept, error) {
		return k.Sweep(ctx, system, 10, &consent.SweepOptions{
			Ended: func(context.Context, consent.Grant) error { return nil },
			Disconnect: func(_ context.Context, l consent.Link) error {
				if l.Institution == "uwv" {
					return nil
				}
				return told[0]
			},
		})
	}
	s, err := sweep()
	require.ErrorIs(t, err, down)
	assert.ErrorContains(t, err, string(g.ID)+", bank: ", "the host can tell which")
	clean(t, err)
	assert.Equal(t, 1, s.Disconnected)
	assert.Empty(t, s.GivenUp)

	told = told[1:]
	k.clock.pass(time.Hour)
	s, err = sweep()
	require.NoError(t, err)
	assert.Zero(t, s.Disconnected+s.Failed)
	require.Len(t, s.GivenUp, 1)
	links, err := k.Links(ctx, jan, g.ID)
	require.NoError(t, err)
	require.Equal(t, links[0], s.GivenUp[0])
	assert.Equal(t, consent.LinkGivenUp, links[0].State)
	assert.Equal(t, k.clock.now(), links[0].Since)
	assert.Equal(t, consent.LinkClosed, links[1].State)
	b, err := k.Export(ctx, jan, jan.ID)
	require.NoError(t, err)
	assert.Contains(t, string(b), `"given-up"`, "the subject is told, too")

	k.clock.pass(48 * time.Hour)
	s, err = sweep()
	require.NoError(t, err)
	assert.Empty(t, s.GivenUp, "once")
	n, err := k.Forget(ctx, jan, jan.ID, k.clock.now())
	require.NoError(t, err)
	assert.Equal(t, 1, n, "nothing is to be done any more")
}

// TestSweepNamesGrants: what a host's own code could not do with a grant that ended is said of that grant.
func TestSweepNamesGrants(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.active(t, nil)
	_, err := k.Revoke(t.Context(), jan, g.ID)
	require.NoError(t, err)
	down := errors.New("down")
	_, err = k.Sweep(t.Context(), system, 10, &consent.SweepOptions{Ended: func(context.Context, consent.Grant) error { return down }})
	require.ErrorIs(t, err, down)
	require.EqualError(t, err, "consent: end of grant "+string(g.ID)+": down")
}

// TestForgottenWithinTheDay: what had to stay for a day goes by itself then, and not of somebody who came back.
func TestForgottenWithinTheDay(t *testing.T) {
	t.Parallel()
	for _, back := range []bool{false, true} {
		k := newKit(t, consent.Limits{})
		ctx := t.Context()
		g := k.active(t, nil)
		for _, account := range []string{"a", "b"} {
			require.NoError(t, k.permit(t, refresh, g.ID).Access(ctx, "bank", account))
			k.clock.pass(time.Minute)
		}
		_, err := k.Revoke(ctx, jan, g.ID)
		require.NoError(t, err)
		_, err = k.Sweep(ctx, system, 10, nil)
		require.NoError(t, err)
		n, err := k.Forget(ctx, jan, jan.ID, k.clock.now().Add(time.Hour))
		require.NoError(t, err)
		require.Equal(t, 1, n)
		left := func() (left []consent.Kind) {
			for _, kind := range []consent.Kind{"grant", "link", "release", "package", "access", "event", "subject"} {
				items, err := k.store.List(ctx, kind, jan.ID)
				require.NoError(t, err)
				for range items {
					left = append(left, kind)
				}
			}
			return left
		}
		require.Equal(t, []consent.Kind{"access", "access", "subject"}, left(), "a day's slots are not forgotten")
		if back {
			k.propose(t, nil)
		}
		k.clock.pass(25 * time.Hour)
		s, err := k.Sweep(ctx, system, 1, nil)
		require.NoError(t, err)
		require.Equal(t, 1, s.Forgotten)
		require.Contains(t, left(), consent.Kind("subject"), "another log needs the salt")
		_, err = k.Sweep(ctx, system, 10, nil)
		require.NoError(t, err)
		if back {
			require.Equal(t, []consent.Kind{"grant", "subject"}, left())
		} else {
			require.Empty(t, left())
		}
	}
}
