package sources

import (
	"fmt"
	"log/slog"
)

// Names of files hold names and account numbers, and callbacks hold codes: what a host passes in prints as what it is, and no more.

// String says what kind of document it is.
func (d Document) String() string {
	size := int64(0)
	if d.Body != nil {
		size = d.Body.Size()
	}
	return fmt.Sprintf("sources.Document(%s, %s, %d bytes)", d.Institution, d.Format, size)
}

// GoString is String.
func (d Document) GoString() string { return d.String() }

// LogValue keeps names and attributes out of logs.
func (d Document) LogValue() slog.Value { return slog.StringValue(d.String()) }

// String says how much it is.
func (in Input) String() string {
	return fmt.Sprintf("sources.Input(%d files, %d handovers)", len(in.Files), len(in.Handovers))
}

// Format writes what String does, whatever the verb.
func (in Input) Format(f fmt.State, _ rune) { write(f, in) }

// LogValue keeps the input out of logs.
func (in Input) LogValue() slog.Value { return slog.StringValue(in.String()) }

// String says which kind of request it is.
func (r ConnectRequest) String() string {
	return fmt.Sprintf("sources.ConnectRequest(%d values of a callback, %d fields)", len(r.Callback), len(r.Fields))
}

// Format writes what String does, whatever the verb.
func (r ConnectRequest) Format(f fmt.State, _ rune) { write(f, r) }

// LogValue keeps codes and states out of logs.
func (r ConnectRequest) LogValue() slog.Value { return slog.StringValue(r.String()) }

func write(f fmt.State, s fmt.Stringer) { _, _ = f.Write([]byte(s.String())) }
