package scrapetest

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// Mutation is one change of the portal. Several can be combined; they are applied in the order of [Mutations].
type Mutation string

// The mutations. Where nothing else is said, they apply to HTML and JSON alike.
const (
	// Other data in the same layout.
	OtherTexts     Mutation = "other-texts"     // another person's data, and another introduction
	Empty          Mutation = "empty"           // no study debt, and a text that says so
	EmptyWithout   Mutation = "empty-without"   // no study debt, and a text the recipe does not know
	NegativeAmount Mutation = "negative-amount" // an amount below nought
	OtherCurrency  Mutation = "other-currency"  // amounts in dollars

	// Another layout.
	RenamedClasses   Mutation = "renamed-classes"
	Wrapped          Mutation = "wrapped" // more elements around everything
	MovedColumns     Mutation = "moved-columns"
	ExtraColumns     Mutation = "extra-columns"
	MovedCells       Mutation = "moved-cells" // the cells move by one column, but their headings stay
	ReorderedParts   Mutation = "reordered-sections"
	ReorderedLabels  Mutation = "reordered-labels"
	OtherLabels      Mutation = "other-labels"   // texts of labels that the recipe knows as well
	UnknownLabels    Mutation = "unknown-labels" // texts of labels, and members, that it does not know
	UnknownHeadings  Mutation = "unknown-headings"
	AsTable          Mutation = "as-table" // th and td instead of dt and dd
	AsForm           Mutation = "as-form"  // label and input
	AsList           Mutation = "as-list"  // "label: value"
	AsLabelled       Mutation = "as-labelled"
	SoftHyphens      Mutation = "soft-hyphens"        // in labels, with colons and no-break spaces behind
	HiddenDecoys     Mutation = "hidden-decoys"       // the same labels with other values, hidden
	DuplicateLabels  Mutation = "duplicate-labels"    // the same labels with other values, visible
	DuplicateHeading Mutation = "duplicate-headings"  // a second section with the same heading
	SameLabels       Mutation = "same-labels"         // the same labels in a section of their own
	NestedTables     Mutation = "nested-tables"       // an explanation with a table in a value
	Footnotes        Mutation = "footnotes"           // marks of notes behind values
	BareFootnotes    Mutation = "bare-footnotes"      // raised digits behind values
	SplitAmounts     Mutation = "split-amounts"       // whole euros and cents in elements without a mark between
	StruckAmounts    Mutation = "struck-amounts"      // the old amount struck out before the new one
	ActionLinks      Mutation = "action-links"        // a link to change it beside each value
	ActionCells      Mutation = "action-cells"        // the same in an element of its own behind each value
	Tooltips         Mutation = "tooltips"            // help in labels
	EnglishNumbers   Mutation = "english-numbers"     // 1,234.56 and 2.560%
	MonthFirst       Mutation = "month-first"         // 12/31/2026
	MonthsAsYears    Mutation = "years-for-months"    // "10 jaar"
	SplitWords       Mutation = "split-words"         // words in elements without a blank between
	ValuesFirst      Mutation = "values-first"        // dd before dt
	LabelsInCells    Mutation = "labels-in-cells"     // labels before values, for narrow screens
	InAttributes     Mutation = "in-attributes"       // values in attributes instead of texts
	Unfilled         Mutation = "unfilled"            // templates, and values that a script did not have
	Loading          Mutation = "loading"             // texts that stand there until a script has the values
	EscapedTwice     Mutation = "escaped-twice"       // "&#74;ansen"
	NullMembers      Mutation = "null-members"        // in JSON
	ObjectForList    Mutation = "object-for-list"     // in JSON, and lists for objects
	LastYear         Mutation = "last-year"           // what was last year, in the same section
	EmptyElsewhere   Mutation = "empty-elsewhere"     // lists under unknown headings, and the text that there is none for another
	MorePages        Mutation = "more-pages"          // lists that go on on another page
	SubtotalRow      Mutation = "subtotal-row"        // a row with sums that no recipe knows
	TotalRow         Mutation = "total-row"           // a last row with totals
	MissingCell      Mutation = "missing-cell"        // a row without one of its cells
	TextNumbers      Mutation = "numbers-as-texts"    // in JSON, numbers become texts and texts numbers
	DuplicateMembers Mutation = "duplicate-members"   // in JSON
	Banner           Mutation = "banner"              // an advertisement before everything
	Minified         Mutation = "minified"            // without white space between elements
	InFrame          Mutation = "in-frame"            // the page in a frame
	DeepNesting      Mutation = "deep-nesting"        // more than 512 elements or 64 objects inside each other
	OnePage          Mutation = "all-on-one-page"     // both pages' sections on each
	Latin1           Mutation = "latin-1"             // declared as such
	WrongCharset     Mutation = "wrong-charset"       // ISO 8859-1 that is declared as UTF-8
	Mojibake         Mutation = "utf8-called-latin-1" // UTF-8 that is declared as ISO 8859-1

	// Another state.
	Expired         Mutation = "expired"           // a redirect to the login
	ExpiredToDigiD  Mutation = "expired-to-digid"  // a redirect to the government's login
	ExpiredInPlace  Mutation = "expired-in-place"  // a login form instead of the page, with status 200
	ExpiredToForm   Mutation = "expired-to-form"   // a form that a script would send to the government's login
	Maintenance     Mutation = "maintenance"       // status 503
	MaintenancePage Mutation = "maintenance-page"  // a page that says so, with status 200
	Captcha         Mutation = "captcha"           // a question instead of the page
	Truncated       Mutation = "truncated"         // the page ends somewhere
	BrokenOff       Mutation = "broken-off"        // the connection ends before the page does
	WrongMedia      Mutation = "wrong-media-type"  // HTML that is called a picture
	TooManyRequests Mutation = "too-many-requests" // status 429
)

