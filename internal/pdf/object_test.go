package pdf_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/internal/pdf"
)

// object parses body as object 5 of a document.
func object(t *testing.T, body string, lim pdf.Limits) (*pdf.Doc, pdf.Object) {
	t.Helper()
	b := newBuilder()
	onePage(b, "")
	b.obj(5, body)
	b.table("/Root 1 0 R")
	d, err := pdf.OpenBytes(context.Background(), b.Bytes(), &pdf.Options{Limits: lim})
	require.NoError(t, err)
	return d, d.Object(pdf.Ref{Num: 5})
}

// show writes an object the way a writer would, references not followed.
func show(o pdf.Object) string {
	switch o.Kind() {
	case pdf.Bool:
		v, _ := o.Bool()
		return fmt.Sprint(v)
	case pdf.Int:
		v, _ := o.Int()
		return fmt.Sprint(v)
	case pdf.Real:
		v, _ := o.Float()
		return fmt.Sprintf("%gr", v)
	case pdf.String:
		v, _ := o.Str()
		return fmt.Sprintf("(%s)", v)
	case pdf.Name:
		v, _ := o.Name()
		return "/" + v
	case pdf.RefKind:
		r, _ := o.Ref()
		return fmt.Sprintf("%d_%d_R", r.Num, r.Gen)
	case pdf.ArrayKind:
		var s []string
		for _, e := range o.Array() {
			s = append(s, show(e))
		}
		return "[" + strings.Join(s, " ") + "]"
	case pdf.DictKind, pdf.StreamKind:
		var s []string
		for i := range o.Dict().Len() {
			k, v := o.Dict().At(i)
			s = append(s, "/"+k+" "+show(v))
		}
		return "<<" + strings.Join(s, " ") + ">>"
	}
	return "null"
}

func TestObjects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"null":                         {"null", "null"},
		"nothing":                      {"", "null"},
		"booleans":                     {"[true false]", "[true false]"},
		"numbers":                      {"[1 -2 3.5]", "[1 -2 3.5r]"},
		"references":                   {"[7 0 R 8 65535 R]", "[7_0_R 8_65535_R]"},
		"not references":               {"[7 0 8 0 R 1 R 2 0 RG]", "[7 0 8_0_R 1 2 0]"},
		"reference with line ends":     {"[7\n0\r\nR]", "[7_0_R]"},
		"reference, too large":         {"[99999999999 0 R]", "[99999999999 0]"},
		"empty containers":             {"[[] <<>> () <> /]", "[[] <<>> () () /]"},
		"nested":                       {"<</A[1<</B[2]>>]/C<</D/E>>>>", "<</A [1 <</B [2]>>] /C <</D /E>>>>"},
		"key without a value":          {"<</A/B/C>>", "<</A /B>>"},
		"value without a key":          {"<<1 /A 2>>", "<</A 2>>"},
		"dictionary without its end":   {"<</A 1", "<</A 1>>"},
		"array without its end":        {"[1 2", "[1 2]"},
		"array closed as a dictionary": {"<</A[1 2>>", "<</A [1 2]>>"},
		"unknown words are skipped":    {"[1 foo 2]", "[1 2]"},
		"comments":                     {"[1 % one\n2]", "[1 2]"},
		"unknown value":                {"<</A foo /B 1>>", "<</B 1>>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, o := object(t, c.in, pdf.Limits{})
			assert.Equal(t, c.want, show(o))
		})
	}
}

func TestObjectAccessors(t *testing.T) {
	t.Parallel()
	_, o := object(t, "[1 2.0 2.5 (s) /n true 7 0 R <</A 1>> [] null]", pdf.Limits{})
	for i, want := range []string{"int float", "int float", "float", "str", "name", "bool", "ref", "dict", "", ""} {
		var got []string
		e := o.Array()[i]
		add := func(name string, ok bool) {
			if ok {
				got = append(got, name)
			}
		}
		_, ok := e.Int()
		add("int", ok)
		_, ok = e.Float()
		add("float", ok)
		_, ok = e.Str()
		add("str", ok)
		_, ok = e.Name()
		add("name", ok)
		_, ok = e.Bool()
		add("bool", ok)
		_, ok = e.Ref()
		add("ref", ok)
		add("dict", e.Dict().Len() > 0)
		assert.Equal(t, want, strings.Join(got, " "), "element %d", i)
		assert.Empty(t, e.Array())
		assert.False(t, e.IsStream())
	}
	assert.True(t, o.Array()[4].IsName("n"))
	assert.True(t, o.Array()[9].IsNull())
	d := o.Array()[7].Dict()
	assert.True(t, d.Same(o.Array()[7].Dict()))
	assert.False(t, d.Same(pdf.Dict{}))
}

