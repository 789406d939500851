package uwv_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/internal/cputest"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/uwv"
)

const (
	tableHead = "Periode                    Aantal uur                                              Sv-loon\n"
	january   = "01-01-2026 t/m 31-01-2026         160                                          € 3.250,00\n"
	february  = "01-02-2026 t/m 28-02-2026         152                                          € 3.250,00\n"
)

// Labels beside the first, the middle and the last line of their texts.
func TestHeaders(t *testing.T) {
	t.Parallel()
	const form = "Schriftelijke arbeidsovereenkomst voor bepaalde tijd, geen oproepovereenkomst"
	tests := map[string]struct{ header, want string }{
		"form in the middle of three": {`
Werkgever/Instantie   Voorbeeld B.V.
Loonheffingennummer   813580237L01
Verzekerde wetten     WW, ZW, WIA
                      Schriftelijke arbeidsovereenkomst
Contractvorm          voor bepaalde tijd,
                      geen oproepovereenkomst
`, "employment Voorbeeld B.V.|813580237L01|WW ZW WIA|" + form},
		"form at the first of three": {`
Werkgever/Instantie:  Voorbeeld B.V.
Loonheffingennummer:  813580237L01
Verzekerde wetten:    WW en ZW
Contractvorm:         Schriftelijke arbeidsovereenkomst
                      voor bepaalde tijd,
                      geen oproepovereenkomst
`, "employment Voorbeeld B.V.|813580237L01|WW ZW|" + form},
		"form at the last of three": {`
Werkgever/Instantie   Voorbeeld B.V.
Loonheffingennummer   813580237L01
Verzekerde wetten     WW ZW
                      Schriftelijke arbeidsovereenkomst
                      voor bepaalde tijd,
Contractvorm          geen oproepovereenkomst
`, "employment Voorbeeld B.V.|813580237L01|WW ZW|" + form},
		"no form": {`
Werkgever/Instantie   Voorbeeld B.V.
Loonheffingennummer   813580237L01
Verzekerde wetten     WW, ZW,
                      WIA/WAO
`, "employment Voorbeeld B.V.|813580237L01|WW ZW WIA/WAO|"},
		"form without text": {`
Werkgever/Instantie   Voorbeeld B.V.
Loonheffingennummer   813580237L01
Verzekerde wetten     WW
Contractvorm
`, "employment Voorbeeld B.V.|813580237L01|WW|"},
		"employer on two lines": {`
Werkgever/Instantie   Stichting Noord-
                      Holland
Loonheffingennummer   813580237L01
Verzekerde wetten     WW
`, "employment Stichting Noord-Holland|813580237L01|WW|"},
		"employer on three, label in the middle": {`

                      Bouw- en
Werkgever/Instantie   Installatie-
                      en Onderhoud B.V.
Loonheffingennummer   813580237L01
Verzekerde wetten     WW
`, "employment Bouw- en Installatie- en Onderhoud B.V.|813580237L01|WW|"},
		"number with wrong check digits": {`
Werkgever/Instantie   Voorbeeld B.V.
Loonheffingennummer   123456789L01
Verzekerde wetten     WW
`, "employment Voorbeeld B.V.||WW| !checksum:payrollTaxNumber"},
		"no number": {`
Werkgever/Instantie   Voorbeeld B.V.
Verzekerde wetten     WW
`, "employment Voorbeeld B.V.||WW| !missing:payrollTaxNumber"},
		"another form": {`
Werkgever/Instantie   Voorbeeld B.V.
Loonheffingennummer   813580237L01
Verzekerde wetten     WW
Contractvorm          Nulurencontract
`, "employment Voorbeeld B.V.|813580237L01|WW|Nulurencontract !suspicious:contractForm"},
		"a line that belongs to nothing": {`
Werkgever/Instantie   Voorbeeld B.V.
Loonheffingennummer   813580237L01
                          iets anders
Verzekerde wetten     WW
`, "employment Voorbeeld B.V.||| !conflict:payrollTaxNumber !conflict:insuredUnder"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readGrid(t, "Loongegevens\n"+tt.header+"\n"+tableHead+january+foot, sources.Everything())
			require.NoError(t, err)
			assert.Equal(t, []string{tt.want}, summaries(got.Records, "employment"))
			assert.Len(t, summaries(got.Records, "income 2026-01-01 2026-01-31 160 3250.00"), 1)
		})
	}
}

