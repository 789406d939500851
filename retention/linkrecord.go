package retention

import (
	"maps"
	"slices"
	"time"

	"github.com/brondata/brondata/model"
)

// linkRecord is what the key store knows about one link. It is one record, so that every change of it is one
// compare-and-set: what a link holds is never seen half changed.
type linkRecord struct {
	version int64 // of the stored record; 0 for one that is not there

	token     string // the random id under which its rows are stored
	created   time.Time
	retrieved time.Time // the last successful retrieval
	policy    []byte    // encoded, for most readers do not need it
	baskets   []basket
	pending   []pending

	// dead is set once the link was deleted; then there are no baskets.
	dead bool
	// alone says that it was deleted by itself and not with its grant, and so has a receipt of its own.
	alone bool
	obituary
}

// obituary is what remains of something that was deleted: enough for a receipt, nothing of anybody.
type obituary struct {
	requested time.Time
	finished  time.Time
	place     string // where the access log has it
	counts    []Count
}

// basket is one category of a link.
type basket struct {
	category model.Category
	state    basketState
	expires  time.Time
	key      []byte // the category's key, wrapped; none unless live
	items    []item
	obituary
}

type basketState byte

const (
	basketLive    basketState = 1
	basketExpired basketState = 2 // its time was over when somebody looked
	basketDeleted basketState = 3
)

// item is one content of a basket, of which its chunks are the rows of a store.
type item struct {
	name   string
	id     string // random, of this version
	schema uint32
	size   int // of the plaintext
	chunks int
	stored time.Time
}

// pending is rows that are being written, or that are to be deleted.
type pending struct {
	compartment Compartment
	expires     time.Time
	id          string
	chunks      int
	// doomed rows are to be deleted, and their writer must not commit them any more. The others are doomed at the deadline.
	doomed   bool
	deadline time.Time
}

func (p pending) same(q pending) bool { return p.id == q.id && p.expires.Equal(q.expires) }

func (l *linkRecord) basket(c model.Category) *basket {
	for i := range l.baskets {
		if l.baskets[i].category == c {
			return &l.baskets[i]
		}
	}
	return nil
}

// rows returns the rows of a basket, as something to be deleted.
func (b *basket) rows() []pending {
	place, _ := CompartmentOf(b.category)
	out := make([]pending, 0, len(b.items))
	for _, it := range b.items {
		out = append(out, pending{compartment: place, expires: b.expires, id: it.id, chunks: it.chunks, doomed: true})
	}
	return out
}

// holds reports whether rows belong to what the link holds.
func (l *linkRecord) holds(p pending) bool {
	for i := range l.baskets {
		if slices.ContainsFunc(l.baskets[i].rows(), p.same) {
			return true
		}
	}
	return false
}

// count says what a live basket holds.
func (b *basket) count() Count {
	place, _ := CompartmentOf(b.category)
	n := Count{Compartment: place, Keys: 1, Items: len(b.items)}
	for _, it := range b.items {
		n.Chunks += it.chunks
		n.Bytes += int64(it.size)
	}
	return n
}

// due is when the record wants attention: when there are rows to delete.
func (l *linkRecord) due(now time.Time) time.Time {
	var due time.Time
	for _, p := range l.pending {
		at := p.deadline
		if p.doomed {
			at = now
		}
		if due.IsZero() || at.Before(due) {
			due = at
		}
	}
	if l.dead && l.finished.IsZero() && due.IsZero() {
		due = now
	}
	return due
}

// prune forgets the keys of what has expired. Its rows go with the next sweep, by their own expiry.
func (l *linkRecord) prune(now time.Time) {
	for i := range l.baskets {
		if b := &l.baskets[i]; b.state == basketLive && !now.Before(b.expires) {
			b.state, b.key, b.items = basketExpired, nil, nil
		}
	}
}

func (l *linkRecord) encode() []byte {
	e := newEncoder('L')
	e.string(l.token)
	e.time(l.created)
	e.time(l.retrieved)
	e.bytes(l.policy)
	e.int(len(l.baskets))
	for i := range l.baskets {
		l.baskets[i].encode(e)
	}
	e.int(len(l.pending))
	for _, p := range l.pending {
		e.int(slices.Index(Compartments(), p.compartment))
		e.time(p.expires)
		e.string(p.id)
		e.int(p.chunks)
		e.bool(p.doomed)
		e.time(p.deadline)
	}
	e.bool(l.dead)
	e.bool(l.alone)
	l.obituary.encode(e)
	return e.b
}

