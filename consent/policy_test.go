package consent_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

// anything is a host's policy that allows everything.
type anything struct{}

func (anything) Allow(context.Context, consent.Actor, consent.Question) error { return nil }

// withPolicy is another manager over the kit's store.
func (k *kit) withPolicy(t *testing.T, p consent.Policy) *consent.Manager {
	t.Helper()
	m, err := consent.NewManager(k.store, &consent.Options{Now: k.clock.now, Signer: k.signer, Audit: k.log, Policy: p})
	require.NoError(t, err)
	return m
}

// TestNoPolicyDecidesForTheSubject: what only the subject may do nobody else may, whatever a host's policy says.
func TestNoPolicyDecidesForTheSubject(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	m := k.withPolicy(t, anything{})
	g := k.propose(t, nil)
	approved := k.active(t, nil)
	r, _, err := m.Review(t.Context(), adviser, approved.ID, dossier(t), nil)
	require.NoError(t, err, "the policy's to allow")
	a := consent.Approval{Release: r.ID, Digest: r.Digest}
	for name, by := range map[string]consent.Actor{
		"adviser for the subject": adviser, "scheduler": system, "refresh": refresh, "another subject": piet, "nobody": {},
		"without a role": {ID: jan.ID}, "without an id": {Role: consent.RoleSubject, OnBehalfOf: jan.ID},
		"adviser with the subject's id": {ID: jan.ID, Role: consent.RoleAdviser},
	} {
		_, err := m.Decide(t.Context(), by, g.ID, true)
		assertRefused(t, err, consent.ActionDecide, name)
		_, err = m.Seal(t.Context(), by, a, dossier(t))
		assertRefused(t, err, consent.ActionRelease, name)
		assertRefused(t, m.Allow(t.Context(), by, consent.Question{Action: consent.ActionDecide}), consent.ActionDecide, name)
		_, err = m.Package(t.Context(), by, r.ID)
		assertRefused(t, err, consent.ActionFetch, name)
	}
	_, err = m.List(t.Context(), consent.Actor{}, jan.ID)
	assertRefused(t, err, consent.ActionSee, "nobody")
	guardian := consent.Actor{ID: "guardian", Role: consent.RoleSubject, OnBehalfOf: jan.ID}
	_, err = m.Decide(t.Context(), guardian, g.ID, true)
	require.NoError(t, err)
	_, err = m.Seal(t.Context(), guardian, a, dossier(t))
	require.NoError(t, err)
}

func assertRefused(t *testing.T, err error, a consent.Action, name string) {
	t.Helper()
	r, ok := errors.AsType[*consent.Refusal](err)
	if assert.True(t, ok, name) {
		assert.Equal(t, consent.ReasonPolicy, r.Reason, name)
		assert.Equal(t, a, r.Action, name)
		assert.EqualError(t, err, "consent: not permitted: policy: "+string(a), name)
		assert.ErrorIs(t, err, consent.ErrNotPermitted, name)
	}
}

// wordy refuses with a text of its own.
type wordy struct{ err error }

func (p wordy) Allow(context.Context, consent.Actor, consent.Question) error { return p.err }

// TestPolicyTextIsCutOff: what a host's policy says of a refusal is for errors.Is, not for a log.
func TestPolicyTextIsCutOff(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	for _, cause := range []error{
		errHost, fmt.Errorf("CANARY: %w: %w", consent.ErrNotPermitted, errHost),
		fmt.Errorf("%w: %w", &consent.Refusal{Reason: "CANARY"}, errHost),
	} {
		_, err := k.withPolicy(t, wordy{cause}).List(t.Context(), jan, jan.ID)
		assertRefused(t, err, consent.ActionSee, "")
		assert.NotContains(t, fmt.Sprintf("%+v %#v", err, err), "CANARY")
		assert.ErrorIs(t, err, errHost)
	}
}

