package mijnpensioenoverzicht_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/mijnpensioenoverzicht"
)

func registry(t testing.TB) *sources.Registry {
	t.Helper()
	g := new(sources.Registry)
	require.NoError(t, g.AddNormalizer(mijnpensioenoverzicht.Normalizer{}))
	return g
}

func fixture(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return string(b)
}

func read(t testing.TB, doc string) *sources.Reading {
	t.Helper()
	got, err := registry(t).Read(t.Context(), sources.Document{Body: sources.BytesContent([]byte(doc))}, sources.Everything(), nil)
	require.NoError(t, err)
	return got
}

// TestBothForms holds that the same overview as XML, where a list of one is no list and a number is a text, and as JSON
// gives the same records but for their places.
func TestBothForms(t *testing.T) {
	t.Parallel()
	fromXML, fromJSON := read(t, fixture(t, "pensioenaanspraken.xml")), read(t, fixture(t, "overzicht.json"))
	assert.Equal(t, mijnpensioenoverzicht.XML, fromXML.Format)
	assert.Equal(t, mijnpensioenoverzicht.JSON, fromJSON.Format)
	require.Len(t, fromXML.Records, len(fromJSON.Records))
	for i := range fromXML.Records {
		fromXML.Records[i].Head().Provenance.At = ""
		fromJSON.Records[i].Head().Provenance.At = ""
	}
	assert.Equal(t, fromJSON.Records, fromXML.Records)
}

func TestQuery(t *testing.T) {
	t.Parallel()
	doc := sources.Document{Body: sources.BytesContent([]byte(fixture(t, "prefix.xml")))}
	for _, c := range []model.Category{model.CategoryPension, model.CategoryPerson} {
		q := sources.Query{LegalBasis: "test", Scope: model.Scope{Baskets: []model.Basket{model.Everything(c)}}}
		got, err := registry(t).Read(t.Context(), doc, q, nil)
		require.NoError(t, err)
		require.NotEmpty(t, got.Records)
		for _, r := range got.Records {
			assert.Equal(t, c, r.Category())
			if p, ok := r.(*model.Person); ok {
				assert.True(t, p.BSN.IsZero(), "a BSN is never read")
			}
		}
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	const ns = mijnpensioenoverzicht.XML
	const js = mijnpensioenoverzicht.JSON
	xml, json := fixture(t, "pensioenaanspraken.xml"), fixture(t, "overzicht.json")
	tests := map[string]struct {
		doc    string
		format model.FormatID
		want   error
		issues []model.IssueCode
		kept   int
	}{
		"empty":                {"", "", sources.ErrNotProvided, nil, 0},
		"empty, format given":  {"", js, sources.ErrNotProvided, nil, 0},
		"login page":           {"<!DOCTYPE html><html>", "", sources.ErrUnknownFormat, nil, 0},
		"login page as XML":    {" <!doctype html><html>", ns, sources.ErrMalformed, nil, 0},
		"login page as JSON":   {"<html lang='nl'>", js, sources.ErrMalformed, nil, 0},
		"XML cut":              {xml[:len(xml)/2], "", sources.ErrTruncated, []model.IssueCode{model.IssueTruncated}, 0},
		"JSON cut":             {json[:len(json)/2], "", sources.ErrTruncated, []model.IssueCode{model.IssueTruncated}, 0},
		"doctype":              {`<!DOCTYPE a [<!ENTITY b "c">]>` + xml[39:], ns, sources.ErrMalformed, nil, 0},
		"entity":               {strings.Replace(xml, "Voorbeeld", "&xxe;", 1), "", sources.ErrMalformed, nil, 0},
		"duplicate attribute":  {strings.Replace(xml, `xsi:nil="true"`, `xsi:nil="true" xsi:nil="true"`, 1), "", sources.ErrMalformed, nil, 0},
		"wrong charset":        {strings.Replace(xml, "Voorbeeld", "V\xF6rbeeld", 1), "", sources.ErrMalformed, []model.IssueCode{model.IssueCharset}, 0},
		"deep nesting":         {strings.Replace(xml, "<Totalen>", strings.Repeat("<a>", 40)+strings.Repeat("</a>", 40)+"<Totalen>", 1), "", sources.ErrLimit, []model.IssueCode{model.IssueLimit}, 0},
		"deep JSON":            {strings.Replace(json, `"Statussen": []`, `"Statussen": `+strings.Repeat("[", 40)+strings.Repeat("]", 40), 1), "", sources.ErrLimit, []model.IssueCode{model.IssueLimit}, 0},
		"nested array":         {strings.Replace(json, `"Statussen": []`, `"Statussen": [[1]]`, 1), "", sources.ErrLayoutChanged, nil, 0},
		"duplicate name":       {strings.Replace(json, `"StatusCode": "000"`, `"StatusCode": "000", "StatusCode": "000"`, 1), "", sources.ErrMalformed, nil, 0},
		"absurd number":        {strings.Replace(json, "14400", strings.Repeat("9", 10_000), 1), "", sources.ErrLimit, []model.IssueCode{model.IssueLimit}, 0},
		"JSON list":            {"[]", js, sources.ErrLayoutChanged, nil, 0},
		"another JSON":         {`{"a":1}`, js, sources.ErrLayoutChanged, nil, 0},
		"another XML":          {`<a><b/></a>`, ns, sources.ErrLayoutChanged, nil, 0},
		"names in lower case":  {strings.NewReplacer("StatusCode", "statuscode", "Totalen", "totalen", "Details", "details").Replace(json), js, sources.ErrLayoutChanged, nil, 0},
		"two details":          {strings.Replace(xml, "<Details>", "<Details/><Details>", 1), "", sources.ErrMalformed, nil, 0},
		"two lists":            {strings.Replace(xml, "<WezenPensioenDetails>", "<WezenPensioenDetails/><WezenPensioenDetails>", 1), "", sources.ErrMalformed, []model.IssueCode{model.IssueConflict}, 8},
		"no details":           {`{"StatusCode":"000","Totalen":{}}`, "", sources.ErrLayoutChanged, []model.IssueCode{model.IssueMissing}, 0},
		"details of null":      {`{"StatusCode":"000","Details":null}`, js, sources.ErrLayoutChanged, []model.IssueCode{model.IssueMissing}, 0},
		"other details":        {strings.ReplaceAll(json, "PensioenDetails", "PensioenLijst"), "", sources.ErrLayoutChanged, []model.IssueCode{model.IssueUnknown, model.IssueIncompleteDoc}, 0},
		"many elements":        {strings.Replace(xml, "<Totalen>", "<Totalen>"+strings.Repeat("<a/>", 1<<16), 1), "", sources.ErrLimit, []model.IssueCode{model.IssueLimit}, 0},
		"many values":          {strings.Replace(json, `"Statussen": []`, `"Statussen": [`+strings.Repeat("{},", 1<<17)+"0]", 1), "", sources.ErrLimit, []model.IssueCode{model.IssueLimit}, 0},
		"failed":               {`{"StatusCode":"999","TijdstipAanmakenBericht":"2026-05-14T16:27:43+02:00","Details":{}}`, "", sources.ErrNotProvided, nil, 0},
		"failed with pensions": {strings.Replace(json, `"000"`, `"999"`, 1), "", nil, []model.IssueCode{model.IssueIncompleteDoc}, 9},
		"too large":            {json + strings.Repeat(" ", 4<<20), "", sources.ErrTooLarge, nil, 0},
		"UTF-16":               {"\xFF\xFE<\x00a\x00/\x00>\x00", ns, sources.ErrMalformed, nil, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := sources.Document{Format: tt.format, Body: sources.BytesContent([]byte(tt.doc))}
			got, err := registry(t).Read(t.Context(), d, sources.Everything(), nil)
			require.ErrorIs(t, err, tt.want)
			assert.Len(t, got.Records, tt.kept)
			var codes []model.IssueCode
			for _, i := range got.Issues {
				codes = append(codes, i.Code)
			}
			assert.Equal(t, tt.issues, codes)
			if err != nil {
				for _, secret := range []string{"Voorbeeld", "V\xF6rbeeld", "14400", "9999", "999"} {
					assert.NotContains(t, err.Error(), secret)
				}
			}
		})
	}
}

