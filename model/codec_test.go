package model_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/model"
)

func TestRecordForm(t *testing.T) {
	t.Parallel()
	tx := &model.Transaction{
		Header: model.Header{
			Provenance: model.Provenance{Document: 2, At: "line 7"},
			Issues:     []model.Issue{{Code: model.IssueInvalid, Field: "valueDate"}},
		},
		Account: account(t, "NL02 ABNA 0123 4567 89"), BookingDate: date(t, "2026-11-22"), Amount: money(t, "-12.5"),
		Counterparty: model.Counterparty{Name: "Bäckerei \"Zoet\" & Zn </script>"}, Description: "a\tb\u2028c", Status: model.Booked,
	}
	assert.Equal(t, `{"account":"NL02ABNA0123456789","amount":{"amount":"-12.50","currency":"EUR"},"bookingDate":"2026-11-22",`+
		`"category":"transaction","counterparty":{"name":"Bäckerei \"Zoet\" & Zn </script>"},"description":"a\tb`+"\u2028"+`c",`+
		`"issues":[{"code":"invalid","field":"valueDate"}],"provenance":{"at":"line 7","document":2},"status":"booked"}`, marshal(t, tx))

	extra := &model.Extra{For: model.CategoryBenefit, Extra: map[string]string{"b": "2", "a": "1"}}
	assert.Equal(t, `{"category":"benefit","extra":{"a":"1","b":"2"},"provenance":{"document":0}}`, marshal(t, extra))
}

// The writer and the reader are inverse, and one fact has one form.
func TestRecordRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := anyRecord(t, rapid.SampledFrom([]int{30, 100}).Draw(t, "chance"))
		b, err := model.MarshalRecord(r)
		require.NoError(t, err)
		back, err := model.UnmarshalRecord(b, nil)
		require.NoError(t, err, "%s", b)
		assert.Equal(t, r, back)

		// encoding/json, which a host may use, gives the same.
		viaJSON, err := json.Marshal(r)
		require.NoError(t, err)
		same := reflect.New(reflect.TypeOf(r).Elem()).Interface()
		if e, ok := r.(*model.Extra); ok {
			same.(*model.Extra).For = e.For
		}
		require.NoError(t, json.Unmarshal(viaJSON, same))
		assert.Equal(t, any(r), same)
	})
}

func TestDossierRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDossier(t, 8)
		if rapid.Bool().Draw(t, "matched") {
			d.Match()
		}
		b, err := d.MarshalJSON()
		require.NoError(t, err)
		var back model.Dossier
		require.NoError(t, json.Unmarshal(b, &back))
		assert.Equal(t, d, &back)
		again, err := back.MarshalJSON()
		require.NoError(t, err)
		assert.Equal(t, string(b), string(again))
	})
}

func TestCanonicalOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDossier(t, 12)
		want, err := model.CanonicalRecords(d.Records)
		require.NoError(t, err)
		seed := rapid.Uint64().Draw(t, "seed")
		rnd := rand.New(rand.NewPCG(seed, 1))
		rnd.Shuffle(len(d.Records), func(i, j int) { d.Records[i], d.Records[j] = d.Records[j], d.Records[i] })
		got, err := model.CanonicalRecords(d.Records)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got))

		var categories []struct{ Category model.Category }
		require.NoError(t, json.Unmarshal(got, &categories))
		assert.True(t, slices.IsSortedFunc(categories, func(a, b struct{ Category model.Category }) int {
			return strings.Compare(string(a.Category), string(b.Category))
		}))

		// A recipient to which one of the categories is new computes the same digest.
		text := func(records []model.Record, from, to string) []byte {
			b, err := (&model.Dossier{Documents: d.Documents, Records: records}).MarshalJSON()
			require.NoError(t, err)
			return []byte(strings.ReplaceAll(string(b), `"category":"`+from, `"category":"`+to))
		}
		old, err := model.ReadDossier(text(d.Records, "employment", "empnew"), &model.ReadOptions{KeepUnknown: true})
		require.NoError(t, err)
		got, err = model.CanonicalRecords(old.Records)
		require.NoError(t, err)
		assert.Equal(t, string(want), strings.ReplaceAll(string(got), `"category":"empnew`, `"category":"employment`))
	})
	empty, err := model.CanonicalRecords(nil)
	require.NoError(t, err)
	assert.Equal(t, "[]", string(empty))
}

