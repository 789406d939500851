package retention_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

var errFault = errors.New("disk full")

// faults counts the calls of several stores and fails the n-th: before it has any effect, or after.
type faults struct {
	mu    sync.Mutex
	calls int
	at    int
	after bool
	// seen is everything that was ever handed to a store or came out of it as an error.
	seen bytes.Buffer
}

func (f *faults) call(do func() error) error {
	f.mu.Lock()
	f.calls++
	hit := f.calls == f.at
	f.mu.Unlock()
	if hit && !f.after {
		return errFault
	}
	err := do()
	if hit {
		return errFault
	}
	return err
}

func (f *faults) keep(parts ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range parts {
		if b, ok := p.([]byte); ok {
			f.seen.Write(b)
		}
		fmt.Fprintf(&f.seen, "%v|", p)
	}
}

type faultyStore struct {
	retention.Store
	f *faults
}

func (s faultyStore) Put(ctx context.Context, row retention.Row, sealed []byte) error {
	s.f.keep(row.Link, row.Item, sealed)
	return s.f.call(func() error { return s.Store.Put(ctx, row, sealed) })
}

func (s faultyStore) Get(ctx context.Context, row retention.Row) (b []byte, err error) {
	e := s.f.call(func() error { b, err = s.Store.Get(ctx, row); return err })
	if e != nil {
		b = nil
	}
	return b, e
}

func (s faultyStore) Delete(ctx context.Context, rows ...retention.Row) (n int, err error) {
	e := s.f.call(func() error { n, err = s.Store.Delete(ctx, rows...); return err })
	return n, e
}

func (s faultyStore) Expire(ctx context.Context, at time.Time, max int) (n int, err error) {
	e := s.f.call(func() error { n, err = s.Store.Expire(ctx, at, max); return err })
	return n, e
}

type faultyKeys struct {
	retention.KeyStore
	f *faults
}

func (s faultyKeys) Get(ctx context.Context, ids ...string) (rs []retention.Record, err error) {
	e := s.f.call(func() error { rs, err = s.KeyStore.Get(ctx, ids...); return err })
	if e != nil {
		rs = nil
	}
	return rs, e
}

func (s faultyKeys) List(ctx context.Context, prefix, after string, max int) (rs []retention.Record, err error) {
	e := s.f.call(func() error { rs, err = s.KeyStore.List(ctx, prefix, after, max); return err })
	if e != nil {
		rs = nil
	}
	return rs, e
}

func (s faultyKeys) Due(ctx context.Context, at time.Time, max int) (rs []retention.Record, err error) {
	e := s.f.call(func() error { rs, err = s.KeyStore.Due(ctx, at, max); return err })
	if e != nil {
		rs = nil
	}
	return rs, e
}

func (s faultyKeys) Apply(ctx context.Context, changes ...retention.Change) error {
	for _, c := range changes {
		s.f.keep(c.Record.ID, c.Record.Body)
	}
	return s.f.call(func() error { return s.KeyStore.Apply(ctx, changes...) })
}

type faultyKEK struct {
	*crypto.LocalKEK
	f *faults
}

func (k faultyKEK) Wrap(ctx context.Context, key []byte, c crypto.Context) (w []byte, err error) {
	e := k.f.call(func() error { w, err = k.LocalKEK.Wrap(ctx, key, c); return err })
	return w, e
}

func (k faultyKEK) Unwrap(ctx context.Context, wrapped []byte, c crypto.Context) (w []byte, err error) {
	e := k.f.call(func() error { w, err = k.LocalKEK.Unwrap(ctx, wrapped, c); return err })
	return w, e
}

// canaries are what must never be seen outside what a read returns.
var canaries = map[model.Category]string{
	model.CategoryPerson:      "CANARY-PERSON-Kanarie",
	model.CategoryTransaction: "CANARY-TRANSACTION-NL91",
	model.CategoryIncome:      "CANARY-INCOME-4711",
	retention.CategoryState:   "CANARY-TOKEN-refresh",
}

// hunt looks for a canary in what left the vault, plain and in common encodings.
func hunt(t *testing.T, what string, in []byte) {
	t.Helper()
	for _, c := range canaries {
		for _, form := range []string{c, base64.StdEncoding.EncodeToString([]byte(c))[:16], hex.EncodeToString([]byte(c))} {
			require.False(t, bytes.Contains(in, []byte(form)), "a canary is in %s", what)
		}
	}
}

