package xmlscan_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/internal/xmlscan"
)

// wellFormed is also the seed of the fuzz tests and the input of the cutting test.
var wellFormed = map[string]string{
	"empty element":    `<a/>`,
	"declaration":      "<?xml version='1.0' encoding=\"UTF-8\" standalone='yes' ?>\n<a></a>\n",
	"byte order mark":  "\xEF\xBB\xBF<?xml version=\"1.0\"?><a>é</a>",
	"nested":           "<a>\n  <b>x</b >\n  <c\n d = '1'\te=\"2\"/></a>",
	"namespaces":       `<p:a xmlns:p="urn:one" xmlns="urn:two"><b p:c="1" c="2"/><b xmlns=""><p:d xmlns:p="urn:three"/></b></p:a>`,
	"xml prefix":       `<a xml:lang="nl"><xml:b/></a>`,
	"entities":         `<a b="&lt;&gt;&amp;&apos;&quot;&#9;&#x20AC;">&lt;&gt;&amp;&apos;&quot;&#8364;&#x1F600;</a>`,
	"sections":         "<a>x<![CDATA[<b>&amp;]]]]><![CDATA[>\r\nz\r]]></a>",
	"comments":         "<!-- a - b --><?go on?><a><!----><b/><?x?><!-- > --></a><!-- end -->\n<?z ?>",
	"line ends":        "<a b='1\r\n2\r3\n4\t5'>1\r\n2\r3\n4</a>",
	"brackets":         "<a>]] > ]]&gt; ]</a>",
	"wide characters":  "<naïve é='ü'>€ 😀 \uFFFD \uE000</naïve>",
	"fifth edition":    "<\u0370>\u0370</\u0370>",
	"greater in value": `<a b="1>2" c='"'/>`,
	"mixed":            "<a> x <b/> y <c/>  <d> </d></a>",
	"latin-1":          "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a b='\xFC'>caf\xE9 \x80 5</a>",
	"latin-9":          "<?xml version=\"1.0\" encoding=\"iso-8859-15\"?><a>\xA4 5</a>",
	"windows":          "<?xml version=\"1.0\" encoding = 'windows-1252'?><a>\x80 5</a>",
	"ascii":            "<?xml version=\"1.0\" encoding=\"US-ASCII\"?><a>x</a>",
	"utf-16le":         string(wide(binary.LittleEndian, true, "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a b='é'>€ 😀</a>")),
	"utf-16be":         string(wide(binary.BigEndian, true, "<a>é€😀</a>")),
	"utf-16 unmarked":  string(wide(binary.LittleEndian, false, "<?xml version=\"1.0\" encoding=\"UTF-16LE\"?><a>é</a>")),
}

