package psd2_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2"
	"github.com/brondata/brondata/sources/psd2/internal/hosttest"
	"github.com/brondata/brondata/sources/psd2/psd2test"
)

func TestFetch(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample(), PageSize: 2}).Connected()
	got := h.Fetch(t.Context(), hosttest.Everything())
	require.NoError(t, got.Err)
	require.Empty(t, got.Errs)
	assert.Len(t, got.Transactions(), 5, "four of the first account since October, one of the second")
	assert.Len(t, got.Docs, 1+2+2+1, "the list; balances and two pages; balances and one page")
	assert.True(t, got.Since.IsZero())
	groups := map[string]int{}
	for _, d := range got.Docs {
		groups[d.Group]++
		assert.Equal(t, hosttest.BankID, d.Institution)
		assert.Empty(t, d.Name)
	}
	assert.Equal(t, map[string]int{"accounts": 1, "account 1": 3, "account 2": 2}, groups)
	for _, r := range h.Bank.Requests() {
		if strings.HasSuffix(r.URL.Path, "/transactions") {
			assert.Equal(t, "2026-10-01", r.URL.Query().Get("dateFrom"))
			assert.Equal(t, "both", r.URL.Query().Get("bookingStatus"))
		}
	}
}

// Nothing is asked of the bank that the query does not ask.
func TestFetchOnlyWhatIsAsked(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
	for _, c := range []struct {
		scope                            model.Scope
		docs, balances, bookings, record int
	}{
		{hosttest.Scope(model.CategoryAccount), 1, 0, 0, 2},
		{hosttest.Scope(model.CategoryBalance), 2, 2, 0, 3},
		{hosttest.Scope(model.CategoryTransaction), 2, 0, 2, 5},
	} {
		h.Bank.Reset()
		got := h.Fetch(t.Context(), c.scope)
		require.NoError(t, got.Err)
		assert.Len(t, got.Docs, c.docs)
		assert.Len(t, got.Records, c.record)
		assert.Equal(t, c.balances, h.Bank.Calls("GET", "/balances"))
		assert.Equal(t, c.bookings, h.Bank.Calls("GET", "/transactions"))
	}
}

// The headers of the specification, for a subject who is there and one who is not.
func TestHeaders(t *testing.T) {
	t.Parallel()
	attended := map[string]string{
		"Psu-Ip-Address": "192.0.2.17", "Psu-Ip-Port": "40123", "Psu-User-Agent": "Browser/1.0", "Psu-Accept": "text/html",
		"Psu-Accept-Charset": "utf-8", "Psu-Accept-Encoding": "gzip", "Psu-Accept-Language": "nl", "Psu-Http-Method": "GET",
		"Psu-Device-Id": "99435c7e-ad88-49ec-a2ad-99ddcb1f5555", "Psu-Geo-Location": "GEO:52.506931;13.144558",
	}
	psu := func(h http.Header) map[string]string {
		out := map[string]string{}
		for name := range h {
			if strings.HasPrefix(name, "Psu-") {
				out[name] = h.Get(name)
			}
		}
		return out
	}
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
	require.NoError(t, h.Fetch(t.Context(), hosttest.Everything()).Err)
	check := func(want map[string]string) {
		t.Helper()
		ids := map[string]bool{}
		n := 0
		for _, r := range h.Bank.Requests() {
			if !strings.HasPrefix(r.URL.Path, "/psd2/") {
				continue
			}
			n++
			assert.Equal(t, want, psu(r.Header), "%s %s", r.Method, r.URL.Path)
			assert.Equal(t, "application/json", r.Header.Get("Accept"))
			assert.False(t, ids[r.Header.Get("X-Request-ID")], "each call has its own id")
			ids[r.Header.Get("X-Request-ID")] = true
			assert.Equal(t, strings.Contains(r.URL.Path, "/accounts"), r.Header.Get("Consent-ID") != "", r.URL.Path)
			assert.Equal(t, len(r.Body) > 0, r.Header.Get("Content-Type") == "application/json")
		}
		assert.Positive(t, n)
	}
	check(attended)

	h.Bank.Reset()
	h.Presence = nil
	require.NoError(t, h.Fetch(t.Context(), hosttest.Everything()).Err)
	check(map[string]string{})

	h.Bank.Reset()
	h.Presence = hosttest.Present()
	h.Presence.IPAddress = h.Presence.IPAddress.Prev().Next()
	h.Presence.Port, h.Presence.UserAgent, h.Presence.Accept = 0, "evil\r\nX-Admin: 1", strings.Repeat("a", 5000)
	h.Presence.AcceptCharset, h.Presence.AcceptEncoding, h.Presence.Method = "", "", "BREW"
	h.Presence.DeviceID, h.Presence.GeoLocation = "not a uuid", "somewhere"
	require.NoError(t, h.Fetch(t.Context(), hosttest.Everything()).Err)
	check(map[string]string{"Psu-Ip-Address": "192.0.2.17", "Psu-Accept-Language": "nl"})

	h.Bank.Reset()
	require.NoError(t, h.Disconnect())
	assert.Equal(t, 1, h.Bank.Calls("DELETE", ""))
}

