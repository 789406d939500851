package sources_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const balancedText = "lines bank\nstatement\nopen 100.00\ntx 2026-01-02 -12.50 Shop\ntx 2026-01-03 2.50 Friend\nclose 90.00\n"

func collect(t testing.TB, g *sources.Registry, p consent.Permit, in sources.Input, o *sources.CollectOptions) (*model.Dossier, error) {
	t.Helper()
	r, err := sources.NewRetriever(g, &sources.RetrieverOptions{Limits: sources.Limits{SourceTime: 5 * time.Second}})
	require.NoError(t, err)
	return r.Collect(t.Context(), p, in, o)
}

func cover(t testing.TB, d *model.Dossier, inst model.InstitutionID, c model.Category) model.Coverage {
	t.Helper()
	for _, cov := range d.Coverage {
		if cov.Institution == inst && cov.Category == c {
			return cov
		}
	}
	t.Fatalf("no coverage of %s at %s", c, inst)
	return model.Coverage{}
}

func outcomes(c model.Coverage) (out []string) {
	for _, a := range c.Attempts {
		out = append(out, string(a.Source)+" "+a.Outcome)
	}
	return out
}

func TestCollectMinimises(t *testing.T) {
	t.Parallel()
	g := registry(t, source("api", "bank", model.API, bankCats, nil, balancedText))
	p := grant(t, model.Scope{Baskets: []model.Basket{{Category: model.CategoryTransaction, Fields: []string{"amount"}}}, Since: date(t, "2026-01-03")}, "bank")
	d, err := collect(t, g, p.Permit, sources.Input{}, nil)
	require.NoError(t, err)
	require.Len(t, d.Records, 1, "one transaction is inside the look-back; balances and persons are outside the scope")
	tx := d.Records[0].(*model.Transaction)
	assert.Equal(t, "2.50", tx.Amount.Text())
	assert.True(t, tx.Account.IsZero())
	assert.Empty(t, tx.Counterparty.Name)
	assert.True(t, tx.BookingDate.IsZero())
	cov := cover(t, d, "bank", model.CategoryTransaction)
	assert.Equal(t, model.CheckYes, cov.Balanced, "reconciled before it was minimised")
	assert.Equal(t, model.ObtainedAll, cov.Obtained)
	assert.Equal(t, 1, cov.Records)
	assert.True(t, d.Complete())
	require.Len(t, d.Documents, 1)
	assert.Equal(t, model.SourceID("api"), d.Documents[0].Source)
	assert.False(t, d.Documents[0].Digest.IsZero())
	b, err := json.Marshal(d)
	require.NoError(t, err)
	for _, outside := range []string{"Shop", "Friend", "NL48BRON", "100.00", "12.50"} {
		assert.NotContains(t, string(b), outside)
	}
}

