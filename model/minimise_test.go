package model_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/model"
)

func basket(c model.Category, fields ...string) model.Scope {
	return model.Scope{Baskets: []model.Basket{{Category: c, Fields: fields}}}
}

// leaves returns the names of the fields that stand in a record's JSON, parts with points between.
func leaves(t require.TestingT, r model.Record) []string {
	b, err := model.MarshalRecord(r)
	require.NoError(t, err)
	var v map[string]any
	require.NoError(t, json.Unmarshal(b, &v))
	for _, k := range []string{"category", "provenance", "issues"} {
		delete(v, k)
	}
	set := map[string]bool{}
	var walk func(prefix string, v any)
	walk = func(prefix string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if _, isMoney := v["currency"].(string); isMoney && len(v) == 2 && v["amount"] != nil {
				break
			}
			for k, x := range v {
				walk(prefix+"."+k, x)
			}
			return
		case []any:
			if _, ok := v[0].(map[string]any); ok {
				for _, x := range v {
					walk(prefix, x)
				}
				return
			}
		}
		set[strings.TrimPrefix(prefix, ".")] = true
	}
	walk("", v)
	var out []string
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// Whatever the record and the scope: exactly the fields inside are left, and the copy shares nothing.
func TestMinimiseLeavesExactlyTheScope(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := anyRecord(t, 100)
		if _, ok := r.(*model.Extra); ok {
			return // its own test is below
		}
		c := r.Category()
		var fields []string
		for _, f := range model.Fields(c) {
			if rapid.Bool().Draw(t, "in") {
				fields = append(fields, f)
			}
		}
		if rapid.Bool().Draw(t, "whole") { // a name that stands for all its parts
			whole, _, _ := strings.Cut(rapid.SampledFrom(model.Fields(c)).Draw(t, "of"), ".")
			fields = append(fields, whole)
		}
		scope := basket(c, fields...)
		require.NoError(t, scope.Validate())
		before, err := model.MarshalRecord(r)
		require.NoError(t, err)
		got, ok := model.Minimise(r, scope)
		require.True(t, ok)
		var want []string
		for _, f := range leaves(t, r) {
			if scope.HasField(c, f) {
				want = append(want, f)
			}
		}
		assert.Equal(t, want, leaves(t, got))
		assert.Equal(t, r.Head().Provenance, got.Head().Provenance)

		// Whole copies are equal; and whatever is done to one does not change the original.
		all, ok := model.Minimise(r, basket(c, model.Fields(c)...))
		require.True(t, ok)
		all.Head().Issues = r.Head().Issues
		assert.Equal(t, r, all)
		scrub(reflect.ValueOf(got).Elem())
		all.Head().Issues = slices.Clone(r.Head().Issues)
		scrub(reflect.ValueOf(all).Elem())
		after, err := model.MarshalRecord(r)
		require.NoError(t, err)
		assert.Equal(t, string(before), string(after))
	})
}

// scrub overwrites everything that v reaches.
func scrub(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				scrub(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			v.Index(i).SetZero()
		}
	case reflect.Map:
		v.Clear()
	case reflect.Pointer:
		if !v.IsNil() {
			v.Elem().SetZero()
		}
	default:
		v.SetZero()
	}
}

