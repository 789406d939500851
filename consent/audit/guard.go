package audit

import (
	"context"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/brondata/brondata/internal/foreign"
	"github.com/brondata/brondata/retention"
)

// guardedStore is a host's [Store], the texts of whose errors are cut off once: see package foreign.
type guardedStore struct{ s Store }

func storeError(op string, err error) error {
	return foreign.Wrap("store "+op, err, ErrConflict, ErrInvalid)
}

func (g guardedStore) Size(ctx context.Context) (int64, error) {
	n, err := g.s.Size(ctx)
	return n, storeError("size", err)
}

func (g guardedStore) Append(ctx context.Context, size int64, rows []Row, hashes []tlog.Hash) error {
	return storeError("append", g.s.Append(ctx, size, rows, hashes))
}

func (g guardedStore) Rows(ctx context.Context, q Query) ([]int64, []Row, error) {
	at, rows, err := g.s.Rows(ctx, q)
	return at, rows, storeError("rows", err)
}

func (g guardedStore) Hashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error) {
	hs, err := g.s.Hashes(ctx, indexes)
	return hs, storeError("hashes", err)
}

func (g guardedStore) Secret(ctx context.Context, id [32]byte, proposal []byte) ([]byte, error) {
	b, err := g.s.Secret(ctx, id, proposal)
	return b, storeError("secret", err)
}

func (g guardedStore) Erase(ctx context.Context, subject [16]byte, secret [32]byte) error {
	return storeError("erase", g.s.Erase(ctx, subject, secret))
}

// Scrub implements [retention.Scrubber]: of a store that is none there is nothing to scrub.
func (g guardedStore) Scrub(ctx context.Context) error {
	if s, ok := g.s.(retention.Scrubber); ok {
		return storeError("scrub", s.Scrub(ctx))
	}
	return nil
}
