package pdftext_test

import (
	"fmt"
	"html"
	"math/big"
	"math/rand/v2"
	"strings"
)

// statement is an invented account statement whose rows a test knows, in the form of a page of HTML. The names, accounts and
// amounts come from a fixed seed and belong to nobody.
type statement struct {
	rows  []statementRow
	style statementStyle
}

type statementRow struct{ date, description, account, debit, credit, balance string }

func (r statementRow) cells() []string {
	return []string{r.date, r.description, r.account, r.debit, r.credit, r.balance}
}

// statementStyle is how the table looks; each is a way in which tables are hard to read back.
type statementStyle struct {
	name string
	css  string
	wrap bool // descriptions run over several lines
}

// The styles. "ruled" has borders, "open" has none and aligns cells in the middle, "top" aligns them at the top without any space
// between rows, "split" lets a row break over two pages.
func statementStyles() []statementStyle {
	return []statementStyle{
		{"ruled", `td,th{border:0.5pt solid #888;padding:2pt 4pt} tr{break-inside:avoid}`, true},
		{"open", `td,th{padding:3pt 5pt} tr{break-inside:avoid}`, true},
		{"top", `td,th{padding:0 4pt;vertical-align:top} tr{break-inside:avoid}`, true},
		{"split", `td,th{padding:2pt 4pt;vertical-align:top;border-bottom:0.5pt solid #ccc}`, true},
		{"short", `td,th{padding:2pt 4pt}`, false},
	}
}

var statementHeader = []string{"Datum", "Omschrijving", "Tegenrekening", "Bedrag af", "Bedrag bij", "Saldo"}

// newStatement makes a statement of n rows.
func newStatement(n int, style statementStyle) statement {
	r := rand.New(rand.NewPCG(uint64(n), 7))
	s := statement{style: style}
	balance := int64(125_034)
	for i := range n {
		amount := r.Int64N(200_000) + 1
		row := statementRow{
			date:        fmt.Sprintf("%02d-%02d-2026", i%28+1, i/28%12+1),
			description: describe(r, style.wrap),
			account:     inventedIBAN(r),
		}
		if r.IntN(3) == 0 {
			row.credit = euros(amount)
			balance += amount
		} else {
			row.debit = euros(amount)
			balance -= amount
		}
		row.balance = euros(balance)
		s.rows = append(s.rows, row)
	}
	return s
}

func describe(r *rand.Rand, long bool) string {
	words := []string{
		"Tikkie", "Huur", "woning", "Salaris", "Fictieve", "Verzekering", "premie", "Boodschappen", "Affligem", "offerte", "Waterbedrijf",
		"termijn", "Stichting", "Voorbeeld", "abonnement", "kenmerk", "factuur", "fietsverhuur", "Efficiënt", "Café", "Überhaupt", "Jansen",
		"Țarcă", "Łódź", "terugbetaling", "AV-2026", "toeslag", "Œuvre", "1/2", "100%", "€",
	}
	n := 2 + r.IntN(2)
	if long {
		n += r.IntN(12)
	}
	out := make([]string, n)
	for i := range out {
		out[i] = words[r.IntN(len(words))]
		if r.IntN(6) == 0 {
			out[i] = fmt.Sprint(r.IntN(1_000_000))
		}
	}
	return strings.Join(out, " ")
}

// inventedIBAN returns an account of a bank that does not exist, with check digits that fit (ISO 13616).
func inventedIBAN(r *rand.Rand) string {
	bban := fmt.Sprintf("XBRN%010d", r.Int64N(1e10))
	var digits strings.Builder
	for _, c := range bban + "NL00" {
		if c >= 'A' {
			fmt.Fprint(&digits, c-'A'+10)
		} else {
			digits.WriteRune(c)
		}
	}
	v, _ := new(big.Int).SetString(digits.String(), 10)
	check := 98 - new(big.Int).Mod(v, big.NewInt(97)).Int64()
	return fmt.Sprintf("NL%02d%s", check, bban)
}

// euros writes an amount of cents in Dutch: thousands with a point, the sign in front.
func euros(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	whole := fmt.Sprint(cents / 100)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "." + whole[i:]
	}
	return fmt.Sprintf("%s%s,%02d", sign, whole, cents%100)
}

// html renders the statement. Producers repeat the table's head on every page.
func (s statement) html() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<!DOCTYPE html><html lang="nl"><head><meta charset="utf-8"><title>Rekeningoverzicht</title><style>
@page{size:A4;margin:18mm 15mm 20mm 15mm;@bottom-center{content:"Pagina " counter(page) " van " counter(pages);font-size:8pt}}
body{font-family:"Liberation Sans",Arial,sans-serif;font-size:9pt} h1{font-size:15pt}
table{border-collapse:collapse;width:100%%} th{text-align:left} .a{text-align:right;white-space:nowrap}
td:first-child,td:nth-child(3){white-space:nowrap} %s
</style></head><body><h1>Rekeningoverzicht</h1>
<p>Rekeninghouder: F. de Vries-Voorbeeld<br>Datum van afdruk: 1 juli 2026. De kolommen Datum en Saldo staan hieronder.</p>
<table><thead><tr>`, s.style.css)
	for i, h := range statementHeader {
		fmt.Fprintf(&b, `<th%s>%s</th>`, amountClass(i), h)
	}
	b.WriteString("</tr></thead><tbody>\n")
	for _, r := range s.rows {
		b.WriteString("<tr>")
		for i, c := range r.cells() {
			fmt.Fprintf(&b, `<td%s>%s</td>`, amountClass(i), html.EscapeString(c))
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody></table>\n<p>Dit overzicht is verzonnen. Aan het overzicht kunnen geen rechten worden ontleend.</p></body></html>\n")
	return b.String()
}

func amountClass(i int) string {
	if i >= 3 {
		return ` class="a" align="right"`
	}
	return ""
}