func TestMinimiseSince(t *testing.T) {
	t.Parallel()
	since := date(t, "2026-03-15")
	period := func(from, to string) model.Period {
		var p model.Period
		if from != "" {
			p.From = date(t, from)
		}
		if to != "" {
			p.To = date(t, to)
		}
		return p
	}
	for name, c := range map[string]struct {
		r    model.Record
		want bool
	}{
		"transaction that day":       {&model.Transaction{BookingDate: since}, true},
		"transaction the day before": {&model.Transaction{BookingDate: date(t, "2026-03-14")}, false},
		"booking date counts first":  {&model.Transaction{BookingDate: date(t, "2026-03-14"), ValueDate: since}, false},
		"value date alone":           {&model.Transaction{ValueDate: date(t, "2026-03-14")}, false},
		"that month":                 {&model.Transaction{BookingDate: date(t, "2026-03")}, true},
		"the month before":           {&model.Transaction{BookingDate: date(t, "2026-02")}, false},
		"that year":                  {&model.Transaction{BookingDate: date(t, "2026")}, true},
		"the year before":            {&model.Transaction{BookingDate: date(t, "2025")}, false},
		"no date":                    {&model.Transaction{}, true},
		"old balance":                {&model.Balance{Date: date(t, "2026-03-14")}, false},
		"wage that runs into it":     {&model.Income{Period: period("2026-03-01", "2026-03-31")}, true},
		"wage that ends before":      {&model.Income{Period: period("2026-02-01", "2026-02-28")}, false},
		"wage without an end":        {&model.Income{Period: period("2020-01-01", "")}, true},
		"benefit that ends before":   {&model.Benefit{Period: period("", "2026-03-14")}, false},
		"birth is no end":            {&model.Person{BirthDate: date(t, "1980-01-01")}, true},
		"address runs on":            {&model.Address{Since: date(t, "1999")}, true},
		"pension runs on":            {&model.Pension{AsOf: date(t, "2025-12-31")}, true},
		"debt runs on":               {&model.StudyDebt{AsOf: date(t, "2025-12-31")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := basket(c.r.Category())
			s.Since = since
			got, ok := model.Minimise(c.r, s)
			assert.Equal(t, c.want, ok)
			assert.Equal(t, c.want, got != nil)
			s.Since = model.Date{}
			_, ok = model.Minimise(c.r, s)
			assert.True(t, ok, "without a limit")
		})
	}
}

func TestMinimiseOutside(t *testing.T) {
	t.Parallel()
	person := &model.Person{Name: model.Name{Family: "Voorbeeld"}, BSN: parse[model.BSN](t, "999991772")}
	for name, r := range map[string]model.Record{
		"other category": &model.Address{City: "Utrecht"}, "nil": nil, "typed nil": (*model.Person)(nil),
		"embedded": &struct{ model.Person }{*person}, "extra with nothing inside": &model.Extra{For: model.CategoryPerson, Extra: map[string]string{"x": "y"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := model.Minimise(r, basket(model.CategoryPerson, "name"))
			assert.False(t, ok)
			assert.Nil(t, got)
		})
	}
	_, ok := model.Minimise(person, model.Scope{})
	assert.False(t, ok, "the zero scope is nothing at all")

	got, ok := model.Minimise(person, model.Scope{Baskets: []model.Basket{model.Everything(model.CategoryPerson)}})
	require.True(t, ok)
	assert.True(t, got.(*model.Person).BSN.IsZero(), "everything is not the BSN")
	got, ok = model.Minimise(person, basket(model.CategoryPerson, "bsn"))
	require.True(t, ok)
	assert.Equal(t, "999991772", got.(*model.Person).BSN.Value())
	assert.True(t, got.(*model.Person).Name.IsZero())
}

func TestMinimiseIssues(t *testing.T) {
	t.Parallel()
	in := []model.Issue{
		model.Doubt(model.IssueTruncated, ""), model.Doubt(model.IssueInvalid, "amount"), model.Doubt(model.IssueChecksum, "counterparty.account"),
		model.Doubt(model.IssueConflict, "counterparty"), model.Doubt(model.IssueCharset, "description"), model.Doubt(model.IssueUnknown, "batch"),
	}
	tx := &model.Transaction{Header: model.Header{Issues: in}}
	got, ok := model.Minimise(tx, basket(model.CategoryTransaction, "amount", "counterparty.name"))
	require.True(t, ok)
	assert.Equal(t, []model.Issue{
		{Code: model.IssueTruncated}, {Code: model.IssueInvalid, Field: "amount"}, {Code: model.IssueConflict, Field: "counterparty"}, {Code: model.IssueUnknown},
	}, got.Head().Issues)
	assert.Len(t, tx.Issues, 6, "the original keeps its own")

	extra := &model.Extra{Header: model.Header{Issues: []model.Issue{{Code: model.IssueInvalid, Field: "extra.a"}, {Code: model.IssueInvalid, Field: "extra.b"}}},
		For: model.CategoryIncome, Extra: map[string]string{"a": "1", "b": "2"}}
	got, ok = model.Minimise(extra, basket(model.CategoryIncome, "extra.a"))
	require.True(t, ok)
	assert.Equal(t, map[string]string{"a": "1"}, got.(*model.Extra).Extra)
	assert.Equal(t, []model.Issue{{Code: model.IssueInvalid, Field: "extra.a"}}, got.Head().Issues)
}

