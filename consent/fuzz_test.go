package consent_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
)

// FuzzOpenReceipt: whatever a subject hands in is a receipt that this host signed, or is refused.
func FuzzOpenReceipt(f *testing.F) {
	k := newKit(f, consent.Limits{})
	g := k.active(f, nil)
	good, err := k.Receipt(f.Context(), jan, g.ID)
	require.NoError(f, err)
	f.Add(good)
	f.Add([]byte(`{"receipt":{"schema":"ISO/IEC TS 27560:2023"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := consent.OpenReceipt(b, k.signer.Public())
		if err == nil && (r.Grant != g.ID || r.State != consent.GrantActive) {
			t.Fatal("a receipt was accepted that was never made")
		}
		clean(t, err)
	})
}
