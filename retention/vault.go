package retention

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
)

// Options says how a vault works. Zero values are the defaults.
type Options struct {
	// Tenant is the host's own customer, bound into everything sealed. A key store is of one tenant.
	Tenant string
	// Stores gives a compartment a data store of its own, instead of the one that New was given.
	Stores map[Compartment]Store
	// KEKs gives a compartment a key-encryption key of its own, instead of the one that New was given.
	KEKs map[Compartment]crypto.KEK
	// Signer signs the receipts of deletions. Without one they are not signed.
	Signer crypto.Signer
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Skew is how far clocks of one deployment may be apart. Default one minute.
	Skew time.Duration
	// Grace is how long one Keep may take before a sweep counts it as killed and removes what it wrote. Default 15 minutes.
	Grace time.Duration
	// MaxContent is the largest content in bytes. Default 64 MiB.
	MaxContent int
	// KeyLife is how long an unwrapped key may stay in memory, so that a key service is not asked for every read. Every read
	// asks the key store whether the key still exists all the same; but a key-encryption key that was destroyed, or a version
	// of it below a new minimum, counts for that long. Default one minute; negative keeps none.
	KeyLife time.Duration
}

// Vault keeps contents sealed on a host's stores, each no longer than its link's policy says, and none without its grant's key.
// It is safe for concurrent use, and any number of processes can share the stores.
type Vault struct {
	o        Options
	recorder Recorder
	disk     plane
	memory   plane // what must not reach a database
	cache    *keyCache
	seen     atomic.Int64 // the latest time seen by this process, in milliseconds
}

// plane is a place for link records and rows.
type plane struct {
	keys   KeyStore
	stores map[Compartment]Store
}

// Ref names a link under a grant, together with what everything under it is bound to: opened with another subject or
// purpose than it was sealed with, nothing opens. Grant and Link are 1 to 64 letters, digits and - _ . and the others at most 256
// bytes; all are opaque ids.
type Ref struct {
	Subject string
	Grant   string
	Purpose string
	Link    string // the host's name for the link, unique within the grant, such as the institution's id
}

func (r Ref) check() error {
	if !name(r.Grant) || !name(r.Link) {
		return invalid("id of a grant or link")
	}
	if len(r.Subject) > maxText || len(r.Purpose) > maxText {
		return invalid("subject or purpose too long")
	}
	return nil
}

// New returns a vault. data and keys must be apart (see [KeyStore]); kek is the key-encryption key, or a
// [crypto.KEKRouter] or [crypto.Keyring]. Nothing is read yet. The error wraps [ErrInvalid].
func New(data Store, keys KeyStore, kek crypto.KEK, recorder Recorder, o *Options) (*Vault, error) {
	v := &Vault{recorder: recorder, disk: plane{&guardedKeys{keys}, make(map[Compartment]Store)}}
	if o != nil {
		v.o = *o
	}
	keks := make(map[Compartment]crypto.KEK)
	mem := NewMemoryStore()
	v.memory = plane{NewMemoryKeyStore(), make(map[Compartment]Store)}
	var guarded guards
	for _, c := range Compartments() {
		s := v.o.Stores[c]
		if s == nil {
			s = data
		}
		if keks[c] = v.o.KEKs[c]; keks[c] == nil {
			keks[c] = kek
		}
		v.memory.stores[c] = mem
		if s == nil || keks[c] == nil {
			return nil, invalid("no store or no key-encryption key for a compartment")
		}
		v.disk.stores[c] = guarded.of(s)
	}
	v.o.KEKs = keks
	switch {
	case keys == nil || recorder == nil:
		return nil, invalid("no key store or no recorder")
	case len(v.o.Tenant) > maxText:
		return nil, invalid("tenant too long")
	case v.o.MaxContent < 0 || v.o.MaxContent > maxChunks*chunkSize || v.o.Skew < 0 || v.o.Grace < 0:
		return nil, invalid("negative or too large option")
	}
	if v.o.Now == nil {
		v.o.Now = time.Now
	}
	setDefault(&v.o.Skew, time.Minute)
	setDefault(&v.o.Grace, 15*time.Minute)
	setDefault(&v.o.MaxContent, 64<<20)
	setDefault(&v.o.KeyLife, time.Minute)
	v.cache = newKeyCache(v.o.KeyLife)
	return v, nil
}

