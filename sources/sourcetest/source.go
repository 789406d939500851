package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// Setup is a source ready to fetch, with what it needs around it.
type Setup struct {
	Source sources.Source
	// Normalizers read what it delivers.
	Normalizers []sources.Normalizer
	// Session is what the session is made of: files, a handover, saved state, the certificates of a fake institution.
	// The suite sets Access and Log.
	Session sources.SessionOptions
	// Query is what to ask: everything that the setup has to give.
	Query sources.Query
	// Close stops what the setup started; nil where there is nothing.
	Close func()
}

// SourceOptions are options of [Source] and [CheckSource].
type SourceOptions struct {
	// Golden is the file with the records that the documents give.
	Golden string
	// Accounts is how many accounts the setup has; a document of one account names it in its attribute "account", as it named it
	// to [sources.Session.Account]. The rule on access slots needs at least two. 0 where the source's
	// institution does not count accesses. A document that is a page of a list says which in its attribute "page".
	Accounts int
	// Except names rules that are not checked. Say why where you set it.
	Except []Rule
}

// Source checks the contract of [sources.Source]: setup starts a fresh one for each rule. It must not run in parallel with
// other tests of the package: it counts goroutines.
func Source(t *testing.T, setup func() Setup, o *SourceOptions) {
	t.Helper()
	for _, v := range CheckSource(t.Context(), setup, o) {
		t.Errorf("%v", v)
	}
}

// CheckSource returns the breaches instead of failing a test.
func CheckSource(ctx context.Context, setup func() Setup, o *SourceOptions) []Violation {
	if o == nil {
		o = &SourceOptions{}
	}
	c := &sourceCheck{setup: setup, o: *o}
	c.whole(ctx)
	if c.refused {
		return c.out
	}
	c.stop(ctx)
	c.cancel(ctx)
	if o.Accounts > 0 {
		c.slots(ctx)
	}
	c.queries(ctx)
	return slices.DeleteFunc(c.out, func(v Violation) bool { return slices.Contains(o.Except, v.Rule) })
}

type sourceCheck struct {
	setup   func() Setup
	o       SourceOptions
	out     []Violation
	docs    int
	records []model.Record
	accts   []string
	refused bool // nothing works: the other rules would only repeat it
}

func (c *sourceCheck) breach(r Rule, detail string) {
	c.out = append(c.out, Violation{r, "source", detail})
}

// fetched is what one run of a source did.
type fetched struct {
	docs     int
	records  []model.Record
	issues   []model.Issue
	accounts []string             // of the documents, in the order of their first
	slots    []string             // in the order in which they were taken
	groups   map[[2]string]string // of the pages of one format and account
	named    []string             // all groups
	breaches []Violation
	log      string
	requests int // outside the session
	err      error
}

// paged checks the group of a page: without one, two equal records on two pages of a list pass for one fact.
func (f *fetched) paged(d sources.Document) {
	f.named = append(f.named, d.Group)
	if d.Attrs["page"] == "" {
		return
	}
	list := [2]string{string(d.Format), d.Attrs["account"]}
	had, ok := f.groups[list]
	switch {
	case d.Group == "":
		f.breaches = append(f.breaches, Violation{RuleGroup, "source", fmt.Sprintf("document %d is a page and names no group", f.docs)})
	case ok && had != d.Group && d.Attrs["page"] != "1":
		f.breaches = append(f.breaches, Violation{RuleGroup, "source", fmt.Sprintf("document %d is a page and has another group than the page before", f.docs)})
	}
	if f.groups == nil {
		f.groups = map[[2]string]string{}
	}
	f.groups[list] = d.Group
}

type fetchOptions struct {
	query   *sources.Query
	access  func(n int, account string) error
	deliver func(n int) error
}

