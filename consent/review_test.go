package consent_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
)

// openPackage opens a package as the recipient does.
func openPackage(t testing.TB, k *kit, key crypto.RecipientPrivateKey, p crypto.Package) *model.Dossier {
	t.Helper()
	b, err := crypto.OpenPackage(t.Context(), p, key, []crypto.SenderKey{k.signer.Public()}, nil)
	require.NoError(t, err)
	d, err := model.ReadDossier(b, nil)
	require.NoError(t, err)
	return d
}

func TestReleaseSendsWhatWasApproved(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.active(t, nil)
	for name, c := range map[string]struct {
		leaveOut []model.Category
		want     []model.Category
		records  int
	}{
		"all of the scope":     {nil, []model.Category{model.CategoryPerson, model.CategoryTransaction}, 3},
		"without transactions": {[]model.Category{model.CategoryTransaction}, []model.Category{model.CategoryPerson}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			r, shown, err := k.Review(t.Context(), jan, g.ID, dossier(t), c.leaveOut)
			require.NoError(t, err)
			require.Equal(t, c.records, r.Records)
			require.Equal(t, c.want, r.Categories)
			require.Equal(t, consent.ReleasePending, r.State)
			require.Equal(t, start.Add(24*time.Hour), r.ApproveBy)
			stored, err := k.Release(t.Context(), jan, r.ID)
			require.NoError(t, err)
			require.Equal(t, stored, r, "as it is stored")
			for i, d := range []*model.Dossier{dossier(t), shown, nil} { // whole, reduced, and the retry without any
				p, err := k.Seal(t.Context(), jan, consent.Approval{Release: r.ID, Digest: r.Digest}, d)
				require.NoError(t, err)
				got := openPackage(t, k, k.key, p)
				require.Len(t, got.Records, c.records)
				for _, rec := range got.Records {
					assert.Contains(t, c.want, rec.Category(), "nothing outside of scope and choice")
				}
				for _, cov := range got.Coverage {
					assert.Contains(t, c.want, cov.Category, "not even that it was asked")
				}
				digest, err := model.ReviewDigest(string(g.ID), g.Recipient.ID, r.KeyID, got.Records)
				require.NoError(t, err)
				assert.Equal(t, r.Digest, digest, "what was seen is what was sent")
				h := p.Header()
				assert.Equal(t, []string{string(r.ID), string(g.ID), "mortgage"}, []string{h.ReleaseID, h.GrantID, h.Purpose})
				assert.Equal(t, start, h.Created.UTC())
				if i > 0 {
					again, err := k.Seal(t.Context(), jan, consent.Approval{Release: r.ID, Digest: r.Digest}, nil)
					require.NoError(t, err)
					assert.Equal(t, p.Bytes(), again.Bytes(), "a retry returns the same bytes")
				}
			}
			require.NoError(t, k.MarkDelivered(t.Context(), jan, r.ID))
			require.NoError(t, k.MarkDelivered(t.Context(), jan, r.ID), "twice is no error")
			_, err = k.Seal(t.Context(), jan, consent.Approval{Release: r.ID, Digest: r.Digest}, dossier(t))
			require.ErrorIs(t, err, consent.ErrDelivered, "it works once")
		})
	}
	for range 3 {
		k.clock.pass(time.Minute)
		_, _, err := k.Review(t.Context(), jan, g.ID, dossier(t), nil)
		require.NoError(t, err)
	}
	rs, err := k.Releases(t.Context(), jan, g.ID)
	require.NoError(t, err)
	require.Len(t, rs, 5)
	for i, r := range rs {
		assert.Equal(t, i < 2, r.State == consent.ReleaseDelivered)
		assert.Equal(t, i < 2, r.Delivered.Equal(start))
		assert.False(t, i > 0 && r.Reviewed.Before(rs[i-1].Reviewed), "the oldest first")
	}
}

