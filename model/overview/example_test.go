package overview_test

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/model/overview"
)

// A host shows the page of a review before it asks for approval, and hands out the PDF to keep.
func Example() {
	review := &model.Review{
		Recipient:  model.ReviewRecipient{ID: "advisor", Name: "Sample Advisor"},
		Purpose:    model.ReviewPurpose{ID: "budget", Text: model.Text{English: "To make a budget with you."}},
		Records:    []model.Record{&model.Person{Name: model.Name{Full: "A. Example"}}},
		Documents:  []model.DocumentInfo{{Institution: "sample", Source: "upload", Method: model.File}},
		PreparedAt: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
	}
	options := &overview.Options{Language: "en"}

	var page, document bytes.Buffer
	if err := overview.HTML(&page, review, options); err != nil {
		fmt.Println(err)
	}
	if err := overview.PDF(&document, review, options); err != nil {
		fmt.Println(err)
	}
	fmt.Println(strings.Contains(page.String(), "This data can go to Sample Advisor with your consent."))
	fmt.Println(strings.HasPrefix(document.String(), "%PDF-"))
	// Output:
	// true
	// true
}
