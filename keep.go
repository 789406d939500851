package brondata

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
)

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
	if sha256.Sum256(b) != info.Digest {
		return sources.Errorf(sources.ErrAdapter, "the document changed since it was read")
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

// keep stores what came from each institution.
func (c *Client) keep(ctx context.Context, by consent.Actor, g consent.Grant, d *model.Dossier, docs []document, add bool) error {
	insts := map[model.InstitutionID]bool{}
	for _, cov := range d.Coverage {
		insts[cov.Institution] = insts[cov.Institution] || cov.Obtained != model.ObtainedNone || add && broken(cov)
	}
	var errs []error
	for _, inst := range g.Institutions {
		if insts[inst] {
			k := &keeping{c: c, by: by, g: g, inst: inst, d: d, add: add}
			for _, doc := range docs {
				if doc.info.Institution == inst {
					k.docs = append(k.docs, retention.Content{Category: retention.CategoryDocument, Name: doc.info.Digest.String(), Body: doc.body})
				}
			}
			errs = append(errs, k.run(ctx))
		}
	}
	return errors.Join(errs...)
}

// keeping stores what a collection brought from one institution.
type keeping struct {
	c    *Client
	by   consent.Actor
	g    consent.Grant
	inst model.InstitutionID
	d    *model.Dossier // what the collection brought; not changed
	docs []retention.Content
	add  bool
}

func (k *keeping) run(ctx context.Context) error {
	// What is read here is what is replaced: two at once would lose what one of them adds.
	l, err := k.c.lease(ctx, k.g.ID, "kept/"+string(k.inst))
	if err != nil {
		return err
	}
	defer l.end(ctx)
	r := ref(k.g, string(k.inst))
	if err := k.c.vault.CreateLink(ctx, r, k.c.conf.Terms(k.g, k.inst)); err != nil {
		return err
	}
	for try := 0; ; try++ {
		err := k.once(ctx, l, r)
		// What was to be carried over may end at this moment, or one that lost its lease be a moment faster: look again.
		again := errors.Is(err, retention.ErrExpired) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, retention.ErrConflict)
		if !again || errors.Is(err, errLeaseLost) || try == 2 {
			return err
		}
	}
}

// once looks at what is kept and stores what is to be kept, unless something else is there by then.
func (k *keeping) once(ctx context.Context, l *lease, r retention.Ref) error {
	have, err := k.c.vault.Status(ctx, r.Grant, r.Link)
	if err != nil {
		return err
	}
	m, err := k.merged(ctx, r, have)
	if err != nil {
		return err
	}
	// Who took the lease before this may have stored what is newer; who takes it later stores what was not there at first.
	if err := l.check(ctx); err != nil {
		return err
	}
	return k.c.vault.KeepDossier(ctx, r, &m.Dossier, m.docs, &retention.KeepOptions{Stored: m.stored, Seen: &have})
}

// merged is what is to be stored: of each category what the collection brought, nothing where what is there stays, or both.
type merged struct {
	model.Dossier
	docs   []retention.Content
	stored map[model.Category]time.Time // since when what is carried over is kept

	places map[docKey]int
	groups map[groupKey]int
	group  int // the last one given
}

type docKey struct {
	source    model.SourceID
	format    model.FormatID
	digest    model.Digest
	retrieved int64
	nth       int
}

type groupKey struct {
	stored int64 // 0 for the collection's own
	group  int
}

// merged compares what the collection brought with what is kept.
func (k *keeping) merged(ctx context.Context, r retention.Ref, have retention.LinkStatus) (*merged, error) {
	since := map[model.Category]time.Time{}
	for _, it := range have.Items {
		if at, ok := since[it.Category]; !ok || it.Stored.Before(at) {
			since[it.Category] = it.Stored
		}
	}
	var look []model.Category
	for _, cov := range k.d.Coverage {
		_, kept := since[cov.Category]
		if cov.Institution == k.inst && kept && k.compares(cov) {
			look = append(look, cov.Category)
		}
	}
	if _, ok := since[retention.CategoryDossier]; ok && (k.add || len(look) > 0) {
		look = append(look, retention.CategoryDossier)
	}
	if len(look) == 0 {
		return &merged{Dossier: *k.d, docs: k.docs}, nil
	}
	if _, ok := since[retention.CategoryDocument]; ok && len(k.docs) > 0 {
		look = append(look, retention.CategoryDocument)
	}
	old, err := k.c.vault.Read(ctx, access(k.by, k.g, "keep"), r, look...)
	if errors.Is(err, retention.ErrDamaged) {
		return &merged{Dossier: *k.d, docs: k.docs}, nil // nobody can read it any more
	}
	if err != nil {
		return nil, err
	}
	return k.merge(old, since)
}