func TestWellFormed(t *testing.T) {
	t.Parallel()
	for name, doc := range wellFormed {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := scan(strings.NewReader(doc), nil)
			require.NoError(t, err)
			if name != "fifth edition" { // encoding/xml knows the names of the fourth only
				want, err := reference([]byte(doc))
				require.NoError(t, err)
				assert.Equal(t, spaced(want), spaced(got))
			}
			short, err := list(strings.NewReader(doc), nil, true)
			require.NoError(t, err)
			assert.Equal(t, got, short, "with the shortcut for leaves")
			slow, err := scan(iotest.OneByteReader(strings.NewReader(doc)), nil)
			require.NoError(t, err)
			assert.Equal(t, got, slow, "read byte by byte")
		})
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		doc  string
		opts *xmlscan.Options
		want []string
	}{
		"values": {doc: "<a b=' x\t&#9;&#10;\r\n' c='&quot;'/>",
			want: []string{`start "" "a" "" "b"=" x \t\n " "" "c"="\""`, `end "" "a"`}},
		"space kept": {doc: "<a> <b/> </a>",
			want: []string{`start "" "a"`, `text " "`, `start "" "b"`, `end "" "b"`, `text " "`, `end "" "a"`}},
		"space skipped": {doc: "<a>\r\n <b/>\t<c>\r\n x </c><d> &#32; </d>\n</a>\n", opts: &xmlscan.Options{SkipSpace: true},
			want: []string{`start "" "a"`, `start "" "b"`, `end "" "b"`, `start "" "c"`, `text "\n x "`, `end "" "c"`,
				`start "" "d"`, `text "   "`, `end "" "d"`, `end "" "a"`}},
		"default namespace taken back": {doc: `<a xmlns="u"><b xmlns=""><c/></b><d/></a>`,
			want: []string{`start "u" "a"`, `start "" "b"`, `start "" "c"`, `end "" "c"`, `end "" "b"`, `start "u" "d"`, `end "u" "d"`, `end "u" "a"`}},
		"prefix bound anew": {doc: `<p:a xmlns:p="u"><p:b xmlns:p="v"/><p:c/></p:a>`,
			want: []string{`start "u" "a"`, `start "v" "b"`, `end "v" "b"`, `start "u" "c"`, `end "u" "c"`, `end "u" "a"`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := scan(strings.NewReader(tt.doc), tt.opts)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestAccessors(t *testing.T) {
	t.Parallel()
	s := xmlscan.New(strings.NewReader("<?xml version='1.0'?>\n<p:a xmlns:p='u'\n x='1'>\n<b y='2' p:y='3'/></p:a>"), nil)
	assert.Zero(t, s.Depth())
	assert.Empty(t, s.Local())
	k, err := s.Next()
	require.NoError(t, err)
	assert.Equal(t, xmlscan.Start, k)
	assert.Equal(t, "p", string(s.Prefix()))
	assert.Equal(t, 2, s.Line())
	assert.Equal(t, int64(22), s.Offset())
	_, err = s.Next() // white space
	require.NoError(t, err)
	_, err = s.Next()
	require.NoError(t, err)
	assert.Equal(t, 2, s.Depth())
	assert.Equal(t, 4, s.Line())
	assert.Empty(t, s.Prefix())
	v, ok := s.Lookup("y")
	assert.True(t, ok)
	assert.Equal(t, "2", string(v))
	_, ok = s.Lookup("z")
	assert.False(t, ok)
	require.NoError(t, s.Skip())
	assert.Equal(t, "b", string(s.Local()))
	assert.Zero(t, s.Attrs())
	_, err = s.Next()
	require.NoError(t, err)
	_, err = s.Next()
	assert.Equal(t, io.EOF, err)
	_, err = s.Next()
	assert.Equal(t, io.EOF, err, "the end is repeated")
}

func TestRefused(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("<a>", 257) + strings.Repeat("</a>", 257)
	var attrs, binds strings.Builder
	for i := range 257 {
		fmt.Fprintf(&attrs, " a%d=''", i)
	}
	for i := range 128 {
		fmt.Fprintf(&binds, " xmlns:a%d='u'", i)
	}
	tests := map[string]struct {
		doc  string
		want error
	}{
		"empty":                      {"", xmlscan.ErrTruncated},
		"white space only":           {" \n ", xmlscan.ErrTruncated},
		"prolog only":                {"<?xml version='1.0'?><!-- x -->", xmlscan.ErrTruncated},
		"unclosed":                   {"<a><b></b>", xmlscan.ErrTruncated},
		"half a rune":                {"<a>\xE2\x82", xmlscan.ErrTruncated},
		"text only":                  {"iban;amount", xmlscan.ErrMalformed},
		"html without a doctype":     {"<html><body><br></body></html>", xmlscan.ErrMalformed},
		"html attribute":             {"<input disabled>", xmlscan.ErrMalformed},
		"html unquoted":              {"<a href=x></a>", xmlscan.ErrMalformed},
		"html entity":                {"<a>&nbsp;</a>", xmlscan.ErrMalformed},
		"doctype":                    {"<!DOCTYPE a><a/>", xmlscan.ErrDoctype},
		"html doctype":               {"<!doctype html><html/>", xmlscan.ErrMalformed},
		"billion laughs":             {`<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l "l"><!ENTITY m "&l;&l;">]><a>&m;</a>`, xmlscan.ErrDoctype},
		"external entity":            {`<!DOCTYPE a SYSTEM "http://localhost/a.dtd"><a/>`, xmlscan.ErrDoctype},
		"doctype in the root":        {"<a><!DOCTYPE a></a>", xmlscan.ErrDoctype},
		"undeclared entity":          {"<a>&b;</a>", xmlscan.ErrMalformed},
		"entity unfinished":          {"<a>&amp</a>", xmlscan.ErrMalformed},
		"reference to nul":           {"<a>&#0;</a>", xmlscan.ErrMalformed},
		"reference to surrogate":     {"<a>&#xD800;</a>", xmlscan.ErrMalformed},
		"reference too large":        {"<a>&#x110000;</a>", xmlscan.ErrMalformed},
		"reference without digits":   {"<a>&#x;</a>", xmlscan.ErrMalformed},
		"reference empty":            {"<a>&#;</a>", xmlscan.ErrMalformed},
		"reference in value":         {"<a b='&c;'/>", xmlscan.ErrMalformed},
		"mismatch":                   {"<a><b></a></b>", xmlscan.ErrMalformed},
		"mismatch of length":         {"<a></ab>", xmlscan.ErrMalformed},
		"mismatch of prefix":         {"<p:a xmlns:p='u'></a>", xmlscan.ErrMalformed},
		"end first":                  {"</a>", xmlscan.ErrMalformed},
		"end with attribute":         {"<a></a b='1'>", xmlscan.ErrMalformed},
		"second root":                {"<a/><b/>", xmlscan.ErrMalformed},
		"text after the root":        {"<a/>x", xmlscan.ErrMalformed},
		"text before the root":       {"x<a/>", xmlscan.ErrMalformed},
		"section before the root":    {"<![CDATA[x]]><a/>", xmlscan.ErrMalformed},
		"less-than in value":         {"<a b='<'/>", xmlscan.ErrMalformed},
		"section end in text":        {"<a>]]></a>", xmlscan.ErrMalformed},
		"control character":          {"<a>\x01</a>", xmlscan.ErrMalformed},
		"nul in text":                {"<a>x\x00y</a>", xmlscan.ErrMalformed},
		"nul in tag":                 {"<a\x00b/>", xmlscan.ErrMalformed},
		"nul in value":               {"<a b='\x00'/>", xmlscan.ErrMalformed},
		"nul in comment":             {"<a><!-- \x00 --></a>", xmlscan.ErrMalformed},
		"noncharacter":               {"<a>\uFFFE</a>", xmlscan.ErrCharset},
		"latin-1 without word of it": {"<a>caf\xE9</a>", xmlscan.ErrCharset},
		"bad name in UTF-8":          {"<a\xE9>", xmlscan.ErrCharset},
		"duplicate attribute":        {"<a b='1' b='2'/>", xmlscan.ErrMalformed},
		"duplicate by namespace":     {"<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", xmlscan.ErrMalformed},
		"duplicate declaration":      {"<a xmlns:p='u' xmlns:p='v'/>", xmlscan.ErrMalformed},
		"undeclared prefix":          {"<p:a/>", xmlscan.ErrMalformed},
		"undeclared attr prefix":     {"<a p:b='1'/>", xmlscan.ErrMalformed},
		"prefix out of scope":        {"<a><b xmlns:p='u'/><p:c/></a>", xmlscan.ErrMalformed},
		"prefix taken back":          {"<a xmlns:p=''/>", xmlscan.ErrMalformed},
		"xml bound elsewhere":        {"<a xmlns:xml='u'/>", xmlscan.ErrMalformed},
		"xmlns declared":             {"<a xmlns:xmlns='u'/>", xmlscan.ErrMalformed},
		"two colons":                 {"<a:b:c xmlns:a='u'/>", xmlscan.ErrMalformed},
		"leading colon":              {"<:a/>", xmlscan.ErrMalformed},
		"trailing colon":             {"<a:/>", xmlscan.ErrMalformed},
		"digit first":                {"<1a/>", xmlscan.ErrMalformed},
		"digit after the prefix":     {"<a xmlns:p='u'><p:1/></a>", xmlscan.ErrMalformed},
		"multiplication sign":        {"<a×/>", xmlscan.ErrMalformed},
		"attributes joined":          {"<a b='1'c='2'/>", xmlscan.ErrMalformed},
		"space after less-than":      {"< a/>", xmlscan.ErrMalformed},
		"half an empty tag":          {"<a/ >", xmlscan.ErrMalformed},
		"double hyphen":              {"<a><!-- -- --></a>", xmlscan.ErrMalformed},
		"comment ends in three":      {"<a><!-- ---></a>", xmlscan.ErrMalformed},
		"half a comment":             {"<a><!- x --></a>", xmlscan.ErrMalformed},
		"element declaration":        {"<a><!ELEMENT a ANY></a>", xmlscan.ErrMalformed},
		"late declaration":           {" <?xml version='1.0'?><a/>", xmlscan.ErrMalformed},
		"declaration twice":          {"<?xml version='1.0'?><?XML version='1.0'?><a/>", xmlscan.ErrMalformed},
		"version 1.1":                {"<?xml version='1.1'?><a/>", xmlscan.ErrMalformed},
		"no version":                 {"<?xml encoding='UTF-8'?><a/>", xmlscan.ErrMalformed},
		"junk in the declaration":    {"<?xml version='1.0' x='1'?><a/>", xmlscan.ErrMalformed},
		"target with colon":          {"<a><?b:c?></a>", xmlscan.ErrMalformed},
		"unknown encoding":           {"<?xml version='1.0' encoding='EBCDIC-NL'?><a/>", xmlscan.ErrCharset},
		"utf-16 only declared":       {"<?xml version='1.0' encoding='UTF-16'?><a/>", xmlscan.ErrCharset},
		"mark against declaration":   {"\xEF\xBB\xBF<?xml version='1.0' encoding='ISO-8859-1'?><a/>", xmlscan.ErrCharset},
		"utf-16 declared utf-8":      {string(wide(binary.LittleEndian, true, "<?xml version='1.0' encoding='UTF-8'?><a/>")), xmlscan.ErrCharset},
		"utf-32":                     {"\xFF\xFE\x00\x00<\x00\x00\x00", xmlscan.ErrCharset},
		"high bit in ascii":          {"<?xml version='1.0' encoding='us-ascii'?><a>\xE9</a>", xmlscan.ErrCharset},
		"unassigned in windows-1252": {"<?xml version='1.0' encoding='windows-1252'?><a>\x81</a>", xmlscan.ErrCharset},
		"unpaired surrogate":         {"\xFF\xFE<\x00a\x00>\x00\x00\xD8x\x00", xmlscan.ErrCharset},
		"low surrogate first":        {"\xFE\xFF\x00<\x00a\x00>\xDC\x00", xmlscan.ErrCharset},
		"half a unit":                {"\xFE\xFF\x00<\x00a\x00>\x00", xmlscan.ErrTruncated},
		"depth":                      {deep, xmlscan.ErrLimit},
		"attributes":                 {"<a" + attrs.String() + "/>", xmlscan.ErrLimit},
		"long text":                  {"<a>" + strings.Repeat("x", 1<<20+1) + "</a>", xmlscan.ErrLimit},
		"long value":                 {"<a b='" + strings.Repeat("x", 1<<20+1) + "'/>", xmlscan.ErrLimit},
		"long comment":               {"<!--" + strings.Repeat("x", 1<<20+1) + "--><a/>", xmlscan.ErrLimit},
		"long name":                  {"<" + strings.Repeat("x", 1100) + "/>", xmlscan.ErrLimit},
		"many declarations":          {strings.Repeat("<a"+binds.String()+">", 5), xmlscan.ErrLimit},
		"many namespaces":            {"<a xmlns='" + strings.Repeat("x", 1<<16+1) + "'/>", xmlscan.ErrLimit},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := scan(strings.NewReader(tt.doc), nil)
			require.ErrorIs(t, err, tt.want)
			_, slow := scan(iotest.OneByteReader(strings.NewReader(tt.doc)), nil)
			require.ErrorIs(t, slow, tt.want, "read byte by byte")
			var e *xmlscan.Error
			require.ErrorAs(t, err, &e)
			assert.Positive(t, e.Line)
			assert.GreaterOrEqual(t, e.Offset, int64(0))
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	const doc = "<a><b c='1' d='2'/></a>"
	tests := map[string]struct {
		lim  xmlscan.Limits
		want error
	}{
		"exact bytes":    {xmlscan.Limits{Bytes: int64(len(doc))}, nil},
		"one byte less":  {xmlscan.Limits{Bytes: int64(len(doc) - 1)}, xmlscan.ErrLimit},
		"exact depth":    {xmlscan.Limits{Depth: 2}, nil},
		"less depth":     {xmlscan.Limits{Depth: 1}, xmlscan.ErrLimit},
		"exact number":   {xmlscan.Limits{Attributes: 2}, nil},
		"less number":    {xmlscan.Limits{Attributes: 1}, xmlscan.ErrLimit},
		"small token":    {xmlscan.Limits{Token: 16}, nil},
		"smaller token":  {xmlscan.Limits{Token: 15}, xmlscan.ErrLimit},
		"smallest token": {xmlscan.Limits{Token: 1}, xmlscan.ErrLimit},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := scan(strings.NewReader(doc), &xmlscan.Options{Limits: tt.lim})
			assert.ErrorIs(t, err, tt.want)
		})
	}
}

// TestCuts holds that a document cut anywhere is reported as cut, and that the events before the cut are those of the whole.
func TestCuts(t *testing.T) {
	t.Parallel()
	for name, doc := range wellFormed {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole, err := scan(strings.NewReader(doc), nil)
			require.NoError(t, err)
			for n := range len(doc) {
				part, err := scan(strings.NewReader(doc[:n]), nil)
				if err != nil {
					require.ErrorIs(t, err, xmlscan.ErrTruncated, "cut at %d", n)
				} else {
					require.Len(t, part, len(whole), "cut at %d", n)
				}
				if len(part) > 0 && strings.HasPrefix(part[len(part)-1], "text") {
					part = part[:len(part)-1] // a section may follow that belongs to it
				}
				require.Equal(t, whole[:len(part)], append([]string{}, part...), "cut at %d", n)
			}
		})
	}
}

