package pdftext_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/sources/pdftext"
)

func open(t *testing.T, data []byte, o *pdftext.Options) (*pdftext.Document, error) {
	t.Helper()
	return pdftext.Open(t.Context(), bytes.NewReader(data), int64(len(data)), o)
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	good := file{content: "BT /F1 10 Tf (x) Tj ET"}.bytes()
	cases := map[string]struct {
		data []byte
		o    *pdftext.Options
		want error
	}{
		"no PDF":    {[]byte("Datum;Bedrag\n"), nil, pdftext.ErrMalformed},
		"empty":     {nil, nil, pdftext.ErrMalformed},
		"too large": {good, &pdftext.Options{Limits: pdftext.Limits{File: 10}}, pdftext.ErrTooLarge},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := open(t, c.data, c.o)
			require.ErrorIs(t, err, c.want)
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	text := "BT /F1 10 Tf 9 9 Td (abcdefgh) Tj ET "
	cases := map[string]struct {
		file   file
		limits pdftext.Limits
	}{
		"operators":   {file{content: strings.Repeat("q Q ", 3000)}, pdftext.Limits{Operators: 2000}},
		"page glyphs": {file{content: text}, pdftext.Limits{PageGlyphs: 7}},
		"glyphs":      {file{content: text}, pdftext.Limits{Glyphs: 7}},
		"states":      {file{content: strings.Repeat("q ", 400)}, pdftext.Limits{States: 300}},
		"form depth": {file{content: "/X Do", resources: "/XObject<</X 5 0 R>>", objects: []string{
			stream("/Subtype/Form/Resources<</XObject<</X 6 0 R>>>>", "/X Do"), stream("/Subtype/Form", ""),
		}}, pdftext.Limits{FormDepth: 1}},
		"forms": {file{content: "/X Do /X Do", resources: "/XObject<</X 5 0 R>>", objects: []string{stream("/Subtype/Form", "")}}, pdftext.Limits{Forms: 1}},
		"CMap entries": {file{content: "BT /F1 1 Tf", resources: "/Font<</F1<</Subtype/Type0/ToUnicode 5 0 R>>>>", objects: []string{
			stream("", identityCMap+"beginbfchar <01><0041> <02><0042>"),
		}}, pdftext.Limits{CMapEntries: 1}},
		"stream": {file{content: strings.Repeat("q Q ", 3000)}, pdftext.Limits{Stream: 1000}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := open(t, c.file.bytes(), &pdftext.Options{Limits: c.limits})
			require.NoError(t, err)
			_, err = d.Page(t.Context(), 1)
			require.ErrorIs(t, err, pdftext.ErrLimit)
			d, err = open(t, c.file.bytes(), nil)
			require.NoError(t, err)
			_, err = d.Page(t.Context(), 1)
			require.NoError(t, err, "within the defaults")
		})
	}
}

func TestPageNumbers(t *testing.T) {
	t.Parallel()
	d, err := open(t, readFile(t, "testdata/statement-open-10-chromium.pdf"), nil)
	require.NoError(t, err)
	n, err := d.NumPages(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 11, n)
	for _, bad := range []int{-1, 0, n + 1} {
		_, err = d.Page(t.Context(), bad)
		require.ErrorIs(t, err, pdftext.ErrPage)
	}
	last, err := d.Page(t.Context(), n)
	require.NoError(t, err)
	assert.Equal(t, n, last.Number)
	i := 0
	for p, err := range d.Pages(t.Context()) {
		require.NoError(t, err)
		if i++; p.Number == n {
			assert.Equal(t, last, p, "a page is the same however it is reached")
		}
	}
	assert.Equal(t, n, i)
	assert.False(t, d.Damaged())
}

type failing struct{}

var errDisk = errors.New("disk 7 of customer 12 failed")

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errDisk }

func TestReaderError(t *testing.T) {
	t.Parallel()
	_, err := pdftext.Open(t.Context(), failing{}, 1000, nil)
	require.ErrorIs(t, err, errDisk)
	assert.NotContains(t, err.Error(), "customer")
}

func TestPasswordIsNotPrinted(t *testing.T) {
	t.Parallel()
	o := pdftext.Options{Password: pdftext.Password("geheim-1234")}
	var b strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&b, verb+" "+verb+"\n", o, o.Password)
	}
	_, _ = io.WriteString(&b, o.Password.String()+o.Password.GoString()+o.Password.LogValue().String())
	text, err := o.Password.MarshalText()
	require.NoError(t, err)
	b.Write(text)
	assert.NotContains(t, b.String(), "geheim")
	assert.NotContains(t, b.String(), fmt.Sprintf("%x", "geheim"))
	assert.NotContains(t, b.String(), "103 101")
}
