package scrape_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/internal/cputest"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/scrape"
	"github.com/brondata/brondata/sources"
)

// What a page shows in a way that could be read wrongly is read not at all. Each fault here was a wrong value once.
func TestDoubtfulPages(t *testing.T) {
	t.Parallel()
	const named = "<dl><dt>Regeling</dt><dd>%s</dd><dt>Bedrag</dt><dd>€ 12,50</dd></dl>"
	text := func(s string) string { return "<h2>Schuld</h2>" + fmt.Sprintf(named, s) }
	tests := []struct{ name, main, want, fault string }{
		{"values before their labels", "<h2>Schuld</h2><dl><dd>SF15</dd><dt>Regeling</dt><dd>€ 12,50</dd><dt>Bedrag</dt><dd>€ 1,00</dd><dt>Termijn</dt></dl>", "", "not exactly one value"},
		{"a label over two rows", "<h2>Schuld</h2><table><tr><th rowspan=2>Bedrag</th><td>1,00</td></tr><tr><td>2,00</td></tr></table>", "", "not exactly one value"},
		{"a cell that is no label", "<h2>Schuld</h2><table><tr><th hidden>x</th><td>Bedrag</td><td>1,00</td></tr></table>", "", "the label is missing"},
		{"words over elements", text("<span>SF15</span><span>oud</span>"), "", "words that run on"},
		{"a word and a number over elements", text("<b>SF</b>15"), "", "words that run on"},
		{"words with a gap between", text("<span>SF15</span> <span>oud</span>"), "12.50 SF15 oud", ""},
		{"a word with a place to break", text("SF15<wbr>oud"), "12.50 SF15oud", ""},
		{"struck out by its style", text(`<span style="text-decoration: line-through">SF15</span> SF35`), "", "struck out"},
		{"the whole value struck out", strings.Replace(text("SF15"), "<dd>", `<dd style="text-decoration:line-through">`, 1), "", "struck out"},
		{"still being loaded", strings.Replace(text("Laden"), "<dl>", `<dl aria-busy="true">`, 1), "", "still being loaded"},
		{"a part that is still being loaded", text(`<span aria-busy="true">Laden</span>`), "", "still being loaded"},
		{"a form that is still being loaded", `<h2>Schuld</h2><form aria-busy="true"><label>Bedrag <input value="0,00"></label></form>`, "", "still being loaded"},
		{"a line struck out", text(`<p style="TEXT-DECORATION:Line-Through">SF15</p>`), "", "struck out"},
		{"everything struck out", "<h2>Schuld</h2><del><dl><dt>Bedrag</dt><dd>1,00</dd></dl></del>", "", "struck out"},
		{"something else is struck out", "<p><s>x</s></p>" + text("SF15"), "12.50 SF15", ""},
		{"something else is being loaded", `<div aria-busy="true">x</div>` + text("SF15"), "12.50 SF15", ""},
		{"loaded", strings.Replace(text("SF15"), "<dl>", `<dl aria-busy="false">`, 1), "12.50 SF15", ""},
		{"a popover", text("SF15 <span popover>Uitleg</span>"), "12.50 SF15", ""},
		{"a template that was not filled", text("{{ regeling }}"), "", "not of kind text"},
		{"a script without a value", text("undefined"), "", "not of kind text"},
		{"escaped twice", text("Jos&amp;eacute;"), "", "not of kind text"},
		{"an ampersand", text("Vals &amp; Zn.; samen"), "12.50 Vals & Zn.; samen", ""},
		{"elements as text", text("SF15&lt;br>"), "", "not of kind text"},
		{"its label in the value", text("<span>Regeling:</span> SF15"), "", "its label in it"},
		{"a value that begins as its label", text("Regeling van toen"), "12.50 Regeling van toen", ""},
		{"its label before a colon", text("Regeling: SF15"), "", "its label in it"},
		{"its label in an element", text("<span>Regeling</span> <b>SF15</b>"), "", "its label in it"},
		{"its label in pieces", text("<span>Rege<wbr>ling</span> SF15"), "", "its label in it"},
		{"an element that begins as its label", text("<span>Regeling van toen</span>"), "12.50 Regeling van toen", ""},
		{"a tooltip", text(`SF15 <div role="tooltip">Uitleg</div>`), "12.50 SF15", ""},
		{"a tooltip beside the label", strings.Replace(text("SF15"), "Regeling", `Regeling <button>?</button><span role="tooltip">Uitleg</span>`, 1), "12.50 SF15", ""},
		{"a note that is no link within", text(`SF15<a href="#n" role="doc-noteref">1</a>`), "12.50 SF15", ""},
		{"a link within", text(`SF15 <a href="#n">1</a>`), "", "link beside"},
		{"an action beside the value", strings.Replace(text("SF15"), "SF15</dd>", `SF15</dd><dd><a href="/x">Wijzig <b>regeling</b></a> <button>Kopie</button></dd>`, 1), "12.50 SF15", ""},
		{"an action beside a cell", `<h2>Schuld</h2><table><tr><th>Bedrag</th><td>1,00</td><td><button><svg></svg></button></td></tr></table>`, "1.00", ""},
		{"a second value in a link", strings.Replace(text("SF15"), "SF15</dd>", `SF15</dd><dd><a href="/x">SF35</a></dd>`, 1), "", "not exactly one value"},
		{"a second value that is empty", strings.Replace(text("SF15"), "SF15</dd>", `SF15</dd><dd></dd>`, 1), "", "not exactly one value"},
		{"an action and a second value", strings.Replace(text("SF15"), "SF15</dd>", `SF15</dd><dd><a href="/x">Bekijk</a> SF35</dd>`, 1), "", "not exactly one value"},
		{"an action instead of a value", text(`<a href="/x">Toevoegen</a>`), "", "link that does something"},
		{"a link that is the value", text(`<a href="/x">Wijzigingsbank</a>`), "12.50 Wijzigingsbank", ""},
		{"actions before the value", strings.Replace(text("SF15"), "<dd>SF15", `<dd><a href="/x">Wijzig</a></dd><dd>SF15`, 1), "", "not exactly one value"},
		{"an element of the portal's own", text("<x-text>SF15</x-text>"), "12.50 SF15", ""},
		{"one that draws itself", text("<x-text><template shadowrootmode=open>SF35</template>SF15</x-text>"), "", "more than plain text"},
		{"an unknown element", text("<xtext>SF15</xtext>"), "", "more than plain text"},
		{"cards in a list", "<h2>Schuld</h2><ul><li><h3>Lening 1: nu</h3><dl><dt>Bedrag:</dt><dd>1,00</dd></dl></li></ul>", "1.00", ""},
		{"a heading in a legend", "<fieldset><legend><h2>Schuld</h2></legend><p>Bedrag: 1,00</p></fieldset>", "1.00", ""},
		{"a caption that repeats the heading", "<h2>Schuld</h2><table><caption>Schuld</caption><tr><th>Bedrag</th><td>1,00</td></tr></table>", "1.00", ""},
		{"a caption of another section", "<h2>Schuld</h2><p>Bedrag: 1,00</p><h2>Partner</h2><table><caption>Schuld</caption><tr><th>Bedrag</th><td>1,00</td></tr></table>", "", "several times"},
		{"nothing but its label", text("Regeling"), "", "its label in it"},
		{"a dash for no value", text("—"), "", "not of kind text"},
		{"turned around", text("\u202eDO51FS\u202c"), "", "not of kind text"},
		{"turned around by an element", text("<bdo dir=rtl>DO51FS</bdo>"), "", "more than plain text"},
		{"nothing chosen yet", "<h2>Schuld</h2><dl><dt>Bedrag</dt><dd>€ 12,50</dd></dl><label>Regeling <select><option value='' selected>Kies</option></select></label>", "", "the value is empty"},
		{"a label for a control elsewhere", "<section><h2>Schuld</h2><label for=a>Bedrag</label></section><section><h2>Partner</h2><input id=a value='9,00'></section>", "", "not exactly one value"},
		{"two labels in a paragraph", "<h2>Schuld</h2><dl><dt>Bedrag</dt><dd>€ 12,50</dd></dl><p>Regeling: SF15 Termijn: maand</p>", "", "not exactly one value"},
		{"a link labelled by it", `<h2>Schuld</h2><dl><dt>Bedrag</dt><dd>€ 12,50</dd></dl><i id="l">Regeling</i> <b>SF15</b> <a href="/x" aria-labelledby="l">Wijzig</a>`, "12.50", ""},
		{"a legend outside of a fieldset", "<div><legend>Schuld</legend></div><section><h2>Partner</h2>" + fmt.Sprintf(named, "SF15") + "</section>", "", "it is missing"},
		{"the empty text of another part", "<h2>Uw schuld</h2>" + fmt.Sprintf(named, "SF15") + "<h2>Partner</h2><p>Geen schuld</p>", "", "it is missing"},
		{"two things of which one has no name", "<h2>Schuld</h2><dl><dt>Bedrag</dt><dd>€ 12,50</dd></dl><dl><dt>Bedrag</dt><dd>€ 99,00</dd><dt>Regeling</dt><dd>SF15</dd></dl>", "", "twice with different values"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doubt(t, single(), tt.main, tt.want, tt.fault)
		})
	}
}

