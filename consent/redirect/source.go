package redirect

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
)

// Keeper stores the tokens of one connection, sealed and durably: what is saved is there after a crash once Save has
// returned. The session of a connector does that: State and SaveState.
type Keeper interface {
	Load(ctx context.Context) (crypto.Secret, error) // the zero Secret where nothing was saved
	Save(ctx context.Context, s crypto.Secret) error
}

// KindRefresh is the kind of the items by which processes agree who refreshes a connection's tokens.
const KindRefresh consent.Kind = "refresh"

// TokenSource gives the access token of one connection and keeps it fresh. Safe for concurrent use; any number of them, in
// any number of processes, may be over the same connection.
//
// No valid refresh token is lost. A server that rotates makes the old one invalid when it gives the new one, and some take
// the use of an old one for theft and end everything. So:
//
//   - One at a time refreshes a connection, over all processes, by a lease in the store.
//   - New tokens are saved before they are given to anybody. If saving fails, they are kept and saved at the next call, unless
//     another has saved newer ones by then.
//   - The refresh token before is kept beside the new one until [TokenSource.Worked], and tried when the server does not
//     know the new one; and the current one is tried again after an answer that never came.
//   - Only the server's invalid_grant for both means that the subject must come back ([ErrReauthenticate]). Anything
//     else leaves the tokens as they are.
type TokenSource struct {
	client *Client
	keeper Keeper
	store  consent.Store
	id     string

	mu      sync.Mutex
	unsaved *Tokens       // given by the server, not yet stored
	over    crypto.Secret // the refresh token that was stored when unsaved came
	given   crypto.Secret // the access token that was handed out last
}

// leaseTime is how long one process may take to refresh. Its requests end before.
const leaseTime = 30 * time.Second

// early is how long before its end an access token is no longer given out.
const early = 10 * time.Second

// Tokens returns the source of a connection's tokens. store is where processes agree; link names the connection.
func (c *Client) Tokens(store consent.Store, link consent.LinkID, k Keeper) (*TokenSource, error) {
	if store == nil || link == "" || k == nil {
		return nil, invalid("store, link or keeper")
	}
	h := sha256.Sum256([]byte("brondata/v1/redirect-refresh\x00" + string(link)))
	return &TokenSource{client: c, keeper: guardedKeeper{k}, store: guardedStore{store}, id: hex.EncodeToString(h[:])}, nil
}

// Access returns an access token that is not about to expire, refreshed if need be.
func (s *TokenSource) Access(ctx context.Context) (crypto.Secret, error) {
	return s.access(ctx, crypto.Secret{})
}

// Renew returns an access token other than the one given, which the institution refused.
func (s *TokenSource) Renew(ctx context.Context, refused crypto.Secret) (crypto.Secret, error) {
	return s.access(ctx, refused)
}

func (s *TokenSource) access(ctx context.Context, refused crypto.Secret) (crypto.Secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.unsaved == nil { // else the lease is needed first
			t, err := s.load(ctx)
			if err != nil {
				return crypto.Secret{}, err
			}
			if s.fresh(t) && (refused.IsZero() || !t.Access.Equal(refused)) {
				s.given = t.Access
				return t.Access, nil
			}
		}
		release, err := s.lease(ctx)
		if err != nil {
			return crypto.Secret{}, err
		}
		if release == nil {
			// Somebody else refreshes: their result is what is loaded next.
			select {
			case <-ctx.Done():
				return crypto.Secret{}, ctx.Err()
			case <-time.After(50 * time.Millisecond):
			}
			continue
		}
		fresh, err := s.refresh(ctx, refused)
		release()
		if err != nil {
			return crypto.Secret{}, err
		}
		s.given = fresh.Access
		return fresh.Access, nil
	}
}

// fresh reports whether the access token may still be used, with the certificate that the client has now.
func (s *TokenSource) fresh(t Tokens) bool {
	return !t.Access.IsZero() && t.Certificate == s.client.cfg.Certificate &&
		(t.Expires.IsZero() || s.client.now().Before(t.Expires.Add(-early)))
}

// load returns the stored tokens.
func (s *TokenSource) load(ctx context.Context) (Tokens, error) {
	packed, err := s.keeper.Load(ctx)
	if err != nil {
		return Tokens{}, fmt.Errorf("redirect: load tokens: %w", err)
	}
	t, err := UnpackTokens(packed)
	if err == nil && t.IsZero() {
		err = ErrReauthenticate
	}
	return t, err
}

func (s *TokenSource) save(ctx context.Context, t Tokens) error {
	packed, err := t.Pack()
	if err != nil {
		return err
	}
	// What the server has given must be kept, also when the caller has gone.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseTime/3)
	defer cancel()
	s.unsaved = &t
	if err := s.keeper.Save(ctx, packed); err != nil {
		return fmt.Errorf("redirect: save tokens: %w", err)
	}
	s.unsaved = nil
	return nil
}

