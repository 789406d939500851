package pdf

import (
	"context"
	"math"
)

// objectStream is a decoded object stream (7.5.7) with the table of what is where in it.
type objectStream struct {
	num   uint32
	data  []byte
	items []streamItem
	byNum map[uint32]int32 // built when an index in the cross-reference proves wrong
}

type streamItem struct{ num, off uint32 }

func (s *objectStream) cost() int64 {
	return int64(len(s.data)) + 8*int64(len(s.items)) + 24*int64(len(s.byNum)) + 100
}

// position returns where object num begins in the data. The cross-reference's index is only a hint.
func (s *objectStream) position(num, index uint32) (int, bool) {
	i := int64(index)
	if i >= int64(len(s.items)) || s.items[i].num != num {
		if s.byNum == nil {
			s.byNum = make(map[uint32]int32, len(s.items))
			for k, it := range s.items {
				s.byNum[it.num] = int32(k)
			}
		}
		k, ok := s.byNum[num]
		if !ok {
			return 0, false
		}
		i = int64(k)
	}
	return int(s.items[i].off), true
}

// fromObjectStream parses object num out of its object stream.
func (d *Doc) fromObjectStream(num uint32, e entry) (Object, bool) {
	s := d.objectStream(e.off)
	if s == nil {
		return Object{}, false
	}
	pos, ok := s.position(num, e.aux)
	if !ok || pos >= len(s.data) {
		return Object{}, false
	}
	if d.parsed > d.parseBudget() {
		d.harm(DamageLimit)
		return Object{}, false
	}
	p := &d.parsers
	p.start(s.data, pos, &d.lim)
	p.decrypt = nil // the stream as a whole was encrypted
	o, ok := p.object(p.lex.Next(), 0)
	d.parsed += int64(p.lex.pos - pos)
	if p.failed {
		d.harm(DamageLimit)
	}
	p.lex.Reset(nil) // keep no hold of the data
	return o, ok
}

// objectStream returns the decoded object stream num, nil when there is none or it cannot be read.
func (d *Doc) objectStream(num uint32) *objectStream {
	if s := d.streams.get(num); s != nil {
		return s
	}
	if d.xref.get(num).kind == entryStream { // 7.5.7: it shall not be in an object stream itself
		return nil
	}
	o := d.load(Ref{Num: num})
	if !o.IsStream() {
		return nil
	}
	// A damaged stream keeps what was inflated: objects past its end do not parse. The lock is held, so ctx is not consulted:
	// the work is bounded by Limits.Stream.
	data, err := d.decodeLocked(context.Background(), o)
	if err != nil {
		if isLimit(err) {
			d.harm(DamageLimit)
		}
		data = nil // remembered as empty, or every object in it would cost a decoding
	}
	s := &objectStream{num: num, data: data}
	// The table ends where the first object begins, and it has no more pairs than bytes to write them in: N is only a bound.
	first, _ := d.resolve(o.Dict().Raw("First")).Int()
	count, _ := d.resolve(o.Dict().Raw("N")).Int()
	if first > 0 && first <= int64(len(data)) {
		s.items = itemTable(data[:first], first, min(count, int64(d.lim.Objects)))
	}
	// Kept also when it is empty: the next object of it must not decode it again.
	d.streams.put(s)
	return s
}

// itemTable reads the pairs of number and offset at the head of an object stream: as many as are there, at most count.
func itemTable(head []byte, first, count int64) []streamItem {
	var items []streamItem
	pos := 0
	for int64(len(items)) < count {
		num, p, ok1 := scanUint(head, pos)
		off, p2, ok2 := scanUint(head, p)
		if !ok1 || !ok2 || num > math.MaxUint32 || first+off > math.MaxInt32 {
			break
		}
		items = append(items, streamItem{uint32(num), uint32(first + off)})
		pos = p2
	}
	return items
}