func doubt(t *testing.T, r scrape.Recipe, main, want, fault string) {
	t.Helper()
	got, err := reduce(t, r, "<!DOCTYPE html><html><body><main>"+main+"</main></body></html>")
	if fault != "" {
		require.ErrorIs(t, err, sources.ErrLayoutChanged)
		assert.ErrorContains(t, err, fault)
		return
	}
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestDoubtfulTables(t *testing.T) {
	t.Parallel()
	r := single()
	r.Pages[0].Sections[0].Rows = true
	const head = "<thead><tr><th>Regeling</th><th>Bedrag</th></tr></thead>"
	const row = "<tr><td>A</td><td>1,00</td></tr>"
	tests := []struct{ name, main, want, fault string }{
		{"a spanning cell in another column", "<table><thead><tr><th>X</th><th>Regeling</th><th>Bedrag</th></tr></thead><tr><td colspan=2>A<td>1,00<td>2,00</table>", "", "spans several"},
		{"a row of sums that nobody knows", "<table>" + head + row + "<tr><td>Subtotaal 2025<td>1,00</table>", "", "row of totals"},
		{"a name that begins so", "<table>" + head + "<tr><td>Total Fictie BV<td>1,00</table>", "1.00 Total Fictie BV", ""},
		{"headings again", "<table>" + head + row + "<tr><th>Regeling</th><th>1,00</th></tr></table>", "", "row of headings"},
		{"headings again as data", "<table>" + head + row + "<tr><td>Regeling<td>2,00</table>", "", "its label in it"},
		{"another page", "<table>" + head + row + `</table><nav><a rel="nofollow Next" href="?p=2">Volgende</a></nav>`, "", "another page"},
		{"a hidden link to another page", "<table>" + head + row + `</table><nav hidden><a rel="next" href="?p=2">Volgende</a></nav>`, "1.00 A", ""},
		{"more rows than are there", `<table aria-rowcount="40">` + head + row + "</table>", "", "not all of its rows"},
		{"nobody knows how many rows", `<table aria-rowcount="-1">` + head + row + "</table>", "", "not all of its rows"},
		{"as many rows as are there", `<table aria-rowcount="3">` + head + row + "<tfoot><tr><td>Totaal<td>1,00</tfoot></table>", "1.00 A", ""},
		{"a corner and a column without a name", "<table><thead><tr><td></td><th>Regeling</th><th>Bedrag</th><td> </td></tr></thead><tr><td>x<td>A<td>1,00<td>9,00</table>", "1.00 A", ""},
		{"a corner with a text", "<table><thead><tr><td>x</td><th>Regeling</th><th>Bedrag</th></tr></thead><tr><td>x<td>A<td>1,00</table>", "", "no headings"},
		{"its label in the cell", "<table>" + head + "<tr><td><span>Regeling</span> A<td>1,00</table>", "", "its label in it"},
		{"an empty text beside a table of unknown columns", "<h3>Lopend</h3><table><thead><tr><th>Soort</th><th>Som</th></tr></thead>" + row + "</table><h3>Afgelost</h3><p>Geen schuld</p>", "", "no column has the label"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doubt(t, r, "<h2>Schuld</h2>"+tt.main, tt.want, tt.fault)
		})
	}
	t.Run("the columns under another heading", func(t *testing.T) {
		t.Parallel()
		doubt(t, r, "<h2>Lopend</h2><table>"+head+row+"</table><h2>Afgelost</h2><p>Geen schuld</p>", "", "it is missing")
	})
	t.Run("everything under other names", func(t *testing.T) {
		t.Parallel()
		doubt(t, r, "<h2>Lopend</h2><table><tr><th>Soort<th>Som"+row+"</table><section><h2>Partner</h2></section><p>Geen schuld</p>", "", "it is missing")
	})
	t.Run("under the heading of the page", func(t *testing.T) {
		t.Parallel()
		doubt(t, r, "<header><h1>Mijn zaken</h1></header><section><h2>Berichten</h2></section><p>Geen schuld</p>", "", "")
	})
	t.Run("no column that the recipe knows", func(t *testing.T) {
		t.Parallel()
		r := single()
		s := &r.Pages[0].Sections[0]
		s.Rows, s.Fields = true, s.Fields[1:]
		doubt(t, r, "<h2>Schuld</h2><table><thead><tr><th>X</th></tr></thead><tr><td>1</td></tr></table>", "", "no column has one of its labels")
	})
}

