// Package uwv reads the verzekeringsbericht, the statement of wages and benefits that a person downloads as a PDF at Mijn UWV.
//
// [Normalizer] is the whole of it. UWV publishes no specification of the document and no example. The layout below follows
// public descriptions of it and public programs that read it, of the form versions VZB-004 to VZB-006; the fixtures were made
// from that description with three PDF producers, and random documents with a fourth. No real document was seen: what is verified
// is that whatever is laid out this way is read digit for digit, not that UWV lays it out this way. Other versions are
// sources.ErrLayoutChanged.
//
// # The layout
//
// Every page names the person ("De heer" or "Mevrouw", then the name), their Geboortedatum, the form version, and the Datum
// on which the document was made. Under the heading Loongegevens there is a block for each contract or benefit:
//
//	Werkgever/Instantie   name, over one or more lines
//	Loonheffingennummer   123456782L01
//	Verzekerde wetten     WW, ZW, WIA
//	Contractvorm          text, over up to three lines; absent with benefits and before 2020
//
//	Periode                        Aantal uur      Sv-loon
//	01-01-2025 t/m 31-01-2025             160   € 3.250,00
//
// and goes on after a page break, with or without its header lines. A label may stand beside the first, the middle or the last
// line of its text. With a company car the period and the hours come first, then "Eigen bijdrage auto" and "Waarde privégebruik
// auto" with an amount each, beside, under or between which the Sv-loon stands.
//
// # What becomes what
//
//   - The person: name and birth date as printed, the gender from the form of address. Initials, prefix and family name are
//     told apart only where the name begins with initials. A BSN is read only directly after its label, and only if the query
//     names a legal basis; the real download comes without one. That there is one is an issue of the document.
//   - Blocks with the same name, number and contract form are one employment; each of their rows is an income item.
//   - Rows of UWV as the payer of a benefit, told by its loonheffingennummers and by the names of its benefits, are benefits.
//   - When the document was made, and its form version, are an Extra of the income.
//
// # What is doubted
//
// Columns are told by where words stand, not by their order. An amount that could belong to two columns is left out with an
// issue, and so is everything that has not exactly the form of its type. Text that nobody sees is not read.
// What stands below an unknown line of a table is in doubt, as are the rows of a page that does not name the person, and every
// record where a font does not say what its glyphs mean. What stands below an unknown payer is not read. A row that is there
// twice is kept once; rows of one contract whose periods overlap carry an issue, as corrections do. Where by the numbers on the pages
// one is not there, or a page has no text, the document is incomplete. Pages that name different persons or birth dates are no
// genuine document: sources.ErrMalformed, and nothing is read.
//
// # The signature
//
// The real document carries a digital signature of UWV. It is not looked at: nothing here says that a document is genuine. The
// place to verify it is [Normalizer.Normalize], on the bytes and before the first record.
package uwv

import (
	"context"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// Institution is the Uitvoeringsinstituut Werknemersverzekeringen.
const Institution model.InstitutionID = "uwv"

// Verzekeringsbericht is the format that this package reads.
const Verzekeringsbericht model.FormatID = "uwv.verzekeringsbericht"

// maxBytes bounds the file: real ones have some hundred kilobytes.
const maxBytes = 32 << 20

// maxPages bounds the pages: forty years of months, one employer after the other, take less than fifty.
const maxPages = 500

// maxGlyphs and maxPageGlyphs bound the text, whose lines are all in memory at once. A full page has five thousand characters, one
// of a verzekeringsbericht two thousand.
const (
	maxGlyphs     = 400_000
	maxPageGlyphs = 40_000
)

// Normalizer reads the verzekeringsbericht. The zero value is ready, and safe for concurrent use.
type Normalizer struct{}

var _ sources.Normalizer = Normalizer{}

// Formats returns [Verzekeringsbericht].
func (Normalizer) Formats() []sources.Format {
	return []sources.Format{{ID: Verzekeringsbericht, Institution: Institution, Detect: detect}}
}

// Categories returns person, employment, income and benefit.
func (Normalizer) Categories() []model.Category {
	return []model.Category{model.CategoryPerson, model.CategoryEmployment, model.CategoryIncome, model.CategoryBenefit}
}

// Normalize reads d. The errors wrap sources.ErrMalformed for what is no PDF or names several persons, ErrPassword,
// ErrTooLarge above 32 MiB, ErrLimit, ErrNotProvided for an empty document, or ErrLayoutChanged: for another form version, where
// the wages are not found, and, after all records that could be read, where rows stand under no known table header.
func (Normalizer) Normalize(ctx context.Context, d sources.Document, q sources.Query, w *sources.Writer) error {
	p, err := readPages(ctx, d)
	if err != nil {
		return err
	}
	m, err := read(p.pages)
	if err != nil {
		return err
	}
	for _, page := range p.turned {
		m.layoutChanged(model.AtPage(page, 1))
	}
	if p.damaged {
		// What lies in the part that is missing cannot be known: a row, a sign, the rest of a name.
		m.everywhere = append(m.everywhere, model.Doubt(model.IssueDamaged, ""))
	}
	if p.guessed {
		m.everywhere = append(m.everywhere, model.Doubt(model.IssueCharset, ""))
	}
	return m.write(q, w)
}
