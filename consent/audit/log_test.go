package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/consent/audit"
	"github.com/brondata/brondata/retention"
)

func TestTreeIsRFC6962(t *testing.T) {
	t.Parallel()
	s := audit.NewMemoryStore()
	l := open(t, s, nil)
	fill(t, l, 70)
	x := tamper(t, s)
	want := slices.Clone(x.hashes)
	x.rehash(t) // by tlog itself
	require.Equal(t, x.hashes, want)
	r, err := l.Verify(t.Context(), nil)
	require.NoError(t, err)
	root, err := tlog.TreeHash(70, tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) { return x.Hashes(t.Context(), at) }))
	require.NoError(t, err)
	assert.Equal(t, root, r.Root)
	assert.EqualValues(t, 70, r.Size)
}

func TestVerifyNamesTheFirstBadEntry(t *testing.T) {
	t.Parallel()
	const n = 40
	s := audit.NewMemoryStore()
	sig := signer(t)
	l, err := audit.Open(t.Context(), s, sig, nil)
	require.NoError(t, err)
	fill(t, l, n/2)
	half := held(t, l)
	fill(t, l, n/2)
	whole := held(t, l)

	type change func(x *tampered)
	swap := func(i, j int) change {
		return func(x *tampered) { x.rows[i], x.rows[j] = x.rows[j], x.rows[i] }
	}
	cases := []struct {
		name   string
		change change
		index  int64
		kind   string
	}{
		{"a byte of the detail", func(x *tampered) { x.rows[7].Detail[30] ^= 1 }, 7, audit.Edited},
		{"the salt", func(x *tampered) { x.rows[0].Detail[0] ^= 1 }, 0, audit.Edited},
		{"the time", func(x *tampered) { x.rows[39].Leaf[8] ^= 1 }, 39, audit.Edited},
		{"the pseudonym", func(x *tampered) { x.rows[9].Leaf[10] ^= 1 }, 9, audit.Edited},
		{"the pseudonym that rows are found by", func(x *tampered) { x.rows[9].Subject[0] ^= 1 }, 9, audit.Edited},
		{"the digest", func(x *tampered) { x.rows[12].Leaf[50] ^= 1 }, 12, audit.Edited},
		{"leaf and detail of another", func(x *tampered) { x.rows[12] = x.rows[30] }, 12, audit.Removed},
		{"removed", func(x *tampered) { x.rows = slices.Delete(x.rows, 11, 12) }, 11, audit.Removed},
		{"the first removed", func(x *tampered) { x.rows = slices.Delete(x.rows, 0, 1) }, 0, audit.Removed},
		{"two removed", func(x *tampered) { x.rows = slices.Delete(x.rows, 11, 13) }, 11, audit.Removed},
		{"inserted", func(x *tampered) {
			r := x.rows[3]
			r.Leaf = slices.Clone(r.Leaf)
			r.Leaf[8]++
			x.rows = slices.Insert(x.rows, 20, r)
		}, 20, audit.Inserted},
		{"a copy inserted", func(x *tampered) { x.rows = slices.Insert(x.rows, 20, x.rows[3]) }, 20, audit.Inserted},
		{"swapped", swap(5, 6), 5, audit.Moved},
		{"swapped far apart", swap(5, 33), 5, audit.Moved},
		{"moved to the end", func(x *tampered) {
			r := x.rows[4]
			x.rows = append(slices.Delete(x.rows, 4, 5), r)
		}, 4, audit.Moved},
		{"the last cut off", func(x *tampered) { x.rows = x.rows[:39] }, 39, audit.CutOff},
		{"many cut off", func(x *tampered) { x.rows = x.rows[:3] }, 3, audit.CutOff},
		{"all cut off", func(x *tampered) { x.rows = nil }, 0, audit.CutOff},
		{"appended past the tree", func(x *tampered) { x.rows = append(x.rows, x.rows[0]) }, 40, audit.Inserted},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x := tamper(t, s)
			c.change(x)

			bad, err := audit.Open(t.Context(), x, sig, nil)
			if err == nil {
				_, err = bad.Verify(t.Context(), nil)
			}
			var d *audit.Damage
			require.ErrorAs(t, err, &d)
			assert.Equal(t, audit.Damage{Index: c.index, Kind: c.kind}, *d)
			assert.ErrorIs(t, err, audit.ErrDamaged)
		})
	}
	t.Run("everything made anew", func(t *testing.T) {
		t.Parallel()
		for i, index := range map[int]int64{3: 0, 25: n / 2} {
			x := tamper(t, s)
			x.rows[i].Leaf[8] ^= 1
			x.rehash(t)
			bad, err := audit.Open(t.Context(), x, sig, nil)
			require.NoError(t, err)
			_, err = bad.Verify(t.Context(), nil)
			require.NoError(t, err, "without a checkpoint nobody can tell")
			_, err = bad.Verify(t.Context(), &audit.VerifyOptions{Held: [][]byte{whole, half}})
			var d *audit.Damage
			require.ErrorAs(t, err, &d)
			assert.Equal(t, audit.Damage{Index: index, Kind: audit.Replaced}, *d)
		}
	})
	t.Run("cut off with its hashes", func(t *testing.T) {
		t.Parallel()
		x := tamper(t, s)
		x.rows = x.rows[:30]
		x.rehash(t)
		bad, err := audit.Open(t.Context(), x, sig, nil)
		require.NoError(t, err)
		_, err = bad.Verify(t.Context(), &audit.VerifyOptions{Held: [][]byte{whole}})
		var d *audit.Damage
		require.ErrorAs(t, err, &d)
		assert.Equal(t, audit.Damage{Index: 30, Kind: audit.CutOff}, *d)
	})
	t.Run("untouched", func(t *testing.T) {
		t.Parallel()
		r, err := l.Verify(t.Context(), &audit.VerifyOptions{Held: [][]byte{half, whole}})
		require.NoError(t, err)
		assert.EqualValues(t, n, r.Size)
	})
	t.Run("a checkpoint of another log", func(t *testing.T) {
		t.Parallel()
		other := open(t, audit.NewMemoryStore(), nil)
		_, err := l.Verify(t.Context(), &audit.VerifyOptions{Held: [][]byte{held(t, other)}})
		require.ErrorIs(t, err, audit.ErrProof)
	})
}

