package sources

import (
	"context"
	"crypto/sha256"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/brondata/brondata/model"
)

func itoa(n int) string { return strconv.Itoa(n) }

// grace is how long a source may go on after its time is up before it is left behind. A source that obeys its context
// never gets there.
const grace = 3 * time.Second

// visit is the work on one institution in one collection.
type visit struct {
	c       *collection
	inst    model.InstitutionID
	sources []candidate

	mu        sync.Mutex // a source that was left behind may still deliver
	documents []model.DocumentInfo
	records   []model.Record
	periods   []period
	unsaid    bool // a document did not say what it covers, or not all of it
	asked     []model.Category
	got       map[model.Category]*obtained
	attempts  []attempt
}

// obtained is what is known of one category.
type obtained struct {
	done     bool // a source brought all of it
	method   model.Method
	balanced model.Check
}

// unbalance notes that what was read does not tell whether all of it adds up.
func (g *obtained) unbalance(c model.Category) {
	if c == model.CategoryTransaction || c == model.CategoryBalance {
		g.balanced = g.balanced.Worse(model.CheckNot)
	}
}

type attempt struct {
	model.Attempt
	categories []model.Category
}

func newVisit(c *collection, inst model.InstitutionID) *visit {
	v := &visit{c: c, inst: inst, got: map[model.Category]*obtained{}}
	v.sources = v.candidates()
	known, ok := v.known()
	for _, cat := range c.scope.Categories() {
		// Where nothing is known of the institution, everything that was asked is missing; else what it does not have is not asked.
		if !ok || slices.Contains(known, cat) {
			v.asked = append(v.asked, cat)
			v.got[cat] = &obtained{}
		}
	}
	return v
}

// run tries the institution's sources in turn.
func (v *visit) run(ctx context.Context) {
	v.c.event(Event{Kind: EventStarted, Institution: v.inst})
	for _, s := range v.sources {
		todo := v.todo(s.categories)
		if len(todo) == 0 || ctx.Err() != nil {
			continue
		}
		if !v.try(ctx, s.registeredSource, todo) {
			break
		}
	}
	v.c.event(v.status(Event{Kind: EventDone}))
}

type candidate struct {
	*registeredSource
	categories []model.Category
}

// candidates returns the sources that can serve the institution, in the order of their methods, then of registration.
func (v *visit) candidates() []candidate {
	var out []candidate
	for i := range v.c.registry.sources {
		s := &v.c.registry.sources[i]
		cats := s.desc.Categories
		switch {
		case s.desc.Institution == v.inst:
		case s.desc.Institution == "" && s.desc.Method == model.File && len(v.c.files[v.inst]) > 0:
			cats = v.fileCategories()
		default:
			continue
		}
		out = append(out, candidate{s, cats})
	}
	slices.SortStableFunc(out, func(a, b candidate) int { return int(a.desc.Method) - int(b.desc.Method) })
	return out
}

// known returns the categories that the institution's sources have or, where there are none, its own formats. It reports false
// where there are none of these either.
func (v *visit) known() (out []model.Category, ok bool) {
	for _, s := range v.sources {
		out, ok = append(out, s.categories...), true
	}
	if ok {
		return out, true
	}
	for _, f := range v.c.registry.formats {
		if f.Institution == v.inst {
			out, ok = append(out, f.reader.Categories()...), true
		}
	}
	return out, ok
}

// fileCategories returns what the readers of the institution's files can emit.
func (v *visit) fileCategories() []model.Category {
	var out []model.Category
	for _, c := range model.Categories() {
		for _, d := range v.c.files[v.inst] {
			f := v.c.registry.format(d.Format)
			if f == nil || f.declared[rank(c)] { // a format that is not known yet may hold anything
				out = append(out, c)
				break
			}
		}
	}
	return out
}

func (v *visit) todo(cats []model.Category) []model.Category {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []model.Category
	for _, c := range v.asked {
		if slices.Contains(cats, c) && !v.got[c].done {
			out = append(out, c)
		}
	}
	return out
}

