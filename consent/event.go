package consent

import (
	"context"
	"encoding/json"
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

// OutcomeRefused is the outcome, in the access log, of what consent did not permit.
const OutcomeRefused retention.Outcome = "refused"

// recordRefusal notes an attempt. Nothing is handed out, so a log that does not take it stops nothing.
func (m *Manager) recordRefusal(ctx context.Context, by Actor, a Action, g Grant) {
	if by.valid() {
		_ = m.audit.Record(ctx, m.access(by, a, g, nil, OutcomeRefused))
	}
}
