package psd2test_test

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2"
	"github.com/brondata/brondata/sources/psd2/psd2test"
)

// memory is the state of one connection. A host seals it.
type memory struct{ secret crypto.Secret }

func (m *memory) Load(context.Context, model.InstitutionID, model.SourceID) (crypto.Secret, error) {
	return m.secret, nil
}

func (m *memory) Save(_ context.Context, _ model.InstitutionID, _ model.SourceID, s crypto.Secret) error {
	m.secret = s
	return nil
}

// A subject connects on the bank's page; then the source fetches.
func Example() {
	bank := psd2test.New(psd2test.Options{Accounts: psd2test.Sample(), PageSize: 2})
	defer bank.Close()
	source, err := psd2.New(bank.Config("fakebank-api", "fakebank"))
	if err != nil {
		fmt.Println(err)
		return
	}
	session, err := sources.NewSession(source.Describe(), sources.SessionOptions{
		HTTP: bank.HTTP(), State: &memory{}, Presence: &consent.Presence{IPAddress: netip.MustParseAddr("192.0.2.1")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()

	ctx := context.Background()
	scope := model.Scope{Baskets: []model.Basket{model.Everything(model.CategoryAccount), model.Everything(model.CategoryTransaction)}}
	step, err := source.Connect(ctx, session, sources.ConnectRequest{RedirectURL: "https://host.example/back", Scope: scope})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(step.Kind)
	callback, err := bank.Subject().Confirm(ctx, step.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	step, err = source.Connect(ctx, session, sources.ConnectRequest{Callback: callback})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(step.Kind)

	bank.Inject(psd2test.Fault{Kind: psd2test.Status, Status: 503, Path: "/transactions", Skip: 1, Times: 1})
	err = source.Fetch(ctx, session, sources.Query{Scope: scope}, func(d sources.Document) error {
		fmt.Println(d.Format, d.Group)
		return nil
	})
	fmt.Println(err)
	fmt.Println(bank.Calls("GET", "/transactions"), "calls for transactions")
	// Output:
	// redirect
	// done
	// psd2.accounts.v1 accounts
	// psd2.transactions.v1 account 1
	// psd2.transactions.v1 account 2
	// <nil>
	// 3 calls for transactions
}
