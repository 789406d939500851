package retention_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
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

// locator is a log that says where an entry is.
type locator struct {
	*log
	place string
}

func (l locator) RecordAt(ctx context.Context, a retention.Access) (string, error) {
	if err := l.Record(ctx, a); err != nil {
		return "", err
	}
	if l.place != "" {
		return l.place, nil
	}
	return fmt.Sprint("entry-", l.len()), nil
}

// TestReceiptSaysWhereItIsLogged: every call returns the same place, and the deletion is in the log as done once.
func TestReceiptSaysWhereItIsLogged(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for name, del := range map[string]func(v *retention.Vault) (retention.Receipt, error){
		"grant": func(v *retention.Vault) (retention.Receipt, error) { return v.DeleteGrant(ctx, by, ref.Grant) },
		"link":  func(v *retention.Vault) (retention.Receipt, error) { return v.DeleteLink(ctx, by, ref.Grant, ref.Link) },
	} {
		b, _ := filled(t, nil)
		v, err := retention.New(b.data, b.keys, b.kek, locator{log: b.log}, &retention.Options{Tenant: "tenant-1", Now: b.clock.now})
		require.NoError(t, err)
		r, err := del(v)
		require.NoError(t, err, name)
		require.Equal(t, fmt.Sprint("entry-", b.log.len()), r.Log, name)
		last := b.log.last()
		assert.Equal(t, ref.Grant, last.Grant, name)
		assert.Equal(t, retention.OutcomeDone, last.Outcome, name)
		b.clock.add(time.Hour)
		again, err := del(v)
		require.NoError(t, err, name)
		assert.Equal(t, r, again, name)
		done := 0
		for _, e := range b.log.entries {
			if e.Outcome == retention.OutcomeDone {
				done++
			}
		}
		assert.Equal(t, 1, done, name)
	}
	for _, place := range []string{strings.Repeat("x", 257), "entry\n1", "entrée 1"} {
		b, _ := filled(t, nil)
		v, err := retention.New(b.data, b.keys, b.kek, locator{b.log, place}, &retention.Options{Tenant: "tenant-1", Now: b.clock.now})
		require.NoError(t, err)
		_, err = v.DeleteGrant(ctx, by, ref.Grant)
		require.ErrorIs(t, err, retention.ErrNotRecorded, "a place that is none")
	}
}

// TestDeleteCategoryTells: the receipt of several links says from when on nothing could be read, the earliest, and when the last row
// went; and it stays the same.
func TestDeleteCategoryTells(t *testing.T) {
	t.Parallel()
	b, second := filled(t, nil)
	ctx := t.Context()
	_, err := b.DeleteCategory(ctx, by, ref.Grant, second.Link, model.CategoryPerson)
	require.NoError(t, err)
	entries := b.log.entries
	require.Equal(t, []model.Category{model.CategoryPerson}, b.log.last().Categories)
	require.Equal(t, retention.Identity, b.log.last().Compartment)
	require.Equal(t, retention.OutcomeGranted, entries[len(entries)-2].Outcome, "and before, that it begins")
	b.clock.add(time.Hour)
	all, err := b.DeleteCategory(ctx, by, ref.Grant, "", model.CategoryPerson)
	require.NoError(t, err)
	assert.Equal(t, start, all.Requested)
	assert.Equal(t, start.Add(time.Hour), all.Finished)
	b.clock.add(time.Hour)
	again, err := b.DeleteCategory(ctx, by, ref.Grant, "", model.CategoryPerson)
	require.NoError(t, err)
	assert.Equal(t, all, again)

	// Of a link that was deleted as a whole it is that deletion.
	whole, err := b.DeleteLink(ctx, by, ref.Grant, ref.Link)
	require.NoError(t, err)
	b.clock.add(time.Hour)
	after, err := b.DeleteCategory(ctx, by, ref.Grant, ref.Link, model.CategoryBalance)
	require.NoError(t, err)
	assert.Equal(t, []time.Time{whole.Requested, whole.Finished}, []time.Time{after.Requested, after.Finished})
}

// TestReceiptCountsWhatWasThere: what had expired had gone by itself, swept or not.
func TestReceiptCountsWhatWasThere(t *testing.T) {
	t.Parallel()
	for name, del := range map[string]func(b *bench) (retention.Receipt, error){
		"grant": func(b *bench) (retention.Receipt, error) { return b.DeleteGrant(t.Context(), by, ref.Grant) },
		"link":  func(b *bench) (retention.Receipt, error) { return b.DeleteLink(t.Context(), by, ref.Grant, ref.Link) },
		"category": func(b *bench) (retention.Receipt, error) {
			return b.DeleteCategory(t.Context(), by, ref.Grant, ref.Link, model.CategoryPerson)
		},
	} {
		b := setup(t, nil)
		lives := map[model.Category]time.Duration{model.CategoryPerson: day}
		require.NoError(t, b.CreateLink(t.Context(), ref, retention.Policy{Lives: lives}))
		require.NoError(t, b.Keep(t.Context(), ref, []retention.Content{content(model.CategoryPerson, "who")}, nil))
		b.clock.add(day)
		r, err := del(b)
		require.NoError(t, err, name)
		assert.Zero(t, r.Counts[0].Items+r.Counts[0].Keys, name)
		assert.Zero(t, b.data.Len(), "%s: its rows go all the same", name)
	}
}

