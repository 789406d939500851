package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// fault is what happens to a process.
type fault string

const (
	diesAfterSave     fault = "the process died after save"    // which was stored
	diesAtRequest     fault = "the process died at request"    // which arrived; what it brought is lost
	failsSave         fault = "the host could not store save"  // and told so
	goesBeforeSave    fault = "the caller went before save"    // which is stored, but with a context that has ended
	goesBeforeRequest fault = "the caller went before request" // of which nothing arrived
	goesAtAnswer      fault = "the caller went at the answer to request"
)

// In none of them does the institution still have to do what an earlier call asked when the next one begins: what then came last
// would be a matter of chance. So a caller goes when nothing of a request was written, or when its answer has begun to arrive.
var faults = []fault{diesAfterSave, failsSave, goesBeforeSave, diesAtRequest, goesBeforeRequest, goesAtAnswer}

func (f fault) dies() bool { return f == diesAfterSave || f == diesAtRequest }

// plan is the fault of a run, and whether it came to it.
type plan struct {
	fault fault
	at    int // the ordinal of the save or the request, from 1

	mu            sync.Mutex
	seen          int  // how often it could have come to the fault
	fired, bearer bool // the request bore a token of the subject's
}

func (p *plan) String() string { return fmt.Sprintf("%s %d", p.fault, p.at) }

// complete reports whether all that the source had got and used was to be saved by then.
func (p *plan) complete() bool {
	return p.fault == diesAfterSave || p.fault == goesBeforeSave || p.fault == diesAtRequest && p.bearer
}

// comes reports whether a fault is to happen now that it could.
func (p *plan) comes(f fault) bool {
	if p == nil || p.fault != f {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen++
	hit := p.seen == p.at
	p.fired = p.fired || hit
	return hit
}

func (p *plan) bore() {
	p.mu.Lock()
	p.bearer = true
	p.mu.Unlock()
}

var (
	errDead = errors.New("sourcetest: the process has died")
	errSave = errors.New("sourcetest: no room to store")
)

// keeper is where the state of one grant is kept.
type keeper struct {
	mu    sync.Mutex
	value []byte
}

func (k *keeper) size() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.value)
}

// process is one call, and the [sources.State] of its session.
type process struct {
	plan    *plan
	state   *keeper
	session *sources.Session
	cancel  func()
	agreed  bool     // a token may be a subject's
	own     []string // but for these

	mu      sync.Mutex
	dead    bool
	bearer  bool              // the request whose headers are being written has a subject's token
	tokens  []string          // that were sent
	headers map[string]string // that were sent

	requests int
}

// die makes sure that nothing is stored any more and that no other request is made.
func (p *process) die() {
	p.mu.Lock()
	p.dead = true
	p.mu.Unlock()
	p.session.Close()
}

func (p *process) died() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// Load implements [sources.State].
func (p *process) Load(context.Context, model.InstitutionID, model.SourceID) (crypto.Secret, error) {
	if p.died() {
		return crypto.Secret{}, errDead
	}
	p.state.mu.Lock()
	defer p.state.mu.Unlock()
	if p.state.value == nil {
		return crypto.Secret{}, nil
	}
	return crypto.NewSecret(bytes.Clone(p.state.value)), nil
}

// Save implements [sources.State]. Like the store of a host it stores nothing for a caller who has gone.
func (p *process) Save(ctx context.Context, _ model.InstitutionID, _ model.SourceID, s crypto.Secret) error {
	if p.died() {
		return errDead
	}
	if p.plan.comes(failsSave) {
		return errSave
	}
	if p.plan.comes(goesBeforeSave) {
		p.cancel()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	var b []byte
	if !s.IsZero() {
		if err := s.Use(func(v []byte) error { b = bytes.Clone(v); return nil }); err != nil {
			return err
		}
	}
	p.state.mu.Lock()
	p.state.value = b
	p.state.mu.Unlock()
	if p.plan.comes(diesAfterSave) {
		p.die()
		return errDead
	}
	return nil
}

// traced returns a context with which the process's requests are seen. Those that go at once are seen as one.
func (p *process) traced(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) {
			if p.plan.comes(goesBeforeRequest) {
				_ = i.Conn.SetWriteDeadline(time.Unix(1, 0)) // a request whose context ends may be written all the same
				p.cancel()
			}
		},
		GotFirstResponseByte: func() {
			if p.plan.comes(goesAtAnswer) {
				p.cancel()
			}
		},
		WroteHeaderField: func(name string, values []string) {
			p.mu.Lock()
			defer p.mu.Unlock()
			name = textproto.CanonicalMIMEHeaderKey(name)
			if p.headers == nil {
				p.headers = map[string]string{}
			}
			p.headers[name] += strings.Join(values, " ") + " "
			for _, v := range values {
				scheme, token, ok := strings.Cut(v, " ")
				if name == "Authorization" && ok && !strings.EqualFold(scheme, "Basic") {
					p.bearer = p.bearer || p.agreed && !slices.Contains(p.own, token)
					p.tokens = append(p.tokens, token)
				}
			}
		},
		WroteHeaders: func() {
			p.mu.Lock()
			bearer := p.bearer
			p.bearer = false
			p.requests++
			p.mu.Unlock()
			if p.plan.comes(diesAtRequest) {
				if bearer {
					p.plan.bore()
				}
				p.die()
			}
		},
	})
}

// lockedBuffer is a log that a source which was left behind may still write to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements [io.Writer].
func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
