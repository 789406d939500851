package jsonscan_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/internal/jsonscan"
)

// whole reads a document by calls of a Reader only, without trees but for the values that are no object or array.
func whole(r *jsonscan.Reader) (any, error) {
	k, err := r.Kind()
	if err != nil {
		return nil, err
	}
	switch k {
	case jsonscan.Object:
		out := map[string]any{}
		err = r.Object(func(name string) (err error) {
			out[name], err = whole(r)
			return err
		})
		return out, err
	case jsonscan.Array:
		out := []any{}
		err = r.Array(func(i int) error {
			if i != len(out) {
				return errors.New("wrong number")
			}
			e, err := whole(r)
			out = append(out, e)
			return err
		})
		return out, err
	}
	v, err := r.Value()
	return plain(v), err
}

// all is whole, of a whole document.
func all(doc []byte, o *jsonscan.Options) (any, error) {
	r := jsonscan.NewReader(doc, o)
	v, err := whole(r)
	if err == nil {
		err = r.End()
	}
	return v, err
}

func skip(doc []byte, o *jsonscan.Options) error {
	r := jsonscan.NewReader(doc, o)
	if err := r.Skip(); err != nil {
		return err
	}
	return r.End()
}

func TestReaderValid(t *testing.T) {
	t.Parallel()
	for _, doc := range valid {
		v, err := all([]byte(doc), nil)
		require.NoError(t, err, doc)
		assert.Equal(t, reference(t, []byte(doc)), v, doc)
		require.NoError(t, skip([]byte(doc), nil), doc)
		for n := range len(doc) {
			if err := skip([]byte(doc[:n]), nil); err != nil {
				require.ErrorIs(t, err, jsonscan.ErrTruncated, "%s cut at %d", doc, n)
			}
		}
	}
}

// What stands before a break has been handed out, and nothing of what is behind it.
func TestReaderBroken(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		doc  string
		want error
		got  []string
	}{
		"cut in a text":          {`["a","b`, jsonscan.ErrTruncated, []string{"a"}},
		"cut in a number":        {`[1,2`, jsonscan.ErrTruncated, []string{"1"}},
		"cut behind a comma":     {`[1,`, jsonscan.ErrTruncated, []string{"1"}},
		"cut behind a value":     {`[1,2 `, jsonscan.ErrTruncated, []string{"1", "2"}},
		"cut in a word":          {`[1,tru`, jsonscan.ErrTruncated, []string{"1"}},
		"a leading zero":         {`[1,01]`, jsonscan.ErrMalformed, []string{"1"}},
		"a comma too many":       {`[1,]`, jsonscan.ErrMalformed, []string{"1"}},
		"a comma too few":        {`[1 2]`, jsonscan.ErrMalformed, []string{"1"}},
		"only a comma":           {`[,]`, jsonscan.ErrMalformed, nil},
		"the wrong bracket":      {`[1}`, jsonscan.ErrMalformed, []string{"1"}},
		"a name twice":           {`[1,{"a":1,"a":2}]`, jsonscan.ErrDuplicate, []string{"1"}},
		"deep":                   {`[1,` + strings.Repeat("[", 64), jsonscan.ErrLimit, []string{"1"}},
		"a long number":          {`[1,` + strings.Repeat("1", 33) + `]`, jsonscan.ErrLimit, []string{"1"}},
		"another kind of value":  {`{"a":1}`, jsonscan.ErrMalformed, nil},
		"nothing":                {" \n", jsonscan.ErrTruncated, nil},
		"no value":               {`<html>`, jsonscan.ErrMalformed, nil},
		"a control character":    {"[1,\"\x01\"]", jsonscan.ErrMalformed, []string{"1"}},
		"a text without its end": {`["` + strings.Repeat("é", 10), jsonscan.ErrTruncated, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := jsonscan.NewReader([]byte(tt.doc), nil)
			var got []string
			err := r.Array(func(int) error {
				v, err := r.Value()
				if err == nil {
					got = append(got, v.Text())
				}
				return err
			})
			require.ErrorIs(t, err, tt.want)
			assert.Equal(t, tt.got, got)
			var e *jsonscan.Error
			require.ErrorAs(t, err, &e)
			assert.LessOrEqual(t, e.Offset, len(tt.doc))

			_, again := r.Kind()
			assert.Equal(t, err, again, "the first error stays")
			assert.Equal(t, err, r.Skip())
			assert.Equal(t, err, r.End())
		})
	}
}

