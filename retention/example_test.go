package retention_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

func Example() {
	ctx := context.Background()
	kek, _, err := crypto.GenerateLocalKEK()
	if err != nil {
		fmt.Println(err)
		return
	}
	signer, _, err := crypto.GenerateLocalSigner()
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	vault, err := retention.New(retention.NewMemoryStore(), retention.NewMemoryKeyStore(), kek, retention.NoRecorder{},
		&retention.Options{Tenant: "advisers", Signer: signer, Now: func() time.Time { return now }})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer vault.Close()

	// The terms of a link are fixed before anything goes over it.
	link := retention.Ref{Subject: "s-1", Grant: "g-1", Purpose: "mortgage", Link: "bank"}
	if err := vault.CreateLink(ctx, link, retention.Policy{StaleIn: 30}); err != nil {
		fmt.Println(err)
		return
	}
	retrieved := []retention.Content{{Category: model.CategoryBalance, Schema: 1, Body: []byte("sealed from here on")}}
	if err := vault.Keep(ctx, link, retrieved, nil); err != nil {
		fmt.Println(err)
		return
	}

	// Who reads says who they are and why.
	who := retention.Access{Actor: "adviser-7", Role: "adviser", Reason: "mortgage"}
	contents, err := vault.Read(ctx, who, link, model.CategoryBalance)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s, until %s\n", contents[0].Body, contents[0].Expires.Format(time.DateOnly))

	// A revoke destroys the keys; the rows follow, and a receipt says so.
	if err := vault.DestroyGrant(ctx, link.Grant); err != nil {
		fmt.Println(err)
		return
	}
	_, err = vault.Read(ctx, who, link, model.CategoryBalance)
	fmt.Println(errors.Is(err, retention.ErrShredded))
	receipt, err := vault.DeleteGrant(ctx, who, link.Grant)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(receipt.Counts[1].Compartment, receipt.Counts[1].Items, receipt.Verify(signer.Public()))
	// Output:
	// sealed from here on, until 2026-12-23
	// true
	// financial 1 true
}

func ExampleParseStorage() {
	for _, s := range []string{"store", "nostore", "365d", "366d", "1D"} {
		_, err := retention.ParseStorage(s)
		fmt.Println(s, err == nil)
	}
	// Output:
	// store true
	// nostore true
	// 365d true
	// 366d false
	// 1D false
}

func ExampleVault_Sweep() {
	ctx := context.Background()
	kek, _, err := crypto.GenerateLocalKEK()
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	vault, err := retention.New(retention.NewMemoryStore(), retention.NewMemoryKeyStore(), kek, retention.NoRecorder{},
		&retention.Options{Now: func() time.Time { return now }})
	if err != nil {
		fmt.Println(err)
		return
	}
	link := retention.Ref{Subject: "s-1", Grant: "g-1", Purpose: "mortgage", Link: "bank"}
	err = errors.Join(
		vault.CreateLink(ctx, link, retention.Policy{Credentials: retention.CredentialsNoStore}),
		vault.SaveState(ctx, link, []byte("one-time token")),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	now = now.Add(15 * time.Minute)
	_, err = vault.State(ctx, retention.Access{Actor: "host", Role: "system", Reason: "refresh"}, link)
	fmt.Println(errors.Is(err, retention.ErrExpired))

	// From a scheduler of the host, until nothing is left.
	for {
		report, err := vault.Sweep(ctx, 10_000)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(report.Rows)
		if !report.More {
			return
		}
	}
	// Output:
	// true
	// 1
}
