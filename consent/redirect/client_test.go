package redirect_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/consent/redirect"
	"github.com/brondata/brondata/consent/redirecttest"
	"github.com/brondata/brondata/crypto"
)

const (
	grant   = consent.GrantID("aaaaaaaaaaaaaaaaaaaaaaaaaa")
	session = "a cookie that nobody else has"
)

var binding = redirect.Binding{Grant: grant, Institution: "bank", Session: session, RedirectURI: redirecttest.RedirectURI}

func attempts(t testing.TB, s consent.Store, o *redirect.AttemptOptions) *redirect.Attempts {
	t.Helper()
	a, err := redirect.NewAttempts(s, o)
	require.NoError(t, err)
	return a
}

func config(t testing.TB, as *redirecttest.Server, s consent.Store) redirect.Config {
	t.Helper()
	return redirect.Config{
		Issuer: as.Issuer(), ClientID: redirecttest.ClientID, Secret: crypto.NewSecretString(redirecttest.ClientSecret),
		HTTP: &http.Client{Timeout: 10 * time.Second}, Attempts: attempts(t, s, nil),
	}
}

func client(t testing.TB, cfg redirect.Config) *redirect.Client {
	t.Helper()
	c, err := redirect.NewClient(t.Context(), cfg)
	require.NoError(t, err)
	return c
}

func reveal(t testing.TB, s crypto.Secret) string {
	t.Helper()
	out := ""
	require.NoError(t, s.Use(func(b []byte) error { out = string(b); return nil }))
	return out
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		behave redirecttest.Behaviour
		set    func(*redirect.Config)
	}{
		"secret in the body":              {},
		"secret in the header":            {set: func(c *redirect.Config) { c.Style = oauth2.AuthStyleInHeader }},
		"metadata at OpenID's place":      {behave: redirecttest.Behaviour{OpenIDPlace: true}},
		"no iss":                          {behave: redirecttest.Behaviour{NoIssParameter: true}},
		"token type in small letters":     {behave: redirecttest.Behaviour{TokenType: "bearer"}},
		"no expires_in":                   {behave: redirecttest.Behaviour{NoExpiresIn: true}},
		"expires_in as a string":          {behave: redirecttest.Behaviour{ExpiresIn: `"300"`}},
		"ID token":                        {behave: redirecttest.Behaviour{OpenID: true}, set: func(c *redirect.Config) { c.Scopes = []string{"openid"} }},
		"ID token with aud as a list":     {behave: redirecttest.Behaviour{OpenID: true, IDAudience: `["client-1"]`}, set: func(c *redirect.Config) { c.Scopes = []string{"openid"} }},
		"certificate without own address": {behave: redirecttest.Behaviour{CertificateBound: true}, set: func(c *redirect.Config) { c.Certificate = certificate }},
		"certificate":                     {behave: redirecttest.Behaviour{CertificateBound: true, MTLSAliases: true, Thumbprint: thumbprint(certificate)}, set: withoutSecret},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			as := redirecttest.New(t, c.behave)
			s := consent.NewMemoryStore()
			cfg := config(t, as, s)
			if c.set != nil {
				c.set(&cfg)
			}
			address, err := client(t, cfg).Begin(t.Context(), binding)
			require.NoError(t, err)
			back := as.Authorize(t, address)
			// Another process finishes: nothing but the store is shared.
			found, err := attempts(t, s, nil).Find(t.Context(), back)
			require.NoError(t, err)
			assert.Equal(t, grant, found.Grant)
			cfg.Attempts = attempts(t, s, nil)
			tokens, err := client(t, cfg).Finish(t.Context(), binding, back)
			require.NoError(t, err)
			assert.True(t, as.Accepts(reveal(t, tokens.Access)))
			assert.Equal(t, cfg.Certificate, tokens.Certificate)
			assert.Empty(t, as.Confusion())
			assert.NotContains(t, fmt.Sprintf("%v %+v %#v", tokens, tokens, tokens), reveal(t, tokens.Access))

			requests := as.TokenRequests()
			_, err = client(t, cfg).Finish(t.Context(), binding, back)
			require.ErrorIs(t, err, redirect.ErrAttempt, "a replay")
			assert.Equal(t, requests, as.TokenRequests(), "refused without asking the server")
		})
	}
}

var certificate = sha256.Sum256([]byte("the client's certificate"))

func thumbprint(c [32]byte) string { return base64.RawURLEncoding.EncodeToString(c[:]) }

func withoutSecret(c *redirect.Config) { c.Certificate, c.Secret = certificate, crypto.Secret{} }

