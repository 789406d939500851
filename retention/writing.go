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

// writing is one call of put.
type writing struct {
	v         *Vault
	pl        plane
	ref       Ref
	policy    Policy
	stored    map[model.Category]time.Time            // see KeepOptions
	as        func(l *linkRecord, now time.Time) bool // whether the link is as the caller knows it; nil for any
	retrieval bool
	baskets   []*newBasket
	now       time.Time // of the first attempt
	announced []pending // rows that the record knows of
}

// newBasket is a category that is being replaced.
type newBasket struct {
	category model.Category
	place    Compartment
	items    []item
	bodies   [][]byte
	written  *basket // once its rows are there
}

// put is the protocol of writing. The link's record first says which rows are coming; then they are written; then one
// compare-and-set makes them what the link holds and dooms what it held. So a row is always named by a record before it
// exists, and whoever finds the record can finish what a killed process began.
func (w *writing) put(ctx context.Context, contents []Content) error {
	for _, c := range contents {
		w.add(c)
	}
	err := w.v.retry(ctx, func() error {
		err := w.attempt(ctx)
		if errors.Is(err, crypto.ErrNoSecret) {
			return ErrConflict // the key was wiped under our hands, by a deletion: look again
		}
		return err
	})
	if err != nil {
		w.abandon(ctx)
	}
	if errors.Is(err, errLate) || errors.Is(err, errOther) {
		return ErrConflict // trying again would not help
	}
	return err
}

var (
	// errLate says that a writing took so long that a sweep counted it as killed and removed its rows.
	errLate = errors.New("retention: writing took longer than its grace")
	// errOther says that the link does not hold what the caller saw.
	errOther = errors.New("retention: what the link holds was changed")
)

func (w *writing) add(c Content) {
	place, _ := CompartmentOf(c.Category)
	i := slices.IndexFunc(w.baskets, func(b *newBasket) bool { return b.category == c.Category })
	if i < 0 {
		i = len(w.baskets)
		w.baskets = append(w.baskets, &newBasket{category: c.Category, place: place})
	}
	chunks := max(1, (len(c.Body)+chunkSize-1)/chunkSize)
	w.baskets[i].items = append(w.baskets[i].items,
		item{name: c.Name, id: newToken(), schema: c.Schema, size: len(c.Body), chunks: chunks})
	w.baskets[i].bodies = append(w.baskets[i].bodies, c.Body)
}

// attempt does all of it; a conflict makes put call it again, which then redoes only what has to be.
func (w *writing) attempt(ctx context.Context) error {
	l, check, now, err := w.v.writable(ctx, w.pl, w.ref)
	if err != nil {
		return err
	}
	if w.now.IsZero() {
		w.now = now // one time for all attempts, so that what was written stays as it is
	}
	retrieved := l.retrieved
	if w.retrieval && w.now.After(retrieved) {
		retrieved = w.now
	}
	plan, err := w.plan(l, w.now, retrieved)
	if err != nil {
		return err
	}
	if w.as != nil && !w.as(l, now) {
		return errOther // it stays as it is until commit, whose compare-and-set is on this record
	}
	if l, err = w.announce(ctx, l, plan, now); err != nil {
		return err
	}
	if err := w.write(ctx, l, plan); err != nil {
		return err
	}
	done, err := w.commit(ctx, l, plan, now, retrieved, check)
	if err != nil {
		return err
	}
	// The new state is visible. What follows is tidying, which a sweep does as well: it cannot fail the call.
	w.v.tidy(context.WithoutCancel(ctx), w.pl, w.ref, done)
	return nil
}

// planned is one basket as it is going to be.
type planned struct {
	basket
	fresh *newBasket // nil for one that only lives longer
	was   *basket    // what it replaces
}

