package uwv_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/camt"
	"github.com/brondata/brondata/sources/mijnpensioenoverzicht"
	"github.com/brondata/brondata/sources/sourcetest"
	"github.com/brondata/brondata/sources/uwv"
)

// One file of each producer: each is read again at a thousand places where it is cut off. What the other fixtures hold
// is in TestFixtures.
func TestConformance(t *testing.T) {
	var cases []sourcetest.Case
	for _, name := range []string{"car-one-each-chromium.pdf", "benefit-libreoffice.pdf", "page-break-weasyprint.pdf"} {
		path := filepath.Join("testdata", name)
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		cases = append(cases, sourcetest.Case{
			Name: name, Golden: path + ".golden.jsonl", Document: sources.Document{Body: sources.BytesContent(b)},
		})
	}
	sourcetest.Normalizer(t, uwv.Normalizer{}, cases, &sourcetest.NormalizerOptions{
		MaxCut: 1, // a thousand places, whatever the size
		Others: []sources.Normalizer{camt.Normalizer{}, mijnpensioenoverzicht.Normalizer{}},
	})
}
