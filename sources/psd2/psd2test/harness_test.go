package psd2test_test

import (
	"bytes"
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2"
	"github.com/brondata/brondata/sources/psd2/psd2test"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	sourceID = model.SourceID("fakebank-api")
	bankID   = model.InstitutionID("fakebank")
	homeURL  = "https://host.example/back?tab=1"
)

// today is the clock of the tests, the bank's included.
var today = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

func clock() time.Time { return today }

// saved is a host's place for state. It counts the saves.
type saved struct {
	mu    sync.Mutex
	value []byte
}

func (s *saved) Load(context.Context, model.InstitutionID, model.SourceID) (crypto.Secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return crypto.NewSecret(s.value), nil
}

func (s *saved) Save(_ context.Context, _ model.InstitutionID, _ model.SourceID, v crypto.Secret) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value = nil
	if v.IsZero() {
		return nil
	}
	return v.Use(func(b []byte) error { s.value = bytes.Clone(b); return nil })
}

// host is what a host has: a bank to talk to, and state. Each call makes a new source and a new session, as if each came
// in another process.
type host struct {
	t        *testing.T
	bank     *psd2test.Bank
	state    *saved
	conf     psd2.Config
	presence *consent.Presence
	now      func() time.Time
}

func newHost(t *testing.T, o psd2test.Options) *host {
	t.Helper()
	if o.Now == nil {
		o.Now = clock
	}
	b := psd2test.New(o)
	t.Cleanup(b.Close)
	return &host{t: t, bank: b, state: &saved{}, conf: b.Config(sourceID, bankID), presence: present(), now: o.Now}
}

func present() *consent.Presence {
	return &consent.Presence{
		IPAddress: netip.MustParseAddr("192.0.2.17"), Port: 40123, UserAgent: "Browser/1.0", Accept: "text/html",
		AcceptCharset: "utf-8", AcceptEncoding: "gzip", AcceptLanguage: "nl", Method: "get",
		DeviceID: "99435c7e-ad88-49ec-a2ad-99ddcb1f5555", GeoLocation: "GEO:52.506931;13.144558",
	}
}

func (h *host) source() *psd2.Source {
	h.t.Helper()
	s, err := psd2.New(h.conf)
	require.NoError(h.t, err)
	return s
}

func (h *host) session(s *psd2.Source) *sources.Session {
	h.t.Helper()
	session, err := sources.NewSession(s.Describe(), sources.SessionOptions{
		HTTP: h.bank.HTTP(), State: h.state, Presence: h.presence, Now: h.now,
	})
	require.NoError(h.t, err)
	return session
}

func scope(cs ...model.Category) model.Scope {
	out := model.Scope{Since: date("2026-10-01")}
	for _, c := range cs {
		out.Baskets = append(out.Baskets, model.Everything(c))
	}
	return out
}

func everything() model.Scope {
	return scope(model.CategoryAccount, model.CategoryBalance, model.CategoryTransaction)
}

func date(s string) model.Date {
	d, err := model.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func (h *host) connect(r sources.ConnectRequest) (sources.Step, error) {
	h.t.Helper()
	if r.Scope.Baskets == nil {
		r.Scope = everything()
	}
	if r.ValidUntil.IsZero() {
		r.ValidUntil = date("2027-02-01")
	}
	s := h.source()
	session := h.session(s)
	defer session.Close()
	return s.Connect(h.t.Context(), session, r)
}

// connected goes the whole way of a redirect.
func (h *host) connected() *host {
	h.t.Helper()
	step, err := h.connect(sources.ConnectRequest{RedirectURL: homeURL})
	require.NoError(h.t, err)
	require.Equal(h.t, sources.StepRedirect, step.Kind)
	back, err := h.bank.Subject().Confirm(h.t.Context(), step.URL)
	require.NoError(h.t, err)
	step, err = h.connect(sources.ConnectRequest{Callback: back})
	require.NoError(h.t, err)
	require.Equal(h.t, sources.StepDone, step.Kind)
	return h
}

func (h *host) disconnect() error {
	h.t.Helper()
	s := h.source()
	session := h.session(s)
	defer session.Close()
	return s.Disconnect(h.t.Context(), session)
}

// collected is what a fetch brought.
type collected struct {
	records []model.Record
	err     error
}

func (h *host) fetch(ctx context.Context, q model.Scope) (out collected) {
	h.t.Helper()
	s := h.source()
	session := h.session(s)
	defer session.Close()
	var g sources.Registry
	require.NoError(h.t, g.AddNormalizer(psd2.Normalizer{}))
	out.err = s.Fetch(ctx, session, sources.Query{Institution: bankID, Scope: q}, func(d sources.Document) error {
		r, err := g.Read(ctx, d, sources.Query{Scope: q}, nil)
		out.records = append(out.records, r.Records...)
		return err
	})
	return out
}

func secret(s string) crypto.Secret { return crypto.NewSecretString(s) }

func read(t *testing.T, format model.FormatID, body []byte) []model.Record {
	t.Helper()
	var g sources.Registry
	require.NoError(t, g.AddNormalizer(psd2.Normalizer{}))
	r, err := g.Read(t.Context(), sources.Document{Format: format, Body: sources.BytesContent(body)}, sources.Everything(), nil)
	require.NoError(t, err)
	return r.Records
}
