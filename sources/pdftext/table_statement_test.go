package pdftext_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/sources/pdftext"
)

// readPages reads all pages of a document.
func readPages(tb testing.TB, data []byte) []*pdftext.Page {
	tb.Helper()
	d, err := pdftext.Open(tb.Context(), bytes.NewReader(data), int64(len(data)), nil)
	require.NoError(tb, err)
	var pages []*pdftext.Page
	for p, err := range d.Pages(tb.Context()) {
		require.NoError(tb, err)
		pages = append(pages, p)
	}
	return pages
}

// checkStatement requires every row of the statement to come back exactly, in order, and nothing else.
func checkStatement(tb testing.TB, s statement, data []byte) {
	tb.Helper()
	pages := readPages(tb, data)
	table, err := pdftext.FindTable(pages, statementHeader, &pdftext.TableOptions{Key: []int{0, 5}})
	require.NoError(tb, err)
	bad := 0
	for i := range max(len(s.rows), len(table.Rows)) {
		var want, got string
		if i < len(s.rows) {
			want = fmt.Sprintf("%q", s.rows[i].cells())
		}
		if i < len(table.Rows) {
			got = rowText(table.Rows[i])
		}
		if want != got {
			if bad++; bad < 6 {
				assert.Equal(tb, want, got, "row %d of %d", i+1, len(s.rows))
			}
		}
	}
	require.Zero(tb, bad, "rows that are not exactly right, of %d on %d pages", len(s.rows), len(pages))
}

func rowText(r pdftext.Row) string {
	cells := make([]string, len(r.Cells))
	for i := range cells {
		cells[i] = r.Text(i)
	}
	s := fmt.Sprintf("%q", cells)
	if r.Partial {
		s += " partial"
	}
	return s
}

// fixtureRows is how many rows the committed statements have: one page, and ten.
var fixtureRows = map[string]int{"1": 12, "10": 260}

// fixtures calls f with every committed statement. With BRONDATA_UPDATE=1 they are made anew, which needs the producers.
func fixtures(t *testing.T, f func(t *testing.T, s statement, name string, data []byte)) {
	for _, pages := range []string{"1", "10"} {
		for _, style := range statementStyles() {
			if pages == "10" && style.name != "open" && style.name != "split" {
				continue
			}
			s := newStatement(fixtureRows[pages], style)
			base := filepath.Join("testdata", "statement-"+style.name+"-"+pages)
			if os.Getenv("BRONDATA_UPDATE") == "1" {
				require.NoError(t, os.WriteFile(base+".html", []byte(s.html()), 0o600))
				for _, p := range producers() {
					require.NoError(t, os.WriteFile(base+"-"+p.name+".pdf", p.make(t, s.html()), 0o600))
				}
			}
			page := readFile(t, base+".html")
			require.Equal(t, s.html(), string(page), "the committed HTML is not what the generator makes; run with BRONDATA_UPDATE=1")
			for _, p := range producers() {
				name := filepath.Base(base) + "-" + p.name
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					f(t, s, name, readFile(t, base+"-"+p.name+".pdf"))
				})
			}
		}
	}
}

func TestStatementFixtures(t *testing.T) {
	fixtures(t, func(t *testing.T, s statement, _ string, data []byte) { checkStatement(t, s, data) })
}

// TestStatementsMade makes statements with the producers of this machine: of about a page always, of ten and a hundred pages with
// BRONDATA_LONG=1.
func TestStatementsMade(t *testing.T) {
	sizes := []int{14}
	if os.Getenv("BRONDATA_LONG") == "1" {
		sizes = append(sizes, 220, 2200)
	}
	for _, p := range producers() {
		for _, n := range sizes {
			for _, style := range statementStyles() {
				if n < 100 && style.name != "open" {
					continue
				}
				s := newStatement(n, style)
				t.Run(fmt.Sprintf("%s-%s-%d", p.name, style.name, n), func(t *testing.T) {
					checkStatement(t, s, p.make(t, s.html()))
				})
			}
		}
	}
}
