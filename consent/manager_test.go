package consent_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
)

func TestProposeRefusesWhatIsUnusable(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	for name, edit := range map[string]func(p *consent.Proposal){
		"no subject":                func(p *consent.Proposal) { p.Subject = "" },
		"long subject":              func(p *consent.Proposal) { p.Subject = strings.Repeat("x", 300) },
		"no recipient":              func(p *consent.Proposal) { p.Recipient.ID = "" },
		"recipient without name":    func(p *consent.Proposal) { p.Recipient.Name = "" },
		"recipient without contact": func(p *consent.Proposal) { p.Recipient.Contact = "" },
		"country in full":           func(p *consent.Proposal) { p.Recipient.Country = "Nederland" },
		"purpose without text":      func(p *consent.Proposal) { p.Purpose.Text = model.Text{} },
		"purpose id with blanks":    func(p *consent.Proposal) { p.Purpose.ID = "a b" },
		"empty scope":               func(p *consent.Proposal) { p.Scope = model.Scope{} },
		"unknown category":          func(p *consent.Proposal) { p.Scope.Baskets[0].Category = "shoe-size" },
		"unknown field":             func(p *consent.Proposal) { p.Scope.Baskets[2].Fields = []string{"colour"} },
		"category twice":            func(p *consent.Proposal) { p.Scope.Baskets = append(p.Scope.Baskets, p.Scope.Baskets[0]) },
		"BSN without legal basis": func(p *consent.Proposal) {
			p.Scope.Baskets[0].Fields = append(p.Scope.Baskets[0].Fields, "bsn")
		},
		"no institution":          func(p *consent.Proposal) { p.Institutions = nil },
		"institution twice":       func(p *consent.Proposal) { p.Institutions = []model.InstitutionID{"bank", "bank"} },
		"institution with slash":  func(p *consent.Proposal) { p.Institutions = []model.InstitutionID{"bank/x"} },
		"validity over":           func(p *consent.Proposal) { p.ValidUntil = start },
		"valid too long":          func(p *consent.Proposal) { p.ValidUntil = start.Add(181 * 24 * time.Hour) },
		"longer than its purpose": func(p *consent.Proposal) { p.Purpose.MaxValidity = time.Hour; p.ValidUntil = start.Add(2 * time.Hour) },
		"negative retention":      func(p *consent.Proposal) { p.Purpose.Keep[model.CategoryTransaction] = -1 },
		"superseding a bad id":    func(p *consent.Proposal) { p.Supersedes = "x" },
		"another recipient's key": func(p *consent.Proposal) { p.Recipient.Key = newKey(t).Public() },
		"retention of nothing":    func(p *consent.Proposal) { p.Purpose.Keep["shoe-size"] = time.Hour },
		"negative validity":       func(p *consent.Proposal) { p.Purpose.MaxValidity = -1 },
		"too many institutions": func(p *consent.Proposal) {
			p.Institutions = nil
			for i := range 101 {
				p.Institutions = append(p.Institutions, model.InstitutionID(fmt.Sprintf("bank-%d", i)))
			}
		},
		"recipient's name too long":        func(p *consent.Proposal) { p.Recipient.Name = strings.Repeat("x", 300) },
		"recipient's contact too long":     func(p *consent.Proposal) { p.Recipient.Contact = strings.Repeat("x", 300) },
		"purpose text too long in English": func(p *consent.Proposal) { p.Purpose.Text.English = strings.Repeat("x", 3000) },
		"recipient's id too long":          func(p *consent.Proposal) { p.Recipient.ID = strings.Repeat("x", 300) },
		"subject not UTF-8":                func(p *consent.Proposal) { p.Subject = "\xff" },
		"subject is a BSN":                 func(p *consent.Proposal) { p.Subject = "999990019" },
		"subject is a short BSN":           func(p *consent.Proposal) { p.Subject = "10000008" },
		"subject is an IBAN":               func(p *consent.Proposal) { p.Subject = "NL02ABNA0123456789" },
		"subject is a small IBAN":          func(p *consent.Proposal) { p.Subject = "nl02abna0123456789" },
		"subject is a name":                func(p *consent.Proposal) { p.Subject = "J. Voorbeeld" },
		"subject with a tab":               func(p *consent.Proposal) { p.Subject = "J.\tVoorbeeld" },
		"subject with a wide blank":        func(p *consent.Proposal) { p.Subject = "J.\u00a0Voorbeeld" },
		"case not UTF-8":                   func(p *consent.Proposal) { p.Case = "a\xc3" },
		"recipient not UTF-8":              func(p *consent.Proposal) { p.Recipient.ID = "\xff" },
		"purpose not UTF-8":                func(p *consent.Proposal) { p.Purpose.Text.English = "why \xff" },
		"case too long":                    func(p *consent.Proposal) { p.Case = strings.Repeat("x", 300) },
		"legal basis is no essay":          func(p *consent.Proposal) { p.Purpose.LegalBasis = strings.Repeat("x", 300) },
		"purpose text is no essay":         func(p *consent.Proposal) { p.Purpose.Text.Dutch = strings.Repeat("x", 3000) },
	} {
		k.propose(t, nil) // registers the key
		p := k.proposal()
		edit(&p)
		_, err := k.Propose(t.Context(), jan, p)
		assert.ErrorIs(t, err, consent.ErrInvalid, name)
		clean(t, err)
	}
}

