package sourcetest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/sourcetest"
)

// csv is a good normalizer: a first line "csv", then "date;amount;name" a line, and a last line "end". Each of its fields
// makes it break one rule.
type csv struct {
	impureFormats, claimsAll, wrongAmount, clock, counter, network, undeclared, beyondQuery, bsn, ignoresCtx, ignoresWriter,
	guessesCut, valueInError, badValueInError, leaksGoroutine, foreignError, ownTransport, impureCategories, panics, oneVariable,
	foreignText bool
}

var calls atomic.Int64 // what a normalizer must not have: state between calls

func (n csv) Formats() []sources.Format {
	id := model.FormatID("csv")
	if n.impureFormats {
		id = model.FormatID(fmt.Sprintf("csv%d", calls.Add(1)))
	}
	return []sources.Format{{ID: id, Detect: func(_ context.Context, p *sources.Probe) sources.Confidence {
		if n.claimsAll || bytes.HasPrefix(p.Head, []byte("csv\n")) {
			return sources.Certain
		}
		return sources.No
	}}}
}

func (n csv) Categories() []model.Category {
	if n.impureCategories && calls.Add(1)%2 == 0 {
		return []model.Category{model.CategoryPerson, model.CategoryTransaction}
	}
	return []model.Category{model.CategoryTransaction, model.CategoryPerson}
}

func (n csv) Normalize(ctx context.Context, d sources.Document, q sources.Query, w *sources.Writer) error {
	if n.leaksGoroutine {
		go time.Sleep(time.Hour) // longer than anybody looks
	}
	if n.network {
		if resp, err := http.Get("http://127.0.0.1:1/"); err == nil {
			_ = resp.Body.Close()
		}
	}
	if n.ownTransport {
		c := http.Client{Transport: &http.Transport{}}
		if resp, err := c.Get("http://adapter.invalid/"); err == nil {
			_ = resp.Body.Close()
		}
	}
	if n.panics {
		panic("the normalizer's own")
	}
	in := d.Open(ctx)
	if n.ignoresCtx {
		in = io.NewSectionReader(d.Body, 0, d.Body.Size())
	}
	b, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	rows := strings.SplitAfter(string(b), "\n")
	var one model.Transaction
	for i, row := range rows {
		if i == 0 || row == "" || row == "end\n" {
			continue
		}
		whole := strings.HasSuffix(row, "\n")
		if !model.ValidText(row) && !n.foreignText {
			return sources.Errorf(sources.ErrMalformed, "row %d is no text", i)
		}
		if name, ok := strings.CutPrefix(row, "person;"); ok && whole {
			p := &model.Person{Name: model.Name{Full: strings.TrimSpace(name)}}
			if err := n.person(q, w, p, i); err != nil {
				return err
			}
			continue
		}
		f := strings.Split(strings.TrimSuffix(row, "\n"), ";")
		if !whole && !n.guessesCut || len(f) != 3 {
			if n.valueInError {
				return sources.Errorf(sources.ErrTruncated, "row %s", row)
			}
			if n.foreignError {
				return io.ErrShortBuffer
			}
			return sources.Errorf(sources.ErrTruncated, "row %d", i)
		}
		day, err := model.ParseDate(f[0])
		if err != nil {
			return sources.Errorf(sources.ErrMalformed, "row %d has no date", i)
		}
		money, err := model.ParseMoney(f[1], model.EUR)
		if err != nil && n.badValueInError {
			return sources.Errorf(sources.ErrMalformed, "row %d has the amount %q", i, f[1])
		}
		if err != nil {
			return sources.Errorf(sources.ErrMalformed, "row %d has no amount", i)
		}
		if n.wrongAmount {
			money = money.Neg()
		}
		tx := &model.Transaction{BookingDate: day, Amount: money, Counterparty: model.Counterparty{Name: f[2]}}
		if n.clock {
			tx.ValueDate = model.DateOf(time.Now())
		}
		if n.counter {
			tx.ID = fmt.Sprint(calls.Add(1))
		}
		if n.oneVariable {
			one, tx = *tx, &one
		}
		if n.undeclared {
			if err := w.Record(&model.Pension{}, model.AtLine(i)); err != nil {
				return err
			}
		}
		if !q.Wants(model.CategoryTransaction) && !n.beyondQuery {
			continue
		}
		if err := w.Record(tx, model.AtLine(i)); err != nil && !n.ignoresWriter {
			return err
		}
	}
	if n.bsn && q.Wants(model.CategoryPerson) {
		b, err := model.ParseBSN("999991772")
		if err != nil {
			return err
		}
		if err := w.Record(&model.Person{BSN: b}, model.AtLine(1)); err != nil && !n.ignoresWriter {
			return err
		}
	}
	if n.ignoresWriter {
		return nil
	}
	return ctxErr(ctx, n)
}

