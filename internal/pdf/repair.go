package pdf

import (
	"bytes"
	"context"
	"slices"
)

// scan is what a linear pass over the file found: every "N G obj" with the last one of each number winning, as if each were
// an incremental update. Annex C.2 allows it, every reader does it.
type scan struct {
	tab      table
	streams  []uint32 // numbers of object streams, in the order of the file
	leading  Dict     // merged from the trailers and cross-reference streams that name a catalog, the last one first
	other    Dict     // merged from the rest
	expanded bool
}

func (s *scan) find(num uint32) entry { return s.tab.get(num) }

// rebuild replaces the cross-reference by that of a scan.
func (d *Doc) rebuild(ctx context.Context) error {
	d.harm(DamageXref)
	// What was read by the wrong table must not stay: neither objects nor a key that came from a wrong dictionary.
	d.base = 0
	d.cache.clear()
	d.streams.clear()
	d.crypt = nil
	if d.repair == nil {
		d.scanFile()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	d.xref = d.repair.tab
	d.trailer = mergeTrailers(d.repair.leading, d.repair.other)
	return nil
}

// scanFile fills d.repair. It is linear in the file: each byte is looked at a fixed number of times.
func (d *Doc) scanFile() {
	s := &scan{tab: table{limit: d.lim.Objects}}
	d.repair = s
	data := d.data
	for pos := 0; ; {
		i := bytes.Index(data[pos:], []byte("obj"))
		end := len(data)
		if i >= 0 {
			end = pos + i
		}
		d.scanTrailers(s, pos, end)
		if i < 0 {
			return
		}
		// "endobj" is found as well and has no numbers before it.
		pos = end + len("obj")
		ref, start, ok := headerBefore(data, end)
		if !ok {
			continue
		}
		if !s.tab.set(ref.Num, entry{off: uint32(start), aux: ref.Gen, kind: entryOffset}) {
			d.harm(DamageLimit)
		}
		pos = d.scanObject(s, ref, pos)
	}
}

// scanTrailers parses the trailer dictionaries that begin between from and to.
func (d *Doc) scanTrailers(s *scan, from, to int) {
	for {
		i := bytes.Index(d.data[from:to], []byte("trailer"))
		if i < 0 {
			return
		}
		from += i + len("trailer")
		d.addTrailer(s, from)
	}
}

// addTrailer parses the dictionary at pos and keeps what it says; a later one counts more.
func (d *Doc) addTrailer(s *scan, pos int) {
	o, ok := d.parseTrailer(pos)
	switch {
	case !ok:
	case o.Dict().Raw("Root").Kind() == RefKind:
		s.leading = mergeTrailers(o.Dict(), s.leading)
	default:
		s.other = mergeTrailers(o.Dict(), s.other)
	}
}

// headerBefore reads "N G " backwards from the keyword obj at pos.
func headerBefore(data []byte, pos int) (Ref, int, bool) {
	// At most 16 blanks are passed: a file of blanks and "obj" must not be read again for each of them.
	number := func(p int) (v int64, start int, ok bool) {
		q := p
		for q > 0 && isSpace(data[q-1]) && p-q < 16 {
			q--
		}
		end, scale := q, int64(1)
		for q > 0 && data[q-1] >= '0' && data[q-1] <= '9' && end-q < 10 {
			v += int64(data[q-1]-'0') * scale
			scale *= 10
			q--
		}
		return v, q, q < end && v <= 1<<32-1
	}
	gen, p, ok := number(pos)
	if !ok || !isSpace(data[p-min(p, 1)]) {
		return Ref{}, 0, false
	}
	num, p, ok := number(p)
	if !ok || num == 0 || p > 0 && data[p-1] >= '0' && data[p-1] <= '9' {
		return Ref{}, 0, false
	}
	return Ref{uint32(num), uint32(gen)}, p, true
}

// scanObject looks at the object whose value starts at pos: it notes object streams and cross-reference streams and returns
// where to go on, which is behind the data of a stream: an attached PDF file must not be taken for part of this one.
func (d *Doc) scanObject(s *scan, ref Ref, pos int) int {
	// The dictionary ends before the next "obj", be it that of endobj or of another object. Those windows do not overlap, so
	// searching them is linear in all.
	window := d.data[pos:]
	if i := bytes.Index(window, []byte("obj")); i >= 0 {
		window = window[:i]
	}
	i := streamKeyword(window)
	if i < 0 {
		return pos
	}
	head := window[:i]
	// Nothing is parsed yet: an object stream may be encrypted, and the trailer that says so may come last.
	if bytes.Contains(head, []byte("/ObjStm")) {
		s.streams = append(s.streams, ref.Num)
	}
	if bytes.Contains(head, []byte("/XRef")) {
		d.addTrailer(s, pos)
	}
	start := dataStart(d.data, pos+i+len("stream"))
	if k := bytes.LastIndex(head, []byte("/Length")); k >= 0 {
		// Only a direct length can be trusted now, and only when the keyword follows.
		if n, next, ok := scanUint(head, k+len("/Length")); ok && !isReference(head, next) {
			if start+int(n) <= len(d.data) && endsStream(d.data, start+int(n)) {
				return start + int(n)
			}
		}
	}
	if e := d.nextEnd(start); e >= 0 {
		return e
	}
	return start
}

// isReference reports whether " G R" follows the number that ended at pos.
func isReference(b []byte, pos int) bool {
	_, p, ok := scanUint(b, pos)
	if !ok {
		return false
	}
	for p < len(b) && isSpace(b[p]) {
		p++
	}
	return p < len(b) && b[p] == 'R'
}

// streamKeyword finds the word "stream" behind the end of a dictionary: elsewhere it is text.
func streamKeyword(b []byte) int {
	for from := 0; ; {
		i := bytes.Index(b[from:], []byte("stream"))
		if i < 0 {
			return -1
		}
		i += from
		p := i
		for p > from && isSpace(b[p-1]) {
			p--
		}
		if p > 0 && b[p-1] == '>' {
			return i
		}
		from = i + len("stream")
	}
}

// expandScan adds what is in the object streams that the scan found. It needs the document's encryption and therefore comes
// after it. A later stream, or a later object outside, replaces an earlier one of the same number.
func (d *Doc) expandScan(ctx context.Context) error {
	s := d.repair
	if s.expanded {
		return nil
	}
	s.expanded = true
	// An object in a stream is as old as the stream.
	place := func(e entry) uint32 {
		if e.kind == entryStream {
			e = s.tab.get(e.off)
		}
		return e.off
	}
	for _, num := range s.streams {
		if err := ctx.Err(); err != nil {
			return err
		}
		stream := d.objectStream(num)
		if stream == nil {
			continue
		}
		here := s.tab.get(num)
		for i, it := range stream.items {
			if old := s.tab.get(it.num); old.kind == entryNone || place(old) < here.off {
				if it.num == num || !s.tab.set(it.num, entry{off: num, aux: uint32(i), kind: entryStream}) {
					d.harm(DamageLimit)
				}
			}
		}
	}
	d.xref = s.tab
	return nil
}

// findCatalog looks through all objects for a catalog when no trailer names one.
func (d *Doc) findCatalog(ctx context.Context) bool {
	for _, num := range slices.Backward(d.xref.numbers()) {
		if ctx.Err() != nil {
			return false
		}
		dict := d.load(Ref{Num: num}).Dict()
		if d.resolve(dict.Raw("Type")).IsName("Catalog") || !dict.Raw("Pages").IsNull() {
			if d.resolve(dict.Raw("Pages")).Dict().Len() > 0 {
				root := Object{kind: Name, s: "Root"}
				d.trailer = mergeTrailers(dictObject([]Object{root, refObject(Ref{Num: num})}).Dict(), d.trailer)
				return true
			}
		}
	}
	return false
}
