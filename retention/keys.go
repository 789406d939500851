package retention

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
)

// The key that opens a basket is random and new with every version of the basket. It is wrapped twice: under the grant's key,
// so that it goes with the grant, and under the key of the day on which it expires, so that it goes with the day. Deleting it
// deletes the basket. What it is bound to has the expiry in it: one that was changed in the key store opens nothing.

// layers wraps under the grant's key and then, unless the thing never expires, under the day's.
type layers struct {
	grant, day crypto.DataKey
	forever    bool
}

var _ crypto.KEK = layers{}

func (l layers) ID() string { return "retention" }

func (l layers) Wrap(_ context.Context, key []byte, c crypto.Context) ([]byte, error) {
	inner, err := l.grant.Seal(nil, key, c)
	if err != nil || l.forever {
		return inner, err
	}
	return l.day.Seal(nil, inner, c)
}

func (l layers) Unwrap(_ context.Context, wrapped []byte, c crypto.Context) ([]byte, error) {
	if !l.forever {
		inner, err := l.day.Open(nil, wrapped, c)
		if err != nil {
			return nil, err
		}
		wrapped = inner
	}
	return l.grant.Open(nil, wrapped, c)
}

// basketContext is what a basket's key is bound to.
func (v *Vault) basketContext(ref Ref, place Compartment, c model.Category, token string, expires time.Time) crypto.Context {
	cc := v.context(ref, place)
	cc.Category = string(c)
	cc.Item = "key/" + token + "/" + strconv.FormatInt(expires.UnixMilli(), 10)
	return cc
}

// chunkContext is what a chunk is bound to: which one of how many it is of which version of which item.
func chunkContext(cc crypto.Context, token string, it item, chunk int) crypto.Context {
	var buf [192]byte
	b := append(buf[:0], token...)
	b = append(append(b, '/'), it.name...)
	b = append(append(b, '/'), it.id...)
	b = strconv.AppendInt(append(b, '/'), int64(chunk), 10)
	b = strconv.AppendInt(append(b, '/'), int64(it.chunks), 10)
	cc.Item, cc.Schema = string(b), it.schema
	return cc
}

// layersFor unwraps the keys over a basket. With make, the day's key is made when there is none; without, its absence means
// that the day is over somewhere: ErrExpired.
func (v *Vault) layersFor(ctx context.Context, ref Ref, g *grantRecord, place Compartment, expires time.Time, create bool) (l layers, err error) {
	if l.grant, err = v.unwrap(ctx, ref.Grant, place, g.wrapped, v.context(ref, place)); err != nil {
		return l, err
	}
	if l.forever = expires.Equal(Forever); l.forever {
		return l, nil
	}
	l.day, err = v.dayKey(ctx, place, expires, create)
	return l, err
}

// unwrap asks the KEK, or the cache.
func (v *Vault) unwrap(ctx context.Context, grant string, place Compartment, w crypto.WrappedKey, cc crypto.Context) (crypto.DataKey, error) {
	return v.cache.get(grant, w, cc, func() (crypto.DataKey, error) {
		return crypto.UnwrapDataKey(ctx, v.o.KEKs[place], w, cc)
	})
}

// dayKey returns the key of the day on which something expires.
func (v *Vault) dayKey(ctx context.Context, place Compartment, expires time.Time, create bool) (crypto.DataKey, error) {
	id := dayID(expires, place)
	cc := crypto.Context{Tenant: v.o.Tenant, Compartment: string(place), Item: id}
	for range 8 { // somebody else may make it, or delete it, meanwhile; a store that is always in conflict is not waited for
		rs, err := v.disk.keys.Get(ctx, id)
		if err != nil {
			return crypto.DataKey{}, fmt.Errorf("retention: %w", err)
		}
		if len(rs) == 1 {
			k, err := decodeDay(rs[0])
			if err != nil {
				return crypto.DataKey{}, err
			}
			return v.unwrap(ctx, "", place, k.wrapped, cc)
		}
		if !create {
			return crypto.DataKey{}, ErrExpired
		}
		k := &dayRecord{tenant: v.o.Tenant}
		if k.wrapped, err = v.newWrapped(ctx, place, cc); err != nil {
			return crypto.DataKey{}, err
		}
		err = v.disk.keys.Apply(ctx, Change{OpCreate, Record{ID: id, Due: dayEnd(expires), Body: k.encode()}})
		if err != nil && !errors.Is(err, ErrConflict) {
			return crypto.DataKey{}, fmt.Errorf("retention: day key: %w", err)
		}
	}
	return crypto.DataKey{}, fmt.Errorf("retention: day key: %w", ErrConflict)
}

