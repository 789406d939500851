package consent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/brondata/brondata/crypto"
)

// recipientItem is what is kept of a recipient apart from the grants: their current key.
type recipientItem struct {
	ID  string              `json:"id"`
	Key crypto.RecipientKey `json:"key"`
}

// SetKey registers a recipient's key, or replaces it: after that, releases to the old key are void, pending or sealed, unless they were
// marked as delivered, while grants stay. A package that was fetched before is out of reach: whoever holds the old key opens it. The host must have got the key in a way that it trusts: whoever's key this is reads what is released.
func (m *Manager) SetKey(ctx context.Context, by Actor, recipient string, key crypto.RecipientKey) error {
	if recipient == "" || !shortText(recipient) || key.IsZero() {
		return invalid("recipient key")
	}
	if err := m.ask(ctx, by, Question{Action: ActionSetKey, Recipient: recipient}); err != nil {
		return err
	}
	return m.retry(ctx, func() error {
		cur, it, err := m.recipient(ctx, recipient)
		op := OpUpdate
		switch {
		case errors.Is(err, ErrNotFound):
			op = OpCreate
		case err != nil:
			return err
		case cur.Equal(key):
			return nil
		}
		c, err := recipientChange(op, it.Version, recipient, key)
		if err != nil {
			return err
		}
		ev := m.event(by, ActionSetKey, Grant{Recipient: Recipient{ID: recipient}})
		if err := m.apply(ctx, c, ev.change()); err != nil {
			return err
		}
		m.flush(ctx, ev)
		return nil
	})
}

// recipient returns a recipient's current key with the item that holds it.
func (m *Manager) recipient(ctx context.Context, id string) (crypto.RecipientKey, Item, error) {
	it, err := m.store.Get(ctx, kindRecipient, recipientKey(id))
	if err != nil {
		return crypto.RecipientKey{}, Item{}, err
	}
	var r recipientItem
	if err := json.Unmarshal(it.Body, &r); err != nil || r.ID != id || r.Key.IsZero() {
		return crypto.RecipientKey{}, Item{}, fmt.Errorf("consent: recipient: %w", errStored)
	}
	return r.Key, it, nil
}

func recipientChange(op Op, version int64, id string, key crypto.RecipientKey) (Change, error) {
	body, err := json.Marshal(recipientItem{ID: id, Key: key})
	if err != nil {
		return Change{}, invalidWrap("recipient key", err)
	}
	return Change{op, Item{Kind: kindRecipient, ID: recipientKey(id), Version: version, Body: body}}, nil
}

// firstSeen returns what has to be stored with a proposal, the subject's salt and the recipient's key when they are new, and
// whether the key is.
func (m *Manager) firstSeen(ctx context.Context, p Proposal) (out []Change, newKey bool, err error) {
	switch it, err := m.store.Get(ctx, kindSubject, subjectKey(p.Subject)); {
	case errors.Is(err, ErrNotFound):
		it, err := newSubject(p.Subject)
		if err != nil {
			return nil, false, err
		}
		out = append(out, Change{OpCreate, it})
	case err != nil:
		return nil, false, err
	default:
		// Its version grows, so that Forget, if it deletes what is left of earlier grants just now, leaves the salt.
		out = append(out, Change{OpUpdate, it})
	}
	if p.Recipient.Key.IsZero() {
		return out, false, nil
	}
	switch cur, _, err := m.recipient(ctx, p.Recipient.ID); {
	case errors.Is(err, ErrNotFound):
		c, err := recipientChange(OpCreate, 0, p.Recipient.ID, p.Recipient.Key)
		if err != nil {
			return nil, false, err
		}
		return append(out, c), true, nil
	case err != nil:
		return nil, false, err
	case !cur.Equal(p.Recipient.Key):
		return nil, false, invalid("recipient has another key; SetKey replaces it")
	}
	return out, false, nil
}
