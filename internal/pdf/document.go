package pdf

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// Options are the optional parameters of Open.
type Options struct {
	// Password opens an encrypted document as its user or its owner; the empty password is always tried as well. For AES-256
	// it is UTF-8 after SASLprep (ISO 32000-2 §7.6.4.3.3), for the older methods PDFDocEncoding.
	Password []byte
	// Limits bounds the work.
	Limits Limits
}

// Damage is a set of things that were wrong with a document but could be read around. A reader of amounts reports them.
type Damage uint32

// The kinds of damage.
const (
	DamageXref   Damage = 1 << iota // the cross-reference was broken and rebuilt from a scan
	DamageObject                    // an object was not where the cross-reference says, or could not be parsed
	DamageStream                    // a stream was truncated or corrupt: its end is missing
	DamageLength                    // a stream's /Length was wrong; its end was found by its keyword
	DamageLimit                     // a limit made an object read as null
	DamagePages                     // the page tree was broken: a page may be missing or out of place
)

// Doc is an open document. Its methods are safe for concurrent use; each object is parsed when it is first asked for.
type Doc struct {
	data   []byte
	base   int // what offsets are relative to: the header when junk precedes it
	lim    Limits
	crypt  *cryptor
	damage atomic.Uint32
	spent  atomic.Int64 // decoded bytes, against Limits.Total

	mu      sync.Mutex // guards everything below
	xref    table
	trailer Dict
	repair  *scan // set once the file was scanned
	cache   objectCache
	streams streamCache
	parsers parser
	loading []uint32 // objects being loaded, the guard against cycles
	parsed  int64    // bytes parsed so far, against parseBudget
	ends    []int    // positions of "endstream" and "endobj", see nextEnd
	endsSet bool
}

// Open reads a document of size bytes. It reads the file in whole and parses its cross-reference, encryption and catalog;
// everything else is read when asked for. Errors wrap ErrTooLarge, ErrMalformed, ErrEncrypted, ErrUnsupported, ErrLimit, the
// error of r, or that of ctx.
func Open(ctx context.Context, r io.ReaderAt, size int64, o *Options) (*Doc, error) {
	if o == nil {
		o = &Options{}
	}
	if size < 0 || size > o.Limits.withDefaults(0).File {
		return nil, ErrTooLarge
	}
	data := make([]byte, size)
	switch n, err := r.ReadAt(data, 0); {
	case err != nil && err != io.EOF:
		return nil, fmt.Errorf("pdf: read: %w", err)
	case n < len(data):
		// The end is missing, and with it perhaps an update of what comes before: the older state must not pass for the document.
		return nil, fmt.Errorf("pdf: read: %w", io.ErrUnexpectedEOF)
	}
	return OpenBytes(ctx, data, o)
}

// OpenBytes is Open for a document in memory. data must not change as long as the Doc is in use.
func OpenBytes(ctx context.Context, data []byte, o *Options) (*Doc, error) {
	if o == nil {
		o = &Options{}
	}
	d := &Doc{data: data, lim: o.Limits.withDefaults(int64(len(data)))}
	if int64(len(data)) > d.lim.File {
		return nil, ErrTooLarge
	}
	d.cache.limit, d.streams.limit = d.lim.Cache, d.lim.Cache
	// Readers accept a header within the first 1,024 bytes (ISO 32000-1 annex H, note 13); offsets then usually, but not
	// always, count from it.
	header := max(0, bytes.Index(data[:min(len(data), 1024)], []byte("%PDF-")))
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.open(ctx, header, o.Password); err != nil {
		return nil, err
	}
	return d, nil
}

// open finds a cross-reference that leads to a catalog: the file's own, and if that fails the one of a scan.
func (d *Doc) open(ctx context.Context, header int, password []byte) error {
	err := d.readXref(ctx, header)
	if err == nil {
		// A wrong password is not believed yet either: the cross-reference may have led to an old encryption dictionary.
		if err = d.setUpCrypt(password); err == nil && d.catalog().Len() > 0 {
			return nil
		}
		if err != nil && d.repair != nil {
			return err
		}
	}
	if ctxErr := ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	first := err
	if err := d.rebuild(ctx); err != nil {
		return err
	}
	if err := d.setUpCrypt(password); err != nil {
		return err
	}
	if err := d.expandScan(ctx); err != nil {
		return err
	}
	if d.catalog().Len() == 0 && !d.findCatalog(ctx) && len(d.loosePages(ctx, 1)) == 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		if first != nil {
			return first
		}
		return ErrMalformed
	}
	return nil
}

// catalog returns the document catalog, empty when there is none that leads to pages.
func (d *Doc) catalog() Dict {
	root := d.resolve(d.trailer.Raw("Root")).Dict()
	if d.resolve(root.Raw("Pages")).Dict().Len() == 0 {
		return Dict{}
	}
	return root
}

// Trailer returns the entries Root, Encrypt, ID and Info of the trailer; with several sections each comes from the newest that
// has it.
func (d *Doc) Trailer() Dict { return d.trailer }

