package camt

import (
	"bytes"
	"unicode/utf8"

	"github.com/brondata/brondata/model"
)

// field is one text that the reader keeps until the element it belongs to is whole.
type field uint8

const (
	_ field = iota

	// Of the message.
	fMessageCreated

	// Of a statement; the marks of a page also of the message.
	fPageNumber
	fLastPage
	fStatementID
	fSequence
	fEntries
	fFrom
	fTo
	fCreated
	fAccountIBAN
	fAccountOther
	fAccountType
	fAccountCurrency
	fAccountName
	fOwner
	fServicerBIC

	// Of a balance. A currency, from the attribute, stands behind its amount.
	fBalanceType
	fBalanceOwnType
	fBalanceSubType
	fBalanceAmount
	fBalanceCurrency
	fBalanceSign
	fBalanceDate
	fCreditLine

	// Of an entry.
	fAmount
	fCurrency
	fSign
	fReversal
	fStatus
	fBooked
	fValued
	fID
	fDomain
	fFamily
	fSubFamily
	fOwnCode
	fBatchSize
	fCharges
	fChargesCurrency
	fInfo

	// Of a transaction's details.
	dAmount
	dAmountCurrency
	dInstructed
	dInstructedCurrency
	dSettled
	dSettledCurrency
	dCharges
	dChargesCurrency
	dSign
	dReference
	dMandate
	dID
	dDomain
	dFamily
	dSubFamily
	dOwnCode
	dDebtor
	dDebtorIBAN
	dDebtorOther
	dDebtorBIC
	dUltimateDebtor
	dCreditor
	dCreditorIBAN
	dCreditorOther
	dCreditorBIC
	dUltimateCreditor
	dCreditorID
	dOther  // one Othr/Id of the creditor
	dScheme // and its scheme
	dPurpose
	dText       // all Ustrd, joined with blanks
	dStructured // the references of all Strd, each with a line feed before and behind it
	dInfo
	dReturn

	fields
)

// set is a set of fields.
type set [2]uint64

func (s *set) add(f field)      { s[f>>6] |= 1 << (f & 63) }
func (s *set) has(f field) bool { return s[f>>6]&(1<<(f&63)) != 0 }
func (s *set) drop(f field)     { s[f>>6] &^= 1 << (f & 63) }

// maxText bounds one text. ISO 20022 allows 500 characters in the longest of them (AddtlNtryInf); the remittance text of
// one transaction is made of many.
const maxText = 1 << 14

// values holds the fields of what is being read. The buffers are used again and again.
type values struct {
	text  [fields][]byte
	bad   set // stated twice and differently, or not a plain text
	long  set // cut at maxText
	marks [fields]bool
}

// reset forgets the fields from first to last.
func (v *values) reset(first, last field) {
	for f := first; f <= last; f++ {
		v.text[f] = v.text[f][:0]
		v.marks[f] = false
	}
	if v.bad != (set{}) || v.long != (set{}) {
		for f := first; f <= last; f++ {
			v.bad.drop(f)
			v.long.drop(f)
		}
	}
}

// put takes the text of a field. b is cleaned in place. Where the bank says that it has none (EPC115-06: NOTPROVIDED), there
// is none, wherever that stands: a text, a number, one of several references.
func (v *values) put(f field, b []byte) {
	b = clean(b)
	if len(b) == 0 || notProvided(b) {
		return
	}
	switch f {
	case dText:
		v.add(f, b, ' ')
	case dStructured:
		v.addLine(f, b)
	default:
		if len(v.text[f]) > 0 {
			if !bytes.Equal(v.text[f], b) {
				v.bad.add(f)
			}
			return
		}
		v.add(f, b, 0)
	}
}

func (v *values) add(f field, b []byte, between byte) {
	if room := maxText - len(v.text[f]); len(b) > room {
		v.long.add(f)
		for room > 0 && !utf8.RuneStart(b[room]) {
			room--
		}
		b = b[:max(room, 0)]
	}
	if between != 0 && len(v.text[f]) > 0 && len(b) > 0 {
		v.text[f] = append(v.text[f], between)
	}
	v.text[f] = append(v.text[f], b...)
}

// addLine adds b as a line of its own, with a line feed before and behind it, unless the field has that line already. A line
// that finds no room is left out as a whole: half a reference is another one.
func (v *values) addLine(f field, b []byte) {
	t := v.text[f]
	if len(t)+len(b)+2 > maxText {
		v.long.add(f)
		return
	}
	if len(t) == 0 {
		t = append(t, '\n')
	}
	n := len(t)
	t = append(append(t, b...), '\n')
	if bytes.Contains(t[:n], t[n-1:]) {
		t = t[:n]
	}
	v.text[f] = t
}

// has reports whether the field holds a text that can be used.
func (v *values) has(f field) bool { return len(v.text[f]) > 0 && !v.bad.has(f) }

// get returns the field's text, nil where there is none or where the document contradicts itself: the doubt is added then.
func (v *values) get(f field, name string, doubts *[]model.Issue) []byte {
	if v.bad.has(f) {
		*doubts = append(*doubts, model.Doubt(model.IssueConflict, name))
		return nil
	}
	if v.long.has(f) {
		*doubts = append(*doubts, model.Doubt(model.IssueLimit, name))
	}
	return v.text[f]
}

// clean takes the white space from both ends of b, and makes each inner run with a line break or tab in it one blank. It
// works in place.
func clean(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	for i, c := range b {
		if c < ' ' || c == 0xC2 || c == 0xE2 {
			if n, breaks := gap(b[i:]); n > 0 && breaks {
				return fold(b)
			}
		}
	}
	return b
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// gap returns the length of the white space at the start of b, and whether there is more in it than blanks. NEL, LINE
// SEPARATOR and PARAGRAPH SEPARATOR break lines as well.
func gap(b []byte) (n int, breaks bool) {
	for n < len(b) {
		r, size := utf8.DecodeRune(b[n:])
		switch r {
		case ' ':
		case '\n', '\r', '\t', 0x85, 0x2028, 0x2029:
			breaks = true
		default:
			return n, breaks
		}
		n += size
	}
	return n, breaks
}

// fold does the work of clean where there is some.
func fold(b []byte) []byte {
	out := b[:0]
	for i := 0; i < len(b); {
		n, breaks := gap(b[i:])
		switch {
		case breaks:
			out = append(out, ' ')
		case n > 0:
			out = append(out, b[i:i+n]...)
		default:
			_, n = utf8.DecodeRune(b[i:])
			out = append(out, b[i:i+n]...)
		}
		i += n
	}
	return bytes.TrimSpace(out)
}
