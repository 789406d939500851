// Package consenttest is the conformance suite for a host's [consent.Store]:
//
//	func TestStore(t *testing.T) {
//		consenttest.Run(t, func(t testing.TB) consent.Store { return mystore.New(open(t)) }, nil)
//	}
//
// It has no false alarms: a store that fails breaks a rule of [consent.Store]'s comment, which the failure names. It does not
// find everything, concurrency least of all; run it with the race detector, and against a real server.
package consenttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/brondata/brondata/consent"
)

// Options are the optional parts of [Run].
type Options struct {
	// Reopen returns a store over what another one stored, as after a restart of the process. Nil: not checked.
	Reopen func(t testing.TB, s consent.Store) consent.Store
	// Files returns the names of the files in which a store that is a [retention.Scrubber] keeps what is stored. Nil: what Scrub removes
	// from them is not checked.
	Files func(t testing.TB, s consent.Store) []string
}

// Run runs the suite. open returns an empty store and registers its own cleanup; it is called once per test.
func Run(t *testing.T, open func(t testing.TB) consent.Store, o *Options) {
	if o == nil {
		o = &Options{}
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(&kit{T: t, s: open(t), o: o, rule: c.rule})
		})
	}
}

// A testCase checks one rule, which failures quote.
type testCase struct {
	name, rule string
	run        func(k *kit)
}

var cases = []testCase{
	{"missing", "Get of what is not there wraps ErrNotFound, List and Due are empty", missing},
	{"round trip", "Get returns the item as the last Apply left it", roundTrip},
	{"create twice", "OpCreate requires that the item does not exist", createTwice},
	{"update", "OpUpdate replaces owner, due and body, and adds 1 to the version", update},
	{"stale", "a change with another version than the item's is ErrConflict and does nothing", stale},
	{"delete", "OpDelete removes the item from Get, List and Due", remove},
	{"check", "OpCheck requires the version and changes nothing", check},
	{"all or nothing", "Apply does all changes or none", allOrNothing},
	{"list", "List returns all items of kind and owner, ordered by ID", list},
	{"due", "Due returns at most max items that are due, the earliest first", due},
	{"bad changes", "changes that CheckChanges refuses are not done", badChanges},
	{"ended context", "operations return the context's error and do nothing", endedContext},
	{"own bytes", "bodies passed in are not kept", ownBytes},
	{"large body", "bodies of several MiB fit", largeBody},
	{"errors", "errors hold nothing of an item but its kind", quietErrors},
	{"scrub", "from when Scrub returned, no file of the store holds what was deleted or replaced", scrub},
	{"reopen", "what Apply did survives a restart, and what it did not do does not appear", reopen},
	{"counters", "of concurrent changes to one version, one is done", counters},
	{"skew", "the checks of one Apply hold at the moment at which its changes happen", skew},
	{"moves", "a reader never sees half of an Apply, nor an item in no place of an index", moves},
	{"life", "a manager works over the store", life},
	{"slots", "no access slot is given twice", slots},
	{"scrub meanwhile", "Scrub harms nobody who reads and writes", scrubMeanwhile},
}

type kit struct {
	*testing.T
	s    consent.Store
	o    *Options
	rule string
}

func (k *kit) failf(format string, args ...any) {
	k.Helper()
	k.Fatalf("%s\nrule: %s", fmt.Sprintf(format, args...), k.rule)
}

func (k *kit) apply(changes ...consent.Change) {
	k.Helper()
	if err := k.s.Apply(k.Context(), changes...); err != nil {
		k.failf("Apply: %v", err)
	}
}

func (k *kit) conflict(changes ...consent.Change) {
	k.Helper()
	if err := k.s.Apply(k.Context(), changes...); !errors.Is(err, consent.ErrConflict) {
		k.failf("Apply returned %v, want ErrConflict", err)
	}
}

func (k *kit) get(kind consent.Kind, id string) consent.Item {
	k.Helper()
	it, err := k.s.Get(k.Context(), kind, id)
	if err != nil {
		k.failf("Get: %v", err)
	}
	return it
}

func (k *kit) absent(kind consent.Kind, id string) {
	k.Helper()
	if _, err := k.s.Get(k.Context(), kind, id); !errors.Is(err, consent.ErrNotFound) {
		k.failf("Get returned %v, want ErrNotFound", err)
	}
}

