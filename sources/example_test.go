package sources_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/camt"
)

// What a document says, without a permit: for a file of one's own.
func ExampleRegistry_Read() {
	f, err := os.Open("../testdata/statement.camt053.xml")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		log.Fatal(err)
	}
	var registry sources.Registry
	if err := registry.AddNormalizer(camt.Normalizer{}); err != nil {
		log.Fatal(err)
	}
	d := sources.Document{Body: sources.NewContent(f, info.Size())}
	r, err := registry.Read(context.Background(), d, sources.Everything(), nil)
	fmt.Println(r.Format, len(r.Records), r.Balanced, err)
	// Output:
	// camt.053 14 yes <nil>
}
