package redirect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/internal/foreign"
)

// Config is what a [Client] is made of.
type Config struct {
	Issuer   string
	ClientID string
	// Secret authenticates the client in the way that Style says. Zero: the client has none, as with a certificate
	// (tls_client_auth, self_signed_tls_client_auth of RFC 8705) or as a public client.
	Secret crypto.Secret
	Style  oauth2.AuthStyle // AuthStyleInHeader (client_secret_basic) or AuthStyleInParams (client_secret_post), the default
	// Authenticate, if set, adds to each request to the server what else proves who the client is: the place for private_key_jwt.
	Authenticate func(ctx context.Context, endpoint string, form url.Values) error
	// Request, if set, hands over the parameters of an authorisation request and returns the address to send the browser
	// to: the place for pushed requests. Nil puts them in the address.
	Request func(ctx context.Context, m Metadata, params url.Values) (string, error)
	Scopes  []string
	// Metadata is the server's; zero is discovered.
	Metadata Metadata
	// HTTP makes the requests, with the client certificate in it where there is one. In a connector it is the session's guarded client.
	HTTP *http.Client
	// Certificate is the SHA-256 of the DER form of the client certificate that HTTP presents; zero without one. With
	// it the endpoints for certificates are used, and tokens are bound to it.
	Certificate [32]byte
	Attempts    *Attempts
	Now         func() time.Time // nil is time.Now
}

// Client makes round trips with one server as one client. Safe for concurrent use.
type Client struct {
	cfg  Config
	meta Metadata
	now  func() time.Time
}

// NewClient returns a client. It discovers the server's metadata if the configuration has none.
func NewClient(ctx context.Context, cfg Config) (*Client, error) {
	if cfg.Issuer == "" || cfg.ClientID == "" || cfg.Attempts == nil {
		return nil, invalid("issuer, client id or attempts")
	}
	c := &Client{cfg: cfg, meta: cfg.Metadata, now: cfg.Now}
	if c.now == nil {
		c.now = time.Now
	}
	if c.meta.Issuer == "" {
		m, err := Discover(ctx, cfg.HTTP, cfg.Issuer)
		if err != nil {
			return nil, err
		}
		c.meta = m
	}
	if err := c.meta.check(cfg.Issuer); err != nil {
		return nil, err
	}
	if c.meta.CertificateBound && c.cfg.Certificate == [32]byte{} {
		return nil, invalid("server binds tokens to a certificate, client has none")
	}
	return c, nil
}

// Metadata returns the server's metadata in use.
func (c *Client) Metadata() Metadata { return c.meta }

func (c *Client) endpoint(plain, mtls string) string {
	if mtls != "" && c.cfg.Certificate != [32]byte{} {
		return mtls
	}
	return plain
}

// Begin makes an attempt and returns the address to send the subject's browser to.
func (c *Client) Begin(ctx context.Context, b Binding) (string, error) {
	b.Issuer = c.cfg.Issuer
	if err := checkURL(b.RedirectURI); err != nil {
		return "", invalid("redirect address")
	}
	a, err := c.cfg.Attempts.Begin(ctx, b)
	if err != nil {
		return "", err
	}
	o := oauth2.Config{
		ClientID: c.cfg.ClientID, RedirectURL: b.RedirectURI, Scopes: c.cfg.Scopes,
		Endpoint: oauth2.Endpoint{AuthURL: c.meta.AuthorizationEndpoint},
	}
	opts := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(a.Verifier)}
	if c.openID() {
		opts = append(opts, oauth2.SetAuthURLParam("nonce", a.Nonce))
	}
	at := o.AuthCodeURL(a.State, opts...)
	if c.cfg.Request == nil {
		return at, nil
	}
	u, err := url.Parse(at)
	if err != nil {
		return "", invalid("authorisation address")
	}
	to, err := c.cfg.Request(ctx, c.meta, u.Query())
	return to, foreign.Wrap("redirect: request", err, sentinels...)
}

func (c *Client) openID() bool {
	for _, s := range c.cfg.Scopes {
		if s == "openid" {
			return true
		}
	}
	return false
}

