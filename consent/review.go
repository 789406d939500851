package consent

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

// Review prepares a release: it reduces a dossier to what the grant covers, less the categories that the subject leaves
// out (a category as a whole; single records and fields cannot be left out), and stores the digest of exactly that as a pending release. It returns the release with the reduced dossier: what
// the subject has to see, and what a recipient would get. The digest is void after [Limits].Review, or as soon as
// anything that it covers changes: records, the documents that they are from, with when they were retrieved, and coverage. The same
// data, retrieved again, is another content.
//
// [*Refusal]: the grant permits nothing now. [ErrVoid]: the recipient has no key yet, so nothing could be sealed.
// [ErrInvalid]: nothing is left to release.
func (m *Manager) Review(ctx context.Context, by Actor, id GrantID, d *model.Dossier, leaveOut []model.Category) (Release, *model.Dossier, error) {
	if d == nil {
		return Release{}, nil, invalid("no dossier")
	}
	if err := m.clock.sync(ctx); err != nil {
		return Release{}, nil, err
	}
	g, err := m.load(ctx, id)
	if err != nil {
		return Release{}, nil, m.Refused(ctx, by, ActionReview, Grant{ID: id}, err)
	}
	r, d, err := m.review(ctx, by, g, d, leaveOut)
	if err != nil {
		return Release{}, nil, m.Refused(ctx, by, ActionReview, g, err)
	}
	return r, d, nil
}

func (m *Manager) review(ctx context.Context, by Actor, g Grant, d *model.Dossier, leaveOut []model.Category) (Release, *model.Dossier, error) {
	if err := m.allow(ctx, by, ActionReview, g); err != nil {
		return Release{}, nil, err
	}
	// Before the log is told that it was granted.
	if err := usable(g.State, m.clock.now(), g.Term); err != nil {
		return Release{}, nil, err
	}
	key, _, err := m.recipient(ctx, g.Recipient.ID)
	if errors.Is(err, ErrNotFound) {
		return Release{}, nil, fmt.Errorf("%w: recipient has no key", ErrVoid)
	}
	if err != nil {
		return Release{}, nil, err
	}
	for _, c := range leaveOut {
		if !g.Scope.Has(c) {
			return Release{}, nil, invalid("category left out is not in the scope")
		}
	}
	r := Release{
		ID: ReleaseID(newID()), State: ReleasePending, Grant: g.ID, Recipient: g.Recipient.ID, KeyID: keyID(key),
		LeftOut: slices.Clone(leaveOut), ReviewedBy: by.signature(),
	}
	out, err := r.reduce(g, d)
	if err != nil {
		return Release{}, nil, err
	}
	if len(out.dossier.Records) == 0 {
		return Release{}, nil, invalid("nothing is left to release")
	}
	r.Digest, r.Content = out.digest, out.content
	r.Records, r.Categories = len(out.dossier.Records), out.categories()
	if err := m.record(ctx, by, ActionReview, g, r.Categories); err != nil {
		return Release{}, nil, err
	}
	err = m.retry(ctx, func() error {
		now := m.clock.now()
		if err := usable(g.State, now, g.Term); err != nil {
			return err
		}
		r.Reviewed, r.ApproveBy = now, now.Add(or(m.limits.Review, defaultReview))
		if g.ValidUntil.Before(r.ApproveBy) {
			r.ApproveBy = g.ValidUntil
		}
		err := m.apply(ctx, r.change(OpCreate), Change{OpCheck, Item{Kind: kindGrant, ID: string(g.ID), Version: g.Version}})
		if errors.Is(err, ErrConflict) {
			cur, err2 := m.load(ctx, g.ID)
			if err2 != nil {
				return err2
			}
			g = cur
		}
		return err
	})
	if err != nil {
		return Release{}, nil, err
	}
	r.Version = 1
	return r, out.dossier, nil
}

// keyID names a recipient's key in a digest: its whole fingerprint, for what the subject approves is that very key.
func keyID(k crypto.RecipientKey) string { return k.Fingerprint().String() }

// content is what a release sends.
type content struct {
	dossier *model.Dossier
	payload []byte       // its JSON
	digest  model.Digest // of the review: what the subject approves
	content model.Digest // of the payload
}

