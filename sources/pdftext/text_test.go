package pdftext_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/sources/pdftext"
)

const identityCMap = "/CIDInit/ProcSet findresource begin begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange "

func TestWords(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		file file
		want []string
	}{
		"one string":                 {file{content: "BT /F1 10 Tf 20 100 Td (Saldo 12,50) Tj ET"}, []string{"Saldo", "12,50"}},
		"placed glyph by glyph":      {file{content: "BT /F1 10 Tf 20 100 Td (T) Tj 6.11 0 Td (ikkie) Tj ET"}, []string{"Tikkie"}},
		"kerning does not split":     {file{content: "BT /F1 10 Tf 20 100 Td [(T)80(ik)-30(kie)] TJ ET"}, []string{"Tikkie"}},
		"a wide TJ step splits":      {file{content: "BT /F1 10 Tf 20 100 Td [(af)-600(bij)] TJ ET"}, []string{"af", "bij"}},
		"letter-spaced heading":      {file{content: "BT /F1 10 Tf 2 Tc 20 100 Td (SALDO) Tj ET"}, []string{"SALDO"}},
		"spaces cancelled by Tw":     {file{content: "BT /F1 10 Tf -2.7 Tw 20 100 Td (ty pe) Tj ET"}, []string{"type"}},
		"quote operators and T*":     {file{content: `BT /F1 10 Tf 12 TL 20 100 Td (a) Tj (b) ' 0 0 (c) " T* (d) Tj ET`}, []string{"a", "b", "c", "d"}},
		"TD sets the leading":        {file{content: "BT /F1 10 Tf 20 100 Td (a) Tj 0 -15 TD (b) Tj T* (c) Tj ET"}, []string{"a", "b", "c"}},
		"rise":                       {file{content: "BT /F1 10 Tf 20 100 Td (m) Tj 4 Ts /F1 6 Tf (e) Tj ET"}, []string{"me"}},
		"footnote is no digit":       {file{content: "BT /F1 10 Tf 20 100 Td (12,50) Tj 4 Ts /F1 6 Tf (1) Tj ET"}, []string{"1", "12,50"}},
		"fake bold":                  {file{content: "BT /F1 10 Tf 20 100 Td (1.234,00) Tj ET BT /F1 10 Tf 20.3 100 Td (1.234,00) Tj ET"}, []string{"1.234,00"}},
		"fake bold glyph by glyph":   {file{content: "BT /F1 10 Tf 20 100 Td [(1)540(1)] TJ ET"}, []string{"1"}},
		"equal digits stay":          {file{content: "BT /F1 10 Tf 20 100 Td (1.111,11) Tj ET"}, []string{"1.111,11"}},
		"ligature taken apart":       {file{content: "BT /F1 10 Tf 20 100 Td <416601> Tj ET", resources: "/Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Differences[1/ffi]>>>>>>"}, []string{"Afffi"}},
		"unknown glyph is no guess":  {file{content: "BT /F1 10 Tf 20 100 Td <410142> Tj ET", resources: "/Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Differences[1/g77]>>>>>>"}, []string{"A\uFFFDB"}},
		"names are codes":            {file{content: "BT /F1 10 Tf 20 100 Td (AB) Tj ET", resources: "/Font<</F1<</Type/Font/Subtype/Type3/FontMatrix[.001 0 0 .001 0 0]/FirstChar 65/Widths[600 600]/Encoding<</Differences[65/65/66]>>>>>>"}, []string{"AB"}},
		"Q underflow":                {file{content: "Q Q Q BT /F1 10 Tf 20 100 Td (x) Tj ET"}, []string{"x"}},
		"operands missing":           {file{content: "Tm Td cm Tf re BT /F1 10 Tf 20 100 Td (x) Tj ET TJ Tj '"}, []string{"x"}},
		"inline image":               {file{content: "BI /W 2 /H 1 /BPC 8 /CS /G ID (Tj EI BT /F1 10 Tf 20 100 Td (x) Tj ET"}, []string{"x"}},
		"actual text replaces":       {file{content: "BT /F1 10 Tf 20 100 Td /Span <</ActualText(euro)>> BDC (EUR) Tj EMC ET"}, []string{"euro"}},
		"actual text in UTF-16":      {file{content: "BT /F1 10 Tf 20 100 Td /Span <</ActualText<FEFF20AC>>> BDC (E) Tj EMC ET"}, []string{"€"}},
		"unterminated array":         {file{content: "BT /F1 10 Tf 20 100 Td [(ab) TJ (cd) Tj ET"}, []string{"abcd"}},
		"page font, not its name":    {file{content: "BT /F1 10 Tf 20 100 Td (A) Tj ET /X Do", resources: helvetica + "/XObject<</X 5 0 R>>", objects: []string{stream("/Subtype/Form/BBox[0 0 200 200]/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Differences[65/B]>>>>>>>>", "BT /F1 10 Tf 20 50 Td (A) Tj ET")}}, []string{"A", "B"}},
		"form within itself":         {file{content: "/X Do", resources: "/XObject<</X 5 0 R>>", objects: []string{stream("/Subtype/Form/BBox[0 0 9 9]/Resources<<"+helvetica+"/XObject<</X 5 0 R>>>>", "BT /F1 10 Tf 20 50 Td (once) Tj ET /X Do")}}, []string{"once"}},
		"form leaves no state":       {file{content: "BT /F1 10 Tf ET /X Do BT 20 100 Td (x) Tj ET", resources: helvetica + "/XObject<</X 5 0 R>>", objects: []string{stream("/Subtype/Form/BBox[0 0 9 9]", "Q Q q q 5 0 0 5 0 0 cm")}}, []string{"x"}},
		"composite, two bytes":       {file{content: "BT /F1 10 Tf 20 100 Td <00010002> Tj ET", resources: "/Font<</F1 5 0 R>>", objects: []string{"<</Type/Font/Subtype/Type0/Encoding/Identity-H/ToUnicode 6 0 R/DescendantFonts[<</Subtype/CIDFontType2/DW 600/W[1[500 500]]>>]>>", stream("", identityCMap+"2 beginbfrange <0001> <0001> [<00480069>] <0002> <0005> <0021> endbfrange")}}, []string{"Hi!"}},
		"codes are Unicode":          {file{content: "BT /F1 10 Tf 20 100 Td <00480069> Tj ET", resources: "/Font<</F1 5 0 R>>", objects: []string{"<</Type/Font/Subtype/Type0/Encoding/UniGB-UCS2-H/DescendantFonts[<</Subtype/CIDFontType0/DW 500>>]>>"}}, []string{"Hi"}},
		"identity ToUnicode":         {file{content: "BT /F1 10 Tf 20 100 Td <00480069> Tj ET", resources: "/Font<</F1 5 0 R>>", objects: []string{"<</Type/Font/Subtype/Type0/Encoding/Identity-H/ToUnicode 6 0 R/DescendantFonts[<</Subtype/CIDFontType2/DW 500>>]>>", stream("", identityCMap+"1 beginbfrange <0000> <FFFF> <0000> endbfrange")}}, []string{"Hi"}},
		"Hebrew in reading order":    {file{content: "BT /F1 10 Tf 20 100 Td <0123> Tj ET", resources: "/Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Differences[1/afii57664 35/afii57665]>>>>>>"}, []string{"בא"}},
		"form field's appearance":    {file{content: " ", page: "/Annots[<</Subtype/Widget/Rect[10 10 110 30]/AP<</N 5 0 R>>>>]", objects: []string{stream("/Subtype/Form/BBox[0 0 100 20]/Resources<<"+helvetica+">>", "BT /F1 10 Tf 2 5 Td (ingevuld) Tj ET")}}, []string{"ingevuld"}},
		"mirrored text in its order": {file{content: "BT /F1 10 Tf -1 0 0 1 120 100 Tm (ab) Tj ET"}, []string{"ba"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, texts(c.file.read(t)))
		})
	}
}