func TestCollectMethodsInTurn(t *testing.T) {
	t.Parallel()
	scope := scopeOf(model.CategoryTransaction, model.CategoryBalance)
	tx, bal := []model.Category{model.CategoryTransaction}, []model.Category{model.CategoryBalance}
	for _, tc := range []struct {
		name    string
		sources []sources.Source
		want    []string // attempts at transactions
		records int
		all     bool
	}{
		{
			"the API brings all: nothing else is asked",
			[]sources.Source{
				source("scraped", "bank", model.Scrape, bankCats, nil, balancedText),
				source("api", "bank", model.API, bankCats, nil, balancedText),
			},
			[]string{"api ok"}, 4, true,
		},
		{
			"the API is down: the scrape is next",
			[]sources.Source{
				source("api", "bank", model.API, bankCats, sources.ErrUnavailable),
				source("scraped", "bank", model.Scrape, bankCats, nil, balancedText),
			},
			[]string{"api unavailable", "scraped ok"}, 4, true,
		},
		{
			"what came before an error is kept, and the next fills in",
			[]sources.Source{
				source("api", "bank", model.API, bankCats, sources.ErrThrottled, "lines bank\ntx 2026-01-01 1.00 A\n"),
				source("scraped", "bank", model.Scrape, bankCats, nil, balancedText),
			},
			[]string{"api throttled", "scraped ok"}, 5, true,
		},
		{
			"each its own category",
			[]sources.Source{
				source("one", "bank", model.API, tx, nil, balancedText),
				source("two", "bank", model.API, bal, nil, balancedText),
			},
			[]string{"one ok"}, 8, true,
		},
		{
			"a document that breaks off leaves its category incomplete",
			[]sources.Source{
				source("api", "bank", model.API, bankCats, nil, balancedText, "lines bank\ntx 2026-01-01 1.00 A\nfail\n"),
			},
			[]string{"api truncated"}, 5, false,
		},
		{
			"a document that nobody knows",
			[]sources.Source{source("api", "bank", model.API, bankCats, nil, "what is this\n", balancedText)},
			[]string{"api unknown-format"}, 4, false,
		},
		{
			"an adapter that breaks its contract counts for nothing",
			[]sources.Source{
				source("api", "bank", model.API, bankCats, nil, "lines bank\ntx 2026-01-01 1.00 A\nforeign\n"),
				source("scraped", "bank", model.Scrape, bankCats, nil, balancedText),
			},
			[]string{"api adapter", "scraped ok"}, 4, true,
		},
		{
			"a reader that panics",
			[]sources.Source{
				source("api", "bank", model.API, bankCats, nil, "lines bank\npanic\n", balancedText),
			},
			[]string{"api adapter"}, 4, false,
		},
		{
			"a source that panics",
			[]sources.Source{
				fake{sources.Descriptor{ID: "api", Institution: "bank", Method: model.API, Categories: bankCats},
					func(context.Context, *sources.Session, sources.Query, func(sources.Document) error) error {
						panic("canary")
					}},
				source("scraped", "bank", model.Scrape, bankCats, nil, balancedText),
			},
			[]string{"api adapter", "scraped ok"}, 4, true,
		},
		{
			"an institution that refuses one way may allow another",
			[]sources.Source{
				source("api", "bank", model.API, bankCats, sources.ErrNotPermitted),
				source("scraped", "bank", model.Scrape, bankCats, nil, balancedText),
			},
			[]string{"api not-permitted", "scraped ok"}, 4, true,
		},
		{"no source at all", nil, nil, 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d, err := collect(t, registry(t, tc.sources...), grant(t, scope, "bank").Permit, sources.Input{}, nil)
			require.NoError(t, err)
			cov := cover(t, d, "bank", model.CategoryTransaction)
			assert.Equal(t, tc.want, outcomes(cov))
			assert.Len(t, d.Records, tc.records)
			assert.Equal(t, tc.all, cov.Obtained == model.ObtainedAll, "%s", cov.Obtained)
			assert.Equal(t, tc.all, d.Complete())
		})
	}
}

// One slow, one failing and one silent institution lose nothing of the fourth; a source that ignores its context is left
// behind, and what it delivers later counts for nothing.
func TestCollectConcurrently(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		late := make(chan error, 1)
		never := fake{sources.Descriptor{ID: "never", Institution: "b-never", Method: model.API, Categories: bankCats},
			func(_ context.Context, _ *sources.Session, _ sources.Query, deliver func(sources.Document) error) error {
				time.Sleep(time.Hour)
				late <- deliver(text(balancedText))
				return nil
			}}
		slow := fake{sources.Descriptor{ID: "slow", Institution: "c-slow", Method: model.API, Categories: bankCats},
			func(ctx context.Context, _ *sources.Session, _ sources.Query, deliver func(sources.Document) error) error {
				if err := deliver(text(balancedText)); err != nil {
					return err
				}
				<-ctx.Done()
				return ctx.Err()
			}}
		g := registry(t, never, slow,
			source("down", "a-down", model.API, bankCats, sources.ErrUnavailable),
			source("good", "d-good", model.API, bankCats, nil, balancedText))
		r, err := sources.NewRetriever(g, &sources.RetrieverOptions{Limits: sources.Limits{SourceTime: time.Minute}})
		require.NoError(t, err)
		p := grant(t, scopeOf(model.CategoryTransaction), "a-down", "b-never", "c-slow", "d-good")
		start := time.Now()
		d, err := r.Collect(t.Context(), p.Permit, sources.Input{}, nil)
		require.NoError(t, err)
		assert.Less(t, time.Since(start), 2*time.Minute, "all at the same time")
		assert.Equal(t, []string{"down unavailable"}, outcomes(cover(t, d, "a-down", model.CategoryTransaction)))
		assert.Equal(t, []string{"never timeout"}, outcomes(cover(t, d, "b-never", model.CategoryTransaction)))
		slowly := cover(t, d, "c-slow", model.CategoryTransaction)
		assert.Equal(t, []string{"slow timeout"}, outcomes(slowly))
		assert.Equal(t, model.ObtainedPart, slowly.Obtained)
		assert.Equal(t, model.ObtainedAll, cover(t, d, "d-good", model.CategoryTransaction).Obtained)
		assert.Len(t, d.Records, 4)
		require.ErrorIs(t, <-late, context.DeadlineExceeded)
		assert.Len(t, d.Records, 4, "the dossier does not change any more")
	})
}

