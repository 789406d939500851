package sourcetest

import (
	"maps"
	"net"
	"net/url"
	"slices"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/sources"
)

// wrongStep says what is wrong with a step, "" for nothing.
func wrongStep(s sources.Step) string {
	switch s.Kind {
	case sources.StepDone:
	case sources.StepRedirect:
		u, err := url.Parse(s.URL)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
			return "has no https address to send the subject to"
		}
	case sources.StepWait:
		if s.Retry <= 0 {
			return "does not say after how long to ask again"
		}
	case sources.StepChallenge:
		names := map[string]bool{}
		for _, f := range s.Fields {
			if f.Name == "" || names[f.Name] {
				return "has a field without a name of its own"
			}
			names[f.Name] = true
		}
		if len(names) == 0 {
			return "has no field"
		}
	default:
		return "is none that there is"
	}
	return ""
}

// loopback allows the page of a fake institution.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// spoiltAnswer is an answer that fits no step.
type spoiltAnswer struct {
	what    string
	request sources.ConnectRequest
}

// spoilt makes wrong answers out of a right one. Where a callback has no "state", that of another subject has to do.
func spoilt(r sources.ConnectRequest) (out []spoiltAnswer) {
	if state := r.Callback["state"]; len(state) > 0 {
		for _, x := range []struct {
			what   string
			values []string
		}{{"a callback with a made-up state", []string{forged}}, {"a callback without a state", nil}, {"a callback with two states", append(slices.Clone(state), forged)}} {
			q := maps.Clone(r.Callback)
			delete(q, "state")
			if x.values != nil {
				q["state"] = x.values
			}
			out = append(out, spoiltAnswer{x.what, sources.ConnectRequest{Callback: q}})
		}
	}
	if len(r.Fields) > 1 {
		for name := range r.Fields {
			f := maps.Clone(r.Fields)
			delete(f, name)
			out = append(out, spoiltAnswer{"a challenge without the field " + name, sources.ConnectRequest{Fields: f}})
		}
	}
	return out
}

func fieldsOf(name, value string) map[string]crypto.Secret {
	return map[string]crypto.Secret{name: crypto.NewSecretString(value)}
}
