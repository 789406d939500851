package brondata_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/sources"
)

// A connection begins with an address to come back on; what is wrong with it is the host's mistake, and begins nothing.
func TestConnectNeedsAWayBack(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	g, err := h.Propose(t.Context(), adviser, h.proposal())
	require.NoError(t, err)
	_, err = h.Decide(t.Context(), subject, g.ID, true)
	require.NoError(t, err)
	_, err = h.Connect(t.Context(), subject, g.ID, "bank", sources.ConnectRequest{})
	require.ErrorIs(t, err, sources.ErrConfig)
	links, err := h.Consent().Links(t.Context(), subject, g.ID)
	require.NoError(t, err)
	assert.Empty(t, links)
	for _, bad := range []string{"http://host.example/back", "/back", "javascript:alert(1)"} {
		_, err = h.Connect(t.Context(), subject, g.ID, "bank", sources.ConnectRequest{RedirectURL: bad})
		require.ErrorIs(t, err, sources.ErrConfig, bad)
	}
	assert.Zero(t, *h.bank.asked, "the source heard of none")
	step, err := h.Connect(t.Context(), subject, g.ID, "bank", sources.ConnectRequest{RedirectURL: "nl.host.app://back"})
	require.NoError(t, err)
	assert.Equal(t, sources.StepRedirect, step.Kind)
	_, err = h.Connect(t.Context(), subject, g.ID, "bank", sources.ConnectRequest{}) // as after a wait
	require.NoError(t, err)
	links, err = h.Consent().Links(t.Context(), subject, g.ID)
	require.NoError(t, err)
	require.Len(t, links, 1)
	assert.Equal(t, consent.LinkUnconfirmed, links[0].State)
}
