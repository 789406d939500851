package scrape_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/scrape"
	"github.com/brondata/brondata/scrape/scrapetest"
	"github.com/brondata/brondata/sources"
)

// Whatever fields are asked, the documents hold these and nothing else of the page.
func TestScopeIsExact(t *testing.T) {
	t.Parallel()
	p := scrapetest.Start()
	defer p.Close()
	rapid.Check(t, func(rt *rapid.T) {
		rd := rapid.SampledFrom(readers()).Draw(rt, "reader")
		q := sources.Query{LegalBasis: rapid.SampledFrom([]string{"", "test"}).Draw(rt, "basis")}
		for _, c := range rd.categories {
			if rapid.Bool().Draw(rt, "category") {
				fields := rapid.SliceOfDistinct(rapid.SampledFrom(model.Fields(c)), rapid.ID[string]).Draw(rt, "fields")
				q.Scope.Baskets = append(q.Scope.Baskets, model.Basket{Category: c, Fields: fields})
			}
		}
		a := p.Page(rd.page, rd.media == scrape.JSON)
		d, err := rd.source(rt, p, nil).Reduce(context.Background(), rd.scrapePage, a.ContentType, a.Body, q)
		require.NoError(rt, err)
		b, err := d.Bytes(context.Background(), 1<<20)
		require.NoError(rt, err)
		var doc struct {
			Records []struct {
				Category model.Category
				Fields   map[string]any
			}
		}
		require.NoError(rt, json.Unmarshal(b, &doc))
		for _, r := range doc.Records {
			require.True(rt, q.Wants(r.Category))
			for f := range r.Fields {
				require.True(rt, q.WantsField(r.Category, f), f)
				require.True(rt, f != "bsn" || q.WantsBSN())
			}
		}
		// The values themselves: none of a field that was not asked is anywhere in the bytes.
		for _, rec := range p.Records() {
			whole, err := model.MarshalRecord(rec)
			require.NoError(rt, err)
			var values map[string]any
			require.NoError(rt, json.Unmarshal(whole, &values))
			for f, v := range values {
				if s, ok := v.(string); ok && len(s) > 4 && f != "birthPlace" && f != "city" && !q.WantsField(rec.Category(), f) {
					if f == "category" {
						continue
					}
					require.NotContains(rt, string(b), `"`+s+`"`, f)
				}
			}
		}
	})
}

// Only pages of categories in the scope are asked for, the session is closed at the end, and its cookie works no more.
func TestFetchOnlyWhatIsNeeded(t *testing.T) {
	t.Parallel()
	p := scrapetest.Start()
	defer p.Close()
	r := scrapetest.MijnOverheid(p.URL(), scrape.HTML)
	r.Pages = append(r.Pages, scrapetest.MijnDUO(p.URL(), scrape.HTML).Pages...)
	s, err := scrape.New(r, nil)
	require.NoError(t, err)
	q := sources.Query{Scope: model.Scope{Baskets: []model.Basket{{Category: model.CategoryStudyDebt, Fields: []string{"outstanding"}}}}}
	out := fetch(t, p, s, q)
	require.NoError(t, out.err)
	assert.Equal(t, []string{"/mijn/schulden"}, p.Requests())
	assert.Zero(t, p.Sessions())
	assert.Len(t, out.records, 2)
	out = fetch(t, p, s, sources.Query{})
	require.NoError(t, out.err)
	assert.Zero(t, out.docs)
}

// One page that changed loses nothing of the other.
func TestOnePageOfTwoChanged(t *testing.T) {
	t.Parallel()
	p := scrapetest.Start(scrapetest.MovedCells)
	defer p.Close()
	r := scrapetest.MijnOverheid(p.URL(), scrape.HTML)
	r.Pages = append(scrapetest.MijnDUO(p.URL(), scrape.HTML).Pages, r.Pages...)
	s, err := scrape.New(r, nil)
	require.NoError(t, err)
	out := fetch(t, p, s, sources.Everything())
	require.NoError(t, out.err)
	assert.Len(t, out.records, 2, "the person and the address")
}

func TestSessionHasEnded(t *testing.T) {
	t.Parallel()
	p := scrapetest.Start()
	defer p.Close()
	s := readers()[0].source(t, p, nil)
	h := sources.Handover{URL: p.URL(), Cookies: crypto.NewSecretString("PORTAALSESSIE=ended")}
	ss, err := sources.NewSession(s.Describe(), sources.SessionOptions{HTTP: p.HTTP(), Handover: &h})
	require.NoError(t, err)
	defer ss.Close()
	err = s.Fetch(t.Context(), ss, readers()[0].query(), func(sources.Document) error { return nil })
	require.ErrorIs(t, err, sources.ErrAuthentication)
}

