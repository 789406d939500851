package retention_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

// TestConcurrentKeep: several processes write, read and sweep one link. Every read sees one whole version.
func TestConcurrentKeep(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx := t.Context()
	require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{}))
	pair := func(n int) []retention.Content {
		return []retention.Content{
			content(model.CategoryPerson, fmt.Sprint(n)), content(model.CategoryBalance, fmt.Sprint(n)),
		}
	}
	require.NoError(t, b.Keep(ctx, ref, pair(0), nil))
	var (
		writers, others sync.WaitGroup
		stop            atomic.Bool
		kept            atomic.Int64
	)
	for g := range 3 {
		v := b.open(t, nil)
		writers.Go(func() {
			for n := range 15 {
				err := v.Keep(ctx, ref, pair(100*(g+1)+n), nil)
				if err == nil {
					kept.Add(1)
				} else if !assert.ErrorIs(t, err, retention.ErrConflict) {
					return
				}
			}
		})
	}
	for range 2 {
		v := b.open(t, nil)
		others.Go(func() {
			for !stop.Load() {
				cs, err := v.Read(ctx, by, ref, model.CategoryPerson, model.CategoryBalance)
				if !assert.NoError(t, err) || !assert.Equal(t, string(cs[0].Body), string(cs[1].Body), "two versions are mixed") {
					return
				}
			}
		})
	}
	others.Go(func() {
		v := b.open(t, nil)
		for !stop.Load() {
			if _, err := v.Sweep(ctx, 10); !assert.NoError(t, err) {
				return
			}
			time.Sleep(time.Millisecond)
		}
	})
	writers.Wait()
	stop.Store(true)
	others.Wait()
	assert.Positive(t, kept.Load())
	b.clock.add(20 * time.Minute)
	_, err := b.Sweep(ctx, 100)
	require.NoError(t, err)
	assert.Equal(t, 2, b.data.Len(), "nothing is left over")
}

// TestRevokeWins: once a revoke was acknowledged nobody reads or stores anything, whatever is under way.
func TestRevokeWins(t *testing.T) {
	t.Parallel()
	for round := range 20 {
		b := setup(t, nil)
		ctx := t.Context()
		require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{}))
		require.NoError(t, b.Keep(ctx, ref, []retention.Content{content(model.CategoryPerson, "who")}, nil))
		var (
			wg      sync.WaitGroup
			revoked atomic.Bool
			begun   atomic.Int64
		)
		for range 3 {
			v := b.open(t, nil)
			wg.Go(func() {
				for {
					was := revoked.Load()
					_, err := v.Read(ctx, by, ref, model.CategoryPerson)
					begun.Add(1)
					if errors.Is(err, retention.ErrShredded) {
						return
					}
					if !assert.NoError(t, err) || !assert.False(t, was, "read after an acknowledged revoke") {
						return
					}
				}
			})
			wg.Go(func() {
				for {
					was := revoked.Load()
					err := v.Keep(ctx, ref, []retention.Content{content(model.CategoryPerson, "who")}, nil)
					if errors.Is(err, retention.ErrShredded) {
						return
					}
					if err != nil && !assert.ErrorIs(t, err, retention.ErrConflict) || !assert.False(t, was && err == nil, "stored after an acknowledged revoke") {
						return
					}
				}
			})
		}
		for begun.Load() < int64(round) && !t.Failed() {
			time.Sleep(100 * time.Microsecond)
		}
		require.NoError(t, b.DestroyGrant(ctx, ref.Grant))
		revoked.Store(true)
		_, err := b.DeleteGrant(ctx, by, ref.Grant)
		require.NoError(t, err)
		wg.Wait()
		b.clock.add(20 * time.Minute)
		_, err = b.Sweep(ctx, 100)
		require.NoError(t, err)
		require.Zero(t, b.data.Len(), "rows of a writer that was overtaken")
	}
}

