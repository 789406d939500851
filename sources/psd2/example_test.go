package psd2_test

import (
	"fmt"
	"log"

	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2"
)

// A source for one bank. Its transport shows the qualified website certificate: sources.HTTPOptions.ClientCertificate.
func ExampleNew() {
	bank, err := psd2.New(psd2.Config{
		ID: "samplebank-api", Institution: "samplebank", BaseURL: "https://xs2a.samplebank.example/psd2",
	})
	if err != nil {
		log.Fatal(err)
	}
	var registry sources.Registry
	if err := registry.AddSource(bank); err != nil {
		log.Fatal(err)
	}
	if err := registry.AddNormalizer(psd2.Normalizer{}); err != nil {
		log.Fatal(err)
	}
	d := bank.Describe()
	fmt.Println(d.ID, d.Method, d.Hosts, d.Categories)
	// Output: samplebank-api api [xs2a.samplebank.example] [account balance transaction]
}
