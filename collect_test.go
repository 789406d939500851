package brondata_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
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

// Under another key-encryption key the connections cannot be used, and that is not the institution's fault: Collect says so, with what
// others brought.
func TestCollectUnderAnotherKey(t *testing.T) {
	t.Parallel()
	file := sources.Input{Files: []sources.Document{{Institution: "bank", Body: sources.BytesContent([]byte(bankRecords))}}}
	for name, tc := range map[string]struct {
		in      sources.Input
		discard bool
		want    int
	}{
		"the institution alone": {sources.Input{}, false, 0},
		"and a file":            {file, false, 2},
		"nothing is kept":       {file, true, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, nil)
			id := h.active(t)
			kek, _, err := crypto.GenerateLocalKEK()
			require.NoError(t, err)
			own := h.conf.KEK
			h.conf.KEK = kek
			h.restart(t)
			d, err := h.Collect(t.Context(), subject, id, tc.in, &brondata.CollectOptions{Discard: tc.discard})
			require.ErrorIs(t, err, crypto.ErrOpen)
			assert.ErrorContains(t, err, "brondata: state of a connection: ")
			assert.NotErrorIs(t, err, consent.ErrNotPermitted)
			require.NotNil(t, d)
			assert.Len(t, d.Records, tc.want)
			links, err := h.Consent().Links(t.Context(), subject, id)
			require.NoError(t, err)
			require.Len(t, links, 1)
			assert.Equal(t, consent.LinkValid, links[0].State, "the institution said nothing")
			if len(tc.in.Files) > 0 && !tc.discard {
				return // what was kept is under the other key now
			}
			h.conf.KEK = own
			h.restart(t)
			d, err = h.Collect(t.Context(), subject, id, sources.Input{}, nil)
			require.NoError(t, err)
			assert.True(t, d.Complete())
		})
	}
}
