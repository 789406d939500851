package model

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"maps"
	"math/bits"
	"slices"
	"strings"
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
	var twice []bool
	if several || pending {
		twice = m.repeatedIDs(all)
	}
	if several {
		m.sightings(all, twice)
	}
	if pending {
		m.becameBooked(all, twice)
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

// id is the bank's own id, "" for the words that stand in its place where there is none.
func (t *Transaction) id() string {
	if t.ID == "NOTPROVIDED" || t.ID == "NONREF" { // EPC guidelines; SWIFT MT940, whose fields camt.053 took over
		return ""
	}
	return t.ID
}

// shortID is how long an id can be that merely counts: the number of an entry in its list, or in its day.
const shortID = 7

// counts reports whether the id may merely count, with the day before or behind it or without. Of two lists of one
// account, both have an entry with the number 12, and they need not be the same one.
func (t *Transaction) counts() bool {
	const dated = shortID + len("2006-01-02-")
	if len(t.ID) > dated {
		return false // nearly always
	}
	var buf [dated]byte
	id := buf[:0]
	for i := range len(t.ID) {
		if c := t.ID[i]; strings.IndexByte("-/. ", c) < 0 {
			id = append(id, c)
		}
	}
	if d := t.day(); d.Complete() {
		n, day := d.Year()*10000+int(d.Month())*100+d.Day(), [8]byte{}
		for i := range day {
			day[7-i] = byte('0' + n%10)
			n /= 10
		}
		for _, form := range [][]byte{day[:], day[2:]} {
			if at := bytes.Index(id, form); at >= 0 {
				id = append(id[:at], id[at+len(form):]...)
				break
			}
		}
	}
	return len(bytes.TrimLeft(id, "0")) <= shortID
}

// conflict reports whether two records say of the other side's account, or in the reference, that they are two facts.
func (m *matcher) conflict(i, j int32) bool {
	a, b := m.tx(i), m.tx(j)
	return a.Counterparty.Account != b.Counterparty.Account && !a.Counterparty.Account.IsZero() && !b.Counterparty.Account.IsZero() ||
		a.Reference != b.Reference && a.reference() != "" && b.reference() != ""
}

func (m *matcher) sightings(all []int32, twice []bool) {
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
		return x.id() != "" && y.id() != "" && x.ID != y.ID && !twice[a] && !twice[b] &&
			m.space[m.docs[a]] == m.space[m.docs[b]]
	}
	agree := func(a, b int32) bool { return !differ(a, b) && !m.conflict(a, b) }
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
		if t.id() == "" {
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
		if m.sameID(items[0], items[1], twice) {
			m.join(items[0], items[1], RuleTransactionID)
		}
		return
	}
	slices.SortFunc(items, func(i, j int32) int { return strings.Compare(m.tx(i).ID, m.tx(j).ID) })
	for len(items) > 1 {
		n := 1
		for n < len(items) && m.tx(items[n]).ID == m.tx(items[0]).ID {
			n++
		}
		m.oneID(items[:n], twice)
		items = items[n:]
	}
}

// oneID joins records that have the same id.
func (m *matcher) oneID(items []int32, twice []bool) {
	one := m.tx(items[0])
	plain := one.id() != "" && !one.counts() // nearly always, and then all are one fact
	for _, i := range items {
		t := m.tx(i)
		plain = plain && !twice[i] && t.Counterparty.Account == one.Counterparty.Account && t.Reference == one.Reference
	}
	if plain {
		for _, i := range items[1:] {
			m.join(items[0], i, RuleTransactionID)
		}
		return
	}
	slices.SortFunc(items, m.order)
	for n := range items {
		// Two that agree with a third need not agree: each goes to those with all of whom it does.
		for k := n - 1; k >= max(0, n-maxTries); k-- {
			if m.eachPair(items[k], items[n], func(a, b int32) bool { return m.sameID(a, b, twice) }) {
				m.join(items[k], items[n], RuleTransactionID)
				break
			}
		}
	}
}

// sameID reports whether two records of one movement are one fact by their ids. One that may merely count says so only in
// lists that are made alike, of facts that look alike.
func (m *matcher) sameID(i, j int32, twice []bool) bool {
	a, b := m.tx(i), m.tx(j)
	if a.id() == "" || a.ID != b.ID || twice[i] || twice[j] || m.conflict(i, j) {
		return false
	}
	return !a.counts() && !b.counts() || m.space[m.docs[i]] == m.space[m.docs[j]] && a.Counterparty == b.Counterparty &&
		a.Reference == b.Reference && compareUnspaced(a.Description, b.Description) == 0
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
			m.byName(keep[:n], rule, ok)
		}
		keep = keep[n:]
	}
}

// byName joins what agrees but for the other side's name. Each source writes names in its own way, so they need not be
// the same; but where one list has several names, each goes with its own, and nobody can say whose a name in another form is.
func (m *matcher) byName(items []int32, rule string, ok func(a, b int32) bool) {
	name := func(i int32) string { return m.tx(i).Counterparty.Name }
	if len(items) > 2 && slices.ContainsFunc(items[1:], func(i int32) bool { return name(i) != name(items[0]) }) {
		of := map[string][]int32{}
		several := map[int32]string{}
		ambiguous := false
		for _, i := range items {
			s, unit := fold(name(i)), m.unit[m.docs[i]]
			of[s] = append(of[s], i)
			if other, seen := several[unit]; seen && other != s {
				ambiguous = true
			}
			several[unit] = s
		}
		for _, s := range slices.Sorted(maps.Keys(of)) {
			if len(of[s]) > 1 {
				m.pair(of[s], rule, ok)
			}
		}
		if ambiguous {
			return
		}
	}
	m.pair(items, rule, func(a, b int32) bool {
		x, y := name(a), name(b)
		return ok(a, b) && (x == y || x == "" || y == "" || m.space[m.docs[a]] != m.space[m.docs[b]] || fold(x) == fold(y))
	})
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
