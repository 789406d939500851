package psd2

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// noSecret removes what was saved.
var noSecret crypto.Secret

const (
	pollAfter    = 5 * time.Second  // between two questions whether the subject has confirmed
	partlyAfter  = time.Hour        // the same for another holder of the account
	pendingLasts = 24 * time.Hour   // after that a connection in the making is begun anew
	maxCode      = 512              // bytes of a confirmation code
	waitLasts    = 15 * time.Minute // after that an empty request no longer means "ask again"
)

// Connect takes the next step towards an authorised consent.
//
// A request with a callback or with fields answers the step before; an empty one asks again after [sources.StepWait]; any
// other begins anew and needs the subject to be present. A connection that exists stays usable until the new one is done,
// and is then ended, since a bank keeps one recurring consent per subject.
//
// What the subject refused, or the bank rejected, is [sources.ErrAuthentication]; a callback or a field that does not fit is
// [sources.ErrUnmatched], and changes nothing. After an error that waiting mends, such as
// [sources.ErrUnavailable], ask again with an empty request: a callback and a field are taken once only. What they led to may
// be over with it, as where a code could not be turned into a token or a password was not answered: then begin anew.
// [sources.ErrNotProvided] means that there is nothing to connect for, since the scope has nothing that the bank's interface
// gives; that the bank does not offer what a connection needs is [sources.ErrUnexpected].
func (s *Source) Connect(ctx context.Context, session *sources.Session, r sources.ConnectRequest) (sources.Step, error) {
	step, err := s.step(ctx, session, r)
	if err == errNothing || !errors.Is(err, sources.ErrNotProvided) {
		return step, err
	}
	// The bank's own no, which must not pass for "nothing to do".
	if e, ok := errors.AsType[*apiError](err); ok {
		return step, sources.Errorf(sources.ErrUnexpected, "the bank does not offer the connection, status %d", e.status)
	}
	return step, sources.Errorf(sources.ErrUnexpected, "the bank does not offer the connection")
}

// errNothing says that no connection is needed.
var errNothing = sources.Errorf(sources.ErrNotProvided, "the scope has nothing that the bank's interface gives")

func (s *Source) step(ctx context.Context, session *sources.Session, r sources.ConnectRequest) (sources.Step, error) {
	st, err := load(ctx, session)
	if err != nil {
		return sources.Step{}, err
	}
	c := &client{source: s, session: session, state: st}
	p := st.Pending
	if p != nil {
		c.token = p.Token
		if session.Now().Sub(p.Began) > pendingLasts {
			p = nil
		}
	}
	switch {
	case len(r.Callback) > 0:
		if p == nil {
			return sources.Step{}, sources.Errorf(sources.ErrUnmatched, "no connection is waiting for this callback")
		}
		return c.callback(ctx, r.Callback)
	case len(r.Fields) > 0:
		if p == nil || p.Phase != phaseChallenge && p.Phase != phaseAccounts {
			return sources.Step{}, sources.Errorf(sources.ErrUnmatched, "no connection is waiting for these fields")
		}
		return c.fields(ctx, r.Fields)
	case p != nil && p.Consent != "" && p.Phase != phaseChallenge && p.Phase != phaseSent && p.Phase != phaseCreate &&
		(r.RedirectURL == "" || p.Phase == phaseWait && !p.tokenless() && session.Now().Sub(p.Began) < waitLasts):
		if p.tokenless() {
			return sources.Step{}, sources.Errorf(sources.ErrAuthentication, "the connection needs the callback, or to begin anew where it was lost")
		}
		return c.poll(ctx)
	}
	if p != nil && p.Phase == phaseCreate && r.RedirectURL == "" { // the bank did not answer: the same once more
		r.RedirectURL, r.NokRedirectURL = p.Redirect, p.Nok
		if r.ValidUntil.IsZero() {
			r.ValidUntil = p.ValidUntil
		}
	}
	return c.begin(ctx, r)
}

// tokenless reports whether a connection by OAuth has no token: its callback is still to come, or the process that took it died before
// it had one. The consent may be valid at the bank, and is of no use.
func (p *pending) tokenless() bool { return p.TokenURL != "" && p.Token == nil }

// begin starts a connection.
func (c *client) begin(ctx context.Context, r sources.ConnectRequest) (sources.Step, error) {
	if !attended(c.session.Attended()) {
		return sources.Step{}, sources.Errorf(sources.ErrAuthentication, "a consent at the bank needs the subject to be present")
	}
	nok := r.NokRedirectURL
	if nok == "" {
		nok = r.RedirectURL
	}
	for _, u := range []string{r.RedirectURL, nok} {
		if _, err := withState(u, ""); err != nil {
			return sources.Step{}, err
		}
	}
	p := &pending{
		Began: c.session.Now().UTC(), ValidUntil: r.ValidUntil, Redirect: r.RedirectURL, Nok: nok,
		Accounts: r.Scope.Has(model.CategoryAccount), Balances: r.Scope.Has(model.CategoryBalance),
		Booked: r.Scope.Has(model.CategoryTransaction),
		Owner:  c.source.conf.OwnerName && r.Scope.HasField(model.CategoryAccount, "ownerName"),
	}
	if !p.Accounts && !p.Balances && !p.Booked {
		return sources.Step{}, errNothing
	}
	var err error
	if p.State, err = random(); err != nil {
		return sources.Step{}, err
	}
	if p.NokState, err = random(); err != nil {
		return sources.Step{}, err
	}
	c.state.drop()
	if len(c.state.Stale) >= maxStale {
		if err := c.sweep(ctx); len(c.state.Stale) >= maxStale {
			return sources.Step{}, err
		}
	}
	c.state.Pending, c.token = p, nil
	if c.source.conf.Access == AccessDedicated {
		return c.challenge(ctx, phaseAccounts, "", sources.Field{Name: fieldIBAN, Label: "IBAN"})
	}
	return c.create(ctx, nil)
}

