package sources

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/internal/foreign"
	"github.com/brondata/brondata/model"
)

// Session is what a source works with for one subject at one institution in one collection or connection. It gives
// what the source may use, and counts it. It is safe for concurrent use and ends with the call that it was made for.
type Session struct {
	desc     Descriptor
	client   *http.Client
	guard    *guard
	files    []Document
	presence *consent.Presence
	account  func(ctx context.Context, id string) error
	state    State
	inst     model.InstitutionID
	log      *slog.Logger
	now      func() time.Time
	limits   Limits
	failed   func(error, []model.Category)
	hold     hold
	saved    saved
}

// State keeps the sealed state of the connections of one grant between calls: tokens, identifiers of consents, what
// must be known when the subject comes back. The façade implements it on the vault.
type State interface {
	// Load returns what was saved last for the institution's source; the zero Secret where nothing was.
	Load(ctx context.Context, inst model.InstitutionID, id model.SourceID) (crypto.Secret, error)
	// Save replaces it, and has stored it durably when it returns. The zero Secret removes it.
	Save(ctx context.Context, inst model.InstitutionID, id model.SourceID, s crypto.Secret) error
}

// StateLocker is the optional second interface of a [State] that several calls use at once, in one process or in many: a
// callback that a browser sends twice, a refresh while the subject connects anew. The session takes the lock before the
// source's first use of its state and gives it back when it is closed, so that what a source loads is what it replaces.
type StateLocker interface {
	State
	// Lock waits until nobody else has the state of the institution's source, or until ctx ends. A lock of a process that
	// died ends by itself. unlock is called once; a Save without the lock fails, with [ErrUnavailable] and with nothing changed where
	// a process stood still for so long that its lock had ended and another saved since.
	Lock(ctx context.Context, inst model.InstitutionID, id model.SourceID) (unlock func(), err error)
}

// underPermit returns the state for a session under a permit: who had to wait for the lock asks again whether the permit still
// allows anything, so that after a revoke nothing begins.
func underPermit(s State, p consent.Permit) State {
	if l, ok := s.(StateLocker); ok {
		return permitting{l, p}
	}
	return s
}

type permitting struct {
	StateLocker
	permit consent.Permit
}

