package consent

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/brondata/brondata/model"
)

// Permit is the permission to collect under one grant, for one actor, or to connect. Only [Manager.Permit] and
// [Manager.PermitConnect] make one; the zero value permits nothing. It is live: Check and Access look at the grant as it is now, so a revoke stops whoever holds a permit.
// Copies share their state. Safe for concurrent use. A permit is not stored and does not outlive the process.
type Permit struct{ p *permit }

type permit struct {
	m       *Manager
	by      Actor
	action  Action
	grant   Grant // as it was when the permit was made; active, at this version
	mu      sync.Mutex
	salt    []byte
	ordered map[model.InstitutionID]bool // institutions whose on-demand slot this permit took
}

// Grant returns the grant's id, "" for the zero permit.
func (p Permit) Grant() GrantID {
	if p.p == nil {
		return ""
	}
	return p.p.grant.ID
}

// Action returns what is permitted: ActionCollect or ActionConnect; "" for the zero permit.
func (p Permit) Action() Action {
	if p.p == nil {
		return ""
	}
	return p.p.action
}

// Subject returns the host's opaque id of whose data may be collected.
func (p Permit) Subject() string {
	if p.p == nil {
		return ""
	}
	return p.p.grant.Subject
}

// Purpose returns the id of the grant's purpose.
func (p Permit) Purpose() PurposeID {
	if p.p == nil {
		return ""
	}
	return p.p.grant.Purpose.ID
}

// Scope returns what may be collected; nothing for the zero permit. The caller may change the copy.
func (p Permit) Scope() model.Scope {
	if p.p == nil {
		return model.Scope{}
	}
	return p.p.grant.Scope.Without()
}

// Institutions returns those that the grant names, in its order.
func (p Permit) Institutions() []model.InstitutionID {
	if p.p == nil {
		return nil
	}
	return slices.Clone(p.p.grant.Institutions)
}

// Allows reports whether data may come from the institution.
func (p Permit) Allows(inst model.InstitutionID) bool { return p.p != nil && p.p.grant.Allows(inst) }

// Attended reports whether the subject is present. If not, the accesses are counted and limited: see Access.
func (p Permit) Attended() bool { return p.p != nil && p.p.by.Attended() }

// Presence returns the evidence of the subject's presence, which institutions ask for; nil when unattended.
func (p Permit) Presence() *Presence {
	if !p.Attended() {
		return nil
	}
	c := *p.p.by.Presence
	return &c
}

// Actor returns who the permit is for.
func (p Permit) Actor() Actor {
	if p.p == nil {
		return Actor{}
	}
	return p.p.by
}

// LegalBasis names the law under which the citizen service number may be processed; "" means that it must not be.
func (p Permit) LegalBasis() string {
	if p.p == nil {
		return ""
	}
	return p.p.grant.Purpose.LegalBasis
}

// KeepDocuments reports whether the documents themselves may be kept.
func (p Permit) KeepDocuments() bool { return p.p != nil && p.p.grant.KeepDocuments }

// ValidUntil returns when the grant ends at the latest.
func (p Permit) ValidUntil() time.Time {
	if p.p == nil {
		return time.Time{}
	}
	return p.p.grant.ValidUntil
}

// Check returns nil if the grant still permits collecting, at the moment of one read of the store; else an error that
// wraps [ErrNotPermitted] with the reason, or the store's. Call it before every fetch and every delivery.
func (p Permit) Check(ctx context.Context) error {
	_, err := p.check(ctx)
	return err
}

// check also returns the version at which the grant was found active.
func (p Permit) check(ctx context.Context) (int64, error) {
	if p.p == nil {
		return 0, refuse(ReasonNone)
	}
	g := &p.p.grant
	it, err := p.p.m.store.Get(ctx, kindGrant, string(g.ID))
	if errors.Is(err, ErrNotFound) {
		return 0, refuse(ReasonNone)
	}
	if err != nil {
		return 0, err
	}
	state := g.State
	if it.Version != g.Version {
		cur, err := decodeGrant(it)
		if err != nil {
			return 0, err
		}
		state = cur.State
	}
	err = usable(state, p.p.m.clock.now(), g.Term)
	if r := (*Refusal)(nil); errors.As(err, &r) && r.Reason == ReasonExpired && state == GrantActive {
		// What was once seen to be over is recorded before anybody is told, so that nothing brings it back.
		if err := p.p.m.expire(ctx, g.ID); err != nil {
			return 0, err
		}
	}
	return it.Version, err
}

// Access takes one slot for an access to an account at an institution, and returns nil if there was one. Take it before
// the institution is called: a call that fails counts. account is the source's own stable id of the account, "" for
// what concerns no account, such as a list of accounts; it is stored as a keyed hash only.
//
// Unattended, at most four accesses to one account are allowed in any 24 hours (see [Limits]), by an exact log that
// survives restarts and is shared by all processes and grants of the subject. Attended, the first access to an institution
// under this permit takes one of the subject's on-demand slots for it; the others are free.
//
// The errors wrap [ErrLimit] (a [*LimitError] with the time of the next slot), [ErrNotPermitted], or are the store's; after
// a store's error the slot may have been taken.
func (p Permit) Access(ctx context.Context, inst model.InstitutionID, account string) error {
	if p.p == nil {
		return refuse(ReasonNone)
	}
	if !p.Allows(inst) {
		return refuse(ReasonScope)
	}
	if len(account) > 1024 {
		return invalid("account id")
	}
	r := p.p
	r.mu.Lock() // one slot at a time per permit: two of them would only race for the same item
	defer r.mu.Unlock()
	if r.salt == nil {
		salt, err := r.m.salt(ctx, r.grant.Subject)
		if err != nil {
			return err
		}
		r.salt = salt
	}
	if !p.Attended() {
		key := accessKey(r.salt, LimitUnattended, inst, account)
		return r.m.takeSlot(ctx, p, key, r.m.limits.unattended(inst))
	}
	if r.ordered[inst] {
		return p.Check(ctx)
	}
	key := accessKey(r.salt, LimitOnDemand, inst, "")
	if err := r.m.takeSlot(ctx, p, key, r.m.limits.onDemand(inst)); err != nil {
		return err
	}
	if r.ordered == nil {
		r.ordered = map[model.InstitutionID]bool{}
	}
	r.ordered[inst] = true
	return nil
}
