package retention

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/brondata/brondata/model"
)

// dossierSchema is the version of the contents that KeepDossier stores.
const dossierSchema = 1

// KeepDossier keeps the part of a dossier that came over one link, as Keep does; the link is named by its institution's id.
// Each category is a content of its own: its records, the documents that they were read from, and its coverage. A category that
// was obtained, if only in part, replaces what was kept of it; one of which nothing was obtained leaves it as it is.
// Matches are not kept, since they join records of several links: [model.Dossier.Match] finds them again.
//
// A category that the policy has in memory only is read back by this Vault alone. Where it is not there, in another process, after a
// restart or after its time, its coverage says so: nothing obtained, after attempts with the outcome [OutcomeInMemory].
//
// extra is kept with it in the same step, such as documents under [CategoryDocument]. Errors are as of Keep, and those of
// writing the dossier as JSON, which wrap [ErrInvalid].
func (v *Vault) KeepDossier(ctx context.Context, ref Ref, d *model.Dossier, extra []Content, o *KeepOptions) error {
	part, err := ofInstitution(d, model.InstitutionID(ref.Link))
	if err != nil {
		return err
	}
	// Refused before anything is made of it.
	if err := v.checkContents(ref, extra); err != nil {
		return err
	}
	return v.keep(ctx, ref, o, func(p Policy) ([]Content, error) {
		contents, err := ofDossier(part, p, extra)
		if err != nil {
			return nil, err
		}
		return contents, v.checkContents(ref, contents)
	})
}

// OutcomeInMemory is the outcome of the attempts that brought a category which is kept in the memory of the process that
// retrieved it, in the coverage that stands in for it where that is not at hand.
const OutcomeInMemory = "in-memory-only"

// ofDossier makes the contents of a dossier of one link: one for each category, and what describes the whole.
func ofDossier(part *model.Dossier, p Policy, extra []Content) (contents []Content, err error) {
	contents = slices.Clone(extra)
	rest := &model.Dossier{Issues: part.Issues}
	kept := make(map[model.Category]bool)
	for _, c := range model.Categories() {
		one := ofCategory(part, c)
		if len(one.Records) == 0 && !slices.ContainsFunc(one.Coverage, func(k model.Coverage) bool { return k.Obtained == model.ObtainedAll }) {
			continue
		}
		kept[c] = true
		if contents, err = appendDossier(contents, c, one); err != nil {
			return nil, err
		}
	}
	for _, k := range part.Coverage {
		if kept[k.Category] {
			k = standIn(k, p)
		}
		rest.Coverage = append(rest.Coverage, k)
	}
	return appendDossier(contents, CategoryDossier, rest)
}

// standIn is the coverage of a category that is kept, for when its records are not there.
func standIn(k model.Coverage, p Policy) model.Coverage {
	out := model.Coverage{Institution: k.Institution, Category: k.Category, Obtained: model.ObtainedNone}
	if p.InMemory(k.Category) {
		for _, a := range k.Attempts {
			out.Attempts = append(out.Attempts, model.Attempt{Source: a.Source, Method: a.Method, Started: a.Started, Outcome: OutcomeInMemory})
		}
	}
	return out
}

func appendDossier(cs []Content, c model.Category, d *model.Dossier) ([]Content, error) {
	b, err := d.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("%w: dossier as JSON: %w", ErrInvalid, err)
	}
	return append(cs, Content{Category: c, Schema: dossierSchema, Body: b}), nil
}

// ofInstitution returns a dossier of one institution. Records point at documents by their index, so unless all documents are the
// institution's the records are copied.
func ofInstitution(d *model.Dossier, inst model.InstitutionID) (*model.Dossier, error) {
	other := func(i model.InstitutionID) bool { return i != inst }
	part := &model.Dossier{Documents: d.Documents, Records: d.Records, Issues: d.Issues}
	for _, k := range d.Coverage {
		if !other(k.Institution) {
			part.Coverage = append(part.Coverage, k)
		}
	}
	if !slices.ContainsFunc(d.Documents, func(i model.DocumentInfo) bool { return other(i.Institution) }) {
		return part, nil
	}
	part.Records = nil
	for _, r := range d.Records {
		if n := r.Head().Provenance.Document; n < 0 || n >= len(d.Documents) {
			return nil, invalid("a record points at no document")
		} else if !other(d.Documents[n].Institution) {
			part.Records = append(part.Records, r)
		}
	}
	b, err := part.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("%w: dossier as JSON: %w", ErrInvalid, err)
	}
	own := new(model.Dossier)
	if err := own.UnmarshalJSON(b); err != nil {
		return nil, fmt.Errorf("%w: dossier as JSON: %w", ErrInvalid, err)
	}
	index := make([]int, len(own.Documents))
	var docs []model.DocumentInfo
	for i, doc := range own.Documents {
		if index[i] = len(docs); !other(doc.Institution) {
			docs = append(docs, doc)
		}
	}
	own.Documents = docs
	for _, r := range own.Records {
		r.Head().Provenance.Document = index[r.Head().Provenance.Document]
	}
	return own, nil
}

