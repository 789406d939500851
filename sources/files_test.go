package sources_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// A subject who hands over several files can be told what became of each, also of those that nobody read.
func TestCollectFileOutcomes(t *testing.T) {
	t.Parallel()
	file := func(inst model.InstitutionID, s string) sources.Document {
		d := text(s)
		d.Institution, d.Name = inst, "canary.txt"
		return d
	}
	files := []sources.Document{
		file("", "canary garbage"), // 1
		file("", "lines fund\npension R1\n"),
		file("", ""), // 3
		file("bank", balancedText),
		file("bank", "lines bank\ntx 2026-01-02 -12.50 Shop\nfail\n"), // 5
		file("elsewhere", balancedText),
		file("bank", "lines fund\npension R1\n"), // 7
		file("", balancedText),
		{Name: "canary.txt"}, // 9
		file("bank", "canary garbage"),
		file("bank", ""), // 11
		file("", "<?xml version=\"1.0\"?><!DOCTYPE x><x/>"),
		file("bank", "lines bank\ntx 2026-02-02 -12.50 Shop\nlacks\n"), // 13
	}
	var log bytes.Buffer
	r, err := sources.NewRetriever(registry(t, sources.Upload{}), &sources.RetrieverOptions{Log: slog.New(slog.NewJSONHandler(&log, nil))})
	require.NoError(t, err)
	got := map[int]string{}
	d, err := r.Collect(t.Context(), grant(t, scopeOf(model.CategoryPension, model.CategoryTransaction), "bank", "fund").Permit, sources.Input{Files: files}, &sources.CollectOptions{
		Progress: func(e sources.Event) {
			if e.File > 0 {
				assert.Empty(t, got[e.File], "one event tells")
				got[e.File] = fmt.Sprintf("%s %s %s", e.Kind, e.Institution, e.Outcome)
			}
		},
	})
	require.NoError(t, err)
	assert.Equal(t, map[int]string{
		1: "file  unknown-format", 2: "document fund ok", 3: "file  not-provided", 4: "document bank ok", 5: "document bank truncated",
		6: "file  not-permitted", 7: "file  ambiguous", 8: "file  ambiguous", 9: "file  adapter", 10: "document bank unknown-format",
		11: "document bank not-provided", 12: "file  malformed", 13: "document bank ok",
	}, got)
	assert.Equal(t, []model.Issue{
		{Code: model.IssueUnknown, At: "file 1"}, {Code: model.IssueMissing, At: "file 3"}, {Code: model.IssueConflict, At: "file 6"},
		{Code: model.IssueConflict, At: "file 7"}, {Code: model.IssueUnknown, At: "file 8"}, {Code: model.IssueUnknown, At: "file 9"},
		{Code: model.IssueDamaged, At: "file 12"},
	}, d.Issues)
	var doubts []string
	for _, doc := range d.Documents {
		doubts = append(doubts, fmt.Sprint(doc.Institution, doc.Issues))
	}
	assert.Equal(t, []string{
		"bank[]", "bank[{truncated  }]", "bank[{unknown  }]", "bank[{missing  }]", "bank[{incomplete  }]", "fund[]",
	}, doubts)
	for _, s := range []string{
		`"file":1,"code":"unknown-format"`, `"file":3,"code":"not-provided"`,
		`"document":2,"code":"truncated","error":"sources: upload: read: document 2: truncated: line 3","file":5`,
	} {
		assert.Contains(t, log.String(), s)
	}
	assert.NotContains(t, log.String()+fmt.Sprint(d.Issues, got), "canary")
}
