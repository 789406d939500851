package retention_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

// errHost is what parts of a host return here, also when they mean something by it: its text is never to be seen.
var errHost = errors.New("CANARY of a host")

// hostile fails one method of a host's part, named as "part.method".
type hostile struct {
	method string
	means  error // nil for none
	called bool
}

func (h *hostile) err(method string, do error) error {
	if h.method != method {
		return do
	}
	h.called = true
	if h.means != nil {
		return fmt.Errorf("CANARY: %w: %w", h.means, errHost)
	}
	return errHost
}

type hostileStore struct {
	*retention.MemoryStore
	h *hostile
}

func (s hostileStore) Put(ctx context.Context, row retention.Row, b []byte) error {
	return s.h.err("store.put", s.MemoryStore.Put(ctx, row, b))
}

func (s hostileStore) Get(ctx context.Context, row retention.Row) ([]byte, error) {
	b, err := s.MemoryStore.Get(ctx, row)
	return b, s.h.err("store.get", err)
}

func (s hostileStore) Delete(ctx context.Context, rows ...retention.Row) (int, error) {
	n, err := s.MemoryStore.Delete(ctx, rows...)
	return n, s.h.err("store.delete", err)
}

func (s hostileStore) Expire(ctx context.Context, at time.Time, max int) (int, error) {
	n, err := s.MemoryStore.Expire(ctx, at, max)
	return n, s.h.err("store.expire", err)
}

func (s hostileStore) Scrub(context.Context) error { return s.h.err("store.scrub", nil) }

type hostileKeys struct {
	*retention.MemoryKeyStore
	h *hostile
}

func (s hostileKeys) Get(ctx context.Context, ids ...string) ([]retention.Record, error) {
	rs, err := s.MemoryKeyStore.Get(ctx, ids...)
	return rs, s.h.err("keys.get", err)
}

func (s hostileKeys) List(ctx context.Context, prefix, after string, max int) ([]retention.Record, error) {
	rs, err := s.MemoryKeyStore.List(ctx, prefix, after, max)
	return rs, s.h.err("keys.list", err)
}

func (s hostileKeys) Due(ctx context.Context, at time.Time, max int) ([]retention.Record, error) {
	rs, err := s.MemoryKeyStore.Due(ctx, at, max)
	return rs, s.h.err("keys.due", err)
}

func (s hostileKeys) Apply(ctx context.Context, changes ...retention.Change) error {
	// For ever in conflict about one record is enough to wait for.
	if s.h.means != retention.ErrConflict || strings.HasPrefix(changes[0].Record.ID, "e/") {
		if err := s.h.err("keys.apply", nil); err != nil {
			return err
		}
	}
	return s.MemoryKeyStore.Apply(ctx, changes...)
}

func (s hostileKeys) Scrub(context.Context) error { return s.h.err("keys.scrub", nil) }

type hostileKEK struct {
	*crypto.LocalKEK
	h *hostile
}

func (k hostileKEK) Wrap(ctx context.Context, key []byte, c crypto.Context) ([]byte, error) {
	w, err := k.LocalKEK.Wrap(ctx, key, c)
	return w, k.h.err("kek.wrap", err)
}

func (k hostileKEK) Unwrap(ctx context.Context, wrapped []byte, c crypto.Context) ([]byte, error) {
	w, err := k.LocalKEK.Unwrap(ctx, wrapped, c)
	return w, k.h.err("kek.unwrap", err)
}

type hostileSigner struct {
	*crypto.LocalSigner
	h *hostile
}

func (s hostileSigner) Sign(ctx context.Context, m []byte) ([]byte, error) {
	b, err := s.LocalSigner.Sign(ctx, m)
	return b, s.h.err("signer.sign", err)
}

type hostileLog struct{ h *hostile }

func (l hostileLog) Record(context.Context, retention.Access) error {
	return l.h.err("log.record", nil)
}

type hostileLocator struct{ hostileLog }

func (l hostileLocator) RecordAt(context.Context, retention.Access) (string, error) {
	return "entry", l.h.err("log.recordAt", nil)
}

// TestForeignTexts drives the vault with every method of every part of a host failing in turn. Of such an error the type is
// said and nothing else, and it is there for errors.Is.
func TestForeignTexts(t *testing.T) {
	t.Parallel()
	for _, method := range []string{
		"store.put", "store.get", "store.delete", "store.expire", "store.scrub", "keys.get", "keys.list", "keys.due", "keys.apply", "keys.scrub",
		"kek.wrap", "kek.unwrap", "signer.sign", "log.record", "log.recordAt",
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			for _, means := range []error{nil, context.DeadlineExceeded, fs.ErrNotExist, retention.ErrConflict, retention.ErrInvalid, crypto.ErrShredded} {
				if means == retention.ErrConflict && method != "keys.apply" {
					continue // tried again and again, which takes its time
				}
				errs := hostileLife(t, &hostile{method: method, means: means})
				found := 0
				for _, err := range errs {
					assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), "CANARY")
					if errors.Is(err, errHost) {
						found++
						if means == nil {
							assert.Contains(t, err.Error(), "error of type *errors.errorString")
						}
					}
				}
				// What retention understands, it may act upon or tell in words of its own.
				assert.True(t, means != nil || found > 0, "nobody was told of %s", method)
			}
		})
	}
}

