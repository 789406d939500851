package sources_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

func TestCollectHistory(t *testing.T) {
	t.Parallel()
	scope := scopeOf(model.CategoryTransaction)
	scope.Since = date(t, "2026-01-01")
	month := func(from, until, opening, closing string) string {
		return "lines bank\nstatement\ncovers " + from + " " + until + "\nopen " + opening + "\nclose " + closing + "\n"
	}
	for name, tc := range map[string]struct {
		docs         []string
		since, until string
	}{
		"nothing is said":                         {[]string{"lines bank\ntx 2026-06-02 1.00 A\n"}, "", ""},
		"cut":                                     {[]string{"lines bank\nsince 2026-06-01\ntx 2026-06-02 1.00 A\n"}, "2026-06-01", ""},
		"asked for, and no more":                  {[]string{"lines bank\nsince 2026-01-01\n"}, "2026-01-01", ""},
		"months in any order":                     {[]string{month("2026-02-01", "2026-02-28", "2", "3"), month("2026-03-01", "2026-03-31", "3", "4"), month("2026-01-01", "2026-01-31", "1", "2")}, "2026-01-01", "2026-03-31"},
		"a month is missing":                      {[]string{month("2026-01-01", "2026-01-31", "1", "2"), month("2026-03-01", "2026-03-31", "2", "4")}, "2026-03-01", "2026-03-31"},
		"days that overlap":                       {[]string{month("2026-01-01", "2026-06-30", "1", "2"), month("2026-02-01", "2026-02-28", "1", "2"), month("2026-07-01", "2026-07-31", "2", "2")}, "2026-01-01", "2026-07-31"},
		"a weekend with equal balances":           {[]string{month("2026-01-01", "2026-01-02", "1", "2"), month("2026-01-05", "2026-01-05", "2", "4")}, "2026-01-01", "2026-01-05"},
		"a weekend with other balances":           {[]string{month("2026-01-01", "2026-01-02", "1", "2"), month("2026-01-05", "2026-01-05", "2.01", "4")}, "2026-01-05", "2026-01-05"},
		"an incomplete day counts as little":      {[]string{"lines bank\ncovers 2026-01 2026-01-31\n"}, "2026-01-31", "2026-01-31"},
		"another account with less":               {[]string{month("2026-01-01", "2026-01-31", "1", "2"), "lines bank\ncovers 2026-01-15 2026-01-31 NL14BRON0200000101\n"}, "2026-01-15", "2026-01-31"},
		"another account does not fill the gap":   {[]string{month("2026-01-01", "2026-01-31", "1", "2"), "lines bank\ncovers 2026-02-01 2026-02-28 NL14BRON0200000101\n"}, "2026-02-01", "2026-01-31"},
		"lists of no account follow on nothing":   {[]string{"lines bank\nsince 2026-01-01\n", "lines bank\nsince 2026-02-01\n"}, "2026-02-01", ""},
		"a document that broke off":               {[]string{month("2026-01-01", "2026-01-31", "1", "2") + "fail\n", month("2026-02-01", "2026-02-28", "2", "2")}, "2026-02-01", "2026-02-28"},
		"a day that broke off":                    {[]string{month("2026-01-01", "2026-01-01", "1", "2") + "fail\n", month("2026-01-02", "2026-02-28", "2", "2")}, "2026-01-02", "2026-02-28"},
		"the last day broke off":                  {[]string{month("2026-01-01", "2026-01-31", "1", "2"), month("2026-02-01", "2026-02-01", "2", "2") + "fail\n"}, "2026-01-01", "2026-01-31"},
		"what stands before the broken statement": {[]string{month("2026-01-01", "2026-01-31", "1", "2") + "statement\nfail\n", month("2026-02-01", "2026-02-28", "2", "2")}, "2026-01-01", "2026-02-28"},
		"said of two accounts before all broke off": {[]string{
			"lines bank\ncovers 2026-01-01 2026-01-31\ncovers 2026-01-01 2026-01-31 NL14BRON0200000101\ntx 2026-01-02 1.00 A\nfail\n", month("2026-02-01", "2026-02-28", "2", "2")}, "2026-02-01", "2025-12-31"},
		"without a beginning, and broken off": {[]string{"lines bank\ncovers - 2026-01-31\ntx 2026-01-02 1.00 A\nfail\n", month("2026-02-01", "2026-02-28", "2", "2")}, "2026-02-01", "2026-02-28"},
		"without a beginning":                 {[]string{"lines bank\ncovers - 2026-01-31\ntx 2026-01-02 1.00 A\n", month("2026-02-01", "2026-02-28", "2", "2")}, "", "2026-02-28"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := registry(t, source("api", "bank", model.API, bankCats, nil, tc.docs...))
			d, err := collect(t, g, grant(t, scope, "bank").Permit, sources.Input{}, nil)
			require.NoError(t, err)
			cov := cover(t, d, "bank", model.CategoryTransaction)
			assert.Equal(t, tc.since, cov.Since.String())
			assert.Equal(t, tc.until, cov.Until.String())
			assert.Equal(t, tc.since > "2026-01-01", cov.HistoryCut)
		})
	}
}

