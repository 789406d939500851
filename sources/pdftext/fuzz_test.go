package pdftext_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/internal/cputest"
	"github.com/brondata/brondata/sources/pdftext"
)

// fuzzLimits keep one execution short.
var fuzzLimits = pdftext.Limits{Inflated: 4 << 20, Operators: 200_000, PageGlyphs: 20_000, Pages: 20, Forms: 200, CMapEntries: 5000}

// checkAny reads a document and requires what holds for any bytes: it ends, with an error of the contract or with pages whose
// numbers are finite, and reading it again gives the same.
func checkAny(t *testing.T, data []byte) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	used := cputest.Used()
	first, err := readAll(ctx, data)
	require.Less(t, cputest.Used()-used, 5*time.Second, "one reading took too long")
	if err != nil {
		known := false
		for _, s := range []error{
			pdftext.ErrMalformed, pdftext.ErrEncrypted, pdftext.ErrTooLarge, pdftext.ErrLimit, pdftext.ErrUnsupported,
		} {
			known = known || errors.Is(err, s)
		}
		require.True(t, known, "an error that wraps no sentinel: %v", err)
	}
	second, again := readAll(ctx, data)
	require.Equal(t, err, again)
	require.Equal(t, dump(first), dump(second))
	for _, p := range first {
		for _, w := range p.Words {
			require.NotEmpty(t, w.Text)
			require.LessOrEqual(t, w.X0, w.X1)
			require.Less(t, w.X1-w.X0, 1e10)
			require.Less(t, w.Baseline, 1e10)
		}
		_ = p.Text()
	}
	_, err = pdftext.FindTable(first, []string{"Datum", "Bedrag af"}, nil)
	if err != nil {
		require.ErrorIs(t, err, pdftext.ErrNoTable)
	}
}

func readAll(ctx context.Context, data []byte) (pages []*pdftext.Page, err error) {
	d, err := pdftext.Open(ctx, bytes.NewReader(data), int64(len(data)), &pdftext.Options{Limits: fuzzLimits})
	if err != nil {
		return nil, err
	}
	for p, err := range d.Pages(ctx) {
		if err != nil {
			return pages, err
		}
		pages = append(pages, p)
	}
	return pages, nil
}

func FuzzDocument(f *testing.F) {
	paths, err := filepath.Glob("testdata/statement-*-1-*.pdf")
	require.NoError(f, err)
	for _, p := range paths[:min(2, len(paths))] {
		data, err := os.ReadFile(p)
		require.NoError(f, err)
		f.Add(data)
	}
	for _, content := range []string{"BT /F1 10 Tf 9 9 Td (x) Tj ET", "[", "<<", "BI ID", "/S<</ActualText("} {
		f.Add(file{content: content, page: "/Annots[5 0 R]", objects: []string{"<</Rect[0 0 9 9]/AP<</N 4 0 R>>>>"}}.bytes())
	}
	f.Fuzz(checkAny)
}

func FuzzContent(f *testing.F) {
	for _, s := range []string{
		"BT /F1 10 Tf 20 100 Td (Saldo 12,50) Tj ET", "q 1 0 0 1 5 5 cm 0 0 m 9 0 l S Q", "/S <</ActualText(x)>> BDC EMC",
		"BT /F1 10 Tf [(a)-300<62>]TJ T* (c)' 1 2 (d)\" 3 Tr 50 Tz 2 Ts ET", "BI /W 1 ID x EI", "/X Do /X Do", "10 10 5 5 re f*",
		"BT /F2 10 Tf <00410042> Tj ET",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		checkAny(t, file{
			content:   string(content),
			resources: "/Font<</F1<</Subtype/Type1/BaseFont/Times-Roman>>/F2<</Subtype/Type0/Encoding/UniGB-UTF16-V/DescendantFonts[<<>>]>>>>/XObject<</X 5 0 R>>",
			objects:   []string{stream("/Subtype/Form/BBox[0 0 200 200]/Matrix[0 1 -1 0 9 9]", string(content))},
		}.bytes())
	})
}

func FuzzCMap(f *testing.F) {
	for _, s := range []string{
		identityCMap + "1 beginbfrange <0000> <FFFF> <0000> endbfrange", identityCMap + "2 beginbfchar <0041> <D83DDE00> <0042> /space endbfchar",
		"/Identity-H usecmap 1 begincidrange <00> <7f> 5 endcidrange", "1 begincodespacerange <00> <7f> <8140> <fefe> endcodespacerange",
		"1 beginbfrange <00> <05> [<0041> <00420043>] endbfrange", "/WMode 1 def 1 begincidchar <0041> 7 endcidchar",
	} {
		f.Add([]byte(s), []byte("AB\x00C\x81\x40"))
	}
	f.Fuzz(func(t *testing.T, cmap, text []byte) {
		checkAny(t, file{
			content:   "BT /F1 10 Tf 20 100 Td " + hexString(text) + " Tj /F2 10 Tf " + hexString(text) + " Tj ET",
			resources: "/Font<</F1 5 0 R/F2 7 0 R>>",
			objects: []string{
				"<</Subtype/Type0/Encoding/Identity-H/ToUnicode 6 0 R/DescendantFonts[<</W[1[500 2 3]7 9 100]>>]>>", stream("", string(cmap)),
				"<</Subtype/Type0/Encoding 6 0 R/DescendantFonts[<</DW 700>>]>>",
			},
		}.bytes())
	})
}

func hexString(b []byte) string {
	const digits = "0123456789ABCDEF"
	out := []byte{'<'}
	for _, c := range b {
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(append(out, '>'))
}
