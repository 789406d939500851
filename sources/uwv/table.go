package uwv

import (
	"strings"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources/pdftext"
)

// table is where the columns of a block stand.
type table struct {
	hours, wage span
	seen        span // the wages of rows without a car so far; they may stand beside the header's words
}

// tableHeader reads "Periode | Aantal uur | Sv-loon".
func tableHeader(ws []pdftext.Word) (*table, bool) {
	var b strings.Builder
	for _, w := range ws {
		for _, r := range strings.ToLower(w.Text) {
			if strings.ContainsRune(signs, r) {
				r = '-'
			}
			b.WriteRune(r)
		}
	}
	if b.String() != "periodeaantaluursv-loon" || len(ws) < 4 {
		return nil, false
	}
	t := &table{hours: extent(ws[1:3]), wage: extent(ws[3:])}
	t.seen = t.wage
	return t, true
}

// isPeriod reports whether a line begins with "dd-mm-jjjj t/m dd-mm-jjjj".
func isPeriod(ws []pdftext.Word) bool {
	return len(ws) >= 3 && isDate(ws[0].Text) && strings.EqualFold(ws[1].Text, "t/m") && isDate(ws[2].Text)
}

// row is one row of a table while it is read.
type row struct {
	income
	t       *table
	block   *block
	last    float64 // the baseline of the last line
	inner   float64 // from the period to the line after it; 0 where there is none
	page    int
	pending []carLabel // labels whose amount has not come
	cars    bool       // a car's label was there
	wage    bool       // the wage is known, and so it was on the line of the period
	onFirst bool
	alone   bool // the wage stood on a line with nothing else
	bad     bool // amounts cannot be told apart: no further one is taken
}

// newRow reads the line with the period. A value that has not its form, or stands under another column, is left out.
func newRow(l line, t *table) *row {
	r := &row{t: t, last: l.y, page: l.page}
	r.at, r.starts = l.at(), l.page
	r.period(l.words[0].Text, l.words[2].Text)
	found, rest := carLabels(l.words[3:])
	lead, amounts := columns(rest)
	r.pending, r.cars = found, len(found) > 0
	if len(lead) == 0 {
		add(&r.doubts, model.IssueMissing, "hours")
	} else if d, ok := parseHours(join(lead)); !ok {
		add(&r.doubts, model.IssueInvalid, "hours")
	} else if x := extent(lead); x.distance(t.hours) >= x.distance(t.wage) {
		add(&r.doubts, model.IssueLayout, "hours")
	} else {
		r.hours = &d
	}
	switch {
	case len(found) > carTexts:
		r.conflict()
	case r.cars && len(amounts) > 0:
		r.assign(amounts)
	case len(amounts) > 1:
		add(&r.doubts, model.IssueConflict, "socialInsuranceWage")
		r.bad = true
	case len(amounts) == 1 && amounts[0].distance(t.seen) >= amounts[0].distance(t.hours):
		add(&r.doubts, model.IssueLayout, "socialInsuranceWage")
		r.bad = true
	case len(amounts) == 1:
		r.setWage(amounts[0])
		r.onFirst = true
		t.seen = t.seen.union(amounts[0].span)
	}
	return r
}

func (r *row) period(from, to string) {
	var ok1, ok2 bool
	r.from, ok1 = parseDate(from)
	r.to, ok2 = parseDate(to)
	if !ok1 || !ok2 {
		r.from, r.to = model.Date{}, model.Date{}
		add(&r.doubts, model.IssueInvalid, "period")
	}
}

func (r *row) setWage(a amount) {
	v, ok := parseAmount(a.text)
	if !ok {
		add(&r.doubts, model.IssueInvalid, "socialInsuranceWage")
	}
	r.sv, r.wage = v, true
}

// carLabel is one of the two texts about a company car, and where it stands.
type carLabel struct {
	private bool // waarde privégebruik; else eigen bijdrage
	span
}

// carLabels takes the texts about a car out of the words of a line. The é may be one that the font does not tell.
func carLabels(ws []pdftext.Word) (found []carLabel, rest []pdftext.Word) {
	for i := 0; i < len(ws); {
		if i+2 < len(ws) && strings.EqualFold(ws[i+2].Text, "auto") {
			a, b := strings.ToLower(ws[i].Text), strings.ToLower(ws[i+1].Text)
			own := a == "eigen" && b == "bijdrage"
			private := a == "waarde" && strings.HasPrefix(b, "priv") && strings.HasSuffix(b, "gebruik")
			if own || private {
				found = append(found, carLabel{private, extent(ws[i : i+3])})
				i += 3
				continue
			}
		}
		rest = append(rest, ws[i])
		i++
	}
	return found, rest
}

