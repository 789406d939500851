package psd2_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2"
	"github.com/brondata/brondata/sources/psd2/internal/hosttest"
	"github.com/brondata/brondata/sources/psd2/psd2test"
)

// wire is a bank made of bytes: what it writes is no server's idea of a proper answer.
type wire struct {
	net.Listener
	answers map[string][]byte // by the path behind /v1
	wg      sync.WaitGroup
}

// serve starts a bank. Each answer ends with its connection.
func serve(t testing.TB, answers map[string][]byte) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &wire{Listener: l, answers: answers}
	w.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			w.wg.Go(func() {
				defer c.Close()
				req, err := http.ReadRequest(bufio.NewReader(c))
				if err != nil {
					return
				}
				_, _ = c.Write(w.answers[strings.TrimPrefix(req.URL.Path, "/v1")])
			})
		}
	})
	return w
}

func (w *wire) stop() {
	_ = w.Close()
	w.wg.Wait()
}

// collectFrom collects everything over a connection that is there already.
func collectFrom(t testing.TB, w *wire) *model.Dossier {
	t.Helper()
	s, err := psd2.New(psd2.Config{ID: hosttest.SourceID, Institution: hosttest.BankID, BaseURL: "http://" + w.Addr().String()})
	require.NoError(t, err)
	state := &hosttest.State{}
	state.Set(`{"version":1,"current":{"consent":"c-1"}}`)
	return collectBy(t, s, state, sources.RetrieverOptions{HTTP: sources.HTTPOptions{InsecureLoopback: true}})
}

// collectBy collects everything through a retriever.
func collectBy(t testing.TB, s *psd2.Source, state sources.State, o sources.RetrieverOptions) *model.Dossier {
	t.Helper()
	var g sources.Registry
	require.NoError(t, g.AddSource(s))
	require.NoError(t, g.AddNormalizer(psd2.Normalizer{}))
	m, err := consent.NewManager(consent.NewMemoryStore(), nil)
	require.NoError(t, err)
	subject := consent.Actor{ID: "subject-1", Role: consent.RoleSubject}
	grant, err := m.Propose(t.Context(), subject, consent.Proposal{
		Subject:   "subject-1",
		Recipient: consent.Recipient{ID: "lender", Name: "A lender", Contact: "privacy@lender.example"},
		Purpose:   consent.Purpose{ID: "mortgage", Text: model.Text{Dutch: "Een hypotheek", English: "A mortgage"}},
		Scope:     hosttest.Everything(), Institutions: []model.InstitutionID{hosttest.BankID}, ValidUntil: time.Now().Add(time.Hour),
	})
	require.NoError(t, err)
	_, err = m.Decide(t.Context(), subject, grant.ID, true)
	require.NoError(t, err)
	p, err := m.Permit(t.Context(), subject, grant.ID)
	require.NoError(t, err)
	r, err := sources.NewRetriever(&g, &o)
	require.NoError(t, err)
	d, err := r.Collect(t.Context(), p, sources.Input{}, &sources.CollectOptions{State: state})
	require.NoError(t, err)
	return d
}

func obtained(d *model.Dossier) map[model.Category]model.Obtained {
	out := map[model.Category]model.Obtained{}
	for _, c := range d.Coverage {
		out[c.Category] = c.Obtained
	}
	return out
}

// ok is a proper answer.
func ok(body string) []byte { return answered("200 OK", "application/json", body) }

func answered(status, media, body string) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, media, len(body), body)
}

const (
	wireAccounts = `{"accounts":[{"iban":"NL66FAKE0123456789","currency":"EUR","resourceId":"a"}]}`
	wireBalances = `{"balances":[{"balanceType":"closingBooked","balanceAmount":{"currency":"EUR","amount":"1.00"}}]}`
	wireBooked   = `{"transactions":{"booked":[{"bookingDate":"2026-10-02","transactionAmount":{"currency":"EUR","amount":"-1.00"}}],"_links":{"next":{"href":"/v1/page2"}}}}`
	wirePage2    = `{"transactions":{"booked":[{"bookingDate":"2026-10-01","transactionAmount":{"currency":"EUR","amount":"-2.00"}}]}}`
)

func wireBank() map[string][]byte {
	return map[string][]byte{
		"/accounts": ok(wireAccounts), "/accounts/a/balances": ok(wireBalances), "/accounts/a/transactions": ok(wireBooked), "/page2": ok(wirePage2),
	}
}

