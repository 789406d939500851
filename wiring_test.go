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

// second is another institution's way, which says until when it may be used.
type second struct {
	bank
	until model.Date
}

func (s second) Describe() sources.Descriptor {
	d := s.bank.Describe()
	d.ID, d.Institution = "second-api", "second"
	return d
}

func (s second) Connect(ctx context.Context, se *sources.Session, r sources.ConnectRequest) (sources.Step, error) {
	step, err := s.bank.Connect(ctx, se, r)
	if step.Kind == sources.StepDone {
		step.ValidUntil = s.until
	}
	return step, err
}

// twoBanks is a host with two institutions, and a grant with a connection to each.
func twoBanks(t *testing.T, change func(*brondata.Config)) (*host, bank, consent.GrantID) {
	t.Helper()
	until, err := model.NewDate(2026, 11, 20)
	require.NoError(t, err)
	other := bank{body: bankRecords, pages: new([]string), disconnected: make(chan struct{}), down: new(bool), asked: new(model.Date)}
	h := newHost(t, func(c *brondata.Config) {
		require.NoError(t, c.Registry.AddSource(second{other, until}))
		if change != nil {
			change(c)
		}
	})
	id := h.decided(t, func(p *consent.Proposal) { p.Institutions = append(p.Institutions, "second") })
	for _, inst := range []model.InstitutionID{"bank", "second"} {
		for _, r := range []sources.ConnectRequest{{RedirectURL: "https://host.example/back"}, {Callback: map[string][]string{"code": {"ok"}}}} {
			_, err := h.Connect(t.Context(), subject, id, inst, r)
			require.NoError(t, err)
		}
	}
	return h, other, id
}

func (h *host) links(t *testing.T, id consent.GrantID) map[model.InstitutionID]consent.Link {
	t.Helper()
	links, err := h.Consent().Links(t.Context(), subject, id)
	require.NoError(t, err)
	out := map[model.InstitutionID]consent.Link{}
	for _, l := range links {
		out[l.Institution] = l
	}
	return out
}

// The end of one connection takes nothing from another one: an institution that does not answer is told later, with its own tokens.
func TestConnectionsEndApart(t *testing.T) {
	t.Parallel()
	h, other, id := twoBanks(t, nil)
	links := h.links(t, id)
	assert.Zero(t, links["bank"].Until)
	assert.Equal(t, time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC), links["second"].Until, "its last day is a whole one")
	*other.down = true
	require.NoError(t, h.Revoke(t.Context(), subject, id))
	_, err := h.Sweep(t.Context(), 10)
	require.Error(t, err)
	<-h.bank.disconnected
	*other.down = false
	h.now = h.now.Add(time.Hour)
	_, err = h.Sweep(t.Context(), 10)
	require.NoError(t, err)
	select {
	case <-other.disconnected:
	default:
		t.Error("the second institution was not told")
	}
}

// A file says nothing of the connection to the institution that it is from.
func TestFilesSayNothingOfLinks(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	id := h.decided(t, nil)
	_, err := h.Connect(t.Context(), subject, id, "bank", sources.ConnectRequest{RedirectURL: "https://host.example/back"})
	require.NoError(t, err)
	before := h.links(t, id)["bank"].State
	in := sources.Input{Files: []sources.Document{{Institution: "bank", Body: sources.BytesContent([]byte(bankRecords))}}}
	d, err := h.Collect(t.Context(), subject, id, in, nil)
	require.NoError(t, err)
	require.True(t, d.Complete())
	assert.NotEqual(t, consent.LinkValid, before)
	assert.NotEqual(t, consent.LinkValid, h.links(t, id)["bank"].State)
}

// questions is a policy that keeps what it is asked.
type questions struct{ asked []consent.Question }

func (p *questions) Allow(_ context.Context, _ consent.Actor, q consent.Question) error {
	p.asked = append(p.asked, q)
	return nil
}

// A host's policy is told of whose grant, for what and for whom, whichever room asks.
func TestPolicyIsToldAll(t *testing.T) {
	t.Parallel()
	p := &questions{}
	h := newHost(t, func(c *brondata.Config) { c.Policy = p })
	id := h.active(t)
	_, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
	require.NoError(t, err)
	r, err := h.Review(t.Context(), subject, id, nil)
	require.NoError(t, err)
	_, err = h.Release(t.Context(), subject, r.Approval())
	require.NoError(t, err)
	require.NoError(t, h.Delivered(t.Context(), subject, r.Release))
	require.NoError(t, h.Revoke(t.Context(), subject, id))
	seen := map[consent.Action]bool{}
	for _, q := range p.asked {
		seen[q.Action] = true
		assert.Equal(t, consent.Question{Action: q.Action, Subject: "subject-1", Purpose: "mortgage", Recipient: "lender"}, q)
	}
	for _, a := range []consent.Action{
		consent.ActionPropose, consent.ActionFirstKey, consent.ActionDecide, consent.ActionSee, consent.ActionConnect, consent.ActionCollect,
		consent.ActionReview, consent.ActionRelease, consent.ActionDeliver, consent.ActionRevoke,
	} {
		assert.True(t, seen[a], a)
	}
}
