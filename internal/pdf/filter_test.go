package pdf_test

import (
	"bytes"
	"compress/flate"
	"compress/lzw"
	"context"
	"encoding/ascii85"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/internal/pdf"
)

// decode puts data into a document as a stream with the given dictionary entries and reads it back.
func decode(t require.TestingT, dict string, data []byte) (out []byte, damaged bool, err error) {
	b := newBuilder()
	onePage(b, "")
	b.stream(5, dict, data)
	b.table("/Root 1 0 R")
	d, err := pdf.OpenBytes(context.Background(), b.Bytes(), nil)
	require.NoError(t, err)
	return d.DecodeStream(context.Background(), nil, d.Object(pdf.Ref{Num: 5}))
}

const sample = "Bruto loon 2.345,67 en nog eens 2.345,67"

func TestFilters(t *testing.T) {
	t.Parallel()
	var raw bytes.Buffer
	w, err := flate.NewWriter(&raw, 9)
	require.NoError(t, err)
	_, err = w.Write([]byte(sample))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	zlib := string(deflate([]byte(sample)))
	a85 := make([]byte, ascii85.MaxEncodedLen(len(sample)))
	a85 = a85[:ascii85.Encode(a85, []byte(sample))]
	hexed := hex.EncodeToString([]byte(sample))

	for name, c := range map[string]struct {
		dict, data, want string
		damaged          bool
	}{
		"no filter":                      {"", sample, sample, false},
		"flate":                          {"/Filter/FlateDecode", zlib, sample, false},
		"flate, abbreviated":             {"/Filter/Fl", zlib, sample, false},
		"flate without header":           {"/Filter/FlateDecode", raw.String(), sample, false},
		"flate without checksum":         {"/Filter/FlateDecode", zlib[:len(zlib)-4], sample, false},
		"flate after an end of line":     {"/Filter/FlateDecode", "\r\n" + zlib, sample, false},
		"flate with a wrong header sum":  {"/Filter/FlateDecode", zlib[:1] + "\x00" + zlib[2:], sample, false},
		"flate, truncated":               {"/Filter/FlateDecode", zlib[:20], sample[:20-4], true},
		"flate, empty":                   {"/Filter/FlateDecode", "", "", false},
		"flate, noise":                   {"/Filter/FlateDecode", "\xff\xff\xff\xff", "", true},
		"filter in an array":             {"/Filter[/FlateDecode]", zlib, sample, false},
		"empty filter array":             {"/Filter[]", sample, sample, false},
		"hex":                            {"/Filter/ASCIIHexDecode", hexed + ">", sample, false},
		"hex with blanks, upper case":    {"/Filter/AHx", "4A 4b\n4C>zz", "JKL", false},
		"hex, odd":                       {"/Filter/ASCIIHexDecode", "417>", "Ap", false},
		"hex without end":                {"/Filter/ASCIIHexDecode", hexed, sample, false},
		"ascii85":                        {"/Filter/ASCII85Decode", string(a85) + "~>", sample, false},
		"ascii85 with start and blanks":  {"/Filter/A85", " <~" + string(a85[:7]) + "\r\n" + string(a85[7:]) + "~ >", sample, false},
		"ascii85 z":                      {"/Filter/A85", "z!!~>", "\x00\x00\x00\x00\x00", false},
		"ascii85, alien byte":            {"/Filter/A85", string(a85[:10]) + "\x80", sample[:8], true},
		"run length":                     {"/Filter/RunLengthDecode", "\x02abc\xfdz\x80ignored", "abczzzz", false},
		"run length, cut in a literal":   {"/Filter/RL", "\x05abc", "abc", true},
		"run length, cut in a run":       {"/Filter/RL", "\x00a\xf0", "a", true},
		"chain":                          {"/Filter[/ASCIIHexDecode/FlateDecode]", hex.EncodeToString([]byte(zlib)) + ">", sample, false},
		"chain with parameters":          {"/Filter[/AHx/Fl]/DecodeParms[null<</Predictor 12/Columns 2>>]", hex.EncodeToString(deflate([]byte("\x02ab\x02\x01\x01"))), "abbc", false},
		"identity crypt filter":          {"/Filter[/Crypt/Fl]/DecodeParms[<</Name/Identity>> null]", zlib, sample, false},
		"single parameters in an array":  {"/Filter/Fl/DecodeParms[<</Predictor 2/Columns 3>>]", string(deflate([]byte("a\x01\x01b\x01\x01"))), "abcbcd", false},
		"parameters without a predictor": {"/Filter/Fl/DecodeParms<</Predictor 1/Columns 99>>", zlib, sample, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, damaged, err := decode(t, c.dict, []byte(c.data))
			require.NoError(t, err)
			assert.Equal(t, c.damaged, damaged)
			if c.damaged { // how far a cut stream can be read is not fixed, what is read must be right
				assert.True(t, strings.HasPrefix(c.want, string(out)) || strings.HasPrefix(string(out), c.want), "%q", out)
				return
			}
			assert.Equal(t, c.want, string(out))
		})
	}
}

func TestFiltersRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dict string
		want error
	}{
		"dct":              {"/Filter/DCTDecode", pdf.ErrUnsupported},
		"jpx":              {"/Filter/JPXDecode", pdf.ErrUnsupported},
		"jbig2":            {"/Filter/JBIG2Decode", pdf.ErrUnsupported},
		"ccitt":            {"/Filter/CCITTFaxDecode", pdf.ErrUnsupported},
		"unknown":          {"/Filter/NoSuchDecode", pdf.ErrUnsupported},
		"external":         {"/F(other.bin)", pdf.ErrUnsupported},
		"too many":         {"/Filter[" + strings.Repeat("/AHx ", 100) + "]", pdf.ErrLimit},
		"predictor":        {"/Filter/Fl/DecodeParms<</Predictor 99>>", pdf.ErrMalformed},
		"negative columns": {"/Filter/Fl/DecodeParms<</Predictor 12/Columns -1>>", pdf.ErrMalformed},
		"huge columns":     {"/Filter/Fl/DecodeParms<</Predictor 12/Columns 99999999999>>", pdf.ErrMalformed},
		"colours":          {"/Filter/Fl/DecodeParms<</Predictor 12/Colors 4294967297>>", pdf.ErrMalformed},
		"bits":             {"/Filter/Fl/DecodeParms<</Predictor 12/BitsPerComponent 3>>", pdf.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := decode(t, c.dict, deflate([]byte(sample)))
			assert.ErrorIs(t, err, c.want)
			assert.NotContains(t, fmt.Sprint(err), "other.bin")
		})
	}
}

// lzwEarly encodes without compression, which is enough to cross every code length: the decoder's table still grows.
func lzwEarly(data []byte, early bool) []byte {
	var out []byte
	var acc, bits uint
	put := func(code, width uint) {
		acc = acc<<width | code
		for bits += width; bits >= 8; bits -= 8 {
			out = append(out, byte(acc>>(bits-8)))
		}
	}
	shift := uint(0)
	if early {
		shift = 1
	}
	next, width := uint(258), uint(9)
	put(256, width)
	for i, c := range data {
		put(uint(c), width)
		if i > 0 {
			next++
		}
		width = widthFor(next + shift)
		if next >= 4090 {
			put(256, width)
			next, width = 257, 9
		}
	}
	put(257, width)
	return append(out, byte(acc<<(8-bits%8)))
}

func widthFor(next uint) uint {
	switch {
	case next < 512:
		return 9
	case next < 1024:
		return 10
	case next < 2048:
		return 11
	}
	return 12
}

