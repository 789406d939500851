package brondata_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2/psd2test"
)

// month is a file with two transactions and a balance.
func month(n int) sources.Input {
	const tx = `{"category":"transaction","account":"NL48BRON0123456789","bookingDate":"2026-%02d-%02d","amount":{"amount":"-%d.00","currency":"EUR"},"status":"booked","provenance":{"document":0}}`
	const balance = `{"category":"balance","account":"NL48BRON0123456789","type":"closingBooked","amount":{"amount":"%d.00","currency":"EUR"},"date":"2026-%02d-28","provenance":{"document":0}}`
	body := "[" + fmt.Sprintf(tx, n, 1, n) + "," + fmt.Sprintf(tx, n, 2, 100+n) + "," + fmt.Sprintf(balance, n, n) + "]"
	return sources.Input{Files: []sources.Document{{Institution: "bank", Body: sources.BytesContent([]byte(body))}}}
}

func months(ns ...int) (in sources.Input) {
	for _, n := range ns {
		in.Files = append(in.Files, month(n).Files...)
	}
	return in
}

var add = &brondata.CollectOptions{Add: true}

// decided returns a grant that is not connected: what is collected comes from files.
func (h *host) decided(t testing.TB, change func(*consent.Proposal)) consent.GrantID {
	t.Helper()
	p := h.proposal()
	if change != nil {
		change(&p)
	}
	g, err := h.Propose(t.Context(), adviser, p)
	require.NoError(t, err)
	_, err = h.Decide(t.Context(), subject, g.ID, true)
	require.NoError(t, err)
	return g.ID
}

// collect collects, and asserts that keeping it left alone what it returned.
func (h *host) collect(t testing.TB, id consent.GrantID, in sources.Input, o *brondata.CollectOptions) *model.Dossier {
	t.Helper()
	d, err := h.Collect(t.Context(), subject, id, in, o)
	require.NoError(t, err)
	for _, r := range d.Records {
		require.Less(t, r.Head().Provenance.Document, len(d.Documents))
	}
	return d
}

func (h *host) review(t testing.TB, id consent.GrantID) *brondata.Review {
	t.Helper()
	h.restart(t)
	r, err := h.Review(t.Context(), subject, id, nil)
	require.NoError(t, err)
	return r
}

func amounts(rs []model.Record) string {
	var out []string
	for _, r := range rs {
		if tx, ok := r.(*model.Transaction); ok {
			out = append(out, tx.Amount.Text())
		}
	}
	return strings.Join(out, " ")
}

func coverage(cs []model.Coverage, c model.Category) model.Coverage {
	for _, cov := range cs {
		if cov.Category == c {
			return cov
		}
	}
	return model.Coverage{}
}

// A refresh in which one account does not answer takes nothing away.
func TestPartDoesNotReplaceAll(t *testing.T) {
	t.Parallel()
	h := newBankHost(t, psd2test.Options{FrequencyPerDay: 1000})
	_, err := h.connect(t, h.begin(t))
	require.NoError(t, err)
	h.collects(t)
	before := h.review(t, h.id)
	h.now = h.now.Add(time.Hour)
	h.bank.Inject(psd2test.Fault{Kind: psd2test.Status, Path: "/transactions", Status: 503, Times: 1})
	d, err := h.Collect(t.Context(), present, h.id, sources.Input{}, nil)
	require.NoError(t, err)
	require.Equal(t, model.ObtainedPart, coverage(d.Coverage, model.CategoryTransaction).Obtained)
	after := h.review(t, h.id)
	assert.Equal(t, amounts(before.Records), amounts(after.Records))
	assert.Equal(t, coverage(before.Coverage, model.CategoryTransaction), coverage(after.Coverage, model.CategoryTransaction))
	was, is := retrieved(before.Records, before.Documents), retrieved(after.Records, after.Documents)
	assert.Equal(t, was[model.CategoryTransaction], is[model.CategoryTransaction])
	assert.True(t, is[model.CategoryBalance].After(was[model.CategoryBalance]), "what came whole replaces")
	h.now = h.now.Add(time.Hour)
	h.collects(t)
	again := h.review(t, h.id)
	assert.Equal(t, amounts(before.Records), amounts(again.Records))
	assert.True(t, retrieved(again.Records, again.Documents)[model.CategoryTransaction].After(was[model.CategoryTransaction]))
}

