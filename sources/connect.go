package sources

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/internal/foreign"
	"github.com/brondata/brondata/model"
)

// ConnectOptions are options of [Retriever.Connect] and [Retriever.Disconnect].
type ConnectOptions struct {
	// Source chooses one of several; by default the first, in the order of methods, that has a connection.
	Source model.SourceID
	State  State
}

// ErrUnmatched is the [ErrAuthentication] of a callback, or of fields, that no step is waiting for or that do not fit it: a page
// that was loaded twice, an address that somebody else made, a field left out. The connection is as it was.
var ErrUnmatched = fmt.Errorf("%w: what came back fits no step", ErrAuthentication)

// Connect takes the next step of a connection to the institution under the permit. Where none of its sources has a connection
// to make, or the one that has gives nothing that the permit covers, the step is done. A scope in the request must lie within
// the permit's; without one it is what the permit and the source have in common. A connection is asked for, and said to last, no
// longer than the permit.
//
// A callback proves only that the institution sent somebody back. That it comes from the browser in which this subject's
// connection was begun is for the host to check, by its own session: else one person can be made to finish the connection of
// another.
//
// Errors wrap a sentinel: [ErrNotPermitted]; [ErrAuthentication], and with it [ErrUnmatched] where nothing was waiting for what
// came back; [ErrNotProvided] where the chosen source has no connection, or the institution does not offer one; [ErrConfig] for an
// address to come back on that is neither https nor an app's own scheme, and [ErrAdapter] for a step that cannot be taken: one that
// sends the subject anywhere but to https, for example. Both also take http to this machine with [HTTPOptions.InsecureLoopback]. A
// source that goes on after its time is up is left behind.
func (r *Retriever) Connect(ctx context.Context, p consent.Permit, inst model.InstitutionID, req ConnectRequest, o *ConnectOptions) (Step, error) {
	if o == nil {
		o = &ConnectOptions{}
	}
	if err := permitted(ctx, p); err != nil {
		return Step{}, wrap(err, Error{Op: OpConnect, Institution: inst})
	}
	if !slices.Contains(p.Institutions(), inst) {
		return Step{}, wrap(ErrNotPermitted, Error{Op: OpConnect, Institution: inst})
	}
	reg, conn := r.connector(inst, o.Source)
	if conn == nil && o.Source != "" {
		return Step{}, wrap(Errorf(ErrNotProvided, "the source has no connection"), Error{Op: OpConnect, Institution: inst})
	}
	if conn == nil {
		return Step{Kind: StepDone}, nil
	}
	at := Error{Op: OpConnect, Institution: inst, Source: reg.desc.ID}
	if req.Scope.Baskets == nil {
		req.Scope = only(p.Scope(), reg.desc.Categories)
	} else if !p.Scope().Covers(req.Scope) {
		return Step{}, wrap(Errorf(ErrNotPermitted, "the request asks for more than the permit's scope"), at)
	}
	if len(req.Scope.Baskets) == 0 {
		return Step{Kind: StepDone}, nil
	}
	if err := r.checkBack(req); err != nil {
		return Step{}, wrap(err, at)
	}
	until := model.DateOf(p.ValidUntil())
	if req.ValidUntil.IsZero() || until.Before(req.ValidUntil) {
		req.ValidUntil = until // an institution is asked for no more than the subject agreed to
	}
	opts := r.session(reg, inst, o)
	opts.Log = opts.Log.With("grant", string(p.Grant()))
	opts.Presence, opts.State = p.Presence(), underPermit(o.State, p)
	opts.Access = func(ctx context.Context, account string) error { return accessError(p.Access(ctx, inst, account)) }
	return call(ctx, r.limits.SourceTime, at, reg.desc, opts, func(ctx context.Context, s *Session) (Step, error) {
		step, err := conn.Connect(ctx, s, req)
		if err != nil {
			return Step{}, err
		}
		return r.checkStep(step, until)
	})
}

// Connector returns the source that [Retriever.Connect] uses by default for the institution, "" where none has a connection.
func (r *Retriever) Connector(inst model.InstitutionID) model.SourceID {
	reg, _ := r.connector(inst, "")
	if reg == nil {
		return ""
	}
	return reg.desc.ID
}

// session returns what the sessions of Connect and Disconnect have in common.
func (r *Retriever) session(reg *registeredSource, inst model.InstitutionID, o *ConnectOptions) SessionOptions {
	return SessionOptions{
		Institution: inst, HTTP: r.http, Limits: r.limits, State: o.State, Now: r.now,
		Log: r.log.With("source", string(reg.desc.ID), "institution", string(inst)),
	}
}

// call runs f with a session in a goroutine of its own, so that one that does not obey its context is left behind, as a
// fetch is.
func call[T any](ctx context.Context, limit time.Duration, at Error, d Descriptor, o SessionOptions, f func(context.Context, *Session) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	var none T
	s, err := NewSession(d, o)
	if err != nil {
		return none, wrap(err, at)
	}
	defer s.Close() // what is left behind makes no request any more, and saves nothing
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan result, 1)
	go func() {
		var out result
		out.err = caught(func() (err error) {
			out.value, err = f(ctx, s)
			return err
		})
		done <- out
	}()
	var out result
	select {
	case out = <-done:
	case <-ctx.Done():
		select {
		case out = <-done:
		case <-time.After(grace):
			out.err = ctx.Err()
		}
	}
	if out.err != nil {
		e := wrap(out.err, at)
		if errors.Is(out.err, ErrUnmatched) {
			e.cause = ErrUnmatched
		}
		return none, e
	}
	return out.value, nil
}

// caught turns a panic of a source into an error without its text, which could hold a value.
func caught(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = Errorf(ErrAdapter, "the source panicked with a value of type %T", r)
		}
	}()
	return f()
}

// Disconnect ends the connection at the institution. It needs no permit, since it is what follows when one ends, and is
// called again until it succeeds. Where no source has a connection, there is nothing to do.
func (r *Retriever) Disconnect(ctx context.Context, inst model.InstitutionID, o *ConnectOptions) error {
	if o == nil {
		o = &ConnectOptions{}
	}
	reg, conn := r.connector(inst, o.Source)
	if conn == nil {
		return nil
	}
	at := Error{Op: OpDisconnect, Institution: inst, Source: reg.desc.ID}
	_, err := call(ctx, r.limits.DisconnectTime, at, reg.desc, r.session(reg, inst, o), func(ctx context.Context, s *Session) (struct{}, error) {
		err := conn.Disconnect(ctx, s)
		if err == nil {
			err = ctx.Err() // one that swallowed the end of its time did not finish; it is called again
		}
		return struct{}{}, err
	})
	return err
}

func (r *Retriever) connector(inst model.InstitutionID, id model.SourceID) (*registeredSource, Connector) {
	var best *registeredSource
	var conn Connector
	for i := range r.registry.sources {
		s := &r.registry.sources[i]
		c, ok := s.Source.(Connector)
		if !ok || s.desc.Institution != inst || id != "" && s.desc.ID != id {
			continue
		}
		if best == nil || s.desc.Method < best.desc.Method {
			best, conn = s, c
		}
	}
	return best, conn
}

// accessError gives what came of taking an access slot the sentinel that sources branch on.
func accessError(err error) error {
	if _, hosts := errors.AsType[*foreign.Error](err); !hosts && errors.Is(err, consent.ErrInvalid) {
		return &refusal{ErrAdapter, err} // an id that is none
	}
	return ofPermit(err)
}
