package sources

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/internal/foreign"
	"github.com/brondata/brondata/model"
)

// Retriever collects: it works through the institutions of a permit, lets their sources fetch and the normalizers read,
// reconciles and matches, and reduces everything to the scope before it returns. It does for every adapter what no
// adapter should do for itself: permit checks, the guarded client, limits, timeouts, hashing, provenance, errors.
//
// A Retriever is safe for concurrent use.
type Retriever struct {
	registry *Registry
	http     HTTPOptions
	limits   Limits
	log      *slog.Logger
	now      func() time.Time
}

// RetrieverOptions are options of [NewRetriever].
type RetrieverOptions struct {
	HTTP   HTTPOptions
	Limits Limits
	Log    *slog.Logger     // gets names, counts and ids of grants, never values; nothing is logged where nil
	Now    func() time.Time // time.Now where nil
}

// NewRetriever returns a retriever over the registry, which must not change from now on.
func NewRetriever(g *Registry, o *RetrieverOptions) (*Retriever, error) {
	if g == nil {
		return nil, fmt.Errorf("sources: a retriever needs a registry: %w", ErrConfig)
	}
	if o == nil {
		o = &RetrieverOptions{}
	}
	r := &Retriever{registry: g, http: o.HTTP, limits: o.Limits.withDefaults(), log: o.Log, now: o.Now}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if r.now == nil {
		r.now = time.Now
	}
	return r, nil
}

// Input is what the host hands to a collection. All of it is optional.
type Input struct {
	// Files are what the subject downloaded at institutions. A file belongs to the institution it names, else to that of
	// its format, else to the only institution of the grant. One that belongs to none of the grant, or whose format is
	// another institution's than it names, is not read: the dossier has an issue with its number, and an [EventFile] and the log say
	// why. Who wants to ask the subject first calls [Registry.Detect].
	Files []Document
	// Handovers are the subject's own authenticated sessions at portals.
	Handovers map[model.InstitutionID]Handover
	// Subject is who the host knows the subject to be. With it, coverage says whether the documents are that person's: yes
	// where they have a person record with the same BSN, where both have one, else with a birth date and a family name that
	// agree; no where one of these contradicts; not checkable otherwise. Names of owners of accounts do not count, so of
	// statements alone it cannot be checked.
	Subject *model.Person
}

// CollectOptions are options of [Retriever.Collect].
type CollectOptions struct {
	// State holds the connections of the grant.
	State State
	// Progress is told what happens, one event at a time, on goroutines of the collection: it must return soon.
	Progress func(Event)
	// Keep takes the documents where the grant says that documents are kept. Its error counts as the document's.
	Keep func(ctx context.Context, info model.DocumentInfo, d Document) error
}

// EventKind is what happened.
type EventKind string

// The events. An institution starts once, then each attempt starts, brings documents, and ends.
const (
	EventStarted  EventKind = "started"  // work on the institution began
	EventAttempt  EventKind = "attempt"  // a source began
	EventDocument EventKind = "document" // a document was read, or failed to be: see Outcome
	EventEnded    EventKind = "ended"    // a source ended: see Outcome
	EventDone     EventKind = "done"     // work on the institution ended

	// EventFile says of a file, before all else, that it belongs to no institution of the grant and is not read: see Outcome.
	EventFile EventKind = "file"
)

// Event is one step of a collection. It holds names and counts only, so it may be logged and shown.
type Event struct {
	Kind        EventKind
	Institution model.InstitutionID
	Source      model.SourceID
	Method      model.Method
	Documents   int // so far, of the institution
	Records     int // so far, of the institution, before they are reduced to the scope
	// File is which of [Input.Files] an EventDocument or EventFile is about, from 1; 0 for none, or what a source made of one. A file
	// of which no event tells was not read: no source takes files, none was needed any more, or it ended before.
	File int
	// Outcome is "ok", or the [Code] of what went wrong. Of an EventFile it is the one of why its format is not known ("not-provided"
	// where it is empty); "ambiguous" where it is unclear whose it is, or its format is another institution's than it names; or
	// "not-permitted" where its institution is not in the grant.
	Outcome string
}

