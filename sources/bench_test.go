package sources_test

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/camt"
	"github.com/brondata/brondata/testdata"
)

// statement repeats the entries of the bundled statement until there are n.
func statement(tb testing.TB, n int) []byte {
	tb.Helper()
	b, err := testdata.FS.ReadFile("statement.camt053.xml")
	require.NoError(tb, err)
	first, last := bytes.Index(b, []byte("<Ntry>")), bytes.LastIndex(b, []byte("</Ntry>"))+len("</Ntry>")
	entries := b[first:last]
	each := bytes.Count(entries, []byte("<Ntry>"))
	var out bytes.Buffer
	out.Write(b[:first])
	for i := 0; i < n; i += each {
		out.Write(entries)
		out.WriteByte('\n')
	}
	out.Write(b[last:])
	return out.Bytes()
}

// BenchmarkCollect shows what a collection of one statement of 100,000 transactions costs beside the reading itself and the
// digest. Both sides run in turn; the medians are compared.
//
//	plumbing-%   what the Retriever adds to the reading: permits, limits, detection, provenance, coverage, merging. At most 10.
//	outbound-ms  reconciling, matching and minimising 100,000 transactions. At most 150.
func BenchmarkCollect(b *testing.B) {
	body := statement(b, 100_000)
	doc := sources.Document{Body: sources.BytesContent(body), Institution: "bank"}
	var g sources.Registry
	require.NoError(b, g.AddNormalizer(camt.Normalizer{}))
	require.NoError(b, g.AddSource(sources.Upload{}))
	r, err := sources.NewRetriever(&g, nil)
	require.NoError(b, err)
	scope := scopeOf(model.CategoryTransaction)
	p := grant(b, scope, "bank").Permit
	wide := sources.Query{Scope: sources.Widen(scope)}
	var read, hash, collect, outbound []time.Duration
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		start := time.Now()
		reading, err := g.Read(b.Context(), doc, wide, nil)
		require.NoError(b, err)
		read = append(read, time.Since(start))

		start = time.Now()
		_ = sha256.Sum256(body)
		hash = append(hash, time.Since(start))

		d := &model.Dossier{Documents: make([]model.DocumentInfo, 1), Records: reading.Records}
		start = time.Now()
		sources.Reconcile(reading)
		d.Match()
		d = d.Minimise(scope)
		outbound = append(outbound, time.Since(start))
		require.GreaterOrEqual(b, len(d.Records), 100_000)

		start = time.Now()
		d, err = r.Collect(b.Context(), p, sources.Input{Files: []sources.Document{doc}}, nil)
		collect = append(collect, time.Since(start))
		require.NoError(b, err)
		require.GreaterOrEqual(b, len(d.Records), 100_000)
	}
	added := median(collect) - median(hash) - median(read)
	b.ReportMetric(float64(median(read).Milliseconds()), "read-ms")
	b.ReportMetric(float64(median(hash).Milliseconds()), "hash-ms")
	b.ReportMetric(float64(median(outbound).Milliseconds()), "outbound-ms")
	b.ReportMetric(100*float64(added)/float64(median(read)), "all-%")
	b.ReportMetric(100*float64(added-median(outbound))/float64(median(read)), "plumbing-%")
}

func median(ds []time.Duration) time.Duration {
	s := slices.Clone(ds)
	slices.Sort(s)
	return s[len(s)/2]
}
