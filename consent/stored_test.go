package consent_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
)

// rewrite changes a stored item behind the manager's back, as damage or somebody with access to the database does.
func (k *kit) rewrite(t *testing.T, kind consent.Kind, id string, edit func(body []byte) []byte) {
	t.Helper()
	it, err := k.store.Get(t.Context(), kind, id)
	require.NoError(t, err)
	it.Body = edit(bytes.Clone(it.Body))
	require.NoError(t, k.store.Apply(t.Context(), consent.Change{Op: consent.OpUpdate, Item: it}))
}

// TestStoredItemsUnreadable: an item that is not what was written is an error of its own, never taken for an empty one or for
// another.
func TestStoredItemsUnreadable(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	type world struct {
		*kit
		g      consent.Grant
		r      consent.Release
		permit consent.Permit
	}
	garbage := func(world, []byte) []byte { return []byte("{") }
	replace := func(old func(w world) string, by string) func(world, []byte) []byte {
		return func(w world, b []byte) []byte { return bytes.ReplaceAll(b, []byte(old(w)), []byte(by)) }
	}
	const other = "bbbbbbbbbbbbbbbbbbbbbbbbbb"
	grant := func(w world) string { return string(w.g.ID) }
	release := func(w world) string { return string(w.r.ID) }
	link := func(w world) string { return string(w.g.ID) + "/bank" }
	recipient := func(world) string {
		h := sha256.Sum256([]byte("9:recipient6:advies"))
		return hex.EncodeToString(h[:16])
	}
	ofJan := func(kind consent.Kind) func(w world) string {
		return func(w world) string {
			items, err := w.store.List(ctx, kind, jan.ID)
			require.NoError(t, err)
			require.Len(t, items, 1)
			return items[0].ID
		}
	}
	get := func(w world) error { _, err := w.Get(ctx, jan, w.g.ID); return err }
	links := func(w world) error { _, err := w.Links(ctx, jan, w.g.ID); return err }
	releases := func(w world) error { _, err := w.Release(ctx, jan, w.r.ID); return err }
	review := func(w world) error { _, _, err := w.Review(ctx, jan, w.g.ID, dossier(t), nil); return err }
	access := func(w world) error {
		p, err := w.Permit(ctx, refresh, w.g.ID)
		require.NoError(t, err)
		return p.Access(ctx, "bank", "a")
	}
	for name, c := range map[string]struct {
		kind consent.Kind
		id   func(w world) string
		edit func(w world, body []byte) []byte
		call func(w world) error
	}{
		"grant":              {"grant", grant, garbage, get},
		"another's grant":    {"grant", grant, replace(grant, other), get},
		"grant of a permit":  {"grant", grant, garbage, func(w world) error { return w.permit.Check(ctx) }},
		"link":               {"link", link, garbage, links},
		"another's link":     {"link", link, replace(grant, other), links},
		"release":            {"release", release, garbage, releases},
		"another release":    {"release", release, replace(release, other), releases},
		"key":                {"recipient", recipient, garbage, review},
		"another's key":      {"recipient", recipient, replace(func(world) string { return `"advies"` }, `"anders"`), review},
		"recipient, no key":  {"recipient", recipient, func(world, []byte) []byte { return []byte(`{"id":"advies","key":""}`) }, review},
		"no salt for hashes": {"subject", ofJan("subject"), func(world, []byte) []byte { return []byte("{}") }, access},
		"too little salt":    {"subject", ofJan("subject"), func(world, []byte) []byte { return []byte(`{"salt":"AAAA"}`) }, access},
		"slots":              {"access", ofJan("access"), garbage, access},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := world{kit: newKit(t, consent.Limits{})}
			w.g = w.active(t, nil)
			_, err := w.MoveLink(ctx, w.g.ID, "bank", consent.LinkRestart, time.Time{})
			require.NoError(t, err)
			w.r, _, err = w.Review(ctx, jan, w.g.ID, dossier(t), nil)
			require.NoError(t, err)
			w.permit = w.kit.permit(t, refresh, w.g.ID)
			require.NoError(t, w.permit.Access(ctx, "bank", "a"))
			w.rewrite(t, c.kind, c.id(w), func(b []byte) []byte { return c.edit(w, b) })
			err = c.call(w)
			require.ErrorContains(t, err, "stored item unreadable")
			clean(t, err)
		})
	}
}

// TestStoredScopeWithBSN: a scope that names the BSN without a law, which no proposal can have, is not released either.
func TestStoredScopeWithBSN(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	law := func(p *consent.Proposal) {
		p.Purpose.LegalBasis = "Wft art. 4:25"
		p.Scope.Baskets[0].Fields = append(p.Scope.Baskets[0].Fields, "bsn")
	}
	g := k.active(t, law)
	r, _, err := k.Review(t.Context(), jan, g.ID, dossier(t), nil)
	require.NoError(t, err, "with the law it is")
	k.rewrite(t, "grant", string(g.ID), func(b []byte) []byte {
		return bytes.Replace(b, []byte("Wft art. 4:25"), nil, 1)
	})
	_, _, err = k.Review(t.Context(), jan, g.ID, dossier(t), nil)
	require.Equal(t, consent.ReasonScope, reason(err))
	_, err = k.Seal(t.Context(), jan, consent.Approval{Release: r.ID, Digest: r.Digest}, dossier(t))
	require.Equal(t, consent.ReasonScope, reason(err))
	_, _, err = k.Review(t.Context(), jan, g.ID, dossier(t), []model.Category{model.CategoryPerson})
	require.NoError(t, err, "without the category that names it")
}

// keys is a store that says which ids it was asked for.
type keys struct {
	consent.Store
	asked []string
}

func (s *keys) Get(ctx context.Context, kind consent.Kind, id string) (consent.Item, error) {
	s.asked = append(s.asked, id)
	return s.Store.Get(ctx, kind, id)
}

// TestStrayIDsReachNoStore: what is not the id of anything, a host's store is never asked for.
func TestStrayIDsReachNoStore(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	s := &keys{Store: k.store}
	k.store = s
	k.Manager = k.manager(t, consent.Limits{})
	k.propose(t, nil)
	for _, id := range []string{
		"", "../../etc", "aaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaa/aaaaaaaaaaaa", "aaaaaaaaaaaaa{aaaaaaaaaaaa", "aaaaaaaaaaaaa1aaaaaaaaaaaa",
		"aaaaaaaaaaaaa8aaaaaaaaaaaa", "Aaaaaaaaaaaaaaaaaaaaaaaaaa",
	} {
		_, err := k.Get(t.Context(), jan, consent.GrantID(id))
		require.ErrorIs(t, err, consent.ErrNotFound)
		_, err = k.Release(t.Context(), jan, consent.ReleaseID(id))
		require.ErrorIs(t, err, consent.ErrNotFound)
		_, err = k.Seal(t.Context(), jan, consent.Approval{Release: consent.ReleaseID(id)}, dossier(t))
		require.ErrorIs(t, err, consent.ErrNotFound)
		require.ErrorIs(t, k.MarkDelivered(t.Context(), jan, consent.ReleaseID(id)), consent.ErrNotFound)
		assert.NotContains(t, s.asked, id)
	}
}