// compares reports whether what is kept of a category matters to what becomes of it.
func (k *keeping) compares(now model.Coverage) bool {
	switch {
	case now.Obtained == model.ObtainedNone:
		return k.add && broken(now)
	case k.add || now.Method == model.File:
		return true
	}
	return !now.Complete()
}

// merge puts both together. The collection's own documents keep their places, for its records are the caller's as well.
func (k *keeping) merge(old []retention.Content, since map[model.Category]time.Time) (*merged, error) {
	m := &merged{
		Dossier: model.Dossier{Documents: slices.Clone(k.d.Documents), Issues: slices.Clone(k.d.Issues)}, stored: map[model.Category]time.Time{},
		// Numbers that no other content of the link has, for reading tells groups apart by when they were stored.
		places: map[docKey]int{}, groups: map[groupKey]int{}, group: int(rand.Int32N(1 << 30)),
	}
	for i := range m.Documents {
		if doc := &m.Documents[i]; doc.Institution == k.inst {
			doc.Group = m.groupOf(groupKey{0, doc.Group})
		}
	}
	stays, cover := map[model.Category]bool{}, map[model.Category]model.Coverage{}
	var rest []model.Coverage
	for _, c := range old {
		if c.Category == retention.CategoryDocument {
			continue
		}
		d := new(model.Dossier)
		if d.UnmarshalJSON(c.Body) != nil {
			return nil, retention.ErrDamaged // the decoder's error may say what is there
		}
		clear(c.Body) // the records hold copies
		if c.Category == retention.CategoryDossier {
			rest = d.Coverage
			for _, is := range d.Issues {
				if !slices.Contains(m.Issues, is) {
					m.Issues = append(m.Issues, is)
				}
			}
			continue
		}
		i := slices.IndexFunc(d.Coverage, func(cov model.Coverage) bool { return cov.Category == c.Category })
		if i < 0 {
			continue // nothing is known of it: it is replaced
		}
		was := d.Coverage[i]
		switch now := k.coverage(c.Category); {
		case k.add:
			n := m.carry(c, d, k.again(c.Category))
			cover[c.Category] = k.combined(d, was, now, n)
			if n > 0 {
				m.stored[c.Category] = since[c.Category]
			}
		case rank(was) > rank(now), now.Method == model.File && history(c.Category) && k.loses(d, was, now):
			stays[c.Category] = true
		}
	}
	for _, was := range rest {
		_, kept := since[was.Category]
		if now := k.coverage(was.Category); k.add && !kept && now.Category != "" && (was.Obtained == model.ObtainedPart || broken(was)) {
			cover[was.Category] = k.combined(nil, was, now, 0)
		}
	}
	for _, r := range k.d.Records {
		if !k.own(r) || !stays[r.Category()] {
			m.Records = append(m.Records, r)
		}
	}
	for _, cov := range k.d.Coverage {
		switch both, ok := cover[cov.Category]; {
		case cov.Institution != k.inst:
		case ok:
			cov = both
		case stays[cov.Category]:
			// For when what stays is over.
			cov = model.Coverage{Institution: k.inst, Category: cov.Category, Obtained: model.ObtainedNone, Attempts: cov.Attempts}
		}
		m.Coverage = append(m.Coverage, cov)
	}
	for _, cov := range rest {
		if k.coverage(cov.Category).Category == "" {
			m.Coverage = append(m.Coverage, cov)
		}
	}
	k.documents(m, old, stays, since)
	return m, m.empty(old, cover, since)
}

