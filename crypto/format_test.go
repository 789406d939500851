package crypto_test

import (
	"context"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
)

// What follows writes the formats a second time, from their documentation and with crypto/hkdf, crypto/cipher and crypto/hpke
// only. The tests compare it with the package, and build with it what the package would never write.

func refContext(c crypto.Context) []byte {
	b := []byte{8}
	for _, f := range []string{c.Tenant, c.Subject, c.Grant, c.Purpose, c.Category, c.Compartment, c.Item} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(f)))
		b = append(b, f...)
	}
	return binary.BigEndian.AppendUint32(b, c.Schema)
}

// refDerive returns a one-time key and its commitment.
func refDerive(t testing.TB, secret, salt []byte, label string, binding []byte) (key, commitment []byte) {
	t.Helper()
	okm, err := hkdf.Key(sha256.New, secret, salt, label+"\x00"+string(binding), 64)
	require.NoError(t, err)
	return okm[:32], okm[32:]
}

func refPrefix(magic string, id crypto.KeyID) []byte {
	return append(append([]byte(magic), 1), id[:]...)
}

func refHeader(t testing.TB, magic, label string, id crypto.KeyID, secret, salt []byte, c crypto.Context) (header, key []byte) {
	t.Helper()
	prefix := refPrefix(magic, id)
	binding := sha256.Sum256(slices.Concat(prefix, refContext(c)))
	key, commitment := refDerive(t, secret, salt, label, binding[:])
	return slices.Concat(prefix, salt, commitment), key
}

func refSeal(t testing.TB, magic, label string, id crypto.KeyID, secret, salt, plain []byte, c crypto.Context) []byte {
	t.Helper()
	header, key := refHeader(t, magic, label, id, secret, salt, c)
	return zeroGCM(t, key).Seal(header, make([]byte, 12), plain, nil)
}

func refEnvelope(t testing.TB, id crypto.KeyID, secret, salt, plain []byte, c crypto.Context) []byte {
	t.Helper()
	return refSeal(t, "BDE", "brondata/v1/envelope", id, secret, salt, plain, c)
}

func refStream(t testing.TB, id crypto.KeyID, secret, salt, plain []byte, c crypto.Context) []byte {
	t.Helper()
	out, key := refHeader(t, "BDS", "brondata/v1/stream", id, secret, salt, c)
	aead := zeroGCM(t, key)
	for i := 0; ; i++ {
		n := min(len(plain), 65536)
		nonce := make([]byte, 12)
		binary.BigEndian.PutUint64(nonce[3:], uint64(i))
		if n == len(plain) {
			nonce[11] = 1
			return aead.Seal(out, nonce, plain, nil)
		}
		out = aead.Seal(out, nonce, plain[:n], nil)
		plain = plain[n:]
	}
}

// refWrap wraps a chosen key under a local KEK with a chosen key.
func refWrap(t testing.TB, kek, salt []byte, id crypto.KeyID, secret []byte, c crypto.Context) crypto.WrappedKey {
	t.Helper()
	kekID, err := hkdf.Key(sha256.New, kek, nil, "brondata/v1/local-kek-id\x00", 16)
	require.NoError(t, err)
	prefix := refPrefix("BDW", id)
	binding := sha256.Sum256(slices.Concat([]byte("brondata/v1/wrapped-key\x00"), prefix, refContext(c)))
	payload := slices.Concat(id[:], secret, binding[:])
	return append(prefix, refSeal(t, "BDK", "brondata/v1/local-kek", crypto.KeyID(kekID), kek, salt, payload, c)...)
}

// chosenKey returns a DataKey of chosen bytes, by unwrapping what refWrap made.
func chosenKey(t testing.TB, id crypto.KeyID, secret []byte) crypto.DataKey {
	t.Helper()
	kekBytes := fill(0x55, 32)
	kek, err := crypto.NewLocalKEK(crypto.NewSecret(kekBytes))
	require.NoError(t, err)
	w := refWrap(t, kekBytes, fill(0x66, 32), id, secret, fullContext())
	k, err := crypto.UnwrapDataKey(context.Background(), kek, w, fullContext())
	require.NoError(t, err)
	return k
}

// fill returns n bytes counting up from first.
func fill(first byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = first + byte(i)
	}
	return b
}

// refPackage describes a package piece by piece; nil pieces are made as they should be.
type refPackage struct {
	params      crypto.PackageParams
	seed        []byte   // of the Ed25519 key
	contentKeys [][]byte // one per recipient; an honest sender repeats one
	salt        []byte
	ciphertext  []byte // overrides sealing plain
	plain       []byte
	mutate      func(signed []byte) []byte // changes the header before it is signed
	claimed     *crypto.Fingerprint        // replaces the first recipient's fingerprint after sealing
}

// binding returns the frame and its hash.
func (p refPackage) binding() (frame, binding []byte) {
	private := ed25519.NewKeyFromSeed(p.seed)
	var created int64
	if !p.params.Created.IsZero() {
		created = p.params.Created.Unix()
	}
	frame = binary.BigEndian.AppendUint64(nil, uint64(created))
	frame = append(frame, private[32:]...)
	for _, s := range []string{p.params.ReleaseID, p.params.GrantID, p.params.Purpose} {
		frame = binary.BigEndian.AppendUint16(frame, uint16(len(s)))
		frame = append(frame, s...)
	}
	frame = append(frame, byte(len(p.params.Recipients)))
	for i, r := range p.params.Recipients {
		f := r.Fingerprint()
		if i == 0 && p.claimed != nil {
			f = *p.claimed
		}
		frame = append(frame, f[:]...)
	}
	d := sha256.Sum256(slices.Concat([]byte("brondata/v1/package\x00BDP\x01"), frame))
	return frame, d[:]
}

