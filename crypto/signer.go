package crypto

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
)

// SenderKey is the public Ed25519 key by which a recipient knows who made a package. Comparable; the zero value is no key.
//
// Its text form is "brondata-sender-1:" and, in unpadded base64url, the 32 bytes of the key and the first four bytes of
// their SHA-256 against copying mistakes.
type SenderKey [ed25519.PublicKeySize]byte

const senderText = "brondata-sender-1:"

// ParseSenderKey reads the text form. ErrInvalid: it is not that, or was damaged.
func ParseSenderKey(s string) (SenderKey, error) {
	var k SenderKey
	text, ok := strings.CutPrefix(s, senderText)
	if !ok {
		return k, errSenderKey
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != len(k)+checkSize {
		return k, errSenderKey
	}
	sum := sha256.Sum256(b[:len(k)])
	if !bytes.Equal(sum[:checkSize], b[len(k):]) {
		return k, errSenderKey
	}
	return SenderKey(b[:len(k)]), nil
}

var errSenderKey = fmt.Errorf("%w: not a sender key", ErrInvalid)

// String returns the text form; for no key, "".
func (k SenderKey) String() string {
	if k.IsZero() {
		return ""
	}
	sum := sha256.Sum256(k[:])
	return senderText + base64.RawURLEncoding.EncodeToString(append(k[:len(k):len(k)], sum[:checkSize]...))
}

// IsZero reports whether there is no key.
func (k SenderKey) IsZero() bool { return k == SenderKey{} }

// MarshalText returns the text form.
func (k SenderKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what MarshalText made.
func (k *SenderKey) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*k = SenderKey{}
		return nil
	}
	parsed, err := ParseSenderKey(string(b))
	if err != nil {
		return err
	}
	*k = parsed
	return nil
}

// Verify reports whether signature is the key's Ed25519 signature over message.
func (k SenderKey) Verify(message, signature []byte) bool {
	return !k.IsZero() && len(signature) == ed25519.SignatureSize && ed25519.Verify(k[:], message, signature)
}

// Signer signs with Ed25519 (RFC 8032, neither prehashed nor with a context string), in memory or in an HSM. This comment
// is its specification.
//
//   - Sign returns the 64 bytes of the signature over message under Public's key. Messages are below 64 KiB and start with a
//     label that says what is signed, so one key may serve packages, receipts and logs without confusion.
//   - It honours ctx, and returns ctx's error when that ended it. Errors hold nothing of the message.
//   - Public never changes and asks no service.
//   - Both are safe for concurrent use.
type Signer interface {
	Public() SenderKey
	Sign(ctx context.Context, message []byte) ([]byte, error)
}

// LocalSigner is a Signer with the key in this process's memory. It is not printed, and cannot be wiped, for the standard
// library keeps an expanded copy.
type LocalSigner struct {
	public SenderKey
	sign   func(message []byte) []byte // a closure hides the key from reflection
}

var _ Signer = (*LocalSigner)(nil)

// NewLocalSigner makes a signer of a 32-byte Ed25519 seed, which it copies. ErrInvalid: another length; ErrNoSecret: absent.
func NewLocalSigner(seed Secret) (*LocalSigner, error) {
	var s *LocalSigner
	err := seed.Use(func(b []byte) error {
		if len(b) != ed25519.SeedSize {
			return fmt.Errorf("%w: signing seed is not %d bytes", ErrInvalid, ed25519.SeedSize)
		}
		key := ed25519.NewKeyFromSeed(b)
		s = &LocalSigner{
			public: SenderKey(key[ed25519.SeedSize:]),
			sign:   func(message []byte) []byte { return ed25519.Sign(key, message) },
		}
		return nil
	})
	return s, err
}

// GenerateLocalSigner makes a signer with a new key and returns the seed too, for the host to keep.
func GenerateLocalSigner() (*LocalSigner, Secret, error) {
	k, err := NewDataKey() // 32 random bytes are a seed
	if err != nil {
		return nil, Secret{}, err
	}
	s, err := NewLocalSigner(k.key)
	return s, k.key, err
}

// Public implements Signer.
func (s *LocalSigner) Public() SenderKey { return s.public }

// Sign implements Signer. ErrNoSecret: the zero LocalSigner.
func (s *LocalSigner) Sign(ctx context.Context, message []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.sign == nil {
		return nil, ErrNoSecret
	}
	return s.sign(message), nil
}

// String shows the public key.
func (s *LocalSigner) String() string { return "crypto.LocalSigner(" + s.public.String() + ")" }

// signChecked signs and, for signers that are not ours, verifies: a faulty device or a wrong key is noticed here and not
// at the recipient.
func signChecked(ctx context.Context, s Signer, public SenderKey, message []byte) ([]byte, error) {
	sig, err := s.Sign(ctx, message)
	if err != nil {
		return nil, outside("sign", err)
	}
	if _, ours := s.(*LocalSigner); !ours && !public.Verify(message, sig) {
		return nil, fmt.Errorf("crypto: sign: %w: signature does not verify", ErrInvalid)
	}
	return sig, nil
}

// pinned reports whether k is one of keys, in a time that depends on their number only.
func pinned(keys []SenderKey, k SenderKey) bool {
	found := 0
	for _, p := range keys {
		found |= subtle.ConstantTimeCompare(p[:], k[:])
	}
	return found == 1 && !k.IsZero()
}