// retrieved returns when the documents of each category came.
func retrieved(rs []model.Record, docs []model.DocumentInfo) map[model.Category]time.Time {
	out := map[model.Category]time.Time{}
	for _, r := range rs {
		out[r.Category()] = docs[r.Head().Provenance.Document].Retrieved
	}
	return out
}

func TestReplace(t *testing.T) {
	t.Parallel()
	broken := sources.Input{Files: append(month(11).Files, sources.Document{Institution: "bank", Format: "records", Body: sources.BytesContent([]byte("[{"))})}
	for name, tc := range map[string]struct {
		in   []sources.Input
		want string
		got  model.Obtained
	}{
		"all replaces all":              {[]sources.Input{month(10), months(11, 10)}, "-11.00 -111.00 -10.00 -110.00", model.ObtainedAll},
		"another file does not":         {[]sources.Input{month(10), month(11)}, "-10.00 -110.00", model.ObtainedAll},
		"nor some of the files":         {[]sources.Input{months(10, 11), month(11)}, "-10.00 -110.00 -11.00 -111.00", model.ObtainedAll},
		"part does not":                 {[]sources.Input{month(10), broken}, "-10.00 -110.00", model.ObtainedAll},
		"part replaces part":            {[]sources.Input{broken, {Files: append(months(9).Files, broken.Files...)}}, "-9.00 -109.00 -11.00 -111.00", model.ObtainedPart},
		"another part does not":         {[]sources.Input{broken, {Files: append(months(9).Files, broken.Files[1:]...)}}, "-11.00 -111.00", model.ObtainedPart},
		"all replaces part":             {[]sources.Input{broken, months(11)}, "-11.00 -111.00", model.ObtainedAll},
		"a second part does not either": {[]sources.Input{month(10), broken, broken}, "-10.00 -110.00", model.ObtainedAll},
		"nothing does not":              {[]sources.Input{month(10), {Files: broken.Files[1:]}}, "-10.00 -110.00", model.ObtainedAll},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, nil)
			id := h.decided(t, nil)
			for _, in := range tc.in {
				h.now = h.now.Add(time.Minute)
				h.collect(t, id, in, nil)
			}
			r := h.review(t, id)
			assert.Equal(t, tc.want, amounts(r.Records))
			cov := coverage(r.Coverage, model.CategoryTransaction)
			assert.Equal(t, tc.got, cov.Obtained)
			assert.Len(t, strings.Fields(tc.want), cov.Records)
		})
	}
	t.Run("what broke off", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, nil)
		id := h.decided(t, nil)
		h.collect(t, id, month(10), nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		in := sources.Input{Files: append(month(11).Files, month(9).Files...)}
		_, err := h.Collect(ctx, subject, id, in, &brondata.CollectOptions{Progress: func(e sources.Event) {
			if e.Kind == sources.EventDocument {
				cancel()
			}
		}})
		require.Error(t, err)
		assert.Equal(t, "-10.00 -110.00", amounts(h.review(t, id).Records))
	})
}

