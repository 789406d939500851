package brondata_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/consent/audit"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
)

// refusals is an access log that keeps what was refused, apart from the rest, and takes nothing when it is down.
type refusals struct {
	mu      sync.Mutex
	refused []retention.Access
	others  int
	down    bool
}

func (r *refusals) Record(_ context.Context, a retention.Access) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.down:
		return errInjected
	case a.Outcome == consent.OutcomeRefused:
		r.refused = append(r.refused, a)
	default:
		r.others++
	}
	return nil
}

// take returns what was refused since the last time, and how many other entries there were.
func (r *refusals) take() ([]retention.Access, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	refused, others := r.refused, r.others
	r.refused, r.others = nil, 0
	return refused, others
}

func (r *refusals) setDown(down bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = down
}

// call is one method of the client, under a grant and a release.
type call func(c *host, by consent.Actor, g consent.GrantID, a consent.Approval) error

func calls(t *testing.T) map[string]call {
	ctx := t.Context()
	return map[string]call{
		"propose": func(c *host, by consent.Actor, _ consent.GrantID, _ consent.Approval) error {
			_, err := c.Propose(ctx, by, c.proposal())
			return err
		},
		"decide": func(c *host, by consent.Actor, g consent.GrantID, _ consent.Approval) error {
			_, err := c.Decide(ctx, by, g, true)
			return err
		},
		"connect": func(c *host, by consent.Actor, g consent.GrantID, _ consent.Approval) error {
			_, err := c.Connect(ctx, by, g, "bank", sources.ConnectRequest{})
			return err
		},
		"collect": func(c *host, by consent.Actor, g consent.GrantID, _ consent.Approval) error {
			_, err := c.Collect(ctx, by, g, sources.Input{}, nil)
			return err
		},
		"review": func(c *host, by consent.Actor, g consent.GrantID, _ consent.Approval) error {
			_, err := c.Review(ctx, by, g, nil)
			return err
		},
		"release": func(c *host, by consent.Actor, _ consent.GrantID, a consent.Approval) error {
			_, err := c.Release(ctx, by, a)
			return err
		},
		"deliver": func(c *host, by consent.Actor, _ consent.GrantID, a consent.Approval) error {
			return c.Delivered(ctx, by, a.Release)
		},
		"revoke": func(c *host, by consent.Actor, g consent.GrantID, _ consent.Approval) error {
			return c.Revoke(ctx, by, g)
		},
		"export": func(c *host, by consent.Actor, _ consent.GrantID, _ consent.Approval) error {
			_, err := c.Export(ctx, by, "subject-1")
			return err
		},
	}
}

