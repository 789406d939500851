// Package customsource is a whole adapter for a file: the CSV export of an invented bank.
package customsource

import (
	"context"
	"errors"
	"strings"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// Normalizer reads the export.
type Normalizer struct{}

// Formats says how to tell the export from other files.
func (Normalizer) Formats() []sources.Format {
	return []sources.Format{{ID: "samplebank.csv", Institution: "samplebank", Detect: sources.DetectPrefix("Samplebank;")}}
}

// Categories says what is in it.
func (Normalizer) Categories() []model.Category { return []model.Category{model.CategoryTransaction} }

// Normalize reads one row after the other: an account with its first and last day, or a booking on it.
func (Normalizer) Normalize(ctx context.Context, d sources.Document, q sources.Query, w *sources.Writer) error {
	b, err := d.Bytes(ctx, 32<<20)
	if err != nil || !q.Wants(model.CategoryTransaction) {
		return err
	}
	row := 0
	for line := range strings.Lines(strings.TrimPrefix(string(b), "\ufeff")) {
		row++
		f := append(strings.SplitN(strings.TrimRight(line, "\r\n"), ";", 6), "", "", "", "", "")
		account, err1 := model.ParseAccountID(f[1])
		first, err2 := model.ParseDate(f[2])
		last, err3 := model.ParseDate(f[3])
		amount, err4 := model.ParseMoneyIn(f[4], model.EUR, model.DutchFormat)
		good := errors.Join(err1, err2, err3) == nil && model.ValidText(line)
		switch {
		case !strings.HasSuffix(line, "\n"):
			return sources.Errorf(sources.ErrTruncated, "row %d", row) // half an amount is no amount
		case good && f[0] == "Samplebank":
			w.Covers(account, first, last)
		case good && f[0] == "Boeking" && err4 == nil:
			t := &model.Transaction{Account: account, BookingDate: first, ValueDate: last, Amount: amount, Status: model.Booked}
			t.Counterparty.Name = f[5]
			if err := w.Record(t, model.AtLine(row)); err != nil {
				return err
			}
		default:
			return sources.Errorf(sources.ErrMalformed, "row %d", row)
		}
	}
	return nil
}
