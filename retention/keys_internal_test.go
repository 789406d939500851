package retention

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
)

// TestContextsTellEverythingApart: what a key or a chunk is bound to differs in each of its parts, above all in the expiry, so that
// nothing that was moved or changed in a store opens.
func TestContextsTellEverythingApart(t *testing.T) {
	t.Parallel()
	v := &Vault{o: Options{Tenant: "tenant-1"}}
	ref := Ref{Subject: "s", Grant: "g", Purpose: "p", Link: "l"}
	at := time.UnixMilli(1_772_355_600_123).UTC()
	key := v.basketContext(ref, Identity, model.CategoryPerson, "token", at)
	it := item{name: "n", id: "i", schema: 1, chunks: 2}
	other := &Vault{o: Options{Tenant: "tenant-2"}}
	seen := map[string]string{}
	for name, c := range map[string]crypto.Context{
		"key":      key,
		"tenant":   other.basketContext(ref, Identity, model.CategoryPerson, "token", at),
		"subject":  v.basketContext(Ref{Subject: "x", Grant: "g", Purpose: "p"}, Identity, model.CategoryPerson, "token", at),
		"grant":    v.basketContext(Ref{Subject: "s", Grant: "x", Purpose: "p"}, Identity, model.CategoryPerson, "token", at),
		"purpose":  v.basketContext(Ref{Subject: "s", Grant: "g", Purpose: "x"}, Identity, model.CategoryPerson, "token", at),
		"place":    v.basketContext(ref, Financial, model.CategoryPerson, "token", at),
		"category": v.basketContext(ref, Identity, model.CategoryAddress, "token", at),
		"link":     v.basketContext(ref, Identity, model.CategoryPerson, "other", at),
		"expiry":   v.basketContext(ref, Identity, model.CategoryPerson, "token", at.Add(time.Millisecond)),

		"chunk":         chunkContext(key, "token", it, 0),
		"next chunk":    chunkContext(key, "token", it, 1),
		"chunk's link":  chunkContext(key, "other", it, 0),
		"chunk's name":  chunkContext(key, "token", item{name: "x", id: "i", schema: 1, chunks: 2}, 0),
		"chunk's item":  chunkContext(key, "token", item{name: "n", id: "x", schema: 1, chunks: 2}, 0),
		"schema":        chunkContext(key, "token", item{name: "n", id: "i", schema: 2, chunks: 2}, 0),
		"how many more": chunkContext(key, "token", item{name: "n", id: "i", schema: 1, chunks: 3}, 0),
	} {
		b, err := c.AppendBinary(nil)
		require.NoError(t, err)
		assert.Empty(t, seen[string(b)], "%s is as %s", name, seen[string(b)])
		seen[string(b)] = name
	}
}

func TestKeyCache(t *testing.T) {
	t.Parallel()
	asked := 0
	get := func(kc *keyCache, grant, wrapped string) crypto.DataKey {
		t.Helper()
		k, err := kc.get(grant, []byte(wrapped), crypto.Context{Grant: grant}, func() (crypto.DataKey, error) { asked++; return crypto.NewDataKey() })
		require.NoError(t, err)
		return k
	}
	usable := func(k crypto.DataKey) bool {
		_, err := k.Seal(nil, []byte("x"), crypto.Context{})
		return err == nil
	}
	kc := newKeyCache(time.Hour)
	one, two := get(kc, "g1", "w"), get(kc, "g2", "w")
	get(kc, "g1", "w")
	assert.Equal(t, 2, asked, "asked once for each context and wrapped form")
	get(kc, "g1", "v")
	assert.Equal(t, 3, asked)
	_, err := kc.get("g3", nil, crypto.Context{}, func() (crypto.DataKey, error) { return crypto.DataKey{}, errors.New("down") })
	require.Error(t, err)
	assert.Len(t, kc.m, 3, "a failure is not remembered")

	kc.old()
	assert.Len(t, kc.m, 3, "none is over its time")
	kc.drop("g1")
	assert.Len(t, kc.m, 1)
	assert.False(t, usable(one), "wiped")
	assert.True(t, usable(two), "another grant's")
	for id, c := range kc.m {
		c.until = time.Now().Add(-time.Second)
		kc.m[id] = c
	}
	get(kc, "g2", "w")
	assert.Equal(t, 4, asked, "what is over its time is asked for again")
	for id, c := range kc.m {
		c.until = time.Now().Add(-time.Second)
		kc.m[id] = c
	}
	kc.old()
	assert.Empty(t, kc.m)

	for n := range cacheSize + 10 {
		kc.m[fmt.Sprint(n)] = cachedKey{until: time.Now().Add(time.Hour)}
	}
	get(kc, "g1", "w")
	assert.LessOrEqual(t, len(kc.m), cacheSize, "there is an end to it")

	asked = 0
	none := newKeyCache(-1)
	get(none, "g1", "w")
	get(none, "g1", "w")
	assert.Equal(t, 2, asked)
	assert.Empty(t, none.m)
}

