package crypto

import (
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"sync"
)

// StreamReaderAt opens any part of a sealed stream, such as a temporary file with a large document. Safe for concurrent use
// if its io.ReaderAt is.
type StreamReaderAt struct {
	r      io.ReaderAt
	aead   cipher.AEAD
	size   int64 // plaintext
	sealed int64

	mu    sync.Mutex
	plain []byte // the chunk opened last, for reads in small steps
	chunk int64  // its number; -1 for none
}

var _ io.ReaderAt = (*StreamReaderAt)(nil)

// OpenAt opens a stream of exactly size sealed bytes for reading at any place. It authenticates the last chunk at once, so a
// stream that was cut or extended is ErrOpen here, not later. ErrNoSecret: no key.
func (k DataKey) OpenAt(r io.ReaderAt, size int64, c Context) (*StreamReaderAt, error) {
	body := size - headerSize
	chunks := (body + sealedChunk - 1) / sealedChunk
	plain := body - chunks*tagSize
	// The form must be the one that a plaintext of this size has.
	if body < tagSize || plain < 0 || StreamSize(plain) != size {
		return nil, ErrOpen
	}
	var header [headerSize]byte
	if err := readFullAt(r, header[:], 0); err != nil {
		return nil, err
	}
	aead, committed, err := k.resume(streamFormat, header[:], &c)
	if err != nil {
		return nil, err
	}
	if !committed {
		return nil, ErrOpen
	}
	s := &StreamReaderAt{r: r, aead: aead, size: plain, sealed: size, chunk: -1}
	if err := s.load(chunks - 1); err != nil {
		return nil, err
	}
	return s, nil
}

// Size returns the number of plaintext bytes.
func (s *StreamReaderAt) Size() int64 { return s.size }

// ReadAt implements io.ReaderAt over the plaintext; it returns authenticated bytes only. ErrOpen: a chunk was changed.
func (s *StreamReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("%w: negative offset", ErrInvalid)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for n < len(p) {
		at := off + int64(n)
		if at >= s.size || at < off {
			return n, io.EOF
		}
		if err := s.load(at / ChunkSize); err != nil {
			return n, err
		}
		n += copy(p[n:], s.plain[at%ChunkSize:])
	}
	return n, nil
}

// load makes chunk i the opened one.
func (s *StreamReaderAt) load(i int64) error {
	if s.chunk == i {
		return nil
	}
	if s.plain == nil {
		s.plain = make([]byte, 0, min(sealedChunk, s.sealed-headerSize))
	}
	s.chunk = -1
	start := headerSize + i*sealedChunk
	end := min(start+sealedChunk, s.sealed)
	buf := s.plain[:end-start]
	if err := readFullAt(s.r, buf, start); err != nil {
		return err
	}
	plain, err := openChunk(s.aead, buf, uint64(i), end == s.sealed)
	if err != nil {
		return err
	}
	s.plain, s.chunk = plain, i
	return nil
}

// readFullAt fills b; a ReaderAt may return io.EOF with the last bytes.
func readFullAt(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return ErrOpen
	}
	return readError(err)
}
