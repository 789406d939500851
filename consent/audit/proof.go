package audit

import (
	"context"
	"encoding/json"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Inclusion proves that a leaf is entry Index of a log of Size entries.
type Inclusion struct {
	Index int64            `json:"index"`
	Size  int64            `json:"size"`
	Proof tlog.RecordProof `json:"proof"`
}

// Inclusion returns the proof that an entry is in the log as it was at a size. It reads about log2(size) hashes.
func (l *Log) Inclusion(ctx context.Context, index, size int64) (Inclusion, error) {
	if index < 0 || index >= size {
		return Inclusion{}, invalid("index")
	}
	p, err := tlog.ProveRecord(size, index, l.reader(ctx))
	if err != nil {
		return Inclusion{}, fmt.Errorf("audit: inclusion: %w", err)
	}
	return Inclusion{Index: index, Size: size, Proof: p}, nil
}

// Check returns nil if the proof shows that leaf is in the log that the checkpoint is of; else an error that wraps [ErrProof].
func (p Inclusion) Check(leaf []byte, c Checkpoint) error {
	if p.Size != c.Size || p.Index < 0 || p.Index >= p.Size {
		return fmt.Errorf("%w: inclusion", ErrProof)
	}
	if err := tlog.CheckRecord(p.Proof, c.Size, c.Root, p.Index, tlog.RecordHash(leaf)); err != nil {
		return fmt.Errorf("%w: inclusion", ErrProof)
	}
	return nil
}

// Consistency returns the proof that the log of size older is the beginning of that of size newer.
func (l *Log) Consistency(ctx context.Context, older, newer int64) (tlog.TreeProof, error) {
	if older < 0 || older > newer {
		return nil, invalid("sizes")
	}
	if older == 0 {
		return nil, nil // everything begins with nothing
	}
	p, err := tlog.ProveTree(newer, older, l.reader(ctx))
	if err != nil {
		return nil, fmt.Errorf("audit: consistency: %w", err)
	}
	return p, nil
}

// CheckConsistency returns nil if the proof shows that the newer checkpoint only adds to the older one.
func CheckConsistency(p tlog.TreeProof, older, newer Checkpoint) error {
	bad := fmt.Errorf("%w: consistency", ErrProof)
	switch {
	case older.Origin != newer.Origin || older.Size > newer.Size || older.Size < 0:
		return bad
	case older.Size == 0:
		if empty, err := tlog.TreeHash(0, nil); err != nil || empty != older.Root || len(p) != 0 {
			return bad
		}
		return nil
	case tlog.CheckTree(p, newer.Size, newer.Root, older.Size, older.Root) != nil:
		return bad
	}
	return nil
}

// Statement is what a subject gets: their own entries, with proofs under one signed checkpoint. It is kept as JSON.
type Statement struct {
	Checkpoint string          `json:"checkpoint"` // a signed note
	Entries    []StatementItem `json:"entries"`
}

// StatementItem is one entry of a statement.
type StatementItem struct {
	Entry Entry `json:"entry"` // for reading; it follows from leaf and detail, which is checked
	// Leaf is what is in the tree; Detail what the leaf holds the digest of.
	Leaf   []byte    `json:"leaf"`
	Detail []byte    `json:"detail"`
	Proof  Inclusion `json:"proof"`
}

// maxStatement bounds the entries of one statement; a subject with more asks for the next part.
const maxStatement = 10_000

// Statement returns a subject's entries from an index on, at most 10,000, the earliest first. It logs nothing: the caller
// does.
func (l *Log) Statement(ctx context.Context, subject string, from int64) (Statement, error) {
	var s Statement
	size, err := l.store.Size(ctx)
	if err != nil {
		return s, fmt.Errorf("audit: statement: %w", err)
	}
	signed, err := l.checkpoint(ctx, size)
	if err != nil {
		return s, err
	}
	s = Statement{Checkpoint: string(signed), Entries: []StatementItem{}}
	p, ok, err := l.known(ctx, subject)
	if err != nil || !ok {
		return s, err
	}
	indexes, rows, err := l.store.Rows(ctx, Query{From: from, Max: maxStatement, Subject: &p})
	if err != nil {
		return s, fmt.Errorf("audit: statement: %w", err)
	}
	for i, r := range rows {
		if indexes[i] >= size {
			break // logged after the checkpoint
		}
		e, err := r.entry(indexes[i])
		if err != nil {
			return s, err
		}
		proof, err := l.Inclusion(ctx, indexes[i], size)
		if err != nil {
			return s, err
		}
		s.Entries = append(s.Entries, StatementItem{Entry: e, Leaf: r.Leaf, Detail: r.Detail, Proof: proof})
	}
	return s, nil
}

// CheckStatement checks a statement as JSON with the log's verifier key, and returns its entries as the proved parts say
// them. [ErrProof]: something in it is not in the log, or not as shown.
func CheckStatement(b []byte, verifierKey string) ([]Entry, Checkpoint, error) {
	var s Statement
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, Checkpoint{}, fmt.Errorf("%w: not a statement", ErrProof)
	}
	c, err := OpenCheckpoint([]byte(s.Checkpoint), verifierKey)
	if err != nil {
		return nil, c, err
	}
	var out []Entry
	for i, it := range s.Entries {
		r := Row{Leaf: it.Leaf, Detail: it.Detail}
		if len(it.Leaf) != leafSize {
			return nil, c, fmt.Errorf("%w: statement's item %d", ErrProof, i)
		}
		copy(r.Subject[:], it.Leaf[9:25])
		e, err := r.entry(it.Proof.Index)
		if err != nil || !sameEntry(e, it.Entry) || (i > 0 && (e.Index <= out[i-1].Index || e.Subject != out[0].Subject)) {
			return nil, c, fmt.Errorf("%w: statement's item %d", ErrProof, i)
		}
		if err := it.Proof.Check(it.Leaf, c); err != nil {
			return nil, c, fmt.Errorf("%w: statement's item %d", err, i)
		}
		out = append(out, e)
	}
	return out, c, nil
}

func sameEntry(a, b Entry) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}
