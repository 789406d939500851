package redirect

import (
	"errors"
	"fmt"
	"net/http"
)

var (
	// ErrAttempt says that there is no such attempt: it was used before, is too old, was begun in another browser session,
	// for another grant, institution or redirect address, or never. Which of these it was is not told.
	ErrAttempt = errors.New("redirect: no such attempt")

	// ErrIssuer says that an answer is not from the server that the attempt is for.
	ErrIssuer = errors.New("redirect: wrong issuer")

	// ErrAnswer says that an answer is malformed: a parameter twice, no code, a token of an unknown type.
	ErrAnswer = errors.New("redirect: malformed answer")

	// ErrRefused says that the server refused, and will again. The error that wraps it is a [*ServerError].
	ErrRefused = errors.New("redirect: refused")

	// ErrReauthenticate says that the tokens are used up: the subject has to authenticate again.
	ErrReauthenticate = errors.New("redirect: subject has to authenticate again")

	// ErrMetadata says that a server's metadata is unusable: another issuer's, or without what is needed.
	ErrMetadata = errors.New("redirect: server metadata unusable")

	// ErrBinding says that a token is bound to another certificate than the client's (RFC 8705).
	ErrBinding = errors.New("redirect: token bound to another certificate")

	// ErrInvalid says that an argument is unusable.
	ErrInvalid = errors.New("redirect: invalid argument")

	// ErrUnavailable says that the server could not be reached or failed: trying later helps. The error that wraps it is a
	// [*ServerError] where the server said so itself. It is never [ErrRefused] too.
	ErrUnavailable = errors.New("redirect: server unavailable")
)

// ServerError is what a server said. It keeps the error code if it is one of the standards' and nothing else: descriptions
// hold names and account numbers.
type ServerError struct {
	Code   string // as in RFC 6749, RFC 7009 or OpenID Connect; "other" for any other
	Status int    // of the HTTP answer; 0 for a callback
}

func (e *ServerError) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("%v: %s", e.Unwrap(), e.Code)
	}
	return fmt.Sprintf("%v: %s (status %d)", e.Unwrap(), e.Code, e.Status)
}

// Unwrap returns [ErrUnavailable] for a status of 429 or from 500 on, and for the two codes that stand for one in a callback
// (RFC 6749 §4.1.2.1); [ErrRefused] for all else.
func (e *ServerError) Unwrap() error {
	failed := e.Status >= http.StatusInternalServerError || e.Status == http.StatusTooManyRequests
	if failed || e.Status == 0 && (e.Code == "server_error" || e.Code == "temporarily_unavailable") {
		return ErrUnavailable
	}
	return ErrRefused
}

// serverCode returns a code of the standards as it is. A code that a server made up could hold anything.
func serverCode(code string) string {
	switch code {
	case "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
		"invalid_scope", "access_denied", "unsupported_response_type", "server_error", "temporarily_unavailable",
		"unsupported_token_type", "interaction_required", "login_required", "consent_required",
		"account_selection_required", "invalid_request_uri", "invalid_request_object", "request_not_supported":
		return code
	}
	return "other"
}

// sentinels are what a host's functions may return for a caller to branch on.
var sentinels = []error{ErrUnavailable, ErrRefused, ErrReauthenticate, ErrAnswer, ErrMetadata, ErrInvalid}

func invalid(what string) error { return fmt.Errorf("%w: %s", ErrInvalid, what) }
