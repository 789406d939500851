package overview

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/brondata/brondata/model"
)

func itoa(n int) string { return strconv.Itoa(n) }

// A leaf is one field of a record that has a value.
type leaf struct {
	path string
	v    reflect.Value
}

// leaves returns the fields of a record that have a value, in the order of the type. They are taken from the type, not
// from a list, so that no field of a record is sent without being shown.
func leaves(r model.Record) []leaf {
	return appendLeaves(nil, reflect.ValueOf(r).Elem(), "")
}

func appendLeaves(out []leaf, v reflect.Value, prefix string) []leaf {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "" || name == "-" || v.Field(i).IsZero() {
			continue
		}
		fv := v.Field(i)
		if fv.Kind() == reflect.Struct && fv.NumField() > 0 && fv.Type().Field(0).IsExported() {
			out = appendLeaves(out, fv, prefix+name+".")
			continue
		}
		out = append(out, leaf{prefix + name, fv})
	}
	return out
}

// fieldName is the name of a field in words.
func (c *composer) fieldName(cat model.Category, path string) string {
	if t, ok := fieldNames[string(cat)+"."+path]; ok {
		return t.In(c.lang)
	}
	if t, ok := fieldNames[path]; ok {
		return t.In(c.lang)
	}
	if name, ok := strings.CutPrefix(path, "extra."); ok {
		return visible(name)
	}
	return ""
}

// value is the value of a field in words.
func (c *composer) value(cat model.Category, l leaf) string {
	switch x := l.v.Interface().(type) {
	case model.Money:
		return c.money(x)
	case *model.Decimal:
		if l.path == "interestRate" {
			return c.t("perCent", c.number(x.String(), false))
		}
		return c.number(x.String(), true)
	case *int:
		return strconv.Itoa(*x)
	case model.Date:
		return c.day(x)
	case model.AccountID:
		return account(x)
	case []string:
		out := make([]string, len(x))
		for i, s := range x {
			out[i] = visible(s)
		}
		return strings.Join(out, ", ")
	case interface{ Value() string }:
		return visible(x.Value())
	}
	switch l.v.Kind() {
	case reflect.Bool:
		return c.t("yes")
	case reflect.Int:
		return strconv.FormatInt(l.v.Int(), 10)
	case reflect.String:
		s := l.v.String()
		for _, key := range []string{string(cat) + "." + l.path + "." + s, l.path + "." + s} {
			if t, ok := values[key]; ok {
				return t.In(c.lang)
			}
		}
		return visible(s)
	}
	return ""
}

// issue is a doubt in words: the field it is about, and what is wrong.
func (c *composer) issue(cat model.Category, i model.Issue) string {
	text, ok := issueTexts[i.Code]
	s := text.In(c.lang)
	if !ok {
		s = visible(string(i.Code))
	}
	if i.Field != "" {
		name := c.fieldName(cat, i.Field)
		if name == "" {
			name = c.t("unknownPart")
		}
		s = name + ": " + s
	}
	if i.At != "" {
		s += " (" + c.t("place", c.place(i.At)) + ")"
	}
	return s
}

func (c *composer) doubts(r model.Record) []string {
	var out []string
	for _, i := range r.Head().Issues {
		out = append(out, c.t("doubts")+": "+c.issue(r.Category(), i))
	}
	return out
}

// source says in a line where a record comes from.
func (c *composer) source(r model.Record) string {
	p := r.Head().Provenance
	if p.Document < 0 || p.Document >= len(c.review.Documents) {
		return c.t("source") + ": " + c.t("sourceNone")
	}
	d := c.review.Documents[p.Document]
	s := c.t("source") + ": " + c.t("sourceLine", p.Document+1, c.institution(d.Institution), c.methodText(d.Method), c.moment(d.Retrieved))
	if p.At != "" {
		s += ", " + c.t("place", c.place(p.At))
	}
	return s
}

