// Package retentiontest checks a host's own [retention.Store] and [retention.KeyStore] against their specifications:
//
//	func TestStore(t *testing.T) {
//		retentiontest.Store(t, func(t *testing.T) retention.Store { return newStore(t) })
//	}
//
// Each case gets a store of its own, empty, and runs in parallel with the others. A failure says which rule was broken. The suite
// finds no fault where there is none; it cannot find all there are. Run it with -race as well.
package retentiontest

import (
	"context"
	"fmt"
	"io/fs"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/retention"
)

var base = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// row returns the n-th of some rows with the same link and different expiries.
func row(n int) retention.Row {
	return retention.Row{Expires: base.Add(time.Duration(n) * time.Second), Link: "link1", Item: "item1", Chunk: 0}
}

// Store checks an implementation of [retention.Store]. open returns an empty one, and may register a cleanup.
func Store(t *testing.T, open func(t *testing.T) retention.Store) {
	t.Helper()
	for _, c := range []struct {
		name string
		rule string
		run  func(t *testing.T, s retention.Store, rule string)
	}{
		{"put and get", "Get returns the bytes of exactly this row", putGet},
		{"absent", "a row that is not there is an error that wraps fs.ErrNotExist", absent},
		{"every field names", "rows are the same only when all fields are", everyField},
		{"replace", "a row that is there already is replaced", replace},
		{"bytes belong to their owner", "what is passed in is not kept, what is returned belongs to the caller", owners},
		{"sizes", "1 to MaxChunk bytes; anything else is refused", sizes},
		{"extremes", "expiries from 1970 to the year 9999, to the millisecond, and chunks up to 65,535", extremes},
		{"delete", "Delete returns how many rows were there; one that is not there is no error", deletes},
		{"expire", "Expire removes rows at or before the time, the earliest first, at most max, and says how many", expires},
		{"expire does not hide", "Get returns an expired row until Expire removes it", notHidden},
		{"context", "a context that ended ends the call, with its error", storeContext},
		{"concurrent use", "all methods are safe for concurrent use, and see what was done before they began", storeConcurrent},
		{"concurrent sweeps", "several sweeps together remove each row once", sweeps},
		{"sweep meanwhile", "rows that are not due stay while others are removed", sweepMeanwhile},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, open(t), c.rule)
		})
	}
}

func putGet(t *testing.T, s retention.Store, rule string) {
	ctx := t.Context()
	for n := range 20 {
		require.NoError(t, s.Put(ctx, row(n), fmt.Appendf(nil, "sealed %d\x00\xff", n)), rule)
	}
	for n := range 20 {
		got, err := s.Get(ctx, row(n))
		require.NoError(t, err, rule)
		require.Equal(t, fmt.Appendf(nil, "sealed %d\x00\xff", n), got, rule)
	}
	local := row(3)
	local.Expires = local.Expires.In(time.FixedZone("", 3600))
	got, err := s.Get(ctx, local)
	require.NoError(t, err, "a row's expiry is an instant, in whatever zone")
	require.Equal(t, []byte("sealed 3\x00\xff"), got, rule)
}

func absent(t *testing.T, s retention.Store, rule string) {
	_, err := s.Get(t.Context(), row(1))
	require.ErrorIs(t, err, fs.ErrNotExist, rule)
	require.NoError(t, s.Put(t.Context(), row(1), []byte("x")))
	_, err = s.Delete(t.Context(), row(1))
	require.NoError(t, err)
	_, err = s.Get(t.Context(), row(1))
	require.ErrorIs(t, err, fs.ErrNotExist, rule)
}

func everyField(t *testing.T, s retention.Store, rule string) {
	ctx := t.Context()
	rows := []retention.Row{row(1), row(1), row(1), row(1), row(1)}
	rows[1].Expires = rows[1].Expires.Add(time.Millisecond)
	rows[2].Link = "link2"
	rows[3].Item = "item2"
	rows[4].Chunk = 1
	for i, r := range rows {
		_, err := s.Get(ctx, r)
		require.ErrorIs(t, err, fs.ErrNotExist, rule)
		require.NoError(t, s.Put(ctx, r, []byte{byte(i)}), rule)
	}
	for i, r := range rows {
		got, err := s.Get(ctx, r)
		require.NoError(t, err, rule)
		require.Equal(t, []byte{byte(i)}, got, rule)
	}
	for i, r := range rows {
		n, err := s.Delete(ctx, r)
		require.NoError(t, err, rule)
		require.Equal(t, 1, n, rule)
		for j, other := range rows {
			_, err := s.Get(ctx, other)
			require.Equal(t, j > i, err == nil, rule)
		}
	}
}

