package consent

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/brondata/brondata/model"
)

// subjectItem is what is kept per subject: a random salt, without which nobody can tell from a stored hash which account
// it stands for. An IBAN's hash alone would give the IBAN away, for there are too few of them.
type subjectItem struct {
	Salt []byte `json:"salt"`
}

func hashID(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func subjectKey(subject string) string { return hashID("subject", subject) }

func recipientKey(id string) string { return hashID("recipient", id) }

func newSubject(subject string) (Item, error) {
	salt := make([]byte, 32)
	if _, err := rand.Read(salt); err != nil {
		return Item{}, fmt.Errorf("consent: random source: %w", err)
	}
	body, err := json.Marshal(subjectItem{Salt: salt})
	return Item{Kind: kindSubject, ID: subjectKey(subject), Owner: subject, Body: body}, err
}

// salt returns the subject's salt, which exists since the first proposal.
func (m *Manager) salt(ctx context.Context, subject string) ([]byte, error) {
	it, err := m.store.Get(ctx, kindSubject, subjectKey(subject))
	if err != nil {
		return nil, err
	}
	var s subjectItem
	if err := json.Unmarshal(it.Body, &s); err != nil || len(s.Salt) < 16 {
		return nil, fmt.Errorf("consent: access log: %w", errStored)
	}
	return s.Salt, nil
}

func accessKey(salt []byte, kind LimitKind, inst model.InstitutionID, account string) string {
	mac := hmac.New(sha256.New, salt)
	fmt.Fprintf(mac, "%s/%s/%s", kind, inst, account) // kind and institution hold no slash
	return hex.EncodeToString(mac.Sum(nil))
}

// takeSlot takes one slot of a log, under the condition that the grant is active at the very moment it is taken.
func (m *Manager) takeSlot(ctx context.Context, p Permit, key string, r rule) error {
	for range m.tries {
		version, err := p.check(ctx)
		if err != nil {
			return err
		}
		op := OpUpdate
		it, err := m.store.Get(ctx, kindAccess, key)
		var log slidingLog
		switch {
		case errors.Is(err, ErrNotFound):
			op, it = OpCreate, Item{Kind: kindAccess, ID: key, Owner: p.Subject()}
		case err != nil:
			return err
		default:
			if log, err = decodeLog(it.Body); err != nil {
				return err
			}
		}
		log, next, ok := log.take(m.clock.now(), r)
		if !ok {
			return &LimitError{Kind: r.kind, Next: next}
		}
		it.Body = encodeLog(log)
		it.Due = log[len(log)-1].Add(r.memory())
		err = m.store.Apply(ctx, Change{op, it},
			Change{OpCheck, Item{Kind: kindGrant, ID: string(p.Grant()), Version: version}})
		if !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("consent: access log: %w", ErrConflict)
}

func encodeLog(l slidingLog) []byte {
	us := make([]int64, len(l))
	for i, t := range l {
		us[i] = t.UnixMicro()
	}
	b, _ := json.Marshal(us) // integers always marshal
	return b
}

func decodeLog(b []byte) (slidingLog, error) {
	var us []int64
	if err := json.Unmarshal(b, &us); err != nil {
		return nil, fmt.Errorf("consent: access log: %w", errStored)
	}
	l := make(slidingLog, len(us))
	for i, n := range us {
		l[i] = unixMicro(n)
	}
	return l, nil
}
