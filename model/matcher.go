package model

import (
	"bytes"
	"cmp"
	"math/bits"
	"slices"
	"strings"
)

// A matcher joins records into clusters. Rules run from the surest to the least sure; each works on the clusters that
// the ones before it left.
type matcher struct {
	d      *Dossier
	docs   []int32        // of a record: the index of its document, or the number of documents
	txs    []*Transaction // of a record: itself where it is one
	rest   []int32        // the records that are none
	rank   []int32        // of a document, independent of its index
	unit   []int32        // of a document: equal for the pages of one list
	space  []int32        // of a document: equal where source and format, and so the ids, are the same
	parent []int32        // of a record, union-find
	next   []int32        // of a record: the next member of its cluster, around
	why    []uint16       // of a cluster's root: the rules that joined it
	rules  []string
}

func newMatcher(d *Dossier) *matcher {
	m := &matcher{
		d: d, rules: rules(), rank: make([]int32, len(d.Documents)+1), unit: make([]int32, len(d.Documents)+1),
		space: make([]int32, len(d.Documents)+1), parent: make([]int32, len(d.Records)),
		next: make([]int32, len(d.Records)), why: make([]uint16, len(d.Records)),
	}
	m.docs, m.txs = make([]int32, len(d.Records)), make([]*Transaction, len(d.Records))
	for i, r := range d.Records {
		m.parent[i], m.next[i], m.docs[i] = int32(i), int32(i), int32(len(d.Documents))
		if r == nil {
			continue
		}
		if n := r.Head().Provenance.Document; n >= 0 && n < len(d.Documents) {
			m.docs[i] = int32(n)
		}
		if t, ok := r.(*Transaction); ok {
			m.txs[i] = t
		} else {
			m.rest = append(m.rest, int32(i))
		}
	}
	// The index of a document says nothing: a dossier in another order has to give the same clusters.
	order := make([]int32, len(d.Documents))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int {
		a, b := &d.Documents[x], &d.Documents[y]
		return cmp.Or(a.Retrieved.Compare(b.Retrieved), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Format, b.Format),
			cmp.Compare(a.Group, b.Group), bytes.Compare(a.Digest[:], b.Digest[:]), cmp.Compare(x, y))
	})
	for n, i := range order {
		m.rank[i] = int32(n)
	}
	type list struct {
		source SourceID
		group  int
	}
	type kind struct {
		source SourceID
		format FormatID
	}
	lists, kinds := map[list]int32{}, map[kind]int32{}
	for i := range d.Documents {
		info := &d.Documents[i]
		m.unit[i] = int32(i)
		if info.Group > 0 {
			l := list{info.Source, info.Group}
			if _, ok := lists[l]; !ok {
				lists[l] = int32(i)
			}
			m.unit[i] = lists[l]
		}
		k := kind{info.Source, info.Format}
		if _, ok := kinds[k]; !ok {
			kinds[k] = int32(i)
		}
		m.space[i] = kinds[k]
	}
	none := len(d.Documents) // where records go that point at no document: one that nothing is known of
	m.rank[none], m.unit[none], m.space[none] = int32(none), int32(none), int32(none)
	return m
}

// order is a total order of records that does not depend on where they stand in the dossier.
func (m *matcher) order(i, j int32) int {
	if c := cmp.Compare(m.rank[m.docs[i]], m.rank[m.docs[j]]); c != 0 {
		return c
	}
	a, b := m.d.Records[i], m.d.Records[j]
	if c := compareLocators(a.Head().Provenance.At, b.Head().Provenance.At); c != 0 {
		return c
	}
	return compareRecords(a, b)
}

// find returns the root of a cluster. Clusters are small, so halving the paths is all that the joins need.
func (m *matcher) find(i int32) int32 {
	for m.parent[i] != i {
		m.parent[i] = m.parent[m.parent[i]]
		i = m.parent[i]
	}
	return i
}