func (csv) person(q sources.Query, w *sources.Writer, p *model.Person, row int) error {
	if !q.Wants(model.CategoryPerson) {
		return nil
	}
	return w.Record(p, model.AtLine(row))
}

func ctxErr(ctx context.Context, n csv) error {
	if n.ignoresCtx {
		return nil
	}
	return ctx.Err()
}

const csvText = "csv\n2026-01-02;-12.50;Bakkerij Voorbeeld\n2026-01-03;100.00;Werkgever Voorbeeld\nend\n"

func csvCase(t *testing.T) []sourcetest.Case {
	return []sourcetest.Case{{
		Name: "two rows", Golden: filepath.Join("testdata", "two-rows.golden.jsonl"),
		Document: sources.Document{Body: sources.BytesContent([]byte(csvText))},
	}}
}

func TestNormalizerRules(t *testing.T) {
	sourcetest.Normalizer(t, csv{}, csvCase(t), nil)
	if t.Failed() {
		t.Fatal("the good normalizer must pass")
	}
	if os.Getenv("BRONDATA_UPDATE") == "1" {
		return // the bad ones below would write their golden files
	}
	for _, tc := range []struct {
		name string
		n    csv
		rule sourcetest.Rule
		o    *sourcetest.NormalizerOptions
	}{
		{"other formats at each call", csv{impureFormats: true}, sourcetest.RulePure, nil},
		{"claimed by two", csv{}, sourcetest.RuleDetect, &sourcetest.NormalizerOptions{Others: []sources.Normalizer{other{}}}},
		{"a wrong sign", csv{wrongAmount: true}, sourcetest.RuleGolden, nil},
		{"looks at the clock", csv{clock: true}, sourcetest.RuleDeterministic, nil},
		{"keeps state", csv{counter: true}, sourcetest.RuleDeterministic, nil},
		{"makes a request", csv{network: true}, sourcetest.RuleNoNetwork, nil},
		{"writes what it does not declare", csv{undeclared: true}, sourcetest.RuleDeclared, nil},
		{"writes what is not asked", csv{beyondQuery: true}, sourcetest.RuleQuery, nil},
		{"writes a BSN without a legal basis", csv{bsn: true}, sourcetest.RuleQuery, nil},
		{"does not look at its context", csv{ignoresCtx: true, ignoresWriter: true}, sourcetest.RuleCancel, nil},
		{"goes on after an error of the writer", csv{ignoresWriter: true}, sourcetest.RuleStop, nil},
		{"takes half an amount for a whole one", csv{guessesCut: true}, sourcetest.RuleTruncated, nil},
		{"a value in an error", csv{valueInError: true}, sourcetest.RulePrivate, nil},
		{"a value that it cannot read, in an error", csv{badValueInError: true}, sourcetest.RulePrivate, nil},
		{"sure of everything", csv{claimsAll: true}, sourcetest.RuleDetect, nil},
		{"a goroutine that goes on", csv{leaksGoroutine: true}, sourcetest.RuleLeak, nil},
		{"an error that nobody can branch on", csv{foreignError: true}, sourcetest.RuleError, nil},
		{"other categories at each call", csv{impureCategories: true}, sourcetest.RulePure, nil},
		{"makes a request over a transport of its own", csv{ownTransport: true}, sourcetest.RuleNoNetwork, nil},
		{"panics", csv{panics: true}, sourcetest.RuleError, nil},
		{"passes on text of another encoding", csv{foreignText: true}, sourcetest.RuleError, nil},
		{"one variable for all records", csv{oneVariable: true}, sourcetest.RuleError, nil},
		{"an exception for a rule", csv{ignoresWriter: true}, "", &sourcetest.NormalizerOptions{Except: []sourcetest.Rule{sourcetest.RuleStop}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := rules(sourcetest.CheckNormalizer(t, tc.n, csvCase(t), tc.o))
			if tc.rule == "" {
				assert.Empty(t, got)
				return
			}
			assert.Contains(t, got, tc.rule, "%v", got)
		})
	}
	t.Run("the cause of an error that nobody can branch on", func(t *testing.T) {
		for _, tc := range []struct {
			n    csv
			want string
		}{{csv{foreignError: true}, io.ErrShortBuffer.Error()}, {csv{panics: true}, "the normalizer's own"}} {
			cs := csvCase(t)
			cs[0].Document.Body = sources.BytesContent([]byte(csvText[:30]))
			assert.Contains(t, fmt.Sprint(sourcetest.CheckNormalizer(t, tc.n, cs, nil)), tc.want)
		}
	})
	t.Run("no case", func(t *testing.T) {
		assert.NotEmpty(t, sourcetest.CheckNormalizer(t, csv{}, nil, nil))
	})
	t.Run("no golden file", func(t *testing.T) {
		cs := csvCase(t)
		cs[0].Golden = ""
		assert.Contains(t, rules(sourcetest.CheckNormalizer(t, csv{}, cs, nil)), sourcetest.RuleGolden)
	})
	t.Run("cuts of a large document are not all at the ends of its rows", func(t *testing.T) {
		const row = "2026-01-02;-12.50;Bakker\n"
		large := "csv\n2026-01-02;-12.5;Bak\n" + strings.Repeat(row, 1000) + "end\n" // each 25th place is the end of a row
		require.Equal(t, len(row), len(large)/1000)
		cs := []sourcetest.Case{{Name: "large", Golden: filepath.Join("testdata", "large.golden.jsonl"), Document: sources.Document{Body: sources.BytesContent([]byte(large))}}}
		assert.NotContains(t, rules(sourcetest.CheckNormalizer(t, csv{}, cs, nil)), sourcetest.RuleTruncated)
		assert.Contains(t, rules(sourcetest.CheckNormalizer(t, csv{guessesCut: true}, cs, nil)), sourcetest.RuleTruncated)
	})
}

