package brondata

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/internal/foreign"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
)

// Propose asks a subject for a grant. Nothing is permitted before [Client.Decide]. The recipient's key is registered with the
// first proposal that carries one; another key than the registered one is [consent.ErrInvalid], as is whatever else is wrong
// with the proposal.
func (c *Client) Propose(ctx context.Context, by consent.Actor, p consent.Proposal) (consent.Grant, error) {
	return c.consent.Propose(ctx, by, p)
}

// Decide records the subject's decision. [consent.ErrTransition] where it was decided otherwise before,
// [consent.ErrNotPermitted] where the time to decide is over or the actor is not the subject.
func (c *Client) Decide(ctx context.Context, by consent.Actor, id consent.GrantID, allow bool) (consent.Grant, error) {
	return c.consent.Decide(ctx, by, id, allow)
}

// Connect takes the next step of the connection to an institution under a grant: see [sources.Step] for what the host
// does with the answer. It may be called in another process than the step before. Where the institution's sources need
// no connection, the step is done. Of several calls for one connection, in any number of processes, one goes on at a time, and
// a collection over it counts as one; the others wait until ctx ends.
//
// A callback proves only that the institution sent somebody back. Before it is passed on, the host checks by its own session
// that it comes from the browser in which by began this connection: else somebody can be made to finish another's.
//
// Errors: [consent.ErrNotPermitted]; [sources.ErrAuthentication] where the subject refused or the institution does not accept
// what came back: begin again; with it [sources.ErrUnmatched] where nothing was waiting for it, as when a page is loaded twice:
// then nothing was changed, and [consent.Manager.Links] tells how the link stands; [sources.ErrNotProvided] where the
// institution does not offer a connection; [sources.ErrConfig] for an address that no institution sends a browser back to, or none
// where the connection begins; [sources.ErrUnavailable], also where this process stood still while another call changed
// the connection; [crypto.ErrOpen] and [crypto.ErrShredded] where the
// key-encryption key is not the one of before; and those of the stores.
func (c *Client) Connect(ctx context.Context, by consent.Actor, id consent.GrantID, inst model.InstitutionID, r sources.ConnectRequest) (sources.Step, error) {
	g, err := c.consent.Get(ctx, by, id)
	if err != nil {
		return sources.Step{}, err
	}
	p, err := c.consent.PermitConnect(ctx, by, id)
	if err != nil {
		return sources.Step{}, err
	}
	links, err := c.consent.Links(ctx, by, id)
	if err != nil {
		return sources.Step{}, err
	}
	begun := slices.ContainsFunc(links, func(l consent.Link) bool { return l.Institution == inst })
	answered := len(r.Callback) > 0 || len(r.Fields) > 0
	if !begun && !answered && r.RedirectURL == "" && c.retriever.Connector(inst) != "" {
		return sources.Step{}, fmt.Errorf("brondata: connect: %w: a connection begins with an address to come back on", sources.ErrConfig)
	}
	if !begun || !answered {
		// The link comes first: by it a sweep knows that there may be a connection to end.
		if _, err := c.consent.MoveLink(ctx, id, inst, consent.LinkRestart, time.Time{}); err != nil && !errors.Is(err, consent.ErrTransition) {
			return sources.Step{}, err
		}
	}
	step, err := c.retriever.Connect(ctx, p, inst, r, &sources.ConnectOptions{State: c.state(by, g)})
	if errors.Is(err, sources.ErrAuthentication) && !errors.Is(err, sources.ErrUnmatched) {
		err = errors.Join(err, c.failLink(ctx, id, inst))
	}
	if err != nil {
		return sources.Step{}, err
	}
	if step.Kind == sources.StepDone {
		var until time.Time
		if !step.ValidUntil.IsZero() {
			until = step.ValidUntil.AddDays(1).Time() // its last day is a whole one
		}
		if _, err := c.consent.MoveLink(ctx, id, inst, consent.LinkConfirm, until); err != nil {
			return sources.Step{}, err
		}
	}
	return step, nil
}

// failLink notes that a connection could not be made. One that was there before stays as it is: it can be used until the
// institution says otherwise.
func (c *Client) failLink(ctx context.Context, id consent.GrantID, inst model.InstitutionID) error {
	l, err := c.link(ctx, id, inst)
	if err != nil || l.State == consent.LinkValid {
		return err
	}
	_, err = c.consent.MoveLink(ctx, id, inst, consent.LinkFail, time.Time{})
	return err
}