func (k *kit) ids(items []consent.Item, err error) []string {
	k.Helper()
	if err != nil {
		k.failf("%v", err)
	}
	out := []string{}
	for _, it := range items {
		out = append(out, it.ID)
	}
	return out
}

func (k *kit) want(what string, got, want any) {
	k.Helper()
	if g, w := fmt.Sprintf("%v", got), fmt.Sprintf("%v", want); g != w {
		k.failf("%s is %s, want %s", what, g, w)
	}
}

func (k *kit) same(got, want consent.Item) {
	k.Helper()
	if got.Kind != want.Kind || got.ID != want.ID || got.Owner != want.Owner || got.Version != want.Version ||
		!got.Due.Equal(want.Due) || string(got.Body) != string(want.Body) {
		k.failf("item is %+v, want %+v", got, want)
	}
}

// base is a time with a fraction that a store has to round: the year is far from any clock's.
var base = time.Date(2031, 3, 30, 1, 59, 59, 0, time.UTC)

func create(kind consent.Kind, id, owner string, due time.Time, body string) consent.Change {
	return consent.Change{Op: consent.OpCreate, Item: consent.Item{Kind: kind, ID: id, Owner: owner, Due: due, Body: []byte(body)}}
}

func at(op consent.Op, kind consent.Kind, id string, version int64) consent.Change {
	return consent.Change{Op: op, Item: consent.Item{Kind: kind, ID: id, Version: version}}
}

func missing(k *kit) {
	k.absent("a", "none")
	k.want("List", k.ids(k.s.List(k.Context(), "a", "nobody")), []string{})
	k.want("Due", k.ids(k.s.Due(k.Context(), "a", base, 10)), []string{})
	k.conflict(at(consent.OpUpdate, "a", "none", 1))
	k.conflict(at(consent.OpDelete, "a", "none", 1))
	k.conflict(at(consent.OpCheck, "a", "none", 1))
	k.conflict(at(consent.OpCheck, "a", "none", 0))
}

func roundTrip(k *kit) {
	bodies := []string{"", "{}", "\x00\xff\xfe binary \x00", `{"text":"é ’ 日本"}`, strings.Repeat("x", 5000)}
	for i, body := range bodies {
		id := fmt.Sprintf("item/%d", i)
		due := base.Add(time.Duration(i)*time.Second + 123456789*time.Nanosecond)
		k.apply(create("a", id, "owner ünï 'quoted' \\ %", due, body))
		want := consent.Item{Kind: "a", ID: id, Owner: "owner ünï 'quoted' \\ %", Due: consent.CeilMilli(due), Version: 1, Body: []byte(body)}
		k.same(k.get("a", id), want)
		k.absent("b", id)
	}
	amsterdam := time.FixedZone("CEST", 7200)
	k.apply(create("a", "zone", "", base.In(amsterdam), "x"), create("a", "never", "", time.Time{}, "x"))
	k.want("Due in another zone", k.get("a", "zone").Due.Equal(base), true)
	k.want("no Due", k.get("a", "never").Due.IsZero(), true)
}

func createTwice(k *kit) {
	k.apply(create("a", "1", "o", base, "first"))
	k.conflict(create("a", "1", "o2", base, "second"))
	k.want("body", string(k.get("a", "1").Body), "first")
	k.apply(create("b", "1", "o", base, "other kind"))
	k.want("body", string(k.get("a", "1").Body), "first")
}

func update(k *kit) {
	k.apply(create("a", "1", "old", base, "v1"))
	c := create("a", "1", "new", base.Add(time.Hour), "v2")
	c.Op, c.Item.Version = consent.OpUpdate, 1
	k.apply(c)
	c.Item.Version = 2
	k.same(k.get("a", "1"), c.Item)
	k.want("old owner's list", k.ids(k.s.List(k.Context(), "a", "old")), []string{})
	k.want("new owner's list", k.ids(k.s.List(k.Context(), "a", "new")), []string{"1"})
	k.want("due at the old time", k.ids(k.s.Due(k.Context(), "a", base, 9)), []string{})
	c.Item.Owner, c.Item.Due = "", time.Time{}
	k.apply(c)
	k.want("list of an item without owner", k.ids(k.s.List(k.Context(), "a", "new")), []string{})
	k.want("due of an item without time", k.ids(k.s.Due(k.Context(), "a", base.Add(9*time.Hour), 9)), []string{})
}