// withState puts the state into the address that the subject comes back on. Without one it only checks the address: https,
// an app's own scheme with a point in it (RFC 8252 §7.1), or http on this machine.
func withState(address, state string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return "", sources.Errorf(sources.ErrConfig, "the redirect address is not an absolute one without a fragment")
	}
	switch host := u.Hostname(); {
	case u.Scheme == "https" && host != "":
	case u.Scheme == "http" && (host == "localhost" || host == "127.0.0.1" || host == "::1"):
	case strings.Contains(u.Scheme, "."):
	default:
		return "", sources.Errorf(sources.ErrConfig, "the redirect address is neither https nor an app's own scheme")
	}
	if state == "" {
		return address, nil
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += url.Values{"state": {state}}.Encode()
	return u.String(), nil
}

// callback takes what the subject came back with. The state decides whether they are the one who was sent away; it counts
// once, and is gone before anything is done with the rest.
func (c *client) callback(ctx context.Context, q url.Values) (sources.Step, error) {
	p := c.state.Pending
	if p.Phase != phaseRedirect && p.Phase != phaseOAuth {
		return sources.Step{}, sources.Errorf(sources.ErrUnmatched, "no connection is waiting for this callback")
	}
	got := q["state"]
	ok, refused := len(got) == 1 && same(got[0], p.State), len(got) == 1 && same(got[0], p.NokState)
	if !ok && !refused {
		return sources.Step{}, sources.Errorf(sources.ErrUnmatched, "the callback's state is not the one that was sent")
	}
	was := p.Phase
	p.State, p.NokState = "", ""
	p.Phase = phaseWait
	verifier := p.Verifier
	p.Verifier = ""
	if code := q["confirmationCode"]; len(code) == 1 && len(code[0]) <= maxCode {
		p.Code = code[0] // kept until it is sent, since the callback does not come again
	}
	if err := c.save(ctx); err != nil {
		return sources.Step{}, err
	}
	if refused {
		return c.refused(ctx)
	}
	if was == phaseOAuth {
		if err := c.exchange(ctx, q, verifier); err != nil {
			return c.failed(ctx, err)
		}
	}
	return c.poll(ctx)
}

func same(a, b string) bool {
	return b != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// poll asks the bank how the authorisation and the consent stand.
func (c *client) poll(ctx context.Context) (sources.Step, error) {
	p := c.state.Pending
	if link := p.Links["status"]; link != "" {
		v, err := c.get(ctx, link)
		if err != nil {
			return sources.Step{}, err
		}
		switch v.get("scaStatus").str() {
		case "failed":
			return c.refused(ctx)
		case "unconfirmed":
			if p.Phase == phaseRedirect {
				break // the code is on its way back with the subject
			}
			code := p.Code
			if code == "" || p.Links["confirmation"] == "" {
				return c.failed(ctx, sources.Errorf(sources.ErrUnexpected, "the bank asks for a confirmation that it gave no code for"))
			}
			p.Code = ""
			if err := c.save(ctx); err != nil {
				return sources.Step{}, err
			}
			if err := c.confirm(ctx, p.Links["confirmation"], code); err != nil {
				return c.failed(ctx, err)
			}
		}
	}
	v, message, err := c.status(ctx, p.Consent)
	if err != nil {
		return sources.Step{}, err
	}
	step := sources.Step{Kind: sources.StepWait, Retry: pollAfter, Message: message}
	switch v {
	case verdictValid:
		return c.finish(ctx)
	case verdictEnded:
		return c.refused(ctx)
	case verdictPartly:
		step.Retry = partlyAfter
	case verdictUnknown:
		return sources.Step{}, sources.Errorf(sources.ErrUnexpected, "the consent has a status that the specification does not have")
	}
	if p.Phase != phaseWait && p.Phase != phaseRedirect { // to ask does not make the callback come too late
		p.Phase = phaseWait
		if err := c.save(ctx); err != nil {
			return sources.Step{}, err
		}
	}
	return step, nil
}

// refused ends a connection that the subject or the bank said no to.
func (c *client) refused(ctx context.Context) (sources.Step, error) {
	return c.failed(ctx, sources.Errorf(sources.ErrAuthentication, "the consent was refused, or not confirmed in time"))
}

// failed gives the pending connection up and returns err. The consent at the bank is deleted at once where that works, else
// with the next change of the connection.
func (c *client) failed(ctx context.Context, err error) (sources.Step, error) {
	c.state.drop()
	if serr := c.save(ctx); serr != nil {
		return sources.Step{}, serr
	}
	_ = c.sweep(ctx) // what is left stays in the state, and the reason of the failure is what counts
	return sources.Step{}, err
}

// finish makes the pending connection the one that is used.
func (c *client) finish(ctx context.Context) (sources.Step, error) {
	p := c.state.Pending
	until, err := c.validUntil(ctx, p.Consent)
	if err != nil {
		return sources.Step{}, err
	}
	if c.state.Current != nil {
		c.state.discard(*c.state.Current)
	}
	c.state.Current = &connection{Consent: p.Consent, ValidUntil: until, Token: p.Token}
	c.state.Pending = nil
	if err := c.save(ctx); err != nil {
		return sources.Step{}, err
	}
	_ = c.sweep(ctx) // as above: the connection is made
	return sources.Step{Kind: sources.StepDone, ValidUntil: until}, nil
}