// How many accounts the history is of is said where all that was read says it, and the scope holds the account.
func TestCollectHistoryAccounts(t *testing.T) {
	t.Parallel()
	own, other := "lines bank\ncovers 2026-01-01 2026-01-31\n", "lines bank\ncovers 2026-01-01 2026-01-31 NL14BRON0200000101\n"
	for name, tc := range map[string]struct {
		docs []string
		want int
	}{
		"one":                     {[]string{own, own}, 1},
		"two":                     {[]string{own, other}, 2},
		"beside one that is not":  {[]string{own, "lines bank\nsince 2026-01-01\n"}, 0},
		"beside one that is mute": {[]string{own, "lines bank\ntx 2026-06-02 1.00 A\n"}, 0},
		"beside a broken one":     {[]string{own, other + "fail\n"}, 0},
		"nothing":                 {[]string{"lines bank\n"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, scope := range []model.Scope{scopeOf(model.CategoryTransaction), {Baskets: []model.Basket{{Category: model.CategoryTransaction, Fields: []string{"amount"}}}}} {
				g := registry(t, source("api", "bank", model.API, bankCats, nil, tc.docs...))
				d, err := collect(t, g, grant(t, scope, "bank").Permit, sources.Input{}, nil)
				require.NoError(t, err)
				want := tc.want
				if !scope.HasField(model.CategoryTransaction, "account") {
					want = 0
				}
				assert.Equal(t, want, cover(t, d, "bank", model.CategoryTransaction).Accounts)
			}
		})
	}
}

// A history does not go further than to when it was retrieved.
func TestCollectHistoryOfTheFuture(t *testing.T) {
	t.Parallel()
	today := model.DateOf(time.Now().UTC())
	for _, tc := range []struct{ until, want model.Date }{
		{today.AddDays(-1), today.AddDays(-1)}, {today.AddDays(1), today.AddDays(1)}, {today.AddDays(3), today.AddDays(-1)},
	} {
		g := registry(t, source("api", "bank", model.API, bankCats, nil, "lines bank\ncovers 2026-01-01 "+tc.until.String()+"\n"))
		d, err := collect(t, g, grant(t, scopeOf(model.CategoryTransaction), "bank").Permit, sources.Input{}, nil)
		require.NoError(t, err)
		assert.Equal(t, tc.want, cover(t, d, "bank", model.CategoryTransaction).Until)
	}
}

// A look-back date may be a month or a year: its first day counts. No date asks for everything.
func TestCollectHistoryOfAMonth(t *testing.T) {
	t.Parallel()
	for since, cut := range map[string]bool{"2026-06": true, "2026": true, "2026-07": false, "": true} {
		scope := scopeOf(model.CategoryTransaction)
		if since != "" {
			scope.Since = date(t, since)
		}
		g := registry(t, source("api", "bank", model.API, bankCats, nil, "lines bank\nsince 2026-06-15\n"))
		d, err := collect(t, g, grant(t, scope, "bank").Permit, sources.Input{}, nil)
		require.NoError(t, err)
		assert.Equal(t, cut, cover(t, d, "bank", model.CategoryTransaction).HistoryCut, since)
	}
}

// Statements that follow on one another tell of the same balance in between.
func TestCollectTornStatements(t *testing.T) {
	t.Parallel()
	month := func(from, until, opening, closing string) string {
		return "lines bank\nstatement\ncovers " + from + " " + until + "\nopen " + opening + "\ntx " + from + " 1.00 A\nclose " + closing + "\n"
	}
	january := month("2026-01-01", "2026-01-31", "1.00", "2.00")
	for name, tc := range map[string]struct {
		next string
		want model.Check
	}{
		"the same":              {month("2026-02-01", "2026-02-28", "2.00", "3.00"), model.CheckYes},
		"another":               {month("2026-02-01", "2026-02-28", "52.00", "53.00"), model.CheckNo},
		"another, behind a gap": {month("2026-02-02", "2026-02-28", "52.00", "53.00"), model.CheckYes},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, docs := range [][]string{{january, tc.next}, {tc.next, january}, {january + strings.TrimPrefix(tc.next, "lines bank\n")}} {
				g := registry(t, source("api", "bank", model.API, bankCats, nil, docs...))
				d, err := collect(t, g, grant(t, scopeOf(model.CategoryTransaction, model.CategoryBalance), "bank").Permit, sources.Input{}, nil)
				require.NoError(t, err)
				for _, c := range []model.Category{model.CategoryTransaction, model.CategoryBalance} {
					assert.Equal(t, tc.want, cover(t, d, "bank", c).Balanced)
				}
				r, err := g.Read(t.Context(), text(docs[0]), sources.Everything(), nil)
				require.NoError(t, err)
				if len(docs) == 1 {
					assert.Equal(t, tc.want, r.Balanced)
				}
			}
		})
	}
}

