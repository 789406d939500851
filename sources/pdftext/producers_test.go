package pdftext_test

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

// producer turns HTML into PDF.
type producer struct {
	name string
	make func(tb testing.TB, page string) []byte
}

func producers() []producer {
	return []producer{{"chromium", chromiumPDF}, {"libreoffice", libreofficePDF}}
}

const producerTime = 3 * time.Minute

func chromiumPDF(tb testing.TB, page string) []byte {
	tb.Helper()
	tool, dir := requireTool(tb, "chromium"), tb.TempDir()
	in, out := filepath.Join(dir, "in.html"), filepath.Join(dir, "out.pdf")
	require.NoError(tb, os.WriteFile(in, []byte(page), 0o600))
	ctx, cancel := context.WithTimeout(tb.Context(), producerTime)
	defer cancel()
	msg, err := exec.CommandContext(ctx, tool, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+filepath.Join(dir, "profile"),
		"--no-pdf-header-footer", "--disable-pdf-tagging", "--print-to-pdf="+out, (&url.URL{Scheme: "file", Path: in}).String()).CombinedOutput()
	require.NoError(tb, err, "chromium: %s", msg)
	return readFile(tb, out)
}

func libreofficePDF(tb testing.TB, page string) []byte {
	tb.Helper()
	tool, dir := requireTool(tb, "soffice"), tb.TempDir()
	in := filepath.Join(dir, "in.html")
	require.NoError(tb, os.WriteFile(in, []byte(page), 0o600))
	ctx, cancel := context.WithTimeout(tb.Context(), producerTime)
	defer cancel()
	profile := (&url.URL{Scheme: "file", Path: filepath.Join(dir, "profile")}).String()
	msg, err := exec.CommandContext(ctx, tool, "-env:UserInstallation="+profile, "--headless", "--infilter=HTML (StarWriter)",
		"--convert-to", "pdf:writer_pdf_Export", "--outdir", dir, in).CombinedOutput()
	require.NoError(tb, err, "libreoffice: %s", msg)
	return readFile(tb, filepath.Join(dir, "in.pdf"))
}

func readFile(tb testing.TB, path string) []byte {
	tb.Helper()
	data, err := os.ReadFile(path)
	require.NoError(tb, err)
	return data
}
