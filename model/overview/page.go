package overview

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/brondata/brondata/model"
)

// The parts of an overview, in the order in which both renderings write them.
type page struct {
	lang     string
	Title    string
	Lead     []string
	Summary  section
	Sections []section
	Footer   string // of each PDF page, with the code behind it
	Code     string
}

type section struct {
	ID, Title string
	Notes     []string
	Blocks    []block
}

// A block is a card of pairs, a table, or both under one heading.
type block struct {
	Title  string
	Pairs  []pair
	Doubts []string
	Source string
	Table  *table
}

type pair struct {
	Label string
	Lines []string
	Links []string // of a line each: the section that says more, in HTML
	Doubt bool     // marked
	Code  bool     // to be compared by eye, letter by letter
}

type table struct {
	Caption string
	Columns []column
	Rows    []row
}

type column struct {
	Title  string
	Number bool // to the right
	Source bool // where a row comes from, in small type
	Code   bool // to be compared by eye
	Weight int  // share of the width
}

type row struct {
	Cells  [][]string // lines
	Minor  []string   // small lines below the widest cell
	Doubts []string
}

// wide is the column that Minor and Doubts of a row stand in.
func (t *table) wide() int {
	at := 0
	for i, c := range t.Columns {
		if c.Weight > t.Columns[at].Weight {
			at = i
		}
	}
	return at
}

// compose lays out a review.
func compose(r *model.Review, o *Options) *page {
	c := &composer{printer: o.printer(), review: r, names: map[model.InstitutionID]string{}}
	for _, i := range r.Institutions {
		c.names[i.ID] = visible(i.Name)
	}
	p := &page{
		lang: c.lang, Title: c.t("title"),
		Lead:   []string{c.t("lead", c.recipient()), c.t("leadNote")},
		Footer: c.t("preparedFoot", c.moment(r.PreparedAt)) + " \u00b7 " + c.t("digest"), Code: shortDigest(r.Digest),
	}
	for _, cat := range model.Categories() {
		if s, ok := c.category(cat); ok {
			p.Sections = append(p.Sections, s)
		}
	}
	p.Summary = c.summary()
	if len(r.LeftOut) > 0 {
		p.Sections = append(p.Sections, c.leftOut())
	}
	if len(r.Coverage) > 0 {
		p.Sections = append(p.Sections, c.coverage())
	}
	if len(r.Documents) > 0 {
		p.Sections = append(p.Sections, c.documents())
	}
	p.Sections = append(p.Sections, c.verification())
	return p
}

type composer struct {
	printer
	review *model.Review
	names  map[model.InstitutionID]string
}

func (c *composer) recipient() string {
	if c.review.Recipient.Name != "" {
		return visible(c.review.Recipient.Name)
	}
	return visible(c.review.Recipient.ID)
}

func (c *composer) institution(id model.InstitutionID) string {
	if n := c.names[id]; n != "" {
		return n
	}
	return visible(string(id))
}

func (c *composer) categoryName(cat model.Category) string {
	if t, ok := categoryNames[cat]; ok {
		return t.In(c.lang)
	}
	return visible(string(cat))
}

