package sources

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"sync"
)

const spoolChunk = 64 << 10

// Spool holds a body that may be large: in memory up to a limit, beyond it in a temporary file that is encrypted under a
// key that exists in memory only. The file has no name once it is open (where the system allows that), so nothing is left
// even if the process is killed. Close it when done.
type Spool struct {
	mem  []byte
	size int64
	file *os.File
	path string // set where the file could not be unlinked while open
	aead cipher.AEAD
	once sync.Once

	mu     sync.Mutex // guards the chunk that was opened last: readers take small steps
	plain  []byte
	chunk  int64 // its number plus one
	closed bool
}

var errSpoolClosed = Errorf(ErrUnavailable, "the body was closed")

// NewSpool reads r to its end. More than max bytes is [ErrTooLarge]; up to memory bytes stay in memory.
func NewSpool(ctx context.Context, r io.Reader, memory, max int64) (*Spool, error) {
	max, memory = min(max, math.MaxInt64-1), min(memory, math.MaxInt64-1)
	r = &ctxReader{ctx, io.LimitReader(r, max+1)}
	s := &Spool{}
	var buf bytes.Buffer
	n, err := io.Copy(&buf, io.LimitReader(r, memory+1))
	if err != nil {
		return nil, err
	}
	if n <= memory {
		if n > max {
			return nil, Errorf(ErrTooLarge, "more than %d bytes", max)
		}
		s.mem, s.size = buf.Bytes(), n
		return s, nil
	}
	if err := s.spill(io.MultiReader(&buf, r)); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if s.size > max {
		return nil, errors.Join(Errorf(ErrTooLarge, "more than %d bytes", max), s.Close())
	}
	return s, nil
}

func (s *Spool) spill(r io.Reader) error {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return err
	}
	if s.aead, err = cipher.NewGCM(block); err != nil {
		return err
	}
	if s.file, err = os.CreateTemp("", "brondata-*"); err != nil {
		return Errorf(ErrUnavailable, "no temporary file can be made")
	}
	if os.Remove(s.file.Name()) != nil {
		s.path = s.file.Name()
	}
	plain := make([]byte, spoolChunk)
	sealed := make([]byte, 0, spoolChunk+s.aead.Overhead())
	for i := int64(0); ; i++ {
		n, err := fill(r, plain)
		if n > 0 {
			s.size += int64(n)
			sealed = s.aead.Seal(sealed[:0], chunkNonce(i), plain[:n], nil)
			if _, err := s.file.Write(sealed); err != nil {
				return Errorf(ErrUnavailable, "the temporary file cannot be written")
			}
		}
		if err == io.EOF {
			clear(plain)
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// fill is io.ReadFull, but for where r ends: that is io.EOF, so that an io.ErrUnexpectedEOF is one of r itself, which broke off.
func fill(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var k int
		k, err = r.Read(p[n:])
		n += k
	}
	return n, err
}

// chunkNonce is the chunk's number: the key is used for one file only, and each chunk is written once.
func chunkNonce(i int64) []byte {
	n := make([]byte, 12)
	binary.BigEndian.PutUint64(n[4:], uint64(i))
	return n
}

// Size returns the number of bytes.
func (s *Spool) Size() int64 { return s.size }

// ReadAt implements [io.ReaderAt]; it is safe for concurrent use.
func (s *Spool) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("sources: spool: negative offset")
	}
	if s.file == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed {
			return 0, errSpoolClosed
		}
		return bytes.NewReader(s.mem).ReadAt(p, off)
	}
	n := 0
	for n < len(p) && off < s.size {
		k, err := s.copyFrom(p[n:], off)
		if err != nil {
			return n, err
		}
		n += k
		off += int64(k)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// copyFrom copies what the chunk that off lies in has from there on.
func (s *Spool) copyFrom(p []byte, off int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := off / spoolChunk
	if s.chunk != i+1 {
		if s.closed {
			return 0, errSpoolClosed
		}
		sealed := make([]byte, spoolChunk+s.aead.Overhead())
		m, err := s.file.ReadAt(sealed, i*int64(len(sealed)))
		if err != nil && (err != io.EOF || m == 0) {
			return 0, Errorf(ErrUnavailable, "the temporary file cannot be read")
		}
		s.chunk = 0
		if s.plain, err = s.aead.Open(s.plain[:0], chunkNonce(i), sealed[:m], nil); err != nil {
			return 0, Errorf(ErrUnavailable, "the temporary file was changed")
		}
		s.chunk = i + 1
	}
	k := copy(p, s.plain[min(off%spoolChunk, int64(len(s.plain))):])
	if k == 0 {
		return 0, Errorf(ErrUnavailable, "the temporary file was cut off")
	}
	return k, nil
}

// Close removes the file and forgets the key.
func (s *Spool) Close() error {
	var err error
	s.once.Do(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		clear(s.mem)
		clear(s.plain)
		s.mem, s.aead, s.plain, s.chunk, s.closed = nil, nil, nil, 0, true
		if s.file != nil {
			err = s.file.Close()
			if s.path != "" {
				err = errors.Join(err, os.Remove(s.path))
			}
		}
	})
	return err
}
