package consent

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/brondata/brondata/model"
)

// Onboarding is everything that a subject must be shown before they decide, as data: the first of the three phases. A
// host builds its own page of it.
type Onboarding struct {
	Grant         GrantID               `json:"grant"`
	Recipient     Recipient             `json:"recipient"`
	Purpose       Purpose               `json:"purpose"`
	Scope         model.Scope           `json:"scope"`
	Institutions  []model.InstitutionID `json:"institutions"`
	KeepDocuments bool                  `json:"keepDocuments"`
	ValidUntil    time.Time             `json:"validUntil"`
	DecideBy      time.Time             `json:"decideBy"`
	Supersedes    GrantID               `json:"supersedes,omitempty"`

	texts *TextOptions // of the manager that the grant is from
}

// Onboarding returns what the subject was, or is to be, asked about.
func (g Grant) Onboarding() Onboarding {
	return Onboarding{
		Grant: g.ID, Recipient: g.Recipient, Purpose: g.Purpose, Scope: g.Scope, Institutions: g.Institutions,
		KeepDocuments: g.KeepDocuments, ValidUntil: g.ValidUntil, DecideBy: g.DecideBy, Supersedes: g.Supersedes,
		texts: g.texts,
	}
}

// Digest returns the SHA-256 of the data's JSON, which a grant keeps: it shows later what was asked.
func (o Onboarding) Digest() (model.Digest, error) {
	b, err := json.Marshal(o)
	if err != nil {
		return model.Digest{}, fmt.Errorf("consent: onboarding: %w", err)
	}
	return sha256.Sum256(b), nil
}