func TestBenefits(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ employer, number, want string }{
		"known":            {"WIA (WGA)-Uitkering van UWV", "810220350L20", "benefit WIA-WGA|WIA (WGA)-Uitkering van UWV|810220350L20"},
		"bankruptcy":       {"UWV; Loondoorbetaling bij faillissement", "810220350L53", "benefit |UWV; Loondoorbetaling bij faillissement|810220350L53"},
		"another name":     {"UWV", "810220350L26", "benefit |UWV|810220350L26"},
		"another number":   {"IOW-Uitkering van UWV", "810220350L99", "benefit IOW|IOW-Uitkering van UWV|810220350L99"},
		"UWV the employer": {"UWV", "810220350L01", "income"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := "\nWerkgever/Instantie   " + tt.employer + "\nLoonheffingennummer   " + tt.number + "\nVerzekerde wetten     WW\n\n"
			got, err := readGrid(t, "Loongegevens\n"+header+tableHead+january+foot, sources.Everything())
			require.NoError(t, err)
			all := summaries(got.Records, "benefit")
			if tt.want == "income" {
				assert.Empty(t, all)
				assert.Len(t, summaries(got.Records, "income"), 1)
				return
			}
			require.Len(t, all, 1)
			assert.True(t, strings.HasPrefix(all[0], tt.want), all[0])
			assert.Equal(t, strings.HasPrefix(name, "another"), strings.Contains(all[0], "!"), all[0])
			assert.Empty(t, summaries(got.Records, "employment"))
		})
	}
}

