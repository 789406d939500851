package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// NormalizerOptions are options of [Normalizer] and [CheckNormalizer].
type NormalizerOptions struct {
	// Others are normalizers that the host registers beside it: none of them may claim its documents.
	Others []sources.Normalizer
	// Except names rules that are not checked, for a format that cannot keep one. Say why where you set it.
	Except []Rule
	// MaxCut is the size in bytes up to which a document is cut at every place; 16 KiB by default. Above it, a thousand
	// places are tried.
	MaxCut int
}

// Normalizer checks the contract of [sources.Normalizer] over the cases, and fails t for each breach. It must not run in
// parallel with other tests of the package: it counts goroutines.
func Normalizer(t *testing.T, n sources.Normalizer, cases []Case, o *NormalizerOptions) {
	t.Helper()
	for _, v := range CheckNormalizer(t, n, cases, o) {
		t.Errorf("%v", v)
	}
}

// CheckNormalizer returns the breaches instead of failing t, which only carries the checks that need a fake clock.
func CheckNormalizer(t *testing.T, n sources.Normalizer, cases []Case, o *NormalizerOptions) []Violation {
	if o == nil {
		o = &NormalizerOptions{}
	}
	c := &normalizerCheck{n: n, o: *o}
	if c.o.MaxCut <= 0 {
		c.o.MaxCut = 16 << 10
	}
	if len(cases) == 0 {
		c.breach(RuleGolden, "", "there is no case: nothing was checked")
		return c.out
	}
	if !reflect.DeepEqual(formatIDs(n), formatIDs(n)) || !slices.Equal(n.Categories(), n.Categories()) {
		c.breach(RulePure, "", "Formats or Categories differ between two calls")
	}
	if err := c.registry.AddNormalizer(hearing{n}); err != nil {
		c.breach(RuleDeclared, "", err.Error())
		return c.out
	}
	if err := c.registry.AddNormalizer(o.Others...); err != nil {
		c.breach(RuleDeclared, "", err.Error())
		return c.out
	}
	c.decoys(t.Context())
	for _, cs := range cases {
		c.one(t, cs)
	}
	if !reflect.DeepEqual(formatIDs(n), formatIDs(n)) || !slices.Equal(n.Categories(), n.Categories()) {
		c.breach(RulePure, "", "Formats or Categories differ after reading")
	}
	return slices.DeleteFunc(c.out, func(v Violation) bool { return slices.Contains(c.o.Except, v.Rule) })
}

func formatIDs(n sources.Normalizer) (out []string) {
	for _, f := range n.Formats() {
		out = append(out, string(f.ID)+"@"+string(f.Institution))
	}
	return out
}

type normalizerCheck struct {
	n        sources.Normalizer
	o        NormalizerOptions
	registry sources.Registry
	out      []Violation
}

func (c *normalizerCheck) breach(r Rule, name, detail string) {
	c.out = append(c.out, Violation{r, name, detail})
}

// result is one reading, its records as JSON.
type result struct {
	lines  []string
	issues []model.Issue
	marked []bool // whether the record carries an issue
	recs   []model.Record
	whole  *sources.Reading
	err    error
}

func (c *normalizerCheck) read(ctx context.Context, d sources.Document, q sources.Query) result {
	out, err, _ := readHeard(ctx, &c.registry, d, q)
	r := result{err: err, issues: out.Issues, recs: out.Records, whole: out}
	for _, rec := range out.Records {
		b, jerr := model.AppendRecord(nil, rec)
		if jerr != nil {
			r.err = errors.Join(r.err, jerr)
		}
		r.lines = append(r.lines, string(b))
		r.marked = append(r.marked, len(rec.Head().Issues) > 0)
	}
	return r
}

func all() sources.Query {
	q := sources.Everything()
	q.LegalBasis = "conformance test"
	for i := range q.Scope.Baskets {
		if q.Scope.Baskets[i].Category == model.CategoryPerson {
			q.Scope.Baskets[i].Fields = append(q.Scope.Baskets[i].Fields, "bsn")
		}
	}
	return q
}

