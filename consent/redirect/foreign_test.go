package redirect_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/consent/redirect"
	"github.com/brondata/brondata/consent/redirecttest"
	"github.com/brondata/brondata/crypto"
)

// errHost is what parts of a host return here: its text is never to be seen.
var errHost = errors.New("CANARY of a host")

type hostileStore struct{ consent.Store }

func (hostileStore) Get(context.Context, consent.Kind, string) (consent.Item, error) {
	return consent.Item{}, errHost
}
func (hostileStore) Due(context.Context, consent.Kind, time.Time, int) ([]consent.Item, error) {
	return nil, errHost
}
func (hostileStore) Apply(context.Context, ...consent.Change) error { return errHost }

type hostileKeeper struct{ load bool }

func (k hostileKeeper) Load(context.Context) (crypto.Secret, error) {
	if k.load {
		return crypto.Secret{}, errHost
	}
	return redirect.Tokens{Refresh: crypto.NewSecretString("gone")}.Pack()
}
func (hostileKeeper) Save(context.Context, crypto.Secret) error { return errHost }

func TestForeignTexts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	as, store := redirecttest.New(t, redirecttest.Behaviour{}), consent.NewMemoryStore()
	b := redirect.Binding{Grant: binding.Grant, Institution: binding.Institution, Session: binding.Session, Issuer: as.Issuer(), RedirectURI: binding.RedirectURI}
	broken, err := redirect.NewAttempts(hostileStore{store}, nil)
	require.NoError(t, err)
	cfg := config(t, as, store)
	tokens := func(s consent.Store, k redirect.Keeper) *redirect.TokenSource {
		ts, err := client(t, cfg).Tokens(s, "link", k)
		require.NoError(t, err)
		return ts
	}
	asking, pushing := cfg, cfg
	asking.Authenticate = func(context.Context, string, url.Values) error { return errHost }
	pushing.Request = func(context.Context, redirect.Metadata, url.Values) (string, error) { return "", errHost }
	kit := newKit(t, redirecttest.Behaviour{})
	kit.now.Add(int64(48 * time.Hour))
	kit.k.mu.Lock()
	packed := kit.k.s
	kit.k.mu.Unlock()
	full, err := client(t, kit.cfg).Tokens(kit.store, "link", &saveFails{packed})
	require.NoError(t, err)
	for name, do := range map[string]func() error{
		"begin": func() error { _, err := broken.Begin(ctx, b); return err },
		"find":  func() error { _, err := broken.Find(ctx, url.Values{"state": {"x"}}); return err },
		"take":  func() error { _, err := broken.Take(ctx, b, "x"); return err },
		"sweep": func() error { _, err := broken.Sweep(ctx, 1); return err },
		"load":  func() error { _, err := tokens(store, hostileKeeper{load: true}).Access(ctx); return err },
		"lease": func() error { _, err := tokens(hostileStore{store}, hostileKeeper{}).Access(ctx); return err },
		"save":  func() error { _, err := full.Access(ctx); return err },
		"push":  func() error { _, err := client(t, pushing).Begin(ctx, binding); return err },
		"prove": func() error {
			return client(t, asking).Revoke(ctx, redirect.Tokens{Access: crypto.NewSecretString("x")})
		},
		"worked": func() error { return tokens(store, hostileKeeper{load: true}).Worked(ctx) },
	} {
		err := do()
		require.ErrorIs(t, err, errHost, name)
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), "CANARY", name)
		assert.Contains(t, err.Error(), "error of type *errors.errorString", name)
	}
}

// saveFails has tokens and takes no others.
type saveFails struct{ s crypto.Secret }

func (k *saveFails) Load(context.Context) (crypto.Secret, error) { return k.s, nil }
func (k *saveFails) Save(context.Context, crypto.Secret) error   { return errHost }
