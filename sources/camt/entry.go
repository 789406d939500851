package camt

import (
	"bytes"
	"strconv"

	"github.com/brondata/brondata/model"
)

// pending is one TxDtls of the current entry: a transaction that lacks what the entry says for all of them.
type pending struct {
	t         *model.Transaction
	amount    model.Money // without sign; no amount where the details have none in the entry's currency
	charges   model.Money // the same, of their charges
	direction direction   // of the details, unknown where they leave it to the entry
	group, nr int         // for the locator
}

// endDetail keeps the details until the entry is whole.
func (r *reader) endDetail() {
	for f := dAmount; f < dReturn; f++ {
		r.held += len(r.values.text[f])
	}
	if len(r.pending) == maxDetails || r.held > maxDetailText {
		r.overflow = true
		r.pending = nil
	}
	if r.overflow {
		return
	}
	t := new(model.Transaction)
	is := &t.Issues
	p := pending{t: t, direction: r.direction(dSign), group: r.group, nr: r.detail}
	for _, f := range [...]field{dAmount, dSettled, dInstructed} {
		if r.values.has(f) && r.values.has(f+1) && bytes.Equal(r.values.text[f+1], r.values.text[fCurrency]) {
			p.amount, _ = parseMoney(r.values.text[f], r.values.text[f+1])
			break
		}
	}
	p.charges = r.charges(dCharges)
	d := p.direction
	if d == unknown {
		d = r.direction(fSign)
	}
	t.Counterparty = r.counterparty(d, is)
	t.Description = r.description(is)
	t.Reference = r.string(dReference, "reference", is)
	t.Mandate = r.string(dMandate, "mandate", is)
	t.CreditorID = string(r.values.get(dCreditorID, "creditorId", is))
	t.PurposeCode = r.code(r.values.get(dPurpose, "purposeCode", is))
	t.BankTransactionCode = r.transactionCode(dDomain, is)
	t.ProprietaryCode = r.code(r.values.get(dOwnCode, "proprietaryCode", is))
	t.ID = r.string(dID, "id", is)
	r.pending = append(r.pending, p)
}

// endGroup counts the transactions of one NtryDtls: those that it gives, or more where its Btch says so.
func (r *reader) endGroup() { r.stated += max(r.detail, r.batchSize()) }

// endEntry writes the entry: as one transaction, or as those of its details where they account for the whole of it.
func (r *reader) endEntry() error {
	if r.group == 0 {
		r.endGroup() // in 001.01 they stand in the entry itself
	}
	r.counted += max(1, r.stated)
	if string(r.values.text[fStatus]) == "INFO" && !r.values.bad.has(fStatus) {
		return nil
	}
	var common model.Transaction
	is := &common.Issues
	common.Account = r.account
	if r.account.IsZero() {
		*is = append(*is, model.Doubt(model.IssueMissing, "account"))
	}
	common.BookingDate = r.date(fBooked, "bookingDate", is)
	if f := &r.covered.first; f.IsZero() || common.BookingDate.Compare(*f) < 0 && !common.BookingDate.IsZero() {
		*f = common.BookingDate
	}
	common.ValueDate = r.date(fValued, "valueDate", is)
	common.Status = r.status(is)
	common.BankTransactionCode = r.transactionCode(fDomain, is)
	common.ProprietaryCode = r.code(r.values.get(fOwnCode, "proprietaryCode", is))
	common.Amount = r.money(fAmount, fSign, is)

	if len(r.pending) > 1 && r.split(common.Amount) {
		return r.writeDetails(&common)
	}
	t := new(model.Transaction)
	part := false
	if len(r.pending) == 1 {
		p := &r.pending[0]
		t = p.t
		part = !r.accountsFor(p, common.Amount)
		if d := r.direction(fSign); p.direction != unknown && p.direction != d && !t.Counterparty.IsZero() {
			// Who is the other side of a credit that calls itself a debit?
			t.Counterparty = model.Counterparty{}
			t.Issues = append(t.Issues, model.Doubt(model.IssueConflict, "counterparty"))
		}
	}
	r.complete(t, &common)
	t.Amount = common.Amount
	t.Issues = append(t.Issues, common.Issues...)
	if id := r.string(fID, "id", &t.Issues); id != "" {
		t.ID = id
	}
	if t.Description == "" {
		t.Description = r.string(fInfo, "description", &t.Issues)
	}
	if r.overflow || r.stated > 1 || part {
		t.Issues = append(t.Issues, model.Doubt(model.IssueAggregate, ""))
	}
	return r.w.Record(t, model.Locator(r.locator("Ntry", r.entry)))
}

// charges reads the charges of an entry or of its details; no amount where there are none, or several without a total.
func (r *reader) charges(f field) model.Money {
	if !r.values.has(f) || !r.values.has(f+1) {
		return model.Money{}
	}
	m, _ := parseMoney(r.values.text[f], r.values.text[f+1])
	return m
}

