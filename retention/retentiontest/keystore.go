package retentiontest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/retention"
)

// KeyStore checks an implementation of [retention.KeyStore]. open returns an empty one, and may register a cleanup.
func KeyStore(t *testing.T, open func(t *testing.T) retention.KeyStore) {
	t.Helper()
	for _, c := range []struct {
		name string
		rule string
		run  func(t *testing.T, s retention.KeyStore, rule string)
	}{
		{"life of a record", "versions count from 1; replaced and deleted content is gone", life},
		{"expectations", "a change whose record is not as expected is ErrConflict, and does nothing", expectations},
		{"all or nothing", "Apply does all changes or none", allOrNothing},
		{"get several", "Get returns those that exist", getSeveral},
		{"one instant", "Get returns records as they were at one instant", oneInstant},
		{"list", "List goes in the order of bytes, after a cursor, within a prefix, at most max", list},
		{"due", "Due returns what is due, the earliest first, at most max, and never what has no due time", due},
		{"bodies", "up to MaxBody bytes, which belong to their owner", bodies},
		{"bounds", "changes outside the bounds are refused: use CheckChanges", bounds},
		{"context", "a context that ended ends the call, with its error", keysContext},
		{"one creates", "of several that create one record exactly one succeeds", oneCreates},
		{"nothing is lost", "compare-and-set loses no update", nothingLost},
		{"checks hold", "the checks of an Apply hold at the moment at which its changes happen", checksHold},
		{"crossing", "transactions over the same records in different orders all end", crossing},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, open(t), c.rule)
		})
	}
}

func create(id, body string) retention.Change {
	return retention.Change{Op: retention.OpCreate, Record: retention.Record{ID: id, Body: []byte(body)}}
}

func update(id string, version int64, body string) retention.Change {
	return retention.Change{Op: retention.OpUpdate, Record: retention.Record{ID: id, Version: version, Body: []byte(body)}}
}

func remove(id string, version int64) retention.Change {
	return retention.Change{Op: retention.OpDelete, Record: retention.Record{ID: id, Version: version}}
}

func check(id string, version int64) retention.Change {
	return retention.Change{Op: retention.OpCheck, Record: retention.Record{ID: id, Version: version}}
}

// get returns one record, or the zero record.
func get(t *testing.T, s retention.KeyStore, id string) retention.Record {
	t.Helper()
	rs, err := s.Get(t.Context(), id)
	require.NoError(t, err)
	require.LessOrEqual(t, len(rs), 1)
	if len(rs) == 0 {
		return retention.Record{}
	}
	require.Equal(t, id, rs[0].ID)
	return rs[0]
}

func life(t *testing.T, s retention.KeyStore, rule string) {
	ctx := t.Context()
	require.Zero(t, get(t, s, "a"), rule)
	require.NoError(t, s.Apply(ctx, create("a", "one")), rule)
	r := get(t, s, "a")
	require.Equal(t, int64(1), r.Version, rule)
	require.Equal(t, []byte("one"), r.Body, rule)
	require.True(t, r.Due.IsZero(), rule)

	c := update("a", 1, "two")
	c.Record.Due = base.Add(time.Millisecond)
	require.NoError(t, s.Apply(ctx, c), rule)
	r = get(t, s, "a")
	require.Equal(t, int64(2), r.Version, rule)
	require.Equal(t, []byte("two"), r.Body, rule)
	require.True(t, r.Due.Equal(base.Add(time.Millisecond)), rule)

	require.NoError(t, s.Apply(ctx, update("a", 2, "three")), rule)
	require.True(t, get(t, s, "a").Due.IsZero(), "an update replaces the due time too, also by none")
	require.NoError(t, s.Apply(ctx, check("a", 3)), rule)
	require.Equal(t, int64(3), get(t, s, "a").Version, "a check changes nothing")
	require.NoError(t, s.Apply(ctx, remove("a", 3)), rule)
	require.Zero(t, get(t, s, "a"), rule)
	require.NoError(t, s.Apply(ctx, create("a", "again")), rule)
	require.Equal(t, int64(1), get(t, s, "a").Version, rule)
}

