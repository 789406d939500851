package mijnpensioenoverzicht_test

import (
	"testing"

	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/camt"
	"github.com/brondata/brondata/sources/mijnpensioenoverzicht"
	"github.com/brondata/brondata/sources/sourcetest"
)

func TestConformance(t *testing.T) {
	cases := append(sourcetest.Files(t, "testdata/*.xml"), sourcetest.Files(t, "testdata/*.json")...)
	sourcetest.Normalizer(t, mijnpensioenoverzicht.Normalizer{}, cases, &sourcetest.NormalizerOptions{
		Others: []sources.Normalizer{camt.Normalizer{}},
	})
}
