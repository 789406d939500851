package camt

import (
	"bytes"

	"github.com/brondata/brondata/model"
)

// side is the fields of the debtor or of the creditor.
type side struct{ name, ultimate, iban, other, bic field }

var (
	debtorSide   = side{dDebtor, dUltimateDebtor, dDebtorIBAN, dDebtorOther, dDebtorBIC}
	creditorSide = side{dCreditor, dUltimateCreditor, dCreditorIBAN, dCreditorOther, dCreditorBIC}
)

// counterparty picks the other side of a transaction that went in direction d over the account.
func (r *reader) counterparty(d direction, doubts *[]model.Issue) model.Counterparty {
	hasDebtor, hasCreditor := r.hasParty(debtorSide), r.hasParty(creditorSide)
	if !hasDebtor && !hasCreditor {
		return model.Counterparty{}
	}
	if d == unknown {
		*doubts = append(*doubts, model.Doubt(model.IssueMissing, "counterparty"))
		return model.Counterparty{}
	}
	other, opposite := debtorSide, creditorSide
	if d == debit {
		other, opposite = creditorSide, debtorSide
	}
	if r.returned() {
		// The parties are those of the original payment, which went the other way; but not at every bank. The side that
		// is the account's owner decides.
		ownDebtor, ownCreditor := r.isOwner(debtorSide), r.isOwner(creditorSide)
		switch {
		case ownDebtor && !ownCreditor, hasCreditor && !hasDebtor && !ownCreditor:
			other = creditorSide
		case ownCreditor && !ownDebtor, hasDebtor && !hasCreditor && !ownDebtor:
			other = debtorSide
		default:
			*doubts = append(*doubts, model.Doubt(model.IssueConflict, "counterparty"))
			return model.Counterparty{}
		}
	} else if r.hasOwnNumber(other) {
		// Nobody is their own counterparty: a return that does not say so.
		if !r.hasParty(opposite) || r.isOwner(opposite) {
			*doubts = append(*doubts, model.Doubt(model.IssueConflict, "counterparty"))
			return model.Counterparty{}
		}
		other = opposite
	}
	return r.party(other, doubts)
}

// returned reports whether the entry takes an earlier payment back.
func (r *reader) returned() bool {
	v := r.values.text[fReversal]
	return string(v) == "true" || string(v) == "1" || r.values.marks[dReturn]
}

func (r *reader) hasParty(s side) bool {
	v := &r.values
	return v.has(s.name) || v.has(s.ultimate) || v.has(s.iban) || v.has(s.other)
}

// isOwner reports whether a side is the owner of the statement's account: by its number, or by the name where the side
// has no number.
func (r *reader) isOwner(s side) bool {
	v := &r.values
	if v.has(s.iban) || v.has(s.other) {
		return r.hasOwnNumber(s)
	}
	return len(r.owner) > 0 && v.has(s.name) && bytes.EqualFold(v.text[s.name], r.owner)
}

// hasOwnNumber reports whether a side's account is the statement's.
func (r *reader) hasOwnNumber(s side) bool {
	b := r.values.text[s.iban]
	if len(b) == 0 {
		b = r.values.text[s.other]
	}
	if len(b) == 0 || string(b) == r.account.Value() {
		return len(b) > 0
	}
	if bytes.IndexByte(b, ' ') < 0 {
		return false
	}
	id, err := model.ParseAccountID(b) // an IBAN in groups
	return err == nil && id == r.account
}

func (r *reader) party(s side, doubts *[]model.Issue) model.Counterparty {
	c := model.Counterparty{
		Name:    r.string(s.name, "counterparty.name", doubts),
		Account: r.accountID(s.iban, s.other, "counterparty.account", doubts),
		BIC:     r.bic(s.bic, "counterparty.bic", doubts),
	}
	if v := &r.values; c.Name == "" && !v.bad.has(s.name) && len(v.text[s.iban]) == 0 && len(v.text[s.other]) == 0 {
		// Some banks name the party on whose behalf alone. Beside the number of another one's account, its name would
		// make a person of two.
		c.Name = r.string(s.ultimate, "counterparty.name", doubts)
	}
	return c
}

// endCreditorID takes the creditor's SEPA identifier out of its numbers: the one of scheme SEPA (EPC262-08).
func (r *reader) endCreditorID() {
	if string(r.values.text[dScheme]) == "SEPA" && !r.values.bad.has(dScheme) && r.values.has(dOther) {
		r.values.put(dCreditorID, r.values.text[dOther])
		if r.values.long.has(dOther) {
			r.values.long.add(dCreditorID)
		}
	}
}
