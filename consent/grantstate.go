package consent

import (
	"fmt"
	"time"
)

// GrantState is where a grant stands in law.
//
//	              allow              supersede
//	  proposed ───────────► active ───────────────► superseded
//	     │ │ │               │  │
//	deny │ │ │ revoke        │  │ expire (at ValidUntil)
//	     ▼ │ └──────► revoked ◄─┘└────► expired
//	  denied └─ expire (at DecideBy) ──────▲
//
// Denied, revoked, expired and superseded are terminal: no event leads out of them.
type GrantState string

// The states of a grant.
const (
	GrantProposed   GrantState = "proposed"
	GrantActive     GrantState = "active"
	GrantDenied     GrantState = "denied"
	GrantRevoked    GrantState = "revoked"
	GrantExpired    GrantState = "expired"
	GrantSuperseded GrantState = "superseded"
)

// Terminal reports whether no event leads out of the state.
func (s GrantState) Terminal() bool {
	switch s {
	case GrantDenied, GrantRevoked, GrantExpired, GrantSuperseded:
		return true
	}
	return false
}

// GrantEvent is what happens to a grant.
type GrantEvent string

// The events of a grant.
const (
	EventAllow     GrantEvent = "allow"     // the subject says yes
	EventDeny      GrantEvent = "deny"      // the subject says no
	EventRevoke    GrantEvent = "revoke"    // the subject withdraws
	EventExpire    GrantEvent = "expire"    // its time is over
	EventSupersede GrantEvent = "supersede" // another grant takes its place
)

// Term is the time in which a grant can be decided and used, both ends excluded: at DecideBy and at ValidUntil it is over.
type Term struct {
	DecideBy   time.Time `json:"decideBy"`
	ValidUntil time.Time `json:"validUntil"`
}

// ends is when the state runs out by itself; the zero time for a terminal state.
func (t Term) ends(s GrantState) time.Time {
	switch s {
	case GrantProposed:
		if t.ValidUntil.Before(t.DecideBy) {
			return t.ValidUntil
		}
		return t.DecideBy
	case GrantActive:
		return t.ValidUntil
	}
	return time.Time{}
}

// NextGrant returns the state after an event at a time. It is pure. An event that does not fit is [ErrTransition] with the
// state unchanged; in a state whose time is over, every event but expire and revoke is [ErrNotPermitted].
func NextGrant(s GrantState, e GrantEvent, now time.Time, t Term) (GrantState, error) {
	if s != GrantProposed && s != GrantActive {
		return s, fmt.Errorf("%w: %s in %s", ErrTransition, e, s)
	}
	over := !now.Before(t.ends(s))
	switch {
	case e == EventExpire && over:
		return GrantExpired, nil
	case e == EventRevoke:
		return GrantRevoked, nil
	case e == EventExpire:
		return s, fmt.Errorf("%w: %s before its time", ErrTransition, e)
	case over:
		return s, refuse(ReasonExpired)
	case e == EventAllow && s == GrantProposed:
		return GrantActive, nil
	case e == EventDeny && s == GrantProposed:
		return GrantDenied, nil
	case e == EventSupersede && s == GrantActive:
		return GrantSuperseded, nil
	}
	return s, fmt.Errorf("%w: %s in %s", ErrTransition, e, s)
}

// usable tells why a grant in this state at this time permits nothing; nil when it permits.
func usable(s GrantState, now time.Time, t Term) error {
	switch s {
	case GrantActive:
		if now.Before(t.ValidUntil) {
			return nil
		}
		return refuse(ReasonExpired)
	case GrantProposed:
		return refuse(ReasonUndecided)
	case GrantDenied:
		return refuse(ReasonDenied)
	case GrantRevoked:
		return refuse(ReasonRevoked)
	case GrantExpired:
		return refuse(ReasonExpired)
	case GrantSuperseded:
		return refuse(ReasonSuperseded)
	}
	return refuse(ReasonNone)
}
