package scrape

import (
	"strconv"
	"strings"

	"github.com/brondata/brondata/model"
)

// months are the names and customary short forms of the months in Dutch.
var months = map[string]int{
	"januari": 1, "jan": 1, "februari": 2, "feb": 2, "maart": 3, "mrt": 3, "april": 4, "apr": 4, "mei": 5,
	"juni": 6, "jun": 6, "juli": 7, "jul": 7, "augustus": 8, "aug": 8, "september": 9, "sep": 9, "sept": 9,
	"oktober": 10, "okt": 10, "november": 11, "nov": 11, "december": 12, "dec": 12,
}

// Dates outside these years are no dates of a living person's affairs, but a field in another form.
const firstYear, lastYear = 1800, 2200

// parseDate reads a date in one form. The forms exclude each other, so their order does not matter.
func parseDate(s string, f DateFormat) (model.Date, bool) {
	var y, m, d string
	month := 0
	switch f {
	case DateISO:
		v, err := model.ParseDate(s)
		return v, err == nil && plausible(v)
	case DateCompact:
		if len(s) != 8 {
			return model.Date{}, false
		}
		y, m, d = s[:4], s[4:6], s[6:]
	case DateNumeric:
		i := strings.IndexAny(s, "-/.")
		if i < 0 {
			return model.Date{}, false
		}
		mark := s[i : i+1]
		d, s, _ = strings.Cut(s, mark)
		m, y, _ = strings.Cut(s, mark)
		if len(m) > 2 {
			return model.Date{}, false
		}
	case DateDutch:
		first, rest, ok := strings.Cut(s, " ")
		if !ok || first == "0" || first == "00" {
			return model.Date{}, false
		}
		if d, m, y = "0", first, rest; isDigitAt(first) {
			d = first
			m, y, _ = strings.Cut(rest, " ")
		}
		month = months[strings.TrimSuffix(strings.ToLower(m), ".")]
		if month == 0 {
			return model.Date{}, false
		}
		m = "0"
	default:
		return model.Date{}, false
	}
	if len(y) != 4 || len(d) > 2 || !allDigits(y+m+d) || d == "" || m == "" {
		return model.Date{}, false
	}
	yy, _ := strconv.Atoi(y)
	mm, _ := strconv.Atoi(m)
	dd, _ := strconv.Atoi(d)
	if f == DateDutch {
		mm = month
	}
	v, err := model.NewDate(yy, mm, dd)
	return v, err == nil && plausible(v)
}

func plausible(d model.Date) bool { return d.Year() >= firstYear && d.Year() <= lastYear }
