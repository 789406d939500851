package consent_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

type keeps = map[model.Category]time.Duration

// keeping is a proposal's change: how long the categories are kept.
func keeping(k keeps) func(*consent.Proposal) {
	return func(p *consent.Proposal) { p.Purpose.Keep = k }
}

// released has a release sealed, of transactions retrieved at the start and a person retrieved a day before.
func (k *kit) released(t *testing.T, keep keeps, leaveOut ...model.Category) (consent.Grant, consent.Approval) {
	t.Helper()
	g := k.active(t, keeping(keep))
	d := dossier(t)
	d.Documents[1].Retrieved = start.Add(-24 * time.Hour)
	r, _, err := k.Review(t.Context(), jan, g.ID, d, leaveOut)
	require.NoError(t, err)
	require.Zero(t, r.KeepUntil)
	a := consent.Approval{Release: r.ID, Digest: r.Digest}
	_, err = k.Seal(t.Context(), jan, a, d)
	require.NoError(t, err)
	return g, a
}

// fetched is what the recipient, and the subject who repeats the release, get.
func (k *kit) fetched(t *testing.T, a consent.Approval) (packages int, errs []error) {
	t.Helper()
	p, err := k.Package(t.Context(), lender, a.Release)
	q, again := k.Seal(t.Context(), jan, a, nil)
	for i, b := range [][]byte{p.Bytes(), q.Bytes()} {
		err := []error{err, again}[i]
		require.Equal(t, err == nil, len(b) > 0)
		if err == nil {
			packages++
			continue
		}
		clean(t, err)
		errs = append(errs, err)
	}
	return packages, errs
}

// TestPackageIsKeptNoLongerThanItsContent: a package that nobody fetched goes when the time of the first of its records is over,
// whether or not anybody sweeps.
func TestPackageIsKeptNoLongerThanItsContent(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		keep     keeps
		leaveOut []model.Category
		want     time.Duration // from the start on; 0 is the grant's end
	}{
		"one category":                         {keeps{model.CategoryTransaction: 2 * day}, nil, 2 * day},
		"the shortest of several":              {keeps{model.CategoryTransaction: 5 * day, model.CategoryPerson: 3 * day}, nil, 2 * day},
		"the older, though it is kept longer":  {keeps{model.CategoryTransaction: 3 * day, model.CategoryPerson: 3*day + time.Hour}, nil, 2*day + time.Hour},
		"of what is sent only":                 {keeps{model.CategoryTransaction: 5 * day, model.CategoryPerson: 3 * day}, []model.Category{model.CategoryPerson}, 5 * day},
		"of what there is only":                {keeps{model.CategoryTransaction: 5 * day, model.CategoryBalance: day}, nil, 5 * day},
		"in memory only":                       {keeps{model.CategoryTransaction: time.Hour}, nil, time.Hour},
		"to the millisecond":                   {keeps{model.CategoryTransaction: time.Hour + 1999*time.Microsecond}, nil, time.Hour + time.Millisecond},
		"longer than the grant":                {keeps{model.CategoryTransaction: 400 * day}, nil, 0},
		"no time":                              {nil, nil, 0},
		"no time, said with 0, and one longer": {keeps{model.CategoryTransaction: 0, model.CategoryPerson: 1000 * day}, nil, 0},
	} {
		for _, sweeps := range []bool{true, false} {
			t.Run(name+map[bool]string{true: ", swept"}[sweeps], func(t *testing.T) {
				t.Parallel()
				k := newKit(t, consent.Limits{})
				g, a := k.released(t, c.keep, c.leaveOut...)
				until, want := start.Add(c.want), consent.ErrVoid
				if c.want == 0 {
					until, want = g.ValidUntil, consent.ErrNotPermitted
				}
				r, err := k.Release(t.Context(), jan, a.Release)
				require.NoError(t, err)
				require.Equal(t, until, r.KeepUntil)
				sweep := func(voided int) {
					if !sweeps {
						return
					}
					s, err := k.Sweep(t.Context(), system, 10, nil)
					require.NoError(t, err)
					require.Equal(t, voided, s.Voided)
				}

				k.clock.set(until.Add(-time.Microsecond))
				sweep(0)
				n, errs := k.fetched(t, a)
				require.Equal(t, 2, n, errs)

				k.clock.set(until)
				sweep(1)
				if sweeps {
					_, err = k.store.Get(t.Context(), "package", string(a.Release))
					require.ErrorIs(t, err, consent.ErrNotFound, "before anybody asked for it")
				}
				for range 2 {
					n, errs = k.fetched(t, a)
					require.Zero(t, n)
					for _, err := range errs {
						require.ErrorIs(t, err, want)
						if want == consent.ErrVoid {
							require.ErrorContains(t, err, "kept no longer", "the reason, also after a sweep")
						}
					}
				}
				if want == consent.ErrVoid { // who was turned down made it so, like a sweep
					_, err = k.store.Get(t.Context(), "package", string(a.Release))
					require.ErrorIs(t, err, consent.ErrNotFound)
					r, err = k.Release(t.Context(), jan, a.Release)
					require.NoError(t, err)
					require.Equal(t, consent.ReleaseVoid, r.State)
					require.Equal(t, until, r.Voided)
					require.Equal(t, consent.GrantActive, k.state(t, g.ID), "the grant is untouched")
				}
				due, err := k.store.Due(t.Context(), "release", start.Add(1000*day), 10)
				require.NoError(t, err)
				require.Equal(t, want != consent.ErrVoid && !sweeps, len(due) > 0, "a sweep does not come back to it")
			})
		}
	}
}

