package brondata

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
)

// ErrNothing says that there is nothing to review: nothing was collected under the grant, or none of it is kept any more. A key
// store that is not the one of before looks the same.
var ErrNothing = errors.New("brondata: nothing is kept")

// ReviewOptions are options of [Client.Review].
type ReviewOptions struct {
	// LeaveOut are categories that the subject does not want to be sent.
	LeaveOut []model.Category
}

// Review is what a release would send, with the id under which the subject may approve it.
type Review struct {
	model.Review
	Release consent.ReleaseID `json:"release"`
	// ApproveBy is when the review is void.
	ApproveBy time.Time `json:"approveBy"`
}

// Approval returns what [Client.Release] takes once the subject has approved this review.
func (r *Review) Approval() consent.Approval {
	return consent.Approval{Release: r.Release, Digest: r.Digest}
}

// Review reads what is kept under the grant, reduces it to what is agreed less what the subject leaves out, and stores the
// digest of exactly that as a pending release. Package overview renders the result for the subject.
//
// Errors: [consent.ErrNotPermitted] where the grant permits nothing now, with the reason; [ErrNothing] where nothing is kept;
// [consent.ErrVoid] where the recipient has no key yet; [consent.ErrInvalid] where nothing is left to send, or a category
// that is left out is not in the scope; [crypto.ErrOpen] where the key-encryption key or the tenant is not the one under which
// it was kept, [crypto.ErrShredded] where the key-encryption key is gone; and those of the stores.
func (c *Client) Review(ctx context.Context, by consent.Actor, id consent.GrantID, o *ReviewOptions) (*Review, error) {
	if o == nil {
		o = &ReviewOptions{}
	}
	g, err := c.consent.Get(ctx, by, id)
	if err != nil {
		return nil, err
	}
	if err := c.usable(ctx, by, consent.ActionReview, g); err != nil {
		return nil, c.consent.Refused(ctx, by, consent.ActionReview, g, err)
	}
	d, err := c.stored(ctx, by, g, "review")
	if err != nil {
		return nil, c.consent.Refused(ctx, by, consent.ActionReview, g, err) // it may have ended a moment ago
	}
	if len(d.Records) == 0 {
		return nil, fmt.Errorf("%w: no record", ErrNothing)
	}
	rel, d, err := c.consent.Review(ctx, by, id, d, o.LeaveOut)
	if err != nil {
		return nil, err
	}
	out := &Review{Release: rel.ID, ApproveBy: rel.ApproveBy, Review: model.Review{
		Grant:     string(g.ID),
		Recipient: model.ReviewRecipient{ID: g.Recipient.ID, Name: g.Recipient.Name, Contact: g.Recipient.Contact, KeyID: rel.KeyID},
		Purpose: model.ReviewPurpose{
			ID: string(g.Purpose.ID), Text: g.Purpose.Text, LegalBasis: g.Purpose.LegalBasis,
			Withdrawal: g.Purpose.Withdrawal, Further: g.Purpose.Further,
		},
		Scope:   g.Scope.Without(o.LeaveOut...),
		Records: d.Records, Documents: d.Documents, Coverage: d.Coverage, Issues: d.Issues,
		LeftOut: rel.LeftOut, PreparedAt: rel.Reviewed, GrantValidUntil: g.ValidUntil, Digest: rel.Digest,
	}}
	for _, inst := range g.Institutions {
		out.Institutions = append(out.Institutions, model.ReviewInstitution{ID: inst, Name: c.name(inst)})
	}
	out.Retention = keptUntil(g, d)
	return out, nil
}

// name returns the name that the public knows an institution by, "" where the host gave none.
func (c *Client) name(inst model.InstitutionID) string {
	if c.conf.Texts == nil {
		return ""
	}
	return c.conf.Texts.Institutions[inst]
}

// keptUntil says for each category that would be sent how long it is kept as agreed.
func keptUntil(g consent.Grant, d *model.Dossier) []model.ReviewRetention {
	last := map[model.Category]time.Time{}
	for _, r := range d.Records {
		if t := d.Documents[r.Head().Provenance.Document].Retrieved; t.After(last[r.Category()]) {
			last[r.Category()] = t
		}
	}
	var out []model.ReviewRetention
	for _, c := range model.Categories() {
		t, ok := last[c]
		if !ok {
			continue
		}
		until := g.ValidUntil
		if keep, ok := g.Purpose.Keep[c]; ok && keep > 0 && t.Add(keep).Before(until) {
			until = t.Add(keep)
		}
		out = append(out, model.ReviewRetention{Category: c, Until: until})
	}
	return out
}

