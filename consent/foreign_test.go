package consent_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/retention"
)

// errHost is what parts of a host return here: its text is never to be seen.
var errHost = errors.New("CANARY of a host")

// hostile fails one method of a host's part, named as "part.method".
type hostile struct {
	method string
	means  error // nil for none
	called bool
}

func (h *hostile) err(method string, do error) error {
	if h.method != method {
		return do
	}
	h.called = true
	if h.means != nil {
		return fmt.Errorf("CANARY: %w: %w", h.means, errHost)
	}
	return errHost
}

type hostileStore struct {
	consent.Store
	h *hostile
}

func (s hostileStore) Get(ctx context.Context, k consent.Kind, id string) (consent.Item, error) {
	it, err := s.Store.Get(ctx, k, id)
	return it, s.h.err("store.get", err)
}

func (s hostileStore) List(ctx context.Context, k consent.Kind, owner string) ([]consent.Item, error) {
	items, err := s.Store.List(ctx, k, owner)
	return items, s.h.err("store.list", err)
}

func (s hostileStore) Due(ctx context.Context, k consent.Kind, at time.Time, max int) ([]consent.Item, error) {
	items, err := s.Store.Due(ctx, k, at, max)
	return items, s.h.err("store.due", err)
}

func (s hostileStore) Apply(ctx context.Context, cs ...consent.Change) error {
	if err := s.h.err("store.apply", nil); err != nil {
		return err
	}
	return s.Store.Apply(ctx, cs...)
}

func (s hostileStore) Scrub(context.Context) error { return s.h.err("store.scrub", nil) }

type hostileSigner struct {
	*crypto.LocalSigner
	h *hostile
}

func (s hostileSigner) Sign(ctx context.Context, m []byte) ([]byte, error) {
	b, err := s.LocalSigner.Sign(ctx, m)
	return b, s.h.err("signer.sign", err)
}

type hostileLog struct{ h *hostile }

func (l hostileLog) Record(context.Context, retention.Access) error {
	return l.h.err("log.record", nil)
}

func (l hostileLog) Scrub(context.Context) error { return l.h.err("log.scrub", nil) }

type hostilePolicy struct{ h *hostile }

func (p hostilePolicy) Allow(context.Context, consent.Actor, consent.Question) error {
	return p.h.err("policy.allow", nil)
}

// TestForeignTexts drives every method of the Manager with every method of every part of a host failing in turn.
func TestForeignTexts(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"store.get", "store.list", "store.due", "store.apply", "store.scrub", "signer.sign", "log.record", "log.scrub", "policy.allow"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			for _, means := range []error{nil, context.DeadlineExceeded, consent.ErrConflict, consent.ErrNotFound, consent.ErrNotPermitted} {
				told := 0
				for name, err := range hostileLife(t, &hostile{method: method, means: means}) {
					assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), "CANARY", name)
					if !errors.Is(err, errHost) {
						continue
					}
					told++
					switch {
					case method == "policy.allow":
						assert.Equal(t, consent.ReasonPolicy, reason(err), name)
					case means == nil:
						assert.Contains(t, err.Error(), "error of type *errors.errorString", name)
					case means == context.DeadlineExceeded:
						assert.ErrorIs(t, err, means, name)
					}
				}
				assert.True(t, means != nil || told > 0, "nobody was told")
			}
		})
	}
}