// shortSource is the number of the document and the place in it, for a table.
func (c *composer) shortSource(r model.Record) []string {
	p := r.Head().Provenance
	if p.Document < 0 || p.Document >= len(c.review.Documents) {
		return []string{c.t("sourceNone")}
	}
	out := []string{c.t("doc") + " " + itoa(p.Document+1)}
	if p.At != "" {
		out = append(out, c.place(p.At))
	}
	return out
}

// category is the section of one category; false where it is neither asked for nor there.
func (c *composer) category(cat model.Category) (section, bool) {
	var records []model.Record
	var extra []*model.Extra
	for _, r := range c.review.Records {
		if r == nil || r.Category() != cat {
			continue
		}
		switch x := r.(type) {
		case *model.Extra:
			extra = append(extra, x)
		case *model.Opaque:
		default:
			records = append(records, r)
		}
	}
	if len(records)+len(extra) == 0 && !c.review.Scope.Has(cat) {
		return section{}, false
	}
	s := section{ID: string(cat), Title: c.categoryName(cat) + " \u00b7 " + c.count("items", len(records)+len(extra))}
	if asked := c.asked(cat); asked != "" {
		s.Notes = append(s.Notes, c.t("asked")+": "+asked+".")
	}
	switch cat {
	case model.CategoryTransaction, model.CategoryBalance:
		s.Blocks = c.perAccount(cat, records)
	case model.CategoryIncome, model.CategoryBenefit:
		if len(records) > 0 {
			s.Blocks = []block{{Table: c.table(cat, records)}}
		}
	default:
		for _, r := range records {
			s.Blocks = append(s.Blocks, c.card(cat, r))
		}
	}
	if len(records) > 0 && tables[cat] != nil {
		s.Notes = append(s.Notes, c.t("noTotals"))
	}
	for _, x := range extra {
		b := block{Title: c.t("otherData"), Source: c.source(x), Doubts: c.doubts(x)}
		for _, k := range slices.Sorted(maps.Keys(x.Extra)) {
			b.Pairs = append(b.Pairs, pair{Label: visible(k), Lines: []string{visible(x.Extra[k])}})
		}
		s.Blocks = append(s.Blocks, b)
	}
	return s, true
}