func TestMisbehavioursAreRefused(t *testing.T) {
	t.Parallel()
	for _, m := range redirecttest.Misbehaviours() {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			as := redirecttest.New(t, m.Behaviour)
			s := consent.NewMemoryStore()
			cfg := config(t, as, s)
			if m.OpenID {
				cfg.Scopes = []string{"openid"}
			}
			c, err := redirect.NewClient(t.Context(), cfg)
			if m.Stage == "discover" {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			address, err := c.Begin(t.Context(), binding)
			require.NoError(t, err)
			back := as.Authorize(t, address)
			tokens, err := c.Finish(t.Context(), binding, back)
			require.Error(t, err)
			assert.True(t, tokens.IsZero())
			assert.NotContains(t, err.Error(), "canary")
			assert.NotContains(t, as.Confusion(), "a redirect was followed")
			if m.InjectCode == "" {
				assert.Empty(t, as.Confusion())
			}
		})
	}
	t.Run("token bound to another certificate", func(t *testing.T) {
		t.Parallel()
		as := redirecttest.New(t, redirecttest.Behaviour{MTLSAliases: true, Thumbprint: thumbprint([32]byte{1})})
		cfg := config(t, as, consent.NewMemoryStore())
		withoutSecret(&cfg)
		c := client(t, cfg)
		address, err := c.Begin(t.Context(), binding)
		require.NoError(t, err)
		_, err = c.Finish(t.Context(), binding, as.Authorize(t, address))
		require.ErrorIs(t, err, redirect.ErrBinding)
	})
}

// TestAttacks are those in which the server is honest and somebody else is not.
func TestAttacks(t *testing.T) {
	t.Parallel()
	setup := func(t *testing.T) (*redirecttest.Server, *redirect.Client, url.Values) {
		as := redirecttest.New(t, redirecttest.Behaviour{})
		c := client(t, config(t, as, consent.NewMemoryStore()))
		address, err := c.Begin(t.Context(), binding)
		require.NoError(t, err)
		return as, c, as.Authorize(t, address)
	}
	for name, f := range map[string]func(b *redirect.Binding){
		"another browser":          func(b *redirect.Binding) { b.Session = "the cookie of another browser" },
		"another grant":            func(b *redirect.Binding) { b.Grant = "bbbbbbbbbbbbbbbbbbbbbbbbbb" },
		"another institution":      func(b *redirect.Binding) { b.Institution = "bank2" },
		"another redirect address": func(b *redirect.Binding) { b.RedirectURI = "https://host.example/other" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			as, c, back := setup(t)
			other := binding
			f(&other)
			_, err := c.Finish(t.Context(), other, back)
			require.ErrorIs(t, err, redirect.ErrAttempt)
			assert.Zero(t, as.TokenRequests(), "the code went to nobody")
			_, err = c.Finish(t.Context(), binding, back)
			require.NoError(t, err, "whose it is can use it all the same")
		})
	}
	t.Run("code injection", func(t *testing.T) {
		t.Parallel()
		as, c, stolen := setup(t)
		address, err := c.Begin(t.Context(), binding)
		require.NoError(t, err)
		own := as.Authorize(t, address)
		own.Set("code", stolen.Get("code")) // the attacker's own attempt with the victim's code
		_, err = c.Finish(t.Context(), binding, own)
		require.ErrorIs(t, err, redirect.ErrRefused)
		assert.Equal(t, []string{"a code was redeemed with a verifier or address that is not its own"}, as.Confusion())
	})
	t.Run("mix-up between two honest servers", func(t *testing.T) {
		t.Parallel()
		store := consent.NewMemoryStore()
		a, b := redirecttest.New(t, redirecttest.Behaviour{}), redirecttest.New(t, redirecttest.Behaviour{})
		ca, cb := client(t, config(t, a, store)), client(t, config(t, b, store))
		atA, err := ca.Begin(t.Context(), binding)
		require.NoError(t, err)
		_, err = cb.Finish(t.Context(), binding, a.Authorize(t, atA))
		require.ErrorIs(t, err, redirect.ErrAttempt)
		assert.Zero(t, b.TokenRequests(), "the code went to nobody")
	})
	t.Run("the store alone, the callback alone", func(t *testing.T) {
		t.Parallel()
		store := consent.NewMemoryStore()
		at := attempts(t, store, nil)
		b := binding
		b.Issuer = "https://as.example"
		made, err := at.Begin(t.Context(), b)
		require.NoError(t, err)
		items, err := store.List(t.Context(), redirect.KindAttempt, string(grant))
		require.NoError(t, err)
		require.Len(t, items, 1)
		dump := items[0].ID + string(items[0].Body)
		for _, secret := range []string{made.State, made.Verifier, made.Nonce, session} {
			assert.NotContains(t, dump, secret)
		}
		assert.Len(t, made.Verifier, 43)
		assert.NotEqual(t, made.Verifier, made.Nonce)
	})
}