// An access that was refused is missing from what a source brings, whether or not it says so.
func TestCollectRefusedAccess(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		handle func(s *sources.Session, err error)
		person model.Obtained
	}{
		"the source says nothing": {func(*sources.Session, error) {}, model.ObtainedPart},
		"the source says of what": {func(s *sources.Session, err error) { s.Failed(err, model.CategoryTransaction) }, model.ObtainedAll},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := registry(t, fake{sources.Descriptor{ID: "api", Institution: "bank", Method: model.API, Categories: bankCats},
				func(ctx context.Context, s *sources.Session, _ sources.Query, deliver func(sources.Document) error) error {
					for range 5 {
						if err := s.Account(ctx, "account-1"); err != nil {
							tc.handle(s, err)
						}
					}
					return deliver(text("lines bank\nperson Voorbeeld 1980-01-01\ntx 2026-01-02 1.00 A\n"))
				}})
			m := grant(t, scopeOf(model.CategoryPerson, model.CategoryTransaction), "bank")
			unattended, err := m.Manager.Permit(t.Context(), consent.Actor{ID: "scheduler", Role: consent.RoleSystem, OnBehalfOf: "subject-1"}, m.id)
			require.NoError(t, err)
			d, err := collect(t, g, unattended, sources.Input{}, nil)
			require.NoError(t, err)
			assert.Equal(t, model.ObtainedPart, cover(t, d, "bank", model.CategoryTransaction).Obtained)
			assert.Equal(t, tc.person, cover(t, d, "bank", model.CategoryPerson).Obtained)
			assert.Equal(t, []string{"api limit"}, outcomes(cover(t, d, "bank", model.CategoryTransaction)))
		})
	}
}

// Nothing that could be asked of an institution is forgotten because nothing was handed over.
func TestAsked(t *testing.T) {
	t.Parallel()
	g := registry(t, source("api", "bank", model.API, bankCats, nil), sources.Upload{})
	r, err := sources.NewRetriever(g, nil)
	require.NoError(t, err)
	scope := scopeOf(model.CategoryPerson, model.CategoryPension, model.CategoryTransaction)
	for inst, want := range map[model.InstitutionID][]model.Category{
		"bank":    {model.CategoryPerson, model.CategoryTransaction}, // of its source
		"fund":    {model.CategoryPerson, model.CategoryPension},     // of its own format
		"another": {model.CategoryPerson, model.CategoryPension, model.CategoryTransaction},
	} {
		assert.ElementsMatch(t, want, r.Asked(inst, scope), inst)
		d, err := r.Collect(t.Context(), grant(t, scope, inst).Permit, sources.Input{}, nil)
		require.NoError(t, err)
		var got []model.Category
		for _, cov := range d.Coverage {
			got = append(got, cov.Category)
		}
		assert.ElementsMatch(t, want, got, inst)
	}
}

