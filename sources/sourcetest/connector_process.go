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

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// fault is what happens to a process.
type fault string

const (
	diesAfterSave    fault = "the process died after save"   // which was stored
	diesAtRequest    fault = "the process died at request"   // which arrived; what it brought is lost
	failsSave        fault = "the host could not store save" // and told so
	cancelsAtRequest fault = "the caller went at request"
)

// plan is the fault of a run, and whether it came to it.
type plan struct {
	fault fault
	at    int // the ordinal of the save or the request, from 1

	mu              sync.Mutex
	saves, requests int
	fired, bearer   bool // the request bore a token of the subject's
}

func (p *plan) String() string { return fmt.Sprintf("%s %d", p.fault, p.at) }

// complete reports whether all that the source had got and used was to be saved by then.
func (p *plan) complete() bool {
	return p.fault == diesAfterSave || p.fault == diesAtRequest && p.bearer
}

func (p *plan) save() bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.saves++
	return p.hit(p.saves, diesAfterSave, failsSave)
}

func (p *plan) request(bearer bool) bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests++
	hit := p.hit(p.requests, diesAtRequest, cancelsAtRequest)
	p.bearer = p.bearer || hit && bearer
	return hit
}

func (p *plan) hit(n int, a, b fault) bool {
	hit := n == p.at && (p.fault == a || p.fault == b)
	p.fired = p.fired || hit
	return hit
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

// Save implements [sources.State].
func (p *process) Save(_ context.Context, _ model.InstitutionID, _ model.SourceID, s crypto.Secret) error {
	if p.died() {
		return errDead
	}
	hit := p.plan.save()
	if hit && p.plan.fault == failsSave {
		return errSave
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
	if hit {
		p.die()
		return errDead
	}
	return nil
}

// traced returns a context with which the process's requests are seen. Those that go at once are seen as one.
func (p *process) traced(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
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
			if !p.plan.request(bearer) {
				return
			}
			if p.plan.fault == diesAtRequest {
				p.die()
				return
			}
			p.cancel()
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
