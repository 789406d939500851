package psd2_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2/internal/hosttest"
	"github.com/brondata/brondata/sources/psd2/psd2test"
)

// An answer beyond what may be in memory is not, but while it is read. Not parallel: it looks at the process's memory.
func TestMemory(t *testing.T) {
	const count, allowed = 100_000, 4 << 20
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
	bank := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if !strings.HasSuffix(r.URL.Path, "/transactions") {
			_, _ = io.WriteString(w, `{"accounts":[{"resourceId":"1","iban":"NL66FAKE0123456789","currency":"EUR"}]}`)
			return
		}
		_, _ = io.WriteString(w, `{"transactions":{"booked":[`)
		for i := range count {
			if i > 0 {
				_, _ = io.WriteString(w, ",")
			}
			_, _ = fmt.Fprintf(w, `{"transactionId":"%d","bookingDate":"2026-11-01","transactionAmount":{"amount":"-1.00","currency":"EUR"},"creditorName":"Bakkerij Voorbeeld","remittanceInformationUnstructured":"brood"}`, i)
		}
		_, _ = io.WriteString(w, `],"_links":{"account":{"href":"/psd2/v1/accounts/1"}}}}`)
	}))
	defer bank.Close()
	h.Conf.BaseURL = bank.URL + "/psd2"
	h.Limits.MemoryBytes = 1 << 20
	live := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	s := h.Source()
	session := h.Session(s)
	defer session.Close()
	before := live()
	q := sources.Query{Institution: hosttest.BankID, Scope: hosttest.Scope(model.CategoryTransaction)}
	var got sources.Document
	err := s.Fetch(t.Context(), session, q, func(d sources.Document) error {
		got = d
		assert.Greater(t, d.Body.Size(), int64(16<<20))
		assert.Less(t, live()-before, int64(allowed), "the body is on disk, sealed")
		r, err := hosttest.Read(t, d, q)
		assert.Len(t, r.Records, count)
		return err
	})
	require.NoError(t, err)
	require.NotNil(t, got.Body)
	_, err = got.Body.ReadAt(make([]byte, 1), 0)
	require.Error(t, err, "it is there during deliver only")
}
