package pdftext

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"sync"

	"github.com/brondata/brondata/internal/pdf"
)

// Options are the optional parameters of Open.
type Options struct {
	// Password opens an encrypted document. The empty password is tried as well.
	Password Password
	// Limits bounds the work.
	Limits Limits
}

// Password is the user or owner password of a document. However it is printed or logged, it shows nothing of itself.
type Password []byte

const redacted = "[redacted]"

// String returns a fixed text, and so do the methods below.
func (Password) String() string { return redacted }

// GoString returns a fixed text.
func (Password) GoString() string { return redacted }

// Format writes a fixed text, whatever the verb.
func (Password) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// LogValue returns a fixed text.
func (Password) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns a fixed text.
func (Password) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Document is an open document. Its methods are safe for concurrent use, but pages are read one at a time; to read in
// parallel, open the document once for each goroutine.
type Document struct {
	file   *pdf.Doc
	limits Limits

	mu          sync.Mutex // guards everything below
	pages       []pdf.Page
	listed      bool
	fonts       fontCache
	fontLoads   int
	cmapEntries int
	operators   int
	glyphs      int
	hiddenOCGs  map[pdf.Ref]bool // nil until asked for
	guessed     bool             // see Guessed
	lacking     bool             // a part that a page refers to cannot be read
	reader      *interpreter     // reused from page to page
}

// Open reads a document of size bytes from r, which is not used after Open returns. Errors wrap ErrMalformed, ErrEncrypted,
// ErrTooLarge, ErrLimit, ErrUnsupported, the error of r, or that of ctx.
func Open(ctx context.Context, r io.ReaderAt, size int64, o *Options) (*Document, error) {
	if o == nil {
		o = &Options{}
	}
	file, err := pdf.Open(ctx, r, size, &pdf.Options{Password: o.Password, Limits: o.Limits.file()})
	if err != nil {
		return nil, translate(err)
	}
	return &Document{file: file, limits: o.Limits.withDefaults()}, nil
}

// Damaged reports whether anything of the file read so far was found broken and read around: a rebuilt cross-reference, a
// truncated stream, an object that is not where it should be, a form or a character map that cannot be decoded. What was read from a damaged document may lack a part.
func (d *Document) Damaged() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lacking || d.file.Damaged()
}

// Guessed reports whether a font of the pages read so far brings its own glyphs and does not say what they mean: neither the
// document nor the font's program has an encoding for it. Its text was decoded as if the codes were ordinary ones, which is right
// for most such fonts; a subset that numbers its glyphs anew yields another text than the page shows.
func (d *Document) Guessed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.guessed
}

// NumPages returns the number of pages. It walks the page tree and does not trust what the tree says of itself.
func (d *Document) NumPages(ctx context.Context) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.list(ctx)
	return len(d.pages), err
}

// list fills d.pages once.
func (d *Document) list(ctx context.Context) error {
	if d.listed {
		return nil
	}
	var pages []pdf.Page
	for p, err := range d.file.Pages(ctx) {
		if err != nil {
			return translate(err)
		}
		pages = append(pages, p)
	}
	d.pages, d.listed = pages, true
	return nil
}

// Page reads the page with the given number, which counts from 1. ErrPage when there is none.
func (d *Document) Page(ctx context.Context, number int) (*Page, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.list(ctx); err != nil {
		return nil, err
	}
	if number < 1 || number > len(d.pages) {
		return nil, ErrPage
	}
	return d.readPage(ctx, d.pages[number-1])
}

// Pages reads the pages in order. Each is independent of the others and may be kept. An error ends the iteration.
func (d *Document) Pages(ctx context.Context) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		for p, err := range d.file.Pages(ctx) {
			if err != nil {
				yield(nil, translate(err))
				return
			}
			d.mu.Lock()
			page, err := d.readPage(ctx, p)
			d.mu.Unlock()
			if !yield(page, err) || err != nil {
				return
			}
		}
	}
}

// matrix reads an array of six numbers; ok is false when it is none or its numbers are useless.
func (d *Document) matrix(o pdf.Object) (m matrix, ok bool) {
	arr := d.file.Resolve(o).Array()
	if len(arr) != 6 {
		return identity, false
	}
	var v [6]float64
	for i := range v {
		if v[i], ok = d.file.Index(arr, i).Float(); !ok {
			return identity, false
		}
	}
	m = matrix{v[0], v[1], v[2], v[3], v[4], v[5]}
	return m, m.sane()
}
