package brondata_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
)

// records is the test's format: a dossier's records as JSON.
type records struct{}

func (records) Formats() []sources.Format {
	return []sources.Format{{ID: "records", Detect: func(_ context.Context, p *sources.Probe) sources.Confidence {
		if strings.HasPrefix(string(p.Head), "[") {
			return sources.Likely
		}
		return sources.No
	}}}
}

func (records) Categories() []model.Category { return model.Categories() }

func (records) Normalize(ctx context.Context, d sources.Document, q sources.Query, w *sources.Writer) error {
	b, err := d.Bytes(ctx, 1<<20)
	if err != nil {
		return err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(b, &list); err != nil {
		return sources.Errorf(sources.ErrMalformed, "not a list")
	}
	for i, raw := range list {
		r, err := model.UnmarshalRecord(raw, nil)
		if err != nil {
			return sources.Errorf(sources.ErrMalformed, "record %d", i)
		}
		if p, ok := r.(*model.Person); ok && !q.WantsBSN() {
			p.BSN = model.BSN{}
		}
		if q.Wants(r.Category()) {
			if err := w.Record(r, model.AtLine(i+1)); err != nil {
				return err
			}
		}
	}
	return nil
}

// bank is a source with a connection: it keeps a token and delivers when it has it.
type bank struct {
	body         string
	pages        *[]string // delivered before the body
	disconnected chan struct{}
	down         *bool
	asked        *model.Date // until when a connection was asked for last
}

func (b bank) Describe() sources.Descriptor {
	return sources.Descriptor{
		ID: "bank-api", Institution: "bank", Method: model.API, Hosts: []string{"api.bank.example"},
		Categories: []model.Category{model.CategoryPerson, model.CategoryBalance, model.CategoryTransaction},
	}
}

func (b bank) Fetch(ctx context.Context, s *sources.Session, _ sources.Query, deliver func(sources.Document) error) error {
	st, err := s.State(ctx)
	if err != nil {
		return err
	}
	if !st.Equal(crypto.NewSecretString("token-canary")) {
		return sources.Errorf(sources.ErrAuthentication, "no token")
	}
	if err := s.Account(ctx, "1"); err != nil {
		return err
	}
	for _, p := range *b.pages {
		if err := deliver(sources.Document{Group: "pages", Body: sources.BytesContent([]byte(p))}); err != nil {
			return err
		}
	}
	return deliver(sources.Document{Group: "statement", Body: sources.BytesContent([]byte(b.body))})
}

func (b bank) Connect(ctx context.Context, s *sources.Session, r sources.ConnectRequest) (sources.Step, error) {
	*b.asked = r.ValidUntil
	if r.Callback.Get("code") == "" {
		return sources.Step{Kind: sources.StepRedirect, URL: "https://bank.example/sca"}, nil
	}
	if r.Callback.Get("code") != "ok" {
		return sources.Step{}, sources.Errorf(sources.ErrAuthentication, "refused")
	}
	return sources.Step{Kind: sources.StepDone}, s.SaveState(ctx, crypto.NewSecretString("token-canary"))
}

func (b bank) Disconnect(ctx context.Context, s *sources.Session) error {
	if b.down != nil && *b.down {
		return sources.Errorf(sources.ErrUnavailable, "down")
	}
	st, err := s.State(ctx)
	if err != nil {
		return err
	}
	if !st.IsZero() {
		select {
		case <-b.disconnected: // told twice, when what followed the first time failed
		default:
			close(b.disconnected)
		}
	}
	return s.SaveState(ctx, crypto.Secret{})
}

const bankRecords = `[
 {"category":"person","name":{"family":"Canary-Name"},"bsn":"999991772","provenance":{"document":0}},
 {"category":"balance","account":"NL48BRON0123456789","type":"closingBooked","amount":{"amount":"1234.56","currency":"EUR"},"date":"2026-11-01","provenance":{"document":0}},
 {"category":"transaction","account":"NL48BRON0123456789","bookingDate":"2026-11-01","amount":{"amount":"-12.50","currency":"EUR"},"counterparty":{"name":"Canary-Shop"},"description":"Canary-Text","status":"booked","provenance":{"document":0}},
 {"category":"transaction","account":"NL48BRON0123456789","bookingDate":"2020-11-01","amount":{"amount":"-99.00","currency":"EUR"},"status":"booked","provenance":{"document":0}}
]`

// host is an application with the library in it, over stores that outlive the client.
type host struct {
	*brondata.Client
	conf      brondata.Config
	bank      bank
	recipient crypto.RecipientPrivateKey
	sender    crypto.SenderKey
	now       time.Time
}

var (
	subject = consent.Actor{ID: "subject-1", Role: consent.RoleSubject}
	adviser = consent.Actor{ID: "adviser-1", Role: consent.RoleAdviser}
	refresh = consent.Actor{ID: "scheduler", Role: consent.RoleSystem, OnBehalfOf: "subject-1"}
)

func newHost(t testing.TB, change func(*brondata.Config)) *host {
	t.Helper()
	h := &host{now: time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)}
	h.bank = bank{body: bankRecords, pages: new([]string), disconnected: make(chan struct{}), down: new(bool), asked: new(model.Date)}
	var g sources.Registry
	require.NoError(t, g.AddNormalizer(records{}))
	require.NoError(t, g.AddSource(h.bank, sources.Upload{}))
	signer, _, err := crypto.GenerateLocalSigner()
	require.NoError(t, err)
	h.sender = signer.Public()
	kek, _, err := crypto.GenerateLocalKEK()
	require.NoError(t, err)
	h.recipient, err = crypto.GenerateRecipientKey(crypto.MLKEM768X25519)
	require.NoError(t, err)
	h.conf = brondata.Config{
		Registry: &g, Consent: consent.NewMemoryStore(), Data: retention.NewMemoryStore(), Keys: retention.NewMemoryKeyStore(),
		KEK: kek, Signer: signer, Audit: retention.NoRecorder{}, Tenant: "tenant-1", Now: func() time.Time { return h.now },
		Texts: &consent.TextOptions{Institutions: map[model.InstitutionID]string{"bank": "De Bank"}},
	}
	if change != nil {
		change(&h.conf)
	}
	h.restart(t)
	return h
}

