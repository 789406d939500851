package crypto

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
)

// WrappedKey is a data key as it is stored: encrypted under a KEK. It is what a key store keeps, apart from the data.
// Deleting every copy of it destroys the key, and with it everything sealed under it.
//
//	 0   3  magic "BDW"
//	 3   1  suite: 1
//	 4  16  key id
//	20   n  what KEK.Wrap returned for: key id (16) || key (32) || binding (32)
//
//	binding = SHA-256("brondata/v1/wrapped-key" 0x00 || bytes 0 to 19 || context encoding)
//
// The binding is inside the ciphertext, so the context holds also for a KEK that ignores it.
type WrappedKey []byte

const (
	wrappedMagic = "BDW"
	wrappedLabel = "brondata/v1/wrapped-key\x00"
	// maxWrapped bounds what is handed to a KEK. The largest known, AWS KMS, answers some 200 bytes.
	maxWrapped = 16 << 10
)

// KeyID returns the id of the data key, unauthenticated until it is unwrapped. ErrOpen: this is no wrapped key.
func (w WrappedKey) KeyID() (KeyID, error) {
	if len(w) <= prefixSize || len(w) > maxWrapped || string(w[:3]) != wrappedMagic || w[3] != suiteAESGCM {
		return KeyID{}, ErrOpen
	}
	return KeyID(w[4:prefixSize]), nil
}

// Wrap encrypts the key under kek, bound to c, for storage. c names what the key is for, not what it seals: tenant, grant,
// compartment. Of the KEK's error the type is said, and the rest wrapped. ErrNoSecret: no key to wrap.
func (k DataKey) Wrap(ctx context.Context, kek KEK, c Context) (WrappedKey, error) {
	if kek == nil {
		return nil, fmt.Errorf("%w: no key-encryption key", ErrInvalid)
	}
	w := make(WrappedKey, prefixSize)
	copy(w, wrappedMagic)
	w[3] = suiteAESGCM
	copy(w[4:], k.id[:])

	payload := make([]byte, 0, MaxWrap)
	defer func() { wipe(payload[:cap(payload)]) }()
	payload = append(payload, k.id[:]...)
	if err := k.key.Use(func(b []byte) error { payload = append(payload, b...); return nil }); err != nil {
		return nil, err
	}
	binding := wrapBinding(w, &c)
	payload = append(payload, binding[:]...)

	inner, err := kek.Wrap(ctx, payload, c)
	if err != nil {
		return nil, outside("wrap key", err)
	}
	if len(inner) == 0 || len(inner) > maxWrapped-prefixSize {
		return nil, fmt.Errorf("crypto: wrap key: %w: size of the answer", ErrInvalid)
	}
	return append(w, inner...), nil
}

// UnwrapDataKey decrypts a stored key. ErrOpen: the wrapped key, the context or the KEK is not the right one. ErrShredded:
// the KEK was destroyed. ErrKeyVersion: a Keyring does not accept its version. Other errors are the KEK's, which could not
// be asked.
func UnwrapDataKey(ctx context.Context, kek KEK, w WrappedKey, c Context) (DataKey, error) {
	id, err := w.KeyID()
	if err != nil {
		return DataKey{}, err
	}
	if kek == nil {
		return DataKey{}, fmt.Errorf("%w: no key-encryption key", ErrInvalid)
	}
	payload, err := kek.Unwrap(ctx, w[prefixSize:], c)
	if err != nil {
		if errors.Is(err, ErrOpen) {
			return DataKey{}, ErrOpen // the one value: whatever an implementation adds is dropped
		}
		return DataKey{}, outside("unwrap key", err)
	}
	defer wipe(payload)
	want := wrapBinding(w[:prefixSize], &c)
	if len(payload) != MaxWrap ||
		subtle.ConstantTimeCompare(payload[:16], id[:])&subtle.ConstantTimeCompare(payload[16+KeySize:], want[:]) != 1 {
		return DataKey{}, ErrOpen
	}
	return DataKey{id: id, key: NewSecret(payload[16 : 16+KeySize])}, nil
}

func wrapBinding(prefix []byte, c *Context) [sha256.Size]byte {
	return c.bind(append([]byte(wrappedLabel), prefix...))
}

// Rotator is a KEK's optional second interface: it knows which of its wrapped keys are due for rewrapping.
type Rotator interface {
	KEK
	// Stale reports whether Wrap would use another key today than the one that made wrapped. It asks no service. An
	// unknown form is stale. c is the context it was wrapped under.
	Stale(ctx context.Context, wrapped []byte, c Context) bool
}

// Rewrap returns w as kek would wrap it today, and whether it differs; the data under the key is untouched and the key
// stays the same. When kek is a Rotator and w is not stale, w comes back as it is and no service is asked. The caller replaces the
// stored key with compare-and-set, and may do so for a part of its keys, stop, and go on later: both forms open the data.
// Errors as of UnwrapDataKey and DataKey.Wrap.
func Rewrap(ctx context.Context, kek KEK, w WrappedKey, c Context) (WrappedKey, bool, error) {
	if _, err := w.KeyID(); err != nil {
		return nil, false, err
	}
	if r, ok := kek.(Rotator); ok && !r.Stale(ctx, w[prefixSize:], c) {
		return w, false, nil
	}
	k, err := UnwrapDataKey(ctx, kek, w, c)
	if err != nil {
		return nil, false, err
	}
	defer k.Wipe()
	fresh, err := k.Wrap(ctx, kek, c)
	if err != nil {
		return nil, false, err
	}
	return fresh, true, nil
}
