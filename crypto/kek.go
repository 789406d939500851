package crypto

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// MaxWrap is the largest number of bytes that this package gives a KEK to wrap. It fits AWS KMS, Google Cloud KMS, Azure
// Key Vault, AES key wrap (a multiple of 8) and RSA-OAEP with 2048 bits and SHA-256.
const MaxWrap = 80

// KEK is a key-encryption key: a key that wraps data keys and does not leave the place where it lives, a cloud key service or
// an HSM. This comment is its specification; cryptotest.KEK checks an implementation against it.
//
//   - Wrap encrypts key, 1 to MaxWrap bytes, with authentication, so that nobody who lacks the KEK can read or change it. It
//     never returns its input, and it does not keep or change key.
//   - c is to be bound: what was wrapped under one Context must not unwrap under another. A service takes it as encryption
//     context or additional authenticated data ([Context.Pairs]). One that has nothing of the kind may ignore it, for
//     [DataKey.Wrap] puts a hash of the context inside; then the service's own log does not show what was asked for.
//   - Unwrap returns exactly what was wrapped, in memory that the caller may wipe.
//   - Errors: ErrOpen (wrapped) when the key was asked and refused the input; ErrShredded when the KEK has been destroyed;
//     the context's error when it ended; anything else means "not available now" and may be tried again. Never ErrOpen
//     for an outage: who gets it may conclude that data is corrupt. Errors hold no key and no value of c.
//   - ID names the key, including its version where the service has versions; it never changes and is not secret. Two KEK
//     values with one ID can unwrap what the other wrapped.
//   - All methods are safe for concurrent use, by many processes on one key, and hold to ctx's end.
//   - Use one KEK per tenant and compartment ([KEKRouter]), with separate access rights: that is what keeps a leak of one
//     compartment from opening the other.
//   - It is not for data: it wraps keys only, and rarely.
type KEK interface {
	ID() string
	Wrap(ctx context.Context, key []byte, c Context) ([]byte, error)
	Unwrap(ctx context.Context, wrapped []byte, c Context) ([]byte, error)
}

// LocalKEK is a KEK in this process's memory, for tests, for development, and for hosts that keep one key in a file or an
// environment of their own. It seals with the envelope's construction (magic "BDK", label "brondata/v1/local-kek" 0x00), so
// the Context is bound. Its ID is derived from the key, HKDF-SHA-256 without salt, info "brondata/v1/local-kek-id" 0x00,
// 16 bytes: the same key has the same ID everywhere. Safe for concurrent use.
type LocalKEK struct{ key DataKey }

var _ KEK = (*LocalKEK)(nil)

var localKEKFormat = format{"BDK", "brondata/v1/local-kek\x00"}

// NewLocalKEK makes a KEK of a key of 32 random bytes (not a password), which it copies. ErrInvalid: another length;
// ErrNoSecret: an absent secret.
func NewLocalKEK(key Secret) (*LocalKEK, error) {
	var k LocalKEK
	err := key.Use(func(b []byte) error {
		if len(b) != KeySize {
			return fmt.Errorf("%w: key-encryption key is not %d bytes", ErrInvalid, KeySize)
		}
		id, err := hkdf.Key(sha256.New, b, nil, "brondata/v1/local-kek-id\x00", len(k.key.id))
		if err != nil {
			return fmt.Errorf("crypto: derive key id: %w", err)
		}
		k.key = DataKey{id: KeyID(id), key: NewSecret(b)}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &k, nil
}

// GenerateLocalKEK makes a KEK of a new random key and returns that key too, for the host to keep: without it, everything
// under it is lost.
func GenerateLocalKEK() (*LocalKEK, Secret, error) {
	b := make([]byte, KeySize)
	if _, err := rand.Read(b); err != nil {
		return nil, Secret{}, fmt.Errorf("crypto: random source: %w", err)
	}
	key := adopt(b)
	k, err := NewLocalKEK(key)
	return k, key, err
}

// ID returns "local:" and 32 hexadecimal digits.
func (k *LocalKEK) ID() string { return "local:" + hex.EncodeToString(k.key.id[:]) }

// Wrap implements KEK.
func (k *LocalKEK) Wrap(ctx context.Context, key []byte, c Context) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(key) == 0 || len(key) > MaxWrap {
		return nil, fmt.Errorf("%w: length of the key to wrap", ErrInvalid)
	}
	w, err := k.key.seal(localKEKFormat, nil, key, &c)
	return w, destroyed(err)
}

// Unwrap implements KEK.
func (k *LocalKEK) Unwrap(ctx context.Context, wrapped []byte, c Context) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(wrapped) > Overhead+MaxWrap {
		return nil, ErrOpen
	}
	key, err := k.key.open(localKEKFormat, nil, wrapped, &c)
	return key, destroyed(err)
}

// destroyed says of a wiped key what that means for a KEK.
func destroyed(err error) error {
	if errors.Is(err, ErrNoSecret) {
		return ErrShredded
	}
	return err
}

// Destroy forgets the key; from then on every call is ErrShredded.
func (k *LocalKEK) Destroy() { k.key.Wipe() }
