package scrape

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/brondata/brondata/internal/jsonscan"
	"github.com/brondata/brondata/model"
)

// hashes is how many minima a sketch keeps: the similarity of two pages is then known to within about four per cent.
const hashes = 128

// bits is how much of each minimum is kept (Li, König 2010). Of the whole, anybody could tell whether a class that they
// guess is in the set.
const bits = 4

// sketch is a MinHash of a set: the share of equal minima estimates the share of common elements (Broder 1997). Equal sets
// have equal sketches.
type sketch [hashes]byte

// Fingerprint is the structure of the sections that the recipe reads: the paths of their elements, the names of their
// attributes, their classes with their order among their neighbours, and which labels of the recipe stand where. In JSON it
// is paths and kinds of members. What stands around the sections does not count: portals change that all the time.
//
// No text of the page and no value of an attribute but classes goes in, and names go in without their digits: a class or a
// member may be made of a customer's number. Two people's pages of one layout have almost the same fingerprint. What it is
// made from cannot be read back from it. It belongs to one recipe and one page of it.
type Fingerprint struct {
	parts [3]sketch
	ok    bool
}

// The parts of a fingerprint.
const (
	partPaths  = iota // elements inside elements, and names of attributes
	partShapes        // classes, and elements beside elements
	partLabels        // headings and labels of the recipe, and what they stand in
)

// IsZero reports whether there is none.
func (f Fingerprint) IsZero() bool { return !f.ok }

// MarshalText writes the fingerprint for the host's storage, in about five hundred characters.
func (f Fingerprint) MarshalText() ([]byte, error) {
	if !f.ok {
		return nil, nil
	}
	b := []byte{1} // the version
	for _, p := range f.parts {
		b = append(b, p[:]...)
	}
	return base64.RawStdEncoding.AppendEncode(nil, b), nil
}

// UnmarshalText reads what [Fingerprint.MarshalText] wrote; anything else is [model.ErrSyntax], "" none.
func (f *Fingerprint) UnmarshalText(t []byte) error {
	*f = Fingerprint{}
	if len(t) == 0 {
		return nil
	}
	b, err := base64.RawStdEncoding.DecodeString(string(t))
	if err != nil || len(b) != 1+len(f.parts)*hashes || b[0] != 1 {
		return model.ErrSyntax
	}
	b = b[1:]
	for i := range f.parts {
		b = b[copy(f.parts[i][:], b):]
	}
	f.ok = true
	return nil
}

// Compare returns how alike two fingerprints of one page are, from 0 to 1: the least of their parts. 1 is the same layout.
// The zero fingerprint is like no other.
func (f Fingerprint) Compare(g Fingerprint) float64 {
	if !f.ok || !g.ok {
		return 0
	}
	least := 1.0
	for i := range f.parts {
		n := 0
		for j := range f.parts[i] {
			if f.parts[i][j] == g.parts[i][j] {
				n++
			}
		}
		least = min(least, (float64(n)/hashes-chance)/(1-chance))
	}
	return max(least, 0)
}

// chance is how often two minima that differ have the same bits.
const chance = 1.0 / (1 << bits)

// Drift is how far a page is from its baseline. It holds nothing of the subject.
type Drift struct {
	Recipe model.SourceID
	Page   string
	// Found is the page's fingerprint, for the host to store as the baseline of a layout that it has checked.
	Found Fingerprint
	// Known says that there was a baseline to compare with.
	Known bool
	// Score is what [Fingerprint.Compare] gave, 0 without a baseline.
	Score float64
	// Empty says that a section says that it has nothing to show. Such a page lacks what others have: it is compared with
	// no baseline and makes none.
	Empty bool
}

// DriftScore is the score below which a page should be looked at. Pages of one layout differ a little where one person has
// what another has not; a renamed class or a moved column takes the score below it. Texts, the number of rows, and what
// stands around the sections do not move it at all.
const DriftScore = 0.85

// Changed reports that there is a baseline and the page has drifted from it, though it may still be read.
func (d Drift) Changed() bool { return d.Known && d.Score < DriftScore }

