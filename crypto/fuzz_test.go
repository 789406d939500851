package crypto_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
)

// bounded runs f and requires that it allocates no more than a fixed amount and a few times the input's size, whatever lengths
// the input claims.
func bounded(t *testing.T, input int, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	require.LessOrEqual(t, after.TotalAlloc-before.TotalAlloc, uint64(512<<10+8*input))
}

// The keys of the fuzz targets are fixed, so that a crasher stays one.
func fuzzKey(t testing.TB) crypto.DataKey {
	return chosenKey(t, crypto.KeyID(fill(1, 16)), fill(0x20, 32))
}

func FuzzOpenEnvelope(f *testing.F) {
	k := fuzzKey(f)
	good := refEnvelope(f, k.ID(), fill(0x20, 32), fill(0x40, 32), []byte("plaintext"), fullContext())
	f.Add(good, "")
	f.Add(good, "x")
	f.Add([]byte("BDE\x01"), "")
	f.Add(good[:100], "")
	f.Fuzz(func(t *testing.T, b []byte, tenant string) {
		c := fullContext()
		c.Tenant += tenant
		bounded(t, len(b)+len(tenant), func() {
			_, _ = crypto.SealedKeyID(b)
			got, err := k.Open(nil, b, c)
			if err == nil {
				// Only the seed opens: nothing else can be found by chance.
				require.Equal(t, good, b)
				require.Empty(t, tenant)
				require.Equal(t, "plaintext", string(got))
			} else {
				require.Equal(t, crypto.ErrOpen, err)
			}
		})
	})
}

func FuzzOpenStream(f *testing.F) {
	k := fuzzKey(f)
	plain := fill(1, crypto.ChunkSize+3)
	large := refStream(f, k.ID(), fill(0x20, 32), fill(0x40, 32), plain, fullContext())
	small := refStream(f, k.ID(), fill(0x20, 32), fill(0x40, 32), plain[:9], fullContext())
	f.Add(large)
	f.Add(small)
	f.Add(small[:84])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		bounded(t, len(b), func() {
			got, err := openStream(k, b, fullContext())
			require.True(t, bytes.HasPrefix(plain, got), "bytes that were never sealed")
			if err != nil {
				require.Equal(t, crypto.ErrOpen, err)
			}
			at, errAt := k.OpenAt(bytes.NewReader(b), int64(len(b)), fullContext())
			if errAt == nil {
				var read []byte
				read, errAt = io.ReadAll(io.NewSectionReader(at, 0, at.Size()))
				require.True(t, bytes.HasPrefix(plain, read))
			}
			require.Equal(t, err, errAt, "both readers agree")
		})
	})
}

func FuzzUnwrap(f *testing.F) {
	kekBytes := fill(0x55, 32)
	kek, err := crypto.NewLocalKEK(crypto.NewSecret(kekBytes))
	require.NoError(f, err)
	ring, err := crypto.NewKeyring(1, kek)
	require.NoError(f, err)
	good := refWrap(f, kekBytes, fill(0x66, 32), crypto.KeyID(fill(1, 16)), fill(0x20, 32), fullContext())
	f.Add([]byte(good))
	f.Add(append(append(bytes.Clone(good[:20]), 0, 0, 0, 1), good[20:]...))
	f.Add([]byte("BDW\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		bounded(t, len(b), func() {
			for _, kek := range []crypto.KEK{kek, ring} {
				k, err := crypto.UnwrapDataKey(context.Background(), kek, b, fullContext())
				if err == nil {
					require.Equal(t, crypto.KeyID(fill(1, 16)), k.ID())
				}
				_, _, _ = crypto.Rewrap(context.Background(), kek, b, fullContext())
			}
		})
	})
}