func TestReleaseIsVoidWhenAnythingChanged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(t *testing.T, k *kit, g consent.Grant, a *consent.Approval, d *model.Dossier)
		err    error
		reason consent.Reason
	}{
		"another amount": {func(t *testing.T, _ *kit, _ consent.Grant, _ *consent.Approval, d *model.Dossier) {
			m, err := model.ParseMoney("-12.51", "EUR")
			require.NoError(t, err)
			d.Records[3].(*model.Transaction).Amount = m
		}, consent.ErrVoid, ""},
		"one record more": {func(_ *testing.T, _ *kit, _ consent.Grant, _ *consent.Approval, d *model.Dossier) {
			d.Records = append(d.Records, d.Records[3])
		}, consent.ErrVoid, ""},
		"one record less": {func(_ *testing.T, _ *kit, _ consent.Grant, _ *consent.Approval, d *model.Dossier) {
			d.Records = d.Records[:4]
		}, consent.ErrVoid, ""},
		"another document": {func(_ *testing.T, _ *kit, _ consent.Grant, _ *consent.Approval, d *model.Dossier) {
			d.Documents[0].Digest[5] ^= 1
		}, consent.ErrVoid, ""},
		"other coverage": {func(_ *testing.T, _ *kit, _ consent.Grant, _ *consent.Approval, d *model.Dossier) {
			d.Coverage[1].Obtained = model.ObtainedPart
		}, consent.ErrVoid, ""},
		"another digest approved": {func(_ *testing.T, _ *kit, _ consent.Grant, a *consent.Approval, _ *model.Dossier) {
			a.Digest[0] ^= 1
		}, consent.ErrVoid, ""},
		"no digest approved": {func(_ *testing.T, _ *kit, _ consent.Grant, a *consent.Approval, _ *model.Dossier) {
			a.Digest = model.Digest{}
		}, consent.ErrVoid, ""},
		"another key": {func(t *testing.T, k *kit, _ consent.Grant, _ *consent.Approval, _ *model.Dossier) {
			require.NoError(t, k.SetKey(t.Context(), system, "advies", newKey(t).Public()))
		}, consent.ErrVoid, ""},
		"another key and back": {func(t *testing.T, k *kit, _ consent.Grant, _ *consent.Approval, _ *model.Dossier) {
			require.NoError(t, k.SetKey(t.Context(), system, "advies", newKey(t).Public()))
			require.NoError(t, k.SetKey(t.Context(), system, "advies", k.key.Public()))
		}, nil, ""},
		"too late": {func(_ *testing.T, k *kit, _ consent.Grant, _ *consent.Approval, _ *model.Dossier) {
			k.clock.pass(24 * time.Hour)
		}, consent.ErrVoid, ""},
		"too late, swept": {func(t *testing.T, k *kit, _ consent.Grant, _ *consent.Approval, _ *model.Dossier) {
			k.clock.pass(24 * time.Hour)
			s, err := k.Sweep(t.Context(), system, 10, nil)
			require.NoError(t, err)
			require.Equal(t, 1, s.Voided)
		}, consent.ErrVoid, ""},
		"revoked": {func(t *testing.T, k *kit, g consent.Grant, _ *consent.Approval, _ *model.Dossier) {
			_, err := k.Revoke(t.Context(), jan, g.ID)
			require.NoError(t, err)
		}, consent.ErrNotPermitted, consent.ReasonRevoked},
		"superseded": {func(t *testing.T, k *kit, g consent.Grant, _ *consent.Approval, _ *model.Dossier) {
			k.active(t, func(p *consent.Proposal) { p.Supersedes = g.ID })
		}, consent.ErrNotPermitted, consent.ReasonSuperseded},
		"expired": {func(_ *testing.T, k *kit, _ consent.Grant, _ *consent.Approval, _ *model.Dossier) {
			k.clock.pass(181 * 24 * time.Hour)
		}, consent.ErrNotPermitted, consent.ReasonExpired},
		"no dossier": {func(_ *testing.T, _ *kit, _ consent.Grant, _ *consent.Approval, d *model.Dossier) {
			*d = model.Dossier{}
		}, consent.ErrVoid, ""},
		"an unknown release": {func(_ *testing.T, _ *kit, _ consent.Grant, a *consent.Approval, _ *model.Dossier) {
			a.Release = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
		}, consent.ErrNotFound, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, consent.Limits{})
			g := k.active(t, nil)
			d := dossier(t)
			r, _, err := k.Review(t.Context(), jan, g.ID, d, nil)
			require.NoError(t, err)
			a := consent.Approval{Release: r.ID, Digest: r.Digest}
			c.change(t, k, g, &a, d)
			p, err := k.Seal(t.Context(), jan, a, d)
			require.ErrorIs(t, err, c.err)
			assert.Equal(t, c.reason, reason(err))
			assert.Equal(t, c.err != nil, p.IsZero())
			clean(t, err)
		})
	}
}

