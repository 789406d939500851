package customapi_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/brondata/brondata/examples/customapi"
	"github.com/brondata/brondata/examples/customsource"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/sourcetest"
)

// bank is the invented bank. It takes each code and each refresh token once.
type bank struct {
	later atomic.Int64 // how far its clock has gone on
	mu    sync.Mutex
	codes map[string]string    // with their code challenge
	links map[string]time.Time // by refresh token; the access token is "access-" and the same, and counts until then
}

func (b *bank) locked(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

func (b *bank) clock() time.Time { return time.Now().Add(time.Duration(b.later.Load())) }

func (b *bank) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	code, refresh := r.FormValue("code"), r.FormValue("refresh_token")
	bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer access-")
	_, renews := b.links[refresh]
	switch {
	case r.URL.Path == "/revoke":
		delete(b.links, r.FormValue("token"))
	case r.URL.Path == "/token" && (renews || code != "" && b.codes[code] == oauth2.S256ChallengeFromVerifier(r.FormValue("code_verifier"))):
		delete(b.links, refresh)
		delete(b.codes, code)
		given := rand.Text()
		b.links[given] = b.clock().Add(10 * time.Minute)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "access-" + given, "refresh_token": given, "token_type": "Bearer", "expires_in": 600})
	case b.clock().After(b.links[bearer]):
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/accounts":
		_, _ = io.WriteString(w, `["NL48BRON0123456789","NL21BRON0123456790"]`)
	default:
		_, _ = io.WriteString(w, strings.ReplaceAll("Samplebank;IBAN;2026-10-01;2026-10-31\nBoeking;IBAN;2026-10-01;2026-10-01;-1.150,00;Woonstichting De Linde\n", "IBAN", path.Base(r.URL.Path)))
	}
}

// visit is the subject at the address that they were sent to: it returns what they come back with.
func (b *bank) visit(_ context.Context, step sources.Step, agrees bool) (r sources.ConnectRequest, err error) {
	u, err := url.Parse(step.URL)
	if err != nil {
		return r, err
	}
	r.Callback = url.Values{"state": u.Query()["state"], "error": {"access_denied"}}
	if agrees {
		code := rand.Text()
		b.locked(func() { b.codes[code] = u.Query().Get("code_challenge") })
		r.Callback = url.Values{"state": u.Query()["state"], "code": {code}}
	}
	return r, nil
}

func setup() sourcetest.ConnectorSetup {
	b := &bank{codes: map[string]string{}, links: map[string]time.Time{}}
	srv := httptest.NewTLSServer(b)
	return sourcetest.ConnectorSetup{
		Source: func() sources.Connector {
			return customapi.Source{Host: srv.Listener.Addr().String(), ClientID: "adviser"}
		},
		Session: sources.SessionOptions{Now: b.clock, HTTP: sources.HTTPOptions{TLS: srv.Client().Transport.(*http.Transport).TLSClientConfig, InsecureLoopback: true}},
		Request: sources.ConnectRequest{RedirectURL: "https://host.example/back", Scope: model.Scope{Baskets: []model.Basket{model.Everything(model.CategoryTransaction)}}},
		Subject: b.visit, Close: srv.Close,
		Live:   func() (n int) { b.locked(func() { n = len(b.links) }); return n },
		Forget: func() { b.locked(func() { clear(b.links) }) },
		Expire: func() { b.later.Add(int64(time.Hour)) },
	}
}

func TestConnectorConformance(t *testing.T) { sourcetest.Connector(t, setup, nil) }

func TestSourceConformance(t *testing.T) {
	sourcetest.Source(t, func() sourcetest.Setup {
		su := setup()
		return sourcetest.Setup{
			Source: su.Source(), Normalizers: []sources.Normalizer{customsource.Normalizer{}}, Session: sourcetest.Connected(t, su),
			Query: sources.Query{Institution: "samplebank", Scope: su.Request.Scope}, Close: su.Close,
		}
	}, &sourcetest.SourceOptions{Golden: "testdata/accounts.golden.jsonl", Accounts: 2})
}
