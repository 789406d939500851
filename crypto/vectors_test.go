package crypto_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
)

const vectorsFile = "testdata/vectors.json"

// vectors are for whoever implements the formats in another language; the formats are described at the types' documentation.
// All byte strings are hexadecimal; plaintexts longer than a few bytes are given as a count: byte i is i modulo 256.
type vectors struct {
	Envelopes  []sealedVector    `json:"envelopes"`
	Streams    []sealedVector    `json:"streams"`
	Wrapped    wrappedVector     `json:"wrappedKey"`
	Pseudonyms []pseudonymVector `json:"pseudonyms"`
	Packages   []packageVector   `json:"packages"`
}

type sealedVector struct {
	Key           string         `json:"key"`
	KeyID         string         `json:"keyId"`
	Context       crypto.Context `json:"context"`
	ContextBytes  string         `json:"contextBytes"`
	PlaintextSize int            `json:"plaintextSize"`
	Sealed        string         `json:"sealed,omitempty"`
	SealedHeader  string         `json:"sealedHeader,omitempty"` // of streams too long to print
	SealedSHA256  string         `json:"sealedSha256"`
}

type wrappedVector struct {
	KEK     string         `json:"kek"`
	Context crypto.Context `json:"context"`
	Wrapped string         `json:"wrapped"`
	KeyID   string         `json:"keyId"`
	Key     string         `json:"key"`
}

type pseudonymVector struct {
	Key       string `json:"key"`
	Purpose   string `json:"purpose"`
	Recipient string `json:"recipient"`
	Subject   string `json:"subject"`
	Pseudonym string `json:"pseudonym"`
}

type packageVector struct {
	SignerSeed string   `json:"signerSeed"`
	Sender     string   `json:"sender"`
	Recipients []string `json:"recipientPrivateKeys"` // as Export writes them
	ReleaseID  string   `json:"releaseId"`
	GrantID    string   `json:"grantId"`
	Purpose    string   `json:"purpose"`
	Created    int64    `json:"created"`
	Plaintext  string   `json:"plaintext"`
	Package    string   `json:"package"`
}

func hx(b []byte) string { return hex.EncodeToString(b) }

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// makeVectors is deterministic: the formats' second implementation takes its salts as arguments, and the standard library's
// test randomness serves HPKE. Another Go release may use randomness in another order, which changes what is made here
// but not what opens, so the committed file is compared by opening it.
func makeVectors(t *testing.T) vectors {
	cryptotest.SetGlobalRandom(t, 1)
	id, key, salt := crypto.KeyID(fill(1, 16)), fill(0x20, 32), fill(0x40, 32)
	var v vectors
	describe := func(c crypto.Context, n int, sealed []byte) sealedVector {
		sum := sha256.Sum256(sealed)
		s := sealedVector{Key: hx(key), KeyID: id.String(), Context: c, ContextBytes: hx(refContext(c)), PlaintextSize: n, SealedSHA256: hx(sum[:])}
		if len(sealed) < 1000 {
			s.Sealed = hx(sealed)
		} else {
			s.SealedHeader = hx(sealed[:streamHeader])
		}
		return s
	}
	for _, c := range []crypto.Context{{}, fullContext(), {Tenant: "café", Schema: 1<<32 - 1}} {
		for _, n := range []int{0, 1, 100} {
			v.Envelopes = append(v.Envelopes, describe(c, n, refEnvelope(t, id, key, salt, fill(0, n), c)))
		}
	}
	for _, n := range []int{0, 5, crypto.ChunkSize - 1, crypto.ChunkSize, crypto.ChunkSize + 1} {
		v.Streams = append(v.Streams, describe(fullContext(), n, refStream(t, id, key, salt, fill(0, n), fullContext())))
	}
	v.Wrapped = wrappedVector{KEK: hx(fill(0x55, 32)), Context: fullContext(), KeyID: id.String(), Key: hx(key)}
	v.Wrapped.Wrapped = hx(refWrap(t, fill(0x55, 32), fill(0x66, 32), id, key, fullContext()))
	for _, subject := range []string{"subject-1", "subject-2"} {
		name, err := chosenKey(t, id, key).Pseudonym("mortgage", "bank", subject)
		require.NoError(t, err)
		v.Pseudonyms = append(v.Pseudonyms, pseudonymVector{hx(key), "mortgage", "bank", subject, name})
	}
	x25519, hybrid := "BDQ\x01\x00\x20"+string(fill(1, 32)), "BDQ\x01\x64\x7a"+string(fill(2, 32))
	for _, recipients := range [][]string{{x25519}, {hybrid}, {hybrid, x25519}} {
		signer, err := crypto.NewLocalSigner(crypto.NewSecret(fill(9, 32)))
		require.NoError(t, err)
		pv := packageVector{
			SignerSeed: hx(fill(9, 32)), Sender: signer.Public().String(), ReleaseID: "release-1", GrantID: "grant-1",
			Purpose: "mortgage", Created: 1795341600, Plaintext: hx([]byte("what the consumer released")),
		}
		p := crypto.PackageParams{
			ReleaseID: pv.ReleaseID, GrantID: pv.GrantID, Purpose: pv.Purpose, Created: time.Unix(pv.Created, 0), Sender: signer,
		}
		for _, r := range recipients {
			k, err := crypto.ParseRecipientPrivateKey(crypto.NewSecretString(r))
			require.NoError(t, err)
			pv.Recipients = append(pv.Recipients, hx([]byte(r)))
			p.Recipients = append(p.Recipients, k.Public())
		}
		pkg, err := crypto.SealPackage(t.Context(), p, unhex(t, pv.Plaintext))
		require.NoError(t, err)
		pv.Package = hx(pkg.Bytes())
		v.Packages = append(v.Packages, pv)
	}
	return v
}