func expectations(t *testing.T, s retention.KeyStore, rule string) {
	ctx := t.Context()
	for _, c := range []retention.Change{update("a", 1, "x"), update("a", 0, "x"), remove("a", 1), check("a", 1), check("a", 0)} {
		require.ErrorIs(t, s.Apply(ctx, c), retention.ErrConflict, rule)
	}
	require.Zero(t, get(t, s, "a"), rule)
	require.NoError(t, s.Apply(ctx, create("a", "one")))
	require.NoError(t, s.Apply(ctx, update("a", 1, "two")))
	for _, c := range []retention.Change{
		create("a", "x"), update("a", 1, "x"), update("a", 3, "x"), remove("a", 1), remove("a", 3), check("a", 1), check("a", 3),
	} {
		require.ErrorIs(t, s.Apply(ctx, c), retention.ErrConflict, rule)
		r := get(t, s, "a")
		require.Equal(t, int64(2), r.Version, rule)
		require.Equal(t, []byte("two"), r.Body, rule)
	}
}

func allOrNothing(t *testing.T, s retention.KeyStore, rule string) {
	ctx := t.Context()
	require.NoError(t, s.Apply(ctx, create("a", "1"), create("b", "1"), create("c", "1")), rule)
	for _, bad := range []retention.Change{create("c", "x"), update("c", 9, "x"), remove("c", 9), check("c", 9), check("none", 1)} {
		for _, order := range [][]retention.Change{
			{update("a", 1, "2"), remove("b", 1), create("d", "2"), bad},
			{bad, update("a", 1, "2"), remove("b", 1), create("d", "2")},
			{update("a", 1, "2"), bad, create("d", "2"), remove("b", 1)},
		} {
			require.ErrorIs(t, s.Apply(ctx, order...), retention.ErrConflict, rule)
			rs, err := s.Get(ctx, "a", "b", "c", "d")
			require.NoError(t, err)
			require.Len(t, rs, 3, rule)
			for _, r := range rs {
				require.Equal(t, int64(1), r.Version, rule)
				require.Equal(t, []byte("1"), r.Body, rule)
			}
		}
	}
	require.NoError(t, s.Apply(ctx, update("a", 1, "2"), remove("b", 1), create("d", "2"), check("c", 1)), rule)
	require.Equal(t, []byte("2"), get(t, s, "a").Body)
	require.Zero(t, get(t, s, "b"))
	require.Equal(t, int64(1), get(t, s, "c").Version)
	require.Equal(t, []byte("2"), get(t, s, "d").Body)
}

func getSeveral(t *testing.T, s retention.KeyStore, rule string) {
	ctx := t.Context()
	var ids []string
	for n := range 16 {
		id := fmt.Sprintf("id/%02d", n)
		ids = append(ids, id)
		if n%3 != 0 {
			require.NoError(t, s.Apply(ctx, create(id, id)))
		}
	}
	for n := 1; n <= len(ids); n++ {
		rs, err := s.Get(ctx, ids[:n]...)
		require.NoError(t, err)
		want := 0
		for k := range n {
			if k%3 != 0 {
				want++
				require.True(t, slices.ContainsFunc(rs, func(r retention.Record) bool { return r.ID == ids[k] && string(r.Body) == ids[k] }), rule)
			}
		}
		require.Len(t, rs, want, rule)
	}
	rs, err := s.Get(ctx)
	require.NoError(t, err)
	require.Empty(t, rs, rule)
}

func oneInstant(t *testing.T, s retention.KeyStore, rule string) {
	ctx := t.Context()
	require.NoError(t, s.Apply(ctx, create("a", "0"), create("z", "0")))
	var (
		wg   sync.WaitGroup
		stop atomic.Bool
	)
	wg.Go(func() {
		defer stop.Store(true)
		for v := int64(1); v <= 100; v++ {
			b := fmt.Sprint(v)
			if !assert.NoError(t, s.Apply(ctx, update("a", v, b), update("z", v, b))) {
				return
			}
		}
	})
	for !stop.Load() {
		rs, err := s.Get(ctx, "a", "z")
		require.NoError(t, err)
		require.Len(t, rs, 2)
		require.Equal(t, rs[0].Version, rs[1].Version, rule)
		require.Equal(t, string(rs[0].Body), string(rs[1].Body), rule)
	}
	wg.Wait()
}

