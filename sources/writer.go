package sources

import (
	"context"
	"slices"

	"github.com/brondata/brondata/model"
)

// Writer takes what a [Normalizer] reads. It is for the goroutine that Normalize runs on.
type Writer struct {
	ctx        context.Context
	query      Query
	limits     Limits
	document   int // index in the dossier
	declared   [16]bool
	records    []model.Record
	last       [16]model.Record // of each category
	issues     []model.Issue
	statements []statement
	outside    statement // what stands before the first of them
	periods    []period
	broken     error // the adapter broke its contract: every later call returns it
	refused    bool  // a record was not taken for another reason: the reading is not whole, whatever the normalizer returns
}

// Record writes one record with its place in the document and the doubts about it. Where it returns an error, the
// normalizer must stop and return that error.
//
// Records of other types than package model's own, of categories that the normalizer does not declare or the query does
// not ask, with texts that are none ([model.ValidText]) or words outside their set ([model.CheckRecord]), and places or doubts
// that could hold a value break the contract: the error is [ErrAdapter], and nothing of the document counts. The writer keeps r: it
// must not be changed afterwards, and to write the same variable twice, as in a loop, is such a breach too.
func (w *Writer) Record(r model.Record, at model.Locator, doubts ...model.Issue) error {
	if w.broken != nil {
		return w.broken
	}
	if len(w.records)&255 == 0 {
		if err := w.ctx.Err(); err != nil {
			return w.refuse(err)
		}
	}
	if !model.Known(r) { // before anything of it is called: it may embed a nil
		return w.breach("record %d is of a type outside the model", len(w.records)+1)
	}
	c := r.Category()
	i := rank(c)
	if i < 0 || !w.declared[i] {
		return w.breach("record %d is of a category that the normalizer does not declare", len(w.records)+1)
	}
	if !w.query.Wants(c) {
		return w.breach("record %d is of a category that the query does not ask", len(w.records)+1)
	}
	if !at.Valid() {
		return w.breach("record %d has a place that is not of the allowed form", len(w.records)+1)
	}
	if w.last[i] == r {
		return w.breach("record %d is the variable of an earlier one, which it changed: each record needs its own", len(w.records)+1)
	}
	if len(w.records) >= w.limits.Records {
		w.Issue(model.Doubt(model.IssueLimit, ""))
		return w.refuse(Errorf(ErrLimit, "more than %d records", w.limits.Records))
	}
	if p, ok := r.(*model.Person); ok && !p.BSN.IsZero() && !w.query.WantsBSN() {
		p.BSN = model.BSN{} // dropped here a second time: see the architecture's rule on BSNs
		return w.breach("record %d has a BSN without a legal basis", len(w.records)+1)
	}
	if err := model.CheckRecord(r); err != nil {
		return w.breach("record %d holds what its type cannot: a text that is not UTF-8, or a word outside its set", len(w.records)+1)
	}
	h := r.Head()
	for _, is := range [2][]model.Issue{h.Issues, doubts} {
		for _, d := range is {
			if !clean(d) {
				return w.breach("record %d has a doubt that is not of the allowed form", len(w.records)+1)
			}
		}
	}
	h.Provenance = model.Provenance{Document: w.document, At: at}
	if len(doubts) > 0 {
		if len(h.Issues)+len(doubts) > w.limits.Issues {
			doubts = append(doubts[:0:0], model.Doubt(model.IssueLimit, ""))
		}
		h.Issues = append(h.Issues, doubts...)
	}
	w.records = append(w.records, r)
	w.last[i] = r
	if n := len(w.statements); n > 0 {
		w.statements[n-1].add(r)
	} else {
		w.outside.add(r)
	}
	return nil
}

// clean reports whether a doubt can hold no value: its code is one of the model's, field and place are made of names.
func clean(i model.Issue) bool {
	return slices.Contains(model.IssueCodes(), i.Code) && model.Locator(i.Field).Valid() && i.At.Valid()
}

func (w *Writer) refuse(err error) error {
	w.refused = true
	return err
}

func (w *Writer) breach(format string, args ...any) error {
	w.broken = Errorf(ErrAdapter, format, args...)
	return w.broken
}

// Issue writes a doubt about the document as a whole. A field or place that could hold a value is left out. With
// [model.IssueIncompleteDoc], [model.IssueTruncated], [model.IssueDamaged] or [model.IssueLimit], or with more doubts than are kept,
// coverage does not take the document for all that it is about.
func (w *Writer) Issue(i model.Issue) {
	if !i.At.Valid() {
		i.At = ""
	}
	if !model.Locator(i.Field).Valid() {
		i.Field = ""
	}
	switch {
	case len(w.issues) < w.limits.Issues:
		w.issues = append(w.issues, i)
	case len(w.issues) == w.limits.Issues:
		w.issues = append(w.issues, model.Doubt(model.IssueLimit, ""))
	}
}

// Statement says that a statement of one account begins at this place: the records that follow, up to the next call or
// the end, belong to it. The Retriever compares its opening balance plus its booked transactions with its closing balance.
func (w *Writer) Statement(at model.Locator) {
	if !at.Valid() {
		at = ""
	}
	if len(w.statements) >= w.limits.Records {
		w.breach("more than %d statements", w.limits.Records)
		return
	}
	w.statements = append(w.statements, statement{at: at})
}

func rank(c model.Category) int {
	for i, d := range model.Categories() {
		if c == d {
			return i
		}
	}
	return -1
}
