package retention_test

import (
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

// filled is a grant with two links.
func filled(t *testing.T, change func(*retention.Options)) (*bench, retention.Ref) {
	b := setup(t, change)
	second := ref
	second.Link = "pension-fund"
	require.NoError(t, b.CreateLink(t.Context(), ref, retention.Policy{}))
	require.NoError(t, b.CreateLink(t.Context(), second, retention.Policy{}))
	require.NoError(t, b.Keep(t.Context(), ref, []retention.Content{
		content(model.CategoryPerson, "who"), content(model.CategoryBalance, "how much"),
	}, nil))
	require.NoError(t, b.SaveState(t.Context(), ref, []byte("token")))
	require.NoError(t, b.Keep(t.Context(), second, []retention.Content{
		content(model.CategoryPerson, "who again"), content(model.CategoryPension, "later"),
	}, nil))
	return b, second
}

func TestDeleteLink(t *testing.T) {
	t.Parallel()
	b, second := filled(t, nil)
	ctx := t.Context()
	r, err := b.DeleteLink(ctx, by, ref.Grant, ref.Link)
	require.NoError(t, err)
	assert.True(t, r.Verify(b.signer.Public()))
	assert.Equal(t, 3, r.Counts[0].Items+r.Counts[1].Items+r.Counts[2].Items)
	assert.Equal(t, 2, b.data.Len())
	_, err = b.Read(ctx, by, ref, model.CategoryPerson)
	require.ErrorIs(t, err, retention.ErrShredded)
	assert.Equal(t, retention.OutcomeShredded, b.log.last().Outcome)
	require.ErrorIs(t, b.Keep(ctx, ref, nil, nil), retention.ErrShredded)
	require.ErrorIs(t, b.SaveState(ctx, ref, nil), retention.ErrShredded)
	require.ErrorIs(t, b.CreateLink(ctx, ref, retention.Policy{}), retention.ErrShredded)
	assert.Equal(t, "who again", body(t, b.Vault, second, model.CategoryPerson))
	all, err := b.ReadGrant(ctx, by, ref)
	require.NoError(t, err)
	assert.Len(t, all, 2)

	again, err := b.DeleteLink(ctx, by, ref.Grant, ref.Link)
	require.NoError(t, err)
	assert.Equal(t, r, again)
	whole, err := b.DeleteGrant(ctx, by, ref.Grant)
	require.NoError(t, err)
	assert.Equal(t, 2, whole.Counts[0].Items+whole.Counts[1].Items, "what has a receipt of its own is not counted twice")
	_, err = b.DeleteLink(ctx, by, ref.Grant, "unknown")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestDeleteCategory(t *testing.T) {
	t.Parallel()
	b, second := filled(t, nil)
	ctx := t.Context()
	r, err := b.DeleteCategory(ctx, by, ref.Grant, "", model.CategoryPerson)
	require.NoError(t, err)
	assert.True(t, r.Verify(b.signer.Public()))
	assert.Equal(t, retention.Count{Compartment: retention.Identity, Keys: 2, Items: 2, Chunks: 2, Bytes: 12}, r.Counts[0])
	for _, link := range []retention.Ref{ref, second} {
		_, err = b.Read(ctx, by, link, model.CategoryPerson)
		require.ErrorIs(t, err, retention.ErrShredded)
		require.ErrorIs(t, b.Keep(ctx, link, []retention.Content{content(model.CategoryPerson, "x")}, nil), retention.ErrShredded)
	}
	assert.Equal(t, "how much", body(t, b.Vault, ref, model.CategoryBalance))
	assert.Equal(t, 3, b.data.Len())
	all, err := b.ReadGrant(ctx, by, ref)
	require.NoError(t, err)
	assert.Len(t, all, 2)

	// A category that was never there is not stored later either: a collection may be under way.
	_, err = b.DeleteCategory(ctx, by, ref.Grant, ref.Link, model.CategoryIncome)
	require.NoError(t, err)
	require.ErrorIs(t, b.Keep(ctx, ref, []retention.Content{content(model.CategoryIncome, "x")}, nil), retention.ErrShredded)
	_, err = b.DeleteCategory(ctx, by, "unknown", "", model.CategoryIncome)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = b.DeleteCategory(ctx, by, ref.Grant, "", "hobbies")
	require.ErrorIs(t, err, retention.ErrInvalid)
}

// TestBackup restores yesterday's backup of the data after every kind of deletion.
func TestBackup(t *testing.T) {
	t.Parallel()
	for name, del := range map[string]func(b *bench) error{
		"revoke": func(b *bench) error { return b.DestroyGrant(t.Context(), ref.Grant) },
		"grant":  func(b *bench) error { _, err := b.DeleteGrant(t.Context(), by, ref.Grant); return err },
		"link":   func(b *bench) error { _, err := b.DeleteLink(t.Context(), by, ref.Grant, ref.Link); return err },
		"category": func(b *bench) error {
			_, err := b.DeleteCategory(t.Context(), by, ref.Grant, ref.Link, model.CategoryPerson)
			return err
		},
	} {
		b, _ := filled(t, nil)
		backup := b.data.Dump()
		b.clock.add(day)
		require.NoError(t, del(b), name)
		for row, sealed := range backup {
			require.NoError(t, b.data.Put(t.Context(), row, sealed))
		}
		for _, v := range []*retention.Vault{b.Vault, b.open(t, nil)} {
			_, err := v.Read(t.Context(), by, ref, model.CategoryPerson)
			require.ErrorIs(t, err, retention.ErrShredded, name)
		}
		// Not even with the key-encryption key and everything that the key store still has: no key there opens a row.
		opened := 0
		for row, sealed := range backup {
			for _, k := range keysIn(t, b) {
				if _, err := k.Open(nil, sealed, crypto.Context{Tenant: "tenant-1", Subject: ref.Subject, Grant: ref.Grant,
					Purpose: ref.Purpose, Item: row.Item}); err == nil {
					opened++
				}
			}
		}
		require.Zero(t, opened, name)
		b.clock.add(400 * day)
		_, err := b.Sweep(t.Context(), 100)
		require.NoError(t, err, name)
		_, err = b.Sweep(t.Context(), 100)
		require.NoError(t, err, name)
		require.Zero(t, b.data.Len(), "%s: what was restored goes when it expires", name)
	}
}

// keysIn unwraps what the key-encryption key opens in the key store.
func keysIn(t *testing.T, b *bench) (out []crypto.DataKey) {
	rs, err := b.keys.List(t.Context(), "g/", "", 100)
	require.NoError(t, err)
	for _, r := range rs {
		for i := range r.Body {
			w := crypto.WrappedKey(r.Body[i:])
			k, err := crypto.UnwrapDataKey(t.Context(), b.kek, w, crypto.Context{Tenant: "tenant-1", Subject: ref.Subject,
				Grant: ref.Grant, Purpose: ref.Purpose, Compartment: r.ID[len("g/"+ref.Grant+"/"):]})
			if err == nil {
				out = append(out, k)
			}
		}
	}
	return out
}

// TestOldDataPutBack: an old version of what was replaced is not returned for the new one.
func TestOldDataPutBack(t *testing.T) {
	t.Parallel()
	b, _ := filled(t, nil)
	backup := b.data.Dump()
	require.NoError(t, b.Keep(t.Context(), ref, []retention.Content{content(model.CategoryBalance, "another")}, nil))
	now := b.data.Dump()
	for row := range now {
		_, err := b.data.Delete(t.Context(), row)
		require.NoError(t, err)
	}
	for row, sealed := range backup {
		require.NoError(t, b.data.Put(t.Context(), row, sealed))
	}
	_, err := b.Read(t.Context(), by, ref, model.CategoryBalance)
	require.ErrorIs(t, err, retention.ErrDamaged)
	assert.NotErrorIs(t, err, fs.ErrNotExist)
	assert.Equal(t, retention.OutcomeFailed, b.log.last().Outcome)
}

func TestReceipt(t *testing.T) {
	t.Parallel()
	b, _ := filled(t, nil)
	r, err := b.DeleteGrant(t.Context(), by, ref.Grant)
	require.NoError(t, err)
	key := b.signer.Public()
	require.True(t, r.Verify(key))
	other, _, err := crypto.GenerateLocalSigner()
	require.NoError(t, err)
	assert.False(t, r.Verify(other.Public()))
	for name, change := range map[string]func(r *retention.Receipt){
		"tenant":    func(r *retention.Receipt) { r.Tenant = "x" },
		"grant":     func(r *retention.Receipt) { r.Grant = "x" },
		"link":      func(r *retention.Receipt) { r.Link = "x" },
		"category":  func(r *retention.Receipt) { r.Category = "x" },
		"requested": func(r *retention.Receipt) { r.Requested = r.Requested.Add(time.Second) },
		"finished":  func(r *retention.Receipt) { r.Finished = r.Finished.Add(time.Second) },
		"count":     func(r *retention.Receipt) { r.Counts[0].Items++ },
		"log":       func(r *retention.Receipt) { r.Log = "x" },
		"signer":    func(r *retention.Receipt) { r.Signer = other.Public() },
		"signature": func(r *retention.Receipt) { r.Signature[0] ^= 1 },
		"unsigned":  func(r *retention.Receipt) { r.Signature = nil },
	} {
		forged := r
		forged.Counts = append([]retention.Count(nil), r.Counts...)
		forged.Signature = append([]byte(nil), r.Signature...)
		change(&forged)
		assert.False(t, forged.Verify(key), name)
	}
	assert.True(t, r.Verify(key))

	unsigned := setup(t, func(o *retention.Options) { o.Signer = nil })
	require.NoError(t, unsigned.CreateLink(t.Context(), ref, retention.Policy{}))
	r, err = unsigned.DeleteGrant(t.Context(), by, ref.Grant)
	require.NoError(t, err)
	assert.Empty(t, r.Signature)
	assert.False(t, r.Verify(key))
}

// TestDeleteWithoutLog: a log that is down stops no deletion, and the receipt comes when it is up again.
func TestDeleteWithoutLog(t *testing.T) {
	t.Parallel()
	b, _ := filled(t, nil)
	b.log.fail = errors.New("down")
	_, err := b.DeleteGrant(t.Context(), by, ref.Grant)
	require.ErrorIs(t, err, retention.ErrNotRecorded)
	assert.Zero(t, b.data.Len())
	b.log.fail = nil
	b.clock.add(time.Hour)
	r, err := b.DeleteGrant(t.Context(), by, ref.Grant)
	require.NoError(t, err)
	assert.Equal(t, start, r.Finished)
	assert.Equal(t, 5, b.log.last().Items)
	assert.Equal(t, retention.OutcomeDone, b.log.last().Outcome)

	_, err = b.DeleteGrant(t.Context(), retention.Access{}, ref.Grant)
	require.ErrorIs(t, err, retention.ErrUnnamed)
}

// TestSweepFinishesRevoke: after the keys are destroyed a sweep deletes the rows.
func TestSweepFinishesRevoke(t *testing.T) {
	t.Parallel()
	b, _ := filled(t, nil)
	require.NoError(t, b.DestroyGrant(t.Context(), ref.Grant))
	require.NoError(t, b.DestroyGrant(t.Context(), ref.Grant))
	assert.Equal(t, 5, b.data.Len())
	r, err := b.Sweep(t.Context(), 100)
	require.NoError(t, err)
	assert.Equal(t, retention.SweepReport{Grants: 1}, r)
	assert.Zero(t, b.data.Len())
	receipt, err := b.DeleteGrant(t.Context(), by, ref.Grant)
	require.NoError(t, err)
	assert.Equal(t, 2, receipt.Counts[0].Items)
	require.NoError(t, b.DestroyGrant(t.Context(), "never-seen"))
	stranger := ref
	stranger.Grant = "never-seen"
	require.ErrorIs(t, b.CreateLink(t.Context(), stranger, retention.Policy{}), retention.ErrShredded)
}
