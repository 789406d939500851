package sources

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/brondata/brondata/model"
)

// HTTPOptions configure the guarded HTTP client of every session. Each session has its own connections and its own
// cookies.
type HTTPOptions struct {
	// RootCAs and certificates of the client: a source's qualified website certificate under PSD2, for example. The
	// configuration is cloned; its MinVersion is raised to TLS 1.2.
	TLS *tls.Config
	// ClientCertificate returns the certificate that a source shows, nil for none. It overrides that of TLS.
	ClientCertificate func(model.SourceID) (*tls.Certificate, error)
	// UserAgent is sent where the source sets none; "brondata" by default. It should say who the host is.
	UserAgent string
	// InsecureLoopback allows addresses of this machine, and http to them, for tests against servers that they start
	// themselves. Hosts must be on the source's list all the same.
	InsecureLoopback bool
}

// newClient returns a client that can reach the hosts of the list and nothing else. What it enforces stands at each
// part: the URL, every redirect and what travels with it in guard.RoundTrip, the address in control, cookies in the jar.
func newClient(d Descriptor, o HTTPOptions, l Limits) (*http.Client, *guard, error) {
	hosts, err := newHostList(d.Hosts)
	if err != nil {
		return nil, nil, err
	}
	conf := o.TLS.Clone()
	if conf == nil {
		conf = &tls.Config{}
	}
	if conf.MinVersion < tls.VersionTLS12 {
		conf.MinVersion = tls.VersionTLS12
	}
	if o.ClientCertificate != nil {
		cert, err := o.ClientCertificate(d.ID)
		if err != nil {
			return nil, nil, Errorf(ErrAuthentication, "the client certificate cannot be had")
		}
		if cert != nil {
			conf.Certificates, conf.GetClientCertificate = []tls.Certificate{*cert}, nil
		}
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second, ControlContext: control(o.InsecureLoopback)}
	t := &http.Transport{
		Proxy:                  nil, // never from the environment: a proxy would see and choose hosts
		DialContext:            dialer.DialContext,
		TLSClientConfig:        conf,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        30 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  l.RequestTime,
		MaxResponseHeaderBytes: 256 << 10,
	}
	g := &guard{next: t, hosts: hosts, loopback: o.InsecureLoopback, max: l.ResponseBytes, agent: o.UserAgent}
	if g.agent == "" {
		g.agent = "brondata"
	}
	c := &http.Client{
		Transport: g,
		Jar:       &g.jar,
		Timeout:   l.RequestTime,
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > l.Redirects {
				return Errorf(ErrLimit, "more than %d redirects", l.Redirects)
			}
			return nil
		},
	}
	return c, g, nil
}

func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}

// originJar is a cookie jar per origin: a cookie goes back to the scheme, host and port that set it and nowhere else,
// whatever its Domain attribute says.
type originJar struct {
	mu   sync.Mutex
	jars map[string]http.CookieJar
}

func (j *originJar) of(u *url.URL) http.CookieJar {
	j.mu.Lock()
	defer j.mu.Unlock()
	o := origin(u)
	if j.jars[o] == nil {
		if j.jars == nil {
			j.jars = map[string]http.CookieJar{}
		}
		jar, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
		if err != nil {
			return nil // cookiejar.New cannot fail today; without a jar no cookie travels
		}
		j.jars[o] = jar
	}
	return j.jars[o]
}

// SetCookies implements [http.CookieJar].
func (j *originJar) SetCookies(u *url.URL, cs []*http.Cookie) {
	jar := j.of(u)
	if jar == nil {
		return
	}
	own := make([]*http.Cookie, len(cs))
	for i, c := range cs {
		d := *c
		d.Domain = ""
		own[i] = &d
	}
	jar.SetCookies(u, own)
}

// Cookies implements [http.CookieJar].
func (j *originJar) Cookies(u *url.URL) []*http.Cookie {
	if jar := j.of(u); jar != nil {
		return jar.Cookies(u)
	}
	return nil
}

func (j *originJar) clear() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.jars = nil
}