// TestConnectIsNotCollect: a permit to connect is asked for, logged and told as one.
func TestConnectIsNotCollect(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.active(t, nil)
	k.log.entries = nil
	p, err := k.PermitConnect(t.Context(), jan, g.ID)
	require.NoError(t, err)
	assert.Equal(t, consent.ActionConnect, p.Action())
	require.NoError(t, p.Check(t.Context()))
	_, err = k.PermitConnect(t.Context(), refresh, g.ID)
	assertRefused(t, err, consent.ActionConnect, "who may refresh may not connect")
	assert.Equal(t, []string{"connect/granted", "connect/refused"}, k.log.actions())
	p, err = k.Permit(t.Context(), refresh, g.ID)
	require.NoError(t, err)
	assert.Equal(t, consent.ActionCollect, p.Action())
	assert.Empty(t, consent.Permit{}.Action())
}

// TestFirstKey: a proposal registers a recipient's first key only where that is allowed, and the log says whose it is.
func TestFirstKey(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	strict := consent.Rules{{Role: consent.RoleSubject, OwnSubject: true, Actions: []consent.Action{consent.ActionPropose}}}
	_, err := k.withPolicy(t, strict).Propose(t.Context(), jan, k.proposal())
	assertRefused(t, err, consent.ActionFirstKey, "a key that nobody checked")
	assert.Equal(t, []string{"first-key/refused"}, k.log.actions(), "the action that was refused, not the one that was asked for")
	grants, err := k.List(t.Context(), jan, jan.ID)
	require.NoError(t, err)
	require.Empty(t, grants)

	require.NoError(t, k.SetKey(t.Context(), system, "advies", k.key.Public()))
	_, err = k.withPolicy(t, strict).Propose(t.Context(), jan, k.proposal())
	require.NoError(t, err, "the key is registered already")

	p := k.proposal()
	p.Recipient.ID = "other"
	_, err = k.Propose(t.Context(), adviser, p)
	require.NoError(t, err)
	recipients := map[retention.Action][]string{}
	for _, e := range k.log.entries {
		if e.Outcome != consent.OutcomeRefused {
			recipients[e.Action] = append(recipients[e.Action], e.Recipient)
		}
	}
	assert.Equal(t, []string{"advies"}, recipients[retention.Action(consent.ActionSetKey)])
	assert.Equal(t, []string{"other"}, recipients[retention.Action(consent.ActionFirstKey)])
	assert.Equal(t, []string{"advies", "other"}, recipients[retention.Action(consent.ActionPropose)])
}

// TestSealedToAnOldKeyIsNotHandedOut: a key is replaced because somebody else may have it.
func TestSealedToAnOldKeyIsNotHandedOut(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.active(t, nil)
	sealed := func() consent.Approval {
		r, _, err := k.Review(t.Context(), jan, g.ID, dossier(t), nil)
		require.NoError(t, err)
		a := consent.Approval{Release: r.ID, Digest: r.Digest}
		_, err = k.Seal(t.Context(), jan, a, dossier(t))
		require.NoError(t, err)
		return a
	}
	fetched, delivered := sealed(), sealed()
	require.NoError(t, k.MarkDelivered(t.Context(), jan, delivered.Release))
	passedOn := sealed()
	require.NoError(t, k.SetKey(t.Context(), system, "advies", newKey(t).Public()))

	k.log.entries = nil
	for range 2 {
		p, err := k.Seal(t.Context(), jan, fetched, nil)
		require.ErrorIs(t, err, consent.ErrVoid)
		assert.True(t, p.IsZero())
	}
	assert.Equal(t, []string{"release/refused", "release/refused"}, k.log.actions(), "nothing was handed out")
	_, err := k.store.Get(t.Context(), "package", string(fetched.Release))
	require.ErrorIs(t, err, consent.ErrNotFound, "the bytes are gone")
	r, err := k.Release(t.Context(), jan, fetched.Release)
	require.NoError(t, err)
	assert.Equal(t, consent.ReleaseVoid, r.State)

	_, err = k.Seal(t.Context(), jan, delivered, nil)
	require.ErrorIs(t, err, consent.ErrDelivered, "what was delivered was delivered")
	require.NoError(t, k.MarkDelivered(t.Context(), jan, passedOn.Release), "it had been passed on before")
	require.ErrorIs(t, k.MarkDelivered(t.Context(), jan, fetched.Release), consent.ErrVoid)

	// A key that is replaced while the log is written.
	racing := sealed()
	slow := &during{recorder: k.log}
	m, err := consent.NewManager(k.store, &consent.Options{Now: k.clock.now, Signer: k.signer, Audit: slow})
	require.NoError(t, err)
	slow.do = func() { require.NoError(t, k.SetKey(t.Context(), system, "advies", newKey(t).Public())) }
	p, err := m.Seal(t.Context(), jan, racing, nil)
	require.ErrorIs(t, err, consent.ErrVoid)
	assert.True(t, p.IsZero())
}

