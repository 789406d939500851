package retention_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

// dossier is what a bank and a pension register brought.
func dossier(description string) *model.Dossier {
	at := func(n int) model.Header { return model.Header{Provenance: model.Provenance{Document: n}} }
	return &model.Dossier{
		Documents: []model.DocumentInfo{
			{Institution: "pension", Source: "pension.file", Method: model.File, Format: "mpo", Digest: model.Digest{1}, Retrieved: start, Group: 1},
			{Institution: "bank", Source: "bank.api", Method: model.API, Format: "json", Digest: model.Digest{2}, Retrieved: start, Group: 1},
			{Institution: "bank", Source: "bank.api", Method: model.API, Format: "json", Digest: model.Digest{3}, Retrieved: start, Group: 1},
		},
		Records: []model.Record{
			&model.Pension{Header: at(0), Provider: "Synthetisch Pensioenfonds"},
			&model.Account{Header: at(1)},
			&model.Transaction{Header: at(2), Description: description},
		},
		Coverage: []model.Coverage{
			{Institution: "pension", Category: model.CategoryPension, Obtained: model.ObtainedAll, Records: 1},
			{Institution: "bank", Category: model.CategoryAccount, Obtained: model.ObtainedAll, Records: 1},
			{Institution: "bank", Category: model.CategoryTransaction, Obtained: model.ObtainedAll, Records: 1},
			{Institution: "bank", Category: model.CategoryBalance, Obtained: model.ObtainedNone},
		},
	}
}

func TestDossier(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx := t.Context()
	pension := ref
	pension.Link = "pension"
	keep := func(d *model.Dossier) {
		t.Helper()
		require.NoError(t, b.KeepDossier(ctx, ref, d, nil, nil))
		require.NoError(t, b.KeepDossier(ctx, pension, d, nil, nil))
	}
	require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{Lives: map[model.Category]time.Duration{model.CategoryTransaction: 30 * day}}))
	require.NoError(t, b.CreateLink(ctx, pension, retention.Policy{}))
	keep(dossier("one"))

	d, err := b.ReadDossier(ctx, by, ref)
	require.NoError(t, err)
	require.Len(t, d.Documents, 3)
	require.Len(t, d.Records, 3)
	for _, r := range d.Records {
		inst := d.Documents[r.Head().Provenance.Document].Institution
		assert.Equal(t, r.Category() == model.CategoryPension, inst == "pension")
	}
	tx := model.All[*model.Transaction](d)
	require.Len(t, tx, 1)
	assert.Equal(t, "one", tx[0].Description)
	assert.Equal(t, model.Digest{3}, d.Documents[tx[0].Provenance.Document].Digest)
	assert.Equal(t, map[model.Category]model.Obtained{
		model.CategoryPension: model.ObtainedAll, model.CategoryAccount: model.ObtainedAll,
		model.CategoryTransaction: model.ObtainedAll, model.CategoryBalance: model.ObtainedNone,
	}, obtained(d))
	groups := map[model.InstitutionID]int{}
	for _, doc := range d.Documents {
		groups[doc.Institution] = doc.Group
	}
	assert.NotEqual(t, groups["bank"], groups["pension"], "groups of two links stay apart")

	// A refresh that gets no transactions leaves the earlier ones, with what was said of them.
	failed := dossier("never")
	failed.Records = failed.Records[:2]
	failed.Coverage[2].Obtained = model.ObtainedNone
	b.clock.add(20 * day)
	keep(failed)
	d, err = b.ReadDossier(ctx, by, ref)
	require.NoError(t, err)
	require.Len(t, model.All[*model.Transaction](d), 1)
	assert.Equal(t, model.ObtainedAll, obtained(d)[model.CategoryTransaction])

	// When they expire the dossier says that they are not there.
	b.clock.add(10 * day)
	d, err = b.ReadDossier(ctx, by, ref)
	require.NoError(t, err)
	require.Empty(t, model.All[*model.Transaction](d))
	assert.Equal(t, model.ObtainedNone, obtained(d)[model.CategoryTransaction])
	assert.False(t, d.Complete())

	require.NoError(t, b.DestroyGrant(ctx, ref.Grant))
	_, err = b.ReadDossier(ctx, by, ref)
	require.ErrorIs(t, err, retention.ErrShredded)
}