func TestCollectFiles(t *testing.T) {
	t.Parallel()
	fundText := "lines fund\nperson Jansen 1980-01-02\npension R1\n"
	up := registry(t, sources.Upload{})
	file := func(inst model.InstitutionID, s string) sources.Document {
		d := text(s)
		d.Institution, d.Name = inst, "canary.txt"
		return d
	}
	t.Run("each to its institution", func(t *testing.T) {
		p := grant(t, scopeOf(model.CategoryPension, model.CategoryTransaction), "bank", "fund")
		d, err := collect(t, up, p.Permit, sources.Input{
			Files:   []sources.Document{file("", fundText), file("bank", balancedText)},
			Subject: &model.Person{Name: model.Name{Family: "JANSEN"}, BirthDate: date(t, "1980-01-02")},
		}, nil)
		require.NoError(t, err)
		assert.Empty(t, d.Issues)
		assert.True(t, d.Complete())
		assert.Len(t, d.Records, 3)
		assert.Equal(t, model.CheckYes, cover(t, d, "fund", model.CategoryPension).Subject)
		assert.Equal(t, model.CheckNot, cover(t, d, "bank", model.CategoryTransaction).Subject)
	})
	t.Run("the only institution of the grant", func(t *testing.T) {
		d, err := collect(t, up, grant(t, scopeOf(model.CategoryTransaction), "bank").Permit, sources.Input{Files: []sources.Document{file("", balancedText)}}, nil)
		require.NoError(t, err)
		assert.Len(t, d.Records, 2)
	})
	t.Run("whose it is, is unclear", func(t *testing.T) {
		d, err := collect(t, up, grant(t, scopeOf(model.CategoryTransaction), "bank", "other").Permit, sources.Input{Files: []sources.Document{file("", balancedText)}}, nil)
		require.NoError(t, err)
		assert.Empty(t, d.Records)
		require.Len(t, d.Issues, 1)
		assert.Equal(t, model.Locator("file 1"), d.Issues[0].At)
		assert.False(t, d.Complete())
	})
	t.Run("of an institution that the grant does not name", func(t *testing.T) {
		d, err := collect(t, up, grant(t, scopeOf(model.CategoryTransaction), "bank").Permit, sources.Input{Files: []sources.Document{file("fund", fundText)}}, nil)
		require.NoError(t, err)
		assert.Empty(t, d.Records)
		assert.Len(t, d.Issues, 1)
	})
	t.Run("a format of another institution than the file is said to be of", func(t *testing.T) {
		p := grant(t, scopeOf(model.CategoryPension), "bank", "fund").Permit
		d, err := collect(t, up, p, sources.Input{Files: []sources.Document{file("bank", fundText)}}, nil)
		require.NoError(t, err)
		assert.Empty(t, d.Records, "a pension of the fund's must not be told as the bank's")
		assert.Equal(t, []model.Issue{{Code: model.IssueConflict, At: "file 1"}}, d.Issues)
		assert.False(t, d.Complete())
	})
	t.Run("another person's", func(t *testing.T) {
		d, err := collect(t, up, grant(t, scopeOf(model.CategoryPension), "fund").Permit, sources.Input{
			Files:   []sources.Document{file("", fundText)},
			Subject: &model.Person{Name: model.Name{Family: "Jansen"}, BirthDate: date(t, "1990-01-02")},
		}, nil)
		require.NoError(t, err)
		assert.Equal(t, model.CheckNo, cover(t, d, "fund", model.CategoryPension).Subject)
	})
}

func TestCollectBalances(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text string
		want model.Check
	}{
		"adds up":                  {balancedText, model.CheckYes},
		"does not add up":          {"lines bank\nstatement\nopen 1.00\ntx 2026-01-02 1.00 A\nclose 1.00\n", model.CheckNo},
		"no closing balance":       {"lines bank\nstatement\nopen 1.00\ntx 2026-01-02 1.00 A\n", model.CheckNot},
		"two closing balances":     {"lines bank\nstatement\nopen 1.00\ntx 2026-01-02 1.00 A\nclose 2.00\nclose 3.00\n", model.CheckNot},
		"no statement":             {"lines bank\ntx 2026-01-02 1.00 A\n", model.CheckNot},
		"one good, one bad":        {balancedText + "statement\nopen 1.00\nclose 2.00\n", model.CheckNo},
		"one good, one open":       {balancedText + "statement\nopen 1.00\n", model.CheckNot},
		"broken off after it":      {balancedText + "fail\n", model.CheckNot},
		"broken off in a next one": {balancedText + "statement\nfail\n", model.CheckNot},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := registry(t, source("api", "bank", model.API, bankCats, nil, tc.text))
			d, err := collect(t, g, grant(t, scopeOf(model.CategoryTransaction), "bank").Permit, sources.Input{}, nil)
			require.NoError(t, err)
			assert.Equal(t, tc.want, cover(t, d, "bank", model.CategoryTransaction).Balanced)
			unbalanced := 0
			for _, i := range d.Documents[0].Issues {
				if i.Code == model.IssueUnbalanced {
					unbalanced++
				}
			}
			assert.Equal(t, tc.want == model.CheckNo, unbalanced == 1)
		})
	}
}

