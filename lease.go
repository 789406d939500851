package brondata

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/internal/foreign"
)

// kindLease is the kind of the items by which processes agree who works on something of a grant.
const kindLease consent.Kind = "lease"

const (
	// leaseTime is how long a lease lasts that is not renewed: what a process that died leaves others to wait for. Clocks of
	// one deployment must be closer than leaseTime less leaseRenewal.
	leaseTime    = 2 * time.Minute
	leaseRenewal = 20 * time.Second
	// leaseStore bounds one call that renews a lease or gives it back.
	leaseStore = 5 * time.Second
)

// errLeaseLost says that a process stood still for so long that another took its lease.
var errLeaseLost = errors.New("brondata: overtaken by another process")

// lease is the right to work on something of a grant alone, over all processes that share the consent store.
type lease struct {
	store consent.Store
	now   func() time.Time

	mu    sync.Mutex
	item  consent.Item
	until time.Time
	timer *time.Timer // renews it
	over  bool
}

// leaseBody is what is stored while somebody holds a lease.
type leaseBody struct {
	Holder string    `json:"holder"` // random, for this one lease
	Until  time.Time `json:"until"`
}

// lease waits until nobody else has the lease of that name under the grant, or until ctx ends. Give it back with end.
func (c *Client) lease(ctx context.Context, g consent.GrantID, name string) (*lease, error) {
	h := sha256.Sum256([]byte("brondata/v1/lease\x00" + string(g) + "\x00" + name))
	l := &lease{store: c.conf.Consent, now: c.conf.Now, item: consent.Item{Kind: kindLease, ID: hex.EncodeToString(h[:])}}
	holder := rand.Text()
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		ok, err := l.take(ctx, holder)
		if err != nil {
			l.abandon(ctx, holder)
			return nil, foreign.Wrap("brondata: lease", err)
		}
		if ok {
			l.timer = time.AfterFunc(leaseRenewal, l.renew)
			return l, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// take tries to get the lease.
func (l *lease) take(ctx context.Context, holder string) (bool, error) {
	now := l.now()
	it, err := l.store.Get(ctx, l.item.Kind, l.item.ID)
	op := consent.OpUpdate
	switch {
	case errors.Is(err, consent.ErrNotFound):
		op, it = consent.OpCreate, l.item
	case err != nil:
		return false, err
	default:
		var have leaseBody
		// One that ends too far ahead is of a clock that was wrong.
		if json.Unmarshal(it.Body, &have) == nil && now.Before(have.Until) && have.Until.Before(now.Add(2*leaseTime)) {
			return false, nil
		}
	}
	return l.put(ctx, op, it, leaseBody{holder, now.Add(leaseTime)})
}

// put writes the lease's item; false where another was faster.
func (l *lease) put(ctx context.Context, op consent.Op, it consent.Item, b leaseBody) (bool, error) {
	body, err := json.Marshal(b)
	if err != nil {
		return false, err
	}
	it.Body = body
	err = l.store.Apply(ctx, consent.Change{Op: op, Item: it})
	if errors.Is(err, consent.ErrConflict) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if it.Version++; op == consent.OpCreate {
		it.Version = 1
	}
	l.item, l.until = it, b.Until
	return true, nil
}

// renew makes the lease last longer. Where the store does not answer, it is tried again as long as the lease lasts.
func (l *lease) renew() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over || !l.now().Before(l.until) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaseStore)
	defer cancel()
	var have leaseBody
	if json.Unmarshal(l.item.Body, &have) != nil {
		return
	}
	ok, err := l.put(ctx, consent.OpUpdate, l.item, leaseBody{have.Holder, l.now().Add(leaseTime)})
	if err != nil {
		// It may have been done all the same.
		if it, again := l.store.Get(ctx, l.item.Kind, l.item.ID); again == nil && held(it, have.Holder) {
			l.item = it
		}
	} else if !ok {
		l.over = true
		return
	}
	l.timer.Reset(leaseRenewal)
}

func held(it consent.Item, holder string) bool {
	var have leaseBody
	return json.Unmarshal(it.Body, &have) == nil && have.Holder == holder
}

// check returns errLeaseLost where somebody else may have the lease by now: what it guards must not be changed any more.
func (l *lease) check(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return errLeaseLost
	}
	it, err := l.store.Get(ctx, l.item.Kind, l.item.ID)
	switch {
	case err == nil && it.Version == l.item.Version:
		return nil
	case err == nil || errors.Is(err, consent.ErrNotFound):
		l.over = true
		return errLeaseLost
	}
	return foreign.Wrap("brondata: lease", err)
}

// end gives the lease back. Where that fails it ends by itself.
func (l *lease) end(ctx context.Context) {
	l.timer.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return
	}
	l.over = true
	l.remove(ctx, l.item)
}

// abandon gives back what an attempt may have got though its answer was an error.
func (l *lease) abandon(ctx context.Context, holder string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseStore)
	defer cancel()
	if it, err := l.store.Get(ctx, l.item.Kind, l.item.ID); err == nil && held(it, holder) {
		l.remove(ctx, it)
	}
}

// remove deletes the item, with a second try: whom it fails leaves others to wait.
func (l *lease) remove(ctx context.Context, it consent.Item) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseStore)
	defer cancel()
	it.Body = nil
	for range 2 {
		err := l.store.Apply(ctx, consent.Change{Op: consent.OpDelete, Item: it})
		if err == nil || errors.Is(err, consent.ErrConflict) {
			return
		}
	}
}
