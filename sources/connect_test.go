package sources_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// connecting is a source with a connection.
type connecting struct {
	fake
	connect func(sources.ConnectRequest) (sources.Step, error)
}

func (c connecting) Connect(_ context.Context, _ *sources.Session, r sources.ConnectRequest) (sources.Step, error) {
	return c.connect(r)
}

func (c connecting) Disconnect(context.Context, *sources.Session) error {
	_, err := c.connect(sources.ConnectRequest{})
	return err
}

func connector(t *testing.T, connect func(sources.ConnectRequest) (sources.Step, error)) *sources.Retriever {
	t.Helper()
	r, err := sources.NewRetriever(registry(t, connecting{source("api", "bank", model.API, bankCats, nil), connect}), nil)
	require.NoError(t, err)
	return r
}

func TestConnectScope(t *testing.T) {
	t.Parallel()
	permitted := scopeOf(model.CategoryBalance, model.CategoryPension)
	permitted.Since = model.DateOf(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	balances := scopeOf(model.CategoryBalance)
	balances.Since = permitted.Since
	earlier := balances
	earlier.Since = permitted.Since.AddDays(-1)
	for _, tc := range []struct {
		name        string
		asked, want model.Scope
		err         error
	}{
		{"none: what permit and source have in common", model.Scope{}, balances, nil},
		{"the same", balances, balances, nil},
		{"a category more", scopeOf(model.CategoryBalance, model.CategoryTransaction), model.Scope{}, sources.ErrNotPermitted},
		{"a longer look-back", earlier, model.Scope{}, sources.ErrNotPermitted},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got model.Scope
			r := connector(t, func(req sources.ConnectRequest) (sources.Step, error) {
				got = req.Scope
				return sources.Step{Kind: sources.StepDone}, nil
			})
			_, err := r.Connect(t.Context(), grant(t, permitted, "bank").Permit, "bank", sources.ConnectRequest{Scope: tc.asked}, nil)
			require.ErrorIs(t, err, tc.err)
			assert.Equal(t, tc.want, got)
		})
	}
}

// What goes wrong in a source comes out without its text, also a panic.
func TestConnectLeaksNothing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		connect func(sources.ConnectRequest) (sources.Step, error)
		want    error
	}{
		"a panic":         {func(sources.ConnectRequest) (sources.Step, error) { panic("canary") }, sources.ErrAdapter},
		"a foreign error": {func(sources.ConnectRequest) (sources.Step, error) { return sources.Step{}, &leaky{"canary"} }, sources.ErrUnexpected},
		"one that is known": {func(sources.ConnectRequest) (sources.Step, error) {
			return sources.Step{Message: "canary"}, sources.Errorf(sources.ErrAuthentication, "refused")
		}, sources.ErrAuthentication},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := connector(t, tc.connect)
			p := grant(t, scopeOf(model.CategoryBalance), "bank").Permit
			step, err := r.Connect(t.Context(), p, "bank", sources.ConnectRequest{}, nil)
			require.ErrorIs(t, err, tc.want)
			assert.NotContains(t, err.Error(), "canary")
			assert.Zero(t, step)
			err = r.Disconnect(t.Context(), "bank", nil)
			require.ErrorIs(t, err, tc.want)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
	r := connector(t, nil)
	_, err := r.Connect(t.Context(), grant(t, scopeOf(model.CategoryBalance), "bank").Permit, "elsewhere", sources.ConnectRequest{}, nil)
	assert.ErrorIs(t, err, sources.ErrNotPermitted)
	_, err = r.Connect(t.Context(), grant(t, scopeOf(model.CategoryBalance), "bank").Permit, "bank", sources.ConnectRequest{}, &sources.ConnectOptions{Source: "other"})
	assert.ErrorIs(t, err, sources.ErrNotProvided)
}

// Where there is nothing to connect, the step is done; what the source says of its institution is passed on.
func TestConnectNothing(t *testing.T) {
	t.Parallel()
	no := func(sources.ConnectRequest) (sources.Step, error) {
		return sources.Step{}, sources.Errorf(sources.ErrNotProvided, "no")
	}
	r, err := sources.NewRetriever(registry(t, connecting{source("api", "bank", model.API, bankCats, nil), no}, source("pages", "fund", model.Scrape, fund.cats, nil)), nil)
	require.NoError(t, err)
	g := grant(t, scopeOf(model.CategoryBalance, model.CategoryPension), "bank", "fund")
	step, err := r.Connect(t.Context(), g.Permit, "fund", sources.ConnectRequest{}, nil)
	require.NoError(t, err)
	assert.Equal(t, sources.StepDone, step.Kind, "no source has a connection")
	_, err = r.Connect(t.Context(), g.Permit, "bank", sources.ConnectRequest{}, nil)
	require.ErrorIs(t, err, sources.ErrNotProvided)
	g = grant(t, scopeOf(model.CategoryPension), "bank")
	step, err = r.Connect(t.Context(), g.Permit, "bank", sources.ConnectRequest{}, nil)
	require.NoError(t, err)
	assert.Equal(t, sources.StepDone, step.Kind, "the source has nothing that is permitted")
	assert.Equal(t, model.SourceID("api"), r.Connector("bank"))
	assert.Empty(t, r.Connector("fund"))
}

