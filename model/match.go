package model

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Match is a group of records that state one fact: sightings of it in several documents.
type Match struct {
	// Rule names the rule that found it; where several rules each joined some of the records, their names stand in the
	// order of the constants with a plus sign between.
	Rule string `json:"rule"`
	// Records are indices into the dossier's records, ascending, at least two.
	Records []int `json:"records"`
}

// The rules of [Dossier.Matches]. Every comparison is exact: of amounts with their currencies, of dates with their
// precision, of texts but for blanks and, in names, case and points. A value that both have and that differs keeps two
// records apart; "where both have it" below means just that.
const (
	// RuleTransactionID: account, the bank's own id, status, booking date (value date where there is none) and amount
	// agree, the other side's account and the reference where both have them, and no document has that id twice on the
	// account. Banks leave out, repeat and change ids, so an id alone is never enough. An id of at most seven characters,
	// but for the date and leading zeros, may merely be the number in a list: it counts between lists of one source and
	// format, and where the other side, reference and description agree as well.
	RuleTransactionID = "transaction-id"
	// RuleTransactionReference: account, status, date, amount, the other side's account and the end-to-end reference
	// agree; "NOTPROVIDED" is no reference. The k-th such record of a document goes with the k-th of another, those
	// with the other side's name in one form first; where a document has several names, those alone.
	RuleTransactionReference = "transaction-reference"
	// RuleTransactionText: the same with the description in place of the reference, where not both have a reference.
	// One of the other side's account, reference and description must be there: a bare amount on a day is not enough.
	RuleTransactionText = "transaction-text"
	// RuleTransactionPending: a pending transaction and the booked one that it became. Account and amount agree, and
	// the bank's own id as above; or the reference and, where both have it, the other side's account, with the booking
	// from one day before to ten days after the pending one's date, the nearest first. Where several facts of that
	// amount have the reference, the description agrees as well. What an API gave as pending was not booked before.
	RuleTransactionPending = "transaction-pending"
	// RuleBalance: account, type, amount and date agree, and whether credit is counted in.
	RuleBalance = "balance"
	// RuleAccount: the account agrees, and the currency where both have it.
	RuleAccount = "account"
	// RulePersonBSN: the BSN agrees.
	RulePersonBSN = "person-bsn"
	// RulePersonName: complete birth date, family name with prefix, and initials agree (those of the given names where
	// there are no initials), and given names and BSN where both have them. A name that is given only as a whole
	// agrees with an equal whole.
	RulePersonName = "person-name"
	// RuleAddress: postcode, house number, letter and addition agree, or street, number and city where there is no
	// postcode, or the whole as it stands; and kind and first day where both have them.
	RuleAddress = "address"
	// RulePension: provider, reference, kind, settlement, whether it is per child, and all amounts and periods agree,
	// and the day of the state where both have it. Two states of one right are two facts.
	RulePension = "pension"
	// RuleStudyDebt: regime, cohort and amount agree, and the day of the state where both have it.
	RuleStudyDebt = "study-debt"
	// RuleEmployment: payroll tax number (the employer's name where there is none), contract form, and insurances agree.
	RuleEmployment = "employment"
	// RuleIncome: payroll tax number (the employer's name where there is none), period, hours and wage agree.
	RuleIncome = "income"
	// RuleBenefit: payroll tax number (the payer's name where there is none), kind, period, hours and wage agree.
	RuleBenefit = "benefit"
	// RuleExtra: category and all texts agree.
	RuleExtra = "extra"
)

func rules() []string {
	return []string{
		RuleTransactionID, RuleTransactionReference, RuleTransactionText, RuleTransactionPending, RuleBalance, RuleAccount,
		RulePersonBSN, RulePersonName, RuleAddress, RulePension, RuleStudyDebt, RuleEmployment, RuleIncome, RuleBenefit,
		RuleExtra,
	}
}

// Match finds the matches of the records as they are now and keeps them in Matched. The Retriever calls it before it
// minimises: what tells two facts apart may lie outside the scope.
func (d *Dossier) Match() { d.Matched = d.findMatches() }

