package sourcetest_test

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/sourcetest"
)

// door is a good connector of the desk, but for one thing that it does wrong.
type door struct {
	desk  *desk
	wrong string
	key   string    // of the host, where the desk wants one
	kept  doorState // where it keeps what it must not
}

type doorState struct {
	State string   `json:",omitempty"`
	Hello string   `json:",omitempty"` // what the desk says where an attempt is begun there
	Now   tokens   `json:",omitzero"`
	Old   []tokens `json:",omitempty"`
	IP    string   `json:",omitempty"`
}

func (d *door) Describe() sources.Descriptor {
	out := sources.Descriptor{ID: "door", Institution: "desk", Method: model.API, Hosts: []string{d.desk.Listener.Addr().String()}, Categories: []model.Category{model.CategoryTransaction}}
	if d.wrong == "another descriptor at each call" {
		out.ID = model.SourceID("door-" + strings.ToLower(rand.Text()))
	}
	return out
}

func (d *door) load(ctx context.Context, s *sources.Session) (st doorState, err error) {
	saved, err := s.State(ctx)
	if err != nil || saved.IsZero() {
		return st, err
	}
	return st, saved.Use(func(b []byte) error { return json.Unmarshal(b, &st) })
}

func (d *door) save(ctx context.Context, s *sources.Session, st doorState) error {
	if d.wrong != "saves nothing for a caller who has gone" {
		ctx = context.WithoutCancel(ctx)
	}
	b, err := json.Marshal(st)
	if err != nil {
		return err
	}
	return s.SaveState(ctx, crypto.NewSecret(b))
}

