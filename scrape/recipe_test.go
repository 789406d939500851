package scrape_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/scrape"
	"github.com/brondata/brondata/scrape/scrapetest"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	section := func(r *scrape.Recipe) *scrape.Section { return &r.Pages[0].Sections[0] }
	tests := []struct {
		name   string
		change func(*scrape.Recipe)
		want   string
	}{
		{"no id", func(r *scrape.Recipe) { r.ID = "Upper" }, "ID and Institution"},
		{"http", func(r *scrape.Recipe) { r.BaseURL = "http://mijn.example.nl" }, "BaseURL"},
		{"credentials in the address", func(r *scrape.Recipe) { r.BaseURL = "https://u:p@mijn.example.nl" }, "BaseURL"},
		{"a path in the address", func(r *scrape.Recipe) { r.BaseURL = "https://mijn.example.nl/x" }, "BaseURL"},
		{"DigiD", func(r *scrape.Recipe) { r.BaseURL = "https://mijn.digid.nl" }, "host"},
		{"DigiD among hosts", func(r *scrape.Recipe) { r.Hosts = []string{"login.digid.nl"} }, "host"},
		{"a wildcard host", func(r *scrape.Recipe) { r.Hosts = []string{"*.example.nl"} }, "host"},
		{"neither verified nor assumed", func(r *scrape.Recipe) { r.Assumed = false }, "verified"},
		{"no page", func(r *scrape.Recipe) { r.Pages = nil }, "no page"},
		{"page twice", func(r *scrape.Recipe) { r.Pages = append(r.Pages, r.Pages[0]) }, "twice"},
		{"page name", func(r *scrape.Recipe) { r.Pages[0].Name = "A b" }, "the name must be"},
		{"no anchor", func(r *scrape.Recipe) { r.Pages[0].Anchors = nil }, "no anchor"},
		{"an anchor of two kinds", func(r *scrape.Recipe) { r.Pages[0].Anchors[0].Heading = []string{"x"} }, "anchor 1"},
		{"another host in the path", func(r *scrape.Recipe) { r.Pages[0].Path = "//evil.example/x" }, "one slash"},
		{"a changing path", func(r *scrape.Recipe) { r.Pages[0].Path = "/mijn/adres/wijzigen" }, "changed something"},
		{"a changing query", func(r *scrape.Recipe) { r.Pages[0].Path = "/mijn?action=delete" }, "changed something"},
		{"a changing word with dashes", func(r *scrape.Recipe) { r.Pages[0].Path = "/api/v1/do-submit-form" }, "changed something"},
		{"a changing logout", func(r *scrape.Recipe) { r.Logout = &scrape.Request{Path: "/account/delete"} }, "logout"},
		{"another method", func(r *scrape.Recipe) { r.Pages[0].Method = "DELETE" }, "GET or POST"},
		{"a form with GET", func(r *scrape.Recipe) { r.Pages[0].Form = map[string]string{"a": "b"} }, "no form"},
		{"payment account", func(r *scrape.Recipe) { section(r).Category = model.CategoryTransaction }, "fallback"},
		{"unknown category", func(r *scrape.Recipe) { section(r).Category = "secrets" }, "category is unknown"},
		{"section without a place", func(r *scrape.Recipe) { section(r).Heading = nil }, "heading or a selector"},
		{"rows and items", func(r *scrape.Recipe) { section(r).Rows, section(r).Items = true, "li" }, "rows or items"},
		{"no field", func(r *scrape.Recipe) { section(r).Fields = nil }, "no field"},
		{"unknown field", func(r *scrape.Recipe) { section(r).Fields[0].Into = "shoeSize" }, "no such field"},
		{"kind does not fit", func(r *scrape.Recipe) { section(r).Fields[0].Kind = scrape.Date }, "no such field of this kind"},
		{"text for an amount", func(r *scrape.Recipe) { section(r).Fields[0].Kind = scrape.Text }, "no such field of this kind"},
		{"unknown kind", func(r *scrape.Recipe) { section(r).Fields[0].Kind = 99 }, "no such field"},
		{"field twice", func(r *scrape.Recipe) {
			section(r).Fields[1].Into = "outstanding"
			section(r).Fields[1].Kind = scrape.Money
		}, "twice"},
		{"label and selector", func(r *scrape.Recipe) { section(r).Fields[0].Selector = "b" }, "a label or a selector"},
		{"a path in HTML", func(r *scrape.Recipe) { section(r).Fields[0].JSON = "a" }, "a label or a selector"},
		{"positions", func(r *scrape.Recipe) { section(r).Selector, section(r).Heading = "tr:nth-child(2)", nil }, "positions"},
		{"broken selector", func(r *scrape.Recipe) { r.Ignore = []string{"a["} }, "selector"},
		{"broken pattern", func(r *scrape.Recipe) { section(r).Fields[1].Pattern = "(" }, "pattern"},
		{"empty label", func(r *scrape.Recipe) { section(r).Fields[0].Label = []string{" : "} }, "label is empty"},
		{"a BSN by another name", func(r *scrape.Recipe) {
			section(r).Fields[1] = scrape.Field{Into: "extra.nr", Label: []string{"Uw BSN:"}}
		}, "labelled as a BSN"},
		{"fixed that does not fit", func(r *scrape.Recipe) { section(r).Fixed = map[string]string{"remainingMonths": "x"} }, "fixed"},
		{"choice without values", func(r *scrape.Recipe) { section(r).Fields[1].Kind = scrape.Choice }, "choice"},
		{"currency", func(r *scrape.Recipe) { r.Currency = "euro" }, "currency"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := single()
			_, err := scrape.New(r, nil)
			require.NoError(t, err)
			tt.change(&r)
			_, err = scrape.New(r, nil)
			require.ErrorIs(t, err, scrape.ErrRecipe)
			assert.ErrorContains(t, err, tt.want)
		})
	}
}

func TestNewRefusesBSN(t *testing.T) {
	t.Parallel()
	r := scrapetest.MijnOverheid("https://mijn.example.nl", scrape.HTML)
	f := &r.Pages[0].Sections[0].Fields[4]
	require.Equal(t, "bsn", f.Into)
	f.Label, f.Selector = nil, "#bsn"
	_, err := scrape.New(r, nil)
	require.ErrorContains(t, err, "directly behind its label")
}

func TestNewTakes(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*scrape.Recipe){
		"an overview of payments": func(r *scrape.Recipe) { r.Pages[0].Path = "/mijn/betaaloverzicht?jaar=2026" },
		"a declared POST": func(r *scrape.Recipe) {
			r.Pages[0].Request = scrape.Request{Method: "POST", Path: "/api/zoek", Form: map[string]string{"jaar": "2026"}}
		},
		"a fallback interface": func(r *scrape.Recipe) {
			r.FallbackInterface = true
			r.Pages[0].Sections[0] = scrape.Section{Name: "balance", Category: model.CategoryBalance, Heading: []string{"Saldo"}, Fields: []scrape.Field{
				{Into: "account", Label: []string{"Rekening"}, Kind: scrape.IBAN}, {Into: "amount", Label: []string{"Saldo"}, Kind: scrape.Money},
			}}
		},
		"a text beyond the record": func(r *scrape.Recipe) {
			r.Pages[0].Sections[0].Fields[1].Into = "extra.status"
		},
	} {
		r := single()
		change(&r)
		_, err := scrape.New(r, nil)
		assert.NoError(t, err, name)
	}
}
