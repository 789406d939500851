// Package scrape reads the pages of an institution's portal in the subject's own, logged-in session, by recipes that are
// data. It is the last way to get at something: where an interface or a file gives it, use that.
//
// # A recipe
//
// A recipe names pages, what makes each page itself, the sections to read, and the fields with the labels that they stand
// behind. The pages of public bodies must be accessible (EN 301 549), so labels and headings outlive class names:
//
//	source, err := scrape.New(scrape.Recipe{
//		ID: "myportal", Institution: "duo", BaseURL: "https://mijn.example.nl",
//		Verified: []sources.Verification{{Against: "production, own account", On: today}},
//		Login:    scrape.Marks{Paths: []string{"/login"}, Headings: []string{"Inloggen"}},
//		Logout:   &scrape.Request{Path: "/logout"},
//		Pages: []scrape.Page{{
//			Name: "debts", Request: scrape.Request{Path: "/mijn/schulden"},
//			Anchors: []scrape.Anchor{{Heading: []string{"Mijn schulden"}}},
//			Sections: []scrape.Section{{
//				Name: "loans", Category: model.CategoryStudyDebt, Heading: []string{"Studieschuld"},
//				Empty: []string{"U hebt geen studieschuld."},
//				Fields: []scrape.Field{
//					{Into: "outstanding", Label: []string{"Openstaande schuld"}, Kind: scrape.Money},
//					{Into: "interestRate", Label: []string{"Rente"}, Kind: scrape.Percent},
//				},
//			}},
//		}},
//	}, nil)
//
// [New] refuses what cannot work, with every fault at once: a field that its record does not have or of another type, a path
// that sounds as if it changed something, hosts of DigiD, payment accounts without [Recipe.FallbackInterface]. Register the
// source and one [Normalizer] in a [sources.Registry]. The host runs the login in a web view of its own and hands the session
// over ([sources.Handover]); no user name, password or code passes through here.
//
// To check a recipe, save the pages of an account of your own, outside of the repository, and read them with
// [Source.Reduce]; make the values synthetic before they become a test's fixture. Package scrapetest has a fake portal with
// some seventy ways to change, and two recipes to start from. Their layout is assumed: set [Recipe.Assumed] as long as yours is.
//
// # Never a guess
//
// A page is read whole or not at all. A missing anchor, heading, label or column, a label that stands before two values, a
// value that is not of its type or could be read in two ways (a raised digit, digits or words that run on over elements, a
// link or a struck-out text beside it), one that a program left unfilled, a page that was cut off or is in another encoding
// than it says: each is [sources.ErrLayoutChanged] with the recipe's own name of what was wrong, and no value of the page.
// Login pages are [sources.ErrAuthentication], maintenance is [sources.ErrUnavailable]. That there is nothing to show must be
// said by a text that the recipe knows.
//
// What is hidden by attributes, by an inline style or by [Recipe.Ignore] is not there; buttons, tooltips and marks of notes
// are no part of a label or value. Style sheets are not applied and scripts are not run. Limits: a text that a style sheet
// hides, or adds, is not known to be; two values of the same type whose labels a portal has exchanged are read as it shows
// them; so is a date whose day and month a portal has exchanged, a sign that it has moved to a column of its own, and an
// amount that it has come to round or to count in cents; an optional field whose label changes is absent.
//
// Lists are not paged. One that says that it goes on (a link with rel="next", aria-rowcount, in JSON _links.next) is a
// changed layout; of one that does not say so nobody knows. Where a portal pages its lists, choose a path that shows all.
//
// # Only what is asked
//
// [Source.Fetch] requests only pages that have something of the query's scope, and reduces each to the fields in scope before
// it becomes a document (see [Format]): HTML never leaves this package. Where the query has a look-back date, the date of a
// record is read to apply it, and left out again where it is not in scope. A BSN is read only where the query names a legal
// basis, and only directly behind its label.
//
// # Drift
//
// With [Options] a host gets a [Fingerprint] of the structure of each page's sections, without their texts, compared with the
// one it stored when the recipe was last checked: [Drift.Changed] tells of a new layout while it can still be read. Store none
// of a page that is [Drift.Empty].
package scrape
