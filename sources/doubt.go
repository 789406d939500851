package sources

import (
	"context"
	"errors"
	"slices"

	"github.com/brondata/brondata/model"
)

// What doubts about a document as a whole come from, and what they mean for what is whole.

// issueOf is the doubt about a document of which not all could be read.
func issueOf(err error) model.IssueCode {
	for _, x := range []struct {
		err  error
		code model.IssueCode
	}{
		{ErrTruncated, model.IssueTruncated}, {ErrMalformed, model.IssueDamaged}, {ErrLayoutChanged, model.IssueLayout},
		{ErrNotProvided, model.IssueMissing}, {ErrTooLarge, model.IssueLimit}, {ErrLimit, model.IssueLimit},
		{context.Canceled, model.IssueLimit}, {context.DeadlineExceeded, model.IssueLimit},
	} {
		if errors.Is(err, x.err) {
			return x.code
		}
	}
	return model.IssueUnknown
}

// lacks reports whether data is missing from a document or may be: it says so itself (a provider that did not answer, a page of
// several), its end or a part is not there, or there were more doubts than are kept, and these may have been among the rest.
func lacks(is []model.Issue) bool {
	return slices.ContainsFunc(is, func(i model.Issue) bool {
		switch i.Code {
		case model.IssueIncompleteDoc, model.IssueTruncated, model.IssueDamaged, model.IssueLimit:
			return true
		}
		return false
	})
}

// entriesOnly reports whether a document says that it holds single entries of a longer history, such as notifications: they are
// kept, but nothing is whole by them.
func entriesOnly(is []model.Issue) bool {
	return slices.ContainsFunc(is, func(i model.Issue) bool { return i.Code == model.IssueHistoryCut })
}