func stale(k *kit) {
	k.apply(create("a", "1", "o", base, "v1"))
	k.apply(at(consent.OpUpdate, "a", "1", 1))
	for _, v := range []int64{0, 1, 3, -1} {
		k.conflict(at(consent.OpUpdate, "a", "1", v))
		k.conflict(at(consent.OpDelete, "a", "1", v))
		k.conflict(at(consent.OpCheck, "a", "1", v))
	}
	k.want("version", k.get("a", "1").Version, 2)
}

func remove(k *kit) {
	k.apply(create("a", "1", "o", base, "x"), create("a", "2", "o", base, "x"))
	k.apply(at(consent.OpDelete, "a", "1", 1))
	k.absent("a", "1")
	k.want("List", k.ids(k.s.List(k.Context(), "a", "o")), []string{"2"})
	k.want("Due", k.ids(k.s.Due(k.Context(), "a", base, 9)), []string{"2"})
	k.conflict(at(consent.OpDelete, "a", "1", 1))
	k.apply(create("a", "1", "o", base, "again"))
	k.want("version of an item made anew", k.get("a", "1").Version, 1)
}

func check(k *kit) {
	k.apply(create("a", "1", "o", base, "x"))
	before := k.get("a", "1")
	c := at(consent.OpCheck, "a", "1", 1)
	c.Item.Body, c.Item.Owner = []byte("ignored"), "ignored"
	k.apply(c)
	k.same(k.get("a", "1"), before)
}

func allOrNothing(k *kit) {
	k.apply(create("a", "1", "o", base, "x"), create("a", "2", "o", base, "x"))
	good := []consent.Change{
		at(consent.OpUpdate, "a", "1", 1), create("a", "3", "o", base, "x"), at(consent.OpDelete, "a", "2", 1),
	}
	for _, bad := range []consent.Change{
		at(consent.OpUpdate, "a", "9", 1), create("b", "1", "o", base, "x"), at(consent.OpDelete, "a", "9", 1), at(consent.OpCheck, "a", "9", 1),
	} {
		if bad.Op == consent.OpCreate {
			k.apply(create("b", "1", "o", base, "in the way"))
		}
		for i := range len(good) + 1 {
			k.conflict(slices.Insert(slices.Clone(good), i, bad)...)
		}
	}
	k.want("version of 1", k.get("a", "1").Version, 1)
	k.want("version of 2", k.get("a", "2").Version, 1)
	k.absent("a", "3")
	k.want("List", k.ids(k.s.List(k.Context(), "a", "o")), []string{"1", "2"})
}

func list(k *kit) {
	for _, id := range []string{"b", "a/2", "a/10", "c", "B"} {
		k.apply(create("k", id, "me", time.Time{}, id))
		k.apply(create("k", id+"x", "me too", time.Time{}, id))
		k.apply(create("other", id, "me", time.Time{}, id))
	}
	want := []string{"b", "a/2", "a/10", "c", "B"}
	slices.Sort(want) // by bytes, not by a language's rules
	items, err := k.s.List(k.Context(), "k", "me")
	k.want("List", k.ids(items, err), want)
	for _, it := range items {
		k.same(it, consent.Item{Kind: "k", ID: it.ID, Owner: "me", Version: 1, Body: []byte(it.ID)})
	}
	k.want("List of an owner in capitals", k.ids(k.s.List(k.Context(), "k", "ME")), []string{})
	k.want("List of the start of an owner", k.ids(k.s.List(k.Context(), "k", "m")), []string{})
}