// fetch runs a fresh setup once and reads what it delivers.
func (c *sourceCheck) fetch(ctx context.Context, o fetchOptions) (out fetched) {
	su := c.setup()
	if su.Close != nil {
		defer su.Close()
	}
	var registry sources.Registry
	for _, n := range su.Normalizers {
		if err := registry.AddNormalizer(hearing{n}); err != nil {
			out.err = err
			return out
		}
	}
	var log bytes.Buffer
	var mu sync.Mutex
	opts := su.Session
	opts.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	opts.Access = func(_ context.Context, account string) error {
		mu.Lock()
		defer mu.Unlock()
		out.slots = append(out.slots, account)
		if o.access != nil {
			return o.access(len(out.slots), account)
		}
		return nil
	}
	desc := su.Source.Describe()
	if !reflect.DeepEqual(desc, su.Source.Describe()) {
		out.breaches = append(out.breaches, Violation{RulePure, "source", "Describe differs between two calls"})
	}
	s, err := sources.NewSession(desc, opts)
	if err != nil {
		out.err = err
		return out
	}
	defer s.Close()
	q := su.Query
	if o.query != nil {
		q = *o.query
	}
	trip := newTripwire(false)
	defer func() { out.requests = trip.restore() }()
	out.err = su.Source.Fetch(ctx, s, q, func(d sources.Document) error {
		out.docs++
		if a := d.Attrs["account"]; a != "" && !slices.Contains(out.accounts, a) {
			out.accounts = append(out.accounts, a)
			mu.Lock()
			if !slices.Contains(out.slots, a) && c.o.Accounts > 0 {
				out.breaches = append(out.breaches, Violation{RuleSlot, "source", "a document of an account came before the account took its slot"})
			}
			mu.Unlock()
		}
		out.paged(d)
		r, err, _ := readHeard(ctx, &registry, d, q)
		if err != nil {
			out.breaches = append(out.breaches, Violation{RuleError, "source", fmt.Sprintf("document %d cannot be read: %s", out.docs, explain(err))})
		}
		for _, rec := range r.Records {
			if !slices.Contains(desc.Categories, rec.Category()) {
				out.breaches = append(out.breaches, Violation{RuleDeclared, "source", "a document held a category that the source does not declare: " + string(rec.Category())})
			}
		}
		out.records = append(out.records, r.Records...)
		out.issues = append(out.issues, r.Issues...)
		if o.deliver != nil {
			return o.deliver(out.docs)
		}
		return nil
	})
	if !reflect.DeepEqual(desc, su.Source.Describe()) {
		out.breaches = append(out.breaches, Violation{RulePure, "source", "Describe differs after fetching"})
	}
	out.log = log.String()
	return out
}

// whole fetches everything and checks what one run shows.
func (c *sourceCheck) whole(ctx context.Context) {
	before := goleak.IgnoreCurrent()
	f := c.fetch(ctx, fetchOptions{})
	c.out = append(c.out, f.breaches...)
	if f.err != nil {
		rule := RuleError
		if errors.Is(f.err, sources.ErrHost) {
			rule = RuleDeclared
		}
		c.breach(rule, "fetching everything failed: "+f.err.Error())
		c.refused = true
		return
	}
	if f.docs == 0 || len(f.records) == 0 {
		c.breach(RuleGolden, "the setup delivered nothing: nothing was checked")
		c.refused = true
		return
	}
	c.docs, c.records, c.accts = f.docs, f.records, f.accounts
	if err := golden(c.o.Golden, &sources.Reading{Records: f.records, Issues: f.issues}); err != nil {
		c.breach(RuleGolden, err.Error())
	}
	if f.requests > 0 {
		c.breach(RuleNoNetwork, fmt.Sprintf("%d requests went around the session's client", f.requests))
	}
	if v := valuesOf(f.records).in(f.log); v != "" {
		c.breach(RulePrivate, fmt.Sprintf("the log holds the value %q", v))
	}
	for _, group := range f.named {
		if v := valuesOf(f.records).in(group); v != "" {
			c.breach(RulePrivate, fmt.Sprintf("a document's group holds the value %q", v))
			break
		}
	}
	if c.o.Accounts > 0 && len(f.accounts) != c.o.Accounts {
		c.breach(RuleSlot, fmt.Sprintf("documents of %d accounts came, the setup has %d: a document of one account must name it in the attribute \"account\"", len(f.accounts), c.o.Accounts))
	}
	if err := goleak.Find(before); err != nil {
		c.breach(RuleLeak, "a goroutine is still running after Fetch returned: "+err.Error())
	}
}

var errStop = errors.New("stop here")

func (c *sourceCheck) stop(ctx context.Context) {
	f := c.fetch(ctx, fetchOptions{deliver: func(int) error { return errStop }})
	if !errors.Is(f.err, errStop) || f.docs != 1 {
		c.breach(RuleStop, fmt.Sprintf("deliver refused the first document, but %d came and the error is %v", f.docs, f.err))
	}
}

