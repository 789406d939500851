package sources_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

func TestCollectPermit(t *testing.T) {
	t.Parallel()
	t.Run("the zero permit", func(t *testing.T) {
		d, err := collect(t, registry(t), consent.Permit{}, sources.Input{}, nil)
		assert.ErrorIs(t, err, sources.ErrNotPermitted)
		assert.Nil(t, d)
	})
	t.Run("a permit to connect is none to collect", func(t *testing.T) {
		g := grant(t, scopeOf(model.CategoryTransaction), "bank")
		p, err := g.PermitConnect(t.Context(), g.by, g.id)
		require.NoError(t, err)
		d, err := collect(t, registry(t, source("api", "bank", model.API, bankCats, nil, balancedText)), p, sources.Input{}, nil)
		assert.ErrorIs(t, err, sources.ErrNotPermitted)
		assert.Nil(t, d)
	})
	t.Run("a revoke stops a running collection at the next document", func(t *testing.T) {
		p := grant(t, scopeOf(model.CategoryTransaction), "bank")
		var delivered atomic.Int32
		g := registry(t, fake{sources.Descriptor{ID: "api", Institution: "bank", Method: model.API, Categories: bankCats},
			func(ctx context.Context, _ *sources.Session, _ sources.Query, deliver func(sources.Document) error) error {
				for i := range 3 {
					if i == 1 {
						_, err := p.Revoke(ctx, p.by, p.id)
						assert.NoError(t, err)
					}
					if err := deliver(text(balancedText)); err != nil {
						return err
					}
					delivered.Add(1)
				}
				return nil
			}}, source("scraped", "bank", model.Scrape, bankCats, nil, balancedText))
		d, err := collect(t, g, p.Permit, sources.Input{}, nil)
		assert.ErrorIs(t, err, sources.ErrNotPermitted)
		assert.ErrorIs(t, err, consent.ErrNotPermitted)
		assert.Nil(t, d, "nothing leaves after a revoke")
		assert.EqualValues(t, 1, delivered.Load())
	})
	t.Run("access slots", func(t *testing.T) {
		m := grant(t, scopeOf(model.CategoryTransaction), "bank")
		unattended, err := m.Manager.Permit(t.Context(), consent.Actor{ID: "scheduler", Role: consent.RoleSystem, OnBehalfOf: "subject-1"}, m.id)
		require.NoError(t, err)
		var seen []error
		g := registry(t, fake{sources.Descriptor{ID: "api", Institution: "bank", Method: model.API, Categories: bankCats},
			func(ctx context.Context, s *sources.Session, _ sources.Query, deliver func(sources.Document) error) error {
				for range 5 {
					err := s.Account(ctx, "account-1")
					seen = append(seen, err)
					if err != nil {
						s.Failed(err, model.CategoryTransaction)
					}
				}
				return deliver(text(balancedText))
			}})
		d, err := collect(t, g, unattended, sources.Input{}, nil)
		require.NoError(t, err)
		require.Len(t, seen, 5)
		for _, err := range seen[:4] {
			assert.NoError(t, err)
		}
		assert.ErrorIs(t, seen[4], sources.ErrLimit)
		assert.ErrorIs(t, seen[4], consent.ErrLimit)
		cov := cover(t, d, "bank", model.CategoryTransaction)
		assert.Equal(t, []string{"api limit"}, outcomes(cov))
		assert.Equal(t, model.ObtainedPart, cov.Obtained, "the source said that it is not all")
	})
}

// hooked is a body that calls when it is read.
type hooked struct {
	sources.Content
	call func()
}

func (h hooked) ReadAt(p []byte, at int64) (int, error) {
	h.call()
	return h.Content.ReadAt(p, at)
}

func TestCollectKeepsNothingAfterARevoke(t *testing.T) {
	t.Parallel()
	for _, revoked := range []bool{false, true} {
		p := grantWith(t, consent.NewMemoryStore(), scopeOf(model.CategoryTransaction), true, "bank")
		d := text(balancedText)
		if revoked {
			d.Body = hooked{d.Body, sync.OnceFunc(func() {
				_, err := p.Revoke(t.Context(), p.by, p.id)
				assert.NoError(t, err)
			})}
		}
		g := registry(t, fake{sources.Descriptor{ID: "api", Institution: "bank", Method: model.API, Categories: bankCats},
			func(_ context.Context, _ *sources.Session, _ sources.Query, deliver func(sources.Document) error) error {
				return deliver(d)
			}})
		kept := 0
		_, err := collect(t, g, p.Permit, sources.Input{}, &sources.CollectOptions{
			Keep: func(context.Context, model.DocumentInfo, sources.Document) error { kept++; return nil },
		})
		if revoked {
			assert.ErrorIs(t, err, sources.ErrNotPermitted)
			assert.Zero(t, kept, "revoked while the document was read")
		} else {
			assert.NoError(t, err)
			assert.Equal(t, 1, kept)
		}
	}
}

