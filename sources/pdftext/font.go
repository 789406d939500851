package pdftext

import (
	"context"
	"math"
	"strings"

	"github.com/brondata/brondata/internal/pdf"
)

// glyph is what showing one character code adds to the page.
type glyph struct {
	text  string  // replacementText when the document does not say what it means
	width float64 // advance in text space for font size 1: horizontal, or for vertical writing the downward one
	blank bool    // white space, which separates words
	known bool    // in a lazily filled table: the entry is set
}

// replacementText stands for a glyph whose meaning the document does not tell: it is never guessed.
const replacementText = "\uFFFD"

// font is a loaded font: simple with a table of all its codes, or composite.
type font struct {
	simple    *[256]glyph
	composite *compositeFont
	bold      bool
	cost      int // for the cache's bound, in CMap entries or the like
}

// fontKey identifies a font by the object it is, never by its resource name: the same name means another font on the next page.
type fontKey struct {
	ref  pdf.Ref
	dict pdf.Dict
}

// maxFontCost bounds the fonts kept in memory, by the table entries they hold: about 32 MB.
const maxFontCost = 1 << 20

// fontCache keeps the loaded fonts of a document. When full it starts over.
type fontCache struct {
	fonts  map[fontKey]*font
	cost   int
	blocks int // lazily filled glyph blocks of composite fonts
}

// font returns the font that o refers to, loaded or from the cache, never nil unless the error is a limit or the context's.
func (d *Document) font(ctx context.Context, o pdf.Object) (*font, error) {
	ref, isRef := o.Ref()
	dict := d.file.Resolve(o).Dict()
	key := fontKey{ref: ref}
	if !isRef {
		key.dict = dict
	}
	if f, ok := d.fonts.fonts[key]; ok {
		return f, nil
	}
	f, err := d.loadFont(ctx, dict)
	if err != nil {
		return nil, err
	}
	d.fonts.cost += f.cost
	if d.fonts.cost > maxFontCost || d.fonts.fonts == nil {
		d.fonts = fontCache{fonts: map[fontKey]*font{}, cost: f.cost}
	}
	d.fonts.fonts[key] = f
	return f, nil
}

func (d *Document) loadFont(ctx context.Context, dict pdf.Dict) (*font, error) {
	if d.fontLoads++; d.fontLoads > maxFontLoads {
		return nil, ErrLimit
	}
	if err := ctx.Err(); err != nil {
		return nil, translate(err)
	}
	subtype, _ := d.file.Get(dict, "Subtype").Name()
	if subtype == "Type0" {
		return d.loadComposite(ctx, dict)
	}
	return d.loadSimple(ctx, dict, subtype)
}

// maxFontLoads bounds how often fonts are loaded in a document's life, which hostile content forces by overflowing the cache.
const maxFontLoads = 200_000

// toUnicode reads a font's /ToUnicode CMap; nil when there is none worth the name.
func (d *Document) toUnicode(ctx context.Context, dict pdf.Dict) (*cmap, error) {
	o := d.file.Get(dict, "ToUnicode")
	if !o.IsStream() {
		return nil, nil
	}
	m, err := d.cmapStream(ctx, o, 0)
	if err != nil || m == nil || len(m.texts) == 0 && !m.unicode {
		return nil, err
	}
	return m, nil
}

// maxUseCMap bounds a chain of CMaps that build on each other.
const maxUseCMap = 6

// cmapStream parses an embedded CMap with what it builds on. It returns nil for a stream that cannot be decoded.
func (d *Document) cmapStream(ctx context.Context, o pdf.Object, depth int) (*cmap, error) {
	data, err := d.file.Stream(ctx, o)
	if err = translate(err); err != nil {
		if stops(err) {
			return nil, err
		}
		if d.lacking = true; len(data) == 0 {
			return nil, nil
		}
	}
	var base *cmap
	switch use := d.file.Get(o.Dict(), "UseCMap"); {
	case use.Kind() == pdf.Name:
		name, _ := use.Name()
		base = predefinedCMap(name)
	case use.IsStream() && depth < maxUseCMap:
		if base, err = d.cmapStream(ctx, use, depth+1); err != nil {
			return nil, err
		}
	}
	use := predefinedCMap
	if base != nil {
		use = nil // the file repeats in PostScript what the dictionary said
	}
	m, err := parseCMap(data, base, d.limits.CMapEntries, use)
	if err != nil {
		return nil, err
	}
	if d.cmapEntries += m.entries(); d.cmapEntries/cmapDocument > d.limits.CMapEntries {
		return nil, ErrLimit
	}
	if v, ok := d.file.Get(o.Dict(), "WMode").Int(); ok {
		m.vertical = v == 1
	}
	return m, nil
}

// fontFile returns the embedded font program and the key it stands under, or nothing. Only limits and the context are errors:
// a broken program is as good as none.
func (d *Document) fontFile(ctx context.Context, descriptor pdf.Dict) (data []byte, key string, err error) {
	for _, key := range fontFiles {
		o := d.file.Get(descriptor, key)
		if !o.IsStream() {
			continue
		}
		data, err := d.file.Stream(ctx, o)
		if err = translate(err); err != nil && (stops(err) || len(data) == 0) {
			if stops(err) {
				return nil, "", err
			}
			continue
		}
		return data, key, nil
	}
	return nil, "", nil
}

// isEmbedded reports whether a font brings its own program, readable or not.
func (d *Document) isEmbedded(descriptor pdf.Dict) bool {
	for _, key := range fontFiles {
		if d.file.Get(descriptor, key).IsStream() {
			return true
		}
	}
	return false
}

// fontFiles are the keys under which a descriptor has a font program.
var fontFiles = [...]string{"FontFile2", "FontFile3", "FontFile"}

// isBold reports what the descriptor and the name say about the weight.
func (d *Document) isBold(base string, descriptor pdf.Dict) bool {
	if w, ok := d.file.Get(descriptor, "FontWeight").Float(); ok && w >= 600 {
		return true
	}
	if flags, ok := d.file.Get(descriptor, "Flags").Int(); ok && flags&(1<<18) != 0 {
		return true // ForceBold, table 123
	}
	s := strings.ToLower(base)
	return strings.Contains(s, "bold") || strings.Contains(s, "black") || strings.Contains(s, "heavy")
}

// makeGlyph normalises text: control characters and white space become a blank, an unknown text the replacement character.
func makeGlyph(text string, width float64) glyph {
	g := glyph{text: text, known: true}
	if !math.IsNaN(width) && math.Abs(width) < maxAdvance {
		g.width = width
	}
	switch {
	case text == "":
		g.text = replacementText
	case blankText(text):
		g.text, g.blank = "", true
	}
	return g
}

// maxAdvance is the widest advance that is believed, in multiples of the font size.
const maxAdvance = 1000

// blankText reports whether text is nothing but white space and control characters.
func blankText(text string) bool {
	for _, r := range text {
		switch {
		case r <= ' ', r >= 0x7f && r <= 0xa0, r >= 0x2000 && r <= 0x200a, r == 0x2028, r == 0x2029, r == 0x202f, r == 0x205f,
			r == 0x3000, r == 0x1680:
		default:
			return false
		}
	}
	return true
}

// isPrivate reports whether text is a single private-use character, which tells a reader nothing.
func isPrivate(text string) bool {
	n := 0
	for _, r := range text {
		if r < 0xE000 || r > 0xF8FF {
			return false
		}
		n++
	}
	return n > 0
}
