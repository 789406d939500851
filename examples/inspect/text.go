package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/brondata/brondata/sources/pdftext"
)

// printText prints the words of a PDF, a line of the page on each line, and an empty line between pages.
func printText(ctx context.Context, file string, stdout io.Writer) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	d, err := pdftext.Open(ctx, f, info.Size(), nil)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(stdout)
	first := true
	for page, err := range d.Pages(ctx) {
		if err != nil {
			_ = out.Flush() // what was read before it
			return err
		}
		if !first {
			fmt.Fprintln(out)
		}
		first = false
		for _, line := range page.Lines() {
			fmt.Fprintln(out, line.Text())
		}
	}
	return out.Flush()
}
