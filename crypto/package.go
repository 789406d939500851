package crypto

import (
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"
)

// The limits of a package. They keep a hostile one from costing more than its own size.
const (
	MaxRecipients = 32  // per package
	MaxName       = 512 // bytes of a release id, a grant id, a purpose
)

// Package is what goes to a recipient: a plaintext sealed to one or several recipients' keys and signed by its sender.
// Anybody can read its header; only [OpenPackage] vouches for it. The zero value is no package. A Package is not changed
// after it was made; callers do not change Bytes.
//
// The format, all numbers big endian, a name being its length in two bytes and its bytes:
//
//	magic         3  "BDP"
//	suite         1  1 = HPKE base mode with HKDF-SHA-256 and AES-256-GCM; content AES-256-GCM; Ed25519
//	header length 4  of what follows, up to the signature
//	created       8  Unix seconds; 0 = not stated
//	sender       32  Ed25519 public key
//	release id       name, 1 to 512 bytes
//	grant id         name, up to 512 bytes
//	purpose          name, up to 512 bytes
//	recipients    1  their number R, 1 to 32
//	fingerprints  R × 32, each once
//	encapsulations R × (length in two bytes, then HPKE's encapsulated key and ciphertext), in the same order
//	salt         32  random
//	commitment   32
//	digest       32  SHA-256 of the ciphertext
//	signature    64  Ed25519 over "brondata/v1/package-signature" 0x00 || everything before the signature
//	ciphertext    n+16
//
// The frame is magic, suite, and created to fingerprints. A random content key of 32 bytes is made for each package, and
//
//	binding    = SHA-256("brondata/v1/package" 0x00 || frame)
//	okm        = HKDF-SHA-256(secret: content key, salt, info: "brondata/v1/package-content" 0x00 || binding, 64 bytes)
//	ciphertext = AES-256-GCM(key: okm[0:32], nonce: 12 zero bytes, no additional data), with its tag
//	commitment = okm[32:64]
//	encapsulation i = one-shot HPKE Seal to recipient i of the content key,
//	                  info: SHA-256("brondata/v1/package-recipient" 0x00 || binding || fingerprint i)
//
// To open: check that the sender is trusted, the signature, the digest; decapsulate; derive; compare the commitment in
// constant time; decrypt. HPKE's base mode does not say who sealed: the signature does, and it covers the recipients, so
// that nobody can pass a package on as if it had been made for another. The commitment makes all recipients open one plaintext.
type Package struct {
	raw    []byte
	header *Header
}

// Header is what a package says about itself in the clear. Until OpenPackage succeeded it is a claim.
type Header struct {
	ReleaseID  string
	GrantID    string
	Purpose    string
	Created    time.Time // UTC, whole seconds; zero when not stated
	Sender     SenderKey
	Recipients []Fingerprint
}

// For reports whether the package names the key among its recipients.
func (h Header) For(k RecipientKey) bool { return h.slot(k) >= 0 }

func (h Header) slot(k RecipientKey) int {
	for i, f := range h.Recipients {
		if f == k.fingerprint && !k.IsZero() {
			return i
		}
	}
	return -1
}

// PackageParams says what a package is and for whom.
type PackageParams struct {
	ReleaseID  string         // required; unique, since recipients detect replays by it
	GrantID    string         // the consent it rests on
	Purpose    string         // the consent's purpose
	Created    time.Time      // zero: not stated
	Recipients []RecipientKey // 1 to MaxRecipients, each once
	Sender     Signer         // required
}

const (
	packageMagic     = "BDP\x01"
	packageLabel     = "brondata/v1/package\x00"
	contentLabel     = "brondata/v1/package-content\x00"
	slotLabel        = "brondata/v1/package-recipient\x00"
	signatureLabel   = "brondata/v1/package-signature\x00"
	maxEncapsulation = 2048
)

