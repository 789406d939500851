package uwv_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/uwv"
)

// grid is a normalizer of text set out on a grid, see uwv.Grid: what stands where is seen in the test.
type grid struct{}

func (grid) Formats() []sources.Format {
	return []sources.Format{{ID: "grid", Detect: func(context.Context, *sources.Probe) sources.Confidence { return sources.Certain }}}
}
func (grid) Categories() []model.Category { return uwv.Normalizer{}.Categories() }
func (grid) Normalize(ctx context.Context, d sources.Document, q sources.Query, w *sources.Writer) error {
	b, err := d.Bytes(ctx, 8<<20)
	if err != nil {
		return err
	}
	return uwv.ReadGrid(string(b), q, w)
}

func readGrid(t testing.TB, text string, q sources.Query) (*sources.Reading, error) {
	t.Helper()
	var g sources.Registry
	require.NoError(t, g.AddNormalizer(grid{}))
	return g.Read(t.Context(), sources.Document{Body: sources.BytesContent([]byte(text))}, q, nil)
}

const foot = `

De heer A. Tester                    VZB-005
Geboortedatum: 01-02-1980
Datum: 03 mei 2026`

const top = `
Loongegevens

Werkgever/Instantie   Voorbeeld B.V.
Loonheffingennummer   813580237L01
Verzekerde wetten     WW, ZW, WIA

Periode                    Aantal uur                                              Sv-loon
`

// line sums up one record: what it says and what is doubted.
func summary(r model.Record) string {
	var b strings.Builder
	doubts := func() {
		for _, i := range r.Head().Issues {
			fmt.Fprintf(&b, " !%s:%s", i.Code, i.Field)
		}
	}
	hours := func(h *model.Decimal) string {
		if h == nil {
			return "-"
		}
		return h.String()
	}
	switch r := r.(type) {
	case *model.Person:
		fmt.Fprintf(&b, "person %s %s %s", r.Name.Full, r.BirthDate, r.BSN.Value())
	case *model.Employment:
		fmt.Fprintf(&b, "employment %s|%s|%s|%s", r.Employer, r.PayrollTaxNumber.Value(), strings.Join(r.InsuredUnder, " "), r.ContractForm)
	case *model.Income:
		fmt.Fprintf(&b, "income %s %s %s %s %s %s", r.Period.From, r.Period.To, hours(r.Hours), r.SocialInsuranceWage.Text(),
			r.CompanyCar.OwnContribution.Text(), r.CompanyCar.PrivateUseValue.Text())
	case *model.Benefit:
		fmt.Fprintf(&b, "benefit %s|%s|%s %s %s %s %s", r.Kind, r.Payer, r.PayrollTaxNumber.Value(), r.Period.From, r.Period.To, hours(r.Hours), r.SocialInsuranceWage.Text())
	default:
		return ""
	}
	doubts()
	return strings.Join(strings.Fields(b.String()), " ")
}

// summaries leaves the person and the extra out unless asked.
func summaries(rs []model.Record, prefix string) (out []string) {
	for _, r := range rs {
		if s := summary(r); strings.HasPrefix(s, prefix) && s != "" {
			out = append(out, s)
		}
	}
	return out
}

