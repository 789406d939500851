package psd2

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/brondata/brondata/sources"
)

// tokenMargin is how long before its end a token is renewed, so that it does not end on the way.
const tokenMargin = 30 * time.Second

// answerTime is how long an answer with a token is waited for when the caller's time is up: the bank may have used up the code or the
// refresh token by then. It is shorter than what a source may go on before it is left behind.
const answerTime = 2 * time.Second

// maxMetadata bounds the description of an OAuth server.
const maxMetadata = 1 << 20

// authorise reads the description of the bank's OAuth server (RFC 8414) and sends the subject there with a code challenge
// (RFC 7636) for a token of this one consent.
func (c *client) authorise(ctx context.Context, metadata string) (sources.Step, error) {
	p, o := c.state.Pending, c.source.conf.OAuth
	if o == nil {
		return c.failed(ctx, sources.Errorf(sources.ErrUnexpected, "the bank wants OAuth, for which the configuration has no client"))
	}
	v, err := c.metadata(ctx, metadata)
	if err != nil {
		return sources.Step{}, err
	}
	issuer, auth, token := v.get("issuer").str(), v.get("authorization_endpoint").str(), v.get("token_endpoint").str()
	if !describes(metadata, issuer) {
		// RFC 8414 §3.3: a description that speaks for another server must not be used.
		return sources.Step{}, sources.Errorf(sources.ErrMalformed, "the description of the OAuth server has another issuer than its address")
	}
	for _, e := range []string{auth, token} {
		if u, err := url.Parse(e); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
			return sources.Step{}, sources.Errorf(sources.ErrMalformed, "an endpoint of the OAuth server is not an https address")
		}
	}
	if m := v.get("code_challenge_methods_supported"); m.present() && !m.lists("S256") {
		return c.failed(ctx, sources.Errorf(sources.ErrUnexpected, "the OAuth server does not take S256 code challenges"))
	}
	p.Issuer, p.TokenURL, p.Verifier = issuer, token, oauth2.GenerateVerifier()
	p.Named = v.get("authorization_response_iss_parameter_supported").yes()
	conf := c.oauth(token, p.Redirect)
	conf.Endpoint.AuthURL = auth
	conf.Scopes = append([]string{"AIS:" + p.Consent}, o.Scopes...)
	return c.redirect(ctx, phaseOAuth, conf.AuthCodeURL(p.State, oauth2.S256ChallengeOption(p.Verifier)))
}

// describes reports whether an issuer belongs to the address of its description: with the well-known part between host and
// path as RFC 8414 §3.1 has it, or at the end as OpenID and the specification's own example have it.
func describes(address, issuer string) bool {
	const wellKnown = "/.well-known/"
	a, err := url.Parse(address)
	i, err2 := url.Parse(issuer)
	if err != nil || err2 != nil || i.Scheme != "https" || a.Scheme != i.Scheme || !strings.EqualFold(a.Host, i.Host) || i.RawQuery != "" {
		return false
	}
	before, after, ok := strings.Cut(a.Path, wellKnown)
	if !ok {
		return true // an address of the bank's own making says nothing of its issuer but the origin
	}
	_, tail, _ := strings.Cut(after, "/")
	path := strings.TrimSuffix(i.Path, "/")
	return path == before || path == strings.TrimSuffix("/"+tail, "/")
}

func (c *client) metadata(ctx context.Context, address string) (value, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return value{}, sources.Errorf(sources.ErrMalformed, "the link to the OAuth server is no address")
	}
	req.Header.Set("Accept", "application/json")
	resp, err := c.plain().Do(req)
	if err != nil {
		return value{}, transportError(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := statusOf(resp.StatusCode); err != nil {
		return value{}, err
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxMetadata))
	if err != nil {
		return value{}, transportError(ctx, err)
	}
	return document(ctx, &answer{body: sources.BytesContent(b)})
}

func statusOf(status int) error {
	if status/100 == 2 {
		return nil
	}
	return statusError(status)
}

// preparing lets Prepare see the requests that x/oauth2 makes.
type preparing struct {
	source *Source
	next   http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (p preparing) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	if err := p.source.prepare(req); err != nil {
		return nil, err
	}
	return p.next.RoundTrip(req)
}

// plain returns the guarded client without what belongs to the interface: no consent, no token, nothing of the subject.
func (c *client) plain() *http.Client {
	h := *c.session.HTTP()
	h.Transport = preparing{c.source, h.Transport}
	return &h
}

// oauth returns the client's side of OAuth. How it authenticates is fixed: finding out by trial would use a code twice.
func (c *client) oauth(tokenURL, redirect string) *oauth2.Config {
	o := c.source.conf.OAuth
	conf := &oauth2.Config{
		ClientID: o.ClientID, RedirectURL: redirect,
		Endpoint: oauth2.Endpoint{TokenURL: tokenURL, AuthStyle: oauth2.AuthStyleInParams},
	}
	if !o.ClientSecret.IsZero() {
		conf.Endpoint.AuthStyle = oauth2.AuthStyleInHeader
		_ = o.ClientSecret.Use(func(b []byte) error { // fails only for an absent secret
			conf.ClientSecret = string(b)
			return nil
		})
	}
	return conf
}

