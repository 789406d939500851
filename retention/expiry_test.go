package retention_test

import (
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

func TestTokenWindow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		after time.Duration
		want  error
	}{
		{0, nil}, {14*time.Minute + 59*time.Second, nil}, {15*time.Minute - time.Millisecond, nil},
		{15 * time.Minute, retention.ErrExpired}, {15*time.Minute + time.Second, retention.ErrExpired}, {day, retention.ErrExpired},
	} {
		t.Run(c.after.String(), func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			require.NoError(t, b.CreateLink(t.Context(), ref, retention.Policy{Credentials: retention.CredentialsNoStore}))
			b.clock.add(5 * time.Minute) // the time counts from the link's creation, not from here
			require.NoError(t, b.SaveState(t.Context(), ref, []byte("token")))
			if now := start.Add(c.after); now.After(b.clock.now()) {
				b.clock.set(now)
			}
			_, err := b.State(t.Context(), by, ref)
			require.ErrorIs(t, err, c.want)
			require.ErrorIs(t, b.SaveState(t.Context(), ref, []byte("another")), c.want)
		})
	}
}

func TestCredentialsTerms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		p    retention.Policy
		last time.Duration // the last millisecond at which the state is readable; 0 for never ending
	}{
		{"single", retention.Policy{}, 365*day - time.Millisecond},
		{"recurrent", retention.Policy{Recurrent: true}, 0},
		{"one day", retention.Policy{Credentials: 1}, day - time.Millisecond},
		{"until", retention.Policy{Recurrent: true, Until: start.Add(3 * day)}, 3*day - time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			require.NoError(t, b.CreateLink(t.Context(), ref, c.p))
			require.NoError(t, b.SaveState(t.Context(), ref, []byte("token")))
			if c.last == 0 {
				b.clock.add(20 * 365 * day)
				_, err := b.Sweep(t.Context(), 100)
				require.NoError(t, err)
				_, err = b.State(t.Context(), by, ref)
				require.NoError(t, err)
				return
			}
			b.clock.set(start.Add(c.last))
			_, err := b.State(t.Context(), by, ref)
			require.NoError(t, err)
			b.clock.add(time.Millisecond)
			_, err = b.State(t.Context(), by, ref)
			require.ErrorIs(t, err, retention.ErrExpired)
		})
	}
}

// TestDataLives tells the life of a link whose data is stale in ten days.
func TestDataLives(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx := t.Context()
	require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{StaleIn: 10,
		Lives: map[model.Category]time.Duration{model.CategoryIncome: 12 * day}}))
	require.NoError(t, b.Keep(ctx, ref, []retention.Content{
		content(model.CategoryPerson, "who"), content(model.CategoryIncome, "wages"), content(model.CategoryBalance, "balance 1"),
	}, nil))

	for range 9 {
		b.clock.add(day)
		assert.Equal(t, "who", body(t, b.Vault, ref, model.CategoryPerson)) // reading extends nothing
	}
	// Day 9: a retrieval brings a new balance. What it did not bring lives on with it, as its own life allows.
	require.NoError(t, b.Keep(ctx, ref, []retention.Content{content(model.CategoryBalance, "balance 2")}, nil))
	assert.Equal(t, 3, b.data.Len())
	b.clock.set(start.Add(12*day - time.Millisecond))
	assert.Equal(t, "wages", body(t, b.Vault, ref, model.CategoryIncome))
	b.clock.set(start.Add(12 * day))
	_, err := b.Read(ctx, by, ref, model.CategoryIncome)
	require.ErrorIs(t, err, retention.ErrExpired)
	assert.Equal(t, retention.OutcomeExpired, b.log.last().Outcome)

	b.clock.set(start.Add(19*day - time.Millisecond))
	assert.Equal(t, "who", body(t, b.Vault, ref, model.CategoryPerson))
	assert.Equal(t, "balance 2", body(t, b.Vault, ref, model.CategoryBalance))
	b.clock.set(start.Add(19 * day))
	for _, c := range []model.Category{model.CategoryPerson, model.CategoryBalance} {
		_, err := b.Read(ctx, by, ref, c)
		require.ErrorIs(t, err, retention.ErrExpired)
	}
	all, err := b.ReadGrant(ctx, by, ref)
	require.NoError(t, err)
	assert.Empty(t, all)

	// A retrieval afterwards does not bring back what had expired.
	require.NoError(t, b.Keep(ctx, ref, nil, nil))
	_, err = b.Read(ctx, by, ref, model.CategoryPerson)
	require.ErrorIs(t, err, retention.ErrExpired)
	b.clock.add(time.Hour)
	r, err := b.Sweep(ctx, 100)
	require.NoError(t, err)
	assert.Equal(t, 3, r.Rows)
	assert.Equal(t, 0, b.data.Len())
	_, err = b.Read(ctx, by, ref, model.CategoryPerson)
	require.ErrorIs(t, err, retention.ErrExpired, "swept or not, the answer is the same")
}

