package crypto

import "crypto/sha256"

// oneTime is what is derived for one sealed value: a key and a commitment to it.
type oneTime [KeySize + commitSize]byte

func (o *oneTime) key() []byte        { return o[:KeySize] }
func (o *oneTime) commitment() []byte { return o[KeySize:] }
func (o *oneTime) wipe()              { wipe(o[:]) }

// maxInfo bounds label and binding.
const maxInfo = 64 + sha256.Size

// deriveKeys is HKDF-SHA-256 (RFC 5869) for the one shape that sealing needs: a secret of 32 bytes, a salt of 32, 64 bytes out.
// crypto/hkdf computes the same, which a test holds true, but with 20 allocations for what are three keyed hashes; they
// were half the cost of sealing 1 KiB, and left pieces of keys on the heap.
func deriveKeys(out *oneTime, secret *[KeySize]byte, salt *[saltSize]byte, label string, binding *[sha256.Size]byte) {
	// Extract: PRK = HMAC(salt, secret).
	prk := hmac256(salt, secret[:])
	// Expand: T1 = HMAC(PRK, info || 1); T2 = HMAC(PRK, T1 || info || 2).
	var buf [sha256.Size + maxInfo + 1]byte
	b := append(buf[:sha256.Size], label...)
	b = append(append(b, binding[:]...), 1)
	t := hmac256(&prk, b[sha256.Size:])
	copy(out[:KeySize], t[:])
	copy(b, t[:])
	b[len(b)-1] = 2
	t = hmac256(&prk, b)
	copy(out[KeySize:], t[:])
	wipe(prk[:])
	wipe(t[:])
	wipe(b)
}

// hmac256 is HMAC-SHA-256 (RFC 2104) with a 32-byte key over a message of at most a T, maxInfo and one byte, on the stack.
func hmac256(key *[sha256.Size]byte, message []byte) [sha256.Size]byte {
	var inner [sha256.BlockSize + sha256.Size + maxInfo + 1]byte
	var outer [sha256.BlockSize + sha256.Size]byte
	copy(inner[:], key[:])
	copy(outer[:], key[:])
	for i := range sha256.BlockSize {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	n := copy(inner[sha256.BlockSize:], message)
	digest := sha256.Sum256(inner[:sha256.BlockSize+n])
	copy(outer[sha256.BlockSize:], digest[:])
	digest = sha256.Sum256(outer[:])
	wipe(inner[:])
	wipe(outer[:])
	return digest
}
