package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/brondata/brondata/sources"
)

// ConnectorSetup is an institution to which nobody is connected, and what the suite needs to play a host and its subjects there.
type ConnectorSetup struct {
	// Source makes a new value of the source, as each process has its own. All of one setup are for the same institution.
	Source func() sources.Connector
	// Session is what sessions are made of: the certificates of a fake institution, its clock. The suite sets State, Presence,
	// Access and Log.
	Session sources.SessionOptions
	// Request begins a connection: RedirectURL, ValidUntil, and the Scope that is connected for and then fetched.
	Request sources.ConnectRequest
	// Subject does at the institution what a step other than StepDone asks of the subject, who agrees or refuses, and returns what they
	// come back with: the Callback of a StepRedirect, the Fields of a StepChallenge, nothing after a StepWait. Where a step leaves
	// nothing to refuse, such as the number of an account, they answer it, and refuse at the next. A code that is wrong on purpose is
	// a refusal too: a source asks again with another StepChallenge for as long as the institution does, and the error at the end is
	// ErrAuthentication, but not ErrUnmatched, since the field is the one that was asked for.
	Subject func(ctx context.Context, step sources.Step, agrees bool) (sources.ConnectRequest, error)
	// Live counts the connections through which data can be had at the institution now.
	Live func() int
	// Forget has the institution end all connections by itself, as a subject can do there.
	Forget func()
	// Expire has the access tokens end that were given out so far, as time does; nil where there are none that end.
	Expire func()
	// Private are texts that belong in no error, log or address beside those which the suite sees itself (callbacks, fields, tokens in
	// Authorization): names and account numbers of the fake subject, for example.
	Private []string
	// Close stops what the setup started; nil where there is nothing.
	Close func()
}

// ConnectorOptions are options of [Connector] and [CheckConnector].
type ConnectorOptions struct {
	// Except names rules that are not checked. Say why where you set it.
	Except []Rule
}

// Connector checks the contract of [sources.Connector]: setup starts a fresh institution for each of some dozens of connections.
//
// What a process that dies leaves behind is checked by ending one after each save of its state and at each of its requests, and what
// a caller who goes leaves by ending the context before each save, before each request and when its answer begins to come. Requests
// are seen where the source makes them with the context of its call, one after the other. The fake institution does what a request
// asks before it answers; the suite leaves none that it has yet to do.
//
// It must not run in parallel with other tests of the package: it counts goroutines.
func Connector(t *testing.T, setup func() ConnectorSetup, o *ConnectorOptions) {
	t.Helper()
	for _, v := range CheckConnector(t.Context(), setup, o) {
		t.Errorf("%v", v)
	}
}

// CheckConnector returns the breaches instead of failing a test.
func CheckConnector(ctx context.Context, setup func() ConnectorSetup, o *ConnectorOptions) []Violation {
	if o == nil {
		o = &ConnectorOptions{}
	}
	c := &connectorCheck{setup: setup}
	if c.whole(ctx) {
		c.shared(ctx)
		c.unmatched(ctx)
		c.refused(ctx)
		c.connecting(ctx)
		c.fetching(ctx)
		c.disconnecting(ctx)
	}
	return slices.DeleteFunc(c.out, func(v Violation) bool { return slices.Contains(o.Except, v.Rule) })
}

type connectorCheck struct {
	setup func() ConnectorSetup
	out   []Violation
	leaks bool // found one: each run would wait for it
}

// maxShown bounds the breaches of one rule: one cause shows in many runs.
const maxShown = 4

func (c *connectorCheck) breach(r Rule, format string, args ...any) {
	v := Violation{r, "connector", fmt.Sprintf(format, args...)}
	n := 0
	for _, had := range c.out {
		if had == v {
			return
		}
		if had.Rule == r {
			n++
		}
	}
	if n < maxShown {
		c.out = append(c.out, v)
	}
}

