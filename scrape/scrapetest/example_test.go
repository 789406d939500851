package scrapetest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/scrape"
	"github.com/brondata/brondata/scrape/scrapetest"
	"github.com/brondata/brondata/sources"
)

// A portal is read, changes, and is read again: the right values, or an error that says what to do.
func Example() {
	p := scrapetest.Start()
	defer p.Close()
	source, err := scrape.New(scrapetest.MijnDUO(p.URL(), scrape.HTML), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	var g sources.Registry
	if err := g.AddNormalizer(scrape.Normalizer{}); err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	q := sources.Query{Scope: model.Scope{Baskets: []model.Basket{{Category: model.CategoryStudyDebt, Fields: []string{"regime", "outstanding"}}}}}
	for _, m := range []scrapetest.Mutation{"", scrapetest.MovedColumns, scrapetest.MovedCells, scrapetest.Expired, scrapetest.Empty} {
		p.Mutate(m)
		h := p.Handover()
		s, err := sources.NewSession(source.Describe(), sources.SessionOptions{HTTP: p.HTTP(), Handover: &h})
		if err != nil {
			fmt.Println(err)
			return
		}
		n := 0
		err = source.Fetch(ctx, s, q, func(d sources.Document) error {
			r, err := g.Read(ctx, d, q, nil)
			n += len(r.Records)
			return err
		})
		s.Close()
		fmt.Printf("%q: %d records, %s\n", m, n, sources.Code(err))
		if errors.Is(err, sources.ErrLayoutChanged) {
			fmt.Println(" ", err)
		}
	}
	fmt.Println("sessions left:", p.Sessions())
	// Output:
	// "": 2 records, ok
	// "moved-columns": 2 records, ok
	// "moved-cells": 0 records, layout-changed
	//   layout changed: page debts, section loans, field regime: the value is not of kind text
	// "expired": 0 records, authentication
	// "empty": 0 records, ok
	// sessions left: 0
}
