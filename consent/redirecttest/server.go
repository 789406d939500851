package redirecttest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Client is the one client that the server knows: its id, its secret, and the redirect address that it registered.
const (
	ClientID     = "client-1"
	ClientSecret = "a secret: with % signs"
	RedirectURI  = "https://host.example/callback"
)

// Server is a fake authorisation server. Safe for concurrent use.
type Server struct {
	http *httptest.Server

	mu        sync.Mutex
	b         Behaviour
	codes     map[string]*code
	refresh   map[string]*family // refresh token → its family
	access    map[string]*family
	revoked   []string
	requests  int
	confusion []string
}

// code is an authorisation that was not redeemed yet.
type code struct{ challenge, redirect, nonce string }

// family is the tokens that descend from one authorisation.
type family struct {
	dead    bool
	current string          // the newest refresh token
	old     map[string]bool // those before it that still work
}

// New starts a server that is closed when the test ends.
func New(t testing.TB, b Behaviour) *Server {
	t.Helper()
	s := &Server{b: b, codes: map[string]*code{}, refresh: map[string]*family{}, access: map[string]*family{}}
	mux := http.NewServeMux()
	well := "/.well-known/oauth-authorization-server/as"
	if b.OpenIDPlace {
		well = "/as/.well-known/openid-configuration"
	}
	mux.HandleFunc("GET "+well, s.metadata)
	for _, prefix := range []string{"", "/mtls"} {
		mux.HandleFunc("POST /as"+prefix+"/token", s.token)
		mux.HandleFunc("POST /as"+prefix+"/revoke", s.revoke)
	}
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { s.note("a redirect was followed") })
	s.http = httptest.NewServer(mux)
	t.Cleanup(s.http.Close)
	return s
}

// Issuer is the server's issuer.
func (s *Server) Issuer() string { return s.http.URL + "/as" }

// Behave changes the behaviour from now on.
func (s *Server) Behave(b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b = b
}

func (s *Server) behaviour() Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b
}

func (s *Server) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.confusion = append(s.confusion, what)
}

// Confusion returns what a client did that no client may do: a wrong verifier, a reused code, a followed redirect.
func (s *Server) Confusion() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.confusion...)
}

// TokenRequests returns how many requests the token endpoint got.
func (s *Server) TokenRequests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Accepts reports whether the institution would take the access token. The first time that one is taken which came with a
// rotated refresh token, the older refresh tokens end.
func (s *Server) Accepts(access string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.access[access]
	return f != nil && !f.dead
}

// Revoked returns the tokens that were revoked, in order.
func (s *Server) Revoked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.revoked...)
}

