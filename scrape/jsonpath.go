package scrape

import (
	"strings"

	"github.com/brondata/brondata/internal/jsonscan"
)

// jsonPath is a compiled path; see [Field.JSON] for the form. The empty path is the value itself.
type jsonPath []jsonStep

type jsonStep struct {
	name string
	// key and text choose an element of an array; key is "" where none is to be chosen.
	key, text string
}

func parsePath(s string) (jsonPath, bool) {
	var out jsonPath
	for s != "" {
		var st jsonStep
		i := strings.IndexAny(s, ".[]=")
		if i < 0 {
			i = len(s)
		}
		st.name, s = s[:i], s[i:]
		if st.name == "" {
			return nil, false
		}
		if strings.HasPrefix(s, "[") {
			in, rest, ok := strings.Cut(s[1:], "]")
			key, text, eq := strings.Cut(in, "=")
			if !ok || !eq || key == "" || strings.ContainsAny(key, ".[") || strings.ContainsAny(text, "[=") {
				return nil, false
			}
			st.key, st.text, s = key, text, rest
		}
		out = append(out, st)
		if s == "" {
			return out, true
		}
		if s[0] != '.' || len(s) == 1 {
			return nil, false
		}
		s = s[1:]
	}
	return out, true
}

// find follows the path. It reports false where a member is missing, or where not exactly one element fits.
func (p jsonPath) find(v jsonscan.Value) (jsonscan.Value, bool) {
	for _, st := range p {
		var ok bool
		if v, ok = v.Get(st.name); !ok {
			return jsonscan.Value{}, false
		}
		if st.key == "" {
			continue
		}
		if v.Kind() != jsonscan.Array {
			return jsonscan.Value{}, false
		}
		n := 0
		var found jsonscan.Value
		for _, e := range v.Elems() {
			if m, ok := e.Get(st.key); ok && m.Kind() == jsonscan.String && m.Text() == st.text {
				found = e
				n++
			}
		}
		if n != 1 {
			return jsonscan.Value{}, false
		}
		v = found
	}
	return v, true
}