func (d *door) do(ctx context.Context, s *sources.Session, st doorState, path, token string, form url.Values) ([]byte, error) {
	if d.wrong == "does not look at its context" {
		ctx = context.WithoutCancel(ctx)
	}
	base := d.desk.URL
	if d.wrong == "a host that it does not declare" {
		base = "https://elsewhere.example"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if p := s.Attended(); p != nil {
		req.Header.Set("Subject-IP", p.IPAddress.String())
	} else if d.wrong == "tells of a subject who has gone" {
		req.Header.Set("Subject-IP", st.IP)
	}
	resp, err := s.HTTP().Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if d.wrong == "a request around the session" {
		if resp, err := http.DefaultClient.Get("http://127.0.0.1:1/"); err == nil {
			_ = resp.Body.Close()
		}
	}
	if err := sources.StatusError(resp.StatusCode); err != nil {
		if d.wrong == "a token in an error" {
			return nil, sources.Errorf(sources.ErrAuthentication, "the token %s", token)
		}
		return nil, err
	}
	return io.ReadAll(resp.Body)
}

func (d *door) get(ctx context.Context, s *sources.Session, st doorState, form url.Values) (t tokens, err error) {
	b, err := d.do(ctx, s, st, "/token", d.key, form)
	if err == nil && json.Unmarshal(b, &t) != nil {
		err = sources.Errorf(sources.ErrMalformed, "tokens")
	}
	return t, err
}

func (d *door) Connect(ctx context.Context, s *sources.Session, r sources.ConnectRequest) (sources.Step, error) {
	st, err := d.load(ctx, s)
	if err != nil {
		return sources.Step{}, err
	}
	if d.wrong == "keeps in itself what it waits for" {
		st.State = d.kept.State
	}
	if len(r.Callback) == 0 && len(r.Fields) == 0 {
		if d.key != "" {
			b, err := d.do(ctx, s, st, "/hello", d.key, nil)
			if err != nil {
				return sources.Step{}, err
			}
			st.Hello = string(b)
		}
		st.State = rand.Text()
		if p := s.Attended(); p != nil && d.wrong == "tells of a subject who has gone" {
			st.IP = p.IPAddress.String()
		}
		d.kept.State = st.State
		if d.wrong != "saves nothing of what it waits for" {
			err = d.save(ctx, s, st)
		}
		step := sources.Step{Kind: sources.StepRedirect, URL: d.desk.URL + "/agree?state=" + st.State}
		switch d.wrong {
		case "panics":
			panic("at the door")
		case "an error that nobody can branch on":
			err = io.ErrShortBuffer
		case "an address that is not https":
			step.URL = "http://desk.example/agree?state=" + st.State
		case "waits for nobody knows how long":
			step = sources.Step{Kind: sources.StepWait}
		case "a challenge of nothing":
			step = sources.Step{Kind: sources.StepChallenge}
		case "a challenge with one name twice":
			step = sources.Step{Kind: sources.StepChallenge, Fields: []sources.Field{{Name: "code"}, {Name: "code"}}}
		case "a step of no kind":
			step = sources.Step{}
		case "a goroutine that goes on":
			go time.Sleep(time.Hour) // longer than anybody looks
		case "a token in an address":
			step.URL += "&hint=" + st.Now.Access
		}
		return step, err
	}
	if d.wrong == "logs a code" {
		s.Log().Debug("back", "code", r.Callback.Get("code"))
	}
	state := r.Callback["state"]
	if len(state) != 1 || st.State == "" || state[0] != st.State && d.wrong != "takes any state" {
		if d.wrong == "gives up after a wrong state" {
			st.State = ""
			return sources.Step{}, errors.Join(d.save(ctx, s, st), sources.ErrUnmatched)
		}
		return sources.Step{}, sources.Errorf(sources.ErrUnmatched, "state")
	}
	if d.wrong != "waits for the same callback again" {
		st.State = ""
	}
	if err := d.save(ctx, s, st); err != nil {
		return sources.Step{}, err
	}
	if r.Callback.Has("error") {
		if d.wrong == "a refusal that fits no step" {
			return sources.Step{}, sources.Errorf(sources.ErrUnmatched, "refused")
		}
		return sources.Step{}, sources.Errorf(sources.ErrAuthentication, "refused")
	}
	now, err := d.get(ctx, s, st, url.Values{"code": r.Callback["code"], "attempt": {st.Hello}})
	if err != nil {
		return sources.Step{}, err
	}
	if d.wrong == "uses a token before it saves it" {
		if _, err := d.do(ctx, s, st, "/data", now.Access, nil); err != nil {
			return sources.Step{}, err
		}
	}
	if st.Now.Access != "" && d.wrong != "forgets the connection before" {
		st.Old = append(st.Old, st.Now)
	}
	st.Now = now
	if err := d.save(ctx, s, st); err != nil {
		return sources.Step{}, err
	}
	return sources.Step{Kind: sources.StepDone}, nil
}

func (d *door) Disconnect(ctx context.Context, s *sources.Session) error {
	st, err := d.load(ctx, s)
	if err != nil {
		return err
	}
	if d.wrong == "disconnects once only" && st.Now.Access == "" {
		return sources.Errorf(sources.ErrAuthentication, "not connected")
	}
	if d.wrong == "removes its state first" {
		if err := s.SaveState(ctx, crypto.Secret{}); err != nil {
			return err
		}
	}
	for _, t := range append(st.Old, st.Now) {
		if t.Access == "" || d.wrong == "tells nobody that it disconnects" {
			continue
		}
		_, err := d.do(ctx, s, st, "/revoke", t.Access, nil)
		if err != nil && d.wrong == "takes a request that was not sent for done" && ctx.Err() != nil {
			if err := d.save(ctx, s, doorState{}); err != nil {
				return err
			}
			return ctx.Err()
		}
		if err != nil && (!errors.Is(err, sources.ErrNotProvided) || d.wrong == "fails where the institution forgot") {
			return err
		}
	}
	if d.wrong == "leaves its state" {
		return nil
	}
	return s.SaveState(ctx, crypto.Secret{})
}

func (d *door) Fetch(ctx context.Context, s *sources.Session, _ sources.Query, deliver func(sources.Document) error) error {
	st, err := d.load(ctx, s)
	if err != nil {
		return err
	}
	if d.wrong == "keeps a token in itself" {
		if d.kept.Now.Access == "" {
			d.kept = st
		}
		st = d.kept
	}
	if st.Now.Access == "" && d.wrong == "fetches nothing where nothing is connected" {
		return nil
	}
	if st.Now.Access == "" {
		return sources.Errorf(sources.ErrAuthentication, "not connected")
	}
	b, err := d.do(ctx, s, st, "/data", st.Now.Access, nil)
	if errors.Is(err, sources.ErrAuthentication) && d.wrong != "does not renew a token" {
		if st.Now, err = d.get(ctx, s, st, url.Values{"refresh": {st.Now.Refresh}}); err != nil {
			return err
		}
		late := d.wrong == "uses a renewed token before it saves it"
		if !late {
			if err := d.save(ctx, s, st); err != nil && d.wrong != "goes on where a renewed token cannot be saved" {
				return err
			}
		}
		b, err = d.do(ctx, s, st, "/data", st.Now.Access, nil)
		if late && err == nil {
			err = d.save(ctx, s, st)
		}
	}
	if err != nil {
		return err
	}
	return deliver(sources.Document{Format: "csv", Body: sources.BytesContent(b)})
}

func TestConnectorRules(t *testing.T) {
	over := func(start func(*httptest.Server), wrong string) func() sourcetest.ConnectorSetup {
		return func() sourcetest.ConnectorSetup {
			d := newDesk(start)
			roots := x509.NewCertPool()
			if c := d.Certificate(); c != nil {
				roots.AddCert(c)
			}
			return sourcetest.ConnectorSetup{
				Source:  func() sources.Connector { return &door{desk: d, wrong: wrong} },
				Session: sources.SessionOptions{HTTP: sources.HTTPOptions{InsecureLoopback: true, TLS: &tls.Config{RootCAs: roots}}},
				Request: sources.ConnectRequest{RedirectURL: "https://host.example/back", Scope: model.Scope{Baskets: []model.Basket{model.Everything(model.CategoryTransaction)}}},
				Subject: d.subject,
				Live:    func() int { return d.all(func(*pair) {}) },
				Forget:  func() { d.all(func(p *pair) { *p = pair{} }) },
				Expire:  func() { d.all(func(p *pair) { p.over = true }) },
				Close:   d.Close,
			}
		}
	}
	for _, start := range []func(*httptest.Server){(*httptest.Server).StartTLS, overHTTP2, (*httptest.Server).Start} {
		sourcetest.Connector(t, over(start, ""), nil)
	}
	setup := func(wrong string) func() sourcetest.ConnectorSetup {
		return over((*httptest.Server).Start, wrong) // some thousands of handshakes less
	}
	if t.Failed() {
		t.Fatal("the good connector must pass")
	}
	for wrong, rule := range map[string]sourcetest.Rule{
		"another descriptor at each call":               sourcetest.RulePure,
		"a host that it does not declare":               sourcetest.RuleDeclared,
		"a request around the session":                  sourcetest.RuleNoNetwork,
		"does not look at its context":                  sourcetest.RuleCancel,
		"a goroutine that goes on":                      sourcetest.RuleLeak,
		"panics":                                        sourcetest.RuleError,
		"an error that nobody can branch on":            sourcetest.RuleError,
		"a token in an error":                           sourcetest.RulePrivate,
		"a token in an address":                         sourcetest.RulePrivate,
		"logs a code":                                   sourcetest.RulePrivate,
		"keeps in itself what it waits for":             sourcetest.RuleResume,
		"saves nothing of what it waits for":            sourcetest.RuleError,
		"keeps a token in itself":                       sourcetest.RuleResume,
		"an address that is not https":                  sourcetest.RuleStep,
		"waits for nobody knows how long":               sourcetest.RuleStep,
		"a challenge of nothing":                        sourcetest.RuleStep,
		"a challenge with one name twice":               sourcetest.RuleStep,
		"a step of no kind":                             sourcetest.RuleStep,
		"takes any state":                               sourcetest.RuleUnmatched,
		"gives up after a wrong state":                  sourcetest.RuleUnmatched,
		"waits for the same callback again":             sourcetest.RuleUnmatched,
		"a refusal that fits no step":                   sourcetest.RuleRefused,
		"uses a token before it saves it":               sourcetest.RuleSaved,
		"uses a renewed token before it saves it":       sourcetest.RuleSaved,
		"goes on where a renewed token cannot be saved": sourcetest.RuleSaved,
		"does not renew a token":                        sourcetest.RuleSaved,
		"saves nothing for a caller who has gone":       sourcetest.RuleSaved,
		"takes a request that was not sent for done":    sourcetest.RuleSaved,
		"removes its state first":                       sourcetest.RuleSaved,
		"forgets the connection before":                 sourcetest.RuleDisconnect,
		"disconnects once only":                         sourcetest.RuleDisconnect,
		"tells nobody that it disconnects":              sourcetest.RuleDisconnect,
		"fails where the institution forgot":            sourcetest.RuleDisconnect,
		"leaves its state":                              sourcetest.RuleDisconnect,
		"fetches nothing where nothing is connected":    sourcetest.RuleUnconnected,
		"tells of a subject who has gone":               sourcetest.RulePresence,
	} {
		t.Run(wrong, func(t *testing.T) {
			got := sourcetest.CheckConnector(t.Context(), setup(wrong), nil)
			assert.Contains(t, rules(got), rule, "%v", got)
		})
	}
	t.Run("a key of the host's own, which is no token of the subject", func(t *testing.T) {
		assert.Empty(t, sourcetest.CheckConnector(t.Context(), func() sourcetest.ConnectorSetup {
			su := setup("")()
			source := su.Source
			su.Source = func() sources.Connector {
				d := source().(*door)
				d.key = "key-of-the-host"
				return d
			}
			return su
		}, nil))
	})
	for name, start := range map[string]func(*httptest.Server){"HTTP 1": (*httptest.Server).Start, "HTTP 2": overHTTP2} {
		t.Run("an institution that minds in what order requests are done, over "+name, func(t *testing.T) {
			var gone atomic.Int32
			assert.Empty(t, sourcetest.CheckConnector(t.Context(), func() sourcetest.ConnectorSetup {
				su := over(start, "")()
				source := su.Source
				su.Source = func() sources.Connector {
					d := source().(*door)
					d.key, d.desk.gone = "key-of-the-host", &gone
					return d
				}
				return su
			}, nil))
			assert.Zero(t, gone.Load(), "nobody goes while a request is on its way")
		})
	}
	t.Run("an exception for a rule", func(t *testing.T) {
		got := sourcetest.CheckConnector(t.Context(), setup("an address that is not https"), &sourcetest.ConnectorOptions{Except: []sourcetest.Rule{sourcetest.RuleStep}})
		assert.Empty(t, got)
	})
	t.Run("an empty setup", func(t *testing.T) {
		got := sourcetest.CheckConnector(t.Context(), func() sourcetest.ConnectorSetup { return sourcetest.ConnectorSetup{} }, nil)
		assert.Equal(t, []sourcetest.Rule{sourcetest.RuleError}, rules(got))
	})
}
