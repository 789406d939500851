package consent

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/brondata/brondata/model"
)

// Proposal is what a grant is asked for with: everything that the subject will decide about.
type Proposal struct {
	// Subject is the host's opaque id: 1 to 256 bytes of UTF-8, never a name, a citizen service number or an account number, for it
	// stands in clear text in the stores. What looks like one is ErrInvalid: an id with a blank in it, one that is a valid
	// IBAN, and one of eight or nine digits that passes the eleven-test of the BSN (of numbers that only count, one in eleven
	// does: put a letter before them).
	Subject   string    `json:"subject"`
	Case      string    `json:"case,omitempty"`
	Recipient Recipient `json:"recipient"`
	Purpose   Purpose   `json:"purpose"`
	// Scope is deny-by-default: a category that is not in it, or a field that is not named, is neither read nor sent.
	Scope model.Scope `json:"scope"`
	// Institutions are those that data may come from; at least one.
	Institutions []model.InstitutionID `json:"institutions"`
	// ValidUntil is when the grant ends. The zero time is as late as the purpose and the institutions allow; later than
	// that is ErrInvalid.
	ValidUntil time.Time `json:"validUntil,omitzero"`
	// Supersedes is the grant of the same subject and recipient that this one takes the place of when it is allowed. It begins
	// empty: what was retrieved under the old grant goes with it and is destroyed, not taken over. Collect again; connections to
	// institutions are made anew as well.
	Supersedes GrantID `json:"supersedes,omitempty"`
	// KeepDocuments lets the documents themselves be kept beside the records read from them, no longer than any of those.
	KeepDocuments bool `json:"keepDocuments,omitempty"`
}

func (p Proposal) validate() error {
	if p.Subject == "" || !shortText(p.Subject) {
		return invalid("subject")
	}
	if identifying(p.Subject) {
		return invalid("subject is not opaque: a blank, or the form of a citizen service number or IBAN")
	}
	if !shortText(p.Case) {
		return invalid("case")
	}
	if err := p.Recipient.validate(); err != nil {
		return err
	}
	if err := p.Purpose.validate(); err != nil {
		return err
	}
	if len(p.Scope.Baskets) == 0 {
		return invalid("scope is empty")
	}
	if err := p.Scope.Validate(); err != nil {
		return invalidWrap("scope", err)
	}
	if p.Purpose.LegalBasis == "" && namesBSN(p.Scope) {
		return invalid("scope names the bsn, purpose names no legal basis")
	}
	if len(p.Institutions) == 0 || len(p.Institutions) > 100 {
		return invalid("institutions")
	}
	for i, inst := range p.Institutions {
		if !model.ValidName(inst) || slices.Contains(p.Institutions[:i], inst) {
			return invalid("institutions")
		}
	}
	if p.Supersedes != "" && !p.Supersedes.Valid() {
		return invalid("superseded grant id")
	}
	return nil
}

// shortText reports whether a text of the host is as short as it may be, and UTF-8: what is not would be stored as another
// text, and two ids as one.
func shortText(s string) bool { return len(s) <= maxText && utf8.ValidString(s) }

// identifying reports whether a subject's id looks as if it said who that is.
func identifying(id string) bool {
	_, bsn := model.ParseBSN(id)
	_, iban := model.ParseIBAN(strings.ToUpper(id))
	return bsn == nil || iban == nil || strings.ContainsFunc(id, unicode.IsSpace)
}

// namesBSN reports whether the scope asks for a citizen service number.
func namesBSN(s model.Scope) bool {
	for _, b := range s.Baskets {
		if s.HasField(b.Category, "bsn") {
			return true
		}
	}
	return false
}
