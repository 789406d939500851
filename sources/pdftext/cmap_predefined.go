package pdftext

import "strings"

// predefinedCMap returns one of the CMaps that a document may use by name (ISO 32000-1 §9.7.5.2, table 118). Of the many for
// Chinese, Japanese and Korean only those are read whose codes are Unicode; of the others the code lengths are known, so that
// the text around them keeps its place, but their text is not.
func predefinedCMap(name string) *cmap {
	vertical := strings.HasSuffix(name, "-V")
	stem := strings.TrimSuffix(strings.TrimSuffix(name, "-H"), "-V")
	m := &cmap{vertical: vertical}
	switch {
	case stem == "Identity":
		m.identity, m.fixed = true, 2
	case strings.HasSuffix(stem, "-UCS2"):
		m.unicode, m.fixed = true, 2
	case strings.HasSuffix(stem, "-UTF16"), strings.HasSuffix(stem, "UTF16-HW"):
		m.unicode = true
		m.spaces = []codespace{{2, 0x0000, 0xd7ff}, {4, 0xd800dc00, 0xdbffdfff}, {2, 0xe000, 0xffff}}
	case strings.Contains(stem, "RKSJ"), stem == "Ext", stem == "Add":
		m.spaces = []codespace{{1, 0x00, 0x80}, {2, 0x8140, 0x9ffc}, {1, 0xa0, 0xdf}, {2, 0xe040, 0xfcfc}, {1, 0xfd, 0xff}}
	case strings.Contains(stem, "EUC"), strings.Contains(stem, "GBK"), strings.Contains(stem, "B5"), strings.Contains(stem, "UHC"),
		strings.Contains(stem, "HKscs"):
		m.spaces = []codespace{{1, 0x00, 0x80}, {2, 0x8140, 0xfefe}}
	default:
		m.fixed = 2
	}
	return m
}
