package brondata

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
)

// CollectOptions are options of [Client.Collect].
type CollectOptions struct {
	// Discard keeps nothing of this collection: the dossier is returned and that is all.
	Discard bool
	// Add keeps what this collection brings beside what earlier ones brought, instead of in its place: for files that a subject
	// hands over one by one. The records of a document that was handed over before take the place of those that it gave then.
	// Where two documents tell of the same fact both are kept, and [model.Dossier.Resolved] takes one.
	//
	// What is kept of a category then has one coverage. It says all only where every collection brought all it was to, or this
	// one had it from an institution rather than from files: a file that breaks off before the first record, or cannot be read at
	// all, makes a part of whatever it may hold, before the whole ones as after them. What the files cannot hold stays as it is, as
	// it does where an institution that was asked gave nothing. Balances and subject are as in the worse of them. The
	// histories of one account that follow on one another by their days are one, as long as no other account is among what was
	// kept; else the history is said to be whole from the later beginning to the earlier end, since nobody looked for gaps
	// between them. All of it lives as long as its oldest part.
	Add bool
	// Progress is told what happens; see [sources.CollectOptions].
	Progress func(sources.Event)
}

// Collect retrieves what the grant covers, keeps it sealed as long as agreed, and returns it. A refresh is a Collect by an
// actor without presence.
//
// What an earlier collection brought of a category from an institution is replaced where this one brought as much: all, all
// but a history that was cut, or part. Where it brought less, as when one account did not answer, a document was cut off or ctx
// ended, what was there stays; the dossier that is returned shows what this collection brought, and [Client.Review] shows what is
// kept, with the coverage and the documents of when it was retrieved. With [CollectOptions.Add] nothing is replaced. To find
// out, what is kept of the category is read, and the access log says so. A review that waits for the subject is void then, also
// where the same came again: see [Client.Release].
//
// What files brought before of accounts, balances and transactions stays also where other files would lose some of it. Transactions
// may be replaced by a history that says since when it is whole ([model.Coverage.Since]), begins no later than the one that is kept
// and than its records, and reaches as far on every account; accounts by the same ones and others. A balance, and a transaction
// without such a history or without a day, has to be there again. Of other categories, which tell how things stand, such as
// pensions, the newer file counts. Files that come one by one need Add; all files in one Collect is what tells gaps
// and completeness; a truncated file that was added is mended by a Collect without Add of all files.
//
// The error is nil also where the dossier is incomplete: see [model.Dossier.Complete] and its coverage. Where storing
// fails, or the state of a connection cannot be opened, the dossier is returned with the error, unless the grant ended meanwhile:
// then it is [consent.ErrNotPermitted], and nothing is returned, nor can be read afterwards. Where the consent store fails, so that
// nobody knows whether the grant ended, the error is the store's, and nothing is returned either. [crypto.ErrShredded] and [crypto.ErrOpen] say that the key-encryption key is
// gone, or not the one of before. One category of an institution that is over 64 MiB as JSON, or a document that is to be kept over
// 64 MiB, cannot be stored: [retention.ErrTooLarge]. [retention.ErrConflict] says that this process stood still, or was slow, while
// others stored what is newer: of the institution nothing of this collection is kept, and collecting again helps.
func (c *Client) Collect(ctx context.Context, by consent.Actor, id consent.GrantID, in sources.Input, o *CollectOptions) (*model.Dossier, error) {
	if o == nil {
		o = &CollectOptions{}
	}
	p, err := c.consent.Permit(ctx, by, id)
	if err != nil {
		return nil, err
	}
	g, _ := p.Snapshot()
	kept, state := keptDocuments{}, c.state(by, g)
	witness := &witness{StateLocker: state}
	d, err := c.retriever.Collect(ctx, p, in, &sources.CollectOptions{State: witness, Progress: o.Progress, Keep: kept.keep})
	if d == nil {
		if r, ok := errors.AsType[*consent.Refusal](err); ok {
			err = fmt.Errorf("brondata: the grant ended during the collection: %w (%s)", err, r.Reason)
		}
		return nil, err
	}
	err = errors.Join(err, witness.failure())
	c.noteLinks(ctx, state, d)
	if o.Discard {
		return d, err
	}
	keepErr := c.keep(ctx, by, g, d, kept.all(), o.Add)
	// Keeping took time: what a revoke overtook is not returned, whether or not its keys are destroyed by now.
	checkErr := p.Check(context.WithoutCancel(ctx))
	if errors.Is(checkErr, consent.ErrNotPermitted) {
		return nil, fmt.Errorf("brondata: the grant ended during the collection: %w", checkErr)
	}
	if checkErr != nil {
		return nil, errors.Join(err, keepErr, checkErr)
	}
	if keepErr != nil {
		keepErr = fmt.Errorf("brondata: keep: %w", keepErr)
	}
	return d, errors.Join(err, keepErr)
}

