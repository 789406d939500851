package crypto_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/crypto"
)

const (
	streamHeader = 84
	sealedChunk  = crypto.ChunkSize + 16
)

func sealStream(t testing.TB, k crypto.DataKey, plain []byte, c crypto.Context) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := k.SealTo(&buf, c)
	require.NoError(t, err)
	_, err = w.Write(plain)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.EqualValues(t, crypto.StreamSize(int64(len(plain))), buf.Len())
	return buf.Bytes()
}

// openStream reads to the end and returns what was read before an error.
func openStream(k crypto.DataKey, sealed []byte, c crypto.Context) ([]byte, error) {
	r, err := k.OpenFrom(bytes.NewReader(sealed), c)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestStreamRoundTrip(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	c := fullContext()
	for _, n := range []int{0, 1, crypto.ChunkSize - 1, crypto.ChunkSize, crypto.ChunkSize + 1, 3*crypto.ChunkSize + 5} {
		plain := fill(1, n)
		sealed := sealStream(t, k, plain, c)
		for name, r := range map[string]io.Reader{
			"whole": bytes.NewReader(sealed), "halves": iotest.HalfReader(bytes.NewReader(sealed)),
			"end with data": iotest.DataErrReader(bytes.NewReader(sealed)),
		} {
			s, err := k.OpenFrom(r, c)
			require.NoError(t, err)
			got, err := io.ReadAll(s)
			require.NoError(t, err, "%s, %d bytes", name, n)
			require.True(t, bytes.Equal(plain, got))
			_, err = s.Read(make([]byte, 1))
			require.Equal(t, io.EOF, err, "the end stays the end")
			_, err = s.Read(nil)
			require.NoError(t, err)
		}
		at, err := k.OpenAt(bytes.NewReader(sealed), int64(len(sealed)), c)
		require.NoError(t, err)
		require.NoError(t, iotest.TestReader(io.NewSectionReader(at, 0, at.Size()), plain))
	}
}

// TestStreamProperty writes and reads in steps of any size; the sealed form depends on the plaintext alone.
func TestStreamProperty(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	rapid.Check(t, func(t *rapid.T) {
		plain := fill(byte(rapid.Byte().Draw(t, "first")), rapid.IntRange(0, 3*crypto.ChunkSize).Draw(t, "size"))
		var buf bytes.Buffer
		w, err := k.SealTo(&buf, crypto.Context{})
		require.NoError(t, err)
		for rest := plain; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "step")
			wrote, err := w.Write(rest[:n])
			require.NoError(t, err)
			require.Equal(t, n, wrote)
			rest = rest[n:]
		}
		require.NoError(t, w.Close())
		require.EqualValues(t, crypto.StreamSize(int64(len(plain))), buf.Len())
		at, err := k.OpenAt(bytes.NewReader(buf.Bytes()), int64(buf.Len()), crypto.Context{})
		require.NoError(t, err)
		require.EqualValues(t, len(plain), at.Size())
		off := rapid.IntRange(0, len(plain)).Draw(t, "offset")
		part := make([]byte, rapid.IntRange(0, len(plain)).Draw(t, "length"))
		n, err := at.ReadAt(part, int64(off))
		require.True(t, err == nil || err == io.EOF && off+len(part) > len(plain))
		require.True(t, bytes.Equal(plain[off:off+n], part[:n]))
		got, err := openStream(k, buf.Bytes(), crypto.Context{})
		require.NoError(t, err)
		require.True(t, bytes.Equal(plain, got))
	})
}

// requireAuthentic checks that a refused stream returned nothing but a prefix of whole chunks.
func requireAuthentic(t *testing.T, plain, got []byte, what string, i int) {
	t.Helper()
	require.True(t, bytes.HasPrefix(plain, got), "%s %d: bytes that were not written", what, i)
	require.Zero(t, len(got)%crypto.ChunkSize, "%s %d: part of a chunk", what, i)
}

func TestStreamRefusesEveryBitAndCut(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	c := fullContext()
	refused := func(plain, bad []byte, what string, i int) {
		t.Helper()
		got, err := openStream(k, bad, c)
		require.Equal(t, crypto.ErrOpen, err, "%s %d", what, i)
		requireAuthentic(t, plain, got, what, i)
		at, err := k.OpenAt(bytes.NewReader(bad), int64(len(bad)), c)
		if err == nil { // an earlier chunk may be bad when the last is good
			_, err = at.ReadAt(make([]byte, at.Size()), 0)
		}
		require.Equal(t, crypto.ErrOpen, err, "%s %d at", what, i)
	}
	small := fill(1, 30)
	sealed := sealStream(t, k, small, c)
	for i := range len(sealed) * 8 {
		bad := bytes.Clone(sealed)
		bad[i/8] ^= 1 << (i % 8)
		refused(small, bad, "bit", i)
	}
	for i := range sealed {
		refused(small, sealed[:i], "cut at", i)
	}
	refused(small, append(bytes.Clone(sealed), 0), "extended", 1)
	for what, other := range changedContexts(c) {
		_, err := openStream(k, sealed, other)
		require.Equal(t, crypto.ErrOpen, err, what)
	}

	// Of a large one: around every border, and some in between.
	large := fill(1, 2*crypto.ChunkSize+100)
	sealed = sealStream(t, k, large, c)
	var places []int
	for _, border := range []int{0, streamHeader, streamHeader + sealedChunk, streamHeader + 2*sealedChunk, len(sealed)} {
		for d := -18; d <= 18; d++ {
			places = append(places, border+d)
		}
	}
	for i := 0; i < len(sealed); i += 7919 {
		places = append(places, i)
	}
	for _, i := range places {
		if i < 0 || i >= len(sealed) {
			continue
		}
		bad := bytes.Clone(sealed)
		bad[i] ^= 0x10
		refused(large, bad, "byte", i)
		refused(large, sealed[:i], "cut at", i)
	}
}

