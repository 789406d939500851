package brondata_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/camt"
	"github.com/brondata/brondata/testdata"
)

// A client over stores in memory, with one reader of files. A host has SQL stores, its own key service, and an access log.
func exampleClient() (*brondata.Client, crypto.SenderKey, error) {
	var registry sources.Registry
	signer, _, err1 := crypto.GenerateLocalSigner()
	kek, _, err2 := crypto.GenerateLocalKEK()
	if err := errors.Join(registry.AddNormalizer(camt.Normalizer{}), registry.AddSource(sources.Upload{}), err1, err2); err != nil {
		return nil, crypto.SenderKey{}, err
	}
	c, err := brondata.New(brondata.Config{
		Registry: &registry,
		Consent:  consent.NewMemoryStore(),
		Data:     retention.NewMemoryStore(),
		Keys:     retention.NewMemoryKeyStore(),
		KEK:      kek,
		Signer:   signer,
		Audit:    retention.NoRecorder{},
	})
	return c, signer.Public(), err
}

func Example() {
	ctx := context.Background()
	client, sender, err := exampleClient()
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	lender, err := crypto.GenerateRecipientKey(crypto.MLKEM768X25519) // the recipient does this, once
	if err != nil {
		log.Fatal(err)
	}
	adviser := consent.Actor{ID: "adviser-3", Role: consent.RoleAdviser}
	subject := consent.Actor{ID: "consumer-7", Role: consent.RoleSubject}

	g, err := client.Propose(ctx, adviser, consent.Proposal{
		Subject:   subject.ID,
		Recipient: consent.Recipient{ID: "lender-1", Name: "A lender", Contact: "privacy@lender.example", Key: lender.Public()},
		Purpose:   consent.Purpose{ID: "mortgage", Text: model.Text{Dutch: "Een hypotheek", English: "A mortgage"}},
		Scope: model.Scope{Baskets: []model.Basket{
			{Category: model.CategoryTransaction, Fields: []string{"bookingDate", "amount"}},
		}},
		Institutions: []model.InstitutionID{"bronbank"},
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := client.Decide(ctx, subject, g.ID, true); err != nil {
		log.Fatal(err)
	}

	file, err := testdata.FS.ReadFile("statement.camt053.xml")
	if err != nil {
		log.Fatal(err)
	}
	d, err := client.Collect(ctx, subject, g.ID, sources.Input{
		Files: []sources.Document{{Institution: "bronbank", Body: sources.BytesContent(file)}},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("collected:", len(d.Records), "records, balances add up:", d.Coverage[0].Balanced)

	review, err := client.Review(ctx, subject, g.ID, nil)
	if err != nil {
		log.Fatal(err)
	}
	sealed, err := client.Release(ctx, subject, review.Approval())
	if err != nil {
		log.Fatal(err)
	}
	plain, err := crypto.OpenPackage(ctx, sealed, lender, []crypto.SenderKey{sender}, nil) // at the recipient
	if err != nil {
		log.Fatal(err)
	}
	got, err := model.ReadDossier(plain, &model.ReadOptions{KeepUnknown: true})
	if err != nil {
		log.Fatal(err)
	}
	first := model.All[*model.Transaction](got)[0]
	fmt.Println("released:", first.BookingDate, first.Amount.Text(), "counterparty left out:", first.Counterparty.IsZero())

	if err := client.Revoke(ctx, subject, g.ID); err != nil {
		log.Fatal(err)
	}
	_, err = client.Review(ctx, subject, g.ID, nil)
	fmt.Println("after the revoke:", errors.Is(err, consent.ErrNotPermitted))
	// Output:
	// collected: 11 records, balances add up: yes
	// released: 2026-10-01 -1150.00 counterparty left out: true
	// after the revoke: true
}
