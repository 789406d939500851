package overview_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ledongthuc/pdf"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/model/overview"
)

var languages = []string{"nl", "en"}

func renderHTML(tb testing.TB, r *model.Review, o *overview.Options) string {
	tb.Helper()
	var b bytes.Buffer
	require.NoError(tb, overview.HTML(&b, r, o))
	return b.String()
}

func renderPDF(tb testing.TB, r *model.Review, o *overview.Options) []byte {
	tb.Helper()
	var b bytes.Buffer
	require.NoError(tb, overview.PDF(&b, r, o))
	return b.Bytes()
}

// BRONDATA_UPDATE=1 rewrites the golden files; look at them in a browser before they are committed.
func TestHTMLGolden(t *testing.T) {
	t.Parallel()
	for _, lang := range languages {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			got := renderHTML(t, sample(t), &overview.Options{Language: lang})
			path := filepath.Join("testdata", "overview."+lang+".html")
			if os.Getenv("BRONDATA_UPDATE") == "1" {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, string(want), got)
			assert.Equal(t, got, renderHTML(t, sample(t), &overview.Options{Language: lang}), "the same bytes again")
		})
	}
}

// The page loads nothing, runs nothing, and says so to the browser; and its parts are marked up for a screen reader.
func TestHTMLIsStrict(t *testing.T) {
	t.Parallel()
	text := renderHTML(t, sample(t), nil)
	assert.True(t, strings.HasPrefix(text, "<!DOCTYPE html>\n<html lang=\"nl\">"))
	assert.Contains(t, text, "default-src &#39;none&#39;; style-src &#39;sha256-")
	doc, err := html.Parse(strings.NewReader(text))
	require.NoError(t, err)
	ids, refs := map[string]bool{}, []string{}
	headings := 0
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		assert.NotContains(t, []string{"script", "link", "img", "iframe", "object", "embed", "form", "base", "svg", "audio", "video"}, n.Data)
		if n.Data == "h1" {
			headings++
		}
		for _, a := range n.Attr {
			assert.False(t, strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "style", a.Key)
			switch a.Key {
			case "href":
				assert.True(t, strings.HasPrefix(a.Val, "#"), a.Val)
				refs = append(refs, a.Val[1:])
			case "id":
				assert.False(t, ids[a.Val], "id twice: %s", a.Val)
				ids[a.Val] = true
			case "aria-labelledby":
				refs = append(refs, a.Val)
			}
		}
		if n.Data == "th" {
			assert.Contains(t, n.Attr, html.Attribute{Key: "scope", Val: "col"})
		}
	}
	assert.Equal(t, 1, headings)
	for _, r := range refs {
		assert.True(t, ids[r], r)
	}
	assert.NotRegexp(t, regexp.MustCompile(`(?i)https?://|url\(|@import`), text)
}

// words of a rendering, without blanks and line breaks, which a PDF places as it likes.
func squeeze(s string) string {
	return strings.NewReplacer(" ", "", "\n", "", "\u00a0", "", "\t", "", "\f", "", "\r", "").Replace(s)
}

func htmlText(tb testing.TB, text string) string {
	tb.Helper()
	doc, err := html.Parse(strings.NewReader(text))
	require.NoError(tb, err)
	var b strings.Builder
	for n := range doc.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" {
			b.WriteString(n.Data)
		}
	}
	return squeeze(b.String())
}

func pdfText(tb testing.TB, data []byte) (text string, pages int) {
	tb.Helper()
	r, err := pdf.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(tb, err)
	var b strings.Builder
	for n := 1; n <= r.NumPage(); n++ {
		s, err := r.Page(n).GetPlainText(nil)
		require.NoError(tb, err)
		b.WriteString(s)
	}
	return squeeze(b.String()), r.NumPage()
}