// Keys go by their UTF-16 code units: the example of RFC 8785 §3.2.3, and every pair of texts.
func TestCompareKeys(t *testing.T) {
	t.Parallel()
	keys := []string{"\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"}
	slices.SortFunc(keys, model.CompareKeys)
	assert.Equal(t, []string{"\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"}, keys)
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		want := slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
		assert.Equal(t, want, model.CompareKeys(a, b))
	})
}

func TestWriteRefusals(t *testing.T) {
	t.Parallel()
	type foreign struct{ model.Transaction }
	for name, r := range map[string]model.Record{
		"not UTF-8":          &model.Transaction{Description: "a\xffb"},
		"NUL":                &model.Transaction{Description: "a\x00b"},
		"bad key":            &model.Extra{For: model.CategoryIncome, Extra: map[string]string{"\xff": ""}},
		"embedded":           &foreign{},
		"nil":                nil,
		"typed nil":          (*model.Transaction)(nil),
		"extra for nothing":  &model.Extra{For: "weather"},
		"text in a sub part": &model.Transaction{Counterparty: model.Counterparty{Name: "\xc3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := model.MarshalRecord(r)
			require.ErrorIs(t, err, model.ErrSyntax)
			_, err = model.CanonicalRecords([]model.Record{r})
			require.ErrorIs(t, err, model.ErrSyntax)
		})
	}
	_, err := model.MarshalRecord(&model.Person{Header: model.Header{Provenance: model.Provenance{Document: -1}}})
	require.ErrorIs(t, err, model.ErrRange)
	d := &model.Dossier{Records: []model.Record{&model.Person{}}}
	_, err = d.MarshalJSON()
	require.ErrorIs(t, err, model.ErrRange)
}

const plain = `{"category":"transaction","provenance":{"document":0}`