func (c *sourceCheck) cancel(ctx context.Context) {
	before := goleak.IgnoreCurrent()
	for _, at := range []int{0, 1} {
		cctx, cancel := context.WithCancel(ctx)
		if at == 0 {
			cancel()
		}
		start := time.Now()
		f := c.fetch(cctx, fetchOptions{deliver: func(int) error { cancel(); return nil }})
		cancel()
		if at == 1 && c.docs == 1 {
			continue // it may well have finished
		}
		if !errors.Is(f.err, context.Canceled) || f.docs > 1 || time.Since(start) > 10*time.Second {
			c.breach(RuleCancel, fmt.Sprintf("the context ended at document %d, but %d documents came and the error is %v", at, f.docs, f.err))
		}
		if v := valuesOf(c.records).in(f.log + errorName(f.err)); v != "" {
			c.breach(RulePrivate, fmt.Sprintf("error or log after a cancellation hold the value %q", v))
		}
	}
	if err := goleak.Find(before); err != nil {
		c.breach(RuleLeak, "a goroutine is still running after a cancelled Fetch returned: "+err.Error())
	}
}

// slots refuses the first account that asks: nothing of it may come, and the others must. A slot that is not named after the
// account of a document is for something else, such as "" for the access to no account: see [consent.Permit.Access].
func (c *sourceCheck) slots(ctx context.Context) {
	if len(c.accts) != c.o.Accounts {
		return // was said already
	}
	var refused string
	f := c.fetch(ctx, fetchOptions{access: func(_ int, account string) error {
		if refused == "" && slices.Contains(c.accts, account) {
			refused = account
		}
		if account != "" && account == refused {
			return sources.ErrLimit
		}
		return nil
	}})
	switch {
	case refused == "":
		c.breach(RuleSlot, "no account took a slot by the name that its documents have in the attribute \"account\"")
	case slices.Contains(f.accounts, refused):
		c.breach(RuleSlot, "documents came of an account whose slot was refused")
	case len(f.accounts) != c.o.Accounts-1:
		c.breach(RuleSlot, fmt.Sprintf("one of %d accounts was refused, documents came of %d, and the error is %v", c.o.Accounts, len(f.accounts), f.err))
	}
	if v := valuesOf(c.records).in(f.log + errorName(f.err)); v != "" {
		c.breach(RulePrivate, fmt.Sprintf("error or log after a refused slot hold the value %q", v))
	}
}

// queries asks for each category alone: a document of which nothing was asked was fetched in vain. What an institution's answer
// holds beside what was asked stays in it, since a document is the bytes as they were retrieved; a page is another matter, which
// the source reduces before it becomes a document.
func (c *sourceCheck) queries(ctx context.Context) {
	su := c.setup()
	if su.Close != nil {
		su.Close()
	}
	page := su.Source.Describe().Method == model.Scrape
	for _, b := range su.Query.Scope.Baskets {
		q := su.Query
		q.Scope = model.Scope{Baskets: []model.Basket{b}, Since: su.Query.Scope.Since}
		for i, held := range c.fetchWide(ctx, q) {
			if what := beyond(held, b.Category, page); what != "" {
				c.breach(RuleQuery, fmt.Sprintf("asked for %s alone, document %d held %s", b.Category, i+1, what))
				break
			}
		}
	}
}

// beyond says what a document holds that was not to be fetched, "" for nothing.
func beyond(held []model.Category, asked model.Category, page bool) string {
	other := slices.IndexFunc(held, func(c model.Category) bool { return c != asked })
	switch {
	case other < 0:
		return ""
	case page:
		return string(held[other]) + ": a page is reduced to what is asked"
	case slices.Contains(held, asked):
		return ""
	}
	return string(held[other]) + " and nothing of what was asked"
}

// fetchWide fetches with q but reads with everything, to see what the documents hold: the categories of each.
func (c *sourceCheck) fetchWide(ctx context.Context, q sources.Query) (out [][]model.Category) {
	su := c.setup()
	if su.Close != nil {
		defer su.Close()
	}
	var registry sources.Registry
	if err := registry.AddNormalizer(su.Normalizers...); err != nil {
		return nil
	}
	s, err := sources.NewSession(su.Source.Describe(), su.Session)
	if err != nil {
		return nil
	}
	defer s.Close()
	wide := all()
	wide.Institution = q.Institution
	// What fails here failed when everything was fetched.
	_ = su.Source.Fetch(ctx, s, q, func(d sources.Document) error {
		r, _ := registry.Read(ctx, d, wide, nil)
		var held []model.Category
		for _, rec := range r.Records {
			held = append(held, rec.Category())
		}
		out = append(out, held)
		return nil
	})
	return out
}
