package model

import (
	"cmp"
	"hash/maphash"
	"math/bits"
	"slices"
	"strings"
	"sync"
)

// transactions runs the rules of transactions. Most records share account, day and amount with no record of another
// document; two passes over a hash table set them aside before anything is sorted.
func (m *matcher) transactions() {
	all := make([]int32, 0, len(m.d.Records))
	several, pending := false, false
	for i, t := range m.txs {
		if t != nil {
			all = append(all, int32(i))
			several = several || m.docs[i] != m.docs[all[0]]
			pending = pending || t.Status == Pending
		}
	}
	if several {
		m.sightings(all)
	}
	if pending {
		m.becameBooked(all)
	}
}

func (m *matcher) tx(i int32) *Transaction { return m.txs[i] }

// day is what a transaction is dated by.
func (t *Transaction) day() Date {
	if t.BookingDate.IsZero() {
		return t.ValueDate
	}
	return t.BookingDate
}

func (t *Transaction) pendingBit() uint64 {
	if t.Status == Pending {
		return 1
	}
	return 0
}

func (t *Transaction) reference() string {
	if t.Reference == "NOTPROVIDED" { // EPC implementation guidelines: the payer gave none
		return ""
	}
	return t.Reference
}

func (m *matcher) sightings(all []int32) {
	var twice []bool // asked only when the groups are there
	var ids sync.WaitGroup
	ids.Go(func() { twice = m.repeatedIDs(all) })
	seed := maphash.MakeSeed()
	g := newGrouping(len(all))
	for n, i := range all {
		t := m.tx(i)
		if t.Account.IsZero() || t.Amount.IsZero() || t.day().IsZero() {
			continue // too little is known of it to say that it is another one
		}
		h := maphash.String(seed, t.Account.v)
		h = mix(h, uint64(t.Amount.amount.units)^uint64(t.Amount.amount.exp)<<58)
		h = mix(h, uint64(t.day().key())<<1|t.pendingBit())
		g.add(h, int32(n), func(o int32) bool { return sameMovement(t, m.tx(all[o])) })
	}
	// differ reports whether the ids say that two records are two facts.
	differ := func(a, b int32) bool {
		x, y := m.tx(a), m.tx(b)
		return x.ID != "" && y.ID != "" && x.ID != y.ID && !twice[a] && !twice[b] &&
			m.space[m.docs[a]] == m.space[m.docs[b]]
	}
	agree := func(a, b int32) bool { return !differ(a, b) }
	ids.Wait()
	// What is joined in one group touches no record of another one.
	split(len(g.heads), func(from, to int) {
		var items []int32
		for _, head := range g.heads[from:to] {
			items = items[:0]
			for n := head; n >= 0; n = g.next[n] {
				items = append(items, all[n])
			}
			if len(items) < 2 || !m.severalDocs(items) {
				continue
			}
			m.byID(items, twice)
			if m.apart(items) {
				m.byText(items, RuleTransactionReference, agree)
			}
			if m.apart(items) {
				m.byText(items, RuleTransactionText, func(a, b int32) bool {
					return agree(a, b) && (m.tx(a).reference() == "" || m.tx(b).reference() == "")
				})
			}
		}
	})
}

// apart reports whether the items are of more than one cluster.
func (m *matcher) apart(items []int32) bool {
	root := m.find(items[0])
	for _, i := range items[1:] {
		if m.find(i) != root {
			return true
		}
	}
	return false
}

func sameMovement(t, o *Transaction) bool {
	return t.Amount == o.Amount && t.day() == o.day() && t.Account == o.Account && (t.Status == Pending) == (o.Status == Pending)
}

func (m *matcher) severalDocs(items []int32) bool {
	for _, i := range items[1:] {
		if m.docs[i] != m.docs[items[0]] {
			return true
		}
	}
	return false
}

// repeatedIDs marks the records whose id some document has more than once on the account: entries of one batch share
// their bank's reference, and some banks number anew each day. Pending and booked count apart.
func (m *matcher) repeatedIDs(all []int32) []bool {
	twice := make([]bool, len(m.d.Records))
	seed := maphash.MakeSeed()
	g := newGrouping(len(all))
	for n, i := range all {
		t := m.tx(i)
		if t.ID == "" {
			continue
		}
		h := mix(maphash.String(seed, t.ID), t.pendingBit())
		g.add(h, int32(n), func(o int32) bool {
			u := m.tx(all[o])
			return t.ID == u.ID && t.Account == u.Account && (t.Status == Pending) == (u.Status == Pending)
		})
	}
	var docs []int32
	for _, head := range g.heads {
		if g.next[head] < 0 {
			continue
		}
		docs = docs[:0]
		for n := head; n >= 0; n = g.next[n] {
			docs = append(docs, m.docs[all[n]])
		}
		n := len(docs)
		slices.Sort(docs)
		if len(slices.Compact(docs)) == n {
			continue
		}
		for n := head; n >= 0; n = g.next[n] {
			twice[all[n]] = true
		}
	}
	return twice
}

