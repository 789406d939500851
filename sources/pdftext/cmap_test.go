package pdftext

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCMapText(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		cmap string
		want map[uint32]string
	}{
		"bfchar":                     {"beginbfchar <01> <0041> <02> <00660069>", map[uint32]string{1: "A", 2: "fi", 3: ""}},
		"bfrange":                    {"beginbfrange <0010> <0012> <0061>", map[uint32]string{0x0f: "", 0x10: "a", 0x12: "c", 0x13: ""}},
		"bfrange with an array":      {"beginbfrange <00> <02> [<0041> <00420043>]", map[uint32]string{0: "A", 1: "BC", 2: ""}},
		"several characters count":   {"beginbfrange <00> <02> <00410030>", map[uint32]string{0: "A0", 2: "A2"}},
		"surrogates":                 {"beginbfchar <01> <D83DDE00>", map[uint32]string{1: "😀"}},
		"half a surrogate":           {"beginbfchar <01> <0041D83D>", map[uint32]string{1: "A\uFFFD"}},
		"ligature taken apart":       {"beginbfchar <01> <FB03>", map[uint32]string{1: "ffi"}},
		"the later entry counts":     {"beginbfchar <01> <0041> <01> <0042>", map[uint32]string{1: "B"}},
		"an exception in a range":    {"beginbfrange <00> <09> <0030> endbfrange beginbfchar <05> <0058>", map[uint32]string{4: "4", 5: "X", 6: "6"}},
		"glyph name":                 {"beginbfchar <01> /Euro", map[uint32]string{1: "€"}},
		"NUL is nothing":             {"beginbfchar <01> <0000>", map[uint32]string{1: ""}},
		"one byte":                   {"beginbfchar <01> <41>", map[uint32]string{1: "A"}},
		"end before begin":           {"beginbfrange <02> <01> <0041>", map[uint32]string{1: "", 2: "A"}},
		"ends in the middle":         {"beginbfrange <01>", map[uint32]string{1: ""}},
		"noise":                      {"<41> 1 begin x /y beginbfchar 7 <01> <0041>", map[uint32]string{1: "A"}},
		"no bracket closes the list": {"beginbfrange <01> <03> [<0041> endbfrange beginbfchar <09> <0042>", map[uint32]string{1: "A", 9: "B"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := parseCMap([]byte(c.cmap), nil, 100, nil)
			require.NoError(t, err)
			for code, want := range c.want {
				got, _ := m.text(code)
				assert.Equal(t, want, got, "code %#x", code)
			}
		})
	}
}

func TestCMapCodes(t *testing.T) {
	t.Parallel()
	m, err := parseCMap([]byte("begincodespacerange <00> <80> <8140> <9FFC> endcodespacerange begincidrange <20> <7e> 1 <8140> <817e> 633"), nil, 100, nil)
	require.NoError(t, err)
	var got [][2]uint32
	for b := []byte("A\x81\x42\xff\x81"); len(b) > 0; {
		code, n := m.next(b)
		got = append(got, [2]uint32{code, m.cid(code)})
		b = b[n:]
	}
	assert.Equal(t, [][2]uint32{{0x41, 34}, {0x8142, 635}, {0xff, 0}, {0x81, 0}}, got)
}

func TestCMapUse(t *testing.T) {
	t.Parallel()
	m, err := parseCMap([]byte("/Identity-V usecmap begincidchar <0005> 77"), nil, 100, predefinedCMap)
	require.NoError(t, err)
	assert.True(t, m.vertical)
	assert.Equal(t, uint32(77), m.cid(5))
	assert.Equal(t, uint32(6), m.cid(6))
}

func TestCMapLimit(t *testing.T) {
	t.Parallel()
	_, err := parseCMap([]byte("beginbfchar "+strings.Repeat("<01> <0041> ", 11)), nil, 10, nil)
	require.ErrorIs(t, err, ErrLimit)
}

// TestCMapNext: whatever the codespace and the bytes, reading codes goes forward and ends.
func TestCMapNext(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &cmap{}
		for range rapid.IntRange(0, 4).Draw(t, "spaces") {
			m.spaces = append(m.spaces, codespace{rapid.IntRange(1, 4).Draw(t, "n"), rapid.Uint32().Draw(t, "lo"), rapid.Uint32().Draw(t, "hi")})
		}
		m.finish()
		for b := rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "bytes"); len(b) > 0; {
			_, n := m.next(b)
			if n < 1 || n > len(b) {
				t.Fatalf("took %d of %d bytes", n, len(b))
			}
			b = b[n:]
		}
	})
}

func TestGlyphNames(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"A": "A", "zero": "0", "Euro": "€", "eacute": "é", "ffi": "ffi", "f_f_i": "ffi", "uni20AC": "€", "uni00410042": "AB", "u1F600": "😀",
		"u20AC": "€", "a.sc": "a", "one.oldstyle": "1", "oneoldstyle": "1", "Asmall": "A", "afii10017": "А", "a1": "✁", "zcaron": "ž",
		"uni20A": "", "uniD800": "", ".notdef": "", "": "", "g77": "", "u110000": "", "_": "",
	}
	for name, want := range cases {
		got, ok := nameToText(name)
		assert.Equal(t, want, got, "%q", name)
		assert.Equal(t, want != "", ok, "%q", name)
	}
}

// TestGlyphListSorted: the list is searched by bisection.
func TestGlyphListSorted(t *testing.T) {
	t.Parallel()
	prev := ""
	for line := range strings.Lines(glyphList) {
		name, _, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		require.True(t, ok)
		require.Less(t, prev, name)
		_, known := lookupGlyph(name)
		require.True(t, known, name)
		prev = name
	}
}

func TestEncodingTables(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]*[256]string{
		"standard": &standardNames, "winansi": &winAnsiNames, "macroman": &macRomanNames, "macexpert": &macExpertNames,
		"symbol": &symbolNames, "dingbats": &dingbatNames,
	} {
		for code, glyph := range table {
			if glyph == "" || name == "dingbats" && code >= 0x80 && code <= 0x8d {
				continue // the ornamental brackets of ZapfDingbats have no names in the list
			}
			_, ok := nameToText(glyph)
			assert.True(t, ok, "%s %#x %s", name, code, glyph)
		}
	}
	text := func(table *[256]string, code byte) string { s, _ := nameToText(table[code]); return s }
	assert.Equal(t, "€", text(&winAnsiNames, 0x80))
	assert.Equal(t, "ë", text(&winAnsiNames, 0xeb))
	assert.Equal(t, "ë", text(&macRomanNames, 0x91))
	assert.Equal(t, "fi", text(&standardNames, 0xae))
	assert.Equal(t, "α", text(&symbolNames, 'a'))
}

func TestStandardFonts(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]standardFont{
		"Helvetica": helvetica, "ABCDEF+Arial-BoldMT": helveticaBold, "ArialNarrow": notStandard, "TimesNewRomanPS-BoldItalicMT": timesBoldItalic,
		"Times New Roman,Italic": timesItalic, "CourierNew": courier, "Symbol": symbolFont, "ZapfDingbats": zapfDingbats, "Inter": notStandard,
	} {
		assert.Equal(t, want, findStandard(name), name)
	}
	w, ok := timesRoman.nameWidth("A")
	assert.True(t, ok)
	assert.InDelta(t, 722, w, 0)
}