func due(k *kit) {
	for i, id := range []string{"d", "c", "b", "a"} {
		k.apply(create("k", id, "", base.Add(time.Duration(i)*time.Hour), "x"))
	}
	k.apply(create("k", "never", "", time.Time{}, "x"), create("other", "x", "", base, "x"))
	all := base.Add(100 * time.Hour)
	for _, c := range []struct {
		at   time.Time
		max  int
		want []string
	}{
		{base.Add(-time.Millisecond), 9, []string{}},
		{base, 9, []string{"d"}},
		{base.Add(time.Hour - time.Millisecond), 9, []string{"d"}},
		{base.Add(time.Hour), 9, []string{"d", "c"}},
		{all, 9, []string{"d", "c", "b", "a"}},
		{all, 2, []string{"d", "c"}},
		{all, 1, []string{"d"}},
	} {
		k.want("Due", k.ids(k.s.Due(k.Context(), "k", c.at, c.max)), c.want)
	}
	// What is rounded is rounded up: never due before its time.
	k.apply(create("r", "1", "", base.Add(time.Nanosecond), "x"))
	k.want("Due a nanosecond early", k.ids(k.s.Due(k.Context(), "r", base, 9)), []string{})
	k.want("Due a millisecond later", k.ids(k.s.Due(k.Context(), "r", base.Add(time.Millisecond), 9)), []string{"1"})
}

func badChanges(k *kit) {
	many := make([]consent.Change, 65)
	for i := range many {
		many[i] = create("k", fmt.Sprint(i), "", time.Time{}, "x")
	}
	for _, changes := range [][]consent.Change{
		nil, many,
		{create("k", "twice", "", base, "x"), create("k", "twice", "", base, "x")},
		{create("k", "", "", base, "x")},
		{create("", "x", "", base, "x")},
		{create("k", strings.Repeat("x", 257), "", base, "x")},
		{at(0, "k", "x", 1)}, {at(99, "k", "x", 1)},
	} {
		if err := k.s.Apply(k.Context(), changes...); !errors.Is(err, consent.ErrInvalid) {
			k.failf("Apply returned %v, want ErrInvalid", err)
		}
	}
	k.absent("k", "twice")
	k.absent("k", "0")
	k.apply(many[:64]...)
}

func endedContext(k *kit) {
	k.apply(create("k", "1", "o", base, "x"))
	ctx, cancel := context.WithCancel(k.Context())
	cancel()
	_, err := k.s.Get(ctx, "k", "1")
	k.want("Get", errors.Is(err, context.Canceled), true)
	_, err = k.s.List(ctx, "k", "o")
	k.want("List", errors.Is(err, context.Canceled), true)
	_, err = k.s.Due(ctx, "k", base, 1)
	k.want("Due", errors.Is(err, context.Canceled), true)
	err = k.s.Apply(ctx, at(consent.OpDelete, "k", "1", 1))
	k.want("Apply", errors.Is(err, context.Canceled), true)
	k.want("version", k.get("k", "1").Version, 1)
}

func ownBytes(k *kit) {
	c := create("k", "1", "o", base, "before")
	k.apply(c)
	copy(c.Item.Body, "after!")
	k.want("body", string(k.get("k", "1").Body), "before")
}

func largeBody(k *kit) {
	body := strings.Repeat("0123456789abcdef", 5<<20/16)
	k.apply(create("k", "1", "o", base, body))
	k.want("size", len(k.get("k", "1").Body), len(body))
	k.want("equal", string(k.get("k", "1").Body) == body, true)
}

func quietErrors(k *kit) {
	k.apply(create("k", "canary-id", "canary-owner", base, "canary-body"))
	_, missing := k.s.Get(k.Context(), "k", "canary-none")
	conflict := k.s.Apply(k.Context(), create("k", "canary-id", "canary-owner", base, "canary-body"))
	for _, err := range []error{missing, conflict} {
		if err == nil || strings.Contains(err.Error(), "canary") {
			k.failf("error is %v", err)
		}
	}
}

func reopen(k *kit) {
	if k.o.Reopen == nil {
		k.Skip("Options.Reopen is not set")
	}
	k.apply(create("k", "1", "o", base, "x"), create("k", "gone", "o", base, "x"))
	k.apply(at(consent.OpUpdate, "k", "1", 1), at(consent.OpDelete, "k", "gone", 1))
	k.conflict(create("k", "new", "o", base, "x"), create("k", "1", "o", base, "x"))
	k.s = k.o.Reopen(k, k.s)
	k.want("version", k.get("k", "1").Version, 2)
	k.absent("k", "gone")
	k.absent("k", "new")
}