func replace(t *testing.T, s retention.Store, rule string) {
	ctx := t.Context()
	require.NoError(t, s.Put(ctx, row(1), []byte("one")))
	require.NoError(t, s.Put(ctx, row(1), []byte("two")), rule)
	got, err := s.Get(ctx, row(1))
	require.NoError(t, err)
	require.Equal(t, []byte("two"), got, rule)
	n, err := s.Expire(ctx, base.Add(time.Hour), 10)
	require.NoError(t, err)
	require.Equal(t, 1, n, "a row that was put twice is one row")
}

func owners(t *testing.T, s retention.Store, rule string) {
	ctx := t.Context()
	b := []byte("sealed")
	require.NoError(t, s.Put(ctx, row(1), b))
	require.Equal(t, []byte("sealed"), b, rule)
	clear(b)
	got, err := s.Get(ctx, row(1))
	require.NoError(t, err)
	require.Equal(t, []byte("sealed"), got, rule)
	clear(got)
	got, err = s.Get(ctx, row(1))
	require.NoError(t, err)
	require.Equal(t, []byte("sealed"), got, rule)
}

func sizes(t *testing.T, s retention.Store, rule string) {
	ctx := t.Context()
	big := make([]byte, retention.MaxChunk+1)
	for i := range big {
		big[i] = byte(i * 7)
	}
	require.ErrorIs(t, s.Put(ctx, row(1), nil), retention.ErrInvalid, rule)
	require.ErrorIs(t, s.Put(ctx, row(1), big), retention.ErrInvalid, rule)
	for _, bad := range []func(r *retention.Row){
		func(r *retention.Row) { r.Link = "" },
		func(r *retention.Row) { r.Link = "Link" },
		func(r *retention.Row) { r.Item = "a b" },
		func(r *retention.Row) { r.Chunk = -1 },
		func(r *retention.Row) { r.Expires = time.Time{} },
		func(r *retention.Row) { r.Expires = r.Expires.Add(time.Nanosecond) },
	} {
		r := row(1)
		bad(&r)
		require.ErrorIs(t, s.Put(ctx, r, []byte("x")), retention.ErrInvalid, "a row outside the bounds is refused: use CheckRow")
	}
	require.NoError(t, s.Put(ctx, row(2), big[:retention.MaxChunk]), rule)
	got, err := s.Get(ctx, row(2))
	require.NoError(t, err)
	require.True(t, string(big[:retention.MaxChunk]) == string(got), rule)
}

func extremes(t *testing.T, s retention.Store, rule string) {
	ctx := t.Context()
	rows := []retention.Row{
		{Expires: time.UnixMilli(1).UTC(), Link: "a", Item: "0", Chunk: 0},
		{Expires: base, Link: "a", Item: "z", Chunk: 65535},
		{Expires: retention.Forever, Link: "z9", Item: "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01", Chunk: 1},
	}
	for i, r := range rows {
		require.NoError(t, s.Put(ctx, r, []byte{byte(i)}), rule)
	}
	for i, r := range rows {
		got, err := s.Get(ctx, r)
		require.NoError(t, err, rule)
		require.Equal(t, []byte{byte(i)}, got, rule)
	}
	n, err := s.Expire(ctx, retention.Forever.Add(-time.Millisecond), 10)
	require.NoError(t, err)
	require.Equal(t, 2, n, rule)
}

func deletes(t *testing.T, s retention.Store, rule string) {
	ctx := t.Context()
	var rows []retention.Row
	for n := range 200 {
		rows = append(rows, row(n))
		require.NoError(t, s.Put(ctx, row(n), []byte("x")))
	}
	n, err := s.Delete(ctx, append(rows[50:150:150], row(1000), row(1001))...)
	require.NoError(t, err)
	require.Equal(t, 100, n, rule)
	n, err = s.Delete(ctx, rows...)
	require.NoError(t, err)
	require.Equal(t, 100, n, rule)
	n, err = s.Delete(ctx, rows...)
	require.NoError(t, err)
	require.Zero(t, n, rule)
	n, err = s.Delete(ctx)
	require.NoError(t, err)
	require.Zero(t, n, rule)
}