// hostileLife does everything that a vault can do, whatever fails, and returns the errors.
func hostileLife(t *testing.T, h *hostile) (errs []error) {
	t.Helper()
	ctx, now := t.Context(), start
	kek, _, err := crypto.GenerateLocalKEK()
	require.NoError(t, err)
	signer, _, err := crypto.GenerateLocalSigner()
	require.NoError(t, err)
	data, keys := retention.NewMemoryStore(), retention.NewMemoryKeyStore()
	var recorder retention.Recorder = hostileLog{h}
	if h.method == "log.recordAt" {
		recorder = hostileLocator{hostileLog{h}}
	}
	o := retention.Options{Signer: signer, Now: func() time.Time { return now }, KeyLife: -1}
	sound, err := retention.New(data, keys, kek, retention.NoRecorder{}, &o)
	require.NoError(t, err)
	o.Signer = hostileSigner{signer, h}
	v, err := retention.New(hostileStore{data, h}, hostileKeys{keys, h}, hostileKEK{kek, h}, recorder, &o)
	require.NoError(t, err)
	kept := []retention.Content{content(model.CategoryPerson, "who"), content(model.CategoryIncome, "wages")}
	for _, w := range []*retention.Vault{v, sound} { // first the failures, then all of it, for the rest to have something
		for _, do := range []func() error{
			func() error { return w.CreateLink(ctx, ref, retention.Policy{}) },
			func() error { return w.Keep(ctx, ref, kept, nil) },
			func() error { return w.SaveState(ctx, ref, []byte("token")) },
		} {
			errs = append(errs, do())
		}
	}
	other := ref
	other.Grant = "grant-2"
	for _, do := range []func() error{
		func() error { return v.CreateLink(ctx, other, retention.Policy{}) },
		func() error { _, err := v.ReadGrant(ctx, by, ref); return err },
		func() error { _, err := v.ReadDossier(ctx, by, ref); return err },
		func() error { _, err := v.State(ctx, by, ref); return err },
		func() error { _, err := v.Status(ctx, ref.Grant, ref.Link); return err },
		func() error { _, err := v.Links(ctx, ref.Grant); return err },
		func() error { _, err := v.Pseudonym(ctx, "p", "r", "s"); return err },
		func() error { return v.DestroyPurpose(ctx, "p") },
		func() error { _, _, err := v.Rewrap(ctx, "", 10); return err },
		func() error { return v.ResetClock(ctx, by) },
		func() error { now = now.Add(day); return v.KeepDossier(ctx, ref, dossier("x"), nil, nil) },
		func() error { _, err := v.Sweep(ctx, 10); return err },
		func() error {
			_, err := v.DeleteCategory(ctx, by, ref.Grant, ref.Link, model.CategoryIncome)
			return err
		},
		func() error { _, err := v.DeleteLink(ctx, by, ref.Grant, ref.Link); return err },
		func() error { return v.DestroyGrant(ctx, ref.Grant) },
		func() error { _, err := v.DeleteGrant(ctx, by, ref.Grant); return err },
	} {
		errs = append(errs, do())
	}
	require.True(t, h.called, "nothing calls %s", h.method)
	for _, err := range errs[3:6] {
		require.NoError(t, err)
	}
	errs = append(errs[:3], errs[6:]...)
	out := errs[:0]
	for _, err := range errs {
		if err != nil {
			out = append(out, err)
		}
	}
	return out
}

// incomparable is a store of a type whose values cannot be compared.
type incomparable struct {
	retention.Store
	_ []int
}

// TestStoresOnce: a store that serves several compartments is swept once, whatever its type.
func TestStoresOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	v, err := retention.New(incomparable{Store: b.data}, b.keys, b.kek, b.log, &retention.Options{Tenant: "tenant-1", Now: b.clock.now})
	require.NoError(t, err)
	require.NoError(t, v.CreateLink(t.Context(), ref, retention.Policy{}))
	require.NoError(t, v.Keep(t.Context(), ref, []retention.Content{content(model.CategoryPerson, "who")}, nil))
	_, err = v.Sweep(t.Context(), 10)
	require.NoError(t, err)
	_, err = v.DeleteGrant(t.Context(), by, ref.Grant)
	require.NoError(t, err)

	swept := &countingStore{MemoryStore: b.data}
	v, err = retention.New(swept, b.keys, b.kek, b.log, &retention.Options{Tenant: "tenant-1", Now: b.clock.now})
	require.NoError(t, err)
	_, err = v.Sweep(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, 1, swept.n)
}

// countingStore counts sweeps.
type countingStore struct {
	*retention.MemoryStore
	n int
}

func (s *countingStore) Expire(ctx context.Context, at time.Time, max int) (int, error) {
	s.n++
	return s.MemoryStore.Expire(ctx, at, max)
}
