package brondata_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
)

// faults fails the n-th call of all stores together, before or after it took effect, and keeps all that was written.
type faults struct {
	mu      sync.Mutex
	n       int                     // calls left until one fails; negative: none
	after   bool                    // it takes effect and fails all the same, as when a connection breaks
	kill    func(call func() error) // ends the process instead
	stand   func()                  // the process stands still before it, and nothing fails
	failed  bool
	written bytes.Buffer
}

// do counts a call and runs it.
func (f *faults) do(written []byte, call func() error) error {
	f.mu.Lock()
	f.n--
	hit := f.n == 0
	f.failed = f.failed || hit
	f.written.Write(written)
	after := f.after
	f.mu.Unlock()
	if hit && f.kill != nil {
		f.kill(call)
	}
	if hit && f.stand != nil {
		f.stand()
		return call()
	}
	if hit && !after {
		return errInjected
	}
	if err := call(); err != nil || !hit {
		return err
	}
	return errInjected
}

type faultyConsent struct {
	consent.Store
	*faults
}

func (s faultyConsent) Get(ctx context.Context, k consent.Kind, id string) (out consent.Item, err error) {
	err = s.do(nil, func() (err error) { out, err = s.Store.Get(ctx, k, id); return err })
	return out, err
}

func (s faultyConsent) List(ctx context.Context, k consent.Kind, owner string) (out []consent.Item, err error) {
	err = s.do(nil, func() (err error) { out, err = s.Store.List(ctx, k, owner); return err })
	return out, err
}

func (s faultyConsent) Due(ctx context.Context, k consent.Kind, at time.Time, max int) (out []consent.Item, err error) {
	err = s.do(nil, func() (err error) { out, err = s.Store.Due(ctx, k, at, max); return err })
	return out, err
}

func (s faultyConsent) Apply(ctx context.Context, cs ...consent.Change) error {
	var b []byte
	for _, c := range cs {
		b = append(append(b, c.Item.ID...), c.Item.Body...)
	}
	return s.do(b, func() error { return s.Store.Apply(ctx, cs...) })
}

func (s faultyConsent) Scrub(ctx context.Context) error { return s.scrub(ctx, s.Store) }

type faultyData struct {
	retention.Store
	*faults
}

func (s faultyData) Put(ctx context.Context, r retention.Row, b []byte) error {
	return s.do(append([]byte(r.Link+r.Item), b...), func() error { return s.Store.Put(ctx, r, b) })
}

func (s faultyData) Get(ctx context.Context, r retention.Row) (out []byte, err error) {
	err = s.do(nil, func() (err error) { out, err = s.Store.Get(ctx, r); return err })
	return out, err
}

func (s faultyData) Delete(ctx context.Context, rs ...retention.Row) (n int, err error) {
	err = s.do(nil, func() (err error) { n, err = s.Store.Delete(ctx, rs...); return err })
	return n, err
}

func (s faultyData) Expire(ctx context.Context, at time.Time, max int) (n int, err error) {
	err = s.do(nil, func() (err error) { n, err = s.Store.Expire(ctx, at, max); return err })
	return n, err
}

func (s faultyData) Scrub(ctx context.Context) error { return s.scrub(ctx, s.Store) }

// scrub passes on the optional second interface of the stores.
func (f *faults) scrub(ctx context.Context, store any) error {
	if s, ok := store.(retention.Scrubber); ok {
		return f.do(nil, func() error { return s.Scrub(ctx) })
	}
	return nil
}

type faultyKeys struct {
	retention.KeyStore
	*faults
}

func (s faultyKeys) Get(ctx context.Context, ids ...string) (out []retention.Record, err error) {
	err = s.do(nil, func() (err error) { out, err = s.KeyStore.Get(ctx, ids...); return err })
	return out, err
}

func (s faultyKeys) List(ctx context.Context, prefix, after string, max int) (out []retention.Record, err error) {
	err = s.do(nil, func() (err error) { out, err = s.KeyStore.List(ctx, prefix, after, max); return err })
	return out, err
}

func (s faultyKeys) Due(ctx context.Context, at time.Time, max int) (out []retention.Record, err error) {
	err = s.do(nil, func() (err error) { out, err = s.KeyStore.Due(ctx, at, max); return err })
	return out, err
}

func (s faultyKeys) Apply(ctx context.Context, cs ...retention.Change) error {
	var b []byte
	for _, c := range cs {
		b = append(append(b, c.Record.ID...), c.Record.Body...)
	}
	return s.do(b, func() error { return s.KeyStore.Apply(ctx, cs...) })
}

func (s faultyKeys) Scrub(ctx context.Context) error { return s.scrub(ctx, s.KeyStore) }

type faultyLog struct {
	retention.Recorder
	*faults
}