// Collect works through the permit's institutions, several at a time, and at each through its sources in the order of
// their methods, for the categories still incomplete. One that fails or is slow loses nothing that others brought: that
// is in the dossier, and the coverage says what happened.
//
// The error is nil also where the dossier is incomplete. It is not nil where nothing may be returned, as the permit ended
// ([ErrNotPermitted], without a dossier) or the consent store could not say whether it did (its error, and no dossier either), or
// where ctx ended (with what there is).
func (r *Retriever) Collect(ctx context.Context, p consent.Permit, in Input, o *CollectOptions) (*model.Dossier, error) {
	if o == nil {
		o = &CollectOptions{}
	}
	if err := permitted(ctx, p); err != nil {
		return nil, wrap(err, Error{Op: OpFetch})
	}
	if p.Action() != consent.ActionCollect {
		return nil, wrap(Errorf(ErrNotPermitted, "the permit is not one to collect"), Error{Op: OpFetch})
	}
	c := &collection{Retriever: r, permit: p, in: in, o: o, scope: p.Scope(), log: r.log.With("grant", string(p.Grant()))}
	c.wide = Query{Scope: widen(c.scope), LegalBasis: p.LegalBasis()}
	c.assignFiles(ctx)
	insts := slices.Sorted(slices.Values(p.Institutions()))
	results := make([]*visit, len(insts))
	slots := make(chan struct{}, r.limits.Institutions)
	var wg sync.WaitGroup
	for i, inst := range insts {
		results[i] = newVisit(c, inst) // what is asked is in the coverage even where ctx ends before the visit begins
		wg.Go(func() {
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
				results[i].run(ctx)
			case <-ctx.Done():
			}
		})
	}
	wg.Wait()
	// The permit is asked once more: after a revoke nothing may leave, not even what came in before it.
	if err := permitted(context.WithoutCancel(ctx), p); err != nil {
		return nil, wrap(err, Error{Op: OpFetch})
	}
	d := c.merge(results)
	if err := ctx.Err(); err != nil {
		return d, wrap(err, Error{Op: OpFetch})
	}
	return d, nil
}

// Asked returns what of a scope an institution is asked for as long as no file is handed over: what its sources have, or its own
// formats; all of the scope where none of them is registered.
func (r *Retriever) Asked(inst model.InstitutionID, s model.Scope) []model.Category {
	return newVisit(&collection{Retriever: r, scope: s}, inst).asked
}

// permitted asks the permit. Whatever it answers but nil means that nothing may be fetched, kept or returned.
func permitted(ctx context.Context, p consent.Permit) error {
	err := p.Check(ctx)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return ofPermit(err)
}

// ofPermit gives a permit's no the sentinel that callers branch on. Where the host's consent store failed, nobody said no: that
// error is the host's own, as one of its state is.
func ofPermit(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, consent.ErrLimit):
		return &refusal{ErrLimit, err}
	case errors.Is(err, consent.ErrNotPermitted):
		return &refusal{ErrNotPermitted, err}
	}
	return foreign.Own(err) // package consent has cut off what is not ours
}

// widen returns what the normalizers are asked to read in memory: whole records of the scope's categories, and what
// reconciling, matching and the check of the subject need. What is outside the scope goes before anything is returned.
func widen(s model.Scope) model.Scope {
	out := model.Scope{Since: model.Date{}} // a balance before the look-back date may be needed
	add := func(c model.Category) {
		if !out.Has(c) {
			b := model.Everything(c)
			if s.HasField(c, "bsn") {
				b.Fields = append(b.Fields, "bsn")
			}
			out.Baskets = append(out.Baskets, b)
		}
	}
	for _, b := range s.Baskets {
		add(b.Category)
		last := &out.Baskets[len(out.Baskets)-1]
		for _, f := range b.Fields {
			if f == "extra" || len(f) > 6 && f[:6] == "extra." {
				last.Fields = append(last.Fields, f)
			}
		}
	}
	if out.Has(model.CategoryTransaction) || out.Has(model.CategoryBalance) {
		add(model.CategoryAccount)
		add(model.CategoryBalance)
	}
	add(model.CategoryPerson)
	out.Since = s.Since
	return out
}

