package model

import "slices"

// The days within which a pending transaction is booked: banks book a card payment up to ten days after it, and may
// date a payment of the weekend back by one.
const (
	daysBefore = 1
	daysAfter  = 10
)

// becameBooked joins each pending transaction with the booked one that it became.
func (m *matcher) becameBooked(all []int32, twice []bool) {
	type key struct {
		account AccountID
		amount  Money
	}
	type side struct{ pending, booked []int32 }
	groups := map[key]*side{}
	var order []*side
	for _, i := range all {
		t := m.tx(i)
		if k := (key{t.Account, t.Amount}); t.Status == Pending && !t.Account.IsZero() && !t.Amount.IsZero() {
			s := groups[k]
			if s == nil {
				s = &side{}
				groups[k] = s
				order = append(order, s)
			}
			s.pending = append(s.pending, i)
		}
	}
	for _, i := range all {
		if t := m.tx(i); t.Status != Pending {
			if s := groups[key{t.Account, t.Amount}]; s != nil {
				s.booked = append(s.booked, i)
			}
		}
	}
	taken := map[int32]bool{} // roots of booked clusters that a pending one became
	for _, s := range order {
		slices.SortFunc(s.pending, m.order)
		slices.SortFunc(s.booked, m.order)
		m.takeBooked(s.pending, s.booked, taken, func(p, b int32) bool {
			x, y := m.tx(p), m.tx(b)
			return m.sameID(p, b, twice) && (!x.counts() && !y.counts() || within(x.day(), y.day()))
		})
		recurs := m.recurring(s.booked)
		m.takeBooked(s.pending, s.booked, taken, func(p, b int32) bool {
			x, y := m.tx(p), m.tx(b)
			return x.reference() != "" && x.reference() == y.reference() && within(x.day(), y.day()) &&
				!m.before(b, p) && m.disjoint(p, b, nil) &&
				(!recurs[x.Reference] || compareUnspaced(x.Description, y.Description) == 0)
		})
	}
}

// recurring returns the references that stand with more than one fact, as those of standing orders do: they tell little.
func (m *matcher) recurring(booked []int32) map[string]bool {
	out, first := map[string]bool{}, map[string]int32{}
	for _, b := range booked {
		ref, root := m.tx(b).reference(), m.find(b)
		if other, ok := first[ref]; ok && other != root {
			out[ref] = true
		}
		first[ref] = root
	}
	return out
}

// before reports whether the booked record was retrieved before the pending one: then it is another, earlier fact, as what
// is booked does not become pending. A file may be older than the day on which it was handed in.
func (m *matcher) before(booked, pending int32) bool {
	b, p := m.d.document(m.d.Records[booked]), m.d.document(m.d.Records[pending])
	return p.Method == API && b.Retrieved.Before(p.Retrieved)
}

// takeBooked gives each pending cluster the booked cluster that agrees, that no other has taken, and whose day is the
// nearest.
func (m *matcher) takeBooked(pending, booked []int32, taken map[int32]bool, ok func(p, b int32) bool) {
	for _, p := range pending {
		if m.hasBooked(p) {
			continue // with an earlier sighting
		}
		tries, best, least := 0, int32(-1), 0
		for _, b := range booked {
			if taken[m.find(b)] {
				continue
			}
			if tries++; tries > 8*maxTries {
				break
			}
			if !ok(p, b) || !m.eachPair(p, b, func(x, y int32) bool { return !m.conflict(x, y) }) {
				continue
			}
			if d := distance(m.tx(p).day(), m.tx(b).day()); best < 0 || d < least {
				best, least = b, d
			}
			if least == 0 {
				break
			}
		}
		if best >= 0 {
			m.join(p, best, RuleTransactionPending)
			taken[m.find(p)] = true
		}
	}
}

// hasBooked reports whether the cluster holds a booked transaction.
func (m *matcher) hasBooked(i int32) bool {
	for j := i; ; {
		if m.tx(j).Status != Pending {
			return true
		}
		if j = m.next[j]; j == i {
			return false
		}
	}
}

// within reports whether the booking follows the pending date closely enough. Both must be complete.
func within(pending, booked Date) bool {
	if !pending.Complete() || !booked.Complete() {
		return false
	}
	return booked.Compare(pending.AddDays(-daysBefore)) >= 0 && booked.Compare(pending.AddDays(daysAfter)) <= 0
}

// distance is how far a booking is from the pending date, 0 where a day is not known.
func distance(pending, booked Date) int {
	if !pending.Complete() || !booked.Complete() {
		return 0
	}
	for n := range daysAfter + 1 {
		if booked == pending.AddDays(n) || booked == pending.AddDays(-n) {
			return n
		}
	}
	return daysAfter + 1
}