// try runs one source and notes what came of it. It reports whether the next source may be tried.
func (v *visit) try(ctx context.Context, s *registeredSource, todo []model.Category) bool {
	a := &run{visit: v, source: s, todo: todo, failed: map[model.Category]bool{}, read: map[model.Category]bool{}, groups: map[string]int{}}
	a.attempt = attempt{
		Attempt:    model.Attempt{Source: s.desc.ID, Method: s.desc.Method, Started: v.c.now().UTC()},
		categories: todo,
	}
	v.c.event(v.status(Event{Kind: EventAttempt, Source: s.desc.ID, Method: s.desc.Method}))
	err := permitted(ctx, v.c.permit)
	if err == nil {
		err = a.fetch(ctx)
	}
	if err == nil && a.silent() != nil {
		a.report(a.silent(), nil)
	}
	// A source that fails is no reason not to try the institution's others; a permit that has ended, or cannot be asked, is.
	stop := err != nil && permitted(ctx, v.c.permit) != nil
	v.mu.Lock()
	a.over = true
	a.fetchErr = err
	if err == nil {
		err = a.firstErr
	}
	a.attempt.Outcome = Code(err)
	v.attempts = append(v.attempts, a.attempt)
	for _, c := range todo {
		g := v.got[c]
		// A source that ends without an error brought all that it was asked for; a file holds what its format can hold.
		whole, brought := a.read[c]
		complete := a.fetchErr == nil && !a.failed[c] && (whole || !brought && s.desc.Method != model.File)
		if !complete && brought {
			g.unbalance(c) // what did not come may be what the balances are about
		}
		if complete || brought {
			g.method = s.desc.Method
		}
		g.done = g.done || complete
	}
	v.mu.Unlock()
	v.c.event(v.status(Event{Kind: EventEnded, Source: s.desc.ID, Method: s.desc.Method, Outcome: Code(err)}))
	if err != nil {
		e := wrap(err, Error{Op: OpFetch, Source: s.desc.ID, Institution: v.inst})
		v.c.log.LogAttrs(ctx, levelOf(err), "source failed", attrs(e)...)
	}
	return !stop
}

func (v *visit) status(e Event) Event {
	v.mu.Lock()
	defer v.mu.Unlock()
	e.Institution, e.Documents, e.Records = v.inst, len(v.documents), len(v.records)
	return e
}

// run is one source at work. Its fields are guarded by the visit's mutex.
type run struct {
	*visit
	source   *registeredSource
	todo     []model.Category
	attempt  attempt
	failed   map[model.Category]bool // a document or the source itself said that the category is incomplete
	read     map[model.Category]bool // a document that can hold the category was read; false: it holds single entries only
	firstErr error                   // of a document, or what the source reported and went on after
	fetchErr error                   // why the source did not finish
	groups   map[string]int          // the number of each group of documents, from 1
	refused  error                   // the first access to an account that was not allowed
	reported bool                    // the source said that something is incomplete
	over     bool                    // the source was left behind: nothing counts any more
}

// silent returns why an access was refused to a source that then went on as if nothing were missing.
func (a *run) silent() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.reported {
		return nil
	}
	return a.refused
}

// fetch runs the source in a goroutine of its own, so that one that does not obey its context is left behind.
func (a *run) fetch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, a.c.limits.SourceTime)
	defer cancel()
	opts := SessionOptions{
		Institution: a.inst, HTTP: a.c.http, Limits: a.c.limits, Files: a.c.files[a.inst], Presence: a.c.permit.Presence(),
		Access: func(ctx context.Context, account string) error {
			err := accessError(a.c.permit.Access(ctx, a.inst, account))
			a.mu.Lock()
			defer a.mu.Unlock()
			if a.refused == nil {
				a.refused = err
			}
			return err
		},
		State: underPermit(a.c.o.State, a.c.permit), Now: a.c.now,
		Log: a.c.log.With("source", string(a.source.desc.ID), "institution", string(a.inst)),
	}
	if h, ok := a.c.in.Handovers[a.inst]; ok && a.source.desc.Method == model.Scrape {
		opts.Handover = &h
	}
	s, err := NewSession(a.source.desc, opts)
	if err != nil {
		return err
	}
	s.failed = a.report
	q := Query{Institution: a.inst, Scope: only(a.c.scope, a.todo), LegalBasis: a.c.wide.LegalBasis}
	done := make(chan error, 1)
	go func() {
		defer s.Close()
		err := a.guarded(ctx, s, q)
		s.Close() // before anybody goes on: the next call may need what the session holds
		done <- err
	}()
	select {
	case err = <-done:
	case <-ctx.Done():
		select {
		case err = <-done:
		case <-time.After(grace):
			s.Close() // what is left behind makes no request any more
			err = ctx.Err()
		}
	}
	if err == nil {
		err = ctx.Err() // a source that swallowed the end of its context did not finish
	}
	return err
}