// link returns how the link stands; the zero one where there is none.
func (c *Client) link(ctx context.Context, id consent.GrantID, inst model.InstitutionID) (consent.Link, error) {
	links, err := c.consent.StoredLinks(ctx, id)
	if err != nil {
		return consent.Link{}, err
	}
	if i := slices.IndexFunc(links, func(l consent.Link) bool { return l.Institution == inst }); i >= 0 {
		return links[i], nil
	}
	return consent.Link{}, nil
}

// usable asks whether the actor may do something under the grant, and whether the grant permits anything now: before data is
// read, so that a revoked grant is refused as such.
func (c *Client) usable(ctx context.Context, by consent.Actor, a consent.Action, g consent.Grant) error {
	if err := c.consent.Allow(ctx, by, question(a, g)); err != nil {
		return err
	}
	return c.consent.Usable(g)
}

func question(a consent.Action, g consent.Grant) consent.Question {
	return consent.Question{Action: a, Subject: g.Subject, Purpose: g.Purpose.ID, Recipient: g.Recipient.ID}
}

// connectionsOf is what the vault calls the connections of a grant. They have keys of their own, apart from the grant's
// data: a revoke destroys those of the data at once, while the identifiers and tokens of a connection are needed once more,
// to end it at the institution. [Client.Sweep] destroys them as soon as that is done, or disconnectTime after the grant's end;
// and by themselves they end disconnectTime after the end that the grant had when it was given.
func connectionsOf(g consent.GrantID) string { return string(g) + "-connections" }

// disconnectTime is how long after the end of a grant its connections may still be ended at institutions that do not
// answer.
const disconnectTime = 7 * 24 * time.Hour

// state keeps the state of a grant's connections in the vault, for one actor.
func (c *Client) state(by consent.Actor, g consent.Grant) *linkState {
	return &linkState{c: c, by: by, g: g, held: map[model.SourceID]*heldState{}}
}

type linkState struct {
	c  *Client
	by consent.Actor
	g  consent.Grant

	mu      sync.Mutex
	held    map[model.SourceID]*heldState
	expired bool // a state was asked for that there was, and whose time is over
}

func (s *linkState) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expired = true
}

// over reports whether a state was asked for whose time is over.
func (s *linkState) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.expired
}

// heldState is the state of one connection while a session has its lock.
type heldState struct {
	mu   sync.Mutex // one save at a time
	seen []string   // the version that was there when the lock was taken, or those that this session may have stored since
	over bool       // the lock was given back
}

var _ sources.StateLocker = (*linkState)(nil)

// Lock implements [sources.StateLocker], over all processes.
func (s *linkState) Lock(ctx context.Context, _ model.InstitutionID, id model.SourceID) (func(), error) {
	l, err := s.c.lease(ctx, s.g.ID, "connection/"+string(id))
	if err != nil {
		return nil, err
	}
	version, err := s.version(ctx, id)
	if err != nil {
		l.end(ctx)
		return nil, err
	}
	h := &heldState{seen: []string{version}}
	s.mu.Lock()
	s.held[id] = h
	s.mu.Unlock()
	return func() {
		h.mu.Lock()
		h.over = true
		h.mu.Unlock()
		l.end(ctx)
	}, nil
}

// overtaken reports whether another call changed the state since a session of this one had it: then what the institution said to this
// one is not about the connection that there is.
func (s *linkState) overtaken(ctx context.Context, id model.SourceID) (bool, error) {
	s.mu.Lock()
	h := s.held[id]
	s.mu.Unlock()
	if h == nil {
		return false, nil
	}
	version, err := s.version(ctx, id)
	h.mu.Lock()
	defer h.mu.Unlock()
	return !slices.Contains(h.seen, version), err
}

// version returns that of the state which is there, "" for none.
func (s *linkState) version(ctx context.Context, id model.SourceID) (string, error) {
	r := s.ref(id)
	st, err := s.c.vault.Status(ctx, r.Grant, r.Link)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	for _, it := range st.Items {
		if it.Category == retention.CategoryState {
			return it.Version, foreign.Own(err)
		}
	}
	return "", foreign.Own(err)
}