// What is there but not known, or of another form, may be pensions: the overview is not read whole.
func TestNotReadWhole(t *testing.T) {
	t.Parallel()
	xml, json := fixture(t, "pensioenaanspraken.xml"), fixture(t, "overzicht.json")
	for name, doc := range map[string]string{
		"no status":              strings.Replace(json, `"StatusCode": "000",`, "", 1),
		"status of null":         strings.Replace(json, `"StatusCode": "000"`, `"StatusCode": null`, 1),
		"another list":           strings.Replace(xml, "<Details>", "<Details><InvaliditeitsPensioenDetails/>", 1),
		"another list in JSON":   strings.Replace(json, `"Details": {`, `"Details": {"InvaliditeitsPensioenDetails":{},`, 1),
		"another kind of period": strings.Replace(xml, "<OuderdomsPensioenDetails>", "<OuderdomsPensioenDetails><Overgang/>", 1),
		"another kind of line":   strings.Replace(xml, "</OuderdomsPensioen>", "<Prepensioen/></OuderdomsPensioen>", 1),
		"a period without lines": strings.Replace(xml, "<OuderdomsPensioenDetails>", "<OuderdomsPensioenDetails><OuderdomsPensioen/>", 1),
		"a text for a list":      `{"StatusCode":"000","TijdstipAanmakenBericht":"2026-05-14","Details":{"OuderdomsPensioenDetails":"geen"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NotContains(t, []string{xml, json}, doc)
			got, err := registry(t).Read(t.Context(), sources.Document{Body: sources.BytesContent([]byte(doc))}, sources.Everything(), nil)
			require.NoError(t, err)
			assert.NotEmpty(t, got.Records)
			var codes []model.IssueCode
			for _, i := range got.Issues {
				codes = append(codes, i.Code)
			}
			assert.Contains(t, codes, model.IssueIncompleteDoc)
		})
	}
}

// TestAges holds what an age is read to that is not as the format has it: nothing, with a doubt.
func TestAges(t *testing.T) {
	t.Parallel()
	const age = "<Jaren>67</Jaren>\n            <Maanden>3</Maanden>"
	xml := fixture(t, "pensioenaanspraken.xml")
	require.Equal(t, 4, strings.Count(xml, age))
	for name, tt := range map[string]struct {
		age  string
		want model.PensionMoment
		code model.IssueCode
	}{
		"as it is":       {age, model.PensionMoment{Years: 67, Months: 3}, ""},
		"years alone":    {"<Jaren>67</Jaren>", model.PensionMoment{Years: 67}, ""},
		"months twice":   {age + "<Maanden>4</Maanden>", model.PensionMoment{}, model.IssueConflict},
		"months inside":  {"<Jaren>67</Jaren><Maanden><n>3</n></Maanden>", model.PensionMoment{}, model.IssueInvalid},
		"a month more":   {"<Jaren>67</Jaren><Maanden>12</Maanden>", model.PensionMoment{}, model.IssueInvalid},
		"months alone":   {"<Maanden>3</Maanden>", model.PensionMoment{}, model.IssueInvalid},
		"nought":         {"<Jaren>0</Jaren><Maanden>0</Maanden>", model.PensionMoment{}, model.IssueSuspicious},
		"a part of year": {"<Jaren>67,5</Jaren>", model.PensionMoment{}, model.IssueInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := read(t, strings.ReplaceAll(xml, age, tt.age)).Records[0].(*model.Pension)
			require.Len(t, p.Bands, 2)
			assert.Equal(t, tt.want, p.Bands[0].Until)
			assert.Equal(t, tt.want, p.Bands[1].From)
			if tt.code != "" {
				assert.Contains(t, p.Issues, model.Doubt(tt.code, "bands.until"))
				assert.Contains(t, p.Issues, model.Doubt(tt.code, "bands.from"))
			}
		})
	}
}

// TestTwice holds that of two lines of a period that cannot be told apart no amount is lost, and that both records say so.
func TestTwice(t *testing.T) {
	t.Parallel()
	xml := fixture(t, "pensioenaanspraken.xml")
	line := xml[strings.Index(xml, "<AOW>"):strings.Index(xml, "</AOW>")] + "</AOW>"
	got := read(t, strings.Replace(xml, line, line+line, 1))
	n := 0
	for _, r := range got.Records {
		if p, ok := r.(*model.Pension); ok && p.Kind == model.PensionState {
			n++
			assert.Len(t, p.Bands, 1)
			assert.Contains(t, p.Issues, model.Doubt(model.IssueSuspicious, "reference"))
		}
	}
	assert.Equal(t, 2, n)
}

func TestDetect(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		doc  string
		want model.FormatID
	}{
		"xml":               {fixture(t, "pensioenaanspraken.xml"), mijnpensioenoverzicht.XML},
		"prefixed":          {fixture(t, "prefix.xml"), mijnpensioenoverzicht.XML},
		"json":              {fixture(t, "overzicht.json"), mijnpensioenoverzicht.JSON},
		"other order":       {`{"Details":{"StatusCode":[{"TijdstipAanmakenBericht":"x"}]},"Totalen":{},"StatusCode":"000"}`, mijnpensioenoverzicht.JSON},
		"status and totals": {`{"StatusCode":"000","Totalen":{}}`, mijnpensioenoverzicht.JSON},
		"status only":       {`{"StatusCode":"000"}`, ""},
		"deeper down":       {`{"a":{"StatusCode":"000","TijdstipAanmakenBericht":"x","Details":{}}}`, ""},
		"as values":         {`{"a":"StatusCode","b":"TijdstipAanmakenBericht"}`, ""},
		"deeper in XML":     {`<a><b><StatusCode/><TijdstipAanmakenBericht/></b></a>`, ""},
		"list":              {`[1]`, ""},
		"text":              {`x`, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := registry(t).Detect(t.Context(), sources.Document{Body: sources.BytesContent([]byte(tt.doc))})
			assert.Equal(t, tt.want, got)
			if tt.want == "" {
				assert.ErrorIs(t, err, sources.ErrUnknownFormat)
			}
		})
	}
}

// FuzzNormalize holds what must be true of any bytes: no panic, an error of a known kind, and records that the writer takes
// and that the model can write.
func FuzzNormalize(f *testing.F) {
	for _, name := range []string{"pensioenaanspraken.xml", "prefix.xml", "overzicht.json", "odd.json"} {
		f.Add([]byte(fixture(f, name)))
	}
	g := registry(f)
	f.Fuzz(func(t *testing.T, doc []byte) {
		for _, id := range []model.FormatID{mijnpensioenoverzicht.XML, mijnpensioenoverzicht.JSON} {
			got, err := g.Read(t.Context(), sources.Document{Format: id, Body: sources.BytesContent(doc)}, sources.Everything(), nil)
			require.NotErrorIs(t, err, sources.ErrAdapter)
			require.NotErrorIs(t, err, sources.ErrUnexpected)
			for _, r := range got.Records {
				_, err := model.AppendRecord(nil, r)
				require.NoError(t, err)
			}
		}
	})
}
