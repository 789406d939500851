package retention_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

func TestBound(t *testing.T) {
	t.Parallel()
	b, second := filled(t, nil)
	ctx := t.Context()
	for name, c := range map[string]struct {
		ref  retention.Ref
		want error
	}{
		"subject": {retention.Ref{Subject: "subject-2", Grant: ref.Grant, Purpose: ref.Purpose, Link: ref.Link}, crypto.ErrOpen},
		"purpose": {retention.Ref{Subject: ref.Subject, Grant: ref.Grant, Purpose: "rent", Link: ref.Link}, crypto.ErrOpen},
		"grant":   {retention.Ref{Subject: ref.Subject, Grant: "grant-2", Purpose: ref.Purpose, Link: ref.Link}, fs.ErrNotExist},
		"link":    {retention.Ref{Subject: ref.Subject, Grant: ref.Grant, Purpose: ref.Purpose, Link: "other"}, fs.ErrNotExist},
	} {
		_, err := b.Read(ctx, by, c.ref, model.CategoryPerson)
		require.ErrorIs(t, err, c.want, name)
	}
	tenant := b.open(t, func(o *retention.Options) { o.Tenant = "tenant-2" })
	_, err := tenant.Read(ctx, by, ref, model.CategoryPerson)
	require.ErrorIs(t, err, crypto.ErrOpen)

	// Rows that change places open nowhere else.
	rows := b.data.Dump()
	for a, x := range rows {
		for c, y := range rows {
			if a != c {
				require.NoError(t, b.data.Put(ctx, a, y))
				failed := 0
				for _, r := range []retention.Ref{ref, second} {
					for _, category := range []model.Category{model.CategoryPerson, model.CategoryBalance, model.CategoryPension, retention.CategoryState} {
						if _, err := b.Read(ctx, by, r, category); errors.Is(err, retention.ErrDamaged) {
							failed++
						}
					}
				}
				require.Equal(t, 1, failed, "exactly the row that was overwritten does not open")
				require.NoError(t, b.data.Put(ctx, a, x))
			}
		}
	}
}

// TestKeyRecordsAreBound: records of the key store that change places or content open nothing, above all not later than
// they should.
func TestKeyRecordsAreBound(t *testing.T) {
	t.Parallel()
	b, second := filled(t, nil)
	ctx := t.Context()
	get := func(id string) retention.Record {
		rs, err := b.keys.Get(ctx, id)
		require.NoError(t, err)
		require.Len(t, rs, 1)
		return rs[0]
	}
	set := func(id string, body []byte) {
		require.NoError(t, b.keys.Apply(ctx, retention.Change{Op: retention.OpUpdate,
			Record: retention.Record{ID: id, Version: get(id).Version, Body: body}}))
	}
	for _, swap := range [][2]string{
		{"g/grant-1/identity", "g/grant-1/financial"}, {"l/grant-1/bank", "l/grant-1/pension-fund"},
	} {
		one, other := get(swap[0]).Body, get(swap[1]).Body
		set(swap[0], other)
		set(swap[1], one)
		for _, v := range []*retention.Vault{b.Vault, b.open(t, nil)} {
			cs, err := v.Read(ctx, by, ref, model.CategoryPerson)
			if err == nil { // the whole record of a link under another name: its own data, which it is bound to
				require.Equal(t, "l/grant-1/bank", swap[0])
				require.Equal(t, "who again", string(cs[0].Body))
			}
		}
		set(swap[0], one)
		set(swap[1], other)
	}

	// Any bit of a link's record changed: what is read is right, or an error, and nothing is readable after its time.
	id := "l/grant-1/bank"
	good := bytes.Clone(get(id).Body)
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1 << (i % 8)
		set(id, bad)
		v := b.open(t, nil)
		for _, c := range []model.Category{model.CategoryPerson, model.CategoryBalance} {
			if cs, err := v.Read(ctx, by, ref, c); err == nil {
				require.Contains(t, []string{"who", "how much"}, string(cs[0].Body))
				require.False(t, cs[0].Expires.After(start.Add(365*day)), "a changed expiry opened something (byte %d)", i)
			}
		}
	}
	set(id, good)
	assert.Equal(t, "who", body(t, b.Vault, ref, model.CategoryPerson))
	assert.Equal(t, "who again", body(t, b.Vault, second, model.CategoryPerson))
}

func TestLarge(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *retention.Options) { o.MaxContent = 3 << 20 })
	ctx := t.Context()
	require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{}))
	chunk := retention.MaxChunk - crypto.Overhead
	for _, n := range []int{0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 3 << 20} {
		big := strings.Repeat("x", n)
		require.NoError(t, b.Keep(ctx, ref, []retention.Content{content(model.CategoryTransaction, big)}, nil))
		require.Equal(t, n, len(body(t, b.Vault, ref, model.CategoryTransaction)))
		assert.Equal(t, max(1, (n+chunk-1)/chunk), b.data.Len())
		for row, sealed := range b.data.Dump() {
			assert.LessOrEqual(t, len(sealed), retention.MaxChunk)
			assert.Less(t, row.Chunk, 4)
		}
	}
	tooBig := []retention.Content{content(model.CategoryTransaction, strings.Repeat("x", 3<<20+1))}
	require.ErrorIs(t, b.Keep(ctx, ref, tooBig, nil), retention.ErrTooLarge)

	// Chunks that change places, and a content that lost its end.
	rows := b.data.Dump()
	var first, last retention.Row
	for row := range rows {
		if row.Chunk == 0 {
			first = row
		}
		if row.Chunk == 3 {
			last = row
		}
	}
	require.NoError(t, b.data.Put(ctx, first, rows[last]))
	_, err := b.Read(ctx, by, ref, model.CategoryTransaction)
	require.ErrorIs(t, err, retention.ErrDamaged)
	require.NoError(t, b.data.Put(ctx, first, rows[first]))
	_, err = b.data.Delete(ctx, last)
	require.NoError(t, err)
	_, err = b.Read(ctx, by, ref, model.CategoryTransaction)
	require.ErrorIs(t, err, retention.ErrDamaged)
}