func ofCategory(d *model.Dossier, c model.Category) *model.Dossier {
	one := &model.Dossier{Documents: d.Documents}
	for _, r := range d.Records {
		if r.Category() == c {
			one.Records = append(one.Records, r)
		}
	}
	for _, k := range d.Coverage {
		if k.Category == c {
			one.Coverage = append(one.Coverage, k)
		}
	}
	if len(one.Records) == 0 {
		one.Documents = nil
	}
	return one
}

// ReadDossier reads back what KeepDossier kept over all links of a grant, as one dossier. Its records are in the order of links
// and categories. Coverage says what is there now: a category whose records expired or were deleted is not obtained. Errors and
// recording are as of ReadGrant; [ErrDamaged] when a content is no dossier of a version that is known.
func (v *Vault) ReadDossier(ctx context.Context, a Access, ref Ref) (*model.Dossier, error) {
	cs, err := v.readGrant(ctx, a, ref, CategoryDocument)
	if err != nil {
		return nil, err
	}
	defer wipe(cs) // the records hold copies
	return DossierOf(cs)
}

// DossierOf makes the dossier of contents that [Vault.ReadGrant] returned, as ReadDossier does, for a caller who wants the documents as
// well: one read, and one entry in the access log. Documents are left out; cs are not changed. [ErrDamaged] as of ReadDossier.
func DossierOf(cs []Content) (*model.Dossier, error) {
	cs = slices.DeleteFunc(slices.Clone(cs), func(c Content) bool { return c.Category == CategoryDocument })
	m := merger{out: &model.Dossier{}, docs: make(map[docKey]int), groups: make(map[string]int)}
	// What describes a whole link comes last: it tells of categories that are not there.
	slices.SortStableFunc(cs, func(x, y Content) int {
		return strings.Compare(order(x), order(y))
	})
	for _, c := range cs {
		d := new(model.Dossier)
		if c.Schema != dossierSchema || d.UnmarshalJSON(c.Body) != nil {
			return nil, ErrDamaged // the decoder's error may say what is there
		}
		m.add(c, d)
	}
	return m.out, nil
}

func order(c Content) string {
	if c.Category == CategoryDossier {
		return "1"
	}
	return "0"
}

// merger joins contents into one dossier.
type merger struct {
	out    *model.Dossier
	docs   map[docKey]int
	groups map[string]int
}

// docKey tells documents apart: those of one link's categories are the same ones.
type docKey struct {
	link   string
	info   string
	digest model.Digest
	at     int64
}

func (m *merger) add(c Content, d *model.Dossier) {
	index := make([]int, len(d.Documents))
	seen := make(map[docKey]int)
	for i, doc := range d.Documents {
		k := docKey{c.Link, string(doc.Source) + " " + string(doc.Format), doc.Digest, doc.Retrieved.UnixNano()}
		// The same bytes may have been handed over twice; the n-th of them is the n-th in every category.
		seen[k]++
		k.info += fmt.Sprint(" ", seen[k])
		at, ok := m.docs[k]
		if !ok {
			at = len(m.out.Documents)
			m.docs[k] = at
			doc.Group = m.group(c, doc.Group)
			m.out.Documents = append(m.out.Documents, doc)
		}
		index[i] = at
	}
	for _, r := range d.Records {
		h := r.Head()
		if n := h.Provenance.Document; n >= 0 && n < len(index) {
			h.Provenance.Document = index[n]
		}
		m.out.Records = append(m.out.Records, r)
	}
	for _, k := range d.Coverage {
		if c.Category == CategoryDossier {
			if slices.ContainsFunc(m.out.Coverage, func(o model.Coverage) bool {
				return o.Institution == k.Institution && o.Category == k.Category
			}) {
				continue // an earlier collection had brought it, and that is still there
			}
		}
		m.out.Coverage = append(m.out.Coverage, k)
	}
	for _, i := range d.Issues {
		if !slices.Contains(m.out.Issues, i) { // those of no institution are kept with every link
			m.out.Issues = append(m.out.Issues, i)
		}
	}
}

// group gives the groups of each link numbers of their own.
func (m *merger) group(c Content, group int) int {
	if group == 0 {
		return 0
	}
	k := fmt.Sprint(c.Link, " ", c.Stored.UnixMilli(), " ", group)
	n, ok := m.groups[k]
	if !ok {
		n = len(m.groups) + 1
		m.groups[k] = n
	}
	return n
}
