package pdftext

import (
	"encoding/binary"
	"sort"
)

// sfnt reads just enough of an embedded TrueType or OpenType program to tell which character a glyph is: the cmap and post
// tables. Offsets are checked against the data at every read; a lie ends the reading of its table.
type sfnt struct {
	data   []byte
	cmaps  map[uint32]sfntCmap // by platform<<16 | encoding
	glyphs int
}

// sfntCmap is a character map as sorted segments of code → glyph.
type sfntCmap []sfntSegment

type sfntSegment struct {
	lo, hi uint32
	gid    uint32
	list   []byte // two bytes per glyph for the segments of format 4 that have an index array
	delta  uint16
}

// maxSFNTSegments bounds what one character map may hold.
const maxSFNTSegments = 1 << 16

// isSFNT tells a TrueType, OpenType or collection file by its first four bytes.
func isSFNT(b []byte) bool {
	if len(b) < 12 {
		return false
	}
	switch string(b[:4]) {
	case "\x00\x01\x00\x00", "true", "OTTO", "ttcf":
		return true
	}
	return false
}

func u16(b []byte, i int) (uint32, bool) {
	if i < 0 || i+2 > len(b) {
		return 0, false
	}
	return uint32(binary.BigEndian.Uint16(b[i:])), true
}

func u32(b []byte, i int) (uint32, bool) {
	if i < 0 || i+4 > len(b) {
		return 0, false
	}
	return binary.BigEndian.Uint32(b[i:]), true
}

// table returns the bytes of a table, clipped to the file; nil when it is not there.
func (f *sfnt) table(tag string) []byte {
	n, _ := u16(f.data, 4)
	for i := range int(min(n, 64)) {
		at := 12 + 16*i
		if at+16 > len(f.data) {
			return nil
		}
		if string(f.data[at:at+4]) != tag {
			continue
		}
		off, _ := u32(f.data, at+8)
		size, _ := u32(f.data, at+12)
		if int64(off) > int64(len(f.data)) {
			return nil
		}
		end := min(int64(off)+int64(size), int64(len(f.data)))
		return f.data[off:end]
	}
	return nil
}

func openSFNT(data []byte) *sfnt {
	if len(data) < 12 {
		return nil
	}
	f := &sfnt{data: data, cmaps: map[uint32]sfntCmap{}}
	if n, ok := u16(f.table("maxp"), 4); ok {
		f.glyphs = int(n)
	}
	t := f.table("cmap")
	n, _ := u16(t, 2)
	for i := range int(min(n, 32)) {
		platform, _ := u16(t, 4+8*i)
		enc, _ := u16(t, 6+8*i)
		off, ok := u32(t, 8+8*i)
		if !ok || int64(off) >= int64(len(t)) {
			continue
		}
		f.cmaps[platform<<16|enc] = readSFNTCmap(t[off:])
	}
	return f
}

func readSFNTCmap(t []byte) sfntCmap {
	format, _ := u16(t, 0)
	switch format {
	case 0:
		var m sfntCmap
		for c := 0; c < 256 && 6+c < len(t); c++ {
			m = append(m, sfntSegment{lo: uint32(c), hi: uint32(c), gid: uint32(t[6+c])})
		}
		return m
	case 4:
		return readFormat4(t)
	case 6:
		first, _ := u16(t, 6)
		count, _ := u16(t, 8)
		if count == 0 || len(t) < 10 {
			return nil
		}
		return sfntCmap{{lo: first, hi: first + count - 1, list: t[10:]}}
	case 12:
		var m sfntCmap
		count, _ := u32(t, 12)
		for i := range int(min(count, maxSFNTSegments)) {
			lo, _ := u32(t, 16+12*i)
			hi, _ := u32(t, 20+12*i)
			gid, ok := u32(t, 24+12*i)
			if !ok {
				break
			}
			if hi >= lo {
				m = append(m, sfntSegment{lo: lo, hi: hi, gid: gid})
			}
		}
		return m
	}
	return nil
}

func readFormat4(t []byte) sfntCmap {
	twice, _ := u16(t, 6)
	n := int(twice / 2)
	var m sfntCmap
	for i := range n {
		hi, _ := u16(t, 14+2*i)
		lo, _ := u16(t, 16+2*n+2*i)
		delta, _ := u16(t, 16+4*n+2*i)
		at := 16 + 6*n + 2*i
		off, ok := u16(t, at)
		if !ok {
			break
		}
		if hi < lo || lo == 0xffff {
			continue
		}
		s := sfntSegment{lo: lo, hi: hi, delta: uint16(delta)}
		if off == 0 {
			s.gid = lo
		} else if at+int(off) < len(t) {
			s.list = t[at+int(off):]
		} else {
			continue
		}
		m = append(m, s)
	}
	return m
}

