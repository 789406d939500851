package sources_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// What a host registers wrongly is its own mistake; what an adapter says wrongly of itself is the adapter's.
func TestRegister(t *testing.T) {
	t.Parallel()
	var noSource *fake
	var noNormalizer *lines
	for name, tc := range map[string]struct {
		add  func(*sources.Registry) error
		want error
	}{
		"no source":                     {func(g *sources.Registry) error { return g.AddSource(nil) }, sources.ErrConfig},
		"a source that is a nil":        {func(g *sources.Registry) error { return g.AddSource(noSource) }, sources.ErrConfig},
		"a source twice":                {func(g *sources.Registry) error { return g.AddSource(sources.Upload{}, sources.Upload{}) }, sources.ErrConfig},
		"a source without a name":       {func(g *sources.Registry) error { return g.AddSource(fake{sources.Descriptor{Method: model.API}, nil}) }, sources.ErrAdapter},
		"no normalizer":                 {func(g *sources.Registry) error { return g.AddNormalizer(nil) }, sources.ErrConfig},
		"a normalizer that is a nil":    {func(g *sources.Registry) error { return g.AddNormalizer(noNormalizer) }, sources.ErrConfig},
		"a normalizer twice":            {func(g *sources.Registry) error { return g.AddNormalizer(lines{id: "a"}, lines{id: "a"}) }, sources.ErrConfig},
		"a normalizer without a format": {func(g *sources.Registry) error { return g.AddNormalizer(lines{id: "A B"}) }, sources.ErrAdapter},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var g sources.Registry
			err := tc.add(&g)
			require.ErrorIs(t, err, tc.want)
			other := sources.ErrConfig
			if tc.want == other {
				other = sources.ErrAdapter
			}
			assert.NotErrorIs(t, err, other)
		})
	}
	_, err := sources.NewRetriever(nil, nil)
	require.ErrorIs(t, err, sources.ErrConfig)
	assert.Equal(t, "config", sources.Code(err))
}
