package crypto_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/crypto/cryptotest"
)

func TestKEKConformance(t *testing.T) {
	t.Parallel()
	t.Run("local", func(t *testing.T) {
		t.Parallel()
		cryptotest.KEK(t, func(t *testing.T) crypto.KEK { return newLocalKEK(t) }, nil)
	})
	t.Run("keyring", func(t *testing.T) {
		t.Parallel()
		cryptotest.KEK(t, func(t *testing.T) crypto.KEK {
			ring, err := crypto.NewKeyring(7, newLocalKEK(t))
			require.NoError(t, err)
			return ring
		}, nil)
	})
	t.Run("context-less", func(t *testing.T) {
		t.Parallel()
		cryptotest.KEK(t, func(t *testing.T) crypto.KEK { return contextless{newLocalKEK(t)} },
			&cryptotest.KEKOptions{IgnoresContext: true})
	})
}

// contextless stands for an HSM whose key wrap has no additional data.
type contextless struct{ *crypto.LocalKEK }

func (k contextless) Wrap(ctx context.Context, key []byte, _ crypto.Context) ([]byte, error) {
	return k.LocalKEK.Wrap(ctx, key, crypto.Context{})
}

func (k contextless) Unwrap(ctx context.Context, w []byte, _ crypto.Context) ([]byte, error) {
	return k.LocalKEK.Unwrap(ctx, w, crypto.Context{})
}

func TestWrappedKeyIsBound(t *testing.T) {
	t.Parallel()
	local := newLocalKEK(t)
	for name, kek := range map[string]crypto.KEK{"context in the KEK": local, "context in the payload only": contextless{local}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := newKey(t)
			w, err := key.Wrap(t.Context(), kek, fullContext())
			require.NoError(t, err)
			id, err := w.KeyID()
			require.NoError(t, err)
			require.Equal(t, key.ID(), id)
			require.False(t, id.IsZero())
			require.True(t, crypto.DataKey{}.ID().IsZero())
			for what, c := range changedContexts(fullContext()) {
				_, err := crypto.UnwrapDataKey(t.Context(), kek, w, c)
				require.Equal(t, crypto.ErrOpen, err, what)
			}
			for i := range len(w) * 8 {
				bad := bytes.Clone(w)
				bad[i/8] ^= 1 << (i % 8)
				_, err := crypto.UnwrapDataKey(t.Context(), kek, bad, fullContext())
				require.Equal(t, crypto.ErrOpen, err, "bit %d", i)
			}
			for i := range w {
				_, err := crypto.UnwrapDataKey(t.Context(), kek, w[:i], fullContext())
				require.Equal(t, crypto.ErrOpen, err, "cut at %d", i)
			}
			_, err = crypto.UnwrapDataKey(t.Context(), kek, append(bytes.Clone(w), 0), fullContext())
			require.Equal(t, crypto.ErrOpen, err)
		})
	}
}

// outage is a KEK whose service does not answer.
type outage struct{ err error }

func (outage) ID() string { return "outage" }
func (o outage) Wrap(context.Context, []byte, crypto.Context) ([]byte, error) {
	return nil, o.err
}
func (o outage) Unwrap(context.Context, []byte, crypto.Context) ([]byte, error) { return nil, o.err }

func TestKEKErrorsKeepTheirKind(t *testing.T) {
	t.Parallel()
	w, err := newKey(t).Wrap(t.Context(), newLocalKEK(t), fullContext())
	require.NoError(t, err)
	unavailable := errors.New("service unavailable")
	for _, want := range []error{unavailable, crypto.ErrShredded, crypto.ErrKeyVersion, context.DeadlineExceeded} {
		_, err := crypto.UnwrapDataKey(t.Context(), outage{want}, w, fullContext())
		require.ErrorIs(t, err, want)
		require.NotErrorIs(t, err, crypto.ErrOpen)
		_, err = newKey(t).Wrap(t.Context(), outage{want}, fullContext())
		require.ErrorIs(t, err, want)
	}
	// A refusal is the one value, whatever the implementation wrapped around it.
	_, err = crypto.UnwrapDataKey(t.Context(), outage{fmt.Errorf("kms: detail: %w", crypto.ErrOpen)}, w, fullContext())
	require.Equal(t, crypto.ErrOpen, err)
	_, err = crypto.UnwrapDataKey(t.Context(), nil, w, fullContext())
	require.ErrorIs(t, err, crypto.ErrInvalid)
	_, err = crypto.DataKey{}.Wrap(t.Context(), newLocalKEK(t), fullContext())
	require.ErrorIs(t, err, crypto.ErrNoSecret)
}

