package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
)

// The example runs, says what it did, and leaves what it promises; in the databases there is nothing of the subject's.
func TestRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a #1, 100%? directory")
	var out bytes.Buffer
	errs, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	require.NoError(t, err)
	defer errs.Close()
	for range 2 { // a second run over the first one's results
		out.Reset()
		require.NoError(t, run(t.Context(), dir, &out, errs))
	}
	for _, want := range []string{"consent ", "connection ", "dossier ", "review ", "release ", "revoke ", "key destroyed", "deletion ", "bank "} {
		assert.Contains(t, out.String(), want)
	}
	for _, name := range []string{"overview.html", "overview.pdf", "release.bin", "brondata.db", "brondata-keys.db"} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.NotZero(t, info.Size(), name)
	}
	page, err := os.ReadFile(filepath.Join(dir, "overview.html"))
	require.NoError(t, err)
	assert.NotContains(t, string(page), "UTC", "the consumer lives in the Netherlands")
	b, err := os.ReadFile(filepath.Join(dir, "dossier.json"))
	require.NoError(t, err)
	d, err := model.ReadDossier(b, nil)
	require.NoError(t, err)
	assert.NotEmpty(t, model.All[*model.Transaction](d))
	assert.NotEmpty(t, model.All[*model.Pension](d))
	assert.NotEmpty(t, model.All[*model.Employment](d))
	assert.NotEmpty(t, model.All[*model.Income](d))
	assert.NotEmpty(t, model.All[*model.Benefit](d))

	paths, err := filepath.Glob(filepath.Join(dir, "brondata*.db*"))
	require.NoError(t, err)
	secrets := []string{"Woonstichting", "Belastingdienst", "NL48BRON", "2874.36"}
	for _, s := range secrets {
		assert.Contains(t, string(b), s, "the marker is real")
	}
	for _, path := range append(paths, filepath.Join(dir, "release.bin")) {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, s := range secrets {
			assert.NotContains(t, string(raw), s, filepath.Base(path))
		}
	}
}
