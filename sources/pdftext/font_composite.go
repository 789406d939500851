package pdftext

import (
	"context"
	"sort"

	"github.com/brondata/brondata/internal/pdf"
)

// compositeFont is a Type0 font: an encoding CMap that turns bytes into codes and CIDs, and a CIDFont with the widths (§9.7).
type compositeFont struct {
	enc     *cmap
	uni     *cmap // ToUnicode, or nil
	widths  []cidWidth
	dw      float64
	down    []cidWidth // vertical advances, only for vertical writing
	dwDown  float64
	glyphs  [256]*[256]glyph // filled as codes are met; codes above 0xffff are never kept
	reverse []string         // text by glyph index from the embedded program, when there is no ToUnicode
	gids    []byte           // CIDToGIDMap stream, two bytes per CID; empty for Identity
}

// cidWidth is the advance of the CIDs lo to hi in thousandths.
type cidWidth struct {
	lo, hi uint32
	w      float64
}

func (d *Document) loadComposite(ctx context.Context, dict pdf.Dict) (*font, error) {
	cid := d.file.Resolve(d.file.Index(d.file.Get(dict, "DescendantFonts").Array(), 0)).Dict()
	descriptor := d.file.Get(cid, "FontDescriptor").Dict()
	base, _ := d.file.Get(dict, "BaseFont").Name()
	c := &compositeFont{dw: 1000, dwDown: 1000}
	var err error
	if c.uni, err = d.toUnicode(ctx, dict); err != nil {
		return nil, err
	}
	enc := d.file.Get(dict, "Encoding")
	if enc.IsStream() {
		if c.enc, err = d.cmapStream(ctx, enc, 0); err != nil {
			return nil, err
		}
	}
	if c.enc == nil {
		name, _ := enc.Name()
		c.enc = predefinedCMap(name)
	}
	if v, ok := d.file.Get(cid, "DW").Float(); ok {
		c.dw = v
	}
	c.widths = d.cidWidths(d.file.Get(cid, "W").Array(), 1)
	if c.enc.vertical {
		if dw2 := d.file.Get(cid, "DW2").Array(); len(dw2) >= 2 {
			if v, ok := d.file.Index(dw2, 1).Float(); ok {
				c.dwDown = -v
			}
		}
		c.down = d.cidWidths(d.file.Get(cid, "W2").Array(), 3)
	}
	if err := d.reverseText(ctx, cid, descriptor, c); err != nil {
		return nil, err
	}
	cost := 64 + len(c.widths)*2 + len(c.down)*2 + len(c.reverse) + len(c.gids)/32
	for _, m := range [...]*cmap{c.enc, c.uni} {
		if m != nil {
			cost += m.entries()
		}
	}
	return &font{composite: c, bold: d.isBold(base, descriptor), cost: cost}, nil
}

// reverseText prepares the way from a glyph back to text, which is needed when there is no ToUnicode and the encoding CMap
// does not consist of Unicode: the embedded font program's own character map or glyph names, read backwards.
func (d *Document) reverseText(ctx context.Context, cid, descriptor pdf.Dict, c *compositeFont) error {
	if c.uni != nil || c.enc.unicode {
		return nil
	}
	data, key, err := d.fontFile(ctx, descriptor)
	if err != nil || data == nil {
		return err
	}
	if key == "FontFile2" || isSFNT(data) {
		c.reverse = sfntReverse(data)
	} else {
		c.reverse = cffReverse(data)
	}
	if m := d.file.Get(cid, "CIDToGIDMap"); m.IsStream() && c.reverse != nil {
		gids, err := d.file.Stream(ctx, m)
		if err = translate(err); err != nil && stops(err) {
			return err
		}
		c.gids = gids[:min(len(gids), 2<<16)]
	}
	return nil
}

// cidWidths reads a /W or /W2 array: "first [w w …]" or "first last w", where each w has n numbers of which the first counts.
func (d *Document) cidWidths(list pdf.Array, n int) []cidWidth {
	var out []cidWidth
	for i := 0; i+1 < len(list); {
		first, ok := d.file.Index(list, i).Int()
		if !ok || first < 0 || first > 0xffffff {
			i++
			continue
		}
		second := d.file.Index(list, i+1)
		if second.Kind() == pdf.ArrayKind {
			arr := second.Array()
			for j := 0; j < len(arr); j += n {
				v, _ := d.file.Index(arr, j).Float()
				code := uint32(first) + uint32(j/n)
				if k := len(out) - 1; k >= 0 && out[k].hi+1 == code && out[k].w == v {
					out[k].hi = code
					continue
				}
				out = append(out, cidWidth{code, code, v})
			}
			i += 2
			continue
		}
		last, ok := second.Int()
		if !ok || i+1+n >= len(list) {
			i++
			continue
		}
		v, _ := d.file.Index(list, i+2).Float()
		if last >= first && last <= 0xffffff {
			out = append(out, cidWidth{uint32(first), uint32(last), v})
		}
		i += 2 + n
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].lo < out[j].lo })
	return out
}

func findWidth(list []cidWidth, cid uint32, def float64) float64 {
	i := sort.Search(len(list), func(i int) bool { return list[i].lo > cid })
	for back := 0; i > 0 && back < overlap; back++ {
		i--
		if cid <= list[i].hi {
			return list[i].w
		}
	}
	return def
}

// maxGlyphBlocks bounds the lazily filled glyph tables over all fonts: 2,048 blocks are 20 MB.
const maxGlyphBlocks = 2048

// glyph returns what a code shows. fonts counts the blocks that are in memory; when there are too many this font starts over
// and the others keep theirs until the cache itself does.
func (c *compositeFont) glyph(code uint32, fonts *fontCache) glyph {
	if code > 0xffff {
		return c.make(code)
	}
	b := c.glyphs[code>>8]
	if b == nil {
		if fonts.blocks++; fonts.blocks > maxGlyphBlocks {
			return c.make(code)
		}
		b = new([256]glyph)
		c.glyphs[code>>8] = b
	}
	g := &b[code&0xff]
	if !g.known {
		*g = c.make(code)
	}
	return *g
}

func (c *compositeFont) make(code uint32) glyph {
	cid := c.enc.cid(code)
	w := findWidth(c.widths, cid, c.dw)
	if c.enc.vertical {
		w = -findWidth(c.down, cid, -c.dwDown)
	}
	return makeGlyph(c.text(code, cid), w/1000)
}

func (c *compositeFont) text(code, cid uint32) string {
	if c.uni != nil {
		if s, ok := c.uni.text(code); ok {
			return s
		}
	}
	if c.enc.unicode {
		s, _ := c.enc.text(code)
		return s
	}
	gid := cid
	if 2*int(cid)+1 < len(c.gids) {
		gid = uint32(c.gids[2*cid])<<8 | uint32(c.gids[2*cid+1])
	}
	if int(gid) < len(c.reverse) {
		return c.reverse[gid]
	}
	return ""
}
