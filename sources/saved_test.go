package sources_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// counted is a place for state that counts how often it is read, and can fail.
type counted struct {
	mu    sync.Mutex
	value crypto.Secret
	loads int
	fail  error // of the next save, which takes effect all the same
}

func (s *counted) Load(context.Context, model.InstitutionID, model.SourceID) (crypto.Secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loads++
	return s.value, nil
}

func (s *counted) Save(_ context.Context, _ model.InstitutionID, _ model.SourceID, v crypto.Secret) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value = crypto.Secret{}
	if !v.IsZero() {
		_ = v.Use(func(b []byte) error { s.value = crypto.NewSecret(b); return nil })
	}
	err := s.fail
	s.fail = nil
	return err
}

type countedAlone struct{ *counted }

func (countedAlone) Lock(context.Context, model.InstitutionID, model.SourceID) (func(), error) {
	return func() {}, nil
}

// While a session has the lock of its state, each state is read from the host's store once: a read is an entry of the access log.
func TestStateIsLoadedOnce(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, st sources.State) *sources.Session {
		s, err := sources.NewSession(sources.Descriptor{ID: "api", Institution: "bank"}, sources.SessionOptions{State: st})
		require.NoError(t, err)
		t.Cleanup(s.Close)
		return s
	}
	read := func(t *testing.T, s *sources.Session, want string) crypto.Secret {
		t.Helper()
		got, err := s.State(t.Context())
		require.NoError(t, err)
		assert.True(t, got.Equal(crypto.NewSecretString(want)))
		return got
	}
	t.Run("with a lock", func(t *testing.T) {
		t.Parallel()
		st := &counted{value: crypto.NewSecretString("one")}
		s := open(t, countedAlone{st})
		for range 3 {
			read(t, s, "one")
		}
		assert.Equal(t, 1, st.loads)
		two := crypto.NewSecretString("two")
		require.NoError(t, s.SaveState(t.Context(), two))
		two.Wipe()
		read(t, s, "two").Wipe()
		read(t, s, "two")
		require.NoError(t, s.SaveState(t.Context(), crypto.Secret{}))
		read(t, s, "")
		assert.Equal(t, 1, st.loads)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.State(ctx)
		require.ErrorIs(t, err, context.Canceled)
		s.Close()
		_, err = s.State(t.Context())
		require.Error(t, err)
		require.NoError(t, st.Save(t.Context(), "", "", crypto.NewSecretString("another's")))
		read(t, open(t, countedAlone{st}), "another's")
		assert.Equal(t, 2, st.loads)
	})
	t.Run("after a save that failed", func(t *testing.T) {
		t.Parallel()
		st := &counted{value: crypto.NewSecretString("one"), fail: errors.New("disk full")}
		s := open(t, countedAlone{st})
		read(t, s, "one")
		require.Error(t, s.SaveState(t.Context(), crypto.NewSecretString("two")))
		read(t, s, "two") // as it is there
		assert.Equal(t, 2, st.loads)
	})
	t.Run("without a lock", func(t *testing.T) {
		t.Parallel()
		st := &counted{value: crypto.NewSecretString("one")}
		s := open(t, st)
		read(t, s, "one")
		require.NoError(t, st.Save(t.Context(), "", "", crypto.NewSecretString("another's")))
		read(t, s, "another's")
		assert.Equal(t, 2, st.loads)
	})
	t.Run("many at once", func(t *testing.T) {
		t.Parallel()
		st := &counted{}
		s := open(t, countedAlone{st})
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				assert.NoError(t, s.SaveState(context.Background(), crypto.NewSecretString(string(rune('a'+i)))))
				_, err := s.State(context.Background())
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		got, err := s.State(t.Context())
		require.NoError(t, err)
		assert.True(t, got.Equal(st.value), "what is told is what is there")
	})
}