func TestStrictRefusals(t *testing.T) {
	t.Parallel()
	_, err := model.UnmarshalRecord([]byte(plain+`}`), nil)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"unknown field":         {plain + `,"colour":"crimson"}`, model.ErrSyntax},
		"unknown part":          {plain + `,"counterparty":{"colour":"crimson"}}`, model.ErrSyntax},
		"unknown in provenance": {`{"category":"transaction","provenance":{"document":0,"x":1}}`, model.ErrSyntax},
		"wrong case":            {plain + `,"Description":"x"}`, model.ErrSyntax},
		"wrong case in money":   {plain + `,"amount":{"Amount":"1.00","currency":"EUR"}}`, model.ErrSyntax},
		"duplicate key":         {plain + `,"description":"x","description":"x"}`, model.ErrSyntax},
		"escaped duplicate":     {plain + `,"description":"x","descr\u0069ption":"x"}`, model.ErrSyntax},
		"duplicate in money":    {plain + `,"amount":{"amount":"1.00","amount":"1.00","currency":"EUR"}}`, model.ErrSyntax},
		"trailing data":         {plain + `} {}`, model.ErrSyntax},
		"trailing comma":        {plain + `,}`, model.ErrSyntax},
		"lone high surrogate":   {plain + `,"description":"\ud800"}`, model.ErrSyntax},
		"lone low surrogate":    {plain + `,"description":"\udc00"}`, model.ErrSyntax},
		"two high surrogates":   {plain + `,"description":"\ud800\ud800"}`, model.ErrSyntax},
		"escaped NUL":           {plain + `,"description":"\u0000"}`, model.ErrSyntax},
		"raw NUL":               {plain + ",\"description\":\"\x00\"}", model.ErrSyntax},
		"raw control":           {plain + ",\"description\":\"\n\"}", model.ErrSyntax},
		"not UTF-8":             {plain + ",\"description\":\"\xff\"}", model.ErrSyntax},
		"byte order mark":       {"\ufeff" + plain + `}`, model.ErrSyntax},
		"float":                 {`{"category":"transaction","provenance":{"document":0.0}}`, model.ErrSyntax},
		"exponent":              {`{"category":"transaction","provenance":{"document":1e1}}`, model.ErrSyntax},
		"minus nought":          {`{"category":"transaction","provenance":{"document":-0}}`, model.ErrSyntax},
		"negative":              {`{"category":"transaction","provenance":{"document":-1}}`, model.ErrSyntax},
		"leading zero":          {`{"category":"transaction","provenance":{"document":01}}`, model.ErrSyntax},
		"too large":             {`{"category":"transaction","provenance":{"document":9007199254740993}}`, model.ErrSyntax},
		"amount as a number":    {plain + `,"amount":{"amount":1,"currency":"EUR"}}`, model.ErrSyntax},
		"amount in short form":  {plain + `,"amount":{"amount":"1.5","currency":"EUR"}}`, model.ErrSyntax},
		"amount in long form":   {plain + `,"amount":{"amount":"1.500","currency":"EUR"}}`, model.ErrSyntax},
		"amount with plus":      {plain + `,"amount":{"amount":"+1.50","currency":"EUR"}}`, model.ErrSyntax},
		"minus nought amount":   {plain + `,"amount":{"amount":"-0.00","currency":"EUR"}}`, model.ErrSyntax},
		"no currency":           {plain + `,"amount":{"amount":"1.50"}}`, model.ErrSyntax},
		"nineteen digits":       {plain + `,"amount":{"amount":"1234567890123456789.00","currency":"EUR"}}`, model.ErrRange},
		"IBAN with blanks":      {plain + `,"account":"NL02 ABNA 0123 4567 89"}`, model.ErrSyntax},
		"IBAN that is damaged":  {plain + `,"account":"NL03ABNA0123456789"}`, model.ErrChecksum},
		"date of February 30":   {plain + `,"bookingDate":"2026-02-30"}`, model.ErrSyntax},
		"empty text":            {plain + `,"description":""}`, model.ErrSyntax},
		"empty date":            {plain + `,"bookingDate":""}`, model.ErrSyntax},
		"empty part":            {plain + `,"counterparty":{}}`, model.ErrSyntax},
		"empty issues":          {plain + `,"issues":[]}`, model.ErrSyntax},
		"null":                  {plain + `,"description":null}`, model.ErrSyntax},
		"null amount":           {plain + `,"amount":null}`, model.ErrSyntax},
		"no provenance":         {`{"category":"transaction"}`, model.ErrSyntax},
		"no category":           {`{"provenance":{"document":0}}`, model.ErrSyntax},
		"category as a number":  {`{"category":1,"provenance":{"document":0}}`, model.ErrSyntax},
		"unknown category":      {`{"category":"weather","provenance":{"document":0}}`, model.ErrSyntax},
		"unknown status":        {plain + `,"status":"maybe"}`, model.ErrSyntax},
		"unknown issue":         {plain + `,"issues":[{"code":"bored"}]}`, model.ErrSyntax},
		"value as a place":      {`{"category":"transaction","provenance":{"document":0,"at":"J. Jansen, Utrecht"}}`, model.ErrSyntax},
		"an array":              {`[]`, model.ErrSyntax},
		"nothing":               {``, model.ErrSyntax},
		"cut":                   {plain, model.ErrSyntax},
		"too deep":              {strings.Repeat(`[`, 17) + strings.Repeat(`]`, 17), model.ErrRange},
		"very deep":             {strings.Repeat(`[`, 1<<20), model.ErrRange},
		"extra of a wrong name": {`{"category":"income","extra":{"Voornaam Jan":"x"},"provenance":{"document":0}}`, model.ErrSyntax},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := model.UnmarshalRecord([]byte(c.text), nil)
			require.ErrorIs(t, err, c.want)
			for _, secret := range []string{"crimson", "Jansen", "NL03", "Voornaam", "123456789", "maybe", "weather"} {
				assert.NotContains(t, err.Error(), secret)
			}
		})
	}
	_, err = model.UnmarshalRecord([]byte(plain+`}`), &model.ReadOptions{MaxBytes: 20})
	require.ErrorIs(t, err, model.ErrRange)
	_, err = model.UnmarshalRecord([]byte(plain+`}`), &model.ReadOptions{MaxDepth: 1})
	require.ErrorIs(t, err, model.ErrRange)
	var other model.Person
	require.ErrorIs(t, json.Unmarshal([]byte(plain+`}`), &other), model.ErrSyntax)
}

