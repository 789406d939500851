package xmlscan_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/internal/xmlscan"
)

// statement generates a document in the proportions of a bank statement.
func statement(entries int) []byte {
	var b bytes.Buffer
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:test\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n  <Stmt>\n")
	for i := range entries {
		fmt.Fprintf(&b, `    <Ntry>
      <Amt Ccy="EUR">%d.%02d</Amt>
      <CdtDbtInd>DBIT</CdtDbtInd>
      <BookgDt>
        <Dt>2026-01-%02d</Dt>
      </BookgDt>
      <NtryDtls>
        <TxDtls>
          <Refs>
            <EndToEndId>REF-%08d</EndToEndId>
          </Refs>
          <RltdPties>
            <Cdtr>
              <Nm>Bakkerij Jansen &amp; Zn</Nm>
            </Cdtr>
          </RltdPties>
          <RmtInf>
            <Ustrd>Betaling café nummer %d</Ustrd>
          </RmtInf>
        </TxDtls>
      </NtryDtls>
    </Ntry>
`, i, i%100, i%28+1, i, i)
	}
	b.WriteString("  </Stmt>\n</Document>\n")
	return b.Bytes()
}

func count(r io.Reader) (n int, err error) {
	s := xmlscan.New(r, &xmlscan.Options{SkipSpace: true})
	for {
		if _, err := s.Next(); err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
		n++
	}
}

func countStandard(r io.Reader) (n int, err error) {
	d := xml.NewDecoder(r)
	for {
		if _, err := d.Token(); err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
		n++
	}
}

// BenchmarkScanner reads a 10 MB document, and once with encoding/xml for the ratio.
func BenchmarkScanner(b *testing.B) {
	doc := statement(16_000)
	start := time.Now()
	_, err := countStandard(bytes.NewReader(doc))
	require.NoError(b, err)
	standard := time.Since(start)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		_, err := count(bytes.NewReader(doc))
		require.NoError(b, err)
	}
	b.ReportMetric(standard.Seconds()*float64(b.N)/b.Elapsed().Seconds(), "x-encoding/xml")
}

// TestNoAllocationPerToken holds that the length of a document does not show in the number of allocations.
func TestNoAllocationPerToken(t *testing.T) {
	small, large := statement(100), statement(10_000)
	allocs := func(doc []byte) float64 {
		return testing.AllocsPerRun(3, func() {
			_, err := count(bytes.NewReader(doc))
			require.NoError(t, err)
		})
	}
	require.InDelta(t, allocs(small), allocs(large), 3)
	require.Less(t, allocs(large), 50.0)
}