// witness sees whether the state of connections can be opened in a collection. To a source that it cannot is one failure among others,
// and the coverage says "unexpected"; but no institution is to blame, and trying again mends nothing.
type witness struct {
	sources.StateLocker
	mu  sync.Mutex
	err error
}

// note keeps the first error of a key.
func (w *witness) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil && (errors.Is(err, crypto.ErrOpen) || errors.Is(err, crypto.ErrShredded)) {
		w.err = err
	}
}

func (w *witness) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		return nil
	}
	return fmt.Errorf("brondata: state of a connection: %w", w.err)
}

// Load implements [sources.State].
func (w *witness) Load(ctx context.Context, inst model.InstitutionID, id model.SourceID) (crypto.Secret, error) {
	s, err := w.StateLocker.Load(ctx, inst, id)
	w.note(err)
	return s, err
}

// Save implements [sources.State].
func (w *witness) Save(ctx context.Context, inst model.InstitutionID, id model.SourceID, s crypto.Secret) error {
	err := w.StateLocker.Save(ctx, inst, id, s)
	w.note(err)
	return err
}

// noteLinks tells the links what institutions said: an answer that asks for authentication means that the link needs it, and
// one that brought all that was asked means that it is there, whatever became of attempts to make it anew.
func (c *Client) noteLinks(ctx context.Context, s *linkState, d *model.Dossier) {
	noted := map[model.InstitutionID]bool{}
	for _, cov := range d.Coverage {
		connector := c.retriever.Connector(cov.Institution)
		for _, a := range cov.Attempts {
			if a.Source != connector || noted[cov.Institution] {
				continue
			}
			noted[cov.Institution] = true // an attempt stands in the coverage of all categories that it was for
			if err := c.noteLink(ctx, s, cov.Institution, a); err != nil {
				c.log.WarnContext(ctx, "link not noted", "grant", string(s.g.ID), "institution", string(cov.Institution))
			}
		}
	}
}

func (c *Client) noteLink(ctx context.Context, s *linkState, inst model.InstitutionID, a model.Attempt) error {
	var event consent.LinkEvent
	switch a.Outcome {
	case sources.Code(sources.ErrAuthentication):
		event = consent.LinkNeed
	case sources.Code(nil):
		event = consent.LinkConfirm
	default:
		return nil
	}
	l, err := c.link(ctx, s.g.ID, inst)
	if err != nil || l.State == "" || l.State.Terminal() || event == consent.LinkConfirm && l.State == consent.LinkValid {
		return err
	}
	if over, err := s.overtaken(ctx, a.Source); err != nil || over {
		return err // the subject may have connected anew
	}
	_, err = c.consent.MoveLink(ctx, s.g.ID, inst, event, l.Until)
	return err
}

// stored reads back all that is kept under a grant. Where it was destroyed a moment ago, the error says why the grant permits
// nothing any more.
func (c *Client) stored(ctx context.Context, by consent.Actor, g consent.Grant, why string) (*model.Dossier, error) {
	d, err := c.vault.ReadDossier(ctx, access(by, g, why), ref(g, ""))
	if err != nil {
		return nil, c.unread(ctx, g, err)
	}
	d.Match() // sightings of one fact may have come over several links
	// Of an institution that never gave anything nothing is kept, not even that.
	for _, inst := range g.Institutions {
		if !slices.ContainsFunc(d.Coverage, func(cov model.Coverage) bool { return cov.Institution == inst }) {
			for _, cat := range c.retriever.Asked(inst, g.Scope) {
				d.Coverage = append(d.Coverage, model.Coverage{Institution: inst, Category: cat, Obtained: model.ObtainedNone})
			}
		}
	}
	return d, nil
}

// unread says why what is kept under a grant cannot be read.
func (c *Client) unread(ctx context.Context, g consent.Grant, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: the key store knows of nothing that was collected", ErrNothing)
	}
	if errors.Is(err, retention.ErrShredded) {
		gone, goneErr := c.destroyed(ctx, string(g.ID))
		if goneErr != nil {
			return errors.Join(err, goneErr)
		}
		if gone {
			now, loadErr := c.consent.Stored(ctx, g.ID)
			if loadErr != nil {
				return loadErr
			}
			if err := c.consent.Usable(now); err != nil {
				return err
			}
			return fmt.Errorf("%w: it was destroyed", ErrNothing)
		}
	}
	return fmt.Errorf("brondata: read what is kept: %w", err)
}

// destroyed reports whether what the vault keeps under a grant was destroyed there. If not, [retention.ErrShredded] means that
// the key-encryption key is gone.
func (c *Client) destroyed(ctx context.Context, grant string) (bool, error) {
	links, err := c.vault.Links(ctx, grant)
	if err != nil {
		return false, err
	}
	for _, l := range links {
		s, err := c.vault.Status(ctx, grant, l)
		if err != nil || !s.Deleted {
			return false, err
		}
	}
	return true, nil
}