// run gives f a fresh institution, and checks what must hold of every run when it is over.
func (c *connectorCheck) run(f func(w *world)) {
	before := goleak.IgnoreCurrent()
	trip := newTripwire(false)
	w := &world{c: c, su: c.setup()}
	f(w)
	if w.su.Close != nil {
		w.su.Close()
	}
	if n := trip.restore(); n > 0 {
		c.breach(RuleNoNetwork, "requests went around the session's client")
	}
	w.private()
	if c.leaks {
		return
	}
	if err := goleak.Find(before); err != nil {
		c.leaks = true
		c.breach(RuleLeak, "a goroutine is still running: %v", err)
	}
}

// whole goes the whole way twice, fetches, and disconnects. It reports whether the other checks can say anything new.
func (c *connectorCheck) whole(ctx context.Context) bool {
	if su := c.setup(); true {
		missing := su.Source == nil || su.Subject == nil || su.Live == nil || su.Forget == nil || len(su.Request.Scope.Baskets) == 0
		if su.Close != nil {
			su.Close()
		}
		if missing {
			c.breach(RuleError, "the setup lacks Source, Subject, Live, Forget or Request.Scope: nothing was checked")
			return false
		}
	}
	good := false
	c.run(func(w *world) {
		g := w.grant()
		g.unconnected(ctx, "before anything was connected")
		g.ended(ctx, "with nothing to end")
		if err := g.connect(ctx); err != nil {
			c.refusedWhole(ctx, err)
			return
		}
		if !w.alive(1, "after a connection was made") || !g.fetched(ctx, RuleError, "after it was connected") {
			return
		}
		g.presence(ctx)
		if err := g.connect(ctx); err != nil {
			c.breach(RuleError, "connecting once more failed: %v", err)
			return
		}
		g.fetched(ctx, RuleError, "after it was connected once more")
		g.ended(ctx, "after two connections")
		g.unconnected(ctx, "after it was disconnected")
		good = true
	})
	c.run(func(w *world) { // the institution has forgotten
		g := w.grant()
		if g.connect(ctx) == nil {
			w.su.Forget()
			g.ended(ctx, "after the institution forgot the connection")
		}
	})
	c.run(func(w *world) { // the subject never comes back, or too late
		g := w.grant()
		back := g.begin(ctx, true)
		g.ended(ctx, "in the middle of connecting")
		if back.answered() {
			g.mismatch(ctx, "an answer to a connection that was disconnected meanwhile", back.answer)
			w.alive(0, "after an answer that came too late")
		}
	})
	return good
}

// refusedWhole says why the way was not gone: what works in one process and not in several is a breach of its own.
func (c *connectorCheck) refusedWhole(ctx context.Context, err error) {
	rule := RuleError
	c.run(func(w *world) {
		g := w.grant()
		g.one = w.newSource()
		switch {
		case errors.Is(err, sources.ErrHost):
			rule = RuleDeclared
		case g.connect(ctx) == nil:
			rule = RuleResume
		}
	})
	c.breach(rule, "connecting failed: %v", err)
}

// shared has two subjects use one value of the source. An institution of a test may know one person only, whose second connection
// ends the first: they do not need both at once.
func (c *connectorCheck) shared(ctx context.Context) {
	c.run(func(w *world) {
		one := w.newSource()
		anna, bram := w.grant(), w.grant()
		anna.one, bram.one = one, one
		for _, g := range []*grant{anna, bram} {
			if err := g.connect(ctx); err != nil {
				c.breach(RuleResume, "a connection through a value of the source that serves two subjects failed: %v", err)
				return
			}
			g.fetched(ctx, RuleResume, "with a value of the source that serves two subjects")
		}
		if err := anna.disconnect(ctx, nil); err != nil {
			c.breach(RuleDisconnect, "Disconnect of one of two subjects failed: %v", err)
			return
		}
		anna.unconnected(ctx, "after it was disconnected, with a source that is still there,")
		bram.fetched(ctx, RuleResume, "after another subject of the same value of the source disconnected")
	})
}

