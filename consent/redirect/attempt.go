package redirect

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
)

// KindAttempt is the kind of the items that this package keeps in a host's [consent.Store].
const KindAttempt consent.Kind = "redirect"

// MaxLifetime is how long an attempt lives at most.
const MaxLifetime = 15 * time.Minute

// Binding is what an attempt is bound to. It is the same when the subject comes back.
type Binding struct {
	Grant       consent.GrantID
	Institution model.InstitutionID
	// Session is a secret of the subject's browser session that only this browser has: the value of an HttpOnly cookie,
	// at least 16 bytes that nobody can guess. It is not stored.
	Session     string
	Issuer      string // of the authorisation server; Client fills it in
	RedirectURI string
}

func (b Binding) validate() error {
	switch {
	case !b.Grant.Valid() || !model.ValidName(b.Institution):
		return invalid("grant or institution")
	case len(b.Session) < 16:
		return invalid("session secret is too short")
	case b.Issuer == "" || b.RedirectURI == "":
		return invalid("issuer or redirect address")
	}
	return nil
}

// Attempt is one round trip, while it is being begun or finished. Its values are secrets of 256 bits each in base64url.
type Attempt struct {
	State    string // goes to the server and comes back
	Verifier string // PKCE (RFC 7636)
	Nonce    string // comes back in an ID token
	Expires  time.Time
}

// Attempts keeps round trips in a store, in which nothing suffices to finish one. Safe for concurrent use, in many
// processes over one store: one may begin and another finish.
type Attempts struct {
	store    consent.Store
	now      func() time.Time
	lifetime time.Duration
}

// AttemptOptions are the optional parts of [NewAttempts].
type AttemptOptions struct {
	Now      func() time.Time // nil is time.Now
	Lifetime time.Duration    // at most and by default MaxLifetime
}

// NewAttempts returns the attempts in a store.
func NewAttempts(store consent.Store, o *AttemptOptions) (*Attempts, error) {
	if o == nil {
		o = &AttemptOptions{}
	}
	a := &Attempts{store: guardedStore{store}, now: o.Now, lifetime: o.Lifetime}
	if a.now == nil {
		a.now = time.Now
	}
	if a.lifetime == 0 {
		a.lifetime = MaxLifetime
	}
	if store == nil || a.lifetime < 0 || a.lifetime > MaxLifetime {
		return nil, invalid("store or lifetime")
	}
	return a, nil
}

// stored is what is kept of an attempt, under a hash of its state.
type stored struct {
	Grant       consent.GrantID     `json:"grant"`
	Institution model.InstitutionID `json:"institution"`
	Issuer      string              `json:"issuer"`
	RedirectURI string              `json:"redirectUri"`
	Salt        []byte              `json:"salt"`
	Session     []byte              `json:"session"` // keyed hash
	Begun       time.Time           `json:"begun"`
	Expires     time.Time           `json:"expires"`
}

// Begin makes an attempt.
func (a *Attempts) Begin(ctx context.Context, b Binding) (Attempt, error) {
	if err := b.validate(); err != nil {
		return Attempt{}, err
	}
	random := make([]byte, 64)
	if _, err := rand.Read(random); err != nil {
		return Attempt{}, fmt.Errorf("redirect: random source: %w", err)
	}
	state, salt := base64.RawURLEncoding.EncodeToString(random[:32]), random[32:]
	now := a.now().UTC()
	s := stored{
		Grant: b.Grant, Institution: b.Institution, Issuer: b.Issuer, RedirectURI: b.RedirectURI,
		Salt: salt, Session: derive(salt, "session", b.Session, state), Begun: now, Expires: now.Add(a.lifetime),
	}
	body, err := json.Marshal(s)
	if err != nil {
		return Attempt{}, invalid("binding")
	}
	it := consent.Item{Kind: KindAttempt, ID: stateID(state), Owner: string(b.Grant), Due: s.Expires, Body: body}
	if err := a.store.Apply(ctx, consent.Change{Op: consent.OpCreate, Item: it}); err != nil {
		return Attempt{}, fmt.Errorf("redirect: begin: %w", err)
	}
	return s.attempt(state, b.Session), nil
}

