package uwv_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/uwv"
)

func registry(t testing.TB) *sources.Registry {
	t.Helper()
	g := new(sources.Registry)
	require.NoError(t, g.AddNormalizer(uwv.Normalizer{}))
	return g
}

func read(t testing.TB, pdf []byte, q sources.Query) (*sources.Reading, error) {
	t.Helper()
	return registry(t).Read(t.Context(), sources.Document{Body: sources.BytesContent(pdf)}, q, nil)
}

// withBSN asks for everything, on a legal basis.
func withBSN() sources.Query {
	q := sources.Everything()
	q.LegalBasis = "test"
	for i := range q.Scope.Baskets {
		if q.Scope.Baskets[i].Category == model.CategoryPerson {
			q.Scope.Baskets[i].Fields = append(q.Scope.Baskets[i].Fields, "bsn")
		}
	}
	return q
}

// The fixtures say what their descriptions say, whoever made the PDF.
func TestFixtures(t *testing.T) {
	t.Parallel()
	for name, n := range notices {
		files, err := filepath.Glob(filepath.Join("testdata", name+"-*.pdf"))
		require.NoError(t, err)
		made := 0
		for _, f := range files {
			producer := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f), name+"-"), ".pdf")
			if producers[producer] == nil {
				continue // of another case whose name begins alike
			}
			made++
			t.Run(filepath.Base(f), func(t *testing.T) {
				t.Parallel()
				b, err := os.ReadFile(f)
				require.NoError(t, err)
				got, err := read(t, b, sources.Everything())
				require.NoError(t, err)
				assert.Equal(t, uwv.Verzekeringsbericht, got.Format)
				assert.Empty(t, got.Issues)
				requireSame(t, n.expected(t, false), got.Records)
			})
		}
		assert.GreaterOrEqual(t, made, len(producers), name)
	}
}
