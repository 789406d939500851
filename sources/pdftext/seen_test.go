package pdftext_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/sources/pdftext"
)

const (
	shown   = "BT /F1 10 Tf 20 100 Td (123) Tj ET "
	onBlack = "0 g 0 90 200 40 re f "
)

// What nobody sees is marked, whatever hides it; what may be seen is not.
func TestSeen(t *testing.T) {
	t.Parallel()
	form := func(dict string) file {
		return file{content: "/X Do", resources: helvetica + "/XObject<</X 5 0 R>>", objects: []string{stream("/Subtype/Form"+dict, shown)}}
	}
	state := func(s, content string) file {
		return file{content: content, resources: helvetica + "/ExtGState<</G<<" + s + ">>>>"}
	}
	tests := map[string]struct {
		file file
		want pdftext.Visibility
	}{
		"black":                        {file{content: shown}, pdftext.Visible},
		"white gray":                   {file{content: "1 g " + shown}, pdftext.Invisible},
		"white RGB":                    {file{content: ".99 1 1 rg " + shown}, pdftext.Invisible},
		"white CMYK":                   {file{content: "0 0 0 0 k " + shown}, pdftext.Invisible},
		"white by color space":         {file{content: "/DeviceRGB cs 1 1 1 scn " + shown}, pdftext.Invisible},
		"white by profile":             {file{content: "/C cs 1 1 1 sc " + shown, resources: helvetica + "/ColorSpace<</C[/ICCBased 5 0 R]>>", objects: []string{stream("/N 3", "")}}, pdftext.Invisible},
		"all of a spot color":          {file{content: "/C cs 1 scn " + shown, resources: helvetica + "/ColorSpace<</C[/Separation/Ink/DeviceCMYK null]>>"}, pdftext.Visible},
		"pattern":                      {file{content: "/Pattern cs /P scn " + shown}, pdftext.Visible},
		"light gray":                   {file{content: ".9 g " + shown}, pdftext.Visible},
		"white before, black again":    {file{content: "q 1 g Q " + shown}, pdftext.Visible},
		"white on black":               {file{content: onBlack + "1 g " + shown}, pdftext.Visible},
		"black on black":               {file{content: onBlack + shown}, pdftext.Invisible},
		"white on white on black":      {file{content: onBlack + "1 g 0 90 200 40 re f " + shown}, pdftext.Invisible},
		"white on faint black":         {state("/ca .5", "q /G gs "+onBlack+" Q 1 g "+shown), pdftext.Visible},
		"white beside black":           {file{content: "0 g 0 10 200 40 re f 1 g " + shown}, pdftext.Invisible},
		"white on a polygon":           {file{content: "0 90 m 200 90 l 200 130 l 0 130 l h f 1 g " + shown}, pdftext.Visible},
		"white on a bar":               {file{content: "30 w 0 105 m 200 105 l S 1 g " + shown}, pdftext.Visible},
		"white on a thin line":         {file{content: "0 105 m 200 105 l S 1 g " + shown}, pdftext.Invisible},
		"white on an image":            {file{content: "q 200 0 0 200 0 0 cm /I Do Q 1 g " + shown, resources: helvetica + "/XObject<</I 5 0 R>>", objects: []string{stream("/Subtype/Image", "")}}, pdftext.Visible},
		"white on an inline image":     {file{content: "q 200 0 0 200 0 0 cm BI /W 1 ID x EI Q 1 g " + shown}, pdftext.Visible},
		"white on a shading":           {file{content: "/S sh 1 g " + shown}, pdftext.Visible},
		"white with a black outline":   {file{content: "1 g 2 Tr " + shown}, pdftext.Visible},
		"transparent":                  {state("/ca 0", "/G gs "+shown), pdftext.Invisible},
		"half transparent":             {state("/ca .5", "/G gs "+shown), pdftext.Visible},
		"clipped":                      {file{content: "0 0 10 10 re W n " + shown}, pdftext.Cropped},
		"clipped by a path":            {file{content: "0 0 m 10 0 l 0 10 10 10 0 0 c W* n " + shown}, pdftext.Cropped},
		"clipped twice":                {file{content: "0 0 200 200 re W n 0 0 10 200 re W n " + shown}, pdftext.Cropped},
		"clipped before":               {file{content: "q 0 0 10 10 re W n Q " + shown}, pdftext.Visible},
		"within the clip":              {file{content: "15 95 100 20 re W n " + shown}, pdftext.Visible},
		"at the edge of the clip":      {file{content: "15 102 100 20 re W n " + shown}, pdftext.Visible},
		"clip without a path":          {file{content: "W n " + shown}, pdftext.Visible},
		"outside the box of a form":    {form("/BBox[0 0 10 10]"), pdftext.Cropped},
		"in the box of a form":         {form("/BBox[0 0 100 200]"), pdftext.Visible},
		"form with a box of no extent": {form("/BBox[0 0 0 0]"), pdftext.Visible},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			words := tt.file.read(t).Words
			require.Len(t, words, 1)
			assert.Equal(t, "123", words[0].Text)
			assert.Equal(t, tt.want, words[0].Visibility)
		})
	}
}

