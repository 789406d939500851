package sources_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

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
