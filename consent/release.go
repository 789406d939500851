package consent

import (
	"time"

	"github.com/brondata/brondata/model"
)

// ReleaseState is where a release stands.
//
//	pending ──seal──► sealed ──deliver──► delivered
//	   └──────void──────┴───► void
type ReleaseState string

// The states of a release.
const (
	ReleasePending   ReleaseState = "pending"   // reviewed; waits for the subject's approval
	ReleaseSealed    ReleaseState = "sealed"    // approved and sealed; a retry gets the same bytes, until KeepUntil and as long as the recipient has that key
	ReleaseDelivered ReleaseState = "delivered" // the recipient has it; terminal
	ReleaseVoid      ReleaseState = "void"      // can no longer be sealed or fetched; terminal
)

// Release is a subject's one-time approval of exact records for one recipient and one key of theirs.
type Release struct {
	ID        ReleaseID    `json:"id"`
	Version   int64        `json:"-"`
	State     ReleaseState `json:"state"`
	Grant     GrantID      `json:"grant"`
	Recipient string       `json:"recipient"` // by id
	KeyID     string       `json:"keyId"`     // of the recipient's key
	// Digest is the review's: over exactly the records to be sent, with grant, recipient and key id.
	Digest model.Digest `json:"digest"`
	// Content is that of the whole content: the records with their documents, coverage and doubts.
	Content model.Digest `json:"content"`
	Records int          `json:"records"` // their number
	// Categories are those of the records; LeftOut those that the subject took out.
	Categories []model.Category `json:"categories"`
	LeftOut    []model.Category `json:"leftOut,omitempty"`
	Reviewed   time.Time        `json:"reviewed"`
	ReviewedBy Signature        `json:"reviewedBy"`
	ApproveBy  time.Time        `json:"approveBy"` // when a pending release becomes void
	Sealed     time.Time        `json:"sealed,omitzero"`
	SealedBy   Signature        `json:"sealedBy,omitzero"`
	// KeepUntil is when a sealed release becomes void, for its content may be kept no longer: the first moment at which the time of one of
	// its records is over ([Purpose].Keep, from the retrieval of the record's document on), the grant's end at the latest. Releases that
	// were sealed before there was such a time have the zero time; they end with the grant.
	KeepUntil time.Time `json:"keepUntil,omitzero"`
	Delivered time.Time `json:"delivered,omitzero"`
	Voided    time.Time `json:"voided,omitzero"`
}

// over reports whether the time is over for which the content of a release may be kept.
func (r Release) over(now time.Time) bool { return !r.KeepUntil.IsZero() && !now.Before(r.KeepUntil) }

// Approval is what the subject agreed to send: the digest of the review that they saw.
type Approval struct {
	Release ReleaseID
	Digest  model.Digest
}

// ReleaseEvent is what happens to a release.
type ReleaseEvent string

// The events of a release.
const (
	ReleaseSeal    ReleaseEvent = "seal"
	ReleaseDeliver ReleaseEvent = "deliver"
	ReleaseCancel  ReleaseEvent = "void"
)

// NextRelease returns the state after an event. It is pure. An event that does not fit is [ErrTransition] with the state
// unchanged; sealing after approveBy is [ErrVoid].
func NextRelease(s ReleaseState, e ReleaseEvent, now, approveBy time.Time) (ReleaseState, error) {
	switch {
	case s == ReleasePending && e == ReleaseSeal:
		if !now.Before(approveBy) {
			return s, ErrVoid
		}
		return ReleaseSealed, nil
	case s == ReleaseSealed && e == ReleaseDeliver:
		return ReleaseDelivered, nil
	case (s == ReleasePending || s == ReleaseSealed) && e == ReleaseCancel:
		return ReleaseVoid, nil
	case s == ReleaseVoid:
		return s, ErrVoid
	case s == ReleaseDelivered:
		return s, ErrDelivered
	}
	return s, ErrTransition
}