func TestPositions(t *testing.T) {
	t.Parallel()
	p := file{content: "BT /F1 10 Tf 20 100 Td (AB) Tj ET 0 0 m 100 0 l S 10 10 50 1 re f"}.read(t)
	require.Len(t, p.Words, 1)
	w := p.Words[0]
	assert.InDelta(t, 20, w.X0, 1e-9)
	assert.InDelta(t, 20+6.67+6.67, w.X1, 1e-9) // Helvetica's own widths
	assert.InDelta(t, 100, w.Baseline, 1e-9)
	assert.InDelta(t, 10, w.Size, 1e-9)
	require.Len(t, p.Rulings, 2)
	assert.True(t, p.Rulings[0].Horizontal())
	assert.Equal(t, pdftext.Ruling{X0: 10, Y0: 189, X1: 60, Y1: 190, Filled: true}, p.Rulings[1])
}

func TestRotation(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		content, page string
		rotation      int
		x, y          float64
	}{
		"upright":               {"1 0 0 1 20 150 Tm", "", 0, 20, 50},
		"upwards":               {"0 1 -1 0 20 150 Tm", "", 270, 20, 50},
		"downwards":             {"0 -1 1 0 20 150 Tm", "", 90, 20, 50},
		"page turned by 90":     {"0 1 -1 0 150 20 Tm", "/Rotate 90", 0, 20, 150},
		"page turned by 180":    {"1 0 0 1 20 150 Tm", "/Rotate 180", 180, 180, 150},
		"page turned by -90":    {"0 -1 1 0 50 180 Tm", "/Rotate -90", 0, 20, 150},
		"inside a crop box":     {"1 0 0 1 60 150 Tm", "/CropBox[50 100 150 180]", 0, 10, 30},
		"at an angle":           {"0.7071 0.7071 -0.7071 0.7071 20 150 Tm", "", 315, 20, 50},
		"negative size, turned": {"-1 0 0 -1 20 150 Tm /F1 -10 Tf", "", 0, 20, 50},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := file{content: "BT /F1 10 Tf " + c.content + " (abc) Tj ET", page: c.page}.read(t)
			require.Equal(t, []string{"abc"}, texts(p))
			assert.Equal(t, c.rotation, p.Words[0].Rotation)
			x, y := p.Words[0].Point()
			assert.InDelta(t, c.x, x, 0.01)
			assert.InDelta(t, c.y, y, 0.01)
		})
	}
}

