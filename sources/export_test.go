package sources

import (
	"context"

	"github.com/brondata/brondata/model"
)

// Widen is widen, for the benchmark.
func Widen(s model.Scope) model.Scope { return widen(s) }

// Reconcile compares the balances of a reading once more, for the benchmark.
func Reconcile(r *Reading) model.Check {
	opening, closing := bounds(r.Records)
	return balanced(r.Records, opening, closing)
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