// gid returns the glyph of a code, 0 when there is none.
func (m sfntCmap) gid(code uint32) uint32 {
	i := sort.Search(len(m), func(i int) bool { return m[i].hi >= code })
	if i == len(m) || code < m[i].lo {
		return 0
	}
	return m[i].at(code)
}

func (s *sfntSegment) at(code uint32) uint32 {
	if s.list != nil {
		g, _ := u16(s.list, 2*int(code-s.lo))
		if g == 0 {
			return 0
		}
		return uint32(uint16(g) + s.delta)
	}
	if s.gid == s.lo && s.hi <= 0xffff {
		return uint32(uint16(code) + s.delta)
	}
	return s.gid + code - s.lo
}

// names returns the glyph names of the post table (format 2), nil when it has none.
func (f *sfnt) names() []string {
	t := f.table("post")
	if v, _ := u32(t, 0); v != 0x00020000 {
		return nil
	}
	n, _ := u16(t, 32)
	count := min(int(n), (len(t)-34)/2)
	if count <= 0 {
		return nil
	}
	var own []string
	for p := 34 + 2*count; p < len(t); {
		size := int(t[p])
		if p+1+size > len(t) {
			break
		}
		own = append(own, string(t[p+1:p+1+size]))
		p += 1 + size
	}
	out := make([]string, count)
	for i := range out {
		v, _ := u16(t, 34+2*i)
		switch {
		case int(v) < len(macGlyphs):
			out[i] = macGlyphs[v]
		case int(v)-len(macGlyphs) < len(own):
			out[i] = own[int(v)-len(macGlyphs)]
		}
	}
	return out
}

// unicode returns the character map whose codes are Unicode, the fullest first.
func (f *sfnt) unicode() sfntCmap {
	for _, key := range [...]uint32{3<<16 | 10, 0<<16 | 4, 0<<16 | 6, 3<<16 | 1, 0<<16 | 3, 0<<16 | 2, 0<<16 | 1, 0} {
		if m := f.cmaps[key]; len(m) > 0 {
			return m
		}
	}
	return nil
}

// sfntReverse returns the text of every glyph that a character map or the post names tell, indexed by glyph; nil if none is.
func sfntReverse(data []byte) []string {
	f := openSFNT(data)
	if f == nil {
		return nil
	}
	out := make([]string, min(max(f.glyphs, 0), 1<<16))
	found := false
	set := func(gid uint32, text string) {
		if gid != 0 && int(gid) < len(out) && out[gid] == "" {
			out[gid], found = text, true
		}
	}
	steps := 0
	m := f.unicode()
	for i := range m {
		for code := m[i].lo; code <= m[i].hi && steps < maxSFNTSegments; code++ {
			steps++
			if s, ok := validText(rune(code)); ok && !isPrivate(s) {
				set(m[i].at(code), s)
			}
		}
	}
	for gid, name := range f.names() {
		if s, ok := nameToText(name); ok {
			set(uint32(gid), s)
		}
	}
	if !found {
		return nil
	}
	return out
}

// sfntEncoding fills in the text of the codes of a simple TrueType font without a usable /Encoding, by the rules for symbolic
// fonts (§9.6.6.4): the (3,0) map with the codes at 0xF000, or the (1,0) map, lead to a glyph, and the glyph back to text.
func sfntEncoding(data []byte, e *encoding) bool {
	f := openSFNT(data)
	if f == nil {
		return false
	}
	reverse := sfntReverse(data)
	symbol, mac := f.cmaps[3<<16], f.cmaps[1<<16]
	found := false
	for code := range uint32(256) {
		var gid uint32
		for _, base := range [...]uint32{0xF000, 0, 0xF100, 0xF200} {
			if gid = symbol.gid(base + code); gid != 0 {
				break
			}
		}
		if gid == 0 {
			gid = mac.gid(code)
		}
		if gid != 0 && int(gid) < len(reverse) && reverse[gid] != "" {
			e.texts[code] = reverse[gid]
			found = true
		}
	}
	return found
}
