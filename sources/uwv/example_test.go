package uwv_test

import (
	"context"
	"fmt"
	"os"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/uwv"
)

// A download is read through a Registry. Each row of wages is a record; a correction is one of its own and is marked.
func ExampleNormalizer() {
	var g sources.Registry
	if err := g.AddNormalizer(uwv.Normalizer{}); err != nil {
		fmt.Println(err)
		return
	}
	b, err := os.ReadFile("testdata/corrections-chromium.pdf")
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
		if i, ok := r.(*model.Income); ok {
			fmt.Println(i.Period.From, i.Hours, "hours", i.SocialInsuranceWage.Text(), len(i.Issues), "doubts")
		}
	}
	// Output:
	// 2026-01-01 160 hours 3250.00 0 doubts
	// 2026-02-01 160 hours 3250.00 1 doubts
	// 2026-02-01 -8 hours -162.50 1 doubts
	// 2026-03-01 -16.5 hours -1162.50 0 doubts
}