// SealPackage seals plaintext to the recipients and has the sender sign it. ErrInvalid: the parameters are not usable; other
// errors are the signer's. The plaintext is not kept.
func SealPackage(ctx context.Context, p PackageParams, plaintext []byte) (Package, error) {
	h, err := p.header()
	if err != nil {
		return Package{}, err
	}
	var contentKey [KeySize]byte
	var salt [saltSize]byte
	defer wipe(contentKey[:])
	if _, err := rand.Read(contentKey[:]); err != nil {
		return Package{}, fmt.Errorf("crypto: random source: %w", err)
	}
	if _, err := rand.Read(salt[:]); err != nil {
		return Package{}, fmt.Errorf("crypto: random source: %w", err)
	}

	frame := h.appendFrame(nil)
	binding := frameBinding(frame)
	var keys oneTime
	defer keys.wipe()
	deriveKeys(&keys, &contentKey, &salt, contentLabel, &binding)
	aead, err := newGCM(keys.key())
	if err != nil {
		return Package{}, err
	}

	size := len(signatureLabel) + 8 + len(frame) + len(p.Recipients)*(2+1200) + 96 + ed25519.SignatureSize
	msg := make([]byte, 0, size+len(plaintext)+tagSize)
	msg = append(append(msg, signatureLabel...), packageMagic...)
	msg = append(msg, 0, 0, 0, 0)
	msg = append(msg, frame...)
	for _, r := range p.Recipients {
		sealed, err := hpke.Seal(r.public, hpke.HKDFSHA256(), hpke.AES256GCM(), slotInfo(binding, r.fingerprint), contentKey[:])
		if err != nil {
			return Package{}, fmt.Errorf("crypto: seal to recipient: %w", err)
		}
		msg = binary.BigEndian.AppendUint16(msg, uint16(len(sealed)))
		msg = append(msg, sealed...)
	}
	msg = append(append(msg, salt[:]...), keys.commitment()...)

	// The ciphertext goes to its final place first, so that it is hashed and never copied.
	at := len(msg) + sha256.Size + ed25519.SignatureSize
	whole, _ := extend(msg, at-len(msg)+len(plaintext)+tagSize, nil)
	aead.Seal(whole[at:at], zeroNonce[:], plaintext, nil)
	digest := sha256.Sum256(whole[at:])
	msg = append(whole[:len(msg)], digest[:]...)
	start := len(signatureLabel)
	binary.BigEndian.PutUint32(msg[start+4:], uint32(len(msg)-start-8))

	sig, err := signChecked(ctx, p.Sender, h.Sender, msg)
	if err != nil {
		return Package{}, err
	}
	copy(whole[len(msg):at], sig)
	return Package{raw: slices.Clip(whole[start:]), header: &h}, nil
}

// header checks the parameters.
func (p PackageParams) header() (Header, error) {
	h := Header{ReleaseID: p.ReleaseID, GrantID: p.GrantID, Purpose: p.Purpose}
	switch {
	case p.ReleaseID == "" || len(p.ReleaseID) > MaxName || len(p.GrantID) > MaxName || len(p.Purpose) > MaxName:
		return h, fmt.Errorf("%w: package needs a release id, and names of at most %d bytes", ErrInvalid, MaxName)
	case len(p.Recipients) == 0 || len(p.Recipients) > MaxRecipients:
		return h, fmt.Errorf("%w: package needs 1 to %d recipients", ErrInvalid, MaxRecipients)
	case p.Sender == nil || p.Sender.Public().IsZero():
		return h, fmt.Errorf("%w: package needs a sender", ErrInvalid)
	}
	if !p.Created.IsZero() {
		if s := p.Created.Unix(); s <= 0 || s > maxCreated {
			return h, fmt.Errorf("%w: package's time is not between 1970 and 9999", ErrInvalid)
		}
		h.Created = time.Unix(p.Created.Unix(), 0).UTC()
	}
	h.Sender = p.Sender.Public()
	for _, r := range p.Recipients {
		if r.IsZero() || h.For(r) {
			return h, fmt.Errorf("%w: a recipient is missing or there twice", ErrInvalid)
		}
		h.Recipients = append(h.Recipients, r.fingerprint)
	}
	return h, nil
}

// appendFrame appends created to fingerprints.
func (h *Header) appendFrame(b []byte) []byte {
	var created int64
	if !h.Created.IsZero() {
		created = h.Created.Unix()
	}
	b = binary.BigEndian.AppendUint64(b, uint64(created))
	b = append(b, h.Sender[:]...)
	for _, name := range []string{h.ReleaseID, h.GrantID, h.Purpose} {
		b = binary.BigEndian.AppendUint16(b, uint16(len(name)))
		b = append(b, name...)
	}
	b = append(b, byte(len(h.Recipients)))
	for _, f := range h.Recipients {
		b = append(b, f[:]...)
	}
	return b
}

// frameBinding hashes magic, suite and frame (without the header length, which the frame does not determine).
func frameBinding(frame []byte) [sha256.Size]byte {
	d := sha256.New()
	d.Write([]byte(packageLabel + packageMagic))
	d.Write(frame)
	return [sha256.Size]byte(d.Sum(nil))
}

// slotInfo is hashed, for HPKE's length field of info is two bytes in some suites.
func slotInfo(binding [sha256.Size]byte, f Fingerprint) []byte {
	d := sha256.New()
	d.Write([]byte(slotLabel))
	d.Write(binding[:])
	d.Write(f[:])
	return d.Sum(nil)
}

// Bytes returns the package as it is sent. The caller does not change it.
func (p Package) Bytes() []byte { return p.raw }

// Header returns what the package says about itself; the zero Header for no package.
func (p Package) Header() Header {
	if p.header == nil {
		return Header{}
	}
	h := *p.header
	h.Recipients = append([]Fingerprint(nil), h.Recipients...)
	return h
}

// IsZero reports whether there is no package.
func (p Package) IsZero() bool { return p.header == nil }
