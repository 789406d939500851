package pdftext

import "unicode/utf8"

// visualToLogical turns the part of the text buffer from start on, which is in the order of the page from left to right, into
// reading order: in a word with Hebrew or Arabic letters everything but numbers is turned round.
func (b *wordBuilder) visualToLogical(start int) {
	s := b.text[start:]
	rtl := false
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(s[i:])
		if isRTL(r) {
			rtl = true
			break
		}
		i += n
	}
	if !rtl {
		return
	}
	b.runes = b.runes[:0]
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRune(s[i:])
		b.runes = append(b.runes, r)
		i += n
	}
	reverse(b.runes)
	for i := 0; i < len(b.runes); {
		if !isNumeral(b.runes[i]) {
			i++
			continue
		}
		from := i
		for i < len(b.runes) && isNumeral(b.runes[i]) {
			i++
		}
		reverse(b.runes[from:i])
	}
	b.text = b.text[:start]
	for _, r := range b.runes {
		b.text = utf8.AppendRune(b.text, r)
	}
}

func reverse(r []rune) {
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
}

// isRTL reports whether r is a letter of a script written from right to left, presentation forms included.
func isRTL(r rune) bool {
	return r >= 0x0590 && r <= 0x08ff && !isArabicDigit(r) || r >= 0xfb1d && r <= 0xfdff || r >= 0xfe70 && r <= 0xfeff
}

func isArabicDigit(r rune) bool { return r >= 0x0660 && r <= 0x066c || r >= 0x06f0 && r <= 0x06f9 }

// isNumeral reports whether r keeps its left-to-right order inside such a word: digits, Latin letters and what stands in numbers.
func isNumeral(r rune) bool {
	return r >= '0' && r <= '9' || isArabicDigit(r) || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '.' || r == ','
}