func TestLZW(t *testing.T) {
	t.Parallel()
	long := bytes.Repeat([]byte("0123456789 abcdefghijklmnopqrstuvwxyz\n"), 300)
	for _, early := range []int{0, 1} {
		out, damaged, err := decode(t, fmt.Sprintf("/Filter/LZWDecode/DecodeParms<</EarlyChange %d>>", early), lzwEarly(long, early == 1))
		require.NoError(t, err)
		assert.False(t, damaged)
		assert.Equal(t, string(long), string(out), "early change %d", early)
	}
	// The standard library writes the late variant, with real compression.
	var late bytes.Buffer
	w := lzw.NewWriter(&late, lzw.MSB, 8)
	_, err := w.Write(long)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	out, damaged, err := decode(t, "/Filter/LZW/DecodeParms<</EarlyChange 0>>", late.Bytes())
	require.NoError(t, err)
	assert.False(t, damaged)
	assert.Equal(t, string(long), string(out))

	// The example of ISO 32000-1 §7.4.4.2.
	out, damaged, err = decode(t, "/Filter/LZWDecode", []byte{0x80, 0x0B, 0x60, 0x50, 0x22, 0x0C, 0x0C, 0x85, 0x01})
	require.NoError(t, err)
	assert.False(t, damaged)
	assert.Equal(t, "-----A---B", string(out))

	out, damaged, err = decode(t, "/Filter/LZWDecode", []byte{0x80, 0x0B, 0x60, 0xff, 0xff})
	require.NoError(t, err)
	assert.True(t, damaged)
	assert.Equal(t, "-", string(out)[:1])
}

// pngRow filters one row the way a writer does; the predictor must undo it.
func pngRow(tag byte, cur, up []byte, pixel int) []byte {
	at := func(row []byte, i int) int {
		if i < 0 || row == nil {
			return 0
		}
		return int(row[i])
	}
	out := []byte{tag}
	for i := range cur {
		a, b, c := at(cur, i-pixel), at(up, i), at(up, i-pixel)
		p := 0
		switch tag {
		case 1:
			p = a
		case 2:
			p = b
		case 3:
			p = (a + b) / 2
		case 4:
			p = a
			best := 1 << 30
			for _, v := range []int{a, b, c} {
				if dist := max(a+b-c-v, v-(a+b-c)); dist < best {
					best, p = dist, v
				}
			}
		}
		out = append(out, cur[i]-byte(p))
	}
	return out
}

func TestPNGPredictors(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		colors := rapid.IntRange(1, 5).Draw(t, "colors")
		bits := rapid.SampledFrom([]int{1, 2, 4, 8, 16}).Draw(t, "bits")
		columns := rapid.IntRange(1, 9).Draw(t, "columns")
		row, pixel := (colors*bits*columns+7)/8, (colors*bits+7)/8
		plain := rapid.SliceOfN(rapid.Byte(), 0, 5*row).Draw(t, "data")
		var coded, up []byte
		for rest := plain; len(rest) > 0; {
			cur := rest[:min(row, len(rest))]
			coded = append(coded, pngRow(rapid.ByteRange(0, 4).Draw(t, "tag"), cur, up, pixel)...)
			up, rest = cur, rest[len(cur):]
		}
		dict := fmt.Sprintf("/Filter/Fl/DecodeParms<</Predictor 15/Colors %d/BitsPerComponent %d/Columns %d>>", colors, bits, columns)
		out, damaged, err := decode(t, dict, deflate(coded))
		require.NoError(t, err)
		require.False(t, damaged)
		require.Equal(t, append([]byte{}, plain...), append([]byte{}, out...))
	})
}

func TestTIFFPredictor(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		colors := rapid.IntRange(1, 4).Draw(t, "colors")
		bits := rapid.SampledFrom([]int{1, 2, 4, 8, 16}).Draw(t, "bits")
		columns := rapid.IntRange(1, 9).Draw(t, "columns")
		rows := rapid.IntRange(0, 3).Draw(t, "rows")
		mask := 1<<bits - 1
		pack := func(values []int) []byte {
			out := make([]byte, (colors*columns*bits+7)/8)
			for i, v := range values {
				for k := range bits {
					if v>>(bits-1-k)&1 == 1 {
						at := i*bits + k
						out[at/8] |= 0x80 >> (at % 8)
					}
				}
			}
			return out
		}
		var plain, coded []byte
		for range rows {
			values := rapid.SliceOfN(rapid.IntRange(0, mask), colors*columns, colors*columns).Draw(t, "row")
			diff := append([]int(nil), values...)
			for i := len(diff) - 1; i >= colors; i-- {
				diff[i] = (diff[i] - diff[i-colors]) & mask
			}
			plain, coded = append(plain, pack(values)...), append(coded, pack(diff)...)
		}
		dict := fmt.Sprintf("/Filter/Fl/DecodeParms<</Predictor 2/Colors %d/BitsPerComponent %d/Columns %d>>", colors, bits, columns)
		out, _, err := decode(t, dict, deflate(coded))
		require.NoError(t, err)
		require.Equal(t, append([]byte{}, plain...), append([]byte{}, out...))
	})
}

