package scrape_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/scrape"
	"github.com/brondata/brondata/scrape/scrapetest"
	"github.com/brondata/brondata/sources"
)

// drift reads a page as the portal has it now, against a baseline.
func drift(t testing.TB, p *scrapetest.Portal, rd reader, base scrape.Fingerprint) (d scrape.Drift) {
	t.Helper()
	n := 0
	s := rd.source(t, p, &scrape.Options{
		Baseline: func(page string) (scrape.Fingerprint, bool) { return base, page == rd.scrapePage },
		Drift:    func(got scrape.Drift) { d, n = got, n+1 },
	})
	a := p.Page(rd.page, rd.media == scrape.JSON)
	_, _ = s.Reduce(t.Context(), rd.scrapePage, a.ContentType, a.Body, sources.Query{}) // the drift is told whether it can be read or not
	require.Equal(t, 1, n)
	return d
}

func TestDrift(t *testing.T) {
	t.Parallel()
	for _, rd := range readers() {
		t.Run(rd.name, func(t *testing.T) {
			t.Parallel()
			p := scrapetest.Start()
			defer p.Close()
			first := drift(t, p, rd, scrape.Fingerprint{})
			assert.False(t, first.Known)
			assert.False(t, first.Changed())
			base := first.Found

			again := drift(t, p, rd, base)
			assert.True(t, again.Known)
			assert.Equal(t, 1.0, again.Score)

			html, debt := rd.media == scrape.HTML, rd.page == "schulden"
			for m, want := range map[scrapetest.Mutation]bool{
				scrapetest.OtherTexts:      false,
				scrapetest.NegativeAmount:  false,
				scrapetest.RenamedClasses:  html,
				scrapetest.MovedColumns:    html && debt,
				scrapetest.UnknownLabels:   true,
				scrapetest.UnknownHeadings: true,
				scrapetest.AsTable:         html && !debt, // what the recipe does not read may change
				scrapetest.AsForm:          html && !debt,
				scrapetest.ReorderedParts:  false,
				scrapetest.Banner:          false,
				scrapetest.Wrapped:         false,
				scrapetest.Minified:        false,
				scrapetest.Empty:           false,
			} {
				p.Mutate(m)
				changed := 0
				const tries = 20
				for seed := range uint64(tries) {
					p.Vary(seed)
					if drift(t, p, rd, base).Changed() {
						changed++
					}
				}
				if want {
					assert.Equal(t, tries, changed, "%s is not seen", m)
				} else {
					assert.Zero(t, changed, "%s is a false alarm", m)
				}
			}
		})
	}
}

// Texts alone never move the score: a thousand pages of one layout, each with its own texts and numbers of rows.
func TestDriftFalseAlarms(t *testing.T) {
	t.Parallel()
	var base scrape.Fingerprint
	alarms := 0
	s, err := scrape.New(single(), &scrape.Options{
		Baseline: func(string) (scrape.Fingerprint, bool) { return base, true },
		Drift: func(d scrape.Drift) {
			if base.IsZero() {
				base = d.Found
			}
			if d.Changed() {
				alarms++
			}
		},
	})
	require.NoError(t, err)
	for i := range 1000 {
		var rows strings.Builder
		for j := range 1 + i%40 {
			fmt.Fprintf(&rows, `<tr class="row"><td title="t%d">naam %d</td><td class="amount">%d,00</td></tr>`, i, j*i, j+i)
		}
		body := fmt.Sprintf(`<html><head><title>%d</title></head><main id="m%d"><h2>Schuld</h2><p>Versie %d</p><dl><dt>Bedrag</dt><dd>%d,00</dd></dl><table><tbody>%s</tbody></table></main></html>`, i, i, i, i+1, rows.String())
		_, err := s.Reduce(t.Context(), "page", "text/html", []byte(body), sources.Everything())
		require.NoError(t, err)
	}
	assert.Zero(t, alarms, "of 1000 pages that differ in their texts only; the goal is at most 10")
}

