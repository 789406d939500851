package pdf

import (
	"bytes"
	"context"
	"slices"
)

// entry says where one object is.
type entry struct {
	off  uint32 // entryOffset: the position in the file; entryStream: the number of the object stream
	aux  uint32 // entryOffset: the generation; entryStream: the index in the stream
	kind entryKind
}

type entryKind uint8

const (
	entryNone entryKind = iota
	entryFree
	entryOffset
	entryStream
)

// table is the cross-reference: object number to entry. It grows with the entries that exist, never with a declared size.
type table struct {
	dense  []entry
	sparse map[uint32]entry // numbers past limit
	limit  int
}

// maxSparse bounds the entries with absurd object numbers.
const maxSparse = 1 << 14

func (t *table) get(num uint32) entry {
	if int64(num) < int64(len(t.dense)) {
		return t.dense[num]
	}
	return t.sparse[num]
}

// set stores e and reports whether there was room.
func (t *table) set(num uint32, e entry) bool {
	if int64(num) >= int64(t.limit) {
		if len(t.sparse) >= maxSparse {
			return false
		}
		if t.sparse == nil {
			t.sparse = map[uint32]entry{}
		}
		t.sparse[num] = e
		return true
	}
	if int(num) >= len(t.dense) {
		n := min(max(int(num)+1, 2*len(t.dense), 64), t.limit)
		t.dense = append(make([]entry, 0, n), t.dense...)[:n]
	}
	t.dense[num] = e
	return true
}

// add stores e unless a newer section has spoken about num already.
func (t *table) add(num uint32, e entry) bool {
	if t.get(num).kind != entryNone {
		return true
	}
	return t.set(num, e)
}

func (t *table) numbers() []uint32 {
	var nums []uint32
	for n, e := range t.dense {
		if e.kind >= entryOffset {
			nums = append(nums, uint32(n))
		}
	}
	for n, e := range t.sparse {
		if e.kind >= entryOffset {
			nums = append(nums, n)
		}
	}
	slices.Sort(nums)
	return nums
}

// tailWindow is how far from the end startxref is looked for; the standard says the last line, readers allow for appended junk.
const tailWindow = 64 << 10

// maxSections bounds the chain of incremental updates.
const maxSections = 4096

// readXref reads the chain of cross-reference sections that startxref begins (7.5.5, 7.5.8). Offsets may count from the header
// or from the start of the file; the first section decides which.
func (d *Doc) readXref(ctx context.Context, header int) error {
	tail := max(0, len(d.data)-tailWindow)
	i := bytes.LastIndex(d.data[tail:], []byte("startxref"))
	if i < 0 {
		return ErrMalformed
	}
	start, next, ok := scanUint(d.data, tail+i+len("startxref"))
	if !ok {
		return ErrMalformed
	}
	// Objects behind it belong to an update whose own end is missing: the older state must not pass for the document.
	if bytes.Contains(d.data[next:], []byte("endobj")) {
		return ErrMalformed
	}
	bases := []int{header, 0}
	if header == 0 {
		bases = bases[:1]
	}
	// A chain counts only as a whole: where its first section is found but its end is not, the scan decides.
	for _, base := range bases {
		d.base, d.xref = base, table{limit: d.lim.Objects}
		if err := d.readChain(ctx, start); err == nil {
			return nil
		} else if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return ErrMalformed
}

// readChain reads the section at offset start and all that it builds on, newest first.
func (d *Doc) readChain(ctx context.Context, start int64) error {
	d.trailer = Dict{}
	seen := map[int64]bool{}
	for next := start; !seen[next]; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if seen[next] = true; len(seen) > maxSections || d.parsed > d.parseBudget() {
			return ErrLimit
		}
		dict, err := d.readSection(ctx, next)
		if err != nil {
			return err
		}
		d.trailer = mergeTrailers(d.trailer, dict)
		prev := dict.Raw("Prev")
		if prev.Kind() == RefKind { // a known producer bug: "/Prev 116 0 R" means 116
			r, _ := prev.Ref()
			prev = intObject(int64(r.Num))
		}
		var ok bool
		if next, ok = prev.Int(); !ok || next == 0 && len(seen) > 0 {
			break
		}
	}
	if d.trailer.Raw("Root").IsNull() {
		return ErrMalformed
	}
	return nil
}

// maxTrailerValue bounds what one value of a trailer may take in memory; a usual one is a reference.
const maxTrailerValue = 16 << 10

// mergeTrailers returns a dictionary with each key's value from a, or from b when a lacks it. Only the keys that are used
// later are kept (table 15): a hostile file has thousands of trailers, each as large as an object may be.
func mergeTrailers(a, b Dict) Dict {
	var pairs []Object
	for _, key := range [...]string{"Root", "Encrypt", "ID", "Info"} {
		v := a.Raw(key)
		if v.IsNull() {
			v = b.Raw(key)
		}
		if !v.IsNull() && v.cost() <= maxTrailerValue {
			pairs = append(pairs, Object{kind: Name, s: key}, v)
		}
	}
	return dictObject(pairs).Dict()
}

