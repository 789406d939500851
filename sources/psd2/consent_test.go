package psd2_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2"
	"github.com/brondata/brondata/sources/psd2/internal/hosttest"
	"github.com/brondata/brondata/sources/psd2/psd2test"
)

// A consent counts as deleted where the bank says so: not where something else answers with success.
func TestDeletion(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]psd2test.Fault{
		"a page about maintenance": {Kind: psd2test.HTML, Method: "DELETE"},
		"a login page":             {Kind: psd2test.Login, Method: "DELETE"},
		"an empty success":         {Kind: psd2test.Body, Method: "DELETE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, psd2test.Options{}).Connected()
			f.Times = 1
			h.Bank.Inject(f)
			require.ErrorIs(t, h.Disconnect(), sources.ErrUnexpected)
			assert.Equal(t, map[string]int{"valid": 1}, h.Bank.Consents())
			require.NoError(t, h.Disconnect(), "what is not done stays known")
			assert.Equal(t, map[string]int{"terminatedByTpp": 1}, h.Bank.Consents())
			assert.Empty(t, h.State.Text())
		})
	}
	t.Run("another success, and it is over", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{}).Connected()
		h.Bank.RevokeAtBank()
		h.Bank.Inject(psd2test.Fault{Kind: psd2test.Body, Method: "DELETE", Body: "{}"})
		require.NoError(t, h.Disconnect())
	})
	t.Run("a redirect", func(t *testing.T) {
		t.Parallel()
		followed := false
		bank := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodDelete:
				http.Redirect(w, r, "/login", http.StatusFound)
			case r.URL.Path == "/login":
				followed = true
				w.WriteHeader(http.StatusNoContent)
			}
		}))
		defer bank.Close()
		s, err := psd2.New(psd2.Config{ID: hosttest.SourceID, Institution: hosttest.BankID, BaseURL: bank.URL})
		require.NoError(t, err)
		state := &hosttest.State{}
		state.Set(`{"version":1,"current":{"consent":"c-1"}}`)
		session, err := sources.NewSession(s.Describe(), sources.SessionOptions{HTTP: sources.HTTPOptions{InsecureLoopback: true}, State: state})
		require.NoError(t, err)
		defer session.Close()
		require.ErrorIs(t, s.Disconnect(t.Context(), session), sources.ErrUnexpected)
		assert.False(t, followed)
		assert.Contains(t, state.Text(), "c-1")
	})
}

// However often a subject begins, and however long the bank deletes nothing: no consent is forgotten.
func TestNoConsentIsForgotten(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{}).Connected()
	h.Bank.Inject(psd2test.Fault{Kind: psd2test.Status, Method: "DELETE", Status: 503})
	var err error
	for range 50 {
		if _, err = h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL}); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, sources.ErrUnavailable)
	made := h.Bank.Consents()
	assert.Less(t, made["received"], 40)
	assert.Equal(t, 1, made["valid"], "the connection is still usable")

	h.Bank.Reset()
	_, err = h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
	require.NoError(t, err, "once the bank deletes, there is room again")
	require.NoError(t, h.Disconnect())
	assert.Equal(t, map[string]int{"terminatedByTpp": made["received"] + 2}, h.Bank.Consents())
}

// What the bank gave is saved, also where the caller goes at that moment: it is not given twice.
func TestKeptThoughTheCallerGoes(t *testing.T) {
	t.Parallel()
	t.Run("a consent", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		h.State.Fail = func(ctx context.Context) error {
			if h.Bank.Calls("POST", "/consents") > 0 {
				cancel()
			}
			return ctx.Err()
		}
		_, err := h.ConnectWith(ctx, sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
		require.ErrorIs(t, err, context.Canceled)
		h.State.Fail = nil
		require.NoError(t, h.Disconnect())
		assert.Equal(t, map[string]int{"terminatedByTpp": 1}, h.Bank.Consents())
	})
	t.Run("a refresh token", func(t *testing.T) {
		t.Parallel()
		var passed atomic.Int64
		h := hosttest.New(t, psd2test.Options{
			Accounts: psd2test.Sample(), Approach: psd2test.OAuth,
			Now: func() time.Time { return hosttest.Today.Add(time.Duration(passed.Load())) },
		}).Connected()
		passed.Store(int64(time.Hour))
		ctx, cancel := context.WithCancel(t.Context())
		h.State.Fail = func(ctx context.Context) error { cancel(); return ctx.Err() }
		require.ErrorIs(t, h.Fetch(ctx, hosttest.Everything()).Err, context.Canceled)
		h.State.Fail = nil
		require.NoError(t, h.Fetch(t.Context(), hosttest.Everything()).Err)
	})
}

// A consent that could not be saved is ended, since nobody would know of it.
func TestUnsavedConsentIsEnded(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{})
	full := errors.New("disk full")
	h.State.Fail = func(context.Context) error {
		if h.Bank.Calls("POST", "/consents") > 0 {
			return full
		}
		return nil
	}
	_, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
	require.ErrorIs(t, err, full)
	assert.Equal(t, map[string]int{"terminatedByTpp": 1}, h.Bank.Consents())
	h.State.Fail = nil
	h.Connected()
}

// An authorisation that is started apart from the consent has its own headers for the way back.
func TestExplicitStartSaysTheWayBack(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{Explicit: true}).Connected()
	var consent, start http.Header
	for _, r := range h.Bank.Requests() {
		switch {
		case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/consents"):
			consent = r.Header
		case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/authorisations"):
			start = r.Header
		}
	}
	for _, name := range []string{"TPP-Redirect-URI", "TPP-Nok-Redirect-URI", "TPP-Redirect-Preferred"} {
		require.NotEmpty(t, consent.Get(name))
		assert.Equal(t, consent.Get(name), start.Get(name), name)
	}
}