func list(t *testing.T, s retention.KeyStore, rule string) {
	ctx := t.Context()
	ids := []string{"g/", "g/A", "g/Z", "g/_", "g/a", "g/a-b", "g/a.b", "g/a/1", "g/a/2", "g/ab", "g/~", "g0", "h/1", "f/9"}
	for _, id := range ids {
		require.NoError(t, s.Apply(ctx, create(id, id)))
	}
	for _, prefix := range []string{"", "g/", "g/a", "g/a/", "g", "h/", "x/", "g/~"} {
		var want []string
		for _, id := range slices.Sorted(slices.Values(ids)) {
			if len(id) >= len(prefix) && id[:len(prefix)] == prefix {
				want = append(want, id)
			}
		}
		for _, page := range []int{1, 2, 3, 100} {
			var got []string
			after := ""
			for range 50 {
				rs, err := s.List(ctx, prefix, after, page)
				require.NoError(t, err)
				require.LessOrEqual(t, len(rs), page, rule)
				for _, r := range rs {
					require.Equal(t, r.ID, string(r.Body), rule)
					got = append(got, r.ID)
					after = r.ID
				}
				if len(rs) < page {
					break
				}
			}
			require.Equal(t, want, got, "%s: prefix %q, %d at a time", rule, prefix, page)
		}
	}
	rs, err := s.List(ctx, "g/", "f/0", 100)
	require.NoError(t, err)
	require.Len(t, rs, 11, "a cursor before the prefix is the beginning")
	rs, err = s.List(ctx, "g/", "h", 100)
	require.NoError(t, err)
	require.Empty(t, rs, "a cursor behind the prefix is the end")
}

func due(t *testing.T, s retention.KeyStore, rule string) {
	ctx := t.Context()
	for n := range 30 {
		c := create(fmt.Sprintf("r/%02d", n), "x")
		if k := (n * 7) % 30; k >= 10 {
			c.Record.Due = base.Add(time.Duration(k) * time.Millisecond)
		}
		require.NoError(t, s.Apply(ctx, c))
	}
	for _, at := range []int{0, 9, 10, 15, 29, 1000} {
		for _, limit := range []int{1, 5, 100} {
			rs, err := s.Due(ctx, base.Add(time.Duration(at)*time.Millisecond), limit)
			require.NoError(t, err)
			require.Len(t, rs, min(limit, bounded(at)), rule)
			for i, r := range rs {
				require.True(t, r.Due.Equal(base.Add(time.Duration(10+i)*time.Millisecond)), rule)
				require.Equal(t, []byte("x"), r.Body, rule)
			}
		}
	}
	rs, err := s.Due(ctx, base.Add(10*time.Millisecond), 1)
	require.NoError(t, err)
	require.NoError(t, s.Apply(ctx, remove(rs[0].ID, rs[0].Version)))
	rs, err = s.Due(ctx, base.Add(10*time.Millisecond), 1)
	require.NoError(t, err)
	require.Empty(t, rs, rule)
}

// bounded is how many of the records that due makes are due at a time.
func bounded(at int) int { return max(0, min(at, 29)-9) }

func bodies(t *testing.T, s retention.KeyStore, rule string) {
	ctx := t.Context()
	big := make([]byte, retention.MaxBody)
	for i := range big {
		big[i] = byte(i * 11)
	}
	c := create("big", "")
	c.Record.Body = slices.Clone(big)
	require.NoError(t, s.Apply(ctx, c), rule)
	clear(c.Record.Body)
	r := get(t, s, "big")
	require.True(t, string(big) == string(r.Body), rule)
	clear(r.Body)
	require.True(t, string(big) == string(get(t, s, "big").Body), rule)
	none := create("none", "")
	none.Record.Body = nil
	require.NoError(t, s.Apply(ctx, none), rule)
	require.Empty(t, get(t, s, "none").Body, rule)
	require.Equal(t, int64(1), get(t, s, "none").Version, rule)
}

func bounds(t *testing.T, s retention.KeyStore, rule string) {
	ctx := t.Context()
	var many []retention.Change
	for n := range 65 {
		many = append(many, create(fmt.Sprint("many/", n), ""))
	}
	require.NoError(t, s.Apply(ctx, many[:64]...), "up to 64 changes")
	big := create("big", "")
	big.Record.Body = make([]byte, retention.MaxBody+1)
	odd := create("odd", "")
	odd.Record.Due = base.Add(time.Microsecond)
	for _, cs := range [][]retention.Change{
		nil, many, {create("", "")}, {create("a b", "")}, {create("é", "")}, {create("a", ""), create("a", "")},
		{big}, {odd}, {{Op: 0, Record: retention.Record{ID: "a"}}}, {{Op: 9, Record: retention.Record{ID: "a"}}},
	} {
		require.ErrorIs(t, s.Apply(ctx, cs...), retention.ErrInvalid, rule)
	}
}

func keysContext(t *testing.T, s retention.KeyStore, rule string) {
	require.NoError(t, s.Apply(t.Context(), create("a", "1")))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Get(ctx, "a")
	require.ErrorIs(t, err, context.Canceled, rule)
	_, err = s.List(ctx, "", "", 10)
	require.ErrorIs(t, err, context.Canceled, rule)
	_, err = s.Due(ctx, base, 10)
	require.ErrorIs(t, err, context.Canceled, rule)
	require.ErrorIs(t, s.Apply(ctx, update("a", 1, "2")), context.Canceled, rule)
	require.ErrorIs(t, s.Apply(ctx, update("a", 1, "2"), create("b", "2")), context.Canceled, rule)
	require.Equal(t, []byte("1"), get(t, s, "a").Body, "a call whose context had ended did something")
}