// A connector that does not obey its context is left behind, and saves nothing from then on.
func TestConnectLeftBehind(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"connect", "disconnect"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			release, saved := make(chan struct{}), make(chan error)
			c := stubborn{source("api", "bank", model.API, bankCats, nil), func(s *sources.Session) {
				<-release
				saved <- s.SaveState(context.Background(), crypto.NewSecretString("late"))
			}}
			r, err := sources.NewRetriever(registry(t, c), &sources.RetrieverOptions{
				Limits: sources.Limits{SourceTime: time.Millisecond, DisconnectTime: time.Millisecond},
			})
			require.NoError(t, err)
			st := &memoryState{}
			o := &sources.ConnectOptions{State: st}
			if name == "connect" {
				_, err = r.Connect(t.Context(), grant(t, scopeOf(model.CategoryBalance), "bank").Permit, "bank", sources.ConnectRequest{}, o)
			} else {
				err = r.Disconnect(t.Context(), "bank", o)
			}
			require.ErrorIs(t, err, context.DeadlineExceeded)
			close(release)
			require.Error(t, <-saved)
			assert.Zero(t, st.saves)
		})
	}
}

// stubborn is a connector that goes on.
type stubborn struct {
	fake
	work func(*sources.Session)
}

func (c stubborn) Connect(_ context.Context, s *sources.Session, _ sources.ConnectRequest) (sources.Step, error) {
	c.work(s)
	return sources.Step{Kind: sources.StepDone}, nil
}

func (c stubborn) Disconnect(_ context.Context, s *sources.Session) error {
	c.work(s)
	return nil
}

// memoryState is a place for state that counts, and that only one session may use at a time where it has a lock.
type memoryState struct{ saves int }

func (s *memoryState) Load(context.Context, model.InstitutionID, model.SourceID) (crypto.Secret, error) {
	return crypto.Secret{}, nil
}

func (s *memoryState) Save(context.Context, model.InstitutionID, model.SourceID, crypto.Secret) error {
	s.saves++
	return nil
}

type lockedState struct {
	memoryState
	lock chan struct{}
}

func (s *lockedState) Lock(ctx context.Context, _ model.InstitutionID, _ model.SourceID) (func(), error) {
	select {
	case s.lock <- struct{}{}:
		return func() { <-s.lock }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A session holds the lock of its state from its first use until it is closed, and waits for it no longer than it lives.
func TestSessionLock(t *testing.T) {
	t.Parallel()
	st := &lockedState{lock: make(chan struct{}, 1)}
	session := func() *sources.Session {
		s, err := sources.NewSession(sources.Descriptor{ID: "api", Institution: "bank"}, sources.SessionOptions{State: st})
		require.NoError(t, err)
		return s
	}
	first, second := session(), session()
	_, err := first.State(t.Context())
	require.NoError(t, err)
	require.NoError(t, first.SaveState(t.Context(), crypto.Secret{}))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = second.State(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	waits := make(chan error)
	go func() {
		_, err := second.State(context.Background())
		waits <- err
	}()
	time.Sleep(10 * time.Millisecond)
	second.Close()
	require.Error(t, <-waits, "it was closed while it waited")
	third := session()
	go func() {
		_, err := third.State(context.Background())
		waits <- err
	}()
	first.Close()
	require.NoError(t, <-waits)
	_, err = first.State(t.Context())
	require.Error(t, err)
	third.Close()
	third.Close()
	assert.Empty(t, st.lock)
}

// stateless is a host's state that fails.
type stateless struct{ err error }

func (s stateless) Load(context.Context, model.InstitutionID, model.SourceID) (crypto.Secret, error) {
	return crypto.Secret{}, s.err
}

func (s stateless) Save(context.Context, model.InstitutionID, model.SourceID, crypto.Secret) error {
	return s.err
}

// What goes wrong in the host's own state can be told from what goes wrong in an adapter, and shows no more of its text.
func TestStateErrors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err  error
		text string
	}{
		"a host's":     {&leaky{"canary"}, "sources: api: fetch: unexpected error: state of the connection: error of type *sources_test.leaky"},
		"a lost key":   {fmt.Errorf("canary: %w", crypto.ErrShredded), "sources: api: fetch: unexpected error: state of the connection: crypto: key destroyed"},
		"a sentinel's": {sources.Errorf(sources.ErrUnavailable, "taken over"), "sources: api: fetch: unavailable: taken over"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got error
			g := registry(t, fake{sources.Descriptor{ID: "api", Institution: "bank", Method: model.API, Categories: bankCats},
				func(ctx context.Context, s *sources.Session, _ sources.Query, _ func(sources.Document) error) error {
					_, got = s.State(ctx)
					return got
				}})
			var log bytes.Buffer
			r, err := sources.NewRetriever(g, &sources.RetrieverOptions{Log: slog.New(slog.NewJSONHandler(&log, nil))})
			require.NoError(t, err)
			_, err = r.Collect(t.Context(), grant(t, scopeOf(model.CategoryTransaction), "bank").Permit, sources.Input{}, &sources.CollectOptions{State: stateless{tc.err}})
			require.NoError(t, err)
			assert.ErrorIs(t, got, tc.err)
			assert.Contains(t, log.String(), tc.text)
			assert.NotContains(t, log.String()+fmt.Sprintf("%v %+v %#v", got, got, got), "canary")
		})
	}
}
