package uwv

import (
	"slices"
	"strings"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// message is what the document says, before it becomes records.
type message struct {
	running    running
	blocks     []*block
	byContract map[contract]*block // those that a later header may continue
	issues     []model.Issue
	noted      map[model.Issue]bool // those in issues
	pages      int
	broken     bool          // rows were found that could not be read
	everywhere []model.Issue // doubts of the file, and so of every record
}

// contract is what tells one block from another: name, number and contract form.
type contract [3]string

// block is a contract or a benefit, over all pages it stands on.
type block struct {
	header
	at   model.Locator
	page int
	rows []income
}

// income is one row.
type income struct {
	at       model.Locator
	starts   int // the page it begins on
	from, to model.Date
	hours    *model.Decimal
	sv       model.Money
	car      model.CompanyCar
	doubts   []model.Issue // field names are those of the income
}

func (m *message) issue(code model.IssueCode, at model.Locator) {
	i := model.Issue{Code: code, At: at}
	if m.noted == nil {
		m.noted = map[model.Issue]bool{}
	}
	if !m.noted[i] {
		m.noted[i] = true
		m.issues = append(m.issues, i)
	}
}

// layoutChanged notes that a part of the document could not be read.
func (m *message) layoutChanged(at model.Locator) {
	m.broken = true
	m.issue(model.IssueLayout, at)
}

// open returns the block with a header: one that is there already goes on.
func (m *message) open(h header, l line) *block {
	key := contract{h[employerLabel].text, h[numberLabel].text, h[formLabel].text}
	told := h[employerLabel].doubt == "" && h[numberLabel].doubt == "" && h[formLabel].doubt == ""
	if b := m.byContract[key]; b != nil && told && h[lawsLabel].doubt == "" {
		if b.header[lawsLabel].text != h[lawsLabel].text {
			b.header[lawsLabel] = field{present: true, doubt: model.IssueConflict}
		}
		return b
	}
	b := &block{header: h, at: l.at(), page: l.page}
	m.blocks = append(m.blocks, b)
	if m.byContract == nil {
		m.byContract = map[contract]*block{}
	}
	if told && m.byContract[key] == nil {
		m.byContract[key] = b
	}
	return b
}

// finish compares the rows of each block with each other and with the date of the document.
func (m *message) finish() {
	for _, b := range m.blocks {
		b.dropDuplicates()
		for i := range b.rows {
			r := &b.rows[i]
			if r.check(m.running.made); m.anonymous(r.starts) {
				add(&r.doubts, model.IssueSuspicious, "")
			}
		}
		b.overlaps()
	}
}

// anonymous reports whether a page does not name the person while others do: it may be about somebody else.
func (m *message) anonymous(page int) bool { return len(m.running.named) > 0 && !m.running.named[page] }

// dropDuplicates keeps rows once that are there twice: producers repeat rows after a page break. A row with the same
// period and other values is a correction, and stays.
func (b *block) dropDuplicates() {
	type key struct {
		from, to  model.Date
		hours     model.Decimal
		hasHours  bool
		sv        model.Money
		own, used model.Money
	}
	seen := map[key]int{}
	var kept []income
	for _, r := range b.rows {
		k := key{from: r.from, to: r.to, sv: r.sv, own: r.car.OwnContribution, used: r.car.PrivateUseValue, hasHours: r.hours != nil}
		if r.hours != nil {
			k.hours = *r.hours
		}
		if i, ok := seen[k]; ok && len(r.doubts) == 0 && len(kept[i].doubts) == 0 {
			add(&kept[i].doubts, model.IssueDuplicate, "")
			continue
		} else if ok && onlyDuplicate(kept[i].doubts) && len(r.doubts) == 0 {
			continue
		}
		seen[k] = len(kept)
		kept = append(kept, r)
	}
	b.rows = kept
}

func onlyDuplicate(is []model.Issue) bool {
	return len(is) == 1 && is[0] == model.Doubt(model.IssueDuplicate, "")
}

// Bounds of what a row can mean. Wages are declared for a month, four weeks, half a year or a year (Handboek Loonheffingen),
// and at most a few periods ahead.
const (
	maxPeriodDays = 366
	maxAheadDays  = 3 * 31
	firstYear     = 1940
	hoursOfDay    = 24
)

// check doubts what is well formed but cannot be.
func (r *income) check(made model.Date) {
	if r.from.IsZero() {
		return
	}
	days := int(r.to.Time().Sub(r.from.Time()).Hours()/24) + 1
	switch {
	case days < 1, days > maxPeriodDays, r.from.Year() < firstYear:
		add(&r.doubts, model.IssueSuspicious, "period")
	case !made.IsZero() && made.AddDays(maxAheadDays).Before(r.from):
		add(&r.doubts, model.IssueSuspicious, "period")
	}
	if r.hours != nil && days > 0 {
		if most, err := model.NewDecimal(int64(days*hoursOfDay), 0); err == nil && (r.hours.Cmp(most) > 0 || r.hours.Neg().Cmp(most) > 0) {
			add(&r.doubts, model.IssueSuspicious, "hours")
		}
	}
}

// overlaps doubts rows of one contract that are about the same days.
func (b *block) overlaps() {
	var order []int
	for i, r := range b.rows {
		if !r.from.IsZero() && r.from.Compare(r.to) <= 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return b.rows[i].from.Compare(b.rows[j].from) })
	for n, last := 1, 0; n < len(order); n++ {
		r, prev := &b.rows[order[n]], &b.rows[order[last]]
		if r.from.Compare(prev.to) <= 0 {
			add(&r.doubts, model.IssueOverlap, "period")
			add(&prev.doubts, model.IssueOverlap, "period")
		}
		if r.to.Compare(prev.to) > 0 {
			last = n
		}
	}
}

