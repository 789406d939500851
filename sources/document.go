package sources

import (
	"bytes"
	"context"
	"io"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
)

// Document is bytes as retrieved, with what their source knows of them.
type Document struct {
	// Format says which reader takes it; "" lets the [Registry] detect it.
	Format model.FormatID
	// Institution is whose data it is; "" where the source or the format has just one.
	Institution model.InstitutionID
	// Name is for the host's eyes. It never gets into an error or a log: names of files hold names and account numbers.
	Name      string
	MediaType string
	Body      Content
	// Group joins documents that belong together, such as the pages of one account's transactions. It is a name or a
	// number that the source gives out, never a value.
	Group string
	// Attrs hold what the source knew and the bytes do not say: the account of a list of transactions, the number of a
	// page. Keys come from code; values may be personal data.
	Attrs map[string]string
	// Password opens an encrypted document.
	Password crypto.Secret

	file int // the place in Input.Files, from 1; 0 for what is none of them
}

// Content is the body of a document. *bytes.Reader and *io.SectionReader fit. Reading at several places at once must be
// safe, as it is for those. Neither the bytes nor the size may change while the document is in use: the digest and the records are
// taken from it in several passes. One that ends before its size makes the reading fail ([ErrTruncated]).
type Content interface {
	io.ReaderAt
	Size() int64
}

// BytesContent returns a body that is in memory. The bytes must not change while the document is in use.
func BytesContent(b []byte) Content { return bytes.NewReader(b) }

// NewContent returns a body over part of something larger, such as an open file, which the caller closes after use.
func NewContent(r io.ReaderAt, size int64) Content { return io.NewSectionReader(r, 0, size) }

// Open returns a new reader over the whole body, which ends with ctx. The error of a body that cannot be read is that of reading.
func (d Document) Open(ctx context.Context) io.Reader {
	b, err := bodyOf(d.Body)
	if err != nil {
		return failing{err}
	}
	return &ctxReader{ctx, io.NewSectionReader(b, 0, b.size)}
}

// Bytes returns the whole body. A larger one than max is [ErrTooLarge], before anything is read.
func (d Document) Bytes(ctx context.Context, max int64) ([]byte, error) {
	body, err := bodyOf(d.Body)
	if err != nil {
		return nil, err
	}
	if body.size > max {
		return nil, Errorf(ErrTooLarge, "the reader takes at most %d bytes", max)
	}
	d.Body = body
	b := make([]byte, body.size)
	if _, err := io.ReadFull(d.Open(ctx), b); err != nil {
		return nil, err
	}
	return b, nil
}

// ctxReader ends with its context: adapters read through it, so that a cancelled collection stops in the middle of a
// large document.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (r *ctxReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.r.Read(p)
	if err == io.EOF && r.ctx.Err() != nil {
		err = r.ctx.Err() // one that ends because its time was over may end properly
	}
	return n, err
}
