package sources_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/camt"
	"github.com/brondata/brondata/sources/mijnpensioenoverzicht"
	"github.com/brondata/brondata/testdata"
)

// What strangers hand in: each gives an error of the right kind, or is read with a doubt, and no value gets into the error.
func TestBadInput(t *testing.T) {
	t.Parallel()
	file := func(name string) string {
		b, err := testdata.FS.ReadFile(name)
		require.NoError(t, err)
		return string(b)
	}
	statement, pension := file("statement.camt053.xml"), file("pensioenoverzicht.json")
	head := `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">`
	var g sources.Registry
	require.NoError(t, g.AddNormalizer(camt.Normalizer{}, mijnpensioenoverzicht.Normalizer{}))
	for _, tc := range []struct {
		name, text string
		err        error
		records    int // at least
	}{
		{"empty", "", sources.ErrNotProvided, 0},
		{"blank", "  \n\t", sources.ErrUnknownFormat, 0},
		{"a text", "canary", sources.ErrUnknownFormat, 0},
		{"a login page", "<!DOCTYPE html><html><form><input type=password value=canary></form></html>", sources.ErrUnknownFormat, 0},
		{"truncated", statement[:len(statement)/2], sources.ErrTruncated, 5},
		{"truncated in the first tag", statement[:strings.Index(statement, "camt.053.001.08")+20], sources.ErrTruncated, 0},
		{"a wrong charset", strings.Replace(statement, "Vooruit", "canar\xff\xfey", 1), sources.ErrMalformed, 3},
		{"an unknown charset", strings.Replace(statement, "UTF-8", "canary-8", 1), sources.ErrMalformed, 0},
		{"white space before the declaration", "\n" + statement, sources.ErrMalformed, 0},
		{"a blank before the declaration, behind a mark", "\xef\xbb\xbf " + statement, sources.ErrMalformed, 0},
		{"a huge comment before the root", strings.Replace(statement, "?>", "?><!--"+strings.Repeat("canary ", sources.ProbeSize/7)+"-->", 1), sources.ErrMalformed, 0},
		{"a huge comment at the start", "<!--" + strings.Repeat("canary ", sources.ProbeSize/7) + "-->" + head, sources.ErrMalformed, 0},
		{"a comment and no more", "<!-- canary -->", sources.ErrUnknownFormat, 0},
		{"nothing but a declaration", `<?xml version="1.0"?>canary`, sources.ErrMalformed, 0},
		{"deep nesting", head + strings.Repeat("<canary>", 100_000), sources.ErrLimit, 0},
		{"a DOCTYPE", `<!DOCTYPE Document [<!ENTITY x "canary">]>` + head + "<BkToCstmrStmt><Stmt><Id>&x;</Id></Stmt></BkToCstmrStmt></Document>", sources.ErrMalformed, 0},
		{"an unknown entity", strings.Replace(statement, "Zorgverzekeraar", "&canary;", 1), sources.ErrMalformed, 3},
		{"an attribute twice", strings.Replace(statement, `<Amt Ccy="EUR">1150.00`, `<Amt Ccy="EUR" Ccy="canary">1150.00`, 1), sources.ErrMalformed, 3},
		{"tags that cross", strings.Replace(statement, "</Ntry>", "</canary>", 1), sources.ErrMalformed, 3},
		{"a second root", statement + "<canary/>", sources.ErrMalformed, 14},
		{"a JSON key twice", strings.Replace(pension, "{", `{"StatusCode":"canary",`, 1), sources.ErrMalformed, 0},
		{"truncated JSON", pension[:len(pension)-20], sources.ErrTruncated, 0},
		{"an absurd number", strings.Replace(pension, "14400", strings.Repeat("9", 100_000), 1), sources.ErrLimit, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r, err := g.Read(t.Context(), text(tc.text), sources.Everything(), nil)
			require.ErrorIs(t, err, tc.err)
			assert.NotContains(t, strings.ToLower(err.Error()), "canar")
			assert.GreaterOrEqual(t, len(r.Records), tc.records, "what was read before it is kept")
			if tc.records > 0 {
				assert.NotEqual(t, "yes", string(r.Balanced), "what was not read whole is not balanced")
			}
		})
	}
	t.Run("an absurd amount is a doubt", func(t *testing.T) {
		bad := strings.Replace(statement, `<Amt Ccy="EUR">1150.00`, `<Amt Ccy="EUR">1e999999999`, 1)
		bad = strings.Replace(bad, `<Amt Ccy="EUR">84.95`, `<Amt Ccy="EUR">`+strings.Repeat("7", 5000), 1)
		r, err := g.Read(t.Context(), text(bad), sources.Everything(), nil)
		require.NoError(t, err)
		doubts := 0
		for _, rec := range r.Records {
			for _, i := range rec.Head().Issues {
				if i.Field == "amount" {
					doubts++
				}
			}
		}
		assert.Equal(t, 2, doubts)
		assert.Equal(t, "not-checkable", string(r.Balanced))
	})
	t.Run("two formats claim it", func(t *testing.T) {
		var g sources.Registry
		require.NoError(t, g.AddNormalizer(camt.Normalizer{}, lines{id: "other", cats: bankCats}, claimer{}))
		_, err := g.Read(t.Context(), sources.Document{Body: bytes.NewReader([]byte("lines other\n"))}, sources.Everything(), nil)
		assert.ErrorIs(t, err, sources.ErrAmbiguous)
	})
	t.Run("larger than the limit", func(t *testing.T) {
		_, err := g.Read(t.Context(), text(statement), sources.Everything(), &sources.ReadOptions{Limits: sources.Limits{DocumentBytes: 100}})
		assert.ErrorIs(t, err, sources.ErrTooLarge)
	})
	t.Run("a format that nobody reads", func(t *testing.T) {
		d := text(statement)
		d.Format = "canary"
		_, err := g.Read(t.Context(), d, sources.Everything(), nil)
		assert.ErrorIs(t, err, sources.ErrUnknownFormat)
		assert.NotContains(t, err.Error(), "canary")
	})
}

// claimer claims what the other lines format claims.
type claimer struct{ lines }

func (claimer) Formats() []sources.Format {
	return []sources.Format{{ID: "claimer", Detect: sources.DetectPrefix("lines")}}
}
