package uwv

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/pdftext"
)

// What stands at the top or the foot of every page.
var (
	formVersion = regexp.MustCompile(`\bVZB[-\x{2010}\x{2011}\x{ad}]([0-9]{3})\b`)
	birthDate   = regexp.MustCompile(`(?:^|\s)Geboortedatum ?: ?(\S*)`)
	madeOn      = regexp.MustCompile(`(?:^|\s)Datum ?: ?(?:(?:([0-9]{1,2}) (\pL+) ([0-9]{4})|([0-9]{2}-[0-9]{2}-[0-9]{4}))(?:\s|$))?`)
	address     = regexp.MustCompile(`^(De heer|Mevrouw) (.+)$`)
	afterName   = regexp.MustCompile(` (?:Geboortedatum|Datum|Pagina|Blad|BSN|Burgerservicenummer|VZB[-\x{2010}\x{2011}\x{ad}][0-9])`)
	citizen     = regexp.MustCompile(`(?i)(^|.*?[^\pL\pN])(?:BSN|Burgerservicenummer(?: \(BSN\))?) ?:? ?([0-9]{8,9}|[0-9]{4}[. ][0-9]{2}[. ][0-9]{3})\b`)
)

var months = []string{
	"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december",
}

// versions are the form versions whose layout is described.
var versions = []string{"004", "005", "006"}

// running is what the pages say of themselves.
type running struct {
	gender   model.Gender
	name     string
	born     string        // as printed; "" where no page has it
	bsn      string        // the digits after the label
	bsnAt    model.Locator // of the first number, whoever's it is
	made     model.Date
	badMade  bool
	version  string
	at       model.Locator // of the first name
	named    map[int]bool  // pages with a name
	last     line          // the one with the latest name
	wrapped  bool          // a name seems to go on below
	conflict bool          // two pages name different persons, or dates of birth
	mixed    bool          // two form versions
	pages    numbering
}

// take reads a line that belongs to the top or foot of a page. It is false for all others.
func (r *running) take(l line) bool {
	text, taken := l.text(), false
	for _, m := range formVersion.FindAllStringSubmatch(text, -1) {
		r.mixed = r.mixed || r.version != "" && r.version != m[1]
		r.version, taken = m[1], true
	}
	for _, m := range birthDate.FindAllStringSubmatch(text, -1) {
		taken = true
		r.conflict = r.conflict || r.born != "" && m[1] != "" && r.born != m[1]
		if r.born == "" {
			r.born = m[1]
		}
	}
	for _, m := range madeOn.FindAllStringSubmatch(text, -1) {
		taken = true
		r.date(m)
	}
	for _, part := range parts(l.words) {
		text := join(part)
		for _, m := range citizen.FindAllStringSubmatch(text, -1) {
			taken = true
			r.number(l, m[1], m[2])
		}
		r.wrapped = r.wrapped || r.goesOn(l, part, text)
		if i := afterName.FindStringIndex(text); i != nil {
			text = text[:i[0]]
		}
		if m := address.FindStringSubmatch(text); m != nil {
			taken = true
			r.person(l, m[1], m[2])
			r.last = line{words: part[:min(len(part), 3)], page: l.page, y: l.y}
		}
		taken = r.pages.take(l.page, text) || taken
	}
	return taken || strings.EqualFold(text, "Printversie verzekeringsbericht") || strings.EqualFold(text, "uwv")
}

// number takes the digits after a label, unless the words before it say that they are somebody else's.
func (r *running) number(l line, before, digits string) {
	if r.bsnAt == "" {
		r.bsnAt = l.at()
	}
	if before = strings.TrimSpace(before); before != "" && !beforeNumber.MatchString(before) {
		return
	}
	digits = strings.NewReplacer(".", "", " ", "").Replace(digits)
	r.conflict = r.conflict || r.bsn != "" && r.bsn != digits
	r.bsn = digits
}

// beforeNumber is what may stand before the label on its line: what else the page says of the person.
var beforeNumber = regexp.MustCompile(`^(?:Uw|(?:De heer|Mevrouw) .+|Geboortedatum ?: ?\S+|Datum ?: ?[0-9]+ \pL+ [0-9]+)$`)

// hideNumber leaves out a value with a BSN in it: one leaves only as what it is.
func (r *running) hideNumber(h *header, l line) {
	for k := range h {
		if citizen.MatchString(h[k].text) {
			h[k] = field{present: true, doubt: model.IssueSuspicious}
			if r.bsnAt == "" {
				r.bsnAt = l.at()
			}
		}
	}
}

// goesOn reports whether a part of a line may be the rest of the name above it.
func (r *running) goesOn(l line, part []pdftext.Word, text string) bool {
	n := r.last.words
	if len(n) == 0 || l.page != r.last.page || l.y <= r.last.y || l.y-r.last.y > maxLeading*n[0].Size || len(part) > maxNameWords ||
		strings.ContainsAny(text, "0123456789:") || afterName.MatchString(" "+text) {
		return false
	}
	return slices.ContainsFunc(n, func(w pdftext.Word) bool { return math.Abs(w.X0-part[0].X0) <= indent })
}