// facts are what a consumer must find in the sample, in both renderings.
var facts = map[string][]string{
	"nl": {
		"Hypotheekadvies Voorbeeld B.V.", "Dorpsstraat 1, 3500 AA Utrecht", "Beoordelen of u een hypotheek kunt betalen", "Voorbeeldbank", "Uitkeringen",
		"Gegevens van vóór 1 augustus 2026 worden niet opgevraagd", "tot 22 februari 2027, 12:04 UTC", "tot zeven jaar na het einde van de hypotheek", "Studieschuld, Rekeningen, Saldi: niet vermeld", "Rekeningen: 2 vermeldingen", "betaalrekening (CACC)", "Anna Bénédicte", "29 maart 1984",
		"’s-Hertogenbosch", "1234AB", "mei 2019", "123456782L01", "151,67", "€ 3.912,45", "€ 312,50", "01-09-2026", "vanaf 67 jaar en 3 maanden tot 70 jaar", "uw overlijden", "€ 14.980,00",
		"2,57 procent", "€ 12.345,67", "NL02 ABNA 0123 4567 89", "−€ 12,50", "Wereldpas", "FACTUUR-2026-0001", "Let op: Rekening van de tegenpartij: het nummer in de bron klopt niet en is weggelaten",
		"nog niet geboekt", "Stmt[1]/Ntry[40]", "bladzijde 1, regel 12", "geprobeerd: rechtstreeks van de instelling (niet bereikbaar)", "de bron gaat minder ver terug dan gevraagd", "g-7f3k9q",
	},
	"en": {
		"Hypotheekadvies Voorbeeld B.V.", "To assess whether you can afford a mortgage", "Benefits", "Data from before 1 August 2026 is not asked for", "until 22 February 2027, 12:04 UTC",
		"until seven years after the mortgage ends", "29 March 1984", "May 2019", "151.67", "€ 3,912.45", "1 Sep 2026", "from 67 years and 3 months until 70 years", "€ 14,980.00", "2.57 per cent",
		"−€ 12.50", "Please note: Account of the other party: the number in the source is not correct and was left out", "not yet booked", "page 1, line 12",
		"the source does not go back as far as was asked",
	},
}

func TestBothRenderingsHoldTheFacts(t *testing.T) {
	t.Parallel()
	for _, lang := range languages {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			r := sample(t)
			page := htmlText(t, renderHTML(t, r, &overview.Options{Language: lang}))
			data := renderPDF(t, r, &overview.Options{Language: lang})
			text, pages := pdfText(t, data)
			for _, f := range append(facts[lang], r.Digest.String(), r.Digest.String()[:4]+" "+r.Digest.String()[4:8]) {
				assert.True(t, strings.Contains(page, squeeze(f)), "not in the HTML: %s", f)
				// A longer text is broken in a cell. The library for tests maps only the first 256 characters back; the
				// others are for pdftotext below.
				if len(f) < 45 && strings.IndexFunc(f, func(r rune) bool { return r > 0xff }) < 0 {
					assert.True(t, strings.Contains(text, squeeze(f)), "not in the PDF: %s", f)
				}
			}
			assert.Greater(t, pages, 5)
			// The head of the table stands on each page that it runs over.
			head := squeeze(map[string]string{"nl": "Tegenpartij en omschrijving", "en": "Other party and description"}[lang])
			assert.Equal(t, 1, strings.Count(page, head))
			assert.GreaterOrEqual(t, strings.Count(text, head), 3)
			assert.Equal(t, data, renderPDF(t, r, &overview.Options{Language: lang}), "the same bytes again")
		})
	}
}

// pdftotext, where the machine has it, reads the same words as our test library.
func TestPDFReadsElsewhere(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not here")
	}
	for _, lang := range languages {
		cmd := exec.Command(tool, "-", "-")
		cmd.Stdin = bytes.NewReader(renderPDF(t, sample(t), &overview.Options{Language: lang}))
		out, err := cmd.Output()
		require.NoError(t, err)
		for _, f := range facts[lang] {
			if len(f) < 45 {
				assert.True(t, strings.Contains(squeeze(string(out)), squeeze(f)), "not in the PDF: %s", f)
			}
		}
		assert.NotContains(t, string(out), "\ue000")
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	r := sample(t)
	for _, f := range []func() error{
		func() error { return overview.HTML(&bytes.Buffer{}, r, &overview.Options{Language: "fr"}) },
		func() error { return overview.PDF(&bytes.Buffer{}, r, &overview.Options{Language: "NL"}) },
	} {
		require.ErrorIs(t, f(), overview.ErrLanguage)
	}
	assert.Equal(t, renderHTML(t, r, nil), renderHTML(t, r, &overview.Options{Language: "nl", Location: time.UTC}))
	zone := time.FixedZone("CET", 3600)
	assert.Contains(t, renderHTML(t, r, &overview.Options{Location: zone}), "14:04 CET")

	r.Records = append(r.Records, nil)
	require.ErrorIs(t, overview.HTML(&bytes.Buffer{}, r, nil), model.ErrSyntax)
	require.ErrorIs(t, overview.PDF(&bytes.Buffer{}, r, nil), model.ErrSyntax)
}

// An empty review renders, and says that there is nothing.
func TestEmptyReview(t *testing.T) {
	t.Parallel()
	for _, lang := range languages {
		page := htmlText(t, renderHTML(t, &model.Review{}, &overview.Options{Language: lang}))
		assert.Contains(t, page, map[string]string{"nl": "Erzijngeengegevensomteversturen", "en": "Thereisnodatatosend"}[lang])
		_, pages := pdfText(t, renderPDF(t, &model.Review{}, &overview.Options{Language: lang}))
		assert.Equal(t, 1, pages)
	}
}
