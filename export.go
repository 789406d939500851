package brondata

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

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

// String says how much there is, and nothing of it: an export is all that is known about somebody.
func (e Export) String() string {
	return fmt.Sprintf("brondata.Export(%d grants, %d documents)", len(e.Data), len(e.Documents))
}

// Format writes what String does, whatever the verb.
func (e Export) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(e.String())) }

// LogValue keeps the export out of logs.
func (e Export) LogValue() slog.Value { return slog.StringValue(e.String()) }

// String names the document, and holds nothing of it.
func (d ExportedDocument) String() string {
	return fmt.Sprintf("brondata.ExportedDocument(%s, %d bytes)", d.Institution, len(d.Body))
}

// Format writes what String does, whatever the verb.
func (d ExportedDocument) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(d.String())) }

// LogValue keeps the document out of logs.
func (d ExportedDocument) LogValue() slog.Value { return slog.StringValue(d.String()) }

// ExportedDocument is one document as it was retrieved.
type ExportedDocument struct {
	Grant       consent.GrantID     `json:"grant"`
	Institution model.InstitutionID `json:"institution"`
	Digest      string              `json:"digest"`
	Body        []byte              `json:"body"` // base64 in JSON
}

// Export returns everything that is kept about a subject. Connections at institutions are not in it: they are secrets of the
// host, and links name them. Errors: [consent.ErrNotPermitted] for an actor who may not, [crypto.ErrOpen] and
// [crypto.ErrShredded] as of [Client.Review], and those of the stores.
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
		contents, err := c.vault.ReadGrant(ctx, access(by, g, "export"), ref(g, ""))
		var d *model.Dossier
		if err == nil {
			d, err = retention.DossierOf(contents)
		}
		if err != nil {
			if err = c.unread(ctx, g, err); errors.Is(err, ErrNothing) || errors.Is(err, consent.ErrNotPermitted) {
				continue // nothing there, or it ended a moment ago
			}
			return nil, err
		}
		d.Match() // as what is stored is shown elsewhere
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
