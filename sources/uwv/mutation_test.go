package uwv_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/brondata/brondata/sources"
)

// mutations change one line of a document: a page ends before it, with or without what the next page repeats, or the line is
// missing, there twice, or in the place of the next.
var mutations = map[string]func(lines []string, at int) []string{
	"page": func(l []string, i int) []string {
		return slices.Insert(slices.Clone(l), i, strings.Split(foot+"\f", "\n")...)
	},
	"page with columns": func(l []string, i int) []string {
		return slices.Insert(slices.Clone(l), i, strings.Split(foot+"\f"+strings.TrimSuffix(tableHead, "\n"), "\n")...)
	},
	"page with header": func(l []string, i int) []string {
		header := top
		if i > slices.IndexFunc(l, func(s string) bool { return strings.Contains(s, "Ander B.V.") }) {
			header = secondTop
		}
		header = strings.TrimSuffix(strings.Replace(header, "Loongegevens\n\n", "", 1), "\n")
		return slices.Insert(slices.Clone(l), i, strings.Split(foot+"\f"+header, "\n")...)
	},
	"missing": func(l []string, i int) []string { return slices.Delete(slices.Clone(l), i, i+1) },
	"twice":   func(l []string, i int) []string { return slices.Insert(slices.Clone(l), i, l[i]) },
	"swapped": func(l []string, i int) []string {
		l = slices.Clone(l)
		if i+1 < len(l) {
			l[i], l[i+1] = l[i+1], l[i]
		}
		return l
	},
}

// secondTop is the header of another employer, without the heading.
var secondTop = strings.NewReplacer("\nLoongegevens\n", "", "Voorbeeld B.V.", "Ander B.V.", "813580237L01", "822222206L02").Replace(top)

// Whatever happens to one line: an income is as it was, or in doubt. It is never another one without a word.
func TestEveryLine(t *testing.T) {
	t.Parallel()
	const car = `01-03-2026 t/m 31-03-2026         161
                                            Eigen bijdrage auto
                                            € 149,01                            € 6.597,34
                                            Waarde privégebruik auto
                                            € 612,50
01-04-2026 t/m 30-04-2026         162
                          Eigen bijdrage auto Waarde privégebruik auto
                          € 149,02            € 612,51                           € 6.597,35
01-05-2026 t/m 31-05-2026         163                                          € 3.250,05
`
	text := strings.TrimPrefix(top, "\n") + january + february + car + secondTop + strings.ReplaceAll(january, "2026", "2025") + foot
	lines := strings.Split(text, "\n")
	whole, err := readGrid(t, text, sources.Everything())
	assert.NoError(t, err)
	employers := func(r *sources.Reading) (out []string) {
		for i, s := range summaries(r.Records, "income") {
			out = append(out, employerOf(r, i)+" "+s)
		}
		return out
	}
	right := employers(whole)
	assert.Len(t, right, 6)
	for name, mutate := range mutations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for at := range lines {
				got, err := readGrid(t, strings.Join(mutate(lines, at), "\n"), sources.Everything())
				where := fmt.Sprintf("%s at line %d: %q", name, at+1, lines[at])
				sound(t, got, err)
				incomes := employers(got)
				for _, s := range incomes {
					if !strings.Contains(s, "!") {
						assert.Contains(t, right, s, where)
					}
				}
				// A row that is missing as a whole leaves no trace.
				gone := name == "missing" && strings.Contains(lines[at], "t/m") && strings.Contains(lines[at], "€")
				if len(incomes) < len(right) && !gone {
					doubted := err != nil || len(got.Issues) > 0 || strings.Contains(strings.Join(summaries(got.Records, ""), " "), "!")
					assert.True(t, doubted, "%s: an income is missing without a word", where)
				}
			}
		})
	}
}
