package crypto_test

import (
	"bytes"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/crypto"
)

func TestEnvelopeRoundTrip(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	rapid.Check(t, func(t *rapid.T) {
		c := drawContext(t)
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plaintext")
		dst := rapid.SliceOf(rapid.Byte()).Draw(t, "dst")
		sealed, err := k.Seal(slices.Clone(dst), plain, c)
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(sealed, dst))
		sealed = sealed[len(dst):]
		require.Len(t, sealed, len(plain)+crypto.Overhead)
		id, err := crypto.SealedKeyID(sealed)
		require.NoError(t, err)
		require.Equal(t, k.ID(), id)
		got, err := k.Open(slices.Clone(dst), sealed, c)
		require.NoError(t, err)
		require.True(t, bytes.Equal(append(dst, plain...), got))
	})
}

func drawContext(t *rapid.T) crypto.Context {
	s := rapid.StringN(0, 20, 60)
	return crypto.Context{
		Tenant: s.Draw(t, "tenant"), Subject: s.Draw(t, "subject"), Grant: s.Draw(t, "grant"), Purpose: s.Draw(t, "purpose"),
		Category: s.Draw(t, "category"), Compartment: s.Draw(t, "compartment"), Item: s.Draw(t, "item"),
		Schema: rapid.Uint32().Draw(t, "schema"),
	}
}

// TestEnvelopeContextProperty opens under an independently drawn context: only the same one works.
func TestEnvelopeContextProperty(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawContext(t), drawContext(t)
		sealed, err := k.Seal(nil, []byte("x"), a)
		require.NoError(t, err)
		_, err = k.Open(nil, sealed, b)
		require.Equal(t, a == b, err == nil)
	})
}

func TestEnvelopeRefuses(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	c := fullContext()
	for _, n := range []int{0, 1, 16, 37} {
		plain := fill(1, n)
		sealed, err := k.Seal(nil, plain, c)
		require.NoError(t, err)
		refused := func(b []byte, c crypto.Context, what string, i int) {
			t.Helper()
			buf := make([]byte, 0, 512)
			got, err := k.Open(buf, b, c)
			require.Equal(t, crypto.ErrOpen, err, "%s %d", what, i) // the very value, with nothing wrapped around it
			require.Nil(t, got)
			require.Equal(t, make([]byte, 512), buf[:512], "%s %d left something behind", what, i)
		}
		for i := range len(sealed) * 8 {
			bad := bytes.Clone(sealed)
			bad[i/8] ^= 1 << (i % 8)
			refused(bad, c, "bit", i)
		}
		for i := range sealed {
			refused(sealed[:i], c, "cut at", i)
			refused(sealed[i+1:], c, "begun after", i)
		}
		refused(append(bytes.Clone(sealed), 0), c, "extended", 1)
		refused(nil, c, "nothing", 0)
		for what, other := range changedContexts(c) {
			refused(sealed, other, what, 0)
		}
	}
	sealed, err := k.Seal(nil, []byte("x"), c)
	require.NoError(t, err)
	_, err = newKey(t).Open(nil, sealed, c)
	require.Equal(t, crypto.ErrOpen, err, "another key")
	_, err = chosenKey(t, k.ID(), fill(8, 32)).Open(nil, sealed, c)
	require.Equal(t, crypto.ErrOpen, err, "another key with the same id")

	k.Wipe()
	require.True(t, k.IsZero())
	_, err = k.Open(nil, sealed, c)
	require.ErrorIs(t, err, crypto.ErrNoSecret)
	_, err = k.Seal(nil, nil, c)
	require.ErrorIs(t, err, crypto.ErrNoSecret)
	_, err = crypto.DataKey{}.Seal(nil, nil, c)
	require.ErrorIs(t, err, crypto.ErrNoSecret)
}

// TestUsesAreApart gives each opening function what another sealed with the same key and context.
func TestUsesAreApart(t *testing.T) {
	t.Parallel()
	secret, id, salt, c := fill(0x20, 32), crypto.KeyID(fill(1, 16)), fill(0x40, 32), fullContext()
	k := chosenKey(t, id, secret)
	stream := refStream(t, id, secret, salt, []byte("x"), c)
	_, err := k.Open(nil, stream, c)
	require.Equal(t, crypto.ErrOpen, err)
	// With the other's magic, too: the labels differ.
	copy(stream, "BDE")
	_, err = k.Open(nil, stream, c)
	require.Equal(t, crypto.ErrOpen, err)
	envelope := refEnvelope(t, id, secret, salt, []byte("x"), c)
	copy(envelope, "BDS")
	_, err = k.OpenFrom(bytes.NewReader(envelope), c)
	require.Equal(t, crypto.ErrOpen, err)
	_, err = crypto.SealedKeyID([]byte("BDW"))
	require.Equal(t, crypto.ErrOpen, err)
	for _, magic := range []string{"BDW\x01", "BDE\x02", "BDS\x02"} { // a wrapped key; suites to come
		_, err = crypto.SealedKeyID(append([]byte(magic), make([]byte, 100)...))
		require.Equal(t, crypto.ErrOpen, err)
	}
}

// TestEnvelopeBuffers seals and opens with source and destination in one array, at every distance.
func TestEnvelopeBuffers(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	c := fullContext()
	plain := fill(1, 40)
	for shift := range 300 {
		buf := make([]byte, 400)
		src := buf[shift : shift+len(plain)]
		copy(src, plain)
		sealed, err := k.Seal(buf[:150], src, c)
		require.NoError(t, err)
		got, err := k.Open(nil, sealed[150:], c)
		require.NoError(t, err)
		require.Equal(t, plain, got, "seal at %d", shift)

		buf = make([]byte, 600)
		src = buf[shift : shift+len(plain)+crypto.Overhead]
		copy(src, sealed[150:])
		got, err = k.Open(buf[:150], src, c)
		require.NoError(t, err)
		require.Equal(t, plain, got[150:], "open at %d", shift)
	}
}

// TestSaltsDoNotRepeat seals often under one key. BRONDATA_LONG=1 does it a million times.
func TestSaltsDoNotRepeat(t *testing.T) {
	t.Parallel()
	n := 20_000
	if os.Getenv("BRONDATA_LONG") != "" {
		n = 1_000_000
	}
	k := newKey(t)
	seen := make(map[[32]byte]struct{}, n)
	buf := make([]byte, 0, 200)
	for range n {
		sealed, err := k.Seal(buf[:0], []byte("same"), crypto.Context{})
		require.NoError(t, err)
		seen[[32]byte(sealed[20:52])] = struct{}{}
	}
	require.Len(t, seen, n)
}

// TestEnvelopeAllocations holds sealing small values cheap.
func TestEnvelopeAllocations(t *testing.T) {
	k := newKey(t)
	c := fullContext()
	plain := make([]byte, 1024)
	buf := make([]byte, 0, 2048)
	sealed, err := k.Seal(nil, plain, c)
	require.NoError(t, err)
	require.LessOrEqual(t, testing.AllocsPerRun(200, func() { _, _ = k.Seal(buf, plain, c) }), 7.0)
	require.LessOrEqual(t, testing.AllocsPerRun(200, func() { _, _ = k.Open(buf, sealed, c) }), 7.0)
}