// join makes one cluster of two. Their members stand in two rings; to swap a successor of each makes one ring of both.
func (m *matcher) join(i, j int32, rule string) {
	i, j = m.find(i), m.find(j)
	if i == j {
		return
	}
	m.parent[j] = i
	m.next[i], m.next[j] = m.next[j], m.next[i]
	m.why[i] |= m.why[j] | 1<<slices.Index(m.rules, rule)
}

// disjoint reports whether no two records of the clusters of i and j are of one document or list, and f, where it is
// given, holds for each pair.
func (m *matcher) disjoint(i, j int32, f func(a, b int32) bool) bool {
	return m.eachPair(i, j, func(a, b int32) bool {
		return m.unit[m.docs[a]] != m.unit[m.docs[b]] && (f == nil || f(a, b))
	})
}

// eachPair reports whether f holds for each pair of a record of i's cluster and one of j's.
func (m *matcher) eachPair(i, j int32, f func(a, b int32) bool) bool {
	for a := i; ; {
		for b := j; ; {
			if !f(a, b) {
				return false
			}
			if b = m.next[b]; b == j {
				break
			}
		}
		if a = m.next[a]; a == i {
			return true
		}
	}
}

// maxTries bounds how many groups a record is compared with. Only thousands of equal facts reach it; what is beyond
// stays apart.
const maxTries = 128

// pair joins records that agree, the k-th of a document with the k-th of each other one: in their order, each goes to
// the first group that has none of its document yet and that f does not keep it from.
func (m *matcher) pair(items []int32, rule string, f func(a, b int32) bool) {
	if !m.severalUnits(items) {
		return
	}
	if len(items) == 2 { // nearly always
		if m.find(items[0]) != m.find(items[1]) && m.disjoint(items[0], items[1], f) {
			m.join(items[0], items[1], rule)
		}
		return
	}
	slices.SortFunc(items, m.order)
	var groups []int32
	from := map[int32]int{} // of a unit: before this group, all have one of it
	for n, i := range items {
		if n > 0 && slices.ContainsFunc(groups[max(0, len(groups)-maxTries):], func(g int32) bool { return m.find(g) == m.find(i) }) {
			continue
		}
		unit := m.unit[m.docs[i]]
		placed := false
		for k := from[unit]; k < min(len(groups), from[unit]+maxTries); k++ {
			if m.disjoint(groups[k], i, f) {
				m.join(groups[k], i, rule)
				if placed = true; k == from[unit] {
					from[unit]++
				}
				break
			}
		}
		if !placed {
			groups = append(groups, i)
			if len(groups)-1 == from[unit] {
				from[unit]++
			}
		}
	}
}

func (m *matcher) severalUnits(items []int32) bool {
	for _, i := range items[1:] {
		if m.unit[m.docs[i]] != m.unit[m.docs[items[0]]] {
			return true
		}
	}
	return false
}

// matches returns the clusters of two and more, in the order of their first records.
func (m *matcher) matches() []Match {
	var members, groups int
	size := make([]int32, len(m.parent)) // of a cluster's root
	for i := range m.parent {
		if m.next[i] != int32(i) {
			members++
			root := m.find(int32(i))
			if size[root]++; size[root] == 1 {
				groups++
			}
		}
	}
	out := make([]Match, 0, groups)
	all := make([]int, 0, members) // one piece of memory for all
	at := make([]int32, len(m.parent))
	for i := range m.parent {
		if m.next[i] == int32(i) {
			continue
		}
		root := m.find(int32(i))
		if size[root] > 0 {
			at[root] = int32(len(out))
			n, to := len(all), len(all)+int(size[root])
			all = all[:to]
			out = append(out, Match{m.because(m.why[root]), all[n:n:to]})
			size[root] = 0
		}
		k := at[root]
		out[k].Records = append(out[k].Records, i)
	}
	return out
}

func (m *matcher) because(why uint16) string {
	if bits.OnesCount16(why) == 1 {
		return m.rules[bits.TrailingZeros16(why)]
	}
	var names []string
	for n, r := range m.rules {
		if why&(1<<n) != 0 {
			names = append(names, r)
		}
	}
	return strings.Join(names, "+")
}