// Mutations returns all mutations in the order in which they are applied.
func Mutations() []Mutation {
	return []Mutation{
		OtherTexts, Empty, EmptyWithout, NegativeAmount, OtherCurrency, OnePage, RenamedClasses, Wrapped, MovedColumns,
		ExtraColumns, MovedCells, ReorderedParts, ReorderedLabels, OtherLabels, UnknownLabels, UnknownHeadings, AsTable, AsForm,
		AsList, AsLabelled, SoftHyphens, EnglishNumbers, MonthFirst, MonthsAsYears, TextNumbers, Footnotes, BareFootnotes,
		SplitAmounts, SplitWords, StruckAmounts, ActionLinks, ActionCells, Tooltips, NestedTables, LabelsInCells, InAttributes, Unfilled, Loading,
		EscapedTwice, NullMembers, SubtotalRow, TotalRow, MissingCell, ValuesFirst, HiddenDecoys, DuplicateLabels, LastYear,
		DuplicateHeading, SameLabels, EmptyElsewhere, MorePages, DuplicateMembers, ObjectForList, Banner, DeepNesting,
		Minified, InFrame, Latin1, WrongCharset, Mojibake, Truncated, BrokenOff, WrongMedia, Captcha, MaintenancePage,
		Maintenance, TooManyRequests, ExpiredInPlace, ExpiredToForm, Expired, ExpiredToDigiD,
	}
}

// ofData applies a mutation of the data.
func ofData(m Mutation, d *data) {
	switch m {
	case OtherTexts:
		*d = *newData(99)
	case Empty, EmptyWithout:
		d.loans = nil
	case NegativeAmount:
		if len(d.loans) > 0 {
			d.loans[0].outstanding = -d.loans[0].outstanding
		}
	case OtherCurrency:
		for i := range d.loans {
			d.loans[i].currency = "USD"
		}
	}
}

// synonyms are labels that the recipes know beside the usual ones.
var synonyms = map[string]string{
	"Geslachtsnaam": "Achternaam", "Geboortedatum": "Geboren op", "Postcode": "Post\u00adcode", "Straat": "Straatnaam",
	"Openstaande schuld": "Huidige schuld", "Maandbedrag": "Maandbedrag op basis van inkomen",
}

