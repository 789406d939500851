package crypto

import (
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// KEM is the kind of a recipient's key, by its number in IANA's HPKE registry.
type KEM uint16

const (
	// MLKEM768X25519 (X-Wing) holds as long as either ML-KEM-768 or X25519 does. It is the default: recorded packages
	// stay closed to a later quantum computer. It costs 1,120 bytes per recipient.
	MLKEM768X25519 KEM = 0x647a
	// X25519 is for recipients that cannot do the other. It costs 32 bytes per recipient.
	X25519 KEM = 0x0020
)

// String returns the key type's name.
func (k KEM) String() string {
	switch k {
	case MLKEM768X25519:
		return "MLKEM768-X25519"
	case X25519:
		return "X25519"
	}
	return "unknown"
}

func (k KEM) hpke() (hpke.KEM, error) {
	switch k {
	case MLKEM768X25519:
		return hpke.MLKEM768X25519(), nil
	case X25519:
		return hpke.DHKEM(ecdh.X25519()), nil
	}
	return nil, fmt.Errorf("%w: unknown key type", ErrInvalid)
}

// Fingerprint is the SHA-256 by which a recipient's key is known: over "brondata/v1/recipient", a zero byte, the key type in two
// bytes, big endian, and the public key as HPKE serialises it. Two parties who compare it compare the key.
type Fingerprint [sha256.Size]byte

// String returns 64 hexadecimal digits.
func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// RecipientKey is a recipient's public key. The host gets it from the recipient in a way that it trusts, and checks the
// fingerprint with them: whoever's key this is can read what is sealed to it. The zero value is no key.
//
// The binary form is "BDR", 1, the key type in two bytes, big endian, the public key as HPKE serialises it (32 bytes for
// X25519, 1,216 for MLKEM768-X25519), and the first four bytes of the fingerprint against copying mistakes. The text form
// is "brondata-recipient-1:" and the binary form in unpadded base64url.
type RecipientKey struct {
	kem         KEM
	public      hpke.PublicKey
	fingerprint Fingerprint
}

const (
	recipientMagic = "BDR\x01"
	recipientText  = "brondata-recipient-1:"
	recipientLabel = "brondata/v1/recipient\x00"
	privateMagic   = "BDQ\x01"
	checkSize      = 4
)

func newRecipientKey(kem KEM, public hpke.PublicKey) RecipientKey {
	b := binary.BigEndian.AppendUint16([]byte(recipientLabel), uint16(kem))
	return RecipientKey{kem: kem, public: public, fingerprint: sha256.Sum256(append(b, public.Bytes()...))}
}

// ParseRecipientKey reads the text or the binary form. ErrInvalid: it is neither, or was damaged.
func ParseRecipientKey(b []byte) (RecipientKey, error) {
	if text, ok := strings.CutPrefix(string(b), recipientText); ok {
		raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
		if err != nil {
			return RecipientKey{}, errRecipientKey
		}
		b = raw
	}
	if len(b) < 6+checkSize || string(b[:4]) != recipientMagic {
		return RecipientKey{}, errRecipientKey
	}
	kem := KEM(binary.BigEndian.Uint16(b[4:]))
	h, err := kem.hpke()
	if err != nil {
		return RecipientKey{}, errRecipientKey
	}
	public, err := h.NewPublicKey(b[6 : len(b)-checkSize])
	if err != nil {
		return RecipientKey{}, errRecipientKey
	}
	k := newRecipientKey(kem, public)
	if string(k.fingerprint[:checkSize]) != string(b[len(b)-checkSize:]) {
		return RecipientKey{}, errRecipientKey
	}
	return k, nil
}

var errRecipientKey = fmt.Errorf("%w: not a recipient key", ErrInvalid)

// KEM returns the key's type.
func (k RecipientKey) KEM() KEM { return k.kem }

// Fingerprint returns the key's fingerprint; zero for no key.
func (k RecipientKey) Fingerprint() Fingerprint { return k.fingerprint }

// ID returns the first 16 bytes of the fingerprint in hexadecimal: a name for records and logs. To trust a key, compare the
// whole fingerprint.
func (k RecipientKey) ID() string {
	if k.IsZero() {
		return ""
	}
	return hex.EncodeToString(k.fingerprint[:16])
}

// IsZero reports whether there is no key.
func (k RecipientKey) IsZero() bool { return k.public == nil }

// Equal reports whether both are the same key.
func (k RecipientKey) Equal(o RecipientKey) bool { return k.fingerprint == o.fingerprint }

// String returns the ID.
func (k RecipientKey) String() string { return k.ID() }

// MarshalBinary returns the binary form. ErrInvalid: no key.
func (k RecipientKey) MarshalBinary() ([]byte, error) {
	if k.IsZero() {
		return nil, errRecipientKey
	}
	b := binary.BigEndian.AppendUint16([]byte(recipientMagic), uint16(k.kem))
	b = append(b, k.public.Bytes()...)
	return append(b, k.fingerprint[:checkSize]...), nil
}

// UnmarshalBinary reads what MarshalBinary made.
func (k *RecipientKey) UnmarshalBinary(b []byte) error { return k.UnmarshalText(b) }

// MarshalText returns the text form, and no text for no key.
func (k RecipientKey) MarshalText() ([]byte, error) {
	if k.IsZero() {
		return nil, nil
	}
	b, err := k.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return base64.RawURLEncoding.AppendEncode([]byte(recipientText), b), nil
}

// UnmarshalText reads what MarshalText made.
func (k *RecipientKey) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*k = RecipientKey{}
		return nil
	}
	parsed, err := ParseRecipientKey(b)
	if err != nil {
		return err
	}
	*k = parsed
	return nil
}

