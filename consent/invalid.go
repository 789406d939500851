package consent

import "fmt"

// invalid names the part of an argument that is unusable, never its value.
func invalid(what string) error { return fmt.Errorf("%w: %s", ErrInvalid, what) }

// invalidWrap keeps the cause, which must be one of this module's own errors: they hold no values.
func invalidWrap(what string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrInvalid, what, err)
}
