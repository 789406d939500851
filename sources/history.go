package sources

import (
	"cmp"
	"slices"

	"github.com/brondata/brondata/model"
)

// period is a time over which a document holds all that happened on an account.
type period struct {
	account     model.AccountID
	from, until model.Date     // no date: without a beginning, or until the document was retrieved
	statement   int            // the one that it was said of, -1 where of none
	currency    model.Currency // of what it holds, "" where it holds nothing, or several
	// The balances of that statement, where they are there and not in doubt.
	opening, closing model.Money
}

// Covers says that the document holds all that happened on an account from one day to another, both included and both whole;
// without from, since the account began; without until, to when the document was retrieved. A bank statement says so once for
// each of its statements, after [Writer.Statement] if there are several; a list that is cut at a day says it for that day. A
// normalizer calls it where the document states its days, or its balances leave no doubt about them.
//
// Of a list in pages ([Document.Group]) each page says the days of the whole list: a page alone begins and ends within a day, and
// where one is missing or fails, the category is only a part in any case. A page that says nothing is a document that says nothing.
//
// Coverage tells from it since when the history is whole, and until when: documents that follow on one another count as one, by
// their days, or by equal balances over a few days in which nothing happened. The parts of an account in several currencies, as
// the amounts of a statement tell them, are accounts of their own. What stands before a gap does not count, the account with the
// shortest history decides, and a document that does not name its account follows on no other. A document that says nothing is
// taken for as much as was asked. Of a reading that breaks off, what was said of the last statement, and of no statement, counts
// as a beginning on which nothing follows.
func (w *Writer) Covers(account model.AccountID, from, until model.Date) {
	if len(w.periods) >= w.limits.Records {
		w.breach("more than %d periods", w.limits.Records)
		return
	}
	w.periods = append(w.periods, period{account: account, from: from.Latest(), until: until.Earliest(), statement: len(w.statements) - 1})
}

// breakOff shortens the periods of what was not read to its end: how far it came is not known. It leaves none of their days, so
// that nothing follows on them; only that nothing is known from before their beginning stays.
func (w *Writer) breakOff() {
	w.periods = slices.DeleteFunc(w.periods, func(p period) bool { return w.open(p) && p.from.AddDays(-1).IsZero() })
	for i := range w.periods {
		if p := &w.periods[i]; w.open(*p) {
			p.until, p.closing = p.from.AddDays(-1), model.Money{}
		}
	}
}

// open reports whether a period may be of more than what comes before the last statement.
func (w *Writer) open(p period) bool { return p.statement < 0 || p.statement == len(w.statements)-1 }

// history is what the periods of some documents come to.
type history struct {
	since    model.Date // from when on each account is covered without a gap; no date: without a limit, or nothing is said
	until    model.Date // to when each of them is; no date: to when the documents were retrieved, or nothing is said
	accounts int        // 0 where a period does not name its own
	torn     bool       // one closes with another balance than the next, which begins the day after, opens with
}

// historyOf joins the periods of each account. The account that goes back least decides about the beginning, and the one that
// ends first about the end.
func historyOf(periods []period) history {
	var out history
	add := func(run period) {
		if out.since.Compare(run.from) < 0 {
			out.since = run.from
		}
		if !run.until.IsZero() && (out.until.IsZero() || run.until.Before(out.until)) {
			out.until = run.until
		}
	}
	accounts, nameless := map[model.AccountID][]period{}, false
	for _, p := range periods {
		if p.account.IsZero() {
			nameless = true
			add(p)
		} else {
			accounts[p.account] = append(accounts[p.account], p)
		}
	}
	for _, ps := range accounts {
		slices.SortStableFunc(ps, func(a, b period) int { return cmp.Or(a.from.Compare(b.from), a.until.Compare(b.until)) })
		for _, part := range parts(ps) {
			run, torn := unbroken(part)
			add(run)
			out.torn = out.torn || torn
			out.accounts++
		}
	}
	if nameless {
		out.accounts = 0
	}
	return out
}

// parts returns the periods of each currency of an account: a bank may have several accounts under one number, and what it says of
// one is nothing about another. What has no currency of its own may be of each.
func parts(ps []period) [][]period {
	var currencies []model.Currency
	for _, p := range ps {
		if p.currency != "" && !slices.Contains(currencies, p.currency) {
			currencies = append(currencies, p.currency)
		}
	}
	if len(currencies) < 2 {
		return [][]period{ps}
	}
	var out [][]period
	for _, c := range currencies {
		var part []period
		for _, p := range ps {
			if p.currency == c || p.currency == "" {
				part = append(part, p)
			}
		}
		out = append(out, part)
	}
	return out
}

// unbroken returns the last run of periods without a gap as one, and whether balances of any contradict each other. They are of one
// account, in order.
func unbroken(ps []period) (run period, torn bool) {
	from, last := ps[0].from, ps[0] // last is the one of the run that reaches farthest
	for _, p := range ps[1:] {
		torn = torn || last.contradicts(p)
		if !last.follows(p) {
			from = p.from
			last = p
		} else if !last.until.IsZero() && (p.until.IsZero() || last.until.Before(p.until)) {
			last = p
		}
	}
	return period{from: from, until: last.until}, torn
}

// contradicts reports whether a period that begins the day after p opens with another balance than p closes with. One that covers
// no day, as long as something is missing of it, closes with nothing.
func (p period) contradicts(next period) bool {
	c := p.closing.Currency()
	return c != "" && c == next.opening.Currency() && p.closing != next.opening &&
		!p.until.IsZero() && !p.until.Before(p.from) && p.until.AddDays(1) == next.from
}

// quietDays is how long a bank may write no statement as nothing happened: over a weekend with holidays. Equal balances say no
// more than that over a longer gap, in which as much may have come as went.
const quietDays = 10

// follows reports whether nothing lies between p and a later period.
func (p period) follows(next period) bool {
	if p.until.IsZero() || next.from.IsZero() {
		return true
	}
	same := p.closing.Currency() != "" && p.closing == next.opening
	return !p.until.AddDays(1).Before(next.from) || same && !p.until.AddDays(1+quietDays).Before(next.from)
}
