package consent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

// event is an entry of the access log on its way there. It is stored together with the change that it tells of, so that
// neither is there without the other, and deleted when the log has it. A process that dies in between leaves it to Sweep;
// it may then reach the log twice, with the same request id.
type event struct {
	id      string
	at      time.Time
	version int64
	Access  retention.Access `json:"access"`
}

// access makes an entry for the log.
func (m *Manager) access(by Actor, a Action, g Grant, cs []model.Category, out retention.Outcome) retention.Access {
	reason := by.Reason
	if reason == "" {
		reason = string(by.Purpose)
	}
	if reason == "" {
		reason = string(g.Purpose.ID)
	}
	if reason == "" {
		reason = string(a)
	}
	return retention.Access{
		Actor: by.ID, Role: string(by.Role), OnBehalfOf: by.OnBehalfOf, Reason: reason, LegalBasis: g.Purpose.LegalBasis,
		Action: retention.Action(a), Tenant: m.tenant, Subject: g.Subject, Recipient: g.Recipient.ID, Grant: string(g.ID), Categories: cs,
		Outcome: out,
	}
}

// event makes the entry of a transition. cs are the categories that it is about.
func (m *Manager) event(by Actor, a Action, g Grant) event {
	ev := event{id: newID(), at: m.clock.now(), version: 1}
	ev.Access = m.access(by, a, g, g.Scope.Categories(), retention.OutcomeDone)
	ev.Access.Request = "event-" + ev.id
	return ev
}

func (ev event) change() Change {
	body, _ := json.Marshal(ev) // plain data: it always marshals
	return Change{OpCreate, Item{Kind: kindEvent, ID: ev.id, Owner: ev.Access.Subject, Due: ev.at, Body: body}}
}

// flush hands stored events over to the log. What fails stays stored, for Sweep; the change itself is done, so the caller's
// context no longer matters.
func (m *Manager) flush(ctx context.Context, evs ...event) {
	for _, ev := range evs {
		_ = m.deliver(context.WithoutCancel(ctx), ev)
	}
}

// deliver is flush for one event whose caller must not go on without it.
func (m *Manager) deliver(ctx context.Context, ev event) error {
	if err := m.audit.Record(ctx, ev.Access); err != nil {
		return fmt.Errorf("consent: %w: %w", retention.ErrNotRecorded, err)
	}
	// The entry is in the log; one that could not be deleted here goes there twice.
	_ = m.store.Apply(ctx, Change{OpDelete, Item{Kind: kindEvent, ID: ev.id, Version: ev.version}})
	return nil
}

// record writes to the log before something is handed out.
func (m *Manager) record(ctx context.Context, by Actor, a Action, g Grant, cs []model.Category) error {
	if err := m.audit.Record(ctx, m.access(by, a, g, cs, retention.OutcomeGranted)); err != nil {
		return fmt.Errorf("consent: %w: %w", retention.ErrNotRecorded, err)
	}
	return nil
}

// OutcomeRefused is the outcome, in the access log, of what was turned down: see [Manager.Refused] for which calls it says it of.
const OutcomeRefused retention.Outcome = "refused"

// Refused makes the entry, of OutcomeRefused, for an action that was turned down, and returns err as it is. The Manager's methods
// make their own; this is for who asks by [Manager.Allow] and [Manager.Usable] before they act, as a host does that reads the vault.
//
// A call makes one entry when its error is [ErrNotPermitted], for any reason; [ErrTransition], [ErrVoid] or [ErrDelivered], where the
// state of grant or release stands in the way; or [ErrNotFound], where there is no such grant or release. Other errors make none.
//
// The entry has the actor, the action that was refused, which is the [Refusal]'s where that names one, and the subject, grant and
// recipient as far as they are known: of an unknown grant the id alone, where it has the form of one, and of an unknown release
// nothing. There is none for an actor without an id or a role, who is nobody, or with a text that is too long. A log that does not take
// the entry stops nothing and changes no error: nothing is handed out. That the caller has gone does not matter.
func (m *Manager) Refused(ctx context.Context, by Actor, a Action, g Grant, err error) error {
	if !turnedDown(err, g) || !by.valid() {
		return err
	}
	if r, ok := errors.AsType[*Refusal](err); ok && r.Action != "" {
		a = r.Action
	}
	// What a caller made up may be anything.
	if !g.ID.Valid() {
		g.ID = ""
	}
	if !shortText(g.Subject) {
		g.Subject = ""
	}
	_ = m.audit.Record(context.WithoutCancel(ctx), m.access(by, a, g, nil, OutcomeRefused))
	return err
}

// turnedDown reports whether an error is about consent, rather than about an argument, a limit or a store. That something is not found
// says so only of the grant itself, of which then nothing is known.
func turnedDown(err error, g Grant) bool {
	for _, e := range []error{ErrNotPermitted, ErrTransition, ErrVoid, ErrDelivered} {
		if errors.Is(err, e) {
			return true
		}
	}
	return errors.Is(err, ErrNotFound) && g.Subject == "" && g.Recipient.ID == ""
}

// ask is Allow for a method that does what it asks about: a refusal is logged.
func (m *Manager) ask(ctx context.Context, by Actor, q Question) error {
	g := Grant{Subject: q.Subject, Recipient: Recipient{ID: q.Recipient}}
	return m.Refused(ctx, by, q.Action, g, m.Allow(ctx, by, q))
}
