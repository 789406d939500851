package scrape

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// fuzzRecipe has each way to find something.
func fuzzRecipe(media MediaType) Recipe {
	fields := []Field{
		{Into: "outstanding", Label: []string{"Bedrag"}, JSON: "bedrag", Kind: Money, Optional: true},
		{Into: "asOf", Label: []string{"Datum"}, JSON: "datum", Kind: Date, Optional: true, Dates: []DateFormat{DateISO, DateDutch, DateNumeric, DateCompact}},
		{Into: "interestRate", Label: []string{"Rente"}, JSON: "rente", Kind: Percent, Optional: true},
		{Into: "remainingMonths", Label: []string{"Looptijd"}, JSON: "looptijd.maanden", Kind: Int, Optional: true},
		{Into: "regime", Label: []string{"Regeling"}, JSON: "namen[soort=r].tekst", Optional: true},
	}
	s := []Section{{Name: "pairs", Category: model.CategoryStudyDebt, Heading: []string{"Een"}, Empty: []string{"Geen"}},
		{Name: "rows", Category: model.CategoryStudyDebt, Selector: "#twee", Rows: true, Empty: []string{"Geen"}}}
	a := Anchor{Selector: "body"}
	if media == JSON {
		a = Anchor{JSON: "een"}
		s = []Section{{Name: "pairs", Category: model.CategoryStudyDebt, JSON: "een"}, {Name: "rows", Category: model.CategoryStudyDebt, JSON: "twee", Rows: true, EmptyArray: true}}
	}
	for i := range s {
		for _, f := range fields {
			if f.Label = f.Label[:1:1]; media == JSON {
				f.Label = nil
			} else {
				f.JSON = ""
			}
			s[i].Fields = append(s[i].Fields, f)
		}
	}
	return Recipe{
		ID: "fuzz", Institution: "fuzz", BaseURL: "https://mijn.example.nl", Assumed: true, Ignore: []string{".weg"},
		Pages: []Page{{Name: "page", Request: Request{Path: "/"}, Media: media, Anchors: []Anchor{a}, Sections: s}},
	}
}

// fuzzPage reads bytes as a page. Whatever they are, the outcome is an error of a known kind, or a document that the normalizer
// takes whole.
func fuzzPage(t *testing.T, media MediaType, contentType string, body []byte) {
	s, err := New(fuzzRecipe(media), &Options{Drift: func(d Drift) {
		if d.Found.Compare(d.Found) != 1 {
			t.Fatal("a fingerprint is not like itself")
		}
	}})
	require.NoError(t, err)
	d, err := s.Reduce(context.Background(), "page", contentType, body, sources.Everything())
	if err != nil {
		for _, known := range []error{sources.ErrLayoutChanged, sources.ErrAuthentication, sources.ErrLimit} {
			if errors.Is(err, known) {
				return
			}
		}
		t.Fatalf("an error of another kind: %v", err)
	}
	var g sources.Registry
	require.NoError(t, g.AddNormalizer(Normalizer{}))
	r, err := g.Read(context.Background(), d, sources.Everything(), nil)
	require.NoError(t, err)
	for _, rec := range r.Records {
		_, err := model.MarshalRecord(rec)
		require.NoError(t, err)
	}
}

func FuzzHTML(f *testing.F) {
	for _, s := range []string{
		"<h2>Een</h2><dl><dt>Bedrag<dd>€ 1.234,56<dt>Datum<dd>3 mei 2026</dl><table id=twee><thead><tr><th>Regeling<th>Bedrag<tbody><tr><td>A<td>1,00</table></html>",
		"<fieldset><legend>Een</legend><label for=a>Rente</label><input id=a value='2,5%'><p>Looptijd: 12</fieldset><div id=twee>Geen</div></html>",
		"<section aria-labelledby=h><h2 id=h>Een</h2><span id=l>Regeling</span><b aria-labelledby=l>SF</b></section><p id=twee>Geen</html>",
		"<table><caption>Een<tr><th>Bedrag<td><del>1</del>2<sup>3</sup></table><div hidden id=twee></html><!-- x -->",
		"<div role=heading aria-level=9>Een</div><svg><foreignObject><dl><dt>Bedrag</dt></svg><p>Geen</p></html>",
	} {
		f.Add("text/html; charset=utf-8", []byte(s))
	}
	f.Add("text/html; charset=utf-16le", []byte("<\x00h\x002\x00"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) { fuzzPage(t, HTML, contentType, body) })
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`{"een":{"bedrag":12.5,"datum":"2026-05-03","rente":"2.5","looptijd":{"maanden":12},"namen":[{"soort":"r","tekst":"SF15"}]},"twee":[]}`,
		`{"een":{"bedrag":null},"twee":[{"bedrag":"1.00"},{"bedrag":1e3}]}`,
		`{"een":[],"een":{}}`, `{"een":{"namen":[{"soort":"r"},{"soort":"r"}]},"twee":null}`, `[[[[`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) { fuzzPage(t, JSON, "application/json", body) })
}

// FuzzValues checks that what a kind takes can be written in a document and is read back as it was.
func FuzzValues(f *testing.F) {
	for _, s := range []string{"€ 1.234,56", "-€ 12,50", "12,-", "3 mei 2026", "03-05-2026", "20260500", "2,5 %", "12 maanden", "1234 AB", "999991772", "NL20INGB0001234567", "\u2212 1", "0,00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if squeeze(squeeze(s)) != squeeze(s) || fold(fold(s)) != fold(s) {
			t.Fatal("squeezing or folding twice is not doing it once")
		}
		into := map[Kind]string{Text: "regime", Money: "outstanding", Date: "asOf", Percent: "interestRate", Int: "remainingMonths"}
		for k := Text; k <= PayrollTaxNumber; k++ {
			fd := testField(k, func(f *field) {
				f.dates = []DateFormat{DateISO, DateDutch, DateNumeric, DateCompact}
			})
			v, ok := fd.parse(raw{text: s})
			if !ok || into[k] == "" || v.form == formCount && v.count == 0 { // see found.take
				continue
			}
			src := &Source{desc: sources.Descriptor{ID: "fuzz", Institution: "fuzz"}}
			d := src.document(&page{Page: Page{Name: "page"}}, []found{{category: model.CategoryStudyDebt, at: "/page/s", values: []named{{into[k], v}}}})
			var g sources.Registry
			require.NoError(t, g.AddNormalizer(Normalizer{}))
			r, err := g.Read(context.Background(), d, sources.Everything(), nil)
			require.NoError(t, err)
			require.Len(t, r.Records, 1)
			want, err := newRecord(model.CategoryStudyDebt, []named{{into[k], v}})
			require.NoError(t, err)
			want.Head().Provenance = r.Records[0].Head().Provenance
			require.Equal(t, want, r.Records[0])
		}
	})
}
