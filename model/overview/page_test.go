package overview

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"github.com/brondata/brondata/model"
)

func composerOf(r *model.Review) *composer {
	return &composer{printer: printer{lang: "nl", zone: time.UTC}, review: r, names: map[model.InstitutionID]string{"a": "A", "b": "B"}}
}

// What decides stands before what explains.
func TestSummaryOrder(t *testing.T) {
	t.Parallel()
	c := composerOf(&model.Review{
		Recipient: model.ReviewRecipient{Name: "Bank"}, Purpose: model.ReviewPurpose{Text: model.Text{Dutch: "x"}, Further: model.Text{Dutch: "x"}, Withdrawal: model.Text{Dutch: "x"}},
		Institutions: []model.ReviewInstitution{{ID: "a"}, {ID: "b"}}, LeftOut: []model.Category{model.CategoryIncome},
		Records: []model.Record{&model.Person{}}, GrantValidUntil: time.Unix(0, 0), Scope: model.Scope{Since: model.DateOf(time.Unix(0, 0))},
	})
	pairs := c.summary().Blocks[0].Pairs
	var got []string
	for _, p := range pairs {
		got = append(got, p.Label)
	}
	assert.Equal(t, []string{
		"Naar wie", "Waarvoor", "Welke gegevens", "Waarvandaan", "Wat u weglaat", "Let op", "Hoe lang ze worden bewaard", "Toestemming geldt tot",
		"Nee zeggen", "Toestemming intrekken", "Wat er verder mee gebeurt", "Vanaf", "Controlecode",
	}, got)
	assert.Equal(t, pair{Label: "Welke gegevens", Lines: []string{"Persoonsgegevens: 1 vermelding"}, Links: []string{"person"}}, pairs[2])
	assert.Equal(t, []string{"A, B"}, pairs[3].Lines)
	assert.True(t, pairs[len(pairs)-1].Code)
}

// A worry that holds for much is named by what it holds for as a whole, and by nothing that it does not hold for.
func TestWhereAWorryHolds(t *testing.T) {
	t.Parallel()
	cov := func(i model.InstitutionID, c model.Category) model.Coverage {
		return model.Coverage{Institution: i, Category: c}
	}
	all := []model.Coverage{
		cov("a", model.CategoryAccount), cov("b", model.CategoryPerson), cov("a", model.CategoryBalance), cov("b", model.CategoryIncome), cov("c", model.CategoryPension),
	}
	c := composerOf(&model.Review{Coverage: all})
	for want, of := range map[string][]model.Coverage{
		"alle gegevens":                       all,
		"A; B: Loon":                          {all[0], all[2], all[3]},
		"A: Saldi; c: Pensioen":               {all[2], all[4]},
		"B; A: Rekeningen":                    {all[1], all[0], all[3]},
		"A; B: Persoonsgegevens; c: Pensioen": {all[0], all[1], all[2], all[4]},
	} {
		assert.Equal(t, want, c.where(of))
	}
	c.review.Coverage = all[4:]
	assert.Equal(t, "c: Pensioen", c.where(all[4:]), "one thing is named, not called all")
}

// The term of many is said of the rest, where that is true of each.
func TestKeepingOfTheRest(t *testing.T) {
	t.Parallel()
	year, week := model.Text{Dutch: "een jaar"}, model.Text{Dutch: "een week"}
	c := composerOf(&model.Review{Records: []model.Record{&model.Person{}}})
	for _, cat := range model.Categories()[:5] {
		c.review.Retention = append(c.review.Retention, model.ReviewRetention{Category: cat, Text: year})
	}
	assert.Equal(t, []string{"een jaar"}, c.keeping())
	c.review.Retention = append(c.review.Retention, model.ReviewRetention{Category: model.CategoryTransaction, Text: week})
	assert.Equal(t, []string{"Bij- en afschrijvingen: een week", "De overige gegevens: een jaar"}, c.keeping())
	c.review.Retention = append(c.review.Retention, model.ReviewRetention{Category: model.CategoryPerson, Text: week})
	for _, line := range c.keeping() {
		assert.NotContains(t, line, "overige", "persons have two terms")
	}
}