func TestLocalKEK(t *testing.T) {
	t.Parallel()
	_, err := crypto.NewLocalKEK(crypto.NewSecret(make([]byte, 31)))
	require.ErrorIs(t, err, crypto.ErrInvalid)
	_, err = crypto.NewLocalKEK(crypto.Secret{})
	require.ErrorIs(t, err, crypto.ErrNoSecret)

	a, secret, err := crypto.GenerateLocalKEK()
	require.NoError(t, err)
	b, err := crypto.NewLocalKEK(secret)
	require.NoError(t, err)
	secret.Wipe() // the KEKs hold copies
	require.Equal(t, a.ID(), b.ID())
	w, err := newKey(t).Wrap(t.Context(), a, fullContext())
	require.NoError(t, err)
	_, err = crypto.UnwrapDataKey(t.Context(), b, w, fullContext())
	require.NoError(t, err)
	_, err = a.Wrap(t.Context(), make([]byte, crypto.MaxWrap+1), fullContext())
	require.ErrorIs(t, err, crypto.ErrInvalid)

	b.Destroy()
	_, err = crypto.UnwrapDataKey(t.Context(), b, w, fullContext())
	require.ErrorIs(t, err, crypto.ErrShredded)
	_, err = newKey(t).Wrap(t.Context(), b, fullContext())
	require.ErrorIs(t, err, crypto.ErrShredded)
	_, err = crypto.UnwrapDataKey(t.Context(), a, w, fullContext())
	require.NoError(t, err, "another copy of the key is another KEK")
}

func TestKeyringRotation(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := fullContext()
	v1, v2 := newLocalKEK(t), newLocalKEK(t)
	ring, err := crypto.NewKeyring(1, v1)
	require.NoError(t, err)
	require.Equal(t, v1.ID(), ring.ID())

	key := newKey(t)
	sealed, err := key.Seal(nil, []byte("data stays"), c)
	require.NoError(t, err)
	old, err := key.Wrap(ctx, ring, c)
	require.NoError(t, err)
	same, changed, err := crypto.Rewrap(ctx, ring, old, c)
	require.NoError(t, err)
	require.False(t, changed)
	require.Equal(t, old, same)

	require.NoError(t, ring.Add(2, v2))
	require.ErrorIs(t, ring.SetMinVersion(2), crypto.ErrInvalid, "minimum above the primary")
	require.NoError(t, ring.SetPrimary(2))
	require.EqualValues(t, 2, ring.Primary())
	require.Equal(t, v2.ID(), ring.ID())
	_, err = crypto.UnwrapDataKey(ctx, ring, old, c)
	require.NoError(t, err, "the old version still unwraps")

	fresh, changed, err := crypto.Rewrap(ctx, ring, old, c)
	require.NoError(t, err)
	require.True(t, changed)
	again, changed, err := crypto.Rewrap(ctx, ring, fresh, c)
	require.NoError(t, err)
	require.False(t, changed, "a second walk has nothing to do")
	require.Equal(t, fresh, again)
	got, err := crypto.UnwrapDataKey(ctx, ring, fresh, c)
	require.NoError(t, err)
	require.Equal(t, key.ID(), got.ID())
	plain, err := got.Open(nil, sealed, c)
	require.NoError(t, err)
	require.Equal(t, "data stays", string(plain))

	require.NoError(t, ring.SetMinVersion(2))
	require.ErrorIs(t, ring.SetMinVersion(1), crypto.ErrInvalid, "the minimum never goes down")
	_, err = crypto.UnwrapDataKey(ctx, ring, old, c)
	require.ErrorIs(t, err, crypto.ErrKeyVersion)
	_, _, err = crypto.Rewrap(ctx, ring, old, c)
	require.ErrorIs(t, err, crypto.ErrKeyVersion, "a restored old key is not rewrapped either")
	require.ErrorIs(t, ring.SetPrimary(1), crypto.ErrKeyVersion)
	// The version number in the clear is worth nothing by itself.
	forged := bytes.Clone(old)
	forged[20+3] = 2
	_, err = crypto.UnwrapDataKey(ctx, ring, forged, c)
	require.Equal(t, crypto.ErrOpen, err)

	require.NoError(t, ring.Destroy(1))
	_, err = crypto.UnwrapDataKey(ctx, ring, old, c)
	require.ErrorIs(t, err, crypto.ErrShredded)
	require.ErrorIs(t, ring.Destroy(2), crypto.ErrInvalid)
	require.ErrorIs(t, ring.SetPrimary(1), crypto.ErrShredded)
	require.ErrorIs(t, ring.SetPrimary(9), crypto.ErrKeyVersion)
	require.Equal(t, []uint32{2}, ring.Versions())
	require.EqualValues(t, 2, ring.MinVersion())
}

