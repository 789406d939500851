package crypto

import (
	"crypto/hkdf"
	"crypto/sha256"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestDeriveKeysIsHKDF holds the derivation equal to the standard library's HKDF, for every label in use.
func TestDeriveKeysIsHKDF(t *testing.T) {
	t.Parallel()
	for _, label := range []string{envelopeLabel, streamLabel, contentLabel, localKEKFormat.label} {
		require.LessOrEqual(t, len(label)+sha256.Size, maxInfo)
		rapid.Check(t, func(t *rapid.T) {
			b := rapid.SliceOfN(rapid.Byte(), 96, 96).Draw(t, "secret, salt, binding")
			want, err := hkdf.Key(sha256.New, b[:32], b[32:64], label+string(b[64:]), 64)
			require.NoError(t, err)
			var got oneTime
			deriveKeys(&got, (*[32]byte)(b), (*[32]byte)(b[32:]), label, (*[32]byte)(b[64:]))
			require.Equal(t, want, got[:])
		})
	}
}

// TestWipeOverwrites: what a Secret held is not left where it was.
func TestWipeOverwrites(t *testing.T) {
	t.Parallel()
	b := []byte("a secret of some length")
	s := adopt(b)
	s.Wipe()
	require.Equal(t, make([]byte, len(b)), b)
	require.True(t, s.IsZero())

	var lent []byte
	require.NoError(t, NewSecretString("lent").Use(func(b []byte) error { lent = b; return nil }))
	require.Equal(t, make([]byte, 4), lent)
}