func obtained(d *model.Dossier) map[model.Category]model.Obtained {
	m := map[model.Category]model.Obtained{}
	for _, c := range d.Coverage {
		m[c.Category] += c.Obtained
	}
	return m
}

// TestDossierExtra: documents are kept in the same step, and are no part of the dossier.
func TestDossierExtra(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx := t.Context()
	require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{}))
	doc := content(retention.CategoryDocument, "bytes as retrieved")
	doc.Name = "1"
	require.NoError(t, b.KeepDossier(ctx, ref, dossier("one"), []retention.Content{doc}, nil))
	assert.Equal(t, "bytes as retrieved", body(t, b.Vault, ref, retention.CategoryDocument))
	d, err := b.ReadDossier(ctx, by, ref)
	require.NoError(t, err)
	assert.Len(t, d.Records, 2)
	assert.Len(t, d.Documents, 2)

	require.NoError(t, b.Keep(ctx, ref, []retention.Content{content(model.CategoryAccount, `{"records":"x"}`)}, nil))
	_, err = b.ReadDossier(ctx, by, ref)
	require.ErrorIs(t, err, retention.ErrDamaged)
}

func TestPseudonym(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx := t.Context()
	one, err := b.Pseudonym(ctx, "mortgage", "lender-1", "subject-1")
	require.NoError(t, err)
	assert.Len(t, one, 64)
	again, err := b.open(t, nil).Pseudonym(ctx, "mortgage", "lender-1", "subject-1")
	require.NoError(t, err)
	assert.Equal(t, one, again)
	for _, other := range [][3]string{{"rent", "lender-1", "subject-1"}, {"mortgage", "lender-2", "subject-1"}, {"mortgage", "lender-1", "subject-2"}} {
		p, err := b.Pseudonym(ctx, other[0], other[1], other[2])
		require.NoError(t, err)
		assert.NotEqual(t, one, p)
	}
	_, changed, err := b.Rewrap(ctx, "", 100)
	require.NoError(t, err)
	assert.Equal(t, 2, changed, "a local key has no versions: every walk wraps anew")
	again, err = b.open(t, nil).Pseudonym(ctx, "mortgage", "lender-1", "subject-1")
	require.NoError(t, err)
	assert.Equal(t, one, again)

	require.NoError(t, b.DestroyPurpose(ctx, "mortgage"))
	require.NoError(t, b.DestroyPurpose(ctx, "mortgage"))
	for _, v := range []*retention.Vault{b.Vault, b.open(t, nil)} {
		_, err = v.Pseudonym(ctx, "mortgage", "lender-1", "subject-1")
		require.ErrorIs(t, err, retention.ErrShredded)
	}
	_, err = b.Pseudonym(ctx, "rent", "lender-1", "subject-1")
	require.NoError(t, err)
	_, err = b.Pseudonym(ctx, "", "lender-1", "subject-1")
	require.ErrorIs(t, err, retention.ErrInvalid)
}

// TestDossierInMemory: another process, which does not have what the policy has in memory only, says so instead of handing out
// a dossier that looks whole.
func TestDossierInMemory(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx := t.Context()
	require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{Lives: map[model.Category]time.Duration{model.CategoryTransaction: time.Hour}}))
	full := dossier("one")
	full.Coverage[2].Attempts = []model.Attempt{{Source: "bank.api", Method: model.API, Started: start, Outcome: "ok", Documents: 2}}
	require.NoError(t, b.KeepDossier(ctx, ref, full, nil, nil))
	transactions := func(v *retention.Vault) (int, model.Coverage) {
		t.Helper()
		d, err := v.ReadDossier(ctx, by, ref)
		require.NoError(t, err)
		for _, k := range d.Coverage {
			if k.Category == model.CategoryTransaction {
				return len(model.All[*model.Transaction](d)), k
			}
		}
		require.Fail(t, "no coverage of the transactions")
		return 0, model.Coverage{}
	}
	n, k := transactions(b.Vault)
	assert.Equal(t, 1, n)
	assert.Equal(t, full.Coverage[2], k)
	absent := model.Coverage{
		Institution: "bank", Category: model.CategoryTransaction, Obtained: model.ObtainedNone,
		Attempts: []model.Attempt{{Source: "bank.api", Method: model.API, Started: start, Outcome: retention.OutcomeInMemory}},
	}
	n, k = transactions(b.open(t, nil))
	assert.Zero(t, n)
	assert.Equal(t, absent, k)
	b.clock.add(time.Hour)
	n, k = transactions(b.Vault)
	assert.Zero(t, n)
	assert.Equal(t, absent, k)
}

