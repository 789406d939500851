package pdf

import (
	"bytes"
	"context"
	"fmt"
	"sort"
)

// streamObject completes the dictionary o of object r to a stream whose keyword ended at pos (7.3.8). The declared length
// counts when the keyword endstream follows it; otherwise the keyword decides.
func (d *Doc) streamObject(o Object, r Ref, pos int) Object {
	start := dataStart(d.data, pos)
	raw := &rawStream{start: start, ref: r}
	n, ok := d.resolve(o.Dict().Raw("Length")).Int()
	if ok && n >= 0 && n <= int64(len(d.data)-start) && endsStream(d.data, start+int(n)) {
		raw.end = start + int(n)
	} else {
		raw.misfit = true
		d.harm(DamageLength)
		raw.end = d.endOfStream(start)
		if raw.end < 0 {
			// No keyword at all: the declared length if it exists, else the rest of the file.
			raw.end = len(d.data)
			if ok && n >= 0 && n <= int64(len(d.data)-start) {
				raw.end = start + int(n)
			}
		}
	}
	// The dictionary itself is shared; only the wrapper is new.
	c := compound{stream: raw}
	if o.c != nil {
		c.list, c.keys, c.index = o.c.list, o.c.keys, o.c.index
	}
	return Object{kind: StreamKind, c: &c}
}

// dataStart returns where the data begins behind the keyword stream: after CR LF or LF. A lone CR, and blanks before the end
// of line, are against the standard but exist.
func dataStart(d []byte, pos int) int {
	p := pos
	for p < len(d) && (d[p] == ' ' || d[p] == '\t') {
		p++
	}
	switch {
	case p+1 < len(d) && d[p] == '\r' && d[p+1] == '\n':
		return p + 2
	case p < len(d) && (d[p] == '\n' || d[p] == '\r'):
		return p + 1
	}
	return pos
}

// endsStream reports whether the keyword endstream stands at pos, white space before it allowed; or endobj, for there are
// writers that leave the former out.
func endsStream(d []byte, pos int) bool {
	for i := 0; i < 8 && pos < len(d) && isSpace(d[pos]); i++ {
		pos++
	}
	return bytes.HasPrefix(d[pos:], []byte("endstream")) || bytes.HasPrefix(d[pos:], []byte("endobj"))
}

// endOfStream finds the end of stream data that starts at start by the next endstream or endobj, the end of line before
// it taken off; -1 when there is none.
func (d *Doc) endOfStream(start int) int {
	end := d.nextEnd(start)
	if end < 0 {
		return -1
	}
	if end > start && d.data[end-1] == '\n' {
		end--
	}
	if end > start && d.data[end-1] == '\r' {
		end--
	}
	return end
}

// nextEnd returns the position of the first endstream or endobj from start on, -1 when there is none. The positions are found
// once for the whole file: with thousands of broken streams a search from each would be quadratic.
func (d *Doc) nextEnd(start int) int {
	if !d.endsSet {
		d.endsSet = true
		for pos := 0; len(d.ends) < d.lim.Objects; {
			i := bytes.Index(d.data[pos:], []byte("end"))
			if i < 0 {
				break
			}
			pos += i + len("end")
			if rest := d.data[pos:]; bytes.HasPrefix(rest, []byte("stream")) || bytes.HasPrefix(rest, []byte("obj")) {
				d.ends = append(d.ends, pos-len("end"))
			}
		}
	}
	if i := sort.SearchInts(d.ends, start); i < len(d.ends) {
		return d.ends[i]
	}
	return -1
}

// Raw returns the bytes of a stream as they are in the file: neither decrypted nor decoded. They must not be written to.
func (d *Doc) Raw(o Object) []byte {
	if o.kind != StreamKind {
		return nil
	}
	return d.data[o.c.stream.start:o.c.stream.end]
}

// Stream returns the decrypted and decoded data of a stream, or of a reference to one. What could be decoded of a truncated
// or corrupt stream is returned and recorded as DamageStream. Errors wrap ErrMalformed (no stream), ErrUnsupported (an image
// filter, external data), ErrEncrypted (an attachment under a password of its own), ErrLimit, or are that of ctx.
func (d *Doc) Stream(ctx context.Context, o Object) ([]byte, error) {
	data, _, err := d.DecodeStream(ctx, nil, o)
	return data, err
}

// DecodeStream is Stream with two additions: the data is appended to dst, which may be nil, and damaged tells whether this very
// stream was truncated or corrupt. On an error dst is returned unchanged.
func (d *Doc) DecodeStream(ctx context.Context, dst []byte, o Object) (data []byte, damaged bool, err error) {
	return d.decodeUpTo(ctx, dst, o, d.lim.Stream)
}

// decodeUpTo is DecodeStream with a limit of its own.
func (d *Doc) decodeUpTo(ctx context.Context, dst []byte, o Object, limit int64) (data []byte, damaged bool, err error) {
	if err := ctx.Err(); err != nil {
		return dst, false, err
	}
	d.mu.Lock()
	p, err := d.plan(d.resolve(o))
	d.mu.Unlock()
	if err != nil {
		return dst, false, err
	}
	return d.run(ctx, dst, p, limit)
}