// Half of a line lies outside the clipping path: the word that it cuts is two, the seen part and the other.
func TestClippedPart(t *testing.T) {
	t.Parallel()
	words := file{content: "0 0 62 200 re W n BT /F1 10 Tf 20 100 Td (123 456 7890) Tj ET"}.read(t).Words
	assert.Equal(t, []string{"123", "456", "7", "890"}, texts(&pdftext.Page{Words: words}))
	require.Len(t, words, 4)
	for i, want := range []pdftext.Visibility{pdftext.Visible, pdftext.Visible, pdftext.Visible, pdftext.Cropped} {
		assert.Equal(t, want, words[i].Visibility, words[i].Text)
	}
}

// A digit that is drawn over another one, or again beside it as a shadow, does not make a longer number.
func TestOverprintedDigits(t *testing.T) {
	t.Parallel()
	narrow := "/Font<</F1<</Type/Font/Subtype/TrueType/Encoding/WinAnsiEncoding/FirstChar 32/LastChar 126/Widths[" + strings.Repeat("456 ", 95) + "]>>>>"
	tests := map[string]struct {
		file file
		want []string
	}{
		"another over the last":   {file{resources: narrow, content: "BT /F1 10 Tf 20 100 Td (16) Tj ET BT /F1 10 Tf 24.56 100 Td (7) Tj ET"}, []string{"16", "7"}},
		"another over the middle": {file{resources: narrow, content: "BT /F1 10 Tf 20 100 Td (160) Tj ET BT /F1 10 Tf 24.56 100 Td (7) Tj ET"}, []string{"160", "7"}},
		"a shadow":                {file{content: "BT /F1 10 Tf 20 100 Td (8) Tj ET BT /F1 10 Tf 21.5 100 Td (8) Tj ET"}, []string{"8", "8"}},
		"twice for boldness":      {file{content: "BT /F1 10 Tf 20 100 Td (11,11) Tj ET BT /F1 10 Tf 20.3 100 Td (11,11) Tj ET"}, []string{"11,11"}},
		"kerned":                  {file{content: "BT /F1 10 Tf 20 100 Td [(1) 150 (1) 150 (0)] TJ ET"}, []string{"110"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, texts(tt.file.read(t)))
		})
	}
}

