package uwv

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources/pdftext"
)

// line is one line of a page.
type line struct {
	words     []pdftext.Word
	page, row int
	y         float64 // its baseline on the page
}

func (l line) at() model.Locator { return model.AtPage(l.page, l.row) }

func (l line) text() string { return join(l.words) }

func join(ws []pdftext.Word) string {
	var b strings.Builder
	for i, w := range ws {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.Text)
	}
	return b.String()
}

// span is a horizontal extent.
type span struct{ x0, x1 float64 }

func extent(ws []pdftext.Word) span {
	s := span{ws[0].X0, ws[0].X1}
	for _, w := range ws[1:] {
		s.x0, s.x1 = min(s.x0, w.X0), max(s.x1, w.X1)
	}
	return s
}

// touch is the slack in points with which two extents count as above each other.
const touch = 1

func (s span) overlaps(o span) bool { return s.x0 < o.x1+touch && o.x0 < s.x1+touch }

// distance is the gap between two extents, negative where they overlap.
func (s span) distance(o span) float64 { return max(s.x0-o.x1, o.x0-s.x1) }

func (s span) union(o span) span { return span{min(s.x0, o.x0), max(s.x1, o.x1)} }

// amount is a text around one euro sign, with where it stands.
type amount struct {
	text string
	span
}

// The currency sign is what fonts with an old encoding call their euro.
const euros = "\u20ac\u00a4"

// signs are the hyphens and dashes that stand for a minus. The soft hyphen is what some fonts' hyphen decodes to.
const signs = "-\u2212\u2013\u2010\u2011\u00ad"

func isSign(s string) bool { return s != "" && strings.Trim(s, signs) == "" }

func hasEuro(s string) bool { return strings.ContainsAny(s, euros) }

// columns splits the words of a line into what stands before the first amount, and the amounts. A minus sign that stands
// alone between two numbers belongs to the nearer one; where neither is clearly nearer, both become unreadable.
func columns(ws []pdftext.Word) (lead []pdftext.Word, out []amount) {
	ws = apart(ws)
	var cur []pdftext.Word
	open := false // cur is an amount
	flush := func() {
		if open && len(cur) > 0 {
			out = append(out, amount{join(cur), extent(cur)})
		} else if !open {
			lead = cur
		}
	}
	for i := 0; i < len(ws); i++ {
		w := ws[i]
		starts := hasEuro(w.Text)
		if isSign(w.Text) && i+1 < len(ws) && hasEuro(ws[i+1].Text) {
			left := 1e9
			if i > 0 {
				left = w.X0 - ws[i-1].X1
			}
			right := ws[i+1].X0 - w.X1
			switch {
			case left > signNear*right+touch:
				starts = true
			case right > signNear*left+touch:
			default:
				w.Text += unreadable
				cur = append(cur, w) // to the left, and the next one gets its own mark
				ws[i+1].Text = unreadable + ws[i+1].Text
				continue
			}
		}
		if starts && (!open || hasEuro(join(cur))) {
			flush()
			cur, open = nil, true
		}
		cur = append(cur, w)
	}
	flush()
	return lead, out
}

// signNear is how many times nearer a sign must be to its number than to the other one.
const signNear = 1.5

// unreadable makes a text no number.
const unreadable = "\ufffd"

// apart splits words such as "149,01€" before the euro sign, and before the minus of "-€".
func apart(ws []pdftext.Word) []pdftext.Word {
	var out []pdftext.Word
	for _, w := range ws {
		for len(w.Text) <= maxNumber {
			i := strings.IndexAny(w.Text, euros)
			if i <= 0 || isSign(w.Text[:i]) {
				i = -1
				if j := strings.IndexAny(w.Text, euros); j >= 0 { // a second one
					_, n := utf8.DecodeRuneInString(w.Text[j:])
					if k := strings.IndexAny(w.Text[j+n:], euros); k >= 0 {
						i = j + n + k
					}
				}
			}
			if i < 0 {
				break
			}
			// Glyphs have about the same width: where exactly the cut lies does not matter to which column a part overlaps.
			x := w.X0 + (w.X1-w.X0)*float64(utf8.RuneCountInString(w.Text[:i]))/float64(utf8.RuneCountInString(w.Text))
			head := w
			head.Text, head.X1 = w.Text[:i], x
			w.Text, w.X0 = w.Text[i:], x
			out = append(out, head)
		}
		out = append(out, w)
	}
	return out
}

// maxNumber is the length in bytes of the longest word that may hold two amounts.
const maxNumber = 100

// The numbers, as the document writes them: the sign before or after, and before or after the euro sign.
var (
	wholeNumber = regexp.MustCompile(`^([` + signs + `])? ?([0-9][0-9.]*(?:,[0-9]{1,2})?) ?([` + signs + `])?$`)
	euroNumber  = regexp.MustCompile(`^([` + signs + `])? ?[` + euros + `] ?([` + signs + `])? ?([0-9][0-9.]*,[0-9]{2}) ?([` + signs + `])?$`)
)

func parseHours(s string) (model.Decimal, bool) {
	m := wholeNumber.FindStringSubmatch(s)
	if m == nil {
		return model.Decimal{}, false
	}
	return signed(m[2], m[1]+m[3])
}

func parseAmount(s string) (model.Money, bool) {
	m := euroNumber.FindStringSubmatch(s)
	if m == nil {
		return model.Money{}, false
	}
	d, ok := signed(m[3], m[1]+m[2]+m[4])
	if !ok {
		return model.Money{}, false
	}
	v, err := model.NewMoney(d, model.EUR)
	return v, err == nil
}

// signed reads digits with the signs that stood around them: none or one.
func signed(digits, sign string) (model.Decimal, bool) {
	d, err := model.ParseDecimalIn(digits, model.DutchFormat)
	if err != nil || utf8.RuneCountInString(sign) > 1 {
		return model.Decimal{}, false
	}
	if sign != "" {
		d = d.Neg()
	}
	return d, true
}

var dayMonthYear = regexp.MustCompile(`^([0-9]{2})[-\x{2010}\x{2011}\x{ad}]([0-9]{2})[-\x{2010}\x{2011}\x{ad}]([0-9]{4})$`)

// isDate reports whether s has the form of a date; parseDate may still find that there is no such day.
func isDate(s string) bool { return dayMonthYear.MatchString(s) }

func parseDate(s string) (model.Date, bool) {
	m := dayMonthYear.FindStringSubmatch(s)
	if m == nil {
		return model.Date{}, false
	}
	d, err := model.ParseDate(m[3] + "-" + m[2] + "-" + m[1])
	return d, err == nil
}
