package pdftext_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/internal/cputest"
	"github.com/brondata/brondata/sources/pdftext"
)

// The goals of the issue: wall time against pdftotext -layout for files of ten pages and more, and peak memory.
const (
	goalRatio     = 0.35
	goalMemory    = 32 << 20
	goalPerByte   = 4
	benchPageGoal = 10
	benchRounds   = 12
)

// benchFiles are the committed ten-page statements, and with BRONDATA_LONG=1 statements of a hundred pages made here.
func benchFiles(b *testing.B) map[string][]byte {
	files := map[string][]byte{}
	for _, p := range producers() {
		files["10-"+p.name] = readFile(b, filepath.Join("testdata", "statement-open-10-"+p.name+".pdf"))
		if os.Getenv("BRONDATA_LONG") == "1" {
			files["100-"+p.name] = p.make(b, newStatement(2600, statementStyles()[1]).html())
		}
	}
	return files
}

// BenchmarkText reads all words of a document with their positions and reports the wall time of pdftotext -layout on the same
// file, the ratio of the two, and the peak of the memory in use.
func BenchmarkText(b *testing.B) {
	tool := requireTool(b, "pdftotext")
	files := benchFiles(b)
	for _, name := range sortedKeys(files) {
		b.Run(name, func(b *testing.B) {
			data := files[name]
			path := filepath.Join(b.TempDir(), "in.pdf")
			require.NoError(b, os.WriteFile(path, data, 0o600))
			peak, pages := peakMemory(b, data)
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			// The two take turns and the shortest run of each counts, so that other work on the machine disturbs both alike.
			own, reference, ownCPU, referenceCPU := time.Hour, time.Hour, time.Hour, time.Hour
			for range benchRounds {
				cmd := exec.CommandContext(b.Context(), tool, "-layout", path, os.DevNull)
				reference = min(reference, timed(func() { require.NoError(b, cmd.Run()) }))
				referenceCPU = min(referenceCPU, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
				for range 2 {
					used := cputest.Used()
					own = min(own, timed(func() { countWords(b, data) }))
					ownCPU = min(ownCPU, cputest.Used()-used)
				}
			}
			ratio := float64(own) / float64(reference)
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				countWords(b, data)
			}
			b.ReportMetric(float64(reference.Microseconds())/1000, "pdftotext-ms")
			b.ReportMetric(float64(own.Microseconds())/1000, "own-ms")
			b.ReportMetric(ratio, "ratio")
			b.ReportMetric(float64(ownCPU)/float64(referenceCPU), "cpu-ratio")
			b.ReportMetric(float64(peak)/(1<<20), "peak-MB")
			b.ReportMetric(float64(pages), "pages")
			if limit := int64(goalPerByte*len(data)) + goalMemory; peak > limit {
				b.Errorf("peak memory %d bytes, the goal is %d", peak, limit)
			}
			if ratio > goalRatio && pages >= benchPageGoal {
				b.Errorf("ratio %.2f to pdftotext -layout, the goal is %.2f", ratio, goalRatio)
			}
		})
	}
}

// countWords reads a document page by page, as a caller does who keeps none.
func countWords(tb testing.TB, data []byte) (pages, words int) {
	d, err := pdftext.Open(tb.Context(), bytes.NewReader(data), int64(len(data)), nil)
	require.NoError(tb, err)
	for p, err := range d.Pages(tb.Context()) {
		require.NoError(tb, err)
		pages++
		words += len(p.Words)
	}
	require.Positive(tb, words)
	return pages, words
}

func timed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

// peakMemory returns by how much the memory that the process holds from the system grows while a document is read, the bytes of the
// file, which the caller holds, included.
func peakMemory(tb testing.TB, data []byte) (peak int64, pages int) {
	tb.Helper()
	debug.FreeOSMemory()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	held := func(m *runtime.MemStats) int64 { return int64(m.HeapSys-m.HeapReleased) + int64(m.StackSys) }
	d, err := pdftext.Open(tb.Context(), bytes.NewReader(data), int64(len(data)), nil)
	require.NoError(tb, err)
	for _, err := range d.Pages(tb.Context()) {
		require.NoError(tb, err)
		runtime.ReadMemStats(&now)
		peak = max(peak, held(&now)-held(&before))
		pages++
	}
	runtime.KeepAlive(d)
	return peak + int64(len(data)), pages
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// BenchmarkTable finds the rows of a ten-page statement whose pages have been read.
func BenchmarkTable(b *testing.B) {
	for _, p := range producers() {
		b.Run(p.name, func(b *testing.B) {
			pages := readPages(b, readFile(b, filepath.Join("testdata", fmt.Sprintf("statement-open-10-%s.pdf", p.name))))
			for b.Loop() {
				_, err := pdftext.FindTable(pages, statementHeader, &pdftext.TableOptions{Key: []int{0, 5}})
				require.NoError(b, err)
			}
		})
	}
}
