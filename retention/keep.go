package retention

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
)

const (
	// chunkSize is the plaintext in one row, so that the sealed row fits MaxChunk.
	chunkSize = MaxChunk - crypto.Overhead
	maxChunks = 1 << 16
)

// Content is one thing that is kept: bytes under a link, a category and a name.
type Content struct {
	Link     string // set by reading; the link's name
	Category model.Category
	Name     string // tells several contents of a category apart: up to 64 letters, digits and - _ . or "" for the only one
	Schema   uint32 // version of the content's encoding; reading returns it, authenticated
	Body     []byte

	Stored  time.Time // set by reading
	Expires time.Time // set by reading
}

// KeepOptions are choices for one collection.
type KeepOptions struct {
	// Discard keeps nothing of this collection ("save_data": false), whatever the policy says.
	Discard bool
	// Stored says of categories since when a part of their contents is kept, where that is carried over from what the link
	// holds: all of the category lives from then, so that nothing lives longer for being stored again. A time that is not before
	// now changes nothing.
	Stored map[model.Category]time.Time
	// Seen is what [Vault.Status] said of the link before the caller read what the contents were made from. Where the link holds
	// anything else by now, but for its state, nothing is stored: [ErrConflict]. What is in memory only is looked at in its own step.
	// Nil stores in any case.
	Seen *LinkStatus
}

// Keep stores what one successful retrieval over a link brought: all of it or, after an error, none. A category that is in
// contents replaces everything of that category that the link had before; the rest stays, and lives on from this retrieval.
// With no contents at all it says that a retrieval succeeded and brought nothing.
//
// What the policy has in memory only is kept by this Vault, in this process, in a second step of its own: no other process has it, nor
// does this one after it was restarted. With [Policy.Discard] or [KeepOptions.Discard] nothing is kept, and nothing that is there
// lives longer for it.
//
// Errors: [fs.ErrNotExist] for a link that was not created, [ErrShredded] when the link, its grant or one of the categories
// was deleted, [ErrExpired] when the policy's end is over, [ErrTooLarge], [ErrInvalid], [ErrClock], [ErrConflict] when it was overtaken
// by other writers or took longer than [Options.Grace]; and those of the stores and the KEK. When the context ends, or the
// process dies, nothing of the contents is visible, and what was written is removed now or by a later sweep.
func (v *Vault) Keep(ctx context.Context, ref Ref, contents []Content, o *KeepOptions) error {
	if err := v.checkContents(ref, contents); err != nil {
		return err
	}
	return v.keep(ctx, ref, o, func(Policy) ([]Content, error) { return contents, nil })
}

// keep is Keep of what may depend on the link's policy.
func (v *Vault) keep(ctx context.Context, ref Ref, o *KeepOptions, what func(Policy) ([]Content, error)) error {
	l, now, err := v.alive(ctx, ref)
	if err != nil {
		return err
	}
	policy, err := decodePolicy(l.policy)
	if err != nil {
		return err
	}
	contents, err := what(policy)
	if err != nil {
		return err
	}
	if policy.Discard || o != nil && o.Discard {
		return nil
	}
	if !policy.Until.IsZero() && !now.Before(policy.Until) {
		return ErrExpired
	}
	var volatile, durable []Content
	for _, c := range contents {
		if policy.InMemory(c.Category) {
			volatile = append(volatile, c)
		} else {
			durable = append(durable, c)
		}
	}
	if o == nil {
		o = &KeepOptions{}
	}
	w := &writing{v: v, pl: v.disk, ref: ref, policy: policy, stored: o.Stored, as: o.seen(policy, false), retrieval: true}
	if err := w.put(ctx, durable); err != nil || len(volatile) == 0 {
		return err
	}
	if err := v.shadow(ctx, ref, l); err != nil {
		return err
	}
	w = &writing{v: v, pl: v.memory, ref: ref, policy: policy, stored: o.Stored, as: o.seen(policy, true)}
	return w.put(ctx, volatile)
}

// seen returns the check that a link holds what the caller saw of it: in memory, or in the stores.
func (o *KeepOptions) seen(p Policy, inMemory bool) func(*linkRecord, time.Time) bool {
	if o.Seen == nil {
		return nil
	}
	versions := func(items []ItemStatus) []string {
		var out []string
		for _, it := range items {
			if it.Category != CategoryState && p.InMemory(it.Category) == inMemory {
				out = append(out, it.Version)
			}
		}
		slices.Sort(out)
		return out
	}
	want := versions(o.Seen.Items)
	return func(l *linkRecord, now time.Time) bool { return slices.Equal(want, versions(l.status(now))) }
}

func (v *Vault) checkContents(ref Ref, contents []Content) error {
	if err := ref.check(); err != nil {
		return err
	}
	type key struct {
		c model.Category
		n string
	}
	seen := make(map[key]bool, len(contents))
	for _, c := range contents {
		switch _, err := CompartmentOf(c.Category); {
		case err != nil:
			return err
		case c.Category == CategoryState:
			return invalid("a link's state is no retrieved content")
		case c.Name != "" && !name(c.Name):
			return invalid("name of a content")
		case len(c.Body) > v.o.MaxContent:
			return ErrTooLarge
		case seen[key{c.Category, c.Name}]:
			return invalid("two contents of one name")
		}
		seen[key{c.Category, c.Name}] = true
	}
	return nil
}

// alive returns a link that can be written to.
func (v *Vault) alive(ctx context.Context, ref Ref) (*linkRecord, time.Time, error) {
	if err := ref.check(); err != nil {
		return nil, time.Time{}, err
	}
	snap, err := v.snapshot(ctx, grantID(ref.Grant, Credentials), linkID(ref.Grant, ref.Link))
	if err != nil {
		return nil, time.Time{}, err
	}
	if g, err := snap.grant(ref.Grant, Credentials); err != nil {
		return nil, time.Time{}, err
	} else if g.dead() {
		return nil, time.Time{}, ErrShredded
	}
	l, err := snap.link(ref)
	if err != nil {
		return nil, time.Time{}, err
	}
	if l.dead {
		return nil, time.Time{}, ErrShredded
	}
	return l, snap.now, v.advance(ctx, snap, false)
}

// shadow makes the record of a link in memory.
func (v *Vault) shadow(ctx context.Context, ref Ref, l *linkRecord) error {
	m := &linkRecord{token: l.token, created: l.created, policy: l.policy}
	err := v.memory.keys.Apply(ctx, Change{OpCreate, Record{ID: linkID(ref.Grant, ref.Link), Body: m.encode()}})
	if errors.Is(err, ErrConflict) {
		return nil
	}
	return err
}
