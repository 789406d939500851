package sources_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/camt"
)

// The parts of an account in several currencies have histories of their own: what one has does not fill the gap of another.
func TestHistoryOfSeveralCurrencies(t *testing.T) {
	t.Parallel()
	month := func(currency, from, until string) string {
		m := `<Stmt><FrToDt><FrDtTm>` + from + `T00:00:00</FrDtTm><ToDtTm>` + until + `T23:59:59</ToDtTm></FrToDt>` +
			`<Acct><Id><IBAN>NL48BRON0123456789</IBAN></Id></Acct>`
		if currency != "" {
			m += `<Ntry><Amt Ccy="` + currency + `">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>` + from + `</Dt></BookgDt></Ntry>`
		}
		return m + `</Stmt>`
	}
	for name, tc := range map[string]struct {
		statements   []string
		since, until string
	}{
		"a month of one is missing": {[]string{
			month("EUR", "2026-01-01", "2026-01-31"), month("EUR", "2026-02-01", "2026-02-28"), month("EUR", "2026-03-01", "2026-03-31"),
			month("USD", "2026-01-01", "2026-01-31"), month("USD", "2026-03-01", "2026-03-31"),
		}, "2026-03-01", "2026-03-31"},
		"one ends first": {[]string{
			month("EUR", "2026-01-01", "2026-01-31"), month("EUR", "2026-02-01", "2026-02-28"), month("USD", "2026-01-01", "2026-01-31"),
		}, "2026-01-01", "2026-01-31"},
		"a month without anything": {[]string{
			month("EUR", "2026-01-01", "2026-01-31"), month("", "2026-02-01", "2026-02-28"), month("EUR", "2026-03-01", "2026-03-31"),
			month("USD", "2026-01-01", "2026-01-31"), month("USD", "2026-02-01", "2026-02-28"), month("USD", "2026-03-01", "2026-03-31"),
		}, "2026-01-01", "2026-03-31"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := new(sources.Registry)
			require.NoError(t, g.AddNormalizer(camt.Normalizer{}))
			doc := `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>` + strings.Join(tc.statements, "") + `</BkToCstmrStmt></Document>`
			got, err := g.Read(t.Context(), sources.Document{Body: sources.BytesContent([]byte(doc))}, sources.Everything(), nil)
			require.NoError(t, err)
			assert.Equal(t, tc.since, got.Since.String())
			assert.Equal(t, tc.until, got.Until.String())
		})
	}
}
