package foreign_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/internal/foreign"
)

var errKnown = errors.New("room: conflict")

type hostError struct{ Row string }

func (e hostError) Error() string { return "canary in " + e.Row }

func TestWrap(t *testing.T) {
	t.Parallel()
	host := hostError{"canary-row"}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"foreign":                   {host, "store get: error of type foreign_test.hostError"},
		"wrapped":                   {fmt.Errorf("canary: %w", host), "store get: error of type *fmt.wrapError"},
		"known":                     {errKnown, "store get: room: conflict"},
		"known with a foreign text": {fmt.Errorf("canary: %w", errKnown), "store get: room: conflict"},
		"context":                   {context.Canceled, "context canceled"},
		"context with a text":       {fmt.Errorf("canary: %w", context.DeadlineExceeded), "store get: context deadline exceeded"},
		"not known here":            {fmt.Errorf("canary: %w", fs.ErrNotExist), "store get: error of type *fmt.wrapError"},
		"of ours":                   {foreign.Say("sql: put: SQLSTATE 40001", host), "sql: put: SQLSTATE 40001"},
		"around one of ours":        {fmt.Errorf("canary: %w", foreign.Say("sql: put", host)), "store get: error of type *fmt.wrapError"},
		"marked as ours":            {foreign.Own(fmt.Errorf("audit: %w", errKnown)), "audit: room: conflict"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := foreign.Wrap("store get", c.err, errKnown)
			require.EqualError(t, err, c.want)
			assert.ErrorIs(t, err, c.err, "errors.Is works")
			if errors.Is(c.err, host) {
				found, ok := errors.AsType[hostError](err)
				assert.True(t, ok, "errors.As works")
				assert.Equal(t, host, found, "the original is there for a host to log")
			}
			var log bytes.Buffer
			slog.New(slog.NewJSONHandler(&log, nil)).Error("x", "err", err)
			slog.New(slog.NewTextHandler(&log, nil)).Error("x", "err", err)
			marshalled, _ := json.Marshal(err)
			for _, s := range []string{fmt.Sprintf("%v|%+v|%#v|%s|%q", err, err, err, err, err), log.String(), string(marshalled)} {
				assert.NotContains(t, s, "canary")
			}
		})
	}
	require.NoError(t, foreign.Wrap("store get", nil))
	require.NoError(t, foreign.Own(nil))
}