// A permit whose store does not answer for a moment permits nothing: what was not asked is not complete.
func TestCollectPermitStoreFails(t *testing.T) {
	t.Parallel()
	store := &failing{Store: consent.NewMemoryStore()}
	p := grantWith(t, store, scopeOf(model.CategoryTransaction), false, "bank").Permit
	for n := int32(1); n < 10; n++ {
		store.left.Store(n)
		d, err := collect(t, registry(t, source("api", "bank", model.API, bankCats, nil, balancedText)), p, sources.Input{}, nil)
		if store.left.Load() > 0 {
			require.Greater(t, n, int32(3), "the permit was asked")
			return
		}
		if err != nil {
			assert.Nil(t, d)
			continue
		}
		assert.NotEqual(t, model.ObtainedAll, cover(t, d, "bank", model.CategoryTransaction).Obtained, "call %d", n)
	}
	t.Fatal("the permit was asked without end")
}

// failing is a store of which one call fails.
type failing struct {
	consent.Store
	left atomic.Int32
}

func (s *failing) Get(ctx context.Context, k consent.Kind, id string) (consent.Item, error) {
	if s.left.Add(-1) == 0 {
		return consent.Item{}, errors.New("away")
	}
	return s.Store.Get(ctx, k, id)
}

// closable is a consent store that can be made to fail, as a database that was closed does.
type closable struct {
	consent.Store
	down atomic.Bool
}

var errDown = errors.New("canary: the database is closed")

func (s *closable) Get(ctx context.Context, k consent.Kind, id string) (consent.Item, error) {
	if s.down.Load() {
		return consent.Item{}, errDown
	}
	return s.Store.Get(ctx, k, id)
}

// A consent store that fails is no subject who withdrew: nothing more is fetched, kept or returned, and the error is the host's own.
func TestCollectConsentStoreFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before, at int // the store fails before the collection, or at this delivery
		outcome    string
	}{
		"before it began":       {before: 1},
		"before a document":     {at: 1, outcome: "unexpected"},
		"between two documents": {at: 2, outcome: "unexpected"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &closable{Store: consent.NewMemoryStore()}
			p := grantWith(t, store, scopeOf(model.CategoryTransaction), true, "bank")
			var slot error
			delivered := 0
			api := fake{sources.Descriptor{ID: "api", Institution: "bank", Method: model.API, Categories: bankCats},
				func(ctx context.Context, s *sources.Session, _ sources.Query, deliver func(sources.Document) error) error {
					for i := 1; i <= 3; i++ {
						if i == tc.at {
							store.down.Store(true)
							slot = s.Account(ctx, "account-1")
						}
						if err := deliver(text(balancedText)); err != nil {
							return err
						}
						delivered++
					}
					return nil
				}}
			var ended []string
			kept := 0
			store.down.Store(tc.before > 0)
			d, err := collect(t, registry(t, api, source("scraped", "bank", model.Scrape, bankCats, nil, balancedText)), p.Permit, sources.Input{}, &sources.CollectOptions{
				Keep: func(context.Context, model.DocumentInfo, sources.Document) error { kept++; return nil },
				Progress: func(e sources.Event) {
					if e.Kind == sources.EventEnded {
						ended = append(ended, string(e.Source)+" "+e.Outcome)
					}
				},
			})
			assert.Nil(t, d)
			for _, err := range []error{err, slot} {
				if err == nil {
					continue
				}
				assert.ErrorIs(t, err, errDown, "the host finds its own error")
				assert.NotErrorIs(t, err, sources.ErrNotPermitted)
				assert.NotErrorIs(t, err, consent.ErrNotPermitted)
				assert.Equal(t, "unexpected", sources.Code(err))
				assert.NotContains(t, err.Error(), "canary")
			}
			require.Error(t, err)
			assert.ErrorIs(t, err, sources.ErrUnexpected)
			assert.Equal(t, max(tc.at-1, 0), delivered)
			assert.Equal(t, delivered, kept)
			if tc.outcome == "" {
				assert.Empty(t, ended)
			} else {
				assert.Error(t, slot)
				assert.Equal(t, []string{"api " + tc.outcome}, ended, "no other source is tried")
			}
		})
	}
}

// The same of a connection; an id of an account that is none is the source's mistake.
func TestConnectConsentStoreFails(t *testing.T) {
	t.Parallel()
	store := &closable{Store: consent.NewMemoryStore()}
	p := grantWith(t, store, scopeOf(model.CategoryBalance), false, "bank")
	store.down.Store(true)
	r := connector(t, func(sources.ConnectRequest) (sources.Step, error) { panic("asked") })
	_, err := r.Connect(t.Context(), p.Permit, "bank", sources.ConnectRequest{RedirectURL: "https://host.example/back"}, nil)
	require.ErrorIs(t, err, errDown)
	assert.NotErrorIs(t, err, sources.ErrNotPermitted)
	assert.NotContains(t, err.Error(), "canary")

	store.down.Store(false)
	var slot error
	g := registry(t, fake{sources.Descriptor{ID: "api", Institution: "bank", Method: model.API, Categories: bankCats},
		func(ctx context.Context, s *sources.Session, _ sources.Query, _ func(sources.Document) error) error {
			slot = s.Account(ctx, strings.Repeat("x", 2000))
			return slot
		}})
	_, err = collect(t, g, p.Permit, sources.Input{}, nil)
	require.NoError(t, err)
	require.ErrorIs(t, slot, sources.ErrAdapter)
	assert.NotErrorIs(t, slot, sources.ErrNotPermitted)
}