// ofView applies a mutation of the layout.
func ofView(m Mutation, v *view, r *rand.Rand) {
	switch m {
	case OtherTexts:
		v.intro = "Kloppen uw gegevens niet? Laat het ons weten."
	case EmptyWithout:
		v.eachPart(func(s *part) {
			if s.list {
				s.note = "Op dit moment is er niets te zien."
			}
		})
	case RenamedClasses:
		v.class = "css-" + string(rune('a'+r.IntN(26))) + "7x-"
	case Wrapped:
		v.wrap = 1 + r.IntN(5)
	case MovedColumns:
		v.eachPart(func(s *part) { s.move(r) })
	case MovedCells:
		v.eachPart(func(s *part) { s.shift() })
	case ExtraColumns:
		v.eachPart(func(s *part) { s.insert(r) })
	case ReorderedParts:
		slices.Reverse(v.sections)
	case ReorderedLabels:
		v.eachPart(func(s *part) { slices.Reverse(s.pairs) })
	case OtherLabels:
		v.eachPair(func(p *pair) {
			if l, ok := synonyms[p.label]; ok {
				p.label = l
			}
		})
	case UnknownLabels:
		v.eachPair(func(p *pair) { p.label, p.member = "Uw "+strings.ToLower(p.label), p.member+"V2" })
	case UnknownHeadings:
		v.eachPart(func(s *part) { s.heading, s.id = "Overzicht "+s.heading, s.id+"V2" })
	case AsTable:
		v.widget = "table"
	case AsForm:
		v.widget = "form"
	case AsList:
		v.widget = "list"
	case AsLabelled:
		v.widget = "aria"
	case ValuesFirst:
		v.widget = "reversed"
	case Banner:
		v.banner = true
	case ActionCells:
		v.actions = true
	case Tooltips:
		v.help = true
	case MorePages:
		v.more = true
	case ObjectForList:
		v.swapped = true
	case SoftHyphens:
		v.eachPair(func(p *pair) {
			if n := len(p.label) / 2; n > 0 && p.label[n] < 0x80 && p.label[n-1] < 0x80 {
				p.label = p.label[:n] + "\u00ad" + p.label[n:] + "\u00a0:"
			}
		})
	default:
		ofValues(m, v, r)
	}
}

func (v *view) eachPart(f func(*part)) {
	for _, s := range v.sections {
		f(s)
	}
}

// eachPair visits all pairs of all sections and rows.
func (v *view) eachPair(f func(*pair)) {
	v.eachPart(func(s *part) {
		for i := range s.pairs {
			f(&s.pairs[i])
		}
		for _, row := range s.rows {
			for i := range row {
				f(&row[i])
			}
		}
	})
}

// move puts the columns into another order.
func (s *part) move(r *rand.Rand) {
	if len(s.rows) == 0 {
		return
	}
	order := r.Perm(len(s.rows[0]))
	if slices.IsSorted(order) {
		slices.Reverse(order)
	}
	for i, row := range s.rows {
		out := make([]pair, len(row))
		for to, from := range order {
			out[to] = row[from]
		}
		s.rows[i] = out
	}
}

// shift moves all cells by one column, while the headings stay.
func (s *part) shift() {
	for _, row := range s.rows {
		last := row[len(row)-1]
		for j := len(row) - 1; j >= 0; j-- {
			from := last
			if j > 0 {
				from = row[j-1]
			}
			row[j].text, row[j].html, row[j].json = from.text, from.html, from.json
		}
	}
}

// insert adds columns and pairs of another meaning.
func (s *part) insert(r *rand.Rand) {
	extra := []pair{
		{label: "Aangevraagd bedrag", text: "€ 99.999,99", member: "aangevraagd", json: "99999.99"},
		{label: "Vorige schuld", text: "€ 88.888,88", member: "vorige", json: "88888.88"},
	}
	if len(s.pairs) > 0 {
		s.pairs = slices.Insert(s.pairs, r.IntN(len(s.pairs)), extra...)
	}
	if len(s.rows) > 0 {
		at := r.IntN(len(s.rows[0]))
		for i := range s.rows {
			s.rows[i] = slices.Insert(s.rows[i], at, extra...)
		}
	}
}

// isAmount tells amounts by their sign.
func (p *pair) isAmount() bool { return strings.ContainsAny(p.text, "€$") }