// The logout comes also where the context has ended, and does not hang where the portal does.
func TestLogoutAfterCancel(t *testing.T) {
	t.Parallel()
	p := scrapetest.Start()
	defer p.Close()
	s := readers()[0].source(t, p, nil)
	h := p.Handover()
	ss, err := sources.NewSession(s.Describe(), sources.SessionOptions{HTTP: p.HTTP(), Handover: &h})
	require.NoError(t, err)
	defer ss.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Fetch(ctx, ss, readers()[0].query(), func(sources.Document) error { return nil }), context.Canceled)
	assert.Zero(t, p.Sessions())
	assert.Empty(t, p.Requests(), "a page was asked for after the end")
}

func TestPortalHangs(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	var logouts atomic.Int32
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/logout" {
			logouts.Add(1)
		}
		<-release
	}))
	defer srv.Close()
	defer close(release)
	r := single()
	r.BaseURL, r.Logout = srv.URL, &scrape.Request{Path: "/logout", Method: "POST"}
	s, err := scrape.New(r, nil)
	require.NoError(t, err)
	ss, err := sources.NewSession(s.Describe(), sources.SessionOptions{HTTP: trust(srv)})
	require.NoError(t, err)
	defer ss.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	err = s.Fetch(ctx, ss, sources.Everything(), func(sources.Document) error { return nil })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.EqualValues(t, 1, logouts.Load())
	assert.Less(t, time.Since(start), 20*time.Second)
}

// A declared POST sends its fixed form; a page of the wrong kind, or from elsewhere, is told.
func TestAnswers(t *testing.T) {
	t.Parallel()
	const good = "<html><main><h2>Schuld</h2><dl><dt>Bedrag</dt><dd>1,00</dd></dl></main></html>"
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   error
	}{
		{"good", func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			if r.Method != "POST" || string(b) != "jaar=2026" {
				w.WriteHeader(http.StatusBadRequest)
			}
			_, _ = io.WriteString(w, good)
		}, nil},
		{"json for html", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, "{}")
		}, sources.ErrLayoutChanged},
		{"redirect to DigiD", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://www.digid.nl/inloggen?x=999991772", http.StatusSeeOther)
		}, sources.ErrAuthentication},
		{"redirect to a login host", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://login.example.nl/", http.StatusSeeOther)
		}, sources.ErrAuthentication},
		{"redirect elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/?x=999991772", http.StatusSeeOther)
		}, sources.ErrHost},
		{"redirect to maintenance", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/storing", http.StatusSeeOther)
		}, sources.ErrUnavailable},
		{"redirect to nowhere", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://[example/?x=999991772")
			w.WriteHeader(http.StatusSeeOther)
		}, sources.ErrUnexpected},
		{"a form that leads to DigiD", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `<html><h1>U wordt doorgestuurd</h1><form method="post" action="https://was.digid.nl/saml"><button>Verder</button></form></html>`)
		}, sources.ErrAuthentication},
		{"a link to DigiD on the page itself", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, strings.Replace(good, "</main>", `<a href="https://www.digid.nl/app">Over DigiD</a></main>`, 1))
		}, nil},
		{"password field", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Replace(good, "</main>", "<input type=password></main>", 1))
		}, sources.ErrAuthentication},
		{"401", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, sources.ErrAuthentication},
		{"404", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, sources.ErrNotProvided},
		{"203", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(203)
			_, _ = io.WriteString(w, good)
		}, sources.ErrLayoutChanged},
		{"nothing", func(w http.ResponseWriter, _ *http.Request) {}, sources.ErrLayoutChanged},
		{"too large", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 5000)) }, sources.ErrTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			mux := http.NewServeMux()
			mux.Handle("/zoek", tt.answer)
			srv := httptest.NewTLSServer(mux)
			defer srv.Close()
			r := single()
			r.BaseURL = srv.URL
			r.Login.Hosts = []string{"login.example.nl"}
			r.Maintenance.Paths = []string{"/storing"}
			r.Pages[0].Request = scrape.Request{Method: "POST", Path: "/zoek", Form: map[string]string{"jaar": "2026"}}
			s, err := scrape.New(r, &scrape.Options{MaxPage: 4000})
			require.NoError(t, err)
			ss, err := sources.NewSession(s.Describe(), sources.SessionOptions{HTTP: trust(srv)})
			require.NoError(t, err)
			defer ss.Close()
			n := 0
			err = s.Fetch(t.Context(), ss, sources.Everything(), func(sources.Document) error { n++; return nil })
			if tt.want == nil {
				require.NoError(t, err)
				assert.Equal(t, 1, n)
				return
			}
			require.ErrorIs(t, err, tt.want)
			assert.Zero(t, n)
			assert.NotContains(t, fmt.Sprint(err), "999991772")
			assert.NotContains(t, fmt.Sprint(err), "example")
		})
	}
}
