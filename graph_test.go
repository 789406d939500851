package brondata_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/brondata/brondata"

// rooms says for each part of the module which other parts it may import, itself and internal packages aside. A part is
// named by its longest prefix here; what is not named is new and must be given its place.
var rooms = map[string][]string{
	"":                   {"sources", "consent", "retention", "crypto", "model"},
	"model":              {},
	"model/overview":     {"model"},
	"crypto":             {},
	"crypto/cryptotest":  {"crypto"},
	"retention":          {"crypto", "model"},
	"consent":            {"retention", "crypto", "model"},
	"sources":            {"consent", "crypto", "model"},
	"sources/sourcetest": {"sources", "consent", "crypto", "model"},
	"sources/pdftext":    {},
	"scrape":             {"sources", "crypto", "model"},
	"sources/psd2":       adapter, "sources/camt": adapter, "sources/mijnpensioenoverzicht": adapter, "sources/uwv": adapter,
	"testdata": {},
	"internal": {},
}

// adapter is what an adapter may import: no other adapter.
var adapter = []string{"sources/pdftext", "scrape", "sources", "consent", "crypto", "model"}

func room(path string) (string, bool) {
	p := strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
	for {
		if _, ok := rooms[p]; ok {
			return p, true
		}
		i := strings.LastIndexByte(p, '/')
		if i < 0 {
			return p, false
		}
		p = p[:i]
	}
}

// kit reports whether a package is a test kit.
func kit(path string) bool { return strings.HasSuffix(path, "test") && strings.HasPrefix(path, module) }

func goList(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...).Output()
	require.NoError(t, err)
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// Imports go downward only, and test kits are imported by tests and examples only.
func TestImports(t *testing.T) {
	t.Parallel()
	for _, line := range goList(t, "-f", "{{.ImportPath}}{{range .Imports}} {{.}}{{end}}", "./...", module+"/testdata") {
		f := strings.Fields(line)
		from := f[0]
		if strings.HasPrefix(from, module+"/examples/") || from == module+"/internal/pgtest" {
			continue
		}
		own, ok := room(from)
		if !assert.True(t, ok, "%s has no place among the rooms of this test", from) {
			continue
		}
		for _, to := range f[1:] {
			if !strings.HasPrefix(to, module) || strings.HasPrefix(to, module+"/internal/") {
				continue
			}
			if kit(to) && !kit(from) {
				t.Errorf("%s imports the test kit %s", from, to)
			}
			other, ok := room(to)
			if ok && other != own && !slices.Contains(rooms[own], other) {
				t.Errorf("%s imports %s, which is not below it", from, to)
			}
		}
	}
}

// What a host compiles in that imports the root: no database driver, no test kit, no PDF writer.
func TestHostDependencies(t *testing.T) {
	t.Parallel()
	for _, p := range goList(t, "-deps", module) {
		for _, bad := range []string{"modernc.org/", "github.com/jackc/", "github.com/stretchr/", "go.uber.org/goleak", "codeberg.org/", "github.com/ledongthuc/", "pgregory.net/", "github.com/anishathalye/", "github.com/PuerkitoBio/", "github.com/antchfx/"} {
			assert.False(t, strings.HasPrefix(p, bad), "%s is compiled into every host", p)
		}
		assert.NotEqual(t, "testing", p)
		assert.False(t, kit(p), "%s is compiled into every host", p)
	}
}

// The SQL stores bring no driver: the host chooses it.
func TestStoresBringNoDriver(t *testing.T) {
	t.Parallel()
	for _, p := range goList(t, "-deps", module+"/retention/sqlvault", module+"/consent/sqlconsent", module+"/consent/audit") {
		assert.False(t, strings.HasPrefix(p, "modernc.org/") || strings.HasPrefix(p, "github.com/jackc/"), "%s brings a driver", p)
	}
}
