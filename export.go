package brondata

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/consent/audit"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

// Export is everything that is kept about one subject (GDPR articles 15 and 20). It is JSON under [encoding/json].
type Export struct {
	// Consent holds the grants, links, releases and times of accesses: see [consent.Export].
	Consent json.RawMessage `json:"consent"`
	// Data holds what is kept under each grant that permits something, by its id.
	Data map[consent.GrantID]*model.Dossier `json:"data"`
	// Documents are those that the grants say are kept, as retrieved.
	Documents []ExportedDocument `json:"documents"`
	// Log is the subject's own part of the access log with its proofs, in one or more statements, where the log is package
	// audit's: see [audit.CheckStatement].
	Log []audit.Statement `json:"log,omitempty"`
}

// ExportedDocument is one document as it was retrieved.
type ExportedDocument struct {
	Grant       consent.GrantID     `json:"grant"`
	Institution model.InstitutionID `json:"institution"`
	Digest      string              `json:"digest"`
	Body        []byte              `json:"body"` // base64 in JSON
}

// Export returns everything that is kept about a subject. Connections at institutions are not in it: they are secrets of the
// host, and links name them. Errors: [consent.ErrNotPermitted] for an actor who may not, and those of the stores.
func (c *Client) Export(ctx context.Context, by consent.Actor, subject string) (*Export, error) {
	kept, err := c.consent.Export(ctx, by, subject) // asks the policy, and is recorded
	if err != nil {
		return nil, err
	}
	out := &Export{Consent: kept, Data: map[consent.GrantID]*model.Dossier{}, Documents: []ExportedDocument{}}
	grants, err := c.consent.List(ctx, by, subject)
	if err != nil {
		return nil, err
	}
	for _, g := range grants {
		if c.consent.Usable(g) != nil {
			continue // what ended cannot be read
		}
		d, err := c.stored(ctx, by, g, "export")
		if errors.Is(err, ErrNothing) || errors.Is(err, consent.ErrNotPermitted) {
			continue // nothing there, or it ended a moment ago
		}
		if err != nil {
			return nil, err
		}
		contents, err := c.vault.ReadGrant(ctx, access(by, g, "export"), ref(g, ""))
		if errors.Is(err, retention.ErrShredded) {
			continue
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		out.Data[g.ID] = d
		for _, ct := range contents {
			if ct.Category == retention.CategoryDocument {
				out.Documents = append(out.Documents, ExportedDocument{g.ID, model.InstitutionID(ct.Link), ct.Name, ct.Body})
			}
		}
	}
	if l, ok := c.conf.Audit.(*audit.Log); ok {
		for from := int64(0); ; {
			st, err := l.Statement(ctx, subject, from)
			if err != nil {
				return nil, err
			}
			if len(st.Entries) == 0 && from > 0 {
				break
			}
			out.Log = append(out.Log, st)
			if len(st.Entries) == 0 {
				break
			}
			from = st.Entries[len(st.Entries)-1].Proof.Index + 1
		}
	}
	return out, nil
}
