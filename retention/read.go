package retention

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
)

// Read returns everything that is kept of the named categories over one link. a says who reads and why: Actor, Role and
// Reason are required. The access is recorded before anything is returned; when it cannot be, nothing is.
//
// It is all or nothing: the first category that cannot be returned ends it, and that too is recorded. Errors:
// [fs.ErrNotExist], nothing of the kind is kept; [ErrExpired], from the instant of expiry on; [ErrShredded], its key was
// destroyed by a deletion; [crypto.ErrOpen], it belongs to another subject, purpose or tenant, or the key record was
// changed; [ErrDamaged], a data store lost or changed it; [ErrUnnamed]; [ErrNotRecorded]; [ErrClock]; and those of the stores
// and the KEK, which may pass.
func (v *Vault) Read(ctx context.Context, a Access, ref Ref, categories ...model.Category) ([]Content, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	if err := ref.check(); err != nil {
		return nil, err
	}
	if len(categories) == 0 || len(categories) > len(places) {
		return nil, invalid("number of categories")
	}
	for i, c := range categories {
		if _, err := CompartmentOf(c); err != nil || slices.Contains(categories[:i], c) {
			return nil, invalid("category unknown or named twice")
		}
	}
	var from []Compartment
	for _, c := range categories {
		if p, _ := CompartmentOf(c); !slices.Contains(from, p) {
			from = append(from, p)
		}
	}
	return v.read(ctx, a, ref, from, func(*linkRecord, *linkRecord, time.Time) []model.Category { return categories })
}

// State returns a link's state. Errors as of Read.
func (v *Vault) State(ctx context.Context, a Access, ref Ref) ([]byte, error) {
	cs, err := v.Read(ctx, a, ref, CategoryState)
	if err != nil {
		return nil, err
	}
	return cs[0].Body, nil
}

// ReadGrant returns everything that is kept over all links of a grant, except their states; ref.Link is not looked at. What has
// expired or was deleted by itself is left out; when the grant itself was deleted, that is [ErrShredded]. Recording and
// other errors are as of Read. An unknown grant is an error that wraps [fs.ErrNotExist].
func (v *Vault) ReadGrant(ctx context.Context, a Access, ref Ref) ([]Content, error) {
	return v.readGrant(ctx, a, ref, "")
}

