package psd2

import (
	"context"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/brondata/brondata/internal/jsonscan"
	"github.com/brondata/brondata/sources"
)

// apiError is an answer that says no. It wraps an error of [sources.Errorf] and keeps the codes, which decide about
// second tries. Only codes of the tables below get into its text: others come from the answer and could be anything.
type apiError struct {
	error
	status int
	codes  []string
	page   bool          // a web page says so, and nothing of the interface
	after  time.Duration // when the bank says to come back, 0 where it does not
}

// Unwrap returns the error with the sentinel.
func (e *apiError) Unwrap() error { return e.error }

// has reports whether the answer gave one of the codes.
func (e *apiError) has(codes ...string) bool {
	return slices.ContainsFunc(e.codes, func(c string) bool { return slices.Contains(codes, c) })
}

// parameter reports whether the answer may be to a parameter that the bank does not support: to its name or to its value.
func (e *apiError) parameter() bool {
	return e.has("PARAMETER_NOT_SUPPORTED", "PARAMETER_NOT_CONSISTENT", "SERVICE_INVALID") || e.vague()
}

// vague reports whether the answer says that the request is wrong and not what about it: by a code for anything, by one of
// the bank's own, or by none.
func (e *apiError) vague() bool {
	return e.status == http.StatusBadRequest && !slices.ContainsFunc(e.codes, func(c string) bool {
		_, known := sentinelOf[c]
		return known && c != "FORMAT_ERROR"
	})
}

// sentinelOf gives the message codes of the specification that decide by themselves the sentinel that a caller branches
// on. The bank's complaints about this party (certificate, signature, role) are ErrUnexpected: neither the subject nor
// waiting mends them, and ErrNotPermitted, which speaks of the subject's consent, would stop the institution's other
// sources as well.
var sentinelOf = map[string]error{
	"CONSENT_UNKNOWN": sources.ErrAuthentication, "CONSENT_INVALID": sources.ErrAuthentication,
	"CONSENT_EXPIRED": sources.ErrAuthentication, "TOKEN_UNKNOWN": sources.ErrAuthentication,
	"TOKEN_INVALID": sources.ErrAuthentication, "TOKEN_EXPIRED": sources.ErrAuthentication,
	"PSU_CREDENTIALS_INVALID": sources.ErrAuthentication, "CORPORATE_ID_INVALID": sources.ErrAuthentication,
	"SCA_METHOD_UNKNOWN": sources.ErrAuthentication, "SCA_INVALID": sources.ErrAuthentication,
	"STATUS_INVALID": sources.ErrAuthentication,

	"CERTIFICATE_INVALID": sources.ErrUnexpected, "CERTIFICATE_EXPIRED": sources.ErrUnexpected,
	"CERTIFICATE_BLOCKED": sources.ErrUnexpected, "CERTIFICATE_REVOKE": sources.ErrUnexpected,
	"CERTIFICATE_REVOKED": sources.ErrUnexpected, "CERTIFICATE_MISSING": sources.ErrUnexpected,
	"SIGNATURE_INVALID": sources.ErrUnexpected, "SIGNATURE_MISSING": sources.ErrUnexpected,
	"ROLE_INVALID": sources.ErrUnexpected, "FORMAT_ERROR": sources.ErrUnexpected,
	"PARAMETER_NOT_CONSISTENT": sources.ErrUnexpected,

	"RESOURCE_UNKNOWN": sources.ErrNotProvided, "RESOURCE_EXPIRED": sources.ErrNotProvided,
	"RESOURCE_BLOCKED": sources.ErrNotProvided, "SERVICE_BLOCKED": sources.ErrNotProvided,
	"SERVICE_INVALID": sources.ErrNotProvided, "PARAMETER_NOT_SUPPORTED": sources.ErrNotProvided,
	"PERIOD_INVALID": sources.ErrNotProvided, "TIMESTAMP_INVALID": sources.ErrNotProvided,
	"SESSIONS_NOT_SUPPORTED": sources.ErrNotProvided, "REQUESTED_FORMATS_INVALID": sources.ErrNotProvided,

	"ACCESS_EXCEEDED": sources.ErrThrottled,
}

// failure returns the error of an answer outside 2xx.
func failure(ctx context.Context, status int, body []byte) *apiError {
	codes := messageCodes(ctx, body)
	e := &apiError{status: status, codes: codes, error: statusError(status)}
	if status == http.StatusTooManyRequests || status >= 500 {
		return e // what a code adds does not change what helps: waiting
	}
	for _, c := range codes {
		if s, ok := sentinelOf[c]; ok {
			e.error = sources.Errorf(s, "status %d, %s", status, c)
			break
		}
	}
	return e
}

// statusError is [sources.StatusError], with the statuses that the specification gives a meaning of their own.
func statusError(status int) error {
	switch status {
	case http.StatusMethodNotAllowed, http.StatusNotAcceptable:
		return sources.Errorf(sources.ErrNotProvided, "status %d", status)
	case http.StatusRequestTimeout:
		return sources.Errorf(sources.ErrUnavailable, "status %d", status)
	}
	if err := sources.StatusError(status); err != nil {
		return err
	}
	return sources.Errorf(sources.ErrUnexpected, "status %d", status)
}

// messageCodes returns the codes of the errors in a body: tppMessages in an object, as the schema has it; a bare array, as
// the specification's own examples for 409 and 429 have it; or a problem of RFC 7807 with code and additionalErrors. Of
// a body that is none of these, or that is cut, it returns what it could read.
func messageCodes(ctx context.Context, body []byte) []string {
	if len(body) > maxError {
		return nil // no message of an error is that long: texts have at most 500 characters
	}
	v, _ := parse(ctx, body) // best effort: the status alone gives a sentinel already
	var out []string
	add := func(m value) {
		if c := m.get("code").str(); c != "" && !strings.EqualFold(m.get("category").str(), "WARNING") && len(out) < 16 {
			out = append(out, c)
		}
	}
	for _, m := range messages(v) {
		add(m)
	}
	add(v)
	for _, m := range v.get("additionalErrors").elements() {
		add(m)
	}
	return out
}

// messages returns the tppMessages of a body, whatever form the bank gives them.
func messages(v value) iter.Seq2[int, value] {
	if v.is(jsonscan.Array) {
		return v.elements()
	}
	return v.get("tppMessages").several()
}
