package scrape_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/andybalholm/cascadia"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html/charset"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/scrape"
	"github.com/brondata/brondata/sources"
)

// benchPage is a page with a table of n rows, as portals write them.
func benchPage(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`<!DOCTYPE html><html lang="nl"><head><meta charset="utf-8"><title>Schulden</title></head><body><main class="content"><h1>Mijn schulden</h1><section class="card"><h2>Schuld</h2><table class="table"><thead><tr><th scope="col">Regeling</th><th scope="col">Datum</th><th scope="col">Omschrijving</th><th scope="col">Bedrag</th></tr></thead><tbody>` + "\n")
	for i := range n {
		fmt.Fprintf(&b, `<tr class="row"><td class="regime">SF%d</td><td class="date">%02d-%02d-2026</td><td class="note"><span class="text">Aflossing nummer %d van de regeling</span></td><td class="amount">€ %d.%03d,%02d</td></tr>`+"\n", 15+i%20, 1+i%28, 1+i%12, i, 1+i%900, i%1000, i%100)
	}
	b.WriteString("</tbody></table></section></main></body></html>\n")
	return b.Bytes()
}

func benchSource(t testing.TB, o *scrape.Options) *scrape.Source {
	r := single()
	s := &r.Pages[0].Sections[0]
	s.Rows = true
	s.Fields = []scrape.Field{
		{Into: "regime", Label: []string{"Regeling"}},
		{Into: "asOf", Label: []string{"Datum"}, Kind: scrape.Date},
		{Into: "outstanding", Label: []string{"Bedrag"}, Kind: scrape.Money},
	}
	src, err := scrape.New(r, o)
	require.NoError(t, err)
	return src
}

// bare is what a program writes with goquery alone: the same selections, compiled once, as texts, unchecked.
func bare(body []byte, sel [4]goquery.Matcher) (n int, err error) {
	r, err := charset.NewReader(bytes.NewReader(body), "text/html; charset=utf-8")
	if err != nil {
		return 0, err
	}
	doc, err := goquery.NewDocumentFromReader(r)
	if err != nil {
		return 0, err
	}
	type row struct{ regime, date, amount string }
	var rows []row
	doc.FindMatcher(sel[0]).Each(func(_ int, s *goquery.Selection) {
		rows = append(rows, row{
			strings.TrimSpace(s.FindMatcher(sel[1]).Text()), strings.TrimSpace(s.FindMatcher(sel[2]).Text()), strings.TrimSpace(s.FindMatcher(sel[3]).Text()),
		})
	})
	return len(rows), nil
}

// BenchmarkPage prints the throughput of both ways, and ours as a share of goquery's alone. The rounds take turns, so that
// another load on the machine meets both.
func BenchmarkPage(b *testing.B) {
	sel := [4]goquery.Matcher{cascadia.MustCompile("tr.row"), cascadia.MustCompile("td.regime"), cascadia.MustCompile("td.date"), cascadia.MustCompile("td.amount")}
	q := sources.Query{Scope: model.Scope{Baskets: []model.Basket{model.Everything(model.CategoryStudyDebt)}}}
	for _, n := range []int{200, 5000} {
		body := benchPage(n)
		for _, watched := range []bool{false, true} {
			o := &scrape.Options{}
			name := fmt.Sprintf("%dKB", len(body)/1000)
			if watched {
				name += "/with fingerprint"
				o.Drift = func(scrape.Drift) {}
			}
			b.Run(name, func(b *testing.B) {
				src := benchSource(b, o)
				b.SetBytes(int64(len(body)))
				var ours, theirs []time.Duration
				for b.Loop() {
					t0 := time.Now()
					d, err := src.Reduce(b.Context(), "page", "text/html; charset=utf-8", body, q)
					t1 := time.Now()
					if err != nil || d.Body.Size() < int64(n) {
						b.Fatal("not read", err)
					}
					rows, err := bare(body, sel)
					if err != nil || rows != n {
						b.Fatal("not read by goquery", err)
					}
					ours = append(ours, t1.Sub(t0))
					theirs = append(theirs, time.Since(t1))
				}
				// The quickest of many rounds: another load on the machine only ever adds.
				mb, o, g := float64(len(body))/1e6, slices.Min(ours).Seconds(), slices.Min(theirs).Seconds()
				b.ReportMetric(mb/o, "MB/s-ours")
				b.ReportMetric(mb/g, "MB/s-goquery")
				b.ReportMetric(g/o, "ratio")
			})
		}
	}
}
