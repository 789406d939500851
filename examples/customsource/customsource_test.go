package customsource_test

import (
	"testing"

	"github.com/brondata/brondata/examples/customsource"
	"github.com/brondata/brondata/sources/sourcetest"
)

func TestConformance(t *testing.T) {
	sourcetest.Normalizer(t, customsource.Normalizer{}, sourcetest.Files(t, "testdata/*.csv"), nil)
}