// A tree that breaks off holds what is whole.
func TestReaderPartialTree(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]any{
		`{"a":1,"b":{"c":[true,"x`: map[string]any{"a": json.Number("1"), "b": map[string]any{"c": []any{true}}},
		`{"a":1,"a":2}`:            map[string]any{"a": json.Number("1")},
		`[null,nul]`:               []any{nil},
		`[12,34`:                   []any{json.Number("12")},
		`"abc`:                     nil,
		``:                         nil,
	} {
		v, err := jsonscan.NewReader([]byte(doc), nil).Value()
		require.Error(t, err, doc)
		assert.Equal(t, want, plain(v), doc)
		v, err = jsonscan.Parse([]byte(doc), nil)
		require.Error(t, err, doc)
		assert.Zero(t, v, "Parse gives the whole or nothing")
	}
}

// A member is read once: one that the caller leaves is skipped, and there is no second value to take.
func TestReaderOnce(t *testing.T) {
	t.Parallel()
	const doc = `{"a":{"x":[1,2]},"b":"text","c":3}`
	r := jsonscan.NewReader([]byte(doc), nil)
	var names []string
	require.NoError(t, r.Object(func(name string) error {
		names = append(names, name)
		if name == "b" {
			k, err := r.Kind()
			assert.Equal(t, jsonscan.String, k)
			return err
		}
		return nil
	}))
	require.NoError(t, r.End())
	assert.Equal(t, []string{"a", "b", "c"}, names)
	require.ErrorIs(t, r.Skip(), jsonscan.ErrMalformed, "the document has one value")

	r = jsonscan.NewReader([]byte(`{"a":`), nil)
	require.ErrorIs(t, r.Object(func(name string) error {
		names = append(names, name)
		return nil
	}), jsonscan.ErrTruncated)
	assert.Equal(t, []string{"a", "b", "c", "a"}, names, "what a document is about may be known before its end")

	r = jsonscan.NewReader([]byte(`[1 2]`), nil)
	require.ErrorIs(t, r.Array(func(int) error {
		if _, err := r.Value(); err != nil {
			return err
		}
		return r.Skip()
	}), jsonscan.ErrMalformed)

	r = jsonscan.NewReader([]byte(doc), nil)
	require.ErrorIs(t, r.End(), jsonscan.ErrMalformed, "nothing was read")
}

// An error of the caller ends the reading, and one that the caller drops still does.
func TestReaderErrors(t *testing.T) {
	t.Parallel()
	own := errors.New("own")
	r := jsonscan.NewReader([]byte(`[{"a":1},2]`), nil)
	require.Equal(t, own, r.Array(func(int) error {
		return r.Object(func(string) error { return own })
	}))
	require.Equal(t, own, r.End())

	r = jsonscan.NewReader([]byte(`[{"a":x},2]`), nil)
	calls := 0
	require.ErrorIs(t, r.Array(func(int) error {
		calls++
		_ = r.Skip()
		return nil
	}), jsonscan.ErrMalformed)
	assert.Equal(t, 1, calls)
}

