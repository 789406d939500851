package consent_test

import (
	"testing"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/consent/consenttest"
)

func TestMemoryStore(t *testing.T) {
	t.Parallel()
	consenttest.Run(t, func(testing.TB) consent.Store { return consent.NewMemoryStore() }, &consenttest.Options{
		Reopen: func(_ testing.TB, s consent.Store) consent.Store { return s },
	})
}
