package consent_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
)

// A consent from the question to the withdrawal.
func Example() {
	ctx := context.Background()
	m, err := consent.NewManager(consent.NewMemoryStore(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	subject := consent.Actor{ID: "subject-1", Role: consent.RoleSubject, Presence: &consent.Presence{IPAddress: netip.MustParseAddr("192.0.2.7")}}
	g, err := m.Propose(ctx, subject, consent.Proposal{
		Subject:   subject.ID,
		Recipient: consent.Recipient{ID: "advies", Name: "Voorbeeld Advies", Contact: "privacy@advies.example"},
		Purpose: consent.Purpose{
			ID:   "mortgage",
			Text: model.Text{Dutch: "Uw hypotheekaanvraag beoordelen.", English: "To assess your mortgage application."},
		},
		Scope:        model.Scope{Baskets: []model.Basket{{Category: model.CategoryIncome, Fields: []string{"employer", "socialInsuranceWage"}}}},
		Institutions: []model.InstitutionID{"uwv"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range g.Onboarding().Sections(nil)[:3] {
		fmt.Println(s.Title.English, s.Lines[0].English)
	}
	g, _ = m.Decide(ctx, subject, g.ID, true)
	fmt.Println(g.State)

	permit, _ := m.Permit(ctx, subject, g.ID)
	fmt.Println(permit.Check(ctx), permit.Allows("uwv"), permit.Allows("ing"))

	_, _ = m.Revoke(ctx, subject, g.ID)
	err = permit.Check(ctx)
	fmt.Println(errors.Is(err, consent.ErrNotPermitted), err)
	// Output:
	// Who gets your data? Voorbeeld Advies
	// What for? To assess your mortgage application.
	// Which data? Your wages: employer, wage for social insurance
	// active
	// <nil> true false
	// true consent: not permitted: revoked
}

// A refresh while the subject is not there takes one of four slots a day, and learns when the next one is free.
func ExamplePermit_Access() {
	ctx := context.Background()
	now := time.Date(2031, 1, 15, 9, 0, 0, 0, time.UTC)
	m, _ := consent.NewManager(consent.NewMemoryStore(), &consent.Options{Now: func() time.Time { return now }})
	subject := consent.Actor{ID: "subject-1", Role: consent.RoleSubject}
	g, _ := m.Propose(ctx, subject, consent.Proposal{
		Subject:      subject.ID,
		Recipient:    consent.Recipient{ID: "advies", Name: "Voorbeeld Advies", Contact: "privacy@advies.example"},
		Purpose:      consent.Purpose{ID: "budget", Text: model.Text{English: "To keep your budget."}},
		Scope:        model.Scope{Baskets: []model.Basket{model.Everything(model.CategoryTransaction)}},
		Institutions: []model.InstitutionID{"bank"},
	})
	g, _ = m.Decide(ctx, subject, g.ID, true)

	scheduler := consent.Actor{ID: "scheduler", Role: consent.RoleSystem, OnBehalfOf: subject.ID}
	p, _ := m.Permit(ctx, scheduler, g.ID)
	for range 5 {
		err := p.Access(ctx, "bank", "account-1")
		var limit *consent.LimitError
		if errors.As(err, &limit) {
			fmt.Println("next at", limit.Next.Format(time.DateTime))
		} else {
			fmt.Println(err)
		}
		now = now.Add(time.Hour)
	}
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// <nil>
	// next at 2031-01-16 09:00:00
}

// A receipt is JSON that anybody can read, and check with the host's public key.
func ExampleManager_Receipt() {
	ctx := context.Background()
	signer, _, _ := crypto.GenerateLocalSigner()
	m, _ := consent.NewManager(consent.NewMemoryStore(), &consent.Options{Signer: signer})
	subject := consent.Actor{ID: "subject-1", Role: consent.RoleSubject}
	g, _ := m.Propose(ctx, subject, consent.Proposal{
		Subject:      subject.ID,
		Recipient:    consent.Recipient{ID: "advies", Name: "Voorbeeld Advies", Contact: "privacy@advies.example"},
		Purpose:      consent.Purpose{ID: "budget", Text: model.Text{English: "To keep your budget."}},
		Scope:        model.Scope{Baskets: []model.Basket{model.Everything(model.CategoryBalance)}},
		Institutions: []model.InstitutionID{"bank"},
	})
	_, _ = m.Decide(ctx, subject, g.ID, true)
	b, _ := m.Receipt(ctx, subject, g.ID)

	r, err := consent.OpenReceipt(b, signer.Public())
	fmt.Println(err, r.Schema, r.State, r.Controller.Name)
	// Output: <nil> ISO/IEC TS 27560:2023 active Voorbeeld Advies
}