// collection is one call of Collect.
type collection struct {
	*Retriever
	permit consent.Permit
	log    *slog.Logger // names the grant
	in     Input
	o      *CollectOptions
	scope  model.Scope
	wide   Query
	files  map[model.InstitutionID][]Document
	issues []model.Issue // of files that belong to no institution

	progress sync.Mutex
}

func (c *collection) event(e Event) {
	if c.o.Progress == nil {
		return
	}
	c.progress.Lock()
	defer c.progress.Unlock()
	c.o.Progress(e)
}

// assignFiles gives each file to its institution. What belongs to none is an issue of the dossier, and the log says why.
func (c *collection) assignFiles(ctx context.Context) {
	c.files = map[model.InstitutionID][]Document{}
	ctx, cancel := context.WithTimeout(ctx, c.limits.SourceTime)
	defer cancel()
	insts := c.permit.Institutions()
	for i, d := range c.in.Files {
		d.file = i + 1
		own := model.InstitutionID("") // of the format
		body, bad := bodyOf(d.Body)
		unknown := bad // why the format cannot be told; where the institution can be, reading will say so once more
		switch {
		case bad != nil:
		case body.size > c.limits.DocumentBytes:
			unknown = Errorf(ErrTooLarge, "more than %d bytes", c.limits.DocumentBytes)
		default:
			probe := d
			probe.Body = body
			var id model.FormatID
			if id, unknown = c.registry.Detect(ctx, probe); unknown == nil {
				d.Format = id
				own = c.registry.format(id).Institution
			}
		}
		inst := cmp.Or(d.Institution, own)
		if inst == "" && len(insts) == 1 {
			inst = insts[0]
		}
		var err error
		issue := model.IssueConflict
		switch {
		case bad != nil, inst == "" && unknown != nil:
			err, issue = unknown, issueOf(unknown)
		case inst == "":
			err, issue = Errorf(ErrAmbiguous, "it is unclear which institution's it is"), model.IssueUnknown
		case own != "" && inst != own:
			err = Errorf(ErrAmbiguous, "its format is another institution's than it was said to be")
		case !slices.Contains(insts, inst):
			err = Errorf(ErrNotPermitted, "its institution is not in the grant")
		}
		if err != nil {
			e := wrap(err, Error{Op: OpDetect})
			c.issues = append(c.issues, model.Issue{Code: issue, At: model.AtPath("file " + itoa(d.file))})
			c.log.LogAttrs(ctx, slog.LevelWarn, "file not read", slog.Int("file", d.file), slog.String("code", Code(e)), slog.String("error", e.Error()))
			c.event(Event{Kind: EventFile, File: d.file, Outcome: Code(e)})
			continue
		}
		d.Institution = inst
		c.files[inst] = append(c.files[inst], d)
	}
}

// merge puts the visits together in the order of their institutions, matches, and reduces to the scope.
func (c *collection) merge(visits []*visit) *model.Dossier {
	d := &model.Dossier{Issues: c.issues}
	for _, v := range visits {
		v.mu.Lock()
		base := len(d.Documents)
		d.Documents = append(d.Documents, v.documents...)
		if d.Records == nil {
			d.Records = v.records // nearly always there are no others: what was left behind adds none any more
		} else {
			d.Records = append(d.Records, v.records...)
		}
		if base > 0 {
			for _, r := range v.records {
				r.Head().Provenance.Document += base
			}
		}
		d.Coverage = append(d.Coverage, v.coverage(c.in.Subject)...)
		v.mu.Unlock()
	}
	d.Match()
	d.Reduce(c.scope)
	return d
}