func expires(t *testing.T, s retention.Store, rule string) {
	ctx := t.Context()
	n, err := s.Expire(ctx, base, 10)
	require.NoError(t, err)
	require.Zero(t, n, rule)
	for i := range 300 {
		require.NoError(t, s.Put(ctx, row((i*37)%300), []byte("x"))) // not in order
	}
	n, err = s.Expire(ctx, base.Add(-time.Millisecond), 1000)
	require.NoError(t, err)
	require.Zero(t, n, rule)
	n, err = s.Expire(ctx, row(9).Expires, 1000)
	require.NoError(t, err)
	require.Equal(t, 10, n, rule)
	left(t, s, 10, 300, rule)
	n, err = s.Expire(ctx, row(299).Expires, 200)
	require.NoError(t, err)
	require.Equal(t, 200, n, rule)
	left(t, s, 210, 300, rule)
	n, err = s.Expire(ctx, row(298).Expires.Add(999*time.Millisecond), 200)
	require.NoError(t, err)
	require.Equal(t, 89, n, rule)
	left(t, s, 299, 300, rule)
}

// left checks that of the rows below 300 exactly those from and below to are there.
func left(t *testing.T, s retention.Store, from, to int, rule string) {
	t.Helper()
	for n := range 300 {
		_, err := s.Get(t.Context(), row(n))
		require.Equal(t, n >= from && n < to, err == nil, "%s: row %d", rule, n)
	}
}

func notHidden(t *testing.T, s retention.Store, rule string) {
	old := row(0)
	old.Expires = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	require.NoError(t, s.Put(t.Context(), old, []byte("x")))
	_, err := s.Get(t.Context(), old)
	require.NoError(t, err, rule)
}

func storeContext(t *testing.T, s retention.Store, rule string) {
	require.NoError(t, s.Put(t.Context(), row(1), []byte("x")))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Put(ctx, row(2), []byte("x")), context.Canceled, rule)
	_, err := s.Get(ctx, row(1))
	require.ErrorIs(t, err, context.Canceled, rule)
	_, err = s.Delete(ctx, row(1))
	require.ErrorIs(t, err, context.Canceled, rule)
	_, err = s.Expire(ctx, base.Add(time.Hour), 10)
	require.ErrorIs(t, err, context.Canceled, rule)
	_, err = s.Get(t.Context(), row(1))
	require.NoError(t, err, "a call whose context had ended did something")
}

func storeConcurrent(t *testing.T, s retention.Store, rule string) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for n := range 25 {
				r := row(n)
				r.Link = fmt.Sprintf("link%d", g)
				if !assert.NoError(t, s.Put(t.Context(), r, []byte{byte(g), byte(n)}), rule) {
					return
				}
				got, err := s.Get(t.Context(), r)
				if !assert.NoError(t, err, rule) || !assert.Equal(t, []byte{byte(g), byte(n)}, got, rule) {
					return
				}
				k, err := s.Delete(t.Context(), r)
				if !assert.NoError(t, err, rule) || !assert.Equal(t, 1, k, rule) {
					return
				}
				_, err = s.Get(t.Context(), r)
				if !assert.ErrorIs(t, err, fs.ErrNotExist, rule) {
					return
				}
			}
		})
	}
	wg.Wait()
}

func sweeps(t *testing.T, s retention.Store, rule string) {
	const rows, sweepers = 500, 4
	for n := range rows {
		require.NoError(t, s.Put(t.Context(), row(n), []byte("x")))
	}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		total int
	)
	for range sweepers {
		wg.Go(func() {
			for range 100 {
				n, err := s.Expire(t.Context(), base.Add(time.Hour), 60)
				if !assert.NoError(t, err, rule) {
					return
				}
				mu.Lock()
				total += n
				done := total >= rows
				mu.Unlock()
				if done {
					return
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, rows, total, rule)
	left(t, s, 300, 300, rule)
}

func sweepMeanwhile(t *testing.T, s retention.Store, rule string) {
	const rows = 200
	for n := range rows {
		require.NoError(t, s.Put(t.Context(), row(n), []byte("x")))
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := s.Expire(t.Context(), row(rows-1).Expires, 10*rows)
		assert.NoError(t, err, rule)
	})
	for n := rows; n < rows+50; n++ {
		require.NoError(t, s.Put(t.Context(), row(n), []byte("y")), rule)
	}
	wg.Wait()
	for n := range rows + 50 {
		_, err := s.Get(t.Context(), row(n))
		require.Equal(t, n >= rows, err == nil, "%s: row %d", rule, n)
	}
}
