package psd2_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
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

// What single banks do differently from the specification, or choose where it leaves room.

// TestLinkAsText holds that a link may be a plain string.
func TestLinkAsText(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Approach: psd2test.OAuth})
	server := strings.TrimSuffix(h.Bank.URL(), "/psd2")
	h.Bank.Inject(psd2test.Fault{Kind: psd2test.Body, Method: "POST", Path: "/consents", Status: 201, Times: 1, Body: `{"consentStatus":"received",
		"consentId":"c-1","_links":{"scaOAuth":"` + server + `/oauth/.well-known/oauth-authorization-server"}}`})
	step, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
	require.NoError(t, err)
	require.Equal(t, sources.StepRedirect, step.Kind)
	u, err := url.Parse(step.URL)
	require.NoError(t, err)
	assert.Equal(t, "AIS:c-1", u.Query().Get("scope"))
	assert.Equal(t, "S256", u.Query().Get("code_challenge_method"))
}

// TestStatusOfConsent holds that a second holder is waited for, and that a status of the bank's own loses nothing.
func TestStatusOfConsent(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Approach: psd2test.Decoupled, ApproveAfter: 1})
	_, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
	require.NoError(t, err)
	status := func(s string) {
		h.Bank.Inject(psd2test.Fault{Kind: psd2test.Body, Method: "GET", Path: "/status", Body: `{"consentStatus":"` + s + `"}`, Times: 1})
	}
	status("partiallyAuthorised")
	step, err := h.Connect(sources.ConnectRequest{})
	require.NoError(t, err)
	assert.Equal(t, sources.StepWait, step.Kind)
	assert.Equal(t, time.Hour, step.Retry)
	status("inReviewAtTheBank")
	_, err = h.Connect(sources.ConnectRequest{})
	require.ErrorIs(t, err, sources.ErrUnexpected)
	h.Bank.Inject(psd2test.Fault{Kind: psd2test.Body, Method: "GET", Path: "/consents", Body: `{"consentStatus":"valid","validUntil":"9999-12-31"}`})
	step, err = h.Connect(sources.ConnectRequest{})
	require.NoError(t, err)
	assert.Equal(t, sources.StepDone, step.Kind)
	assert.True(t, step.ValidUntil.IsZero(), "as long as the bank allows")
}

// TestStatementAnswer holds that a bank may answer with a statement: it goes to the reader of its format. JSON is JSON, whatever
// the bank calls it.
func TestStatementAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		media, body string
		format      model.FormatID
	}{
		"camt":         {"application/xml;charset=utf-8", `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"/>`, ""},
		"MT940":        {"text/plain", ":20:STATEMENT\r\n:25:NL66FAKE0123456789\r\n", ""},
		"JSON as text": {"text/plain; charset=utf-8", "\r\n" + ` {"transactions":{"booked":[]}}`, psd2.FormatTransactions},
		"JSON as such": {"", `{"transactions":{"booked":[]}}`, psd2.FormatTransactions},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
			bank := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/transactions") {
					w.Header()["Content-Type"] = []string{c.media}
					_, _ = io.WriteString(w, c.body)
					return
				}
				_, _ = io.WriteString(w, `{"accounts":[{"resourceId":"1","iban":"NL66FAKE0123456789","currency":"EUR"}]}`)
			}))
			defer bank.Close()
			h.Conf.BaseURL = bank.URL
			s := h.Source()
			session := h.Session(s)
			defer session.Close()
			n := 0
			q := sources.Query{Institution: hosttest.BankID, Scope: hosttest.Scope(model.CategoryTransaction)}
			err := s.Fetch(t.Context(), session, q, func(d sources.Document) error {
				n++
				assert.Equal(t, c.format, d.Format)
				assert.Equal(t, hosttest.BankID, d.Institution)
				assert.Equal(t, "account 1", d.Group)
				b, err := d.Bytes(t.Context(), 1<<10)
				assert.Equal(t, c.body, string(b))
				return err
			})
			require.NoError(t, err)
			assert.Equal(t, 1, n)
		})
	}
}
