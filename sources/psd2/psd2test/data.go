package psd2test

import "encoding/json"

// Account is one account of the subject at the bank. Amounts and dates are texts as they stand in answers.
type Account struct {
	IBAN, BBAN   string
	Currency     string // EUR by default
	Name, Owner  string
	Product      string
	Type         string // CACC, SVGS …
	BIC          string
	Balances     []Balance
	Transactions []Transaction // newest first, as banks give them
	// Extra are members that are added to the account's details, or replace them; null leaves a member out.
	Extra map[string]json.RawMessage
}

// Balance is one balance of an account.
type Balance struct {
	Type, Amount, Date string
	CreditLimit        bool
}

// Transaction is one transaction of an account.
type Transaction struct {
	ID, EntryReference            string
	BookingDate, ValueDate        string
	Amount, Currency              string // EUR by default
	CreditorName, CreditorIBAN    string
	DebtorName, DebtorIBAN        string
	CreditorBIC, DebtorBIC        string
	Remittance                    string
	EndToEndID, Mandate, Creditor string
	Code, Purpose                 string
	Pending                       bool
	// Extra are members that are added, or replace others; null leaves a member out.
	Extra map[string]json.RawMessage
}

// Sample returns two accounts with some months of transactions around November 2026. All of it is invented.
func Sample() []Account {
	return []Account{
		{
			IBAN: "NL66FAKE0123456789", Name: "Huishouden", Owner: "J. de Vries", Product: "Betaalrekening Plus", Type: "CACC", BIC: "FAKENL2A",
			Balances: []Balance{
				{Type: "closingBooked", Amount: "1523.07", Date: "2026-11-20"}, {Type: "expected", Amount: "1484.07"},
			},
			Transactions: []Transaction{
				{ID: "tx-0105", ValueDate: "2026-11-21", Amount: "-39.00", CreditorName: "Sportschool Noord", Remittance: "Reservering", Pending: true},
				{ID: "tx-0104", EntryReference: "e-104", BookingDate: "2026-11-20", ValueDate: "2026-11-20", Amount: "2811.45", DebtorName: "Voorbeeld Werk BV", DebtorIBAN: "NL16FAKE0200000001", DebtorBIC: "FAKENL2A", Remittance: "Salaris november 2026", EndToEndID: "SAL-2026-11", Code: "PMNT-RCDT-ESCT", Purpose: "SALA"},
				{ID: "tx-0103", EntryReference: "e-103", BookingDate: "2026-11-02", ValueDate: "2026-11-01", Amount: "-1142.38", CreditorName: "Woonstichting De Brug", CreditorIBAN: "NL86FAKE0200000002", Remittance: "Huur november", EndToEndID: "NOTPROVIDED", Mandate: "M-7781", Creditor: "NL98ZZZ999999990000", Code: "PMNT-RDDT-ESDD"},
				{ID: "tx-0102", EntryReference: "e-102", BookingDate: "2026-10-20", ValueDate: "2026-10-20", Amount: "2811.45", DebtorName: "Voorbeeld Werk BV", DebtorIBAN: "NL16FAKE0200000001", Remittance: "Salaris oktober 2026", EndToEndID: "SAL-2026-10", Code: "PMNT-RCDT-ESCT", Purpose: "SALA"},
				{ID: "tx-0101", EntryReference: "e-101", BookingDate: "2026-08-14", ValueDate: "2026-08-14", Amount: "-86.2", CreditorName: "Kruidenier", Remittance: "Boodschappen"},
			},
		},
		{
			IBAN: "NL39FAKE0123456790", Name: "Sparen", Owner: "J. de Vries", Product: "Spaarrekening Vrij", Type: "SVGS", BIC: "FAKENL2A",
			Balances:     []Balance{{Type: "interimBooked", Amount: "10250.00"}},
			Transactions: []Transaction{{ID: "tx-0201", BookingDate: "2026-11-01", ValueDate: "2026-11-01", Amount: "250", DebtorName: "J. de Vries", DebtorIBAN: "NL66FAKE0123456789", Remittance: "Naar spaarrekening"}},
		},
	}
}

func amount(text, currency string) map[string]any {
	if currency == "" {
		currency = "EUR"
	}
	return map[string]any{"currency": currency, "amount": text}
}

// put sets those of the texts that are not empty.
func put(m map[string]any, pairs ...string) map[string]any {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			m[pairs[i]] = pairs[i+1]
		}
	}
	return m
}

func extend(m map[string]any, extra map[string]json.RawMessage) map[string]any {
	for k, v := range extra {
		if string(v) == "null" {
			delete(m, k)
			continue
		}
		m[k] = v
	}
	return m
}

func (a Account) reference() map[string]any {
	return put(map[string]any{}, "iban", a.IBAN, "bban", a.BBAN)
}

func (a Account) details(id string, owner bool) map[string]any {
	currency := a.Currency
	if currency == "" {
		currency = "EUR"
	}
	path := basePath + "/v1/accounts/" + id
	m := put(map[string]any{
		"resourceId": id,
		"_links":     map[string]any{"balances": href(path + "/balances"), "transactions": href(path + "/transactions")},
	}, "iban", a.IBAN, "bban", a.BBAN, "currency", currency, "name", a.Name, "product", a.Product, "cashAccountType", a.Type, "bic", a.BIC)
	if owner {
		put(m, "ownerName", a.Owner)
	}
	return extend(m, a.Extra)
}

func (b Balance) json(currency string) map[string]any {
	m := put(map[string]any{"balanceAmount": amount(b.Amount, currency), "balanceType": b.Type}, "referenceDate", b.Date)
	if b.CreditLimit {
		m["creditLimitIncluded"] = true
	}
	return m
}

func (t Transaction) json() map[string]any {
	m := put(map[string]any{"transactionAmount": amount(t.Amount, t.Currency)},
		"transactionId", t.ID, "entryReference", t.EntryReference, "bookingDate", t.BookingDate, "valueDate", t.ValueDate,
		"creditorName", t.CreditorName, "debtorName", t.DebtorName, "creditorAgent", t.CreditorBIC, "debtorAgent", t.DebtorBIC,
		"remittanceInformationUnstructured", t.Remittance, "endToEndId", t.EndToEndID, "mandateId", t.Mandate,
		"creditorId", t.Creditor, "bankTransactionCode", t.Code, "purposeCode", t.Purpose)
	if t.CreditorIBAN != "" {
		m["creditorAccount"] = map[string]any{"iban": t.CreditorIBAN}
	}
	if t.DebtorIBAN != "" {
		m["debtorAccount"] = map[string]any{"iban": t.DebtorIBAN}
	}
	return extend(m, t.Extra)
}

func href(to string) map[string]any { return map[string]any{"href": to} }
