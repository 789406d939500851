package camt_test

import (
	"context"
	"fmt"
	"os"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/camt"
)

// A file that a person chose is read through a Registry, which tells the format and compares the balances.
func ExampleNormalizer() {
	var g sources.Registry
	if err := g.AddNormalizer(camt.Normalizer{}); err != nil {
		fmt.Println(err)
		return
	}
	b, err := os.ReadFile("testdata/statement-v02.xml")
	if err != nil {
		fmt.Println(err)
		return
	}
	got, err := g.Read(context.Background(), sources.Document{Body: sources.BytesContent(b)}, sources.Everything(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(got.Format, "from", got.Since, "balanced:", got.Balanced)
	for _, r := range got.Records {
		if t, ok := r.(*model.Transaction); ok {
			fmt.Printf("%v %8s %q\n", t.BookingDate, t.Amount.Text(), t.Counterparty.Name)
		}
	}
	// Output:
	// camt.053 from 2026-02-01 balanced: yes
	// 2026-02-24  2435.50 "Werkgever Voorbeeld B.V."
	// 2026-02-25  -149.87 "Energie & Warmte N.V."
	// 2026-02-26   -12.50 ""
	// 2026-02-27     0.00 ""
	// 2026-02-27   -14.00 "Sportvereniging Vooruit"
}
