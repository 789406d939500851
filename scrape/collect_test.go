package scrape_test

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/scrape"
	"github.com/brondata/brondata/scrape/scrapetest"
	"github.com/brondata/brondata/sources"
)

// TestCollect goes through consent and the Retriever: coverage says per category what a changed page cost, records of an
// assumed layout say so, and nothing of the subject is in a log.
func TestCollect(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		mutation scrapetest.Mutation
		person   model.Obtained
		debt     model.Obtained
		outcome  string
	}{
		{"unchanged", "", model.ObtainedAll, model.ObtainedAll, "ok"},
		{"no debt", scrapetest.Empty, model.ObtainedAll, model.ObtainedAll, "ok"},
		{"one page changed", scrapetest.MovedCells, model.ObtainedAll, model.ObtainedNone, "layout-changed"},
		{"both pages changed", scrapetest.UnknownLabels, model.ObtainedNone, model.ObtainedNone, "layout-changed"},
		{"session ended", scrapetest.ExpiredToDigiD, model.ObtainedNone, model.ObtainedNone, "authentication"},
		{"maintenance", scrapetest.Maintenance, model.ObtainedNone, model.ObtainedNone, "unavailable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := scrapetest.Start(tt.mutation)
			defer p.Close()
			r := scrapetest.MijnOverheid(p.URL(), scrape.HTML)
			r.Institution = "portal"
			r.Pages = append(r.Pages, scrapetest.MijnDUO(p.URL(), scrape.HTML).Pages...)
			s, err := scrape.New(r, nil)
			require.NoError(t, err)
			g := registry(t)
			require.NoError(t, g.AddSource(s))
			scope := model.Scope{Baskets: []model.Basket{
				{Category: model.CategoryPerson, Fields: []string{"name", "birthDate"}},
				{Category: model.CategoryStudyDebt, Fields: []string{"outstanding"}},
			}}
			var log bytes.Buffer
			ret, err := sources.NewRetriever(g, &sources.RetrieverOptions{
				HTTP: p.HTTP(), Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			})
			require.NoError(t, err)
			in := sources.Input{Handovers: map[model.InstitutionID]sources.Handover{"portal": p.Handover()}}
			d, err := ret.Collect(t.Context(), permit(t, scope), in, nil)
			require.NoError(t, err)

			got := map[model.Category]model.Obtained{}
			for _, c := range d.Coverage {
				got[c.Category] = c.Obtained
				assert.Equal(t, tt.outcome, c.Attempts[0].Outcome)
			}
			assert.Equal(t, map[model.Category]model.Obtained{model.CategoryPerson: tt.person, model.CategoryStudyDebt: tt.debt}, got)
			for _, rec := range d.Records {
				assert.Contains(t, rec.Head().Issues, model.Doubt(model.IssueUnverified, ""))
			}
			assert.Zero(t, p.Sessions(), "not logged out")
			private(t, p, outcome{log: log.String()})
		})
	}
}

func permit(t testing.TB, scope model.Scope) consent.Permit {
	t.Helper()
	m, err := consent.NewManager(consent.NewMemoryStore(), nil)
	require.NoError(t, err)
	subject := consent.Actor{ID: "subject-1", Role: consent.RoleSubject}
	g, err := m.Propose(t.Context(), subject, consent.Proposal{
		Subject:   "subject-1",
		Recipient: consent.Recipient{ID: "lender", Name: "A lender", Contact: "privacy@lender.example"},
		Purpose:   consent.Purpose{ID: "mortgage", Text: model.Text{Dutch: "Een hypotheek", English: "A mortgage"}},
		Scope:     scope, Institutions: []model.InstitutionID{"portal"}, ValidUntil: time.Now().Add(24 * time.Hour),
	})
	require.NoError(t, err)
	_, err = m.Decide(t.Context(), subject, g.ID, true)
	require.NoError(t, err)
	p, err := m.Permit(t.Context(), subject, g.ID)
	require.NoError(t, err)
	return p
}
