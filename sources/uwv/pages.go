package uwv

import (
	"regexp"
	"strconv"

	"github.com/brondata/brondata/model"
)

var pageNumber = regexp.MustCompile(`^(?:Pagina|Blad) ?:? ?([0-9]+)(?: ?(?:van|/) ?([0-9]+))?$|^([0-9]{1,3}) ?(?:van|/) ?([0-9]{1,3})$`)

// numbering is what the pages say of their numbers. Somebody who prints some of the pages, or leaves one out, makes a document that
// is whole in itself.
type numbering struct {
	last    int          // the highest number of a page, its own or that of the last
	numbers map[int]bool // those that pages say they are
	paged   map[int]bool // the pages of the file that say so
}

// take reads a text that is the number of a page.
func (n *numbering) take(page int, text string) bool {
	m := pageNumber.FindStringSubmatch(text)
	if m == nil {
		return false
	}
	number, _ := strconv.Atoi(m[1] + m[3]) // one of the two is empty; what is too large is the largest, and never all there
	of, _ := strconv.Atoi(m[2] + m[4])
	if m[3] != "" && number > of {
		return true // a fraction, perhaps
	}
	if n.numbers == nil {
		n.numbers, n.paged = map[int]bool{}, map[int]bool{}
	}
	n.numbers[number], n.paged[page] = true, true
	n.last = max(n.last, number, of)
	return true
}

// lacks reports whether a document of so many pages is not all of them. A page without a number may be one of those that nobody
// says to be, and a program that prints anew may put two on one.
func (n *numbering) lacks(pages int) bool {
	return n.last-len(n.numbers) > pages-len(n.paged)
}

// missing notes that pages are not there, or that one has no text, as a page that was scanned.
func (m *message) missing(pages [][]line) {
	if m.running.pages.lacks(len(pages)) {
		m.issue(model.IssueIncompleteDoc, "page-numbers")
	}
	for i, lines := range pages {
		if len(lines) == 0 {
			m.issue(model.IssueIncompleteDoc, model.AtPage(i+1, 1))
		}
	}
}