// contentKey derives the AES key that a content key leads to, and its commitment.
func (p refPackage) contentKey(t testing.TB, i int) (key, commitment []byte) {
	t.Helper()
	_, binding := p.binding()
	return refDerive(t, p.contentKeys[i], p.salt, "brondata/v1/package-content", binding)
}

func (p refPackage) bytes(t testing.TB) []byte {
	t.Helper()
	frame, binding := p.binding()
	key, commitment := p.contentKey(t, 0)
	ciphertext := p.ciphertext
	if ciphertext == nil {
		ciphertext = zeroGCM(t, key).Seal(nil, make([]byte, 12), p.plain, nil)
	}
	header := slices.Clone(frame)
	for i, r := range p.params.Recipients {
		header = appendSlot(t, header, r, binding, p.contentKeys[min(i, len(p.contentKeys)-1)])
	}
	digest := sha256.Sum256(ciphertext)
	header = slices.Concat(header, p.salt, commitment, digest[:])
	b := slices.Concat([]byte("BDP\x01"), binary.BigEndian.AppendUint32(nil, uint32(len(header))), header)
	if p.mutate != nil {
		b = p.mutate(b)
	}
	sig := ed25519.Sign(ed25519.NewKeyFromSeed(p.seed), slices.Concat([]byte("brondata/v1/package-signature\x00"), b))
	return slices.Concat(b, sig, ciphertext)
}

// appendSlot appends one encapsulation, with the public key taken from the recipient key's binary form.
func appendSlot(t testing.TB, b []byte, r crypto.RecipientKey, binding, contentKey []byte) []byte {
	t.Helper()
	raw, err := r.MarshalBinary()
	require.NoError(t, err)
	kem, err := hpke.NewKEM(binary.BigEndian.Uint16(raw[4:]))
	require.NoError(t, err)
	public, err := kem.NewPublicKey(raw[6 : len(raw)-4])
	require.NoError(t, err)
	f := r.Fingerprint()
	info := sha256.Sum256(slices.Concat([]byte("brondata/v1/package-recipient\x00"), binding, f[:]))
	sealed, err := hpke.Seal(public, hpke.HKDFSHA256(), hpke.AES256GCM(), info[:], contentKey)
	require.NoError(t, err)
	b = binary.BigEndian.AppendUint16(b, uint16(len(sealed)))
	return append(b, sealed...)
}

// TestFormatIsAsDocumented opens with the package what the second implementation wrote, and the other way round.
func TestFormatIsAsDocumented(t *testing.T) {
	t.Parallel()
	id, secret, salt, c := crypto.KeyID(fill(1, 16)), fill(0x20, 32), fill(0x40, 32), fullContext()
	k := chosenKey(t, id, secret)
	require.Equal(t, id, k.ID())
	encoded, err := c.AppendBinary(nil)
	require.NoError(t, err)
	require.Equal(t, hex.EncodeToString(refContext(c)), hex.EncodeToString(encoded))

	plain := []byte("as documented")
	got, err := k.Open(nil, refEnvelope(t, id, secret, salt, plain, c), c)
	require.NoError(t, err)
	require.Equal(t, plain, got)
	sealed, err := k.Seal(nil, plain, c)
	require.NoError(t, err)
	require.Equal(t, refEnvelope(t, id, secret, sealed[20:52], plain, c), sealed)

	for _, n := range []int{0, 1, crypto.ChunkSize - 1, crypto.ChunkSize, crypto.ChunkSize + 1, 2 * crypto.ChunkSize} {
		plain := fill(3, n)
		sealed := sealStream(t, k, plain, c)
		require.Equal(t, refStream(t, id, secret, sealed[20:52], plain, c), sealed)
	}

	to := newRecipient(t, 0)
	p := refPackage{
		params: crypto.PackageParams{ReleaseID: "r", GrantID: "g", Purpose: "p", Recipients: []crypto.RecipientKey{to.Public()}},
		seed:   fill(9, 32), contentKeys: [][]byte{fill(7, 32)}, salt: salt, plain: plain,
	}
	pkg, err := crypto.ParsePackage(p.bytes(t))
	require.NoError(t, err)
	got, err = crypto.OpenPackage(t.Context(), pkg, to, []crypto.SenderKey{pkg.Header().Sender}, nil)
	require.NoError(t, err)
	require.Equal(t, plain, got)
}

// TestContextEncodingIsInjective gives different contexts, also such as differ only in where a text ends.
func TestContextEncodingIsInjective(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	all := changedContexts(fullContext())
	all["unchanged"] = fullContext()
	for name, c := range all {
		b, err := c.AppendBinary(nil)
		require.NoError(t, err)
		require.NotContains(t, seen, string(b), name)
		seen[string(b)] = name
	}
	require.Equal(t, map[string]string{"tenant": "t", "schema": "4294967295"},
		crypto.Context{Tenant: "t", Schema: 1<<32 - 1}.Pairs())
	require.Len(t, fullContext().Pairs(), 8)
	require.Empty(t, crypto.Context{}.Pairs())
}