func TestNewKeyVoidsTheReleaseNotTheGrant(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.active(t, nil)
	next := newKey(t)
	require.Equal(t, consent.ReasonPolicy, reason(k.SetKey(t.Context(), jan, "advies", next.Public())))
	require.NoError(t, k.SetKey(t.Context(), system, "advies", next.Public()))
	require.NoError(t, k.SetKey(t.Context(), system, "advies", next.Public()), "twice is no error")
	require.ErrorIs(t, k.SetKey(t.Context(), system, "advies", crypto.RecipientKey{}), consent.ErrInvalid)
	require.Equal(t, consent.GrantActive, k.state(t, g.ID))
	r, _, err := k.Review(t.Context(), jan, g.ID, dossier(t), nil)
	require.NoError(t, err)
	p, err := k.Seal(t.Context(), jan, consent.Approval{Release: r.ID, Digest: r.Digest}, dossier(t))
	require.NoError(t, err)
	openPackage(t, k, next, p)
	_, err = crypto.OpenPackage(t.Context(), p, k.key, []crypto.SenderKey{k.signer.Public()}, nil)
	require.ErrorIs(t, err, crypto.ErrOpen, "the old key opens nothing new")
}

func TestReviewRefuses(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.active(t, nil)
	review := func(by consent.Actor, d *model.Dossier, out ...model.Category) error {
		_, _, err := k.Review(t.Context(), by, g.ID, d, out)
		return err
	}
	require.Equal(t, consent.ReasonPolicy, reason(review(piet, dossier(t))))
	require.Equal(t, consent.ReasonPolicy, reason(review(adviser, dossier(t))))
	require.ErrorIs(t, review(jan, nil), consent.ErrInvalid)
	require.ErrorIs(t, review(jan, dossier(t), model.CategoryIncome), consent.ErrInvalid)
	require.ErrorIs(t, review(jan, dossier(t), model.CategoryPerson, model.CategoryTransaction, model.CategoryBalance), consent.ErrInvalid)
	undecided := k.propose(t, nil)
	_, _, err := k.Review(t.Context(), jan, undecided.ID, dossier(t), nil)
	require.Equal(t, consent.ReasonUndecided, reason(err))
	keyless := k.active(t, func(p *consent.Proposal) { p.Recipient = consent.Recipient{ID: "other", Name: "n", Contact: "c"} })
	_, _, err = k.Review(t.Context(), jan, keyless.ID, dossier(t), nil)
	require.ErrorIs(t, err, consent.ErrVoid)
	m, err := consent.NewManager(k.store, nil)
	require.NoError(t, err)
	_, err = m.Seal(t.Context(), jan, consent.Approval{}, dossier(t))
	require.ErrorIs(t, err, consent.ErrInvalid, "nothing is sealed without a signer")
}