// The bank counts the accesses without the subject, and tells it when they are too many.
func TestThrottled(t *testing.T) {
	t.Parallel()
	for name, array := range map[string]bool{"object": false, "bare array": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample(), ArrayErrors: array}).Connected()
			for range 6 {
				require.NoError(t, h.Fetch(t.Context(), hosttest.Everything()).Err, "attended calls are not counted")
			}
			h.Presence = nil
			for range 4 {
				require.NoError(t, h.Fetch(t.Context(), hosttest.Everything()).Err)
			}
			require.ErrorIs(t, h.Fetch(t.Context(), hosttest.Everything()).Err, sources.ErrThrottled)
		})
	}
}

// Each kind of failure of the list of accounts ends the collection with its own sentinel, and no value in the text.
func TestErrors(t *testing.T) {
	t.Parallel()
	status := func(s int, code string) psd2test.Fault {
		return psd2test.Fault{Kind: psd2test.Status, Status: s, Code: code}
	}
	cases := map[string]struct {
		fault psd2test.Fault
		err   error
	}{
		"400":                     {status(400, ""), sources.ErrUnexpected},
		"400 format":              {status(400, "FORMAT_ERROR"), sources.ErrUnexpected},
		"400 consent unknown":     {status(400, "CONSENT_UNKNOWN"), sources.ErrAuthentication},
		"400 resource unknown":    {status(400, "RESOURCE_UNKNOWN"), sources.ErrNotProvided},
		"401":                     {status(401, ""), sources.ErrAuthentication},
		"401 consent expired":     {status(401, "CONSENT_EXPIRED"), sources.ErrAuthentication},
		"401 consent invalid":     {status(401, "CONSENT_INVALID"), sources.ErrAuthentication},
		"401 token expired":       {status(401, "TOKEN_EXPIRED"), sources.ErrAuthentication},
		"401 certificate expired": {status(401, "CERTIFICATE_EXPIRED"), sources.ErrUnexpected},
		"401 signature":           {status(401, "SIGNATURE_INVALID"), sources.ErrUnexpected},
		"401 the bank's own code": {status(401, "JANSEN_NL66FAKE"), sources.ErrAuthentication},
		"403":                     {status(403, ""), sources.ErrAuthentication},
		"403 consent unknown":     {status(403, "CONSENT_UNKNOWN"), sources.ErrAuthentication},
		"403 service blocked":     {status(403, "SERVICE_BLOCKED"), sources.ErrNotProvided},
		"404":                     {status(404, "RESOURCE_UNKNOWN"), sources.ErrNotProvided},
		"405":                     {status(405, "SERVICE_INVALID"), sources.ErrNotProvided},
		"406":                     {status(406, "REQUESTED_FORMATS_INVALID"), sources.ErrNotProvided},
		"408":                     {status(408, ""), sources.ErrUnavailable},
		"409":                     {status(409, "STATUS_INVALID"), sources.ErrAuthentication},
		"429":                     {status(429, "ACCESS_EXCEEDED"), sources.ErrThrottled},
		"429 with another code":   {status(429, "CONSENT_EXPIRED"), sources.ErrThrottled},
		"500":                     {status(500, ""), sources.ErrUnavailable},
		"503":                     {status(503, ""), sources.ErrUnavailable},
		"problem":                 {psd2test.Fault{Kind: psd2test.Problem, Status: 401, Code: "CONSENT_EXPIRED"}, sources.ErrAuthentication},
		"problem not provided":    {psd2test.Fault{Kind: psd2test.Problem, Status: 403, Code: "SERVICE_BLOCKED"}, sources.ErrNotProvided},
		"304":                     {status(304, ""), sources.ErrUnexpected},
		"garbage":                 {psd2test.Fault{Kind: psd2test.Garbage}, sources.ErrMalformed},
		"empty":                   {psd2test.Fault{Kind: psd2test.Body}, sources.ErrTruncated},
		"an array":                {psd2test.Fault{Kind: psd2test.Body, Body: "[]"}, sources.ErrMalformed},
		"no list":                 {psd2test.Fault{Kind: psd2test.Body, Body: `{"account":1}`}, sources.ErrMalformed},
		"a name twice":            {psd2test.Fault{Kind: psd2test.Body, Body: `{"accounts":[],"accounts":[]}`}, sources.ErrMalformed},
		"too deep":                {psd2test.Fault{Kind: psd2test.Body, Body: `{"accounts":` + strings.Repeat("[", 5000)}, sources.ErrLimit},
		"page":                    {psd2test.Fault{Kind: psd2test.HTML}, sources.ErrMalformed},
		"login page":              {psd2test.Fault{Kind: psd2test.Login}, sources.ErrAuthentication},
		"truncated":               {psd2test.Fault{Kind: psd2test.Truncate}, sources.ErrTruncated},
		"never":                   {psd2test.Fault{Kind: psd2test.Hang}, sources.ErrUnavailable},
		"too large":               {psd2test.Fault{Kind: psd2test.Body, Body: strings.Repeat(" ", 100_000)}, sources.ErrTooLarge},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
			h.Limits = sources.Limits{RequestTime: 400 * time.Millisecond, ResponseBytes: 64 << 10}
			if name != "never" {
				h.Limits.RequestTime = 0
			}
			c.fault.Path = "/accounts"
			h.Bank.Inject(c.fault)
			got := h.Fetch(t.Context(), hosttest.Everything())
			require.ErrorIs(t, got.Err, c.err)
			assert.NotErrorIs(t, got.Err, context.DeadlineExceeded)
			for _, v := range []string{"NL66", "JANSEN", "explanation", "127.0.0.1", "/accounts", "garbage"} {
				assert.NotContains(t, got.Err.Error(), v)
				assert.NotContains(t, h.Log.String(), v)
			}
		})
	}
}

