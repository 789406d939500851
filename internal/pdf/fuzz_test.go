package pdf_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/internal/pdf"
)

// exhaust opens a document, reads all pages, and if no limit stopped that, all objects and streams.
func exhaust(data []byte, o *pdf.Options) (n int, err error) {
	ctx := context.Background()
	d, err := pdf.OpenBytes(ctx, data, o)
	if err != nil {
		return 0, err
	}
	var buf []byte
	for p, err := range d.Pages(ctx) {
		if err != nil {
			return n, err
		}
		n++
		if buf, err = d.AppendContent(ctx, buf[:0], p); err != nil {
			return n, err
		}
	}
	for _, num := range d.Numbers() {
		n++
		o := d.Object(pdf.Ref{Num: num})
		if !o.IsStream() {
			continue
		}
		if buf, _, err = d.DecodeStream(ctx, buf[:0], o); errors.Is(err, pdf.ErrLimit) {
			return n, err
		}
	}
	return n, nil
}

// FuzzOpen feeds whole files to the file layer: open, walk the pages, decode every stream. Whatever the bytes, it must end
// within its limits, with one of the package's errors, and twice the same.
func FuzzOpen(f *testing.F) {
	files, err := filepath.Glob("testdata/encrypted/*.pdf")
	require.NoError(f, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
	for _, data := range [][]byte{classic("BT (text) Tj ET"), flatPages(3)} {
		f.Add(data)
	}
	for _, dict := range []string{"/Filter/LZWDecode", "/Filter[/A85/Fl]", "/Filter/RL", "/Filter/Fl/DecodeParms<</Predictor 12/Columns 4>>", "/Filter/Fl/DecodeParms<</Predictor 2/Colors 3/BitsPerComponent 4/Columns 4>>"} {
		b := newBuilder()
		onePage(b, "x")
		b.stream(5, dict, deflate([]byte("0123456789")))
		b.table("/Root 1 0 R /Prev 5")
		f.Add(b.Bytes())
	}
	lim := pdf.Limits{Stream: 1 << 20, Total: 8 << 20, Elements: 20_000, Pages: 500, Objects: 20_000}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := exhaust(data, &pdf.Options{Limits: lim})
		if err != nil {
			known := false
			for _, e := range []error{pdf.ErrMalformed, pdf.ErrEncrypted, pdf.ErrLimit, pdf.ErrUnsupported} {
				known = known || errors.Is(err, e)
			}
			require.True(t, known, "not an error of this package: %v", err)
		}
		again, _ := exhaust(data, &pdf.Options{Limits: lim})
		require.Equal(t, n, again)
	})
}

// FuzzFilters feeds one stream to each filter with each predictor: what comes out stays within the limit.
func FuzzFilters(f *testing.F) {
	f.Add(uint8(0), uint8(0), uint8(0), deflate([]byte("some text")))
	f.Add(uint8(1), uint8(12), uint8(3), lzwEarly([]byte("some text"), true))
	f.Add(uint8(2), uint8(2), uint8(7), []byte("<~9jqo^~>"))
	f.Add(uint8(3), uint8(15), uint8(9), []byte("414243>"))
	f.Add(uint8(4), uint8(1), uint8(0), []byte("\x02abc\xfdz\x80"))
	names := []string{"/FlateDecode", "/LZWDecode", "/A85", "/AHx", "/RL", "[/A85/FlateDecode]", "[/AHx/LZWDecode]"}
	bits := []string{"1", "2", "4", "8", "16"}
	f.Fuzz(func(t *testing.T, filter, predictor, shape uint8, data []byte) {
		parms := "<</Predictor " + strconv.Itoa(int(predictor%16)) + "/Colors " + strconv.Itoa(int(shape%5)) + "/BitsPerComponent " + bits[int(shape)%len(bits)] + "/Columns " + strconv.Itoa(int(shape)) + ">>"
		b := newBuilder()
		onePage(b, "")
		b.stream(5, "/Filter "+names[int(filter)%len(names)]+"/DecodeParms "+parms, data)
		b.table("/Root 1 0 R")
		d, err := pdf.OpenBytes(context.Background(), b.Bytes(), &pdf.Options{Limits: pdf.Limits{Stream: 1 << 16}})
		require.NoError(t, err)
		out, err := d.Stream(context.Background(), d.Object(pdf.Ref{Num: 5}))
		if err == nil {
			require.LessOrEqual(t, len(out), 1<<16)
		}
	})
}
