package crypto_test

import (
	"crypto/aes"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
)

// element is an element of GF(2^128) as GCM writes it: bit 0 is the highest bit of the first byte (NIST SP 800-38D §6.3).
type element struct{ hi, lo uint64 }

func load(b []byte) element {
	return element{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

func (x element) bytes() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, x.hi), x.lo)
}

func (x element) add(y element) element { return element{x.hi ^ y.hi, x.lo ^ y.lo} }

func (x element) mul(y element) (z element) {
	for i := range 128 {
		bit := x.hi >> (63 - i%64) & 1
		if i >= 64 {
			bit = x.lo >> (63 - i%64) & 1
		}
		if bit == 1 {
			z = z.add(y)
		}
		carry := y.lo & 1
		y = element{y.hi >> 1, y.lo>>1 | y.hi<<63}
		if carry == 1 {
			y.hi ^= 0xe1 << 56
		}
	}
	return z
}

// inverse is x to the power of 2^128 - 2.
func (x element) inverse() element {
	z := element{hi: 1 << 63}
	for range 127 {
		z = z.mul(z).mul(x)
	}
	return z.mul(z)
}

// ghash hashes whole blocks and their length under h.
func ghash(h element, blocks []byte) (y element) {
	for b := range slices.Chunk(blocks, 16) {
		y = y.add(load(b)).mul(h)
	}
	return y.add(element{lo: uint64(len(blocks)) * 8}).mul(h)
}

// twoKeyCiphertext makes an AES-GCM ciphertext with the zero nonce that authenticates under both keys. All blocks but the last
// are chosen freely; the last is solved for such that both keys give one tag. This is how Dodis, Grubbs, Ristenpart and
// Woodage (2018) and Grubbs, Lu and Ristenpart (2017) show that GCM does not commit to its key.
func twoKeyCiphertext(t *testing.T, key1, key2, free []byte) []byte {
	t.Helper()
	require.Zero(t, len(free)%16)
	setup := func(key []byte) (h, s element) {
		block, err := aes.NewCipher(key)
		require.NoError(t, err)
		var b [16]byte
		block.Encrypt(b[:], make([]byte, 16))
		h = load(b[:])
		j0 := make([]byte, 16)
		j0[15] = 1
		block.Encrypt(b[:], j0)
		return h, load(b[:])
	}
	h1, s1 := setup(key1)
	h2, s2 := setup(key2)
	body := append(slices.Clone(free), make([]byte, 16)...)
	// The last block's share of the hash is block times h squared, so:
	// block = (ghash1 + s1 + ghash2 + s2) / (h1² + h2²).
	diff := ghash(h1, body).add(s1).add(ghash(h2, body)).add(s2)
	last := diff.mul(h1.mul(h1).add(h2.mul(h2)).inverse())
	copy(body[len(free):], last.bytes())
	tag := ghash(h1, body).add(s1)
	return append(body, tag.bytes()...)
}

// requireBothOpen shows that the attack works where nothing commits.
func requireBothOpen(t *testing.T, key1, key2, ciphertext []byte) {
	t.Helper()
	plain1, err := zeroGCM(t, key1).Open(nil, make([]byte, 12), ciphertext, nil)
	require.NoError(t, err, "plain GCM opens under the first key")
	plain2, err := zeroGCM(t, key2).Open(nil, make([]byte, 12), ciphertext, nil)
	require.NoError(t, err, "plain GCM opens under the second key")
	require.NotEqual(t, plain1, plain2, "to two plaintexts")
}

