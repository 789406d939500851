package retention

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/brondata/brondata/crypto"
)

// Rewrap brings stored keys under the primary version of their key-encryption key after a rotation; no data is touched. It
// walks over at most max keys, starting after cursor ("" for the beginning), and returns how many it changed and the cursor
// to go on with, "" when the walk is complete. So it can be stopped at any time, and two walks do not disturb each other; both forms
// of a key open the data meanwhile. It is not necessary to keep the cursor: a walk from the beginning skips what is done
// without asking the key service.
//
// When an error stops it, next is where to go on. A key that is below [crypto.Keyring.SetMinVersion], or whose KEK was destroyed, is such
// an error: it opens nothing any more, and its grant is to be deleted.
func (v *Vault) Rewrap(ctx context.Context, cursor string, max int) (next string, changed int, err error) {
	if max < 1 {
		return cursor, 0, invalid("max below 1")
	}
	// In the order of ids, so that a cursor says which part it is in.
	for _, prefix := range []string{dayPrefix, grantPrefix, purposePrefix} {
		after := ""
		if cursor != "" {
			if !strings.HasPrefix(cursor, prefix) {
				if cursor > prefix {
					continue // it was in a later part
				}
			} else {
				after = cursor
			}
		}
		for max > 0 {
			rs, err := v.disk.keys.List(ctx, prefix, after, min(max, 64))
			if err != nil {
				return cursor, changed, fmt.Errorf("retention: %w", err)
			}
			for _, r := range rs {
				did, err := v.rewrap(ctx, r)
				if err != nil {
					return cursor, changed, err
				}
				if did {
					changed++
				}
				after, cursor = r.ID, r.ID
				max--
			}
			if len(rs) < 64 && max > 0 {
				break
			}
		}
		if max == 0 {
			return cursor, changed, nil
		}
	}
	return "", changed, nil
}

// rewrap does one key, and again when it was changed meanwhile.
func (v *Vault) rewrap(ctx context.Context, r Record) (changed bool, err error) {
	err = v.retry(ctx, func() error {
		changed, err = v.rewrapOnce(ctx, r)
		if !errors.Is(err, ErrConflict) {
			return err
		}
		rs, get := v.disk.keys.Get(ctx, r.ID)
		if get != nil {
			return fmt.Errorf("retention: %w", get)
		}
		if len(rs) == 0 {
			return nil // deleted meanwhile
		}
		r = rs[0]
		return err
	})
	return changed, err
}

func (v *Vault) rewrapOnce(ctx context.Context, r Record) (bool, error) {
	place := Compartment(r.ID[strings.LastIndexByte(r.ID, '/')+1:])
	var (
		w   *crypto.WrappedKey
		cc  crypto.Context
		enc func() []byte
	)
	if strings.HasPrefix(r.ID, dayPrefix) {
		k, err := decodeDay(r)
		if err != nil {
			return false, err
		}
		w, enc = &k.wrapped, k.encode
		cc = crypto.Context{Tenant: k.tenant, Compartment: string(place), Item: r.ID}
	} else {
		g, err := decodeGrant(r)
		if err != nil || g.dead() {
			return false, err
		}
		w, enc = &g.wrapped, g.encode
		cc = purposeContext(g.tenant, g.purpose)
	}
	if strings.HasPrefix(r.ID, grantPrefix) {
		g, err := decodeGrant(r)
		if err != nil {
			return false, err
		}
		grant, _, _ := strings.Cut(strings.TrimPrefix(r.ID, grantPrefix), "/")
		w, enc = &g.wrapped, g.encode
		cc = crypto.Context{Tenant: g.tenant, Subject: g.subject, Grant: grant, Purpose: g.purpose, Compartment: string(place)}
	}
	kek, ok := v.o.KEKs[place]
	if !ok {
		return false, ErrDamaged
	}
	fresh, changed, err := crypto.Rewrap(ctx, kek, *w, cc)
	if err != nil || !changed {
		return false, err
	}
	*w = fresh
	if err := v.disk.keys.Apply(ctx, Change{OpUpdate, Record{ID: r.ID, Version: r.Version, Due: r.Due, Body: enc()}}); err != nil {
		return false, fmt.Errorf("retention: rewrap: %w", err)
	}
	return true, nil
}
