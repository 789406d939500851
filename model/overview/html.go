package overview

import (
	"bufio"
	"crypto/sha256"
	_ "embed" // for the page and its style
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed page.tmpl
var pageTemplate string

//go:embed page.css
var pageStyle string

func writeHTML(w io.Writer, p *page) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"t":    func(key string) string { return words[key].In(p.lang) },
		"wide": func(t *table, i int) bool { return t.wide() == i },
		"link": func(p pair, i int) string {
			if i < len(p.Links) {
				return p.Links[i]
			}
			return ""
		},
		"minor": func(s []string) string { return strings.Join(s, " \u00b7 ") },
		"style": func() template.CSS { return template.CSS(pageStyle) }, //nolint:gosec // our own file
	}).Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("overview: page: %w", err)
	}
	hash := sha256.Sum256([]byte(pageStyle))
	out := bufio.NewWriter(w)
	err = t.Execute(out, struct {
		*page
		Lang, Policy string
		Unshown      bool
	}{
		p, p.lang,
		"default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'; base-uri 'none'; form-action 'none'",
		p.has(hole),
	})
	if err != nil {
		return fmt.Errorf("overview: page: %w", err)
	}
	return out.Flush()
}

// each calls f for every text of the page.
func (p *page) each(f func(s *string)) {
	all := func(ss []string) {
		for i := range ss {
			f(&ss[i])
		}
	}
	f(&p.Title)
	f(&p.Footer)
	f(&p.Code)
	all(p.Lead)
	one := func(s *section) {
		f(&s.Title)
		all(s.Notes)
		for i := range s.Blocks {
			b := &s.Blocks[i]
			f(&b.Title)
			f(&b.Source)
			all(b.Doubts)
			for j := range b.Pairs {
				f(&b.Pairs[j].Label)
				all(b.Pairs[j].Lines)
			}
			if b.Table == nil {
				continue
			}
			f(&b.Table.Caption)
			for j := range b.Table.Columns {
				f(&b.Table.Columns[j].Title)
			}
			for j := range b.Table.Rows {
				r := &b.Table.Rows[j]
				all(r.Minor)
				all(r.Doubts)
				for k := range r.Cells {
					all(r.Cells[k])
				}
			}
		}
	}
	one(&p.Summary)
	for i := range p.Sections {
		one(&p.Sections[i])
	}
}

// has reports whether a character is anywhere on the page.
func (p *page) has(r rune) bool {
	found := false
	p.each(func(s *string) { found = found || strings.ContainsRune(*s, r) })
	return found
}