// memoryVault is a vault of a test inside the package, over stores in memory.
func memoryVault(t *testing.T, now *time.Time) (*Vault, *MemoryKeyStore) {
	t.Helper()
	kek, _, err := crypto.GenerateLocalKEK()
	require.NoError(t, err)
	keys := NewMemoryKeyStore()
	v, err := New(NewMemoryStore(), keys, kek, NoRecorder{}, &Options{Now: func() time.Time { return *now }})
	require.NoError(t, err)
	return v, keys
}

// TestNoKeyStaysInMemory: a deletion takes the keys out of this process's memory too, also those that a read has just put there.
func TestNoKeyStaysInMemory(t *testing.T) {
	t.Parallel()
	a := Access{Actor: "a", Role: "r", Reason: "why"}
	ref := Ref{Grant: "g", Link: "l"}
	for name, del := range map[string]func(v *Vault) error{
		"destroy": func(v *Vault) error { return v.DestroyGrant(t.Context(), ref.Grant) },
		"grant":   func(v *Vault) error { _, err := v.DeleteGrant(t.Context(), a, ref.Grant); return err },
		"link":    func(v *Vault) error { _, err := v.DeleteLink(t.Context(), a, ref.Grant, ref.Link); return err },
		"category": func(v *Vault) error {
			_, err := v.DeleteCategory(t.Context(), a, ref.Grant, ref.Link, model.CategoryPerson)
			return err
		},
		"close": func(v *Vault) error { v.Close(); return nil },
	} {
		now := time.UnixMilli(1_772_355_600_000)
		v, _ := memoryVault(t, &now)
		require.NoError(t, v.CreateLink(t.Context(), ref, Policy{}))
		require.NoError(t, v.Keep(t.Context(), ref, []Content{{Category: model.CategoryPerson, Body: []byte("who")}}, nil))
		_, err := v.Read(t.Context(), a, ref, model.CategoryPerson)
		require.NoError(t, err)
		require.NotEmpty(t, v.cache.m)
		require.NoError(t, del(v), name)
		for _, c := range v.cache.m {
			assert.NotEqual(t, ref.Grant, c.grant, name)
		}
	}
}

// TestExpiredKeysAreForgotten: the next writing takes the key of what expired out of the link's record; it does not wait for a sweep
// of the day.
func TestExpiredKeysAreForgotten(t *testing.T) {
	t.Parallel()
	ref := Ref{Grant: "g", Link: "l"}
	now := time.UnixMilli(1_772_355_600_000)
	v, keys := memoryVault(t, &now)
	require.NoError(t, v.CreateLink(t.Context(), ref, Policy{Lives: map[model.Category]time.Duration{model.CategoryPerson: day}}))
	require.NoError(t, v.Keep(t.Context(), ref, []Content{{Category: model.CategoryPerson, Body: []byte("who")}}, nil))
	record := func() *basket {
		rs, err := keys.Get(t.Context(), linkID(ref.Grant, ref.Link))
		require.NoError(t, err)
		l, err := decodeLink(rs[0])
		require.NoError(t, err)
		return l.basket(model.CategoryPerson)
	}
	require.NotEmpty(t, record().key)
	now = now.Add(day)
	require.NoError(t, v.Keep(t.Context(), ref, []Content{{Category: model.CategoryBalance, Body: []byte("how much")}}, nil))
	b := record()
	assert.Equal(t, basketExpired, b.state)
	assert.Empty(t, b.key)
	assert.Empty(t, b.items)
}