func TestNames(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx := t.Context()
	require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{}))
	one, two := content(retention.CategoryDocument, "one"), content(retention.CategoryDocument, "two")
	one.Name, two.Name, two.Schema = "doc-1", "doc-2", 7
	require.NoError(t, b.Keep(ctx, ref, []retention.Content{one, two}, nil))
	cs, err := b.Read(ctx, by, ref, retention.CategoryDocument)
	require.NoError(t, err)
	require.Len(t, cs, 2)
	assert.Equal(t, "doc-2", cs[1].Name)
	assert.Equal(t, uint32(7), cs[1].Schema)

	bad := one
	bad.Name = "a/b"
	for name, contents := range map[string][]retention.Content{
		"name":     {bad},
		"twice":    {one, one},
		"state":    {content(retention.CategoryState, "x")},
		"category": {content("hobbies", "x")},
	} {
		require.ErrorIs(t, b.Keep(ctx, ref, contents, nil), retention.ErrInvalid, name)
	}
	for name, r := range map[string]retention.Ref{
		"no grant":     {Link: "bank"},
		"no link":      {Grant: "grant-1"},
		"slash":        {Grant: "grant-1/x", Link: "bank"},
		"too long":     {Grant: strings.Repeat("g", 65), Link: "bank"},
		"long subject": {Grant: "g", Link: "l", Subject: strings.Repeat("s", 257)},
	} {
		require.ErrorIs(t, b.CreateLink(ctx, r, retention.Policy{}), retention.ErrInvalid, name)
		_, err := b.Read(ctx, by, r, model.CategoryPerson)
		require.ErrorIs(t, err, retention.ErrInvalid, name)
	}
}

func TestAccess(t *testing.T) {
	t.Parallel()
	b, _ := filled(t, nil)
	ctx := t.Context()
	for name, a := range map[string]retention.Access{
		"nobody":    {},
		"no actor":  {Role: "adviser", Reason: "mortgage"},
		"no role":   {Actor: "adviser-7", Reason: "mortgage"},
		"no reason": {Actor: "adviser-7", Role: "adviser"},
	} {
		_, err := b.Read(ctx, a, ref, model.CategoryPerson)
		require.ErrorIs(t, err, retention.ErrUnnamed, name)
		_, err = b.State(ctx, a, ref)
		require.ErrorIs(t, err, retention.ErrUnnamed, name)
		_, err = b.ReadGrant(ctx, a, ref)
		require.ErrorIs(t, err, retention.ErrUnnamed, name)
	}
	assert.Zero(t, b.log.len())
	down := errors.New("down")
	b.log.fail = down
	cs, err := b.Read(ctx, by, ref, model.CategoryPerson)
	require.ErrorIs(t, err, retention.ErrNotRecorded)
	require.ErrorIs(t, err, down)
	assert.Nil(t, cs)
	all, err := b.ReadGrant(ctx, by, ref)
	require.ErrorIs(t, err, retention.ErrNotRecorded)
	assert.Nil(t, all)
	_, err = b.Read(ctx, by, ref, model.CategoryIncome)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorIs(t, err, retention.ErrNotRecorded, "a refusal is recorded too")
}

// TestCompartments: each has its own store and key, and nothing but a random link id joins the rows.
func TestCompartments(t *testing.T) {
	t.Parallel()
	stores := map[retention.Compartment]*retention.MemoryStore{}
	keks := map[retention.Compartment]*crypto.LocalKEK{}
	b, _ := filled(t, func(o *retention.Options) {
		o.Stores, o.KEKs = map[retention.Compartment]retention.Store{}, map[retention.Compartment]crypto.KEK{}
		for _, c := range retention.Compartments() {
			if stores[c] == nil {
				stores[c] = retention.NewMemoryStore()
				keks[c], _, _ = crypto.GenerateLocalKEK()
			}
			o.Stores[c], o.KEKs[c] = stores[c], keks[c]
		}
	})
	assert.Zero(t, b.data.Len())
	assert.Equal(t, 2, stores[retention.Identity].Len())
	assert.Equal(t, 2, stores[retention.Financial].Len())
	assert.Equal(t, 1, stores[retention.Credentials].Len())
	items := map[string]bool{}
	for _, s := range stores {
		for row := range s.Dump() {
			assert.False(t, items[row.Item], "an item's id is used once")
			items[row.Item] = true
			assert.Len(t, row.Link, 26)
			assert.NotContains(t, row.Link, "bank")
		}
	}
	_, err := b.Read(t.Context(), by, ref, model.CategoryPerson, model.CategoryBalance)
	require.NoError(t, err)
	keks[retention.Identity].Destroy()
	fresh := b.Vault
	fresh.Close()
	_, err = fresh.Read(t.Context(), by, ref, model.CategoryPerson)
	require.ErrorIs(t, err, retention.ErrShredded)
	_, err = fresh.Read(t.Context(), by, ref, model.CategoryBalance)
	require.NoError(t, err)
	b.clock.add(500 * day)
	r, err := b.Sweep(context.Background(), 100)
	require.NoError(t, err)
	assert.Equal(t, 5, r.Rows, "each store is swept")
	b.clock.add(time.Hour)
}
