package consenttest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/consent/consenttest"
)

// broken is a store that breaks one rule: what is set here is done instead of what the memory store does.
type broken struct {
	consent.Store
	get   func(s consent.Store, ctx context.Context, kind consent.Kind, id string) (consent.Item, error)
	list  func(s consent.Store, ctx context.Context, kind consent.Kind, owner string) ([]consent.Item, error)
	due   func(s consent.Store, ctx context.Context, kind consent.Kind, at time.Time, max int) ([]consent.Item, error)
	apply func(s consent.Store, ctx context.Context, cs []consent.Change) error
	scrub func(s consent.Store) error
	log   []byte // of what its Scrub has to remove
}

func (b *broken) Get(ctx context.Context, kind consent.Kind, id string) (consent.Item, error) {
	if b.get != nil {
		return b.get(b.Store, ctx, kind, id)
	}
	return b.Store.Get(ctx, kind, id)
}

func (b *broken) List(ctx context.Context, kind consent.Kind, owner string) ([]consent.Item, error) {
	if b.list != nil {
		return b.list(b.Store, ctx, kind, owner)
	}
	return b.Store.List(ctx, kind, owner)
}

func (b *broken) Due(ctx context.Context, kind consent.Kind, at time.Time, max int) ([]consent.Item, error) {
	if b.due != nil {
		return b.due(b.Store, ctx, kind, at, max)
	}
	return b.Store.Due(ctx, kind, at, max)
}

func (b *broken) Apply(ctx context.Context, cs ...consent.Change) error {
	if b.apply != nil {
		return b.apply(b.Store, ctx, cs)
	}
	return b.Store.Apply(ctx, cs...)
}

func (b *broken) Scrub(context.Context) error {
	if b.scrub != nil {
		return b.scrub(b.Store)
	}
	return nil
}

// each does something to every change before it is applied.
func each(f func(s consent.Store, c *consent.Change)) func() *broken {
	return func() *broken {
		return &broken{apply: func(s consent.Store, ctx context.Context, cs []consent.Change) error {
			cs = slices.Clone(cs)
			for i := range cs {
				f(s, &cs[i])
			}
			return s.Apply(ctx, cs...)
		}}
	}
}

