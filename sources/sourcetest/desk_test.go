package sourcetest_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/brondata/brondata/sources"
)

// desk is an institution that gives out a code for an agreement, a pair of tokens for a code or a refresh token, each once, and
// data for an access token.
type desk struct {
	*httptest.Server
	mu      sync.Mutex
	codes   map[string]bool
	pairs   []*pair
	attempt string        // the only one that it knows of, where one is begun at the desk itself
	greeted chan struct{} // closed when another attempt was begun
	gone    *atomic.Int32 // requests whose caller went before they were answered
}

// pair are the tokens that live of one connection.
type pair struct {
	access, refresh string
	over            bool // the access token's time
}

func newDesk(start func(*httptest.Server)) *desk {
	d := &desk{codes: map[string]bool{}}
	d.Server = httptest.NewUnstartedServer(d)
	d.Config.ErrorLog = log.New(io.Discard, "", 0) // connections that are cut on purpose
	start(d.Server)
	return d
}

func overHTTP2(s *httptest.Server) {
	s.EnableHTTP2 = true
	s.StartTLS()
}

// hello begins an attempt, which ends the one before. A request whose caller has gone is done later than the one that follows it.
func (d *desk) hello(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // what has not been read hides that the caller goes
	next := make(chan struct{})
	d.mu.Lock()
	if d.greeted != nil {
		close(d.greeted)
	}
	d.greeted = next
	d.mu.Unlock()
	select {
	case <-r.Context().Done():
		d.gone.Add(1)
		select {
		case <-next:
		case <-time.After(time.Second):
		}
	case <-time.After(2 * time.Millisecond):
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.attempt = rand.Text()
	_, _ = io.WriteString(w, d.attempt)
}

func (d *desk) find(token string) *pair {
	for _, p := range d.pairs {
		if token != "" && (token == p.access || token == p.refresh) {
			return p
		}
	}
	return nil
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/hello" && d.gone != nil {
		d.hello(w, r)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	p := d.find(token)
	switch {
	case r.URL.Path == "/token" && d.codes[r.FormValue("code")] && r.FormValue("attempt") == d.attempt:
		delete(d.codes, r.FormValue("code"))
		p = &pair{}
		d.pairs = append(d.pairs, p)
	case r.URL.Path == "/token":
		p = d.find(r.FormValue("refresh"))
	case r.URL.Path == "/revoke" && p == nil:
		w.WriteHeader(http.StatusGone)
		return
	case r.URL.Path == "/revoke":
		*p = pair{}
		return
	case r.URL.Path == "/hello":
		return
	case p != nil && !p.over && token == p.access:
		_, _ = io.WriteString(w, csvText)
		return
	}
	if p == nil || r.URL.Path != "/token" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	*p = pair{access: "access-" + rand.Text(), refresh: "refresh-" + rand.Text()}
	_ = json.NewEncoder(w).Encode(tokens{p.access, p.refresh})
}

func (d *desk) all(f func(*pair)) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.pairs {
		if p.access != "" {
			n++
			f(p)
		}
	}
	return n
}

func (d *desk) subject(_ context.Context, step sources.Step, agrees bool) (r sources.ConnectRequest, err error) {
	u, err := url.Parse(step.URL)
	if err != nil {
		return r, err
	}
	r.Callback = url.Values{"state": u.Query()["state"], "error": {"access_denied"}}
	if agrees {
		code := "code-" + rand.Text()
		d.mu.Lock()
		d.codes[code] = true
		d.mu.Unlock()
		r.Callback = url.Values{"state": u.Query()["state"], "code": {code}}
	}
	return r, nil
}

type tokens struct{ Access, Refresh string }
