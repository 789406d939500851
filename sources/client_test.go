package sources_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// hostOf returns host and port of a test server.
func hostOf(t testing.TB, s *httptest.Server) string {
	t.Helper()
	u, err := url.Parse(s.URL)
	require.NoError(t, err)
	return u.Host
}

// loopback returns options that reach the given TLS servers.
func loopback(servers ...*httptest.Server) sources.HTTPOptions {
	pool := x509.NewCertPool()
	for _, s := range servers {
		if s.Certificate() != nil {
			pool.AddCert(s.Certificate())
		}
	}
	return sources.HTTPOptions{TLS: &tls.Config{RootCAs: pool}, InsecureLoopback: true}
}

func session(t testing.TB, o sources.SessionOptions, hosts ...string) *sources.Session {
	t.Helper()
	s, err := sources.NewSession(sources.Descriptor{ID: "test", Institution: "test", Method: model.API, Hosts: hosts}, o)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

func get(s *sources.Session, url string) (string, error) {
	resp, err := s.HTTP().Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

func TestClientHosts(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "plain") }))
	t.Cleanup(plain.Close)
	tlsSrv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "tls") }))
	t.Cleanup(tlsSrv.Close)
	on := loopback(tlsSrv)
	off := on
	off.InsecureLoopback = false

	for _, tc := range []struct {
		name  string
		http  sources.HTTPOptions
		hosts []string
		url   string
		want  string
		err   error
	}{
		{"https on the list", on, []string{hostOf(t, tlsSrv)}, tlsSrv.URL, "tls", nil},
		{"http to loopback in a test", on, []string{hostOf(t, plain)}, plain.URL, "plain", nil},
		{"http without the test option", off, []string{hostOf(t, plain)}, plain.URL, "", sources.ErrHost},
		{"loopback without the test option", off, []string{hostOf(t, tlsSrv)}, tlsSrv.URL, "", sources.ErrHost},
		{"another port of the same host", on, []string{"127.0.0.1:1"}, tlsSrv.URL, "", sources.ErrHost},
		{"a host that is not listed", on, []string{"bank.example"}, tlsSrv.URL, "", sources.ErrHost},
		{"a subdomain of a listed host", on, []string{"bank.example"}, "https://evil.bank.example/", "", sources.ErrHost},
		{"credentials in the address", on, []string{hostOf(t, tlsSrv)}, strings.Replace(tlsSrv.URL, "https://", "https://a:b@", 1), "", sources.ErrHost},
		{"DigiD", on, []string{"bank.example"}, "https://mijn.digid.nl/inloggen", "", sources.ErrHost},
		{"another scheme", on, []string{"bank.example"}, "ftp://bank.example/", "", sources.ErrUnexpected},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := get(session(t, sources.SessionOptions{HTTP: tc.http}, tc.hosts...), tc.url)
			if tc.err == nil {
				require.NoError(t, err)
				assert.Equal(t, tc.want, got)
				return
			}
			require.Error(t, err)
			if tc.err != sources.ErrUnexpected {
				assert.ErrorIs(t, err, tc.err)
			}
		})
	}
}

func TestClientDeclaredHosts(t *testing.T) {
	t.Parallel()
	for name, host := range map[string]string{
		"DigiD": "digid.nl", "a host of DigiD": "mijn.digid.nl", "with a port": "mijn.digid.nl:443", "in capitals": "MIJN.DIGID.NL",
		"a wildcard": "*.bank.example", "a path": "bank.example/x", "nothing": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := sources.NewSession(sources.Descriptor{ID: "test", Hosts: []string{host}}, sources.SessionOptions{})
			assert.ErrorIs(t, err, sources.ErrHost)
		})
	}
}

// A name on the list that leads to an address of the host's own network is refused when the connection is made: localhost
// is such a name on every machine.
func TestClientAddressAtDial(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"localhost", "127.0.0.1", "[::1]", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "0.0.0.0"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			s := session(t, sources.SessionOptions{}, host+":443")
			_, err := get(s, "https://"+host+"/")
			assert.ErrorIs(t, err, sources.ErrHost)
		})
	}
}

