package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// On a terminal each institution has one line, which is never wider than the terminal and is written over.
func TestProgressOnTerminal(t *testing.T) {
	t.Parallel()
	for name, width := range map[string]int{"wide": 120, "narrow": 60, "very narrow": 20, "not known": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			p := &progress{out: &out, live: true, width: func() int { return width }, lines: map[model.InstitutionID]string{},
				names: map[model.InstitutionID]string{"a": "Mijnpensioenoverzicht", "b": "MijnOverheid (sample)"}}
			for _, e := range []sources.Event{
				{Institution: "a", Kind: sources.EventAttempt, Method: model.Scrape},
				{Institution: "b", Kind: sources.EventAttempt, Method: model.Scrape},
				{Institution: "a", Kind: sources.EventDone, Documents: 1, Records: 12345},
			} {
				p.event(e)
			}
			assert.Equal(t, 1+2+2, strings.Count(out.String(), "\n"))
			assert.Contains(t, out.String(), "\x1b[1A\r\x1b[2K", "back to the only line")
			assert.Contains(t, out.String(), "\x1b[2A\r\x1b[2K", "back to the first of two")
			for line := range strings.Lines(out.String()) {
				_, text, found := strings.Cut(strings.TrimSuffix(line, "\n"), "\x1b[2K")
				assert.True(t, found)
				assert.True(t, width == 0 || len([]rune(text)) <= width, "%q", text)
			}
		})
	}
}
