package audit

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
)

// MemoryStore is a [Store] in this process's memory, for tests and examples.
type MemoryStore struct {
	mu       sync.RWMutex
	rows     []Row
	hashes   []tlog.Hash
	subjects map[[16]byte][]int64
	secrets  map[[32]byte][]byte
}

var _ Store = (*MemoryStore)(nil)

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore {
	return &MemoryStore{subjects: map[[16]byte][]int64{}, secrets: map[[32]byte][]byte{}}
}

// Size implements [Store].
func (s *MemoryStore) Size(ctx context.Context) (int64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return int64(len(s.rows)), ctx.Err()
}

// Append implements [Store].
func (s *MemoryStore) Append(ctx context.Context, size int64, rows []Row, hashes []tlog.Hash) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if int64(len(s.rows)) != size {
		return ErrConflict
	}
	for _, r := range rows {
		r.Leaf, r.Detail = bytes.Clone(r.Leaf), bytes.Clone(r.Detail)
		s.subjects[r.Subject] = append(s.subjects[r.Subject], int64(len(s.rows)))
		s.rows = append(s.rows, r)
	}
	s.hashes = append(s.hashes, hashes...)
	return nil
}

// Rows implements [Store].
func (s *MemoryStore) Rows(ctx context.Context, q Query) ([]int64, []Row, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var indexes []int64
	if q.Subject != nil {
		own := s.subjects[*q.Subject]
		i, _ := slices.BinarySearch(own, q.From)
		indexes = slices.Clone(own[i:min(len(own), i+q.Max)])
	} else {
		for i := q.From; i < int64(len(s.rows)) && len(indexes) < q.Max; i++ {
			indexes = append(indexes, i)
		}
	}
	rows := make([]Row, len(indexes))
	for i, n := range indexes {
		rows[i] = s.rows[n]
	}
	return indexes, rows, ctx.Err()
}

// Hashes implements [Store].
func (s *MemoryStore) Hashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]tlog.Hash, len(indexes))
	for i, n := range indexes {
		if n < 0 || n >= int64(len(s.hashes)) {
			return nil, fmt.Errorf("audit: hash %d is not there", n)
		}
		out[i] = s.hashes[n]
	}
	return out, ctx.Err()
}

// Secret implements [Store].
func (s *MemoryStore) Secret(ctx context.Context, id [32]byte, proposal []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if have, ok := s.secrets[id]; ok || proposal == nil {
		return bytes.Clone(have), nil
	}
	s.secrets[id] = bytes.Clone(proposal)
	return bytes.Clone(proposal), nil
}

// Erase implements [Store].
func (s *MemoryStore) Erase(ctx context.Context, subject [16]byte, secret [32]byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.subjects[subject] {
		s.rows[i].Detail = nil
	}
	delete(s.secrets, secret)
	return nil
}
