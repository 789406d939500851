package brondata_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
)

// A bank that never answers is not told for ever: after a week nothing is left of the connection, though the grant would have
// lasted longer. Until then the grant is not forgotten.
func TestSweepGivesUpDisconnecting(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	id := h.active(t)
	*h.bank.down = true
	require.NoError(t, h.Revoke(t.Context(), subject, id))
	failed := 0
	for range 13 { // six and a half days
		if _, err := h.Sweep(t.Context(), 100); err != nil {
			require.ErrorIs(t, err, sources.ErrUnavailable)
			failed++
		}
		n, err := h.Consent().Forget(t.Context(), subject, "subject-1", h.now)
		require.NoError(t, err)
		require.Zero(t, n)
		h.now = h.now.Add(12 * time.Hour)
	}
	assert.Greater(t, failed, 5)
	for range 5 {
		h.now = h.now.Add(25 * time.Hour)
		rep, err := h.Sweep(t.Context(), 100)
		require.NoError(t, err)
		assert.Zero(t, rep.Consent.Failed)
	}
	h.assertNoKeys(t)
	n, err := h.Consent().Forget(t.Context(), subject, "subject-1", h.now)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
}

// A connection of which the first step is missing, for an earlier version of the host made it or it needs none, is ended all the
// same.
func TestConnectWithoutFirstStep(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	g, err := h.Propose(t.Context(), adviser, h.proposal())
	require.NoError(t, err)
	_, err = h.Decide(t.Context(), subject, g.ID, true)
	require.NoError(t, err)
	_, err = h.Connect(t.Context(), subject, g.ID, "bank", sources.ConnectRequest{Callback: map[string][]string{"code": {"ok"}}})
	require.NoError(t, err)
	require.NoError(t, h.Revoke(t.Context(), subject, g.ID))
	for range 3 {
		h.now = h.now.Add(time.Hour)
		_, err = h.Sweep(t.Context(), 100)
		require.NoError(t, err)
	}
	select {
	case <-h.bank.disconnected:
	default:
		t.Error("the bank was not told")
	}
	h.assertNoKeys(t)
}

// remembering is a source without a connection that keeps a state all the same.
type remembering struct {
	bank
	before func() // it saves
}

func (remembering) Connect() {} // not that of a connector

func (r remembering) Fetch(ctx context.Context, s *sources.Session, _ sources.Query, deliver func(sources.Document) error) error {
	if _, err := s.State(ctx); err != nil {
		return err
	}
	if r.before != nil {
		r.before()
	}
	if err := s.SaveState(ctx, crypto.NewSecretString("token-canary")); err != nil {
		return err
	}
	return deliver(sources.Document{Body: sources.BytesContent([]byte(r.body))})
}

// What a source keeps that needs no connection goes with the grant.
func TestStateWithoutConnection(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	h.conf.Registry = &sources.Registry{}
	require.NoError(t, h.conf.Registry.AddNormalizer(records{}))
	require.NoError(t, h.conf.Registry.AddSource(remembering{bank: h.bank}))
	h.restart(t)
	id := h.decided(t, nil)
	h.collect(t, id, sources.Input{}, nil)
	kept, err := h.conf.Keys.List(t.Context(), "g/"+string(id)+"-connections/", "", 10)
	require.NoError(t, err)
	require.NotEmpty(t, kept)
	require.NoError(t, h.Revoke(t.Context(), subject, id))
	rep, err := h.Sweep(t.Context(), 100)
	require.NoError(t, err)
	assert.Len(t, rep.Deleted, 2)
	h.now = h.now.Add(time.Hour)
	_, err = h.Sweep(t.Context(), 100)
	require.NoError(t, err)
	h.assertNoKeys(t)
}

// A collection that stood still while the grant ended stores nothing that no sweep would look for.
func TestStateAfterTheEnd(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	var id consent.GrantID
	before := func() {
		assert.NoError(t, h.Revoke(t.Context(), subject, id))
		_, err := h.Sweep(t.Context(), 100)
		assert.NoError(t, err)
	}
	h.conf.Registry = &sources.Registry{}
	require.NoError(t, h.conf.Registry.AddNormalizer(records{}))
	require.NoError(t, h.conf.Registry.AddSource(remembering{h.bank, before}))
	h.restart(t)
	id = h.decided(t, nil)
	_, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
	require.ErrorIs(t, err, consent.ErrNotPermitted)
	h.assertNoKeys(t)
	rs, err := h.DeletionReceipts(t.Context(), subject, id)
	require.NoError(t, err)
	assert.Len(t, rs, 1, "there was no connection")
}

