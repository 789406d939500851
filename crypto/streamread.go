package crypto

import (
	"crypto/cipher"
	"errors"
	"io"
)

// StreamReader opens a sealed stream from front to back. It belongs to one goroutine.
type StreamReader struct {
	r       io.Reader
	aead    cipher.AEAD
	buf     []byte // one sealed chunk and one byte of the next
	carried int    // bytes of the next chunk that are in buf already
	plain   []byte // opened and not yet returned; lies in buf
	chunk   uint64
	err     error // sticky
}

var _ io.Reader = (*StreamReader)(nil)

// OpenFrom starts reading a stream sealed for the context. The reader returns authenticated bytes only. ErrOpen, here or from
// Read: the stream does not open, or not to its end. Only io.EOF says that all of it was there; act on what was read
// after that. Errors of r, other than its end, are wrapped, their texts cut off. ErrNoSecret: no key.
func (k DataKey) OpenFrom(r io.Reader, c Context) (*StreamReader, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, readError(err)
	}
	aead, committed, err := k.resume(streamFormat, header[:], &c)
	if err != nil {
		return nil, err
	}
	if !committed {
		return nil, ErrOpen
	}
	return &StreamReader{r: r, aead: aead, buf: make([]byte, sealedChunk+1)}, nil
}

// Read returns the next authenticated bytes.
func (s *StreamReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(s.plain) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		s.next()
	}
	n := copy(p, s.plain)
	s.plain = s.plain[n:]
	return n, nil
}

// next opens one chunk. Whether it is the last is known by whether a byte follows it.
func (s *StreamReader) next() {
	if s.carried == 1 {
		s.buf[0] = s.buf[sealedChunk]
	}
	n, err := io.ReadFull(s.r, s.buf[s.carried:])
	n += s.carried
	last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if err != nil && !last {
		s.err = readError(err)
		return
	}
	sealed := s.buf[:min(n, sealedChunk)]
	plain, err := openChunk(s.aead, sealed, s.chunk, last)
	if err != nil {
		s.err = err
		return
	}
	s.chunk++
	s.carried = 1
	s.plain = plain
	if last {
		s.err = io.EOF
	}
}

// openChunk opens a chunk in place.
func openChunk(aead cipher.AEAD, sealed []byte, n uint64, last bool) ([]byte, error) {
	if len(sealed) < tagSize || len(sealed) == tagSize && n > 0 {
		return nil, ErrOpen // an empty chunk is allowed for an empty stream only, so that each plaintext has one form
	}
	nonce := streamNonce(n, last)
	plain, err := aead.Open(sealed[:0], nonce[:], sealed, nil)
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

// readError makes an early end ErrOpen and wraps every other error.
func readError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrOpen
	}
	return outside("read stream", err)
}
