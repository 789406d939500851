package psd2

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/internal/jsonscan"
	"github.com/brondata/brondata/sources"
)

// client makes the calls of one session.
type client struct {
	source  *Source
	session *sources.Session
	state   *state
	token   *token        // the bearer token of the consent that is used, nil where the bank has none
	waited  time.Duration // because the bank asked for patience
}

// request is one call to the bank's interface.
type request struct {
	method  string
	url     string
	consent string // Consent-ID; "" for calls about the consent itself
	header  map[string]string
	body    []byte // JSON; nil for none. It is overwritten after the call: it can hold credentials
	list    bool   // the answer is a page of a list, which may be large: close it
}

// answer is what came back with a status of 2xx.
type answer struct {
	url    *url.URL // of the request, as links are resolved against it
	status int
	media  string // the media type without parameters
	header http.Header
	body   sources.Content
	cut    bool // the connection ended before the answer did
}

// maxAnswer bounds what the bank says of a consent, and maxError what it says with an error.
const (
	maxAnswer = 4 << 20
	maxError  = 64 << 10
)

// close forgets the body of a page of a list.
func (a *answer) close() {
	if c, ok := a.body.(io.Closer); ok {
		_ = c.Close() // what could fail is to remove a file without a name, under a key that nobody has
	}
}

// head returns the first n bytes of the body, or all of it.
func (a *answer) head(n int64) []byte {
	b := make([]byte, min(n, a.body.Size()))
	n2, _ := a.body.ReadAt(b, 0) // who reads the rest will meet the error
	return b[:n2]
}

// bytes returns the whole body. It is for the time of reading: while others do, the body need not be in memory.
func (a *answer) bytes(ctx context.Context) ([]byte, error) {
	return sources.Document{Body: a.body}.Bytes(ctx, maxDocument)
}

// whole reads an answer to its end, or to where the connection ended.
type whole struct {
	io.Reader
	cut bool
}

func (w *whole) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		w.cut, err = true, io.EOF
	}
	return n, err
}

// do makes the call. Errors hold nothing of the answer and nothing of the address, which names accounts.
func (c *client) do(ctx context.Context, r request) (*answer, error) {
	defer clear(r.body)
	a, err := c.patient(ctx, r)
	if e, ok := errors.AsType[*apiError](err); ok && e.has("TOKEN_EXPIRED", "TOKEN_INVALID") && r.body == nil && c.renewable() {
		// The bank ended the access token before its time. A new one is tried once; a call with a body is not repeated.
		if err := c.refresh(ctx); err != nil {
			return nil, err
		}
		return c.patient(ctx, r)
	}
	return a, err
}

func (c *client) send(ctx context.Context, r request) (*answer, error) {
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, body)
	if err != nil {
		return nil, sources.Errorf(sources.ErrMalformed, "a link that is no address")
	}
	if !c.source.own(req.URL) {
		// The consent and the token are for the bank's interface; another host of the source is still another party.
		return nil, sources.Errorf(sources.ErrHost, "a link of the interface to another origin")
	}
	id, err := requestID()
	if err != nil {
		return nil, err
	}
	h := req.Header
	h.Set("X-Request-ID", id)
	h.Set("Accept", "application/json")
	if r.body != nil {
		h.Set("Content-Type", "application/json")
	}
	if r.consent != "" {
		h.Set("Consent-ID", r.consent)
	}
	if c.token != nil {
		h.Set("Authorization", "Bearer "+c.token.Access)
	}
	for name, v := range r.header {
		h.Set(name, v)
	}
	present(h, c.session.Attended())
	if err := c.source.prepare(req); err != nil {
		return nil, err
	}
	doer := *c.session.HTTP()
	if r.method != http.MethodGet {
		// net/http would go on with GET, and a page that comes of it would pass for what was asked, a deletion for example.
		doer.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	resp, err := doer.Do(req)
	if err != nil {
		return nil, transportError(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	a := &answer{url: req.URL, status: resp.StatusCode, header: resp.Header}
	a.media, _, _ = mime.ParseMediaType(resp.Header.Get("Content-Type")) // an unreadable type is an unknown one
	if a.status/100 != 2 {
		body, err := io.ReadAll(io.LimitReader(resp.Body, maxError+1))
		if err != nil {
			return nil, transportError(ctx, err)
		}
		e := failure(ctx, a.status, body)
		a.body = sources.BytesContent(body)
		e.page = isPage(a) != nil
		if a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable {
			if after, ok := retryAfter(resp.Header, c.session.Now()); ok {
				return nil, e.later(after)
			}
		}
		return nil, e
	}
	if r.list && a.status != http.StatusOK {
		// A part of a list (206), what something between changed (203), or a promise of one (202).
		return nil, sources.Errorf(sources.ErrUnexpected, "a list is answered with status %d", a.status)
	}
	limits := c.session.Limits()
	memory, most := int64(maxAnswer), min(maxAnswer, limits.ResponseBytes)
	if r.list {
		memory, most = limits.MemoryBytes, limits.ResponseBytes
	}
	in := &whole{Reader: resp.Body}
	spool, err := sources.NewSpool(ctx, in, memory, most)
	if err != nil {
		return nil, transportError(ctx, err)
	}
	a.body, a.cut = spool, in.cut
	if err := ctx.Err(); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

// transportError takes the address out of an error of net/http and tells a bank that is silent from a collection that was
// cancelled or is over.
func transportError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, s := range []error{sources.ErrHost, sources.ErrTooLarge, sources.ErrLimit, sources.ErrAuthentication, sources.ErrUnavailable} {
		if errors.Is(err, s) {
			if u, ok := errors.AsType[*url.Error](err); ok {
				return u.Err
			}
			return err
		}
	}
	if t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); ok && t.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return sources.Errorf(sources.ErrUnavailable, "no answer in time")
	}
	return sources.Errorf(sources.ErrUnavailable, "the connection failed")
}