func TestClientRedirects(t *testing.T) {
	t.Parallel()
	var seen atomic.Pointer[http.Request]
	other := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r.Clone(context.Background()))
		_, _ = io.WriteString(w, "other")
	}))
	defer other.Close()
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "plain") }))
	t.Cleanup(plain.Close)
	mux := http.NewServeMux()
	bank := httptest.NewTLSServer(mux)
	defer bank.Close()
	to := func(code int, target string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target, code) }
	}
	mux.HandleFunc("/other", to(302, other.URL+"/x"))
	mux.HandleFunc("/plain", to(302, plain.URL+"/x"))
	mux.HandleFunc("/unlisted", to(302, "https://unlisted.example/x"))
	mux.HandleFunc("/digid", to(302, "https://mijn.digid.nl/x"))
	mux.HandleFunc("/loop", to(302, "/loop"))
	mux.HandleFunc("/own", to(302, "/echo"))
	mux.HandleFunc("/body", to(307, other.URL+"/x"))
	mux.HandleFunc("/ownbody", to(307, "/echo"))
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, r.Header.Get("Authorization")+string(b))
	})
	o := sources.SessionOptions{HTTP: loopback(bank, other)}
	hosts := []string{hostOf(t, bank), hostOf(t, other), hostOf(t, plain)}

	do := func(t *testing.T, method, path, body string) (string, error) {
		s := session(t, o, hosts...)
		req, err := http.NewRequestWithContext(t.Context(), method, bank.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer canary")
		req.Header.Set("Consent-ID", "canary")
		req.Header.Set("Accept", "text/plain")
		resp, err := s.HTTP().Do(req)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return string(b), err
	}
	t.Run("to another listed origin without credentials", func(t *testing.T) {
		got, err := do(t, "GET", "/other", "")
		require.NoError(t, err)
		assert.Equal(t, "other", got)
		h := seen.Load().Header
		assert.Empty(t, h.Get("Authorization"))
		assert.Empty(t, h.Get("Consent-ID"))
		assert.Empty(t, h.Get("Cookie"))
		assert.Equal(t, "text/plain", h.Get("Accept"))
	})
	t.Run("within the origin with credentials", func(t *testing.T) {
		got, err := do(t, "GET", "/own", "")
		require.NoError(t, err)
		assert.Equal(t, "Bearer canary", got)
	})
	t.Run("a body within the origin", func(t *testing.T) {
		got, err := do(t, "POST", "/ownbody", "text")
		require.NoError(t, err)
		assert.Equal(t, "Bearer canarytext", got)
	})
	for name, tc := range map[string]struct {
		method, path, body string
		err                error
	}{
		"from https to http":       {"GET", "/plain", "", sources.ErrHost},
		"to a host not listed":     {"GET", "/unlisted", "", sources.ErrHost},
		"to DigiD":                 {"GET", "/digid", "", sources.ErrHost},
		"for ever":                 {"GET", "/loop", "", sources.ErrLimit},
		"a body to another origin": {"POST", "/body", "text", sources.ErrHost},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := do(t, tc.method, tc.path, tc.body)
			assert.ErrorIs(t, err, tc.err)
		})
	}
}

