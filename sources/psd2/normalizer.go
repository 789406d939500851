package psd2

import (
	"bytes"
	"context"
	"strconv"

	"github.com/brondata/brondata/internal/jsonscan"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// maxDocument is the largest answer that is read; the session takes no larger one by default.
const maxDocument = 64 << 20

// Normalizer reads the answers of a bank's interface as [Source] delivers them, of any bank that follows the
// specification. It also reads answers that were saved to files.
//
// Names that it does not know are ignored, since banks add their own; a name that occurs twice in an object ends the reading,
// because readers differ in which one counts. An answer without the list that it is about is sources.ErrMalformed; one with null
// in its place, with an element that is no record or, as a file, with a link to a next page has [model.IssueIncompleteDoc].
type Normalizer struct{}

var _ sources.Normalizer = Normalizer{}

// Formats implements [sources.Normalizer].
func (Normalizer) Formats() []sources.Format {
	return []sources.Format{
		{ID: FormatAccounts, Categories: []model.Category{model.CategoryAccount, model.CategoryBalance}, Detect: detect("cashAccountType", "resourceId", "accounts")},
		{ID: FormatBalances, Categories: []model.Category{model.CategoryBalance}, Detect: detect("balanceType", "balanceAmount", "balances")},
		{ID: FormatTransactions, Categories: []model.Category{model.CategoryTransaction, model.CategoryBalance}, Detect: detect("transactionAmount", "booked", "transactions")},
	}
}

// Categories implements [sources.Normalizer].
func (Normalizer) Categories() []model.Category {
	return []model.Category{model.CategoryAccount, model.CategoryBalance, model.CategoryTransaction}
}

// detect claims JSON whose first member that the specification knows at the top, account left out, is top, and that holds
// one of the marks.
func detect(mark, other, top string) func(context.Context, *sources.Probe) sources.Confidence {
	return func(ctx context.Context, p *sources.Probe) sources.Confidence {
		found, _ := p.Once("psd2", func() any { return topOf(ctx, p.Head) }).(string)
		switch {
		case found != top:
			return sources.No
		case bytes.Contains(p.Head, []byte(`"`+mark+`"`)), bytes.Contains(p.Head, []byte(`"`+other+`"`)):
			return sources.Likely
		}
		return sources.Maybe
	}
}

// topOf returns the list that a document's head says it is about, "" for another document.
func topOf(ctx context.Context, head []byte) string {
	r := newReader(ctx, head)
	found := ""
	_ = r.Object(func(name string) error { // the head may well end in the middle
		switch name {
		case "accounts", "transactions":
			found = name
			return errFound
		case "balances": // may stand beside transactions
			if found == "" {
				found = name
			}
		}
		return nil
	})
	return found
}

// errFound ends a search.
var errFound = sources.Errorf(sources.ErrLimit, "found")

// Normalize implements [sources.Normalizer].
func (Normalizer) Normalize(ctx context.Context, d sources.Document, q sources.Query, w *sources.Writer) error {
	b, err := d.Bytes(ctx, maxDocument)
	if err != nil {
		return err
	}
	n := &reading{Reader: newReader(ctx, b), query: q, w: w, account: d.Attrs[AttrAccount], single: d.Attrs[AttrPage] == ""}
	if d.Attrs[AttrKind] == "resource" {
		n.account = "" // a name that holds only during the consent
	}
	if d.Format != FormatAccounts {
		n.owner(ctx, b)
	}
	if since, err := model.ParseDate(d.Attrs[AttrSince]); err == nil {
		w.Covers(n.id, since, model.Date{})
		w.Issue(model.Doubt(model.IssueHistoryCut, ""))
		n.cut = true
	}
	if d.Attrs[AttrStatus] == statusBooked && d.Attrs[AttrPage] == "1" {
		w.Issue(model.Issue{Code: model.IssueMissing, At: model.AtPath("/transactions/pending")})
	}
	err = n.Object(func(name string) error {
		k, err := n.Kind()
		if err != nil {
			return err
		}
		switch {
		case name == "accounts" && d.Format == FormatAccounts:
			n.found = true
			return n.list(k, "/accounts", n.oneAccount)
		case name == "account" && d.Format == FormatAccounts && k == jsonscan.Object: // the details of a single one
			n.found = true
			v, err := tree(n.Reader)
			if err != nil {
				return err
			}
			return n.oneAccount(v, "/account")
		case name == "balances" && d.Format != FormatAccounts:
			n.found = n.found || d.Format == FormatBalances
			return n.list(k, "/balances", n.oneBalance)
		case name == "transactions" && d.Format == FormatTransactions && k == jsonscan.Object:
			n.found = true
			return n.transactions()
		case name == "tppMessages":
			return n.warnings()
		case name == "_links":
			return n.links("/_links")
		}
		return nil
	})
	if err == nil {
		err = n.End()
	}
	if err == nil && !n.found {
		return sources.Errorf(sources.ErrMalformed, "the answer does not have the list that it is read for")
	}
	return jsonError(err)
}

// reading is the reading of one document.
type reading struct {
	*jsonscan.Reader
	query   sources.Query
	w       *sources.Writer
	account string          // the number of the account that the document is about
	id      model.AccountID // the same, checked
	doubt   model.IssueCode // about it, "" for none
	found   bool            // the list of the format
	cut     bool            // it is known from which day on there is history
	single  bool            // nobody said which page of a list it is: what it says of others was not followed
}

// owner finds out which account the document is about: the source knows, and the answer may say so too, at any place. What
// stands there must be the same account.
func (n *reading) owner(ctx context.Context, b []byte) {
	r := newReader(ctx, b)
	stated, seen := "", false
	err := r.Object(func(name string) error {
		if name != "account" {
			return nil
		}
		v, err := tree(r)
		if err == nil {
			stated, _ = accountNumber(v)
			seen = true
		}
		return err
	})
	a, adoubt := accountID(n.account)
	s, sdoubt := accountID(stated)
	switch {
	case err != nil && !seen:
		// The document breaks off before it says whose it is: what it would have said is not known.
		n.id, n.doubt = a, model.IssueTruncated
	case n.account == "":
		n.id, n.doubt = s, sdoubt
	case stated == "" || a == s:
		n.id, n.doubt = a, adoubt
	default:
		n.doubt = model.IssueConflict
	}
}

// accountID checks the number of an account. An absent one is IssueMissing.
func accountID(s string) (model.AccountID, model.IssueCode) {
	if s == "" {
		return model.AccountID{}, model.IssueMissing
	}
	id, err := model.ParseAccountID(s)
	switch {
	case err == nil:
		return id, ""
	case err == model.ErrChecksum:
		return id, model.IssueChecksum
	}
	return id, model.IssueInvalid
}

// accountNumber returns the number of an account and what it is: its IBAN, else the national number, else the bank's own.
// Card and telephone numbers are not taken for account numbers.
func accountNumber(v value) (number, kind string) {
	if s := v.get("iban").str(); s != "" {
		return s, "iban"
	}
	if s := v.get("bban").str(); s != "" {
		return s, "bban"
	}
	if s := v.get("other").get("identification").str(); s != "" {
		return s, "other"
	}
	return "", ""
}

// list reads an array of records one by one, so that those before a break are kept. null is no list: whether there is nothing, or
// it was not to be had, is not known. Nor is what an element was that is no record.
func (n *reading) list(k jsonscan.Kind, at string, one func(v value, at model.Locator) error) error {
	if k == jsonscan.Null {
		n.lacks(model.AtPath(at))
		return n.Skip()
	}
	return n.Array(func(i int) error {
		v, err := tree(n.Reader)
		if err != nil {
			return err
		}
		at := model.AtPath(at + "/" + strconv.Itoa(i))
		if !v.is(jsonscan.Object) {
			n.w.Issue(model.Issue{Code: model.IssueInvalid, At: at})
			n.lacks(at)
			return nil
		}
		return one(v, at)
	})
}

// lacks notes that data is missing.
func (n *reading) lacks(at model.Locator) {
	n.w.Issue(model.Issue{Code: model.IssueIncompleteDoc, At: at})
}

// links looks whether a saved answer is one page of several. Of the source's own it is the source that follows them.
func (n *reading) links(at string) error {
	v, err := tree(n.Reader)
	if err != nil {
		return err
	}
	if next, err := v.next(); n.single && (err != nil || next != "") {
		n.lacks(model.AtPath(at))
	}
	return nil
}

// transactions reads the account report. Its list "information" holds standing orders, which have not happened. The list of booked
// ones must be there unless something else was asked for; without it, nobody knows what was booked.
func (n *reading) transactions() error {
	booked := false
	err := n.Object(func(name string) error {
		k, err := n.Kind()
		if err != nil {
			return err
		}
		switch name {
		case "booked":
			booked = true
			return n.list(k, "/transactions/booked", func(v value, at model.Locator) error {
				return n.oneTransaction(v, at, model.Booked)
			})
		case "pending":
			if k == jsonscan.Null {
				return nil // there are none: the list is optional
			}
			return n.list(k, "/transactions/pending", func(v value, at model.Locator) error {
				return n.oneTransaction(v, at, model.Pending)
			})
		case "_links":
			return n.links("/transactions/_links")
		}
		return nil
	})
	if err == nil && !booked {
		n.lacks("/transactions/booked")
	}
	return err
}

// warnings turns what the bank remarks beside the data into doubts about the document.
func (n *reading) warnings() error {
	v, err := tree(n.Reader)
	if err != nil {
		return err
	}
	for i, m := range v.several() {
		code := model.IssueIncompleteDoc
		switch m.get("code").str() {
		case "PERIOD_INVALID", "TIMESTAMP_INVALID":
			if code = model.IssueHistoryCut; !n.cut {
				n.lacks(model.AtPath("/tppMessages/" + strconv.Itoa(i))) // since when there is history is not known
			}
		}
		n.w.Issue(model.Issue{Code: code, At: model.AtPath("/tppMessages/" + strconv.Itoa(i))})
	}
	return nil
}
