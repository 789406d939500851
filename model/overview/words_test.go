package overview

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
)

func both(t *testing.T, text model.Text, what string) {
	t.Helper()
	assert.NotEmpty(t, text.Dutch, what)
	assert.NotEmpty(t, text.English, what)
}

// Each category, field, value, doubt, method and outcome has words in both languages.
func TestWordsAreComplete(t *testing.T) {
	t.Parallel()
	for _, table := range []map[string]model.Text{words, fieldNames, values, outcomes} {
		for k, v := range table {
			both(t, v, k)
		}
	}
	for _, c := range model.Categories() {
		both(t, categoryNames[c], string(c))
		for _, f := range model.Fields(c) {
			text, ok := fieldNames[string(c)+"."+f]
			if !ok {
				text = fieldNames[f]
			}
			both(t, text, string(c)+" "+f)
			if whole, _, ok := strings.Cut(f, "."); ok {
				both(t, fieldNames[whole], whole)
			}
		}
	}
	assert.Len(t, categoryNames, len(model.Categories()))
	for _, code := range model.IssueCodes() {
		both(t, issueTexts[code], string(code))
	}
	for _, m := range []model.Method{model.API, model.File, model.Scrape} {
		both(t, methodTexts[m], m.String())
	}
	for _, m := range months {
		both(t, m, "month")
	}
	for _, o := range []model.Obtained{model.ObtainedAll, model.ObtainedPart, model.ObtainedNone} {
		both(t, obtainedTexts[o], string(o))
	}
	for _, c := range []model.Check{model.CheckYes, model.CheckNo, model.CheckNot} {
		both(t, balancedTexts[c], string(c))
		both(t, subjectTexts[c], string(c))
	}
}

// Each value of an enumeration in the schema of a record has words.
func TestValuesAreComplete(t *testing.T) {
	t.Parallel()
	type node struct {
		Enum       []string
		Properties map[string]node
		Items      *node
	}
	var schema struct {
		Defs map[string]node `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(model.Schema(), &schema))
	var walk func(c, path string, n node)
	walk = func(c, path string, n node) {
		for _, v := range n.Enum {
			keys := []string{c + "." + path + "." + v, path + "." + v}
			if strings.HasSuffix(path, ".event") {
				keys = []string{"event." + v}
			}
			found := false
			for _, k := range keys {
				_, ok := values[k]
				found = found || ok
			}
			assert.True(t, found, keys)
		}
		for name, p := range n.Properties {
			if path == "" && (name == "issues" || name == "provenance" || name == "category") {
				continue
			}
			walk(c, strings.TrimPrefix(path+"."+name, "."), p)
		}
		if n.Items != nil {
			walk(c, path, *n.Items)
		}
	}
	for _, c := range model.Categories() {
		walk(string(c), "", schema.Defs[string(c)])
	}
}

// Both languages take the same arguments, and each text that the code asks for is there, and none is there for nothing.
func TestWordsAreUsed(t *testing.T) {
	t.Parallel()
	verb := regexp.MustCompile(`%[a-z]`)
	for k, v := range words {
		assert.Equal(t, verb.FindAllString(v.Dutch, -1), verb.FindAllString(v.English, -1), k)
	}
	used := map[string]bool{}
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, f := range files {
		text, err := os.ReadFile(f.Name())
		if err != nil || strings.HasSuffix(f.Name(), "_test.go") || f.Name() == "words.go" {
			continue
		}
		if strings.HasSuffix(f.Name(), ".tmpl") {
			for _, m := range regexp.MustCompile(`\{\{t "([^"]+)"`).FindAllStringSubmatch(string(text), -1) {
				used[m[1]] = true
				assert.Contains(t, words, m[1])
			}
		}
		if !strings.HasSuffix(f.Name(), ".go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), f.Name(), text, 0)
		require.NoError(t, err)
		ast.Inspect(tree, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil {
					used[s] = true
				}
			}
			if call, ok := n.(*ast.CallExpr); ok && len(call.Args) > 0 {
				sel, isSel := call.Fun.(*ast.SelectorExpr)
				lit, isLit := call.Args[0].(*ast.BasicLit)
				if isSel && isLit && (sel.Sel.Name == "t" || sel.Sel.Name == "count") {
					s, err := strconv.Unquote(lit.Value)
					require.NoError(t, err)
					assert.Contains(t, words, s)
				}
			}
			return true
		})
	}
	for k := range words {
		assert.True(t, used[strings.TrimSuffix(k, ".one")], "no use: %s", k)
	}
}

