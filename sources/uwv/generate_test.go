package uwv_test

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// producers make a PDF of HTML: a browser, an office suite and a formatter for print. Each command writes in.pdf beside
// in.html.
var producers = map[string]func(dir string) []string{
	"chromium": func(dir string) []string {
		return []string{
			"chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
			"--disable-component-update", "--disable-sync", "--user-data-dir=" + filepath.Join(dir, "profile"), "--no-pdf-header-footer",
			"--disable-pdf-tagging", "--print-to-pdf=" + filepath.Join(dir, "in.pdf"), fileURL(filepath.Join(dir, "in.html")),
		}
	},
	"libreoffice": func(dir string) []string {
		return []string{
			"soffice", "-env:UserInstallation=" + fileURL(filepath.Join(dir, "profile")), "--headless", "--infilter=HTML (StarWriter)",
			"--convert-to", "pdf:writer_pdf_Export", "--outdir", dir, filepath.Join(dir, "in.html"),
		}
	},
	"weasyprint": func(dir string) []string {
		return []string{"weasyprint", filepath.Join(dir, "in.html"), filepath.Join(dir, "in.pdf")}
	},
}

func fileURL(path string) string { return (&url.URL{Scheme: "file", Path: path}).String() }

// TestGenerate writes the fixtures anew: testdata/CASE.html and CASE-PRODUCER.pdf. The golden files of the conformance
// test are to be written after it. The file that hosts may use in their tests, verzekeringsbericht.pdf, is a copy of
// bundled-chromium.pdf.
func TestGenerate(t *testing.T) {
	if os.Getenv("BRONDATA_UPDATE") != "1" {
		t.Skip("BRONDATA_UPDATE=1 writes the fixtures")
	}
	for name, n := range notices {
		t.Run(name, func(t *testing.T) {
			page := n.html()
			require.NoError(t, os.WriteFile(filepath.Join("testdata", name+".html"), []byte(page), 0o644))
			for producer, command := range producers {
				dir := t.TempDir()
				require.NoError(t, os.WriteFile(filepath.Join(dir, "in.html"), []byte(page), 0o644))
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				c := command(dir)
				msg, err := exec.CommandContext(ctx, c[0], c[1:]...).CombinedOutput()
				cancel()
				require.NoError(t, err, "%s: %s", producer, msg)
				b, err := os.ReadFile(filepath.Join(dir, "in.pdf"))
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join("testdata", name+"-"+producer+".pdf"), b, 0o644))
			}
		})
	}
}
