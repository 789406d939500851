package pdf_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/internal/cputest"
	"github.com/brondata/brondata/internal/pdf"
)

// classic is a right file with one page that says text.
func classic(text string) []byte {
	b := newBuilder()
	onePage(b, text)
	b.table("/Root 1 0 R")
	return b.Bytes()
}

// update appends an incremental update that replaces object num and whose /Prev is prev.
func update(b *builder, num int, body string, prev int) int {
	off := b.Len()
	fmt.Fprintf(b, "%d 0 obj\n%s\nendobj\n", num, body)
	at := b.Len()
	fmt.Fprintf(b, "xref\n%d 1\n%010d 00000 n \ntrailer\n<</Size 10 /Root 1 0 R /Prev %d>>\nstartxref\n%d\n%%%%EOF\n", num, off, prev, at)
	return at
}

func TestOpen(t *testing.T) {
	t.Parallel()
	text := "(one page)"
	right := string(classic(text))
	hybrid := func() string {
		b := newBuilder()
		b.obj(1, "<</Type/Catalog /Pages 2 0 R>>")
		// The page and its content's dictionary are hidden from readers of classic tables.
		b.objectStream(5, 2, "<</Type/Pages /Kids[3 0 R] /Count 1>>", 3, "<</Type/Page /Contents 4 0 R>>")
		b.stream(4, "", []byte(text))
		at := b.xrefStream(6, "/Root 1 0 R")
		b.inside = map[int][2]int{} // the table shows them as free
		b.table(fmt.Sprintf("/Root 1 0 R /XRefStm %d", at))
		return b.String()
	}
	for name, c := range map[string]struct {
		data   string
		damage pdf.Damage
	}{
		"classic": {right, 0},
		"stream": {func() string {
			b := newBuilder()
			onePage(b, text)
			b.xrefStream(5, "/Root 1 0 R")
			return b.String()
		}(), 0},
		"objects in a stream": {func() string {
			b := newBuilder()
			b.objectStream(5, 1, "<</Type/Catalog /Pages 2 0 R>>", 2, "<</Type/Pages /Kids[3 0 R] /Count 1>>", 3, "<</Type/Page /Contents 4 0 R>>")
			b.stream(4, "", []byte(text))
			b.xrefStream(6, "/Root 1 0 R")
			return b.String()
		}(), 0},
		"hybrid":                     {hybrid(), 0},
		"junk before, right offsets": {"GET / HTTP/1.0\r\n\r\n" + right, 0},
		"junk before, offsets from the start": {func() string {
			b := newBuilder()
			b.Reset()
			b.WriteString("some junk\n%PDF-1.4\n")
			onePage(b, text)
			b.table("/Root 1 0 R")
			return b.String()
		}(), 0},
		"header with trailing text": {strings.Replace(right, "%PDF-1.7\n", "%PDF-1.7 x", 1), 0},
		"version 2":                 {strings.Replace(right, "%PDF-1.7", "%PDF-2.0", 1), 0},
		"no header":                 {strings.Replace(right, "%PDF-1.7", "%xyz-1.7", 1), 0},
		"no end mark":               {strings.TrimSuffix(right, "%%EOF\n"), 0},
		"junk after":                {right + strings.Repeat("\x00", 5000), 0},
		"no startxref":              {right[:strings.Index(right, "startxref")], pdf.DamageXref},
		"startxref off by some":     {right[:strings.Index(right, "startxref")] + "startxref\n17\n%%EOF", pdf.DamageXref},
		"no table":                  {right[:strings.Index(right, "xref")], pdf.DamageXref},
		"table with short lines":    {strings.ReplaceAll(right, " n \n", " n\n"), 0},
		"offsets that are wrong":    {strings.ReplaceAll(right, "%\xe2\xe3\xcf\xd3\n", "%\n"), pdf.DamageXref},
		"table starts at 1":         {strings.Replace(right, "xref\n0 5", "xref\n1 5", 1), 0},
		"table count too large":     {strings.Replace(right, "xref\n0 5", "xref\n0 9", 1), 0},
		"truncated in the table":    {right[:strings.Index(right, "trailer")-30], pdf.DamageXref},
		"one wrong offset": {func() string {
			b := newBuilder()
			onePage(b, text)
			b.offsets[4] -= 7
			b.table("/Root 1 0 R")
			return b.String()
		}(), 0},
		"update": {func() string {
			b := newBuilder()
			onePage(b, "(old)")
			at := b.table("/Root 1 0 R")
			update(b, 4, fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(text), text), at)
			return b.String()
		}(), 0},
		"update, broken table": {func() string {
			b := newBuilder()
			onePage(b, "(old)")
			at := b.table("/Root 1 0 R")
			update(b, 4, fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(text), text), at)
			return b.String()[:b.Len()-20]
		}(), pdf.DamageXref},
		"update with an object stream, broken": {func() string {
			b := newBuilder()
			b.obj(1, "<</Type/Catalog /Pages 2 0 R>>")
			b.obj(2, "<</Type/Pages /Kids[3 0 R] /Count 1>>")
			b.obj(3, "<</Type/Page /Contents 7 0 R>>")
			b.stream(4, "", []byte(text))
			b.stream(7, "", []byte("(old)"))
			b.objectStream(5, 3, "<</Type/Page /Contents 4 0 R>>")
			b.xrefStream(6, "/Root 1 0 R")
			return strings.Replace(b.String(), "startxref", "startxfer", 1)
		}(), pdf.DamageXref},
		"previous section missing": {func() string {
			b := newBuilder()
			onePage(b, text)
			update(b, 9, "null", 99999)
			return b.String()
		}(), pdf.DamageXref},
		"prev as a reference": {func() string {
			b := newBuilder()
			onePage(b, text)
			at := b.table("/Root 1 0 R")
			update(b, 9, "null", at)
			s := b.String()
			i := strings.LastIndex(s, "/Prev")
			return s[:i] + strings.Replace(s[i:], ">>", " 0 R>>", 1)
		}(), 0},
		"no trailer, catalog found":    {strings.Replace(right[:strings.Index(right, "xref")], "/Type/Catalog", "/Type /Catalog", 1), pdf.DamageXref},
		"length missing":               {strings.Replace(right, "/Length 10", "/Lengxx 10", 1), pdf.DamageLength},
		"length too small":             {strings.Replace(right, "/Length 10", "/Length 02", 1), pdf.DamageLength},
		"length too large":             {strings.Replace(right, "/Length 10", "/Length 99", 1), pdf.DamageLength},
		"endstream missing":            {strings.Replace(right, "\nendstream", "", 1), pdf.DamageXref},
		"endstream and length missing": {strings.Replace(strings.Replace(right, "\nendstream", "", 1), "/Length 10", "/Lengxx 10", 1), pdf.DamageXref | pdf.DamageLength},
		"attached file not scanned": {func() string {
			b := newBuilder()
			onePage(b, text)
			b.stream(5, "/Type/EmbeddedFile", classic("(attached)"))
			return strings.Replace(b.String(), "startxref", "startxfer", 1)
		}(), pdf.DamageXref},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, []byte(c.data))
			assert.Equal(t, []string{text}, contents(t, d))
			assert.Equal(t, c.damage, d.Damage()&(pdf.DamageXref|pdf.DamageLength|pdf.DamageStream))
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		data string
		want error
	}{
		"empty":       {"", pdf.ErrMalformed},
		"header only": {"%PDF-1.7\n", pdf.ErrMalformed},
		"html":        {"<!DOCTYPE html><html><body>obj stream xref</body></html>", pdf.ErrMalformed},
		"no catalog":  {"%PDF-1.7\n1 0 obj\n<</A 1>>\nendobj\ntrailer\n<</Root 1 0 R>>", pdf.ErrMalformed},
		"other handler": {func() string {
			b := newBuilder()
			onePage(b, "x")
			b.table("/Root 1 0 R /Encrypt <</Filter/Adobe.PubSec /V 4>>")
			return b.String()
		}(), pdf.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := pdf.OpenBytes(context.Background(), []byte(c.data), nil)
			assert.ErrorIs(t, err, c.want)
		})
	}
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

