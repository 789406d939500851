package sources

import (
	"cmp"
	"slices"

	"github.com/brondata/brondata/model"
)

// reconcile compares, per statement, the opening balance plus the booked transactions with the closing balance, and
// returns the outcome over all statements: no where one does not add up, not checkable where one cannot be compared.
// A statement that does not add up is an issue of the document at the statement's place. Where the reading broke off,
// the last statement was not read whole.
func (w *Writer) reconcile(broke bool) model.Check {
	var all model.Check
	period := 0
	for i := range w.statements {
		s := &w.statements[i]
		whole := !broke || i < len(w.statements)-1
		opening, closing := bounds(w.records[s.from:s.after])
		c := model.CheckNot
		if whole {
			c = balanced(w.records[s.from:s.after], opening, closing)
		}
		if c == model.CheckNo {
			w.Issue(model.Issue{Code: model.IssueUnbalanced, At: s.at})
		}
		all = all.Worse(c)
		for ; period < len(w.periods) && w.periods[period].statement <= i; period++ {
			p := &w.periods[period]
			if p.statement == i && opening != nil && opening.Account == p.account {
				p.opening = opening.Amount
			}
			if p.statement == i && closing != nil && closing.Account == p.account {
				p.closing = closing.Amount
			}
		}
	}
	if broke {
		w.breakOff()
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

// bounds returns the opening and the closing balance of a statement, nil where there is none, or several, or a doubt about it.
func bounds(records []model.Record) (opening, closing *model.Balance) {
	var found [3]*model.Balance // opening, the closing of the statement before, closing
	var several [3]bool
	for _, r := range records {
		b, ok := r.(*model.Balance)
		if !ok {
			continue
		}
		i := slices.Index([]model.BalanceType{model.OpeningBooked, model.PreviousClosingBooked, model.ClosingBooked}, b.Type)
		if i < 0 {
			continue
		}
		several[i] = several[i] || found[i] != nil // which one counts is a guess
		found[i] = b
	}
	if several[0] || several[1] || several[2] {
		return nil, nil
	}
	opening, closing = cmp.Or(found[0], found[1]), found[2]
	if opening != nil && doubtful(opening.Issues, "amount") {
		opening = nil
	}
	if closing != nil && doubtful(closing.Issues, "amount") {
		closing = nil
	}
	return opening, closing
}

func balanced(records []model.Record, opening, closing *model.Balance) model.Check {
	if opening == nil || closing == nil || opening.Account != closing.Account {
		return model.CheckNot
	}
	sum := opening.Amount
	for _, r := range records {
		t, ok := r.(*model.Transaction)
		if !ok || t.Status == model.Pending {
			continue
		}
		if t.Status != model.Booked || doubtful(t.Issues, "amount") {
			return model.CheckNot // whether it counts, or for how much, is not known
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
