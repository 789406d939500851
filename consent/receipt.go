package consent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/internal/foreign"
	"github.com/brondata/brondata/model"
)

// Receipt is what a subject keeps of a decision and can read without us: a snapshot, in content after ISO/IEC TS
// 27560:2023 (consent record information structure), not a view that changes.
type Receipt struct {
	Schema  string    `json:"schema"`
	ID      string    `json:"id"` // unique: the grant and what happened to it
	Made    time.Time `json:"made"`
	Subject string    `json:"piiPrincipalId"` // the host's opaque id

	Controller ReceiptParty     `json:"piiController"`
	Purposes   []ReceiptPurpose `json:"purposes"`
	Events     []ReceiptEvent   `json:"events"`
	Notice     ReceiptNotice    `json:"notice"`

	Grant        GrantID    `json:"consentId"`
	State        GrantState `json:"state"`
	ValidUntil   time.Time  `json:"validUntil"`
	Supersedes   GrantID    `json:"supersedes,omitempty"`
	SupersededBy GrantID    `json:"supersededBy,omitempty"`
}

// ReceiptParty is the party that is answerable for the data.
type ReceiptParty struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Contact string `json:"contact"`
	Country string `json:"country,omitempty"`
}

// ReceiptPurpose is a purpose with the data that it is for.
type ReceiptPurpose struct {
	ID          PurposeID             `json:"id"`
	Description model.Text            `json:"description"`
	LawfulBasis string                `json:"lawfulBasis"`         // "consent" (GDPR art. 6(1)(a))
	BSNBasis    string                `json:"bsnBasis,omitempty"`  // the law for the citizen service number
	Data        []ReceiptData         `json:"piiInformation"`      // categories and fields
	Sources     []model.InstitutionID `json:"sources"`             // institutions
	Since       model.Date            `json:"lookBack,omitzero"`   // nothing older is retrieved
	Documents   bool                  `json:"documentsKept"`       // the documents themselves are kept
	Processing  []string              `json:"processingMethods"`   // what is done
	Withdrawal  model.Text            `json:"withdrawalMethod"`    // how to withdraw
	Further     model.Text            `json:"furtherUse,omitzero"` // what else was said to happen
}

// ReceiptData is one category.
type ReceiptData struct {
	Category model.Category `json:"category"`
	Name     model.Text     `json:"name"`
	Fields   []string       `json:"fields"`
	// RetentionSeconds is how long it is kept after retrieval; 0 is until the consent ends. Never longer than that.
	RetentionSeconds int64 `json:"retentionSeconds"`
}

// ReceiptEvent is something that happened to the consent.
type ReceiptEvent struct {
	Time  time.Time  `json:"eventTime"`
	When  model.Text `json:"eventTimeText"` // in the time zone of the notice's texts
	State GrantState `json:"eventState"`
	Type  string     `json:"eventType"` // "explicit" for the subject's own act, "automatic" otherwise
	By    Signature  `json:"entity"`
}

// ReceiptNotice points at what the subject was shown.
type ReceiptNotice struct {
	// Digest is the SHA-256 of the onboarding data.
	Digest   model.Digest `json:"digest"`
	Sections []Section    `json:"sections"` // its texts
}

const receiptSchema = "ISO/IEC TS 27560:2023"

// NewReceipt returns the receipt of a grant as it stands at a time; t is for its texts, nil as of [TextOptions]. It is pure.
func NewReceipt(g Grant, now time.Time, t *TextOptions) Receipt {
	o := g.Onboarding()
	if t == nil {
		t = o.texts
	}
	r := Receipt{
		Schema: receiptSchema, ID: fmt.Sprintf("%s-%s", g.ID, g.StateAt(now)), Made: now.UTC(), Subject: g.Subject,
		Controller: ReceiptParty{g.Recipient.ID, g.Recipient.Name, g.Recipient.Contact, g.Recipient.Country},
		Grant:      g.ID, State: g.StateAt(now), ValidUntil: g.ValidUntil, Supersedes: g.Supersedes, SupersededBy: g.SupersededBy,
		Notice: ReceiptNotice{Digest: g.Shown, Sections: o.Sections(t)},
	}
	p := ReceiptPurpose{
		ID: g.Purpose.ID, Description: g.Purpose.Text, LawfulBasis: "consent", Sources: g.Institutions, Since: g.Scope.Since,
		Documents: g.KeepDocuments, Processing: []string{"retrieve", "store-encrypted", "show-to-subject", "release-after-approval"},
		Withdrawal: o.withdrawLines(t)[0], Further: g.Purpose.Further,
	}
	if namesBSN(g.Scope) {
		p.BSNBasis = g.Purpose.LegalBasis
	}
	for _, c := range g.Scope.Categories() {
		for _, b := range g.Scope.Baskets {
			if b.Category == c {
				p.Data = append(p.Data, ReceiptData{c, categoryTexts[c], slices.Clone(b.Fields), int64(g.Purpose.Keep[c] / time.Second)})
			}
		}
	}
	r.Purposes = []ReceiptPurpose{p}
	event := func(at time.Time, s GrantState, by Signature) {
		if at.IsZero() {
			return
		}
		kind := "explicit"
		if by.Role == RoleSystem {
			kind = "automatic"
		}
		r.Events = append(r.Events, ReceiptEvent{at, tr(moment(at.In(t.zone()))), s, kind, by})
	}
	event(g.Proposed, GrantProposed, g.ProposedBy)
	if g.State == GrantDenied {
		event(g.Decided, GrantDenied, g.DecidedBy)
		return r
	}
	event(g.Decided, GrantActive, g.DecidedBy)
	event(g.Ended, g.State, g.EndedBy)
	return r
}

