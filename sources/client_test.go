package sources_test

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math"
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
		{"DigiD in capitals, with a last point", on, []string{"bank.example"}, "https://MIJN.DigiD.NL./", "", sources.ErrHost},
		{"a last point", on, []string{"bank.example"}, "https://bank.example./", "", sources.ErrHost},
		{"wide letters", on, []string{"bank.example"}, "https://ｂａｎｋ.example/", "", sources.ErrHost},
		{"an address as one number", on, []string{"127.0.0.1"}, "https://2130706433/", "", sources.ErrHost},
		{"an IPv4 address as IPv6", on, []string{"127.0.0.1"}, "https://[::ffff:127.0.0.1]/", "", sources.ErrHost},
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
		"with a last point": "mijn.digid.nl.", "in wide letters": "ｄｉｇｉｄ.nl", "with another point": "digid。nl", "with an invisible sign": "digid.nl\u200b",
		"a wildcard": "*.bank.example", "a path": "bank.example/x", "nothing": "", "a URL": "https://bank.example", "no port": "bank.example:",
		"the name of a port": "bank.example:https", "a port in other digits": "bank.example:0443", "credentials": "a@bank.example",
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
	for _, host := range []string{"localhost", "127.0.0.1", "[::1]", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "0.0.0.0",
		"[::a00:1]", "[::ffff:0:a00:1]", "[2002:a00:1::]", "[fd00:ec2::254]", "[fe80::1]", "[fec0::1]", "168.63.129.16", "224.0.0.1", "255.255.255.255"} {
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
	mux.HandleFunc("/twice", to(302, "/own"))
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
		onlyHarmless(t, seen.Load().Header)
		assert.Equal(t, "text/plain", seen.Load().Header.Get("Accept"))
	})
	t.Run("whatever the source makes of CheckRedirect", func(t *testing.T) {
		for path, want := range map[string]error{"/other": nil, "/plain": sources.ErrHost, "/unlisted": sources.ErrHost, "/digid": sources.ErrHost} {
			c := session(t, o, hosts...).HTTP()
			c.CheckRedirect = func(*http.Request, []*http.Request) error { return nil }
			req, err := http.NewRequestWithContext(t.Context(), "GET", bank.URL+path+"?iban=canary", nil)
			require.NoError(t, err)
			req.Header.Set("PSU-IP-Address", "192.0.2.1")
			req.Header.Set("Cookie", "sid=canary")
			resp, err := c.Do(req)
			require.ErrorIs(t, err, want)
			if want == nil {
				require.NoError(t, resp.Body.Close())
				onlyHarmless(t, seen.Load().Header)
			}
		}
	})
	t.Run("as many as allowed", func(t *testing.T) {
		for n, want := range map[int]error{1: sources.ErrLimit, 2: nil} {
			o := o
			o.Limits.Redirects = n
			_, err := get(session(t, o, hosts...), bank.URL+"/twice")
			assert.ErrorIs(t, err, want)
		}
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

// onlyHarmless holds that nothing of the first origin travelled to the second.
func onlyHarmless(t *testing.T, h http.Header) {
	t.Helper()
	for name := range h {
		assert.Contains(t, []string{"Accept", "Accept-Encoding", "User-Agent"}, name)
	}
}

// A client is the caller's copy: what a source does to it neither reaches others nor keeps the session from closing.
func TestClientIsACopy(t *testing.T) {
	t.Parallel()
	s := session(t, sources.SessionOptions{}, "bank.example")
	c := s.HTTP()
	c.Jar, c.Transport, c.CheckRedirect = nil, http.DefaultTransport, nil
	assert.NotNil(t, s.HTTP().Jar)
	assert.NotEqual(t, http.DefaultTransport, s.HTTP().Transport)
	s.Close()
	s.Close()
}

// The certificate of the source comes before both ways in which a TLS configuration can hold one.
func TestClientCertificate(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(r.TLS.PeerCertificates[0].Raw)
	}))
	srv.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	srv.StartTLS()
	defer srv.Close()
	cert := srv.TLS.Certificates[0] // any pair will do
	o := loopback(srv)
	o.TLS.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		return nil, errors.New("the host's own")
	}
	o.ClientCertificate = func(id model.SourceID) (*tls.Certificate, error) {
		assert.Equal(t, model.SourceID("test"), id)
		return &cert, nil
	}
	got, err := get(session(t, sources.SessionOptions{HTTP: o}, hostOf(t, srv)), srv.URL)
	require.NoError(t, err)
	assert.Equal(t, string(cert.Certificate[0]), got)
}

