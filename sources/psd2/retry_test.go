package psd2_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2/internal/hosttest"
	"github.com/brondata/brondata/sources/psd2/psd2test"
)

// later has one kind of call answered by a status with a time to come back.
func later(status int, path, after string, times int) psd2test.Fault {
	return psd2test.Fault{Kind: psd2test.Status, Status: status, Path: path, RetryAfter: after, Times: times}
}

// A bank that asks for a moment's patience gets it while the subject is there: nothing is missing then.
func TestPatience(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]psd2test.Fault{
		"503":       later(503, "/transactions", "1", 1),
		"429":       later(429, "/transactions", "1", 1),
		"at once":   later(503, "/transactions", "0", 1),
		"the list":  later(503, "/accounts", "1", 1),
		"a date":    later(503, "/transactions", "Sun, 22 Nov 2026 09:30:01 GMT", 1),
		"gone by":   later(503, "/transactions", "Sun, 22 Nov 2026 08:00:00 GMT", 1),
		"in a page": {Kind: psd2test.Status, Status: 503, Path: "/transactions", RetryAfter: "1", Skip: 1, Times: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample(), PageSize: 2}).Connected()
			h.Bank.Reset()
			h.Bank.Inject(f)
			start := time.Now()
			got := h.Fetch(t.Context(), hosttest.Everything())
			require.NoError(t, got.Err)
			assert.Len(t, got.Transactions(), 5)
			assert.GreaterOrEqual(t, time.Since(start), time.Second)
			assert.Len(t, h.Bank.Requests(), 1+2+3+1)
		})
	}
}

// A call without the subject is not repeated, since the bank counts it. The error says when to come back.
func TestAwayNoPatience(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
	h.Presence = nil
	h.Bank.Reset()
	h.Bank.Inject(later(503, "/accounts", "1", 1))
	got := h.Fetch(t.Context(), hosttest.Everything())
	require.ErrorIs(t, got.Err, sources.ErrUnavailable)
	assert.ErrorContains(t, got.Err, "after 1 seconds")
	assert.Len(t, h.Bank.Requests(), 1)
}

// Nothing that the bank says makes a collection wait long, twice, or at all where it says nothing of use; only numbers of a
// believable size are told.
func TestNoPatience(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ after, told string }{
		"hours":                 {"7200", "after 7200 seconds"},
		"tomorrow":              {"Mon, 23 Nov 2026 00:00:00 GMT", "after 52200 seconds"},
		"another form of date":  {"Monday, 23-Nov-26 00:00:00 GMT", "after 52200 seconds"},
		"nothing":               {"", ""},
		"below zero":            {"-1", ""},
		"a sign":                {"+1", ""},
		"a fraction":            {"1.5", ""},
		"an exponent":           {"1e0", ""},
		"a year":                {"31536000", ""},
		"more than a number":    {"99999999999999999999", ""},
		"more than 32 bits":     {"4294967297", ""},
		"the end of the world":  {"Fri, 31 Dec 9999 23:59:59 GMT", ""},
		"words":                 {"NL66FAKE0123456789", ""},
		"a moment of ISO":       {"2026-11-22T09:30:01Z", ""},
		"longer than is waited": {"11", "after 11 seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
			h.Bank.Reset()
			h.Bank.Inject(later(429, "/accounts", c.after, 1))
			got := h.Fetch(t.Context(), hosttest.Everything())
			require.ErrorIs(t, got.Err, sources.ErrThrottled)
			assert.Len(t, h.Bank.Requests(), 1)
			if c.told != "" {
				assert.ErrorContains(t, got.Err, c.told)
			} else {
				assert.Equal(t, "too many requests: status 429", got.Err.Error())
			}
		})
	}
	t.Run("again and again", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
		h.Bank.Reset()
		h.Bank.Inject(later(503, "/accounts", "1", 0))
		require.ErrorIs(t, h.Fetch(t.Context(), hosttest.Everything()).Err, sources.ErrUnavailable)
		assert.Len(t, h.Bank.Requests(), 2)
	})
	t.Run("another status", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
		h.Bank.Reset()
		h.Bank.Inject(later(401, "/accounts", "1", 1))
		require.ErrorIs(t, h.Fetch(t.Context(), hosttest.Everything()).Err, sources.ErrAuthentication)
		assert.Len(t, h.Bank.Requests(), 1)
	})
	t.Run("no time left", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
		h.Bank.Inject(later(503, "/accounts", "9", 1))
		ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
		defer cancel()
		require.ErrorIs(t, h.Fetch(ctx, hosttest.Everything()).Err, sources.ErrUnavailable, "the bank's error, not that of the time that is over")
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
		h.Bank.Inject(later(503, "/accounts", "10", 1))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		start := time.Now()
		require.ErrorIs(t, h.Fetch(ctx, hosttest.Everything()).Err, context.Canceled)
		assert.Less(t, time.Since(start), 9*time.Second)
	})
}

