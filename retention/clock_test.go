package retention_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

// clockBench holds one category that lives ten days and a state that lives on.
func clockBench(t *testing.T) *bench {
	b := setup(t, nil)
	require.NoError(t, b.CreateLink(t.Context(), ref, retention.Policy{StaleIn: 10, Recurrent: true}))
	require.NoError(t, b.Keep(t.Context(), ref, []retention.Content{content(model.CategoryPerson, "who")}, nil))
	require.NoError(t, b.SaveState(t.Context(), ref, []byte("token")))
	return b
}

func TestClockSetBack(t *testing.T) {
	t.Parallel()
	for _, swept := range []bool{false, true} {
		b := clockBench(t)
		b.clock.set(start.Add(10 * day))
		_, err := b.Read(t.Context(), by, ref, model.CategoryPerson)
		require.ErrorIs(t, err, retention.ErrExpired)
		if swept {
			_, err := b.Sweep(t.Context(), 100)
			require.NoError(t, err)
		}
		b.clock.add(-400 * day)
		for name, v := range map[string]*retention.Vault{"this process": b.Vault, "one that starts now": b.open(t, nil)} {
			_, err := v.Read(t.Context(), by, ref, model.CategoryPerson)
			require.ErrorIs(t, err, retention.ErrClock, name)
			_, err = v.State(t.Context(), by, ref)
			require.ErrorIs(t, err, retention.ErrClock, name)
			_, err = v.ReadGrant(t.Context(), by, ref)
			require.ErrorIs(t, err, retention.ErrClock, name)
			require.ErrorIs(t, v.Keep(t.Context(), ref, nil, nil), retention.ErrClock, name)
			require.ErrorIs(t, v.SaveState(t.Context(), ref, []byte("x")), retention.ErrClock, name)
			require.ErrorIs(t, v.CreateLink(t.Context(), ref, retention.Policy{}), retention.ErrClock, name)
			_, err = v.Sweep(t.Context(), 10)
			require.ErrorIs(t, err, retention.ErrClock, name)
		}
		b.clock.set(start.Add(10*day - 30*time.Second)) // within what clocks may differ
		_, err = b.open(t, nil).Read(t.Context(), by, ref, model.CategoryPerson)
		require.ErrorIs(t, err, retention.ErrExpired, "what was found expired stays so")
		b.clock.add(-60 * day)
		r, err := b.DeleteGrant(t.Context(), by, ref.Grant)
		require.NoError(t, err, "deleting is right at any time")
		assert.Zero(t, b.data.Len())
		assert.True(t, r.Verify(b.signer.Public()))
	}
}

func TestClockSetForward(t *testing.T) {
	t.Parallel()
	b := clockBench(t)
	b.clock.add(400 * day)
	_, err := b.Read(t.Context(), by, ref, model.CategoryPerson)
	require.ErrorIs(t, err, retention.ErrExpired)
	state, err := b.State(t.Context(), by, ref)
	require.NoError(t, err, "what does not expire is there")
	assert.Equal(t, "token", string(state))
	r, err := b.Sweep(t.Context(), 100)
	require.NoError(t, err)
	assert.Equal(t, 1, r.Rows)
	b.clock.add(-400 * day)
	_, err = b.Read(t.Context(), by, ref, model.CategoryPerson)
	require.ErrorIs(t, err, retention.ErrClock, "back again revives nothing")
	b.clock.add(400*day + time.Second)
	_, err = b.Read(t.Context(), by, ref, model.CategoryPerson)
	require.ErrorIs(t, err, retention.ErrExpired)
}

// TestMarkByReading: reading alone moves the persisted mark on, in steps.
func TestMarkByReading(t *testing.T) {
	t.Parallel()
	b := clockBench(t)
	b.clock.set(start.Add(5 * day))
	assert.Equal(t, "who", body(t, b.Vault, ref, model.CategoryPerson))
	b.clock.set(start.Add(5*day - 3*time.Minute))
	_, err := b.open(t, nil).Read(t.Context(), by, ref, model.CategoryPerson)
	require.ErrorIs(t, err, retention.ErrClock)
}

// TestClockSkew: machines whose clocks differ a little work together, and the later clock counts.
func TestClockSkew(t *testing.T) {
	t.Parallel()
	b := clockBench(t)
	behind := b.open(t, func(o *retention.Options) {
		o.Now = func() time.Time { return b.clock.now().Add(-45 * time.Second) }
	})
	b.clock.set(start.Add(10 * day))
	assert.Equal(t, "who", body(t, behind, ref, model.CategoryPerson), "to its clock it has not expired")
	_, err := b.Read(t.Context(), by, ref, model.CategoryPerson)
	require.ErrorIs(t, err, retention.ErrExpired)
	_, err = behind.Read(t.Context(), by, ref, model.CategoryPerson)
	require.ErrorIs(t, err, retention.ErrExpired, "it learns of the later clock")
	_, err = b.Sweep(t.Context(), 10)
	require.NoError(t, err)
	_, err = behind.Read(t.Context(), by, ref, model.CategoryPerson)
	require.ErrorIs(t, err, retention.ErrExpired)
}

// TestResetClock: after a clock that had jumped ahead was put right, the vault works again, and nothing comes back that a
// sweep removed.
func TestResetClock(t *testing.T) {
	t.Parallel()
	for _, swept := range []bool{false, true} {
		b := clockBench(t)
		b.clock.add(400 * day)
		_, err := b.Read(t.Context(), by, ref, model.CategoryPerson)
		require.ErrorIs(t, err, retention.ErrExpired)
		if swept {
			_, err := b.Sweep(t.Context(), 100)
			require.NoError(t, err)
		}
		b.clock.set(start.Add(time.Hour))
		_, err = b.State(t.Context(), by, ref)
		require.ErrorIs(t, err, retention.ErrClock)
		require.ErrorIs(t, b.ResetClock(t.Context(), retention.Access{}), retention.ErrUnnamed)
		b.log.fail = errors.New("down")
		require.ErrorIs(t, b.ResetClock(t.Context(), by), retention.ErrNotRecorded)
		b.log.fail = nil
		require.NoError(t, b.ResetClock(t.Context(), by))
		assert.Equal(t, retention.ActionClock, b.log.last().Action)
		for _, v := range []*retention.Vault{b.Vault, b.open(t, nil)} {
			_, err = v.State(t.Context(), by, ref)
			require.NoError(t, err)
			_, err = v.Read(t.Context(), by, ref, model.CategoryPerson)
			if swept {
				require.Error(t, err)
			} else {
				require.NoError(t, err, "it was never its time")
			}
		}
		require.NoError(t, b.Keep(t.Context(), ref, []retention.Content{content(model.CategoryPerson, "anew")}, nil))
		assert.Equal(t, "anew", body(t, b.Vault, ref, model.CategoryPerson))
	}
}