func (v *Vault) readGrant(ctx context.Context, a Access, ref Ref, except model.Category) ([]Content, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	ref.Link = "all"
	if err := ref.check(); err != nil {
		return nil, err
	}
	snap, err := v.snapshot(ctx, grantID(ref.Grant, Credentials))
	if err != nil {
		return nil, err
	}
	g, err := snap.grant(ref.Grant, Credentials)
	if err == nil && g.dead() {
		err = ErrShredded
	}
	if err != nil {
		ref.Link = ""
		return nil, v.refused(ctx, a, ref, "", nil, err)
	}
	var links []string
	if err := v.eachLink(ctx, v.disk, ref.Grant, func(link string, l *linkRecord) error {
		if !l.dead {
			links = append(links, link)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	var out []Content
	for _, link := range links {
		ref.Link = link
		cs, err := v.read(ctx, a, ref, Compartments(), func(l, inMemory *linkRecord, now time.Time) []model.Category {
			all := append(l.readable(now), inMemory.readable(now)...)
			return slices.DeleteFunc(all, func(c model.Category) bool { return c == except })
		})
		if errors.Is(err, ErrShredded) && v.linkDead(ctx, ref) {
			continue // it was deleted a moment ago
		}
		if err != nil {
			wipe(out)
			return nil, err
		}
		out = append(out, cs...)
	}
	return out, nil
}

// linkDead reports whether a link was deleted by itself. If not, [ErrShredded] is of its grant, or of a key-encryption key that is
// gone: what is kept is then not all that can be read.
func (v *Vault) linkDead(ctx context.Context, ref Ref) bool {
	snap, err := v.unchecked(ctx, grantID(ref.Grant, Credentials), linkID(ref.Grant, ref.Link))
	if err != nil {
		return false
	}
	g, err := snap.grant(ref.Grant, Credentials)
	if err != nil || g.dead() {
		return false
	}
	l, err := snap.link(ref)
	return err == nil && l.dead
}

// readable returns the categories that can be read, except the link's state.
func (l *linkRecord) readable(now time.Time) []model.Category {
	if l == nil {
		return nil
	}
	var out []model.Category
	for _, b := range l.baskets {
		if b.state == basketLive && b.category != CategoryState && now.Before(b.expires) {
			out = append(out, b.category)
		}
	}
	return out
}

// maxOvertaken bounds how often a read may be overtaken by writers: each time one of them got on, so only a link that is written
// without a pause comes near it.
const maxOvertaken = 100

// read opens the categories that which chooses, records, and returns. When a row is missing, the record that named it may
// have changed meanwhile: then it starts again.
func (v *Vault) read(ctx context.Context, a Access, ref Ref, from []Compartment, which choice) ([]Content, error) {
	var (
		out  []Content
		last int64
	)
	for attempt := 0; ; attempt++ {
		r, err := v.open(ctx, ref, from, which)
		if err == nil {
			out = r.contents
			break
		}
		changed := attempt == 0 || r.version != last
		last = r.version
		again := errors.Is(err, ErrDamaged) && changed || errors.Is(err, crypto.ErrNoSecret)
		if !again || attempt == maxOvertaken || ctx.Err() != nil {
			return nil, v.refused(ctx, a, ref, r.place, r.categories, err)
		}
	}
	// One entry per compartment, all of them before the caller sees a byte.
	for _, place := range Compartments() {
		entry := v.fill(a, ref, ActionRead, place)
		for _, c := range out {
			if p, _ := CompartmentOf(c.Category); p == place {
				entry.Items++
				if !slices.Contains(entry.Categories, c.Category) {
					entry.Categories = append(entry.Categories, c.Category)
				}
			}
		}
		if entry.Items == 0 {
			continue
		}
		entry.Outcome = OutcomeGranted
		if _, err := record(ctx, v.recorder, entry); err != nil {
			wipe(out)
			return nil, err
		}
	}
	return out, nil
}

// fill completes an access.
func (v *Vault) fill(a Access, ref Ref, action Action, place Compartment) Access {
	if ref.Subject != "" {
		a.Subject = ref.Subject
	}
	a.Action, a.Tenant, a.Grant, a.Link, a.Compartment = action, v.o.Tenant, ref.Grant, ref.Link, place
	a.Categories, a.Items, a.Outcome = nil, 0, ""
	return a
}

// refused records that nothing was returned, and returns why.
func (v *Vault) refused(ctx context.Context, a Access, ref Ref, place Compartment, cs []model.Category, why error) error {
	entry := v.fill(a, ref, ActionRead, place)
	entry.Categories = cs
	switch {
	case errors.Is(why, ErrExpired):
		entry.Outcome = OutcomeExpired
	case errors.Is(why, ErrShredded):
		entry.Outcome = OutcomeShredded
	case errors.Is(why, fs.ErrNotExist):
		entry.Outcome = OutcomeAbsent
	default:
		entry.Outcome = OutcomeFailed
	}
	if _, err := record(ctx, v.recorder, entry); err != nil {
		return errors.Join(why, err)
	}
	return why
}

// opened is what open found, and where it stopped.
type opened struct {
	contents   []Content
	version    int64 // of the link's records, to notice a change
	place      Compartment
	categories []model.Category
}

// choice says what to read of a link, of which inMemory may be nil.
type choice func(l, inMemory *linkRecord, now time.Time) []model.Category

// open reads what which chooses, all of it in the compartments of from.
func (v *Vault) open(ctx context.Context, ref Ref, from []Compartment, which choice) (r opened, err error) {
	ids := append(make([]string, 0, 4), linkID(ref.Grant, ref.Link))
	for _, c := range from {
		ids = append(ids, grantID(ref.Grant, c))
	}
	snap, err := v.snapshot(ctx, ids...)
	if err != nil {
		return r, err
	}
	// All keys of a grant are destroyed at once: one tells.
	if g, err := snap.grant(ref.Grant, from[0]); err != nil {
		return r, err
	} else if g.dead() {
		v.cache.drop(ref.Grant)
		return r, ErrShredded
	}
	l, err := snap.link(ref)
	if err != nil {
		return r, err
	}
	if l.dead {
		return r, ErrShredded
	}
	inMemory, absent := v.linkIn(ctx, v.memory, ref)
	if absent != nil {
		inMemory = nil
	}
	if r.version = l.version; inMemory != nil {
		r.version += inMemory.version << 32
	}
	for _, c := range which(l, inMemory, snap.now) {
		r.place, _ = CompartmentOf(c)
		r.categories = []model.Category{c}
		pl, b := v.disk, l.basket(c)
		if b == nil && inMemory != nil {
			pl, b = v.memory, inMemory.basket(c)
		}
		switch {
		case b == nil:
			err = fmt.Errorf("retention: category: %w", fs.ErrNotExist)
		case b.state == basketDeleted:
			err = ErrShredded
		case b.state == basketExpired || !snap.now.Before(b.expires):
			// Once refused it stays so, wherever the clock goes.
			err = errors.Join(ErrExpired, v.advance(ctx, snap, true))
		}
		if err != nil {
			break
		}
		var g *grantRecord
		if g, err = snap.grant(ref.Grant, r.place); err != nil {
			break
		}
		if r.contents, err = v.openBasket(ctx, pl, ref, g, l.token, b, r.contents); err != nil {
			break
		}
	}
	if err == nil {
		err = v.advance(ctx, snap, false)
	}
	if err != nil {
		wipe(r.contents)
	}
	return r, err
}

// openBasket appends the contents of one live basket.
func (v *Vault) openBasket(ctx context.Context, pl plane, ref Ref, g *grantRecord, token string, b *basket, out []Content) ([]Content, error) {
	key, cc, err := v.basketKey(ctx, ref, g, token, b)
	if err != nil {
		return out, err
	}
	place := Compartment(cc.Compartment)
	for _, it := range b.items {
		body := make([]byte, 0, it.size)
		for n := range it.chunks {
			sealed, err := pl.stores[place].Get(ctx, Row{b.expires, token, it.id, n})
			if errors.Is(err, fs.ErrNotExist) {
				return out, ErrDamaged // not wrapped: to the caller something else than that it never was there
			}
			if err != nil {
				return out, fmt.Errorf("retention: %w", err)
			}
			opened, err := key.Open(body, sealed, chunkContext(cc, token, it, n))
			if err != nil {
				clear(body)
				if errors.Is(err, crypto.ErrOpen) {
					err = fmt.Errorf("%w: %w", ErrDamaged, err)
				}
				return out, err
			}
			body = opened
		}
		out = append(out, Content{Link: ref.Link, Category: b.category, Name: it.name, Schema: it.schema, Body: body,
			Stored: it.stored, Expires: b.expires})
	}
	return out, nil
}

// wipe overwrites contents that are not going to be returned.
func wipe(cs []Content) {
	for _, c := range cs {
		clear(c.Body[:cap(c.Body)])
	}
}
