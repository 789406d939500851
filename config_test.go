package brondata_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
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

func TestNew(t *testing.T) {
	t.Parallel()
	good := newHost(t, nil).conf
	compartment := func(p brondata.Compartment) func(*brondata.Config) {
		return func(c *brondata.Config) {
			c.Compartments = map[retention.Compartment]brondata.Compartment{retention.Financial: p}
		}
	}
	for name, change := range map[string]func(*brondata.Config){
		"no registry": func(c *brondata.Config) { c.Registry = nil }, "no consent store": func(c *brondata.Config) { c.Consent = nil },
		"no data store": func(c *brondata.Config) { c.Data = nil }, "no key store": func(c *brondata.Config) { c.Keys = nil },
		"no KEK": func(c *brondata.Config) { c.KEK = nil }, "no signer": func(c *brondata.Config) { c.Signer = nil },
		"no access log":         func(c *brondata.Config) { c.Audit = nil },
		"a nil KEK":             func(c *brondata.Config) { c.KEK = (*crypto.LocalKEK)(nil) },
		"a nil signer":          func(c *brondata.Config) { c.Signer = (*crypto.LocalSigner)(nil) },
		"a nil store":           func(c *brondata.Config) { c.Consent = (*consent.MemoryStore)(nil) },
		"a nil policy":          func(c *brondata.Config) { c.Policy = (*consent.Rules)(nil) },
		"a KEK without a key":   func(c *brondata.Config) { c.KEK = &crypto.LocalKEK{} },
		"a signer without one":  func(c *brondata.Config) { c.Signer = &crypto.LocalSigner{} },
		"a tenant without end":  func(c *brondata.Config) { c.Tenant = string(make([]byte, 300)) },
		"a compartment of keys": compartment(brondata.Compartment{KEK: good.KEK}),
		"a compartment of data": compartment(brondata.Compartment{Data: good.Data}),
		"a compartment of none": compartment(brondata.Compartment{Data: good.Data, KEK: &crypto.LocalKEK{}}),
		"a compartment that there is not": func(c *brondata.Config) {
			c.Compartments = map[retention.Compartment]brondata.Compartment{"identities": {Data: good.Data, KEK: good.KEK}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := good
			change(&c)
			_, err := brondata.New(c)
			assert.ErrorIs(t, err, brondata.ErrConfig)
		})
	}
	c := good
	compartment(brondata.Compartment{Data: good.Data, KEK: good.KEK})(&c)
	_, err := brondata.New(c)
	assert.NoError(t, err)
}

// goneKEK is a key service that destroyed the key.
type goneKEK struct{ crypto.KEK }

func (goneKEK) Wrap(context.Context, []byte, crypto.Context) ([]byte, error) {
	return nil, crypto.ErrShredded
}

func (goneKEK) Unwrap(context.Context, []byte, crypto.Context) ([]byte, error) {
	return nil, crypto.ErrShredded
}