// guarded turns a panic of the source into an error without its text.
func (a *run) guarded(ctx context.Context, s *Session, q Query) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = Errorf(ErrAdapter, "the source panicked with a value of type %T", r)
		}
	}()
	return a.source.Fetch(ctx, s, q, func(d Document) error { return a.deliver(ctx, d) })
}

// only returns the part of the scope with the given categories.
func only(s model.Scope, cs []model.Category) model.Scope {
	out := model.Scope{Since: s.Since}
	for _, b := range s.Baskets {
		if slices.Contains(cs, b.Category) {
			out.Baskets = append(out.Baskets, b)
		}
	}
	return out
}

// report notes that a source could not bring all of some categories but goes on.
func (a *run) report(err error, cs []model.Category) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		return
	}
	if err == nil {
		err = Errorf(ErrAdapter, "the source told of a failure without saying which")
	}
	if len(cs) == 0 {
		cs = a.todo
	}
	a.reported = true
	if a.firstErr == nil {
		a.firstErr = err
	}
	for _, c := range cs {
		a.failed[c] = true
	}
}

// deliver takes one document: permit, limits, digest, reading, reconciling. A document that cannot be read does not stop
// the source.
func (a *run) deliver(ctx context.Context, d Document) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := permitted(ctx, a.c.permit); err != nil {
		return err
	}
	a.mu.Lock()
	if a.over {
		a.mu.Unlock()
		return context.Canceled
	}
	if a.attempt.Documents == a.c.limits.Documents {
		a.mu.Unlock()
		err := Errorf(ErrLimit, "more than %d documents", a.c.limits.Documents)
		a.report(err, a.todo) // a source that takes no for an answer did not bring all either
		return err
	}
	a.attempt.Documents++
	ordinal, index := a.attempt.Documents, len(a.documents)
	group := 0
	if d.Group != "" {
		if a.groups[d.Group] == 0 {
			a.groups[d.Group] = len(a.groups) + 1
		}
		group = a.groups[d.Group]
	}
	// The place in the list is taken now: records point at it.
	info := model.DocumentInfo{
		Institution: a.inst, Source: a.source.desc.ID, Method: a.source.desc.Method, Retrieved: a.c.now().UTC(), Group: group,
	}
	a.documents = append(a.documents, info)
	a.mu.Unlock()
	var (
		w      *reading
		digest model.Digest
		err    error
	)
	if body, bad := bodyOf(d.Body); bad != nil {
		err = bad
	} else if body.size > a.c.limits.DocumentBytes {
		err = Errorf(ErrTooLarge, "more than %d bytes", a.c.limits.DocumentBytes)
	} else {
		d.Body = body // all that follows sees the same size
		if digest, err = digestOf(ctx, d); err == nil {
			q := a.c.wide
			q.Institution = a.inst
			w, err = a.c.registry.read(ctx, d, q, a.c.limits, index)
		}
	}
	balanced := model.Check("")
	if w != nil {
		balanced = w.reconcile(err != nil)
	}
	var issues []model.Issue
	if w != nil {
		issues = w.issues
	}
	if err != nil && !slices.Contains(issues, model.Doubt(issueOf(err), "")) {
		issues = append(issues, model.Doubt(issueOf(err), ""))
	}
	if err == nil && a.c.o.Keep != nil && a.c.permit.KeepDocuments() {
		// The reading may have taken long: nothing is kept after a revoke, nor of a source that was left behind.
		if err = permitted(ctx, a.c.permit); err == nil {
			info.Digest, info.Format = digest, w.format
			err = a.c.o.Keep(ctx, info, d)
		}
	}
	if !a.note(index, digest, w, issues, balanced, err) {
		return context.Canceled
	}
	outcome := Code(err)
	a.c.event(a.status(Event{Kind: EventDocument, Source: a.source.desc.ID, Method: a.source.desc.Method, File: d.file, Outcome: outcome}))
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		e := wrap(err, Error{Op: OpRead, Source: a.source.desc.ID, Institution: a.inst, Document: ordinal})
		as := attrs(e)
		if d.file > 0 {
			as = append(as, slog.Int("file", d.file))
		}
		a.c.log.LogAttrs(ctx, levelOf(err), "document not read whole", as...)
	}
	return nil
}

