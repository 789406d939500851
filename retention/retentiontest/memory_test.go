package retentiontest_test

import (
	"testing"

	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/retention/retentiontest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	t.Run("store", func(t *testing.T) {
		t.Parallel()
		retentiontest.Store(t, func(*testing.T) retention.Store { return retention.NewMemoryStore() })
	})
	t.Run("key store", func(t *testing.T) {
		t.Parallel()
		retentiontest.KeyStore(t, func(*testing.T) retention.KeyStore { return retention.NewMemoryKeyStore() })
	})
}