func (s *Server) metadata(w http.ResponseWriter, _ *http.Request) {
	b := s.behaviour()
	m := map[string]any{
		"issuer": s.Issuer(), "authorization_endpoint": s.Issuer() + "/authorize", "token_endpoint": s.Issuer() + "/token",
		"code_challenge_methods_supported": []string{"S256"}, "authorization_response_iss_parameter_supported": !b.NoIssParameter,
	}
	if !b.NoRevocation {
		m["revocation_endpoint"] = s.Issuer() + "/revoke"
	}
	if b.MetadataIssuer != "" {
		m["issuer"] = b.MetadataIssuer
	}
	if b.NoS256 {
		m["code_challenge_methods_supported"] = []string{"plain"}
	}
	if b.PlainEndpoint {
		m["token_endpoint"] = "http://as.example/token"
	}
	if b.CertificateBound {
		m["tls_client_certificate_bound_access_tokens"] = true
	}
	if b.MTLSAliases {
		m["mtls_endpoint_aliases"] = map[string]string{
			"token_endpoint": s.Issuer() + "/mtls/token", "revocation_endpoint": s.Issuer() + "/mtls/revoke",
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(m)
}

// Authorize does what the subject's browser does with the address of an authorisation request, the subject saying yes, and
// returns the query that it comes back with. A request that is wrong fails the test.
func (s *Server) Authorize(t testing.TB, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(address, s.Issuer()+"/authorize?") {
		t.Fatalf("redirecttest: not an authorisation request to this server")
	}
	q := u.Query()
	for name, want := range map[string]string{
		"response_type": "code", "client_id": ClientID, "redirect_uri": RedirectURI, "code_challenge_method": "S256",
	} {
		if q.Get(name) != want {
			t.Fatalf("redirecttest: authorisation request: %s is %q, want %q", name, q.Get(name), want)
		}
	}
	if len(q.Get("code_challenge")) != 43 || len(q.Get("state")) < 43 {
		t.Fatalf("redirecttest: authorisation request: code_challenge or state is too short")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	made := "code-" + rand.Text()
	s.codes[made] = &code{challenge: q.Get("code_challenge"), redirect: q.Get("redirect_uri"), nonce: q.Get("nonce")}
	return s.callback(made, q.Get("state"))
}

func (s *Server) callback(made, state string) url.Values {
	b := s.b
	out := url.Values{"state": {state}, "code": {made}}
	if !b.NoIssParameter {
		out.Set("iss", s.Issuer())
	}
	switch {
	case b.CallbackIss == "slash":
		out.Set("iss", s.Issuer()+"/")
	case b.CallbackIss != "":
		out.Set("iss", b.CallbackIss)
	case b.OmitIss:
		out.Del("iss")
	}
	if b.CallbackState != "" {
		out.Set("state", b.CallbackState)
	}
	if b.InjectCode != "" {
		out.Set("code", b.InjectCode)
	}
	if b.Deny != "" {
		out.Del("code")
		out.Set("error", b.Deny)
		out.Set("error_description", Canary)
	}
	if b.OmitState {
		out.Del("state")
	}
	if b.OmitCode {
		out.Del("code")
	}
	if b.TwoCodes {
		out.Add("code", "another")
	}
	if b.TwoStates {
		out.Add("state", "another")
	}
	return out
}

// refuse answers with an OAuth error.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": Canary})
}

// client reports whether the request is the client's: by the secret in header or body, or, at the endpoints for that, by a
// certificate, which is not asked for here.
func (s *Server) client(r *http.Request) bool {
	if id, secret, ok := r.BasicAuth(); ok {
		id, err1 := url.QueryUnescape(id)
		secret, err2 := url.QueryUnescape(secret)
		return err1 == nil && err2 == nil && id == ClientID && secret == ClientSecret && r.PostForm.Get("client_secret") == ""
	}
	if strings.Contains(r.URL.Path, "/mtls/") {
		return r.PostForm.Get("client_id") == ClientID && r.PostForm.Get("client_secret") == ""
	}
	return r.PostForm.Get("client_id") == ClientID && r.PostForm.Get("client_secret") == ClientSecret
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	b := s.b
	if r.ParseForm() != nil || r.URL.RawQuery != "" || !s.client(r) {
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	switch {
	case b.TokenRedirect != "":
		http.Redirect(w, r, b.TokenRedirect, http.StatusTemporaryRedirect)
		return
	case b.Huge:
		_, _ = w.Write([]byte(`{"access_token":"` + strings.Repeat("x", 10<<20) + `"}`))
		return
	case b.TokenBody != "" || b.TokenStatus != 0:
		w.Header().Set("Content-Type", "application/json")
		if b.TokenStatus != 0 {
			w.WriteHeader(b.TokenStatus)
		}
		_, _ = w.Write([]byte(b.TokenBody))
		return
	}
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		s.redeem(w, r)
	case "refresh_token":
		s.renew(w, r)
	default:
		refuse(w, http.StatusBadRequest, "unsupported_grant_type")
	}
}

func (s *Server) redeem(w http.ResponseWriter, r *http.Request) {
	c := s.codes[r.PostForm.Get("code")]
	if c == nil {
		s.confusion = append(s.confusion, "an unknown or used code was redeemed")
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	delete(s.codes, r.PostForm.Get("code"))
	sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	if base64.RawURLEncoding.EncodeToString(sum[:]) != c.challenge || r.PostForm.Get("redirect_uri") != c.redirect {
		s.confusion = append(s.confusion, "a code was redeemed with a verifier or address that is not its own")
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	s.give(w, &family{old: map[string]bool{}}, c.nonce)
}

func (s *Server) renew(w http.ResponseWriter, r *http.Request) {
	if s.b.FailRefreshes > 0 {
		s.b.FailRefreshes--
		refuse(w, http.StatusServiceUnavailable, "temporarily_unavailable")
		return
	}
	given := r.PostForm.Get("refresh_token")
	f := s.refresh[given]
	switch {
	case f == nil || f.dead:
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	case given != f.current && !f.old[given]:
		if s.b.Strict {
			f.dead = true
			s.confusion = append(s.confusion, "a refresh token was used twice")
		}
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	if given == f.current {
		clear(f.old) // the newest one was used: those before it have done their duty
	}
	s.give(w, f, "")
}

// give answers with new tokens of a family.
func (s *Server) give(w http.ResponseWriter, f *family, nonce string) {
	b := s.b
	out := map[string]any{"token_type": "Bearer", "expires_in": 300}
	if b.TokenType != "" {
		out["token_type"] = b.TokenType
	}
	if b.ExpiresIn != "" {
		out["expires_in"] = json.RawMessage(b.ExpiresIn)
	}
	if b.NoExpiresIn {
		delete(out, "expires_in")
	}
	access := "access-" + rand.Text()
	if b.Thumbprint != "" {
		access = jwt("ES256", map[string]any{"jti": rand.Text(), "cnf": map[string]string{"x5t#S256": b.Thumbprint}})
	}
	out["access_token"] = access
	s.access[access] = f
	if first := f.current == ""; !b.NoRefreshToken && (first || b.Rotate || b.Strict) {
		token := "refresh-" + rand.Text()
		if !first && !b.Strict {
			f.old[f.current] = true
		}
		f.current = token
		s.refresh[token] = f
		out["refresh_token"] = token
	}
	if b.OpenID && nonce != "" && !b.OmitIDToken {
		out["id_token"] = s.idToken(nonce)
	}
	if b.LoseAnswers > 0 && nonce == "" {
		s.b.LoseAnswers--
		panic(http.ErrAbortHandler) // the connection breaks
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out)
}

func (s *Server) idToken(nonce string) string {
	b := s.b
	now := time.Now()
	claims := map[string]any{
		"iss": s.Issuer(), "aud": ClientID, "sub": Canary, "nonce": nonce, "exp": now.Add(time.Minute).Unix(), "iat": now.Unix(),
	}
	for name, over := range map[string]string{"iss": b.IDIssuer, "nonce": b.IDNonce} {
		if over != "" {
			claims[name] = over
		}
	}
	if b.IDAudience != "" {
		claims["aud"] = json.RawMessage(b.IDAudience)
	}
	if b.OmitNonce {
		delete(claims, "nonce")
	}
	if b.IDExpired {
		claims["exp"] = now.Add(-time.Minute).Unix()
	}
	if b.IDFuture {
		maps.Copy(claims, map[string]any{"iat": now.Add(time.Hour).Unix(), "exp": now.Add(2 * time.Hour).Unix()})
	}
	if b.IDAlgorithm != "" {
		return jwt(b.IDAlgorithm, claims)
	}
	return jwt("PS256", claims)
}

// jwt has the form of a signed JWT. Nobody here checks the signature: see [Server].
func jwt(alg string, claims map[string]any) string {
	h, _ := json.Marshal(map[string]string{"alg": alg, "typ": "JWT"})
	c, _ := json.Marshal(claims)
	e := base64.RawURLEncoding
	return fmt.Sprintf("%s.%s.%s", e.EncodeToString(h), e.EncodeToString(c), e.EncodeToString([]byte("signature")))
}

func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.ParseForm() != nil || !s.client(r) {
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	if s.b.RevocationStatus != 0 {
		refuse(w, s.b.RevocationStatus, "server_error")
		return
	}
	token := r.PostForm.Get("token")
	if s.b.OnlyRefresh && s.access[token] != nil {
		refuse(w, http.StatusBadRequest, "unsupported_token_type")
		return
	}
	for _, m := range []map[string]*family{s.refresh, s.access} {
		if f := m[token]; f != nil {
			f.dead = true
		}
	}
	s.revoked = append(s.revoked, token) // a token that nobody knows is a success too (RFC 7009 §2.2)
}
