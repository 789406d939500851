package psd2test_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2/internal/hosttest"
	"github.com/brondata/brondata/sources/psd2/psd2test"
)

// specFile is the official description of the interface, NextGenPSD2 1.3.11. It is not part of the repository: its tests
// run where it lies beside it.
var specFile = filepath.Join("..", "..", "..", "..", "shared", "reference", "psd2-api.yaml")

func readSpec(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(specFile)
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("the description of the interface is not there")
	}
	require.NoError(t, err)
	return b
}

var loadSpec = sync.OnceValues(func() (validator.Validator, error) {
	b, err := os.ReadFile(specFile)
	if err != nil {
		return nil, err
	}
	d, err := libopenapi.NewDocument(b)
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(d)
	return v, errors.Join(errs...)
})

// knownBreaks are complaints of the validator about the description rather than about the messages: its request bodies for
// authorisations are a oneOf with an empty schema first, which each body fits beside its own.
func knownBreak(r psd2test.Request, text string) bool {
	return strings.Contains(r.URL.Path, "/authorisations") && strings.Contains(text, "oneOf")
}

// validate compares each request of the client and each answer of the fake bank with the description.
func validate(t *testing.T, requests []psd2test.Request) int {
	t.Helper()
	v, err := loadSpec()
	require.NoError(t, err)
	n := 0
	for _, r := range requests {
		if !strings.HasPrefix(r.URL.Path, "/psd2/v1/") || r.Status == 0 {
			continue
		}
		n++
		req, err := http.NewRequest(r.Method, "https://api.testbank.com"+r.URL.RequestURI(), bytes.NewReader(r.Body))
		require.NoError(t, err)
		req.Header = r.Header.Clone()
		resp := &http.Response{
			StatusCode: r.Status, Header: r.Response, Body: io.NopCloser(bytes.NewReader(r.Answer)), Request: req,
			ContentLength: int64(len(r.Answer)),
		}
		check := func(kind string, ok bool, problems []string) {
			if !ok {
				t.Errorf("%s of %s %s (%d): %s", kind, r.Method, r.URL.Path, r.Status, strings.Join(problems, "; "))
			}
		}
		ok, errs := v.ValidateHttpRequestSync(req)
		var problems []string
		for _, e := range errs {
			if text := e.Error(); !knownBreak(r, text) {
				problems = append(problems, text)
			}
		}
		check("the request", ok || len(problems) == 0, problems)
		if r.Status == http.StatusNoContent {
			continue
		}
		ok, errs = v.ValidateHttpResponse(req, resp)
		problems = nil
		for _, e := range errs {
			if text := e.Error(); !knownBreak(r, text) {
				problems = append(problems, text)
			}
		}
		check("the answer", ok || len(problems) == 0, problems)
	}
	return n
}

// fetched fetches everything, which must come and be read without an error.
func fetched(t *testing.T, h *hosttest.Host) {
	t.Helper()
	got := h.Fetch(t.Context(), hosttest.Everything())
	require.NoError(t, got.Err)
	require.Empty(t, got.Errs)
}