// Wherever the bytes of a bank's answer end, and however the answer says how long it is: less than the whole is never all.
func TestCutAnywhere(t *testing.T) {
	t.Parallel()
	head := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
	chunked := func(b string) string {
		out := ""
		for len(b) > 0 {
			n := min(len(b), 40)
			out += fmt.Sprintf("%x\r\n%s\r\n", n, b[:n])
			b = b[n:]
		}
		return out + "0\r\n\r\n"
	}
	zipped := func(s string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, err := io.WriteString(z, s)
		require.NoError(t, err)
		require.NoError(t, z.Close())
		return b.String()
	}
	for name, whole := range map[string]string{
		"a length":                  head + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(wireBooked)) + wireBooked,
		"chunks":                    head + "Transfer-Encoding: chunked\r\n\r\n" + chunked(wireBooked),
		"until the connection ends": head + "\r\n" + wireBooked,
		"packed, until it ends":     head + "Content-Encoding: gzip\r\n\r\n" + zipped(wireBooked),
		"packed, in chunks":         head + "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(zipped(wireBooked)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := range len(whole) + 1 {
				answers := wireBank()
				answers["/accounts/a/transactions"] = []byte(whole[:n])
				w := serve(t, answers)
				d := collectFrom(t, w)
				w.stop()
				got := obtained(d)[model.CategoryTransaction]
				require.Equal(t, n == len(whole), got == model.ObtainedAll, "cut at %d of %d: %s", n, len(whole), got)
			}
		})
	}
}

// Answers that are well formed and all the same not what was asked. Coverage never says that it was all.
func TestLooksWhole(t *testing.T) {
	t.Parallel()
	tx := `{"bookingDate":"2026-10-02","transactionAmount":{"currency":"EUR","amount":"-1.00"}}`
	booked := func(list, links string) []byte {
		return ok(`{"transactions":{"booked":` + list + `,"_links":` + links + `}}`)
	}
	for name, tc := range map[string]struct {
		path   string
		answer []byte
		lost   []model.Category // those that are not all
	}{
		"nothing wrong":              {"", nil, nil},
		"an empty list":              {"/accounts/a/transactions", booked(`[]`, `{}`), nil},
		"no next page, as null":      {"/accounts/a/transactions", booked(`[`+tx+`]`, `{"next":null}`), nil},
		"no next page, as no text":   {"/accounts/a/transactions", booked(`[`+tx+`]`, `{"next":{"href":""}}`), nil},
		"no next page, without href": {"/accounts/a/transactions", booked(`[`+tx+`]`, `{"next":{"href":null}}`), nil},
		"no links, as an array":      {"/accounts/a/transactions", booked(`[`+tx+`]`, `[]`), nil},
		"pending as null":            {"/accounts/a/transactions", ok(`{"transactions":{"booked":[],"pending":null}}`), nil},
	} {
		testLooksWhole(t, name, tc.path, tc.answer, tc.lost)
	}
	transactions, balances := []model.Category{model.CategoryTransaction}, []model.Category{model.CategoryBalance}
	for name, answer := range map[string][]byte{
		"booked as null":           booked(`null`, `{}`),
		"booked left out":          ok(`{"transactions":{"pending":[]}}`),
		"nothing in it":            ok(`{"transactions":{}}`),
		"null in it":               ok(`{"transactions":null}`),
		"an array":                 ok(`{"transactions":[` + tx + `]}`),
		"an element as null":       booked(`[`+tx+`,null]`, `{}`),
		"an element as text":       booked(`["x"]`, `{}`),
		"next in an array":         booked(`[`+tx+`]`, `{"next":[{"href":"/v1/page2"}]}`),
		"next by another name":     booked(`[`+tx+`]`, `{"next":{"url":"/v1/page2"}}`),
		"next as a number":         booked(`[`+tx+`]`, `{"next":2}`),
		"links in an array":        booked(`[`+tx+`]`, `[{"rel":"next","href":"/v1/page2"}]`),
		"next that fails":          booked(`[`+tx+`]`, `{"next":{"href":"/v1/nowhere"}}`),
		"next elsewhere":           booked(`[`+tx+`]`, `{"next":{"href":"http://127.0.0.1:1/v1/page2"}}`),
		"an error with status 200": ok(`{"tppMessages":[{"category":"ERROR","code":"ACCESS_EXCEEDED"}]}`),
		"a remark of less":         ok(`{"transactions":{"booked":[` + tx + `]},"tppMessages":[{"category":"WARNING","code":"PERIOD_INVALID"}]}`),
		"a page":                   answered("200 OK", "text/html", "<html><body>Onderhoud</body></html>"),
		"no bytes":                 ok(""),
		"blanks":                   ok("  \n"),
		"two documents":            ok(wirePage2 + wirePage2),
		"NULs behind it":           ok(wirePage2 + "\x00\x00"),
		"a part (206)":             answered("206 Partial Content", "application/json", wirePage2),
		"a promise (202)":          answered("202 Accepted", "application/json", wirePage2),
		"changed (203)":            answered("203 Non-Authoritative Information", "application/json", wirePage2),
		"no content (204)":         []byte("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"),
		"nothing to see (205)":     []byte("HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
		"not modified (304)":       []byte("HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"),
		"a redirect to a page":     []byte("HTTP/1.1 302 Found\r\nLocation: /v1/login\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
		"a redirect to nowhere":    []byte("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
		"two lengths":              []byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\nConnection: close\r\n\r\n{} "),
		"a length too short":       []byte("HTTP/1.1 200 OK\r\nContent-Length: 20\r\nConnection: close\r\n\r\n" + wirePage2),
		"a length too long":        []byte("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\nConnection: close\r\n\r\n" + wirePage2),
		"a chunk too short":        []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n10\r\n" + wirePage2 + "\r\n0\r\n\r\n"),
		"packed, by another name":  []byte("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 4\r\nConnection: close\r\n\r\n\x8b\x00\x80{"),
	} {
		testLooksWhole(t, name, "/accounts/a/transactions", answer, transactions)
	}
	for name, answer := range map[string][]byte{
		"no balances":             ok(`{}`),
		"balances as null":        ok(`{"balances":null}`),
		"balances as an object":   ok(`{"balances":{}}`),
		"a balance as null":       ok(`{"balances":[null]}`),
		"balances (206)":          answered("206 Partial Content", "application/json", wireBalances),
		"an error for balances":   ok(`{"tppMessages":[{"category":"ERROR","code":"SERVICE_BLOCKED"}]}`),
		"transactions in between": ok(wirePage2),
	} {
		testLooksWhole(t, name, "/accounts/a/balances", answer, balances)
	}
	everything := []model.Category{model.CategoryAccount, model.CategoryBalance, model.CategoryTransaction}
	for name, answer := range map[string][]byte{
		"no accounts":             ok(`{}`),
		"accounts as null":        ok(`{"accounts":null}`),
		"accounts as an object":   ok(`{"accounts":{}}`),
		"an account as null":      ok(`{"accounts":[null,` + wireAccounts[len(`{"accounts":[`):]),
		"more accounts somewhere": ok(strings.TrimSuffix(wireAccounts, "}") + `,"_links":[{"rel":"next","href":"/v1/page2"}]}`),
		"accounts (206)":          answered("206 Partial Content", "application/json", wireAccounts),
	} {
		testLooksWhole(t, name, "/accounts", answer, everything)
	}
}

func testLooksWhole(t *testing.T, name, path string, answer []byte, lost []model.Category) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		answers := wireBank()
		if path != "" {
			answers[path] = answer
		}
		answers["/login"] = answered("200 OK", "text/html", "<html><form><input type=password></form></html>")
		w := serve(t, answers)
		defer w.stop()
		d := collectFrom(t, w)
		for c, got := range obtained(d) {
			switch {
			case slices.Contains(lost, c):
				assert.NotEqual(t, model.ObtainedAll, got, c)
			case c != model.CategoryBalance || len(lost) == 0: // a page of transactions may hold balances too
				assert.Equal(t, model.ObtainedAll, got, c)
			}
		}
		for _, c := range d.Coverage {
			assert.NotEqual(t, model.CheckYes, c.Balanced)
		}
	})
}

