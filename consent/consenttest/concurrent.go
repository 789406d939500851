package consenttest

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
)

// together runs f n times at once and waits.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

const workers, rounds = 8, 12

func counters(k *kit) {
	k.apply(create("k", "1", "o", base, "0"))
	var done atomic.Int64
	together(workers, func(int) {
		for range rounds {
			it, err := k.s.Get(k.Context(), "k", "1")
			if err != nil {
				k.Errorf("Get: %v", err)
				return
			}
			n, _ := strconv.Atoi(string(it.Body))
			it.Body = []byte(strconv.Itoa(n + 1))
			switch err := k.s.Apply(k.Context(), consent.Change{Op: consent.OpUpdate, Item: it}); {
			case err == nil:
				done.Add(1)
			case !errors.Is(err, consent.ErrConflict):
				k.Errorf("Apply: %v, want nil or ErrConflict", err)
				return
			}
		}
	})
	it := k.get("k", "1")
	k.want("the counter", string(it.Body), done.Load())
	k.want("the version", it.Version, done.Load()+1)
	if done.Load() == 0 {
		k.failf("no change was done at all")
	}
}

// skew has pairs of workers of whom each may change their own item only while the other's is as it was: at most one can.
func skew(k *kit) {
	for round := range rounds {
		a, b := fmt.Sprintf("a%d", round), fmt.Sprintf("b%d", round)
		k.apply(create("k", a, "", base, "x"), create("k", b, "", base, "x"))
		var done atomic.Int64
		together(2, func(i int) {
			mine, other := a, b
			if i == 1 {
				mine, other = b, a
			}
			err := k.s.Apply(k.Context(), at(consent.OpUpdate, "k", mine, 1), at(consent.OpCheck, "k", other, 1))
			if err == nil {
				done.Add(1)
			} else if !errors.Is(err, consent.ErrConflict) {
				k.Errorf("Apply: %v, want nil or ErrConflict", err)
			}
		})
		if done.Load() > 1 {
			k.failf("two changes were done of which each required that the other was not")
		}
	}
}

// moves passes one item from owner to owner while others look: it is always in exactly one list.
func moves(k *kit) {
	k.apply(create("k", "1", "left", base, "left"))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(stop)
		for i := range rounds * 4 {
			owner := []string{"right", "left"}[i%2]
			c := create("k", "1", owner, base, owner)
			c.Op, c.Item.Version = consent.OpUpdate, int64(i+1)
			if err := k.s.Apply(k.Context(), c); err != nil {
				k.Errorf("Apply: %v", err)
				return
			}
		}
	})
	for range 2 {
		wg.Go(func() {
			last := int64(0)
			for over := false; !over; {
				select {
				case <-stop:
					over = true // look once more: what is stored now stays
				default:
				}
				it, err := k.s.Get(k.Context(), "k", "1")
				if err != nil || it.Owner != string(it.Body) || it.Version < last {
					k.Errorf("Get: half of a change, or an older one after a newer: %v\nrule: %s", err, k.rule)
					return
				}
				last = it.Version
				items, err := k.s.List(k.Context(), "k", it.Owner)
				if err != nil || len(items) > 1 || len(items) == 1 && items[0].Owner != string(items[0].Body) {
					k.Errorf("List: half of a change: %v\nrule: %s", err, k.rule)
					return
				}
			}
		})
	}
	wg.Wait()
}

// now is the suite's clock.
var now = time.Date(2031, 1, 15, 12, 0, 0, 0, time.UTC)

// Subject is an invented subject who is present.
var subject = consent.Actor{
	ID: "subject-1", Role: consent.RoleSubject, Presence: &consent.Presence{IPAddress: netip.MustParseAddr("192.0.2.7")},
}

func proposal(ids ...model.InstitutionID) consent.Proposal {
	return consent.Proposal{
		Subject:   subject.ID,
		Recipient: consent.Recipient{ID: "adviser-1", Name: "Voorbeeld Advies", Contact: "privacy@advies.example"},
		Purpose: consent.Purpose{
			ID: "mortgage", Text: model.Text{Dutch: "Uw hypotheekaanvraag beoordelen.", English: "To assess your mortgage application."},
		},
		Scope:        model.Scope{Baskets: []model.Basket{model.Everything(model.CategoryTransaction)}},
		Institutions: ids,
	}
}

func (k *kit) manager() *consent.Manager {
	k.Helper()
	m, err := consent.NewManager(k.s, &consent.Options{Now: func() time.Time { return now }})
	if err != nil {
		k.failf("NewManager: %v", err)
	}
	return m
}

func (k *kit) allowed(m *consent.Manager, p consent.Proposal) consent.Grant {
	k.Helper()
	g, err := m.Propose(k.Context(), subject, p)
	if err != nil {
		k.failf("Propose: %v", err)
	}
	if g, err = m.Decide(k.Context(), subject, g.ID, true); err != nil {
		k.failf("Decide: %v", err)
	}
	return g
}

func life(k *kit) {
	m := k.manager()
	g := k.allowed(m, proposal("bank"))
	p, err := m.Permit(k.Context(), subject, g.ID)
	if err != nil || p.Check(k.Context()) != nil {
		k.failf("Permit: %v", err)
	}
	next := proposal("bank")
	next.Supersedes = g.ID
	g2 := k.allowed(m, next)
	if err := p.Check(k.Context()); !errors.Is(err, consent.ErrNotPermitted) {
		k.failf("a superseded grant still permits: %v", err)
	}
	// Another manager over the same store sees the same.
	other := k.manager()
	grants, err := other.List(k.Context(), subject, subject.ID)
	if err != nil || len(grants) != 2 {
		k.failf("List: %d grants, %v", len(grants), err)
	}
	p2, err := other.Permit(k.Context(), subject, g2.ID)
	if err != nil {
		k.failf("Permit: %v", err)
	}
	if _, err := m.Revoke(k.Context(), subject, g2.ID); err != nil {
		k.failf("Revoke: %v", err)
	}
	if err := p2.Check(k.Context()); !errors.Is(err, consent.ErrNotPermitted) {
		k.failf("a revoked grant still permits in another manager: %v", err)
	}
	system := consent.Actor{ID: "scheduler", Role: consent.RoleSystem}
	s, err := m.Sweep(k.Context(), system, 100, nil)
	if err != nil || s.Ended != 2 {
		k.failf("Sweep: %+v, %v", s, err)
	}
}

func slots(k *kit) {
	g := k.allowed(k.manager(), proposal("bank"))
	refresh := consent.Actor{ID: "scheduler", Role: consent.RoleSystem, OnBehalfOf: subject.ID}
	var given atomic.Int64
	together(workers, func(i int) {
		p, err := k.manager().Permit(k.Context(), refresh, g.ID)
		if err != nil {
			k.Errorf("Permit: %v", err)
			return
		}
		for range 3 {
			switch err := p.Access(k.Context(), "bank", "account-1"); {
			case err == nil:
				given.Add(1)
			case !errors.Is(err, consent.ErrLimit):
				k.Errorf("Access: %v, want nil or ErrLimit", err)
			}
		}
	})
	k.want("the number of slots given in 24 hours", given.Load(), 4)
}

var _ testing.TB = (*kit)(nil)
