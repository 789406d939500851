package crypto

import (
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"io"
)

// ChunkSize is the number of plaintext bytes in every chunk of a stream but the last.
const ChunkSize = 64 << 10

const (
	streamMagic = "BDS"
	streamLabel = "brondata/v1/stream\x00"
	sealedChunk = ChunkSize + tagSize
)

var streamFormat = format{streamMagic, streamLabel}

// errClosed is returned for a Write after Close.
var errClosed = errors.New("crypto: stream is closed")

// StreamSize returns the sealed size of a stream of n bytes of plaintext.
func StreamSize(n int64) int64 {
	chunks := max(1, (n+ChunkSize-1)/ChunkSize)
	return headerSize + n + chunks*tagSize
}

func streamNonce(n uint64, last bool) (nonce [12]byte) {
	binary.BigEndian.PutUint64(nonce[3:], n)
	if last {
		nonce[11] = 1
	}
	return nonce
}

// StreamWriter seals what is written to it. It belongs to one goroutine.
type StreamWriter struct {
	w     io.Writer
	aead  cipher.AEAD
	buf   []byte // plaintext of the current chunk, with room for its tag
	chunk uint64
	err   error // sticky
}

var _ io.WriteCloser = (*StreamWriter)(nil)

// SealTo starts a stream on w for the context. The caller writes the plaintext and then calls Close, which writes the last chunk
// and does not close w. A stream without Close does not open to its end. ErrNoSecret: no key.
//
// The stream, byte by byte: a header of 84 bytes as an envelope's, with magic "BDS" and label "brondata/v1/stream" 0x00;
// then chunks. Each chunk is AES-256-GCM, under the one key, of 65,536 bytes of plaintext (the last one: 1 to 65,536, or 0
// when the whole stream is empty), followed by its tag. The nonce is the chunk's number, from 0, in 11 bytes, big
// endian, and one byte that is 1 for the last chunk and 0 for others. This is the STREAM construction of Hoang,
// Reyhanitabar, Rogaway and Vizár (2015), as age uses it: a moved, doubled, dropped or missing chunk does not open.
func (k DataKey) SealTo(w io.Writer, c Context) (*StreamWriter, error) {
	var header [headerSize]byte
	aead, err := k.begin(streamFormat, header[:], &c)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(header[:]); err != nil {
		return nil, outside("write stream", err)
	}
	return &StreamWriter{w: w, aead: aead, buf: make([]byte, 0, sealedChunk)}, nil
}

// Write seals p. An error of the underlying writer is wrapped, its text cut off, and ends the stream.
func (s *StreamWriter) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n := 0
	for len(p) > 0 {
		// A full chunk is written only when more follows, for the last one is marked.
		if len(s.buf) == ChunkSize {
			if err := s.flush(false); err != nil {
				return n, err
			}
		}
		took := copy(s.buf[len(s.buf):ChunkSize], p)
		s.buf = s.buf[:len(s.buf)+took]
		p = p[took:]
		n += took
	}
	return n, nil
}

// Close writes the last chunk. A second Close returns what the first did.
func (s *StreamWriter) Close() error {
	if errors.Is(s.err, errClosed) {
		return nil
	}
	if s.err != nil {
		return s.err
	}
	if err := s.flush(true); err != nil {
		return err
	}
	s.err = errClosed
	return nil
}

func (s *StreamWriter) flush(last bool) error {
	nonce := streamNonce(s.chunk, last)
	s.chunk++
	sealed := s.aead.Seal(s.buf[:0], nonce[:], s.buf, nil) // in place, which also overwrites the plaintext
	if _, err := s.w.Write(sealed); err != nil {
		s.err = outside("write stream", err)
		return s.err
	}
	s.buf = s.buf[:0]
	return nil
}
