package consent

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"
)

func sha(b []byte) [sha256.Size]byte { return sha256.Sum256(b) }

// Export is everything that this package keeps about a subject (GDPR articles 15 and 20). What was retrieved is in the vault, and who
// read it in the access log: a host adds both.
type Export struct {
	Subject string          `json:"subject"`
	Made    time.Time       `json:"made"`
	Grants  []ExportedGrant `json:"grants"`
	// Accesses are the times in the logs of the access limits, without the accounts: those are kept as keyed hashes only.
	Accesses [][]time.Time `json:"accesses"`
}

// ExportedGrant is a grant with what belongs to it.
type ExportedGrant struct {
	Grant    Grant     `json:"grant"`
	Links    []Link    `json:"links"`
	Releases []Release `json:"releases"`
}

// Export returns everything that is kept about a subject, as JSON.
func (m *Manager) Export(ctx context.Context, by Actor, subject string) ([]byte, error) {
	if err := m.ask(ctx, by, Question{Action: ActionExport, Subject: subject}); err != nil {
		return nil, err
	}
	out := Export{Subject: subject, Made: m.clock.now(), Grants: []ExportedGrant{}, Accesses: [][]time.Time{}}
	grants, err := m.list(ctx, subject)
	if err != nil {
		return nil, err
	}
	for _, g := range grants {
		e := ExportedGrant{Grant: g}
		if e.Links, err = m.links(ctx, g.ID); err != nil {
			return nil, err
		}
		if e.Releases, err = m.releases(ctx, g.ID); err != nil {
			return nil, err
		}
		out.Grants = append(out.Grants, e)
	}
	logs, err := m.store.List(ctx, kindAccess, subject)
	if err != nil {
		return nil, err
	}
	for _, it := range logs {
		l, err := decodeLog(it.Body)
		if err != nil {
			return nil, err
		}
		out.Accesses = append(out.Accesses, l)
	}
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("consent: export: %w", ErrInvalid)
	}
	if err := m.record(ctx, by, ActionExport, Grant{Subject: subject}, nil); err != nil {
		return nil, err
	}
	return b, nil
}
