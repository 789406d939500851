package psd2_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2"
	"github.com/brondata/brondata/sources/psd2/internal/hosttest"
	"github.com/brondata/brondata/sources/psd2/psd2test"
)

// Each call of Connect is made by a new source with a new session: only the saved state carries over.
func TestConnectRedirect(t *testing.T) {
	t.Parallel()
	for name, explicit := range map[string]bool{"implicit": false, "explicit start": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample(), Explicit: explicit, ValidDays: 30})
			step, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL, NokRedirectURL: "https://host.example/nok"})
			require.NoError(t, err)
			require.Equal(t, sources.StepRedirect, step.Kind)

			post := h.Bank.Requests()[0]
			var body map[string]any
			require.NoError(t, json.Unmarshal(post.Body, &body))
			assert.Equal(t, map[string]any{
				"access":             map[string]any{"accounts": []any{}, "balances": []any{}, "transactions": []any{}},
				"recurringIndicator": true, "validUntil": "2027-02-01", "frequencyPerDay": 4.0, "combinedServiceIndicator": false,
			}, body)
			to, err := url.Parse(post.Header.Get("TPP-Redirect-URI"))
			require.NoError(t, err)
			assert.Equal(t, "1", to.Query().Get("tab"))
			assert.GreaterOrEqual(t, len(to.Query().Get("state")), 43, "256 bits")
			assert.NotContains(t, post.Header.Get("TPP-Nok-Redirect-URI"), to.Query().Get("state"))
			assert.Contains(t, h.State.Text(), to.Query().Get("state"), "saved before it was used")

			back, err := h.Bank.Subject().Confirm(t.Context(), step.URL)
			require.NoError(t, err)
			step, err = h.Connect(sources.ConnectRequest{Callback: back})
			require.NoError(t, err)
			assert.Equal(t, sources.StepDone, step.Kind)
			assert.Equal(t, "2026-12-22", step.ValidUntil.String(), "as the bank moved it")

			_, err = h.Connect(sources.ConnectRequest{Callback: back})
			require.ErrorIs(t, err, sources.ErrAuthentication, "a state counts once")
			assert.Equal(t, map[string]int{"valid": 1}, h.Bank.Consents())
		})
	}
}

func TestConnectScope(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		scope  model.Scope
		owner  bool
		access string
	}{
		"balances":                     {hosttest.Scope(model.CategoryBalance), true, `{"balances":[]}`},
		"transactions":                 {hosttest.Scope(model.CategoryTransaction), true, `{"transactions":[]}`},
		"owner name":                   {hosttest.Scope(model.CategoryAccount), true, `{"accounts":[],"additionalInformation":{"ownerName":[]}}`},
		"owner name at a bank without": {hosttest.Scope(model.CategoryAccount), false, `{"accounts":[]}`},
		"owner name not asked": {
			model.Scope{Baskets: []model.Basket{{Category: model.CategoryAccount, Fields: []string{"account"}}}}, true, `{"accounts":[]}`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, psd2test.Options{})
			h.Conf.OwnerName = c.owner
			_, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL, Scope: c.scope})
			require.NoError(t, err)
			var body struct{ Access json.RawMessage }
			require.NoError(t, json.Unmarshal(h.Bank.Requests()[0].Body, &body))
			assert.JSONEq(t, c.access, string(body.Access))
		})
	}
	t.Run("nothing that the bank has", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{})
		_, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL, Scope: hosttest.Scope(model.CategoryPension)})
		require.ErrorIs(t, err, sources.ErrNotProvided)
		assert.Empty(t, h.Bank.Requests())
	})
	t.Run("once", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{})
		s := h.Source()
		session := h.Session(s)
		defer session.Close()
		_, err := s.Connect(t.Context(), session, sources.ConnectRequest{RedirectURL: hosttest.HomeURL, Scope: hosttest.Everything()})
		require.NoError(t, err)
		assert.Contains(t, string(h.Bank.Requests()[0].Body), `"recurringIndicator":false,"validUntil":"2026-11-23","frequencyPerDay":1`)
	})
}

