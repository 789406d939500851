package camt

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/brondata/brondata/internal/xmlscan"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// sink takes what is read; *sources.Writer is the one outside the tests of this package.
type sink interface {
	Record(r model.Record, at model.Locator, doubts ...model.Issue) error
	Issue(i model.Issue)
	Statement(at model.Locator)
	Covers(account model.AccountID, from, until model.Date)
}

// maxDetails and maxDetailText bound the transactions of one batch that are held until the batch is whole, in number and in
// bytes of text: together at most some 12 MB. A consumer's statement has a few.
const (
	maxDetails    = 20_000
	maxDetailText = 4 << 20
)

// reader reads one document.
type reader struct {
	s *xmlscan.Scanner
	w sink

	accounts, balances, transactions bool // what the query wants

	format      model.FormatID
	space       []byte  // the namespace of the root
	declaration int     // and where it was declared
	message     string  // the element of the message in it, "" before it
	at          place   // the innermost element that is looked into
	outer       []place // those around it
	field       field   // the field of the innermost element, 0 for none
	open        []field // those around it
	text        []byte  // its text so far
	values      values

	path      []byte // the locator up to the current statement
	statement int
	entry     int // number of the current entry in its statement
	group     int // number of the current NtryDtls in its entry, 0 where there is none
	detail    int // number of the current TxDtls in its NtryDtls
	counted   int // transactions that the entries of the statement stand for, so far
	balance   int

	begun  bool                         // the head of the current statement is read
	sheet  *sheet                       // the statement that the current page is of, nil for one that has a single page
	sheets map[[sha256.Size]byte]*sheet // by what their pages have in common
	order  []*sheet                     // the same

	account  model.AccountID
	covered  covered
	owner    []byte
	known    []model.Account // accounts that were written
	pending  []pending       // the details of the current entry
	held     int             // bytes of text in them
	overflow bool            // there were more than are held
	stated   int             // transactions that the entry is said to stand for

	doubts  []model.Issue
	scratch []byte
	codes   map[string]string // the few codes that most entries share, so that each is in memory once
}

// covered is what a statement's own balances and entries say of the days that it covers.
type covered struct {
	opening  model.Date // of OPBD
	previous model.Date // of PRCD
	closing  model.Date // of CLBD
	first    model.Date // the first day that an entry is booked on
}

func newReader(s *xmlscan.Scanner, q sources.Query, w sink) *reader {
	return &reader{
		s: s, w: w,
		accounts:     q.Wants(model.CategoryAccount),
		balances:     q.Wants(model.CategoryBalance),
		transactions: q.Wants(model.CategoryTransaction),
		codes:        map[string]string{},
	}
}

// read reads the whole document. What was written before an error stays: each record is written when its element is
// closed and depends on nothing behind that.
func (r *reader) read() error {
	err := r.root()
	for err == nil {
		err = r.next()
	}
	if err == io.EOF && r.message == "" {
		return sources.Errorf(sources.ErrMalformed, "a Document without a message of camt.052, camt.053 or camt.054")
	}
	if err == io.EOF && r.statement == 0 {
		r.incomplete("") // a message has a statement at least: that there is none does not say that nothing happened
	}
	if err == io.EOF {
		r.missing()
		return nil
	}
	var e *xmlscan.Error
	if !errors.As(err, &e) {
		return err // from the writer, or of this package
	}
	switch {
	case errors.Is(err, xmlscan.ErrTruncated):
		r.w.Issue(model.Doubt(model.IssueTruncated, ""))
		return sources.Errorf(sources.ErrTruncated, "the XML ends in line %d", e.Line)
	case errors.Is(err, xmlscan.ErrCharset):
		r.w.Issue(model.Doubt(model.IssueCharset, ""))
		return sources.Errorf(sources.ErrMalformed, "line %d: wrong or unsupported character encoding", e.Line)
	case errors.Is(err, xmlscan.ErrLimit):
		r.w.Issue(model.Doubt(model.IssueLimit, ""))
		return sources.Errorf(sources.ErrLimit, "line %d: %s", e.Line, e.Reason)
	case errors.Is(err, xmlscan.ErrDoctype):
		return sources.Errorf(sources.ErrMalformed, "line %d: document type declaration refused", e.Line)
	case errors.Is(err, xmlscan.ErrMalformed):
		return sources.Errorf(sources.ErrMalformed, "line %d: not well-formed XML: %s", e.Line, e.Reason)
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	}
	return sources.Errorf(sources.ErrUnexpected, "the document's body could not be read")
}

