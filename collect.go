package brondata

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
)

// CollectOptions are options of [Client.Collect].
type CollectOptions struct {
	// Discard keeps nothing of this collection: the dossier is returned and that is all.
	Discard bool
	// Progress is told what happens; see [sources.CollectOptions].
	Progress func(sources.Event)
}

// Collect retrieves what the grant covers, keeps it sealed as long as agreed, and returns it. A refresh is a Collect by an
// actor without presence. What an earlier collection brought of a category is replaced where this one brought something of
// it from the same institution, and stays where it brought nothing.
//
// The error is nil also where the dossier is incomplete: see [model.Dossier.Complete] and its coverage. Where storing
// fails, the dossier is returned with the error, unless the grant ended meanwhile: then it is [consent.ErrNotPermitted], and
// nothing is returned, nor can be read afterwards. One category of an institution that is over 64 MiB as JSON, or a document
// that is to be kept over 64 MiB, cannot be stored: [retention.ErrTooLarge].
func (c *Client) Collect(ctx context.Context, by consent.Actor, id consent.GrantID, in sources.Input, o *CollectOptions) (*model.Dossier, error) {
	if o == nil {
		o = &CollectOptions{}
	}
	p, err := c.consent.Permit(ctx, by, id)
	if err != nil {
		return nil, err
	}
	g, _ := p.Snapshot()
	kept := keptDocuments{}
	d, err := c.retriever.Collect(ctx, p, in, &sources.CollectOptions{State: c.state(by, g), Progress: o.Progress, Keep: kept.keep})
	if d == nil {
		return nil, err
	}
	c.noteLinks(ctx, g, d)
	if o.Discard {
		return d, err
	}
	keepErr := c.keep(ctx, g, d, kept.all())
	// Keeping took time: what a revoke overtook is not returned, whether or not its keys are destroyed by now.
	checkErr := p.Check(context.WithoutCancel(ctx))
	if errors.Is(checkErr, consent.ErrNotPermitted) {
		return nil, fmt.Errorf("brondata: the grant ended during the collection: %w", checkErr)
	}
	if checkErr != nil {
		return nil, errors.Join(err, keepErr, checkErr)
	}
	return d, errors.Join(err, keepErr)
}

// noteLinks tells the links what institutions said: an answer that asks for authentication means that the link needs it, and
// one that brought all that was asked means that it is there, whatever became of attempts to make it anew.
func (c *Client) noteLinks(ctx context.Context, g consent.Grant, d *model.Dossier) {
	noted := map[model.InstitutionID]bool{}
	for _, cov := range d.Coverage {
		connector := c.retriever.Connector(cov.Institution)
		for _, a := range cov.Attempts {
			if a.Source != connector || noted[cov.Institution] {
				continue
			}
			noted[cov.Institution] = true // an attempt stands in the coverage of all categories that it was for
			if err := c.noteLink(ctx, g, cov.Institution, a.Outcome); err != nil {
				c.log.WarnContext(ctx, "link not noted", "institution", string(cov.Institution))
			}
		}
	}
}

func (c *Client) noteLink(ctx context.Context, g consent.Grant, inst model.InstitutionID, outcome string) error {
	var event consent.LinkEvent
	switch outcome {
	case sources.Code(sources.ErrAuthentication):
		event = consent.LinkNeed
	case sources.Code(nil):
		event = consent.LinkConfirm
	default:
		return nil
	}
	l, err := c.link(ctx, g.ID, inst)
	if err != nil || l.State == "" || l.State == consent.LinkClosed || event == consent.LinkConfirm && l.State == consent.LinkValid {
		return err
	}
	_, err = c.consent.MoveLink(ctx, g.ID, inst, event, l.Until)
	return err
}

// keep stores what came from each institution.
func (c *Client) keep(ctx context.Context, g consent.Grant, d *model.Dossier, docs []document) error {
	insts := map[model.InstitutionID]bool{}
	for _, cov := range d.Coverage {
		insts[cov.Institution] = insts[cov.Institution] || cov.Obtained != model.ObtainedNone
	}
	var errs []error
	for _, inst := range g.Institutions {
		if !insts[inst] {
			continue
		}
		var extra []retention.Content
		for _, doc := range docs {
			if doc.info.Institution == inst {
				extra = append(extra, retention.Content{Category: retention.CategoryDocument, Name: doc.info.Digest.String(), Body: doc.body})
			}
		}
		r := ref(g, string(inst))
		if err := c.vault.CreateLink(ctx, r, c.conf.Terms(g, inst)); err != nil {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, c.vault.KeepDossier(ctx, r, d, extra, nil))
	}
	return errors.Join(errs...)
}

// stored reads back all that is kept under a grant. Where it was destroyed a moment ago, the error says why the grant permits
// nothing any more.
func (c *Client) stored(ctx context.Context, by consent.Actor, g consent.Grant, why string) (*model.Dossier, error) {
	d, err := c.vault.ReadDossier(ctx, access(by, g, why), ref(g, ""))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: nothing was collected", ErrNothing)
	}
	if errors.Is(err, retention.ErrShredded) {
		if now, loadErr := c.consent.Stored(ctx, g.ID); loadErr != nil {
			err = loadErr
		} else if err = c.consent.Usable(now); err == nil {
			err = fmt.Errorf("%w: it was destroyed", ErrNothing)
		}
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	d.Match() // sightings of one fact may have come over several links
	return d, nil
}

// document is the bytes of a document that the grant says are kept.
type document struct {
	info model.DocumentInfo
	body []byte
}

type keptDocuments struct {
	mu   sync.Mutex
	docs []document
}

func (k *keptDocuments) keep(ctx context.Context, info model.DocumentInfo, d sources.Document) error {
	b, err := io.ReadAll(d.Open(ctx))
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !slices.ContainsFunc(k.docs, func(o document) bool { return o.info.Digest == info.Digest && o.info.Institution == info.Institution }) {
		k.docs = append(k.docs, document{info, b})
	}
	return nil
}

func (k *keptDocuments) all() []document {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.docs
}