func TestStreamLimits(t *testing.T) {
	t.Parallel()
	bomb := deflate(make([]byte, 4<<20))
	twice := deflate(bomb)
	for name, c := range map[string]struct {
		lim  pdf.Limits
		dict string
		data []byte
		want error
	}{
		"within":           {pdf.Limits{}, "/Filter/Fl", deflate([]byte(strings.Repeat(sample, 1000))), nil},
		"stream":           {pdf.Limits{Stream: 1 << 20}, "/Filter/Fl", bomb, pdf.ErrLimit},
		"stream, exact":    {pdf.Limits{Stream: 4 << 20, Ratio: 2000}, "/Filter/Fl", bomb, nil},
		"total":            {pdf.Limits{Total: 1 << 20}, "/Filter/Fl", bomb, pdf.ErrLimit},
		"ratio":            {pdf.Limits{Ratio: 100}, "/Filter/Fl", bomb, pdf.ErrLimit},
		"ratio of a chain": {pdf.Limits{}, "/Filter[/Fl/Fl]", twice, pdf.ErrLimit},
		"unfiltered":       {pdf.Limits{Stream: 100}, "", make([]byte, 101), pdf.ErrLimit},
		"hex":              {pdf.Limits{Stream: 100}, "/Filter/AHx", bytes.Repeat([]byte("41"), 101), pdf.ErrLimit},
		"ascii85":          {pdf.Limits{Stream: 100}, "/Filter/A85", bytes.Repeat([]byte("z"), 26), pdf.ErrLimit},
		"run length":       {pdf.Limits{Stream: 100}, "/Filter/RL", []byte("\x81a"), pdf.ErrLimit},
		"lzw":              {pdf.Limits{Stream: 100}, "/Filter/LZW", lzwEarly(make([]byte, 101), true), pdf.ErrLimit},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBuilder()
			onePage(b, "")
			b.stream(5, c.dict, c.data)
			b.table("/Root 1 0 R")
			d, err := pdf.OpenBytes(context.Background(), b.Bytes(), &pdf.Options{Limits: c.lim})
			require.NoError(t, err)
			_, err = d.Stream(context.Background(), d.Object(pdf.Ref{Num: 5}))
			assert.ErrorIs(t, err, c.want)
		})
	}
}

func TestTotalCountsRepeatedDecoding(t *testing.T) {
	t.Parallel()
	b := newBuilder()
	onePage(b, "")
	b.stream(5, "/Filter/Fl", deflate(make([]byte, 100_000)))
	b.table("/Root 1 0 R")
	d, err := pdf.OpenBytes(context.Background(), b.Bytes(), &pdf.Options{Limits: pdf.Limits{Total: 1_000_000}})
	require.NoError(t, err)
	for range 10 {
		_, err = d.Stream(context.Background(), d.Object(pdf.Ref{Num: 5}))
		require.NoError(t, err)
	}
	_, err = d.Stream(context.Background(), d.Object(pdf.Ref{Num: 5}))
	require.ErrorIs(t, err, pdf.ErrLimit)
}

func TestDecodeStreamAppends(t *testing.T) {
	t.Parallel()
	b := newBuilder()
	onePage(b, "")
	b.stream(5, "/Filter/Fl", deflate([]byte(sample)))
	b.stream(6, "/Filter/DCTDecode", []byte("x"))
	b.table("/Root 1 0 R")
	d := open(t, b.Bytes())
	out, _, err := d.DecodeStream(context.Background(), []byte("before "), d.Object(pdf.Ref{Num: 5}))
	require.NoError(t, err)
	assert.Equal(t, "before "+sample, string(out))
	out, _, err = d.DecodeStream(context.Background(), []byte("before "), d.Object(pdf.Ref{Num: 6}))
	require.ErrorIs(t, err, pdf.ErrUnsupported)
	assert.Equal(t, "before ", string(out))

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = d.Stream(ctx, d.Object(pdf.Ref{Num: 5}))
	require.ErrorIs(t, err, context.Canceled)
}
