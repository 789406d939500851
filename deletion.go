package brondata

import (
	"context"
	"fmt"
	"slices"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/retention"
)

// DeletionReceipts returns the signed receipts of what was deleted when a grant ended, of its data and of its connections: the same
// that [Client.Sweep] returned when it did that, for a host that lost them, and for the subject who asks. They can be had until the
// grant is forgotten: see [consent.Manager.Forget]. Who may have them is who may do [consent.ActionReceipt]; of the library's own
// rules that is the subject.
//
// Errors: [consent.ErrNotPermitted] for an actor who may not; [consent.ErrNotFound] for an unknown grant, and where nothing was deleted
// yet; [retention.ErrNotRecorded]; and those of the stores.
func (c *Client) DeletionReceipts(ctx context.Context, by consent.Actor, id consent.GrantID) ([]retention.Receipt, error) {
	g, err := c.consent.Stored(ctx, id)
	if err != nil {
		return nil, c.consent.Refused(ctx, by, consent.ActionReceipt, consent.Grant{ID: id}, err)
	}
	if err := c.consent.Allow(ctx, by, question(consent.ActionReceipt, g)); err != nil {
		return nil, c.consent.Refused(ctx, by, consent.ActionReceipt, g, err)
	}
	a := access(by, g, "receipts")
	a.Subject, a.Recipient = g.Subject, g.Recipient.ID
	out, err := c.vault.Receipts(ctx, a, string(g.ID))
	if err != nil {
		return nil, err
	}
	ended, err := c.vault.Receipts(ctx, a, connectionsOf(g.ID))
	if err != nil {
		return nil, err
	}
	out = append(out, slices.DeleteFunc(ended, tellsNothing)...)
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: nothing was deleted under the grant yet", consent.ErrNotFound)
	}
	return out, nil
}

// tellsNothing reports whether a receipt is of all connections of a grant and counts nothing: those that there were had their own.
func tellsNothing(r retention.Receipt) bool {
	return r.Link == "" && !slices.ContainsFunc(r.Counts, func(n retention.Count) bool { return n.Items > 0 })
}
