package consent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

// Manager is what a host holds: it alone changes grants, links and releases, and it alone makes permits and packages. Any
// number of Managers in any number of processes may share a store. Safe for concurrent use.
//
// A call that is turned down is one entry in the access log, by every method that names an actor but [Manager.Allow], which only asks:
// see [Manager.Refused]. [Manager.MoveLink], which names none, makes none, and neither do the checks of a [Permit]: that it was made is in
// the log. [Manager.Get], List, Links, Release and Releases make an entry only when they are turned down.
type Manager struct {
	store  Store
	clock  clock
	limits Limits
	policy Policy
	signer crypto.Signer
	audit  retention.Recorder
	tenant string
	texts  *TextOptions
	tries  int
}

// Options are the optional parts of [NewManager].
type Options struct {
	// Now is the clock; nil is time.Now. A clock that goes back is held at the latest time that was seen.
	Now func() time.Time
	// Limits are the rules about time and number.
	Limits Limits
	// Policy decides what actors may do; nil is [DefaultRules].
	Policy Policy
	// Signer signs packages and receipts. Without one there are no packages, and receipts are not signed.
	Signer crypto.Signer
	// Audit is the access log, such as package audit's. Permits and packages are returned only after it has them; what
	// changes a grant is noted with the change itself and handed over as soon as the log takes it. What is turned down is noted too,
	// if the log takes it then: see [Manager.Refused]. Nil: nothing is logged.
	Audit retention.Recorder
	// Tenant is the host's own customer, for the access log; optional.
	Tenant string
	// Texts are for the texts of the Manager's grants and receipts: names of institutions, the time zone, where to withdraw;
	// optional.
	Texts *TextOptions
}

// NewManager returns a manager over a store. It reads nothing yet. [ErrInvalid]: no store.
func NewManager(store Store, o *Options) (*Manager, error) {
	if store == nil {
		return nil, invalid("no store")
	}
	if o == nil {
		o = &Options{}
	}
	m := &Manager{store: guardedStore{store}, limits: o.Limits, policy: o.Policy, signer: o.Signer, audit: o.Audit, tenant: o.Tenant, texts: o.Texts, tries: 100}
	m.clock.store, m.clock.source = m.store, o.Now
	if o.Now == nil {
		m.clock.source = time.Now
	}
	if m.audit == nil {
		m.audit = retention.NoRecorder{}
	}
	m.audit = guardedLog{m.audit}
	if m.policy == nil {
		m.policy = DefaultRules()
	}
	return m, nil
}

// Allow asks the policy whether an actor may do something. An error wraps [ErrNotPermitted], or is the context's. It only asks, such as
// for a page that shows what can be done, and logs nothing: who asks in order to act hands the error to [Manager.Refused].
func (m *Manager) Allow(ctx context.Context, by Actor, q Question) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !possible(by, q) {
		return &Refusal{Reason: ReasonPolicy, Action: q.Action}
	}
	err := m.policy.Allow(ctx, by, q)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &Refusal{Reason: ReasonPolicy, Action: q.Action, cause: err}
}

func (m *Manager) allow(ctx context.Context, by Actor, a Action, g Grant) error {
	return m.Allow(ctx, by, Question{Action: a, Subject: g.Subject, Purpose: g.Purpose.ID, Recipient: g.Recipient.ID})
}

// Propose asks for a grant: it stores what the subject is to decide about. It discloses nothing and permits nothing.
// [ErrInvalid] says what is wrong with the proposal.
func (m *Manager) Propose(ctx context.Context, by Actor, p Proposal) (Grant, error) {
	if err := p.validate(); err != nil {
		return Grant{}, err
	}
	g, err := m.propose(ctx, by, p)
	if err != nil {
		asked := Grant{Subject: p.Subject, Recipient: Recipient{ID: p.Recipient.ID}, Purpose: Purpose{ID: p.Purpose.ID}}
		return Grant{}, m.Refused(ctx, by, ActionPropose, asked, err)
	}
	return g, nil
}