// note keeps what was read of a document. It reports false where the source was left behind meanwhile.
func (a *run) note(index int, digest model.Digest, w *reading, issues []model.Issue, balanced model.Check, err error) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		return false
	}
	info := &a.documents[index]
	info.Digest, info.Issues = digest, issues
	if err != nil && a.firstErr == nil {
		a.firstErr = err
	}
	var f *registeredFormat
	if w != nil {
		info.Format = w.format
		f = a.c.registry.format(w.format)
		if a.source.desc.Assumed {
			for _, r := range w.records {
				h := r.Head()
				h.Issues = append(h.Issues, model.Doubt(model.IssueUnverified, ""))
			}
		}
		a.records = append(a.records, w.records...)
	}
	for _, c := range a.todo {
		if f != nil && !f.declared[rank(c)] {
			continue
		}
		if c == model.CategoryTransaction || c == model.CategoryBalance {
			if err != nil || lacks(info.Issues) {
				balanced = balanced.Worse(model.CheckNot) // nobody knows what the rest holds
			}
			g := a.got[c]
			g.balanced = g.balanced.Worse(balanced)
		}
		if err != nil || lacks(info.Issues) {
			a.failed[c] = true
		}
		a.unsaid = a.unsaid || c == model.CategoryTransaction && (err != nil || w == nil || len(w.periods) == 0)
		if err != nil && (w == nil || len(w.records) == 0) {
			continue
		}
		a.read[c] = a.read[c] || !entriesOnly(info.Issues) || len(w.periods) > 0
		if c == model.CategoryTransaction && w != nil {
			a.periods = append(a.periods, w.periods...)
		}
	}
	return true
}

func digestOf(ctx context.Context, d Document) (model.Digest, error) {
	h := sha256.New()
	if _, err := io.CopyBuffer(h, d.Open(ctx), make([]byte, 256<<10)); err != nil {
		return model.Digest{}, err
	}
	return model.Digest(h.Sum(nil)), nil
}

// coverage says for each category that was asked what came of it. Records are counted after they were minimised.
func (v *visit) coverage(subject *model.Person) []model.Coverage {
	same := sameSubject(v.records, subject)
	var out []model.Coverage
	h := historyOf(v.periods)
	for _, c := range v.asked {
		g := v.got[c]
		cov := model.Coverage{
			Institution: v.inst, Category: c, Obtained: model.ObtainedNone, Method: g.method, Subject: same,
		}
		for _, a := range v.attempts {
			if slices.Contains(a.categories, c) {
				cov.Attempts = append(cov.Attempts, a.Attempt)
			}
		}
		switch {
		case g.done:
			cov.Obtained = model.ObtainedAll
		case slices.ContainsFunc(v.records, func(r model.Record) bool { return r.Category() == c }):
			cov.Obtained = model.ObtainedPart
		}
		if c == model.CategoryTransaction || c == model.CategoryBalance {
			cov.Balanced = g.balanced
			if cov.Balanced == "" {
				cov.Balanced = model.CheckNot
			}
			if h.torn {
				cov.Balanced = model.CheckNo
			}
		}
		if c == model.CategoryTransaction {
			v.history(h, &cov)
		}
		out = append(out, cov)
	}
	return out
}

// history says what the documents cover of the accounts' time.
func (v *visit) history(h history, cov *model.Coverage) {
	if today := model.DateOf(v.c.now().UTC()); today.AddDays(1).Before(h.until) { // the day may have come where the statement was made
		h.until = today.AddDays(-1) // a period that is not over yet
	}
	cov.Since, cov.Until = h.since, h.until
	cov.HistoryCut = !h.since.IsZero() && v.c.scope.Since.Earliest().Before(h.since)
	if !v.unsaid && v.c.scope.HasField(model.CategoryTransaction, "account") {
		cov.Accounts = h.accounts
	}
}