// asked lists the fields of the scope in words, each once.
func (c *composer) asked(cat model.Category) string {
	if !c.review.Scope.Has(cat) {
		return ""
	}
	var out []string
	add := func(name string) {
		if name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, f := range model.Fields(cat) {
		if !c.review.Scope.HasField(cat, f) {
			continue
		}
		if whole, _, ok := strings.Cut(f, "."); ok && whole == "bands" {
			f = whole
		}
		add(lowerFirst(c.fieldName(cat, f)))
	}
	for _, b := range c.review.Scope.Baskets {
		for _, f := range b.Fields {
			if b.Category == cat && strings.HasPrefix(f, "extra.") {
				add(c.fieldName(cat, f))
			}
		}
	}
	if len(out) == 0 {
		return c.t("askedNothing")
	}
	return strings.Join(out, ", ")
}

// lowerFirst puts a name into a sentence. Abbreviations keep their capitals.
func lowerFirst(s string) string {
	if len(s) < 2 || s[1] < 'a' || s[1] > 'z' {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

func upperFirst(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// headings are the fields that head a card.
var headings = map[model.Category][]string{
	model.CategoryEmployment: {"employer"},
	model.CategoryPension:    {"provider", "kind"},
	model.CategoryAccount:    {"account"},
	model.CategoryAddress:    {"kind"},
}

func (c *composer) card(cat model.Category, r model.Record) block {
	b := block{Source: c.source(r), Doubts: c.doubts(r)}
	var title []string
	for _, l := range leaves(r) {
		switch {
		case l.path == "bands":
			b.Table = c.bands(r.(*model.Pension).Bands)
		case slices.Contains(headings[cat], l.path):
			title = append(title, c.value(cat, l))
		default:
			b.Pairs = append(b.Pairs, pair{Label: c.fieldName(cat, l.path), Lines: []string{c.value(cat, l)}})
		}
	}
	if cat == model.CategoryPension && len(title) == 2 { // the provider first
		title[0], title[1] = title[1], title[0]
	}
	b.Title = strings.Join(title, " \u00b7 ")
	if cat == model.CategoryAddress {
		b.Title = upperFirst(b.Title)
	}
	return b
}

// bands is the table of what a pension pays in each period.
func (c *composer) bands(bs []model.PensionBand) *table {
	t := &table{Caption: c.fieldName(model.CategoryPension, "bands"), Columns: []column{{Title: c.t("periodCol"), Weight: 5}, {Title: c.t("amountsCol"), Weight: 7}}}
	for i := range bs {
		var period, amounts []string
		if !bs[i].From.IsZero() {
			period = append(period, c.t("fromAge", c.age(bs[i].From)))
		}
		if !bs[i].Until.IsZero() {
			period = append(period, c.t("untilAge", c.age(bs[i].Until)))
		}
		for _, l := range appendLeaves(nil, reflect.ValueOf(bs[i]), "bands.") {
			if m, ok := l.v.Interface().(model.Money); ok {
				amounts = append(amounts, c.fieldName(model.CategoryPension, l.path)+": "+c.money(m))
			}
		}
		t.Rows = append(t.Rows, row{Cells: [][]string{{strings.Join(period, " ")}, amounts}})
	}
	return t
}

// age is a moment of a pension in words: "67 jaar en 3 maanden", or an event.
func (c *composer) age(m model.PensionMoment) string {
	var parts []string
	if m.Years != 0 || m.Months != 0 {
		s := c.count("years", m.Years)
		if m.Months != 0 {
			s = c.t("and", s, c.count("months", m.Months))
		}
		parts = append(parts, s)
	}
	if m.Event != "" {
		text, ok := values["event."+string(m.Event)]
		s := text.In(c.lang)
		if !ok {
			s = visible(string(m.Event))
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, ", ")
}

// A tableColumn is a column of a table of records: the fields in it, each in a line of its own.
type tableColumn struct {
	title  string // a word, or "" for the name of the first field
	paths  []string
	number bool
	weight int
}

// tables are the columns of the categories that are shown as a table. What is in no column stands in small type
// below the widest one.
var tables = map[model.Category][]tableColumn{
	model.CategoryTransaction: {
		{paths: []string{"bookingDate"}, weight: 5}, {title: "details", paths: []string{"counterparty.name", "description"}, weight: 16},
		{paths: []string{"amount"}, number: true, weight: 6},
	},
	model.CategoryBalance: {
		{paths: []string{"date"}, weight: 6}, {paths: []string{"type"}, weight: 12}, {paths: []string{"amount"}, number: true, weight: 7},
	},
	model.CategoryIncome: {
		{title: "period", paths: []string{"period.from", "period.to"}, weight: 6}, {paths: []string{"employer"}, weight: 12},
		{paths: []string{"hours"}, number: true, weight: 4}, {paths: []string{"socialInsuranceWage"}, number: true, weight: 6},
	},
	model.CategoryBenefit: {
		{title: "period", paths: []string{"period.from", "period.to"}, weight: 6}, {paths: []string{"payer", "kind"}, weight: 12},
		{paths: []string{"hours"}, number: true, weight: 4}, {paths: []string{"socialInsuranceWage"}, number: true, weight: 6},
	},
}

// perAccount makes a table for each account, the accounts in the order of their first record.
func (c *composer) perAccount(cat model.Category, records []model.Record) []block {
	accountOf := func(r model.Record) model.AccountID {
		switch r := r.(type) {
		case *model.Transaction:
			return r.Account
		case *model.Balance:
			return r.Account
		}
		return model.AccountID{}
	}
	var order []model.AccountID
	of := map[model.AccountID][]model.Record{}
	for _, r := range records {
		a := accountOf(r)
		if of[a] == nil {
			order = append(order, a)
		}
		of[a] = append(of[a], r)
	}
	var out []block
	for _, a := range order {
		b := block{Title: c.t("noAccount")}
		if !a.IsZero() {
			b.Title = c.t("onAccount", account(a))
		}
		if a.IsZero() && !c.review.Scope.HasField(cat, "account") {
			b.Title = ""
		}
		b.Table = c.table(cat, of[a])
		out = append(out, b)
	}
	return out
}

// dayOf is the day by which the rows of a table go, from the first to the last.
func dayOf(r model.Record) model.Date {
	switch r := r.(type) {
	case *model.Transaction:
		if r.BookingDate.IsZero() {
			return r.ValueDate
		}
		return r.BookingDate
	case *model.Balance:
		return r.Date
	case *model.Income:
		return r.Period.From
	case *model.Benefit:
		return r.Period.From
	}
	return model.Date{}
}

// compareDays puts what has no day last: it is either not booked yet or holds now.
func compareDays(a, b model.Date) int {
	if a.IsZero() != b.IsZero() {
		if a.IsZero() {
			return 1
		}
		return -1
	}
	return a.Compare(b)
}

func (c *composer) table(cat model.Category, records []model.Record) *table {
	records = slices.Clone(records)
	slices.SortStableFunc(records, func(a, b model.Record) int {
		return cmp.Or(compareDays(dayOf(a), dayOf(b)), cmp.Compare(a.Head().Provenance.Document, b.Head().Provenance.Document))
	})
	spec := tables[cat]
	t := &table{Caption: c.categoryName(cat)}
	for _, s := range spec {
		title := c.fieldName(cat, s.paths[0])
		if s.title != "" {
			title = c.t(s.title)
		}
		t.Columns = append(t.Columns, column{Title: title, Number: s.number, Weight: s.weight})
	}
	t.Columns = append(t.Columns, column{Title: c.t("source"), Weight: 6, Source: true})
	filled := make([]bool, len(t.Columns))
	filled[t.wide()], filled[len(spec)] = true, true
	for _, r := range records {
		x := row{Cells: make([][]string, len(t.Columns)), Doubts: c.doubts(r)}
		for _, l := range leaves(r) {
			at := slices.IndexFunc(spec, func(s tableColumn) bool { return slices.Contains(s.paths, l.path) })
			switch {
			case l.path == "account":
				// heads the table
			case at < 0 && l.path == "status":
				x.Minor = append(x.Minor, c.value(cat, l))
			case at < 0:
				x.Minor = append(x.Minor, c.fieldName(cat, l.path)+": "+c.value(cat, l))
			default:
				text := c.value(cat, l)
				if d, ok := l.v.Interface().(model.Date); ok {
					text = c.shortDay(d)
				}
				if l.path == "period.to" {
					text = c.t("upTo", text)
				}
				x.Cells[at] = append(x.Cells[at], text)
				filled[at] = true
			}
		}
		x.Cells[len(spec)] = c.shortSource(r)
		t.Rows = append(t.Rows, x)
	}
	if day := spec[0]; filled[0] {
		c.fillDays(t, records, slices.Contains(day.paths, "bookingDate"))
	}
	t.drop(filled)
	return t
}

// fillDays says why a row has no day where others have one, as an empty cell tells nothing. What is pending says so there
// and not a second time.
func (c *composer) fillDays(t *table, records []model.Record, booking bool) {
	for i := range t.Rows {
		r := &t.Rows[i]
		if len(r.Cells[0]) > 0 {
			continue
		}
		r.Cells[0] = []string{c.t("noDate")}
		if x, ok := records[i].(*model.Transaction); ok && booking && x.Status == model.Pending {
			r.Cells[0] = []string{values["transaction.status.pending"].In(c.lang)}
			r.Minor = slices.DeleteFunc(r.Minor, func(s string) bool { return s == r.Cells[0][0] })
		}
	}
}

// drop removes the columns that no row has anything in.
func (t *table) drop(filled []bool) {
	for i := len(filled) - 1; i >= 0; i-- {
		if filled[i] {
			continue
		}
		t.Columns = slices.Delete(t.Columns, i, i+1)
		for n := range t.Rows {
			t.Rows[n].Cells = slices.Delete(t.Rows[n].Cells, i, i+1)
		}
	}
}