// Every fault at every call of a collection: what coverage says is all, is all.
func TestEveryFaultAtEveryCall(t *testing.T) {
	t.Parallel()
	faults := map[string]psd2test.Fault{
		"garbage": {Kind: psd2test.Garbage}, "a page": {Kind: psd2test.HTML}, "a login page": {Kind: psd2test.Login},
		"cut": {Kind: psd2test.Truncate}, "no bytes": {Kind: psd2test.Body}, "an object": {Kind: psd2test.Body, Body: "{}"},
		"no answer": {Kind: psd2test.Hang}, "another list": {Kind: psd2test.Body, Body: `{"cardAccounts":[]}`},
	}
	for _, status := range []int{202, 204, 206, 304, 400, 401, 404, 429, 503} {
		faults[fmt.Sprint(status)] = psd2test.Fault{Kind: psd2test.Status, Status: status}
		faults[fmt.Sprint(status, " and an empty list")] = psd2test.Fault{Kind: psd2test.Body, Status: status, Body: `{"accounts":[],"balances":[],"transactions":{"booked":[]}}`}
	}
	for _, code := range []string{"PERIOD_INVALID", "PARAMETER_NOT_SUPPORTED", "SERVICE_BLOCKED", "ACCESS_EXCEEDED", "CONSENT_EXPIRED", "RESOURCE_UNKNOWN"} {
		faults[code] = psd2test.Fault{Kind: psd2test.Status, Status: 400, Code: code}
		faults[code+" with success"] = psd2test.Fault{Kind: psd2test.Body, Body: `{"tppMessages":[{"category":"ERROR","code":"` + code + `"}]}`}
	}
	for name, f := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.New(t, psd2test.Options{Accounts: psd2test.Sample(), PageSize: 2}).Connected()
			o := sources.RetrieverOptions{HTTP: h.Bank.HTTP(), Now: hosttest.Clock}
			count := func(d *model.Dossier) map[model.Category]int {
				out := map[model.Category]int{}
				for _, r := range d.Records {
					out[r.Category()]++
				}
				return out
			}
			whole := count(collectBy(t, h.Source(), h.State, o))
			h.Bank.Reset()
			collectBy(t, h.Source(), h.State, o)
			calls := len(h.Bank.Requests())
			require.Greater(t, calls, 5)
			o.Limits.RequestTime = time.Second
			if f.Kind == psd2test.Hang {
				o.Limits.RequestTime = 100 * time.Millisecond
			}
			for call := range calls {
				h.Bank.Reset()
				f.Skip, f.Times = call, 1
				h.Bank.Inject(f)
				d := collectBy(t, h.Source(), h.State, o)
				got, all := count(d), 0
				for c, o := range obtained(d) {
					if o != model.ObtainedAll {
						continue
					}
					all++
					lost := whole[c] - got[c]
					if c == model.CategoryTransaction && withoutPending(d) && lost == 1 {
						lost = 0 // the one that is not booked, which a document says is not there
					}
					assert.Zero(t, lost, "%s, at call %d", c, call+1)
				}
				if len(h.Bank.Requests()) == calls { // there was no second try
					assert.Less(t, all, 3, "call %d", call+1)
				}
			}
		})
	}
}

