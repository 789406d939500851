package brondata_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/camt"
)

// statement is a bank statement of one month of 2026, with two payments and balances that add up.
func statement(account string, n int) string {
	day := func(d int) string {
		return time.Date(2026, time.Month(n), d, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	}
	first, last := day(1), time.Date(2026, time.Month(n+1), 0, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	balance := func(code string, amount int, day string) string {
		return fmt.Sprintf(`<Bal><Tp><CdOrPrtry><Cd>%s</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">%d.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>%s</Dt></Dt></Bal>`, code, amount, day)
	}
	entry := func(amount int, day string) string {
		return fmt.Sprintf(`<Ntry><Amt Ccy="EUR">%d.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>%s</Dt></BookgDt></Ntry>`, amount, day)
	}
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M%[1]d</MsgId><CreDtTm>%[3]sT23:59:59+01:00</CreDtTm></GrpHdr><Stmt><Id>S%[1]d</Id><FrToDt><FrDtTm>%[2]sT00:00:00+01:00</FrDtTm><ToDtTm>%[3]sT23:59:59+01:00</ToDtTm></FrToDt><Acct><Id><IBAN>%[4]s</IBAN></Id><Ccy>EUR</Ccy></Acct>`,
		n, first, last, account) + balance("OPBD", n*100, first) + balance("CLBD", n*100+100, last) + entry(n, day(10)) + entry(100-n, day(20)) +
		`</Stmt></BkToCstmrStmt></Document>`
}

func statements(account string, ns ...int) (out []string) {
	for _, n := range ns {
		out = append(out, statement(account, n))
	}
	return out
}

// quiet is a statement without its payments.
func quiet(statement string) string {
	return regexp.MustCompile(`<Ntry>.*?</Ntry>`).ReplaceAllString(statement, "")
}

func uploads(bodies ...string) (in sources.Input) {
	for _, b := range bodies {
		in.Files = append(in.Files, sources.Document{Institution: "bank", Body: sources.BytesContent([]byte(b))})
	}
	return in
}

// statementHost reads bank statements, and keeps all that they hold since a day.
func statementHost(t *testing.T, since string) (*host, consent.GrantID) {
	t.Helper()
	h := newHost(t, func(c *brondata.Config) {
		var g sources.Registry
		require.NoError(t, g.AddNormalizer(camt.Normalizer{}, records{}))
		require.NoError(t, g.AddSource(sources.Upload{}))
		c.Registry = &g
	})
	return h, h.decided(t, func(p *consent.Proposal) {
		day, err := model.ParseDate(since)
		require.NoError(t, err)
		p.Scope = model.Scope{Since: day, Baskets: []model.Basket{
			model.Everything(model.CategoryAccount), model.Everything(model.CategoryBalance), model.Everything(model.CategoryTransaction),
		}}
	})
}

// A file of which nothing could be read is missing from what is kept, whether it came before the whole ones or after them.
func TestAddBroken(t *testing.T) {
	t.Parallel()
	whole := uploads(statements(accountA, 9, 10)...)
	b := statement(accountB, 10)
	for name, bad := range map[string]struct{ body, outcome string }{
		"broken off":     {b[:strings.Index(b, "<Ntry>")+10], "truncated"},
		"unknown format": {"%PDF-1.7 something", "unknown-format"},
	} {
		for order, in := range map[string][]sources.Input{
			"last": {whole, uploads(bad.body)}, "first": {uploads(bad.body), whole}, "twice": {uploads(bad.body), uploads(bad.body), whole},
			"between": {uploads(statement(accountA, 9)), uploads(bad.body), uploads(statement(accountA, 10))},
		} {
			t.Run(name+" "+order, func(t *testing.T) {
				t.Parallel()
				h, id := statementHost(t, "2026-09-01")
				for _, in := range in {
					h.now = h.now.Add(time.Minute)
					h.collect(t, id, in, add)
				}
				r := h.review(t, id)
				require.Len(t, r.Coverage, 3)
				for _, cov := range r.Coverage {
					assert.Equal(t, model.ObtainedPart, cov.Obtained, cov.Category)
					assert.Equal(t, model.File, cov.Method)
					require.Len(t, cov.Attempts, len(in), cov.Category)
					n := 0
					for _, a := range cov.Attempts {
						if a.Outcome != "ok" {
							assert.Equal(t, bad.outcome, a.Outcome)
							n++
						}
					}
					assert.NotZero(t, n)
					if cov.Category != model.CategoryAccount {
						assert.Equal(t, model.CheckNot, cov.Balanced, cov.Category)
					}
				}
				assert.Equal(t, 4, coverage(r.Coverage, model.CategoryTransaction).Records)

				h.now = h.now.Add(time.Minute)
				h.collect(t, id, uploads(append(statements(accountA, 9, 10), statements(accountB, 9, 10)...)...), nil)
				for _, cov := range h.review(t, id).Coverage {
					assert.True(t, cov.Complete(), "%s is mended", cov.Category)
					assert.Len(t, cov.Attempts, 1)
				}
			})
		}
	}
}

// What was whole and empty is not whole any more; a file that cannot hold a category says nothing of it.
func TestAddBrokenEmpty(t *testing.T) {
	t.Parallel()
	h, id := statementHost(t, "2026-10-15")
	none := strings.NewReplacer("2026-10-20", "2026-10-10", "2026-10-31T", "2026-10-20T").Replace(statement(accountA, 10))
	in := uploads(none)
	d := h.collect(t, id, in, add)
	require.Equal(t, model.ObtainedAll, coverage(d.Coverage, model.CategoryTransaction).Obtained)
	require.Zero(t, coverage(d.Coverage, model.CategoryTransaction).Records)
	for n := 2; n < 4; n++ {
		h.now = h.now.Add(time.Minute)
		h.collect(t, id, uploads("%PDF-1.7 something"), add)
		cov := coverage(h.review(t, id).Coverage, model.CategoryTransaction)
		assert.Equal(t, model.ObtainedPart, cov.Obtained)
		assert.Len(t, cov.Attempts, n)
	}
	before := h.review(t, id).Coverage
	h.now = h.now.Add(time.Minute)
	h.collect(t, id, sources.Input{}, add)
	assert.Equal(t, before, h.review(t, id).Coverage)
}

// A file that cannot hold a category does not touch it, and what failed of another stays known.
func TestAddOtherCategory(t *testing.T) {
	t.Parallel()
	h := newHost(t, func(c *brondata.Config) {
		var g sources.Registry
		require.NoError(t, g.AddNormalizer(camt.Normalizer{}, pensions{}))
		require.NoError(t, g.AddSource(sources.Upload{}))
		c.Registry = &g
	})
	id := h.decided(t, func(p *consent.Proposal) {
		p.KeepDocuments = true
		p.Scope.Baskets = []model.Basket{model.Everything(model.CategoryTransaction), model.Everything(model.CategoryPension)}
	})
	h.collect(t, id, uploads(statement(accountA, 10)), add)
	want := coverage(h.review(t, id).Coverage, model.CategoryTransaction)
	for _, body := range []string{"pension broken", "pension"} {
		h.now = h.now.Add(time.Minute)
		h.collect(t, id, uploads(body), add)
		r := h.review(t, id)
		assert.Equal(t, want, coverage(r.Coverage, model.CategoryTransaction))
	}
	assert.Equal(t, model.ObtainedPart, coverage(h.review(t, id).Coverage, model.CategoryPension).Obtained)
	h.now = h.now.Add(time.Minute)
	h.collect(t, id, uploads(statement(accountA, 9)), add)
	r := h.review(t, id)
	assert.Equal(t, model.ObtainedAll, coverage(r.Coverage, model.CategoryTransaction).Obtained)
	assert.Len(t, coverage(r.Coverage, model.CategoryPension).Attempts, 2)
	e, err := h.Export(t.Context(), subject, "subject-1")
	require.NoError(t, err)
	assert.Len(t, e.Documents, 3)
}

// pensions reads a format that holds nothing but pensions, and none here.
type pensions struct{}

func (pensions) Formats() []sources.Format {
	return []sources.Format{{ID: "pension", Categories: pensions{}.Categories(), Detect: func(_ context.Context, p *sources.Probe) sources.Confidence {
		if strings.HasPrefix(string(p.Head), "pension") {
			return sources.Certain
		}
		return sources.No
	}}}
}

func (pensions) Categories() []model.Category { return []model.Category{model.CategoryPension} }

func (pensions) Normalize(ctx context.Context, d sources.Document, _ sources.Query, _ *sources.Writer) error {
	if b, err := d.Bytes(ctx, 1<<10); err != nil || string(b) != "pension" {
		return sources.Errorf(sources.ErrMalformed, "broken")
	}
	return nil
}

// Statements of one account that are added one by one are one history. What stands before a gap does not come back when it is
// filled: only the history is stored, not all periods.
func TestAddHistory(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		months []int
		since  []string
	}{
		"as they were made": {[]int{9, 10, 11}, []string{"2026-09-01", "2026-09-01", "2026-09-01"}},
		"the newest first":  {[]int{11, 10, 9}, []string{"2026-11-01", "2026-10-01", "2026-09-01"}},
		"with a gap":        {[]int{9, 11, 10}, []string{"2026-09-01", "2026-11-01", "2026-10-01"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, id := statementHost(t, "2026-09-01")
			h.now = time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
			last := 0
			for i, n := range tc.months {
				h.now = h.now.Add(time.Minute)
				h.collect(t, id, uploads(statement(accountA, n)), add)
				cov := coverage(h.review(t, id).Coverage, model.CategoryTransaction)
				assert.Equal(t, tc.since[i], cov.Since.String())
				assert.Equal(t, tc.since[i] == "2026-09-01", cov.Complete())
				assert.Equal(t, 1, cov.Accounts)
				last = max(last, n)
				assert.Equal(t, time.Date(2026, time.Month(last+1), 0, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), cov.Until.String())
			}
		})
	}
}

// Files do not take the place of others that hold more.
func TestFilesLoseNothing(t *testing.T) {
	t.Parallel()
	year := statements(accountA, 1, 2, 3, 4, 5)
	both := append(statements(accountB, 4, 5), statements(accountA, 4, 5)...)
	for name, tc := range map[string]struct {
		was, now []string
		one      bool // the files of was come one by one
		replaced bool
	}{
		"the last month":                  {was: year, now: year[4:]},
		"the first months":                {was: year, now: year[:2]},
		"the last month, added last":      {was: year, now: year[4:], one: true},
		"the first and the last":          {was: year, now: []string{year[0], year[4]}},
		"all again":                       {was: year, now: year, replaced: true},
		"all again, written otherwise":    {was: year, now: []string{year[4] + "\n", year[3] + "\n", year[2] + "\n", year[1] + "\n", year[0] + "\n"}, replaced: true},
		"all that were added":             {was: year, now: append(statements(accountA, 6), year...), one: true, replaced: true},
		"a month more":                    {was: year, now: append(statements(accountA, 6), year...), replaced: true},
		"more before":                     {was: year[3:], now: year, replaced: true},
		"another account":                 {was: both[2:], now: both[:2]},
		"one account of two":              {was: both, now: both[2:]},
		"both accounts":                   {was: both[2:], now: both, replaced: true},
		"one account of two, longer":      {was: both, now: year},
		"a quiet month less":              {was: []string{year[3], quiet(year[4])}, now: year[3:4]},
		"a quiet account of two less":     {was: []string{year[3], quiet(both[0])}, now: year[3:4]},
		"truncated, then a month":         {was: []string{year[3], year[4][:len(year[4])-60]}, now: statements(accountA, 6)},
		"truncated, then whole":           {was: []string{year[3], year[4][:len(year[4])-60]}, now: year[3:], replaced: true},
		"truncated and added, then whole": {was: []string{year[4][:len(year[4])-60], year[3]}, now: year[3:], one: true, replaced: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, id := statementHost(t, "2025-01-01")
			if tc.one {
				for _, b := range tc.was {
					h.now = h.now.Add(time.Minute)
					h.collect(t, id, uploads(b), add)
				}
			} else {
				h.collect(t, id, uploads(tc.was...), nil)
			}
			before := h.review(t, id)
			h.now = h.now.Add(time.Minute)
			h.collect(t, id, uploads(tc.now...), nil)
			after := h.review(t, id)
			for _, c := range []model.Category{model.CategoryAccount, model.CategoryBalance, model.CategoryTransaction} {
				got := retrieved(after.Records, after.Documents)[c]
				if c == model.CategoryAccount && !strings.Contains(name, "another account") && !strings.Contains(name, "of two") {
					assert.Equal(t, h.now, got, "accounts are the same whenever they are told")
					continue
				}
				assert.Equal(t, tc.replaced, got.Equal(h.now), c)
				if !tc.replaced {
					assert.Equal(t, coverage(before.Coverage, c), coverage(after.Coverage, c))
				}
			}
		})
	}
}

// Of what tells how things stand, the newer file counts.
func TestNewerStateReplaces(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	p := h.proposal()
	p.Scope.Baskets = []model.Basket{model.Everything(model.CategoryPension)}
	g, err := h.Propose(t.Context(), adviser, p)
	require.NoError(t, err)
	_, err = h.Decide(t.Context(), subject, g.ID, true)
	require.NoError(t, err)
	for _, want := range []string{"2025", "2026"} {
		h.now = h.now.Add(time.Minute)
		body := `[{"category":"pension","kind":"old-age","reference":"` + want + `","provenance":{"document":0}}]`
		h.collect(t, g.ID, sources.Input{Files: []sources.Document{{Institution: "bank", Body: sources.BytesContent([]byte(body))}}}, nil)
		r := h.review(t, g.ID)
		require.Len(t, r.Records, 1)
		assert.Equal(t, want, r.Records[0].(*model.Pension).Reference)
	}
}

// What an institution gives moves on: what it no longer gives goes.
func TestInstitutionMovesOn(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	id := h.active(t)
	*h.bank.pages = []string{`[{"category":"transaction","bookingDate":"2026-08-01","amount":{"amount":"-8.00","currency":"EUR"},"status":"booked","provenance":{"document":0}}]`}
	h.collect(t, id, sources.Input{}, nil)
	require.Equal(t, "-8.00 -12.50", amounts(h.review(t, id).Records))
	*h.bank.pages = nil
	h.now = h.now.Add(time.Minute)
	h.collect(t, id, sources.Input{}, nil)
	assert.Equal(t, "-12.50", amounts(h.review(t, id).Records))
}