// Release seals what the subject approved to the recipient's key. It works once: a repeated call returns the same bytes
// until [Client.Delivered], and [Client.Package] returns them to the recipient. The recipient opens them with
// [crypto.OpenPackage]; the plaintext is a dossier as JSON, for [model.ReadDossier] with KeepUnknown.
//
// A package is kept no longer than what is in it: from [consent.Release].KeepUntil on, when the time that the purpose names for one of its
// records is over, nobody gets it any more, and a sweep deletes it.
//
// What was approved is exactly what the review showed, with the documents that the records came from, when those were retrieved, and
// the coverage. So a collection between review and release voids the review, also one that brought the same again: do not
// refresh a grant while a review waits for the subject, which is until its ApproveBy at most.
//
// Errors: [consent.ErrVoid] where anything changed since the review, it was too long ago, or it may be kept no longer: review again;
// [consent.ErrNotPermitted] where the grant permits nothing now; [consent.ErrDelivered] after [Client.Delivered];
// [consent.ErrNotFound] for an unknown release; [crypto.ErrOpen] and [crypto.ErrShredded] as of Review; and those of the stores.
func (c *Client) Release(ctx context.Context, by consent.Actor, a consent.Approval) (crypto.Package, error) {
	rel, err := c.consent.Release(ctx, by, a.Release)
	if err != nil {
		return crypto.Package{}, err
	}
	if rel.State != consent.ReleasePending {
		return c.consent.Seal(ctx, by, a, nil)
	}
	g, err := c.consent.Get(ctx, by, rel.Grant)
	if err != nil {
		return crypto.Package{}, err
	}
	if err := c.usable(ctx, by, consent.ActionRelease, g); err != nil {
		return crypto.Package{}, c.consent.Refused(ctx, by, consent.ActionRelease, g, err)
	}
	d, err := c.stored(ctx, by, g, "release")
	if errors.Is(err, ErrNothing) {
		err = fmt.Errorf("%w: what was reviewed is no longer kept", consent.ErrVoid)
	}
	if err != nil {
		return crypto.Package{}, c.consent.Refused(ctx, by, consent.ActionRelease, g, err)
	}
	return c.consent.Seal(ctx, by, a, d)
}

// Package returns what Release sealed, the same bytes, for a host that lets the recipient fetch them: by is an actor in
// [consent.RoleRecipient] whose ID is the recipient's in the grant, or the subject. It seals nothing. The access log says that it was
// fetched, and by whom.
//
// Errors: [consent.ErrNotPermitted] for another actor, or where the grant permits nothing now; [consent.ErrTransition] where the subject has
// not released it yet; [consent.ErrVoid] where the recipient has another key since, or from [consent.Release].KeepUntil on;
// [consent.ErrDelivered] after [Client.Delivered];
// [consent.ErrNotFound] for an unknown release; and those of the stores.
func (c *Client) Package(ctx context.Context, by consent.Actor, id consent.ReleaseID) (crypto.Package, error) {
	return c.consent.Package(ctx, by, id)
}

// Delivered says that the recipient has the package: its bytes are deleted, and the release is used up.
func (c *Client) Delivered(ctx context.Context, by consent.Actor, id consent.ReleaseID) error {
	return c.consent.MarkDelivered(ctx, by, id)
}

// Revoke withdraws a grant: local, immediate and idempotent. From the moment in which the store changes the grant nothing
// more is collected, reviewed or sealed under it; then the keys of its data are destroyed, so that nothing that is kept can
// be read again, in no backup either. Connections at institutions are ended, and rows deleted, by [Client.Sweep].
//
// Where an error is returned after the first step, the grant is revoked all the same, and a second call or a sweep does
// the rest.
func (c *Client) Revoke(ctx context.Context, by consent.Actor, id consent.GrantID) error {
	g, err := c.consent.Revoke(ctx, by, id)
	if err != nil {
		return err
	}
	// What follows does not stop because the caller has gone.
	ctx = context.WithoutCancel(ctx)
	return errors.Join(c.vault.DestroyGrant(ctx, string(g.ID)), c.destroySuperseded(ctx, g))
}

// destroySuperseded destroys the data of the grants that this one took the place of. One that was only to be superseded, by
// a proposal that never became active, stands and keeps its data.
func (c *Client) destroySuperseded(ctx context.Context, g consent.Grant) error {
	var errs []error
	for seen := map[consent.GrantID]bool{}; g.Supersedes != "" && !seen[g.ID]; {
		seen[g.ID] = true
		old, err := c.consent.Stored(ctx, g.Supersedes)
		if errors.Is(err, consent.ErrNotFound) {
			break // forgotten, long after its data was deleted
		}
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		if old.SupersededBy != g.ID {
			break
		}
		errs = append(errs, c.vault.DestroyGrant(ctx, string(old.ID)))
		g = old
	}
	return errors.Join(errs...)
}

// SweepReport says what a sweep did.
type SweepReport struct {
	// Consent says what became of grants, releases and links. Its GivenUp are connections of which the institution could not be told the
	// end: what it made may live on there. Tell the subject, who can end it at the institution.
	Consent consent.Swept
	Vault   retention.SweepReport
	// Deleted are the signed receipts of what went: of the data of each grant, and of its connections, which are kept under the
	// grant's id with "-connections" behind it. They say what was deleted here, and nothing of what an institution was told. They
	// are in one report; [Client.DeletionReceipts] returns them again.
	Deleted []retention.Receipt
	// More says that there may be more to do: sweep again.
	More bool
}