func TestStreamRefusesMovedChunks(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	c := fullContext()
	plain := fill(1, 3*crypto.ChunkSize+10)
	sealed := sealStream(t, k, plain, c)
	header := sealed[:streamHeader]
	chunks := slices.Collect(slices.Chunk(sealed[streamHeader:], sealedChunk))
	require.Len(t, chunks, 4)
	second := sealStream(t, k, plain, c) // the same content under another salt
	for name, b := range map[string][]byte{
		"two swapped":             slices.Concat(header, chunks[1], chunks[0], chunks[2], chunks[3]),
		"one doubled":             slices.Concat(header, chunks[0], chunks[0], chunks[1], chunks[2], chunks[3]),
		"first missing":           slices.Concat(header, chunks[1], chunks[2], chunks[3]),
		"middle missing":          slices.Concat(header, chunks[0], chunks[2], chunks[3]),
		"last missing":            slices.Concat(header, chunks[0], chunks[1], chunks[2]),
		"last not last":           slices.Concat(header, chunks[0], chunks[1], chunks[2], chunks[3], chunks[3]),
		"from another stream":     slices.Concat(header, chunks[0], second[streamHeader+sealedChunk:]),
		"another stream's header": slices.Concat(second[:streamHeader], sealed[streamHeader:]),
		"no chunk":                slices.Clone(header),
		"nothing":                 nil,
	} {
		got, err := openStream(k, b, c)
		require.Equal(t, crypto.ErrOpen, err, name)
		requireAuthentic(t, plain, got, name, 0)
	}
	// An empty last chunk after a full one would be a second form of one plaintext.
	id, secret, salt := crypto.KeyID(fill(1, 16)), fill(0x20, 32), fill(0x40, 32)
	two, key := refHeader(t, "BDS", "brondata/v1/stream", id, secret, salt, c)
	aead := zeroGCM(t, key)
	two = aead.Seal(two, make([]byte, 12), fill(0, crypto.ChunkSize), nil)
	nonce := make([]byte, 12)
	nonce[10], nonce[11] = 1, 1
	two = aead.Seal(two, nonce, nil, nil)
	_, err := openStream(chosenKey(t, id, secret), two, c)
	require.Equal(t, crypto.ErrOpen, err)
	_, err = chosenKey(t, id, secret).OpenAt(bytes.NewReader(two), int64(len(two)), c)
	require.Equal(t, crypto.ErrOpen, err)
}

func TestStreamReadsAtAnyTimeAnything(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	plain := fill(1, 2*crypto.ChunkSize)
	sealed := sealStream(t, k, plain, fullContext())
	at, err := k.OpenAt(bytes.NewReader(sealed), int64(len(sealed)), fullContext())
	require.NoError(t, err)
	_, err = at.ReadAt(make([]byte, 1), -1)
	require.ErrorIs(t, err, crypto.ErrInvalid)
	_, err = at.ReadAt(make([]byte, 1), at.Size())
	require.Equal(t, io.EOF, err)
	n, err := at.ReadAt(make([]byte, 10), at.Size()-4)
	require.Equal(t, io.EOF, err)
	require.Equal(t, 4, n)
	_, err = k.OpenAt(bytes.NewReader(sealed), int64(len(sealed))+1, fullContext())
	require.Equal(t, crypto.ErrOpen, err, "a size that is not the stream's")
	_, err = k.OpenAt(bytes.NewReader(sealed), -5, fullContext())
	require.Equal(t, crypto.ErrOpen, err)
}

func TestStreamErrorsOfOthers(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	broken := errors.New("disk is gone")
	sealed := sealStream(t, k, fill(1, 100), fullContext())
	for _, n := range []int{0, 40, streamHeader, streamHeader + 50} {
		r, err := k.OpenFrom(io.MultiReader(bytes.NewReader(sealed[:n]), iotest.ErrReader(broken)), fullContext())
		if err == nil {
			_, err = io.ReadAll(r)
		}
		require.ErrorIs(t, err, broken)
		require.NotErrorIs(t, err, crypto.ErrOpen)
	}
	for _, allowed := range []int{0, 1, 2} {
		f := &failing{after: allowed, err: broken}
		w, err := k.SealTo(f, fullContext())
		if err == nil {
			_, err = w.Write(make([]byte, 3*crypto.ChunkSize))
			require.ErrorIs(t, err, broken)
			_, err = w.Write([]byte{1})
			require.ErrorIs(t, err, broken, "an error stays")
			err = w.Close()
		}
		require.ErrorIs(t, err, broken)
	}
	w, err := k.SealTo(io.Discard, fullContext())
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, w.Close())
	_, err = w.Write([]byte{1})
	require.Error(t, err)
	_, err = crypto.DataKey{}.SealTo(io.Discard, fullContext())
	require.ErrorIs(t, err, crypto.ErrNoSecret)
}

// failing is a writer that fails after a number of writes.
type failing struct {
	after int
	err   error
}

func (f *failing) Write(p []byte) (int, error) {
	if f.after == 0 {
		return 0, f.err
	}
	f.after--
	return len(p), nil
}