// The host does not have the source any more by which a connection was made: the bank cannot be told, but no key is left.
func TestDisconnectWithoutSource(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	id := h.active(t)
	require.NoError(t, h.Revoke(t.Context(), subject, id))
	h.conf.Registry = &sources.Registry{}
	require.NoError(t, h.conf.Registry.AddSource(sources.Upload{}))
	h.restart(t)
	for range 3 {
		h.now = h.now.Add(time.Hour)
		_, err := h.Sweep(t.Context(), 100)
		require.NoError(t, err)
	}
	h.assertNoKeys(t)
}

// failing fails the changes of a consent store of which the predicate says so, once.
type failing struct {
	consent.Store
	when func([]consent.Change) bool
}

func (s *failing) Apply(ctx context.Context, cs ...consent.Change) error {
	if s.when != nil && s.when(cs) {
		s.when = nil
		return errInjected
	}
	return s.Store.Apply(ctx, cs...)
}

// The link cannot be noted as closed after the bank was told and its state was destroyed: the next sweep notes it.
func TestDisconnectedTwice(t *testing.T) {
	t.Parallel()
	store := &failing{Store: consent.NewMemoryStore()}
	h := newHost(t, func(c *brondata.Config) { c.Consent = store })
	id := h.active(t)
	require.NoError(t, h.Revoke(t.Context(), subject, id))
	store.when = func(cs []consent.Change) bool {
		return cs[0].Item.Kind == "link" && strings.Contains(string(cs[0].Item.Body), "closed")
	}
	var errs []error
	disconnected := 0
	for range 5 {
		rep, err := h.Sweep(t.Context(), 100)
		if err != nil {
			errs = append(errs, err)
		}
		disconnected += rep.Consent.Disconnected
		h.now = h.now.Add(25 * time.Hour)
	}
	require.Len(t, errs, 1, "the injected one")
	assert.ErrorIs(t, errs[0], errInjected)
	assert.Equal(t, 1, disconnected)
	h.assertNoKeys(t)
}

// The same beside a connection that cannot be ended: the bank that was told is done with, whatever becomes of the other one.
func TestDisconnectedTwiceBesideAnother(t *testing.T) {
	t.Parallel()
	store := &failing{Store: consent.NewMemoryStore()}
	h, other, id := twoBanks(t, func(c *brondata.Config) { c.Consent = store })
	*other.down = true
	require.NoError(t, h.Revoke(t.Context(), subject, id))
	store.when = func(cs []consent.Change) bool {
		return cs[0].Item.Kind == "link" && strings.Contains(string(cs[0].Item.Body), "closed")
	}
	_, err := h.Sweep(t.Context(), 100)
	require.ErrorIs(t, err, errInjected)
	<-h.bank.disconnected
	for range 2 {
		h.now = h.now.Add(25 * time.Hour)
		_, err = h.Sweep(t.Context(), 100)
		require.ErrorIs(t, err, sources.ErrUnavailable)
		require.NotErrorIs(t, err, retention.ErrShredded)
		assert.Equal(t, consent.LinkClosed, h.links(t, id)["bank"].State)
	}
	h.now = h.now.Add(7 * 24 * time.Hour)
	rep, err := h.Sweep(t.Context(), 100)
	require.NoError(t, err)
	require.Len(t, rep.Consent.GivenUp, 1)
	assert.Equal(t, model.InstitutionID("second"), rep.Consent.GivenUp[0].Institution)
	h.assertNoKeys(t)
}

// A host that ended a connection itself, and noted that, leaves its state to the end of the grant.
func TestClosedByHost(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	id := h.active(t)
	_, err := h.Consent().MoveLink(t.Context(), id, "bank", consent.LinkClose, time.Time{})
	require.NoError(t, err)
	require.NoError(t, h.Revoke(t.Context(), subject, id))
	rep, err := h.Sweep(t.Context(), 100)
	require.NoError(t, err)
	assert.Len(t, rep.Deleted, 2, "of data and of the connection")
	h.assertNoKeys(t)
}