// reduce makes the content of a release out of a dossier: the same in a review and when it is sealed. Reducing what was
// reduced changes nothing, so either form of the dossier may be given.
func (r *Release) reduce(g Grant, d *model.Dossier) (content, error) {
	scope := g.Scope.Without(r.LeftOut...)
	out := content{dossier: d.Minimise(scope)}
	if len(r.LeftOut) > 0 {
		countAnew(out.dossier)
	}
	if g.Purpose.LegalBasis == "" && namesBSN(scope) {
		return content{}, refuse(ReasonScope) // Propose refuses such a scope; a store could hold one all the same
	}
	var err error
	if out.payload, err = out.dossier.MarshalJSON(); err != nil {
		return content{}, fmt.Errorf("consent: release: %w", err)
	}
	out.content = sha256.Sum256(out.payload)
	out.digest, err = model.ReviewDigest(string(g.ID), r.Recipient, r.KeyID, out.dossier.Records)
	if err != nil {
		return content{}, fmt.Errorf("consent: release: %w", err)
	}
	return out, nil
}

// countAnew makes the attempts of a dossier count no document but those that are in it, and gives their groups new numbers: by
// the others a recipient could tell that, and how much, was left out.
func countAnew(d *model.Dossier) {
	type group struct {
		institution model.InstitutionID
		source      model.SourceID
		number      int
	}
	groups := map[group]int{}
	for i := range d.Documents {
		info := &d.Documents[i]
		if info.Group == 0 {
			continue
		}
		k := group{info.Institution, info.Source, info.Group}
		if groups[k] == 0 {
			groups[k] = len(groups) + 1
		}
		info.Group = groups[k]
	}
	for i := range d.Coverage {
		c := &d.Coverage[i]
		for j := range c.Attempts {
			a, n := &c.Attempts[j], 0
			for _, info := range d.Documents {
				if info.Institution == c.Institution && info.Source == a.Source {
					n++
				}
			}
			a.Documents = min(a.Documents, n)
		}
	}
}

func (c content) categories() []model.Category {
	var out []model.Category
	for _, cat := range model.Categories() {
		if slices.ContainsFunc(c.dossier.Records, func(r model.Record) bool { return r.Category() == cat }) {
			out = append(out, cat)
		}
	}
	return out
}

// keepUntil is until when all of the content may be kept under its grant, to the millisecond, as vaults and stores have it, towards the
// earlier. A package can only be kept or deleted as a whole, so the record whose time is over first decides.
func (c content) keepUntil(g Grant) time.Time {
	until := g.ValidUntil
	for _, r := range c.dossier.Records {
		keep := g.Purpose.Keep[r.Category()]
		if keep <= 0 {
			continue
		}
		if t := c.dossier.Documents[r.Head().Provenance.Document].Retrieved.Add(keep); t.Before(until) {
			until = t
		}
	}
	return until.UTC().Truncate(time.Millisecond)
}

// Seal seals what the subject approved to the recipient's key and returns the package. It is the only way from a dossier to
// a package. The dossier is that of the review, whole or reduced. Sealing happens once: a repeated call returns the same
// bytes, until [Manager.MarkDelivered]; d may then be nil. When the recipient's key was replaced before that, the release is void: the
// package is deleted and not handed out again, for somebody else may have the old key. A host that had passed it on says so by
// MarkDelivered before it asks again. From [Release].KeepUntil on it is void as well: a package is kept no longer than what is in it.
//
// The moment in which a release becomes sealed is one change in the store that requires the grant and the key to be as
// they were: of a concurrent revoke, either this or that comes first, and after a revoke nothing is sealed or returned. The
// bytes are returned after the access log has the entry.
//
// [*Refusal]: the grant permits nothing now. [ErrVoid]: the approval is for another digest, or content, grant or key changed
// since the review, it was too long ago, or the content may be kept no longer. [ErrDelivered]: it was delivered before.
func (m *Manager) Seal(ctx context.Context, by Actor, a Approval, d *model.Dossier) (crypto.Package, error) {
	if m.signer == nil {
		return crypto.Package{}, invalid("no signer")
	}
	if err := m.clock.sync(ctx); err != nil {
		return crypto.Package{}, err
	}
	var p crypto.Package
	var asked Grant
	err := m.retry(ctx, func() error {
		r, g, err := m.releaseFor(ctx, by, a.Release, ActionRelease)
		asked = g
		if err != nil {
			return err
		}
		if subtle.ConstantTimeCompare(a.Digest[:], r.Digest[:]) != 1 {
			return fmt.Errorf("%w: approval is for another review", ErrVoid)
		}
		if r.State == ReleaseSealed {
			p, err = m.sealed(ctx, by, ActionRelease, r, g)
			return err
		}
		p, err = m.seal(ctx, by, r, g, d)
		return err
	})
	if err != nil {
		return crypto.Package{}, m.Refused(ctx, by, ActionRelease, asked, err)
	}
	return p, nil
}

