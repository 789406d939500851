package pdftext_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	ledongthuc "github.com/ledongthuc/pdf"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSecondOpinion compares with github.com/ledongthuc/pdf where that library is right: the characters of each page, without
// white space, in whatever order. (It does not know glyph widths and so cannot tell words apart, and its text of a page is in the
// order of the content stream.) It is used on our own fixtures only: it is not safe for files of strangers.
func TestSecondOpinion(t *testing.T) {
	fixtures, err := filepath.Glob("testdata/statement-*.pdf")
	require.NoError(t, err)
	require.NotEmpty(t, fixtures)
	for _, path := range fixtures {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			data := readFile(t, path)
			r, err := ledongthuc.NewReader(bytes.NewReader(data), int64(len(data)))
			require.NoError(t, err)
			pages := readPages(t, data)
			require.Equal(t, r.NumPage(), len(pages))
			for i, p := range pages {
				text, err := r.Page(i + 1).GetPlainText(nil)
				require.NoError(t, err)
				assert.Equal(t, characters(text), characters(p.Text()), "page %d", i+1)
			}
		})
	}
}

// characters counts the characters of a text that are not white space, ligatures taken apart.
func characters(s string) map[rune]int {
	n := map[rune]int{}
	for _, r := range strings.NewReplacer("ﬁ", "fi", "ﬂ", "fl", "ﬀ", "ff", "ﬃ", "ffi", "ﬄ", "ffl").Replace(s) {
		if r > ' ' && r != 0xa0 {
			n[r]++
		}
	}
	return n
}