func decodeLink(r Record) (*linkRecord, error) {
	d := newDecoder('L', r.Body)
	l := &linkRecord{version: r.Version, token: d.string(), created: d.time(), retrieved: d.time(), policy: d.bytes()}
	l.baskets = make([]basket, d.count())
	for i := range l.baskets {
		l.baskets[i].decode(d)
	}
	l.pending = make([]pending, d.count())
	for i := range l.pending {
		l.pending[i] = pending{compartment: decodeCompartment(d), expires: d.time(), id: d.string(), chunks: d.int(),
			doomed: d.bool(), deadline: d.time()}
	}
	l.dead, l.alone = d.bool(), d.bool()
	l.obituary.decode(d)
	return l, d.end()
}

func (b *basket) encode(e *encoder) {
	e.string(string(b.category))
	e.b = append(e.b, byte(b.state))
	e.time(b.expires)
	e.bytes(b.key)
	e.int(len(b.items))
	for _, it := range b.items {
		e.string(it.name)
		e.string(it.id)
		e.uint(uint64(it.schema))
		e.int(it.size)
		e.int(it.chunks)
		e.time(it.stored)
	}
	if b.state == basketDeleted {
		b.obituary.encode(e)
	}
}

func (b *basket) decode(d *decoder) {
	b.category, b.state, b.expires, b.key = model.Category(d.string()), basketState(d.byte()), d.time(), d.bytes()
	b.items = make([]item, d.count())
	for i := range b.items {
		b.items[i] = item{name: d.string(), id: d.string(), schema: uint32(d.uint()), size: d.int(), chunks: d.int(), stored: d.time()}
	}
	if b.state == basketDeleted {
		b.obituary.decode(d)
	}
}

func (o *obituary) encode(e *encoder) {
	e.time(o.requested)
	e.time(o.finished)
	e.string(o.place)
	e.int(len(o.counts))
	for _, n := range o.counts {
		e.int(slices.Index(Compartments(), n.Compartment))
		e.int(n.Keys)
		e.int(n.Items)
		e.int(n.Chunks)
		e.uint(uint64(n.Bytes))
	}
}

func (o *obituary) decode(d *decoder) {
	o.requested, o.finished, o.place = d.time(), d.time(), d.string()
	if n := d.count(); n > 0 {
		o.counts = make([]Count, n)
	}
	for i := range o.counts {
		o.counts[i] = Count{decodeCompartment(d), d.int(), d.int(), d.int(), int64(d.int())}
	}
}

func decodeCompartment(d *decoder) Compartment {
	i, all := d.int(), Compartments()
	if i >= len(all) {
		d.fail()
		return ""
	}
	return all[i]
}

// encodePolicy writes a valid policy with its defaults.
func encodePolicy(p Policy) []byte {
	p = p.WithDefaults()
	e := newEncoder('P')
	e.bool(p.Recurrent)
	e.string(p.Credentials.String())
	e.string(p.StaleIn.String())
	e.bool(p.Discard)
	e.time(p.Until)
	e.int(len(p.Lives))
	for _, c := range slices.Sorted(maps.Keys(p.Lives)) {
		e.string(string(c))
		e.uint(uint64(p.Lives[c]))
	}
	return e.b
}

func decodePolicy(b []byte) (p Policy, err error) {
	d := newDecoder('P', b)
	p.Recurrent = d.bool()
	if p.Credentials, err = ParseStorage(d.string()); err != nil {
		return p, ErrDamaged
	}
	if p.StaleIn, err = ParseDays(d.string()); err != nil {
		return p, ErrDamaged
	}
	p.Discard, p.Until = d.bool(), d.time()
	if n := d.count(); n > 0 {
		p.Lives = make(map[model.Category]time.Duration, n)
		for range n {
			p.Lives[model.Category(d.string())] = time.Duration(d.uint())
		}
	}
	return p, d.end()
}