// hostileLife does everything that a manager can do, over a store in which there is something, and returns the errors.
func hostileLife(t *testing.T, h *hostile) map[string]error {
	t.Helper()
	ctx := t.Context()
	k := newKit(t, consent.Limits{})
	g, other := k.active(t, nil), k.propose(t, nil)
	_, err := k.MoveLink(ctx, g.ID, "bank", consent.LinkRestart, time.Time{})
	require.NoError(t, err)
	r, _, err := k.Review(ctx, jan, g.ID, dossier(t), nil)
	require.NoError(t, err)
	s, _, err := k.Review(ctx, jan, g.ID, dossier(t), nil)
	require.NoError(t, err)
	_, err = k.Seal(ctx, jan, consent.Approval{Release: s.ID, Digest: s.Digest}, dossier(t))
	require.NoError(t, err)
	sound, err := k.Permit(ctx, refresh, g.ID)
	require.NoError(t, err)
	m, err := consent.NewManager(hostileStore{k.store, h}, &consent.Options{
		Now: k.clock.now, Signer: hostileSigner{k.signer, h}, Audit: hostileLog{h}, Policy: hostilePolicy{h},
	})
	require.NoError(t, err)
	errs := map[string]error{}
	do := func(name string, f func() error) {
		if err := f(); err != nil {
			errs[name] = err
		}
	}
	do("propose", func() error { _, err := m.Propose(ctx, jan, k.proposal()); return err })
	do("get", func() error { _, err := m.Get(ctx, jan, g.ID); return err })
	do("list", func() error { _, err := m.List(ctx, jan, jan.ID); return err })
	do("permit", func() error { _, err := m.Permit(ctx, jan, g.ID); return err })
	do("connect", func() error { _, err := m.PermitConnect(ctx, jan, g.ID); return err })
	do("access", func() error {
		p, err := m.Permit(ctx, refresh, g.ID)
		if err == nil {
			err = errors.Join(p.Check(ctx), p.Access(ctx, "bank", "a"))
		}
		return err
	})
	do("next", func() error { _, err := m.Next(ctx, sound, "bank", "a"); return err })
	do("links", func() error { _, err := m.Links(ctx, jan, g.ID); return err })
	do("move link", func() error {
		_, err := m.MoveLink(ctx, g.ID, "bank", consent.LinkConfirm, start)
		return err
	})
	do("stored", func() error {
		_, err := m.Stored(ctx, g.ID)
		_, err2 := m.StoredLinks(ctx, g.ID)
		return errors.Join(err, err2)
	})
	do("releases", func() error { _, err := m.Releases(ctx, jan, g.ID); return err })
	do("release", func() error { _, err := m.Release(ctx, jan, r.ID); return err })
	do("review", func() error { _, _, err := m.Review(ctx, jan, g.ID, dossier(t), nil); return err })
	do("seal", func() error {
		_, err := m.Seal(ctx, jan, consent.Approval{Release: r.ID, Digest: r.Digest}, dossier(t))
		return err
	})
	do("seal again", func() error {
		_, err := m.Seal(ctx, jan, consent.Approval{Release: s.ID, Digest: s.Digest}, nil)
		return err
	})
	do("package", func() error { _, err := m.Package(ctx, jan, s.ID); return err })
	do("delivered", func() error { return m.MarkDelivered(ctx, jan, s.ID) })
	do("receipt", func() error { _, err := m.Receipt(ctx, jan, g.ID); return err })
	do("export", func() error { _, err := m.Export(ctx, jan, jan.ID); return err })
	do("key", func() error { return m.SetKey(ctx, system, "advies", newKey(t).Public()) })
	do("decide", func() error { _, err := m.Decide(ctx, jan, other.ID, false); return err })
	do("revoke", func() error { _, err := m.Revoke(ctx, jan, g.ID); return err })
	_, err = k.Revoke(ctx, jan, g.ID)
	require.NoError(t, err)
	do("sweep", func() error {
		_, err := m.Sweep(ctx, system, 10, &consent.SweepOptions{Disconnect: func(context.Context, consent.Link) error { return nil }})
		return err
	})
	_, err = k.Sweep(ctx, system, 10, nil)
	require.NoError(t, err)
	do("forget", func() error { _, err := m.Forget(ctx, jan, jan.ID, start.Add(time.Hour)); return err })
	do("reset clock", func() error { return m.ResetClock(ctx, system) })
	require.True(t, h.called, "nothing calls %s", h.method)
	return errs
}