// Finish takes the attempt of a callback and redeems its code. b is what Begin was given. The attempt is used up, whatever comes of
// it, but for [ErrAttempt] and a callback in which a parameter is there twice: these leave it as it was. The tokens are not stored:
// save them before their first use.
//
// [ErrAttempt] and [ErrIssuer] are said without having talked to the server. A [*ServerError] is what it said.
func (c *Client) Finish(ctx context.Context, b Binding, callback url.Values) (Tokens, error) {
	b.Issuer = c.cfg.Issuer
	values := map[string]string{}
	for _, name := range []string{"state", "code", "iss", "error"} {
		v, ok := single(callback, name)
		if !ok {
			return Tokens{}, fmt.Errorf("%w: a parameter is there twice", ErrAnswer)
		}
		values[name] = v
	}
	if values["state"] == "" {
		return Tokens{}, ErrAttempt
	}
	a, err := c.cfg.Attempts.Take(ctx, b, values["state"])
	if err != nil {
		return Tokens{}, err
	}
	// RFC 9207 §2.4: compared as strings, and before anything in the answer is believed, an error as well.
	if iss := values["iss"]; iss != c.cfg.Issuer && (iss != "" || c.meta.AnswersName || len(callback["iss"]) > 0) {
		return Tokens{}, ErrIssuer
	}
	if len(callback["error"]) > 0 {
		return Tokens{}, &ServerError{Code: serverCode(values["error"])}
	}
	if values["code"] == "" {
		return Tokens{}, fmt.Errorf("%w: no code", ErrAnswer)
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {values["code"]}, "redirect_uri": {b.RedirectURI},
		"code_verifier": {a.Verifier},
	}
	t, err := c.tokens(ctx, form)
	if err != nil {
		return Tokens{}, err
	}
	if c.openID() {
		if err := c.checkID(t.id, a.Nonce); err != nil {
			return Tokens{}, err
		}
	}
	return t, nil
}

// tokens asks the token endpoint.
func (c *Client) tokens(ctx context.Context, form url.Values) (Tokens, error) {
	body, err := c.post(ctx, c.endpoint(c.meta.TokenEndpoint, c.meta.MTLS.TokenEndpoint), form)
	if err != nil {
		return Tokens{}, err
	}
	var r struct {
		AccessToken  string      `json:"access_token"`
		TokenType    string      `json:"token_type"`
		RefreshToken string      `json:"refresh_token"`
		ExpiresIn    json.Number `json:"expires_in"`
		IDToken      string      `json:"id_token"`
	}
	if err := json.Unmarshal(body, &r); err != nil || r.AccessToken == "" {
		return Tokens{}, fmt.Errorf("%w: no token", ErrAnswer)
	}
	if !strings.EqualFold(r.TokenType, "bearer") {
		return Tokens{}, fmt.Errorf("%w: token type", ErrAnswer) // DPoP has other rules; a token that is sent without them leaks
	}
	t := Tokens{Access: crypto.NewSecretString(r.AccessToken), Refresh: crypto.NewSecretString(r.RefreshToken), id: r.IDToken}
	if s, err := r.ExpiresIn.Float64(); err == nil && s > 0 {
		t.Expires = c.now().Add(time.Duration(min(s, 1e9)) * time.Second).UTC()
	}
	if c.cfg.Certificate != [32]byte{} {
		if err := checkBound(r.AccessToken, c.cfg.Certificate); err != nil {
			return Tokens{}, err
		}
		t.Certificate = c.cfg.Certificate
	}
	return t, nil
}

// post sends a form as this client.
func (c *Client) post(ctx context.Context, endpoint string, form url.Values) ([]byte, error) {
	basic := ""
	if !c.cfg.Secret.IsZero() {
		err := c.cfg.Secret.Use(func(b []byte) error {
			if c.cfg.Style == oauth2.AuthStyleInHeader {
				basic = string(b)
			} else {
				form.Set("client_secret", string(b))
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("redirect: client secret: %w", err)
		}
	}
	if basic == "" {
		form.Set("client_id", c.cfg.ClientID) // RFC 8705 §2: also where the certificate authenticates
	}
	if c.cfg.Authenticate != nil {
		if err := c.cfg.Authenticate(ctx, endpoint, form); err != nil {
			return nil, foreign.Wrap("redirect: authenticate", err, sentinels...)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, invalid("endpoint")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if basic != "" {
		req.SetBasicAuth(url.QueryEscape(c.cfg.ClientID), url.QueryEscape(basic)) // RFC 6749 §2.3.1
	}
	return do(c.cfg.HTTP, req)
}

// Revoke ends tokens at the server (RFC 7009), the refresh token first, since that ends most. It is to be repeated until
// it succeeds; tokens that the server does not know any more are no error. A server without such an endpoint is
// [ErrMetadata]: there the tokens end by themselves.
func (c *Client) Revoke(ctx context.Context, t Tokens) error {
	endpoint := c.endpoint(c.meta.RevocationEndpoint, c.meta.MTLS.RevocationEndpoint)
	if endpoint == "" {
		return fmt.Errorf("%w: no revocation endpoint", ErrMetadata)
	}
	for _, x := range []struct {
		hint  string
		token crypto.Secret
	}{{"refresh_token", t.Refresh}, {"refresh_token", t.previous}, {"access_token", t.Access}} {
		if x.token.IsZero() {
			continue
		}
		err := x.token.Use(func(b []byte) error {
			_, err := c.post(ctx, endpoint, url.Values{"token": {string(b)}, "token_type_hint": {x.hint}})
			return err
		})
		var refusal *ServerError
		if errors.As(err, &refusal) && refusal.Code == "unsupported_token_type" && x.hint == "access_token" {
			continue // RFC 7009 §2.2.1: some servers revoke refresh tokens only; access tokens are short-lived
		}
		if err != nil {
			return err
		}
	}
	return nil
}
