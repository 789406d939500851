package brondata

import (
	"slices"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
)

// rank orders coverage by how much was obtained.
func rank(c model.Coverage) int {
	switch {
	case c.Complete():
		return 3
	case c.Obtained == model.ObtainedAll:
		return 2
	case c.Obtained == model.ObtainedPart:
		return 1
	}
	return 0
}

// broken reports whether nothing came of a category because a file that may hold some of it could not be read.
func broken(c model.Coverage) bool {
	return c.Obtained == model.ObtainedNone && slices.ContainsFunc(c.Attempts, func(a model.Attempt) bool {
		return a.Method == model.File && a.Outcome != sources.Code(nil) && a.Outcome != retention.OutcomeInMemory
	})
}

// history reports whether documents of the category tell of a time each, so that a newer one does not make up for an older one. Of
// the others they tell how things stand, and the newer one counts.
func history(c model.Category) bool {
	return c == model.CategoryTransaction || c == model.CategoryBalance || c == model.CategoryAccount
}

// loses reports whether something that files brought before would be gone if what files brought now stood in its place: a later
// beginning of the history, an earlier end, an account, or a record of a document that was not handed over again which what came
// now does not make up for.
func (k *keeping) loses(kept *model.Dossier, was, now model.Coverage) bool {
	if was.Method == model.File && (!was.Since.IsZero() && !now.Since.IsZero() && was.Since.Before(now.Since) ||
		!now.Until.IsZero() && now.Until.Before(was.Until) || now.Accounts > 0 && now.Accounts < was.Accounts) {
		return true
	}
	again, accounts, last := k.again(now.Category), map[model.AccountID]bool{}, map[model.AccountID]model.Date{}
	var own []model.Record
	for _, r := range k.d.Records {
		if !k.own(r) || r.Category() != now.Category {
			continue
		}
		own = append(own, r)
		switch r := r.(type) {
		case *model.Account:
			accounts[r.Account] = true
		case *model.Transaction:
			if day := dayOf(r).Latest(); last[r.Account].Compare(day) < 0 {
				last[r.Account] = day
			}
		}
	}
	var same map[string]int // made where it is needed
	for _, r := range kept.Records {
		at := r.Head().Provenance.Document
		if at < 0 || at >= len(kept.Documents) || kept.Documents[at].Method != model.File || again[kept.Documents[at].Digest] {
			continue
		}
		switch r := r.(type) {
		case *model.Account:
			if !r.Account.IsZero() && accounts[r.Account] {
				continue
			}
		case *model.Transaction:
			// The history goes from its beginning to the last day on which something happened on the account.
			if day := dayOf(r); !now.Since.IsZero() && !day.IsZero() &&
				day.Earliest().Compare(now.Since) >= 0 && day.Latest().Compare(last[r.Account]) <= 0 {
				continue
			}
		}
		if same == nil {
			same = map[string]int{}
			for _, r := range own {
				same[facts(r)]++
			}
		}
		f := facts(r)
		if f == "" || same[f] == 0 {
			return true
		}
		same[f]--
	}
	return false
}

func dayOf(t *model.Transaction) model.Date {
	if t.BookingDate.IsZero() {
		return t.ValueDate
	}
	return t.BookingDate
}

// facts returns what a record says, without where it was read and the doubts about it; "" where that cannot be told.
func facts(r model.Record) string {
	b, err := model.MarshalRecord(r)
	if err != nil {
		return ""
	}
	c, err := model.UnmarshalRecord(b, nil) // r is not changed
	if err != nil {
		return ""
	}
	*c.Head() = model.Header{}
	if b, err = model.MarshalRecord(c); err != nil {
		return ""
	}
	return string(b)
}

// combined is the coverage of what was kept, of which carried records remain, together with what came now.
func (k *keeping) combined(kept *model.Dossier, was, now model.Coverage, carried int) model.Coverage {
	out := now
	out.Attempts = append(slices.Clone(was.Attempts), now.Attempts...)
	out.Records += carried
	out.Balanced, out.Subject = was.Balanced.Worse(now.Balanced), was.Subject.Worse(now.Subject)
	if now.Obtained == model.ObtainedAll && now.Method != model.File {
		return out // all that the institution has is in what came now
	}
	if was.Obtained != now.Obtained {
		out.Obtained = model.ObtainedPart
	}
	if now.Obtained == model.ObtainedNone {
		out.Method = was.Method
	}
	k.join(kept, was, now, &out)
	return out
}

// join says what both cover of the accounts' time. Of one account, of which both hold something, what follows on one another is
// one history. Of others nothing is known but what was said of all together: neither begins before the later of both, nor goes
// further than the one that ends first.
func (k *keeping) join(kept *model.Dossier, was, now model.Coverage, out *model.Coverage) {
	out.Since, out.Until, out.Accounts = later(was.Since, now.Since), earlier(was.Until, now.Until), 0
	out.HistoryCut = was.HistoryCut || now.HistoryCut
	if was.Accounts != 1 || now.Accounts != 1 || !k.sameAccount(kept) {
		return
	}
	out.Accounts = 1
	first, second := was, now
	if second.Since.Compare(first.Since) < 0 {
		first, second = now, was
	}
	if first.Until.IsZero() || first.Until.AddDays(1).Before(second.Since) {
		out.Until = second.Until // what comes after the gap is the history, as in one collection
		return
	}
	out.Since, out.Until = first.Since, second.Until
	if !second.Until.IsZero() {
		out.Until = later(first.Until, second.Until)
	}
	out.HistoryCut = k.g.Scope.Since.Earliest().Before(out.Since)
}

// sameAccount reports whether all transactions are on one account, those of the collection and those that were kept, of which there
// must be some of each. The parts of an account in several currencies are several.
func (k *keeping) sameAccount(kept *model.Dossier) bool {
	if kept == nil {
		return false
	}
	var own []model.Record
	for _, r := range k.d.Records {
		if k.own(r) {
			own = append(own, r)
		}
	}
	one, ok := accountOf(kept.Records)
	other, okay := accountOf(own)
	return ok && okay && one == other
}

// part is an account in one currency.
type part struct {
	account  model.AccountID
	currency model.Currency
}

// accountOf returns what all transactions are on; false where there are none, or it is not the same, or not known of one.
func accountOf(records []model.Record) (one part, ok bool) {
	for _, r := range records {
		t, is := r.(*model.Transaction)
		if !is {
			continue
		}
		p := part{t.Account, t.Amount.Currency()}
		if p.account.IsZero() || p.currency == "" || ok && p != one {
			return part{}, false
		}
		one, ok = p, true
	}
	return one, ok
}

// later and earlier return the other one where one says nothing.
func later(a, b model.Date) model.Date {
	if a.Compare(b) < 0 {
		return b
	}
	return a
}

func earlier(a, b model.Date) model.Date {
	if a.IsZero() || !b.IsZero() && b.Compare(a) < 0 {
		return b
	}
	return a
}