func TestSweepDestroysDays(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx := t.Context()
	require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{StaleIn: 1}))
	require.NoError(t, b.Keep(ctx, ref, []retention.Content{content(model.CategoryPerson, "who")}, nil))
	keys, err := b.keys.List(ctx, "e/", "", 10)
	require.NoError(t, err)
	require.Len(t, keys, 1)
	b.clock.set(start.Add(2 * day))
	r, err := b.Sweep(ctx, 100)
	require.NoError(t, err)
	assert.Equal(t, retention.SweepReport{Rows: 1, Days: 1}, r)
	keys, err = b.keys.List(ctx, "e/", "", 10)
	require.NoError(t, err)
	assert.Empty(t, keys, "the last way to open what expired is gone")
}

func TestInMemoryOnly(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx := t.Context()
	require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{Lives: map[model.Category]time.Duration{model.CategoryIncome: 2 * time.Hour}}))
	require.NoError(t, b.Keep(ctx, ref, []retention.Content{
		content(model.CategoryIncome, "wages"), content(model.CategoryPerson, "who"),
	}, nil))
	assert.Equal(t, 1, b.data.Len(), "below a day nothing reaches the store")
	cs, err := b.Read(ctx, by, ref, model.CategoryIncome, model.CategoryPerson)
	require.NoError(t, err)
	require.Len(t, cs, 2)
	assert.Equal(t, start.Add(2*time.Hour), cs[0].Expires)
	all, err := b.ReadGrant(ctx, by, ref)
	require.NoError(t, err)
	assert.Len(t, all, 2)
	status, err := b.Status(ctx, ref.Grant, ref.Link)
	require.NoError(t, err)
	assert.Len(t, status.Items, 2)

	other := b.open(t, nil)
	_, err = other.Read(ctx, by, ref, model.CategoryIncome)
	require.ErrorIs(t, err, fs.ErrNotExist, "another process does not have it")
	assert.Equal(t, "who", body(t, other, ref, model.CategoryPerson))

	// A deletion in another process ends it here.
	b.clock.add(time.Hour)
	require.NoError(t, b.Keep(ctx, ref, []retention.Content{content(model.CategoryIncome, "wages 2")}, nil))
	assert.Equal(t, "wages 2", body(t, b.Vault, ref, model.CategoryIncome))
	b.clock.add(2 * time.Hour)
	_, err = b.Read(ctx, by, ref, model.CategoryIncome)
	require.ErrorIs(t, err, retention.ErrExpired)
	require.NoError(t, b.Keep(ctx, ref, []retention.Content{content(model.CategoryIncome, "wages 3")}, nil))
	require.NoError(t, other.DestroyGrant(ctx, ref.Grant))
	_, err = b.Read(ctx, by, ref, model.CategoryIncome)
	require.ErrorIs(t, err, retention.ErrShredded)
	_, err = b.Sweep(ctx, 100)
	require.NoError(t, err)
	status, err = b.Status(ctx, ref.Grant, ref.Link)
	require.NoError(t, err)
	assert.True(t, status.Deleted)
	assert.Empty(t, status.Items)
}

func TestDiscard(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		p retention.Policy
		o *retention.KeepOptions
	}{
		"by policy":     {retention.Policy{Discard: true}, nil},
		"by collection": {retention.Policy{}, &retention.KeepOptions{Discard: true}},
	} {
		b := setup(t, nil)
		require.NoError(t, b.CreateLink(t.Context(), ref, c.p), name)
		require.NoError(t, b.Keep(t.Context(), ref, []retention.Content{content(model.CategoryPerson, "who")}, c.o), name)
		assert.Zero(t, b.data.Len(), name)
		_, err := b.Read(t.Context(), by, ref, model.CategoryPerson)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
	}
}

func TestUntil(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	require.NoError(t, b.CreateLink(t.Context(), ref, retention.Policy{Until: start.Add(day)}))
	require.NoError(t, b.Keep(t.Context(), ref, []retention.Content{content(model.CategoryPerson, "who")}, nil))
	b.clock.set(start.Add(day))
	_, err := b.Read(t.Context(), by, ref, model.CategoryPerson)
	require.ErrorIs(t, err, retention.ErrExpired)
	require.ErrorIs(t, b.Keep(t.Context(), ref, nil, nil), retention.ErrExpired)
}

