package pdftext_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/sources/pdftext"
)

// file builds small documents by hand: object 1 is the catalog, 2 the page tree, 3 the page, 4 its content; further objects
// follow as they are given.
type file struct {
	content   string
	page      string   // further entries of the page dictionary
	resources string   // entries of the resource dictionary
	objects   []string // from object 5 on
}

// stream is the text of a stream object.
func stream(dict, data string) string {
	return fmt.Sprintf("<<%s/Length %d>>stream\n%s\nendstream", dict, len(data), data)
}

// helvetica is the resource entry that most tests need.
const helvetica = "/Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>>>"

func (f file) bytes() []byte {
	resources := f.resources
	if resources == "" {
		resources = helvetica
	}
	objects := append([]string{
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 200 200]>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<<" + resources + ">>" + f.page + ">>",
		stream("", f.content),
	}, f.objects...)
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return b.Bytes()
}

// read returns the only page.
func (f file) read(t *testing.T) *pdftext.Page {
	t.Helper()
	pages := readPages(t, f.bytes())
	require.Len(t, pages, 1)
	return pages[0]
}

func texts(p *pdftext.Page) []string {
	out := []string{}
	for _, w := range p.Words {
		out = append(out, w.Text)
	}
	return out
}