func TestOpenReads(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	data := classic("(text)")
	d, err := pdf.Open(ctx, bytes.NewReader(data), int64(len(data)), nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"(text)"}, contents(t, d))

	_, err = pdf.Open(ctx, bytes.NewReader(data), int64(len(data)), &pdf.Options{Limits: pdf.Limits{File: 100}})
	require.ErrorIs(t, err, pdf.ErrTooLarge)
	_, err = pdf.Open(ctx, bytes.NewReader(data), -1, nil)
	require.ErrorIs(t, err, pdf.ErrTooLarge)
	disk := errors.New("disk on fire")
	_, err = pdf.Open(ctx, failing{disk}, 100, nil)
	require.ErrorIs(t, err, disk)
	_, err = pdf.Open(ctx, failing{io.EOF}, 100, nil)
	require.Error(t, err, "a size that is not there must not make a document of zeros")

	done, cancel := context.WithCancel(ctx)
	cancel()
	_, err = pdf.OpenBytes(done, data, nil)
	require.ErrorIs(t, err, context.Canceled)
}

func TestResolve(t *testing.T) {
	t.Parallel()
	b := newBuilder()
	onePage(b, "")
	b.obj(5, "[1 (s\\051) /N#41 true null 6 0 R 99 0 R 1.5 <</K 7 0 R>>]")
	b.obj(6, "7 0 R")
	b.obj(7, "42")
	b.obj(8, "8 0 R")
	b.obj(9, "")
	b.obj(10, "<</A 1 /A 2 /B>>")
	b.table("/Root 1 0 R")
	d := open(t, b.Bytes())
	arr := d.Object(pdf.Ref{Num: 5}).Array()
	require.Len(t, arr, 9)
	n, ok := d.Index(arr, 0).Int()
	assert.True(t, ok)
	assert.EqualValues(t, 1, n)
	s, ok := d.Index(arr, 1).Str()
	assert.True(t, ok)
	assert.Equal(t, "s)", string(s))
	name, ok := d.Index(arr, 2).Name()
	assert.True(t, ok)
	assert.Equal(t, "NA", name)
	v, ok := d.Index(arr, 3).Bool()
	assert.True(t, v && ok)
	assert.True(t, d.Index(arr, 4).IsNull())
	n, ok = d.Index(arr, 5).Int()
	assert.True(t, ok, "a reference to a reference is followed")
	assert.EqualValues(t, 42, n)
	assert.True(t, d.Index(arr, 6).IsNull(), "a missing object is null")
	f, ok := d.Index(arr, 7).Float()
	assert.True(t, ok)
	assert.EqualValues(t, 1.5, f)
	n, _ = d.Get(arr[8].Dict(), "K").Int()
	assert.EqualValues(t, 42, n)
	assert.True(t, d.Index(arr, 9).IsNull())
	assert.True(t, d.Index(arr, -1).IsNull())
	assert.True(t, d.Object(pdf.Ref{Num: 8}).IsNull(), "a reference to itself is null")
	assert.True(t, d.Object(pdf.Ref{Num: 9}).IsNull())
	n, _ = d.Get(d.Object(pdf.Ref{Num: 10}).Dict(), "A").Int()
	assert.EqualValues(t, 2, n, "the last of two values counts")
	assert.True(t, d.Get(pdf.Dict{}, "A").IsNull())
	assert.Equal(t, []uint32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, d.Numbers())
}

