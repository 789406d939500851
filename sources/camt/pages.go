package camt

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/brondata/brondata/model"
)

// maxSheets bounds the statements of several pages that one document is expected to hold the pages of. Those beyond count as
// incomplete.
const maxSheets = 1000

// sheet is a statement that the document gives in pages, each a Stmt of its own.
type sheet struct {
	at      model.Locator // of its first page here
	pages   map[int]bool  // that were met
	highest int
	latest  int  // the page that was met last
	last    int  // the number of the one that calls itself the last, 0 before it
	torn    bool // its pages contradict each other, or are not told apart
}

// whole reports whether all pages were met.
func (s *sheet) whole() bool {
	return !s.torn && s.last > 0 && s.highest == s.last && len(s.pages) == s.last
}

// begin decides, once the head of a statement is read, whether it is the page that follows on the one before: their balances and
// entries are of one statement then, which adds up over them. Pages count as one statement's where account, currency, Id and
// ElctrncSeqNb agree.
func (r *reader) begin() {
	if r.begun {
		return
	}
	r.begun = true
	before := r.sheet
	r.sheet = nil
	joined := false
	if n, last, ok := r.page(); !ok {
		r.sheet = r.sheetOf()
		again := r.sheet.pages[n]
		switch {
		case n == 0:
			r.sheet.torn = true
		case again:
			r.w.Issue(model.Issue{Code: model.IssueOverlap, At: model.Locator(r.path)})
		case last && r.sheet.last > 0:
			r.sheet.torn = true
		case last:
			r.sheet.last = n
		}
		r.sheet.pages[n] = true
		r.sheet.highest = max(r.sheet.highest, n)
		joined = r.sheet == before && n == r.sheet.latest+1 && !again
		r.sheet.latest = n
	}
	if joined {
		return
	}
	r.covered = covered{}
	if r.format != Notification { // which has no balances to compare
		r.w.Statement(model.Locator(r.path))
	}
}

// page reads StmtPgntn: the number of the page, 0 for none that can be used, and whether it is the last one. It is ok where the
// page is all there is: without a mark, or the first and last one.
func (r *reader) page() (n int, last, ok bool) {
	number, mark := r.values.text[fPageNumber], string(r.values.text[fLastPage])
	bad := r.values.bad.has(fPageNumber) || r.values.bad.has(fLastPage)
	for _, c := range number {
		if c < '0' || c > '9' || n > maxStatements {
			bad = true
			break
		}
		n = n*10 + int(c-'0')
	}
	last = mark == "true" || mark == "1"
	switch {
	case bad || len(number) > 0 && n == 0:
		return 0, false, false
	case n <= 1 && mark != "false" && mark != "0":
		return n, true, true
	}
	return n, last, false
}

// sheetOf returns what is known of the statement that the current page is of: a new one that stays incomplete where nothing tells
// its pages from those of others.
func (r *reader) sheetOf() *sheet {
	s := &sheet{at: model.Locator(r.path), pages: map[int]bool{}}
	if r.account.IsZero() || !r.values.has(fStatementID) || r.values.bad.has(fSequence) || r.values.bad.has(fAccountCurrency) {
		s.torn = true
	}
	h := sha256.New()
	for _, part := range [][]byte{
		[]byte(r.account.Value()), r.values.text[fAccountCurrency], r.values.text[fStatementID], r.values.text[fSequence],
	} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write(part)
	}
	key := [sha256.Size]byte(h.Sum(nil))
	switch known := r.sheets[key]; {
	case s.torn || known == nil && len(r.sheets) == maxSheets:
		r.incomplete(s.at)
	case known != nil:
		return known
	default:
		if r.sheets == nil {
			r.sheets = map[[sha256.Size]byte]*sheet{}
		}
		r.sheets[key] = s
		r.order = append(r.order, s)
	}
	return s
}

// endPages looks at MsgPgntn: a message of several pages lacks what is on the others. Those of a statement are looked at as it begins.
func (r *reader) endPages() {
	if r.at != header {
		return
	}
	if _, _, ok := r.page(); !ok {
		r.incomplete("")
	}
	r.values.reset(fPageNumber, fLastPage)
}

// missing tells, at the end of the document, of the statements that lack a page.
func (r *reader) missing() {
	for _, s := range r.order {
		if !s.whole() {
			r.incomplete(s.at)
		}
	}
}

func (r *reader) incomplete(at model.Locator) {
	r.w.Issue(model.Issue{Code: model.IssueIncompleteDoc, At: at})
}
