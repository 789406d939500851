package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/brondata/brondata/model"
)

// summary prints what came of the collection: names and counts. The values are in dossier.json and the overviews.
func summary(out io.Writer, d *model.Dossier, names map[model.InstitutionID]string) {
	state := "complete"
	if !d.Complete() {
		state = "incomplete"
	}
	fmt.Fprintf(out, "dossier     %s: %d records out of %d documents\n", state, len(d.Records), len(d.Documents))
	for _, c := range d.Coverage {
		var notes []string
		if c.HistoryCut {
			notes = append(notes, "history begins "+c.Since.String())
		}
		if !c.Until.IsZero() {
			notes = append(notes, "ends "+c.Until.String())
		}
		switch c.Balanced {
		case model.CheckYes:
			notes = append(notes, "balances add up")
		case model.CheckNo:
			notes = append(notes, "balances do not add up")
		}
		switch c.Subject {
		case model.CheckYes:
			notes = append(notes, "the subject's own")
		case model.CheckNo:
			notes = append(notes, "another person's")
		}
		line := fmt.Sprintf("  %-24s %-12s %-5s %4d by %-7s %s", names[c.Institution], c.Category, c.Obtained, c.Records, c.Method, strings.Join(notes, ", "))
		fmt.Fprintln(out, strings.TrimRight(line, " "))
	}
}
