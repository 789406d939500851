package pdftext_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/sources/pdftext"
)

// placed is text at a place: x is the left end, or the right end when it is negative.
type placed struct {
	x, y float64
	text string
}

// page lays out words of half a size per character, each string split at its spaces.
func page(number int, items ...placed) *pdftext.Page {
	const size, advance = 10.0, 5.0
	p := &pdftext.Page{Number: number, Width: 600, Height: 800}
	lines := map[float64][]pdftext.Word{}
	var ys []float64
	for _, it := range items {
		x := it.x
		if x < 0 {
			x = -x - advance*float64(len(it.text))
		}
		if _, ok := lines[it.y]; !ok {
			ys = append(ys, it.y)
		}
		for _, w := range strings.Split(it.text, " ") {
			end := x + advance*float64(len(w))
			lines[it.y] = append(lines[it.y], pdftext.Word{Text: w, X0: x, X1: end, Baseline: it.y, Size: size, Page: number})
			x = end + advance/2
		}
	}
	for _, y := range ys {
		p.Words = append(p.Words, lines[y]...)
	}
	return p
}

// head is a header of three columns: a date, a text, and an amount that is right-aligned at 400.
func head(y float64) []placed {
	return []placed{{10, y, "Datum"}, {100, y, "Omschrijving"}, {-400, y, "Bedrag"}}
}

var tableHeader = []string{"Datum", "Omschrijving", "Bedrag"}

