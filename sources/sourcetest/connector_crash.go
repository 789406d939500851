package sourcetest

import (
	"context"
	"errors"

	"github.com/brondata/brondata/sources"
)

// maxFaults bounds at how many saves, and at how many requests, a call is interrupted.
const maxFaults = 25

// each runs f with each fault at the first save or request, the second and so on, until there are no more.
func each(f func(p *plan) (fired bool)) {
	for _, kind := range faults {
		for n := 1; n <= maxFaults && f(&plan{fault: kind, at: n}); n++ {
		}
	}
}

// connecting interrupts connecting wherever it saves or calls, and then begins anew or disconnects.
func (c *connectorCheck) connecting(ctx context.Context) {
	c.cancelled(ctx)
	for _, again := range []bool{true, false} {
		each(func(p *plan) bool {
			c.run(func(w *world) {
				g := w.grant()
				g.plan = p
				err := g.connect(ctx)
				g.plan = nil
				if !p.fired {
					return
				}
				if err == nil && !p.fault.dies() {
					g.fetched(ctx, RuleSaved, p.String()+" while connecting, which was done all the same")
				}
				if again {
					if err := g.connect(ctx); err != nil {
						c.breach(RuleSaved, "%s while connecting, and it could not be begun anew: %v", p, err)
						return
					}
					g.fetched(ctx, RuleSaved, p.String()+" while connecting, which was begun anew")
				}
				g.over(ctx, p.String()+" while connecting", p.complete())
			})
			return p.fired
		})
	}
}

// cancelled ends the context before each step. What asks the institution nothing may be done all the same.
func (c *connectorCheck) cancelled(ctx context.Context) {
	c.run(func(w *world) {
		gone, cancel := context.WithCancel(ctx)
		cancel()
		g := w.grant()
		check := func(p progress, what string) {
			if p.err != nil && !errors.Is(p.err, context.Canceled) || p.err == nil && w.requests > 0 {
				c.breach(RuleCancel, "the context had ended before %s, which made %d requests, and the error is %v", what, w.requests, p.err)
			}
		}
		check(g.reached(gone, true, w.su.Request), "the first step")
		if p := g.begin(ctx, true); p.open() {
			w.requests = 0
			check(g.next(gone, p, true), "a step")
		} // what came back may have been used up
		if err := g.connect(ctx); err != nil {
			c.breach(RuleCancel, "after steps whose context had ended the connection could not be begun anew: %v", err)
			return
		}
		if err := g.disconnect(gone, nil); err == nil {
			w.alive(0, "after Disconnect, whose context had ended, reported no error")
		}
		g.ended(ctx, "after one whose context had ended")
	})
}

// fetching has the access token end, and interrupts what follows.
func (c *connectorCheck) fetching(ctx context.Context) {
	if su := c.setup(); true {
		if su.Close != nil {
			su.Close()
		}
		if su.Expire == nil {
			return
		}
	}
	each(func(p *plan) bool {
		c.run(func(w *world) {
			g := w.grant()
			if g.connect(ctx) != nil {
				return
			}
			if p.fault == diesAfterSave && p.at == 1 {
				for range 2 {
					w.su.Expire()
					if !g.fetched(ctx, RuleSaved, "after the access token ended") {
						return
					}
				}
			}
			w.su.Expire()
			_, _, err := g.fetch(ctx, p, false)
			if !p.fired {
				return
			}
			// A token that was on its way when the process died, or that could not be saved, may be gone; one that was used, or that
			// had come when the caller went, may not.
			_, _, next := g.fetch(ctx, nil, false)
			if next != nil && (p.complete() || err == nil || !errors.Is(next, sources.ErrAuthentication)) {
				c.breach(RuleSaved, "%s while fetching, and fetching again failed: %v", p, next)
				return
			}
			if next == nil {
				g.over(ctx, p.String()+" while fetching", true)
			}
		})
		return p.fired
	})
}

// disconnecting interrupts Disconnect, which is then called again.
func (c *connectorCheck) disconnecting(ctx context.Context) {
	each(func(p *plan) bool {
		c.run(func(w *world) {
			g := w.grant()
			if g.connect(ctx) != nil {
				return
			}
			err := g.disconnect(ctx, p)
			if p.fired && err == nil && !p.fault.dies() {
				w.alive(0, "after Disconnect reported no error")
			}
			if p.fired {
				g.over(ctx, p.String()+" while disconnecting", true)
			}
		})
		return p.fired
	})
}
