package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/internal/jsonscan"
)

// plain turns a value into what encoding/json makes of the same document.
func plain(v jsonscan.Value) any {
	switch v.Kind() {
	case jsonscan.Bool:
		return v.Text() == "true"
	case jsonscan.Number:
		return json.Number(v.Text())
	case jsonscan.String:
		return v.Text()
	case jsonscan.Array:
		out := []any{}
		for _, e := range v.Elems() {
			out = append(out, plain(e))
		}
		return out
	case jsonscan.Object:
		out := map[string]any{}
		for n, e := range v.Members() {
			out[n] = plain(e)
		}
		return out
	}
	return nil
}

func reference(t *testing.T, b []byte) any {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v))
	return v
}

var valid = []string{
	`{}`, `[]`, `null`, `true`, `false`, `""`, `0`, `-0`, `-12.50`, `1e5`, `1E-5`, `0.5e+10`,
	"\xEF\xBB\xBF {\"a\": [1, 2 ,{\"b\":null}],\n\t\"A\":\"x\"}\r\n",
	`["\"\\\/\b\f\n\r\t\u00e9\u20AC\ud83d\ude00é€😀", "\ufffd"]`,
	`{"":1,"a":{"a":{"a":1}}}`,
	`{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1,"m":1,"n":1,"o":1,"p":1,"q":1,"r":1}`,
}

func TestValid(t *testing.T) {
	t.Parallel()
	for _, doc := range valid {
		v, err := jsonscan.Parse([]byte(doc), nil)
		require.NoError(t, err, doc)
		assert.Equal(t, reference(t, []byte(doc)), plain(v), doc)
		for n := range len(doc) {
			_, err := jsonscan.Parse([]byte(doc[:n]), nil)
			if err != nil {
				require.ErrorIs(t, err, jsonscan.ErrTruncated, "%s cut at %d", doc, n)
			}
		}
	}
}

func TestAccessors(t *testing.T) {
	t.Parallel()
	v, err := jsonscan.Parse([]byte(`{"a":[1,"2"],"B":false}`), nil)
	require.NoError(t, err)
	assert.Equal(t, 2, v.Len())
	_, ok := v.Get("b")
	assert.False(t, ok, "names are compared with their case")
	b, ok := v.Get("B")
	assert.True(t, ok)
	assert.Equal(t, "false", b.Text())
	for range v.Members() {
		break
	}
	for range v.Elems() {
		break
	}
	assert.Zero(t, jsonscan.Value{}.Kind())
}

func TestRefused(t *testing.T) {
	t.Parallel()
	many := "{" + strings.Repeat(`"a":1,`, 1)
	for i := range 20 {
		many += `"` + string(rune('b'+i)) + `":1,`
	}
	tests := map[string]struct {
		doc  string
		want error
	}{
		"empty":               {"", jsonscan.ErrTruncated},
		"space":               {" \n", jsonscan.ErrTruncated},
		"two documents":       {"1 2", jsonscan.ErrMalformed},
		"html":                {"<html>", jsonscan.ErrMalformed},
		"duplicate":           {`{"a":1,"a":1}`, jsonscan.ErrDuplicate},
		"duplicate escaped":   {`{"a":1,"\u0061":1}`, jsonscan.ErrDuplicate},
		"duplicate of many":   {many + `"c":1}`, jsonscan.ErrDuplicate},
		"trailing comma":      {`[1,]`, jsonscan.ErrMalformed},
		"missing colon":       {`{"a" 1}`, jsonscan.ErrMalformed},
		"name without quotes": {`{a:1}`, jsonscan.ErrMalformed},
		"comment":             {`/* x */ 1`, jsonscan.ErrMalformed},
		"leading zero":        {`01`, jsonscan.ErrMalformed},
		"plus":                {`+1`, jsonscan.ErrMalformed},
		"no digit":            {`-x`, jsonscan.ErrMalformed},
		"no fraction":         {`1.x`, jsonscan.ErrMalformed},
		"no exponent":         {`1ex`, jsonscan.ErrMalformed},
		"nan":                 {`NaN`, jsonscan.ErrMalformed},
		"long number":         {strings.Repeat("1", 33), jsonscan.ErrLimit},
		"huge exponent":       {"1e" + strings.Repeat("9", 40), jsonscan.ErrLimit},
		"word":                {`trust`, jsonscan.ErrMalformed},
		"control":             {"\"\x01\"", jsonscan.ErrMalformed},
		"newline in a string": {"\"a\nb\"", jsonscan.ErrMalformed},
		"latin-1":             {"\"caf\xE9\"", jsonscan.ErrMalformed},
		"lone surrogate":      {`"\ud800"`, jsonscan.ErrMalformed},
		"low surrogate":       {`"\udc00\ud800"`, jsonscan.ErrMalformed},
		"surrogate and other": {`"\ud800\u0061"`, jsonscan.ErrMalformed},
		"nul":                 {`"\u0000"`, jsonscan.ErrMalformed},
		"bad escape":          {`"\x41"`, jsonscan.ErrMalformed},
		"bad hex":             {`"\u00g0"`, jsonscan.ErrMalformed},
		"utf-16":              {"\xFF\xFE{\x00}\x00", jsonscan.ErrMalformed},
		"deep arrays":         {strings.Repeat("[", 65), jsonscan.ErrLimit},
		"deep objects":        {strings.Repeat(`{"a":`, 65), jsonscan.ErrLimit},
		"long string":         {`"` + strings.Repeat("x", 1<<20+2) + `"`, jsonscan.ErrLimit},
		"many values":         {"[" + strings.Repeat("1,", 1<<20), jsonscan.ErrLimit},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := jsonscan.Parse([]byte(tt.doc), nil)
			require.ErrorIs(t, err, tt.want)
			var e *jsonscan.Error
			require.ErrorAs(t, err, &e)
			assert.LessOrEqual(t, e.Offset, len(tt.doc))
		})
	}
	_, err := jsonscan.Parse([]byte(`{"geheim":1,"geheim":2}`), nil)
	assert.EqualError(t, err, "jsonscan: duplicate name (offset 12)")
}

func TestLimits(t *testing.T) {
	t.Parallel()
	l := &jsonscan.Limits{Depth: 2, Number: 3, String: 3, Values: 6}
	_, err := jsonscan.Parse([]byte(`{"abc":[123,"abc",1]}`), l)
	require.NoError(t, err)
	for _, doc := range []string{`[[[]]]`, `1234`, `"abcde"`, `[1,1,1,1,1,1]`} {
		_, err := jsonscan.Parse([]byte(doc), l)
		assert.ErrorIs(t, err, jsonscan.ErrLimit, doc)
	}
}

// FuzzParse is differential: what is accepted, encoding/json accepts with the same content.
func FuzzParse(f *testing.F) {
	for _, doc := range valid {
		f.Add([]byte(doc))
	}
	f.Add([]byte(`{"a":1,"a":2}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		v, err := jsonscan.Parse(doc, nil)
		if err == nil {
			require.Equal(t, reference(t, doc), plain(v))
		}
	})
}