// plan says what the link's baskets are going to be.
func (w *writing) plan(l *linkRecord, now, retrieved time.Time) ([]planned, error) {
	var out []planned
	for _, nb := range w.baskets {
		stored := now
		if t, ok := w.stored[nb.category]; ok && t.Before(now) {
			stored = floor(t)
		}
		b := basket{category: nb.category, state: basketLive, expires: w.policy.DataExpiry(nb.category, stored, retrieved)}
		if nb.category == CategoryState {
			b.expires = w.policy.CredentialsExpiry(l.created)
		} else if !w.retrieval {
			b.expires = w.policy.DataExpiry(nb.category, stored, now) // in memory: its own life is the shortest
		}
		if !now.Before(b.expires) {
			return nil, ErrExpired
		}
		for _, it := range nb.items {
			it.stored = stored
			b.items = append(b.items, it)
		}
		was := l.basket(nb.category)
		if was != nil && was.state == basketDeleted {
			return nil, ErrShredded
		}
		out = append(out, planned{b, nb, was})
	}
	if !w.retrieval {
		return out, nil
	}
	for i := range l.baskets {
		was := &l.baskets[i]
		if was.state != basketLive || was.category == CategoryState || !now.Before(was.expires) ||
			slices.ContainsFunc(w.baskets, func(nb *newBasket) bool { return nb.category == was.category }) {
			continue
		}
		// Data of an earlier retrieval lives on, each no longer than its own category's life allows.
		b := *was
		for k, it := range was.items {
			if t := w.policy.DataExpiry(was.category, it.stored, retrieved); k == 0 || t.Before(b.expires) {
				b.expires = t
			}
		}
		if b.expires.After(was.expires) {
			out = append(out, planned{b, nil, was})
		}
	}
	return out, nil
}

// announce makes the record name the rows that are coming.
func (w *writing) announce(ctx context.Context, l *linkRecord, plan []planned, now time.Time) (*linkRecord, error) {
	var coming []pending
	for i := range plan {
		for _, p := range plan[i].rows() {
			p.doomed, p.deadline = false, now.Add(w.v.o.Grace)
			if slices.ContainsFunc(l.pending, p.same) {
				continue
			}
			if slices.ContainsFunc(w.announced, p.same) {
				return nil, errLate
			}
			coming = append(coming, p)
		}
	}
	if len(coming) == 0 {
		return l, nil
	}
	next := *l
	next.pending = append(slices.Clone(l.pending), coming...)
	if err := w.v.save(ctx, w.pl, w.ref, &next, now); err != nil {
		return nil, err
	}
	w.announced = append(w.announced, coming...)
	return &next, nil
}