// releaseFor loads a release and its grant, which must be usable. What was sealed and may be kept no longer is [ErrVoid].
func (m *Manager) releaseFor(ctx context.Context, by Actor, id ReleaseID, a Action) (Release, Grant, error) {
	if !id.Valid() {
		return Release{}, Grant{}, fmt.Errorf("%w: release", ErrNotFound)
	}
	it, err := m.store.Get(ctx, kindRelease, string(id))
	if err != nil {
		return Release{}, Grant{}, err
	}
	r, err := decodeRelease(it)
	if err != nil {
		return Release{}, Grant{}, err
	}
	g, err := m.load(ctx, r.Grant)
	if err != nil {
		return Release{}, Grant{}, err
	}
	if err := m.allow(ctx, by, a, g); err != nil {
		return Release{}, g, err
	}
	if err := usable(g.State, m.clock.now(), g.Term); err != nil {
		return r, g, err
	}
	return r, g, m.keepable(ctx, r)
}

func (m *Manager) seal(ctx context.Context, by Actor, r Release, g Grant, d *model.Dossier) (crypto.Package, error) {
	now := m.clock.now()
	next, err := NextRelease(r.State, ReleaseSeal, now, r.ApproveBy)
	if err != nil {
		return crypto.Package{}, err
	}
	if d == nil {
		return crypto.Package{}, invalid("no dossier")
	}
	key, keyItem, err := m.recipient(ctx, r.Recipient)
	if err != nil {
		return crypto.Package{}, err
	}
	if keyID(key) != r.KeyID {
		return crypto.Package{}, fmt.Errorf("%w: recipient has another key", ErrVoid)
	}
	c, err := r.reduce(g, d)
	if err != nil {
		return crypto.Package{}, err
	}
	if c.digest != r.Digest || c.content != r.Content {
		return crypto.Package{}, fmt.Errorf("%w: content changed since the review", ErrVoid)
	}
	if r.KeepUntil = c.keepUntil(g); r.over(now) {
		return crypto.Package{}, errKeptNoLonger
	}
	p, err := crypto.SealPackage(ctx, crypto.PackageParams{
		ReleaseID: string(r.ID), GrantID: string(g.ID), Purpose: string(g.Purpose.ID), Created: now,
		Recipients: []crypto.RecipientKey{key}, Sender: m.signer,
	}, c.payload)
	if err != nil {
		return crypto.Package{}, fmt.Errorf("consent: seal: %w", err)
	}
	r.State, r.Sealed, r.SealedBy = next, now, by.signature()
	ev := m.event(by, ActionRelease, g)
	ev.Access.Categories, ev.Access.Items, ev.Access.Outcome = r.Categories, r.Records, retention.OutcomeGranted
	keyItem.Body = nil
	err = m.apply(ctx, r.change(OpUpdate), ev.change(),
		Change{OpCreate, Item{Kind: kindPackage, ID: string(r.ID), Owner: string(g.ID), Body: p.Bytes()}},
		Change{OpCheck, Item{Kind: kindGrant, ID: string(g.ID), Version: g.Version}},
		Change{OpCheck, keyItem})
	if err != nil {
		return crypto.Package{}, err // on a conflict, Seal looks at everything again
	}
	if err := m.deliver(ctx, ev); err != nil {
		return crypto.Package{}, err // sealed and stored; a retry gets it once the log takes entries again
	}
	return p, nil
}

