package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/sources"
)

const (
	maxSteps = 20               // of one connection
	callTime = 30 * time.Second // of one call
	forged   = "Vm9vcmJlZWxkLW1hZGUtdXA"
)

// world is one institution with its host.
type world struct {
	c    *connectorCheck
	su   ConnectorSetup
	desc *sources.Descriptor
	made []sources.Connector

	errs    []string // texts of errors
	urls    []string // addresses of steps
	log     lockedBuffer
	secrets []string // seen on the way
	states  []string // those among them that an address has

	requests int      // so far
	agreed   bool     // a subject was asked something at the institution
	own      []string // tokens that were sent before: they are the host's
}

// grant is one subject's grant at the host.
type grant struct {
	*world
	state keeper
	one   sources.Connector // nil: a new value for each call, as in another process
	plan  *plan             // what happens to the calls of Connect
}

func (w *world) grant() *grant { return &grant{world: w} }

// subject is who is there.
func subject() *consent.Presence {
	return &consent.Presence{IPAddress: netip.MustParseAddr("203.0.113.77"), Port: 40123, UserAgent: "Sourcetest-Browser/7.3"}
}

// call makes one call in a process of its own.
func (g *grant) call(ctx context.Context, p *plan, attended bool, f func(context.Context, sources.Connector, *sources.Session) error) (*process, error) {
	src := g.one
	if src == nil {
		src = g.newSource()
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	pr := &process{plan: p, state: &g.state, cancel: cancel, agreed: g.agreed, own: slices.Clone(g.own)}
	o := g.su.Session
	o.State, o.Access, o.Presence = pr, nil, nil
	o.Log = slog.New(slog.NewTextHandler(&g.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if attended {
		if o.Presence = g.su.Session.Presence; o.Presence == nil {
			o.Presence = subject()
		}
		if a := o.Presence.IPAddress; a.IsValid() {
			g.secret(a.String())
		}
	}
	s, err := sources.NewSession(*g.desc, o)
	if err != nil {
		return pr, err
	}
	defer s.Close()
	pr.session = s
	done := make(chan error, 1)
	go func() {
		err := errPanic
		defer func() {
			if r := recover(); r != nil {
				g.c.breach(RuleError, "the source panicked: %v", r) // the caller waits for done
			}
			done <- err
		}()
		err = f(pr.traced(ctx), src, s)
	}()
	select {
	case err = <-done:
	case <-time.After(callTime + 10*time.Second):
		g.c.breach(RuleCancel, "a call did not return after its context ended")
		return pr, context.DeadlineExceeded
	}
	pr.mu.Lock()
	defer pr.mu.Unlock()
	g.requests += pr.requests
	for _, t := range pr.tokens {
		g.secret(t)
		if !g.agreed {
			g.own = append(g.own, t)
		}
	}
	if err != nil && !pr.dead {
		g.errs = append(g.errs, errorName(err))
		if !errors.Is(err, errSave) && !errors.Is(err, errPanic) && sources.Code(err) == "unexpected" && !errors.Is(err, sources.ErrUnexpected) {
			g.c.breach(RuleError, "an error wraps no sentinel of package sources: %v", err)
		}
	}
	return pr, err
}

var errPanic = errors.New("the source panicked")

// progress is where a connection stands: the step that was taken last, and what the subject came back with.
type progress struct {
	step   sources.Step
	answer sources.ConnectRequest
	err    error
}

func (p progress) open() bool     { return p.err == nil && p.step.Kind != sources.StepDone }
func (p progress) answered() bool { return len(p.answer.Callback) > 0 || len(p.answer.Fields) > 0 }

// step takes one.
func (g *grant) step(ctx context.Context, r sources.ConnectRequest) (sources.Step, error) {
	r.Scope, r.ValidUntil = g.su.Request.Scope, g.su.Request.ValidUntil
	var step sources.Step
	_, err := g.call(ctx, g.plan, true, func(ctx context.Context, c sources.Connector, s *sources.Session) (err error) {
		step, err = c.Connect(ctx, s, r)
		return err
	})
	if err == nil {
		if what := wrongStep(step); what != "" {
			g.c.breach(RuleStep, "a step of kind %q %s", step.Kind, what)
		}
		g.urls = append(g.urls, step.URL)
	}
	return step, err
}

// begin takes steps until the subject comes back with something.
func (g *grant) begin(ctx context.Context, agrees bool) progress {
	p := g.reached(ctx, agrees, g.su.Request)
	for range maxSteps {
		if !p.open() || p.answered() {
			break
		}
		p = g.next(ctx, p, agrees)
	}
	return p
}

// next hands over what the subject came back with.
func (g *grant) next(ctx context.Context, p progress, agrees bool) progress {
	return g.reached(ctx, agrees, p.answer)
}

func (g *grant) reached(ctx context.Context, agrees bool, r sources.ConnectRequest) (p progress) {
	if p.step, p.err = g.step(ctx, r); !p.open() {
		return p
	}
	g.agreed = true
	if p.answer, p.err = g.su.Subject(ctx, p.step, agrees); p.err != nil {
		p.err = fmt.Errorf("the setup's Subject, at a step of kind %q: %w", p.step.Kind, p.err)
		return p
	}
	for name, vs := range p.answer.Callback {
		if !slices.Contains([]string{"error", "iss", "scope", "token_type", "expires_in"}, name) {
			for _, v := range vs {
				g.secret(v)
				if name == "state" {
					g.states = append(g.states, v)
				}
			}
		}
	}
	for _, f := range p.answer.Fields {
		if !f.IsZero() {
			_ = f.Use(func(b []byte) error { g.secret(string(b)); return nil }) // fails only for an absent one
		}
	}
	return p
}

// follow goes on to the end.
func (g *grant) follow(ctx context.Context, p progress, agrees bool) error {
	for range maxSteps {
		if !p.open() {
			return p.err
		}
		p = g.next(ctx, p, agrees)
	}
	if p.open() {
		return fmt.Errorf("more than %d steps, the last of kind %q", maxSteps, p.step.Kind)
	}
	return p.err
}

func (g *grant) connect(ctx context.Context) error { return g.follow(ctx, g.begin(ctx, true), true) }

func (g *grant) disconnect(ctx context.Context, p *plan) error {
	_, err := g.call(ctx, p, false, func(ctx context.Context, c sources.Connector, s *sources.Session) error { return c.Disconnect(ctx, s) })
	return err
}

func (g *grant) fetch(ctx context.Context, p *plan, attended bool) (docs int, headers map[string]string, err error) {
	q := sources.Query{Institution: g.su.Session.Institution, Scope: g.su.Request.Scope}
	pr, err := g.call(ctx, p, attended, func(ctx context.Context, c sources.Connector, s *sources.Session) error {
		q.Institution = s.Institution()
		return c.Fetch(ctx, s, q, func(sources.Document) error { docs++; return ctx.Err() })
	})
	if err == nil && docs == 0 {
		err = errors.New("nothing was delivered")
	}
	return docs, pr.headers, err
}

// fetched checks that the connection works.
func (g *grant) fetched(ctx context.Context, r Rule, when string) bool {
	_, _, err := g.fetch(ctx, nil, false)
	if err != nil {
		g.c.breach(r, "%s: fetching failed: %v", when, err)
	}
	return err == nil
}

// unconnected checks that there is no connection.
func (g *grant) unconnected(ctx context.Context, when string) {
	docs, _, err := g.fetch(ctx, nil, false)
	if docs > 0 || !errors.Is(err, sources.ErrAuthentication) {
		g.c.breach(RuleUnconnected, "%s Fetch delivered %d documents, and its error is %v", when, docs, err)
	}
}

// ended disconnects twice, and checks that nothing is left.
func (g *grant) ended(ctx context.Context, when string) {
	for range 2 {
		if err := g.disconnect(ctx, nil); err != nil {
			g.c.breach(RuleDisconnect, "%s Disconnect failed: %v", when, err)
			return
		}
	}
	g.alive(0, when+", disconnected")
	if n := g.state.size(); n > 0 {
		g.c.breach(RuleDisconnect, "%s Disconnect left %d bytes of state", when, n)
	}
}

// over disconnects at the end of a run with a fault; complete says that the source could know of all that it ever got.
func (g *grant) over(ctx context.Context, when string, complete bool) {
	if err := g.disconnect(ctx, nil); err != nil {
		g.c.breach(RuleSaved, "%s, and Disconnect then failed: %v", when, err)
		return
	}
	if n := g.su.Live(); complete && n > 0 {
		g.c.breach(RuleSaved, "%s, and after Disconnect %d connections live on at the institution", when, n)
	}
	if n := g.state.size(); n > 0 {
		g.c.breach(RuleDisconnect, "%s, and Disconnect left %d bytes of state", when, n)
	}
}

func (w *world) alive(want int, when string) bool {
	n := w.su.Live()
	if n != want {
		w.c.breach(RuleDisconnect, "%s: %d connections live at the institution, not %d", when, n, want)
	}
	return n == want
}

// mismatch presents an answer that fits no step.
func (g *grant) mismatch(ctx context.Context, what string, r sources.ConnectRequest) {
	step, err := g.step(ctx, r)
	if !errors.Is(err, sources.ErrUnmatched) {
		g.c.breach(RuleUnmatched, "%s: the step is %q, and the error is %v", what, step.Kind, err)
	}
}

// presence compares what the institution is told with the subject there and away.
func (g *grant) presence(ctx context.Context) {
	is := g.su.Session.Presence
	if is == nil {
		is = subject()
	}
	told := func(v string) bool { return is.IPAddress.IsValid() && strings.Contains(v, is.IPAddress.String()) }
	_, there, err := g.fetch(ctx, nil, true)
	if err != nil {
		g.c.breach(RuleError, "fetching with the subject there failed: %v", err)
	}
	_, away, _ := g.fetch(ctx, nil, false) // which worked before
	for _, name := range slices.Sorted(maps.Keys(away)) {
		if told(away[name]) || told(there[name]) {
			g.c.breach(RulePresence, "the subject was away, and the header %s was sent all the same", name)
		}
	}
}

// secret notes a text that belongs nowhere else. Short ones are found in any text.
func (w *world) secret(s string) {
	if len(s) >= 6 && s != forged && !slices.Contains(w.secrets, s) {
		w.secrets = append(w.secrets, s)
	}
}

// private looks for secrets where they do not belong.
func (w *world) private() {
	for _, s := range append(slices.Clone(w.secrets), w.su.Private...) {
		holds := func(t string) bool { return strings.Contains(t, s) }
		if slices.ContainsFunc(w.errs, holds) {
			w.c.breach(RulePrivate, "an error holds the value %q", s)
		}
		if holds(w.log.String()) {
			w.c.breach(RulePrivate, "the log holds the value %q", s)
		}
		if slices.ContainsFunc(w.urls, holds) && !slices.Contains(w.states, s) {
			w.c.breach(RulePrivate, "the address of a step holds the value %q", s)
		}
	}
}