func (l faultyLog) Record(ctx context.Context, a retention.Access) error {
	b, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return l.do(b, func() error { return l.Recorder.Record(ctx, a) })
}

// The whole way, with each store call failing in turn, before it took effect and after. Whatever fails: no marker of what is
// secret or outside the scope gets into a store, a log, an event or an error; a revoke that succeeded leaves nothing
// readable; and repeating each step gets there in the end.
func TestMainJobFaults(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("after=%v", after), func(t *testing.T) {
			t.Parallel()
			n := 1
			for ; n < 2000; n++ {
				if !faultyRun(t, n, after) {
					break
				}
			}
			require.Greater(t, n, 50, "the stores were called")
			require.Less(t, n, 2000)
		})
	}
}

// faultyRun goes the whole way with the n-th store call failing, and reports whether there was one.
func faultyRun(t *testing.T, n int, after bool) bool {
	f := &faults{n: n, after: after}
	var log bytes.Buffer
	h := newHost(t, func(c *brondata.Config) {
		c.Consent = faultyConsent{c.Consent, f}
		c.Data = faultyData{c.Data, f}
		c.Keys = faultyKeys{c.Keys, f}
		c.Audit = faultyLog{c.Audit, f}
		c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	ctx := t.Context()
	var said bytes.Buffer
	// again repeats a step until it succeeds: one failure was injected, so the second try must.
	again := func(what string, step func() error) {
		t.Helper()
		var err error
		for range 3 {
			h.restart(t)
			if err = step(); err == nil {
				return
			}
			fmt.Fprintf(&said, "%v\n%+v\n", err, err)
		}
		require.NoError(t, err, "%s, call %d", what, n)
	}
	var g consent.Grant
	again("propose", func() (err error) { g, err = h.Propose(ctx, adviser, h.proposal()); return err })
	again("decide", func() (err error) { _, err = h.Decide(ctx, subject, g.ID, true); return err })
	again("connect", func() (err error) {
		_, err = h.Connect(ctx, subject, g.ID, "bank", sources.ConnectRequest{RedirectURL: "https://host.example/back"})
		return err
	})
	again("come back", func() (err error) {
		_, err = h.Connect(ctx, subject, g.ID, "bank", sources.ConnectRequest{Callback: map[string][]string{"code": {"ok"}}})
		return err
	})
	again("collect", func() error {
		d, err := h.Collect(ctx, subject, g.ID, sources.Input{}, &brondata.CollectOptions{Progress: func(e sources.Event) { fmt.Fprintf(&said, "%+v\n", e) }})
		if err == nil && !d.Complete() {
			return errInjected // a failure inside the source is in the coverage
		}
		return err
	})
	var r *brondata.Review
	again("review", func() (err error) { r, err = h.Review(ctx, subject, g.ID, nil); return err })
	require.Len(t, r.Records, 2)
	var p crypto.Package
	again("release", func() (err error) { p, err = h.Release(ctx, subject, r.Approval()); return err })
	d, err := h.open(p)
	require.NoError(t, err)
	require.Len(t, d.Records, 2)
	again("delivered", func() error { return h.Delivered(ctx, subject, r.Release) })
	again("revoke", func() error { return h.Revoke(ctx, subject, g.ID) })
	f.mu.Lock()
	done := f.failed
	f.mu.Unlock()
	_, err = h.Review(ctx, subject, g.ID, nil)
	require.Error(t, err, "readable after a revoke, call %d", n)
	h.now = h.now.Add(time.Hour)
	again("sweep", func() error { _, err := h.Sweep(ctx, 100); return err })
	h.now = h.now.Add(24 * time.Hour)
	again("sweep again", func() error { _, err := h.Sweep(ctx, 100); return err })
	select {
	case <-h.bank.disconnected:
	default:
		t.Errorf("the bank was not told, call %d", n)
	}
	// Once nothing fails any more, nothing is left to do, and no key.
	f.mu.Lock()
	f.n = 0
	f.mu.Unlock()
	var rep brondata.SweepReport
	for range 3 {
		h.now = h.now.Add(25 * time.Hour)
		rep, err = h.Sweep(ctx, 100)
		require.NoError(t, err, "call %d", n)
	}
	require.Equal(t, brondata.SweepReport{}, rep, "call %d", n)
	h.assertNoKeys(t)
	f.mu.Lock()
	defer f.mu.Unlock()
	for what, text := range map[string]string{"stores": f.written.String(), "log": log.String(), "errors and events": said.String()} {
		for _, marker := range []string{"Canary-", "-canary", "999991772", "NL48BRON", "1234.56"} {
			assert.NotContains(t, text, marker, "%s, call %d", what, n)
		}
	}
	return done || f.failed
}