// TestRevokedPackageIsNotHandedOut has the package sealed, and not delivered, when the subject withdraws.
func TestRevokedPackageIsNotHandedOut(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.active(t, nil)
	r, _, err := k.Review(t.Context(), jan, g.ID, dossier(t), nil)
	require.NoError(t, err)
	a := consent.Approval{Release: r.ID, Digest: r.Digest}
	_, err = k.Seal(t.Context(), jan, a, dossier(t))
	require.NoError(t, err)
	_, err = k.Revoke(t.Context(), jan, g.ID)
	require.NoError(t, err)
	_, err = k.Seal(t.Context(), jan, a, nil)
	require.Equal(t, consent.ReasonRevoked, reason(err))
	s, err := k.Sweep(t.Context(), system, 10, nil)
	require.NoError(t, err)
	require.Equal(t, 1, s.Voided)
	_, err = k.store.Get(t.Context(), "package", string(r.ID))
	require.ErrorIs(t, err, consent.ErrNotFound, "the bytes are gone")
	require.ErrorIs(t, k.MarkDelivered(t.Context(), jan, r.ID), consent.ErrVoid)
}

// TestLeavingOutLeavesNoTrace: of what the subject left out a recipient cannot even tell that it was there: not by how many
// documents an attempt brought, nor by the numbers of their groups.
func TestLeavingOutLeavesNoTrace(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.active(t, nil)
	d := dossier(t)
	d.Documents[0].Group = 7 // the transactions', of the bank
	d.Documents[1].Group = 8 // the person's, of uwv
	at := func(doc int) model.Header {
		return model.Header{Provenance: model.Provenance{Document: doc, At: "line 1"}}
	}
	for _, group := range []int{9, 8, 0} {
		d.Documents = append(d.Documents, d.Documents[1])
		d.Documents[len(d.Documents)-1].Group = group
		d.Records = append(d.Records, &model.Person{Header: at(len(d.Documents) - 1), Name: model.Name{Full: "J. Jansen"}})
	}
	d.Coverage = []model.Coverage{{
		Institution: "uwv", Category: model.CategoryPerson, Obtained: model.ObtainedAll, Attempts: []model.Attempt{
			{Source: "uwv", Method: model.File, Started: start, Outcome: "ok", Documents: 9},
			{Source: "bank", Method: model.File, Started: start, Outcome: "ok", Documents: 1},
			{Source: "uwv", Method: model.File, Started: start, Outcome: "unavailable", Documents: 2},
		},
	}}
	_, whole, err := k.Review(t.Context(), jan, g.ID, d, nil)
	require.NoError(t, err)
	require.Equal(t, 9, whole.Coverage[0].Attempts[0].Documents, "who leaves nothing out changes nothing")
	r, shown, err := k.Review(t.Context(), jan, g.ID, d, []model.Category{model.CategoryTransaction})
	require.NoError(t, err)
	p, err := k.Seal(t.Context(), jan, consent.Approval{Release: r.ID, Digest: r.Digest}, d)
	require.NoError(t, err)
	for _, got := range []*model.Dossier{shown, openPackage(t, k, k.key, p)} {
		var groups, documents []int
		for _, info := range got.Documents {
			groups = append(groups, info.Group)
		}
		assert.Equal(t, []int{1, 2, 1, 0}, groups, "documents that belonged together still do")
		for _, a := range got.Coverage[0].Attempts {
			documents = append(documents, a.Documents)
		}
		assert.Equal(t, []int{4, 0, 2}, documents)
	}
}

// TestApprovalEndsWithTheGrant: nothing waits for an approval longer than the grant lasts.
func TestApprovalEndsWithTheGrant(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.active(t, func(p *consent.Proposal) { p.ValidUntil = start.Add(time.Hour) })
	r, _, err := k.Review(t.Context(), jan, g.ID, dossier(t), nil)
	require.NoError(t, err)
	require.Equal(t, g.ValidUntil, r.ApproveBy)
}
