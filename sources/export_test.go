package sources

import (
	"context"

	"github.com/brondata/brondata/model"
)

// Widen is widen, for the benchmark.
func Widen(s model.Scope) model.Scope { return widen(s) }

// Reconcile takes the records of a reading once more as those of one statement.
func Reconcile(records []model.Record) model.Check {
	var s statement
	for _, r := range records {
		s.add(r)
	}
	return s.balanced(s.bounds())
}

// ReadAlone runs a normalizer with nothing around it but the writer that every normalizer writes to: for the benchmark, what
// the Retriever's part is measured against.
func ReadAlone(ctx context.Context, n Normalizer, f model.FormatID, d Document, q Query) ([]model.Record, error) {
	d.Format = f
	w := &Writer{ctx: ctx, query: q, limits: Limits{}.withDefaults()}
	for _, c := range n.Categories() {
		w.declared[rank(c)] = true
	}
	err := n.Normalize(ctx, d, q, w)
	return w.records, err
}

// DigestOf is digestOf, for the benchmark.
func DigestOf(ctx context.Context, d Document) (model.Digest, error) { return digestOf(ctx, d) }