func TestConnectDedicated(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()})
	h.Conf.Access = psd2.AccessDedicated
	step, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
	require.NoError(t, err)
	require.Equal(t, sources.StepChallenge, step.Kind)
	require.Equal(t, "iban", step.Fields[0].Name)
	_, err = h.Connect(sources.ConnectRequest{Fields: map[string]crypto.Secret{"iban": hosttest.Secret("NL00FAKE0123456789")}})
	require.ErrorIs(t, err, sources.ErrAuthentication)
	step, err = h.Connect(sources.ConnectRequest{Fields: map[string]crypto.Secret{"iban": hosttest.Secret("NL66 FAKE 0123 4567 89")}})
	require.NoError(t, err)
	back, err := h.Bank.Subject().Confirm(t.Context(), step.URL)
	require.NoError(t, err)
	_, err = h.Connect(sources.ConnectRequest{Callback: back})
	require.NoError(t, err)
	got := h.Fetch(t.Context(), hosttest.Scope(model.CategoryAccount))
	require.NoError(t, got.Err)
	assert.Len(t, got.Records, 1, "the account that the consent names")
}

func TestConnectRefused(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{})
	step, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
	require.NoError(t, err)
	back, err := h.Bank.Subject().Refuse(t.Context(), step.URL)
	require.NoError(t, err)
	_, err = h.Connect(sources.ConnectRequest{Callback: back})
	require.ErrorIs(t, err, sources.ErrAuthentication)
	got := h.Fetch(t.Context(), hosttest.Everything())
	require.ErrorIs(t, got.Err, sources.ErrAuthentication)
	assert.Equal(t, 1, h.Bank.Calls("DELETE", ""), "what was refused is tidied up at the bank")
}

func TestConnectCallback(t *testing.T) {
	t.Parallel()
	cases := map[string]func(good string) url.Values{
		"no state":      func(string) url.Values { return callback("code", "x") },
		"another state": func(g string) url.Values { return callback("state", strings.ToLower(g)+"A") },
		"two states":    func(g string) url.Values { return callback("state", g, "state", "x") },
		"empty state":   func(string) url.Values { return callback("state", "") },
	}
	for name, make := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, psd2test.Options{})
			step, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
			require.NoError(t, err)
			back, err := h.Bank.Subject().Confirm(t.Context(), step.URL)
			require.NoError(t, err)
			n := len(h.Bank.Requests())
			_, err = h.Connect(sources.ConnectRequest{Callback: make(back.Get("state"))})
			require.ErrorIs(t, err, sources.ErrAuthentication)
			assert.Len(t, h.Bank.Requests(), n, "the bank is not asked")
			_, err = h.Connect(sources.ConnectRequest{Callback: back})
			require.NoError(t, err, "a forged callback does not end the real one")
		})
	}
	t.Run("without a connection", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{})
		_, err := h.Connect(sources.ConnectRequest{Callback: callback("state", "x")})
		require.ErrorIs(t, err, sources.ErrAuthentication)
	})
	t.Run("before the subject decided", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{})
		_, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
		require.NoError(t, err)
		back, err := url.Parse(h.Bank.Requests()[0].Header.Get("TPP-Redirect-URI"))
		require.NoError(t, err)
		step, err := h.Connect(sources.ConnectRequest{Callback: back.Query()})
		require.NoError(t, err)
		assert.Equal(t, sources.StepWait, step.Kind, "the bank's word counts, not the callback")
		assert.Positive(t, step.Retry)
		h.Bank.Approve()
		step, err = h.Connect(sources.ConnectRequest{})
		require.NoError(t, err)
		assert.Equal(t, sources.StepDone, step.Kind)
	})
}

