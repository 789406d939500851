package pdftext

import (
	_ "embed"
	"strconv"
	"strings"
	"unicode/utf8"
)

// glyphList maps glyph names to Unicode, one "name XXXX" per line, sorted by the bytes of the name. It holds the Latin, Greek,
// Cyrillic, Hebrew, Arabic and symbol names of the Adobe Glyph List and the ZapfDingbats names. Where that list answers with a
// private code point (small capitals, old-style digits, pieces of brackets) it holds the character that a reader means instead.
//
//go:embed glyphnames.txt
var glyphList string

// maxGlyphName is the longest glyph name that is looked at; real ones stay under 64 bytes.
const maxGlyphName = 256

// nameToText returns the text that a glyph name stands for, by the rules of the Adobe Glyph List specification: a suffix after
// the first period is dropped, underscores join components, each component is a listed name, uniXXXX (repeatable) or uXXXX to
// uXXXXXX. It reports false when no component means anything.
func nameToText(name string) (string, bool) {
	if len(name) > maxGlyphName {
		return "", false
	}
	if i := strings.IndexByte(name, '.'); i > 0 {
		name = name[:i]
	} else if i == 0 {
		return "", false // .notdef and its like
	}
	if s, ok := componentText(name); ok || !strings.Contains(name, "_") {
		return s, ok
	}
	var b strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		if s, ok := componentText(part); ok {
			b.WriteString(s)
		}
	}
	return b.String(), b.Len() > 0
}

func componentText(name string) (string, bool) {
	if r, ok := lookupGlyph(name); ok {
		return runeText(r), true
	}
	if hex, ok := strings.CutPrefix(name, "uni"); ok && len(hex) >= 4 && len(hex)%4 == 0 {
		var b strings.Builder
		for ; hex != ""; hex = hex[4:] {
			r, ok := hexRune(hex[:4])
			if !ok {
				return "", false
			}
			b.WriteString(runeText(r))
		}
		return b.String(), true
	}
	if hex, ok := strings.CutPrefix(name, "u"); ok && len(hex) >= 4 && len(hex) <= 6 {
		if r, ok := hexRune(hex); ok {
			return runeText(r), true
		}
	}
	return "", false
}

// lookupGlyph searches glyphList by bisecting the text itself, which needs no table to be built at start.
func lookupGlyph(name string) (rune, bool) {
	if name == "" {
		return 0, false
	}
	lo, hi := 0, len(glyphList)
	for lo < hi {
		mid := lo + (hi-lo)/2
		start := strings.LastIndexByte(glyphList[:mid], '\n') + 1
		end := start + strings.IndexByte(glyphList[start:], '\n')
		key, code, _ := strings.Cut(glyphList[start:end], " ")
		switch strings.Compare(name, key) {
		case 0:
			return hexRune(code)
		case -1:
			hi = start
		default:
			lo = end + 1
		}
	}
	return 0, false
}

// hexRune reads upper- or lowercase hexadecimal digits as one Unicode scalar value.
func hexRune(s string) (rune, bool) {
	v, err := strconv.ParseUint(s, 16, 32)
	if err != nil || v > utf8.MaxRune || !utf8.ValidRune(rune(v)) {
		return 0, false
	}
	return rune(v), true
}

// runeText is the text of one character: a ligature's letters, or the character itself. Latin ligatures are taken apart here
// because readers of amounts and names compare plain letters; all other normalisation is the caller's.
func runeText(r rune) string {
	switch r {
	case 0xFB00:
		return "ff"
	case 0xFB01:
		return "fi"
	case 0xFB02:
		return "fl"
	case 0xFB03:
		return "ffi"
	case 0xFB04:
		return "ffl"
	case 0xFB05, 0xFB06:
		return "st"
	}
	if r >= 0 && r < 0x80 {
		return asciiText[r : r+1]
	}
	return string(r)
}

// splitLigatures applies runeText to every character of s.
func splitLigatures(s string) string {
	if !strings.ContainsAny(s, "\uFB00\uFB01\uFB02\uFB03\uFB04\uFB05\uFB06") {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		b.WriteString(runeText(r))
	}
	return b.String()
}

// asciiText lets the text of an ASCII character be a slice of one constant.
const asciiText = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f" +
	"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f" +
	" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\x7f"