// Whatever field a record has, its value is somewhere on the page.
func TestEveryFieldIsShown(t *testing.T) {
	t.Parallel()
	for _, c := range model.Categories() {
		for _, r := range records(c) {
			set := reflect.ValueOf(r).Elem()
			n := 0
			plant(t, set, &n)
			b, err := model.MarshalRecord(r)
			require.NoError(t, err)
			review := &model.Review{Records: []model.Record{r}, Documents: []model.DocumentInfo{{Retrieved: time.Unix(0, 0)}}}
			p := compose(review, &Options{Language: "en"})
			var all strings.Builder
			p.each(func(s *string) { all.WriteString(*s + "\n") })
			for _, m := range regexp.MustCompile(`V\d+Z`).FindAllString(string(b), -1) {
				assert.Contains(t, all.String(), m, "%s", b)
			}
			for _, m := range regexp.MustCompile(`"amount":"(\d+\.\d+)"`).FindAllStringSubmatch(string(b), -1) {
				assert.Contains(t, all.String(), "€\u00a0"+m[1], "%s", b)
			}
		}
	}
}

func records(c model.Category) []model.Record {
	return map[model.Category][]model.Record{
		model.CategoryPerson: {&model.Person{}}, model.CategoryAddress: {&model.Address{}}, model.CategoryEmployment: {&model.Employment{}}, model.CategoryIncome: {&model.Income{}},
		model.CategoryBenefit: {&model.Benefit{}}, model.CategoryPension: {&model.Pension{}}, model.CategoryStudyDebt: {&model.StudyDebt{}}, model.CategoryAccount: {&model.Account{}},
		model.CategoryBalance: {&model.Balance{}}, model.CategoryTransaction: {&model.Transaction{}},
	}[c]
}

