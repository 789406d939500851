package retention

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/internal/foreign"
	"github.com/brondata/brondata/model"
)

// Count says how much went from one compartment.
type Count struct {
	Compartment Compartment `json:"compartment"`
	Keys        int         `json:"keys"`   // keys of categories that were destroyed
	Items       int         `json:"items"`  // contents that they opened
	Chunks      int         `json:"chunks"` // rows of the data store
	Bytes       int64       `json:"bytes"`  // of plaintext
}

// Receipt says what a deletion removed, signed, so that it can be shown to the subject and to a supervisor. It counts what
// was there when the deletion was asked for, including what other processes finished; what had expired before is not in it,
// nor what was kept in memory only. It holds no personal data but the host's ids.
type Receipt struct {
	Tenant    string         `json:"tenant"`
	Grant     string         `json:"grant"`
	Link      string         `json:"link,omitempty"`     // "" for all links of the grant
	Category  model.Category `json:"category,omitempty"` // "" for all categories
	Requested time.Time      `json:"requested"`          // from when on nothing could be read
	Finished  time.Time      `json:"finished"`           // when the last row was deleted
	Counts    []Count        `json:"counts"`             // one for each compartment, in the order of Compartments
	// Log is where the access log has the deletion, when its Recorder is a Locator.
	Log       string           `json:"log,omitempty"`
	Signer    crypto.SenderKey `json:"signer,omitzero"`
	Signature []byte           `json:"signature,omitempty"`
}

const receiptLabel = "brondata/v1/deletion-receipt\x00"

// message is what is signed: the label and the receipt's JSON without the signature.
func (r Receipt) message() ([]byte, error) {
	r.Signature = nil
	b, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("retention: receipt: %w", err)
	}
	return append([]byte(receiptLabel), b...), nil
}

// Verify reports whether the receipt was signed by the key, which the caller knows from elsewhere, and is unchanged.
func (r Receipt) Verify(key crypto.SenderKey) bool {
	m, err := r.message()
	return err == nil && r.Signer == key && key.Verify(m, r.Signature)
}

// receipt makes the receipt of something that was deleted.
func (v *Vault) receipt(ctx context.Context, grant, link string, c model.Category, o obituary) (Receipt, error) {
	r := Receipt{Tenant: v.o.Tenant, Grant: grant, Link: link, Category: c, Requested: o.requested, Finished: o.finished,
		Counts: sum(o.counts), Log: o.place}
	if v.o.Signer == nil {
		return r, nil
	}
	r.Signer = v.o.Signer.Public()
	m, err := r.message()
	if err != nil {
		return r, err
	}
	if r.Signature, err = v.o.Signer.Sign(ctx, m); err != nil {
		return r, foreign.Wrap("retention: sign receipt", err, crypto.ErrNoSecret)
	}
	return r, nil
}

// Receipts returns the receipts of what was deleted under a grant, of the grant as a whole and of the links that were deleted by
// themselves: those that [Vault.DeleteGrant] and [Vault.DeleteLink] returned, for who lost them. It deletes nothing. Nothing that is
// deleted, or a deletion that is not finished or not in the log of a [Locator] yet, is an empty list. The access log has an
// entry, of ActionReceipt, before anything is returned.
func (v *Vault) Receipts(ctx context.Context, a Access, grant string) ([]Receipt, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	if !name(grant) {
		return nil, invalid("id of a grant")
	}
	_, locates := v.recorder.(Locator)
	var out []Receipt
	add := func(link string, o obituary) error {
		if o.finished.IsZero() || o.place == "" && locates {
			return nil
		}
		r, err := v.receipt(ctx, grant, link, "", o)
		out = append(out, r)
		return err
	}
	job, err := v.job(ctx, grant)
	if err == nil {
		err = add("", job.obituary)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	err = v.eachLink(ctx, v.disk, grant, func(link string, l *linkRecord) error {
		if !l.dead || !l.alone {
			return nil
		}
		return add(link, l.obituary)
	})
	if err != nil {
		return nil, err
	}
	entry := v.fill(a, Ref{Grant: grant}, ActionReceipt, "")
	entry.Items, entry.Outcome = len(out), OutcomeGranted
	if len(out) == 0 {
		entry.Outcome = OutcomeAbsent
	}
	if _, err := record(ctx, v.recorder, entry); err != nil {
		return nil, err
	}
	return out, nil
}

// sum adds counts up, one per compartment.
func sum(counts ...[]Count) []Count {
	all := Compartments()
	out := make([]Count, len(all))
	for i, place := range all {
		out[i].Compartment = place
		for _, cs := range counts {
			for _, n := range cs {
				if n.Compartment == place {
					out[i].Keys += n.Keys
					out[i].Items += n.Items
					out[i].Chunks += n.Chunks
					out[i].Bytes += n.Bytes
				}
			}
		}
	}
	return out
}

func items(counts []Count) (n int) {
	for _, c := range counts {
		n += c.Items
	}
	return n
}