// during does something once, while an entry is recorded.
type during struct {
	*recorder
	do func()
}

func (d *during) Record(ctx context.Context, a retention.Access) error {
	if do := d.do; do != nil {
		d.do = nil
		do()
	}
	return d.recorder.Record(ctx, a)
}

// TestKeepOutsideTheScope: a purpose may serve several scopes; a grant takes over what concerns its own.
func TestKeepOutsideTheScope(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	keep := map[model.Category]time.Duration{model.CategoryTransaction: time.Hour, model.CategoryPension: 48 * time.Hour}
	g := k.propose(t, func(p *consent.Proposal) { p.Purpose.Keep = keep })
	assert.Equal(t, map[model.Category]time.Duration{model.CategoryTransaction: time.Hour}, g.Purpose.Keep)
	assert.Len(t, keep, 2, "the host's own is left alone")
	assert.NotContains(t, g.Onboarding().Text("nl", nil), "ensioen")
	stored, err := k.Get(t.Context(), jan, g.ID)
	require.NoError(t, err)
	assert.Equal(t, g.Purpose, stored.Purpose)
}

// TestTextsOfTheManager: a grant's texts are those that the manager was told, also without passing them again.
func TestTextsOfTheManager(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	texts := &consent.TextOptions{
		Institutions: map[model.InstitutionID]string{"bank": "Voorbeeldbank"}, Zone: time.FixedZone("CET", 3600),
		Withdraw: model.Text{Dutch: "Op de pagina Mijn toestemmingen."},
	}
	m, err := consent.NewManager(k.store, &consent.Options{Now: k.clock.now, Texts: texts})
	require.NoError(t, err)
	g, err := m.Propose(t.Context(), jan, k.proposal())
	require.NoError(t, err)
	got, err := m.Get(t.Context(), jan, g.ID)
	require.NoError(t, err)
	decided, err := m.Decide(t.Context(), jan, g.ID, true)
	require.NoError(t, err)
	listed, err := m.List(t.Context(), jan, jan.ID)
	require.NoError(t, err)
	p, err := m.Permit(t.Context(), jan, g.ID)
	require.NoError(t, err)
	snapshot, _ := p.Snapshot()
	revoked, err := m.Revoke(t.Context(), jan, g.ID)
	require.NoError(t, err)
	for _, g := range []consent.Grant{g, got, decided, listed[0], snapshot, revoked} {
		for _, text := range []string{g.Onboarding().Text("nl", nil), consent.NewReceipt(g, start, nil).Text("nl")} {
			assert.Contains(t, text, "- Voorbeeldbank\n- uwv\n", "one without a name is shown by its id")
			assert.Contains(t, text, "13:00 CET")
			assert.NotContains(t, text, "UTC")
			assert.Contains(t, text, "Op de pagina Mijn toestemmingen.")
		}
		assert.NotContains(t, g.Onboarding().Text("nl", &consent.TextOptions{}), "Voorbeeldbank", "what is passed counts")
	}
	other, err := k.Get(t.Context(), jan, g.ID)
	require.NoError(t, err)
	assert.Contains(t, other.Onboarding().Text("nl", nil), "12:00 UTC", "a manager that was told nothing")
}

