package pdftext_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"github.com/brondata/brondata/sources/pdftext"
)

// The fidelity test compares the words of PDFs that nobody here made with those of pdftotext -layout. It reads every *.pdf under
// the directory that BRONDATA_PDF_CORPUS names; a subdirectory called "odd" is held to the goals for files that are broken on
// purpose. BRONDATA_PDF_VERBOSE names a file to which the worst documents are written.
const (
	corpusEnv  = "BRONDATA_PDF_CORPUS"
	verboseEnv = "BRONDATA_PDF_VERBOSE"
)

var wordPattern = regexp.MustCompile(`[\p{L}\p{M}\p{N}_]+`)

// bag is a multiset of words.
type bag map[string]int

func bagOf(text string) (b bag, n int) {
	b = bag{}
	for _, w := range wordPattern.FindAllString(norm.NFKC.String(text), -1) {
		b[w]++
		n++
	}
	return b, n
}

func (b bag) common(o bag) (n int) {
	for w, k := range b {
		n += min(k, o[w])
	}
	return n
}

// fidelity sums up one group of files.
type fidelity struct {
	files, opened     int // that pdftotext opens
	compared          int // of those with enough words
	want, got, common int
	recall            float64 // summed over the files compared
	lines             []string
}

func (f *fidelity) micro() float64     { return float64(f.common) / float64(max(f.want, 1)) }
func (f *fidelity) macro() float64     { return f.recall / float64(max(f.compared, 1)) }
func (f *fidelity) precision() float64 { return float64(f.common) / float64(max(f.got, 1)) }
func (f *fidelity) share() float64     { return float64(f.opened) / float64(max(f.files, 1)) }

// pageText is what a reader who ignores layout would take from a document: the words that pdftotext prints, too.
func documentText(ctx context.Context, data []byte) (string, error) {
	d, err := pdftext.Open(ctx, bytes.NewReader(data), int64(len(data)), nil)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for p, err := range d.Pages(ctx) {
		if err != nil {
			return b.String(), err
		}
		for _, w := range p.Words {
			if w.Visibility != pdftext.OffPage && w.Visibility != pdftext.LayerOff {
				b.WriteString(w.Text)
				b.WriteByte(' ')
			}
		}
	}
	return b.String(), nil
}

func TestFidelity(t *testing.T) {
	root := os.Getenv(corpusEnv)
	if root == "" {
		t.Skip("no corpus: set " + corpusEnv + " to a directory of PDF files")
	}
	tool := requireTool(t, "pdftotext")
	groups := map[string]*fidelity{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.EqualFold(filepath.Ext(path), ".pdf") {
			return err
		}
		name := "ordinary"
		if strings.Contains(filepath.ToSlash(strings.TrimPrefix(path, root))+"/", "/odd/") || filepath.Base(root) == "odd" {
			name = "odd"
		}
		if groups[name] == nil {
			groups[name] = &fidelity{}
		}
		groups[name].compare(t, tool, path)
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, groups, "the corpus holds no PDF file")
	for name, f := range groups {
		t.Logf("%s: %d files, opened %.4f; %d compared: recall micro %.4f macro %.4f, precision %.4f",
			name, f.files, f.share(), f.compared, f.micro(), f.macro(), f.precision())
		slices.Sort(f.lines)
		if out := os.Getenv(verboseEnv); out != "" {
			require.NoError(t, os.WriteFile(out+"."+name, []byte(strings.Join(f.lines, "\n")+"\n"), 0o600))
		}
		goals := map[string]float64{"micro": .98, "macro": .98, "precision": .98, "opened": .995}
		if name == "odd" {
			goals = map[string]float64{"micro": .97, "macro": .93, "precision": .97, "opened": .97}
		}
		assert.GreaterOrEqual(t, f.micro(), goals["micro"], "%s: micro recall", name)
		assert.GreaterOrEqual(t, f.macro(), goals["macro"], "%s: macro recall", name)
		assert.GreaterOrEqual(t, f.precision(), goals["precision"], "%s: precision", name)
		assert.GreaterOrEqual(t, f.share(), goals["opened"], "%s: share opened", name)
	}
}

// compare adds one file to the sums.
func (f *fidelity) compare(t *testing.T, tool, path string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	reference, err := exec.CommandContext(ctx, tool, "-q", "-layout", path, "-").Output()
	if err != nil {
		return // the reference does not open it either
	}
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	f.files++
	start := time.Now()
	text, err := documentText(ctx, data)
	if err == nil {
		f.opened++
	}
	want, n := bagOf(string(reference))
	if n < 5 {
		return
	}
	got, m := bagOf(text)
	c := want.common(got)
	f.compared++
	f.want, f.got, f.common = f.want+n, f.got+m, f.common+c
	f.recall += float64(c) / float64(n)
	f.lines = append(f.lines, fmt.Sprintf("%.4f lost %6d extra %6d of %6d %6.0f ms %s %v", float64(c)/float64(n), n-c, m-c, n,
		float64(time.Since(start).Microseconds())/1000, path, err))
}
