package brondata

import (
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// What is said of two collections together is no more than what can be said.
func TestCombined(t *testing.T) {
	t.Parallel()
	day := func(s string) model.Date {
		d, err := model.ParseDate(s)
		require.NoError(t, err)
		return d
	}
	october, november := day("2026-10-01"), day("2026-11-01")
	all, part := model.ObtainedAll, model.ObtainedPart
	for name, tc := range map[string]struct{ was, now, want model.Coverage }{
		"two files": {
			model.Coverage{Obtained: all, Method: model.File, Since: october, HistoryCut: true, Balanced: model.CheckYes},
			model.Coverage{Obtained: all, Method: model.File, Since: november, HistoryCut: true, Balanced: model.CheckNot},
			model.Coverage{Obtained: all, Method: model.File, Since: november, HistoryCut: true, Balanced: model.CheckNot},
		},
		"the other way round": {
			model.Coverage{Obtained: all, Method: model.File, Since: november, HistoryCut: true},
			model.Coverage{Obtained: all, Method: model.File, Since: october, HistoryCut: true},
			model.Coverage{Obtained: all, Method: model.File, Since: november, HistoryCut: true},
		},
		"a file that does not say since when": {
			model.Coverage{Obtained: all, Method: model.File, Since: october, HistoryCut: true},
			model.Coverage{Obtained: all, Method: model.File},
			model.Coverage{Obtained: all, Method: model.File, Since: october, HistoryCut: true},
		},
		"a part before": {
			model.Coverage{Obtained: part, Method: model.File, Subject: model.CheckNo}, model.Coverage{Obtained: all, Method: model.File, Subject: model.CheckYes},
			model.Coverage{Obtained: part, Method: model.File, Subject: model.CheckNo},
		},
		"a part now": {
			model.Coverage{Obtained: all, Method: model.API}, model.Coverage{Obtained: part, Method: model.API},
			model.Coverage{Obtained: part, Method: model.API},
		},
		"nothing now": {
			model.Coverage{Obtained: all, Method: model.File, Since: october, Balanced: model.CheckYes}, model.Coverage{Obtained: model.ObtainedNone, Balanced: model.CheckNot},
			model.Coverage{Obtained: part, Method: model.File, Since: october, Balanced: model.CheckNot},
		},
		"nothing before": {
			model.Coverage{Obtained: model.ObtainedNone, Balanced: model.CheckNot}, model.Coverage{Obtained: all, Method: model.File, Since: october, Balanced: model.CheckYes},
			model.Coverage{Obtained: part, Method: model.File, Since: october, Balanced: model.CheckNot},
		},
		"never anything": {
			model.Coverage{Obtained: model.ObtainedNone}, model.Coverage{Obtained: model.ObtainedNone}, model.Coverage{Obtained: model.ObtainedNone},
		},
		"all from the institution": {
			model.Coverage{Obtained: part, Method: model.File, Since: november, HistoryCut: true}, model.Coverage{Obtained: all, Method: model.API, Since: october},
			model.Coverage{Obtained: all, Method: model.API, Since: october},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.was.Records, tc.now.Records, tc.want.Records = 3, 4, 6
			tc.was.Attempts, tc.now.Attempts = []model.Attempt{{Source: "a"}}, []model.Attempt{{Source: "b"}}
			tc.want.Attempts = []model.Attempt{{Source: "a"}, {Source: "b"}}
			k := &keeping{d: &model.Dossier{}}
			assert.Equal(t, tc.want, k.combined(&model.Dossier{}, tc.was, tc.now, 2))
		})
	}
}

// What is kept of a document is what its records were read from.
func TestKeepTheDocumentThatWasRead(t *testing.T) {
	t.Parallel()
	k, d := &keptDocuments{}, sources.Document{Body: sources.BytesContent([]byte("read"))}
	require.ErrorIs(t, k.keep(t.Context(), model.DocumentInfo{Digest: sha256.Sum256([]byte("rEad"))}, d), sources.ErrAdapter)
	assert.Empty(t, k.all())
	require.NoError(t, k.keep(t.Context(), model.DocumentInfo{Digest: sha256.Sum256([]byte("read"))}, d))
	assert.Len(t, k.all(), 1)
}

func TestRank(t *testing.T) {
	t.Parallel()
	for i, c := range []model.Coverage{
		{Obtained: model.ObtainedNone}, {Obtained: model.ObtainedPart, HistoryCut: true}, {Obtained: model.ObtainedAll, HistoryCut: true}, {Obtained: model.ObtainedAll},
	} {
		assert.Equal(t, i, rank(c))
	}
}

