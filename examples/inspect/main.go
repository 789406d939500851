// Inspect reads documents that the library knows, and prints one JSON object per file on standard output:
//
//	go run ./examples/inspect [-format ID] FILE…
//
//	{"file":"…","format":"camt.053","records":[…],"issues":[…]}
//
// It is for looking at one's own files: detection, limits, provenance and errors are those of a collection, but there is no
// permit, and nothing is left out but citizen service numbers. With -text it prints the words of a PDF in reading order.
// What it cannot read it names on standard error, and its exit status is 1; the other files are read all the same.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/camt"
	"github.com/brondata/brondata/sources/mijnpensioenoverzicht"
	"github.com/brondata/brondata/sources/uwv"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main with its surroundings as arguments, so that a test can look at it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("inspect", flag.ContinueOnError)
	flags.SetOutput(stderr)
	format := flags.String("format", "", "the `ID` of the format, instead of finding it out")
	words := flags.Bool("text", false, "print the words of a PDF in reading order")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: inspect [-format ID] [-text] FILE…")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() == 0 {
		flags.Usage()
		return 2
	}
	registry, err := registry()
	if err != nil {
		fmt.Fprintln(stderr, "inspect:", err)
		return 1
	}
	status := 0
	for _, file := range flags.Args() {
		one := func() error { return inspect(ctx, registry, model.FormatID(*format), file, stdout) }
		if *words {
			one = func() error { return printText(ctx, file, stdout) }
		}
		if err := one(); err != nil {
			fmt.Fprintf(stderr, "inspect: %s: %v\n", file, reason(err))
			status = 1
		}
	}
	return status
}

// registry holds every reader of files that the library has.
func registry() (*sources.Registry, error) {
	var g sources.Registry
	err := g.AddNormalizer(camt.Normalizer{}, mijnpensioenoverzicht.Normalizer{}, uwv.Normalizer{})
	return &g, err
}

// output is what is printed for one file. Its form does not change.
type output struct {
	File    string            `json:"file"`
	Format  model.FormatID    `json:"format"`
	Records []json.RawMessage `json:"records"`
	Issues  []model.Issue     `json:"issues"`
}

func inspect(ctx context.Context, g *sources.Registry, format model.FormatID, file string, stdout io.Writer) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a regular file")
	}
	d := sources.Document{Format: format, Body: io.NewSectionReader(f, 0, info.Size())}
	r, readErr := g.Read(ctx, d, sources.Everything(), nil)
	if readErr != nil && len(r.Records) == 0 {
		return readErr
	}
	out := output{File: file, Format: r.Format, Records: []json.RawMessage{}, Issues: append([]model.Issue{}, r.Issues...)}
	for _, rec := range r.Records {
		b, err := model.MarshalRecord(rec)
		if err != nil {
			return err
		}
		out.Records = append(out.Records, b)
	}
	e := json.NewEncoder(stdout)
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		return err
	}
	return readErr // what was read before it is printed
}

// reason leaves the name of the file out of the system's own errors: it stands before them.
func reason(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
