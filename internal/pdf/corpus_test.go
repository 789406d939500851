package pdf_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/internal/pdf"
)

// TestCorpus opens a folder of documents that other people made and compares with what another reader did. The folder comes
// from BRONDATA_PDF_CORPUS: DIR/NAME.ref has a line "exit status, tab, pages, tab, path" for each file that pdftotext was
// given. The documents are not ours to bundle.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("BRONDATA_PDF_CORPUS")
	if dir == "" {
		t.Skip("BRONDATA_PDF_CORPUS is not set")
	}
	refs, err := filepath.Glob(filepath.Join(dir, "*.ref"))
	require.NoError(t, err)
	require.NotEmpty(t, refs)
	for _, ref := range refs {
		t.Run(strings.TrimSuffix(filepath.Base(ref), ".ref"), func(t *testing.T) {
			f, err := os.Open(ref)
			require.NoError(t, err)
			defer f.Close()
			total, opened, same := 0, 0, 0
			damaged := map[pdf.Damage]int{}
			for s := bufio.NewScanner(f); s.Scan(); {
				field := strings.SplitN(s.Text(), "\t", 3)
				require.Len(t, field, 3)
				want, err := strconv.Atoi(field[1])
				require.NoError(t, err)
				start := time.Now()
				pages, damage, err := walk(field[2])
				if took := time.Since(start); took > 3*time.Second {
					t.Errorf("%s took %v", field[2], took)
				}
				if field[0] != "0" {
					if err == nil {
						t.Logf("more than the reference: %s (%d pages)", field[2], pages)
					}
					continue
				}
				total++
				if err == nil {
					opened++
					damaged[damage]++
				} else {
					t.Logf("refused: %s: %v", field[2], err)
				}
				if pages == want {
					same++
				} else if err == nil {
					t.Logf("pages: %s: %d, reference %d, damage %b", field[2], pages, want, damage)
				}
			}
			t.Logf("opened %d of %d (%.2f %%), same number of pages %d", opened, total, 100*float64(opened)/float64(total), same)
			t.Logf("files by damage: %v", damaged)
			require.GreaterOrEqual(t, float64(opened)/float64(total), .97)
		})
	}
}

// walk opens a file, iterates over its pages and decodes their contents.
func walk(path string) (pages int, damage pdf.Damage, err error) {
	ctx := context.Background()
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, err
	}
	d, err := pdf.OpenBytes(ctx, data, nil)
	if err != nil {
		return 0, 0, err
	}
	for p, err := range d.Pages(ctx) {
		if err != nil {
			return pages, d.Damage(), err
		}
		pages++
		if _, err := d.Content(ctx, p); err != nil && !errors.Is(err, pdf.ErrUnsupported) {
			return pages, d.Damage(), err
		}
	}
	return pages, d.Damage(), nil
}