func TestKeyringRefusals(t *testing.T) {
	t.Parallel()
	k := newLocalKEK(t)
	_, err := crypto.NewKeyring(0, k)
	require.ErrorIs(t, err, crypto.ErrInvalid)
	_, err = crypto.NewKeyring(1, nil)
	require.ErrorIs(t, err, crypto.ErrInvalid)
	ring, err := crypto.NewKeyring(1, k)
	require.NoError(t, err)
	require.ErrorIs(t, ring.Add(1, newLocalKEK(t)), crypto.ErrInvalid, "version taken")
	require.ErrorIs(t, ring.Add(2, k), crypto.ErrInvalid, "one key under two versions would defeat the minimum")
	require.NoError(t, ring.Destroy(3), "a version destroyed before this process started")
	require.ErrorIs(t, ring.Add(3, newLocalKEK(t)), crypto.ErrInvalid, "destroyed is final")
	_, err = ring.Unwrap(t.Context(), []byte{0, 0, 0, 9, 1}, fullContext())
	require.ErrorIs(t, err, crypto.ErrKeyVersion)
	require.True(t, ring.Stale(t.Context(), nil, fullContext()))
	require.ErrorIs(t, ring.Destroy(0), crypto.ErrInvalid, "the number of no version")
	_, err = k.Wrap(t.Context(), nil, fullContext())
	require.ErrorIs(t, err, crypto.ErrInvalid)
	_, err = k.Unwrap(t.Context(), make([]byte, crypto.Overhead+crypto.MaxWrap+1), fullContext())
	require.ErrorIs(t, err, crypto.ErrOpen)
	require.False(t, ring.Stale(t.Context(), []byte{0, 0, 0, 1, 1}, fullContext()), "a local key does not rotate")
	require.NoError(t, ring.Destroy(9))
	for _, v := range []uint32{7, 4, 6, 5} {
		require.NoError(t, ring.Add(v, newLocalKEK(t)))
	}
	require.Equal(t, []uint32{1, 4, 5, 6, 7}, ring.Versions(), "in order, without those that are destroyed")

	// A ring within a ring: what the inner one would wrap anew is stale outside as well.
	first, err := ring.Wrap(t.Context(), []byte("key"), fullContext())
	require.NoError(t, err)
	outer, err := crypto.NewKeyring(1, ring)
	require.NoError(t, err)
	w := append([]byte{0, 0, 0, 1}, first...)
	require.False(t, outer.Stale(t.Context(), w, fullContext()))
	require.NoError(t, ring.SetPrimary(4))
	require.True(t, outer.Stale(t.Context(), w, fullContext()))
}

// TestKeyringProperty drives a ring with random operations against a model: exactly one primary that is never below the
// minimum and never destroyed, and each wrapped key opens exactly when the model says so.
func TestKeyringProperty(t *testing.T) {
	t.Parallel()
	var keks []*crypto.LocalKEK
	for range 6 {
		keks = append(keks, newLocalKEK(t))
	}
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		ring, err := crypto.NewKeyring(1, keks[0])
		require.NoError(t, err)
		known, destroyed := map[uint32]bool{1: true}, map[uint32]bool{}
		primary, minimum := uint32(1), uint32(0)
		wrapped := map[uint32]crypto.WrappedKey{}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			v := uint32(rapid.IntRange(1, 6).Draw(t, "version"))
			switch rapid.SampledFrom([]string{"add", "primary", "minimum", "destroy", "wrap"}).Draw(t, "operation") {
			case "add":
				err := ring.Add(v, keks[v-1])
				require.Equal(t, !known[v] && !destroyed[v], err == nil)
				known[v] = known[v] || err == nil
			case "primary":
				err := ring.SetPrimary(v)
				require.Equal(t, known[v] && v >= minimum, err == nil)
				if err == nil {
					primary = v
				}
			case "minimum":
				err := ring.SetMinVersion(v)
				require.Equal(t, v >= minimum && v <= primary, err == nil)
				if err == nil {
					minimum = v
				}
			case "destroy":
				err := ring.Destroy(v)
				require.Equal(t, v != primary, err == nil)
				if err == nil {
					known[v], destroyed[v] = false, true
				}
			case "wrap":
				k, err := crypto.NewDataKey()
				require.NoError(t, err)
				wrapped[primary], err = k.Wrap(ctx, ring, crypto.Context{})
				require.NoError(t, err)
			}
			require.Equal(t, primary, ring.Primary())
			require.Contains(t, ring.Versions(), primary)
			require.GreaterOrEqual(t, primary, ring.MinVersion())
			for v, w := range wrapped {
				_, err := crypto.UnwrapDataKey(ctx, ring, w, crypto.Context{})
				switch {
				case destroyed[v]:
					require.ErrorIs(t, err, crypto.ErrShredded)
				case v < minimum:
					require.ErrorIs(t, err, crypto.ErrKeyVersion)
				default:
					require.NoError(t, err)
				}
			}
		}
	})
}