func TestClientAnswers(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	srv := httptest.NewTLSServer(mux)
	defer srv.Close()
	stop := make(chan struct{})
	defer close(stop)
	mux.HandleFunc("/small", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(make([]byte, 1000)) })
	mux.HandleFunc("/declared", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(make([]byte, 1001)) })
	mux.HandleFunc("/chunked", func(w http.ResponseWriter, r *http.Request) {
		for range 3 {
			_, _ = w.Write(make([]byte, 500))
			w.(http.Flusher).Flush()
		}
	})
	mux.HandleFunc("/never", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	for path, want := range map[string]error{
		"/small": nil, "/declared": sources.ErrTooLarge, "/chunked": sources.ErrTooLarge, "/never": sources.ErrUnavailable, "/cut": sources.ErrUnavailable,
	} {
		t.Run(path, func(t *testing.T) {
			o := sources.SessionOptions{HTTP: loopback(srv), Limits: sources.Limits{ResponseBytes: 1000}}
			if path == "/never" {
				o.Limits.RequestTime = 300 * time.Millisecond
			}
			_, err := get(session(t, o, hostOf(t, srv)), srv.URL+path)
			if want == nil {
				assert.NoError(t, err)
				return
			}
			assert.True(t, errors.Is(err, want) || want == sources.ErrUnavailable && errors.Is(err, context.DeadlineExceeded), "%v", err)
		})
	}
	t.Run("a certificate that nobody signed", func(t *testing.T) {
		_, err := get(session(t, sources.SessionOptions{HTTP: sources.HTTPOptions{InsecureLoopback: true}}, hostOf(t, srv)), srv.URL+"/small")
		assert.ErrorIs(t, err, sources.ErrUnavailable)
	})
}

// Many sessions at once never see one another's cookies, and a cookie for a whole domain goes back to its origin only.
func TestClientCookies(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v := r.URL.Query().Get("set"); v != "" {
			http.SetCookie(w, &http.Cookie{Name: "s", Value: v, Path: "/", Domain: "127.0.0.1"})
			return
		}
		for _, c := range r.Cookies() {
			_, _ = io.WriteString(w, c.Value)
		}
	})
	a, b := httptest.NewTLSServer(handler), httptest.NewTLSServer(handler)
	defer a.Close()
	defer b.Close()
	o := sources.SessionOptions{HTTP: loopback(a, b)}
	hosts := []string{hostOf(t, a), hostOf(t, b)}
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			s := session(t, o, hosts...)
			own := "canary" + string(rune('A'+i%26)) + string(rune('a'+i/26))
			_, err := get(s, a.URL+"/?set="+own)
			assert.NoError(t, err)
			got, err := get(s, a.URL+"/")
			assert.NoError(t, err)
			assert.Equal(t, own, got)
			got, err = get(s, b.URL+"/")
			assert.NoError(t, err)
			assert.Empty(t, got, "the other origin of the same host")
			s.Close()
			got, err = get(s, a.URL+"/")
			assert.NoError(t, err)
			assert.Empty(t, got, "after the session was closed")
		})
	}
	wg.Wait()
}

func TestHandover(t *testing.T) {
	t.Parallel()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("Cookie")+"|"+r.UserAgent())
	}))
	defer srv.Close()
	d := sources.Descriptor{ID: "portal", Institution: "portal", Method: model.Scrape, Hosts: []string{hostOf(t, srv)}}
	open := func(h sources.Handover) (*sources.Session, error) {
		return sources.NewSession(d, sources.SessionOptions{HTTP: loopback(srv), Handover: &h})
	}
	s, err := open(sources.Handover{URL: srv.URL + "/start", Cookies: crypto.NewSecretString("sid=1; lang=nl"), UserAgent: "Browser"})
	require.NoError(t, err)
	defer s.Close()
	got, err := get(s, srv.URL+"/deep/page")
	require.NoError(t, err)
	assert.Equal(t, "sid=1; lang=nl|Browser", got)

	_, err = open(sources.Handover{URL: "https://mijn.digid.nl/", Cookies: crypto.NewSecretString("a=b")})
	assert.ErrorIs(t, err, sources.ErrHost)
	_, err = open(sources.Handover{URL: "https://elsewhere.example/", Cookies: crypto.NewSecretString("a=b")})
	assert.ErrorIs(t, err, sources.ErrHost)
	_, err = open(sources.Handover{URL: srv.URL, Cookies: crypto.NewSecretString("\x00canary")})
	assert.ErrorIs(t, err, sources.ErrAuthentication)
	assert.NotContains(t, err.Error(), "canary")
}
