package psd2

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// stateVersion is that of the saved form. A later version reads what earlier ones wrote.
const stateVersion = 1

// maxStale bounds the consents that wait to be deleted. At so many no connection is begun before some are: none is forgotten.
const maxStale = 32

// keepTime bounds a save that the end of the caller's context does not stop.
const keepTime = 10 * time.Second

// state is what is kept between calls, sealed by the host. It holds tokens and, while a connection is made, what proves
// that the subject who comes back is the one who was sent away; never a password.
type state struct {
	Version int         `json:"version"`
	Current *connection `json:"current,omitempty"` // what Fetch uses
	Pending *pending    `json:"pending,omitempty"` // a connection in the making; Current stays usable until it is done
	// Stale are consents at the bank that nobody needs any more and that were not yet deleted there.
	Stale []connection `json:"stale,omitempty"`
}

// connection is an authorised consent.
type connection struct {
	Consent    string     `json:"consent"`
	ValidUntil model.Date `json:"validUntil,omitzero"`
	Token      *token     `json:"token,omitempty"`
}

// token is what the bank's OAuth server gave out.
type token struct {
	Access  string    `json:"access"`
	Refresh string    `json:"refresh,omitempty"`
	Expiry  time.Time `json:"expiry,omitzero"`
	URL     string    `json:"url"` // where it is renewed
}

// phase says what a pending connection waits for.
type phase string

const (
	phaseAccounts  phase = "accounts"  // for the IBANs of the accounts
	phaseCreate    phase = "create"    // for the answer of the bank to the consent; found again only after a crash
	phaseRedirect  phase = "redirect"  // for the subject to come back
	phaseOAuth     phase = "oauth"     // the same, with a code for a token
	phaseWait      phase = "wait"      // for the subject to confirm elsewhere
	phaseChallenge phase = "challenge" // for the fields in Ask
	phaseSent      phase = "sent"      // the fields were sent; found again only where the bank refused them
)

type pending struct {
	Phase      phase      `json:"phase"`
	Began      time.Time  `json:"began"`
	ValidUntil model.Date `json:"validUntil,omitzero"` // as asked
	Accounts   bool       `json:"accounts,omitempty"`
	Balances   bool       `json:"balances,omitempty"`
	Booked     bool       `json:"booked,omitempty"`
	Owner      bool       `json:"owner,omitempty"`

	Redirect string `json:"redirect,omitempty"` // as the host gave it
	Nok      string `json:"nok,omitempty"`
	State    string `json:"state,omitempty"` // expected back from the redirect; removed before it is acted on
	NokState string `json:"nokState,omitempty"`

	Consent    string            `json:"consent,omitempty"`
	Links      map[string]string `json:"links,omitempty"` // absolute; "status" is that of the authorisation
	Ask        []string          `json:"ask,omitempty"`   // the fields of the challenge
	Methods    []method          `json:"methods,omitempty"`
	Identified bool              `json:"identified,omitempty"` // the subject's identification was sent

	Code     string `json:"code,omitempty"`     // of the callback, for a bank that asks for confirmation
	Verifier string `json:"verifier,omitempty"` // PKCE
	Issuer   string `json:"issuer,omitempty"`
	Named    bool   `json:"named,omitempty"` // the server says that its answers name the issuer
	TokenURL string `json:"tokenUrl,omitempty"`
	Token    *token `json:"token,omitempty"`
}

// method is a way to authenticate that the bank offers.
type method struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// load reads the saved state; an empty one where nothing was saved.
func load(ctx context.Context, s *sources.Session) (*state, error) {
	saved, err := s.State(ctx)
	if err != nil {
		return nil, err
	}
	st := &state{Version: stateVersion}
	if saved.IsZero() {
		return st, nil
	}
	err = saved.Use(func(b []byte) error {
		*st = state{}
		return json.Unmarshal(b, st)
	})
	if err != nil {
		return nil, sources.Errorf(sources.ErrMalformed, "the saved state cannot be read") // err could quote a token
	}
	if st.Version != stateVersion {
		return nil, sources.Errorf(sources.ErrAuthentication, "the saved state is of version %d", st.Version)
	}
	return st, nil
}

// save stores the state. It must have returned before what is in it is used for the first time.
func (c *client) save(ctx context.Context) error {
	b, err := json.Marshal(c.state)
	if err != nil {
		return sources.Errorf(sources.ErrUnexpected, "the state has no saved form")
	}
	defer clear(b)
	return c.session.SaveState(ctx, crypto.NewSecret(b))
}

// keep saves what the bank has given or done already: also where the caller is going.
func (c *client) keep(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	return c.save(ctx)
}

// discard notes that the bank's consent is not needed any more.
func (st *state) discard(c connection) {
	if c.Consent == "" {
		return
	}
	st.Stale = append(st.Stale, c)
}

// drop gives up the connection in the making.
func (st *state) drop() {
	if p := st.Pending; p != nil {
		st.discard(connection{Consent: p.Consent, Token: p.Token})
		st.Pending = nil
	}
}

// random returns 256 bits that nobody can guess, in a form that fits a query.
func random() (string, error) {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", sources.Errorf(sources.ErrUnexpected, "no random numbers")
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}
