package sqlvault_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/retention/retentiontest"
	"github.com/brondata/brondata/retention/sqlvault"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name+" store", func(t *testing.T) {
			t.Parallel()
			retentiontest.Store(t, func(t *testing.T) retention.Store {
				s, err := sqlvault.OpenStore(t.Context(), d.open(t, ""), d.dialect)
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, s.Close()) })
				return s
			})
		})
		t.Run(d.name+" key store", func(t *testing.T) {
			t.Parallel()
			retentiontest.KeyStore(t, func(t *testing.T) retention.KeyStore {
				s, err := sqlvault.OpenKeyStore(t.Context(), d.open(t, ""), d.dialect, "tenant-1")
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, s.Close()) })
				return s
			})
		})
	}
}
