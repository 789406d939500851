package scrape

import (
	"net/url"
	"strings"

	"github.com/brondata/brondata/internal/jsonscan"
)

// onPage reports whether an HTML page has one of the marks.
func (m *marks) onPage(d *dom) bool {
	for _, s := range m.sel {
		if len(d.match(d.root, s)) > 0 {
			return true
		}
	}
	return len(d.heads(m.heading)) > 0
}

// inAnswer reports whether an answer in JSON has one of the marks.
func (m *marks) inAnswer(v jsonscan.Value) bool {
	for _, j := range m.json {
		if at, ok := j.path.find(v); ok && (j.any || at.Kind() == jsonscan.String && at.Text() == j.text) {
			return true
		}
	}
	return false
}

// onWay reports whether a redirect leads to a page with one of the marks.
func (m *marks) onWay(u *url.URL) bool {
	for _, p := range m.Paths {
		if strings.HasPrefix(u.Path, p) {
			return true
		}
	}
	host := strings.ToLower(u.Hostname())
	for _, h := range m.Hosts {
		if strings.EqualFold(h, host) || strings.EqualFold(h, u.Host) {
			return true
		}
	}
	return false
}

// toDigiD reports whether a redirect leads to the government's login: the session has ended. The guarded client would
// refuse to follow it.
func toDigiD(u *url.URL) bool {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	return host == "digid.nl" || strings.HasSuffix(host, ".digid.nl")
}
