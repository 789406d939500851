package retention_test

import (
	"cmp"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

// versions returns those of what a link holds.
func versions(t testing.TB, v *retention.Vault, r retention.Ref) map[model.Category]string {
	t.Helper()
	s, err := v.Status(t.Context(), r.Grant, r.Link)
	require.NoError(t, err)
	out := map[model.Category]string{}
	for _, it := range s.Items {
		require.NotEmpty(t, it.Version)
		out[it.Category] = it.Version
	}
	return out
}

// A state replaces only one that its writer knows of.
func TestSaveStateIf(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx := t.Context()
	require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{Recurrent: true}))
	holds := func(want string) {
		t.Helper()
		got, err := b.State(ctx, by, ref)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	_, err := b.SaveStateIf(ctx, ref, []byte("x"), "another")
	require.ErrorIs(t, err, retention.ErrConflict)
	_, err = b.SaveStateIf(ctx, ref, []byte("x"))
	require.ErrorIs(t, err, retention.ErrConflict)
	require.Equal(t, 0, b.data.Len(), "nothing was written")
	one, err := b.SaveStateIf(ctx, ref, []byte("one"), "")
	require.NoError(t, err)
	require.Equal(t, one, versions(t, b.Vault, ref)[retention.CategoryState])
	for _, was := range []string{"", "another"} {
		_, err = b.SaveStateIf(ctx, ref, []byte("x"), was)
		require.ErrorIs(t, err, retention.ErrConflict)
	}
	holds("one")
	require.NoError(t, b.Keep(ctx, ref, []retention.Content{content(model.CategoryPerson, "who")}, nil))
	two, err := b.open(t, nil).SaveStateIf(ctx, ref, []byte("two"), "", one)
	require.NoError(t, err, "what else the link holds does not count")
	_, err = b.SaveStateIf(ctx, ref, []byte("x"), one)
	require.ErrorIs(t, err, retention.ErrConflict)
	holds("two")
	require.NoError(t, b.SaveState(ctx, ref, []byte("three")), "who does not ask")
	_, err = b.SaveStateIf(ctx, ref, nil, two)
	require.ErrorIs(t, err, retention.ErrConflict)
	holds("three")
	none, err := b.SaveStateIf(ctx, ref, nil, versions(t, b.Vault, ref)[retention.CategoryState])
	require.NoError(t, err)
	_, err = b.SaveStateIf(ctx, ref, []byte("x"), "")
	require.ErrorIs(t, err, retention.ErrConflict, "one that was removed is not none")
	_, err = b.SaveStateIf(ctx, ref, []byte("four"), none)
	require.NoError(t, err)
	holds("four")
}

// Credentials whose time is over are expired, not changed by another.
func TestSaveStateIfExpired(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx := t.Context()
	require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{Credentials: retention.CredentialsNoStore}))
	was, err := b.SaveStateIf(ctx, ref, []byte("one"), "")
	require.NoError(t, err)
	b.clock.add(retention.TokenWindow)
	_, err = b.SaveStateIf(ctx, ref, []byte("two"), was)
	require.ErrorIs(t, err, retention.ErrExpired)
}

// Whichever call fails, before it has an effect or after: the version that is returned with the error is the one of what was stored,
// if it was, so that the caller can go on.
func TestSaveStateIfFaults(t *testing.T) {
	t.Parallel()
	stored := 0
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			require.Less(t, n, 100)
			b := setup(t, nil)
			ctx := t.Context()
			require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{}))
			was, err := b.SaveStateIf(ctx, ref, []byte("one"), "")
			require.NoError(t, err)
			f := &faults{at: n, after: after}
			v, err := retention.New(faultyStore{b.data, f}, faultyKeys{b.keys, f}, b.kek, b.log, &retention.Options{Tenant: "tenant-1", Now: b.clock.now})
			require.NoError(t, err)
			version, err := v.SaveStateIf(ctx, ref, []byte("two"), was)
			if f.calls < n {
				require.NoError(t, err)
				break
			}
			is := versions(t, b.Vault, ref)[retention.CategoryState]
			if err != nil {
				require.ErrorIs(t, err, errFault)
				require.Contains(t, []string{was, version}, is, "call %d", n)
			} else {
				require.Equal(t, version, is, "call %d", n)
			}
			if err != nil && is == version {
				stored++
			}
			_, err = v.SaveStateIf(ctx, ref, []byte("three"), was, version)
			require.NoError(t, err, "call %d", n)
		}
	}
	assert.Positive(t, stored, "a failure after the state was stored")
}

