package crypto

import (
	"context"
	"fmt"
)

// KEKRouter is a KEK that hands each call to the key of its context's tenant and compartment, so that no single key opens
// a consumer's identity and finances, or two tenants. Safe for concurrent use when its function is.
type KEKRouter struct {
	pick func(ctx context.Context, tenant, compartment string) (KEK, error)
}

var _ Rotator = (*KEKRouter)(nil)

// NewKEKRouter returns a router. pick returns the KEK (or Keyring) for a tenant and compartment; it is called for every
// operation and should remember what it made. Its error is wrapped: ErrShredded for a tenant whose key was destroyed.
func NewKEKRouter(pick func(ctx context.Context, tenant, compartment string) (KEK, error)) (*KEKRouter, error) {
	if pick == nil {
		return nil, fmt.Errorf("%w: no function", ErrInvalid)
	}
	return &KEKRouter{pick: pick}, nil
}

// ID returns "router": which key is used depends on the context.
func (r *KEKRouter) ID() string { return "router" }

// Wrap implements KEK.
func (r *KEKRouter) Wrap(ctx context.Context, key []byte, c Context) ([]byte, error) {
	k, err := r.route(ctx, c)
	if err != nil {
		return nil, err
	}
	w, err := k.Wrap(ctx, key, c)
	return w, outside("wrap key", err)
}

// Unwrap implements KEK.
func (r *KEKRouter) Unwrap(ctx context.Context, wrapped []byte, c Context) ([]byte, error) {
	k, err := r.route(ctx, c)
	if err != nil {
		return nil, err
	}
	key, err := k.Unwrap(ctx, wrapped, c)
	return key, outside("unwrap key", err)
}

// Stale implements Rotator. A key that is not available counts as stale, so that Rewrap meets and reports its error; so does one
// that is no Rotator and cannot tell.
func (r *KEKRouter) Stale(ctx context.Context, wrapped []byte, c Context) bool {
	k, err := r.route(ctx, c)
	if err != nil {
		return true
	}
	inner, ok := k.(Rotator)
	return !ok || inner.Stale(ctx, wrapped, c)
}

func (r *KEKRouter) route(ctx context.Context, c Context) (KEK, error) {
	k, err := r.pick(ctx, c.Tenant, c.Compartment)
	if err != nil {
		return nil, outside("route to a key", err)
	}
	if k == nil {
		return nil, fmt.Errorf("%w: no key for this tenant and compartment", ErrInvalid)
	}
	return k, nil
}
