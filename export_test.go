package brondata_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/consent/audit"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
)

// The log tells a connection from a collection, and an export is one read of each compartment.
func TestLogTells(t *testing.T) {
	t.Parallel()
	log := &recorder{}
	h := newHost(t, func(c *brondata.Config) { c.Audit = log })
	id := h.active(t)
	connecting := log.actions()
	assert.Contains(t, connecting, string(consent.ActionConnect))
	assert.NotContains(t, connecting, string(consent.ActionCollect), "nothing was collected")
	_, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
	require.NoError(t, err)
	collecting := log.actions()
	assert.Contains(t, collecting, string(consent.ActionCollect))
	assert.NotContains(t, collecting, string(consent.ActionConnect))
	e, err := h.Export(t.Context(), subject, "subject-1")
	require.NoError(t, err)
	assert.NotEmpty(t, e.Data[id].Records)
	reads := 0
	for _, a := range log.actions() {
		if a == string(retention.ActionRead) {
			reads++
		}
	}
	assert.Equal(t, 1, reads, "balances and transactions are of one compartment")
}

// The subject gets everything that is kept about them, nobody else does, and after a revoke there is no data in it.
func TestExport(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHost(t, func(c *brondata.Config) {
		signer, _, err := crypto.GenerateLocalSigner()
		require.NoError(t, err)
		log, err := audit.Open(ctx, audit.NewMemoryStore(), signer, &audit.Options{Now: c.Now})
		require.NoError(t, err)
		c.Audit = log
	})
	p := h.proposal()
	p.KeepDocuments = true
	g, err := h.Propose(ctx, adviser, p)
	require.NoError(t, err)
	_, err = h.Decide(ctx, subject, g.ID, true)
	require.NoError(t, err)
	_, err = h.Collect(ctx, subject, g.ID, sources.Input{Files: []sources.Document{{Body: sources.BytesContent([]byte(bankRecords))}}}, nil)
	require.NoError(t, err)

	e, err := h.Export(ctx, subject, "subject-1")
	require.NoError(t, err)
	require.Contains(t, e.Data, g.ID)
	assert.Len(t, e.Data[g.ID].Records, 2)
	require.Len(t, e.Documents, 1)
	assert.Equal(t, bankRecords, string(e.Documents[0].Body))
	assert.Contains(t, string(e.Consent), string(g.ID))
	require.NotEmpty(t, e.Log)
	assert.NotEmpty(t, e.Log[0].Entries)
	b, err := json.Marshal(e)
	require.NoError(t, err)
	assert.Contains(t, string(b), "1234.56")
	assert.NotContains(t, string(b), "token-canary")

	for _, by := range []consent.Actor{adviser, refresh, {ID: "subject-2", Role: consent.RoleSubject}, {}} {
		_, err := h.Export(ctx, by, "subject-1")
		assert.ErrorIs(t, err, consent.ErrNotPermitted)
	}
	require.NoError(t, h.Revoke(ctx, subject, g.ID))
	e, err = h.Export(ctx, subject, "subject-1")
	require.NoError(t, err)
	assert.Empty(t, e.Data)
	assert.Empty(t, e.Documents)
	assert.NotEmpty(t, e.Consent)
}
