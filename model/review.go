package model

import (
	"crypto/sha256"
	"time"
)

// Review is what a release would send, and what the subject must see to decide on it: plain data, without behaviour.
// Package model/overview renders it. Its Digest is what the subject approves.
type Review struct {
	Grant     string          `json:"grant"`
	Recipient ReviewRecipient `json:"recipient"`
	Purpose   ReviewPurpose   `json:"purpose"`
	// Institutions are those that the data was got from, or asked of.
	Institutions []ReviewInstitution `json:"institutions"`
	// Scope is what was agreed, less what the subject left out.
	Scope Scope `json:"scope"`
	// Records are exactly those that would be sent; their provenance points into Documents.
	Records   []Record       `json:"records"`
	Documents []DocumentInfo `json:"documents"`
	Coverage  []Coverage     `json:"coverage"`
	Issues    []Issue        `json:"issues"`
	// LeftOut are the categories that the subject chose not to send.
	LeftOut []Category `json:"leftOut,omitempty"`

	PreparedAt time.Time `json:"preparedAt"`
	// GrantValidUntil is when the consent ends by itself.
	GrantValidUntil time.Time `json:"grantValidUntil,omitzero"`
	// Retention says per category how long the recipient, as agreed, keeps the data.
	Retention []ReviewRetention `json:"retention,omitempty"`

	// Digest is that of [ReviewDigest] over Records.
	Digest Digest `json:"digest"`
}

// ReviewRecipient is the party that would get the data.
type ReviewRecipient struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Contact is how the subject reaches them: an address, a telephone number, a web page. It may have several lines.
	Contact string `json:"contact,omitempty"`
	// KeyID is the whole fingerprint of the key that the data is sealed to: crypto.RecipientKey.Fingerprint, not its ID.
	KeyID string `json:"keyId"`
}

// ReviewPurpose is what the data is for.
type ReviewPurpose struct {
	ID   string `json:"id"`
	Text Text   `json:"text"`
	// LegalBasis names the law that allows the recipient to process the BSN; "" where none is sent.
	LegalBasis string `json:"legalBasis,omitempty"`
	// Withdrawal tells how to withdraw, and Further what else happens to the data; both optional.
	Withdrawal Text `json:"withdrawal,omitzero"`
	Further    Text `json:"further,omitzero"`
}

// ReviewInstitution is an institution with the name that the public knows it by; "" where none is known.
type ReviewInstitution struct {
	ID   InstitutionID `json:"id"`
	Name string        `json:"name,omitempty"`
}

// ReviewRetention says how long one category is kept.
type ReviewRetention struct {
	Category Category `json:"category"`
	// Until is the last moment; the zero time where Text alone says it.
	Until time.Time `json:"until,omitzero"`
	// Text says it in words where a moment does not: "until seven years after the mortgage ends".
	Text Text `json:"text,omitzero"`
}

// Text is one text in the languages of the library.
type Text struct {
	Dutch   string `json:"nl,omitempty"`
	English string `json:"en,omitempty"`
}

// In returns the text in the language "nl" or "en", and the other one where that is missing.
func (t Text) In(language string) string {
	if language == "nl" && t.Dutch != "" || t.English == "" {
		return t.Dutch
	}
	return t.English
}

// reviewType tells this digest from every other use of SHA-256 over JSON.
const reviewType = "brondata-review-1"

// ReviewDigest returns the digest that a subject approves: SHA-256 over the canonical JSON (RFC 8785) of
//
//	{"grant":…,"key":…,"recipient":…,"records":[…],"type":"brondata-review-1"}
//
// where records is that of [CanonicalRecords]. Equal input gives an equal digest, in whatever order the records
// stand, and no rendering, language or time goes into it. A record or name that cannot be written is [ErrSyntax].
func ReviewDigest(grant, recipient, keyID string, records []Record) (Digest, error) {
	var b []byte
	for _, m := range [...]struct{ key, value string }{
		{`{"grant":`, grant}, {`,"key":`, keyID}, {`,"recipient":`, recipient},
	} {
		var err error
		b = append(b, m.key...)
		if b, err = appendText(b, m.value); err != nil {
			return Digest{}, err
		}
	}
	b = append(b, `,"records":`...)
	b, err := appendRecords(b, records)
	if err != nil {
		return Digest{}, err
	}
	b = append(b, `,"type":"`+reviewType+`"}`...)
	return sha256.Sum256(b), nil
}
