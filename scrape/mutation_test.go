package scrape_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/scrape"
	"github.com/brondata/brondata/scrape/scrapetest"
	"github.com/brondata/brondata/sources"
)

// reader is one recipe with what it should find.
type reader struct {
	name       string
	recipe     func(string, scrape.MediaType) scrape.Recipe
	media      scrape.MediaType
	page       string // of the portal
	scrapePage string
	categories []model.Category
}

func readers() []reader {
	person := []model.Category{model.CategoryPerson, model.CategoryAddress}
	debt := []model.Category{model.CategoryStudyDebt}
	return []reader{
		{"person html", scrapetest.MijnOverheid, scrape.HTML, "persoon", "personal-data", person},
		{"person json", scrapetest.MijnOverheid, scrape.JSON, "persoon", "personal-data", person},
		{"debt html", scrapetest.MijnDUO, scrape.HTML, "schulden", "debts", debt},
		{"debt json", scrapetest.MijnDUO, scrape.JSON, "schulden", "debts", debt},
	}
}

func (rd reader) source(t require.TestingT, p *scrapetest.Portal, o *scrape.Options) *scrape.Source {
	s, err := scrape.New(rd.recipe(p.URL(), rd.media), o)
	require.NoError(t, err)
	return s
}

// query asks for everything that the reader's recipe can give, the BSN included.
func (rd reader) query() sources.Query {
	q := sources.Query{LegalBasis: "test of the library"}
	for _, c := range rd.categories {
		b := model.Everything(c)
		if c == model.CategoryPerson {
			b.Fields = append(b.Fields, "bsn")
		}
		q.Scope.Baskets = append(q.Scope.Baskets, b)
	}
	return q
}

// want returns the portal's truth of the reader's categories, as JSON.
func (rd reader) want(t require.TestingT, p *scrapetest.Portal, scope model.Scope) []string {
	var rs []model.Record
	for _, r := range p.Records() {
		if m, ok := model.Minimise(r, scope); ok && slices.Contains(rd.categories, r.Category()) {
			rs = append(rs, m)
		}
	}
	return lines(t, rs)
}

// lines writes records without their provenance.
func lines(t require.TestingT, rs []model.Record) (out []string) {
	for _, r := range rs {
		r.Head().Provenance = model.Provenance{}
		b, err := model.MarshalRecord(r)
		require.NoError(t, err)
		out = append(out, string(b))
	}
	return out
}

func registry(t require.TestingT) *sources.Registry {
	var g sources.Registry
	require.NoError(t, g.AddNormalizer(scrape.Normalizer{}))
	return &g
}

// outcome is what one fetch through the network gave.
type outcome struct {
	records []model.Record
	bodies  string // of the documents
	log     string
	docs    int
	err     error
}

