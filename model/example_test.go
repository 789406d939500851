package model_test

import (
	"fmt"

	"github.com/brondata/brondata/model"
)

func transaction(day, amount, text, id string) *model.Transaction {
	date, _ := model.ParseDate(day)
	money, _ := model.ParseMoney(amount, model.EUR)
	account, _ := model.ParseAccountID("NL02 ABNA 0123 4567 89")
	return &model.Transaction{Account: account, BookingDate: date, Amount: money, Description: text, ID: id, Status: model.Booked}
}

// Two statements overlap by a day. The coffee in both is one fact, the two equal coffees in one are two.
func ExampleDossier_Resolved() {
	first, again := transaction("2026-11-21", "-2.80", "Coffee", ""), transaction("2026-11-21", "-2.80", "Coffee", "")
	other := transaction("2026-11-21", "-2.80", "Coffee", "")
	again.Provenance.Document = 1
	d := &model.Dossier{
		Documents: []model.DocumentInfo{{Source: "upload", Method: model.File}, {Source: "upload", Method: model.File, Digest: model.Digest{1}}},
		Records:   []model.Record{first, other, again},
	}
	for _, m := range d.Matches() {
		fmt.Println(m.Rule, m.Records)
	}
	fmt.Println(len(d.Records), "sightings of", len(d.Resolved()), "facts")
	// Output:
	// transaction-text [0 2]
	// 3 sightings of 2 facts
}

// A scope names what a purpose needs. Everything else is gone from the copy.
func ExampleMinimise() {
	scope := model.Scope{Baskets: []model.Basket{{Category: model.CategoryTransaction, Fields: []string{"bookingDate", "amount"}}}}
	r, ok := model.Minimise(transaction("2026-11-21", "-2.80", "Coffee", "77"), scope)
	b, _ := model.MarshalRecord(r)
	fmt.Println(ok, string(b))
	// Output:
	// true {"amount":{"amount":"-2.80","currency":"EUR"},"bookingDate":"2026-11-21","category":"transaction","provenance":{"document":0}}
}

// Printing a record shows its kind; what it holds must be asked for by name.
func ExampleMoney_Text() {
	t := transaction("2026-11-21", "-1234.5", "Rent", "")
	fmt.Println(t, t.Amount, t.Account)
	fmt.Println(t.Amount.Text(), t.Amount.Currency())
	// Output:
	// transaction(***) Money(***) ***
	// -1234.50 EUR
}

// The reader of a format says how it writes numbers. What is not exactly of that form is refused, not guessed.
func ExampleParseDecimalIn() {
	for _, s := range []string{"1.234,56", "0.123", "1e3"} {
		d, err := model.ParseDecimalIn(s, model.DutchFormat)
		fmt.Println(d, err)
	}
	// Output:
	// 1234.56 <nil>
	// 0 model: not of the required form
	// 0 model: not of the required form
}

// A recipient keeps what a later version of the format added.
func ExampleReadDossier() {
	text := []byte(`{"coverage":[],"documents":[],"issues":[],"later":"news","records":[]}`)
	_, err := model.ReadDossier(text, nil)
	fmt.Println(err)
	d, err := model.ReadDossier(text, &model.ReadOptions{KeepUnknown: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	b, _ := d.MarshalJSON()
	fmt.Println(string(b) == string(text))
	// Output:
	// model: json: unknown field: model: not of the required form
	// true
}

// The digest that a subject approves does not depend on the order of the records.
func ExampleReviewDigest() {
	a, b := transaction("2026-11-21", "-2.80", "Coffee", ""), transaction("2026-11-22", "-3.10", "Tea", "")
	x, _ := model.ReviewDigest("grant-1", "recipient-1", "key-1", []model.Record{a, b})
	y, _ := model.ReviewDigest("grant-1", "recipient-1", "key-1", []model.Record{b, a})
	z, _ := model.ReviewDigest("grant-1", "recipient-1", "key-2", []model.Record{a, b})
	fmt.Println(x == y, x == z)
	// Output:
	// true false
}
