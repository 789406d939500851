package brondata

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"sync"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
)

// CollectOptions are options of [Client.Collect].
type CollectOptions struct {
	// Discard keeps nothing of this collection: the dossier is returned and that is all.
	Discard bool
	// Progress is told what happens; see [sources.CollectOptions].
	Progress func(sources.Event)
}

// Collect retrieves what the grant covers, keeps it sealed as long as agreed, and returns it. A refresh is a Collect by an
// actor without presence. What an earlier collection brought of a category is replaced where this one brought something of
// it from the same institution, and stays where it brought nothing.
//
// The error is nil also where the dossier is incomplete: see [model.Dossier.Complete] and its coverage. Where storing
// fails, the dossier is returned with the error, unless the grant ended meanwhile.
func (c *Client) Collect(ctx context.Context, by consent.Actor, id consent.GrantID, in sources.Input, o *CollectOptions) (*model.Dossier, error) {
	if o == nil {
		o = &CollectOptions{}
	}
	p, err := c.consent.Permit(ctx, by, id)
	if err != nil {
		return nil, err
	}
	g, _ := p.Snapshot()
	kept := keptDocuments{}
	d, err := c.retriever.Collect(ctx, p, in, &sources.CollectOptions{State: c.state(by, g), Progress: o.Progress, Keep: kept.keep})
	if d == nil {
		return nil, err
	}
	c.noteLinks(ctx, g, d)
	if o.Discard {
		return d, err
	}
	if keepErr := c.keep(ctx, g, d, kept.all()); keepErr != nil {
		if errors.Is(keepErr, retention.ErrShredded) || p.Check(context.WithoutCancel(ctx)) != nil {
			return nil, fmt.Errorf("%w: the grant ended during the collection", consent.ErrNotPermitted)
		}
		return d, errors.Join(err, keepErr)
	}
	return d, err
}

// noteLinks tells the links what institutions said: an answer that asks for authentication means that the link needs it.
func (c *Client) noteLinks(ctx context.Context, g consent.Grant, d *model.Dossier) {
	asked := map[model.InstitutionID]bool{}
	for _, cov := range d.Coverage {
		for _, a := range cov.Attempts {
			if a.Method == model.API && a.Outcome == sources.Code(sources.ErrAuthentication) && !asked[cov.Institution] {
				asked[cov.Institution] = true
				_, err := c.consent.MoveLink(ctx, g.ID, cov.Institution, consent.LinkNeed, g.ValidUntil)
				if err != nil && !errors.Is(err, consent.ErrNotFound) && !errors.Is(err, consent.ErrTransition) {
					c.log.WarnContext(ctx, "link not noted", "institution", string(cov.Institution))
				}
			}
		}
	}
}

// schema is the version of the encoding of what the vault keeps.
const schema = 1

// partRecords is how many records go into one content: their JSON stays far below the vault's limit.
const partRecords = 20_000

// keep stores a dossier: per institution and category, and what it says about itself beside that.
func (c *Client) keep(ctx context.Context, g consent.Grant, d *model.Dossier, docs []document) error {
	insts := map[model.InstitutionID]bool{}
	for _, cov := range d.Coverage {
		insts[cov.Institution] = insts[cov.Institution] || cov.Obtained != model.ObtainedNone
	}
	var errs []error
	for _, inst := range g.Institutions {
		if !insts[inst] {
			continue
		}
		contents, err := contentsOf(d, inst)
		if err != nil {
			return err
		}
		for _, doc := range docs {
			if doc.info.Institution == inst {
				contents = append(contents, retention.Content{Category: retention.CategoryDocument, Name: doc.info.Digest.String(), Schema: schema, Body: doc.body})
			}
		}
		r := ref(g, string(inst))
		if err := c.vault.CreateLink(ctx, r, c.conf.Terms(g, inst)); err != nil {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, c.vault.Keep(ctx, r, contents, nil))
	}
	return errors.Join(errs...)
}

