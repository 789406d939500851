package consent

import (
	"slices"
	"time"

	"github.com/brondata/brondata/model"
)

// Grant is a subject's consent as it stands: what was proposed, what was decided, and when. It is plain data; a copy that
// somebody holds does not follow later changes. What it permits now, only a [Permit] says.
type Grant struct {
	ID      GrantID    `json:"id"`
	Version int64      `json:"-"` // of the stored item; grows with every change
	State   GrantState `json:"state"`

	Subject       string                `json:"subject"`
	Case          string                `json:"case,omitempty"`
	Recipient     Recipient             `json:"recipient"`
	Purpose       Purpose               `json:"purpose"`
	Scope         model.Scope           `json:"scope"`
	Institutions  []model.InstitutionID `json:"institutions"`
	KeepDocuments bool                  `json:"keepDocuments,omitempty"`
	Term

	Proposed   time.Time `json:"proposed"`
	ProposedBy Signature `json:"proposedBy"`
	// Decided is when the subject allowed or denied; DecidedBy who did and how.
	Decided   time.Time `json:"decided,omitzero"`
	DecidedBy Signature `json:"decidedBy,omitzero"`
	// Ended is when the grant reached a terminal state; EndedBy who made it so.
	Ended   time.Time `json:"ended,omitzero"`
	EndedBy Signature `json:"endedBy,omitzero"`

	// Cleared reports that what follows from the end was done: keys destroyed, releases void, links told to disconnect.
	Cleared bool `json:"cleared,omitempty"`
	// ClearAttempts counts failures of that; NextClear is when to try again.
	ClearAttempts int       `json:"clearAttempts,omitempty"`
	NextClear     time.Time `json:"nextClear,omitzero"`

	Supersedes   GrantID `json:"supersedes,omitempty"`
	SupersededBy GrantID `json:"supersededBy,omitempty"`

	// Shown is the digest of the onboarding data that the subject was asked about: see [Grant.Onboarding].
	Shown model.Digest `json:"shown"`

	texts *TextOptions // of the manager that it is from
}

// Signature is the part of an actor that is kept with what they did.
type Signature struct {
	Actor      string `json:"actor,omitempty"`
	Role       Role   `json:"role,omitempty"`
	OnBehalfOf string `json:"onBehalfOf,omitempty"`
	Attended   bool   `json:"attended,omitempty"`
	Reason     string `json:"reason,omitempty"`
}

func (a Actor) signature() Signature {
	return Signature{Actor: a.ID, Role: a.Role, OnBehalfOf: a.OnBehalfOf, Attended: a.Attended(), Reason: a.Reason}
}

// Allows reports whether the grant names the institution, whatever its state.
func (g Grant) Allows(inst model.InstitutionID) bool { return slices.Contains(g.Institutions, inst) }

// StateAt is the state as it is at a time: a grant whose time is over is expired, also before anybody recorded that.
func (g Grant) StateAt(now time.Time) GrantState {
	if s, err := NextGrant(g.State, EventExpire, now, g.Term); err == nil {
		return s
	}
	return g.State
}

// Link is the technical connection to one institution under a grant. Its tokens are not here but sealed in the vault.
type Link struct {
	Grant       GrantID             `json:"grant"`
	Institution model.InstitutionID `json:"institution"`
	Version     int64               `json:"-"`
	State       LinkState           `json:"state"`
	Since       time.Time           `json:"since"` // when it came into this state
	// Until is when the institution's own authorisation ends, where it says so: often before the grant.
	Until time.Time `json:"until,omitzero"`
	// Attempts counts failed disconnects after the grant ended; NextAttempt is when to try again.
	Attempts    int       `json:"attempts,omitempty"`
	NextAttempt time.Time `json:"nextAttempt,omitzero"`
}

// ID returns the link's id.
func (l Link) ID() LinkID { return linkID(l.Grant, l.Institution) }

func linkID(g GrantID, inst model.InstitutionID) LinkID {
	return LinkID(string(g) + "/" + string(inst))
}