// write writes what the query asks: the person, then each block with its rows.
func (m *message) write(q sources.Query, w *sources.Writer) error {
	m.document(w)
	if p := m.running.record(q.WantsBSN()); p != nil && q.Wants(model.CategoryPerson) {
		if err := m.record(w, p, m.running.at); err != nil {
			return err
		}
	}
	for _, b := range m.blocks {
		if err := m.writeBlock(b, q, w); err != nil {
			return err
		}
	}
	if q.Wants(model.CategoryIncome) {
		if err := m.extra(w); err != nil {
			return err
		}
	}
	if m.broken {
		return sources.Errorf(sources.ErrLayoutChanged, "rows stand where the reader cannot tell their columns")
	}
	return nil
}

// document writes the doubts about the document.
func (m *message) document(w *sources.Writer) {
	for _, i := range slices.Concat(m.everywhere, m.issues) {
		w.Issue(i)
	}
	r := &m.running
	for page := 1; page <= m.pages; page++ {
		if !r.named[page] {
			w.Issue(model.Issue{Code: model.IssueMissing, Field: "name", At: model.AtPage(page, 1)})
		}
	}
	if r.version == "" {
		w.Issue(model.Issue{Code: model.IssueMissing, At: "form-version"})
	}
	switch {
	case r.badMade:
		w.Issue(model.Issue{Code: model.IssueInvalid, At: "document-date"})
	case r.made.IsZero():
		w.Issue(model.Issue{Code: model.IssueMissing, At: "document-date"})
	}
	if r.bsnAt != "" {
		// The bytes hold one, whether or not a record does: who passes the document on should know.
		w.Issue(model.Issue{Code: model.IssueSuspicious, Field: "bsn", At: r.bsnAt})
	}
}

func (m *message) record(w *sources.Writer, r model.Record, at model.Locator, doubts ...model.Issue) error {
	return w.Record(r, at, slices.Concat(doubts, m.everywhere)...)
}

func (m *message) extra(w *sources.Writer) error {
	extra := map[string]string{}
	if !m.running.made.IsZero() {
		extra["document-date"] = m.running.made.String()
	}
	if m.running.version != "" {
		extra["form-version"] = "VZB-" + m.running.version
	}
	if len(extra) == 0 {
		return nil
	}
	return m.record(w, &model.Extra{For: model.CategoryIncome, Extra: extra}, "")
}

