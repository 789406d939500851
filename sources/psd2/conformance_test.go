package psd2_test

import (
	"path/filepath"
	"testing"

	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2"
	"github.com/brondata/brondata/sources/psd2/internal/hosttest"
	"github.com/brondata/brondata/sources/psd2/psd2test"
	"github.com/brondata/brondata/sources/sourcetest"
)

func TestNormalizerConformance(t *testing.T) {
	sourcetest.Normalizer(t, psd2.Normalizer{}, sourcetest.Files(t, filepath.Join("testdata", "answers", "*.json")), nil)
}

func TestSourceConformance(t *testing.T) {
	sourcetest.Source(t, func() sourcetest.Setup {
		h := hosttest.Open(t, psd2test.Options{Accounts: psd2test.Sample(), PageSize: 3}).Connected()
		return sourcetest.Setup{
			Source: h.Source(), Normalizers: []sources.Normalizer{psd2.Normalizer{}},
			Session: sources.SessionOptions{HTTP: h.Bank.HTTP(), State: h.State, Presence: hosttest.Present(), Now: hosttest.Clock},
			Query:   sources.Query{Institution: hosttest.BankID, Scope: hosttest.Everything()},
			Close:   h.Bank.Close,
		}
	}, &sourcetest.SourceOptions{Golden: filepath.Join("testdata", "source.golden.jsonl"), Accounts: 2})
}
