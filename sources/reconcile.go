package sources

import (
	"cmp"

	"github.com/brondata/brondata/model"
)

// statement is what reconciling needs of the records between two calls of [Writer.Statement]. It is taken from each record as
// it is written: going through them once more afterwards would cost more than all else that is done with them.
type statement struct {
	at                         model.Locator
	opening, previous, closing *model.Balance // previous: the closing balance of the statement before
	several                    bool           // there are two of one of them: which one counts is a guess
	sum                        model.Money    // of the booked transactions
	transactions               int
	unclear                    bool // whether one counts, or for how much, is not known
	currency                   model.Currency
	mixed                      bool // there are several currencies
}

// of notes the currency of an amount.
func (s *statement) of(m model.Money) {
	c := m.Currency()
	s.mixed = s.mixed || c != "" && s.currency != "" && c != s.currency
	s.currency = cmp.Or(s.currency, c)
}

// part returns the currency of all amounts, "" where there are none, or several.
func (s *statement) part() model.Currency {
	if s.mixed {
		return ""
	}
	return s.currency
}

func (s *statement) add(r model.Record) {
	switch r := r.(type) {
	case *model.Balance:
		s.of(r.Amount)
		var to **model.Balance
		switch r.Type {
		case model.OpeningBooked:
			to = &s.opening
		case model.PreviousClosingBooked:
			to = &s.previous
		case model.ClosingBooked:
			to = &s.closing
		default:
			return
		}
		s.several = s.several || *to != nil
		*to = r
	case *model.Transaction:
		s.of(r.Amount)
		if r.Status == model.Pending {
			return
		}
		s.unclear = s.unclear || r.Status != model.Booked || doubtful(r.Issues, "amount")
		if s.transactions++; s.transactions == 1 {
			s.sum = r.Amount
			return
		}
		sum, err := s.sum.Add(r.Amount)
		s.unclear = s.unclear || err != nil // another currency, or too many digits
		s.sum = sum
	}
}

// bounds returns the opening and the closing balance, nil where there is none, or several, or a doubt about it.
func (s *statement) bounds() (opening, closing *model.Balance) {
	if s.several {
		return nil, nil
	}
	opening, closing = cmp.Or(s.opening, s.previous), s.closing
	if opening != nil && doubtful(opening.Issues, "amount") {
		opening = nil
	}
	if closing != nil && doubtful(closing.Issues, "amount") {
		closing = nil
	}
	return opening, closing
}

func (s *statement) balanced(opening, closing *model.Balance) model.Check {
	if opening == nil || closing == nil || opening.Account != closing.Account || s.unclear {
		return model.CheckNot
	}
	end := opening.Amount
	if s.transactions > 0 {
		var err error
		if end, err = end.Add(s.sum); err != nil {
			return model.CheckNot
		}
	}
	switch {
	case end.Currency() != closing.Amount.Currency():
		return model.CheckNot
	case end == closing.Amount:
		return model.CheckYes
	}
	return model.CheckNo
}

// reconcile compares, per statement, the opening balance plus the booked transactions with the closing balance, and
// returns the outcome over all statements: no where one does not add up, not checkable where one cannot be compared.
// A statement that does not add up is an issue of the document at the statement's place. Where the reading broke off,
// the last statement was not read whole.
func (w *Writer) reconcile(broke bool) model.Check {
	var all model.Check
	period := 0
	for ; period < len(w.periods) && w.periods[period].statement < 0; period++ {
		w.periods[period].currency = w.outside.part()
	}
	for i := range w.statements {
		s := &w.statements[i]
		opening, closing := s.bounds()
		c := model.CheckNot
		if !broke || i < len(w.statements)-1 {
			c = s.balanced(opening, closing)
		}
		if c == model.CheckNo {
			w.Issue(model.Issue{Code: model.IssueUnbalanced, At: s.at})
		}
		all = all.Worse(c)
		for ; period < len(w.periods) && w.periods[period].statement <= i; period++ {
			p := &w.periods[period]
			p.currency = s.part()
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