// empty adds what the vault does not take from a dossier: that of a category of which all was kept, and that was nothing, there
// is now a part, and nothing still.
func (m *merged) empty(old []retention.Content, cover map[model.Category]model.Coverage, since map[model.Category]time.Time) error {
	for _, c := range old {
		cov, ok := cover[c.Category]
		if !ok || cov.Obtained == model.ObtainedAll || slices.ContainsFunc(m.Records, func(r model.Record) bool { return r.Category() == c.Category }) {
			continue
		}
		b, err := (&model.Dossier{Coverage: []model.Coverage{cov}}).MarshalJSON()
		if err != nil {
			return err
		}
		m.docs = append(m.docs, retention.Content{Category: c.Category, Schema: c.Schema, Body: b})
		m.stored[c.Category] = since[c.Category]
	}
	return nil
}

// documents chooses the bodies: of what is stored now, and those that are kept already.
func (k *keeping) documents(m *merged, old []retention.Content, stays map[model.Category]bool, since map[model.Category]time.Time) {
	of, stored := map[string]bool{}, map[string]bool{}
	for _, r := range k.d.Records {
		if k.own(r) {
			name := k.d.Documents[r.Head().Provenance.Document].Digest.String()
			of[name] = true
			stored[name] = stored[name] || !stays[r.Category()]
		}
	}
	for _, doc := range k.docs {
		if stored[doc.Name] || !of[doc.Name] {
			m.docs = append(m.docs, doc)
		}
	}
	if len(m.docs) == 0 {
		return // those that are there stay
	}
	for _, c := range old {
		if c.Category == retention.CategoryDocument && !slices.ContainsFunc(m.docs, func(d retention.Content) bool { return d.Name == c.Name }) {
			m.docs = append(m.docs, retention.Content{Category: c.Category, Name: c.Name, Schema: c.Schema, Body: c.Body})
			m.stored[c.Category] = since[c.Category]
		}
	}
}

// own reports whether a record of the collection came from the institution.
func (k *keeping) own(r model.Record) bool {
	n := r.Head().Provenance.Document
	return n >= 0 && n < len(k.d.Documents) && k.d.Documents[n].Institution == k.inst // the vault refuses one that points at none
}

// coverage returns what the collection says of a category; the zero value where it was not asked.
func (k *keeping) coverage(c model.Category) model.Coverage {
	for _, cov := range k.d.Coverage {
		if cov.Institution == k.inst && cov.Category == c {
			return cov
		}
	}
	return model.Coverage{}
}

// again returns the digests of the documents that the collection read records of a category from.
func (k *keeping) again(c model.Category) map[model.Digest]bool {
	out := map[model.Digest]bool{}
	for _, r := range k.d.Records {
		if r.Category() == c && k.own(r) {
			out[k.d.Documents[r.Head().Provenance.Document].Digest] = true
		}
	}
	return out
}

// carry takes over the records of a content that are not of the documents that were handed over again, and returns how many.
func (m *merged) carry(c retention.Content, d *model.Dossier, again map[model.Digest]bool) int {
	places, seen := make([]int, len(d.Documents)), map[docKey]int{}
	for i, doc := range d.Documents {
		key := docKey{doc.Source, doc.Format, doc.Digest, doc.Retrieved.UnixNano(), 0}
		seen[key]++
		key.nth = seen[key]
		at, ok := m.places[key]
		if !ok && !again[doc.Digest] {
			at = len(m.Documents)
			m.places[key] = at
			doc.Group = m.groupOf(groupKey{c.Stored.UnixMilli(), doc.Group})
			m.Documents = append(m.Documents, doc)
		}
		places[i] = at
	}
	n := 0
	for _, r := range d.Records {
		h := r.Head()
		if at := h.Provenance.Document; at >= 0 && at < len(places) && !again[d.Documents[at].Digest] {
			h.Provenance.Document = places[at]
			m.Records = append(m.Records, r)
			n++
		}
	}
	return n
}

func (m *merged) groupOf(k groupKey) int {
	if k.group == 0 {
		return 0
	}
	if m.groups[k] == 0 {
		m.group++
		m.groups[k] = m.group
	}
	return m.groups[k]
}
