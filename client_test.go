package brondata_test

import (
	"context"
	"encoding/json"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		os.Exit(child(dir))
	}
	goleak.VerifyTestMain(m)
}

// The whole way, with a new client before each step.
func TestMainJob(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHost(t, nil)
	id := h.active(t)

	h.restart(t)
	d, err := h.Collect(ctx, subject, id, sources.Input{}, nil)
	require.NoError(t, err)
	assert.True(t, d.Complete())
	require.Len(t, d.Records, 2, "a balance, and the transaction inside the look-back")

	h.restart(t)
	r, err := h.Review(ctx, subject, id, nil)
	require.NoError(t, err)
	assert.Len(t, r.Records, 2)
	assert.Equal(t, "A lender", r.Recipient.Name)
	assert.Equal(t, "De Bank", r.Institutions[0].Name)
	assert.Len(t, r.Retention, 2)
	seen, err := json.Marshal(r)
	require.NoError(t, err)
	assert.NotContains(t, string(seen), "anary")

	h.restart(t)
	p, err := h.Release(ctx, subject, r.Approval())
	require.NoError(t, err)
	again, err := h.Release(ctx, subject, r.Approval())
	require.NoError(t, err)
	assert.Equal(t, p.Bytes(), again.Bytes(), "a retry gives the same bytes")
	got, err := h.open(p)
	require.NoError(t, err)
	require.Len(t, got.Records, 2)
	assert.Equal(t, "1234.56", model.All[*model.Balance](got)[0].Amount.Text())
	assert.Equal(t, "-12.50", model.All[*model.Transaction](got)[0].Amount.Text())
	digest, err := model.ReviewDigest(string(id), "lender", r.Recipient.KeyID, got.Records)
	require.NoError(t, err)
	assert.Equal(t, r.Digest, digest, "what arrived is what was approved")
	require.NoError(t, h.Delivered(ctx, subject, r.Release))
	_, err = h.Release(ctx, subject, r.Approval())
	assert.ErrorIs(t, err, consent.ErrDelivered)

	h.restart(t)
	require.NoError(t, h.Revoke(ctx, subject, id))
	require.NoError(t, h.Revoke(ctx, subject, id), "twice")
	_, err = h.Review(ctx, subject, id, nil)
	assert.ErrorIs(t, err, consent.ErrNotPermitted)
	_, err = h.Collect(ctx, subject, id, sources.Input{}, nil)
	assert.ErrorIs(t, err, consent.ErrNotPermitted)
	_, err = h.Release(ctx, subject, r.Approval())
	assert.ErrorIs(t, err, consent.ErrNotPermitted)

	h.restart(t)
	rep, err := h.Sweep(ctx, 100)
	require.NoError(t, err)
	require.Len(t, rep.Deleted, 2)
	for n, want := range []string{string(id), string(id) + "-connections"} {
		r := rep.Deleted[n]
		assert.Equal(t, want, r.Grant)
		assert.True(t, r.Verify(h.sender))
		items := map[retention.Compartment]int{}
		for _, c := range r.Counts {
			items[c.Compartment] = c.Items
		}
		assert.Equal(t, n == 0, items[retention.Financial] > 0)
		assert.Equal(t, n, items[retention.Credentials], "the state of the connection")
	}
	rep, err = h.Sweep(ctx, 100)
	require.NoError(t, err)
	select {
	case <-h.bank.disconnected:
	default:
		t.Error("the bank was not told")
	}
	assert.Empty(t, rep.Deleted)
}