// TestNobody: whoever names no actor, or one that fits no entry of the log, may do nothing, whatever a host's policy says.
func TestNobody(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	m := k.withPolicy(t, anything{})
	long := strings.Repeat("x", 257)
	for name, edit := range map[string]func(a *consent.Actor){
		"no id": func(a *consent.Actor) { a.ID = "" }, "no role": func(a *consent.Actor) { a.Role = "" },
		"long id":      func(a *consent.Actor) { a.ID = long },
		"long role":    func(a *consent.Actor) { a.Role = consent.Role(long[:65]) },
		"long subject": func(a *consent.Actor) { a.OnBehalfOf = long },
		"long purpose": func(a *consent.Actor) { a.Purpose = consent.PurposeID(long) },
		"long reason":  func(a *consent.Actor) { a.Reason = long },
	} {
		longest := consent.Actor{
			ID: long[:256], Role: consent.Role(long[:64]), OnBehalfOf: long[:256], Purpose: consent.PurposeID(long[:256]), Reason: long[:256],
		}
		q := consent.Question{Action: consent.ActionSee, Subject: jan.ID}
		require.NoError(t, m.Allow(t.Context(), longest, q))
		edit(&longest)
		assertRefused(t, m.Allow(t.Context(), longest, q), consent.ActionSee, name)
		_, err := m.List(t.Context(), longest, jan.ID)
		assertRefused(t, err, consent.ActionSee, name)
	}
}

// TestDefaultRules is all that they allow, of the subject's own data, of another's and of nobody's.
func TestDefaultRules(t *testing.T) {
	t.Parallel()
	rules := consent.DefaultRules()
	actions := []consent.Action{
		consent.ActionPropose, consent.ActionSee, consent.ActionDecide, consent.ActionRevoke, consent.ActionConnect, consent.ActionCollect, consent.ActionRead,
		consent.ActionReview, consent.ActionRelease, consent.ActionDeliver, consent.ActionReceipt, consent.ActionExport, consent.ActionErase,
		consent.ActionFetch,
		consent.ActionSweep, consent.ActionSetKey, consent.ActionAudit, consent.ActionFirstKey, "something else",
	}
	own := actions[:14:14]
	own = append(own, consent.ActionFirstKey)
	anybodys := []consent.Action{consent.ActionPropose, consent.ActionFirstKey, consent.ActionSweep, consent.ActionSetKey, consent.ActionDeliver}
	fetch := []consent.Action{consent.ActionFetch}
	for name, c := range map[string]struct {
		by         consent.Actor
		jans, rest []consent.Action // what is allowed with Jan's data, and with others'
	}{
		"subject":                       {jan, own, nil},
		"guardian":                      {consent.Actor{ID: "guardian-1", Role: consent.RoleSubject, OnBehalfOf: jan.ID}, own, nil},
		"adviser":                       {adviser, []consent.Action{consent.ActionPropose, consent.ActionFirstKey}, []consent.Action{consent.ActionPropose, consent.ActionFirstKey}},
		"scheduler":                     {system, anybodys, anybodys},
		"refresh":                       {refresh, append(anybodys[:5:5], consent.ActionCollect), anybodys},
		"scheduler with a subject's id": {consent.Actor{ID: jan.ID, Role: consent.RoleSystem}, anybodys, anybodys},
		"recipient":                     {consent.Actor{ID: "advies", Role: consent.RoleRecipient, OnBehalfOf: jan.ID}, fetch, fetch},
		"another recipient":             {consent.Actor{ID: "ander-advies", Role: consent.RoleRecipient, OnBehalfOf: jan.ID}, nil, nil},
		"somebody with a recipient's id": {consent.Actor{ID: "advies", Role: consent.RoleAdviser, OnBehalfOf: jan.ID},
			[]consent.Action{consent.ActionPropose, consent.ActionFirstKey}, []consent.Action{consent.ActionPropose, consent.ActionFirstKey}},
		"auditor":            {consent.Actor{ID: "auditor-1", Role: consent.RoleAuditor, OnBehalfOf: jan.ID}, nil, nil},
		"a role of the host": {consent.Actor{ID: jan.ID, Role: "support", OnBehalfOf: jan.ID}, nil, nil},
	} {
		for _, a := range actions {
			for _, subject := range []string{jan.ID, piet.ID, ""} {
				want := c.rest
				if subject == jan.ID {
					want = c.jans
				}
				err := rules.Allow(t.Context(), c.by, consent.Question{
					Action: a, Subject: subject, Purpose: "mortgage", Recipient: "advies", Compartment: retention.Financial,
					Categories: []model.Category{model.CategoryTransaction},
				})
				assert.Equal(t, slices.Contains(want, a), err == nil, "%s: %s of %q", name, a, subject)
				if err != nil {
					assertRefused(t, err, a, name)
				}
			}
		}
	}
	anyAction := consent.Rules{{Role: consent.RoleAuditor, Compartments: []retention.Compartment{retention.Identity}}}
	auditor := consent.Actor{ID: "auditor-1", Role: consent.RoleAuditor}
	read := consent.Question{Action: consent.ActionRead, Subject: jan.ID, Compartment: retention.Identity}
	require.NoError(t, anyAction.Allow(t.Context(), auditor, read), "a list that is nil matches anything")
	read.Compartment = retention.Financial
	assertRefused(t, anyAction.Allow(t.Context(), auditor, read), consent.ActionRead, "another compartment")
	read.Compartment = ""
	require.NoError(t, anyAction.Allow(t.Context(), auditor, read), "where no data is read")
}

