package scrapetest

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/encoding/charmap"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// Portal is a running fake portal with one subject. It is safe for concurrent use.
type Portal struct {
	server *httptest.Server

	mu        sync.Mutex
	mutations []Mutation
	seed      uint64
	subject   *model.Person
	sessions  map[string]bool
	requests  []string
}

// cookie is the name of the session cookie.
const cookie = "PORTAALSESSIE"

// Start starts a portal on this machine. Close it when done.
func Start(ms ...Mutation) *Portal {
	p := &Portal{sessions: map[string]bool{}}
	p.Mutate(ms...)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /mijn/persoonsgegevens", p.page(personPage, false))
	mux.HandleFunc("GET /mijn/schulden", p.page(debtPage, false))
	mux.HandleFunc("GET /api/persoon", p.page(personPage, true))
	mux.HandleFunc("GET /api/schulden", p.page(debtPage, true))
	mux.HandleFunc("GET /uitloggen", p.logout)
	mux.HandleFunc("GET /inloggen", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(loginPage)) })
	p.server = httptest.NewTLSServer(mux)
	return p
}

// Close stops the portal.
func (p *Portal) Close() { p.server.Close() }

// URL returns the portal's origin, for [scrape.Recipe.BaseURL].
func (p *Portal) URL() string { return p.server.URL }

// HTTP returns what a [sources.Retriever] needs to reach the portal: its certificate, and leave to call this machine.
func (p *Portal) HTTP() sources.HTTPOptions {
	pool := x509.NewCertPool()
	pool.AddCert(p.server.Certificate())
	return sources.HTTPOptions{TLS: &tls.Config{RootCAs: pool}, InsecureLoopback: true}
}

// Handover logs the subject in, as a host's web view would, and returns the session.
func (p *Portal) Handover() sources.Handover {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // it never fails
	id := hex.EncodeToString(b)
	p.mu.Lock()
	p.sessions[id] = true
	p.mu.Unlock()
	return sources.Handover{URL: p.server.URL, Cookies: crypto.NewSecretString(cookie + "=" + id)}
}

// Mutate sets the mutations, instead of those before; none restores the portal.
func (p *Portal) Mutate(ms ...Mutation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mutations = slices.Clone(ms)
}

// SetSubject gives the portal's subject another name and birth date, so that they fit what other sources of an example tell.
func (p *Portal) SetSubject(who model.Person) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.subject = &who
}

// Vary chooses the places of mutations that have several, and where pages are cut. Equal seeds give equal pages.
func (p *Portal) Vary(seed uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seed = seed
}

// Sessions returns how many sessions are logged in.
func (p *Portal) Sessions() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sessions)
}

// Requests returns the paths that were asked for, in their order.
func (p *Portal) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// Records returns the truth of the subject as it is now: a person, an address, and the study debts, the BSN included.
func (p *Portal) Records() []model.Record { return p.data().records() }

// Canaries returns values of the subject that the pages show beside what the recipes read. None may turn up anywhere.
func (p *Portal) Canaries() []string {
	d := p.data()
	return []string{d.email, d.phone, d.partner, d.customer, d.iban, "Canarius", "43,21", "43.21"}
}

func (p *Portal) data() *data {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := newData(1)
	if n := p.subject; n != nil {
		d.initials, d.given, d.prefix, d.family, d.birth = n.Name.Initials, n.Name.Given, n.Name.Prefix, n.Name.Family, n.BirthDate
	}
	for _, m := range p.active() {
		ofData(m, d)
	}
	return d
}

// active returns the mutations in the order of [Mutations].
func (p *Portal) active() (out []Mutation) {
	for _, m := range Mutations() {
		if slices.Contains(p.mutations, m) {
			out = append(out, m)
		}
	}
	return out
}

func (p *Portal) logout(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(cookie); err == nil {
		p.mu.Lock()
		delete(p.sessions, c.Value)
		p.mu.Unlock()
	}
	http.Redirect(w, r, "https://digid.nl/uitgelogd", http.StatusFound)
}

const (
	personPage = "persoon"
	debtPage   = "schulden"
)

const (
	loginPage       = "<!DOCTYPE html>\n<html lang=\"nl\"><head><meta charset=\"utf-8\"><title>Inloggen</title></head><body><main><h1>Inloggen</h1><form action=\"/inloggen\" method=\"post\"><label for=\"w\">Wachtwoord</label><input id=\"w\" type=\"password\"></form></main></body></html>"
	maintenancePage = "<!DOCTYPE html>\n<html lang=\"nl\"><head><meta charset=\"utf-8\"><title>Onderhoud</title></head><body><main><h1>Onderhoud</h1><p>Probeer het later opnieuw.</p></main></body></html>"
	framePage       = "<!DOCTYPE html>\n<html lang=\"nl\"><head><meta charset=\"utf-8\"><title>Portaal</title></head><body><iframe src=\"/mijn/inhoud\" title=\"Inhoud\"></iframe></body></html>"
	formPage        = "<!DOCTYPE html>\n<html lang=\"nl\"><head><meta charset=\"utf-8\"><title>Even geduld</title></head><body onload=\"document.forms[0].submit()\"><form method=\"post\" action=\"https://was.digid.nl/saml/idp/request_authentication\"><input type=\"hidden\" name=\"SAMLRequest\" value=\"x\"><button>Verder</button></form></body></html>"
	captchaPage     = "<!DOCTYPE html>\n<html lang=\"nl\"><head><meta charset=\"utf-8\"><title>Controle</title></head><body><main><h1>Bent u een mens?</h1><form><label for=\"c\">Typ de letters over</label><input id=\"c\" name=\"c\"></form></main></body></html>"
)