func (m *message) writeBlock(b *block, q sources.Query, w *sources.Writer) error {
	e := b.employment()
	if kind, is := benefitKind(e); is {
		return m.writeBenefits(b, e, kind, q, w)
	}
	if len(b.rows) == 0 {
		add(&e.Issues, model.IssueMissing, "")
	}
	if m.anonymous(b.page) {
		add(&e.Issues, model.IssueSuspicious, "")
	}
	if q.Wants(model.CategoryEmployment) {
		if err := m.record(w, e, b.at); err != nil {
			return err
		}
	}
	if !q.Wants(model.CategoryIncome) {
		return nil
	}
	for _, r := range b.rows {
		i := &model.Income{
			Employer: e.Employer, PayrollTaxNumber: e.PayrollTaxNumber, ContractForm: e.ContractForm,
			Period: model.Period{From: r.from, To: r.to}, Hours: r.hours, SocialInsuranceWage: r.sv, CompanyCar: r.car,
		}
		for _, d := range e.Issues {
			if d.Field != "" && d.Field != "insuredUnder" {
				add(&i.Issues, d.Code, d.Field)
			}
		}
		if err := m.record(w, i, r.at, r.doubts...); err != nil {
			return err
		}
	}
	return nil
}

func (m *message) writeBenefits(b *block, e *model.Employment, kind field, q sources.Query, w *sources.Writer) error {
	if !q.Wants(model.CategoryBenefit) {
		return nil
	}
	if len(b.rows) == 0 {
		w.Issue(model.Issue{Code: model.IssueMissing, At: b.at})
	}
	for _, r := range b.rows {
		v := &model.Benefit{
			Kind: kind.text, Payer: e.Employer, PayrollTaxNumber: e.PayrollTaxNumber, InsuredUnder: e.InsuredUnder,
			Period: model.Period{From: r.from, To: r.to}, Hours: r.hours, SocialInsuranceWage: r.sv,
		}
		if kind.doubt != "" {
			add(&v.Issues, kind.doubt, "kind")
		}
		for _, d := range e.Issues {
			if d.Field == "employer" {
				d.Field = "payer"
			}
			if d.Field != "contractForm" {
				add(&v.Issues, d.Code, d.Field)
			}
		}
		// A benefit has neither a contract nor a car.
		if b.header[formLabel].text != "" || b.header[formLabel].doubt != "" || !r.car.IsZero() {
			add(&v.Issues, model.IssueUnknown, "")
		}
		for _, d := range r.doubts {
			if strings.HasPrefix(d.Field, "companyCar") {
				d.Field = ""
			}
			add(&v.Issues, d.Code, d.Field)
		}
		if err := m.record(w, v, r.at); err != nil {
			return err
		}
	}
	return nil
}

// employment makes the record of a header.
func (b *block) employment() *model.Employment {
	e := &model.Employment{Employer: b.header[employerLabel].text, ContractForm: b.header[formLabel].text}
	e.InsuredUnder = laws(b.header[lawsLabel].text)
	for k, name := range [labels]string{"employer", "payrollTaxNumber", "insuredUnder", "contractForm"} {
		switch f := b.header[k]; {
		case f.doubt != "":
			add(&e.Issues, f.doubt, name)
		case f.text == "" && label(k) != formLabel:
			add(&e.Issues, model.IssueMissing, name)
		case strings.Contains(f.text, unreadable):
			add(&e.Issues, model.IssueCharset, name)
		}
	}
	if t := b.header[numberLabel].text; t != "" {
		v, err := model.ParsePayrollTaxNumber(t)
		switch {
		case err == nil:
			e.PayrollTaxNumber = v
		case payrollNumber.MatchString(t):
			add(&e.Issues, model.IssueChecksum, "payrollTaxNumber")
		default:
			add(&e.Issues, model.IssueInvalid, "payrollTaxNumber")
		}
	}
	if e.ContractForm != "" && !isContractForm(e.ContractForm) {
		add(&e.Issues, model.IssueSuspicious, "contractForm")
	}
	if t := b.header[lawsLabel].text; t != "" && !areLaws(t) {
		add(&e.Issues, model.IssueSuspicious, "insuredUnder")
	}
	return e
}