// asked keeps what a policy is asked.
type asked struct{ questions []consent.Question }

func (p *asked) Allow(_ context.Context, _ consent.Actor, q consent.Question) error {
	p.questions = append(p.questions, q)
	return nil
}

// TestPolicyIsToldWhatItIsAbout: a host that lets somebody act for one recipient or purpose only can tell them apart.
func TestPolicyIsToldWhatItIsAbout(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	ctx := t.Context()
	p := &asked{}
	m := k.withPolicy(t, p)
	about := func(actions ...consent.Action) {
		t.Helper()
		var want []consent.Question
		for _, a := range actions {
			want = append(want, consent.Question{Action: a, Subject: jan.ID, Purpose: "mortgage", Recipient: "advies"})
		}
		assert.Equal(t, want, p.questions)
		p.questions = nil
	}
	g, err := m.Propose(ctx, jan, k.proposal())
	require.NoError(t, err)
	about(consent.ActionPropose, consent.ActionFirstKey)
	_, err = m.Decide(ctx, jan, g.ID, true)
	require.NoError(t, err)
	about(consent.ActionDecide)
	_, err = m.Permit(ctx, jan, g.ID)
	require.NoError(t, err)
	about(consent.ActionCollect)
	r, _, err := m.Review(ctx, jan, g.ID, dossier(t), nil)
	require.NoError(t, err)
	about(consent.ActionReview)
	_, err = m.Seal(ctx, jan, consent.Approval{Release: r.ID, Digest: r.Digest}, dossier(t))
	require.NoError(t, err)
	about(consent.ActionRelease)
	_, err = m.Package(ctx, jan, r.ID)
	require.NoError(t, err)
	about(consent.ActionFetch)
	require.NoError(t, m.MarkDelivered(ctx, jan, r.ID))
	about(consent.ActionDeliver)
	_, err = m.Receipt(ctx, jan, g.ID)
	require.NoError(t, err)
	about(consent.ActionReceipt)
	_, err = m.Get(ctx, jan, g.ID)
	require.NoError(t, err)
	about(consent.ActionSee)
	_, err = m.Revoke(ctx, jan, g.ID)
	require.NoError(t, err)
	about(consent.ActionRevoke)
	require.NoError(t, m.SetKey(ctx, system, "advies", newKey(t).Public()))
	_, err = m.Forget(ctx, jan, jan.ID, start)
	require.NoError(t, err)
	_, err = m.Export(ctx, jan, jan.ID)
	require.NoError(t, err)
	assert.Equal(t, []consent.Question{
		{Action: consent.ActionSetKey, Recipient: "advies"}, {Action: consent.ActionErase, Subject: jan.ID}, {Action: consent.ActionExport, Subject: jan.ID},
	}, p.questions)
}