// breakages are stores that each break a rule, and the test of the suite that must notice.
var breakages = map[string]struct {
	noticed string
	make    func() *broken
	options *consenttest.Options
}{
	"another error for what is missing": {"missing", func() *broken {
		return &broken{get: func(s consent.Store, ctx context.Context, kind consent.Kind, id string) (consent.Item, error) {
			it, err := s.Get(ctx, kind, id)
			if err != nil {
				err = errors.New("no rows")
			}
			return it, err
		}}
	}, nil},
	"bodies as text": {"round_trip", each(func(_ consent.Store, c *consent.Change) {
		c.Item.Body = []byte(strings.ToValidUTF8(string(c.Item.Body), "?"))
	}), nil},
	"creates over what is there": {"create_twice", each(func(s consent.Store, c *consent.Change) {
		if it, err := s.Get(context.Background(), c.Item.Kind, c.Item.ID); err == nil && c.Op == consent.OpCreate {
			c.Op, c.Item.Version = consent.OpUpdate, it.Version
		}
	}), nil},
	"keeps the old owner": {"update", each(func(s consent.Store, c *consent.Change) {
		if it, err := s.Get(context.Background(), c.Item.Kind, c.Item.ID); err == nil {
			c.Item.Owner = it.Owner
		}
	}), nil},
	"does not compare versions": {"stale", each(func(s consent.Store, c *consent.Change) {
		if it, err := s.Get(context.Background(), c.Item.Kind, c.Item.ID); err == nil && c.Op != consent.OpCreate {
			c.Item.Version = it.Version
		}
	}), nil},
	"deletes by emptying": {"delete", each(func(_ consent.Store, c *consent.Change) {
		if c.Op == consent.OpDelete {
			c.Op = consent.OpUpdate
		}
	}), nil},
	"a scrub that fails while somebody writes": {"scrub_meanwhile", func() *broken {
		b := &broken{}
		var writing, locked atomic.Int64
		b.apply = func(s consent.Store, ctx context.Context, cs []consent.Change) error {
			writing.Add(1)
			defer writing.Add(-1)
			// Until one came in the way, so that none has to come by chance; the suite's other cases do not scrub meanwhile.
			for n := 0; n < 5000 && locked.Load() == 0 && len(cs) == 1 && strings.HasPrefix(cs[0].Item.ID, "0/"); n++ {
				time.Sleep(time.Millisecond)
			}
			return s.Apply(ctx, cs...)
		}
		b.scrub = func(consent.Store) error {
			if writing.Load() > 0 {
				locked.Add(1)
				return errors.New("database is locked")
			}
			return nil
		}
		return b
	}, nil},
	"a check that changes": {"check", each(func(_ consent.Store, c *consent.Change) {
		if c.Op == consent.OpCheck {
			c.Op = consent.OpUpdate
		}
	}), nil},
	"a check that does not check": {"stale", func() *broken {
		return &broken{apply: func(s consent.Store, ctx context.Context, cs []consent.Change) error {
			if err := consent.CheckChanges(cs); err != nil {
				return err
			}
			cs = slices.DeleteFunc(slices.Clone(cs), func(c consent.Change) bool { return c.Op == consent.OpCheck })
			if len(cs) == 0 {
				return ctx.Err()
			}
			return s.Apply(ctx, cs...)
		}}
	}, nil},
	"one change after the other": {"all_or_nothing", func() *broken {
		return &broken{apply: func(s consent.Store, ctx context.Context, cs []consent.Change) error {
			if err := consent.CheckChanges(cs); err != nil {
				return err
			}
			for _, c := range cs {
				if err := s.Apply(ctx, c); err != nil {
					return err
				}
			}
			return nil
		}}
	}, nil},
	"lists in any order": {"list", func() *broken {
		return &broken{list: func(s consent.Store, ctx context.Context, kind consent.Kind, owner string) ([]consent.Item, error) {
			items, err := s.List(ctx, kind, owner)
			slices.Reverse(items)
			return items, err
		}}
	}, nil},
	"owners in any case": {"list", func() *broken {
		return &broken{list: func(s consent.Store, ctx context.Context, kind consent.Kind, owner string) ([]consent.Item, error) {
			return s.List(ctx, kind, strings.ToLower(owner))
		}}
	}, nil},
	"due in any order": {"due", func() *broken {
		return &broken{due: func(s consent.Store, ctx context.Context, kind consent.Kind, at time.Time, max int) ([]consent.Item, error) {
			items, err := s.Due(ctx, kind, at, 1000)
			slices.Reverse(items)
			return items[:min(max, len(items))], err
		}}
	}, nil},
	"due rounded down": {"due", each(func(_ consent.Store, c *consent.Change) { c.Item.Due = c.Item.Due.Truncate(time.Millisecond) }), nil},
	"due before, not at": {"due", func() *broken {
		return &broken{due: func(s consent.Store, ctx context.Context, kind consent.Kind, at time.Time, max int) ([]consent.Item, error) {
			return s.Due(ctx, kind, at.Add(-time.Millisecond), max)
		}}
	}, nil},
	"takes what is invalid": {"bad_changes", func() *broken {
		return &broken{apply: func(s consent.Store, ctx context.Context, cs []consent.Change) error {
			err := s.Apply(ctx, cs...)
			if errors.Is(err, consent.ErrInvalid) {
				return nil
			}
			return err
		}}
	}, nil},
	"does not look at the context": {"ended_context", func() *broken {
		return &broken{apply: func(s consent.Store, ctx context.Context, cs []consent.Change) error {
			return s.Apply(context.WithoutCancel(ctx), cs...)
		}}
	}, nil},
	"keeps the caller's bytes": {"own_bytes", func() *broken {
		var mu sync.Mutex
		kept := map[string][]byte{}
		return &broken{
			apply: func(s consent.Store, ctx context.Context, cs []consent.Change) error {
				mu.Lock()
				defer mu.Unlock()
				for _, c := range cs {
					kept[string(c.Item.Kind)+c.Item.ID] = c.Item.Body
				}
				return s.Apply(ctx, cs...)
			},
			get: func(s consent.Store, ctx context.Context, kind consent.Kind, id string) (consent.Item, error) {
				mu.Lock()
				defer mu.Unlock()
				it, err := s.Get(ctx, kind, id)
				it.Body = kept[string(kind)+id]
				return it, err
			},
		}
	}, nil},
	"cuts bodies": {"large_body", each(func(_ consent.Store, c *consent.Change) { c.Item.Body = c.Item.Body[:min(len(c.Item.Body), 1<<20)] }), nil},
	"talks in errors": {"errors", func() *broken {
		return &broken{apply: func(s consent.Store, ctx context.Context, cs []consent.Change) error {
			err := s.Apply(ctx, cs...)
			if err != nil {
				err = fmt.Errorf("apply %v: %w", cs, err)
			}
			return err
		}}
	}, nil},
	"scrubs nothing": {"scrub", func() *broken {
		b := &broken{}
		b.apply = func(s consent.Store, ctx context.Context, cs []consent.Change) error {
			for _, c := range cs {
				b.log = append(b.log, c.Item.Body...)
			}
			return s.Apply(ctx, cs...)
		}
		return b
	}, &consenttest.Options{Files: func(t testing.TB, s consent.Store) []string {
		name := filepath.Join(t.TempDir(), "log")
		require.NoError(t, os.WriteFile(name, s.(*broken).log, 0o600))
		return []string{name}
	}}},
	"scrubs too much": {"scrub", func() *broken {
		return &broken{scrub: func(s consent.Store) error {
			return s.Apply(context.Background(), consent.Change{Op: consent.OpDelete, Item: consent.Item{Kind: "k", ID: "same/1", Version: 1}})
		}}
	}, nil},
	"forgets": {"reopen", func() *broken { return &broken{} }, &consenttest.Options{
		Reopen: func(testing.TB, consent.Store) consent.Store { return consent.NewMemoryStore() },
	}},
	"checks first, changes later": {"counters", func() *broken {
		return &broken{apply: func(s consent.Store, ctx context.Context, cs []consent.Change) error {
			for _, c := range cs {
				it, err := s.Get(ctx, c.Item.Kind, c.Item.ID)
				if c.Op != consent.OpCreate && (err != nil || it.Version != c.Item.Version) {
					return consent.ErrConflict
				}
			}
			time.Sleep(time.Millisecond)
			for _, c := range cs {
				if it, err := s.Get(ctx, c.Item.Kind, c.Item.ID); err == nil {
					c.Item.Version = it.Version
				}
				if err := s.Apply(ctx, c); err != nil && len(cs) == 1 {
					return err
				}
			}
			return nil
		}}
	}, nil},
	"checks under no lock": {"skew", func() *broken {
		return &broken{apply: func(s consent.Store, ctx context.Context, cs []consent.Change) error {
			if err := consent.CheckChanges(cs); err != nil {
				return err
			}
			var rest []consent.Change
			for _, c := range cs {
				if c.Op != consent.OpCheck {
					rest = append(rest, c)
				} else if err := s.Apply(ctx, c); err != nil {
					return err
				}
			}
			time.Sleep(5 * time.Millisecond)
			if len(rest) == 0 {
				return nil
			}
			return s.Apply(ctx, rest...)
		}}
	}, nil},
	"an index that lags behind": {"moves", func() *broken {
		return &broken{list: func(s consent.Store, ctx context.Context, kind consent.Kind, owner string) ([]consent.Item, error) {
			items, err := s.List(ctx, kind, owner)
			for i := range items {
				if owner == "left" || owner == "right" {
					items[i].Body = []byte("as it was before")
				}
			}
			return items, err
		}}
	}, nil},
}

const brokenName = "BRONDATA_TEST_BROKEN_STORE"

// TestBrokenStore runs the suite over one broken store; alone it does nothing.
func TestBrokenStore(t *testing.T) {
	b, ok := breakages[os.Getenv(brokenName)]
	if !ok {
		t.Skip("run by TestSuiteNoticesEachBrokenRule")
	}
	consenttest.Run(t, func(testing.TB) consent.Store {
		s := b.make()
		s.Store = consent.NewMemoryStore()
		return s
	}, b.options)
}

// TestSuiteNoticesEachBrokenRule runs the suite, in a process of its own, over stores that each break one rule.
func TestSuiteNoticesEachBrokenRule(t *testing.T) {
	t.Parallel()
	for name, b := range breakages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run", "^TestBrokenStore$", "-test.v")
			cmd.Env = append(os.Environ(), brokenName+"="+name)
			out, err := cmd.CombinedOutput()
			require.Error(t, err, "the suite noticed nothing")
			assert.Contains(t, string(out), "--- FAIL: TestBrokenStore/"+b.noticed+" ")
			assert.Contains(t, string(out), "rule: ")
		})
	}
}