func TestDossierRefusals(t *testing.T) {
	t.Parallel()
	doc := `{"digest":"` + strings.Repeat("ab", 32) + `","format":"camt.053","institution":"ing","method":"file","retrieved":"2026-11-22T12:00:00Z","source":"camt"}`
	whole := func(doc, records, rest string) string {
		return `{"coverage":[],"documents":[` + doc + `],"issues":[]` + rest + `,"records":[` + records + `]}`
	}
	_, err := model.ReadDossier([]byte(whole(doc, plain+`},`+plain+`}`, `,"matches":[{"records":[0,1],"rule":"transaction-id"}]`)), nil)
	require.NoError(t, err)
	for name, text := range map[string]string{
		"points past the documents": whole("", plain+`}`, ""),
		"match of one":              whole(doc, plain+`}`, `,"matches":[{"records":[0],"rule":"x"}]`),
		"match past the records":    whole(doc, plain+`}`, `,"matches":[{"records":[0,1],"rule":"x"}]`),
		"record in two matches":     whole(doc, plain+`},`+plain+`}`, `,"matches":[{"records":[0,1],"rule":"x"},{"records":[0,1],"rule":"x"}]`),
		"time in a zone":            whole(strings.Replace(doc, "12:00:00Z", "12:00:00+00:00", 1), "", ""),
		"unknown method":            whole(strings.Replace(doc, `"file"`, `"guess"`, 1), "", ""),
		"digest in capitals":        whole(strings.Replace(doc, "ab", "AB", 1), "", ""),
		"no records":                `{"coverage":[],"documents":[],"issues":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := model.ReadDossier([]byte(text), nil)
			require.Error(t, err)
		})
	}
}

// A recipient keeps what a later version wrote, wherever it stands, and writes it again in canonical form.
func TestTolerantReading(t *testing.T) {
	t.Parallel()
	doc := `{"digest":"` + strings.Repeat("ab", 32) + `","format":"camt.053","institution":"ing","method":"file","region":"eu","retrieved":"2026-11-22T12:00:00Z","source":"camt"}`
	text := `{"coverage":[],"documents":[` + doc + `],"issues":[],"records":[` +
		`{"aaa":[1,{"a":2,"b":"\u0001"}],"account":"NL02ABNA0123456789","category":"transaction","counterparty":{"lei":"X","name":"Y"},` +
		`"provenance":{"document":0,"weight":3},"status":"disputed","zzz":null},` +
		`{"bands":[{"accrued":{"amount":"1.00","currency":"EUR"},"extraBand":true}],"category":"pension","provenance":{"document":0}},` +
		`{"category":"weather","provenance":{"document":0},"rain":"yes"}],"zone":"NL"}`
	_, err := model.ReadDossier([]byte(text), nil)
	require.ErrorIs(t, err, model.ErrSyntax)

	d, err := model.ReadDossier([]byte(text), &model.ReadOptions{KeepUnknown: true})
	require.NoError(t, err)
	again, err := d.MarshalJSON()
	require.NoError(t, err)
	assert.Equal(t, text, string(again))
	assert.Equal(t, "Y", d.Records[0].(*model.Transaction).Counterparty.Name)
	assert.Equal(t, model.Category("weather"), d.Records[2].Category())
	assert.False(t, model.Known(d.Records[2]), "ingestion refuses it")

	shuffled := strings.Replace(text, `"aaa":[1,{"a":2,"b":"\u0001"}],`, ` "aaa" : [ 1 , { "b":"\u0001", "a":2 } ] ,`, 1)
	d, err = model.ReadDossier([]byte(shuffled), &model.ReadOptions{KeepUnknown: true})
	require.NoError(t, err)
	again, err = d.MarshalJSON()
	require.NoError(t, err)
	assert.Equal(t, text, string(again))

	out := d.Minimise(model.Scope{Baskets: []model.Basket{{Category: model.CategoryTransaction, Fields: []string{"account", "counterparty"}}}})
	require.Len(t, out.Records, 1)
	b, err := model.MarshalRecord(out.Records[0])
	require.NoError(t, err)
	assert.Equal(t, `{"account":"NL02ABNA0123456789","category":"transaction","counterparty":{"name":"Y"},"provenance":{"document":0}}`, string(b))

	for name, text := range map[string]string{
		"float":     plain + `,"later":1.5}`,
		"duplicate": plain + `,"later":{"a":1,"a":1}}`,
		"amount":    plain + `,"amount":{"amount":"1.00","currency":"EUR","basis":"x"}}`,
	} {
		_, err := model.UnmarshalRecord([]byte(text), &model.ReadOptions{KeepUnknown: true})
		require.ErrorIs(t, err, model.ErrSyntax, name)
	}
}

// A way of getting data that a later version has is kept as its word, until the field is set; and a part that holds
// nothing but what is new is kept, too.
func TestTolerantReadingOfWordsAndParts(t *testing.T) {
	t.Parallel()
	text := `{"coverage":[{"attempts":[{"documents":0,"method":"wallet","outcome":"ok","source":"s","started":"2026-11-22T12:00:00Z"}],` +
		`"category":"pension","institution":"a","method":"wallet","obtained":"most","records":1}],"documents":[{"digest":"` + strings.Repeat("ab", 32) +
		`","format":"f","institution":"a","method":"wallet","retrieved":"2026-11-22T12:00:00Z","source":"s"}],"issues":[],"records":[` +
		`{"category":"transaction","counterparty":{"lei":"X"},"provenance":{"document":0}},` +
		`{"bands":[{"from":{"about":{"x":"y"}}}],"category":"pension","provenance":{"document":0}}]}`
	_, err := model.ReadDossier([]byte(text), nil)
	require.ErrorIs(t, err, model.ErrSyntax)
	d, err := model.ReadDossier([]byte(text), &model.ReadOptions{KeepUnknown: true})
	require.NoError(t, err)
	assert.Zero(t, d.Documents[0].Method)
	again, err := d.MarshalJSON()
	require.NoError(t, err)
	assert.Equal(t, text, string(again))

	d.Documents[0].Method, d.Coverage[0].Method = model.API, model.File
	again, err = d.MarshalJSON()
	require.NoError(t, err)
	want := strings.NewReplacer(`"f","institution":"a","method":"wallet"`, `"f","institution":"a","method":"api"`,
		`"institution":"a","method":"wallet","obtained"`, `"institution":"a","method":"file","obtained"`).Replace(text)
	assert.Equal(t, want, string(again))

	for name, text := range map[string]string{
		"empty part": plain + `,"counterparty":{}}`, "part with an empty field": plain + `,"counterparty":{"lei":"X","name":""}}`,
	} {
		_, err := model.UnmarshalRecord([]byte(text), &model.ReadOptions{KeepUnknown: true})
		require.ErrorIs(t, err, model.ErrSyntax, name)
	}
}

// A count of nought is a fact; no count is none.
func TestCountOfNought(t *testing.T) {
	t.Parallel()
	text := `{"category":"study-debt","provenance":{"document":0},"remainingMonths":0}`
	r, err := model.UnmarshalRecord([]byte(text), nil)
	require.NoError(t, err)
	assert.Equal(t, new(0), r.(*model.StudyDebt).RemainingMonths)
	assert.Nil(t, r.(*model.StudyDebt).TotalMonths)
	assert.Equal(t, text, marshal(t, r))
	got, ok := model.Minimise(r, basket(model.CategoryStudyDebt, "remainingMonths"))
	require.True(t, ok)
	*r.(*model.StudyDebt).RemainingMonths = 7
	assert.Equal(t, text, marshal(t, got), "the copy has its own")
}

// FuzzDossierJSON: what is read is written again as the canonical form of what was read.
func FuzzDossierJSON(f *testing.F) {
	f.Add([]byte(`{"coverage":[],"documents":[],"issues":[],"records":[]}`), false)
	f.Add([]byte(`{"coverage":[{"category":"pension","institution":"a","obtained":"all","records":1}],"documents":[{"digest":"`+strings.Repeat("00", 32)+
		`","format":"f","institution":"a","method":"api","retrieved":"2026-11-22T12:00:00.5Z","source":"s"}],"issues":[{"code":"limit"}],"records":[`+
		plain+`,"amount":{"amount":"-1.00","currency":"EUR"},"description":"\ud83d\ude00"}]}`), false)
	f.Add([]byte(`{"coverage":[],"documents":[],"issues":[],"new":{"b":[true,null,-5],"a":"\n"},"records":[]}`), true)
	f.Fuzz(func(t *testing.T, text []byte, keep bool) {
		d, err := model.ReadDossier(text, &model.ReadOptions{KeepUnknown: keep})
		if err != nil {
			return
		}
		out, err := d.MarshalJSON()
		require.NoError(t, err)
		var want, got any
		require.NoError(t, json.Unmarshal(text, &want))
		require.NoError(t, json.Unmarshal(out, &got))
		require.Equal(t, want, got)
		again, err := model.ReadDossier(out, &model.ReadOptions{KeepUnknown: keep})
		require.NoError(t, err)
		twice, err := again.MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, string(out), string(twice))
	})
}