func fetch(t require.TestingT, p *scrapetest.Portal, s *scrape.Source, q sources.Query) (out outcome) {
	var log bytes.Buffer
	h := p.Handover()
	ss, err := sources.NewSession(s.Describe(), sources.SessionOptions{
		HTTP: p.HTTP(), Handover: &h,
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	require.NoError(t, err)
	defer ss.Close()
	g := registry(t)
	ctx := context.Background()
	out.err = s.Fetch(ctx, ss, q, func(d sources.Document) error {
		out.docs++
		b, err := d.Bytes(ctx, 1<<20)
		require.NoError(t, err)
		out.bodies += string(b)
		r, err := g.Read(ctx, d, q, nil)
		require.NoError(t, err)
		out.records = append(out.records, r.Records...)
		return nil
	})
	out.log = log.String()
	return out
}

// allowed are the errors that a changed portal may end in.
func allowed(err error) bool {
	for _, e := range []error{sources.ErrLayoutChanged, sources.ErrAuthentication, sources.ErrUnavailable, sources.ErrThrottled} {
		if errors.Is(err, e) {
			return true
		}
	}
	return errors.Is(err, sources.ErrLimit) // nested too deep to be parsed at all
}

const right = "right"

// ends says for HTML and JSON how a mutation alone ends for the reader it concerns; "" allows right values or any allowed
// error. Mutations that a medium does not have end right.
func ends(m scrapetest.Mutation, rd reader) (string, error) {
	html, debt := rd.media == scrape.HTML, rd.page == "schulden"
	layout := func(is bool) (string, error) {
		if is {
			return "", sources.ErrLayoutChanged
		}
		return right, nil
	}
	switch m {
	case scrapetest.EmptyWithout:
		return layout(html && debt)
	case scrapetest.OtherCurrency, scrapetest.EnglishNumbers, scrapetest.MovedCells:
		return layout(debt)
	case scrapetest.MonthFirst, scrapetest.UnknownLabels, scrapetest.UnknownHeadings, scrapetest.WrongMedia, scrapetest.WrongCharset,
		scrapetest.Mojibake, scrapetest.Truncated:
		return layout(m != scrapetest.WrongCharset && m != scrapetest.Mojibake || html || !debt && m == scrapetest.WrongCharset)
	case scrapetest.MonthsAsYears, scrapetest.SubtotalRow, scrapetest.MorePages:
		return layout(debt)
	case scrapetest.SplitWords, scrapetest.LabelsInCells, scrapetest.InAttributes, scrapetest.Loading, scrapetest.LastYear,
		scrapetest.InFrame:
		return layout(html)
	case scrapetest.Unfilled, scrapetest.EscapedTwice:
		return layout(true)
	case scrapetest.NullMembers, scrapetest.ObjectForList:
		return layout(!html)
	case scrapetest.ValuesFirst:
		return layout(html && !debt)
	case scrapetest.EmptyElsewhere:
		return layout(html && debt)
	case scrapetest.BareFootnotes, scrapetest.ActionLinks, scrapetest.NestedTables, scrapetest.DuplicateHeading:
		return layout(html)
	case scrapetest.DuplicateLabels:
		return layout(html && !debt) // a list of terms beside a table says nothing of its columns
	case scrapetest.SplitAmounts, scrapetest.StruckAmounts:
		return layout(html && debt)
	case scrapetest.MissingCell:
		if debt && !html {
			return "", nil // the member may be one that the recipe does not read
		}
		return layout(debt)
	case scrapetest.TotalRow:
		return layout(debt && !html)
	case scrapetest.DuplicateMembers:
		return layout(!html)
	case scrapetest.DeepNesting:
		return "", sources.ErrLimit
	case scrapetest.BrokenOff, scrapetest.Maintenance, scrapetest.MaintenancePage:
		return "", sources.ErrUnavailable
	case scrapetest.TooManyRequests:
		return "", sources.ErrThrottled
	case scrapetest.Captcha:
		return "", sources.ErrLayoutChanged
	case scrapetest.Expired, scrapetest.ExpiredInPlace, scrapetest.ExpiredToForm, scrapetest.ExpiredToDigiD:
		return "", sources.ErrAuthentication
	case scrapetest.TextNumbers, scrapetest.Latin1:
		return "", nil
	}
	return right, nil
}

func TestMutations(t *testing.T) {
	t.Parallel()
	for _, rd := range readers() {
		for _, m := range append([]scrapetest.Mutation{"none"}, scrapetest.Mutations()...) {
			t.Run(fmt.Sprintf("%s/%s", rd.name, m), func(t *testing.T) {
				t.Parallel()
				p := scrapetest.Start(m)
				defer p.Close()
				q := rd.query()
				s := rd.source(t, p, nil)
				how, wantErr := ends(m, rd)
				for seed := range uint64(3) {
					p.Vary(seed)
					out := fetch(t, p, s, q)
					if out.err != nil {
						require.True(t, allowed(out.err), "%v", out.err)
						assert.Zero(t, out.docs, "an error of the only page, and yet a document")
					}
					switch {
					case wantErr != nil:
						require.ErrorIs(t, out.err, wantErr)
					case how == right:
						require.NoError(t, out.err)
					}
					if out.err == nil {
						assert.Equal(t, rd.want(t, p, q.Scope), lines(t, out.records))
					}
					private(t, p, out)
				}
				assert.Zero(t, p.Sessions(), "a session was not logged out")
			})
		}
	}
}

// private fails where a canary, or any value of the subject in errors and logs, turns up.
func private(t require.TestingT, p *scrapetest.Portal, out outcome) {
	text := out.log
	if out.err != nil {
		text += out.err.Error()
	}
	for _, c := range p.Canaries() {
		require.NotContains(t, out.bodies, c, "a canary in a document")
		require.NotContains(t, text, c, "a canary in an error or log")
	}
	for _, r := range p.Records() {
		if a, ok := r.(*model.Address); ok {
			require.NotContains(t, text, a.Street)
			require.NotContains(t, text, a.Postcode.Value())
		}
		if pe, ok := r.(*model.Person); ok {
			require.NotContains(t, text, pe.BSN.Value())
			require.NotContains(t, text, pe.Name.Family)
		}
	}
}

// Any combination of mutations ends in the right values or in an error that says what to do: never in a wrong value.
func TestMutationsCombined(t *testing.T) {
	t.Parallel()
	p := scrapetest.Start()
	defer p.Close()
	g := registry(t)
	right := 0
	one := func(rt *rapid.T) {
		rd := rapid.SampledFrom(readers()).Draw(rt, "reader")
		ms := rapid.SliceOfNDistinct(rapid.SampledFrom(scrapetest.Mutations()), 1, 6, rapid.ID[scrapetest.Mutation]).Draw(rt, "mutations")
		p.Mutate(ms...)
		p.Vary(rapid.Uint64().Draw(rt, "seed"))
		a := p.Page(rd.page, rd.media == scrape.JSON)
		if a.Status != 200 || a.Broken {
			return // answers without a page are told apart by their status alone
		}
		q := rd.query()
		d, err := rd.source(rt, p, nil).Reduce(context.Background(), rd.scrapePage, a.ContentType, a.Body, q)
		if err != nil {
			require.True(rt, allowed(err), "%v", err)
			private(rt, p, outcome{err: err})
			return
		}
		r, err := g.Read(context.Background(), d, q, nil)
		require.NoError(rt, err)
		require.Equal(rt, rd.want(rt, p, q.Scope), lines(rt, r.Records))
		b, err := d.Bytes(context.Background(), 1<<20)
		require.NoError(rt, err)
		private(rt, p, outcome{bodies: string(b)})
		right++
	}
	// A hundred rounds of ten each; -rapid.checks=10000 takes minutes and has found what a hundred alone did not.
	rapid.Check(t, func(rt *rapid.T) {
		for range 10 {
			one(rt)
		}
	})
	require.NotZero(t, right, "no combination was read: nothing was checked")
}
