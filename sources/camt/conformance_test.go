package camt_test

import (
	"testing"

	"github.com/brondata/brondata/sources/camt"
	"github.com/brondata/brondata/sources/sourcetest"
)

func TestConformance(t *testing.T) {
	sourcetest.Normalizer(t, camt.Normalizer{}, sourcetest.Files(t, "testdata/*.xml"), nil)
}