// maxNameWords is how many words the rest of a name has at most: more are a sentence.
const maxNameWords = 4

// parts cuts a line at its wide gaps: a name ends before what stands at the other side of the page.
func parts(ws []pdftext.Word) (out [][]pdftext.Word) {
	from := 0
	for i := 1; i <= len(ws); i++ {
		if i == len(ws) || ws[i].X0-ws[i-1].X1 > wideGap*ws[i].Size {
			out = append(out, ws[from:i])
			from = i
		}
	}
	return out
}

// wideGap is the gap in font sizes that no space between two words has.
const wideGap = 1.5

func (r *running) person(l line, form, name string) {
	gender := model.GenderMale
	if form == "Mevrouw" {
		gender = model.GenderFemale
	}
	switch {
	case r.name == "":
		r.gender, r.name, r.at = gender, name, l.at()
	case r.name != name || r.gender != gender:
		r.conflict = true
	}
	if r.named == nil {
		r.named = map[int]bool{}
	}
	r.named[l.page] = true
}

func (r *running) date(m []string) {
	var d model.Date
	ok := false
	if m[4] != "" {
		d, ok = parseDate(m[4])
	} else if i := slices.Index(months, strings.ToLower(m[2])); i >= 0 {
		day, err1 := strconv.Atoi(m[1])
		year, err2 := strconv.Atoi(m[3])
		if err1 == nil && err2 == nil && day > 0 {
			v, err := model.NewDate(year, i+1, day)
			d, ok = v, err == nil
		}
	}
	r.badMade = r.badMade || !ok || !r.made.IsZero() && r.made != d
	if r.made.IsZero() {
		r.made = d
	}
	if r.badMade {
		r.made = model.Date{}
	}
}

// check says whether the pages belong together and have a known layout.
func (r *running) check() error {
	switch {
	case r.conflict:
		return sources.Errorf(sources.ErrMalformed, "the pages name different persons or birth dates")
	case r.mixed:
		return sources.Errorf(sources.ErrLayoutChanged, "the pages have different form versions")
	case r.version != "" && !slices.Contains(versions, r.version):
		return sources.Errorf(sources.ErrLayoutChanged, "a form version other than VZB-004 to VZB-006")
	}
	return nil
}

// record makes the person of it, nil where no page names one.
func (r *running) record(bsn bool) *model.Person {
	if r.name == "" && r.born == "" {
		return nil
	}
	p := &model.Person{Gender: r.gender}
	switch {
	case r.name == "":
		add(&p.Issues, model.IssueMissing, "name")
	case strings.ContainsAny(r.name, "0123456789:"), len(r.name) > maxValue:
		add(&p.Issues, model.IssueInvalid, "name") // more than a name
	default:
		p.Name = nameOf(r.name)
	}
	if strings.Contains(r.name, unreadable) {
		add(&p.Issues, model.IssueCharset, "name")
	}
	if r.wrapped {
		add(&p.Issues, model.IssueLayout, "name")
	}
	d, ok := parseDate(r.born)
	switch {
	case ok:
		p.BirthDate = d
	case r.born == "":
		add(&p.Issues, model.IssueMissing, "birthDate")
	default:
		add(&p.Issues, model.IssueInvalid, "birthDate")
	}
	if bsn && r.bsn != "" {
		v, err := model.ParseBSN(r.bsn)
		if err != nil {
			add(&p.Issues, model.IssueChecksum, "bsn")
		}
		p.BSN = v
	}
	return p
}

var initials = regexp.MustCompile(`^(?:\p{Lu}\p{L}{0,2}\.)+$`)

// nameOf tells the parts of a name apart where it begins with initials: what follows them in small letters is the prefix.
func nameOf(full string) model.Name {
	n := model.Name{Full: full}
	ws := strings.Fields(full)
	i := 0
	for i < len(ws) && initials.MatchString(ws[i]) {
		i++
	}
	if i == 0 || i == len(ws) || strings.ContainsAny(full, "(),"+unreadable) {
		return n
	}
	j := i
	for j < len(ws) && !strings.ContainsFunc(ws[j], unicode.IsUpper) {
		j++
	}
	if j == len(ws) {
		return n
	}
	n.Initials, n.Prefix, n.Family = strings.Join(ws[:i], ""), strings.Join(ws[i:j], " "), strings.Join(ws[j:], " ")
	return n
}

// add adds a doubt once.
func add(is *[]model.Issue, code model.IssueCode, field string) {
	if i := model.Doubt(code, field); !slices.Contains(*is, i) {
		*is = append(*is, i)
	}
}
