package sources

import "github.com/brondata/brondata/model"

// reconcile compares, per statement, the opening balance plus the booked transactions with the closing balance, and
// returns the outcome over all statements: no where one does not add up, not checkable where one cannot be compared.
// A statement that does not add up is an issue of the document at the statement's place. Where the reading broke off,
// the last statement was not read whole.
func (w *Writer) reconcile(broke bool) model.Check {
	var all model.Check
	for i := range w.statements {
		s := &w.statements[i]
		c := model.CheckNot
		if !broke || i < len(w.statements)-1 {
			c = balanced(w.records[s.from:s.after])
		}
		if c == model.CheckNo {
			w.Issue(model.Issue{Code: model.IssueUnbalanced, At: s.at})
		}
		all = all.Worse(c)
	}
	if all == "" && len(w.records) > 0 && w.hasTransactions() {
		all = model.CheckNot // transactions outside any statement
	}
	return all
}

func (w *Writer) hasTransactions() bool {
	for _, r := range w.records {
		if _, ok := r.(*model.Transaction); ok {
			return true
		}
	}
	return false
}

func balanced(records []model.Record) model.Check {
	var opening, previous, closing *model.Balance
	for _, r := range records {
		b, ok := r.(*model.Balance)
		if !ok {
			continue
		}
		slot := &opening
		switch b.Type {
		case model.OpeningBooked:
		case model.PreviousClosingBooked:
			slot = &previous
		case model.ClosingBooked:
			slot = &closing
		default:
			continue
		}
		if *slot != nil {
			return model.CheckNot // two of a kind: which one counts is a guess
		}
		*slot = b
	}
	if opening == nil {
		opening = previous // the closing balance of the statement before
	}
	if opening == nil || closing == nil || doubtful(opening.Issues, "amount") || doubtful(closing.Issues, "amount") ||
		opening.Account != closing.Account {
		return model.CheckNot
	}
	sum := opening.Amount
	for _, r := range records {
		t, ok := r.(*model.Transaction)
		if !ok || t.Status != model.Booked {
			continue
		}
		if doubtful(t.Issues, "amount") {
			return model.CheckNot
		}
		var err error
		if sum, err = sum.Add(t.Amount); err != nil {
			return model.CheckNot // another currency, or too many digits
		}
	}
	switch {
	case sum.Currency() != closing.Amount.Currency():
		return model.CheckNot
	case sum == closing.Amount:
		return model.CheckYes
	}
	return model.CheckNo
}

// doubtful reports whether the issues put the field, or the whole record, in doubt. That one record stands for several says
// nothing against its amount.
func doubtful(is []model.Issue, field string) bool {
	for _, i := range is {
		if i.Field == field || i.Field == "" && i.Code != model.IssueUnverified && i.Code != model.IssueAggregate {
			return true
		}
	}
	return false
}
