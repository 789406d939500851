// Package overview renders a [model.Review] for the consumer it is about: what would go to whom, for what and for how
// long, every fact with where it comes from, and every doubt in words. [HTML] writes a page that needs nothing but
// itself, [PDF] a document to keep, both in Dutch or English.
//
// Both show each field of each record exactly as it would be sent: no amount is rounded or added up, no record is left
// out or merged, and a value that this version has no words for stands as it is. Characters that cannot be seen or
// that would turn the text around them are shown as a square, with a note at the top that says so. So are in the PDF
// those that its font lacks: it has Latin, Greek and Cyrillic letters, while a browser shows the page in every script.
//
// A rendering is for reading. What the subject approves is the review's digest, which no rendering changes; a short
// form of it stands in both.
//
// # With a form to approve
//
// The page of [HTML] is whole, and its policy forbids forms and scripts. A host's own page has it in a frame, with the form beside it;
// html/template escapes a string for srcdoc:
//
//	<iframe sandbox title="Overzicht" srcdoc="{{.Overview}}" width="100%" height="600"></iframe>
//	<form method="post" action="/approve">…</form>
//
// A frame of this kind has the policy of the page around it too: where that page has a Content-Security-Policy, the overview keeps its
// style if the policy's style-src allows 'unsafe-inline', or the hash that stands in the overview's own. Without, it is plain but whole.
package overview

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/brondata/brondata/model"
)

// ErrLanguage says that there is no overview in the language asked for.
var ErrLanguage = errors.New("overview: language is not known")

// Options are the options of [HTML] and [PDF]. Nil is the zero value.
type Options struct {
	// Language is "nl" or "en"; "" is "nl". Another is [ErrLanguage].
	Language string
	// Location is the zone that times are given in; nil is UTC. The zone is always named.
	Location *time.Location
}

func (o *Options) printer() printer {
	p := printer{lang: "nl", zone: time.UTC}
	if o != nil && o.Language != "" {
		p.lang = o.Language
	}
	if o != nil && o.Location != nil {
		p.zone = o.Location
	}
	return p
}

func prepare(w io.Writer, r *model.Review, o *Options) (*page, error) {
	if l := o.printer().lang; l != "nl" && l != "en" {
		return nil, ErrLanguage
	}
	if w == nil || r == nil {
		return nil, fmt.Errorf("overview: no review, or nowhere to write it: %w", model.ErrSyntax)
	}
	for _, rec := range r.Records {
		if !model.Known(rec) {
			// A consumer cannot decide about what cannot be shown.
			return nil, fmt.Errorf("overview: a record of an unknown type: %w", model.ErrSyntax)
		}
	}
	return compose(r, o), nil
}

// HTML writes the overview as one HTML page: no scripts, nothing loaded from anywhere, and a policy in it that forbids
// both. It reads without style, prints on paper with repeated table heads, and is fit for a small screen and a screen
// reader. The same review and options give the same bytes.
//
// An error is that of w, [ErrLanguage], or [model.ErrSyntax] for no review, no writer, or a record that is none of package
// model's.
func HTML(w io.Writer, r *model.Review, o *Options) error {
	p, err := prepare(w, r, o)
	if err != nil {
		return err
	}
	return writeHTML(w, p)
}

// PDF writes the overview as a PDF on A4 with its fonts embedded. Tables run on over pages with their heads repeated. It
// is a document to keep, without tags for a screen reader: whoever needs one decides by the page that [HTML] writes.
// The same review and options give the same bytes. Errors are those of [HTML].
func PDF(w io.Writer, r *model.Review, o *Options) error {
	p, err := prepare(w, r, o)
	if err != nil {
		return err
	}
	return writePDF(w, p, r)
}