// What a source lost shows in the coverage, whatever the source says.
func TestCollectWhatIsLost(t *testing.T) {
	t.Parallel()
	scope := scopeOf(model.CategoryTransaction)
	t.Run("more documents than the limit, of a source that goes on", func(t *testing.T) {
		t.Parallel()
		g := registry(t, fake{sources.Descriptor{ID: "api", Institution: "bank", Method: model.API, Categories: bankCats},
			func(_ context.Context, _ *sources.Session, _ sources.Query, deliver func(sources.Document) error) error {
				for range 3 {
					_ = deliver(text(balancedText))
				}
				return nil
			}})
		r, err := sources.NewRetriever(g, &sources.RetrieverOptions{Limits: sources.Limits{Documents: 2}})
		require.NoError(t, err)
		d, err := r.Collect(t.Context(), grant(t, scope, "bank").Permit, sources.Input{}, nil)
		require.NoError(t, err)
		cov := cover(t, d, "bank", model.CategoryTransaction)
		assert.Equal(t, model.ObtainedPart, cov.Obtained)
		assert.Equal(t, []string{"api limit"}, outcomes(cov))
		assert.Len(t, d.Documents, 2)
	})
	t.Run("a document that cannot be read is not balanced by the others", func(t *testing.T) {
		t.Parallel()
		g := registry(t, source("api", "bank", model.API, bankCats, nil, balancedText, "garbage"))
		d, err := collect(t, g, grant(t, scope, "bank").Permit, sources.Input{}, nil)
		require.NoError(t, err)
		assert.Equal(t, model.CheckNot, cover(t, d, "bank", model.CategoryTransaction).Balanced)
	})
	t.Run("a document that says itself that data is missing", func(t *testing.T) {
		t.Parallel()
		g := registry(t, source("api", "bank", model.API, bankCats, nil, balancedText+"lacks\n"))
		d, err := collect(t, g, grant(t, scope, "bank").Permit, sources.Input{}, nil)
		require.NoError(t, err)
		assert.Equal(t, model.ObtainedPart, cover(t, d, "bank", model.CategoryTransaction).Obtained)
	})
	t.Run("single entries are no history, beside a statement they do no harm", func(t *testing.T) {
		t.Parallel()
		entries := "lines bank\nentries\ntx 2026-01-05 1.00 A\n"
		for want, docs := range map[model.Obtained][]string{model.ObtainedPart: {entries}, model.ObtainedAll: {entries, balancedText}} {
			for _, method := range []model.Method{model.API, model.File} {
				g := registry(t, source("a-source", "bank", method, bankCats, nil, docs...))
				d, err := collect(t, g, grant(t, scope, "bank").Permit, sources.Input{}, nil)
				require.NoError(t, err)
				cov := cover(t, d, "bank", model.CategoryTransaction)
				assert.Equal(t, want, cov.Obtained)
				assert.Equal(t, method, cov.Method)
			}
		}
	})
	t.Run("a history that says since when it is one is no list of entries", func(t *testing.T) {
		t.Parallel()
		g := registry(t, source("api", "bank", model.API, bankCats, nil, "lines bank\nentries\nsince 2026-06-01\ntx 2026-06-05 1.00 A\n"))
		d, err := collect(t, g, grant(t, scope, "bank").Permit, sources.Input{}, nil)
		require.NoError(t, err)
		cov := cover(t, d, "bank", model.CategoryTransaction)
		assert.Equal(t, model.ObtainedAll, cov.Obtained)
		assert.True(t, cov.HistoryCut)
	})
	t.Run("a transaction of which nobody knows whether it is booked", func(t *testing.T) {
		t.Parallel()
		g := registry(t, source("api", "bank", model.API, bankCats, nil, strings.Replace(balancedText, "close", "maybe 1.00\nclose", 1)))
		d, err := collect(t, g, grant(t, scope, "bank").Permit, sources.Input{}, nil)
		require.NoError(t, err)
		assert.Equal(t, model.CheckNot, cover(t, d, "bank", model.CategoryTransaction).Balanced)
	})
	t.Run("a record that could not be stored takes its document, not the dossier", func(t *testing.T) {
		t.Parallel()
		g := registry(t, source("api", "bank", model.API, bankCats, nil, balancedText, "lines bank\ntx 2026-01-02 1.00 \xff\n"))
		d, err := collect(t, g, grant(t, scope, "bank").Permit, sources.Input{}, nil)
		require.NoError(t, err)
		assert.Equal(t, []string{"api adapter"}, outcomes(cover(t, d, "bank", model.CategoryTransaction)))
		assert.Len(t, d.Records, 2)
		_, err = d.MarshalJSON()
		assert.NoError(t, err)
	})
}

// The pages of a list each say the days of the whole list: they are whole together, and one that fails makes a part of it.
func TestCoveragePages(t *testing.T) {
	t.Parallel()
	page := func(rest string) sources.Document {
		d := text("lines bank\ncovers 2026-01-01 2026-01-31\n" + rest)
		d.Group = "1"
		return d
	}
	first, second := page("tx 2026-01-20 -1.00 A\n"), page("tx 2026-01-20 -1.00 A\ntx 2026-01-03 -1.00 A\n")
	for name, tc := range map[string]struct {
		pages []sources.Document
		want  model.Obtained
	}{
		"all":            {[]sources.Document{first, second}, model.ObtainedAll},
		"one that fails": {[]sources.Document{first, page("fail\n")}, model.ObtainedPart},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := registry(t, fake{sources.Descriptor{ID: "api", Institution: "bank", Method: model.API, Categories: bankCats},
				func(_ context.Context, _ *sources.Session, _ sources.Query, deliver func(sources.Document) error) error {
					for _, d := range tc.pages {
						if err := deliver(d); err != nil {
							return err
						}
					}
					return nil
				}})
			d, err := collect(t, g, grant(t, scopeOf(model.CategoryTransaction), "bank").Permit, sources.Input{}, nil)
			require.NoError(t, err)
			cov := cover(t, d, "bank", model.CategoryTransaction)
			assert.Equal(t, tc.want, cov.Obtained)
			assert.Equal(t, date(t, "2026-01-01"), cov.Since)
			if tc.want == model.ObtainedAll {
				assert.Equal(t, date(t, "2026-01-31"), cov.Until)
				assert.Equal(t, 1, cov.Accounts)
				assert.Len(t, d.Resolved(), 3)
			}
		})
	}
}