// restart makes a new client over the same stores, as another process would.
func (h *host) restart(t testing.TB) {
	t.Helper()
	c, err := brondata.New(h.conf)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	h.Client = c
}

func (h *host) proposal() consent.Proposal {
	since, err := model.NewDate(2026, 1, 1)
	if err != nil {
		panic(err)
	}
	return consent.Proposal{
		Subject:   "subject-1",
		Recipient: consent.Recipient{ID: "lender", Name: "A lender", Contact: "privacy@lender.example", Key: h.recipient.Public()},
		Purpose:   consent.Purpose{ID: "mortgage", Text: model.Text{Dutch: "Een hypotheek", English: "A mortgage"}},
		Scope: model.Scope{Since: since, Baskets: []model.Basket{
			{Category: model.CategoryBalance, Fields: []string{"account", "amount", "date", "type"}},
			{Category: model.CategoryTransaction, Fields: []string{"amount", "bookingDate"}},
		}},
		Institutions: []model.InstitutionID{"bank"},
		ValidUntil:   h.now.Add(30 * 24 * time.Hour),
	}
}

// active returns a decided grant with a connected bank.
func (h *host) active(t testing.TB) consent.GrantID {
	t.Helper()
	g, err := h.Propose(t.Context(), adviser, h.proposal())
	require.NoError(t, err)
	_, err = h.Decide(t.Context(), subject, g.ID, true)
	require.NoError(t, err)
	step, err := h.Connect(t.Context(), subject, g.ID, "bank", sources.ConnectRequest{RedirectURL: "https://host.example/back"})
	require.NoError(t, err)
	require.Equal(t, sources.StepRedirect, step.Kind)
	h.restart(t)
	step, err = h.Connect(t.Context(), subject, g.ID, "bank", sources.ConnectRequest{Callback: map[string][]string{"code": {"ok"}}})
	require.NoError(t, err)
	require.Equal(t, sources.StepDone, step.Kind)
	return g.ID
}

func (h *host) open(p crypto.Package) (*model.Dossier, error) {
	o, err := crypto.OpenPackage(context.Background(), p, h.recipient, []crypto.SenderKey{h.sender}, nil)
	if err != nil {
		return nil, err
	}
	var d model.Dossier
	return &d, json.Unmarshal(o, &d)
}

var errInjected = errors.New("injected")
