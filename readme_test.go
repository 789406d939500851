package brondata_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The README shows the adapter as it is, in less than seventy lines with its test; every file that it names is there, and
// nothing in it waits to be filled in.
func TestReadme(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("README.md")
	require.NoError(t, err)
	readme, lines := string(b), 0
	for _, f := range []string{"customsource.go", "customsource_test.go"} {
		code, err := os.ReadFile(filepath.Join("examples", "customsource", f))
		require.NoError(t, err)
		assert.Contains(t, readme, "```go\n"+string(code)+"```", f)
		lines += strings.Count(string(code), "\n")
	}
	assert.Less(t, lines, 70)
	assert.NotRegexp(t, regexp.MustCompile(`\b[A-Z]{3,}_[A-Z]{3,}\b`), strings.ReplaceAll(readme, "BRONDATA_UPDATE", ""))
	for _, m := range regexp.MustCompile("`((?:sources|scrape|consent|retention|crypto|model|examples|internal)/[a-z0-9/]+)`").FindAllStringSubmatch(readme, -1) {
		_, err := os.Stat(m[1])
		assert.NoError(t, err, m[1])
	}
}