// Files that are handed over one by one stand beside one another, each once.
func TestAdd(t *testing.T) {
	t.Parallel()
	log := &recorder{}
	h := newHost(t, func(c *brondata.Config) { c.Audit = log })
	id := h.decided(t, func(p *consent.Proposal) { p.KeepDocuments = true })
	for i, n := range []int{10, 11, 10, 9} {
		h.now = h.now.Add(time.Minute)
		d := h.collect(t, id, month(n), add)
		assert.Len(t, d.Records, 3, "what is returned is what this collection brought")
		assert.Equal(t, i > 0, log.read("mortgage: keep"))
	}
	r := h.review(t, id)
	assert.ElementsMatch(t, strings.Fields("-11.00 -111.00 -10.00 -110.00 -9.00 -109.00"), strings.Fields(amounts(r.Records)))
	assert.Len(t, r.Documents, 3)
	for _, rec := range r.Records {
		assert.NotZero(t, r.Documents[rec.Head().Provenance.Document].Digest)
	}
	cov := coverage(r.Coverage, model.CategoryTransaction)
	assert.Equal(t, model.ObtainedAll, cov.Obtained)
	assert.Equal(t, 6, cov.Records)
	assert.Len(t, cov.Attempts, 8, "two sources, four times")
	assert.Equal(t, model.CheckNot, cov.Balanced)
	require.Len(t, r.Coverage, 2)
	e, err := h.Export(t.Context(), subject, "subject-1")
	require.NoError(t, err)
	assert.Len(t, e.Documents, 3)
	for _, doc := range e.Documents {
		var list []json.RawMessage
		require.NoError(t, json.Unmarshal(doc.Body, &list))
		assert.Len(t, list, 3)
	}

	h.now = h.now.Add(time.Minute)
	h.collect(t, id, months(8, 9, 10, 11), nil)
	assert.Equal(t, "-8.00 -108.00 -9.00 -109.00 -10.00 -110.00 -11.00 -111.00", amounts(h.review(t, id).Records), "without Add it replaces")
}

// A file that is read in part makes the whole part, and the one read whole later does not mend that.
func TestAddPart(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	id := h.active(t)
	*h.bank.pages = []string{"[{"}
	h.collect(t, id, sources.Input{}, add)
	h.now = h.now.Add(time.Minute)
	h.collect(t, id, sources.Input{}, nil)
	require.Equal(t, model.ObtainedPart, coverage(h.review(t, id).Coverage, model.CategoryTransaction).Obtained)
	*h.bank.pages = nil
	h.now = h.now.Add(time.Minute)
	h.collect(t, id, sources.Input{}, add)
	r := h.review(t, id)
	cov := coverage(r.Coverage, model.CategoryTransaction)
	assert.Equal(t, model.ObtainedAll, cov.Obtained, "the bank gave all")
	assert.Len(t, r.Records, 2, "the same document takes its own place")
}

// What is added to lives no longer for it.
func TestAddLivesNoLonger(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	h := newHost(t, nil)
	id := h.decided(t, func(p *consent.Proposal) {
		p.KeepDocuments = true
		p.Purpose.Keep = map[model.Category]time.Duration{model.CategoryTransaction: 4 * day}
	})
	h.collect(t, id, month(10), add)
	for _, n := range []int{11, 9} {
		h.now = h.now.Add(day)
		h.collect(t, id, month(n), add)
	}
	h.now = h.now.Add(2*day - time.Millisecond)
	assert.Len(t, strings.Fields(amounts(h.review(t, id).Records)), 6)
	h.now = h.now.Add(time.Millisecond)
	r := h.review(t, id)
	assert.Empty(t, amounts(r.Records))
	assert.Equal(t, model.ObtainedNone, coverage(r.Coverage, model.CategoryTransaction).Obtained)
	assert.Len(t, r.Records, 3, "the balances")
	e, err := h.Export(t.Context(), subject, "subject-1")
	require.NoError(t, err)
	assert.Empty(t, e.Documents)
	h.collect(t, id, month(8), add)
	assert.Equal(t, "-8.00 -108.00", amounts(h.review(t, id).Records))
}

