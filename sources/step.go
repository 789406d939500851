package sources

import (
	"net/url"
	"strings"

	"github.com/brondata/brondata/model"
)

// What a host hands to a connection, and what a connector answers, is checked here for all of them: the host sends a browser to
// the one, and an institution sends it back to the other.

// checkBack holds the addresses that the subject is to come back on against what an institution can send a browser to.
func (r *Retriever) checkBack(req ConnectRequest) error {
	for _, s := range []string{req.RedirectURL, req.NokRedirectURL} {
		if s == "" {
			continue // a later call; whether it is one only the source can tell
		}
		u := address(s)
		switch {
		case u == nil || u.Fragment != "":
			return Errorf(ErrConfig, "a redirect address is not an absolute one without user name and fragment")
		case r.web(u), strings.Contains(u.Scheme, "."): // an app's own scheme has a point in it: RFC 8252, section 7.1
		default:
			return Errorf(ErrConfig, "a redirect address is neither https nor an app's own scheme")
		}
	}
	return nil
}

// checkStep holds a step against what its kind says. The browser may be sent to any host, also to DigiD, where portals have their
// login: the subject logs in there themselves, and nothing of it passes through this library.
func (r *Retriever) checkStep(s Step, until model.Date) (Step, error) {
	switch s.Kind {
	case StepDone:
		if until.Before(s.ValidUntil) {
			s.ValidUntil = until // an institution may give more, but nothing is permitted after the grant
		}
	case StepRedirect:
		if u := address(s.URL); u == nil || !r.web(u) {
			return Step{}, Errorf(ErrAdapter, "a step sends the subject to an address that is not https")
		}
	case StepWait:
		if s.Retry <= 0 {
			return Step{}, Errorf(ErrAdapter, "a step that waits does not say how long")
		}
	case StepChallenge:
		seen := map[string]bool{"": true}
		for _, f := range s.Fields {
			if seen[f.Name] {
				return Step{}, Errorf(ErrAdapter, "a challenge with a field whose name is missing or that of another")
			}
			seen[f.Name] = true
		}
		if len(s.Fields) == 0 {
			return Step{}, Errorf(ErrAdapter, "a challenge without fields")
		}
	default:
		return Step{}, Errorf(ErrAdapter, "a step of no kind")
	}
	return s, nil
}

// address parses an absolute address without credentials; nil where it is none.
func address(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Opaque != "" || u.User != nil {
		return nil
	}
	return u
}

// web reports whether an address is one of https, or of http on this machine in tests.
func (r *Retriever) web(u *url.URL) bool {
	return u.Hostname() != "" && (u.Scheme == "https" || u.Scheme == "http" && r.http.InsecureLoopback && isLoopbackName(u.Hostname()))
}
