package psd2test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// clientID is who the caller is at the OAuth server.
const clientID = "brondata-test"

// pageHTML is where the subject decides.
var pageHTML = template.Must(template.New("sca").Parse(`<!DOCTYPE html>
<html lang="nl"><head><meta charset="utf-8"><title>Testbank</title></head><body>
<h1>Toestemming</h1>
<p>Een derde partij vraagt toegang tot uw rekeninggegevens tot en met {{.Until}}.</p>
<form method="post" action="{{.Action}}">
<button name="decision" value="confirm">Bevestigen</button>
<button name="decision" value="refuse">Weigeren</button>
</form></body></html>
`))

func (b *Bank) show(w http.ResponseWriter, c *consent, action string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = pageHTML.Execute(w, map[string]string{"Until": c.until.Format(time.DateOnly), "Action": action}) // into a recorder
}

// page is the bank's own page of the redirect approach.
func (b *Bank) page(w http.ResponseWriter, r *http.Request) {
	c := b.consents[strings.TrimPrefix(r.URL.Path, "/sca/")]
	if c == nil {
		http.NotFound(w, r)
		return
	}
	if r.Method == http.MethodGet {
		b.show(w, c, r.URL.Path)
		return
	}
	yes := r.FormValue("decision") == "confirm"
	b.decide(c, yes)
	to := c.redirect
	if !yes && c.nok != "" {
		to = c.nok
	}
	http.Redirect(w, r, to, http.StatusFound)
}

// grant is a code or a token of the OAuth server.
type grant struct {
	kind      string // code, access, refresh
	consent   string
	challenge string
	redirect  string
	until     time.Time
}

func (b *Bank) oauth(w http.ResponseWriter, r *http.Request) {
	issuer := b.server.URL + "/oauth"
	switch strings.TrimPrefix(r.URL.Path, "/oauth/") {
	case ".well-known/oauth-authorization-server":
		b.yes(w, http.StatusOK, map[string]any{
			"issuer": issuer, "authorization_endpoint": issuer + "/authorize", "token_endpoint": issuer + "/token",
			"response_types_supported": []string{"code"}, "code_challenge_methods_supported": []string{"S256"},
			"authorization_response_iss_parameter_supported": true,
		})
	case "authorize":
		q := r.URL.Query()
		id, ok := strings.CutPrefix(q.Get("scope"), "AIS:")
		c := b.consents[id]
		if !ok || c == nil || q.Get("client_id") != clientID || q.Get("response_type") != "code" ||
			q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" || q.Get("state") == "" {
			http.Error(w, "invalid request", http.StatusBadRequest)
			return
		}
		if r.Method == http.MethodGet {
			b.show(w, c, r.URL.RequestURI())
			return
		}
		out := url.Values{"state": {q.Get("state")}, "iss": {issuer}}
		if r.FormValue("decision") == "confirm" {
			b.decide(c, true)
			code := b.id("code")
			b.tokens[code] = &grant{kind: "code", consent: c.id, challenge: q.Get("code_challenge"), redirect: q.Get("redirect_uri"), until: b.o.Now().Add(time.Minute)}
			out.Set("code", code)
		} else {
			b.decide(c, false)
			out.Set("error", "access_denied")
		}
		http.Redirect(w, r, back(q.Get("redirect_uri"), out), http.StatusFound)
	case "token":
		b.token(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (b *Bank) token(w http.ResponseWriter, r *http.Request) {
	given := r.FormValue("code")
	kind := "code"
	if r.FormValue("grant_type") == "refresh_token" {
		given, kind = r.FormValue("refresh_token"), "refresh"
	}
	g := b.tokens[given]
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if g == nil || g.kind != kind || r.FormValue("client_id") != clientID || kind == "code" &&
		(g.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) || g.redirect != r.FormValue("redirect_uri") || b.o.Now().After(g.until)) {
		b.yes(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	delete(b.tokens, given) // codes and refresh tokens count once
	access, refresh := b.id("access"), b.id("refresh")
	b.tokens[access] = &grant{kind: "access", consent: g.consent, until: b.o.Now().Add(b.o.TokenLife)}
	b.tokens[refresh] = &grant{kind: "refresh", consent: g.consent}
	b.yes(w, http.StatusOK, map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": int(b.o.TokenLife / time.Second), "refresh_token": refresh,
	})
}

// EndTokens makes the OAuth server forget all tokens and codes.
func (b *Bank) EndTokens() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.tokens)
}

// Subject is the person in front of the bank's pages.
type Subject struct{ bank *Bank }

// Subject returns the subject, whose browser trusts the bank.
func (b *Bank) Subject() Subject { return Subject{b} }

// Confirm opens the page at the address of a redirect step, confirms, and returns the query of the address that the bank
// sends the subject back to: what the host gets as a callback.
func (s Subject) Confirm(ctx context.Context, address string) (url.Values, error) {
	return s.decide(ctx, address, "confirm")
}

// Refuse is like Confirm, but the subject refuses.
func (s Subject) Refuse(ctx context.Context, address string) (url.Values, error) {
	return s.decide(ctx, address, "refuse")
}

func (s Subject) decide(ctx context.Context, address, decision string) (url.Values, error) {
	t := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.bank.roots, MinVersion: tls.VersionTLS12}}
	defer t.CloseIdleConnections()
	browser := &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	do := func(method, address, body string) (*http.Response, string, error) {
		req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
		if err != nil {
			return nil, "", err
		}
		if body != "" {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		resp, err := browser.Do(req)
		if err != nil {
			return nil, "", err
		}
		defer func() { _ = resp.Body.Close() }()
		page, err := io.ReadAll(resp.Body)
		return resp, string(page), err
	}
	resp, page, err := do(http.MethodGet, address, "")
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK || !strings.Contains(page, `value="`+decision+`"`) {
		return nil, fmt.Errorf("psd2test: the page has status %d or no button to %s", resp.StatusCode, decision)
	}
	resp, _, err = do(http.MethodPost, address, url.Values{"decision": {decision}}.Encode())
	if err != nil {
		return nil, err
	}
	to, err := resp.Location()
	if err != nil {
		return nil, errors.New("psd2test: the bank did not send the subject back")
	}
	return to.Query(), nil
}