// empty refuses a document without a byte before it looks at anything else.
type empty struct{ csv }

func (n empty) Normalize(ctx context.Context, d sources.Document, q sources.Query, w *sources.Writer) error {
	if d.Body.Size() == 0 {
		return sources.Errorf(sources.ErrNotProvided, "the document is empty")
	}
	return n.csv.Normalize(ctx, d, q, w)
}

// Adapters that keep the contract in another way than most.
func TestUnusualNormalizers(t *testing.T) {
	for name, tc := range map[string]struct {
		n    sources.Normalizer
		text string
		err  error
	}{
		"an empty document":          {empty{}, "", sources.ErrNotProvided},
		"no record":                  {csv{}, "csv\nend\n", nil},
		"a document that breaks off": {csv{}, "csv\n2026-01-02;-12.50;Bakkerij Voor", sources.ErrTruncated},
		"the last row in doubt":      {csv{}, csvText[:len(csvText)-len("end\n")], nil},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "golden.jsonl")
			d := sources.Document{Format: "csv", Body: sources.BytesContent([]byte(tc.text))}
			cs := []sourcetest.Case{{Name: name, Document: d, Golden: file, Err: tc.err}}
			t.Setenv("BRONDATA_UPDATE", "1")
			assert.Empty(t, sourcetest.CheckNormalizer(t, tc.n, cs, nil))
			t.Setenv("BRONDATA_UPDATE", "0")
			assert.Empty(t, sourcetest.CheckNormalizer(t, tc.n, cs, nil))
		})
	}
}

// other claims everything.
type other struct{}

