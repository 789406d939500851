// Package cryptotest checks a host's implementations of the interfaces of package crypto. It is for tests only.
package cryptotest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
)

// KEKOptions say what an implementation cannot do. The zero value demands everything.
type KEKOptions struct {
	// IgnoresContext is for a service without an encryption context. crypto.DataKey binds the context all the same,
	// which is then checked alone.
	IgnoresContext bool
}

// KEK runs the conformance suite for crypto.KEK. newKEK returns a KEK for a new key, which no other call returned; the suite asks
// for a few. Everything that it wraps is random. o may be nil.
//
//	func TestMyKMS(t *testing.T) {
//		cryptotest.KEK(t, func(t *testing.T) crypto.KEK { return newTestKMS(t) }, nil)
//	}
func KEK(t *testing.T, newKEK func(t *testing.T) crypto.KEK, o *KEKOptions) {
	t.Helper()
	if o == nil {
		o = &KEKOptions{}
	}
	rules := []struct {
		name  string
		check func(t *testing.T, k crypto.KEK)
	}{
		{"id is stable and not empty", checkID},
		{"every length comes back", checkLengths},
		{"neither input is changed", checkInputs},
		{"the result belongs to the caller", checkOwnership},
		{"the key does not show", checkHidden},
		{"every byte and every cut matters", checkTampering},
		{"an ended context ends the call", checkCancelled},
		{"concurrent use", checkConcurrent},
		{"data keys wrap, bound to their context", checkDataKey},
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) { r.check(t, newKEK(t)) })
	}
	if !o.IgnoresContext {
		t.Run("the context is bound", func(t *testing.T) { checkContext(t, newKEK(t)) })
	}
	t.Run("another key does not open", func(t *testing.T) {
		a, b := newKEK(t), newKEK(t)
		require.NotEqual(t, a.ID(), b.ID(), "two keys have one ID")
		wrapped, err := a.Wrap(t.Context(), random(t, 32), context1())
		require.NoError(t, err)
		_, err = b.Unwrap(t.Context(), wrapped, context1())
		require.ErrorIs(t, err, crypto.ErrOpen)
	})
}

func checkID(t *testing.T, k crypto.KEK) {
	id := k.ID()
	require.NotEmpty(t, id)
	_, err := k.Wrap(t.Context(), random(t, 32), context1())
	require.NoError(t, err)
	require.Equal(t, id, k.ID())
}

func checkLengths(t *testing.T, k crypto.KEK) {
	for _, n := range []int{1, 16, 32, 48, crypto.MaxWrap} {
		key := random(t, n)
		wrapped, err := k.Wrap(t.Context(), key, context1())
		require.NoError(t, err, "wrap %d bytes", n)
		got, err := k.Unwrap(t.Context(), wrapped, context1())
		require.NoError(t, err, "unwrap %d bytes", n)
		require.True(t, bytes.Equal(key, got), "%d bytes came back changed", n)
	}
}

func checkInputs(t *testing.T, k crypto.KEK) {
	key := random(t, 32)
	keep := slices.Clone(key)
	wrapped, err := k.Wrap(t.Context(), key, context1())
	require.NoError(t, err)
	require.True(t, bytes.Equal(keep, key), "Wrap changed the key")
	keep = slices.Clone(wrapped)
	_, err = k.Unwrap(t.Context(), wrapped, context1())
	require.NoError(t, err)
	require.True(t, bytes.Equal(keep, wrapped), "Unwrap changed its input")
}

// checkOwnership wipes what it gave and got, as package crypto does, and expects the KEK not to notice.
func checkOwnership(t *testing.T, k crypto.KEK) {
	key := random(t, 32)
	keep := slices.Clone(key)
	wrapped, err := k.Wrap(t.Context(), key, context1())
	require.NoError(t, err)
	clear(key)
	first, err := k.Unwrap(t.Context(), wrapped, context1())
	require.NoError(t, err)
	require.True(t, bytes.Equal(keep, first), "Wrap kept its argument")
	clear(first)
	second, err := k.Unwrap(t.Context(), wrapped, context1())
	require.NoError(t, err)
	require.True(t, bytes.Equal(keep, second), "Unwrap returned memory that it keeps")
}

func checkHidden(t *testing.T, k crypto.KEK) {
	key := random(t, 32)
	a, err := k.Wrap(t.Context(), key, context1())
	require.NoError(t, err)
	for i := range len(key) - 7 {
		require.False(t, bytes.Contains(a, key[i:i+8]), "eight bytes of the key are in its wrapped form")
	}
}