// TestDossierOf: who wants the documents too reads once, and the access log has one entry.
func TestDossierOf(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx := t.Context()
	require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{}))
	document := retention.Content{Category: retention.CategoryDocument, Name: "doc", Body: []byte("<Document/>")}
	require.NoError(t, b.KeepDossier(ctx, ref, dossier("one"), []retention.Content{document}, nil))
	before := b.log.len()
	cs, err := b.ReadGrant(ctx, by, ref)
	require.NoError(t, err)
	assert.Equal(t, before+1, b.log.len())
	n := len(cs)
	d, err := retention.DossierOf(cs)
	require.NoError(t, err)
	require.Len(t, cs, n, "they are as they were")
	assert.True(t, slices.ContainsFunc(cs, func(c retention.Content) bool { return string(c.Body) == "<Document/>" }))
	want, err := b.ReadDossier(ctx, by, ref)
	require.NoError(t, err)
	assert.Equal(t, want, d)
	_, err = retention.DossierOf([]retention.Content{{Category: model.CategoryPerson, Schema: 99}})
	require.ErrorIs(t, err, retention.ErrDamaged)
}

// TestDossierKeepsDoubts: what was doubted of the whole comes back once, however many links keep it; a category of which all was
// obtained and there was nothing is known to be empty; and the same bytes that came twice stay two documents.
func TestDossierKeepsDoubts(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx := t.Context()
	pension := ref
	pension.Link = "pension"
	require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{}))
	require.NoError(t, b.CreateLink(ctx, pension, retention.Policy{}))
	keep := func(d *model.Dossier) *model.Dossier {
		t.Helper()
		require.NoError(t, b.KeepDossier(ctx, ref, d, nil, nil))
		require.NoError(t, b.KeepDossier(ctx, pension, d, nil, nil))
		d, err := b.ReadDossier(ctx, by, ref)
		require.NoError(t, err)
		return d
	}
	d := dossier("one")
	d.Issues = []model.Issue{model.Doubt(model.IssueSubject, ""), model.Doubt(model.IssueHistoryCut, "")}
	d.Documents[2] = d.Documents[1]
	d.Documents[1].Group, d.Documents[2].Group = 0, 0
	got := keep(d)
	assert.Equal(t, d.Issues, got.Issues)
	require.Len(t, got.Documents, 3)
	assert.Equal(t, []int{0, 0}, []int{got.Documents[0].Group, got.Documents[1].Group}, "of no group before, of none after")
	used := map[int]bool{}
	for _, r := range got.Records {
		used[r.Head().Provenance.Document] = true
	}
	assert.Len(t, used, 3)

	empty := dossier("never")
	empty.Records = empty.Records[:2]
	empty.Coverage[2].Records = 0
	got = keep(empty)
	assert.Empty(t, model.All[*model.Transaction](got), "the source says that there are none any more")
	assert.Equal(t, model.ObtainedAll, obtained(got)[model.CategoryTransaction])

	for _, n := range []int{-1, 3} {
		bad := dossier("one")
		bad.Records[0].Head().Provenance.Document = n
		require.ErrorIs(t, b.KeepDossier(ctx, ref, bad, nil, nil), retention.ErrInvalid)
	}
}
