package scrape

import (
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// Recipe says where an institution's portal shows what, in data alone. It holds no value of a subject: all of its texts are
// those of the recipe's author, and its names are what errors and provenance say.
type Recipe struct {
	// ID names the source, in the form of [model.ValidName].
	ID          model.SourceID
	Institution model.InstitutionID
	// BaseURL is the portal's origin, such as "https://mijn.example.nl": https, without a path.
	BaseURL string
	// Hosts are further hosts that pages redirect to. That of BaseURL is always among them, those of DigiD never.
	Hosts []string
	// Currency is that of amounts which name none; EUR by default. An amount that names another is a changed layout.
	Currency model.Currency
	// Ignore are CSS selectors of elements that a style sheet hides, such as ".d-none", or shows to screen readers only. What
	// the page itself says is hidden (hidden, aria-hidden, an inline style) is ignored in any case.
	Ignore []string
	// Login tells a login page, shown where the session has ended. A password field and a redirect to DigiD always do; so
	// does a form or link to DigiD on a page that lacks an anchor.
	Login Marks
	// Maintenance tells a page that says to come back later. Status 503 always does.
	Maintenance Marks
	Pages       []Page
	// Logout is requested once when a collection ends, however it ended, and also where its context has; nil where the
	// portal has none.
	Logout *Request
	// FallbackInterface allows categories of payment accounts. Their data may be scraped only through the fallback of
	// Delegated Regulation (EU) 2018/389, art. 33, by a licensed party that identifies itself with a qualified certificate
	// (sources.HTTPOptions has a place for it). Without it such a recipe is refused: use the bank's interface.
	FallbackInterface bool
	// Assumed says that the layout was never checked against the real portal: every record then carries
	// [model.IssueUnverified].
	Assumed bool
	// Verified says what the recipe was checked against, and when.
	Verified []sources.Verification
}

// Marks tell a kind of page. One of them is enough.
type Marks struct {
	// Paths are beginnings of paths of the portal that it redirects to: "/login".
	Paths []string
	// Hosts are hosts that it redirects to; they need not be allowed ones, since they are never called.
	Hosts []string
	// Headings are texts of visible headings.
	Headings []string
	// Selectors are CSS selectors of visible elements.
	Selectors []string
	// JSON are paths of members that only such an answer has, or "path=text" for one with that text.
	JSON []string
}

// Request is a request that a recipe declares.
type Request struct {
	Method string // GET by default, or POST
	Path   string // below BaseURL, with a fixed query where needed
	// Form is the fixed body of a POST.
	Form map[string]string
}

// MediaType is what a page is written in.
type MediaType uint8

// The media types.
const (
	HTML MediaType = iota // the default
	JSON                  // what the portal's own page loads in the same session
)

// Page is one request and the sections to read from its answer. A page is read whole or not at all: where anything that
// was asked for is not as the recipe says, nothing of the page is delivered.
type Page struct {
	Name    string // small letters, digits and dashes; at most four digits after letters
	Request        // GET unless Method says POST. Paths that sound as if they changed something are refused
	Media   MediaType
	// Number is how the page writes numbers: Dutch for HTML and plain for JSON by default.
	Number model.NumberFormat
	// Anchors must be there for the page to be read at all.
	Anchors []Anchor
	// End is what an HTML page ends with; "</html>" by default. Without it the page counts as cut off.
	End      string
	Sections []Section
}

// Anchor is something that a page of the known layout has. Set one field of the three.
type Anchor struct {
	Heading  []string // a visible heading with one of these texts
	Selector string   // a visible element
	JSON     string   // a member
}

// Section is a part of a page that holds one record, or a list of records, of one category.
type Section struct {
	Name     string // as that of a page
	Category model.Category
	// Heading finds a section of an HTML page: exactly one visible heading, legend or caption must have one of the texts. A
	// legend or caption inside the section may repeat it.
	// The section reaches to the next heading of the same or a higher level, and not out of the smallest section, article,
	// fieldset or table around the heading. Texts are compared without case, blanks at the ends and a colon behind.
	Heading []string
	// Selector finds it instead by CSS, as the only visible element that matches.
	Selector string
	// JSON finds it in an answer in JSON; see [Field.JSON]. "" is the whole answer.
	JSON string
	// Rows says that the section is a table with a row for each record, whose columns are found by the labels of the
	// fields; in JSON, that it is an array.
	Rows bool
	// Skip names rows that hold no record by the text of their first cell, such as "Totaal". A row of totals that is not
	// named is a changed layout.
	Skip []string
	// Items is a CSS selector of elements of the section that hold one record each, with labels inside; instead of Rows.
	Items string
	// Empty are texts that say that there is nothing to show: no record, and all the same complete. Portals may leave out
	// the heading then; so a text counts also where it stands under no heading but one of level 1, on a page that has none
	// of the section's labels. Choose one that says what there is none of.
	Empty []string
	// EmptyArray says that in JSON an array without elements, or null, means the same.
	EmptyArray bool
	// Fixed sets fields to a text that the page does not show: {"kind": "home"}.
	Fixed  map[string]string
	Fields []Field
}

// Field is one value of a record and where it stands. Set Label, Selector or JSON.
type Field struct {
	// Into is the JSON name of the record's field, with a point for a part: "name.family"; "extra.NAME" for a text beyond
	// the record type.
	Into string
	Kind Kind
	// Label are the texts that the value may stand behind: in a dt, a th of a row with one other cell, a label, an element
	// that aria-labelledby points at, or before a colon in a paragraph or a list; in a table of Rows, at the head of a column.
	// A dd or cell behind the value may hold what one can do about it: buttons, and links such as "Wijzig".
	Label []string
	// Selector finds the value's element by CSS inside the section. :nth-child, :first-child and their kin are not allowed:
	// they count on positions, and are slow.
	Selector string
	// Attr takes the value from an attribute of Selector's element instead of its text.
	Attr string
	// JSON is a path inside the section: names with points between, and [name=text] to choose the only element of an array
	// whose member has the text: "addresses[kind=WOON].street".
	JSON string
	// Optional says that the label may be missing. A changed label then goes unseen, but for the drift report: use Absent
	// where the page shows the label without a value.
	Optional bool
	// Absent are values that stand for no value: "-", "", "onbekend"; "null" for that of JSON.
	Absent []string
	// Number overrides that of the page.
	Number model.NumberFormat
	// Currency overrides that of the recipe. CurrencyJSON is a path to a member that must name it.
	Currency     model.Currency
	CurrencyJSON string
	// MinorUnits says that an amount is a whole number of cents.
	MinorUnits bool
	// Dates are the forms that a date may have; Dutch words and numbers for HTML and ISO 8601 for JSON by default.
	Dates []DateFormat
	// Units are words that a whole number must have behind it: "maanden". "" allows none.
	Units []string
	// Values translate texts of the page to those of the model for [Choice].
	Values map[string]string
	// Pattern is a regular expression that a text must match as a whole.
	Pattern string
	// Lines allows a text of several lines, which are joined with a blank.
	Lines bool
}

// Kind is the type of a field's value. A value that is not of its type is a changed layout.
type Kind uint8

// The kinds. Amounts and percentages may have a sign before the number; one behind it is refused, since portals use it
// for several things.
const (
	Text     Kind = iota // at most 1,000 characters on one line
	Digits               // a text of digits only
	Money                // "€ 1.234,56", "1.234,56 EUR", "€ 12,-": two decimals, or none
	Date                 // see [DateFormat]
	Decimal              // a number; one with a single mark between thousands and no decimals could be read in two ways
	Percent              // a number without marks between thousands, with or without "%"
	Int                  // a whole number; 0 is a value
	Choice               // one of Values
	Postcode             // a Dutch postcode
	IBAN                 // with or without blanks
	BSN                  // only directly behind its label, and only where the query names a legal basis
	PayrollTaxNumber
)

// DateFormat is one form of a date. No form has the month first, and no date has two digits for its year.
type DateFormat uint8

// The forms of dates.
const (
	DateISO     DateFormat = iota + 1 // 2026-05-03, 2026-05 and 2026; inputs of type date hold it
	DateNumeric                       // 3-5-2026, 03/05/2026, 03.05.2026; 00 for a day or month that is not known
	DateDutch                         // 3 mei 2026, 3 mrt. 2026, and mei 2026
	DateCompact                       // 20260503, with 00 for a day or month that is not known
)

var kindNames = [...]string{
	"text", "digits", "money", "date", "decimal", "percent", "int", "choice", "postcode", "iban", "bsn", "payroll tax number",
}

// String returns the kind's name.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}
