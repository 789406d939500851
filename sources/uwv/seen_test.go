package uwv_test

import (
	"bytes"
	"testing"

	"codeberg.org/go-pdf/fpdf"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/sources"
)

// sheet draws a page with one row by hand; draw adds its hours. The rows may be turned.
func sheet(t *testing.T, turn float64, draw func(f *fpdf.Fpdf)) []byte {
	t.Helper()
	f := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: 600, Ht: 600}})
	f.SetAutoPageBreak(false, 0)
	f.AddPage()
	f.SetFont("Helvetica", "", 9)
	tr := f.UnicodeTranslatorFromDescriptor("cp1252")
	put := func(x, y float64, s string) { f.Text(x, y, tr(s)) }
	put(40, 500, "De heer A. Tester")
	put(40, 512, "Geboortedatum: 01-02-1980")
	put(40, 524, "Datum: 03 mei 2026")
	put(400, 512, "VZB-005")
	put(40, 40, "Loongegevens")
	for i, l := range [][2]string{{"Werkgever/Instantie", "Voorbeeld B.V."}, {"Loonheffingennummer", "813580237L01"}, {"Verzekerde wetten", "WW"}} {
		put(40, float64(60+12*i), l[0])
		put(160, float64(60+12*i), l[1])
	}
	f.TransformBegin()
	f.TransformRotate(turn, 300, 200)
	put(40, 120, "Periode")
	put(200, 120, "Aantal uur")
	put(400, 120, "Sv-loon")
	put(40, 132, "01-01-2026 t/m 31-01-2026")
	put(400, 132, "€ 3.250,00")
	draw(f)
	f.TransformEnd()
	var b bytes.Buffer
	require.NoError(t, f.Output(&b))
	return b.Bytes()
}

// What the page does not show is not read, and what it shows in part is in doubt.
func TestSeen(t *testing.T) {
	t.Parallel()
	hours := func(f *fpdf.Fpdf) { f.Text(220, 132, "160") }
	tests := map[string]struct {
		turn float64
		draw func(f *fpdf.Fpdf)
		want string
		err  error
	}{
		"plain":             {0, hours, "160 3250.00", nil},
		"white before":      {0, func(f *fpdf.Fpdf) { hours(f); f.SetTextColor(255, 255, 255); f.Text(215, 132, "1") }, "- 3250.00 !invalid:hours", nil},
		"white apart":       {0, func(f *fpdf.Fpdf) { hours(f); f.SetTextColor(255, 255, 255); f.Text(250, 132, "1") }, "160 3250.00", nil},
		"transparent":       {0, func(f *fpdf.Fpdf) { f.SetAlpha(0, ""); f.Text(220, 132, "160") }, "- 3250.00 !missing:hours", nil},
		"clipped away":      {0, func(f *fpdf.Fpdf) { f.ClipRect(0, 0, 9, 9, false); hours(f); f.ClipEnd() }, "- 3250.00 !missing:hours", nil},
		"clipped in part":   {0, func(f *fpdf.Fpdf) { f.ClipRect(219, 100, 11, 50, false); hours(f); f.ClipEnd() }, "- 3250.00 !invalid:hours", nil},
		"clipped in front":  {0, func(f *fpdf.Fpdf) { f.ClipRect(226, 100, 50, 50, false); hours(f); f.ClipEnd() }, "- 3250.00 !invalid:hours", nil},
		"bold by overprint": {0, func(f *fpdf.Fpdf) { hours(f); f.Text(220.3, 132, "160") }, "160 3250.00", nil},
		"with a shadow":     {0, func(f *fpdf.Fpdf) { hours(f); f.Text(222, 132, "160") }, "- 3250.00 !invalid:hours", nil},
		"a raised mark":     {0, func(f *fpdf.Fpdf) { hours(f); f.SetFontSize(5); f.Text(235.1, 129, "1") }, "160 3250.00 !layout-changed:", nil},
		"the rows turned":   {90, hours, "", sources.ErrLayoutChanged},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := registry(t).Read(t.Context(), document(sheet(t, tt.turn, tt.draw)), sources.Everything(), nil)
			require.ErrorIs(t, err, tt.err)
			var want []string
			if tt.want != "" {
				want = []string{"income 2026-01-01 2026-01-31 " + tt.want}
			}
			assert.Equal(t, want, summaries(got.Records, "income"))
		})
	}
}
