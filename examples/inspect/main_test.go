package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inspected is the form of the output that others rely on.
type inspected struct {
	File, Format string
	Records      []map[string]any
	Issues       []map[string]any
}

func inspectAll(t *testing.T, args ...string) (status int, out []inspected, stderr string) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(t.Context(), args, &o, &e)
	d := json.NewDecoder(&o)
	for d.More() {
		var v inspected
		require.NoError(t, d.Decode(&v))
		require.NotNil(t, v.Records)
		require.NotNil(t, v.Issues)
		out = append(out, v)
	}
	return status, out, e.String()
}

func TestInspect(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "*.*"))
	require.NoError(t, err)
	var documents []string
	for _, f := range files {
		if !strings.HasSuffix(f, ".go") {
			documents = append(documents, f)
		}
	}
	require.GreaterOrEqual(t, len(documents), 4)
	status, out, stderr := inspectAll(t, documents...)
	assert.Zero(t, status)
	assert.Empty(t, stderr)
	require.Len(t, out, len(documents))
	for i, o := range out {
		assert.Equal(t, documents[i], o.File)
		assert.NotEmpty(t, o.Format)
		assert.NotEmpty(t, o.Records, o.Format)
		for _, r := range o.Records {
			assert.NotEmpty(t, r["category"])
			assert.NotEmpty(t, r["provenance"])
		}
	}
}

func TestInspectBadFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	page, empty := filepath.Join(dir, "page.html"), filepath.Join(dir, "empty.xml")
	require.NoError(t, os.WriteFile(page, []byte("<!DOCTYPE html><html></html>"), 0o600))
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	good := filepath.Join("..", "..", "testdata", "statement.camt053.xml")
	status, out, stderr := inspectAll(t, page, empty, filepath.Join(dir, "absent"), dir, good)
	assert.Equal(t, 1, status)
	require.Len(t, out, 1, "the other files are done all the same")
	assert.Equal(t, "camt.053", out[0].Format)
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	require.Len(t, lines, 4)
	for i, file := range []string{page, empty, filepath.Join(dir, "absent"), dir} {
		assert.True(t, strings.HasPrefix(lines[i], "inspect: "+file+": "), lines[i])
	}
	t.Run("a format that is not known", func(t *testing.T) {
		status, _, stderr := inspectAll(t, "-format", "nothing", good)
		assert.Equal(t, 1, status)
		assert.Contains(t, stderr, "format")
	})
	t.Run("a document that breaks off", func(t *testing.T) {
		b, err := os.ReadFile(good)
		require.NoError(t, err)
		half := filepath.Join(dir, "half.xml")
		require.NoError(t, os.WriteFile(half, b[:len(b)/2], 0o600))
		status, out, stderr := inspectAll(t, half)
		assert.Equal(t, 1, status)
		require.Len(t, out, 1)
		assert.NotEmpty(t, out[0].Records, "what was read is printed")
		assert.Contains(t, stderr, "truncated")
	})
	t.Run("no file", func(t *testing.T) {
		status, _, stderr := inspectAll(t)
		assert.Equal(t, 2, status)
		assert.Contains(t, stderr, "usage")
	})
}

func TestInspectText(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	status := run(t.Context(), []string{"-text", filepath.Join("..", "..", "testdata", "verzekeringsbericht.pdf")}, &out, &errs)
	assert.Zero(t, status, errs.String())
	assert.Contains(t, out.String(), "Loonheffingennummer")
	assert.Contains(t, strings.ToLower(out.String()), "verzekeringsbericht")
}
