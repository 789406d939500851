// Package customapi is a whole connector: the API of an invented bank behind OAuth 2.0, with PKCE and refresh tokens that count
// once. The documents are those of customsource.
package customapi

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// Source is the bank. One value serves all subjects, so nothing of any of them is in it.
type Source struct {
	Host     string // "api.samplebank.example"
	ClientID string
}

// Describe implements [sources.Source].
func (s Source) Describe() sources.Descriptor {
	return sources.Descriptor{
		ID: "samplebank-api", Institution: "samplebank", Method: model.API, Hosts: []string{s.Host},
		Categories: []model.Category{model.CategoryTransaction},
	}
}

// state is all that one call knows of those before it, which may have been made in other processes.
type state struct {
	Waits    string        `json:"waits,omitempty"` // for the callback with this state
	Verifier string        `json:"verifier,omitempty"`
	Redirect string        `json:"redirect,omitempty"`
	Token    *oauth2.Token `json:"token,omitempty"`
}

func load(ctx context.Context, session *sources.Session) (st state, err error) {
	saved, err := session.State(ctx)
	if err != nil || saved.IsZero() {
		return st, err
	}
	if saved.Use(func(b []byte) error { return json.Unmarshal(b, &st) }) != nil {
		err = sources.Errorf(sources.ErrMalformed, "the saved state") // the text of json's error could quote a token
	}
	return st, err
}

// save stores also where the caller is going: what the bank gives out once cannot be had again.
func save(ctx context.Context, session *sources.Session, st state) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	b, _ := json.Marshal(st) // of strings, numbers and a time
	return session.SaveState(ctx, crypto.NewSecret(b))
}

// oauth returns the client of x/oauth2, and the context in which it makes its requests through the session.
func (s Source) oauth(ctx context.Context, session *sources.Session, st state) (*oauth2.Config, context.Context) {
	e := oauth2.Endpoint{AuthURL: "https://" + s.Host + "/authorize", TokenURL: "https://" + s.Host + "/token", AuthStyle: oauth2.AuthStyleInParams}
	return &oauth2.Config{ClientID: s.ClientID, RedirectURL: st.Redirect, Endpoint: e}, context.WithValue(ctx, oauth2.HTTPClient, session.HTTP())
}

// keep saves a new token, before it is used. It keeps the text of x/oauth2's error out, which quotes the answer.
func keep(ctx context.Context, session *sources.Session, st *state, t *oauth2.Token, err error) error {
	if r, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		if status := r.Response.StatusCode; status == http.StatusTooManyRequests || status >= 500 {
			return sources.StatusError(status)
		}
		return sources.Errorf(sources.ErrAuthentication, "the bank gives no token")
	}
	if err != nil && sources.Code(err) == "unexpected" {
		return sources.Errorf(sources.ErrMalformed, "the answer is not a token")
	}
	if err != nil {
		return err // of the session's client
	}
	t.Expiry = session.Now().Add(time.Duration(t.ExpiresIn) * time.Second) // this bank always says how long
	st.Token = t
	return save(ctx, session, *st)
}

// Connect implements [sources.Connector]: it sends the subject away, and takes what they come back with.
func (s Source) Connect(ctx context.Context, session *sources.Session, r sources.ConnectRequest) (step sources.Step, err error) {
	st, err := load(ctx, session)
	if err != nil {
		return step, err
	}
	conf, octx := s.oauth(ctx, session, st)
	if len(r.Callback) == 0 && len(r.Fields) == 0 {
		st.Waits, st.Verifier, st.Redirect = rand.Text(), oauth2.GenerateVerifier(), r.RedirectURL
		conf.RedirectURL = r.RedirectURL
		to := conf.AuthCodeURL(st.Waits, oauth2.S256ChallengeOption(st.Verifier))
		return sources.Step{Kind: sources.StepRedirect, URL: to}, save(ctx, session, st)
	}
	if got := r.Callback["state"]; st.Waits == "" || len(got) != 1 || got[0] != st.Waits {
		return step, sources.Errorf(sources.ErrUnmatched, "no such state")
	}
	verifier := st.Verifier
	st.Waits, st.Verifier = "", "" // it counts once
	if err := save(ctx, session, st); err != nil {
		return step, err
	}
	if len(r.Callback["code"]) != 1 {
		return step, sources.Errorf(sources.ErrAuthentication, "the subject refused")
	}
	if err := s.revoke(ctx, session, st); err != nil { // the connection before, which nobody could end any more
		return step, err
	}
	t, err := conf.Exchange(octx, r.Callback.Get("code"), oauth2.VerifierOption(verifier))
	return sources.Step{Kind: sources.StepDone}, keep(ctx, session, &st, t, err)
}

