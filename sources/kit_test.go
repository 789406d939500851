package sources_test

import (
	"bufio"
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// lines reads a small text format of these tests: a first line "lines" and the institution, then one record a line.
type lines struct {
	id   model.FormatID
	inst model.InstitutionID
	cats []model.Category
}

func (n lines) Formats() []sources.Format {
	return []sources.Format{{ID: n.id, Institution: n.inst, Detect: func(_ context.Context, p *sources.Probe) sources.Confidence {
		if bytes.HasPrefix(p.Head, []byte("lines "+string(n.id)+"\n")) {
			return sources.Certain
		}
		return sources.No
	}}}
}

func (n lines) Categories() []model.Category { return n.cats }

func (n lines) Normalize(ctx context.Context, d sources.Document, q sources.Query, w *sources.Writer) error {
	sc := bufio.NewScanner(d.Open(ctx))
	account, err := model.ParseAccountID("NL48BRON0123456789")
	if err != nil {
		return err
	}
	for row := 1; sc.Scan(); row++ {
		f := strings.Fields(sc.Text())
		var r model.Record
		money := func(s string) model.Money {
			m, err := model.ParseMoney(s, model.EUR)
			if err != nil {
				panic(err) // the retriever must survive it
			}
			return m
		}
		switch f[0] {
		case "lines":
			continue
		case "statement":
			w.Statement(model.AtLine(row))
			continue
		case "since", "covers": // of no account; of this account or the other one, with a last day
			var v model.Date // "-" for none
			if f[1] != "-" {
				var err error
				if v, err = model.ParseDate(f[1]); err != nil {
					return err
				}
			}
			covered, until := model.AccountID{}, model.Date{}
			if f[0] == "covers" {
				var err error
				if until, err = model.ParseDate(f[2]); err != nil {
					return err
				}
				covered = account
				if len(f) > 3 {
					if covered, err = model.ParseAccountID(f[3]); err != nil {
						return err
					}
				}
			}
			w.Covers(covered, v, until)
			continue
		case "tx":
			day, err := model.ParseDate(f[1])
			if err != nil {
				return sources.Errorf(sources.ErrMalformed, "line %d has no date", row)
			}
			r = &model.Transaction{
				Account: account, BookingDate: day, Amount: money(f[2]), Status: model.Booked,
				Counterparty: model.Counterparty{Name: f[3]}, Description: "to " + f[3],
			}
		case "open", "close":
			kind := map[string]model.BalanceType{"open": model.OpeningBooked, "close": model.ClosingBooked}[f[0]]
			r = &model.Balance{Account: account, Type: kind, Amount: money(f[1])}
		case "person":
			born, err := model.ParseDate(f[2])
			if err != nil {
				return err
			}
			r = &model.Person{Name: model.Name{Family: f[1]}, BirthDate: born}
		case "pension":
			r = &model.Pension{Kind: model.PensionOldAge, Reference: f[1]}
		case "foreign":
			r = struct{ *model.Person }{&model.Person{}}
		case "maybe":
			r = &model.Transaction{Account: account, Amount: money(f[1])} // without a status
		case "entries":
			w.Issue(model.Doubt(model.IssueHistoryCut, ""))
			continue
		case "lacks":
			w.Issue(model.Doubt(model.IssueIncompleteDoc, ""))
			continue
		case "fail":
			return sources.Errorf(sources.ErrTruncated, "line %d", row)
		case "leak":
			return &leaky{sc.Text()}
		case "panic":
			panic(sc.Text())
		}
		if !q.Wants(r.Category()) {
			continue
		}
		if err := w.Record(r, model.AtLine(row)); err != nil {
			return err
		}
	}
	return sc.Err()
}

// leaky is an error whose text holds what it should not.
type leaky struct{ text string }

func (e *leaky) Error() string { return "cannot parse " + e.text }

// fake is a source made of a function.
type fake struct {
	desc  sources.Descriptor
	fetch func(ctx context.Context, s *sources.Session, q sources.Query, deliver func(sources.Document) error) error
}

func (f fake) Describe() sources.Descriptor { return f.desc }
func (f fake) Fetch(ctx context.Context, s *sources.Session, q sources.Query, deliver func(sources.Document) error) error {
	return f.fetch(ctx, s, q, deliver)
}

func text(s string) sources.Document {
	return sources.Document{Body: sources.BytesContent([]byte(s))}
}

// source delivers texts, then returns err.
func source(id model.SourceID, inst model.InstitutionID, m model.Method, cats []model.Category, err error, docs ...string) fake {
	return fake{
		sources.Descriptor{ID: id, Institution: inst, Method: m, Categories: cats},
		func(_ context.Context, _ *sources.Session, _ sources.Query, deliver func(sources.Document) error) error {
			for _, d := range docs {
				if err := deliver(text(d)); err != nil {
					return err
				}
			}
			return err
		},
	}
}

var (
	bankCats = []model.Category{model.CategoryBalance, model.CategoryTransaction, model.CategoryPerson}
	bank     = lines{"bank", "", bankCats}
	fund     = lines{"fund", "fund", []model.Category{model.CategoryPension, model.CategoryPerson}}
)

func registry(t testing.TB, ss ...sources.Source) *sources.Registry {
	t.Helper()
	var g sources.Registry
	require.NoError(t, g.AddNormalizer(bank, fund))
	require.NoError(t, g.AddSource(ss...))
	return &g
}

// granted is an active grant.
type granted struct {
	*consent.Manager
	consent.Permit
	id consent.GrantID
	by consent.Actor
}

// grant makes an active grant over a real manager.
func grant(t testing.TB, scope model.Scope, insts ...model.InstitutionID) granted {
	t.Helper()
	return grantWith(t, consent.NewMemoryStore(), scope, false, insts...)
}

func grantWith(t testing.TB, store consent.Store, scope model.Scope, keep bool, insts ...model.InstitutionID) granted {
	t.Helper()
	m, err := consent.NewManager(store, nil)
	require.NoError(t, err)
	subject := consent.Actor{ID: "subject-1", Role: consent.RoleSubject}
	g, err := m.Propose(t.Context(), subject, consent.Proposal{
		Subject:   "subject-1",
		Recipient: consent.Recipient{ID: "lender", Name: "A lender", Contact: "privacy@lender.example"},
		Purpose:   consent.Purpose{ID: "mortgage", Text: model.Text{Dutch: "Een hypotheek", English: "A mortgage"}},
		Scope:     scope, Institutions: insts, ValidUntil: time.Now().Add(24 * time.Hour), KeepDocuments: keep,
	})
	require.NoError(t, err)
	_, err = m.Decide(t.Context(), subject, g.ID, true)
	require.NoError(t, err)
	p, err := m.Permit(t.Context(), subject, g.ID)
	require.NoError(t, err)
	return granted{m, p, g.ID, subject}
}

func scopeOf(cs ...model.Category) (s model.Scope) {
	for _, c := range cs {
		s.Baskets = append(s.Baskets, model.Everything(c))
	}
	return s
}