// refresh gets new tokens. The caller holds the lease.
func (s *TokenSource) refresh(ctx context.Context, refused crypto.Secret) (Tokens, error) {
	t, err := s.load(ctx) // another may have refreshed before the lease was had
	if err != nil {
		return Tokens{}, err
	}
	if u := s.unsaved; u != nil {
		if !t.Refresh.Equal(s.over) {
			s.unsaved = nil // another refreshed in the meantime: what is stored is newer
		} else if err := s.save(ctx, *u); err != nil {
			return Tokens{}, err
		} else {
			t = *u
		}
	}
	if s.fresh(t) && (refused.IsZero() || !t.Access.Equal(refused)) {
		return t, nil
	}
	if t.Refresh.IsZero() {
		return Tokens{}, ErrReauthenticate
	}
	ctx, cancel := context.WithTimeout(ctx, leaseTime/2)
	defer cancel()
	next, err := s.redeem(ctx, t.Refresh)
	var refusal *ServerError
	if errors.As(err, &refusal) && refusal.Code == "invalid_grant" && !errors.Is(err, ErrUnavailable) {
		if t.previous.IsZero() {
			return Tokens{}, ErrReauthenticate
		}
		next, err = s.redeem(ctx, t.previous)
		if errors.As(err, &refusal) && refusal.Code == "invalid_grant" && !errors.Is(err, ErrUnavailable) {
			return Tokens{}, ErrReauthenticate
		}
	}
	if err != nil {
		return Tokens{}, err
	}
	switch {
	case next.Refresh.IsZero():
		next.Refresh, next.previous = t.Refresh, t.previous // not rotated
	case !next.Refresh.Equal(t.Refresh):
		next.previous = t.Refresh
	}
	s.over = t.Refresh
	return next, s.save(ctx, next)
}

func (s *TokenSource) redeem(ctx context.Context, refresh crypto.Secret) (Tokens, error) {
	var t Tokens
	err := refresh.Use(func(b []byte) (err error) {
		t, err = s.client.tokens(ctx, map[string][]string{"grant_type": {"refresh_token"}, "refresh_token": {string(b)}})
		return err
	})
	return t, err
}

// Worked says that the institution took the access token that was given last: the refresh token before the one that it came
// with is no longer needed.
func (s *TokenSource) Worked(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unsaved != nil {
		return nil // what is stored is about to change
	}
	// Tokens that another got since are not the ones that worked.
	done := func(t Tokens) bool { return t.previous.IsZero() || !t.Access.Equal(s.given) }
	t, err := s.load(ctx)
	if err != nil || done(t) {
		return err
	}
	release, err := s.lease(ctx)
	if err != nil || release == nil {
		return err // somebody refreshes: what is stored is about to change
	}
	defer release()
	if t, err = s.load(ctx); err != nil || done(t) {
		return err
	}
	t.previous = crypto.Secret{}
	return s.save(ctx, t)
}

// leaseItem is what is stored while somebody refreshes.
type leaseItem struct {
	Holder string    `json:"holder"`
	Until  time.Time `json:"until"`
}

// lease takes the lease; nil when another has it. One that was not given back ends by itself.
func (s *TokenSource) lease(ctx context.Context) (release func(), err error) {
	now := s.client.now()
	op := consent.OpUpdate
	it, err := s.store.Get(ctx, KindRefresh, s.id)
	switch {
	case errors.Is(err, consent.ErrNotFound):
		op, it = consent.OpCreate, consent.Item{Kind: KindRefresh, ID: s.id}
	case err != nil:
		return nil, fmt.Errorf("redirect: lease: %w", err)
	default:
		var have leaseItem
		// A lease that ends too far ahead is of a clock that was wrong.
		if json.Unmarshal(it.Body, &have) == nil && now.Before(have.Until) && have.Until.Before(now.Add(2*leaseTime)) {
			return nil, nil
		}
	}
	it.Body, err = json.Marshal(leaseItem{Holder: rand.Text(), Until: now.Add(leaseTime)})
	if err != nil {
		return nil, invalid("lease")
	}
	if err := s.store.Apply(ctx, consent.Change{Op: op, Item: it}); err != nil {
		if errors.Is(err, consent.ErrConflict) {
			return nil, nil
		}
		return nil, fmt.Errorf("redirect: lease: %w", err)
	}
	it.Version++ // created: 0 to 1
	return func() {
		it.Body = nil
		_ = s.store.Apply(context.WithoutCancel(ctx), consent.Change{Op: consent.OpDelete, Item: it}) // it ends by itself
	}, nil
}