// write puts the rows and wraps the baskets' keys.
func (w *writing) write(ctx context.Context, l *linkRecord, plan []planned) error {
	snap, err := w.v.snapshot(ctx, grantID(w.ref.Grant, Identity), grantID(w.ref.Grant, Financial), grantID(w.ref.Grant, Credentials))
	if err != nil {
		return err
	}
	for i := range plan {
		p := &plan[i]
		place, _ := CompartmentOf(p.category)
		g, err := snap.grant(w.ref.Grant, place)
		if err != nil {
			return err
		}
		if g.dead() {
			return ErrShredded
		}
		if p.fresh != nil && p.fresh.written != nil && p.fresh.written.expires.Equal(p.expires) {
			p.basket = *p.fresh.written // by an earlier attempt
			continue
		}
		over, err := w.v.layersFor(ctx, w.ref, g, place, p.expires, true)
		if err != nil {
			return err
		}
		cc := w.v.basketContext(w.ref, place, p.category, l.token, p.expires)
		if p.fresh == nil {
			err = w.move(ctx, l, p, g, over, cc)
		} else {
			err = w.fill(ctx, l, p, place, over, cc)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fill seals new contents under a new key.
func (w *writing) fill(ctx context.Context, l *linkRecord, p *planned, place Compartment, over layers, cc crypto.Context) error {
	key, err := crypto.NewDataKey()
	if err != nil {
		return err
	}
	defer key.Wipe()
	if p.key, err = key.Wrap(ctx, over, cc); err != nil {
		return err
	}
	var sealed []byte
	for i, it := range p.items {
		for n := range it.chunks {
			body := p.fresh.bodies[i][n*chunkSize : min(len(p.fresh.bodies[i]), (n+1)*chunkSize)]
			if sealed, err = key.Seal(sealed[:0], body, chunkContext(cc, l.token, it, n)); err != nil {
				return err
			}
			if err := w.pl.stores[place].Put(ctx, Row{p.expires, l.token, it.id, n}, sealed); err != nil {
				return fmt.Errorf("retention: %w", err)
			}
		}
	}
	b := p.basket
	p.fresh.written = &b
	return nil
}

// move copies sealed rows to a later expiry and wraps their key for it. Rows that are not there stay as they are.
func (w *writing) move(ctx context.Context, l *linkRecord, p *planned, g *grantRecord, over layers, cc crypto.Context) error {
	place, _ := CompartmentOf(p.category)
	key, _, err := w.v.basketKey(ctx, w.ref, g, l.token, p.was)
	if err != nil {
		return err
	}
	if p.key, err = key.Wrap(ctx, over, cc); err != nil {
		return err
	}
	for _, it := range p.items {
		for n := range it.chunks {
			sealed, err := w.pl.stores[place].Get(ctx, Row{p.was.expires, l.token, it.id, n})
			if errors.Is(err, fs.ErrNotExist) {
				// Lost, which reading reports. It must not keep the others from being stored.
				p.basket = *p.was
				return nil
			}
			if err != nil {
				return fmt.Errorf("retention: %w", err)
			}
			if err := w.pl.stores[place].Put(ctx, Row{p.expires, l.token, it.id, n}, sealed); err != nil {
				return fmt.Errorf("retention: %w", err)
			}
		}
	}
	return nil
}

// commit makes the plan what the link holds.
func (w *writing) commit(ctx context.Context, l *linkRecord, plan []planned, now, retrieved time.Time, check []Change) (*linkRecord, error) {
	next := *l
	next.retrieved = retrieved
	next.baskets = slices.Clone(l.baskets)
	next.pending = slices.Clone(l.pending)
	for i := range plan {
		p := &plan[i]
		for _, row := range p.rows() {
			if k := slices.IndexFunc(next.pending, row.same); k < 0 || next.pending[k].doomed {
				if p.was == nil || !p.expires.Equal(p.was.expires) {
					return nil, errLate
				}
			} else {
				next.pending = slices.Delete(next.pending, k, k+1)
			}
		}
		old := next.basket(p.category)
		if old == nil {
			next.baskets = append(next.baskets, p.basket)
			continue
		}
		for _, row := range old.rows() {
			if !slices.ContainsFunc(p.rows(), row.same) {
				next.pending = append(next.pending, row)
			}
		}
		*old = p.basket
	}
	// What another attempt announced and this one does not use is doomed now.
	for i, row := range next.pending {
		if slices.ContainsFunc(w.announced, row.same) {
			next.pending[i].doomed = true
		}
	}
	next.prune(now)
	if err := w.v.save(ctx, w.pl, w.ref, &next, now, check...); err != nil {
		return nil, err
	}
	w.announced = nil
	return &next, nil
}

// abandon removes what was written, as far as it can.
func (w *writing) abandon(ctx context.Context) {
	if len(w.announced) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	var doomed *linkRecord
	err := w.v.edit(ctx, w.pl, w.ref, func(l *linkRecord, _ time.Time) error {
		for _, row := range w.announced {
			row.doomed = true
			if i := slices.IndexFunc(l.pending, row.same); i >= 0 {
				l.pending[i].doomed = true
			} else if !l.holds(row) {
				l.pending = append(l.pending, row) // a sweep thought that this was done
			}
		}
		doomed = l
		return nil
	})
	if err == nil && doomed != nil {
		w.v.tidy(ctx, w.pl, w.ref, doomed)
	}
}
