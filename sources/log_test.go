package sources_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// talking is a source that logs whatever it does.
type talking struct{ fake }

func (talking) Connect(_ context.Context, s *sources.Session, _ sources.ConnectRequest) (sources.Step, error) {
	s.Log().Info("connects")
	return sources.Step{Kind: sources.StepDone}, nil
}

func (talking) Disconnect(context.Context, *sources.Session) error { return nil }

// Whoever reads the log can tell the collections of one grant from those of another: its id is random, and names nobody.
func TestLogNamesGrant(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := talking{fake{sources.Descriptor{ID: "api", Institution: "bank", Method: model.API, Categories: bankCats},
		func(_ context.Context, s *sources.Session, _ sources.Query, deliver func(sources.Document) error) error {
			s.Log().Info("fetches")
			return deliver(text("lines bank\nfail\n"))
		}}}
	r, err := sources.NewRetriever(registry(t, s), &sources.RetrieverOptions{Log: slog.New(slog.NewJSONHandler(&log, nil))})
	require.NoError(t, err)
	p := grant(t, scopeOf(model.CategoryTransaction), "bank")
	_, err = r.Connect(t.Context(), p.Permit, "bank", sources.ConnectRequest{}, nil)
	require.NoError(t, err)
	_, err = r.Collect(t.Context(), p.Permit, sources.Input{Files: []sources.Document{{Institution: "other"}}}, nil)
	require.NoError(t, err)
	said := map[string]bool{}
	for line := range strings.Lines(log.String()) {
		var l struct{ Msg, Grant string }
		require.NoError(t, json.Unmarshal([]byte(line), &l))
		assert.Equal(t, string(p.id), l.Grant, line)
		assert.Equal(t, 1, strings.Count(line, `"grant"`))
		said[l.Msg] = true
	}
	assert.Equal(t, map[string]bool{"connects": true, "fetches": true, "file not read": true, "document not read whole": true, "source failed": true}, said)
}