// exchange turns the code of a callback into a token and saves it.
func (c *client) exchange(ctx context.Context, q url.Values, verifier string) error {
	p := c.state.Pending
	if c.source.conf.OAuth == nil {
		return sources.Errorf(sources.ErrUnexpected, "the configuration has no OAuth client any more")
	}
	if iss, ok := q["iss"]; (ok || p.Named) && (len(iss) != 1 || iss[0] != p.Issuer) {
		return sources.Errorf(sources.ErrAuthentication, "the callback is of another OAuth server") // RFC 9207
	}
	if q.Has("error") || len(q["code"]) != 1 || q.Get("code") == "" {
		return sources.Errorf(sources.ErrAuthentication, "the OAuth server gave no code")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	conf := c.oauth(p.TokenURL, p.Redirect)
	once, cancel := lasting(ctx)
	defer cancel()
	t, err := conf.Exchange(context.WithValue(once, oauth2.HTTPClient, c.plain()), q.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		return tokenError(ctx, err)
	}
	if p.Token, err = c.tokenOf(t, p.TokenURL, ""); err != nil {
		return err
	}
	c.token = p.Token
	return c.keep(ctx)
}

// tokenOf keeps what is needed of a token. The lifetime is counted on the session's clock.
func (c *client) tokenOf(t *oauth2.Token, tokenURL, refresh string) (*token, error) {
	if !strings.EqualFold(t.Type(), "Bearer") || !visible8k(t.AccessToken) {
		return nil, sources.Errorf(sources.ErrMalformed, "the OAuth server gave no usable token")
	}
	out := &token{Access: t.AccessToken, Refresh: t.RefreshToken, URL: tokenURL}
	if out.Refresh == "" {
		out.Refresh = refresh // RFC 6749 §6: without a new one the old one stays
	}
	if t.ExpiresIn > 0 {
		out.Expiry = c.session.Now().UTC().Add(time.Duration(min(t.ExpiresIn, 1<<31)) * time.Second)
	}
	return out, nil
}

func visible8k(s string) bool {
	return s != "" && len(s) <= 16<<10 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// renewable reports whether the current token can be replaced by a fresh one.
func (c *client) renewable() bool {
	return c.token != nil && c.token.Refresh != "" && c.source.conf.OAuth != nil
}

// fresh renews the token where its time is up.
func (c *client) fresh(ctx context.Context) error {
	if c.token == nil || c.token.Expiry.IsZero() || c.session.Now().Add(tokenMargin).Before(c.token.Expiry) || !c.renewable() {
		return nil
	}
	return c.refresh(ctx)
}

// refresh renews the token and saves it before its first use: a bank that rotates refresh tokens gives each out once. Between the
// bank's answer and the save a process that dies loses it; the bank then refuses the old one, and the subject has to connect again.
func (c *client) refresh(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	old := c.token
	conf := c.oauth(old.URL, "")
	once, cancel := lasting(ctx)
	defer cancel()
	ts := conf.TokenSource(context.WithValue(once, oauth2.HTTPClient, c.plain()), &oauth2.Token{RefreshToken: old.Refresh})
	t, err := ts.Token()
	if err != nil {
		return tokenError(ctx, err)
	}
	renewed, err := c.tokenOf(t, old.URL, old.Refresh)
	if err != nil {
		return err
	}
	*old = *renewed // the state holds the same one
	return c.keep(ctx)
}

// lasting returns a context that ends answerTime after ctx does: for a request whose answer is given out once.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		t := time.NewTimer(answerTime)
		defer t.Stop()
		select {
		case <-t.C:
			cancel()
		case <-out.Done():
		}
	})
	return out, func() { stop(); cancel() }
}

// tokenError keeps of an error of x/oauth2 what is no value: its text quotes the answer.
func tokenError(ctx context.Context, err error) error {
	if r, ok := errors.AsType[*oauth2.RetrieveError](err); ok && r.Response != nil {
		switch s := r.Response.StatusCode; {
		case s == http.StatusTooManyRequests || s >= 500:
			return statusError(s)
		case r.ErrorCode == "invalid_client" || r.ErrorCode == "unauthorized_client":
			return sources.Errorf(sources.ErrUnexpected, "the OAuth server does not accept this party, status %d", s)
		default:
			return sources.Errorf(sources.ErrAuthentication, "the OAuth server gave no token, status %d", s)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if sentinel(err) != sources.ErrUnexpected || errors.Is(err, context.DeadlineExceeded) {
		return transportError(ctx, err)
	}
	return sources.Errorf(sources.ErrMalformed, "the answer of the OAuth server is not a token")
}
