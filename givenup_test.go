package brondata_test

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/sources"
)

// A connection is told as ended at the institution only where that was told; else the host learns which one was not.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end   func(t *testing.T, h *host, id consent.GrantID) // of the grant
		pass  time.Duration                                   // between sweeps
		given bool
	}{
		"told": {func(t *testing.T, h *host, id consent.GrantID) {
			require.NoError(t, h.Revoke(t.Context(), subject, id))
		}, time.Hour, false},
		"the institution does not answer": {func(t *testing.T, h *host, id consent.GrantID) {
			*h.bank.down = true
			require.NoError(t, h.Revoke(t.Context(), subject, id))
		}, 30 * time.Hour, true},
		"the source is gone": {func(t *testing.T, h *host, id consent.GrantID) {
			require.NoError(t, h.Revoke(t.Context(), subject, id))
			h.conf.Registry = &sources.Registry{}
			require.NoError(t, h.conf.Registry.AddSource(sources.Upload{}))
			h.restart(t)
		}, time.Hour, true},
		"nobody swept in time": {func(t *testing.T, h *host, id consent.GrantID) {
			g, err := h.Consent().Get(t.Context(), subject, id)
			require.NoError(t, err)
			h.now = g.ValidUntil.Add(8 * 24 * time.Hour)
		}, time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			h := newHost(t, func(c *brondata.Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
			id := h.active(t)
			c.end(t, h, id)
			var swept consent.Swept
			for range 8 {
				rep, err := h.Sweep(t.Context(), 100)
				if err != nil {
					require.ErrorIs(t, err, sources.ErrUnavailable)
					require.ErrorContains(t, err, string(id)+", bank: ")
				}
				swept.Disconnected += rep.Consent.Disconnected
				swept.GivenUp = append(swept.GivenUp, rep.Consent.GivenUp...)
				h.now = h.now.Add(c.pass)
			}
			links, err := h.Consent().StoredLinks(t.Context(), id)
			require.NoError(t, err)
			require.Len(t, links, 1)
			if c.given {
				require.Equal(t, links, swept.GivenUp, "once")
				assert.Zero(t, swept.Disconnected)
				assert.Equal(t, consent.LinkGivenUp, links[0].State)
				assert.Contains(t, log.String(), "grant="+string(id)+" institution=bank")
			} else {
				assert.Empty(t, swept.GivenUp)
				assert.Equal(t, 1, swept.Disconnected)
				assert.Equal(t, consent.LinkClosed, links[0].State)
				assert.Empty(t, log.String())
			}
			assert.NotContains(t, log.String(), "subject-1")
			select {
			case <-h.bank.disconnected:
				assert.False(t, c.given)
			default:
				assert.True(t, c.given)
			}
			h.assertNoKeys(t)
			rs, err := h.DeletionReceipts(t.Context(), subject, id)
			require.NoError(t, err)
			assert.NotEmpty(t, rs)
		})
	}
}
