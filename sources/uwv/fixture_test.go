package uwv_test

import (
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
)

// notice describes one document: what it says, in plain values, and how it is laid out. The pages are drawn from it, and what
// is expected of the reader is written out of it; neither goes through the reader.
type notice struct {
	form, name       string // "De heer", "A.B. de Vries"
	initials, prefix string // of the name, where it begins with initials
	family           string
	born, made       string // 1980-02-29, 2026-05-03
	version          string // VZB-005
	bsn              string // printed after its label
	minus            minus
	blocks           []contract
}

// contract is one block.
type contract struct {
	employer []string // its lines
	number   string
	laws     string
	form     []string // its lines; none: no label
	valign   string   // of the labels: top or middle
	kind     string   // of a benefit; "" for a contract
	benefit  bool
	wages    []wage
}

// wage is one row.
type wage struct {
	from, to string
	hours    string // plain: 1234.5
	sv       string
	own      string // eigen bijdrage auto; "" without a car
	private  string
	layout   carLayout
	again    bool     // drawn a second time after the page break
	brk      pageKind // before this row
	doubts   []model.IssueCode
}

// carLayout is one of the ways in which the lines of a car come out.
type carLayout int

const (
	oneEach   carLayout = iota // label, amount and wage, label, amount: a line each
	beside                     // as oneEach, with the first label on the line of the period
	together                   // both labels on a line, both amounts and the wage on the next
	wageFirst                  // the wage beside the period, each amount beside its label
)

// pageKind is what a page begins with inside a block.
type pageKind int

const (
	noBreak    pageKind = iota
	fullHeader          // the labels and the table's header again
	tableOnly           // the table's header again
)

// minus is how negative numbers are written.
type minus struct{ before, after, unit string }

var (
	leading  = minus{before: "-"}
	proper   = minus{before: "\u2212"}
	trailing = minus{after: "-"}
	odd      = minus{before: "-", unit: "\u00a4"} // the euro sign of old encodings
)

// dutch writes 1234.5 as 1.234,5, with a minus in the given way.
func (m minus) dutch(s string) string {
	s, negative := strings.CutPrefix(s, "-")
	whole, frac, has := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "." + whole[i:]
	}
	if has {
		whole += "," + frac
	}
	if negative {
		return m.before + whole + m.after
	}
	return whole
}

func (m minus) euro(s string) string {
	unit := m.unit
	if unit == "" {
		unit = "\u20ac"
	}
	return unit + " " + m.dutch(s)
}

func dutchDate(s string) string { return s[8:] + "-" + s[5:7] + "-" + s[:4] }

func longDate(s string) string {
	names := []string{"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"}
	return s[8:] + " " + names[int(s[5]-'0')*10+int(s[6]-'0')-1] + " " + s[:4]
}

// expected writes out the records that a notice must give, without their places.
func (n notice) expected(t require.TestingT, bsn bool) []model.Record {
	date := func(s string) model.Date {
		d, err := model.ParseDate(s)
		require.NoError(t, err)
		return d
	}
	euro := func(s string) model.Money {
		if s == "" {
			return model.Money{}
		}
		m, err := model.ParseMoney(s, model.EUR)
		require.NoError(t, err)
		return m
	}
	p := &model.Person{BirthDate: date(n.born), Gender: model.GenderMale}
	p.Name = model.Name{Full: n.name, Initials: n.initials, Prefix: n.prefix, Family: n.family}
	if n.form == "Mevrouw" {
		p.Gender = model.GenderFemale
	}
	if bsn && n.bsn != "" {
		v, err := model.ParseBSN(n.bsn)
		require.NoError(t, err)
		p.BSN = v
	}
	out := []model.Record{p}
	for _, c := range n.blocks {
		number, err := model.ParsePayrollTaxNumber(c.number)
		require.NoError(t, err)
		employer, form := strings.Join(c.employer, " "), strings.Join(c.form, " ")
		laws := strings.Split(c.laws, ", ")
		if !c.benefit {
			out = append(out, &model.Employment{Employer: employer, PayrollTaxNumber: number, ContractForm: form, InsuredUnder: laws})
		}
		for _, w := range c.wages {
			hours, err := model.ParseDecimal(w.hours)
			require.NoError(t, err)
			period := model.Period{From: date(w.from), To: date(w.to)}
			var r model.Record = &model.Income{
				Employer: employer, PayrollTaxNumber: number, ContractForm: form, Period: period, Hours: &hours,
				SocialInsuranceWage: euro(w.sv), CompanyCar: model.CompanyCar{OwnContribution: euro(w.own), PrivateUseValue: euro(w.private)},
			}
			if c.benefit {
				r = &model.Benefit{
					Kind: c.kind, Payer: employer, PayrollTaxNumber: number, InsuredUnder: laws, Period: period,
					Hours: &hours, SocialInsuranceWage: euro(w.sv),
				}
			}
			for _, code := range w.doubts {
				field := ""
				if code == model.IssueOverlap {
					field = "period"
				}
				r.Head().Issues = append(r.Head().Issues, model.Doubt(code, field))
			}
			out = append(out, r)
		}
	}
	return append(out, &model.Extra{For: model.CategoryIncome, Extra: map[string]string{"document-date": n.made, "form-version": n.version}})
}

// withoutPlaces drops the places of records, to compare what they say.
func withoutPlaces(rs []model.Record) []model.Record {
	for _, r := range rs {
		r.Head().Provenance = model.Provenance{}
	}
	return rs
}

// requireSame compares records as JSON, line by line.
func requireSame(t require.TestingT, want, got []model.Record) {
	text := func(rs []model.Record) (out []string) {
		for _, r := range withoutPlaces(rs) {
			b, err := model.AppendRecord(nil, r)
			require.NoError(t, err)
			out = append(out, string(b))
		}
		return out
	}
	w, g := text(want), text(got)
	for i := range min(len(w), len(g)) {
		require.Equal(t, w[i], g[i], "record %d", i)
	}
	require.Len(t, g, len(w))
}