func TestFingerprintText(t *testing.T) {
	t.Parallel()
	p := scrapetest.Start()
	defer p.Close()
	f := drift(t, p, readers()[0], scrape.Fingerprint{}).Found
	b, err := f.MarshalText()
	require.NoError(t, err)
	assert.Less(t, len(b), 600)
	for _, c := range append(p.Canaries(), "Persoonsgegevens") {
		assert.NotContains(t, string(b), c)
	}
	var g scrape.Fingerprint
	require.NoError(t, g.UnmarshalText(b))
	assert.Equal(t, f, g)
	assert.Equal(t, 1.0, f.Compare(g))
	assert.Zero(t, f.Compare(scrape.Fingerprint{}))
	require.NoError(t, g.UnmarshalText(nil))
	assert.True(t, g.IsZero())
	for _, bad := range []string{"x", "AQ", string(b[:len(b)-4]), "?" + string(b[1:])} {
		assert.ErrorIs(t, g.UnmarshalText([]byte(bad)), model.ErrSyntax)
	}
}

// Nothing that belongs to a person comes into a fingerprint: no text, no value of an attribute, and no number that a class, an
// attribute, an element or a member is named after.
func TestFingerprintOfNamesWithNumbers(t *testing.T) {
	t.Parallel()
	fingerprint := func(media scrape.MediaType, body string) (f scrape.Fingerprint) {
		r := single()
		contentType := "text/html"
		if media == scrape.JSON {
			p := &r.Pages[0]
			p.Media, p.Anchors, contentType = scrape.JSON, []scrape.Anchor{{JSON: "v"}}, "application/json"
			p.Sections[0].Heading, p.Sections[0].Empty = nil, nil
			p.Sections[0].Fields = []scrape.Field{{Into: "regime", JSON: "r"}}
		}
		s, err := scrape.New(r, &scrape.Options{Drift: func(d scrape.Drift) { f = d.Found }})
		require.NoError(t, err)
		_, _ = s.Reduce(t.Context(), "page", contentType, []byte(body), sources.Everything())
		require.False(t, f.IsZero())
		return f
	}
	html := func(n string) string {
		return fmt.Sprintf(`<html><main><h2>Schuld</h2><div class="klant-%s x" id="k%[1]s" data-k%[1]s="%[1]s"><k-%[1]s>%[1]s</k-%[1]s></div></main></html>`, n)
	}
	json := func(n string) string {
		return fmt.Sprintf(`{"v":1,"r":"%s","rekeningen":{"NL20INGB%[1]s":{"bsn%[1]s":1}}}`, n)
	}
	assert.Equal(t, fingerprint(scrape.HTML, html("999991772")), fingerprint(scrape.HTML, html("12")))
	assert.Equal(t, fingerprint(scrape.JSON, json("999991772")), fingerprint(scrape.JSON, json("12")))
	assert.NotEqual(t, fingerprint(scrape.HTML, html("1")), fingerprint(scrape.HTML, html("1a")))
}

// A page without a debt is no page of another layout, and no baseline for those with one.
func TestDriftOfEmptyPages(t *testing.T) {
	t.Parallel()
	for _, rd := range readers()[2:] {
		p := scrapetest.Start()
		defer p.Close()
		base := drift(t, p, rd, scrape.Fingerprint{})
		assert.False(t, base.Empty)
		p.Mutate(scrapetest.Empty)
		d := drift(t, p, rd, base.Found)
		assert.True(t, d.Empty)
		assert.False(t, d.Known)
		assert.False(t, d.Changed())
	}
}

// What is found by selectors has its place in the fingerprint, too.
func TestDriftOfSelectors(t *testing.T) {
	t.Parallel()
	r := single()
	s := &r.Pages[0].Sections[0]
	s.Heading, s.Selector, s.Rows = nil, "#schuld", true
	var found []scrape.Fingerprint
	src, err := scrape.New(r, &scrape.Options{Drift: func(d scrape.Drift) { found = append(found, d.Found) }})
	require.NoError(t, err)
	for _, head := range []string{"<th>Bedrag</th><th>Regeling</th>", "<th>Regeling</th><th>Bedrag</th>"} {
		body := "<html><main><div id=schuld><table><thead><tr>" + head + "</tr></thead><tr><td>1,00</td><td>2,00</td></tr></table></div></main></html>"
		_, err := src.Reduce(t.Context(), "page", "text/html", []byte(body), sources.Everything())
		require.NoError(t, err)
	}
	assert.Less(t, found[0].Compare(found[1]), scrape.DriftScore)
}