func TestKEKRouter(t *testing.T) {
	t.Parallel()
	_, err := crypto.NewKEKRouter(nil)
	require.ErrorIs(t, err, crypto.ErrInvalid)
	type place struct{ tenant, compartment string }
	var mu sync.Mutex
	keks := map[place]crypto.KEK{}
	router, err := crypto.NewKEKRouter(func(_ context.Context, tenant, compartment string) (crypto.KEK, error) {
		if tenant == "gone" {
			return nil, crypto.ErrShredded
		}
		if tenant == "none" {
			return nil, nil
		}
		mu.Lock()
		defer mu.Unlock()
		p := place{tenant, compartment}
		if keks[p] == nil {
			ring, err := crypto.NewKeyring(1, newLocalKEK(t))
			require.NoError(t, err)
			keks[p] = ring
		}
		return keks[p], nil
	})
	require.NoError(t, err)
	identity := crypto.Context{Tenant: "a", Compartment: "identity"}
	financial := crypto.Context{Tenant: "a", Compartment: "financial"}
	w, err := newKey(t).Wrap(t.Context(), router, identity)
	require.NoError(t, err)
	_, err = crypto.UnwrapDataKey(t.Context(), router, w, identity)
	require.NoError(t, err)
	_, err = crypto.UnwrapDataKey(t.Context(), router, w, financial)
	require.Equal(t, crypto.ErrOpen, err)
	require.Len(t, keks, 2, "each compartment has its own key")
	_, changed, err := crypto.Rewrap(t.Context(), router, w, identity)
	require.NoError(t, err)
	require.False(t, changed, "the router asks the keyring behind it")

	require.Equal(t, "router", router.ID())
	require.True(t, router.Stale(t.Context(), w, crypto.Context{Tenant: "gone"}), "its error is met, not skipped")
	_, _, err = crypto.Rewrap(t.Context(), router, w, crypto.Context{Tenant: "gone"})
	require.ErrorIs(t, err, crypto.ErrShredded)
	_, err = newKey(t).Wrap(t.Context(), router, crypto.Context{Tenant: "gone"})
	require.ErrorIs(t, err, crypto.ErrShredded)
	_, err = crypto.UnwrapDataKey(t.Context(), router, w, crypto.Context{Tenant: "gone"})
	require.ErrorIs(t, err, crypto.ErrShredded)
	_, err = crypto.UnwrapDataKey(t.Context(), router, w, crypto.Context{Tenant: "none"})
	require.ErrorIs(t, err, crypto.ErrInvalid)
}

func TestPseudonym(t *testing.T) {
	t.Parallel()
	k := newKey(t)
	name := func(k crypto.DataKey, purpose, recipient, subject string) string {
		p, err := k.Pseudonym(purpose, recipient, subject)
		require.NoError(t, err)
		require.Len(t, p, 64)
		return p
	}
	base := name(k, "mortgage", "bank", "subject-1")
	require.Equal(t, base, name(k, "mortgage", "bank", "subject-1"), "stable")
	seen := map[string]string{base: "base"}
	for what, p := range map[string]string{
		"another subject":   name(k, "mortgage", "bank", "subject-2"),
		"another recipient": name(k, "mortgage", "broker", "subject-1"),
		"another purpose":   name(k, "rent", "bank", "subject-1"),
		"border moved":      name(k, "mortgageb", "ank", "subject-1"),
		"another key":       name(newKey(t), "mortgage", "bank", "subject-1"),
	} {
		require.NotContains(t, seen, p, what)
		seen[p] = what
	}

	// Stored like any key; destroyed, the name cannot be made again.
	kek := newLocalKEK(t)
	w, err := k.Wrap(t.Context(), kek, fullContext())
	require.NoError(t, err)
	again, err := crypto.UnwrapDataKey(t.Context(), kek, w, fullContext())
	require.NoError(t, err)
	require.Equal(t, base, name(again, "mortgage", "bank", "subject-1"))
	again.Wipe()
	_, err = again.Pseudonym("mortgage", "bank", "subject-1")
	require.ErrorIs(t, err, crypto.ErrNoSecret)
	kek.Destroy()
	_, err = crypto.UnwrapDataKey(t.Context(), kek, w, fullContext())
	require.ErrorIs(t, err, crypto.ErrShredded)

	for _, args := range [][3]string{{"", "b", "c"}, {"a", "", "c"}, {"a", "b", ""}} {
		_, err := k.Pseudonym(args[0], args[1], args[2])
		assert.ErrorIs(t, err, crypto.ErrInvalid)
	}
}

// zeroGCM is bare AES-256-GCM for comparisons.
func zeroGCM(t testing.TB, key []byte) cipher.AEAD {
	t.Helper()
	block, err := aes.NewCipher(key)
	require.NoError(t, err)
	aead, err := cipher.NewGCM(block)
	require.NoError(t, err)
	return aead
}
