package audit

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// VerifyOptions are the optional parts of [Log.Verify].
type VerifyOptions struct {
	// Held are signed checkpoints that were kept elsewhere, in any order. The more, the nearer Verify gets to the entry
	// at which a tree was made anew, and only they show that entries were cut off the end.
	Held [][]byte
}

// Report is what [Log.Verify] read.
type Report struct {
	Size   int64     // entries
	Root   tlog.Hash // of the tree over them
	Erased int64     // entries without detail
}

// verifyPage is how many rows are read at once.
const verifyPage = 1000

// Verify reads the whole log and checks every entry against its leaf, every leaf and every node against the stored
// hashes, and the tree against checkpoints that are held. An error is a [*Damage] that names the first entry that is not as
// it was logged, or the store's.
//
// What tells is the stored hashes, as long as who changed an entry did not change them as well. Who changed all of it is found
// out by a checkpoint that is held: then the first bad entry is somewhere between two checkpoints, and Damage names the
// first that it can be. The log may grow meanwhile.
func (l *Log) Verify(ctx context.Context, o *VerifyOptions) (Report, error) {
	if o == nil {
		o = &VerifyOptions{}
	}
	key, err := l.VerifierKey()
	if err != nil {
		return Report{}, err
	}
	held := map[int64]tlog.Hash{}
	longest := int64(0)
	for _, b := range o.Held {
		c, err := OpenCheckpoint(b, key)
		if err != nil {
			return Report{}, err
		}
		if h, ok := held[c.Size]; ok && h != c.Root {
			return Report{}, fmt.Errorf("%w: two checkpoints of one size differ", ErrProof)
		}
		held[c.Size] = c.Root
		longest = max(longest, c.Size)
	}
	size, err := l.store.Size(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("audit: verify: %w", err)
	}
	v := &verification{l: l, held: held}
	if err := v.run(ctx, max(size, longest)); err != nil {
		return v.report(), err
	}
	return v.report(), v.end(ctx)
}

// end checks that no hash is left of entries that are gone.
func (v *verification) end(ctx context.Context) error {
	n := v.tree.size
	if _, err := v.l.store.Hashes(ctx, []int64{tlog.StoredHashIndex(0, n)}); err != nil {
		return ctx.Err() // there is none, as it should be
	}
	_, rows, err := v.l.store.Rows(ctx, Query{From: n, Max: 1})
	if err != nil {
		return fmt.Errorf("audit: verify: %w", err)
	}
	if len(rows) == 0 {
		return &Damage{Index: n, Kind: CutOff}
	}
	return nil // it grew meanwhile
}

type verification struct {
	l      *Log
	tree   frontier
	held   map[int64]tlog.Hash
	good   int64 // size of the largest held checkpoint that was found right
	erased int64
}

func (v *verification) report() Report {
	r := Report{Size: v.tree.size, Erased: v.erased}
	r.Root, _ = v.tree.root()
	return r
}

// run walks rows below end in order.
func (v *verification) run(ctx context.Context, end int64) error {
	for v.tree.size < end {
		from := v.tree.size
		indexes, rows, err := v.l.store.Rows(ctx, Query{From: from, Max: int(min(verifyPage, end-from))})
		if err != nil {
			return fmt.Errorf("audit: verify: %w", err)
		}
		if len(rows) == 0 {
			// Fewer rows than hashes: the end is gone.
			return &Damage{Index: from, Kind: CutOff}
		}
		for i, r := range rows {
			if indexes[i] != v.tree.size {
				return &Damage{Index: v.tree.size, Kind: Removed}
			}
			if err := v.row(ctx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// row checks the next row.
func (v *verification) row(ctx context.Context, r Row) error {
	n := v.tree.size
	leaf := tlog.RecordHash(r.Leaf)
	before := v.tree
	made := v.tree.add(nil, leaf)
	first := tlog.StoredHashIndex(0, n)
	indexes := make([]int64, len(made))
	for i := range made {
		indexes[i] = first + int64(i) // the hashes that a leaf completes follow each other
	}
	stored, err := v.l.store.Hashes(ctx, indexes)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		v.tree = before
		return &Damage{Index: n, Kind: Inserted} // a row without hashes was never appended
	}
	if stored[0] != leaf {
		v.tree = before
		return &Damage{Index: n, Kind: v.kind(ctx, leaf, stored[0])}
	}
	if !r.intact() {
		v.tree = before
		return &Damage{Index: n, Kind: Edited}
	}
	for i := range made {
		if stored[i] != made[i] {
			v.tree = before
			return &Damage{Index: v.good, Kind: Replaced}
		}
	}
	if r.Detail == nil {
		v.erased++
	}
	want, ok := v.held[v.tree.size]
	if !ok {
		return nil
	}
	if root, _ := v.tree.root(); root != want {
		return &Damage{Index: v.good, Kind: Replaced}
	}
	v.good = v.tree.size
	return nil
}

// kind tells what happened to an entry whose leaf is not the one that was logged there, as far as the next entries show.
func (v *verification) kind(ctx context.Context, leaf, logged tlog.Hash) string {
	n := v.tree.size
	leafLogged, loggedKept := false, false
	for i := n + 1; i < n+verifyPage && !leafLogged; i++ {
		h, err := v.l.store.Hashes(ctx, []int64{tlog.StoredHashIndex(0, i)})
		if err != nil {
			break
		}
		leafLogged = h[0] == leaf
	}
	_, rows, err := v.l.store.Rows(ctx, Query{From: n + 1, Max: verifyPage})
	if err != nil {
		return Edited
	}
	for _, r := range rows {
		loggedKept = loggedKept || tlog.RecordHash(r.Leaf) == logged
	}
	switch {
	case leafLogged && loggedKept:
		return Moved
	case leafLogged:
		return Removed
	case loggedKept:
		return Inserted
	}
	return Edited
}

// root is the tree's hash: the subtrees joined from the smallest up.
func (f *frontier) root() (tlog.Hash, error) {
	if f.size == 0 {
		return tlog.TreeHash(0, nil)
	}
	var h tlog.Hash
	have := false
	for level := range 63 {
		if f.size>>level&1 == 0 {
			continue
		}
		if !have {
			h, have = f.roots[level], true
			continue
		}
		h = tlog.NodeHash(f.roots[level], h)
	}
	return h, nil
}