func oneCreates(t *testing.T, s retention.KeyStore, rule string) {
	for round := range 10 {
		id := fmt.Sprint("round/", round)
		var (
			wg  sync.WaitGroup
			won atomic.Int64
		)
		for g := range 6 {
			wg.Go(func() {
				err := s.Apply(t.Context(), create(id, fmt.Sprint(g)))
				if err == nil {
					won.Add(1)
					return
				}
				assert.ErrorIs(t, err, retention.ErrConflict, rule)
			})
		}
		wg.Wait()
		require.Equal(t, int64(1), won.Load(), rule)
	}
}

func nothingLost(t *testing.T, s retention.KeyStore, rule string) {
	ctx := t.Context()
	const goroutines, rounds = 6, 15
	require.NoError(t, s.Apply(ctx, retention.Change{Op: retention.OpCreate, Record: retention.Record{ID: "n", Body: make([]byte, 8)}}))
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for done := 0; done < rounds; {
				rs, err := s.Get(ctx, "n")
				if !assert.NoError(t, err) || !assert.Len(t, rs, 1) {
					return
				}
				b := binary.BigEndian.AppendUint64(nil, binary.BigEndian.Uint64(rs[0].Body)+1)
				err = s.Apply(ctx, retention.Change{Op: retention.OpUpdate, Record: retention.Record{ID: "n", Version: rs[0].Version, Body: b}})
				if err == nil {
					done++
				} else if !assert.ErrorIs(t, err, retention.ErrConflict, rule) {
					return
				}
			}
		})
	}
	wg.Wait()
	r := get(t, s, "n")
	require.Equal(t, uint64(goroutines*rounds), binary.BigEndian.Uint64(r.Body), rule)
	require.Equal(t, int64(goroutines*rounds+1), r.Version, rule)
}

// checksHold has writers that add to a record only while another one is alive, and a killer that ends that one. When the killer
// has its answer, the record must never change again.
func checksHold(t *testing.T, s retention.KeyStore, rule string) {
	ctx := t.Context()
	for round := range 10 {
		alive, data := fmt.Sprintf("alive/%d", round), fmt.Sprintf("data/%d", round)
		require.NoError(t, s.Apply(ctx, create(alive, "yes"), create(data, "")))
		var (
			wg      sync.WaitGroup
			entered atomic.Int64
		)
		for range 3 {
			wg.Go(func() {
				for {
					v := readVersion(t, s, data)
					entered.Add(1)
					err := s.Apply(ctx, check(alive, 1), update(data, v, "x"))
					if errors.Is(err, retention.ErrConflict) {
						if readVersion(t, s, alive) != 1 {
							return
						}
						continue
					}
					if !assert.NoError(t, err) {
						return
					}
				}
			})
		}
		for entered.Load() < 5 && !t.Failed() {
			time.Sleep(time.Millisecond)
		}
		require.NoError(t, s.Apply(ctx, update(alive, 1, "no")))
		atDeath := readVersion(t, s, data)
		wg.Wait()
		require.Equal(t, atDeath, readVersion(t, s, data), rule)
	}
}

func readVersion(t *testing.T, s retention.KeyStore, id string) int64 {
	rs, err := s.Get(t.Context(), id)
	if !assert.NoError(t, err) || !assert.Len(t, rs, 1) {
		return 0
	}
	return rs[0].Version
}

func crossing(t *testing.T, s retention.KeyStore, rule string) {
	ctx := t.Context()
	require.NoError(t, s.Apply(ctx, create("a", ""), create("b", ""), create("c", "")))
	ids := []string{"a", "b", "c"}
	var wg sync.WaitGroup
	for g := range 3 {
		wg.Go(func() {
			for done := 0; done < 10; {
				rs, err := s.Get(ctx, ids...)
				if !assert.NoError(t, err) {
					return
				}
				var cs []retention.Change
				for i := range ids {
					id := ids[(i+g)%len(ids)]
					for _, r := range rs {
						if r.ID == id {
							cs = append(cs, update(id, r.Version, ""))
						}
					}
				}
				err = s.Apply(ctx, cs...)
				if err == nil {
					done++
				} else if !assert.ErrorIs(t, err, retention.ErrConflict, rule) {
					return
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, int64(31), get(t, s, "b").Version, rule)
}