// page answers for one page in one media type.
func (p *Portal) page(name string, asJSON bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.requests = append(p.requests, r.URL.Path)
		c, err := r.Cookie(cookie)
		in := err == nil && p.sessions[c.Value]
		p.mu.Unlock()
		if !in {
			http.Redirect(w, r, "/inloggen", http.StatusFound)
			return
		}
		a := p.Page(name, asJSON)
		if a.Location != "" {
			http.Redirect(w, r, a.Location, http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", a.ContentType)
		if a.Broken {
			w.Header().Set("Content-Length", fmt.Sprint(len(a.Body)+100))
		}
		w.WriteHeader(a.Status)
		_, _ = w.Write(a.Body)
	}
}

// Answer is what the portal answers for a page.
type Answer struct {
	Status      int
	Location    string // where it redirects to
	ContentType string
	Body        []byte
	Broken      bool // the connection ends before the body does
}

// Page returns what the portal answers now, for tests without a network. The name is "persoon" or "schulden".
func (p *Portal) Page(name string, asJSON bool) Answer {
	d := p.data()
	p.mu.Lock()
	ms, seed := p.active(), p.seed
	p.mu.Unlock()
	r := mathrand.New(mathrand.NewPCG(seed, 11))
	v := personView(d)
	if name == debtPage {
		v = debtView(d)
	}
	if slices.Contains(ms, OnePage) {
		for _, o := range []*view{personView(d), debtView(d)} {
			for _, s := range o.sections {
				if !slices.ContainsFunc(v.sections, func(t *part) bool { return t.id == s.id }) {
					v.sections = append(v.sections, s)
				}
			}
		}
	}
	for _, m := range ms {
		ofView(m, v, r)
	}
	charset := "utf-8"
	if slices.Contains(ms, Latin1) || slices.Contains(ms, Mojibake) {
		charset = "iso-8859-1"
	}
	a := Answer{Status: http.StatusOK, ContentType: "text/html; charset=" + charset}
	if asJSON {
		s := v.json()
		if slices.Contains(ms, DeepNesting) {
			s = nested(s, 600)
		}
		a.ContentType = "application/json; charset=" + charset
		a.Body = []byte(s)
	} else {
		a.Body = []byte(v.html(charset))
	}
	for _, m := range ms {
		a.mutate(m, r)
	}
	return a
}

// mutate applies a mutation of the state or of the bytes.
func (a *Answer) mutate(m Mutation, r *mathrand.Rand) {
	instead := func(status int, page string) {
		*a = Answer{Status: status, ContentType: "text/html; charset=utf-8", Body: []byte(page)}
	}
	switch m {
	case Latin1, WrongCharset:
		// Browsers take ISO 8859-1 for its superset windows-1252, and servers send that. The data has nothing beyond it.
		if b, err := charmap.Windows1252.NewEncoder().Bytes(a.Body); err == nil {
			a.Body = b
		}
	case Truncated:
		a.Body = a.Body[:r.IntN(max(1, len(a.Body)))]
	case BrokenOff:
		a.Body = a.Body[:r.IntN(max(1, len(a.Body)))]
		a.Broken = true
	case Minified:
		a.Body = regexp.MustCompile(`>\s+<`).ReplaceAll(a.Body, []byte("><"))
	case InFrame:
		if strings.HasPrefix(a.ContentType, "text/html") {
			instead(http.StatusOK, framePage)
		}
	case WrongMedia:
		a.ContentType = "image/png"
	case Captcha:
		instead(http.StatusOK, captchaPage)
	case MaintenancePage:
		instead(http.StatusOK, maintenancePage)
	case Maintenance:
		instead(http.StatusServiceUnavailable, maintenancePage)
	case TooManyRequests:
		instead(http.StatusTooManyRequests, "")
	case ExpiredInPlace:
		instead(http.StatusOK, loginPage)
	case ExpiredToForm:
		instead(http.StatusOK, formPage)
	case Expired:
		*a = Answer{Status: http.StatusFound, Location: "/inloggen"}
	case ExpiredToDigiD:
		*a = Answer{Status: http.StatusFound, Location: "https://digid.nl/inloggen"}
	}
}