func setDefault[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}

// Close forgets the keys and the data that this process holds in memory. What is stored stays.
func (v *Vault) Close() {
	v.cache.clear(nil)
	v.memory.stores[Identity].(*MemoryStore).wipe()
}

// String hides what a vault is made of.
func (v *Vault) String() string { return "retention.Vault" }

// newToken makes a random id for rows.
func newToken() string { return strings.ToLower(rand.Text()) }

// context returns what a compartment's things are bound to.
func (v *Vault) context(ref Ref, c Compartment) crypto.Context {
	return crypto.Context{Tenant: v.o.Tenant, Subject: ref.Subject, Grant: ref.Grant, Purpose: ref.Purpose, Compartment: string(c)}
}

// CreateLink fixes the terms of a link, and makes its grant's keys when there are none. It comes before everything else
// about a link. Creating a link again with the same terms does nothing, so that it can be repeated after a crash.
//
// ErrPolicy: see [Policy.Validate]. [ErrFixed]: the link exists with other terms, or the grant with another subject or
// purpose. [ErrShredded]: the link or its grant was deleted. [ErrClock], and the errors of the key store and the KEK.
func (v *Vault) CreateLink(ctx context.Context, ref Ref, p Policy) error {
	if err := ref.check(); err != nil {
		return err
	}
	if err := p.Validate(); err != nil {
		return err
	}
	return v.retry(ctx, func() error { return v.createLink(ctx, ref, p) })
}

func (v *Vault) createLink(ctx context.Context, ref Ref, p Policy) error {
	snap, err := v.snapshot(ctx, grantID(ref.Grant, Identity), grantID(ref.Grant, Financial),
		grantID(ref.Grant, Credentials), linkID(ref.Grant, ref.Link))
	if err != nil {
		return err
	}
	var changes []Change
	for _, c := range Compartments() {
		g, err := snap.grant(ref.Grant, c)
		switch {
		case err == nil && g.dead():
			return ErrShredded
		case err == nil && (g.tenant != v.o.Tenant || g.subject != ref.Subject || g.purpose != ref.Purpose):
			return ErrFixed
		case err == nil:
			// The link must not appear under a grant that is destroyed at this moment.
			changes = append(changes, Change{OpCheck, Record{ID: grantID(ref.Grant, c), Version: g.version}})
		case errors.Is(err, fs.ErrNotExist):
			g := &grantRecord{tenant: v.o.Tenant, subject: ref.Subject, purpose: ref.Purpose}
			if g.wrapped, err = v.newWrapped(ctx, c, v.context(ref, c)); err != nil {
				return err
			}
			changes = append(changes, Change{OpCreate, Record{ID: grantID(ref.Grant, c), Body: g.encode()}})
		default:
			return err
		}
	}
	l, err := snap.link(ref)
	if err == nil {
		return sameTerms(l, p)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	l = &linkRecord{token: newToken(), created: snap.now, policy: encodePolicy(p)}
	changes = append(changes, Change{OpCreate, Record{ID: linkID(ref.Grant, ref.Link), Body: l.encode()}})
	if err := v.disk.keys.Apply(ctx, changes...); err != nil {
		return fmt.Errorf("retention: create link: %w", err)
	}
	return v.advance(ctx, snap, false)
}

func sameTerms(l *linkRecord, p Policy) error {
	if l.dead {
		return ErrShredded
	}
	old, err := decodePolicy(l.policy)
	if err != nil {
		return err
	}
	if !old.Equal(p) {
		return ErrFixed
	}
	return nil
}

// newWrapped makes a random key and wraps it for storage.
func (v *Vault) newWrapped(ctx context.Context, c Compartment, cc crypto.Context) (crypto.WrappedKey, error) {
	k, err := crypto.NewDataKey()
	if err != nil {
		return nil, err
	}
	defer k.Wipe()
	return k.Wrap(ctx, v.o.KEKs[c], cc)
}

// retry repeats f while it meets a conflict with another writer, with a growing pause.
func (v *Vault) retry(ctx context.Context, f func() error) error {
	pause := time.Millisecond
	for range 12 {
		err := f()
		if !errors.Is(err, ErrConflict) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause/2 + jitter(pause)):
			pause = min(2*pause, 250*time.Millisecond)
		}
	}
	return ErrConflict
}

