package crypto

import (
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"time"
)

// ParsePackage reads a package's outer form; it checks no signature and decrypts nothing. b is kept and must not be changed
// afterwards. It allocates for the header only, whatever b claims. ErrOpen: this is no package.
func ParsePackage(b []byte) (Package, error) {
	l, err := parsePackage(b)
	if err != nil {
		return Package{}, err
	}
	return Package{raw: b, header: &l.header}, nil
}

// OpenOptions are the optional parts of OpenPackage.
type OpenOptions struct {
	// Seen is asked last, when the package has proved authentic, whether its release is seen for the first time; it
	// remembers the release in the same step, so that of two calls for one release only one gets true. The key to
	// remember is Header.Sender with Header.ReleaseID, durably, in all processes of the recipient; entries older than
	// MaxAge may be dropped. False makes OpenPackage return ErrReplayed; an error is wrapped, its text cut off. Nil: replays
	// are not detected.
	Seen func(ctx context.Context, h Header) (first bool, err error)

	// MaxAge refuses packages created longer ago than this or not saying when, and those created more than MaxAge ahead
	// of Now. Zero: any age.
	MaxAge time.Duration

	// Now is the clock for MaxAge; nil means time.Now.
	Now func() time.Time
}

// OpenPackage checks and decrypts a package with the recipient's key and returns the plaintext. senders are the keys that the
// recipient trusts; at least one. Nothing of the package is decrypted before sender and signature are found right. Every
// failure is ErrOpen, except ErrReplayed, ErrInvalid for a call without a key or senders, and the error of Seen. After it
// returned without error, the package's Header is authentic too.
func OpenPackage(ctx context.Context, p Package, key RecipientPrivateKey, senders []SenderKey, o *OpenOptions) ([]byte, error) {
	if key.IsZero() || len(senders) == 0 {
		return nil, fmt.Errorf("%w: opening needs a key and trusted senders", ErrInvalid)
	}
	if o == nil {
		o = &OpenOptions{}
	}
	// Parsed again, for the bytes are what counts.
	l, err := parsePackage(p.raw)
	if err != nil {
		return nil, err
	}
	h := &l.header
	slot := h.slot(key.public)
	if !pinned(senders, h.Sender) || !h.Sender.Verify(l.signed(), l.signature) || slot < 0 || !o.fresh(h.Created) {
		return nil, ErrOpen
	}
	if digest := sha256.Sum256(l.ciphertext); subtle.ConstantTimeCompare(digest[:], l.digest) != 1 {
		return nil, ErrOpen
	}

	binding := frameBinding(l.frame)
	info := slotInfo(binding, key.public.fingerprint)
	contentKey, err := hpke.Open(key.private(), hpke.HKDFSHA256(), hpke.AES256GCM(), info, l.slots[slot])
	if err != nil || len(contentKey) != KeySize {
		return nil, ErrOpen
	}
	defer wipe(contentKey)
	var keys oneTime
	defer keys.wipe()
	deriveKeys(&keys, (*[KeySize]byte)(contentKey), (*[saltSize]byte)(l.salt), contentLabel, &binding)
	aead, err := newGCM(keys.key())
	if err != nil {
		return nil, err
	}
	plaintext, err := aead.Open(nil, zeroNonce[:], l.ciphertext, nil)
	if subtle.ConstantTimeCompare(keys.commitment(), l.commitment) != 1 || err != nil {
		wipe(plaintext)
		return nil, ErrOpen
	}
	if o.Seen != nil {
		first, err := o.Seen(ctx, *h)
		if err != nil {
			wipe(plaintext)
			return nil, outside("release memory", err)
		}
		if !first {
			wipe(plaintext)
			return nil, ErrReplayed
		}
	}
	return plaintext, nil
}

func (o *OpenOptions) fresh(created time.Time) bool {
	if o.MaxAge <= 0 {
		return true
	}
	now := time.Now
	if o.Now != nil {
		now = o.Now
	}
	age := now().Sub(created)
	return !created.IsZero() && age <= o.MaxAge && age >= -o.MaxAge
}

// layout is a package taken apart; all slices lie in raw.
type layout struct {
	header     Header
	raw        []byte
	headerEnd  int
	frame      []byte
	slots      [][]byte
	salt       []byte
	commitment []byte
	digest     []byte
	signature  []byte
	ciphertext []byte
}

// signed is what the signature covers.
func (l *layout) signed() []byte {
	b := make([]byte, 0, len(signatureLabel)+l.headerEnd)
	return append(append(b, signatureLabel...), l.raw[:l.headerEnd]...)
}

func parsePackage(b []byte) (*layout, error) {
	const fixed = len(packageMagic) + 4
	if len(b) < fixed || string(b[:len(packageMagic)]) != packageMagic {
		return nil, ErrOpen
	}
	n := uint64(binary.BigEndian.Uint32(b[len(packageMagic):]))
	if uint64(len(b)) < uint64(fixed)+n+ed25519.SignatureSize+tagSize {
		return nil, ErrOpen
	}
	l := &layout{raw: b, headerEnd: fixed + int(n)}
	l.signature = b[l.headerEnd : l.headerEnd+ed25519.SignatureSize]
	l.ciphertext = b[l.headerEnd+ed25519.SignatureSize:]

	r := cutter{rest: b[fixed:l.headerEnd]}
	h := &l.header
	created := r.cut(8)
	copy(h.Sender[:], r.cut(len(h.Sender)))
	h.ReleaseID, h.GrantID, h.Purpose = string(r.block(MaxName)), string(r.block(MaxName)), string(r.block(MaxName))
	count := r.cut(1)
	if r.bad || h.ReleaseID == "" || count[0] == 0 || count[0] > MaxRecipients {
		return nil, ErrOpen
	}
	if s := int64(binary.BigEndian.Uint64(created)); s < 0 || s > maxCreated {
		return nil, ErrOpen
	} else if s > 0 {
		h.Created = time.Unix(s, 0).UTC()
	}
	for range count[0] {
		var f Fingerprint
		copy(f[:], r.cut(len(f)))
		for _, other := range h.Recipients {
			r.bad = r.bad || other == f
		}
		h.Recipients = append(h.Recipients, f)
	}
	l.frame = b[fixed : l.headerEnd-len(r.rest)]
	for range count[0] {
		l.slots = append(l.slots, r.block(maxEncapsulation))
	}
	l.salt, l.commitment, l.digest = r.cut(saltSize), r.cut(commitSize), r.cut(sha256.Size)
	if r.bad || len(r.rest) != 0 {
		return nil, ErrOpen
	}
	return l, nil
}

// maxCreated is the last second of the year 9999, beyond which times have no usual text form.
const maxCreated = 253402300799

// cutter takes bytes off the front, and remembers when there were too few.
type cutter struct {
	rest []byte
	bad  bool
}

func (c *cutter) cut(n int) []byte {
	if c.bad || len(c.rest) < n {
		c.bad = true
		return nil
	}
	b := c.rest[:n:n]
	c.rest = c.rest[n:]
	return b
}

// block takes a two-byte length of at most limit and as many bytes.
func (c *cutter) block(limit int) []byte {
	size := c.cut(2)
	if c.bad {
		return nil
	}
	n := int(binary.BigEndian.Uint16(size))
	if n > limit {
		c.bad = true
		return nil
	}
	return c.cut(n)
}