// lines splits a text of the host at its line breaks.
func lines(s string) []string {
	var out []string
	for _, l := range strings.Split(s, "\n") {
		if l = strings.TrimSpace(visible(l)); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// summary answers first what a decision needs: who gets what, what for, what is doubtful, until when, and how to say no.
func (c *composer) summary() section {
	r := c.review
	s := section{ID: "summary", Title: c.t("summary")}
	var pairs []pair
	add := func(key string, ls ...string) {
		if len(ls) > 0 {
			pairs = append(pairs, pair{Label: c.t(key), Lines: ls})
		}
	}
	add("toWhom", append([]string{c.recipient()}, lines(r.Recipient.Contact)...)...)
	add("for", lines(r.Purpose.Text.In(c.lang))...)
	add("legalBasis", lines(r.Purpose.LegalBasis)...)
	pairs = append(pairs, c.kinds())
	var from []string
	for _, i := range r.Institutions {
		from = append(from, c.institution(i.ID))
	}
	if len(from) > 0 {
		add("from", strings.Join(from, ", "))
	}
	add("leftOut", c.leftOutNames()...)
	doubts, any := c.doubtSummary()
	pairs = append(pairs, pair{Label: c.t("doubts"), Lines: doubts, Doubt: any})
	add("keep", c.keeping()...)
	if !r.GrantValidUntil.IsZero() {
		add("validUntil", c.moment(r.GrantValidUntil))
	}
	add("refuse", c.t("refuseText"))
	add("withdrawal", lines(r.Purpose.Withdrawal.In(c.lang))...)
	add("further", lines(r.Purpose.Further.In(c.lang))...)
	if !r.Scope.Since.IsZero() {
		add("since", c.t("sinceText", c.day(r.Scope.Since)))
	}
	pairs = append(pairs, pair{Label: c.t("digest"), Lines: []string{shortDigest(r.Digest)}, Code: true})
	s.Blocks = []block{{Pairs: pairs}}
	return s
}

func (c *composer) leftOutNames() []string {
	var out []string
	for _, cat := range c.review.LeftOut {
		out = append(out, c.categoryName(cat))
	}
	return out
}

// kinds lists the categories, each in a line with how many items it has.
func (c *composer) kinds() pair {
	out := pair{Label: c.t("what")}
	for _, cat := range model.Categories() {
		n := 0
		var first, last model.Date
		for _, r := range c.review.Records {
			if r.Category() != cat {
				continue
			}
			n++
			if t, ok := r.(*model.Transaction); ok && t.BookingDate.Complete() {
				if first.IsZero() || t.BookingDate.Before(first) {
					first = t.BookingDate
				}
				if last.Before(t.BookingDate) {
					last = t.BookingDate
				}
			}
		}
		if n == 0 {
			continue
		}
		text := c.count("items", n)
		if !first.IsZero() {
			text = c.t("range", text, c.shortDay(first), c.shortDay(last))
		}
		out.Lines = append(out.Lines, c.categoryName(cat)+": "+text)
		out.Links = append(out.Links, string(cat))
	}
	if len(out.Lines) == 0 {
		out.Lines = []string{c.t("nothing")}
	}
	return out
}

// keeping says each term once, with the categories that it holds for; and of which that would be sent there is none.
func (c *composer) keeping() []string {
	var terms []string
	of := map[string][]string{}
	add := func(cat model.Category, term string) {
		if of[term] == nil {
			terms = append(terms, term)
		}
		of[term] = append(of[term], c.categoryName(cat))
	}
	stated := map[model.Category]bool{}
	for _, k := range c.review.Retention {
		text := visible(k.Text.In(c.lang))
		if !k.Until.IsZero() {
			until := c.t("keepUntil", c.moment(k.Until))
			if text != "" {
				until += "; " + text
			}
			text = until
		}
		if text != "" {
			add(k.Category, text)
			stated[k.Category] = true
		}
	}
	if len(stated) == 0 {
		return []string{c.t("keepUnknown")}
	}
	for _, cat := range model.Categories() {
		if !stated[cat] && slices.ContainsFunc(c.review.Records, func(r model.Record) bool { return r.Category() == cat }) {
			add(cat, c.t("keepUnknown"))
		}
	}
	if len(terms) == 1 {
		return terms
	}
	most := slices.MaxFunc(terms, func(a, b string) int { return cmp.Compare(len(of[a]), len(of[b])) })
	var out []string
	for _, term := range terms {
		if term != most || !c.isRest(term, of) {
			out = append(out, strings.Join(of[term], ", ")+": "+term)
		}
	}
	if len(out) < len(terms) {
		out = append(out, c.t("keepRest", most))
	}
	return out
}

// isRest reports whether a term can be said to hold for the rest: it holds for many categories, none of which has
// another one, and says something.
func (c *composer) isRest(term string, of map[string][]string) bool {
	if len(of[term]) < 4 || term == c.t("keepUnknown") {
		return false
	}
	for other, cats := range of {
		if other != term && slices.ContainsFunc(cats, func(cat string) bool { return slices.Contains(of[term], cat) }) {
			return false
		}
	}
	return true
}

// doubtSummary says what is doubtful, and whether anything is.
func (c *composer) doubtSummary() ([]string, bool) {
	n := 0
	for _, r := range c.review.Records {
		if len(r.Head().Issues) > 0 {
			n++
		}
	}
	out := []string{c.t("doubtsNone")}
	if n > 0 {
		out[0] = c.t("doubtsSome", n, len(c.review.Records))
	}
	for _, i := range c.review.Issues {
		out = append(out, c.t("general")+": "+c.issue("", i))
	}
	for n, d := range c.review.Documents {
		for _, i := range d.Issues {
			out = append(out, c.t("doc")+" "+itoa(n+1)+": "+c.issue("", i))
		}
	}
	out = append(out, c.coverageWorries()...)
	if n == 0 && len(out) > 1 {
		return out[1:], true
	}
	return out, n > 0
}

// coverageWorries says each worry once, with what it holds for. Those that hold for little come first: what is true of
// everything tells the least.
func (c *composer) coverageWorries() []string {
	type worry struct {
		text  string
		where []model.Coverage
	}
	var all []*worry
	for _, cov := range c.review.Coverage {
		for _, text := range c.worries(cov) {
			i := slices.IndexFunc(all, func(w *worry) bool { return w.text == text })
			if i < 0 {
				i = len(all)
				all = append(all, &worry{text: text})
			}
			all[i].where = append(all[i].where, cov)
		}
	}
	slices.SortStableFunc(all, func(a, b *worry) int { return len(a.where) - len(b.where) })
	var out []string
	for _, w := range all {
		first, size := utf8.DecodeRuneInString(w.text)
		out = append(out, string(unicode.ToUpper(first))+w.text[size:]+" ("+c.where(w.where)+")")
	}
	return out
}

// where names what a worry holds for as shortly as it is true: everything, whole institutions, or kinds of data at one.
func (c *composer) where(covs []model.Coverage) string {
	if len(covs) == len(c.review.Coverage) && len(covs) > 1 {
		return c.t("everywhere")
	}
	var out []string
	for i, cov := range covs {
		same := func(o model.Coverage) bool { return o.Institution == cov.Institution }
		if slices.ContainsFunc(covs[:i], same) {
			continue
		}
		name, kinds, whole := c.institution(cov.Institution), []string(nil), true
		for _, o := range c.review.Coverage {
			if !same(o) {
				continue
			}
			if slices.ContainsFunc(covs, func(w model.Coverage) bool { return same(w) && w.Category == o.Category }) {
				kinds = append(kinds, c.categoryName(o.Category))
			} else {
				whole = false
			}
		}
		if !whole || len(kinds) == 1 {
			name += ": " + strings.Join(kinds, ", ")
		}
		out = append(out, name)
	}
	return strings.Join(out, "; ")
}

func (c *composer) leftOut() section {
	s := section{ID: "left-out", Title: c.t("leftOutHead"), Notes: []string{c.t("leftOutNote")}}
	s.Blocks = []block{{Pairs: []pair{{Label: c.t("leftOut"), Lines: c.leftOutNames()}}}}
	return s
}

// worries are what coverage says that the subject should know before deciding.
func (c *composer) worries(cov model.Coverage) []string {
	var out []string
	if cov.Obtained != model.ObtainedAll {
		out = append(out, c.t("obtained")+": "+obtained(cov.Obtained).In(c.lang))
	}
	if cov.HistoryCut {
		out = append(out, c.t("historyCut"))
	}
	if t, ok := balancedTexts[cov.Balanced]; ok && cov.Balanced != model.CheckYes {
		out = append(out, t.In(c.lang))
	}
	if t, ok := subjectTexts[cov.Subject]; ok && cov.Subject != model.CheckYes {
		out = append(out, t.In(c.lang))
	}
	return out
}

// history says which days the data is whole of, as far as the sources say.
func (c *composer) history(cov model.Coverage) (out []string) {
	if !cov.Until.IsZero() && cov.Until.Before(cov.Since) {
		return []string{c.t("historyNone")}
	}
	if !cov.Since.IsZero() {
		out = append(out, c.t("historyFrom", c.day(cov.Since)))
	}
	if !cov.Until.IsZero() {
		out = append(out, c.t("historyUntil", c.day(cov.Until)))
	}
	return out
}

func obtained(o model.Obtained) model.Text {
	if t, ok := obtainedTexts[o]; ok {
		return t
	}
	return tr(visible(string(o)), visible(string(o)))
}

func (c *composer) coverage() section {
	t := &table{Caption: c.t("coverage"), Columns: []column{
		{Title: c.t("institution"), Weight: 4}, {Title: c.t("category"), Weight: 4}, {Title: c.t("obtained"), Weight: 3}, {Title: c.t("remarks"), Weight: 8},
	}}
	for _, cov := range c.review.Coverage {
		var remarks []string
		remarks = append(remarks, c.history(cov)...)
		if cov.Balanced == model.CheckYes {
			remarks = append(remarks, balancedTexts[model.CheckYes].In(c.lang))
		}
		if cov.Subject == model.CheckYes {
			remarks = append(remarks, subjectTexts[model.CheckYes].In(c.lang))
		}
		r := row{Cells: [][]string{
			{c.institution(cov.Institution)}, {c.categoryName(cov.Category)},
			{obtained(cov.Obtained).In(c.lang), c.count("items", cov.Records)}, remarks,
		}}
		for _, a := range cov.Attempts {
			how := c.methodText(a.Method)
			text, ok := outcomes[a.Outcome]
			outcome := text.In(c.lang)
			if !ok {
				outcome = visible(a.Outcome)
			}
			r.Minor = append(r.Minor, c.t("tried", how, outcome))
		}
		worries := c.worries(cov)
		if cov.Obtained != model.ObtainedAll {
			worries = worries[1:] // stands in its own column
		}
		for _, w := range worries {
			r.Doubts = append(r.Doubts, c.t("doubts")+": "+w)
		}
		t.Rows = append(t.Rows, r)
	}
	return section{ID: "coverage", Title: c.t("coverage"), Notes: []string{c.t("coverageNote")}, Blocks: []block{{Table: t}}}
}

func (c *composer) methodText(m model.Method) string {
	if t, ok := methodTexts[m]; ok {
		return t.In(c.lang)
	}
	return c.t("sourceNone")
}

func (c *composer) documents() section {
	t := &table{Caption: c.t("documents"), Columns: []column{
		{Title: c.t("docNumber"), Weight: 2}, {Title: c.t("institution"), Weight: 9}, {Title: c.t("method"), Weight: 12}, {Title: c.t("retrieved"), Weight: 8},
		{Title: c.t("fingerprint"), Weight: 10, Code: true},
	}}
	for n, d := range c.review.Documents {
		r := row{Cells: [][]string{
			{itoa(n + 1)}, {c.institution(d.Institution)}, {c.methodText(d.Method)}, {c.moment(d.Retrieved)}, {shortDigest(d.Digest)},
		}}
		if d.Format != "" {
			r.Minor = []string{c.t("format") + ": " + visible(string(d.Format))}
		}
		for _, i := range d.Issues {
			r.Doubts = append(r.Doubts, c.t("doubts")+": "+c.issue("", i))
		}
		t.Rows = append(t.Rows, r)
	}
	return section{ID: "documents", Title: c.t("documents"), Notes: []string{c.t("docNote")}, Blocks: []block{{Table: t}}}
}

func (c *composer) verification() section {
	r := c.review
	var pairs []pair
	for _, x := range []struct {
		key, value string
		code       bool
	}{
		{"digest", shortDigest(r.Digest), true}, {"digestFull", r.Digest.String(), true}, {"grant", r.Grant, true},
		{"recipientID", r.Recipient.ID, false}, {"keyID", r.Recipient.KeyID, true}, {"prepared", c.moment(r.PreparedAt), false},
	} {
		if x.value != "" {
			pairs = append(pairs, pair{Label: c.t(x.key), Lines: []string{visible(x.value)}, Code: x.code})
		}
	}
	return section{ID: "check", Title: c.t("check"), Notes: []string{c.t("checkNote")}, Blocks: []block{{Pairs: pairs}}}
}