func TestMinimiseDossier(t *testing.T) {
	t.Parallel()
	at := func(n int) model.Header { return model.Header{Provenance: model.Provenance{Document: n}} }
	d := &model.Dossier{
		Documents: []model.DocumentInfo{document(0), document(1), document(2), document(3)},
		Records: []model.Record{
			&model.Person{Header: at(0), Name: model.Name{Family: "Voorbeeld"}},
			&model.Transaction{Header: at(1), ID: "bank-entry-7", Account: account(t, sampleAccounts[0]), Amount: money(t, "1"), BookingDate: date(t, "2026-01-01")},
			&model.Transaction{Header: at(2), ID: "bank-entry-7", Account: account(t, sampleAccounts[0]), Amount: money(t, "1"), BookingDate: date(t, "2026-01-01")},
		},
		Coverage: []model.Coverage{
			{Institution: "sample-bank", Category: model.CategoryPerson, Records: 9},
			{Institution: "sample-bank", Category: model.CategoryTransaction, Records: 9, Attempts: []model.Attempt{{Source: "source-1"}}},
			{Institution: "other-bank", Category: model.CategoryTransaction, Records: 9, Attempts: []model.Attempt{{Source: "source-0"}}},
		},
		Issues: []model.Issue{{Code: model.IssueLimit}, {Code: model.IssueChecksum, Field: "bsn"}, {Code: model.IssueInvalid, Field: "amount"}, {Code: model.IssueInvalid, Field: "id"}},
	}
	d.Documents[2].Issues = []model.Issue{{Code: model.IssueInvalid, Field: "birthDate"}}
	out := d.Minimise(basket(model.CategoryTransaction, "amount"))

	require.Len(t, out.Records, 2)
	// Document 0 held only the person; nothing was read from document 3, which is of a source that was asked in scope.
	require.Len(t, out.Documents, 3)
	assert.Equal(t, d.Documents[1], out.Documents[0])
	assert.Equal(t, d.Documents[3].Digest, out.Documents[2].Digest)
	assert.Empty(t, out.Documents[1].Issues, "a doubt about a birth date is outside")
	assert.Equal(t, 0, out.Records[0].Head().Provenance.Document)
	assert.Equal(t, 1, out.Records[1].Head().Provenance.Document)
	require.Len(t, out.Coverage, 2)
	assert.Equal(t, 2, out.Coverage[0].Records)
	assert.Equal(t, 0, out.Coverage[1].Records)
	assert.Equal(t, []model.Issue{{Code: model.IssueLimit}, {Code: model.IssueInvalid, Field: "amount"}}, out.Issues)
	assert.Equal(t, []model.Match{{Rule: model.RuleTransactionID, Records: []int{0, 1}}}, out.Matches(), "found by an id that is outside")
	assert.Len(t, out.Resolved(), 1)
	assert.Equal(t, 1, d.Records[1].Head().Provenance.Document, "the original is as it was")

	again := out.Minimise(model.Scope{})
	assert.Empty(t, again.Records)
	assert.Empty(t, again.Documents)
	assert.Empty(t, again.Coverage)
	b, err := again.MarshalJSON()
	require.NoError(t, err)
	assert.Equal(t, `{"coverage":[],"documents":[],"issues":[{"code":"limit"}],"matches":[],"records":[]}`, string(b))
}