func (c *normalizerCheck) one(t *testing.T, cs Case) {
	ctx := t.Context()
	if cs.Document.Body == nil {
		c.breach(RuleError, cs.Name, "the case's document has no body")
		return
	}
	before := goleak.IgnoreCurrent()
	trip := newTripwire(true)
	whole := c.read(ctx, cs.Document, all())
	if n := trip.restore(); n > 0 {
		c.breach(RuleNoNetwork, cs.Name, fmt.Sprintf("reading made %d requests or asked for the address of a host", n))
		return // the other checks would make them again, hundreds of times
	}
	if err := goleak.Find(before); err != nil {
		c.breach(RuleLeak, cs.Name, "a goroutine is still running: "+err.Error())
		return // it would also stop the fake clock below
	}
	switch {
	case cs.Err == nil && whole.err != nil:
		rule := RuleError
		if errors.Is(whole.err, sources.ErrAdapter) && strings.Contains(whole.err.Error(), "does not declare") {
			rule = RuleDeclared
		}
		if errors.Is(whole.err, sources.ErrUnknownFormat) || errors.Is(whole.err, sources.ErrAmbiguous) {
			rule = RuleDetect
		}
		c.breach(rule, cs.Name, explain(whole.err))
		return
	case cs.Err != nil && whole.err == nil:
		c.breach(RuleError, cs.Name, fmt.Sprintf("there is no error, the case expects %v", cs.Err))
	case cs.Err != nil && !errors.Is(whole.err, cs.Err):
		c.breach(RuleError, cs.Name, fmt.Sprintf("the error is %s, the case expects %v", explain(whole.err), cs.Err))
	}
	if err := golden(cs.Golden, whole.whole); err != nil {
		c.breach(RuleGolden, cs.Name, err.Error())
	}
	c.deterministic(t, cs, whole)
	c.query(ctx, cs, whole)
	c.stop(ctx, cs, whole)
	c.truncated(ctx, cs, whole)
	c.spoiled(ctx, cs, whole)
	if err := goleak.Find(before); err != nil {
		c.breach(RuleLeak, cs.Name, "a goroutine is still running after readings that broke off: "+err.Error())
	}
}

// deterministic reads again, at the same time in several goroutines, and at another time: inside a synctest bubble the
// clock stands in the year 2000.
func (c *normalizerCheck) deterministic(t *testing.T, cs Case, whole result) {
	var wg sync.WaitGroup
	again := make([]result, 3)
	for i := range again {
		wg.Go(func() { again[i] = c.read(t.Context(), cs.Document, all()) })
	}
	wg.Wait()
	for _, r := range again {
		if !slices.Equal(r.lines, whole.lines) || !slices.Equal(r.issues, whole.issues) {
			c.breach(RuleDeterministic, cs.Name, "reading twice gave different records")
			return
		}
	}
	var other result
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(40 * 365 * 24 * time.Hour)
		other = c.read(context.Background(), cs.Document, all())
	})
	if !slices.Equal(other.lines, whole.lines) || !slices.Equal(other.issues, whole.issues) {
		c.breach(RuleDeterministic, cs.Name, "reading at another time gave different records")
	}
}

// query reads with each category alone, with none, and without a legal basis for the BSN.
func (c *normalizerCheck) query(ctx context.Context, cs Case, whole result) {
	for _, cat := range append(model.Categories(), "") {
		q := sources.Query{LegalBasis: "conformance test"}
		if cat != "" {
			q.Scope.Baskets = []model.Basket{model.Everything(cat)}
		}
		r := c.read(ctx, cs.Document, q)
		if errors.Is(r.err, sources.ErrAdapter) {
			c.breach(RuleQuery, cs.Name, fmt.Sprintf("asked for %q alone: %s", cat, explain(r.err)))
			return
		}
		for _, rec := range r.recs {
			if rec.Category() != cat {
				c.breach(RuleQuery, cs.Name, "a category was read that was not asked")
			}
		}
	}
	q := all()
	q.LegalBasis = ""
	if r := c.read(ctx, cs.Document, q); errors.Is(r.err, sources.ErrAdapter) {
		c.breach(RuleQuery, cs.Name, "without a legal basis: "+explain(r.err))
	}
}