func (s *linkState) ref(id model.SourceID) retention.Ref {
	r := ref(s.g, string(id))
	r.Grant = connectionsOf(s.g.ID)
	return r
}

// Load implements [sources.State].
func (s *linkState) Load(ctx context.Context, _ model.InstitutionID, id model.SourceID) (crypto.Secret, error) {
	b, err := s.c.vault.State(ctx, access(s.by, s.g, "connection"), s.ref(id))
	switch {
	case errors.Is(err, retention.ErrExpired):
		s.expire()
		return crypto.Secret{}, nil
	case errors.Is(err, fs.ErrNotExist):
		return crypto.Secret{}, nil
	case err != nil:
		return crypto.Secret{}, foreign.Own(err) // the rooms below have cut off what is not ours
	case len(b) == 0:
		return crypto.Secret{}, nil
	}
	defer clear(b)
	return crypto.NewSecret(b), nil
}

// Save implements [sources.State]. It replaces only what was there when the lock was taken, or what it saved itself since. So a process
// that stood still until another got the lock changes nothing after that one saved; before, it does, for what it has
// may be a token that the institution gives out once, and then the other one fails.
func (s *linkState) Save(ctx context.Context, inst model.InstitutionID, id model.SourceID, state crypto.Secret) error {
	s.mu.Lock()
	h := s.held[id]
	s.mu.Unlock()
	if h == nil {
		return errUnlocked
	}
	r := s.ref(id)
	terms := s.c.conf.Terms(s.g, inst)
	policy := retention.Policy{Recurrent: terms.Recurrent, Credentials: terms.Credentials, Until: s.g.ValidUntil.Add(disconnectTime)}
	if err := s.c.vault.CreateLink(ctx, r, policy); err != nil {
		return foreign.Own(err)
	}
	var err error
	if state.IsZero() {
		err = h.save(ctx, s.c.vault, r, nil)
	} else {
		err = state.Use(func(b []byte) error { return h.save(ctx, s.c.vault, r, b) })
	}
	if errors.Is(err, retention.ErrConflict) {
		return sources.Errorf(sources.ErrUnavailable, "another call changed the connection meanwhile")
	}
	return foreign.Own(err)
}

var errUnlocked = sources.Errorf(sources.ErrAdapter, "state is saved without its lock")

func (h *heldState) save(ctx context.Context, v *retention.Vault, r retention.Ref, state []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		return errUnlocked
	}
	version, err := v.SaveStateIf(ctx, r, state, h.seen...)
	switch {
	case err == nil:
		h.seen = []string{version}
	case version != "":
		h.seen = append(h.seen, version) // it may be there all the same
	}
	return err
}

// endingState is the state of a connection that is being ended, perhaps for the second time: one that was destroyed is none.
type endingState struct{ *linkState }

// Load implements [sources.State].
func (s endingState) Load(ctx context.Context, inst model.InstitutionID, id model.SourceID) (crypto.Secret, error) {
	st, err := s.linkState.Load(ctx, inst, id)
	return st, s.ended(ctx, id, err)
}

// Save implements [sources.State].
func (s endingState) Save(ctx context.Context, inst model.InstitutionID, id model.SourceID, state crypto.Secret) error {
	err := s.linkState.Save(ctx, inst, id, state)
	if !state.IsZero() {
		return err
	}
	if errors.Is(err, retention.ErrExpired) {
		s.expire()
		return nil // what is to go has gone by itself
	}
	return s.ended(ctx, id, err)
}

// ended returns nil for an error that says no more than that the connection was destroyed, alone or with all of the grant. Where the
// key-encryption key is gone it is no such error: the institution was not told.
func (s endingState) ended(ctx context.Context, id model.SourceID, err error) error {
	if !errors.Is(err, retention.ErrShredded) {
		return err
	}
	if st, err := s.c.vault.Status(ctx, connectionsOf(s.g.ID), string(id)); err == nil && st.Deleted {
		return nil
	}
	if gone, goneErr := s.c.destroyed(ctx, connectionsOf(s.g.ID)); !gone {
		return errors.Join(err, goneErr)
	}
	return nil
}
