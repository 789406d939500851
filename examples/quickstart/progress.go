package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// progress shows a collection: on a terminal a line for each institution that changes in place, elsewhere a line when one is
// done.
type progress struct {
	mu    sync.Mutex
	out   io.Writer
	live  bool
	width func() int // of the terminal, 0 where it does not say
	names map[model.InstitutionID]string
	order []model.InstitutionID
	lines map[model.InstitutionID]string
	drawn int
}

func newProgress(out *os.File, names map[model.InstitutionID]string) *progress {
	fd := int(out.Fd())
	width := func() int {
		w, _, err := term.GetSize(fd)
		if err != nil {
			return 0
		}
		return w
	}
	return &progress{out: out, live: term.IsTerminal(fd), width: width, names: names, lines: map[model.InstitutionID]string{}}
}

// event takes one event of the collection.
func (p *progress) event(e sources.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.lines[e.Institution]; !ok {
		p.order = append(p.order, e.Institution)
	}
	mark, what := "·", "begins"
	switch e.Kind {
	case sources.EventAttempt:
		mark, what = "…", "asking by "+e.Method.String()
	case sources.EventDocument:
		mark, what = "…", "reading"
	case sources.EventEnded:
		if mark, what = "…", "read"; e.Outcome != "ok" {
			mark, what = "!", e.Outcome
		}
	case sources.EventDone:
		mark, what = "✓", "done"
	}
	p.lines[e.Institution] = fmt.Sprintf("  %s %-24s %-16s %3d documents %5d records", mark, p.names[e.Institution], what, e.Documents, e.Records)
	switch {
	case p.live:
		p.draw()
	case e.Kind == sources.EventDone:
		fmt.Fprintln(p.out, p.lines[e.Institution])
	}
}

// draw writes the lines over those that it wrote before. They are cut to the terminal's width: one that wraps would be two,
// and the next time the cursor would not go up far enough.
func (p *progress) draw() {
	var b strings.Builder
	width := p.width()
	if p.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", p.drawn)
	}
	for _, inst := range p.order {
		line := []rune(p.lines[inst])
		if width > 0 && len(line) >= width {
			line = append(line[:width-1:width-1], '…')
		}
		b.WriteString("\r\x1b[2K" + string(line) + "\n")
	}
	p.drawn = len(p.order)
	_, _ = io.WriteString(p.out, b.String())
}