func TestFindTable(t *testing.T) {
	t.Parallel()
	row := func(y float64, date, text, amount string) []placed {
		return []placed{{10, y, date}, {100, y, text}, {-400, y, amount}}
	}
	join := func(parts ...[]placed) (out []placed) {
		for _, p := range parts {
			out = append(out, p...)
		}
		return out
	}
	foot := func(n int) []placed { return []placed{{280, 760, fmt.Sprint("Pagina ", n)}} }
	cases := map[string]struct {
		pages []*pdftext.Page
		stop  func(pdftext.Line) bool
		want  []string
	}{
		"two rows": {[]*pdftext.Page{page(1, join(head(50), row(70, "1-1", "huur", "9,00"), row(90, "2-1", "gas", "1.234,00"))...)}, nil,
			[]string{"1-1|huur|9,00", "2-1|gas|1.234,00"}},
		"wrapped, aligned at the top": {[]*pdftext.Page{page(1, join(head(50), row(70, "1-1", "huur van", "9,00"), []placed{{100, 82, "de woning"}},
			row(98, "2-1", "gas", "8,00"))...)}, nil, []string{"1-1|huur van de woning|9,00", "2-1|gas|8,00"}},
		"wrapped, aligned in the middle": {[]*pdftext.Page{page(1, join(head(50), []placed{{100, 70, "huur van"}}, []placed{{10, 76, "1-1"}, {-400, 76, "9,00"}, {100, 82, "de woning"}, {100, 98, "gas en"}, {10, 104, "2-1"}, {-400, 104, "8,00"}, {100, 110, "licht"}})...)}, nil,
			[]string{"1-1|huur van de woning|9,00", "2-1|gas en licht|8,00"}},
		"wrapped, aligned at the bottom": {[]*pdftext.Page{page(1, join(head(50), []placed{{100, 70, "huur van"}}, row(82, "1-1", "de woning", "9,00"),
			[]placed{{100, 98, "gas en"}}, row(110, "2-1", "licht", "8,00"))...)}, nil,
			[]string{"1-1|huur van de woning|9,00", "2-1|gas en licht|8,00"}},
		"header and foot on every page": {[]*pdftext.Page{
			page(1, join(head(700), row(720, "1-1", "huur", "9,00"), foot(1))...), page(2, join(head(700), row(720, "2-1", "gas", "8,00"), foot(2))...),
		}, nil, []string{"1-1|huur|9,00", "2-1|gas|8,00"}},
		"rows that differ in digits at the same place": {[]*pdftext.Page{
			page(1, join(head(720), row(740, "1-1", "huur", "9,00"))...), page(2, join(head(720), row(740, "1-2", "huur", "8,00"))...),
		}, nil, []string{"1-1|huur|9,00", "1-2|huur|8,00"}},
		"a cell goes on after the page break": {[]*pdftext.Page{
			page(1, join(head(700), row(720, "1-1", "huur van", "9,00"))...), page(2, join(head(50), []placed{{100, 70, "de woning"}}, row(90, "2-1", "gas", "8,00"))...),
		}, nil, []string{"1-1|huur van de woning|9,00", "2-1|gas|8,00"}},
		"no header on the next page": {[]*pdftext.Page{
			page(1, join(head(700), row(720, "1-1", "huur", "9,00"))...), page(2, row(50, "2-1", "gas", "8,00")...),
		}, nil, []string{"1-1|huur|9,00", "2-1|gas|8,00"}},
		"a gap ends the table": {[]*pdftext.Page{page(1, join(head(50), row(70, "1-1", "huur", "9,00"), row(90, "2-1", "gas", "8,00"), row(300, "3-1", "niet", "7,00"))...)}, nil,
			[]string{"1-1|huur|9,00", "2-1|gas|8,00"}},
		"a sentence ends the table": {[]*pdftext.Page{page(1, join(head(50), row(70, "1-1", "huur", "9,00"),
			[]placed{{10, 90, "Dit overzicht is met de grootste zorg gemaakt en toch onder voorbehoud van fouten"}, {10, 102, "en gebreken"}})...)}, nil, []string{"1-1|huur|9,00"}},
		"a total is a partial row": {[]*pdftext.Page{page(1, join(head(50), row(70, "1-1", "huur", "9,00"), []placed{{100, 90, "Totaal"}, {-400, 90, "9,00"}})...)}, nil,
			[]string{"1-1|huur|9,00", "|Totaal|9,00 partial"}},
		"stop": {[]*pdftext.Page{page(1, join(head(50), row(70, "1-1", "huur", "9,00"), row(90, "2-1", "Totaal", "9,00"))...)},
			func(l pdftext.Line) bool { return strings.Contains(l.Text(), "Totaal") }, []string{"1-1|huur|9,00"}},
		"words of the header in a sentence": {[]*pdftext.Page{page(1, join([]placed{{10, 20, "Datum en Omschrijving en Bedrag staan hieronder"}}, head(50), row(70, "1-1", "huur", "9,00"))...)}, nil,
			[]string{"1-1|huur|9,00"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table, err := pdftext.FindTable(c.pages, tableHeader, &pdftext.TableOptions{Key: []int{0, 2}, Stop: c.stop})
			require.NoError(t, err)
			var got []string
			for _, r := range table.Rows {
				s := r.Text(0) + "|" + r.Text(1) + "|" + r.Text(2)
				if r.Partial {
					s += " partial"
				}
				got = append(got, s)
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestFindTableNone(t *testing.T) {
	t.Parallel()
	p := page(1, head(50)...)
	for name, header := range map[string][]string{
		"another header": {"Datum", "Bedrag", "Saldo"}, "no header": nil, "an empty cell": {"Datum", " "}, "a column left out": {"Datum", "Bedrag"},
	} {
		_, err := pdftext.FindTable([]*pdftext.Page{p}, header, nil)
		require.ErrorIs(t, err, pdftext.ErrNoTable, name)
	}
	_, err := pdftext.FindTable(nil, tableHeader, nil)
	require.ErrorIs(t, err, pdftext.ErrNoTable)
}

func TestRulingsDecide(t *testing.T) {
	t.Parallel()
	// The lines stand at even distances: only the ruling tells which row the middle one belongs to.
	p := page(1, append(head(50), placed{10, 70, "1-1"}, placed{-400, 70, "9,00"}, placed{100, 82, "huur"}, placed{10, 94, "2-1"}, placed{-400, 94, "8,00"})...)
	p.Rulings = []pdftext.Ruling{{X0: 5, Y0: 73, X1: 405, Y1: 73}}
	table, err := pdftext.FindTable([]*pdftext.Page{p}, tableHeader, &pdftext.TableOptions{Key: []int{0, 2}})
	require.NoError(t, err)
	require.Len(t, table.Rows, 2)
	assert.Equal(t, "", table.Rows[0].Text(1))
	assert.Equal(t, "huur", table.Rows[1].Text(1))
	assert.Equal(t, "", table.Rows[1].Text(7), "a column that is not there")
}
