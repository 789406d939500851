package mijnpensioenoverzicht_test

import (
	"context"
	"fmt"
	"os"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/mijnpensioenoverzicht"
)

// A download is read through a Registry. What a person can expect at the end of their life's work is in the last bands.
func ExampleNormalizer() {
	var g sources.Registry
	if err := g.AddNormalizer(mijnpensioenoverzicht.Normalizer{}); err != nil {
		fmt.Println(err)
		return
	}
	b, err := os.ReadFile("testdata/overzicht.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	got, err := g.Read(context.Background(), sources.Document{Body: sources.BytesContent(b)}, sources.Everything(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range got.Records {
		if p, ok := r.(*model.Pension); ok && p.Kind == model.PensionOldAge {
			for _, b := range p.Bands {
				fmt.Println(p.Provider, p.Reference, "from", b.From.Years, "and", b.From.Months, "months:", b.Attainable.Text())
			}
		}
	}
	// Output:
	// Pensioenfonds Voorbeeld 0000123-1 from 65 and 0 months: 14400.00
	// Pensioenfonds Voorbeeld 0000123-1 from 67 and 3 months: 14400.00
	// Pensioenfonds Voorbeeld 0000123-2 from 65 and 0 months: 3000.00
	// Pensioenfonds Voorbeeld 0000123-2 from 67 and 3 months: 1000.00
}
