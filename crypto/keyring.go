package crypto

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
)

// Keyring is a KEK of several versions, for rotation: exactly one is primary and wraps; every version that is not below the
// minimum unwraps. What it wraps starts with the version in four bytes, big endian. A version's KEK is a key of its own, so
// a changed version number does not unwrap.
//
// To rotate: Add the new version in every process; then SetPrimary; then [Rewrap] all stored keys; then SetMinVersion, which
// refuses the old version from then on, in a restored backup too; then destroy the old key where it lives and call
// Destroy. The ring itself is in memory: the host builds it from its configuration at each start. Safe for concurrent use.
type Keyring struct {
	mu      sync.RWMutex
	primary uint32
	minimum uint32
	keks    map[uint32]KEK // nil for a destroyed version
}

var _ Rotator = (*Keyring)(nil)

// NewKeyring returns a ring with one version (1 or more), which is primary.
func NewKeyring(version uint32, primary KEK) (*Keyring, error) {
	r := &Keyring{keks: make(map[uint32]KEK)}
	if err := r.Add(version, primary); err != nil {
		return nil, err
	}
	r.primary = version
	return r, nil
}

// Add makes a version known for unwrapping. ErrInvalid: version 0, a version or a KEK's ID that is there already, no KEK.
func (r *Keyring) Add(version uint32, k KEK) error {
	if version == 0 || k == nil {
		return fmt.Errorf("%w: keyring needs a version above 0 and a key", ErrInvalid)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.keks[version]; ok {
		return fmt.Errorf("%w: key version is there already", ErrInvalid)
	}
	for _, have := range r.keks {
		// One KEK under two versions would let a changed version number get around the minimum.
		if have != nil && have.ID() == k.ID() {
			return fmt.Errorf("%w: key is there already under another version", ErrInvalid)
		}
	}
	r.keks[version] = k
	return nil
}

// SetPrimary makes a version the one that wraps; the former primary still unwraps. ErrKeyVersion: unknown or below the
// minimum. ErrShredded: destroyed.
func (r *Keyring) SetPrimary(version uint32) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.get(version); err != nil {
		return err
	}
	r.primary = version
	return nil
}

// SetMinVersion refuses every version below from now on. It only goes up, and not above the primary: ErrInvalid.
func (r *Keyring) SetMinVersion(version uint32) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if version < r.minimum || version > r.primary {
		return fmt.Errorf("%w: minimum key version", ErrInvalid)
	}
	r.minimum = version
	return nil
}

// Destroy forgets a version's KEK: what it wrapped is ErrShredded from now on. The key itself must be destroyed where it lives.
// A version that was never added may be destroyed too, which is how a host declares one at start. The primary is ErrInvalid.
func (r *Keyring) Destroy(version uint32) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if version == r.primary || version == 0 {
		return fmt.Errorf("%w: the primary key version cannot be destroyed", ErrInvalid)
	}
	r.keks[version] = nil
	return nil
}

// Primary returns the version that wraps.
func (r *Keyring) Primary() uint32 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.primary
}

// MinVersion returns the lowest version accepted; 0 accepts all.
func (r *Keyring) MinVersion() uint32 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.minimum
}

// Versions returns the known versions that are not destroyed, ascending.
func (r *Keyring) Versions() []uint32 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var vs []uint32
	for v, k := range r.keks {
		if k != nil {
			vs = append(vs, v)
		}
	}
	slices.Sort(vs)
	return vs
}

// ID returns the primary's ID.
func (r *Keyring) ID() string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.keks[r.primary].ID()
}

// Wrap implements KEK with the primary.
func (r *Keyring) Wrap(ctx context.Context, key []byte, c Context) ([]byte, error) {
	r.mu.RLock()
	version := r.primary
	k := r.keks[version]
	r.mu.RUnlock() // a key service may take long
	inner, err := k.Wrap(ctx, key, c)
	if err != nil {
		return nil, outside("wrap key", err)
	}
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(inner)), version), inner...), nil
}

// Unwrap implements KEK. ErrKeyVersion: below the minimum or unknown. ErrShredded: a destroyed version.
func (r *Keyring) Unwrap(ctx context.Context, wrapped []byte, c Context) ([]byte, error) {
	if len(wrapped) <= 4 {
		return nil, ErrOpen
	}
	r.mu.RLock()
	k, err := r.get(binary.BigEndian.Uint32(wrapped))
	r.mu.RUnlock()
	if err != nil {
		return nil, err
	}
	key, err := k.Unwrap(ctx, wrapped[4:], c)
	return key, outside("unwrap key", err)
}

// Stale implements Rotator: everything that the primary did not wrap. When the primary's KEK is a Rotator, it is asked too.
func (r *Keyring) Stale(ctx context.Context, wrapped []byte, c Context) bool {
	if len(wrapped) <= 4 {
		return true
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if binary.BigEndian.Uint32(wrapped) != r.primary {
		return true
	}
	inner, ok := r.keks[r.primary].(Rotator)
	return ok && inner.Stale(ctx, wrapped[4:], c)
}

// get returns an accepted version's KEK; r.mu is held.
func (r *Keyring) get(version uint32) (KEK, error) {
	k, ok := r.keks[version]
	switch {
	case ok && k == nil:
		return nil, ErrShredded
	case !ok || version < r.minimum:
		return nil, ErrKeyVersion
	}
	return k, nil
}