// Text returns the receipt as plain text in a language, "nl" or "en".
func (r Receipt) Text(language string) string {
	line := func(nl, en string) string { return tr(nl, en).In(language) + "\n" }
	var b strings.Builder
	b.WriteString(line("Bewijs van toestemming", "Consent receipt"))
	b.WriteString(line("Nummer: "+r.ID, "Number: "+r.ID))
	b.WriteString(line("Soort: "+r.Schema, "Form: "+r.Schema))
	for _, e := range r.Events {
		when := e.When
		if when == (model.Text{}) { // one made before there was this text
			when = tr(moment(e.Time.UTC()))
		}
		b.WriteString(line(when.Dutch+": "+stateTexts[e.State].Dutch, when.English+": "+stateTexts[e.State].English))
	}
	b.WriteByte('\n')
	writeSections(&b, language, r.Notice.Sections)
	return b.String()
}

var stateTexts = map[GrantState]model.Text{
	GrantProposed:   tr("gevraagd", "asked"),
	GrantActive:     tr("u gaf toestemming", "you consented"),
	GrantDenied:     tr("u zei nee", "you said no"),
	GrantRevoked:    tr("ingetrokken", "withdrawn"),
	GrantExpired:    tr("verlopen", "expired"),
	GrantSuperseded: tr("vervangen door een andere", "replaced by another"),
}

// SignedReceipt is a receipt with the host's signature over its JSON.
type SignedReceipt struct {
	Receipt   json.RawMessage  `json:"receipt"`
	Key       crypto.SenderKey `json:"key,omitzero"`
	Signature []byte           `json:"signature,omitempty"` // Ed25519; none where the manager has no signer
}

const receiptLabel = "brondata/v1/receipt\x00"

// Receipt returns the receipt of a grant as it stands, as JSON: a [SignedReceipt]. Made again it is the same but for its time.
func (m *Manager) Receipt(ctx context.Context, by Actor, id GrantID) ([]byte, error) {
	g, err := m.load(ctx, id)
	if err != nil {
		return nil, m.Refused(ctx, by, ActionReceipt, Grant{ID: id}, err)
	}
	if err := m.allow(ctx, by, ActionReceipt, g); err != nil {
		return nil, m.Refused(ctx, by, ActionReceipt, g, err)
	}
	if err := m.record(ctx, by, ActionReceipt, g, nil); err != nil {
		return nil, err
	}
	body, err := json.Marshal(NewReceipt(g, m.clock.now(), m.texts))
	if err != nil {
		return nil, fmt.Errorf("consent: receipt: %w", ErrInvalid)
	}
	s := SignedReceipt{Receipt: body}
	if m.signer != nil {
		digest := receiptMessage(body)
		if s.Signature, err = m.signer.Sign(ctx, digest); err != nil {
			return nil, foreign.Wrap("consent: sign receipt", err, crypto.ErrNoSecret)
		}
		s.Key = m.signer.Public()
	}
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("consent: receipt: %w", ErrInvalid)
	}
	return out, nil
}

// OpenReceipt reads what [Manager.Receipt] returned and checks that one of keys signed it. With no keys it checks nothing:
// the subject reads their receipt without us. [ErrInvalid]: it is no receipt, or not signed by one of keys.
func OpenReceipt(b []byte, keys ...crypto.SenderKey) (Receipt, error) {
	var s SignedReceipt
	var r Receipt
	if json.Unmarshal(b, &s) != nil || json.Unmarshal(s.Receipt, &r) != nil || r.Schema != receiptSchema {
		return Receipt{}, invalid("not a receipt")
	}
	if len(keys) == 0 {
		return r, nil
	}
	var compact bytes.Buffer // indenting changes nothing
	if json.Compact(&compact, s.Receipt) != nil || !slices.Contains(keys, s.Key) || !s.Key.Verify(receiptMessage(compact.Bytes()), s.Signature) {
		return Receipt{}, invalid("receipt's signature")
	}
	return r, nil
}

// receiptMessage is what is signed: a digest, since a signer takes short messages only.
func receiptMessage(body []byte) []byte {
	d := sha(body)
	return append([]byte(receiptLabel), d[:]...)
}