// more takes a further line of the row. It is false for a line that is none.
func (r *row) more(l line) bool {
	found, rest := carLabels(l.words)
	lead, amounts := columns(rest)
	if len(lead) > 0 || len(found)+len(amounts) == 0 {
		return false
	}
	if r.inner == 0 && l.page == r.page {
		r.inner = l.y - r.last
	}
	r.last, r.page = l.y, l.page
	r.cars = r.cars || len(found) > 0
	if r.bad {
		return true
	}
	if r.pending = append(r.pending, found...); len(r.pending) > carTexts {
		r.conflict()
	} else if len(amounts) > 0 {
		r.assign(amounts)
	}
	return true
}

// assign gives the amounts of a line to the labels that wait for one, and to the wage. It follows the columns; where
// they leave a choice, nothing is taken.
func (r *row) assign(as []amount) {
	n, last := len(r.pending), as[len(as)-1]
	under := last.overlaps(r.t.seen) // the last one may be the wage
	switch {
	case n == 0 && len(as) == 1 && under && !r.wage:
		r.setWage(last)
		r.alone = true
	case n > 0 && len(as) == n+1 && under && !r.wage && r.inOrder():
		r.setWage(last)
		r.carAmounts(as[:n])
	case n > 0 && len(as) == n && (r.wage || !under) && r.inOrder():
		r.carAmounts(as)
	case n > len(as) && (r.wage || !under):
		r.byPlace(as)
	default:
		r.conflict()
	}
}

// carTexts is how many texts about a car there are.
const carTexts = 2

// inOrder reports whether the labels that wait stand from left to right, as the amounts do. Of labels above each other, or
// of such as a table gives in another order than it shows, nothing says which amount is whose.
func (r *row) inOrder() bool {
	for i := 1; i < len(r.pending); i++ {
		if r.pending[i].x0 < r.pending[i-1].x1-touch {
			return false
		}
	}
	return true
}

// carAmounts gives the labels that wait their amounts, from left to right.
func (r *row) carAmounts(as []amount) {
	for i, a := range as {
		r.carAmount(r.pending[i], a)
	}
	r.pending = nil
}

// byPlace serves fewer amounts than labels: each must stand under or beside exactly one.
func (r *row) byPlace(as []amount) {
	for _, a := range as {
		at := -1
		for i, l := range r.pending {
			if !a.overlaps(l.span) {
				continue
			}
			if at >= 0 {
				r.conflict()
				return
			}
			at = i
		}
		if at < 0 {
			r.conflict()
			return
		}
		r.carAmount(r.pending[at], a)
		r.pending = append(r.pending[:at:at], r.pending[at+1:]...)
	}
}

func (r *row) carAmount(l carLabel, a amount) {
	v, ok := parseAmount(a.text)
	to, field := &r.car.OwnContribution, "companyCar.ownContribution"
	if l.private {
		to, field = &r.car.PrivateUseValue, "companyCar.privateUseValue"
	}
	switch {
	case !ok:
		add(&r.doubts, model.IssueInvalid, field)
	case !to.IsZero():
		r.conflict() // the same label twice
	default:
		*to = v
	}
}

// conflict drops what was read of the car, and a wage that may be one of its amounts.
func (r *row) conflict() {
	r.bad, r.pending = true, nil
	r.car = model.CompanyCar{}
	add(&r.doubts, model.IssueConflict, "companyCar")
	if !r.onFirst {
		r.sv, r.wage = model.Money{}, true
		add(&r.doubts, model.IssueConflict, "socialInsuranceWage")
	}
}

// incomplete reports whether further lines are expected.
func (r *row) incomplete() bool {
	return !r.wage || len(r.pending) > 0 || r.cars && (r.car.OwnContribution.IsZero() || r.car.PrivateUseValue.IsZero())
}

// end closes the row; next is the first line of what follows on the page, nil where nothing does. Where the lines after
// the period are nearer to the next period than to their own, periods may stand beside the middle of their rows.
func (r *row) end(next *line) income {
	if r.inner > 0 && next != nil && next.page == r.page && r.inner > nearer*(next.y-r.last) {
		r.conflict()
		add(&r.doubts, model.IssueLayout, "")
	}
	if !r.bad && len(r.pending) > 0 {
		add(&r.doubts, model.IssueMissing, "companyCar")
	}
	if r.alone && !r.cars {
		// It may as well be a total under a row that lacks its wage.
		add(&r.doubts, model.IssueLayout, "socialInsuranceWage")
	}
	if !r.wage && !r.bad {
		add(&r.doubts, model.IssueMissing, "socialInsuranceWage")
	}
	return r.income
}

// nearer is how many times further away its own period may be.
const nearer = 1.3