// TestDeliveredBeforeItsTime: what was delivered stays so, and a recipient who had it in time may be said to have it later.
func TestDeliveredBeforeItsTime(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]bool{"in time": false, "said later, before a sweep": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t, consent.Limits{})
			_, a := k.released(t, keeps{model.CategoryTransaction: 48 * time.Hour})
			if late {
				k.clock.pass(72 * time.Hour)
			}
			require.NoError(t, k.MarkDelivered(t.Context(), jan, a.Release))
			k.clock.pass(72 * time.Hour)
			s, err := k.Sweep(t.Context(), system, 10, nil)
			require.NoError(t, err)
			require.Zero(t, s.Voided)
			n, errs := k.fetched(t, a)
			require.Zero(t, n)
			for _, err := range errs {
				require.ErrorIs(t, err, consent.ErrDelivered)
			}
			require.NoError(t, k.MarkDelivered(t.Context(), jan, a.Release))
		})
	}
}

// TestSealTooLateToKeep: what may be kept no longer is not sealed at all, however the host comes by it.
func TestSealTooLateToKeep(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.active(t, keeping(keeps{model.CategoryTransaction: time.Hour}))
	r, _, err := k.Review(t.Context(), jan, g.ID, dossier(t), nil)
	require.NoError(t, err)
	k.clock.pass(time.Hour)
	p, err := k.Seal(t.Context(), jan, consent.Approval{Release: r.ID, Digest: r.Digest}, dossier(t))
	require.ErrorIs(t, err, consent.ErrVoid)
	require.ErrorContains(t, err, "kept no longer")
	require.True(t, p.IsZero())
	_, err = k.store.Get(t.Context(), "package", string(r.ID))
	require.ErrorIs(t, err, consent.ErrNotFound)
}

// slow is an access log that takes its time.
type slow struct {
	retention.Recorder
	clock *fakeClock
	takes time.Duration
}

func (s *slow) Record(ctx context.Context, a retention.Access) error {
	s.clock.pass(s.takes)
	return s.Recorder.Record(ctx, a)
}

// TestPackageWhileTheLogIsSlow: the time is looked at after everything that takes time.
func TestPackageWhileTheLogIsSlow(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	_, a := k.released(t, keeps{model.CategoryTransaction: time.Hour})
	m, err := consent.NewManager(k.store, &consent.Options{Now: k.clock.now, Signer: k.signer, Audit: &slow{k.log, k.clock, time.Hour}})
	require.NoError(t, err)
	p, err := m.Package(t.Context(), lender, a.Release)
	require.ErrorIs(t, err, consent.ErrVoid)
	require.True(t, p.IsZero())
}

// TestReleaseStoredWithoutItsTime: what a version sealed that knew no such time works as it did, until the grant ends.
func TestReleaseStoredWithoutItsTime(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g, a := k.released(t, keeps{model.CategoryTransaction: time.Hour})
	it, err := k.store.Get(t.Context(), "release", string(a.Release))
	require.NoError(t, err)
	var stored map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(it.Body, &stored))
	require.Contains(t, stored, "keepUntil")
	delete(stored, "keepUntil")
	it.Body, err = json.Marshal(stored)
	require.NoError(t, err)
	it.Due = time.Time{}
	require.NoError(t, k.store.Apply(t.Context(), consent.Change{Op: consent.OpUpdate, Item: it}))

	k.clock.pass(100 * 24 * time.Hour)
	_, err = k.Sweep(t.Context(), system, 10, nil)
	require.NoError(t, err)
	n, errs := k.fetched(t, a)
	require.Equal(t, 2, n, errs)
	k.clock.set(g.ValidUntil)
	s, err := k.Sweep(t.Context(), system, 10, nil)
	require.NoError(t, err)
	require.Equal(t, 1, s.Voided)
	n, _ = k.fetched(t, a)
	require.Zero(t, n)
}
