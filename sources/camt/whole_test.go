package camt_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// A statement that gives fewer entries than it says, and a message that gives no statement, say that something is missing.
func TestFewerThanStated(t *testing.T) {
	t.Parallel()
	summary := func(n string) string {
		return `<TxsSummry><TtlNtries><NbOfNtries>` + n + `</NbOfNtries><Sum>2</Sum></TtlNtries><TtlCdtNtries><NbOfNtries>9</NbOfNtries></TtlCdtNtries></TxsSummry>`
	}
	batch := strings.Replace(posted("2.00", "2026-03-02"), "</Ntry>", `<NtryDtls>`+strings.Repeat(`<TxDtls><AmtDtls><TxAmt><Amt Ccy="EUR">1.00</Amt></TxAmt></AmtDtls></TxDtls>`, 2)+`</NtryDtls></Ntry>`, 1)
	info := strings.Replace(posted("5.00", "2026-03-03"), "BOOK", "INFO", 1)
	two := posted("1.00", "2026-03-02") + posted("1.00", "2026-03-03")
	for name, tc := range map[string]struct {
		inside string
		lacks  bool
	}{
		"as many":                    {summary("2") + two, false},
		"more":                       {summary("1") + two, false},
		"fewer":                      {summary("3") + two, true},
		"fewer, said behind them":    {two + summary("3"), true},
		"none of one":                {summary("1"), true},
		"none of none":               {summary("0"), false},
		"nothing is said":            {two, false},
		"no number":                  {summary("many") + two, false},
		"transactions are counted":   {summary("2") + batch, false},
		"fewer than both":            {summary("3") + batch, true},
		"one that moves no money":    {summary("3") + two + info, false},
		"on a page of more":          {mark("1", "false") + summary("3") + two, true},
		"on the only page":           {mark("1", "true") + summary("2") + two, false},
		"fewer than on the only one": {mark("1", "true") + summary("3") + two, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>S-7</Id><Acct><Id><IBAN>NL48BRON0123456789</IBAN></Id><Ccy>EUR</Ccy></Acct>` + tc.inside + `</Stmt></BkToCstmrStmt></Document>`
			assert.Equal(t, tc.lacks, incomplete(read(t, []byte(doc))))
		})
	}
	// The number on a page may be of the whole statement.
	pages := message(page{mark: mark("1", "false"), entries: summary("2") + posted("1.00", "2026-03-02")}, page{mark: mark("2", "true"), entries: summary("2") + posted("1.00", "2026-03-03")})
	assert.False(t, incomplete(read(t, pages)))
	assert.True(t, incomplete(read(t, fixture(t, "no-statement.xml"))))
}

func incomplete(r *sources.Reading) bool {
	for _, i := range r.Issues {
		if i.Code == model.IssueIncompleteDoc {
			return true
		}
	}
	return false
}

// Wherever a statement is cut, in whatever encoding, and whatever stands behind it: it is an error, and never balanced.
func TestNotTheWhole(t *testing.T) {
	t.Parallel()
	whole := `<?xml version="1.0"?>` + string(message(page{
		balances: carried("OPBD", "", "1.00", "2026-03-01") + carried("CLBD", "", "1.00", "2026-03-31"),
	}))
	docs := map[string]string{"UTF-8": whole}
	for name, order := range map[string][2]int{"UTF-16 LE": {0, 1}, "UTF-16 BE": {1, 0}} {
		b := []byte{0xFF, 0xFE}
		b[0], b[1] = b[order[0]], b[order[1]]
		for _, c := range []byte(whole) {
			pair := [2]byte{c, 0}
			b = append(b, pair[order[0]], pair[order[1]])
		}
		docs[name] = string(b)
	}
	g := registry(t)
	for name, doc := range docs {
		r, err := g.Read(t.Context(), sources.Document{Body: sources.BytesContent([]byte(doc))}, sources.Everything(), nil)
		require.NoError(t, err, name)
		require.Equal(t, model.CheckYes, r.Balanced, name)
		bad := map[string]string{"a second document": doc + doc, "NULs": doc + "\x00\x00", "half a character": doc + "\x20", "a text": doc + "x", "a tag": doc + "<"}
		if name == "UTF-8" {
			delete(bad, "half a character") // a blank
		}
		for n := range len(doc) {
			bad[fmt.Sprintf("cut at %d of %d", n, len(doc))] = doc[:n]
		}
		for what, b := range bad {
			r, err := g.Read(t.Context(), sources.Document{Body: sources.BytesContent([]byte(b))}, sources.Everything(), nil)
			if assert.Error(t, err, "%s: %s", name, what) {
				assert.NotEqual(t, model.CheckYes, r.Balanced)
			}
		}
	}
}