func TestDocument(t *testing.T) {
	t.Parallel()
	whole := top + january + foot
	other := func(old, new string) string { return strings.Replace(whole, old, new, 1) }
	march := strings.ReplaceAll(strings.Replace(february, "28-02", "31-03", 1), "-02-", "-03-")
	april := strings.ReplaceAll(strings.Replace(february, "28-02", "30-04", 1), "-02-", "-04-")
	days := strings.Replace(tableHead, " uur ", "dagen", 1)
	tests := map[string]struct {
		text   string
		err    error
		issues []string
		rows   int
	}{
		"whole":                       {whole, nil, nil, 1},
		"next version":                {other("VZB-005", "VZB-007"), sources.ErrLayoutChanged, nil, 0},
		"old version":                 {other("VZB-005", "VZB-003"), sources.ErrLayoutChanged, nil, 0},
		"no version":                  {other("VZB-005", ""), nil, []string{"missing::form-version"}, 1},
		"no wages":                    {other("Loongegevens", "Arbeidsverleden"), sources.ErrLayoutChanged, nil, 0},
		"no block":                    {"Loongegevens\n" + foot, sources.ErrLayoutChanged, nil, 0},
		"no date":                     {other("Datum: 03 mei 2026", ""), nil, []string{"missing::document-date"}, 1},
		"another month":               {other("03 mei", "03 mai"), nil, []string{"invalid::document-date"}, 1},
		"date in digits":              {other("03 mei 2026", "03-05-2026"), nil, nil, 1},
		"no name":                     {other("De heer A. Tester", ""), nil, []string{"missing:name:page 1 row 1"}, 1},
		"two pages":                   {whole + "\f" + tableHead + february + foot, nil, nil, 2},
		"another person":              {whole + "\f" + tableHead + february + strings.Replace(foot, "Tester", "Ander", 1), sources.ErrMalformed, nil, 0},
		"another gender":              {whole + "\f" + tableHead + february + strings.Replace(foot, "De heer", "Mevrouw", 1), sources.ErrMalformed, nil, 0},
		"another birth date":          {whole + "\f" + tableHead + february + strings.Replace(foot, "1980", "1981", 1), sources.ErrMalformed, nil, 0},
		"two versions":                {whole + "\f" + tableHead + february + strings.Replace(foot, "VZB-005", "VZB-006", 1), sources.ErrLayoutChanged, nil, 0},
		"page without name":           {whole + "\f" + tableHead + february, nil, []string{"missing:name:page 2 row 1"}, 2},
		"no table header":             {other("Sv-loon", "Loon"), sources.ErrLayoutChanged, []string{"layout-changed::page 1 row 5", "layout-changed::page 1 row 6"}, 0},
		"rows without header on page": {whole + "\f" + february + foot, nil, nil, 2},
		"remark in the table":         {top + january + "Let op: deze periode telt niet mee\n" + february + foot, nil, []string{"layout-changed::page 1 row 7"}, 2},
		"broken row":                  {top + january + "1-2-2026 t/m 28-02-2026 152 € 3.250,00\n" + february + foot, sources.ErrLayoutChanged, []string{"layout-changed::page 1 row 7"}, 2},
		"running head":                {whole + "\fVervolg bericht 1\n" + tableHead + february + foot + "\fVervolg bericht 2\n" + tableHead + strings.ReplaceAll(strings.ReplaceAll(february, "-02-", "-03-"), "152", "153") + foot, nil, nil, 3},
		"BSN":                         {whole + "\nBurgerservicenummer: 999991772", nil, []string{"suspicious:bsn:page 1 row 10"}, 1},
		"BSN without its number":      {whole + "\nUw BSN staat niet op dit bericht", nil, []string{"layout-changed::page 1 row 10"}, 1},
		"other column, in a head":     {whole + "\f" + days + february + foot + "\f" + days + march + foot, nil, []string{"layout-changed::page 2 row 1", "layout-changed::page 3 row 1"}, 3},
		"remark at the same height":   {top + january + "Vervallen\n" + february + foot + "\f" + top + march + "Vervallen\n" + april + foot, nil, []string{"layout-changed::page 1 row 7", "layout-changed::page 2 row 7"}, 4},
		"payer in other words":        {whole + "\fEmployer         Other B.V.\nPayroll number   822222206L01\n" + tableHead + february + foot, sources.ErrLayoutChanged, []string{"layout-changed::page 2 row 1", "layout-changed::page 2 row 2", "layout-changed::page 2 row 4"}, 1},
		"payer in other words, twice": {whole + "\fPayroll number   822222206L01\n" + tableHead + february + foot + "\fPayroll number   822222206L01\n" + tableHead + march + foot, sources.ErrLayoutChanged, []string{"layout-changed::page 2 row 1", "layout-changed::page 2 row 3", "layout-changed::page 3 row 3"}, 1},
		"number without its employer": {whole + "\fNaam                  Ander B.V.\nLoonheffingennummer   822222206L01\n" + tableHead + february + foot, sources.ErrLayoutChanged, []string{"layout-changed::page 2 row 1", "layout-changed::page 2 row 2", "layout-changed::page 2 row 4"}, 1},
		"two birth dates on a line":   {other("01-02-1980", "01-02-1980     Geboortedatum: 05-06-1990"), sources.ErrMalformed, nil, 0},
		"date with a further digit":   {other("mei 2026", "mei 20261"), nil, []string{"invalid::document-date"}, 1},
		"BSN of another person":       {whole + "\nPartner BSN: 999991772", nil, []string{"suspicious:bsn:page 1 row 10"}, 1},
		"two BSNs":                    {whole + "\nBSN: 999991772 BSN: 999993653", sources.ErrMalformed, nil, 0},
		"BSN glued to its label":      {whole + "\nBSN:999991772", nil, []string{"suspicious:bsn:page 1 row 10"}, 1},
		"BSN in groups":               {whole + "\nBSN 9999.91.772", nil, []string{"suspicious:bsn:page 1 row 10"}, 1},
		"BSN in a name":               {other("A. Tester", "A. Tester (BSN 999991772)"), nil, []string{"suspicious:bsn:page 1 row 7"}, 1},
		"BSN in an employer":          {other("Voorbeeld B.V.", "J. Jansen BSN 999991772"), nil, []string{"suspicious:bsn:page 1 row 2"}, 1},
		"a page":                      {whole + "\nPagina 1 van 1", nil, nil, 1},
		"one of two":                  {whole + "\nPagina 1 van 2", nil, []string{"incomplete::page-numbers"}, 1},
		"one of two, beside a date":   {other("Datum: 03 mei 2026", "Datum: 03 mei 2026          1/2"), nil, []string{"incomplete::page-numbers"}, 1},
		"the second of two":           {whole + "\nPagina 2 van 2", nil, []string{"incomplete::page-numbers"}, 1},
		"the second of nobody knows":  {whole + "\nBlad 2", nil, []string{"incomplete::page-numbers"}, 1},
		"two of two":                  {whole + "\nPagina 1 van 2\f" + tableHead + february + foot + "\nPagina 2 van 2", nil, nil, 2},
		"the first and the third":     {whole + "\nBlad 1\f" + tableHead + february + foot + "\nBlad 3", nil, []string{"incomplete::page-numbers"}, 2},
		"the second twice":            {whole + "\nBlad 2/2\f" + tableHead + february + foot + "\nBlad 2/2", nil, []string{"incomplete::page-numbers"}, 2},
		"the first twice":             {whole + "\nBlad 1/2\f" + tableHead + february + foot + "\nBlad 1/2", nil, []string{"incomplete::page-numbers"}, 2},
		"all, and not in order":       {whole + "\nBlad 1/3\f" + tableHead + february + foot + "\nBlad 3/3\f" + tableHead + march + foot + "\nBlad 2/3", nil, nil, 3},
		"no number is too large":      {whole + "\nPagina 1 van 99999999999999999999", nil, []string{"incomplete::page-numbers"}, 1},
		"a fraction":                  {whole + "\n3/2", nil, nil, 1},
		"a page without text":         {whole + "\f", nil, []string{"incomplete::page 2 row 1", "missing:name:page 2 row 1"}, 1},
		"benefit rows before":         {"01-01-2026 t/m 31-01-2026 iets\n" + whole, nil, nil, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readGrid(t, tt.text, sources.Everything())
			require.ErrorIs(t, err, tt.err)
			var issues []string
			for _, i := range got.Issues {
				issues = append(issues, string(i.Code)+":"+i.Field+":"+string(i.At))
			}
			assert.Equal(t, tt.issues, issues)
			assert.Len(t, summaries(got.Records, "income"), tt.rows)
			text, jsonErr := json.Marshal(got.Records)
			require.NoError(t, jsonErr)
			assert.NotContains(t, string(text), "999991772", "there is no legal basis")
			if err != nil {
				for _, secret := range []string{"Tester", "Ander", "813580237", "3.250", "1980"} {
					assert.NotContains(t, err.Error(), secret)
				}
			}
		})
	}
}