// Matches groups the records that state one fact, and says by which rule; see the constants. It returns Matched where
// that is set, and looks otherwise. Records that nothing else agrees with are in no match.
//
// A document does not state one fact twice, and neither do the pages of one list ([DocumentInfo.Group]), so two of its
// records are never joined. But a bank may repeat one transaction on the next page under the same id, list it pending
// and booked, and state persons, addresses, accounts and balances as often as it likes. Two transactions with
// different ids from one source and format are different, whatever else agrees, unless an id occurs twice in one document.
// The groups do not depend on the order of the records, and no record is in two.
func (d *Dossier) Matches() []Match {
	if d.Matched != nil {
		return d.Matched
	}
	return d.findMatches()
}

func (d *Dossier) findMatches() []Match {
	m := newMatcher(d)
	m.transactions()
	m.others()
	return m.matches()
}

// Resolved returns one record of each fact: those in no match, and of each match the best sighting, in the dossier's
// order. Booked goes before pending, then an API before a file before a page, fewer doubts before more, a later
// retrieval before an earlier one. The records are the dossier's own, not copies.
func (d *Dossier) Resolved() []Record {
	lose := make([]bool, len(d.Records))
	for _, m := range d.Matches() {
		best := -1
		for _, i := range m.Records {
			if i < 0 || i >= len(d.Records) || d.Records[i] == nil {
				continue
			}
			lose[i] = true
			if best < 0 || d.better(d.Records[i], d.Records[best]) {
				best = i
			}
		}
		if best >= 0 {
			lose[best] = false
		}
	}
	out := make([]Record, 0, len(d.Records))
	for i, r := range d.Records {
		if !lose[i] {
			out = append(out, r)
		}
	}
	return out
}

func (d *Dossier) better(a, b Record) bool {
	x, y := d.document(a), d.document(b)
	return cmp.Or(
		cmp.Compare(pendingRank(a), pendingRank(b)),
		cmp.Compare(methodRank(x.Method), methodRank(y.Method)),
		cmp.Compare(len(a.Head().Issues), len(b.Head().Issues)),
		y.Retrieved.Compare(x.Retrieved),
		bytes.Compare(x.Digest[:], y.Digest[:]),
		compareLocators(a.Head().Provenance.At, b.Head().Provenance.At),
		compareRecords(a, b),
	) < 0
}

func (d *Dossier) document(r Record) DocumentInfo {
	if n := r.Head().Provenance.Document; n >= 0 && n < len(d.Documents) {
		return d.Documents[n]
	}
	return DocumentInfo{}
}

func methodRank(m Method) int {
	if m == 0 {
		return len(methodNames) // unknown comes last
	}
	return int(m)
}

func pendingRank(r Record) int {
	if t, ok := r.(*Transaction); ok && t.Status == Pending {
		return 1
	}
	return 0
}

// compareLocators orders places with their numbers as numbers: "Ntry[2]" before "Ntry[10]".
func compareLocators(a, b Locator) int {
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		m, k := digitRun(a[i:]), digitRun(b[j:])
		if m > 0 && k > 0 {
			x, y := strings.TrimLeft(string(a[i:i+m]), "0"), strings.TrimLeft(string(b[j:j+k]), "0")
			if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); c != 0 {
				return c
			}
			i, j = i+m, j+k
			continue
		}
		if a[i] != b[j] {
			return cmp.Compare(a[i], b[j])
		}
		i, j = i+1, j+1
	}
	return cmp.Or(cmp.Compare(len(a)-i, len(b)-j), cmp.Compare(a, b))
}

func digitRun(s Locator) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// compareRecords orders by the bytes of the JSON form without the number of the document; what cannot be written
// comes first.
func compareRecords(a, b Record) int {
	x, _ := MarshalRecord(a)
	y, _ := MarshalRecord(b)
	return bytes.Compare(x, y)
}

// checkMatches reports matches, read from outside, that Matches could not have made.
func (d *Dossier) checkMatches() error {
	seen := make([]bool, len(d.Records))
	for _, m := range d.Matched {
		for _, rule := range strings.Split(m.Rule, "+") {
			if !ValidName(rule) {
				return jsonError("a rule of the wrong form")
			}
		}
		if len(m.Records) < 2 || !slices.IsSorted(m.Records) {
			return jsonError("a match of the wrong form")
		}
		for _, i := range m.Records {
			if i < 0 || i >= len(seen) || seen[i] {
				return fmt.Errorf("model: json: a match points at no record: %w", ErrRange)
			}
			seen[i] = true
		}
	}
	return nil
}