func TestVisibility(t *testing.T) {
	t.Parallel()
	p := file{
		content: `BT /F1 10 Tf 60 190 Td (seen) Tj 0 -20 Td 3 Tr (scan) Tj 0 Tr 0 -100 Td (cropped) Tj 0 -300 Td (off) Tj
			0 370 Td /OC /L BDC (layer) Tj EMC ET`,
		page:      "/CropBox[0 120 200 200]",
		resources: helvetica + "/Properties<</L 5 0 R>>",
		objects:   []string{"<</Type/OCG/Name(x)>>"},
	}
	data := p.bytes()
	// The catalog has no room for optional content in the builder: a new one is appended as an update would be.
	data = append(data, []byte("1 0 obj\n<</Type/Catalog/Pages 2 0 R/OCProperties<</OCGs[5 0 R]/D<</OFF[5 0 R]>>>>>>\nendobj\n")...)
	data = append(data, []byte("trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n0\n%%EOF\n")...)
	got := map[string]pdftext.Visibility{}
	for _, w := range readPages(t, data)[0].Words {
		got[w.Text] = w.Visibility
	}
	assert.Equal(t, map[string]pdftext.Visibility{
		"seen": pdftext.Visible, "scan": pdftext.Invisible, "cropped": pdftext.Cropped, "off": pdftext.OffPage, "layer": pdftext.LayerOff,
	}, got)
}
