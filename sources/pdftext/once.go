package pdftext

import (
	"context"
	"io"
)

// OpenOnce opens a document for several readers that each look whether it is theirs. once is the method Once of the
// sources.Probe that they all look at; under the key "pdf" it keeps the result, so only the first of them does the work.
// It returns nil for what cannot be opened.
func OpenOnce(ctx context.Context, once func(key string, make func() any) any, r io.ReaderAt, size int64, o *Options) *Document {
	d, _ := once("pdf", func() any {
		d, err := Open(ctx, r, size, o)
		if err != nil {
			return (*Document)(nil)
		}
		return d
	}).(*Document)
	return d
}
