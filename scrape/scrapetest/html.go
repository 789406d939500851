package scrapetest

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

// html writes the page as an accessible portal would: sections with headings, lists of terms, tables with headings.
func (v *view) html(charset string) string {
	var b strings.Builder
	w := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	w("<!DOCTYPE html>\n<html lang=\"nl\"><head><meta charset=\"%s\"><title>%s</title></head>\n<body class=\"%spage\">\n", charset, html.EscapeString(v.title), v.class)
	w("<header class=\"%sheader\"><nav aria-label=\"Hoofdmenu\"><ul><li><a href=\"/\">Start</a></li><li><a href=\"/uitloggen\">Uitloggen</a></li></ul></nav></header>\n", v.class)
	w("<main id=\"inhoud\">%s\n<h1 class=\"%stitle\">%s</h1>\n<p class=\"%sintro\">%s</p>\n", strings.Repeat("<div>", v.wrap), v.class, html.EscapeString(v.title), v.class, html.EscapeString(v.intro))
	if v.banner {
		w("<div class=\"promo\" role=\"note\"><p class=\"promo-text\">Nu ook als app: <a class=\"btn btn-primary\" href=\"/app\">Download</a></p></div>\n")
	}
	for _, s := range v.sections {
		w("<section class=\"%scard\" id=\"%s\">\n<h2 class=\"%sheading\">%s</h2>\n%s", v.class, s.id, v.class, html.EscapeString(s.heading), s.before)
		switch {
		case s.note != "":
			w("<p class=\"%sempty\">%s</p>\n", v.class, html.EscapeString(s.note))
		case s.list && len(s.rows) > 0:
			v.table(&b, s)
		default:
			v.pairs(&b, s)
		}
		if v.more && s.list {
			w("<nav aria-label=\"Paginering\"><a rel=\"next\" href=\"?pagina=2\">Volgende</a></nav>\n")
		}
		w("%s</section>\n", s.extra)
	}
	w("%s</main>\n<footer class=\"%sfooter\"><p>Vragen? Bel ons.</p></footer>\n</body></html>\n", strings.Repeat("</div>", v.wrap), v.class)
	return b.String()
}

func (p *pair) value() string {
	if p.html != "" {
		return p.html
	}
	return html.EscapeString(p.text)
}

// label writes a label, with what explains it.
func (v *view) label(p *pair) string {
	s := html.EscapeString(p.label)
	if v.help {
		s += " <button type=\"button\">?</button><span role=\"tooltip\">Dit is wat u ons hebt gezegd: 1</span>"
	}
	return s
}

func (v *view) table(b *strings.Builder, s *part) {
	fmt.Fprintf(b, "<table class=\"%stable\"><thead><tr>", v.class)
	for _, p := range s.rows[0] {
		if !p.hidden {
			fmt.Fprintf(b, "<th scope=\"col\" class=\"%scol\">%s</th>", v.class, v.label(&p))
		}
	}
	b.WriteString("</tr></thead><tbody>\n")
	for _, r := range s.rows {
		b.WriteString("<tr>")
		for _, p := range r {
			if !p.hidden {
				fmt.Fprintf(b, "<td class=\"%scell\">%s</td>", v.class, p.value())
			}
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody></table>\n")
}

// pairs writes labels and values in one of the ways that keep them together for a screen reader.
func (v *view) pairs(b *strings.Builder, s *part) {
	open := map[string]string{"dl": "<dl class=\"%sdata\">\n", "table": "<table class=\"%sdata\"><tbody>\n", "form": "<form class=\"%sdata\">\n", "list": "<ul class=\"%sdata\">\n", "aria": "<div class=\"%sdata\">\n", "reversed": "<dl class=\"%sdata\">\n"}
	shut := map[string]string{"dl": "</dl>\n", "table": "</tbody></table>\n", "form": "</form>\n", "list": "</ul>\n", "aria": "</div>\n", "reversed": "</dl>\n"}
	fmt.Fprintf(b, open[v.widget], v.class)
	action := func(tag string) string {
		if !v.actions {
			return ""
		}
		return "<" + tag + "><a href=\"/mijn/anders\">Wijzig</a> <button>Kopieer</button></" + tag + ">"
	}
	for i, p := range s.pairs {
		if p.hidden {
			continue // a member of the JSON only
		}
		label, id := v.label(&p), fmt.Sprintf("%s-%d", s.id, i)
		switch v.widget {
		case "table":
			fmt.Fprintf(b, "<tr><th scope=\"row\">%s</th><td>%s</td>%s</tr>\n", label, p.value(), action("td"))
		case "form":
			if p.html != "" {
				fmt.Fprintf(b, "<div><label for=\"%s\">%s</label> <output id=\"%s\">%s</output></div>\n", id, label, id, p.html)
			} else {
				fmt.Fprintf(b, "<div><label for=\"%s\">%s</label> <input id=\"%s\" readonly value=\"%s\"></div>\n", id, label, id, html.EscapeString(p.text))
			}
		case "list":
			fmt.Fprintf(b, "<li><strong>%s:</strong> %s</li>\n", label, p.value())
		case "aria":
			fmt.Fprintf(b, "<div><span id=\"%s\">%s</span> <span aria-labelledby=\"%s\">%s</span></div>\n", id, label, id, p.value())
		case "reversed":
			fmt.Fprintf(b, "<dd>%s</dd>%s<dt>%s</dt>\n", p.value(), action("dd"), label)
		default:
			fmt.Fprintf(b, "<div class=\"%srow\"><dt>%s</dt><dd>%s</dd>%s</div>\n", v.class, label, p.value(), action("dd"))
		}
	}
	b.WriteString(shut[v.widget])
}

// json writes the answer that the portal's own page would load.
func (v *view) json() string {
	var b strings.Builder
	b.WriteString(`{"versie":3`)
	for _, s := range v.sections {
		b.WriteString(",\n" + quoted(s.id) + ":")
		switch {
		case s.list && v.swapped:
			object(&b, append(s.rows, nil)[0]) // the first, if there is one
		case s.list:
			b.WriteByte('[')
			for i, r := range s.rows {
				if i > 0 {
					b.WriteByte(',')
				}
				object(&b, r)
			}
			b.WriteByte(']')
		case v.swapped:
			b.WriteByte('[')
			object(&b, s.pairs)
			b.WriteByte(']')
		default:
			object(&b, s.pairs)
		}
	}
	if v.more && slices.ContainsFunc(v.sections, func(s *part) bool { return s.list }) {
		b.WriteString(`,"_links":{"next":{"href":"?pagina=2"}}`)
	}
	b.WriteString("}\n")
	return b.String()
}

func object(b *strings.Builder, ps []pair) {
	b.WriteByte('{')
	for i, p := range ps {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quoted(p.member) + ":" + p.json)
	}
	b.WriteByte('}')
}
