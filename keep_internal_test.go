package brondata

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
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
			assert.Equal(t, tc.want, combined(tc.was, tc.now, 2))
		})
	}
}

func TestRank(t *testing.T) {
	t.Parallel()
	for i, c := range []model.Coverage{
		{Obtained: model.ObtainedNone}, {Obtained: model.ObtainedPart, HistoryCut: true}, {Obtained: model.ObtainedAll, HistoryCut: true}, {Obtained: model.ObtainedAll},
	} {
		assert.Equal(t, i, rank(c))
	}
}