// root reads up to the root element, which must be a Document in a namespace of the three messages.
func (r *reader) root() error {
	if _, err := r.s.Next(); err != nil {
		return err
	}
	if string(r.s.Local()) == "html" {
		return sources.Errorf(sources.ErrMalformed, "an HTML page instead of XML")
	}
	id, version, ok := parseNamespace(r.s.Space())
	if !ok || string(r.s.Local()) != "Document" {
		return sources.Errorf(sources.ErrMalformed, "no Document of camt.052, camt.053 or camt.054")
	}
	if version > maxVersion {
		return sources.Errorf(sources.ErrLayoutChanged, "version %d of %s is not known", version, id)
	}
	r.format = id
	if id == Notification { // single entries of a history that it does not hold
		r.w.Issue(model.Doubt(model.IssueHistoryCut, ""))
	}
	r.space = bytes.Clone(r.s.Space())
	r.declaration = r.s.Declaration()
	r.at = document
	return nil
}

// next handles one token.
func (r *reader) next() error {
	k, err := r.s.Next()
	if err != nil {
		return err
	}
	switch k {
	case xmlscan.Start:
		return r.start()
	case xmlscan.Text:
		if r.field != 0 {
			r.take(r.field, r.s.Text())
		}
		return nil
	}
	return r.end()
}

func (r *reader) start() error {
	name := r.s.Local()
	p, f := child(r.at, name)
	if r.s.Declaration() != r.declaration && !bytes.Equal(r.s.Space(), r.space) {
		p, f = skipped, 0
	}
	if p == skipped {
		if f != 0 {
			r.values.marks[f] = true
		}
		if r.at == leaf {
			r.values.bad.add(r.field) // a text with elements in it is none of the format
		}
		return r.s.Skip()
	}
	if p == statement {
		if err := r.startStatement(); err != nil {
			return err
		}
	}
	switch p {
	case message:
		r.message = string(name)
	case balance:
		r.begin()
		if !r.balances {
			return r.s.Skip()
		}
		r.balance++
		r.values.reset(fBalanceType, fCreditLine)
	case entry:
		r.begin()
		r.entry++
		if !r.transactions {
			return r.s.Skip()
		}
		r.values.reset(fAmount, fInfo)
		r.group, r.detail = 0, 0
		r.pending, r.held, r.stated = r.pending[:0], 0, 0
		r.overflow = false
	case details:
		r.group++
		r.detail = 0
		r.values.reset(fBatchSize, fBatchSize)
	case detail:
		r.detail++
		r.values.reset(dAmount, dReturn)
	case creditorIDOther:
		r.values.reset(dOther, dScheme)
	case leaf:
		switch f {
		case fBalanceAmount, fAmount, fCharges, dAmount, dInstructed, dSettled, dCharges:
			if c, ok := r.s.Lookup("Ccy"); ok {
				r.values.put(f+1, c)
			}
		}
	}
	if f != 0 {
		if b, ok := r.s.Leaf(); ok {
			r.text = r.text[:0]
			r.take(f, b)
			r.values.put(f, r.text)
			r.text = r.text[:0]
			return nil
		}
	}
	r.outer = append(r.outer, r.at)
	r.open = append(r.open, r.field)
	r.at, r.field = p, f
	r.text = r.text[:0]
	return nil
}

// take adds to a field's text as much as is allowed.
func (r *reader) take(f field, b []byte) {
	room := maxText - len(r.text)
	if len(b) > room {
		r.values.long.add(f)
		for room > 0 && !utf8.RuneStart(b[room]) {
			room--
		}
		b = b[:room]
	}
	r.text = append(r.text, b...)
}

func (r *reader) end() error {
	if len(r.outer) == 0 {
		return nil // the root
	}
	if r.field != 0 {
		r.values.put(r.field, r.text)
		r.text = r.text[:0]
	}
	p := r.at
	r.at = r.outer[len(r.outer)-1]
	r.outer = r.outer[:len(r.outer)-1]
	r.field = r.open[len(r.open)-1]
	r.open = r.open[:len(r.open)-1]
	switch p {
	case pages:
		r.endPages()
	case account:
		return r.endAccount()
	case balance:
		return r.endBalance()
	case creditorIDOther:
		r.endCreditorID()
	case detail:
		r.endDetail()
	case details:
		r.endGroup()
	case entry:
		return r.endEntry()
	case statement:
		r.endStatement()
	}
	return nil
}

// locator is the current statement's, with one more step: an element and its number.
func (r *reader) locator(step string, n int) []byte {
	b := append(r.scratch[:0], r.path...)
	b = append(b, '/')
	b = append(b, step...)
	b = append(b, '[')
	b = strconv.AppendInt(b, int64(n), 10)
	b = append(b, ']')
	r.scratch = b
	return b
}

// code returns b as a string that is shared with equal ones.
func (r *reader) code(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := r.codes[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(r.codes) < 256 {
		r.codes[s] = s
	}
	return s
}