// Minimising a dossier is minimising its records, doing it twice is doing it once, and doing it in place gives the same.
func TestMinimiseDossierProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDossier(t, 10)
		var s model.Scope
		for _, c := range model.Categories() {
			if rapid.Bool().Draw(t, "category") {
				s.Baskets = append(s.Baskets, model.Basket{Category: c, Fields: []string{rapid.SampledFrom(model.Fields(c)).Draw(t, "field"), "extra.name"}})
			}
		}
		s.Since = date(t, rapid.SampledFrom(sampleDates).Draw(t, "since"))
		out := d.Minimise(s)
		n := 0
		for _, r := range d.Records {
			want, ok := model.Minimise(r, s)
			if !ok {
				continue
			}
			got := out.Records[n]
			n++
			assert.Equal(t, d.Documents[r.Head().Provenance.Document].Digest, out.Documents[got.Head().Provenance.Document].Digest)
			want.Head().Provenance.Document = got.Head().Provenance.Document
			assert.Equal(t, want, got)
		}
		assert.Len(t, out.Records, n)
		first, err := out.MarshalJSON()
		require.NoError(t, err)
		second, err := out.Minimise(s).MarshalJSON()
		require.NoError(t, err)
		assert.Equal(t, string(first), string(second))
		d.Reduce(s)
		assert.Equal(t, out, d)
	})
}

// Sharing the records out over the processors changes nothing.
func TestMinimiseMany(t *testing.T) {
	t.Parallel()
	d := year(t, 40_000, 4)
	got := d.Minimise(reviewScope())
	require.Len(t, got.Records, len(d.Records))
	for i := 0; i < len(d.Records); i += 97 {
		want, ok := model.Minimise(d.Records[i], reviewScope())
		require.True(t, ok)
		require.Equal(t, want, got.Records[i])
	}
	own := slices.Clone(d.Records)
	d.Reduce(reviewScope())
	require.True(t, reflect.DeepEqual(got, d), "in place as in copies")
	for i := 0; i < len(own); i += 97 {
		require.Same(t, own[i], d.Records[i], "reduced in place: nothing of what is outside is left behind")
	}
}

// Reduce leaves nothing of what is outside in the list that it was given.
func TestReduceLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	d := &model.Dossier{Documents: []model.DocumentInfo{document(0)}, Records: []model.Record{
		&model.Person{Name: model.Name{Family: "Voorbeeld"}}, nil, &model.Balance{Amount: money(t, "1")}, &model.Person{},
	}}
	all := d.Records
	d.Reduce(basket(model.CategoryBalance, "amount"))
	require.Len(t, d.Records, 1)
	assert.Equal(t, []model.Record{d.Records[0], nil, nil, nil}, all)
}

