package camt

import (
	"bytes"
	"encoding/xml"
	"io"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/internal/xmlscan"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// counter takes records and keeps none, so that what a benchmark sees is the reader's own.
type counter struct {
	records      int
	transactions int
	doubts       int
	last         model.Record
}

func (c *counter) Record(r model.Record, _ model.Locator, doubts ...model.Issue) error {
	c.records++
	c.doubts += len(doubts) + len(r.Head().Issues)
	if _, ok := r.(*model.Transaction); ok {
		c.transactions++
	}
	c.last = r
	return nil
}
func (c *counter) Issue(model.Issue)                       { c.doubts++ }
func (c *counter) Statement(model.Locator)                 {}
func (*counter) Covers(_ model.AccountID, _, _ model.Date) {}

func readAll(tb testing.TB, r io.Reader) *counter {
	c := new(counter)
	opts := &xmlscan.Options{SkipSpace: true}
	require.NoError(tb, newReader(xmlscan.New(r, opts), sources.Everything(), c).read())
	return c
}

func tokens(tb testing.TB, r io.Reader) (n int) {
	d := xml.NewDecoder(r)
	for {
		if _, err := d.Token(); err == io.EOF {
			return n
		} else if err != nil {
			tb.Fatal(err)
		}
		n++
	}
}

// BenchmarkNormalize reads generated statements with everything checked and every record built, and the same file with a
// bare encoding/xml token loop that does nothing with the tokens. ratio is the second's time over the first's: the goal
// is 5. peak-MB is how much the heap grew, garbage included, while a file that is nowhere in memory streamed through: the
// goal is 32. Files come indented, as most banks write them, and without any white space.
func BenchmarkNormalize(b *testing.B) {
	for _, bm := range []struct {
		name    string
		size    int64
		compact bool
	}{{"10MB", 10 << 20, false}, {"10MB-compact", 10 << 20, true}, {"100MB", 100 << 20, false}} {
		b.Run(bm.name, func(b *testing.B) {
			peak := peak(b, &generator{size: bm.size})
			doc, err := io.ReadAll(&generator{size: bm.size})
			require.NoError(b, err)
			if bm.compact {
				doc = regexp.MustCompile(`>\s+<`).ReplaceAll(doc, []byte("><"))
			}
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			var c *counter
			var own, plain time.Duration // the best of three, taken in turn: the machine may be busy
			for range 3 {
				start := time.Now()
				c = readAll(b, bytes.NewReader(doc))
				own = best(own, time.Since(start))
				start = time.Now()
				tokens(b, bytes.NewReader(doc))
				plain = best(plain, time.Since(start))
			}
			for b.Loop() {
				start := time.Now()
				c = readAll(b, bytes.NewReader(doc))
				own = best(own, time.Since(start))
			}
			require.Zero(b, c.doubts)
			mb := float64(len(doc)) / 1e6
			b.ReportMetric(mb/own.Seconds(), "best-MB/s")
			b.ReportMetric(mb/plain.Seconds(), "encoding/xml-MB/s")
			b.ReportMetric(float64(plain)/float64(own), "ratio")
			b.ReportMetric(peak, "peak-MB")
		})
	}
}

func best(a, b time.Duration) time.Duration {
	if a == 0 || b < a {
		return b
	}
	return a
}

// peak streams a statement that is never in memory as a whole and returns by how much the heap grew at most, garbage
// included, in MB.
func peak(tb testing.TB, r io.Reader) float64 {
	debug.FreeOSMemory()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var most atomic.Uint64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), m.HeapInuse))
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	c := readAll(tb, r)
	close(stop)
	<-stopped
	require.Positive(tb, c.transactions)
	return float64(most.Load()-min(before.HeapInuse, most.Load())) / 1e6
}

// TestMemory holds that what the reader needs does not grow with the file.
func TestMemory(t *testing.T) {
	size := int64(20 << 20)
	if os.Getenv("BRONDATA_LONG") == "1" {
		size = 100 << 20
	}
	entry := func(n int, details string) io.Reader {
		parts := []io.Reader{strings.NewReader(`<Document xmlns="` + namespace + `053.001.02"><BkToCstmrStmt><Stmt><Ntry>`)}
		for range n {
			parts = append(parts, strings.NewReader(details))
		}
		return io.MultiReader(append(parts, strings.NewReader(`</Ntry></Stmt></BkToCstmrStmt></Document>`))...)
	}
	text := "<TxDtls><RmtInf><Ustrd>" + strings.Repeat("x", maxText) + "</Ustrd></RmtInf></TxDtls>"
	tests := map[string]io.Reader{
		"entries":               &generator{size: size},
		"a batch":               entry(maxDetails, "<TxDtls><RmtInf><Ustrd>"+strings.Repeat("x", 140)+"</Ustrd></RmtInf></TxDtls>"),
		"a batch of long texts": entry(4*int(size)/len(text), text),
	}
	for name, r := range tests {
		t.Run(name, func(t *testing.T) {
			got := peak(t, r)
			t.Logf("the heap grew by %.1f MB", got)
			require.Less(t, got, 32.0)
		})
	}
}