// RecipientPrivateKey opens the packages sealed to its public key. It is not printed. It cannot be wiped, for the standard
// library keeps expanded copies. The zero value is no key. Safe for concurrent use.
type RecipientPrivateKey struct {
	// private returns the key; a closure hides it from reflection.
	private func() hpke.PrivateKey
	public  RecipientKey
}

// GenerateRecipientKey makes a key pair; kem 0 means MLKEM768X25519.
func GenerateRecipientKey(kem KEM) (RecipientPrivateKey, error) {
	if kem == 0 {
		kem = MLKEM768X25519
	}
	h, err := kem.hpke()
	if err != nil {
		return RecipientPrivateKey{}, err
	}
	private, err := h.GenerateKey()
	if err != nil {
		return RecipientPrivateKey{}, fmt.Errorf("crypto: generate recipient key: %w", err)
	}
	return NewRecipientPrivateKey(private)
}

// NewRecipientPrivateKey takes a key of crypto/hpke, which may live in hardware ([hpke.NewHybridPrivateKey],
// [hpke.NewDHKEMPrivateKey]). ErrInvalid: not one of the types of KEM.
func NewRecipientPrivateKey(private hpke.PrivateKey) (RecipientPrivateKey, error) {
	if private == nil {
		return RecipientPrivateKey{}, errPrivateKey
	}
	kem := KEM(private.KEM().ID())
	if _, err := kem.hpke(); err != nil {
		return RecipientPrivateKey{}, err
	}
	return RecipientPrivateKey{
		private: func() hpke.PrivateKey { return private },
		public:  newRecipientKey(kem, private.PublicKey()),
	}, nil
}

// ParseRecipientPrivateKey reads what Export returned. ErrInvalid: it is not that.
func ParseRecipientPrivateKey(s Secret) (RecipientPrivateKey, error) {
	var k RecipientPrivateKey
	err := s.Use(func(b []byte) error {
		if len(b) < 6 || subtle.ConstantTimeCompare(b[:4], []byte(privateMagic)) != 1 {
			return errPrivateKey
		}
		h, err := KEM(binary.BigEndian.Uint16(b[4:])).hpke()
		if err != nil {
			return errPrivateKey
		}
		private, err := h.NewPrivateKey(b[6:])
		if err != nil {
			return errPrivateKey
		}
		k, err = NewRecipientPrivateKey(private)
		return err
	})
	return k, err
}

var errPrivateKey = fmt.Errorf("%w: not a recipient's private key", ErrInvalid)

// Export returns the private key for safekeeping: "BDQ", 1, the key type in two bytes, big endian, and the private key as
// HPKE serialises it (32 bytes for both types). ErrInvalid: no key, or one in hardware.
func (k RecipientPrivateKey) Export() (Secret, error) {
	if k.IsZero() {
		return Secret{}, errPrivateKey
	}
	raw, err := k.private().Bytes()
	if err != nil {
		return Secret{}, errPrivateKey
	}
	b := make([]byte, 0, 6+len(raw))
	b = binary.BigEndian.AppendUint16(append(b, privateMagic...), uint16(k.public.kem))
	return adopt(append(b, raw...)), nil
}

// Public returns the public key.
func (k RecipientPrivateKey) Public() RecipientKey { return k.public }

// IsZero reports whether there is no key.
func (k RecipientPrivateKey) IsZero() bool { return k.private == nil }

// String shows the public key's ID.
func (k RecipientPrivateKey) String() string {
	return "crypto.RecipientPrivateKey(" + k.public.ID() + ")"
}