// TestDeletedWhileWriting deletes between the moment at which a writer finds that it may write and its first row.
func TestDeletedWhileWriting(t *testing.T) {
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
		b := setup(t, nil)
		require.NoError(t, b.CreateLink(t.Context(), ref, retention.Policy{}))
		once := sync.OnceFunc(func() { assert.NoError(t, del(b), name) })
		writer, err := retention.New(slowStore{b.data, once}, b.keys, b.kek, b.log, &retention.Options{Tenant: "tenant-1", Now: b.clock.now})
		require.NoError(t, err)
		err = writer.Keep(t.Context(), ref, []retention.Content{content(model.CategoryPerson, "who")}, nil)
		require.ErrorIs(t, err, retention.ErrShredded, name)
		b.clock.add(time.Hour)
		for range 2 {
			_, err = b.Sweep(t.Context(), 100)
			require.NoError(t, err, name)
		}
		assert.Zero(t, b.data.Len(), "%s: what was written meanwhile", name)
		status, err := b.Status(t.Context(), ref.Grant, ref.Link)
		require.NoError(t, err)
		assert.Empty(t, status.Items, name)
	}
}

func TestDeleteRefusesWhatIsNoID(t *testing.T) {
	t.Parallel()
	b, _ := filled(t, nil)
	ctx := t.Context()
	for _, bad := range []string{"", "a/b", "a b", "\x00", "gr\u00e4nt", "a:b", strings.Repeat("x", 65)} {
		require.ErrorIs(t, b.DestroyGrant(ctx, bad), retention.ErrInvalid)
		_, err := b.DeleteGrant(ctx, by, bad)
		require.ErrorIs(t, err, retention.ErrInvalid)
		_, err = b.DeleteLink(ctx, by, bad, ref.Link)
		require.ErrorIs(t, err, retention.ErrInvalid)
		_, err = b.DeleteCategory(ctx, by, bad, ref.Link, model.CategoryPerson)
		require.ErrorIs(t, err, retention.ErrInvalid)
		_, err = b.Links(ctx, bad)
		require.ErrorIs(t, err, retention.ErrInvalid)
		if bad != "" { // all links
			_, err = b.DeleteCategory(ctx, by, ref.Grant, bad, model.CategoryPerson)
			require.ErrorIs(t, err, retention.ErrInvalid)
		}
	}
	assert.Equal(t, 5, b.data.Len())
	require.NoError(t, b.CreateLink(ctx, retention.Ref{Grant: "aZ09-_.", Link: "aZ09-_."}, retention.Policy{}), "all that an id may have")
}

// TestReceiptsAgain: who lost a receipt gets the same again, and nothing is deleted by asking.
func TestReceiptsAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for _, locates := range []bool{false, true} {
		b, _ := filled(t, nil)
		var rec retention.Recorder = b.log
		if locates {
			rec = locator{log: b.log}
		}
		open := func() *retention.Vault {
			v, err := retention.New(b.data, b.keys, b.kek, rec, &retention.Options{Tenant: "tenant-1", Now: b.clock.now, Signer: b.signer})
			require.NoError(t, err)
			return v
		}
		v := open()
		receipts := func() []retention.Receipt {
			rs, err := open().Receipts(ctx, by, ref.Grant) // as of another process
			require.NoError(t, err)
			last := b.log.last()
			assert.Equal(t, retention.ActionReceipt, last.Action)
			assert.Equal(t, len(rs), last.Items)
			assert.Equal(t, len(rs) == 0, last.Outcome == retention.OutcomeAbsent)
			return rs
		}
		require.Empty(t, receipts())
		rows := b.data.Len()
		require.NoError(t, v.CreateLink(ctx, ref, retention.Policy{}), "the grant lives")

		second := ref
		second.Link = "link-2"
		require.NoError(t, v.CreateLink(ctx, second, retention.Policy{}))
		require.Empty(t, receipts())
		one, err := v.DeleteLink(ctx, by, ref.Grant, second.Link)
		require.NoError(t, err)
		require.Equal(t, []retention.Receipt{one}, receipts())
		assert.Equal(t, rows, b.data.Len())

		require.NoError(t, v.DestroyGrant(ctx, ref.Grant))
		require.Equal(t, []retention.Receipt{one}, receipts(), "the deletion of the grant is not finished")
		b.log.fail = errors.New("down")
		_, err = v.DeleteGrant(ctx, by, ref.Grant)
		require.ErrorIs(t, err, retention.ErrNotRecorded)
		_, err = v.Receipts(ctx, by, ref.Grant)
		require.ErrorIs(t, err, retention.ErrNotRecorded)
		b.log.fail = nil
		if locates {
			require.Equal(t, []retention.Receipt{one}, receipts(), "it is not in the log yet")
		}
		all, err := v.DeleteGrant(ctx, by, ref.Grant)
		require.NoError(t, err)
		b.clock.add(time.Hour)
		got := receipts()
		require.Equal(t, []retention.Receipt{all, one}, got)
		assert.True(t, got[0].Verify(b.signer.Public()))
	}
	b, _ := filled(t, nil)
	_, err := b.Receipts(ctx, retention.Access{}, ref.Grant)
	require.ErrorIs(t, err, retention.ErrUnnamed)
	_, err = b.Receipts(ctx, by, "")
	require.ErrorIs(t, err, retention.ErrInvalid)
}
