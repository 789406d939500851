package camt

import (
	"bytes"
	"strconv"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// maxKnown bounds the accounts that one document is expected to name. More are read as well; they may be written twice.
const maxKnown = 1000

// maxStatements bounds the statements of one document: the writer keeps a note of each, also of an empty one. Ten
// years of daily statements of twenty accounts are fewer.
const maxStatements = 100_000

func (r *reader) startStatement() error {
	if r.statement == maxStatements {
		r.w.Issue(model.Doubt(model.IssueLimit, ""))
		return sources.Errorf(sources.ErrLimit, "more than %d statements", maxStatements)
	}
	r.statement++
	r.entry, r.balance, r.counted = 0, 0, 0
	r.account = model.AccountID{}
	r.owner = r.owner[:0]
	r.values.reset(fPageNumber, fServicerBIC)
	r.begun = false
	b := append(append(r.path[:0], "/Document/"...), r.message...)
	switch r.format {
	case Report:
		b = append(b, "/Rpt["...)
	case Statement:
		b = append(b, "/Stmt["...)
	default:
		b = append(b, "/Ntfctn["...)
	}
	b = strconv.AppendInt(b, int64(r.statement), 10)
	r.path = append(b, ']')
	return nil
}

// endStatement tells which days the statement covers: those of FrToDt, else what its balances say. ISO 20022 leaves open
// whether an opening balance is dated by the first day or by the one before, so its day counts only if an entry is on it. As
// long as a page is missing it covers none of its days.
func (r *reader) endStatement() {
	r.begin() // if there were no balances and entries
	r.tally()
	if r.format == Notification { // which has the entries that are told of, not all of them
		return
	}
	from, stated := r.firstDay()
	until, ended := r.lastDay()
	c := &r.covered
	switch {
	case stated:
	case !c.opening.IsZero() && !c.first.IsZero() && c.first.Compare(c.opening) <= 0:
		from = c.opening
	case !c.opening.IsZero():
		from = c.opening.AddDays(1)
	case !c.previous.IsZero():
		from = c.previous.AddDays(1)
	}
	if from.IsZero() {
		return // or so late that the calendar has no day behind it
	}
	if !ended && !c.closing.IsZero() {
		until = c.closing
	} else if !ended {
		until = from // at least
	}
	until = r.made(until)
	if r.sheet != nil && !r.sheet.whole() {
		if until = from.AddDays(-1); until.IsZero() {
			return
		}
	}
	r.w.Covers(r.account, from, until)
}

// made ends a period where the statement was made: nobody saw what came later. The day itself is not over, but where the closing
// balance is of it.
func (r *reader) made(until model.Date) model.Date {
	f := fCreated
	if len(r.values.text[f]) == 0 {
		f = fMessageCreated
	}
	d, ok := parseDate(r.values.text[f])
	switch {
	case !ok || r.values.bad.has(f) || until.Compare(d) < 0:
		return until
	case r.covered.closing == d:
		return d
	}
	return d.AddDays(-1)
}

// tally compares the entries with TxsSummry: fewer than it says are not all. Some banks count the transactions in them. On a page of
// several it may be about all of them.
func (r *reader) tally() {
	n, err := strconv.Atoi(string(r.values.text[fEntries]))
	if err == nil && !r.values.bad.has(fEntries) && r.transactions && r.sheet == nil && n > max(r.entry, r.counted) {
		r.incomplete(model.Locator(r.path))
	}
}

// firstDay returns the first whole day of FrToDt: one that begins in the middle of a day, as reports do, does not have that day.
func (r *reader) firstDay() (model.Date, bool) {
	b := r.values.text[fFrom]
	d, ok := parseDate(b)
	if !ok || r.values.bad.has(fFrom) {
		return model.Date{}, false
	}
	if len(b) > 10 && !bytes.HasPrefix(b[10:], []byte("T00:00:00")) {
		d = d.AddDays(1)
	}
	return d, true
}

// lastDay returns the last whole day of FrToDt. Banks write the last minute, or midnight, for the end of a day; but midnight may
// also be where the next day begins, so the day counts only if it is that of the closing balance.
func (r *reader) lastDay() (model.Date, bool) {
	b := r.values.text[fTo]
	d, ok := parseDate(b)
	if !ok || r.values.bad.has(fTo) {
		return model.Date{}, false
	}
	switch {
	case len(b) <= 10, bytes.HasPrefix(b[10:], []byte("T23:59")):
	case bytes.HasPrefix(b[10:], []byte("T00:00:00")) && r.covered.closing.Compare(d) >= 0:
	default:
		d = d.AddDays(-1)
	}
	return d, !d.IsZero()
}

// endAccount reads the statement's account. All that follows in the statement is on it.
func (r *reader) endAccount() error {
	r.doubts = r.doubts[:0]
	r.account = r.accountID(fAccountIBAN, fAccountOther, "account", &r.doubts)
	if r.account.IsZero() && len(r.doubts) == 0 {
		r.doubts = append(r.doubts, model.Doubt(model.IssueMissing, "account"))
	}
	r.owner = append(r.owner[:0], r.values.get(fOwner, "ownerName", &r.doubts)...)
	if !r.accounts {
		return nil
	}
	a := &model.Account{
		Account:   r.account,
		OwnerName: string(r.owner),
		Name:      string(r.values.get(fAccountName, "name", &r.doubts)),
		Type:      string(r.values.get(fAccountType, "type", &r.doubts)),
	}
	if b := r.values.get(fAccountCurrency, "currency", &r.doubts); len(b) > 0 {
		c, err := model.ParseCurrency(b)
		if err != nil {
			r.doubts = append(r.doubts, model.Doubt(model.IssueInvalid, "currency"))
		}
		a.Currency = c
	}
	a.ServicerBIC = r.bic(fServicerBIC, "servicerBic", &r.doubts)
	if len(r.doubts) == 0 {
		for i := range r.known {
			if sameAccount(&r.known[i], a) {
				return nil
			}
		}
		if len(r.known) < maxKnown {
			r.known = append(r.known, *a)
		}
	}
	at := append(append(r.scratch[:0], r.path...), "/Acct"...)
	r.scratch = at
	return r.w.Record(a, model.Locator(at), r.doubts...)
}

func sameAccount(a, b *model.Account) bool {
	return a.Account == b.Account && a.Currency == b.Currency && a.OwnerName == b.OwnerName && a.Name == b.Name &&
		a.Type == b.Type && a.ServicerBIC == b.ServicerBIC
}

// balanceTypeOf maps ExternalBalanceType1Code.
func balanceTypeOf(code []byte) (model.BalanceType, bool) {
	switch string(code) {
	case "OPBD":
		return model.OpeningBooked, true
	case "PRCD":
		return model.PreviousClosingBooked, true
	case "CLBD":
		return model.ClosingBooked, true
	case "ITBD":
		return model.InterimBooked, true
	case "OPAV":
		return model.OpeningAvailable, true
	case "CLAV":
		return model.ClosingAvailable, true
	case "ITAV":
		return model.InterimAvailable, true
	case "FWAV":
		return model.ForwardAvailable, true
	case "XPCD":
		return model.ExpectedBalance, true
	case "INFO":
		return model.InformationBalance, true
	case "XCRD":
		return model.CreditLimitUnspecified, true
	}
	return model.OtherBalance, false
}

// interim is the type of a balance that is carried from one page of a statement to the next (sub-type INTM): it is neither what
// the statement opens nor what it closes with.
func interim(t model.BalanceType) model.BalanceType {
	switch t {
	case model.OpeningBooked, model.PreviousClosingBooked, model.ClosingBooked:
		return model.InterimBooked
	case model.OpeningAvailable, model.ClosingAvailable:
		return model.InterimAvailable
	}
	return t
}

func (r *reader) endBalance() error {
	r.doubts = r.doubts[:0]
	b := &model.Balance{Account: r.account}
	if r.account.IsZero() {
		r.doubts = append(r.doubts, model.Doubt(model.IssueMissing, "account"))
	}
	code := r.values.get(fBalanceType, "type", &r.doubts)
	var known bool
	b.Type, known = balanceTypeOf(code)
	if string(r.values.get(fBalanceSubType, "type", &r.doubts)) == "INTM" {
		b.Type = interim(b.Type)
	}
	switch {
	case known:
	case len(code) > 0:
		r.doubts = append(r.doubts, model.Doubt(model.IssueUnknown, "type"))
	case !r.values.has(fBalanceOwnType):
		b.Type = ""
		r.doubts = append(r.doubts, model.Doubt(model.IssueMissing, "type"))
	}
	b.Amount = r.money(fBalanceAmount, fBalanceSign, &r.doubts)
	b.Date = r.date(fBalanceDate, "date", &r.doubts)
	if b.Date.IsZero() && len(r.values.text[fBalanceDate]) == 0 {
		r.doubts = append(r.doubts, model.Doubt(model.IssueMissing, "date"))
	}
	switch b.Type {
	case model.OpeningBooked:
		r.covered.opening = b.Date
	case model.PreviousClosingBooked:
		r.covered.previous = b.Date
	case model.ClosingBooked:
		r.covered.closing = b.Date
	}
	included := r.values.text[fCreditLine]
	b.CreditLimitIncluded = string(included) == "true" || string(included) == "1"
	return r.w.Record(b, model.Locator(r.locator("Bal", r.balance)), r.doubts...)
}