func TestConnectNeeds(t *testing.T) {
	t.Parallel()
	t.Run("the subject", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{})
		h.Presence = nil
		_, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
		require.ErrorIs(t, err, sources.ErrAuthentication)
	})
	t.Run("a place for state", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{})
		full := errors.New("disk full")
		h.State.Fail = func(context.Context) error { return full }
		_, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
		require.ErrorIs(t, err, full)
		assert.Empty(t, h.Bank.Requests(), "nothing is made at the bank that could not be saved")
	})
	for _, bad := range []string{"", "/back", "http://host.example/", "javascript:alert(1)", "https://u:p@host.example/", "https://host.example/#x"} {
		t.Run("a redirect address other than "+bad, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, psd2test.Options{})
			_, err := h.Connect(sources.ConnectRequest{RedirectURL: bad})
			require.ErrorIs(t, err, sources.ErrConfig)
		})
	}
}

func TestReconnect(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
	step, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
	require.NoError(t, err)
	require.NoError(t, h.Fetch(t.Context(), hosttest.Everything()).Err, "the former connection is used until the new one is there")
	_, err = h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL}) // the subject clicked twice
	require.NoError(t, err)
	_ = step
	h.Bank.Approve()
	step, err = h.Connect(sources.ConnectRequest{})
	require.NoError(t, err)
	require.Equal(t, sources.StepDone, step.Kind)
	require.NoError(t, h.Fetch(t.Context(), hosttest.Everything()).Err)
	c := h.Bank.Consents()
	assert.Equal(t, 1, c["valid"])
	assert.Equal(t, 2, c["terminatedByTpp"], "the former one, and the one that nobody finished")
}

func TestConnectOAuth(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample(), Approach: psd2test.OAuth})
	step, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
	require.NoError(t, err)
	u, err := url.Parse(step.URL)
	require.NoError(t, err)
	q := u.Query()
	assert.True(t, strings.HasPrefix(q.Get("scope"), "AIS:consent-"))
	assert.Equal(t, "S256", q.Get("code_challenge_method"))
	assert.Equal(t, hosttest.HomeURL, q.Get("redirect_uri"))
	back, err := h.Bank.Subject().Confirm(t.Context(), step.URL)
	require.NoError(t, err)

	step, err = h.Connect(sources.ConnectRequest{Callback: back})
	require.NoError(t, err)
	require.Equal(t, sources.StepDone, step.Kind)
	require.NoError(t, h.Fetch(t.Context(), hosttest.Everything()).Err)

	for name, spoil := range map[string]func(url.Values){
		"of another server (RFC 9207)": func(v url.Values) { v.Set("iss", "https://other.example") },
		"of a server without its name": func(v url.Values) { v.Del("iss") },
		"without a code":               func(v url.Values) { v.Del("code") },
		"with an error":                func(v url.Values) { v.Set("error", "access_denied") },
		"with a code of somebody else": func(v url.Values) { v.Set("code", "code-000099") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, psd2test.Options{Approach: psd2test.OAuth})
			step, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
			require.NoError(t, err)
			back, err := h.Bank.Subject().Confirm(t.Context(), step.URL)
			require.NoError(t, err)
			spoil(back)
			_, err = h.Connect(sources.ConnectRequest{Callback: back})
			require.ErrorIs(t, err, sources.ErrAuthentication)
			assert.Equal(t, map[string]int{"terminatedByTpp": 1}, h.Bank.Consents(), "what cannot be used is ended")
		})
	}
}