// A record without any of its labels is none, whatever of it was asked, and items inside each other are one thing read twice.
func TestDoubtfulItems(t *testing.T) {
	t.Parallel()
	r := single()
	s := &r.Pages[0].Sections[0]
	s.Fields = s.Fields[1:]
	doubt(t, r, "<h2>Schuld</h2><p>Iets anders</p>", "", "none of its labels is there")
	s.Items = ".card"
	const card = "<div class=card><p>Regeling: A</p>%s</div>"
	doubt(t, r, "<h2>Schuld</h2>"+fmt.Sprintf(card, "")+"<div class=card>x</div>", "", "none of its labels is there")
	doubt(t, r, "<h2>Schuld</h2>"+fmt.Sprintf(card, "<div class=card></div>"), "", "an item holds another")
	doubt(t, r, "<h2>Schuld</h2><p>Regeling: A</p><p>Geen schuld</p>", "", "says that it is empty")
}

// A rate is written in one way only, and an input of numbers in that of JSON.
func TestDoubtfulNumbers(t *testing.T) {
	t.Parallel()
	r := single()
	r.Pages[0].Sections[0].Fields = []scrape.Field{{Into: "interestRate", Label: []string{"Rente"}, Kind: scrape.Percent}}
	for main, want := range map[string]string{
		"<dl><dt>Rente</dt><dd>2,560%</dd></dl>":                                  "2.56",
		"<dl><dt>Rente</dt><dd>2.560%</dd></dl>":                                  "",
		`<label for="a">Rente</label><input id="a" type="number" value="2.560">`:  "2.56",
		`<label for="a">Rente</label><input id="a" type="number" value="2,560">`:  "",
		`<label for="a">Rente</label><input id="a" type="text" value="2,560">`:    "2.56",
		`<label for="a">Rente</label><input id="a" type="number" value="" min=0>`: "",
	} {
		s, err := scrape.New(r, nil)
		require.NoError(t, err)
		d, err := s.Reduce(t.Context(), "page", "text/html", []byte("<html><main><h2>Schuld</h2>"+main+"</main></html>"), sources.Everything())
		if want == "" {
			require.ErrorIs(t, err, sources.ErrLayoutChanged, main)
			continue
		}
		require.NoError(t, err, main)
		read, err := registry(t).Read(t.Context(), d, sources.Everything(), nil)
		require.NoError(t, err)
		assert.Equal(t, want, read.Records[0].(*model.StudyDebt).InterestRate.String(), main)
	}
}

