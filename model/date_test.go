package model_test

import (
	"cmp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/model"
)

func TestParseDate(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"2026-11-22", "2026-11", "2026", "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"} {
		d, err := model.ParseDate(s)
		require.NoError(t, err)
		assert.Equal(t, s, d.String())
		assert.Equal(t, len(s) == 10, d.Complete())
	}
	for name, s := range map[string]string{
		"empty": "", "30 February": "2026-02-30", "no leap year": "2025-02-29", "1900": "1900-02-29", "month 13": "2026-13", "month 0": "2026-00", "day 0": "2026-01-00",
		"year 0": "0000", "day first": "22-11-2026", "slashes": "2026/11/22", "with a time": "2026-11-22T00:00", "two digits": "26", "letters": "20a6",
		"31 April": "2026-04-31", "31 June": "2026-06-31", "31 September": "2026-09-31", "31 November": "2026-11-31", "32 January": "2026-01-32",
		"a colon": "2026-0:-01", "a slash": "2026-0/-01", "in the year": "20:6-01-01", "in the day": "2026-01-/1", "no marks": "2026x01", "one mark": "2026-01x01",
		"blank": "2026-11-2 ", "sign": "-026", "plus month": "2026-+1", "wrong mark": "2026-11/22",
	} {
		_, err := model.ParseDate(s)
		require.ErrorIs(t, err, model.ErrSyntax, name)
	}
}

// A date in another form is taken in exactly that form: what package time lets pass beyond it is not.
func TestParseDateIn(t *testing.T) {
	t.Parallel()
	for in, c := range map[string]struct{ layout, want string }{
		"22-11-2026": {"02-01-2006", "2026-11-22"}, "2-1-2026": {"2-1-2006", "2026-01-02"}, "02-01-2026": {"2-1-2006", ""}, "2-01-2026": {"2-1-2006", ""},
		"1-2-2026": {"02-01-2006", ""}, "31-11-2026": {"02-01-2006", ""}, "22-11-26": {"02-01-2006", ""}, "": {"02-01-2006", ""},
	} {
		d, err := model.ParseDateIn(in, c.layout)
		if c.want == "" {
			require.ErrorIs(t, err, model.ErrSyntax, in)
			continue
		}
		require.NoError(t, err, in)
		assert.Equal(t, c.want, d.String())
	}
}

func TestDateBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, first, last string }{
		{"2026", "2026-01-01", "2026-12-31"}, {"2024-02", "2024-02-01", "2024-02-29"}, {"2026-02", "2026-02-01", "2026-02-28"}, {"2026-04-05", "2026-04-05", "2026-04-05"},
	} {
		d := date(t, c.in)
		assert.Equal(t, c.first, d.Earliest().String())
		assert.Equal(t, c.last, d.Latest().String())
	}
	for m := range 12 {
		month := time.Date(2026, time.Month(m+1), 1, 0, 0, 0, 0, time.UTC)
		d, err := model.NewDate(2026, m+1, 0)
		require.NoError(t, err)
		assert.Equal(t, month.AddDate(0, 1, -1).Format(time.DateOnly), d.Latest().String())
		_, err = model.NewDate(2026, m+1, month.AddDate(0, 1, -1).Day()+1)
		require.ErrorIs(t, err, model.ErrSyntax)
	}
	for _, c := range [][3]int{{0, 1, 1}, {10000, 1, 1}, {-1, 1, 1}, {2026, -1, 0}, {2026, 13, 0}, {2026, 1, -1}, {2026, 0, 1}} {
		_, err := model.NewDate(c[0], c[1], c[2])
		require.ErrorIs(t, err, model.ErrSyntax, c)
	}
	assert.True(t, model.DateOf(time.Time{}).IsZero())
	assert.True(t, model.Date{}.Earliest().IsZero())
	assert.True(t, model.Date{}.Latest().IsZero())
	again := date(t, "2026-11-22")
	require.NoError(t, again.UnmarshalText(nil))
	assert.True(t, again.IsZero(), "no text is no date, whatever was there")
	assert.True(t, date(t, "2025-12").Before(date(t, "2026")))
	assert.False(t, date(t, "2026-01").Before(date(t, "2026")), "it may be the same day")
	assert.False(t, date(t, "2026").Before(date(t, "2026-06-01")))
	assert.Equal(t, "2024-03-01", date(t, "2024-02-28").AddDays(2).String())
	assert.Equal(t, "2024-02", date(t, "2024-02").AddDays(2).String())
	assert.True(t, date(t, "9999-12-31").AddDays(1).IsZero())
	assert.True(t, model.DateOf(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero())
	// The date is that of the moment's own zone.
	zone := time.FixedZone("", 3600)
	assert.Equal(t, "2026-01-01", model.DateOf(time.Date(2026, 1, 1, 0, 30, 0, 0, zone)).String())
}

// Complete dates behave as package time's, and the order is total.
func TestDateProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := time.Unix(rapid.Int64Range(-50_000_000_000, 200_000_000_000).Draw(t, "a"), 0).UTC().Truncate(24 * time.Hour)
		b := time.Unix(rapid.Int64Range(-50_000_000_000, 200_000_000_000).Draw(t, "b"), 0).UTC().Truncate(24 * time.Hour)
		x, y := model.DateOf(a), model.DateOf(b)
		assert.Equal(t, a.Format(time.DateOnly), x.String())
		assert.Equal(t, a, x.Time())
		assert.Equal(t, a.Compare(b), x.Compare(y))
		assert.Equal(t, a.Before(b), x.Before(y))
		assert.Equal(t, x, date(t, x.String()))
		n := rapid.IntRange(-400, 400).Draw(t, "days")
		assert.Equal(t, a.AddDate(0, 0, n).Format(time.DateOnly), x.AddDays(n).String())
		for _, cut := range []int{4, 7} {
			p := date(t, x.String()[:cut])
			assert.LessOrEqual(t, p.Compare(x), 0)
			assert.False(t, p.Before(x))
			assert.False(t, x.Before(p))
			assert.Equal(t, -cmp.Compare(p.Compare(y), 0), y.Compare(p))
		}
	})
}

// FuzzParseDate: what is taken is what package time takes.
func FuzzParseDate(f *testing.F) {
	for _, s := range sampleDates {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := model.ParseDate(s)
		layout := map[int]string{4: "2006", 7: "2006-01", 10: "2006-01-02"}[len(s)]
		want, wantErr := time.Parse(layout, s)
		if layout == "" || wantErr != nil || want.Year() == 0 {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, s, d.String())
		require.Equal(t, want, d.Time())
	})
}