// TestSlowWriter: a writer that takes longer than its grace is swept away, and stores nothing.
func TestSlowWriter(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx := t.Context()
	require.NoError(t, b.CreateLink(ctx, ref, retention.Policy{}))
	sweeper := b.open(t, nil)
	slow, err := retention.New(slowStore{b.data, func() {
		b.clock.add(time.Hour)
		_, err := sweeper.Sweep(ctx, 100)
		assert.NoError(t, err)
	}}, b.keys, b.kek, b.log, &retention.Options{Tenant: "tenant-1", Now: b.clock.now})
	require.NoError(t, err)
	err = slow.Keep(ctx, ref, []retention.Content{content(model.CategoryPerson, "who")}, nil)
	require.ErrorIs(t, err, retention.ErrConflict)
	assert.Zero(t, b.data.Len(), "not even the row that was written after the sweep")
	status, err := b.Status(ctx, ref.Grant, ref.Link)
	require.NoError(t, err)
	assert.Empty(t, status.Items)
}

// slowStore calls a function before each Put.
type slowStore struct {
	*retention.MemoryStore
	before func()
}

func (s slowStore) Put(ctx context.Context, row retention.Row, sealed []byte) error {
	s.before()
	return s.MemoryStore.Put(ctx, row, sealed)
}

func TestRewrap(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	old, _, err := crypto.GenerateLocalKEK()
	require.NoError(t, err)
	ring, err := crypto.NewKeyring(1, old)
	require.NoError(t, err)
	v, err := retention.New(b.data, b.keys, ring, b.log, &retention.Options{Tenant: "tenant-1", Now: b.clock.now, KeyLife: -1})
	require.NoError(t, err)
	ctx := t.Context()
	const grants = 10
	for n := range grants {
		r := ref
		r.Grant = fmt.Sprint("grant-", n)
		require.NoError(t, v.CreateLink(ctx, r, retention.Policy{}))
		require.NoError(t, v.Keep(ctx, r, []retention.Content{content(model.CategoryPerson, r.Grant)}, nil))
	}
	require.NoError(t, v.DestroyGrant(ctx, "grant-3"))
	readable := func() {
		t.Helper()
		for n := range grants {
			r := ref
			r.Grant = fmt.Sprint("grant-", n)
			if n != 3 {
				require.Equal(t, r.Grant, body(t, v, r, model.CategoryPerson))
			}
		}
	}
	fresh, _, err := crypto.GenerateLocalKEK()
	require.NoError(t, err)
	require.NoError(t, ring.Add(2, fresh))
	require.NoError(t, ring.SetPrimary(2))
	before := b.data.Dump()
	changed, steps := 0, 0
	for cursor := ""; ; steps++ {
		next, n, err := v.Rewrap(ctx, cursor, 4)
		require.NoError(t, err)
		changed += n
		readable()
		if next == "" {
			break
		}
		require.Greater(t, next, cursor)
		cursor = next
	}
	assert.Equal(t, 9*3+1, changed, "three keys per live grant, and the day's")
	assert.Equal(t, (grants*3+1)/4, steps)
	assert.Equal(t, before, b.data.Dump(), "no data was touched")
	next, n, err := v.Rewrap(ctx, "", 1000)
	require.NoError(t, err)
	assert.Empty(t, next)
	assert.Zero(t, n)
	require.NoError(t, ring.SetMinVersion(2))
	require.NoError(t, ring.Destroy(1))
	readable()
	_, err = v.Read(ctx, by, retention.Ref{Subject: ref.Subject, Grant: "grant-3", Purpose: ref.Purpose, Link: ref.Link}, model.CategoryPerson)
	require.ErrorIs(t, err, retention.ErrShredded)

	// Without the walk, a minimum makes a key unreadable, and the walk says so.
	third, _, err := crypto.GenerateLocalKEK()
	require.NoError(t, err)
	require.NoError(t, ring.Add(3, third))
	require.NoError(t, ring.SetPrimary(3))
	require.NoError(t, ring.SetMinVersion(3))
	_, err = v.Read(ctx, by, retention.Ref{Subject: ref.Subject, Grant: "grant-1", Purpose: ref.Purpose, Link: ref.Link}, model.CategoryPerson)
	require.ErrorIs(t, err, crypto.ErrKeyVersion)
	_, _, err = v.Rewrap(ctx, "", 1000)
	require.ErrorIs(t, err, crypto.ErrKeyVersion)
}
