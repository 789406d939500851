package sqldb

import (
	"context"
	"errors"
	"fmt"

	"github.com/brondata/brondata/internal/foreign"
)

// Failure makes the error of an operation, which wraps sentinel and the driver's error. Drivers' texts can hold values, so only
// the code is said: PostgreSQL's SQLSTATE, by the method that pgx and lib/pq both have, or SQLite's. When the context ended it, that
// is what the caller learns: drivers say it in their own ways.
func Failure(ctx context.Context, op string, sentinel, err error) error {
	if end := ctx.Err(); end != nil {
		return foreign.Say(op+": "+end.Error(), errors.Join(end, err))
	}
	text := op + ": " + sentinel.Error()
	if state, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok && len(state.SQLState()) == 5 {
		text += ": SQLSTATE " + state.SQLState()
	} else if code, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok {
		text += fmt.Sprintf(": code %d", code.Code())
	} else {
		text += fmt.Sprintf(": error of type %T", err)
	}
	return foreign.Say(text, errors.Join(sentinel, err))
}
