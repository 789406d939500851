package redirect_test

import (
	"context"
	"fmt"
	"net/url"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/consent/redirect"
)

// An attempt is begun in one process and finished in another, once.
func ExampleAttempts() {
	ctx := context.Background()
	store := consent.NewMemoryStore() // both processes' database
	b := redirect.Binding{
		Grant: "aaaaaaaaaaaaaaaaaaaaaaaaaa", Institution: "bank", Session: "the value of an HttpOnly cookie",
		Issuer: "https://as.bank.example", RedirectURI: "https://host.example/callback",
	}
	one, _ := redirect.NewAttempts(store, nil)
	begun, _ := one.Begin(ctx, b)

	two, _ := redirect.NewAttempts(store, nil)
	found, _ := two.Find(ctx, url.Values{"state": {begun.State}})
	fmt.Println(found.Institution)
	taken, err := two.Take(ctx, b, begun.State)
	fmt.Println(taken.Verifier == begun.Verifier, err)
	_, err = two.Take(ctx, b, begun.State)
	fmt.Println(err)
	// Output:
	// bank
	// true <nil>
	// redirect: no such attempt
}