// sealed returns the stored package of a sealed release, under a grant that was just found usable, after the log has the action.
func (m *Manager) sealed(ctx context.Context, by Actor, a Action, r Release, g Grant) (crypto.Package, error) {
	it, err := m.store.Get(ctx, kindPackage, string(r.ID))
	if errors.Is(err, ErrNotFound) {
		return crypto.Package{}, ErrConflict // delivered or void meanwhile: look again
	}
	if err != nil {
		return crypto.Package{}, fmt.Errorf("consent: release: %w", err)
	}
	p, err := crypto.ParsePackage(it.Body)
	if err != nil {
		return crypto.Package{}, fmt.Errorf("consent: release: %w", errStored)
	}
	if err := m.stillFor(ctx, r); err != nil {
		return crypto.Package{}, err
	}
	if err := m.record(ctx, by, a, g, r.Categories); err != nil {
		return crypto.Package{}, err
	}
	// Grant, key and time are looked at once more after everything that takes time.
	if cur, err := m.load(ctx, g.ID); err != nil {
		return crypto.Package{}, err
	} else if err := usable(cur.State, m.clock.now(), cur.Term); err != nil {
		return crypto.Package{}, err
	}
	if err := m.stillFor(ctx, r); err != nil {
		return crypto.Package{}, err
	}
	if err := m.keepable(ctx, r); err != nil {
		return crypto.Package{}, err
	}
	return p, nil
}

var errKeptNoLonger = fmt.Errorf("%w: its content may be kept no longer", ErrVoid)

// keepable returns nil while the package of a release may be kept, and for one that has none. From then on it is void, with this reason
// also after a sweep.
func (m *Manager) keepable(ctx context.Context, r Release) error {
	if r.State == ReleaseDelivered || !r.over(m.clock.now()) {
		return nil
	}
	if r.State == ReleaseSealed {
		if err := m.void(ctx, r); err != nil {
			return err
		}
		_ = scrub(ctx, m.store) // what remains in its files goes with a sweep at the latest
	}
	return errKeptNoLonger
}

// stillFor returns nil if a sealed release is for the key that its recipient has now. Else it is void: a key is replaced because
// somebody else may have it.
func (m *Manager) stillFor(ctx context.Context, r Release) error {
	key, _, err := m.recipient(ctx, r.Recipient)
	if err != nil || keyID(key) == r.KeyID {
		return err
	}
	if err := m.void(ctx, r); err != nil {
		return err
	}
	_ = scrub(ctx, m.store) // what remains in its files goes with a sweep at the latest
	return fmt.Errorf("%w: recipient has another key", ErrVoid)
}

// MarkDelivered says that the recipient has the package: its bytes are deleted and the release is used up. Repeating it
// changes nothing and is no error. It works under an ended grant and after [Release].KeepUntil too, as long as neither a
// sweep nor a call that was turned down has voided the release: what was delivered was delivered.
func (m *Manager) MarkDelivered(ctx context.Context, by Actor, id ReleaseID) error {
	var asked Grant
	err := m.retry(ctx, func() error {
		if !id.Valid() {
			return fmt.Errorf("%w: release", ErrNotFound)
		}
		it, err := m.store.Get(ctx, kindRelease, string(id))
		if err != nil {
			return err
		}
		r, err := decodeRelease(it)
		if err != nil {
			return err
		}
		g, err := m.load(ctx, r.Grant)
		if err != nil {
			return err
		}
		asked = g
		if err := m.allow(ctx, by, ActionDeliver, g); err != nil {
			return err
		}
		if r.State == ReleaseDelivered {
			return nil
		}
		now := m.clock.now()
		if r.State, err = NextRelease(r.State, ReleaseDeliver, now, r.ApproveBy); err != nil {
			return err
		}
		r.Delivered = now
		ev := m.event(by, ActionDeliver, g)
		ev.Access.Categories = r.Categories
		if err := m.apply(ctx, r.change(OpUpdate), ev.change(), packageDelete(r.ID)); err != nil {
			return err
		}
		m.flush(ctx, ev)
		_ = scrub(ctx, m.store) // what remains in its files goes with a sweep at the latest
		return nil
	})
	return m.Refused(ctx, by, ActionDeliver, asked, err)
}

// packageDelete deletes a stored package, which is written once and never changed.
func packageDelete(id ReleaseID) Change {
	return Change{OpDelete, Item{Kind: kindPackage, ID: string(id), Version: 1}}
}
