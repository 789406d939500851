package psd2test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2"
)

// Approach is how the bank has the subject confirm a consent.
type Approach string

// The approaches.
const (
	Redirect  Approach = "redirect"  // on a page; the default
	OAuth     Approach = "oauth"     // on a page of the OAuth server, which gives a code for a token
	Decoupled Approach = "decoupled" // in an app: see Options.ApproveAfter, Bank.Approve and Bank.Refuse
	Embedded  Approach = "embedded"  // with Password and Code, which the caller hands over
)

// Options say what bank it is. The zero value is a bank without accounts that redirects.
type Options struct {
	Accounts []Account
	Approach Approach
	// Explicit has the caller start the authorisation with a call of its own.
	Explicit bool
	// PageSize is how many transactions a page has, 0 for all on one.
	PageSize int
	// FrequencyPerDay is how often a resource may be read per day and consent while the subject is away; 4 by default.
	FrequencyPerDay int
	// ValidDays is how long a consent may last at most; 180 by default.
	ValidDays int
	// HistoryDays is how far back transactions may be asked, 0 for without limit. Beyond it the answer is PERIOD_INVALID.
	HistoryDays int
	// SilentHistory gives what there is instead, and says so nowhere but in the links.
	SilentHistory bool
	// BookedOnly refuses to give pending transactions.
	BookedOnly bool
	// ArrayErrors gives the messages of errors as bare arrays, as examples of the specification do.
	ArrayErrors bool
	// ApproveAfter is after how many questions for its status a decoupled authorisation is confirmed, 0 for when
	// Bank.Approve is called.
	ApproveAfter int
	// User, Password and Code are what the embedded approach takes; "subject", "geheim" and "123456" by default.
	User, Password, Code string
	// TokenLife is how long an access token of OAuth lasts; 10 minutes by default.
	TokenLife time.Duration
	// Now is the bank's clock; time.Now by default.
	Now func() time.Time
}

// Bank is a running fake bank. It is safe for concurrent use.
type Bank struct {
	o      Options
	server *httptest.Server
	roots  *x509.CertPool
	done   chan struct{}
	close  sync.Once

	mu       sync.Mutex
	seq      int
	consents map[string]*consent
	tokens   map[string]*grant // by access token, refresh token and code
	counts   map[string]int
	faults   []*Fault
	requests []Request
}

// basePath is what stands before /v1.
const basePath = "/psd2"

// New starts a bank. Close it when done.
func New(o Options) *Bank {
	if o.Approach == "" {
		o.Approach = Redirect
	}
	if o.FrequencyPerDay == 0 {
		o.FrequencyPerDay = 4
	}
	if o.ValidDays == 0 {
		o.ValidDays = 180
	}
	if o.User == "" {
		o.User = "subject"
	}
	if o.Password == "" {
		o.Password = "geheim"
	}
	if o.Code == "" {
		o.Code = "123456"
	}
	if o.TokenLife == 0 {
		o.TokenLife = 10 * time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	b := &Bank{
		o: o, done: make(chan struct{}), consents: map[string]*consent{}, tokens: map[string]*grant{}, counts: map[string]int{},
	}
	b.server = httptest.NewUnstartedServer(http.HandlerFunc(b.serve))
	b.server.Config.ErrorLog = log.New(io.Discard, "", 0) // connections that are cut on purpose
	b.server.StartTLS()
	b.roots = x509.NewCertPool()
	b.roots.AddCert(b.server.Certificate())
	return b
}

// Close stops the bank. Requests that it never answered are let go. It may be called more than once.
func (b *Bank) Close() {
	b.close.Do(func() {
		close(b.done)
		b.server.CloseClientConnections()
		b.server.Close()
	})
}

// URL is the base of the interface, without /v1.
func (b *Bank) URL() string { return b.server.URL + basePath }

// HTTP are the options with which a session can reach the bank.
func (b *Bank) HTTP() sources.HTTPOptions {
	return sources.HTTPOptions{TLS: &tls.Config{RootCAs: b.roots, MinVersion: tls.VersionTLS12}, InsecureLoopback: true}
}

// Config is the configuration of a source for this bank.
func (b *Bank) Config(id model.SourceID, inst model.InstitutionID) psd2.Config {
	c := psd2.Config{ID: id, Institution: inst, BaseURL: b.URL()}
	switch b.o.Approach {
	case OAuth:
		c.OAuth = &psd2.OAuth{ClientID: clientID}
	case Embedded:
		c.Embedded, c.Prefer = true, psd2.ApproachEmbedded
	case Decoupled:
		c.Prefer = psd2.ApproachDecoupled
	}
	return c
}

// Request is one call that the bank got, with its answer.
type Request struct {
	Method   string
	URL      *url.URL // with the path and query as they were asked
	Header   http.Header
	Body     []byte
	Status   int // 0 where it never answered
	Response http.Header
	Answer   []byte
}

// Requests returns the calls so far, in their order.
func (b *Bank) Requests() []Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Request(nil), b.requests...)
}

// Calls returns how many requests had this method and a path that ends so.
func (b *Bank) Calls(method, suffix string) int {
	n := 0
	for _, r := range b.Requests() {
		if r.Method == method && strings.HasSuffix(r.URL.Path, suffix) {
			n++
		}
	}
	return n
}

// Reset forgets the requests, the faults and the counts of accesses. Consents stay.
func (b *Bank) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests, b.faults, b.counts = nil, nil, map[string]int{}
}

// serve answers through a recorder, so that faults can spoil what would have been the answer and the log can keep it.
func (b *Bank) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20)) // a body that breaks off fails its checks
	entry := Request{Method: r.Method, URL: r.URL, Header: r.Header.Clone(), Body: body}
	fault := b.fault(r)
	if fault != nil && fault.Kind == Hang {
		b.log(entry)
		select {
		case <-r.Context().Done():
		case <-b.done:
		}
		panic(http.ErrAbortHandler)
	}
	rec := httptest.NewRecorder()
	if id := r.Header.Get("X-Request-ID"); id != "" {
		rec.Header().Set("X-Request-ID", id)
	}
	switch {
	case fault != nil && fault.before():
		fault.write(b, rec)
	default:
		r.Body = io.NopCloser(bytes.NewReader(body))
		b.route(rec, r, body)
	}
	answer := rec.Body.Bytes()
	if fault != nil && fault.Kind == Truncate {
		h := w.Header()
		for k, v := range rec.Header() {
			h[k] = v
		}
		h.Set("Content-Length", fmt.Sprint(len(answer)))
		entry.Status, entry.Response, entry.Answer = rec.Code, rec.Header(), answer[:len(answer)*2/3]
		b.log(entry)
		w.WriteHeader(rec.Code)
		_, _ = w.Write(answer[:len(answer)*2/3])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	entry.Status, entry.Response, entry.Answer = rec.Code, rec.Header(), answer
	b.log(entry)
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(answer)
}

func (b *Bank) log(r Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests = append(b.requests, r)
}

// id returns a new name that nothing else has.
func (b *Bank) id(kind string) string {
	b.seq++
	return fmt.Sprintf("%s-%06d", kind, b.seq)
}