func TestTwoKeyAttackOnEnvelope(t *testing.T) {
	t.Parallel()
	id, salt, c := crypto.KeyID(fill(1, 16)), fill(0x40, 32), fullContext()
	other := c
	other.Subject = "subject-other"
	type side struct {
		secret []byte
		c      crypto.Context
	}
	cases := map[string][2]side{
		"two data keys":                   {{fill(0x20, 32), c}, {fill(0x90, 32), c}},
		"two contexts under one data key": {{fill(0x20, 32), c}, {fill(0x20, 32), other}},
	}
	for name, sides := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header1, key1 := refHeader(t, "BDE", "brondata/v1/envelope", id, sides[0].secret, salt, sides[0].c)
			header2, key2 := refHeader(t, "BDE", "brondata/v1/envelope", id, sides[1].secret, salt, sides[1].c)
			body := twoKeyCiphertext(t, key1, key2, fill(0, 64))
			requireBothOpen(t, key1, key2, body)

			k1, k2 := chosenKey(t, id, sides[0].secret), chosenKey(t, id, sides[1].secret)
			// Whichever commitment the attacker stores, only its own key opens.
			_, err := k1.Open(nil, slices.Concat(header1, body), sides[0].c)
			require.NoError(t, err, "the body is good under the committed key")
			_, err = k2.Open(nil, slices.Concat(header1, body), sides[1].c)
			require.Equal(t, crypto.ErrOpen, err)
			_, err = k2.Open(nil, slices.Concat(header2, body), sides[1].c)
			require.NoError(t, err)
			_, err = k1.Open(nil, slices.Concat(header2, body), sides[0].c)
			require.Equal(t, crypto.ErrOpen, err)
		})
	}
}

// TestTwoKeyRefusalLeavesNothing opens into a buffer: what the second key decrypts must not be left in it.
func TestTwoKeyRefusalLeavesNothing(t *testing.T) {
	t.Parallel()
	id, salt, c := crypto.KeyID(fill(1, 16)), fill(0x40, 32), fullContext()
	header1, key1 := refHeader(t, "BDE", "brondata/v1/envelope", id, fill(0x20, 32), salt, c)
	_, key2 := refHeader(t, "BDE", "brondata/v1/envelope", id, fill(0x90, 32), salt, c)
	body := twoKeyCiphertext(t, key1, key2, fill(0, 64))
	buf := make([]byte, 0, 256)
	got, err := chosenKey(t, id, fill(0x90, 32)).Open(buf, slices.Concat(header1, body), c)
	require.Equal(t, crypto.ErrOpen, err)
	require.Nil(t, got)
	require.Equal(t, make([]byte, 256), buf[:256])
}

// TestTwoKeyAttackOnPackage is a sender that gives two recipients two content keys, so that one signed package would show
// them different plaintexts.
func TestTwoKeyAttackOnPackage(t *testing.T) {
	t.Parallel()
	a, b := newRecipient(t, crypto.X25519), newRecipient(t, crypto.MLKEM768X25519)
	p := refPackage{
		params: crypto.PackageParams{ReleaseID: "r", Recipients: []crypto.RecipientKey{a.Public(), b.Public()}},
		seed:   fill(9, 32), contentKeys: [][]byte{fill(7, 32), fill(70, 32)}, salt: fill(5, 32),
	}
	key1, _ := p.contentKey(t, 0)
	key2, _ := p.contentKey(t, 1)
	p.ciphertext = twoKeyCiphertext(t, key1, key2, fill(0, 32))
	requireBothOpen(t, key1, key2, p.ciphertext)

	pkg, err := crypto.ParsePackage(p.bytes(t))
	require.NoError(t, err)
	senders := []crypto.SenderKey{pkg.Header().Sender}
	_, err = crypto.OpenPackage(t.Context(), pkg, a, senders, nil)
	require.NoError(t, err, "the package is well made apart from the second key")
	_, err = crypto.OpenPackage(t.Context(), pkg, b, senders, nil)
	require.Equal(t, crypto.ErrOpen, err)
}

// TestFieldArithmetic checks the attack's own arithmetic, so that a refusal is not a broken attack.
func TestFieldArithmetic(t *testing.T) {
	t.Parallel()
	one := element{hi: 1 << 63}
	for i := range 20 {
		d := sha256.Sum256([]byte{byte(i)})
		x := load(d[:])
		require.Equal(t, x, x.mul(one))
		require.Equal(t, one, x.mul(x.inverse()))
	}
}
