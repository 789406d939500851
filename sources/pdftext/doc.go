// Package pdftext reads the words, lines, rulings and table rows of PDF documents, with their positions. It is made for adapters
// that turn a bank's or an authority's PDF into records: it is exact or says that it does not know, it is fast, and no file
// makes it run away.
//
//	d, err := pdftext.Open(ctx, body, size, nil)
//	for page, err := range d.Pages(ctx) {
//		for _, line := range page.Lines() {
//			fmt.Println(line.Text())
//		}
//	}
//
// [FindTable] reads a table by its header, over all pages it runs on. [Page.Words] is what everything else is built of.
//
// # What is read
//
// Text is decoded by the font it is set in: simple fonts through ToUnicode, /Encoding and /Differences or the encoding of the
// embedded program; composite fonts through ToUnicode, Unicode CMaps or the character map of the embedded program. A glyph
// whose meaning is not told is U+FFFD, never a guess, and so is a digit of which two places of the document say two different
// things. (The one exception, a subset without any encoding, is told by [Document.Guessed]. A font whose only word about its
// glyphs, ToUnicode, lies cannot be told without looking at the glyphs' shapes.) Words are built from the advances of the glyphs, so it does not matter
// whether a producer shows lines, words or single glyphs. /ActualText replaces what it covers; form fields and other annotations
// show what their appearance shows; text that nobody sees is there and marked as such (see [Visibility]). A raised or smaller
// digit directly after a number is a word of its own, since a footnote mark must not become part of an amount.
//
// Not read: text in images, vertical order of columns (lines go from left to right over the whole page), the legacy Chinese,
// Japanese and Korean CMaps (their glyphs are U+FFFD unless there is a ToUnicode), and the document's structure tree. Nothing
// is normalised but Latin ligatures; callers who compare text apply NFKC.
//
// # Limits
//
// Every loop has a bound, see [Limits]; reaching one is [ErrLimit]. References that form a cycle are followed once. The context
// is checked at every thousand operators, every stream and every page.
//
//	file 64 MiB              operators 50 million        graphics states 100,000, of which 256 kept
//	stream 32 MiB            glyphs 20 million           forms 16 deep, 20,000 on a page
//	inflated 512 MiB         glyphs of a page 400,000    CMap entries 131,072, sixteen times that in a document
//	ratio 1,000              pages 20,000                rulings of a page 50,000
//
// # Where the parts of the standard are
//
// The file itself (ISO 32000-1 clause 7) is read by internal/pdf. Here:
//
//	interp.go, interp_text.go        content streams, graphics and text state: 7.8.2, 8.4, 9.3, 9.4
//	interp_path.go                   path construction and painting: 8.5
//	interp_form.go                   Form XObjects 8.10, annotation appearances 12.5.5
//	interp_marked.go                 marked content 14.6, replacement text 14.9.4, optional content 8.11
//	interp_seen.go                   what hides text: clipping 8.5.4, colour 8.6, transparency 11.6.4.4
//	font.go, font_simple.go          simple fonts: 9.6
//	font_composite.go, cmap*.go      composite fonts and CMaps: 9.7, 9.10.3
//	font_sfnt.go, _type1.go, _cff.go what embedded programs tell of their glyphs: 9.9
//	encoding_tables.go, glyphnames.* character sets and glyph names: Annex D and the Adobe Glyph List
//	metrics*.go                      the standard 14 fonts: 9.6.2.2
//	assemble.go, bidi.go, line.go    from glyphs to words and lines; no standard says how
//	table*.go                        from words to rows
//
// # Errors
//
// An error wraps one of the sentinels of this package, the context's error, or the error of the reader that was given to [Open].
// Its text never holds anything of the document.
package pdftext
