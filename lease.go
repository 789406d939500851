package brondata

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
	"github.com/brondata/brondata/internal/foreign"
	"github.com/brondata/brondata/retention"
)

// kindLease is the kind of the items by which processes agree who works on something of a grant.
const kindLease consent.Kind = "lease"

const (
	// leaseTime is how long a lease lasts that is not renewed: what a process that died leaves others to wait for. Clocks of
	// one deployment must be closer than leaseTime less leaseRenewal, or one takes from another what it still has.
	leaseTime    = 2 * time.Minute
	leaseRenewal = 20 * time.Second
	// leaseStore bounds one call that renews a lease or gives it back.
	leaseStore = 5 * time.Second
)

// errLeaseLost says that a process stood still for so long that another took its lease.
var errLeaseLost = fmt.Errorf("brondata: overtaken by another process: %w", retention.ErrConflict)

// lease is the right to work on something of a grant alone, over all processes that share the consent store. It spares work that
// would have to be done again and keeps older data from taking the place of newer; it does not bind a process that stands still
// longer than it lasts. So who writes under a lease also has the vault compare what is there with what was seen.
type lease struct {
	store  consent.Store
	now    func() time.Time
	holder string // random, for this one lease

	mu    sync.Mutex
	item  consent.Item // as it was written last, as far as is known
	timer *time.Timer  // renews it
	over  bool         // it was given back, or is somebody else's
}

// leaseBody is what is stored while somebody holds a lease.
type leaseBody struct {
	Holder string    `json:"holder"`
	Until  time.Time `json:"until"`
}

// lease waits until nobody else has the lease of that name under the grant, or until ctx ends. Give it back with end.
func (c *Client) lease(ctx context.Context, g consent.GrantID, name string) (*lease, error) {
	h := sha256.Sum256([]byte("brondata/v1/lease\x00" + string(g) + "\x00" + name))
	l := &lease{
		store: c.conf.Consent, now: c.conf.Now, holder: rand.Text(),
		item: consent.Item{Kind: kindLease, ID: hex.EncodeToString(h[:])},
	}
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		ok, err := l.take(ctx)
		if err != nil {
			l.abandon(ctx)
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
func (l *lease) take(ctx context.Context) (bool, error) {
	it, err := l.store.Get(ctx, l.item.Kind, l.item.ID)
	op := consent.OpUpdate
	switch {
	case errors.Is(err, consent.ErrNotFound):
		op, it = consent.OpCreate, l.item
	case err != nil:
		return false, err
	default:
		var have leaseBody
		now := l.now()
		// One that ends too far ahead is of a clock that was wrong.
		if json.Unmarshal(it.Body, &have) == nil && now.Before(have.Until) && have.Until.Before(now.Add(2*leaseTime)) {
			return false, nil
		}
	}
	return l.put(ctx, op, it)
}

// put writes the lease's item; false where another was faster.
func (l *lease) put(ctx context.Context, op consent.Op, it consent.Item) (bool, error) {
	until := l.now().Add(leaseTime)
	body, err := json.Marshal(leaseBody{l.holder, until})
	if err != nil {
		return false, err
	}
	it.Body, it.Due = body, until.Add(leaseTime) // a sweep removes it when surely nobody has it
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
	l.item = it
	return true, nil
}

// renew makes the lease last longer, also one that is past its end where nobody took it. Where the store does not answer, it is
// tried again.
func (l *lease) renew() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaseStore)
	defer cancel()
	if ok, err := l.put(ctx, consent.OpUpdate, l.item); err == nil && !ok {
		if mine, err := l.mine(ctx); err == nil && !mine {
			l.over = true
			return
		}
	}
	l.timer.Reset(leaseRenewal)
}

// mine reports whether the lease is still this one. A renewal that failed may have been done all the same, so it is the holder that
// counts and not the version.
func (l *lease) mine(ctx context.Context) (bool, error) {
	it, err := l.store.Get(ctx, l.item.Kind, l.item.ID)
	if errors.Is(err, consent.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var have leaseBody
	if json.Unmarshal(it.Body, &have) != nil || have.Holder != l.holder {
		return false, nil
	}
	l.item = it
	return true, nil
}

// check returns errLeaseLost where somebody else may have the lease by now.
func (l *lease) check(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return errLeaseLost
	}
	mine, err := l.mine(ctx)
	if err != nil {
		return foreign.Wrap("brondata: lease", err)
	}
	if !mine {
		l.over = true
		return errLeaseLost
	}
	return nil
}

// end gives the lease back. Where that fails it ends by itself.
func (l *lease) end(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer.Stop()
	if !l.over {
		l.over = true
		l.giveBack(ctx)
	}
}

// abandon gives back what an attempt may have got though its answer was an error.
func (l *lease) abandon(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseStore)
	defer cancel()
	if mine, err := l.mine(ctx); err == nil && mine {
		l.giveBack(ctx)
	}
}

// giveBack deletes the item, with a second try: whom it fails leaves others to wait.
func (l *lease) giveBack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseStore)
	defer cancel()
	for range 2 {
		it := l.item
		it.Body = nil
		if l.store.Apply(ctx, consent.Change{Op: consent.OpDelete, Item: it}) == nil {
			return
		}
		if mine, err := l.mine(ctx); err == nil && !mine {
			return
		}
	}
}

// sweepLeases deletes the leases of processes that died, at most max, and reports whether there may be more.
func (c *Client) sweepLeases(ctx context.Context, max int) (bool, error) {
	items, err := c.conf.Consent.Due(ctx, kindLease, c.conf.Now(), max)
	if err != nil {
		return false, foreign.Wrap("brondata: leases", err)
	}
	for _, it := range items {
		it.Body = nil
		// Who takes it at this moment is not disturbed.
		if err := c.conf.Consent.Apply(ctx, consent.Change{Op: consent.OpDelete, Item: it}); err != nil && !errors.Is(err, consent.ErrConflict) {
			return false, foreign.Wrap("brondata: leases", err)
		}
	}
	return len(items) == max, nil
}