// Catalog returns the document catalog (7.7.2).
func (d *Doc) Catalog() Dict { return d.Get(d.trailer, "Root").Dict() }

// Encrypted reports whether the document is encrypted.
func (d *Doc) Encrypted() bool { return d.crypt != nil }

// Damage returns what was found broken so far. It grows while the document is read.
func (d *Doc) Damage() Damage { return Damage(d.damage.Load()) }

// Damaged reports whether anything was found broken so far.
func (d *Doc) Damaged() bool { return d.damage.Load() != 0 }

func (d *Doc) harm(k Damage) { d.damage.Or(uint32(k)) }

// Resolve returns what o refers to, o itself when it is no reference, and null when the object is missing, malformed, part of
// a cycle or past a limit (7.3.10; Damage tells the latter apart).
func (d *Doc) Resolve(o Object) Object {
	if o.kind != RefKind {
		return o
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.resolve(o)
}

// Get returns the value of key in dict with references followed.
func (d *Doc) Get(dict Dict, key string) Object { return d.Resolve(dict.Raw(key)) }

// Index returns element i of arr with references followed, null when i is out of range.
func (d *Doc) Index(arr Array, i int) Object {
	if i < 0 || i >= len(arr) {
		return Object{}
	}
	return d.Resolve(arr[i])
}

// Object returns the indirect object r.
func (d *Doc) Object(r Ref) Object { return d.Resolve(refObject(r)) }

// Numbers returns the numbers of all objects that the cross-reference says are in use, ascending.
func (d *Doc) Numbers() []uint32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.xref.numbers()
}

// maxHops bounds a chain of references to references, which the standard does not allow but files have.
const maxHops = 16

func (d *Doc) resolve(o Object) Object {
	for range maxHops {
		if o.kind != RefKind {
			return o
		}
		r, _ := o.Ref()
		o = d.load(r)
	}
	return Object{}
}

// maxLoading bounds the stack of loads: an object whose stream length is in an object stream whose length is …
const maxLoading = 12

// load returns the indirect object r from the cache or the file.
func (d *Doc) load(r Ref) Object {
	if o, ok := d.cache.get(r.Num); ok {
		return o
	}
	if len(d.loading) >= maxLoading {
		d.harm(DamageObject)
		return Object{}
	}
	// At most maxLoading numbers: a loop is cheaper than a map.
	for _, n := range d.loading {
		if n == r.Num {
			d.harm(DamageObject)
			return Object{}
		}
	}
	e := d.xref.get(r.Num)
	if e.kind != entryOffset && e.kind != entryStream {
		return Object{}
	}
	d.loading = append(d.loading, r.Num)
	o, ok := d.read(r.Num, e)
	if !ok && d.repair == nil {
		// The cross-reference lies about this object: look for it once and for all.
		d.scanFile()
	}
	if !ok && d.repair != nil {
		if s := d.repair.find(r.Num); s.kind != entryNone && s != e {
			o, ok = d.read(r.Num, s)
		}
	}
	d.loading = d.loading[:len(d.loading)-1]
	if !ok {
		d.harm(DamageObject)
	}
	// Null is remembered, too, or a missing object would be looked for each time it is named.
	d.cache.put(r.Num, o)
	return o
}

func (d *Doc) read(num uint32, e entry) (Object, bool) {
	if e.kind == entryStream {
		return d.fromObjectStream(num, e)
	}
	// With junk before the header some writers count from the header, others from the start, and updates mix both.
	for _, base := range [2]int{d.base, 0} {
		pos := int(e.off) + base
		if r, next, ok := header(d.data, pos); ok && r.Num == num {
			return d.parseAt(r, next)
		}
		if d.base == 0 {
			break
		}
	}
	return Object{}, false
}

// parseBudget bounds the bytes parsed in a document's life: overlapping objects (each an unterminated string to the end of
// the file) must not make the work quadratic.
func (d *Doc) parseBudget() int64 {
	return 64<<20 + 8*int64(len(d.data)) + 4*d.spent.Load()
}

// parseAt parses the indirect object r whose value starts at pos.
func (d *Doc) parseAt(r Ref, pos int) (Object, bool) {
	if d.parsed > d.parseBudget() {
		d.harm(DamageLimit)
		return Object{}, false
	}
	// One parser serves the document under its lock. It is free again before the length of a stream is resolved, which may parse
	// another object.
	p := &d.parsers
	p.start(d.data, pos, &d.lim)
	p.decrypt = d.crypt.strings(r)
	o, ok := p.object(p.lex.Next(), 0)
	d.parsed += int64(p.lex.pos - pos)
	if p.failed {
		d.harm(DamageLimit)
		return Object{}, false
	}
	if !ok {
		// "5 0 obj endobj" is an empty object: null.
		return Object{}, p.lex.pos > pos && string(p.lex.Bytes) == "endobj"
	}
	if o.kind != DictKind {
		return o, true
	}
	if p.lex.Next() == TokenKeyword && bytes.HasPrefix(p.lex.Bytes, []byte("stream")) {
		return d.streamObject(o, r, p.lex.pos-len(p.lex.Bytes)+len("stream")), true
	}
	return o, true
}
