package model

import (
	"strconv"
	"strings"
	"time"
)

// DocumentInfo describes one document of a dossier. The bytes are not here.
type DocumentInfo struct {
	Institution InstitutionID `json:"institution"`
	Source      SourceID      `json:"source"`
	Method      Method        `json:"method"`
	Format      FormatID      `json:"format"`
	Digest      Digest        `json:"digest"`    // over the bytes as retrieved
	Retrieved   time.Time     `json:"retrieved"` // in UTC
	// Group tells apart what repeats from what goes on: documents of one source with the same number above 0 are the
	// pages of one list, so that equal facts in them are two facts, while other documents may state the same one again.
	Group int `json:"group,omitempty"`
	// Issues are doubts about the document as a whole.
	Issues []Issue `json:"issues,omitempty"`
}

// Digest is a SHA-256. As JSON and text it is 64 hexadecimal digits.
type Digest [32]byte

// IsZero reports whether there is no digest.
func (d Digest) IsZero() bool { return d == Digest{} }

const hexDigits = "0123456789abcdef"

// String writes the hexadecimal digits.
func (d Digest) String() string {
	b := make([]byte, 0, 64)
	for _, c := range d {
		b = append(b, hexDigits[c>>4], hexDigits[c&15])
	}
	return string(b)
}

// MarshalText writes what [Digest.String] does.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads 64 small hexadecimal digits.
func (d *Digest) UnmarshalText(b []byte) error {
	if len(b) != 64 {
		return ErrSyntax
	}
	var v Digest
	for i, c := range b {
		n := strings.IndexByte(hexDigits, c)
		if n < 0 {
			return ErrSyntax
		}
		v[i/2] = v[i/2]<<4 | byte(n)
	}
	*d = v
	return nil
}

// Provenance points at the document that a record was read from, and at the place in it.
type Provenance struct {
	Document int     `json:"document"` // index into the dossier's documents
	At       Locator `json:"at,omitempty"`
}

// Locator is a place in a document: fixed names of the format and counted numbers, never a value. The functions
// named At… make them.
type Locator string

// AtLine is a line of a text, counted from 1.
func AtLine(n int) Locator { return Locator("line " + strconv.Itoa(n)) }

// AtPage is a row of text on a page, both counted from 1.
func AtPage(page, row int) Locator {
	return Locator("page " + strconv.Itoa(page) + " row " + strconv.Itoa(row))
}

// AtPath is an XPath or a JSON pointer made of fixed names and numbers, such as "/Document/BkToCstmrStmt/Stmt[1]".
func AtPath(p string) Locator { return Locator(p) }

// Valid reports whether the locator has a form that can hold no value: at most 256 characters, parts of letters with
// at most four digits behind them ("Stmt", "Pgs2"), or numbers of at most nine digits.
func (l Locator) Valid() bool {
	if len(l) > 256 {
		return false
	}
	letters, ds := 0, 0
	for i := range len(l) {
		switch locatorClass[l[i]] {
		case letter:
			if ds > 0 && letters == 0 || ds > 4 {
				return false
			}
			letters++
		case digit:
			if ds++; ds > 9 || letters > 0 && ds > 4 {
				return false
			}
		case separator:
			letters, ds = 0, 0
		default:
			return false
		}
	}
	return true
}

const (
	letter = iota + 1
	digit
	separator
)

// locatorClass says of each byte what it is in a [Locator], 0 for what is in none. A locator is checked for every record.
var locatorClass = func() (t [256]byte) {
	for c := range t {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			t[c] = letter
		case c >= '0' && c <= '9':
			t[c] = digit
		case strings.IndexByte("/[]#:@._- ", byte(c)) >= 0:
			t[c] = separator
		}
	}
	return t
}()