// What has no day says why, and stands last: a pending transaction is the newest there is.
func TestRowsWithoutADay(t *testing.T) {
	t.Parallel()
	day := func(s string) model.Date { d, err := model.ParseDate(s); require.NoError(t, err); return d }
	c := composerOf(&model.Review{})
	tx := func(status model.TransactionStatus, booked, value string) *model.Transaction {
		x := &model.Transaction{Status: status, Description: string(status) + booked + value}
		if booked != "" {
			x.BookingDate = day(booked)
		}
		if value != "" {
			x.ValueDate = day(value)
		}
		return x
	}
	records := []model.Record{
		tx(model.Pending, "", ""), tx(model.Booked, "2026-03-02", ""), tx(model.Pending, "", "2026-03-01"), tx("", "", ""), tx(model.Pending, "2026-03-03", ""),
	}
	got := c.table(model.CategoryTransaction, records)
	var cells []string
	for _, r := range got.Rows {
		require.Len(t, r.Cells[0], 1)
		cells = append(cells, r.Cells[0][0])
		assert.Equal(t, r.Cells[0][0] == "03-03-2026", slices.Contains(r.Minor, "nog niet geboekt"), "once, wherever it stands")
	}
	assert.Equal(t, []string{"nog niet geboekt", "02-03-2026", "03-03-2026", "nog niet geboekt", "niet vermeld"}, cells)
	assert.Contains(t, got.Rows[0].Minor, "Rentedatum: 1 maart 2026")

	only := c.table(model.CategoryTransaction, records[:1])
	assert.NotEqual(t, "Datum", only.Columns[0].Title, "no column that nothing stands in")
	assert.Contains(t, only.Rows[0].Minor, "nog niet geboekt")

	balances := c.table(model.CategoryBalance, []model.Record{&model.Balance{Type: model.ExpectedBalance}, &model.Balance{Type: model.ClosingBooked, Date: day("2026-03-01")}})
	assert.Equal(t, [][]string{{"01-03-2026"}, {"Eindsaldo"}, {"onbekend"}}, balances.Rows[0].Cells)
	assert.Equal(t, "niet vermeld", balances.Rows[1].Cells[0][0])
}

func TestNothingToShowOrNowhere(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, HTML(&bytes.Buffer{}, nil, nil), model.ErrSyntax)
	require.ErrorIs(t, PDF(&bytes.Buffer{}, nil, nil), model.ErrSyntax)
	require.ErrorIs(t, HTML(nil, &model.Review{}, nil), model.ErrSyntax)
	require.ErrorIs(t, PDF(nil, &model.Review{}, nil), model.ErrSyntax)
}

// In the fonts of the PDF a hyphen is shorter than a minus and no wider than a digit. All have the same characters, and are for others as they were.
func TestFonts(t *testing.T) {
	t.Parallel()
	for _, ttf := range [][]byte{goregular.TTF, gobold.TTF} {
		before := slices.Clone(ttf)
		got := shortHyphen(ttf)
		assert.Equal(t, before, ttf)
		face, err := sfnt.Parse(got)
		require.NoError(t, err)
		width := func(r rune) (advance, ink fixed.Int26_6) {
			var buf sfnt.Buffer
			g, err := face.GlyphIndex(&buf, r)
			require.NoError(t, err)
			require.NotZero(t, g)
			bounds, advance, err := face.GlyphBounds(&buf, g, fixed.I(1000), font.HintingNone)
			require.NoError(t, err)
			return advance, bounds.Max.X - bounds.Min.X
		}
		hyphen, ink := width('-')
		minus, bar := width('\u2212')
		zero, _ := width('0')
		assert.Less(t, hyphen, minus)
		assert.Less(t, hyphen, zero)
		assert.Less(t, ink, bar*3/5)
		assert.Positive(t, ink)
	}
	for _, bad := range [][]byte{nil, []byte("no font"), goregular.TTF[:2000]} {
		assert.Equal(t, bad, shortHyphen(bad))
	}
	have := func(ttf []byte) (out []rune) {
		face, err := sfnt.Parse(ttf)
		require.NoError(t, err)
		var buf sfnt.Buffer
		for r := rune(0x20); r <= 0xffff; r++ {
			if g, err := face.GlyphIndex(&buf, r); err == nil && g != 0 {
				out = append(out, r)
			}
		}
		return out
	}
	assert.Equal(t, have(goregular.TTF), have(gomono.TTF), "what one can show, the others can")
	assert.Equal(t, have(goregular.TTF), have(gobold.TTF))
	mono := slices.Clone(gomono.TTF)
	for range 2 {
		require.NoError(t, PDF(&bytes.Buffer{}, &model.Review{Digest: model.Digest{0xff, 0xff}}, nil))
	}
	assert.Equal(t, mono, gomono.TTF)
}

// Which days the history is whole of, in words.
func TestHistory(t *testing.T) {
	t.Parallel()
	c := composerOf(&model.Review{})
	for _, tc := range []struct {
		since, until string
		want         []string
	}{
		{"", "", nil},
		{"2026-10-01", "", []string{"gegevens vanaf 1 oktober 2026"}},
		{"", "2026-10-31", []string{"gegevens tot en met 31 oktober 2026"}},
		{"2026-10-01", "2026-10-31", []string{"gegevens vanaf 1 oktober 2026", "gegevens tot en met 31 oktober 2026"}},
		{"2026-10-01", "2026-09-30", []string{"geen dag waarvan alle gegevens er zijn"}},
	} {
		var cov model.Coverage
		if tc.since != "" {
			require.NoError(t, cov.Since.UnmarshalText([]byte(tc.since)))
		}
		if tc.until != "" {
			require.NoError(t, cov.Until.UnmarshalText([]byte(tc.until)))
		}
		assert.Equal(t, tc.want, c.history(cov))
	}
}