func TestTermsAreFixed(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx := t.Context()
	p := retention.Policy{StaleIn: 30, Lives: map[model.Category]time.Duration{model.CategoryIncome: day}}
	require.NoError(t, b.CreateLink(ctx, ref, p))
	require.NoError(t, b.CreateLink(ctx, ref, p), "the same again is nothing")
	for name, q := range map[string]retention.Policy{
		"stale":     {StaleIn: 31, Lives: p.Lives},
		"storage":   {StaleIn: 30, Lives: p.Lives, Credentials: retention.CredentialsStore},
		"recurrent": {StaleIn: 30, Lives: p.Lives, Recurrent: true},
		"life":      {StaleIn: 30, Lives: map[model.Category]time.Duration{model.CategoryIncome: 2 * day}},
		"no life":   {StaleIn: 30},
		"until":     {StaleIn: 30, Lives: p.Lives, Until: start.Add(900 * day)},
		"discard":   {StaleIn: 30, Lives: p.Lives, Discard: true},
	} {
		require.ErrorIs(t, b.CreateLink(ctx, ref, q), retention.ErrFixed, name)
	}
	for name, r := range map[string]retention.Ref{
		"subject": {Subject: "subject-2", Grant: ref.Grant, Purpose: ref.Purpose, Link: "other"},
		"purpose": {Subject: ref.Subject, Grant: ref.Grant, Purpose: "rent", Link: "other"},
	} {
		require.ErrorIs(t, b.CreateLink(ctx, r, p), retention.ErrFixed, name)
	}
	require.ErrorIs(t, b.CreateLink(ctx, ref, retention.Policy{Recurrent: true, Credentials: 5}), retention.ErrPolicy)
	status, err := b.Status(ctx, ref.Grant, ref.Link)
	require.NoError(t, err)
	assert.True(t, p.Equal(status.Policy))
	assert.Equal(t, start, status.Created)
	other := ref
	other.Link = "other"
	for range 2 {
		require.NoError(t, b.CreateLink(ctx, other, retention.Policy{Recurrent: true}), "as it was stored")
	}
	status, err = b.Status(ctx, ref.Grant, other.Link)
	require.NoError(t, err)
	assert.True(t, status.Policy.Recurrent)
}

// TestStateExtendsNothing: saving a link's state is no retrieval, and data does not live longer for it.
func TestStateExtendsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx := t.Context()
	require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{StaleIn: 10}))
	require.NoError(t, b.Keep(ctx, ref, []retention.Content{content(model.CategoryPerson, "who")}, nil))
	b.clock.add(5 * day)
	require.NoError(t, b.SaveState(ctx, ref, []byte("token")))
	status, err := b.Status(ctx, ref.Grant, ref.Link)
	require.NoError(t, err)
	assert.Equal(t, start, status.Retrieved)
	require.Len(t, status.Items, 2)
	assert.Equal(t, start.Add(10*day), status.Items[1].Expires)
	require.NoError(t, b.Keep(ctx, ref, nil, nil))
	status, err = b.Status(ctx, ref.Grant, ref.Link)
	require.NoError(t, err)
	assert.Equal(t, start.Add(5*day), status.Retrieved)
	assert.Equal(t, start.Add(15*day), status.Items[1].Expires, "a retrieval that brings nothing new is one")
	small := b.open(t, func(o *retention.Options) { o.MaxContent = 4 })
	require.ErrorIs(t, small.SaveState(ctx, ref, []byte("token")), retention.ErrTooLarge)
}

// TestStoredAgain: what is carried over from what the link holds lives from when it was first stored.
func TestStoredAgain(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx := t.Context()
	lives := map[model.Category]time.Duration{model.CategoryIncome: 12 * day}
	require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{Lives: lives}))
	keep := func(since time.Time) (stored, expires time.Time) {
		t.Helper()
		o := &retention.KeepOptions{Stored: map[model.Category]time.Time{model.CategoryIncome: since}}
		require.NoError(t, b.Keep(ctx, ref, []retention.Content{content(model.CategoryIncome, "wages")}, o))
		cs, err := b.Read(ctx, by, ref, model.CategoryIncome)
		require.NoError(t, err)
		return cs[0].Stored, cs[0].Expires
	}
	b.clock.add(5 * day)
	stored, expires := keep(start.Add(300 * time.Microsecond))
	assert.Equal(t, []time.Time{start, start.Add(12 * day)}, []time.Time{stored, expires})
	stored, expires = keep(start.Add(6 * day))
	assert.Equal(t, []time.Time{start.Add(5 * day), start.Add(17 * day)}, []time.Time{stored, expires}, "a time to come changes nothing")
}