// The client's requests and the fake bank's answers follow the official description, in each approach and in errors.
func TestSpecification(t *testing.T) {
	readSpec(t)
	t.Run("redirect", func(t *testing.T) {
		h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample(), PageSize: 2}).Connected()
		fetched(t, h)
		h.Presence = nil
		fetched(t, h)
		require.NoError(t, h.Disconnect())
		assert.Greater(t, validate(t, h.Bank.Requests()), 15)
	})
	t.Run("explicit", func(t *testing.T) {
		h := hosttest.New(t, psd2test.Options{Explicit: true}).Connected()
		assert.Positive(t, validate(t, h.Bank.Requests()))
	})
	t.Run("oauth", func(t *testing.T) {
		h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample(), Approach: psd2test.OAuth}).Connected()
		fetched(t, h)
		assert.Positive(t, validate(t, h.Bank.Requests()))
	})
	t.Run("decoupled", func(t *testing.T) {
		h := hosttest.New(t, psd2test.Options{Approach: psd2test.Decoupled})
		_, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
		require.NoError(t, err)
		h.Bank.Approve()
		_, err = h.Connect(sources.ConnectRequest{})
		require.NoError(t, err)
		assert.Positive(t, validate(t, h.Bank.Requests()))
	})
	t.Run("embedded", func(t *testing.T) {
		h := hosttest.New(t, psd2test.Options{Approach: psd2test.Embedded})
		_, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
		require.NoError(t, err)
		for _, fields := range []map[string]crypto.Secret{
			{"psu-id": hosttest.Secret("subject"), "password": hosttest.Secret("geheim")}, {"method": hosttest.Secret("App")}, {"code": hosttest.Secret("123456")},
		} {
			_, err = h.Connect(sources.ConnectRequest{Fields: fields})
			require.NoError(t, err)
		}
		assert.Positive(t, validate(t, h.Bank.Requests()))
	})
	t.Run("dedicated", func(t *testing.T) {
		h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()})
		h.Conf.Access, h.Conf.OwnerName = "dedicated", true
		_, err := h.Connect(sources.ConnectRequest{RedirectURL: hosttest.HomeURL})
		require.NoError(t, err)
		_, err = h.Connect(sources.ConnectRequest{Fields: map[string]crypto.Secret{"iban": hosttest.Secret("NL66FAKE0123456789")}})
		require.NoError(t, err)
		assert.Positive(t, validate(t, h.Bank.Requests()))
	})
	t.Run("errors", func(t *testing.T) {
		h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample()}).Connected()
		for status, code := range map[int]string{
			400: "FORMAT_ERROR", 401: "CONSENT_INVALID", 403: "CONSENT_UNKNOWN", 404: "RESOURCE_UNKNOWN", 405: "SERVICE_INVALID",
			406: "REQUESTED_FORMATS_INVALID", 409: "STATUS_INVALID", 429: "ACCESS_EXCEEDED",
		} {
			for _, kind := range []psd2test.FaultKind{psd2test.Status, psd2test.Problem} {
				h.Bank.Inject(psd2test.Fault{Kind: kind, Path: "/accounts", Status: status, Code: code, Times: 1})
				require.Error(t, h.Fetch(t.Context(), hosttest.Everything()).Err)
			}
		}
		assert.Positive(t, validate(t, h.Bank.Requests()))
	})
}

// The validator finds what is wrong: without this, TestSpecification could pass for having looked at nothing.
func TestSpecificationNoticesBreaks(t *testing.T) {
	readSpec(t)
	h := hosttest.New(t, psd2test.Options{}).Connected()
	v, err := loadSpec()
	require.NoError(t, err)
	post := h.Bank.Requests()[0]
	for name, spoil := range map[string]func(r *http.Request){
		"no X-Request-ID":   func(r *http.Request) { r.Header.Del("X-Request-ID") },
		"no PSU-IP-Address": func(r *http.Request) { r.Header.Del("PSU-IP-Address") },
		"no validUntil": func(r *http.Request) {
			r.Body = io.NopCloser(bytes.NewReader(bytes.Replace(post.Body, []byte("validUntil"), []byte("until"), 1)))
		},
	} {
		req, err := http.NewRequest(post.Method, "https://api.testbank.com"+post.URL.RequestURI(), bytes.NewReader(post.Body))
		require.NoError(t, err)
		req.Header = post.Header.Clone()
		ok, _ := v.ValidateHttpRequestSync(req)
		require.True(t, ok)
		req.Body = io.NopCloser(bytes.NewReader(post.Body))
		spoil(req)
		ok, _ = v.ValidateHttpRequestSync(req)
		assert.False(t, ok, name)
	}
}

// Closing twice is what a test does that stops the bank in its middle.
func TestCloseTwice(t *testing.T) {
	t.Parallel()
	b := psd2test.New(psd2test.Options{})
	b.Close()
	assert.NotPanics(t, b.Close)
}