// accountsFor reports whether the only details of an entry are the whole of it, as far as they have an amount: ISO 20022 has
// the entry's amount differ from the transaction's by charges that are taken out of it or added. Where no charges that are given
// explain it, the counterparty is that of a part of the entry.
func (r *reader) accountsFor(p *pending, total model.Money) bool {
	if p.amount.Currency() == "" || total.Currency() == "" {
		return true
	}
	if total.Sign() < 0 {
		total = total.Neg()
	}
	if p.amount == total {
		return true
	}
	for _, c := range [...]model.Money{p.charges, r.charges(fCharges)} {
		for _, c := range [...]model.Money{c, c.Neg()} {
			if sum, err := p.amount.Add(c); err == nil && sum == total {
				return true
			}
		}
	}
	return false
}

// split reports whether every detail of the entry has an amount in the entry's currency and whether these, with their
// signs, add up to the entry; it leaves the signed amounts in the details.
func (r *reader) split(total model.Money) bool {
	if total.IsZero() {
		return false
	}
	whole := r.direction(fSign)
	var sum model.Money
	for i := range r.pending {
		p := &r.pending[i]
		d := p.direction
		if d == unknown {
			d = whole
		}
		p.t.Amount = p.amount
		if d == debit {
			p.t.Amount = p.amount.Neg()
		}
		if i == 0 {
			sum = p.t.Amount
			continue
		}
		var err error
		if sum, err = sum.Add(p.t.Amount); err != nil {
			return false // no amount has no currency, which is another one
		}
	}
	return sum == total
}

func (r *reader) writeDetails(common *model.Transaction) error {
	for i := range r.pending {
		p := &r.pending[i]
		r.complete(p.t, common)
		p.t.Issues = append(p.t.Issues, common.Issues...)
		if p.t.Description == "" {
			p.t.Description = r.string(fInfo, "description", &p.t.Issues)
		}
		b := r.locator("Ntry", r.entry)
		if p.group > 0 {
			b = append(b, "/NtryDtls["...)
			b = strconv.AppendInt(b, int64(p.group), 10)
			b = append(b, ']')
		}
		b = append(b, "/TxDtls["...)
		b = strconv.AppendInt(b, int64(p.nr), 10)
		b = append(b, ']')
		r.scratch = b
		if err := r.w.Record(p.t, model.Locator(b)); err != nil {
			return err
		}
	}
	return nil
}

// complete fills in what the entry says for all of its transactions. The codes of the details are the more exact ones.
func (r *reader) complete(t, common *model.Transaction) {
	t.Account = common.Account
	t.BookingDate = common.BookingDate
	t.ValueDate = common.ValueDate
	t.Status = common.Status
	if t.BankTransactionCode == "" {
		t.BankTransactionCode = common.BankTransactionCode
	}
	if t.ProprietaryCode == "" {
		t.ProprietaryCode = common.ProprietaryCode
	}
}

// status reads EntryStatus2Code or ExternalEntryStatus1Code. A statement (camt.053) holds booked entries by definition;
// one without a status there is booked, with a doubt.
func (r *reader) status(doubts *[]model.Issue) model.TransactionStatus {
	b := r.values.get(fStatus, "status", doubts)
	switch string(b) {
	case "BOOK":
		return model.Booked
	case "PDNG", "FUTR":
		return model.Pending
	case "":
		if r.values.bad.has(fStatus) {
			return ""
		}
		*doubts = append(*doubts, model.Doubt(model.IssueMissing, "status"))
		if r.format == Statement {
			return model.Booked
		}
	default:
		*doubts = append(*doubts, model.Doubt(model.IssueUnknown, "status"))
	}
	return ""
}

// transactionCode joins domain, family and sub-family, which stand in this order from f on, as Berlin Group does:
// PMNT-RCDT-ESCT.
func (r *reader) transactionCode(f field, doubts *[]model.Issue) string {
	b := r.scratch[:0]
	for i := range field(3) {
		part := r.values.get(f+i, "bankTransactionCode", doubts)
		if len(part) == 0 {
			break
		}
		if i > 0 {
			b = append(b, '-')
		}
		b = append(b, part...)
	}
	r.scratch = b
	return r.code(b)
}

// description joins the unstructured texts and those references of the structured ones that are not among them. Without
// either, the bank's own words about the transaction serve.
func (r *reader) description(doubts *[]model.Issue) string {
	text := r.values.get(dText, "description", doubts)
	refs := r.values.get(dStructured, "description", doubts)
	if len(refs) == 0 {
		if len(text) == 0 {
			return r.string(dInfo, "description", doubts)
		}
		return string(text)
	}
	b := append(r.scratch[:0], text...)
	for ref := range bytes.SplitSeq(bytes.Trim(refs, "\n"), []byte("\n")) {
		if containsWords(text, ref) {
			continue
		}
		if len(b) > 0 {
			b = append(b, ' ')
		}
		b = append(b, ref...)
	}
	r.scratch = b
	return string(b)
}

// containsWords reports whether b has words in it, not as a part of longer ones.
func containsWords(b, words []byte) bool {
	for from := 0; from < len(b); {
		i := bytes.Index(b[from:], words)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(words)
		if (start == 0 || !wordByte(b[start-1])) && (end == len(b) || !wordByte(b[end])) {
			return true
		}
		from = start + 1
	}
	return false
}

func wordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// batchSize is the NbOfTxs of the current NtryDtls, 0 where it is not there or no number.
func (r *reader) batchSize() int {
	n := 0
	for _, c := range r.values.text[fBatchSize] {
		if c < '0' || c > '9' || n > 1_000_000_000 {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}
