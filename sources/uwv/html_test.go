package uwv_test

import (
	"fmt"
	"html"
	"strings"
)

// drawn is one cell of a table's row, with where its text stands in it.
type drawn struct {
	text  string
	width int
	right bool
}

// page is what the renderers draw above the foot.
type page struct{ blocks []drawnBlock }

type drawnBlock struct {
	labels [][2][]string // label and the lines of its value
	valign string
	head   bool
	rows   [][]drawn
}

// pages lays a notice out.
func (n notice) pages() (out []page) {
	cur := page{}
	for _, c := range n.blocks {
		b := drawnBlock{labels: c.labels(), valign: c.valign, head: true}
		for i, w := range c.wages {
			if w.brk != noBreak {
				cur.blocks = append(cur.blocks, b)
				out, cur = append(out, cur), page{}
				b = drawnBlock{valign: c.valign, head: true}
				if w.brk == fullHeader {
					b.labels = c.labels()
				}
				if prev := c.wages[i-1]; prev.again {
					b.rows = append(b.rows, n.rows(prev)...)
				}
			}
			b.rows = append(b.rows, n.rows(w)...)
		}
		cur.blocks = append(cur.blocks, b)
	}
	return append(out, cur)
}

func (c contract) labels() [][2][]string {
	out := [][2][]string{{{"Werkgever/Instantie"}, c.employer}, {{"Loonheffingennummer"}, {c.number}}, {{"Verzekerde wetten"}, {c.laws}}}
	if c.form != nil {
		out = append(out, [2][]string{{"Contractvorm"}, c.form})
	}
	return out
}

// The columns of the table, in points: period, hours, two for the car, wage.
var widths = []int{140, 60, 110, 120, 90}

const (
	ownLabel     = "Eigen bijdrage auto"
	privateLabel = "Waarde privégebruik auto"
)

// rows draws one wage on one line or more.
func (n notice) rows(w wage) [][]drawn {
	period := dutchDate(w.from) + " t/m " + dutchDate(w.to)
	hours, sv := n.minus.dutch(w.hours), n.minus.euro(w.sv)
	line := func(texts ...string) []drawn {
		var out []drawn
		for i, t := range texts {
			out = append(out, drawn{t, widths[i], i == 1 || i == 4})
		}
		return out
	}
	if w.own == "" {
		return [][]drawn{line(period, hours, "", "", sv)}
	}
	own, private := n.minus.euro(w.own), n.minus.euro(w.private)
	switch w.layout {
	case together:
		return [][]drawn{line(period, hours, "", "", ""), line("", "", ownLabel, privateLabel, ""), line("", "", own, private, sv)}
	case wageFirst:
		return [][]drawn{line(period, hours, "", "", sv), line("", "", ownLabel, own, ""), line("", "", privateLabel, private, "")}
	}
	out := [][]drawn{line("", "", "", ownLabel, ""), line("", "", "", own, sv), line("", "", "", privateLabel, ""), line("", "", "", private, "")}
	if w.layout == beside {
		out[0] = line(period, hours, "", ownLabel, "")
		return out
	}
	return append([][]drawn{line(period, hours, "", "", "")}, out...)
}

// foot is what stands on every page.
func (n notice) foot(number, of int) [][2]string {
	out := [][2]string{
		{n.form + " " + n.name, n.version},
		{"Geboortedatum: " + dutchDate(n.born), fmt.Sprintf("Pagina %d van %d", number, of)},
		{"Datum: " + longDate(n.made), ""},
	}
	if n.bsn != "" {
		out = append(out, [2]string{"Burgerservicenummer: " + n.bsn, ""})
	}
	return out
}

// html draws the pages for the browsers and office suites. Widths are attributes as well as styles: not all of them read both.
func (n notice) html() string {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE html>
<html lang="nl"><head><meta charset="utf-8"><title>Verzekeringsbericht</title>
<style>
@page { size: A4; margin: 20mm 12mm }
body { font-family: "Liberation Sans", Arial, sans-serif; font-size: 9pt; margin: 0 }
h1 { font-size: 14pt; margin: 0 0 8pt } h2 { font-size: 11pt; margin: 8pt 0 4pt }
table { border-collapse: collapse; margin-top: 8pt } td, th { padding: 1pt 2pt; text-align: left; font-weight: normal }
th { border-bottom: 1px solid #444 } .r { text-align: right }
.foot { margin-top: 24pt; font-size: 8pt }
</style></head><body>
`)
	pages := n.pages()
	for i, p := range pages {
		if i > 0 {
			b.WriteString("<div style=\"page-break-before: always\"></div>\n")
		} else {
			b.WriteString("<h1>UWV</h1>\n<p>Printversie verzekeringsbericht</p>\n<p>In dit bericht staat welke gegevens UWV van u heeft.</p>\n<h2>Loongegevens</h2>\n")
		}
		for _, block := range p.blocks {
			block.html(&b)
		}
		b.WriteString("<table class=\"foot\" width=\"692\">\n")
		for _, f := range n.foot(i+1, len(pages)) {
			fmt.Fprintf(&b, "<tr><td width=\"560\">%s</td><td>%s</td></tr>\n", html.EscapeString(f[0]), html.EscapeString(f[1]))
		}
		b.WriteString("</table>\n")
	}
	b.WriteString("</body></html>\n")
	return b.String()
}

func (d drawnBlock) html(b *strings.Builder) {
	if d.labels != nil {
		b.WriteString("<table>\n")
		for _, l := range d.labels {
			var lines []string
			for _, s := range l[1] {
				lines = append(lines, html.EscapeString(s))
			}
			fmt.Fprintf(b, "<tr><td width=\"160\" valign=\"%s\">%s</td><td width=\"520\" nowrap>%s</td></tr>\n", d.valign, l[0][0], strings.Join(lines, "<br>"))
		}
		b.WriteString("</table>\n")
	}
	b.WriteString("<table width=\"692\">\n<tr>")
	for i, t := range []string{"Periode", "Aantal uur", "", "", "Sv-loon"} {
		fmt.Fprintf(b, "<th width=\"%d\"%s nowrap>%s</th>", widths[i]*4/3, class(i == 1 || i == 4), t)
	}
	b.WriteString("</tr>\n")
	for _, r := range d.rows {
		b.WriteString("<tr>")
		for _, c := range r {
			fmt.Fprintf(b, "<td width=\"%d\"%s nowrap>%s</td>", c.width*4/3, class(c.right), html.EscapeString(c.text))
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</table>\n")
}

func class(right bool) string {
	if right {
		return ` class="r" align="right"`
	}
	return ""
}
