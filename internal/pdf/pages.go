package pdf

import (
	"context"
	"iter"
	"math"
	"slices"
)

// Rect is a rectangle in default user space: llx, lly, urx, ury with llx <= urx and lly <= ury (7.9.5).
type Rect [4]float64

// Width returns the horizontal extent.
func (r Rect) Width() float64 { return r[2] - r[0] }

// Height returns the vertical extent.
func (r Rect) Height() float64 { return r[3] - r[1] }

// letter is what readers assume when a page has no usable MediaBox.
var letter = Rect{0, 0, 612, 792}

// Page is one page with the attributes it inherits (7.7.3.4).
type Page struct {
	// Index counts from 0 in the order of the document.
	Index int
	// Ref is the page object's reference; zero for a page written directly into Kids.
	Ref Ref
	// Dict is the page's own dictionary.
	Dict Dict
	// Resources is the page's own or inherited resource dictionary.
	Resources Dict
	// MediaBox is the page's sheet; US letter when the document has no usable one.
	MediaBox Rect
	// CropBox is the visible part, clipped to MediaBox; MediaBox when there is none.
	CropBox Rect
	// Rotate is the clockwise rotation for display: 0, 90, 180 or 270.
	Rotate int
}

// node is a value that should be a dictionary of the page tree, with what it inherits.
type node struct {
	o    Object
	from inherited
}

type inherited struct{ resources, mediaBox, cropBox, rotate Object }

// merge returns in with what dict sets itself.
func (in inherited) merge(dict Dict) inherited {
	set := func(dst *Object, key string) {
		if o := dict.Raw(key); !o.IsNull() {
			*dst = o
		}
	}
	set(&in.resources, "Resources")
	set(&in.mediaBox, "MediaBox")
	set(&in.cropBox, "CropBox")
	set(&in.rotate, "Rotate")
	return in
}

// Pages iterates over the pages in order. The tree is walked with a visited set, /Count and /Type are not trusted; when it has
// no page at all the pages are those objects that say so themselves. An error ends the iteration: that of ctx, or ErrLimit.
func (d *Doc) Pages(ctx context.Context) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		w := walker{d: d, seen: map[uint32]struct{}{}}
		w.stack = []frame{{list: Array{d.Catalog().Raw("Pages")}, from: &inherited{}}}
		for loose := false; ; {
			if err := ctx.Err(); err != nil {
				yield(Page{}, err)
				return
			}
			page, ok, err := w.next()
			if err == nil && !ok && w.count == 0 && !loose {
				loose = true
				w.findLoose(ctx)
				continue
			}
			if err != nil {
				yield(Page{}, err)
				return
			}
			if !ok {
				w.tally()
				return
			}
			if !yield(page, nil) {
				return
			}
		}
	}
}

// walker goes through the page tree depth first. Its stack holds one frame per level, so that its memory does not depend on
// how many kids a hostile file has.
type walker struct {
	d     *Doc
	stack []frame
	loose []node // pages without a tree, still to be returned
	seen  map[uint32]struct{}
	steps int
	count int
}

// frame is a branch with the kids that are still to be visited.
type frame struct {
	list Array
	from *inherited
}

// maxDepth bounds the depth of the page tree, which writers keep in one digit; branches without a reference can cycle.
const maxDepth = 4096

// pop returns the next node; !ok at the end.
func (w *walker) pop() (n Object, from inherited, ok bool) {
	if len(w.loose) > 0 {
		n, from = w.loose[0].o, w.loose[0].from
		w.loose = w.loose[1:]
		return n, from, true
	}
	for len(w.stack) > 0 {
		top := &w.stack[len(w.stack)-1]
		if len(top.list) > 0 {
			n, top.list = top.list[0], top.list[1:]
			return n, *top.from, true
		}
		w.stack = w.stack[:len(w.stack)-1]
	}
	return Object{}, inherited{}, false
}

