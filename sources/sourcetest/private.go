package sourcetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/brondata/brondata/model"
)

var errEOF = io.EOF

// values are the texts of records that must not turn up elsewhere.
type values []string

// in returns the first value that s holds, "" for none.
func (v values) in(s string) string {
	for _, x := range v {
		if strings.Contains(s, x) {
			return x
		}
	}
	return ""
}

// notPersonal are members whose values come from a list of the model, not from the document, and places, which hold none.
var notPersonal = map[string]bool{
	"category": true, "kind": true, "type": true, "status": true, "currency": true, "gender": true, "event": true, "code": true,
	"field": true, "at": true, "provenance": true, "issues": true, "usage": true, "country": true, "bankTransactionCode": true,
}

// valuesOf collects the texts of at least five characters in records: shorter ones are found in any text.
func valuesOf(rs []model.Record) values {
	seen := map[string]bool{}
	var out values
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				if !notPersonal[k] {
					walk(x)
				}
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		case string:
			if len(v) >= 5 && !seen[v] {
				seen[v] = true
				out = append(out, v)
			}
		}
	}
	for _, r := range rs {
		b, err := model.AppendRecord(nil, r)
		if err != nil {
			continue
		}
		var v any
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		if d.Decode(&v) == nil {
			walk(v)
		}
	}
	return out
}

// tripwire counts requests through the process's default HTTP transport, which no adapter may use, and where names is set
// questions for the address of a host, which other transports ask.
type tripwire struct {
	n     atomic.Int64
	old   http.RoundTripper
	names *net.Resolver // the old one, nil where it stayed
	once  sync.Once
}

func newTripwire(names bool) *tripwire {
	w := &tripwire{old: http.DefaultTransport}
	http.DefaultTransport = w
	if names {
		w.names = net.DefaultResolver
		net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			w.n.Add(1)
			return nil, errNoNetwork
		}}
	}
	return w
}

var errNoNetwork = errors.New("sourcetest: reading needs no network")

// RoundTrip implements [http.RoundTripper].
func (w *tripwire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.n.Add(1)
	return w.old.RoundTrip(r)
}

func (w *tripwire) restore() int {
	w.once.Do(func() {
		http.DefaultTransport = w.old
		if w.names != nil {
			net.DefaultResolver = w.names
		}
	})
	return int(w.n.Load())
}