// stop ends the context before and in the middle of reading.
func (c *normalizerCheck) stop(ctx context.Context, cs Case, whole result) {
	d := cs.Document
	d.Format = c.formatOf(ctx, d)
	for _, after := range []int{0, 1} {
		if after > 0 && len(whole.recs) == 0 {
			continue // one read may be all that such a document takes
		}
		cctx, cancel := context.WithCancel(ctx)
		body := &cancelling{Content: cs.Document.Body, cancel: cancel}
		body.left.Store(int64(after))
		d.Body = body
		if after == 0 {
			cancel()
		}
		_, err, own := readHeard(cctx, &c.registry, d, all())
		cancel()
		if cs.Err != nil && errors.Is(err, cs.Err) {
			continue // an empty document, for example, needs no look at the context
		}
		if !errors.Is(err, context.Canceled) || own == nil {
			c.breach(RuleCancel, cs.Name, fmt.Sprintf("the context ended, but reading returned %v", errorName(own)))
			return
		}
	}
	if len(whole.recs) < 2 {
		return
	}
	limited := sources.ReadOptions{Limits: sources.Limits{Records: 1}}
	out, err := c.registry.Read(ctx, cs.Document, all(), &limited)
	if len(out.Records) != 1 || !errors.Is(err, sources.ErrLimit) {
		c.breach(RuleStop, cs.Name, "the writer refused the second record, but reading did not return its error")
	}
}

func (c *normalizerCheck) formatOf(ctx context.Context, d sources.Document) model.FormatID {
	id, err := c.registry.Detect(ctx, d)
	if err != nil {
		return ""
	}
	return id
}

// cancelling is a body that ends the context at the n-th read.
type cancelling struct {
	sources.Content
	left   atomic.Int64
	cancel func()
}

func (c *cancelling) ReadAt(p []byte, off int64) (int, error) {
	if c.left.Add(-1) == 0 {
		c.cancel()
	}
	return c.Content.ReadAt(p, off)
}

// truncated cuts the document at every place, or at a thousand, and compares what is still read. The thousand are one in
// each of as many parts, always the same: equal steps could all end at the same place of rows of one length.
func (c *normalizerCheck) truncated(ctx context.Context, cs Case, whole result) {
	size := int(cs.Document.Body.Size())
	b := make([]byte, size)
	if _, err := cs.Document.Body.ReadAt(b, 0); err != nil && size > 0 && !errors.Is(err, errEOF) {
		return
	}
	known := map[string]int{}
	for _, l := range whole.lines {
		known[l]++
	}
	secrets := valuesOf(whole.recs)
	step := 1
	if size > c.o.MaxCut {
		step = max(1, size/1000)
	}
	d := cs.Document
	d.Format = c.formatOf(ctx, d)
	random := rand.New(rand.NewPCG(uint64(size), 1))
	for part := 0; part < size; part += step {
		cut := part + random.IntN(min(step, size-part))
		d.Body = sources.BytesContent(bytes.Clone(b[:cut]))
		r := c.read(ctx, d, all())
		left := map[string]int{}
		for i, l := range r.lines {
			if left[l]++; left[l] > known[l] && !r.marked[i] {
				c.breach(RuleTruncated, cs.Name, fmt.Sprintf("cut after %d of %d bytes, record %d is not one of the whole document and carries no issue: %s", cut, size, i+1, l))
				return
			}
		}
		if r.err != nil {
			if errors.Is(r.err, sources.ErrUnexpected) || errors.Is(r.err, sources.ErrAdapter) {
				c.breach(RuleError, cs.Name, fmt.Sprintf("cut after %d bytes: %s", cut, explain(r.err)))
				return
			}
			if v := secrets.in(r.err.Error()); v != "" {
				c.breach(RulePrivate, cs.Name, fmt.Sprintf("cut after %d bytes, the error holds the value %q", cut, v))
				return
			}
		}
	}
}