// next returns the next page of the tree; !ok at its end.
func (w *walker) next() (p Page, ok bool, err error) {
	for {
		o, from, ok := w.pop()
		if !ok {
			return Page{}, false, nil
		}
		if w.steps++; w.steps > w.d.lim.Objects {
			return Page{}, false, ErrLimit
		}
		ref, isRef := o.Ref()
		dict := w.d.Resolve(o).Dict()
		if dict.Len() == 0 {
			// A page that a limit hides must not be missed without an error.
			if w.d.Damage()&DamageLimit != 0 {
				return Page{}, false, ErrLimit
			}
			w.d.harm(DamagePages)
			continue
		}
		in := from.merge(dict)
		if kids := w.d.Get(dict, "Kids"); kids.Kind() == ArrayKind && !w.d.Get(dict, "Type").IsName("Page") {
			// Only branches can cycle. A page that is listed twice is shown twice.
			if _, twice := w.seen[ref.Num]; twice || len(w.stack) >= maxDepth {
				w.d.harm(DamagePages)
				continue
			}
			if isRef {
				w.seen[ref.Num] = struct{}{}
			}
			w.stack = append(w.stack, frame{kids.Array(), &in})
			continue
		}
		// What is no branch is a page, whatever its type says: writers misspell it.
		if t, named := w.d.Get(dict, "Type").Name(); named && t == "Pages" {
			if !dict.Raw("Kids").IsNull() {
				w.d.harm(DamagePages) // what it leads to is not there
			}
			continue // an empty branch
		}
		if w.count++; w.count > w.d.lim.Pages {
			return Page{}, false, ErrLimit
		}
		return w.d.page(w.count-1, ref, dict, in), true, nil
	}
}

// tally compares the pages with what the tree says of itself: fewer may be a branch that lost some.
func (w *walker) tally() {
	if n, ok := w.d.Get(w.d.Get(w.d.Catalog(), "Pages").Dict(), "Count").Int(); ok && n > int64(w.count) {
		w.d.harm(DamagePages)
	}
}

// findLoose queues the pages that no tree leads to.
func (w *walker) findLoose(ctx context.Context) {
	w.d.mu.Lock()
	w.loose = w.d.loosePages(ctx, w.d.lim.Pages)
	w.d.mu.Unlock()
	if len(w.loose) > 0 {
		w.d.harm(DamagePages)
	}
}

// maxParents bounds the way up from a loose page: trees are flat, and Parent can cycle.
const maxParents = 32

// loosePages looks through all objects for at most limit pages, with what they inherit, in the order of their numbers.
func (d *Doc) loosePages(ctx context.Context, limit int) []node {
	var pages []node
	for _, num := range d.xref.numbers() {
		if ctx.Err() != nil {
			return nil // the caller looks at ctx
		}
		ref := refObject(Ref{Num: num})
		dict := d.resolve(ref).Dict()
		if !d.resolve(dict.Raw("Type")).IsName("Page") {
			continue
		}
		var in inherited
		parents := []Dict{}
		for up := dict; len(parents) < maxParents; {
			if up = d.resolve(up.Raw("Parent")).Dict(); up.Len() == 0 {
				break
			}
			parents = append(parents, up)
		}
		for _, up := range slices.Backward(parents) {
			in = in.merge(up)
		}
		if pages = append(pages, node{ref, in}); len(pages) >= limit {
			break
		}
	}
	return pages
}

func (d *Doc) page(index int, ref Ref, dict Dict, in inherited) Page {
	// Attributes may be references, so they are resolved here, once, and not at every level of the tree.
	p := Page{Index: index, Ref: ref, Dict: dict, Resources: d.Resolve(in.resources).Dict()}
	var ok bool
	if p.MediaBox, ok = d.Rect(in.mediaBox); !ok {
		p.MediaBox = letter
	}
	p.CropBox = p.MediaBox
	if c, ok := d.Rect(in.cropBox); ok {
		m := p.MediaBox
		c = Rect{max(c[0], m[0]), max(c[1], m[1]), min(c[2], m[2]), min(c[3], m[3])}
		if c[0] < c[2] && c[1] < c[3] {
			p.CropBox = c
		}
	}
	if f, ok := d.Resolve(in.rotate).Float(); ok {
		// Only multiples of 90 are allowed; anything else is taken as no rotation.
		if r := math.Mod(f, 360); math.Mod(r, 90) == 0 {
			p.Rotate = (int(r) + 360) % 360
		}
	}
	return p
}

// Rect reads a rectangle, its corners put in order; !ok when o is none or it has no area.
func (d *Doc) Rect(o Object) (Rect, bool) {
	arr := d.Resolve(o).Array()
	if len(arr) < 4 {
		return Rect{}, false
	}
	var v Rect
	for i := range v {
		f, ok := d.Index(arr, i).Float()
		if !ok {
			return Rect{}, false
		}
		v[i] = f
	}
	r := Rect{min(v[0], v[2]), min(v[1], v[3]), max(v[0], v[2]), max(v[1], v[3])}
	return r, r[0] < r[2] && r[1] < r[3]
}

// Content returns the page's content streams, decoded and joined with a line feed (7.8.2). Streams that cannot be decoded are
// left out and recorded as damage; the error is ErrLimit or that of ctx.
func (d *Doc) Content(ctx context.Context, p Page) ([]byte, error) {
	return d.AppendContent(ctx, nil, p)
}