// requestID makes a UUID of version 4 (RFC 9562 §5.4), unique per call as the specification requires of X-Request-ID.
func requestID() (string, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", sources.Errorf(sources.ErrUnexpected, "no random numbers")
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:], nil
}

var (
	geoForm  = regexp.MustCompile(`^GEO:-?[0-9]{1,2}\.[0-9]{6};-?[0-9]{1,3}\.[0-9]{6}$`)
	uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// attended reports whether the bank is told that the subject is there.
func attended(p *consent.Presence) bool { return p != nil && p.IPAddress.IsValid() }

// present tells the bank that the subject made the request, if and only if they did: the bank counts the other calls. What
// is not of the form of its header is left out, since it comes from the subject's device.
func present(h http.Header, p *consent.Presence) {
	if !attended(p) {
		return
	}
	set := func(name, v string, ok bool) {
		if v != "" && ok && len(v) <= 1024 && httpguts.ValidHeaderFieldValue(v) {
			h.Set(name, v)
		}
	}
	h.Set("PSU-IP-Address", p.IPAddress.Unmap().WithZone("").String())
	set("PSU-IP-Port", strconv.Itoa(int(p.Port)), p.Port != 0)
	set("PSU-User-Agent", p.UserAgent, true)
	set("PSU-Accept", p.Accept, true)
	set("PSU-Accept-Charset", p.AcceptCharset, true)
	set("PSU-Accept-Encoding", p.AcceptEncoding, true)
	set("PSU-Accept-Language", p.AcceptLanguage, true)
	switch m := strings.ToUpper(p.Method); m {
	case "GET", "POST", "PUT", "PATCH", "DELETE":
		set("PSU-Http-Method", m, true)
	}
	set("PSU-Device-ID", p.DeviceID, uuidForm.MatchString(p.DeviceID))
	set("PSU-Geo-Location", p.GeoLocation, geoForm.MatchString(p.GeoLocation))
}

var errCut = sources.Errorf(sources.ErrTruncated, "the answer ends too early")

// document parses a whole answer of JSON.
func document(ctx context.Context, a *answer) (value, error) {
	if a.cut {
		return value{}, errCut
	}
	if err := isPage(a); err != nil {
		return value{}, err
	}
	b, err := a.bytes(ctx)
	if err != nil {
		return value{}, err
	}
	v, err := parse(ctx, b)
	if err == nil && !v.is(jsonscan.Object) {
		err = sources.Errorf(sources.ErrMalformed, "the answer is no object")
	}
	return v, err
}

// isPage tells a web page that came with status 200 instead of data. A page that asks for a password says that the
// session or consent is over.
func isPage(a *answer) error {
	head := bytes.TrimLeft(a.head(512), "\xef\xbb\xbf \t\r\n")
	if a.media != "text/html" && a.media != "application/xhtml+xml" &&
		!hasPrefixFold(head, "<!doctype html") && !hasPrefixFold(head, "<html") {
		return nil
	}
	page := bytes.ToLower(a.head(256 << 10))
	if bytes.Contains(page, []byte("<form")) && bytes.Contains(page, []byte("password")) {
		return sources.Errorf(sources.ErrAuthentication, "a login page instead of data")
	}
	return sources.Errorf(sources.ErrMalformed, "a web page instead of data")
}

func hasPrefixFold(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && strings.EqualFold(string(b[:len(prefix)]), prefix)
}

// resolve returns the absolute address of a link in an answer. Links are taken as they are, relative ones against the
// request (RFC 3986); only one that begins at "/v1/" gets the base path, which some banks leave out.
func (s *Source) resolve(base *url.URL, href string) (*url.URL, error) {
	u, err := url.Parse(href)
	if err != nil || href == "" || u.User != nil {
		return nil, sources.Errorf(sources.ErrMalformed, "a link that is no address")
	}
	if !u.IsAbs() && u.Host == "" && strings.HasPrefix(u.Path, "/v1/") && !strings.HasPrefix(s.base.Path, "/v1") {
		if u.RawPath != "" {
			u.RawPath = s.base.Path + u.RawPath
		}
		u.Path = s.base.Path + u.Path
	}
	u = base.ResolveReference(u)
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// own reports whether the address is of the bank's interface itself.
func (s *Source) own(u *url.URL) bool {
	return u.Scheme == s.base.Scheme && hostOf(u) == hostOf(s.base) && u.User == nil
}