// A document is known by its records: it goes with the last of them, and one that had none stays only where its own source brought
// something of the scope. Records say how many are left, and where they point.
func TestMinimiseDocuments(t *testing.T) {
	t.Parallel()
	info := func(inst, source string, m model.Method, n byte) model.DocumentInfo {
		return model.DocumentInfo{Institution: model.InstitutionID(inst), Source: model.SourceID(source), Method: m, Format: "test", Digest: model.Digest{n}}
	}
	at := func(n int) model.Header { return model.Header{Provenance: model.Provenance{Document: n}} }
	whole := func() *model.Dossier {
		return &model.Dossier{
			Documents: []model.DocumentInfo{
				info("bank", "api", model.API, 0),     // only what is outside
				info("bank", "api", model.API, 1),     // inside
				info("bank", "api", model.API, 2),     // nothing, of a source that was asked
				info("bank", "files", model.File, 3),  // nothing, of another source
				info("other", "api", model.API, 4),    // nothing, of another institution
				info("third", "files", model.File, 5), // nothing, of an institution whose coverage names no attempt
				info("third", "api", model.API, 6),
			},
			Records: []model.Record{
				&model.Person{Header: at(0)}, &model.Transaction{Header: at(1), Amount: money(t, "1.00")}, &model.Income{Header: at(1)},
				&model.Transaction{Header: at(99), Amount: money(t, "2.00")}, &model.Transaction{Header: at(-5), Amount: money(t, "3.00")},
			},
			Coverage: []model.Coverage{
				{Institution: "bank", Category: model.CategoryTransaction, Records: 9, Attempts: []model.Attempt{{Source: "api", Outcome: "ok"}}},
				{Institution: "bank", Category: model.CategoryPerson, Records: 9, Attempts: []model.Attempt{{Source: "files", Outcome: "ok"}}},
				{Institution: "other", Category: model.CategoryIncome, Records: 9, Attempts: []model.Attempt{{Source: "api", Outcome: "ok"}}},
				{Institution: "third", Category: model.CategoryTransaction, Records: 9, Method: model.File},
				{Institution: "third", Category: model.CategoryBalance, Records: 9, Method: model.File},
			},
		}
	}
	s := model.Scope{Baskets: []model.Basket{{Category: model.CategoryTransaction, Fields: []string{"amount"}}, {Category: model.CategoryBalance}}}
	reduced := whole()
	reduced.Reduce(s)
	d := whole()
	for name, got := range map[string]*model.Dossier{"minimised": d.Minimise(s), "reduced": reduced} {
		var documents []byte
		for _, i := range got.Documents {
			documents = append(documents, i.Digest[0])
		}
		assert.Equal(t, []byte{1, 2, 5}, documents, name)
		var at []int
		for _, r := range got.Records {
			at = append(at, r.Head().Provenance.Document)
		}
		assert.Equal(t, []int{0, -1, -1}, at, "%s: what pointed at no document points at none", name)
		var counted []int
		for _, c := range got.Coverage {
			counted = append(counted, c.Records)
		}
		assert.Equal(t, []int{1, 0, 0}, counted, name)
		assert.NotNil(t, got.Issues, name)
	}
	assert.Equal(t, whole(), d, "the original is as it was")
	got := d.Minimise(s)
	got.Coverage[0].Attempts[0].Outcome = "changed"
	assert.Equal(t, "ok", d.Coverage[0].Attempts[0].Outcome)
	none := (&model.Dossier{}).Minimise(s)
	assert.Equal(t, &model.Dossier{
		Documents: []model.DocumentInfo{}, Records: []model.Record{}, Coverage: []model.Coverage{}, Issues: []model.Issue{}, Matched: []model.Match{},
	}, none)
}

// A doubt about the whole, or about a document, keeps the name of a field only where the scope has that field.
func TestMinimiseDocumentDoubts(t *testing.T) {
	t.Parallel()
	d := &model.Dossier{Issues: []model.Issue{
		model.Doubt(model.IssueTruncated, ""), model.Doubt(model.IssueInvalid, "amount"), model.Doubt(model.IssueInvalid, "birthDate"),
		model.Doubt(model.IssueInvalid, "counterparty.name"), model.Doubt(model.IssueInvalid, "counterparty"), model.Doubt(model.IssueInvalid, "counter"),
		model.Doubt(model.IssueInvalid, "noSuchField"),
	}}
	s := model.Scope{Baskets: []model.Basket{{Category: model.CategoryTransaction, Fields: []string{"amount", "counterparty.account"}}}}
	assert.Equal(t, []model.Issue{
		model.Doubt(model.IssueTruncated, ""), model.Doubt(model.IssueInvalid, "amount"), model.Doubt(model.IssueInvalid, "counterparty"),
		model.Doubt(model.IssueInvalid, ""), model.Doubt(model.IssueInvalid, ""),
	}, d.Minimise(s).Issues)
}