func TestClientAnswers(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	srv := httptest.NewUnstartedServer(mux)
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	old := httptest.NewTLSServer(mux) // HTTP/1.1
	defer old.Close()
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
	mux.HandleFunc("/cutbody", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(make([]byte, 500))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		for range 500 { // never too long, never done
			_, _ = w.Write([]byte("x"))
			w.(http.Flusher).Flush()
			select {
			case <-time.After(20 * time.Millisecond):
			case <-r.Context().Done():
				return
			}
		}
	})
	mux.HandleFunc("/bomb", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write(make([]byte, 10<<20)) // some ten kilobytes
		_ = z.Close()
	})
	mux.HandleFunc("/headers", func(w http.ResponseWriter, r *http.Request) {
		for i := range 100 {
			w.Header().Set("X-"+strings.Repeat("a", i+1), strings.Repeat("x", 5000))
		}
	})
	for path, want := range map[string]error{
		"/small": nil, "/declared": sources.ErrTooLarge, "/chunked": sources.ErrTooLarge, "/bomb": sources.ErrTooLarge,
		"/never": context.DeadlineExceeded, "/slow": context.DeadlineExceeded,
		"/cut": sources.ErrUnavailable, "/cutbody": sources.ErrUnavailable, "/headers": sources.ErrUnavailable,
	} {
		for version, srv := range map[string]*httptest.Server{"HTTP 2": srv, "HTTP 1.1": old} {
			t.Run(path+" "+version, func(t *testing.T) {
				o := sources.SessionOptions{HTTP: loopback(srv), Limits: sources.Limits{ResponseBytes: 1000}}
				if path == "/never" || path == "/slow" {
					o.Limits.RequestTime = 300 * time.Millisecond
				}
				_, err := get(session(t, o, hostOf(t, srv)), srv.URL+path)
				assert.ErrorIs(t, err, want)
			})
		}
	}
	t.Run("a limit that is none", func(t *testing.T) {
		o := sources.SessionOptions{HTTP: loopback(srv), Limits: sources.Limits{ResponseBytes: math.MaxInt64}}
		got, err := get(session(t, o, hostOf(t, srv)), srv.URL+"/small")
		require.NoError(t, err)
		assert.Len(t, got, 1000)
	})
	for version, srv := range map[string]*httptest.Server{"HTTP 2": srv, "HTTP 1.1": old} {
		t.Run("ended after the time was over "+version, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/small", nil)
			require.NoError(t, err)
			resp, err := session(t, sources.SessionOptions{HTTP: loopback(srv)}, hostOf(t, srv)).HTTP().Do(req)
			require.NoError(t, err)
			defer resp.Body.Close()
			_, err = io.ReadFull(resp.Body, make([]byte, 10))
			require.NoError(t, err)
			cancel()
			_, err = io.ReadAll(resp.Body) // all of it is there already
			assert.ErrorIs(t, err, context.Canceled)
		})
		t.Run("ended after its time by the clock "+version, func(t *testing.T) {
			ctx := &lateTimer{Context: t.Context()}
			ctx.deadline.Store(time.Now().Add(30 * time.Second).UnixNano()) // before the client's own, which would hide it
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/small", nil)
			require.NoError(t, err)
			resp, err := session(t, sources.SessionOptions{HTTP: loopback(srv)}, hostOf(t, srv)).HTTP().Do(req)
			require.NoError(t, err)
			defer resp.Body.Close()
			_, err = io.ReadFull(resp.Body, make([]byte, 10))
			require.NoError(t, err)
			ctx.deadline.Store(time.Now().UnixNano())
			_, err = io.ReadAll(resp.Body)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		})
		t.Run("read once more after its end "+version, func(t *testing.T) {
			resp, err := session(t, sources.SessionOptions{HTTP: loopback(srv)}, hostOf(t, srv)).HTTP().Get(srv.URL + "/small")
			require.NoError(t, err)
			defer resp.Body.Close()
			for range 3 {
				_, err = io.ReadAll(resp.Body)
				assert.NoError(t, err)
			}
		})
	}
	t.Run("what was read before it broke off", func(t *testing.T) {
		got, err := get(session(t, sources.SessionOptions{HTTP: loopback(old)}, hostOf(t, old)), old.URL+"/cutbody")
		assert.Len(t, got, 500)
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
		assert.NotContains(t, err.Error(), "127.0.0.1")
	})
	t.Run("a certificate that nobody signed", func(t *testing.T) {
		_, err := get(session(t, sources.SessionOptions{HTTP: sources.HTTPOptions{InsecureLoopback: true}}, hostOf(t, srv)), srv.URL+"/small")
		assert.ErrorIs(t, err, sources.ErrUnavailable)
	})
}

// lateTimer is a context whose deadline has passed before it ends: its timer is late.
type lateTimer struct {
	context.Context
	deadline atomic.Int64
}

func (c *lateTimer) Deadline() (time.Time, bool) { return time.Unix(0, c.deadline.Load()), true }

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
	turn := make(chan struct{}, 8) // the handshakes of all at once could take longer than a client waits for one
	for i := range 50 {
		wg.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
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
			_, err = get(s, a.URL+"/")
			assert.ErrorIs(t, err, sources.ErrAdapter, "after the session was closed")
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