// decodeLocked decodes a stream for callers that hold the lock.
func (d *Doc) decodeLocked(ctx context.Context, o Object) ([]byte, error) {
	p, err := d.plan(o)
	if err != nil {
		return nil, err
	}
	data, _, err := d.run(ctx, nil, p, d.lim.Stream)
	return data, err
}

// plan is all that decoding one stream needs, gathered under the lock so that the decoding itself runs without it.
type plan struct {
	raw     []byte
	decrypt func([]byte) (data []byte, whole bool)
	filters []filter
}

// maxFilters bounds a chain: each step may expand.
const maxFilters = 12

func (d *Doc) plan(o Object) (plan, error) {
	if o.kind != StreamKind {
		return plan{}, fmt.Errorf("%w: not a stream", ErrMalformed)
	}
	dict, s := o.Dict(), o.c.stream
	// F names a file outside the document: that is never opened.
	if !dict.Raw("F").IsNull() {
		return plan{}, fmt.Errorf("%w: external stream", ErrUnsupported)
	}
	p := plan{raw: d.data[s.start:s.end]}
	names, parms := d.resolve(dict.Raw("Filter")), d.resolve(dict.Raw("DecodeParms"))
	if parms.IsNull() {
		parms = d.resolve(dict.Raw("DP"))
	}
	// One name and an array of names are both allowed, and likewise for the parameters.
	list := names.Array()
	if names.kind == Name {
		list = Array{names}
	}
	if len(list) > maxFilters {
		return plan{}, fmt.Errorf("%w: filters", ErrLimit)
	}
	cryptFilter := ""
	for i := range list {
		name, _ := d.resolve(list[i]).Name()
		parm := parms
		if arr := parms.Array(); arr != nil {
			parm = Object{}
			if i < len(arr) {
				parm = d.resolve(arr[i])
			}
		}
		// The crypt filter is no step of its own here: decryption always comes first, it only says which (7.4.10).
		if name == "Crypt" {
			cryptFilter = "Identity"
			if n, ok := d.resolve(parm.Dict().Raw("Name")).Name(); ok {
				cryptFilter = n
			}
			continue
		}
		f, err := d.newFilter(name, parm.Dict())
		if err != nil {
			return plan{}, err
		}
		p.filters = append(p.filters, f)
	}
	if d.crypt != nil && !s.plain {
		var err error
		p.decrypt, err = d.crypt.stream(s.ref, cryptFilter, d.resolve(dict.Raw("Type")).IsName("Metadata"))
		return p, err
	}
	return p, nil
}

// run decodes p to at most limit bytes a step. Each filter's output counts against the document's total.
func (d *Doc) run(ctx context.Context, dst []byte, p plan, limit int64) ([]byte, bool, error) {
	cur, damaged := p.raw, false
	if p.decrypt != nil {
		if int64(len(cur)) > d.lim.Stream || d.spent.Add(int64(len(cur))) > d.lim.Total {
			return dst, false, tooLong()
		}
		var whole bool
		if cur, whole = p.decrypt(cur); !whole {
			damaged = true
			d.harm(DamageStream)
		}
	}
	if len(p.filters) == 0 {
		if int64(len(cur)) > limit || d.spent.Add(int64(len(cur))) > d.lim.Total {
			return dst, false, tooLong()
		}
		return append(dst, cur...), damaged, nil
	}
	var spare []byte // the buffer before the last: steps take turns with two
	for i, f := range p.filters {
		out, from := spare[:0], 0
		last := i == len(p.filters)-1
		if last {
			out, from = dst, len(dst)
		}
		// The ratio counts from the raw stream over the whole chain: packing twice must not square it.
		most := min(limit, d.lim.Total-d.spent.Load(), max(ratioFloor, int64(len(p.raw))*int64(d.lim.Ratio)))
		out, bad, err := f.decode(ctx, out, cur, most)
		d.spent.Add(int64(len(out) - from))
		if err != nil {
			return dst, false, err
		}
		damaged = damaged || bad
		if last {
			dst = out
		}
		if i > 0 {
			spare = cur
		}
		cur = out
	}
	if damaged {
		d.harm(DamageStream)
	}
	return dst, damaged, nil
}

// AppendContent is Content with the data appended to dst, which may be nil: a reader of many pages reuses it.
func (d *Doc) AppendContent(ctx context.Context, dst []byte, p Page) ([]byte, error) {
	contents := d.Get(p.Dict, "Contents")
	list := contents.Array()
	switch {
	case contents.IsStream():
		list = Array{contents}
	case contents.Kind() != ArrayKind && !p.Dict.Raw("Contents").IsNull():
		d.harm(DamageStream) // a page whose content is not there is no empty page
	}
	base := len(dst)
	for _, o := range list {
		left := d.lim.Stream - int64(len(dst)-base)
		// Joining many streams must double the buffer as a whole, whatever each one may need.
		if have := len(dst) - base; cap(dst)-len(dst) < have/2 {
			dst = room(dst, int(min(int64(have), left+1)), base, d.lim.Stream)
		}
		next, _, err := d.decodeUpTo(ctx, dst, o, left)
		switch {
		case err == nil:
			dst = append(next, '\n')
		case isLimit(err) || ctx.Err() != nil:
			return dst[:base], err
		default:
			d.harm(DamageStream)
		}
	}
	return dst, nil
}