func (m *Manager) propose(ctx context.Context, by Actor, p Proposal) (Grant, error) {
	q := Question{Action: ActionPropose, Subject: p.Subject, Purpose: p.Purpose.ID, Recipient: p.Recipient.ID}
	if err := m.Allow(ctx, by, q); err != nil {
		return Grant{}, err
	}
	if err := m.clock.sync(ctx); err != nil {
		return Grant{}, err
	}
	now := m.clock.now()
	g := newGrant(by, p, now)
	g.texts = m.texts
	latest := now.Add(m.limits.maxValidity(p.Purpose, p.Institutions))
	switch {
	case p.ValidUntil.IsZero():
		g.ValidUntil = latest
	case p.ValidUntil.After(latest):
		return Grant{}, invalid("valid longer than purpose and institutions allow")
	case !p.ValidUntil.After(now):
		return Grant{}, invalid("validity is over")
	}
	g.DecideBy = now.Add(or(m.limits.Decide, defaultDecide))
	if g.ValidUntil.Before(g.DecideBy) {
		g.DecideBy = g.ValidUntil
	}
	if p.Supersedes != "" {
		old, err := m.load(ctx, p.Supersedes)
		if err != nil {
			return Grant{}, err
		}
		if old.Subject != g.Subject || old.Recipient.ID != g.Recipient.ID {
			return Grant{}, invalid("superseded grant is of another subject or recipient")
		}
		if s := old.StateAt(now); s != GrantActive && s != GrantExpired {
			return Grant{}, fmt.Errorf("%w: supersede in %s", ErrTransition, s)
		}
	}
	shown, err := g.Onboarding().Digest()
	if err != nil {
		return Grant{}, err
	}
	g.Shown = shown
	err = m.retry(ctx, func() error {
		first, newKey, err := m.firstSeen(ctx, p)
		if err != nil {
			return err
		}
		evs := []event{m.event(by, ActionPropose, g)}
		if newKey {
			q.Action = ActionFirstKey
			if err := m.Allow(ctx, by, q); err != nil {
				return err
			}
			// The entry names who did it: it is the subject's where that is the subject, so that it goes when theirs are erased.
			evs = append(evs, m.event(by, ActionFirstKey, Grant{Subject: by.For(), Recipient: g.Recipient}))
		}
		for _, ev := range evs {
			first = append(first, ev.change())
		}
		if err := m.apply(ctx, append(first, g.change(OpCreate))...); err != nil {
			return err
		}
		g.Version = 1
		m.flush(ctx, evs...)
		return nil
	})
	if err != nil {
		return Grant{}, err
	}
	return g, nil
}

