package pdftext

import "github.com/brondata/brondata/internal/pdf"

// Limits bounds what reading one document may cost. A zero or negative field means its default; the defaults let through
// every ordinary statement, letter or report, and keep a hostile file to seconds and a few hundred megabytes. Reaching one is
// ErrLimit (ErrTooLarge for File), never a shortened result; only rulings, which serve FindTable as a hint, are dropped.
type Limits struct {
	File        int64 // bytes of the file: 64 MiB
	Stream      int64 // decoded bytes of one stream, and of one page's content: 32 MiB
	Inflated    int64 // decoded bytes over the document's life: 512 MiB
	Ratio       int   // decoded to raw bytes of one stream, past its first MiB: 1,000
	Objects     int   // cross-reference entries: 1,048,576
	Nesting     int   // arrays and dictionaries in each other: 128
	Pages       int   // pages: 20,000
	Operators   int   // content operators over the document's life: 50,000,000
	PageGlyphs  int   // glyphs on one page: 400,000
	Glyphs      int   // glyphs over the document's life: 20,000,000
	States      int   // graphics states saved at once by q: 256 are kept, deeper ones are counted up to this: 100,000
	FormDepth   int   // Form XObjects in each other: 16
	Forms       int   // Form XObjects drawn on one page: 20,000
	CMapEntries int   // entries of one CMap, and sixteen times that over all CMaps read: 131,072
	Rulings     int   // rulings kept of one page, further ones are dropped: 50,000
}

// The defaults of Limits.
const (
	defaultOperators   = 50_000_000
	defaultPageGlyphs  = 400_000
	defaultGlyphs      = 20_000_000
	defaultStates      = 100_000
	defaultFormDepth   = 16
	maxFormDepth       = 64 // forms are read recursively: this keeps the stack small
	defaultForms       = 20_000
	defaultCMapEntries = 131_072
	cmapDocument       = 16 // CMap entries of a document, as a multiple of those of one CMap
	defaultRulings     = 50_000
	keptStates         = 256
)

// withDefaults returns l with the fields that this package enforces itself filled in; the file layer fills in its own.
func (l Limits) withDefaults() Limits {
	for _, f := range [...]struct {
		v   *int
		def int
	}{
		{&l.Operators, defaultOperators}, {&l.PageGlyphs, defaultPageGlyphs}, {&l.Glyphs, defaultGlyphs},
		{&l.States, defaultStates}, {&l.FormDepth, defaultFormDepth}, {&l.Forms, defaultForms},
		{&l.CMapEntries, defaultCMapEntries}, {&l.Rulings, defaultRulings},
	} {
		if *f.v <= 0 {
			*f.v = f.def
		}
	}
	l.FormDepth = min(l.FormDepth, maxFormDepth)
	return l
}

// file returns the bounds that the file layer enforces.
func (l Limits) file() pdf.Limits {
	return pdf.Limits{
		File: l.File, Stream: l.Stream, Total: l.Inflated, Ratio: l.Ratio,
		Objects: l.Objects, Nesting: l.Nesting, Pages: l.Pages,
	}
}