// Lock implements [StateLocker].
func (s permitting) Lock(ctx context.Context, inst model.InstitutionID, id model.SourceID) (func(), error) {
	unlock, err := s.StateLocker.Lock(ctx, inst, id)
	if err != nil {
		return nil, err
	}
	if err := permitted(ctx, s.permit); err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

// SessionOptions are what a session is made of. The [Retriever] fills them in; tests of sources do so themselves.
type SessionOptions struct {
	Institution model.InstitutionID
	HTTP        HTTPOptions
	Limits      Limits
	Files       []Document
	Handover    *Handover
	Presence    *consent.Presence // nil where the subject is not there
	// Access takes one access slot for an account; nil allows all.
	Access func(ctx context.Context, account string) error
	State  State
	Log    *slog.Logger
	Now    func() time.Time
}

// NewSession makes a session for the source that d describes. Close it when done.
func NewSession(d Descriptor, o SessionOptions) (*Session, error) {
	l := o.Limits.withDefaults()
	c, g, err := newClient(d, o.HTTP, l)
	if err != nil {
		return nil, err
	}
	s := &Session{
		desc: d, client: c, guard: g, files: o.Files, presence: o.Presence, account: o.Access, state: o.State,
		inst: o.Institution, log: o.Log, now: o.Now, limits: l,
	}
	if s.inst == "" {
		s.inst = d.Institution
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if o.Handover != nil {
		if err := s.adopt(*o.Handover); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Handover is an authenticated session of the subject at an institution's portal: the host ran the login in a browser or
// web view of its own and hands over its cookies once. There is no field for a user name, a password or a code, because
// none may pass through this library.
type Handover struct {
	// URL is an address of the origin that the cookies belong to.
	URL string
	// Cookies are the value of the Cookie header of that origin: "name=value; name=value".
	Cookies crypto.Secret
	// UserAgent is the browser's own, where the portal binds the session to it.
	UserAgent string
}

func (s *Session) adopt(h Handover) error {
	u, err := url.Parse(h.URL)
	if err != nil {
		return Errorf(ErrAuthentication, "the handed-over session has no valid address")
	}
	if err := s.guard.check(u); err != nil {
		return err
	}
	if h.UserAgent != "" {
		s.guard.agent = h.UserAgent
	}
	return h.Cookies.Use(func(b []byte) error {
		cs, err := http.ParseCookie(string(b))
		if err != nil {
			return Errorf(ErrAuthentication, "the handed-over cookies are malformed")
		}
		for _, c := range cs {
			c.Path = "/"
			c.Secure = u.Scheme == "https"
		}
		s.guard.jar.SetCookies(u, cs)
		return nil
	})
}

// Institution returns whose data is asked; a source that serves one only may ignore it.
func (s *Session) Institution() model.InstitutionID { return s.inst }

// HTTP returns the guarded client: https only, to the hosts that the source declares, checked at the address, at each
// redirect and at the connection; answers capped; cookies and credentials never to another origin; never to DigiD. Its
// errors wrap sentinels of this package inside a [url.Error], whose text holds the address: never log it. [Errorf] a new
// one, or return it as it is. What was read of an answer that broke off ends with an error that is also
// [io.ErrUnexpectedEOF]. One that says nothing of its length, as in HTTP 1.0, ends where its connection does: whether it is whole
// only its format can tell.
//
// The client is the caller's own copy: to set its CheckRedirect, for example, changes no other.
func (s *Session) HTTP() *http.Client {
	c := *s.client
	return &c
}

// Files returns what the subject handed over for this institution.
func (s *Session) Files() []Document { return s.files }

// Attended returns the subject's presence, nil where nobody is there. A source tells the institution that the subject
// is present if and only if this is not nil.
func (s *Session) Attended() *consent.Presence { return s.presence }

// Account takes one access slot for an account, before the first request of a Fetch about it. One slot is for all that is asked of the
// account: its balances, its transactions, all their pages; asking the same once more, because it was refused, takes another. id is
// the source's own stable id of the account. "" is taken once in a Fetch, for all that concerns no account, such as the list of
// accounts. While the subject is not present, each id has four slots in any 24 hours where the host did not set others, so that a
// source which takes one for every request lets the refreshes of a day fail: see [consent.Permit.Access].
//
// An error means that the account must not be accessed now: [ErrLimit] or [ErrNotPermitted], or that the host's consent store
// failed. A failed access counts.
func (s *Session) Account(ctx context.Context, id string) error {
	if s.account == nil {
		return nil
	}
	return s.account(ctx, id)
}

// State returns what the source saved last, the zero Secret where nothing. Where the host's [State] is a [StateLocker], no
// other call for the same connection gets there between this and the session's end: this one waits until another's is over, and
// what is there is loaded once.
func (s *Session) State(ctx context.Context) (crypto.Secret, error) {
	if s.state == nil {
		return crypto.Secret{}, nil
	}
	done, err := s.locked(ctx)
	if err != nil {
		return crypto.Secret{}, err
	}
	defer done()
	_, alone := s.state.(StateLocker)
	st, known, change := s.saved.get()
	if known {
		return st, ctx.Err()
	}
	st, err = s.state.Load(ctx, s.inst, s.desc.ID)
	if err == nil && alone {
		s.saved.set(st, change)
	}
	return st, ofState(err)
}

// ofState marks an error as one of the host's state, which is no fault of the source's. A sentinel of this package means what
// it always does.
func ofState(err error) error {
	if err == nil || Code(err) != "unexpected" {
		return err
	}
	return foreign.Wrap("state of the connection", err, crypto.ErrOpen, crypto.ErrShredded)
}

// SaveState seals and stores what the source must know in later calls, in this process or another. Save before the
// first use: a token that is used and then lost with the process cannot be had again. What an institution gives out once is
// saved also for a caller who has gone, under [context.WithoutCancel] and a deadline of its own: examples/customapi shows it.
// The zero Secret removes the state. After [Session.Close] nothing is saved.
func (s *Session) SaveState(ctx context.Context, state crypto.Secret) error {
	if s.state == nil {
		return Errorf(ErrAdapter, "the session has no place to save state")
	}
	done, err := s.locked(ctx)
	if err != nil {
		return err
	}
	defer done()
	_, alone := s.state.(StateLocker)
	change := s.saved.begin()
	err = s.state.Save(ctx, s.inst, s.desc.ID, state)
	if err == nil && alone {
		s.saved.set(state, change)
	}
	return ofState(err)
}

// hold is the session's lock of its state.
type hold struct {
	turn   sync.Mutex // one at a time waits for the lock
	mu     sync.Mutex // for the rest
	giveUp func()     // ends the waiting
	unlock func()     // nil where the lock is not held
	using  int        // calls of the state that have not returned
	closed bool
}

// locked makes sure that the state's lock is held until done was called, and the session closed.
func (s *Session) locked(ctx context.Context) (done func(), err error) {
	h := &s.hold
	h.turn.Lock()
	defer h.turn.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	if l, ok := s.state.(StateLocker); ok && h.unlock == nil && !h.closed {
		waiting, cancel := context.WithCancel(ctx)
		defer cancel()
		h.giveUp = cancel
		h.mu.Unlock()
		unlock, err := l.Lock(waiting, s.inst, s.desc.ID)
		h.mu.Lock()
		h.giveUp = nil
		if err != nil {
			return nil, ofState(err)
		}
		if h.closed {
			unlock()
		} else {
			h.unlock = unlock
		}
	}
	if h.closed {
		return nil, Errorf(ErrAdapter, "the session was over")
	}
	h.using++
	return func() { h.end(func() { h.using-- }) }, nil
}

// end changes the hold, and gives the lock back where nothing needs it any more.
func (h *hold) end(change func()) {
	h.mu.Lock()
	change()
	unlock := h.unlock
	if !h.closed || h.using > 0 {
		unlock = nil
	}
	if unlock != nil {
		h.unlock = nil
	}
	h.mu.Unlock()
	if unlock != nil {
		unlock()
	}
}

// Failed says that a source could not bring all of some categories but goes on with the rest: one account of several
// that the bank does not answer for, for example. The coverage of these categories will be incomplete; of all, where none is named.
func (s *Session) Failed(err error, cs ...model.Category) {
	if s.failed != nil {
		s.failed(err, cs)
	}
}

// Log returns a logger that already names the source. Log names and counts, never values.
func (s *Session) Log() *slog.Logger { return s.log }

// Now returns the host's time.
func (s *Session) Now() time.Time { return s.now() }

// Limits returns the limits in force, none of them zero.
func (s *Session) Limits() Limits { return s.limits }

// Close closes the session's connections and forgets its cookies. From then on its client makes no request, and no state is
// loaded or saved. It may be called more than once.
func (s *Session) Close() {
	s.hold.end(func() {
		s.hold.closed = true
		if s.hold.giveUp != nil {
			s.hold.giveUp()
		}
	})
	s.saved.close()
	s.guard.closed.Store(true)
	s.guard.jar.clear()
	s.guard.next.CloseIdleConnections()
}
