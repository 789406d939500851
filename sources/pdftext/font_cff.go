package pdftext

import "math"

// cff reads the parts of a Compact Font Format program (Adobe technical note 5176) that tell what its glyphs are called: the
// charset and the encoding. Every offset is checked against the data.
type cff struct {
	data     []byte
	strings  [][]byte
	glyphs   int
	charset  int
	encoding int
	cid      bool
}

// maxCFFItems bounds the items of an INDEX.
const maxCFFItems = 1 << 16

// index reads an INDEX at offset at and returns its items and the offset after it; ok is false when it is no INDEX.
func (f *cff) index(at int) (items [][]byte, next int, ok bool) {
	n, ok := u16(f.data, at)
	if !ok || n == 0 {
		return nil, at + 2, ok
	}
	if at+3 > len(f.data) {
		return nil, 0, false
	}
	size := int(f.data[at+2])
	if size < 1 || size > 4 {
		return nil, 0, false
	}
	offsets := at + 3
	base := offsets + (int(n)+1)*size - 1
	if base >= len(f.data) {
		return nil, 0, false
	}
	read := func(i int) int {
		v := 0
		for _, b := range f.data[offsets+i*size : offsets+(i+1)*size] {
			v = v<<8 | int(b)
		}
		return v
	}
	prev := read(0)
	for i := 1; i <= int(n) && i <= maxCFFItems; i++ {
		end := read(i)
		if prev < 1 || end < prev || base+end > len(f.data) {
			return nil, 0, false
		}
		items = append(items, f.data[base+prev:base+end])
		prev = end
	}
	return items, base + prev, true
}

func openCFF(data []byte) *cff {
	if len(data) < 4 {
		return nil
	}
	f := &cff{data: data}
	_, next, ok := f.index(int(data[2]))
	if !ok {
		return nil
	}
	tops, next, ok := f.index(next)
	if !ok || len(tops) == 0 {
		return nil
	}
	if f.strings, _, ok = f.index(next); !ok {
		return nil
	}
	chars := 0
	f.topDict(tops[0], &chars)
	if n, ok := u16(data, chars); ok && chars > 0 {
		f.glyphs = int(n)
	}
	return f
}

// topDict reads the operators of the Top DICT that matter here; operands are kept only as integers.
func (f *cff) topDict(b []byte, chars *int) {
	var last int
	for i := 0; i < len(b); {
		switch c := int(b[i]); {
		case c == 12:
			if i+1 < len(b) && b[i+1] == 30 {
				f.cid = true
			}
			i += 2
		case c <= 21:
			switch c {
			case 15:
				f.charset = last
			case 16:
				f.encoding = last
			case 17:
				*chars = last
			}
			i++
		case c == 28:
			v, _ := u16(b, i+1)
			last, i = int(int16(v)), i+3
		case c == 29:
			v, _ := u32(b, i+1)
			last, i = int(int32(v)), i+5
		case c == 30: // a real: nibbles up to one that is 0xf
			for i++; i < len(b) && b[i]&0xf != 0xf && b[i]>>4 != 0xf; i++ {
			}
			i++
		case c >= 32 && c <= 246:
			last, i = c-139, i+1
		case c >= 247 && c <= 254 && i+1 < len(b):
			if c <= 250 {
				last = (c-247)*256 + int(b[i+1]) + 108
			} else {
				last = -(c-251)*256 - int(b[i+1]) - 108
			}
			i += 2
		default:
			i++
		}
	}
}

// sid returns the string with identifier id.
func (f *cff) sid(id uint32) string {
	if int(id) < len(cffStrings) {
		return cffStrings[id]
	}
	if i := int(id) - len(cffStrings); i < len(f.strings) {
		return string(f.strings[i][:min(len(f.strings[i]), maxGlyphName)])
	}
	return ""
}

// names returns the glyph names in glyph order, nil for a CID-keyed program, which has none.
func (f *cff) names() []string {
	if f.cid || f.glyphs == 0 {
		return nil
	}
	out := make([]string, 1, f.glyphs)
	out[0] = ".notdef"
	if f.charset >= 0 && f.charset <= 2 {
		// The predefined charsets: ISOAdobe is the first strings in order; the expert ones are not worth a table.
		for i := 1; i < f.glyphs && i <= 228 && f.charset == 0; i++ {
			out = append(out, cffStrings[i])
		}
		return out
	}
	if f.charset < 0 || f.charset >= len(f.data) {
		return nil
	}
	format, at := f.data[f.charset], f.charset+1
	for len(out) < f.glyphs {
		first, ok := u16(f.data, at)
		if !ok {
			break
		}
		left := uint32(0)
		switch at += 2; format {
		case 0:
		case 1:
			if at >= len(f.data) {
				return out
			}
			left, at = uint32(f.data[at]), at+1
		default:
			if left, ok = u16(f.data, at); !ok {
				return out
			}
			at += 2
		}
		for k := uint32(0); k <= left && len(out) < f.glyphs && first+k <= math.MaxUint16; k++ {
			out = append(out, f.sid(first+k))
		}
	}
	return out
}

// cffEncoding fills in the built-in encoding of a name-keyed program.
func cffEncoding(data []byte, e *encoding) bool {
	f := openCFF(data)
	if f == nil {
		return false
	}
	names := f.names()
	switch {
	case len(names) == 0:
		return false
	case f.encoding == 0:
		e.names = standardNames
		return true
	case f.encoding == 1:
		e.names = macExpertNames
		return true
	case f.encoding < 0 || f.encoding+1 >= len(data):
		return false
	}
	format, n, at := data[f.encoding], int(data[f.encoding+1]), f.encoding+2
	gid := 1
	put := func(code int) {
		if gid < len(names) && code < 256 {
			e.names[code] = names[gid]
		}
		gid++
	}
	for range n {
		if at >= len(data) {
			return true
		}
		first := int(data[at])
		at++
		put(first)
		if format&0x7f == 1 && at < len(data) {
			for k := range int(data[at]) {
				put(first + k + 1)
			}
			at++
		}
	}
	if format&0x80 != 0 && at < len(data) {
		n = int(data[at])
		for k := range n {
			id, ok := u16(data, at+2+3*k)
			if !ok {
				break
			}
			e.names[data[at+1+3*k]] = f.sid(id)
		}
	}
	return true
}

// cffReverse returns the text of each glyph by its name; nil when there are no names.
func cffReverse(data []byte) []string {
	f := openCFF(data)
	if f == nil {
		return nil
	}
	names := f.names()
	if len(names) == 0 {
		return nil
	}
	out := make([]string, len(names))
	for i, n := range names {
		out[i], _ = nameToText(n)
	}
	return out
}