// Statements of one account that come one by one are one history; of several accounts each could lack what another has.
func TestCombinedHistory(t *testing.T) {
	t.Parallel()
	day := func(s string) model.Date {
		if s == "" {
			return model.Date{}
		}
		d, err := model.ParseDate(s)
		require.NoError(t, err)
		return d
	}
	cover := func(since, until string, accounts int) model.Coverage {
		return model.Coverage{
			Obtained: model.ObtainedAll, Method: model.File, Since: day(since), Until: day(until), Accounts: accounts, HistoryCut: day("2026-01-01").Before(day(since)),
		}
	}
	january, february, march := cover("2026-01-01", "2026-01-31", 1), cover("2026-02-01", "2026-02-28", 1), cover("2026-03-01", "2026-03-31", 1)
	a, b := "NL48BRON0123456789", "NL14BRON0200000101"
	for name, tc := range map[string]struct {
		kept, own []string // the accounts of the transactions
		was, now  model.Coverage
		want      model.Coverage
	}{
		"a month and the next":           {[]string{a}, []string{a, a}, january, february, cover("2026-01-01", "2026-02-28", 1)},
		"a month and the one before":     {[]string{a}, []string{a}, february, january, cover("2026-01-01", "2026-02-28", 1)},
		"the same again":                 {[]string{a}, []string{a}, january, january, january},
		"a quarter and its middle":       {[]string{a}, []string{a}, cover("2026-01-01", "2026-03-31", 1), february, cover("2026-01-01", "2026-03-31", 1)},
		"a gap":                          {[]string{a}, []string{a}, january, march, march},
		"a gap before":                   {[]string{a}, []string{a}, march, january, march},
		"to when it was retrieved":       {[]string{a}, []string{a}, january, cover("2026-02-01", "", 1), cover("2026-01-01", "", 1)},
		"nobody knows up to when":        {[]string{a}, []string{a}, cover("2026-01-01", "", 1), february, february},
		"since the beginning":            {[]string{a}, []string{a}, cover("", "2026-01-31", 1), february, cover("", "2026-02-28", 1)},
		"another account":                {[]string{a}, []string{b}, january, february, cover("2026-02-01", "2026-01-31", 0)},
		"two accounts":                   {[]string{a, b}, []string{a}, january, february, cover("2026-02-01", "2026-01-31", 0)},
		"two accounts, one of them mute": {[]string{a}, []string{a}, cover("2026-01-01", "2026-01-31", 2), february, cover("2026-02-01", "2026-01-31", 0)},
		"accounts that are not known":    {[]string{""}, []string{""}, january, february, cover("2026-02-01", "2026-01-31", 0)},
		"another currency":               {[]string{a}, []string{a + " USD"}, january, february, cover("2026-02-01", "2026-01-31", 0)},
		"a currency that is not known":   {[]string{a + " "}, []string{a + " "}, january, february, cover("2026-02-01", "2026-01-31", 0)},
		"a month without a transaction":  {nil, []string{a}, january, february, cover("2026-02-01", "2026-01-31", 0)},
		"the next without a transaction": {[]string{a}, nil, january, february, cover("2026-02-01", "2026-01-31", 0)},
		"how many is not known":          {[]string{a}, []string{a}, january, cover("2026-02-01", "2026-02-28", 0), cover("2026-02-01", "2026-01-31", 0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of := func(accounts []string) *model.Dossier {
				d := &model.Dossier{Documents: []model.DocumentInfo{{Institution: "bank"}}}
				for _, s := range accounts {
					tx, currency := &model.Transaction{}, model.EUR
					if account, c, ok := strings.Cut(s, " "); ok {
						s, currency = account, model.Currency(c)
					}
					if s != "" {
						var err error
						tx.Account, err = model.ParseAccountID(s)
						require.NoError(t, err)
					}
					if currency != "" {
						var err error
						tx.Amount, err = model.ParseMoney("1.00", currency)
						require.NoError(t, err)
					}
					d.Records = append(d.Records, tx)
				}
				return d
			}
			k := &keeping{inst: "bank", d: of(tc.own), g: consent.Grant{Scope: model.Scope{Since: day("2026-01-01")}}}
			assert.Equal(t, tc.want, k.combined(of(tc.kept), tc.was, tc.now, 0))
		})
	}
}