func TestReaderCheck(t *testing.T) {
	t.Parallel()
	many := []byte("[" + strings.Repeat(`{"a":[]},`, 10_000) + "0]")
	ctx, cancel := context.WithCancel(t.Context())
	r := jsonscan.NewReader(many, &jsonscan.Options{Check: ctx.Err})
	seen := 0
	require.Equal(t, context.Canceled, r.Array(func(i int) error {
		if seen = i; i == 3000 {
			cancel()
		}
		return r.Skip()
	}))
	assert.Less(t, seen, 3000+1024)
	assert.Equal(t, context.Canceled, skip(many, &jsonscan.Options{Check: ctx.Err}))
	_, err := jsonscan.NewReader(many, &jsonscan.Options{Check: ctx.Err}).Value()
	assert.Equal(t, context.Canceled, err)
}

func TestReaderLimits(t *testing.T) {
	t.Parallel()
	o := &jsonscan.Options{Limits: jsonscan.Limits{Depth: 3, Values: 4}}
	r := jsonscan.NewReader([]byte(`[[1,1,1],[1,1,1],[1,1,1,1]]`), o)
	trees := 0
	require.ErrorIs(t, r.Array(func(int) error {
		_, err := r.Value()
		if err == nil {
			trees++
		}
		return err
	}), jsonscan.ErrLimit)
	assert.Equal(t, 2, trees, "each tree has the limit for itself")

	require.NoError(t, skip([]byte(`[1,1,1,1,1,1,1,1,1]`), o), "nothing is held of what is skipped")
	require.NoError(t, skip([]byte(`[{"a":1,"b":1,"c":1,"d":1},{"a":1}]`), o))
	require.ErrorIs(t, skip([]byte(`{"a":1,"b":1,"c":1,"d":1,"e":1}`), o), jsonscan.ErrLimit, "but of the names")
	require.ErrorIs(t, skip([]byte(`[[[[]]]]`), o), jsonscan.ErrLimit)
	require.NoError(t, skip([]byte(`[[[]],[[]]]`), o))
	require.ErrorIs(t, skip([]byte(`"`+strings.Repeat("x", 11)+`"`), &jsonscan.Options{Limits: jsonscan.Limits{String: 10}}), jsonscan.ErrLimit)
	require.NoError(t, skip([]byte(`"`+strings.Repeat(`\u00e9`, 5)+`"`), &jsonscan.Options{Limits: jsonscan.Limits{String: 10}}), "bytes of the text")
}

func TestReaderMend(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		doc, want string
		mended    bool
	}{
		"plain":                   {`"abc"`, "abc", false},
		"a pair":                  {`"\ud83d\ude00"`, "😀", false},
		"a replacement character": {`"\ufffd` + "\uFFFD\"", "\uFFFD\uFFFD", false},
		"latin-1":                 {"\"Caf\xE9\"", "Caf\uFFFD", true},
		"latin-1 in between":      {"\"\xE9t\xE9s\"", "\uFFFDt\uFFFDs", true},
		"a surrogate in UTF-8":    {"\"\xED\xA0\x80\"", "\uFFFD\uFFFD\uFFFD", true},
		"half a pair":             {`"\ud83d!"`, "\uFFFD!", true},
		"half a pair, escape":     {`"\ud83d\n"`, "\uFFFD\n", true},
		"half a pair, letter":     {`"\ud83d\u0061"`, "\uFFFDa", true},
		"two first halves":        {`"\ud83d\ud83d\ude00"`, "\uFFFD😀", true},
		"the halves exchanged":    {`"\ude00\ud83d"`, "\uFFFD\uFFFD", true},
		"nul":                     {`"\u0000"`, "\x00", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := jsonscan.NewReader([]byte(tt.doc), &jsonscan.Options{Mend: true}).Value()
			require.NoError(t, err)
			assert.Equal(t, tt.want, v.Text())
			assert.Equal(t, tt.mended, v.Mended())
			if _, err = jsonscan.Parse([]byte(tt.doc), nil); tt.mended {
				require.ErrorIs(t, err, jsonscan.ErrMalformed, "without Mend")
			}
		})
	}
	for doc, want := range map[string]error{
		"\"\xE2\x82":                jsonscan.ErrTruncated,
		`"\ud83d\u12`:               jsonscan.ErrTruncated,
		`"\ud83d\ux"`:               jsonscan.ErrMalformed,
		"\"\x01\"":                  jsonscan.ErrMalformed,
		`"\q"`:                      jsonscan.ErrMalformed,
		"{\"\xE8\":1,\"\xE9\":2}":   jsonscan.ErrDuplicate, // once mended, the names are one
		"\xFF":                      jsonscan.ErrMalformed, // outside of texts nothing is mended
		`{"a":"\ud83d","\u0061":2}`: jsonscan.ErrDuplicate,
	} {
		require.ErrorIs(t, skip([]byte(doc), &jsonscan.Options{Mend: true}), want, "%q", doc)
	}
}