func TestOAuthTokens(t *testing.T) {
	t.Parallel()
	now := hosttest.Today
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample(), Approach: psd2test.OAuth, Now: func() time.Time { return now }}).Connected()
	require.NoError(t, h.Fetch(t.Context(), hosttest.Everything()).Err)
	for _, r := range h.Bank.Requests() {
		secretAt := strings.HasPrefix(r.URL.Path, "/oauth/")
		assert.False(t, secretAt && (r.Header.Get("Consent-ID") != "" || r.Header.Get("Authorization") != "" || r.Header.Get("PSU-IP-Address") != ""),
			"nothing of the interface goes to the OAuth server")
	}
	h.Bank.Reset()
	now = now.Add(20 * time.Minute)
	saves := h.State.Saves()
	require.NoError(t, h.Fetch(t.Context(), hosttest.Everything()).Err)
	assert.Equal(t, 1, h.Bank.Calls("POST", "/token"), "renewed before use")
	assert.Equal(t, saves+1, h.State.Saves(), "and saved: the old refresh token is gone")

	t.Run("ended early", func(t *testing.T) {
		h.Bank.Reset()
		h.Bank.Inject(psd2test.Fault{Kind: psd2test.Status, Path: "/accounts", Status: 401, Code: "TOKEN_EXPIRED", Times: 1})
		require.NoError(t, h.Fetch(t.Context(), hosttest.Everything()).Err)
		assert.Equal(t, 1, h.Bank.Calls("POST", "/token"))
	})
	t.Run("withdrawn", func(t *testing.T) {
		h.Bank.Reset()
		h.Bank.EndTokens()
		require.ErrorIs(t, h.Fetch(t.Context(), hosttest.Everything()).Err, sources.ErrAuthentication)
	})
	t.Run("server down", func(t *testing.T) {
		h.Bank.Reset()
		h.Bank.Inject(psd2test.Fault{Kind: psd2test.Status, Path: "/token", Status: 503})
		require.ErrorIs(t, h.Fetch(t.Context(), hosttest.Everything()).Err, sources.ErrUnavailable)
	})
}

func TestConnectDecoupled(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample(), Approach: psd2test.Decoupled, ApproveAfter: 2})
	step, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
	require.NoError(t, err)
	require.Equal(t, sources.StepWait, step.Kind)
	assert.NotEmpty(t, step.Message)
	assert.Equal(t, "true", h.Bank.Requests()[0].Header.Get("TPP-Decoupled-Preferred"))
	waits := 0
	for step.Kind == sources.StepWait && waits < 5 {
		assert.Positive(t, step.Retry)
		step, err = h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
		require.NoError(t, err)
		waits++
	}
	require.Equal(t, sources.StepDone, step.Kind)
	assert.Equal(t, 3, waits)
	assert.Equal(t, 1, h.Bank.Calls("POST", "/consents"), "asking again makes no new consent")

	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{Approach: psd2test.Decoupled})
		_, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
		require.NoError(t, err)
		h.Bank.Refuse()
		_, err = h.Connect(sources.ConnectRequest{})
		require.ErrorIs(t, err, sources.ErrAuthentication)
	})
}

func TestConnectEmbedded(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample(), Approach: psd2test.Embedded, Password: `ge"heim\` + "é"})
	step, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
	require.NoError(t, err)
	require.Equal(t, sources.StepChallenge, step.Kind)
	require.Len(t, step.Fields, 2)
	assert.True(t, step.Fields[1].Secret)
	_, err = h.Connect(sources.ConnectRequest{Fields: map[string]crypto.Secret{"psu-id": hosttest.Secret("subject")}})
	require.ErrorIs(t, err, sources.ErrAuthentication)
	step, err = h.Connect(sources.ConnectRequest{Fields: map[string]crypto.Secret{"psu-id": hosttest.Secret("subject"), "password": hosttest.Secret(`ge"heim\` + "é")}})
	require.NoError(t, err)
	require.Equal(t, []string{"SMS", "App"}, step.Fields[0].Values)
	step, err = h.Connect(sources.ConnectRequest{Fields: map[string]crypto.Secret{"method": hosttest.Secret("SMS")}})
	require.NoError(t, err)
	require.Equal(t, "code", step.Fields[0].Name)
	assert.Equal(t, "Zes cijfers.", step.Message)
	assert.NotContains(t, h.State.Text(), "heim", "no password in the state")
	step, err = h.Connect(sources.ConnectRequest{Fields: map[string]crypto.Secret{"code": hosttest.Secret("123456")}})
	require.NoError(t, err)
	require.Equal(t, sources.StepDone, step.Kind)
	require.NoError(t, h.Fetch(t.Context(), hosttest.Everything()).Err)

	t.Run("wrong password is sent once", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{Approach: psd2test.Embedded})
		_, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
		require.NoError(t, err)
		wrong := sources.ConnectRequest{Fields: map[string]crypto.Secret{"psu-id": hosttest.Secret("subject"), "password": hosttest.Secret("verkeerd")}}
		for range 2 {
			_, err = h.Connect(wrong)
			require.ErrorIs(t, err, sources.ErrAuthentication)
			assert.NotContains(t, err.Error(), "verkeerd")
		}
		assert.Equal(t, 1, h.Bank.Calls("POST", "/authorisations"))
	})
	t.Run("not allowed", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{Approach: psd2test.Embedded})
		h.Conf.Embedded, h.Conf.Prefer = false, ""
		_, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
		require.ErrorIs(t, err, sources.ErrUnexpected)
	})
}

