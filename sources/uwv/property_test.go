package uwv_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/model"
)

// pdf draws the pages of a notice with fpdf: right-aligned columns by hand, text in Windows-1252. step is the distance of
// lines in points.
func (n notice) pdf(t require.TestingT, step float64) []byte {
	f := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: 600, Ht: 1600}}) // long: pages end where the notice says
	f.SetAutoPageBreak(false, 0)
	tr := f.UnicodeTranslatorFromDescriptor("cp1252")
	const left, size = 40.0, 9.0
	y := 0.0
	put := func(x float64, s string) { f.Text(x, y, tr(s)) }
	pages := n.pages()
	for i, p := range pages {
		f.AddPage()
		f.SetFont("Helvetica", "", size)
		y = 50
		if i == 0 {
			put(left, "UWV")
			y += 2 * step
			put(left, "Printversie verzekeringsbericht")
			y += 2 * step
			put(left, "Loongegevens")
		}
		for _, b := range p.blocks {
			y += 2 * step
			for _, l := range b.labels {
				height := float64(len(l[1])-1) * step
				first := y
				for k, s := range l[1] {
					y = first + float64(k)*step
					put(left+120, s)
				}
				if b.valign == "middle" {
					y = first + height/2
				} else {
					y = first
				}
				put(left, l[0][0])
				y = first + height + 1.4*step
			}
			x := left
			for k, s := range []string{"Periode", "Aantal uur", "", "", "Sv-loon"} {
				at := x
				if k == 1 || k == 4 {
					at = x + float64(widths[k]) - f.GetStringWidth(tr(s))
				}
				if s != "" {
					put(at, s)
				}
				x += float64(widths[k])
			}
			for _, r := range b.rows {
				y += step
				x = left
				for _, c := range r {
					at := x
					if c.right {
						at = x + float64(c.width) - f.GetStringWidth(tr(c.text))
					}
					if c.text != "" {
						put(at, c.text)
					}
					x += float64(c.width)
				}
			}
		}
		for k, line := range n.foot(i+1, len(pages)) {
			y = 1540 + float64(k)*12
			put(left, line[0])
			if line[1] != "" {
				put(left+400, line[1])
			}
		}
	}
	var b bytes.Buffer
	require.NoError(t, f.Output(&b))
	return b.Bytes()
}

// drawNotice makes a random document that fits on its pages.
func drawNotice(t *rapid.T) notice {
	word := rapid.StringMatching(`[A-Z][a-zéëöü]{2,9}`)
	n := notice{
		form:   rapid.SampledFrom([]string{"De heer", "Mevrouw"}).Draw(t, "form"),
		family: word.Draw(t, "family"), initials: rapid.StringMatching(`([A-Z]\.){1,3}`).Draw(t, "initials"),
		prefix: rapid.SampledFrom([]string{"", "de", "van der", "van 't"}).Draw(t, "prefix"),
		born:   drawDate(t, 1940, 2005), made: "2026-11-02",
		version: rapid.SampledFrom([]string{"VZB-004", "VZB-005", "VZB-006"}).Draw(t, "version"),
		minus:   rapid.SampledFrom([]minus{leading, trailing, odd}).Draw(t, "minus"),
	}
	n.name = strings.Join(strings.Fields(n.initials+" "+n.prefix+" "+n.family), " ")
	if rapid.Bool().Draw(t, "bsn") {
		n.bsn = rapid.SampledFrom([]string{"999991772", "999993653", "999995273"}).Draw(t, "number")
	}
	numbers := []string{"813580237L01", "822222206L02", "839506144L03", "848148113L11"}
	for i := range rapid.IntRange(1, 4).Draw(t, "blocks") {
		c := contract{
			number: numbers[i], laws: rapid.SampledFrom([]string{"WW", "WW, ZW", "WW, ZW, WIA/WAO"}).Draw(t, "laws"),
			form:   rapid.SampledFrom([][]string{nil, permanent, temporary, onCall, public}).Draw(t, "contract form"),
			valign: rapid.SampledFrom([]string{"top", "middle"}).Draw(t, "valign"),
		}
		for range rapid.IntRange(1, 3).Draw(t, "lines") {
			c.employer = append(c.employer, word.Draw(t, "employer")+" "+word.Draw(t, "employer"))
		}
		c.wages = drawWages(t)
		n.blocks = append(n.blocks, c)
	}
	return n
}

func drawDate(t *rapid.T, from, to int) string {
	return fmt.Sprintf("%04d-%02d-%02d", rapid.IntRange(from, to).Draw(t, "year"), rapid.IntRange(1, 12).Draw(t, "month"), rapid.IntRange(1, 28).Draw(t, "day"))
}

func drawWages(t *rapid.T) (out []wage) {
	from, err := time.Parse(time.DateOnly, drawDate(t, 2018, 2024))
	require.NoError(t, err)
	weekly := rapid.Bool().Draw(t, "four-weekly")
	amount := func(name string) string {
		v := rapid.Int64Range(-2_000_000, 9_999_999).Draw(t, name)
		sign := ""
		if v < 0 {
			v, sign = -v, "-"
		}
		return fmt.Sprintf("%s%d.%02d", sign, v/100, v%100)
	}
	for i := range rapid.IntRange(1, 5).Draw(t, "rows") {
		end := from.AddDate(0, 1, -1)
		if weekly {
			end = from.AddDate(0, 0, 27)
		}
		w := wage{
			from: from.Format(time.DateOnly), to: end.Format(time.DateOnly), sv: amount("wage"),
			hours: fmt.Sprint(rapid.IntRange(-200, 600).Draw(t, "hours")),
		}
		if rapid.IntRange(0, 3).Draw(t, "car") == 0 {
			w.own, w.private = amount("own"), amount("private")
			w.layout = rapid.SampledFrom([]carLayout{oneEach, beside, together, wageFirst}).Draw(t, "layout")
		}
		if i > 0 && rapid.IntRange(0, 4).Draw(t, "page") == 0 {
			w.brk = rapid.SampledFrom([]pageKind{fullHeader, tableOnly}).Draw(t, "header")
		}
		out = append(out, w)
		from = end.AddDate(0, 0, 1)
	}
	return out
}

// Whatever the document says comes back, digit for digit.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	g := registry(t)
	rapid.Check(t, func(rt *rapid.T) {
		n := drawNotice(rt)
		b := n.pdf(rt, rapid.Float64Range(11, 14).Draw(rt, "step"))
		got, err := g.Read(t.Context(), document(b), withBSN(), nil)
		require.NoError(rt, err)
		for _, i := range got.Issues {
			require.Equal(rt, model.IssueSuspicious, i.Code)
			require.Equal(rt, "bsn", i.Field)
		}
		requireSame(rt, n.expected(rt, true), got.Records)
	})
}
