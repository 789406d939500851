package crypto

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"reflect"
	"slices"
)

// The sizes and labels of the envelope; its format is at DataKey.Seal.
const (
	suiteAESGCM   = 1
	saltSize      = 32
	commitSize    = 32
	tagSize       = 16
	prefixSize    = 4 + 16
	headerSize    = prefixSize + saltSize + commitSize
	envelopeMagic = "BDE"
	envelopeLabel = "brondata/v1/envelope\x00"
)

// Overhead is the number of bytes by which Seal's result is longer than the plaintext.
const Overhead = headerSize + tagSize

// Seal encrypts plaintext for the context, appends the sealed form to dst and returns the extended slice; nil dst allocates.
// Nothing is appended on error. dst's spare capacity may overlap plaintext, which then costs an allocation. Sealing the
// same plaintext twice gives different bytes. ErrNoSecret: the key is absent or wiped.
//
// The envelope, byte by byte (version 1, suite 1):
//
//	 0   3  magic "BDE"
//	 3   1  suite: 1 = HKDF-SHA-256, AES-256-GCM
//	 4  16  key id
//	20  32  salt, random
//	52  32  commitment
//	84   n  AES-256-GCM ciphertext of the n bytes, then its tag of 16 bytes
//
//	binding = SHA-256(bytes 0 to 19 || context encoding, see Context.AppendBinary)
//	okm     = HKDF-SHA-256(secret: data key, salt, info: "brondata/v1/envelope" 0x00 || binding, 64 bytes)
//	key     = okm[0:32]; commitment = okm[32:64]; nonce = 12 zero bytes; no additional data
//
// The key serves this one ciphertext, so a constant nonce cannot repeat. The commitment comes from a hash over key, salt,
// prefix and context and is stored: a ciphertext that a second key or context would also decrypt fails there.
func (k DataKey) Seal(dst, plaintext []byte, c Context) ([]byte, error) {
	return k.seal(envelopeFormat, dst, plaintext, &c)
}

// Open decrypts what Seal made, appends the plaintext to dst and returns the extended slice. Every failure is ErrOpen,
// whatever its cause, except a key that is absent or wiped: ErrNoSecret. On failure nothing is left in dst's spare capacity.
func (k DataKey) Open(dst, sealed []byte, c Context) ([]byte, error) {
	return k.open(envelopeFormat, dst, sealed, &c)
}

// SealedKeyID returns the id of the key that sealed an envelope or a stream, to look the key up. It is unauthenticated
// until the value is opened. ErrOpen: this is neither.
func SealedKeyID(sealed []byte) (KeyID, error) {
	if len(sealed) < headerSize || sealed[3] != suiteAESGCM {
		return KeyID{}, ErrOpen
	}
	if m := string(sealed[:3]); m != envelopeMagic && m != streamMagic {
		return KeyID{}, ErrOpen
	}
	return KeyID(sealed[4:prefixSize]), nil
}

// format is a use of the envelope's construction. Magic and label keep the uses apart: what was sealed as one is never
// opened as another, even under the same key.
type format struct{ magic, label string }

var envelopeFormat = format{envelopeMagic, envelopeLabel}

func (k DataKey) seal(f format, dst, plaintext []byte, c *Context) ([]byte, error) {
	total := headerSize + len(plaintext) + tagSize
	out, body := extend(dst, total, plaintext)
	aead, err := k.begin(f, body[:headerSize], c)
	if err != nil {
		return nil, err
	}
	aead.Seal(body[:headerSize], zeroNonce[:], plaintext, nil)
	return out, nil
}

func (k DataKey) open(f format, dst, sealed []byte, c *Context) ([]byte, error) {
	if len(sealed) < headerSize+tagSize {
		return nil, ErrOpen
	}
	aead, committed, err := k.resume(f, sealed[:headerSize], c)
	if err != nil {
		return nil, err
	}
	ciphertext := sealed[headerSize:]
	out, body := extend(dst, len(ciphertext)-tagSize, sealed)
	// Decrypt also when the commitment is wrong, so that both failures take the same time.
	_, err = aead.Open(body[:0], zeroNonce[:], ciphertext, nil)
	if err != nil || !committed {
		wipe(body)
		return nil, ErrOpen
	}
	return out, nil
}

// begin writes a new header with a fresh salt and returns the cipher of the one-time key.
func (k DataKey) begin(f format, header []byte, c *Context) (cipher.AEAD, error) {
	copy(header, f.magic)
	header[3] = suiteAESGCM
	copy(header[4:], k.id[:])
	if _, err := rand.Read(header[prefixSize : prefixSize+saltSize]); err != nil {
		return nil, fmt.Errorf("crypto: random source: %w", err)
	}
	var keys oneTime
	defer keys.wipe()
	if err := k.derive(&keys, f, header, c); err != nil {
		return nil, err
	}
	copy(header[prefixSize+saltSize:], keys.commitment())
	return newGCM(keys.key())
}

// resume returns the cipher for a header, and whether its commitment is right, which the caller must heed.
func (k DataKey) resume(f format, header []byte, c *Context) (cipher.AEAD, bool, error) {
	if string(header[:3]) != f.magic || header[3] != suiteAESGCM || KeyID(header[4:prefixSize]) != k.id {
		return nil, false, ErrOpen
	}
	var keys oneTime
	defer keys.wipe()
	if err := k.derive(&keys, f, header, c); err != nil {
		return nil, false, err
	}
	committed := subtle.ConstantTimeCompare(header[prefixSize+saltSize:], keys.commitment()) == 1
	aead, err := newGCM(keys.key())
	return aead, committed, err
}

// derive computes one-time key and commitment from a header's prefix and salt.
func (k DataKey) derive(keys *oneTime, f format, header []byte, c *Context) error {
	key := k.key.lend()
	if len(key) != KeySize {
		return ErrNoSecret
	}
	defer wipe(key)
	binding := c.bind(header[:prefixSize])
	salt := header[prefixSize : prefixSize+saltSize]
	deriveKeys(keys, (*[KeySize]byte)(key), (*[saltSize]byte)(salt), f.label, &binding)
	return nil
}

// zeroNonce serves keys that encrypt one message.
var zeroNonce [12]byte

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("crypto: cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("crypto: cipher: %w", err)
	}
	return aead, nil
}

// extend grows dst by n bytes and returns the whole and the new part. When the room that dst has overlaps src, which is
// still to be read, it moves to new memory.
func extend(dst []byte, n int, src []byte) (whole, part []byte) {
	if cap(dst)-len(dst) >= n && !overlaps(dst[len(dst):len(dst)+n], src) {
		whole = dst[:len(dst)+n]
	} else {
		whole = make([]byte, len(dst)+n)
		copy(whole, dst)
	}
	return whole, slices.Clip(whole[len(dst):])
}

func overlaps(a, b []byte) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	pa, pb := reflect.ValueOf(a).Pointer(), reflect.ValueOf(b).Pointer()
	return pa < pb+uintptr(len(b)) && pb < pa+uintptr(len(a))
}
