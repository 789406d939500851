package overview

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/brondata/brondata/model"
)

// printer writes values in one language.
type printer struct {
	lang string
	zone *time.Location
}

// t is one of the fixed texts.
func (p *printer) t(key string, args ...any) string {
	s := words[key].In(p.lang)
	if len(args) == 0 {
		return s
	}
	return fmt.Sprintf(s, args...)
}

// count is a text with a number, which has a form of its own for one.
func (p *printer) count(key string, n int) string {
	if n == 1 {
		return p.t(key + ".one")
	}
	return p.t(key, n)
}

// day writes a date in words, as far as it is known: "22 november 2026", "november 2026", "2026".
func (p *printer) day(d model.Date) string {
	if d.IsZero() {
		return ""
	}
	s := fmt.Sprintf("%d", d.Year())
	if d.Month() != 0 {
		s = months[d.Month()-1].In(p.lang) + " " + s
	}
	if d.Day() != 0 {
		s = fmt.Sprintf("%d ", d.Day()) + s
	}
	return s
}

// shortDay writes a date for a table: "22-11-2026" in Dutch, "22 Nov 2026" in English.
func (p *printer) shortDay(d model.Date) string {
	if !d.Complete() {
		return p.day(d)
	}
	if p.lang == "nl" {
		return fmt.Sprintf("%02d-%02d-%04d", d.Day(), d.Month(), d.Year())
	}
	return fmt.Sprintf("%d %s %d", d.Day(), months[d.Month()-1].English[:3], d.Year())
}

// moment writes a time to the minute, with its zone.
func (p *printer) moment(t time.Time) string {
	if t.IsZero() {
		return p.t("sourceNone")
	}
	t = t.In(p.zone)
	return p.day(model.DateOf(t)) + ", " + t.Format("15:04 MST")
}

// money writes an amount exactly, with the marks of the language: "−€ 1.234,50" and "−€ 1,234.50".
func (p *printer) money(m model.Money) string {
	if m.IsZero() {
		return ""
	}
	text, minus := strings.CutPrefix(m.Text(), "-")
	unit := string(m.Currency())
	if m.Currency() == model.EUR {
		unit = "€"
	}
	s := unit + "\u00a0" + p.number(text, true)
	if minus {
		s = "\u2212" + s
	}
	return s
}

// number puts the marks of the language into a plain number. Digits are never dropped or rounded.
func (p *printer) number(s string, group bool) string {
	decimal, thousands := ".", ","
	if p.lang == "nl" {
		decimal, thousands = ",", "."
	}
	whole, fraction, hasFraction := strings.Cut(s, ".")
	if rest, minus := strings.CutPrefix(whole, "-"); minus {
		return "\u2212" + p.number(rest+s[len(whole):], group)
	}
	if group {
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + thousands + whole[i:]
		}
	}
	if hasFraction {
		whole += decimal + fraction
	}
	return whole
}

// account writes an account number, an IBAN in groups of four.
func account(a model.AccountID) string {
	if i, ok := a.IBAN(); ok {
		return groups(i.Value())
	}
	return visible(a.Value())
}

// groups writes a text in groups of four with blanks that do not break.
func groups(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteRune('\u00a0')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// shortDigest is the first 64 bits of a digest in groups of four, for two people or two screens to compare.
func shortDigest(d model.Digest) string {
	if d.IsZero() {
		return ""
	}
	return groups(d.String()[:16])
}

// place writes a locator in words where it is a line or a page, and else its last two steps: those before are the same
// for a whole document.
func (p *printer) place(l model.Locator) string {
	s := string(l)
	if n, ok := strings.CutPrefix(s, "line "); ok {
		return p.t("line", n)
	}
	if rest, ok := strings.CutPrefix(s, "page "); ok {
		if page, row, ok := strings.Cut(rest, " row "); ok {
			return p.t("pageRow", page, row)
		}
	}
	s = strings.Trim(s, "/")
	steps := strings.Split(s, "/")
	if len(steps) > 2 {
		steps = steps[len(steps)-2:]
	}
	return visible(strings.Join(steps, "/"))
}

// hole stands for a character that must not or cannot be shown.
const hole = '\u25a1'

// visible shows characters that would not be seen, or that would turn the text around them, as a hole. Joiners stay:
// Persian and emoji need them.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= ' ' && r < 0x7f, r == '\u200c', r == '\u200d', unicode.Is(unicode.Prepended_Concatenation_Mark, r):
			return r
		case r == '\n', r == '\t', r == '\r', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), r == unicode.ReplacementChar, r >= 0xe0000 && r <= 0xe0fff,
			unicode.In(r, unicode.Cf, unicode.Co, unicode.Other_Default_Ignorable_Code_Point):
			return hole
		}
		return r
	}, s)
}
