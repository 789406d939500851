package psd2_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2/internal/hosttest"
	"github.com/brondata/brondata/sources/psd2/psd2test"
)

// A bank that refuses in the middle of a list what it gave at its beginning is not asked anew from there: the pages before
// would come twice.
func TestNoPageTwice(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"PARAMETER_NOT_SUPPORTED", "SERVICE_INVALID", "PERIOD_INVALID"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()[:1], PageSize: 2}).Connected()
			h.Bank.Inject(psd2test.Fault{Kind: psd2test.Status, Status: 400, Code: code, Path: "/transactions", Skip: 1, Times: 1})
			q := hosttest.Scope(model.CategoryTransaction)
			q.Since = hosttest.Date("2026-01-01")
			got := h.Fetch(t.Context(), q)
			require.NoError(t, got.Err)
			assert.Len(t, got.Transactions(), 2)
		})
	}
}

// Where the bank is, the next day may have begun: its ninety days are not those of the host's clock.
func TestHistoryOfAnotherDay(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()[:1], HistoryDays: 89}).Connected()
	q := hosttest.Scope(model.CategoryTransaction)
	q.Since = hosttest.Date("2026-01-01")
	got := h.Fetch(t.Context(), q)
	require.NoError(t, got.Err)
	assert.Equal(t, "2026-08-25", got.Since.String())
	assert.Len(t, got.Transactions(), 4)
}

// The bank counts each call of a resource, so a second try takes a slot of its own.
func TestSecondTryTakesASlot(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()[:1], BookedOnly: true}).Connected()
	h.Presence = nil
	h.Bank.Reset()
	slots := map[string]int{}
	h.Access = func(_ context.Context, account string) error {
		if slots[account] == 4 {
			return sources.ErrLimit
		}
		slots[account]++
		return nil
	}
	for range 4 {
		require.NoError(t, h.Fetch(t.Context(), hosttest.Scope(model.CategoryTransaction)).Err)
	}
	for _, r := range h.Bank.Requests() {
		assert.NotEqual(t, 429, r.Status, "the bank never has to say that it is too much")
	}
	assert.Equal(t, 4, h.Bank.Calls("GET", "/transactions"))
}

// The next page is found where banks put it, and links may name the port that https has anyway.
func TestNextPage(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()[:1]}).Connected()
	base, err := url.Parse(h.Bank.URL())
	require.NoError(t, err)
	next := "https://" + strings.ToUpper(base.Host) + "/psd2/v1/accounts/3dc3d5b3-7023-4848-9853-100000000001/transactions?bookingStatus=both&dateFrom=2026-11-01"
	h.Bank.Inject(psd2test.Fault{
		Kind: psd2test.Body, Path: "/transactions", Times: 1,
		Body: `{"transactions":{"booked":[],"_links":{"account":{"href":"/v1/accounts/x"}}},"_links":{"next":{"href":"` + next + `"}}}`,
	})
	got := h.Fetch(t.Context(), hosttest.Scope(model.CategoryTransaction))
	require.NoError(t, got.Err)
	assert.Len(t, got.Transactions(), 3)
	assert.Equal(t, 2, h.Bank.Calls("GET", "/transactions"))
}

// An account that cannot be addressed costs itself only.
func TestLonelyLink(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
	h.Bank.Inject(psd2test.Fault{Kind: psd2test.Body, Path: "/accounts", Times: 1, Body: `{"accounts":[
		{"iban":"NL66FAKE0123456789","currency":"EUR","_links":{"balances":{"href":"https://%zz/"}}},
		{"iban":"NL39FAKE0123456790","currency":"EUR","resourceId":"3dc3d5b3-7023-4848-9853-100000000002"}]}`})
	got := h.Fetch(t.Context(), hosttest.Everything())
	require.NoError(t, got.Err)
	assert.Len(t, got.Records, 2+1+1)
}