// What a server says is either that it refuses or that it fails.
func TestServerErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		e    redirect.ServerError
		err  error
		text string
	}{
		"refused":                      {redirect.ServerError{Code: "invalid_grant", Status: 400}, redirect.ErrRefused, "redirect: refused: invalid_grant (status 400)"},
		"failed":                       {redirect.ServerError{Code: "other", Status: 503}, redirect.ErrUnavailable, "redirect: server unavailable: other (status 503)"},
		"too many requests":            {redirect.ServerError{Code: "other", Status: 429}, redirect.ErrUnavailable, "redirect: server unavailable: other (status 429)"},
		"refused by the subject":       {redirect.ServerError{Code: "access_denied"}, redirect.ErrRefused, "redirect: refused: access_denied"},
		"failed before the way back":   {redirect.ServerError{Code: "temporarily_unavailable"}, redirect.ErrUnavailable, "redirect: server unavailable: temporarily_unavailable"},
		"the same code with a refusal": {redirect.ServerError{Code: "server_error", Status: 400}, redirect.ErrRefused, "redirect: refused: server_error (status 400)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.EqualError(t, &c.e, c.text)
			for _, s := range []error{redirect.ErrRefused, redirect.ErrUnavailable} {
				assert.Equal(t, s == c.err, errors.Is(&c.e, s))
			}
		})
	}
}

func TestAttemptIsUsedOnceByAll(t *testing.T) {
	t.Parallel()
	store := consent.NewMemoryStore()
	b := binding
	b.Issuer = "https://as.example"
	for range 20 {
		made, err := attempts(t, store, nil).Begin(t.Context(), b)
		require.NoError(t, err)
		var got atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			at := attempts(t, store, nil)
			wg.Go(func() {
				a, err := at.Take(t.Context(), b, made.State)
				if err == nil {
					got.Add(1)
					assert.Equal(t, made, a)
				} else {
					assert.ErrorIs(t, err, redirect.ErrAttempt)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, got.Load())
	}
}

func TestAttemptEnds(t *testing.T) {
	t.Parallel()
	now := time.Date(2031, 3, 30, 0, 59, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	store := consent.NewMemoryStore()
	at := attempts(t, store, &redirect.AttemptOptions{Now: clock})
	b := binding
	b.Issuer = "https://as.example"
	for _, c := range []struct {
		after time.Duration
		ok    bool
	}{
		{0, true}, {15*time.Minute - 1, true}, {15 * time.Minute, false}, {24 * time.Hour, false}, {-10 * time.Minute, false},
	} {
		begun := now
		made, err := at.Begin(t.Context(), b)
		require.NoError(t, err)
		now = begun.Add(c.after)
		_, err = at.Take(t.Context(), b, made.State)
		assert.Equal(t, c.ok, err == nil, "after %v", c.after)
		now = begun
	}
	_, err := at.Begin(t.Context(), b)
	require.NoError(t, err)
	n, err := at.Sweep(t.Context(), 10)
	require.NoError(t, err)
	assert.Zero(t, n)
	now = now.Add(time.Hour)
	n, err = at.Sweep(t.Context(), 10)
	require.NoError(t, err)
	assert.Equal(t, 4, n, "that one, and the three that nobody could take any more")
	_, err = redirect.NewAttempts(store, &redirect.AttemptOptions{Lifetime: 16 * time.Minute})
	require.ErrorIs(t, err, redirect.ErrInvalid)
	b.Session = "short"
	_, err = at.Begin(t.Context(), b)
	require.ErrorIs(t, err, redirect.ErrInvalid)
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	tokens := redirect.Tokens{Access: crypto.NewSecretString("a"), Refresh: crypto.NewSecretString("r")}
	for name, c := range map[string]struct {
		behave redirecttest.Behaviour
		err    error
		want   []string
	}{
		"both":                   {want: []string{"r", "a"}},
		"no endpoint":            {behave: redirecttest.Behaviour{NoRevocation: true}, err: redirect.ErrMetadata},
		"server fails":           {behave: redirecttest.Behaviour{RevocationStatus: 503}, err: redirect.ErrUnavailable},
		"separate for mTLS":      {behave: redirecttest.Behaviour{MTLSAliases: true}, want: []string{"r", "a"}},
		"client is not accepted": {behave: redirecttest.Behaviour{RevocationStatus: 401}, err: redirect.ErrRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			as := redirecttest.New(t, c.behave)
			cfg := config(t, as, consent.NewMemoryStore())
			if c.behave.MTLSAliases {
				withoutSecret(&cfg)
			}
			err := client(t, cfg).Revoke(context.Background(), tokens)
			require.ErrorIs(t, err, c.err)
			assert.False(t, errors.Is(err, redirect.ErrUnavailable) && errors.Is(err, redirect.ErrRefused))
			if err != nil {
				assert.NotContains(t, err.Error(), "\n")
			}
			assert.Equal(t, c.want, as.Revoked())
		})
	}
}