func TestStatementIsTheSubjectsOwn(t *testing.T) {
	t.Parallel()
	l := open(t, audit.NewMemoryStore(), &audit.Options{Origin: "log.example.com/consent"})
	fill(t, l, 31)
	key, err := l.VerifierKey()
	require.NoError(t, err)
	s, err := l.Statement(t.Context(), "subject-1", 0)
	require.NoError(t, err)
	b, err := json.Marshal(s)
	require.NoError(t, err)
	entries, c, err := audit.CheckStatement(b, key)
	require.NoError(t, err)
	assert.Len(t, entries, 10)
	assert.EqualValues(t, 31, c.Size)
	for i, e := range entries {
		assert.EqualValues(t, 1+3*i, e.Index)
		assert.Equal(t, fmt.Sprintf("grant-%d", 1+3*i), e.Access.Grant)
	}
	assert.NotContains(t, string(b), "subject-0", "nothing of anybody else")
	assert.NotContains(t, string(b), "subject-2", "nothing of anybody else")

	t.Run("another key", func(t *testing.T) {
		other, err := open(t, audit.NewMemoryStore(), &audit.Options{Origin: "log.example.com/consent"}).VerifierKey()
		require.NoError(t, err)
		_, _, err = audit.CheckStatement(b, other)
		require.ErrorIs(t, err, audit.ErrProof)
	})
	t.Run("any changed item", func(t *testing.T) {
		for name, f := range map[string]func(s *audit.Statement){
			"index":  func(s *audit.Statement) { s.Entries[2].Proof.Index++ },
			"shown":  func(s *audit.Statement) { s.Entries[2].Entry.Access.Items++ },
			"detail": func(s *audit.Statement) { s.Entries[2].Detail = slices.Clone(s.Entries[3].Detail) },
			"order":  func(s *audit.Statement) { s.Entries[2], s.Entries[3] = s.Entries[3], s.Entries[2] },
			"twice":  func(s *audit.Statement) { s.Entries[2] = s.Entries[3] },
			"proof":  func(s *audit.Statement) { s.Entries[2].Proof.Proof = s.Entries[3].Proof.Proof },
			"short":  func(s *audit.Statement) { s.Entries[2].Leaf = nil },
			"erased": func(s *audit.Statement) { s.Entries[2].Detail = nil },
		} {
			var c audit.Statement
			require.NoError(t, json.Unmarshal(b, &c))
			f(&c)
			bad, err := json.Marshal(c)
			require.NoError(t, err)
			_, _, err = audit.CheckStatement(bad, key)
			assert.ErrorIs(t, err, audit.ErrProof, name)
		}
	})
	t.Run("nobody", func(t *testing.T) {
		s, err := l.Statement(t.Context(), "never seen", 0)
		require.NoError(t, err)
		assert.Empty(t, s.Entries)
	})
}