// Disconnect implements [sources.Connector]. The state goes last, so that it can be called again.
func (s Source) Disconnect(ctx context.Context, session *sources.Session) error {
	st, err := load(ctx, session)
	if err != nil {
		return err
	}
	if err := s.revoke(ctx, session, st); err != nil {
		return err
	}
	return session.SaveState(ctx, crypto.Secret{})
}

// revoke ends the connection. A token that the bank does not know is no error (RFC 7009).
func (s Source) revoke(ctx context.Context, session *sources.Session, st state) error {
	if st.Token == nil {
		return nil
	}
	form := url.Values{"token": {st.Token.RefreshToken}, "client_id": {s.ClientID}}
	_, err := s.call(ctx, session, http.MethodPost, "/revoke", form, nil)
	return err
}

// call makes a request with a form, or with the token. An error of the client wraps a sentinel already, and the client bounds answers.
func (s Source) call(ctx context.Context, session *sources.Session, method, path string, form url.Values, t *oauth2.Token) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, "https://"+s.Host+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, sources.Errorf(sources.ErrConfig, "the host")
	}
	if t != nil {
		t.SetAuthHeader(req)
	} else {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if p := session.Attended(); p != nil { // the subject is there
		req.Header.Set("PSU-IP-Address", p.IPAddress.String())
	}
	resp, err := session.HTTP().Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if err := sources.StatusError(resp.StatusCode); err != nil {
		return nil, err
	}
	return io.ReadAll(resp.Body)
}

// Fetch implements [sources.Source]: one document for each account.
func (s Source) Fetch(ctx context.Context, session *sources.Session, q sources.Query, deliver func(sources.Document) error) error {
	st, err := load(ctx, session)
	if err != nil || !q.Wants(model.CategoryTransaction) {
		return err
	}
	if st.Token == nil {
		return sources.Errorf(sources.ErrAuthentication, "not connected")
	}
	if session.Now().After(st.Token.Expiry.Add(-30 * time.Second)) {
		conf, octx := s.oauth(ctx, session, st) // a process that dies before keep loses the token: the subject connects again
		t, err := conf.TokenSource(octx, &oauth2.Token{RefreshToken: st.Token.RefreshToken}).Token()
		if err := keep(ctx, session, &st, t, err); err != nil {
			return err
		}
	}
	if err := session.Account(ctx, ""); err != nil { // the list is an access too
		return err
	}
	b, err := s.call(ctx, session, http.MethodGet, "/accounts", nil, st.Token)
	if err != nil {
		return err
	}
	var accounts []string
	if json.Unmarshal(b, &accounts) != nil {
		return sources.Errorf(sources.ErrMalformed, "the list of accounts")
	}
	for _, a := range accounts {
		if err := session.Account(ctx, a); err != nil {
			session.Failed(err, model.CategoryTransaction) // the others go on
			continue
		}
		b, err := s.call(ctx, session, http.MethodGet, "/accounts/"+url.PathEscape(a), nil, st.Token)
		if err != nil {
			return err
		}
		d := sources.Document{Format: "samplebank.csv", Body: sources.BytesContent(b), Attrs: map[string]string{"account": a}}
		if err := deliver(d); err != nil {
			return err
		}
	}
	return nil
}
