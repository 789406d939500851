package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/brondata/brondata/sources"
)

// hearing is a normalizer of which [readHeard] knows what the boundary cuts off: the text of an error that is not made with
// [sources.Errorf], and of a panic. In a host that is right, and for its author there are fixtures only.
type hearing struct{ sources.Normalizer }

type hearKey struct{}

func (h hearing) Normalize(ctx context.Context, d sources.Document, q sources.Query, w *sources.Writer) (err error) {
	own, ok := ctx.Value(hearKey{}).(*error)
	if !ok {
		return h.Normalizer.Normalize(ctx, d, q, w)
	}
	defer func() {
		if r := recover(); r != nil {
			*own = fmt.Errorf("panic: %v", r)
			panic(r)
		}
	}()
	err = h.Normalizer.Normalize(ctx, d, q, w)
	*own = err
	return err
}

// caused is an error with what the boundary has cut off of it.
type caused struct {
	error
	own error
}

// Unwrap returns the error at the boundary.
func (c caused) Unwrap() error { return c.error }

// explain adds the cause that is not in the text of err.
func explain(err error) string {
	var c caused
	if !errors.As(err, &c) {
		return err.Error()
	}
	return fmt.Sprintf("%v (from the adapter: %v)", err, c.own)
}

// errorName is the text of an error as far as it may hold no value: the address in that of a [url.Error], which a source may return
// as the session's client made it, is cut off at the boundary.
func errorName(err error) string {
	if err == nil {
		return "no error"
	}
	if u, ok := err.(*url.Error); ok {
		return errorName(u.Err)
	}
	return err.Error()
}

// readHeard reads with normalizers that are [hearing]. own is what the normalizer itself returned: nil where it ended without an error,
// whatever the registry made of that.
func readHeard(ctx context.Context, g *sources.Registry, d sources.Document, q sources.Query) (out *sources.Reading, err, own error) {
	out, err = g.Read(context.WithValue(ctx, hearKey{}, &own), d, q, nil)
	if own != nil && (errors.Is(err, sources.ErrUnexpected) || errors.Is(err, sources.ErrAdapter)) {
		err = caused{err, own}
	}
	return out, err, own
}