// A key-encryption key that is gone, or another one, is called that: nothing says that the grant ended, that nothing is there,
// or that the bank was told.
func TestKEK(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]error{"gone": crypto.ErrShredded, "another": crypto.ErrOpen, "another tenant": crypto.ErrOpen} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, nil)
			id := h.active(t)
			_, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
			require.NoError(t, err)
			good := h.conf
			switch name {
			case "gone":
				h.conf.KEK = goneKEK{h.conf.KEK}
			case "another":
				h.conf.KEK, _, err = crypto.GenerateLocalKEK()
				require.NoError(t, err)
			default:
				h.conf.Tenant = "tenant-2"
			}
			h.restart(t)
			_, err = h.Review(t.Context(), subject, id, nil)
			require.ErrorIs(t, err, want)
			require.NotErrorIs(t, err, brondata.ErrNothing)
			assert.ErrorContains(t, err, "brondata: read what is kept: ")
			_, err = h.Export(t.Context(), subject, "subject-1")
			require.ErrorIs(t, err, want, "an export without data is none")
			_, err = h.Connect(t.Context(), subject, id, "bank", sources.ConnectRequest{Callback: map[string][]string{"code": {"ok"}}})
			if name == "another tenant" {
				want = retention.ErrFixed // what is kept was made for another one
			}
			require.ErrorIs(t, err, want, "what is at fault of the host's is told from an adapter")
			assert.ErrorContains(t, err, "unexpected error: ")
			assert.NotContains(t, err.Error(), "of type *f")

			require.NoError(t, h.Revoke(t.Context(), subject, id))
			_, err = h.Sweep(t.Context(), 100)
			require.Error(t, err)
			links, err := h.Consent().Links(t.Context(), subject, id)
			require.NoError(t, err)
			assert.NotEqual(t, consent.LinkClosed, links[0].State)
			h.conf = good
			h.restart(t)
			h.now = h.now.Add(time.Hour)
			_, err = h.Sweep(t.Context(), 100)
			require.NoError(t, err)
			select {
			case <-h.bank.disconnected:
			default:
				t.Error("the bank was not told")
			}
		})
	}
	t.Run("gone while it is used", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, nil)
		id := h.active(t)
		h.conf.KEK.(*crypto.LocalKEK).Destroy()
		in := sources.Input{Files: []sources.Document{{Institution: "bank", Body: sources.BytesContent([]byte(bankRecords))}}}
		d, err := h.Collect(t.Context(), subject, id, in, nil)
		require.ErrorIs(t, err, crypto.ErrShredded)
		require.NotErrorIs(t, err, consent.ErrNotPermitted)
		require.ErrorContains(t, err, "brondata: keep: ")
		assert.NotNil(t, d)
	})
}

// A collection that a revoke stopped says so.
func TestCollectSaysWhyItStopped(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	id := h.active(t)
	_, err := h.Collect(t.Context(), subject, id, sources.Input{}, &brondata.CollectOptions{Progress: func(e sources.Event) {
		if e.Kind == sources.EventStarted {
			h.revokeOnly(t, id)
		}
	}})
	assertRevoked(t, err)
	require.ErrorIs(t, err, sources.ErrNotPermitted)
	assert.ErrorContains(t, err, "the grant ended during the collection")
	assert.ErrorContains(t, err, "revoked")
}

// A sweep that did all says that there is no more.
func TestSweepMore(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	id := h.active(t)
	_, err := h.Collect(t.Context(), subject, id, sources.Input{}, nil)
	require.NoError(t, err)
	require.NoError(t, h.Revoke(t.Context(), subject, id))
	h.now = h.now.Add(time.Second)
	rep, err := h.Sweep(t.Context(), 100)
	require.NoError(t, err)
	assert.False(t, rep.More)
	assert.Equal(t, 1, rep.Consent.Disconnected)
	assert.Len(t, rep.Deleted, 2)
	rep, err = h.Sweep(t.Context(), 100)
	require.NoError(t, err)
	assert.Equal(t, brondata.SweepReport{}, rep)
	rep, err = h.Sweep(t.Context(), 1)
	require.NoError(t, err)
	assert.False(t, rep.More)
}

// What is kept about somebody is printed by nobody who only meant to log it.
func TestExportPrints(t *testing.T) {
	t.Parallel()
	h := newHost(t, nil)
	p := h.proposal()
	p.KeepDocuments = true
	g, err := h.Propose(t.Context(), adviser, p)
	require.NoError(t, err)
	_, err = h.Decide(t.Context(), subject, g.ID, true)
	require.NoError(t, err)
	_, err = h.Collect(t.Context(), subject, g.ID, sources.Input{Files: []sources.Document{{Body: sources.BytesContent([]byte(bankRecords))}}}, nil)
	require.NoError(t, err)
	e, err := h.Export(t.Context(), subject, "subject-1")
	require.NoError(t, err)
	require.Len(t, e.Documents, 1)
	for name, v := range map[string]any{"export": e, "value": *e, "document": e.Documents[0]} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "e", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "e", v)
		text := log.String() + fmt.Sprintf("%v %+v %#v %s %q %d %x", v, v, v, v, v, v, v)
		for _, marker := range []string{"anary", "subject-1", "lender", "1234.56", "NL48BRON", "67 65"} {
			assert.NotContains(t, text, marker, name)
		}
	}
}