func TestValidityIsBounded(t *testing.T) {
	t.Parallel()
	d := 24 * time.Hour
	for name, c := range map[string]struct {
		limits consent.Limits
		edit   func(*consent.Proposal)
		want   time.Duration
	}{
		"PSD2's 180 days by default": {want: 180 * d},
		"what the purpose allows":    {edit: func(p *consent.Proposal) { p.Purpose.MaxValidity = 10 * d }, want: 10 * d},
		"what the host allows":       {limits: consent.Limits{MaxValidity: 20 * d}, want: 20 * d},
		"what one institution allows": {limits: consent.Limits{Institutions: map[model.InstitutionID]consent.InstitutionLimits{
			"uwv": {MaxValidity: 5 * d}, "bank": {MaxValidity: 400 * d},
		}}, want: 5 * d},
		"the year, where institutions allow more": {limits: consent.Limits{Institutions: map[model.InstitutionID]consent.InstitutionLimits{
			"uwv": {MaxValidity: 500 * d}, "bank": {MaxValidity: 400 * d},
		}}, want: 365 * d},
		"what is asked": {edit: func(p *consent.Proposal) { p.ValidUntil = start.Add(3 * d) }, want: 3 * d},
	} {
		g := newKit(t, c.limits).propose(t, c.edit)
		assert.Equal(t, start.Add(c.want), g.ValidUntil, name)
		assert.False(t, g.ValidUntil.Before(g.DecideBy), name)
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.propose(t, nil)
	require.True(t, g.Recipient.Key.IsZero(), "a grant outlives a key")
	stored, err := k.Get(t.Context(), jan, g.ID)
	require.NoError(t, err)
	require.Equal(t, stored, g)
	for _, by := range []consent.Actor{piet, adviser, system, refresh, {}, {ID: jan.ID, Role: consent.RoleAdviser}} {
		_, err := k.Decide(t.Context(), by, g.ID, true)
		require.Equal(t, consent.ReasonPolicy, reason(err), "only the subject consents")
	}
	_, err = k.Permit(t.Context(), jan, g.ID)
	require.Equal(t, consent.ReasonUndecided, reason(err))

	g, err = k.Decide(t.Context(), jan, g.ID, true)
	require.NoError(t, err)
	require.Equal(t, consent.GrantActive, g.State)
	require.True(t, g.DecidedBy.Attended)
	again, err := k.Decide(t.Context(), jan, g.ID, true)
	require.NoError(t, err)
	require.Equal(t, g, again, "deciding the same again changes nothing")
	_, err = k.Decide(t.Context(), jan, g.ID, false)
	require.ErrorIs(t, err, consent.ErrTransition)

	denied := k.propose(t, nil)
	for range 2 {
		denied, err = k.Decide(t.Context(), jan, denied.ID, false)
		require.NoError(t, err)
		require.Equal(t, consent.GrantDenied, denied.State)
	}
	_, err = k.Decide(t.Context(), jan, denied.ID, true)
	require.ErrorIs(t, err, consent.ErrTransition)
	_, err = k.Permit(t.Context(), jan, denied.ID)
	require.Equal(t, consent.ReasonDenied, reason(err))

	late := k.propose(t, nil)
	k.clock.pass(8 * 24 * time.Hour)
	_, err = k.Decide(t.Context(), jan, late.ID, true)
	require.Equal(t, consent.ReasonExpired, reason(err))
	require.Equal(t, consent.GrantExpired, k.state(t, late.ID))
	_, err = k.Decide(t.Context(), jan, "aaaaaaaaaaaaaaaaaaaaaaaaaa", true)
	require.ErrorIs(t, err, consent.ErrNotFound)
	_, err = k.Permit(t.Context(), jan, "aaaaaaaaaaaaaaaaaaaaaaaaaa")
	require.ErrorIs(t, err, consent.ErrNotFound, "as everywhere, and a refusal as well")
	require.Equal(t, consent.ReasonNone, reason(err))
	_, err = k.Decide(t.Context(), jan, "../../etc", true)
	require.ErrorIs(t, err, consent.ErrNotFound)
}

func TestSupersede(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	old := k.active(t, nil)
	oldPermit, err := k.Permit(t.Context(), jan, old.ID)
	require.NoError(t, err)
	narrower := k.propose(t, func(p *consent.Proposal) {
		p.Supersedes = old.ID
		p.Scope.Baskets = p.Scope.Baskets[:1]
	})
	require.NoError(t, oldPermit.Check(t.Context()), "until the subject decides, the old one stands")
	next, err := k.Decide(t.Context(), jan, narrower.ID, true)
	require.NoError(t, err)
	require.Equal(t, consent.ReasonSuperseded, reason(oldPermit.Check(t.Context())))
	p, err := k.Permit(t.Context(), jan, next.ID)
	require.NoError(t, err)
	assert.Equal(t, []model.Category{model.CategoryPerson}, p.Scope().Categories())
	was, err := k.Get(t.Context(), jan, old.ID)
	require.NoError(t, err)
	assert.Equal(t, next.ID, was.SupersededBy)

	t.Run("revoking the old page's grant revokes what is running", func(t *testing.T) {
		g, err := k.Revoke(t.Context(), jan, old.ID)
		require.NoError(t, err)
		assert.Equal(t, next.ID, g.ID)
		assert.Equal(t, consent.GrantRevoked, g.State)
		assert.Equal(t, consent.ReasonRevoked, reason(p.Check(t.Context())))
	})
	t.Run("denying leaves the old one", func(t *testing.T) {
		old := k.active(t, nil)
		n := k.propose(t, func(p *consent.Proposal) { p.Supersedes = old.ID })
		_, err := k.Decide(t.Context(), jan, n.ID, false)
		require.NoError(t, err)
		assert.Equal(t, consent.GrantActive, k.state(t, old.ID))
	})
	t.Run("one of two wins", func(t *testing.T) {
		old := k.active(t, nil)
		a := k.propose(t, func(p *consent.Proposal) { p.Supersedes = old.ID })
		b := k.propose(t, func(p *consent.Proposal) { p.Supersedes = old.ID })
		_, err := k.Decide(t.Context(), jan, a.ID, true)
		require.NoError(t, err)
		_, err = k.Decide(t.Context(), jan, b.ID, true)
		require.ErrorIs(t, err, consent.ErrTransition)
		assert.Equal(t, consent.GrantProposed, k.state(t, b.ID))
	})
	t.Run("not what was revoked", func(t *testing.T) {
		old := k.active(t, nil)
		n := k.propose(t, func(p *consent.Proposal) { p.Supersedes = old.ID })
		_, err := k.Revoke(t.Context(), jan, old.ID)
		require.NoError(t, err)
		_, err = k.Decide(t.Context(), jan, n.ID, true)
		require.ErrorIs(t, err, consent.ErrTransition)
		_, err = k.Propose(t.Context(), jan, func() consent.Proposal { p := k.proposal(); p.Supersedes = old.ID; return p }())
		require.ErrorIs(t, err, consent.ErrTransition)
	})
	t.Run("a renewal that comes late", func(t *testing.T) {
		old := k.active(t, func(p *consent.Proposal) { p.ValidUntil = k.clock.now().Add(time.Hour) })
		n := k.propose(t, func(p *consent.Proposal) { p.Supersedes = old.ID })
		k.clock.pass(2 * time.Hour)
		_, err := k.Decide(t.Context(), jan, n.ID, true)
		require.NoError(t, err)
		assert.Equal(t, consent.GrantExpired, k.state(t, old.ID))
	})
	t.Run("only one's own, and of the same recipient", func(t *testing.T) {
		p := k.proposal()
		p.Supersedes, p.Subject = old.ID, piet.ID
		_, err := k.Propose(t.Context(), piet, p)
		require.ErrorIs(t, err, consent.ErrInvalid)
		p = k.proposal()
		p.Supersedes, p.Recipient.ID = old.ID, "another"
		_, err = k.Propose(t.Context(), jan, p)
		require.ErrorIs(t, err, consent.ErrInvalid)
	})
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.active(t, nil)
	p, err := k.Permit(t.Context(), jan, g.ID)
	require.NoError(t, err)
	for _, by := range []consent.Actor{piet, adviser, system, refresh} {
		_, err := k.Revoke(t.Context(), by, g.ID)
		require.Equal(t, consent.ReasonPolicy, reason(err))
	}
	k.log.setDown(true)
	var revoked consent.Grant
	for i := range 3 {
		got, err := k.Revoke(t.Context(), jan, g.ID)
		require.NoError(t, err, "a revoke needs nothing but the store")
		require.Equal(t, consent.GrantRevoked, got.State)
		if i == 0 {
			revoked = got
		}
	}
	again, err := k.Get(t.Context(), jan, g.ID)
	require.NoError(t, err)
	require.Equal(t, revoked, again)
	require.Equal(t, consent.ReasonRevoked, reason(p.Check(t.Context())))
	require.Equal(t, consent.ReasonRevoked, reason(p.Access(t.Context(), "bank", "a")))
	require.NotContains(t, k.log.actions(), "revoke/done")
	k.log.setDown(false)
	s, err := k.Sweep(t.Context(), system, 100, nil)
	require.NoError(t, err)
	require.Equal(t, 1, s.Recorded)
	require.Contains(t, k.log.actions(), "revoke/done", "what the log did not take was kept for it")
	s, err = k.Sweep(t.Context(), system, 100, nil)
	require.NoError(t, err)
	require.Zero(t, s.Recorded, "until it had it")

	undecided := k.propose(t, nil)
	got, err := k.Revoke(t.Context(), jan, undecided.ID)
	require.NoError(t, err)
	require.Equal(t, consent.GrantRevoked, got.State)
}

func TestExpiryIsFinal(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.active(t, func(p *consent.Proposal) { p.ValidUntil = start.Add(time.Hour) })
	p, err := k.Permit(t.Context(), jan, g.ID)
	require.NoError(t, err)
	k.clock.set(start.Add(time.Hour - time.Microsecond))
	require.NoError(t, p.Check(t.Context()))
	k.clock.set(start.Add(time.Hour))
	require.Equal(t, consent.ReasonExpired, reason(p.Check(t.Context())))
	k.clock.set(start) // set back
	require.Equal(t, consent.ReasonExpired, reason(p.Check(t.Context())))
	// In another process, which never saw the later time.
	other := k.manager(t, consent.Limits{})
	_, err = other.Permit(t.Context(), jan, g.ID)
	require.Equal(t, consent.ReasonExpired, reason(err))
}

// TestClockSetBackBeforeAnybodyLooked has a grant run out unseen; another process then starts with a clock set back.
func TestClockSetBackBeforeAnybodyLooked(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.active(t, func(p *consent.Proposal) { p.ValidUntil = start.Add(time.Hour) })
	k.clock.pass(2 * time.Hour)
	k.propose(t, nil) // something else happens at the later time
	k.clock.set(start)
	other := k.manager(t, consent.Limits{})
	_, err := other.Permit(t.Context(), jan, g.ID)
	require.Equal(t, consent.ReasonExpired, reason(err))

	_, err = other.Permit(t.Context(), system, g.ID)
	require.Equal(t, consent.ReasonPolicy, reason(err))
	require.Equal(t, consent.ReasonPolicy, reason(other.ResetClock(t.Context(), jan)))
	require.NoError(t, other.ResetClock(t.Context(), system))
	fresh := k.active(t, nil)
	_, err = other.Permit(t.Context(), jan, g.ID)
	require.Equal(t, consent.ReasonExpired, reason(err), "what was found expired stays so")
	_, err = other.Permit(t.Context(), jan, fresh.ID)
	require.NoError(t, err)
}

func TestListAndPolicy(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	a, b := k.active(t, nil), k.propose(t, nil)
	k.clock.pass(time.Minute)
	c := k.propose(t, nil)
	got, err := k.List(t.Context(), jan, jan.ID)
	require.NoError(t, err)
	require.Len(t, got, 3)
	assert.Equal(t, c.ID, got[2].ID)
	assert.ElementsMatch(t, []consent.GrantID{a.ID, b.ID}, []consent.GrantID{got[0].ID, got[1].ID})
	for _, g := range got {
		assert.Equal(t, "case-9", g.Case)
		assert.Equal(t, "Voorbeeld Advies B.V.", g.Recipient.Name)
		assert.Equal(t, k.proposal().Scope, g.Scope)
	}
	for _, by := range []consent.Actor{piet, adviser, system, {ID: "r", Role: consent.RoleRecipient}, {}} {
		_, err := k.List(t.Context(), by, jan.ID)
		assert.Equal(t, consent.ReasonPolicy, reason(err))
		_, err = k.Get(t.Context(), by, a.ID)
		assert.Equal(t, consent.ReasonPolicy, reason(err))
		_, err = k.Export(t.Context(), by, jan.ID)
		assert.Equal(t, consent.ReasonPolicy, reason(err))
		_, err = k.Receipt(t.Context(), by, a.ID)
		assert.Equal(t, consent.ReasonPolicy, reason(err))
	}
	none, err := k.List(t.Context(), piet, piet.ID)
	require.NoError(t, err)
	assert.Empty(t, none)
}

func TestRules(t *testing.T) {
	t.Parallel()
	rules := append(consent.DefaultRules(), consent.Rule{
		Role: consent.RoleAdviser, OwnSubject: true, Actions: []consent.Action{consent.ActionRead, consent.ActionDecide},
		Purposes: []consent.PurposeID{"mortgage"}, Categories: []model.Category{model.CategoryIncome},
	}, consent.Rule{Role: "broken", Actions: []consent.Action{}})
	ask := func(by consent.Actor, q consent.Question) error { return rules.Allow(t.Context(), by, q) }
	read := consent.Question{Action: consent.ActionRead, Subject: jan.ID, Purpose: "mortgage", Categories: []model.Category{model.CategoryIncome}}
	require.NoError(t, ask(jan, read))
	require.NoError(t, ask(adviser, read))
	for name, c := range map[string]struct {
		by   consent.Actor
		edit func(*consent.Question)
	}{
		"another subject":         {adviser, func(q *consent.Question) { q.Subject = piet.ID }},
		"nobody's data":           {adviser, func(q *consent.Question) { q.Subject = "" }},
		"another purpose":         {adviser, func(q *consent.Question) { q.Purpose = "marketing" }},
		"one category too many":   {adviser, func(q *consent.Question) { q.Categories = append(q.Categories, model.CategoryPerson) }},
		"another action":          {adviser, func(q *consent.Question) { q.Action = consent.ActionExport }},
		"consent for another":     {adviser, func(q *consent.Question) { q.Action = consent.ActionDecide }},
		"a purpose of their own":  {consent.Actor{ID: "a", Role: consent.RoleAdviser, OnBehalfOf: jan.ID, Purpose: "marketing"}, nil},
		"nobody":                  {consent.Actor{}, nil},
		"no id":                   {consent.Actor{Role: consent.RoleSubject, OnBehalfOf: jan.ID}, nil},
		"empty lists allow none":  {consent.Actor{ID: "x", Role: "broken"}, nil},
		"subject, another's data": {piet, nil},
	} {
		q := read
		if c.edit != nil {
			c.edit(&q)
		}
		assert.Equal(t, consent.ReasonPolicy, reason(ask(c.by, q)), name)
	}
	guardian := consent.Actor{ID: "guardian", Role: consent.RoleSubject, OnBehalfOf: jan.ID}
	require.NoError(t, ask(guardian, consent.Question{Action: consent.ActionDecide, Subject: jan.ID}))
}

// broken is a policy that fails; failing refuses.
type broken struct{}

func (broken) Allow(context.Context, consent.Actor, consent.Question) error {
	return errors.New("database of jan is down")
}

func TestPolicyThatFailsRefuses(t *testing.T) {
	t.Parallel()
	m, err := consent.NewManager(consent.NewMemoryStore(), &consent.Options{Policy: broken{}})
	require.NoError(t, err)
	_, err = m.List(t.Context(), jan, jan.ID)
	require.Equal(t, consent.ReasonPolicy, reason(err))
	clean(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = m.List(ctx, jan, jan.ID)
	require.ErrorIs(t, err, context.Canceled)
}

func TestLogComesFirst(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.active(t, nil)
	r, _, err := k.Review(t.Context(), jan, g.ID, dossier(t), nil)
	require.NoError(t, err)
	k.log.setDown(true)
	_, err = k.Permit(t.Context(), jan, g.ID)
	require.ErrorIs(t, err, errLogDown)
	p, err := k.Seal(t.Context(), jan, consent.Approval{Release: r.ID, Digest: r.Digest}, dossier(t))
	require.ErrorIs(t, err, errLogDown)
	require.True(t, p.IsZero())
	_, err = k.Export(t.Context(), jan, jan.ID)
	require.ErrorIs(t, err, errLogDown)
	_, err = k.Receipt(t.Context(), jan, g.ID)
	require.ErrorIs(t, err, errLogDown)
	k.log.setDown(false)
	_, err = k.Permit(t.Context(), jan, g.ID)
	require.NoError(t, err)
	p, err = k.Seal(t.Context(), jan, consent.Approval{Release: r.ID, Digest: r.Digest}, nil)
	require.NoError(t, err, "it was sealed; the retry gets it")
	require.False(t, p.IsZero())
	_, err = k.Permit(t.Context(), piet, g.ID)
	require.Error(t, err)
	require.Contains(t, k.log.actions(), "collect/refused")
	for _, e := range k.log.entries {
		require.Equal(t, "tenant-1", e.Tenant)
		require.NotEmpty(t, e.Reason)
		require.NotEmpty(t, e.Actor)
	}
}

// TestUnusableArguments of calls that are about no grant.
func TestUnusableArguments(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	_, err := consent.NewManager(nil, nil)
	require.ErrorIs(t, err, consent.ErrInvalid)
	for _, recipient := range []string{"", "\xff", strings.Repeat("x", 300)} {
		require.ErrorIs(t, k.SetKey(t.Context(), system, recipient, newKey(t).Public()), consent.ErrInvalid)
	}
	_, err = k.Sweep(t.Context(), system, 0, nil)
	require.ErrorIs(t, err, consent.ErrInvalid)
	// What a canceled context stops is no refusal, whatever a policy says of it.
	ctx, cancel := context.WithCancel(t.Context())
	m := k.withPolicy(t, canceling{cancel})
	_, err = m.List(ctx, jan, jan.ID)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, consent.ErrNotPermitted)
}

// canceling is a policy whose caller goes away meanwhile.
type canceling struct{ cancel func() }

func (p canceling) Allow(ctx context.Context, _ consent.Actor, _ consent.Question) error {
	p.cancel()
	return ctx.Err()
}
