package retention

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/brondata/brondata/crypto"
)

// The key of a purpose's pseudonyms is stored as a grant's key is, with nobody's name in it.

// purposeID names the record of a purpose. Purposes may be any text, so it is a digest.
func purposeID(purpose string) string {
	sum := sha256.Sum256([]byte(purpose))
	return purposePrefix + hex.EncodeToString(sum[:16]) + "/" + string(Identity)
}

func purposeContext(tenant, purpose string) crypto.Context {
	return crypto.Context{Tenant: tenant, Purpose: purpose, Compartment: string(Identity), Item: "pseudonyms"}
}

// Pseudonym returns a stable name for a subject that means something to one recipient and for one purpose only: 64
// hexadecimal digits. Nobody without the purpose's key can tell whose it is or join those of two recipients or purposes. The key is
// made at the first call for a purpose. See [crypto.DataKey.Pseudonym].
//
// ErrInvalid: an empty or too long text. [ErrShredded]: the purpose was destroyed. [ErrClock], and the errors of the key store and KEK.
func (v *Vault) Pseudonym(ctx context.Context, purpose, recipient, subject string) (name string, err error) {
	if purpose == "" || recipient == "" || subject == "" || max(len(purpose), len(recipient), len(subject)) > maxText {
		return "", invalid("purpose, recipient or subject of a pseudonym")
	}
	err = v.retry(ctx, func() error {
		k, err := v.purposeKey(ctx, purpose)
		if err != nil {
			return err
		}
		if name, err = k.Pseudonym(purpose, recipient, subject); errors.Is(err, crypto.ErrNoSecret) {
			return ErrConflict // wiped meanwhile: look again
		}
		return err
	})
	return name, err
}

func (v *Vault) purposeKey(ctx context.Context, purpose string) (crypto.DataKey, error) {
	id, cc := purposeID(purpose), purposeContext(v.o.Tenant, purpose)
	snap, err := v.snapshot(ctx, id)
	if err != nil {
		return crypto.DataKey{}, err
	}
	if r := snap.record(id); r != nil {
		p, err := decodeGrant(*r)
		if err != nil {
			return crypto.DataKey{}, err
		}
		if p.dead() {
			return crypto.DataKey{}, ErrShredded
		}
		return v.unwrap(ctx, id, Identity, p.wrapped, cc)
	}
	p := &grantRecord{tenant: v.o.Tenant, purpose: purpose}
	if p.wrapped, err = v.newWrapped(ctx, Identity, cc); err != nil {
		return crypto.DataKey{}, err
	}
	if err := v.disk.keys.Apply(ctx, Change{OpCreate, Record{ID: id, Body: p.encode()}}); err != nil {
		return crypto.DataKey{}, fmt.Errorf("retention: purpose: %w", err)
	}
	return v.unwrap(ctx, id, Identity, p.wrapped, cc)
}

// DestroyPurpose destroys the key of a purpose's pseudonyms and leaves a tombstone. From then on nobody can make them again or
// tell whose they were, not even from a list of all subjects. Grants under the purpose are not touched. It can be repeated.
func (v *Vault) DestroyPurpose(ctx context.Context, purpose string) error {
	if purpose == "" || len(purpose) > maxText {
		return invalid("purpose")
	}
	id := purposeID(purpose)
	err := v.retry(ctx, func() error {
		snap, err := v.unchecked(ctx, id)
		if err != nil {
			return err
		}
		dead := grantRecord{destroyed: snap.now}
		c := Change{OpCreate, Record{ID: id, Body: dead.encode()}}
		if r := snap.record(id); r != nil {
			p, err := decodeGrant(*r)
			if err == nil && p.dead() {
				return nil
			}
			c.Op, c.Record.Version = OpUpdate, r.Version
		}
		if err := v.disk.keys.Apply(ctx, c); err != nil {
			return fmt.Errorf("retention: purpose: %w", err)
		}
		return nil
	})
	v.cache.drop(id)
	if err == nil {
		_ = scrub(ctx, v.disk.keys)
	}
	return err
}