// unmatched presents answers that fit no step before and after each that does.
func (c *connectorCheck) unmatched(ctx context.Context) {
	madeUp := sources.ConnectRequest{Callback: map[string][]string{"state": {forged}, "code": {forged}}}
	fields := sources.ConnectRequest{Fields: fieldsOf("made-up", forged)}
	c.run(func(w *world) {
		anna, bram := w.grant(), w.grant()
		anna.mismatch(ctx, "a callback where nothing waits", madeUp)
		anna.mismatch(ctx, "fields where nothing waits", fields)
		b := bram.begin(ctx, true)
		p := anna.begin(ctx, true)
		for range maxSteps {
			if !p.open() {
				break
			}
			if p.answered() {
				for _, x := range spoilt(p.answer) {
					anna.mismatch(ctx, x.what, x.request)
				}
				anna.mismatch(ctx, "fields that nobody asked for", fields)
				if len(p.answer.Callback) == 0 {
					anna.mismatch(ctx, "a callback that nobody waits for", madeUp)
				}
				if len(b.answer.Callback) > 0 {
					anna.mismatch(ctx, "the callback of another subject", b.answer)
				}
			}
			last := p
			p = anna.next(ctx, p, true)
			if p.err != nil {
				c.breach(RuleUnmatched, "after answers that fit no step the right one failed: %v", p.err)
				return
			}
			if last.answered() && len(p.answer.Fields) == 0 {
				anna.mismatch(ctx, "an answer for the second time", last.answer)
			}
		}
		anna.fetched(ctx, RuleUnmatched, "after answers that fit no step")
	})
	c.run(func(w *world) {
		anna, bram := w.grant(), w.grant()
		if _, err := anna.step(ctx, w.su.Request); err != nil {
			return
		}
		b := bram.begin(ctx, true) // the later one, for an institution that knows of one attempt only
		if len(b.answer.Callback) == 0 {
			return
		}
		anna.mismatch(ctx, "the callback of another subject", b.answer)
		if err := bram.follow(ctx, b, true); err != nil {
			c.breach(RuleUnmatched, "after another subject presented the callback, it no longer worked for its own: %v", err)
			return
		}
		bram.fetched(ctx, RuleUnmatched, "after another subject presented the callback")
	})
}

// refused has the subject say no.
func (c *connectorCheck) refused(ctx context.Context) {
	c.run(func(w *world) {
		g := w.grant()
		err := g.follow(ctx, g.begin(ctx, false), false)
		switch {
		case err == nil:
			c.breach(RuleRefused, "the subject refused, and the connection was made")
			return
		case !errors.Is(err, sources.ErrAuthentication) || errors.Is(err, sources.ErrUnmatched):
			c.breach(RuleRefused, "the subject refused, and the error is %v", err)
		}
		g.unconnected(ctx, "after the subject refused")
		if err := g.connect(ctx); err != nil {
			c.breach(RuleRefused, "after a refusal the connection could not be begun anew: %v", err)
			return
		}
		g.ended(ctx, "after a refusal and a connection")
	})
}

// newSource makes a value of the source, which must say the same of itself as the others.
func (w *world) newSource() sources.Connector {
	s := w.su.Source()
	d := s.Describe()
	if !reflect.DeepEqual(d, s.Describe()) || w.desc != nil && !reflect.DeepEqual(*w.desc, d) {
		w.c.breach(RulePure, "Describe differs between two calls, or two values of the source")
	}
	w.desc = &d
	if v := reflect.ValueOf(s); v.Kind() == reflect.Pointer && v.Type().Elem().Size() > 0 {
		if slices.Contains(w.made, s) {
			w.c.breach(RuleResume, "the setup's Source gives the same value twice: a new process has a new one")
		}
		w.made = append(w.made, s)
	}
	return s
}

// Connected goes the whole way for one subject, and returns what sessions with this connection are made of: for the [Setup] of
// [Source].
func Connected(t testing.TB, su ConnectorSetup) sources.SessionOptions {
	t.Helper()
	w := &world{c: &connectorCheck{}, su: su}
	g := w.grant()
	if err := g.connect(t.Context()); err != nil {
		t.Fatalf("sourcetest: connecting failed: %v", err)
	}
	o := su.Session
	o.State = &process{state: &g.state}
	if o.Presence == nil {
		o.Presence = subject()
	}
	return o
}
