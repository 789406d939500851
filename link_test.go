package brondata_test

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2"
	"github.com/brondata/brondata/sources/psd2/psd2test"
)

// present is the subject in front of a browser.
var present = consent.Actor{ID: "subject-1", Role: consent.RoleSubject, Presence: &consent.Presence{IPAddress: netip.MustParseAddr("192.0.2.17")}}

// bankHost is a host with a fake bank over the real interface.
type bankHost struct {
	*host
	bank *psd2test.Bank
	id   consent.GrantID
}

func newBankHost(t testing.TB, o psd2test.Options) *bankHost {
	t.Helper()
	h := &bankHost{}
	o.Accounts, o.Now = psd2test.Sample(), func() time.Time { return h.now }
	h.bank = psd2test.New(o)
	t.Cleanup(h.bank.Close)
	h.host = newHost(t, func(c *brondata.Config) {
		source, err := psd2.New(h.bank.Config("bank-api", "bank"))
		require.NoError(t, err)
		var g sources.Registry
		require.NoError(t, g.AddNormalizer(psd2.Normalizer{}))
		require.NoError(t, g.AddSource(source))
		c.Registry, c.HTTP = &g, h.bank.HTTP()
		c.Access.OnDemand = 1000
	})
	h.now = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	p := h.proposal()
	p.Scope.Since, p.Scope.Baskets = p.Scope.Since.AddDays(270), append(p.Scope.Baskets, model.Everything(model.CategoryAccount))
	g, err := h.Propose(t.Context(), adviser, p)
	require.NoError(t, err)
	_, err = h.Decide(t.Context(), subject, g.ID, true)
	require.NoError(t, err)
	h.id = g.ID
	return h
}

// another returns a client over the same stores, as in another process.
func (h *bankHost) another(t testing.TB) *brondata.Client {
	t.Helper()
	c, err := brondata.New(h.conf)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// begin begins a connection and has the subject confirm it.
func (h *bankHost) begin(t testing.TB) url.Values {
	t.Helper()
	step, err := h.Connect(t.Context(), present, h.id, "bank", sources.ConnectRequest{RedirectURL: "https://host.example/back"})
	require.NoError(t, err)
	back, err := h.bank.Subject().Confirm(t.Context(), step.URL)
	require.NoError(t, err)
	return back
}

func (h *bankHost) connect(t testing.TB, back url.Values) (sources.Step, error) {
	t.Helper()
	return h.Connect(t.Context(), present, h.id, "bank", sources.ConnectRequest{Callback: back})
}

func (h *bankHost) link(t testing.TB) consent.LinkState {
	t.Helper()
	links, err := h.Consent().Links(t.Context(), subject, h.id)
	require.NoError(t, err)
	require.Len(t, links, 1)
	return links[0].State
}

func (h *bankHost) collects(t testing.TB) {
	t.Helper()
	d, err := h.Collect(t.Context(), present, h.id, sources.Input{}, nil)
	require.NoError(t, err)
	require.NotEmpty(t, d.Records)
	for _, c := range d.Coverage {
		require.Equal(t, model.ObtainedAll, c.Obtained)
	}
}

// What a browser does moves the link only where it means something.
func TestLinkState(t *testing.T) {
	t.Parallel()
	h := newBankHost(t, psd2test.Options{})
	back := h.begin(t)
	require.Equal(t, consent.LinkUnconfirmed, h.link(t))
	_, err := h.connect(t, url.Values{"state": {"xyz"}})
	require.ErrorIs(t, err, sources.ErrUnmatched)
	require.ErrorIs(t, err, sources.ErrAuthentication)
	assert.Equal(t, consent.LinkUnconfirmed, h.link(t), "a foreign callback")
	step, err := h.connect(t, back)
	require.NoError(t, err)
	require.Equal(t, sources.StepDone, step.Kind)
	require.Equal(t, consent.LinkValid, h.link(t))
	_, err = h.connect(t, back)
	require.ErrorIs(t, err, sources.ErrUnmatched)
	assert.Equal(t, consent.LinkValid, h.link(t), "the page loaded again")
	h.collects(t)

	step, err = h.Connect(t.Context(), present, h.id, "bank", sources.ConnectRequest{RedirectURL: "https://host.example/back"})
	require.NoError(t, err)
	assert.Equal(t, consent.LinkValid, h.link(t), "begun anew and abandoned")
	back, err = h.bank.Subject().Refuse(t.Context(), step.URL)
	require.NoError(t, err)
	_, err = h.connect(t, back)
	require.ErrorIs(t, err, sources.ErrAuthentication)
	require.NotErrorIs(t, err, sources.ErrUnmatched)
	assert.Equal(t, consent.LinkValid, h.link(t), "the old connection stands")
	h.collects(t)

	h.bank.Expire()
	_, err = h.Collect(t.Context(), present, h.id, sources.Input{}, nil)
	require.NoError(t, err)
	assert.Equal(t, consent.LinkTokenRequired, h.link(t), "the bank ended it")
}

// A link that is thought not to be there is, where a collection over it brought all.
func TestLinkConfirmedByCollecting(t *testing.T) {
	t.Parallel()
	for _, e := range []consent.LinkEvent{consent.LinkFail, consent.LinkNeed, consent.LinkRestart} {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			h := newBankHost(t, psd2test.Options{})
			_, err := h.connect(t, h.begin(t))
			require.NoError(t, err)
			before, err := h.Consent().Links(t.Context(), subject, h.id)
			require.NoError(t, err)
			_, err = h.Consent().MoveLink(t.Context(), h.id, "bank", consent.LinkFail, time.Time{})
			require.NoError(t, err)
			_, err = h.Consent().MoveLink(t.Context(), h.id, "bank", e, time.Time{})
			require.NoError(t, err)
			h.bank.Inject(psd2test.Fault{Kind: psd2test.Status, Path: "/balances", Status: 503, Times: 1})
			_, err = h.Collect(t.Context(), present, h.id, sources.Input{}, nil)
			require.NoError(t, err)
			assert.NotEqual(t, consent.LinkValid, h.link(t), "it brought part")
			h.collects(t)
			after, err := h.Consent().Links(t.Context(), subject, h.id)
			require.NoError(t, err)
			assert.Equal(t, consent.LinkValid, after[0].State)
			assert.Equal(t, before[0].Until, after[0].Until)
		})
	}
}

