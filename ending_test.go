package brondata_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
)

// A proposal that was to supersede a grant and came to nothing takes nothing with it: the grant stands, with its data.
func TestRevokeProposalThatSupersedes(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, h *host, id consent.GrantID){
		"before the decision": func(*testing.T, *host, consent.GrantID) {},
		"after a no": func(t *testing.T, h *host, id consent.GrantID) {
			_, err := h.Decide(t.Context(), subject, id, false)
			require.NoError(t, err)
		},
		"too late to decide": func(_ *testing.T, h *host, _ consent.GrantID) { h.now = h.now.Add(8 * 24 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, nil)
			id := h.active(t)
			_, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
			require.NoError(t, err)
			p := h.proposal()
			p.Supersedes = id
			next, err := h.Propose(t.Context(), adviser, p)
			require.NoError(t, err)
			end(t, h, next.ID)
			require.NoError(t, h.Revoke(t.Context(), subject, next.ID))
			r, err := h.Review(t.Context(), subject, id, nil)
			require.NoError(t, err)
			assert.Len(t, r.Records, 2)
			_, err = h.Sweep(t.Context(), 100)
			require.NoError(t, err)
			_, err = h.Collect(t.Context(), subject, id, sources.Input{}, nil)
			require.NoError(t, err)
		})
	}
}

// Who withdraws a grant withdraws those that it took the place of as well, whichever page they are on.
func TestRevokeSuperseding(t *testing.T) {
	t.Parallel()
	for _, old := range []bool{false, true} {
		h := newHost(t, nil)
		first := h.active(t)
		_, err := h.Collect(t.Context(), subject, first, sources.Input{}, nil)
		require.NoError(t, err)
		p := h.proposal()
		p.Supersedes = first
		next, err := h.Propose(t.Context(), adviser, p)
		require.NoError(t, err)
		_, err = h.Decide(t.Context(), subject, next.ID, true)
		require.NoError(t, err)
		_, err = h.Review(t.Context(), subject, first, nil)
		require.ErrorIs(t, err, consent.ErrNotPermitted)
		_, err = h.Collect(t.Context(), subject, next.ID, sources.Input{Files: []sources.Document{{Body: sources.BytesContent([]byte(bankRecords))}}}, nil)
		require.NoError(t, err)
		if old {
			require.NoError(t, h.Revoke(t.Context(), subject, first))
		} else {
			require.NoError(t, h.Revoke(t.Context(), subject, next.ID))
		}
		for _, id := range []consent.GrantID{first, next.ID} {
			assert.ErrorIs(t, h.readPast(t, id), retention.ErrShredded)
		}
	}
}

// readPast reads what is kept under a grant as somebody would who goes past the client.
func (h *host) readPast(t testing.TB, id consent.GrantID) error {
	t.Helper()
	v, err := retention.New(h.conf.Data, h.conf.Keys, h.conf.KEK, retention.NoRecorder{}, &retention.Options{Tenant: h.conf.Tenant, Now: h.conf.Now})
	require.NoError(t, err)
	defer v.Close()
	_, err = v.ReadDossier(t.Context(), retention.Access{Actor: "a", Role: "b", Reason: "c"},
		retention.Ref{Subject: "subject-1", Grant: string(id), Purpose: "mortgage"})
	return err
}

// revokeOnly revokes with the consent store alone, as a process does that dies before it destroyed a key.
func (h *host) revokeOnly(t testing.TB, id consent.GrantID) {
	t.Helper()
	m, err := consent.NewManager(h.conf.Consent, &consent.Options{Now: h.conf.Now})
	require.NoError(t, err)
	_, err = m.Revoke(context.Background(), subject, id)
	assert.NoError(t, err)
}

// hook calls something before rows are stored or read.
type hook struct {
	retention.Store
	put, get func()
}

func (s *hook) Get(ctx context.Context, r retention.Row) ([]byte, error) {
	if s.get != nil {
		s.get()
	}
	return s.Store.Get(ctx, r)
}

func (s *hook) Put(ctx context.Context, r retention.Row, b []byte) error {
	if s.put != nil {
		s.put()
	}
	return s.Store.Put(ctx, r, b)
}