// TestFaults drives a link's whole life with every single call to a store or the key service failing in turn, before or after it
// had its effect. Whatever fails: a second try succeeds, nothing is half there, and no canary is outside.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("after=%t", after), func(t *testing.T) {
			t.Parallel()
			for n := 1; ; n++ {
				f := &faults{at: n, after: after}
				faultyLife(t, f)
				if f.calls < n {
					t.Logf("each of %d calls failed", n-1)
					require.Greater(t, n, 60)
					return
				}
			}
		})
	}
}

func faultyLife(t *testing.T, f *faults) {
	ctx := t.Context()
	data, keys, now := retention.NewMemoryStore(), retention.NewMemoryKeyStore(), start
	kek, _, err := crypto.GenerateLocalKEK()
	require.NoError(t, err)
	recorder := &log{}
	v, err := retention.New(faultyStore{data, f}, faultyKeys{keys, f}, faultyKEK{kek, f}, recorder,
		&retention.Options{Tenant: "tenant-1", Now: func() time.Time { return now }, KeyLife: -1})
	require.NoError(t, err)
	// try does something until it succeeds: at most one call fails, so twice is enough.
	try := func(what string, do func() error) {
		for k := range 2 {
			err := do()
			if err == nil {
				return
			}
			hunt(t, "an error", []byte(err.Error()+fmt.Sprintf("%+v %#v", err, err)))
			require.ErrorIs(t, err, errFault, "%s, try %d", what, k)
		}
		require.Fail(t, "failed twice", what)
	}
	kept := []retention.Content{
		content(model.CategoryPerson, canaries[model.CategoryPerson]),
		content(model.CategoryTransaction, canaries[model.CategoryTransaction]),
		content(model.CategoryIncome, canaries[model.CategoryIncome]),
	}
	try("create", func() error {
		return v.CreateLink(ctx, ref, retention.Policy{Lives: map[model.Category]time.Duration{model.CategoryIncome: time.Hour}})
	})
	try("keep", func() error { return v.Keep(ctx, ref, kept, nil) })
	try("state", func() error { return v.SaveState(ctx, ref, []byte(canaries[retention.CategoryState])) })
	try("read", func() error {
		cs, err := v.ReadGrant(ctx, by, ref)
		if err != nil {
			require.Nil(t, cs)
			return err
		}
		require.Len(t, cs, 3)
		for _, c := range cs {
			require.Equal(t, canaries[c.Category], string(c.Body))
		}
		return nil
	})
	now = now.Add(2 * day)
	try("keep again", func() error { return v.Keep(ctx, ref, kept[1:2], nil) })
	try("read the state", func() error {
		s, err := v.State(ctx, by, ref)
		if err == nil {
			require.Equal(t, canaries[retention.CategoryState], string(s))
		}
		return err
	})
	now = now.Add(20 * time.Minute)
	try("sweep", func() error { _, err := v.Sweep(ctx, 100); return err })
	require.Equal(t, 3, data.Len(), "person, transactions, state, and nothing that a failure left")
	try("rewrap", func() error { _, _, err := v.Rewrap(ctx, "", 100); return err })
	try("delete a category", func() error {
		_, err := v.DeleteCategory(ctx, by, ref.Grant, ref.Link, model.CategoryPerson)
		return err
	})
	revoked := false
	try("revoke", func() error {
		err := v.DestroyGrant(ctx, ref.Grant)
		revoked = revoked || err == nil
		return err
	})
	try("read after the revoke", func() error {
		_, err := v.Read(ctx, by, ref, model.CategoryTransaction)
		if errors.Is(err, retention.ErrShredded) {
			return nil
		}
		require.ErrorIs(t, err, errFault, "readable after an acknowledged revoke")
		return err
	})
	try("delete", func() error { _, err := v.DeleteGrant(ctx, by, ref.Grant); return err })
	require.True(t, revoked)
	require.Zero(t, data.Len())
	hunt(t, "a store", f.seen.Bytes())
	hunt(t, "the access log", fmt.Appendf(nil, "%+v", recorder.entries))
	hunt(t, "the vault, printed", fmt.Appendf(nil, "%v %+v %s", v, v, v))
}
