package consent_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
)

// interleavings is how many schedules are tried.
func interleavings() int {
	if os.Getenv("BRONDATA_LONG") != "" {
		return 10_000
	}
	return 400
}

// scheduler lets one of several workers run at a time, from one store call to the next: at each call it picks who goes
// on. With one seed it always does the same.
type scheduler struct {
	consent.Store
	mu      sync.Mutex
	rng     *rand.Rand
	waiting []chan struct{}
	running int   // workers between two store calls
	steps   int64 // time, as the history has it
	on      bool
}

// pass waits until it is the caller's turn.
func (s *scheduler) pass() {
	if !s.on {
		return
	}
	turn := make(chan struct{})
	s.mu.Lock()
	s.waiting = append(s.waiting, turn)
	s.running--
	s.pick()
	s.mu.Unlock()
	<-turn
}

// pick gives one waiting worker the turn when nobody runs. The lock is held.
func (s *scheduler) pick() {
	if s.running > 0 || len(s.waiting) == 0 {
		return
	}
	i := s.rng.IntN(len(s.waiting))
	turn := s.waiting[i]
	s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
	s.running++
	close(turn)
}

// now is a new moment: each is later than all before.
func (s *scheduler) now() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps++
	return s.steps
}

// run runs the workers to their end.
func (s *scheduler) run(workers []func()) {
	s.on, s.running = true, len(workers)
	var wg sync.WaitGroup
	for _, w := range workers {
		wg.Go(func() {
			s.pass() // who begins is picked too
			w()
			s.mu.Lock()
			s.running--
			s.pick()
			s.mu.Unlock()
		})
	}
	wg.Wait()
	s.on = false
}

func (s *scheduler) Get(ctx context.Context, kind consent.Kind, id string) (consent.Item, error) {
	s.pass()
	return s.Store.Get(ctx, kind, id)
}

func (s *scheduler) List(ctx context.Context, kind consent.Kind, owner string) ([]consent.Item, error) {
	s.pass()
	return s.Store.List(ctx, kind, owner)
}

func (s *scheduler) Due(ctx context.Context, kind consent.Kind, at time.Time, max int) ([]consent.Item, error) {
	s.pass()
	return s.Store.Due(ctx, kind, at, max)
}

func (s *scheduler) Apply(ctx context.Context, cs ...consent.Change) error {
	s.pass()
	return s.Store.Apply(ctx, cs...)
}

// world is what one history is about: a grant that is active, another that is to supersede it, and a release of the first.
type world struct {
	old, next consent.GrantState
	release   consent.ReleaseState
	slots     int
}

type operation string

const (
	opCheck   operation = "check"   // the permit of the old grant
	opRevoke  operation = "revoke"  // the old grant
	opAllow   operation = "allow"   // the next grant
	opSeal    operation = "seal"    // the release
	opDeliver operation = "deliver" // the release
	opAccess  operation = "access"  // one account under the old grant
	opCollect operation = "collect" // a permit of the next grant
	opSweep   operation = "sweep"
)

var operations = []operation{opCheck, opRevoke, opAllow, opSeal, opDeliver, opAccess, opAccess, opCollect, opSweep, opRevoke, opSeal}

// outcome is what an operation returned, as a word.
func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case reason(err) != "":
		return string(reason(err))
	case errors.Is(err, consent.ErrLimit):
		return "limit"
	case errors.Is(err, consent.ErrTransition):
		return "transition"
	case errors.Is(err, consent.ErrVoid):
		return "void"
	case errors.Is(err, consent.ErrDelivered):
		return "delivered"
	}
	return err.Error()
}

// refusal is what a grant in a state refuses with, "" if it does not.
func refusal(s consent.GrantState) string {
	return map[consent.GrantState]string{
		consent.GrantProposed: "undecided", consent.GrantRevoked: "revoked", consent.GrantSuperseded: "superseded",
	}[s]
}