// plant gives each text and amount a value of its own.
func plant(t *testing.T, v reflect.Value, n *int) {
	t.Helper()
	*n++
	mark := "V" + strconv.Itoa(*n) + "Z"
	switch p := v.Addr().Interface().(type) {
	case *model.Header, *model.BSN, *model.BIC, *model.PayrollTaxNumber, *model.Postcode, **model.Decimal:
		return
	case *model.Date:
		d, err := model.NewDate(2000+*n, 2, 3)
		require.NoError(t, err)
		*p = d
		return
	case *model.Money:
		m, err := model.ParseMoney(strconv.Itoa(*n)+".25", model.EUR)
		require.NoError(t, err)
		*p = m
		return
	case *model.AccountID:
		a, err := model.ParseAccountID(mark)
		require.NoError(t, err)
		*p = a
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				plant(t, v.Field(i), n)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		plant(t, v.Index(0), n)
		plant(t, v.Index(1), n)
	case reflect.String:
		v.SetString(mark)
	case reflect.Bool:
		v.SetBool(true)
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	nl, en := printer{lang: "nl", zone: time.UTC}, printer{lang: "en", zone: time.UTC}
	for amount, want := range map[string][2]string{
		"0": {"€\u00a00,00", "€\u00a00.00"}, "-1234567.891": {"\u2212€\u00a01.234.567,891", "\u2212€\u00a01,234,567.891"}, "999": {"€\u00a0999,00", "€\u00a0999.00"},
		"1000": {"€\u00a01.000,00", "€\u00a01,000.00"}, "0.00001": {"€\u00a00,00001", "€\u00a00.00001"},
	} {
		m, err := model.ParseMoney(amount, model.EUR)
		require.NoError(t, err)
		assert.Equal(t, want, [2]string{nl.money(m), en.money(m)})
	}
	yen, err := model.ParseMoney("-1500", "JPY")
	require.NoError(t, err)
	assert.Equal(t, "\u2212JPY\u00a01,500", en.money(yen))
	assert.Empty(t, nl.money(model.Money{}))
	assert.Equal(t, "\u22121.234,5", nl.number("-1234.5", true))
	assert.Equal(t, "\u221212", nl.number("-12", true))
	for s, want := range map[string][2]string{"2026-11-02": {"02-11-2026", "2 Nov 2026"}, "2026-11": {"november 2026", "November 2026"}, "2026": {"2026", "2026"}} {
		d, err := model.ParseDate(s)
		require.NoError(t, err)
		assert.Equal(t, want, [2]string{nl.shortDay(d), en.shortDay(d)})
	}
	assert.Equal(t, "regel 7", nl.place(model.AtLine(7)))
	assert.Equal(t, "page 3, line 9", en.place(model.AtPage(3, 9)))
	assert.Equal(t, "Stmt[1]/Ntry[2]", nl.place("/Document/BkToCstmrStmt/Stmt[1]/Ntry[2]"))
	assert.Equal(t, "onbekend", nl.moment(time.Time{}))
	assert.Equal(t, "a\u25a1b c", visible("a\u202eb\nc"))
	for _, r := range "\u061c\u200b\u200e\u2060\u2066\u00ad\ufeff\u3164\u034f\u009b\x7f\x00\ue000\ufffd\U000e0041" {
		assert.Equal(t, "a\u25a1b", visible("a"+string(r)+"b"), "%U", r)
	}
	for _, s := range []string{"می\u200cخواهم", "👩\u200d🦳", "e\u0301", "a\u00a0b", "漢字"} {
		assert.Equal(t, s, visible(s))
	}
	assert.Empty(t, shortDigest(model.Digest{}))
}

// A number in a table of the PDF stands on one line, whatever its length: broken over two it reads as another one.
func TestNumbersAreNotBroken(t *testing.T) {
	t.Parallel()
	for amount, currency := range map[string]model.Currency{"-1234567.12345": "USD", "999999999999999.999": "BHD", "-123456789012345678": "JPY", "-12.5": "EUR"} {
		m, err := model.ParseMoney(amount, currency)
		require.NoError(t, err)
		c := &composer{printer: printer{lang: "nl", zone: time.UTC}, review: &model.Review{}}
		for cat, r := range map[model.Category]model.Record{
			model.CategoryTransaction: &model.Transaction{Amount: m, Description: strings.Repeat("lang ", 40)}, model.CategoryBalance: &model.Balance{Amount: m},
			model.CategoryIncome: &model.Income{SocialInsuranceWage: m, Hours: new(m.Amount()), Employer: strings.Repeat("W", 90)},
		} {
			table := c.table(cat, []model.Record{r})
			d := newPDF(&page{lang: "nl"}, time.Time{})
			widths := d.widths(table)
			sum := 0.0
			for i, cell := range d.cells(table, &table.Rows[0], widths) {
				assert.Greater(t, widths[i], 10.0)
				sum += widths[i]
				if table.Columns[i].Number {
					assert.Len(t, cell, 1, "%s %s", cat, currency)
				}
			}
			assert.InDelta(t, d.width, sum, 0.01)
		}
	}
}

// Each term of keeping stands once, and what has none is said.
func TestKeeping(t *testing.T) {
	t.Parallel()
	year := model.Text{Dutch: "een jaar"}
	c := &composer{printer: printer{lang: "nl", zone: time.UTC}, review: &model.Review{
		Records:   []model.Record{&model.Person{}, &model.Address{}, &model.Income{}},
		Retention: []model.ReviewRetention{{Category: model.CategoryPerson, Text: year}, {Category: model.CategoryPension, Text: year}, {Category: model.CategoryIncome}},
	}}
	assert.Equal(t, []string{"Persoonsgegevens, Pensioen: een jaar", "Adres, Loon: niet vermeld"}, c.keeping())
	c.review.Retention = nil
	assert.Equal(t, []string{"niet vermeld"}, c.keeping())
}
