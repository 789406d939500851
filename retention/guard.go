package retention

import (
	"context"
	"io/fs"
	"reflect"
	"time"

	"github.com/brondata/brondata/internal/foreign"
)

// The vault sees a host's stores through guards, where the text of an error is cut off once: see package foreign. What the
// contracts name keeps its meaning.

// guardedStore is a host's [Store].
type guardedStore struct{ s Store }

var _ Scrubber = (*guardedStore)(nil)

func storeError(op string, err error) error {
	return foreign.Wrap("store "+op, err, fs.ErrNotExist, ErrInvalid)
}

func (g *guardedStore) Put(ctx context.Context, row Row, sealed []byte) error {
	return storeError("put", g.s.Put(ctx, row, sealed))
}

func (g *guardedStore) Get(ctx context.Context, row Row) ([]byte, error) {
	b, err := g.s.Get(ctx, row)
	return b, storeError("get", err)
}

func (g *guardedStore) Delete(ctx context.Context, rows ...Row) (int, error) {
	n, err := g.s.Delete(ctx, rows...)
	return n, storeError("delete", err)
}

func (g *guardedStore) Expire(ctx context.Context, at time.Time, max int) (int, error) {
	n, err := g.s.Expire(ctx, at, max)
	return n, storeError("expire", err)
}

// Scrub implements [Scrubber]: of a store that is none there is nothing to scrub.
func (g *guardedStore) Scrub(ctx context.Context) error { return scrub(ctx, g.s) }

// guardedKeys is a host's [KeyStore].
type guardedKeys struct{ k KeyStore }

var _ Scrubber = (*guardedKeys)(nil)

func keysError(op string, err error) error {
	return foreign.Wrap("key store "+op, err, ErrConflict, ErrInvalid)
}

func (g *guardedKeys) Get(ctx context.Context, ids ...string) ([]Record, error) {
	rs, err := g.k.Get(ctx, ids...)
	return rs, keysError("get", err)
}

func (g *guardedKeys) List(ctx context.Context, prefix, after string, max int) ([]Record, error) {
	rs, err := g.k.List(ctx, prefix, after, max)
	return rs, keysError("list", err)
}

func (g *guardedKeys) Due(ctx context.Context, at time.Time, max int) ([]Record, error) {
	rs, err := g.k.Due(ctx, at, max)
	return rs, keysError("due", err)
}

func (g *guardedKeys) Apply(ctx context.Context, changes ...Change) error {
	return keysError("apply", g.k.Apply(ctx, changes...))
}

// Scrub implements [Scrubber].
func (g *guardedKeys) Scrub(ctx context.Context) error { return scrub(ctx, g.k) }

func scrub(ctx context.Context, store any) error {
	if s, ok := store.(Scrubber); ok {
		return foreign.Wrap("retention: scrub", s.Scrub(ctx))
	}
	return nil
}

// guards makes the guards of data stores: one for each, however many compartments it serves.
type guards []*guardedStore

func (gs *guards) of(s Store) *guardedStore {
	for _, g := range *gs {
		if reflect.TypeOf(s) == reflect.TypeOf(g.s) && reflect.ValueOf(s).Comparable() && s == g.s {
			return g
		}
	}
	g := &guardedStore{s}
	*gs = append(*gs, g)
	return g
}
