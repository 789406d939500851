package sources_test

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/camt"
	"github.com/brondata/brondata/testdata"
)

// statement repeats the entries of the bundled statement until there are n, each time with other months, amounts and ids of
// the bank.
func statement(tb testing.TB, n int) []byte {
	tb.Helper()
	b, err := testdata.FS.ReadFile("statement.camt053.xml")
	require.NoError(tb, err)
	first, last := bytes.Index(b, []byte("<Ntry>")), bytes.LastIndex(b, []byte("</Ntry>"))+len("</Ntry>")
	entries := string(b[first:last])
	each := strings.Count(entries, "<Ntry>")
	var out bytes.Buffer
	out.Write(b[:first])
	for k := range (n + each - 1) / each {
		month, amount := fmt.Sprintf("%d-%02d-", 2017+k/12%10, 1+k%12), fmt.Sprintf(`<Amt Ccy="EUR">%d`, 1+k)
		r := strings.NewReplacer("2026-10-", month, `<Amt Ccy="EUR">`, amount, "<AcctSvcrRef>", fmt.Sprintf("<AcctSvcrRef>%d", k))
		out.WriteString(r.Replace(entries))
		out.WriteByte('\n')
	}
	out.Write(b[last:])
	return out.Bytes()
}

// BenchmarkCollect shows what a collection of 100,000 transactions costs beside the reading itself and the digests. Reading
// alone is the normalizer with its writer and nothing around it; whatever else a collection does is the Retriever's. The
// writer reconciles as it goes, so that is measured apart and counted as the Retriever's, too. Each round does all in turn, and the
// medians over the rounds are told.
//
//	added-%      what the Retriever adds to the reading, all but the digests. At most 10 for one document.
//	outbound-ms  reconciling, matching and reducing, which the Retriever's part contains. At most 150.
//
// Several documents are downloads that overlap wholly: every transaction has to be matched, which no single document needs.
//
// One round says little: -benchtime 15x prints the medians of fifteen.
func BenchmarkCollect(b *testing.B) {
	for _, documents := range []int{1, 2, 12} {
		b.Run(fmt.Sprintf("documents=%d", documents), func(b *testing.B) { benchmarkCollect(b, documents) })
	}
}

func benchmarkCollect(b *testing.B, documents int) {
	const transactions = 100_000
	body := statement(b, transactions/documents)
	var docs []sources.Document
	for range documents {
		docs = append(docs, sources.Document{Body: sources.BytesContent(bytes.Clone(body)), Institution: "bank"})
	}
	var g sources.Registry
	require.NoError(b, g.AddNormalizer(camt.Normalizer{}))
	require.NoError(b, g.AddSource(sources.Upload{}))
	r, err := sources.NewRetriever(&g, nil)
	require.NoError(b, err)
	scope := scopeOf(model.CategoryTransaction)
	p := grant(b, scope, "bank").Permit
	wide := sources.Query{Scope: sources.Widen(scope)}
	var read, hash, reconcile, outbound, added []float64
	// Each part begins with a clean heap, so that none pays for the garbage of the one before.
	timed := func(f func()) float64 {
		runtime.GC()
		start := time.Now()
		f()
		return time.Since(start).Seconds() * 1000
	}
	b.SetBytes(int64(len(body) * documents))
	for b.Loop() {
		read = append(read, timed(func() {
			for _, doc := range docs {
				records, err := sources.ReadAlone(b.Context(), camt.Normalizer{}, "camt.053", doc, wide)
				require.NoError(b, err)
				require.Greater(b, len(records), transactions/documents)
			}
		}))
		hash = append(hash, timed(func() {
			for _, doc := range docs {
				_, err := sources.DigestOf(b.Context(), doc)
				require.NoError(b, err)
			}
		}))
		d := &model.Dossier{Documents: make([]model.DocumentInfo, documents)}
		for i, doc := range docs {
			reading, err := g.Read(b.Context(), doc, wide, nil)
			require.NoError(b, err)
			for _, r := range reading.Records {
				r.Head().Provenance.Document = i
			}
			d.Records = append(d.Records, reading.Records...)
		}
		reconcile = append(reconcile, timed(func() { sources.Reconcile(d.Records) }))
		outbound = append(outbound, timed(func() {
			d.Match()
			d.Reduce(scope)
		}))
		require.GreaterOrEqual(b, len(d.Records), transactions)
		d = nil
		var collected *model.Dossier
		collect := timed(func() {
			collected, err = r.Collect(b.Context(), p, sources.Input{Files: docs}, nil)
		})
		require.NoError(b, err)
		require.GreaterOrEqual(b, len(collected.Records), transactions)
		n := len(read) - 1
		added = append(added, collect-hash[n]-read[n]+reconcile[n])
	}
	b.ReportMetric(median(read), "read-ms")
	b.ReportMetric(median(hash), "hash-ms")
	b.ReportMetric(median(reconcile)+median(outbound), "outbound-ms")
	b.ReportMetric(median(added), "added-ms")
	b.ReportMetric(100*median(added)/median(read), "added-%")
}

func median(ds []float64) float64 {
	s := slices.Clone(ds)
	slices.Sort(s)
	return s[len(s)/2]
}
