package scrape_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/scrape"
	"github.com/brondata/brondata/sources"
)

// single is a recipe for one study debt in key-value form.
func single() scrape.Recipe {
	return scrape.Recipe{
		ID: "test", Institution: "duo", BaseURL: "https://mijn.example.nl", Assumed: true, Ignore: []string{".d-none"},
		Pages: []scrape.Page{{
			Name: "page", Request: scrape.Request{Path: "/"}, Anchors: []scrape.Anchor{{Selector: "main"}},
			Sections: []scrape.Section{{
				Name: "debt", Category: model.CategoryStudyDebt, Heading: []string{"Schuld"}, Empty: []string{"Geen schuld"},
				Fields: []scrape.Field{
					{Into: "outstanding", Label: []string{"Bedrag"}, Kind: scrape.Money},
					{Into: "regime", Label: []string{"Regeling"}, Optional: true},
				},
			}},
		}},
	}
}

func reduce(t *testing.T, r scrape.Recipe, body string) (string, error) {
	t.Helper()
	s, err := scrape.New(r, nil)
	require.NoError(t, err)
	d, err := s.Reduce(t.Context(), r.Pages[0].Name, "text/html; charset=utf-8", []byte(body), sources.Everything())
	if err != nil {
		return "", err
	}
	read, err := registry(t).Read(t.Context(), d, sources.Everything(), nil)
	require.NoError(t, err)
	var out []string
	for _, r := range read.Records {
		s := r.(*model.StudyDebt)
		out = append(out, strings.TrimSpace(s.Outstanding.Text()+" "+s.Regime))
	}
	return strings.Join(out, "|"), nil
}

