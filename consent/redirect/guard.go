package redirect

import (
	"context"
	"time"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/internal/foreign"
)

// This package sees what a host implements through guards, where the text of an error is cut off once: see package foreign.

// guardedStore is a host's [consent.Store].
type guardedStore struct{ s consent.Store }

func storeError(op string, err error) error {
	return foreign.Wrap("store "+op, err, consent.ErrNotFound, consent.ErrConflict, consent.ErrInvalid)
}

func (g guardedStore) Get(ctx context.Context, kind consent.Kind, id string) (consent.Item, error) {
	it, err := g.s.Get(ctx, kind, id)
	return it, storeError("get", err)
}

func (g guardedStore) List(ctx context.Context, kind consent.Kind, owner string) ([]consent.Item, error) {
	items, err := g.s.List(ctx, kind, owner)
	return items, storeError("list", err)
}

func (g guardedStore) Due(ctx context.Context, kind consent.Kind, at time.Time, max int) ([]consent.Item, error) {
	items, err := g.s.Due(ctx, kind, at, max)
	return items, storeError("due", err)
}

func (g guardedStore) Apply(ctx context.Context, changes ...consent.Change) error {
	return storeError("apply", g.s.Apply(ctx, changes...))
}

// guardedKeeper is a host's [Keeper].
type guardedKeeper struct{ k Keeper }

func (g guardedKeeper) Load(ctx context.Context) (crypto.Secret, error) {
	s, err := g.k.Load(ctx)
	return s, foreign.Wrap("keeper", err)
}

func (g guardedKeeper) Save(ctx context.Context, s crypto.Secret) error {
	return foreign.Wrap("keeper", g.k.Save(ctx, s))
}
