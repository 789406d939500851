package brondata_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/sources"
)

// closable is a consent store that the host closes.
type closable struct {
	consent.Store
	closed atomic.Bool
}

func (s *closable) Get(ctx context.Context, k consent.Kind, id string) (consent.Item, error) {
	if s.closed.Load() {
		return consent.Item{}, errInjected
	}
	return s.Store.Get(ctx, k, id)
}

// A host that closes its database under a collection is not told that the subject withdrew.
func TestCollectCloseMidway(t *testing.T) {
	t.Parallel()
	for _, kind := range []sources.EventKind{sources.EventStarted, sources.EventDocument, sources.EventDone} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			store := &closable{}
			h := newHost(t, func(c *brondata.Config) {
				store.Store = c.Consent
				c.Consent = store
			})
			id := h.active(t)
			d, err := h.Collect(t.Context(), subject, id, sources.Input{}, &brondata.CollectOptions{Progress: func(e sources.Event) {
				if e.Kind == kind {
					store.closed.Store(true)
				}
			}})
			require.ErrorIs(t, err, errInjected)
			assert.NotErrorIs(t, err, consent.ErrNotPermitted)
			assert.NotErrorIs(t, err, sources.ErrNotPermitted)
			assert.Nil(t, d, "nobody knows whether the grant still permits it")
			store.closed.Store(false)
			d, err = h.Collect(t.Context(), subject, id, sources.Input{}, nil)
			require.NoError(t, err)
			assert.True(t, d.Complete())
		})
	}
}
