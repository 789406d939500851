package scrape_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/scrape"
	"github.com/brondata/brondata/sources"
)

func recipe() scrape.Recipe {
	return scrape.Recipe{
		ID: "example-debts", Institution: "duo", BaseURL: "https://mijn.example.nl", Assumed: true,
		Pages: []scrape.Page{{
			Name: "debts", Request: scrape.Request{Path: "/mijn/schulden"},
			Anchors: []scrape.Anchor{{Heading: []string{"Mijn schulden"}}},
			Sections: []scrape.Section{{
				Name: "loan", Category: model.CategoryStudyDebt, Heading: []string{"Studieschuld"},
				Fields: []scrape.Field{
					{Into: "outstanding", Label: []string{"Openstaande schuld"}, Kind: scrape.Money},
					{Into: "interestRate", Label: []string{"Rente"}, Kind: scrape.Percent},
					{Into: "asOf", Label: []string{"Stand per"}, Kind: scrape.Date},
				},
			}},
		}},
	}
}

// A host writes a recipe, saves a page of its own account, and looks at what is read from it.
func ExampleSource_Reduce() {
	const saved = `<!DOCTYPE html><html><body><main><h1>Mijn schulden</h1>
<section><h2>Studieschuld</h2><dl>
<dt>Openstaande schuld:</dt><dd>€ 12.345,67</dd>
<dt>Rente</dt><dd>2,57%</dd>
<dt>Stand per</dt><dd>3 mei 2026</dd>
<dt>Klantnummer</dt><dd>0000000</dd></dl></section></main></body></html>`
	source, err := scrape.New(recipe(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	d, err := source.Reduce(ctx, "debts", "text/html; charset=utf-8", []byte(saved), sources.Everything())
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := d.Bytes(ctx, 1<<20)
	fmt.Println(string(b), err)
	// Output:
	// {"format":"scrape.v1","recipe":"example-debts","page":"debts","records":[{"category":"study-debt","at":"/debts/loan","fields":{"outstanding":{"amount":"12345.67","currency":"EUR"},"interestRate":"2.57","asOf":"2026-05-03"}}]} <nil>
}

// A changed label ends in an error that says which, and in no value.
func ExampleSource_Reduce_changed() {
	const saved = `<html><body><main><h1>Mijn schulden</h1><section><h2>Studieschuld</h2><dl>
<dt>Totale schuld</dt><dd>€ 12.345,67</dd></dl></section></main></body></html>`
	source, err := scrape.New(recipe(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = source.Reduce(context.Background(), "debts", "text/html", []byte(saved), sources.Everything())
	fmt.Println(errors.Is(err, sources.ErrLayoutChanged), err)
	// Output:
	// true layout changed: page debts, section loan, field outstanding: the label is missing
}

// New names every fault of a recipe at once.
func ExampleNew() {
	r := recipe()
	r.Pages[0].Path = "/mijn/schulden/wijzigen"
	r.Pages[0].Sections[0].Fields[2].Kind = scrape.Money
	_, err := scrape.New(r, nil)
	fmt.Println(err)
	// Output:
	// scrape: recipe refused: page debts: the path sounds as if it changed something: "wijzigen"
	// scrape: recipe refused: page debts: section loan: field asOf: category study-debt has no such field of this kind
}

// The host stores the fingerprint of a page when it has checked its recipe, and hears of another layout later.
func ExampleDrift() {
	var stored []byte // in the host's database
	source, err := scrape.New(recipe(), &scrape.Options{
		Baseline: func(string) (f scrape.Fingerprint, ok bool) { return f, f.UnmarshalText(stored) == nil },
		Drift: func(d scrape.Drift) {
			fmt.Println(d.Page, "known:", d.Known, "changed:", d.Changed())
			stored, _ = d.Found.MarshalText()
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, class := range []string{"card", "card", "tile"} {
		page := `<html><body><main><h1>Mijn schulden</h1><section class="` + class + `"><h2 class="` + class + `-head">Studieschuld</h2><dl class="` + class + `-list">
<dt>Openstaande schuld</dt><dd>€ 12,50</dd><dt>Rente</dt><dd>2,57%</dd><dt>Stand per</dt><dd>3 mei 2026</dd></dl></section></main></body></html>`
		if _, err := source.Reduce(context.Background(), "debts", "text/html", []byte(page), sources.Everything()); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// debts known: false changed: false
	// debts known: true changed: false
	// debts known: true changed: true
}
