package brondata_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
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

// What a configuration says reaches the room that it is for.
func TestConfigReachesTheRooms(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	t.Run("compartments", func(t *testing.T) {
		t.Parallel()
		own := retention.NewMemoryStore()
		kek, _, err := crypto.GenerateLocalKEK()
		require.NoError(t, err)
		h := newHost(t, func(c *brondata.Config) {
			c.Compartments = map[retention.Compartment]brondata.Compartment{retention.Financial: {Data: own, KEK: kek}}
		})
		id := h.active(t)
		rest := h.conf.Data.(*retention.MemoryStore).Len()
		_, err = h.Collect(ctx, subject, id, sources.Input{}, nil)
		require.NoError(t, err)
		assert.Positive(t, own.Len())
		assert.Equal(t, rest, h.conf.Data.(*retention.MemoryStore).Len(), "what is financial is nowhere else")
		h.restart(t)
		_, err = h.Review(ctx, subject, id, nil)
		require.NoError(t, err)
		kek.Destroy()
		h.Close() // and so has no key in memory
		_, err = h.Review(ctx, subject, id, nil)
		require.ErrorIs(t, err, crypto.ErrShredded)
	})
	t.Run("policy", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, func(c *brondata.Config) { c.Policy = consent.Rules{} })
		_, err := h.Propose(ctx, adviser, h.proposal())
		require.ErrorIs(t, err, consent.ErrNotPermitted)
	})
	t.Run("texts", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, nil)
		g, err := h.Propose(ctx, adviser, h.proposal())
		require.NoError(t, err)
		assert.Contains(t, g.Onboarding().Text("nl", nil), "De Bank")
	})
	t.Run("limits", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, func(c *brondata.Config) { c.Limits.DocumentBytes = 100 })
		d, err := h.Collect(ctx, subject, h.active(t), sources.Input{}, nil)
		require.NoError(t, err)
		assert.Empty(t, d.Records)
		assert.Equal(t, sources.Code(sources.ErrTooLarge), d.Coverage[0].Attempts[0].Outcome)
	})
	t.Run("log", func(t *testing.T) {
		t.Parallel()
		var log bytes.Buffer
		h := newHost(t, func(c *brondata.Config) {
			c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		id := h.active(t)
		_, err := h.Collect(ctx, subject, h.decided(t, nil), sources.Input{Files: []sources.Document{{Institution: "bank", Body: sources.BytesContent([]byte("[no list of Canaries"))}}}, nil)
		require.NoError(t, err)
		assert.Contains(t, log.String(), "document not read whole")
		*h.bank.down = true
		require.NoError(t, h.Revoke(ctx, subject, id))
		h.now = h.now.Add(8 * 24 * time.Hour)
		_, err = h.Sweep(ctx, 10)
		require.NoError(t, err)
		assert.Contains(t, log.String(), "connection given up")
		assert.NotContains(t, log.String(), "anary")
	})
	t.Run("terms of connections", func(t *testing.T) {
		t.Parallel()
		for _, p := range []retention.Policy{{}, {Recurrent: true}, {Credentials: retention.CredentialsNoStore}, {Credentials: 3}} {
			h := newHost(t, func(c *brondata.Config) {
				c.Terms = func(consent.Grant, model.InstitutionID) retention.Policy { return p }
			})
			id := h.active(t)
			v, err := retention.New(h.conf.Data, h.conf.Keys, h.conf.KEK, h.conf.Audit, &retention.Options{Tenant: h.conf.Tenant, Now: h.conf.Now})
			require.NoError(t, err)
			st, err := v.Status(ctx, string(id)+"-connections", "bank-api")
			require.NoError(t, err)
			want := p
			want.Until = h.proposal().ValidUntil.Add(7 * 24 * time.Hour)
			assert.True(t, want.Equal(st.Policy), "as the host says, and a week longer than the grant, in which the bank can be told")
		}
	})
}

// Data is kept as long as the purpose says and at most until the grant ends; a document as long as the shortest of what is in it.
func TestDefaultTerms(t *testing.T) {
	t.Parallel()
	until := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	person, balance, document := model.CategoryPerson, model.CategoryBalance, retention.CategoryDocument
	for name, c := range map[string]struct {
		keep      map[model.Category]time.Duration
		documents bool
		want      map[model.Category]time.Duration
	}{
		"nothing said":       {nil, true, nil},
		"zero is the grant":  {map[model.Category]time.Duration{balance: 0}, true, nil},
		"data only":          {map[model.Category]time.Duration{balance: day}, false, map[model.Category]time.Duration{balance: day}},
		"documents, too":     {map[model.Category]time.Duration{balance: day}, true, map[model.Category]time.Duration{balance: day, document: day}},
		"the shortest":       {map[model.Category]time.Duration{balance: 3 * day, person: 2 * day}, true, map[model.Category]time.Duration{balance: 3 * day, person: 2 * day, document: 2 * day}},
		"not of other data":  {map[model.Category]time.Duration{model.CategoryIncome: day}, true, map[model.Category]time.Duration{model.CategoryIncome: day}},
		"zero among several": {map[model.Category]time.Duration{balance: 0, person: day}, true, map[model.Category]time.Duration{person: day, document: day}},
	} {
		g := consent.Grant{KeepDocuments: c.documents, Purpose: consent.Purpose{Keep: c.keep}, Scope: model.Scope{Baskets: []model.Basket{
			{Category: balance, Fields: []string{"amount"}}, {Category: person, Fields: []string{"birthDate"}},
		}}}
		g.ValidUntil = until
		for range 5 { // whatever the order of a map
			assert.Equal(t, retention.Policy{Until: until, Lives: c.want}, brondata.DefaultTerms(g, "bank"), name)
		}
	}
}

// Whatever reads what is kept is in the log with who it was for, why, and on which law.
func TestReadsAreLoggedWhole(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	log := &recorder{}
	h := newHost(t, func(c *brondata.Config) { c.Audit = log })
	id := h.decided(t, func(p *consent.Proposal) { p.Purpose.LegalBasis = "Wft art. 4:25" })
	_, err := h.Collect(ctx, subject, id, sources.Input{Files: []sources.Document{{Institution: "bank", Body: sources.BytesContent([]byte(bankRecords))}}}, nil)
	require.NoError(t, err)
	guardian := consent.Actor{ID: "guardian-1", Role: consent.RoleSubject, OnBehalfOf: subject.ID, Reason: "ticket-142"}
	for _, c := range []struct {
		by     consent.Actor
		reason string
	}{{guardian, "ticket-142"}, {subject, "mortgage: review"}} {
		log.actions()
		_, err = h.Review(ctx, c.by, id, nil)
		require.NoError(t, err)
		log.mu.Lock()
		read := log.entries[0]
		log.mu.Unlock()
		read.Categories = nil
		assert.Equal(t, retention.Access{
			Actor: c.by.ID, Role: "subject", OnBehalfOf: c.by.OnBehalfOf, Reason: c.reason, LegalBasis: "Wft art. 4:25", Subject: "subject-1",
			Action: retention.ActionRead, Tenant: "tenant-1", Grant: string(id), Link: "bank", Compartment: retention.Financial, Items: read.Items,
			Outcome: retention.OutcomeGranted,
		}, read)
	}
}

// What is kept is bound to the subject and the purpose: who reads it as another's, or for something else, opens nothing.
func TestKeptIsBound(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	id := h.active(t)
	_, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
	require.NoError(t, err)
	require.NoError(t, h.readPast(t, id))
	v, err := retention.New(h.conf.Data, h.conf.Keys, h.conf.KEK, h.conf.Audit, &retention.Options{Tenant: h.conf.Tenant, Now: h.conf.Now})
	require.NoError(t, err)
	for _, r := range []retention.Ref{{Subject: "subject-2", Purpose: "mortgage"}, {Subject: "subject-1", Purpose: "marketing"}, {}} {
		r.Grant = string(id)
		_, err = v.ReadDossier(t.Context(), retention.Access{Actor: "a", Role: "b", Reason: "c"}, r)
		assert.ErrorIs(t, err, crypto.ErrOpen)
	}
}

// A review shows to whom, what for, how long and until when, as it was agreed.
func TestReviewShowsWhatWasAgreed(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	const day = 24 * time.Hour
	id := h.decided(t, func(p *consent.Proposal) {
		p.Purpose.LegalBasis = "Wft art. 4:25"
		p.Purpose.Further, p.Purpose.Withdrawal = model.Text{English: "To Norway."}, model.Text{Dutch: "Bel ons."}
		p.Purpose.Keep = map[model.Category]time.Duration{model.CategoryTransaction: 2 * day, model.CategoryBalance: 90 * day}
		p.Institutions = append(p.Institutions, "other")
	})
	collected := h.now
	_, err := h.Collect(t.Context(), subject, id, sources.Input{Files: []sources.Document{{Institution: "bank", Body: sources.BytesContent([]byte(bankRecords))}}}, nil)
	require.NoError(t, err)
	h.now = h.now.Add(time.Hour)
	r, err := h.Review(t.Context(), subject, id, nil)
	require.NoError(t, err)
	p, until := h.proposal(), collected.Add(30*day)
	assert.Equal(t, string(id), r.Grant)
	assert.Equal(t, model.ReviewRecipient{ID: "lender", Name: "A lender", Contact: "privacy@lender.example", KeyID: h.recipient.Public().Fingerprint().String()}, r.Recipient)
	assert.Equal(t, model.ReviewPurpose{
		ID: "mortgage", Text: p.Purpose.Text, LegalBasis: "Wft art. 4:25", Withdrawal: model.Text{Dutch: "Bel ons."}, Further: model.Text{English: "To Norway."},
	}, r.Purpose)
	assert.Equal(t, []model.ReviewInstitution{{ID: "bank", Name: "De Bank"}, {ID: "other"}}, r.Institutions)
	assert.Equal(t, p.Scope, r.Scope)
	assert.Equal(t, []time.Time{h.now, until, h.now.Add(day)}, []time.Time{r.PreparedAt, r.GrantValidUntil, r.ApproveBy})
	assert.ElementsMatch(t, []model.ReviewRetention{
		{Category: model.CategoryBalance, Until: until}, {Category: model.CategoryTransaction, Until: collected.Add(2 * day)},
	}, r.Retention, "never longer than the consent")
	less, err := h.Review(t.Context(), subject, id, &brondata.ReviewOptions{LeaveOut: []model.Category{model.CategoryTransaction}})
	require.NoError(t, err)
	assert.Equal(t, []model.Category{model.CategoryBalance}, less.Scope.Categories())
	assert.Len(t, less.Retention, 1)
}

// A sweep removes the rows of what expired under a grant that goes on, and says when there may be more.
func TestSweepRemovesWhatExpired(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	h := newHost(t, nil)
	id := h.decided(t, func(p *consent.Proposal) {
		p.Purpose.Keep = map[model.Category]time.Duration{model.CategoryTransaction: 2 * day, model.CategoryBalance: 2 * day}
	})
	_, err := h.Collect(t.Context(), subject, id, sources.Input{Files: []sources.Document{{Institution: "bank", Body: sources.BytesContent([]byte(bankRecords))}}}, nil)
	require.NoError(t, err)
	rows := h.conf.Data.(*retention.MemoryStore)
	before := rows.Len()
	h.now = h.now.Add(2*day + time.Hour)
	rep, err := h.Sweep(t.Context(), 1)
	require.NoError(t, err)
	assert.True(t, rep.More)
	for rep.More {
		rep, err = h.Sweep(t.Context(), 10)
		require.NoError(t, err)
	}
	assert.Equal(t, before-2, rows.Len())
	_, err = h.Review(t.Context(), subject, id, nil)
	require.ErrorIs(t, err, brondata.ErrNothing)

	// Grants that ended are more to do as well.
	for range 2 {
		_, err := h.Consent().Revoke(t.Context(), subject, h.decided(t, nil))
		require.NoError(t, err)
	}
	rep, err = h.Sweep(t.Context(), 1)
	require.NoError(t, err)
	assert.True(t, rep.More && rep.Consent.More)

	// A data store that is down is told of, and the rest is done.
	h.conf.Data = brokenSweep{rows}
	h.restart(t)
	h.now = h.now.Add(time.Hour)
	rep, err = h.Sweep(t.Context(), 10)
	require.ErrorIs(t, err, errInjected)
	assert.Equal(t, 1, rep.Consent.Ended)
}

// brokenSweep removes nothing that expired.
type brokenSweep struct{ *retention.MemoryStore }

func (brokenSweep) Expire(context.Context, time.Time, int) (int, error) { return 0, errInjected }

// gone is a consent store whose caller goes away as soon as a grant was changed.
type gone struct {
	consent.Store
	leave func()
}

func (s gone) Apply(ctx context.Context, cs ...consent.Change) error {
	defer s.leave()
	return s.Store.Apply(ctx, cs...)
}

// Once a grant is revoked its keys go, whether or not the caller still waits for it.
func TestRevokeWithoutCaller(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	id := h.active(t)
	_, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	h.conf.Consent = gone{h.conf.Consent, cancel}
	h.restart(t)
	require.NoError(t, h.Revoke(ctx, subject, id))
	require.Error(t, ctx.Err())
	require.ErrorIs(t, h.readPast(t, id), retention.ErrShredded)
}

// Of grants that took each other's place, one after the other, a revoke destroys what was kept under all.
func TestRevokeThirdInRow(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	var ids []consent.GrantID
	for range 3 {
		id := h.decided(t, func(p *consent.Proposal) {
			if len(ids) > 0 {
				p.Supersedes = ids[len(ids)-1]
			}
		})
		ids = append(ids, id)
		_, err := h.Collect(t.Context(), subject, id, sources.Input{Files: []sources.Document{{Institution: "bank", Body: sources.BytesContent([]byte(bankRecords))}}}, nil)
		require.NoError(t, err)
	}
	require.NoError(t, h.readPast(t, ids[0]), "until a sweep or a revoke")
	require.NoError(t, h.Revoke(t.Context(), subject, ids[2]))
	for _, id := range ids {
		require.ErrorIs(t, h.readPast(t, id), retention.ErrShredded)
	}
}

// What is in memory only is gone when the client is closed, and what was reviewed and is not kept any more cannot be released.
func TestCloseForgets(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	id := h.decided(t, func(p *consent.Proposal) {
		p.Purpose.Keep = map[model.Category]time.Duration{model.CategoryTransaction: time.Hour, model.CategoryBalance: time.Hour}
	})
	_, err := h.Collect(t.Context(), subject, id, sources.Input{Files: []sources.Document{{Institution: "bank", Body: sources.BytesContent([]byte(bankRecords))}}}, nil)
	require.NoError(t, err)
	r, err := h.Review(t.Context(), subject, id, nil)
	require.NoError(t, err)
	h.Close()
	_, err = h.Review(t.Context(), subject, id, nil)
	require.True(t, errors.Is(err, brondata.ErrNothing) || errors.Is(err, retention.ErrDamaged), "%v", err)
	h.restart(t)
	_, err = h.Release(t.Context(), subject, r.Approval())
	require.ErrorIs(t, err, consent.ErrVoid)
}