// contentsOf returns what is stored of one institution: for each category that was obtained, dossiers with its records, and
// one without records that holds the coverage of the others.
func contentsOf(d *model.Dossier, inst model.InstitutionID) ([]retention.Content, error) {
	var out []retention.Content
	about := part(d, inst, func(cov model.Coverage) bool { return cov.Obtained == model.ObtainedNone }, nil)
	about.Issues = d.Issues
	add := func(c model.Category, name string, p *model.Dossier) error {
		b, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("brondata: store: %w", err)
		}
		out = append(out, retention.Content{Category: c, Name: name, Schema: schema, Body: b})
		return nil
	}
	if err := add(retention.CategoryDossier, "", about); err != nil {
		return nil, err
	}
	for _, cov := range d.Coverage {
		if cov.Institution != inst || cov.Obtained == model.ObtainedNone {
			continue
		}
		var own []model.Record
		for _, r := range d.Records {
			if r.Category() == cov.Category && d.Documents[r.Head().Provenance.Document].Institution == inst {
				own = append(own, r)
			}
		}
		same := func(o model.Coverage) bool { return o.Category == cov.Category }
		for i := 0; i == 0 || len(own) > 0; i++ {
			n := min(len(own), partRecords)
			if err := add(cov.Category, strconv.Itoa(i), part(d, inst, same, own[:n])); err != nil {
				return nil, err
			}
			own = own[n:]
		}
	}
	return out, nil
}

// part returns a dossier with some records of one institution, the documents they point at, and some of its coverage.
func part(d *model.Dossier, inst model.InstitutionID, cover func(model.Coverage) bool, records []model.Record) *model.Dossier {
	out := &model.Dossier{Documents: []model.DocumentInfo{}, Records: []model.Record{}, Coverage: []model.Coverage{}, Issues: []model.Issue{}}
	index := map[int]int{}
	for _, r := range records {
		r = model.Clone(r)
		h := r.Head()
		at, ok := index[h.Provenance.Document]
		if !ok {
			at = len(out.Documents)
			index[h.Provenance.Document] = at
			out.Documents = append(out.Documents, d.Documents[h.Provenance.Document])
		}
		h.Provenance.Document = at
		out.Records = append(out.Records, r)
	}
	for _, cov := range d.Coverage {
		if cov.Institution == inst && cover(cov) {
			out.Coverage = append(out.Coverage, cov)
		}
	}
	return out
}

// stored reads back all that is kept under a grant.
func (c *Client) stored(ctx context.Context, by consent.Actor, g consent.Grant, why string) (*model.Dossier, error) {
	contents, err := c.vault.ReadGrant(ctx, access(by, g, why), ref(g, ""))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: nothing was collected", ErrNothing)
	}
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(contents, func(a, b retention.Content) int {
		return cmp.Or(cmp.Compare(a.Link, b.Link), cmp.Compare(a.Category, b.Category),
			len(a.Name)-len(b.Name), // parts are numbered
			cmp.Compare(a.Name, b.Name))
	})
	out := &model.Dossier{}
	index := map[string]int{}
	seen := map[string]bool{} // coverage: each part of a category carries it
	for _, ct := range contents {
		if ct.Category == retention.CategoryDocument {
			continue
		}
		// Another version of this library may have stored it.
		p, err := model.ReadDossier(ct.Body, &model.ReadOptions{KeepUnknown: true})
		clear(ct.Body)
		if err != nil || ct.Schema != schema {
			return nil, fmt.Errorf("brondata: what is stored cannot be read: %w", retention.ErrDamaged)
		}
		moved := make([]int, len(p.Documents))
		for i, doc := range p.Documents {
			key := string(doc.Institution) + " " + string(doc.Source) + " " + doc.Digest.String() + " " + doc.Retrieved.String()
			at, ok := index[key]
			if !ok {
				at = len(out.Documents)
				index[key] = at
				out.Documents = append(out.Documents, doc)
			}
			moved[i] = at
		}
		for _, r := range p.Records {
			h := r.Head()
			h.Provenance.Document = moved[h.Provenance.Document]
			out.Records = append(out.Records, r)
		}
		for _, cov := range p.Coverage {
			key := string(cov.Institution) + " " + string(cov.Category)
			if !seen[key] {
				seen[key] = true
				out.Coverage = append(out.Coverage, cov)
			}
		}
		for _, i := range p.Issues {
			if !slices.Contains(out.Issues, i) {
				out.Issues = append(out.Issues, i)
			}
		}
	}
	out.Match()
	return out, nil
}

// document is the bytes of a document that the grant says are kept.
type document struct {
	info model.DocumentInfo
	body []byte
}

type keptDocuments struct {
	mu   sync.Mutex
	docs []document
}

func (k *keptDocuments) keep(ctx context.Context, info model.DocumentInfo, d sources.Document) error {
	b, err := io.ReadAll(d.Open(ctx))
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !slices.ContainsFunc(k.docs, func(o document) bool { return o.info.Digest == info.Digest && o.info.Institution == info.Institution }) {
		k.docs = append(k.docs, document{info, b})
	}
	return nil
}

func (k *keptDocuments) all() []document {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.docs
}