func TestReleaseVoid(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, h *host, id consent.GrantID){
		"another key": func(t *testing.T, h *host, id consent.GrantID) {
			k, err := crypto.GenerateRecipientKey(crypto.X25519)
			require.NoError(t, err)
			require.NoError(t, h.Consent().SetKey(t.Context(), consent.Actor{ID: "system", Role: consent.RoleSystem}, "lender", k.Public()))
		},
		"too late": func(_ *testing.T, h *host, _ consent.GrantID) { h.now = h.now.Add(48 * time.Hour) },
		"a later collection": func(t *testing.T, h *host, id consent.GrantID) {
			h.now = h.now.Add(time.Minute)
			_, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, nil)
			id := h.active(t)
			_, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
			require.NoError(t, err)
			r, err := h.Review(t.Context(), subject, id, nil)
			require.NoError(t, err)
			change(t, h, id)
			_, err = h.Release(t.Context(), subject, r.Approval())
			assert.ErrorIs(t, err, consent.ErrVoid)
			r, err = h.Review(t.Context(), subject, id, nil)
			require.NoError(t, err, "the grant stands: review again")
			_, err = h.Release(t.Context(), subject, r.Approval())
			assert.NoError(t, err)
		})
	}
	t.Run("another digest", func(t *testing.T) {
		h := newHost(t, nil)
		id := h.active(t)
		_, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
		require.NoError(t, err)
		r, err := h.Review(t.Context(), subject, id, nil)
		require.NoError(t, err)
		a := r.Approval()
		a.Digest[0] ^= 1
		_, err = h.Release(t.Context(), subject, a)
		assert.ErrorIs(t, err, consent.ErrVoid)
	})
}

func TestReviewLeaveOut(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	id := h.active(t)
	_, err := h.Review(t.Context(), subject, id, nil)
	require.ErrorIs(t, err, brondata.ErrNothing)
	_, err = h.Collect(t.Context(), subject, id, sources.Input{}, nil)
	require.NoError(t, err)
	r, err := h.Review(t.Context(), subject, id, &brondata.ReviewOptions{LeaveOut: []model.Category{model.CategoryTransaction}})
	require.NoError(t, err)
	assert.Equal(t, []model.Category{model.CategoryTransaction}, r.LeftOut)
	p, err := h.Release(t.Context(), subject, r.Approval())
	require.NoError(t, err)
	d, err := h.open(p)
	require.NoError(t, err)
	assert.Len(t, d.Records, 1)
	assert.Empty(t, model.All[*model.Transaction](d))
}

// Nobody but the subject sees, decides or releases; the scheduler refreshes and no more.
func TestRoles(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHost(t, nil)
	id := h.active(t)
	_, err := h.Collect(ctx, refresh, id, sources.Input{}, nil)
	require.NoError(t, err)
	r, err := h.Review(ctx, subject, id, nil)
	require.NoError(t, err)
	for _, by := range []consent.Actor{{}, adviser, refresh, {ID: "subject-2", Role: consent.RoleSubject}, {ID: "lender", Role: consent.RoleRecipient}} {
		_, err := h.Decide(ctx, by, id, true)
		assert.ErrorIs(t, err, consent.ErrNotPermitted, "%s decides", by.Role)
		_, err = h.Review(ctx, by, id, nil)
		assert.ErrorIs(t, err, consent.ErrNotPermitted, "%s reviews", by.Role)
		_, err = h.Release(ctx, by, r.Approval())
		assert.ErrorIs(t, err, consent.ErrNotPermitted, "%s releases", by.Role)
		_, err = h.Connect(ctx, by, id, "bank", sources.ConnectRequest{})
		assert.ErrorIs(t, err, consent.ErrNotPermitted, "%s connects", by.Role)
		assert.ErrorIs(t, h.Revoke(ctx, by, id), consent.ErrNotPermitted, "%s revokes", by.Role)
		if by.Role != consent.RoleSystem {
			_, err = h.Collect(ctx, by, id, sources.Input{}, nil)
			assert.ErrorIs(t, err, consent.ErrNotPermitted, "%s collects", by.Role)
		}
	}
}