func TestRows(t *testing.T) {
	t.Parallel()
	const jan = "income 2026-01-01 2026-01-31"
	tests := map[string]struct {
		rows string
		want []string
	}{
		"plain":               {"01-01-2026 t/m 31-01-2026         160                                          € 3.250,00", []string{jan + " 160 3250.00"}},
		"old euro sign":       {"01-01-2026 t/m 31-01-2026         160                                          ¤ 3.250,00", []string{jan + " 160 3250.00"}},
		"sign before":         {"01-01-2026 t/m 31-01-2026          -8                                          € -250,00", []string{jan + " -8 -250.00"}},
		"sign after":          {"01-01-2026 t/m 31-01-2026          8-                                          € 250,00-", []string{jan + " -8 -250.00"}},
		"sign before euro":    {"01-01-2026 t/m 31-01-2026          −8                                          −€ 250,00", []string{jan + " -8 -250.00"}},
		"sign apart":          {"01-01-2026 t/m 31-01-2026         - 8                                         - € 250,00", []string{jan + " -8 -250.00"}},
		"sign between":        {"01-01-2026 t/m 31-01-2026         160          -          € 250,00", []string{jan + " - !invalid:hours !invalid:socialInsuranceWage"}},
		"two signs":           {"01-01-2026 t/m 31-01-2026        -160-                                         € -250,00-", []string{jan + " - !invalid:hours !invalid:socialInsuranceWage"}},
		"glued":               {"01-01-2026 t/m 31-01-2026         160                                          €3.250,00", []string{jan + " 160 3250.00"}},
		"no cents":            {"01-01-2026 t/m 31-01-2026         160                                             € 3.250", []string{jan + " 160 !invalid:socialInsuranceWage"}},
		"english":             {"01-01-2026 t/m 31-01-2026       160.5                                          € 3,250.00", []string{jan + " - !invalid:hours !invalid:socialInsuranceWage"}},
		"glyph not told":      {"01-01-2026 t/m 31-01-2026         1\ufffd0                                          € 3.2\ufffd0,00", []string{jan + " - !invalid:hours !invalid:socialInsuranceWage"}},
		"no hours":            {"01-01-2026 t/m 31-01-2026                                                      € 3.250,00", []string{jan + " - 3250.00 !missing:hours"}},
		"no wage":             {"01-01-2026 t/m 31-01-2026         160", []string{jan + " 160 !missing:socialInsuranceWage"}},
		"wage under hours":    {"01-01-2026 t/m 31-01-2026   € 3.250,00", []string{jan + " - !missing:hours !layout-changed:socialInsuranceWage"}},
		"hours under wage":    {"01-01-2026 t/m 31-01-2026                                                         160", []string{jan + " - !layout-changed:hours !missing:socialInsuranceWage"}},
		"two wages":           {"01-01-2026 t/m 31-01-2026         160           € 1,00                              € 2,00", []string{jan + " 160 !conflict:socialInsuranceWage"}},
		"no such day":         {"01-01-2026 t/m 32-01-2026         160                                          € 3.250,00", []string{"income 160 3250.00 !invalid:period"}},
		"backwards":           {"31-01-2026 t/m 01-01-2026         160                                          € 3.250,00", []string{"income 2026-01-31 2026-01-01 160 3250.00 !suspicious:period"}},
		"far ahead":           {"01-01-2027 t/m 31-01-2027         160                                          € 3.250,00", []string{"income 2027-01-01 2027-01-31 160 3250.00 !suspicious:period"}},
		"more than all hours": {"01-01-2026 t/m 31-01-2026         745                                          € 3.250,00", []string{jan + " 745 3250.00 !suspicious:hours"}},
		"car, a line each": {`01-01-2026 t/m 31-01-2026         160
                                            Eigen bijdrage auto
                                            € 149,01                            € 6.597,34
                                            Waarde privégebruik auto
                                            € 612,50`, []string{jan + " 160 6597.34 149.01 612.50"}},
		"car, glued amounts": {`01-01-2026 t/m 31-01-2026         160
                                                                    Eigen bijdrage auto
                                                                    € 149.001,01€ 1.006.597,34
                                                                    Waarde priv` + "\ufffd" + `gebruik auto
                                                                    € 612,50`, []string{jan + " 160 1006597.34 149001.01 612.50"}},
		"car, one line without wage": {`01-01-2026 t/m 31-01-2026         160                                          € 3.250,00
                          Eigen bijdrage auto Waarde privégebruik auto
                          € 149,01            € 612,50`, []string{jan + " 160 3250.00 149.01 612.50"}},
		"car, amounts close together": {`01-01-2026 t/m 31-01-2026         160
                          Eigen bijdrage auto Waarde privégebruik auto
                          € 149,01 € 612,50                                          € 3.250,00`, []string{jan + " 160 3250.00 149.01 612.50"}},
		"car, amounts beside labels": {`01-01-2026 t/m 31-01-2026         160                                          € 3.250,00
Eigen bijdrage auto                                                                  € 149,01
Waarde privégebruik auto                                                             € 612,50`, []string{jan + " 160 3250.00 149.01 612.50"}},
		"car, wage or contribution": {`01-01-2026 t/m 31-01-2026         160
Eigen bijdrage auto                                                                  € 149,01
Waarde privégebruik auto                                                             € 612,50`, []string{jan + " 160 !conflict:companyCar !conflict:socialInsuranceWage"}},
		"car, stacked labels": {`01-01-2026 t/m 31-01-2026         160                                          € 3.250,00
                                 Eigen bijdrage auto
                                 Waarde privégebruik auto
                                 € 149,01`, []string{jan + " 160 3250.00 !conflict:companyCar"}},
		"wage by itself": {`01-01-2026 t/m 31-01-2026         160
                                                                               € 3.250,00`, []string{jan + " 160 3250.00 !layout-changed:socialInsuranceWage"}},
		"car, stacked labels and two amounts": {`01-01-2026 t/m 31-01-2026         160                                          € 3.250,00
                                 Eigen bijdrage auto
                                 Waarde privégebruik auto
                                 € 149,01   € 612,50`, []string{jan + " 160 3250.00 !conflict:companyCar"}},
		"car, labels from right to left": {`01-01-2026 t/m 31-01-2026         160                                          € 3.250,00
                                            Eigen bijdrage auto
            Waarde privégebruik auto
            € 149,01                        € 612,50`, []string{jan + " 160 3250.00 !conflict:companyCar"}},
		"car, three labels": {`01-01-2026 t/m 31-01-2026         160                                          € 3.250,00
Eigen bijdrage auto    Waarde privégebruik auto    Eigen bijdrage auto
€ 149,01               € 612,50                    € 1,00`, []string{jan + " 160 3250.00 !conflict:companyCar"}},
		"car, the same label twice": {`01-01-2026 t/m 31-01-2026         160                                          € 3.250,00
                                 Eigen bijdrage auto
                                 € 149,01
                                 Eigen bijdrage auto
                                 € 149,02`, []string{jan + " 160 3250.00 !conflict:companyCar"}},
		"car, no amount": {`01-01-2026 t/m 31-01-2026         160                                          € 3.250,00
                                 Eigen bijdrage auto`, []string{jan + " 160 3250.00 !missing:companyCar"}},
		"car over the page": {`01-01-2026 t/m 31-01-2026         160
                                            Eigen bijdrage auto` + foot + "\f" + strings.Replace(top, "\nLoongegevens\n", "", 1) + `                                            € 149,01                            € 6.597,34
                                            Waarde privégebruik auto
                                            € 612,50`, []string{jan + " 160 6597.34 149.01 612.50"}},
		"periods beside the middle": {`01-01-2026 t/m 31-01-2026         160                                          € 3.250,00


                                            Eigen bijdrage auto
                                            € 149,01                            € 6.597,34
01-02-2026 t/m 28-02-2026         160
                                            Waarde privégebruik auto
                                            € 612,50`, []string{
			jan + " 160 3250.00 !conflict:companyCar !layout-changed:",
			"income 2026-02-01 2026-02-28 160 612.50 !missing:socialInsuranceWage",
		}},
		"twice": {`01-01-2026 t/m 31-01-2026         160                                          € 3.250,00
01-01-2026 t/m 31-01-2026         160                                          € 3.250,00
01-01-2026 t/m 31-01-2026         160                                          € 3.250,00`, []string{jan + " 160 3250.00 !duplicate:"}},
		"overlap": {`01-01-2026 t/m 31-01-2026         160                                          € 3.250,00
31-01-2026 t/m 27-02-2026         160                                          € 3.250,00`, []string{
			jan + " 160 3250.00 !overlap:period", "income 2026-01-31 2026-02-27 160 3250.00 !overlap:period",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readGrid(t, top+tt.rows+foot, sources.Everything())
			require.NoError(t, err)
			assert.Equal(t, tt.want, summaries(got.Records, "income"))
		})
	}
}

// employerOf returns the employer of the n-th income.
func employerOf(r *sources.Reading, n int) string {
	for _, rec := range r.Records {
		if i, ok := rec.(*model.Income); ok {
			if n--; n < 0 {
				return i.Employer + "|" + i.PayrollTaxNumber.Value() + "|" + i.ContractForm
			}
		}
	}
	return ""
}