func withoutPending(d *model.Dossier) bool {
	return slices.ContainsFunc(d.Documents, func(i model.DocumentInfo) bool {
		return slices.Contains(i.Issues, model.Issue{Code: model.IssueMissing, At: "/transactions/pending"})
	})
}

// A page of several that was saved to a file does not hold the others.
func TestSavedPage(t *testing.T) {
	t.Parallel()
	for body, lacks := range map[string]bool{
		wireBooked: true, wirePage2: false, strings.Replace(wireBooked, `"/v1/page2"`, `""`, 1): false,
		strings.Replace(wireAccounts, `]}`, `],"_links":{"next":{"href":"x"}}}`, 1):              true,
		strings.Replace(wireBalances, `]}`, `],"_links":{"next":{"href":"x"}}}`, 1):              true,
		strings.Replace(wirePage2, `}]}`, `}],"_links":[{"rel":"next","href":"/v1/page3"}]}`, 1): true,
	} {
		r, err := read(t, sources.Document{Body: sources.BytesContent([]byte(body))})
		require.NoError(t, err)
		got := false
		for _, i := range r.Issues {
			got = got || i.Code == model.IssueIncompleteDoc
		}
		assert.Equal(t, lacks, got, body)
		r, err = read(t, sources.Document{Body: sources.BytesContent([]byte(body)), Attrs: map[string]string{psd2.AttrPage: "1"}})
		require.NoError(t, err)
		assert.Empty(t, r.Issues, "the source follows the links of its own pages")
	}
}

// A web page is no word of the bank that a consent is gone.
func TestDeletionNotFound(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer []byte
		done   bool
	}{
		"a page that was not found": {answered("404 Not Found", "text/html", "<html><body><h1>404</h1></body></html>"), false},
		"a page that is gone":       {answered("410 Gone", "", "<!DOCTYPE html><html></html>"), false},
		"not found":                 {answered("404 Not Found", "application/json", "{}"), true},
		"not found, and no more":    {[]byte("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, map[string][]byte{"/consents/c-1": tc.answer, "/consents/c-1/status": tc.answer})
			defer w.stop()
			s, err := psd2.New(psd2.Config{ID: hosttest.SourceID, Institution: hosttest.BankID, BaseURL: "http://" + w.Addr().String()})
			require.NoError(t, err)
			state := &hosttest.State{}
			state.Set(`{"version":1,"current":{"consent":"c-1"}}`)
			session, err := sources.NewSession(s.Describe(), sources.SessionOptions{HTTP: sources.HTTPOptions{InsecureLoopback: true}, State: state})
			require.NoError(t, err)
			defer session.Close()
			err = s.Disconnect(t.Context(), session)
			if tc.done {
				require.NoError(t, err)
				assert.Empty(t, state.Text())
				return
			}
			require.ErrorIs(t, err, sources.ErrUnexpected)
			assert.Contains(t, state.Text(), "c-1")
		})
	}
}
