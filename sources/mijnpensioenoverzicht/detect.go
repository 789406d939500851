package mijnpensioenoverzicht

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/brondata/brondata/internal/xmlscan"
	"github.com/brondata/brondata/sources"
)

// The root's name is not part of the published model, so the names below it tell the file: together they occur nowhere
// else.
func detectXML(_ context.Context, p *sources.Probe) sources.Confidence {
	s := xmlscan.New(bytes.NewReader(p.Head), &xmlscan.Options{SkipSpace: true})
	var m marks
	for range 10_000 {
		k, err := s.Next()
		if err != nil {
			break // also at the end of the head
		}
		if k == xmlscan.Start && s.Depth() == 2 {
			m.see(string(s.Local()))
		}
	}
	return m.confidence()
}

func detectJSON(_ context.Context, p *sources.Probe) sources.Confidence {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(p.Head, []byte("\xEF\xBB\xBF"))))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return sources.No
	}
	var m marks
	depth, name := 1, true
	for range 10_000 {
		t, err := d.Token()
		if err != nil {
			break
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
			continue
		case json.Delim('}'), json.Delim(']'):
			depth--
		default:
			if s, ok := t.(string); ok && depth == 1 && name {
				m.see(s)
				name = false
				continue
			}
		}
		if depth == 1 {
			name = true // a member's value has ended
		}
	}
	return m.confidence()
}

// marks are the members of the root that were seen.
type marks struct{ status, created, totals, details bool }

func (m *marks) see(name string) {
	switch name {
	case "StatusCode":
		m.status = true
	case "TijdstipAanmakenBericht":
		m.created = true
	case "Totalen":
		m.totals = true
	case "Details":
		m.details = true
	}
}

func (m *marks) confidence() sources.Confidence {
	switch {
	case m.created && (m.status || m.totals || m.details):
		return sources.Certain
	case m.status && m.totals && m.details:
		return sources.Certain
	case m.status && (m.totals || m.details):
		return sources.Likely
	}
	return sources.No
}
