package overview_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/model"
)

var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</style><script>1</script>`, `{{.Lead}}`, `javascript:alert(1)`, `<!--`, `]]>`, "&lt;b&gt;", `'"` + "`",
	"a\u202egnp.exe", "\u2066x\u2069", "\x1b[31m", "\ue000", "{pages}", "%s%d%!", "\u0000", strings.Repeat("W", 400), strings.Repeat("lang ", 300), "漢字 العربية 😀", "e\u0301", "(\\)endobj", "\r\nHTTP/1.1",
}

// everywhere puts a text into every place of a review that takes one.
func everywhere(s string) *model.Review {
	r := &model.Review{
		Grant: s, Recipient: model.ReviewRecipient{ID: s, Name: s, Contact: s, KeyID: s}, Institutions: []model.ReviewInstitution{{ID: model.InstitutionID(s), Name: s}},
		Purpose:   model.ReviewPurpose{ID: s, Text: model.Text{Dutch: s}, LegalBasis: s, Withdrawal: model.Text{English: s}, Further: model.Text{Dutch: s}},
		Documents: []model.DocumentInfo{{Institution: model.InstitutionID(s), Source: model.SourceID(s), Format: model.FormatID(s), Issues: []model.Issue{{Code: model.IssueCode(s), Field: s, At: model.Locator(s)}}}},
		Coverage:  []model.Coverage{{Institution: model.InstitutionID(s), Category: model.Category(s), Obtained: model.Obtained(s), Balanced: model.Check(s), Attempts: []model.Attempt{{Outcome: s}}}},
		Retention: []model.ReviewRetention{{Category: model.Category(s), Text: model.Text{Dutch: s}}}, LeftOut: []model.Category{model.Category(s)}, Issues: []model.Issue{{Code: model.IssueCode(s), Field: s}},
		Scope: model.Scope{Baskets: []model.Basket{{Category: model.CategoryIncome, Fields: []string{"extra." + s}}}},
	}
	h := model.Header{Provenance: model.Provenance{At: model.Locator(s)}, Issues: []model.Issue{{Code: model.IssueCode(s), Field: s, At: model.Locator(s)}}}
	r.Records = []model.Record{
		&model.Person{Header: h, Name: model.Name{Full: s}, Gender: model.Gender(s)}, &model.Address{Header: h, Kind: model.AddressKind(s), Street: s}, &model.Employment{Header: h, Employer: s, InsuredUnder: []string{s}},
		&model.Income{Header: h, Employer: s}, &model.Benefit{Header: h, Payer: s, Kind: s}, &model.Pension{Header: h, Kind: model.PensionKind(s), Provider: s, Bands: []model.PensionBand{{From: model.PensionMoment{Event: model.PensionEvent(s)}}}},
		&model.StudyDebt{Header: h, Regime: s}, &model.Account{Header: h, Name: s, Currency: model.Currency(s)}, &model.Balance{Header: h, Type: model.BalanceType(s)},
		&model.Transaction{Header: h, Counterparty: model.Counterparty{Name: s}, Description: s, ID: s, Status: model.TransactionStatus(s)}, &model.Extra{Header: h, For: model.CategoryIncome, Extra: map[string]string{s: s}},
		&model.Transaction{Header: model.Header{Provenance: model.Provenance{Document: 99}}, Description: s},
	}
	return r
}

// skeleton is the page's elements and attributes without any text.
func skeleton(tb require.TestingT, text string) string {
	doc, err := html.Parse(strings.NewReader(text))
	require.NoError(tb, err)
	var b strings.Builder
	for n := range doc.Descendants() {
		switch n.Type {
		case html.ElementNode:
			b.WriteString("<" + n.Data)
			for _, a := range n.Attr {
				b.WriteString(" " + a.Key)
			}
			b.WriteString(">")
		case html.CommentNode, html.DoctypeNode:
			b.WriteString("!")
		}
	}
	return b.String()
}

// Whatever stands in the data, the page has the same elements, and what it shows is the text itself.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	want := skeleton(t, renderHTML(t, everywhere("x"), nil))
	withNote := skeleton(t, renderHTML(t, everywhere("\u25a1"), nil))
	for _, s := range hostile {
		t.Run(s[:min(len(s), 20)], func(t *testing.T) {
			t.Parallel()
			text := renderHTML(t, everywhere(s), nil)
			if !strings.ContainsAny(s, "\r\n") { // a line break makes two lines of a contact
				same := want
				if strings.ContainsRune(text, '\u25a1') { // there is a note about it at the end
					same = withNote
				}
				assert.Equal(t, same, skeleton(t, text))
			}
			if !strings.ContainsAny(s, "\u202e\u2066\u2069\x1b\ue000\x00\r") {
				assert.Contains(t, htmlText(t, text), squeeze(s))
			}
			for _, r := range "\u202e\u2066\u2069\x1b\ue000\x00" {
				assert.NotContains(t, text, string(r))
			}
			pdf := renderPDF(t, everywhere(s), nil)
			shown, _ := pdfText(t, pdf)
			if strings.Contains(s, "漢") {
				assert.Contains(t, shown, squeeze("staat voor een teken dat hier niet kan worden getoond"))
			}
			if s == "{pages}" || s == "%s%d%!" {
				assert.Contains(t, shown, s, "as it is, not as a number of pages")
			}
			if s == "e\u0301" {
				assert.Contains(t, shown, "é")
			}
		})
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.StringMatching(`[<>&"'a-z{}/=\\ ;#%-]{1,12}`).Draw(rt, "text")
		if strings.TrimSpace(s) == "" || strings.HasPrefix(s, "/") {
			return
		}
		got := skeleton(rt, renderHTML(t, everywhere("x"+s), nil))
		assert.Equal(rt, want, got)
	})
}