// next is the specification: what each operation returns and does when nothing else happens at the same time.
func (w world) do(op operation) (string, world) {
	if op == opSweep {
		for _, s := range []consent.GrantState{w.old} {
			if s.Terminal() && (w.release == consent.ReleasePending || w.release == consent.ReleaseSealed) {
				w.release = consent.ReleaseVoid
			}
		}
		return "ok", w
	}
	switch op {
	case opCheck, opSeal, opAccess:
		if r := refusal(w.old); r != "" {
			return r, w
		}
	case opCollect:
		if r := refusal(w.next); r != "" {
			return r, w
		}
	}
	switch op {
	case opAccess:
		if w.slots == 2 {
			return "limit", w
		}
		w.slots++
	case opRevoke:
		switch {
		case w.old == consent.GrantActive:
			w.old = consent.GrantRevoked
		case w.old == consent.GrantSuperseded:
			w.next = consent.GrantRevoked
		}
	case opAllow:
		switch {
		case w.next == consent.GrantActive:
		case w.next == consent.GrantProposed && w.old == consent.GrantActive:
			w.old, w.next = consent.GrantSuperseded, consent.GrantActive
		default:
			return "transition", w
		}
	case opSeal:
		switch w.release {
		case consent.ReleasePending:
			w.release = consent.ReleaseSealed
		case consent.ReleaseDelivered:
			return "delivered", w
		}
	case opDeliver:
		switch w.release {
		case consent.ReleasePending:
			return "transition", w
		case consent.ReleaseSealed:
			w.release = consent.ReleaseDelivered
		case consent.ReleaseVoid:
			return "void", w
		}
	}
	return "ok", w
}

var specification = porcupine.Model{
	Init: func() any {
		return world{old: consent.GrantActive, next: consent.GrantProposed, release: consent.ReleasePending}
	},
	Step: func(state, input, output any) (bool, any) {
		want, w := state.(world).do(input.(operation))
		if input.(operation) == opSweep {
			return output.(string) == "ok", w
		}
		return output.(string) == want, w
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%s: %s", input, output) },
}

// TestLinearizable runs revokes, releases, collections and decisions against each other, in several managers over one
// store, with a scheduler at every store call, and checks that each history is one that could have happened one after the other.
func TestLinearizable(t *testing.T) {
	t.Parallel()
	for seed := range interleavings() {
		rng := rand.New(rand.NewPCG(uint64(seed), 7))
		k := newKit(t, consent.Limits{Unattended: 2})
		s := &scheduler{Store: k.store, rng: rng}
		k.store = s
		k.Manager = k.manager(t, consent.Limits{Unattended: 2})
		old := k.active(t, nil)
		next := k.propose(t, func(p *consent.Proposal) { p.Supersedes = old.ID })
		r, d, err := k.Review(t.Context(), jan, old.ID, dossier(t), nil)
		require.NoError(t, err)

		var mu sync.Mutex
		var history []porcupine.Operation
		packages := map[string]bool{}
		var workers []func()
		for id := range 4 {
			m := k.manager(t, consent.Limits{Unattended: 2})
			permit, err := m.Permit(t.Context(), refresh, old.ID)
			require.NoError(t, err)
			var ops []operation
			for range 2 {
				ops = append(ops, operations[rng.IntN(len(operations))])
			}
			workers = append(workers, func() {
				for _, op := range ops {
					call := s.now()
					var err error
					switch op {
					case opCheck:
						err = permit.Check(t.Context())
					case opRevoke:
						_, err = m.Revoke(t.Context(), jan, old.ID)
					case opAllow:
						_, err = m.Decide(t.Context(), jan, next.ID, true)
					case opSeal:
						p, e := m.Seal(t.Context(), jan, consent.Approval{Release: r.ID, Digest: r.Digest}, d)
						if err = e; err == nil {
							mu.Lock()
							packages[string(p.Bytes())] = true
							mu.Unlock()
						}
					case opDeliver:
						err = m.MarkDelivered(t.Context(), jan, r.ID)
					case opAccess:
						err = permit.Access(t.Context(), "bank", "a")
					case opCollect:
						_, err = m.Permit(t.Context(), refresh, next.ID)
					case opSweep:
						_, err = m.Sweep(t.Context(), system, 100, nil)
					}
					o := porcupine.Operation{ClientId: id, Input: op, Call: call, Output: outcome(err), Return: s.now()}
					mu.Lock()
					history = append(history, o)
					mu.Unlock()
				}
			})
		}
		s.run(workers)
		require.LessOrEqual(t, len(packages), 1, "seed %d: one release, one package", seed)
		result, _ := porcupine.CheckOperationsVerbose(specification, history, 10*time.Second)
		if result != porcupine.Ok {
			for _, o := range history {
				t.Logf("%3d-%3d worker %d %s: %v", o.Call, o.Return, o.ClientId, o.Input, o.Output)
			}
			require.Equal(t, porcupine.Ok, result, "seed %d: no order explains what was seen", seed)
		}
	}
}
