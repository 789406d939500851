package scrape

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// invisible reports characters that shape a text and are no part of it: soft hyphens, marks of zero width, and marks of
// the writing direction but for those that turn a text around.
func invisible(r rune) bool {
	switch {
	case r == '\u00ad', r >= '\u200b' && r <= '\u200f', r == '\u2060', r == '\ufeff', r >= '\u202a' && r <= '\u202c', r >= '\u2066' && r <= '\u2069':
		return true
	}
	return false
}

// squeeze drops invisible characters and makes one blank of each run of white space, none at the ends. A text without
// anything to do comes back as it is.
func squeeze(s string) string {
	clean, ascii, blank := true, true, true
	for _, r := range s {
		switch {
		case r == ' ':
			clean = clean && !blank
		case r < utf8.RuneSelf:
			clean = clean && r > ' '
		default:
			ascii = false
			clean = clean && r != utf8.RuneError && !invisible(r) && !unicode.IsSpace(r)
		}
		if !clean {
			break
		}
		blank = r == ' '
	}
	if clean && (len(s) == 0 || !blank) {
		if ascii {
			return s
		}
		return norm.NFC.String(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for _, r := range s {
		if invisible(r) {
			continue
		}
		if unicode.IsSpace(r) {
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String())
}

// fold makes texts of a page and a recipe comparable: squeezed, in small letters, without a colon at the end.
func fold(s string) string {
	s = squeeze(s)
	for strings.HasSuffix(s, ":") {
		s = strings.TrimRight(s, ": ")
	}
	return norm.NFC.String(strings.ToLower(s)) // a small letter may have a form with its mark where the capital has none
}

// texts is a set of folded texts.
type texts map[string]bool

func newTexts(ss []string) texts {
	t := make(texts, len(ss))
	for _, s := range ss {
		t[fold(s)] = true
	}
	return t
}

// printable reports whether a text has only what a person can read, and reads it in this order: no control characters, none
// that stands for bytes which could not be decoded, and none that turns a text around.
func printable(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || r == '\u202d' || r == '\u202e' || unicode.IsControl(r) || unicode.Is(unicode.Co, r) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