// decoys are other documents, which no reader may be sure of. "Maybe" is allowed: a PDF may be anybody's.
func (c *normalizerCheck) decoys(ctx context.Context) {
	for name, text := range map[string]string{
		"a byte": "x", "a PDF": "%PDF-1.7\n%%EOF\n", "a JSON object": "{}", "a JSON list": "[]", "XML": "<?xml version=\"1.0\"?><decoy/>",
		"XML of another namespace": "<decoy xmlns=\"urn:decoy\"/>", "CSV": "a;b;c\n1;2;3\n", "HTML": "<!DOCTYPE html><html></html>", "a zip": "PK\x03\x04",
		"text": "Geachte heer, mevrouw,\n", "binary": "\x00\x01\x02\xff",
	} {
		var only sources.Registry
		if only.AddNormalizer(c.n) != nil {
			return
		}
		if err := only.AddNormalizer(unsure{}); err != nil {
			return
		}
		// A reader that is sure wins against one that says "maybe"; one that says so itself ties with it.
		id, err := only.Detect(ctx, sources.Document{Body: sources.BytesContent([]byte(text))})
		if err == nil && id != "sourcetest.unsure" {
			c.breach(RuleDetect, name, "the reader is sure of a document that is none of its own")
		}
	}
}

// unsure says "maybe" to everything.
type unsure struct{}

func (unsure) Formats() []sources.Format {
	return []sources.Format{{ID: "sourcetest.unsure", Detect: func(context.Context, *sources.Probe) sources.Confidence { return sources.Maybe }}}
}
func (unsure) Categories() []model.Category { return nil }
func (unsure) Normalize(context.Context, sources.Document, sources.Query, *sources.Writer) error {
	return nil
}

// spoil is put into values of a document: a value that cannot be read must not be in the error that says so.
const spoil = "Qx9Zq"

// foreign are put into them too: a byte that is no UTF-8, as in a file of another encoding, and one that no text has.
var foreign = []string{"\xff", "\x00"}

// spoiled puts the marks into the words of the document that have a digit or a capital, one at a time.
func (c *normalizerCheck) spoiled(ctx context.Context, cs Case, whole result) {
	b := make([]byte, cs.Document.Body.Size())
	if _, err := cs.Document.Body.ReadAt(b, 0); err != nil && !errors.Is(err, errEOF) {
		return
	}
	words := wordsOf(b)
	step := max(1, len(words)/200)
	d := cs.Document
	d.Format = c.formatOf(ctx, d)
	for i := 0; i < len(words); i += step {
		at := (words[i][0] + words[i][1]) / 2
		for _, mark := range append([]string{spoil}, foreign...) {
			d.Body = sources.BytesContent(slices.Concat(b[:at], []byte(mark), b[at:]))
			r := c.read(ctx, d, all())
			switch {
			case r.err == nil:
			case strings.Contains(r.err.Error(), mark):
				c.breach(RulePrivate, cs.Name, fmt.Sprintf("a value that could not be read is in the error: %v", r.err))
				return
			case errors.Is(r.err, sources.ErrUnexpected) || errors.Is(r.err, sources.ErrAdapter):
				c.breach(RuleError, cs.Name, fmt.Sprintf("with the bytes %q at %d, which is no fault of the reader: %s", mark, at, explain(r.err)))
				return
			}
		}
	}
}

// wordsOf returns where the words of at least three letters, digits, points and commas are that have a digit or a capital.
func wordsOf(b []byte) (out [][2]int) {
	start, marked := -1, false
	for i := 0; i <= len(b); i++ {
		var ch byte
		if i < len(b) {
			ch = b[i]
		}
		digit, capital := ch >= '0' && ch <= '9', ch >= 'A' && ch <= 'Z'
		if digit || capital || ch >= 'a' && ch <= 'z' || ch == '.' || ch == ',' || ch == '-' {
			if start < 0 {
				start, marked = i, false
			}
			marked = marked || digit || capital
			continue
		}
		if start >= 0 && marked && i-start >= 3 {
			out = append(out, [2]int{start, i})
		}
		start = -1
	}
	return out
}