// A BSN is read only after its label, and only where the query has a legal basis.
func TestBSN(t *testing.T) {
	t.Parallel()
	with := top + january + foot + "\nBSN 999991772"
	got, err := readGrid(t, with, withBSN())
	require.NoError(t, err)
	assert.Equal(t, []string{"person A. Tester 1980-02-01 999991772"}, summaries(got.Records, "person"))
	got, err = readGrid(t, with, sources.Everything())
	require.NoError(t, err)
	assert.Equal(t, []string{"person A. Tester 1980-02-01"}, summaries(got.Records, "person"))
	got, err = readGrid(t, top+january+foot+"\nBSN 999991773", withBSN())
	require.NoError(t, err)
	assert.Equal(t, []string{"person A. Tester 1980-02-01 !checksum:bsn"}, summaries(got.Records, "person"))
	for text, want := range map[string]string{
		"\nBSN: 9999.91.772":           "person A. Tester 1980-02-01 999991772",
		"\nUw BSN 999991772":           "person A. Tester 1980-02-01 999991772",
		"\nKenmerk 999991772":          "person A. Tester 1980-02-01",
		"\nPartner BSN 999991772":      "person A. Tester 1980-02-01",
		"\nBSN partner 999991772":      "person A. Tester 1980-02-01",
		"\nBSN 9999917721":             "person A. Tester 1980-02-01",
		"\nBSN van u is\n999991772":    "person A. Tester 1980-02-01",
		"\nDossier-BSN 999991772-2026": "person A. Tester 1980-02-01",
	} {
		got, err = readGrid(t, top+january+foot+text, withBSN())
		require.NoError(t, err)
		assert.Equal(t, []string{want}, summaries(got.Records, "person"), text)
	}
}