func (s *Source) watch(p *page, make func() (Fingerprint, bool)) {
	if s.opts.Drift == nil {
		return
	}
	d := Drift{Recipe: s.desc.ID, Page: p.Name}
	d.Found, d.Empty = make()
	if s.opts.Baseline != nil && !d.Empty {
		if base, ok := s.opts.Baseline(p.Name); ok && !base.IsZero() {
			d.Known, d.Score = true, d.Found.Compare(base)
		}
	}
	s.opts.Drift(d)
}

// sketcher collects the sets of a fingerprint, each element by its hash.
type sketcher struct {
	parts [3]map[uint64]struct{}
}

func newSketcher() *sketcher {
	var s sketcher
	for i := range s.parts {
		s.parts[i] = map[uint64]struct{}{}
	}
	return &s
}

// hash is FNV-1a, going on from h.
func hash(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return (h ^ 0xff) * 1099511628211 // so that "ab", "c" is not "a", "bc"
}

const basis = 14695981039346656037

func (s *sketcher) add(part int, texts ...string) {
	h := uint64(basis)
	for _, t := range texts {
		h = hash(h, t)
	}
	s.parts[part][h] = struct{}{}
}

func (s *sketcher) fingerprint() Fingerprint {
	f := Fingerprint{ok: true}
	for i, set := range s.parts {
		var least [hashes]uint64
		for j := range least {
			least[j] = ^uint64(0)
		}
		for h := range set {
			for j := range least {
				least[j] = min(least[j], mix(h+uint64(j)*0x9e3779b97f4a7c15))
			}
		}
		for j, h := range least {
			f.parts[i][j] = byte(h & (1<<bits - 1))
		}
	}
	return f
}

// undigited returns a name with one nought for each run of digits in it.
func undigited(s string) string {
	if strings.IndexFunc(s, unicode.IsDigit) < 0 {
		return s
	}
	var b strings.Builder
	run := false
	for _, r := range s {
		digit := unicode.IsDigit(r)
		switch {
		case !digit:
			b.WriteRune(r)
		case !run:
			b.WriteByte('0')
		}
		run = digit
	}
	return b.String()
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014), as a family of hash functions by its offset.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// fingerprintHTML looks at the sections that are there, and reports whether one says that it is empty.
func (p *page) fingerprintHTML(d *dom) (f Fingerprint, empty bool) {
	s := newSketcher()
	for i := range p.anchors {
		if p.anchors[i].on(d) {
			s.add(partLabels, "anchor", strconv.Itoa(i))
		}
	}
	for i := range p.sections {
		sec := &p.sections[i]
		r, fault := sec.region(d)
		if fault != nil {
			continue
		}
		if r == nil || r.says(sec.empty) {
			empty = true
			continue
		}
		var last uint64
		r.each(func(n *html.Node) bool {
			if r.end != nil && contains(n, r.end) {
				return true
			}
			last = s.element(n, trail{}, last)
			return false
		})
		s.labels(sec, r)
	}
	return s.fingerprint(), empty
}

// trail is the hashes of an element and those around it, the innermost first: six are enough to tell its place.
type trail [6]uint64

func (t trail) sum() uint64 {
	h := uint64(basis)
	for _, x := range t {
		h = mix(h ^ x)
	}
	return h
}

// element adds an element with all inside it, hidden or not, and returns its shape. last is that of the element before it.
func (s *sketcher) element(n *html.Node, at trail, last uint64) uint64 {
	tag := hash(basis, tagOf(n))
	own := trail{tag, at[0], at[1], at[2], at[3], at[4]}
	s.parts[partPaths][own.sum()] = struct{}{}
	// Sums of hashes do not depend on the order in which attributes and classes are written.
	var names, classes uint64
	for i := range n.Attr {
		names += mix(hash(basis, undigited(n.Attr[i].Key)))
		if n.Attr[i].Key != "class" {
			continue
		}
		for name := range strings.FieldsSeq(n.Attr[i].Val) {
			classes += mix(hash(basis, undigited(name)))
		}
	}
	if names != 0 {
		s.parts[partPaths][mix(tag^mix(names))] = struct{}{}
	}
	shape := mix(tag + classes)
	s.parts[partShapes][shape] = struct{}{}
	if shape != last { // rows of a list repeat, however many there are
		s.parts[partShapes][mix(last)^shape] = struct{}{}
	}
	var inner uint64
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode {
			inner = s.element(c, own, inner)
		}
	}
	return shape
}