// attempt derives the secrets that are not stored.
func (s stored) attempt(state, session string) Attempt {
	secret := func(label string) string {
		return base64.RawURLEncoding.EncodeToString(derive(s.Salt, label, session, state))
	}
	return Attempt{State: state, Verifier: secret("verifier"), Nonce: secret("nonce"), Expires: s.Expires}
}

// derive makes 256 bits of what the store has, what the browser has, and what the callback has.
func derive(salt []byte, label, session, state string) []byte {
	mac := hmac.New(sha256.New, salt)
	fmt.Fprintf(mac, "brondata/v1/redirect-%s\x00%d:%s%s", label, len(session), session, state)
	return mac.Sum(nil)
}

func stateID(state string) string {
	h := sha256.Sum256([]byte("brondata/v1/redirect-state\x00" + state))
	return hex.EncodeToString(h[:])
}

// Find tells to which grant and institution a callback belongs, for a host that has one address for all. It uses nothing
// up and vouches for nothing: Finish does.
func (a *Attempts) Find(ctx context.Context, callback url.Values) (Binding, error) {
	state, ok := single(callback, "state")
	if !ok || state == "" {
		return Binding{}, ErrAttempt
	}
	s, _, err := a.load(ctx, state)
	if err != nil {
		return Binding{}, err
	}
	return Binding{Grant: s.Grant, Institution: s.Institution, Issuer: s.Issuer, RedirectURI: s.RedirectURI}, nil
}

func (a *Attempts) load(ctx context.Context, state string) (stored, consent.Item, error) {
	it, err := a.store.Get(ctx, KindAttempt, stateID(state))
	if errors.Is(err, consent.ErrNotFound) {
		return stored{}, it, ErrAttempt
	}
	if err != nil {
		return stored{}, it, fmt.Errorf("redirect: attempt: %w", err)
	}
	var s stored
	if err := json.Unmarshal(it.Body, &s); err != nil || len(s.Salt) != 32 {
		return stored{}, it, ErrAttempt
	}
	return s, it, nil
}

// Take uses an attempt up, by the state of a callback. Of concurrent calls, and of calls in other processes, one at most gets
// it. Everything wrong is [ErrAttempt], and leaves the attempt to whom it belongs: a callback that another subject or another
// browser presents does not use it up.
func (a *Attempts) Take(ctx context.Context, b Binding, state string) (Attempt, error) {
	if err := b.validate(); err != nil {
		return Attempt{}, err
	}
	s, it, err := a.load(ctx, state)
	if err != nil {
		return Attempt{}, err
	}
	now := a.now()
	same := hmac.Equal(s.Session, derive(s.Salt, "session", b.Session, state))
	// A clock that was set back does not lengthen a life: a time before the beginning is not in it.
	alive := now.Before(s.Expires) && !now.Before(s.Begun.Add(-time.Minute))
	if !same || !alive || s.Grant != b.Grant || s.Institution != b.Institution || s.Issuer != b.Issuer || s.RedirectURI != b.RedirectURI {
		return Attempt{}, ErrAttempt
	}
	it.Body = nil
	if err := a.store.Apply(ctx, consent.Change{Op: consent.OpDelete, Item: it}); err != nil {
		if errors.Is(err, consent.ErrConflict) {
			return Attempt{}, ErrAttempt
		}
		return Attempt{}, fmt.Errorf("redirect: attempt: %w", err)
	}
	return s.attempt(state, b.Session), nil
}

// Sweep deletes attempts whose time is over, at most max, and returns how many. They are of no use before that either.
func (a *Attempts) Sweep(ctx context.Context, max int) (int, error) {
	items, err := a.store.Due(ctx, KindAttempt, a.now(), max)
	if err != nil {
		return 0, fmt.Errorf("redirect: sweep: %w", err)
	}
	n := 0
	for _, it := range items {
		it.Body = nil
		err := a.store.Apply(ctx, consent.Change{Op: consent.OpDelete, Item: it})
		switch {
		case err == nil:
			n++
		case !errors.Is(err, consent.ErrConflict):
			return n, fmt.Errorf("redirect: sweep: %w", err)
		}
	}
	return n, nil
}

// single returns a parameter that must not be there twice.
func single(q url.Values, name string) (string, bool) {
	switch vs := q[name]; len(vs) {
	case 0:
		return "", true
	case 1:
		return vs[0], true
	}
	return "", false
}
