package sources

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/brondata/brondata/internal/foreign"
	"github.com/brondata/brondata/model"
)

// The sentinels that callers branch on. Every error that leaves this package wraps one of them, or the context's.
var (
	ErrNotPermitted   = errors.New("not permitted")              // the permit does not allow it, or no longer
	ErrAuthentication = errors.New("authentication needed")      // the subject must log in, or connect, again
	ErrUnavailable    = errors.New("unavailable")                // the institution cannot answer now; trying later helps
	ErrThrottled      = errors.New("too many requests")          // as ErrUnavailable, because of too many requests
	ErrNotProvided    = errors.New("not provided")               // the institution does not have or give the data
	ErrLayoutChanged  = errors.New("layout changed")             // a page or document is not built as the reader knows it
	ErrMalformed      = errors.New("malformed")                  // the bytes break the rules of their format
	ErrTruncated      = errors.New("truncated")                  // the bytes end too early
	ErrUnknownFormat  = errors.New("format not known")           // no reader claims the document
	ErrAmbiguous      = errors.New("ambiguous")                  // two readers claim it equally, or its institution is unclear
	ErrTooLarge       = errors.New("too large")                  // a document or answer exceeds its limit in bytes
	ErrLimit          = errors.New("limit reached")              // another limit was reached: records, depth, time, accesses
	ErrPassword       = errors.New("password needed")            // the document is encrypted and the password is missing or wrong
	ErrHost           = errors.New("host not allowed")           // a request to a host outside the source's list
	ErrAdapter        = errors.New("adapter broke its contract") // a source or normalizer did what its contract forbids
	ErrConfig         = errors.New("wrong configuration")        // the host's own mistake: what it configured, registered or passed
	ErrUnexpected     = errors.New("unexpected error")           // none of the above, such as a failure of the host's own stores
)

// codes gives each sentinel its stable name in coverage, progress events and logs.
var codes = []struct {
	err  error
	code string
}{
	{context.Canceled, "canceled"}, {context.DeadlineExceeded, "timeout"},
	{ErrNotPermitted, "not-permitted"}, {ErrAuthentication, "authentication"}, {ErrThrottled, "throttled"},
	{ErrUnavailable, "unavailable"}, {ErrNotProvided, "not-provided"}, {ErrLayoutChanged, "layout-changed"},
	{ErrTruncated, "truncated"}, {ErrMalformed, "malformed"}, {ErrUnknownFormat, "unknown-format"},
	{ErrAmbiguous, "ambiguous"}, {ErrTooLarge, "too-large"}, {ErrLimit, "limit"}, {ErrPassword, "password"},
	{ErrHost, "host"}, {ErrAdapter, "adapter"}, {ErrConfig, "config"},
}

// Code returns the stable name of the sentinel that err wraps: its name in lower case, such as "not-permitted" for
// [ErrNotPermitted] and "too-large" for [ErrTooLarge]; "canceled" and "timeout" for the end of a context, "ok" for nil, and
// "unexpected" for anything else.
func Code(err error) string {
	if err == nil {
		return "ok"
	}
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return "unexpected"
}

// detail is an error of an adapter: a sentinel with a text of fixed names and numbers.
type detail struct {
	sentinel error
	text     string
}

func (d *detail) Error() string { return d.sentinel.Error() + ": " + d.text }
func (d *detail) Unwrap() error { return d.sentinel }

// Errorf is how a source or normalizer makes an error: a sentinel, and a text that says what is wrong in names of the
// format, positions and counts. Never pass a value of a document, a file name or an answer: this text reaches hosts and
// logs, while the text of any other error is cut off at the boundary (see [Error]).
func Errorf(sentinel error, format string, args ...any) error {
	return &detail{sentinel, fmt.Sprintf(format, args...)}
}

// refusal is a no of a permit: a sentinel of this package, and what package consent calls it.
type refusal struct{ sentinel, cause error }

func (e *refusal) Error() string   { return e.sentinel.Error() }
func (e *refusal) Unwrap() []error { return []error{e.sentinel, e.cause} }

// Op is what was being done when an error arose.
type Op string

// The operations.
const (
	OpConnect    Op = "connect"
	OpDisconnect Op = "disconnect"
	OpFetch      Op = "fetch"
	OpDetect     Op = "detect"
	OpRead       Op = "read"
)

// Error is the one error type at the boundary: made once by the [Retriever] or the [Registry] around what an adapter
// returned. It wraps the sentinel of the cause, and the context's error, but not the cause itself: texts of foreign
// errors can hold addresses with query strings, and values. Only what went wrong in the host's own [State], or in its consent
// store, can be reached through it, so that a key service or a database that is down is told from an adapter at fault, and from
// a subject who withdrew.
type Error struct {
	Op          Op
	Institution model.InstitutionID
	Source      model.SourceID
	Format      model.FormatID
	Document    int // the ordinal of the document in its source, from 1; 0 where the error is about none
	sentinel    error
	cause       error // what package consent calls a refusal, or the error of the host's state or store; nil otherwise
	text        string
}

// Error returns source, operation, document and what is wrong.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("sources: ")
	for _, s := range []string{string(e.Source), string(e.Format)} {
		if s != "" {
			b.WriteString(s)
			b.WriteString(": ")
		}
	}
	b.WriteString(string(e.Op))
	b.WriteString(": ")
	if e.Document > 0 {
		b.WriteString("document ")
		b.WriteString(strconv.Itoa(e.Document))
		b.WriteString(": ")
	}
	b.WriteString(e.text)
	return b.String()
}

// Unwrap returns the sentinel; with it, for a refusal, what package consent calls it, and the error of the host's state or store.
func (e *Error) Unwrap() []error {
	if e.cause != nil {
		return []error{e.sentinel, e.cause}
	}
	return []error{e.sentinel}
}

// wrap puts err behind the boundary. Where the text is not known to be free of values, the type of the error is all
// that is said of it.
func wrap(err error, at Error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		out := *e
		if out.Source == "" {
			out.Source, out.Institution = at.Source, at.Institution
		}
		return &out
	}
	e := at
	e.sentinel = ErrUnexpected
	for _, c := range codes {
		if errors.Is(err, c.err) {
			e.sentinel = c.err
			break
		}
	}
	if r, ok := errors.AsType[*refusal](err); ok {
		e.cause = r.cause
	}
	host, hosts := errors.AsType[*foreign.Error](err)
	if hosts && e.cause == nil {
		e.cause = host
	}
	switch d, ok := errors.AsType[*detail](err); {
	case ok:
		e.text = d.Error()
	case hosts:
		e.text = e.sentinel.Error() + ": " + host.Error()
	case e.sentinel == ErrUnexpected:
		e.text = fmt.Sprintf("%v of type %T", e.sentinel, err)
	default:
		e.text = e.sentinel.Error()
	}
	return &e
}