// No value, file name or foreign text comes out through errors, logs or events.
func TestCollectLeaksNothing(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var mu sync.Mutex
	g := registry(t,
		source("one", "bank", model.API, bankCats, &leaky{"canary-1"}, "lines bank\nleak canary-2\n"),
		source("two", "bank", model.File, bankCats, nil, "lines bank\npanic canary-3\n"),
		source("three", "bank", model.Scrape, bankCats, errors.New("canary-4")),
	)
	r, err := sources.NewRetriever(g, &sources.RetrieverOptions{Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	require.NoError(t, err)
	var events []sources.Event
	d, err := r.Collect(t.Context(), grant(t, scopeOf(model.CategoryTransaction), "bank").Permit, sources.Input{}, &sources.CollectOptions{
		Progress: func(e sources.Event) {
			mu.Lock()
			defer mu.Unlock()
			events = append(events, e)
		},
	})
	require.NoError(t, err)
	b, err := json.Marshal(d)
	require.NoError(t, err)
	ev, err := json.Marshal(events)
	require.NoError(t, err)
	assert.NotContains(t, log.String()+string(b)+string(ev), "canary")
	assert.Contains(t, log.String(), "leaky", "the type of a foreign error is said")
	assert.Equal(t, sources.EventStarted, events[0].Kind)
	assert.Equal(t, sources.EventDone, events[len(events)-1].Kind)
}

func TestCollectCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	g := registry(t,
		source("good", "a-good", model.API, bankCats, nil, balancedText),
		fake{sources.Descriptor{ID: "slow", Institution: "b-slow", Method: model.API, Categories: bankCats},
			func(ctx context.Context, _ *sources.Session, _ sources.Query, deliver func(sources.Document) error) error {
				if err := deliver(text(balancedText)); err != nil {
					return err
				}
				cancel()
				return deliver(text(balancedText))
			}})
	r, err := sources.NewRetriever(g, &sources.RetrieverOptions{Limits: sources.Limits{Institutions: 1}})
	require.NoError(t, err)
	d, err := r.Collect(ctx, grant(t, scopeOf(model.CategoryTransaction), "a-good", "b-slow").Permit, sources.Input{}, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.NotNil(t, d)
	assert.GreaterOrEqual(t, len(d.Records), 2, "what was brought before is there")
	assert.False(t, d.Complete())
	for _, inst := range []model.InstitutionID{"a-good", "b-slow"} {
		assert.Equal(t, inst, cover(t, d, inst, model.CategoryTransaction).Institution, "what was not begun is asked all the same")
	}
}

func date(t testing.TB, s string) model.Date {
	t.Helper()
	d, err := model.ParseDate(s)
	require.NoError(t, err)
	return d
}

// Two equal purchases on two pages of one list stay two; the same list fetched twice is seen twice.
func TestCollectGroups(t *testing.T) {
	t.Parallel()
	page := "lines bank\ntx 2026-01-02 -2.50 Bakery\n"
	deliver := func(groups ...string) fake {
		return fake{sources.Descriptor{ID: "api", Institution: "bank", Method: model.API, Categories: bankCats},
			func(_ context.Context, _ *sources.Session, _ sources.Query, deliver func(sources.Document) error) error {
				for _, g := range groups {
					d := text(page)
					d.Group = g
					if err := deliver(d); err != nil {
						return err
					}
				}
				return nil
			}}
	}
	for name, tc := range map[string]struct {
		groups []string
		want   int
	}{"two pages": {[]string{"a", "a"}, 2}, "two lists": {[]string{"a", "b"}, 1}, "two documents": {[]string{"", ""}, 1}} {
		t.Run(name, func(t *testing.T) {
			d, err := collect(t, registry(t, deliver(tc.groups...)), grant(t, scopeOf(model.CategoryTransaction), "bank").Permit, sources.Input{}, nil)
			require.NoError(t, err)
			assert.Len(t, d.Records, 2, "records are never merged")
			assert.Len(t, d.Resolved(), tc.want)
		})
	}
}
