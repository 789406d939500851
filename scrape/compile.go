package scrape

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"github.com/andybalholm/cascadia"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// ErrRecipe is what [New] returns for a recipe that cannot work or must not be used. The text says what is wrong where, in
// the recipe's own names; several faults are joined.
var ErrRecipe = errors.New("scrape: recipe refused")

// Source is a compiled recipe. It implements [sources.Source] and is safe for concurrent use.
type Source struct {
	desc        sources.Descriptor
	base        *url.URL
	pages       []page
	ignore      []goquery.Matcher
	login       marks
	maintenance marks
	logout      *Request
	opts        Options
}

// Options are options of [New].
type Options struct {
	// Baseline returns the fingerprint that the host has stored for a page of the recipe.
	Baseline func(page string) (Fingerprint, bool)
	// Drift is told the fingerprint of each page that a collection fetches, compared with the baseline, before the page is
	// read. It is called on the goroutine of the collection.
	Drift func(Drift)
	// MaxPage is the largest page in bytes after decompression; 20 MiB by default. Whatever its size, a page with more than
	// 512 elements inside each other, or with more than four million elements and texts, is [sources.ErrLimit].
	MaxPage int64
}

type page struct {
	Page
	categories []model.Category
	anchors    []anchor
	sections   []section
}

type anchor struct {
	heading texts
	sel     goquery.Matcher
	path    jsonPath
	n       int // counted from 1, for errors
}

type section struct {
	Section
	heading texts
	sel     goquery.Matcher
	items   goquery.Matcher
	path    jsonPath
	empty   texts
	skip    texts
	fixed   []named // in scope only where their field is
	fields  []field
	at      string // "/page/section"
}

type field struct {
	Field
	labels   texts
	sel      goquery.Matcher
	path     jsonPath
	curPath  jsonPath
	pattern  *regexp.Regexp
	values   map[string]string
	absent   map[string]bool
	dates    []DateFormat
	number   model.NumberFormat
	currency model.Currency
	symbols  []string
}

type marks struct {
	Marks
	heading texts
	sel     []goquery.Matcher
	json    []jsonMark
}

type jsonMark struct {
	path jsonPath
	text string
	any  bool
}

// compiler collects all faults of a recipe, so that its author sees them at once.
type compiler struct {
	r     Recipe
	errs  []error
	where string
}

func (c *compiler) failf(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%w: %s%s", ErrRecipe, c.where, fmt.Sprintf(format, args...)))
}

// New checks and compiles a recipe. The error wraps [ErrRecipe] and names every fault.
func New(r Recipe, o *Options) (*Source, error) {
	c := &compiler{r: r}
	s := &Source{}
	if o != nil {
		s.opts = *o
	}
	if s.opts.MaxPage <= 0 {
		s.opts.MaxPage = 20 << 20
	}
	if !model.ValidName(r.ID) || !model.ValidName(r.Institution) {
		c.failf("ID and Institution must be names of small letters, digits, points and dashes")
	}
	if r.Currency == "" {
		c.r.Currency = model.EUR
	}
	var err error
	s.base, err = url.Parse(r.BaseURL)
	if err != nil || s.base.Host == "" || s.base.Scheme != "https" || strings.Trim(s.base.Path, "/") != "" || s.base.RawQuery != "" || s.base.User != nil {
		c.failf("BaseURL must be https://host without a path")
		s.base = &url.URL{}
	}
	s.ignore = c.selectors(r.Ignore)
	s.login = c.marks("login", r.Login)
	s.maintenance = c.marks("maintenance", r.Maintenance)
	if r.Logout != nil {
		l := *r.Logout
		c.where = "logout: "
		c.request(&l)
		s.logout = &l
	}
	if len(r.Pages) == 0 {
		c.failf("there is no page")
	}
	if !r.Assumed && len(r.Verified) == 0 {
		c.failf("say what the recipe was verified against, or that it is assumed")
	}
	seen := map[string]bool{}
	for _, p := range r.Pages {
		c.where = ""
		if seen[p.Name] {
			c.failf("page %q is there twice", p.Name)
		}
		seen[p.Name] = true
		s.pages = append(s.pages, c.page(p))
	}
	c.where = ""
	s.desc = sources.Descriptor{
		ID: r.ID, Institution: r.Institution, Method: model.Scrape, Hosts: []string{s.base.Host}, Assumed: r.Assumed,
		Verified: slices.Clone(r.Verified),
	}
	for _, h := range r.Hosts {
		if !slices.Contains(s.desc.Hosts, h) {
			s.desc.Hosts = append(s.desc.Hosts, h)
		}
	}
	for _, cat := range model.Categories() {
		if slices.ContainsFunc(s.pages, func(p page) bool { return slices.Contains(p.categories, cat) }) {
			s.desc.Categories = append(s.desc.Categories, cat)
		}
	}
	if len(c.errs) == 0 {
		// The registry knows best which hosts may be declared: those of DigiD never.
		var g sources.Registry
		if err := g.AddSource(s); err != nil {
			c.failf("%v", err)
		}
	}
	return s, errors.Join(c.errs...)
}

