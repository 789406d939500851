package retention

import (
	"context"
	"fmt"
	"strings"

	"github.com/brondata/brondata/internal/foreign"
	"github.com/brondata/brondata/model"
)

// Action is what is done to stored data.
type Action string

// The actions that the vault records.
const (
	ActionRead    Action = "read"
	ActionDelete  Action = "delete"
	ActionReceipt Action = "receipt" // of a deletion, once more
	ActionClock   Action = "reset-clock"
)

// Outcome is how an access ended.
type Outcome string

// The outcomes.
const (
	OutcomeGranted  Outcome = "granted"  // plaintext is about to be returned, or a deletion to begin
	OutcomeDone     Outcome = "done"     // a deletion is complete
	OutcomeAbsent   Outcome = "absent"   // there is nothing of the kind
	OutcomeExpired  Outcome = "expired"  // its time is over
	OutcomeShredded Outcome = "shredded" // its key was destroyed
	OutcomeFailed   Outcome = "failed"   // it could not be read: a store, a key service, damage
)

// Access says who touches what of whom, and why. A caller of the vault fills the first part; the vault fills the rest
// before it hands the entry to the [Recorder]. Every text is an opaque id or a code of the host, never a name, an address
// or free text about a subject.
type Access struct {
	Actor      string `json:"actor"`                // who acts; required
	Role       string `json:"role"`                 // in which role; required
	OnBehalfOf string `json:"onBehalfOf,omitempty"` // the subject that they act for, when not for themselves
	Reason     string `json:"reason"`               // why, as a purpose or a code of the host; required
	LegalBasis string `json:"legalBasis,omitempty"` // the law's ground, where the host records one
	Request    string `json:"request,omitempty"`    // the host's own request id
	Subject    string `json:"subject,omitempty"`    // whose data it is; a read fills it from its Ref, a deletion leaves what the caller says
	Recipient  string `json:"recipient,omitempty"`  // the party that it is about, such as whose key was changed; by id

	Action      Action           `json:"action"`
	Tenant      string           `json:"tenant,omitempty"`
	Grant       string           `json:"grant,omitempty"`
	Link        string           `json:"link,omitempty"` // the link under the grant; "" for a deletion of all of them
	Compartment Compartment      `json:"compartment,omitempty"`
	Categories  []model.Category `json:"categories,omitempty"`
	Items       int              `json:"items,omitempty"` // how many items are returned or were deleted
	Outcome     Outcome          `json:"outcome"`
}

// check refuses an access that does not say who and why.
func (a *Access) check() error {
	if a.Actor == "" || a.Role == "" || a.Reason == "" {
		return ErrUnnamed
	}
	for _, s := range [...]string{a.Actor, a.Role, a.OnBehalfOf, a.Reason, a.LegalBasis, a.Request, a.Subject, a.Recipient} {
		if len(s) > maxText {
			return invalid("text of an access too long")
		}
	}
	return nil
}

// Recorder keeps the access log. Package audit implements it. This comment is its specification.
//
//   - Record returns nil only when the entry is durable: it survives a crash of the process and of the machine.
//   - The vault calls it before plaintext is returned. When it fails, nothing is returned: the caller gets [ErrNotRecorded].
//     A recorder that is down therefore stops all reading. It does not stop deletions.
//   - One read that touches several compartments makes one entry for each. All are made before anything is returned.
//   - It honours the context, keeps nothing of the entry's slices, and is safe for concurrent use, by many processes on
//     one log where several processes use one vault.
//   - Its errors hold nothing of the entry.
type Recorder interface {
	Record(ctx context.Context, a Access) error
}

// Locator is a recorder's optional second interface: it says where in the log an entry went, which a deletion's receipt
// then points at.
type Locator interface {
	Recorder
	// RecordAt does what Record does and returns the entry's place, at most 256 bytes of printable ASCII.
	RecordAt(ctx context.Context, a Access) (place string, err error)
}

// NoRecorder is a [Recorder] that keeps nothing, for tests and for a host whose own layer above records every read.
type NoRecorder struct{}

// Record does nothing.
func (NoRecorder) Record(context.Context, Access) error { return nil }

// record hands an entry over and returns its place, "" where the recorder does not say.
func record(ctx context.Context, r Recorder, a Access) (string, error) {
	l, ok := r.(Locator)
	if !ok {
		return "", notRecorded(foreign.Wrap("record", r.Record(ctx, a)))
	}
	place, err := l.RecordAt(ctx, a)
	err = foreign.Wrap("record", err)
	if err == nil && (len(place) > maxText || strings.ContainsFunc(place, func(r rune) bool { return r < ' ' || r > '~' })) {
		err = invalid("place in the access log is too long, or no printable ASCII")
	}
	return place, notRecorded(err)
}

func notRecorded(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrNotRecorded, err)
}

const maxText = 256

func invalid(what string) error { return fmt.Errorf("%w: %s", ErrInvalid, what) }
