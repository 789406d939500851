package retention_test

import (
	"context"
	"io/fs"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

// start is when the tests' clocks begin.
var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

var (
	by  = retention.Access{Actor: "adviser-7", Role: "adviser", Reason: "mortgage"}
	ref = retention.Ref{Subject: "subject-1", Grant: "grant-1", Purpose: "mortgage", Link: "bank"}
)

// clock is a clock that a test sets.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}

func (c *clock) add(d time.Duration) { c.set(c.now().Add(d)) }

// log is a recorder that remembers, and fails when it is told to.
type log struct {
	mu      sync.Mutex
	entries []retention.Access
	fail    error
}

func (l *log) Record(_ context.Context, a retention.Access) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return l.fail
	}
	l.entries = append(l.entries, a)
	return nil
}

func (l *log) last() retention.Access {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entries[len(l.entries)-1]
}

func (l *log) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.entries)
}

// bench is a vault over stores in memory.
type bench struct {
	*retention.Vault
	data   *retention.MemoryStore
	keys   *retention.MemoryKeyStore
	kek    *crypto.LocalKEK
	signer *crypto.LocalSigner
	clock  *clock
	log    *log
}

func setup(t testing.TB, change func(*retention.Options)) *bench {
	t.Helper()
	b := &bench{data: retention.NewMemoryStore(), keys: retention.NewMemoryKeyStore(), clock: &clock{t: start}, log: &log{}}
	var err error
	b.kek, _, err = crypto.GenerateLocalKEK()
	require.NoError(t, err)
	b.signer, _, err = crypto.GenerateLocalSigner()
	require.NoError(t, err)
	b.Vault = b.open(t, change)
	return b
}

// open makes another vault over the same stores, as another process would.
func (b *bench) open(t testing.TB, change func(*retention.Options)) *retention.Vault {
	t.Helper()
	o := &retention.Options{Tenant: "tenant-1", Signer: b.signer, Now: b.clock.now}
	if change != nil {
		change(o)
	}
	v, err := retention.New(b.data, b.keys, b.kek, b.log, o)
	require.NoError(t, err)
	return v
}

func content(c model.Category, body string) retention.Content {
	return retention.Content{Category: c, Schema: 1, Body: []byte(body)}
}

// body reads one category and returns its only content.
func body(t testing.TB, v *retention.Vault, r retention.Ref, c model.Category) string {
	t.Helper()
	cs, err := v.Read(t.Context(), by, r, c)
	require.NoError(t, err)
	require.Len(t, cs, 1)
	return string(cs[0].Body)
}

func TestKeepAndRead(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx := t.Context()
	require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{}))
	require.NoError(t, b.Keep(ctx, ref, []retention.Content{
		content(model.CategoryPerson, "who"), content(model.CategoryBalance, "how much"),
	}, nil))

	cs, err := b.Read(ctx, by, ref, model.CategoryPerson, model.CategoryBalance)
	require.NoError(t, err)
	require.Len(t, cs, 2)
	assert.Equal(t, "who", string(cs[0].Body))
	assert.Equal(t, "how much", string(cs[1].Body))
	assert.Equal(t, "bank", cs[0].Link)
	assert.Equal(t, uint32(1), cs[0].Schema)
	assert.Equal(t, start, cs[0].Stored)
	assert.Equal(t, start.Add(365*24*time.Hour), cs[0].Expires)

	require.Equal(t, 2, b.log.len(), "one entry per compartment")
	assert.Equal(t, retention.Access{
		Actor: "adviser-7", Role: "adviser", Reason: "mortgage", Action: retention.ActionRead, Tenant: "tenant-1",
		Subject: "subject-1", Grant: "grant-1", Link: "bank", Compartment: retention.Financial,
		Categories: []model.Category{model.CategoryBalance}, Items: 1, Outcome: retention.OutcomeGranted,
	}, b.log.last())

	_, err = b.Read(ctx, by, ref, model.CategoryPension)
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.Equal(t, retention.OutcomeAbsent, b.log.last().Outcome)

	require.NoError(t, b.SaveState(ctx, ref, []byte("token")))
	state, err := b.State(ctx, by, ref)
	require.NoError(t, err)
	assert.Equal(t, "token", string(state))
	assert.Equal(t, 3, b.data.Len())

	all, err := b.ReadGrant(ctx, by, ref)
	require.NoError(t, err)
	assert.Len(t, all, 2, "the state is not among them")

	require.NoError(t, b.Keep(ctx, ref, []retention.Content{content(model.CategoryBalance, "more")}, nil))
	assert.Equal(t, "more", body(t, b.Vault, ref, model.CategoryBalance))
	assert.Equal(t, "who", body(t, b.Vault, ref, model.CategoryPerson))
	assert.Equal(t, 3, b.data.Len(), "what was replaced is gone")
}

func TestDeleteGrant(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx := t.Context()
	require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{}))
	require.NoError(t, b.Keep(ctx, ref, []retention.Content{
		content(model.CategoryPerson, "who"), content(model.CategoryBalance, "how much"),
	}, nil))
	require.NoError(t, b.SaveState(ctx, ref, []byte("token")))

	require.NoError(t, b.DestroyGrant(ctx, ref.Grant))
	_, err := b.Read(ctx, by, ref, model.CategoryPerson)
	require.ErrorIs(t, err, retention.ErrShredded)
	require.ErrorIs(t, b.Keep(ctx, ref, nil, nil), retention.ErrShredded)
	require.ErrorIs(t, b.CreateLink(ctx, ref, retention.Policy{}), retention.ErrShredded)
	assert.Equal(t, 3, b.data.Len(), "rows go later")

	r, err := b.DeleteGrant(ctx, by, ref.Grant)
	require.NoError(t, err)
	assert.Equal(t, 0, b.data.Len())
	assert.True(t, r.Verify(b.signer.Public()))
	assert.Equal(t, []retention.Count{
		{Compartment: retention.Identity, Keys: 1, Items: 1, Chunks: 1, Bytes: 3},
		{Compartment: retention.Financial, Keys: 1, Items: 1, Chunks: 1, Bytes: 8},
		{Compartment: retention.Credentials, Keys: 1, Items: 1, Chunks: 1, Bytes: 5},
	}, r.Counts)
	again, err := b.DeleteGrant(ctx, by, ref.Grant)
	require.NoError(t, err)
	assert.Equal(t, r, again)

	b.clock.add(time.Hour)
	report, err := b.Sweep(ctx, 100)
	require.NoError(t, err)
	assert.Zero(t, report)
}