// TestVectors opens everything in the committed file. It is not parallel: SetGlobalRandom forbids it. BRONDATA_UPDATE=1
// writes the file anew, which is right only when a format got a new version.
func TestVectors(t *testing.T) {
	made := makeVectors(t)
	if os.Getenv("BRONDATA_UPDATE") != "" {
		b, err := json.MarshalIndent(made, "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(vectorsFile, append(b, '\n'), 0o644))
	}
	b, err := os.ReadFile(vectorsFile)
	require.NoError(t, err)
	var v vectors
	require.NoError(t, json.Unmarshal(b, &v))
	require.Len(t, v.Envelopes, 9)
	require.Len(t, v.Streams, 5)
	require.Len(t, v.Packages, 3)
	require.Equal(t, made.Envelopes, v.Envelopes)
	require.Equal(t, made.Streams, v.Streams)
	require.Equal(t, made.Wrapped, v.Wrapped)
	require.Equal(t, made.Pseudonyms, v.Pseudonyms)

	for _, e := range v.Envelopes {
		k := chosenKey(t, crypto.KeyID(unhex(t, e.KeyID)), unhex(t, e.Key))
		got, err := k.Open(nil, unhex(t, e.Sealed), e.Context)
		require.NoError(t, err)
		require.True(t, bytes.Equal(fill(0, e.PlaintextSize), got))
	}
	for _, s := range v.Streams {
		id, key := crypto.KeyID(unhex(t, s.KeyID)), unhex(t, s.Key)
		sealed := refStream(t, id, key, fill(0x40, 32), fill(0, s.PlaintextSize), s.Context)
		sum := sha256.Sum256(sealed)
		require.Equal(t, s.SealedSHA256, hx(sum[:]))
		got, err := openStream(chosenKey(t, id, key), sealed, s.Context)
		require.NoError(t, err)
		require.True(t, bytes.Equal(fill(0, s.PlaintextSize), got))
	}
	kek, err := crypto.NewLocalKEK(crypto.NewSecret(unhex(t, v.Wrapped.KEK)))
	require.NoError(t, err)
	k, err := crypto.UnwrapDataKey(t.Context(), kek, unhex(t, v.Wrapped.Wrapped), v.Wrapped.Context)
	require.NoError(t, err)
	require.Equal(t, v.Wrapped.KeyID, k.ID().String())
	for _, p := range v.Pseudonyms {
		name, err := k.Pseudonym(p.Purpose, p.Recipient, p.Subject)
		require.NoError(t, err)
		require.Equal(t, p.Pseudonym, name)
	}
	for _, p := range v.Packages {
		pkg, err := crypto.ParsePackage(unhex(t, p.Package))
		require.NoError(t, err)
		sender, err := crypto.ParseSenderKey(p.Sender)
		require.NoError(t, err)
		require.Equal(t, p.ReleaseID, pkg.Header().ReleaseID)
		require.Equal(t, p.GrantID, pkg.Header().GrantID)
		require.Equal(t, p.Purpose, pkg.Header().Purpose)
		require.Equal(t, p.Created, pkg.Header().Created.Unix())
		for _, r := range p.Recipients {
			k, err := crypto.ParseRecipientPrivateKey(crypto.NewSecret(unhex(t, r)))
			require.NoError(t, err)
			got, err := crypto.OpenPackage(t.Context(), pkg, k, []crypto.SenderKey{sender}, nil)
			require.NoError(t, err)
			require.Equal(t, p.Plaintext, hx(got))
		}
	}
}