// "Not provided" says that there is nothing to connect for; a host takes it for connected. The bank's no is another error.
func TestTheBankOffersNoConnection(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]psd2test.Fault{
		"no such resource": {Kind: psd2test.Status, Status: 404, Path: "/consents"},
		"blocked":          {Kind: psd2test.Status, Status: 403, Code: "SERVICE_BLOCKED", Path: "/consents"},
		"no OAuth server":  {Kind: psd2test.Status, Status: 404, Path: "/.well-known/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, psd2test.Options{Approach: psd2test.OAuth})
			h.Bank.Inject(f)
			_, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
			require.ErrorIs(t, err, sources.ErrUnexpected)
			require.NotErrorIs(t, err, sources.ErrNotProvided)
		})
	}
	t.Run("no OAuth client", func(t *testing.T) {
		t.Parallel()
		h := hosttest.New(t, psd2test.Options{Approach: psd2test.OAuth})
		h.Conf.OAuth = nil
		_, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
		require.ErrorIs(t, err, sources.ErrUnexpected)
	})
}

// Where the bank did not answer to a consent, asking again makes one, as it was asked before.
func TestConnectAgainAfterNoAnswer(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{})
	h.Bank.Inject(psd2test.Fault{Kind: psd2test.Status, Status: 503, Path: "/consents", Times: 1})
	_, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
	require.ErrorIs(t, err, sources.ErrUnavailable)
	step, err := h.Connect(sources.ConnectRequest{})
	require.NoError(t, err)
	require.Equal(t, sources.StepRedirect, step.Kind)
	back, err := h.Bank.Subject().Confirm(t.Context(), step.URL)
	require.NoError(t, err)
	assert.Equal(t, "1", back.Get("tab"))
}

// To ask how a redirect stands, before the subject is back, does not make their callback come too late.
func TestAskingBeforeTheCallback(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{})
	first, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
	require.NoError(t, err)
	step, err := h.Connect(sources.ConnectRequest{})
	require.NoError(t, err)
	require.Equal(t, sources.StepWait, step.Kind)
	back, err := h.Bank.Subject().Confirm(t.Context(), first.URL)
	require.NoError(t, err)
	step, err = h.Connect(sources.ConnectRequest{Callback: back})
	require.NoError(t, err)
	assert.Equal(t, sources.StepDone, step.Kind)
}

// A bank that asks for the code of the callback gets it once, also where it was away when the subject came back.
func TestConfirmationCode(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, psd2test.Options{})
	h.Bank.Inject(psd2test.Fault{Kind: psd2test.Body, Method: "POST", Path: "/consents", Status: 201, Times: 1, Body: `{"consentStatus":"received",
		"consentId":"c-1","_links":{"scaRedirect":{"href":"https://bank.example/sca"},"scaStatus":{"href":"/v1/consents/c-1/authorisations/a"},
		"confirmation":{"href":"/v1/consents/c-1/authorisations/a"}}}`})
	_, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
	require.NoError(t, err)
	state := h.Bank.Requests()[0].Header.Get("TPP-Redirect-URI")
	state = state[strings.LastIndexByte(state, '=')+1:]

	unconfirmed := psd2test.Fault{Kind: psd2test.Body, Method: "GET", Path: "/authorisations", Body: `{"scaStatus":"unconfirmed"}`, Times: 1}
	received := psd2test.Fault{Kind: psd2test.Body, Method: "GET", Path: "/c-1/status", Body: `{"consentStatus":"received"}`, Times: 1}
	h.Bank.Inject(unconfirmed)
	h.Bank.Inject(received)
	step, err := h.Connect(sources.ConnectRequest{})
	require.NoError(t, err, "asked while the code is on its way")
	require.Equal(t, sources.StepWait, step.Kind)

	h.Bank.Inject(psd2test.Fault{Kind: psd2test.Status, Status: 503, Path: "/authorisations", Times: 1})
	_, err = h.Connect(sources.ConnectRequest{Callback: callback("state", state, "confirmationCode", `2256"ffgh`)})
	require.ErrorIs(t, err, sources.ErrUnavailable)
	assert.Zero(t, h.Bank.Calls("PUT", ""))
	h.Bank.Inject(unconfirmed)
	h.Bank.Inject(psd2test.Fault{Kind: psd2test.Body, Method: "PUT", Path: "/authorisations", Body: `{"scaStatus":"finalised"}`})
	h.Bank.Inject(psd2test.Fault{Kind: psd2test.Body, Method: "GET", Path: "/c-1/status", Body: `{"consentStatus":"valid"}`})
	h.Bank.Inject(psd2test.Fault{Kind: psd2test.Body, Method: "GET", Path: "/consents/c-1", Body: `{"validUntil":"2026-12-31"}`})
	step, err = h.Connect(sources.ConnectRequest{})
	require.NoError(t, err)
	assert.Equal(t, sources.StepDone, step.Kind)
	assert.Equal(t, "2026-12-31", step.ValidUntil.String())
	require.Equal(t, 1, h.Bank.Calls("PUT", ""))
	for _, r := range h.Bank.Requests() {
		if r.Method == http.MethodPut {
			assert.JSONEq(t, `{"confirmationCode":`+strconv.Quote(`2256"ffgh`)+`}`, string(r.Body))
		}
	}
	assert.NotContains(t, h.State.Text(), "ffgh")
}
