package consent

import (
	"net/netip"
	"time"
)

// Role is in which capacity somebody acts.
type Role string

// The roles that the library knows. A host may use others of its own; a [Policy] gives them meaning.
const (
	RoleSubject   Role = "subject"   // the consumer, or their representative: see Actor.OnBehalfOf
	RoleAdviser   Role = "adviser"   // somebody of the host who helps the consumer
	RoleRecipient Role = "recipient" // the party that is sent the data: Actor.ID is the id of the grant's recipient
	RoleSystem    Role = "system"    // the host's own scheduler: nobody is present
	RoleAuditor   Role = "auditor"   // somebody who checks afterwards
)

// Actor says who acts, in which role, for whom and why. Every call that touches a subject's data names one, and the
// access log keeps it. The zero value is nobody, whom no policy allows anything.
type Actor struct {
	ID   string // the host's opaque id; for RoleSubject the subject's own
	Role Role
	// OnBehalfOf is the subject that the actor acts for, "" if for themselves: a guardian, an adviser, or the scheduler
	// that refreshes what the subject agreed to.
	OnBehalfOf string
	Purpose    PurposeID // why, as a purpose that a policy knows; "" is the grant's own
	Reason     string    // a code of the host such as "ticket-142", never free text about the subject
	// Presence is set exactly when the subject themselves made the request that this call serves.
	Presence *Presence
}

// Presence is the evidence that the subject is there: what their device sent with the request that is being served.
// Banks require it for attended access (Berlin Group: the PSU-* headers). It is personal data and is not stored.
type Presence struct {
	IPAddress      netip.Addr
	Port           uint16
	UserAgent      string
	Accept         string
	AcceptCharset  string
	AcceptEncoding string
	AcceptLanguage string
	Method         string // of the request: GET, POST
	DeviceID       string // a UUID that stays the same for one installation
	GeoLocation    string // "GEO:52.506931;13.144558" (RFC 2426)
	At             time.Time
}

// Attended reports whether the subject is present, which means that their IP address is known.
func (a Actor) Attended() bool { return a.Presence != nil && a.Presence.IPAddress.IsValid() }

// For returns the subject whose data the actor acts on as themselves or for whom they act.
func (a Actor) For() string {
	if a.OnBehalfOf != "" {
		return a.OnBehalfOf
	}
	if a.Role == RoleSubject {
		return a.ID
	}
	return ""
}

// valid reports whether the actor is somebody, with fields that fit a log entry.
func (a Actor) valid() bool {
	return a.ID != "" && a.Role != "" && len(a.ID) <= maxText && len(a.Role) <= 64 && len(a.OnBehalfOf) <= maxText &&
		len(a.Purpose) <= maxText && len(a.Reason) <= maxText
}

// maxText bounds ids and short texts of a host.
const maxText = 256
