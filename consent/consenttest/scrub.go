package consenttest

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/retention"
)

func (k *kit) scrubber() retention.Scrubber {
	k.Helper()
	s, ok := k.s.(retention.Scrubber)
	if !ok {
		k.Skip("the store is no retention.Scrubber")
	}
	return s
}

// shown returns how many of the store's files hold a text.
func (k *kit) shown(text string) int {
	k.Helper()
	n := 0
	for _, name := range k.o.Files(k, k.s) {
		b, err := os.ReadFile(name)
		if err != nil {
			k.Fatalf("file of the store: %v", err)
		}
		if bytes.Contains(b, []byte(text)) {
			n++
		}
	}
	return n
}

func scrub(k *kit) {
	s := k.scrubber()
	// Some fit into a page of a database, some do not.
	for i := range 40 {
		fill := strings.Repeat("x", i%4*3000)
		k.apply(
			create("k", fmt.Sprintf("gone/%d", i), "canary-owner", base, "canary-gone"+fill),
			create("k", fmt.Sprintf("kept/%d", i), "somebody", base, "canary-replaced"+fill),
			create("k", fmt.Sprintf("same/%d", i), "somebody", base, "canary-kept"+fill),
		)
	}
	visible := k.o.Files != nil && k.shown("canary-gone") > 0
	for i := range 40 {
		k.apply(
			at(consent.OpDelete, "k", fmt.Sprintf("gone/%d", i), 1),
			consent.Change{Op: consent.OpUpdate, Item: consent.Item{
				Kind: "k", ID: fmt.Sprintf("kept/%d", i), Owner: "somebody", Due: base, Version: 1, Body: []byte("new"),
			}},
		)
	}
	for range 2 {
		if err := s.Scrub(k.Context()); err != nil {
			k.failf("Scrub: %v", err)
		}
		for i := range 40 {
			k.absent("k", fmt.Sprintf("gone/%d", i))
			k.want("body", string(k.get("k", fmt.Sprintf("kept/%d", i)).Body), "new")
			k.want("start of a body", string(k.get("k", fmt.Sprintf("same/%d", i)).Body[:11]), "canary-kept")
		}
	}
	if !visible {
		k.Log("not checked in files: Options.Files is not set, or they do not show what is stored")
		return
	}
	for _, text := range []string{"canary-gone", "canary-replaced", "canary-owner", "gone/"} {
		if n := k.shown(text); n > 0 {
			k.failf("%d files hold %q", n, text)
		}
	}
}

func scrubMeanwhile(k *kit) {
	s := k.scrubber()
	k.apply(create("k", "1", "o", base, "x"))
	end := time.Now().Add(300 * time.Millisecond)
	var writers, scrubbers sync.WaitGroup
	over := make(chan struct{})
	for i := range 3 {
		writers.Go(func() {
			for n := 0; n < 10 || time.Now().Before(end); n++ {
				id := fmt.Sprintf("%d/%d", i, n)
				if err := k.s.Apply(k.Context(), create("k", id, "o", time.Time{}, "x")); err != nil {
					k.Errorf("Apply: %v", err)
				}
				if it, err := k.s.Get(k.Context(), "k", id); err != nil || it.Version != 1 {
					k.Errorf("Get: %v", err)
				}
				if err := k.s.Apply(k.Context(), at(consent.OpDelete, "k", id, 1)); err != nil {
					k.Errorf("Apply: %v", err)
				}
			}
		})
		scrubbers.Go(func() {
			for {
				if err := s.Scrub(k.Context()); err != nil {
					k.Errorf("Scrub: %v", err)
				}
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	writers.Wait()
	close(over)
	scrubbers.Wait()
	k.want("List", k.ids(k.s.List(k.Context(), "k", "o")), []string{"1"})
	if k.Failed() {
		k.failf("reading, writing or scrubbing failed")
	}
}