// guard checks each request, also each that a redirect makes, and caps each answer. It is the transport, and not the
// client's CheckRedirect, that says what follows a redirect: a source may set a CheckRedirect of its own.
type guard struct {
	next     *http.Transport
	jar      originJar
	hosts    hostList
	loopback bool
	max      int64
	agent    string
	closed   atomic.Bool
}

// RoundTrip implements [http.RoundTripper].
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if g.closed.Load() {
		return nil, Errorf(ErrAdapter, "a request after the session was closed")
	}
	if err := g.check(req.URL); err != nil {
		return nil, err
	}
	req, err := g.follow(req)
	if err != nil {
		return nil, err
	}
	if req.Header.Get("User-Agent") == "" {
		req = req.Clone(req.Context())
		req.Header.Set("User-Agent", g.agent)
	}
	resp, err := g.next.RoundTrip(req)
	if err != nil {
		return nil, transportError(req.Context(), err)
	}
	if resp.ContentLength > g.max {
		_ = resp.Body.Close()
		return nil, Errorf(ErrTooLarge, "an answer of more than %d bytes", g.max)
	}
	resp.Body = &cappedBody{ReadCloser: resp.Body, ctx: req.Context(), left: g.max, max: g.max}
	return resp, nil
}

// follow looks at a request that a redirect made. To another origin, or from https to http, nothing travels that could
// be a credential: net/http itself keeps headers for subdomains, and never strips ones that it does not know.
func (g *guard) follow(req *http.Request) (*http.Request, error) {
	if req.Response == nil || req.Response.Request == nil {
		return req, nil
	}
	last := req.Response.Request
	first := last
	for first.Response != nil && first.Response.Request != nil {
		first = first.Response.Request
	}
	if to := origin(req.URL); to == origin(last.URL) && to == origin(first.URL) {
		return req, nil
	}
	if req.Body != nil && req.Body != http.NoBody || (req.Method != http.MethodGet && req.Method != http.MethodHead) {
		return nil, Errorf(ErrHost, "a redirect with a body to another origin")
	}
	if last.URL.Scheme == "https" && req.URL.Scheme != "https" {
		return nil, Errorf(ErrHost, "a redirect from https to http")
	}
	req = req.Clone(req.Context())
	for name := range req.Header {
		switch name {
		case "Accept", "Accept-Language", "User-Agent":
		default:
			req.Header.Del(name)
		}
	}
	for _, c := range g.jar.Cookies(req.URL) { // those of the origin itself
		req.AddCookie(c)
	}
	return req, nil
}

func (g *guard) check(u *url.URL) error {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if isDigiD(host) {
		return Errorf(ErrHost, "DigiD is for the subject alone: no login goes through this library")
	}
	if u.User != nil {
		return Errorf(ErrHost, "an address with credentials in it")
	}
	local := g.loopback && isLoopbackName(host)
	switch {
	case u.Scheme == "https":
		if port == "" {
			port = "443"
		}
	case u.Scheme == "http" && local:
		if port == "" {
			port = "80"
		}
	default:
		return Errorf(ErrHost, "only https is allowed")
	}
	if !g.hosts[net.JoinHostPort(host, port)] {
		return Errorf(ErrHost, "a host that the source does not declare")
	}
	return nil
}

// isDigiD tells the hosts of the government's login. No allow-list overrides it: user names, passwords and codes of
// DigiD must never pass through this library.
func isDigiD(host string) bool {
	host = strings.TrimRight(host, ".")
	return host == "digid.nl" || strings.HasSuffix(host, ".digid.nl")
}