func (c *compiler) selectors(ss []string) (out []goquery.Matcher) {
	for _, s := range ss {
		out = append(out, c.selector(s))
	}
	return out
}

// selector compiles one selector; "" is none.
func (c *compiler) selector(s string) goquery.Matcher {
	if s == "" {
		return nil
	}
	for _, bad := range []string{":nth", ":first", ":last", ":only", ":contains", ":matches"} {
		if strings.Contains(strings.ToLower(s), bad) {
			c.failf("selector %q counts on positions or texts", s)
			return nil
		}
	}
	m, err := cascadia.Compile(s)
	if err != nil {
		c.failf("selector %q: %v", s, err)
		return nil
	}
	return m
}

func (c *compiler) path(s string) jsonPath {
	p, ok := parsePath(s)
	if !ok {
		c.failf("path %q is not of the form a.b[name=text].c", s)
	}
	return p
}

func (c *compiler) marks(what string, m Marks) marks {
	c.where = what + ": "
	out := marks{Marks: m, heading: newTexts(m.Headings), sel: c.selectors(m.Selectors)}
	for _, j := range m.JSON {
		at, text, eq := strings.Cut(j, "=")
		out.json = append(out.json, jsonMark{c.path(at), text, !eq})
	}
	c.where = ""
	return out
}

// changing are beginnings of words in paths that change something at the institution. A recipe only reads.
var changing = []string{
	"wijzig", "aanpas", "opslaan", "bevestig", "verwijder", "aanvraag", "aanvragen", "opzeg", "onderteken", "intrek",
	"betaal", "betaling", "overboek", "inschrijv", "uitschrijv", "verhuiz", "verstuur", "indienen", "machtig",
	"delete", "remove", "update", "edit", "save", "submit", "create", "confirm", "sign", "pay", "transfer", "cancel", "order",
	"change", "modify", "revoke", "approve",
}

// readable are words that begin as one of those and change nothing.
var readable = []string{"aanvragen-overzicht", "betaaloverzicht", "betalingsoverzicht", "payment-history", "payments", "betalingen", "signed"}

func (c *compiler) request(r *Request) {
	u, err := url.Parse(r.Path)
	if err != nil || !strings.HasPrefix(r.Path, "/") || strings.HasPrefix(r.Path, "//") || u.Host != "" || u.Fragment != "" {
		c.failf("the path must begin with one slash and name no host")
		return
	}
	if r.Method == "" {
		r.Method = "GET"
	}
	if r.Method != "GET" && r.Method != "POST" {
		c.failf("the method must be GET or POST")
	}
	if r.Method == "GET" && len(r.Form) > 0 {
		c.failf("a GET has no form")
	}
	words := strings.FieldsFunc(strings.ToLower(u.Path+"/"+u.RawQuery), func(r rune) bool { return strings.ContainsRune("/?&=.", r) })
	for _, w := range words {
		if slices.Contains(readable, w) {
			continue
		}
		for _, part := range append(strings.FieldsFunc(w, func(r rune) bool { return r == '-' || r == '_' }), w) {
			if slices.ContainsFunc(changing, func(p string) bool { return strings.HasPrefix(part, p) }) {
				c.failf("the path sounds as if it changed something: %q", part)
				return
			}
		}
	}
}

func (c *compiler) name(s string) bool {
	return model.ValidName(s) && !strings.Contains(s, ".") && model.AtPath("/"+s).Valid()
}

