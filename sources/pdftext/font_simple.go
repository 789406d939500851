package pdftext

import (
	"context"
	"strconv"

	"github.com/brondata/brondata/internal/pdf"
)

// loadSimple builds the code table of a Type1, MMType1, TrueType or Type3 font (ISO 32000-1 §9.6).
func (d *Document) loadSimple(ctx context.Context, dict pdf.Dict, subtype string) (*font, error) {
	base, _ := d.file.Get(dict, "BaseFont").Name()
	descriptor := d.file.Get(dict, "FontDescriptor").Dict()
	uni, err := d.toUnicode(ctx, dict)
	if err != nil {
		return nil, err
	}
	std := findStandard(base)
	e, err := d.simpleEncoding(ctx, dict, descriptor, subtype, std, uni == nil)
	if err != nil {
		return nil, err
	}
	embedded := d.isEmbedded(descriptor)
	f := &font{simple: new([256]glyph), bold: d.isBold(base, descriptor), cost: 512}
	widths := d.simpleWidths(dict, descriptor, subtype, std, &e)
	for code := range 256 {
		text := e.text(byte(code))
		if uni != nil {
			switch s, ok := uni.text(uint32(code)); {
			case !ok && embedded && !e.told[code] && isDigit(text):
				text = "" // a default, in a font whose codes mean what the map says
			case !ok || text != "" && isPrivate(s):
			case e.told[code] && contradicts(text, s):
				text = "" // one of the two is wrong, and nothing says which
			default:
				text = s
			}
		}
		f.simple[code] = makeGlyph(text, widths[code])
	}
	return f, nil
}

// encoding says what the codes of a simple font mean: by glyph name, and where a name tells nothing by text.
type encoding struct {
	names [256]string
	texts [256]string // from an embedded TrueType font, for codes whose name is unknown
	told  [256]bool   // the name is the document's own word, not a default
}

// contradicts reports whether an /Encoding and a ToUnicode CMap tell two different things of a digit. Other characters have good
// reasons to differ: small capitals, ligatures, glyphs that are called after another one.
func contradicts(named, mapped string) bool {
	return isDigit(named) && named != mapped && (isDigit(mapped) || blankText(mapped))
}

func isDigit(s string) bool { return len(s) == 1 && s[0] >= '0' && s[0] <= '9' }

func (e *encoding) text(code byte) string {
	if s, ok := nameToText(e.names[code]); ok {
		return s
	}
	return e.texts[code]
}

// simpleEncoding finds the base encoding and applies /Differences (§9.6.6). builtIn says whether the font program is worth
// opening: not when a ToUnicode CMap will answer anyway.
func (d *Document) simpleEncoding(ctx context.Context, dict, descriptor pdf.Dict, subtype string, std standardFont, builtIn bool) (encoding, error) {
	var e encoding
	enc := d.file.Get(dict, "Encoding")
	name, _ := enc.Name()
	diffs := enc.Dict()
	if diffs.Len() > 0 {
		name, _ = d.file.Get(diffs, "BaseEncoding").Name()
	}
	flags, _ := d.file.Get(descriptor, "Flags").Int()
	symbolic := flags&4 != 0 && flags&32 == 0
	table := namedEncoding(name)
	switch {
	case std == symbolFont && (table == nil || symbolic):
		table = &symbolNames
	case std == zapfDingbats:
		table = &dingbatNames
	}
	if table != nil {
		e.names = *table
		for code := range e.told {
			e.told[code] = !symbolic
		}
	}
	if builtIn && table == nil && subtype != "Type3" {
		found, err := d.builtInEncoding(ctx, descriptor, &e)
		if err != nil {
			return e, err
		}
		if found {
			table = &e.names
		}
		d.guessed = d.guessed || !found && diffs.Len() == 0 && d.isEmbedded(descriptor)
	}
	if table == nil {
		if table = &standardNames; subtype == "TrueType" {
			table = &winAnsiNames
		}
		e.names = *table
	}
	if list := d.file.Get(diffs, "Differences").Array(); len(list) > 0 {
		var own [256]bool
		d.applyDifferences(&e, list, &own)
		e.readNumbered(&own)
		for code := range own {
			e.told[code] = e.told[code] || own[code]
		}
	}
	return e, nil
}

// namedEncoding returns the table of a predefined encoding, nil for any other name.
func namedEncoding(name string) *[256]string {
	switch name {
	case "WinAnsiEncoding":
		return &winAnsiNames
	case "MacRomanEncoding":
		return &macRomanNames
	case "MacExpertEncoding":
		return &macExpertNames
	case "StandardEncoding":
		return &standardNames
	}
	return nil
}

