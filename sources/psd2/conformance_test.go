package psd2_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2"
	"github.com/brondata/brondata/sources/psd2/psd2test"
	"github.com/brondata/brondata/sources/sourcetest"
)

func TestNormalizerConformance(t *testing.T) {
	sourcetest.Normalizer(t, psd2.Normalizer{}, sourcetest.Files(t, filepath.Join("testdata", "answers", "*.json")), nil)
}

func TestSourceConformance(t *testing.T) {
	sourcetest.Source(t, func() sourcetest.Setup {
		bank := psd2test.New(psd2test.Options{Accounts: psd2test.Sample(), PageSize: 3, Now: clock})
		h := &host{t: t, bank: bank, state: &saved{}, conf: bank.Config(sourceID, bankID), presence: present(), now: clock}
		h.connected()
		s, err := psd2.New(h.conf)
		require.NoError(t, err)
		return sourcetest.Setup{
			Source: s, Normalizers: []sources.Normalizer{psd2.Normalizer{}},
			Session: sources.SessionOptions{HTTP: bank.HTTP(), State: h.state, Presence: present(), Now: clock},
			Query:   sources.Query{Institution: bankID, Scope: everything()},
			Close:   bank.Close,
		}
	}, &sourcetest.SourceOptions{Golden: filepath.Join("testdata", "source.golden.jsonl"), Accounts: 2})
}