func FuzzOpenPackage(f *testing.F) {
	to, err := crypto.ParseRecipientPrivateKey(crypto.NewSecretString("BDQ\x01\x00\x20" + string(fill(1, 32))))
	require.NoError(f, err)
	p := refPackage{
		params: crypto.PackageParams{ReleaseID: "release", GrantID: "grant", Purpose: "purpose", Recipients: []crypto.RecipientKey{to.Public()}},
		seed:   fill(9, 32), contentKeys: [][]byte{fill(7, 32)}, salt: fill(5, 32), plain: []byte("data"),
	}
	good := p.bytes(f)
	f.Add(good)
	f.Add(good[:50])
	f.Add([]byte("BDP\x01\xff\xff\xff\xff"))
	pkg, err := crypto.ParsePackage(good)
	require.NoError(f, err)
	trusted := pkg.Header().Sender
	f.Fuzz(func(t *testing.T, b []byte) {
		bounded(t, len(b), func() {
			pkg, err := crypto.ParsePackage(b)
			if err != nil {
				require.Equal(t, crypto.ErrOpen, err)
				return
			}
			require.LessOrEqual(t, len(pkg.Header().Recipients), crypto.MaxRecipients)
			got, err := crypto.OpenPackage(context.Background(), pkg, to, []crypto.SenderKey{trusted}, nil)
			if err == nil {
				require.Equal(t, "data", string(got))
				return
			}
			require.Equal(t, crypto.ErrOpen, err)
			// Trust whoever it claims to be from, so that the parts behind the signature see input too.
			_, _ = crypto.OpenPackage(context.Background(), pkg, to, []crypto.SenderKey{pkg.Header().Sender}, nil)
		})
	})
}

// FuzzOpenSignedPackage signs a header of the fuzzer's, which reaches everything behind the signature check.
func FuzzOpenSignedPackage(f *testing.F) {
	// From the committed vectors, for sealing anew would give other encapsulations in every run.
	file, err := os.ReadFile(vectorsFile)
	require.NoError(f, err)
	var v vectors
	require.NoError(f, json.Unmarshal(file, &v))
	vector := v.Packages[0]
	to, err := crypto.ParseRecipientPrivateKey(crypto.NewSecret(unhex(f, vector.Recipients[0])))
	require.NoError(f, err)
	good, plain := unhex(f, vector.Package), unhex(f, vector.Plaintext)
	end := len(good) - len(plain) - 16
	header, ciphertext := good[:end-ed25519.SignatureSize], good[end:]
	signer := ed25519.NewKeyFromSeed(unhex(f, vector.SignerSeed))
	f.Add(header)
	f.Add(header[:len(header)-1])
	f.Fuzz(func(t *testing.T, b []byte) {
		sig := ed25519.Sign(signer, slices.Concat([]byte("brondata/v1/package-signature\x00"), b))
		pkg, err := crypto.ParsePackage(slices.Concat(b, sig, ciphertext))
		if err != nil {
			return
		}
		got, err := crypto.OpenPackage(context.Background(), pkg, to, []crypto.SenderKey{pkg.Header().Sender}, nil)
		if err == nil {
			require.Equal(t, header, b, "only the header that was sealed opens")
			require.Equal(t, plain, got)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	for _, s := range []string{"\x00\x20", "\x64\x7a"} {
		private, err := crypto.ParseRecipientPrivateKey(crypto.NewSecretString("BDQ\x01" + s + string(fill(1, 32))))
		require.NoError(f, err)
		bin, err := private.Public().MarshalBinary()
		require.NoError(f, err)
		text, err := private.Public().MarshalText()
		require.NoError(f, err)
		f.Add(bin)
		f.Add(text)
		f.Add([]byte("BDQ\x01" + s + string(fill(1, 32))))
	}
	signer, err := crypto.NewLocalSigner(crypto.NewSecret(fill(9, 32)))
	require.NoError(f, err)
	f.Add([]byte(signer.Public().String()))
	f.Fuzz(func(t *testing.T, b []byte) {
		bounded(t, len(b), func() {
			if k, err := crypto.ParseRecipientKey(b); err == nil {
				bin, err := k.MarshalBinary()
				require.NoError(t, err)
				text, err := k.MarshalText()
				require.NoError(t, err)
				require.True(t, bytes.Equal(b, bin) || bytes.Equal(b, text), "each key has one form")
			}
			if k, err := crypto.ParseSenderKey(string(b)); err == nil {
				require.Equal(t, string(b), k.String())
			}
			if k, err := crypto.ParseRecipientPrivateKey(crypto.NewSecret(b)); err == nil {
				require.False(t, k.IsZero())
			}
		})
	})
}
