// Package hosttest is the host in the tests of psd2 and psd2test: it keeps state, has a subject in front of it, and talks to
// the fake bank.
package hosttest

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2"
	"github.com/brondata/brondata/sources/psd2/psd2test"
)

// The names and the address of the host's choice.
const (
	SourceID = model.SourceID("fakebank-api")
	BankID   = model.InstitutionID("fakebank")
	HomeURL  = "https://host.example/back?tab=1"
)

// Today is the clock of the tests, the bank's included.
var Today = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

// Clock returns Today.
func Clock() time.Time { return Today }

// State is a host's place for state.
type State struct {
	// Fail, where there is one, is asked before each save.
	Fail func(context.Context) error

	mu    sync.Mutex
	value []byte
	saves int
}

// Load implements [sources.State].
func (s *State) Load(context.Context, model.InstitutionID, model.SourceID) (crypto.Secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return crypto.NewSecret(s.value), nil
}

// Save implements [sources.State].
func (s *State) Save(ctx context.Context, _ model.InstitutionID, _ model.SourceID, v crypto.Secret) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Fail != nil {
		if err := s.Fail(ctx); err != nil {
			return err
		}
	}
	s.saves++
	s.value = nil
	if v.IsZero() {
		return nil
	}
	return v.Use(func(b []byte) error { s.value = bytes.Clone(b); return nil })
}

// Text returns what is saved.
func (s *State) Text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.value)
}

// Set replaces what is saved.
func (s *State) Set(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value = []byte(text)
}

// Saves counts the saves.
func (s *State) Saves() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.saves
}

// Host is what a host has: a bank to talk to, and state. Each call makes a new source and a new session, as if each came
// in another process.
type Host struct {
	T        testing.TB
	Bank     *psd2test.Bank
	State    *State
	Conf     psd2.Config
	Presence *consent.Presence // nil where the subject is away
	Now      func() time.Time
	Limits   sources.Limits
	Access   func(context.Context, string) error
	Log      bytes.Buffer
}

// New starts a bank and returns its host. The bank is closed when the test ends.
func New(t testing.TB, o psd2test.Options) *Host {
	t.Helper()
	h := Open(t, o)
	t.Cleanup(h.Bank.Close)
	return h
}

// Open is New, with a bank that the caller closes.
func Open(t testing.TB, o psd2test.Options) *Host {
	if o.Now == nil {
		o.Now = Clock
	}
	b := psd2test.New(o)
	return &Host{T: t, Bank: b, State: &State{}, Conf: b.Config(SourceID, BankID), Presence: Present(), Now: o.Now}
}

// Present is a subject with all that a device tells.
func Present() *consent.Presence {
	return &consent.Presence{
		IPAddress: netip.MustParseAddr("192.0.2.17"), Port: 40123, UserAgent: "Browser/1.0", Accept: "text/html",
		AcceptCharset: "utf-8", AcceptEncoding: "gzip", AcceptLanguage: "nl", Method: "get",
		DeviceID: "99435c7e-ad88-49ec-a2ad-99ddcb1f5555", GeoLocation: "GEO:52.506931;13.144558",
	}
}

// Source makes the bank's source.
func (h *Host) Source() *psd2.Source {
	h.T.Helper()
	s, err := psd2.New(h.Conf)
	require.NoError(h.T, err)
	return s
}

// Session makes a session, which the caller closes.
func (h *Host) Session(s *psd2.Source) *sources.Session {
	h.T.Helper()
	session, err := sources.NewSession(s.Describe(), sources.SessionOptions{
		HTTP: h.Bank.HTTP(), State: h.State, Presence: h.Presence, Now: h.Now, Limits: h.Limits, Access: h.Access,
		Log: slog.New(slog.NewTextHandler(&h.Log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	require.NoError(h.T, err)
	return session
}

// Scope is all of some categories since October 2026.
func Scope(cs ...model.Category) model.Scope {
	out := model.Scope{Since: Date("2026-10-01")}
	for _, c := range cs {
		out.Baskets = append(out.Baskets, model.Everything(c))
	}
	return out
}

// Everything is the scope of all that a bank has.
func Everything() model.Scope {
	return Scope(model.CategoryAccount, model.CategoryBalance, model.CategoryTransaction)
}

// Date returns the day that s names.
func Date(s string) model.Date {
	d, err := model.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// Secret returns s as one.
func Secret(s string) crypto.Secret { return crypto.NewSecretString(s) }

// Connect takes one step, by default for everything until February 2027.
func (h *Host) Connect(r sources.ConnectRequest) (sources.Step, error) {
	h.T.Helper()
	return h.ConnectWith(h.T.Context(), r)
}

// ConnectWith is Connect with a context.
func (h *Host) ConnectWith(ctx context.Context, r sources.ConnectRequest) (sources.Step, error) {
	h.T.Helper()
	if r.Scope.Baskets == nil {
		r.Scope = Everything()
	}
	if r.ValidUntil.IsZero() {
		r.ValidUntil = Date("2027-02-01")
	}
	s := h.Source()
	session := h.Session(s)
	defer session.Close()
	return s.Connect(ctx, session, r)
}

// Connected goes the whole way of a redirect.
func (h *Host) Connected() *Host {
	h.T.Helper()
	step, err := h.Connect(sources.ConnectRequest{RedirectURL: HomeURL})
	require.NoError(h.T, err)
	require.Equal(h.T, sources.StepRedirect, step.Kind)
	back, err := h.Bank.Subject().Confirm(h.T.Context(), step.URL)
	require.NoError(h.T, err)
	step, err = h.Connect(sources.ConnectRequest{Callback: back})
	require.NoError(h.T, err)
	require.Equal(h.T, sources.StepDone, step.Kind)
	return h
}

// Disconnect ends the connection.
func (h *Host) Disconnect() error {
	h.T.Helper()
	s := h.Source()
	session := h.Session(s)
	defer session.Close()
	return s.Disconnect(h.T.Context(), session)
}

// Collected is what a fetch brought.
type Collected struct {
	Docs    []sources.Document
	Records []model.Record
	Since   model.Date
	Issues  []model.Issue
	Errs    []error // of reading
	Err     error
}

// Transactions returns the records of that category.
func (c Collected) Transactions() (out []*model.Transaction) {
	for _, r := range c.Records {
		if t, ok := r.(*model.Transaction); ok {
			out = append(out, t)
		}
	}
	return out
}

// Fetch fetches and reads. What a document brought before it broke off is among the records.
func (h *Host) Fetch(ctx context.Context, q model.Scope) (out Collected) {
	h.T.Helper()
	s := h.Source()
	session := h.Session(s)
	defer session.Close()
	out.Err = s.Fetch(ctx, session, sources.Query{Institution: BankID, Scope: q}, func(d sources.Document) error {
		out.Docs = append(out.Docs, d)
		r, err := Read(h.T, d, sources.Query{Scope: q})
		if err != nil {
			out.Errs = append(out.Errs, err)
		}
		out.Records = append(out.Records, r.Records...)
		out.Issues = append(out.Issues, r.Issues...)
		if out.Since.Compare(r.Since) < 0 {
			out.Since = r.Since
		}
		return nil
	})
	return out
}

// Read reads one answer.
func Read(t testing.TB, d sources.Document, q sources.Query) (*sources.Reading, error) {
	t.Helper()
	var g sources.Registry
	require.NoError(t, g.AddNormalizer(psd2.Normalizer{}))
	return g.Read(context.Background(), d, q, nil)
}
