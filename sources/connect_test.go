package sources_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
