package scrapetest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/scrape/scrapetest"
)

// Each mutation changes an answer: one that did nothing would prove nothing.
func TestEachMutationChanges(t *testing.T) {
	t.Parallel()
	p := scrapetest.Start()
	defer p.Close()
	type key struct {
		page   string
		asJSON bool
	}
	plain := map[key]scrapetest.Answer{}
	for _, page := range []string{"persoon", "schulden"} {
		for _, asJSON := range []bool{false, true} {
			plain[key{page, asJSON}] = p.Page(page, asJSON)
		}
	}
	for _, m := range scrapetest.Mutations() {
		p.Mutate(m)
		p.Vary(1)
		changed := 0
		for k, want := range plain {
			got := p.Page(k.page, k.asJSON)
			assert.Equal(t, got, p.Page(k.page, k.asJSON), "%s: equal seeds give equal pages", m)
			if got.Status != want.Status || got.ContentType != want.ContentType || string(got.Body) != string(want.Body) {
				changed++
			}
		}
		assert.NotZero(t, changed, m)
	}
}

func TestCanariesAreShown(t *testing.T) {
	t.Parallel()
	p := scrapetest.Start()
	defer p.Close()
	for _, asJSON := range []bool{false, true} {
		all := string(p.Page("persoon", asJSON).Body) + string(p.Page("schulden", asJSON).Body)
		for _, c := range p.Canaries()[:6] {
			assert.Contains(t, all, c)
		}
	}
}

func TestNoSessionNoData(t *testing.T) {
	t.Parallel()
	p := scrapetest.Start()
	defer p.Close()
	c := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: p.HTTP().TLS},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer c.CloseIdleConnections()
	for _, path := range []string{"/mijn/persoonsgegevens", "/mijn/schulden", "/api/persoon", "/api/schulden"} {
		resp, err := c.Get(p.URL() + path)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, http.StatusFound, resp.StatusCode)
		assert.True(t, strings.HasSuffix(resp.Header.Get("Location"), "/inloggen"))
	}
}

func TestSetSubject(t *testing.T) {
	t.Parallel()
	p := scrapetest.Start()
	defer p.Close()
	born, err := model.ParseDate("1985-06-14")
	require.NoError(t, err)
	p.SetSubject(model.Person{Name: model.Name{Initials: "J.", Given: "Jan", Family: "Voorbeeld"}, BirthDate: born})
	who := p.Records()[0].(*model.Person)
	assert.Equal(t, "Voorbeeld", who.Name.Family)
	assert.Equal(t, born, who.BirthDate)
	assert.Contains(t, string(p.Page("persoon", true).Body), "Voorbeeld")
}