func TestEraseKeepsProofsValid(t *testing.T) {
	t.Parallel()
	s := audit.NewMemoryStore()
	l := open(t, s, nil)
	fill(t, l, 30)
	before := held(t, l)
	require.NoError(t, l.Erase(t.Context(), "subject-1"))
	require.NoError(t, l.Erase(t.Context(), "subject-1"), "twice is no error")
	r, err := l.Verify(t.Context(), &audit.VerifyOptions{Held: [][]byte{before}})
	require.NoError(t, err)
	assert.EqualValues(t, 10, r.Erased)
	st, err := l.Statement(t.Context(), "subject-1", 0)
	require.NoError(t, err)
	assert.Empty(t, st.Entries, "nobody can find them by the subject any more")
	_, rows, err := s.Rows(t.Context(), audit.Query{Max: 100})
	require.NoError(t, err)
	for i, row := range rows {
		assert.Equal(t, i%3 == 1, row.Detail == nil)
		assert.NotContains(t, string(row.Leaf), "subject")
	}
	// Somebody who comes back is somebody else.
	require.NoError(t, l.Record(t.Context(), access("subject-1", 99)))
	_, rows, err = s.Rows(t.Context(), audit.Query{From: 1, Max: 100})
	require.NoError(t, err)
	assert.NotEqual(t, rows[0].Subject, rows[len(rows)-1].Subject)
}

func TestConsistencyBetweenAnyTwoCheckpoints(t *testing.T) {
	t.Parallel()
	s := audit.NewMemoryStore()
	l := open(t, s, nil)
	key, err := l.VerifierKey()
	require.NoError(t, err)
	var cs []audit.Checkpoint
	for i := range 20 {
		c, err := audit.OpenCheckpoint(held(t, l), key)
		require.NoError(t, err)
		cs = append(cs, c)
		fill(t, l, i%4+1)
	}
	for i, older := range cs {
		for j, newer := range cs {
			if i > j {
				require.ErrorIs(t, audit.CheckConsistency(nil, older, newer), audit.ErrProof)
				continue
			}
			p, err := l.Consistency(t.Context(), older.Size, newer.Size)
			require.NoError(t, err)
			require.NoError(t, audit.CheckConsistency(p, older, newer))
			forged := older
			forged.Root[0] ^= 1
			require.ErrorIs(t, audit.CheckConsistency(p, forged, newer), audit.ErrProof)
		}
	}
}

func TestClockSetBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := start
		s := audit.NewMemoryStore()
		l, err := audit.Open(context.Background(), s, fixedSigner, &audit.Options{Now: func() time.Time { return now }})
		require.NoError(t, err)
		for range rapid.IntRange(1, 20).Draw(t, "entries") {
			now = now.Add(time.Duration(rapid.Int64Range(-int64(48*time.Hour), int64(48*time.Hour)).Draw(t, "step")))
			require.NoError(t, l.Record(context.Background(), access("s", 1)))
			if rapid.Bool().Draw(t, "restart") {
				l, err = audit.Open(context.Background(), s, fixedSigner, &audit.Options{Now: func() time.Time { return now }})
				require.NoError(t, err)
			}
		}
		st, err := l.Statement(context.Background(), "s", 0)
		require.NoError(t, err)
		for i := 1; i < len(st.Entries); i++ {
			require.False(t, st.Entries[i].Entry.At.Before(st.Entries[i-1].Entry.At))
		}
	})
}

