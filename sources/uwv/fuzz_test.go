package uwv_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/uwv"
)

func document(b []byte) sources.Document {
	return sources.Document{Format: uwv.Verzekeringsbericht, Body: sources.BytesContent(b)}
}

// sound holds for whatever was read: an error wraps a sentinel, no contract was broken, and what is incomplete says so.
func sound(t *testing.T, got *sources.Reading, err error) {
	t.Helper()
	require.False(t, errors.Is(err, sources.ErrAdapter) || errors.Is(err, sources.ErrUnexpected), "%v", err)
	for _, r := range got.Records {
		switch r := r.(type) {
		case *model.Person:
			require.True(t, r.BSN.IsZero(), "a BSN without a legal basis")
		case *model.Income:
			if r.Hours == nil || r.Period.IsZero() || r.SocialInsuranceWage.IsZero() {
				require.NotEmpty(t, r.Issues)
			}
			require.True(t, r.SocialInsuranceWage.IsZero() || r.SocialInsuranceWage.Currency() == model.EUR)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	for _, pattern := range []string{"page-break-weasyprint.pdf", "car-*-weasyprint.pdf"} {
		files, err := filepath.Glob(filepath.Join("testdata", pattern))
		require.NoError(f, err)
		for _, name := range files {
			b, err := os.ReadFile(name)
			require.NoError(f, err)
			f.Add(b)
		}
	}
	n := notices["several"]
	n.version = "VZB-005"
	f.Add(n.pdf(f, 12))
	g := registry(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := g.Read(t.Context(), document(b), sources.Everything(), nil)
		sound(t, got, err)
	})
}

// FuzzLayout is about the layer above the PDF: text on a grid becomes records.
func FuzzLayout(f *testing.F) {
	f.Add(top + january + february + foot)
	f.Add(top + january + foot + "\f" + tableHead + february + foot + "\nBSN 999991772")
	f.Add(top + "01-01-2026 t/m 31-01-2026    160\n        Eigen bijdrage auto Waarde privégebruik auto\n        € 1,00 € 2,00      € 3,00-\n" + foot)
	f.Add("Loongegevens\n\n                      Bouw- en\nWerkgever/Instantie   Installatie-\n                      en Onderhoud B.V.\nLoonheffingennummer   813580237L01\n" +
		"Verzekerde wetten     WW\n                      a\nContractvorm          b\n                      c\n" + tableHead + january + foot)
	var g sources.Registry
	require.NoError(f, g.AddNormalizer(grid{}))
	f.Fuzz(func(t *testing.T, text string) {
		if !model.ValidText(text) {
			return // package pdftext gives no such words
		}
		got, err := g.Read(t.Context(), sources.Document{Format: "grid", Body: sources.BytesContent([]byte(text))}, sources.Everything(), nil)
		sound(t, got, err)
	})
}