// A revoke while what was collected is being stored: nothing is returned, also when the process that revoked died before it
// destroyed the keys, and a sweep leaves nothing to read.
func TestRevokeDuringKeep(t *testing.T) {
	t.Parallel()
	data := &hook{Store: retention.NewMemoryStore()}
	h := newHost(t, func(c *brondata.Config) { c.Data = data })
	id := h.active(t)
	revoked := false
	data.put = func() {
		if !revoked {
			revoked = true
			h.revokeOnly(t, id)
		}
	}
	d, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
	require.True(t, revoked)
	assertRevoked(t, err)
	assert.Nil(t, d)
	_, err = h.Review(t.Context(), subject, id, nil)
	require.ErrorIs(t, err, consent.ErrNotPermitted)
	_, err = h.Sweep(t.Context(), 100)
	require.NoError(t, err)
	require.ErrorIs(t, h.readPast(t, id), retention.ErrShredded)
}

// assertRevoked asserts that an error refuses, and says why.
func assertRevoked(t testing.TB, err error) {
	t.Helper()
	var r *consent.Refusal
	if assert.ErrorAs(t, err, &r) {
		assert.Equal(t, consent.ReasonRevoked, r.Reason)
	}
}

// A revoke while what is kept is being read: the reader is told that the grant was revoked, not that a key is not there.
func TestRevokeDuringRead(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(h *host, id consent.GrantID, a consent.Approval) error{
		"review": func(h *host, id consent.GrantID, _ consent.Approval) error {
			_, err := h.Review(context.Background(), subject, id, nil)
			return err
		},
		"release": func(h *host, _ consent.GrantID, a consent.Approval) error {
			_, err := h.Release(context.Background(), subject, a)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := &hook{Store: retention.NewMemoryStore()}
			h := newHost(t, func(c *brondata.Config) { c.Data = data })
			id := h.active(t)
			_, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
			require.NoError(t, err)
			r, err := h.Review(t.Context(), subject, id, nil)
			require.NoError(t, err)
			revoked := false
			data.get = func() {
				if !revoked {
					revoked = true
					assert.NoError(t, h.Revoke(context.Background(), subject, id))
				}
			}
			err = read(h, id, r.Approval())
			require.True(t, revoked)
			assertRevoked(t, err)
		})
	}
	t.Run("export", func(t *testing.T) {
		t.Parallel()
		data := &hook{Store: retention.NewMemoryStore()}
		h := newHost(t, func(c *brondata.Config) { c.Data = data })
		id := h.active(t)
		_, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
		require.NoError(t, err)
		data.get = func() { assert.NoError(t, h.Revoke(context.Background(), subject, id)) }
		e, err := h.Export(t.Context(), subject, "subject-1")
		require.NoError(t, err)
		assert.Empty(t, e.Data)
	})
}

// assertNoKeys asserts that what the key store holds after a sweep opens nothing and names nobody.
func (h *host) assertNoKeys(t testing.TB) {
	t.Helper()
	all, err := h.conf.Keys.List(t.Context(), "g/", "", 1000)
	require.NoError(t, err)
	require.NotEmpty(t, all)
	for _, r := range all {
		assert.NotContains(t, string(r.Body), "subject-1", "%s is no tombstone", r.ID)
		assert.Less(t, len(r.Body), 32, "%s is no tombstone", r.ID)
	}
}

func TestSweepLeavesNoKey(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	id := h.active(t)
	_, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
	require.NoError(t, err)
	require.NoError(t, h.Revoke(t.Context(), subject, id))
	for range 5 {
		h.now = h.now.Add(time.Hour)
		_, err = h.Sweep(t.Context(), 100)
		require.NoError(t, err)
	}
	h.assertNoKeys(t)
}

// Documents that are kept hold data of every category: they go with the first of it.
func TestKeptDocumentsEnd(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	p := h.proposal()
	p.KeepDocuments = true
	p.Purpose.Keep = map[model.Category]time.Duration{
		model.CategoryTransaction: 3 * 24 * time.Hour, model.CategoryBalance: 6 * 24 * time.Hour, model.CategoryPerson: time.Hour, // not in the scope
	}
	g, err := h.Propose(t.Context(), adviser, p)
	require.NoError(t, err)
	_, err = h.Decide(t.Context(), subject, g.ID, true)
	require.NoError(t, err)
	_, err = h.Collect(t.Context(), subject, g.ID, sources.Input{Files: []sources.Document{{Body: sources.BytesContent([]byte(bankRecords))}}}, nil)
	require.NoError(t, err)
	for _, c := range []struct {
		after              time.Duration
		records, documents int
	}{
		{3*24*time.Hour - time.Millisecond, 2, 1}, {time.Millisecond, 1, 0}, {3*24*time.Hour - time.Millisecond, 1, 0}, {time.Millisecond, 0, 0},
	} {
		h.now = h.now.Add(c.after)
		e, err := h.Export(t.Context(), subject, "subject-1")
		require.NoError(t, err)
		records := 0
		if d := e.Data[g.ID]; d != nil {
			records = len(d.Records)
		}
		assert.Equal(t, c.records, records)
		assert.Len(t, e.Documents, c.documents)
	}
}