func (c *compiler) page(p Page) page {
	c.where = fmt.Sprintf("page %s: ", p.Name)
	if !c.name(p.Name) {
		c.failf("the name must be of small letters, digits and dashes, with at most four digits after letters")
	}
	c.request(&p.Request)
	if p.Number == (model.NumberFormat{}) {
		p.Number = model.DutchFormat
		if p.Media == JSON {
			p.Number = model.PlainFormat
		}
	}
	if p.End == "" {
		p.End = "</html>"
	}
	out := page{Page: p}
	for i, a := range p.Anchors {
		ca := anchor{heading: newTexts(a.Heading), sel: c.selector(a.Selector), n: i + 1}
		n := 0
		for _, set := range []bool{len(a.Heading) > 0, a.Selector != "", a.JSON != ""} {
			if set {
				n++
			}
		}
		if n != 1 || (p.Media == JSON) != (a.JSON != "") {
			c.failf("anchor %d must have a heading or a selector, or in JSON a path", i+1)
		}
		if a.JSON != "" {
			ca.path = c.path(a.JSON)
		}
		out.anchors = append(out.anchors, ca)
	}
	if len(p.Anchors) == 0 {
		c.failf("there is no anchor")
	}
	if len(p.Sections) == 0 {
		c.failf("there is no section")
	}
	where := c.where
	for i, s := range p.Sections {
		c.where = where + fmt.Sprintf("section %s: ", s.Name)
		if slices.ContainsFunc(p.Sections[:i], func(o Section) bool { return o.Name == s.Name }) {
			c.failf("it is there twice")
		}
		out.sections = append(out.sections, c.section(p, s))
		if !slices.Contains(out.categories, s.Category) {
			out.categories = append(out.categories, s.Category)
		}
	}
	return out
}

func (c *compiler) section(p Page, s Section) section {
	out := section{
		Section: s, heading: newTexts(s.Heading), sel: c.selector(s.Selector), items: c.selector(s.Items),
		empty: newTexts(s.Empty), skip: newTexts(s.Skip), at: "/" + p.Name + "/" + s.Name,
	}
	if !c.name(s.Name) || !model.AtPath(out.at).Valid() {
		c.failf("the name must be of small letters, digits and dashes, with at most four digits after letters")
	}
	switch s.Category {
	case model.CategoryAccount, model.CategoryBalance, model.CategoryTransaction:
		if !c.r.FallbackInterface {
			c.failf("data of payment accounts is not scraped but through a bank's fallback interface")
		}
	}
	if !s.Category.Valid() {
		c.failf("the category is unknown")
		return out
	}
	if p.Media == JSON {
		out.path = c.path(s.JSON)
		if len(s.Heading) > 0 || s.Selector != "" || s.Items != "" || len(s.Empty) > 0 || len(s.Skip) > 0 {
			c.failf("heading, selector, items, empty texts and rows to skip are for HTML")
		}
	} else {
		if (len(s.Heading) > 0) == (s.Selector != "") {
			c.failf("a section has a heading or a selector")
		}
		if s.JSON != "" || s.EmptyArray {
			c.failf("a path and an empty array are for JSON")
		}
		if s.Rows && s.Items != "" {
			c.failf("a section has rows or items")
		}
	}
	if s.Skip != nil && !s.Rows {
		c.failf("rows to skip need rows")
	}
	for into, text := range s.Fixed {
		n := named{into, value{text: text}}
		if _, err := newRecord(s.Category, []named{n}); err != nil || into == "bsn" {
			c.failf("fixed %s does not take the text", into)
		}
		out.fixed = append(out.fixed, n)
	}
	slices.SortFunc(out.fixed, func(a, b named) int { return strings.Compare(a.into, b.into) })
	if len(s.Fields) == 0 {
		c.failf("there is no field")
	}
	where := c.where
	for i, f := range s.Fields {
		c.where = where + fmt.Sprintf("field %s: ", f.Into)
		_, fixed := s.Fixed[f.Into]
		if fixed || slices.ContainsFunc(s.Fields[:i], func(o Field) bool { return o.Into == f.Into }) {
			c.failf("it is there twice")
		}
		out.fields = append(out.fields, c.field(p, s, f))
	}
	return out
}