// TestErrorsAreDiscreet holds that an error shows where and why, and nothing of the document or of the reader's error.
func TestErrorsAreDiscreet(t *testing.T) {
	t.Parallel()
	_, err := scan(strings.NewReader("<a>\n<geheim>&secret;</geheim></a>"), nil)
	require.EqualError(t, err, "xmlscan: malformed document: invalid reference (line 2, offset 12)")

	cause := errors.New("open /home/jansen/statement.xml: no such file")
	_, err = scan(io.MultiReader(strings.NewReader("<a>\n"), iotest.ErrReader(cause)), nil)
	require.ErrorIs(t, err, xmlscan.ErrRead)
	require.ErrorIs(t, err, cause)
	assert.EqualError(t, err, "xmlscan: reading failed (line 1, offset 3)")

	for _, head := range []string{"", "<?xml version='1.0' encoding='windows-1252'?><a>", "\xFF\xFE<\x00a\x00>\x00"} {
		_, err = scan(io.MultiReader(strings.NewReader(head), emptyReader{}), nil)
		require.ErrorIs(t, err, io.ErrNoProgress)
	}
}

type emptyReader struct{}

func (emptyReader) Read([]byte) (int, error) { return 0, nil }

// TestLong reads a document much larger than the buffer, with tokens that lie across its ends.
func TestLong(t *testing.T) {
	t.Parallel()
	var doc bytes.Buffer
	doc.WriteString("<?xml version='1.0' encoding='windows-1252'?>\n<list>\n")
	for i := range 40_000 {
		fmt.Fprintf(&doc, "<item nr=\"%d\">text &amp; \xE9 %d</item>\n", i, i)
	}
	doc.WriteString("<big>" + strings.Repeat("0123456789", 100_000) + "</big></list>")
	s := xmlscan.New(&doc, &xmlscan.Options{SkipSpace: true})
	n := 0
	for {
		k, err := s.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		switch {
		case k == xmlscan.Start && string(s.Local()) == "item":
			v, _ := s.Lookup("nr")
			require.Equal(t, fmt.Sprint(n), string(v))
			require.Equal(t, n+3, s.Line())
		case k == xmlscan.Text && string(s.Local()) == "item":
			require.Equal(t, fmt.Sprintf("text & é %d", n), string(s.Text()))
			n++
		case k == xmlscan.Text:
			require.Len(t, s.Text(), 1_000_000)
		}
	}
	require.Equal(t, 40_000, n)
}