// The ways to read one document agree, whatever the document: pulled, as a tree, skipped.
func agree(t require.TestingT, doc []byte, o *jsonscan.Options) (any, error) {
	r := jsonscan.NewReader(doc, o)
	v, err := r.Value()
	if err == nil {
		err = r.End()
	}
	pulled, perr := all(doc, o)
	require.Equal(t, err, perr, "pulled")
	require.Equal(t, err, skip(doc, o), "skipped")
	if err != nil {
		return nil, err
	}
	require.Equal(t, plain(v), pulled)
	return pulled, nil
}

// FuzzReader is differential: with Mend, encoding/json accepts the same documents but for names that come twice, and reads
// the same from them.
func FuzzReader(f *testing.F) {
	for _, doc := range valid {
		f.Add([]byte(doc))
	}
	for _, doc := range []string{`{"a":1,"a":2}`, `[1,2`, `["\ud800\u0061", "\u0000"]`, "\"\xE9\xED\xA0\x80\"", `[1 2]`, `{"a":[{}],}`, "-", "01"} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		_, _ = agree(t, doc, nil)
		large := jsonscan.Limits{Depth: 5000, Number: math.MaxInt, String: math.MaxInt, Values: math.MaxInt}
		v, err := agree(t, doc, &jsonscan.Options{Limits: large, Mend: true})
		switch ok := json.Valid(bytes.TrimPrefix(doc, []byte("\xEF\xBB\xBF"))); {
		case err == nil:
			require.Equal(t, reference(t, doc), v)
		case ok:
			require.True(t, errors.Is(err, jsonscan.ErrDuplicate) || errors.Is(err, jsonscan.ErrLimit), "%v", err)
		}
	})
}

// What encoding/json writes is read as it was, and cut anywhere it is truncated, with nothing read that was not there.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		kinds := []*rapid.Generator[any]{
			rapid.Just[any](nil), rapid.Bool().AsAny(),
			rapid.Custom(func(t *rapid.T) any { return strings.ReplaceAll(rapid.String().Draw(t, "text"), "\x00", "") }),
			rapid.Custom(func(t *rapid.T) any {
				return json.Number(rapid.StringMatching(`-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,9})?([eE][+-]?[0-9]{1,3})?`).Draw(t, "number"))
			}),
		}
		if depth > 0 {
			inner := rapid.Deferred(func() *rapid.Generator[any] { return value(depth - 1) })
			names := rapid.Custom(func(t *rapid.T) string { return strings.ReplaceAll(rapid.String().Draw(t, "name"), "\x00", "") })
			kinds = append(kinds, rapid.SliceOfN(inner, 0, 4).AsAny(), rapid.MapOfN(names, inner, 0, 20).AsAny())
		}
		return rapid.OneOf(kinds...)
	}
	rapid.Check(t, func(t *rapid.T) {
		want := value(3).Draw(t, "value")
		doc, err := json.Marshal(want)
		require.NoError(t, err)
		got, err := agree(t, doc, nil)
		require.NoError(t, err)
		require.Equal(t, want, got)
		if doc[0] == '{' || doc[0] == '[' {
			_, err = agree(t, doc[:rapid.IntRange(0, len(doc)-1).Draw(t, "cut")], nil)
			require.ErrorIs(t, err, jsonscan.ErrTruncated)
		}
	})
}