func TestConnectRefused(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	g, err := h.Propose(t.Context(), adviser, h.proposal())
	require.NoError(t, err)
	_, err = h.Connect(t.Context(), subject, g.ID, "bank", sources.ConnectRequest{})
	require.ErrorIs(t, err, consent.ErrNotPermitted, "before the decision")
	_, err = h.Decide(t.Context(), subject, g.ID, true)
	require.NoError(t, err)
	_, err = h.Connect(t.Context(), subject, g.ID, "elsewhere", sources.ConnectRequest{})
	require.ErrorIs(t, err, consent.ErrNotPermitted)
	_, err = h.Connect(t.Context(), subject, g.ID, "bank", sources.ConnectRequest{RedirectURL: "https://host.example/back"})
	require.NoError(t, err)
	_, err = h.Connect(t.Context(), subject, g.ID, "bank", sources.ConnectRequest{Callback: map[string][]string{"code": {"no"}}})
	require.ErrorIs(t, err, sources.ErrAuthentication)
	d, err := h.Collect(t.Context(), subject, g.ID, sources.Input{}, nil)
	require.NoError(t, err, "partial is normal")
	assert.False(t, d.Complete())
	assert.Empty(t, d.Records)
}

// A bank that does not answer is told later; until then its connection is kept, and nothing else.
func TestDisconnectLater(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	id := h.active(t)
	_, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
	require.NoError(t, err)
	*h.bank.down = true
	require.NoError(t, h.Revoke(t.Context(), subject, id))
	for range 3 {
		_, _ = h.Sweep(t.Context(), 10)
	}
	*h.bank.down = false
	h.now = h.now.Add(24 * time.Hour)
	h.restart(t)
	_, err = h.Sweep(t.Context(), 10)
	require.NoError(t, err)
	select {
	case <-h.bank.disconnected:
	default:
		t.Error("the bank was not told")
	}
}

// A revoke while a collection runs: nothing of it is returned, and nothing of it is kept.
func TestRevokeDuringCollect(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	id := h.active(t)
	var revoked atomic.Bool
	_, err := h.Collect(t.Context(), subject, id, sources.Input{}, &brondata.CollectOptions{Progress: func(e sources.Event) {
		if e.Kind == sources.EventEnded && revoked.CompareAndSwap(false, true) {
			assert.NoError(t, h.Revoke(context.Background(), subject, id))
		}
	}})
	require.ErrorIs(t, err, consent.ErrNotPermitted)
	_, err = h.Review(t.Context(), subject, id, nil)
	assert.ErrorIs(t, err, consent.ErrNotPermitted)
	// Whoever reads the vault itself, past the grant, finds nothing either.
	v, err := retention.New(h.conf.Data, h.conf.Keys, h.conf.KEK, retention.NoRecorder{}, &retention.Options{Tenant: h.conf.Tenant, Now: h.conf.Now})
	require.NoError(t, err)
	defer v.Close()
	_, err = v.ReadDossier(t.Context(), retention.Access{Actor: "a", Role: "b", Reason: "c"}, retention.Ref{Subject: "subject-1", Grant: string(id), Purpose: "mortgage"})
	assert.ErrorIs(t, err, retention.ErrShredded)
}

func TestKeepDocuments(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	p := h.proposal()
	p.KeepDocuments = true
	g, err := h.Propose(t.Context(), adviser, p)
	require.NoError(t, err)
	_, err = h.Decide(t.Context(), subject, g.ID, true)
	require.NoError(t, err)
	in := sources.Input{Files: []sources.Document{{Body: sources.BytesContent([]byte(bankRecords))}}}
	d, err := h.Collect(t.Context(), subject, g.ID, in, nil)
	require.NoError(t, err)
	require.Len(t, d.Records, 2)
	r, err := h.Review(t.Context(), subject, g.ID, nil)
	require.NoError(t, err)
	assert.Len(t, r.Records, 2)
}

func TestDiscard(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	id := h.active(t)
	d, err := h.Collect(t.Context(), subject, id, sources.Input{}, &brondata.CollectOptions{Discard: true})
	require.NoError(t, err)
	assert.Len(t, d.Records, 2)
	_, err = h.Review(t.Context(), subject, id, nil)
	assert.ErrorIs(t, err, brondata.ErrNothing)
}