// basketKey unwraps the key of a live basket. It is found in the cache by its wrapped form, which the caller has just read from
// the key store: a key that was destroyed, or replaced, is never found.
func (v *Vault) basketKey(ctx context.Context, ref Ref, g *grantRecord, token string, b *basket) (crypto.DataKey, crypto.Context, error) {
	place, err := CompartmentOf(b.category)
	if err != nil {
		return crypto.DataKey{}, crypto.Context{}, err
	}
	cc := v.basketContext(ref, place, b.category, token, b.expires)
	k, err := v.cache.get(ref.Grant, b.key, cc, func() (crypto.DataKey, error) {
		l, err := v.layersFor(ctx, ref, g, place, b.expires, false)
		if err != nil {
			return crypto.DataKey{}, err
		}
		return crypto.UnwrapDataKey(ctx, l, b.key, cc)
	})
	return k, cc, err
}

// keyCache remembers unwrapped keys for a short time, by their wrapped form and context: both must be the same.
type keyCache struct {
	life time.Duration
	mu   sync.Mutex
	m    map[string]cachedKey
}

type cachedKey struct {
	key   crypto.DataKey
	grant string
	until time.Time
}

// cacheSize bounds the number of keys in memory.
const cacheSize = 4096

func newKeyCache(life time.Duration) *keyCache {
	return &keyCache{life: life, m: make(map[string]cachedKey)}
}

// get returns the key for a wrapped form and context, and makes it when it is not there. The cached keys are not wiped while
// they may be in use: they are forgotten.
func (kc *keyCache) get(grant string, wrapped []byte, cc crypto.Context, open func() (crypto.DataKey, error)) (crypto.DataKey, error) {
	if kc.life < 0 {
		return open()
	}
	var buf [1024]byte
	id, err := cc.AppendBinary(buf[:0])
	if err != nil {
		return crypto.DataKey{}, err
	}
	id = append(id, wrapped...)
	now := time.Now()
	kc.mu.Lock()
	c, ok := kc.m[string(id)]
	kc.mu.Unlock()
	if ok && now.Before(c.until) {
		return c.key, nil
	}
	k, err := open()
	if err != nil {
		return k, err
	}
	kc.mu.Lock()
	defer kc.mu.Unlock()
	if len(kc.m) >= cacheSize {
		kc.evict(now)
	}
	kc.m[string(id)] = cachedKey{k, grant, now.Add(kc.life)}
	return k, nil
}

// evict forgets what is over its time, and some of the rest when that was not enough.
func (kc *keyCache) evict(now time.Time) {
	for id, c := range kc.m {
		if !now.Before(c.until) {
			delete(kc.m, id)
		}
	}
	for id := range kc.m {
		if len(kc.m) < cacheSize*3/4 {
			break
		}
		delete(kc.m, id)
	}
}

// old forgets what is over its time.
func (kc *keyCache) old() {
	now := time.Now()
	kc.clear(func(c cachedKey) bool { return !now.Before(c.until) })
}

// clear wipes and forgets keys: all of them, or those that which says. A read that is using one of them at this moment fails.
func (kc *keyCache) clear(which func(cachedKey) bool) {
	kc.mu.Lock()
	defer kc.mu.Unlock()
	for id, c := range kc.m {
		if which == nil || which(c) {
			c.key.Wipe()
			delete(kc.m, id)
		}
	}
}

// drop forgets the keys of a grant.
func (kc *keyCache) drop(grant string) { kc.clear(func(c cachedKey) bool { return c.grant == grant }) }