func TestPages(t *testing.T) {
	t.Parallel()
	b := newBuilder()
	b.obj(1, "<</Type/Catalog /Pages 2 0 R>>")
	b.obj(2, "<</Type/Pages /Kids[3 0 R 6 0 R 2 0 R 99 0 R <</Type/Page /Rotate 450>>] /Count -7 /MediaBox[0 0 100 200] /Resources<</Font<<>>>>>>")
	b.obj(3, "<</Type/Pages /Kids[4 0 R 5 0 R] /Rotate -90 /CropBox[10 10 1000 50]>>")
	b.obj(4, "<</Type/Page /Rotate 180 /Contents[7 0 R 8 0 R 9 0 R]>>")
	b.obj(5, "<</Type/Wrong /MediaBox[300 400 0 0] /CropBox[1 2 3]>>")
	b.obj(6, "<</MediaBox[0 0 0 0] /Rotate 45 /Resources 10 0 R>>")
	b.stream(7, "", []byte("a"))
	b.stream(8, "/Filter/JPXDecode", []byte("b"))
	b.stream(9, "", []byte("c"))
	b.obj(10, "<</XObject<<>>>>")
	b.table("/Root 1 0 R")
	d := open(t, b.Bytes())
	var got []string
	for p, err := range d.Pages(context.Background()) {
		require.NoError(t, err)
		got = append(got, fmt.Sprint(p.Index, p.Ref.Num, p.MediaBox, p.CropBox, p.Rotate, p.Resources.Len()))
		if p.Index == 0 {
			c, err := d.Content(context.Background(), p)
			require.NoError(t, err)
			assert.Equal(t, "a\nc\n", string(c), "what cannot be decoded is left out")
		}
	}
	assert.Equal(t, []string{
		"0 4 [0 0 100 200] [10 10 100 50] 180 1",
		"1 5 [0 0 300 400] [0 0 300 400] 270 1",
		"2 6 [0 0 612 792] [0 0 612 792] 0 1",
		"3 0 [0 0 100 200] [0 0 100 200] 90 1",
	}, got)
	assert.NotZero(t, d.Damage()&pdf.DamagePages)
	assert.NotZero(t, d.Damage()&pdf.DamageStream)

	_, err := pdf.OpenBytes(context.Background(), b.Bytes(), &pdf.Options{Limits: pdf.Limits{Pages: 2}})
	require.NoError(t, err)
}