// Contents that were made from what the link held are stored only where it still does.
func TestKeepSeen(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	policy := retention.Policy{Lives: map[model.Category]time.Duration{model.CategoryIncome: time.Hour, model.CategoryBalance: 30 * 24 * time.Hour}}
	person, balance, income := content(model.CategoryPerson, "who"), content(model.CategoryBalance, "how much"), content(model.CategoryIncome, "in memory")
	for name, c := range map[string]struct {
		meanwhile    func(b *bench) error
		disk, memory error
	}{
		"nothing":          {func(*bench) error { return nil }, nil, nil},
		"a state":          {func(b *bench) error { return b.SaveState(ctx, ref, []byte("token")) }, nil, nil},
		"no contents":      {func(b *bench) error { b.clock.add(time.Minute); return b.Keep(ctx, ref, nil, nil) }, nil, nil},
		"the same":         {func(b *bench) error { return b.Keep(ctx, ref, []retention.Content{person}, nil) }, retention.ErrConflict, nil},
		"another category": {func(b *bench) error { return b.Keep(ctx, ref, []retention.Content{balance}, nil) }, retention.ErrConflict, nil},
		"category deleted": {func(b *bench) error { return deleteCategory(t, b, model.CategoryPerson) }, retention.ErrConflict, nil},
		"deleted":          {func(b *bench) error { _, err := b.DeleteLink(ctx, by, ref.Grant, ref.Link); return err }, retention.ErrShredded, nil},
		"in memory":        {func(b *bench) error { return b.Keep(ctx, ref, []retention.Content{income}, nil) }, nil, retention.ErrConflict},
		"expired":          {func(b *bench) error { b.clock.add(2 * time.Hour); return nil }, nil, retention.ErrConflict},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			require.NoError(t, b.CreateLink(ctx, ref, policy))
			require.NoError(t, b.Keep(ctx, ref, []retention.Content{person, income}, nil))
			seen, err := b.Status(ctx, ref.Grant, ref.Link)
			require.NoError(t, err)
			require.Len(t, seen.Items, 2)
			require.NoError(t, c.meanwhile(b))
			err = b.Keep(ctx, ref, []retention.Content{content(model.CategoryAddress, "where"), content(model.CategoryIncome, "new")}, &retention.KeepOptions{Seen: &seen})
			if want := cmp.Or(c.disk, c.memory); want != nil {
				require.ErrorIs(t, err, want)
			} else {
				require.NoError(t, err)
			}
			_, diskErr := b.Read(ctx, by, ref, model.CategoryAddress)
			assert.Equal(t, c.disk == nil, diskErr == nil)
			in, memoryErr := b.Read(ctx, by, ref, model.CategoryIncome)
			assert.Equal(t, err == nil, memoryErr == nil && string(in[0].Body) == "new")
		})
	}
}

func deleteCategory(t testing.TB, b *bench, c model.Category) error {
	_, err := b.DeleteCategory(t.Context(), by, ref.Grant, ref.Link, c)
	return err
}

// A writer that is overtaken before any of its steps changes nothing, and leaves no row.
func TestKeepSeenOvertaken(t *testing.T) {
	t.Parallel()
	overtaken := 0
	for n := 1; ; n++ {
		require.Less(t, n, 100)
		b := setup(t, nil)
		ctx := t.Context()
		require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{}))
		seen, err := b.Status(ctx, ref.Grant, ref.Link)
		require.NoError(t, err)
		keys := &betweenKeys{KeyStore: b.keys, at: n, do: func() {
			require.NoError(t, b.Keep(ctx, ref, []retention.Content{content(model.CategoryPerson, "newer")}, nil))
		}}
		slow, err := retention.New(b.data, keys, b.kek, b.log, &retention.Options{Tenant: "tenant-1", Now: b.clock.now})
		require.NoError(t, err)
		err = slow.Keep(ctx, ref, []retention.Content{content(model.CategoryPerson, "older")}, &retention.KeepOptions{Seen: &seen})
		if keys.calls < n {
			require.NoError(t, err)
			break
		}
		if err != nil {
			overtaken++
			require.ErrorIs(t, err, retention.ErrConflict, "call %d", n)
		}
		assert.Equal(t, "newer", body(t, b.Vault, ref, model.CategoryPerson), "call %d", n)
		assert.Equal(t, 1, b.data.Len(), "call %d", n)
	}
	assert.Positive(t, overtaken)
}

// betweenKeys does something before its call number at.
type betweenKeys struct {
	retention.KeyStore
	calls, at int
	do        func()
}

func (s *betweenKeys) call() {
	if s.calls++; s.calls == s.at {
		s.do()
	}
}

func (s *betweenKeys) Get(ctx context.Context, ids ...string) ([]retention.Record, error) {
	s.call()
	return s.KeyStore.Get(ctx, ids...)
}

func (s *betweenKeys) Apply(ctx context.Context, changes ...retention.Change) error {
	s.call()
	return s.KeyStore.Apply(ctx, changes...)
}
