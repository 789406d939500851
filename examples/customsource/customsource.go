// Package customsource is a whole adapter for a file: the CSV export of an invented bank.
package customsource

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// Normalizer reads the export.
type Normalizer struct{}

// Formats says how to tell the export from other files.
func (Normalizer) Formats() []sources.Format {
	detect := sources.DetectPrefix("Datum;Rekening;Bedrag;Tegenpartij\n")
	return []sources.Format{{ID: "samplebank.csv", Institution: "samplebank", Detect: detect}}
}

// Categories says what is in it.
func (Normalizer) Categories() []model.Category { return []model.Category{model.CategoryTransaction} }

// Normalize writes one transaction for each row.
func (Normalizer) Normalize(ctx context.Context, d sources.Document, q sources.Query, w *sources.Writer) error {
	in := bufio.NewReader(d.Open(ctx))
	for row := 1; ; row++ {
		line, err := in.ReadString('\n')
		switch {
		case err == io.EOF && line == "":
			return nil
		case err == io.EOF:
			return sources.Errorf(sources.ErrTruncated, "row %d", row) // half an amount is no amount
		case err != nil:
			return err
		case row == 1 || !q.Wants(model.CategoryTransaction):
			continue
		}
		f := append(strings.Split(strings.TrimRight(line, "\r\n"), ";"), "", "", "")
		day, err1 := model.ParseDate(f[0])
		account, err2 := model.ParseAccountID(f[1])
		amount, err3 := model.ParseMoneyIn(f[2], model.EUR, model.DutchFormat)
		if errors.Join(err1, err2, err3) != nil || len(f) != 7 {
			return sources.Errorf(sources.ErrMalformed, "row %d", row)
		}
		t := &model.Transaction{BookingDate: day, Account: account, Amount: amount, Status: model.Booked}
		t.Counterparty.Name = f[3]
		if err := w.Record(t, model.AtLine(row)); err != nil {
			return err
		}
	}
}
