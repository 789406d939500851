package redirect_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/consent/redirect"
	"github.com/brondata/brondata/crypto"
)

// FuzzCallback: no address that a browser can be sent to ends in tokens, or reaches the server at all, without the state of
// an attempt.
func FuzzCallback(f *testing.F) {
	cfg := redirect.Config{
		Issuer: "https://as.example", ClientID: "client-1", Attempts: attempts(f, consent.NewMemoryStore(), nil),
		Metadata: redirect.Metadata{Issuer: "https://as.example", AuthorizationEndpoint: "https://as.example/a", TokenEndpoint: "https://as.example/t"},
	}
	c := client(f, cfg)
	b := binding
	b.Issuer = cfg.Issuer
	_, err := c.Begin(f.Context(), b)
	require.NoError(f, err)
	for _, s := range []string{"state=x&code=y", "code=y", "state=x&state=y", "error=access_denied&state=x", "iss=https://evil.example&state=x&code=y", "%zz"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, _ := url.ParseQuery(raw)
		tokens, err := c.Finish(t.Context(), binding, q)
		if err == nil || !tokens.IsZero() {
			t.Fatal("tokens for a callback of nobody")
		}
	})
}

// FuzzTokens: what is stored is read back or refused.
func FuzzTokens(f *testing.F) {
	good, err := redirect.Tokens{Access: crypto.NewSecretString("a"), Refresh: crypto.NewSecretString("r")}.Pack()
	require.NoError(f, err)
	require.NoError(f, good.Use(func(b []byte) error { f.Add(append([]byte(nil), b...)); return nil }))
	f.Add([]byte(`{"v":2}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		tokens, err := redirect.UnpackTokens(crypto.NewSecret(b))
		if err != nil {
			return
		}
		packed, err := tokens.Pack()
		require.NoError(t, err)
		again, err := redirect.UnpackTokens(packed)
		require.NoError(t, err)
		require.True(t, again.Access.Equal(tokens.Access) && again.Refresh.Equal(tokens.Refresh) && again.Certificate == tokens.Certificate)
	})
}