// An answer in JSON whose list goes on elsewhere is not all there is.
func TestMorePagesInJSON(t *testing.T) {
	t.Parallel()
	r := single()
	p := &r.Pages[0]
	p.Media, p.Anchors = scrape.JSON, []scrape.Anchor{{JSON: "v"}}
	p.Sections[0].Heading, p.Sections[0].Empty = nil, nil
	p.Sections[0].Rows, p.Sections[0].JSON = true, "s"
	p.Sections[0].Fields = []scrape.Field{{Into: "regime", JSON: "r"}}
	s, err := scrape.New(r, nil)
	require.NoError(t, err)
	for links, ok := range map[string]bool{"": true, `,"_links":{"self":{}}`: true, `,"_links":{"next":null}`: true, `,"_links":{"next":{"href":"/2"}}`: false} {
		_, err := s.Reduce(t.Context(), "page", "application/json", []byte(`{"v":1,"s":[{"r":"A"}]`+links+`}`), sources.Everything())
		if ok {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, sources.ErrLayoutChanged)
		assert.ErrorContains(t, err, "another page")
	}
}

// The look-back date holds also where the date itself is not in the scope: it is read to tell, and goes.
func TestLookBackWithoutTheDate(t *testing.T) {
	t.Parallel()
	r := single()
	s := &r.Pages[0].Sections[0]
	s.Category, s.Rows = model.CategoryBenefit, true
	s.Fields = []scrape.Field{
		{Into: "payer", Label: []string{"Betaler"}},
		{Into: "period.to", Label: []string{"Tot"}, Kind: scrape.Date},
	}
	src, err := scrape.New(r, nil)
	require.NoError(t, err)
	q := sources.Query{Scope: model.Scope{
		Baskets: []model.Basket{{Category: model.CategoryBenefit, Fields: []string{"payer"}}}, Since: date(t, "2026-01-01"),
	}}
	body := "<html><main><h2>Schuld</h2><table><thead><tr><th>Betaler</th><th>Tot</th></tr></thead><tr><td>Oud<td>31-12-2025<tr><td>Nieuw<td>31-1-2026</table></main></html>"
	d, err := src.Reduce(t.Context(), "page", "text/html", []byte(body), q)
	require.NoError(t, err)
	b, err := d.Bytes(t.Context(), 1<<20)
	require.NoError(t, err)
	assert.Contains(t, string(b), `"fields":{"payer":"Nieuw"}`)
	assert.NotContains(t, string(b), "Oud")
	assert.NotContains(t, string(b), "2026")
}

