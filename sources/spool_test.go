package sources_test

import (
	"bytes"
	"context"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/sources"
)

func TestSpool(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for name, tc := range map[string]struct {
		size   int
		memory int64
	}{
		"empty": {0, 10}, "in memory": {10, 10}, "just over": {11, 10}, "one chunk": {64 << 10, 10}, "one chunk and one": {64<<10 + 1, 10},
		"several chunks": {300_001, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			b := make([]byte, tc.size)
			for i := range b {
				b[i] = byte(r.IntN(256))
			}
			s, err := sources.NewSpool(t.Context(), iotest.HalfReader(bytes.NewReader(b)), tc.memory, 1<<20)
			require.NoError(t, err)
			defer s.Close()
			assert.EqualValues(t, tc.size, s.Size())
			require.NoError(t, iotest.TestReader(io.NewSectionReader(s, 0, s.Size()), b))
			for range 50 {
				off, n := r.IntN(tc.size+2), r.IntN(100_000)
				got, want := make([]byte, n), make([]byte, n)
				gn, gerr := s.ReadAt(got, int64(off))
				wn, werr := bytes.NewReader(b).ReadAt(want, int64(off))
				require.Equal(t, wn, gn)
				require.Equal(t, werr, gerr)
				require.Equal(t, want[:wn], got[:gn])
			}
			assert.NoError(t, s.Close())
			assert.NoError(t, s.Close(), "closing twice")
		})
	}
}

func TestSpoolLimits(t *testing.T) {
	t.Parallel()
	for name, memory := range map[string]int64{"in memory": 1000, "in a file": 10} {
		t.Run(name, func(t *testing.T) {
			_, err := sources.NewSpool(t.Context(), strings.NewReader(strings.Repeat("x", 101)), memory, 100)
			assert.ErrorIs(t, err, sources.ErrTooLarge)
			_, err = sources.NewSpool(t.Context(), iotest.ErrReader(io.ErrUnexpectedEOF), memory, 100)
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err = sources.NewSpool(ctx, strings.NewReader("x"), memory, 100)
			assert.ErrorIs(t, err, context.Canceled)
		})
	}
}

// A limit that is none is no limit of nothing.
func TestSpoolNoLimit(t *testing.T) {
	t.Parallel()
	for _, memory := range []int64{10, math.MaxInt64} {
		s, err := sources.NewSpool(t.Context(), strings.NewReader(strings.Repeat("x", 101)), memory, math.MaxInt64)
		require.NoError(t, err)
		assert.EqualValues(t, 101, s.Size())
		assert.NoError(t, s.Close())
	}
}

// The temporary file holds no plaintext, and has no name while it is open.
func TestSpoolLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	s, err := sources.NewSpool(t.Context(), strings.NewReader(strings.Repeat("canary-1234567890", 20_000)), 10, 1<<20)
	require.NoError(t, err)
	defer s.Close()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	for _, n := range names { // on systems that cannot unlink an open file
		b, err := os.ReadFile(n)
		require.NoError(t, err)
		assert.NotContains(t, string(b), "canary")
	}
	require.NoError(t, s.Close())
	names, err = filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	assert.Empty(t, names)
}