// tagOf takes td and th, and the parts of tables that parsers add, as they are; unknown elements by their name.
func tagOf(n *html.Node) string {
	if n.DataAtom != atom.Atom(0) {
		return n.DataAtom.String()
	}
	return undigited(n.Data)
}

// labels adds which of the recipe's texts the section has, in what, and in which order: moved columns without classes show
// here only. The texts are the recipe's; nothing of the page itself is taken.
func (s *sketcher) labels(sec *section, r *region) {
	s.add(partLabels, sec.Name, tagOf(r.root))
	for k := range sec.fields {
		if f := &sec.fields[k]; f.sel != nil {
			for _, n := range r.match(f.sel) {
				s.add(partLabels, sec.Name, "selector", tagOf(n), strconv.Itoa(k))
			}
		}
	}
	for _, it := range r.items {
		if it.kind != itemTable {
			s.label(sec, it, r.d)
			continue
		}
		head, _, f := r.d.rows(it.node)
		if f != nil {
			continue
		}
		for j, h := range head {
			if k := sec.labelled(fold(r.d.label(h))); k >= 0 {
				s.add(partLabels, sec.Name, "column", strconv.Itoa(j), strconv.Itoa(k))
			}
		}
	}
}

func (s *sketcher) label(sec *section, it item, d *dom) {
	var text string
	switch it.kind {
	case itemTerm, itemLabel:
		text = d.label(it.node)
	case itemRow:
		text = d.label(firstElement(it.node))
	case itemLabelled:
		text = d.labelOf(it.node)
	default:
		return
	}
	if k := sec.labelled(fold(text)); k >= 0 {
		s.add(partLabels, sec.Name, strconv.Itoa(int(it.kind)), strconv.Itoa(k))
	}
}

// labelled returns the field that has the label, -1 for none.
func (s *section) labelled(text string) int {
	for i := range s.fields {
		if s.fields[i].labels[text] {
			return i
		}
	}
	return -1
}

// fingerprintJSON takes the paths of members and the kinds of their values; elements of an array count as one.
func (p *page) fingerprintJSON(v jsonscan.Value) (f Fingerprint, empty bool) {
	s := newSketcher()
	s.members(v, "")
	for i := range p.sections {
		sec := &p.sections[i]
		at, ok := sec.path.find(v)
		if !ok {
			continue
		}
		if sec.EmptyArray && (at.Kind() == jsonscan.Null || at.Kind() == jsonscan.Array && at.Len() == 0) {
			empty = true
			continue
		}
		s.add(partLabels, sec.Name, strconv.Itoa(int(at.Kind())))
		for k := range sec.fields {
			if m, ok := sec.fields[k].path.find(first(at)); ok && m.Kind() != jsonscan.Null {
				s.add(partLabels, sec.Name, strconv.Itoa(k), strconv.Itoa(int(m.Kind())))
			}
		}
	}
	return s.fingerprint(), empty
}

// first returns the first element of an array, another value as it is.
func first(v jsonscan.Value) jsonscan.Value {
	if v.Kind() == jsonscan.Array {
		for _, e := range v.Elems() {
			return e
		}
	}
	return v
}

func (s *sketcher) members(v jsonscan.Value, path string) {
	if v.Kind() == jsonscan.Array {
		for _, e := range v.Elems() {
			s.members(e, path+"[]")
		}
		return
	}
	for name, m := range v.Members() {
		name = undigited(name)
		s.add(partPaths, path, name)
		if m.Kind() != jsonscan.Null { // one person lacks what another has
			s.add(partShapes, path, name, strconv.Itoa(int(m.Kind())))
		}
		s.members(m, path+"/"+name)
	}
}
