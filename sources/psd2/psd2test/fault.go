package psd2test

import (
	"net/http"
	"strings"
)

// FaultKind is what goes wrong.
type FaultKind string

// The faults.
const (
	Status   FaultKind = "status"   // Fault.Status, with a message of Fault.Code where there is one
	Problem  FaultKind = "problem"  // the same as application/problem+json (RFC 7807)
	Garbage  FaultKind = "garbage"  // status 200 and bytes that are no JSON
	Body     FaultKind = "body"     // Fault.Status, 200 by default, and Fault.Body as JSON
	HTML     FaultKind = "html"     // status 200 and a web page
	Login    FaultKind = "login"    // status 200 and a web page that asks for a password
	Truncate FaultKind = "truncate" // the right answer, of which a third does not come
	Hang     FaultKind = "hang"     // no answer until the caller gives up
)

// Fault spoils answers. Of several that fit a request, the first counts.
type Fault struct {
	Kind FaultKind
	// Method and Path say which requests: all methods where empty, all paths that hold Path.
	Method, Path string
	Status       int
	Code         string // a message code such as "ACCESS_EXCEEDED"
	Body         string
	RetryAfter   string // the header of that name
	// Skip lets so many of the requests through first, then Times fail; 0 means all.
	Skip, Times int
}

// Inject adds a fault. [Bank.Reset] removes all.
func (b *Bank) Inject(f Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f.Times == 0 {
		f.Times = -1
	}
	b.faults = append(b.faults, &f)
}

func (b *Bank) fault(r *http.Request) *Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.faults {
		if f.Method != "" && f.Method != r.Method || !strings.Contains(r.URL.Path, f.Path) || f.Times == 0 {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		c := *f
		return &c
	}
	return nil
}

// before reports whether the fault stands in for the whole answer.
func (f *Fault) before() bool { return f.Kind != Truncate }

func (f *Fault) write(b *Bank, w http.ResponseWriter) {
	page := func(body string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<!DOCTYPE html><html><head><title>Bank</title></head><body>" + body + "</body></html>"))
	}
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	switch f.Kind {
	case Status:
		b.no(w, f.Status, f.Code)
	case Problem:
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(f.Status)
		writeJSON(w, map[string]any{"type": "https://bank.example/problem", "title": "Problem", "code": f.Code})
	case Garbage:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("\x00\x1f\x8b{]]garbage"))
	case Body:
		w.Header().Set("Content-Type", "application/json")
		if f.Status != 0 {
			w.WriteHeader(f.Status)
		}
		_, _ = w.Write([]byte(f.Body))
	case HTML:
		page("<h1>Onderhoud</h1>")
	case Login:
		page(`<form action="/login"><input type="password" name="p"></form>`)
	}
}