// byID joins records of one movement that have one usable id.
func (m *matcher) byID(items []int32, twice []bool) {
	if len(items) == 2 { // nearly always
		m.sameID(items[0], items[1], twice)
		return
	}
	slices.SortFunc(items, func(i, j int32) int { return strings.Compare(m.tx(i).ID, m.tx(j).ID) })
	for n := 1; n < len(items); n++ {
		m.sameID(items[n-1], items[n], twice)
	}
}

func (m *matcher) sameID(i, j int32, twice []bool) {
	if id := m.tx(i).ID; id != "" && id == m.tx(j).ID && !twice[i] && !twice[j] {
		m.join(i, j, RuleTransactionID)
	}
}

// byText joins records of one movement whose other side's account and reference or description agree.
func (m *matcher) byText(items []int32, rule string, ok func(a, b int32) bool) {
	keep := make([]int32, 0, 8)
	for _, i := range items {
		t := m.tx(i)
		if rule == RuleTransactionReference && t.reference() != "" ||
			rule == RuleTransactionText && (t.Description != "" || !t.Counterparty.Account.IsZero()) {
			keep = append(keep, i)
		}
	}
	compare := func(i, j int32) int {
		a, b := m.tx(i), m.tx(j)
		if c := strings.Compare(a.Counterparty.Account.v, b.Counterparty.Account.v); c != 0 {
			return c
		}
		if rule == RuleTransactionReference {
			return strings.Compare(a.Reference, b.Reference)
		}
		return compareUnspaced(a.Description, b.Description)
	}
	slices.SortFunc(keep, compare)
	for len(keep) > 1 {
		n := 1
		for n < len(keep) && compare(keep[0], keep[n]) == 0 {
			n++
		}
		if n > 1 {
			m.pair(keep[:n], rule, ok)
		}
		keep = keep[n:]
	}
}

// compareUnspaced compares texts as if there were no blanks in them: banks break a description into lines at a fixed
// width, and each format joins them in its own way.
func compareUnspaced(a, b string) int {
	i, j := 0, 0
	for {
		for i < len(a) && a[i] == ' ' {
			i++
		}
		for j < len(b) && b[j] == ' ' {
			j++
		}
		if i == len(a) || j == len(b) {
			return cmp.Compare(len(a)-i, len(b)-j)
		}
		if a[i] != b[j] {
			return cmp.Compare(a[i], b[j])
		}
		i, j = i+1, j+1
	}
}

// The days within which a pending transaction is booked: banks book a card payment up to ten days after it, and may
// date a payment of the weekend back by one.
const (
	daysBefore = 1
	daysAfter  = 10
)

// becameBooked joins each pending transaction with the booked one that it became.
func (m *matcher) becameBooked(all []int32) {
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
			return x.ID != "" && x.ID == y.ID
		})
		m.takeBooked(s.pending, s.booked, taken, func(p, b int32) bool {
			x, y := m.tx(p), m.tx(b)
			px, py := x.Counterparty.Account, y.Counterparty.Account
			return x.reference() != "" && x.reference() == y.reference() && (px == py || px.IsZero() || py.IsZero()) &&
				within(x.day(), y.day()) && m.disjoint(p, b, nil)
		})
	}
}

// takeBooked gives each pending cluster the first booked cluster that agrees and that no other has taken.
func (m *matcher) takeBooked(pending, booked []int32, taken map[int32]bool, ok func(p, b int32) bool) {
	for _, p := range pending {
		if m.hasBooked(p) {
			continue // with an earlier sighting
		}
		tries := 0
		for _, b := range booked {
			if taken[m.find(b)] {
				continue
			}
			if tries++; tries > 8*maxTries {
				break
			}
			if ok(p, b) {
				m.join(p, b, RuleTransactionPending)
				taken[m.find(p)] = true
				break
			}
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

// A grouping is a hash table of chains of positions.
type grouping struct {
	table []int32 // heads, -1 where free
	hash  []uint64
	next  []int32 // -1 at the end of a chain
	tail  []int32 // of a head
	heads []int32
}

func newGrouping(n int) *grouping {
	g := &grouping{
		table: make([]int32, 1<<bits.Len(uint(2*n))), hash: make([]uint64, n), next: make([]int32, n),
		tail: make([]int32, n), heads: make([]int32, 0, n),
	}
	for i := range g.table {
		g.table[i] = -1
	}
	return g
}

// add puts position n into the chain whose head equal holds for.
func (g *grouping) add(h uint64, n int32, equal func(head int32) bool) {
	g.hash[n], g.next[n] = h, -1
	mask := uint64(len(g.table) - 1)
	for at := h & mask; ; at = (at + 1) & mask {
		head := g.table[at]
		if head < 0 {
			g.table[at], g.tail[n] = n, n
			g.heads = append(g.heads, n)
			return
		}
		if g.hash[head] == h && equal(head) {
			g.next[g.tail[head]] = n
			g.tail[head] = n
			return
		}
	}
}

func mix(h, v uint64) uint64 {
	hi, lo := bits.Mul64(h^v, 0x9e3779b97f4a7c15)
	return hi ^ lo
}
