package sources_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// added compares the balances in the plain way: all records once more, after the reading.
func added(records []model.Record) model.Check {
	var opening, closing []*model.Balance
	var amounts []model.Money
	for _, r := range records {
		switch r := r.(type) {
		case *model.Balance:
			if r.Type == model.OpeningBooked {
				opening = append(opening, r)
			} else {
				closing = append(closing, r)
			}
		case *model.Transaction:
			if r.Status == "" {
				return model.CheckNot
			}
			amounts = append(amounts, r.Amount)
		}
	}
	if len(opening) != 1 || len(closing) != 1 {
		return model.CheckNot
	}
	sum := opening[0].Amount
	for _, m := range amounts {
		var err error
		if sum, err = sum.Add(m); err != nil {
			return model.CheckNot
		}
	}
	if sum == closing[0].Amount {
		return model.CheckYes
	}
	return model.CheckNo
}

// What the writer adds up as it goes is what a second look at the records gives.
func TestReconcileProperty(t *testing.T) {
	t.Parallel()
	g := registry(t)
	rapid.Check(t, func(t *rapid.T) {
		cents := func(name string) int { return rapid.IntRange(-300, 300).Draw(t, name) }
		text := func(n int) string {
			return strings.Replace(fmt.Sprintf("%d.%02d", n/100, max(n, -n)%100), "0.", map[bool]string{true: "-0.", false: "0."}[n < 0 && n > -100], 1)
		}
		lines := []string{"lines bank", "statement"}
		total := cents("opening")
		lines = append(lines, "open "+text(total))
		for range rapid.IntRange(0, 6).Draw(t, "transactions") {
			n := cents("amount")
			total += n
			lines = append(lines, "tx 2026-01-02 "+text(n)+" A")
		}
		for range rapid.IntRange(0, 9).Draw(t, "odd") / 8 {
			lines = append(lines, rapid.SampledFrom([]string{"maybe 1.00", "open 1.00", "close 1.00", "tx 2026-01-02 0.01 B"}).Draw(t, "line"))
		}
		if rapid.IntRange(0, 9).Draw(t, "closes") > 0 {
			lines = append(lines, "close "+text(total))
		}
		got, err := g.Read(t.Context(), sources.Document{Body: sources.BytesContent([]byte(strings.Join(lines, "\n") + "\n"))}, sources.Everything(), nil)
		require.NoError(t, err)
		require.Equal(t, added(got.Records), got.Balanced)
	})
}
