package pdf_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"os"
	"strings"
)

// hostile returns documents that were made to exhaust a reader: cycles, bombs, lies about lengths and counts, deep nesting,
// work that is quadratic in a naive reader. Most are one right page with one thing wrong.
func hostile() map[string]func() []byte {
	// with builds a right page, lets f add to it, and ends it.
	with := func(trailer string, f func(b *builder)) func() []byte {
		return func() []byte {
			b := newBuilder()
			onePage(b, "BT (page) Tj ET")
			f(b)
			b.table("/Root 1 0 R " + trailer)
			return b.Bytes()
		}
	}
	// text makes a file of header and body.
	text := func(f func() string) func() []byte {
		return func() []byte { return []byte("%PDF-1.7\n" + f()) }
	}
	repeat := strings.Repeat
	const million = 1_000_000
	// Packing the bombs is most of the test's time; a quarter is past every limit, too.
	bomb := 1 << 28
	if os.Getenv("BRONDATA_LONG") != "" {
		bomb = 1 << 30
	}

	return map[string]func() []byte{
		// Cycles.
		"prev to itself": func() []byte {
			b := newBuilder()
			onePage(b, "x")
			b.table(fmt.Sprintf("/Root 1 0 R /Prev %d", b.Len()))
			return b.Bytes()
		},
		"prev in a circle": func() []byte {
			b := newBuilder()
			onePage(b, "x")
			at := b.table("/Root 1 0 R /Prev 0000000000")
			second := b.table(fmt.Sprintf("/Root 1 0 R /Prev %d", at))
			return bytes.Replace(b.Bytes(), []byte("/Prev 0000000000"), fmt.Appendf(nil, "/Prev %010d", second), 1)
		},
		"cross-reference stream to itself": func() []byte {
			b := newBuilder()
			onePage(b, "x")
			b.xrefStream(5, fmt.Sprintf("/Root 1 0 R /Prev %d", b.Len()))
			return b.Bytes()
		},
		"hybrid to itself": func() []byte {
			b := newBuilder()
			onePage(b, "x")
			b.table(fmt.Sprintf("/Root 1 0 R /XRefStm %d", b.Len()))
			return b.Bytes()
		},
		"kids cycle": with("", func(b *builder) { b.obj(2, "<</Type/Pages /Kids[2 0 R 3 0 R 2 0 R]>>") }),
		"kids cycle without a reference": with("", func(b *builder) {
			b.obj(2, "<</Type/Pages /Kids 5 0 R>>")
			b.obj(5, "["+repeat("<</Type/Pages /Kids 5 0 R>>", 1000)+"]")
		}),
		"kids that are kids of each other": with("", func(b *builder) {
			for i := range 1000 {
				b.obj(100+i, "<</Type/Pages /Kids 5 0 R>>")
			}
			var kids strings.Builder
			for i := range 1000 {
				fmt.Fprintf(&kids, "%d 0 R ", 100+i)
			}
			b.obj(5, "["+repeat(kids.String(), 20)+"]")
			b.obj(2, "<</Type/Pages /Kids 5 0 R>>")
		}),
		"a page a hundred thousand times": with("", func(b *builder) {
			b.obj(2, "<</Type/Pages /Kids["+repeat("3 0 R ", 100_000)+"]>>")
		}),
		"parent cycle of a loose page": with("", func(b *builder) {
			b.obj(2, "<</Parent 3 0 R>>")
			b.obj(3, "<</Type/Page /Parent 2 0 R>>")
		}),
		"reference to itself":    with("", func(b *builder) { b.obj(3, "3 0 R") }),
		"references in a circle": with("", func(b *builder) { b.obj(3, "5 0 R"); b.obj(5, "3 0 R") }),
		"long chain of references": with("", func(b *builder) {
			for i := range 20_000 {
				b.obj(10+i, fmt.Sprintf("%d 0 R", 11+i))
			}
			b.obj(3, "<</Type/Page /Contents 10 0 R>>")
		}),
		"length is itself": with("", func(b *builder) { b.obj(4, "<</Length 4 0 R>>\nstream\nabc\nendstream") }),
		"lengths in a circle": with("", func(b *builder) {
			for i := range 1000 {
				b.obj(10+i, fmt.Sprintf("<</Length %d 0 R>>\nstream\nabc\nendstream", 10+(i+1)%1000))
			}
			b.obj(4, "<</Length 10 0 R>>\nstream\nabc\nendstream")
		}),
		"filter is itself": with("", func(b *builder) {
			b.obj(4, "<</Length 3 /Filter 4 0 R /DecodeParms 4 0 R>>\nstream\nabc\nendstream")
		}),
		"object stream in itself": func() []byte {
			b := newBuilder()
			b.objectStream(5, 5, "<</Type/ObjStm>>", 1, "<</Type/Catalog /Pages 2 0 R>>", 2, "<</Kids[3 0 R]>>")
			b.xrefStream(6, "/Root 1 0 R")
			return b.Bytes()
		},
		"object streams in each other": func() []byte {
			b := newBuilder()
			onePage(b, "x")
			b.objectStream(5, 6, "null", 10, "1")
			b.objectStream(6, 5, "null", 11, "2")
			b.stream(7, "/Length 10 0 R", []byte("x"))
			b.xrefStream(8, "/Root 1 0 R")
			return b.Bytes()
		},
		"object stream whose length is in it": func() []byte {
			b := newBuilder()
			onePage(b, "x")
			b.objectStream(5, 10, "100")
			b.xrefStream(8, "/Root 1 0 R")
			return bytes.Replace(b.Bytes(), []byte("/Type/ObjStm"), []byte("/Length 10 0 R /Type/ObjStm"), 1)
		},
		"catalog is the tree is the page": text(func() string {
			return "1 0 obj\n<</Type/Catalog /Pages 1 0 R /Kids[1 0 R]>>\nendobj\ntrailer<</Root 1 0 R>>"
		}),
		"encrypted by itself": with("/Encrypt 5 0 R", func(b *builder) {
			b.obj(5, "<</Filter 5 0 R /V 5 0 R /CF 5 0 R /StmF/A /O 5 0 R>>")
		}),

		// Lies about counts and lengths.
		"huge count": with("", func(b *builder) { b.obj(2, "<</Type/Pages /Count 2000000000 /Kids[3 0 R]>>") }),
		"table from two milliards": text(func() string {
			return "1 0 obj\n<<>>\nendobj\nxref\n2000000000 2000000000\n0000000009 00000 n \ntrailer<</Size 4000000000 /Root 1 0 R>>\nstartxref\n27\n%%EOF"
		}),
		"table of sparse numbers": text(func() string {
			var s strings.Builder
			s.WriteString("xref\n")
			for i := range 100_000 {
				fmt.Fprintf(&s, "%d 1\n0000000009 00000 n \n", 1000+i*40_000)
			}
			return s.String() + "trailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF"
		}),
		"stream of ten milliard entries": text(func() string {
			return "1 0 obj\n<</Type/XRef /Size 10000000000 /W[1 8 8] /Index[0 10000000000 4294967290 99] /Root 1 0 R /Length 4>>\nstream\nabcd\nendstream\nendobj\nstartxref\n9\n%%EOF"
		}),
		"widths that overflow": text(func() string {
			return "1 0 obj\n<</Type/XRef /Size 10 /W[9223372036854775807 9223372036854775807 2] /Root 1 0 R /Length 4>>\nstream\nabcd\nendstream\nendobj\nstartxref\n9\n%%EOF"
		}),
		"negative widths": text(func() string {
			return "1 0 obj\n<</Type/XRef /Size 10 /W[-1 -1 3] /Root 1 0 R /Length 4>>\nstream\nabcd\nendstream\nendobj\nstartxref\n9\n%%EOF"
		}),
		"widths of zero": text(func() string {
			return "1 0 obj\n<</Type/XRef /Size 2000000000 /W[0 0 0] /Root 1 0 R /Length 4>>\nstream\nabcd\nendstream\nendobj\nstartxref\n9\n%%EOF"
		}),
		"object stream of two milliard": with("", func(b *builder) {
			b.stream(5, "/Type/ObjStm /N 2000000000 /First 2000000000", []byte("1 0 2 0"))
			b.inside[3] = [2]int{5, 1_999_999}
		}),
		"huge length":     with("", func(b *builder) { b.obj(4, "<</Length 999999999999999999>>\nstream\nabc\nendstream") }),
		"negative length": with("", func(b *builder) { b.obj(4, "<</Length -5>>\nstream\nabc\nendstream") }),
		"offsets past the end": text(func() string {
			return "xref\n0 3\n0000000000 65535 f \n9999999999 00000 n \n0004294967 00000 n \ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF"
		}),
		"columns that overflow": with("", func(b *builder) {
			b.stream(4, "/Filter/Fl /DecodeParms<</Predictor 15 /Colors 1024 /BitsPerComponent 16 /Columns 67108864>>", deflate([]byte("\x02abc")))
		}),

		// Bombs.
		"a bomb":              with("", func(b *builder) { b.stream(4, "/Filter/Fl", zeros(bomb)) }),
		"a bomb twice packed": with("", func(b *builder) { b.stream(4, "/Filter[/Fl/Fl]", deflate(zeros(bomb))) }),
		"ten times packed": with("", func(b *builder) {
			data := zeros(1 << 26)
			for range 9 {
				data = deflate(data)
			}
			b.stream(4, "/Filter["+repeat("/Fl", 10)+"]", data)
		}),
		"a bomb in an object stream": with("", func(b *builder) {
			b.stream(5, "/Type/ObjStm /N 1 /First 5 /Filter/Fl", zeros(bomb))
			b.inside[3] = [2]int{5, 0}
		}),
		"a bomb of cross-references": text(func() string {
			z := zeros(bomb)
			return fmt.Sprintf("1 0 obj\n<</Type/XRef /Size 99999999 /W[1 4 1] /Filter/Fl /Root 1 0 R /Length %d>>\nstream\n%s\nendstream\nendobj\nstartxref\n9\n%%%%EOF", len(z), z)
		}),
		"entries without end": text(func() string {
			// Sixteen million rows of type 1, as many as fit in the stream limit.
			row := deflate(bytes.Repeat([]byte{1, 9, 0}, 20*million))
			return fmt.Sprintf("1 0 obj\n<</Type/XRef /Size 99999999 /W[1 1 1] /Filter/Fl /Root 1 0 R /Length %d>>\nstream\n%s\nendstream\nendobj\nstartxref\n9\n%%%%EOF", len(row), row)
		}),
		"run lengths": with("", func(b *builder) {
			b.stream(4, "/Filter["+repeat("/RL", 12)+"]", bytes.Repeat([]byte("\x81\x81"), 100_000))
		}),
		"lzw": with("", func(b *builder) { b.stream(4, "/Filter[/Fl/LZW]", deflate(lzwEarly(make([]byte, 4*million), true))) }),
		"one stream a hundred thousand times": with("", func(b *builder) {
			b.stream(5, "/Filter/Fl", zeros(million))
			b.obj(3, "<</Type/Page /Contents["+repeat("5 0 R ", 100_000)+"]>>")
		}),
		"pages that share a bomb": with("", func(b *builder) {
			b.stream(5, "/Filter/Fl", zeros(1_000_000))
			b.obj(3, "<</Type/Page /Contents 5 0 R>>")
			b.obj(2, "<</Type/Pages /Kids["+repeat("3 0 R ", 10_000)+"]>>")
		}),
		"filters without end": with("", func(b *builder) { b.stream(4, "/Filter["+repeat("/AHx ", 100_000)+"]", []byte("41>")) }),

		// Nesting.
		"deep arrays":           with("", func(b *builder) { b.obj(3, repeat("[", 2*million)) }),
		"deep dictionaries":     with("", func(b *builder) { b.obj(3, repeat("<</A ", million)) }),
		"deep brackets in text": with("", func(b *builder) { b.obj(3, repeat("(", 2*million)) }),
		"deep trailer":          text(func() string { return "trailer" + repeat("<</A[", million) }),
		"deep page tree": with("", func(b *builder) {
			for i := range 20_000 {
				b.obj(10+i, fmt.Sprintf("<</Kids[%d 0 R]>>", 11+i))
			}
			b.obj(2, "<</Kids[10 0 R]>>")
		}),

		// Large and quadratic.
		"array of zeros":       with("", func(b *builder) { b.obj(3, "["+repeat("0 ", 10*million)+"]") }),
		"array of arrays":      with("", func(b *builder) { b.obj(3, "["+repeat("[]", 5*million)+"]") }),
		"large dictionary":     with("", func(b *builder) { b.obj(3, "<<"+manyKeys(200_000)+">>") }),
		"long number":          with("", func(b *builder) { b.obj(3, repeat("9", 5*million)+"."+repeat("9", 5*million)) }),
		"long name":            with("", func(b *builder) { b.obj(3, "/"+repeat("#41", 3*million)) }),
		"unterminated strings": text(func() string { return numbered(100_000, "(") + "trailer<</Root 1 0 R>>" }),
		"unterminated hex":     text(func() string { return numbered(100_000, "<41") + "trailer<</Root 1 0 R>>" }),
		"unterminated arrays":  text(func() string { return numbered(100_000, "[") + "trailer<</Root 1 0 R>>" }),
		"long strings": with("", func(b *builder) {
			b.obj(3, "(\\n"+repeat("a", 40*million)+")")
			b.obj(4, "<"+repeat("41", 10*million)+">")
		}),
		"trailers as large as the file": text(func() string {
			return repeat("trailer<</Root 1 0 R /ID["+repeat("[]", 200_000)+"]>>\n", 80)
		}),
		"updates as large as the file": text(func() string {
			var s strings.Builder
			for at := 0; s.Len() < 30*million; {
				next := 9 + s.Len()
				fmt.Fprintf(&s, "xref\n0 0\ntrailer<</Root 1 0 R /Prev %d /ID[%s]>>\n", at, repeat("[]", 200_000))
				at = next
			}
			return s.String() + "startxref\n" + fmt.Sprint(9+s.Len()*74/75) + "\n%%EOF"
		}),
		"a large file with a bomb in it": with("", func(b *builder) {
			b.obj(7, "["+repeat("[]", 200_000)+"]")
			b.obj(8, "["+repeat("[]", 200_000)+"]")
			b.stream(9, "", make([]byte, 60*million))
			b.stream(4, "/Filter/Fl", zeros(bomb))
			b.obj(3, "<</Type/Page /Contents 4 0 R /Resources 7 0 R /Rotate 8 0 R>>")
		}),
		"a large encrypted stream": with("/Encrypt<</Filter/Standard/V 4/R 4/CF<<>>/O("+repeat("a", 32)+")/U("+repeat("b", 32)+")>>", func(b *builder) {
			b.stream(4, "", make([]byte, 60*million))
		}),
		"comments":            text(func() string { return numbered(100_000, "%") + "trailer<</Root 1 0 R>>" }),
		"streams without end": text(func() string { return numbered(100_000, "<<>>stream\n") + "trailer<</Root 1 0 R>>" }),
		"one end for many streams": text(func() string {
			return numbered(100_000, "<</Length 7>>stream\n") + "endstream trailer<</Root 1 0 R>>"
		}),
		"a hundred thousand trailers": text(func() string { return repeat("trailer<</Root 1 0 R>>\n", 100_000) }),
		"trailers within trailers":    text(func() string { return repeat("trailer<</A ", 100_000) }),
		"overlapping updates": text(func() string {
			var s strings.Builder
			for range 4000 {
				fmt.Fprintf(&s, "xref\n0 9999999\ntrailer<</Root 1 0 R /Prev %d>>\n", 9+s.Len()+54)
			}
			return s.String() + repeat("0000000009 00000 n \n", 10_000) + "trailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF"
		}),
		"object streams everywhere": text(func() string {
			var s strings.Builder
			packed := zeros(500_000)
			for i := range 2000 {
				fmt.Fprintf(&s, "%d 0 obj\n<</Type/ObjStm /N 1 /First 10 /Filter/Fl /Length %d>>stream\n%s\nendstream\nendobj\n", i+10, len(packed), packed)
			}
			return s.String() + "trailer<</Root 1 0 R>>"
		}),
		"only obj":     text(func() string { return repeat("obj ", 5*million) }),
		"only objects": text(func() string { return repeat("1 0 obj ", 3*million) }),
		"only stream":  text(func() string { return "1 0 obj " + repeat(">stream ", 3*million) }),
		"only zeros":   text(func() string { return repeat("\x00", 50*million) }),
		"only blanks":  text(func() string { return repeat(" ", 50*million) + "obj" }),
		"only digits":  text(func() string { return repeat("1", 20*million) + " 0 obj" }),
		"blanks between numbers": text(func() string {
			return repeat(repeat(" ", 1000)+"obj", 20_000)
		}),
		"many real objects":               text(func() string { return numbered(500_000, "<</Type/Page>>endobj ") + "trailer<</Root 1 0 R>>" }),
		"many pages in one object stream": func() []byte { return flatPages(60_000) },
		"object stream of many tiny objects": func() []byte {
			b := newBuilder()
			onePage(b, "x")
			objects := make([]any, 0, 400_000)
			for i := range 200_000 {
				objects = append(objects, 10+i, "[]")
			}
			b.objectStream(5, objects...)
			b.xrefStream(6, "/Root 1 0 R")
			return b.Bytes()
		},
	}
}

// zeros is n zero bytes, packed.
func zeros(n int) []byte {
	var out bytes.Buffer
	w, _ := zlib.NewWriterLevel(&out, 1)
	chunk := make([]byte, 1<<20)
	for ; n > 0; n -= len(chunk) {
		_, _ = w.Write(chunk[:min(n, len(chunk))]) // a buffer does not fail
	}
	_ = w.Close()
	return out.Bytes()
}

// numbered is n objects with the same body and no end.
func numbered(n int, body string) string {
	var s strings.Builder
	for i := range n {
		fmt.Fprintf(&s, "%d 0 obj %s", i+1, body)
	}
	return s.String()
}

func manyKeys(n int) string {
	var s strings.Builder
	for i := range n {
		fmt.Fprintf(&s, "/K%d %d", i, i)
	}
	return s.String()
}
