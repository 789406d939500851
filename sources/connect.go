package sources

import (
	"context"
	"errors"
	"slices"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
)

// ConnectOptions are options of [Retriever.Connect] and [Retriever.Disconnect].
type ConnectOptions struct {
	// Source chooses one of several; by default the first, in the order of methods, that has a connection.
	Source model.SourceID
	State  State
}

// Connect takes the next step of a connection to the institution under the permit. [ErrNotProvided] means that none of its
// sources has a connection to make: there is nothing to do. A scope in the request must lie within the permit's; without
// one it is what the permit and the source have in common.
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
	if conn == nil {
		return Step{}, wrap(Errorf(ErrNotProvided, "no source of the institution has a connection"), Error{Op: OpConnect, Institution: inst})
	}
	at := Error{Op: OpConnect, Institution: inst, Source: reg.desc.ID}
	ctx, cancel := context.WithTimeout(ctx, r.limits.SourceTime)
	defer cancel()
	s, err := NewSession(reg.desc, SessionOptions{
		Institution: inst, HTTP: r.http, Limits: r.limits, Presence: p.Presence(), State: o.State, Now: r.now,
		Log: r.log.With("source", string(reg.desc.ID), "institution", string(inst)),
		Access: func(ctx context.Context, account string) error {
			return accessError(p.Access(ctx, inst, account))
		},
	})
	if err != nil {
		return Step{}, wrap(err, at)
	}
	defer s.Close()
	if req.Scope.Baskets == nil {
		req.Scope = only(p.Scope(), reg.desc.Categories)
	} else if !p.Scope().Covers(req.Scope) {
		return Step{}, wrap(Errorf(ErrNotPermitted, "the request asks for more than the permit's scope"), at)
	}
	var step Step
	err = caught(func() (err error) {
		step, err = conn.Connect(ctx, s, req)
		return err
	})
	if err != nil {
		return Step{}, wrap(err, at)
	}
	return step, nil
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
	ctx, cancel := context.WithTimeout(ctx, r.limits.DisconnectTime)
	defer cancel()
	s, err := NewSession(reg.desc, SessionOptions{
		Institution: inst, HTTP: r.http, Limits: r.limits, State: o.State, Now: r.now,
		Log: r.log.With("source", string(reg.desc.ID), "institution", string(inst)),
	})
	if err != nil {
		return wrap(err, at)
	}
	defer s.Close()
	if err := caught(func() error { return conn.Disconnect(ctx, s) }); err != nil {
		return wrap(err, at)
	}
	return nil
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

// accessError gives a refusal of an access slot the sentinel that sources branch on.
func accessError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, consent.ErrLimit):
		return &refusal{ErrLimit, err}
	}
	return &refusal{ErrNotPermitted, err}
}