func TestPages(t *testing.T) {
	t.Parallel()
	const dl = "<dl><dt>Bedrag</dt><dd>€ 12,50</dd></dl>"
	tests := []struct {
		name, main, want, fault string // in want the records; in fault what the error says
	}{
		{"plain", "<h2>Schuld</h2>" + dl, "12.50", ""},
		{"role heading", `<div role="heading" aria-level="3">Schuld</div>` + dl, "12.50", ""},
		{"fieldset", "<fieldset><legend>Schuld</legend>" + dl + "</fieldset>", "12.50", ""},
		{"region that names its heading", `<h2 id="h">Schuld</h2><div role="region" aria-labelledby="h">` + dl + `</div>`, "12.50", ""},
		{"labelled section around its heading", `<section aria-labelledby="h"><header><h2 id="h">Schuld</h2></header>` + dl + `</section><dl><dt>Bedrag</dt><dd>€ 1,00</dd></dl>`, "12.50", ""},
		{"caption over rows with their heading first", `<table><caption>Schuld</caption><tbody><tr><th>Bedrag</th><td>€ 12,50</td></tr></tbody></table>`, "12.50", ""},
		{"label case, colon, no-break space, soft hyphen", "<h2>SCHULD</h2><dl><dt>Be\u00addrag\u00a0:</dt><dd>€\u00a012,50</dd></dl>", "12.50", ""},
		{"the next heading ends it", "<h2>Schuld</h2><dl></dl><h2>Anders</h2>" + dl, "", "outstanding: the label is missing"},
		{"a lower heading does not", "<h2>Schuld</h2><h3>Bedragen</h3>" + dl, "12.50", ""},
		{"its box ends it", "<section><h2>Schuld</h2></section>" + dl, "", "outstanding: the label is missing"},
		{"before the heading", dl + "<h2>Schuld</h2>", "", "outstanding: the label is missing"},
		{"no heading", dl, "", "section debt: it is missing"},
		{"two headings", "<h2>Schuld</h2>" + dl + "<h2>Schuld</h2>" + dl, "", "the heading is there several times"},
		{"second heading hidden", "<h2>Schuld</h2>" + dl + "<h2 hidden>Schuld</h2>", "12.50", ""},
		{"heading as text only", "<p>Schuld</p>" + dl, "", "it is missing"},
		{"twice the same", "<h2>Schuld</h2>" + dl + dl, "12.50", ""},
		{"twice, different", "<h2>Schuld</h2>" + dl + "<p>Bedrag: € 12,51</p>", "", "twice with different values"},
		{"hidden decoys", `<h2>Schuld</h2><dl hidden><dt>Bedrag</dt><dd>€ 1,00</dd></dl><dl style="DISPLAY:None"><dt>Bedrag</dt><dd>€ 2,00</dd></dl><template>` + dl + `</template><dl class="x d-none"><dt>Bedrag</dt><dd>€ 3,00</dd></dl>` + dl, "12.50", ""},
		{"hidden value beside", "<h2>Schuld</h2><dl><dt>Bedrag</dt><dd hidden>€ 1,00</dd><dd>€ 12,50</dd></dl>", "12.50", ""},
		{"hidden inside the value", `<h2>Schuld</h2><dl><dt>Bedrag</dt><dd><span aria-hidden="true">€ 9</span>€ 12,50</dd></dl>`, "12.50", ""},
		{"two values", "<h2>Schuld</h2><dl><dt>Bedrag</dt><dd>€ 12,50</dd><dd>€ 12,50</dd></dl>", "", "not exactly one value"},
		{"no value", "<h2>Schuld</h2><dl><dt>Bedrag</dt><dt>Regeling</dt><dd>SF15</dd></dl>", "", "not exactly one value"},
		{"empty value", "<h2>Schuld</h2><dl><dt>Bedrag</dt><dd> </dd></dl>", "", "the value is empty"},
		{"row with two cells", "<h2>Schuld</h2><table><tr><th>Bedrag</th><td>€ 1,00</td><td>€ 12,50</td></tr></table>", "", "not exactly one value"},
		{"row of headings", "<h2>Schuld</h2><table><tr><th>Bedrag</th><th>Regeling</th></tr><tr><td>€ 1,00</td><td>SF15</td></tr></table>", "", "the label is missing"},
		{"nested table", "<h2>Schuld</h2><dl><dt>Bedrag</dt><dd>€ 12,50<table><tr><th>Bedrag</th><td>€ 1,00</td></tr></table></dd></dl>", "", "more than plain text"},
		{"label for", `<h2>Schuld</h2><label for="a">Bedrag</label><input id="a" value="€ 12,50">`, "12.50", ""},
		{"label around", `<h2>Schuld</h2><label>Bedrag <input value="€ 12,50"></label>`, "12.50", ""},
		{"label for one of two", `<h2>Schuld</h2><label for="a">Bedrag</label><input id="a" value="€ 12,50"><input id="a" value="€ 1,00">`, "", "the label is missing"},
		{"select", `<h2>Schuld</h2>` + dl + `<label for="a">Regeling</label><select id="a"><option>SF15<option selected>SF35</select>`, "12.50 SF35", ""},
		{"select without a choice", `<h2>Schuld</h2>` + dl + `<label for="a">Regeling</label><select id="a"><option>SF15<option>SF35</select>`, "", "more than plain text"},
		{"in a list", "<h2>Schuld</h2><ul><li>Bedrag: € 12,50</li></ul>", "12.50", ""},
		{"in a list, with a table inside", "<h2>Schuld</h2><ul><li>Bedrag: € 12,50<table><tr><th>Bedrag</th><td>€ 1,00</td></tr></table></li></ul>", "", "not exactly one value"},
		{"in the value of another label", "<h2>Schuld</h2><dl><dt>Partner</dt><dd><table><tr><th>Bedrag</th><td>€ 1,00</td></tr></table></dd></dl>", "", "the label is missing"},
		{"labelled, with a table inside", `<h2>Schuld</h2><b id="l">Bedrag</b><div aria-labelledby="l">€ 12,50<table><tr><th>Bedrag</th><td>€ 1,00</td></tr></table></div>`, "", "more than plain text"},
		{"a group with a heading", `<h2>Schuld</h2><h3 id="l">Nu</h3><div aria-labelledby="l">` + dl + `</div>`, "12.50", ""},
		{"a list of lists", "<h2>Schuld</h2><ul><li>Lening: een<ul><li>Bedrag: € 1,00</li></ul></li></ul>", "", "the label is missing"},
		{"digits over elements", "<h2>Schuld</h2><dl><dt>Bedrag</dt><dd>€ <b>12</b><i>50</i></dd></dl>", "", "digits that run on"},
		{"marks over elements", "<h2>Schuld</h2><dl><dt>Bedrag</dt><dd>€ <b>12</b>,<i>50</i></dd></dl>", "12.50", ""},
		{"raised cents", "<h2>Schuld</h2><dl><dt>Bedrag</dt><dd>€ 12,<sup>50</sup></dd></dl>", "", "raised digits"},
		{"footnote", `<h2>Schuld</h2><dl><dt>Bedrag<sup>2</sup></dt><dd>€ 12,50<sup><a href="#n">1</a></sup></dd></dl>`, "12.50", ""},
		{"asterisk", `<h2>Schuld</h2><dl><dt>Bedrag</dt><dd>€ 12,50<sup>*</sup></dd></dl>`, "12.50", ""},
		{"button", "<h2>Schuld</h2><dl><dt>Bedrag</dt><dd>€ 12,50 <button>Wijzig</button></dd></dl>", "12.50", ""},
		{"link beside a text", `<h2>Schuld</h2>` + dl + `<dl><dt>Regeling</dt><dd>SF15 <a href="/x">Uitleg</a></dd></dl>`, "", "link beside"},
		{"text in a link", `<h2>Schuld</h2>` + dl + `<dl><dt>Regeling</dt><dd><a href="/x">SF15</a></dd></dl>`, "12.50 SF15", ""},
		{"explanation in the value", `<h2>Schuld</h2>` + dl + `<dl><dt>Regeling</dt><dd>SF15<p>Dit is uw regeling.</p></dd></dl>`, "", "several lines"},
		{"empty state", "<h2>Schuld</h2><p>Geen schuld</p>", "", ""},
		{"empty state without the heading", "<p>Geen schuld</p>", "", ""},
		{"empty state that is hidden", "<h2>Schuld</h2><p hidden>Geen schuld</p>" + dl, "12.50", ""},
		{"empty and not", "<h2>Schuld</h2><p>Geen schuld</p>" + dl, "", "says that it is empty"},
		{"other element within a formatting context", "<h2>Schuld</h2><dl><dt>Bedrag</dt><dd><del>€ 1,00</del></dd></dl>", "", "struck out"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := reduce(t, single(), "<!DOCTYPE html><html><body><main>"+tt.main+"</main></body></html>")
			if tt.fault != "" {
				require.ErrorIs(t, err, sources.ErrLayoutChanged)
				assert.ErrorContains(t, err, tt.fault)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestTables(t *testing.T) {
	t.Parallel()
	r := single()
	r.Pages[0].Sections[0].Rows = true
	r.Pages[0].Sections[0].Skip = []string{"Totaal"}
	r.Pages[0].Sections[0].Fields[1].Optional = false
	const head = "<thead><tr><th>Regeling</th><th>Bedrag</th></tr></thead>"
	tests := []struct{ name, table, want, fault string }{
		{"rows", head + "<tr><td>A<td>1,00<tr><td>B<td>2,00", "1.00 A|2.00 B", ""},
		{"row headings", head + "<tr><th>A</th><td>1,00", "1.00 A", ""},
		{"sortable headings", "<thead><tr><th><button>Bedrag</button></th><th>Regeling</th></tr></thead><tr><td>1,00<td>A", "1.00 A", ""},
		{"footer", head + "<tr><td>A<td>1,00<tfoot><tr><td>Totaal<td>9,00</tfoot>", "1.00 A", ""},
		{"total row", head + "<tr><td>A<td>1,00<tr><td>Totaal<td>9,00", "1.00 A", ""},
		{"hidden row", head + "<tr><td>A<td>1,00<tr hidden><td>B<td>2,00", "1.00 A", ""},
		{"hidden column", "<thead><tr><th hidden>Bedrag</th><th>Regeling</th><th>Bedrag</th></tr></thead><tr><td hidden>7,00<td>A<td>1,00", "1.00 A", ""},
		{"hidden cell only", "<thead><tr><th>Regeling</th><th>X</th><th>Bedrag</th></tr></thead><tr><td>A<td hidden>7,00<td>1,00", "", "number of cells"},
		{"spanning heading", "<thead><tr><th>Regeling</th><th colspan=2>Bedrag</th></tr></thead><tr><td>A<td>1,00<td>2,00", "", "spans several"},
		{"spanning cell", head + "<tr><td rowspan=2>A<td>1,00<tr><td>2,00", "", "spans several"},
		{"spanning cell unseen", head + "<tr><td>A<td>1,00<tr><td colspan=2>Meer", "", "number of cells"},
		{"two headings alike", "<thead><tr><th>Regeling</th><th>Bedrag</th><th>Bedrag</th></tr></thead><tr><td>A<td>1,00<td>2,00", "", "two columns have the label"},
		{"a heading is gone", "<thead><tr><th>Regeling</th><th>Som</th></tr></thead><tr><td>A<td>1,00", "", "outstanding: no column has the label"},
		{"no headings", "<tr><td>Regeling<td>Bedrag<tr><td>A<td>1,00", "", "no headings"},
		{"two rows of headings", "<thead><tr><th>Regeling</th><th>Bedrag</th></tr><tr><th>x</th><th>y</th></tr></thead><tr><td>A<td>1,00", "", "several rows of headings"},
		{"two tables", head + "<tr><td>A<td>1,00</table><table>" + head + "<tr><td>B<td>2,00", "", "two tables"},
		{"nested table", head + "<tr><td>A<td><table>" + head + "<tr><td>B<td>2,00</table>", "", "two tables"},
		{"no rows", head, "", "no record"},
		{"empty row", head + "<tr><td colspan=2>Geen schuld", "", ""},
		{"empty text beside rows", head + "<tr><td>A<td>1,00</table><p>Geen schuld</p><table>", "", "says that it is empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := reduce(t, r, "<html><body><main><h2>Schuld</h2><table>"+tt.table+"</table></main></body></html>")
			if tt.fault != "" {
				require.ErrorIs(t, err, sources.ErrLayoutChanged)
				assert.ErrorContains(t, err, tt.fault)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestItemsAndSelectors(t *testing.T) {
	t.Parallel()
	r := single()
	s := &r.Pages[0].Sections[0]
	s.Items = "li.card"
	s.Fields[1] = scrape.Field{Into: "regime", Selector: "span[data-regime]", Attr: "data-regime"}
	card := func(x, m string) string {
		return fmt.Sprintf(`<li class="card"><span data-regime="%s">~</span><dl><dt>Bedrag</dt><dd>%s</dd></dl></li>`, x, m)
	}
	got, err := reduce(t, r, "<html><main><h2>Schuld</h2><ul>"+card("A", "1,00")+card("B", "2,00")+"</ul><h2>Oud</h2><ul>"+card("C", "3,00")+"</ul></main></html>")
	require.NoError(t, err)
	assert.Equal(t, "1.00 A|2.00 B", got)
	_, err = reduce(t, r, "<html><main><h2>Schuld</h2><ul>"+card("A", "1,00")+"<li class=card></ul></main></html>")
	require.ErrorIs(t, err, sources.ErrLayoutChanged)
}

// Deep trees are refused by the parser, long before the stack would end.
func TestDeepNesting(t *testing.T) {
	t.Parallel()
	_, err := reduce(t, single(), "<html><main>"+strings.Repeat("<div>", 600)+"</main></html>")
	require.ErrorIs(t, err, sources.ErrLimit)
	assert.ErrorContains(t, err, "nested too deep")
}

func TestPageTooLarge(t *testing.T) {
	t.Parallel()
	s, err := scrape.New(single(), &scrape.Options{MaxPage: 100})
	require.NoError(t, err)
	_, err = s.Reduce(t.Context(), "page", "text/html", make([]byte, 101), sources.Everything())
	require.ErrorIs(t, err, sources.ErrTooLarge)
	_, err = s.Reduce(t.Context(), "nowhere", "text/html", nil, sources.Everything())
	require.ErrorIs(t, err, sources.ErrNotProvided)
}

// The encoding is that of the header, of the page, or of its bytes; contradictions are refused.
func TestCharsets(t *testing.T) {
	t.Parallel()
	r := single()
	r.Pages[0].Sections[0].Fields[0] = scrape.Field{Into: "regime", Label: []string{"Naam"}}
	r.Pages[0].Sections[0].Fields = r.Pages[0].Sections[0].Fields[:1]
	s, err := scrape.New(r, nil)
	require.NoError(t, err)
	page := func(meta, name string) string {
		return "<html><head>" + meta + "</head><main><h2>Schuld</h2><dl><dt>Naam</dt><dd>" + name + "</dd></dl></main></html>"
	}
	late := strings.Repeat("<!-- x -->", 200)
	tests := []struct{ name, contentType, body, want string }{
		{"header utf-8", "text/html; charset=utf-8", page("", "Zoë"), "Zoë"},
		{"header latin-1", "text/html; charset=ISO-8859-1", page("", "Zo\xeb"), "Zoë"},
		{"header latin-1, ascii", "text/html; charset=ISO-8859-1", page("", "Zoe"), "Zoe"},
		{"meta latin-1", "text/html", page(`<meta charset="latin1">`, "Zo\xeb"), "Zoë"},
		{"http-equiv", "text/html", page(`<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">`, "\x80 Zo\xeb"), "€ Zoë"},
		{"nothing, utf-8", "text/html", page("", "Zoë"), "Zoë"},
		{"nothing, utf-8 after a long head", "text/html", page(late, "Zoë"), "Zoë"},
		{"nothing, latin-1 after a long head", "text/html", page(late, "Zo\xeb"), "Zoë"},
		{"byte order mark", "text/html", "\xef\xbb\xbf" + page("", "Zoë"), "Zoë"},
		{"latin-1 called utf-8", "text/html; charset=utf-8", page("", "Zo\xeb"), ""},
		{"utf-8 called latin-1", "text/html; charset=iso-8859-1", page("", "Zoë"), ""},
		{"utf-8 called latin-1 by itself", "text/html", page(`<meta charset="iso-8859-1">`, "Zoë"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := s.Reduce(t.Context(), "page", tt.contentType, []byte(tt.body), sources.Everything())
			if tt.want == "" {
				require.ErrorIs(t, err, sources.ErrLayoutChanged)
				return
			}
			require.NoError(t, err)
			read, err := registry(t).Read(t.Context(), d, sources.Everything(), nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, read.Records[0].(*model.StudyDebt).Regime)
		})
	}
}

// A count of nought is a fact, and something else than a count that is not there.
func TestCountOfNought(t *testing.T) {
	t.Parallel()
	r := single()
	r.Pages[0].Sections[0].Fields = append(r.Pages[0].Sections[0].Fields,
		scrape.Field{Into: "remainingMonths", Label: []string{"Looptijd"}, Kind: scrape.Int, Units: []string{"maanden", "maand"}, Optional: true})
	s, err := scrape.New(r, nil)
	require.NoError(t, err)
	for main, want := range map[string]*int{"<p>Looptijd: 0 maanden</p>": new(0), "<p>Looptijd: 1 maand</p>": new(1), "": nil} {
		body := "<html><main><h2>Schuld</h2><p>Bedrag: 1,00</p>" + main + "</main></html>"
		d, err := s.Reduce(t.Context(), "page", "text/html", []byte(body), sources.Everything())
		require.NoError(t, err)
		read, err := registry(t).Read(t.Context(), d, sources.Everything(), nil)
		require.NoError(t, err)
		require.Len(t, read.Records, 1)
		assert.Equal(t, want, read.Records[0].(*model.StudyDebt).RemainingMonths)
	}
}