// A doubt about a file that belongs to no institution is one doubt, however many institutions there are data of.
func TestDoubtOnce(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	p := h.proposal()
	p.Institutions = []model.InstitutionID{"bank", "bank-2"}
	g, err := h.Propose(t.Context(), adviser, p)
	require.NoError(t, err)
	_, err = h.Decide(t.Context(), subject, g.ID, true)
	require.NoError(t, err)
	in := sources.Input{Files: []sources.Document{
		{Institution: "bank", Body: sources.BytesContent([]byte(bankRecords))},
		{Institution: "bank-2", Body: sources.BytesContent([]byte(bankRecords))},
		{Body: sources.BytesContent([]byte("nobody's"))},
	}}
	d, err := h.Collect(t.Context(), subject, g.ID, in, nil)
	require.NoError(t, err)
	require.Len(t, d.Issues, 1)
	r, err := h.Review(t.Context(), subject, g.ID, nil)
	require.NoError(t, err)
	assert.Equal(t, d.Issues, r.Issues)
}

// An institution is asked for no longer a connection than the grant.
func TestConnectNoLongerThanGrant(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	g, err := h.Propose(t.Context(), adviser, h.proposal())
	require.NoError(t, err)
	_, err = h.Decide(t.Context(), subject, g.ID, true)
	require.NoError(t, err)
	last := model.DateOf(g.ValidUntil)
	for _, c := range []struct{ ask, want model.Date }{{model.Date{}, last}, {last.AddDays(90), last}, {last.AddDays(-1), last.AddDays(-1)}} {
		_, err = h.Connect(t.Context(), subject, g.ID, "bank", sources.ConnectRequest{RedirectURL: "https://host.example/back", ValidUntil: c.ask})
		require.NoError(t, err)
		assert.Equal(t, c.want, *h.bank.asked)
	}
}

// What the subject leaves out cannot be told from what is sent: it is the same, byte for byte, whether there was a little of
// it, a lot, or something doubtful.
func TestLeftOutIsNotTold(t *testing.T) {
	t.Parallel()
	const page = `[{"category":"transaction","account":"NL48BRON0123456789","bookingDate":"2026-11-01","amount":{"amount":"-1.00","currency":"EUR"},
		"status":"booked","provenance":{"document":0},"issues":[{"code":"conflict","field":"counterparty.account"}]}]`
	sent := map[string]bool{}
	for name, pages := range map[string][]string{"none": nil, "one": {page}, "many": slices.Repeat([]string{page}, 12)} {
		h := newHost(t, nil)
		*h.bank.pages = pages
		id := h.active(t)
		d, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
		require.NoError(t, err)
		require.Len(t, d.Records, 2+len(pages), name)
		r, err := h.Review(t.Context(), subject, id, &brondata.ReviewOptions{LeaveOut: []model.Category{model.CategoryTransaction}})
		require.NoError(t, err)
		p, err := h.Release(t.Context(), subject, r.Approval())
		require.NoError(t, err)
		got, err := h.open(p)
		require.NoError(t, err)
		require.Len(t, got.Records, 1)
		b, err := json.Marshal(got)
		require.NoError(t, err)
		assert.NotContains(t, string(b), "transaction")
		sent[string(b)] = true
	}
	assert.Len(t, sent, 1, "%v", sent)
}

// A sweep of nothing is refused, for it would say that there is more for ever.
func TestSweepOfNothing(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	for _, max := range []int{0, -1} {
		rep, err := h.Sweep(t.Context(), max)
		require.ErrorIs(t, err, consent.ErrInvalid)
		assert.False(t, rep.More)
	}
}