func isLoopbackName(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// hostList holds exact "host:port" pairs.
type hostList map[string]bool

func newHostList(hosts []string) (hostList, error) {
	l := hostList{}
	for _, h := range hosts {
		host, port, err := net.SplitHostPort(h)
		if err != nil {
			host, port = h, "443"
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port || n == 0 {
			return nil, fmt.Errorf("sources: a declared host has no port number after its colon: %w", ErrHost)
		}
		if _, err := netip.ParseAddr(host); err != nil {
			ascii, err := idna.Lookup.ToASCII(host)
			if err != nil || ascii == "" || strings.ContainsAny(ascii, "*/@ ") {
				return nil, fmt.Errorf("sources: a declared host is not a host name: %w", ErrHost)
			}
			host = ascii
		}
		if isDigiD(host) {
			return nil, fmt.Errorf("sources: a declared host is one of DigiD: %w", ErrHost)
		}
		l[net.JoinHostPort(host, port)] = true
	}
	return l, nil
}

// control looks at the address that a name resolved to, just before the connection is made: a name on the list must not
// lead into the host's own network.
func control(loopback bool) func(context.Context, string, string, syscall.RawConn) error {
	return func(_ context.Context, _, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return Errorf(ErrHost, "an address that cannot be checked")
		}
		a := ap.Addr().Unmap()
		if loopback && a.IsLoopback() {
			return nil
		}
		if !public(a) {
			return Errorf(ErrHost, "a name that leads to an address that is not public")
		}
		return nil
	}
}

// special are the ranges of the IANA special-purpose address registries (RFC 6890 and its successors) that netip's own
// predicates do not cover.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("3fff::/20"),
	netip.MustParsePrefix("168.63.129.16/32"), // no special range, but where one cloud has its instances' own service
}

// global is what has been given out of IPv6. Outside it are, among others, the many ways to write an IPv4 address.
var global = netip.MustParsePrefix("2000::/3")

func public(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.Zone() != "" || a.Is6() && !global.Contains(a) {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// transportError keeps addresses and texts of the transport out: they can hold query strings and host names of the
// institution's inner network.
func transportError(ctx context.Context, err error) error {
	if over := overtime(ctx); over != nil {
		return over
	}
	if d, ok := errors.AsType[*detail](err); ok {
		return d
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return Errorf(ErrUnavailable, "the server's certificate is not trusted")
	}
	if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
		return context.DeadlineExceeded // a connection may notice it a moment before the context does
	}
	return Errorf(ErrUnavailable, "the connection failed")
}

// overtime is the error of a context that has ended, or that should have by the clock: the client's Timeout closes the connection
// by a timer of its own, which may fire before the one that ends the context.
func overtime(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if at, ok := ctx.Deadline(); ok && !time.Now().Before(at) {
		return context.DeadlineExceeded
	}
	return nil
}

// cappedBody ends an answer that is longer than it may be, or that was not over in time, with an error, not silently, and
// gives its errors a sentinel.
type cappedBody struct {
	io.ReadCloser
	ctx       context.Context // of the request, which net/http ends after the body
	left, max int64
	ended     bool
}

func (b *cappedBody) Read(p []byte) (int, error) {
	if int64(len(p))-1 > b.left {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, Errorf(ErrTooLarge, "an answer of more than %d bytes", b.max)
	}
	switch {
	case err == nil:
		return n, nil
	case err == io.EOF:
		// A server that notices how the client goes away may end its answer properly, a moment before the connection is
		// closed: what came is then a part that looks like the whole.
		if over := overtime(b.ctx); over != nil && !b.ended {
			return n, over
		}
		b.ended = true
		return n, io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF): // which a source may want to know
		return n, fmt.Errorf("%w: %w", Errorf(ErrUnavailable, "the answer broke off"), io.ErrUnexpectedEOF)
	}
	return n, transportError(b.ctx, err)
}

// StatusError maps a status of HTTP to a sentinel; nil for 2xx, but for 206: it is a part, which may look like the whole, and a
// source that asks for parts knows that. Sources use it for answers without an error body of a format that they know.
func StatusError(status int) error {
	switch {
	case status >= 200 && status < 300 && status != http.StatusPartialContent:
		return nil
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return Errorf(ErrAuthentication, "status %d", status)
	case status == http.StatusNotFound || status == http.StatusGone:
		return Errorf(ErrNotProvided, "status %d", status)
	case status == http.StatusTooManyRequests:
		return Errorf(ErrThrottled, "status %d", status)
	case status >= 500:
		return Errorf(ErrUnavailable, "status %d", status)
	}
	return Errorf(ErrUnexpected, "status %d", status)
}
