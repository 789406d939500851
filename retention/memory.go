package retention

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"
)

// MemoryStore is a [Store] in this process's memory, for tests and for data that must not reach a database. Its rows are
// ordered by expiry, so that Expire removes a prefix. The zero value is ready to use.
type MemoryStore struct {
	mu   sync.RWMutex
	heap []Row // a binary heap by expiry; may hold rows that were deleted
	rows map[Row][]byte
}

var _ Store = (*MemoryStore)(nil)

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore { return new(MemoryStore) }

// Put implements [Store].
func (s *MemoryStore) Put(ctx context.Context, row Row, sealed []byte) error {
	if err := cmp.Or(ctx.Err(), CheckRow(row, sealed)); err != nil {
		return err
	}
	row = normal(row)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == nil {
		s.rows = make(map[Row][]byte)
	}
	if _, there := s.rows[row]; !there {
		s.push(row)
	}
	s.rows[row] = bytes.Clone(sealed)
	return nil
}

// Get implements [Store].
func (s *MemoryStore) Get(ctx context.Context, row Row) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	sealed, ok := s.rows[normal(row)]
	if !ok {
		return nil, fmt.Errorf("retention: row: %w", fs.ErrNotExist)
	}
	return bytes.Clone(sealed), nil
}

// Delete implements [Store].
func (s *MemoryStore) Delete(ctx context.Context, rows ...Row) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, row := range rows {
		row = normal(row)
		if sealed, ok := s.rows[row]; ok {
			clear(sealed)
			delete(s.rows, row)
			n++
		}
	}
	if len(s.heap) > 64 && len(s.heap) > 2*len(s.rows) {
		s.rebuild()
	}
	return n, nil
}

// Expire implements [Store].
func (s *MemoryStore) Expire(ctx context.Context, at time.Time, max int) (int, error) {
	const batch = 1000 // rows per lock: well under a millisecond
	n := 0
	for n < max {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		k, more := s.expire(at, min(batch, max-n))
		if n += k; !more {
			break
		}
	}
	return n, nil
}

func (s *MemoryStore) expire(at time.Time, max int) (n int, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n < max && len(s.heap) > 0 && !s.heap[0].Expires.After(at) {
		row := s.pop()
		if sealed, ok := s.rows[row]; ok {
			clear(sealed)
			delete(s.rows, row)
			n++
		}
	}
	return n, len(s.heap) > 0 && !s.heap[0].Expires.After(at)
}

// Len returns the number of rows.
func (s *MemoryStore) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.rows)
}

// Dump copies all rows, as a backup would.
func (s *MemoryStore) Dump() map[Row][]byte {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make(map[Row][]byte, len(s.rows))
	for row, sealed := range s.rows {
		out[row] = bytes.Clone(sealed)
	}
	return out
}

func (s *MemoryStore) push(row Row) {
	s.heap = append(s.heap, row)
	for i := len(s.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !s.heap[i].Expires.Before(s.heap[up].Expires) {
			break
		}
		s.heap[i], s.heap[up] = s.heap[up], s.heap[i]
		i = up
	}
}

func (s *MemoryStore) pop() Row {
	first, last := s.heap[0], len(s.heap)-1
	s.heap[0] = s.heap[last]
	s.heap[last] = Row{}
	s.heap = s.heap[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			break
		}
		if r := child + 1; r < last && s.heap[r].Expires.Before(s.heap[child].Expires) {
			child = r
		}
		if !s.heap[child].Expires.Before(s.heap[i].Expires) {
			break
		}
		s.heap[i], s.heap[child] = s.heap[child], s.heap[i]
		i = child
	}
	return first
}

func (s *MemoryStore) rebuild() {
	s.heap = s.heap[:0]
	for row := range s.rows {
		s.push(row)
	}
}

// normal makes equal rows equal under ==.
func normal(row Row) Row {
	row.Expires = time.UnixMilli(row.Expires.UnixMilli()).UTC()
	return row
}

// MemoryKeyStore is a [KeyStore] in this process's memory, for tests and for data that must not reach a database. The
// zero value is ready to use.
type MemoryKeyStore struct {
	mu      sync.RWMutex
	records map[string]Record
	ids     []string // sorted
}

var _ KeyStore = (*MemoryKeyStore)(nil)

// NewMemoryKeyStore returns an empty store.
func NewMemoryKeyStore() *MemoryKeyStore { return new(MemoryKeyStore) }

// Get implements [KeyStore].
func (s *MemoryKeyStore) Get(ctx context.Context, ids ...string) ([]Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []Record
	for _, id := range ids {
		if r, ok := s.records[id]; ok {
			out = append(out, cloned(r))
		}
	}
	return out, nil
}

// List implements [KeyStore].
func (s *MemoryKeyStore) List(ctx context.Context, prefix, after string, max int) ([]Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []Record
	from, _ := slices.BinarySearch(s.ids, prefix)
	if after != "" {
		next, found := slices.BinarySearch(s.ids, after)
		if found {
			next++
		}
		if next > from {
			from = next
		}
	}
	for _, id := range s.ids[from:] {
		if len(out) >= max || !strings.HasPrefix(id, prefix) {
			break
		}
		out = append(out, cloned(s.records[id]))
	}
	return out, nil
}

// Due implements [KeyStore]. It looks at every record: memory is for tests.
func (s *MemoryKeyStore) Due(ctx context.Context, at time.Time, max int) ([]Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []Record
	for _, r := range s.records {
		if !r.Due.IsZero() && !r.Due.After(at) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b Record) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID)) })
	out = out[:min(max, len(out))]
	for i := range out {
		out[i] = cloned(out[i])
	}
	return out, nil
}

// Apply implements [KeyStore].
func (s *MemoryKeyStore) Apply(ctx context.Context, changes ...Change) error {
	if err := cmp.Or(ctx.Err(), CheckChanges(changes)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range changes {
		old, there := s.records[c.Record.ID]
		if there != (c.Op != OpCreate) || there && old.Version != c.Record.Version {
			return ErrConflict
		}
	}
	if s.records == nil {
		s.records = make(map[string]Record)
	}
	for _, c := range changes {
		r := cloned(c.Record)
		i, found := slices.BinarySearch(s.ids, r.ID)
		switch c.Op {
		case OpCheck:
			continue
		case OpDelete:
			clear(s.records[r.ID].Body)
			delete(s.records, r.ID)
			s.ids = slices.Delete(s.ids, i, i+1)
			continue
		case OpCreate:
			r.Version = 0
		case OpUpdate:
			clear(s.records[r.ID].Body)
		}
		if r.Version++; !found {
			s.ids = slices.Insert(s.ids, i, r.ID)
		}
		s.records[r.ID] = r
	}
	return nil
}

func cloned(r Record) Record {
	r.Body = bytes.Clone(r.Body)
	if !r.Due.IsZero() {
		r.Due = time.UnixMilli(r.Due.UnixMilli()).UTC()
	}
	return r
}

// wipe overwrites and forgets everything.
func (s *MemoryStore) wipe() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sealed := range s.rows {
		clear(sealed)
	}
	s.rows, s.heap = nil, nil
}
