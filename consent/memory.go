package consent

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// MemoryStore is a [Store] in this process's memory: for tests, examples and programs that keep nothing. The zero value
// is not usable; see [NewMemoryStore].
type MemoryStore struct {
	mu    sync.RWMutex
	items map[memoryKey]Item
	// owned and due are indexes: by owner, and by time in order.
	owned map[memoryKey]map[string]struct{}
	due   map[Kind]*hours
}

type memoryKey struct {
	kind Kind
	id   string // or owner
}

// hours is an index by time: a set of ids per hour, and the hours in order. Unlike a sorted list it takes a million
// grants in and out without moving them.
type hours struct {
	order []int64
	sets  map[int64]map[string]int64 // hour → id → Unix milliseconds
}

const hourMillis = 3_600_000

func (h *hours) add(at int64, id string) {
	hour := at / hourMillis
	if h.sets[hour] == nil {
		h.sets[hour] = map[string]int64{}
		i, _ := slices.BinarySearch(h.order, hour)
		h.order = slices.Insert(h.order, i, hour)
	}
	h.sets[hour][id] = at
}

func (h *hours) remove(at int64, id string) {
	hour := at / hourMillis
	if delete(h.sets[hour], id); len(h.sets[hour]) == 0 {
		delete(h.sets, hour)
		if i, ok := slices.BinarySearch(h.order, hour); ok {
			h.order = slices.Delete(h.order, i, i+1)
		}
	}
}

// until returns at most max ids whose time is at or before at, the earliest first.
func (h *hours) until(at int64, max int) []string {
	var ids []string
	for _, hour := range h.order {
		if len(ids) >= max || hour > at/hourMillis {
			break
		}
		set := h.sets[hour]
		part := make([]string, 0, len(set))
		for id, t := range set {
			if t <= at {
				part = append(part, id)
			}
		}
		slices.SortFunc(part, func(a, b string) int { return cmp.Or(cmp.Compare(set[a], set[b]), strings.Compare(a, b)) })
		ids = append(ids, part[:min(len(part), max-len(ids))]...)
	}
	return ids
}

var _ Store = (*MemoryStore)(nil)

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore {
	return &MemoryStore{
		items: map[memoryKey]Item{},
		owned: map[memoryKey]map[string]struct{}{},
		due:   map[Kind]*hours{},
	}
}

// Get implements [Store].
func (s *MemoryStore) Get(ctx context.Context, kind Kind, id string) (Item, error) {
	if err := ctx.Err(); err != nil {
		return Item{}, err
	}
	s.mu.RLock()
	it, ok := s.items[memoryKey{kind, id}]
	s.mu.RUnlock()
	if !ok {
		return Item{}, fmt.Errorf("%w: %s", ErrNotFound, kind)
	}
	return it, nil
}

// List implements [Store].
func (s *MemoryStore) List(ctx context.Context, kind Kind, owner string) ([]Item, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []Item
	for id := range s.owned[memoryKey{kind, owner}] {
		out = append(out, s.items[memoryKey{kind, id}])
	}
	slices.SortFunc(out, func(a, b Item) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// Due implements [Store].
func (s *MemoryStore) Due(ctx context.Context, kind Kind, at time.Time, max int) ([]Item, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	index := s.due[kind]
	if index == nil {
		return nil, nil
	}
	var out []Item
	for _, id := range index.until(at.UnixMilli(), max) {
		out = append(out, s.items[memoryKey{kind, id}])
	}
	return out, nil
}

// Apply implements [Store].
func (s *MemoryStore) Apply(ctx context.Context, changes ...Change) error {
	if err := CheckChanges(changes); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range changes {
		old, ok := s.items[memoryKey{c.Item.Kind, c.Item.ID}]
		if ok != (c.Op != OpCreate) || ok && old.Version != c.Item.Version {
			return fmt.Errorf("%w: %s", ErrConflict, c.Item.Kind)
		}
	}
	for _, c := range changes {
		switch c.Op {
		case OpCreate:
			c.Item.Version = 1
			s.put(c.Item)
		case OpUpdate:
			c.Item.Version++
			s.remove(c.Item.Kind, c.Item.ID)
			s.put(c.Item)
		case OpDelete:
			s.remove(c.Item.Kind, c.Item.ID)
		}
	}
	return nil
}

func (s *MemoryStore) put(it Item) {
	it.Body = slices.Clone(it.Body)
	if !it.Due.IsZero() {
		it.Due = CeilMilli(it.Due)
		if s.due[it.Kind] == nil {
			s.due[it.Kind] = &hours{sets: map[int64]map[string]int64{}}
		}
		s.due[it.Kind].add(it.Due.UnixMilli(), it.ID)
	}
	if it.Owner != "" {
		k := memoryKey{it.Kind, it.Owner}
		if s.owned[k] == nil {
			s.owned[k] = map[string]struct{}{}
		}
		s.owned[k][it.ID] = struct{}{}
	}
	s.items[memoryKey{it.Kind, it.ID}] = it
}

func (s *MemoryStore) remove(kind Kind, id string) {
	k := memoryKey{kind, id}
	it := s.items[k]
	delete(s.items, k)
	if !it.Due.IsZero() {
		s.due[kind].remove(it.Due.UnixMilli(), id)
	}
	if it.Owner != "" {
		o := memoryKey{kind, it.Owner}
		if delete(s.owned[o], id); len(s.owned[o]) == 0 {
			delete(s.owned, o)
		}
	}
}

// CheckChanges reports whether changes are such that a store must do them: for those who implement [Store]. The error
// wraps [ErrInvalid].
func CheckChanges(changes []Change) error {
	if len(changes) == 0 || len(changes) > 64 {
		return invalid("number of changes")
	}
	for i, c := range changes {
		it := c.Item
		switch {
		case c.Op < OpCreate || c.Op > OpCheck:
			return invalid("operation of a change")
		case it.Kind == "" || len(it.Kind) > 64 || it.ID == "" || len(it.ID) > maxText || len(it.Owner) > maxText:
			return invalid("name of an item")
		case len(it.Body) > 64<<20:
			return invalid("size of an item")
		}
		for _, d := range changes[:i] {
			if d.Item.Kind == it.Kind && d.Item.ID == it.ID {
				return invalid("two changes to one item")
			}
		}
	}
	return nil
}

// CeilMilli rounds a time up to the millisecond, in UTC, as stores keep Due: for those who implement [Store].
func CeilMilli(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	r := t.UTC().Truncate(time.Millisecond)
	if r.Before(t) {
		r = r.Add(time.Millisecond)
	}
	return r
}
