package pdf_test

import (
	"context"
	"os"
	"testing"

	"github.com/brondata/brondata/internal/pdf"
)

// BenchmarkFile opens the file that BRONDATA_PDF_FILE names and decodes and tokenises all of its pages: the floor of any text
// extraction on top.
func BenchmarkFile(b *testing.B) {
	file := os.Getenv("BRONDATA_PDF_FILE")
	if file == "" {
		b.Skip("BRONDATA_PDF_FILE is not set")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	var l pdf.Lexer
	for b.Loop() {
		d, err := pdf.OpenBytes(ctx, data, nil)
		if err != nil {
			b.Fatal(err)
		}
		var buf []byte
		pages := 0
		for p, err := range d.Pages(ctx) {
			if err != nil {
				b.Fatal(err)
			}
			if buf, err = d.AppendContent(ctx, buf[:0], p); err != nil {
				b.Fatal(err)
			}
			l.Reset(buf)
			for l.Next() != pdf.TokenEOF {
			}
			pages++
		}
		b.ReportMetric(float64(pages), "pages")
	}
}
