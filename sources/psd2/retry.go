package psd2

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/brondata/brondata/sources"
)

// How long a collection waits where the bank says when to come back (RFC 9110 §10.2.3): at most so long at once, and in all. A
// subject sits in front of it, and the institutions that are worked on at the same time are few.
const (
	longestWait = 10 * time.Second
	allWaits    = 20 * time.Second
)

// longestAfter is the longest time to come back after that is believed, and told.
const longestAfter = 31 * 24 * time.Hour

// retryAfter reads when to come back: a number of seconds, or a date. Anything else, and what lies too far away, is nothing.
func retryAfter(h http.Header, now time.Time) (after time.Duration, ok bool) {
	v := h.Get("Retry-After")
	if n, err := strconv.ParseUint(v, 10, 32); err == nil {
		after = time.Duration(n) * time.Second
	} else if t, err := http.ParseTime(v); err == nil {
		after = max(0, t.Sub(now))
	} else {
		return 0, false
	}
	return after, after <= longestAfter
}

// later adds to the error of an answer when the bank says to come back, so that the host can.
func (e *apiError) later(after time.Duration) *apiError {
	e.after = max(after, time.Second) // "at once" was just too early
	s := sources.ErrUnavailable
	if e.status == http.StatusTooManyRequests {
		s = sources.ErrThrottled
	}
	seconds := (e.after + time.Second - 1) / time.Second
	e.error = sources.Errorf(s, "status %d, the bank says to come back after %d seconds", e.status, seconds)
	return e
}

// patient makes the call, and where the bank asks for a moment's patience makes it once more. That is for a page of a list
// while the subject is there: of calls without them each counts, and what changes something is never repeated.
func (c *client) patient(ctx context.Context, r request) (*answer, error) {
	a, err := c.send(ctx, r)
	e, ok := errors.AsType[*apiError](err)
	if !ok || e.after == 0 || !r.list || !attended(c.session.Attended()) {
		return a, err
	}
	if e.after > longestWait || c.waited+e.after > allWaits {
		return a, err
	}
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= e.after {
		return a, err
	}
	c.waited += e.after
	t := time.NewTimer(e.after)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-t.C:
	}
	return c.send(ctx, r)
}
