package overview

import (
	"bytes"
	"encoding/binary"
	"slices"

	"golang.org/x/image/font/sfnt"
)

// shortHyphen returns the Go font with its soft hyphen in the place of its hyphen. The hyphen of that font is as wide as
// its minus, so that 01-10-2026 looks like a calculation; the soft hyphen, which no text here holds, has the usual form.
// Only what the character looks like changes: in the document it stays the character that it is. It returns a copy, and
// that as it is where the font is not made as expected.
func shortHyphen(ttf []byte) []byte {
	out := slices.Clone(ttf)
	face, err := sfnt.Parse(ttf)
	if err != nil {
		return out
	}
	var buf sfnt.Buffer
	hyphen, err1 := face.GlyphIndex(&buf, '-')
	soft, err2 := face.GlyphIndex(&buf, '\u00ad')
	head, loca, glyf, hmtx := sfntTable(out, "head"), sfntTable(out, "loca"), sfntTable(out, "glyf"), sfntTable(out, "hmtx")
	hhea := sfntTable(out, "hhea")
	if err1 != nil || err2 != nil || hyphen == 0 || soft == 0 || len(head) < 52 || len(hhea) < 36 {
		return out
	}
	long := binary.BigEndian.Uint16(head[50:]) == 1
	outline := func(g sfnt.GlyphIndex) []byte {
		at := func(i int) int {
			switch {
			case long && 4*i+4 <= len(loca):
				return int(binary.BigEndian.Uint32(loca[4*i:]))
			case !long && 2*i+2 <= len(loca):
				return 2 * int(binary.BigEndian.Uint16(loca[2*i:]))
			}
			return -1
		}
		if from, to := at(int(g)), at(int(g)+1); from >= 0 && from <= to && to <= len(glyf) {
			return glyf[from:to]
		}
		return nil
	}
	from, to := outline(soft), outline(hyphen)
	full := int(binary.BigEndian.Uint16(hhea[34:])) // glyphs beyond share one width
	if len(from) == 0 || len(from) > len(to) || int(max(hyphen, soft)) >= full || len(hmtx) < 4*full {
		return out
	}
	copy(to, from) // what is left behind it of the longer outline is not read
	copy(hmtx[4*hyphen:4*hyphen+4], hmtx[4*soft:])
	return out
}

// sfntTable returns a table of a font, nil where it has none.
func sfntTable(ttf []byte, name string) []byte {
	for i := 12; i+16 <= len(ttf); i += 16 {
		if bytes.Equal(ttf[i:i+4], []byte(name)) {
			from, n := binary.BigEndian.Uint32(ttf[i+8:]), binary.BigEndian.Uint32(ttf[i+12:])
			if uint64(from)+uint64(n) <= uint64(len(ttf)) {
				return ttf[from : from+n]
			}
		}
	}
	return nil
}