// readSection reads the table or stream at offset off and returns its trailer.
func (d *Doc) readSection(ctx context.Context, off int64) (Dict, error) {
	pos := off + int64(d.base)
	if pos < 0 || pos >= int64(len(d.data)) {
		return Dict{}, ErrMalformed
	}
	l := NewLexer(d.data)
	l.Seek(int(pos))
	l.SkipSpace()
	if bytes.HasPrefix(d.data[l.pos:], []byte("xref")) {
		return d.readTable(ctx, l.pos+len("xref"))
	}
	if r, next, ok := header(d.data, l.pos); ok {
		o, ok := d.parseAt(r, next)
		if ok && o.IsStream() {
			o.c.stream.plain = true
			return o.Dict(), d.readXrefStream(ctx, o)
		}
	}
	return Dict{}, ErrMalformed
}

// readTable reads a classic table (7.5.4) from behind its keyword. In a hybrid file (7.5.8.4) the entries of the stream that
// XRefStm names come before the table's free ones, which hide them from old readers.
func (d *Doc) readTable(ctx context.Context, pos int) (Dict, error) {
	dictPos, ok := d.tableEntries(pos, entryOffset)
	if !ok {
		return Dict{}, ErrMalformed
	}
	o, ok := d.parseTrailer(dictPos)
	if !ok || o.Kind() != DictKind {
		return Dict{}, ErrMalformed
	}
	if off, ok := o.Dict().Raw("XRefStm").Int(); ok {
		// A broken hybrid part is no reason to refuse what old readers can read; it must not be another table.
		at := off + int64(d.base)
		if at >= 0 && at < int64(len(d.data)) {
			if r, next, ok := header(d.data, int(at)); ok {
				if s, ok := d.parseAt(r, next); ok && s.IsStream() {
					s.c.stream.plain = true
					if err := d.readXrefStream(ctx, s); err != nil {
						d.harm(DamageXref)
					}
				}
			}
		}
	}
	d.tableEntries(pos, entryFree)
	return o.Dict(), nil
}

// maxTrailer is the largest number of values in a trailer dictionary, which usually has ten.
const maxTrailer = 1 << 14

// parseTrailer parses the value at pos, which should be a trailer dictionary.
func (d *Doc) parseTrailer(pos int) (Object, bool) {
	if d.parsed > d.parseBudget() {
		return Object{}, false
	}
	p := &d.parsers
	p.start(d.data, pos, &d.lim)
	p.elements, p.decrypt = min(p.elements, maxTrailer), nil
	o, ok := p.object(p.lex.Next(), 0)
	d.parsed += int64(p.lex.pos - pos)
	return o, ok
}

// tableEntries reads the subsections at pos, adds the entries of the given kind, and returns the position behind "trailer".
func (d *Doc) tableEntries(pos int, kind entryKind) (int, bool) {
	for {
		// Each turn passes two numbers at least, so the number of subsections is bounded by the file.
		for pos < len(d.data) && isSpace(d.data[pos]) {
			pos++
		}
		if bytes.HasPrefix(d.data[pos:], []byte("trailer")) {
			return pos + len("trailer"), true
		}
		start, next, ok := scanUint(d.data, pos)
		if !ok {
			return 0, false
		}
		count, next, ok := scanUint(d.data, next)
		if !ok {
			return 0, false
		}
		pos = next
		// The declared count ends the loop early, never late: tableEntry fails where the entries end.
		for i := int64(0); i < count; i++ {
			e, next, ok := tableEntry(d.data, pos)
			if !ok {
				// A count that is too large: what follows must be the trailer, or the table is broken.
				break
			}
			pos = next
			if i == 0 && start == 1 && e.kind == entryFree && e.aux == 65535 {
				start = 0 // a known producer bug: the head of the free list is always object 0
			}
			if num := start + i; e.kind == kind && num <= 1<<32-1 && !d.xref.add(uint32(num), e) {
				d.harm(DamageLimit)
			}
		}
	}
}

// tableEntry reads "nnnnnnnnnn ggggg n" at pos; producers get the widths and line ends wrong.
func tableEntry(data []byte, pos int) (entry, int, bool) {
	off, p, ok := scanUint(data, pos)
	if !ok {
		return entry{}, 0, false
	}
	gen, p, ok := scanUint(data, p)
	if !ok {
		return entry{}, 0, false
	}
	for p < len(data) && isSpace(data[p]) {
		p++
	}
	if p >= len(data) {
		return entry{}, 0, false
	}
	e := entry{off: uint32(min(off, 1<<32-1)), aux: uint32(min(gen, 1<<32-1))}
	switch data[p] {
	case 'n':
		e.kind = entryOffset
		if off == 0 { // nothing can be there: writers use it for objects that they dropped
			e.kind = entryFree
		}
	case 'f':
		e.kind = entryFree
	default:
		return entry{}, 0, false
	}
	return e, p + 1, true
}