// Links returns the names of a grant's links, including those that were deleted, in order. An unknown grant has none.
func (v *Vault) Links(ctx context.Context, grant string) ([]string, error) {
	if !name(grant) {
		return nil, invalid("id of a grant")
	}
	var out []string
	err := v.eachLink(ctx, v.disk, grant, func(link string, _ *linkRecord) error {
		out = append(out, link)
		return nil
	})
	return out, err
}

func (v *Vault) eachLink(ctx context.Context, pl plane, grant string, f func(link string, l *linkRecord) error) error {
	prefix, after := linkID(grant, ""), ""
	for {
		const page = 32
		rs, err := pl.keys.List(ctx, prefix, after, page)
		if err != nil {
			return fmt.Errorf("retention: list links: %w", err)
		}
		for _, r := range rs {
			l, err := decodeLink(r)
			if err != nil {
				return err
			}
			if err := f(strings.TrimPrefix(r.ID, prefix), l); err != nil {
				return err
			}
			after = r.ID
		}
		if len(rs) < page {
			return nil
		}
	}
}

// LinkStatus says what is kept over a link, and for how long, without reading any of it.
type LinkStatus struct {
	Policy    Policy
	Created   time.Time
	Retrieved time.Time // the last successful retrieval; the zero time for none
	Deleted   bool      // then there are no items
	Items     []ItemStatus
}

// ItemStatus is one content that is kept.
type ItemStatus struct {
	Category    model.Category
	Compartment Compartment
	Name        string
	Version     string // random, and another one each time the content is stored
	Size        int
	Stored      time.Time
	Expires     time.Time // [Forever] for as long as the link exists
}

// Status describes a link. Expired items are not in it. An unknown link is an error that wraps [fs.ErrNotExist].
func (v *Vault) Status(ctx context.Context, grant, link string) (LinkStatus, error) {
	ref := Ref{Grant: grant, Link: link}
	if err := ref.check(); err != nil {
		return LinkStatus{}, err
	}
	snap, err := v.snapshot(ctx, grantID(grant, Credentials), linkID(grant, link))
	if err != nil {
		return LinkStatus{}, err
	}
	l, err := snap.link(ref)
	if err != nil {
		return LinkStatus{}, err
	}
	s := LinkStatus{Created: l.created, Retrieved: l.retrieved, Deleted: l.dead}
	if g, err := snap.grant(grant, Credentials); err == nil && g.dead() {
		s.Deleted = true
	}
	if s.Policy, err = decodePolicy(l.policy); err != nil || s.Deleted {
		return s, err
	}
	s.Items = l.status(snap.now)
	if ml, err := v.linkIn(ctx, v.memory, ref); err == nil {
		s.Items = append(s.Items, ml.status(snap.now)...)
	}
	return s, nil
}

func (l *linkRecord) status(now time.Time) []ItemStatus {
	var out []ItemStatus
	for _, b := range l.baskets {
		if b.state != basketLive || !now.Before(b.expires) {
			continue
		}
		place, _ := CompartmentOf(b.category)
		for _, it := range b.items {
			out = append(out, ItemStatus{b.category, place, it.name, it.id, it.size, it.stored, b.expires})
		}
	}
	slices.SortStableFunc(out, func(a, b ItemStatus) int { return strings.Compare(string(a.Category), string(b.Category)) })
	return out
}
