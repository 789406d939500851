package scrapetest

import (
	"fmt"
	"html"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ofValues applies a mutation of what stands around and within values.
func ofValues(m Mutation, v *view, r *rand.Rand) {
	switch m {
	case EnglishNumbers:
		v.eachPair(func(p *pair) {
			if p.isAmount() || strings.HasSuffix(p.text, "%") {
				p.set(strings.NewReplacer(".", ",", ",", ".").Replace(p.text), quoted(strings.ReplaceAll(p.json, ".", ",")))
			}
		})
	case MonthFirst:
		v.eachPair(func(p *pair) {
			if t, err := time.Parse(`"2006-01-02"`, p.json); err == nil {
				p.set(t.Format("Jan 2 2006"), quoted(t.Format("01/02/2006")))
			}
		})
	case MonthsAsYears:
		v.eachPair(func(p *pair) {
			if n, ok := strings.CutSuffix(p.text, " maanden"); ok {
				p.set(n+" jaar", quoted(n+" jaar"))
			}
		})
	case TextNumbers:
		v.eachPair(func(p *pair) {
			if s := strings.Trim(p.json, `"`); s == p.json {
				p.json = quoted(s)
			} else if strings.Trim(s, "0123456789") == "" && s != "" && s[0] != '0' {
				p.json = s
			}
		})
	case Footnotes:
		v.eachPair(func(p *pair) { p.html = p.value() + `<sup><a href="#noot">1</a></sup>` })
	case BareFootnotes:
		v.eachPair(func(p *pair) { p.html = p.value() + "<sup>1</sup>" })
	case SplitAmounts:
		v.eachPair(func(p *pair) {
			if whole, cents, ok := strings.Cut(p.text, ","); ok && p.isAmount() {
				p.html = fmt.Sprintf("<span>%s</span><span class=\"cents\">%s</span>", whole, cents)
			}
		})
	case StruckAmounts:
		v.eachPair(func(p *pair) {
			if p.isAmount() {
				p.html = "<del>€ 77.777,77</del> " + p.value()
			}
		})
	case ActionLinks:
		v.eachPair(func(p *pair) { p.html = p.value() + ` <a href="/mijn/anders">Klopt dit niet?</a>` })
	case NestedTables:
		v.eachPair(func(p *pair) {
			if r.IntN(3) == 0 {
				p.html = p.value() + fmt.Sprintf("<table><tbody><tr><th>%s</th><td>€ 66.666,66</td></tr></tbody></table>", html.EscapeString(p.label))
			}
		})
	case SplitWords:
		v.eachPair(func(p *pair) {
			if words := strings.Split(p.text, " "); len(words) > 1 {
				p.html = "<span>" + strings.Join(words, "</span><span>") + "</span>"
			}
		})
	case LabelsInCells:
		v.eachPair(func(p *pair) { p.html = "<span class=\"label\">" + html.EscapeString(p.label) + "</span> " + p.value() })
	case InAttributes:
		v.eachPair(func(p *pair) { p.html = fmt.Sprintf("<span data-value=\"%s\"></span>", html.EscapeString(p.text)) })
	case Unfilled:
		v.eachPair(func(p *pair) { p.set("{{ "+p.member+" }}", quoted("undefined")) })
	case Loading:
		v.eachPair(func(p *pair) { p.html = "<span aria-busy=\"true\" class=\"skeleton\">Laden…</span>" })
	case EscapedTwice:
		v.eachPair(func(p *pair) {
			if first, n := utf8.DecodeRuneInString(p.text); unicode.IsLetter(first) && p.json[0] == '"' {
				s := fmt.Sprintf("&#%d;%s", first, p.text[n:])
				p.set(s, quoted(s))
			}
		})
	case NullMembers:
		v.eachPair(func(p *pair) { p.json = "null" })
	case TotalRow, SubtotalRow:
		word := map[Mutation]string{TotalRow: "Totaal", SubtotalRow: "Subtotaal 2026"}[m]
		v.eachPart(func(s *part) {
			if len(s.rows) == 0 {
				return
			}
			total := make([]pair, len(s.rows[0]))
			copy(total, s.rows[0])
			for i := range total {
				if !total[i].isAmount() {
					total[i].set("", "null")
				}
			}
			total[0].set(word, quoted(word))
			s.rows = append(s.rows, total)
		})
	case MissingCell:
		v.eachPart(func(s *part) {
			if n := len(s.rows); n > 0 {
				i := r.IntN(len(s.rows[n-1]) - 1)
				s.rows[n-1] = append(append([]pair{}, s.rows[n-1][:i]...), s.rows[n-1][i+1:]...)
			}
		})
	default:
		ofTraps(m, v, r)
	}
}

// decoys returns a list of the section's labels with values of another person.
func decoys(s *part, attrs string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<dl %s>", attrs)
	ps := s.pairs
	if len(s.rows) > 0 {
		ps = s.rows[0]
	}
	for i, p := range ps {
		fmt.Fprintf(&b, "<dt>%s</dt><dd>%s</dd>", html.EscapeString(p.label), decoy(p, i))
	}
	b.WriteString("</dl>\n")
	return b.String()
}

// decoy is a value of the same form that is not the subject's.
func decoy(p pair, i int) string {
	switch {
	case p.isAmount():
		return fmt.Sprintf("€ 5%d.555,55", i)
	case strings.HasSuffix(p.text, "%"):
		return "9,99%"
	case strings.HasSuffix(p.text, " maanden"):
		return "999 maanden"
	case strings.Count(p.json, "-") == 2 && len(p.json) == 12:
		return "1 april 1899"
	case len(p.text) == 7 && p.text[4] == ' ':
		return "9999 XX"
	}
	return fmt.Sprintf("Lokvogel%d", i)
}

// ofTraps applies the mutations that put a wrong value where a careless reader finds it.
func ofTraps(m Mutation, v *view, r *rand.Rand) {
	switch m {
	case HiddenDecoys:
		ways := []string{"hidden", `aria-hidden="true"`, `style="color:red; display : none !important"`, `style="visibility:hidden"`}
		v.eachPart(func(s *part) { s.before += decoys(s, ways[r.IntN(len(ways))]) })
	case DuplicateLabels:
		v.eachPart(func(s *part) { s.extra += decoys(s, `class="oud"`) })
	case LastYear:
		v.eachPart(func(s *part) {
			if len(s.rows) == 0 {
				s.extra += "<h3>Vorig jaar</h3>" + decoys(s, "")
				return
			}
			old := &part{rows: [][]pair{slices.Clone(s.rows[0])}}
			for i, p := range s.rows[0] {
				old.rows[0][i].set(decoy(p, i), "null")
			}
			var b strings.Builder
			v.table(&b, old)
			s.extra += "<h3>Vorig jaar</h3>" + b.String()
		})
	case EmptyElsewhere:
		for _, s := range v.sections {
			if s.list {
				s.heading = "Overzicht " + s.heading
				v.sections = append(v.sections, &part{id: s.id + "2", heading: "Van uw partner", note: "U hebt geen studieschuld."})
			}
		}
	case DuplicateHeading:
		for _, s := range v.sections {
			v.sections = append(v.sections, &part{id: s.id + "2", heading: s.heading, pairs: []pair{{label: "Lokvogel", text: "ja", member: "lokvogel", json: "1"}}})
		}
	case SameLabels:
		var other []*part
		for _, s := range v.sections {
			o := &part{id: s.id + "Partner", heading: s.heading + " van uw partner", extra: decoys(s, ""), pairs: []pair{{label: "Naam partner", text: "Lokvogel", member: "naam", json: quoted("Lokvogel")}}}
			other = append(other, o)
		}
		v.sections = append(other, v.sections...)
	case DuplicateMembers:
		v.eachPart(func(s *part) {
			if len(s.pairs) > 0 {
				p := s.pairs[r.IntN(len(s.pairs))]
				p.json, p.hidden = quoted("Lokvogel"), true
				s.pairs = append(s.pairs, p)
			}
			for i, row := range s.rows {
				p := row[r.IntN(len(row))]
				p.json, p.hidden = quoted("Lokvogel"), true
				s.rows[i] = append(row, p)
			}
		})
	case DeepNesting:
		v.wrap += 600
	}
}

// nested puts an answer in JSON inside arrays.
func nested(s string, depth int) string {
	return strings.TrimSuffix(strings.TrimSpace(s), "}") + `,"diep":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + "}"
}