// What stands beside or below a value is not taken for a part of it, and a row on a page that names nobody is in doubt.
func TestBeside(t *testing.T) {
	t.Parallel()
	whole := top + january + foot
	other := func(old, new string) string { return strings.Replace(whole, old, new, 1) }
	tests := map[string]struct {
		text string
		want []string
	}{
		"a column beside the employer": {other("Voorbeeld B.V.", "Voorbeeld B.V.       In dienst 01-01-2020"), []string{
			"person A. Tester 1980-02-01", "employment |813580237L01|WW ZW WIA| !layout-changed:employer", "income 2026-01-01 2026-01-31 160 3250.00 !layout-changed:employer",
		}},
		"a label beside the number": {other("813580237L01", "813580237L01 Contractvorm geen"), []string{
			"person A. Tester 1980-02-01", "employment Voorbeeld B.V.||WW ZW WIA| !layout-changed:payrollTaxNumber", "income 2026-01-01 2026-01-31 160 3250.00 !layout-changed:payrollTaxNumber",
		}},
		"a name on two lines": {other("Geboorte", "van Zuylen-Jansen\nGeboorte"), []string{
			"person A. Tester 1980-02-01 !layout-changed:name", "employment Voorbeeld B.V.|813580237L01|WW ZW WIA|", "income 2026-01-01 2026-01-31 160 3250.00",
		}},
		"more than a name": {other("A. Tester", "A. Tester kenmerk 12"), []string{
			"person 1980-02-01 !invalid:name", "employment Voorbeeld B.V.|813580237L01|WW ZW WIA|", "income 2026-01-01 2026-01-31 160 3250.00",
		}},
		"a page of somebody else": {whole + "\f" + tableHead + february + "\nDhr. P. Ander", []string{
			"person A. Tester 1980-02-01", "employment Voorbeeld B.V.|813580237L01|WW ZW WIA|", "income 2026-01-01 2026-01-31 160 3250.00",
			"income 2026-02-01 2026-02-28 152 3250.00 !suspicious:",
		}},
		"long ago": {other("01-01-2026 t/m 31-01-2026", "01-01-1026 t/m 31-01-1026"), []string{
			"person A. Tester 1980-02-01", "employment Voorbeeld B.V.|813580237L01|WW ZW WIA|", "income 1026-01-01 1026-01-31 160 3250.00 !suspicious:period",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readGrid(t, tt.text, sources.Everything())
			require.NoError(t, err)
			assert.Equal(t, tt.want, summaries(got.Records, ""))
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for full, want := range map[string]model.Name{
		"A.B. de Vries":    {Initials: "A.B.", Prefix: "de", Family: "Vries"},
		"A. B. de Vries":   {Initials: "A.B.", Prefix: "de", Family: "Vries"},
		"Th. Jansen":       {Initials: "Th.", Family: "Jansen"},
		"J. in 't Veld":    {Initials: "J.", Prefix: "in 't", Family: "Veld"},
		"Jan de Vries":     {},
		"A. (Anna) Jansen": {},
		"A.":               {},
		"A. van der":       {},
	} {
		want.Full = full
		assert.Equal(t, want, uwv.NameOf(full), full)
	}
}

// The first line of an employer's name stands above its label, and at the same height of two pages: it is no running head.
func TestRepeatedHeader(t *testing.T) {
	t.Parallel()
	const head = `                      Bouwbedrijf Eerste
Werkgever/Instantie   Steen en
                      Zonen B.V.
Loonheffingennummer   813580237L01
Verzekerde wetten     WW

`
	march := strings.ReplaceAll(strings.Replace(february, "28-02", "31-03", 1), "-02-", "-03-")
	text := "Loongegevens\n\n" + head + tableHead + january + foot + "\f" + head + tableHead + february + foot + "\f" + head + tableHead + march + foot
	got, err := readGrid(t, text, sources.Everything())
	require.NoError(t, err)
	assert.Empty(t, got.Issues)
	assert.Equal(t, []string{"employment Bouwbedrijf Eerste Steen en Zonen B.V.|813580237L01|WW|"}, summaries(got.Records, "employment"))
	assert.Len(t, summaries(got.Records, "income"), 3)
}

func TestBadFiles(t *testing.T) {
	t.Parallel()
	blank := notice{form: "De heer", name: "A. Tester", born: "1980-02-01", made: "2026-05-03", version: "VZB-005"}.pdf(t, 12)
	tests := map[string]struct {
		doc  sources.Document
		want error
	}{
		"empty":             {document(nil), sources.ErrNotProvided},
		"no PDF":            {document([]byte("<html>")), sources.ErrMalformed},
		"header only":       {document([]byte("%PDF-1.7\n")), sources.ErrMalformed},
		"PDF without wages": {document(blank), sources.ErrLayoutChanged},
		"too much text":     {document(sheet(t, 0, func(f *fpdf.Fpdf) { f.Text(40, 300, strings.Repeat("x", 41_000)) })), sources.ErrLimit},
		"too large":         {document(make([]byte, 32<<20+1)), sources.ErrTooLarge},
		"another document":  {sources.Document{Body: sources.BytesContent([]byte("%PDF-1.7\nVZB-005"))}, sources.ErrUnknownFormat},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := registry(t).Read(t.Context(), tt.doc, sources.Everything(), nil)
			require.ErrorIs(t, err, tt.want)
			assert.Empty(t, got.Records)
		})
	}
}

// What a hostile document repeats costs no more than its length: quadratic work would take minutes here. The time is that of the
// processor, so nothing is parallel.
func TestRepeatedTexts(t *testing.T) {
	if testing.Short() {
		t.Skip("the limit is that of a plain build")
	}
	repeat := strings.Repeat
	for name, text := range map[string]string{
		"lines at the foot of two pages": top + january + repeat("x\n", 50_000) + foot + "\f" + repeat("x\n", 2) + top + january + repeat("x\n", 50_000) + foot,
		"blocks":                         "Loongegevens\n" + numbered("Werkgever/Instantie  Bedrijf %d\n\n", 100_000) + foot,
		"euro signs":                     top + "01-01-2026 t/m 31-01-2026 " + repeat("€", 300_000) + foot,
		"labels of a car":                top + january + repeat("Eigen bijdrage auto\n", 50_000) + repeat("€ 1,00 ", 50_000) + foot,
		"odd lines":                      top + january + numbered("iets %d\n", 100_000) + foot,
	} {
		t.Run(name, func(t *testing.T) {
			used := cputest.Used()
			_, err := readGrid(t, text, sources.Everything())
			if err != nil {
				require.ErrorIs(t, err, sources.ErrLayoutChanged)
			}
			assert.Less(t, cputest.Used()-used, 20*time.Second)
		})
	}
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}