func TestLargeDictionary(t *testing.T) {
	t.Parallel()
	d, o := object(t, "<<"+manyKeys(5000)+"/K7 70>>", pdf.Limits{})
	for key, want := range map[string]int64{"K0": 0, "K7": 70, "K4999": 4999} {
		v, ok := d.Get(o.Dict(), key).Int()
		assert.True(t, ok)
		assert.Equal(t, want, v)
	}
	assert.True(t, d.Get(o.Dict(), "K5000").IsNull())
}

func TestObjectLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		lim  pdf.Limits
		ok   bool
	}{
		"elements, within":    {"[" + strings.Repeat("0 ", 99) + "]", pdf.Limits{Elements: 100}, true},
		"elements":            {"[" + strings.Repeat("0 ", 100) + "]", pdf.Limits{Elements: 100}, false},
		"elements, nested":    {"[" + strings.Repeat("[0]", 50) + "]", pdf.Limits{Elements: 100}, false},
		"nesting, within":     {strings.Repeat("[", 21) + strings.Repeat("]", 21), pdf.Limits{Nesting: 20}, true},
		"nesting":             {strings.Repeat("[", 22) + strings.Repeat("]", 22), pdf.Limits{Nesting: 20}, false},
		"nesting, dictionary": {strings.Repeat("<</A", 22), pdf.Limits{Nesting: 20}, false},
		"string":              {"(" + strings.Repeat("a", 5<<20) + ")", pdf.Limits{}, false},
		"string with escapes": {"(\\n" + strings.Repeat("a", 5<<20) + ")", pdf.Limits{}, false},
		"name":                {"/" + strings.Repeat("a", 5<<20), pdf.Limits{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, o := object(t, c.body, c.lim)
			assert.Equal(t, !c.ok, o.IsNull())
			assert.Equal(t, !c.ok, d.Damage()&pdf.DamageLimit != 0, "a limit is never reached in silence")
		})
	}
}

// A page that a limit hides makes the iteration fail: a reader must not take the rest for the whole.
func TestLimitNeverHidesAPage(t *testing.T) {
	t.Parallel()
	b := newBuilder()
	onePage(b, "")
	b.obj(2, "<</Type/Pages /Kids[3 0 R 5 0 R]>>")
	b.obj(5, "<</Type/Page /X["+strings.Repeat("0 ", 5000)+"]>>")
	b.table("/Root 1 0 R")
	d, err := pdf.OpenBytes(context.Background(), b.Bytes(), &pdf.Options{Limits: pdf.Limits{Elements: 1000}})
	require.NoError(t, err)
	var last error
	for _, err := range d.Pages(context.Background()) {
		last = err
	}
	require.ErrorIs(t, last, pdf.ErrLimit)
}

func TestLoosePages(t *testing.T) {
	t.Parallel()
	b := newBuilder()
	b.obj(1, "<</Type/Catalog /Pages 99 0 R>>")
	b.obj(2, "<</Type/Pages /MediaBox[0 0 10 20] /Parent 2 0 R>>")
	b.obj(3, "<</Type/Page /Parent 2 0 R /Contents 4 0 R>>")
	b.stream(4, "", []byte("(loose)"))
	b.table("/Root 1 0 R")
	d := open(t, b.Bytes())
	assert.Equal(t, []string{"(loose)"}, contents(t, d))
	for p := range d.Pages(context.Background()) {
		assert.EqualValues(t, 20, p.MediaBox.Height(), "inherited through Parent, whose cycle ends")
		assert.EqualValues(t, 10, p.MediaBox.Width())
	}
	assert.NotZero(t, d.Damage()&pdf.DamagePages)
}

// Only the attachments are encrypted: the document opens without a password, they do not.
func TestEncryptedAttachmentsOnly(t *testing.T) {
	t.Parallel()
	b := newBuilder()
	onePage(b, "(open)")
	b.stream(5, "/Filter[/Crypt] /DecodeParms[<</Name/StdCF>>]", []byte("closed"))
	b.table("/Root 1 0 R /Encrypt<</Filter/Standard /V 4 /R 4 /P -1 /CF<</StdCF<</CFM/AESV2>>>> /EFF/StdCF /O(" +
		strings.Repeat("o", 32) + ") /U(" + strings.Repeat("u", 32) + ")>>")
	d := open(t, b.Bytes())
	assert.Equal(t, []string{"(open)"}, contents(t, d))
	_, err := d.Stream(context.Background(), d.Object(pdf.Ref{Num: 5}))
	require.ErrorIs(t, err, pdf.ErrEncrypted)
	assert.Equal(t, "closed", string(d.Raw(d.Object(pdf.Ref{Num: 5}))))
}