func TestPagesLimit(t *testing.T) {
	t.Parallel()
	b := newBuilder()
	b.obj(1, "<</Type/Catalog /Pages 2 0 R>>")
	b.obj(2, "<</Type/Pages /Kids["+strings.Repeat("3 0 R ", 10)+"] /Count 10>>")
	b.obj(3, "<</Type/Page>>")
	b.table("/Root 1 0 R")
	for limit, want := range map[int]error{3: pdf.ErrLimit, 10: nil} {
		d, err := pdf.OpenBytes(context.Background(), b.Bytes(), &pdf.Options{Limits: pdf.Limits{Pages: limit}})
		require.NoError(t, err)
		pages := 0
		var last error
		for _, err := range d.Pages(context.Background()) {
			if last = err; err == nil {
				pages++
			}
		}
		assert.Equal(t, limit, pages)
		assert.ErrorIs(t, last, want)
	}
}

// flatPages is a document of n pages whose objects are all in one object stream, and its size in bytes.
func flatPages(n int) []byte {
	b := newBuilder()
	objects := []any{1, "<</Type/Catalog /Pages 2 0 R>>"}
	var kids strings.Builder
	for i := range n {
		fmt.Fprintf(&kids, "%d 0 R ", 10+i)
		objects = append(objects, 10+i, "<</Type/Page /Parent 2 0 R /Contents 3 0 R>>")
	}
	objects = append(objects, 2, fmt.Sprintf("<</Type/Pages /Kids[%s] /Count %d>>", kids.String(), n))
	b.stream(3, "/Filter/Fl", deflate([]byte("BT (page) Tj ET")))
	b.objectStream(4, objects...)
	b.xrefStream(5, "/Root 1 0 R")
	return b.Bytes()
}

// The time is that of the processor, so the test is not parallel.
func TestFlatPagesAreLinear(t *testing.T) {
	data := flatPages(4000)
	used := cputest.Used()
	d := open(t, data)
	assert.Len(t, contents(t, d), 4000)
	// Milliseconds in fact; decoding the stream for each object would take minutes.
	assert.Less(t, cputest.Used()-used, 2*time.Second)
}

func BenchmarkFlatPages(b *testing.B) {
	data := flatPages(4000)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		d, err := pdf.OpenBytes(ctx, data, nil)
		require.NoError(b, err)
		var buf []byte
		for p, err := range d.Pages(ctx) {
			require.NoError(b, err)
			buf, err = d.AppendContent(ctx, buf[:0], p)
			require.NoError(b, err)
		}
	}
}