// applyDifferences walks a /Differences array: a number sets the code of the names that follow it.
func (d *Document) applyDifferences(e *encoding, diffs pdf.Array, own *[256]bool) {
	code := int64(0)
	for i := range diffs {
		o := d.file.Index(diffs, i)
		if v, ok := o.Int(); ok {
			code = v
			continue
		}
		if name, ok := o.Name(); ok {
			if code >= 0 && code < 256 {
				e.names[code], own[code] = name, true
				if name != ".notdef" {
					e.texts[code] = ""
				}
			}
			code++
		}
	}
}

// readNumbered understands fonts whose glyphs are named after their own codes, such as "32" or "a65" or "x41": when every name of
// /Differences repeats its code, in decimal or every one in hexadecimal, the codes are WinAnsi. A single name that does not
// fit shows that the numbers are something else, glyph indices mostly, which mean nothing outside the font.
func (e *encoding) readNumbered(own *[256]bool) {
	for _, base := range [...]int{10, 16} {
		count := 0
		for code := range 256 {
			if !own[code] || e.names[code] == ".notdef" {
				continue
			}
			if n, ok := trailingNumber(e.names[code], base); !ok || n != code {
				count = -1
				break
			}
			count++
		}
		if count <= 0 {
			continue
		}
		for code := range 256 {
			if own[code] && e.names[code] != ".notdef" {
				e.texts[code], _ = nameToText(winAnsiNames[code])
			}
		}
		return
	}
}

// trailingNumber reads the number that ends a name of at most two letters and digits.
func trailingNumber(name string, base int) (int, bool) {
	start := len(name)
	for start > 0 && (name[start-1] >= '0' && name[start-1] <= '9' || base == 16 && len(name)-start < 2) {
		start--
	}
	if start > 2 {
		return 0, false
	}
	n, err := strconv.ParseUint(name[start:], base, 16)
	return int(n), err == nil
}

// builtInEncoding reads the encoding that an embedded font program brings along.
func (d *Document) builtInEncoding(ctx context.Context, descriptor pdf.Dict, e *encoding) (found bool, err error) {
	data, key, err := d.fontFile(ctx, descriptor)
	switch {
	case err != nil || data == nil:
		return false, err
	case key == "FontFile2" || isSFNT(data) && key != "FontFile":
		return sfntEncoding(data, e), nil
	case key == "FontFile":
		return type1Encoding(data, e), nil
	}
	return cffEncoding(data, e), nil
}

// simpleWidths returns the advance of every code for font size 1 (§9.2.4).
func (d *Document) simpleWidths(dict, descriptor pdf.Dict, subtype string, std standardFont, e *encoding) (w [256]float64) {
	scale := 0.001
	if subtype == "Type3" {
		// Type 3 widths are in glyph space, which the font matrix maps to text space.
		if m, ok := d.matrix(d.file.Get(dict, "FontMatrix")); ok {
			scale = m.a
		}
	}
	list := d.file.Get(dict, "Widths").Array()
	missing, hasMissing := d.file.Get(descriptor, "MissingWidth").Float()
	if len(list) == 0 && subtype != "Type3" {
		d.standardWidths(&w, descriptor, std, e)
		return w
	}
	if hasMissing {
		for i := range w {
			w[i] = missing * scale
		}
	}
	first, _ := d.file.Get(dict, "FirstChar").Int()
	for i := range list {
		code := first + int64(i)
		if code < 0 {
			continue
		}
		if code > 255 || i > 255 {
			break
		}
		if v, ok := d.file.Index(list, i).Float(); ok {
			w[code] = v * scale
		}
	}
	return w
}

// standardWidths serves fonts without /Widths: the standard 14, and for any other the nearest of them.
func (d *Document) standardWidths(w *[256]float64, descriptor pdf.Dict, std standardFont, e *encoding) {
	if std == notStandard {
		flags, _ := d.file.Get(descriptor, "Flags").Int()
		switch {
		case flags&1 != 0:
			std = courier
		case flags&2 != 0:
			std = timesRoman
		default:
			std = helvetica
		}
	}
	for code := range 256 {
		v, ok := std.codeWidth(byte(code))
		if !ok {
			v, ok = std.nameWidth(e.names[code])
		}
		if !ok {
			v = 500
			if std == courier {
				v = 600
			}
		}
		w[code] = v / 1000
	}
}
