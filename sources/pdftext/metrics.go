package pdftext

import (
	"sort"
	"strings"
)

// A standardFont is one of the 14 fonts that a document may use without embedding them (ISO 32000-1 §9.6.2.2), found by its
// name or by a common alias, or the nearest of them for a font that comes without widths.
type standardFont uint8

const (
	notStandard standardFont = iota
	courier
	helvetica
	helveticaBold
	timesRoman
	timesBold
	timesItalic
	timesBoldItalic
	symbolFont
	zapfDingbats
)

// findStandard maps a /BaseFont to a standard font. Subset prefixes are ignored and the names that Windows and
// PDF producers use for the metric-compatible families are known. near is true when only the family was recognised.
func findStandard(base string) standardFont {
	if len(base) > 7 && base[6] == '+' {
		base = base[7:]
	}
	s := strings.ToLower(strings.NewReplacer(" ", "", "-", "", ",", "", "_", "").Replace(base))
	bold := strings.Contains(s, "bold") || strings.Contains(s, "black") || strings.Contains(s, "heavy")
	italic := strings.Contains(s, "italic") || strings.Contains(s, "oblique")
	switch {
	case strings.HasPrefix(s, "courier"):
		return courier
	case strings.HasPrefix(s, "helvetica"), strings.HasPrefix(s, "arial") && !strings.Contains(s, "narrow"):
		if bold {
			return helveticaBold
		}
		return helvetica
	case strings.HasPrefix(s, "times"):
		return timesVariant(bold, italic)
	case strings.HasPrefix(s, "symbol"):
		return symbolFont
	case strings.HasPrefix(s, "zapfdingbats"):
		return zapfDingbats
	}
	return notStandard
}

func timesVariant(bold, italic bool) standardFont {
	switch {
	case bold && italic:
		return timesBoldItalic
	case bold:
		return timesBold
	case italic:
		return timesItalic
	}
	return timesRoman
}

// nameWidth returns the advance of a named glyph in thousandths of the font size.
func (f standardFont) nameWidth(name string) (float64, bool) {
	if f == courier {
		return 600, true
	}
	if f < helvetica || f > timesBoldItalic {
		return 0, false
	}
	i := sort.Search(len(latinWidths), func(i int) bool { return latinWidths[i].name >= name })
	if i < len(latinWidths) && latinWidths[i].name == name {
		return float64(latinWidths[i].w[f-helvetica]), true
	}
	return 0, false
}

// codeWidth returns the advance for a character code in the font's own encoding; only Symbol and ZapfDingbats have one here.
func (f standardFont) codeWidth(code byte) (float64, bool) {
	switch f {
	case symbolFont:
		return float64(symbolWidths[code]), symbolWidths[code] != 0
	case zapfDingbats:
		return float64(dingbatWidths[code]), dingbatWidths[code] != 0
	}
	return 0, false
}