func TestDisconnect(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
	h.Presence = nil
	h.Bank.Inject(psd2test.Fault{Kind: psd2test.Status, Method: "DELETE", Status: 503, Times: 1})
	require.ErrorIs(t, h.Disconnect(), sources.ErrUnavailable)
	assert.NotEmpty(t, h.State.Text(), "what is not done stays known")
	require.ErrorIs(t, h.Fetch(t.Context(), hosttest.Everything()).Err, sources.ErrAuthentication)
	require.NoError(t, h.Disconnect())
	assert.Equal(t, map[string]int{"terminatedByTpp": 1}, h.Bank.Consents())
	assert.Empty(t, h.State.Text())
	n := len(h.Bank.Requests())
	require.NoError(t, h.Disconnect(), "again is no error")
	assert.Len(t, h.Bank.Requests(), n)

	for name, f := range map[string]psd2test.Fault{
		"unknown to the bank": {Kind: psd2test.Status, Method: "DELETE", Status: 403, Code: "CONSENT_UNKNOWN"},
		"not found":           {Kind: psd2test.Status, Method: "DELETE", Status: 404},
		"expired":             {Kind: psd2test.Status, Method: "DELETE", Status: 401, Code: "CONSENT_EXPIRED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, psd2test.Options{}).Connected()
			h.Bank.Inject(f)
			require.NoError(t, h.Disconnect())
			assert.Empty(t, h.State.Text())
		})
	}
	t.Run("revoked at the bank", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{}).Connected()
		h.Bank.RevokeAtBank()
		h.Bank.Inject(psd2test.Fault{Kind: psd2test.Status, Method: "DELETE", Status: 401, Code: "CONSENT_INVALID"})
		require.NoError(t, h.Disconnect())
	})
	t.Run("invalid, yet alive", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{}).Connected()
		h.Bank.Inject(psd2test.Fault{Kind: psd2test.Status, Method: "DELETE", Status: 401, Code: "CONSENT_INVALID"})
		require.ErrorIs(t, h.Disconnect(), sources.ErrAuthentication)
	})
	t.Run("in the making", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{})
		_, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
		require.NoError(t, err)
		require.NoError(t, h.Disconnect())
		assert.Equal(t, map[string]int{"terminatedByTpp": 1}, h.Bank.Consents())
	})
}

func TestState(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		value string
		err   error
	}{
		"garbage":         {`{"version":1,"current":{"consent":`, sources.ErrMalformed},
		"another version": {`{"version":9}`, sources.ErrAuthentication},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, psd2test.Options{})
			h.State.Set(c.value)
			require.ErrorIs(t, h.Fetch(t.Context(), hosttest.Everything()).Err, c.err)
			_, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
			require.ErrorIs(t, err, c.err)
		})
	}
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample(), Approach: psd2test.OAuth})
	h.Conf.Prepare = func(r *http.Request) error { r.Header.Set("Signature", "signed"); return nil }
	h.Connected()
	require.NoError(t, h.Fetch(t.Context(), hosttest.Everything()).Err)
	for _, r := range h.Bank.Requests() {
		if !strings.HasPrefix(r.URL.Path, "/oauth/authorize") {
			assert.Equal(t, "signed", r.Header.Get("Signature"), r.URL.Path)
		}
	}
	h.Conf.Prepare = func(*http.Request) error { return errors.New("slot 7 of the HSM for J. de Vries") }
	err := h.Fetch(t.Context(), hosttest.Everything()).Err
	require.ErrorIs(t, err, sources.ErrUnexpected)
	assert.NotContains(t, err.Error(), "Vries")
}
