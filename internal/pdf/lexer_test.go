package pdf_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/internal/pdf"
)

// tokens writes each token as a word, so that a table can say what it expects.
func tokens(data string) string {
	var out []string
	l := pdf.NewLexer([]byte(data))
	for {
		switch l.Next() {
		case pdf.TokenEOF:
			return strings.Join(out, " ")
		case pdf.TokenInt:
			out = append(out, fmt.Sprint("i", l.Int))
		case pdf.TokenReal:
			out = append(out, fmt.Sprint("r", l.Num))
		case pdf.TokenName:
			out = append(out, "/"+string(l.Bytes))
		case pdf.TokenString:
			out = append(out, strconv.Quote(string(l.Bytes)))
		case pdf.TokenArrayOpen:
			out = append(out, "[")
		case pdf.TokenArrayClose:
			out = append(out, "]")
		case pdf.TokenDictOpen:
			out = append(out, "<<")
		case pdf.TokenDictClose:
			out = append(out, ">>")
		case pdf.TokenKeyword:
			out = append(out, string(l.Bytes))
		}
	}
}

func TestLexerTokens(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"empty":                         {"", ""},
		"integers":                      {"0 12 -7 +3 007", "i0 i12 i-7 i3 i7"},
		"reals":                         {"1.5 -.25 4. +0.5 .5", "r1.5 r-0.25 r4 r0.5 r0.5"},
		"real without digits":           {". -", "r0 i0"},
		"doubled sign counts once":      {"--5 -+2 +-3", "i-5 i-2 i-3"},
		"minus inside is skipped":       {"12-34 1.5-2", "i1234 r1.52"},
		"second point ends the number":  {"1.2.3", "r1.2 r0.3"},
		"letters end the number":        {"12Tf 0.5w", "i12 Tf r0.5 w"},
		"sign before letters":           {"-abc", "-abc"},
		"long fraction":                 {"0.000000000000000000000000000001 0.33333333333333333333333", "r0 r0.3333333333333333"},
		"more digits than an int64":     {"123456789012345678901", "r1.2345678901234568e+20"},
		"names":                         {"/A /Name1 /A;Name_With-Various***Characters? / /1.2", "/A /Name1 /A;Name_With-Various***Characters? / /1.2"},
		"names with hex":                {"/lime#20Green /A#42 /A#4 /A#G0 /#", "/lime Green /AB /A#4 /A#G0 /#"},
		"literal strings":               {"(This is a string)(a(b)c)()", `"This is a string" "a(b)c" ""`},
		"escapes":                       {`(\n\r\t\b\f\(\)\\\x)`, `"\n\r\t\b\f()\\x"`},
		"octal":                         {`(\053\53\5x\0053\777)`, `"++\x05x\x053\xff"`},
		"line continuation":             {"(a\\\nb\\\r\nc\\\rd)", `"abcd"`},
		"end of line is a line feed":    {"(a\r\nb\rc\nd)", `"a\nb\nc\nd"`},
		"unterminated literal":          {"(abc", `"abc"`},
		"unterminated escape":           {`(abc\`, `"abc"`},
		"hex strings":                   {"<48656C6C6F> <4 8 6> <> <zz41>", `"Hello" "H` + "`" + `" "" "A"`},
		"unterminated hex":              {"<4142", `"AB"`},
		"arrays and dictionaries":       {"[1 [2]]<</A<</B 3>>>>", "[ i1 [ i2 ] ] << /A << /B i3 >> >>"},
		"comments":                      {"1 % two 3\n4 %\r5 %", "i1 i4 i5"},
		"operators":                     {"BT /F1 12 Tf T* ' \" ET", "BT /F1 i12 Tf T* ' \" ET"},
		"stray delimiters are keywords": {") } > {", ") } > {"},
		"nul is white space":            {"1\x002", "i1 i2"},
		"nothing between":               {"/A/B(c)<64>[1]true", `/A /B "c" "d" [ i1 ] true`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, tokens(c.in))
		})
	}
}

func TestLexerNumbersRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		// What a writer prints with up to ten decimals must come back as the same float64: amounts are placed by them.
		v := rapid.Float64Range(-1e5, 1e5).Draw(t, "v")
		text := strconv.FormatFloat(v, 'f', rapid.IntRange(1, 10).Draw(t, "decimals"), 64)
		want, err := strconv.ParseFloat(text, 64)
		require.NoError(t, err)
		l := pdf.NewLexer([]byte(text))
		require.Equal(t, pdf.TokenReal, l.Next())
		require.Equal(t, want, l.Num)
	})
}

func TestLexerEndsAndStaysFinite(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		alphabet := []byte("()<>[]{}/%\\#+-.0123456789 \n\rEIaRobj\x00\xff")
		data := rapid.SliceOfN(rapid.SampledFrom(alphabet), 0, 200).Draw(t, "data")
		l := pdf.NewLexer(data)
		for n := 0; ; n++ {
			require.LessOrEqual(t, n, len(data), "a token takes a byte at least")
			switch l.Next() {
			case pdf.TokenEOF:
				require.Equal(t, len(data), l.Pos())
				return
			case pdf.TokenInt, pdf.TokenReal:
				require.False(t, math.IsInf(l.Num, 0) || math.IsNaN(l.Num))
			}
		}
	})
}

func TestLexerStringsStayValidUntilRelease(t *testing.T) {
	t.Parallel()
	l := pdf.NewLexer([]byte(`(a\n) <62> (c\t) /d#65`))
	var got [][]byte
	for l.Next() != pdf.TokenEOF {
		got = append(got, l.Bytes)
	}
	require.Len(t, got, 4)
	for i, want := range []string{"a\n", "b", "c\t", "de"} {
		assert.Equal(t, want, string(got[i]))
	}
}

func TestSkipInlineImage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in     string
		length int
		found  bool
		rest   string
	}{
		"plain":                       {"\nabc\nEI Q", -1, true, "Q"},
		"EI inside the data":          {" xEI \x80\x01 EI\xff\nEI Q", -1, true, "Q"},
		"EI inside, followed by bits": {" a EI \x80\x02 b\nEI\nBT ET", -1, true, "BT ET"},
		"known length":                {" \x01 EI \x02\nEI Q", 6, true, "Q"},
		"length that does not fit":    {" abc\nEI Q", 1000, true, "Q"},
		"wrong length":                {" abcdefgh\nEI Q", 2, true, "Q"},
		"no blank before EI":          {" abc~>EI Q", -1, true, "Q"},
		"no blank at all":             {" abcEI Q", -1, true, "Q"},
		"no end":                      {" abcdefgh", -1, false, ""},
		"empty":                       {"", -1, false, ""},
		"at the very end":             {" abc EI", -1, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := pdf.NewLexer([]byte(c.in))
			assert.Equal(t, c.found, l.SkipInlineImage(c.length))
			assert.Equal(t, c.rest, strings.TrimSpace(c.in[l.Pos():]))
		})
	}
}

func BenchmarkLexer(b *testing.B) {
	data := []byte(strings.Repeat("BT /F1 9.5 Tf 1 0 0 1 72.25 700.125 Tm [(Loon) -250 (1.234,56)] TJ ET\n", 10_000))
	l := pdf.NewLexer(nil)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		l.Reset(data)
		for l.Next() != pdf.TokenEOF {
		}
	}
}