func (other) Formats() []sources.Format {
	return []sources.Format{{ID: "other", Detect: func(context.Context, *sources.Probe) sources.Confidence { return sources.Certain }}}
}
func (other) Categories() []model.Category { return nil }
func (other) Normalize(context.Context, sources.Document, sources.Query, *sources.Writer) error {
	return nil
}

func rules(vs []sourcetest.Violation) (out []sourcetest.Rule) {
	for _, v := range vs {
		out = append(out, v.Rule)
	}
	return out
}

// api is a good source: two accounts of a server, one document each. Each of its fields makes it break one rule.
type api struct {
	url, host string
	impure, otherHost, around, ignoresDeliver, ignoresCtx, noSlot, slotIgnored, undeclared, logsValue, beyondQuery, leak, valueInError, fails, halfDocument, otherName, mixed, page,
	noGroup, twoGroups, valueInGroup, personSlot bool
}

var describes atomic.Int64

func (a api) Describe() sources.Descriptor {
	d := sources.Descriptor{ID: "api", Institution: "bank", Method: model.API, Hosts: []string{a.host},
		Categories: []model.Category{model.CategoryTransaction, model.CategoryPerson}}
	if a.page {
		d.Method = model.Scrape
	}
	if a.impure {
		d.ID = model.SourceID(fmt.Sprintf("api%d", describes.Add(1)))
	}
	if a.undeclared {
		d.Categories = []model.Category{model.CategoryPerson}
	}
	return d
}

func (a api) Fetch(ctx context.Context, s *sources.Session, q sources.Query, deliver func(sources.Document) error) error {
	if a.ignoresCtx {
		ctx = context.WithoutCancel(ctx)
	}
	if a.leak {
		go time.Sleep(time.Hour) // longer than anybody looks
	}
	if !q.Wants(model.CategoryTransaction) && !a.beyondQuery && !(a.mixed && q.Wants(model.CategoryPerson)) {
		return nil
	}
	if a.fails {
		return io.ErrShortBuffer
	}
	if a.personSlot {
		if err := s.Account(ctx, "person"); err != nil {
			return err
		}
	}
	seen := ""
	for _, account := range []string{"1", "2"} {
		if !a.noSlot {
			if err := s.Account(ctx, account); err != nil && !a.slotIgnored {
				s.Failed(err, model.CategoryTransaction)
				continue
			}
		}
		url := a.url
		if a.otherHost {
			url = "https://elsewhere.example"
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/"+account, nil)
		if err != nil {
			return err
		}
		c := s.HTTP()
		if a.around {
			c = http.DefaultClient
		}
		resp, err := c.Do(req)
		if err != nil && a.valueInError {
			return fmt.Errorf("after %s: %w", seen, err)
		}
		if err != nil {
			return err
		}
		b, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			return err
		}
		seen = string(b)
		if a.mixed {
			b = bytes.Replace(b, []byte("end\n"), []byte("person;J. de Vries\nend\n"), 1)
		}
		if a.halfDocument {
			b = b[:len(b)/3]
		}
		if a.otherName {
			b = bytes.Replace(b, []byte("Bakkerij"), []byte("Slagerij"), 1)
		}
		if a.logsValue {
			s.Log().Info("fetched", "body", string(b))
		}
		for _, page := range []string{"1", "2"} {
			d := sources.Document{Format: "csv", Body: sources.BytesContent(b), Group: "account " + account, Attrs: map[string]string{"account": account}}
			if a.noGroup || a.twoGroups || a.valueInGroup {
				d.Attrs["page"] = page
			} else if page == "2" {
				break
			}
			switch {
			case a.noGroup:
				d.Group = ""
			case a.twoGroups:
				d.Group += page
			case a.valueInGroup:
				d.Group += "Bakkerij Voorbeeld"
			}
			if err := deliver(d); err != nil && !a.ignoresDeliver {
				return err
			}
		}
	}
	return nil
}

