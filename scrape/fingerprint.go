package scrape

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/brondata/brondata/internal/jsonscan"
	"github.com/brondata/brondata/model"
)

// hashes is how many minima a sketch keeps: the similarity of two pages is then known to within about four per cent.
const hashes = 128

// sketch is a MinHash of a set: the share of equal minima estimates the share of common elements (Broder 1997). Equal sets
// have equal sketches.
type sketch [hashes]uint32

// Fingerprint is the structure of a page without its texts and without the values of its attributes: the paths of its
// elements, the names of their attributes, their classes with their order among their neighbours, and which labels of the
// recipe it has where. Two people's pages of one layout have almost the same fingerprint. In JSON it is paths and kinds of
// members.
//
// What it is made from cannot be read back from it. It belongs to one recipe and one page of it.
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

// MarshalText writes the fingerprint for the host's storage, in about two thousand characters.
func (f Fingerprint) MarshalText() ([]byte, error) {
	if !f.ok {
		return nil, nil
	}
	b := []byte{1} // the version
	for _, p := range f.parts {
		for _, h := range p {
			b = binary.BigEndian.AppendUint32(b, h)
		}
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
	if err != nil || len(b) != 1+len(f.parts)*hashes*4 || b[0] != 1 {
		return model.ErrSyntax
	}
	b = b[1:]
	for i := range f.parts {
		for j := range f.parts[i] {
			f.parts[i][j] = binary.BigEndian.Uint32(b)
			b = b[4:]
		}
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
		least = min(least, float64(n)/hashes)
	}
	return least
}

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
}

// DriftScore is the score below which a page should be looked at. Pages of one layout differ a little where one person has
// what another has not; a renamed class or a moved column takes the score below it, and texts do not move it at all.
const DriftScore = 0.9

// Changed reports that there is a baseline and the page has drifted from it, though it may still be read.
func (d Drift) Changed() bool { return d.Known && d.Score < DriftScore }

func (s *Source) watch(p *page, make func() Fingerprint) {
	if s.opts.Drift == nil {
		return
	}
	d := Drift{Recipe: s.desc.ID, Page: p.Name, Found: make()}
	if s.opts.Baseline != nil {
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
		for j := range f.parts[i] {
			f.parts[i][j] = ^uint32(0)
		}
		for h := range set {
			for j := range f.parts[i] {
				f.parts[i][j] = min(f.parts[i][j], uint32(mix(h+uint64(j)*0x9e3779b97f4a7c15)>>32))
			}
		}
	}
	return f
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014), as a family of hash functions by its offset.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// fingerprintHTML looks at all elements, hidden ones too. Scripts and styles count with their names only.
func (p *page) fingerprintHTML(d *dom) Fingerprint {
	s := newSketcher()
	s.elements(d.root, trail{})
	p.labelsHTML(d, s)
	return s.fingerprint()
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

func (s *sketcher) elements(n *html.Node, at trail) {
	var last uint64
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode {
			continue
		}
		tag := hash(basis, tagOf(c))
		own := trail{tag, at[0], at[1], at[2], at[3], at[4]}
		s.parts[partPaths][own.sum()] = struct{}{}
		// Sums of hashes do not depend on the order in which attributes and classes are written.
		var names, classes uint64
		for i := range c.Attr {
			names += mix(hash(basis, c.Attr[i].Key))
			if c.Attr[i].Key != "class" {
				continue
			}
			for name := range strings.FieldsSeq(c.Attr[i].Val) {
				classes += mix(hash(basis, name))
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
		last = shape
		s.elements(c, own)
	}
}

// tagOf takes td and th, and the parts of tables that parsers add, as they are; unknown elements by their name.
func tagOf(n *html.Node) string {
	if n.DataAtom != atom.Atom(0) {
		return n.DataAtom.String()
	}
	return n.Data
}

// labelsHTML adds which of the recipe's texts the page has, in what, and in which order: moved columns without classes show
// here only. The texts are the recipe's; nothing of the page itself is taken.
func (p *page) labelsHTML(d *dom, s *sketcher) {
	for i := range p.anchors {
		a := &p.anchors[i]
		if n, _ := d.heads(a.heading); n > 0 {
			s.add(partLabels, "anchor", strconv.Itoa(i), strconv.Itoa(n))
		}
	}
	for i := range p.sections {
		sec := &p.sections[i]
		n, at := d.heads(sec.heading)
		if n == 0 {
			continue
		}
		s.add(partLabels, sec.Name, strconv.Itoa(n), tagOf(d.items[at].node))
		r := d.under(at)
		for _, it := range r.items {
			if it.kind != itemTable {
				s.label(sec, it, d)
				continue
			}
			head, _, f := d.rows(it.node)
			if f != nil {
				continue
			}
			for j, h := range head {
				if k := sec.labelled(fold(d.label(h))); k >= 0 {
					s.add(partLabels, sec.Name, "column", strconv.Itoa(j), strconv.Itoa(k))
				}
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
func (p *page) fingerprintJSON(v jsonscan.Value) Fingerprint {
	s := newSketcher()
	s.members(v, "")
	for i := range p.sections {
		sec := &p.sections[i]
		at, ok := sec.path.find(v)
		if !ok {
			continue
		}
		s.add(partLabels, sec.Name, strconv.Itoa(int(at.Kind())))
		for k := range sec.fields {
			if m, ok := sec.fields[k].path.find(first(at)); ok {
				s.add(partLabels, sec.Name, strconv.Itoa(k), strconv.Itoa(int(m.Kind())))
			}
		}
	}
	return s.fingerprint()
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
		s.add(partPaths, path, name)
		s.add(partShapes, path, name, strconv.Itoa(int(m.Kind())))
		s.members(m, path+"/"+name)
	}
}