// retry calls f until it meets no conflict.
func (m *Manager) retry(ctx context.Context, f func() error) error {
	var err error
	for range m.tries {
		if err = ctx.Err(); err != nil {
			return err
		}
		if err = f(); !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return err
}

func newGrant(by Actor, p Proposal, now time.Time) Grant {
	g := Grant{
		ID: GrantID(newID()), State: GrantProposed, Subject: p.Subject, Case: p.Case, Recipient: p.Recipient,
		Purpose: p.Purpose, Scope: p.Scope.Without(), Institutions: append(p.Institutions[:0:0], p.Institutions...),
		KeepDocuments: p.KeepDocuments, Proposed: now, ProposedBy: by.signature(), Supersedes: p.Supersedes,
	}
	g.Recipient.Key = crypto.RecipientKey{}
	g.Purpose.Keep = maps.Clone(p.Purpose.Keep)
	maps.DeleteFunc(g.Purpose.Keep, func(c model.Category, _ time.Duration) bool { return !p.Scope.Has(c) })
	g.ValidUntil = p.ValidUntil.UTC()
	return g
}

// Get returns a grant in its present state.
func (m *Manager) Get(ctx context.Context, by Actor, id GrantID) (Grant, error) {
	g, err := m.load(ctx, id)
	if err != nil {
		return Grant{}, m.Refused(ctx, by, ActionSee, Grant{ID: id}, err)
	}
	if err := m.allow(ctx, by, ActionSee, g); err != nil {
		return Grant{}, m.Refused(ctx, by, ActionSee, g, err)
	}
	g.State = g.StateAt(m.clock.now())
	return g, nil
}

// List returns all grants of a subject in their present states, the oldest first: who may see what, and who could before.
func (m *Manager) List(ctx context.Context, by Actor, subject string) ([]Grant, error) {
	if err := m.ask(ctx, by, Question{Action: ActionSee, Subject: subject}); err != nil {
		return nil, err
	}
	return m.list(ctx, subject)
}

// Permit returns the permission to collect under a grant, if there is one now. The actor's presence decides whether it
// is attended. An error wraps [ErrNotPermitted], or is the store's. Where there is no such grant it is both ErrNotPermitted, for
// ReasonNone, and [ErrNotFound], which is what the other methods return.
func (m *Manager) Permit(ctx context.Context, by Actor, id GrantID) (Permit, error) {
	return m.permitTo(ctx, by, ActionCollect, id)
}

// PermitConnect is Permit for connecting to institutions: it asks for ActionConnect, and that is what the access log says. It is
// not for collecting: see [Permit.Action].
func (m *Manager) PermitConnect(ctx context.Context, by Actor, id GrantID) (Permit, error) {
	return m.permitTo(ctx, by, ActionConnect, id)
}

func (m *Manager) permitTo(ctx context.Context, by Actor, a Action, id GrantID) (Permit, error) {
	if err := m.clock.sync(ctx); err != nil {
		return Permit{}, err
	}
	g, err := m.load(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return Permit{}, m.Refused(ctx, by, a, Grant{ID: id}, &Refusal{Reason: ReasonNone, cause: err})
	}
	if err != nil {
		return Permit{}, err
	}
	p, err := m.permit(ctx, by, a, g)
	if err != nil {
		return Permit{}, m.Refused(ctx, by, a, g, err)
	}
	return p, nil
}

func (m *Manager) permit(ctx context.Context, by Actor, a Action, g Grant) (Permit, error) {
	if err := m.allow(ctx, by, a, g); err != nil {
		return Permit{}, err
	}
	if by.Presence != nil {
		c := *by.Presence
		by.Presence = &c
	}
	if g.State != GrantActive {
		return Permit{}, usable(g.State, m.clock.now(), g.Term)
	}
	p := Permit{&permit{m: m, by: by, action: a, grant: g}}
	if err := p.Check(ctx); err != nil {
		return Permit{}, err
	}
	if err := m.record(ctx, by, a, g, g.Scope.Categories()); err != nil {
		return Permit{}, err
	}
	return p, nil
}

func (m *Manager) load(ctx context.Context, id GrantID) (Grant, error) {
	if !id.Valid() {
		return Grant{}, fmt.Errorf("%w: grant", ErrNotFound)
	}
	it, err := m.store.Get(ctx, kindGrant, string(id))
	if err != nil {
		return Grant{}, err
	}
	return m.decode(it)
}

// decode reads a stored grant, for those who may ask it for texts.
func (m *Manager) decode(it Item) (Grant, error) {
	g, err := decodeGrant(it)
	g.texts = m.texts
	return g, err
}

// apply hands changes to the store.
func (m *Manager) apply(ctx context.Context, changes ...Change) error {
	return m.store.Apply(ctx, changes...)
}

func decodeGrant(it Item) (Grant, error) {
	var g Grant
	if err := json.Unmarshal(it.Body, &g); err != nil || string(g.ID) != it.ID {
		return Grant{}, fmt.Errorf("consent: grant: %w", errStored)
	}
	g.Version = it.Version
	return g, nil
}

// change makes the stored form of the grant.
func (g Grant) change(op Op) Change {
	body, _ := json.Marshal(g) // plain data: it always marshals
	due := g.ends(g.State)
	if g.State.Terminal() && !g.Cleared {
		due = g.Ended
		if g.NextClear.After(due) {
			due = g.NextClear
		}
	}
	return Change{op, Item{Kind: kindGrant, ID: string(g.ID), Owner: g.Subject, Due: due, Version: g.Version, Body: body}}
}

func unixMicro(us int64) time.Time { return time.UnixMicro(us).UTC() }