// What one account does not give is noted, and the others go on.
func TestOneAccountFails(t *testing.T) {
	t.Parallel()
	first := "/3dc3d5b3-7023-4848-9853-100000000001/transactions"
	for name, f := range map[string]psd2test.Fault{
		"404":       {Kind: psd2test.Status, Status: 404, Code: "RESOURCE_UNKNOWN"},
		"429":       {Kind: psd2test.Status, Status: 429, Code: "ACCESS_EXCEEDED"},
		"503":       {Kind: psd2test.Status, Status: 503},
		"not in it": {Kind: psd2test.Status, Status: 401, Code: "CONSENT_INVALID"},
		"garbage":   {Kind: psd2test.Garbage},
		"html":      {Kind: psd2test.HTML},
		"download":  {Kind: psd2test.Body, Body: `{"_links":{"download":{"href":"www.bank.example/download"}}}`},
		"no list":   {Kind: psd2test.Body, Body: `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
			f.Path = first
			h.Bank.Inject(f)
			got := h.Fetch(t.Context(), hosttest.Everything())
			require.NoError(t, got.Err)
			assert.Len(t, got.Transactions(), 1, "of the second account")
			assert.Len(t, got.Records, 2+3+1)
		})
	}
	t.Run("the second page", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample(), PageSize: 2}).Connected()
		h.Bank.Inject(psd2test.Fault{Kind: psd2test.Status, Status: 503, Path: first, Skip: 1})
		got := h.Fetch(t.Context(), hosttest.Everything())
		require.NoError(t, got.Err)
		assert.Len(t, got.Transactions(), 2+1, "what came before is kept")
	})
	t.Run("cut in the middle", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
		h.Bank.Inject(psd2test.Fault{Kind: psd2test.Truncate, Path: first})
		got := h.Fetch(t.Context(), hosttest.Everything())
		require.NoError(t, got.Err)
		require.Len(t, got.Errs, 1)
		require.ErrorIs(t, got.Errs[0], sources.ErrTruncated)
		assert.Greater(t, len(got.Transactions()), 1, "what came whole is kept")
		assert.Less(t, len(got.Transactions()), 5)
	})
	t.Run("the whole connection", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
		h.Bank.Inject(psd2test.Fault{Kind: psd2test.Status, Status: 401, Code: "CONSENT_EXPIRED", Path: first})
		got := h.Fetch(t.Context(), hosttest.Everything())
		require.ErrorIs(t, got.Err, sources.ErrAuthentication)
		assert.Equal(t, 1, h.Bank.Calls("GET", "/transactions"), "the others would be in vain")
	})
}

func TestExpired(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
	h.Bank.Expire()
	require.ErrorIs(t, h.Fetch(t.Context(), hosttest.Everything()).Err, sources.ErrAuthentication)
	h.Connected()
	require.NoError(t, h.Fetch(t.Context(), hosttest.Everything()).Err)
}

func TestBookedOnly(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample(), BookedOnly: true}).Connected()
	got := h.Fetch(t.Context(), hosttest.Scope(model.CategoryTransaction))
	require.NoError(t, got.Err)
	assert.Len(t, got.Transactions(), 4)
	assert.Equal(t, 3, h.Bank.Calls("GET", "/transactions"), "the bank's answer counts for the second account too")
}

func TestHistory(t *testing.T) {
	t.Parallel()
	old := hosttest.Scope(model.CategoryTransaction)
	old.Since = hosttest.Date("2026-01-01")
	none := old
	none.Since = model.Date{}
	cases := map[string]struct {
		options psd2test.Options
		days    int
		scope   model.Scope
		since   string
		count   int
	}{
		"enough":                   {psd2test.Options{}, 0, old, "", 6},
		"no look-back date":        {psd2test.Options{}, 0, none, "", 6},
		"none, and the bank's no":  {psd2test.Options{HistoryDays: 90}, 0, none, "2026-08-24", 5},
		"none, and known before":   {psd2test.Options{HistoryDays: 120}, 120, none, "2026-07-25", 6},
		"the bank says no":         {psd2test.Options{HistoryDays: 90}, 0, old, "2026-08-24", 5},
		"the bank says nothing":    {psd2test.Options{HistoryDays: 90, SilentHistory: true}, 0, old, "2026-08-23", 5},
		"known before":             {psd2test.Options{HistoryDays: 120}, 120, old, "2026-07-25", 6},
		"known, but not in demand": {psd2test.Options{}, 365, old, "", 6},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.options.Accounts = psd2test.Sample()
			h := hosttest.New(t, c.options).Connected()
			h.Conf.HistoryDays = c.days
			got := h.Fetch(t.Context(), c.scope)
			require.NoError(t, got.Err)
			assert.Equal(t, c.since, got.Since.String())
			assert.Len(t, got.Transactions(), c.count)
			assert.Equal(t, c.since != "", len(got.Issues) > 0, "the document says so")
		})
	}
}

// Links are followed as they are, but not in circles, not without end, and not to others.
func TestLinks(t *testing.T) {
	t.Parallel()
	path := "100000000001/transactions"
	page := func(next string) string {
		return `{"transactions":{"booked":[{"transactionAmount":{"currency":"EUR","amount":"1"}}],"_links":{"account":{"href":"x"},"next":{"href":"` + next + `"}}}}`
	}
	cases := map[string]struct {
		next  string
		calls int
		other bool
	}{
		"itself":       {"/psd2/v1/accounts/3dc3d5b3-7023-4848-9853-100000000001/transactions?bookingStatus=both&dateFrom=2026-10-01", 1, false},
		"another host": {"https://collector.example/psd2/v1/accounts", 1, false},
		"other port":   {"https://127.0.0.1:1/psd2/v1/accounts", 1, false},
		"no tls":       {"http://127.0.0.1/psd2/v1/accounts", 1, false},
		"credentials":  {"https://a:b@127.0.0.1/", 1, false},
		"no address":   {"https://%zz/", 1, false},
		"without base": {"/v1/accounts/3dc3d5b3-7023-4848-9853-100000000001/transactions?bookingStatus=both&dateFrom=2026-11-01&page=1", 2, true},
		"relative":     {"transactions?bookingStatus=both&dateFrom=2026-11-02&page=7", 2, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()[:1]}).Connected()
			h.Bank.Reset()
			h.Bank.Inject(psd2test.Fault{Kind: psd2test.Body, Path: path, Body: page(c.next), Times: 1})
			got := h.Fetch(t.Context(), hosttest.Scope(model.CategoryTransaction))
			require.NoError(t, got.Err)
			assert.Equal(t, c.calls, h.Bank.Calls("GET", path))
			assert.NotEmpty(t, got.Transactions())
			if c.other {
				for _, r := range h.Bank.Requests() {
					assert.Equal(t, 200, r.Status)
				}
			}
		})
	}
	t.Run("without end", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()[:1], PageSize: 1}).Connected()
		h.Conf.MaxPages = 2
		got := h.Fetch(t.Context(), hosttest.Scope(model.CategoryTransaction))
		require.NoError(t, got.Err)
		assert.Len(t, got.Transactions(), 2)
	})
}

func TestStop(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
	s := h.Source()
	session := h.Session(s)
	defer session.Close()
	q := sources.Query{Scope: hosttest.Everything()}
	for at := 1; at <= 5; at++ {
		stop, n := errors.New("stop"), 0
		err := s.Fetch(t.Context(), session, q, func(sources.Document) error {
			if n++; n == at {
				return stop
			}
			return nil
		})
		require.ErrorIs(t, err, stop)
		assert.Equal(t, at, n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	h.Bank.Reset()
	h.Bank.Inject(psd2test.Fault{Kind: psd2test.Hang, Path: "/balances"})
	go func() {
		for h.Bank.Calls("GET", "/balances") == 0 && t.Context().Err() == nil {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	start := time.Now()
	require.ErrorIs(t, s.Fetch(ctx, session, q, func(sources.Document) error { return nil }), context.Canceled)
	assert.Less(t, time.Since(start), 45*time.Second, "the end of a request's own time is a minute")
}

func TestSlots(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
	var slots []string
	h.Access = func(_ context.Context, account string) error {
		slots = append(slots, account)
		if account == "NL66FAKE0123456789" {
			return sources.ErrLimit
		}
		return nil
	}
	h.Bank.Reset()
	got := h.Fetch(t.Context(), hosttest.Everything())
	require.NoError(t, got.Err)
	assert.Equal(t, []string{"", "NL66FAKE0123456789", "NL39FAKE0123456790"}, slots)
	assert.Equal(t, 1, h.Bank.Calls("GET", "/balances"), "a refused account is not asked for")

	h.Access = func(_ context.Context, account string) error {
		if account == "" {
			return nil
		}
		return sources.ErrNotPermitted
	}
	require.ErrorIs(t, h.Fetch(t.Context(), hosttest.Everything()).Err, sources.ErrNotPermitted)
}

// A consent for other things than are asked is the bank's to refuse.
func TestScopeOfConsent(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()})
	step, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL, Scope: hosttest.Scope(model.CategoryBalance)})
	require.NoError(t, err)
	back, err := h.Bank.Subject().Confirm(t.Context(), step.URL)
	require.NoError(t, err)
	_, err = h.Connect(sources.ConnectRequest{Callback: back})
	require.NoError(t, err)
	got := h.Fetch(t.Context(), hosttest.Everything())
	require.NoError(t, got.Err)
	assert.Empty(t, got.Transactions())
	assert.Len(t, got.Records, 2+3)
}

func TestNew(t *testing.T) {
	t.Parallel()
	good := psd2.Config{ID: "a", Institution: "b", BaseURL: "https://api.bank.example/psd2/"}
	s, err := psd2.New(good)
	require.NoError(t, err)
	assert.Equal(t, []string{"api.bank.example"}, s.Describe().Hosts)
	for name, spoil := range map[string]func(*psd2.Config){
		"ID":            func(c *psd2.Config) { c.ID = "No Name" },
		"Institution":   func(c *psd2.Config) { c.Institution = "" },
		"BaseURL empty": func(c *psd2.Config) { c.BaseURL = "" },
		"BaseURL v1":    func(c *psd2.Config) { c.BaseURL += "v1" },
		"BaseURL query": func(c *psd2.Config) { c.BaseURL += "?a=b" },
		"OAuth":         func(c *psd2.Config) { c.OAuth = &psd2.OAuth{} },
		"Access":        func(c *psd2.Config) { c.Access = "all" },
		"Prefer":        func(c *psd2.Config) { c.Prefer = psd2.ApproachEmbedded },
		"number":        func(c *psd2.Config) { c.FrequencyPerDay = -1 },
	} {
		c := good
		spoil(&c)
		_, err := psd2.New(c)
		require.ErrorIs(t, err, sources.ErrConfig, name)
	}
}
