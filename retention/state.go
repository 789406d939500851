package retention

import (
	"context"
	"slices"
	"time"
)

// SaveState stores a link's state, sealed in the credentials compartment, in place of the one before. How long it is kept
// counts from the link's creation: [ErrExpired] when that is over, as it is after 15 minutes under [CredentialsNoStore].
// Other errors as of Keep. A state that an institution's next answer depends on is saved before it is used.
func (v *Vault) SaveState(ctx context.Context, ref Ref, state []byte) error {
	_, err := v.saveState(ctx, ref, state, nil)
	return err
}

// SaveStateIf is SaveState for a caller whose state follows from the one that was there: it stores only where the link holds one of
// the versions in was, "" for no state. [ItemStatus] has the version. Where another stored something else meanwhile, nothing is
// changed: [ErrConflict].
//
// It returns the version of the new state: with an error too, unless nothing was tried, for after one the state may have been
// stored all the same.
func (v *Vault) SaveStateIf(ctx context.Context, ref Ref, state []byte, was ...string) (version string, err error) {
	return v.saveState(ctx, ref, state, func(l *linkRecord, now time.Time) bool {
		return slices.Contains(was, l.stateVersion(now))
	})
}

func (v *Vault) saveState(ctx context.Context, ref Ref, state []byte, as func(*linkRecord, time.Time) bool) (string, error) {
	if len(state) > v.o.MaxContent {
		return "", ErrTooLarge
	}
	l, _, err := v.alive(ctx, ref)
	if err != nil {
		return "", err
	}
	policy, err := decodePolicy(l.policy)
	if err != nil {
		return "", err
	}
	w := &writing{v: v, pl: v.disk, ref: ref, policy: policy, as: as}
	err = w.put(ctx, []Content{{Category: CategoryState, Body: state}})
	return w.baskets[0].items[0].id, err
}

// stateVersion returns the version of the state that a link holds, "" where it holds none.
func (l *linkRecord) stateVersion(now time.Time) string {
	for _, it := range l.status(now) {
		if it.Category == CategoryState {
			return it.Version
		}
	}
	return ""
}