// Files that are handed over at the same moment, in several processes, are all kept.
func TestAddAtOnce(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	id := h.decided(t, nil)
	var wg sync.WaitGroup
	for n := 1; n <= 9; n++ {
		c, err := brondata.New(h.conf)
		require.NoError(t, err)
		t.Cleanup(c.Close)
		wg.Go(func() {
			_, err := c.Collect(context.Background(), subject, id, month(n), add)
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	assert.Len(t, strings.Fields(amounts(h.review(t, id).Records)), 18)
}

// recorder notes what was recorded, and the reasons of reads.
type recorder struct {
	mu      sync.Mutex
	reads   map[string]bool
	entries []retention.Access
}

// actions returns what was granted since the last call.
func (r *recorder) actions() (out []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.entries {
		if a.Outcome == retention.OutcomeGranted {
			out = append(out, string(a.Action))
		}
	}
	r.entries = nil
	return out
}

func (r *recorder) Record(_ context.Context, a retention.Access) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reads == nil {
		r.reads = map[string]bool{}
	}
	r.entries = append(r.entries, a)
	if a.Action == retention.ActionRead && a.Outcome == retention.OutcomeGranted {
		r.reads[a.Reason] = true
	}
	return nil
}

func (r *recorder) read(reason string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reads[reason]
}

// What is kept of one institution stays apart from another's, and what was returned is as it was.
func TestAddTwoInstitutions(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	id := h.decided(t, func(p *consent.Proposal) { p.Institutions = []model.InstitutionID{"bank", "other"} })
	both := func(a, b int) sources.Input {
		in := month(a)
		for _, d := range month(b).Files {
			d.Institution = "other"
			in.Files = append(in.Files, d)
		}
		return in
	}
	h.collect(t, id, both(1, 2), add)
	h.now = h.now.Add(time.Minute)
	d := h.collect(t, id, both(3, 4), add)
	seen, err := json.Marshal(d)
	require.NoError(t, err)
	h.now = h.now.Add(time.Minute)
	h.collect(t, id, both(5, 2), add)
	again, err := json.Marshal(d)
	require.NoError(t, err)
	assert.Equal(t, string(seen), string(again))
	r := h.review(t, id)
	got := map[model.InstitutionID][]string{}
	for _, rec := range r.Records {
		if tx, ok := rec.(*model.Transaction); ok {
			inst := r.Documents[rec.Head().Provenance.Document].Institution
			got[inst] = append(got[inst], tx.Amount.Text())
		}
	}
	assert.ElementsMatch(t, strings.Fields("-1.00 -101.00 -3.00 -103.00 -5.00 -105.00"), got["bank"])
	assert.ElementsMatch(t, strings.Fields("-2.00 -102.00 -4.00 -104.00"), got["other"])
	assert.Len(t, r.Documents, 5)
	require.Len(t, r.Coverage, 4)
	for _, c := range r.Coverage {
		assert.NotZero(t, c.Records)
	}
}

// An institution that gave nothing is missing from what is reviewed and released, as it was from the collection.
func TestInstitutionWithoutAnything(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	id := h.decided(t, func(p *consent.Proposal) { p.Institutions = append(p.Institutions, "another") })
	h.collect(t, id, sources.Input{Files: []sources.Document{{Institution: "bank", Body: sources.BytesContent([]byte(bankRecords))}}}, nil)
	r := h.review(t, id)
	p, err := h.Release(t.Context(), subject, r.Approval())
	require.NoError(t, err)
	released, err := h.open(p)
	require.NoError(t, err)
	assert.False(t, released.Complete())
	for _, coverage := range [][]model.Coverage{r.Coverage, released.Coverage} {
		missing := map[model.Category]model.Obtained{}
		for _, cov := range coverage {
			if cov.Institution == "another" {
				missing[cov.Category] = cov.Obtained
			}
		}
		assert.Equal(t, map[model.Category]model.Obtained{model.CategoryBalance: model.ObtainedNone, model.CategoryTransaction: model.ObtainedNone}, missing)
	}
	left, err := h.Client.Review(t.Context(), subject, id, &brondata.ReviewOptions{LeaveOut: []model.Category{model.CategoryTransaction}})
	require.NoError(t, err)
	for _, cov := range left.Coverage {
		assert.NotEqual(t, model.CategoryTransaction, cov.Category, "what is left out is not told, not even that it is missing")
	}
}

const (
	accountA = "NL48BRON0123456789"
	accountB = "NL14BRON0200000101"
)
