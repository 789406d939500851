package pdftext_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"

	"github.com/brondata/brondata/sources/pdftext"
)

func Example() {
	ctx := context.Background()
	data, err := os.ReadFile("testdata/statement-short-1-chromium.pdf")
	if err != nil {
		log.Fatal(err)
	}
	d, err := pdftext.Open(ctx, bytes.NewReader(data), int64(len(data)), nil)
	if err != nil {
		log.Fatal(err)
	}
	page, err := d.Page(ctx, 1)
	if err != nil {
		log.Fatal(err)
	}
	for _, line := range page.Lines()[:3] {
		fmt.Println(line.Text())
	}
	// Output:
	// Rekeningoverzicht
	// Rekeninghouder: F. de Vries-Voorbeeld
	// Datum van afdruk: 1 juli 2026. De kolommen Datum en Saldo staan hieronder.
}

func ExampleDocument_Pages() {
	ctx := context.Background()
	data, err := os.ReadFile("testdata/statement-open-10-libreoffice.pdf")
	if err != nil {
		log.Fatal(err)
	}
	d, err := pdftext.Open(ctx, bytes.NewReader(data), int64(len(data)), nil)
	if err != nil {
		log.Fatal(err)
	}
	n, words := 0, 0
	for page, err := range d.Pages(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		n++
		words += len(page.Words)
	}
	fmt.Println(n, "pages,", words > 3000)
	// Output: 10 pages, true
}

func ExampleFindTable() {
	ctx := context.Background()
	data, err := os.ReadFile("testdata/statement-short-1-chromium.pdf")
	if err != nil {
		log.Fatal(err)
	}
	d, err := pdftext.Open(ctx, bytes.NewReader(data), int64(len(data)), nil)
	if err != nil {
		log.Fatal(err)
	}
	var pages []*pdftext.Page
	for p, err := range d.Pages(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		pages = append(pages, p)
	}
	header := []string{"Datum", "Omschrijving", "Tegenrekening", "Bedrag af", "Bedrag bij", "Saldo"}
	table, err := pdftext.FindTable(pages, header, &pdftext.TableOptions{Key: []int{0, 5}})
	if err != nil {
		log.Fatal(err)
	}
	for _, row := range table.Rows[:2] {
		fmt.Printf("%s | %s | %s%s\n", row.Text(0), row.Text(1), row.Text(3), row.Text(4))
	}
	// Output:
	// 01-01-2026 | Waterbedrijf 100% | 1.930,45
	// 02-01-2026 | Affligem 541292 Verzekering | 1.234,13
}