// A bank's no to what it need not have may come in many words: what it must have is asked then, and what is not there is told.
func TestSecondTry(t *testing.T) {
	t.Parallel()
	const pending = model.Locator("/transactions/pending")
	refuse := func(code string, times int) psd2test.Fault {
		return psd2test.Fault{Kind: psd2test.Status, Status: 400, Code: code, Path: "/transactions", Times: times}
	}
	for name, c := range map[string]struct {
		fault  psd2test.Fault
		calls  int // for two accounts
		booked int
		since  string
	}{
		"the parameter":              {refuse("PARAMETER_NOT_SUPPORTED", 1), 3, 5, ""},
		"the combination":            {refuse("PARAMETER_NOT_CONSISTENT", 1), 3, 5, ""},
		"the service":                {refuse("SERVICE_INVALID", 1), 3, 5, ""},
		"the form":                   {refuse("FORMAT_ERROR", 1), 3, 5, ""},
		"a code of the bank's own":   {refuse("ERR_7002_001", 1), 3, 5, ""},
		"no code":                    {refuse("", 1), 3, 5, ""},
		"the form, because of dates": {refuse("FORMAT_ERROR", 2), 4, 4, "2026-08-24"},
		"the form, always":           {refuse("FORMAT_ERROR", 0), 6, 0, ""},
		"what is known":              {refuse("RESOURCE_UNKNOWN", 0), 2, 0, ""},
		"the consent":                {refuse("CONSENT_INVALID", 0), 2, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
			h.Bank.Inject(c.fault)
			q := hosttest.Scope(model.CategoryTransaction)
			q.Since = hosttest.Date("2026-01-01")
			got := h.Fetch(t.Context(), q)
			require.NoError(t, got.Err)
			assert.Equal(t, c.calls, h.Bank.Calls("GET", "/transactions"))
			n := 0
			for _, r := range got.Transactions() {
				assert.Equal(t, model.Booked, r.Status)
				n++
			}
			assert.Equal(t, c.booked, n)
			assert.Equal(t, c.since, got.Since.String())
			if n > 0 {
				assert.Contains(t, got.Issues, model.Issue{Code: model.IssueMissing, At: pending})
			}
		})
	}
}

// A bank that is known to have no pending transactions is asked once, and what is not there is told for each account.
func TestBookedOnlyKnown(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample(), BookedOnly: true, PageSize: 2}).Connected()
	h.Conf.BookedOnly = true
	got := h.Fetch(t.Context(), hosttest.Scope(model.CategoryTransaction))
	require.NoError(t, got.Err)
	assert.Len(t, got.Transactions(), 4)
	assert.Equal(t, 3, h.Bank.Calls("GET", "/transactions"), "two pages and one")
	missing := model.Issue{Code: model.IssueMissing, At: "/transactions/pending"}
	assert.Equal(t, []model.Issue{missing, missing}, got.Issues)
}