// sweeper is who sweeps.
var sweeper = consent.Actor{ID: "brondata-sweep", Role: consent.RoleSystem, Reason: "sweep"}

// Sweep does what is due, at most max of each kind: it records what expired, deletes what ended, ends connections at
// institutions, and resumes what a killed process left. Call it every few minutes from any scheduler, in one process or in
// all. Nothing that is protected depends on it: what is over cannot be read, with or without a sweep. What fails is tried again
// by a later sweep, after a pause that grows from a minute to a day.
func (c *Client) Sweep(ctx context.Context, max int) (SweepReport, error) {
	var out SweepReport
	var errs []error
	swept, err := c.consent.Sweep(ctx, sweeper, max, &consent.SweepOptions{
		Ended: func(ctx context.Context, g consent.Grant) error {
			r, err := c.vault.DeleteGrant(ctx, access(sweeper, g, "end"), string(g.ID))
			if err != nil {
				return err
			}
			out.Deleted = append(out.Deleted, r)
			rs, err := c.deleteUnlinked(ctx, g)
			out.Deleted = append(out.Deleted, rs...)
			return err
		},
		Disconnect: func(ctx context.Context, l consent.Link) error {
			rs, err := c.disconnect(ctx, l)
			out.Deleted = append(out.Deleted, rs...)
			return err
		},
	})
	errs = append(errs, err)
	out.Consent = swept
	out.Vault, err = c.vault.Sweep(ctx, max)
	errs = append(errs, err)
	out.More = out.Consent.More || out.Vault.More
	if max > 0 { // else the others have said so
		more, err := c.sweepLeases(ctx, max)
		out.More = out.More || more
		errs = append(errs, err)
	}
	return out, errors.Join(errs...)
}

// deleteUnlinked deletes what sources keep that need no connection, and what is left of connections that a host noted as ended, where
// there is no link whose end would do it.
func (c *Client) deleteUnlinked(ctx context.Context, g consent.Grant) ([]retention.Receipt, error) {
	links, err := c.consent.StoredLinks(ctx, g.ID)
	if err != nil || slices.ContainsFunc(links, func(l consent.Link) bool { return !l.State.Terminal() }) {
		return nil, err
	}
	return c.deleteConnections(ctx, g, "end")
}

// deleteConnections deletes what is kept of all connections of a grant. Where there is nothing, a call that stood still all the while
// stores nothing any more, and so begins nothing at an institution. It returns the receipt of what there was.
func (c *Client) deleteConnections(ctx context.Context, g consent.Grant, why string) ([]retention.Receipt, error) {
	r, err := c.vault.DeleteGrant(ctx, access(sweeper, g, why), connectionsOf(g.ID))
	if err != nil || tellsNothing(r) {
		return nil, err
	}
	return []retention.Receipt{r}, nil
}

// disconnect ends the connection of one link at its institution, and then destroys its state. An institution that has not
// answered for disconnectTime is not told any more, and neither is one of which the source is not registered any more, or the state
// is over: that is [consent.ErrGivenUp], after the state was destroyed. It returns the receipts of what it deleted, also with an error.
func (c *Client) disconnect(ctx context.Context, l consent.Link) ([]retention.Receipt, error) {
	deleted, told, err := c.endConnection(ctx, l)
	if err == nil && !told {
		c.log.WarnContext(ctx, "connection given up: the institution was not told", "grant", string(l.Grant), "institution", string(l.Institution))
		err = consent.ErrGivenUp
	}
	return deleted, err
}

func (c *Client) endConnection(ctx context.Context, l consent.Link) (deleted []retention.Receipt, told bool, err error) {
	g, err := c.consent.Stored(ctx, l.Grant)
	if err != nil {
		return nil, false, err
	}
	if !c.conf.Now().Before(g.Ended.Add(disconnectTime)) {
		deleted, err := c.deleteConnections(ctx, g, "disconnected")
		return deleted, false, err
	}
	state := c.state(sweeper, g)
	if err := c.retriever.Disconnect(ctx, l.Institution, &sources.ConnectOptions{State: endingState{state}}); err != nil {
		return nil, false, err
	}
	registered := false
	for _, d := range c.conf.Registry.Descriptors() {
		if d.Institution != l.Institution {
			continue
		}
		registered = true
		r, err := c.vault.DeleteLink(ctx, access(sweeper, g, "disconnected"), connectionsOf(g.ID), string(d.ID))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return deleted, false, err
		}
		deleted = append(deleted, r)
	}
	told = registered && !state.over()
	links, err := c.consent.StoredLinks(ctx, g.ID)
	if err != nil {
		return deleted, told, err
	}
	for _, o := range links {
		if o.Institution != l.Institution && !o.State.Terminal() {
			return deleted, told, nil
		}
	}
	// It was the last: what a source left that is not registered any more goes, too.
	rest, err := c.deleteConnections(ctx, g, "disconnected")
	return append(deleted, rest...), told, err
}
