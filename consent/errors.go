package consent

import (
	"errors"
	"time"
)

var (
	// ErrNotPermitted says that consent does not allow what was asked. The error that wraps it is a [*Refusal] and says why.
	ErrNotPermitted = errors.New("consent: not permitted")

	// ErrLimit says that it is too early. The error that wraps it is a [*LimitError] and says when it is not.
	ErrLimit = errors.New("consent: access limit reached")

	// ErrTransition says that an event does not fit the state: a denied grant cannot be allowed. Nothing was changed.
	ErrTransition = errors.New("consent: not possible in this state")

	// ErrInvalid says that an argument is unusable. The text says which, never its value.
	ErrInvalid = errors.New("consent: invalid argument")

	// ErrNotFound says that there is no such grant, link or release, or none that the actor may know of.
	ErrNotFound = errors.New("consent: not found")

	// ErrConflict is what a [Store] returns when an item is not as the change expects it. The Manager retries and
	// returns it only when others kept changing the same item all the while.
	ErrConflict = errors.New("consent: changed by another")

	// ErrVoid says that a release can no longer be sealed or fetched: the content, the grant or the recipient's key is not what the
	// subject approved, or the content may be kept no longer. A new review is needed; the grant is untouched.
	ErrVoid = errors.New("consent: release void")

	// ErrGivenUp is what SweepOptions.Disconnect returns for a connection of which it will not tell the institution the end, however
	// often it is called.
	ErrGivenUp = errors.New("consent: connection given up")

	// ErrDelivered says that a release was sealed and delivered before: it works once.
	ErrDelivered = errors.New("consent: release delivered")
)

// Reason is why something is not permitted. Reasons come from code and may be logged.
type Reason string

// The reasons of a [Refusal].
const (
	ReasonNone       Reason = "no-consent" // no permit at all, or no such grant: then it is ErrNotFound as well
	ReasonUndecided  Reason = "undecided"  // the subject has not decided yet
	ReasonDenied     Reason = "denied"     // the subject said no
	ReasonRevoked    Reason = "revoked"    // the subject withdrew
	ReasonExpired    Reason = "expired"    // its time is over
	ReasonSuperseded Reason = "superseded" // another grant took its place
	ReasonScope      Reason = "scope"      // outside the categories, fields or institutions of the grant
	ReasonPolicy     Reason = "policy"     // the actor may not do this
)

// Refusal is an error that wraps [ErrNotPermitted] and says why.
type Refusal struct {
	Reason Reason
	// Action is what the actor may not do, where Reason is ReasonPolicy; "" otherwise.
	Action Action
	cause  error // what is to be found by errors.Is and errors.As, not to be shown
}

func (e *Refusal) Error() string {
	s := ErrNotPermitted.Error() + ": " + string(e.Reason)
	if e.Action != "" {
		s += ": " + string(e.Action)
	}
	return s
}

// Unwrap returns [ErrNotPermitted], and the error of a host's [Policy] or ErrNotFound where that is the cause.
func (e *Refusal) Unwrap() []error {
	if e.cause != nil {
		return []error{ErrNotPermitted, e.cause}
	}
	return []error{ErrNotPermitted}
}

// GoString returns what Error does: a cause is not for showing.
func (e *Refusal) GoString() string { return e.Error() }

func refuse(r Reason) error { return &Refusal{Reason: r} }

// LimitKind tells the limits apart.
type LimitKind string

// The kinds of limits.
const (
	LimitUnattended LimitKind = "unattended" // accesses without the subject, per account
	LimitOnDemand   LimitKind = "on-demand"  // accesses that the subject asked for, per subject and institution
)

// LimitError is an error that wraps [ErrLimit].
type LimitError struct {
	Kind LimitKind
	// Next is the first moment at which the same access is allowed, if nobody takes it before.
	Next time.Time
}

func (e *LimitError) Error() string {
	return ErrLimit.Error() + ": " + string(e.Kind) + ": next at " + e.Next.UTC().Format(time.RFC3339)
}

// Unwrap returns [ErrLimit].
func (e *LimitError) Unwrap() error { return ErrLimit }