// TestConcurrentLogs has several logs over one store, as in several processes.
func TestConcurrentLogs(t *testing.T) {
	t.Parallel()
	s := audit.NewMemoryStore()
	sig := signer(t)
	var wg sync.WaitGroup
	const logs, writers, each = 3, 4, 50
	for i := range logs {
		l, err := audit.Open(t.Context(), s, sig, nil)
		require.NoError(t, err)
		for w := range writers {
			wg.Go(func() {
				for n := range each {
					assert.NoError(t, l.Record(t.Context(), access(fmt.Sprintf("s-%d-%d", i, w), n)))
				}
			})
		}
	}
	wg.Wait()
	l, err := audit.Open(t.Context(), s, sig, nil)
	require.NoError(t, err)
	r, err := l.Verify(t.Context(), nil)
	require.NoError(t, err)
	assert.EqualValues(t, logs*writers*each, r.Size)
	for i := range logs {
		for w := range writers {
			st, err := l.Statement(t.Context(), fmt.Sprintf("s-%d-%d", i, w), 0)
			require.NoError(t, err)
			require.Len(t, st.Entries, each)
			for n, e := range st.Entries {
				require.Equal(t, n, e.Entry.Access.Items, "one writer's entries stand in its order")
			}
		}
	}
}

// flaky fails, before or after doing it, every third append.
type flaky struct {
	audit.Store
	n int
}

var errDown = errors.New("down")

func (f *flaky) Append(ctx context.Context, size int64, rows []audit.Row, hashes []tlog.Hash) error {
	f.n++
	if f.n%3 == 0 {
		return errDown
	}
	err := f.Store.Append(ctx, size, rows, hashes)
	if f.n%3 == 1 && err == nil {
		return errDown
	}
	return err
}

func TestStoreThatFails(t *testing.T) {
	t.Parallel()
	s := &flaky{Store: audit.NewMemoryStore()}
	l := open(t, s, nil)
	ok := 0
	for i := range 30 {
		err := l.Record(t.Context(), access("s", i))
		if err == nil {
			ok++
		} else {
			require.ErrorIs(t, err, errDown)
		}
	}
	assert.Equal(t, 10, ok)
	r, err := l.Verify(t.Context(), nil)
	require.NoError(t, err)
	assert.EqualValues(t, 20, r.Size, "those acknowledged, and those of which the store forgot to say so")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	l := open(t, audit.NewMemoryStore(), nil)
	require.ErrorIs(t, l.Record(t.Context(), retention.Access{Subject: "s"}), audit.ErrInvalid, "an entry names who acts")
	for _, origin := range []string{"with space", "plus+plus", "line\nline", strings.Repeat("x", 300)} {
		_, err := audit.Open(t.Context(), audit.NewMemoryStore(), signer(t), &audit.Options{Origin: origin})
		require.ErrorIs(t, err, audit.ErrInvalid)
	}
	_, err := audit.Open(t.Context(), nil, signer(t), nil)
	require.ErrorIs(t, err, audit.ErrInvalid)
	_, err = audit.Open(t.Context(), audit.NewMemoryStore(), nil, nil)
	require.ErrorIs(t, err, audit.ErrInvalid)
	_, err = l.Inclusion(t.Context(), 0, 0)
	require.ErrorIs(t, err, audit.ErrInvalid)
}

func FuzzCheckStatement(f *testing.F) {
	l := open(f, audit.NewMemoryStore(), nil)
	fill(f, l, 5)
	key, err := l.VerifierKey()
	require.NoError(f, err)
	s, err := l.Statement(context.Background(), "subject-1", 0)
	require.NoError(f, err)
	good, err := json.Marshal(s)
	require.NoError(f, err)
	f.Add(good)
	f.Add([]byte(`{"checkpoint":"","entries":[{}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, c, err := audit.CheckStatement(b, key)
		if err == nil && (c.Size != 5 || len(entries) > 2) {
			t.Fatal("a statement was accepted that this log never made")
		}
	})
}
