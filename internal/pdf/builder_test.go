package pdf_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/internal/pdf"
)

// builder writes small PDF files, right ones and wrong ones: nothing is checked.
type builder struct {
	bytes.Buffer
	offsets map[int]int // object number to offset
	inside  map[int][2]int
}

func newBuilder() *builder {
	b := &builder{offsets: map[int]int{}, inside: map[int][2]int{}}
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	return b
}

func (b *builder) obj(num int, body string) {
	b.offsets[num] = b.Len()
	fmt.Fprintf(b, "%d 0 obj\n%s\nendobj\n", num, body)
}

// stream writes a stream with the right length; dict is the inside of its dictionary.
func (b *builder) stream(num int, dict string, data []byte) {
	b.obj(num, fmt.Sprintf("<<%s /Length %d>>\nstream\n%s\nendstream", dict, len(data), data))
}

// objectStream writes the objects, given as number and body in turn, into object stream num.
func (b *builder) objectStream(num int, objects ...any) {
	var head, body strings.Builder
	for i := 0; i < len(objects); i += 2 {
		n := objects[i].(int)
		fmt.Fprintf(&head, "%d %d ", n, body.Len())
		fmt.Fprintf(&body, "%v\n", objects[i+1])
		b.inside[n] = [2]int{num, i / 2}
	}
	dict := fmt.Sprintf("/Type/ObjStm /N %d /First %d /Filter/FlateDecode", len(objects)/2, head.Len())
	b.stream(num, dict, deflate([]byte(head.String()+body.String())))
}

// table ends the file with a classic cross-reference and returns its offset; trailer is the inside of the dictionary.
func (b *builder) table(trailer string) int {
	at := b.Len()
	size := b.size()
	fmt.Fprintf(b, "xref\n0 %d\n0000000000 65535 f \n", size)
	for n := 1; n < size; n++ {
		if off, ok := b.offsets[n]; ok {
			fmt.Fprintf(b, "%010d 00000 n \n", off)
		} else {
			fmt.Fprintf(b, "%010d 00000 f \n", 0)
		}
	}
	fmt.Fprintf(b, "trailer\n<</Size %d %s>>\nstartxref\n%d\n%%%%EOF\n", size, trailer, at)
	return at
}

// xrefStream ends the file with a cross-reference stream that is object num, and returns its offset.
func (b *builder) xrefStream(num int, trailer string) int {
	at := b.Len()
	b.offsets[num] = at
	size := b.size()
	var rows bytes.Buffer
	for n := range size {
		switch {
		case b.inside[n] != [2]int{}:
			in := b.inside[n]
			rows.Write([]byte{2, 0, byte(in[0] >> 8), byte(in[0]), byte(in[1] >> 8), byte(in[1])})
		case b.offsets[n] != 0:
			off := b.offsets[n]
			rows.Write([]byte{1, byte(off >> 16), byte(off >> 8), byte(off), 0, 0})
		default:
			rows.Write([]byte{0, 0, 0, 0, 0, 0})
		}
	}
	b.stream(num, fmt.Sprintf("/Type/XRef /W[1 3 2] /Size %d /Filter/FlateDecode %s", size, trailer), deflate(rows.Bytes()))
	fmt.Fprintf(b, "startxref\n%d\n%%%%EOF\n", at)
	return at
}

func (b *builder) size() int {
	size := 1
	for n := range b.offsets {
		size = max(size, n+1)
	}
	for n := range b.inside {
		size = max(size, n+1)
	}
	return size
}

func deflate(data []byte) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, _ = w.Write(data) // a buffer does not fail
	_ = w.Close()
	return out.Bytes()
}

// onePage writes objects 1 to 4: a catalog, a tree and one page with content.
func onePage(b *builder, content string) {
	b.obj(1, "<</Type/Catalog /Pages 2 0 R>>")
	b.obj(2, "<</Type/Pages /Kids[3 0 R] /Count 1 /MediaBox[0 0 595 842]>>")
	b.obj(3, "<</Type/Page /Parent 2 0 R /Contents 4 0 R>>")
	b.stream(4, "", []byte(content))
}

func open(t *testing.T, data []byte) *pdf.Doc {
	t.Helper()
	d, err := pdf.OpenBytes(context.Background(), data, nil)
	require.NoError(t, err)
	return d
}

// contents returns the joined content of each page.
func contents(t *testing.T, d *pdf.Doc) []string {
	t.Helper()
	var all []string
	for p, err := range d.Pages(context.Background()) {
		require.NoError(t, err)
		c, err := d.Content(context.Background(), p)
		require.NoError(t, err)
		all = append(all, strings.TrimSpace(string(c)))
	}
	return all
}