func TestSourceRules(t *testing.T) {
	setup := func(change func(*api)) func() sourcetest.Setup {
		return func() sourcetest.Setup {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, csvText) }))
			a := api{url: srv.URL, host: strings.TrimPrefix(srv.URL, "http://")}
			change(&a)
			q := sources.Query{Institution: "bank", Scope: model.Scope{Baskets: []model.Basket{
				model.Everything(model.CategoryTransaction), model.Everything(model.CategoryPerson),
			}}}
			return sourcetest.Setup{
				Source: a, Normalizers: []sources.Normalizer{csv{}}, Query: q, Close: srv.Close,
				Session: sources.SessionOptions{HTTP: sources.HTTPOptions{InsecureLoopback: true}},
			}
		}
	}
	o := &sourcetest.SourceOptions{Golden: filepath.Join("testdata", "api.golden.jsonl"), Accounts: 2}
	sourcetest.Source(t, setup(func(*api) {}), o)
	if t.Failed() {
		t.Fatal("the good source must pass")
	}
	mixed := &sourcetest.SourceOptions{Golden: filepath.Join("testdata", "mixed.golden.jsonl"), Accounts: 2}
	assert.Empty(t, sourcetest.CheckSource(t.Context(), setup(func(a *api) { a.mixed = true }), mixed), "an answer that holds more than was asked, too")
	if os.Getenv("BRONDATA_UPDATE") == "1" {
		return // the bad ones below would write their golden files
	}
	for _, tc := range []struct {
		name   string
		rule   sourcetest.Rule
		change func(*api)
	}{
		{"another descriptor at each call", sourcetest.RulePure, func(a *api) { a.impure = true }},
		{"a host that it does not declare", sourcetest.RuleDeclared, func(a *api) { a.otherHost = true }},
		{"a category that it does not declare", sourcetest.RuleDeclared, func(a *api) { a.undeclared = true }},
		{"a client of its own", sourcetest.RuleNoNetwork, func(a *api) { a.around = true }},
		{"goes on after an error of deliver", sourcetest.RuleStop, func(a *api) { a.ignoresDeliver = true }},
		{"does not look at its context", sourcetest.RuleCancel, func(a *api) { a.ignoresCtx = true }},
		{"takes no slot", sourcetest.RuleSlot, func(a *api) { a.noSlot = true }},
		{"goes on without its slot", sourcetest.RuleSlot, func(a *api) { a.slotIgnored = true }},
		{"logs a value", sourcetest.RulePrivate, func(a *api) { a.logsValue = true }},
		{"fetches what is not asked", sourcetest.RuleQuery, func(a *api) { a.beyondQuery = true }},
		{"a goroutine that goes on", sourcetest.RuleLeak, func(a *api) { a.leak = true }},
		{"a value in an error", sourcetest.RulePrivate, func(a *api) { a.valueInError = true }},
		{"fails", sourcetest.RuleError, func(a *api) { a.fails = true }},
		{"a document that nobody can read", sourcetest.RuleError, func(a *api) { a.halfDocument = true }},
		{"another name", sourcetest.RuleGolden, func(a *api) { a.otherName = true }},
		{"pages without a group", sourcetest.RuleGroup, func(a *api) { a.noGroup = true }},
		{"a group for each page", sourcetest.RuleGroup, func(a *api) { a.twoGroups = true }},
		{"a value as the name of a group", sourcetest.RulePrivate, func(a *api) { a.valueInGroup = true }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := rules(sourcetest.CheckSource(t.Context(), setup(tc.change), o))
			assert.Contains(t, got, tc.rule, "%v", got)
		})
	}
	assert.Empty(t, sourcetest.CheckSource(t.Context(), setup(func(a *api) { a.personSlot = true }), o), "a slot that is of no account")
	got := sourcetest.CheckSource(t.Context(), setup(func(a *api) { a.mixed, a.page = true, true }), mixed)
	assert.Equal(t, []sourcetest.Rule{sourcetest.RuleQuery, sourcetest.RuleQuery}, rules(got), "a page is reduced: %v", got)
	require.NotEmpty(t, sourcetest.CheckSource(t.Context(), setup(func(*api) {}), &sourcetest.SourceOptions{Accounts: 2}), "a golden file is required")
}
