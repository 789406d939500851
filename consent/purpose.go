package consent

import (
	"time"
	"unicode/utf8"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
)

func validText(t model.Text, max int) bool {
	return (t.Dutch != "" || t.English != "") && len(t.Dutch) <= max && len(t.English) <= max && utf8.ValidString(t.Dutch+t.English)
}

// PurposeID names a purpose: of the form of [model.ValidName]. It comes from code and may be logged.
type PurposeID string

// Purpose is what a recipient wants the data for, and the rules that follow from it.
type Purpose struct {
	ID   PurposeID  `json:"id"`
	Text model.Text `json:"text"` // in a sentence for the subject, up to 2,000 bytes
	// LegalBasis names the law that allows this recipient to process the citizen service number (BSN), such as "Wft
	// art. 4:25". Empty: no BSN is read, stored or sent, for consent alone does not lift the ban (UAVG art. 46).
	LegalBasis string `json:"legalBasis,omitempty"`
	// Keep is how long the data of a category is kept after it was retrieved. A category that is missing, or has 0, is kept until
	// the grant ends, and none is kept longer than that. It is what the host keeps, and what the recipient agrees to. A grant takes
	// over what concerns its scope.
	//
	// Below a day means memory only: the data never reaches a store, as the subject is told, and so only the process that
	// retrieved it has it, until it ends. There Review and Release have to be called, too; in another process the records are
	// not there, and the coverage says so (retention.OutcomeInMemory).
	//
	// What the subject releases is stored, sealed for the recipient, until it is delivered, and no longer than this either: see
	// [Release].KeepUntil. Choose no time that is too short for the recipient to fetch it.
	Keep map[model.Category]time.Duration `json:"keep,omitempty"`
	// MaxValidity is the longest validity of a grant for this purpose; 0 is what the institutions allow.
	MaxValidity time.Duration `json:"maxValidity,omitempty"`
	// Withdrawal tells the subject how to withdraw, beyond the host's own page; optional.
	Withdrawal model.Text `json:"withdrawal,omitzero"`
	// Further says what else happens to the data, such as who else sees it or that it leaves the EEA; optional.
	Further model.Text `json:"further,omitzero"`
}

func (p Purpose) validate() error {
	switch {
	case !model.ValidName(p.ID):
		return invalid("purpose id")
	case !validText(p.Text, 2000):
		return invalid("purpose text")
	case p.MaxValidity < 0:
		return invalid("purpose validity")
	case !shortText(p.LegalBasis):
		return invalid("purpose legal basis")
	}
	for c, d := range p.Keep {
		if !c.Valid() || d < 0 {
			return invalid("purpose retention")
		}
	}
	return nil
}

// Recipient is the party that the subject lets have the data.
type Recipient struct {
	ID      string `json:"id"`      // opaque, stable
	Name    string `json:"name"`    // as the subject knows it
	Contact string `json:"contact"` // where the subject can turn to: e-mail, web address or postal address
	// Country is where the recipient processes the data, ISO 3166-1 alpha-2; "" is not stated.
	Country string `json:"country,omitempty"`
	// Key is the recipient's public key as the host got and checked it. Propose registers it where there is none yet; another
	// key than the registered one is [ErrInvalid]. Without one, call [Manager.SetKey] before the first review. A grant does
	// not keep it: a grant outlives a key.
	Key crypto.RecipientKey `json:"-"`
}

func (r Recipient) validate() error {
	switch {
	case r.ID == "" || !shortText(r.ID):
		return invalid("recipient id")
	case r.Name == "" || !shortText(r.Name):
		return invalid("recipient name")
	case r.Contact == "" || !shortText(r.Contact):
		return invalid("recipient contact")
	case r.Country != "" && len(r.Country) != 2:
		return invalid("recipient country")
	}
	return nil
}