// A refusal of the first connection is one.
func TestLinkRefused(t *testing.T) {
	t.Parallel()
	h := newBankHost(t, psd2test.Options{})
	step, err := h.Connect(t.Context(), present, h.id, "bank", sources.ConnectRequest{RedirectURL: "https://host.example/back"})
	require.NoError(t, err)
	back, err := h.bank.Subject().Refuse(t.Context(), step.URL)
	require.NoError(t, err)
	_, err = h.connect(t, back)
	require.ErrorIs(t, err, sources.ErrAuthentication)
	assert.Equal(t, consent.LinkInvalid, h.link(t))
}

// together calls f at the same time in two processes.
func (h *bankHost) together(t testing.TB, f func(c *brondata.Client) error) [2]error {
	t.Helper()
	var errs [2]error
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i, c := range []*brondata.Client{h.another(t), h.another(t)} {
		wg.Go(func() {
			<-start
			errs[i] = f(c)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// A browser that sends a callback twice makes one connection: one call is told that it is done, the other that nothing waits
// for it, and the connection works.
func TestCallbackTwiceAtOnce(t *testing.T) {
	t.Parallel()
	runs := 120
	if testing.Short() {
		runs = 20
	}
	for _, approach := range []psd2test.Approach{psd2test.Redirect, psd2test.OAuth} {
		t.Run(string(approach), func(t *testing.T) {
			t.Parallel()
			h := newBankHost(t, psd2test.Options{Approach: approach, FrequencyPerDay: 1000})
			for range runs {
				back := h.begin(t)
				errs := h.together(t, func(c *brondata.Client) error {
					_, err := c.Connect(context.Background(), present, h.id, "bank", sources.ConnectRequest{Callback: back})
					return err
				})
				if errs[0] != nil {
					errs[0], errs[1] = errs[1], errs[0]
				}
				require.NoError(t, errs[0])
				require.ErrorIs(t, errs[1], sources.ErrUnmatched)
				require.Equal(t, consent.LinkValid, h.link(t))
				require.Equal(t, 1, h.bank.Consents()["valid"])
			}
			h.collects(t)
		})
	}
}

// Two refreshes at once use a refresh token that rotates once: the second takes what the first one saved.
func TestRefreshTokenTwiceAtOnce(t *testing.T) {
	t.Parallel()
	h := newBankHost(t, psd2test.Options{Approach: psd2test.OAuth, FrequencyPerDay: 1000})
	_, err := h.connect(t, h.begin(t))
	require.NoError(t, err)
	for range 20 {
		h.now = h.now.Add(20 * time.Minute)
		before := h.bank.Calls("POST", "/token")
		errs := h.together(t, func(c *brondata.Client) error {
			d, err := c.Collect(context.Background(), present, h.id, sources.Input{}, nil)
			if err == nil && len(d.Records) == 0 {
				err = errors.New("nothing was collected")
			}
			return err
		})
		require.NoError(t, errors.Join(errs[:]...))
		require.Equal(t, before+1, h.bank.Calls("POST", "/token"), "renewed once")
		require.Equal(t, consent.LinkValid, h.link(t))
	}
}

// A connection that is begun while a refresh runs is not lost to what the refresh saves.
func TestConnectDuringCollect(t *testing.T) {
	t.Parallel()
	h := newBankHost(t, psd2test.Options{Approach: psd2test.OAuth, FrequencyPerDay: 1000})
	_, err := h.connect(t, h.begin(t))
	require.NoError(t, err)
	for range 20 {
		h.now = h.now.Add(20 * time.Minute)
		var wg sync.WaitGroup
		c := h.another(t)
		wg.Go(func() {
			_, err := c.Collect(context.Background(), present, h.id, sources.Input{}, nil)
			assert.NoError(t, err)
		})
		back := h.begin(t)
		wg.Wait()
		_, err := h.connect(t, back)
		require.NoError(t, err)
		h.collects(t)
	}
}

// What a process that was killed holds is free after some minutes, and until then who waits is told by the end of its context.
func TestLeaseOfTheDead(t *testing.T) {
	t.Parallel()
	store := &stuck{Store: consent.NewMemoryStore()}
	h := newHost(t, func(c *brondata.Config) { c.Consent = store })
	id := h.active(t)
	store.dead = true // nothing is given back any more
	_, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
	require.NoError(t, err)
	store.dead = false
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	back := sources.ConnectRequest{Callback: map[string][]string{"code": {"ok"}}}
	_, err = h.Connect(ctx, subject, id, "bank", back)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	h.now = h.now.Add(3 * time.Minute)
	_, err = h.Connect(t.Context(), subject, id, "bank", back)
	require.NoError(t, err)
}

// What a store says when it fails is not said on.
func TestLeaseFails(t *testing.T) {
	t.Parallel()
	store := &failing{Store: consent.NewMemoryStore()}
	h := newHost(t, func(c *brondata.Config) { c.Consent = store })
	id := h.active(t)
	fail := func(cs []consent.Change) bool { return cs[0].Item.Kind == "lease" }
	store.when = fail
	_, err := h.Connect(t.Context(), subject, id, "bank", sources.ConnectRequest{Callback: map[string][]string{"code": {"ok"}}})
	require.Error(t, err)
	assert.NotContains(t, err.Error(), errInjected.Error())
	in := sources.Input{Files: []sources.Document{{Institution: "bank", Body: sources.BytesContent([]byte(bankRecords))}}}
	h.conf.Registry = &sources.Registry{} // nothing but files
	require.NoError(t, h.conf.Registry.AddNormalizer(records{}))
	require.NoError(t, h.conf.Registry.AddSource(sources.Upload{}))
	h.restart(t)
	store.when = fail
	_, err = h.Collect(t.Context(), subject, id, in, nil)
	require.ErrorIs(t, err, errInjected)
	assert.NotContains(t, err.Error(), errInjected.Error())
}

// stuck is the store of a process that is killed: what it would delete stays.
type stuck struct {
	consent.Store
	dead bool
}

func (s *stuck) Apply(ctx context.Context, cs ...consent.Change) error {
	if s.dead && cs[0].Op == consent.OpDelete && cs[0].Item.Kind == "lease" {
		return nil
	}
	return s.Store.Apply(ctx, cs...)
}

// A refresh token that the bank gave out anew and that was not saved, because the process died at that moment, cannot be had again:
// the link and the coverage say that the subject has to connect, each collection asks the bank once, and what is kept stays.
func TestRotatedTokenLost(t *testing.T) {
	t.Parallel()
	h := newBankHost(t, psd2test.Options{Approach: psd2test.OAuth, FrequencyPerDay: 1000})
	_, err := h.connect(t, h.begin(t))
	require.NoError(t, err)
	h.collects(t)
	before := h.review(t, h.id)
	h.now = h.now.Add(20 * time.Minute)
	keys, calls := h.conf.Keys, h.bank.Calls("POST", "/token")
	h.conf.Keys = readOnly{keys, func() bool { return h.bank.Calls("POST", "/token") > calls }}
	_, err = h.another(t).Collect(t.Context(), present, h.id, sources.Input{}, nil)
	require.NoError(t, err, "it is in the coverage")
	h.conf.Keys = keys
	require.Equal(t, calls+1, h.bank.Calls("POST", "/token"))
	for n := range 3 {
		calls := h.bank.Calls("POST", "/token")
		d, err := h.Collect(t.Context(), present, h.id, sources.Input{}, nil)
		require.NoError(t, err)
		require.Empty(t, d.Records)
		for _, cov := range d.Coverage {
			require.Equal(t, model.ObtainedNone, cov.Obtained)
			require.Equal(t, sources.Code(sources.ErrAuthentication), cov.Attempts[0].Outcome)
		}
		require.Equal(t, consent.LinkTokenRequired, h.link(t))
		require.Equal(t, calls+1, h.bank.Calls("POST", "/token"), "collection %d", n)
	}
	after := h.review(t, h.id)
	assert.Equal(t, amounts(before.Records), amounts(after.Records))
	_, err = h.connect(t, h.begin(t))
	require.NoError(t, err)
	require.Equal(t, consent.LinkValid, h.link(t))
	h.collects(t)
}

// readOnly is a key store of a process that is dead, as far as its changes show, from some moment on.
type readOnly struct {
	retention.KeyStore
	dead func() bool
}

func (s readOnly) Apply(ctx context.Context, cs ...retention.Change) error {
	if s.dead() {
		return errInjected
	}
	return s.KeyStore.Apply(ctx, cs...)
}