// Where two places of the document tell two digits, none is taken.
func TestContradictingDigits(t *testing.T) {
	t.Parallel()
	font := func(encoding, entries string) file {
		return file{
			content:   shown,
			resources: "/Font<</F1<</Type/Font/Subtype/TrueType/BaseFont/ABCDEF+Sans/FontDescriptor<</Flags 32>>" + encoding + "/ToUnicode 5 0 R>>>>",
			objects:   []string{stream("", "1 begincodespacerange <00> <FF> endcodespacerange "+entries)},
		}
	}
	embedded := func(f file) file {
		f.resources = strings.Replace(f.resources, "/Flags 32", "/Flags 4/FontFile2 6 0 R", 1)
		f.objects = append(f.objects, stream("", "x"))
		return f
	}
	const named = "/Encoding<</Differences[49/one/two/three]>>"
	const lie = "\ufffd"
	tests := map[string]struct {
		file file
		want string
	}{
		"as named":              {font(named, "1 beginbfrange <31> <33> <0031> endbfrange"), "123"},
		"other digits":          {font(named, "1 beginbfrange <31> <33> <0037> endbfrange"), lie + lie + lie},
		"one other digit":       {font("/Encoding/WinAnsiEncoding", "1 beginbfchar <32> <0039> endbfchar"), "1" + lie + "3"},
		"a blank":               {font("/Encoding/WinAnsiEncoding", "1 beginbfchar <31> <0020> endbfchar"), lie + "23"},
		"a raised digit":        {font(named, "1 beginbfchar <33> <00B3> endbfchar"), "12\u00b3"},
		"embedded, not mapped":  {embedded(font("", "1 beginbfrange <31> <32> <0037> endbfrange")), "78" + lie},
		"nothing but ToUnicode": {font("", "1 beginbfrange <31> <33> <0037> endbfrange"), "789"},
		"replaced by its own":   {file{content: "/Span<</ActualText(123)>>BDC " + shown + "EMC"}, "123"},
		"replaced by another":   {file{content: "/Span<</ActualText(999)>>BDC " + shown + "EMC"}, lie + lie + lie},
		"replaced by a word":    {file{content: "/Span<</ActualText(Euro)>>BDC BT /F1 10 Tf 20 100 Td (E) Tj ET EMC"}, "Euro"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, []string{tt.want}, texts(tt.file.read(t)))
		})
	}
}

func TestGuessed(t *testing.T) {
	t.Parallel()
	font := func(more string) file {
		return file{content: shown, resources: "/Font<</F1<</Type/Font/Subtype/TrueType/BaseFont/ABCDEF+Sans" + more + ">>>>",
			objects: []string{stream("", "\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), stream("/Filter/Unknown", "x")}}
	}
	const program = "/FontDescriptor<</Flags 4/FontFile2 5 0 R>>"
	for name, tt := range map[string]struct {
		file file
		want bool
	}{
		"a program that says nothing": {font(program), true},
		"with an encoding":            {font(program + "/Encoding/WinAnsiEncoding"), false},
		"a program that is broken":    {font("/FontDescriptor<</FontFile2 6 0 R>>"), true},
		"not embedded":                {font(""), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := tt.file.bytes()
			d, err := pdftext.Open(t.Context(), bytes.NewReader(data), int64(len(data)), nil)
			require.NoError(t, err)
			assert.False(t, d.Guessed())
			p, err := d.Page(t.Context(), 1)
			require.NoError(t, err)
			assert.Equal(t, []string{"123"}, texts(p))
			assert.Equal(t, tt.want, d.Guessed())
		})
	}
}

// A part that cannot be read is no reason to refuse the page, but it is told.
func TestLacking(t *testing.T) {
	t.Parallel()
	form := func(dict string) file {
		return file{content: shown + "/X Do", resources: helvetica + "/XObject<</X 5 0 R>>", objects: []string{stream(dict, shown)}}
	}
	for name, tt := range map[string]struct {
		file file
		want bool
	}{
		"a form":                       {form("/Subtype/Form"), false},
		"a form that cannot be read":   {form("/Subtype/Form/Filter/Unknown"), true},
		"a form that is not there":     {file{content: shown + "/X Do", resources: helvetica + "/XObject<</X 9 0 R>>"}, true},
		"a link":                       {file{content: shown, page: "/Annots[<</Subtype/Link/Rect[0 0 9 9]>>]"}, false},
		"an image that cannot be read": {form("/Subtype/Image/Filter/Unknown"), false},
		"a map that cannot be read": {file{content: shown, resources: "/Font<</F1<</Type/Font/Subtype/TrueType/ToUnicode 5 0 R>>>>",
			objects: []string{stream("/Filter/Unknown", "x")}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := tt.file.bytes()
			d, err := pdftext.Open(t.Context(), bytes.NewReader(data), int64(len(data)), nil)
			require.NoError(t, err)
			p, err := d.Page(t.Context(), 1)
			require.NoError(t, err)
			assert.Equal(t, "123", p.Words[0].Text)
			assert.Equal(t, tt.want, d.Damaged())
		})
	}
}
