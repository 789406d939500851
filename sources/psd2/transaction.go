package psd2

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/brondata/brondata/internal/jsonscan"
	"github.com/brondata/brondata/model"
)

var (
	bankCode    = regexp.MustCompile(`^[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}$`)
	purposeCode = regexp.MustCompile(`^[A-Z0-9]{4}$`)
)

// oneTransaction reads one element of booked or pending. Nothing in it but the amount is required by the specification.
func (n *reading) oneTransaction(v value, at model.Locator, status model.TransactionStatus) error {
	if !n.query.Wants(model.CategoryTransaction) {
		return nil
	}
	f := fields{v: v}
	n.doubtAccount(&f)
	t := &model.Transaction{
		Account: n.id, Status: status,
		BookingDate: f.date(v.get("bookingDate"), "bookingDate"), ValueDate: f.date(v.get("valueDate"), "valueDate"),
		Amount: f.money(v.get("transactionAmount"), "amount"), Description: f.description(),
		Reference: f.identifier(v.get("endToEndId"), "reference"), Mandate: f.identifier(v.get("mandateId"), "mandate"),
		CreditorID:      f.identifier(v.get("creditorId"), "creditorId"),
		ProprietaryCode: f.identifier(v.get("proprietaryBankTransactionCode"), "proprietaryCode"),
		ID:              f.identifier(v.get("transactionId"), "id"),
	}
	if t.ID == "" {
		t.ID = f.identifier(v.get("entryReference"), "id")
	}
	switch code := f.identifier(v.get("bankTransactionCode"), "bankTransactionCode"); {
	case bankCode.MatchString(code):
		t.BankTransactionCode = code
	case code == "":
	case t.ProprietaryCode == "":
		t.ProprietaryCode = code // not of ISO's form: a code of the bank's own in the wrong place
	default:
		f.doubt(model.IssueUnknown, "bankTransactionCode")
	}
	if p := f.text(v.get("purposeCode"), "purposeCode"); purposeCode.MatchString(p) {
		t.PurposeCode = p
	} else if p != "" {
		f.doubt(model.IssueInvalid, "purposeCode")
	}
	t.Counterparty = f.counterparty(t)
	if batch(v) {
		f.doubt(model.IssueAggregate, "")
	}
	return n.w.Record(t, at, f.doubts...)
}

// batch reports whether the entry stands for several transactions, or may.
func batch(v value) bool {
	if !v.get("batchIndicator").yes() {
		return false
	}
	count, err := strconv.Atoi(v.get("batchNumberOfTransactions").Text())
	return err != nil || count != 1
}

// counterparty is the creditor where money went out and the debtor where it came in.
func (f *fields) counterparty(t *model.Transaction) model.Counterparty {
	sign := t.Amount.Sign()
	if t.Amount.IsZero() || sign == 0 {
		return f.otherOf(t) // the amount does not tell the direction
	}
	side, opposite := "creditor", "debtor"
	if sign > 0 {
		side, opposite = "debtor", "creditor"
	}
	if c := f.party(side); !c.IsZero() {
		if own := t.Account; own.IsZero() || c.Account != own || f.peek(opposite).Account == own {
			return c
		}
		// The money would have come from the account itself, or gone to it: a bank that gives amounts without their sign.
		f.doubt(model.IssueSuspicious, "amount")
		f.doubt(model.IssueConflict, "counterparty")
		return model.Counterparty{}
	}
	// Only the other side is named. Where that is the subject's own account, the counterparty is unknown; where it is somebody
	// else's, the sign and the names contradict each other.
	c := f.peek(opposite)
	if c.IsZero() || !c.Account.IsZero() && c.Account == t.Account {
		return model.Counterparty{}
	}
	if c.Account.IsZero() {
		f.doubt(model.IssueConflict, "counterparty")
		return model.Counterparty{}
	}
	f.doubt(model.IssueSuspicious, "amount")
	f.doubt(model.IssueConflict, "counterparty")
	return model.Counterparty{}
}

// otherOf returns the only party that is named, or the one of two that is not on the account itself.
func (f *fields) otherOf(t *model.Transaction) model.Counterparty {
	c, d := f.peek("creditor"), f.peek("debtor")
	switch {
	case d.IsZero() && !c.IsZero() && c.Account != t.Account:
		return f.party("creditor")
	case c.IsZero() && !d.IsZero() && d.Account != t.Account:
		return f.party("debtor")
	}
	return model.Counterparty{}
}

// peek is party without doubts.
func (f *fields) peek(side string) model.Counterparty {
	own := fields{v: f.v}
	return own.party(side)
}

// party reads creditorName, creditorAccount and creditorAgent, or the same of the debtor.
func (f *fields) party(side string) model.Counterparty {
	return model.Counterparty{
		Name:    f.text(f.v.get(side+"Name"), "counterparty.name"),
		Account: f.number(f.v.get(side+"Account"), "counterparty.account"),
		BIC:     f.bic(f.v.get(side+"Agent"), "counterparty.bic"),
	}
}

// description joins the remittance information of all the forms that banks give it in. The same text in two forms counts
// once.
func (f *fields) description() string {
	const field = "description"
	var parts []string
	add := func(s string) {
		if s != "" && !slices.Contains(parts, s) {
			parts = append(parts, s)
		}
	}
	var lines []string
	for _, e := range f.v.get("remittanceInformationUnstructuredArray").elements() {
		if s := f.text(e, field); s != "" {
			lines = append(lines, s)
		}
	}
	whole := f.text(f.v.get("remittanceInformationUnstructured"), field)
	if whole != strings.Join(lines, "") && whole != strings.Join(lines, " ") {
		add(whole)
	}
	for _, s := range lines {
		// Lines of an array may well be equal: only the whole text is known to come twice.
		if s != whole || len(parts) == 0 {
			parts = append(parts, s)
		}
	}
	structured := func(v value) {
		if v.is(jsonscan.Object) {
			v = v.get("reference")
		}
		add(f.text(v, field)) // a plain string where a bank follows an older edition
	}
	structured(f.v.get("remittanceInformationStructured"))
	for _, e := range f.v.get("remittanceInformationStructuredArray").elements() {
		structured(e)
	}
	return strings.Join(parts, " ")
}
