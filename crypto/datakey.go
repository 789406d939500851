package crypto

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// KeySize is the length in bytes of a data key and of a local key-encryption key.
const KeySize = 32

// KeyID names a data key. It is random, says nothing about the key, and stands in the clear in everything sealed under it.
type KeyID [16]byte

// String returns the id as 32 hexadecimal digits.
func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether the id names no key.
func (id KeyID) IsZero() bool { return id == KeyID{} }

// DataKey is a random 256-bit key that seals values, streams and pseudonyms. There is one per grant and compartment; it is
// stored wrapped ([DataKey.Wrap]) and never derived from another key, so that it can be destroyed. The zero value holds no key.
// Copies share the key. Printing a DataKey shows its id at most.
type DataKey struct {
	id  KeyID
	key Secret
}

// NewDataKey makes a key and its id from the system's random source.
func NewDataKey() (DataKey, error) {
	var id KeyID
	key := make([]byte, KeySize)
	if _, err := rand.Read(id[:]); err != nil {
		return DataKey{}, fmt.Errorf("crypto: random source: %w", err)
	}
	if _, err := rand.Read(key); err != nil {
		return DataKey{}, fmt.Errorf("crypto: random source: %w", err)
	}
	return DataKey{id: id, key: adopt(key)}, nil
}

// ID returns the key's name.
func (k DataKey) ID() KeyID { return k.id }

// IsZero reports whether there is no key: never set, or wiped.
func (k DataKey) IsZero() bool { return k.key.IsZero() }

// Wipe forgets the key in this process, in all copies of k. What is stored wrapped is untouched.
func (k DataKey) Wipe() { k.key.Wipe() }

// String shows the id.
func (k DataKey) String() string { return "crypto.DataKey(" + k.id.String() + ")" }
