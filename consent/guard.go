package consent

import (
	"context"
	"time"

	"github.com/brondata/brondata/internal/foreign"
	"github.com/brondata/brondata/retention"
)

// The Manager sees what a host implements through guards, where the text of an error is cut off once: see package foreign.
// What the contracts name keeps its meaning.

// guardedStore is a host's [Store]. Kinds come from code, so an error says which it is about.
type guardedStore struct{ s Store }

func storeError(op string, kind Kind, err error) error {
	if err == nil {
		return nil
	}
	return foreign.Wrap("consent: "+op+" "+string(kind), err, ErrNotFound, ErrConflict, ErrInvalid)
}

func (g guardedStore) Get(ctx context.Context, kind Kind, id string) (Item, error) {
	it, err := g.s.Get(ctx, kind, id)
	return it, storeError("get", kind, err)
}

func (g guardedStore) List(ctx context.Context, kind Kind, owner string) ([]Item, error) {
	items, err := g.s.List(ctx, kind, owner)
	return items, storeError("list", kind, err)
}

func (g guardedStore) Due(ctx context.Context, kind Kind, at time.Time, max int) ([]Item, error) {
	items, err := g.s.Due(ctx, kind, at, max)
	return items, storeError("due", kind, err)
}

func (g guardedStore) Apply(ctx context.Context, changes ...Change) error {
	if err := g.s.Apply(ctx, changes...); err != nil {
		return storeError("apply", changes[0].Item.Kind, err)
	}
	return nil
}

// Scrub implements [retention.Scrubber]: of a store that is none there is nothing to scrub.
func (g guardedStore) Scrub(ctx context.Context) error {
	return foreign.Wrap("consent: scrub", scrub(ctx, g.s))
}

func scrub(ctx context.Context, part any) error {
	if s, ok := part.(retention.Scrubber); ok {
		return s.Scrub(ctx)
	}
	return nil
}

// guardedLog is a host's access log.
type guardedLog struct{ r retention.Recorder }

func (g guardedLog) Record(ctx context.Context, a retention.Access) error {
	return foreign.Wrap("record", g.r.Record(ctx, a))
}

// Scrub implements [retention.Scrubber].
func (g guardedLog) Scrub(ctx context.Context) error {
	return foreign.Wrap("scrub log", scrub(ctx, g.r))
}