// TestRefusalsAreLogged: whatever a stranger tries, and whatever somebody tries under a grant that ended, is one entry with who and what.
func TestRefusalsAreLogged(t *testing.T) {
	t.Parallel()
	stranger := consent.Actor{ID: "subject-2", Role: consent.RoleSubject}
	nobody := consent.GrantID("aaaaaaaaaaaaaaaaaaaaaaaaaa")
	log := &refusals{}
	h := newHost(t, func(c *brondata.Config) { c.Audit = log })
	ctx := t.Context()
	id := h.active(t)
	_, err := h.Collect(ctx, subject, id, sources.Input{}, nil)
	require.NoError(t, err)
	review := func() consent.Approval {
		r, err := h.Review(ctx, subject, id, nil)
		require.NoError(t, err)
		return r.Approval()
	}
	pending, sealed := review(), review()
	_, err = h.Release(ctx, subject, sealed)
	require.NoError(t, err)
	refused, _ := log.take()
	require.Empty(t, refused, "nothing was refused so far")
	methods := calls(t)

	// check makes one call, which is to be refused with an error, and returns its entry.
	check := func(t *testing.T, name string, by consent.Actor, g consent.GrantID, a consent.Approval, want ...error) retention.Access {
		t.Helper()
		err := methods[name](h, by, g, a)
		refused, others := log.take()
		for _, w := range want {
			assert.ErrorIs(t, err, w)
		}
		require.Len(t, refused, 1, "one entry for a call")
		assert.Zero(t, others, "nothing else is said to have happened")
		assert.Equal(t, by.ID, refused[0].Actor)
		assert.Equal(t, string(by.Role), refused[0].Role)
		assert.Equal(t, "tenant-1", refused[0].Tenant)
		assert.Empty(t, refused[0].Categories)

		// A log that is down makes nothing else of it.
		log.setDown(true)
		again := methods[name](h, by, g, a)
		log.setDown(false)
		if assert.Error(t, again) {
			assert.Equal(t, err.Error(), again.Error())
		}
		return refused[0]
	}

	// What is asked first is what is refused: who may not see a grant does not get to what they wanted under it.
	for name, action := range map[string]consent.Action{
		"propose": consent.ActionPropose, "decide": consent.ActionDecide, "connect": consent.ActionSee, "collect": consent.ActionCollect,
		"review": consent.ActionSee, "release": consent.ActionSee, "deliver": consent.ActionDeliver, "revoke": consent.ActionRevoke,
		"export": consent.ActionExport,
	} {
		for state, a := range map[string]consent.Approval{"pending": pending, "sealed": sealed} {
			e := check(t, name, stranger, id, a, consent.ErrNotPermitted)
			assert.Equal(t, retention.Action(action), e.Action, "%s by a stranger, %s", name, state)
			assert.Equal(t, "subject-1", e.Subject)
			if name != "propose" && name != "export" {
				assert.Equal(t, string(id), e.Grant)
				assert.Equal(t, "lender", e.Recipient)
			}
		}
	}

	// Of a grant that there is not, nothing is known, and what is no id is not written down.
	for name, action := range map[string]consent.Action{
		"decide": consent.ActionDecide, "connect": consent.ActionSee, "collect": consent.ActionCollect, "review": consent.ActionSee,
		"release": consent.ActionSee, "deliver": consent.ActionDeliver, "revoke": consent.ActionRevoke,
	} {
		for _, unknown := range []consent.GrantID{nobody, "Canary Name"} {
			e := check(t, name, subject, unknown, consent.Approval{Release: consent.ReleaseID(unknown)}, consent.ErrNotFound)
			assert.Equal(t, retention.Action(action), e.Action, "%s of nothing", name)
			assert.Empty(t, e.Subject)
			assert.NotContains(t, e.Grant, "Canary")
		}
	}

	// An actor who is nobody cannot be in a log.
	for name, m := range methods {
		require.ErrorIs(t, m(h, consent.Actor{}, id, pending), consent.ErrNotPermitted, name)
	}
	refused, others := log.take()
	assert.Empty(t, refused)
	assert.Zero(t, others)

	require.NoError(t, h.Revoke(ctx, subject, id))
	log.take()
	for name, want := range map[string]error{
		"decide": consent.ErrTransition, "connect": consent.ErrNotPermitted, "collect": consent.ErrNotPermitted,
		"review": consent.ErrNotPermitted, "release": consent.ErrNotPermitted,
	} {
		for state, a := range map[string]consent.Approval{"pending": pending, "sealed": sealed} {
			e := check(t, name, subject, id, a, want)
			assert.Equal(t, retention.Action(name), e.Action, "%s after a revoke, %s", name, state)
			assert.Equal(t, "subject-1", e.Subject)
			assert.Equal(t, string(id), e.Grant)
		}
	}
	// What may be done after a revoke is no refusal.
	for _, name := range []string{"revoke", "export"} {
		require.NoError(t, methods[name](h, subject, id, sealed), name)
	}
	refused, _ = log.take()
	assert.Empty(t, refused)
}

// TestRefusalsInTheLogItself: package audit takes the entries, those about nobody too, and the subject finds theirs in the export.
func TestRefusalsInTheLogItself(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := audit.NewMemoryStore()
	h := newHost(t, func(c *brondata.Config) {
		signer, _, err := crypto.GenerateLocalSigner()
		require.NoError(t, err)
		log, err := audit.Open(ctx, store, signer, &audit.Options{Now: c.Now})
		require.NoError(t, err)
		c.Audit = log
	})
	id := h.active(t)
	size := func() int64 {
		n, err := store.Size(ctx)
		require.NoError(t, err)
		return n
	}
	before := size()
	for _, g := range []consent.GrantID{id, "aaaaaaaaaaaaaaaaaaaaaaaaaa"} {
		require.Error(t, h.Revoke(ctx, consent.Actor{ID: "subject-2", Role: consent.RoleSubject}, g))
	}
	assert.Equal(t, before+2, size())
	e, err := h.Export(ctx, subject, "subject-1")
	require.NoError(t, err)
	found := 0
	for _, st := range e.Log {
		for _, it := range st.Entries {
			if it.Entry.Access.Outcome == consent.OutcomeRefused {
				assert.Equal(t, "subject-2", it.Entry.Access.Actor)
				found++
			}
		}
	}
	assert.Equal(t, 1, found, "their own, and not the one about nobody")
}
