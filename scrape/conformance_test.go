package scrape_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/scrape"
	"github.com/brondata/brondata/scrape/scrapetest"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/sourcetest"
)

func TestSourceConformance(t *testing.T) {
	for _, rd := range readers() {
		t.Run(rd.name, func(t *testing.T) {
			sourcetest.Source(t, func() sourcetest.Setup {
				p := scrapetest.Start()
				h := p.Handover()
				return sourcetest.Setup{
					Source: rd.source(t, p, nil), Normalizers: []sources.Normalizer{scrape.Normalizer{}},
					Session: sources.SessionOptions{HTTP: p.HTTP(), Handover: &h}, Query: rd.query(), Close: p.Close,
				}
			}, &sourcetest.SourceOptions{Golden: "testdata/golden/" + strings.ReplaceAll(rd.name, " ", "-") + ".jsonl"})
		})
	}
}

func TestNormalizerConformance(t *testing.T) {
	paths, err := filepath.Glob("testdata/documents/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	var cases []sourcetest.Case
	for _, p := range paths {
		b, err := os.ReadFile(p)
		require.NoError(t, err)
		// No document is detected: only one that its source calls so is of this format.
		cases = append(cases, sourcetest.Case{
			Name: filepath.Base(p), Document: sources.Document{Format: scrape.Format, Body: sources.BytesContent(b)},
			Golden: p + ".golden.jsonl",
		})
	}
	sourcetest.Normalizer(t, scrape.Normalizer{}, cases, nil)
}

// A document is the same for the same page, byte for byte, and has the form that Format documents.
func TestDocumentGolden(t *testing.T) {
	p := scrapetest.Start()
	defer p.Close()
	for _, rd := range readers() {
		a := p.Page(rd.page, rd.media == scrape.JSON)
		d, err := rd.source(t, p, nil).Reduce(t.Context(), rd.scrapePage, a.ContentType, a.Body, rd.query())
		require.NoError(t, err)
		got, err := d.Bytes(t.Context(), 1<<20)
		require.NoError(t, err)
		path := "testdata/documents/" + strings.ReplaceAll(rd.name, " ", "-") + ".json"
		if os.Getenv("BRONDATA_UPDATE") == "1" {
			require.NoError(t, os.WriteFile(path, got, 0o644))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), rd.name)
	}
}

func TestNormalizerRefuses(t *testing.T) {
	t.Parallel()
	const head = `{"format":"scrape.v1","recipe":"r","page":"p","records":[`
	tests := []struct {
		name, body string
		want       error
	}{
		{"nothing but a brace", `{`, sources.ErrTruncated},
		{"another format", `{"format":"scrape.v2","recipe":"r","page":"p","records":[]}`, sources.ErrMalformed},
		{"one member more", `{"format":"scrape.v1","recipe":"r","page":"p","records":[],"x":1}`, sources.ErrMalformed},
		{"a member twice", `{"format":"scrape.v1","recipe":"r","recipe":"r","page":"p","records":[]}`, sources.ErrMalformed},
		{"an unknown category", head + `{"category":"secrets","at":"/p/s","fields":{}}]}`, sources.ErrMalformed},
		{"an unknown field", head + `{"category":"person","at":"/p/s","fields":{"shoeSize":"43"}}]}`, sources.ErrMalformed},
		{"a place that could hold a value", head + `{"category":"person","at":"/p/J. Jansen!","fields":{}}]}`, sources.ErrMalformed},
		{"a text for an amount", head + `{"category":"study-debt","at":"/p/s","fields":{"outstanding":"12.00"}}]}`, sources.ErrMalformed},
		{"an amount with three members", head + `{"category":"study-debt","at":"/p/s","fields":{"outstanding":{"amount":"1.00","currency":"EUR","x":"1"}}}]}`, sources.ErrMalformed},
		{"a negative count", head + `{"category":"study-debt","at":"/p/s","fields":{"remainingMonths":-1}}]}`, sources.ErrMalformed},
		{"a field and a part of it", head + `{"category":"person","at":"/p/s","fields":{"name":"x","name.family":"y"}}]}`, sources.ErrMalformed},
		{"a BSN that fails its test", head + `{"category":"person","at":"/p/s","fields":{"bsn":"999991773"}}]}`, sources.ErrMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q := sources.Everything()
			q.LegalBasis = "test"
			q.Scope.Baskets[0].Fields = append(q.Scope.Baskets[0].Fields, "bsn")
			r, err := registry(t).Read(t.Context(), sources.Document{Format: scrape.Format, Body: sources.BytesContent([]byte(tt.body))}, q, nil)
			require.ErrorIs(t, err, tt.want)
			require.Empty(t, r.Records)
		})
	}
}

// A file that looks like a document of a source is the subject's own claim: nobody takes it.
func TestUploadIsNotDetected(t *testing.T) {
	t.Parallel()
	body := []byte(`{"format":"scrape.v1","recipe":"r","page":"p","records":[{"category":"person","at":"/p/s","fields":{"name.family":"Vals"}}]}`)
	_, err := registry(t).Read(t.Context(), sources.Document{Body: sources.BytesContent(body)}, sources.Everything(), nil)
	require.ErrorIs(t, err, sources.ErrUnknownFormat)
}