func checkTampering(t *testing.T, k crypto.KEK) {
	wrapped, err := k.Wrap(t.Context(), random(t, 32), context1())
	require.NoError(t, err)
	refused := func(b []byte, what string, i int) {
		_, err := k.Unwrap(t.Context(), b, context1())
		require.Error(t, err, "%s %d opens", what, i)
		// A changed version number may lead to a version that is not accepted: refused as well.
		assert.True(t, errors.Is(err, crypto.ErrOpen) || errors.Is(err, crypto.ErrKeyVersion) || errors.Is(err, crypto.ErrShredded),
			"%s %d: the error does not wrap ErrOpen", what, i)
	}
	for i := range wrapped {
		bad := slices.Clone(wrapped)
		bad[i] ^= 1 << (i % 8)
		refused(bad, "changed byte", i)
		refused(wrapped[:i], "cut at", i)
	}
	refused(append(slices.Clone(wrapped), 0), "a byte appended at", len(wrapped))
	refused(nil, "nothing", 0)
}

func checkCancelled(t *testing.T, k crypto.KEK) {
	wrapped, err := k.Wrap(t.Context(), random(t, 32), context1())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = k.Wrap(ctx, random(t, 32), context1())
	require.ErrorIs(t, err, context.Canceled)
	_, err = k.Unwrap(ctx, wrapped, context1())
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, crypto.ErrOpen, "an interruption is not a refusal")
}

func checkConcurrent(t *testing.T, k crypto.KEK) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			key := random(t, 32)
			c := context1()
			c.Grant = fmt.Sprint("grant-", i)
			wrapped, err := k.Wrap(t.Context(), key, c)
			if !assert.NoError(t, err) {
				return
			}
			got, err := k.Unwrap(t.Context(), wrapped, c)
			assert.NoError(t, err)
			assert.True(t, bytes.Equal(key, got))
		})
	}
	wg.Wait()
}

func checkContext(t *testing.T, k crypto.KEK) {
	wrapped, err := k.Wrap(t.Context(), random(t, 32), context1())
	require.NoError(t, err)
	for name, c := range otherContexts() {
		_, err := k.Unwrap(t.Context(), wrapped, c)
		require.ErrorIs(t, err, crypto.ErrOpen, "opens with another %s", name)
	}
}

func checkDataKey(t *testing.T, k crypto.KEK) {
	key, err := crypto.NewDataKey()
	require.NoError(t, err)
	sealed, err := key.Seal(nil, []byte("value"), context1())
	require.NoError(t, err)
	wrapped, err := key.Wrap(t.Context(), k, context1())
	require.NoError(t, err)
	again, err := crypto.UnwrapDataKey(t.Context(), k, wrapped, context1())
	require.NoError(t, err)
	got, err := again.Open(nil, sealed, context1())
	require.NoError(t, err)
	require.Equal(t, "value", string(got))
	for name, c := range otherContexts() {
		_, err := crypto.UnwrapDataKey(t.Context(), k, wrapped, c)
		require.Error(t, err, "data key unwraps with another %s", name)
	}
}

func context1() crypto.Context {
	return crypto.Context{
		Tenant: "tenant", Subject: "subject", Grant: "grant", Purpose: "purpose",
		Category: "category", Compartment: "compartment", Item: "item", Schema: 1,
	}
}

// otherContexts changes each field alone.
func otherContexts() map[string]crypto.Context {
	m := make(map[string]crypto.Context)
	for name, change := range map[string]func(*crypto.Context){
		"tenant":      func(c *crypto.Context) { c.Tenant = "x" },
		"subject":     func(c *crypto.Context) { c.Subject = "x" },
		"grant":       func(c *crypto.Context) { c.Grant = "x" },
		"purpose":     func(c *crypto.Context) { c.Purpose = "x" },
		"category":    func(c *crypto.Context) { c.Category = "x" },
		"compartment": func(c *crypto.Context) { c.Compartment = "x" },
		"item":        func(c *crypto.Context) { c.Item = "x" },
		"schema":      func(c *crypto.Context) { c.Schema = 2 },
	} {
		c := context1()
		change(&c)
		m[name] = c
	}
	return m
}

func random(t *testing.T, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	_, err := rand.Read(b)
	assert.NoError(t, err)
	return b
}
