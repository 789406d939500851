package pdftext_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/sources/pdftext"
)

// dump writes what a golden file holds: every word with its place to a tenth of a point, and the number of rulings.
func dump(pages []*pdftext.Page) string {
	var b strings.Builder
	for _, p := range pages {
		fmt.Fprintf(&b, "page %d %.1f x %.1f, %d rulings\n", p.Number, p.Width, p.Height, len(p.Rulings))
		for _, w := range p.Words {
			fmt.Fprintf(&b, "%.1f %.1f %.1f %.1f", w.X0, w.X1, w.Baseline, w.Size)
			if w.Rotation != 0 {
				fmt.Fprintf(&b, " r%d", w.Rotation)
			}
			if w.Bold {
				b.WriteString(" b")
			}
			if w.Hidden() {
				fmt.Fprintf(&b, " v%d", w.Visibility)
			}
			fmt.Fprintf(&b, " %s\n", w.Text)
		}
	}
	return b.String()
}

// TestGoldenWords compares the words of the one-page statements with the committed ones. BRONDATA_UPDATE=1 writes them anew.
func TestGoldenWords(t *testing.T) {
	fixtures, err := filepath.Glob("testdata/statement-*-1-*.pdf")
	require.NoError(t, err)
	require.NotEmpty(t, fixtures)
	for _, path := range fixtures {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			checkGolden(t, strings.TrimSuffix(path, ".pdf")+".words", dump(readPages(t, readFile(t, path))))
		})
	}
}

func checkGolden(t *testing.T, path, got string) {
	t.Helper()
	if os.Getenv("BRONDATA_UPDATE") == "1" {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	assert.Equal(t, string(readFile(t, path)), got)
}
