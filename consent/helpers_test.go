package consent_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

var (
	start = time.Date(2031, 3, 29, 12, 0, 0, 0, time.UTC) // the day before the clocks change

	presence = &consent.Presence{IPAddress: netip.MustParseAddr("192.0.2.7"), UserAgent: "test"}
	jan      = consent.Actor{ID: "subject-jan", Role: consent.RoleSubject, Presence: presence}
	piet     = consent.Actor{ID: "subject-piet", Role: consent.RoleSubject, Presence: presence}
	system   = consent.Actor{ID: "scheduler", Role: consent.RoleSystem}
	refresh  = consent.Actor{ID: "scheduler", Role: consent.RoleSystem, OnBehalfOf: "subject-jan"}
	adviser  = consent.Actor{ID: "adviser-1", Role: consent.RoleAdviser, OnBehalfOf: "subject-jan"}
)

// fakeClock is set by tests, from many goroutines.
type fakeClock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *fakeClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *fakeClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}

func (c *fakeClock) pass(d time.Duration) { c.set(c.now().Add(d)) }

// recorder keeps entries, or fails.
type recorder struct {
	mu      sync.Mutex
	entries []retention.Access
	down    bool
}

var errLogDown = errors.New("log is down")

func (r *recorder) Record(_ context.Context, a retention.Access) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down {
		return errLogDown
	}
	r.entries = append(r.entries, a)
	return nil
}

func (r *recorder) setDown(down bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = down
}

// actions returns what was logged, as "action/outcome".
func (r *recorder) actions() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := []string{}
	for _, e := range r.entries {
		out = append(out, string(e.Action)+"/"+string(e.Outcome))
	}
	return out
}

// kit is a manager over a memory store with everything that a test sets.
type kit struct {
	*consent.Manager
	store  consent.Store
	clock  *fakeClock
	log    *recorder
	signer *crypto.LocalSigner
	key    crypto.RecipientPrivateKey
}

func newKit(t testing.TB, limits consent.Limits) *kit {
	t.Helper()
	k := &kit{store: consent.NewMemoryStore(), clock: &fakeClock{t: start}, log: &recorder{}}
	var err error
	k.signer, _, err = crypto.GenerateLocalSigner()
	require.NoError(t, err)
	k.key = newKey(t)
	k.Manager = k.manager(t, limits)
	return k
}

// manager is another manager over the same store, as in another process.
func (k *kit) manager(t testing.TB, limits consent.Limits) *consent.Manager {
	t.Helper()
	m, err := consent.NewManager(k.store, &consent.Options{
		Now: k.clock.now, Limits: limits, Signer: k.signer, Audit: k.log, Tenant: "tenant-1",
	})
	require.NoError(t, err)
	return m
}

func newKey(t testing.TB) crypto.RecipientPrivateKey {
	t.Helper()
	key, err := crypto.GenerateRecipientKey(crypto.X25519)
	require.NoError(t, err)
	return key
}

func (k *kit) proposal() consent.Proposal {
	return consent.Proposal{
		Subject: jan.ID, Case: "case-9",
		Recipient: consent.Recipient{ID: "advies", Name: "Voorbeeld Advies B.V.", Contact: "privacy@advies.example", Country: "NL", Key: k.key.Public()},
		Purpose: consent.Purpose{
			ID:   "mortgage",
			Text: model.Text{Dutch: "Uw hypotheekaanvraag beoordelen.", English: "To assess your mortgage application."},
			Keep: map[model.Category]time.Duration{model.CategoryTransaction: 30 * 24 * time.Hour},
		},
		Scope: model.Scope{
			Baskets: []model.Basket{
				model.Everything(model.CategoryPerson), model.Everything(model.CategoryTransaction),
				{Category: model.CategoryBalance, Fields: []string{"amount"}},
			},
			Since: day(2030, 3, 29),
		},
		Institutions: []model.InstitutionID{"bank", "uwv"},
	}
}

func (k *kit) propose(t testing.TB, edit func(*consent.Proposal)) consent.Grant {
	t.Helper()
	p := k.proposal()
	if edit != nil {
		edit(&p)
	}
	g, err := k.Propose(t.Context(), jan, p)
	require.NoError(t, err)
	return g
}

func (k *kit) active(t testing.TB, edit func(*consent.Proposal)) consent.Grant {
	t.Helper()
	g, err := k.Decide(t.Context(), jan, k.propose(t, edit).ID, true)
	require.NoError(t, err)
	return g
}

func (k *kit) state(t testing.TB, id consent.GrantID) consent.GrantState {
	t.Helper()
	g, err := k.Get(t.Context(), jan, id)
	require.NoError(t, err)
	return g.State
}

// dossier has a person, three transactions of which one is too old for the scope, and an income that is outside of it.
func dossier(t testing.TB) *model.Dossier {
	t.Helper()
	d := &model.Dossier{Issues: []model.Issue{}}
	for _, inst := range []model.InstitutionID{"bank", "uwv"} {
		d.Documents = append(d.Documents, model.DocumentInfo{
			Institution: inst, Source: model.SourceID(inst), Method: model.File, Format: "test", Retrieved: start,
			Digest: model.Digest{byte(len(inst))},
		})
	}
	at := func(n int) model.Header { return model.Header{Provenance: model.Provenance{Document: n, At: "line 1"}} }
	d.Records = append(d.Records, &model.Person{Header: at(1), Name: model.Name{Full: "J. Jansen"}}, &model.Income{Header: at(1), Employer: "Werkgever"})
	for i, n := range []int{1, 2, 3} {
		amount, err := model.ParseMoney("-12.50", "EUR")
		require.NoError(t, err)
		date := day(2031, 1, n)
		if i == 0 {
			date = day(2029, 1, 1)
		}
		d.Records = append(d.Records, &model.Transaction{Header: at(0), BookingDate: date, Amount: amount, Description: "huur"})
	}
	for _, c := range []model.Category{model.CategoryPerson, model.CategoryTransaction, model.CategoryIncome} {
		d.Coverage = append(d.Coverage, model.Coverage{Institution: "bank", Category: c, Obtained: model.ObtainedAll})
	}
	return d
}

func reason(err error) consent.Reason {
	var r *consent.Refusal
	if errors.As(err, &r) {
		return r.Reason
	}
	return ""
}

// clean fails the test when an error's text could hold a value.
func clean(t testing.TB, err error) {
	t.Helper()
	for _, s := range []string{"jan", "piet", "advies", "Voorbeeld", "case-9", "huur", "Jansen"} {
		require.False(t, err != nil && strings.Contains(err.Error(), s), "an error holds a value")
	}
}

func day(y, m, d int) model.Date {
	date, err := model.NewDate(y, m, d)
	if err != nil {
		return model.Date{}
	}
	return date
}
