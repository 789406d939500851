package sources

import (
	"context"
	"net/url"
	"time"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
)

// Source is one way to get at an institution's data. It only fetches: reading is the work of a [Normalizer], and
// permits, limits, hashing, provenance and error wrapping are that of the [Retriever].
//
// A Source is used by many goroutines at once and keeps no state of a subject: that lives in the [Session].
type Source interface {
	// Describe returns what the source is. It is pure: always equal, and without effects.
	Describe() Descriptor
	// Fetch hands over the documents that q asks for, one by one and from one goroutine. A document is valid only until
	// deliver returns. An error from deliver must stop the source, which returns it; so must the end of ctx.
	//
	// A document of which q asks nothing is not fetched. An answer or a file may hold more than q asks, beside something that it
	// asks or with nothing in it: it is handed over as it was retrieved, since its digest must be that of its bytes, and the
	// Normalizer reads what is asked. A page ([model.Scrape]) is reduced to what q asks before it becomes a document.
	//
	// Errors wrap a sentinel of this package ([Errorf]). What was delivered before an error is kept.
	Fetch(ctx context.Context, s *Session, q Query, deliver func(Document) error) error
}

// Connector is the optional second interface of a [Source] whose institution asks for consent and strong
// authentication of its own. Each call may come in another process than the one before: what must survive goes through
// [Session.SaveState].
type Connector interface {
	Source
	// Connect takes the next step towards a connection. The first call has an empty request but for the redirect
	// address; later ones carry what came back from the subject or the institution.
	Connect(ctx context.Context, s *Session, r ConnectRequest) (Step, error)
	// Disconnect ends the connection at the institution. It is called again until it succeeds; ending what has ended
	// already is no error.
	Disconnect(ctx context.Context, s *Session) error
}

// Descriptor says what a source is. It is plain data that may be logged and shown.
type Descriptor struct {
	ID          model.SourceID
	Institution model.InstitutionID // "" = any
	Method      model.Method
	Categories  []model.Category
	// Hosts are the only ones that the source may call: exact names, with a port where it is not 443.
	Hosts []string
	// Verified says what the source was checked against and when. None means that it never met the real thing.
	Verified []Verification
	// Assumed reports that the layout follows assumptions because the real one is not public: every record gets
	// [model.IssueUnverified].
	Assumed bool
}

// Verification is one thing that a source was checked against.
type Verification struct {
	Against string // "specification NextGenPSD2 1.3.11", "sandbox of …", "production"
	On      model.Date
}

// Query says what is asked of one institution.
type Query struct {
	Institution model.InstitutionID
	// Scope holds the categories and fields to read, and the look-back date. Reading less is allowed, more is not.
	Scope model.Scope
	// LegalBasis names the law on which a BSN may be processed; "" means that none may be emitted.
	LegalBasis string
}

// Wants reports whether the category is asked.
func (q Query) Wants(c model.Category) bool { return q.Scope.Has(c) }

// WantsField reports whether the field of the category is asked.
func (q Query) WantsField(c model.Category, field string) bool { return q.Scope.HasField(c, field) }

// WantsBSN reports whether a BSN may be emitted: it is asked by name, and on a legal basis.
func (q Query) WantsBSN() bool {
	return q.LegalBasis != "" && q.Scope.HasField(model.CategoryPerson, "bsn")
}

// ConnectRequest is what the host hands to the next step of a connection.
type ConnectRequest struct {
	// RedirectURL is where the institution sends the subject back to; required in the call that begins a connection. It is https, or
	// an app's own scheme with a point in it: nl.example.app. Anything else is [ErrConfig].
	RedirectURL string
	// NokRedirectURL is where it sends them after a refusal, of the same form; RedirectURL where empty.
	NokRedirectURL string
	// Callback holds the query of the address that the subject came back on.
	Callback url.Values
	// Fields answer a challenge, by the names in its [Step].
	Fields map[string]crypto.Secret
	// ValidUntil is the last day that the connection is needed; that of the grant at the latest, and by default.
	ValidUntil model.Date
	// Scope is what the connection must allow to read.
	Scope model.Scope
}

// StepKind is what comes next in a connection.
type StepKind string

// The steps.
const (
	StepDone      StepKind = "done"      // connected
	StepRedirect  StepKind = "redirect"  // send the subject to URL; call again with the Callback
	StepWait      StepKind = "wait"      // the subject confirms on a device of theirs; call again after Retry
	StepChallenge StepKind = "challenge" // ask the subject for Fields; call again with them
)

// Step is what the host does next. The library has no user interface: the host shows it.
type Step struct {
	Kind   StepKind
	URL    string        // for StepRedirect: https
	Retry  time.Duration // for StepWait: above 0
	Fields []Field       // for StepChallenge: one or more
	// Message is a text of the institution for the subject. It may be personal data: show it, do not log it.
	Message string
	// ValidUntil is the last day of the connection, as the institution granted it, after StepDone where known. The host gets that of
	// the grant where it comes first.
	ValidUntil model.Date
}

// Field is one thing to ask the subject for.
type Field struct {
	Name   string // of this field alone
	Label  string
	Secret bool     // do not echo
	Values []string // the choices, if it is a choice
}
