// Package mijnpensioenoverzicht reads the pension overview that a person downloads at mijnpensioenoverzicht.nl, as XML
// (pensioenaanspraken.xml) or as JSON (Pensioenoverzicht-dd-mm-jjjj.json).
//
// [Normalizer] is the whole of it. Both files have one model (Stichting Pensioenregister, Specificatie XML/JSON download
// v1.2): XML elements and JSON members have the same names. All amounts are gross, in euros and per year.
//
// # What becomes what
//
//   - The overview is a list of consecutive periods, and each repeats every scheme that pays in it. A scheme, told by its
//     HerkenningsNummer, its provider and its kind, becomes one pension record with a band per period. One provider may
//     have several schemes.
//   - The AOW becomes one record of kind "state", partner and orphan pensions get kinds of their own, and so do
//     indicative amounts, which nobody guarantees.
//   - Totals are not read: they add up what the records hold.
//   - Name and birth date become a person where the file has them. It often has neither: then whose overview it is
//     follows from the session in which it was downloaded only. A BSN is never read.
//   - Providers that did not answer make the overview incomplete; their names and the remarks are an Extra.
package mijnpensioenoverzicht

import (
	"context"

	"github.com/brondata/brondata/internal/jsonscan"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// Institution is the Stichting Pensioenregister, which runs the site.
const Institution model.InstitutionID = "mijnpensioenoverzicht"

// The formats that this package reads.
const (
	XML  model.FormatID = "mijnpensioenoverzicht.xml"
	JSON model.FormatID = "mijnpensioenoverzicht.json"
)

// maxBytes bounds the file: real ones have some tens of kilobytes, and both forms are read into a tree.
const maxBytes = 4 << 20

// maxDepth bounds the tree: real ones have eight levels.
const maxDepth = 32

// Normalizer reads both files. The zero value is ready, and safe for concurrent use.
type Normalizer struct{}

var _ sources.Normalizer = Normalizer{}

// Formats returns [XML] and [JSON].
func (Normalizer) Formats() []sources.Format {
	return []sources.Format{
		{ID: XML, Institution: Institution, Detect: detectXML},
		{ID: JSON, Institution: Institution, Detect: detectJSON},
	}
}

// Categories returns pension and person.
func (Normalizer) Categories() []model.Category {
	return []model.Category{model.CategoryPension, model.CategoryPerson}
}

// Normalize reads d, whose Format says which of the two it is. The errors wrap sources.ErrMalformed, ErrTruncated, ErrLimit,
// ErrTooLarge above 4 MiB, ErrLayoutChanged where the file has nothing of the model or no details, or ErrNotProvided where
// it is empty or says that the overview could not be made.
func (Normalizer) Normalize(ctx context.Context, d sources.Document, q sources.Query, w *sources.Writer) error {
	if d.Body.Size() == 0 {
		return sources.Errorf(sources.ErrNotProvided, "the document is empty")
	}
	b, err := d.Bytes(ctx, maxBytes)
	if err != nil {
		return err
	}
	if sources.LooksHTML(b) {
		return sources.Errorf(sources.ErrMalformed, "an HTML page instead of the file")
	}
	var root node
	if d.Format == JSON {
		root, err = fromJSON(b, w)
	} else {
		root, err = fromXML(b, w)
	}
	if err != nil {
		return err
	}
	r := &reader{w: w, xml: d.Format != JSON, schemes: map[key]*scheme{}}
	return r.read(root, q)
}

// maxNodes bounds what the tree takes of memory, which is a hundred times the file where that is nothing but tags: real ones
// have some hundreds.
const maxNodes = 1 << 16

// jsonLimits are for a model of shallow objects, whole numbers and short texts. Names count as values.
var jsonLimits = &jsonscan.Limits{Depth: maxDepth, Number: 24, String: 1 << 16, Values: 2 * maxNodes}