// A period that ends before it begins has its ends under one another's heads.
func TestPeriodBackwards(t *testing.T) {
	t.Parallel()
	r := single()
	s := &r.Pages[0].Sections[0]
	s.Category, s.Rows = model.CategoryBenefit, true
	s.Fields = []scrape.Field{
		{Into: "period.from", Label: []string{"Van"}, Kind: scrape.Date}, {Into: "period.to", Label: []string{"Tot"}, Kind: scrape.Date},
	}
	for head, ok := range map[string]bool{"<th>Van</th><th>Tot</th>": true, "<th>Tot</th><th>Van</th>": false} {
		src, err := scrape.New(r, nil)
		require.NoError(t, err)
		_, err = src.Reduce(t.Context(), "page", "text/html", []byte("<html><main><h2>Schuld</h2><table><thead><tr>"+head+"</tr></thead><tr><td>1-7-2026<td>1-7-2026<tr><td>1-7-2026<td>31-7-2026</table></main></html>"), sources.Everything())
		if ok {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, sources.ErrLayoutChanged)
		assert.ErrorContains(t, err, "period.to")
	}
}

func date(t *testing.T, s string) model.Date {
	t.Helper()
	d, err := model.ParseDate(s)
	require.NoError(t, err)
	return d
}

// A page that would become a tree of millions of elements, by their number or by what browsers repeat, is refused before.
func TestTooManyElements(t *testing.T) {
	t.Parallel()
	var open strings.Builder
	for i := range 400 {
		fmt.Fprintf(&open, "<b a=%d>", i)
	}
	for name, main := range map[string]string{
		"many":     strings.Repeat("<p>", 4<<20),
		"repeated": "<p>" + open.String() + "</p>" + strings.Repeat("<p>x", 10_000),
	} {
		_, err := reduce(t, single(), "<html><main>"+main+"</main></html>")
		require.ErrorIs(t, err, sources.ErrLimit, name)
		assert.ErrorContains(t, err, "elements and texts")
	}
	got, err := reduce(t, single(), "<html><main><h2>Schuld</h2>"+strings.Repeat("<p><b>a</b> <a href=x><i>b</i></a><a name=n></p>", 20_000)+"<p>Bedrag: 1,00</p></main></html>")
	require.NoError(t, err)
	assert.Equal(t, "1.00", got)
}

// Reading a page ends with its context.
func TestReduceEnds(t *testing.T) {
	t.Parallel()
	s, err := scrape.New(single(), nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Reduce(ctx, "page", "text/html", []byte("<html><main><h2>Schuld</h2><p>Bedrag: 1,00</p></main></html>"), sources.Everything())
	require.ErrorIs(t, err, context.Canceled)
}

// Pages that took minutes, for their elements with much text inside each other, or for their many elements side by side. The time
// is that of the processor, so the test is not parallel.
func TestHostileSizes(t *testing.T) {
	items := single()
	items.Pages[0].Sections[0].Items = "li"
	text := strings.Repeat("tekst ", 2000)
	for name, page := range map[string]struct {
		recipe scrape.Recipe
		main   string
	}{
		"texts inside each other":  {single(), strings.Repeat("<div>x "+text, 480)},
		"lists inside each other":  {single(), strings.Repeat("<ul><li>x: y "+text, 240)},
		"labels inside each other": {single(), strings.Repeat("<span><label>"+text, 240)},
		"many items":               {items, strings.Repeat("<li><p>Bedrag: 1,00</p></li>", 50_000)},
	} {
		used := cputest.Used()
		_, err := reduce(t, page.recipe, "<html><main><h2>Schuld</h2>"+page.main+"</main></html>")
		if err != nil {
			require.ErrorIs(t, err, sources.ErrLayoutChanged, name)
		}
		assert.Less(t, cputest.Used()-used, 10*time.Second, name)
	}
}
