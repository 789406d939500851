package sources

import (
	"io"
	"sync"
)

// body is the content of a document as its readers get it. Hosts and sources bring contents of their own, and one that ends
// before its size, or fails for a moment, must not look like a document that ends there. So its size is asked once, nothing but an
// error stands for bytes that did not come, and the first one is remembered: readers that repair what is broken, as those of PDF
// do, may take what could not be read for what is not there.
type body struct {
	content Content
	size    int64

	mu  sync.Mutex
	err error
}

// bodyOf returns the content as a body, itself where it is one.
func bodyOf(c Content) (b *body, err error) {
	if b, ok := c.(*body); ok {
		return b, nil
	}
	if isNil(c) {
		return nil, Errorf(ErrAdapter, "the document has no body")
	}
	defer func() {
		if r := recover(); r != nil {
			b, err = nil, Errorf(ErrAdapter, "the document's body panicked with a value of type %T", r)
		}
	}()
	b = &body{content: c, size: c.Size()}
	if b.size < 0 {
		return nil, Errorf(ErrAdapter, "the document's body has a negative size")
	}
	return b, nil
}

// Size implements [Content].
func (b *body) Size() int64 { return b.size }

// ReadAt implements [Content].
func (b *body) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, Errorf(ErrAdapter, "the document is read before its beginning")
	}
	want := int(min(int64(len(p)), max(0, b.size-off)))
	if want > 0 {
		n, err := b.read(p[:want], off)
		if err != nil {
			return n, b.fail(err)
		}
	}
	if want < len(p) {
		return want, io.EOF
	}
	return want, nil
}

// read fills p, or says why not.
func (b *body) read(p []byte, off int64) (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			n, err = 0, Errorf(ErrAdapter, "the document's body panicked with a value of type %T", r)
		}
	}()
	n, err = b.content.ReadAt(p, off)
	switch {
	case n == len(p) && (err == nil || err == io.EOF):
		return n, nil
	case n < 0 || n > len(p):
		return 0, Errorf(ErrAdapter, "the document's body tells of more bytes than were asked")
	case err == nil || err == io.EOF || err == io.ErrUnexpectedEOF:
		return n, Errorf(ErrTruncated, "the document's body ends before its size")
	}
	return n, err
}

func (b *body) fail(err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.err = err
	}
	return err
}

// failed returns the first error of reading, nil where there was none.
func (b *body) failed() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// failing is the reader of a body that there is none of.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
